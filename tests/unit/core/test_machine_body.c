/* Bodies and seats, and the rules that are adopted: create_body, assign_seat, adopt_rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/rules/template.h"
#include "core/error.h"
#include "core/rule/rule.h"
#include "tests/support/world.h"

static Comity__V1__Command *create_body(struct world *world, const char *name, const char *constituency,
                                        uint32_t count)
{
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_CREATE_BODY);
    Comity__V1__CreateBody *body = command->create_body;

    body->name = arena_string(world->arena, name);
    body->n_seats = 1;
    body->seats = arena_alloc(world->arena, sizeof(*body->seats));
    body->seats[0] = arena_alloc(world->arena, sizeof(*body->seats[0]));
    comity__v1__seat_group__init(body->seats[0]);
    body->seats[0]->constituency = arena_string(world->arena, constituency);
    body->seats[0]->count = count;
    return command;
}

static Comity__V1__Command *assign(struct world *world, const char *signer, uint32_t seat, uint32_t member)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_ASSIGN_SEAT);

    command->assign_seat->body = 1;
    command->assign_seat->seat = seat;
    command->assign_seat->member = member;
    return command;
}

static void test_create_body(void **state)
{
    (void) state;
    struct world *world = world_founded();

    world_create_body(world, "council", 2, 3, 1);
    const Comity__V1__BodyCreated *created = world->events.list[0].open->body_created;
    assert_int_equal(created->body->number, 1);
    assert_int_equal(created->body->seats, 6);
    assert_int_equal(created->n_seats, 6);
    assert_memory_equal(((Comity__V1__Body *) world_row(world, TABLE_BODY, 1, 0))->title->hash.data,
                        world->events.list[0].command->create_body->title->hash.data, HASH_SIZE);
    const Comity__V1__Seat *seat = world_row(world, TABLE_SEAT, 1, 5);
    assert_int_equal(seat->body, 1);
    assert_int_equal(seat->number, 5);
    assert_int_equal(seat->constituency, MANAGEMENT);
    assert_int_equal(seat->holder, 0);
    assert_int_equal(((Comity__V1__Seat *) world_row(world, TABLE_SEAT, 1, 6))->constituency, CONVENER);
    assert_false(world_has(world, TABLE_SEAT, 1, 7));

    Comity__V1__Command *command = create_body(world, "council", "labour", 1);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.*");
    world_cosign(world, command, "mara", NULL);
    world_refuse(world, command, ERR_EXISTS, "create_body.name");
    command = create_body(world, "panel", "finance", 1);
    world_cosign(world, command, "mara", NULL);
    world_refuse(world, command, ERR_NOT_FOUND, "create_body.seats[0].constituency");
    command = create_body(world, "panel", "labour", 10001);
    world_cosign(world, command, "mara", NULL);
    world_refuse(world, command, ERR_RANGE, "create_body.seats*");
    command = create_body(world, "panel", "labour", 10000);
    world_cosign(world, command, "mara", NULL);
    assert_int_equal(world_accept(world, command)->body_created->body->number, 2);
    assert_true(world_has(world, TABLE_SEAT, 2, 10000));
    world_check_replay(world);
    world_destroy(&world);
}

static void test_assign_seat(void **state)
{
    (void) state;
    struct world *world = world_founded();

    world_create_body(world, "council", 2, 2, 1);
    world_seat(world, "luis", 1, 1, LARS);
    assert_int_equal(((Comity__V1__Seat *) world_row(world, TABLE_SEAT, 1, 1))->holder, LARS);
    /* The same again changes nothing; another takes it over; it is vacated, also twice. */
    world_seat(world, "luis", 1, 1, LARS);
    world_refuse(world, assign(world, "luis", 2, LARS), ERR_EXISTS, "assign_seat.member");
    world_seat(world, "lena", 1, 1, LENA);
    world_seat(world, "lena", 1, 2, LARS);
    world_seat(world, "lena", 1, 2, 0);
    world_seat(world, "lena", 1, 2, 0);
    assert_int_equal(((Comity__V1__Seat *) world_row(world, TABLE_SEAT, 1, 2))->holder, 0);
    world_seat(world, "lena", 1, 2, LARS);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_assign_seat_is_refused(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command;

    world_create_body(world, "council", 2, 2, 1);
    command = assign(world, "lena", 1, LENA);
    command->assign_seat->body = 2;
    world_refuse(world, command, ERR_NOT_FOUND, "assign_seat.body");
    world_refuse(world, assign(world, "lena", 6, LENA), ERR_NOT_FOUND, "assign_seat.seat");
    world_refuse(world, assign(world, "lena", 1, 99), ERR_NOT_FOUND, "assign_seat.member");
    /* Nobody fills another's seats, or with another's people. */
    world_refuse(world, assign(world, "mara", 1, LENA), ERR_FORBIDDEN, "key");
    world_refuse(world, assign(world, "cora", 1, LENA), ERR_FORBIDDEN, "key");
    world_refuse(world, assign(world, "lars", 1, LARS), ERR_FORBIDDEN, "key");
    world_refuse(world, assign(world, "lena", 1, MONA), ERR_FORBIDDEN, "assign_seat.member");
    world_refuse(world, assign(world, "stranger", 9, MONA), ERR_KEY_UNKNOWN, "key");
    world_destroy(&world);
}

static void test_adopt_rule(void **state)
{
    (void) state;
    struct world *world = world_founded();
    uint8_t hash[HASH_SIZE];

    world_create_body(world, "council", 1, 1, 0);
    world_create_body(world, "panel", 1, 1, 0);
    assert_int_equal(world_adopt(world, world_rule(world, "plain")), 1);
    assert_int_equal(world_adopt(world, world_rule(world, "other")), 2);
    Comity__V1__Rule *changed = world_rule(world, "plain");
    changed->rounds = 5;
    assert_int_equal(world_adopt(world, changed), 3);

    const Comity__V1__RuleVersion *version = world_row(world, TABLE_RULE, 3, 0);
    assert_int_equal(version->version, 2);
    assert_int_equal(version->n_bodies, 2);
    assert_int_equal(version->bodies[0], 1);
    assert_int_equal(version->bodies[1], 2);
    assert_int_equal(version->adopted_ms, world->context.time_ms);
    assert_int_equal(version->rule->rounds, 5);
    assert_int_equal(rule_hash(changed, world->arena, hash), 0);
    assert_memory_equal(version->hash.data, hash, HASH_SIZE);
    assert_int_equal(((Comity__V1__RuleVersion *) world_row(world, TABLE_RULE, 2, 0))->version, 1);
    ProtobufCMessage *row = NULL;
    assert_int_equal(state_get_by_name(&world->view, world->arena, TABLE_RULE, "plain", &row), 0);
    assert_int_equal(((Comity__V1__RuleVersion *) row)->number, 3);
    assert_int_equal(state_get_by_name(&world->view, world->arena, TABLE_RULE, "none", &row), ERR_NOT_FOUND);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_every_template_can_be_adopted(void **state)
{
    (void) state;
    struct world *world = world_founded();
    unsigned count = 0;

    world_create_body(world, "council", 1, 1, 0);
    for (const struct rule_template *template = rule_template_at(0); template;
         template = rule_template_at(++count))
        assert_int_equal(world_adopt(world, rule_template_rule(template, world->arena)), count + 1);
    assert_true(count > 0);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_adopt_rule_is_refused(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Rule *rule = world_rule(world, "plain");

    world_create_body(world, "council", 1, 1, 0);
    Comity__V1__Command *command = world_adopt_command(world, rule);
    command->n_cosigners = 0;
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.*");
    world_cosign(world, command, "lena", NULL);
    rule->rounds = 0;
    world_refuse(world, command, ERR_RANGE, "adopt_rule.rule.rounds");
    rule->rounds = 1;
    rule->tests[2]->denominator = 0;
    world_refuse(world, command, ERR_RULE, "adopt_rule.rule.tests[2].denominator");
    rule->tests[2]->denominator = 2;
    rule->visibility = COMITY__V1__VISIBILITY__VISIBILITY_SECRET;
    world_refuse(world, command, ERR_UNSUPPORTED, "adopt_rule.rule.visibility");
    rule->visibility = COMITY__V1__VISIBILITY__VISIBILITY_OPEN;
    world_accept(world, command);
    world_destroy(&world);
}

static void test_a_rule_is_for_bodies_that_there_are(void **state)
{
    (void) state;
    struct world *world = world_founded();
    uint32_t bodies[65];

    world_refuse(world, world_adopt_command(world, world_plain_rule(world)), ERR_MISSING,
                 "adopt_rule.bodies");
    world_create_body(world, "council", 1, 1, 0);
    world_create_body(world, "panel", 1, 1, 0);
    Comity__V1__Command *command = world_adopt_command(world, world_plain_rule(world));
    Comity__V1__AdoptRule *adopt = command->adopt_rule;

    adopt->bodies = bodies;
    adopt->n_bodies = 2;
    bodies[0] = 2;
    bodies[1] = 3;
    world_refuse(world, command, ERR_NOT_FOUND, "adopt_rule.bodies[1]");
    bodies[1] = 2;
    world_refuse(world, command, ERR_DUPLICATE, "adopt_rule.bodies[1]");
    bodies[0] = 0;
    world_refuse(world, command, ERR_MISSING, "adopt_rule.bodies[0]");
    for (uint32_t i = 0; i < ARRAY_COUNT(bodies); i++)
        bodies[i] = i + 1;
    adopt->n_bodies = 65;
    world_refuse(world, command, ERR_RANGE, "adopt_rule.bodies");
    assert_int_equal(world->refusal.limit, 64);
    adopt->n_bodies = 64;
    world_refuse(world, command, ERR_NOT_FOUND, "adopt_rule.bodies[2]");

    /* In the order given; each version has its own. */
    bodies[0] = 2;
    bodies[1] = 1;
    adopt->n_bodies = 2;
    world_accept(world, command);
    adopt->n_bodies = 1;
    world_accept(world, command);
    const Comity__V1__RuleVersion *version = world_row(world, TABLE_RULE, 1, 0);
    assert_int_equal(version->n_bodies, 2);
    assert_int_equal(version->bodies[0], 2);
    assert_int_equal(version->bodies[1], 1);
    version = world_row(world, TABLE_RULE, 2, 0);
    assert_int_equal(version->n_bodies, 1);
    assert_int_equal(version->bodies[0], 2);
    world_check_replay(world);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_body),
        cmocka_unit_test(test_assign_seat),
        cmocka_unit_test(test_assign_seat_is_refused),
        cmocka_unit_test(test_adopt_rule),
        cmocka_unit_test(test_every_template_can_be_adopted),
        cmocka_unit_test(test_adopt_rule_is_refused),
        cmocka_unit_test(test_a_rule_is_for_bodies_that_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
