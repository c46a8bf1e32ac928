/* Rounds of every form: their options, their ballots, and what these have to come with. docs/rules.md,
 * */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world_rounds.h"

#define FORM(name) COMITY__V1__FORM__FORM_##name

static struct world *world_of(Comity__V1__Form form, uint32_t *ret_rule)
{
    struct world *world = world_with_session();

    *ret_rule = world_adopt(world, world_form_rule(world, form));
    return world;
}

static Comity__V1__Command *ranking(struct world *world, const char *member, uint32_t a, uint32_t b, uint32_t c)
{
    Comity__V1__Command *command = world_ballot(world, member, 1, 0);
    Comity__V1__CastBallot *cast = command->cast_ballot;

    cast->ranks = world_alloc(world, 3 * sizeof(*cast->ranks));
    cast->ranks[0] = a;
    cast->ranks[1] = b;
    cast->ranks[2] = c;
    cast->n_ranks = 3;
    return command;
}

static Comity__V1__Command *choice(struct world *world, const char *member, uint32_t number)
{
    Comity__V1__Command *command = world_ballot(world, member, 1, 0);

    command->cast_ballot->choice = number;
    return command;
}

static Comity__V1__Command *score(struct world *world, const char *member, uint32_t value)
{
    Comity__V1__Command *command = world_ballot(world, member, 1, 0);
    Comity__V1__CastBallot *cast = command->cast_ballot;

    cast->score = world_alloc(world, sizeof(*cast->score));
    comity__v1__score__init(cast->score);
    cast->score->value = value;
    return command;
}

static const Comity__V1__Ballot *ballot_of(struct world *world, uint32_t member)
{
    return world_row(world, TABLE_BALLOT, 1, member);
}

static void test_the_options_of_a_round(void **state)
{
    (void) state;
    uint32_t rule;
    struct world *world = world_of(FORM(RANKING), &rule);
    Comity__V1__Command *command = world_open_options(world, true, rule, "stay", NULL);
    Comity__V1__NewOption **options;

    world_refuse(world, command, ERR_MISSING, "open_round.options");
    command = world_open_options(world, true, rule, "stay", "move", "stay", NULL);
    world_refuse(world, command, ERR_DUPLICATE, "open_round.options[2].label");
    command = world_open_options(world, false, rule, "stay", "move", NULL);
    world_refuse(world, command, ERR_MISSING, "open_round.options.is_default");
    command = world_open_options(world, true, rule, "stay", "move", "wait", NULL);
    options = command->open_round->options;
    options[1]->is_default = true;
    world_refuse(world, command, ERR_DUPLICATE, "open_round.options[1].is_default");
    options[1]->is_default = false;
    options[2]->majority = arena_string(world->arena, "least");
    world_refuse(world, command, ERR_NOT_FOUND, "open_round.options[2].majority");
    options[2]->majority = arena_string(world->arena, "most");
    options[0]->majority = options[2]->majority;
    world_refuse(world, command, ERR_RULE, "open_round.options[0].is_default");
    options[0]->majority = (char *) protobuf_c_empty_string;
    command->open_round->tie_order = world_alloc(world, 3 * sizeof(uint32_t));
    command->open_round->n_tie_order = 1;
    command->open_round->tie_order[0] = 2;
    world_refuse(world, command, ERR_RANGE, "open_round.tie_order");
    command->open_round->n_tie_order = 0;
    command->open_round->question = world_text(world);
    options[1]->text = world_text(world);
    world_accept(world, command);

    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(round->n_options, 3);
    assert_true(round->options[0]->is_default);
    assert_int_equal(round->options[2]->number, 3);
    assert_string_equal(round->options[2]->label, "wait");
    assert_string_equal(round->options[2]->majority, "most");
    assert_memory_equal(round->options[1]->text->hash.data, options[1]->text->hash.data, HASH_SIZE);
    assert_memory_equal(round->question->hash.data, command->open_round->question->hash.data, HASH_SIZE);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_rule_may_state_its_options(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_form_rule(world, FORM(CHOICE));
    static const char *const LABELS[] = {"north", "south", "east"};

    rule->options = world_alloc(world, 3 * sizeof(*rule->options));
    for (size_t i = 0; i < ARRAY_COUNT(LABELS); i++) {
        rule->options[i] = world_alloc(world, sizeof(*rule->options[i]));
        comity__v1__option__init(rule->options[i]);
        rule->options[i]->number = (uint32_t) i + 1;
        rule->options[i]->label = arena_string(world->arena, LABELS[i]);
    }
    rule->n_options = 3;
    rule->ties = world_alloc(world, sizeof(*rule->ties));
    rule->ties[0] = COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER;
    rule->n_ties = 1;
    uint32_t number = world_adopt(world, rule);
    world_refuse(world, world_open_options(world, false, number, "a", "b", NULL), ERR_RANGE, "open_round.options");
    Comity__V1__Command *command = world_open_options(world, false, number, NULL);
    uint32_t *order = world_alloc(world, 3 * sizeof(*order));
    command->open_round->tie_order = order;
    command->open_round->n_tie_order = 2;
    order[0] = 3;
    order[1] = 1;
    world_refuse(world, command, ERR_MISSING, "open_round.tie_order");
    command->open_round->n_tie_order = 3;
    order[2] = 4;
    world_refuse(world, command, ERR_OPTION, "open_round.tie_order[2]");
    order[2] = 2;
    world_accept(world, command);
    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(round->n_options, 3);
    assert_string_equal(round->options[1]->label, "south");
    assert_int_equal(round->tie_order[0], 3);

    /* One for each: the order that the round states says which leads. */
    world_accept(world, choice(world, "lena", 1));
    world_accept(world, choice(world, "mara", 3));
    world_accept(world, choice(world, "luis", 3));
    const Comity__V1__Outcome *outcome = world_close_round(world, 1);
    assert_int_equal(outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(outcome->n_chosen, 1);
    assert_int_equal(outcome->chosen[0], 3);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_forms_without_options_have_none(void **state)
{
    (void) state;
    uint32_t rule;
    struct world *world = world_of(FORM(SCORE), &rule);

    world_refuse(world, world_open_options(world, false, rule, "a", "b", NULL), ERR_RANGE, "open_round.options");
    world_open_round(world, 1, rule);
    world_destroy(&world);
}

static void test_rankings(void **state)
{
    (void) state;
    uint32_t rule;
    struct world *world = world_of(FORM(RANKING), &rule);
    Comity__V1__Command *command;

    world_accept(world, world_open_options(world, true, rule, "stay", "move", "wait", NULL));
    world_refuse(world, world_ballot(world, "lena", 1, 0), ERR_OPTION, "cast_ballot.ranks");
    command = ranking(world, "lena", 1, 2, 4);
    world_refuse(world, command, ERR_ANSWER, "cast_ballot.ranks");
    command = ranking(world, "lena", 1, 2, 3);
    command->cast_ballot->n_ranks = 2;
    world_refuse(world, command, ERR_OPTION, "cast_ballot.ranks");
    world_refuse(world, choice(world, "lena", 1), ERR_ANSWER, "cast_ballot.choice");
    world_refuse(world, score(world, "lena", 1), ERR_ANSWER, "cast_ballot.score");
    world_refuse(world, world_ballot(world, "lena", 1, 1), ERR_ANSWER, "cast_ballot.answer");
    world_accept(world, ranking(world, "lena", 2, 1, 0));
    world_accept(world, ranking(world, "luis", 2, 1, 1));
    world_accept(world, ranking(world, "mara", 3, 1, 2));
    world_accept(world, world_ballot(world, "cora", 1, 9));
    const Comity__V1__Ballot *ballot = ballot_of(world, LENA);
    assert_int_equal(ballot->n_ranks, 3);
    assert_int_equal(ballot->ranks[0], 2);
    assert_int_equal(ballot->answer, 0);
    assert_int_equal(ballot->stance, COMITY__V1__STANCE__STANCE_UNSPECIFIED);
    assert_int_equal(ballot_of(world, CORA)->stance, COMITY__V1__STANCE__STANCE_ABSTAIN);
    const Comity__V1__Outcome *outcome = world_close_round(world, 1);
    assert_int_equal(outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(outcome->chosen[0], 2);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_choices(void **state)
{
    (void) state;
    uint32_t rule;
    struct world *world = world_of(FORM(CHOICE), &rule);
    Comity__V1__Command *command;

    world_accept(world, world_open_options(world, false, rule, "stay", "move", NULL));
    world_refuse(world, world_ballot(world, "lena", 1, 0), ERR_ANSWER, "cast_ballot.choice");
    world_refuse(world, choice(world, "lena", 3), ERR_OPTION, "cast_ballot.choice");
    command = choice(world, "lena", 1);
    command->cast_ballot->answer = 9;
    world_refuse(world, command, ERR_ANSWER, "cast_ballot.choice");
    world_refuse(world, ranking(world, "lena", 1, 2, 0), ERR_ANSWER, "cast_ballot.ranks");
    world_accept(world, choice(world, "lena", 2));
    assert_int_equal(ballot_of(world, LENA)->choice, 2);
    world_destroy(&world);
}

static void test_scores(void **state)
{
    (void) state;
    uint32_t rule;
    struct world *world = world_of(FORM(SCORE), &rule);

    world_open_round(world, 1, rule);
    world_refuse(world, world_ballot(world, "lena", 1, 0), ERR_ANSWER, "cast_ballot.score");
    world_refuse(world, score(world, "lena", 6), ERR_ANSWER, "cast_ballot.score");
    world_accept(world, score(world, "lena", 0));
    assert_non_null(ballot_of(world, LENA)->score);
    assert_int_equal(ballot_of(world, LENA)->score->value, 0);
    world_accept(world, score(world, "mara", 5));
    const Comity__V1__Outcome *outcome = world_close_round(world, 1);
    assert_int_equal(outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    world_check_replay(world);
    world_destroy(&world);
}

/* A ballot on paper is judged as one that is cast. */
static void test_entered_in_every_form(void **state)
{
    (void) state;
    uint32_t rule;
    struct world *world = world_of(FORM(SCORE), &rule);

    world_open_round(world, 1, rule);
    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    Comity__V1__Command *command = world_command(world, "odo", COMITY__V1__COMMAND__BODY_ENTER_BALLOTS);
    Comity__V1__EnteredBallot *entered = world_alloc(world, sizeof(*entered));
    comity__v1__entered_ballot__init(entered);
    entered->member = MARA;
    entered->medium = COMITY__V1__BALLOT_MEDIUM__BALLOT_MEDIUM_PAPER;
    entered->choice = 1;
    command->enter_ballots->round = 1;
    command->enter_ballots->text_hash = round->text_hash;
    command->enter_ballots->n_ballots = 1;
    command->enter_ballots->ballots = &entered;
    world_cosign(world, command, "lena", NULL);
    world_refuse(world, command, ERR_ANSWER, "enter_ballots.ballots[0].choice");
    entered->choice = 0;
    entered->score = world_alloc(world, sizeof(*entered->score));
    comity__v1__score__init(entered->score);
    entered->score->value = 4;
    world_accept(world, command);
    assert_int_equal(ballot_of(world, MARA)->score->value, 4);
    assert_int_equal(ballot_of(world, MARA)->entered_by, ODO);
    world_check_replay(world);
    world_destroy(&world);
}

/* --- duties --- */

static Comity__V1__Rule *dutiful_rule(struct world *world)
{
    static const Comity__V1__DutyKind KINDS[] = {COMITY__V1__DUTY_KIND__DUTY_KIND_INTEREST,
                                                 COMITY__V1__DUTY_KIND__DUTY_KIND_ALTERNATIVE};
    Comity__V1__Rule *rule = world_majority_rule(world);

    rule->duties = world_alloc(world, ARRAY_COUNT(KINDS) * sizeof(*rule->duties));
    for (size_t i = 0; i < ARRAY_COUNT(KINDS); i++) {
        rule->duties[i] = world_alloc(world, sizeof(*rule->duties[i]));
        comity__v1__duty__init(rule->duties[i]);
        rule->duties[i]->stance = COMITY__V1__STANCE__STANCE_BLOCK;
        rule->duties[i]->kind = KINDS[i];
    }
    rule->n_duties = ARRAY_COUNT(KINDS);
    return rule;
}

/* A contribution to an item as a row, whatever its phase says. */
static void contribution_put(struct world *world, uint32_t number, uint32_t item, Comity__V1__ContributionKind kind,
                             Comity__V1__ContributionState standing)
{
    Comity__V1__Contribution row = COMITY__V1__CONTRIBUTION__INIT;
    Comity__V1__ContributionVersion version = COMITY__V1__CONTRIBUTION_VERSION__INIT;
    Comity__V1__ContributionVersion *versions[] = {&version};

    row.number = number;
    row.item = item;
    row.kind = kind;
    row.state = standing;
    row.n_versions = 1;
    row.versions = versions;
    assert_int_equal(state_put(&world->view, world->arena, TABLE_CONTRIBUTION, number, 0, &row.base), 0);
}

static void test_what_a_block_has_to_come_with(void **state)
{
    (void) state;
    struct world *world = world_with_round(dutiful_rule);
    Comity__V1__Command *command = world_ballot(world, "lena", 1, 6);
    Comity__V1__CastBallot *cast = command->cast_ballot;
    uint32_t item = ((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->item;

    contribution_put(world, 1, item, COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_INTEREST,
                     COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_STANDS);
    contribution_put(world, 2, item, COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_OPTION,
                     COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_STANDS);
    contribution_put(world, 3, item, COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_SHARED_INTEREST,
                     COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_WITHDRAWN);
    contribution_put(world, 4, item + 1, COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_INTEREST,
                     COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_STANDS);
    world_refuse(world, command, ERR_DUTY, "cast_ballot.interests");
    cast->interests = world_alloc(world, sizeof(*cast->interests));
    cast->interests[0] = 9;
    cast->n_interests = 1;
    world_refuse(world, command, ERR_DUTY, "cast_ballot.alternative");
    cast->alternative = world_text(world);
    cast->alternative->size = 0;
    world_refuse(world, command, ERR_DUTY, "cast_ballot.alternative");
    cast->alternative = world_text(world);
    world_refuse(world, command, ERR_NOT_FOUND, "cast_ballot.interests[0]");
    cast->interests[0] = 2;
    world_refuse(world, command, ERR_DUTY, "cast_ballot.interests[0]");
    cast->interests[0] = 3;
    world_refuse(world, command, ERR_STATE, "cast_ballot.interests[0]");
    cast->interests[0] = 4;
    world_refuse(world, command, ERR_RANGE, "cast_ballot.interests[0]");
    cast->interests[0] = 1;
    world_accept(world, command);
    assert_int_equal(ballot_of(world, LENA)->interests[0], 1);
    assert_memory_equal(ballot_of(world, LENA)->alternative->hash.data, cast->alternative->hash.data, HASH_SIZE);
    world_accept(world, world_ballot(world, "mara", 1, 1));
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_options_of_a_round),
        cmocka_unit_test(test_a_rule_may_state_its_options),
        cmocka_unit_test(test_forms_without_options_have_none),
        cmocka_unit_test(test_rankings),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_entered_in_every_form),
        cmocka_unit_test(test_what_a_block_has_to_come_with),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
