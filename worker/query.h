/* Queries of query.proto, answered from one short read transaction. Every right is checked anew: that the
 * grant still holds, and that its key is still a member's. */
#ifndef COMITY_WORKER_QUERY_H
#define COMITY_WORKER_QUERY_H

#include "comity/v1/link.pb-c.h"
#include "comity/v1/query.pb-c.h"
#include "core/key.h"
#include "core/message.h"
#include "worker/session.h"
#include "worker/store/store.h"

enum {
    QUERY_LIMIT_PRESET = 100,
    QUERY_LIMIT_MAX = 1000,
    QUERY_CURSOR_MAX_BYTES = 128,
    QUERY_PAGE_BYTES =
        128 * 1024, /* a page ends before the row that would pass this, but has one row at least */
};

/* What a query is answered from and for. */
struct query_context {
    struct store *store;
    const struct signing_key *log_key; /* signs checkpoints */
    const struct session_grant *grant; /* the reader's, for the query's history */
    int64_t now_ms;                    /* Unix time */
    bool is_fresh;                     /* the store has all that anybody had been told of before the query came */
    struct arena *arena;               /* the answer lives here */
};

/* Every kind but STATUS; a witness's grant is good for CHECKPOINT alone. 0 or the refusal's code: ERR_GRANT, ERR_KEY_UNKNOWN, ERR_KEY_REVOKED, ERR_BEHIND,
 * ERR_MOVING, ERR_RANGE, ERR_ENUM, ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_MISSING, ERR_MEMORY, the store's. */
int query_answer(const struct query_context *context, const Comity__V1__Query *query,
                 Comity__V1__Answer **ret_answer, struct refusal *refusal);

/* Who a grant's key is: one of the two. */
struct reader {
    Comity__V1__Member *member;
    Comity__V1__Witness *witness; /* one that stands: it may ask for checkpoints, and nothing else */
};

/* Is the grant's key a member's now, or a standing witness's? 0, ERR_GRANT (it ran out; or there is no such history, or no
 * such key in it: a stranger cannot tell), ERR_KEY_REVOKED (of a witness: dismissed). */
int query_check_grant(struct store_txn *txn, const struct session_grant *grant, int64_t now_ms,
                      struct arena *arena, struct store_history *ret_history, struct reader *ret_reader);

#endif
