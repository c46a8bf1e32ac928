/* The local log: one worker, always the leader. The commit of the store is the commit. */
#include <stdlib.h>

#include "core/error.h"
#include "worker/log/log_order.h"

struct local {
    struct order_log log; /* first: an order_log pointer is a local pointer */
    uint64_t term;
};

static void local_destroy(struct order_log **log)
{
    free(*log);
    *log = NULL;
}

static bool local_is_leader(const struct order_log *log)
{
    (void) log;
    return true;
}

static uint64_t local_term(const struct order_log *log)
{
    return ((const struct local *) log)->term;
}

static bool local_wants_body(const struct order_log *log)
{
    (void) log;
    return false;
}

static int local_commit(struct order_log *log, const struct order_batch *batch)
{
    (void) log;
    (void) batch;
    return 0;
}

int order_log_local_new(uint64_t term, struct order_log **ret_log)
{
    static const struct order_log_ops ops = {
        .destroy = local_destroy,
        .is_leader = local_is_leader,
        .term = local_term,
        .wants_body = local_wants_body,
        .commit = local_commit,
    };
    struct local *local = malloc(sizeof(*local));

    if (local == NULL)
        return ERR_MEMORY;
    local->log.ops = &ops;
    local->term = term;
    *ret_log = &local->log;
    return 0;
}
