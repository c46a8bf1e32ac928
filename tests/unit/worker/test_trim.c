/* How short the log is kept, from tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/log/trim.h"

#define KIB ((uint64_t) 1024)
#define QUOTA (64 * 1024 * KIB)

static struct order_place at(uint64_t number, uint64_t bytes_each)
{
    return (struct order_place){.number = number, .total = number * bytes_each};
}

/* A leader that has seen the last entries, of one size. */
static struct trim seen(uint64_t number, uint64_t bytes_each)
{
    struct trim trim = {.trimmed = 0};
    for (uint64_t n = number > 1000 ? number - 1000 : 1; n <= number; n++) {
        struct order_place place = at(n, bytes_each);
        trim_saw(&trim, &place);
    }
    return trim;
}

static void what_everybody_has_goes(void **state)
{
    static const struct {
        uint64_t number, bytes_each, applied[3], floor;
        size_t count;
    } CASES[] = {
        /* Small entries: 256 stay, whoever has them. */
        {1000, 200, {1000, 1000}, 744, 2},
        {1000, 200, {0}, 744, 0},
        {200, 200, {200}, 0, 1},
        {1000, 200, {1000, 700}, 700, 2},
        {1000, 200, {1000, 800}, 744, 2},
        {1000, 200, {1000, 0}, 0, 2},
        /* Large ones: the last 4 MiB stay. */
        {1000, 512 * KIB, {1000}, 992, 1},
        {1000, 512 * KIB, {1000, 980}, 980, 2},
        /* Who lags more than 16 MiB holds nothing back; up to there it does. */
        {1000, 512 * KIB, {1000, 968}, 968, 2},
        {1000, 512 * KIB, {1000, 967}, 992, 2},
        {1000, 512 * KIB, {1000, 967, 990}, 990, 3},
        /* A seat that was read later than the head. */
        {1000, 512 * KIB, {1000, 1010}, 992, 2},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        struct trim trim = seen(CASES[i].number, CASES[i].bytes_each);
        struct order_place head = at(CASES[i].number, CASES[i].bytes_each), applied[3];
        for (size_t j = 0; j < CASES[i].count; j++)
            applied[j] = at(CASES[i].applied[j], CASES[i].bytes_each);
        uint64_t floor = trim_floor(&trim, &head, applied, CASES[i].count, QUOTA);
        if (floor != CASES[i].floor)
            fail_msg("case %zu: %llu", i, (unsigned long long) floor);
    }
}

/* A leader that has just come to lead knows no sizes: it keeps by number. */
static void who_knows_no_sizes_keeps_by_number(void **state)
{
    struct trim trim = {.trimmed = 0};
    struct order_place head = at(1000, 512 * KIB);
    (void) state;
    assert_int_equal(trim_floor(&trim, &head, &head, 1, QUOTA), 744);
}

static void trims_come_by_number_bytes_and_time(void **state)
{
    struct trim trim = {.trimmed = 0};
    struct order_place head = at(1000, 200), next = head;
    (void) state;
    trim_done(&trim, &head, 744, 5000);
    assert_int_equal(trim.trimmed, 744);
    assert_false(trim_is_due(&trim, &next, 5000 + TRIM_IDLE_MS - 1, QUOTA)); /* nothing has come */
    assert_true(trim_is_due(&trim, &next, 5000 + TRIM_IDLE_MS, QUOTA));
    next = at(1001, 200);
    assert_false(trim_is_due(&trim, &next, 5000 + TRIM_EVERY_MS - 1, QUOTA));
    assert_true(trim_is_due(&trim, &next, 5000 + TRIM_EVERY_MS, QUOTA));
    next = at(1000 + TRIM_EVERY_ENTRIES - 1, 200);
    assert_false(trim_is_due(&trim, &next, 5000, QUOTA));
    next = at(1000 + TRIM_EVERY_ENTRIES, 200);
    assert_true(trim_is_due(&trim, &next, 5000, QUOTA));
    next = head;
    next.number++;
    next.total += QUOTA / TRIM_EVERY_SHARE - 1;
    assert_false(trim_is_due(&trim, &next, 5000, QUOTA));
    next.total++;
    assert_true(trim_is_due(&trim, &next, 5000, QUOTA));
    assert_false(trim_is_due(&trim, &next, 5000, 1024 * QUOTA));
    next.total = head.total + TRIM_EVERY_BYTES;
    assert_true(trim_is_due(&trim, &next, 5000, 1024 * QUOTA));
    trim_done(&trim, &next, 100, 6000); /* never back */
    assert_int_equal(trim.trimmed, 744);
    assert_false(trim_is_due(&trim, &head, 6000, QUOTA)); /* the head that was read then is further than what is applied */
    assert_true(trim_is_due(&trim, &head, 6000 + TRIM_IDLE_MS, QUOTA));
}

/* It goes as soon as every seat has it, however few entries there are. */
static void what_was_erased_is_not_kept_for_anybody_to_come(void **state)
{
    struct trim trim = {.forget = 990};
    struct order_place head = at(1000, 200), seats[] = {head, at(980, 190)};
    (void) state;
    assert_int_equal(trim_floor(&trim, &head, seats, 1, QUOTA), 990);
    assert_int_equal(trim_floor(&trim, &head, seats, 2, QUOTA), 980);
    trim_done(&trim, &head, 980, 5000);
    assert_false(trim_is_due(&trim, &head, 5000 + TRIM_FORGET_MS - 1, QUOTA));
    assert_true(trim_is_due(&trim, &head, 5000 + TRIM_FORGET_MS, QUOTA));
    trim_done(&trim, &head, 990, 5000);
    assert_false(trim_is_due(&trim, &head, 5000 + TRIM_FORGET_MS, QUOTA));
    trim.forget = 1200; /* an entry that is on its way */
    assert_int_equal(trim_floor(&trim, &head, seats, 1, QUOTA), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_everybody_has_goes),
        cmocka_unit_test(who_knows_no_sizes_keeps_by_number),
        cmocka_unit_test(trims_come_by_number_bytes_and_time),
        cmocka_unit_test(what_was_erased_is_not_kept_for_anybody_to_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
