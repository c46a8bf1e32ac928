/* Twenty small cases, with the outcome that practitioners expect. docs/rules.md,
 * */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_rule_rows.h"

/* What practitioners expect: twenty cases, by their numbers. Those that go on to a stage (15 to 18) and the
 * one that is refused (19) are below. */
static const struct round_row CASES[] = {
    {"1, last round",
     "S each AV >= 2/3 of AVCB",
     "labour 5X | management 5A",
     false,
     "REJECTED",
     {"labour: nobody took a side, at least 2/3 needed: fails",
      "management: 5 of 5 who took a side support, at least 2/3 needed: holds"}},
    {"1", "S each AV >= 2/3 of AVCB", "labour 5X | management 5A", true, "NOT_YET", {NULL}},
    {"2, last round", "S each AV > 1/2 of AVCB", "labour 5X | management 5A", false, "REJECTED", {NULL}},
    {"2", "S each AV > 1/2 of AVCB", "labour 5X | management 5A", true, "NOT_YET", {NULL}},
    {"3",
     "S whole AV > 1/2 of cast seats=an",
     "labour 3A | management 3C",
     false,
     "DEADLOCK",
     {"whole: 3 of 6 ballots cast by seats support (labour casts 3 seats for, management casts 3 seats "
      "against), more "
      "than 1/2 needed: short by 1"}},
    {"4, last round",
     "S each AV > 1/2 of AVCB",
     "union-a 2A | union-b 2A | union-c 1A 1C | management 6A",
     false,
     "REJECTED",
     {"management: 6 of 6 who took a side support, more than 1/2 needed: holds",
      "union-a: 2 of 2 who took a side support, more than 1/2 needed: holds",
      "union-b: 2 of 2 who took a side support, more than 1/2 needed: holds",
      "union-c: 1 of 2 who took a side support, more than 1/2 needed: short by 1"}},
    {"4",
     "S each AV > 1/2 of AVCB",
     "union-a 2A | union-b 2A | union-c 1A 1C | management 6A",
     true,
     "NOT_YET",
     {NULL}},
    {"5",
     "S whole AV >= 2/3 of cast",
     "labour 6A | management 6C",
     false,
     "REJECTED",
     {"whole: 6 of 12 ballots cast support, at least 2/3 needed: short by 2"}},
    {"6",
     "S whole AV > 1/2 of present",
     "labour 5A | management 5C",
     false,
     "TIE",
     {"whole: 5 of 10 present support, more than 1/2 needed: short by 1"}},
    {"6, with 2X",
     "S whole AV > 1/2 of present",
     "labour 5A 1X | management 5C 1X",
     false,
     "TIE",
     {"whole: 5 of 12 present support, more than 1/2 needed: short by 2"}},
    {"7, silence NOTHING", "@consent", "labour 6- | management 6-", false, "NO_DECISION", {NULL}},
    {"7, silence CONSENT", "@consent; consent", "labour 6- | management 6-", false, "ADOPTED", {NULL}},
    {"8, silence NOTHING", "@consent", "labour 1A 5- | management 6-", false, "ADOPTED", {NULL}},
    {"8, silence CONSENT", "@consent; consent", "labour 1A 5- | management 6-", false, "ADOPTED", {NULL}},
    {"8, quorum",
     "@consent; Q whole answered >= 1/2 of eligible",
     "labour 1A 5- | management 6-",
     false,
     "NO_QUORUM",
     {"whole: 0 of 12 block, at most 0 allowed: holds",
      "whole: 0 of 12 have a concern, at most 0 allowed: holds",
      "whole: 1 of 12 answered, at least 1/2 needed: short by 5"}},
    {"8, quorum and CONSENT",
     "@consent; consent; Q whole answered >= 1/2 of eligible",
     "labour 1A 5- | management 6-",
     false,
     "NO_QUORUM",
     {NULL}},
    {"9",
     "@consensus",
     "labour 5A | management 5S",
     true,
     "NOT_YET",
     {"labour: 5 of 5 present, at least 1/2 needed: holds",
      "management: 5 of 5 present, at least 1/2 needed: holds",
      "whole: 0 of 10 block, at most 0 allowed: holds",
      "whole: 0 of 10 have a concern, at most 0 allowed: holds",
      "labour: 5 of 5 who answered support, at least 1/2 needed: holds",
      "management: 0 of 5 who answered support, at least 1/2 needed: short by 3",
      "whole: 5 of 10 who answered stand aside, at most 1/3 allowed: over by 2"}},
    {"10", "@consensus", "labour 4A 1C | management 4A 1C", true, "NOT_YET", {NULL}},
    {"11",
     "S each AV >= 2/3 of eligible",
     "labour 3A 2X | management 5A",
     false,
     "REJECTED",
     {"labour: 3 of 5 support, at least 2/3 needed: short by 1",
      "management: 5 of 5 support, at least 2/3 needed: holds"}},
    {"12",
     "S each AV >= 2/3 of eligible",
     "labour 3A 1C 1R | management 5A",
     false,
     "ADOPTED",
     {"labour: 3 of 4 support, at least 2/3 needed: holds"}},
    {"13",
     "S whole AV > 1/2 of cast",
     "labour 5A 1C | management 6X",
     false,
     "ADOPTED",
     {"whole: 5 of 6 ballots cast support, more than 1/2 needed: holds"}},
    {"14",
     "S each AV >= 1",
     "labour 5A | management 5A | convener* 1X",
     false,
     "ADOPTED",
     {"labour: 5 of 5 support, at least 1 needed: holds",
      "management: 5 of 5 support, at least 1 needed: holds"}},
    {"15", "@consensus", "labour 5A | management 4A 1B", false, "BLOCKED", {NULL}},
    {"16, contract", "@simple-majority", "members 40A 60C", false, "REJECTED", {NULL}},
    {"16, strike", "@two-thirds", "members 67A 33C", false, "ADOPTED", {NULL}},
    {"16, strike short",
     "@two-thirds",
     "members 66A 34C",
     false,
     "REJECTED",
     {"whole: 66 of 100 ballots cast support, at least 2/3 needed: short by 1"}},
    {"17", "@simple-majority", "members 50A 50C", false, "TIE", {NULL}},
    {"18, of CAST", "S whole AV >= 2/3 of cast", "members 67A 33C 3X", false, "ADOPTED", {NULL}},
    {"18, of PRESENT",
     "S whole AV >= 2/3 of present",
     "members 67A 33C 3X",
     false,
     "REJECTED",
     {"whole: 67 of 103 present support, at least 2/3 needed: short by 2"}},
    {"20",
     "O each-side CB <= 1",
     "union-a(labour) 2A | union-b(labour) 2A 1C | management 3A 1C",
     false,
     "ADOPTED",
     {"labour: 1 of 5 object, at most 1 allowed: holds",
      "management: 1 of 4 object, at most 1 allowed: holds"}},
    {"20, two on one side",
     "O each-side CB <= 1",
     "union-a(labour) 2A 1C | union-b(labour) 2A 1C | management 3A",
     false,
     "BLOCKED",
     {"labour: 2 of 6 object, at most 1 allowed: over by 1",
      "management: 0 of 3 object, at most 1 allowed: holds"}},
};

static void practice_agrees(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++)
        row_check(&CASES[i]);
    print_message("%zu rounds\n", ARRAY_COUNT(CASES));
}

/* A rule with one stage of rounds, by tests of its own: on @on; STRIKE where it is adopted, else adopted by
 * default. */
static void ladder_init(struct scene *scene, const char *rule, const char *own, Comity__V1__OutcomeKind on)
{
    scene_init(scene, rule, "members");
    struct arena *arena = scene->arena;
    Comity__V1__Rule *rounds = rule_parse(arena, own);
    Comity__V1__Stage *stage = scene_need(arena_alloc(arena, sizeof(*stage)), "memory");
    Comity__V1__StageOutcome *map = scene_need(arena_alloc(arena, 2 * sizeof(*map)), "memory");
    comity__v1__stage__init(stage);
    stage->kind = COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS;
    stage->name = arena_string(arena, "strike");
    stage->on = arena_copy(arena, &on, sizeof(on));
    stage->n_on = 1;
    stage->rule = scene_need(arena_alloc(arena, sizeof(*stage->rule)), "memory");
    comity__v1__stage_rule__init(stage->rule);
    stage->rule->tests = rounds->tests;
    stage->rule->n_tests = rounds->n_tests;
    comity__v1__stage_outcome__init(&map[0]);
    comity__v1__stage_outcome__init(&map[1]);
    map[0].from = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED;
    map[0].to = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE;
    map[1].to = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED_BY_DEFAULT;
    stage->map = scene_need(arena_alloc(arena, 2 * sizeof(*stage->map)), "memory");
    stage->map[stage->n_map++] = &map[0];
    stage->map[stage->n_map++] = &map[1];
    scene->rule->stages = scene_need(arena_alloc(arena, sizeof(*scene->rule->stages)), "memory");
    scene->rule->stages[scene->rule->n_stages++] = stage;
    assert_int_equal(rule_check(scene->rule, "rule", NULL), 0);
}

static Comity__V1__OutcomeKind round_of(struct scene *scene, const Comity__V1__Rule *rule, const char *roll)
{
    Comity__V1__Outcome *outcome = NULL;
    roll_parse(scene, roll);
    struct rule_input input = scene_input(scene, false);
    input.rule = rule;
    assert_int_equal(rule_count(&input, scene->arena, &outcome), 0);
    return outcome->kind;
}

/* Cases 15 to 18: what the last round comes to, whether it leads on, and what stands in the end. */
static void ladders_come_to_what_is_expected(void **state)
{
    static const struct {
        const char *title, *rule, *strike;
        Comity__V1__OutcomeKind on;
        const char *first, *second, *outcome; /* second: NULL where no stage follows */
    } LADDERS[] = {
        {"15", "@consensus", "S whole AV >= 2/3 of cast", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION,
         "labour 5A | management 4A 1B", NULL, "BLOCKED"},
        {"16", "@simple-majority", "S whole AV >= 2/3 of cast",
         COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED, "members 40A 60C", "members 67A 33C", "STRIKE"},
        {"16, short", "@simple-majority", "S whole AV >= 2/3 of cast",
         COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED, "members 40A 60C", "members 66A 34C",
         "ADOPTED_BY_DEFAULT"},
        {"17", "@simple-majority", "S whole AV >= 2/3 of cast",
         COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED, "members 50A 50C", NULL, "TIE"},
        {"18, of CAST", "@simple-majority", "S whole AV >= 2/3 of cast",
         COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED, "members 40A 60C", "members 67A 33C 3X", "STRIKE"},
        {"18, of PRESENT", "@simple-majority", "S whole AV >= 2/3 of present",
         COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED, "members 40A 60C", "members 67A 33C 3X",
         "ADOPTED_BY_DEFAULT"},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(LADDERS); i++) {
        struct scene scene;
        ladder_init(&scene, LADDERS[i].rule, LADDERS[i].strike, LADDERS[i].on);
        Comity__V1__OutcomeKind kind = round_of(&scene, scene.rule, LADDERS[i].first);
        uint32_t stage = rule_next_stage(scene.rule, 0, kind);
        assert_int_equal(stage, LADDERS[i].second ? 1 : 0);
        if (stage > 0) {
            const Comity__V1__Rule *own = scene_need(rule_of_stage(scene.rule, stage, scene.arena), "memory");
            kind = stage_outcome(scene.rule->stages[0], round_of(&scene, own, LADDERS[i].second));
        }
        if (strcmp(outcome_name(kind), LADDERS[i].outcome) != 0)
            fail_msg("%s: %s", LADDERS[i].title, outcome_name(kind));
        scene_release(&scene);
    }
}

/* R-47, and case 17: the check of the rule warns that TIE has no continuation. */
static void what_nothing_follows_is_listed(void **state)
{
    static const Comity__V1__OutcomeKind EXPECTED[] = {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION,
                                                       COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE};
    struct scene scene;
    struct rule_warning *list;
    size_t count;
    (void) state;

    ladder_init(&scene, "@simple-majority", "S whole AV >= 2/3 of cast",
                COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED);
    assert_int_equal(rule_warnings(scene.rule, scene.arena, &list, &count), 0);
    assert_int_equal(count, ARRAY_COUNT(EXPECTED));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list[i].stage, 0);
        assert_int_equal(list[i].outcome, EXPECTED[i]);
    }
    /* What a stage comes to without its map is listed as its own. */
    scene.rule->stages[0]->n_map = 1;
    assert_int_equal(rule_warnings(scene.rule, scene.arena, &list, &count), 0);
    assert_int_equal(count, 3);
    assert_int_equal(list[2].stage, 1);
    assert_int_equal(list[2].outcome, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION);
    scene_release(&scene);
}

/* Case 19: ballots that can be replaced can always change. */
static void closing_early_with_ballots_that_change_is_refused(void **state)
{
    struct scene scene;
    struct refusal refusal = {0};
    (void) state;

    scene_init(&scene, "S whole AV > 1/2 of cast; once", "labour 1A");
    assert_int_equal(rule_check(scene.rule, "rule", &refusal), 0);
    scene.rule->change = COMITY__V1__CHANGE__CHANGE_UNTIL_CLOSE;
    assert_int_equal(rule_check(scene.rule, "rule", &refusal), ERR_RULE);
    assert_string_equal(refusal.field, "rule.close.nothing_can_change");
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(practice_agrees),
        cmocka_unit_test(ladders_come_to_what_is_expected),
        cmocka_unit_test(what_nothing_follows_is_listed),
        cmocka_unit_test(closing_early_with_ballots_that_change_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
