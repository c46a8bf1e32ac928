#include "worker/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/daemon/log.h"
#include "core/daemon/process.h"
#include "core/error.h"
#include "worker/clock.h"
#include "worker/link.h"
#include "worker/reply.h"
#include "worker/sites.h"

enum {
    MESSAGES_AT_ONCE = 256,
    READERS_CHECK_MS = 60 * 1000,
    SITES_MS = 100,
    BYE_LINGER_MS = 1000,
    WAIT_MOST_MS = 1000,
    WAIT_DRAINING_MS = 20,
    LINKS_MAX = SETTINGS_BROKERS_MAX,
    ITEMS_MAX = 2 + 2 * LINKS_MAX,
};

struct loop {
    struct service *service;
    const struct worker_settings *settings;
    struct loop_options options;
    void *context;
    struct job_pool *jobs;
    struct link links[LINKS_MAX]; /* unused ones have no name */
    int64_t readers_check_ms;
    uint64_t term; /* that the brokers were told last */
    int64_t sites_ms; /* when to look next whether this worker leads */
    bool is_ready; /* a broker has registered us */
    bool is_draining;
    int64_t drain_started_ms;
    uint64_t malformed;
    uint32_t connected; /* links whose broker answers, a bit each, as STATUS knows them */
};

/* Links. */

static bool is_used(const struct link *link)
{
    return link->broker.name[0] != '\0';
}

static int open_broker(struct loop *loop, struct link *link, const struct broker_settings *broker)
{
    link->broker = *broker;
    link->settings = loop->settings;
    link->trouble = LINK_FINE;
    link->heard_ms = 0;
    return link_open(link, loop->context);
}

static void forget_broker(struct link *link, int linger_ms)
{
    link_close(link, linger_ms);
    link->broker = (struct broker_settings){0};
}

static void send_bye(struct link *link)
{
    struct frame_header header = {.type = FRAME_BYE};
    uint8_t frame[FRAME_HEADER_SIZE];
    frame_header_write(&header, frame);
    link_send(link, BYTES(frame, sizeof(frame)));
}

static uint32_t connected_links(const struct loop *loop)
{
    uint32_t connected = 0;
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (loop->links[i].is_up && loop->links[i].is_registered)
            connected |= UINT32_C(1) << i;
    return connected;
}

static void publish_peers(struct loop *loop)
{
    loop->connected = connected_links(loop);
    struct status_peer peers[STATUS_PEERS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < LINKS_MAX; i++) {
        const struct link *link = &loop->links[i];
        if (!is_used(link))
            continue;
        struct status_peer *peer = &peers[count++];
        *peer = (struct status_peer){.is_connected = link->is_up && link->is_registered,
                                     .heard_ms = link->heard_ms};
        memcpy(peer->endpoint, link->broker.endpoint,
               strnlen(link->broker.endpoint, STATUS_ENDPOINT_MAX - 1));
    }
    status_set_peers(&loop->service->counters, peers, count);
}

int loop_new(const struct loop_options *options, struct loop **ret_loop, const char **ret_broker)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (!loop)
        return ERR_MEMORY;
    loop->options = *options;
    loop->service = options->service;
    loop->settings = options->settings;
    loop->context = zmq_ctx_new();
    int code = loop->context ? job_pool_new(&loop->settings->jobs, &loop->jobs) : ERR_MEMORY;
    for (size_t i = 0; i < loop->settings->broker_count && code == 0; i++) {
        *ret_broker = loop->settings->brokers[i].name;
        code = open_broker(loop, &loop->links[i], &loop->settings->brokers[i]);
    }
    if (code) {
        loop_destroy(&loop);
        return code;
    }
    *ret_loop = loop;
    return 0;
}

/* Answers that nobody sends any more. */
static void give_back(struct loop *loop)
{
    struct job_list jobs = {0};
    struct outbox_news *news;
    size_t count;
    outbox_take(loop->service->outbox, &jobs, &news, &count);
    free(news);
    struct job *job;
    while ((job = job_list_take(&jobs)) != NULL)
        job_give(loop->jobs, &job);
}

void loop_destroy(struct loop **loop)
{
    if (!loop || !*loop)
        return;
    for (size_t i = 0; i < LINKS_MAX; i++)
        link_close(&(*loop)->links[i], 0);
    if ((*loop)->context)
        zmq_ctx_term((*loop)->context);
    give_back(*loop);
    job_pool_destroy(&(*loop)->jobs);
    free(*loop);
    *loop = NULL;
}

/* Messages that come in. */

static void refuse_frame(struct loop *loop, struct link *link, const struct frame_header *header, int code)
{
    uint8_t frame[FRAME_HEADER_SIZE];
    uint32_t wait_ms = code == ERR_BUSY || code == ERR_DRAINING ? service_wait_ms(loop->service) : 0;
    reply_error_header(header, code, wait_ms, loop->service->term, frame);
    if (link_send(link, BYTES(frame, sizeof(frame))))
        link->undelivered++;
}

/* 0 where the frame may be taken in. */
static int check_frame(const struct loop *loop, const struct frame_header *header)
{
    if (header->request == 0 || (header->flags & FRAME_FLAG_BROKER))
        return ERR_MALFORMED;
    if (memcmp(header->group, loop->service->group, GROUP_ID_SIZE) != 0)
        return ERR_NO_ROUTE;
    return loop->is_draining ? ERR_DRAINING : 0;
}

static void take_in(struct loop *loop, struct link *link, const struct frame_header *header,
                    struct bytes frame, struct job_list *taken)
{
    struct job *job;
    int code = check_frame(loop, header);
    if (code == 0)
        code = job_take(loop->jobs, header, frame, &job);
    if (code) {
        refuse_frame(loop, link, header, code);
        return;
    }
    job->link = (unsigned) (link - loop->links);
    job->generation = link->generation;
    job->arrived_ms = clock_steady_ms();
    job->can_wait = !service_knows(loop->service, job);
    job_list_add(taken, job);
}

static void become_ready(struct loop *loop, const struct link *link)
{
    char name[128];
    log_event(LOG_INFO, "registered", "broker=%s term=%" PRIu64,
              log_value(link->broker.name, name, sizeof(name)), loop->service->term);
    if (loop->is_ready)
        return;
    loop->is_ready = true;
    const char *path = loop->settings->ready_file;
    char text[64];
    snprintf(text, sizeof(text), "pid=%ld\n", (long) getpid());
    if (path[0] && process_file_write(path, text))
        log_event(LOG_ERROR, "ready_file_failed", "reason=\"%s\"", strerror(errno));
}

static void handle_frame(struct loop *loop, struct link *link, struct bytes frame, struct job_list *taken)
{
    struct frame_header header;
    struct bytes body;
    if (frame_read(frame, &header, &body)) {
        loop->malformed++;
        return;
    }
    bool was_registered = link->is_registered;
    link_heard(link, &header, loop->service->group, clock_steady_ms());
    if (!was_registered && link->is_registered)
        become_ready(loop, link);
    switch (header.type) {
    case FRAME_REQUEST:
    case FRAME_HELLO:
        take_in(loop, link, &header, frame, taken);
        break;
    case FRAME_ERROR: {
        char name[128];
        log_event(LOG_WARNING, "broker_refuses", "broker=%s error=%s",
                  log_value(link->broker.name, name, sizeof(name)), error_name(header.error));
        break;
    }
    case FRAME_HEARTBEAT:
    case FRAME_BYE:
        break;
    default:
        loop->malformed++;
    }
}

static void receive(struct loop *loop, struct link *link)
{
    struct job_list taken = {0};
    for (unsigned i = 0; i < MESSAGES_AT_ONCE; i++) {
        zmq_msg_t message;
        int code = link_receive(link, &message);
        if (code == ERR_NOT_FOUND)
            break;
        if (code) {
            loop->malformed++;
            continue;
        }
        handle_frame(loop, link, BYTES(zmq_msg_data(&message), zmq_msg_size(&message)), &taken);
        zmq_msg_close(&message);
    }
    if (taken.first)
        job_queue_push(loop->service->checks, &taken);
}

/* What goes out. */

static void send_answer(struct loop *loop, struct job *job)
{
    struct link *link = &loop->links[job->link];
    if (job->generation != link->generation || link_send(link, job->answer))
        link->undelivered++;
    job_give(loop->jobs, &job);
}

static void send_news(struct loop *loop, const struct outbox_news *news)
{
    struct frame_header header = {.type = FRAME_NEWS, .sequence = news->head, .term = loop->service->term};
    uint8_t frame[FRAME_HEADER_SIZE];
    memcpy(header.group, loop->service->group, GROUP_ID_SIZE);
    memcpy(header.history, news->history, HISTORY_ID_SIZE);
    frame_header_write(&header, frame);
    for (size_t i = 0; i < LINKS_MAX; i++)
        link_send(&loop->links[i], BYTES(frame, sizeof(frame)));
}

static void send_out(struct loop *loop)
{
    struct job_list jobs = {0};
    struct outbox_news *news;
    size_t count;
    outbox_take(loop->service->outbox, &jobs, &news, &count);
    while (jobs.first)
        send_answer(loop, job_list_take(&jobs));
    for (size_t i = 0; i < count; i++)
        send_news(loop, &news[i]);
    free(news);
}

/* Time. */

static struct link_identity identity_of(const struct loop *loop)
{
    return (struct link_identity){
        .group = loop->service->group,
        .term = loop->service->term,
        .applied = loop->service->applied,
        .window = loop->settings->window,
    };
}

static void log_undelivered(struct link *link)
{
    if (link->undelivered == 0)
        return;
    char name[128];
    log_event(LOG_WARNING, "answers_undelivered", "broker=%s count=%" PRIu64,
              log_value(link->broker.name, name, sizeof(name)), link->undelivered);
    link->undelivered = 0;
}

/* Returns whether it was time for a heartbeat. */
static bool tick_link(struct loop *loop, struct link *link, int64_t now_ms)
{
    if (link_is_silent(link, now_ms)) {
        link_set_trouble(link, LINK_SILENT);
        link_close(link, 0);
    }
    if (!link->socket && !loop->is_draining && link_open(link, loop->context))
        link_set_trouble(link, LINK_UNREACHABLE);
    bool is_due = now_ms >= link->heartbeat_ms;
    struct link_identity identity = identity_of(loop);
    link_beat(link, &identity, now_ms);
    if (is_due)
        log_undelivered(link);
    return is_due;
}

static void watch_clock(struct clock *clock)
{
    enum clock_course course;
    int64_t lead_ms;
    if (!clock_watch(clock, &course, &lead_ms))
        return;
    if (course == CLOCK_JUMPED)
        log_event(LOG_WARNING, "clock_jumped",
                  "ahead_ms=%" PRId64 " advice=\"It is not followed. If it is right now, send SIGHUP.\"",
                  lead_ms);
    else if (course == CLOCK_SET_BACK)
        log_event(LOG_WARNING, "clock_set_back",
                  "behind_ms=%" PRId64 " advice=\"Stamps stay until it has caught up.\"", -lead_ms);
    else
        log_event(LOG_INFO, "clock_agrees", "lead_ms=%" PRId64, lead_ms);
}

/* Whoever came to lead, or leads no more, says so at once: until then commands go to the wrong worker. */
static void tell_term(struct loop *loop)
{
    uint64_t term = atomic_load(&loop->service->term);
    if (term == loop->term)
        return;
    loop->term = term;
    for (size_t i = 0; i < LINKS_MAX; i++)
        loop->links[i].heartbeat_ms = 0;
}

static void tick(struct loop *loop)
{
    int64_t now_ms = clock_steady_ms();
    watch_clock(loop->service->clock);
    if (loop->service->sites && now_ms >= loop->sites_ms) {
        loop->sites_ms = now_ms + SITES_MS;
        sites_tell(loop->service->sites);
    }
    tell_term(loop);
    bool is_due = false;
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (is_used(&loop->links[i]))
            is_due |= tick_link(loop, &loop->links[i], now_ms);
    if (is_due || loop->connected != connected_links(loop))
        publish_peers(loop);
    if (now_ms < loop->readers_check_ms)
        return;
    loop->readers_check_ms = now_ms + READERS_CHECK_MS;
    store_check_readers(loop->service->store);
    if (loop->malformed > 0)
        log_event(LOG_WARNING, "malformed_frames", "count=%" PRIu64, loop->malformed);
    loop->malformed = 0;
}

static long wait_ms(const struct loop *loop)
{
    int64_t now_ms = clock_steady_ms();
    int64_t wait = loop->is_draining ? WAIT_DRAINING_MS : WAIT_MOST_MS;
    for (size_t i = 0; i < LINKS_MAX; i++) {
        const struct link *link = &loop->links[i];
        if (is_used(link) && link->is_up && link->heartbeat_ms - now_ms < wait)
            wait = link->heartbeat_ms - now_ms;
    }
    return wait < 0 ? 0 : (long) wait;
}

/* Signals. */

static const struct broker_settings *find_broker(const struct worker_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->broker_count; i++)
        if (strcmp(settings->brokers[i].name, name) == 0)
            return &settings->brokers[i];
    return NULL;
}

static bool links_have(const struct loop *loop, const char *name)
{
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (strcmp(loop->links[i].broker.name, name) == 0)
            return true;
    return false;
}

/* Links of brokers that are gone or changed are closed, new ones opened; the others stay as they are. */
static void apply_brokers(struct loop *loop, bool is_own_key_new)
{
    for (size_t i = 0; i < LINKS_MAX; i++) {
        struct link *link = &loop->links[i];
        if (!is_used(link))
            continue;
        const struct broker_settings *broker = find_broker(loop->settings, link->broker.name);
        link->settings = loop->settings;
        if (broker && !is_own_key_new && strcmp(broker->endpoint, link->broker.endpoint) == 0 &&
            memcmp(broker->key, link->broker.key, KEY_SIZE) == 0)
            continue;
        send_bye(link);
        forget_broker(link, BYE_LINGER_MS);
        if (broker && open_broker(loop, link, broker))
            link_set_trouble(link, LINK_UNREACHABLE);
    }
    for (size_t i = 0; i < loop->settings->broker_count; i++) {
        const struct broker_settings *broker = &loop->settings->brokers[i];
        size_t free_at = 0;
        while (free_at < LINKS_MAX && is_used(&loop->links[free_at]))
            free_at++;
        if (links_have(loop, broker->name) || free_at == LINKS_MAX)
            continue;
        if (open_broker(loop, &loop->links[free_at], broker))
            link_set_trouble(&loop->links[free_at], LINK_UNREACHABLE);
    }
}

static void reload(struct loop *loop)
{
    uint8_t own_key[KEY_SIZE];
    memcpy(own_key, loop->settings->connection.public_key, KEY_SIZE);
    const struct worker_settings *settings = loop->options.reload(loop->options.context);
    if (!settings)
        return;
    loop->settings = settings;
    job_pool_set_limits(loop->jobs, &settings->jobs);
    apply_brokers(loop, memcmp(own_key, settings->connection.public_key, KEY_SIZE) != 0);
}

static void start_draining(struct loop *loop)
{
    if (loop->is_draining)
        return;
    loop->is_draining = true;
    loop->drain_started_ms = clock_steady_ms();
    log_event(LOG_INFO, "draining", "in_hand=%zu", job_pool_in_hand(loop->jobs));
    struct link_identity identity = identity_of(loop);
    for (size_t i = 0; i < LINKS_MAX; i++)
        link_drain(&loop->links[i], &identity, loop->drain_started_ms);
}

static void take_signals(struct loop *loop)
{
    enum process_signal signal;
    while ((signal = process_signal_take(loop->options.signal_fd)) != PROCESS_SIGNAL_NONE) {
        if (signal == PROCESS_SIGNAL_STOP)
            start_draining(loop);
        else if (!loop->is_draining)
            reload(loop);
    }
}

/* Every broker has read that it shall send nothing more, or says nothing at all. */
static bool brokers_are_drained(const struct loop *loop)
{
    bool is_late = clock_steady_ms() - loop->drain_started_ms > loop->settings->silence_ms;
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (loop->links[i].is_up && !loop->links[i].is_drained && !is_late)
            return false;
    return true;
}

static int take_leave(struct loop *loop)
{
    size_t in_hand = job_pool_in_hand(loop->jobs);
    for (size_t i = 0; i < LINKS_MAX; i++)
        send_bye(&loop->links[i]);
    process_settle();
    for (size_t i = 0; i < LINKS_MAX; i++)
        link_close(&loop->links[i], BYE_LINGER_MS);
    if (loop->is_ready && loop->settings->ready_file[0])
        unlink(loop->settings->ready_file);
    return in_hand > 0 ? ERR_TIMEOUT : 0;
}

static size_t fill_items(const struct loop *loop, zmq_pollitem_t *items)
{
    size_t count = 0;
    items[count++] = (zmq_pollitem_t){.fd = outbox_fd(loop->service->outbox), .events = ZMQ_POLLIN};
    items[count++] = (zmq_pollitem_t){.fd = loop->options.signal_fd, .events = ZMQ_POLLIN};
    for (size_t i = 0; i < LINKS_MAX; i++) {
        const struct link *link = &loop->links[i];
        if (!link->socket)
            continue;
        items[count++] = (zmq_pollitem_t){.socket = link->socket, .events = ZMQ_POLLIN};
        items[count++] = (zmq_pollitem_t){.socket = link->monitor, .events = ZMQ_POLLIN};
    }
    return count;
}

/* What came is looked at before anybody is called silent: the worker itself may have been stopped for a
 * while. */
static void turn(struct loop *loop)
{
    int64_t now_ms = clock_steady_ms();
    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (!loop->links[i].socket)
            continue;
        link_watch(&loop->links[i], now_ms);
        receive(loop, &loop->links[i]);
    }
    tick(loop);
    send_out(loop);
}

int loop_run(struct loop *loop)
{
    loop->readers_check_ms = clock_steady_ms() + READERS_CHECK_MS;
    for (;;) {
        zmq_pollitem_t items[ITEMS_MAX];
        int count = (int) fill_items(loop, items);
        if (zmq_poll(items, count, wait_ms(loop)) < 0 && errno != EINTR)
            return ERR_INTERNAL;
        if (items[1].revents)
            take_signals(loop);
        turn(loop);
        if (!loop->is_draining)
            continue;
        bool is_idle = job_pool_in_hand(loop->jobs) == 0 && brokers_are_drained(loop);
        bool is_late = clock_steady_ms() - loop->drain_started_ms > loop->settings->drain_ms;
        if (is_idle || is_late)
            return take_leave(loop);
    }
}
