/* In what two outcomes differ, where they are long: docs/rules.md R-97. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/rules/difference.h"

enum { LINES = 2048 }; /* as many as an outcome may have */

/* An outcome with so many lines of one test, each for a site of its own. */
static Comity__V1__Outcome *outcome_of(struct arena *arena, size_t lines)
{
    Comity__V1__Outcome *outcome = arena_alloc(arena, sizeof(*outcome));

    comity__v1__outcome__init(outcome);
    outcome->tests = arena_alloc(arena, (lines + 1) * sizeof(*outcome->tests));
    for (size_t i = 0; i < lines; i++) {
        Comity__V1__TestResult *line = arena_alloc(arena, sizeof(*line));
        comity__v1__test_result__init(line);
        line->test = (char *) "support";
        line->subject = arena_printf(arena, "site-%zu", i);
        line->count = i;
        outcome->tests[outcome->n_tests++] = line;
    }
    return outcome;
}

static void test_long_lists(void **state)
{
    struct arena *arena = arena_new(64 * 1024 * 1024);
    Comity__V1__Round round = COMITY__V1__ROUND__INIT;
    Comity__V1__Outcome *recorded = outcome_of(arena, LINES), *counted = outcome_of(arena, LINES);
    struct difference *list;
    size_t count;

    (void) state;
    recorded->tests[1500]->count++;
    assert_int_equal(outcome_differences(&round, recorded, counted, words_in_english, arena, &list, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].where, "site-1500, test support");

    /* Members are matched by what they are about, wherever they stand. */
    Comity__V1__TestResult *first = recorded->tests[0];
    recorded->tests[1500]->count--;
    for (size_t i = 1; i < LINES; i++)
        recorded->tests[i - 1] = recorded->tests[i];
    recorded->tests[LINES - 1] = first;
    counted->n_tests--;
    assert_int_equal(outcome_differences(&round, recorded, counted, words_in_english, arena, &list, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].where, "site-2047, test support");
    assert_string_equal(list[0].counted, "not there");
    arena_destroy(&arena);
}

/* Two lists that have nothing in common: every pair is looked at, within the memory that a recount has. */
static void test_nothing_in_common(void **state)
{
    struct arena *arena = arena_new(64 * 1024 * 1024);
    Comity__V1__Round round = COMITY__V1__ROUND__INIT;
    Comity__V1__Outcome *recorded = outcome_of(arena, LINES), *counted = outcome_of(arena, LINES);
    struct difference *list;
    size_t count;

    (void) state;
    for (size_t i = 0; i < LINES; i++)
        recorded->tests[i]->test = (char *) "quorum";
    assert_int_equal(outcome_differences(&round, recorded, counted, words_in_english, arena, &list, &count), 0);
    assert_int_equal(count, 2 * LINES);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_nothing_in_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
