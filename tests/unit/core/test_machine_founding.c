/* Founding a history, and what joins it by a joint act: constituencies and sites. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world.h"

static const Comity__V1__Office CO_CHAIR[] = {COMITY__V1__OFFICE__OFFICE_CO_CHAIR};

static void test_found_makes_the_whole_history(void **state)
{
    (void) state;
    struct world *world = world_new();
    Comity__V1__Command *command = world_found_command(world);
    const Comity__V1__PartnershipFounded *founded = world_accept(world, command)->partnership_founded;
    const Comity__V1__Event *event = world->events.list[0].open;

    assert_int_equal(world->events.count, 1);
    assert_int_equal(world->events.list[0].audience, COMITY__V1__AUDIENCE__AUDIENCE_ALL);
    assert_int_equal(event->actor, LENA);
    assert_int_equal(event->command_id.len, COMMAND_ID_SIZE);
    assert_memory_equal(event->actor_key.data, command->key.data, KEY_SIZE);
    assert_int_equal(founded->n_constituencies, 3);
    assert_int_equal(founded->n_sites, 3);
    assert_int_equal(founded->n_members, ODO);
    assert_int_equal(founded->n_keys, ODO);

    const Comity__V1__Partnership *partnership = world_row(world, TABLE_PARTNERSHIP, 0, 0);
    assert_string_equal(partnership->name, "works");
    assert_memory_equal(partnership->title->hash.data, command->found->title->hash.data, HASH_SIZE);
    assert_int_equal(partnership->epoch, 1);
    assert_int_equal(partnership->founded_ms, world->context.time_ms);
    assert_int_equal(partnership->n_epochs, 1);
    assert_int_equal(partnership->epochs[0]->number, 1);
    assert_memory_equal(partnership->epochs[0]->log_key.data, world->log_key, KEY_SIZE);

    const Comity__V1__Constituency *management = world_row(world, TABLE_CONSTITUENCY, MANAGEMENT, 0);
    assert_string_equal(management->name, "management");
    assert_string_equal(management->side, "management");
    assert_int_equal(management->kind, COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_EMPLOYER);
    assert_int_equal(management->standing, COMITY__V1__STANDING__STANDING_PARTY);
    assert_memory_equal(management->title->hash.data, command->found->constituencies[1]->title->hash.data,
                        HASH_SIZE);
    assert_int_equal(management->recovery_key.len, KEY_SIZE);
    const Comity__V1__Member *cora = world_row(world, TABLE_MEMBER, CORA, 0);
    assert_int_equal(cora->constituency, CONVENER);
    assert_memory_equal(cora->name->hash.data,
                        command->found->constituencies[2]->founders[0]->name->hash.data, HASH_SIZE);
    assert_int_equal(cora->since_ms, world->context.time_ms);
    assert_true(member_has_office(cora, COMITY__V1__OFFICE__OFFICE_FACILITATOR));
    assert_false(member_has_office(cora, COMITY__V1__OFFICE__OFFICE_RECORDER));

    ProtobufCMessage *row = NULL;
    assert_int_equal(
        state_get_by_key(&world->view, world->arena, TABLE_KEY, world_key(world, "mona").data, &row), 0);
    assert_int_equal(((Comity__V1__Key *) row)->member, MONA);
    assert_int_equal(((Comity__V1__Key *) row)->added, 1);
    assert_int_equal(state_get_by_name(&world->view, world->arena, TABLE_SITE, "south", &row), 0);
    assert_int_equal(((Comity__V1__Site *) row)->number, 2);
    assert_string_equal(((Comity__V1__Site *) row)->time_zone, "Europe/Vienna");
    assert_memory_equal(((Comity__V1__Site *) row)->title->hash.data,
                        command->found->sites[1]->title->hash.data, HASH_SIZE);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_found_is_refused(void **state)
{
    (void) state;
    struct world *world = world_new();
    Comity__V1__Command *command = world_found_command(world);

    /* Each of the founders has to sign, and nobody else. */
    command->n_cosigners--;
    world_refuse(world, command, ERR_COSIGNERS, "found.constituencies[*");
    command = world_found_command(world);
    world_cosign(world, command, "stranger", NULL);
    world_refuse(world, command, ERR_KEY_UNKNOWN, "cosigners[*");
    command = world_found_command(world);
    command->key = world_key(world, "stranger");
    world_cosign(world, command, "lena", NULL);
    world_refuse(world, command, ERR_FORBIDDEN, "key");

    /* A recovery key is a key of its own. */
    command = world_found_command(world);
    command->found->constituencies[1]->recovery_key = world_key(world, "lena");
    world_refuse(world, command, ERR_DUPLICATE, "found.constituencies[1].recovery_key");
    command = world_found_command(world);
    command->found->constituencies[0]->recovery_key = world_key(world, "mrec");
    world_refuse(world, command, ERR_DUPLICATE, "found.constituencies[1].recovery_key");
    command = world_found_command(world);
    command->found->constituencies[2]->founders[0]->key = world_key(world, "lena");
    world_refuse(world, command, ERR_DUPLICATE, "found.constituencies[2]*");

    /* A side whose support counts; two co-chairs, or one and a recovery key; names once. */
    command = world_found_command(world);
    for (size_t i = 0; i < 3; i++)
        command->found->constituencies[i]->standing = COMITY__V1__STANDING__STANDING_NEUTRAL;
    world_refuse(world, command, ERR_MISSING, "found.constituencies");
    command = world_found_command(world);
    command->found->constituencies[1]->recovery_key.len = 0;
    world_refuse(world, command, ERR_MISSING, "found.constituencies[1].recovery_key");
    command = world_found_command(world);
    command->found->constituencies[2]->name = command->found->constituencies[0]->name;
    world_refuse(world, command, ERR_DUPLICATE, "found.constituencies[2].name");
    command = world_found_command(world);
    command->found->sites[2]->name = command->found->sites[0]->name;
    world_refuse(world, command, ERR_DUPLICATE, "found.sites[2].name");

    world_accept(world, world_found_command(world));
    world_refuse(world, world_found_command(world), ERR_EXISTS, "history");
    world_destroy(&world);
}

static void test_nothing_happens_before_the_founding(void **state)
{
    (void) state;
    struct world *world = world_new();
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_OPEN_SESSION);
    struct machine_events events;
    int64_t due_ms = 1;

    command->open_session->session = 1;
    world_refuse(world, command, ERR_HISTORY, "history");
    assert_int_equal(machine_due(&world->view, &world->context, world->arena, &events), 0);
    assert_int_equal(events.count, 0);
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    assert_int_equal(due_ms, 0);
    world_destroy(&world);
}

static void test_time_of_validity(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command =
        world_command(world, "stranger", COMITY__V1__COMMAND__BODY_CONVENE_SESSION);

    command->convene_session->body = 1;
    command->convene_session->starts_ms = 1;
    command->valid_until_ms = world->context.time_ms - 1;
    world_refuse(world, command, ERR_VALIDITY, "valid_until_ms");
    command->valid_until_ms = world->context.time_ms + VALIDITY_MAX_MS + 1;
    world_refuse(world, command, ERR_VALIDITY, "valid_until_ms");
    command->valid_until_ms = INT64_MAX;
    world_refuse(world, command, ERR_VALIDITY, "valid_until_ms");
    command->valid_until_ms = world->context.time_ms;
    world_refuse(world, command, ERR_KEY_UNKNOWN, "key");
    command->valid_until_ms = world->context.time_ms + VALIDITY_MAX_MS;
    world_refuse(world, command, ERR_KEY_UNKNOWN, "key");
    world_destroy(&world);
}

static Comity__V1__Command *admit(struct world *world, const char *name)
{
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY);
    Comity__V1__NewConstituency *made = arena_alloc(world->arena, sizeof(*made));

    comity__v1__new_constituency__init(made);
    made->name = arena_string(world->arena, name);
    made->side = arena_string(world->arena, "workers");
    made->kind = COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_WORKER;
    made->standing = COMITY__V1__STANDING__STANDING_PARTY;
    made->title = world_text(world);
    made->n_founders = 2;
    made->founders = arena_alloc(world->arena, 2 * sizeof(*made->founders));
    made->founders[0] = world_founder(world, "tess", CO_CHAIR, 1);
    made->founders[1] = world_founder(world, "theo", CO_CHAIR, 1);
    command->admit_constituency->constituency = made;
    return command;
}

#define ADMITTED "admit_constituency.constituency"

static void test_admit_constituency(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command = admit(world, "trades");

    world_cosign(world, command, "mara", "tess", "theo", NULL);
    const Comity__V1__ConstituencyAdmitted *admitted = world_accept(world, command)->constituency_admitted;
    assert_int_equal(admitted->constituency->number, 4);
    assert_string_equal(admitted->constituency->side, "workers");
    assert_int_equal(admitted->members[1]->number, ODO + 2);
    assert_int_equal(admitted->members[1]->constituency, 4);
    assert_int_equal(((Comity__V1__Member *) world_row(world, TABLE_MEMBER, ODO + 1, 0))->constituency, 4);

    /* The new PARTY has a say in the next joint act at once. */
    Comity__V1__Command *next = world_command(world, "lena", COMITY__V1__COMMAND__BODY_CREATE_BODY);
    Comity__V1__SeatGroup group = COMITY__V1__SEAT_GROUP__INIT;
    Comity__V1__SeatGroup *groups[] = {&group};
    group.constituency = arena_string(world->arena, "trades");
    group.count = 1;
    next->create_body->name = arena_string(world->arena, "council");
    next->create_body->n_seats = 1;
    next->create_body->seats = groups;
    world_cosign(world, next, "mara", NULL);
    world_refuse(world, next, ERR_COSIGNERS, "cosigners.*");
    world_cosign(world, next, "theo", NULL);
    world_accept(world, next);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_admit_constituency_is_refused(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command = admit(world, "trades");

    world_refuse(world, command, ERR_COSIGNERS, "cosigners.*");
    world_cosign(world, command, "mara", "tess", NULL);
    world_refuse(world, command, ERR_COSIGNERS, ADMITTED ".founders[1].key");
    world_cosign(world, command, "theo", "stranger", NULL);
    world_refuse(world, command, ERR_KEY_UNKNOWN, "cosigners[*");

    command = admit(world, "labour");
    world_cosign(world, command, "mara", "tess", "theo", NULL);
    world_refuse(world, command, ERR_EXISTS, ADMITTED ".name");

    /* Keys that somebody has: a member's, an invitation's, one for recovery. */
    command = admit(world, "trades");
    command->admit_constituency->constituency->founders[1] = world_founder(world, "luis", CO_CHAIR, 1);
    world_cosign(world, command, "mara", "tess", "luis", NULL);
    world_refuse(world, command, ERR_EXISTS, ADMITTED ".founders[1].key");
    command = admit(world, "trades");
    command->admit_constituency->constituency->founders[1] = world_founder(world, "mrec", CO_CHAIR, 1);
    world_cosign(world, command, "mara", "tess", "mrec", NULL);
    world_refuse(world, command, ERR_EXISTS, ADMITTED ".founders[1].key");
    command = admit(world, "trades");
    command->admit_constituency->constituency->recovery_key = world_key(world, "mara");
    world_cosign(world, command, "mara", "tess", "theo", NULL);
    world_refuse(world, command, ERR_EXISTS, ADMITTED ".recovery_key");
    command->admit_constituency->constituency->recovery_key = world_key(world, "tess");
    world_refuse(world, command, ERR_DUPLICATE, ADMITTED ".recovery_key");

    command = admit(world, "trades");
    command->admit_constituency->constituency->founders[1] = world_founder(world, "theo", NULL, 0);
    world_cosign(world, command, "mara", "tess", "theo", NULL);
    world_refuse(world, command, ERR_MISSING, ADMITTED ".recovery_key");
    world_destroy(&world);
}

static void test_there_are_64_constituencies_at_most(void **state)
{
    (void) state;
    struct world *world = world_founded();

    for (unsigned i = 4; i <= 65; i++) {
        Comity__V1__Command *command = admit(world, arena_printf(world->arena, "trades-%u", i));
        Comity__V1__NewConstituency *made = command->admit_constituency->constituency;
        char *first = arena_printf(world->arena, "first %u", i);
        char *second = arena_printf(world->arena, "second %u", i);

        made->standing = COMITY__V1__STANDING__STANDING_NEUTRAL;
        made->founders[0] = world_founder(world, first, CO_CHAIR, 1);
        made->founders[1] = world_founder(world, second, CO_CHAIR, 1);
        world_cosign(world, command, "mara", first, second, NULL);
        if (i <= 64) {
            world_accept(world, command);
        } else {
            world_refuse(world, command, ERR_LIMIT, ADMITTED);
            assert_int_equal(world->refusal.limit, 64);
        }
    }
    world_destroy(&world);
}

static void test_add_site(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command = world_add_site_command(world, "mara", "west");

    world_refuse(world, command, ERR_COSIGNERS, "cosigners.*");
    world_cosign(world, command, "luis", NULL);
    assert_int_equal(world_accept(world, command)->site_added->site->number, 4);
    assert_string_equal(((Comity__V1__Site *) world_row(world, TABLE_SITE, 4, 0))->name, "west");
    world_refuse(world, command, ERR_EXISTS, "add_site.site.name");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_who_may_sign_a_joint_act(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command = world_add_site_command(world, "mara", "west");

    /* A member without the office, though every party signs. */
    command->key = world_key(world, "lars");
    world_cosign(world, command, "lena", "mara", NULL);
    world_refuse(world, command, ERR_FORBIDDEN, "key");
    command = world_add_site_command(world, "mara", "west");
    world_cosign(world, command, "lars", "lena", NULL);
    world_refuse(world, command, ERR_FORBIDDEN, "cosigners[*");
    command = world_add_site_command(world, "mara", "west");
    world_cosign(world, command, "lena", "stranger", NULL);
    world_refuse(world, command, ERR_KEY_UNKNOWN, "cosigners[*");

    /* A neutral co-chair may bring it in: each PARTY has to sign all the same. */
    command = world_add_site_command(world, "mara", "west");
    command->key = world_key(world, "cora");
    world_cosign(world, command, "mara", NULL);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.*");
    world_cosign(world, command, "lena", NULL);
    world_accept(world, command);

    /* A revoked key signs nothing more, as signer or as cosigner. */
    Comity__V1__Command *revoke = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REVOKE_KEY);
    revoke->revoke_key->key = world_key(world, "luis");
    world_accept(world, revoke);
    command = world_add_site_command(world, "mara", "far-west");
    world_cosign(world, command, "luis", NULL);
    world_refuse(world, command, ERR_KEY_REVOKED, "cosigners[0]");
    command->key = world_key(world, "luis");
    world_refuse(world, command, ERR_DUPLICATE, "cosigners[0]");
    command->n_cosigners = 0;
    world_refuse(world, command, ERR_KEY_REVOKED, "key");
    world_destroy(&world);
}

static void check_undecided(struct world *world, const Comity__V1__Command *body, int code, const char *field)
{
    struct command command = {.body = body};
    struct machine_events events;
    struct refusal refusal;

    assert_int_equal(machine_decide(&world->view, &command, &world->context, world->arena, &events, &refusal),
                     code);
    assert_string_equal(refusal.field, field);
}

/* What the command's form rules out is not trusted where it would harm. */
static void test_what_the_form_should_have_caught(void **state)
{
    (void) state;
    struct world *empty = world_new();
    struct world *world = world_founded();
    Comity__V1__Command *found = world_found_command(empty);
    Comity__V1__Command *site = world_add_site_command(world, "mara", "west");
    ProtobufCBinaryData many[COSIGNERS_MAX + 1];

    for (size_t i = 0; i < ARRAY_COUNT(many); i++)
        many[i] = world_key(world, "mara");
    found->cosigners = site->cosigners = many;
    found->n_cosigners = site->n_cosigners = ARRAY_COUNT(many);
    check_undecided(empty, found, ERR_RANGE, "cosigners");
    check_undecided(world, site, ERR_RANGE, "cosigners");
    site->body_case = COMITY__V1__COMMAND__BODY__NOT_SET;
    check_undecided(world, site, ERR_MISSING, "body");
    world_destroy(&empty);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_makes_the_whole_history),
        cmocka_unit_test(test_found_is_refused),
        cmocka_unit_test(test_nothing_happens_before_the_founding),
        cmocka_unit_test(test_time_of_validity),
        cmocka_unit_test(test_admit_constituency),
        cmocka_unit_test(test_admit_constituency_is_refused),
        cmocka_unit_test(test_there_are_64_constituencies_at_most),
        cmocka_unit_test(test_add_site),
        cmocka_unit_test(test_who_may_sign_a_joint_act),
        cmocka_unit_test(test_what_the_form_should_have_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
