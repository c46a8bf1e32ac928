/* Rates: what a key may ask in a time. The time is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/daemon/rates.h"

enum { COMMANDS, QUERIES, STRANGERS, RATE_COUNT };

static struct rates *rates_of(unsigned per_minute, unsigned at_once)
{
    struct rate_limit limits[RATE_COUNT];
    for (size_t i = 0; i < RATE_COUNT; i++)
        limits[i] = (struct rate_limit){per_minute, at_once};
    struct rates *rates = rates_new(limits, RATE_COUNT);
    assert_non_null(rates);
    return rates;
}

static void key_of(uint64_t number, uint8_t key[KEY_SIZE])
{
    memset(key, 0, KEY_SIZE);
    put_u64(key, number);
}

/* How many are served one after the other at this time. */
static unsigned served(struct rates *rates, unsigned rate, const uint8_t *key, int64_t now_ms, unsigned most)
{
    unsigned count = 0;
    while (count < most && rates_wait_ms(rates, rate, key, now_ms) == 0) {
        rates_spend(rates, rate, key, 1, now_ms);
        count++;
    }
    return count;
}

static void a_bucket_empties_and_fills(void **state)
{
    (void) state;
    struct rates *rates = rates_of(600, 100); /* one in 100 ms */
    uint8_t key[KEY_SIZE];
    key_of(1, key);
    assert_int_equal(served(rates, COMMANDS, key, 5000, 1000), 100);
    assert_in_range(rates_wait_ms(rates, COMMANDS, key, 5000), 100, 101);
    assert_in_range(rates_wait_ms(rates, COMMANDS, key, 5060), 40, 41);
    assert_int_equal(served(rates, COMMANDS, key, 5100, 1000), 1);
    assert_int_equal(served(rates, COMMANDS, key, 6100, 1000), 10);
    assert_int_equal(served(rates, COMMANDS, key, 1000000, 1000), 100);
    /* In the long run as many as the rate says, however they come. */
    unsigned count = 0;
    for (int64_t now_ms = 2000000; now_ms < 2600000; now_ms += 7)
        count += served(rates, COMMANDS, key, now_ms, 1000);
    assert_in_range(count, 6000, 6100);
    rates_destroy(&rates);
}

static void keys_and_kinds_are_told_apart(void **state)
{
    (void) state;
    struct rates *rates = rates_of(60, 10);
    uint8_t key[KEY_SIZE], other[KEY_SIZE];
    key_of(1, key);
    key_of(2, other);
    assert_int_equal(served(rates, COMMANDS, key, 1, 100), 10);
    assert_int_equal(served(rates, COMMANDS, other, 1, 100), 10);
    assert_int_equal(served(rates, QUERIES, key, 1, 100), 10);
    assert_int_equal(served(rates, STRANGERS, NULL, 1, 100), 10);
    assert_int_equal(served(rates, COMMANDS, key, 1, 100), 0);
    rates_destroy(&rates);
}

static void what_costs_more_leaves_a_debt(void **state)
{
    (void) state;
    struct rates *rates = rates_of(60, 10); /* one a second */
    uint8_t key[KEY_SIZE];
    key_of(1, key);
    assert_int_equal(rates_full_ms(rates, COMMANDS, key, 1000), 0);
    rates_spend(rates, COMMANDS, key, 30, 1000);
    assert_in_range(rates_full_ms(rates, COMMANDS, key, 1000), 30000, 30001);
    assert_in_range(rates_full_ms(rates, COMMANDS, key, 21000), 10000, 10001);
    assert_int_equal(rates_full_ms(rates, COMMANDS, key, 31000), 0);
    assert_in_range(rates_wait_ms(rates, COMMANDS, key, 1000), 21000, 21001);
    assert_int_equal(served(rates, COMMANDS, key, 22001, 100), 1);
    rates_destroy(&rates);
}

static void nothing_is_limited_by_0(void **state)
{
    (void) state;
    struct rates *rates = rates_of(0, 1);
    uint8_t key[KEY_SIZE];
    key_of(1, key);
    assert_int_equal(served(rates, COMMANDS, key, 1, 100000), 100000);
    const struct rate_limit limits[RATE_COUNT] = {[COMMANDS] = {60, 3}};
    rates_set_limits(rates, limits, RATE_COUNT);
    assert_int_equal(served(rates, COMMANDS, key, 1, 100000), 3);
    rates_destroy(&rates);
}

static void set_limit(struct rates *rates, unsigned rate, unsigned per_minute, unsigned at_once)
{
    struct rate_limit limits[RATE_COUNT];
    for (size_t i = 0; i < RATE_COUNT; i++)
        limits[i] = (struct rate_limit){1, 100};
    limits[rate] = (struct rate_limit){per_minute, at_once};
    rates_set_limits(rates, limits, RATE_COUNT);
}

/* An operator lowers a limit too far, and sees it: nobody waits any more for what was taken meanwhile. */
static void a_debt_is_capped_by_a_new_limit(void **state)
{
    (void) state;
    struct rates *rates = rates_of(1, 100); /* one a minute */
    uint8_t key[KEY_SIZE];
    key_of(1, key);
    for (unsigned rate = 0; rate < RATE_COUNT; rate++)
        assert_int_equal(served(rates, rate, key, 5000, 1000), 100);
    rates_spend(rates, QUERIES, key, 50, 5000);
    set_limit(rates, COMMANDS, 600, 100); /* ten a second */
    assert_in_range(rates_wait_ms(rates, COMMANDS, key, 5000), 100, 101);
    assert_in_range(rates_full_ms(rates, COMMANDS, key, 5000), 10000, 10001);
    assert_int_equal(served(rates, COMMANDS, key, 5200, 1000), 2);
    /* Of the others nothing has changed: a debt that is theirs stays. */
    assert_in_range(rates_full_ms(rates, STRANGERS, key, 5000), 6000000, 6000001);
    assert_in_range(rates_full_ms(rates, QUERIES, key, 5000), 9000000, 9000001);
    set_limit(rates, COMMANDS, 600, 100); /* as it is already */
    rates_spend(rates, COMMANDS, key, 200, 5200);
    set_limit(rates, COMMANDS, 600, 100);
    assert_in_range(rates_full_ms(rates, COMMANDS, key, 5200), 30000, 30001);
    set_limit(rates, COMMANDS, 0, 1);
    set_limit(rates, COMMANDS, 600, 100);
    assert_int_equal(rates_full_ms(rates, COMMANDS, key, 5200), 0);
    rates_destroy(&rates);
}

/* As the broker makes them of the largest settings that it takes. */
static void the_largest_limits_hold(void **state)
{
    (void) state;
    struct rates *rates = rates_of(1, 400000000);
    uint8_t key[KEY_SIZE];
    key_of(1, key);
    const int64_t now_ms = INT64_C(1800000000000);
    assert_int_equal(served(rates, COMMANDS, key, now_ms, 1000), 1000);
    assert_int_equal(rates_full_ms(rates, COMMANDS, key, now_ms), 60000001);
    rates_spend(rates, COMMANDS, key, 100000, now_ms); /* 70 days */
    assert_int_equal(rates_full_ms(rates, COMMANDS, key, now_ms), UINT32_MAX);
    assert_int_equal(rates_wait_ms(rates, COMMANDS, key, now_ms), 0);
    rates_destroy(&rates);
}

/* However many keys come, who has used up what is theirs stays so: a crowd of others pushes out one another. */
static void a_crowd_gives_nobody_a_full_bucket(void **state)
{
    (void) state;
    struct rates *rates = rates_of(60, 1000);
    uint8_t key[KEY_SIZE], other[KEY_SIZE];
    key_of(1, key);
    rates_spend(rates, COMMANDS, key, 1000, 1000);
    for (uint64_t number = 2; number < 200000; number++) {
        key_of(number, other);
        rates_spend(rates, COMMANDS, other, 1, 1000);
    }
    assert_true(rates_wait_ms(rates, COMMANDS, key, 1000) > 0);
    rates_destroy(&rates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_empties_and_fills),      cmocka_unit_test(keys_and_kinds_are_told_apart),
        cmocka_unit_test(what_costs_more_leaves_a_debt),   cmocka_unit_test(nothing_is_limited_by_0),
        cmocka_unit_test(a_crowd_gives_nobody_a_full_bucket), cmocka_unit_test(the_largest_limits_hold),
        cmocka_unit_test(a_debt_is_capped_by_a_new_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
