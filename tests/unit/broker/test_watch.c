/* The watch over connections: who is counted, who is cut, and to whom nothing more is given for now. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/watch.h"
#include "core/error.h"

enum { MIB = 1024 * 1024, PLACES = 100 };

static const struct address HERE = {.bytes = {1}}, THERE = {.bytes = {2}}, NOWHERE;
static const struct watch_limits LIMITS = {.silence_ms = 30000, .held_bytes = 64 * MIB};

static int setup_make(void **state)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    assert_int_equal(watch_init(watch, PLACES), 0);
    watch->limits = LIMITS;
    *state = watch;
    return 0;
}

static int setup_end(void **state)
{
    watch_release(*state);
    free(*state);
    return 0;
}

static void test_counts(void **state)
{
    struct watch *watch = *state;
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 0);
    watch_opened(watch, SIDE_FRONT, 4, &HERE, 0);
    watch_opened(watch, SIDE_BACK, 5, &HERE, 0);
    watch_opened(watch, SIDE_BACK, 4, &HERE, 0); /* the descriptor came back before its end was told */
    watch_opened(watch, SIDE_FRONT, PLACES, &HERE, 0);
    watch_opened(watch, SIDE_FRONT, -1, &HERE, 0);
    assert_int_equal(watch->counts[SIDE_FRONT], 1);
    assert_int_equal(watch->counts[SIDE_BACK], 2);
    watch_closed(watch, SIDE_FRONT, 4); /* that end, told late: it is another's descriptor by now */
    assert_int_equal(watch->counts[SIDE_BACK], 2);
    watch_closed(watch, SIDE_BACK, 4);
    watch_closed(watch, SIDE_BACK, 4);
    watch_closed(watch, SIDE_BACK, 999);
    assert_int_equal(watch->counts[SIDE_BACK], 1);
    assert_true(watch_is_open(watch, 3));
    assert_false(watch_is_open(watch, 4));
    assert_int_equal(watch->used, 6);
}

static void test_names_of_connections(void **state)
{
    struct watch *watch = *state;
    assert_int_equal(watch_connection(watch, 3), 0);
    assert_int_equal(watch_descriptor(watch, 0), -1);
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 0);
    uint64_t first = watch_connection(watch, 3);
    assert_int_equal(watch_descriptor(watch, first), 3);
    watch_closed(watch, SIDE_FRONT, 3);
    assert_int_equal(watch_descriptor(watch, first), -1);
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 0);
    assert_int_equal(watch_descriptor(watch, first), -1);
    assert_int_not_equal(watch_connection(watch, 3), first);
}

static void test_addresses_are_counted(void **state)
{
    struct watch *watch = *state;
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 0);
    watch_opened(watch, SIDE_FRONT, 4, &HERE, 0);
    watch_opened(watch, SIDE_FRONT, 5, &THERE, 0);
    watch_opened(watch, SIDE_FRONT, 6, &NOWHERE, 0);
    watch_opened(watch, SIDE_BACK, 7, &HERE, 0);
    assert_int_equal(watch_count_from(watch, &HERE), 2);
    assert_int_equal(watch_count_from(watch, &THERE), 1);
    assert_int_equal(watch_count_from(watch, &NOWHERE), 0);
    watch_closed(watch, SIDE_FRONT, 4);
    assert_int_equal(watch_count_from(watch, &HERE), 1);
}

static void test_oldest_without_a_message(void **state)
{
    struct watch *watch = *state;
    assert_int_equal(watch_oldest_fresh(watch, SIDE_FRONT), -1);
    for (int fd = 3; fd < 8; fd++)
        watch_opened(watch, fd == 5 ? SIDE_BACK : SIDE_FRONT, fd, &HERE, fd);
    assert_int_equal(watch_oldest_fresh(watch, SIDE_FRONT), 3);
    assert_int_equal(watch_oldest_fresh(watch, SIDE_BACK), 5);
    watch_delivered(watch, 3, 100, 9);
    assert_int_equal(watch_oldest_fresh(watch, SIDE_FRONT), 4);
    watch_cut(watch, 4);
    watch_cut(watch, 4);
    assert_int_equal(watch->counts[SIDE_FRONT], 4);
    assert_int_equal(watch->leaving[SIDE_FRONT], 1);
    watch_closed(watch, SIDE_FRONT, 6);
    assert_int_equal(watch_oldest_fresh(watch, SIDE_FRONT), 7);
    watch_closed(watch, SIDE_FRONT, 4);
    assert_int_equal(watch->leaving[SIDE_FRONT], 0);
    watch_closed(watch, SIDE_FRONT, 7);
    watch_closed(watch, SIDE_BACK, 5);
    assert_int_equal(watch_oldest_fresh(watch, SIDE_FRONT), -1);
    assert_int_equal(watch_oldest_fresh(watch, SIDE_BACK), -1);
}

static void test_silence(void **state)
{
    struct watch *watch = *state;
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 1000);
    watch_opened(watch, SIDE_BACK, 4, &HERE, 1000);
    assert_false(watch_is_silent(watch, 3, 30999));
    assert_true(watch_is_silent(watch, 3, 31000));
    assert_false(watch_is_silent(watch, 4, 99999)); /* workers have their own heartbeats */
    assert_false(watch_is_silent(watch, 5, 99999));
    watch_delivered(watch, 3, 100, 5000);
    assert_false(watch_is_silent(watch, 3, 34999));
    watch_forgive(watch, 1000);
    assert_false(watch_is_silent(watch, 3, 35999));
    assert_true(watch_is_silent(watch, 3, 36000));
    watch_cut(watch, 3);
    assert_false(watch_is_silent(watch, 3, 36000));
}

static void test_bytes_without_a_message(void **state)
{
    struct watch *watch = *state;
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 0);
    assert_null(watch_look(watch, 3, 4 * MIB, true, 0));
    assert_null(watch_look(watch, 3, 8 * MIB, true, 0));
    assert_string_equal(watch_look(watch, 3, 8 * MIB + 1, true, 0), "bytes_without_end");
    /* With messages of it still to be read nothing is certain, but not for ever. */
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 0);
    for (int i = 1; i < WATCH_PATIENCE; i++)
        assert_null(watch_look(watch, 3, 9 * MIB, false, 0));
    assert_non_null(watch_look(watch, 3, 9 * MIB, false, 0));
    watch_cut(watch, 3);
    assert_null(watch_look(watch, 3, 9 * MIB, false, 0));
}

static void test_messages_clear_the_count(void **state)
{
    struct watch *watch = *state;
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 0);
    uint64_t bytes = 600; /* a handshake */
    for (int i = 0; i < 1000; i++) {
        bytes += 7 * MIB;
        watch_delivered(watch, 3, 7 * MIB, 0);
        assert_null(watch_look(watch, 3, bytes, true, 0));
    }
    assert_null(watch_look(watch, 3, bytes + 8 * MIB, true, 0));
    assert_non_null(watch_look(watch, 3, bytes + 9 * MIB, true, 0));
    watch_closed(watch, SIDE_FRONT, 3);
    assert_null(watch_look(watch, 3, bytes + 99 * MIB, true, 0));
}

/* Parts that came right behind a message are not forgotten with it. */
static void test_parts_behind_a_message(void **state)
{
    struct watch *watch = *state;
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 0);
    watch_delivered(watch, 3, 1000, 0);
    assert_null(watch_look(watch, 3, 1000 + 7 * MIB, true, 0));
    assert_null(watch_look(watch, 3, 1000 + 7 * MIB, true, 0));
    assert_int_equal(watch->unfinished, 7 * MIB);
    watch_delivered(watch, 3, 7 * MIB, 0);
    assert_null(watch_look(watch, 3, 1000 + 7 * MIB, true, 0));
    assert_int_equal(watch->unfinished, 0);
}

static void test_unfinished_for_long(void **state)
{
    struct watch *watch = *state;
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 0);
    watch_opened(watch, SIDE_FRONT, 4, &HERE, 0);
    for (int64_t now = 1000; now < 11000; now += 500) {
        assert_null(watch_look(watch, 3, 2 * MIB, true, now));
        assert_null(watch_look(watch, 4, MIB, true, now)); /* one message, over a slow line */
    }
    assert_string_equal(watch_look(watch, 3, 2 * MIB, true, 11000), "unfinished_for_long");
    assert_null(watch_look(watch, 4, MIB, true, 60000));
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 0);
    assert_null(watch_look(watch, 3, 2 * MIB, true, 1000));
    watch_forgive(watch, 5000);
    assert_null(watch_look(watch, 3, 2 * MIB, true, 15999));
    assert_non_null(watch_look(watch, 3, 2 * MIB, true, 16000));
}

/* All together have too much: those with the most go where all began at once, and no more of them than need
 * to. */
static void test_most_unfinished(void **state)
{
    struct watch *watch = *state;
    for (int fd = 0; fd < 50; fd++) {
        watch_opened(watch, fd == 49 ? SIDE_BACK : SIDE_FRONT, fd, &HERE, 0);
        assert_null(watch_look(watch, fd, fd == 49 ? 7 * MIB : (uint64_t) (fd / 10 + 1) * MIB, true, 0));
    }
    uint64_t sum = 0;
    for (int fd = 0; fd < 49; fd++)
        sum += (uint64_t) (fd / 10 + 1) * MIB;
    assert_int_equal(watch->unfinished, sum);
    uint64_t before = 5 * MIB;
    int fd;
    const uint64_t most = LIMITS.held_bytes / WATCH_PART_COST;
    while ((fd = watch_longest_unfinished(watch)) >= 0) {
        assert_true(watch->places[fd].unfinished <= before);
        before = watch->places[fd].unfinished;
        watch_cut(watch, fd);
    }
    assert_true(watch->unfinished <= most);
    assert_true(watch->unfinished > most - 5 * MIB);
}

/* Those go that have some unfinished for longest, however little: since the end of their last message. */
static void test_longest_unfinished(void **state)
{
    struct watch *watch = *state;
    const uint64_t most = LIMITS.held_bytes / WATCH_PART_COST;
    for (int fd = 1; fd <= 5; fd++) {
        watch_opened(watch, SIDE_FRONT, fd, &HERE, 0);
        assert_null(watch_look(watch, fd, 0, true, 0)); /* nothing, for however long, is not unfinished */
    }
    assert_null(watch_look(watch, 1, 1000, true, 100));
    assert_null(watch_look(watch, 2, 1000, true, 200));
    assert_null(watch_look(watch, 3, 1000, true, 300));
    assert_int_equal(watch_longest_unfinished(watch), -1);
    watch_delivered(watch, 1, 1000, 400); /* it ends, and another begins */
    assert_null(watch_look(watch, 1, 1000, true, 400));
    assert_null(watch_look(watch, 1, 1000 + MIB, true, 500));
    assert_null(watch_look(watch, 2, 1001, true, 500)); /* a little more is no new beginning */
    assert_null(watch_look(watch, 3, 1000 + MIB, true, 500));
    assert_null(watch_look(watch, 4, most / 2, true, 600));
    assert_null(watch_look(watch, 5, most / 2, true, 600));
    static const int ORDER[] = {2, 3, 1};
    for (size_t i = 0; i < ARRAY_COUNT(ORDER); i++) {
        assert_int_equal(watch_longest_unfinished(watch), ORDER[i]);
        watch_cut(watch, ORDER[i]);
    }
    assert_int_equal(watch_longest_unfinished(watch), -1); /* the largest stay: they are within the bound */
}

static void test_bytes_on_the_wire(void **state)
{
    (void) state;
    assert_int_equal(watch_wire_bytes(0), 2 + 33);
    assert_int_equal(watch_wire_bytes(222), 2 + 255);
    assert_int_equal(watch_wire_bytes(223), 9 + 256);
    assert_int_equal(watch_wire_bytes(MIB), 9 + 33 + MIB);
}

static void test_held_for_one(void **state)
{
    struct watch *watch = *state;
    assert_true(watch_has_room(watch, 3)); /* nobody knows it: the send will tell */
    watch_opened(watch, SIDE_FRONT, 3, &HERE, 0);
    watch_opened(watch, SIDE_BACK, 4, &HERE, 0);
    watch_sent(watch, 3, WATCH_HELD_CLIENT - 1);
    assert_true(watch_has_room(watch, 3));
    watch_sent(watch, 3, 1);
    assert_false(watch_has_room(watch, 3));
    watch_acknowledged(watch, 3, 1);
    assert_true(watch_has_room(watch, 3));
    watch_sent(watch, 4, WATCH_HELD_WORKER - 1);
    assert_true(watch_has_room(watch, 4));
    watch_sent(watch, 4, MIB);
    assert_false(watch_has_room(watch, 4));
    assert_int_equal(watch->held[SIDE_FRONT], WATCH_HELD_CLIENT - 1);
    assert_int_equal(watch->held[SIDE_BACK], WATCH_HELD_WORKER - 1 + MIB);
    /* What was acknowledged beyond what we know of was ZeroMQ's own, and gives no credit. */
    watch_acknowledged(watch, 3, 2 * WATCH_HELD_CLIENT);
    assert_int_equal(watch->held[SIDE_FRONT], 0);
    watch_sent(watch, 3, WATCH_HELD_CLIENT);
    assert_false(watch_has_room(watch, 3));
    watch_closed(watch, SIDE_FRONT, 3);
    watch_cut(watch, 4);
    watch_sent(watch, 4, 5);
    watch_acknowledged(watch, 4, 5);
    assert_int_equal(watch->held[SIDE_FRONT], 0);
    assert_int_equal(watch->held[SIDE_BACK], 0);
}

static void test_held_for_all(void **state)
{
    struct watch *watch = *state;
    for (int fd = 0; fd < 64; fd++) {
        watch_opened(watch, SIDE_FRONT, fd, &HERE, 0);
        watch_sent(watch, fd, fd == 40 ? MIB + 1 : MIB - (fd == 41));
        assert_int_equal(watch_has_room(watch, 0), fd < 63);
    }
    watch_opened(watch, SIDE_FRONT, 64, &HERE, 0); /* a little goes to anybody */
    watch_sent(watch, 64, WATCH_HELD_LITTLE - 1);
    assert_true(watch_has_room(watch, 64));
    watch_sent(watch, 64, 1);
    assert_false(watch_has_room(watch, 64));
    watch_closed(watch, SIDE_FRONT, 64);
    watch_opened(watch, SIDE_BACK, 70, &HERE, 0);
    assert_true(watch_has_room(watch, 70)); /* the sides are counted apart */
    assert_int_equal(watch_largest_held(watch), 40);
    watch_cut(watch, 40);
    assert_int_equal(watch_largest_held(watch), -1);
    assert_true(watch_has_room(watch, 0));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_make, setup_end)
    const struct CMUnitTest tests[] = {
        TEST(test_counts),
        TEST(test_names_of_connections),
        TEST(test_addresses_are_counted),
        TEST(test_oldest_without_a_message),
        TEST(test_silence),
        TEST(test_bytes_without_a_message),
        TEST(test_messages_clear_the_count),
        TEST(test_parts_behind_a_message),
        TEST(test_unfinished_for_long),
        TEST(test_most_unfinished),
        TEST(test_longest_unfinished),
        TEST(test_bytes_on_the_wire),
        TEST(test_held_for_one),
        TEST(test_held_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
