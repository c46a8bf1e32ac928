/* Rounds: open_round, close_round, deadlines, outcomes and decisions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world.h"

#define HOUR_MS ((int64_t) 3600 * 1000)

static Comity__V1__Command *close_round(struct world *world, const char *signer, uint32_t round)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    command->close_round->round = round;
    return command;
}

static void test_a_round_opens_over_a_frozen_roll(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_plain_rule(world);
    uint32_t number = world_adopt(world, rule);
    const Comity__V1__Event *event = world_accept(world, world_open_round_command(world, 1, number));
    const Comity__V1__RoundOpened *opened = event->round_opened;

    assert_int_equal(opened->n_roll, 5);
    assert_int_equal(opened->round->eligible, 5);
    assert_int_equal(opened->round->round_of, 1);
    assert_int_equal(opened->round->version, 1);
    assert_int_equal(opened->round->opened_by, CORA);
    assert_int_equal(opened->round->rule_number, number);
    assert_int_equal(opened->round->opened_ms, world->context.time_ms);
    assert_int_equal(opened->round->closes_ms, 0);

    const Comity__V1__RollEntry *entry = world_row(world, TABLE_ROLL, 1, MONA);
    assert_int_equal(entry->constituency, MANAGEMENT);
    assert_int_equal(entry->seat, 4);
    assert_int_equal(entry->round, 1);
    assert_false(entry->present_at_open);
    assert_true(((Comity__V1__RollEntry *) world_row(world, TABLE_ROLL, 1, LUIS))->present_at_open);
    assert_false(world_has(world, TABLE_ROLL, 1, LARS));

    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(round->state, COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN);
    assert_string_equal(round->rule->name, "plain");
    assert_memory_equal(round->rule_hash.data,
                        ((Comity__V1__RuleVersion *) world_row(world, TABLE_RULE, 1, 0))->hash.data,
                        HASH_SIZE);
    const Comity__V1__Proposal *proposal = world_row(world, TABLE_PROPOSAL, 1, 0);
    assert_int_equal(proposal->rounds, 1);
    assert_int_equal(proposal->open_round, 1);

    /* A hand-over, a revoked key and a new rule come later: the round goes on as it was opened. */
    world_seat(world, "luis", 1, 1, LARS);
    Comity__V1__Command *revoke = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REVOKE_KEY);
    revoke->revoke_key->key = world_key(world, "luis");
    world_accept(world, world_ballot(world, "luis", 1, 1));
    world_accept(world, revoke);
    rule->rounds = 1;
    world_adopt(world, rule);
    assert_true(world_has(world, TABLE_ROLL, 1, LENA));
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_refuse(world, world_ballot(world, "lars", 1, 1), ERR_NOT_ON_ROLL, "key");
    const Comity__V1__Event *closed = world_accept(world, close_round(world, "cora", 1));
    assert_int_equal(closed->round_closed->outcome->n_ballots, 2);
    /* Who was re-keyed while it was open is on its row, with the ballot that counts all the same. */
    const Comity__V1__Round *row = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(row->n_lost_keys, 1);
    assert_int_equal(row->lost_keys[0]->member, LUIS);
    assert_int_equal(row->lost_keys[0]->ballot, row->lost_keys[0]->sequence - 1);
    assert_int_equal(row->lost_keys[0]->ballot, closed->round_closed->outcome->ballots[0]);
    revoke = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REVOKE_KEY);
    revoke->revoke_key->key = world_key(world, "lars");
    world_accept(world, revoke);
    row = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(row->n_lost_keys, 1); /* closed; and not on its roll */
    world_check_replay(world);
    world_destroy(&world);
}

static void test_open_round_is_refused(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t rule = world_adopt(world, world_plain_rule(world));
    Comity__V1__Command *command = world_open_round_command(world, 1, rule);

    command->key = world_key(world, "lena");
    world_refuse(world, command, ERR_FORBIDDEN, "key");
    command->key = world_key(world, "stranger");
    world_refuse(world, command, ERR_KEY_UNKNOWN, "key");
    command = world_open_round_command(world, 1, rule);
    command->open_round->proposal = 2;
    world_refuse(world, command, ERR_NOT_FOUND, "open_round.proposal");
    world_refuse(world, world_open_round_command(world, 1, 9), ERR_NOT_FOUND, "open_round.rule");
    command = world_open_round_command(world, 1, rule);
    command->open_round->text_hash = world_key(world, "another text");
    world_refuse(world, command, ERR_STALE, "open_round.text_hash");
    assert_int_equal(world->refusal.latest, 1);
    command = world_open_round_command(world, 1, rule);
    command->open_round->closes_ms = world->context.time_ms + HOUR_MS;
    world_refuse(world, command, ERR_RANGE, "open_round.closes_ms");

    /* Another version of the rule, another of the text. */
    uint32_t later = world_adopt(world, world_plain_rule(world));
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_STALE, "open_round.rule");
    assert_int_equal(world->refusal.latest, later);
    command = world_open_round_command(world, 1, later);
    Comity__V1__Command *revise = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL);
    revise->revise_proposal->proposal = 1;
    revise->revise_proposal->base_hash = command->open_round->text_hash;
    world_accept(world, revise);
    world_refuse(world, command, ERR_STALE, "open_round.text_hash");
    assert_int_equal(world->refusal.latest, 2);

    world_open_round(world, 1, later);
    world_refuse(world, world_open_round_command(world, 1, later), ERR_STATE, "open_round.proposal");
    world_destroy(&world);
}

/* Which body decides by which rule was agreed beforehand. */
static void test_a_rule_is_for_its_bodies(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    world_create_body(world, "panel", 1, 1, 0);
    Comity__V1__Command *adopt = world_adopt_command(world, world_plain_rule(world));
    assert_int_equal(adopt->adopt_rule->n_bodies, 2);
    adopt->adopt_rule->n_bodies = 1;
    adopt->adopt_rule->bodies[0] = 2;
    uint32_t rule = world_accept(world, adopt)->rule_adopted->rule->number;
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_FORBIDDEN, "open_round.rule");
    rule = world_adopt(world, world_plain_rule(world));
    world_open_round(world, 1, rule);
    world_accept(world, close_round(world, "cora", 1));
    /* The next version can take it away again. */
    adopt = world_adopt_command(world, world_plain_rule(world));
    adopt->adopt_rule->n_bodies = 1;
    adopt->adopt_rule->bodies[0] = 2;
    rule = world_accept(world, adopt)->rule_adopted->rule->number;
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_FORBIDDEN, "open_round.rule");
    world_check_replay(world);
    world_destroy(&world);
}

/* What failed under one rule is not tried under another. */
static void test_a_proposal_keeps_its_rule(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t plain = world_adopt(world, world_plain_rule(world));
    uint32_t other = world_adopt(world, world_rule(world, "other"));

    assert_string_equal(((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->rule, "");
    world_open_round(world, 1, plain);
    assert_string_equal(((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->rule, "plain");
    world_accept(world, close_round(world, "cora", 1));
    world_refuse(world, world_open_round_command(world, 1, other), ERR_STATE, "open_round.rule");
    /* Nor after a new text; under the rule's next version it goes on. */
    Comity__V1__Command *revise = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL);
    revise->revise_proposal->proposal = 1;
    revise->revise_proposal->base_hash =
        ((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->versions[0]->text->hash;
    world_accept(world, revise);
    world_refuse(world, world_open_round_command(world, 1, other), ERR_STATE, "open_round.rule");
    plain = world_adopt(world, world_plain_rule(world));
    world_open_round(world, 1, plain);
    /* Another proposal is free to begin under another. */
    world_open_round(world, world_propose(world, 1), other);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_rounds_run_out(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);

    world_accept(world, world_ballot(world, "lena", 1, 5));
    world_accept(world, world_ballot(world, "mara", 1, 5));
    const Comity__V1__Event *event = world_accept(world, close_round(world, "cora", 1));
    assert_int_equal(event->round_closed->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET);
    assert_int_equal(world->events.count, 1);
    assert_int_equal(world_open_round(world, 1, 1), 2);
    assert_int_equal(((Comity__V1__Round *) world_row(world, TABLE_ROUND, 2, 0))->round_of, 2);
    world_accept(world, world_ballot(world, "lena", 2, 5));
    world_accept(world, world_ballot(world, "mara", 2, 5));
    event = world_accept(world, close_round(world, "cora", 2));
    assert_int_equal(event->round_closed->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED);
    world_refuse(world, world_open_round_command(world, 1, 1), ERR_ROUNDS, "open_round.rule");
    assert_int_equal(world->refusal.limit, 2);
    /* They count under whatever version of the rule. */
    Comity__V1__Rule *patient = world_plain_rule(world);
    patient->rounds = 3;
    world_open_round(world, 1, world_adopt(world, patient));
    assert_int_equal(((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->rounds, 3);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_session_has_to_be_open(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t rule = world_adopt(world, world_plain_rule(world));
    Comity__V1__Command *convene = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CONVENE_SESSION);
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_SESSION);

    convene->convene_session->body = 1;
    convene->convene_session->starts_ms = 1;
    world_accept(world, convene);
    uint32_t proposal = world_propose(world, 2);
    world_refuse(world, world_open_round_command(world, proposal, rule), ERR_NOT_OPEN, "open_round.proposal");
    close->close_session->session = 1;
    world_accept(world, close);
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_NOT_OPEN, "open_round.proposal");
    world_destroy(&world);
}

static void test_quorum_before_opening(void **state)
{
    (void) state;
    struct world *world = world_founded();

    world_create_body(world, "council", 2, 2, 1);
    uint32_t rule = world_adopt(world, world_plain_rule(world));
    world_open_session(world, 1);
    Comity__V1__Command *item = world_command(world, "cora", COMITY__V1__COMMAND__BODY_ADD_ITEM);
    Comity__V1__Command *propose = world_command(world, "cora", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);
    item->add_item->session = 1;
    world_accept(world, item);
    propose->make_proposal->item = 1;
    world_accept(world, propose);

    /* No seat is held; then one of labour's alone, so that management would be passed over; then both. */
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_QUORUM, "open_round.proposal");
    world_seat(world, "lena", 1, 1, LENA);
    world_check_in(world, "lena", 1, 1);
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_SCOPE, "open_round.rule");
    world_seat(world, "mara", 1, 3, MARA);
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_QUORUM, "open_round.rule");
    world_check_in(world, "mara", 1, 2);
    world_open_round(world, 1, rule);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_scope_without_parties(void **state)
{
    (void) state;
    struct world *world = world_founded();

    /* A body of the convener alone: an EACH test has nobody, a WHOLE one is the rule's own matter. */
    world_create_body(world, "office", 0, 0, 2);
    world_seat(world, "cora", 1, 1, CORA);
    uint32_t each = world_adopt(world, world_plain_rule(world));
    world_open_session(world, 1);
    world_check_in(world, "cora", 1, 1);
    Comity__V1__Command *item = world_command(world, "cora", COMITY__V1__COMMAND__BODY_ADD_ITEM);
    Comity__V1__Command *propose = world_command(world, "cora", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);
    item->add_item->session = 1;
    world_accept(world, item);
    propose->make_proposal->item = 1;
    world_accept(world, propose);
    world_refuse(world, world_open_round_command(world, 1, each), ERR_SCOPE, "open_round.rule");
    Comity__V1__Rule *whole = world_rule(world, "whole");
    whole->tests[0] = whole->tests[1];
    whole->n_tests = 1;
    world_open_round(world, 1, world_adopt(world, whole));
    world_destroy(&world);
}

static Comity__V1__Rule *timed_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_rule(world, "timed");

    rule->close->at_time = true;
    return rule;
}

static void test_a_closing_time(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t rule = world_adopt(world, timed_rule(world));
    Comity__V1__Command *command = world_open_round_command(world, 1, rule);
    int64_t now_ms = world->context.time_ms;
    int64_t due_ms = 0;

    world_refuse(world, command, ERR_MISSING, "open_round.closes_ms");
    command->open_round->closes_ms = now_ms;
    world_refuse(world, command, ERR_RANGE, "open_round.closes_ms");
    command->open_round->closes_ms = now_ms + 366 * 24 * HOUR_MS + 1;
    world_refuse(world, command, ERR_RANGE, "open_round.closes_ms");
    command->open_round->closes_ms = now_ms + HOUR_MS;
    world_accept(world, command);
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    assert_int_equal(due_ms, now_ms + HOUR_MS);

    /* A ballot in the last millisecond counts; the next one is too late, for the round is closed before it.
     */
    Comity__V1__Command *late = world_ballot(world, "mara", 1, 1);
    world->context.time_ms = now_ms + HOUR_MS - 1;
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world->context.time_ms = now_ms + HOUR_MS;
    late->valid_until_ms = world->context.time_ms + 1;
    uint64_t before = world->context.next_sequence;
    world_due(world);
    assert_int_equal(world->context.next_sequence, before + 1);
    world_refuse(world, late, ERR_CLOSED, "cast_ballot.round");

    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(round->state, COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED);
    assert_int_equal(round->cause, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_TIME);
    assert_int_equal(round->closed_ms, now_ms + HOUR_MS);
    assert_int_equal(round->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET);
    assert_int_equal(round->outcome->n_ballots, 1);
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    assert_int_equal(due_ms, 0);
    world_check_replay(world);
    world_destroy(&world);
}

/* What machine_due would have to do first is not left to the order of calls. */
static void test_a_ballot_at_the_closing_time_is_refused_in_any_case(void **state)
{
    (void) state;
    struct world *world = world_with_round(timed_rule);
    Comity__V1__Command *late = world_ballot(world, "mara", 1, 1);
    struct command command = {.body = late};
    struct machine_events events = {.count = 0};
    struct refusal refusal;

    world->context.time_ms += HOUR_MS;
    assert_int_equal(machine_decide(&world->view, &command, &world->context, world->arena, &events, &refusal),
                     ERR_CLOSED);
    assert_string_equal(refusal.field, "cast_ballot.round");
    world_destroy(&world);
}

static void test_a_facilitator_closes_before_the_time(void **state)
{
    (void) state;
    struct world *world = world_with_round(timed_rule);
    int64_t due_ms = 1;

    world_accept(world, close_round(world, "cora", 1));
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    assert_int_equal(due_ms, 0);
    world->context.time_ms += 2 * HOUR_MS;
    world_refuse(world, close_round(world, "cora", 1), ERR_CLOSED, "close_round.round");
    world_destroy(&world);
}

static Comity__V1__Rule *answered_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_rule(world, "answered");

    rule->close->all_answered = true;
    rule->close->at_time = true;
    return rule;
}

static void test_all_have_answered(void **state)
{
    (void) state;
    static const char *const VOTERS[] = {"lena", "luis", "mara", "mona"};
    struct world *world = world_with_round(answered_rule);

    for (size_t i = 0; i < ARRAY_COUNT(VOTERS); i++)
        world_accept(world, world_ballot(world, VOTERS[i], 1, 1));
    /* A replaced ballot is no further one. */
    Comity__V1__Command *again = world_ballot(world, "lena", 1, 2);
    again->cast_ballot->replaces = ((Comity__V1__Ballot *) world_row(world, TABLE_BALLOT, 1, LENA))->sequence;
    world_accept(world, again);
    assert_int_equal(((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->answered, 4);
    assert_int_equal(((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->state,
                     COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN);

    size_t before = world->record_count;
    world_accept(world, world_ballot(world, "cora", 1, 4));
    assert_int_equal(world->record_count, before + 3);
    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(round->cause, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_ALL_ANSWERED);
    assert_int_equal(round->answered, 5);
    assert_int_equal(round->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    int64_t due_ms = 1;
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    assert_int_equal(due_ms, 0);

    /* The software acted: nobody is named. */
    ProtobufCMessage *message = NULL;
    assert_int_equal(message_unpack_trusted(&comity__v1__event__descriptor, world->records[before + 1].open,
                                            world->arena, &message),
                     0);
    const Comity__V1__Event *event = (Comity__V1__Event *) message;
    assert_int_equal(event->kind_case, COMITY__V1__EVENT__KIND_ROUND_CLOSED);
    assert_int_equal(event->actor, 0);
    assert_int_equal(event->actor_key.len, 0);
    assert_int_equal(event->command_id.len, 0);
    assert_int_equal(world->records[before + 1].command.size, 0);
    world_check_replay(world);
    world_destroy(&world);
}

/* All have answered in the very moment in which the time is up: closed once, nothing left over. */
static void test_both_deadlines_at_once(void **state)
{
    (void) state;
    static const char *const VOTERS[] = {"lena", "luis", "mara", "mona", "cora"};
    struct world *world = world_with_round(answered_rule);
    int64_t due_ms = 1;

    world->context.time_ms += HOUR_MS - 1;
    for (size_t i = 0; i + 1 < ARRAY_COUNT(VOTERS); i++)
        world_accept(world, world_ballot(world, VOTERS[i], 1, 1));
    /* As a worker would that was stopped between the ballot and what was due. */
    Comity__V1__Command *last = world_ballot(world, "cora", 1, 1);
    struct command command = {.body = last};
    struct machine_events events = {.count = 0};
    assert_int_equal(machine_decide(&world->view, &command, &world->context, world->arena, &events, NULL), 0);
    events.list[0].sequence = world->context.next_sequence++;
    assert_int_equal(machine_apply(&world->view, &events.list[0], world->arena), 0);
    world->context.time_ms += 10;
    uint64_t before = world->context.next_sequence;
    world_due(world);
    assert_int_equal(world->context.next_sequence, before + 2);
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    assert_int_equal(due_ms, 0);
    assert_int_equal(((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->cause,
                     COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_ALL_ANSWERED);
    world_destroy(&world);
}

static void test_close_round_gives_outcome_and_decision(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *command = close_round(world, "cora", 1);

    world_accept(world, world_ballot(world, "mara", 1, 1));
    world_accept(world, world_ballot(world, "lena", 1, 2));
    const Comity__V1__Event *event = world_accept(world, command);
    const Comity__V1__Outcome *outcome = event->round_closed->outcome;
    assert_int_equal(outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(event->round_closed->cause, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_FACILITATOR);
    assert_int_equal(outcome->n_ballots, 2);
    assert_true(outcome->ballots[0] < outcome->ballots[1]);
    assert_int_equal(outcome->ballots[1],
                     ((Comity__V1__Ballot *) world_row(world, TABLE_BALLOT, 1, LENA))->sequence);
    assert_int_equal(outcome->n_tests, 5);

    assert_int_equal(world->events.count, 2);
    assert_ptr_equal(world->events.list[0].command, command);
    assert_null(world->events.list[1].command);
    const Comity__V1__Event *second = world->events.list[1].open;
    assert_int_equal(second->actor, CORA);
    assert_memory_equal(second->command_id.data, event->command_id.data, COMMAND_ID_SIZE);
    assert_int_equal(second->decision_made->decision->number, 1);

    const Comity__V1__Decision *decision = world_row(world, TABLE_DECISION, 1, 0);
    const Comity__V1__Proposal *proposal = world_row(world, TABLE_PROPOSAL, 1, 0);
    assert_int_equal(decision->proposal, 1);
    assert_int_equal(decision->round, 1);
    assert_int_equal(decision->version, 1);
    assert_int_equal(decision->outcome, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(decision->decided_ms, world->context.time_ms);
    assert_int_equal(decision->state, COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT);
    assert_memory_equal(decision->text_hash.data, proposal->versions[0]->text->hash.data, HASH_SIZE);
    assert_int_equal(proposal->decision, 1);
    assert_int_equal(proposal->open_round, 0);

    world_refuse(world, close_round(world, "cora", 1), ERR_CLOSED, "close_round.round");
    world_refuse(world, world_open_round_command(world, 1, 1), ERR_STATE, "open_round.proposal");
    world_refuse(world, close_round(world, "cora", 2), ERR_NOT_FOUND, "close_round.round");
    world_refuse(world, close_round(world, "lena", 1), ERR_FORBIDDEN, "key");
    world_refuse(world, close_round(world, "stranger", 1), ERR_KEY_UNKNOWN, "key");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_blocked_round(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *block = world_ballot(world, "lena", 1, 6);

    block->cast_ballot->reason = world_text(world);
    world_accept(world, block);
    world_accept(world, world_ballot(world, "mara", 1, 1));
    const Comity__V1__Event *event = world_accept(world, close_round(world, "cora", 1));
    assert_int_equal(event->round_closed->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED);
    assert_int_equal(world->events.count, 1);
    assert_int_equal(((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->decision, 0);
    world_destroy(&world);
}

/* Half of management was present at the opening; mona comes later. */
static Comity__V1__OutcomeKind outcome_with_presence(Comity__V1__Present present, bool mona_comes)
{
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_rule(world, "full-house");

    rule->present = present;
    rule->tests[0]->against->kind = COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE;
    rule->tests[2]->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT;
    rule->tests[2]->count->n_stances = 0;
    rule->tests[2]->against->kind = COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE;
    rule->tests[2]->numerator = rule->tests[2]->denominator = 1;
    world_open_round(world, 1, world_adopt(world, rule));
    if (mona_comes)
        world_check_in(world, "mona", 1, 3);
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_accept(world, world_ballot(world, "mara", 1, 1));
    const Comity__V1__Event *event = world_accept(world, close_round(world, "cora", 1));
    Comity__V1__OutcomeKind kind = event->round_closed->outcome->kind;
    world_check_replay(world);
    world_destroy(&world);
    return kind;
}

static void test_presence_is_as_the_rule_says(void **state)
{
    (void) state;
    assert_int_equal(outcome_with_presence(COMITY__V1__PRESENT__PRESENT_AT_OPEN, true),
                     COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET);
    assert_int_equal(outcome_with_presence(COMITY__V1__PRESENT__PRESENT_AT_CLOSE, true),
                     COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(outcome_with_presence(COMITY__V1__PRESENT__PRESENT_EVER, true),
                     COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(outcome_with_presence(COMITY__V1__PRESENT__PRESENT_UNSPECIFIED, true),
                     COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(outcome_with_presence(COMITY__V1__PRESENT__PRESENT_AT_CLOSE, false),
                     COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET);
    assert_int_equal(outcome_with_presence(COMITY__V1__PRESENT__PRESENT_ANSWERED, true),
                     COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET);
}

/* A body of ten thousand: as the rule allows, within the arena that a command has. */
static struct world *world_of_ten_thousand(uint32_t *ret_rule)
{
    struct world *world = world_founded();
    Comity__V1__Command *item = world_command(world, "cora", COMITY__V1__COMMAND__BODY_ADD_ITEM);
    Comity__V1__Command *propose = world_command(world, "cora", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);

    world_create_body(world, "assembly", 6000, 4000, 0);
    for (uint32_t number = 1; number <= 10000; number++) {
        Comity__V1__Seat *seat = world_row(world, TABLE_SEAT, 1, number);
        Comity__V1__Presence presence = COMITY__V1__PRESENCE__INIT;

        seat->holder = 1000 + number;
        assert_int_equal(state_put(&world->view, world->arena, TABLE_SEAT, 1, number, &seat->base), 0);
        presence.session = 1;
        presence.member = 1000 + number;
        presence.state = COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_PRESENT;
        assert_int_equal(
            state_put(&world->view, world->arena, TABLE_PRESENCE, 1, presence.member, &presence.base), 0);
    }
    *ret_rule = world_adopt(world, world_plain_rule(world));
    world_open_session(world, 1);
    item->add_item->session = 1;
    world_accept(world, item);
    propose->make_proposal->item = 1;
    world_accept(world, propose);
    return world;
}

static void carry_out_in(struct world *world, struct arena *arena, const Comity__V1__Command *body,
                         size_t events)
{
    struct command command = {.body = body};
    struct machine_events decided = {.count = 0};

    assert_int_equal(
        machine_decide(&world->view, &command, &world->context, arena, &decided, &world->refusal), 0);
    assert_int_equal(decided.count, events);
    for (size_t i = 0; i < decided.count; i++)
        assert_int_equal(machine_apply(&world->view, &decided.list[i], arena), 0);
    print_message("%s: %zu KiB of arena\n", command_name(body), arena_used(arena) / 1024);
    arena_reset(arena);
}

static void test_ten_thousand_on_the_roll(void **state)
{
    (void) state;
    uint32_t rule = 0;
    struct world *world = world_of_ten_thousand(&rule);
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);

    carry_out_in(world, arena, world_open_round_command(world, 1, rule), 1);
    for (uint32_t number = 1; number <= 10000; number++) {
        Comity__V1__Ballot ballot = COMITY__V1__BALLOT__INIT;

        ballot.round = 1;
        ballot.member = 1000 + number;
        ballot.sequence = UINT32_MAX - number;
        ballot.answer = 1;
        ballot.reason = world_text(world);
        assert_int_equal(state_put(&world->view, world->arena, TABLE_BALLOT, 1, ballot.member, &ballot.base),
                         0);
    }
    carry_out_in(world, arena, close_round(world, "cora", 1), 2);
    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(round->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(round->outcome->n_ballots, 10000);
    assert_int_equal(round->outcome->ballots[0], UINT32_MAX - 10000);
    arena_destroy(&arena);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_round_opens_over_a_frozen_roll),
        cmocka_unit_test(test_open_round_is_refused),
        cmocka_unit_test(test_a_rule_is_for_its_bodies),
        cmocka_unit_test(test_a_proposal_keeps_its_rule),
        cmocka_unit_test(test_rounds_run_out),
        cmocka_unit_test(test_a_session_has_to_be_open),
        cmocka_unit_test(test_quorum_before_opening),
        cmocka_unit_test(test_a_scope_without_parties),
        cmocka_unit_test(test_a_closing_time),
        cmocka_unit_test(test_a_ballot_at_the_closing_time_is_refused_in_any_case),
        cmocka_unit_test(test_a_facilitator_closes_before_the_time),
        cmocka_unit_test(test_all_have_answered),
        cmocka_unit_test(test_both_deadlines_at_once),
        cmocka_unit_test(test_close_round_gives_outcome_and_decision),
        cmocka_unit_test(test_a_blocked_round),
        cmocka_unit_test(test_presence_is_as_the_rule_says),
        cmocka_unit_test(test_ten_thousand_on_the_roll),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
