/* Who is there: check_in, roll_call, check_out, step_away, silences; presence and quorum out of the rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/machine/attendance.h"
#include "core/machine/row.h"
#include "tests/support/world.h"

#define MINUTE_MS ((int64_t) 60 * 1000)
#define PRESENT COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_PRESENT
#define AWAY COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_AWAY
#define LEFT COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_LEFT

static Comity__V1__Command *in_session(struct world *world, const char *signer,
                                       Comity__V1__Command__BodyCase body)
{
    Comity__V1__Command *command = world_command(world, signer, body);

    command->step_away->session = 1; /* where it stands in each of those that are asked for */
    return command;
}

static Comity__V1__Command *check_out(struct world *world, const char *signer, uint32_t member)
{
    Comity__V1__Command *command = in_session(world, signer, COMITY__V1__COMMAND__BODY_CHECK_OUT);

    command->check_out->member = member;
    return command;
}

static Comity__V1__Command *roll_call(struct world *world, const char *signer, uint32_t site, uint32_t first,
                                      uint32_t second)
{
    Comity__V1__Command *command = in_session(world, signer, COMITY__V1__COMMAND__BODY_ROLL_CALL);

    command->roll_call->site = site;
    command->roll_call->members = world_alloc(world, 2 * sizeof(uint32_t));
    command->roll_call->members[command->roll_call->n_members++] = first;
    if (second != 0)
        command->roll_call->members[command->roll_call->n_members++] = second;
    return command;
}

static void away_after(struct world *world, uint32_t minutes)
{
    Comity__V1__Command *command = in_session(world, "cora", COMITY__V1__COMMAND__BODY_SET_GROUND_RULES);

    command->set_ground_rules->away_after_minutes = minutes;
    command->set_ground_rules->queue = COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_RAISED;
    world_accept(world, command);
}

static Comity__V1__PresenceState state_of(struct world *world, uint32_t member)
{
    return ((Comity__V1__Presence *) world_row(world, TABLE_PRESENCE, 1, member))->state;
}

static void test_a_member_leaves_and_comes_back(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    assert_int_equal(state_of(world, LENA), PRESENT);
    world->context.time_ms += 5;
    world_accept(world, check_out(world, "lena", 0));
    const Comity__V1__Presence *presence = world_row(world, TABLE_PRESENCE, 1, LENA);
    assert_int_equal(presence->state, LEFT);
    assert_int_equal(presence->changed_ms, world->context.time_ms);
    world_refuse(world, check_out(world, "lena", 0), ERR_NOT_PRESENT, "check_out.member");
    world_refuse(world, check_out(world, "mona", 0), ERR_NOT_PRESENT, "check_out.member"); /* never came */
    world_check_in(world, "lena", 1, 2);
    presence = world_row(world, TABLE_PRESENCE, 1, LENA);
    assert_int_equal(presence->state, PRESENT);
    assert_int_equal(presence->site, 2);
    /* Of others: who facilitates or keeps the record. */
    world_refuse(world, check_out(world, "mara", LENA), ERR_FORBIDDEN, "check_out.member");
    world_refuse(world, check_out(world, "cora", 99), ERR_NOT_FOUND, "check_out.member");
    world_accept(world, check_out(world, "odo", LENA));
    world_check_in(world, "lena", 1, 2);
    world_accept(world, check_out(world, "cora", LENA));
    assert_int_equal(state_of(world, LENA), LEFT);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_roll_call_checks_in_a_room(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    const Comity__V1__RollCalled *called =
        world_accept(world, roll_call(world, "odo", 3, MONA, CARL))->roll_called;
    assert_int_equal(called->n_presences, 2);
    const Comity__V1__Presence *presence = world_row(world, TABLE_PRESENCE, 1, MONA);
    assert_int_equal(presence->site, 3);
    assert_int_equal(presence->state, PRESENT);
    assert_int_equal(presence->called_by, ODO);
    assert_int_equal(((Comity__V1__Presence *) world_row(world, TABLE_PRESENCE, 1, LENA))->called_by, 0);
    world_refuse(world, roll_call(world, "odo", 3, MONA, LARS), ERR_FORBIDDEN, "roll_call.members[1]");
    world_refuse(world, roll_call(world, "odo", 3, 99, 0), ERR_NOT_FOUND, "roll_call.members[0]");
    world_refuse(world, roll_call(world, "odo", 9, MONA, 0), ERR_NOT_FOUND, "roll_call.site");
    world_refuse(world, roll_call(world, "mara", 3, MONA, 0), ERR_FORBIDDEN, "key");
    world_check_replay(world);
    world_destroy(&world);
}

/* A session may name its recorder: another one does not keep its record then. */
static void test_a_session_names_its_recorder(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *name = in_session(world, "cora", COMITY__V1__COMMAND__BODY_NAME_FACILITATORS);

    name->name_facilitators->recorder = CORA;
    world_accept(world, name);
    world_refuse(world, roll_call(world, "odo", 3, MONA, 0), ERR_FORBIDDEN, "key");
    world_accept(world, roll_call(world, "cora", 3, MONA, 0));
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_member_is_away_until_the_next_act(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *item = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADD_ITEM);

    assert_int_equal(
        world_accept(world, in_session(world, "lena", COMITY__V1__COMMAND__BODY_STEP_AWAY))->session, 1);
    assert_int_equal(state_of(world, LENA), AWAY);
    assert_int_equal(state_of(world, MARA), PRESENT);
    world_refuse(world, in_session(world, "mona", COMITY__V1__COMMAND__BODY_STEP_AWAY), ERR_NOT_PRESENT,
                 "step_away.session");
    item->add_item->session = 1;
    world_accept(world, item);
    assert_int_equal(state_of(world, LENA), PRESENT);
    /* Who has left is not back by an act: the record would say where nobody is. */
    world_accept(world, check_out(world, "lena", 0));
    item = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADD_ITEM);
    item->add_item->session = 1;
    world_accept(world, item);
    assert_int_equal(state_of(world, LENA), LEFT);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_who_is_silent_turns_away(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *item = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADD_ITEM);
    int64_t start_ms = world->context.time_ms;

    world_check_in(world, "cora", 1, 1);
    away_after(world, 10);
    /* One is heard of half way, by whatever act. */
    world->context.time_ms = start_ms + 5 * MINUTE_MS;
    item->add_item->session = 1;
    world_accept(world, item);
    world->context.time_ms = start_ms + 10 * MINUTE_MS - 1;
    world_due(world);
    assert_int_equal(state_of(world, MARA), PRESENT);
    world->context.time_ms++;
    world_due(world);
    assert_int_equal(state_of(world, MARA), AWAY);
    assert_int_equal(state_of(world, CORA), AWAY);
    assert_int_equal(state_of(world, LENA), PRESENT);
    world->context.time_ms = start_ms + 15 * MINUTE_MS;
    world_due(world);
    assert_int_equal(state_of(world, LENA), AWAY);
    /* Back by a check-in, and watched again. */
    world_check_in(world, "lena", 1, 2);
    assert_int_equal(state_of(world, LENA), PRESENT);
    world->context.time_ms += 10 * MINUTE_MS;
    world_due(world);
    assert_int_equal(state_of(world, LENA), AWAY);
    world_check_replay(world);
    world_destroy(&world);
}

/* No silence is watched any more: by other rules, in a closed session, of somebody who has left. */
static void test_silences_end(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *close = in_session(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_SESSION);
    int64_t due_ms = 1;

    away_after(world, 10);
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    assert_int_equal(due_ms, world->context.time_ms + 10 * MINUTE_MS);
    away_after(world, 0);
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    assert_int_equal(due_ms, 0);
    away_after(world, 3);
    world_accept(world, check_out(world, "lena", 0));
    world_accept(world, close);
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    assert_int_equal(due_ms, 0);
    assert_int_equal(state_of(world, MARA), PRESENT);
    world_check_replay(world);
    world_destroy(&world);
}

/* The rule asks for half of each party: who is away or has left does not count, and comes back to. */
static void test_quorum_is_of_those_who_are_there(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t rule = world_adopt(world, world_plain_rule(world));

    world_accept(world, in_session(world, "mara", COMITY__V1__COMMAND__BODY_STEP_AWAY));
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_QUORUM, "open_round.rule");
    world_accept(world, check_out(world, "mara", 0));
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_QUORUM, "open_round.rule");
    world_check_in(world, "mara", 1, 1);
    world_accept(world, world_open_round_command(world, 1, rule));
    world_check_replay(world);
    world_destroy(&world);
}

/* Whoever opens the round is there by that very act. */
static void test_an_act_counts_at_once(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t rule = world_adopt(world, world_plain_rule(world));
    const Comity__V1__RoundOpened *opened;

    world_check_in(world, "cora", 1, 1);
    world_accept(world, in_session(world, "cora", COMITY__V1__COMMAND__BODY_STEP_AWAY));
    opened = world_accept(world, world_open_round_command(world, 1, rule))->round_opened;
    assert_int_equal(opened->roll[4]->member, CORA);
    assert_true(opened->roll[4]->present_at_open);
    assert_int_equal(state_of(world, CORA), PRESENT);
    world_check_replay(world);
    world_destroy(&world);
}

static Comity__V1__OutcomeKind outcome_where_mara_left(Comity__V1__Present present)
{
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_plain_rule(world);
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);
    Comity__V1__OutcomeKind kind;

    rule->present = present;
    world_open_round(world, 1, world_adopt(world, rule));
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_accept(world, world_ballot(world, "mara", 1, 1));
    world_accept(world, check_out(world, "mara", 0));
    close->close_round->round = 1;
    kind = world_accept(world, close)->round_closed->outcome->kind;
    world_check_replay(world);
    world_destroy(&world);
    return kind;
}

/* docs/rules.md R-15: AT_CLOSE and EVER differ by those who have left. */
static void test_who_left_was_there_ever(void **state)
{
    (void) state;
    assert_int_equal(outcome_where_mara_left(COMITY__V1__PRESENT__PRESENT_EVER),
                     COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(outcome_where_mara_left(COMITY__V1__PRESENT__PRESENT_AT_OPEN),
                     COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(outcome_where_mara_left(COMITY__V1__PRESENT__PRESENT_AT_CLOSE),
                     COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM);
}

/* The rows of a world, as a client has them. */
static struct attendance attendance_in(struct world *world)
{
    const Comity__V1__Seat *seats[5];
    const Comity__V1__Presence *presences[8];
    const Comity__V1__Constituency *constituencies[3];
    struct attendance_rows rows = {.seats = seats,
                                   .seat_count = 5,
                                   .presences = presences,
                                   .constituencies = constituencies,
                                   .constituency_count = 3};
    struct attendance attendance;

    for (uint32_t i = 0; i < 5; i++)
        seats[i] = world_row(world, TABLE_SEAT, 1, i + 1);
    for (uint32_t i = 0; i < 3; i++)
        constituencies[i] = world_row(world, TABLE_CONSTITUENCY, i + 1, 0);
    for (uint32_t member = LENA; member <= ODO; member++)
        if (world_has(world, TABLE_PRESENCE, 1, member))
            presences[rows.presence_count++] = world_row(world, TABLE_PRESENCE, 1, member);
    assert_int_equal(attendance_of(&rows, world->arena, &attendance), 0);
    return attendance;
}

static void check_group(const struct attendance_group *group, uint32_t number, uint32_t seats, uint32_t held,
                        uint32_t present, uint32_t away, uint32_t guests)
{
    assert_int_equal(group->number, number);
    assert_int_equal(group->seats, seats);
    assert_int_equal(group->held, held);
    assert_int_equal(group->present, present);
    assert_int_equal(group->away, away);
    assert_int_equal(group->guests, guests);
}

static void test_attendance_by_site_and_constituency(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    struct attendance attendance;

    /* lena and cora from north, luis from south, mara from east; odo has no seat, and carl has left. */
    world_check_in(world, "lena", 1, 1);
    world_check_in(world, "cora", 1, 1);
    world_check_in(world, "luis", 1, 2);
    world_check_in(world, "mara", 1, 3);
    world_check_in(world, "odo", 1, 3);
    world_check_in(world, "carl", 1, 2);
    world_accept(world, check_out(world, "carl", 0));
    world_accept(world, in_session(world, "mara", COMITY__V1__COMMAND__BODY_STEP_AWAY));
    attendance = attendance_in(world);
    assert_int_equal(attendance.count, 5);
    assert_int_equal(attendance.constituency_count, 3);
    check_group(&attendance.by_constituency[0], LABOUR, 2, 2, 2, 0, 0);
    check_group(&attendance.by_constituency[1], MANAGEMENT, 2, 2, 0, 1, 0);
    check_group(&attendance.by_constituency[2], CONVENER, 1, 1, 1, 0, 0);
    assert_int_equal(attendance.site_count, 3);
    check_group(&attendance.by_site[0], 1, 0, 0, 2, 0, 0);
    check_group(&attendance.by_site[1], 2, 0, 0, 1, 0, 0);
    check_group(&attendance.by_site[2], 3, 0, 0, 0, 1, 1);
    assert_false(attendance.lacks_party);
    world_destroy(&world);
}

static void test_attendance_says_whether_a_round_may_open(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    const Comity__V1__Rule *rule = world_plain_rule(world);
    struct attendance attendance = attendance_in(world);
    Comity__V1__TestResult **results;
    size_t count;

    assert_int_equal(attendance_check(&attendance, rule, world->arena, &results, &count), 0);
    assert_int_equal(count, 2);
    assert_string_equal(rule_explain_test(results[0], world->arena),
                        "labour: 2 of 2 present, at least 1/2 needed: holds");
    world_accept(world, check_out(world, "mara", 0));
    attendance = attendance_in(world);
    assert_int_equal(attendance_check(&attendance, rule, world->arena, &results, &count), ERR_QUORUM);
    assert_int_equal(count, 2);
    assert_string_equal(rule_explain_test(results[1], world->arena),
                        "management: 0 of 2 present, at least 1/2 needed: short by 1");
    world_seat(world, "mara", 1, 3, 0);
    world_seat(world, "mara", 1, 4, 0);
    attendance = attendance_in(world);
    assert_true(attendance.lacks_party);
    assert_int_equal(attendance_check(&attendance, rule, world->arena, &results, &count), ERR_SCOPE);
    world_destroy(&world);
}

/* A roll call of before a restore does not move somebody who has checked in since. */
static void test_presence_after_a_restore(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *call = roll_call(world, "odo", 3, MONA, LENA);
    Comity__V1__Command *leave = check_out(world, "lena", 0);

    world->epoch = world_restore(world)->number;
    world_check_in(world, "lena", 1, 2);
    world_refuse(world, call, ERR_EPOCH, "roll_call.members[1]");
    world_refuse(world, leave, ERR_EPOCH, "check_out.member");
    call->roll_call->n_members = 1;
    world_accept(world, call);
    /* What is of the moment is over. */
    leave = in_session(world, "lena", COMITY__V1__COMMAND__BODY_STEP_AWAY);
    leave->epoch = 1;
    world_refuse(world, leave, ERR_EPOCH, "step_away.session");
    leave = in_session(world, "cora", COMITY__V1__COMMAND__BODY_SET_TIME_BOX);
    leave->set_time_box->minutes = 5;
    leave->epoch = 1;
    world_refuse(world, leave, ERR_EPOCH, "set_time_box.item");
    assert_int_equal(state_of(world, MONA), PRESENT);
    world_check_replay(world);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_member_leaves_and_comes_back),
        cmocka_unit_test(test_a_roll_call_checks_in_a_room),
        cmocka_unit_test(test_a_session_names_its_recorder),
        cmocka_unit_test(test_a_member_is_away_until_the_next_act),
        cmocka_unit_test(test_who_is_silent_turns_away),
        cmocka_unit_test(test_silences_end),
        cmocka_unit_test(test_quorum_is_of_those_who_are_there),
        cmocka_unit_test(test_an_act_counts_at_once),
        cmocka_unit_test(test_who_left_was_there_ever),
        cmocka_unit_test(test_attendance_by_site_and_constituency),
        cmocka_unit_test(test_attendance_says_whether_a_round_may_open),
        cmocka_unit_test(test_presence_after_a_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
