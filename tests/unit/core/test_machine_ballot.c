/* Ballots: cast_ballot, its refusals in their order, and who may see what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world.h"

static void close_round(struct world *world)
{
    Comity__V1__Command *command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    command->close_round->round = 1;
    world_accept(world, command);
}

static uint64_t latest_of(struct world *world, uint32_t member)
{
    return ((Comity__V1__Ballot *) world_row(world, TABLE_BALLOT, 1, member))->sequence;
}

static void test_cast_and_replace(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *command = world_ballot(world, "lena", 1, 5);

    command->cast_ballot->reason = world_text(world);
    const Comity__V1__Event *event = world_accept(world, command);
    assert_int_equal(event->ballot_cast->round, 1);
    assert_int_equal(event->ballot_cast->member, LENA);
    assert_int_equal(event->ballot_cast->replaces, 0);
    assert_int_equal(world->events.list[0].audience, COMITY__V1__AUDIENCE__AUDIENCE_ALL);
    assert_int_equal(world->events.list[0].round, 0);
    const Comity__V1__Ballot *ballot = world_row(world, TABLE_BALLOT, 1, LENA);
    uint64_t first = ballot->sequence;
    assert_int_equal(first, world->context.next_sequence - 1);
    assert_int_equal(ballot->round, 1);
    assert_int_equal(ballot->member, LENA);
    assert_int_equal(ballot->answer, 5);
    assert_int_equal(ballot->stance, COMITY__V1__STANCE__STANCE_CONCERN);
    assert_memory_equal(ballot->reason->hash.data, command->cast_ballot->reason->hash.data, HASH_SIZE);
    assert_int_equal(ballot->cast_ms, world->context.time_ms);

    world->context.time_ms += 3;
    command = world_ballot(world, "lena", 1, 1);
    command->cast_ballot->replaces = first;
    world_accept(world, command);
    ballot = world_row(world, TABLE_BALLOT, 1, LENA);
    assert_int_equal(ballot->answer, 1);
    assert_int_equal(ballot->replaces, first);
    assert_null(ballot->reason);
    assert_int_equal(((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->answered, 1);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_refusals_in_their_order(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *command = world_ballot(world, "stranger", 1, 99);

    /* Everything is wrong with it; the first fault is named, then the next. */
    command->cast_ballot->round = 2;
    command->cast_ballot->text_hash = world_key(world, "another text");
    command->cast_ballot->replaces = 1234;
    world_refuse(world, command, ERR_KEY_UNKNOWN, "key");
    command->key = world_key(world, "lars");
    world_refuse(world, command, ERR_NOT_FOUND, "cast_ballot.round");
    command->cast_ballot->round = 1;
    world_refuse(world, command, ERR_NOT_ON_ROLL, "key");
    command->key = world_key(world, "lena");
    world_refuse(world, command, ERR_STALE, "cast_ballot.text_hash");
    assert_int_equal(world->refusal.latest, 1);
    command->cast_ballot->text_hash = ((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->text_hash;
    world_refuse(world, command, ERR_ANSWER, "cast_ballot.answer");
    command->cast_ballot->answer = 6;
    world_refuse(world, command, ERR_STALE, "cast_ballot.replaces");
    assert_int_equal(world->refusal.latest, 0);
    command->cast_ballot->replaces = 0;
    world_refuse(world, command, ERR_REASON, "cast_ballot.reason");
    command->cast_ballot->reason = world_text(world);
    world_accept(world, command);
    world_destroy(&world);
}

static void test_a_stale_copy_does_not_override(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);

    world_accept(world, world_ballot(world, "lena", 1, 5));
    uint64_t first = latest_of(world, LENA);
    Comity__V1__Command *second = world_ballot(world, "lena", 1, 1);
    second->cast_ballot->replaces = first;
    world_accept(world, second);
    uint64_t latest = latest_of(world, LENA);

    Comity__V1__Command *late = world_ballot(world, "lena", 1, 4);
    late->cast_ballot->replaces = first;
    world_refuse(world, late, ERR_STALE, "cast_ballot.replaces");
    assert_int_equal(world->refusal.latest, latest);
    world_refuse(world, world_ballot(world, "lena", 1, 4), ERR_STALE, "cast_ballot.replaces");
    assert_int_equal(world->refusal.latest, latest);
    late = world_ballot(world, "mara", 1, 4);
    late->cast_ballot->replaces = latest;
    world_refuse(world, late, ERR_STALE, "cast_ballot.replaces");
    assert_int_equal(world->refusal.latest, 0);
    world_destroy(&world);
}

static Comity__V1__Rule *once_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_rule(world, "once");

    rule->change = COMITY__V1__CHANGE__CHANGE_ONCE;
    return rule;
}

static void test_one_ballot_only(void **state)
{
    (void) state;
    struct world *world = world_with_round(once_rule);
    Comity__V1__Command *again = world_ballot(world, "lena", 1, 2);

    world_accept(world, world_ballot(world, "lena", 1, 1));
    again->cast_ballot->replaces = latest_of(world, LENA);
    world_refuse(world, again, ERR_ONCE, "cast_ballot.round");
    assert_int_equal(world->refusal.latest, latest_of(world, LENA));
    world_refuse(world, world_ballot(world, "lena", 1, 2), ERR_ONCE, "cast_ballot.round");
    world_destroy(&world);
}

static void test_after_the_close(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *command = world_ballot(world, "lena", 1, 1);

    close_round(world);
    world_refuse(world, command, ERR_CLOSED, "cast_ballot.round");
    world_refuse(world, world_ballot(world, "lars", 1, 1), ERR_NOT_ON_ROLL, "key");
    world_destroy(&world);
}

static void test_a_revoked_keys_ballot_stands(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *revoke = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REVOKE_KEY);

    world_accept(world, world_ballot(world, "luis", 1, 1));
    revoke->revoke_key->key = world_key(world, "luis");
    world_accept(world, revoke);
    world_refuse(world, world_ballot(world, "luis", 1, 2), ERR_KEY_REVOKED, "key");
    world_accept(world, world_ballot(world, "mara", 1, 1));
    close_round(world);
    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(round->outcome->n_ballots, 2);
    world_destroy(&world);
}

static Comity__V1__Rule *hidden_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_rule(world, "hidden");

    rule->visibility = COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
    return rule;
}

/* Nobody can tell from the number of an event's parts who had a reason or another way to give. docs/rules.md R-85 */
static void test_hidden_ballots_always_have_both_texts(void **state)
{
    (void) state;
    struct world *world = world_with_round(hidden_rule);
    Comity__V1__Command *command = world_ballot(world, "lena", 1, 1);
    Comity__V1__TextRef *none = command->cast_ballot->reason;

    assert_int_equal(none->size, 0);
    command->cast_ballot->reason = NULL;
    world_refuse(world, command, ERR_MISSING, "cast_ballot.reason");
    command->cast_ballot->reason = none;
    Comity__V1__TextRef *nothing_else = command->cast_ballot->alternative;
    command->cast_ballot->alternative = NULL;
    world_refuse(world, command, ERR_MISSING, "cast_ballot.alternative");
    command->cast_ballot->alternative = nothing_else;
    world_accept(world, command);
    assert_int_equal(((Comity__V1__Ballot *) world_row(world, TABLE_BALLOT, 1, LENA))->reason->size, 0);

    /* Where the rule wants a reason an empty one is none. */
    command = world_ballot(world, "mara", 1, 6);
    world_refuse(world, command, ERR_REASON, "cast_ballot.reason");
    command->cast_ballot->reason = NULL;
    world_refuse(world, command, ERR_REASON, "cast_ballot.reason");
    command->cast_ballot->reason = world_text(world);
    world_accept(world, command);
    world_check_replay(world);
    world_destroy(&world);

    /* Under an open rule it may be empty, or left out. */
    world = world_with_round(world_plain_rule);
    command = world_ballot(world, "lena", 1, 6);
    command->cast_ballot->reason = world_text(world);
    command->cast_ballot->reason->size = 0;
    world_refuse(world, command, ERR_REASON, "cast_ballot.reason");
    command->cast_ballot->answer = 1;
    world_accept(world, command);
    world_accept(world, world_ballot(world, "mara", 1, 1));
    world_destroy(&world);
}

static bool may_see(struct world *world, uint32_t voter, uint32_t reader)
{
    bool may = false;

    assert_int_equal(state_may_see_ballots(&world->view, world->arena, 1, voter, reader, &may), 0);
    return may;
}

static void test_ballots_are_hidden_until_the_close(void **state)
{
    (void) state;
    struct world *world = world_with_round(hidden_rule);
    bool may = true;

    world_accept(world, world_ballot(world, "lena", 1, 1));
    assert_int_equal(world->events.list[0].audience, COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE);
    assert_int_equal(world->events.list[0].round, 1);
    assert_true(may_see(world, LENA, LENA));
    assert_false(may_see(world, LENA, LUIS));
    assert_false(may_see(world, LENA, CORA));
    close_round(world);
    assert_true(may_see(world, LENA, LUIS));
    assert_int_equal(state_may_see_ballots(&world->view, world->arena, 2, LENA, LENA, &may), ERR_NOT_FOUND);
    world_destroy(&world);

    world = world_with_round(world_plain_rule);
    assert_true(may_see(world, LENA, LUIS));
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cast_and_replace),
        cmocka_unit_test(test_refusals_in_their_order),
        cmocka_unit_test(test_a_stale_copy_does_not_override),
        cmocka_unit_test(test_one_ballot_only),
        cmocka_unit_test(test_after_the_close),
        cmocka_unit_test(test_a_revoked_keys_ballot_stands),
        cmocka_unit_test(test_hidden_ballots_always_have_both_texts),
        cmocka_unit_test(test_ballots_are_hidden_until_the_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
