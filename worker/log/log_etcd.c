#include "worker/log/log_etcd.h"

#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/text.h"
#include "worker/clock.h"
#include "worker/log/certificate.h"
#include "worker/log/log_etcd_internal.h"
#include "worker/log/waiting.h"

enum {
    SEAT_MOST_MS = 10 * 1000, /* longer than it takes to see that a seat is still */
    SEAT_LOOK_MS = 100,
    GIVE_UP_MS = 1500,       /* an append that never left: say BUSY */
    SLOW_BYTES_PER_MS = 256, /* a line on which even the largest entry has to come through: 2 Mbit/s */
    PAUSE_LEAST_MS = 10,     /* between tries that failed at once */
    PAUSE_MOST_MS = 320,
};

/* Asking. */

static int asking_init(struct asking *asking, const struct etcd_options *options, char reason[ETCD_REASON_MAX])
{
    asking->arena = arena_new(CALL_ARENA_BYTES);
    return asking->arena ? etcd_new(options, &asking->etcd, reason) : ERR_MEMORY;
}

static void asking_release(struct asking *asking)
{
    etcd_destroy(&asking->etcd);
    arena_destroy(&asking->arena);
}

struct etcd_result log_etcd_ask(struct log_etcd *log, struct asking *asking,
                                const Etcdserverpb__TxnRequest *request, int timeout_ms, bool *ret_is_read)
{
    Etcdserverpb__TxnResponse *response = NULL;
    struct etcd_result result = {.fate = ETCD_REFUSED, .reason = "out of memory"};
    *ret_is_read = false;
    if (!request)
        return result;
    result = etcd_txn(asking->etcd, request, timeout_ms, asking->arena, &response);
    int code = result.fate == ETCD_ANSWERED ? calls_read(&log->calls, response, &asking->answer) : 0;
    *ret_is_read = result.fate == ETCD_ANSWERED && code == 0;
    if (code) { /* whoever this was, it says nothing of ours */
        result.fate = ETCD_UNKNOWN;
        snprintf(result.reason, sizeof(result.reason), "what etcd holds is not this group's log: %s", error_name(code));
    }
    return result;
}

void log_etcd_answered(struct log_etcd *log, const struct etcd_result *result)
{
    if (result->fate == ETCD_ANSWERED)
        log->status.answered_ms = clock_steady_ms();
    if (result->is_out_of_space)
        log->is_out_of_space = true;
    if (log->status.fault == 0)
        snprintf(log->status.reason, sizeof(log->status.reason), "%s", result->reason);
}

void log_etcd_stand(struct log_etcd *log)
{
    bool is_able = log->status.fault == 0 && log->term.fault == 0 && !log->is_stopping;
    log->term.may_stand = is_able && log->may_lead && log->is_introduced && !log->clock.is_off;
    term_hint(&log->term);
}

void log_etcd_fail(struct log_etcd *log, int fault, const char *reason)
{
    term_fail(&log->term, fault);
    log->status.fault = fault;
    snprintf(log->status.reason, sizeof(log->status.reason), "%s", reason);
    pthread_cond_broadcast(&log->changed);
}

/* Appending. */

/* With the lock held: is this worker to append that? */
static int appending_check(struct log_etcd *log, const struct order_batch *batch)
{
    if (log->term.state != TERM_LEADS || batch->number != log->term.applied.number + 1)
        return ERR_NOT_LEADER;
    return log->is_full || !term_leads(&log->term, clock_steady_ms()) ? ERR_BUSY : 0;
}

#ifdef COMITY_CONTROL_ACK_BEFORE_LOG
static bool is_late; /* what was committed last has not been sent */
static int appending_run(struct log_etcd *log, struct appending *appending);
#endif

static int etcd_prepare(struct order_log *order_log, const struct order_batch *batch,
                        struct order_place *ret_place)
{
    struct log_etcd *log = log_etcd_of(order_log);
    struct appending *appending = &log->appending;
    struct sealed_header header = {.time_ms = batch->time_ms, .level = batch->level};
    memcpy(header.id, batch->id, BATCH_ID_SIZE);
#ifdef COMITY_CONTROL_ACK_BEFORE_LOG
    if (is_late && appending_run(log, appending) != 0)
        return ERR_STORE;
    is_late = false;
#endif
    pthread_mutex_lock(&log->mutex);
    int code = appending_check(log, batch);
    header.term = log->term.term;
    header.before = log->term.applied;
    pthread_mutex_unlock(&log->mutex);
    arena_reset(appending->arena);
    appending->value = (struct bytes){0};
    if (code == 0)
        code = sealed_make(log->key, &header, batch->body, appending->arena, &appending->value);
    if (code)
        return code;
    appending->append = (struct append){0};
    appending->term = header.term;
    appending->before = header.before;
    appending->behind = place_behind(&header.before, appending->value);
    appending->pause_ms = PAUSE_LEAST_MS;
    memcpy(appending->id, batch->id, BATCH_ID_SIZE);
    *ret_place = appending->behind;
    return 0;
}

/* What was prepared goes out if it still fits: in a new term it would be another entry, at another place. */
static int appending_begin(struct log_etcd *log, const struct order_batch *batch)
{
    struct appending *appending = &log->appending;
    pthread_mutex_lock(&log->mutex);
    int code = appending_check(log, batch);
    if (code == 0 && appending->term != log->term.term)
        code = ERR_NOT_LEADER;
    if (code == 0)
        code = term_append(&log->term, batch->number, clock_steady_ms());
    pthread_mutex_unlock(&log->mutex);
    return code;
}

static enum append_verdict appending_try(struct log_etcd *log, struct appending *appending)
{
    struct asking *asking = &log->write;
    struct append_seen seen = {.answer = APPEND_OPEN};
    bool is_read;
    arena_reset(asking->arena);
    Etcdserverpb__TxnRequest *request =
        calls_append(&log->calls, appending->term, &appending->before, appending->value, asking->arena);
    int most_ms = CALL_MS + (int) (appending->value.size / SLOW_BYTES_PER_MS);
    struct etcd_result result = log_etcd_ask(log, asking, request, most_ms, &is_read);
    if (is_read)
        calls_seen_append(&asking->answer, appending->term, appending->id, &appending->before,
                          &appending->behind, &seen);
    else if (result.fate == ETCD_REFUSED)
        seen.answer = APPEND_REFUSED;
    pthread_mutex_lock(&log->mutex);
    log_etcd_answered(log, &result);
    pthread_mutex_unlock(&log->mutex);
    return append_judge(&appending->append, &seen);
}

/* False: the process is to end. */
static bool appending_pause(struct log_etcd *log, struct appending *appending)
{
    int64_t until_ms = clock_steady_ms() + appending->pause_ms;
    appending->pause_ms = appending->pause_ms * 2 < PAUSE_MOST_MS ? appending->pause_ms * 2 : PAUSE_MOST_MS;
    pthread_mutex_lock(&log->mutex);
    while (!log->is_stopping && clock_steady_ms() < until_ms)
        waiting_until(&log->changed, &log->mutex, until_ms);
    bool goes_on = !log->is_stopping;
    pthread_mutex_unlock(&log->mutex);
    return goes_on;
}

static int appending_end(struct log_etcd *log, const struct appending *appending, int code)
{
    pthread_mutex_lock(&log->mutex);
    if (code == 0) {
        term_appended(&log->term, appending->term, &appending->behind, appending->first_ms);
        trim_saw(&log->trim, &appending->behind);
    } else {
        term_lost(&log->term, appending->term, code == ERR_NOT_LEADER);
    }
    log_etcd_fault_told(log);
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->mutex);
    if (code == 0)
        barrier_settle(&log->barrier, appending->begun, appending->behind.number);
    return code;
}

static int appending_run(struct log_etcd *log, struct appending *appending)
{
    appending->first_ms = clock_steady_ms();
    appending->begun = barrier_begin(&log->barrier);
    for (;;) {
        enum append_verdict verdict = appending_try(log, appending);
        if (verdict == APPEND_EXECUTED)
            return appending_end(log, appending, 0);
        if (verdict == APPEND_NOT_EXECUTED)
            return appending_end(log, appending, ERR_NOT_LEADER);
        if (verdict == APPEND_UNKNOWABLE)
            return ERR_STORE;
        bool goes_on = appending_pause(log, appending);
        if (verdict == APPEND_GIVE_UP && (!goes_on || clock_steady_ms() - appending->first_ms > GIVE_UP_MS))
            return appending_end(log, appending, ERR_BUSY);
        if (!goes_on)
            return ERR_STORE;
    }
}

static int etcd_commit(struct order_log *order_log, const struct order_batch *batch)
{
    struct log_etcd *log = log_etcd_of(order_log);
    struct appending *appending = &log->appending;
    struct order_place place;
    bool is_prepared = appending->value.size > 0 && memcmp(appending->id, batch->id, BATCH_ID_SIZE) == 0 &&
                       appending->behind.number == batch->number;
    int code = is_prepared ? 0 : etcd_prepare(order_log, batch, &place);
    if (code == 0)
        code = appending_begin(log, batch);
#ifdef COMITY_CONTROL_ACK_BEFORE_LOG
    is_late = code == 0;
    return code;
#endif
    if (code == 0)
        code = appending_run(log, appending);
    appending->value = (struct bytes){0};
    return code;
}

/* The other operations. */

static bool etcd_is_leader(const struct order_log *order_log)
{
    struct log_etcd *log = log_etcd_of((struct order_log *) order_log);
    pthread_mutex_lock(&log->mutex);
    bool is_leader = term_leads(&log->term, clock_steady_ms());
    pthread_mutex_unlock(&log->mutex);
    return is_leader;
}

static uint64_t etcd_term(const struct order_log *order_log)
{
    struct order_log_etcd_status status;
    order_log_etcd_status((struct order_log *) order_log, &status);
    return status.term;
}

static bool etcd_wants_body(const struct order_log *log)
{
    (void) log;
    return true;
}

static int etcd_next(struct order_log *order_log, int timeout_ms, struct arena *arena,
                     struct order_entry *ret_entry)
{
    struct log_etcd *log = log_etcd_of(order_log);
    int64_t until_ms = clock_steady_ms() + timeout_ms;
    pthread_mutex_lock(&log->mutex);
    int code = entries_next(log->entries, log->key, log->term.applied.number, arena, ret_entry);
    while (code == ERR_NOT_FOUND && log->status.fault == 0 && !log->is_stopping &&
           clock_steady_ms() < until_ms) {
        waiting_until(&log->changed, &log->mutex, until_ms);
        code = entries_next(log->entries, log->key, log->term.applied.number, arena, ret_entry);
    }
    if (code == ERR_CORRUPT)
        log_etcd_fail(log, ERR_CORRUPT, "An entry of the log does not open: it was altered, or is another group's.");
    else if (code == ERR_NOT_FOUND && log->status.fault != 0)
        code = log->status.fault;
    pthread_mutex_unlock(&log->mutex);
    return code;
}

static void etcd_applied(struct order_log *order_log, const struct order_place *place)
{
    struct log_etcd *log = log_etcd_of(order_log);
    pthread_mutex_lock(&log->mutex);
    term_applied(&log->term, place);
    log->kept = *place;
    log_etcd_fault_told(log);
    pthread_cond_broadcast(&log->changed); /* there is room for more, or it leads now */
    pthread_mutex_unlock(&log->mutex);
}

static void etcd_place(const struct order_log *order_log, struct order_place *ret_place)
{
    struct log_etcd *log = log_etcd_of((struct order_log *) order_log);
    pthread_mutex_lock(&log->mutex);
    *ret_place = log->term.applied;
    pthread_mutex_unlock(&log->mutex);
}

static uint32_t etcd_level(const struct order_log *order_log)
{
    struct log_etcd *log = log_etcd_of((struct order_log *) order_log);
    pthread_mutex_lock(&log->mutex);
    uint32_t level = log->seats_level;
    if (level < log->term.applied.level)
        level = log->term.applied.level;
    pthread_mutex_unlock(&log->mutex);
#ifdef COMITY_CONTROL_OWN_LEVEL
    level = log->options.level;
#endif
    return level;
}

static int barrier_ask(void *context, int timeout_ms, uint64_t *ret_number)
{
    struct log_etcd *log = context;
    struct asking *asking = &log->read;
    bool is_read;
    pthread_mutex_lock(&log->mutex);
    bool is_opened = log->is_opened;
    pthread_mutex_unlock(&log->mutex);
    if (!is_opened)
        return ERR_BUSY;
    arena_reset(asking->arena);
    int most_ms = timeout_ms < CALL_MS ? timeout_ms : CALL_MS;
    log_etcd_ask(log, asking, calls_barrier(&log->calls, asking->arena), most_ms, &is_read);
    if (!is_read || !asking->answer.has_head)
        return ERR_BUSY;
    *ret_number = asking->answer.head.number;
    return 0;
}

static int etcd_barrier(struct order_log *order_log, int timeout_ms, uint64_t *ret_number)
{
    struct log_etcd *log = log_etcd_of(order_log);
    return barrier_wait(&log->barrier, timeout_ms, barrier_ask, log, ret_number);
}

/* Life. */

void order_log_etcd_stop(struct order_log *order_log)
{
    struct log_etcd *log = log_etcd_of(order_log);
    pthread_mutex_lock(&log->mutex);
    if (!log->is_stopping)
        log->ends_calls = true;
    log->is_stopping = true;
    log_etcd_stand(log);
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->mutex);
    barrier_close(&log->barrier);
}

static void etcd_log_destroy(struct order_log **order_log)
{
    struct log_etcd *log = log_etcd_of(*order_log);
    if (!log)
        return;
    order_log_etcd_stop(*order_log);
    if (log->has_following)
        pthread_join(log->following, NULL);
    if (log->has_keeping)
        pthread_join(log->keeping, NULL);
    etcd_watch_close(&log->watch);
    struct asking *const all[] = {&log->follow, &log->write, &log->read, &log->keep};
    for (size_t i = 0; i < ARRAY_COUNT(all); i++)
        asking_release(all[i]);
    arena_destroy(&log->appending.arena);
    entries_destroy(&log->entries);
    barrier_release(&log->barrier);
    pthread_cond_destroy(&log->changed);
    pthread_mutex_destroy(&log->mutex);
    sodium_memzero(log->key, sizeof(log->key));
    free(log);
    *order_log = NULL;
}

static void log_init(struct log_etcd *log, const struct order_log_etcd_options *options)
{
    static const struct order_log_ops ops = {
        .destroy = etcd_log_destroy,
        .is_leader = etcd_is_leader,
        .term = etcd_term,
        .wants_body = etcd_wants_body,
        .commit = etcd_commit,
        .prepare = etcd_prepare,
        .next = etcd_next,
        .applied = etcd_applied,
        .place = etcd_place,
        .barrier = etcd_barrier,
        .level = etcd_level,
    };
    uint8_t nonce[LOG_NONCE_SIZE];
    int64_t lease;
    randombytes_buf(nonce, sizeof(nonce));
    if (!sodium_is_zero(options->home, sizeof(options->home)))
        memcpy(nonce + LOG_NONCE_SIZE - LOG_HOME_SIZE, options->home, LOG_HOME_SIZE);
    randombytes_buf(&lease, sizeof(lease));
    log->log.ops = &ops;
    log->options = *options;
    snprintf(log->name, sizeof(log->name), "%s", options->worker);
    log->options.worker = log->name;
    log->options.group_secret = NULL;
    log->seats_level = 1;
    log->quota_bytes = options->quota_bytes ? options->quota_bytes : QUOTA_PRESET;
    sealed_key_derive(options->group_secret, log->key);
    calls_init(&log->calls, options->group, log->name, nonce, (lease & INT64_MAX) | 1);
    term_init(&log->term, &options->applied, clock_steady_ms());
    log->kept = options->applied;
    log->may_lead = !options->only_follows && !options->clock;
    log_etcd_stand(log);
    pthread_mutex_init(&log->mutex, NULL);
    waiting_init(&log->changed);
    barrier_init(&log->barrier);
}

static int log_prepare(struct log_etcd *log, char reason[LOG_REASON_MAX])
{
    struct asking *const all[] = {&log->follow, &log->write, &log->read, &log->keep};
    const struct etcd_options *etcd = &log->options.etcd;
    int64_t ends_ms;
    _Static_assert((int) LOG_REASON_MAX >= (int) CERTIFICATE_REASON_MAX, "reasons");
    int code = entries_new(&log->entries);
    log->appending.arena = arena_new(LOG_VALUE_MAX_BYTES + 4096);
    code = log->appending.arena ? code : ERR_MEMORY;
    for (size_t i = 0; code == 0 && i < ARRAY_COUNT(all); i++) {
        struct etcd_options own = *etcd;
        own.stop = all[i] == &log->keep ? &log->ends_calls : NULL;
        code = asking_init(all[i], &own, reason);
    }
    if (code == 0 && !certificate_is_good(etcd->ca_file, etcd->cert_file, etcd->key_file, clock_unix_ms(), &ends_ms, reason))
        return ERR_CONFIG;
    if (code == 0)
        code = log_etcd_open(log, &log->follow, reason);
    /* At a start somebody looks; later on it is asked for until the files, or the members, are right. */
    return code == ERR_UNREACHABLE && log->unfit ? log->unfit : code;
}

static int log_start(struct log_etcd *log)
{
    log->has_following = pthread_create(&log->following, NULL, log_etcd_follow, log) == 0;
    log->has_keeping = log->has_following && pthread_create(&log->keeping, NULL, log_etcd_keep, log) == 0;
    return log->has_keeping ? 0 : ERR_MEMORY;
}

static int log_new(const struct order_log_etcd_options *options, struct log_etcd **ret_log, char reason[LOG_REASON_MAX])
{
    reason[0] = '\0';
    if (!name_is_valid(options->worker)) {
        snprintf(reason, LOG_REASON_MAX, "The worker's name in its group: 1 to 40 of a-z, 0-9 and -, starting with a letter.");
        return ERR_CONFIG;
    }
    struct log_etcd *log = calloc(1, sizeof(*log));
    if (!log)
        return ERR_MEMORY;
    log_init(log, options);
    *ret_log = log;
    return log_prepare(log, reason);
}

int order_log_etcd_new(const struct order_log_etcd_options *options, struct order_log **ret_log, char reason[LOG_REASON_MAX])
{
    struct log_etcd *log = NULL;
    int code = log_new(options, &log, reason);
    if (code == 0 || code == ERR_UNREACHABLE)
        code = log_start(log);
    struct order_log *order_log = log ? &log->log : NULL;
    if (code && log)
        etcd_log_destroy(&order_log);
    if (code == 0)
        *ret_log = order_log;
    return code;
}

int order_log_etcd_look(const struct order_log_etcd_options *options, struct log_found *ret_found, char reason[LOG_REASON_MAX])
{
    struct log_etcd *log = NULL;
    int code = log_new(options, &log, reason);
    struct order_log *order_log = log ? &log->log : NULL;
    *ret_found = log ? log->found : (struct log_found){.is_begun = false};
    if (log)
        etcd_log_destroy(&order_log);
    return code;
}

static bool is_readable(int fd)
{
    return fd >= 0 && poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) > 0;
}

int order_log_etcd_seat(struct order_log *order_log, int stop_fd, char reason[LOG_REASON_MAX])
{
    struct log_etcd *log = log_etcd_of(order_log);
    int64_t until_ms = clock_steady_ms() + SEAT_MOST_MS;
    pthread_mutex_lock(&log->mutex);
    while (log->is_opened && !log->status.has_seat && log->status.fault == 0 && !log->is_stopping && clock_steady_ms() < until_ms &&
           !is_readable(stop_fd))
        waiting_until(&log->changed, &log->mutex, clock_steady_ms() + SEAT_LOOK_MS);
    int code = log->status.fault ? log->status.fault : log->status.has_seat ? 0 : ERR_UNREACHABLE;
    snprintf(reason, LOG_REASON_MAX, "%s", code ? log->status.reason : "");
    pthread_mutex_unlock(&log->mutex);
    return code;
}

/* What others are told, and what they tell. */

void order_log_etcd_may_lead(struct order_log *order_log, bool may_lead)
{
    struct log_etcd *log = log_etcd_of(order_log);
    pthread_mutex_lock(&log->mutex);
    log->may_lead = may_lead && !log->options.only_follows;
    log_etcd_stand(log);
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->mutex);
}

void order_log_etcd_clocks(struct order_log *order_log, struct clocks_judgement *ret_judgement)
{
    struct log_etcd *log = log_etcd_of(order_log);
    pthread_mutex_lock(&log->mutex);
    *ret_judgement = log->clock;
    pthread_mutex_unlock(&log->mutex);
}

void order_log_etcd_state(struct order_log *order_log, uint64_t number, const uint8_t hash[HASH_SIZE])
{
    struct log_etcd *log = log_etcd_of(order_log);
    pthread_mutex_lock(&log->mutex);
    states_tell(&log->states, number, hash);
    pthread_mutex_unlock(&log->mutex);
}

void order_log_etcd_forget(struct order_log *order_log, uint64_t number)
{
    struct log_etcd *log = log_etcd_of(order_log);
    pthread_mutex_lock(&log->mutex);
    if (number > log->trim.forget)
        log->trim.forget = number;
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->mutex);
}

void order_log_etcd_status(struct order_log *order_log, struct order_log_etcd_status *ret_status)
{
    struct log_etcd *log = log_etcd_of(order_log);
    pthread_mutex_lock(&log->mutex);
    bool has_term = log->term.state == TERM_READS || log->term.state == TERM_LEADS;
    *ret_status = log->status;
    ret_status->state = log->term.state;
    ret_status->applied = log->term.applied.number;
    ret_status->head = log->term.head;
    ret_status->is_full = log->is_full;
    ret_status->is_out_of_space = log->is_out_of_space;
    ret_status->is_filling = trim_is_above(ret_status->used_bytes, log->quota_bytes, TRIM_ALARM_PERCENT);
    ret_status->trimmed = log->trim.trimmed;
    ret_status->leads = term_leads(&log->term, clock_steady_ms());
    if (log->term.state != TERM_LEADS) /* it is another's to see to that now */
        ret_status->members.not_forgotten[0] = '\0';
    if (has_term) {
        ret_status->term = log->term.term;
        snprintf(ret_status->leader, sizeof(ret_status->leader), "%s", log->name);
    }
    pthread_mutex_unlock(&log->mutex);
}

void order_log_etcd_seats(struct order_log *order_log, struct seats *ret_seats)
{
    struct log_etcd *log = log_etcd_of(order_log);
    pthread_mutex_lock(&log->mutex);
    *ret_seats = log->seats;
    pthread_mutex_unlock(&log->mutex);
}
