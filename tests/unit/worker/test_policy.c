/* What the operator allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "worker/policy.h"

static void founding_is_the_operators(void **state)
{
    (void) state;
    static const struct {
        enum founding founding;
        const char *expected, *given;
        int code;
    } cases[] = {
        {FOUNDING_NOBODY, "", "", ERR_FOUNDING},
        {FOUNDING_NOBODY, "secret", "secret", ERR_FOUNDING},
        {FOUNDING_ANYONE, "", "", 0},
        {FOUNDING_ANYONE, "", NULL, 0},
        {FOUNDING_TOKEN, "secret", "secret", 0},
        {FOUNDING_TOKEN, "secret", "secreT", ERR_FOUNDING},
        {FOUNDING_TOKEN, "secret", "secret1", ERR_FOUNDING},
        {FOUNDING_TOKEN, "secret", "secre", ERR_FOUNDING},
        {FOUNDING_TOKEN, "secret", "", ERR_FOUNDING},
        {FOUNDING_TOKEN, "secret", NULL, ERR_FOUNDING},
        {FOUNDING_TOKEN, "", "", ERR_FOUNDING},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct policy_rules rules = {.founding = cases[i].founding};
        struct policy *policy;
        memcpy(rules.token, cases[i].expected, strlen(cases[i].expected));
        assert_int_equal(policy_new(&rules, &policy), 0);
        assert_int_equal(policy_may_found(policy, cases[i].given), cases[i].code);
        policy_destroy(&policy);
    }
}

static void operators_are_known_by_key(void **state)
{
    (void) state;
    struct policy_rules rules = {.operators = {{1}, {2}}, .operator_count = 2};
    uint8_t second[KEY_SIZE] = {2}, third[KEY_SIZE] = {3};
    struct policy *policy;
    assert_int_equal(policy_new(&rules, &policy), 0);
    assert_true(policy_is_operator(policy, second));
    assert_false(policy_is_operator(policy, third));
    rules.operator_count = 1;
    policy_set(policy, &rules);
    assert_false(policy_is_operator(policy, second));
    policy_destroy(&policy);
}

static void names_go_both_ways(void **state)
{
    (void) state;
    enum founding founding = FOUNDING_NOBODY;
    for (int i = FOUNDING_NOBODY; i <= FOUNDING_TOKEN; i++) {
        assert_true(founding_from_name(founding_name((enum founding) i), &founding));
        assert_int_equal(founding, i);
    }
    assert_false(founding_from_name("Token", &founding));
    assert_false(founding_from_name("", &founding));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(founding_is_the_operators),
        cmocka_unit_test(operators_are_known_by_key),
        cmocka_unit_test(names_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
