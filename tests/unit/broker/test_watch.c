/* The watch over connections: who is counted, and who is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/watch.h"
#include "core/error.h"

enum { MIB = 1024 * 1024 };

static void test_counts(void **state)
{
    (void) state;
    CLEANUP(watch_release) struct watch watch;
    assert_int_equal(watch_init(&watch, 10), 0);
    watch_opened(&watch, SIDE_FRONT, 3);
    watch_opened(&watch, SIDE_FRONT, 4);
    watch_opened(&watch, SIDE_BACK, 5);
    watch_opened(&watch, SIDE_BACK, 4); /* the descriptor came back before its end was told */
    watch_opened(&watch, SIDE_FRONT, 10);
    watch_opened(&watch, SIDE_FRONT, -1);
    assert_int_equal(watch.counts[SIDE_FRONT], 1);
    assert_int_equal(watch.counts[SIDE_BACK], 2);
    watch_closed(&watch, 4);
    watch_closed(&watch, 4);
    watch_closed(&watch, 99);
    assert_int_equal(watch.counts[SIDE_BACK], 1);
    assert_true(watch_is_open(&watch, 3));
    assert_false(watch_is_open(&watch, 4));
    assert_int_equal(watch.used, 6);
}

static void test_bytes_without_a_message(void **state)
{
    (void) state;
    CLEANUP(watch_release) struct watch watch;
    assert_int_equal(watch_init(&watch, 10), 0);
    watch_opened(&watch, SIDE_FRONT, 3);
    assert_false(watch_look(&watch, 3, 4 * MIB, true));
    assert_false(watch_look(&watch, 3, 8 * MIB, true));
    assert_true(watch_look(&watch, 3, 8 * MIB + 1, true));
    /* With messages of it still to be read nothing is certain, but not for ever. */
    watch_opened(&watch, SIDE_FRONT, 3);
    for (int i = 1; i < WATCH_PATIENCE; i++)
        assert_false(watch_look(&watch, 3, 9 * MIB, false));
    assert_true(watch_look(&watch, 3, 9 * MIB, false));
}

static void test_messages_clear_the_count(void **state)
{
    (void) state;
    CLEANUP(watch_release) struct watch watch;
    assert_int_equal(watch_init(&watch, 10), 0);
    watch_opened(&watch, SIDE_FRONT, 3);
    uint64_t bytes = 0;
    for (int i = 0; i < 1000; i++) {
        bytes += 7 * MIB;
        watch_delivered(&watch, 3);
        assert_false(watch_look(&watch, 3, bytes, true));
    }
    assert_false(watch_look(&watch, 3, bytes + 8 * MIB, true));
    assert_true(watch_look(&watch, 3, bytes + 9 * MIB, true));
    watch_closed(&watch, 3);
    assert_false(watch_look(&watch, 3, bytes + 99 * MIB, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_bytes_without_a_message),
        cmocka_unit_test(test_messages_clear_the_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
