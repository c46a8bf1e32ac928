/* Who may what: every command of the table, by every kind of signer, against docs/trust.md as it is written here by hand.
 * And what the other side, who facilitates, who keeps the record, or a stranger can do to a constituency's roll by any
 * command: nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/machine/row.h"
#include "walk_rows.h"

/* In the order of the columns below. lena is labour's co-chair, lars its member; mara and mona management's; cora, who
 * facilitates as well, and carl are co-chairs of the convener, who is of no side, and odo keeps the record. Then the
 * recovery key of management, labour's witness, a one-time key that labour invited with, luis of labour, whose key is
 * revoked, and somebody who is nobody here, as whoever operates a worker or a broker is. */
static const char *const SIGNERS[] = {"lena", "lars",  "mara", "mona", "cora", "carl",
                                      "odo",  "mrec", "watch", "once", "luis", "stranger"};

/* + may give it, as the fills of walk_rows.h have it: with the seats, offices and things that these are about. */
static const struct {
    Comity__V1__Command__BodyCase body;
    const char *may;
} TABLE[] = {
    {COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_ADD_SITE, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_INVITE, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_REDEEM, "-----------+"},
    {COMITY__V1__COMMAND__BODY_REVOKE_KEY, "----+++-----"},
    {COMITY__V1__COMMAND__BODY_CREATE_BODY, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_ASSIGN_SEAT, "+-----------"},
    {COMITY__V1__COMMAND__BODY_ADOPT_RULE, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_CONVENE_SESSION, "----+-------"},
    {COMITY__V1__COMMAND__BODY_OPEN_SESSION, "----+-------"},
    {COMITY__V1__COMMAND__BODY_CLOSE_SESSION, "----+-------"},
    {COMITY__V1__COMMAND__BODY_CHECK_IN, "+-+++++-----"},
    {COMITY__V1__COMMAND__BODY_ADD_ITEM, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_OPEN_ROUND, "----+-------"},
    {COMITY__V1__COMMAND__BODY_CAST_BALLOT, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_CLOSE_ROUND, "----+-------"},
    {COMITY__V1__COMMAND__BODY_ENTER_BALLOTS, "------+-----"},
    {COMITY__V1__COMMAND__BODY_CONFIRM_BALLOT, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_ADOPT_CHARTER, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_RECUSE, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_NAME_ALTERNATES, "+-----------"},
    {COMITY__V1__COMMAND__BODY_HAND_OVER, "++----------"},
    {COMITY__V1__COMMAND__BODY_TAKE_BACK, "++----------"},
    {COMITY__V1__COMMAND__BODY_DRAFT_SESSION, "----+-------"},
    {COMITY__V1__COMMAND__BODY_GIVE_NOTICE, "----+-------"},
    {COMITY__V1__COMMAND__BODY_ORDER_AGENDA, "----+-------"},
    {COMITY__V1__COMMAND__BODY_SET_GROUND_RULES, "----+-------"},
    {COMITY__V1__COMMAND__BODY_NAME_FACILITATORS, "----+-------"},
    {COMITY__V1__COMMAND__BODY_ROLL_CALL, "----+-+-----"},
    {COMITY__V1__COMMAND__BODY_CHECK_OUT, "+-+++++-----"},
    {COMITY__V1__COMMAND__BODY_STEP_AWAY, "+-+++++-----"},
    {COMITY__V1__COMMAND__BODY_RECESS_SESSION, "----+-------"},
    {COMITY__V1__COMMAND__BODY_RESUME_SESSION, "----+-------"},
    {COMITY__V1__COMMAND__BODY_CALL_CAUCUS, "+-++--------"},
    {COMITY__V1__COMMAND__BODY_END_CAUCUS, "--++--------"},
    {COMITY__V1__COMMAND__BODY_RAISE_HAND, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_LOWER_HAND, "+-+++++-----"},
    {COMITY__V1__COMMAND__BODY_GIVE_FLOOR, "----+-------"},
    {COMITY__V1__COMMAND__BODY_YIELD_FLOOR, "+---+-------"},
    {COMITY__V1__COMMAND__BODY_SET_TIME_BOX, "----+-------"},
    {COMITY__V1__COMMAND__BODY_EXTEND_TIME_BOX, "----+-------"},
    {COMITY__V1__COMMAND__BODY_PROPOSE_SIDEBAR, "+-+++++-----"},
    {COMITY__V1__COMMAND__BODY_AGREE_SIDEBAR, "+-+---+-----"},
    {COMITY__V1__COMMAND__BODY_DECLINE_SIDEBAR, "+-+---+-----"},
    {COMITY__V1__COMMAND__BODY_END_SIDEBAR, "+-+---+-----"},
    {COMITY__V1__COMMAND__BODY_NOTE_PLUS_DELTA, "+-+++++-----"},
    {COMITY__V1__COMMAND__BODY_MOVE_PHASE, "----+-------"},
    {COMITY__V1__COMMAND__BODY_HOLD_PHASE, "----+-------"},
    {COMITY__V1__COMMAND__BODY_RELEASE_PHASE, "----+-------"},
    {COMITY__V1__COMMAND__BODY_FLAG_BARGAINING, "+-+---------"},
    {COMITY__V1__COMMAND__BODY_SET_ASIDE_ITEM, "----+-------"},
    {COMITY__V1__COMMAND__BODY_WITHDRAW_ITEM, "+---+-------"},
    {COMITY__V1__COMMAND__BODY_CONTRIBUTE, "+-+++-+-----"},
    {COMITY__V1__COMMAND__BODY_AMEND_CONTRIBUTION, "---+--------"},
    {COMITY__V1__COMMAND__BODY_WITHDRAW_CONTRIBUTION, "---+--------"},
    {COMITY__V1__COMMAND__BODY_APPROVE_CONTRIBUTIONS, "+-+---------"},
    {COMITY__V1__COMMAND__BODY_LINK_PROPOSAL, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_RAISE_CONCERN, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_SECOND_CONCERN, "+-+-+-------"},
    {COMITY__V1__COMMAND__BODY_SETTLE_CONCERN, "---+--------"},
    {COMITY__V1__COMMAND__BODY_REQUEST_DATA, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_ANSWER_DATA, "--++--------"},
    {COMITY__V1__COMMAND__BODY_REFUSE_DATA, "--++--------"},
    {COMITY__V1__COMMAND__BODY_STATE_FACT, "+-+++-+-----"},
    {COMITY__V1__COMMAND__BODY_JUDGE_FACT, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_WITHDRAW_FACT, "---+--------"},
    {COMITY__V1__COMMAND__BODY_OPEN_STRAW_POLL, "----+-------"},
    {COMITY__V1__COMMAND__BODY_ANSWER_STRAW_POLL, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_CLOSE_STRAW_POLL, "----+-------"},
    {COMITY__V1__COMMAND__BODY_REVIEW_DECISION, "+-+++-+-----"},
    {COMITY__V1__COMMAND__BODY_SIGN_CLAUSE, "+-+---------"},
    {COMITY__V1__COMMAND__BODY_REOPEN_DECISION, "+-+---------"},
    {COMITY__V1__COMMAND__BODY_DECLARE_OUTCOME, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_ADD_ACTION, "+-+++-+-----"},
    {COMITY__V1__COMMAND__BODY_UPDATE_ACTION, "-+-++-+-----"},
    {COMITY__V1__COMMAND__BODY_DRAFT_MINUTES, "----+-+-----"},
    {COMITY__V1__COMMAND__BODY_CORRECT_MINUTES, "+-+++-+-----"},
    {COMITY__V1__COMMAND__BODY_APPROVE_MINUTES, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_DISSENT_MINUTES, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_GIVE_MANDATE, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_REPORT_MANDATE, "-+----------"},
    {COMITY__V1__COMMAND__BODY_SET_RETENTION, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_HOLD_TEXTS, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_LIFT_HOLD, "--+---------"},
    {COMITY__V1__COMMAND__BODY_PURGE_TEXTS, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_RECALL_MANDATE, "+-+---------"},
    {COMITY__V1__COMMAND__BODY_SECOND_BLOCK, "+--++-------"},
    {COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE, "----+-+-----"},
    {COMITY__V1__COMMAND__BODY_GIVE_CASTING_VOTE, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_ENTER_ANSWER, "------+-----"},
    {COMITY__V1__COMMAND__BODY_SIGN_OFF, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_SET_LIST, "+-----------"},
    {COMITY__V1__COMMAND__BODY_ACKNOWLEDGE_ROUND, "+-+++-------"},
    {COMITY__V1__COMMAND__BODY_ADD_KEY, "+++++++-----"},
    {COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR, "-------+----"},
    {COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_APPOINT_WITNESS, "+-+-++------"},
    {COMITY__V1__COMMAND__BODY_DISMISS_WITNESS, "+-----------"},
};

static bool is_key(ProtobufCBinaryData key, ProtobufCBinaryData other)
{
    return memcmp(key.data, other.data, KEY_SIZE) == 0;
}

/* By @signer, cosigned by the others whom it asks for. */
static Comity__V1__Command *given_by(struct world *world, void (*fill)(struct world *, Comity__V1__Command *),
                                     Comity__V1__Command__BodyCase body, const char *signer)
{
    Comity__V1__Command *command = world_command(world, "lena", body);
    bool is_joint;
    size_t kept = 0;

    fill(world, command);
    is_joint = command->n_cosigners > 0 && body != COMITY__V1__COMMAND__BODY_REDEEM &&
               body != COMITY__V1__COMMAND__BODY_ENTER_BALLOTS && body != COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE &&
               body != COMITY__V1__COMMAND__BODY_ENTER_ANSWER && !is_of_new_key(body);
    command->key = world_key(world, signer);
    for (size_t i = 0; i < command->n_cosigners; i++)
        if (!is_key(command->cosigners[i], command->key))
            command->cosigners[kept++] = command->cosigners[i];
    command->n_cosigners = kept;
    if (is_joint && strcmp(signer, "lena") != 0)
        world_cosign(world, command, "lena", NULL);
    return command;
}

/* Was it refused for who signed it? */
static bool is_for_who(int code, const char *field)
{
    return code == ERR_FORBIDDEN || code == ERR_KEY_UNKNOWN || code == ERR_KEY_REVOKED || code == ERR_NOT_ON_ROLL ||
           code == ERR_COSIGNERS || strcmp(field, "key") == 0 || strncmp(field, "cosigners", 9) == 0;
}

/* Rolls. */

struct roll_hash {
    struct world *world;
    uint32_t constituency;
    enum table table;
    uint8_t hash[HASH_SIZE];
    size_t rows;
};

static uint32_t constituency_of_member(struct world *world, uint32_t member)
{
    ProtobufCMessage *row = NULL;

    return member != 0 && state_get(&world->view, world->arena, TABLE_MEMBER, member, 0, &row) == 0
               ? ((Comity__V1__Member *) row)->constituency
               : 0;
}

static uint32_t constituency_of_seat(struct world *world, uint32_t body, uint32_t seat)
{
    ProtobufCMessage *row = NULL;

    return state_get(&world->view, world->arena, TABLE_SEAT, body, seat, &row) == 0
               ? ((Comity__V1__Seat *) row)->constituency
               : 0;
}

static uint32_t row_constituency(struct world *world, enum table table, const ProtobufCMessage *row)
{
    switch (table) {
    case TABLE_CONSTITUENCY:
        return ((const Comity__V1__Constituency *) row)->number;
    case TABLE_MEMBER:
        return ((const Comity__V1__Member *) row)->constituency;
    case TABLE_KEY:
        return constituency_of_member(world, ((const Comity__V1__Key *) row)->member);
    case TABLE_INVITATION:
        return ((const Comity__V1__Invitation *) row)->constituency;
    case TABLE_SEAT:
        return ((const Comity__V1__Seat *) row)->constituency;
    case TABLE_ALTERNATES:
        return constituency_of_seat(world, ((const Comity__V1__AlternatesList *) row)->body,
                                    ((const Comity__V1__AlternatesList *) row)->seat);
    case TABLE_STAND_IN:
        return constituency_of_member(world, ((const Comity__V1__StandIn *) row)->holder);
    case TABLE_ROLL_LIST:
        return ((const Comity__V1__RollList *) row)->constituency;
    case TABLE_WITNESS:
        return ((const Comity__V1__Witness *) row)->constituency;
    default:
        return 0;
    }
}

static int roll_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    struct roll_hash *of = context;
    struct bytes packed;
    uint8_t both[2 * HASH_SIZE];

    (void) key;
    if (row_constituency(of->world, of->table, row) != of->constituency)
        return 0;
    assert_int_equal(message_pack(row, of->world->arena, &packed), 0);
    memcpy(both, of->hash, HASH_SIZE);
    tagged_hash("row", packed, both + HASH_SIZE);
    tagged_hash("roll", BYTES(both, sizeof(both)), of->hash);
    of->rows++;
    return 0;
}

/* Its members, keys, invitations, seats and who may stand in, lists, recovery key and witnesses. */
static void roll_of(struct world *world, uint32_t constituency, uint8_t ret_hash[HASH_SIZE])
{
    static const enum table TABLES[] = {TABLE_CONSTITUENCY, TABLE_MEMBER,   TABLE_KEY,       TABLE_INVITATION, TABLE_SEAT,
                                        TABLE_ALTERNATES,   TABLE_STAND_IN, TABLE_ROLL_LIST, TABLE_WITNESS};
    struct roll_hash of = {.world = world, .constituency = constituency};

    for (size_t i = 0; i < ARRAY_COUNT(TABLES); i++) {
        struct row_key all = row_key_all(TABLES[i]);
        of.table = TABLES[i];
        assert_int_equal(row_each(&world->view, world->arena, TABLES[i], &all, roll_visit, &of), 0);
    }
    assert_true(of.rows > 8);
    memcpy(ret_hash, of.hash, HASH_SIZE);
}

/* Somebody who is of labour, or whom labour has invited, is among the signers. */
static bool is_signed_by_labour(struct world *world, const Comity__V1__Command *command)
{
    static const char *const OWN[] = {"lena", "lars", "luis", "once"};

    for (size_t i = 0; i < ARRAY_COUNT(OWN); i++)
        for (size_t k = 0; k <= command->n_cosigners; k++)
            if (is_key(k == 0 ? command->key : command->cosigners[k - 1], world_key(world, OWN[i])))
                return true;
    return false;
}

static bool changes_labour(struct world *world, const Comity__V1__Command *command, int *ret_code)
{
    uint8_t before[HASH_SIZE], after[HASH_SIZE];

    roll_of(world, LABOUR, before);
    memset(&world->refusal, 0, sizeof(world->refusal));
    *ret_code = world_try(world, command);
    roll_of(world, LABOUR, after);
    return memcmp(before, after, HASH_SIZE) != 0;
}

static const struct walk_row *row_of(size_t at)
{
    const struct walk_row *row = walk_find(TABLE[at].body);

    assert_non_null(row);
    return row;
}

static void test_every_command_by_everybody(void **state)
{
    (void) state;
    unsigned changes = 0;

    for (size_t i = 0; i < ARRAY_COUNT(TABLE); i++)
        for (size_t s = 0; s < ARRAY_COUNT(SIGNERS); s++) {
            struct world *world = world_prepared();
            Comity__V1__Command *command = given_by(world, row_of(i)->fill, TABLE[i].body, SIGNERS[s]);
            int code;
            bool is_changed = changes_labour(world, command, &code);
            bool may = !is_for_who(code, world->refusal.field);

            if (may != (TABLE[i].may[s] == '+'))
                fail_msg("%s by %s: %s %s", command_name(command), SIGNERS[s], error_name(code), world->refusal.field);
            if (is_changed && !is_signed_by_labour(world, command))
                fail_msg("%s by %s changes the roll of labour", command_name(command), SIGNERS[s]);
            changes += is_changed;
            world_destroy(&world);
        }
    print_message("%u of them change the roll of labour\n", changes);
    assert_true(changes > 10); /* or else it was not looked at */
}

static void test_the_table_is_whole(void **state)
{
    (void) state;
    unsigned count = 0;

    for (; command_row_at(count); count++) {
        bool is_there = command_row_at(count)->body == COMITY__V1__COMMAND__BODY_FOUND; /* there is no roll before */
        for (size_t i = 0; i < ARRAY_COUNT(TABLE); i++) {
            is_there |= TABLE[i].body == command_row_at(count)->body;
            assert_int_equal(strlen(TABLE[i].may), ARRAY_COUNT(SIGNERS));
        }
        if (!is_there)
            fail_msg("no row for %s", command_row_at(count)->name);
    }
    assert_int_equal(count, ARRAY_COUNT(TABLE) + 1);
}

/* What is done to labour's roll, by each command that does anything to a roll. */

static void invite_lars_back(struct world *world, Comity__V1__Command *command)
{
    command->invite->name = NULL;
    command->invite->member = LARS;
    command->invite->key = world_key(world, "back");
    command->invite->expires_ms = world->context.time_ms + 1000;
}

static void revoke_lars(struct world *world, Comity__V1__Command *command)
{
    command->revoke_key->key = world_key(world, "lars");
}

static void revoke_lena(struct world *world, Comity__V1__Command *command)
{
    command->revoke_key->key = world_key(world, "lena");
}

static void withdraw(struct world *world, Comity__V1__Command *command)
{
    command->revoke_key->key = world_key(world, "once");
}

static void recover_lena(struct world *world, Comity__V1__Command *command)
{
    command->recover_co_chair->member = LENA;
    command->recover_co_chair->key = world_key(world, "lena again");
    world_cosign(world, command, "lena again", NULL);
}

static void weigh(struct world *world, Comity__V1__Command *command)
{
    static uint32_t MEMBERS[] = {LENA};
    static uint64_t WEIGHTS[] = {3};

    fill_set_list(world, command);
    command->set_list->n_members = command->set_list->n_weights = 1;
    command->set_list->members = MEMBERS;
    command->set_list->weights = WEIGHTS;
    world_cosign(world, command, "mara", NULL);
}

static const struct {
    Comity__V1__Command__BodyCase body;
    void (*fill)(struct world *world, Comity__V1__Command *command);
    const char *may;
} ON_LABOUR[] = {
    {COMITY__V1__COMMAND__BODY_INVITE, invite_lars_back, "+-----------"},
    {COMITY__V1__COMMAND__BODY_REDEEM, fill_redeem, "-----------+"},
    {COMITY__V1__COMMAND__BODY_REVOKE_KEY, revoke_lars, "++----------"},
    {COMITY__V1__COMMAND__BODY_REVOKE_KEY, withdraw, "+-----------"},
    {COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR, recover_lena, "------------"}, /* labour has no recovery key */
    {COMITY__V1__COMMAND__BODY_ASSIGN_SEAT, fill_assign_seat, "+-----------"},
    {COMITY__V1__COMMAND__BODY_NAME_ALTERNATES, fill_name_alternates, "+-----------"},
    {COMITY__V1__COMMAND__BODY_HAND_OVER, fill_hand_over, "++----------"},
    {COMITY__V1__COMMAND__BODY_TAKE_BACK, fill_take_back, "++----------"},
    {COMITY__V1__COMMAND__BODY_SET_LIST, fill_set_list, "+-----------"},
    {COMITY__V1__COMMAND__BODY_SET_LIST, weigh, "+-+-++------"}, /* the parties together */
    {COMITY__V1__COMMAND__BODY_DISMISS_WITNESS, fill_dismiss_witness, "+-----------"},
    {COMITY__V1__COMMAND__BODY_REVOKE_KEY, revoke_lena, "+-----------"}, /* the last: not even she */
};

static void test_on_labours_roll(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ON_LABOUR); i++)
        for (size_t s = 0; s < ARRAY_COUNT(SIGNERS); s++) {
            struct world *world = world_prepared();
            Comity__V1__Command *command = given_by(world, ON_LABOUR[i].fill, ON_LABOUR[i].body, SIGNERS[s]);
            int code;
            bool is_changed = changes_labour(world, command, &code);

            if (!is_for_who(code, world->refusal.field) != (ON_LABOUR[i].may[s] == '+'))
                fail_msg("%s (%zu) by %s: %s %s", command_name(command), i, SIGNERS[s], error_name(code),
                         world->refusal.field);
            assert_false(code != 0 && is_changed);
            assert_true(ON_LABOUR[i].may[s] == '+' || !is_changed);
            world_destroy(&world);
        }
}

/* All the others together are no more than each of them. */
static void test_on_labours_roll_by_all_the_others(void **state)
{
    (void) state;
    static const char *const OTHERS[] = {"mara", "cora", "carl", "odo", "mona"};

    for (size_t i = 0; i < ARRAY_COUNT(ON_LABOUR); i++)
        for (size_t s = 0; s < ARRAY_COUNT(OTHERS); s++) {
            struct world *world = world_prepared();
            Comity__V1__Command *command = world_command(world, OTHERS[s], ON_LABOUR[i].body);
            int code;

            ON_LABOUR[i].fill(world, command);
            command->n_cosigners = 0;
            for (size_t k = 0; k < ARRAY_COUNT(OTHERS); k++)
                if (k != s)
                    world_cosign(world, command, OTHERS[k], NULL);
            if (changes_labour(world, command, &code) || code == 0)
                fail_msg("%s (%zu) by %s and all the others", command_name(command), i, OTHERS[s]);
            world_destroy(&world);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_is_whole),
        cmocka_unit_test(test_every_command_by_everybody),
        cmocka_unit_test(test_on_labours_roll),
        cmocka_unit_test(test_on_labours_roll_by_all_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
