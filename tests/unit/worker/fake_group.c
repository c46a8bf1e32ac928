#include "fake_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/error.h"
#include "fake_etcd.h"
#include "worker/log/calls.h"
#include "worker/log/entries.h"

enum {
    NUMBERS_MAX = 8192,
    BODIES_MAX = 16384,
    LATE_MAX = 512,
    PACKED_MAX = 4096,
    TIMEOUT_MS = 1000,
    ARENA_BYTES = 8 * 1024 * 1024,
    QUIET_MS = 60 * 1000,
    SEAT_MS = 500,
};

/* A request on its way: carried out at one moment, answered at another; both may never come. */
struct flight {
    bool is_there, is_refused;
    int64_t sent_ms, done_ms, answer_ms; /* done_ms: -1 once carried out */
    struct bytes packed;
    uint8_t room[PACKED_MAX];
    struct arena *arena; /* of the answer */
    Etcdserverpb__TxnResponse *response;
};

enum body_fate { BODY_NONE, BODY_OPEN, BODY_CONFIRMED, BODY_DENIED };

struct fake_worker {
    size_t index;
    bool is_down;
    int64_t stopped_until_ms, was_stopped_ms;
    struct term term;
    struct calls calls;
    struct entries *entries;
    uint64_t beats;

    struct term_step step; /* the log's own thread */
    uint32_t page;
    struct flight call;
    uint8_t *old_poll; /* an answer that may be given once more, as a read that is stale */
    size_t old_size;
    uint32_t old_page;

    uint32_t level, seats_level; /* that it knows; that all do, as it has heard */
    struct flight seat;
    int64_t seat_ms, seat_changed;

    bool is_appending; /* the writer */
    struct flight try;
    struct append append;
    uint64_t append_term, append_body;
    struct order_place before, behind;
    uint8_t id[BATCH_ID_SIZE], value[PACKED_MAX / 2];
    size_t value_size, tries;
    int64_t first_sent_ms, idle_until_ms;

    uint64_t count; /* its store: the numbers of the bodies that it has applied */
    uint64_t applied[NUMBERS_MAX];
    struct order_place place;
};

struct late {
    int64_t at_ms;
    uint8_t room[PACKED_MAX];
    size_t size;
};

struct fake_group {
    uint64_t random;
    enum fake_lack lack;
    bool is_quiet;
    int64_t now_ms;
    struct fake_etcd *etcd;
    struct arena *arena;
    uint8_t key[LOG_KEY_SIZE];
    struct fake_worker workers[FAKE_WORKERS];
    struct late late[LATE_MAX];
    size_t late_count;
    uint64_t bodies;
    enum body_fate fates[BODIES_MAX];
    uint64_t last_term;
    struct fake_group_counts counts;
    char wrong[160];
};

static uint32_t below(struct fake_group *group, uint32_t limit)
{
    group->random ^= group->random << 13;
    group->random ^= group->random >> 7;
    group->random ^= group->random << 17;
    return (uint32_t) ((group->random >> 11) % limit);
}

static bool happens(struct fake_group *group, uint32_t in_a_thousand)
{
    return !group->is_quiet && below(group, 1000) < in_a_thousand;
}

/* The network. */

static void flight_begin(struct fake_group *group, struct flight *flight,
                         const Etcdserverpb__TxnRequest *request)
{
    struct bytes packed = fake_etcd_pack(request, group->arena);
    assert_true(packed.size <= PACKED_MAX);
    memcpy(flight->room, packed.data, packed.size);
    flight->packed = BYTES(flight->room, packed.size);
    arena_reset(flight->arena);
    flight->is_there = true;
    flight->response = NULL;
    flight->sent_ms = group->now_ms;
    flight->is_refused = happens(group, 30);
    flight->done_ms = group->now_ms + 1 + below(group, 4);
    flight->answer_ms = flight->done_ms + 1 + below(group, 4);
    if (happens(group, 20)) /* the request is lost */
        flight->done_ms = INT64_MAX;
    else if (happens(group, 30)) /* it is late */
        flight->done_ms += below(group, 8000);
    if (happens(group, 30) || flight->answer_ms > flight->sent_ms + TIMEOUT_MS ||
        flight->done_ms > flight->answer_ms)
        flight->answer_ms = INT64_MAX;
    if (flight->is_refused) {
        flight->done_ms = INT64_MAX;
        flight->answer_ms = group->now_ms + 1;
    }
}

static void flight_carry_out(struct fake_group *group, struct flight *flight)
{
    if (!flight->is_there || flight->done_ms < 0 || flight->done_ms > group->now_ms)
        return;
    flight->done_ms = -1;
    if (!fake_etcd_txn(group->etcd, flight->packed, flight->arena, &flight->response))
        flight->response = NULL;
}

/* Nobody waits for it any more; it may arrive yet. */
static void flight_leave(struct fake_group *group, struct flight *flight)
{
    if (flight->is_there && flight->done_ms >= 0 && flight->done_ms != INT64_MAX) {
        assert_true(group->late_count < LATE_MAX);
        struct late *late = &group->late[group->late_count++];
        late->at_ms = flight->done_ms;
        late->size = flight->packed.size;
        memcpy(late->room, flight->room, late->size);
    }
    flight->is_there = false;
}

static void late_arrive(struct fake_group *group)
{
    Etcdserverpb__TxnResponse *response;
    for (size_t i = group->late_count; i-- > 0;) {
        if (group->late[i].at_ms > group->now_ms)
            continue;
        arena_reset(group->arena);
        fake_etcd_txn(group->etcd, BYTES(group->late[i].room, group->late[i].size), group->arena, &response);
        group->late[i] = group->late[--group->late_count];
        group->counts.late++;
    }
}

/* True once the answer is there, or its time is over; NULL: the second. */
static bool flight_end(struct fake_group *group, struct flight *flight,
                       Etcdserverpb__TxnResponse **ret_response)
{
    bool is_over = group->now_ms >= flight->sent_ms + TIMEOUT_MS;
    if (!flight->is_there || (!is_over && flight->answer_ms > group->now_ms))
        return false;
    *ret_response = flight->answer_ms <= group->now_ms ? flight->response : NULL;
    flight_leave(group, flight);
    return true;
}

/* The log's own thread. */

static void lease_call(struct fake_group *group, struct fake_worker *worker, const struct term_step *step)
{
    int64_t until_ms = group->now_ms + TERM_LEASE_S * 1000;
    struct term_seen seen = {.is_answered = !happens(group, 30)};
    if (seen.is_answered && step->call == TERM_GRANT)
        seen.is_done = fake_etcd_grant(group->etcd, worker->calls.lease, until_ms) ||
                       true; /* there already is as good */
    else if (seen.is_answered)
        seen.is_done = fake_etcd_renew(group->etcd, worker->calls.lease, until_ms);
    term_answered(&worker->term, step, &seen, group->now_ms, group->now_ms, below(group, UINT32_MAX));
}

static void call_begin(struct fake_group *group, struct fake_worker *worker)
{
    uint32_t page = entries_page(worker->entries);
    struct term_step step = term_next(&worker->term, group->now_ms, page > 0);
    if (step.call == TERM_WAIT)
        return;
    if (step.call == TERM_GRANT || step.call == TERM_RENEW) {
        lease_call(group, worker, &step);
        return;
    }
    struct calls_more more = {.beats = ++worker->beats, .taken = worker->term.taken.number, .page = page};
    arena_reset(group->arena);
    worker->step = step;
    worker->page = page;
    flight_begin(group, &worker->call, calls_step(&worker->calls, &step, &more, group->arena));
}

/* A plain read may be of a moment ago. */
static Etcdserverpb__TxnResponse *poll_or_older(struct fake_group *group, struct fake_worker *worker,
                                                Etcdserverpb__TxnResponse *response)
{
    if (worker->old_poll && happens(group, 20)) {
        worker->page = worker->old_page;
        group->counts.stale++;
        return etcdserverpb__txn_response__unpack(arena_allocator(worker->call.arena), worker->old_size,
                                                  worker->old_poll);
    }
    free(worker->old_poll);
    worker->old_size = etcdserverpb__txn_response__get_packed_size(response);
    worker->old_poll = malloc(worker->old_size + 1);
    assert_non_null(worker->old_poll);
    etcdserverpb__txn_response__pack(response, worker->old_poll);
    worker->old_page = worker->page;
    return response;
}

static void call_answered(struct fake_group *group, struct fake_worker *worker,
                          Etcdserverpb__TxnResponse *response)
{
    static struct calls_answer answer;
    struct term_seen seen;
    if (response && worker->step.call == TERM_POLL)
        response = poll_or_older(group, worker, response);
    if (response)
        assert_int_equal(calls_read(&worker->calls, response, &answer), 0);
    calls_seen(&worker->calls, response ? &answer : NULL, &seen);
    term_answered(&worker->term, &worker->step, &seen, worker->call.sent_ms, group->now_ms,
                  below(group, UINT32_MAX));
    if (response && worker->step.call == TERM_POLL)
        assert_int_equal(entries_take(worker->entries, &answer, worker->page, &worker->term), 0);
    if (!response)
        entries_page_failed(worker->entries);
    if (worker->term.state == TERM_LEADS && worker->term.term > group->last_term) {
        group->last_term = worker->term.term;
        group->counts.terms++;
    }
}

/* The writer. */

static void wrong(struct fake_group *group, const char *what, const struct fake_worker *worker,
                  uint64_t number)
{
    if (group->wrong[0] == '\0')
        snprintf(group->wrong, sizeof(group->wrong), "%s: worker %zu, entry %llu, at %lld ms", what,
                 worker->index, (unsigned long long) number, (long long) group->now_ms);
}

static void store_put(struct fake_group *group, struct fake_worker *worker, uint64_t body,
                      const struct order_place *place)
{
    if (place->number != worker->count + 1 || worker->count == NUMBERS_MAX - 1) {
        wrong(group, "a gap", worker, place->number);
        return;
    }
    if (place->level > worker->level)
        wrong(group, "an entry of a level that the worker does not know", worker, place->number);
    if (place->level < worker->place.level)
        wrong(group, "an entry of a lower level than the one before", worker, place->number);
    group->counts.raised += worker->count > 0 && place->level > worker->place.level;
    worker->applied[++worker->count] = body;
    worker->place = *place;
}

static void try_begin(struct fake_group *group, struct fake_worker *worker)
{
    arena_reset(group->arena);
    Etcdserverpb__TxnRequest *request = calls_append(&worker->calls, worker->append_term, &worker->before,
                                                     BYTES(worker->value, worker->value_size), group->arena);
    if (group->lack == LACKS_HEAD)
        request->n_compare = 1;
    if (group->lack == LACKS_COMPARISON)
        request->n_compare = 0;
    worker->tries++;
    flight_begin(group, &worker->try, request);
}

static uint32_t level_of(const struct fake_group *group, const struct fake_worker *worker)
{
    if (group->lack == LACKS_SEATS)
        return worker->level;
    return worker->seats_level > worker->place.level ? worker->seats_level : worker->place.level;
}

static void append_begin(struct fake_group *group, struct fake_worker *worker)
{
    struct sealed_header header = {
        .term = worker->term.term, .level = level_of(group, worker), .before = worker->place};
    uint8_t body[8];
    struct bytes value;
    if (group->bodies == BODIES_MAX - 1 ||
        term_append(&worker->term, worker->place.number + 1, group->now_ms) != 0)
        return;
    worker->append_body = ++group->bodies;
    group->fates[worker->append_body] = BODY_OPEN;
    put_u64(body, worker->append_body);
    put_u64(worker->id, worker->append_body);
    memcpy(header.id, worker->id, BATCH_ID_SIZE);
    arena_reset(group->arena);
    assert_int_equal(sealed_make(group->key, &header, BYTES(body, sizeof(body)), group->arena, &value), 0);
    memcpy(worker->value, value.data, value.size);
    worker->value_size = value.size;
    worker->append_term = header.term;
    worker->before = worker->place;
    worker->behind = place_behind(&worker->before, value);
    worker->append = (struct append){0};
    worker->tries = 0;
    worker->is_appending = true;
    worker->first_sent_ms = group->now_ms;
    try_begin(group, worker);
}

static void append_deny(struct fake_group *group, struct fake_worker *worker, bool is_over)
{
    term_lost(&worker->term, worker->append_term, is_over);
    group->fates[worker->append_body] = BODY_DENIED;
    group->counts.refused += is_over;
    group->counts.given_up += !is_over;
    group->counts.woken += is_over && worker->was_stopped_ms >= worker->first_sent_ms;
    worker->is_appending = false;
}

static void append_answered(struct fake_group *group, struct fake_worker *worker,
                            Etcdserverpb__TxnResponse *response)
{
    static struct calls_answer answer;
    struct append_seen seen = {.answer = worker->try.is_refused ? APPEND_REFUSED : APPEND_OPEN};
    if (response) {
        assert_int_equal(calls_read(&worker->calls, response, &answer), 0);
        calls_seen_append(&answer, worker->append_term, worker->id, &worker->before, &worker->behind, &seen);
    }
    switch (append_judge(&worker->append, &seen)) {
    case APPEND_EXECUTED:
        term_appended(&worker->term, worker->append_term, &worker->behind, worker->first_sent_ms);
        store_put(group, worker, worker->append_body, &worker->behind);
        group->fates[worker->append_body] = BODY_CONFIRMED;
        group->counts.appended++;
        group->counts.by_later += worker->tries > 1;
        worker->is_appending = false;
        break;
    case APPEND_NOT_EXECUTED:
        append_deny(group, worker, true);
        break;
    case APPEND_GIVE_UP:
        append_deny(group, worker, false);
        break;
    case APPEND_AGAIN:
        try_begin(group, worker);
        break;
    case APPEND_UNKNOWABLE:
        wrong(group, "an append whose fate cannot be known", worker, worker->behind.number);
        worker->is_appending = false;
        break;
    }
}

static void apply_next(struct fake_group *group, struct fake_worker *worker)
{
    struct order_entry entry;
    arena_reset(group->arena);
    int code = entries_next(worker->entries, group->key, worker->place.number, group->arena, &entry);
    if (code == ERR_NOT_FOUND)
        return;
    if (code != 0) {
        wrong(group, "an entry that does not open", worker, worker->place.number + 1);
        return;
    }
    store_put(group, worker, get_u64(entry.batch.body.data), &entry.place);
    term_applied(&worker->term, &entry.place);
}

static void writer_step(struct fake_group *group, struct fake_worker *worker)
{
    Etcdserverpb__TxnResponse *response;
    flight_carry_out(group, &worker->try);
    if (worker->is_appending) {
        if (flight_end(group, &worker->try, &response))
            append_answered(group, worker, response);
        return;
    }
    if (worker->idle_until_ms > group->now_ms)
        return;
    worker->idle_until_ms = group->now_ms + below(group, 40);
    apply_next(group, worker);
    bool leads = group->lack == LACKS_COMPARISON ? worker->term.state == TERM_LEADS
                                                 : term_leads(&worker->term, group->now_ms);
    if (leads && !group->is_quiet)
        append_begin(group, worker);
}

/* Seats: who knows which level. */

static struct log_seat seat_of(const struct fake_worker *worker)
{
    struct log_seat seat = {.level = worker->level, .place = worker->place};
    memcpy(seat.nonce, worker->calls.nonce, LOG_NONCE_SIZE);
    return seat;
}

static void seat_answered(struct fake_worker *worker, const Etcdserverpb__TxnResponse *response)
{
    static struct calls_answer answer;
    assert_int_equal(calls_read(&worker->calls, response, &answer), 0);
    worker->seats_level = calls_level(&answer, worker->level);
    for (size_t i = 0; i < answer.seat_count; i++)
        if (strcmp(answer.seats[i].name, worker->calls.name) == 0)
            worker->seat_changed = answer.seats[i].changed;
}

static void seat_step(struct fake_group *group, struct fake_worker *worker)
{
    Etcdserverpb__TxnResponse *response;
    if (worker->seat.is_there && flight_end(group, &worker->seat, &response)) {
        worker->seat_ms = group->now_ms + SEAT_MS;
        if (response)
            seat_answered(worker, response);
    } else if (!worker->seat.is_there && worker->seat_ms <= group->now_ms) {
        struct log_seat seat = seat_of(worker);
        arena_reset(group->arena);
        flight_begin(group, &worker->seat,
                     calls_seat(&worker->calls, &seat, worker->seat_changed, group->arena));
    }
}

/* It has joined: its seat was there before it was. */
static void seat_first(struct fake_group *group, const struct fake_worker *worker)
{
    struct log_seat seat = seat_of(worker);
    uint8_t value[SEAT_SIZE];
    char key[CALLS_KEY_MAX];
    seat_write(&seat, value);
    snprintf(key, sizeof(key), "%sapplied/%s", worker->calls.prefix, worker->calls.name);
    fake_etcd_put(group->etcd, key, BYTES(value, sizeof(value)));
}

/* Workers come, stop and go. */

static void worker_start(struct fake_group *group, struct fake_worker *worker)
{
    uint8_t nonce[LOG_NONCE_SIZE] = {0}, id[GROUP_ID_SIZE] = {1};
    char name[16];
    put_u64(nonce, ++group->counts.restarts);
    snprintf(name, sizeof(name), "worker-%zu", worker->index);
    calls_init(&worker->calls, id, name, nonce, (int64_t) group->counts.restarts);
    worker->calls.cluster = FAKE_CLUSTER;
    term_init(&worker->term, &worker->place, group->now_ms);
    entries_destroy(&worker->entries);
    assert_int_equal(entries_new(&worker->entries), 0);
    free(worker->old_poll);
    worker->old_poll = NULL;
    worker->is_appending = false;
    worker->is_down = false;
    worker->seats_level = 1;
    worker->seat_changed = worker->seat_ms = 0;
}

/* A body whose sender dies before it hears of it: nobody was told anything. The next version is installed
 * meanwhile. */
static void worker_die(struct fake_group *group, struct fake_worker *worker)
{
    flight_leave(group, &worker->call);
    flight_leave(group, &worker->try);
    flight_leave(group, &worker->seat);
    worker->level = 2;
    if (worker->is_appending)
        group->fates[worker->append_body] = BODY_NONE;
    worker->is_down = true;
    worker->stopped_until_ms = group->now_ms + below(group, 3000);
}

static void worker_step(struct fake_group *group, struct fake_worker *worker)
{
    Etcdserverpb__TxnResponse *response;
    flight_carry_out(group, &worker->call);
    flight_carry_out(group, &worker->try);
    flight_carry_out(group, &worker->seat);
    if (worker->stopped_until_ms > group->now_ms)
        return;
    if (worker->is_down)
        worker_start(group, worker);
    if (below(group, 20000) == 0 && !group->is_quiet) {
        worker->stopped_until_ms = group->now_ms + below(group, 6000);
        worker->was_stopped_ms = group->now_ms;
        return;
    }
    if (below(group, 60000) == 0 && !group->is_quiet) {
        worker_die(group, worker);
        return;
    }
    if (!worker->call.is_there)
        call_begin(group, worker);
    else if (flight_end(group, &worker->call, &response))
        call_answered(group, worker, response);
    writer_step(group, worker);
    seat_step(group, worker);
}

/* The group. */

struct fake_group *fake_group_new(uint64_t seed, enum fake_lack lack)
{
    struct fake_group *group = calloc(1, sizeof(*group));
    const uint8_t secret[CONNECTION_SECRET_SIZE] = {7};
    uint8_t head[PLACE_SIZE];
    char key[CALLS_KEY_MAX];
    assert_non_null(group);
    group->random = seed * 2 + 1;
    group->lack = lack;
    group->now_ms = 100000;
    group->etcd = fake_etcd_new();
    group->arena = arena_new(ARENA_BYTES);
    sealed_key_derive(secret, group->key);
    for (size_t i = 0; i < FAKE_WORKERS; i++) {
        struct fake_worker *worker = &group->workers[i];
        worker->index = i;
        worker->call.arena = arena_new(ARENA_BYTES);
        worker->try.arena = arena_new(ARENA_BYTES);
        worker->seat.arena = arena_new(ARENA_BYTES);
        worker->level = 1 + below(group, 2);
        worker_start(group, worker);
        seat_first(group, worker);
    }
    place_write(&(struct order_place){0}, head);
    snprintf(key, sizeof(key), "%shead", group->workers[0].calls.prefix);
    fake_etcd_put(group->etcd, key, BYTES(head, sizeof(head)));
    return group;
}

void fake_group_destroy(struct fake_group **group)
{
    for (size_t i = 0; i < FAKE_WORKERS; i++) {
        entries_destroy(&(*group)->workers[i].entries);
        free((*group)->workers[i].old_poll);
        arena_destroy(&(*group)->workers[i].call.arena);
        arena_destroy(&(*group)->workers[i].try.arena);
        arena_destroy(&(*group)->workers[i].seat.arena);
    }
    fake_etcd_destroy(&(*group)->etcd);
    arena_destroy(&(*group)->arena);
    free(*group);
    *group = NULL;
}

void fake_group_run(struct fake_group *group, int64_t time_ms)
{
    int64_t end_ms = group->now_ms + time_ms;
    for (; group->now_ms < end_ms + QUIET_MS; group->now_ms++) {
        group->is_quiet = group->now_ms >= end_ms;
        fake_etcd_pass(group->etcd, group->now_ms);
        late_arrive(group);
        for (size_t i = 0; i < FAKE_WORKERS; i++)
            worker_step(group, &group->workers[i]);
    }
}

static void check_body(struct fake_group *group, uint64_t body)
{
    const struct fake_worker *worker = &group->workers[0];
    size_t times = 0;
    for (uint64_t n = 1; n <= worker->count; n++)
        times += worker->applied[n] == body;
    if (times > 1)
        wrong(group, "an entry that is there twice", worker, body);
    if (times == 0 && group->fates[body] == BODY_CONFIRMED)
        wrong(group, "an entry that was confirmed is not there", worker, body);
    if (times > 0 && group->fates[body] == BODY_DENIED)
        wrong(group, "an entry is there that was said not to be", worker, body);
    if (group->fates[body] == BODY_OPEN)
        wrong(group, "an append that never ended", worker, body);
}

const char *fake_group_check(struct fake_group *group)
{
    const struct fake_worker *first = &group->workers[0];
    for (size_t i = 0; i < FAKE_WORKERS; i++) {
        const struct fake_worker *worker = &group->workers[i];
        if (worker->term.fault)
            wrong(group, error_name(worker->term.fault), worker, worker->count);
        if (worker->count != first->count)
            wrong(group, "another length", worker, worker->count);
        for (uint64_t n = 1; n <= worker->count && n <= first->count; n++)
            if (worker->applied[n] != first->applied[n])
                wrong(group, "two entries with one number", worker, n);
    }
    for (uint64_t body = 1; body <= group->bodies; body++)
        check_body(group, body);
    return group->wrong[0] ? group->wrong : NULL;
}

struct fake_group_counts fake_group_counts(const struct fake_group *group)
{
    return group->counts;
}
