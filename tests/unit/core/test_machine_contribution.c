/* Contributions and links: contribute, amend_contribution, withdraw_contribution, approve_contributions,
 * link_proposal; and how much of it a phase's record level takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/machine/phase.h"
#include "tests/support/solving.h"

#define KIND(name) COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_##name
#define STATE(name) COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_##name

static const Comity__V1__Contribution *row_of(struct world *world, uint32_t number)
{
    return world_row(world, TABLE_CONTRIBUTION, number, 0);
}

static void set_about(struct world *world, Comity__V1__Command *command, uint32_t number)
{
    command->contribute->about = arena_copy(world->arena, &number, sizeof(number));
    command->contribute->n_about = 1;
}

/* The defaults of a history without a charter. */
static void test_record_levels(void **state)
{
    (void) state;
    struct world *world = world_founded();
    static const enum record_level LEVELS[] = {
        [RECORD_STRAW_POLL] = RECORD_NONE,   [PHASE(ISSUE)] = RECORD_FULL,
        [PHASE(STORY)] = RECORD_SUMMARY,     [PHASE(DATA)] = RECORD_SUMMARY,
        [PHASE(INTERESTS)] = RECORD_SUMMARY, [PHASE(OPTIONS)] = RECORD_SUMMARY,
        [PHASE(STANDARDS)] = RECORD_FULL,    [PHASE(EVALUATION)] = RECORD_FULL,
        [PHASE(PROPOSAL)] = RECORD_FULL,     [PHASE(TEST)] = RECORD_FULL,
    };

    for (int subject = 0; subject < (int) ARRAY_COUNT(LEVELS); subject++) {
        enum record_level level;
        assert_int_equal(record_level(&world->view, world->arena, subject, &level), 0);
        assert_int_equal(level, LEVELS[subject]);
    }
    world_destroy(&world);
}

static void test_each_kind_has_its_phase(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    static const struct {
        Comity__V1__ContributionKind kind;
        phase_t phase;
        Comity__V1__ContributionState state; /* of what a facilitator gives */
    } KINDS[] = {
        {KIND(STORY), PHASE(STORY), STATE(PROPOSED)},
        {KIND(INTEREST), PHASE(INTERESTS), STATE(PROPOSED)},
        {KIND(SHARED_INTEREST), PHASE(INTERESTS), STATE(PROPOSED)},
        {KIND(OPTION), PHASE(OPTIONS), STATE(PROPOSED)},
        {KIND(STANDARD), PHASE(STANDARDS), STATE(STANDS)},
        {KIND(EVALUATION), PHASE(EVALUATION), STATE(STANDS)},
    };

    for (phase_t phase = PHASE(ISSUE); phase <= PHASE(PROPOSAL); phase++) {
        uint32_t item = solving_item(world, phase);
        for (size_t i = 0; i < ARRAY_COUNT(KINDS); i++) {
            Comity__V1__Command *command = solving_give_command(world, "cora", item, KINDS[i].kind);
            if (KINDS[i].kind == KIND(INTEREST))
                command->contribute->constituency = arena_string(world->arena, "labour");
            if (phase != KINDS[i].phase) {
                world_refuse(world, command, ERR_PHASE, "contribute.kind");
                assert_int_equal(world->refusal.latest, phase);
                continue;
            }
            const Comity__V1__Contribution *row =
                world_accept(world, command)->contribution_made->contribution;
            assert_int_equal(row->state, KINDS[i].state);
            assert_int_equal(row->made_by, CORA);
        }
    }
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_summary_stands_once_every_party_approved_it(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t item = solving_item(world, PHASE(INTERESTS));
    Comity__V1__Command *own = solving_give_command(world, "lena", item, KIND(INTEREST));

    /* Nobody's own words are kept here. */
    own->contribute->constituency = arena_string(world->arena, "labour");
    world_refuse(world, own, ERR_RECORD, "contribute.item");
    /* By a recorder; whose interest it is has to be said, and of nothing else. */
    Comity__V1__Command *give = solving_give_command(world, "odo", item, KIND(INTEREST));
    world_refuse(world, give, ERR_MISSING, "contribute.constituency");
    give->contribute->constituency = arena_string(world->arena, "nobody");
    world_refuse(world, give, ERR_NOT_FOUND, "contribute.constituency");
    give->contribute->constituency = arena_string(world->arena, "management");
    uint32_t number = world_accept(world, give)->contribution_made->contribution->number;
    assert_int_equal(row_of(world, number)->constituency, MANAGEMENT);
    assert_int_equal(row_of(world, number)->state, STATE(PROPOSED));
    Comity__V1__Command *shared = solving_give_command(world, "cora", item, KIND(SHARED_INTEREST));
    shared->contribute->constituency = arena_string(world->arena, "labour");
    world_refuse(world, shared, ERR_RANGE, "contribute.constituency");

    world_refuse(world, solving_approve(world, "carl", number), ERR_FORBIDDEN, "key");
    world_accept(world, solving_approve(world, "lena", number));
    assert_int_equal(row_of(world, number)->state, STATE(PROPOSED));
    assert_int_equal(row_of(world, number)->n_approved_by, 1);
    world_refuse(world, solving_approve(world, "luis", number), ERR_EXISTS,
                 "approve_contributions.texts[0].contribution"); /* for the same constituency */
    const Comity__V1__Event *event = world_accept(world, solving_approve(world, "mara", number));
    assert_int_equal(event->contributions_approved->n_standing, 1);
    assert_int_equal(row_of(world, number)->state, STATE(STANDS));
    world_refuse(world, solving_approve(world, "mara", number), ERR_STATE,
                 "approve_contributions.texts[0].contribution");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_an_amended_summary_is_approved_anew(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t item = solving_item(world, PHASE(STORY));
    uint32_t number = solving_give(world, "odo", item, KIND(STORY));
    Comity__V1__Command *late = solving_approve(world, "mara", number);
    Comity__V1__Command *amend = world_command(world, "odo", COMITY__V1__COMMAND__BODY_AMEND_CONTRIBUTION);

    world_accept(world, solving_approve(world, "lena", number));
    amend->amend_contribution->contribution = number;
    amend->amend_contribution->base_hash = solving_hash(world, number);
    world_accept(world, amend);
    assert_int_equal(row_of(world, number)->n_versions, 2);
    assert_int_equal(row_of(world, number)->n_approved_by, 0);
    /* What was approved is a text, not a number. */
    world_refuse(world, late, ERR_STALE, "approve_contributions.texts[0].text_hash");
    assert_int_equal(world->refusal.latest, 2);
    world_accept(world, solving_approve(world, "mara", number));
    world_accept(world, solving_approve(world, "lena", number));
    assert_int_equal(row_of(world, number)->state, STATE(STANDS));

    Comity__V1__Command *again = world_command(world, "odo", COMITY__V1__COMMAND__BODY_AMEND_CONTRIBUTION);
    again->amend_contribution->contribution = number;
    again->amend_contribution->base_hash = amend->amend_contribution->base_hash;
    world_refuse(world, again, ERR_STALE, "amend_contribution.base_hash");
    again->amend_contribution->base_hash = solving_hash(world, number);
    Comity__V1__TextRef *fresh = again->amend_contribution->text;
    again->amend_contribution->text = row_of(world, number)->versions[0]->text;
    world_refuse(world, again, ERR_EXISTS, "amend_contribution.text");
    again->amend_contribution->text = fresh;
    solving_move(world, item, PHASE(INTERESTS));
    world_refuse(world, again, ERR_PHASE, "amend_contribution.contribution");
    solving_move(world, item, PHASE(STORY));
    Comity__V1__Command *withdraw =
        world_command(world, "odo", COMITY__V1__COMMAND__BODY_WITHDRAW_CONTRIBUTION);
    withdraw->withdraw_contribution->contribution = number;
    world_accept(world, withdraw);
    assert_int_equal(row_of(world, number)->state, STATE(WITHDRAWN));
    world_refuse(world, withdraw, ERR_STATE, "withdraw_contribution.contribution");
    world_refuse(world, again, ERR_STATE, "amend_contribution.contribution");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_versions_are_limited(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t item = solving_item(world, PHASE(STANDARDS));
    uint32_t number = solving_give(world, "mona", item, KIND(STANDARD));

    for (int version = 2; version <= 21; version++) {
        Comity__V1__Command *amend =
            world_command(world, "mona", COMITY__V1__COMMAND__BODY_AMEND_CONTRIBUTION);
        amend->amend_contribution->contribution = number;
        amend->amend_contribution->base_hash = solving_hash(world, number);
        if (version <= 20)
            world_accept(world, amend);
        else
            world_refuse(world, amend, ERR_LIMIT, "amend_contribution.contribution");
    }
    assert_int_equal(row_of(world, number)->state, STATE(STANDS)); /* under FULL nobody approves */
    world_refuse(world, solving_approve(world, "lena", number), ERR_STATE,
                 "approve_contributions.texts[0].contribution");
    world_destroy(&world);
}

/* Where a session names who facilitates it, the others of the office enter no options. */
static void test_options_come_from_who_facilitates(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t fay = solving_join(world, "lena", "fay", COMITY__V1__OFFICE__OFFICE_FACILITATOR);
    uint32_t item = solving_item(world, PHASE(OPTIONS));
    Comity__V1__Command *name = world_command(world, "cora", COMITY__V1__COMMAND__BODY_NAME_FACILITATORS);

    name->name_facilitators->session = 1;
    name->name_facilitators->facilitators = &fay;
    name->name_facilitators->n_facilitators = 1;
    world_accept(world, name);
    world_refuse(world, solving_give_command(world, "cora", item, KIND(OPTION)), ERR_FORBIDDEN,
                 "contribute.kind"); /* who holds a seat, and may contribute else */
    world_accept(world, solving_give_command(world, "fay", item, KIND(OPTION)));
    world_destroy(&world);
}

static void test_options_come_by_a_facilitator(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t item = solving_item(world, PHASE(OPTIONS));
    uint32_t other = solving_give(world, "cora", solving_item(world, PHASE(OPTIONS)), KIND(OPTION));

    world_refuse(world, solving_give_command(world, "mona", item, KIND(OPTION)), ERR_FORBIDDEN,
                 "contribute.kind");
    world_refuse(world, solving_give_command(world, "odo", item, KIND(OPTION)), ERR_FORBIDDEN,
                 "contribute.kind");
    Comity__V1__Command *command = solving_give_command(world, "cora", item, KIND(OPTION));
    set_about(world, command, other);
    world_refuse(world, command, ERR_RANGE, "contribute.about[0]"); /* of another item */
    set_about(world, command, 77);
    world_refuse(world, command, ERR_NOT_FOUND, "contribute.about[0]");
    command->contribute->n_about = 0;
    uint32_t first = world_accept(world, command)->contribution_made->contribution->number;
    command = solving_give_command(world, "cora", item, KIND(OPTION));
    set_about(world, command, first);
    uint32_t second = world_accept(world, command)->contribution_made->contribution->number;
    assert_int_equal(row_of(world, second)->versions[0]->about[0], first);
    world_destroy(&world);
}

static Comity__V1__Command *link(struct world *world, const char *who, uint32_t proposal,
                                 Comity__V1__LinkChange change, uint32_t contribution)
{
    Comity__V1__Command *command = world_command(world, who, COMITY__V1__COMMAND__BODY_LINK_PROPOSAL);

    command->link_proposal->proposal = proposal;
    command->link_proposal->text_hash = solving_text_hash(world, proposal);
    command->link_proposal->change = change;
    command->link_proposal->contributions = arena_copy(world->arena, &contribution, sizeof(contribution));
    command->link_proposal->n_contributions = 1;
    return command;
}

#define ADD COMITY__V1__LINK_CHANGE__LINK_CHANGE_ADD
#define REMOVE COMITY__V1__LINK_CHANGE__LINK_CHANGE_REMOVE

static void test_a_proposal_says_what_it_meets(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t foreign = solving_give(world, "mona", solving_item(world, PHASE(STANDARDS)), KIND(STANDARD));

    solving_move(world, 1, PHASE(STANDARDS));
    uint32_t standard = solving_give(world, "mona", 1, KIND(STANDARD));
    solving_move(world, 1, PHASE(EVALUATION));
    solving_move(world, 1, PHASE(PROPOSAL));
    world_refuse(world, link(world, "lena", 1, ADD, foreign), ERR_RANGE, "link_proposal.contributions[0]");
    world_refuse(world, link(world, "lena", 1, REMOVE, standard), ERR_NOT_FOUND,
                 "link_proposal.contributions[0]");
    world_accept(world, link(world, "lena", 1, ADD, standard));
    world_refuse(world, link(world, "mara", 1, ADD, standard), ERR_EXISTS, "link_proposal.contributions[0]");
    const Comity__V1__ProposalLinks *links = world_row(world, TABLE_PROPOSAL_LINKS, 1, 0);
    assert_int_equal(links->n_links, 1);
    assert_int_equal(links->links[0]->contribution, standard);
    assert_int_equal(links->links[0]->linked_by, LENA);
    assert_int_equal(links->links[0]->version, 1);
    world_refuse(world, link(world, "mara", 1, REMOVE, standard), ERR_FORBIDDEN,
                 "link_proposal.contributions[0]");

    /* It was said of a text: of a new one it is said anew. */
    Comity__V1__Command *late = link(world, "mara", 1, ADD, standard);
    Comity__V1__Command *revise = world_command(world, "mara", COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL);
    revise->revise_proposal->proposal = 1;
    revise->revise_proposal->base_hash = solving_text_hash(world, 1);
    world_accept(world, revise);
    world_refuse(world, late, ERR_STALE, "link_proposal.text_hash");
    world_accept(world, link(world, "mara", 1, ADD, standard));
    links = world_row(world, TABLE_PROPOSAL_LINKS, 1, 0);
    assert_int_equal(links->n_links, 1);
    assert_int_equal(links->links[0]->version, 2);
    world_accept(world, link(world, "mara", 1, REMOVE, standard));
    assert_int_equal(
        ((const Comity__V1__ProposalLinks *) world_row(world, TABLE_PROPOSAL_LINKS, 1, 0))->n_links, 0);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_nothing_is_taken_after_a_referral(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t item = solving_item(world, PHASE(STORY));
    uint32_t number = solving_give(world, "odo", item, KIND(STORY));
    Comity__V1__Command *withdraw =
        world_command(world, "odo", COMITY__V1__COMMAND__BODY_WITHDRAW_CONTRIBUTION);

    world_accept(world, solving_flag(world, "lena", item));
    withdraw->withdraw_contribution->contribution = number;
    world_refuse(world, withdraw, ERR_PHASE, "withdraw_contribution.contribution");
    world_refuse(world, solving_approve(world, "lena", number), ERR_PHASE, "approve_contributions.texts");
    world_refuse(world, solving_give_command(world, "odo", item, KIND(STORY)), ERR_PHASE, "contribute.kind");
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_come_from_who_facilitates),
        cmocka_unit_test(test_record_levels),
        cmocka_unit_test(test_each_kind_has_its_phase),
        cmocka_unit_test(test_a_summary_stands_once_every_party_approved_it),
        cmocka_unit_test(test_an_amended_summary_is_approved_anew),
        cmocka_unit_test(test_versions_are_limited),
        cmocka_unit_test(test_options_come_by_a_facilitator),
        cmocka_unit_test(test_a_proposal_says_what_it_meets),
        cmocka_unit_test(test_nothing_is_taken_after_a_referral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
