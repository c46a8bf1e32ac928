/* Rounds of as many members as a roll can have, in the memory that a worker gives to one command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/frame.h"
#include "core/rule/rule.h"
#include "tests/support/world_rounds.h"
#include "tests/support/world_stages.h"

enum { FIRST = 100, KEYS = 300000, SCRATCH_BYTES = 64 * 1024 * 1024 };

static void put(struct world *world, enum table table, uint32_t a, uint32_t b, const ProtobufCMessage *row)
{
    assert_int_equal(state_put(&world->view, world->arena, table, a, b, row), 0);
}

/* A list of ROLL_MAX members, all of whom have checked in, without the thirty thousand commands that it
 * takes. */
static void enroll(struct world *world, Comity__V1__Rule *rule)
{
    uint32_t *members = world_alloc(world, ROLL_MAX * sizeof(*members));
    Comity__V1__RollList list = COMITY__V1__ROLL_LIST__INIT;
    Comity__V1__TextRef *name = world_text(world);

    rule->roll = COMITY__V1__ROLL_KIND__ROLL_KIND_LIST;
    rule->list = arena_string(world->arena, "electors");

    for (uint32_t i = 0; i < ROLL_MAX; i++) {
        Comity__V1__Member member = COMITY__V1__MEMBER__INIT;
        Comity__V1__Presence presence = COMITY__V1__PRESENCE__INIT;
        members[i] = member.number = presence.member = FIRST + i;
        member.constituency = LABOUR;
        member.name = name;
        presence.session = 1;
        presence.site = 1;
        presence.state = COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_PRESENT;
        put(world, TABLE_MEMBER, member.number, 0, &member.base);
        put(world, TABLE_PRESENCE, 1, member.number, &presence.base);
    }
    world_accept(world, world_list(world, "lena", "labour", 0));
    list.number = 1;
    list.name = arena_string(world->arena, "electors");
    list.constituency = LABOUR;
    list.members = members;
    list.n_members = ROLL_MAX;
    put(world, TABLE_ROLL_LIST, 1, LABOUR, &list.base);
}

/* Decided and applied in the memory of a worker, whose clients take no event that is larger than a frame. */
static void carry_out(struct world *world, const Comity__V1__Command *body)
{
    struct arena *scratch = arena_new(SCRATCH_BYTES);
    struct command command = {.body = body};
    struct machine_events *events = world_alloc(world, sizeof(*events));

    assert_int_equal(
        machine_decide(&world->view, &command, &world->context, scratch, events, &world->refusal), 0);
    for (size_t i = 0; i < events->count; i++) {
        const Comity__V1__Event *open = events->list[i].open;
        assert_true(protobuf_c_message_get_packed_size(&open->base) < FRAME_BODY_MAX_BYTES);
        events->list[i].sequence = world->context.next_sequence++;
        assert_int_equal(machine_apply(&world->view, &events->list[i], scratch), 0);
    }
    assert_false(arena_is_exhausted(scratch));
    arena_destroy(&scratch);
}

static void all_answer(struct world *world, uint32_t round, uint32_t answer, size_t ranks)
{
    Comity__V1__TextRef *text = world_text(world);

    for (uint32_t i = 0; i < ROLL_MAX; i++) {
        Comity__V1__Ballot ballot = COMITY__V1__BALLOT__INIT;
        uint32_t list[OPTIONS_MAX];
        ballot.round = round;
        ballot.member = FIRST + i;
        ballot.answer = answer;
        ballot.stance = (Comity__V1__Stance) answer;
        ballot.sequence = 1000000 + i;
        ballot.reason = text;
        ballot.alternative = text;
        for (size_t k = 0; k < ranks; k++)
            list[k] = (uint32_t) ((k + i * 7) % ranks + 1);
        ballot.ranks = list;
        ballot.n_ranks = ranks;
        put(world, TABLE_BALLOT, round, ballot.member, &ballot.base);
    }
}

/* As many counts as one close can cause. */
static void test_a_ladder(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);

    enroll(world, rule);
    rule->tests[0] = rule->tests[2];
    rule->n_tests = 2;
    rule->visibility = COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
    for (size_t i = 0; i < 16; i++)
        world_stage_map(world, world_stage(world, rule, SECONDING, i == 0 ? REJECTED : TABLED), REJECTED,
                        TABLED);
    uint32_t number = world_adopt(world, rule);
    carry_out(world, world_open_round_command(world, 1, number));
    all_answer(world, 1, CONCERN, 0);
    carry_out(world, world_close_round_command(world, 1));
    assert_int_equal(((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->outcome, TABLED);
    assert_int_equal(world_stage_run(world, 16)->n_present, ROLL_MAX);
    assert_int_equal(world_stage_run(world, 16)->recount->n_ballots, ROLL_MAX);
    world_destroy(&world);
}

/* Of members who hold no office. */
static void give_keys(struct world *world)
{
    for (uint32_t i = 0; i < KEYS; i++) {
        Comity__V1__Key key = COMITY__V1__KEY__INIT;
        uint8_t bytes[KEY_SIZE] = {0xff};
        put_u32(bytes + 1, i);
        key.key = (ProtobufCBinaryData){KEY_SIZE, bytes};
        key.member = FIRST + i % ROLL_MAX;
        key.added = 1;
        put(world, TABLE_KEY, 0, 0, &key.base);
    }
}

/* Who is asked, and who is still there, is looked for among all keys. */
static void test_a_stage_that_asks_an_office(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *list = world_rule(world, "listed");
    Comity__V1__Rule *rule = world_ladder_rule(world);

    enroll(world, list);
    give_keys(world);
    world_stage(world, rule, SIGN_OFF, ADOPTED)->each_party = true;
    carry_out(world, world_open_round_command(world, 1, world_adopt(world, rule)));
    world_answer(world, 1, "lena 1, mara 1");
    carry_out(world, world_close_round_command(world, 1));
    world_check_stage(world, 1, SIGN_OFF, NONE);
    carry_out(world, world_sign_off_command(world, "lena", 1, false));
    world_check_stage(world, 1, SIGN_OFF, NONE);
    carry_out(world, world_sign_off_command(world, "mara", 1, false));
    world_check_stage(world, 1, SIGN_OFF, ADOPTED);
    world_destroy(&world);
}

static void test_a_ranking_of_all_options(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_form_rule(world, COMITY__V1__FORM__FORM_RANKING);

    enroll(world, rule);
    rule->ranking->method = COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_MEEK;
    rule->ranking->seats = OPTIONS_MAX / 2;
    rule->ranking->needs_default = false;
    rule->ranking->n_majorities = 0;
    uint32_t number = world_adopt(world, rule);
    Comity__V1__Command *open = world_open_options(world, false, number, NULL);
    for (size_t i = 0; i < OPTIONS_MAX; i++) {
        Comity__V1__NewOption *option = world_alloc(world, sizeof(*option));
        comity__v1__new_option__init(option);
        option->label = arena_printf(world->arena, "o%zu", i);
        open->open_round->options[open->open_round->n_options++] = option;
    }
    carry_out(world, open);
    all_answer(world, 1, 0, OPTIONS_MAX);
    carry_out(world, world_close_round_command(world, 1));
    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(round->outcome->tallies[0]->answered, ROLL_MAX);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ladder),
        cmocka_unit_test(test_a_stage_that_asks_an_office),
        cmocka_unit_test(test_a_ranking_of_all_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
