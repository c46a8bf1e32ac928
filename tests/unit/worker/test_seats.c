/* When each seat was heard of last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/log/seats.h"

static void saw(struct seats *seats, int64_t now_ms, int64_t north, int64_t south)
{
    struct seats read = {.rows = {{.worker = "north", .changed = north, .applied = (uint64_t) north},
                                  {.worker = "south", .changed = south, .applied = (uint64_t) south}},
                         .count = south == 0 ? 1 : 2};

    seats_saw(seats, &read, now_ms);
}

static void a_seat_that_is_put_was_heard_of(void **state)
{
    struct seats seats = {.count = 0};

    (void) state;
    saw(&seats, 1000, 7, 5);
    assert_int_equal(seats.rows[0].heard_ms, 1000);
    saw(&seats, 3000, 9, 5);
    assert_int_equal(seats.count, 2);
    assert_string_equal(seats.rows[0].worker, "north");
    assert_int_equal(seats.rows[0].applied, 9);
    assert_int_equal(seats.rows[0].heard_ms, 3000);
    /* South says nothing any more. */
    assert_int_equal(seats.rows[1].heard_ms, 1000);
    saw(&seats, 5000, 9, 11);
    assert_int_equal(seats.rows[0].heard_ms, 3000);
    assert_int_equal(seats.rows[1].heard_ms, 5000);
}

static void a_seat_that_was_dropped_is_forgotten(void **state)
{
    struct seats seats = {.count = 0};

    (void) state;
    saw(&seats, 1000, 7, 5);
    saw(&seats, 2000, 7, 0);
    assert_int_equal(seats.count, 1);
    assert_int_equal(seats.rows[0].heard_ms, 1000);
    saw(&seats, 3000, 7, 5);
    assert_int_equal(seats.rows[1].heard_ms, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seat_that_is_put_was_heard_of),
        cmocka_unit_test(a_seat_that_was_dropped_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
