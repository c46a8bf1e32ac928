#include "worker/sites.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/daemon/log.h"
#include "core/error.h"
#include "core/text.h"
#include "worker/clock.h"
#include "worker/compare.h"
#include "worker/fresh.h"
#include "worker/group_log.h"
#include "worker/home.h"
#include "worker/log/certificate.h"
#include "worker/log/finding.h"
#include "worker/log_told.h"

enum {
    LOOK_MS = 500,                 /* how often the writer looks after what nothing wakes it for */
    CUT_OFF_MS = 3000,             /* etcd said nothing for so long: nobody is kept waiting for it */
    NO_ROOM_MS = 60 * 1000,        /* whose disk is full leaves leading to others for so long, */
    LAGS_MS = 5000,                /* and who tries again to keep what others have recorded, since it tried last */
    STAMPS_AHEAD_MAX_MS = 2000,    /* of this worker's clock: it would stamp in the past */
    DAY_MS = 24 * 60 * 60 * 1000,  /* how often the certificate is looked at */
    CERTIFICATE_DAYS = 30,         /* whose last days are told */
    REFUSED_MS = 8000,             /* within which the others are told of an entry that is refused: a seat is taken over after 5 s */
    FITNESS_REASON_MAX = 512,
};

_Static_assert((int) SITES_REASON_MAX >= (int) GROUP_LOG_REASON_MAX && (int) SITES_REASON_MAX >= (int) LOG_REASON_MAX, "reasons");

/* Why it leads, or does not. */
enum fitness { FITNESS_UNKNOWN, FITNESS_LEADS, FITNESS_JUMPED, FITNESS_OFF, FITNESS_BEHIND, FITNESS_NO_ROOM };

struct sites {
    struct service *service;
    struct log_settings settings;
    struct order_log *log;
    struct batch_runner *runner;
    struct follower *follower;
    struct compare *compare;
    uint64_t number; /* of the last entry in the store */
    uint64_t erasures; /* of texts, by then */
    int64_t stamp_ms;
    int64_t retry_ms, no_room_until_ms; /* steady clock; 0: none */
    int64_t certificate_ms;             /* steady clock: when it is looked at next */
    bool accepts_clock;
    bool is_trusted; /* its clock, though it is behind the newest stamp, by others that agree with it */
    enum fitness fitness;
    enum term_state said_state; /* in the log file */
    uint64_t said_term, said_disputed;
    struct log_told told; /* the loop's */
};

static void wake(void *context)
{
    job_queue_wake(context);
}

static void compared(void *context, uint64_t number, const uint8_t *hash)
{
    struct sites *sites = context;
    if (hash) {
        log_event(LOG_INFO, "compared", "number=%" PRIu64, number);
        order_log_etcd_state(sites->log, number, hash);
    } else {
        log_event(LOG_ERROR, "store_damaged", "number=%" PRIu64, number);
        order_log_etcd_damaged(sites->log, "A row of this worker's store is damaged.");
    }
}

static void judge_fitness(struct sites *sites);

/* Opening. */

static int look_for_erased(struct store *store, bool *ret_has_erased)
{
    struct store_txn *txn;
    int code = store_begin_read(store, &txn);
    if (code)
        return code;
    code = store_has_erased(txn, ret_has_erased);
    store_abort(&txn);
    return code;
}

int sites_open(struct service *service, const struct worker_settings *settings, bool accepts_clock, int stop_fd,
               struct sites **ret_sites, char reason[SITES_REASON_MAX])
{
    char why[LOG_REASON_MAX] = "";
    struct order_log_etcd_options options;
    struct store_entry place;
    CLEANUP(sites_close) struct sites *sites = calloc(1, sizeof(*sites));
    if (!sites)
        return ERR_MEMORY;
    sites->service = service;
    sites->settings = settings->log; /* whose strings the log goes on using */
    sites->accepts_clock = accepts_clock;
    log_told_init(&sites->told, clock_steady_ms());
    int code = group_log_options(&sites->settings, service->group_key, &options, reason);
    if (code)
        return code;
    bool has_erased = false;
    code = group_log_place(service->store, &place);
    if (code == 0)
        code = look_for_erased(service->store, &has_erased);
    options.applied = group_log_behind(&place);
    options.clock = service->clock;
    home_find(settings->data, options.home);
    options.wake = wake;
    options.context = service->commands;
    if (code == 0)
        code = order_log_etcd_new(&options, &sites->log, why);
    if (code == 0)
        code = order_log_etcd_seat(sites->log, stop_fd, why);
    if (code && code != ERR_UNREACHABLE) { /* who is not there may come */
        finding_say(FINDING_RUNNING, code, why, reason, SITES_REASON_MAX);
        return code;
    }
    if (has_erased) /* perhaps it is in etcd still */
        order_log_etcd_forget(sites->log, options.applied.number);
    service->log = sites->log;
    *ret_sites = sites;
    sites = NULL;
    return 0;
}

int sites_attach(struct sites *sites, struct batch_runner *runner)
{
    struct order_place place;
    batch_runner_place(runner, &place);
    sites->runner = runner;
    sites->number = place.number;
    sites->stamp_ms = batch_runner_newest_ms(runner);
    sites->compare = compare_new(sites->service->store, sites->settings.compare_entries, compared, sites);
    int code = sites->compare ? fresh_start(sites->log, sites->service->checks, &sites->service->fresh) : ERR_MEMORY;
    if (code)
        return code;
    fresh_applied(sites->service->fresh, place.number);
    judge_fitness(sites);
    return follower_new(sites->log, runner, &sites->follower);
}

void sites_close(struct sites **sites)
{
    if (!sites || !*sites)
        return;
    compare_destroy(&(*sites)->compare);
    follower_destroy(&(*sites)->follower);
    fresh_join(&(*sites)->service->fresh);
    if ((*sites)->log)
        (*sites)->log->ops->destroy(&(*sites)->log);
    (*sites)->service->log = NULL;
    free(*sites);
    *sites = NULL;
}

void sites_stop(struct sites *sites)
{
    order_log_etcd_stop(sites->log);
}

/* Who leads. */

static const char *state_name(enum term_state state)
{
    return state == TERM_LEADS ? "leads" : state == TERM_READS ? "takes_over" : "follows";
}

static void say_state(struct sites *sites, const struct order_log_etcd_status *status)
{
    char leader[LOG_NAME_MAX * 4 + 3];
    enum term_state state = status->state == TERM_STANDS ? TERM_FOLLOWS : status->state;
    if (state == sites->said_state && status->term == sites->said_term)
        return;
    sites->said_state = state;
    sites->said_term = status->term;
    log_event(LOG_INFO, state_name(state), "leader=%s term=%" PRIu64 " applied=%" PRIu64 " head=%" PRIu64,
              log_value(status->leader[0] ? status->leader : "nobody", leader, sizeof(leader)), status->term, status->applied,
              status->head);
}

/* An entry that this worker has applied, and others do not. Where these are more, it ends. */
static void say_disputed(struct sites *sites, uint64_t disputed)
{
    if (disputed == sites->said_disputed)
        return;
    sites->said_disputed = disputed;
    if (disputed)
        log_event(LOG_WARNING, "entry_refused",
                  "number=%" PRIu64 " advice=\"Another worker decides it otherwise and has stopped: comity status names it. What is "
                  "recorded from here on has fewer stores.\"",
                  disputed);
}

/* May it lead where its clock is behind the newest stamp? What it stamps then is that one, until the clock has passed it. */
static bool is_trusted(struct sites *sites, const struct clocks_judgement *clocks, int64_t ahead_ms)
{
    bool was_trusted = sites->is_trusted && ahead_ms > 0;
    sites->is_trusted = !clocks->is_off && (was_trusted || clocks->is_agreed);
    return sites->is_trusted || sites->accepts_clock;
}

static enum fitness find_fitness(struct sites *sites, const struct clocks_judgement *clocks, int64_t ahead_ms)
{
    bool trusts = is_trusted(sites, clocks, ahead_ms);
    if (clock_course(sites->service->clock) == CLOCK_JUMPED)
        return FITNESS_JUMPED;
    if (clocks->is_off)
        return FITNESS_OFF;
    if (ahead_ms > STAMPS_AHEAD_MAX_MS && !trusts)
        return FITNESS_BEHIND;
    return clock_steady_ms() < sites->no_room_until_ms ? FITNESS_NO_ROOM : FITNESS_LEADS;
}

static void say_unfit(enum fitness fitness, const struct clocks_judgement *clocks, int64_t ahead_ms, char reason[FITNESS_REASON_MAX])
{
    char more[40] = "";
    if (clocks->more > 0)
        snprintf(more, sizeof(more), " and of %zu more", clocks->more);
    switch (fitness) {
    case FITNESS_JUMPED:
        snprintf(reason, FITNESS_REASON_MAX, "The clock has jumped ahead: set it; if it is right now, send SIGHUP.");
        break;
    case FITNESS_OFF:
        snprintf(reason, FITNESS_REASON_MAX,
                 "The clock is %" PRId64 " ms %s that of %s%s: set whichever is wrong; this worker need not be started anew.",
                 clocks->ahead_ms < 0 ? -clocks->ahead_ms : clocks->ahead_ms, clocks->ahead_ms < 0 ? "behind" : "ahead of", clocks->worker,
                 more);
        break;
    case FITNESS_BEHIND:
        snprintf(reason, FITNESS_REASON_MAX,
                 "The clock is %" PRId64 " ms behind the newest stamp, and too few others agree with it: set it; if it is right, start the "
                 "other workers, or start this one with --accept-clock.",
                 ahead_ms);
        break;
    case FITNESS_NO_ROOM:
        snprintf(reason, FITNESS_REASON_MAX, "There was no room on the disk or in the store: make some.");
        break;
    case FITNESS_UNKNOWN:
    case FITNESS_LEADS:
        reason[0] = '\0';
        break;
    }
}

/* A worker that would stamp wrongly, or has no room for what it decides, leaves that to another. Each reason is said. */
static void judge_fitness(struct sites *sites)
{
    struct clocks_judgement clocks;
    char reason[FITNESS_REASON_MAX], shown[2 * FITNESS_REASON_MAX];
    int64_t ahead_ms = sites->stamp_ms - clock_now_ms(sites->service->clock);
    order_log_etcd_clocks(sites->log, &clocks);
    enum fitness fitness = find_fitness(sites, &clocks, ahead_ms);
    if (fitness == sites->fitness)
        return;
    bool is_first = sites->fitness == FITNESS_UNKNOWN;
    sites->fitness = fitness;
    say_unfit(fitness, &clocks, ahead_ms, reason);
    if (fitness == FITNESS_LEADS && !is_first)
        log_event(LOG_INFO, "may_lead", "clock_after_newest_ms=%" PRId64, -ahead_ms);
    if (fitness != FITNESS_LEADS)
        log_event(LOG_WARNING, "may_not_lead", "reason=%s", log_value(reason, shown, sizeof(shown)));
    order_log_etcd_may_lead(sites->log, fitness == FITNESS_LEADS);
}

/* It may have been renewed: the files are read anew at each connection. */
static void watch_certificate(struct sites *sites)
{
    const struct log_settings *log = &sites->settings;
    char reason[CERTIFICATE_REASON_MAX] = "", shown[2 * CERTIFICATE_REASON_MAX];
    int64_t ends_ms = 0, now_ms = clock_unix_ms();
    if (clock_steady_ms() < sites->certificate_ms)
        return;
    sites->certificate_ms = clock_steady_ms() + DAY_MS;
    if (!certificate_is_good(log->ca, log->certificate, log->key, now_ms, &ends_ms, reason))
        log_event(LOG_WARNING, "certificate", "reason=%s", log_value(reason, shown, sizeof(shown)));
    else if (ends_ms - now_ms < (int64_t) CERTIFICATE_DAYS * DAY_MS)
        log_event(LOG_WARNING, "certificate_ends", "file=%s days=%" PRId64 " advice=\"Make a new one: without it etcd's members let this worker in no more.\"",
                  log_value(log->certificate, shown, sizeof(shown)), (ends_ms - now_ms) / DAY_MS);
}

static void tell(struct sites *sites, const struct order_log_etcd_status *status)
{
    struct service *service = sites->service;
    uint64_t term = status->leads ? status->term : 0;
    atomic_store(&service->applied, status->applied);
    if (atomic_exchange(&service->term, term) != term)
        outbox_wake(service->outbox); /* the brokers hear it at once */
    fresh_set_cut_off(service->fresh, clock_steady_ms() - status->answered_ms > CUT_OFF_MS);
}

void sites_tell(struct sites *sites)
{
    struct order_log_etcd_status status;
    order_log_etcd_status(sites->log, &status);
    tell(sites, &status);
    log_told_look(&sites->told, &status, sites->settings.quota_bytes, CUT_OFF_MS, clock_steady_ms());
}

static void look_around(struct sites *sites)
{
    struct order_log_etcd_status status;
    order_log_etcd_status(sites->log, &status);
    tell(sites, &status);
    say_state(sites, &status);
    say_disputed(sites, status.disputed);
    judge_fitness(sites);
    watch_certificate(sites);
}

int64_t sites_wait_ms(const struct sites *sites)
{
    int64_t wait_ms = sites->retry_ms ? sites->retry_ms - clock_steady_ms() : LOOK_MS;
    return wait_ms < 0 ? 0 : wait_ms > LOOK_MS ? LOOK_MS : wait_ms;
}

/* What is in the store now. */
static void passed(struct sites *sites, uint64_t number)
{
    uint64_t erasures = store_erasures(sites->service->store);
    sites->number = number;
    if (erasures != sites->erasures)
        order_log_etcd_forget(sites->log, number);
    sites->erasures = erasures;
    sites->stamp_ms = batch_runner_newest_ms(sites->runner);
    clock_start_after(sites->service->clock, sites->stamp_ms);
    fresh_applied(sites->service->fresh, number);
    compare_passed(sites->compare, number);
}

/* What the log itself has found says more than the code; and what to do next. */
static void take_reason(struct sites *sites, int code, char reason[FOLLOW_REASON_MAX])
{
    char found[FOLLOW_REASON_MAX];
    struct order_log_etcd_status status;
    order_log_etcd_status(sites->log, &status);
    if (code == ERR_CORRUPT && status.fault == code && status.reason[0])
        snprintf(found, sizeof(found), "The log of the group: %s", status.reason);
    else
        snprintf(found, sizeof(found), "%s", reason);
    finding_say(FINDING_RUNNING, code, found, reason, FOLLOW_REASON_MAX);
}

static void has_no_room(struct sites *sites, int64_t for_ms)
{
    int64_t until_ms = clock_steady_ms() + for_ms;
    if (until_ms > sites->no_room_until_ms)
        sites->no_room_until_ms = until_ms;
}

int sites_follow(struct sites *sites, struct batch_result *ret_result, char reason[FOLLOW_REASON_MAX])
{
    struct order_place place;
    int64_t retry_ms = 0;
    *ret_result = (struct batch_result){.news_count = 0};
    int code = follower_step(sites->follower, ret_result, &place, &retry_ms, reason);
    bool can_retry = code == ERR_STORE_FULL || code == ERR_DISK_FULL || code == ERR_MEMORY || code == ERR_BUSY;
    sites->retry_ms = can_retry || (code == ERR_NOT_FOUND && retry_ms > clock_steady_ms()) ? retry_ms : 0;
    if (can_retry) {
        char shown[2 * FOLLOW_REASON_MAX];
        log_event(LOG_ERROR, "lags", "reason=%s", log_value(reason, shown, sizeof(shown)));
        if (code == ERR_STORE_FULL || code == ERR_DISK_FULL)
            has_no_room(sites, LAGS_MS);
        code = ERR_NOT_FOUND;
    }
    if (code == 0)
        passed(sites, place.number);
    if (code == ERR_NOT_FOUND)
        look_around(sites);
    else if (code)
        take_reason(sites, code, reason);
    if (code && follower_refused(sites->follower))
        order_log_etcd_refuse(sites->log, follower_refused(sites->follower), REFUSED_MS);
    return code;
}

void sites_ran(struct sites *sites, int code)
{
    struct order_place place;
    batch_runner_place(sites->runner, &place);
    if (place.number != sites->number)
        passed(sites, place.number);
    if (code == ERR_DISK_FULL || code == ERR_STORE_FULL)
        has_no_room(sites, NO_ROOM_MS);
}

/* STATUS. */

static int put_seats(struct sites *sites, struct arena *arena, Comity__V1__LogStatus *message)
{
    struct seats seats;
    order_log_etcd_seats(sites->log, &seats);
    message->seats = arena_alloc(arena, seats.count * sizeof(*message->seats) + 1);
    for (size_t i = 0; message->seats && i < seats.count; i++) {
        Comity__V1__LogSeat *seat = arena_alloc(arena, sizeof(*seat));
        if (!seat)
            return ERR_MEMORY;
        comity__v1__log_seat__init(seat);
        seat->worker = arena_string(arena, seats.rows[i].worker);
        seat->applied = seats.rows[i].applied;
        seat->refused = seats.rows[i].refused;
        seat->heard_ms = clock_steady_ms() - seats.rows[i].heard_ms;
        message->seats[message->n_seats++] = seat;
        if (!seat->worker)
            return ERR_MEMORY;
    }
    return message->seats ? 0 : ERR_MEMORY;
}

int sites_status(struct sites *sites, struct arena *arena, Comity__V1__LogStatus **ret_status)
{
    struct order_log_etcd_status status;
    Comity__V1__LogStatus *message = arena_alloc(arena, sizeof(*message));
    if (!message)
        return ERR_MEMORY;
    order_log_etcd_status(sites->log, &status);
    comity__v1__log_status__init(message);
    message->name = arena_string(arena, sites->settings.name);
    message->leader = arena_string(arena, status.leader);
    message->reason = arena_string(arena, status.reason);
    message->applied = status.applied;
    message->head = status.head;
    message->answered_ms = status.answered_ms ? clock_steady_ms() - status.answered_ms : -1;
    message->fault = status.fault;
    message->used_bytes = status.used_bytes;
    message->quota_bytes = sites->settings.quota_bytes;
    message->is_full = status.is_full;
    message->unreached = arena_string(arena, status.members.unreached);
    message->unnamed = arena_string(arena, status.members.unnamed);
    message->strays = arena_string(arena, status.members.strays);
    message->not_forgotten = arena_string(arena, status.members.not_forgotten);
    *ret_status = message;
    bool has_all = message->name && message->leader && message->reason && message->unreached && message->unnamed && message->strays &&
                   message->not_forgotten;
    return has_all ? put_seats(sites, arena, message) : ERR_MEMORY;
}
