/* Keys that change, and witnesses: add_key, invitations back, recover_co_chair, set_recovery_key, appoint_witness,
 * dismiss_witness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/error.h"
#include "tests/support/world_rounds.h"

#define DAY_MS ((int64_t) 24 * 3600 * 1000)

static Comity__V1__Command *add(struct world *world, const char *signer, const char *key, const char *replaces)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_ADD_KEY);

    command->add_key->key = world_key(world, key);
    if (replaces)
        command->add_key->replaces = world_key(world, replaces);
    world_cosign(world, command, key, NULL);
    return command;
}

static Comity__V1__Command *invite_back(struct world *world, const char *co_chair, uint32_t member, const char *once)
{
    Comity__V1__Command *command = world_command(world, co_chair, COMITY__V1__COMMAND__BODY_INVITE);

    command->invite->key = world_key(world, once);
    command->invite->name = NULL;
    command->invite->member = member;
    command->invite->expires_ms = world->context.time_ms + DAY_MS;
    return command;
}

static Comity__V1__Command *recover(struct world *world, const char *signer, uint32_t member, const char *key)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR);

    command->recover_co_chair->member = member;
    command->recover_co_chair->key = world_key(world, key);
    world_cosign(world, command, key, NULL);
    return command;
}

static Comity__V1__Command *set_recovery(struct world *world, const char *signer, const char *key)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY);

    command->set_recovery_key->key = world_key(world, key);
    world_cosign(world, command, key, NULL);
    return command;
}

static Comity__V1__Command *appoint(struct world *world, const char *signer, const char *name, const char *key)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_APPOINT_WITNESS);

    command->appoint_witness->name = arena_string(world->arena, name);
    command->appoint_witness->key = world_key(world, key);
    return command;
}

static Comity__V1__Command *dismiss(struct world *world, const char *signer, uint32_t witness)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_DISMISS_WITNESS);

    command->dismiss_witness->witness = witness;
    return command;
}

/* The member whose key it is; 0: of nobody, or revoked. */
static uint32_t member_of(struct world *world, const char *key)
{
    Comity__V1__Member *member = NULL;

    return state_member_of_key(&world->view, world->arena, world_key(world, key).data, &member) == 0 ? member->number
                                                                                                  : 0;
}

static void test_a_further_device(void **state)
{
    (void) state;
    struct world *world = world_founded();
    const Comity__V1__Event *event = world_accept(world, add(world, "lars", "tablet", NULL));

    assert_int_equal(event->actor, LARS);
    assert_int_equal(event->key_added->key->member, LARS);
    assert_int_equal(event->key_added->key->added, 2);
    assert_int_equal(event->key_added->n_revoked, 0);
    assert_int_equal(event->key_added->invitation.len, 0);
    assert_int_equal(member_of(world, "lars"), LARS);
    assert_int_equal(member_of(world, "tablet"), LARS);
    /* Either adds the next; at most 8 are valid. */
    for (unsigned i = 3; i <= 8; i++) {
        char name[16];
        snprintf(name, sizeof(name), "device %u", i);
        world_accept(world, add(world, i % 2 ? "tablet" : "lars", name, NULL));
    }
    world_refuse(world, add(world, "lars", "ninth", NULL), ERR_LIMIT, "add_key.key");
    world_accept(world, add(world, "lars", "ninth", "device 5"));
    assert_int_equal(member_of(world, "device 5"), 0);
    world_accept(world, world_revoke_command(world, "lena", "tablet"));
    world_accept(world, add(world, "lars", "tenth", NULL));
    world_check_replay(world);
    world_destroy(&world);
}

static void test_one_key_in_place_of_another(void **state)
{
    (void) state;
    struct world *world = world_founded();
    /* The last co-chair's, too: the office is never without a key. */
    const Comity__V1__Event *event = world_accept(world, add(world, "mara", "mara 2", "mara"));

    assert_int_equal(event->key_added->n_revoked, 1);
    assert_memory_equal(event->key_added->revoked[0].data, world_key(world, "mara").data, KEY_SIZE);
    assert_int_equal(member_of(world, "mara"), 0);
    assert_int_equal(member_of(world, "mara 2"), MARA);
    world_refuse(world, add(world, "mara", "mara 3", NULL), ERR_KEY_REVOKED, "key");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_add_key_is_refused(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command = add(world, "lars", "tablet", NULL);

    command->n_cosigners = 0;
    world_refuse(world, command, ERR_COSIGNERS, "cosigners");
    world_cosign(world, command, "luis", NULL);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners");
    world_cosign(world, command, "tablet", NULL); /* nobody lends it a weight */
    world_refuse(world, command, ERR_COSIGNERS, "cosigners");
    world_refuse(world, add(world, "stranger", "tablet", NULL), ERR_KEY_UNKNOWN, "key");
    world_refuse(world, add(world, "mrec", "tablet", NULL), ERR_KEY_UNKNOWN, "key");
    /* Somebody's key already: a member's, for recovery, a witness's, an invitation's, one that was revoked. */
    world_accept(world, appoint(world, "lena", "owl", "owl"));
    world_accept(world, invite_back(world, "lena", LARS, "once"));
    world_accept(world, world_revoke_command(world, "lena", "luis"));
    static const char *const TAKEN[] = {"mona", "mrec", "owl", "once", "luis"};
    for (size_t i = 0; i < ARRAY_COUNT(TAKEN); i++)
        world_refuse(world, add(world, "lars", TAKEN[i], NULL), ERR_EXISTS, "add_key.key");
    world_refuse(world, add(world, "lars", "tablet", "nobody"), ERR_NOT_FOUND, "add_key.replaces");
    world_refuse(world, add(world, "lena", "tablet", "lars"), ERR_FORBIDDEN, "add_key.replaces");
    world_refuse(world, add(world, "lars", "tablet", "mona"), ERR_FORBIDDEN, "add_key.replaces");
    world_accept(world, add(world, "lars", "tablet", "lars"));
    world_refuse(world, add(world, "tablet", "phone", "lars"), ERR_STATE, "add_key.replaces");
    world_destroy(&world);
}

static void test_recovered_by_ones_own(void **state)
{
    (void) state;
    struct world *world = world_founded();
    ProtobufCMessage *row = NULL;

    world_accept(world, add(world, "lars", "tablet", NULL));
    const Comity__V1__Invitation *invitation =
        world_accept(world, invite_back(world, "lena", LARS, "once"))->member_invited->invitation;
    assert_int_equal(invitation->recovers, LARS);
    assert_int_equal(invitation->member, 0);
    assert_null(invitation->name);

    const Comity__V1__Event *event = world_accept(world, world_redeem_command(world, "lars 2", "once"));
    assert_int_equal(event->actor, LARS);
    assert_int_equal(event->key_added->n_revoked, 2);
    assert_memory_equal(event->key_added->invitation.data, world_key(world, "once").data, KEY_SIZE);
    assert_int_equal(member_of(world, "lars"), 0);
    assert_int_equal(member_of(world, "tablet"), 0);
    assert_int_equal(member_of(world, "lars 2"), LARS);
    assert_int_equal(
        state_get_by_key(&world->view, world->arena, TABLE_INVITATION, world_key(world, "once").data, &row), 0);
    assert_int_equal(((Comity__V1__Invitation *) row)->member, LARS);
    world_refuse(world, world_redeem_command(world, "lars 3", "once"), ERR_INVITATION, "redeem.invitation");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_an_invitation_back_is_refused(void **state)
{
    (void) state;
    struct world *world = world_founded();

    /* Not by the other side, a facilitator, a colleague, or oneself. */
    world_refuse(world, invite_back(world, "mara", LARS, "once"), ERR_FORBIDDEN, "invite.member");
    world_refuse(world, invite_back(world, "cora", LARS, "once"), ERR_FORBIDDEN, "invite.member");
    world_refuse(world, invite_back(world, "lars", LARS, "once"), ERR_FORBIDDEN, "key");
    world_refuse(world, invite_back(world, "mona", MARA, "once"), ERR_FORBIDDEN, "key");
    world_refuse(world, invite_back(world, "lena", 77, "once"), ERR_NOT_FOUND, "invite.member");
    world_refuse(world, invite_back(world, "lena", LARS, "mrec"), ERR_EXISTS, "invite.key");
    /* A stolen key does not come back by what it signed, nor takes others' away. */
    world_accept(world, invite_back(world, "luis", LENA, "thief"));
    world_accept(world, invite_back(world, "luis", LUIS, "himself"));
    world_accept(world, world_revoke_command(world, "lena", "luis"));
    world_refuse(world, world_redeem_command(world, "nell", "thief"), ERR_INVITATION, "redeem.invitation");
    world_refuse(world, world_redeem_command(world, "nell", "himself"), ERR_INVITATION, "redeem.invitation");
    world_accept(world, invite_back(world, "lena", LUIS, "hers"));
    world_refuse(world, world_redeem_command(world, "mona", "hers"), ERR_EXISTS, "key");
    world_refuse(world, world_redeem_command(world, "luis", "hers"), ERR_EXISTS, "key");
    world_accept(world, world_redeem_command(world, "luis 2", "hers"));
    world_check_replay(world);
    world_destroy(&world);
}

static const Comity__V1__Invitation *invitation_of(struct world *world, const char *once)
{
    ProtobufCMessage *row = NULL;

    assert_int_equal(state_get_by_key(&world->view, world->arena, TABLE_INVITATION, world_key(world, once).data, &row), 0);
    return (const Comity__V1__Invitation *) row;
}

/* Of several invitations back the first that is redeemed is the last: one that was forgotten takes nobody's place later. */
static void test_of_several_invitations_back_one_is_good(void **state)
{
    (void) state;
    struct world *world = world_founded();

    world_accept(world, invite_back(world, "lena", LARS, "forgotten"));
    world_accept(world, invite_back(world, "luis", LARS, "in time"));
    world_accept(world, invite_back(world, "luis", LUIS, "another's"));
    world_accept(world, invite_back(world, "lena", LARS, "withdrawn"));
    world_accept(world, world_revoke_command(world, "lena", "withdrawn"));
    uint64_t sequence = world->context.next_sequence;
    const Comity__V1__Event *event = world_accept(world, world_redeem_command(world, "lars 2", "in time"));
    assert_int_equal(event->key_added->n_withdrawn, 1);
    assert_memory_equal(event->key_added->withdrawn[0].data, world_key(world, "forgotten").data, KEY_SIZE);
    assert_int_equal(invitation_of(world, "forgotten")->revoked, sequence);
    assert_int_equal(invitation_of(world, "forgotten")->member, 0);
    assert_int_equal(invitation_of(world, "in time")->revoked, 0);
    assert_int_equal(invitation_of(world, "another's")->revoked, 0);
    world_refuse(world, world_redeem_command(world, "thief", "forgotten"), ERR_INVITATION, "redeem.invitation");
    assert_int_equal(member_of(world, "lars 2"), LARS);
    /* What comes after is another matter; a further device takes nothing away. */
    world_accept(world, invite_back(world, "lena", LARS, "later"));
    assert_int_equal(world_accept(world, add(world, "lars 2", "tablet", NULL))->key_added->n_withdrawn, 0);
    world_accept(world, world_redeem_command(world, "lars 3", "later"));
    world_check_replay(world);
    world_destroy(&world);
}

static void test_the_recovery_key_ends_invitations_back(void **state)
{
    (void) state;
    struct world *world = world_founded();

    world_accept(world, set_recovery(world, "lena", "safe"));
    world_accept(world, invite_back(world, "luis", LENA, "forgotten"));
    const Comity__V1__Event *event = world_accept(world, recover(world, "safe", LENA, "lena 2"));
    assert_int_equal(event->key_added->n_withdrawn, 1);
    assert_int_equal(event->key_added->invitation.len, 0);
    world_refuse(world, world_redeem_command(world, "thief", "forgotten"), ERR_INVITATION, "redeem.invitation");
    world_check_replay(world);
    world_destroy(&world);
}

/* However many keys and invitations a history has: what one side brings in keeps nobody of the other from coming back. */
static void test_many_rows_keep_nobody_out(void **state)
{
    (void) state;
    enum { MANY = 400, ROOM_BYTES = 64 * 1024 };
    struct world *world = world_founded();
    char name[24], last[24] = "lena";

    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "lena %u", i);
        world_accept(world, add(world, last, name, last));
        memcpy(last, name, sizeof(last));
        snprintf(name, sizeof(name), "once %u", i);
        world_accept(world, invite_back(world, last, LARS, name));
        world_accept(world, world_revoke_command(world, last, name));
    }
    struct arena *arena = arena_new(ROOM_BYTES);
    struct command command = {.body = recover(world, "mrec", MARA, "mara 2")};
    struct machine_events events;
    struct refusal refusal = {0};
    assert_int_equal(machine_decide(&world->view, &command, &world->context, arena, &events, &refusal), 0);
    command.body = world_revoke_command(world, "mara", "mona");
    arena_reset(arena);
    assert_int_equal(machine_decide(&world->view, &command, &world->context, arena, &events, &refusal), 0);
    arena_destroy(&arena);
    world_destroy(&world);
}

/* So that the event that names them stays small; those that are void already do not count. */
static void test_few_invitations_back_are_open(void **state)
{
    (void) state;
    struct world *world = world_founded();
    char name[16];

    for (unsigned i = 1; i <= 8; i++) {
        snprintf(name, sizeof(name), "once %u", i);
        world_accept(world, invite_back(world, i == 1 ? "lena" : "luis", LARS, name));
    }
    world_refuse(world, invite_back(world, "lena", LARS, "once 9"), ERR_LIMIT, "invite.member");
    world_accept(world, invite_back(world, "lena", LUIS, "of another"));
    world_accept(world, world_revoke_command(world, "lena", "luis")); /* 7 of them with it */
    world_accept(world, invite_back(world, "lena", LARS, "once 9"));
    assert_int_equal(world_accept(world, world_redeem_command(world, "lars 2", "once 9"))->key_added->n_withdrawn, 1);
    world_check_replay(world);
    world_destroy(&world);
}

/* Who facilitates or keeps the record serves all: no side gives their key to another alone. */
static void test_joint_offices_are_recovered_jointly(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command = invite_back(world, "carl", ODO, "once");

    world_refuse(world, command, ERR_COSIGNERS, "cosigners.labour");
    world_cosign(world, command, "lena", "mara", NULL);
    world_accept(world, command);
    /* Nor a PARTY the member of another. */
    command = invite_back(world, "lena", CORA, "twice");
    world_cosign(world, command, "mara", "carl", NULL);
    world_refuse(world, command, ERR_FORBIDDEN, "invite.member");
    world_accept(world, world_redeem_command(world, "odo 2", "once"));
    assert_int_equal(member_of(world, "odo 2"), ODO);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_recovered_by_the_recovery_key(void **state)
{
    (void) state;
    struct world *world = world_founded();

    world_refuse(world, recover(world, "stranger", MARA, "mara 2"), ERR_KEY_UNKNOWN, "key");
    world_refuse(world, recover(world, "mara", MARA, "mara 2"), ERR_FORBIDDEN, "key");
    world_refuse(world, recover(world, "mrec", LENA, "mara 2"), ERR_FORBIDDEN, "key");
    world_refuse(world, recover(world, "mrec", MONA, "mona 2"), ERR_FORBIDDEN, "recover_co_chair.member");
    world_refuse(world, recover(world, "mrec", 77, "mona 2"), ERR_NOT_FOUND, "recover_co_chair.member");
    world_refuse(world, recover(world, "mrec", MARA, "mona"), ERR_EXISTS, "recover_co_chair.key");
    Comity__V1__Command *command = recover(world, "mrec", MARA, "mara 2");
    command->n_cosigners = 0;
    world_refuse(world, command, ERR_COSIGNERS, "cosigners");
    /* It gives a key, and nothing else. */
    world_refuse(world, world_revoke_command(world, "mrec", "mara"), ERR_KEY_UNKNOWN, "key");
    world_refuse(world, appoint(world, "mrec", "owl", "owl"), ERR_KEY_UNKNOWN, "key");

    const Comity__V1__Event *event = world_accept(world, recover(world, "mrec", MARA, "mara 2"));
    assert_int_equal(event->actor, MARA);
    assert_memory_equal(event->actor_key.data, world_key(world, "mrec").data, KEY_SIZE);
    assert_int_equal(event->key_added->n_revoked, 1);
    assert_int_equal(member_of(world, "mara"), 0);
    assert_int_equal(member_of(world, "mara 2"), MARA);
    /* The last co-chair's key can be revoked: the constituency is not shut out for good. */
    world_accept(world, world_revoke_command(world, "mara 2", "mara 2"));
    event = world_accept(world, recover(world, "mrec", MARA, "mara 3"));
    assert_int_equal(event->key_added->n_revoked, 0);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_set_recovery_key(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *command = set_recovery(world, "lena", "safe");

    command->n_cosigners = 0;
    world_refuse(world, command, ERR_COSIGNERS, "cosigners");
    world_refuse(world, set_recovery(world, "lars", "safe"), ERR_FORBIDDEN, "key");
    world_refuse(world, set_recovery(world, "mrec", "safe"), ERR_KEY_UNKNOWN, "key");
    world_refuse(world, set_recovery(world, "lena", "mrec"), ERR_EXISTS, "set_recovery_key.key");
    const Comity__V1__Event *event = world_accept(world, set_recovery(world, "lena", "safe"));
    assert_int_equal(event->recovery_key_set->constituency, LABOUR);
    world_accept(world, recover(world, "safe", LUIS, "luis 2"));
    /* The one before is nobody's any more. */
    world_accept(world, set_recovery(world, "lena", "safer"));
    world_refuse(world, recover(world, "safe", LUIS, "luis 3"), ERR_KEY_UNKNOWN, "key");
    world_accept(world, recover(world, "safer", LUIS, "luis 3"));
    world_refuse(world, set_recovery(world, "mara", "safe"), ERR_EXISTS, "set_recovery_key.key");
    world_refuse(world, add(world, "lena", "safe", NULL), ERR_EXISTS, "add_key.key");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_witnesses(void **state)
{
    (void) state;
    struct world *world = world_founded();
    const Comity__V1__Witness *witness =
        world_accept(world, appoint(world, "lena", "owl", "owl"))->witness_appointed->witness;
    Comity__V1__Witness *found = NULL;

    assert_int_equal(witness->number, 1);
    assert_int_equal(witness->constituency, LABOUR);
    assert_int_equal(witness->appointed, 2);
    assert_int_equal(state_witness_of_key(&world->view, world->arena, world_key(world, "owl").data, &found), 0);
    assert_int_equal(found->number, 1);
    assert_int_equal(state_witness_of_key(&world->view, world->arena, world_key(world, "lena").data, &found),
                     ERR_KEY_UNKNOWN);
    world_refuse(world, appoint(world, "mara", "owl", "owl 2"), ERR_EXISTS, "appoint_witness.name");
    world_refuse(world, appoint(world, "lena", "hawk", "owl"), ERR_EXISTS, "appoint_witness.key");
    world_refuse(world, appoint(world, "mara", "hawk", "mona"), ERR_EXISTS, "appoint_witness.key");
    world_refuse(world, appoint(world, "lena", "hawk", "mrec"), ERR_EXISTS, "appoint_witness.key");
    world_refuse(world, appoint(world, "lars", "hawk", "hawk"), ERR_FORBIDDEN, "key");
    world_refuse(world, dismiss(world, "mara", 1), ERR_FORBIDDEN, "key");
    world_refuse(world, dismiss(world, "lena", 2), ERR_NOT_FOUND, "dismiss_witness.witness");
    world_accept(world, dismiss(world, "luis", 1));
    assert_int_equal(((Comity__V1__Witness *) world_row(world, TABLE_WITNESS, 1, 0))->dismissed, 3);
    assert_int_equal(state_witness_of_key(&world->view, world->arena, world_key(world, "owl").data, &found),
                     ERR_KEY_REVOKED);
    world_refuse(world, dismiss(world, "lena", 1), ERR_STATE, "dismiss_witness.witness");
    /* Its name is never another's, and its key not in its constituency. */
    world_refuse(world, appoint(world, "lena", "owl", "owl 2"), ERR_EXISTS, "appoint_witness.name");
    world_refuse(world, appoint(world, "lena", "hawk", "owl"), ERR_EXISTS, "appoint_witness.key");
    for (unsigned i = 0; i < 8; i++) {
        char name[16];
        snprintf(name, sizeof(name), "watch-%u", i);
        world_accept(world, appoint(world, "lena", name, name));
    }
    world_refuse(world, appoint(world, "lena", "hawk", "hawk"), ERR_LIMIT, "appoint_witness.name");
    world_accept(world, appoint(world, "mara", "hawk", "hawk"));
    world_check_replay(world);
    world_destroy(&world);
}

/* A witness's key does not sign its appointment: so nobody takes it away by appointing it first. */
static void test_one_witness_of_two_constituencies(void **state)
{
    (void) state;
    struct world *world = world_founded();
    const uint8_t *key = world_key(world, "owl").data;
    Comity__V1__Witness *found = NULL;

    world_accept(world, appoint(world, "mara", "theirs", "owl"));
    world_accept(world, appoint(world, "lena", "ours", "owl"));
    world_refuse(world, appoint(world, "luis", "ours-again", "owl"), ERR_EXISTS, "appoint_witness.key");
    assert_int_equal(state_witness_of_key(&world->view, world->arena, key, &found), 0);
    /* It stands as long as one of them keeps it. */
    world_accept(world, dismiss(world, "mara", 1));
    assert_int_equal(state_witness_of_key(&world->view, world->arena, key, &found), 0);
    assert_int_equal(found->number, 2);
    assert_int_equal(found->constituency, LABOUR);
    world_refuse(world, appoint(world, "mara", "theirs-again", "owl"), ERR_EXISTS, "appoint_witness.key");
    world_accept(world, dismiss(world, "lena", 2));
    assert_int_equal(state_witness_of_key(&world->view, world->arena, key, &found), ERR_KEY_REVOKED);
    world_check_replay(world);
    world_destroy(&world);
}

/* Nor a member's key, or an invitation's own, by naming it as an invitation's or a witness's of another constituency. */
static void test_what_others_name_takes_no_key(void **state)
{
    (void) state;
    struct world *world = world_founded();

    world_accept(world, invite_back(world, "mara", MONA, "tablet"));
    world_accept(world, appoint(world, "mara", "hawk", "phone"));
    world_accept(world, add(world, "lars", "tablet", NULL));
    world_accept(world, add(world, "lars", "phone", NULL));
    assert_int_equal(member_of(world, "tablet"), LARS);
    assert_int_equal(member_of(world, "phone"), LARS);
    /* Of the own constituency they do; and no two invitations have one key. */
    world_accept(world, invite_back(world, "lena", LARS, "once"));
    world_refuse(world, add(world, "luis", "once", NULL), ERR_EXISTS, "add_key.key");
    world_refuse(world, invite_back(world, "mara", MONA, "once"), ERR_EXISTS, "invite.key");
    /* Each side revokes its own: the invitation is withdrawn, the key revoked. */
    assert_int_equal(world_accept(world, world_revoke_command(world, "mara", "tablet"))->key_revoked->member, 0);
    assert_int_equal(member_of(world, "tablet"), LARS);
    world_refuse(world, world_redeem_command(world, "mona 2", "tablet"), ERR_INVITATION, "redeem.invitation");
    assert_int_equal(world_accept(world, world_revoke_command(world, "lena", "tablet"))->key_revoked->member, LARS);
    assert_int_equal(member_of(world, "tablet"), 0);
    world_check_replay(world);
    world_destroy(&world);
}

/* A key that is lost or replaced while a round is open is printed with its outcome; another device is not. */
static void test_rekeyed_while_a_round_is_open(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);

    world_accept(world, add(world, "lena", "tablet", NULL));
    assert_int_equal(((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->n_lost_keys, 0);
    uint64_t ballot = world->context.next_sequence;
    world_accept(world, world_ballot(world, "tablet", 1, 1));
    world_accept(world, add(world, "tablet", "lena 2", "lena"));
    world_accept(world, world_revoke_command(world, "luis", "tablet"));
    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(round->n_lost_keys, 2);
    assert_int_equal(round->lost_keys[0]->member, LENA);
    assert_true(round->lost_keys[0]->is_replaced);
    assert_int_equal(round->lost_keys[0]->ballot, ballot);
    assert_false(round->lost_keys[1]->is_replaced);
    assert_int_equal(member_of(world, "lena 2"), LENA);
    world_check_replay(world);
    world_destroy(&world);
}

/* Of what a restore lost: what names keys alone is meant again. What takes others' keys away is not, since an earlier
 * one of several could be sent last. */
static void test_after_a_restore(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *added = add(world, "lars", "tablet", NULL);
    Comity__V1__Command *recovered = recover(world, "mrec", MARA, "mara 2");
    Comity__V1__Command *set = set_recovery(world, "lena", "safe");
    Comity__V1__Command *back = invite_back(world, "lena", LARS, "once");
    Comity__V1__Command *appointed = appoint(world, "lena", "owl", "owl");
    Comity__V1__Command *dismissed = dismiss(world, "lena", 1);

    world_restore(world);
    world_accept(world, added);
    world_refuse(world, recovered, ERR_EPOCH, "recover_co_chair.member");
    world_refuse(world, set, ERR_EPOCH, "set_recovery_key.key");
    world_refuse(world, back, ERR_EPOCH, "invite.member");
    world_accept(world, appointed);
    world_refuse(world, dismissed, ERR_EPOCH, "dismiss_witness.witness"); /* of another witness of that number */
    world_check_replay(world);
    world_destroy(&world);
}

/* What brought a key is lost, and so is what revoked it. Sent again in this order: the key is never good again. */
static void test_revoked_before_it_is_there_again(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *added = add(world, "lars", "tablet", NULL), *replaced = add(world, "lars", "phone", "lars");
    Comity__V1__Command *of_other = add(world, "mona", "slate", NULL);

    world_accept(world, invite_back(world, "lena", LARS, "once"));
    Comity__V1__Command *back = world_redeem_command(world, "lars 2", "once");
    /* Before any restore there is nothing that could be lost. */
    world_refuse(world, world_revoke_command(world, "lena", "tablet"), ERR_NOT_FOUND, "revoke_key.key");
    uint32_t epoch = world_restore(world)->number;
    /* By a co-chair, for the own constituency. */
    world_refuse(world, world_revoke_command(world, "lars", "tablet"), ERR_NOT_FOUND, "revoke_key.key");
    const Comity__V1__Event *event = world_accept(world, world_revoke_command(world, "lena", "tablet"));
    assert_int_equal(event->key_revoked->member, 0);
    assert_int_equal(event->key_revoked->constituency, LABOUR);
    world_refuse(world, world_revoke_command(world, "luis", "tablet"), ERR_STATE, "revoke_key.key");
    world_refuse(world, added, ERR_KEY_REVOKED, "add_key.key");
    world_accept(world, world_revoke_command(world, "lena", "phone"));
    world_refuse(world, replaced, ERR_KEY_REVOKED, "add_key.key");
    assert_int_equal(member_of(world, "lars"), LARS);
    world_accept(world, world_revoke_command(world, "lena", "lars 2"));
    world_refuse(world, back, ERR_KEY_REVOKED, "key");
    world->epoch = epoch; /* it can be signed anew, too */
    world_refuse(world, invite_back(world, "lena", LARS, "tablet"), ERR_KEY_REVOKED, "invite.key");
    /* The other side's co-chairs bar nothing from it. */
    world_accept(world, world_revoke_command(world, "lena", "slate"));
    world_accept(world, of_other);
    assert_int_equal(member_of(world, "slate"), MONA);
    world_refuse(world, world_revoke_command(world, "lena", "slate"), ERR_FORBIDDEN, "key");
    world_accept(world, world_revoke_command(world, "mara", "slate"));
    world_check_replay(world);
    world_destroy(&world);
}

/* Nobody's word keeps a side from revoking what is lost: not the other side's, which can name the key in an invitation. */
static void test_what_others_name_is_revoked_before_it_is_there_again(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *added = add(world, "lars", "tablet", NULL);

    world->epoch = world_restore(world)->number;
    world_accept(world, invite_back(world, "mara", MONA, "tablet"));
    world_refuse(world, world_revoke_command(world, "lars", "tablet"), ERR_FORBIDDEN, "key");
    const Comity__V1__Event *event = world_accept(world, world_revoke_command(world, "lena", "tablet"));
    assert_int_equal(event->key_revoked->constituency, LABOUR);
    assert_int_equal(invitation_of(world, "tablet")->revoked, 0);
    world_refuse(world, added, ERR_KEY_REVOKED, "add_key.key");
    /* The invitation stays whose it is. */
    assert_int_equal(world_accept(world, world_revoke_command(world, "mara", "tablet"))->key_revoked->constituency, 0);
    assert_int_not_equal(invitation_of(world, "tablet")->revoked, 0);
    world_check_replay(world);
    world_destroy(&world);
}

/* What is on record as another sort of key goes on being good: a revocation that changes nothing is none. */
static void test_what_is_no_members_key_is_not_revoked(void **state)
{
    (void) state;
    struct world *world = world_founded();

    world->epoch = world_restore(world)->number;
    world_accept(world, set_recovery(world, "lena", "safe"));
    world_accept(world, appoint(world, "lena", "owl", "owl"));
    world_refuse(world, world_revoke_command(world, "lena", "safe"), ERR_NOT_FOUND, "revoke_key.key");
    world_refuse(world, world_revoke_command(world, "lena", "owl"), ERR_NOT_FOUND, "revoke_key.key");
    world_check_replay(world);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_further_device),
        cmocka_unit_test(test_one_key_in_place_of_another),
        cmocka_unit_test(test_add_key_is_refused),
        cmocka_unit_test(test_recovered_by_ones_own),
        cmocka_unit_test(test_an_invitation_back_is_refused),
        cmocka_unit_test(test_of_several_invitations_back_one_is_good),
        cmocka_unit_test(test_the_recovery_key_ends_invitations_back),
        cmocka_unit_test(test_few_invitations_back_are_open),
        cmocka_unit_test(test_many_rows_keep_nobody_out),
        cmocka_unit_test(test_joint_offices_are_recovered_jointly),
        cmocka_unit_test(test_recovered_by_the_recovery_key),
        cmocka_unit_test(test_set_recovery_key),
        cmocka_unit_test(test_witnesses),
        cmocka_unit_test(test_one_witness_of_two_constituencies),
        cmocka_unit_test(test_what_others_name_takes_no_key),
        cmocka_unit_test(test_rekeyed_while_a_round_is_open),
        cmocka_unit_test(test_after_a_restore),
        cmocka_unit_test(test_revoked_before_it_is_there_again),
        cmocka_unit_test(test_what_others_name_is_revoked_before_it_is_there_again),
        cmocka_unit_test(test_what_is_no_members_key_is_not_revoked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
