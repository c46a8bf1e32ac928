/* Pauses and the clock: recess and caucus, time boxes, closing times that wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/machine/row.h"
#include "tests/support/world.h"

#define MINUTE_MS ((int64_t) 60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define RUNNING COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_RUNNING
#define HELD COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_HELD
#define OVER COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_OVER

static Comity__V1__Command *of_session(struct world *world, const char *signer,
                                       Comity__V1__Command__BodyCase body)
{
    Comity__V1__Command *command = world_command(world, signer, body);

    command->step_away->session = 1; /* where it stands in each of those that are asked for */
    return command;
}

#define OF(world, signer, body) of_session(world, signer, COMITY__V1__COMMAND__BODY_##body)

static Comity__V1__Command *caucus(struct world *world, const char *signer, int64_t ahead_ms)
{
    Comity__V1__Command *command = OF(world, signer, CALL_CAUCUS);

    command->call_caucus->until_ms = world->context.time_ms + ahead_ms;
    return command;
}

static Comity__V1__Command *time_box(struct world *world, uint32_t minutes)
{
    Comity__V1__Command *command = OF(world, "cora", SET_TIME_BOX);

    command->set_time_box->minutes = minutes;
    return command;
}

static Comity__V1__Command *extend(struct world *world, uint32_t minutes)
{
    Comity__V1__Command *command = OF(world, "cora", EXTEND_TIME_BOX);

    command->extend_time_box->minutes = minutes;
    return command;
}

static const Comity__V1__Session *session_row(struct world *world)
{
    return world_row(world, TABLE_SESSION, 1, 0);
}

static const Comity__V1__TimeBox *box_row(struct world *world)
{
    return world_row(world, TABLE_TIME_BOX, 1, 1);
}

static int64_t next_deadline(struct world *world)
{
    int64_t due_ms = -1;

    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    return due_ms;
}

static void test_a_recess(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t rule = world_adopt(world, world_plain_rule(world));
    Comity__V1__Command *recess = OF(world, "cora", RECESS_SESSION);

    recess->recess_session->until_ms = world->context.time_ms + 12 * HOUR_MS;
    world_refuse(world, OF(world, "cora", RESUME_SESSION), ERR_STATE, "resume_session.session");
    world_accept(world, recess);
    assert_int_equal(session_row(world)->pause->kind, COMITY__V1__PAUSE_KIND__PAUSE_KIND_RECESS);
    assert_int_equal(session_row(world)->pause->since_ms, world->context.time_ms);
    assert_int_equal(next_deadline(world), 0); /* announced: nothing happens at it */
    world_refuse(world, OF(world, "cora", RECESS_SESSION), ERR_PAUSED, "recess_session.session");
    world_refuse(world, caucus(world, "lena", HOUR_MS), ERR_PAUSED, "call_caucus.session");
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_PAUSED, "open_round.proposal");
    world_refuse(world, OF(world, "lena", END_CAUCUS), ERR_STATE, "end_caucus.session");
    world->context.time_ms += 14 * HOUR_MS;
    world_check_in(world, "mona", 1, 1); /* the other shift comes in */
    world_accept(world, OF(world, "cora", RESUME_SESSION));
    assert_null(session_row(world)->pause);
    world_accept(world, world_open_round_command(world, 1, rule));
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_recess_ends_by_a_close(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    world_accept(world, time_box(world, 30));
    world_accept(world, OF(world, "cora", RECESS_SESSION));
    world_accept(world, OF(world, "cora", CLOSE_SESSION));
    assert_null(session_row(world)->pause);
    assert_int_equal(box_row(world)->state, OVER);
    assert_int_equal(next_deadline(world), 0);
    world_refuse(world, OF(world, "cora", RESUME_SESSION), ERR_NOT_OPEN, "resume_session.session");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_caucus_ends_at_its_time(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    world_refuse(world, caucus(world, "lena", 0), ERR_RANGE, "call_caucus.until_ms");
    world_refuse(world, caucus(world, "lena", 24 * HOUR_MS + 1), ERR_RANGE, "call_caucus.until_ms");
    world_refuse(world, caucus(world, "cora", HOUR_MS), ERR_FORBIDDEN, "key"); /* not of a PARTY */
    world_accept(world, caucus(world, "lena", HOUR_MS));
    assert_int_equal(session_row(world)->pause->constituency, LABOUR);
    assert_int_equal(session_row(world)->pause->member, LENA);
    world_refuse(world, caucus(world, "mara", HOUR_MS), ERR_PAUSED, "call_caucus.session");
    world_refuse(world, OF(world, "cora", CLOSE_SESSION), ERR_PAUSED, "close_session.session");
    world_refuse(world, OF(world, "cora", RESUME_SESSION), ERR_STATE, "resume_session.session");
    world->context.time_ms += HOUR_MS - 1;
    world_due(world);
    assert_non_null(session_row(world)->pause);
    world->context.time_ms++;
    world_due(world);
    assert_null(session_row(world)->pause);
    assert_int_equal(next_deadline(world), 0);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_caucus_is_prolonged_and_ended_early(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    int64_t start_ms = world->context.time_ms;

    world_accept(world, caucus(world, "lena", HOUR_MS));
    world->context.time_ms += 30 * MINUTE_MS;
    world_accept(world, caucus(world, "luis", HOUR_MS)); /* another of the same party */
    assert_int_equal(session_row(world)->pause->since_ms, start_ms);
    assert_int_equal(next_deadline(world), start_ms + 90 * MINUTE_MS);
    world_refuse(world, OF(world, "mara", END_CAUCUS), ERR_FORBIDDEN, "end_caucus.session");
    world_accept(world, OF(world, "lena", END_CAUCUS));
    assert_int_equal(next_deadline(world), 0);
    world_refuse(world, OF(world, "lena", END_CAUCUS), ERR_STATE, "end_caucus.session");
    world_check_replay(world);
    world_destroy(&world);
}

static Comity__V1__Rule *timed_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_plain_rule(world);

    rule->close->at_time = true;
    return rule;
}

static const Comity__V1__Round *round_row(struct world *world)
{
    return world_row(world, TABLE_ROUND, 1, 0);
}

/* The round closes in an hour; after ten minutes there is a caucus of two hours. */
static void test_closing_times_wait_for_a_caucus(void **state)
{
    (void) state;
    struct world *world = world_with_round(timed_rule);
    int64_t start_ms = world->context.time_ms;

    assert_int_equal(round_row(world)->closes_ms, start_ms + HOUR_MS);
    world->context.time_ms = start_ms + 10 * MINUTE_MS;
    world_accept(world, caucus(world, "mara", 2 * HOUR_MS));
    assert_int_equal(round_row(world)->held_ms, world->context.time_ms);
    world->context.time_ms = start_ms + 90 * MINUTE_MS; /* past its time */
    world_due(world);
    assert_int_equal(round_row(world)->state, COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN);
    world_accept(world, world_ballot(world, "lena", 1, 1)); /* ballots are taken all the while */
    world->context.time_ms = start_ms + 130 * MINUTE_MS;
    world_due(world);
    assert_int_equal(round_row(world)->held_ms, 0);
    assert_int_equal(round_row(world)->closes_ms, start_ms + 3 * HOUR_MS);
    world->context.time_ms = start_ms + 3 * HOUR_MS - 1;
    world_due(world);
    assert_int_equal(round_row(world)->state, COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN);
    world->context.time_ms++;
    world_due(world);
    assert_int_equal(round_row(world)->state, COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED);
    assert_int_equal(round_row(world)->cause, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_TIME);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_round_that_waits_is_closed(void **state)
{
    (void) state;
    struct world *world = world_with_round(timed_rule);
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    world_accept(world, caucus(world, "mara", 2 * HOUR_MS));
    close->close_round->round = 1;
    world_accept(world, close);
    assert_int_equal(round_row(world)->held_ms, 0);
    world_accept(world, OF(world, "mara", END_CAUCUS));
    assert_int_equal(next_deadline(world), 0);
    world_check_replay(world);
    world_destroy(&world);
}

/* A recess of all stops no round: it closes over night, as was said. */
static void test_closing_times_run_in_a_recess(void **state)
{
    (void) state;
    struct world *world = world_with_round(timed_rule);

    world_accept(world, OF(world, "cora", RECESS_SESSION));
    world->context.time_ms += HOUR_MS;
    world_due(world);
    assert_int_equal(round_row(world)->state, COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED);
    world_check_replay(world);
    world_destroy(&world);
}

/* A restore in a caucus: the round waits for both. */
static void test_a_restore_in_a_caucus(void **state)
{
    (void) state;
    struct world *world = world_with_round(timed_rule);

    world_accept(world, caucus(world, "mara", 2 * HOUR_MS));
    const Comity__V1__Epoch *epoch = world_restore(world);
    world->epoch = epoch->number;
    world->context.time_ms += 2 * HOUR_MS;
    world_due(world);
    assert_int_equal(round_row(world)->held_ms, 0);
    assert_true(round_row(world)->closes_ms >= epoch->resume_ms);
    assert_int_equal(next_deadline(world), round_row(world)->closes_ms);
    world->context.time_ms = round_row(world)->closes_ms;
    world_due(world);
    assert_int_equal(round_row(world)->state, COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_time_box(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    int64_t start_ms = world->context.time_ms;

    world_refuse(world, extend(world, 5), ERR_NOT_FOUND, "extend_time_box.item");
    world_accept(world, time_box(world, 10));
    assert_int_equal(box_row(world)->state, RUNNING);
    assert_int_equal(box_row(world)->ends_ms, start_ms + 10 * MINUTE_MS);
    world_accept(world, extend(world, 5));
    assert_int_equal(next_deadline(world), start_ms + 15 * MINUTE_MS);
    assert_int_equal(box_row(world)->given_ms, 15 * MINUTE_MS);
    world->context.time_ms = start_ms + 15 * MINUTE_MS;
    world_due(world);
    assert_int_equal(box_row(world)->state, OVER);
    assert_int_equal(next_deadline(world), 0);
    world->context.time_ms += MINUTE_MS;
    world_accept(world, extend(world, 5)); /* from now on */
    assert_int_equal(box_row(world)->ends_ms, start_ms + 21 * MINUTE_MS);
    world_accept(world, time_box(world, 2));
    assert_int_equal(next_deadline(world), start_ms + 18 * MINUTE_MS);
    assert_int_equal(box_row(world)->given_ms, 2 * MINUTE_MS);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_time_boxes_stop_in_a_pause(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    int64_t start_ms = world->context.time_ms;

    world_accept(world, time_box(world, 10));
    world->context.time_ms += 4 * MINUTE_MS;
    world_accept(world, OF(world, "cora", RECESS_SESSION));
    assert_int_equal(box_row(world)->state, HELD);
    assert_int_equal(box_row(world)->left_ms, 6 * MINUTE_MS);
    assert_int_equal(next_deadline(world), 0);
    world_refuse(world, time_box(world, 10), ERR_PAUSED, "set_time_box.item");
    world_accept(world, extend(world, 1));
    assert_int_equal(box_row(world)->left_ms, 7 * MINUTE_MS);
    world->context.time_ms = start_ms + HOUR_MS;
    world_accept(world, OF(world, "cora", RESUME_SESSION));
    assert_int_equal(box_row(world)->ends_ms, start_ms + HOUR_MS + 7 * MINUTE_MS);
    assert_int_equal(next_deadline(world), start_ms + HOUR_MS + 7 * MINUTE_MS);
    /* One that is over gets more in a pause: it runs from its end. */
    world->context.time_ms += 7 * MINUTE_MS;
    world_due(world);
    world_accept(world, caucus(world, "mara", HOUR_MS));
    world_accept(world, extend(world, 3));
    assert_int_equal(box_row(world)->state, HELD);
    world->context.time_ms += HOUR_MS;
    world_due(world);
    assert_int_equal(next_deadline(world), world->context.time_ms + 3 * MINUTE_MS);
    world_check_replay(world);
    world_destroy(&world);
}

/* Nobody turns AWAY while all are. */
static void test_silence_is_not_counted_in_a_pause(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *rules = OF(world, "cora", SET_GROUND_RULES);
    const Comity__V1__Presence *presence;

    rules->set_ground_rules->away_after_minutes = 10;
    rules->set_ground_rules->queue = COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_RAISED;
    world_accept(world, rules);
    world_accept(world, OF(world, "cora", RECESS_SESSION));
    world_check_in(world, "lena", 1, 1);
    assert_int_equal(next_deadline(world), 0);
    world->context.time_ms += HOUR_MS;
    world_accept(world, OF(world, "cora", RESUME_SESSION));
    presence = world_row(world, TABLE_PRESENCE, 1, LENA);
    assert_int_equal(presence->state, COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_PRESENT);
    assert_int_equal(presence->silent_ms, world->context.time_ms + 10 * MINUTE_MS);
    assert_int_equal(next_deadline(world), world->context.time_ms + 10 * MINUTE_MS);
    world_check_replay(world);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_recess),
        cmocka_unit_test(test_a_recess_ends_by_a_close),
        cmocka_unit_test(test_a_caucus_ends_at_its_time),
        cmocka_unit_test(test_a_caucus_is_prolonged_and_ended_early),
        cmocka_unit_test(test_closing_times_wait_for_a_caucus),
        cmocka_unit_test(test_a_round_that_waits_is_closed),
        cmocka_unit_test(test_closing_times_run_in_a_recess),
        cmocka_unit_test(test_a_restore_in_a_caucus),
        cmocka_unit_test(test_a_time_box),
        cmocka_unit_test(test_time_boxes_stop_in_a_pause),
        cmocka_unit_test(test_silence_is_not_counted_in_a_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
