#include "worker/link.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/daemon/log.h"
#include "core/error.h"

enum {
    HANDSHAKE_MS = 3000,
    RECONNECT_MS = 100,
    RECONNECT_MOST_MS = 10000,
    MESSAGE_MAX_BYTES = 1 << 20,
    QUEUE_LEAST = 1000,
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_INTERVAL_S = 10,
    KEEPALIVE_COUNT = 3,
    UNREGISTERED_MOST = 3, /* heartbeats answered without a word of the group */
    MONITORED = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_DISCONNECTED,
};

static const struct {
    enum log_level level;
    const char *event, *advice;
} TROUBLES[] = {
    [LINK_FINE] = {LOG_INFO, "broker_connected", ""},
    [LINK_UNREACHABLE] = {LOG_WARNING, "broker_unreachable",
                          "Nobody listens there: is the broker running, is its back endpoint this one?"},
    [LINK_KEY_REFUSED] =
        {LOG_ERROR, "broker_refuses_key",
         "Give the broker a section [worker NAME] with this worker's public connection key."},
    [LINK_NO_HANDSHAKE] = {LOG_ERROR, "broker_handshake_failed",
                           "Is the key in [broker NAME] that broker's, and is the endpoint its back?"},
    [LINK_LOST] = {LOG_WARNING, "broker_lost", "The connection broke; it is tried again."},
    [LINK_SILENT] = {LOG_WARNING, "broker_silent", "It answers no heartbeat; it is connected anew."},
    [LINK_NOT_REGISTERED] = {LOG_ERROR, "broker_does_not_register",
                             "It answers, and gives this worker nothing: is the endpoint its back, and the "
                             "group one of those in its [worker NAME]?"},
};

void link_set_trouble(struct link *link, enum link_trouble trouble)
{
    if (link->trouble == trouble)
        return;
    link->trouble = trouble;
    char name[128], endpoint[512], advice[256];
    log_event(TROUBLES[trouble].level, TROUBLES[trouble].event, "broker=%s endpoint=%s%s%s",
              log_value(link->broker.name, name, sizeof(name)),
              log_value(link->broker.endpoint, endpoint, sizeof(endpoint)),
              TROUBLES[trouble].advice[0] ? " advice=" : "",
              TROUBLES[trouble].advice[0] ? log_value(TROUBLES[trouble].advice, advice, sizeof(advice)) : "");
}

static int set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value));
}

/* docs/architecture.md, "ZeroMQ"; no ZMQ_HEARTBEAT_*: on a connecting socket with a full queue they abort the
 * process. */
static int set_options(struct link *link)
{
    const struct worker_settings *settings = link->settings;
    int queue = (int) settings->window * 2 < QUEUE_LEAST ? QUEUE_LEAST : (int) settings->window * 2;
    const struct {
        int option, value;
    } numbers[] = {
        {ZMQ_LINGER, 0},
        {ZMQ_IMMEDIATE, 1},
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
        {ZMQ_RECONNECT_IVL, RECONNECT_MS},
        {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MOST_MS},
        {ZMQ_SNDHWM, queue},
        {ZMQ_RCVHWM, queue},
        {ZMQ_IPV6, strchr(link->broker.endpoint, '[') != NULL},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S},
        {ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL_S},
        {ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT},
    };
    int64_t message_max = MESSAGE_MAX_BYTES;
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
        if (set_number(link->socket, numbers[i].option, numbers[i].value))
            return -1;
    if (zmq_setsockopt(link->socket, ZMQ_MAXMSGSIZE, &message_max, sizeof(message_max)) ||
        zmq_setsockopt(link->socket, ZMQ_CURVE_SERVERKEY, link->broker.key, KEY_SIZE) ||
        zmq_setsockopt(link->socket, ZMQ_CURVE_PUBLICKEY, settings->connection.public_key, KEY_SIZE) ||
        zmq_setsockopt(link->socket, ZMQ_CURVE_SECRETKEY, settings->connection.secret,
                       CONNECTION_SECRET_SIZE))
        return -1;
    return 0;
}

static int open_monitor(struct link *link, void *context)
{
    char address[64];
    snprintf(address, sizeof(address), "inproc://monitor-%p-%" PRIu32, (void *) link, link->generation);
    if (zmq_socket_monitor(link->socket, address, MONITORED))
        return -1;
    link->monitor = zmq_socket(context, ZMQ_PAIR);
    if (!link->monitor || set_number(link->monitor, ZMQ_LINGER, 0))
        return -1;
    return zmq_connect(link->monitor, address);
}

int link_open(struct link *link, void *context)
{
    link->generation++;
    link->is_up = link->is_ready_sent = link->is_registered = link->is_drained = false;
    link->socket = zmq_socket(context, ZMQ_DEALER);
    int code = 0;
    if (!link->socket || set_options(link) || open_monitor(link, context))
        code = ERR_MEMORY;
    else if (zmq_connect(link->socket, link->broker.endpoint))
        code = ERR_ADDRESS;
    if (code)
        link_close(link, 0);
    return code;
}

void link_close(struct link *link, int linger_ms)
{
    if (link->socket) {
        zmq_socket_monitor(link->socket, NULL, 0);
        set_number(link->socket, ZMQ_LINGER, linger_ms);
        zmq_close(link->socket);
    }
    if (link->monitor)
        zmq_close(link->monitor);
    link->socket = link->monitor = NULL;
    link->is_up = link->is_ready_sent = link->is_registered = false;
}

int link_send(struct link *link, struct bytes frame)
{
    if (!link->is_up || zmq_send(link->socket, frame.data, frame.size, ZMQ_DONTWAIT) < 0)
        return ERR_BUSY;
    return 0;
}

static bool has_more(zmq_msg_t *message)
{
    return zmq_msg_more(message) != 0;
}

int link_receive(struct link *link, zmq_msg_t *ret_message)
{
    zmq_msg_init(ret_message);
    if (!link->socket || zmq_msg_recv(ret_message, link->socket, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(ret_message);
        return ERR_NOT_FOUND;
    }
    if (!has_more(ret_message))
        return 0;
    while (has_more(ret_message))
        if (zmq_msg_recv(ret_message, link->socket, ZMQ_DONTWAIT) < 0)
            break;
    zmq_msg_close(ret_message);
    return ERR_MALFORMED;
}

/* One event of the monitor: a number and a value in the first part, the address in the second. 0: none. */
static uint16_t take_event(struct link *link)
{
    zmq_msg_t message;
    uint16_t event = 0;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, link->monitor, ZMQ_DONTWAIT) >= 0) {
        if (zmq_msg_size(&message) >= sizeof(event))
            memcpy(&event, zmq_msg_data(&message), sizeof(event));
        while (has_more(&message) && zmq_msg_recv(&message, link->monitor, ZMQ_DONTWAIT) >= 0)
            ;
    }
    zmq_msg_close(&message);
    return event;
}

static void come_up(struct link *link, int64_t now_ms)
{
    link->generation++;
    link->is_up = true;
    link->is_ready_sent = link->is_registered = link->is_drained = false;
    link->heard_ms = now_ms;
    link->heartbeat_ms = now_ms;
    link->retries = 0;
    link->heartbeats_sent = link->heartbeats_heard = link->drain_answer = 0;
    link_set_trouble(link, LINK_FINE);
}

static void take_up(struct link *link, uint16_t event, int64_t now_ms)
{
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        come_up(link, now_ms);
        return;
    case ZMQ_EVENT_DISCONNECTED:
        if (link->is_up)
            link_set_trouble(link, LINK_LOST);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        link_set_trouble(link, LINK_KEY_REFUSED);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        link_set_trouble(link, LINK_NO_HANDSHAKE);
        break;
    case ZMQ_EVENT_CONNECT_RETRIED:
        /* The first one follows on any disconnection; a refused handshake is the better news. */
        if (++link->retries >= 2 && link->trouble != LINK_KEY_REFUSED && link->trouble != LINK_NO_HANDSHAKE)
            link_set_trouble(link, LINK_UNREACHABLE);
        break;
    default:
        return;
    }
    link->is_up = false;
}

void link_watch(struct link *link, int64_t now_ms)
{
    uint16_t event;
    while (link->monitor && (event = take_event(link)) != 0)
        take_up(link, event, now_ms);
}

static int send_about(struct link *link, uint8_t type, uint64_t request, const struct link_identity *identity)
{
    struct frame_header header = {.type = type, .request = request, .sequence = identity->window, .term = identity->term, .route = identity->applied};
    memcpy(header.group, identity->group, GROUP_ID_SIZE);
    uint8_t frame[FRAME_HEADER_SIZE];
    frame_header_write(&header, frame);
    return link_send(link, BYTES(frame, sizeof(frame)));
}

static void send_heartbeat(struct link *link, const struct link_identity *identity)
{
    if (send_about(link, FRAME_HEARTBEAT, link->heartbeats_sent + 1, identity) == 0)
        link->heartbeats_sent++;
}

void link_beat(struct link *link, const struct link_identity *identity, int64_t now_ms)
{
    if (now_ms < link->heartbeat_ms)
        return;
    link->heartbeat_ms = now_ms + link->settings->heartbeat_ms;
    if (!link->is_up)
        return;
    if (!link->is_ready_sent)
        link->is_ready_sent = send_about(link, FRAME_READY, 0, identity) == 0;
    send_heartbeat(link, identity);
}

void link_drain(struct link *link, const struct link_identity *identity, int64_t now_ms)
{
    link->is_drained = !link->is_up || send_about(link, FRAME_DRAIN, 0, identity) != 0;
    if (link->is_drained)
        return;
    link->is_ready_sent = true; /* a READY would end the draining */
    send_heartbeat(link, identity);
    link->drain_answer = link->heartbeats_sent;
    link->heartbeat_ms = now_ms + link->settings->heartbeat_ms;
}

void link_heard(struct link *link, const struct frame_header *header, const uint8_t group[GROUP_ID_SIZE],
                int64_t now_ms)
{
    link->heard_ms = now_ms;
    if (header->type != FRAME_HEARTBEAT || header->request == 0) /* the broker's own answer nothing */
        return;
    link->heartbeats_heard = header->request;
    if (memcmp(header->group, group, GROUP_ID_SIZE) == 0) {
        link->is_registered = true;
        link->trouble = LINK_FINE;
    } else if (!link->is_registered && link->heartbeats_heard >= UNREGISTERED_MOST) {
        link_set_trouble(link, LINK_NOT_REGISTERED);
    }
    if (link->drain_answer > 0 && link->heartbeats_heard >= link->drain_answer)
        link->is_drained = true;
}

bool link_is_silent(const struct link *link, int64_t now_ms)
{
    return link->is_up && now_ms - link->heard_ms > link->settings->silence_ms;
}
