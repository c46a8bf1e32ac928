/* The log: who orders batches and makes them durable at a majority. Two kinds share this interface: `local`, where the LMDB
 * commit is the commit, and `etcd` (log_etcd.h), where workers of several sites share one log.
 *
 * Entries are numbered from 1 without gaps. A worker that leads makes them (commit); one that follows takes those of others
 * (next), carries them out, and says so (applied). One thread, the writer, does all of this; the other calls are any
 * thread's. */
#ifndef COMITY_WORKER_LOG_LOG_ORDER_H
#define COMITY_WORKER_LOG_LOG_ORDER_H

#include "core/arena.h"
#include "core/bytes.h"

enum { ORDER_BODY_MAX_BYTES = 1024 * 1024 };

/* An entry of the log: what a leader appends, and what a follower takes. Zeros and empty with local. */
struct order_batch {
    uint64_t number;             /* from 1, without gaps */
    uint8_t id[BATCH_ID_SIZE];   /* random: tells an append that is repeated from another's */
    int64_t time_ms;
    uint32_t level;              /* format level by which it was decided */
    struct bytes body;           /* a packed LogEntry, at most ORDER_BODY_MAX_BYTES: proto/comity/v1/log.proto */
};

/* A place in the log: right behind an entry. All zeros: before the first. What a worker has applied is kept in its store as
 * one, in the transaction that applied it. */
struct order_place {
    uint64_t number;         /* of the entry */
    uint64_t total;          /* bytes of all entries up to here, as the log keeps them */
    uint32_t level;          /* format level of the entry */
    uint8_t hash[HASH_SIZE]; /* of all entries up to here: a chain */
};

/* An entry that another worker made. The body lives in the arena that was given. */
struct order_entry {
    struct order_place place; /* behind it */
    uint64_t term;            /* in which it was made */
    struct order_batch batch;
};

struct order_log;

struct order_log_ops {
    void (*destroy)(struct order_log **log);
    bool (*is_leader)(const struct order_log *log);
    uint64_t (*term)(const struct order_log *log);
    /* Does commit need the packed body? local does not. */
    bool (*wants_body)(const struct order_log *log);
    /* Called inside the open write transaction, before its commit. 0: go on and commit; where commit needs the body, a
     * store that fails after it stops the process, and the entry is read from the log. NOT_LEADER, BUSY: nothing was
     * written anywhere, abort. STORE: what became of the entry cannot be known here, or the log is not the one that this
     * worker has applied: end the process without an answer; what the log holds is read at the next start. */
    int (*commit)(struct order_log *log, const struct order_batch *batch);

    /* The rest is NULL with local: use the functions below. */
    int (*prepare)(struct order_log *log, const struct order_batch *batch, struct order_place *ret_place);
    int (*next)(struct order_log *log, int timeout_ms, struct arena *arena, struct order_entry *ret_entry);
    void (*applied)(struct order_log *log, const struct order_place *place);
    void (*place)(const struct order_log *log, struct order_place *ret_place);
    int (*barrier)(struct order_log *log, int timeout_ms, uint64_t *ret_number);
    uint32_t (*level)(const struct order_log *log);
};

struct order_log {
    const struct order_log_ops *ops;
};

/* The place that the batch will have once it is committed, for the store to keep in the transaction that is committed after it. 0, or
 * as commit: nothing was written. */
int order_log_prepare(struct order_log *log, const struct order_batch *batch, struct order_place *ret_place);
/* The next entry of others, within @timeout_ms (0: only if it is there). 0; NOT_FOUND: none is there; BEHIND: entries that this
 * worker has not applied are not in the log any more, it needs a copy; CORRUPT: the log does not go on from what this
 * worker has applied, or an entry does not open; VERSION: a later version made it; CONFIG: another worker runs under this name. An entry is given once; those of this worker's own commits are not. */
int order_log_next(struct order_log *log, int timeout_ms, struct arena *arena, struct order_entry *ret_entry);
/* The entry that next gave, or that was committed, is in the store. */
void order_log_applied(struct order_log *log, const struct order_place *place);
/* Behind the entry that was committed or applied last. */
void order_log_place(const struct order_log *log, struct order_place *ret_place);
/* Number of an entry such that whoever has applied it has all that anybody was told of before this call: for a read that
 * must not be stale. Any thread's; who wait at the same time share one question. 0, or BUSY: no answer in time. */
int order_log_barrier(struct order_log *log, int timeout_ms, uint64_t *ret_number);
/* The format level by which a leader makes the next entry: the highest that all workers of the group know, as
 * far as is heard, and not lower than that of the entry before. With local it is the highest that this worker
 * knows. Any thread's. */
uint32_t order_log_level(const struct order_log *log);

/* The local log: always the leader, in the term that the store gave at start (one more at each start). */
int order_log_local_new(uint64_t term, struct order_log **ret_log);

#endif
