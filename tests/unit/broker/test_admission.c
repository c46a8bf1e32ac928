/* Who may connect, serve and ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/admission.h"

static const uint8_t NORTH[KEY_SIZE] = {1, 1}, SOUTH[KEY_SIZE] = {1, 2}, STRANGER[KEY_SIZE] = {1, 3};
static const uint8_t LABOUR[GROUP_ID_SIZE] = {7}, MANAGEMENT[GROUP_ID_SIZE] = {8};

static void make(struct admission *admission)
{
    *admission = (struct admission){.connection_limit = 8, .address_percent = 50};
    admission->workers = calloc(2, sizeof(*admission->workers));
    admission->operators = calloc(1, sizeof(*admission->operators));
    admission->worker_count = 2;
    admission->operator_count = 1;
    memcpy(admission->workers[0].key, NORTH, KEY_SIZE);
    memcpy(admission->workers[1].key, SOUTH, KEY_SIZE);
    admission->workers[1].groups = calloc(1, sizeof(*admission->workers[1].groups));
    memcpy(admission->workers[1].groups[0], LABOUR, GROUP_ID_SIZE);
    admission->workers[1].group_count = 1;
    memcpy(admission->operators[0], SOUTH, KEY_SIZE);
}

static void test_verdicts(void **state)
{
    (void) state;
    CLEANUP(admission_release) struct admission admission;
    make(&admission);
    static const struct {
        enum side side;
        const uint8_t *key;
        struct crowd crowd;
        enum verdict verdict;
    } CASES[] = {
        {SIDE_BACK, NORTH, {0, 0}, VERDICT_ADMIT},     {SIDE_BACK, SOUTH, {9999, 9999}, VERDICT_ADMIT},
        {SIDE_BACK, STRANGER, {0, 0}, VERDICT_REFUSE}, {SIDE_FRONT, STRANGER, {1, 1}, VERDICT_ADMIT},
        {SIDE_FRONT, STRANGER, {8, 0}, VERDICT_ADMIT}, {SIDE_FRONT, STRANGER, {9, 0}, VERDICT_LATER},
        {SIDE_FRONT, NORTH, {9, 0}, VERDICT_LATER},    {SIDE_FRONT, STRANGER, {8, 4}, VERDICT_ADMIT},
        {SIDE_FRONT, STRANGER, {8, 5}, VERDICT_LATER},
    };
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        enum verdict verdict = admission_judge(&admission, CASES[i].side, CASES[i].key, CASES[i].crowd);
        if (verdict != CASES[i].verdict)
            fail_msg("case %zu: %d", i, (int) verdict);
    }
}

/* However small the share is, one connection from there is let in. */
static void test_share_of_nothing(void **state)
{
    (void) state;
    const struct admission admission = {.connection_limit = 3, .address_percent = 1};
    const struct crowd one = {1, 1}, two = {2, 2};
    assert_int_equal(admission_judge(&admission, SIDE_FRONT, STRANGER, one), VERDICT_ADMIT);
    assert_int_equal(admission_judge(&admission, SIDE_FRONT, STRANGER, two), VERDICT_LATER);
}

static void test_groups_and_operators(void **state)
{
    (void) state;
    CLEANUP(admission_release) struct admission admission;
    make(&admission);
    const struct admission_worker *north = admission_worker(&admission, NORTH);
    const struct admission_worker *south = admission_worker(&admission, SOUTH);
    assert_null(admission_worker(&admission, STRANGER));
    assert_true(admission_may_serve(north, MANAGEMENT)); /* no group named: any */
    assert_true(admission_may_serve(south, LABOUR));
    assert_false(admission_may_serve(south, MANAGEMENT));
    assert_true(admission_is_operator(&admission, SOUTH));
    assert_false(admission_is_operator(&admission, NORTH));
}

static void test_nobody_is_configured(void **state)
{
    (void) state;
    struct admission admission = {0};
    assert_int_equal(admission_judge(&admission, SIDE_BACK, (const uint8_t[KEY_SIZE]){0}, (struct crowd){0}),
                     VERDICT_REFUSE);
    assert_false(admission_is_operator(&admission, (const uint8_t[KEY_SIZE]){0}));
    admission_release(&admission);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_share_of_nothing),
        cmocka_unit_test(test_groups_and_operators),
        cmocka_unit_test(test_nobody_is_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
