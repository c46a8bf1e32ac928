/* Who belongs: invite, redeem, revoke_key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world.h"

#define DAY_MS ((int64_t) 24 * 3600 * 1000)

static Comity__V1__Office OFFICES[] = {COMITY__V1__OFFICE__OFFICE_ADVISER,
                                       COMITY__V1__OFFICE__OFFICE_OBSERVER};

static Comity__V1__Command *invite(struct world *world, const char *co_chair, const char *one_time)
{
    Comity__V1__Command *command = world_command(world, co_chair, COMITY__V1__COMMAND__BODY_INVITE);

    command->invite->key = world_key(world, one_time);
    command->invite->n_offices = 2;
    command->invite->offices = OFFICES;
    command->invite->expires_ms = world->context.time_ms + DAY_MS;
    return command;
}

static void test_invite_and_redeem(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command = invite(world, "luis", "once");
    const Comity__V1__Invitation *invitation = world_accept(world, command)->member_invited->invitation;
    ProtobufCMessage *row = NULL;

    assert_int_equal(invitation->constituency, LABOUR);
    assert_int_equal(invitation->invited_by, LUIS);
    assert_int_equal(invitation->member, 0);
    assert_int_equal(invitation->expires_ms, world->context.time_ms + DAY_MS);
    assert_int_equal(invitation->n_offices, 2);

    world->context.time_ms += DAY_MS - 1;
    const Comity__V1__Event *event = world_accept(world, world_redeem_command(world, "nell", "once"));
    const Comity__V1__InvitationRedeemed *redeemed = event->invitation_redeemed;
    assert_int_equal(event->actor, ODO + 1);
    assert_int_equal(redeemed->member->number, ODO + 1);
    assert_int_equal(redeemed->member->constituency, LABOUR);
    assert_memory_equal(redeemed->member->name->hash.data, command->invite->name->hash.data, HASH_SIZE);
    assert_int_equal(redeemed->member->since_ms, world->context.time_ms);
    assert_int_equal(redeemed->member->n_offices, 2);
    assert_int_equal(redeemed->key->added, 3);

    assert_int_equal(
        state_get_by_key(&world->view, world->arena, TABLE_INVITATION, world_key(world, "once").data, &row),
        0);
    assert_int_equal(((Comity__V1__Invitation *) row)->member, ODO + 1);
    Comity__V1__Member *nell = NULL;
    assert_int_equal(state_member_of_key(&world->view, world->arena, world_key(world, "nell").data, &nell),
                     0);
    assert_int_equal(nell->number, ODO + 1);
    assert_int_equal(state_member_of_key(&world->view, world->arena, world_key(world, "once").data, &nell),
                     ERR_KEY_UNKNOWN);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_invite_is_refused(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command = invite(world, "lars", "once");

    world_refuse(world, command, ERR_FORBIDDEN, "key");
    world_refuse(world, invite(world, "stranger", "once"), ERR_KEY_UNKNOWN, "key");

    command = invite(world, "lena", "once");
    command->invite->expires_ms = world->context.time_ms;
    world_refuse(world, command, ERR_RANGE, "invite.expires_ms");
    command->invite->expires_ms = world->context.time_ms + 90 * DAY_MS + 1;
    world_refuse(world, command, ERR_RANGE, "invite.expires_ms");
    command->invite->expires_ms = world->context.time_ms + 90 * DAY_MS;
    world_accept(world, command);

    world_refuse(world, invite(world, "mara", "once"), ERR_EXISTS, "invite.key");
    world_refuse(world, invite(world, "lena", "mona"), ERR_EXISTS, "invite.key");
    world_refuse(world, invite(world, "lena", "mrec"), ERR_EXISTS, "invite.key");
    command = invite(world, "lena", "twice");
    world_cosign(world, command, "luis", NULL);
    world_refuse(world, command, ERR_RANGE, "cosigners");
    world_destroy(&world);
}

static void test_redeem_is_refused(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command;

    world_accept(world, invite(world, "lena", "once"));
    world_accept(world, invite(world, "lena", "late"));
    world_accept(world, invite(world, "mara", "other"));

    world_refuse(world, world_redeem_command(world, "nell", "nothing"), ERR_INVITATION, "redeem.invitation");
    command = world_redeem_command(world, "nell", "once");
    command->n_cosigners = 0;
    world_refuse(world, command, ERR_COSIGNERS, "cosigners");
    command = world_redeem_command(world, "nell", "once");
    world_cosign(world, command, "lena", NULL);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners");
    command = world_redeem_command(world, "nell", "once");
    command->redeem->invitation = world_key(world, "other");
    world_refuse(world, command, ERR_COSIGNERS, "cosigners");

    /* A key that is somebody's is not a new one: a member's, another invitation's, one for recovery of the same
     * constituency. */
    world_refuse(world, world_redeem_command(world, "lars", "once"), ERR_EXISTS, "key");
    world_refuse(world, world_redeem_command(world, "late", "once"), ERR_EXISTS, "key");
    world_refuse(world, world_redeem_command(world, "mrec", "other"), ERR_EXISTS, "key");

    world_accept(world, world_redeem_command(world, "nell", "once"));
    world_refuse(world, world_redeem_command(world, "nina", "once"), ERR_INVITATION, "redeem.invitation");
    world->context.time_ms += DAY_MS;
    world_refuse(world, world_redeem_command(world, "nina", "late"), ERR_INVITATION, "redeem.invitation");
    world_destroy(&world);
}

static void test_revoke_key(void **state)
{
    (void) state;
    struct world *world = world_founded();
    ProtobufCMessage *row = NULL;
    Comity__V1__Member *member = NULL;

    /* By a co-chair of the same constituency, and by the member. */
    const Comity__V1__Event *event = world_accept(world, world_revoke_command(world, "luis", "lars"));
    assert_int_equal(event->key_revoked->member, LARS);
    assert_int_equal(event->actor, LUIS);
    world_accept(world, world_revoke_command(world, "mona", "mona"));
    assert_int_equal(
        state_get_by_key(&world->view, world->arena, TABLE_KEY, world_key(world, "mona").data, &row), 0);
    assert_int_equal(((Comity__V1__Key *) row)->revoked, 3);
    assert_int_equal(state_member_of_key(&world->view, world->arena, world_key(world, "mona").data, &member),
                     ERR_KEY_REVOKED);
    assert_true(world_has(world, TABLE_MEMBER, MONA, 0));

    world_refuse(world, world_revoke_command(world, "mona", "mona"), ERR_KEY_REVOKED, "key");
    world_refuse(world, world_revoke_command(world, "luis", "lars"), ERR_STATE, "revoke_key.key");
    world_refuse(world, world_revoke_command(world, "lena", "nobody"), ERR_NOT_FOUND, "revoke_key.key");
    world_refuse(world, world_revoke_command(world, "stranger", "nobody"), ERR_KEY_UNKNOWN, "key");
    /* Not by the other side, a facilitator, or a colleague. */
    world_refuse(world, world_revoke_command(world, "mara", "lena"), ERR_FORBIDDEN, "key");
    world_refuse(world, world_revoke_command(world, "cora", "lena"), ERR_FORBIDDEN, "key");
    world_refuse(world, world_revoke_command(world, "odo", "carl"), ERR_FORBIDDEN, "key");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_the_last_co_chair_stays(void **state)
{
    (void) state;
    struct world *world = world_founded();

    world_accept(world, world_revoke_command(world, "lena", "luis"));
    world_refuse(world, world_revoke_command(world, "lena", "lena"), ERR_LAST_CO_CHAIR, "revoke_key.key");
    /* Another one of the office makes room again. */
    Comity__V1__Command *command = invite(world, "lena", "once");
    static Comity__V1__Office co_chair[] = {COMITY__V1__OFFICE__OFFICE_CO_CHAIR};
    command->invite->n_offices = 1;
    command->invite->offices = co_chair;
    world_accept(world, command);
    world_accept(world, world_redeem_command(world, "nell", "once"));
    world_accept(world, world_revoke_command(world, "lena", "lena"));
    world_refuse(world, world_revoke_command(world, "nell", "nell"), ERR_LAST_CO_CHAIR, "revoke_key.key");
    /* A recovery key gives the office a key again. */
    world_accept(world, world_revoke_command(world, "mara", "mara"));
    world_check_replay(world);
    world_destroy(&world);
}

/* A stolen co-chair's key does not come back by what it invited before it was revoked. */
static void test_a_revoked_key_takes_its_invitations_with_it(void **state)
{
    (void) state;
    struct world *world = world_founded();

    world_accept(world, invite(world, "luis", "once"));
    world_accept(world, invite(world, "luis", "twice"));
    world_accept(world, invite(world, "lena", "hers"));
    world_accept(world, world_redeem_command(world, "nell", "twice"));
    world_accept(world, world_revoke_command(world, "lena", "luis"));
    world_refuse(world, world_redeem_command(world, "nina", "once"), ERR_INVITATION, "redeem.invitation");
    world_accept(world, world_redeem_command(world, "nina", "hers"));
    /* Who came by an invitation of his before stays. */
    assert_true(world_has(world, TABLE_MEMBER, ODO + 1, 0));
    world_check_replay(world);
    world_destroy(&world);
}

static void test_an_invitation_is_withdrawn(void **state)
{
    (void) state;
    struct world *world = world_founded();
    ProtobufCMessage *row = NULL;

    world_accept(world, invite(world, "luis", "once"));
    world_accept(world, invite(world, "luis", "used"));
    world_accept(world, world_redeem_command(world, "nell", "used"));
    world_refuse(world, world_revoke_command(world, "mara", "once"), ERR_FORBIDDEN, "key");
    world_refuse(world, world_revoke_command(world, "lars", "once"), ERR_FORBIDDEN, "key");
    world_refuse(world, world_revoke_command(world, "lena", "used"), ERR_STATE, "revoke_key.key");

    const Comity__V1__Event *event = world_accept(world, world_revoke_command(world, "lena", "once"));
    assert_int_equal(event->key_revoked->member, 0);
    assert_int_equal(
        state_get_by_key(&world->view, world->arena, TABLE_INVITATION, world_key(world, "once").data, &row),
        0);
    assert_int_equal(((Comity__V1__Invitation *) row)->revoked, 5);
    world_refuse(world, world_redeem_command(world, "nina", "once"), ERR_INVITATION, "redeem.invitation");
    world_refuse(world, world_revoke_command(world, "lena", "once"), ERR_STATE, "revoke_key.key");
    world_check_replay(world);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invite_and_redeem),       cmocka_unit_test(test_invite_is_refused),
        cmocka_unit_test(test_redeem_is_refused),       cmocka_unit_test(test_revoke_key),
        cmocka_unit_test(test_the_last_co_chair_stays),
        cmocka_unit_test(test_a_revoked_key_takes_its_invitations_with_it),
        cmocka_unit_test(test_an_invitation_is_withdrawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
