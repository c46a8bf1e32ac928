/* Queries that ask to be fresh, through the service, its pool and a log of several sites: what is answered,
 * when, and what it costs. The log is the test's, and what it has beyond this store the test writes there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>

#include "core/error.h"
#include "core/machine/state.h"
#include "core/note.h"
#include "worker/pool.h"

enum { LONG_MS = 60000, QUERIES_AT_ONCE = 3, ARENA_BYTES = 16 * 1024 * 1024, MAP_BYTES = 1 << 28 };

struct fake_log {
    struct order_log log; /* first */
    pthread_mutex_t mutex;
    uint64_t last, asked;
    int code;
};

struct fixture {
    char directory[64];
    struct service service;
    struct clock clock;
    struct connection_key group_key, client_key;
    struct signing_key log_key;
    struct seal_session seal, group_seal;
    struct session_grant grant;
    uint64_t floor; /* of what is asked */
    struct fake_log log;
    struct job_pool *jobs;
    struct pool *pool;
    struct arena *arena;
};

/* ---- The log ---- */

static int fake_barrier(struct order_log *log, int timeout_ms, uint64_t *ret_number)
{
    struct fake_log *fake = (struct fake_log *) log;

    (void) timeout_ms;
    pthread_mutex_lock(&fake->mutex);
    int code = fake->code;
    fake->asked++;
    *ret_number = fake->last;
    pthread_mutex_unlock(&fake->mutex);
    return code;
}

static uint64_t asked(struct fixture *fixture)
{
    pthread_mutex_lock(&fixture->log.mutex);
    uint64_t count = fixture->log.asked;
    pthread_mutex_unlock(&fixture->log.mutex);
    return count;
}

/* ---- The store: one member, and events that are nothing but there. ---- */

static void put_member(struct fixture *fixture, const struct view *view)
{
    Comity__V1__Member member = COMITY__V1__MEMBER__INIT;
    Comity__V1__Key key = COMITY__V1__KEY__INIT;
    uint8_t row_key[1 + KEY_SIZE] = {TABLE_KEY};
    struct bytes row;

    member.number = 1;
    member.constituency = 1;
    assert_int_equal(state_put(view, fixture->arena, TABLE_MEMBER, 1, 0, &member.base), 0);
    key.key = (ProtobufCBinaryData){.len = KEY_SIZE, .data = fixture->grant.key};
    key.member = 1;
    memcpy(row_key + 1, fixture->grant.key, KEY_SIZE);
    assert_int_equal(message_pack(&key.base, fixture->arena, &row), 0);
    assert_int_equal(view_put(view, BYTES(row_key, sizeof(row_key)), row), 0);
}

static void append(struct fixture *fixture)
{
    struct event_header header = {.level = FORMAT_LEVEL, .epoch = 1, .time_ms = 1};
    struct event_part part = {.kind = COMITY__V1__PART_KIND__PART_KIND_OPEN,
                              .audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL,
                              .content = BYTES("x", 1)};
    struct store_history history;
    struct store_txn *txn;

    assert_int_equal(store_begin_write(fixture->service.store, &txn), 0);
    if (store_history_get(txn, fixture->grant.history, &history) != 0) {
        assert_int_equal(store_history_create(txn, fixture->grant.history, &history), 0);
        struct view view = store_view(txn, &history);
        put_member(fixture, &view);
    }
    header.sequence = history.head + 1;
    memcpy(header.history, history.id, HISTORY_ID_SIZE);
    event_part_hash(&part);
    event_commitment(&part, 1, header.commitment);
    assert_int_equal(store_event_append(txn, &history, &header, &part, 1), 0);
    assert_int_equal(store_commit(&txn), 0);
}

static void move_row_put(struct fixture *fixture, enum store_move_kind kind)
{
    struct store_move row = {.kind = kind, .note = BYTES("note", 4)};
    struct store_txn *txn;

    assert_int_equal(store_begin_write(fixture->service.store, &txn), 0);
    assert_int_equal(store_move_put(txn, fixture->grant.history, &row), 0);
    assert_int_equal(store_commit(&txn), 0);
}

/* ---- The service ---- */

static void service_begin(struct fixture *fixture)
{
    struct service *service = &fixture->service;
    const struct session_limits sessions = {.members = 8, .strangers = 8};
    const struct policy_rules rules = {.founding = FOUNDING_NOBODY};
    const struct job_limits jobs = {.count = 64, .bytes = SIZE_MAX / 2};
    const struct rate_limits rates = {
        .of[RATE_QUERIES] = {.per_minute = 1, .at_once = QUERIES_AT_ONCE},
        .of[RATE_CONNECTION] = {.per_minute = 1, .at_once = 1},
    };

    service->clock = &fixture->clock;
    service->group_key = &fixture->group_key;
    service->log_key = &fixture->log_key;
    service->log = &fixture->log.log;
    service->rates = rates_new(rates.of, RATE_COUNT);
    group_id(fixture->group_key.public_key, service->group);
    status_counters_init(&service->counters);
    assert_non_null(service->rates);
    assert_int_equal(session_cache_new(&sessions, &service->sessions), 0);
    assert_int_equal(policy_new(&rules, &service->policy), 0);
    assert_int_equal(job_queue_new(&service->checks), 0);
    assert_int_equal(job_queue_new(&service->commands), 0);
    assert_int_equal(outbox_new(&service->outbox), 0);
    assert_int_equal(job_pool_new(&jobs, &fixture->jobs), 0);
}

static int set_up_with(void **state, bool is_local)
{
    static const struct order_log_ops ops = {.barrier = fake_barrier};
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *temporary = getenv("TMPDIR");
    char reason[STORE_REASON_MAX];

    assert_non_null(fixture);
    snprintf(fixture->directory, sizeof(fixture->directory), "%.40s/comity-XXXXXX",
             temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->arena = arena_new(ARENA_BYTES);
    fixture->log.log.ops = &ops;
    pthread_mutex_init(&fixture->log.mutex, NULL);
    signing_key_generate(&fixture->log_key);
    connection_key_generate(&fixture->group_key);
    connection_key_generate(&fixture->client_key);
    clock_init(&fixture->clock, NULL);
    service_begin(fixture);
    struct store_options options = {
        .directory = fixture->directory, .map_limit_bytes = MAP_BYTES, .group = fixture->service.group};
    assert_int_equal(store_open(&options, &fixture->service.store, reason), 0);
    memset(fixture->grant.history, 0x5a, HISTORY_ID_SIZE);
    memset(fixture->grant.key, 1, KEY_SIZE);
    fixture->grant.until_ms = INT64_MAX;
    append(fixture);
    assert_int_equal(seal_session_client(&fixture->client_key, fixture->group_key.public_key, &fixture->seal),
                     0);
    assert_int_equal(
        seal_session_group(&fixture->group_key, fixture->client_key.public_key, &fixture->group_seal), 0);
    assert_int_equal(session_hello(fixture->service.sessions, &fixture->group_seal, &fixture->grant, 1), 0);
    if (!is_local)
        assert_int_equal(fresh_start(fixture->service.log, fixture->service.checks, &fixture->service.fresh),
                         0);
    assert_int_equal(pool_start(&fixture->service, 2, &fixture->pool), 0);
    *state = fixture;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, false);
}

static int set_up_local(void **state)
{
    return set_up_with(state, true);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    struct service *service = &fixture->service;
    char command[128];

    if (service->fresh)
        fresh_close(service->fresh);
    job_queue_close(service->checks);
    pool_join(&fixture->pool);
    fresh_join(&service->fresh);
    assert_int_equal(job_pool_in_hand(fixture->jobs), 0);
    job_pool_destroy(&fixture->jobs);
    outbox_destroy(&service->outbox);
    job_queue_destroy(&service->checks);
    job_queue_destroy(&service->commands);
    rates_destroy(&service->rates);
    policy_destroy(&service->policy);
    session_cache_destroy(&service->sessions);
    status_counters_release(&service->counters);
    store_close(&service->store);
    clock_release(&fixture->clock);
    pthread_mutex_destroy(&fixture->log.mutex);
    arena_destroy(&fixture->arena);
    snprintf(command, sizeof(command), "rm -rf '%s'", fixture->directory);
    int result = system(command);
    free(fixture);
    return result;
}

/* ---- The client ---- */

/* GetCheckpoint from a size. */
static void send_query(struct fixture *fixture, uint64_t from, bool fresh, uint32_t budget_ms)
{
    Comity__V1__Request request = COMITY__V1__REQUEST__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    Comity__V1__GetCheckpoint wanted = COMITY__V1__GET_CHECKPOINT__INIT;
    struct frame_header header = {.type = FRAME_REQUEST, .budget_ms = budget_ms};
    struct job_list list = {0};
    struct bytes plain;
    struct job *job;

    wanted.from = from;
    query.history = (ProtobufCBinaryData){.len = HISTORY_ID_SIZE, .data = fixture->grant.history};
    query.fresh = fresh;
    query.floor = fixture->floor;
    query.kind_case = COMITY__V1__QUERY__KIND_CHECKPOINT;
    query.checkpoint = &wanted;
    request.kind_case = COMITY__V1__REQUEST__KIND_QUERY;
    request.query = &query;
    assert_int_equal(message_pack(&request.base, fixture->arena, &plain), 0);
    size_t size = FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size;
    uint8_t *frame = arena_alloc(fixture->arena, size);
    assert_non_null(frame);
    memcpy(header.group, fixture->service.group, GROUP_ID_SIZE);
    seal_frame(&fixture->seal, &header, plain, frame);
    assert_int_equal(job_take(fixture->jobs, &header, BYTES(frame, size), &job), 0);
    job->arrived_ms = clock_steady_ms();
    job_list_add(&list, job);
    job_queue_push(fixture->service.checks, &list);
}

/* Waits for the next answer. Returns what an ERROR frame or a refusal says, or 0 and the answer. */
static int receive(struct fixture *fixture, const Comity__V1__Answer **ret_answer)
{
    struct pollfd ready = {.fd = outbox_fd(fixture->service.outbox), .events = POLLIN};
    struct job_list list = {0};
    struct outbox_news *news;
    struct frame_header header;
    struct bytes body;
    ProtobufCMessage *message;
    size_t count, size = 0;

    assert_int_equal(poll(&ready, 1, LONG_MS), 1);
    outbox_take(fixture->service.outbox, &list, &news, &count);
    free(news);
    assert_int_equal(list.count, 1);
    struct job *job = job_list_take(&list);
    assert_int_equal(frame_read(job->answer, &header, &body), 0);
    int code = header.error;
    if (header.type == FRAME_REPLY) {
        uint8_t *plain = arena_alloc(fixture->arena, body.size);
        assert_non_null(plain);
        assert_int_equal(seal_open(&fixture->seal, job->answer, plain, &size), 0);
        assert_int_equal(message_unpack_trusted(&comity__v1__reply__descriptor, BYTES(plain, size),
                                                fixture->arena, &message),
                         0);
        const Comity__V1__Reply *reply = (const Comity__V1__Reply *) message;
        code = reply->kind_case == COMITY__V1__REPLY__KIND_REFUSAL ? reply->refusal->code : 0;
        *ret_answer = reply->kind_case == COMITY__V1__REPLY__KIND_ANSWER ? reply->answer : NULL;
    }
    job_give(fixture->jobs, &job);
    return code;
}

static void check_answer_of(struct fixture *fixture, uint64_t as_of, bool is_fresh, bool is_moving)
{
    const Comity__V1__Answer *answer = NULL;

    assert_int_equal(receive(fixture, &answer), 0);
    assert_non_null(answer);
    assert_int_equal(answer->as_of, as_of);
    assert_int_equal(answer->is_fresh, is_fresh);
    assert_int_equal(answer->is_moving, is_moving);
}

static void check_answer(struct fixture *fixture, uint64_t as_of, bool is_fresh)
{
    check_answer_of(fixture, as_of, is_fresh, false);
}

static void check_refused(struct fixture *fixture, int code)
{
    const Comity__V1__Answer *answer = NULL;

    assert_int_equal(receive(fixture, &answer), code);
    assert_null(answer);
}

static void it_is_answered_once_the_store_has_it(void **state)
{
    struct fixture *fixture = *state;

    fixture->log.last = 8;
    fresh_applied(fixture->service.fresh, 7);
    send_query(fixture, 2, true,
               LONG_MS); /* of an event that others were told of, and that is not here yet */
    append(fixture);
    fresh_applied(fixture->service.fresh, 8);
    check_answer(fixture, 2, true);
    assert_int_equal(asked(fixture), 1);
}

static void it_is_answered_as_it_is_where_the_log_is_silent(void **state)
{
    struct fixture *fixture = *state;

    fixture->log.code = ERR_BUSY;
    send_query(fixture, 1, true, LONG_MS);
    check_answer(fixture, 1, false);
    send_query(fixture, 2, true, LONG_MS); /* which is no word on where the record ends */
    check_refused(fixture, ERR_BEHIND);
    fresh_set_cut_off(fixture->service.fresh, true);
    send_query(fixture, 1, true, LONG_MS);
    check_answer(fixture, 1, false);
    assert_int_equal(asked(fixture), 2);
}

static void it_is_answered_as_it_is_where_the_store_lags(void **state)
{
    struct fixture *fixture = *state;

    fixture->log.last = 8;
    send_query(fixture, 1, true, 400); /* three quarters of it */
    check_answer(fixture, 1, false);
}

static void whoever_does_not_ask_does_not_wait(void **state)
{
    struct fixture *fixture = *state;

    fixture->log.last = 8;
    send_query(fixture, 1, false, LONG_MS);
    check_answer(fixture, 1, false);
    send_query(fixture, 2, false, LONG_MS);
    check_refused(fixture, ERR_BEHIND);
    assert_int_equal(asked(fixture), 0);
}

static void a_range_is_refused_by_who_knows_the_end(void **state)
{
    struct fixture *fixture = *state;

    send_query(fixture, 2, true, LONG_MS);
    check_refused(fixture, ERR_RANGE);
}

static void it_is_paid_for_once(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned i = 0; i < QUERIES_AT_ONCE; i++) {
        send_query(fixture, 1, true, LONG_MS);
        check_answer(fixture, 1, true);
    }
    send_query(fixture, 1, true, LONG_MS);
    check_refused(fixture, ERR_BUSY);
    assert_int_equal(asked(fixture), QUERIES_AT_ONCE);
}

static void nobody_else_makes_the_log_be_asked(void **state)
{
    struct fixture *fixture = *state;

    memset(fixture->grant.history, 0x5b, HISTORY_ID_SIZE);
    send_query(fixture, 1, true, LONG_MS);
    check_refused(fixture, ERR_GRANT);
    assert_int_equal(asked(fixture), 0);
}

static void a_local_log_is_always_fresh(void **state)
{
    struct fixture *fixture = *state;

    send_query(fixture, 1, true, LONG_MS);
    check_answer(fixture, 1, true);
    send_query(fixture, 1, false, LONG_MS);
    check_answer(fixture, 1, false); /* nobody asked */
    send_query(fixture, 2, false, LONG_MS);
    check_refused(fixture, ERR_RANGE);
}

/* The group that it goes to may have more by now. */
static void a_frozen_history_is_never_fresh(void **state)
{
    struct fixture *fixture = *state;

    move_row_put(fixture, STORE_FROZEN);
    send_query(fixture, 1, true, LONG_MS);
    check_answer_of(fixture, 1, false, true);
    send_query(fixture, 1, false, LONG_MS); /* nobody asked */
    check_answer_of(fixture, 1, false, false);
}

static void who_has_seen_more_than_is_frozen_has_it_from_there(void **state)
{
    struct fixture *fixture = *state;

    move_row_put(fixture, STORE_FROZEN);
    send_query(fixture, 2, true, LONG_MS);
    check_refused(fixture, ERR_MOVING);
    fixture->floor = 2;
    send_query(fixture, 1, true, LONG_MS);
    check_refused(fixture, ERR_MOVING);
}

/* Which is why it is not, but where the others do not answer: then that is why. */
static void a_frozen_history_of_several_sites_is_never_fresh(void **state)
{
    struct fixture *fixture = *state;

    move_row_put(fixture, STORE_FROZEN);
    send_query(fixture, 1, true, LONG_MS);
    check_answer_of(fixture, 1, false, true);
    fresh_set_cut_off(fixture->service.fresh, true);
    send_query(fixture, 1, true, LONG_MS);
    check_answer_of(fixture, 1, false, false);
    send_query(fixture, 2, true, LONG_MS);
    check_refused(fixture, ERR_MOVING);
}

/* It is here, and was on its way elsewhere once. */
static void what_was_given_up_is_fresh(void **state)
{
    struct fixture *fixture = *state;

    move_row_put(fixture, STORE_GIVEN_UP);
    send_query(fixture, 1, true, LONG_MS);
    check_answer(fixture, 1, true);
    send_query(fixture, 2, true, LONG_MS);
    check_refused(fixture, ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_answered_once_the_store_has_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_answered_as_it_is_where_the_log_is_silent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_answered_as_it_is_where_the_store_lags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whoever_does_not_ask_does_not_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_range_is_refused_by_who_knows_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_paid_for_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_else_makes_the_log_be_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_local_log_is_always_fresh, set_up_local, tear_down),
        cmocka_unit_test_setup_teardown(a_frozen_history_is_never_fresh, set_up_local, tear_down),
        cmocka_unit_test_setup_teardown(who_has_seen_more_than_is_frozen_has_it_from_there, set_up_local,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_frozen_history_of_several_sites_is_never_fresh, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_given_up_is_fresh, set_up_local, tear_down),
    };
    return key_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
