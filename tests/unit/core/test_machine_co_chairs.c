/* How many co-chairs sign for a constituency: Charter.co_chairs. In the standard history labour has lena and luis,
 * management mara alone, the convener, which is of no side, cora and carl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world_charter.h"

#define DAY_MS ((int64_t) 24 * 3600 * 1000)

/* As many co-chairs of labour, management and the convener; 0: not said. */
static Comity__V1__Charter *charter_of(struct world *world, uint32_t labour, uint32_t management, uint32_t convener)
{
    static const char *const NAMES[] = {"labour", "management", "convener"};
    const uint32_t counts[] = {labour, management, convener};
    Comity__V1__Charter *charter = world_charter(world);

    charter->co_chairs = world_alloc(world, 3 * sizeof(*charter->co_chairs));
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
        Comity__V1__CoChairsNeeded *needed = world_alloc(world, sizeof(*needed));
        comity__v1__co_chairs_needed__init(needed);
        needed->constituency = arena_string(world->arena, NAMES[i]);
        needed->count = counts[i];
        if (counts[i] != 0)
            charter->co_chairs[charter->n_co_chairs++] = needed;
    }
    return charter;
}

static struct world *world_asking(uint32_t labour, uint32_t management, uint32_t convener)
{
    struct world *world = world_founded();

    world_accept(world, world_charter_command(world, charter_of(world, labour, management, convener), 0));
    return world;
}

static Comity__V1__Command *invite(struct world *world, const char *signer, const char *once)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_INVITE);

    command->invite->key = world_key(world, once);
    command->invite->expires_ms = world->context.time_ms + DAY_MS;
    return command;
}

static Comity__V1__Command *add_key(struct world *world, const char *signer, const char *key)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_ADD_KEY);

    command->add_key->key = world_key(world, key);
    world_cosign(world, command, key, NULL);
    return command;
}

static void test_for_ones_own_constituency(void **state)
{
    (void) state;
    struct world *world = world_asking(2, 0, 0);
    Comity__V1__Command *command = invite(world, "lena", "once");

    world_refuse(world, command, ERR_COSIGNERS, "cosigners.labour");
    assert_int_equal(world->refusal.limit, 2);
    world_cosign(world, command, "mara", NULL); /* of the other side: no stand-in */
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.labour");
    world_cosign(world, command, "luis", NULL); /* nor beside those who are needed */
    world_refuse(world, command, ERR_FORBIDDEN, "cosigners");
    command = invite(world, "lena", "once");
    world_cosign(world, command, "lars", NULL);
    world_refuse(world, command, ERR_FORBIDDEN, "cosigners[0]");
    command = invite(world, "lena", "once");
    world_cosign(world, command, "stranger", NULL);
    world_refuse(world, command, ERR_KEY_UNKNOWN, "cosigners[0]");
    command = invite(world, "lars", "once");
    world_cosign(world, command, "lena", "luis", NULL);
    world_refuse(world, command, ERR_FORBIDDEN, "key");
    command = invite(world, "luis", "once");
    world_cosign(world, command, "lena", NULL);
    world_accept(world, command);
    /* Of a constituency that is not named one is enough, and another is not asked for. */
    world_accept(world, invite(world, "mara", "hers"));
    command = invite(world, "cora", "convener's");
    world_cosign(world, command, "carl", NULL);
    world_refuse(world, command, ERR_RANGE, "cosigners");
    world_check_replay(world);
    world_destroy(&world);
}

/* Two keys of one member are one signature. */
static void test_two_devices_are_one_co_chair(void **state)
{
    (void) state;
    struct world *world = world_asking(2, 0, 0);
    Comity__V1__Command *command;

    world_accept(world, add_key(world, "lena", "lena's tablet"));
    command = invite(world, "lena", "once");
    world_cosign(world, command, "lena's tablet", NULL);
    world_refuse(world, command, ERR_DUPLICATE, "cosigners[0]");
    command = world_add_site_command(world, "mara", "west");
    world_cosign(world, command, "lena", "lena's tablet", NULL);
    world_refuse(world, command, ERR_DUPLICATE, "cosigners[*");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_in_joint_acts(void **state)
{
    (void) state;
    struct world *world = world_asking(2, 5, 2);
    Comity__V1__Command *command = world_add_site_command(world, "mara", "west");

    world_refuse(world, command, ERR_COSIGNERS, "cosigners.labour");
    world_cosign(world, command, "lena", NULL);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.labour");
    world_cosign(world, command, "luis", NULL);
    world_accept(world, command); /* of management there is one alone */
    /* Who signs for a constituency of no side signs for it with as many as it needs. */
    command = world_add_site_command(world, "cora", "far-west");
    world_cosign(world, command, "mara", "lena", "luis", NULL);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.convener");
    world_cosign(world, command, "carl", NULL);
    world_accept(world, command);
    /* The next charter, too. */
    command = world_charter_command(world, charter_of(world, 0, 0, 0), 1);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.labour");
    world_cosign(world, command, "luis", NULL);
    world_accept(world, command);
    command = world_add_site_command(world, "mara", "east-end");
    world_cosign(world, command, "lena", NULL);
    world_accept(world, command);
    world_check_replay(world);
    world_destroy(&world);
}

/* Where there are fewer with a valid key than the charter asks for, all of them. */
static void test_fewer_than_asked_for(void **state)
{
    (void) state;
    struct world *world = world_asking(3, 0, 0);
    Comity__V1__Command *command = world_revoke_command(world, "lena", "luis");

    world_refuse(world, command, ERR_COSIGNERS, "cosigners.labour");
    assert_int_equal(world->refusal.limit, 2);
    world_accept(world, world_revoke_command(world, "luis", "luis")); /* one's own key needs nobody else */
    world_accept(world, invite(world, "lena", "once"));
    world_check_replay(world);
    world_destroy(&world);
}

/* One's own key, whoever one is, and a co-chair's colleague's. */
static void test_ones_own_key(void **state)
{
    (void) state;
    struct world *world = world_asking(2, 0, 0);
    Comity__V1__Command *command = world_revoke_command(world, "lena", "lena");

    world_cosign(world, command, "luis", NULL);
    world_refuse(world, command, ERR_RANGE, "cosigners"); /* nobody lends it a weight */
    world_accept(world, add_key(world, "lars", "phone"));
    world_accept(world, world_revoke_command(world, "lars", "lars"));
    world_refuse(world, world_revoke_command(world, "lena", "phone"), ERR_COSIGNERS, "cosigners.labour");
    command = world_revoke_command(world, "lena", "phone");
    world_cosign(world, command, "luis", NULL);
    world_accept(world, command);
    world_check_replay(world);
    world_destroy(&world);
}

/* The recovery key signs as well, and stands for nobody. */
static void test_set_recovery_key(void **state)
{
    (void) state;
    struct world *world = world_asking(2, 0, 0);
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY);

    command->set_recovery_key->key = world_key(world, "safe");
    world_cosign(world, command, "safe", NULL);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.labour");
    world_cosign(world, command, "luis", NULL);
    world_accept(world, command);
    command = world_command(world, "mara", COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY);
    command->set_recovery_key->key = world_key(world, "safe 2");
    world_cosign(world, command, "safe 2", "mona", NULL);
    world_refuse(world, command, ERR_RANGE, "cosigners");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_charter_names_who_is_there(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Charter *charter = charter_of(world, 2, 2, 0);

    charter->co_chairs[1]->constituency = arena_string(world->arena, "nowhere");
    world_refuse(world, world_charter_command(world, charter, 0), ERR_NOT_FOUND,
                 "adopt_charter.charter.co_chairs[1].constituency");
    world_destroy(&world);
}

/* After a restore, a key that is not on record: it is barred from the constituency by as many. */
static void test_a_lost_key_is_barred(void **state)
{
    (void) state;
    struct world *world = world_asking(2, 0, 0);
    Comity__V1__Command *command = world_revoke_command(world, "lena", "tablet");

    world_restore(world);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.labour");
    world_cosign(world, command, "luis", NULL);
    assert_int_equal(world_accept(world, command)->key_revoked->constituency, LABOUR);
    world_check_replay(world);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_for_ones_own_constituency), cmocka_unit_test(test_two_devices_are_one_co_chair),
        cmocka_unit_test(test_in_joint_acts),             cmocka_unit_test(test_fewer_than_asked_for),
        cmocka_unit_test(test_ones_own_key),              cmocka_unit_test(test_set_recovery_key),
        cmocka_unit_test(test_a_charter_names_who_is_there),
        cmocka_unit_test(test_a_lost_key_is_barred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
