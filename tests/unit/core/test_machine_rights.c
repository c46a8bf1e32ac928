/* Who may: a walk of the table of commands. For every command: somebody who lacks the right, a stranger and a
 * revoked key are refused, and somebody who has it is not. And docs/trust.md shows the same table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "walk_rows.h"

static Comity__V1__Command *command_by(struct world *world, const struct walk_row *row, const char *signer)
{
    Comity__V1__Command *command = world_command(world, "lena", row->body);

    row->fill(world, command);
    command->key = world_key(world, signer);
    /* Signed by labour as well where that is somebody else's to bring in. */
    if (command->n_cosigners > 0 && row->body != COMITY__V1__COMMAND__BODY_REDEEM &&
        row->body != COMITY__V1__COMMAND__BODY_ENTER_BALLOTS &&
        row->body != COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE &&
        row->body != COMITY__V1__COMMAND__BODY_ENTER_ANSWER && !is_of_new_key(row->body) &&
        strcmp(signer, "lena") != 0)
        world_cosign(world, command, "lena", NULL);
    return command;
}

static void walk_members(const struct walk_row *row)
{
    for (size_t i = 0; i < ARRAY_COUNT(row->without) && row->without[i]; i++) {
        struct world *world = world_prepared();

        world_refuse(world, command_by(world, row, row->without[i]), row->code, "key");
        world_destroy(&world);
    }
    for (size_t i = 0; i < ARRAY_COUNT(row->with) && row->with[i]; i++) {
        struct world *world = world_prepared();

        world_accept(world, command_by(world, row, row->with[i]));
        world_destroy(&world);
    }
}

static void walk_outsiders(const struct walk_row *row)
{
    struct world *world = world_prepared();

    if (row->body != COMITY__V1__COMMAND__BODY_REDEEM) {
        world_refuse(world, command_by(world, row, "stranger"), ERR_KEY_UNKNOWN, "key");
        world_refuse(world, command_by(world, row, "luis"), ERR_KEY_REVOKED, "key");
    } else {
        world_refuse(world, command_by(world, row, "luis"), ERR_EXISTS, "key");
    }
    world_destroy(&world);
}

static Comity__V1__Command *invite_to(struct world *world, const char *signer,
                                      const Comity__V1__Office *offices, size_t count)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_INVITE);

    fill_invite(world, command);
    command->invite->n_offices = count;
    command->invite->offices = arena_copy(world->arena, offices, count * sizeof(*offices));
    return command;
}

/* Who facilitates or keeps the record serves all parties, so that all of them invite. */
static void test_offices_that_serve_all_are_given_jointly(void **state)
{
    (void) state;
    struct world *world = world_prepared();
    unsigned joint = 0;

    for (int office = 1; office <= 6; office++) {
        Comity__V1__Office offices[] = {COMITY__V1__OFFICE__OFFICE_CO_CHAIR, (Comity__V1__Office) office};
        size_t count = office == COMITY__V1__OFFICE__OFFICE_CO_CHAIR ? 1 : 2;
        Comity__V1__Command *alone = invite_to(world, "lena", offices, count);
        Comity__V1__Command *together = invite_to(world, "lena", offices, count);
        char key[16];

        snprintf(key, sizeof(key), "once %d", office);
        alone->invite->key = together->invite->key = world_key(world, key);
        world_cosign(world, together, "mara", NULL);
        if (office == COMITY__V1__OFFICE__OFFICE_FACILITATOR ||
            office == COMITY__V1__OFFICE__OFFICE_RECORDER) {
            world_refuse(world, alone, ERR_COSIGNERS, "cosigners.*");
            world_accept(world, together);
            joint++;
        } else {
            world_refuse(world, together, ERR_RANGE, "cosigners");
            world_accept(world, alone);
        }
    }
    assert_int_equal(joint, 2);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_who_may_invite_a_facilitator(void **state)
{
    (void) state;
    static const Comity__V1__Office FACILITATOR[] = {COMITY__V1__OFFICE__OFFICE_FACILITATOR};
    struct world *world = world_prepared();
    Comity__V1__Command *command = invite_to(world, "lars", FACILITATOR, 1);

    world_cosign(world, command, "lena", "mara", NULL);
    world_refuse(world, command, ERR_FORBIDDEN, "key"); /* who signs is a co-chair, whoever signs as well */
    command->key = world_key(world, "stranger");
    world_refuse(world, command, ERR_KEY_UNKNOWN, "key");
    command = invite_to(world, "lena", FACILITATOR, 1);
    world_cosign(world, command, "carl", NULL); /* neutral: no stand-in for the other party */
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.*");
    command = invite_to(world, "lena", FACILITATOR, 1);
    world_cosign(world, command, "mona", NULL); /* of the other party, but no co-chair */
    world_refuse(world, command, ERR_FORBIDDEN, "cosigners[0]");
    /* It is for the constituency of whoever signs first. */
    command = invite_to(world, "carl", FACILITATOR, 1);
    world_cosign(world, command, "lena", "mara", NULL);
    const Comity__V1__Event *event = world_accept(world, command);
    assert_int_equal(event->member_invited->invitation->constituency, CONVENER);
    world_check_replay(world);
    world_destroy(&world);
}

static void walk_found(const struct walk_row *row)
{
    for (size_t i = 0; i < 2; i++) {
        struct world *world = world_new();
        Comity__V1__Command *command = world_found_command(world);

        command->key = world_key(world, "stranger");
        world_cosign(world, command, "lena", NULL);
        world_refuse(world, command, row->code, "key");
        command = world_found_command(world);
        for (size_t k = 0; i == 1 && k < command->n_cosigners; k++)
            if (memcmp(command->cosigners[k].data, world_key(world, row->with[i]).data, KEY_SIZE) == 0) {
                command->cosigners[k] = command->cosigners[--command->n_cosigners];
                command->key = world_key(world, row->with[i]);
                world_cosign(world, command, "lena", NULL);
            }
        assert_int_equal(world_accept(world, command)->actor, i == 1 ? MARA : LENA);
        world_destroy(&world);
    }
}

static void test_every_command_is_for_those_who_may(void **state)
{
    (void) state;
    unsigned count = 0;

    for (const struct command_row *row = command_row_at(0); row; row = command_row_at(++count)) {
        const struct walk_row *walk = walk_find(row->body);

        assert_non_null(walk);
        if (row->body == COMITY__V1__COMMAND__BODY_FOUND) {
            walk_found(walk);
            continue;
        }
        walk_members(walk);
        walk_outsiders(walk);
    }
    assert_int_equal(count, ARRAY_COUNT(WALK));
}

/* A table row a field of the contract's oneof, by its name. */
static void test_the_table_has_every_command(void **state)
{
    (void) state;
    const ProtobufCMessageDescriptor *type = &comity__v1__command__descriptor;
    unsigned bodies = 0;
    unsigned rows = 0;

    for (unsigned i = 0; i < type->n_fields; i++)
        bodies += type->fields[i].id >= COMITY__V1__COMMAND__BODY_FOUND;
    for (const struct command_row *row = command_row_at(0); row; row = command_row_at(++rows)) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(type, (unsigned) row->body);

        assert_non_null(field);
        assert_string_equal(field->name, row->name);
        assert_string_not_equal(right_name(row->right), "nobody");
        assert_true(strlen(row->summary) > 10 && row->summary[strlen(row->summary) - 1] == '.');
    }
    assert_int_equal(rows, bodies);
    assert_string_equal(right_name((enum right) 99), "nobody");
}

static void test_every_event_has_its_name(void **state)
{
    (void) state;
    const ProtobufCMessageDescriptor *type = &comity__v1__event__descriptor;
    Comity__V1__Event event = COMITY__V1__EVENT__INIT;

    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].id < COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED)
            continue;
        event.kind_case = (Comity__V1__Event__KindCase) type->fields[i].id;
        assert_string_equal(event_name(&event), type->fields[i].name);
    }
    event.kind_case = COMITY__V1__EVENT__KIND__NOT_SET;
    assert_null(event_name(&event));
}

static char *file_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static void test_the_documents_show_the_same_table(void **state)
{
    (void) state;
    static char expected[65536];
    char *text = file_read(SOURCE_DIR "/docs/trust.md");
    char *begin = strstr(text, "<!-- rights: begin -->\n");
    char *end = strstr(text, "<!-- rights: end -->");
    size_t size = 0;
    unsigned i = 0;

    size +=
        (size_t) snprintf(expected, sizeof(expected), "| command | who | what it does |\n|---|---|---|\n");
    for (const struct command_row *row = command_row_at(0); row; row = command_row_at(++i))
        size += (size_t) snprintf(expected + size, sizeof(expected) - size, "| `%s` | %s | %s |\n", row->name,
                                  right_name(row->right), row->summary);
    assert_true(size < sizeof(expected));
    assert_non_null(begin);
    assert_non_null(end);
    *end = '\0';
    begin += strlen("<!-- rights: begin -->\n");
    if (strcmp(begin, expected) != 0)
        print_error("docs/trust.md should have, between its marks:\n%s", expected);
    assert_string_equal(begin, expected);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_command_is_for_those_who_may),
        cmocka_unit_test(test_offices_that_serve_all_are_given_jointly),
        cmocka_unit_test(test_who_may_invite_a_facilitator),
        cmocka_unit_test(test_the_table_has_every_command),
        cmocka_unit_test(test_every_event_has_its_name),
        cmocka_unit_test(test_the_documents_show_the_same_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
