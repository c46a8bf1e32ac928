/* The thread that keeps the log short and etcd under its quota, that keeps this worker's seat, and that judges by the others' seats:
 * states, disputes, clocks. */
#include <inttypes.h>
#include <stdio.h>

#include <sodium.h>

#include "core/error.h"
#include "worker/clock.h"
#include "worker/log/log_etcd_internal.h"
#include "worker/log/members.h"
#include "worker/log/waiting.h"

enum {
    TURN_MS = 250,
    TRIM_PAUSE_MS = 20, /* also where etcd does not answer */
    SEAT_MS = 2000,
    SEATS_MS = 500, /* they are read so often: what others' clocks say is the more exact */
    SEAT_MOVES_MOST = 2,
    SEAT_STILL_MS = CLOCKS_STILL_MS, /* a seat of our name that nobody has put for so long is taken over */
    STATUS_EVERY_MS = 10 * 1000,
    STATUS_SOON_MS = 1000, /* where nothing can be recorded until there is room, or one did not answer */
    ROOM_EVERY_MS = 60 * 1000, /* a file is written anew at most so often: what it did not help before, it will not now */
    SPACE_EVERY_MS = 5000,     /* but where etcd takes nothing any more */
    DEFRAGMENT_MS = 60 * 1000,
    COMPACT_MS = 10 * 1000,
    FORGET_EVERY_MS = 10 * 1000, /* members that did not answer are asked again so often, and members' files written at most */
    REPAIR_MOST_MS = 3000, /* out of space anybody makes room, after so long at most, by chance */
    ALARM_MEMBERS_MAX = 16,
};

struct keeping {
    struct log_etcd *log;
    struct asking *asking;
    int64_t seat_ms, seats_ms, status_ms, repair_ms;
    unsigned seat_puts;
    bool has_seat, is_free;                 /* is_free: nobody runs who had it */
    int64_t seat_changed;                   /* mod_revision of our seat; 0: there is none */
    int64_t seat_since_ms;                  /* since when it is another's and still, as read without a gap */
    int64_t seat_read_ms;                   /* when it was read last as another's */
    unsigned seat_moves;                    /* how often it was put by another since we look */
    int64_t trim_ms;                        /* not before */
    int64_t trim_revision;                  /* of the trim before */
    int64_t forget_ms;                      /* not before */
    int64_t space_ms;                       /* not before */
    struct members members;
    uint64_t alarmed[ALARM_MEMBERS_MAX]; /* who have raised the alarm: out of space */
    size_t alarmed_count;
};

/* Our seat. */

/* The second one comes soon: so the others hear of this worker, and of its clock. */
static void seat_mine(struct keeping *keeping, const struct calls_seat *seat)
{
    struct log_etcd *log = keeping->log;
    keeping->has_seat = true;
    keeping->seat_moves = 0;
    keeping->seat_changed = seat->changed;
    keeping->seat_ms = clock_steady_ms() + (keeping->seat_puts++ < 2 ? SEATS_MS : SEAT_MS);
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

/* Who put it runs no more: it was left in order; or, at a start, by a process in whose home we are: it is gone, or we were not there. */
static bool is_free(const struct keeping *keeping, const struct log_seat *seat)
{
    const uint8_t *home = keeping->log->options.home;
    const size_t at = LOG_NONCE_SIZE - LOG_HOME_SIZE;
    bool is_our_home = !sodium_is_zero(home, LOG_HOME_SIZE) && memcmp(seat->nonce + at, home, LOG_HOME_SIZE) == 0;
    return is_left(seat) || (keeping->seat_puts == 0 && is_our_home);
}

static void seat_others(struct keeping *keeping, const struct calls_seat *seat)
{
    struct log_etcd *log = keeping->log;
    int64_t now_ms = clock_steady_ms();
    bool is_same = keeping->seat_changed == seat->changed, has_gap = now_ms - keeping->seat_read_ms > CLOCKS_GAP_MS;
    keeping->seat_moves += keeping->seat_changed != 0 && !is_same;
    if (is_left(&seat->seat)) /* is nobody's move */
        keeping->seat_moves = 0;
    keeping->seat_read_ms = now_ms;
    if (!is_same || has_gap)
        keeping->seat_since_ms = now_ms;
    keeping->has_seat = false;
    keeping->is_free = is_free(keeping, &seat->seat);
    keeping->seat_changed = seat->changed;
    keeping->seat_ms = keeping->is_free ? now_ms : now_ms + TURN_MS;
    pthread_mutex_lock(&log->mutex);
    if (keeping->seat_moves >= SEAT_MOVES_MOST && log->status.fault == 0) /* once may be what a former process of ours had sent */
        log_etcd_fail(log, ERR_CONFIG, "Another worker of this group runs under the same name: give each its own ([log] name), or stop "
                                       "the other.");
    pthread_mutex_unlock(&log->mutex);
}

/* What it is to say. False: nothing any more. */
static bool seat_make(struct log_etcd *log, struct log_seat *ret_seat)
{
    pthread_mutex_lock(&log->mutex);
    struct state_hash state = states_last(&log->states);
    *ret_seat = (struct log_seat){
        .level = log->options.level, .place = log->term.applied, .state_number = state.number, .refused = log->refused};
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
static bool seat_wants(struct keeping *keeping, struct log_seat *ret_seat, int64_t *ret_changed)
{
    int64_t now_ms = clock_steady_ms();
    bool waits = !keeping->has_seat && !keeping->is_free && keeping->seat_changed != 0 &&
                 (now_ms - keeping->seat_since_ms < SEAT_STILL_MS || now_ms - keeping->seat_read_ms > CLOCKS_GAP_MS);
    *ret_changed = waits ? 0 : keeping->seat_changed; /* 0 does not hold: it is read */
    return (keeping->seat_ms <= now_ms || must_tell(keeping->log)) && seat_make(keeping->log, ret_seat);
}

static const struct calls_seat *seat_find(const struct calls_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->seat_count; i++)
        if (strcmp(answer->seats[i].name, name) == 0)
            return &answer->seats[i];
    return NULL;
}

/* What the others say of their state. */
static void states_compare(struct keeping *keeping)
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
        snprintf(reason, sizeof(reason), "Behind entry %" PRIu64 " the state of this worker is another than that of %s.",
                 others[different].number, names[different]);
        log_etcd_fail(log, ERR_CORRUPT, reason);
    }
    pthread_mutex_unlock(&log->mutex);
}

/* What the others have decided otherwise. That this worker has it they are told at once, and before it ends: whoever starts again, itself
 * too, judges by the seats. */
static void disputes_look(struct keeping *keeping)
{
    struct log_etcd *log = keeping->log;
    const struct calls_seat *own = seat_find(&keeping->asking->answer, log->name);
    char reason[LOG_REASON_MAX] = "";
    bool is_lost;
    pthread_mutex_lock(&log->mutex);
    struct dispute dispute = log_etcd_dispute(log, log->term.applied.number, &keeping->asking->answer, &is_lost, reason);
    bool is_untold = keeping->has_seat && log->status.fault == 0 && own && own->seat.place.number < dispute.number;
    log->status.disputed = dispute.number;
    if (is_lost && !is_untold && log->status.fault == 0)
        log_etcd_fail(log, ERR_CORRUPT, reason);
    pthread_mutex_unlock(&log->mutex);
    if (is_untold)
        keeping->seat_ms = 0;
}

/* For whoever asks how all are. */
static void seats_note(struct keeping *keeping)
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
    log->status.waiting = log->is_introduced ? LOG_INTRODUCED : log->status.has_seat ? LOG_WAITS_CLOCK : LOG_WAITS_SEAT;
    snprintf(log->status.waits_for, sizeof(log->status.waits_for), "%s", unheard ? unheard : "");
    if (log->options.clock)
        clocks_judge(&log->clocks, own_ms, now_ms, log->status.leader, has_term, &log->clock);
    if (log->is_introduced == was_introduced && log->clock.is_off == was_off)
        return;
    log_etcd_stand(log);
    pthread_cond_broadcast(&log->changed);
}

/* Whose clocks are heard, and how ours is by them. */
static void clocks_note(struct keeping *keeping, int64_t asked_ms)
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
            others[count++] = (struct clocks_seat){seat->name, seat->changed, is_left(&seat->seat) ? 0 : seat->seat.unix_ms};
    }
    pthread_mutex_lock(&log->mutex);
    clocks_saw(&log->clocks, others, count, asked_ms, now_ms);
    clock_judge_by(log, own_ms, now_ms);
    pthread_mutex_unlock(&log->mutex);
}

/* All seats were read. */
static void seats_take(struct keeping *keeping, int64_t asked_ms)
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
static bool seats_ask(struct keeping *keeping, const Etcdserverpb__TxnRequest *request)
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

static bool seat_put(struct keeping *keeping, const struct log_seat *seat, int64_t changed)
{
    arena_reset(keeping->asking->arena);
    return seats_ask(keeping, calls_seat(&keeping->log->calls, seat, changed, keeping->asking->arena));
}

static bool seats_read(struct keeping *keeping)
{
    arena_reset(keeping->asking->arena);
    return seats_ask(keeping, calls_seats(&keeping->log->calls, keeping->asking->arena));
}

static void seat_keep(struct keeping *keeping)
{
    struct log_etcd *log = keeping->log;
    struct log_seat seat;
    int64_t changed, asked_ms = clock_steady_ms();
    if (!seat_wants(keeping, &seat, &changed))
        return;
    bool is_read = seat_put(keeping, &seat, changed);
    const struct calls_seat *own = is_read ? seat_find(&keeping->asking->answer, log->name) : NULL;
    if (!is_read)
        keeping->seat_ms = clock_steady_ms() + TURN_MS;
    else if (!own) /* somebody has dropped it */
        keeping->seat_changed = 0;
    else if (memcmp(own->seat.nonce, log->calls.nonce, LOG_NONCE_SIZE) == 0)
        seat_mine(keeping, own);
    else
        seat_others(keeping, own);
    if (is_read)
        seats_take(keeping, asked_ms);
}

static void seats_look(struct keeping *keeping)
{
    int64_t asked_ms = clock_steady_ms();
    if (!keeping->log->options.clock || asked_ms < keeping->seats_ms)
        return;
    keeping->seats_ms = asked_ms + SEATS_MS;
    if (seats_read(keeping))
        seats_take(keeping, asked_ms);
}

/* At the end: who starts under this name need not wait, nor need the others for its clock. */
static void seat_leave(struct keeping *keeping)
{
    struct log_seat seat;
    if (!keeping->has_seat || !seat_make(keeping->log, &seat))
        return;
    memset(seat.nonce, 0, LOG_NONCE_SIZE);
    keeping->log->ends_calls = false;
    bool is_read = seat_put(keeping, &seat, keeping->seat_changed);
    const struct calls_seat *own = is_read ? seat_find(&keeping->asking->answer, keeping->log->name) : NULL;
    /* The answer to one before may have been lost. */
    if (own && !keeping->asking->answer.is_done && memcmp(own->seat.nonce, keeping->log->calls.nonce, LOG_NONCE_SIZE) == 0)
        seat_put(keeping, &seat, own->changed);
}

/* Trimming. */

/* With the lock held: does this worker trim now? */
static bool trims_now(const struct keeping *keeping, bool is_pressed)
{
    const struct log_etcd *log = keeping->log;
    int64_t now_ms = clock_steady_ms();
    bool is_due = keeping->trim_ms <= now_ms && trim_is_due(&log->trim, &log->term.applied, now_ms, log->quota_bytes);
    return term_leads(&log->term, now_ms) && (is_pressed || is_due);
}

static void trim(struct keeping *keeping, bool is_pressed)
{
    struct log_etcd *log = keeping->log;
    struct asking *asking = keeping->asking;
    struct order_place applied[CALLS_SEATS_MAX];
    bool is_read;
    pthread_mutex_lock(&log->mutex);
    bool trims = trims_now(keeping, is_pressed);
    uint64_t term = log->term.term;
    pthread_mutex_unlock(&log->mutex);
    if (!trims)
        return;
    keeping->trim_ms = clock_steady_ms() + TRIM_PAUSE_MS;
    if (!seats_read(keeping) || !asking->answer.has_head)
        return;
    struct order_place head = asking->answer.head;
    for (size_t i = 0; i < asking->answer.seat_count; i++)
        applied[i] = asking->answer.seats[i].seat.place;
    pthread_mutex_lock(&log->mutex);
    uint64_t floor = trim_floor(&log->trim, &head, applied, asking->answer.seat_count, log->quota_bytes);
    pthread_mutex_unlock(&log->mutex);
    arena_reset(asking->arena);
    log_etcd_ask(log, asking, calls_trim(&log->calls, term, floor, asking->arena), CALL_MS, &is_read);
    if (!is_read || !asking->answer.is_done)
        return;
    int64_t revision = asking->answer.revision;
    pthread_mutex_lock(&log->mutex);
    trim_done(&log->trim, &head, floor, clock_steady_ms());
    pthread_mutex_unlock(&log->mutex);
    /* What was superseded up to the trim before: watches and pages that are a little behind still find what they want. */
    if (keeping->trim_revision > 0)
        etcd_compact(asking->etcd, keeping->trim_revision, false, COMPACT_MS);
    keeping->trim_revision = revision;
}

/* etcd's files. */

static void alarms_look(struct keeping *keeping)
{
    Etcdserverpb__AlarmRequest request = ETCDSERVERPB__ALARM_REQUEST__INIT;
    Etcdserverpb__AlarmResponse *alarms = NULL;
    arena_reset(keeping->asking->arena);
    if (etcd_alarm(keeping->asking->etcd, &request, CALL_MS, keeping->asking->arena, &alarms).fate != ETCD_ANSWERED)
        return; /* it is as it was */
    keeping->alarmed_count = 0;
    for (size_t i = 0; i < alarms->n_alarms && keeping->alarmed_count < ALARM_MEMBERS_MAX; i++)
        if (alarms->alarms[i]->alarm == ETCDSERVERPB__ALARM_TYPE__NOSPACE)
            keeping->alarmed[keeping->alarmed_count++] = alarms->alarms[i]->memberid;
}

/* Each by its own name: to nobody in particular means nobody. */
static void alarms_disarm(struct keeping *keeping)
{
    for (size_t i = 0; i < keeping->alarmed_count; i++) {
        Etcdserverpb__AlarmRequest request = ETCDSERVERPB__ALARM_REQUEST__INIT;
        Etcdserverpb__AlarmResponse *response = NULL;
        request.action = ETCDSERVERPB__ALARM_REQUEST__ALARM_ACTION__DEACTIVATE;
        request.alarm = ETCDSERVERPB__ALARM_TYPE__NOSPACE;
        request.memberid = keeping->alarmed[i];
        arena_reset(keeping->asking->arena);
        etcd_alarm(keeping->asking->etcd, &request, CALL_MS, keeping->asking->arena, &response);
    }
}

/* @looks: in a row. */
static bool is_unreached(const struct member *member, uint64_t looks)
{
    return !member->answers && member->missed >= looks;
}

static bool has_not_forgotten(const struct member *member, uint64_t number)
{
    return member->forgotten < number;
}

/* While they are asked, it is not silent itself, and goes on reading. */
static void members_between(void *context)
{
    struct keeping *keeping = context;
    seat_keep(keeping);
    seats_look(keeping);
}

/* How the members are, and what that means for commands: true, they are not taken. */
static bool members_see(struct keeping *keeping)
{
    struct log_etcd *log = keeping->log;
    struct members *members = &keeping->members;
    members_look(members, keeping->asking->etcd, keeping->asking->arena);
    alarms_look(keeping);
    uint64_t used_bytes = members_used_bytes(members);
    pthread_mutex_lock(&log->mutex);
    struct log_members *told = &log->status.members;
    log->is_out_of_space = keeping->alarmed_count > 0;
    log->is_full = log->is_out_of_space || trim_is_above(used_bytes, log->quota_bytes, TRIM_FULL_PERCENT);
    log->status.used_bytes = used_bytes;
    told->count = members->count + members->more;
    members_name(members, is_unreached, MEMBER_MISSED_MOST, told->unreached);
    members_differ(members, told->unnamed, told->strays);
    told->forgotten = members_forgotten(members);
    bool is_full = log->is_full;
    pthread_mutex_unlock(&log->mutex);
    return is_full;
}

static int64_t revision_now(struct keeping *keeping)
{
    return seats_read(keeping) ? keeping->asking->answer.revision : 0;
}

/* One member after the other, whoever leads etcd last: a member does nothing else meanwhile. */
static void members_each(struct keeping *keeping, void (*visit)(struct keeping *keeping, size_t member, uint64_t what), uint64_t what)
{
    struct members *members = &keeping->members;
    for (int leads = 0; leads <= 1; leads++)
        for (size_t i = 0; i < members->count && !keeping->log->is_stopping; i++)
            if (members->rows[i].answers && members->rows[i].leads == (leads == 1)) {
                members_between(keeping);
                visit(keeping, i, what);
            }
}

/* Is there any whose file may become smaller? */
static bool has_room_due(const struct keeping *keeping, const struct member *member)
{
    bool is_above = trim_is_above(member->used_bytes, keeping->log->quota_bytes, TRIM_ALARM_PERCENT);
    return member->answers && (keeping->alarmed_count > 0 || (member->room_ms <= clock_steady_ms() && is_above));
}

static void member_make_room(struct keeping *keeping, size_t at, uint64_t unused)
{
    struct member *member = &keeping->members.rows[at];
    (void) unused;
    if (!has_room_due(keeping, member))
        return;
    bool is_done = members_defragment(&keeping->members, at, keeping->asking->etcd, DEFRAGMENT_MS).fate == ETCD_ANSWERED;
    member->room_ms = clock_steady_ms() + ROOM_EVERY_MS;
    member->answers = is_done;
}

/* Forget what was superseded, give the room back, and only then disarm. */
static void make_room(struct keeping *keeping)
{
    struct log_etcd *log = keeping->log;
    char unreached[LOG_MEMBERS_TEXT];
    trim(keeping, true);
    int64_t revision = revision_now(keeping);
    if (revision == 0)
        return;
    etcd_compact(keeping->asking->etcd, revision, true, COMPACT_MS);
    members_each(keeping, member_make_room, 0);
    members_name(&keeping->members, is_unreached, 0, unreached);
    if (!log->is_stopping)
        alarms_disarm(keeping);
    members_see(keeping);
    pthread_mutex_lock(&log->mutex);
    log->status.members.rooms++;
    memcpy(log->status.members.room_unreached, unreached, sizeof(unreached));
    pthread_mutex_unlock(&log->mutex);
}

/* What is dropped stays in a member's file until the member has removed it, and the file is written anew. A compaction is over where
 * one that was asked of the member itself has been answered: it takes them one after the other. Our seat, put once more, makes a
 * revision that was not compacted yet. */
static void member_forget(struct keeping *keeping, size_t at, uint64_t number)
{
    struct etcd *etcd = keeping->asking->etcd;
    struct members *members = &keeping->members;
    if (members->rows[at].forgotten >= number)
        return;
    keeping->seat_ms = 0;
    seat_keep(keeping);
    int64_t revision = revision_now(keeping);
    if (revision != 0 && members_compact_at(members, at, etcd, revision, COMPACT_MS).fate == ETCD_ANSWERED &&
        members_defragment(members, at, etcd, DEFRAGMENT_MS).fate == ETCD_ANSWERED)
        members->rows[at].forgotten = number;
}

/* Also of a member that came later: it had all that the others had. */
static void forget_keep(struct keeping *keeping)
{
    struct log_etcd *log = keeping->log;
    pthread_mutex_lock(&log->mutex);
    uint64_t forget = log->trim.forget;
    bool is_dropped = log->trim.trimmed >= forget && term_leads(&log->term, clock_steady_ms());
    pthread_mutex_unlock(&log->mutex);
    bool is_done = keeping->members.count > 0 && members_forgotten(&keeping->members) >= forget;
    if (forget == 0 || is_done || !is_dropped || keeping->forget_ms > clock_steady_ms())
        return;
    members_see(keeping);
    members_each(keeping, member_forget, forget);
    keeping->forget_ms = clock_steady_ms() + FORGET_EVERY_MS;
    pthread_mutex_lock(&log->mutex);
    struct log_members *told = &log->status.members;
    told->forget = forget;
    told->forgotten = members_forgotten(&keeping->members);
    members_name(&keeping->members, has_not_forgotten, forget, told->not_forgotten);
    pthread_mutex_unlock(&log->mutex);
}

static void quota_keep(struct keeping *keeping)
{
    struct log_etcd *log = keeping->log;
    int64_t now_ms = clock_steady_ms();
    pthread_mutex_lock(&log->mutex);
    bool leads = term_leads(&log->term, now_ms), is_told = log->is_out_of_space;
    pthread_mutex_unlock(&log->mutex);
    if (is_told && keeping->repair_ms == 0)
        keeping->repair_ms = now_ms + (leads ? 0 : randombytes_uniform(REPAIR_MOST_MS));
    bool is_repair = keeping->repair_ms != 0 && keeping->repair_ms <= now_ms && keeping->space_ms <= now_ms;
    if (!is_repair && keeping->status_ms > now_ms)
        return;
    bool is_full = members_see(keeping), is_out_of_space = keeping->alarmed_count > 0;
    bool is_due = false, is_soon = is_full;
    for (size_t i = 0; i < keeping->members.count; i++) {
        const struct member *member = &keeping->members.rows[i];
        is_due = is_due || has_room_due(keeping, member);
        is_soon = is_soon || (member->missed > 0 && member->missed < MEMBER_MISSED_MOST);
    }
    keeping->status_ms = now_ms + (is_soon ? STATUS_SOON_MS : STATUS_EVERY_MS);
    keeping->repair_ms = is_out_of_space ? keeping->repair_ms : 0;
    if (!is_due || !is_full || (is_out_of_space ? !is_repair : !leads))
        return;
    make_room(keeping);
    keeping->space_ms = clock_steady_ms() + SPACE_EVERY_MS;
}

void *log_etcd_keep(void *argument)
{
    struct log_etcd *log = argument;
    struct etcd_options options = log->options.etcd;
    struct keeping keeping = {.log = log, .asking = &log->keep, .members.options = &options};
    options.stop = &log->ends_calls;
    keeping.members.between = members_between;
    keeping.members.context = &keeping;
    for (int64_t until_ms = clock_steady_ms();; until_ms = clock_steady_ms() + TURN_MS) {
        pthread_mutex_lock(&log->mutex);
        while (!log->is_stopping && clock_steady_ms() < until_ms && !trims_now(&keeping, false))
            waiting_until(&log->changed, &log->mutex, until_ms);
        bool is_stopping = log->is_stopping, is_opened = log->is_opened;
        pthread_mutex_unlock(&log->mutex);
        if (is_stopping)
            break;
        if (!is_opened)
            continue;
        seat_keep(&keeping);
        if (keeping.is_free && !keeping.has_seat)
            seat_keep(&keeping);
        seats_look(&keeping);
        trim(&keeping, false);
        forget_keep(&keeping);
        quota_keep(&keeping);
    }
    members_release(&keeping.members);
    seat_leave(&keeping);
    return NULL;
}
