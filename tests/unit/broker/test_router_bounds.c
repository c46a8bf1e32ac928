/* The router's bounds in bytes, whose connection each action is about, and who takes a group over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/router.h"
#include "core/error.h"

static const uint8_t LABOUR[GROUP_ID_SIZE] = {7};

enum { FRAME = FRAME_HEADER_SIZE + 888, NORTH = 11, SOUTH = 12, WEST = 13 };

static const struct router_limits LIMITS = {
    .pending = 100,
    .client_pending = 100,
    .pending_bytes = 12 * FRAME, /* of one client 3, of one worker 6 */
    .share_bytes = 1 << 30,
    .worker_window = 100,
    .clients = 10,
    .subscriptions = 10,
    .client_subscriptions = 2,
    .budget_most_ms = 1000,
    .worker_silence_ms = 500,
    .client_silence_ms = 3000,
};

struct setup {
    struct admission admission;
    struct admission_worker workers[3];
    struct router *router;
    struct actions out;
    int64_t now_ms;
    uint64_t request;
};

static int setup_make(void **state)
{
    struct setup *setup = calloc(1, sizeof(*setup));
    setup->workers[0] = (struct admission_worker){.name = "north", .key = {NORTH}};
    setup->workers[1] = (struct admission_worker){.name = "south", .key = {SOUTH}};
    setup->workers[2] = (struct admission_worker){.name = "west", .key = {WEST}};
    setup->admission = (struct admission){.workers = setup->workers, .worker_count = 3};
    setup->now_ms = 1000;
    *state = setup;
    return router_new(&LIMITS, &setup->admission, 77, &setup->router);
}

static int setup_end(void **state)
{
    struct setup *setup = *state;
    actions_release(&setup->out);
    router_destroy(&setup->router);
    free(setup);
    return 0;
}

/* From the peer whose routing id, key and connection are this number. */
static void give(struct setup *setup, enum side side, uint8_t number, const struct frame_header *header,
                 size_t size)
{
    uint8_t frame[FRAME] = {0};
    char key[PEER_KEY_DIGITS + 1];
    const uint8_t bytes[KEY_SIZE] = {number};
    const struct peer_id from = {.size = 1, .bytes = {number}};
    hex_encode(BYTES(bytes, KEY_SIZE), key);
    frame_header_write(header, frame);
    const struct router_input input = {
        .from = &from, .connection = number, .key = key, .frame = BYTES(frame, size)};
    setup->out.count = 0;
    if (side == SIDE_FRONT)
        router_front(setup->router, &input, setup->now_ms, &setup->out);
    else
        router_back(setup->router, &input, setup->now_ms, &setup->out);
}

static void ready(struct setup *setup, uint8_t worker, uint64_t term)
{
    struct frame_header header = {.type = FRAME_READY, .term = term, .sequence = 100};
    memcpy(header.group, LABOUR, GROUP_ID_SIZE);
    give(setup, SIDE_BACK, worker, &header, FRAME_HEADER_SIZE);
}

/* The action that came of a request of FRAME bytes. */
static const struct action *request(struct setup *setup, uint8_t client)
{
    struct frame_header header = {.type = FRAME_REQUEST, .request = ++setup->request, .budget_ms = 800};
    memcpy(header.group, LABOUR, GROUP_ID_SIZE);
    give(setup, SIDE_FRONT, client, &header, FRAME);
    assert_int_equal(setup->out.count, 1);
    return setup->out.at;
}

static bool is_busy(const struct action *action)
{
    return action->kind == ACTION_SEND && action->header.error == ERR_BUSY;
}

static void test_bytes_of_a_client(void **state)
{
    struct setup *setup = *state;
    ready(setup, NORTH, 1);
    uint64_t first = 0;
    for (int i = 0; i < 3; i++) {
        const struct action *action = request(setup, 1);
        assert_int_equal(action->kind, ACTION_FORWARD);
        first = i == 0 ? action->ticket : first;
    }
    assert_true(is_busy(request(setup, 1)));
    assert_int_equal(request(setup, 2)->kind, ACTION_FORWARD);
    struct frame_header reply = {.type = FRAME_REPLY, .request = 1, .route = first};
    give(setup, SIDE_BACK, NORTH, &reply, FRAME_HEADER_SIZE);
    assert_int_equal(request(setup, 1)->kind, ACTION_FORWARD);
}

/* How many requests of this client are taken, one after the other. */
static unsigned taken(struct setup *setup, uint8_t client)
{
    unsigned count = 0;
    while (count < 1000 && request(setup, client)->kind == ACTION_FORWARD)
        count++;
    return count;
}

/* However much somebody asks, and several of them, there is room for who asks little. */
static void test_a_window_is_shared(void **state)
{
    struct setup *setup = *state;
    struct router_limits limits = LIMITS;
    limits.pending = limits.client_pending = 1000;
    limits.pending_bytes = 10000 * FRAME;
    assert_int_equal(router_configure(setup->router, &limits, &setup->admission, &setup->out), 0);
    ready(setup, NORTH, 1);
    assert_int_equal(taken(setup, 1), 67); /* of 100 */
    assert_int_equal(taken(setup, 2), 23);
    assert_int_equal(taken(setup, 3), 7);
    assert_int_equal(request(setup, 4)->kind, ACTION_FORWARD);
}

static void test_bytes_to_a_worker_are_shared(void **state)
{
    struct setup *setup = *state;
    struct router_limits limits = LIMITS;
    limits.pending_bytes = 1000 * FRAME;
    limits.share_bytes = 12 * FRAME;
    assert_int_equal(router_configure(setup->router, &limits, &setup->admission, &setup->out), 0);
    ready(setup, NORTH, 1);
    assert_int_equal(taken(setup, 1), 9);
    assert_int_equal(taken(setup, 2), 3);
    assert_int_equal(taken(setup, 3), 1); /* a first one each */
    assert_int_equal(taken(setup, 4), 1);
}

static void test_bytes_of_a_worker_and_of_all(void **state)
{
    struct setup *setup = *state;
    ready(setup, NORTH, 1);
    for (int i = 0; i < 6; i++)
        assert_int_equal(request(setup, (uint8_t) (1 + i / 3))->kind, ACTION_FORWARD);
    assert_true(is_busy(request(setup, 3)));
    ready(setup, SOUTH, 2); /* leads, and has nothing yet */
    for (int i = 0; i < 6; i++)
        assert_int_equal(request(setup, (uint8_t) (3 + i / 3))->kind, ACTION_FORWARD);
    assert_true(is_busy(request(setup, 5)));
    ready(setup, WEST, 3); /* has nothing either, but all together have too much */
    assert_true(is_busy(request(setup, 5)));
    setup->now_ms += 900; /* all are over their time */
    setup->out.count = 0;
    router_tick(setup->router, setup->now_ms, &setup->out);
    ready(setup, WEST, 3);
    assert_int_equal(request(setup, 1)->kind, ACTION_FORWARD);
}

/* One window for the connection, whichever group its latest word was about: docs/protocol.md section 2. */
static void test_window_is_the_connections(void **state)
{
    struct setup *setup = *state;
    struct frame_header other = {.type = FRAME_HEARTBEAT, .group = {8}, .term = 1, .sequence = 0};
    ready(setup, NORTH, 1);
    assert_int_equal(request(setup, 1)->kind, ACTION_FORWARD);
    give(setup, SIDE_BACK, NORTH, &other, FRAME_HEADER_SIZE);
    assert_true(is_busy(request(setup, 1)));
    other.sequence = 2;
    give(setup, SIDE_BACK, NORTH, &other, FRAME_HEADER_SIZE);
    assert_int_equal(request(setup, 1)->kind, ACTION_FORWARD);
    assert_true(is_busy(request(setup, 1)));
}

static void test_answers_not_taken(void **state)
{
    struct setup *setup = *state;
    ready(setup, NORTH, 1);
    struct action forward = *request(setup, 1);
    struct frame_header reply = {.type = FRAME_REPLY, .request = 1, .route = forward.ticket};
    give(setup, SIDE_BACK, NORTH, &reply, FRAME_HEADER_SIZE);
    struct action answer = setup->out.at[0];
    assert_int_equal(answer.kind, ACTION_RETURN);
    uint8_t *large = calloc(1, 1024 * 1024);
    assert_non_null(large);
    assert_int_equal(router_keep(setup->router, &answer, BYTES(large, 1024 * 1024)), 0);
    assert_int_equal(request(setup, 1)->kind, ACTION_FORWARD);
    assert_int_equal(router_keep(setup->router, &answer, BYTES(large, 1024 * 1024)), 0);
    assert_true(is_busy(request(setup, 1))); /* before anything is executed */
    router_kept_sent(setup->router, answer.client);
    assert_int_equal(request(setup, 1)->kind, ACTION_FORWARD);
    free(large);
}

/* Another key with a higher term gets the group, and not in silence. */
static void test_group_taken_over(void **state)
{
    struct setup *setup = *state;
    ready(setup, NORTH, 3);
    assert_int_equal(setup->out.count, 1);
    ready(setup, NORTH, 4); /* its own */
    assert_int_equal(setup->out.count, 1);
    ready(setup, SOUTH, 3); /* it does not lead */
    assert_int_equal(setup->out.count, 1);
    ready(setup, SOUTH, 5);
    assert_int_equal(setup->out.count, 2);
    const struct action *taken = &setup->out.at[1];
    assert_int_equal(taken->kind, ACTION_NOTE);
    assert_int_equal(taken->note, NOTE_GROUP_TAKEN);
    assert_string_equal(note_name(taken->note), "group_taken_over");
    assert_string_equal(taken->worker, "south");
    assert_string_equal(taken->from, "north");
    assert_int_equal(taken->header.term, 5);
    ready(setup, SOUTH, 5);
    assert_int_equal(setup->out.count, 0);
}

static void test_connections_of_actions(void **state)
{
    struct setup *setup = *state;
    ready(setup, NORTH, 1);
    const struct action *action = request(setup, 1);
    assert_int_equal(action->connection, NORTH);
    struct frame_header reply = {.type = FRAME_REPLY, .request = 1, .route = action->ticket};
    give(setup, SIDE_BACK, NORTH, &reply, FRAME_HEADER_SIZE);
    assert_int_equal(setup->out.at[0].connection, 1);
    setup->out.count = 0;
    router_probe(setup->router, &setup->out);
    assert_int_equal(setup->out.at[0].connection, NORTH);
    setup->out.count = 0;
    router_tick(setup->router, setup->now_ms + 500, &setup->out); /* silent: cut, with what is held for it */
    assert_int_equal(setup->out.count, 2);
    assert_int_equal(setup->out.at[0].kind, ACTION_NOTE);
    assert_int_equal(setup->out.at[1].kind, ACTION_CUT);
    assert_int_equal(setup->out.at[1].connection, NORTH);
}

/* With a connection goes its client, and nobody else. */
static void test_closed_connection(void **state)
{
    struct setup *setup = *state;
    ready(setup, NORTH, 1);
    uint64_t ticket = request(setup, 1)->ticket;
    request(setup, 2);
    router_connection_closed(setup->router, 3);
    router_connection_closed(setup->router, 0);
    assert_int_equal(router_client_count(setup->router), 2);
    router_connection_closed(setup->router, 1);
    assert_int_equal(router_client_count(setup->router), 1);
    assert_int_equal(router_pending_count(setup->router), 2); /* the worker is still at it */
    struct frame_header reply = {.type = FRAME_REPLY, .request = 1, .route = ticket};
    give(setup, SIDE_BACK, NORTH, &reply, FRAME_HEADER_SIZE);
    assert_int_equal(setup->out.count, 0);
    router_connection_closed(setup->router, 1);
    router_connection_closed(setup->router, 2);
    assert_int_equal(router_client_count(setup->router), 0);
    assert_int_equal(router_pending_count(setup->router), 1);
}

/* What a connection sent that is closed by now is done, and makes no client. */
static void test_frame_of_a_closed_connection(void **state)
{
    struct setup *setup = *state;
    uint8_t frame[FRAME_HEADER_SIZE];
    char key[PEER_KEY_DIGITS + 1];
    const struct peer_id from = {.size = 1, .bytes = {1}};
    hex_encode(BYTES((const uint8_t[KEY_SIZE]){1}, KEY_SIZE), key);
    const struct router_input input = {
        .from = &from, .is_gone = true, .key = key, .frame = BYTES(frame, sizeof(frame))};
    ready(setup, NORTH, 1);
    static const uint8_t TYPES[] = {FRAME_REQUEST, FRAME_SUBSCRIBE, FRAME_HEARTBEAT, FRAME_BYE};
    for (size_t i = 0; i < ARRAY_COUNT(TYPES); i++) {
        struct frame_header header = {
            .type = TYPES[i], .request = i + 1, .budget_ms = 800, .history = {1}, .sequence = 1};
        memcpy(header.group, LABOUR, GROUP_ID_SIZE);
        frame_header_write(&header, frame);
        setup->out.count = 0;
        router_front(setup->router, &input, setup->now_ms, &setup->out);
        assert_int_equal(router_client_count(setup->router), 0);
        assert_int_equal(router_subscription_count(setup->router), 0);
        assert_int_equal(router_pending_count(setup->router), 1);
        if (TYPES[i] == FRAME_REQUEST)
            assert_int_equal(setup->out.at[0].kind, ACTION_FORWARD);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_make, setup_end)
    const struct CMUnitTest tests[] = {
        TEST(test_bytes_of_a_client),         TEST(test_bytes_of_a_worker_and_of_all),
        TEST(test_a_window_is_shared),        TEST(test_bytes_to_a_worker_are_shared),
        TEST(test_a_window_is_shared),
        TEST(test_bytes_to_a_worker_are_shared),
        TEST(test_window_is_the_connections), TEST(test_answers_not_taken),
        TEST(test_group_taken_over),          TEST(test_connections_of_actions),
        TEST(test_closed_connection),         TEST(test_frame_of_a_closed_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
