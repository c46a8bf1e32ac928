/* The thread that keeps the log short and etcd under its quota; between that it keeps this worker's seat. */
#include <sodium.h>

#include "worker/clock.h"
#include "worker/log/log_etcd_seat.h"
#include "worker/log/members.h"
#include "worker/log/waiting.h"

enum {
    TURN_MS = 250,
    TRIM_PAUSE_MS = 20, /* also where etcd does not answer */
    STATUS_EVERY_MS = 10 * 1000,
    STATUS_SOON_MS = 1000,     /* where nothing can be recorded until there is room, or one did not answer */
    ROOM_EVERY_MS = 60 * 1000, /* a file is written anew so often at most: what did not help, will not now */
    SPACE_EVERY_MS = 5000,     /* but where etcd takes nothing any more */
    DEFRAGMENT_MS = 60 * 1000,
    COMPACT_MS = 10 * 1000,
    FORGET_EVERY_MS = 10 * 1000, /* members that did not answer are asked again, and files written anew */
    CATCH_UP_MOST_MS = 60 * 1000, /* one that does not catch up by then may lack room */
    REPAIR_MOST_MS = 3000,       /* out of space anybody makes room, after so long at most, by chance */
    ALARM_MEMBERS_MAX = 16,
};

struct keeping {
    struct log_etcd *log;
    struct asking *asking;
    struct seat_keeping seat;
    int64_t status_ms, repair_ms;
    int64_t trim_ms;       /* not before */
    int64_t trim_revision; /* of the trim before */
    int64_t forget_ms;     /* not before */
    int64_t space_ms;      /* not before */
    int64_t catch_up_ms;   /* since when a member catches up; 0: none does */
    struct members members;
    uint64_t alarmed[ALARM_MEMBERS_MAX]; /* who have raised the alarm: out of space */
    size_t alarmed_count;
};

/* Trimming. */

/* With the lock held: does this worker trim now? */
static bool trims_now(const struct keeping *keeping, bool is_pressed)
{
    const struct log_etcd *log = keeping->log;
    int64_t now_ms = clock_steady_ms();
    bool is_due = trim_is_due(&log->trim, &log->term.applied, now_ms, log->quota_bytes);
    is_due = is_due && keeping->trim_ms <= now_ms;
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
    if (!seats_read(&keeping->seat) || !asking->answer.has_head)
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
    /* What was superseded up to the trim before: watches and pages that are a little behind still find what
     * they want. */
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
    if (etcd_alarm(keeping->asking->etcd, &request, CALL_MS, keeping->asking->arena, &alarms).fate !=
        ETCD_ANSWERED)
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
    seat_turn(&keeping->seat);
}

/* How the members are, and what that means for commands: true, they are not taken. */
static bool members_see(struct keeping *keeping)
{
    struct log_etcd *log = keeping->log;
    struct members *members = &keeping->members;
    members_look(members, keeping->asking->etcd, keeping->asking->arena);
    if (!members_catch_up(members))
        keeping->catch_up_ms = 0;
    else if (keeping->catch_up_ms == 0)
        keeping->catch_up_ms = clock_steady_ms();
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
    return seats_read(&keeping->seat) ? keeping->asking->answer.revision : 0;
}

/* One member after the other, whoever leads etcd last: a member does nothing else meanwhile. */
static void members_each(struct keeping *keeping,
                         void (*visit)(struct keeping *keeping, size_t member, uint64_t what), uint64_t what)
{
    struct members *members = &keeping->members;
    for (int leads = 0; leads <= 1; leads++)
        for (size_t i = 0; i < members->count && !keeping->log->is_stopping; i++)
            if (members->rows[i].answers && members->rows[i].leads == (leads == 1)) {
                members_between(keeping);
                visit(keeping, i, what);
            }
}

/* No file is written anew while a member is sent a snapshot. */
static bool waits_for_snapshot(const struct keeping *keeping)
{
    return keeping->catch_up_ms != 0 && clock_steady_ms() - keeping->catch_up_ms < CATCH_UP_MOST_MS;
}

/* Is there any whose file may become smaller? */
static bool has_room_due(const struct keeping *keeping, const struct member *member)
{
    bool is_above = trim_is_above(member->used_bytes, keeping->log->quota_bytes, TRIM_ALARM_PERCENT);
    return member->answers &&
           (keeping->alarmed_count > 0 || (member->room_ms <= clock_steady_ms() && is_above));
}

static void member_make_room(struct keeping *keeping, size_t at, uint64_t unused)
{
    struct member *member = &keeping->members.rows[at];
    (void) unused;
    if (!has_room_due(keeping, member))
        return;
    bool is_done =
        members_defragment(&keeping->members, at, keeping->asking->etcd, DEFRAGMENT_MS).fate == ETCD_ANSWERED;
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

/* What is dropped stays in a member's file until the member has removed it, and the file is written anew. A
 * compaction is over where one that was asked of the member itself has been answered: it takes them one after
 * the other. Our seat, put once more, makes a revision that was not compacted yet. */
static void member_forget(struct keeping *keeping, size_t at, uint64_t number)
{
    struct etcd *etcd = keeping->asking->etcd;
    struct members *members = &keeping->members;
    if (members->rows[at].forgotten >= number)
        return;
    seat_put_now(&keeping->seat);
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
    if (!waits_for_snapshot(keeping))
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
    if (!is_due || !is_full || (is_out_of_space ? !is_repair : !leads) || waits_for_snapshot(keeping))
        return;
    make_room(keeping);
    keeping->space_ms = clock_steady_ms() + SPACE_EVERY_MS;
}

void *log_etcd_keep(void *argument)
{
    struct log_etcd *log = argument;
    struct etcd_options options = log->options.etcd;
    struct keeping keeping = {.log = log, .asking = &log->keep, .members.options = &options};
    keeping.seat = (struct seat_keeping){.log = log, .asking = &log->keep};
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
        seat_turn(&keeping.seat);
        trim(&keeping, false);
        forget_keep(&keeping);
        quota_keep(&keeping);
    }
    members_release(&keeping.members);
    seat_leave(&keeping.seat);
    return NULL;
}
