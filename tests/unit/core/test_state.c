/* The tables of the state, and the lists that members see of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/error.h"
#include "core/machine/row.h"
#include "tests/support/world.h"

#define LIST(name) COMITY__V1__LIST_KIND__LIST_KIND_##name

/* What a list showed: for each row its numbers, as "1 2 3"; and where it goes on. */
struct shown {
    struct world *world;
    char text[4096];
    size_t count;
    size_t limit;
    struct bytes next;
};

static uint32_t number_at(const ProtobufCMessage *row, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(row->descriptor, name);
    uint32_t number = 0;

    if (field && field->type == PROTOBUF_C_TYPE_UINT32)
        memcpy(&number, (const uint8_t *) row + field->offset, sizeof(number));
    return number;
}

static int show(void *context, const ProtobufCMessage *row, struct bytes next)
{
    struct shown *shown = context;
    bool has_number = protobuf_c_message_descriptor_get_field_by_name(row->descriptor, "number") != NULL;
    size_t size = strlen(shown->text);

    snprintf(shown->text + size, sizeof(shown->text) - size, "%s%u", size ? " " : "",
             number_at(row, has_number ? "number" : "member"));
    shown->next = arena_bytes(shown->world->arena, next);
    return ++shown->count == shown->limit ? 1 : 0;
}

static int list(struct world *world, Comity__V1__ListKind kind, uint32_t parent, uint32_t number,
                uint32_t reader, struct bytes cursor, struct shown *ret_shown)
{
    Comity__V1__List query = COMITY__V1__LIST__INIT;
    size_t limit = ret_shown->limit;

    query.kind = kind;
    query.parent = parent;
    query.number = number;
    *ret_shown = (struct shown){.world = world, .limit = limit};
    return state_list(&world->view, world->arena, &query, world_row(world, TABLE_MEMBER, reader, 0), cursor,
                      show, ret_shown);
}

static void check_list(struct world *world, Comity__V1__ListKind kind, uint32_t parent, uint32_t number,
                       uint32_t reader, const char *expected)
{
    struct shown shown = {0};

    assert_int_equal(list(world, kind, parent, number, reader, BYTES(NULL, 0), &shown), 0);
    assert_string_equal(shown.text, expected);
}

/* A second session with an item, a proposal and a round that hides its ballots; a first one with two of each.
 */
static struct world *world_to_list(void)
{
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Rule *hidden = world_rule(world, "hidden");
    Comity__V1__Command *invite = world_command(world, "lena", COMITY__V1__COMMAND__BODY_INVITE);

    hidden->visibility = COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
    world_adopt(world, hidden);
    world_propose(world, 1);
    assert_int_equal(world_open_session(world, 1), 2);
    world_check_in(world, "lena", 2, 1);
    world_check_in(world, "mara", 2, 1);
    assert_int_equal(world_propose(world, 2), 3);
    assert_int_equal(world_open_round(world, 3, 2), 2);
    for (uint32_t round = 1; round <= 2; round++) {
        world_accept(world, world_ballot(world, "mara", round, 1));
        world_accept(world, world_ballot(world, "lena", round, 2));
    }
    invite->invite->key = world_key(world, "once");
    invite->invite->expires_ms = world->context.time_ms + 1000;
    world_accept(world, invite);
    return world;
}

static void test_lists_show_their_rows_in_order(void **state)
{
    (void) state;
    struct world *world = world_to_list();

    check_list(world, LIST(CONSTITUENCIES), 0, 0, LARS, "1 2 3");
    check_list(world, LIST(SITES), 0, 0, LARS, "1 2 3");
    check_list(world, LIST(SITES), 0, 2, LARS, "2");
    check_list(world, LIST(SITES), 0, 9, LARS, "");
    check_list(world, LIST(MEMBERS), 0, 0, LARS, "1 2 3 4 5 6 7 8");
    check_list(world, LIST(BODIES), 0, 0, LARS, "1");
    check_list(world, LIST(RULES), 0, 0, LARS, "1 2");
    check_list(world, LIST(SESSIONS), 0, 0, LARS, "1 2");
    check_list(world, LIST(PRESENCES), 1, 0, LARS, "1 2 4 6");
    check_list(world, LIST(PRESENCES), 2, 0, LARS, "1 4");
    check_list(world, LIST(PRESENCES), 1, 4, LARS, "4");
    check_list(world, LIST(PRESENCES), 7, 0, LARS, "");
    check_list(world, LIST(ITEMS), 0, 0, LARS, "1 2 3");
    check_list(world, LIST(ITEMS), 1, 0, LARS, "1 2");
    check_list(world, LIST(ITEMS), 1, 3, LARS, "");
    check_list(world, LIST(PROPOSALS), 0, 0, LARS, "1 2 3");
    check_list(world, LIST(PROPOSALS), 3, 0, LARS, "3");
    check_list(world, LIST(ROUNDS), 0, 0, LARS, "1 2");
    check_list(world, LIST(ROUNDS), 3, 0, LARS, "2");
    check_list(world, LIST(ROLL), 1, 0, LARS, "1 2 4 5 6");
    check_list(world, LIST(ROLL), 1, 5, LARS, "5");
    check_list(world, LIST(SEATS), 1, 0, LARS, "1 2 3 4 5");
    check_list(world, LIST(DECISIONS), 0, 0, LARS, "");
    struct shown keys = {0};
    assert_int_equal(list(world, LIST(KEYS), 0, 0, LARS, BYTES(NULL, 0), &keys), 0);
    assert_int_equal(keys.count, 8);
    world_destroy(&world);
}

static void test_numbers_sort_as_numbers(void **state)
{
    (void) state;
    struct world *world = world_founded();
    static const uint32_t NUMBERS[] = {70000, 4, UINT32_MAX, 256, 300};

    for (size_t i = 0; i < ARRAY_COUNT(NUMBERS); i++) {
        Comity__V1__Site site = COMITY__V1__SITE__INIT;
        site.number = NUMBERS[i];
        assert_int_equal(state_put(&world->view, world->arena, TABLE_SITE, NUMBERS[i], 0, &site.base), 0);
    }
    check_list(world, LIST(SITES), 0, 0, LENA, "1 2 3 4 256 300 70000 4294967295");
    world_destroy(&world);
}

static void test_ballots_are_shown_by_right(void **state)
{
    (void) state;
    struct world *world = world_to_list();
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    check_list(world, LIST(BALLOTS), 1, 0, LARS, "1 4");
    check_list(world, LIST(BALLOTS), 1, 4, LARS, "4");
    /* Round 2 hides them: each voter sees one, somebody who has not voted none. */
    check_list(world, LIST(BALLOTS), 2, 0, LENA, "1");
    check_list(world, LIST(BALLOTS), 2, 0, MARA, "4");
    check_list(world, LIST(BALLOTS), 2, 1, LENA, "1");
    check_list(world, LIST(BALLOTS), 2, 4, LENA, "");
    check_list(world, LIST(BALLOTS), 2, 0, LUIS, "");
    check_list(world, LIST(BALLOTS), 2, 0, CORA, "");
    check_list(world, LIST(BALLOTS), 9, 0, LENA, "");
    close->close_round->round = 2;
    world_accept(world, close);
    check_list(world, LIST(BALLOTS), 2, 0, LARS, "1 4");
    check_list(world, LIST(BALLOTS), 2, 4, LENA, "4");
    world_destroy(&world);
}

/* Who is to become a member is every member's to see, of whichever side. */
static void test_invitations_are_for_every_member(void **state)
{
    (void) state;
    struct world *world = world_to_list();
    Comity__V1__Command *other = world_command(world, "mara", COMITY__V1__COMMAND__BODY_INVITE);

    other->invite->key = world_key(world, "other");
    other->invite->expires_ms = world->context.time_ms + 1000;
    world_accept(world, other);
    for (uint32_t reader = LENA; reader <= ODO; reader++) {
        struct shown shown = {0};

        assert_int_equal(list(world, LIST(INVITATIONS), 0, 0, reader, BYTES(NULL, 0), &shown), 0);
        assert_int_equal(shown.count, 2);
    }
    world_destroy(&world);
}

static void test_rounds_say_how_many_answered(void **state)
{
    (void) state;
    struct world *world = world_to_list();
    struct row_key key = row_key(TABLE_ROUND, 1, 0);
    ProtobufCMessage *row = NULL;

    assert_int_equal(((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->answered, 2);
    assert_true(((Comity__V1__RollEntry *) world_row(world, TABLE_ROLL, 1, LENA))->has_answered);
    assert_false(((Comity__V1__RollEntry *) world_row(world, TABLE_ROLL, 1, CORA))->has_answered);
    /* It is kept apart, so that a ballot does not write the round's rule again. */
    assert_int_equal(row_get(&world->view, world->arena, TABLE_ROUND, &key, &row), 0);
    assert_int_equal(((Comity__V1__Round *) row)->answered, 0);
    world_destroy(&world);
}

static int keep_answered(void *context, const ProtobufCMessage *row, struct bytes next)
{
    (void) next;
    *(uint32_t *) context = ((const Comity__V1__Round *) row)->answered;
    return 1;
}

static void test_listed_rounds_say_it_too(void **state)
{
    (void) state;
    struct world *world = world_to_list();
    Comity__V1__List query = COMITY__V1__LIST__INIT;
    uint32_t answered = 0;

    query.kind = LIST(ROUNDS);
    assert_int_equal(state_list(&world->view, world->arena, &query, world_row(world, TABLE_MEMBER, LENA, 0),
                                BYTES(NULL, 0), keep_answered, &answered),
                     0);
    assert_int_equal(answered, 2);
    world_destroy(&world);
}

static void test_pages_add_up(void **state)
{
    (void) state;
    static const struct {
        Comity__V1__ListKind kind;
        uint32_t parent;
        size_t rows;
    } LISTS[] = {
        {LIST(MEMBERS), 0, 8}, {LIST(KEYS), 0, 8},    {LIST(ROLL), 1, 5},        {LIST(PROPOSALS), 0, 3},
        {LIST(ITEMS), 1, 2},   {LIST(BALLOTS), 1, 2}, {LIST(INVITATIONS), 0, 1}, {LIST(BALLOTS), 2, 1},
    };
    struct world *world = world_to_list();

    for (size_t i = 0; i < ARRAY_COUNT(LISTS); i++) {
        for (size_t limit = 1; limit <= 9; limit++) {
            struct shown page = {.limit = limit};
            struct bytes cursor = {0};
            size_t rows = 0;

            do {
                assert_int_equal(list(world, LISTS[i].kind, LISTS[i].parent, 0, LENA, cursor, &page), 0);
                rows += page.count;
                cursor = page.next;
            } while (page.count == limit);
            assert_int_equal(rows, LISTS[i].rows);
        }
    }
    world_destroy(&world);
}

static void test_cursors_of_elsewhere_are_refused(void **state)
{
    (void) state;
    struct world *world = world_to_list();
    struct shown shown = {.limit = 1};
    uint8_t bytes[VIEW_KEY_MAX + 10];

    assert_int_equal(list(world, LIST(ROLL), 1, 0, LENA, BYTES(NULL, 0), &shown), 0);
    size_t size = shown.next.size;
    memcpy(bytes, shown.next.data, size);
    assert_int_equal(list(world, LIST(ROLL), 1, 0, LENA, BYTES(bytes, size), &shown), 0);
    assert_int_equal(list(world, LIST(ROLL), 2, 0, LENA, BYTES(bytes, size), &shown), ERR_RANGE);
    assert_int_equal(list(world, LIST(BALLOTS), 1, 0, LENA, BYTES(bytes, size), &shown), ERR_RANGE);
    assert_int_equal(list(world, LIST(MEMBERS), 0, 0, LENA, BYTES(bytes, size), &shown), ERR_RANGE);
    assert_int_equal(list(world, LIST(ROLL), 1, 0, LENA, BYTES(bytes, size - 1), &shown), ERR_RANGE);
    assert_int_equal(list(world, LIST(ROLL), 1, 0, LENA, BYTES(bytes, 1), &shown), ERR_RANGE);
    bytes[size - 1] = 1;
    assert_int_equal(list(world, LIST(ROLL), 1, 0, LENA, BYTES(bytes, size), &shown), ERR_RANGE);
    bytes[size - 1] = 0;
    bytes[size] = 0;
    assert_int_equal(list(world, LIST(ROLL), 1, 0, LENA, BYTES(bytes, size + 1), &shown), ERR_RANGE);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(list(world, LIST(ROLL), 1, 0, LENA, BYTES(bytes, sizeof(bytes)), &shown), ERR_RANGE);

    /* A cursor that another reader was given for this list shows no more than one's own. */
    struct shown own = {.limit = 1};
    assert_int_equal(list(world, LIST(BALLOTS), 2, 0, LENA, BYTES(NULL, 0), &own), 0);
    struct bytes cursor = own.next;
    assert_int_equal(list(world, LIST(BALLOTS), 2, 0, LUIS, cursor, &own), 0);
    assert_int_equal(own.count, 0);
    world_destroy(&world);
}

static void test_lists_that_are_none(void **state)
{
    (void) state;
    struct world *world = world_to_list();
    struct shown shown = {0};

    assert_int_equal(list(world, LIST(UNSPECIFIED), 0, 0, LENA, BYTES(NULL, 0), &shown), ERR_ENUM);
    assert_int_equal(list(world, (Comity__V1__ListKind) 99, 0, 0, LENA, BYTES(NULL, 0), &shown), ERR_ENUM);
    assert_int_equal(list(world, LIST(ROLL), 0, 0, LENA, BYTES(NULL, 0), &shown), ERR_MISSING);
    assert_int_equal(list(world, LIST(BALLOTS), 0, 0, LENA, BYTES(NULL, 0), &shown), ERR_MISSING);
    assert_int_equal(list(world, LIST(MEMBERS), 1, 0, LENA, BYTES(NULL, 0), &shown), ERR_RANGE);
    assert_int_equal(list(world, LIST(KEYS), 0, 1, LENA, BYTES(NULL, 0), &shown), ERR_RANGE);
    world_destroy(&world);
}

/* Every kind of list that the contract has, but the one that is none. */
static void test_every_list_of_the_contract_is_there(void **state)
{
    (void) state;
    const ProtobufCEnumDescriptor *type = &comity__v1__list_kind__descriptor;
    struct world *world = world_to_list();

    for (unsigned i = 0; i < type->n_values; i++) {
        struct shown shown = {0};
        int kind = type->values[i].value;
        int code = list(world, (Comity__V1__ListKind) kind, 0, 0, LENA, BYTES(NULL, 0), &shown);

        assert_true(code == (kind == 0 ? ERR_ENUM : 0) || (kind != 0 && code == ERR_MISSING));
    }
    world_destroy(&world);
}

static void test_rows_of_another_kind_and_damaged_rows(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Site site = COMITY__V1__SITE__INIT;
    Comity__V1__Key key = COMITY__V1__KEY__INIT;
    struct row_key at = row_key(TABLE_SITE, 2, 0);
    ProtobufCMessage *row = NULL;

    assert_int_equal(state_put(&world->view, world->arena, TABLE_BODY, 1, 0, &site.base), ERR_INTERNAL);
    assert_int_equal(state_put(&world->view, world->arena, TABLE_COUNTER, 1, 0, &site.base), ERR_INTERNAL);
    assert_int_equal(state_put(&world->view, world->arena, (enum table) 99, 1, 0, &site.base), ERR_INTERNAL);
    assert_int_equal(state_put(&world->view, world->arena, TABLE_KEY, 0, 0, &key.base), ERR_INTERNAL);
    assert_int_equal(state_get(&world->view, world->arena, TABLE_SITE, 4, 0, &row), ERR_NOT_FOUND);
    assert_null(row);
    assert_int_equal(view_put(&world->view, row_key_view(&at), BYTES("\xff\xff", 2)), 0);
    assert_int_equal(state_get(&world->view, world->arena, TABLE_SITE, 2, 0, &row), ERR_CORRUPT);
    assert_int_equal(state_get(&world->view, world->arena, TABLE_COUNTER, 2, 0, &row), ERR_NOT_FOUND);

    char name[200];
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(state_get_by_name(&world->view, world->arena, TABLE_SITE, name, &row), ERR_NOT_FOUND);
    struct shown shown = {0};
    assert_int_equal(list(world, LIST(SITES), 0, 0, LENA, BYTES(NULL, 0), &shown), ERR_CORRUPT);
    world_destroy(&world);
}

static bool is_open(struct world *world, const Comity__V1__Invitation *invitation, int64_t time_ms)
{
    bool is = false;

    assert_int_equal(state_invitation_is_open(&world->view, world->arena, invitation, time_ms, &is), 0);
    return is;
}

/* For who redeems it, and for whom its name is taken, alike. */
static void test_when_an_invitation_is_open(void **state)
{
    (void) state;
    struct world *world = world_to_list();
    ProtobufCMessage *row;
    assert_int_equal(state_get_by_key(&world->view, world->arena, TABLE_INVITATION, world_key(world, "once").data, &row), 0);
    const Comity__V1__Invitation invitation = *(const Comity__V1__Invitation *) row;
    const int64_t last_ms = invitation.expires_ms - 1;
    Comity__V1__Invitation other = invitation;

    assert_true(is_open(world, &invitation, last_ms));
    assert_false(is_open(world, &invitation, invitation.expires_ms));
    other.member = LENA;
    assert_false(is_open(world, &other, last_ms));
    other = invitation;
    other.revoked = 1;
    assert_false(is_open(world, &other, last_ms));
    /* Signed by a key that is not on record: neither is it redeemed, nor is its name free. */
    bool is = true;
    other = invitation;
    other.signer = world_key(world, "nobody's");
    assert_int_equal(state_invitation_is_open(&world->view, world->arena, &other, last_ms, &is), ERR_CORRUPT);
    assert_false(is);
    other.signer = (ProtobufCBinaryData){0, NULL};
    assert_int_equal(state_invitation_is_open(&world->view, world->arena, &other, last_ms, &is), ERR_CORRUPT);
    /* The key that signed it is revoked. */
    assert_int_equal(state_get_by_key(&world->view, world->arena, TABLE_KEY, invitation.signer.data, &row), 0);
    Comity__V1__Key key = *(const Comity__V1__Key *) row;
    key.revoked = 1;
    assert_int_equal(state_put(&world->view, world->arena, TABLE_KEY, 0, 0, &key.base), 0);
    assert_false(is_open(world, &invitation, last_ms));
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_show_their_rows_in_order),
        cmocka_unit_test(test_numbers_sort_as_numbers),
        cmocka_unit_test(test_ballots_are_shown_by_right),
        cmocka_unit_test(test_invitations_are_for_every_member),
        cmocka_unit_test(test_rounds_say_how_many_answered),
        cmocka_unit_test(test_listed_rounds_say_it_too),
        cmocka_unit_test(test_pages_add_up),
        cmocka_unit_test(test_cursors_of_elsewhere_are_refused),
        cmocka_unit_test(test_lists_that_are_none),
        cmocka_unit_test(test_every_list_of_the_contract_is_there),
        cmocka_unit_test(test_rows_of_another_kind_and_damaged_rows),
        cmocka_unit_test(test_when_an_invitation_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
