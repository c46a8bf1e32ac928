/* The words for what was counted and concluded: docs/rules.md R-33. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_rule_support.h"

/* One test on one roll, the first line of its working. */
static void lines_read_as_they_should(void **state)
{
    static const struct {
        const char *rule, *roll, *line;
    } ROWS[] = {
        /* The two lines of the domain's own page. */
        {"S each AV >= 2/3 of eligible", "labour 4A 1C",
         "labour: 4 of 5 support, at least 2/3 needed: holds"},
        {"S whole A >= 1; Q each present >= 3", "management 2A 1a",
         "management: 2 of 3 present, at least 3 needed: short by 1"},
        {"S whole A >= 1; Q each present >= 1/1 of eligible", "management 2A 1a",
         "management: 2 of 3 present, at least 3 needed: short by 1"},
        /* What is counted. */
        {"S whole AV >= 1", "labour 1A", "whole: 1 of 1 support, at least 1 needed: holds"},
        {"S whole VA >= 1", "labour 1A", "whole: 1 of 1 support, at least 1 needed: holds"},
        {"S whole B <= 0", "labour 1A", "whole: 0 of 1 block, at most 0 allowed: holds"},
        {"S whole CB <= 0", "labour 1C", "whole: 1 of 1 object, at most 0 allowed: over by 1"},
        {"S whole C <= 0", "labour 1C", "whole: 1 of 1 have a concern, at most 0 allowed: over by 1"},
        {"S whole AVCB >= 2", "labour 1C", "whole: 1 of 1 took a side, at least 2 needed: short by 1"},
        {"S whole A >= 1", "labour 1A", "whole: 1 of 1 agree, at least 1 needed: holds"},
        {"S whole XS < 1", "labour 1A", "whole: 0 of 1 stand aside or abstain, fewer than 1 allowed: holds"},
        {"S whole BXA > 0", "labour 1A", "whole: 1 of 1 agree, abstain or block, more than 0 needed: holds"},
        {"S whole present >= 1", "labour 1A", "whole: 1 of 1 present, at least 1 needed: holds"},
        {"S whole answered >= 1", "labour 1A", "whole: 1 of 1 answered, at least 1 needed: holds"},
        /* Of what. */
        {"S whole A > 1/2 of eligible", "labour 1A 1-",
         "whole: 1 of 2 agree, more than 1/2 needed: short by 1"},
        {"S whole A > 1/2 of present", "labour 1A 1_",
         "whole: 1 of 1 present agree, more than 1/2 needed: holds"},
        {"S whole A > 1/2 of answered", "labour 1A",
         "whole: 1 of 1 who answered agree, more than 1/2 needed: holds"},
        {"S whole A > 1/2 of cast", "labour 1A 1X",
         "whole: 1 of 1 ballots cast agree, more than 1/2 needed: holds"},
        {"S whole A > 1/2 of AVCB", "labour 1A 1X",
         "whole: 1 of 1 who took a side agree, more than 1/2 needed: holds"},
        {"S whole A > 1/2 of CB empty", "labour 1A 3C",
         "whole: 1 of 3 who object agree, more than 1/2 needed: short by 1"},
        {"S whole A <= 1/2 of AX", "labour 1A 3X",
         "whole: 1 of 4 who agree or abstain agree, at most 1/2 allowed: holds"},
        {"S whole A < 1/2 of cast", "labour 1A 3C",
         "whole: 1 of 4 ballots cast agree, less than 1/2 allowed: holds"},
        {"S whole A >= 0/3 of cast", "labour 3C",
         "whole: 0 of 3 ballots cast agree, at least 0 needed: holds"},
        {"S whole A >= 2/2 of cast", "labour 2A 1C",
         "whole: 2 of 3 ballots cast agree, at least 3 needed: short by 1"},
        /* Silence. */
        {"S whole AV >= 2/3 of eligible; consent", "labour 1A 2-",
         "whole: 3 of 3 support (2 by silence), at least 2/3 needed: holds"},
        {"S whole AV >= 2/3 of eligible; consent", "labour 3A",
         "whole: 3 of 3 support, at least 2/3 needed: holds"},
        {"S whole C <= 0; consent", "labour 1A 2-", "whole: 0 of 3 have a concern, at most 0 allowed: holds"},
        {"S whole answered >= 1/2 of present; consent", "labour 1A 2-",
         "whole: 1 of 3 present answered, at least 1/2 needed: short by 1"},
        /* Nobody. */
        {"S whole A >= 1/2 of eligible", "labour 3R",
         "whole: nobody is eligible, at least 1/2 needed: fails"},
        {"S whole A >= 1/2 of present", "labour 3a", "whole: nobody is present, at least 1/2 needed: fails"},
        {"S whole A >= 1/2 of answered", "labour 3-", "whole: nobody answered, at least 1/2 needed: fails"},
        {"S whole A >= 1/2 of cast", "labour 3X",
         "whole: no ballots cast, abstentions apart, at least 1/2 needed: fails"},
        {"S each A >= 1/2 of AVCB", "labour 3X", "labour: nobody took a side, at least 1/2 needed: fails"},
        {"S each A >= 1/2 of AV", "labour 3X", "labour: nobody supports, at least 1/2 needed: fails"},
        {"S each A >= 1/2 of BC", "labour 3X", "labour: nobody objects, at least 1/2 needed: fails"},
        {"S each A >= 1/2 of SB", "labour 3X",
         "labour: nobody to stand aside or block, at least 1/2 needed: fails"},
        {"S whole A >= 1/1 of cast", "labour 3-",
         "whole: no ballots cast, abstentions apart, at least 1/1 needed: fails"},
        {"S whole A <= 1/2 of answered empty", "labour 3-",
         "whole: nobody answered, at most 1/2 allowed: holds"},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct scene scene;
        Comity__V1__Outcome *outcome = NULL;
        scene_init(&scene, ROWS[i].rule, ROWS[i].roll);
        assert_int_equal(rule_check(scene.rule, "r", NULL), 0);
        struct rule_input input = scene_input(&scene, true);
        assert_int_equal(rule_count(&input, scene.arena, &outcome), 0);
        assert_string_equal(rule_explain_test(outcome->tests[outcome->n_tests - 1], scene.arena),
                            ROWS[i].line);
        scene_release(&scene);
    }
}

/* Lines also come from elsewhere, over the wire: no value of theirs may do harm. */
static void any_line_is_explained(void **state)
{
    Comity__V1__Stance stances[] = {(Comity__V1__Stance) 99, (Comity__V1__Stance) -7, (Comity__V1__Stance) 0,
                                    COMITY__V1__STANCE__STANCE_ABSTAIN};
    struct arena *arena = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory");
    Comity__V1__TestResult result = COMITY__V1__TEST_RESULT__INIT;
    (void) state;

    assert_string_equal(rule_explain_test(&result, arena),
                        "whole: 0 of 0 counted, fewer than 0 allowed: fails");
    result.subject = NULL;
    result.count = result.base_size = result.numerator = result.short_by = UINT64_MAX;
    result.n_stances = result.n_base_stances = ARRAY_COUNT(stances);
    result.stances = result.base_stances = stances;
    for (int base = -1; base < 9; base++) {
        for (int count = -1; count < 7; count++) {
            for (int bound = -1; bound < 6; bound++) {
                result.base_kind = (Comity__V1__BaseKind) base;
                result.count_kind = (Comity__V1__CountKind) count;
                result.bound = (Comity__V1__Bound) bound;
                result.base_is_empty = bound % 2 == 0;
                assert_non_null(rule_explain_test(&result, arena));
            }
        }
    }
    arena_destroy(&arena);

    arena = scene_need(arena_new(0), "memory");
    assert_null(rule_explain_test(&result, arena));
    arena_destroy(&arena);
}

static void every_outcome_has_its_name_and_sentence(void **state)
{
    const ProtobufCEnumDescriptor *type = &comity__v1__outcome_kind__descriptor;
    (void) state;
    assert_string_equal(outcome_name(COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET), "NOT_YET");
    assert_string_equal(outcome_name((Comity__V1__OutcomeKind) 99), "UNKNOWN");
    assert_string_equal(stance_name(COMITY__V1__STANCE__STANCE_STAND_ASIDE), "STAND_ASIDE");
    assert_string_equal(stance_name((Comity__V1__Stance) 99), "UNKNOWN");
    for (unsigned i = 0; i < type->n_values; i++) {
        const char *sentence = rule_explain_outcome((Comity__V1__OutcomeKind) type->values[i].value);
        assert_int_equal(sentence[strlen(sentence) - 1], '.');
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(sentence,
                                    rule_explain_outcome((Comity__V1__OutcomeKind) type->values[k].value));
    }
}

/* What options came to is no question of for and against. */
static void an_outcome_of_options_speaks_of_them(void **state)
{
    Comity__V1__Outcome outcome = COMITY__V1__OUTCOME__INIT;
    uint32_t chosen[] = {2, 1};
    (void) state;

    outcome.kind = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE;
    assert_string_equal(outcome_sentence(&outcome), "As many are for the proposal as against it.");
    outcome.chosen = chosen;
    outcome.n_chosen = 2;
    assert_string_equal(outcome_sentence(&outcome),
                        "Options are tied, and nothing that the rule states breaks the tie.");
    outcome.kind = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED;
    assert_string_equal(outcome_sentence(&outcome), "What is chosen stands: everything the rule asks for holds.");
    outcome.kind = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM;
    assert_string_equal(outcome_sentence(&outcome), rule_explain_outcome(outcome.kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_read_as_they_should),
        cmocka_unit_test(any_line_is_explained),
        cmocka_unit_test(every_outcome_has_its_name_and_sentence),
        cmocka_unit_test(an_outcome_of_options_speaks_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
