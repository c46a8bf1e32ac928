/* The log: who orders batches and makes them durable at a majority. Two kinds share this interface: `local`, where the LMDB
 * commit is the commit, and later `etcd`. */
#ifndef COMITY_WORKER_LOG_LOG_ORDER_H
#define COMITY_WORKER_LOG_LOG_ORDER_H

#include "core/bytes.h"

struct order_batch {
    uint64_t number;
    int64_t time_ms;
    struct bytes body;       /* commands with their events, salts and refusals, packed; empty with local */
};

struct order_log;

struct order_log_ops {
    void (*destroy)(struct order_log **log);
    bool (*is_leader)(const struct order_log *log);
    uint64_t (*term)(const struct order_log *log);
    /* Does commit need the packed body? local does not. */
    bool (*wants_body)(const struct order_log *log);
    /* Called inside the open write transaction, before its commit. 0: go on and commit. NOT_LEADER, BUSY: nothing was
     * written anywhere, abort. */
    int (*commit)(struct order_log *log, const struct order_batch *batch);
};

struct order_log {
    const struct order_log_ops *ops;
};

/* The local log: always the leader, in the term that the store gave at start (one more at each start). */
int order_log_local_new(uint64_t term, struct order_log **ret_log);

#endif
