/* Lists and rolls: set_list, who is on the roll of a round, what is frozen with it. docs/rules.md */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world_rounds.h"

static Comity__V1__Rule *roll_rule(struct world *world, Comity__V1__RollKind kind)
{
    Comity__V1__Rule *rule = world_majority_rule(world);

    rule->roll = kind;
    if (kind == COMITY__V1__ROLL_KIND__ROLL_KIND_LIST)
        rule->list = arena_string(world->arena, "electors");
    return rule;
}

static Comity__V1__Rule *list_rule(struct world *world)
{
    return roll_rule(world, COMITY__V1__ROLL_KIND__ROLL_KIND_LIST);
}

static void weigh(struct world *world, Comity__V1__Command *command, uint64_t first, uint64_t second)
{
    command->set_list->weights = world_alloc(world, 2 * sizeof(uint64_t));
    command->set_list->weights[0] = first;
    command->set_list->weights[1] = second;
    command->set_list->n_weights = 2;
}

static const Comity__V1__RollEntry *entry_of(struct world *world, uint32_t round, uint32_t member)
{
    return world_row(world, TABLE_ROLL, round, member);
}

static void recuse_from(struct world *world, const char *member, uint32_t proposal)
{
    Comity__V1__Command *recuse = world_command(world, member, COMITY__V1__COMMAND__BODY_RECUSE);

    recuse->recuse->proposal = proposal;
    recuse->recuse->reason = world_text(world);
    world_accept(world, recuse);
}

static void test_a_constituency_keeps_its_part(void **state)
{
    (void) state;
    struct world *world = world_founded();
    const Comity__V1__Event *event = world_accept(world, world_list(world, "lena", "labour", LENA, LARS, 0));

    assert_int_equal(event->list_set->list->number, 1);
    world_accept(world, world_list(world, "mara", "management", MARA, 0));
    world_refuse(world, world_list(world, "lena", "management", MONA, 0), ERR_FORBIDDEN, "key");
    world_refuse(world, world_list(world, "lars", "labour", LARS, 0), ERR_FORBIDDEN, "key");
    world_refuse(world, world_list(world, "lena", "labour", LENA, MARA, 0), ERR_FORBIDDEN, "set_list.members[1]");
    world_refuse(world, world_list(world, "lena", "labour", 77u, 0), ERR_NOT_FOUND, "set_list.members[0]");
    world_refuse(world, world_list(world, "lena", "nowhere", LENA, 0), ERR_NOT_FOUND, "set_list.constituency");
    const Comity__V1__RollList *part = world_row(world, TABLE_ROLL_LIST, 1, LABOUR);
    assert_int_equal(part->n_members, 2);
    assert_int_equal(part->constituency, LABOUR);
    assert_string_equal(part->name, "electors");

    /* Set anew it is replaced, also by nobody; another name is another list. */
    world_accept(world, world_list(world, "luis", "labour", 0));
    assert_int_equal(((Comity__V1__RollList *) world_row(world, TABLE_ROLL_LIST, 1, LABOUR))->n_members, 0);
    assert_int_equal(((Comity__V1__RollList *) world_row(world, TABLE_ROLL_LIST, 1, MANAGEMENT))->n_members, 1);
    Comity__V1__Command *other = world_list(world, "lena", "labour", LENA, 0);
    other->set_list->name = arena_string(world->arena, "others");
    assert_int_equal(world_accept(world, other)->list_set->list->number, 2);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_weights_are_joint(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command = world_list(world, "lena", "labour", LENA, LARS, 0);

    weigh(world, command, 1, 1);
    assert_int_equal(world_accept(world, command)->list_set->list->n_weights, 0);
    command = world_list(world, "lena", "labour", LENA, LARS, 0);
    weigh(world, command, 1, 3);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.*");
    world_cosign(world, command, "mara", NULL);
    const Comity__V1__RollList *list = world_accept(world, command)->list_set->list;
    assert_int_equal(list->n_weights, 2);
    assert_int_equal(list->weights[1], 3);
    command = world_list(world, "lena", "labour", LENA, LARS, LUIS, 0);
    command->set_list->members[1] = LUIS;
    command->set_list->members[2] = LARS;
    weigh(world, command, 1, 3);
    world_cosign(world, command, "mara", NULL);
    world_refuse(world, command, ERR_RANGE, "set_list.weights");

    /* Of a constituency that is no PARTY nobody weighs members but its own co-chair with the others. */
    command = world_list(world, "lena", "convener", CORA, CARL, 0);
    weigh(world, command, 2, 1);
    world_cosign(world, command, "mara", NULL);
    world_refuse(world, command, ERR_FORBIDDEN, "key");
    command->key = world_key(world, "carl");
    world_cosign(world, command, "lena", NULL);
    world_accept(world, command);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_what_is_sent_again_undoes_nothing(void **state)
{
    (void) state;
    struct world *world = world_founded();

    world_accept(world, world_list(world, "lena", "labour", LENA, 0));
    Comity__V1__Command *early = world_list(world, "lena", "labour", LUIS, 0);
    uint32_t before = world->epoch;
    world->epoch = world_restore(world)->number;
    world_accept(world, world_list(world, "lena", "labour", LARS, 0));
    early->epoch = before;
    world_refuse(world, early, ERR_EPOCH, "set_list.name");
    world_destroy(&world);
}

/* Members of a list hold no seat and need not be there. */
static void test_a_round_over_a_list(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t rule = world_adopt(world, list_rule(world));

    world_refuse(world, world_open_round_command(world, 1, rule), ERR_NOT_FOUND, "open_round.rule");
    world_accept(world, world_list(world, "lena", "labour", 0));
    world_refuse(world, world_open_round_command(world, 1, rule), ERR_SCOPE, "open_round.rule");
    Comity__V1__Command *weighted = world_list(world, "lena", "labour", LENA, LARS, 0);
    weigh(world, weighted, 1, 4);
    world_cosign(world, weighted, "mara", NULL);
    world_accept(world, weighted);
    world_accept(world, world_list(world, "mara", "management", MONA, 0));

    const Comity__V1__RoundOpened *opened =
        world_accept(world, world_open_round_command(world, 1, rule))->round_opened;
    static const uint32_t ROLL[] = {LENA, LARS, MONA};
    assert_int_equal(opened->n_roll, ARRAY_COUNT(ROLL));
    for (size_t i = 0; i < ARRAY_COUNT(ROLL); i++)
        assert_int_equal(opened->roll[i]->member, ROLL[i]);
    assert_int_equal(opened->round->n_vacant, 0);
    assert_int_equal(entry_of(world, 1, LARS)->weight, 4);
    assert_int_equal(entry_of(world, 1, LARS)->seat, 0);
    assert_int_equal(entry_of(world, 1, LARS)->site, 0);
    assert_false(entry_of(world, 1, LARS)->present_at_open);
    assert_true(entry_of(world, 1, LENA)->present_at_open);
    assert_int_equal(entry_of(world, 1, LENA)->site, 1);
    assert_int_equal(entry_of(world, 1, LENA)->offices[0], COMITY__V1__OFFICE__OFFICE_CO_CHAIR);

    world_refuse(world, world_ballot(world, "luis", 1, 1), ERR_NOT_ON_ROLL, "key");
    world_accept(world, world_ballot(world, "lars", 1, 1));
    /* Changing the list does not touch the open round. */
    world_accept(world, world_list(world, "lena", "labour", LENA, 0));
    world_accept(world, world_ballot(world, "lena", 1, 1));
    const Comity__V1__Outcome *outcome = world_close_round(world, 1);
    assert_int_equal(outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_equal(outcome->n_ballots, 2);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_an_each_over_a_list_needs_somebody(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = list_rule(world);

    rule->tests[0]->scope->kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY;
    uint32_t number = world_adopt(world, rule);
    world_accept(world, world_list(world, "lena", "labour", LENA, 0));
    world_accept(world, world_list(world, "mara", "management", MARA, 0));
    recuse_from(world, "mara", 1);
    world_refuse(world, world_open_round_command(world, 1, number), ERR_SCOPE, "open_round.rule");
    world_accept(world, world_list(world, "mara", "management", MARA, MONA, 0));
    const Comity__V1__RoundOpened *opened =
        world_accept(world, world_open_round_command(world, 1, number))->round_opened;
    assert_int_equal(opened->n_roll, 2);
    assert_int_equal(opened->round->n_recused, 1);
    assert_int_equal(opened->round->recused[0], MARA);
    world_destroy(&world);
}

static void test_those_who_are_checked_in(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t rule = world_adopt(world, roll_rule(world, COMITY__V1__ROLL_KIND__ROLL_KIND_CHECKED_IN));

    world_open_round(world, 1, rule);
    assert_int_equal(((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->eligible, 4);
    assert_int_equal(entry_of(world, 1, LUIS)->seat, 2);
    assert_true(entry_of(world, 1, LUIS)->present_at_open);
    world_refuse(world, world_ballot(world, "mona", 1, 1), ERR_NOT_ON_ROLL, "key");
    world_destroy(&world);
}

/* Seats have weights, and those that nobody holds are known. */
static void test_weights_of_seats(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *create = world_command(world, "lena", COMITY__V1__COMMAND__BODY_CREATE_BODY);
    Comity__V1__SeatGroup *groups = world_alloc(world, 2 * sizeof(*groups));

    create->create_body->name = arena_string(world->arena, "panel");
    create->create_body->seats = world_alloc(world, 2 * sizeof(*create->create_body->seats));
    for (size_t i = 0; i < 2; i++) {
        comity__v1__seat_group__init(&groups[i]);
        groups[i].constituency = arena_string(world->arena, i == 0 ? "labour" : "management");
        groups[i].count = 2;
        groups[i].weight = i == 0 ? UINT64_C(1000000000000) : 0;
        create->create_body->seats[create->create_body->n_seats++] = &groups[i];
    }
    world_cosign(world, create, "mara", NULL);
    world_accept(world, create);
    assert_int_equal(((Comity__V1__Seat *) world_row(world, TABLE_SEAT, 2, 2))->weight, UINT64_C(1000000000000));
    assert_int_equal(((Comity__V1__Seat *) world_row(world, TABLE_SEAT, 2, 3))->weight, 0);
    world_seat(world, "lena", 2, 1, LENA);
    world_seat(world, "mara", 2, 3, MARA);
    uint32_t rule = world_adopt(world, world_majority_rule(world));
    uint32_t session = world_open_session(world, 2);
    uint32_t proposal = world_propose(world, session);
    uint32_t round = world_open_round(world, proposal, rule);
    assert_int_equal(entry_of(world, round, LENA)->weight, UINT64_C(1000000000000));
    assert_int_equal(entry_of(world, round, MARA)->weight, 0);
    const Comity__V1__Round *row = world_row(world, TABLE_ROUND, round, 0);
    assert_int_equal(row->n_vacant, 2);
    assert_int_equal(row->vacant[0]->constituency, LABOUR);
    assert_int_equal(row->vacant[0]->seats, 1);
    assert_int_equal(row->vacant[1]->seats, 1);
    world_check_replay(world);
    world_destroy(&world);
}

/* The roll of the first round, whoever holds the seats by then; who recused since has left. */
static void test_a_roll_frozen_for_the_ladder(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_majority_rule(world);

    rule->frozen = COMITY__V1__FROZEN__FROZEN_LADDER;
    uint32_t number = world_adopt(world, rule);
    world_open_round(world, 1, number);
    world_accept(world, world_ballot(world, "lena", 1, 5));
    world_close_round(world, 1);
    world_seat(world, "lena", 1, 2, LARS);
    world_check_in(world, "mona", 1, 2);
    recuse_from(world, "mona", 1);

    const Comity__V1__RoundOpened *opened =
        world_accept(world, world_open_round_command(world, 1, number))->round_opened;
    static const uint32_t ROLL[] = {LENA, LUIS, MARA, CORA};
    assert_int_equal(opened->n_roll, ARRAY_COUNT(ROLL));
    for (size_t i = 0; i < ARRAY_COUNT(ROLL); i++)
        assert_int_equal(opened->roll[i]->member, ROLL[i]);
    assert_int_equal(entry_of(world, 2, LUIS)->seat, 2);
    assert_int_equal(opened->round->n_recused, 1);
    assert_false(world_has(world, TABLE_ROLL, 2, LARS));
    world_accept(world, world_ballot(world, "luis", 2, 1));
    world_check_replay(world);

    /* Another proposal has a roll of its own. */
    uint32_t second = world_propose(world, 1);
    uint32_t round = world_open_round(world, second, number);
    assert_true(world_has(world, TABLE_ROLL, round, LARS));
    assert_false(world_has(world, TABLE_ROLL, round, LUIS));
    world_destroy(&world);
}

static void put_blocs(struct world *world, Comity__V1__Test *test)
{
    test->weighting = COMITY__V1__WEIGHTING__WEIGHTING_SEATS;
    test->bloc = world_alloc(world, sizeof(*test->bloc));
    comity__v1__bloc__init(test->bloc);
    test->bloc->tied = test->bloc->absent = COMITY__V1__BLOC_CAST__BLOC_CAST_NOTHING;
}

/* A PARTY of which nobody sits would be decided over by the others' blocs; the vacant seats of one are cast with the
 * rest. R-31 */
static void test_blocs_of_vacant_seats(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Rule *all = world_majority_rule(world), *own = world_majority_rule(world);

    world_create_body(world, "council", 2, 2, 1);
    put_blocs(world, all->tests[0]);
    put_blocs(world, own->tests[0]);
    all->name = arena_string(world->arena, "blocs");
    own->tests[0]->scope->kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE;
    own->tests[0]->scope->of = arena_string(world->arena, "labour");
    own->name = arena_string(world->arena, "own-bloc");
    uint32_t of_all = world_adopt(world, all), of_side = world_adopt(world, own);
    world_seat(world, "lena", 1, 1, LENA);
    world_seat(world, "mara", 1, 3, MARA);
    world_open_session(world, 1);
    world_check_in(world, "lena", 1, 1);
    uint32_t proposal = world_propose(world, 1), other = world_propose(world, 1);
    world_seat(world, "mara", 1, 3, 0);
    world_refuse(world, world_open_round_command(world, proposal, of_all), ERR_SCOPE, "open_round.rule");
    world_open_round(world, proposal, of_side);
    world_seat(world, "mara", 1, 3, MARA);
    const Comity__V1__RoundOpened *opened =
        world_accept(world, world_open_round_command(world, other, of_all))->round_opened;
    assert_int_equal(opened->n_roll, 2);
    assert_int_equal(opened->round->n_vacant, 2 + 1);
    world_check_replay(world);
    world_destroy(&world);
}

/* A party with seats of which nobody can answer is never left out unnoticed, whyever there is nobody. */
static void test_an_each_over_those_who_came_needs_every_party(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = roll_rule(world, COMITY__V1__ROLL_KIND__ROLL_KIND_CHECKED_IN);

    rule->tests[0]->scope->kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY;
    uint32_t number = world_adopt(world, rule);
    recuse_from(world, "mara", 1);
    recuse_from(world, "mona", 1);
    world_refuse(world, world_open_round_command(world, 1, number), ERR_SCOPE, "open_round.rule");

    uint32_t second = world_propose(world, 1);
    world_seat(world, "mara", 1, 3, 0);
    world_seat(world, "mara", 1, 4, 0);
    world_refuse(world, world_open_round_command(world, second, number), ERR_SCOPE, "open_round.rule");
    world_seat(world, "mara", 1, 4, MARA);
    assert_int_equal(world_accept(world, world_open_round_command(world, second, number))->round_opened->n_roll, 4);
    world_destroy(&world);
}

/* Nor by a later round of the ladder, whose roll has nobody of it. */
static void test_an_each_over_a_frozen_roll_needs_every_party(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_majority_rule(world);

    rule->frozen = COMITY__V1__FROZEN__FROZEN_LADDER;
    uint32_t first = world_adopt(world, rule);
    world_seat(world, "mara", 1, 3, 0);
    world_seat(world, "mara", 1, 4, 0);
    world_open_round(world, 1, first);
    world_accept(world, world_ballot(world, "lena", 1, 5));
    world_close_round(world, 1);

    rule->tests[0]->scope->kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY;
    uint32_t second = world_adopt(world, rule);
    world_seat(world, "mara", 1, 4, MARA);
    world_refuse(world, world_open_round_command(world, 1, second), ERR_SCOPE, "open_round.rule");
    world_destroy(&world);
}

/* Whoever left before the first round is on record as recused in every later one too. */
static void test_who_recused_before_a_frozen_roll(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_majority_rule(world);

    rule->frozen = COMITY__V1__FROZEN__FROZEN_LADDER;
    rule->rounds = 3;
    uint32_t number = world_adopt(world, rule);
    recuse_from(world, "luis", 1);
    for (uint32_t round = 1; round <= 3; round++) {
        const Comity__V1__Round *opened =
            world_accept(world, world_open_round_command(world, 1, number))->round_opened->round;
        assert_int_equal(opened->n_recused, round == 1 ? 1 : 2);
        assert_int_equal(opened->recused[0], LUIS);
        assert_int_equal(opened->recused[opened->n_recused - 1], round == 1 ? LUIS : MONA);
        world_accept(world, world_ballot(world, "lena", round, 5));
        world_close_round(world, round);
        if (round == 1)
            recuse_from(world, "mona", 1);
    }
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_constituency_keeps_its_part),
        cmocka_unit_test(test_weights_are_joint),
        cmocka_unit_test(test_what_is_sent_again_undoes_nothing),
        cmocka_unit_test(test_a_round_over_a_list),
        cmocka_unit_test(test_an_each_over_a_list_needs_somebody),
        cmocka_unit_test(test_those_who_are_checked_in),
        cmocka_unit_test(test_weights_of_seats),
        cmocka_unit_test(test_a_roll_frozen_for_the_ladder),
        cmocka_unit_test(test_blocs_of_vacant_seats),
        cmocka_unit_test(test_an_each_over_those_who_came_needs_every_party),
        cmocka_unit_test(test_an_each_over_a_frozen_roll_needs_every_party),
        cmocka_unit_test(test_who_recused_before_a_frozen_roll),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
