#include "worker/asker.h"

#include <stdlib.h>

#include <sodium.h>
#include <zmq.h>

#include "core/endpoint.h"
#include "core/error.h"
#include "core/message.h"
#include "worker/clock.h"

enum {
    HANDSHAKE_MS = 3000,
    RECONNECT_MS = 100,
    RECONNECT_MOST_MS = 2000,
    MESSAGE_MAX_BYTES = 1 << 20,
    WAIT_MS = 500, /* where nobody says how long */
    TICK_MS = 200,
    REFUSED_MOST = 3, /* handshakes in a row that failed before any was done */
    MONITORED = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
};

struct asker {
    void *context, *socket, *monitor;
    bool was_up;      /* a handshake was done */
    unsigned refused; /* failed before that */
    struct seal_session seal;
    uint8_t group[GROUP_ID_SIZE];
    uint64_t request; /* number of the last one */
    void (*tick)(void *context);
    void *context_of_tick;
};

static bool set(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

/* docs/architecture.md, "ZeroMQ". */
static bool set_options(void *socket, const struct asker_options *options)
{
    int64_t message_max = MESSAGE_MAX_BYTES;
    return set(socket, ZMQ_LINGER, 0) && set(socket, ZMQ_IMMEDIATE, 1) &&
           set(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) && set(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) &&
           set(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MOST_MS) && set(socket, ZMQ_TCP_KEEPALIVE, 1) &&
           set(socket, ZMQ_IPV6, strchr(options->endpoint, '[') != NULL) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof(message_max)) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, options->broker, KEY_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, options->own->public_key, KEY_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, options->own->secret, CONNECTION_SECRET_SIZE) == 0;
}

static bool open_monitor(struct asker *asker)
{
    static const char ADDRESS[] = "inproc://monitor"; /* the context has no other */
    if (zmq_socket_monitor(asker->socket, ADDRESS, MONITORED))
        return false;
    asker->monitor = zmq_socket(asker->context, ZMQ_PAIR);
    return asker->monitor && set(asker->monitor, ZMQ_LINGER, 0) && zmq_connect(asker->monitor, ADDRESS) == 0;
}

int asker_new(const struct asker_options *options, struct asker **ret_asker)
{
    struct endpoint endpoint;
    const char *form;
    if (endpoint_parse(options->endpoint, ENDPOINT_CONNECT, &endpoint, &form))
        return ERR_ADDRESS;
    CLEANUP(asker_destroy) struct asker *asker = calloc(1, sizeof(*asker));
    if (!asker)
        return ERR_MEMORY;
    asker->tick = options->tick;
    asker->context_of_tick = options->context;
    group_id(options->group_key, asker->group);
    int code = seal_session_client(options->own, options->group_key, &asker->seal);
    if (code)
        return code;
    asker->context = zmq_ctx_new();
    asker->socket = asker->context ? zmq_socket(asker->context, ZMQ_DEALER) : NULL;
    if (!asker->socket || !set_options(asker->socket, options) || !open_monitor(asker))
        return ERR_MEMORY;
    if (zmq_connect(asker->socket, options->endpoint))
        return ERR_ADDRESS;
    *ret_asker = asker;
    asker = NULL;
    return 0;
}

void asker_destroy(struct asker **asker)
{
    if (!asker || !*asker)
        return;
    if ((*asker)->socket)
        zmq_close((*asker)->socket);
    if ((*asker)->monitor)
        zmq_close((*asker)->monitor);
    if ((*asker)->context)
        zmq_ctx_term((*asker)->context);
    sodium_memzero(*asker, sizeof(**asker));
    free(*asker);
    *asker = NULL;
}

/* An event's number comes first in the first part of its message. */
static void handshakes_take(struct asker *asker)
{
    uint16_t event;
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, asker->monitor, ZMQ_DONTWAIT) >= 0) {
        event = 0;
        if (zmq_msg_more(&message) && zmq_msg_size(&message) >= sizeof(event))
            memcpy(&event, zmq_msg_data(&message), sizeof(event));
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            asker->was_up = true;
        else if (event != 0 && !asker->was_up)
            asker->refused++;
    }
    zmq_msg_close(&message);
}

static bool is_refused(const struct asker *asker)
{
    return !asker->was_up && asker->refused >= REFUSED_MOST;
}

/* 0, ERR_TIMEOUT; ERR_ADDRESS: whoever is there is another than is looked for. */
static int wait_for(struct asker *asker, short events, int64_t until_ms)
{
    zmq_pollitem_t items[] = {{.socket = asker->socket, .events = events},
                              {.socket = asker->monitor, .events = ZMQ_POLLIN}};
    for (;;) {
        int64_t left_ms = until_ms - clock_steady_ms();
        int64_t wait_ms = left_ms < TICK_MS ? left_ms : TICK_MS;
        int count = zmq_poll(items, ARRAY_COUNT(items), wait_ms > 0 ? wait_ms : 0);
        if (asker->tick)
            asker->tick(asker->context_of_tick);
        if (count > 0 && (items[1].revents & ZMQ_POLLIN) != 0)
            handshakes_take(asker);
        if (is_refused(asker))
            return ERR_ADDRESS;
        if (count > 0 && (items[0].revents & events) != 0)
            return 0;
        if (count < 0 || left_ms <= 0)
            return ERR_TIMEOUT;
    }
}

static int send_frame(struct asker *asker, const Comity__V1__Request *request, int64_t until_ms,
                      struct arena *arena)
{
    struct bytes plain;
    int code = message_pack(&request->base, arena, &plain);
    uint8_t *frame = code ? NULL : arena_alloc(arena, FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size);
    if (!frame)
        return ERR_MEMORY;
    code = wait_for(asker, ZMQ_POLLOUT, until_ms);
    if (code)
        return code;
    int64_t left_ms = until_ms - clock_steady_ms();
    struct frame_header header = {.type = FRAME_REQUEST,
                                  .request = ++asker->request,
                                  .attempt = 1,
                                  .budget_ms = left_ms > 0 ? (uint32_t) left_ms : 1};
    memcpy(header.group, asker->group, GROUP_ID_SIZE);
    seal_frame(&asker->seal, &header, plain, frame);
    return zmq_send(asker->socket, frame, FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size, ZMQ_DONTWAIT) < 0
               ? ERR_TIMEOUT
               : 0;
}

static int open_reply(const struct seal_session *seal, struct bytes frame, struct arena *arena,
                      Comity__V1__Reply **ret_reply)
{
    ProtobufCMessage *message;
    uint8_t *plain = arena_alloc(arena, frame.size);
    size_t size;
    if (!plain)
        return ERR_MEMORY;
    int code = seal_open(seal, frame, plain, &size);
    if (code == 0)
        code = message_unpack(&comity__v1__reply__descriptor, BYTES(plain, size), FRAME_BODY_MAX_BYTES, arena,
                              NULL, &message);
    if (code)
        return ERR_MALFORMED;
    *ret_reply = (Comity__V1__Reply *) message;
    return 0;
}

int asker_read(const struct seal_session *seal, uint64_t request, struct bytes frame, struct arena *arena,
               Comity__V1__Reply **ret_reply, uint32_t *ret_wait_ms)
{
    struct frame_header header;
    struct bytes body;
    if (frame_read(frame, &header, &body) || header.request != request)
        return ERR_NOT_FOUND;
    if (header.type == FRAME_REPLY)
        return open_reply(seal, frame, arena, ret_reply);
    if (header.type != FRAME_ERROR || header.error >= 0)
        return ERR_NOT_FOUND;
    *ret_wait_ms = header.budget_ms > 0 ? header.budget_ms : WAIT_MS;
    return header.error;
}

int asker_ask(struct asker *asker, const Comity__V1__Request *request, int timeout_ms, struct arena *arena,
              Comity__V1__Reply **ret_reply, uint32_t *ret_wait_ms)
{
    int64_t until_ms = clock_steady_ms() + timeout_ms;
    *ret_wait_ms = WAIT_MS;
    int code = send_frame(asker, request, until_ms, arena);
    if (code)
        return code;
    while ((code = wait_for(asker, ZMQ_POLLIN, until_ms)) == 0) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        code = zmq_msg_recv(&message, asker->socket, ZMQ_DONTWAIT) < 0
                   ? ERR_NOT_FOUND
                   : asker_read(&asker->seal, asker->request,
                                BYTES(zmq_msg_data(&message), zmq_msg_size(&message)), arena, ret_reply,
                                ret_wait_ms);
        zmq_msg_close(&message);
        if (code != ERR_NOT_FOUND)
            return code;
    }
    return code;
}
