#include "broker/router_inside.h"

#include <stddef.h>
#include <stdlib.h>

#include "core/error.h"

enum { ACTIONS_ROOM_FIRST = 64 };

/* What an error made here means: how long its client is asked to wait, and where it is counted. */
static const struct error_row {
    int error;
    uint32_t wait_ms;
    size_t counter; /* offset in struct router_counters */
} ERROR_ROWS[] = {
    {ERR_BUSY, 50, offsetof(struct router_counters, busy)},
    {ERR_NO_ROUTE, 500, offsetof(struct router_counters, no_route)},
    {ERR_DRAINING, 500, offsetof(struct router_counters, no_route)},
    {ERR_WORKER_LOST, 100, offsetof(struct router_counters, lost)},
    {ERR_EXPIRED, 0, offsetof(struct router_counters, expired)},
    {ERR_TIMEOUT, 0, offsetof(struct router_counters, expired)},
    {ERR_FORBIDDEN, 0, offsetof(struct router_counters, forbidden)},
    {ERR_LIMIT, 1000, offsetof(struct router_counters, busy)},
};

static const char *const NOTE_NAMES[] = {
    [NOTE_WORKER_READY] = "worker_ready",     [NOTE_WORKER_LOST] = "worker_lost",
    [NOTE_WORKER_LEFT] = "worker_left",       [NOTE_WORKER_REPLACED] = "worker_replaced",
    [NOTE_WORKER_REMOVED] = "worker_removed", [NOTE_WORKER_DRAINS] = "worker_drains",
    [NOTE_GROUP_REFUSED] = "group_refused",   [NOTE_GROUP_TAKEN] = "group_taken_over",
    [NOTE_STRAY_REPLY] = "stray_reply",
};

const char *note_name(enum note note)
{
    return NOTE_NAMES[note];
}

struct action *action_add(struct router *router, struct actions *out, enum action_kind kind)
{
    static struct action lost;
    if (out->count == out->room) {
        size_t room = out->room ? 2 * out->room : ACTIONS_ROOM_FIRST;
        struct action *grown = realloc(out->at, room * sizeof(*grown));
        if (!grown) {
            router->counters.dropped++;
            return &lost;
        }
        out->at = grown;
        out->room = room;
    }
    struct action *action = &out->at[out->count++];
    *action = (struct action){.kind = kind};
    return action;
}

struct action *action_to_client(struct router *router, struct actions *out, enum action_kind kind,
                                struct client *client)
{
    struct action *action = action_add(router, out, kind);
    action->side = SIDE_FRONT;
    action->to = &client->id;
    action->connection = client->connection;
    action->client = client;
    return action;
}

struct action *action_to_worker(struct router *router, struct actions *out, enum action_kind kind,
                                const struct worker *worker)
{
    struct action *action = action_add(router, out, kind);
    action->side = SIDE_BACK;
    action->to = &worker->id;
    action->connection = worker->connection;
    return action;
}

void actions_release(struct actions *actions)
{
    free(actions->at);
    *actions = (struct actions){0};
}

struct action *router_note(struct router *router, struct actions *out, enum note what,
                           const struct worker *worker, const struct frame_header *header)
{
    struct action *action = action_add(router, out, ACTION_NOTE);
    action->note = what;
    memcpy(action->worker, worker->name, sizeof(action->worker));
    if (header)
        action->header = *header;
    return action;
}

void turn_send(struct turn *turn, enum side side, const struct frame_header *header)
{
    if (side == SIDE_FRONT && turn->client) {
        action_to_client(turn->router, turn->out, ACTION_SEND, turn->client)->header = *header;
        return;
    }
    struct action *action = action_add(turn->router, turn->out, ACTION_SEND);
    action->side = side;
    action->to = turn->input->from;
    action->connection = turn->input->connection;
    action->header = *header;
}

static const struct error_row *error_row(int error)
{
    for (size_t i = 0; i < ARRAY_COUNT(ERROR_ROWS); i++) {
        if (ERROR_ROWS[i].error == error)
            return &ERROR_ROWS[i];
    }
    return NULL;
}

/* The ERROR in answer to a frame. */
static struct frame_header error_header(const struct frame_header *asked, int error)
{
    struct frame_header header = {.type = FRAME_ERROR, .error = (int16_t) error};
    header.request = asked->request;
    header.attempt = asked->attempt;
    memcpy(header.group, asked->group, sizeof(header.group));
    memcpy(header.history, asked->history, sizeof(header.history));
    memcpy(header.command_id, asked->command_id, sizeof(header.command_id));
    const struct error_row *row = error_row(error);
    header.budget_ms = row ? row->wait_ms : 0;
    return header;
}

static void count_error(struct router *router, int error)
{
    const struct error_row *row = error_row(error);
    if (row)
        ++*(uint64_t *) (void *) ((char *) &router->counters + row->counter);
}

void turn_refuse(struct turn *turn, enum side side, int error)
{
    struct frame_header header = error_header(&turn->header, error);
    count_error(turn->router, error);
    turn_send(turn, side, &header);
}

void turn_put_off(struct turn *turn, uint32_t wait_ms)
{
    struct frame_header header = error_header(&turn->header, ERR_BUSY);
    header.budget_ms = wait_ms;
    count_error(turn->router, ERR_BUSY);
    turn_send(turn, SIDE_FRONT, &header);
}

void pending_answer(struct router *router, const struct pending *pending, int error, struct actions *out)
{
    count_error(router, error);
    if (!pending->client)
        return;
    struct action *action = action_to_client(router, out, ACTION_SEND, pending->client);
    action->is_owed = true;
    action->header = error_header(&pending->header, error);
}

void turn_refuse_unreadable(struct turn *turn, enum side side, int error)
{
    static const uint8_t MAGIC[4] = {'C', 'M', 'T', 'Y'};
    struct bytes frame = turn->input->frame;
    turn->router->counters.malformed++;
    if (frame.size < 16 || memcmp(frame.data, MAGIC, sizeof(MAGIC)) != 0)
        return;
    turn->header = (struct frame_header){.request = get_u64(frame.data + 8)};
    if (turn->header.request == 0)
        return;
    if (frame.size >= FRAME_HEADER_SIZE) {
        memcpy(turn->header.group, frame.data + 16, GROUP_ID_SIZE);
        memcpy(turn->header.history, frame.data + 32, HISTORY_ID_SIZE);
        memcpy(turn->header.command_id, frame.data + 64, COMMAND_ID_SIZE);
        turn->header.attempt = get_u16(frame.data + 90);
    }
    turn_refuse(turn, side, error);
}

void turn_refuse_malformed(struct turn *turn, enum side side)
{
    turn->router->counters.malformed++;
    if (turn->header.request != 0)
        turn_refuse(turn, side, ERR_MALFORMED);
}

bool turn_has_key(const struct turn *turn)
{
    const char *key = turn->input->key;
    return key && strnlen(key, PEER_KEY_DIGITS + 1) == PEER_KEY_DIGITS;
}
