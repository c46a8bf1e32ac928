/* Rates of frames in the router: who is told to wait, who is cut, and whom a worker knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/router.h"
#include "core/error.h"

static const uint8_t LABOUR[GROUP_ID_SIZE] = {7};

enum { NORTH = 11, ONE_MS = 100, REFUSED = 2048, LARGE = FRAME_HEADER_SIZE + 3 * 4096 };

static const struct router_limits LIMITS = {
    .pending = 1000,
    .client_pending = 1000,
    .pending_bytes = 1 << 30,
    .share_bytes = 1 << 30,
    .worker_window = 10000,
    .clients = 10,
    .subscriptions = 1000,
    .client_subscriptions = 200,
    .budget_most_ms = 1000,
    .worker_silence_ms = 100000,
    .client_silence_ms = 100000,
    .rates = {[RATE_STRANGER] = {600, 10}, [RATE_CLIENT] = {6000, 100}, [RATE_ADDRESS] = {600, 25}},
};

struct setup {
    struct admission admission;
    struct admission_worker worker;
    struct router *router;
    struct actions out;
    int64_t now_ms;
    uint64_t request;
    const struct address *address;
};

static void give(struct setup *setup, enum side side, uint8_t number, const struct frame_header *header,
                 size_t size)
{
    static uint8_t frame[LARGE];
    char key[PEER_KEY_DIGITS + 1];
    const uint8_t bytes[KEY_SIZE] = {number};
    const struct peer_id from = {.size = 1, .bytes = {number}};
    hex_encode(BYTES(bytes, KEY_SIZE), key);
    frame_header_write(header, frame);
    const struct router_input input = {
        .from = &from, .connection = number, .key = key, .address = setup->address, .frame = BYTES(frame, size)};
    setup->out.count = 0;
    if (side == SIDE_FRONT)
        router_front(setup->router, &input, setup->now_ms, &setup->out);
    else
        router_back(setup->router, &input, setup->now_ms, &setup->out);
}

static int setup_make(void **state)
{
    struct setup *setup = calloc(1, sizeof(*setup));
    setup->worker = (struct admission_worker){.name = "north", .key = {NORTH}};
    setup->admission = (struct admission){.workers = &setup->worker, .worker_count = 1};
    setup->now_ms = 1000;
    *state = setup;
    assert_int_equal(router_new(&LIMITS, &setup->admission, 77, &setup->router), 0);
    struct frame_header ready = {.type = FRAME_READY, .term = 1, .sequence = 10000};
    memcpy(ready.group, LABOUR, GROUP_ID_SIZE);
    give(setup, SIDE_BACK, NORTH, &ready, FRAME_HEADER_SIZE);
    return 0;
}

static int setup_end(void **state)
{
    struct setup *setup = *state;
    actions_release(&setup->out);
    router_destroy(&setup->router);
    free(setup);
    return 0;
}

static const struct action *send_frame(struct setup *setup, uint8_t client, uint8_t type, size_t size)
{
    struct frame_header header = {
        .type = type, .request = ++setup->request, .budget_ms = 800, .history = {1}, .sequence = 1};
    memcpy(header.group, LABOUR, GROUP_ID_SIZE);
    give(setup, SIDE_FRONT, client, &header, size);
    return setup->out.count > 0 ? &setup->out.at[0] : NULL;
}

static bool is_busy(const struct action *action)
{
    return action && action->kind == ACTION_SEND && action->header.type == FRAME_ERROR &&
           action->header.error == ERR_BUSY;
}

/* How many of @count requests went on to the worker, and how many were told to wait. */
static unsigned passed(struct setup *setup, uint8_t client, unsigned count, unsigned *ret_busy)
{
    unsigned through = 0;
    *ret_busy = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct action *action = send_frame(setup, client, FRAME_REQUEST, FRAME_HEADER_SIZE);
        through += action && action->kind == ACTION_FORWARD;
        *ret_busy += is_busy(action);
    }
    return through;
}

static void answer(struct setup *setup, uint16_t flags)
{
    const struct action *action = send_frame(setup, 1, FRAME_REQUEST, FRAME_HEADER_SIZE);
    struct frame_header reply = {
        .type = FRAME_REPLY, .request = setup->request, .route = action->ticket, .flags = flags};
    give(setup, SIDE_BACK, NORTH, &reply, FRAME_HEADER_SIZE);
    assert_int_equal(setup->out.at[0].kind, ACTION_RETURN);
}

static void test_a_stranger_waits_and_goes_on(void **state)
{
    struct setup *setup = *state;
    unsigned busy;
    assert_int_equal(passed(setup, 1, 15, &busy), 10);
    assert_int_equal(busy, 5);
    const struct action *action = send_frame(setup, 1, FRAME_REQUEST, FRAME_HEADER_SIZE);
    assert_in_range(action->header.budget_ms, 6 * ONE_MS, 6 * ONE_MS + 2); /* behind five others */
    assert_int_equal(router_counters(setup->router)->too_fast, 6);
    setup->now_ms += 3 * ONE_MS;
    assert_int_equal(passed(setup, 1, 5, &busy), 3);
    assert_int_equal(passed(setup, 2, 15, &busy), 10); /* nobody else's business */
}

static void test_who_does_not_wait_is_cut(void **state)
{
    struct setup *setup = *state;
    unsigned busy;
    assert_int_equal(passed(setup, 1, 10 + REFUSED + 100, &busy), 10);
    assert_int_equal(busy, REFUSED);
    const struct action *action = send_frame(setup, 1, FRAME_REQUEST, FRAME_HEADER_SIZE);
    assert_int_equal(action->kind, ACTION_CUT);
    assert_int_equal(action->cut, CUT_FLOODS);
    assert_int_equal(action->connection, 1);
    assert_int_equal(setup->out.count, 1);
}

/* However long it goes on, with as many under way as a client has: whoever sends again when it was told to is never cut,
 * and what it sends is passed on at the rate that is its own. */
static void test_who_waits_is_never_cut(void **state)
{
    enum { UNDER_WAY = 256, MINUTE = 60000 };
    struct setup *setup = *state;
    int64_t due_ms[UNDER_WAY];
    unsigned through = 0;
    const int64_t start_ms = setup->now_ms;
    for (size_t i = 0; i < UNDER_WAY; i++)
        due_ms[i] = setup->now_ms;
    for (; setup->now_ms < start_ms + MINUTE; setup->now_ms++) {
        for (size_t i = 0; i < UNDER_WAY; i++) {
            if (due_ms[i] > setup->now_ms)
                continue;
            const struct action *action = send_frame(setup, 1, FRAME_REQUEST, FRAME_HEADER_SIZE);
            assert_int_not_equal(action->kind, ACTION_CUT);
            through += action->kind == ACTION_FORWARD;
            due_ms[i] = setup->now_ms + (is_busy(action) ? action->header.budget_ms : 1);
        }
    }
    assert_in_range(through, 600, 610);
}

static void test_large_frames_count_for_more(void **state)
{
    struct setup *setup = *state;
    for (int i = 0; i < 3; i++) /* 4 each */
        assert_int_equal(send_frame(setup, 1, FRAME_REQUEST, LARGE)->kind, ACTION_FORWARD);
    assert_true(is_busy(send_frame(setup, 1, FRAME_REQUEST, LARGE)));
}

static void test_every_type_counts(void **state)
{
    struct setup *setup = *state;
    static const uint8_t TYPES[] = {FRAME_HELLO, FRAME_SUBSCRIBE, FRAME_HEARTBEAT, FRAME_WELCOME, 0};
    for (size_t i = 0; i < ARRAY_COUNT(TYPES); i++) {
        const uint8_t client = (uint8_t) (20 + i);
        const struct action *action = NULL;
        for (int count = 0; count < 10 + REFUSED + 10; count++)
            action = send_frame(setup, client, TYPES[i], FRAME_HEADER_SIZE);
        assert_int_equal(action->kind, ACTION_CUT);
    }
}

/* A client that waits is still there, and may leave. */
static void test_heartbeats_go_on(void **state)
{
    struct setup *setup = *state;
    unsigned busy;
    passed(setup, 1, 12, &busy);
    const struct action *action = send_frame(setup, 1, FRAME_HEARTBEAT, FRAME_HEADER_SIZE);
    assert_int_equal(action->header.type, FRAME_HEARTBEAT);
    assert_true(is_busy(send_frame(setup, 1, FRAME_SUBSCRIBE, FRAME_HEADER_SIZE)));
    send_frame(setup, 1, FRAME_BYE, FRAME_HEADER_SIZE);
    assert_int_equal(router_client_count(setup->router), 0);
}

static void test_a_worker_says_whom_it_knows(void **state)
{
    struct setup *setup = *state;
    unsigned busy;
    answer(setup, 0);
    assert_int_equal(passed(setup, 1, 50, &busy), 9);
    setup->now_ms += 100000;
    answer(setup, FRAME_FLAG_LEAVE);
    assert_int_equal(passed(setup, 1, 115, &busy), 100);
    assert_int_equal(passed(setup, 2, 15, &busy), 10);
}

/* Keys are free, an address is not. */
static void test_strangers_of_one_address_share(void **state)
{
    struct setup *setup = *state;
    const struct address here = address_of_text("192.0.2.1"), there = address_of_text("192.0.2.2");
    unsigned busy;
    answer(setup, FRAME_FLAG_LEAVE);
    setup->address = &here;
    assert_int_equal(passed(setup, 21, 10, &busy), 10);
    assert_int_equal(passed(setup, 22, 10, &busy), 10);
    assert_int_equal(passed(setup, 23, 10, &busy), 5);
    assert_int_equal(busy, 5);
    assert_int_equal(passed(setup, 1, 50, &busy), 50); /* who is known is not counted with them */
    setup->address = &there;
    assert_int_equal(passed(setup, 24, 10, &busy), 10);
    setup->address = NULL;
    assert_int_equal(passed(setup, 25, 10, &busy), 10);
    setup->address = &here;
    setup->now_ms += 10 * ONE_MS;
    assert_int_equal(passed(setup, 26, 20, &busy), 10);
}

static void test_a_client_does_not_say_it(void **state)
{
    struct setup *setup = *state;
    struct frame_header header = {
        .type = FRAME_REQUEST, .request = 1, .budget_ms = 800, .flags = FRAME_FLAG_LEAVE};
    memcpy(header.group, LABOUR, GROUP_ID_SIZE);
    give(setup, SIDE_FRONT, 1, &header, FRAME_HEADER_SIZE);
    unsigned busy;
    assert_int_equal(passed(setup, 1, 50, &busy), 9);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_make, setup_end)
    const struct CMUnitTest tests[] = {
        TEST(test_a_stranger_waits_and_goes_on), TEST(test_who_does_not_wait_is_cut),
        TEST(test_who_waits_is_never_cut),       TEST(test_large_frames_count_for_more),
        TEST(test_every_type_counts),            TEST(test_heartbeats_go_on),
        TEST(test_a_worker_says_whom_it_knows),  TEST(test_a_client_does_not_say_it),
        TEST(test_strangers_of_one_address_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
