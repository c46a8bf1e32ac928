/* Rounds that closed by themselves, or were given more time: does what the record says of it fit? R-98 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/world_rounds.h"
#include "tests/unit/rules/fake_said.h"

#define MINUTE_MS ((int64_t) 60 * 1000)

static void change_extension(struct world *world, uint64_t sequence, Comity__V1__Event *event,
                             Comity__V1__Command *command, void *context)
{
    (void) world, (void) sequence, (void) command, (void) context;
    if (event->kind_case == COMITY__V1__EVENT__KIND_ROUND_EXTENDED)
        event->round_extended->outcome->tests[0]->count++;
}

static void change_cause(struct world *world, uint64_t sequence, Comity__V1__Event *event,
                         Comity__V1__Command *command, void *context)
{
    (void) world, (void) sequence, (void) command;
    if (event->kind_case == COMITY__V1__EVENT__KIND_ROUND_CLOSED)
        event->round_closed->cause = *(const Comity__V1__CloseCause *) context;
}

static void test_extended(void **state)
{
    struct world *world = world_with_round(world_extending_rule);
    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    int64_t closes_ms = round->closes_ms;
    struct fake_edit edit = {.change = change_extension, .covers_up = true};
    struct said said;

    (void) state;
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world->context.time_ms = closes_ms;
    world_due(world);
    said = recount(world, NULL);
    assert_int_equal(said.counts, 1);
    assert_int_equal(said.what, RECOUNT_EXTENSION);
    assert_int_equal(said.verdict, RECOUNT_SAME);
    assert_int_equal(recount(world, &edit).verdict, RECOUNT_DIFFERS);

    world_accept(world, world_ballot(world, "luis", 1, 1));
    world_accept(world, world_ballot(world, "mara", 1, 1));
    world->context.time_ms = closes_ms + 10 * MINUTE_MS;
    world_due(world);
    said = recount(world, NULL);
    assert_int_equal(said.summary.counts[RECOUNT_SAME], 2);
    assert_string_equal(said.notes, "");
    world_destroy(&world);
}

static void test_settled(void **state)
{
    struct world *world = world_with_round(world_settling_rule);
    Comity__V1__CloseCause cause = COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_ALL_ANSWERED;
    struct fake_edit edit = {.change = change_cause, .context = &cause, .covers_up = true};
    struct said said;

    (void) state;
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_accept(world, world_ballot(world, "luis", 1, 1));
    world_accept(world, world_ballot(world, "mara", 1, 1));
    world_due(world);
    said = recount(world, NULL);
    assert_int_equal(said.verdict, RECOUNT_SAME);
    assert_string_equal(said.notes, "");
    said = recount(world, &edit);
    assert_int_equal(said.verdict, RECOUNT_DIFFERS);
    assert_says(said.notes, "it closed since all had answered, the record says");
    world_destroy(&world);
}

/* A facilitator closed it, while something could still change. */
static void test_not_settled(void **state)
{
    struct world *world = world_with_round(world_settling_rule);
    Comity__V1__CloseCause cause = COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_NOTHING_CAN_CHANGE;
    struct fake_edit edit = {.change = change_cause, .context = &cause, .covers_up = true};
    struct said said;

    (void) state;
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_close_round(world, 1);
    assert_int_equal(recount(world, NULL).verdict, RECOUNT_SAME);
    said = recount(world, &edit);
    assert_int_equal(said.verdict, RECOUNT_DIFFERS);
    assert_says(said.notes,
                "it closed since nothing could change any more, the record says: something could");
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extended),
        cmocka_unit_test(test_settled),
        cmocka_unit_test(test_not_settled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
