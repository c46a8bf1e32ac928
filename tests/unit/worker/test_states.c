/* Who stops where states differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/log/states.h"

static const uint8_t HASH[HASH_SIZE] = {1};

static struct state_hash told(uint64_t number, uint8_t first)
{
    return (struct state_hash){.number = number, .hash = {first}};
}

static void more_that_differ_than_agree(void **state)
{
    static const struct {
        size_t count;
        uint8_t others[4]; /* 1: the same as ours */
        bool leads, stops;
    } CASES[] = {
        {0, {0}, false, false},      {1, {1}, false, false},          {1, {2}, false, true},
        {1, {2}, true, false},       {2, {1, 2}, false, false},       {2, {2, 2}, false, true},
        {2, {2, 2}, true, true},     {2, {2, 3}, true, true},         {3, {1, 2, 2}, false, true},
        {3, {1, 2, 2}, true, false}, {4, {1, 1, 2, 2}, false, false}, {4, {1, 2, 2, 2}, true, true},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        struct states states = {.count = 0};
        struct state_hash others[4];
        states_tell(&states, 1000, HASH);
        for (size_t j = 0; j < CASES[i].count; j++)
            others[j] = told(1000, CASES[i].others[j]);
        int different = states_judge(&states, others, CASES[i].count, CASES[i].leads);
        if ((different >= 0) != CASES[i].stops || (different >= 0 && CASES[i].others[different] == 1))
            fail_msg("case %zu: %d", i, different);
    }
}

/* Others may be behind: what was told before is still known, for a while. */
static void numbers_are_matched(void **state)
{
    struct states states = {.count = 0};
    struct state_hash other = told(0, 9);
    (void) state;
    assert_int_equal(states_last(&states).number, 0);
    assert_int_equal(states_judge(&states, &other, 1, false), -1); /* has told nothing, as we have */
    for (uint64_t number = 1000; number <= 1000 * (STATES_KEPT + 1); number += 1000)
        states_tell(&states, number, HASH);
    assert_int_equal(states_last(&states).number, 1000 * (STATES_KEPT + 1));
    other = told(2000, 9);
    assert_int_equal(states_judge(&states, &other, 1, false), 0);
    other = told(1000, 9); /* too long ago */
    assert_int_equal(states_judge(&states, &other, 1, false), -1);
    other = told(999000, 9); /* ahead */
    assert_int_equal(states_judge(&states, &other, 1, false), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_that_differ_than_agree),
        cmocka_unit_test(numbers_are_matched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
