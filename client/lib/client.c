#include "client/lib/client.h"

#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "client/lib/journal.h"
#include "core/error.h"

enum {
    ATTEMPT_PRESET_MS = 5000,
    DEADLINE_PRESET_MS = 30000,
    POLL_PRESET_MS = 10000,
    IDLE_MS = 24 * 3600 * 1000,
    SOFTWARE_MAX = 64,
    ROUNDS_MAX = 8, /* times that one run goes over its links before it gives way to callbacks */
};

enum call_kind { CALL_EVENT, CALL_DONE, CALL_NEWS };

/* What a callback will be given. Events keep copies of what they point to; endpoints live as long as the
 * client. */
struct call {
    struct call *next;
    enum call_kind kind;
    struct comity_event event;
    uint8_t history[HISTORY_ID_SIZE];
    uint8_t log_key[KEY_SIZE];
    char *evidence;
    struct comity_result result;
    comity_done_fn *done;
    void *context;
};

/* ---- Time ---- */

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t client_unix_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t client_now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

void client_wake_at(struct comity *client, int64_t when_ms)
{
    if (when_ms < client->wake_ms)
        client->wake_ms = when_ms;
}

void client_wake(struct comity *client)
{
    uint64_t one = 1;
    /* A full counter is readable already, which is all that is wanted. */
    if (write(client->wake_fd, &one, sizeof(one)) < 0)
        return;
}

static void timer_set(struct comity *client)
{
    int64_t wait_ms = client->wake_ms - client->now_ms;
    if (wait_ms < 1)
        wait_ms = 1;
    struct itimerspec timer = {.it_value = {wait_ms / 1000, wait_ms % 1000 * 1000000}};
    timerfd_settime(client->timer_fd, 0, &timer, NULL);
}

/* ---- Calls ---- */

static struct call *call_new(enum call_kind kind)
{
    struct call *call = calloc(1, sizeof(*call));
    if (call != NULL)
        call->kind = kind;
    return call;
}

static void call_append(struct comity *client, struct call *call)
{
    *client->calls_end = call;
    client->calls_end = &call->next;
}

void client_event(struct comity *client, const struct comity_event *event)
{
    if (client->on_event == NULL)
        return;
    struct call *call = call_new(CALL_EVENT);
    if (call == NULL)
        return; /* an event is a courtesy: what depends on it is told again or kept */
    call->event = *event;
    if (event->history != NULL)
        call->event.history = memcpy(call->history, event->history, HISTORY_ID_SIZE);
    if (event->log_key != NULL)
        call->event.log_key = memcpy(call->log_key, event->log_key, KEY_SIZE);
    if (event->evidence != NULL)
        call->event.evidence = call->evidence = strdup(event->evidence);
    call_append(client, call);
}

struct call *call_new_done(comity_done_fn *done, void *context)
{
    struct call *call = call_new(CALL_DONE);
    if (call == NULL)
        return NULL;
    call->done = done;
    call->context = context;
    return call;
}

void call_free(struct call **call)
{
    if (*call == NULL)
        return;
    comity_result_release(&(*call)->result);
    free((*call)->evidence);
    free(*call);
    *call = NULL;
}

void client_call_done(struct comity *client, struct call **call, struct comity_result *result)
{
    (*call)->result = *result;
    memset(result, 0, sizeof(*result));
    call_append(client, *call);
    *call = NULL;
}

bool client_call_news(struct comity *client, struct history *history)
{
    struct call *call = call_new(CALL_NEWS);
    if (call == NULL)
        return false;
    memcpy(call->history, history->id, HISTORY_ID_SIZE);
    call_append(client, call);
    return true;
}

void client_drop_done(struct comity *client, uint64_t request)
{
    for (struct call *call = client->calls; call != NULL; call = call->next)
        if (call->kind == CALL_DONE && call->result.request == request)
            call->done = NULL;
}

/* What was told of a history may have gone on, or the subscription may have ended, since the call was queued.
 */
static void call_news(struct comity *client, const struct call *call)
{
    pthread_mutex_lock(&client->lock);
    struct history *history = history_find(client, call->history);
    struct subscription subscription = {0};
    if (history != NULL) {
        history->subscription.is_call_queued = false;
        subscription = history->subscription;
    }
    pthread_mutex_unlock(&client->lock);
    if (subscription.news != NULL)
        subscription.news(call->history, subscription.told, subscription.context);
}

static struct call *call_take(struct comity *client)
{
    pthread_mutex_lock(&client->lock);
    struct call *call = client->calls;
    if (call != NULL) {
        client->calls = call->next;
        if (client->calls == NULL)
            client->calls_end = &client->calls;
        call->next = NULL;
    }
    pthread_mutex_unlock(&client->lock);
    return call;
}

/* Work off the list of calls, without the lock: callbacks may use the client, and add to the list. */
static void client_deliver(struct comity *client)
{
    client->is_delivering = true;
    for (struct call *call = call_take(client); call != NULL; call = call_take(client)) {
        if (call->kind == CALL_EVENT && client->on_event != NULL)
            client->on_event(&call->event, client->context);
        else if (call->kind == CALL_NEWS)
            call_news(client, call);
        else if (call->kind == CALL_DONE && call->done != NULL)
            call->done(&call->result, call->context);
        call_free(&call);
    }
    client->is_delivering = false;
}

/* ---- Running ---- */

/* Everything that is due now. ZMQ_FD is edge-triggered: we leave only when no socket has anything left, or
 * come back at once. */
static void client_run(struct comity *client)
{
    uint64_t count;
    while (read(client->wake_fd, &count, sizeof(count)) > 0 ||
           read(client->timer_fd, &count, sizeof(count)) > 0)
        ;
    int64_t before_ms = client->now_ms;
    client->now_ms = clock_ms(CLOCK_MONOTONIC);
    client->wake_ms = client->now_ms + IDLE_MS;
    if (client->now_ms - before_ms > 2 * HEARTBEAT_MS) /* nobody pumped: the silence was ours */
        for (size_t i = 0; i < client->link_count; i++)
            client->links[i].heard_ms = client->now_ms;
    bool has_input = true;
    for (int round = 0; has_input && round < ROUNDS_MAX; round++) {
        for (size_t i = 0; i < client->link_count; i++)
            link_run(client, &client->links[i]);
        heads_run(client);
        requests_run(client);
        news_run(client);
        has_input = false;
        for (size_t i = 0; i < client->link_count; i++)
            has_input = link_has_input(&client->links[i]) || has_input;
    }
    if (has_input)
        client_wake_at(client, client->now_ms);
    timer_set(client);
}

static void client_turn(struct comity *client, int timeout_ms)
{
    struct epoll_event events[4];
    if (timeout_ms != 0)
        epoll_wait(client->epoll_fd, events, 4, timeout_ms);
    pthread_mutex_lock(&client->lock);
    client_run(client);
    pthread_mutex_unlock(&client->lock);
    client_deliver(client);
}

int comity_pump(struct comity *client, int timeout_ms)
{
    if (client->has_thread || client->is_delivering)
        return ERR_STATE;
    client_turn(client, timeout_ms);
    return 0;
}

int comity_fd(struct comity *client)
{
    return client->epoll_fd;
}

static void *client_thread(void *context)
{
    struct comity *client = context;
    bool is_stopping = false;
    while (!is_stopping) {
        client_turn(client, -1);
        pthread_mutex_lock(&client->lock);
        is_stopping = client->is_stopping;
        pthread_mutex_unlock(&client->lock);
    }
    return NULL;
}

int comity_start(struct comity *client)
{
    if (client->has_thread)
        return ERR_STATE;
    /* Signals are for the program's own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    client->has_thread = true;
    bool is_running = pthread_create(&client->thread, NULL, client_thread, client) == 0;
    client->has_thread = is_running;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_running ? 0 : ERR_MEMORY;
}

/* ---- Life ---- */

static int options_check(const struct comity_options *options)
{
    if (options->broker_count == 0)
        return ERR_MISSING;
    if (options->broker_count > COMITY_BROKERS_MAX || options->reader_count > COMITY_READERS_MAX ||
        options->attempt_ms < 0 || options->deadline_ms < 0 || options->poll_ms < 0)
        return ERR_RANGE;
    const char *software = options->software == NULL ? "libcomity" : options->software;
    size_t size = strlen(software);
    if (size == 0 || size > SOFTWARE_MAX)
        return ERR_RANGE;
    for (size_t i = 0; i < size; i++)
        if (software[i] < ' ' || software[i] > '~')
            return ERR_RANGE;
    return 0;
}

static int64_t preset(int64_t value, int64_t otherwise)
{
    return value == 0 ? otherwise : value;
}

static int keys_set_up(struct comity *client, const struct comity_options *options)
{
    if (options->connection_secret == NULL)
        connection_key_generate(&client->key);
    else
        connection_key_from_secret(options->connection_secret, &client->key);
    group_id(options->group_key, client->group);
    /* Random: an answer of an earlier life of this key must not fit a request of this one. */
    randombytes_buf(&client->next_request, sizeof(client->next_request));
    return seal_session_client(&client->key, options->group_key, &client->seal);
}

static int descriptor_add(struct comity *client, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : ERR_INTERNAL;
}

static int descriptors_set_up(struct comity *client)
{
    client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    client->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    client->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (client->epoll_fd < 0 || client->timer_fd < 0 || client->wake_fd < 0)
        return ERR_INTERNAL;
    int code = descriptor_add(client, client->timer_fd);
    return code != 0 ? code : descriptor_add(client, client->wake_fd);
}

static int histories_set_up(struct comity *client, const struct comity_options *options)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < options->reader_count; i++)
        code = comity_read(client, options->readers[i].history, options->readers[i].seed);
    for (size_t i = 0; code == 0 && i < options->pin_count; i++) {
        struct history *history = history_ensure(client, options->pins[i].history);
        code = history == NULL ? ERR_MEMORY : history_pin(history, options->pins[i].log_key);
    }
    return code;
}

static int texts_set_up(struct comity *client, const struct comity_options *options)
{
    client->software = strdup(options->software == NULL ? "libcomity " COMITY_VERSION : options->software);
    if (client->software == NULL)
        return ERR_MEMORY;
    if (options->journal == NULL)
        return 0;
    client->journal = strdup(options->journal);
    return client->journal == NULL ? ERR_MEMORY : journal_open(client->journal);
}

static struct comity *client_new(const struct comity_options *options)
{
    struct comity *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return NULL;
    pthread_mutex_init(&client->lock, NULL);
    pthread_cond_init(&client->ended, NULL);
    client->epoll_fd = client->timer_fd = client->wake_fd = -1;
    client->calls_end = &client->calls;
    client->now_ms = clock_ms(CLOCK_MONOTONIC);
    client->attempt_ms = preset(options->attempt_ms, ATTEMPT_PRESET_MS);
    client->deadline_ms = preset(options->deadline_ms, DEADLINE_PRESET_MS);
    client->poll_ms = preset(options->poll_ms, POLL_PRESET_MS);
    client->broker_list = options->broker_list;
    client->on_event = options->on_event;
    client->leaves = options->leaves;
    client->context = options->context;
    client->zmq = zmq_ctx_new();
    client->plain = malloc(FRAME_BODY_MAX_BYTES);
    if (client->zmq == NULL || client->plain == NULL)
        comity_destroy(&client);
    return client;
}

int comity_new(const struct comity_options *options, struct comity **ret_client)
{
    int code = options_check(options);
    if (code == 0)
        code = key_init();
    if (code != 0)
        return code;
    CLEANUP(comity_destroy) struct comity *client = client_new(options);
    if (client == NULL)
        return ERR_MEMORY;
    code = keys_set_up(client, options);
    if (code == 0)
        code = descriptors_set_up(client);
    if (code == 0)
        code = texts_set_up(client, options);
    if (code == 0)
        code = histories_set_up(client, options);
    for (size_t i = 0; code == 0 && i < options->broker_count; i++)
        code = link_init(client, i, &options->brokers[i]);
    if (code != 0) {
        client->on_event = NULL; /* nobody hears of a client that never was */
        return code;
    }
    client_wake(client);
    *ret_client = client;
    client = NULL;
    return 0;
}

static void client_stop(struct comity *client)
{
    if (client->has_thread) {
        pthread_mutex_lock(&client->lock);
        client->is_stopping = true;
        pthread_mutex_unlock(&client->lock);
        client_wake(client);
        pthread_join(client->thread, NULL);
        client->has_thread = false;
    }
    pthread_mutex_lock(&client->lock);
    client->is_stopping = true;
    requests_end_all(client);
    pthread_mutex_unlock(&client->lock);
    client_deliver(client);
}

static void descriptor_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

void comity_destroy(struct comity **ret_client)
{
    if (ret_client == NULL || *ret_client == NULL)
        return;
    struct comity *client = *ret_client;
    client_stop(client);
    for (size_t i = 0; i < client->link_count; i++)
        link_release(client, &client->links[i]);
    if (client->zmq != NULL)
        zmq_ctx_term(client->zmq);
    descriptor_close(client->timer_fd);
    descriptor_close(client->wake_fd);
    descriptor_close(client->epoll_fd);
    histories_release(client);
    connection_key_wipe(&client->key);
    sodium_memzero(&client->seal, sizeof(client->seal));
    free(client->software);
    free(client->journal);
    free(client->brokers);
    free(client->plain);
    pthread_cond_destroy(&client->ended);
    pthread_mutex_destroy(&client->lock);
    free(client);
    *ret_client = NULL;
}
