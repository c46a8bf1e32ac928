/* The router, frame by frame: what comes in, what goes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/router.h"
#include "core/error.h"

static const uint8_t LABOUR[GROUP_ID_SIZE] = {7}, MANAGEMENT[GROUP_ID_SIZE] = {8},
                     NOBODY[GROUP_ID_SIZE] = {9};
static const uint8_t HISTORY[HISTORY_ID_SIZE] = {1};

static const struct router_limits LIMITS = {
    .pending = 4,
    .client_pending = 3,
    .pending_bytes = 1 << 20,
    .share_bytes = 1 << 17,
    .worker_window = 100,
    .clients = 2,
    .subscriptions = 10,
    .client_subscriptions = 2,
    .budget_most_ms = 1000,
    .worker_silence_ms = 500,
    .client_silence_ms = 3000,
};

/* A peer: its routing id and its key. */
struct peer {
    struct peer_id id;
    char key[PEER_KEY_DIGITS + 1];
};

struct setup {
    struct admission admission;
    struct router *router;
    struct actions out;
    int64_t now_ms;
    struct peer a, b, c;            /* clients; c is one too many */
    struct peer north, south, west; /* workers; west is not configured */
};

static struct peer peer_make(uint8_t number)
{
    struct peer peer = {.id = {.size = 5, .bytes = {0, 0, 0, 0, number}}};
    uint8_t key[KEY_SIZE] = {number};
    hex_encode(BYTES(key, KEY_SIZE), peer.key);
    return peer;
}

static int setup_make(void **state)
{
    struct setup *setup = calloc(1, sizeof(*setup));
    setup->a = peer_make(1);
    setup->b = peer_make(2);
    setup->c = peer_make(3);
    setup->north = peer_make(11);
    setup->south = peer_make(12);
    setup->west = peer_make(13);
    struct admission *admission = &setup->admission;
    admission->workers = calloc(2, sizeof(*admission->workers));
    admission->worker_count = 2;
    admission->workers[0] = (struct admission_worker){.name = "north", .key = {11}};
    admission->workers[1] = (struct admission_worker){.name = "south", .key = {12}};
    admission->workers[1].groups = calloc(1, sizeof(*admission->workers[1].groups));
    memcpy(admission->workers[1].groups[0], LABOUR, GROUP_ID_SIZE);
    admission->workers[1].group_count = 1;
    admission->operators = calloc(1, sizeof(*admission->operators));
    admission->operators[0][0] = 1; /* a */
    admission->operator_count = 1;
    setup->now_ms = 1000;
    *state = setup;
    return router_new(&LIMITS, admission, 77, &setup->router);
}

static int setup_end(void **state)
{
    struct setup *setup = *state;
    actions_release(&setup->out);
    router_destroy(&setup->router);
    admission_release(&setup->admission);
    free(setup);
    return 0;
}

/* Hand over a frame; what comes of it is in setup->out. */
static void give(struct setup *setup, enum side side, const struct peer *from,
                 const struct frame_header *header)
{
    uint8_t frame[FRAME_HEADER_SIZE];
    frame_header_write(header, frame);
    const struct router_input input = {
        .from = &from->id, .key = from->key, .frame = BYTES(frame, sizeof(frame))};
    setup->out.count = 0;
    if (side == SIDE_FRONT)
        router_front(setup->router, &input, setup->now_ms, &setup->out);
    else
        router_back(setup->router, &input, setup->now_ms, &setup->out);
}

static struct frame_header frame_make(uint8_t type, const uint8_t group[GROUP_ID_SIZE], uint64_t request)
{
    struct frame_header header = {.type = type, .request = request, .budget_ms = 800, .attempt = 1};
    memcpy(header.group, group, GROUP_ID_SIZE);
    return header;
}

static void ready(struct setup *setup, const struct peer *worker, const uint8_t group[GROUP_ID_SIZE],
                  uint64_t term, uint64_t window)
{
    struct frame_header header = frame_make(FRAME_READY, group, 0);
    header.term = term;
    header.sequence = window;
    give(setup, SIDE_BACK, worker, &header);
}

static void request(struct setup *setup, const struct peer *client, const uint8_t group[GROUP_ID_SIZE],
                    uint64_t number)
{
    struct frame_header header = frame_make(FRAME_REQUEST, group, number);
    give(setup, SIDE_FRONT, client, &header);
}

static void answer(struct setup *setup, const struct peer *worker, uint64_t ticket, uint64_t number)
{
    struct frame_header header = frame_make(FRAME_REPLY, LABOUR, number);
    header.route = ticket;
    give(setup, SIDE_BACK, worker, &header);
}

/* The only action but for notes. */
static const struct action *only(const struct setup *setup)
{
    const struct action *found = NULL;
    for (size_t i = 0; i < setup->out.count; i++) {
        if (setup->out.at[i].kind == ACTION_NOTE)
            continue;
        assert_null(found);
        found = &setup->out.at[i];
    }
    assert_non_null(found);
    return found;
}

static bool noted(const struct setup *setup, enum note note)
{
    for (size_t i = 0; i < setup->out.count; i++) {
        if (setup->out.at[i].kind == ACTION_NOTE && setup->out.at[i].note == note)
            return true;
    }
    return false;
}

static uint64_t expect_forward(const struct setup *setup, const struct peer *worker)
{
    const struct action *action = only(setup);
    assert_int_equal(action->kind, ACTION_FORWARD);
    assert_int_equal(action->side, SIDE_BACK);
    assert_true(peer_id_equal(action->to, &worker->id));
    assert_int_not_equal(action->ticket, 0);
    return action->ticket;
}

static void expect_error(const struct setup *setup, const struct peer *client, uint64_t number, int error)
{
    const struct action *action = only(setup);
    assert_int_equal(action->kind, ACTION_SEND);
    assert_int_equal(action->side, SIDE_FRONT);
    assert_true(peer_id_equal(action->to, &client->id));
    assert_int_equal(action->header.type, FRAME_ERROR);
    assert_int_equal(action->header.request, number);
    assert_int_equal(action->header.error, error);
    assert_int_equal(action->header.route, 0);
}

static void test_there_and_back(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->north, LABOUR, 1, 10);
    assert_true(noted(setup, NOTE_WORKER_READY));
    request(setup, &setup->a, LABOUR, 5);
    uint64_t ticket = expect_forward(setup, &setup->north);
    answer(setup, &setup->north, ticket, 5);
    assert_int_equal(only(setup)->kind, ACTION_RETURN);
    assert_true(only(setup)->is_owed);
    assert_true(peer_id_equal(only(setup)->to, &setup->a.id));
    answer(setup, &setup->north, ticket, 5); /* once is all */
    assert_int_equal(setup->out.count, 0);
    assert_int_equal(router_counters(setup->router)->strays, 1);
    assert_int_equal(router_pending_count(setup->router), 0);
}

static void test_answers_that_do_not_fit(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->north, LABOUR, 2, 10);
    ready(setup, &setup->south, LABOUR, 1, 10);
    request(setup, &setup->a, LABOUR, 5);
    uint64_t ticket = expect_forward(setup, &setup->north);
    answer(setup, &setup->south, ticket, 5); /* another worker's */
    assert_true(noted(setup, NOTE_STRAY_REPLY));
    assert_int_equal(setup->out.count, 1);
    answer(setup, &setup->north, ticket, 6); /* another number */
    assert_int_equal(setup->out.count, 1);
    answer(setup, &setup->north, ticket + 1, 5);
    answer(setup, &setup->north, 0, 5);
    answer(setup, &setup->west, ticket, 5); /* a key that is not configured any more */
    assert_int_equal(only(setup)->kind, ACTION_CUT);
    struct peer moved = setup->north; /* its key, but another connection */
    moved.id.bytes[4] = 99;
    answer(setup, &moved, ticket, 5);
    assert_int_equal(setup->out.count, 0);
    answer(setup, &setup->north, ticket, 5);
    assert_int_equal(only(setup)->kind, ACTION_RETURN);
}

static void test_refusals(void **state)
{
    struct setup *setup = *state;
    request(setup, &setup->a, LABOUR, 1);
    expect_error(setup, &setup->a, 1, ERR_NO_ROUTE);
    ready(setup, &setup->north, LABOUR, 1, 10);
    struct frame_header header = frame_make(FRAME_REQUEST, LABOUR, 2);
    header.budget_ms = 0;
    give(setup, SIDE_FRONT, &setup->a, &header);
    expect_error(setup, &setup->a, 2, ERR_EXPIRED);
    for (uint64_t number = 3; number < 6; number++) {
        request(setup, &setup->a, LABOUR, number);
        expect_forward(setup, &setup->north);
    }
    request(setup, &setup->a, LABOUR, 6); /* of one client */
    expect_error(setup, &setup->a, 6, ERR_BUSY);
    assert_true(only(setup)->header.budget_ms > 0);
    request(setup, &setup->b, LABOUR, 7);
    expect_forward(setup, &setup->north);
    request(setup, &setup->b, LABOUR, 8); /* in all */
    expect_error(setup, &setup->b, 8, ERR_BUSY);
    request(setup, &setup->c, LABOUR, 9); /* a client too many */
    expect_error(setup, &setup->c, 9, ERR_BUSY);
    const struct router_counters *counters = router_counters(setup->router);
    assert_int_equal(counters->busy, 3);
    assert_int_equal(counters->no_route, 1);
    assert_int_equal(counters->expired, 1);
    assert_int_equal(counters->requests, 9);
}

static void test_window(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->north, LABOUR, 1, 1);
    request(setup, &setup->a, LABOUR, 1);
    uint64_t ticket = expect_forward(setup, &setup->north);
    request(setup, &setup->b, LABOUR, 2);
    expect_error(setup, &setup->b, 2, ERR_BUSY);
    answer(setup, &setup->north, ticket, 1);
    request(setup, &setup->b, LABOUR, 3);
    expect_forward(setup, &setup->north);
    ready(setup, &setup->north, LABOUR, 1, UINT64_MAX); /* its wish, up to the limit */
    const struct worker *worker = workers_find(router_workers(setup->router), setup->north.key);
    assert_int_equal(worker->window, LIMITS.worker_window);
}

static void test_deadlines(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->north, LABOUR, 1, 10);
    request(setup, &setup->a, LABOUR, 1); /* 800 ms */
    uint64_t ticket = expect_forward(setup, &setup->north);
    struct frame_header header = frame_make(FRAME_HELLO, LABOUR, 2);
    header.budget_ms = UINT32_MAX; /* cut to a second */
    give(setup, SIDE_FRONT, &setup->b, &header);
    for (int64_t now = 1000; now < 1800; now += 100) {
        setup->now_ms = now;
        struct frame_header beat = frame_make(FRAME_HEARTBEAT, LABOUR, 0);
        beat.sequence = 10;
        beat.term = 1;
        give(setup, SIDE_BACK, &setup->north, &beat);
        /* It is told that the group's requests are its. */
        assert_memory_equal(setup->out.at[setup->out.count - 1].header.group, LABOUR, GROUP_ID_SIZE);
        setup->out.count = 0;
        router_tick(setup->router, now, &setup->out);
        assert_int_equal(setup->out.count, 0);
    }
    assert_true(router_due_ms(setup->router) <= 1800);
    setup->out.count = 0;
    router_tick(setup->router, 1800, &setup->out);
    expect_error(setup, &setup->a, 1, ERR_TIMEOUT);
    answer(setup, &setup->north, ticket, 1);
    assert_int_equal(setup->out.count, 0);
    setup->out.count = 0;
    router_tick(setup->router, 2000, &setup->out);
    expect_error(setup, &setup->b, 2, ERR_TIMEOUT);
}

static void test_silent_worker(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->north, LABOUR, 1, 10);
    request(setup, &setup->a, LABOUR, 1);
    setup->out.count = 0;
    router_tick(setup->router, 1499, &setup->out);
    assert_int_equal(setup->out.count, 0);
    router_forgive(setup->router, 200); /* the process stood still */
    router_tick(setup->router, 1699, &setup->out);
    assert_int_equal(setup->out.count, 0);
    router_tick(setup->router, 1700, &setup->out);
    assert_true(noted(setup, NOTE_WORKER_LOST));
    assert_int_equal(setup->out.at[--setup->out.count].kind, ACTION_CUT); /* what is held for it goes too */
    expect_error(setup, &setup->a, 1, ERR_WORKER_LOST);
    request(setup, &setup->a, LABOUR, 2);
    expect_error(setup, &setup->a, 2, ERR_NO_ROUTE);
}

static void test_terms(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->north, LABOUR, 5, 1);
    ready(setup, &setup->south, LABOUR, 4, 10);
    request(setup, &setup->a, LABOUR, 1);
    expect_forward(setup, &setup->north);
    request(setup, &setup->a, LABOUR, 2); /* the leader is full, and a follower will not do */
    expect_error(setup, &setup->a, 2, ERR_BUSY);
    ready(setup, &setup->south, LABOUR, 6, 10);
    request(setup, &setup->b, LABOUR, 3);
    expect_forward(setup, &setup->south);
}

static void beat(struct setup *setup, const struct peer *worker, uint64_t term, uint64_t applied)
{
    struct frame_header header = frame_make(FRAME_HEARTBEAT, LABOUR, 0);
    header.term = term;
    header.sequence = 10;
    header.route = applied;
    give(setup, SIDE_BACK, worker, &header);
}

/* Where nobody leads, requests go to whoever has applied most; not to whoever came last, who may be behind what a client has seen. */
static void test_nobody_leads(void **state)
{
    struct setup *setup = *state;
    beat(setup, &setup->north, 4, 70);
    beat(setup, &setup->south, 0, 64);
    beat(setup, &setup->north, 0, 70);
    request(setup, &setup->a, LABOUR, 1);
    expect_forward(setup, &setup->north);
    beat(setup, &setup->south, 0, 71);
    assert_false(noted(setup, NOTE_GROUP_TAKEN));
    request(setup, &setup->a, LABOUR, 2);
    expect_forward(setup, &setup->south);
    beat(setup, &setup->north, 5, 69); /* who leads has all that anybody was told of, whatever it says */
    request(setup, &setup->a, LABOUR, 3);
    expect_forward(setup, &setup->north);
}

static void test_draining(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->north, LABOUR, 1, 10);
    ready(setup, &setup->north, MANAGEMENT, 1, 10);
    struct frame_header drain = frame_make(FRAME_DRAIN, LABOUR, 0);
    give(setup, SIDE_BACK, &setup->north, &drain);
    assert_true(noted(setup, NOTE_WORKER_DRAINS));
    request(setup, &setup->a, LABOUR, 1);
    expect_error(setup, &setup->a, 1, ERR_DRAINING);
    request(setup, &setup->a, MANAGEMENT, 2);
    expect_forward(setup, &setup->north);
    memset(drain.group, 0, sizeof(drain.group)); /* every group */
    give(setup, SIDE_BACK, &setup->north, &drain);
    request(setup, &setup->a, MANAGEMENT, 3);
    expect_error(setup, &setup->a, 3, ERR_DRAINING);
}

static void test_groups_of_others(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->south, MANAGEMENT, 1, 10); /* it is configured for labour alone */
    assert_true(noted(setup, NOTE_GROUP_REFUSED));
    assert_int_equal(only(setup)->header.error, ERR_FORBIDDEN);
    assert_int_equal(only(setup)->side, SIDE_BACK);
    request(setup, &setup->a, MANAGEMENT, 1);
    expect_error(setup, &setup->a, 1, ERR_NO_ROUTE);
    for (unsigned i = 0; i < WORKER_GROUPS_MAX; i++) {
        uint8_t group[GROUP_ID_SIZE] = {100, (uint8_t) i};
        ready(setup, &setup->north, group, 1, 10);
        assert_true(noted(setup, NOTE_WORKER_READY));
    }
    ready(setup, &setup->north, NOBODY, 1, 10);
    assert_int_equal(only(setup)->header.error, ERR_LIMIT);
}

static void test_worker_that_comes_again(void **state)
{
    struct setup *setup = *state;
    struct peer again = setup->north;
    again.id.bytes[4] = 99;
    ready(setup, &setup->north, LABOUR, 1, 10);
    request(setup, &setup->a, LABOUR, 1);
    ready(setup, &again, LABOUR, 1, 10);
    assert_true(noted(setup, NOTE_WORKER_REPLACED));
    expect_error(setup, &setup->a, 1, ERR_WORKER_LOST);
    ready(setup, &setup->north, LABOUR, 9, 10); /* the old connection does not come back */
    assert_int_equal(setup->out.count, 0);
    request(setup, &setup->a, LABOUR, 2);
    expect_forward(setup, &again);
}

static void test_forward_that_fails(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->north, LABOUR, 1, 10);
    request(setup, &setup->a, LABOUR, 1);
    request(setup, &setup->a, LABOUR, 2);
    struct action action = *only(setup);
    setup->out.count = 0;
    router_failed(setup->router, &action, ERR_BUSY, &setup->out);
    expect_error(setup, &setup->a, 2, ERR_BUSY);
    request(setup, &setup->a, LABOUR, 3);
    action = *only(setup);
    setup->out.count = 0;
    router_failed(setup->router, &action, ERR_UNREACHABLE, &setup->out);
    /* The one that never left: not executed. The one that did: unknown. */
    assert_int_equal(setup->out.count, 3);
    assert_int_equal(setup->out.at[0].header.request, 3);
    assert_int_equal(setup->out.at[0].header.error, ERR_NO_ROUTE);
    assert_int_equal(setup->out.at[1].header.request, 1);
    assert_int_equal(setup->out.at[1].header.error, ERR_WORKER_LOST);
    assert_true(noted(setup, NOTE_WORKER_LOST));
}

static void test_client_that_goes(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->north, LABOUR, 1, 10);
    request(setup, &setup->a, LABOUR, 1);
    uint64_t ticket = expect_forward(setup, &setup->north);
    router_client_gone(setup->router, &setup->a.id);
    assert_int_equal(router_client_count(setup->router), 0);
    assert_int_equal(router_pending_count(setup->router), 1); /* the worker is still at it */
    answer(setup, &setup->north, ticket, 1);
    assert_int_equal(setup->out.count, 0);
    assert_int_equal(router_pending_count(setup->router), 0);

    /* Another key under the same routing id is another client. */
    request(setup, &setup->a, LABOUR, 2);
    ticket = expect_forward(setup, &setup->north);
    struct peer other = setup->a;
    memcpy(other.key, setup->c.key, sizeof(other.key));
    struct frame_header beat = frame_make(FRAME_HEARTBEAT, LABOUR, 0);
    give(setup, SIDE_FRONT, &other, &beat);
    assert_int_equal(only(setup)->header.type, FRAME_HEARTBEAT);
    assert_int_equal(router_client_count(setup->router), 0); /* a heartbeat alone makes no client */
    answer(setup, &setup->north, ticket, 2);
    assert_int_equal(setup->out.count, 0);
}

static void test_silent_client(void **state)
{
    struct setup *setup = *state;
    struct frame_header subscribe = frame_make(FRAME_SUBSCRIBE, LABOUR, 0);
    memcpy(subscribe.history, HISTORY, sizeof(HISTORY));
    subscribe.sequence = 1;
    give(setup, SIDE_FRONT, &setup->a, &subscribe);
    assert_int_equal(setup->out.count, 0);
    assert_int_equal(router_subscription_count(setup->router), 1);
    request(setup, &setup->b, NOBODY, 3);
    setup->now_ms = 3000;
    struct frame_header beat = frame_make(FRAME_HEARTBEAT, LABOUR, 4);
    give(setup, SIDE_FRONT, &setup->b, &beat);
    assert_int_equal(only(setup)->header.type, FRAME_HEARTBEAT);
    assert_int_equal(only(setup)->header.request, 4);
    assert_memory_not_equal(only(setup)->header.group, LABOUR, GROUP_ID_SIZE);
    assert_int_equal(router_due_ms(setup->router), 4000);
    router_tick(setup->router, 4000, &setup->out);
    assert_int_equal(router_client_count(setup->router), 1);
    assert_int_equal(router_subscription_count(setup->router), 0);
}

static void test_news(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->south, LABOUR, 1, 10);
    struct frame_header subscribe = frame_make(FRAME_SUBSCRIBE, LABOUR, 0);
    memcpy(subscribe.history, HISTORY, sizeof(HISTORY));
    subscribe.sequence = 1;
    give(setup, SIDE_FRONT, &setup->a, &subscribe);
    memcpy(subscribe.group, MANAGEMENT, sizeof(MANAGEMENT));
    give(setup, SIDE_FRONT, &setup->a, &subscribe);
    struct frame_header news = frame_make(FRAME_NEWS, MANAGEMENT, 0); /* a group that it does not serve */
    memcpy(news.history, HISTORY, sizeof(HISTORY));
    news.sequence = 5;
    give(setup, SIDE_BACK, &setup->south, &news);
    assert_int_equal(router_news_due(setup->router), 0);
    memcpy(news.group, LABOUR, sizeof(LABOUR));
    give(setup, SIDE_BACK, &setup->south, &news);
    setup->out.count = 0;
    router_news(setup->router, 10, &setup->out);
    struct action told = *only(setup);
    assert_int_equal(told.header.type, FRAME_NEWS);
    assert_int_equal(told.header.sequence, 5);
    router_failed(setup->router, &told, ERR_BUSY, &setup->out); /* its connection is full: later */
    assert_int_equal(router_news_due(setup->router), 1);
    setup->out.count = 0;
    router_news(setup->router, 10, &setup->out);
    told = *only(setup);
    router_failed(setup->router, &told, ERR_UNREACHABLE, &setup->out);
    assert_int_equal(router_client_count(setup->router), 0);
    router_failed(setup->router, &told, ERR_BUSY, &setup->out); /* of a client that is gone by now */
    assert_int_equal(router_news_due(setup->router), 0);
}

static void test_status_is_the_operators(void **state)
{
    struct setup *setup = *state;
    struct frame_header header = frame_make(FRAME_REQUEST, NOBODY, 3);
    header.flags = FRAME_FLAG_BROKER;
    give(setup, SIDE_FRONT, &setup->a, &header);
    assert_int_equal(only(setup)->kind, ACTION_STATUS);
    assert_int_equal(only(setup)->header.request, 3);
    give(setup, SIDE_FRONT, &setup->b, &header);
    expect_error(setup, &setup->b, 3, ERR_FORBIDDEN);
    header.type = FRAME_HELLO;
    give(setup, SIDE_FRONT, &setup->a, &header);
    expect_error(setup, &setup->a, 3, ERR_MALFORMED);
}

/* What may be sent from which side, by type: everything else is refused. */
static void test_types(void **state)
{
    struct setup *setup = *state;
    static const bool FRONT[] = {[FRAME_HELLO] = true,
                                 [FRAME_HEARTBEAT] = true,
                                 [FRAME_REQUEST] = true,
                                 [FRAME_SUBSCRIBE] = true,
                                 [FRAME_BYE] = true};
    static const bool BACK[] = {
        [FRAME_WELCOME] = true, [FRAME_READY] = true, [FRAME_HEARTBEAT] = true, [FRAME_REPLY] = true,
        [FRAME_ERROR] = true,   [FRAME_NEWS] = true,  [FRAME_DRAIN] = true,     [FRAME_BYE] = true};
    for (uint8_t type = 0; type < 20; type++) {
        struct frame_header header = frame_make(type, LABOUR, 6);
        memcpy(header.history, HISTORY, sizeof(HISTORY));
        give(setup, SIDE_FRONT, &setup->a, &header);
        bool is_refused = setup->out.count == 1 && setup->out.at[0].header.error == ERR_MALFORMED;
        assert_int_equal(is_refused, !(type < ARRAY_COUNT(FRONT) && FRONT[type]));
        give(setup, SIDE_BACK, &setup->north, &header);
        is_refused = setup->out.count == 1 && setup->out.at[0].header.error == ERR_MALFORMED;
        assert_int_equal(is_refused, !(type < ARRAY_COUNT(BACK) && BACK[type]));
    }
}

static void test_what_is_no_frame(void **state)
{
    struct setup *setup = *state;
    uint8_t frame[FRAME_HEADER_SIZE + 4] = {0};
    struct frame_header header = frame_make(FRAME_REQUEST, LABOUR, 6);
    frame_header_write(&header, frame);
    for (size_t size = 0; size < FRAME_HEADER_SIZE; size++) {
        struct router_input input = {.from = &setup->a.id, .key = setup->a.key, .frame = BYTES(frame, size)};
        setup->out.count = 0;
        router_front(setup->router, &input, 1000, &setup->out);
        assert_int_equal(setup->out.count, size >= 16); /* its number can be read from there on */
        assert_true(size < 16 || setup->out.at[0].header.error == ERR_MALFORMED);
    }
    struct router_input input = {.from = &setup->a.id, .key = NULL, .frame = BYTES(frame, sizeof(frame))};
    setup->out.count = 0;
    router_front(setup->router, &input, 1000, &setup->out);
    input.key = "short";
    router_front(setup->router, &input, 1000, &setup->out);
    assert_int_equal(setup->out.count, 0);
    assert_int_equal(router_counters(setup->router)->malformed, FRAME_HEADER_SIZE + 2);
    assert_int_equal(router_client_count(setup->router), 0);
}

static void test_new_configuration(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->north, LABOUR, 1, 10);
    ready(setup, &setup->south, LABOUR, 2, 10);
    request(setup, &setup->a, LABOUR, 1);
    expect_forward(setup, &setup->south);
    struct admission fresh = {.worker_count = 2};
    fresh.workers = calloc(2, sizeof(*fresh.workers));
    fresh.workers[0] = (struct admission_worker){.name = "renamed", .key = {11}};
    fresh.workers[1] = (struct admission_worker){.name = "west", .key = {13}};
    struct router_limits limits = LIMITS;
    limits.client_pending = 1;
    setup->out.count = 0;
    assert_int_equal(router_configure(setup->router, &limits, &fresh, &setup->out), 0);
    assert_true(noted(setup, NOTE_WORKER_REMOVED));
    expect_error(setup, &setup->a, 1, ERR_WORKER_LOST);
    assert_null(workers_find(router_workers(setup->router), setup->south.key));
    assert_string_equal(workers_find(router_workers(setup->router), setup->north.key)->name, "renamed");
    ready(setup, &setup->west, LABOUR, 3, 10);
    request(setup, &setup->a, LABOUR, 2);
    expect_forward(setup, &setup->west);
    request(setup, &setup->a, LABOUR, 3);
    expect_error(setup, &setup->a, 3, ERR_BUSY);
    assert_int_equal(router_configure(setup->router, &LIMITS, &setup->admission, &setup->out), 0);
    admission_release(&fresh);
}

static void test_end(void **state)
{
    struct setup *setup = *state;
    ready(setup, &setup->north, LABOUR, 1, 10);
    request(setup, &setup->a, LABOUR, 1);
    router_stop(setup->router);
    request(setup, &setup->a, LABOUR, 2);
    expect_error(setup, &setup->a, 2, ERR_DRAINING);
    setup->out.count = 0;
    router_abandon(setup->router, &setup->out);
    expect_error(setup, &setup->a, 1, ERR_WORKER_LOST);
    assert_int_equal(router_pending_count(setup->router), 0);
}

#define ROUTER_TEST(function) cmocka_unit_test_setup_teardown(function, setup_make, setup_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROUTER_TEST(test_there_and_back),
        ROUTER_TEST(test_answers_that_do_not_fit),
        ROUTER_TEST(test_refusals),
        ROUTER_TEST(test_window),
        ROUTER_TEST(test_deadlines),
        ROUTER_TEST(test_silent_worker),
        ROUTER_TEST(test_terms),
        ROUTER_TEST(test_nobody_leads),
        ROUTER_TEST(test_draining),
        ROUTER_TEST(test_groups_of_others),
        ROUTER_TEST(test_worker_that_comes_again),
        ROUTER_TEST(test_forward_that_fails),
        ROUTER_TEST(test_client_that_goes),
        ROUTER_TEST(test_silent_client),
        ROUTER_TEST(test_news),
        ROUTER_TEST(test_status_is_the_operators),
        ROUTER_TEST(test_types),
        ROUTER_TEST(test_what_is_no_frame),
        ROUTER_TEST(test_new_configuration),
        ROUTER_TEST(test_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
