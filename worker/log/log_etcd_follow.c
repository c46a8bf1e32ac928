/* The thread that follows and leads: does what the heart says is next, and tells it what came of it. */
#include <sodium.h>
#include <stdio.h>

#include "core/error.h"
#include "worker/clock.h"
#include "worker/log/log_etcd_internal.h"
#include "worker/log/waiting.h"

enum { OPEN_AGAIN_MS = 500, WATCH_MISSED_MOST = 3, BEAT_CALL_MS = 500, SLOW_POLL_MS = 4000 };

struct doing {
    struct term_step step;
    struct calls_more more;
    int64_t sent_ms;
    uint64_t head; /* before */
};

static struct doing doing_next(struct log_etcd *log)
{
    int64_t now_ms = clock_steady_ms();
    uint32_t page = entries_page(log->entries);
    struct doing doing = {
        .step = term_next(&log->term, now_ms, page > 0), .sent_ms = now_ms, .head = log->term.head};
    doing.more = (struct calls_more){
        .beats = ++log->beats, .taken = log->term.taken.number, .page = log->term.fault ? 0 : page};
    return doing;
}

/* What came of it. With the lock held. */

static void leader_told(struct log_etcd *log, const struct calls_answer *answer)
{
    log->status.term = answer->has_leader ? answer->leader_term : 0;
    snprintf(log->status.leader, sizeof(log->status.leader), "%s",
             answer->has_leader ? answer->leader.name : "");
}

static void entries_told(struct log_etcd *log, const struct doing *doing, const struct calls_answer *answer)
{
    if (entries_take(log->entries, answer, doing->more.page, &log->term) != 0)
        entries_page_failed(log->entries);
    if (log->watch_was_silent && answer->head.number > doing->head)
        log->watch_missed++;
    log->watch_was_silent = false;
    log->watch_revision = answer->revision + 1;
    log->watch_may_open = true;
    trim_saw(&log->trim, &answer->head);
}

static const char *fault_sentence(int fault)
{
    switch (fault) {
    case ERR_BEHIND:
        return "What comes next for this store is not in the log any more: it needs a copy of another "
               "worker's.";
    case ERR_VERSION:
        return "What comes next in the log was written by a later version of Comity: install that one here "
               "too.";
    default:
        return "The log in etcd does not go on from what this store has applied.";
    }
}

void log_etcd_fault_told(struct log_etcd *log)
{
    if (log->term.fault != 0 && log->status.fault == 0)
        log_etcd_fail(log, log->term.fault, fault_sentence(log->term.fault));
}

static void step_answered(struct log_etcd *log, const struct doing *doing, const struct term_seen *seen,
                          const struct calls_answer *answer)
{
    term_answered(&log->term, &doing->step, seen, doing->sent_ms, clock_steady_ms(), randombytes_random());
    if (answer)
        leader_told(log, answer);
    if (answer && doing->step.call == TERM_POLL)
        entries_told(log, doing, answer);
    if (!answer && doing->step.call == TERM_POLL)
        entries_page_failed(log->entries);
    log_etcd_fault_told(log);
    pthread_cond_broadcast(&log->changed);
}

/* Asking. Without the lock. */

static struct etcd_result lease_ask(struct log_etcd *log, enum term_call call, struct term_seen *ret_seen)
{
    struct asking *asking = &log->follow;
    struct etcd_result result = {.status = 0};
    if (call == TERM_GRANT) {
        Etcdserverpb__LeaseGrantRequest request = ETCDSERVERPB__LEASE_GRANT_REQUEST__INIT;
        Etcdserverpb__LeaseGrantResponse *response;
        request.ttl = TERM_LEASE_S;
        request.id = log->calls.lease;
        result = etcd_lease_grant(asking->etcd, &request, CALL_MS, asking->arena, &response);
    }
    if (call == TERM_RENEW || result.status == ETCD_STATUS_EXISTS) /* of a term of before: little may be left of it */
        result = etcd_lease_renew(asking->etcd, log->calls.lease, CALL_MS);
    bool is_there = result.fate == ETCD_ANSWERED;
    *ret_seen = (struct term_seen){.is_answered = is_there, .is_done = is_there};
    return result;
}

/* A beat has to find a member that answers before others take the leader for silent; a poll that brings entries over a slow line
 * has to end at last: so, where no member has answered one in the usual time, each gets more. */
static int time_for(const struct log_etcd *log, enum term_call call)
{
    return call == TERM_BEAT ? BEAT_CALL_MS : call == TERM_POLL && log->polls_failed >= log->options.etcd.endpoint_count ? SLOW_POLL_MS : CALL_MS;
}

static void carry_out(struct log_etcd *log, const struct doing *doing)
{
    struct asking *asking = &log->follow;
    enum term_call call = doing->step.call;
    bool is_lease = call == TERM_GRANT || call == TERM_RENEW, is_read = false;
    struct term_seen seen;
    struct etcd_result result;
    arena_reset(asking->arena);
    if (is_lease)
        result = lease_ask(log, call, &seen);
    else
        result = log_etcd_ask(log, asking, calls_step(&log->calls, &doing->step, &doing->more, asking->arena),
                              time_for(log, call), &is_read);
    log->polls_failed = call == TERM_POLL && !is_read ? log->polls_failed + 1 : 0;
    const struct calls_answer *answer = is_read ? &asking->answer : NULL;
    if (!is_lease)
        calls_seen(&log->calls, answer, &seen);
    pthread_mutex_lock(&log->mutex);
    log_etcd_answered(log, &result);
    step_answered(log, doing, &seen, answer);
    pthread_mutex_unlock(&log->mutex);
}

/* Waiting: for the head to move, where this worker follows and has read all. A watch is a hint and no more: at a member that was
 * cut off it is silent, which is no error. */

static void watch_open(struct log_etcd *log)
{
    char prefix[CALLS_KEY_MAX], reason[ETCD_REASON_MAX];
    snprintf(prefix, sizeof(prefix), "%shead", log->calls.prefix);
    if (etcd_watch_open(&log->options.etcd, log->watch_endpoint, prefix, log->watch_revision, &log->watch,
                        reason) != 0)
        log->watch = NULL;
    log->watch_may_open = false;
    log->watch_was_silent = false;
    log->watch_missed = 0;
}

/* The next one is opened at the next member. */
static void watch_leave(struct log_etcd *log)
{
    etcd_watch_close(&log->watch);
    log->watch_endpoint++;
}

static void watch_wait(struct log_etcd *log, int64_t until_ms)
{
    Etcdserverpb__WatchResponse *response = NULL;
    int64_t left_ms = until_ms - clock_steady_ms();
    arena_reset(log->follow.arena);
    if (left_ms <= 0)
        return;
    struct etcd_result result = etcd_watch_next(log->watch, (int) left_ms, log->follow.arena, &response);
    log->watch_was_silent = result.fate == ETCD_REFUSED;
    if (result.fate == ETCD_UNKNOWN)
        watch_leave(log);
    if (result.fate != ETCD_ANSWERED || response->n_events == 0)
        return;
    log->watch_missed = 0;
    pthread_mutex_lock(&log->mutex);
    term_hint(&log->term);
    pthread_mutex_unlock(&log->mutex);
}

static void wait_for_work(struct log_etcd *log, const struct doing *doing)
{
    pthread_mutex_lock(&log->mutex);
    bool watches =
        log->term.state == TERM_FOLLOWS && log->term.taken.number >= log->term.head && log->term.fault == 0;
    pthread_mutex_unlock(&log->mutex);
    if (log->watch && log->watch_missed >= WATCH_MISSED_MOST)
        watch_leave(log);
    if (log->watch && !watches)
        etcd_watch_close(&log->watch);
    if (!log->watch && watches && log->watch_may_open)
        watch_open(log);
    if (log->watch) {
        watch_wait(log, doing->step.until_ms);
        return;
    }
    pthread_mutex_lock(&log->mutex);
    if (!log->is_stopping)
        waiting_until(&log->changed, &log->mutex, doing->step.until_ms);
    pthread_mutex_unlock(&log->mutex);
}

/* The thread. */

static void open_or_wait(struct log_etcd *log)
{
    char reason[LOG_REASON_MAX] = "";
    int code = log_etcd_open(log, &log->follow, reason);
    pthread_mutex_lock(&log->mutex);
    log->status.unfit = code == ERR_UNREACHABLE ? log->unfit : 0;
    if (code != 0 && code != ERR_UNREACHABLE)
        log_etcd_fail(log, code, reason);
    else if (code != 0)
        snprintf(log->status.reason, sizeof(log->status.reason), "%s", reason);
    int64_t until_ms = clock_steady_ms() + OPEN_AGAIN_MS;
    while (code != 0 && !log->is_stopping && clock_steady_ms() < until_ms)
        waiting_until(&log->changed, &log->mutex, until_ms);
    pthread_mutex_unlock(&log->mutex);
}

/* With the lock held: what the writer sleeps through otherwise. */
static bool has_news(const struct log_etcd *log, bool was_leading, bool *ret_leads)
{
    struct order_place applied = log->term.applied;
    *ret_leads = term_leads(&log->term, clock_steady_ms());
    return *ret_leads != was_leading || log->term.taken.number > applied.number || log->status.fault != 0;
}

static bool resigns(const struct log_etcd *log)
{
    return (log->term.state == TERM_READS || log->term.state == TERM_LEADS) && !log->term.is_open;
}

/* At the end: what is mine is given up, so that another leads at once. */
static void resign(struct log_etcd *log)
{
    pthread_mutex_lock(&log->mutex);
    bool has_to = log->is_opened && resigns(log);
    struct doing doing = {.step = {.call = TERM_RESIGN, .term = log->term.term},
                          .sent_ms = clock_steady_ms()};
    pthread_mutex_unlock(&log->mutex);
    if (has_to)
        carry_out(log, &doing);
}

void *log_etcd_follow(void *argument)
{
    struct log_etcd *log = argument;
    bool is_leading = false, is_stopping = false;
    while (!is_stopping) {
        if (!log->is_opened) { /* set by this thread, or before it began */
            open_or_wait(log);
        } else {
            pthread_mutex_lock(&log->mutex);
            struct doing doing = doing_next(log);
            pthread_mutex_unlock(&log->mutex);
            if (doing.step.call == TERM_WAIT)
                wait_for_work(log, &doing);
            else
                carry_out(log, &doing);
        }
        pthread_mutex_lock(&log->mutex);
        is_stopping = log->is_stopping;
        bool is_news = has_news(log, is_leading, &is_leading);
        pthread_mutex_unlock(&log->mutex);
        if (is_news && log->options.wake)
            log->options.wake(log->options.context);
    }
    resign(log);
    return NULL;
}
