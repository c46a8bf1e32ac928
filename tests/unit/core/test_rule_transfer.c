/* Counts by stages: instant run-off, the Scottish and Meek's single transferable vote, ties, and the working
 * in words. docs/rules.md */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_ranking_support.h"

static void chosen_are_as_expected(void **state)
{
    static const struct ranking_row ROWS[] = {
        {"R-53 more than half at once", 3, "irv", "3ab 2b", "+a"},
        {"R-53 half is not more than half", 3, "irv", "2a 1b 1cb", "?bc"},
        {"R-53 the weakest drops out", 3, "irv", "4a 3b 2cb", "+b"},
        {"R-53 half of those that still count", 3, "irv", "4a 3b 2c", "+a"},
        {"R-53 one option", 1, "irv", "1a", "+a"},
        {"R-53 no ballots, one option", 1, "irv", "", "+a"},
        {"R-53 no ballots", 2, "irv", "", "?ab"},
        {"R-56 the last two tie", 2, "irv", "1a 1b", "?ab"},
        {"R-56 the last two tie, by the order", 2, "irv ties=S order=ba", "1a 1b", "+b"},
        {"R-56 options without votes drop out together", 4, "irv", "2a 1b", "+a"},
        {"R-56 options without votes that tie for the end", 3, "irv", "1a 1b 1c", "?abc"},
        {"R-56 an earlier stage: c had fewer than b", 4, "irv ties=E", "5a 3b 2c 1dc", "+a"},
        {"R-56 no rule for ties", 4, "irv", "5a 3b 2c 1dc", "?bc"},
        {"R-56 earlier stages are level as well", 3, "irv ties=E", "3a 2b 2c", "?bc"},
        {"R-56 then the order: b is preferred", 3, "irv ties=ES order=abc", "3a 2bc 2cb", "+b"},
        {"R-56 then the order: c is preferred", 3, "irv ties=ES order=acb", "3a 2bc 2cb", "+c"},
        {"R-56 the rule states the order first", 4, "irv ties=SE order=acbd", "5a 3b 2c 1dc 1ca", "+a"},
        {"withdrawn", 3, "irv out=a", "3ab 2c", "+b"},
        {"R-54 fewer options than seats", 2, "scottish seats=3", "2a 1b", "+ab"},
        {"R-54 as many options as seats", 2, "scottish seats=2", "1a 2b", "+ba"},
        {"R-54 the quota", 3, "scottish seats=2", "4ab 2c", "+ac"},
        {"R-54 one seat", 3, "scottish seats=1", "4a 3b 2cb", "+b"},
        {"R-54 surpluses that tie", 4, "scottish seats=3", "4ac 4bd 2c 1d", "?ab"},
        {"R-54 surpluses that tie, by the order", 4, "scottish seats=3 ties=ES order=abcd", "4ac 4bd 2c 1d",
         "+abc"},
        {"R-55 fewer options than seats", 2, "meek seats=3", "2a 1b", "+ab"},
        {"R-55 one seat", 3, "meek seats=1", "4a 3b 2cb", "+b"},
        {"R-55 a surplus of equals ties with a first preference: 4 for 2 seats", 3, "meek seats=2", "4ab 2c",
         "?bc"},
        {"R-56 and by an earlier stage c, who had 2 then", 3, "meek seats=2 ties=E", "4ab 2c", "+ac"},
        {"R-55 no ballots", 2, "meek seats=1", "", "?ab"},
        {"R-55 all for one", 3, "meek seats=2 ties=S", "5a", "+ab"},
    };
    (void) state;
    ranking_check(ROWS, ARRAY_COUNT(ROWS));
}

/* Worked out by hand. */
static void stages_are_as_expected(void **state)
{
    static const struct {
        size_t options;
        const char *settings, *ballots;
        const char *stages[8];
    } ROWS[] = {
        /* */
        {3, "irv", "4a 3b 2cb", {"FIRST : 4 3 2 / 0", "EXCLUDE c: 4 5 0 / 0 +b"}},
        {3, "irv ties=E", "4a 3b 2c", {"FIRST : 4 3 2 / 0", "EXCLUDE c: 4 3 0 / 2 +a"}},
        /* quota 10 / 3 + 1 = 4; of a's 7 go 3 on, each at 3 / 7 = 0.42857, cut off. */
        {4,
         "scottish seats=2",
         "5ab 2ac 3d",
         {"FIRST : 7.00000 0.00000 0.00000 3.00000 / 0.00000 +a",
          "SURPLUS a: 4.00000 2.14285 0.85714 3.00000 / 0.00000",
          "EXCLUDE c: 4.00000 2.14285 0.00000 3.00000 / 0.85714",
          "EXCLUDE b: 4.00000 0.00000 0.00000 3.00000 / 2.99999",
          "FILL d: 4.00000 0.00000 0.00000 3.00000 / 2.99999 +d"}},
        /* what a does not hand on to b is not transferable: 2 of its 7 at 0.42857. */
        {3,
         "scottish seats=2",
         "5ab 2a 3c",
         {"FIRST : 7.00000 0.00000 3.00000 / 0.00000 +a", "SURPLUS a: 4.00000 2.14285 3.00000 / 0.85714",
          "EXCLUDE b: 4.00000 0.00000 3.00000 / 2.99999", "FILL c: 4.00000 0.00000 3.00000 / 2.99999 +c"}},
        /* "42t" of the program Droop (github.com/jklundell/droop), by its rule meek-prf. */
        {3,
         "meek seats=2 ties=E",
         "4ab 2c",
         {"FIRST : 4.000000000 0.000000000 2.000000000 / 0.000000000 +a",
          "ITERATE a: 2.000000004 1.999999996 2.000000000 / 0.000000000",
          "EXCLUDE b: 2.000000004 0.000000000 2.000000000 / 1.999999996",
          "FILL c: 2.000000004 0.000000000 2.000000000 / 1.999999996 +c"}},
        /* quota 6 / 2 + 0.000000001; c's ballots go to b. */
        {3,
         "meek seats=1",
         "3a 2bc 1cb",
         {"FIRST : 3.000000000 2.000000000 1.000000000 / 0.000000000",
          "EXCLUDE c: 3.000000000 3.000000000 0.000000000 / 0.000000000"}},
    };
    (void) state;

    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        static struct ranking_scene scene;
        ranking_init(&scene, ROWS[i].options, ROWS[i].settings, ROWS[i].ballots);
        assert_int_equal(ranking_go(&scene), 0);
        const Comity__V1__RankingResult *result = scene.outcome.ranking;
        for (size_t at = 0; at < result->n_stages; at++)
            assert_string_equal(stage_said(&scene, result->stages[at]),
                                ROWS[i].stages[at] ? ROWS[i].stages[at] : "");
        assert_null(ROWS[i].stages[result->n_stages]);
        ranking_release(&scene);
    }
}

/* What holds for every count: nothing is lost, and as many are elected as there are seats, or options. */
static void invariants_hold(void **state)
{
    static const char *const SETTINGS[] = {"scottish seats=1 ties=ES", "scottish seats=3 ties=ES",
                                           "meek seats=1 ties=ES",     "meek seats=2 ties=ES",
                                           "meek seats=4 ties=ES",     "irv ties=ES"};
    static const uint64_t UNITS[] = {100000, 100000, 1000000000, 1000000000, 1000000000, 1};
    uint64_t seed = 7;
    (void) state;

    for (size_t run = 0; run < 6000; run++) {
        static struct ranking_scene scene;
        size_t which = run % ARRAY_COUNT(SETTINGS), options = 2 + run % 6;
        uint64_t ballots = 0;
        ranking_init(&scene, options, SETTINGS[which], "");
        for (size_t i = 0; i < 3 + run % 9; i++) {
            for (size_t at = 0; at < options; at++) {
                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
                scene.ranks[i][at] = seed >> 62 == 0 ? 0 : 1 + (uint32_t) ((at + i * 3 + run) % options);
            }
            scene.ballots[i] = (struct ranked_ballots){scene.ranks[i], 1 + (seed >> 40) % 5};
            bool is_empty = true;
            for (size_t at = 0; at < options; at++)
                is_empty = is_empty && scene.ranks[i][at] == 0;
            ballots += is_empty ? 0 : scene.ballots[i].count;
            scene.input.ballot_count++;
        }
        assert_int_equal(ranking_go(&scene), 0);
        assert_int_equal(scene.verdict, RANKING_CHOSEN);
        size_t seats = scene.ranking.seats > 0 ? scene.ranking.seats : 1;
        assert_int_equal(scene.outcome.n_chosen, seats < options ? seats : options);
        for (size_t i = 0; i < scene.outcome.ranking->n_stages; i++) {
            const Comity__V1__CountStage *stage = scene.outcome.ranking->stages[i];
            uint64_t sum = stage->non_transferable + stage->residual;
            for (size_t at = 0; at < options; at++)
                sum += stage->votes[at];
            assert_int_equal(sum, ballots * UNITS[which]);
        }
        ranking_release(&scene);
    }
}

/* which ties a stage took is in it. */
static void ties_are_on_record(void **state)
{
    static struct ranking_scene scene;
    char said[OPTIONS_MAX + 2];
    (void) state;

    ranking_init(&scene, 4, "irv ties=ES", "5a 3b 2c 1dc");
    assert_string_equal(ranking_said(&scene, said), "+a");
    const Comity__V1__CountStage *last = scene.outcome.ranking->stages[2];
    assert_int_equal(last->n_ties, 1);
    assert_int_equal(last->ties[0], COMITY__V1__TIE_BREAK__TIE_BREAK_EARLIER_STAGES);
    assert_int_equal(scene.outcome.ranking->stages[1]->n_ties, 0);
    ranking_release(&scene);

    ranking_init(&scene, 3, "irv ties=ES", "3a 2bc 2cb");
    assert_string_equal(ranking_said(&scene, said), "+b");
    assert_int_equal(scene.outcome.ranking->stages[1]->n_ties, 1);
    assert_int_equal(scene.outcome.ranking->stages[1]->ties[0],
                     COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER);
    ranking_release(&scene);

    /* Nothing breaks it: the stages so far. */
    ranking_init(&scene, 4, "scottish seats=2 ties=E", "4a 1b 1c 1d");
    assert_string_equal(ranking_said(&scene, said), "?bcd");
    assert_int_equal(scene.outcome.ranking->n_stages, 2);
    ranking_release(&scene);
}

/* */
static void working_is_in_words(void **state)
{
    static const struct {
        size_t options;
        const char *settings, *ballots;
        const char *lines[12];
    } ROWS[] = {
        {3,
         "schulze default=c a>3 quorum>2",
         "3acb 2bca 1ca",
         {"a: 3 prefer it to c, 3 the other way: drops out, for it lacks the majority that it needs",
          "b: 2 prefer it to c, 4 the other way: drops out, for too few prefer it",
          "No other option beats c by a stronger path."}},
        {3,
         "schulze ties=S order=cab",
         "1abc 1bca 1cab",
         {"a beats b by 1: 2 to 1", "c beats a by 1: 2 to 1", "b beats c by 1: 2 to 1",
          "No other option beats a, b and c by a stronger path.",
          "They tie; the order that was stated prefers c."}},
        {2,
         "schulze default=b",
         "1a 1b",
         {"a: 1 prefer it to b, 1 the other way: stays in", "a and b are level: 1 prefer either",
          "No other option beats a and b by a stronger path."}},
        {3,
         "irv ties=S",
         "3a 2bc 2cb",
         {"Stage 1: first preferences (quota 4)", "  votes: a 3, b 2, c 2",
          "Stage 2: c drops out, with the fewest votes (quota 4)",
          "  several tied; the order that was stated decided", "  votes: a 3, b 4", "  elected: b"}},
        {3,
         "scottish seats=2",
         "5ab 2a 3c",
         {"Stage 1: first preferences (quota 4.00000)", "  votes: a 7.00000, c 3.00000", "  elected: a",
          "Stage 2: the surplus of a goes on (quota 4.00000)",
          "  votes: a 4.00000, b 2.14285, c 3.00000; 0.85714 for nobody who is left; 0.00001 lost in "
          "rounding",
          "Stage 3: b drops out, with the fewest votes (quota 4.00000)",
          "  votes: a 4.00000, c 3.00000; 2.99999 for nobody who is left; 0.00001 lost in rounding",
          "Stage 4: as many are left as there are seats to fill: c (quota 4.00000)", "  elected: c"}},
    };
    (void) state;

    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        static struct ranking_scene scene;
        struct ranking_lines lines;
        ranking_init(&scene, ROWS[i].options, ROWS[i].settings, ROWS[i].ballots);
        assert_int_equal(ranking_go(&scene), 0);
        assert_int_equal(rule_explain_ranking(&scene.outcome, scene.options, ROWS[i].options, words_in_english,
                                              scene.arena, &lines),
                         0);
        for (size_t at = 0; at < lines.count; at++)
            assert_string_equal(lines.lines[at], ROWS[i].lines[at] ? ROWS[i].lines[at] : "");
        assert_null(ROWS[i].lines[lines.count]);
        ranking_release(&scene);
    }
}

static void a_tie_is_said(void **state)
{
    static struct ranking_scene scene;
    struct ranking_lines lines;
    (void) state;

    ranking_init(&scene, 3, "irv", "3a 2b 2c");
    assert_int_equal(ranking_go(&scene), 0);
    scene.outcome.kind = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE;
    assert_int_equal(rule_explain_ranking(&scene.outcome, scene.options, 3, words_in_english, scene.arena, &lines), 0);
    assert_string_equal(lines.lines[lines.count - 1],
                        "Here b and c tie, and nothing that was stated decides between them.");
    /* Of another round's options: numbers are said as numbers, and a matrix that does not fit is refused. */
    assert_int_equal(rule_explain_ranking(&scene.outcome, scene.options, 2, words_in_english, scene.arena, &lines), 0);
    assert_non_null(strstr(lines.lines[lines.count - 1], "b and option 3 tie"));
    ranking_release(&scene);
    ranking_init(&scene, 3, "schulze", "3a 2b 2c");
    assert_int_equal(ranking_go(&scene), 0);
    assert_int_equal(rule_explain_ranking(&scene.outcome, scene.options, 2, words_in_english, scene.arena, &lines),
                     ERR_INTERNAL);
    ranking_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_are_as_expected), cmocka_unit_test(stages_are_as_expected),
        cmocka_unit_test(invariants_hold),        cmocka_unit_test(ties_are_on_record),
        cmocka_unit_test(working_is_in_words),    cmocka_unit_test(a_tie_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
