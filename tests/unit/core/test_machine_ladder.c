/* From stage to stage: chains, maps, rounds of a stage, two-ballot ratification, and what ends a ladder from outside.
 * docs/rules.md */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world_decisions.h"
#include "tests/support/world_stages.h"

#define DAY_MS (24 * HOUR_MS)

/* what a stage comes to, as its map calls it, is tried at those after it; never before it. */
static void one_stage_leads_to_another(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);

    world_stage_on(world, world_stage(world, rule, UMPIRE, NO_DECISION), TABLED);
    world_stage(world, rule, CONFER, BLOCKED);
    world_stage_map(world, world_stage(world, rule, SECONDING, BLOCKED), BLOCKED, TABLED);
    world_stage(world, rule, CASTING, REJECTED);
    world_stage(world, rule, DEFAULT, TABLED)->outcome = STRIKE;
    world_at_ladder(world, rule, "lena 1, mara 6");
    world_check_stage(world, 1, CONFER, NONE);
    world_accept(world, world_confer_command(world, 1));
    world_check_stage(world, 1, CONFER, BLOCKED);
    world_check_stage(world, 2, SECONDING, NONE);
    world_check_ladder(world, 2, NONE);
    assert_int_equal(world_stage_run(world, 2)->stage, 3);
    assert_int_equal(world_stage_run(world, 2)->round, 1);
    world_accept(world, world_second_command(world, "mona", 2, MARA));
    world_check_stage(world, 2, SECONDING, TABLED);
    assert_int_equal(world_stage_run(world, 2)->computed, BLOCKED);
    world_check_stage(world, 3, DEFAULT, STRIKE);
    world_check_ladder(world, 0, STRIKE);
    world_destroy(&world);
}

/* all within the batch of the close, as many as there can be, and a decision that takes effect at once. */
static void sixteen_at_once(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Rule *rule = world_ladder_rule(world);

    for (size_t i = 0; i < 16; i++) {
        Comity__V1__Stage *stage = world_stage(world, rule, STATUS_QUO, i == 0 ? BLOCKED : TABLED);
        world_stage_map(world, stage, REJECTED, i == 15 ? BY_DEFAULT : TABLED);
    }
    uint32_t number = world_adopt(world, rule);
    Comity__V1__Terms *terms = world_terms(world);
    world_add_effect(world, terms, COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUPERSEDES,
                     world_decide(world, NULL));
    uint32_t proposal =
        world_accept(world, world_propose_command(world, terms))->proposal_made->proposal->number;
    uint32_t round = world_open_round(world, proposal, number);
    world_answer(world, round, "lena 1, mara 6");
    world_close_round(world, round);
    assert_int_equal(world->events.count, 35);
    assert_int_equal(world->events.list[33].open->kind_case, COMITY__V1__EVENT__KIND_DECISION_MADE);
    assert_int_equal(world->events.list[34].open->kind_case, COMITY__V1__EVENT__KIND_DECISION_TOOK_EFFECT);
    world_check_stage(world, 16, STATUS_QUO, BY_DEFAULT);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_set_bound(Comity__V1__Test *test, Comity__V1__Bound bound, uint64_t numerator, uint64_t denominator)
{
    test->bound = bound;
    test->numerator = numerator;
    test->denominator = denominator;
}

/* WHOLE, more than half of CAST; on REJECTED a strike ballot at 2/3 of CAST, or of PRESENT. R-62 */
static Comity__V1__Rule *ratification(struct world *world, Comity__V1__BaseKind strike_base)
{
    Comity__V1__Rule *rule = world_ladder_rule(world);
    Comity__V1__Rule *strike = world_rule(world, "strike");
    Comity__V1__Stage *stage;

    rule->name = arena_string(world->arena, "ratification");
    rule->n_tests = 1;
    rule->tests[0] = rule->tests[2];
    rule->tests[0]->scope->kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE;
    test_set_bound(rule->tests[0], COMITY__V1__BOUND__BOUND_MORE_THAN, 1, 2);
    stage = world_stage(world, rule, ROUNDS, REJECTED);
    stage->name = arena_string(world->arena, "strike");
    world_stage_map(world, stage, ADOPTED, STRIKE);
    world_stage_map(world, stage, NONE, BY_DEFAULT);
    stage->rule->n_tests = 1;
    stage->rule->tests = strike->tests + 2;
    stage->rule->tests[0]->scope->kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE;
    stage->rule->tests[0]->against->kind = strike_base;
    test_set_bound(stage->rule->tests[0], COMITY__V1__BOUND__BOUND_AT_LEAST, 2, 3);
    return rule;
}

/* Cases of practitioners, scaled down: 15 to 18. */
static const struct {
    const char *contract;
    int first;
    Comity__V1__BaseKind base;
    const char *strike; /* NULL: there is no strike ballot */
    int outcome;
} RATIFICATIONS[] = {
    {"lena 1, luis 1, mara 5", NONE, COMITY__V1__BASE_KIND__BASE_KIND_CAST, NULL, ADOPTED},
    {"lena 1, luis 5, mara 5", REJECTED, COMITY__V1__BASE_KIND__BASE_KIND_CAST, "lena 1, luis 1, mara 5", STRIKE},
    {"lena 1, luis 5, mara 5", REJECTED, COMITY__V1__BASE_KIND__BASE_KIND_CAST, "lena 1, luis 5, mara 5", BY_DEFAULT},
    {"lena 1, luis 1, mara 5, mona 5", NONE, COMITY__V1__BASE_KIND__BASE_KIND_CAST, NULL, TIE},
    {"lena 1, luis 5, mara 5", REJECTED, COMITY__V1__BASE_KIND__BASE_KIND_CAST, "lena 1, luis 1", STRIKE},
    {"lena 1, luis 5, mara 5", REJECTED, COMITY__V1__BASE_KIND__BASE_KIND_PRESENT, "lena 1, luis 1", STRIKE},
    {"lena 1, luis 5, mara 5", REJECTED, COMITY__V1__BASE_KIND__BASE_KIND_PRESENT, "lena 1, mara 4", BY_DEFAULT},
};

static void two_ballots_ratify(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(RATIFICATIONS); i++) {
        struct world *world = world_with_session();

        world_at_ladder(world, ratification(world, RATIFICATIONS[i].base), RATIFICATIONS[i].contract);
        if (RATIFICATIONS[i].strike) {
            world_check_stage(world, 1, ROUNDS, NONE);
            assert_string_equal(world_stage_run(world, 1)->name, "strike");
            world_vote(world, 1, RATIFICATIONS[i].strike);
        }
        world_check_ladder(world, 0, RATIFICATIONS[i].outcome);
        world_destroy(&world);
    }
}

/* as many rounds as the stage has, by its own rule, whatever became of the rule meanwhile. */
static void rounds_of_a_stage(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);
    Comity__V1__Stage *stage = world_stage(world, rule, ROUNDS, BLOCKED);
    const Comity__V1__Round *round;
    Comity__V1__Command *second;

    stage->rule->rounds = 2;
    stage->rule->change = COMITY__V1__CHANGE__CHANGE_ONCE;
    world_stage(world, rule, SECONDING, BLOCKED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    rule->rounds = 3;
    world_adopt(world, rule);
    world_refuse(world, world_open_round_command(world, 1, 2), ERR_STAGE, "open_round.rule");
    world_vote(world, 1, "lena 1, mara 5");
    round = world_row(world, TABLE_ROUND, 2, 0);
    assert_int_equal(round->stage, 1);
    assert_int_equal(round->round_of, 1);
    assert_int_equal(round->rule_number, 1);
    assert_int_equal(round->rule->n_stages, 0);
    assert_int_equal(round->rule->change, COMITY__V1__CHANGE__CHANGE_ONCE);
    assert_memory_not_equal(round->rule_hash.data,
                            ((const Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->rule_hash.data, HASH_SIZE);
    assert_int_equal(world_stage_run(world, 1)->rounds, 1);
    world_check_ladder(world, 1, NONE);
    /* The second one is its last, and seconding is about that one's ballots. */
    world_vote(world, 1, "lena 6, mara 1");
    world_check_stage(world, 1, ROUNDS, BLOCKED);
    world_check_stage(world, 2, SECONDING, NONE);
    assert_int_equal(world_stage_run(world, 2)->round, 3);
    assert_int_equal(world_stage_run(world, 2)->blockers[0], LENA);
    second = world_second_command(world, "mara", 2, MARA);
    world_refuse(world, second, ERR_NOT_FOUND, "second_block.voter");
    world_accept(world, world_second_command(world, "luis", 2, LENA));
    world_check_ladder(world, 0, BLOCKED);
    world_refuse(world, world_open_round_command(world, 1, 1), ERR_STATE, "open_round.proposal");
    world_destroy(&world);
}

/* the ladder is about the text that was tested, and its item stays where it is. */
static void it_is_not_got_round(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);
    Comity__V1__Command *revise, *aside, *move;
    const Comity__V1__Proposal *proposal;

    world_stage(world, rule, UMPIRE, BLOCKED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    proposal = world_row(world, TABLE_PROPOSAL, 1, 0);
    revise = world_command(world, "mara", COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL);
    revise->revise_proposal->proposal = 1;
    revise->revise_proposal->base_hash = proposal->versions[0]->text->hash;
    world_refuse(world, revise, ERR_STAGE, "revise_proposal.proposal");
    aside = world_command(world, "cora", COMITY__V1__COMMAND__BODY_SET_ASIDE_ITEM);
    aside->set_aside_item->item = 1;
    aside->set_aside_item->phase = COMITY__V1__PHASE__PHASE_TABLED;
    aside->set_aside_item->reason = world_text(world);
    world_refuse(world, aside, ERR_STAGE, "set_aside_item.phase");
    move = world_command(world, "cora", COMITY__V1__COMMAND__BODY_MOVE_PHASE);
    move->move_phase->item = 1;
    move->move_phase->from = COMITY__V1__PHASE__PHASE_TEST;
    move->move_phase->phase = COMITY__V1__PHASE__PHASE_PROPOSAL;
    world_refuse(world, move, ERR_STAGE, "move_phase.phase");
    /* Into a later session it goes along. */
    move->move_phase->phase = COMITY__V1__PHASE__PHASE_TEST;
    move->move_phase->session = world_open_session(world, 1);
    world_accept(world, move);
    world_accept(world, world_answer_command(world, 1, REJECTED));
    assert_int_equal(world->events.list[0].open->session, 2);
    world_check_ladder(world, 0, REJECTED);
    world_refuse(world, revise, ERR_STATE, "revise_proposal.proposal");
    world_destroy(&world);
}

/* what is referred to bargaining is not decided by a stage either; nor what the body lets go. */
static void given_up(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);
    Comity__V1__Command *flag = world_command(world, "mara", COMITY__V1__COMMAND__BODY_FLAG_BARGAINING);

    world_stage_map(world, world_stage(world, rule, ROUNDS, BLOCKED), REFERRED, BY_DEFAULT);
    world_stage_on(world, world_stage(world, rule, DEFAULT, NO_DECISION), REFERRED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    flag->flag_bargaining->item = 1;
    flag->flag_bargaining->reason = world_text(world);
    world_accept(world, flag);
    world_check_stage(world, 1, ROUNDS, REFERRED);
    world_check_ladder(world, 0, REFERRED);
    world_destroy(&world);

    /* With a round of the stage open, which closes first. */
    world = world_with_session();
    rule = world_ladder_rule(world);
    world_stage_map(world, world_stage(world, rule, ROUNDS, BLOCKED), REFERRED, BY_DEFAULT);
    world_stage_on(world, world_stage(world, rule, DEFAULT, NO_DECISION), REFERRED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    world_open_round(world, 1, 1);
    flag = world_command(world, "mara", COMITY__V1__COMMAND__BODY_FLAG_BARGAINING);
    flag->flag_bargaining->item = 1;
    flag->flag_bargaining->reason = world_text(world);
    world_accept(world, flag);
    world_check_stage(world, 1, ROUNDS, REFERRED);
    world_check_ladder(world, 0, REFERRED);
    world_destroy(&world);
}

/* the body gives leave, by a decision. */
static void withdrawn_with_leave(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Rule *rule = world_ladder_rule(world);
    Comity__V1__Command *ask = world_propose_command(world, NULL);
    Comity__V1__Command *withdraw = world_command(world, "lena", COMITY__V1__COMMAND__BODY_WITHDRAW_ITEM);
    uint32_t asked;

    world_stage(world, rule, UMPIRE, BLOCKED);
    world_vote(world, world_adopt(world, rule), "lena 1, mara 6");
    world_check_ladder(world, 1, NONE);
    withdraw->withdraw_item->item = 1;
    withdraw->withdraw_item->reason = world_text(world);
    world_refuse(world, withdraw, ERR_MISSING, "withdraw_item.leave");
    ask->make_proposal->withdraws = 1;
    asked = world_accept(world, ask)->proposal_made->proposal->number;
    uint32_t round = world_open_round(world, asked, 1);
    world_answer(world, round, "lena 1, mara 1");
    world_close_round(world, round);
    withdraw->withdraw_item->leave = ((const Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, asked, 0))->decision;
    world_accept(world, withdraw);
    world_check_stage(world, 1, UMPIRE, WITHDRAWN);
    assert_int_equal(((const Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->outcome, WITHDRAWN);
    world_check_replay(world);
    world_destroy(&world);
}

/* what co-chairs of every PARTY declare stands in place of the ladder, while it runs and after it. */
static void declared(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);

    world_stage(world, rule, UMPIRE, BLOCKED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    world_accept(world, world_declare_command(world, 1, ADOPTED));
    world_check_stage(world, 1, UMPIRE, ADOPTED);
    world_check_ladder(world, 0, ADOPTED);
    world_refuse(world, world_answer_command(world, 1, REJECTED), ERR_STATE, "enter_answer.stage");
    world_destroy(&world);

    world = world_with_session();
    rule = world_ladder_rule(world);
    world_stage(world, rule, DEFAULT, BLOCKED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    world_refuse(world, world_declare_command(world, 1, ADOPTED), ERR_RANGE, "declare_outcome.outcome");
    world_accept(world, world_declare_command(world, 1, REJECTED));
    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(round->declaration->computed, BY_DEFAULT);
    assert_int_equal(((const Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->outcome, REJECTED);
    assert_int_equal(world_decision(world, 1)->state, COMITY__V1__DECISION_STATE__DECISION_STATE_ENDED);
    world_destroy(&world);

    /* The last round of all is the one that it is declared of. */
    world = world_with_session();
    rule = world_ladder_rule(world);
    world_stage(world, rule, ROUNDS, BLOCKED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    world_vote(world, 1, "lena 1, mara 6");
    world_refuse(world, world_declare_command(world, 1, REJECTED), ERR_STATE, "declare_outcome.round");
    world_accept(world, world_declare_command(world, 2, REJECTED));
    world_destroy(&world);
}

/* a stage that was open does not end by itself for a day and a night after a restore. */
static void after_a_restore(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);
    const Comity__V1__Epoch *epoch;
    Comity__V1__Command *late;

    world_stage(world, rule, SECONDING, BLOCKED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    epoch = world_restore(world);
    assert_int_equal(epoch->stages, 1);
    world->context.time_ms += DAY_MS - 1;
    world_due(world);
    world_check_ladder(world, 1, NONE);
    assert_int_equal(world_stage_run(world, 1)->due_ms, epoch->resume_ms);
    late = world_second_command(world, "mona", 2, MARA);
    world_refuse(world, late, ERR_EPOCH, "second_block.stage");
    world_accept(world, world_second_command(world, "mona", 1, MARA)); /* signed before, and still meant */
    world_check_ladder(world, 0, BLOCKED);
    world_destroy(&world);

    world = world_with_session();
    rule = world_ladder_rule(world);
    world_stage(world, rule, SECONDING, BLOCKED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    world_restore(world);
    world->context.time_ms += DAY_MS;
    world_due(world);
    world_check_stage(world, 1, SECONDING, DEADLOCK);
    world_destroy(&world);
}

/* one deadline leads to the next stage, whose own time begins then, however late it is noticed. */
static void slept_through(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);

    world_stage(world, rule, CONFER, BLOCKED);
    world_stage(world, rule, UMPIRE, BLOCKED);
    world_stage(world, rule, DEFAULT, BLOCKED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    world->context.time_ms += 30 * DAY_MS;
    world_due(world);
    world_check_ladder(world, 2, NONE);
    assert_int_equal(world_stage_run(world, 2)->due_ms, world->context.time_ms + HOUR_MS);
    world->context.time_ms += HOUR_MS;
    world_due(world);
    world_check_stage(world, 3, DEFAULT, BY_DEFAULT);
    world_check_ladder(world, 0, BY_DEFAULT);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stage_leads_to_another), cmocka_unit_test(sixteen_at_once),
        cmocka_unit_test(two_ballots_ratify),         cmocka_unit_test(rounds_of_a_stage),
        cmocka_unit_test(it_is_not_got_round),        cmocka_unit_test(given_up),
        cmocka_unit_test(withdrawn_with_leave),       cmocka_unit_test(declared),
        cmocka_unit_test(after_a_restore),            cmocka_unit_test(slept_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
