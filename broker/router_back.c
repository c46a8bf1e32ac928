#include "broker/router_inside.h"

#include "broker/defence.h"
#include "core/error.h"

static const uint8_t NO_GROUP[GROUP_ID_SIZE];

void session_end(struct router *router, struct worker *worker, enum note why, struct actions *out)
{
    struct pending *pending;
    while ((pending = TAILQ_FIRST(&worker->pending)) != NULL) {
        pending_answer(router, pending, ERR_WORKER_LOST, out);
        pending_remove(&router->pending, pending);
    }
    worker_session_end(&router->workers, worker);
    router_note(router, out, why, worker, NULL);
}

/* Whether this frame is of the worker's session. READY and HEARTBEAT of a new connection start one. */
static bool session_check(struct turn *turn)
{
    struct worker *worker = turn->worker;
    const struct peer_id *from = turn->input->from;
    if (worker->is_connected && peer_id_equal(&worker->id, from))
        return true;
    bool is_start = turn->header.type == FRAME_READY || turn->header.type == FRAME_HEARTBEAT;
    if (!is_start || worker_was_replaced(worker, from))
        return false;
    if (worker->is_connected) {
        worker->replaced[worker->replaced_next++ % WORKER_REPLACED_MAX] = worker->id;
        session_end(turn->router, worker, NOTE_WORKER_REPLACED, turn->out);
    }
    worker_session_start(worker, from, turn->now_ms);
    return true;
}

/* READY, and the same in a HEARTBEAT: the groups that it serves, in which term, with which window. */
static void back_ready(struct turn *turn)
{
    struct router *router = turn->router;
    const struct frame_header *header = &turn->header;
    if (memcmp(header->group, NO_GROUP, sizeof(NO_GROUP)) == 0) {
        if (header->type == FRAME_READY)
            turn_refuse_malformed(turn, SIDE_BACK);
        return;
    }
    if (!worker_may_serve(&router->workers, turn->worker, header->group)) {
        turn_refuse(turn, SIDE_BACK, ERR_FORBIDDEN);
        router_note(router, turn->out, NOTE_GROUP_REFUSED, turn->worker, header);
        return;
    }
    const struct served *led = workers_leader(&router->workers, header->group);
    const struct served *before = worker_serves(turn->worker, header->group);
    bool is_new = !before || before->term != header->term;
    int error = worker_serve(&router->workers, turn->worker, header->group, header->term, header->route,
                             header->type == FRAME_READY);
    if (error != 0) {
        turn_refuse(turn, SIDE_BACK, error);
        router_note(router, turn->out, NOTE_GROUP_REFUSED, turn->worker, header);
        return;
    }
    uint32_t most = router->limits.worker_window;
    turn->worker->window = header->sequence < most ? (uint32_t) header->sequence : most;
    if (is_new)
        router_note(router, turn->out, NOTE_WORKER_READY, turn->worker, header);
    const struct served *leads = workers_leader(&router->workers, header->group);
    if (led && led->worker != turn->worker && leads->worker == turn->worker && header->term > led->term) {
        struct action *action = router_note(router, turn->out, NOTE_GROUP_TAKEN, turn->worker, header);
        memcpy(action->from, led->worker->name, sizeof(action->from));
    }
}

static void back_heartbeat(struct turn *turn)
{
    back_ready(turn);
    struct frame_header header = {.type = FRAME_HEARTBEAT, .request = turn->header.request};
    /* So that the worker knows that it gets this group's requests, and not only that somebody answers. */
    if (worker_serves(turn->worker, turn->header.group))
        memcpy(header.group, turn->header.group, sizeof(header.group));
    turn_send(turn, SIDE_BACK, &header);
}

static void back_answer(struct turn *turn)
{
    struct router *router = turn->router;
    struct pending *pending = pending_find(&router->pending, turn->header.route);
    bool is_its_own = pending && (pending->worker == turn->worker || !DEFENCE(reply_worker));
    if (!is_its_own || pending->header.request != turn->header.request) {
        router->counters.strays++;
        if (pending)
            router_note(router, turn->out, NOTE_STRAY_REPLY, turn->worker, &turn->header);
        return;
    }
    if (pending->client) {
        if ((turn->header.flags & FRAME_FLAG_LEAVE) != 0)
            pending->client->has_leave = true;
        action_to_client(router, turn->out, ACTION_RETURN, pending->client)->is_owed = true;
        router->counters.replies++;
    }
    pending_remove(&router->pending, pending);
}

static void back_news(struct turn *turn)
{
    struct router *router = turn->router;
    if (!worker_serves(turn->worker, turn->header.group)) {
        router->counters.strays++;
        return;
    }
    news_reached(&router->news, turn->header.group, turn->header.history, turn->header.sequence);
}

static void back_drain(struct turn *turn)
{
    bool is_all = memcmp(turn->header.group, NO_GROUP, sizeof(NO_GROUP)) == 0;
    struct served *served;
    LIST_FOREACH(served, &turn->worker->served, in_worker)
    {
        if (is_all || memcmp(served->group->id, turn->header.group, GROUP_ID_SIZE) == 0)
            served->is_draining = true;
    }
    router_note(turn->router, turn->out, NOTE_WORKER_DRAINS, turn->worker, &turn->header);
}

static void back_bye(struct turn *turn)
{
    session_end(turn->router, turn->worker, NOTE_WORKER_LEFT, turn->out);
}

/* What a worker may send. */
static turn_fn *const BACK[FRAME_BYE + 1] = {
    [FRAME_WELCOME] = back_answer, [FRAME_READY] = back_ready,  [FRAME_HEARTBEAT] = back_heartbeat,
    [FRAME_REPLY] = back_answer,   [FRAME_ERROR] = back_answer, [FRAME_NEWS] = back_news,
    [FRAME_DRAIN] = back_drain,    [FRAME_BYE] = back_bye,
};

void router_back(struct router *router, const struct router_input *input, int64_t now_ms, struct actions *out)
{
    struct turn turn = {.router = router, .input = input, .now_ms = now_ms, .out = out};
    struct bytes body;
    clients_collect(&router->clients);
    turn.worker = turn_has_key(&turn) ? workers_find(&router->workers, input->key) : NULL;
    if (!turn.worker) {
        /* Its key was taken out of the configuration after it had connected. */
        router->counters.strays++;
        action_add(router, out, ACTION_CUT)->connection = input->connection;
        return;
    }
    int error = frame_read(input->frame, &turn.header, &body);
    if (error != 0) {
        turn_refuse_unreadable(&turn, SIDE_BACK, error);
        return;
    }
    if (!BACK[turn.header.type]) {
        turn_refuse_malformed(&turn, SIDE_BACK);
        return;
    }
    if (!session_check(&turn)) {
        router->counters.strays++;
        return;
    }
    turn.worker->heard_ms = now_ms;
    turn.worker->connection = input->connection;
    BACK[turn.header.type](&turn);
}
