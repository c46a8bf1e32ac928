/* Rounds as rows of a table: a rule, a roll, and what is to come of them. */
#ifndef COMITY_TEST_RULE_ROWS_H
#define COMITY_TEST_RULE_ROWS_H

#include "test_rule_support.h"

/* How a round comes out. @lines: the working expected, in order, up to the first NULL; the lines of tests,
 * then those of quantifiers. */
struct round_row {
    const char *title;
    const char *rule;
    const char *roll;
    bool rounds_remain;
    const char *outcome;
    const char *lines[8];
};

static inline void row_check(const struct round_row *row)
{
    struct scene scene;
    struct refusal refusal = {0};
    Comity__V1__Outcome *outcome = NULL;

    scene_init(&scene, row->rule, row->roll);
    if (rule_check(scene.rule, "rule", &refusal))
        fail_msg("%s: rule_check refuses %s with %d at %s", row->title, row->rule, refusal.code,
                 refusal.field);
    struct rule_input input = scene_input(&scene, row->rounds_remain);
    assert_int_equal(rule_count(&input, scene.arena, &outcome), 0);
    if (strcmp(outcome_name(outcome->kind), row->outcome) != 0)
        fail_msg("%s: %s, expected %s", row->title, outcome_name(outcome->kind), row->outcome);
    for (size_t i = 0; i < ARRAY_COUNT(row->lines) && row->lines[i]; i++) {
        if (i >= outcome->n_tests + outcome->n_quantifiers)
            fail_msg("%s: %zu lines", row->title, outcome->n_tests);
        const char *line =
            i < outcome->n_tests
                ? rule_explain_test(outcome->tests[i], scene.arena)
                : rule_explain_quantifier(outcome->quantifiers[i - outcome->n_tests], scene.arena);
        assert_non_null(line);
        if (strcmp(line, row->lines[i]) != 0)
            fail_msg("%s: line %zu is\n  %s\nexpected\n  %s", row->title, i, line, row->lines[i]);
    }
    scene_release(&scene);
}

#endif
