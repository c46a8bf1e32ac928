#include "worker/log/log_etcd_seat.h"

#include <inttypes.h>
#include <stdio.h>

#include <sodium.h>

#include "core/error.h"
#include "worker/clock.h"

enum {
    SEAT_MS = 2000,
    SEATS_MS = 500,      /* they are read so often: what others' clocks say is the more exact */
    SEAT_AGAIN_MS = 250, /* where etcd did not answer, or another has the seat */
    SEAT_MOVES_MOST = 2,
    SEAT_STILL_MS = CLOCKS_STILL_MS, /* a seat of our name is taken over that was still for so long */
};

/* Our seat. */

/* The second one comes soon: so the others hear of this worker, and of its clock. */
static void seat_mine(struct seat_keeping *keeping, const struct calls_seat *seat)
{
    struct log_etcd *log = keeping->log;
    keeping->has_seat = true;
    keeping->moves = 0;
    keeping->changed = seat->changed;
    keeping->seat_ms = clock_steady_ms() + (keeping->puts++ < 2 ? SEATS_MS : SEAT_MS);
    pthread_mutex_lock(&log->mutex);
    log->status.has_seat = true;
    log->is_refusal_told = seat->seat.refused == log->refused;
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->mutex);
}

static bool is_left(const struct log_seat *seat)
{
    return sodium_is_zero(seat->nonce, LOG_NONCE_SIZE);
}

/* Who put it runs no more: it was left in order; or, at a start, by a process in whose home we are: it is
 * gone, or we were not there. */
static bool is_free(const struct seat_keeping *keeping, const struct log_seat *seat)
{
    const uint8_t *home = keeping->log->options.home;
    const size_t at = LOG_NONCE_SIZE - LOG_HOME_SIZE;
    bool is_our_home =
        !sodium_is_zero(home, LOG_HOME_SIZE) && memcmp(seat->nonce + at, home, LOG_HOME_SIZE) == 0;
    return is_left(seat) || (keeping->puts == 0 && is_our_home);
}

/* Whoever leads puts no seat for up to a minute, while it waits for a member of etcd to write its file anew;
 * but it beats. */
static void seat_others(struct seat_keeping *keeping, const struct calls_seat *seat)
{
    struct log_etcd *log = keeping->log;
    int64_t now_ms = clock_steady_ms();
    bool is_same = keeping->changed == seat->changed, has_gap = now_ms - keeping->read_ms > CLOCKS_GAP_MS;
    keeping->moves += keeping->changed != 0 && !is_same;
    if (is_left(&seat->seat)) /* is nobody's move */
        keeping->moves = 0;
    keeping->read_ms = now_ms;
    int64_t beat = calls_namesake_beat(&log->calls, &keeping->asking->answer);
    if (!is_same || beat > keeping->beat || has_gap)
        keeping->since_ms = now_ms;
    if (beat > keeping->beat)
        keeping->beat = beat;
    keeping->has_seat = false;
    keeping->is_free = is_free(keeping, &seat->seat);
    keeping->changed = seat->changed;
    keeping->seat_ms = keeping->is_free ? now_ms : now_ms + SEAT_AGAIN_MS;
    pthread_mutex_lock(&log->mutex);
    /* Once may be what a former process of ours had sent. */
    if (keeping->moves >= SEAT_MOVES_MOST && log->status.fault == 0)
        log_etcd_fail(
            log, ERR_CONFIG,
            "Another worker of this group runs under the same name: give each its own ([log] name), "
            "or stop the other.");
    pthread_mutex_unlock(&log->mutex);
}

/* What it is to say. False: nothing any more. */
static bool seat_make(struct log_etcd *log, struct log_seat *ret_seat)
{
    pthread_mutex_lock(&log->mutex);
    struct state_hash state = states_last(&log->states);
    *ret_seat = (struct log_seat){.level = log->options.level,
                                  .place = log->kept,
                                  .state_number = state.number,
                                  .refused = log->refused};
    memcpy(ret_seat->state_hash, state.hash, HASH_SIZE);
    bool is_wanted = log->status.fault == 0 || (log->refused != 0 && !log->is_refusal_told);
    pthread_mutex_unlock(&log->mutex);
    memcpy(ret_seat->nonce, log->calls.nonce, LOG_NONCE_SIZE);
    if (log->options.clock)
        ret_seat->unix_ms = clock_now_ms(log->options.clock);
    return is_wanted;
}

/* That this worker refuses an entry is told at once. */
static bool must_tell(struct log_etcd *log)
{
    pthread_mutex_lock(&log->mutex);
    bool must_tell = log->refused != 0 && !log->is_refusal_told;
    pthread_mutex_unlock(&log->mutex);
    return must_tell;
}

/* And of which revision it is to be. False: there is nothing to be put now. */
static bool seat_wants(struct seat_keeping *keeping, struct log_seat *ret_seat, int64_t *ret_changed)
{
    int64_t now_ms = clock_steady_ms();
    bool waits = !keeping->has_seat && !keeping->is_free && keeping->changed != 0 &&
                 (now_ms - keeping->since_ms < SEAT_STILL_MS || now_ms - keeping->read_ms > CLOCKS_GAP_MS);
    *ret_changed = waits ? 0 : keeping->changed; /* 0 does not hold: it is read */
    return (keeping->seat_ms <= now_ms || must_tell(keeping->log)) && seat_make(keeping->log, ret_seat);
}

static const struct calls_seat *seat_find(const struct calls_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->seat_count; i++)
        if (strcmp(answer->seats[i].name, name) == 0)
            return &answer->seats[i];
    return NULL;
}

/* The others'. */

/* What the others say of their state. */
static void states_compare(struct seat_keeping *keeping)
{
    struct log_etcd *log = keeping->log;
    const struct calls_answer *answer = &keeping->asking->answer;
    struct state_hash others[CALLS_SEATS_MAX];
    const char *names[CALLS_SEATS_MAX];
    size_t count = 0;
    char reason[LOG_REASON_MAX];
    for (size_t i = 0; i < answer->seat_count; i++) {
        const struct calls_seat *seat = &answer->seats[i];
        if (strcmp(seat->name, log->name) == 0)
            continue;
        others[count].number = seat->seat.state_number;
        memcpy(others[count].hash, seat->seat.state_hash, HASH_SIZE);
        names[count++] = seat->name;
    }
    pthread_mutex_lock(&log->mutex);
    int different = states_judge(&log->states, others, count, term_leads(&log->term, clock_steady_ms()));
    if (different >= 0 && log->status.fault == 0) {
        snprintf(reason, sizeof(reason),
                 "Behind entry %" PRIu64 " the state of this worker is another than that of %s.",
                 others[different].number, names[different]);
        log_etcd_fail(log, ERR_CORRUPT, reason);
    }
    pthread_mutex_unlock(&log->mutex);
}

/* What the others have decided otherwise. That this worker has it they are told at once, and before it ends:
 * whoever starts again, itself too, judges by the seats. */
static void disputes_look(struct seat_keeping *keeping)
{
    struct log_etcd *log = keeping->log;
    const struct calls_seat *own = seat_find(&keeping->asking->answer, log->name);
    char reason[LOG_REASON_MAX] = "";
    bool is_lost;
    pthread_mutex_lock(&log->mutex);
    struct dispute dispute =
        log_etcd_dispute(log, log->term.applied.number, &keeping->asking->answer, &is_lost, reason);
    bool is_untold =
        keeping->has_seat && log->status.fault == 0 && own && own->seat.place.number < dispute.number;
    log->status.disputed = dispute.number;
    if (is_lost && !is_untold && log->status.fault == 0)
        log_etcd_fail(log, ERR_CORRUPT, reason);
    pthread_mutex_unlock(&log->mutex);
    if (is_untold)
        keeping->seat_ms = 0;
}

/* For whoever asks how all are. */
static void seats_note(struct seat_keeping *keeping)
{
    struct log_etcd *log = keeping->log;
    const struct calls_answer *answer = &keeping->asking->answer;
    struct seats read = {.count = answer->seat_count};
    _Static_assert((int) SEATS_MAX >= (int) CALLS_SEATS_MAX, "seats");
    for (size_t i = 0; i < answer->seat_count; i++) {
        struct seats_row *row = &read.rows[i];
        memcpy(row->worker, answer->seats[i].name, sizeof(row->worker));
        row->applied = answer->seats[i].seat.place.number;
        row->refused = answer->seats[i].seat.refused;
        row->changed = answer->seats[i].changed;
    }
    pthread_mutex_lock(&log->mutex);
    seats_saw(&log->seats, &read, clock_steady_ms());
    pthread_mutex_unlock(&log->mutex);
}

/* With the lock held. Who was introduced stays so: who has run on waits for nobody. */
static void clock_judge_by(struct log_etcd *log, int64_t own_ms, int64_t now_ms)
{
    bool has_term = log->term.state == TERM_READS || log->term.state == TERM_LEADS;
    bool was_introduced = log->is_introduced, was_off = log->clock.is_off;
    const char *unheard = log->options.clock ? clocks_unheard(&log->clocks, own_ms, now_ms) : NULL;
    log->is_introduced = was_introduced || (log->status.has_seat && !unheard);
    log->status.waiting = log->status.has_seat ? LOG_WAITS_CLOCK : LOG_WAITS_SEAT;
    if (log->is_introduced)
        log->status.waiting = LOG_INTRODUCED;
    snprintf(log->status.waits_for, sizeof(log->status.waits_for), "%s", unheard ? unheard : "");
    if (log->options.clock)
        clocks_judge(&log->clocks, own_ms, now_ms, log->status.leader, has_term, &log->clock);
    if (log->is_introduced == was_introduced && log->clock.is_off == was_off)
        return;
    log_etcd_stand(log);
    pthread_cond_broadcast(&log->changed);
}

/* Whose clocks are heard, and how ours is by them. */
static void clocks_note(struct seat_keeping *keeping, int64_t asked_ms)
{
    struct log_etcd *log = keeping->log;
    const struct calls_answer *answer = &keeping->asking->answer;
    struct clocks_seat others[CALLS_SEATS_MAX];
    size_t count = 0;
    int64_t now_ms = clock_steady_ms();
    int64_t own_ms = log->options.clock ? clock_beyond_steady_ms(log->options.clock) : 0;
    for (size_t i = 0; i < answer->seat_count; i++) {
        const struct calls_seat *seat = &answer->seats[i];
        if (strcmp(seat->name, log->name) != 0)
            others[count++] = (struct clocks_seat){seat->name, seat->changed,
                                                   is_left(&seat->seat) ? 0 : seat->seat.unix_ms};
    }
    pthread_mutex_lock(&log->mutex);
    clocks_saw(&log->clocks, others, count, asked_ms, now_ms);
    clock_judge_by(log, own_ms, now_ms);
    pthread_mutex_unlock(&log->mutex);
}

/* Asking. */

/* All seats were read. */
static void seats_take(struct seat_keeping *keeping, int64_t asked_ms)
{
    struct log_etcd *log = keeping->log;
    keeping->seats_ms = asked_ms + SEATS_MS;
    pthread_mutex_lock(&log->mutex);
    log->seats_level = calls_level(&keeping->asking->answer, log->options.level);
    memcpy(log->status.unread_seat, keeping->asking->answer.unread, sizeof(log->status.unread_seat));
    pthread_mutex_unlock(&log->mutex);
    states_compare(keeping);
    disputes_look(keeping);
    seats_note(keeping);
    clocks_note(keeping, asked_ms);
}

/* Ask something whose answer has all seats. */
static bool seats_ask(struct seat_keeping *keeping, const Etcdserverpb__TxnRequest *request)
{
    struct log_etcd *log = keeping->log;
    bool is_read;
    struct etcd_result result = log_etcd_ask(log, keeping->asking, request, CALL_MS, &is_read);
    if (is_read || log->is_stopping)
        return is_read;
    pthread_mutex_lock(&log->mutex);
    if (!log->is_introduced)
        log->status.waiting = LOG_WAITS_ETCD;
    snprintf(log->status.waits_reason, sizeof(log->status.waits_reason), "%s", result.reason);
    pthread_mutex_unlock(&log->mutex);
    return false;
}

static bool seat_put(struct seat_keeping *keeping, const struct log_seat *seat, int64_t changed)
{
    arena_reset(keeping->asking->arena);
    return seats_ask(keeping, calls_seat(&keeping->log->calls, seat, changed, keeping->asking->arena));
}

bool seats_read(struct seat_keeping *keeping)
{
    arena_reset(keeping->asking->arena);
    return seats_ask(keeping, calls_seats(&keeping->log->calls, keeping->asking->arena));
}

static void seat_try(struct seat_keeping *keeping)
{
    struct log_etcd *log = keeping->log;
    struct log_seat seat;
    int64_t changed, asked_ms = clock_steady_ms();
    if (!seat_wants(keeping, &seat, &changed))
        return;
    bool is_read = seat_put(keeping, &seat, changed);
    const struct calls_seat *own = is_read ? seat_find(&keeping->asking->answer, log->name) : NULL;
    if (!is_read)
        keeping->seat_ms = clock_steady_ms() + SEAT_AGAIN_MS;
    else if (!own) /* somebody has dropped it */
        keeping->changed = 0;
    else if (memcmp(own->seat.nonce, log->calls.nonce, LOG_NONCE_SIZE) == 0)
        seat_mine(keeping, own);
    else
        seat_others(keeping, own);
    if (is_read)
        seats_take(keeping, asked_ms);
}

/* One that is free, as was just read, is taken at once. */
static void seat_keep(struct seat_keeping *keeping)
{
    seat_try(keeping);
    if (keeping->is_free && !keeping->has_seat)
        seat_try(keeping);
}

static void seats_look(struct seat_keeping *keeping)
{
    int64_t asked_ms = clock_steady_ms();
    if (!keeping->log->options.clock || asked_ms < keeping->seats_ms)
        return;
    keeping->seats_ms = asked_ms + SEATS_MS;
    if (seats_read(keeping))
        seats_take(keeping, asked_ms);
}

void seat_turn(struct seat_keeping *keeping)
{
    seat_keep(keeping);
    seats_look(keeping);
}

void seat_put_now(struct seat_keeping *keeping)
{
    keeping->seat_ms = 0;
    seat_keep(keeping);
}

void seat_leave(struct seat_keeping *keeping)
{
    struct log_seat seat;
    if (!keeping->has_seat || !seat_make(keeping->log, &seat))
        return;
    memset(seat.nonce, 0, LOG_NONCE_SIZE);
    keeping->log->ends_calls = false;
    bool is_read = seat_put(keeping, &seat, keeping->changed);
    const struct calls_seat *own = is_read ? seat_find(&keeping->asking->answer, keeping->log->name) : NULL;
    /* The answer to one before may have been lost. */
    if (own && !keeping->asking->answer.is_done &&
        memcmp(own->seat.nonce, keeping->log->calls.nonce, LOG_NONCE_SIZE) == 0)
        seat_put(keeping, &seat, own->changed);
}
