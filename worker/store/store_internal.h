/* What the files of this folder share: the environment, a transaction, and checked rows. Nobody else includes
 * it. */
#ifndef COMITY_WORKER_STORE_STORE_INTERNAL_H
#define COMITY_WORKER_STORE_STORE_INTERNAL_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

#include "worker/store/keys_file.h"
#include "worker/store/store.h"

/* The number of a table is part of its rows' checksums: it is never given to another. */
enum store_table {
    STORE_META = 1,
    STORE_HISTORY = 2,
    STORE_EVENT = 3,
    STORE_TEXT = 4,
    STORE_COMMAND = 5,
    STORE_EXPIRY = 6,
    STORE_CHECKPOINT = 7,
    STORE_NODE = 8,
    STORE_STATE = 9,
    STORE_COSIGNATURE = 10,
    STORE_TEXT_KEY = 11,
    STORE_TABLE_END = 12,
};

enum { STORE_CHECKSUM_SIZE = 8, STORE_KEY_MAX = 4 + VIEW_KEY_MAX, STORE_VALUE_MAX = 64 * 1024 * 1024 };

/* A master in memory, from sodium_malloc. In force is that of the generation which the store's meta row names in a
 * transaction's snapshot: readers that began before a rotation go on with the one before. */
struct master {
    uint64_t generation;
    unsigned users;
    struct master *next;
    uint8_t key[MASTER_SIZE];
};

struct store {
    MDB_env *env;
    MDB_dbi tables[STORE_TABLE_END];
    int lock_descriptor; /* of writer.lock, with the flock; -1 for a reader */
    atomic_uint_least64_t erasures; /* transactions that erased a text */
    uint64_t mark;       /* that was there when it was opened: store_last.c */
    bool is_read_only;
    uint64_t map_limit_bytes;
    char *keys_path;     /* of the file `keys` */
    bool has_keys;       /* it was read: transactions take a master at their begin */
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    unsigned open_transactions;
    bool is_resizing; /* nobody may begin; somebody waits for open_transactions to be 0 */
    struct master *masters;
    uint64_t generation; /* the newest that is in force */
};

/* One history as a view sees it; lives as long as its transaction. */
struct store_state {
    struct store_txn *txn;
    uint32_t number;
    struct store_state *next;
};

/* Nodes of the tree that this transaction read or wrote: a complete node never changes, and the proofs of one batch
 * share most of theirs. A place for each, taken by the latest. */
enum { NODE_CACHE_SIZE = 512 };
struct node_cache {
    struct cached_node {
        uint32_t number;   /* of the history; 0: empty */
        uint32_t level;
        uint64_t index;
        uint8_t hash[HASH_SIZE];
    } places[NODE_CACHE_SIZE];
};

struct store_txn {
    struct store *store;
    MDB_txn *txn;
    int error; /* the first one; 0 so far */
    bool is_write;
    struct master *master;      /* of this snapshot */
    struct master *next_master; /* with which a rotation replaces it; NULL */
    bool is_erasing;            /* a key of a text was deleted: the master changes before the commit */
    bool is_prepared;           /* what comes before the commit is done */
    size_t changes; /* rows put or deleted */
    size_t bytes;   /* of the values put */
    struct store_state *states;
    struct node_cache *nodes;               /* of a write transaction, once it reads a node; NULL */
    struct store_state broken; /* for a view that could not be made: error is set */
};

/* From LMDB's codes and errno to ours. */
int store_code(int lmdb_code);

/* Note the first error; returns the one that sticks. */
int txn_fail(struct store_txn *txn, int code);

/* The last commit: store_last.c. commit_note: the row, before it. commit_check: is the transaction's snapshot that of the
 * commit whose row it has? ERR_CORRUPT. mark_read: 0 where there is none that fits. */
int commit_note(struct store_txn *txn);
int commit_check(struct store_txn *txn);
uint64_t mark_read(int descriptor);
void mark_write(int descriptor, uint64_t number);

/* Masters. keys_take: the transaction's own, at its begin; ERR_BUSY where it has just been replaced: begin again. */
int keys_open(struct store *store, char reason[STORE_REASON_MAX]);
int keys_create(struct store_txn *txn, char reason[STORE_REASON_MAX]);
int keys_take(struct store_txn *txn);
void master_release(struct store *store, struct master **master);
void masters_release(struct store *store);

/* A rotation, around the commit of a transaction that erases: the new master is in its slot and every key is wrapped under it
 * before; the old one is overwritten after. keys_rotated: 0, ERR_STORE (it may still be there: the process stops). */
int keys_rotate(struct store_txn *txn);
int keys_rotated(struct store_txn *txn);

/* Wrap the key of every text anew. */
int texts_rewrap(struct store_txn *txn, const struct master *next);

/* Texts, by the number of their history. @ret_text: salt and content, in the arena; empty where it was erased.
 * ERR_NOT_FOUND: there never was one. */
void text_erasing(struct store_txn *txn); /* this transaction erases one: a new master, and the store keeps that it once did */
int text_put(struct store_txn *txn, uint32_t number, const struct event_part *part);
int text_get(struct store_txn *txn, uint32_t number, const uint8_t hash[HASH_SIZE], struct arena *arena,
             struct bytes *ret_text);

/* Remove a text's rows; its key is gone with the commit. */
int text_delete(struct store_txn *txn, uint32_t number, const uint8_t *hash);
/* A number that no history has had. */
int number_take(struct store_txn *txn, uint32_t *ret_number);

/* Each text opens, and hashes to what it is kept under. */
int texts_verify(struct store_txn *txn);

/* The row's value if its checksum fits; ERR_CORRUPT. */
int row_open(enum store_table table, const MDB_val *key, const MDB_val *stored, struct bytes *ret_value);

/* The transaction's own view of a history; &txn->broken where memory is out. */
struct store_state *store_state(struct store_txn *txn, uint32_t number);

/* Rows with their checksums. A wrong checksum is ERR_CORRUPT and sticks; ERR_NOT_FOUND does not. Values point
 * into the map and hold until the next write of the transaction or its end. */
int table_get(struct store_txn *txn, enum store_table table, struct bytes key, struct bytes *ret_value);
int table_put(struct store_txn *txn, enum store_table table, struct bytes key, struct bytes value);
int table_delete(struct store_txn *txn, enum store_table table, struct bytes key);

/* Room for a value of @size to be written in place; table_seal checksums it before the next step. NULL: see
 * txn->error. */
uint8_t *table_reserve(struct store_txn *txn, enum store_table table, struct bytes key, size_t size);
void table_seal(enum store_table table, struct bytes key, uint8_t *value, size_t size);

/* Every row whose key starts with @prefix, from @from (whole key; empty: from the prefix on), ascending. */
int table_range(struct store_txn *txn, enum store_table table, struct bytes prefix, struct bytes from,
                view_range_fn *visit, void *context);

#endif
