/* How rounds end: time of notice, extension for want of a quorum, early closing, and who knows of a round.
 * docs/rules.md,
 * */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world_rounds.h"

#define MINUTE_MS ((int64_t) 60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)

static const Comity__V1__Round *round_of(struct world *world)
{
    return world_row(world, TABLE_ROUND, 1, 0);
}

static bool is_open(struct world *world)
{
    return round_of(world)->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN;
}

static Comity__V1__Rule *noticed_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_majority_rule(world);

    rule->notice_ms = 30 * MINUTE_MS;
    rule->close->all_answered = true;
    return rule;
}

static void all_answer(struct world *world)
{
    static const char *const NAMES[] = {"lena", "luis", "mara", "mona", "cora"};

    for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++)
        world_accept(world, world_ballot(world, NAMES[i], 1, 1));
}

static void test_no_round_closes_within_its_notice(void **state)
{
    (void) state;
    struct world *world = world_with_round(noticed_rule);
    int64_t earliest_ms = world->context.time_ms + 30 * MINUTE_MS;

    assert_int_equal(round_of(world)->earliest_ms, earliest_ms);
    world_refuse(world, world_close_round_command(world, 1), ERR_NOTICE, "close_round.round");
    assert_int_equal(world->refusal.latest, earliest_ms);
    all_answer(world);
    world_due(world);
    assert_true(is_open(world));
    /* While it waits answers may be replaced. */
    Comity__V1__Command *again = world_ballot(world, "lena", 1, 5);
    again->cast_ballot->replaces = ((Comity__V1__Ballot *) world_row(world, TABLE_BALLOT, 1, LENA))->sequence;
    world_accept(world, again);
    world->context.time_ms = earliest_ms - 1;
    world_due(world);
    assert_true(is_open(world));
    world->context.time_ms = earliest_ms;
    world_due(world);
    assert_int_equal(round_of(world)->cause, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_ALL_ANSWERED);
    assert_int_equal(round_of(world)->closed_ms, earliest_ms);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_closing_time_comes_after_the_notice(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = noticed_rule(world);

    rule->close->at_time = true;
    uint32_t number = world_adopt(world, rule);
    Comity__V1__Command *command = world_open_round_command(world, 1, number);
    command->open_round->closes_ms = world->context.time_ms + 30 * MINUTE_MS - 1;
    world_refuse(world, command, ERR_NOTICE, "open_round.closes_ms");
    command->open_round->closes_ms++;
    world_accept(world, command);
    world->context.time_ms += 30 * MINUTE_MS;
    world_accept(world, world_list(world, "lena", "labour", LENA, 0)); /* whatever comes next */
    assert_false(is_open(world));
    world_destroy(&world);
}

/* --- extension --- */

static void test_more_time_for_a_quorum(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_extending_rule);
    int64_t closes_ms = round_of(world)->closes_ms;

    world_accept(world, world_ballot(world, "lena", 1, 1));
    world->context.time_ms = closes_ms;
    world_due(world);
    assert_true(is_open(world));
    assert_int_equal(round_of(world)->extended_ms, closes_ms);
    assert_int_equal(round_of(world)->closes_ms, closes_ms + 10 * MINUTE_MS);
    world_accept(world, world_ballot(world, "luis", 1, 1));
    world_accept(world, world_ballot(world, "mara", 1, 1));
    world->context.time_ms = closes_ms + 10 * MINUTE_MS;
    world_due(world);
    assert_int_equal(round_of(world)->cause, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_TIME);
    assert_int_equal(round_of(world)->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_it_is_extended_once(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_extending_rule);
    int64_t closes_ms = round_of(world)->closes_ms;
    int64_t due_ms = 0;

    world->context.time_ms = closes_ms;
    world_due(world);
    world->context.time_ms = closes_ms + 10 * MINUTE_MS;
    world_due(world);
    assert_false(is_open(world));
    assert_int_equal(round_of(world)->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM);
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    assert_int_equal(due_ms, 0);
    world_check_replay(world);
    world_destroy(&world);
}

/* Whoever slept through its time and through what it would have been extended by: the members have their time. */
static void test_slept_through_both_times(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_extending_rule);
    int64_t awake_ms = round_of(world)->closes_ms + HOUR_MS;

    world->context.time_ms = awake_ms;
    world_due(world);
    assert_true(is_open(world));
    assert_int_equal(round_of(world)->closes_ms, awake_ms + 10 * MINUTE_MS);
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world->context.time_ms = awake_ms + HOUR_MS;
    world_due(world);
    assert_int_equal(round_of(world)->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM);
    world_check_replay(world);
    world_destroy(&world);
}

/* Everybody of a PARTY is there when it closes. */
static Comity__V1__Rule *attended_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_extending_rule(world);

    rule->close->all_answered = true;
    rule->tests[0]->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT;
    rule->tests[0]->numerator = rule->tests[0]->denominator = 1;
    return rule;
}

/* In a caucus its time does not run, nor what it was given more. */
static void test_extended_in_a_caucus(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *open, *leave, *call, *end;

    world_check_in(world, "mona", 1, 2);
    open = world_open_round_command(world, 1, world_adopt(world, attended_rule(world)));
    open->open_round->closes_ms = world->context.time_ms + HOUR_MS;
    world_accept(world, open);
    leave = world_command(world, "mona", COMITY__V1__COMMAND__BODY_CHECK_OUT);
    leave->check_out->session = 1;
    world_accept(world, leave);
    call = world_command(world, "lena", COMITY__V1__COMMAND__BODY_CALL_CAUCUS);
    call->call_caucus->session = 1;
    call->call_caucus->until_ms = world->context.time_ms + 20 * MINUTE_MS;
    world_accept(world, call);
    all_answer(world);
    world_due(world);
    assert_true(is_open(world));
    int64_t extended_ms = round_of(world)->extended_ms;
    assert_int_equal(extended_ms, world->context.time_ms);
    assert_int_equal(round_of(world)->held_ms, extended_ms);
    world->context.time_ms += 5 * MINUTE_MS;
    end = world_command(world, "lena", COMITY__V1__COMMAND__BODY_END_CAUCUS);
    end->end_caucus->session = 1;
    world_accept(world, end);
    assert_int_equal(round_of(world)->closes_ms, extended_ms + 15 * MINUTE_MS);
    world->context.time_ms = extended_ms + 15 * MINUTE_MS;
    world_due(world);
    assert_int_equal(round_of(world)->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM);
    assert_int_equal(round_of(world)->cause, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_TIME);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_facilitator_closes_it_all_the_same(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_extending_rule);

    world_close_round(world, 1);
    assert_int_equal(round_of(world)->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM);
    assert_int_equal(round_of(world)->extended_ms, 0);
    world_destroy(&world);
}

static Comity__V1__Rule *hidden_extending_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_extending_rule(world);

    rule->visibility = COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
    return rule;
}

/* That it goes on tells how many answered, and nothing of how. */
static void test_an_extension_shows_no_answers(void **state)
{
    (void) state;
    struct world *world = world_with_round(hidden_extending_rule);
    struct machine_events events = {.count = 0};

    world_accept(world, world_ballot(world, "lena", 1, 5));
    world->context.time_ms = round_of(world)->closes_ms;
    assert_int_equal(machine_due(&world->view, &world->context, world->arena, &events), 0);
    assert_int_equal(events.count, 1);
    const Comity__V1__RoundExtended *extended = events.list[0].open->round_extended;
    assert_non_null(extended);
    assert_int_equal(extended->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM);
    assert_int_equal(extended->outcome->n_tests, 1);
    assert_string_equal(extended->outcome->tests[0]->test, "quorum");
    assert_int_equal(extended->outcome->n_tallies, 0);
    world_destroy(&world);
}

static void test_a_quorum_of_hidden_answers_is_no_rule(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = hidden_extending_rule(world);

    world_adopt(world, rule);
    rule = hidden_extending_rule(world);
    rule->tests[0]->count = rule->tests[1]->count;
    world_refuse(world, world_adopt_command(world, rule), ERR_RULE, "adopt_rule.rule.tests[0].count");
    world_destroy(&world);
}

/* --- early closing --- */

static void test_it_closes_when_nothing_can_change(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_settling_rule);

    /* Four of a PARTY: more than half are three. */
    assert_false(world_accept(world, world_ballot(world, "lena", 1, 1))->ballot_cast->settles);
    assert_false(world_accept(world, world_ballot(world, "luis", 1, 1))->ballot_cast->settles);
    world_due(world);
    assert_true(is_open(world));
    assert_true(world_accept(world, world_ballot(world, "mara", 1, 1))->ballot_cast->settles);
    world_due(world);
    assert_false(is_open(world));
    assert_int_equal(round_of(world)->cause, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_NOTHING_CAN_CHANGE);
    assert_int_equal(round_of(world)->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    world_check_replay(world);
    world_destroy(&world);
}

static Comity__V1__Rule *settling_noticed_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_settling_rule(world);

    rule->notice_ms = 30 * MINUTE_MS;
    return rule;
}

static uint64_t enter(struct world *world, uint32_t member, uint32_t answer, bool *ret_settles)
{
    Comity__V1__Command *command = world_command(world, "odo", COMITY__V1__COMMAND__BODY_ENTER_BALLOTS);
    Comity__V1__EnteredBallot *entered = world_alloc(world, sizeof(*entered));

    comity__v1__entered_ballot__init(entered);
    entered->member = member;
    entered->answer = answer;
    entered->reason = world_text(world);
    entered->medium = COMITY__V1__BALLOT_MEDIUM__BALLOT_MEDIUM_PAPER;
    command->enter_ballots->round = 1;
    command->enter_ballots->text_hash = round_of(world)->text_hash;
    command->enter_ballots->n_ballots = 1;
    command->enter_ballots->ballots = world_alloc(world, sizeof(*command->enter_ballots->ballots));
    command->enter_ballots->ballots[0] = entered;
    world_cosign(world, command, "lena", NULL);
    *ret_settles = world_accept(world, command)->ballots_entered->settles;
    return ((Comity__V1__Ballot *) world_row(world, TABLE_BALLOT, 1, member))->sequence;
}

/* What was settled waits for the notice; a ballot that its voter disputes meanwhile settles nothing. */
static void test_a_dispute_unsettles(void **state)
{
    (void) state;
    struct world *world = world_with_round(settling_noticed_rule);
    Comity__V1__Command *dispute = world_command(world, "mara", COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT);
    bool settles;

    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_accept(world, world_ballot(world, "luis", 1, 1));
    dispute->dispute_ballot->round = 1;
    dispute->dispute_ballot->ballot = enter(world, MARA, 1, &settles);
    dispute->dispute_ballot->reason = world_text(world);
    assert_true(settles);
    world_due(world);
    assert_true(is_open(world));
    world_accept(world, dispute);
    world->context.time_ms += HOUR_MS;
    world_due(world);
    assert_true(is_open(world));
    assert_true(world_accept(world, world_ballot(world, "mara", 1, 1))->ballot_cast->settles);
    world_due(world);
    assert_false(is_open(world));
    world_check_replay(world);
    world_destroy(&world);
}

/* One that makes no difference holds up nothing. */
static void test_a_dispute_that_changes_nothing(void **state)
{
    (void) state;
    struct world *world = world_with_round(settling_noticed_rule);
    Comity__V1__Command *dispute = world_command(world, "mara", COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT);
    bool settles;

    dispute->dispute_ballot->round = 1;
    dispute->dispute_ballot->ballot = enter(world, MARA, 1, &settles);
    dispute->dispute_ballot->reason = world_text(world);
    assert_false(settles);
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_accept(world, world_ballot(world, "luis", 1, 1));
    assert_true(world_accept(world, world_ballot(world, "mona", 1, 1))->ballot_cast->settles);
    assert_true(world_accept(world, dispute)->ballot_disputed->settles);
    world->context.time_ms += HOUR_MS;
    world_due(world);
    assert_int_equal(round_of(world)->cause, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_NOTHING_CAN_CHANGE);
    world_check_replay(world);
    world_destroy(&world);
}

/* A restore holds up what was settled, as any other close. */
static void test_settled_before_a_restore(void **state)
{
    (void) state;
    struct world *world = world_with_round(settling_noticed_rule);

    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_accept(world, world_ballot(world, "luis", 1, 1));
    assert_true(world_accept(world, world_ballot(world, "mara", 1, 1))->ballot_cast->settles);
    int64_t resume_ms = world_restore(world)->resume_ms;
    world->context.time_ms = resume_ms - 1;
    world_due(world);
    assert_true(is_open(world));
    world->context.time_ms = resume_ms;
    world_due(world);
    assert_int_equal(round_of(world)->cause, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_NOTHING_CAN_CHANGE);
    world_check_replay(world);
    world_destroy(&world);
}

/* --- who knows of it --- */

static Comity__V1__Rule *notified_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_majority_rule(world);

    rule->silence = COMITY__V1__SILENCE__SILENCE_CONSENT_IF_NOTIFIED;
    rule->tests[0]->against->kind = COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE;
    rule->tests[0]->bound = COMITY__V1__BOUND__BOUND_AT_LEAST;
    rule->tests[0]->numerator = 1;
    rule->tests[0]->denominator = 1;
    return rule;
}

static Comity__V1__Command *acknowledge(struct world *world, const char *member)
{
    Comity__V1__Command *command = world_command(world, member, COMITY__V1__COMMAND__BODY_ACKNOWLEDGE_ROUND);

    command->acknowledge_round->round = 1;
    return command;
}

static Comity__V1__OutcomeKind outcome_if(bool mona_knows)
{
    struct world *world = world_with_round(notified_rule);

    if (mona_knows)
        world_accept(world, acknowledge(world, "mona"));
    Comity__V1__OutcomeKind kind = world_close_round(world, 1)->kind;
    world_check_replay(world);
    world_destroy(&world);
    return kind;
}

static void test_silence_of_those_who_know(void **state)
{
    (void) state;

    /* All but mona were there when it opened. */
    assert_int_equal(outcome_if(true), COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(outcome_if(false), COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET);
}

static void test_acknowledging(void **state)
{
    (void) state;
    struct world *world = world_with_round(notified_rule);

    world_refuse(world, acknowledge(world, "lars"), ERR_NOT_ON_ROLL, "key");
    const Comity__V1__Event *event = world_accept(world, acknowledge(world, "mona"));
    assert_int_equal(event->round_acknowledged->member, MONA);
    const Comity__V1__RollEntry *mona = world_row(world, TABLE_ROLL, 1, MONA), *mara = world_row(world, TABLE_ROLL, 1, MARA);
    assert_true(mona->has_acknowledged);
    assert_false(mara->has_acknowledged);
    assert_int_equal(mona->changed, mara->changed + 1); /* she acknowledged it right after it was opened */
    world_refuse(world, acknowledge(world, "mona"), ERR_EXISTS, "acknowledge_round.round");
    world_close_round(world, 1);
    world_refuse(world, acknowledge(world, "mara"), ERR_CLOSED, "acknowledge_round.round");
    world_check_replay(world);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_round_closes_within_its_notice),
        cmocka_unit_test(test_a_closing_time_comes_after_the_notice),
        cmocka_unit_test(test_more_time_for_a_quorum),
        cmocka_unit_test(test_it_is_extended_once),
        cmocka_unit_test(test_slept_through_both_times),
        cmocka_unit_test(test_extended_in_a_caucus),
        cmocka_unit_test(test_a_facilitator_closes_it_all_the_same),
        cmocka_unit_test(test_an_extension_shows_no_answers),
        cmocka_unit_test(test_a_quorum_of_hidden_answers_is_no_rule),
        cmocka_unit_test(test_it_closes_when_nothing_can_change),
        cmocka_unit_test(test_a_dispute_unsettles),
        cmocka_unit_test(test_a_dispute_that_changes_nothing),
        cmocka_unit_test(test_settled_before_a_restore),
        cmocka_unit_test(test_silence_of_those_who_know),
        cmocka_unit_test(test_acknowledging),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
