/* Names on one roll that can be mistaken for one another: refused where commands are put in order. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"

enum { LABOUR_CHAIR = 0, LABOUR_CHAIR_TOO = 1, MANAGEMENT_CHAIR = 5, DAY_MS = 86400000 };

static struct scene *scene_of(void **state)
{
    return *state;
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene_begin(scene, 11);
    scene_found(scene);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    scene_end(*state);
    free(*state);
    return 0;
}

/* Keys of invitations are numbered. */
static ProtobufCBinaryData key_numbered(struct scene *scene, uint8_t number)
{
    uint8_t *seed = arena_alloc(scene->arena, SEED_SIZE);
    struct signing_key key;

    memset(seed, number, SEED_SIZE);
    signing_key_from_seed(seed, &key);
    return (ProtobufCBinaryData){KEY_SIZE, arena_copy(scene->arena, key.public_key, KEY_SIZE)};
}

static Comity__V1__Command *invite(struct scene *scene, const char *name, uint8_t key)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);

    body->body_case = COMITY__V1__COMMAND__BODY_INVITE;
    body->invite = SCENE_NEW(scene, Invite, invite);
    body->invite->key = key_numbered(scene, key);
    body->invite->name = scene_text(scene, name);
    body->invite->expires_ms = scene->now_ms + DAY_MS;
    return body;
}

static Comity__V1__Command *revoke(struct scene *scene, ProtobufCBinaryData key)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);

    body->body_case = COMITY__V1__COMMAND__BODY_REVOKE_KEY;
    body->revoke_key = SCENE_NEW(scene, RevokeKey, revoke_key);
    body->revoke_key->key = key;
    return body;
}

/* Who lost the key is let back. */
static Comity__V1__Command *invite_back(struct scene *scene, uint32_t member, uint8_t key)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);

    body->body_case = COMITY__V1__COMMAND__BODY_INVITE;
    body->invite = SCENE_NEW(scene, Invite, invite);
    body->invite->key = key_numbered(scene, key);
    body->invite->member = member;
    body->invite->expires_ms = scene->now_ms + DAY_MS;
    return body;
}

static ProtobufCBinaryData key_of(const struct scene *scene, unsigned member)
{
    return (ProtobufCBinaryData){KEY_SIZE, (uint8_t *) (uintptr_t) scene->members[member].public_key};
}

static int code_of(struct scene *scene, Comity__V1__Command *body, unsigned signer)
{
    int code;

    scene_next(scene);
    scene_add(scene, body, signer, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    code = scene->items[0].code;
    if (code == ERR_CONFUSABLE)
        assert_string_equal(scene_reply(scene, 0)->refusal->field,
                            body->invite->member != 0 ? "invite.member" : "invite.name");
    scene_next(scene);
    return code;
}

static void a_name_like_a_members_is_refused(void **state)
{
    struct scene *scene = scene_of(state);
    uint64_t head = scene_head(scene);

    /* Founders are Member 0 to Member 9, of both sides. */
    assert_int_equal(code_of(scene, invite(scene, "Member 3", 1), LABOUR_CHAIR), ERR_CONFUSABLE);
    assert_int_equal(code_of(scene, invite(scene, "MEMBER 3", 1), LABOUR_CHAIR), ERR_CONFUSABLE);
    assert_int_equal(code_of(scene, invite(scene, "\u041cember 3", 1), LABOUR_CHAIR), ERR_CONFUSABLE);
    assert_int_equal(code_of(scene, invite(scene, "Member O", 1), LABOUR_CHAIR), ERR_CONFUSABLE);
    assert_int_equal(code_of(scene, invite(scene, "Member 8", 1), LABOUR_CHAIR), ERR_CONFUSABLE);
    assert_int_equal(scene_head(scene), head);
    assert_int_equal(code_of(scene, invite(scene, "Member 11", 1), LABOUR_CHAIR), 0);
    assert_int_equal(code_of(scene, invite(scene, "Ada Okafor", 2), LABOUR_CHAIR), 0);
    /* An invitation that can be redeemed counts, for the other side too. */
    assert_int_equal(code_of(scene, invite(scene, "Ad\u0430 Okafor", 3), MANAGEMENT_CHAIR), ERR_CONFUSABLE);
    assert_int_equal(code_of(scene, invite(scene, "Ada Okafar", 3), MANAGEMENT_CHAIR), 0);
}

static void of_two_in_one_batch_the_second_is_refused(void **state)
{
    struct scene *scene = scene_of(state);

    scene_next(scene);
    scene_add(scene, invite(scene, "Ada Okafor", 1), LABOUR_CHAIR, NULL, 0);
    scene_add(scene, invite(scene, "\u0410da Okafor", 2), MANAGEMENT_CHAIR, NULL, 0);
    scene_add(scene, invite(scene, "Ben Ruiz", 3), MANAGEMENT_CHAIR, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, 0);
    assert_int_equal(scene->items[1].code, ERR_CONFUSABLE);
    assert_int_equal(scene->items[2].code, 0);
}

static void who_is_on_the_roll_no_more_does_not_count(void **state)
{
    struct scene *scene = scene_of(state);

    assert_int_equal(code_of(scene, invite(scene, "Member 3", 1), LABOUR_CHAIR), ERR_CONFUSABLE);
    scene_do(scene, revoke(scene, key_of(scene, 3)), LABOUR_CHAIR, NULL, 0);
    assert_int_equal(code_of(scene, invite(scene, "Member 3", 1), LABOUR_CHAIR), 0);
    /* Withdrawn. */
    assert_int_equal(code_of(scene, invite(scene, "Member 3", 2), LABOUR_CHAIR), ERR_CONFUSABLE);
    scene_do(scene, revoke(scene, key_numbered(scene, 1)), LABOUR_CHAIR, NULL, 0);
    assert_int_equal(code_of(scene, invite(scene, "Member 3", 2), LABOUR_CHAIR), 0);
    /* Expired. */
    assert_int_equal(code_of(scene, invite(scene, "Member 3", 3), LABOUR_CHAIR), ERR_CONFUSABLE);
    scene->now_ms += 2 * DAY_MS;
    assert_int_equal(code_of(scene, invite(scene, "Member 3", 3), LABOUR_CHAIR), 0);
    /* By a key that was revoked since. */
    assert_int_equal(code_of(scene, invite(scene, "Cem Kaya", 4), LABOUR_CHAIR_TOO), 0);
    assert_int_equal(code_of(scene, invite(scene, "Cem Kaya", 5), LABOUR_CHAIR), ERR_CONFUSABLE);
    scene_do(scene, revoke(scene, key_of(scene, LABOUR_CHAIR_TOO)), LABOUR_CHAIR, NULL, 0);
    assert_int_equal(code_of(scene, invite(scene, "Cem Kaya", 5), LABOUR_CHAIR), 0);
}

/* Their own constituency can let them back at any time: nobody of another comes to look like them meanwhile. */
static void who_has_no_key_still_counts_for_the_other_side(void **state)
{
    struct scene *scene = scene_of(state);

    scene_do(scene, revoke(scene, key_of(scene, 3)), LABOUR_CHAIR, NULL, 0);
    assert_int_equal(code_of(scene, invite(scene, "Member 3", 1), MANAGEMENT_CHAIR), ERR_CONFUSABLE);
    assert_int_equal(code_of(scene, invite(scene, "\u041cember 3", 1), MANAGEMENT_CHAIR), ERR_CONFUSABLE);
    scene_stop(scene); /* as the store has it */
    scene_start(scene);
    assert_int_equal(code_of(scene, invite(scene, "\u041cember 3", 1), MANAGEMENT_CHAIR), ERR_CONFUSABLE);
    assert_int_equal(code_of(scene, invite_back(scene, 4, 1), LABOUR_CHAIR), 0);
    assert_int_equal(code_of(scene, invite(scene, "\u041cember 3", 2), MANAGEMENT_CHAIR), ERR_CONFUSABLE);
    assert_int_equal(code_of(scene, invite(scene, "Member 33", 2), MANAGEMENT_CHAIR), 0);
}

/* Of one constituency: who is let back, and who was invited in the same name, in either order. */
static void who_is_let_back_is_judged_too(void **state)
{
    struct scene *scene = scene_of(state);

    scene_do(scene, revoke(scene, key_of(scene, 3)), LABOUR_CHAIR, NULL, 0);
    assert_int_equal(code_of(scene, invite(scene, "Member 3", 1), LABOUR_CHAIR), 0);
    assert_int_equal(code_of(scene, invite_back(scene, 4, 2), LABOUR_CHAIR), ERR_CONFUSABLE);
    scene_do(scene, revoke(scene, key_numbered(scene, 1)), LABOUR_CHAIR, NULL, 0);
    assert_int_equal(code_of(scene, invite_back(scene, 4, 2), LABOUR_CHAIR), 0);
    assert_int_equal(code_of(scene, invite_back(scene, 4, 3), LABOUR_CHAIR_TOO), 0); /* once more: the same member */
    assert_int_equal(code_of(scene, invite(scene, "Member 3", 4), LABOUR_CHAIR), ERR_CONFUSABLE);
    scene_do(scene, revoke(scene, key_numbered(scene, 2)), LABOUR_CHAIR, NULL, 0);
    assert_int_equal(code_of(scene, invite(scene, "Member 3", 4), LABOUR_CHAIR), ERR_CONFUSABLE);
    scene_do(scene, revoke(scene, key_numbered(scene, 3)), LABOUR_CHAIR, NULL, 0);
    assert_int_equal(code_of(scene, invite(scene, "Member 3", 4), LABOUR_CHAIR), 0);
    /* Who has a key, and lost it without anybody's revoking it, is only let back. */
    assert_int_equal(code_of(scene, invite_back(scene, 3, 5), LABOUR_CHAIR), 0);
    assert_int_equal(code_of(scene, invite(scene, "Member 2", 6), LABOUR_CHAIR), ERR_CONFUSABLE);
}

/* A key of nobody's as the last member's, for what new keys cosign. */
enum { NEW_KEY = SCENE_MEMBERS - 1 };

static ProtobufCBinaryData new_key(struct scene *scene, uint8_t number)
{
    uint8_t seed[SEED_SIZE];

    memset(seed, number, SEED_SIZE);
    signing_key_from_seed(seed, &scene->members[NEW_KEY]);
    return key_numbered(scene, number);
}

static Comity__V1__Command *set_recovery_key(struct scene *scene, ProtobufCBinaryData key)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);

    body->body_case = COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY;
    body->set_recovery_key = SCENE_NEW(scene, SetRecoveryKey, set_recovery_key);
    body->set_recovery_key->key = key;
    return body;
}

static Comity__V1__Command *recover(struct scene *scene, uint32_t member, ProtobufCBinaryData key)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);

    body->body_case = COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR;
    body->recover_co_chair = SCENE_NEW(scene, RecoverCoChair, recover_co_chair);
    body->recover_co_chair->member = member;
    body->recover_co_chair->key = key;
    return body;
}

static void whom_the_recovery_key_lets_back_is_judged_too(void **state)
{
    struct scene *scene = scene_of(state);
    const unsigned by_nobody = SCENE_NOBODY, by_new_key = NEW_KEY;
    ProtobufCBinaryData recovery = {KEY_SIZE, scene->stranger.public_key};
    ProtobufCBinaryData key = new_key(scene, 70);

    scene_do(scene, set_recovery_key(scene, recovery), LABOUR_CHAIR, &by_nobody, 1);
    scene_do(scene, revoke(scene, key_of(scene, LABOUR_CHAIR_TOO)), LABOUR_CHAIR, NULL, 0);
    assert_int_equal(code_of(scene, invite(scene, "Member 1", 1), LABOUR_CHAIR), 0);
    scene_add(scene, recover(scene, LABOUR_CHAIR_TOO + 1, key), SCENE_NOBODY, &by_new_key, 1);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, ERR_CONFUSABLE);
    assert_string_equal(scene_reply(scene, 0)->refusal->field, "recover_co_chair.member");
    scene_next(scene);
    scene_do(scene, revoke(scene, key_numbered(scene, 1)), LABOUR_CHAIR, NULL, 0);
    scene_do(scene, recover(scene, LABOUR_CHAIR_TOO + 1, key), SCENE_NOBODY, &by_new_key, 1);
}

static void names_are_read_from_the_store_after_a_restart(void **state)
{
    struct scene *scene = scene_of(state);

    assert_int_equal(code_of(scene, invite(scene, "Ada Okafor", 1), LABOUR_CHAIR), 0);
    scene_stop(scene);
    scene_start(scene);
    assert_int_equal(code_of(scene, invite(scene, "\u0410da Okafor", 2), LABOUR_CHAIR), ERR_CONFUSABLE);
    assert_int_equal(code_of(scene, invite(scene, "Member 7", 2), LABOUR_CHAIR), ERR_CONFUSABLE);
    assert_int_equal(code_of(scene, invite(scene, "Ben Ruiz", 2), LABOUR_CHAIR), 0);
}

/* Who may not invite learns nothing of names by it, and takes none. */
static void rights_come_first(void **state)
{
    struct scene *scene = scene_of(state);

    assert_int_equal(code_of(scene, invite(scene, "Member 3", 1), SCENE_NOBODY), ERR_KEY_UNKNOWN);
    assert_int_equal(code_of(scene, invite(scene, "Ada Okafor", 1), SCENE_NOBODY), ERR_KEY_UNKNOWN);
    assert_int_equal(code_of(scene, invite(scene, "Ada Okafor", 1), LABOUR_CHAIR), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_like_a_members_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(of_two_in_one_batch_the_second_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_on_the_roll_no_more_does_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(who_has_no_key_still_counts_for_the_other_side, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_let_back_is_judged_too, setup, teardown),
        cmocka_unit_test_setup_teardown(whom_the_recovery_key_lets_back_is_judged_too, setup, teardown),
        cmocka_unit_test_setup_teardown(names_are_read_from_the_store_after_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(rights_come_first, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
