/* The store: LMDB behind one small interface. The only file folder that includes lmdb.h. docs/storage.md.
 *
 * One environment a process, one writer at a time, readers with short transactions. Every value carries an XXH3-64
 * checksum over table, key and value; a mismatch is ERR_CORRUPT. The first error sticks to a transaction: later steps return it
 * and do nothing, so that a writer reads straight down and looks once, at the commit.
 *
 * Tables (LMDB named databases):
 *   meta      name                          -> value               schema version, group, term, ...
 *   history   history id                    -> local number, head, epoch, last time, next number
 *   event     number u32, sequence u64      -> header, parts (texts by hash)         primary
 *   text      number u32, hash              -> salt, content, encrypted              primary
 *   text-key  number u32, hash              -> the text's key, wrapped               primary
 *   command   number u32, command id        -> sequence, events, size of the tree at commit; or a refusal  primary
 *   expiry    valid_until u64, number, id   -> -                   refusals to purge
 *   checkpoint number u32, epoch, size u64  -> signed note         of epochs before a restore             primary
 *   node      number u32, level u8, index   -> hash                complete subtrees; rebuilt from event
 *   state     number u32, the machine's key -> the machine's value rebuilt by applying events
 *   cosignature number u32, witness's key   -> epoch, size, time, signature              primary */
#ifndef COMITY_WORKER_STORE_STORE_H
#define COMITY_WORKER_STORE_STORE_H

#include "core/arena.h"
#include "core/event.h"
#include "core/key.h"
#include "core/machine/view.h"
#include "core/message.h"
#include "core/tree.h"

enum { STORE_SCHEMA_VERSION = 3, STORE_REASON_MAX = 512 };

struct store;
struct store_txn;

struct store_options {
    const char *directory;             /* made with mode 0700 where there is none */
    uint64_t map_limit_bytes;          /* the map grows up to this by itself */
    const uint8_t *group;              /* GROUP_ID_SIZE; must be the directory's, is written on creation */
    bool is_read_only;                 /* for an export beside a running worker */
};

/* 0, ERR_STORE_IN_USE (another process writes to it: an flock beside the data), ERR_STORE_VERSION, ERR_DISK_FULL, ERR_CORRUPT, ERR_FILE,
 * ERR_CONFIG (another group's). @reason: one sentence, what is wrong and what to do. */
int store_open(const struct store_options *options, struct store **ret_store, char reason[STORE_REASON_MAX]);
void store_close(struct store **store);

int store_begin_write(struct store *store, struct store_txn **ret_txn);
int store_begin_read(struct store *store, struct store_txn **ret_txn);
/* Ends the transaction in any case and clears the pointer. 0, the sticky error, ERR_STORE_FULL, ERR_DISK_FULL (no room
 * could be reserved: nothing was written), ERR_STORE (the commit failed, perhaps at an fsync: the caller stops the process). */
int store_commit(struct store_txn **txn);
void store_abort(struct store_txn **txn);
int store_error(const struct store_txn *txn);
/* After ERR_STORE_FULL inside a transaction that was aborted: make the map larger. ERR_STORE_FULL at the limit. */
int store_grow(struct store *store);

struct store_history {
    uint8_t id[HISTORY_ID_SIZE];
    uint32_t number;
    uint32_t epoch;
    uint64_t head;          /* last sequence = size of the tree */
    int64_t time_ms;        /* of the last event */
};

int store_history_get(struct store_txn *txn, const uint8_t id[HISTORY_ID_SIZE], struct store_history *ret_history);  /* ERR_HISTORY */
int store_history_create(struct store_txn *txn, const uint8_t id[HISTORY_ID_SIZE], struct store_history *ret_history);
int store_history_set_epoch(struct store_txn *txn, struct store_history *history, uint32_t epoch);
typedef int store_history_fn(void *context, const struct store_history *history);
int store_history_each(struct store_txn *txn, store_history_fn *visit, void *context);

/* The machine's state of a history. @self of the view is kept inside the transaction. */
struct view store_view(struct store_txn *txn, const struct store_history *history);

/* Append an event: the record, its texts, its leaf and the nodes that it completes; moves history->head and time. */
int store_event_append(struct store_txn *txn, struct store_history *history, const struct event_header *header,
                       const struct event_part *parts, size_t part_count);
/* ERR_NOT_FOUND. Whole, nothing withheld; in the arena. */
int store_event_get(struct store_txn *txn, const struct store_history *history, uint64_t sequence,
                    struct arena *arena, Comity__V1__EventRecord **ret_record);
/* The same as a receipt shows it: the open part whole, of the command part salt and hash, of texts the hash. */
int store_event_get_bare(struct store_txn *txn, const struct store_history *history, uint64_t sequence,
                         struct arena *arena, Comity__V1__EventRecord **ret_record);
/* Erase a text: its row is empty from then on, and once the commit has returned 0 no file of the store has a way to what
 * it was. *ret_was_there: it was not erased before. A text that the history never had is ERR_CORRUPT. */
int store_text_erase(struct store_txn *txn, const struct store_history *history, const uint8_t hash[HASH_SIZE],
                     bool *ret_was_there);

/* Was it erased? Not where there never was one, or where it is there. */
int store_text_is_erased(struct store_txn *txn, const struct store_history *history, const uint8_t hash[HASH_SIZE],
                         bool *ret_is_erased);

/* ERR_NOT_FOUND: it was erased, or there never was one. */
int store_text_get(struct store_txn *txn, const struct store_history *history, const uint8_t hash[HASH_SIZE],
                   struct arena *arena, uint8_t ret_salt[SALT_SIZE], struct bytes *ret_content);
struct tree_nodes store_nodes(struct store_txn *txn, const struct store_history *history);

/* What became of a command. */
struct store_command {
    uint64_t sequence;      /* first event; 0: refused */
    uint32_t events;
    uint64_t tree_size;     /* of the checkpoint in its receipt */
    uint32_t epoch;         /* of that checkpoint */
    struct refusal refusal; /* with sequence 0 */
    int64_t valid_until_ms;
};
int store_command_get(struct store_txn *txn, const struct store_history *history, const uint8_t id[COMMAND_ID_SIZE],
                      struct store_command *ret_command);   /* ERR_NOT_FOUND */
int store_command_put(struct store_txn *txn, const struct store_history *history, const uint8_t id[COMMAND_ID_SIZE],
                      const struct store_command *command);
/* Every refusal of the history that is there, by ascending id. The visitor returns 0, 1 to stop, or a code. */
typedef int store_refusal_fn(void *context, const uint8_t id[COMMAND_ID_SIZE], const struct store_command *refused);
int store_refusals_each(struct store_txn *txn, const struct store_history *history, store_refusal_fn *visit,
                        void *context);
/* Forget refusals whose time is over; at most @limit. */
int store_refusals_purge(struct store_txn *txn, int64_t now_ms, unsigned limit);

/* Small named values of the worker: "term", ... At most 1 KiB. */
int store_meta_get(struct store_txn *txn, const char *name, struct arena *arena, struct bytes *ret_value);
int store_meta_put(struct store_txn *txn, const char *name, struct bytes value);

/* The term of this start: one more than that of the start before; kept before it is given out. */
int store_take_term(struct store *store, uint64_t *ret_term);

/* Notes of checkpoints whose key this worker may not have: those of epochs before a restore. */
int store_checkpoint_get(struct store_txn *txn, const struct store_history *history, uint32_t epoch, uint64_t size,
                         struct bytes *ret_note);   /* ERR_NOT_FOUND; valid until the next write */
int store_checkpoint_put(struct store_txn *txn, const struct store_history *history, uint32_t epoch, uint64_t size,
                         struct bytes note);

/* What a witness has cosigned last: docs/trust.md, "Witnesses". */
struct store_cosignature {
    uint8_t key[KEY_SIZE];      /* the witness's */
    uint32_t epoch;             /* of the checkpoint's origin */
    uint64_t size;              /* of its tree */
    int64_t time_s;             /* by the witness's clock, Unix time */
    uint8_t signature[SIGNATURE_SIZE];
};
int store_cosignature_get(struct store_txn *txn, const struct store_history *history, const uint8_t witness[KEY_SIZE],
                          struct store_cosignature *ret_cosignature);   /* ERR_NOT_FOUND */
int store_cosignature_put(struct store_txn *txn, const struct store_history *history,
                          const struct store_cosignature *cosignature);
/* Every one of the history, by ascending key. The visitor returns 0, 1 to stop, or a code. */
typedef int store_cosignature_fn(void *context, const struct store_cosignature *cosignature);
int store_cosignatures_each(struct store_txn *txn, const struct store_history *history, store_cosignature_fn *visit,
                            void *context);

/* Read every row once: checksums, order, and that each table has as many rows as LMDB counts, so that a row which was lost
 * is noticed as well as one that was changed. About a second a gigabyte; beside a running worker too. 0, ERR_CORRUPT,
 * ERR_STORE; @reason: one sentence. */
int store_verify(struct store *store, char reason[STORE_REASON_MAX]);

/* Every minute: readers that died. Map in use and its limit, for STATUS. */
void store_check_readers(struct store *store);
void store_usage(struct store *store, uint64_t *ret_used_bytes, uint64_t *ret_limit_bytes);

#endif
