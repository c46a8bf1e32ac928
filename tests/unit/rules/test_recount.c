/* Recounting a copy of the record: as it was written, and as a hostile hand would have it.,
 * */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/rules/recount.h"
#include "core/error.h"
#include "core/rule/rule.h"
#include "tests/support/world_stages.h"
#include "tests/unit/rules/fake_said.h"

static void cast(struct world *world, const char *member, uint32_t answer)
{
    world_accept(world, world_ballot(world, member, 1, answer));
}

/* Round 1: lena and luis agree, mara has a concern and then agrees; cora closes it. ADOPTED. */
static struct world *decided(void)
{
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *again;

    cast(world, "lena", 1);
    cast(world, "luis", 1);
    cast(world, "mara", 5);
    again = world_ballot(world, "mara", 1, 1);
    again->cast_ballot->replaces = world->context.next_sequence - 1;
    world_accept(world, again);
    world_close_round(world, 1);
    return world;
}

/* The number of the last event of this kind that changes may be made in. */
static uint64_t number_of(const struct world *world, Comity__V1__Event__KindCase kind)
{
    uint64_t number = 0;

    for (size_t i = 0; i < world->record_count; i++) {
        Comity__V1__Event *event =
            comity__v1__event__unpack(NULL, world->records[i].open.size, world->records[i].open.data);
        if (event->kind_case == kind)
            number = world->records[i].sequence;
        comity__v1__event__free_unpacked(event, NULL);
    }
    assert_true(number > 0);
    return number;
}

static void test_same(void **state)
{
    struct world *world = decided();
    struct said said = recount(world, NULL);

    (void) state;
    assert_int_equal(said.counts, 1);
    assert_int_equal(said.verdict, RECOUNT_SAME);
    assert_string_equal(said.faults, "");
    assert_string_equal(said.notes, "");
    assert_true(said.summary.is_whole);
    assert_true(said.summary.is_signed);
    assert_int_equal(said.summary.events, world->record_count);
    assert_int_equal(said.sequence, number_of(world, COMITY__V1__EVENT__KIND_ROUND_CLOSED));
    world_destroy(&world);
}

/* What a change changes. */
struct change {
    uint64_t sequence; /* 0: in every event that it is about */
    unsigned index;
    int64_t to;
};

static void change_answer(struct world *world, uint64_t sequence, Comity__V1__Event *event,
                          Comity__V1__Command *command, void *context)
{
    const struct change *change = context;

    (void) world, (void) event;
    if (sequence == change->sequence)
        command->cast_ballot->answer = (uint32_t) change->to;
}

static void test_altered_ballot(void **state)
{
    struct world *world = decided();
    struct change change = {.sequence = number_of(world, COMITY__V1__EVENT__KIND_BALLOT_CAST), .to = 5};
    struct fake_edit edit = {.change = change_answer, .context = &change};
    struct said said = recount(world, &edit);
    char line[128];

    (void) state;
    /* Both are said: that it was altered, and what that changes. */
    snprintf(line, sizeof(line), "%llu: its command was altered", (unsigned long long) change.sequence);
    assert_says(said.faults, line);
    assert_int_equal(said.verdict, RECOUNT_DIFFERS);
    assert_says(said.notes, "kind | the outcome | ADOPTED | DEADLOCK");
    assert_says(said.notes, "tests[4] | management, test support | 1 of 1 ballots cast support, at least 1/2 "
                            "needed: holds | 0 of 1");
    assert_true(said.summary.is_signed);

    /* The hashes made to fit: the count tells. */
    edit.covers_up = true;
    said = recount(world, &edit);
    assert_string_equal(said.faults, "");
    assert_int_equal(said.verdict, RECOUNT_DIFFERS);
    assert_says(said.notes, "management, test support | 1 of 1 ballots cast support");
    world_destroy(&world);
}

static void test_every_other_answer(void **state)
{
    struct world *world = decided();

    (void) state;
    for (size_t i = 0; i < world->record_count; i++) {
        Comity__V1__Event *event =
            comity__v1__event__unpack(NULL, world->records[i].open.size, world->records[i].open.data);
        bool counts = event->kind_case == COMITY__V1__EVENT__KIND_BALLOT_CAST;
        comity__v1__event__free_unpacked(event, NULL);
        for (uint32_t answer = 2; counts && answer <= 6; answer++) {
            struct change change = {.sequence = world->records[i].sequence, .to = answer};
            struct fake_edit edit = {.change = change_answer, .context = &change, .covers_up = true};
            struct said said = recount(world, &edit);
            /* A ballot that was replaced is irrelevant. */
            bool is_replaced = change.sequence == number_of(world, COMITY__V1__EVENT__KIND_BALLOT_CAST) - 1;
            assert_int_equal(said.verdict, is_replaced ? RECOUNT_SAME : RECOUNT_DIFFERS);
        }
    }
    world_destroy(&world);
}

static void change_threshold(struct world *world, uint64_t sequence, Comity__V1__Event *event,
                             Comity__V1__Command *command, void *context)
{
    const struct change *change = context;

    (void) world, (void) sequence, (void) command;
    if (event->kind_case == COMITY__V1__EVENT__KIND_ROUND_OPENED)
        event->round_opened->round->rule->tests[change->index]->numerator = (uint64_t) change->to;
}

static void test_threshold(void **state)
{
    struct world *world = decided();

    (void) state;
    for (unsigned test = 0; test < 3; test++) {
        struct change change = {.index = test, .to = 2};
        struct fake_edit edit = {.change = change_threshold, .context = &change, .covers_up = true};
        struct said said = recount(world, &edit);
        assert_int_equal(said.verdict, RECOUNT_DIFFERS);
        assert_string_equal(said.faults, "");
        assert_says(said.notes, "the rule of the round does not fit its hash");
        assert_says(said.notes, "the rule of the round is not the one that was adopted");
    }
    world_destroy(&world);
}

static void change_roll(struct world *world, uint64_t sequence, Comity__V1__Event *event,
                        Comity__V1__Command *command, void *context)
{
    const struct change *change = context;
    Comity__V1__RoundOpened *opened;

    (void) world, (void) sequence, (void) command;
    if (event->kind_case != COMITY__V1__EVENT__KIND_ROUND_OPENED)
        return;
    opened = event->round_opened;
    if (change->to == 0)
        opened->n_roll--;
    else
        opened->roll[change->index]->constituency = (uint32_t) change->to;
}

static void test_roll(void **state)
{
    struct world *world = decided();
    struct change change = {.index = 0, .to = MANAGEMENT};
    struct fake_edit edit = {.change = change_roll, .context = &change, .covers_up = true};
    struct said said = recount(world, &edit);

    (void) state;
    assert_int_equal(said.verdict, RECOUNT_DIFFERS);
    assert_says(said.notes, "tally of labour, on the roll | 2 | 1");
    change.to = 0;
    said = recount(world, &edit);
    assert_int_equal(said.verdict, RECOUNT_DIFFERS);
    assert_says(said.notes, "the record says that 5 are on the roll, which has 4 lines");
    world_destroy(&world);
}

static void change_outcome(struct world *world, uint64_t sequence, Comity__V1__Event *event,
                           Comity__V1__Command *command, void *context)
{
    const struct change *change = context;
    Comity__V1__Outcome *outcome;

    (void) world, (void) sequence, (void) command;
    if (event->kind_case != COMITY__V1__EVENT__KIND_ROUND_CLOSED)
        return;
    outcome = event->round_closed->outcome;
    switch (change->index) {
    case 0:
        outcome->kind = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED;
        break;
    case 1:
        outcome->tests[3]->count++;
        break;
    case 2:
        outcome->ballots[0]--;
        break;
    case 3:
        outcome->tallies[2]->stances[0]->ballots++;
        break;
    case 4:
        outcome->n_tests--;
        break;
    case 5:
        outcome->rule_hash.data[0] ^= 1;
        break;
    case 6:
        event->round_closed->cause = COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_ALL_ANSWERED;
        break;
    case 7:
        event->round_closed->cause = COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_TIME;
        break;
    default:
        event->round_closed->outcome = NULL;
    }
}

static void test_outcome(void **state)
{
    static const char *const SAID[] = {
        "kind | the outcome | REJECTED | ADOPTED",
        "labour, test support | 3 of 2 ballots cast support",
        "ballots | ballot number",
        "tally of labour, AGREE, ballots | ",
        "tests[4] | management, test support | not there | there",
        "rule_hash | the hash of the rule",
        "it closed since all had answered, the record says: 2 had not",
        "it closed before its time had come",
        "the record has no outcome of it",
    };
    struct world *world = decided();

    (void) state;
    for (unsigned i = 0; i < ARRAY_COUNT(SAID); i++) {
        struct change change = {.index = i};
        struct fake_edit edit = {.change = change_outcome, .context = &change, .covers_up = true};
        struct said said = recount(world, &edit);
        assert_int_equal(said.verdict, i == 8 ? RECOUNT_IMPOSSIBLE : RECOUNT_DIFFERS);
        assert_says(said.notes, SAID[i]);
        if (i < 6)
            assert_true(said.differences > 0);
    }
    world_destroy(&world);
}

static void test_dropped_ballot(void **state)
{
    struct world *world = decided();
    uint64_t last = number_of(world, COMITY__V1__EVENT__KIND_BALLOT_CAST);
    struct fake_edit edit = {.dropped = last - 3};
    struct said said = recount(world, &edit);
    char line[128];

    (void) state;
    snprintf(line, sizeof(line), "%llu: it is missing", (unsigned long long) edit.dropped);
    assert_says(said.faults, line);
    assert_says(said.faults, "0: its checkpoint was signed over another record than this one");
    assert_false(said.summary.is_signed);
    assert_int_equal(said.verdict, RECOUNT_DIFFERS);
    snprintf(line, sizeof(line), "ballot number %llu of the record | it was counted | it is not among them",
             (unsigned long long) edit.dropped);
    assert_says(said.notes, line);
    world_destroy(&world);
}

static void test_withheld(void **state)
{
    struct world *world = decided();
    struct fake_edit edit = {.withheld_round = 1};
    struct said said = recount(world, &edit);
    char line[128];

    (void) state;
    assert_string_equal(said.faults, "");
    assert_int_equal(said.verdict, RECOUNT_IMPOSSIBLE);
    /* The one of mara that counts, and not the one that it replaced. */
    snprintf(line, sizeof(line), "the ballot of member %d, number %llu of the record, is withheld", MARA,
             (unsigned long long) number_of(world, COMITY__V1__EVENT__KIND_BALLOT_CAST));
    assert_says(said.notes, line);
    assert_int_equal(said.summary.withheld, 4);
    assert_true(said.summary.is_signed);
    world_destroy(&world);
}

static void test_cut(void **state)
{
    struct world *world = decided();
    struct fake_edit edit = {.cut = 10};
    struct said said = recount(world, &edit);

    (void) state;
    assert_false(said.summary.is_whole);
    assert_false(said.summary.is_signed);
    assert_says(said.faults, "0: it ends too early, after number");
    world_destroy(&world);
}

/* Who is AWAY and closes the round is there by that act; who checks out before the close is not. */
static void test_presence(void **state)
{
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *away = world_command(world, "cora", COMITY__V1__COMMAND__BODY_STEP_AWAY);
    Comity__V1__Command *out = world_command(world, "luis", COMITY__V1__COMMAND__BODY_CHECK_OUT);
    struct said said;

    (void) state;
    cast(world, "lena", 1);
    cast(world, "mara", 1);
    out->check_out->session = 1;
    world_accept(world, out);
    away->step_away->session = 1;
    world_accept(world, away);
    world_close_round(world, 1);
    said = recount(world, NULL);
    assert_int_equal(said.verdict, RECOUNT_SAME);
    assert_string_equal(said.notes, "");
    world_destroy(&world);
}

/* A ladder of one stage, on a block of mara's. */
static struct world *at_stage(int kind, int on)
{
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);

    world_stage(world, rule, kind, on);
    return world_at_ladder(world, rule, "lena 1, luis 1, mara 6");
}

static void change_stage(struct world *world, uint64_t sequence, Comity__V1__Event *event,
                         Comity__V1__Command *command, void *context)
{
    const struct change *change = context;
    Comity__V1__StageEnded *ended;

    (void) world, (void) sequence, (void) command;
    if (event->kind_case != COMITY__V1__EVENT__KIND_STAGE_ENDED)
        return;
    ended = event->stage_ended;
    if (change->index == 0)
        ended->outcome = (Comity__V1__OutcomeKind) change->to;
    else if (change->index == 1)
        ended->computed = (Comity__V1__OutcomeKind) change->to;
    else if (change->index == 2)
        ended->is_final = false;
    else if (ended->recount)
        ended->recount->tests[0]->count++;
}

/* What the stage came to is the same; and not, once any of it is changed. */
static void check_stage(struct world *world, unsigned changes)
{
    struct said said = recount(world, NULL);

    if (said.verdict != RECOUNT_SAME || said.faults[0] != '\0')
        fail_msg("%s%s", said.faults, said.notes);
    assert_int_equal(said.what, RECOUNT_STAGE);
    assert_int_equal(said.summary.counts[RECOUNT_SAME], said.counts);
    for (unsigned i = 0; i < changes; i++) {
        struct change change = {.index = i, .to = TABLED};
        struct fake_edit edit = {.change = change_stage, .context = &change, .covers_up = true};
        said = recount(world, &edit);
        assert_int_equal(said.summary.counts[RECOUNT_DIFFERS], 1);
    }
    world_destroy(&world);
}

static void test_seconding(void **state)
{
    struct world *world = at_stage(SECONDING, BLOCKED);
    Comity__V1__Command *out = world_command(world, "luis", COMITY__V1__COMMAND__BODY_CHECK_OUT);

    (void) state;
    out->check_out->session = 1;
    world_accept(world, out);
    /* Nobody seconds it, and luis leaves: he was there when the round closed. */
    world->context.time_ms += HOUR_MS;
    world_due(world);
    check_stage(world, 4);

    world = at_stage(SECONDING, BLOCKED);
    world_accept(world, world_second_command(world, "mona", 1, MARA));
    check_stage(world, 4);
}

static void test_other_stages(void **state)
{
    struct world *world = at_stage(UMPIRE, BLOCKED);

    (void) state;
    world_accept(world, world_answer_command(world, 1, ADOPTED));
    check_stage(world, 3);
    world = at_stage(UMPIRE, BLOCKED);
    world->context.time_ms += HOUR_MS;
    world_due(world);
    check_stage(world, 3);
    check_stage(at_stage(STATUS_QUO, BLOCKED), 3);
    check_stage(at_stage(DEFAULT, BLOCKED), 3);
    world = at_stage(ROUNDS, BLOCKED);
    world_vote(world, 1, "lena 1, luis 1, mara 1");
    check_stage(world, 3);
    world = at_stage(CONFER, BLOCKED);
    world_accept(world, world_confer_command(world, 1));
    check_stage(world, 3);
}

/* A decision that nothing leads to. */
static void change_to_rejected(struct world *world, uint64_t sequence, Comity__V1__Event *event,
                               Comity__V1__Command *command, void *context)
{
    (void) world, (void) sequence, (void) command, (void) context;
    if (event->kind_case == COMITY__V1__EVENT__KIND_ROUND_CLOSED)
        event->round_closed->outcome->kind = REJECTED;
}

static void test_decision(void **state)
{
    struct world *world = decided();
    struct fake_edit edit = {.change = change_to_rejected, .covers_up = true};
    struct said said = recount(world, &edit);

    (void) state;
    assert_says(said.faults, "it makes a decision that no outcome leads to");
    world_destroy(&world);
}

static void test_no_stream(void **state)
{
    struct said said;
    FILE *file = tmpfile();

    (void) state;
    assert_non_null(file);
    fputs("no export at all", file);
    rewind(file);
    assert_int_equal(recount_of(fileno(file), &said), ERR_MALFORMED);
    fclose(file);
    assert_int_equal(recount_of(-1, &said), ERR_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_altered_ballot),
        cmocka_unit_test(test_every_other_answer),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_roll),
        cmocka_unit_test(test_outcome),
        cmocka_unit_test(test_dropped_ballot),
        cmocka_unit_test(test_withheld),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_presence),
        cmocka_unit_test(test_seconding),
        cmocka_unit_test(test_other_stages),
        cmocka_unit_test(test_decision),
        cmocka_unit_test(test_no_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
