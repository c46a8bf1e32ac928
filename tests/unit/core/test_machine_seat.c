/* Seats that hang on an office and end with a term; alternates who stand in; members who recuse themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/machine/stand_in.h"
#include "tests/support/world.h"

#define HOUR_MS ((int64_t) 3600 * 1000)

/* Body 1 "council" with seats 1 and 2 of labour (NAMED, hang on "steward") | 3 of management (NAMED) | 4 of
 * management | 5 and 6 of labour (POOL): lena, luis | mara | mona | vacant. Rule 1 "plain"; session 1 open.
 */
static struct world *world_ready(void)
{
    static const struct {
        const char *constituency, *office;
        uint32_t count;
        Comity__V1__Alternates alternates;
    } GROUPS[] = {
        {"labour", "steward", 2, COMITY__V1__ALTERNATES__ALTERNATES_NAMED},
        {"management", "", 1, COMITY__V1__ALTERNATES__ALTERNATES_NAMED},
        {"management", "", 1, COMITY__V1__ALTERNATES__ALTERNATES_UNSPECIFIED},
        {"labour", "", 2, COMITY__V1__ALTERNATES__ALTERNATES_POOL},
    };
    struct world *world = world_founded();
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_CREATE_BODY);
    Comity__V1__CreateBody *body = command->create_body;

    body->name = arena_string(world->arena, "council");
    body->seats = world_alloc(world, sizeof(*body->seats) * ARRAY_COUNT(GROUPS));
    for (size_t i = 0; i < ARRAY_COUNT(GROUPS); i++) {
        Comity__V1__SeatGroup *group = body->seats[body->n_seats++] = world_alloc(world, sizeof(*group));

        comity__v1__seat_group__init(group);
        group->constituency = arena_string(world->arena, GROUPS[i].constituency);
        group->office = arena_string(world->arena, GROUPS[i].office);
        group->count = GROUPS[i].count;
        group->alternates = GROUPS[i].alternates;
    }
    world_cosign(world, command, "mara", NULL);
    world_accept(world, command);
    world_seat(world, "lena", 1, 1, LENA);
    world_seat(world, "lena", 1, 2, LUIS);
    world_seat(world, "mara", 1, 3, MARA);
    world_seat(world, "mara", 1, 4, MONA);
    world_adopt(world, world_plain_rule(world));
    world_open_session(world, 1);
    world_check_in(world, "lena", 1, 1);
    world_check_in(world, "luis", 1, 1);
    world_check_in(world, "mara", 1, 1);
    return world;
}

static const Comity__V1__Seat *seat_row(struct world *world, uint32_t seat)
{
    return world_row(world, TABLE_SEAT, 1, seat);
}

static Comity__V1__Command *assign(struct world *world, uint32_t seat, uint32_t member, int64_t until_ms)
{
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ASSIGN_SEAT);

    command->assign_seat->body = 1;
    command->assign_seat->seat = seat;
    command->assign_seat->member = member;
    command->assign_seat->until_ms = until_ms;
    return command;
}

static Comity__V1__Command *name(struct world *world, const char *signer, uint32_t seat, size_t count,
                                 uint32_t first, uint32_t second)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_NAME_ALTERNATES);

    command->name_alternates->body = 1;
    command->name_alternates->seat = seat;
    command->name_alternates->n_members = count;
    command->name_alternates->members = world_alloc(world, 2 * sizeof(uint32_t));
    command->name_alternates->members[0] = first;
    command->name_alternates->members[1] = second;
    return command;
}

static Comity__V1__Command *hand_over(struct world *world, const char *signer, uint32_t seat, uint32_t member)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_HAND_OVER);

    command->hand_over->session = 1;
    command->hand_over->seat = seat;
    command->hand_over->member = member;
    return command;
}

static Comity__V1__Command *take_back(struct world *world, const char *signer, uint32_t seat)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_TAKE_BACK);

    command->take_back->session = 1;
    command->take_back->seat = seat;
    return command;
}

static Comity__V1__Command *recuse(struct world *world, const char *signer, uint32_t proposal)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_RECUSE);

    command->recuse->proposal = proposal;
    command->recuse->reason = world_text(world);
    return command;
}

static Comity__V1__Command *close_round(struct world *world, uint32_t round)
{
    Comity__V1__Command *command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    command->close_round->round = round;
    return command;
}

static void test_groups_of_seats(void **state)
{
    (void) state;
    struct world *world = world_ready();

    assert_string_equal(seat_row(world, 2)->office, "steward");
    assert_string_equal(seat_row(world, 3)->office, "");
    assert_int_equal(seat_row(world, 2)->group, 1);
    assert_int_equal(seat_row(world, 4)->group, 4);
    assert_int_equal(seat_row(world, 6)->group, 5);
    assert_int_equal(seat_row(world, 6)->alternates, COMITY__V1__ALTERNATES__ALTERNATES_POOL);
    world_destroy(&world);
}

static void test_a_term_ends(void **state)
{
    (void) state;
    struct world *world = world_ready();
    int64_t now_ms = world->context.time_ms;

    world_refuse(world, assign(world, 5, LARS, now_ms), ERR_RANGE, "assign_seat.until_ms");
    world_refuse(world, assign(world, 2, 0, now_ms + HOUR_MS), ERR_RANGE, "assign_seat.until_ms");
    world_accept(world, assign(world, 5, LARS, now_ms + HOUR_MS));
    assert_int_equal(seat_row(world, 5)->until_ms, now_ms + HOUR_MS);
    world->context.time_ms = now_ms + HOUR_MS - 1;
    world_due(world);
    assert_int_equal(seat_row(world, 5)->holder, LARS);
    size_t before = world->record_count;
    world->context.time_ms = now_ms + HOUR_MS;
    world_due(world);
    assert_int_equal(world->record_count, before + 1); /* once */
    assert_int_equal(seat_row(world, 5)->holder, 0);
    assert_int_equal(seat_row(world, 5)->until_ms, 0);
    world_accept(world, assign(world, 6, LARS, 0)); /* holds no seat any more */
    world_check_replay(world);
    world_destroy(&world);
}

/* Who is given the seat anew has a term of their own, or none. */
static void test_a_term_is_its_holders(void **state)
{
    (void) state;
    struct world *world = world_ready();
    int64_t now_ms = world->context.time_ms;

    world_accept(world, assign(world, 5, LARS, now_ms + HOUR_MS));
    world_accept(world, assign(world, 5, LARS, now_ms + 2 * HOUR_MS)); /* longer */
    world->context.time_ms = now_ms + HOUR_MS;
    world_due(world);
    assert_int_equal(seat_row(world, 5)->holder, LARS);
    world_accept(world, assign(world, 5, LARS, 0));
    world->context.time_ms = now_ms + 3 * HOUR_MS;
    world_due(world);
    assert_int_equal(seat_row(world, 5)->holder, LARS);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_round_outlives_a_term(void **state)
{
    (void) state;
    struct world *world = world_ready();
    uint32_t proposal = world_propose(world, 1), round;

    world_accept(world, assign(world, 5, LARS, world->context.time_ms + HOUR_MS));
    round = world_open_round(world, proposal, 1);
    world->context.time_ms += HOUR_MS;
    world_accept(world, world_ballot(world, "lars", round, 1)); /* the roll is frozen */
    assert_int_equal(seat_row(world, 5)->holder, 0);
    world_destroy(&world);
}

static void test_alternates_are_named(void **state)
{
    (void) state;
    struct world *world = world_ready();

    world_refuse(world, name(world, "mara", 4, 1, MONA, 0), ERR_STATE, "name_alternates.seat");
    world_refuse(world, name(world, "lena", 1, 2, LARS, LUIS), ERR_RANGE, "name_alternates.members");
    assert_int_equal(world->refusal.limit, 1);
    world_refuse(world, name(world, "lena", 1, 1, MONA, 0), ERR_FORBIDDEN, "name_alternates.members[0]");
    world_refuse(world, name(world, "lena", 1, 1, 99, 0), ERR_NOT_FOUND, "name_alternates.members");
    world_refuse(world, name(world, "lena", 99, 1, LARS, 0), ERR_NOT_FOUND, "name_alternates.seat");
    world_refuse(world, name(world, "mara", 1, 1, LARS, 0), ERR_FORBIDDEN, "key"); /* the other side's seat */
    world_accept(world, name(world, "lena", 1, 1, LARS, 0));
    world_accept(world, name(world, "lena", 6, 2, LARS, LUIS));
    /* A pool is the group's. */
    assert_int_equal(((Comity__V1__AlternatesList *) world_row(world, TABLE_ALTERNATES, 1, 5))->n_members, 2);
    assert_false(world_has(world, TABLE_ALTERNATES, 1, 6));
    world_accept(world, name(world, "lena", 1, 0, 0, 0));
    world_refuse(world, hand_over(world, "lena", 1, LARS), ERR_MANDATE, "hand_over.member");
    world_check_replay(world);
    world_destroy(&world);
}

static const Comity__V1__RollEntry *entry_of(const Comity__V1__RoundOpened *opened, uint32_t seat)
{
    for (size_t i = 0; i < opened->n_roll; i++)
        if (opened->roll[i]->seat == seat)
            return opened->roll[i];
    return NULL;
}

static void test_hand_over_and_take_back(void **state)
{
    (void) state;
    struct world *world = world_ready();
    uint32_t proposal = world_propose(world, 1), round;
    Comity__V1__Command *check_in = world_command(world, "lars", COMITY__V1__COMMAND__BODY_CHECK_IN);

    check_in->check_in->session = 1;
    check_in->check_in->site = 1;
    world_refuse(world, check_in, ERR_FORBIDDEN, "key");
    world_refuse(world, hand_over(world, "lena", 1, LARS), ERR_MANDATE, "hand_over.member");
    world_accept(world, name(world, "lena", 1, 1, LARS, 0));
    world_refuse(world, hand_over(world, "mara", 1, LARS), ERR_FORBIDDEN, "key");
    world_refuse(world, hand_over(world, "lars", 1, LARS), ERR_FORBIDDEN, "key");
    world_refuse(world, hand_over(world, "lena", 2, LARS), ERR_MANDATE,
                 "hand_over.member"); /* named for seat 1 */
    world_refuse(world, take_back(world, "lena", 1), ERR_STATE, "take_back.seat");
    world_accept(world, hand_over(world, "lena", 1, LARS));
    world_refuse(world, hand_over(world, "lena", 1, LARS), ERR_EXISTS, "hand_over.seat");
    world_accept(world, check_in); /* as the holder may */
    Comity__V1__Command *command = world_open_round_command(world, proposal, 1);
    const Comity__V1__RoundOpened *opened = world_accept(world, command)->round_opened;
    round = opened->round->number;
    assert_int_equal(opened->n_roll, 4);
    assert_int_equal(entry_of(opened, 1)->member, LARS);
    assert_int_equal(entry_of(opened, 1)->stands_for, LENA);
    assert_true(entry_of(opened, 1)->present_at_open);
    assert_int_equal(entry_of(opened, 2)->stands_for, 0);
    world_refuse(world, world_ballot(world, "lena", round, 1), ERR_NOT_ON_ROLL, "key");
    world_accept(world, world_ballot(world, "lars", round, 1));
    world_refuse(world, take_back(world, "lena", 1), ERR_STATE,
                 "take_back.session"); /* between rounds alone */
    world_refuse(world, hand_over(world, "luis", 2, LARS), ERR_STATE, "hand_over.session");
    world_accept(world, close_round(world, round));
    world_accept(world, take_back(world, "luis", 1)); /* a co-chair of the own side may as well */
    world_refuse(world, check_in, ERR_FORBIDDEN, "key");
    opened = world_accept(world, world_open_round_command(world, world_propose(world, 1), 1))->round_opened;
    assert_int_equal(entry_of(opened, 1)->member, LENA);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_one_stands_in_for_one(void **state)
{
    (void) state;
    struct world *world = world_ready();

    world_accept(world, name(world, "lena", 1, 1, LARS, 0));
    world_accept(world, name(world, "lena", 2, 1, LARS, 0));
    world_accept(world, name(world, "lena", 5, 2, LUIS, LARS));
    world_accept(world, hand_over(world, "lena", 1, LARS));
    world_refuse(world, hand_over(world, "luis", 2, LARS), ERR_EXISTS, "hand_over.member");
    world_refuse(world, hand_over(world, "lena", 5, LARS), ERR_STATE, "hand_over.seat"); /* vacant */
    world_accept(world, take_back(world, "lena", 1));
    world_accept(world, assign(world, 5, LARS, 0));
    world_refuse(world, hand_over(world, "lena", 1, LARS), ERR_EXISTS,
                 "hand_over.member"); /* a seat of the own */
    world_refuse(world, hand_over(world, "lars", 5, LUIS), ERR_EXISTS, "hand_over.member");
    world_destroy(&world);
}

/* What a hand-over was for may change: nobody is on a roll twice, and nobody stands in for a stranger. */
static void test_a_hand_over_that_is_overtaken(void **state)
{
    (void) state;
    struct world *world = world_ready();
    uint32_t has = 77;

    world_accept(world, name(world, "lena", 1, 1, LARS, 0));
    world_accept(world, name(world, "lena", 2, 1, LARS, 0));
    world_accept(world, hand_over(world, "lena", 1, LARS));
    world_accept(world, assign(world, 1, 0, 0)); /* the seat has no holder any more */
    assert_int_equal(stand_in_of_seat(&world->view, world->arena, 1, seat_row(world, 1), &has), 0);
    assert_int_equal(has, 0);
    /* It could stand again: lars has to be free of it first. */
    world_refuse(world, hand_over(world, "luis", 2, LARS), ERR_EXISTS, "hand_over.member");
    world_accept(world, take_back(world, "luis", 1));
    world_accept(world, hand_over(world, "luis", 2, LARS));
    world_accept(world, assign(world, 1, LENA, 0)); /* ... and has the same one again */
    const Comity__V1__RoundOpened *opened =
        world_accept(world, world_open_round_command(world, world_propose(world, 1), 1))->round_opened;
    assert_int_equal(entry_of(opened, 1)->member, LENA);
    assert_int_equal(entry_of(opened, 2)->member, LARS);
    world_accept(world, close_round(world, 1));
    world_accept(world, assign(world, 5, LARS, 0)); /* now by right of the own seat */
    opened = world_accept(world, world_open_round_command(world, world_propose(world, 1), 1))->round_opened;
    assert_int_equal(entry_of(opened, 2)->member, LUIS);
    assert_int_equal(entry_of(opened, 5)->member, LARS);
    assert_int_equal(entry_of(opened, 5)->stands_for, 0);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_recusal(void **state)
{
    (void) state;
    struct world *world = world_ready();
    uint32_t proposal = world_propose(world, 1), other = world_propose(world, 1), round;
    const Comity__V1__RoundOpened *opened;

    world_refuse(world, recuse(world, "lars", proposal), ERR_FORBIDDEN, "key");
    world_refuse(world, recuse(world, "luis", 99), ERR_NOT_FOUND, "recuse.proposal");
    round = world_open_round(world, proposal, 1);
    world_accept(world, recuse(world, "luis", proposal));
    world_refuse(world, recuse(world, "luis", proposal), ERR_EXISTS, "recuse.proposal");
    world_accept(world, world_ballot(world, "luis", round, 1)); /* that roll was frozen before */
    world_accept(world, close_round(world, round));
    opened = world_accept(world, world_open_round_command(world, proposal, 1))->round_opened;
    assert_int_equal(opened->round->eligible, 3); /* out of the base and the quorum */
    assert_int_equal(opened->round->n_recused, 1);
    assert_int_equal(opened->round->recused[0], LUIS);
    assert_null(entry_of(opened, 2));
    world_refuse(world, world_ballot(world, "luis", opened->round->number, 1), ERR_NOT_ON_ROLL, "key");
    opened = world_accept(world, world_open_round_command(world, other, 1))->round_opened;
    assert_int_equal(opened->round->eligible, 4); /* of that proposal alone */
    world_check_replay(world);
    world_destroy(&world);
}

static void test_recused_once_decided(void **state)
{
    (void) state;
    struct world *world = world_ready();
    uint32_t round = world_open_round(world, world_propose(world, 1), 1);

    world_accept(world, world_ballot(world, "lena", round, 1));
    world_accept(world, world_ballot(world, "mara", round, 1));
    world_accept(world, close_round(world, round));
    assert_int_equal(world->events.count, 2);
    world_refuse(world, recuse(world, "luis", 1), ERR_STATE, "recuse.proposal");
    world_destroy(&world);
}

/* A party of which everybody is recused would be decided over. An alternate who is not can stand in. */
static void test_a_party_that_is_recused(void **state)
{
    (void) state;
    struct world *world = world_ready();
    uint32_t proposal = world_propose(world, 1);

    world_accept(world, recuse(world, "lena", proposal));
    world_accept(world, recuse(world, "luis", proposal));
    world_refuse(world, world_open_round_command(world, proposal, 1), ERR_SCOPE, "open_round.rule");
    world_accept(world, name(world, "lena", 1, 1, LARS, 0));
    world_accept(world, hand_over(world, "lena", 1, LARS));
    world_check_in(world, "lars", 1, 1);
    const Comity__V1__RoundOpened *opened =
        world_accept(world, world_open_round_command(world, proposal, 1))->round_opened;
    assert_int_equal(entry_of(opened, 1)->member, LARS);
    assert_int_equal(opened->round->n_recused, 1);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_after_a_restore(void **state)
{
    (void) state;
    struct world *world = world_ready();
    Comity__V1__Command *names = name(world, "lena", 1, 1, LARS, 0);
    Comity__V1__Command *hands = hand_over(world, "lena", 1, LARS), *back = take_back(world, "lena", 1);
    Comity__V1__Command *lost = recuse(world, "lena", 7);

    world->context.time_ms += 1000;
    uint32_t epoch = world_restore(world)->number;
    world_accept(world, names);
    world_accept(world, hands);
    world_refuse(world, lost, ERR_EPOCH, "recuse.proposal");
    world->epoch = epoch;
    world_accept(world, take_back(world, "lena", 1));
    world_accept(world, hand_over(world, "lena", 1, LARS));
    world_accept(world, name(world, "lena", 1, 1, LUIS, 0));
    /* What was signed before the restore does not undo what was done since. */
    world_refuse(world, back, ERR_EPOCH, "take_back.seat");
    world_refuse(world, hands, ERR_EPOCH, "hand_over.seat");
    world_refuse(world, names, ERR_EPOCH, "name_alternates.seat");
    world_check_replay(world);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_of_seats),
        cmocka_unit_test(test_a_term_ends),
        cmocka_unit_test(test_a_term_is_its_holders),
        cmocka_unit_test(test_a_round_outlives_a_term),
        cmocka_unit_test(test_alternates_are_named),
        cmocka_unit_test(test_hand_over_and_take_back),
        cmocka_unit_test(test_one_stands_in_for_one),
        cmocka_unit_test(test_a_hand_over_that_is_overtaken),
        cmocka_unit_test(test_recusal),
        cmocka_unit_test(test_recused_once_decided),
        cmocka_unit_test(test_a_party_that_is_recused),
        cmocka_unit_test(test_after_a_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
