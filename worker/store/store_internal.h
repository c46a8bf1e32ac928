/* What the files of this folder share: the environment, a transaction, and checked rows. Nobody else includes
 * it. */
#ifndef COMITY_WORKER_STORE_STORE_INTERNAL_H
#define COMITY_WORKER_STORE_STORE_INTERNAL_H

#include <lmdb.h>
#include <pthread.h>

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
    STORE_TABLE_END = 11,
};

enum { STORE_CHECKSUM_SIZE = 8, STORE_KEY_MAX = 4 + VIEW_KEY_MAX, STORE_VALUE_MAX = 64 * 1024 * 1024 };

struct store {
    MDB_env *env;
    MDB_dbi tables[STORE_TABLE_END];
    int lock_descriptor; /* holds the flock; -1 for a reader */
    bool is_read_only;
    uint64_t map_limit_bytes;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    unsigned open_transactions;
    bool is_resizing; /* nobody may begin; somebody waits for open_transactions to be 0 */
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
