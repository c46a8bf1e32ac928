/* What an audit calls FINAL: a count that comes out the same, as far as witnesses have signed, with what was declared
 * otherwise since. docs/trust.md, "Recorded and final" */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/cli/audit.h"

static bool is_final(uint64_t sequence, enum recount_verdict verdict, uint64_t final, uint64_t declared)
{
    Comity__V1__Round round = COMITY__V1__ROUND__INIT;
    uint32_t rounds[] = {2, 3};
    uint64_t numbers[] = {declared, 1000};
    struct audit_seen seen = {
        .final = final, .declared_rounds = rounds, .declared = numbers, .declared_count = declared == 0 ? 0 : 2};
    struct recounted recounted = {.verdict = verdict, .sequence = sequence, .round = &round};

    round.number = 2;
    return audit_is_final(&seen, &recounted);
}

static void test_as_far_as_witnesses_have_signed(void **state)
{
    (void) state;
    assert_true(is_final(40, RECOUNT_SAME, 40, 0));
    assert_false(is_final(41, RECOUNT_SAME, 40, 0));
    assert_false(is_final(40, RECOUNT_SAME, 0, 0));
    assert_true(is_final(40, RECOUNT_IMPOSSIBLE, 40, 0)); /* what is withheld from the reader was signed like all else */
    assert_false(audit_is_final(NULL, &(struct recounted){.verdict = RECOUNT_SAME, .sequence = 0}));
}

static void test_nothing_that_differs(void **state)
{
    (void) state;
    assert_false(is_final(40, RECOUNT_DIFFERS, 40, 0));
    assert_false(is_final(40, RECOUNT_DIFFERS, 1000, 41));
}

static void test_with_what_was_declared_since(void **state)
{
    (void) state;
    assert_false(is_final(40, RECOUNT_SAME, 40, 41));
    assert_true(is_final(40, RECOUNT_SAME, 41, 41)); /* what is declared of another round is another matter */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_far_as_witnesses_have_signed),
        cmocka_unit_test(test_nothing_that_differs),
        cmocka_unit_test(test_with_what_was_declared_since),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
