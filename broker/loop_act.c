#include "broker/loop_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "broker/defence.h"
#include "broker/status.h"
#include "core/arena.h"
#include "core/error.h"

enum { STATUS_ARENA_BYTES = 4 * 1024 * 1024 };

/* Sending. Never waits; libzmq's answer becomes ERR_BUSY or ERR_UNREACHABLE. */

static int part_send(void *socket, zmq_msg_t *part, int flags)
{
    if (DEFENCE(dontwait))
        flags |= ZMQ_DONTWAIT;
    while (zmq_msg_send(part, socket, flags) < 0) {
        int number = zmq_errno();
        if (number == EINTR)
            continue;
        return number == EAGAIN || !DEFENCE(unreachable) ? ERR_BUSY : ERR_UNREACHABLE;
    }
    return 0;
}

/* @frame is taken over on success. */
static int frame_send(struct loop *loop, enum side side, const struct peer_id *to, uint64_t connection,
                      zmq_msg_t *frame)
{
    const size_t size = zmq_msg_size(frame);
    zmq_msg_t id;
    if (zmq_msg_init_size(&id, to->size) != 0)
        return ERR_BUSY;
    memcpy(zmq_msg_data(&id), to->bytes, to->size);
    int error = part_send(loop->sockets[side], &id, ZMQ_SNDMORE);
    if (error == 0)
        error = part_send(loop->sockets[side], frame, 0);
    if (error == 0)
        watch_sent(&loop->watch, watch_descriptor(&loop->watch, connection), watch_wire_bytes(size));
    zmq_msg_close(&id);
    return error;
}

int loop_send(struct loop *loop, enum side side, const struct peer_id *to, uint64_t connection,
              struct bytes bytes)
{
    zmq_msg_t frame;
    if (zmq_msg_init_size(&frame, bytes.size) != 0)
        return ERR_BUSY;
    memcpy(zmq_msg_data(&frame), bytes.data, bytes.size);
    int error = frame_send(loop, side, to, connection, &frame);
    zmq_msg_close(&frame);
    return error;
}

/* Actions. */

/* Tell the router, unless the frame can be kept for another try. NEWS are kept by the router itself. */
static void settle(struct loop *loop, const struct action *action, int error, struct bytes frame)
{
    if (error == 0)
        return;
    bool is_kept = error == ERR_BUSY && action->side == SIDE_FRONT && !action->subscription &&
                   router_keep(loop->router, action, frame) == 0;
    if (!is_kept)
        router_failed(loop->router, action, error, &loop->actions);
}

/* Whether earlier frames still wait for this client: then this one goes behind them; or whether too much is
 * held for this peer. Small frames to a worker always go: they find out whether it is still there. */
static bool has_to_wait(struct loop *loop, const struct action *action)
{
    if (action->client && action->client->outbox.count > 0 && !action->subscription)
        return true;
    bool is_small = action->side == SIDE_BACK && action->kind != ACTION_FORWARD;
    return !is_small && !loop_has_room(loop, action->connection);
}

/* The frame that came, with another route. */
static void act_pass(struct loop *loop, const struct action *action)
{
    frame_set_route(zmq_msg_data(&loop->message), action->kind == ACTION_FORWARD ? action->ticket : 0);
    int error = ERR_BUSY;
    if (!has_to_wait(loop, action))
        error = frame_send(loop, action->side, action->to, action->connection, &loop->message);
    settle(loop, action, error, BYTES(zmq_msg_data(&loop->message), zmq_msg_size(&loop->message)));
}

static void act_send(struct loop *loop, const struct action *action)
{
    uint8_t header[FRAME_HEADER_SIZE];
    frame_header_write(&action->header, header);
    struct bytes frame = BYTES(header, sizeof(header));
    int error = ERR_BUSY;
    if (!has_to_wait(loop, action))
        error = loop_send(loop, action->side, action->to, action->connection, frame);
    settle(loop, action, error, frame);
}

static void act_status(struct loop *loop, const struct action *action)
{
    const struct status_facts facts = {
        .started_ms = loop->started_ms,
        .time_ms = loop_clock_ms(CLOCK_REALTIME),
        .now_ms = loop->now_ms,
        .front = loop->endpoints[SIDE_FRONT],
        .back = loop->endpoints[SIDE_BACK],
        .denied_keys = loop->denied_keys,
        .cut_connections = loop->cut_connections,
        .hasty_connections = loop->hasty_connections,
    };
    CLEANUP(arena_destroy) struct arena *arena = arena_new(STATUS_ARENA_BYTES);
    struct bytes status;
    if (!arena || status_pack(loop->router, &facts, arena, &status) != 0) {
        router_failed(loop->router, action, ERR_BUSY, &loop->actions);
        return;
    }
    uint8_t *frame = arena_alloc(arena, FRAME_HEADER_SIZE + status.size);
    if (!frame) {
        router_failed(loop->router, action, ERR_BUSY, &loop->actions);
        return;
    }
    frame_header_write(&action->header, frame);
    memcpy(frame + FRAME_HEADER_SIZE, status.data, status.size);
    struct bytes whole = BYTES(frame, FRAME_HEADER_SIZE + status.size);
    int error = ERR_BUSY;
    if (!has_to_wait(loop, action))
        error = loop_send(loop, action->side, action->to, action->connection, whole);
    settle(loop, action, error, whole);
}

static void act_note(struct loop *loop, const struct action *action)
{
    char group[2 * GROUP_ID_SIZE + 1];
    hex_encode(BYTES(action->header.group, GROUP_ID_SIZE), group);
    switch (action->note) {
    case NOTE_WORKER_READY:
        log_event(LOG_INFO, note_name(action->note), "worker=%s group=%s term=%" PRIu64 " window=%" PRIu64,
                  action->worker, group, action->header.term, action->header.sequence);
        break;
    case NOTE_WORKER_DRAINS:
        log_event(LOG_INFO, note_name(action->note), "worker=%s group=%s", action->worker, group);
        break;
    case NOTE_GROUP_TAKEN:
        log_event(LOG_WARNING, note_name(action->note), "worker=%s from=%s group=%s term=%" PRIu64,
                  action->worker, action->from, group, action->header.term);
        break;
    case NOTE_GROUP_REFUSED:
    case NOTE_STRAY_REPLY:
        if (quiet_log_is_due(&loop->strays_log, loop->now_ms))
            log_event(LOG_WARNING, note_name(action->note), "worker=%s group=%s so_far=%" PRIu64,
                      action->worker, group, loop->strays_log.count);
        break;
    case NOTE_WORKER_LEFT:
        log_event(LOG_INFO, note_name(action->note), "worker=%s", action->worker);
        break;
    case NOTE_WORKER_LOST:
    case NOTE_WORKER_REPLACED:
    case NOTE_WORKER_REMOVED:
        log_event(LOG_WARNING, note_name(action->note), "worker=%s", action->worker);
        break;
    }
}

bool loop_was_cut(const struct loop *loop, const struct peer_id *id)
{
    for (size_t i = 0; i < CUT_IDS && loop->cut_ids[i].size > 0; i++) {
        if (peer_id_equal(&loop->cut_ids[i], id))
            return true;
    }
    return false;
}

/* A name that a peer chose, which begins with another byte than libzmq's own, may be its next connection's too. */
static void note_cut(struct loop *loop, const struct peer_id *id)
{
    if (id->size == 0 || id->bytes[0] != 0)
        return;
    loop->cut_ids[loop->cut_id] = *id;
    loop->cut_id = (loop->cut_id + 1) % CUT_IDS;
}

static void act_cut(struct loop *loop, const struct action *action)
{
    static const char *const WHY[] = {
        [CUT_KEY] = "key_not_configured", [CUT_LOST] = "worker_lost", [CUT_FLOODS] = "floods"};
    int fd = watch_descriptor(&loop->watch, action->connection);
    if (fd < 0)
        return;
    loop_cut(loop, fd, WHY[action->cut]);
    if (action->cut != CUT_FLOODS)
        return;
    note_cut(loop, action->to);
    loop_charge(loop, &loop->watch.places[fd].address);
}

/* Carry out everything, and what follows from what could not be. */
void loop_act(struct loop *loop)
{
    for (size_t i = 0; i < loop->actions.count; i++) {
        struct action action = loop->actions.at[i]; /* the array may move */
        switch (action.kind) {
        case ACTION_FORWARD:
        case ACTION_RETURN:
            act_pass(loop, &action);
            break;
        case ACTION_SEND:
            act_send(loop, &action);
            break;
        case ACTION_STATUS:
            act_status(loop, &action);
            break;
        case ACTION_CUT:
            act_cut(loop, &action);
            break;
        case ACTION_NOTE:
            act_note(loop, &action);
            break;
        }
    }
    loop->actions.count = 0;
}
