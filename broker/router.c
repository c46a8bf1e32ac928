#include "broker/router_inside.h"

#include <stdlib.h>

#include "broker/outbox.h"
#include "core/error.h"

enum { SCAN_EVERY_MS = 10 };

static struct worker *worker_of_id(struct router *router, const struct peer_id *id)
{
    struct worker *worker;
    LIST_FOREACH(worker, &router->workers.list, in_workers)
    {
        if (worker->is_connected && peer_id_equal(&worker->id, id))
            return worker;
    }
    return NULL;
}

void router_worker_gone(struct router *router, const struct peer_id *id, struct actions *out)
{
    struct worker *worker = worker_of_id(router, id);
    if (worker)
        session_end(router, worker, NOTE_WORKER_LOST, out);
}

void router_client_gone(struct router *router, const struct peer_id *id)
{
    struct client *client = clients_find(&router->clients, id);
    if (client)
        client_end(router, client);
}

void router_connection_closed(struct router *router, uint64_t connection)
{
    struct client *client;
    clients_collect(&router->clients);
    if (connection == 0)
        return;
    while ((client = clients_connected(&router->clients, connection)) != NULL)
        client_end(router, client);
}

static void forward_failed(struct router *router, const struct action *action, int error, struct actions *out)
{
    struct pending *pending = pending_find(&router->pending, action->ticket);
    struct peer_id worker_id = *action->to;
    if (pending) {
        /* Nothing of it has reached a worker. */
        pending_answer(router, pending, error == ERR_UNREACHABLE ? ERR_NO_ROUTE : ERR_BUSY, out);
        pending_remove(&router->pending, pending);
    }
    if (error == ERR_UNREACHABLE)
        router_worker_gone(router, &worker_id, out);
}

void router_failed(struct router *router, const struct action *failed, int error, struct actions *out)
{
    struct action action = *failed; /* @out may move */
    bool is_gone = error == ERR_UNREACHABLE;
    if (action.client && action.client->is_gone)
        router->counters.dropped++;
    else if (action.kind == ACTION_FORWARD)
        forward_failed(router, &action, error, out);
    else if (is_gone && action.side == SIDE_BACK)
        router_worker_gone(router, action.to, out);
    else if (is_gone)
        router_client_gone(router, action.to);
    else if (action.subscription)
        news_put_back(&router->news, action.subscription);
    else
        router->counters.dropped++;
}

int router_keep(struct router *router, const struct action *action, struct bytes frame)
{
    if (!action->client)
        return ERR_LIMIT;
    return outbox_put(&router->clients, action->client, frame, action->is_owed);
}

struct client *router_waiting(const struct router *router)
{
    return TAILQ_FIRST(&router->clients.waiting);
}

struct bytes router_kept(struct client *client)
{
    return outbox_first(client);
}

void router_kept_sent(struct router *router, struct client *client)
{
    outbox_drop_first(&router->clients, client);
}

void router_probe(struct router *router, struct actions *out)
{
    const struct worker *worker;
    LIST_FOREACH(worker, &router->workers.list, in_workers)
    {
        if (!worker->is_connected)
            continue;
        struct action *action = action_to_worker(router, out, ACTION_SEND, worker);
        action->header = (struct frame_header){.type = FRAME_HEARTBEAT};
    }
}

void router_stop(struct router *router)
{
    router->is_stopping = true;
}

void router_abandon(struct router *router, struct actions *out)
{
    struct worker *worker;
    LIST_FOREACH(worker, &router->workers.list, in_workers)
    {
        struct pending *pending;
        while ((pending = TAILQ_FIRST(&worker->pending)) != NULL) {
            pending_answer(router, pending, ERR_WORKER_LOST, out);
            pending_remove(&router->pending, pending);
        }
    }
}

void router_garbage(struct router *router)
{
    router->counters.malformed++;
}

/* Time. */

struct expiry {
    struct router *router;
    struct actions *out;
};

static void expire(const struct pending *pending, void *context)
{
    struct expiry *expiry = context;
    pending_answer(expiry->router, pending, ERR_TIMEOUT, expiry->out);
}

static void drop_silent_clients(struct router *router, int64_t now_ms)
{
    struct client *client;
    while ((client = TAILQ_FIRST(&router->clients.by_silence)) != NULL &&
           now_ms - client->heard_ms >= router->limits.client_silence_ms) {
        if (client->pending_count == 0) {
            client_end(router, client);
        } else {
            news_forget(&router->news, client);
            clients_heard(&router->clients, client, now_ms);
        }
    }
}

void router_tick(struct router *router, int64_t now_ms, struct actions *out)
{
    clients_collect(&router->clients);
    struct worker *worker;
    LIST_FOREACH(worker, &router->workers.list, in_workers)
    {
        if (!worker->is_connected || now_ms - worker->heard_ms < router->limits.worker_silence_ms)
            continue;
        /* With its connection goes what libzmq still held for it, which is of no use any more. */
        session_end(router, worker, NOTE_WORKER_LOST, out);
        action_to_worker(router, out, ACTION_CUT, worker)->cut = CUT_LOST;
    }
    if (now_ms >= router->scan_ms && now_ms >= router->pending.next_deadline_ms) {
        struct expiry expiry = {router, out};
        pending_expire(&router->pending, now_ms, expire, &expiry);
        router->scan_ms = now_ms + SCAN_EVERY_MS;
    }
    drop_silent_clients(router, now_ms);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t router_due_ms(const struct router *router)
{
    int64_t due = router->pending.next_deadline_ms;
    if (due < router->scan_ms)
        due = router->scan_ms;
    const struct worker *worker;
    LIST_FOREACH(worker, &router->workers.list, in_workers)
    {
        if (worker->is_connected)
            due = earlier(due, worker->heard_ms + router->limits.worker_silence_ms);
    }
    const struct client *client = TAILQ_FIRST(&router->clients.by_silence);
    return client ? earlier(due, client->heard_ms + router->limits.client_silence_ms) : due;
}

void router_news(struct router *router, size_t most, struct actions *out)
{
    clients_collect(&router->clients);
    struct subscription *subscription;
    for (size_t i = 0; i < most && (subscription = news_take(&router->news)) != NULL; i++) {
        struct action *action = action_to_client(router, out, ACTION_SEND, subscription->client);
        action->subscription = subscription;
        action->header = (struct frame_header){.type = FRAME_NEWS, .sequence = subscription->sequence};
        memcpy(action->header.group, subscription->topic->group, GROUP_ID_SIZE);
        memcpy(action->header.history, subscription->topic->history, HISTORY_ID_SIZE);
    }
}

uint32_t router_news_due(const struct router *router)
{
    return router->news.due_count;
}

void router_forgive(struct router *router, int64_t gap_ms)
{
    struct worker *worker;
    LIST_FOREACH(worker, &router->workers.list, in_workers)
    worker->heard_ms += gap_ms;
    struct client *client;
    TAILQ_FOREACH(client, &router->clients.by_silence, by_silence)
    client->heard_ms += gap_ms;
}

/* Life. */

static void apply_limits(struct router *router, const struct router_limits *limits)
{
    router->limits = *limits;
    struct rate_limit rates[RATES];
    router_rates(limits, rates);
    rates_set_limits(router->rates, rates, RATES);
    router->pending.limit = limits->pending < PENDING_LIMIT_MAX ? limits->pending : PENDING_LIMIT_MAX;
    router->pending.size_limit = limits->pending_bytes;
    router->workers.pending_size_limit = limits->pending_bytes / 2;
    router->clients.limit = limits->clients;
    router->news.limit = limits->subscriptions;
    router->news.client_limit =
        limits->client_subscriptions < NEWS_CLIENT_MAX ? limits->client_subscriptions : NEWS_CLIENT_MAX;
}

static void removed(struct worker *worker, void *context)
{
    struct expiry *expiry = context;
    if (worker->is_connected)
        session_end(expiry->router, worker, NOTE_WORKER_REMOVED, expiry->out);
}

int router_new(const struct router_limits *limits, const struct admission *admission, uint64_t random,
               struct router **ret_router)
{
    struct router *router = calloc(1, sizeof(*router));
    if (!router)
        return ERR_MEMORY;
    struct expiry nobody = {router, NULL};
    struct rate_limit rates[RATES];
    router_rates(limits, rates);
    router->rates = rates_new(rates, RATES);
    router->admission = admission;
    TAILQ_INIT(&router->clients.by_silence);
    TAILQ_INIT(&router->clients.retired);
    if (!router->rates || workers_init(&router->workers) != 0 || clients_init(&router->clients, limits->clients) != 0 ||
        news_init(&router->news, limits->subscriptions, limits->client_subscriptions) != 0 ||
        pending_table_init(&router->pending, limits->pending, random) != 0 ||
        workers_admit(&router->workers, admission, removed, &nobody) != 0) {
        router_destroy(&router);
        return ERR_MEMORY;
    }
    apply_limits(router, limits);
    *ret_router = router;
    return 0;
}

void router_destroy(struct router **router)
{
    if (!router || !*router)
        return;
    struct client *client;
    while ((client = TAILQ_FIRST(&(*router)->clients.by_silence)) != NULL)
        client_end(*router, client);
    clients_release(&(*router)->clients);
    workers_release(&(*router)->workers);
    news_release(&(*router)->news);
    pending_table_release(&(*router)->pending);
    rates_destroy(&(*router)->rates);
    free(*router);
    *router = NULL;
}

int router_configure(struct router *router, const struct router_limits *limits,
                     const struct admission *admission, struct actions *out)
{
    struct expiry leaving = {router, out};
    clients_collect(&router->clients);
    int error = workers_admit(&router->workers, admission, removed, &leaving);
    if (error != 0)
        return error;
    router->admission = admission;
    apply_limits(router, limits);
    struct worker *worker;
    LIST_FOREACH(worker, &router->workers.list, in_workers)
    {
        struct served *served, *next;
        for (served = LIST_FIRST(&worker->served); served; served = next) {
            next = LIST_NEXT(served, in_worker);
            if (!worker_may_serve(&router->workers, worker, served->group->id))
                worker_unserve(&router->workers, served);
        }
    }
    return 0;
}

const struct router_counters *router_counters(const struct router *router)
{
    return &router->counters;
}

const struct router_limits *router_limits(const struct router *router)
{
    return &router->limits;
}

const struct workers *router_workers(const struct router *router)
{
    return &router->workers;
}

uint32_t router_client_count(const struct router *router)
{
    return router->clients.count;
}

uint32_t router_pending_count(const struct router *router)
{
    return router->pending.count;
}

uint32_t router_subscription_count(const struct router *router)
{
    return router->news.count;
}
