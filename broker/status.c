#include "broker/status.h"

#include "comity/v1/query.pb-c.h"
#include "core/error.h"
#include "core/message.h"

static Comity__V1__BrokerGroup *pack_group(const struct served *served, struct arena *arena)
{
    Comity__V1__BrokerGroup *group = arena_alloc(arena, sizeof(*group));
    if (!group)
        return NULL;
    comity__v1__broker_group__init(group);
    group->group = (ProtobufCBinaryData){.len = GROUP_ID_SIZE, .data = served->group->id};
    group->term = served->term;
    return group;
}

static Comity__V1__BrokerWorker *pack_worker(struct worker *worker, int64_t now_ms, struct arena *arena)
{
    Comity__V1__BrokerWorker *row = arena_alloc(arena, sizeof(*row));
    Comity__V1__BrokerGroup **groups = arena_alloc(arena, (worker->served_count + 1) * sizeof(*groups));
    if (!row || !groups)
        return NULL;
    comity__v1__broker_worker__init(row);
    row->name = worker->name;
    row->in_flight = worker->pending_count;
    row->window = worker->window;
    row->last_heard_ms = now_ms - worker->heard_ms;
    row->groups = groups;
    row->is_draining = worker->served_count > 0;
    const struct served *served;
    LIST_FOREACH(served, &worker->served, in_worker)
    {
        groups[row->n_groups] = pack_group(served, arena);
        if (!groups[row->n_groups++])
            return NULL;
        if (!served->is_draining)
            row->is_draining = false;
    }
    return row;
}

/* The workers that are connected. */
static int pack_workers(const struct router *router, int64_t now_ms, struct arena *arena,
                        Comity__V1__BrokerStatus *status)
{
    const struct workers *workers = router_workers(router);
    struct worker *worker;
    status->workers = arena_alloc(arena, (ADMISSION_WORKERS_MAX + 1) * sizeof(*status->workers));
    if (!status->workers)
        return ERR_MEMORY;
    LIST_FOREACH(worker, &workers->list, in_workers)
    {
        if (!worker->is_connected)
            continue;
        status->workers[status->n_workers] = pack_worker(worker, now_ms, arena);
        if (!status->workers[status->n_workers++])
            return ERR_MEMORY;
    }
    return 0;
}

int status_pack(const struct router *router, const struct status_facts *facts, struct arena *arena,
                struct bytes *ret_status)
{
    Comity__V1__BrokerStatus status = COMITY__V1__BROKER_STATUS__INIT;
    const struct router_counters *counters = router_counters(router);
    char software[] = "comity-broker " COMITY_VERSION;
    char *front = arena_string(arena, facts->front);
    char *back = arena_string(arena, facts->back);
    if (!front || !back || pack_workers(router, facts->now_ms, arena, &status) != 0)
        return ERR_MEMORY;
    status.software = software;
    status.front = front;
    status.back = back;
    status.started_ms = facts->started_ms;
    status.time_ms = facts->time_ms;
    status.clients = router_client_count(router);
    status.pending = router_pending_count(router);
    status.pending_limit = router_limits(router)->pending;
    status.subscriptions = router_subscription_count(router);
    status.requests = counters->requests;
    status.replies = counters->replies;
    status.refused_busy = counters->busy;
    status.refused_no_route = counters->no_route;
    status.expired = counters->expired;
    status.malformed = counters->malformed;
    status.denied_keys = facts->denied_keys;
    status.workers_lost = counters->lost;
    status.strays = counters->strays;
    status.dropped = counters->dropped;
    status.cut_connections = facts->cut_connections;
    status.too_fast = counters->too_fast;
    status.hasty_connections = facts->hasty_connections;
    return message_pack(&status.base, arena, ret_status);
}
