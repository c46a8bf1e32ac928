/* apply and what goes wrong around it: events that do not fit, backends that fail, memory that runs out,
 * epochs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world_decisions.h"

/* An event of every kind, its message there but empty: it lacks a piece, or names what is not there. */
static void test_events_that_do_not_fit(void **state)
{
    (void) state;
    const ProtobufCMessageDescriptor *type = &comity__v1__event__descriptor;
    unsigned kinds = 0;

    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].id < COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED)
            continue;
        struct world *world = world_new();
        const ProtobufCMessageDescriptor *inner = type->fields[i].descriptor;
        ProtobufCMessage *message = arena_alloc(world->arena, inner->sizeof_message);
        Comity__V1__Event open = COMITY__V1__EVENT__INIT;
        struct machine_event event = {.open = &open, .sequence = 1};

        protobuf_c_message_init(inner, message);
        open.kind_case = (Comity__V1__Event__KindCase) type->fields[i].id;
        memcpy((uint8_t *) &open + type->fields[i].offset, &message, sizeof(message));
        assert_int_equal(machine_apply(&world->view, &event, world->arena), ERR_INTERNAL);
        world_destroy(&world);
        kinds++;
    }
    assert_int_equal(kinds, 112);

    struct world *world = world_new();
    Comity__V1__Event none = COMITY__V1__EVENT__INIT;
    struct machine_event event = {.open = &none};
    assert_int_equal(machine_apply(&world->view, &event, world->arena), ERR_INTERNAL);
    event.open = NULL;
    assert_int_equal(machine_apply(&world->view, &event, world->arena), ERR_INTERNAL);
    world_destroy(&world);
}

static struct world *world_to_fail(void);

static void check_unfit(struct world *world, Comity__V1__Event *open)
{
    struct machine_event event = {.open = open, .sequence = world->context.next_sequence};

    assert_int_equal(machine_apply(&world->view, &event, world->arena), ERR_INTERNAL);
}

/* The row that the event names is there, and the piece that it brings is not. */
static void test_events_that_lack_a_piece(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *invite = world_command(world, "lena", COMITY__V1__COMMAND__BODY_INVITE);
    Comity__V1__InvitationRedeemed redeemed = COMITY__V1__INVITATION_REDEEMED__INIT;
    Comity__V1__ProposalRevised revised = COMITY__V1__PROPOSAL_REVISED__INIT;
    Comity__V1__SiteAdded added = COMITY__V1__SITE_ADDED__INIT;
    Comity__V1__Site site = COMITY__V1__SITE__INIT;
    Comity__V1__Event open = COMITY__V1__EVENT__INIT;
    char name[VIEW_KEY_MAX + 1];

    invite->invite->key = world_key(world, "once");
    invite->invite->expires_ms = world->context.time_ms + 1000;
    world_accept(world, invite);
    redeemed.invitation = world_key(world, "once");
    open.kind_case = COMITY__V1__EVENT__KIND_INVITATION_REDEEMED;
    open.invitation_redeemed = &redeemed;
    check_unfit(world, &open);
    revised.proposal = 1;
    open.kind_case = COMITY__V1__EVENT__KIND_PROPOSAL_REVISED;
    open.proposal_revised = &revised;
    check_unfit(world, &open);
    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    site.name = name;
    added.site = &site;
    open.kind_case = COMITY__V1__EVENT__KIND_SITE_ADDED;
    open.site_added = &added;
    check_unfit(world, &open);
    world_destroy(&world);
}

/* What names versions relies on one at least, and on the text of each. */
static void test_versions_that_lack_their_text(void **state)
{
    (void) state;
    struct world *world = world_to_fail();
    Comity__V1__ProposalVersion version = COMITY__V1__PROPOSAL_VERSION__INIT, *versions[] = {&version};
    Comity__V1__MinutesVersion minuted = COMITY__V1__MINUTES_VERSION__INIT, *minutes_versions[] = {&minuted};
    Comity__V1__ContributionVersion given = COMITY__V1__CONTRIBUTION_VERSION__INIT, *given_versions[] = {&given};
    Comity__V1__Proposal proposal = COMITY__V1__PROPOSAL__INIT;
    Comity__V1__ProposalMade made = COMITY__V1__PROPOSAL_MADE__INIT;
    Comity__V1__ProposalRevised revised = COMITY__V1__PROPOSAL_REVISED__INIT;
    Comity__V1__Minutes minutes = COMITY__V1__MINUTES__INIT;
    Comity__V1__MinutesDrafted drafted = COMITY__V1__MINUTES_DRAFTED__INIT;
    Comity__V1__MinutesCorrected corrected = COMITY__V1__MINUTES_CORRECTED__INIT;
    Comity__V1__Contribution contribution = COMITY__V1__CONTRIBUTION__INIT;
    Comity__V1__ContributionMade contributed = COMITY__V1__CONTRIBUTION_MADE__INIT;
    Comity__V1__Event open = COMITY__V1__EVENT__INIT;

    proposal.number = contribution.number = 9;
    proposal.item = contribution.item = 1;
    made.proposal = &proposal;
    minutes.session = 3;
    open.kind_case = COMITY__V1__EVENT__KIND_PROPOSAL_MADE;
    open.proposal_made = &made;
    check_unfit(world, &open);
    proposal.versions = versions;
    proposal.n_versions = 1;
    check_unfit(world, &open);
    revised.proposal = 1;
    revised.version = &version;
    open.kind_case = COMITY__V1__EVENT__KIND_PROPOSAL_REVISED;
    open.proposal_revised = &revised;
    check_unfit(world, &open);
    drafted.minutes = &minutes;
    open.kind_case = COMITY__V1__EVENT__KIND_MINUTES_DRAFTED;
    open.minutes_drafted = &drafted;
    check_unfit(world, &open);
    minutes.versions = minutes_versions;
    minutes.n_versions = 1;
    check_unfit(world, &open);
    corrected.session = 2;
    corrected.version = &minuted;
    open.kind_case = COMITY__V1__EVENT__KIND_MINUTES_CORRECTED;
    open.minutes_corrected = &corrected;
    check_unfit(world, &open);
    contributed.contribution = &contribution;
    contribution.versions = given_versions;
    contribution.n_versions = 1;
    open.kind_case = COMITY__V1__EVENT__KIND_CONTRIBUTION_MADE;
    open.contribution_made = &contributed;
    check_unfit(world, &open);
    world_destroy(&world);
}

static void test_a_ballot_needs_its_command(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__BallotCast cast = COMITY__V1__BALLOT_CAST__INIT;
    Comity__V1__Event open = COMITY__V1__EVENT__INIT;
    Comity__V1__Command *other = world_command(world, "lena", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);
    struct machine_event event = {.open = &open, .sequence = world->context.next_sequence};

    cast.round = 1;
    cast.member = LENA;
    open.kind_case = COMITY__V1__EVENT__KIND_BALLOT_CAST;
    open.ballot_cast = &cast;
    assert_int_equal(machine_apply(&world->view, &event, world->arena), ERR_INTERNAL);
    event.command = other;
    assert_int_equal(machine_apply(&world->view, &event, world->arena), ERR_INTERNAL);
    event.command = world_ballot(world, "lena", 1, 1);
    assert_int_equal(machine_apply(&world->view, &event, world->arena), 0);
    world_destroy(&world);
}

static void test_a_new_epoch(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    static const uint8_t NEW_KEY[KEY_SIZE] = {9, 9, 9};
    struct machine_events events = {.count = 0};

    /* Under the same key, then under another, in the same second. */
    assert_int_equal(machine_open_epoch(&world->view, &world->context, world->arena, &events), 0);
    assert_int_equal(events.count, 1);
    assert_int_equal(events.list[0].open->actor, 0);
    const Comity__V1__Epoch *epoch = events.list[0].open->epoch_opened->epoch;
    const uint32_t second = (uint32_t) (world->context.time_ms / 1000);
    assert_int_equal(epoch->number, second);
    assert_int_equal(epoch->restored_to, world->context.next_sequence - 1);
    assert_int_equal(epoch->opened_ms, world->context.time_ms);
    assert_int_equal(epoch->resume_ms, world->context.time_ms + INT64_C(86400000));
    assert_int_equal(epoch->sites, 3);
    assert_int_equal(epoch->members, ODO);
    assert_int_equal(epoch->bodies, 1);
    assert_int_equal(epoch->rules, 1);
    assert_int_equal(epoch->sessions, 1);
    assert_int_equal(epoch->items, 1);
    assert_int_equal(epoch->proposals, 1);
    assert_int_equal(epoch->rounds, 1);
    assert_int_equal(machine_apply(&world->view, &events.list[0], world->arena), 0);
    const Comity__V1__Partnership *partnership = world_row(world, TABLE_PARTNERSHIP, 0, 0);
    assert_int_equal(partnership->epoch, second);
    assert_int_equal(partnership->n_epochs, 2);

    world->context.log_key = NEW_KEY;
    assert_int_equal(machine_open_epoch(&world->view, &world->context, world->arena, &events), 0);
    int code = ERR_MEMORY;
    for (size_t limit = 0; code != 0; limit += 16) {
        struct arena *arena = arena_new(limit);
        code = machine_apply(&world->view, &events.list[0], arena);
        assert_true(code == 0 || code == ERR_MEMORY);
        arena_destroy(&arena);
    }
    partnership = world_row(world, TABLE_PARTNERSHIP, 0, 0);
    assert_int_equal(partnership->epoch, second + 1);
    assert_true(partnership->n_epochs >= 3);
    epoch = partnership->epochs[partnership->n_epochs - 1];
    assert_int_equal(epoch->number, second + 1);
    assert_memory_equal(epoch->log_key.data, NEW_KEY, KEY_SIZE);

    /* One from a foreign record that lacks its piece. */
    events.list[0].open->epoch_opened->epoch = NULL;
    assert_int_equal(machine_apply(&world->view, &events.list[0], world->arena), ERR_INTERNAL);
    world_destroy(&world);

    world = world_new();
    assert_int_equal(machine_open_epoch(&world->view, &world->context, world->arena, &events), ERR_CORRUPT);
    world_destroy(&world);
}

/* A backend that fails at its nth call, and counts them. */
struct failing {
    const struct view *inner;
    unsigned calls;
    unsigned fail_at;
    int code;
};

static bool fails(struct failing *failing)
{
    return ++failing->calls == failing->fail_at;
}

static int failing_get(void *self, struct bytes key, struct bytes *ret_value)
{
    struct failing *failing = self;
    return fails(failing) ? failing->code : view_get(failing->inner, key, ret_value);
}

static int failing_put(void *self, struct bytes key, struct bytes value)
{
    struct failing *failing = self;
    return fails(failing) ? failing->code : view_put(failing->inner, key, value);
}

static int failing_del(void *self, struct bytes key)
{
    struct failing *failing = self;
    return fails(failing) ? failing->code : view_delete(failing->inner, key);
}

static int failing_range(void *self, struct bytes prefix, struct bytes from, view_range_fn *visit,
                         void *context)
{
    struct failing *failing = self;
    return fails(failing) ? failing->code : view_range(failing->inner, prefix, from, visit, context);
}

static const struct view_ops FAILING = {failing_get, failing_put, failing_del, failing_range};

/* Commands that together pass through all of the machine. */
static Comity__V1__Command *command_to_fail(struct world *world, size_t index)
{
    Comity__V1__Command *command = NULL;

    switch (index) {
    case 0:
        command = world_ballot(world, "mona", 1, 1);
        break;
    case 1:
        command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);
        command->close_round->round = 1;
        break;
    case 2:
        command = world_open_round_command(world, 2, 1);
        break;
    case 3:
        command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REVOKE_KEY);
        command->revoke_key->key = world_key(world, "luis");
        break;
    case 4:
        command = world_adopt_command(world, world_plain_rule(world));
        break;
    case 5:
        command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ASSIGN_SEAT);
        command->assign_seat->body = 1;
        command->assign_seat->seat = 1;
        command->assign_seat->member = LARS;
        break;
    case 6:
        command = world_command(world, "newcomer", COMITY__V1__COMMAND__BODY_REDEEM);
        command->redeem->invitation = world_key(world, "once");
        world_cosign(world, command, "once", NULL);
        break;
    case 7:
        command = world_command(world, "mona", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);
        command->make_proposal->item = 1;
        break;
    case 8:
        command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL);
        command->revise_proposal->proposal = 2;
        command->revise_proposal->base_hash =
            ((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 2, 0))->versions[0]->text->hash;
        break;
    /* Decisions and minutes: decision 1 is in effect, 2 waits for a signature; session 2 has minutes. */
    case 9:
        command = world_sign_command(world, "mara", 2);
        break;
    case 10:
        command = world_declare_command(world, 2, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED);
        break;
    case 11:
        command = world_approve_command(world, "mara", 2);
        break;
    case 12:
        command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_OPEN_SESSION);
        command->open_session->session = 3;
        break;
    case 13:
        command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REOPEN_DECISION);
        command->reopen_decision->decision = 1;
        command->reopen_decision->session = 1;
        break;
    case 14:
        command = world_mandate_command(world, 1, LARS);
        break;
    case 15:
        command = world_action_command(world, "odo", 1);
        break;
    case 16:
        command = world_command(world, "odo", COMITY__V1__COMMAND__BODY_REVIEW_DECISION);
        command->review_decision->decision = 1;
        command->review_decision->next_ms = world->context.time_ms + 1;
        break;
    default:
        break;
    }
    return command;
}

/* Decision 1 in effect, 2 that ends it once mara signs; minutes of session 2 that wait for mara; session 3 to
 * open. */
static void add_decisions(struct world *world)
{
    Comity__V1__Terms *terms = world_terms(world);
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_SESSION);
    Comity__V1__Command *draft = world_command(world, "odo", COMITY__V1__COMMAND__BODY_DRAFT_MINUTES);
    Comity__V1__Command *convene = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CONVENE_SESSION);

    world_decide(world, NULL);
    world_add_effect(world, terms, COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUSPENDS, 1);
    world_add_clause(world, terms);
    world_decide(world, terms);
    world_accept(world, world_sign_command(world, "lena", 2));
    close->close_session->session = world_open_session(world, 1);
    world_accept(world, close);
    draft->draft_minutes->session = 2;
    draft->draft_minutes->by_silence = true;
    world_accept(world, draft);
    world_accept(world, world_approve_command(world, "lena", 2));
    convene->convene_session->body = 1;
    convene->convene_session->starts_ms = 1;
    world_accept(world, convene);
}

static struct world *world_to_fail(void)
{
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *invite = world_command(world, "lena", COMITY__V1__COMMAND__BODY_INVITE);

    invite->invite->key = world_key(world, "once");
    invite->invite->expires_ms = world->context.time_ms + 1000;
    world_accept(world, invite);
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_accept(world, world_ballot(world, "mara", 1, 1));
    world_propose(world, 1);
    add_decisions(world);
    return world;
}

/* decide and apply over a view that fails: the code comes out, and decide has changed nothing. */
static void test_a_failing_backend_is_passed_on(void **state)
{
    (void) state;
    unsigned failures = 0;

    for (size_t index = 0;; index++) {
        int code = ERR_STORE;
        for (unsigned fail_at = 1; code != 0; fail_at++) {
            struct world *world = world_to_fail();
            Comity__V1__Command *body = command_to_fail(world, index);
            struct failing failing = {&world->view, 0, fail_at, ERR_STORE};
            struct view view = {&FAILING, &failing};
            struct command command = {.body = body};
            struct machine_events events = {.count = 0};
            struct refusal refusal;
            uint8_t before[HASH_SIZE];
            uint8_t after[HASH_SIZE];

            if (!body) {
                world_destroy(&world);
                assert_true(failures > 100);
                return;
            }
            assert_int_equal(view_hash(&world->view, before), 0);
            code = machine_decide(&view, &command, &world->context, world->arena, &events, &refusal);
            assert_int_equal(view_hash(&world->view, after), 0);
            assert_memory_equal(before, after, HASH_SIZE);
            if (code != 0) {
                assert_int_equal(refusal.code, code);
                assert_int_equal(events.count, 0);
            }
            for (size_t i = 0; i < events.count && code == 0; i++)
                code = machine_apply(&view, &events.list[i], world->arena);
            assert_true(code == 0 || code == ERR_STORE);
            assert_int_equal(code == 0, failing.calls < fail_at);
            failures += code != 0;
            world_destroy(&world);
        }
    }
}

/* The same with memory that runs out, at every step of 64 bytes. */
static void test_memory_that_runs_out(void **state)
{
    (void) state;
    struct world *world = world_to_fail();
    unsigned failures = 0;
    Comity__V1__Command *body;

    for (size_t index = 0; (body = command_to_fail(world, index)) != NULL; index++) {
        int code = ERR_MEMORY;
        for (size_t limit = 0; code != 0; limit += 64) {
            struct arena *arena = arena_new(limit);
            struct command command = {.body = body};
            struct machine_events events = {.count = 0};
            struct refusal refusal;
            uint8_t before[HASH_SIZE];
            uint8_t after[HASH_SIZE];

            assert_int_equal(view_hash(&world->view, before), 0);
            code = machine_decide(&world->view, &command, &world->context, arena, &events, &refusal);
            assert_int_equal(view_hash(&world->view, after), 0);
            assert_memory_equal(before, after, HASH_SIZE);
            assert_true(code == 0 || code == ERR_MEMORY);
            failures += code != 0;
            arena_destroy(&arena);
        }
    }
    assert_true(failures > 100);
    world_destroy(&world);
}

/* The state that the command leads to where memory is no matter. */
static void state_after(size_t index, uint8_t ret_hash[HASH_SIZE])
{
    struct world *world = world_to_fail();
    struct command command = {.body = command_to_fail(world, index)};
    struct machine_events events = {.count = 0};

    assert_int_equal(machine_decide(&world->view, &command, &world->context, world->arena, &events, NULL), 0);
    for (size_t i = 0; i < events.count; i++)
        assert_int_equal(machine_apply(&world->view, &events.list[i], world->arena), 0);
    assert_int_equal(view_hash(&world->view, ret_hash), 0);
    world_destroy(&world);
}

static void test_apply_without_memory(void **state)
{
    (void) state;
    unsigned failures = 0;

    for (size_t index = 0;; index++) {
        int code = ERR_MEMORY;
        for (size_t limit = 0; code != 0; limit += 64) {
            struct world *world = world_to_fail();
            struct arena *arena = arena_new(limit);
            Comity__V1__Command *body = command_to_fail(world, index);
            struct command command = {.body = body};
            struct machine_events events = {.count = 0};

            if (!body) {
                arena_destroy(&arena);
                world_destroy(&world);
                assert_true(failures > 20);
                return;
            }
            assert_int_equal(
                machine_decide(&world->view, &command, &world->context, world->arena, &events, NULL), 0);
            code = 0;
            for (size_t i = 0; i < events.count && code == 0; i++)
                code = machine_apply(&world->view, &events.list[i], arena);
            assert_true(code == 0 || code == ERR_MEMORY);
            failures += code != 0;
            if (code == 0) {
                uint8_t expected[HASH_SIZE];
                uint8_t hash[HASH_SIZE];
                state_after(index, expected);
                assert_int_equal(view_hash(&world->view, hash), 0);
                assert_memory_equal(hash, expected, HASH_SIZE);
            }
            arena_destroy(&arena);
            world_destroy(&world);
        }
    }
}

static Comity__V1__Rule *timed_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_rule(world, "timed");

    rule->close->at_time = true;
    return rule;
}

static void test_due_over_a_failing_backend(void **state)
{
    (void) state;
    struct world *world = world_with_round(timed_rule);
    int code = ERR_STORE;
    unsigned failures = 0;

    world->context.time_ms += 2 * 3600 * 1000;
    for (unsigned fail_at = 1; code != 0; fail_at++) {
        struct failing failing = {&world->view, 0, fail_at, ERR_STORE};
        struct view view = {&FAILING, &failing};
        struct machine_events events = {.count = 55};

        code = machine_due(&view, &world->context, world->arena, &events);
        assert_true(code == ERR_STORE || code == 0);
        assert_int_equal(events.count, code == 0 ? 1 : 55);
        failures += code != 0;
    }
    assert_true(failures > 3);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_that_do_not_fit),
        cmocka_unit_test(test_events_that_lack_a_piece),
        cmocka_unit_test(test_versions_that_lack_their_text),
        cmocka_unit_test(test_a_ballot_needs_its_command),
        cmocka_unit_test(test_a_new_epoch),
        cmocka_unit_test(test_a_failing_backend_is_passed_on),
        cmocka_unit_test(test_memory_that_runs_out),
        cmocka_unit_test(test_apply_without_memory),
        cmocka_unit_test(test_due_over_a_failing_backend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
