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
/* All of a commit that can still be taken back, for who has something to do between it and the commit: what is written to
 * the transaction after it may find no room. 0, or as store_commit; the transaction stays open. */
int store_prepare(struct store_txn *txn);
void store_abort(struct store_txn **txn);
int store_error(const struct store_txn *txn);
/* After ERR_STORE_FULL inside a transaction that was aborted: make the map larger. ERR_STORE_FULL at the limit. */
int store_grow(struct store *store);
/* Does somebody wait until every transaction of this process has ended, to make the map larger? Who reads for long ends. */
bool store_is_waited_for(struct store *store);

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

/* Append an event: the record, its texts, its leaf and the nodes that it completes; moves history->head and
 * time. A store with one of a level that a worker does not know is not opened by it. */
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

/* The highest format level of an event in it, from 1. */
int store_level(struct store_txn *txn, uint32_t *ret_level);

/* The entry of the group's log that was applied last, and the place right behind it (worker/log/log_order.h), written in the
 * transaction that applied it. ERR_NOT_FOUND: there was none. */
struct store_entry {
    uint64_t number;
    uint64_t total;                 /* bytes of all entries up to here, as the log keeps them */
    uint8_t hash[HASH_SIZE];        /* of all entries up to here: a chain */
    int64_t time_ms;                /* its stamp: of an entry without events nothing else keeps it */
    uint32_t level;                 /* format level by which it was decided */
    uint8_t batch[BATCH_ID_SIZE];
};
int store_entry_get(struct store_txn *txn, struct store_entry *ret_entry);
int store_entry_put(struct store_txn *txn, const struct store_entry *entry);

/* A history on its way from one group to another: docs/storage.md, "Moving a history". By the history's id, for the new
 * group has no such history yet, and the old one no longer. */
enum store_move_kind {
    STORE_FROZEN = 1, /* the old group's: it takes no commands */
    STORE_MOVED,      /* the old group's: it is gone */
    STORE_TAKING,     /* the new group's: so much of it came; its pieces are kept as texts are, encrypted */
    STORE_GIVEN_UP,   /* the new group's: never by this move */
};
enum { STORE_COPY_SIZE = 16 };
struct store_move {
    enum store_move_kind kind;
    struct bytes note; /* a packed SignedMove: what has to be known of it */
    struct bytes went; /* of TAKING and GIVEN_UP: the note of MOVED that the row had before, for it went from here, and has not
                        * come back; size 0: it never was here */
    uint32_t number;   /* of TAKING, as all that follows: whose texts the pieces are; this store's own */
    uint8_t copy[STORE_COPY_SIZE];
    uint64_t size, taken; /* bytes of the copy, and how many of them came */
    struct bytes pieces;  /* their hashes, one behind the other */
};
/* In the arena. ERR_NOT_FOUND. */
int store_move_get(struct store_txn *txn, const uint8_t history[HISTORY_ID_SIZE], struct arena *arena,
                   struct store_move *ret_move);
int store_move_put(struct store_txn *txn, const uint8_t history[HISTORY_ID_SIZE], const struct store_move *move);
int store_move_delete(struct store_txn *txn, const uint8_t history[HISTORY_ID_SIZE]);
/* The note that says where it went from here: of MOVED, or of before; size 0: it is here, or never was. */
struct bytes store_move_went(const struct store_move *move);
/* All of them, by id; what @move points to holds during the call. The visitor returns 0, 1 to stop, or a code. */
typedef int store_move_fn(void *context, const uint8_t history[HISTORY_ID_SIZE], const struct store_move *move);
int store_moves_each(struct store_txn *txn, store_move_fn *visit, void *context);

/* Of TAKING: keep one more piece, and the row; read one; forget all, so that no file of the store has them once the commit
 * has returned 0. @move->number is 0 before the first. ERR_MEMORY, the store's. */
int store_move_add_piece(struct store_txn *txn, const uint8_t history[HISTORY_ID_SIZE], struct store_move *move,
                         struct bytes content, struct arena *arena);
int store_move_piece(struct store_txn *txn, const struct store_move *move, size_t index, struct arena *arena,
                     struct bytes *ret_content);
int store_move_drop_pieces(struct store_txn *txn, struct store_move *move);

/* Remove a history with all that is of it; its texts are erased. */
int store_history_drop(struct store_txn *txn, const struct store_history *history);

/* A hash over what the primary tables say, the same in every store that has applied the same entries: docs/storage.md,
 * "The hash of a state". Reads every row of events, commands, texts and cosignatures, the texts' contents not. @now_ms: the stamp of the
 * last entry; refusals whose time was over by then count for nothing. BUSY: the store waits for its readers, since it has to grow. */
int store_hash(struct store_txn *txn, int64_t now_ms, uint8_t ret_hash[HASH_SIZE]);

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

/* How many transactions have erased a text since the store was opened: who counts before it begins to read, and again when it
 * has read, knows that what it has read is there still. Thread-safe. */
uint64_t store_erasures(const struct store *store);
/* Was a text ever erased here, or taken in as one that was? */
int store_has_erased(struct store_txn *txn, bool *ret_has_erased);

/* Every minute: readers that died. Map in use and its limit, for STATUS. */
void store_check_readers(struct store *store);
void store_usage(struct store *store, uint64_t *ret_used_bytes, uint64_t *ret_limit_bytes);

#endif
