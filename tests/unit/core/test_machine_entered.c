/* Ballots that came on paper or by telephone: entered, confirmed, disputed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world.h"

#define PAPER COMITY__V1__BALLOT_MEDIUM__BALLOT_MEDIUM_PAPER
#define PHONE COMITY__V1__BALLOT_MEDIUM__BALLOT_MEDIUM_PHONE

/* By odo, the recorder, with @witness. */
static Comity__V1__Command *enter(struct world *world, const char *witness)
{
    Comity__V1__Command *command = world_command(world, "odo", COMITY__V1__COMMAND__BODY_ENTER_BALLOTS);
    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);

    command->enter_ballots->round = 1;
    command->enter_ballots->text_hash = round->text_hash;
    command->enter_ballots->ballots = world_alloc(world, 8 * sizeof(*command->enter_ballots->ballots));
    if (witness)
        world_cosign(world, command, witness, NULL);
    return command;
}

static Comity__V1__EnteredBallot *add(struct world *world, Comity__V1__Command *command, uint32_t member,
                                      uint32_t answer)
{
    Comity__V1__EnterBallots *enter = command->enter_ballots;
    Comity__V1__EnteredBallot *entered = world_alloc(world, sizeof(*entered));

    comity__v1__entered_ballot__init(entered);
    entered->member = member;
    entered->answer = answer;
    entered->reason = world_text(world);
    entered->alternative = world_text(world);
    entered->alternative->size = 0;
    entered->medium = PAPER;
    enter->ballots[enter->n_ballots++] = entered;
    return entered;
}

static Comity__V1__Command *enter_one(struct world *world, uint32_t member, uint32_t answer)
{
    Comity__V1__Command *command = enter(world, "lena");

    add(world, command, member, answer);
    return command;
}

static Comity__V1__Command *confirm(struct world *world, const char *voter, uint64_t ballot)
{
    Comity__V1__Command *command = world_command(world, voter, COMITY__V1__COMMAND__BODY_CONFIRM_BALLOT);

    command->confirm_ballot->round = 1;
    command->confirm_ballot->ballot = ballot;
    return command;
}

static Comity__V1__Command *dispute(struct world *world, const char *voter, uint64_t ballot)
{
    Comity__V1__Command *command = world_command(world, voter, COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT);

    command->dispute_ballot->round = 1;
    command->dispute_ballot->ballot = ballot;
    command->dispute_ballot->reason = world_text(world);
    return command;
}

static const Comity__V1__Event *close_round(struct world *world)
{
    Comity__V1__Command *command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    command->close_round->round = 1;
    return world_accept(world, command);
}

static const Comity__V1__Ballot *ballot_of(struct world *world, uint32_t member)
{
    return world_row(world, TABLE_BALLOT, 1, member);
}

static uint32_t answered(struct world *world)
{
    return ((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->answered;
}

static void test_entered_together(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *command = enter(world, "mona");

    add(world, command, LENA, 1);
    add(world, command, MONA, 6)->medium = PHONE;
    const Comity__V1__BallotsEntered *entered = world_accept(world, command)->ballots_entered;
    assert_int_equal(entered->n_ballots, 2);
    assert_int_equal(entered->countersigned_by, MONA);
    assert_int_equal(entered->ballots[1]->member, MONA);
    assert_int_equal(entered->ballots[1]->medium, PHONE);
    assert_int_equal(answered(world), 2);
    const Comity__V1__Ballot *ballot = ballot_of(world, MONA);
    assert_int_equal(ballot->answer, 6);
    assert_int_equal(ballot->stance, COMITY__V1__STANCE__STANCE_BLOCK);
    assert_int_equal(ballot->medium, PHONE);
    assert_int_equal(ballot->standing, COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_ENTERED);
    assert_int_equal(ballot->entered_by, ODO);
    assert_int_equal(ballot->countersigned_by, MONA);
    assert_int_equal(ballot->sequence, ballot_of(world, LENA)->sequence);

    /* Both count, under one number of the record. */
    const Comity__V1__Outcome *outcome = close_round(world)->round_closed->outcome;
    assert_int_equal(outcome->n_ballots, 1);
    assert_int_equal(outcome->tallies[0]->answered, 2);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_refusals(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *command = enter_one(world, LENA, 1);

    command->key = world_key(world, "lars");
    world_refuse(world, command, ERR_FORBIDDEN, "key");
    command = enter(world, NULL);
    add(world, command, LENA, 1);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners");
    world_cosign(world, command, "lena", "mara", NULL);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners");
    command = enter(world, "carl"); /* of the recorder's own constituency */
    add(world, command, LENA, 1);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners[0]");
    command = enter(world, "stranger");
    add(world, command, LENA, 1);
    world_refuse(world, command, ERR_KEY_UNKNOWN, "cosigners[0]");

    command = enter_one(world, LENA, 1);
    command->enter_ballots->round = 2;
    world_refuse(world, command, ERR_NOT_FOUND, "enter_ballots.round");
    command = enter_one(world, LENA, 1);
    command->enter_ballots->text_hash = world_key(world, "another text");
    world_refuse(world, command, ERR_STALE, "enter_ballots.text_hash");
    world_refuse(world, enter_one(world, LARS, 1), ERR_NOT_ON_ROLL, "enter_ballots.ballots[0].member");
    world_refuse(world, enter_one(world, LENA, 7), ERR_ANSWER, "enter_ballots.ballots[0].answer");
    command = enter_one(world, LENA, 1);
    command->enter_ballots->ballots[0]->replaces = 3;
    world_refuse(world, command, ERR_STALE, "enter_ballots.ballots[0].replaces");
    assert_int_equal(world->refusal.latest, 0);

    /* One that is wrong, and none is entered. */
    command = enter_one(world, LENA, 1);
    add(world, command, LARS, 1);
    world_refuse(world, command, ERR_NOT_ON_ROLL, "enter_ballots.ballots[1].member");
    assert_int_equal(answered(world), 0);

    /* What somebody cast is not passed over unseen. */
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_refuse(world, enter_one(world, LENA, 6), ERR_STALE, "enter_ballots.ballots[0].replaces");
    assert_int_equal(world->refusal.latest, ballot_of(world, LENA)->sequence);
    close_round(world);
    world_refuse(world, enter_one(world, LUIS, 1), ERR_CLOSED, "enter_ballots.round");
    world_destroy(&world);
}

static void test_once_holds_for_paper_too(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_plain_rule(world);

    rule->change = COMITY__V1__CHANGE__CHANGE_ONCE;
    world_open_round(world, 1, world_adopt(world, rule));
    world_accept(world, world_ballot(world, "lena", 1, 1));
    Comity__V1__Command *command = enter_one(world, LENA, 6);
    command->enter_ballots->ballots[0]->replaces = ballot_of(world, LENA)->sequence;
    world_refuse(world, command, ERR_ONCE, "enter_ballots.ballots[0].replaces");
    world_destroy(&world);
}

static void test_confirmed_by_the_voter_alone(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    world_accept(world, world_ballot(world, "luis", 1, 1));
    world_accept(world, enter_one(world, LENA, 2));
    uint64_t ballot = ballot_of(world, LENA)->sequence;

    world_refuse(world, confirm(world, "lars", ballot), ERR_NOT_ON_ROLL, "key");
    world_refuse(world, confirm(world, "mara", ballot), ERR_STALE, "confirm_ballot.ballot");
    world_refuse(world, confirm(world, "luis", ballot_of(world, LUIS)->sequence), ERR_STATE,
                 "confirm_ballot.ballot");
    world_refuse(world, confirm(world, "lena", ballot + 1), ERR_STALE, "confirm_ballot.ballot");
    const Comity__V1__Event *event = world_accept(world, confirm(world, "lena", ballot));
    assert_int_equal(event->ballot_confirmed->member, LENA);
    assert_int_equal(ballot_of(world, LENA)->standing,
                     COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_CONFIRMED);
    world_refuse(world, confirm(world, "lena", ballot), ERR_STATE, "confirm_ballot.ballot");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_disputed_ballot_is_set_aside(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    world_accept(world, enter_one(world, LENA, 6));
    uint64_t ballot = ballot_of(world, LENA)->sequence;
    Comity__V1__Command *command = dispute(world, "lena", ballot);
    const Comity__V1__Event *event = world_accept(world, command);

    assert_true(event->ballot_disputed->is_set_aside);
    assert_int_equal(answered(world), 0);
    assert_false(world_has(world, TABLE_BALLOT, 1, LENA));
    const Comity__V1__RollEntry *line = world_row(world, TABLE_ROLL, 1, LENA);
    assert_false(line->has_answered);
    assert_int_equal(line->changed, ballot + 1); /* by the dispute, and no other line */
    assert_true(((Comity__V1__RollEntry *) world_row(world, TABLE_ROLL, 1, LUIS))->changed < ballot);
    const Comity__V1__Ballot *aside = world_row(world, TABLE_DISPUTED, 1, LENA);
    assert_int_equal(aside->sequence, ballot);
    assert_memory_equal(aside->dispute->hash.data, command->dispute_ballot->reason->hash.data, HASH_SIZE);
    world_refuse(world, dispute(world, "lena", ballot), ERR_STALE, "dispute_ballot.ballot");

    /* Nobody enters another one for her; she answers in person. */
    world_refuse(world, enter_one(world, LENA, 1), ERR_STATE, "enter_ballots.ballots[0].member");
    world_accept(world, world_ballot(world, "lena", 1, 1));
    assert_int_equal(answered(world), 1);
    const Comity__V1__Outcome *outcome = close_round(world)->round_closed->outcome;
    assert_int_equal(outcome->n_ballots, 1);
    assert_int_equal(outcome->ballots[0], ballot_of(world, LENA)->sequence);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_dispute_after_the_close_stands_beside_the_outcome(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    world_accept(world, enter_one(world, LENA, 1));
    uint64_t ballot = ballot_of(world, LENA)->sequence;
    world_accept(world, confirm(world, "lena", ballot));
    close_round(world);
    const Comity__V1__Event *event = world_accept(world, dispute(world, "lena", ballot));

    assert_false(event->ballot_disputed->is_set_aside);
    assert_int_equal(ballot_of(world, LENA)->standing, COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_DISPUTED);
    assert_non_null(ballot_of(world, LENA)->dispute);
    assert_int_equal(answered(world), 1);
    assert_false(world_has(world, TABLE_DISPUTED, 1, LENA));
    world_refuse(world, dispute(world, "lena", ballot), ERR_STATE, "dispute_ballot.ballot");
    world_check_replay(world);
    world_destroy(&world);
}

static Comity__V1__Rule *hidden_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_plain_rule(world);

    rule->visibility = COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
    rule->close->all_answered = true;
    return rule;
}

static void test_hidden_rounds_hide_what_was_entered(void **state)
{
    (void) state;
    struct world *world = world_with_round(hidden_rule);
    Comity__V1__Command *command = enter_one(world, LENA, 1);

    command->enter_ballots->ballots[0]->reason = NULL;
    world_refuse(world, command, ERR_MISSING, "enter_ballots.ballots[0].reason");
    command = enter_one(world, LENA, 1);
    command->enter_ballots->ballots[0]->alternative = NULL;
    world_refuse(world, command, ERR_MISSING, "enter_ballots.ballots[0].alternative");
    world_accept(world, enter_one(world, LENA, 1));
    assert_int_equal(world->events.list[0].audience, COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE);
    assert_int_equal(world->events.list[0].round, 1);
    world_accept(world, dispute(world, "lena", ballot_of(world, LENA)->sequence));
    assert_int_equal(world->events.list[0].audience, COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE);
    world_destroy(&world);
}

/* When all have answered the round closes, whoever brought the last ballot; after a restore it waits, and who
 * disputes meanwhile has not answered. */
static void test_all_answered(void **state)
{
    (void) state;
    static const uint32_t ALL[] = {LENA, LUIS, MARA, MONA, CORA};
    struct world *world = world_with_round(hidden_rule);
    Comity__V1__Command *command = enter(world, "lena");

    for (size_t i = 0; i < ARRAY_COUNT(ALL); i++)
        add(world, command, ALL[i], 1);
    world_accept(world, command);
    world_due(world);
    assert_int_equal(((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->state,
                     COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED);
    world_destroy(&world);

    world = world_with_round(hidden_rule);
    const Comity__V1__Epoch *epoch = world_restore(world);
    int64_t resume_ms = epoch->resume_ms;
    world->epoch = epoch->number;
    command = enter(world, "lena");
    for (size_t i = 0; i < ARRAY_COUNT(ALL); i++)
        add(world, command, ALL[i], 1);
    world_accept(world, command);
    world_accept(world, dispute(world, "mona", ballot_of(world, MONA)->sequence));
    world->context.time_ms = resume_ms + 1;
    world_due(world);
    assert_int_equal(((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->state,
                     COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN);
    world_accept(world, world_ballot(world, "mona", 1, 1));
    world_due(world);
    assert_int_equal(((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->state,
                     COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED);
    world_check_replay(world);
    world_destroy(&world);
}

/* What was signed before a restore means nobody whom it does not know, and passes over nothing newer. */
static void test_of_an_earlier_epoch(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    world_accept(world, enter_one(world, LUIS, 1));
    uint64_t before = ballot_of(world, LUIS)->sequence;
    Comity__V1__Command *old = enter_one(world, LENA, 1);
    Comity__V1__Command *replacing = enter_one(world, LENA, 1);
    Comity__V1__Command *confirming = confirm(world, "luis", before + 20);

    replacing->enter_ballots->ballots[0]->replaces = before + 5; /* of what the restore lost */
    world->epoch = world_restore(world)->number;
    world_refuse(world, replacing, ERR_EPOCH, "enter_ballots.ballots[0].replaces");
    world_refuse(world, confirming, ERR_EPOCH, "confirm_ballot.ballot");
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_refuse(world, old, ERR_EPOCH, "enter_ballots.ballots[0].replaces");
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entered_together),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_once_holds_for_paper_too),
        cmocka_unit_test(test_confirmed_by_the_voter_alone),
        cmocka_unit_test(test_a_disputed_ballot_is_set_aside),
        cmocka_unit_test(test_a_dispute_after_the_close_stands_beside_the_outcome),
        cmocka_unit_test(test_hidden_rounds_hide_what_was_entered),
        cmocka_unit_test(test_all_answered),
        cmocka_unit_test(test_of_an_earlier_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
