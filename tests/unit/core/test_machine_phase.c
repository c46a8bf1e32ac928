/* The way of an item: move_phase, hold_phase, release_phase, flag_bargaining, set_aside_item, withdraw_item;
 * and what a phase means for proposals and rounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/machine/phase.h"
#include "core/machine/row.h"
#include "tests/support/solving.h"

static const Comity__V1__Item *item_row(struct world *world, uint32_t number)
{
    return world_row(world, TABLE_ITEM, number, 0);
}

/* docs/problem-solving.md, "Where an item can go". */
static void test_the_table_of_moves(void **state)
{
    (void) state;
    static const struct {
        phase_t from;
        const char *to; /* a letter each: Issue sTory Data iNterests Options Standards Evaluation Proposal */
    } MOVES[] = {
        {PHASE(ISSUE), "TDN"},          {PHASE(STORY), "IDN"},         {PHASE(DATA), "ITN"},
        {PHASE(INTERESTS), "ITDO"},     {PHASE(OPTIONS), "ITDNS"},     {PHASE(STANDARDS), "ITDNOE"},
        {PHASE(EVALUATION), "ITDNOSP"}, {PHASE(PROPOSAL), "ITDNOSE"},  {PHASE(TEST), "ITDNOSEP"},
        {PHASE(DECIDED), "ITDNOSEP"},   {PHASE(DEFERRED), "ITDNOSEP"}, {PHASE(REFERRED), ""},
        {PHASE(TABLED), "ITDNOSEP"},    {PHASE(WITHDRAWN), ""},
    };
    static const char LETTERS[] = "?ITDNOSEP";

    for (size_t i = 0; i < ARRAY_COUNT(MOVES); i++)
        for (int to = 0; to <= PHASE(WITHDRAWN) + 1; to++) {
            bool is_listed = to > 0 && to <= PHASE(PROPOSAL) && strchr(MOVES[i].to, LETTERS[to]) != NULL;
            assert_int_equal(phase_allows(MOVES[i].from, (phase_t) to), is_listed);
        }
    for (int phase = PHASE(ISSUE); phase <= PHASE(WITHDRAWN); phase++)
        assert_int_equal(phase_by_name(phase_name((phase_t) phase)), phase);
    assert_int_equal(phase_by_name("no-phase"), PHASE(UNSPECIFIED));
    assert_string_equal(phase_name((phase_t) 99), "?");
}

static void test_an_item_goes_its_way(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t item = solving_item(world, PHASE(ISSUE));

    assert_int_equal(solving_phase(world, 1), PHASE(PROPOSAL)); /* the short way, without a word */
    world_refuse(world, solving_move_command(world, item, PHASE(OPTIONS)), ERR_PHASE, "move_phase.phase");
    assert_int_equal(world->refusal.latest, PHASE(ISSUE));
    world->context.time_ms += 5;
    solving_move(world, item, PHASE(STORY));
    assert_int_equal(item_row(world, item)->phase_since_ms, world->context.time_ms);
    for (phase_t phase = PHASE(DATA); phase <= PHASE(PROPOSAL); phase++)
        solving_move(world, item, phase);
    world_refuse(world, solving_move_command(world, item, PHASE(TEST)), ERR_PHASE, "move_phase.phase");
    solving_move(world, item, PHASE(INTERESTS)); /* and backwards */

    Comity__V1__Command *late = solving_move_command(world, item, PHASE(OPTIONS));
    late->move_phase->from = PHASE(PROPOSAL);
    world_refuse(world, late, ERR_STALE, "move_phase.from");
    assert_int_equal(world->refusal.latest, PHASE(INTERESTS));
    late->move_phase->item = 77;
    world_refuse(world, late, ERR_NOT_FOUND, "move_phase.item");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_where_an_item_can_start(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADD_ITEM);

    command->add_item->session = 1;
    for (phase_t phase = PHASE(TEST); phase <= PHASE(WITHDRAWN); phase++) {
        command->add_item->phase = phase;
        world_refuse(world, command, ERR_RANGE, "add_item.phase");
    }
    assert_int_equal(solving_phase(world, solving_item(world, PHASE(UNSPECIFIED))), PHASE(PROPOSAL));
    assert_int_equal(solving_phase(world, solving_item(world, PHASE(OPTIONS))), PHASE(OPTIONS));
    world_destroy(&world);
}

static Comity__V1__Command *propose(struct world *world, uint32_t item)
{
    Comity__V1__Command *command = world_command(world, "mara", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);

    command->make_proposal->item = item;
    return command;
}

static void test_proposals_and_rounds_have_their_phases(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t rule = world_adopt(world, world_plain_rule(world));
    uint32_t item = solving_item(world, PHASE(STANDARDS));
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    world_refuse(world, propose(world, item), ERR_PHASE, "make_proposal.item");
    assert_int_equal(world->refusal.latest, PHASE(STANDARDS));
    solving_move(world, 1, PHASE(OPTIONS));
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_PHASE, "open_round.proposal");
    Comity__V1__Command *revise = world_command(world, "mara", COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL);
    revise->revise_proposal->proposal = 1;
    revise->revise_proposal->base_hash = solving_text_hash(world, 1);
    world_refuse(world, revise, ERR_PHASE, "revise_proposal.proposal");
    solving_move(world, 1, PHASE(STANDARDS));
    solving_move(world, 1, PHASE(EVALUATION));
    solving_move(world, 1, PHASE(PROPOSAL));
    world_open_round(world, 1, rule);
    assert_int_equal(solving_phase(world, 1), PHASE(TEST));
    assert_int_equal(item_row(world, 1)->rounds, 1);
    /* While a round is open, the item stays. */
    world_refuse(world, solving_move_command(world, 1, PHASE(PROPOSAL)), ERR_STATE, "move_phase.phase");
    world_refuse(world, solving_set_aside(world, 1, PHASE(DEFERRED)), ERR_STATE, "set_aside_item.phase");
    world_refuse(world, solving_withdraw(world, "lena", 1, 0), ERR_STATE, "withdraw_item.item");
    /* Not adopted: it stays in TEST, and can go back. */
    close->close_round->round = 1;
    world_accept(world, close);
    assert_int_equal(solving_phase(world, 1), PHASE(TEST));
    solving_move(world, 1, PHASE(PROPOSAL));
    world_open_round(world, 1, rule);
    world_accept(world, world_ballot(world, "lena", 2, 1));
    world_accept(world, world_ballot(world, "mara", 2, 1));
    close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);
    close->close_round->round = 2;
    world_accept(world, close);
    assert_int_equal(solving_phase(world, 1), PHASE(DECIDED));
    uint32_t another = world_accept(world, propose(world, 1))->proposal_made->proposal->number;
    assert_int_equal(solving_phase(world, 1), PHASE(DECIDED));
    world_refuse(world, solving_flag(world, "lena", 1), ERR_PHASE, "flag_bargaining.item");
    world_refuse(world, solving_withdraw(world, "lena", 1, 0), ERR_PHASE, "withdraw_item.item");
    solving_move(world, 1, PHASE(PROPOSAL));
    world_open_round(world, another, rule); /* what else is to be decided on it */
    assert_int_equal(solving_phase(world, 1), PHASE(TEST));
    world_check_replay(world);
    world_destroy(&world);
}

static void test_either_side_holds_and_releases_its_own(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t rule = world_adopt(world, world_plain_rule(world));

    solving_join(world, "lena", "fay", COMITY__V1__OFFICE__OFFICE_FACILITATOR);
    solving_join(world, "lena", "finn", COMITY__V1__OFFICE__OFFICE_FACILITATOR);
    solving_join(world, "mara", "gus", COMITY__V1__OFFICE__OFFICE_FACILITATOR);
    world_refuse(world, solving_release(world, "fay", 1), ERR_STATE, "release_phase.item");
    world_accept(world, solving_hold(world, "fay", 1));
    const Comity__V1__PhaseHold *hold = item_row(world, 1)->hold;
    assert_string_equal(hold->side, "labour");
    assert_non_null(hold->reason);
    assert_int_equal(hold->since_ms, world->context.time_ms);
    world_refuse(world, solving_hold(world, "gus", 1), ERR_HELD, "hold_phase.item");
    world_refuse(world, solving_release(world, "gus", 1), ERR_HELD, "release_phase.item");
    world_refuse(world, solving_release(world, "cora", 1), ERR_HELD, "release_phase.item");
    world_refuse(world, solving_move_command(world, 1, PHASE(OPTIONS)), ERR_HELD, "move_phase.phase");
    world_refuse(world, solving_set_aside(world, 1, PHASE(TABLED)), ERR_HELD, "set_aside_item.phase");
    world_refuse(world, solving_withdraw(world, "lena", 1, 0), ERR_HELD, "withdraw_item.item");
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_HELD, "open_round.proposal");
    world_accept(world, solving_release(world, "finn", 1)); /* of the same side */
    assert_null(item_row(world, 1)->hold);
    world_accept(world, solving_hold(world, "gus", 1));
    world_accept(world, solving_release(world, "gus", 1));
    solving_move(world, 1, PHASE(OPTIONS));
    world_check_replay(world);
    world_destroy(&world);
}

static void test_bargaining_stops_an_item_at_once(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *second = propose(world, 1);
    uint32_t proposal = world_accept(world, second)->proposal_made->proposal->number;

    world_open_round(world, proposal, 1);
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_accept(world, world_ballot(world, "mara", 1, 1));
    world_accept(world, solving_hold(world, "cora", 1)); /* no hold stands against it */
    world->context.time_ms += 3;
    world_accept(world, solving_flag(world, "mara", 1));
    assert_int_equal(solving_phase(world, 1), PHASE(REFERRED));
    assert_non_null(item_row(world, 1)->reason);
    assert_null(item_row(world, 1)->hold);
    world_due(world);
    for (uint32_t number = 1; number <= 2; number++) {
        const Comity__V1__Round *round = world_row(world, TABLE_ROUND, number, 0);
        assert_int_equal(round->state, COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED);
        assert_int_equal(round->cause, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED);
        assert_int_equal(round->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED);
        assert_int_equal(round->outcome->n_tests + round->outcome->n_ballots, 0);
        assert_int_equal(round->outcome->rule_hash.len, HASH_SIZE);
        assert_int_equal(round->closed_ms, world->context.time_ms);
    }
    assert_false(world_has(world, TABLE_DECISION, 1, 0));
    int64_t next_ms;
    assert_int_equal(machine_next_deadline(&world->view, &next_ms), 0);
    assert_int_equal(next_ms, 0);

    /* And nothing further on it. */
    world_refuse(world, world_ballot(world, "mona", 1, 1), ERR_CLOSED, "cast_ballot.round");
    world_refuse(world, solving_flag(world, "lena", 1), ERR_PHASE, "flag_bargaining.item");
    world_refuse(world, solving_move_command(world, 1, PHASE(PROPOSAL)), ERR_PHASE, "move_phase.phase");
    world_refuse(world, solving_hold(world, "cora", 1), ERR_PHASE, "hold_phase.item");
    world_refuse(world, solving_set_aside(world, 1, PHASE(DEFERRED)), ERR_PHASE, "set_aside_item.item");
    world_refuse(world, solving_withdraw(world, "lena", 1, 0), ERR_PHASE, "withdraw_item.item");
    world_refuse(world, propose(world, 1), ERR_PHASE, "make_proposal.item");
    world_refuse(world, world_open_round_command(world, 1, 1), ERR_PHASE, "open_round.proposal");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_bargaining_after_the_session(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_SESSION);

    close->close_session->session = 1;
    world_accept(world, close);
    world_refuse(world, solving_move_command(world, 1, PHASE(OPTIONS)), ERR_STATE, "move_phase.item");
    world_refuse(world, solving_hold(world, "cora", 1), ERR_STATE, "hold_phase.item");
    Comity__V1__Command *flag = solving_flag(world, "lena", 1);
    flag->flag_bargaining->reason = NULL;
    world_accept(world, flag);
    assert_int_equal(solving_phase(world, 1), PHASE(REFERRED));
    assert_null(item_row(world, 1)->reason);
    world_destroy(&world);
}

static void test_an_item_waits_and_goes_on_in_a_later_session(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *aside = solving_set_aside(world, 1, PHASE(DEFERRED));
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_SESSION);

    aside->set_aside_item->until_ms = 1700000990000;
    world_refuse(world, solving_set_aside(world, 1, PHASE(REFERRED)), ERR_RANGE, "set_aside_item.phase");
    world_accept(world, aside);
    const Comity__V1__Item *item = item_row(world, 1);
    assert_int_equal(item->phase, PHASE(DEFERRED));
    assert_int_equal(item->until_ms, 1700000990000);
    assert_non_null(item->reason);
    world_refuse(world, solving_set_aside(world, 1, PHASE(TABLED)), ERR_PHASE, "set_aside_item.item");
    close->close_session->session = 1;
    world_accept(world, close);

    world_create_body(world, "panel", 1, 1, 0);
    uint32_t other = world_open_session(world, 2), later = world_open_session(world, 1);
    Comity__V1__Command *move = solving_move_command(world, 1, PHASE(PROPOSAL));
    move->move_phase->session = other;
    world_refuse(world, move, ERR_RANGE, "move_phase.session");
    move->move_phase->session = 1;
    world_refuse(world, move, ERR_STATE, "move_phase.session");
    move->move_phase->session = 99;
    world_refuse(world, move, ERR_NOT_FOUND, "move_phase.session");
    move->move_phase->session = later;
    world_accept(world, move);
    item = item_row(world, 1);
    assert_int_equal(item->phase, PHASE(PROPOSAL));
    assert_int_equal(item->session, later);
    assert_int_equal(item->until_ms, 0);
    assert_null(item->reason);
    /* As it is into yet another session; in the same one that is no move. */
    move = solving_move_command(world, 1, PHASE(PROPOSAL));
    move->move_phase->session = later;
    world_refuse(world, move, ERR_PHASE, "move_phase.phase");
    move->move_phase->session = world_open_session(world, 1);
    world_accept(world, move);
    world_check_replay(world);
    world_destroy(&world);
}

static uint32_t decide_by(struct world *world, uint32_t proposal, uint32_t rule)
{
    uint32_t round = world_open_round(world, proposal, rule);
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    world_accept(world, world_ballot(world, "lena", round, 1));
    world_accept(world, world_ballot(world, "mara", round, 1));
    close->close_round->round = round;
    world_accept(world, close);
    return ((const Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, proposal, 0))->decision;
}

static void test_after_a_round_withdrawing_needs_the_bodys_leave(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);
    uint32_t other = solving_item(world, PHASE(PROPOSAL));

    /* Before any round it goes by itself. */
    world_accept(world, solving_withdraw(world, "lena", other, 0));
    assert_int_equal(solving_phase(world, other), PHASE(WITHDRAWN));
    world_refuse(world, solving_withdraw(world, "lena", other, 0), ERR_PHASE, "withdraw_item.item");
    close->close_round->round = 1;
    world_accept(world, close);
    world_refuse(world, solving_withdraw(world, "lena", 1, 0), ERR_MISSING, "withdraw_item.leave");
    world_refuse(world, solving_withdraw(world, "lena", 1, 9), ERR_NOT_FOUND, "withdraw_item.leave");

    other = solving_item(world, PHASE(PROPOSAL));
    Comity__V1__Command *ask = propose(world, other);
    ask->make_proposal->withdraws = other;
    world_refuse(world, ask, ERR_RANGE, "make_proposal.withdraws");
    ask->make_proposal->withdraws = 99;
    world_refuse(world, ask, ERR_NOT_FOUND, "make_proposal.withdraws");
    uint32_t plain = decide_by(world, world_propose(world, 1), 1);
    world_refuse(world, solving_withdraw(world, "lena", 1, plain), ERR_FORBIDDEN, "withdraw_item.leave");
    ask->make_proposal->withdraws = 1;
    uint32_t leave = decide_by(world, world_accept(world, ask)->proposal_made->proposal->number, 1);
    world_accept(world, solving_withdraw(world, "lena", 1, leave));
    assert_int_equal(solving_phase(world, 1), PHASE(WITHDRAWN));
    assert_int_equal(item_row(world, 1)->leave, leave);
    world_check_replay(world);
    world_destroy(&world);
}

/* A lost move is no move of today. */
static void test_after_a_restore(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    solving_item(world, PHASE(ISSUE));
    world_restore(world);
    uint32_t latest = ((const Comity__V1__Partnership *) world_row(world, TABLE_PARTNERSHIP, 0, 0))->epoch;
    world_accept(world, solving_move_command(world, 1, PHASE(OPTIONS))); /* what the backup has */
    world->epoch = latest;
    uint32_t lost = solving_item(world, PHASE(ISSUE));
    world->epoch = 1;
    world_refuse(world, solving_move_command(world, lost, PHASE(STORY)), ERR_EPOCH, "move_phase.item");
    assert_int_equal(world->refusal.latest, latest);
    world_check_replay(world);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_of_moves),
        cmocka_unit_test(test_an_item_goes_its_way),
        cmocka_unit_test(test_where_an_item_can_start),
        cmocka_unit_test(test_proposals_and_rounds_have_their_phases),
        cmocka_unit_test(test_either_side_holds_and_releases_its_own),
        cmocka_unit_test(test_bargaining_stops_an_item_at_once),
        cmocka_unit_test(test_bargaining_after_the_session),
        cmocka_unit_test(test_an_item_waits_and_goes_on_in_a_later_session),
        cmocka_unit_test(test_after_a_round_withdrawing_needs_the_bodys_leave),
        cmocka_unit_test(test_after_a_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
