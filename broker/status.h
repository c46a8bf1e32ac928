/* BrokerStatus: what an operator is told. */
#ifndef COMITY_BROKER_STATUS_H
#define COMITY_BROKER_STATUS_H

#include "broker/router.h"
#include "core/arena.h"

/* What the router does not know. */
struct status_facts {
    int64_t started_ms, time_ms; /* Unix time */
    int64_t now_ms;              /* as the router counts */
    const char *front, *back;
    uint64_t denied_keys, cut_connections, hasty_connections;
};

/* Packed into the arena. 0 or ERR_MEMORY. */
int status_pack(const struct router *router, const struct status_facts *facts, struct arena *arena,
                struct bytes *ret_status);

#endif
