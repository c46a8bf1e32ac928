#include "broker/loop_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker/defence.h"
#include "broker/rights.h"
#include "core/daemon/process.h"
#include "core/error.h"

enum {
    DRAIN_MESSAGES = 256, /* of one socket, at one turn */
    NEWS_AT_ONCE = 256,
    RETRY_MS = 1, /* for clients whose connection is full */
    IDLE_MS = 1000,
    STALL_MS = 1000, /* a turn that came so much too late was a stop of the whole process */
};

int64_t loop_clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *loop_endpoint(const struct loop *loop, enum side side)
{
    return loop->endpoints[side];
}

/* Receiving. */

/* The next part; false where there is none. */
static bool part_receive(struct loop *loop, void *socket)
{
    while (zmq_msg_recv(&loop->message, socket, ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() != EINTR)
            return false;
    }
    return true;
}

/* The routing id of the next message; its first part goes to loop->message. False where none waits. */
static bool receive(struct loop *loop, enum side side, struct peer_id *ret_from)
{
    if (!part_receive(loop, loop->sockets[side]))
        return false;
    ret_from->size = (uint8_t) zmq_msg_size(&loop->message); /* at most 255, by ZMTP */
    memcpy(ret_from->bytes, zmq_msg_data(&loop->message), ret_from->size);
    return !zmq_msg_more(&loop->message) || part_receive(loop, loop->sockets[side]);
}

/* What came of a connection's bytes. */
static void count_part(struct loop *loop)
{
    watch_delivered(&loop->watch, loop->message_fd, watch_wire_bytes(zmq_msg_size(&loop->message)),
                    loop->now_ms);
}

/* Read the rest of a message of several parts and let it go. */
static void discard(struct loop *loop, void *socket)
{
    while (zmq_msg_more(&loop->message) && part_receive(loop, socket))
        count_part(loop);
}

/* By which a message came; 0: it is closed. libzmq gives out what a connection had sent also after its end, and the
 * descriptor can be another one's by then: that one is not to pay for it. */
static uint64_t connection_of(struct loop *loop, const struct peer_id *from)
{
    const char *text = zmq_msg_gets(&loop->message, "Peer-Address");
    const uint64_t connection = watch_connection(&loop->watch, loop->message_fd);
    if (connection == 0 || text == NULL || !DEFENCE(own_descriptor))
        return connection;
    const struct address address = address_of_text(text);
    bool is_own = address_equal(&address, &loop->watch.places[loop->message_fd].address);
    return is_own && !loop_was_cut(loop, from) ? connection : 0;
}

static bool handle_one(struct loop *loop, enum side side)
{
    struct peer_id from;
    if (!receive(loop, side, &from))
        return false;
    loop->messages++;
    loop->message_fd = zmq_msg_get(&loop->message, ZMQ_SRCFD);
    count_part(loop);
    if (zmq_msg_more(&loop->message)) {
        discard(loop, loop->sockets[side]);
        router_garbage(loop->router);
        return true;
    }
    const uint64_t connection = connection_of(loop, &from);
    if (side == SIDE_FRONT && connection != 0 && !watch_is_open(&loop->watch, loop->message_fd))
        return true; /* cut: what it had sent before is of no use to anybody */
    const struct router_input input = {
        .from = &from,
        .connection = connection,
        .address = connection != 0 ? loop_counted(&loop->watch.places[loop->message_fd].address) : NULL,
        .is_gone = connection == 0 && DEFENCE(client_closed),
        .key = zmq_msg_gets(&loop->message, "User-Id"),
        .frame = BYTES(zmq_msg_data(&loop->message), zmq_msg_size(&loop->message)),
    };
    if (side == SIDE_FRONT) {
        router_front(loop->router, &input, loop->now_ms, &loop->actions);
    } else {
        if (input.key)
            watch_identified(&loop->watch, loop->message_fd, input.key);
        router_back(loop->router, &input, loop->now_ms, &loop->actions);
    }
    loop_act(loop);
    return true;
}

static void drain(struct loop *loop, enum side side)
{
    const int most = DEFENCE(drain) ? DRAIN_MESSAGES : 1;
    int taken = 0;
    while (taken < most && handle_one(loop, side))
        taken++;
    loop->is_read_out[side] = taken < most;
}

/* Time. */

static void send_kept(struct loop *loop)
{
    struct client *client, *next;
    for (client = router_waiting(loop->router); client; client = next) {
        next = TAILQ_NEXT(client, in_waiting);
        struct bytes frame;
        int error = 0;
        while (error == 0 && (frame = router_kept(client)).size > 0 &&
               loop_has_room(loop, client->connection)) {
            error = loop_send(loop, SIDE_FRONT, &client->id, client->connection, frame);
            if (error == 0)
                router_kept_sent(loop->router, client);
        }
        if (error == ERR_UNREACHABLE)
            router_client_gone(loop->router, &client->id);
    }
    loop->retry_ms = loop->now_ms + RETRY_MS;
}

static void send_news(struct loop *loop)
{
    uint32_t due = router_news_due(loop->router);
    router_news(loop->router, due < NEWS_AT_ONCE ? due : NEWS_AT_ONCE, &loop->actions);
    loop_act(loop);
    /* What is left had no room at this turn, or its client takes no more. */
    loop->news_ms = loop->now_ms + (due > NEWS_AT_ONCE ? 0 : loop->settings->news_ms);
    if (router_news_due(loop->router) > 0 && loop->news_ms == loop->now_ms && due <= NEWS_AT_ONCE)
        loop->news_ms = loop->now_ms + 1;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When something is to be done though nothing comes. */
static int64_t due_ms(const struct loop *loop)
{
    int64_t due = earlier(loop->now_ms + IDLE_MS, router_due_ms(loop->router));
    due = earlier(due, earlier(loop->probe_ms, sieve_due_ms(&loop->sieve)));
    if (router_news_due(loop->router) > 0)
        due = earlier(due, loop->news_ms);
    if (router_waiting(loop->router))
        due = earlier(due, loop->retry_ms);
    if (loop->watch.counts[SIDE_FRONT] + loop->watch.counts[SIDE_BACK] > 0)
        due = earlier(due, loop->look_ms);
    return loop->is_stopping ? earlier(due, loop->stop_ms) : due;
}

static void do_what_is_due(struct loop *loop)
{
    if (loop->now_ms >= router_due_ms(loop->router)) {
        router_tick(loop->router, loop->now_ms, &loop->actions);
        loop_act(loop);
    }
    if (loop->now_ms >= loop->probe_ms)
        loop_probe(loop);
    if (router_news_due(loop->router) > 0 && loop->now_ms >= loop->news_ms)
        send_news(loop);
    if (router_waiting(loop->router) && loop->now_ms >= loop->retry_ms)
        send_kept(loop);
    if (loop->now_ms >= sieve_due_ms(&loop->sieve))
        sieve_tick(&loop->sieve, loop->now_ms);
    if (loop->now_ms >= loop->look_ms)
        loop_look(loop);
}

/* Signals. */

static void take_limits(struct loop *loop)
{
    rates_set_limits(loop->arrivals, &loop->settings->arrivals, 1);
    loop->watch.limits = (struct watch_limits){
        .silence_ms = loop->settings->limits.client_silence_ms,
        .held_bytes = loop->settings->buffer_bytes,
    };
}

static void reload(struct loop *loop)
{
    char reason[CONFIG_REASON_MAX] = "there is not enough memory";
    char shown[CONFIG_REASON_MAX + 2];
    CLEANUP(settings_destroy) struct settings *fresh = NULL;
    int error = loop->options.reload(loop->options.context, &fresh, reason);
    if (error == 0) {
        error = router_configure(loop->router, &fresh->limits, &fresh->admission, &loop->actions);
        loop_act(loop);
    }
    if (error != 0) {
        log_event(LOG_ERROR, "reload_refused", "reason=%s kept=old_settings",
                  log_value(reason, shown, sizeof(shown)));
        return;
    }
    char fixed[SETTINGS_NAMES_MAX];
    settings_fixed_differences(loop->started, fresh, fixed);
    if (fixed[0] != '\0')
        log_event(LOG_WARNING, "reload_incomplete", "settings=%s needs=restart", fixed);
    struct settings *old = loop->settings;
    loop->settings = fresh;
    fresh = old != loop->started ? old : NULL;
    take_limits(loop);
    log_set_level(loop->settings->log_level);
    loop_cut_removed(loop);
    log_event(LOG_INFO, "reloaded", "workers=%zu operators=%zu", loop->settings->admission.worker_count,
              loop->settings->admission.operator_count);
    rights_log(&loop->settings->admission);
}

static void take_signals(struct loop *loop)
{
    enum process_signal signal;
    while ((signal = process_signal_take(loop->options.signal_fd)) != PROCESS_SIGNAL_NONE) {
        if (signal == PROCESS_SIGNAL_RELOAD) {
            reload(loop);
        } else if (loop->is_stopping) {
            loop->is_ended = true; /* asked twice */
        } else {
            loop->is_stopping = true;
            loop->stop_ms = loop->now_ms + loop->settings->stop_ms;
            router_stop(loop->router);
            log_event(LOG_INFO, "stopping", "pending=%" PRIu32, router_pending_count(loop->router));
        }
    }
}

/* The loop itself. */

/* A process that stood still (stopped, suspended) has heard nobody; that was not their silence. */
void loop_take_time(struct loop *loop, int64_t expected_ms)
{
    loop->now_ms = loop_clock_ms(CLOCK_MONOTONIC);
    int64_t late_ms = loop->now_ms - expected_ms;
    if (expected_ms == 0 || late_ms < STALL_MS)
        return;
    router_forgive(loop->router, late_ms);
    watch_forgive(&loop->watch, late_ms);
    log_event(LOG_WARNING, "stood_still", "ms=%" PRId64, late_ms);
}

static int wait_for_work(struct loop *loop)
{
    loop_take_time(loop, loop->now_ms); /* a turn takes no time to speak of */
    const int64_t start_ms = loop->now_ms;
    const int64_t due = due_ms(loop);
    const int64_t wait = due > start_ms ? due - start_ms : 0;
    zmq_pollitem_t items[] = {
        {.socket = loop->sockets[SIDE_FRONT], .events = ZMQ_POLLIN},
        {.socket = loop->sockets[SIDE_BACK], .events = ZMQ_POLLIN},
        {.socket = loop->monitors[SIDE_FRONT], .events = ZMQ_POLLIN},
        {.socket = loop->monitors[SIDE_BACK], .events = ZMQ_POLLIN},
        {.fd = loop->options.signal_fd, .events = ZMQ_POLLIN},
        {.socket = loop->zap ? zap_socket(loop->zap) : NULL, .events = ZMQ_POLLIN},
    };
    int count = (int) ARRAY_COUNT(items) - (loop->zap ? 0 : 1);
    if (zmq_poll(items, count, (long) wait) < 0 && zmq_errno() != EINTR)
        return ERR_INTERNAL;
    loop->turns++;
    loop_take_time(loop, start_ms + wait);
    loop_serve_zap(loop);
    if (items[4].revents & ZMQ_POLLIN)
        take_signals(loop);
    return 0;
}

static bool stop_is_done(struct loop *loop)
{
    if (!loop->is_stopping)
        return false;
    bool is_empty = router_pending_count(loop->router) == 0 && !router_waiting(loop->router);
    return loop->is_ended || is_empty || loop->now_ms >= loop->stop_ms;
}

int loop_run(struct loop *loop)
{
    loop->now_ms = loop_clock_ms(CLOCK_MONOTONIC);
    while (!stop_is_done(loop)) {
        if (wait_for_work(loop) != 0)
            return ERR_INTERNAL;
        drain(loop, SIDE_BACK);
        drain(loop, SIDE_FRONT);
        do_what_is_due(loop);
    }
    router_abandon(loop->router, &loop->actions);
    loop_act(loop);
    process_settle();
    const struct router_counters *counters = router_counters(loop->router);
    log_event(LOG_INFO, "stopped",
              "messages=%" PRIu64 " turns=%" PRIu64 " requests=%" PRIu64 " replies=%" PRIu64
              " malformed=%" PRIu64 " dropped=%" PRIu64,
              loop->messages, loop->turns, counters->requests, counters->replies, counters->malformed,
              counters->dropped);
    return 0;
}

/* Opening. */

static int open_side(struct loop *loop, enum side side, char *reason)
{
    return socket_open(loop->context, side, loop->settings->endpoint[side], loop->options.key, &loop->sockets[side],
                       &loop->monitors[side], loop->endpoints[side], reason);
}

static int test_back(struct loop *loop, char *reason)
{
    const char *back = loop->endpoints[SIDE_BACK];
    loop->is_testing = true;
    int error = self_test(loop->context, back, loop->options.key, loop_serve_zap, loop);
    loop->is_testing = false;
    if (error == 0)
        return 0;
    snprintf(reason, CONFIG_REASON_MAX,
             "the self-test failed: the back at %s did not refuse a key that is not configured, so nothing "
             "is served: "
             "please report it",
             back);
    return ERR_INTERNAL;
}

static int open_all(struct loop *loop, char *reason)
{
    uint64_t random;
    randombytes_buf(&random, sizeof(random));
    snprintf(reason, CONFIG_REASON_MAX, "there is not enough memory to start");
    loop->context = zmq_ctx_new();
    if (!loop->context || zmq_ctx_set(loop->context, ZMQ_IO_THREADS, loop->settings->io_threads) != 0)
        return ERR_MEMORY;
    loop->arrivals = rates_new(&loop->settings->arrivals, 1);
    if (!loop->arrivals || watch_init(&loop->watch, loop->options.open_files) != 0 ||
        router_new(&loop->settings->limits, &loop->settings->admission, random, &loop->router) != 0)
        return ERR_MEMORY;
    take_limits(loop);
    if (DEFENCE(zap) && zap_open(loop->context, &loop->zap) != 0)
        return ERR_MEMORY;
    int error = open_side(loop, SIDE_BACK, reason);
    if (error == 0 && DEFENCE(self_test))
        error = test_back(loop, reason);
    return error == 0 ? open_side(loop, SIDE_FRONT, reason) : error;
}

int loop_new(const struct loop_options *options, struct loop **ret_loop, char reason[CONFIG_REASON_MAX])
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (!loop) {
        settings_destroy(options->settings);
        snprintf(reason, CONFIG_REASON_MAX, "there is not enough memory to start");
        return ERR_MEMORY;
    }
    loop->options = *options;
    loop->settings = loop->started = *options->settings;
    *options->settings = NULL;
    loop->probe_ms = INT64_MAX;
    sieve_init(&loop->sieve);
    loop->started_ms = loop_clock_ms(CLOCK_REALTIME);
    loop->statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    zmq_msg_init(&loop->message);
    int error = open_all(loop, reason);
    if (error != 0) {
        loop_destroy(&loop);
        return error;
    }
    *ret_loop = loop;
    return 0;
}

void loop_destroy(struct loop **loop)
{
    if (!loop || !*loop)
        return;
    struct loop *it = *loop;
    zmq_msg_close(&it->message);
    for (int side = SIDE_FRONT; side <= SIDE_BACK; side++) {
        if (it->sockets[side]) {
            zmq_socket_monitor(it->sockets[side], NULL, 0);
            zmq_close(it->sockets[side]);
        }
        if (it->monitors[side])
            zmq_close(it->monitors[side]);
    }
    zap_close(&it->zap);
    if (it->context)
        zmq_ctx_term(it->context);
    router_destroy(&it->router);
    actions_release(&it->actions);
    watch_release(&it->watch);
    rates_destroy(&it->arrivals);
    if (it->started != it->settings)
        settings_destroy(&it->started);
    settings_destroy(&it->settings);
    if (it->statm_fd >= 0)
        close(it->statm_fd);
    free(it);
    *loop = NULL;
}
