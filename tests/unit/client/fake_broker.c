#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "core/error.h"
#include "fake_answer.h"

enum { SUBSCRIBERS_MAX = 16, ROUTING_MAX = 64, TICK_MS = 5, ARENA_BYTES = 16 * 1024 * 1024 };

struct subscriber {
    uint8_t routing[ROUTING_MAX];
    size_t size;
    uint8_t history[HISTORY_ID_SIZE];
};

struct fake_broker {
    struct fake_group *group;
    enum fake_admission admission;
    struct connection_key key;
    void *context, *router, *zap;
    char endpoint[64];
    pthread_t thread;
    struct arena *arena;
    struct subscriber subscribers[SUBSCRIBERS_MAX];
    size_t subscriber_count;
    /* Under the group's lock: */
    bool is_stopping;
    uint64_t news;
    unsigned requests;
};

static void send_to(struct fake_broker *broker, const uint8_t *routing, size_t size, struct bytes frame)
{
    /* A peer that is gone is no matter here. */
    if (zmq_send(broker->router, routing, size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
        zmq_send(broker->router, frame.data, frame.size, ZMQ_DONTWAIT);
}

static void hold(struct fake_group *group, const uint8_t *routing, size_t size, struct bytes frame)
{
    fake_frame_keep(&group->held[group->held_count++], BYTES(routing, size));
    fake_frame_keep(&group->held[group->held_count++], frame);
}

/* All that was held, the last one first. */
static void release(struct fake_broker *broker)
{
    struct fake_group *group = broker->group;
    for (size_t i = group->held_count; i >= 2; i -= 2) {
        struct fake_frame *routing = &group->held[i - 2], *frame = &group->held[i - 1];
        send_to(broker, routing->data, routing->size, BYTES(frame->data, frame->size));
    }
    for (size_t i = 0; i < group->held_count; i++) {
        free(group->held[i].data);
        group->held[i].data = NULL;
    }
    group->held_count = 0;
    group->script.hold_replies = 0;
}

static void answer(struct fake_broker *broker, const uint8_t *routing, size_t size, struct bytes frame,
                   uint8_t type)
{
    struct fake_replies replies = {.count = 0};
    struct fake_group *group = broker->group;
    broker->requests += type == FRAME_REQUEST;
    fake_group_frame(group, frame, broker->arena, &replies);
    for (size_t i = 0; i < replies.count; i++) {
        if (type == FRAME_REQUEST && group->script.hold_replies > 0)
            hold(group, routing, size, replies.frames[i]);
        else
            send_to(broker, routing, size, replies.frames[i]);
    }
    if (group->held_count > 0 && (int) group->held_count / 2 >= group->script.hold_replies)
        release(broker);
}

static void subscribe(struct fake_broker *broker, const uint8_t *routing, size_t size,
                      const struct frame_header *header)
{
    struct subscriber *subscriber = &broker->subscribers[broker->subscriber_count++ % SUBSCRIBERS_MAX];
    memcpy(subscriber->routing, routing, size);
    subscriber->size = size;
    memcpy(subscriber->history, header->history, HISTORY_ID_SIZE);
    broker->group->subscribes++;
}

static void heartbeat(struct fake_broker *broker, const uint8_t *routing, size_t size)
{
    struct frame_header header = {.type = FRAME_HEARTBEAT};
    uint8_t frame[FRAME_HEADER_SIZE];
    frame_header_write(&header, frame);
    send_to(broker, routing, size, BYTES(frame, sizeof(frame)));
}

static void status(struct fake_broker *broker, const uint8_t *routing, size_t size,
                   struct frame_header header)
{
    Comity__V1__BrokerStatus body = COMITY__V1__BROKER_STATUS__INIT;
    uint8_t frame[FRAME_HEADER_SIZE + 256];
    body.software = "fake broker";
    body.clients = 3;
    header.type = FRAME_REPLY;
    frame_header_write(&header, frame);
    size_t body_size = comity__v1__broker_status__pack(&body, frame + FRAME_HEADER_SIZE);
    send_to(broker, routing, size, BYTES(frame, FRAME_HEADER_SIZE + body_size));
}

static void frame_take(struct fake_broker *broker, const uint8_t *routing, size_t size, struct bytes frame)
{
    struct frame_header header;
    struct bytes body;
    if (broker->group->script.is_silent || frame_read(frame, &header, &body) != 0)
        return;
    if (header.type == FRAME_HEARTBEAT)
        heartbeat(broker, routing, size);
    else if (header.type == FRAME_SUBSCRIBE && header.sequence == 1)
        subscribe(broker, routing, size, &header);
    else if (header.type == FRAME_SUBSCRIBE)
        broker->group->unsubscribes++;
    else if (header.type == FRAME_BYE)
        broker->group->byes++;
    else if ((header.flags & FRAME_FLAG_BROKER) != 0)
        status(broker, routing, size, header);
    else if (header.type == FRAME_HELLO || header.type == FRAME_REQUEST)
        answer(broker, routing, size, frame, header.type);
}

static void router_read(struct fake_broker *broker)
{
    uint8_t routing[ROUTING_MAX];
    static _Thread_local uint8_t frame[FRAME_MAX_BYTES];
    for (;;) {
        int size = zmq_recv(broker->router, routing, sizeof(routing), ZMQ_DONTWAIT);
        if (size < 0)
            return;
        int frame_size = zmq_recv(broker->router, frame, sizeof(frame), 0);
        if (frame_size < 0 || (size_t) frame_size > sizeof(frame))
            continue;
        fake_lock(broker->group);
        frame_take(broker, routing, (size_t) size, BYTES(frame, (size_t) frame_size));
        fake_unlock(broker->group);
        arena_reset(broker->arena);
    }
}

/* RFC 27: version, request id, domain, address, identity, mechanism, credentials. */
static void zap_read(struct fake_broker *broker)
{
    char request_id[64];
    int id_size = 0;
    for (int i = 0, more = 1; more != 0; i++) {
        uint8_t part[256];
        size_t size = sizeof(more);
        int part_size = zmq_recv(broker->zap, part, sizeof(part), 0);
        if (i == 1 && part_size >= 0 && part_size < (int) sizeof(request_id)) {
            memcpy(request_id, part, (size_t) part_size);
            id_size = part_size;
        }
        zmq_getsockopt(broker->zap, ZMQ_RCVMORE, &more, &size);
    }
    bool is_admitted = broker->admission == FAKE_ADMITS_ALL;
    zmq_send(broker->zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(broker->zap, request_id, (size_t) id_size, ZMQ_SNDMORE);
    zmq_send(broker->zap, is_admitted ? "200" : "400", 3, ZMQ_SNDMORE);
    zmq_send(broker->zap, "", 0, ZMQ_SNDMORE);
    zmq_send(broker->zap, "", 0, ZMQ_SNDMORE);
    zmq_send(broker->zap, "", 0, 0);
}

static void news_send(struct fake_broker *broker)
{
    for (size_t i = 0; broker->news != 0 && i < broker->subscriber_count && i < SUBSCRIBERS_MAX; i++) {
        struct frame_header header = {.type = FRAME_NEWS, .sequence = broker->news};
        uint8_t frame[FRAME_HEADER_SIZE];
        memcpy(header.history, broker->subscribers[i].history, HISTORY_ID_SIZE);
        frame_header_write(&header, frame);
        send_to(broker, broker->subscribers[i].routing, broker->subscribers[i].size,
                BYTES(frame, sizeof(frame)));
    }
    broker->news = 0;
}

static void *broker_run(void *context)
{
    struct fake_broker *broker = context;
    bool is_stopping = false;
    while (!is_stopping) {
        zmq_pollitem_t items[] = {{broker->router, 0, ZMQ_POLLIN, 0}, {broker->zap, 0, ZMQ_POLLIN, 0}};
        zmq_poll(items, 2, TICK_MS);
        if ((items[1].revents & ZMQ_POLLIN) != 0)
            zap_read(broker);
        router_read(broker);
        fake_lock(broker->group);
        news_send(broker);
        is_stopping = broker->is_stopping;
        fake_unlock(broker->group);
    }
    return NULL;
}

static void check(int result)
{
    if (result != 0) {
        fprintf(stderr, "fake broker: %s\n", zmq_strerror(zmq_errno()));
        abort();
    }
}

static void set(void *socket, int option, int value)
{
    check(zmq_setsockopt(socket, option, &value, sizeof(value)));
}

struct fake_broker *fake_broker_start(struct fake_group *group, enum fake_admission admission, int port,
                                      const struct connection_key *key)
{
    struct fake_broker *broker = calloc(1, sizeof(*broker));
    if (broker == NULL)
        abort();
    broker->group = group;
    broker->admission = admission;
    broker->arena = arena_new(ARENA_BYTES);
    if (key == NULL)
        connection_key_generate(&broker->key);
    else
        broker->key = *key;
    broker->context = zmq_ctx_new();
    broker->zap = zmq_socket(broker->context, ZMQ_REP);
    check(zmq_bind(broker->zap, "inproc://zeromq.zap.01"));
    broker->router = zmq_socket(broker->context, ZMQ_ROUTER);
    set(broker->router, ZMQ_LINGER, 0);
    if (admission != FAKE_WITHOUT_CURVE) {
        set(broker->router, ZMQ_CURVE_SERVER, 1);
        check(zmq_setsockopt(broker->router, ZMQ_CURVE_SECRETKEY, broker->key.secret, KEY_SIZE));
        check(zmq_setsockopt(broker->router, ZMQ_ZAP_DOMAIN, "front", 5));
    }
    char address[64];
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%s", port == 0 ? "*" : "");
    if (port != 0)
        snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", port);
    check(zmq_bind(broker->router, address));
    size_t size = sizeof(broker->endpoint);
    check(zmq_getsockopt(broker->router, ZMQ_LAST_ENDPOINT, broker->endpoint, &size));
    check(pthread_create(&broker->thread, NULL, broker_run, broker));
    return broker;
}

void fake_broker_stop(struct fake_broker **broker)
{
    if (*broker == NULL)
        return;
    fake_lock((*broker)->group);
    (*broker)->is_stopping = true;
    fake_unlock((*broker)->group);
    pthread_join((*broker)->thread, NULL);
    zmq_close((*broker)->router);
    set((*broker)->zap, ZMQ_LINGER, 0);
    zmq_close((*broker)->zap);
    zmq_ctx_term((*broker)->context);
    arena_destroy(&(*broker)->arena);
    free(*broker);
    *broker = NULL;
}

const char *fake_broker_endpoint(const struct fake_broker *broker)
{
    return broker->endpoint;
}

const struct connection_key *fake_broker_key(const struct fake_broker *broker)
{
    return &broker->key;
}

int fake_broker_port(const struct fake_broker *broker)
{
    return atoi(strrchr(broker->endpoint, ':') + 1);
}

struct comity_broker fake_broker_options(const struct fake_broker *broker)
{
    struct comity_broker options = {.endpoint = broker->endpoint};
    memcpy(options.server_key, broker->key.public_key, KEY_SIZE);
    return options;
}

unsigned fake_broker_requests(struct fake_broker *broker)
{
    fake_lock(broker->group);
    unsigned requests = broker->requests;
    fake_unlock(broker->group);
    return requests;
}

void fake_broker_news(struct fake_broker *broker, uint64_t sequence)
{
    fake_lock(broker->group);
    broker->news = sequence;
    fake_unlock(broker->group);
}
