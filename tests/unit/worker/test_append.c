/* What an answer to an append means: every row of the table, every combination, and tries that are still open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "worker/log/append.h"

#define ANSWERED(what, whose, where)                                                                         \
    {                                                                                                        \
        .answer = APPEND_ANSWERED, .entry = what, .leader = whose, .head = where                             \
    }

/* Written from the rules, not from the table. */
static const struct {
    struct append_seen seen;
    enum append_verdict verdict;
} CASES[] = {
    {{.answer = APPEND_ANSWERED, .is_done = true}, APPEND_EXECUTED},
    /* An earlier try was executed; whoever leads by now. */
    {ANSWERED(ENTRY_MINE, LEADER_MINE, HEAD_MINE), APPEND_EXECUTED},
    {ANSWERED(ENTRY_MINE, LEADER_OTHER, HEAD_BEYOND), APPEND_EXECUTED},
    {ANSWERED(ENTRY_MINE, LEADER_OTHER, HEAD_MINE), APPEND_EXECUTED},
    /* The number is taken. */
    {ANSWERED(ENTRY_OTHER, LEADER_OTHER, HEAD_INSTEAD), APPEND_NOT_EXECUTED},
    {ANSWERED(ENTRY_OTHER, LEADER_OTHER, HEAD_BEYOND), APPEND_NOT_EXECUTED},
    /* The entry was trimmed, but the head is still the one behind it. */
    {ANSWERED(ENTRY_NONE, LEADER_OTHER, HEAD_MINE), APPEND_EXECUTED},
    {ANSWERED(ENTRY_NONE, LEADER_OTHER, HEAD_INSTEAD), APPEND_NOT_EXECUTED},
    /* Trimmed, and the head has gone on. */
    {ANSWERED(ENTRY_NONE, LEADER_OTHER, HEAD_BEYOND), APPEND_UNKNOWABLE},
    {ANSWERED(ENTRY_NONE, LEADER_MINE, HEAD_BEYOND), APPEND_UNKNOWABLE},
    {ANSWERED(ENTRY_NONE, LEADER_MINE, HEAD_BEFORE), APPEND_AGAIN},
    {ANSWERED(ENTRY_NONE, LEADER_OTHER, HEAD_BEFORE), APPEND_NOT_EXECUTED},
    {ANSWERED(ENTRY_NONE, LEADER_MINE, HEAD_STRANGE), APPEND_UNKNOWABLE},
    {ANSWERED(ENTRY_NONE, LEADER_OTHER, HEAD_STRANGE), APPEND_UNKNOWABLE},
    {{.answer = APPEND_REFUSED}, APPEND_GIVE_UP},
    {{.answer = APPEND_OPEN}, APPEND_AGAIN},
};

static void answers_mean_what_the_rules_say(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        struct append append = {0};
        if (append_judge(&append, &CASES[i].seen) != CASES[i].verdict)
            fail_msg("case %zu", i);
    }
}

/* Each row decides at least one case, so that none is there for nothing and none is untested. */
static void every_row_has_a_case(void **state)
{
    unsigned count;
    const struct append_row *rows = append_rows(&count);
    bool is_used[32] = {0};
    (void) state;
    assert_true(count <= ARRAY_COUNT(is_used));
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        const struct append_seen *seen = &CASES[i].seen;
        unsigned row = 0;
        while (row < count && !(rows[row].answer == seen->answer && rows[row].is_done == seen->is_done &&
                                (rows[row].entry == ENTRY_ANY || rows[row].entry == seen->entry) &&
                                (rows[row].leader == LEADER_ANY || rows[row].leader == seen->leader) &&
                                (rows[row].head == HEAD_ANY || rows[row].head == seen->head)))
            row++;
        assert_true(row < count);
        is_used[row] = true;
    }
    for (unsigned row = 0; row < count; row++)
        if (!is_used[row])
            fail_msg("row %u has no case", row);
}

/* No answer leaves its meaning open: of each combination there is a row. */
static void no_combination_is_left_out(void **state)
{
    unsigned count;
    const struct append_row *rows = append_rows(&count);
    (void) state;
    for (int entry = ENTRY_MINE; entry <= ENTRY_NONE; entry++)
        for (int leader = LEADER_MINE; leader <= LEADER_OTHER; leader++)
            for (int head = HEAD_BEFORE; head <= HEAD_STRANGE; head++) {
                bool fits = false;
                for (unsigned row = 0; row < count; row++)
                    fits |= rows[row].answer == APPEND_ANSWERED && !rows[row].is_done &&
                            (rows[row].entry == ENTRY_ANY || (int) rows[row].entry == entry) &&
                            (rows[row].leader == LEADER_ANY || (int) rows[row].leader == leader) &&
                            (rows[row].head == HEAD_ANY || (int) rows[row].head == head);
                assert_true(fits);
            }
}

static void a_refusal_is_final_only_where_no_try_is_open(void **state)
{
    struct append append = {0};
    const struct append_seen refused = {.answer = APPEND_REFUSED}, open = {.answer = APPEND_OPEN};
    (void) state;
    assert_int_equal(append_judge(&append, &refused), APPEND_GIVE_UP);
    assert_int_equal(append_judge(&append, &refused), APPEND_GIVE_UP);
    assert_int_equal(append_judge(&append, &open), APPEND_AGAIN);
    assert_int_equal(append_judge(&append, &refused), APPEND_AGAIN);
    assert_int_equal(
        append_judge(&append, &(struct append_seen) ANSWERED(ENTRY_NONE, LEADER_MINE, HEAD_BEFORE)),
        APPEND_AGAIN);
    assert_int_equal(append_judge(&append, &refused), APPEND_AGAIN); /* an early try may yet arrive */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_mean_what_the_rules_say),
        cmocka_unit_test(every_row_has_a_case),
        cmocka_unit_test(no_combination_is_left_out),
        cmocka_unit_test(a_refusal_is_final_only_where_no_try_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
