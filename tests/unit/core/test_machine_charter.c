/* The charter: adopt_charter, and what it says of items and rounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world_charter.h"

static char *copy(struct world *world, const char *text)
{
    return arena_string(world->arena, text);
}

static void add_excluded(struct world *world, Comity__V1__Charter *charter, const char *name)
{
    Comity__V1__ExcludedSubject *subject = world_alloc(world, sizeof(*subject));

    comity__v1__excluded_subject__init(subject);
    subject->name = copy(world, name);
    subject->title = world_text(world);
    charter->excluded = world_alloc(world, sizeof(*charter->excluded));
    charter->excluded[charter->n_excluded++] = subject;
}

/* Council (session 1 open, proposal 1) with rule 1 "plain", and body 2 "panel" without rules. */
static struct world *world_ready(void)
{
    struct world *world = world_with_session();

    world_adopt(world, world_plain_rule(world));
    world_create_body(world, "panel", 1, 1, 0);
    return world;
}

static void test_versions(void **state)
{
    (void) state;
    struct world *world = world_ready();
    Comity__V1__Charter *charter = world_charter(world);
    const Comity__V1__CharterVersion *version;

    world_add_function(world, charter, "schedules", COMITY__V1__SHARE__SHARE_JOINT, "council", "plain");
    world_add_function(world, charter, "prices", COMITY__V1__SHARE__SHARE_INFORM, "", "");
    version = world_accept(world, world_charter_command(world, charter, 0))->charter_adopted->charter;
    assert_int_equal(version->number, 1);
    assert_int_equal(version->adopted_ms, world->context.time_ms);
    assert_int_equal(version->hash.len, HASH_SIZE);
    /* Two drafts for the same place: the second one has to look again. */
    world_refuse(world, world_charter_command(world, world_charter(world), 0), ERR_STALE, "adopt_charter.replaces");
    assert_int_equal(world->refusal.latest, 1);
    version = world_accept(world, world_charter_command(world, world_charter(world), 1))->charter_adopted->charter;
    assert_int_equal(version->number, 2);
    world_refuse(world, world_charter_command(world, world_charter(world), 3), ERR_STALE, "adopt_charter.replaces");
    assert_int_equal(
        ((Comity__V1__CharterVersion *) world_row(world, TABLE_CHARTER, 1, 0))->charter->n_functions, 2);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_what_it_names_is_there(void **state)
{
    (void) state;
    struct world *world = world_ready();
    Comity__V1__Charter *charter = world_charter(world);
    Comity__V1__VitalFunction *function =
        world_add_function(world, charter, "schedules", COMITY__V1__SHARE__SHARE_JOINT, "council", "plain");

    function->body = copy(world, "senate");
    world_refuse(world, world_charter_command(world, charter, 0), ERR_NOT_FOUND, "adopt_charter.charter.functions[0].body");
    function->body = copy(world, "council");
    function->rule = copy(world, "unknown");
    world_refuse(world, world_charter_command(world, charter, 0), ERR_NOT_FOUND, "adopt_charter.charter.functions[0].rule");
    function->rule = copy(world, "plain");
    function->body = copy(world, "panel"); /* which decides by no rule */
    world_refuse(world, world_charter_command(world, charter, 0), ERR_FORBIDDEN, "adopt_charter.charter.functions[0].rule");
    function->body = copy(world, "council");
    world_add_standing(world, function, "labor", COMITY__V1__STANDING__STANDING_NEUTRAL);
    world_refuse(world, world_charter_command(world, charter, 0), ERR_NOT_FOUND,
                 "adopt_charter.charter.functions[0].standings");
    function->standings[0]->constituency = copy(world, "labour");
    world_add_standing(world, function, "management", COMITY__V1__STANDING__STANDING_NEUTRAL);
    world_refuse(world, world_charter_command(world, charter, 0), ERR_SCOPE, "adopt_charter.charter.functions[0].standings");
    world_add_standing(world, function, "convener", COMITY__V1__STANDING__STANDING_PARTY);
    charter->amendment_body = copy(world, "panel");
    charter->amendment_rule = copy(world, "plain");
    world_refuse(world, world_charter_command(world, charter, 0), ERR_FORBIDDEN, "adopt_charter.charter.amendment_rule");
    charter->amendment_body = copy(world, "council");
    world_accept(world, world_charter_command(world, charter, 0));
    world_destroy(&world);
}

static Comity__V1__Command *item(struct world *world, const char *function)
{
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADD_ITEM);

    command->add_item->session = 1;
    command->add_item->function = copy(world, function);
    return command;
}

static uint32_t propose_under(struct world *world, const char *function)
{
    Comity__V1__Command *command = world_command(world, "mara", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);

    command->make_proposal->item = world_accept(world, item(world, function))->item_added->item->number;
    return world_accept(world, command)->proposal_made->proposal->number;
}

static void test_items_under_a_function(void **state)
{
    (void) state;
    struct world *world = world_ready();
    Comity__V1__Charter *charter = world_charter(world);

    world_refuse(world, item(world, "schedules"), ERR_NOT_FOUND, "add_item.function"); /* no charter */
    world_add_function(world, charter, "schedules", COMITY__V1__SHARE__SHARE_JOINT, "council", "plain");
    add_excluded(world, charter, "wages");
    world_accept(world, world_charter_command(world, charter, 0));
    world_refuse(world, item(world, "holidays"), ERR_NOT_FOUND, "add_item.function");
    world_refuse(world, item(world, "wages"), ERR_CHARTER, "add_item.function");
    assert_string_equal(world_accept(world, item(world, "schedules"))->item_added->item->function,
                        "schedules");
    assert_string_equal(world_accept(world, item(world, ""))->item_added->item->function, "");
    world_check_replay(world);
    world_destroy(&world);
}

/* What is brought back is decided as before. */
static void test_a_reopened_item_keeps_its_function(void **state)
{
    (void) state;
    struct world *world = world_ready();
    Comity__V1__Charter *charter = world_charter(world);
    Comity__V1__Command *reopen = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REOPEN_DECISION);
    uint32_t item, round;

    world_add_function(world, charter, "schedules", COMITY__V1__SHARE__SHARE_JOINT, "council", "plain");
    world_accept(world, world_charter_command(world, charter, 0));
    round = world_open_round(world, propose_under(world, "schedules"), 1);
    world_accept(world, world_ballot(world, "lena", round, 1));
    world_accept(world, world_ballot(world, "mara", round, 1));
    world_close_round(world, round);
    reopen->reopen_decision->decision = 1;
    reopen->reopen_decision->session = 1;
    reopen->reopen_decision->fact = world_text(world);
    item = world_accept(world, reopen)->decision_reopened->reopening->item;
    assert_string_equal(((Comity__V1__Item *) world_row(world, TABLE_ITEM, item, 0))->function, "schedules");
    world_accept(world, world_charter_command(world, world_charter(world), 1)); /* that has it no more */
    item = world_accept(world, reopen)->decision_reopened->reopening->item;
    assert_string_equal(((Comity__V1__Item *) world_row(world, TABLE_ITEM, item, 0))->function, "");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_round_is_the_functions(void **state)
{
    (void) state;
    struct world *world = world_ready();
    Comity__V1__Charter *charter = world_charter(world);
    uint32_t other = world_adopt(world, world_rule(world, "other")), schedules, training, prices;
    const Comity__V1__Round *round;

    world_add_function(world, charter, "schedules", COMITY__V1__SHARE__SHARE_JOINT, "council", "plain");
    world_add_function(world, charter, "training", COMITY__V1__SHARE__SHARE_JOINT, "panel", "other");
    world_add_function(world, charter, "prices", COMITY__V1__SHARE__SHARE_INFORM, "", "");
    world_accept(world, world_charter_command(world, charter, 0));
    schedules = propose_under(world, "schedules");
    training = propose_under(world, "training");
    prices = propose_under(world, "prices");
    world_refuse(world, world_open_round_command(world, schedules, other), ERR_CHARTER, "open_round.rule");
    assert_int_equal(world->refusal.latest, 1); /* what would be allowed */
    world_refuse(world, world_open_round_command(world, training, other), ERR_CHARTER, "open_round.proposal");
    world_refuse(world, world_open_round_command(world, prices, 1), ERR_CHARTER, "open_round.proposal");
    round = world_accept(world, world_open_round_command(world, schedules, 1))->round_opened->round;
    assert_string_equal(round->function, "schedules");
    assert_int_equal(round->charter, 1);
    assert_int_equal(round->share, COMITY__V1__SHARE__SHARE_JOINT);
    /* Without a function everything is as it was. */
    round = world_accept(world, world_open_round_command(world, 1, other))->round_opened->round;
    assert_int_equal(round->charter, 0);
    world_check_replay(world);
    world_destroy(&world);
}

/* A function that the next charter does not have is decided by nobody. */
static void test_a_function_that_was_dropped(void **state)
{
    (void) state;
    struct world *world = world_ready();
    Comity__V1__Charter *charter = world_charter(world);
    uint32_t proposal;

    world_add_function(world, charter, "schedules", COMITY__V1__SHARE__SHARE_JOINT, "council", "plain");
    world_accept(world, world_charter_command(world, charter, 0));
    proposal = propose_under(world, "schedules");
    world_accept(world, world_charter_command(world, world_charter(world), 1));
    world_refuse(world, world_open_round_command(world, proposal, 1), ERR_CHARTER, "open_round.proposal");
    world_destroy(&world);
}

static Comity__V1__Command *close_round(struct world *world, uint32_t round)
{
    Comity__V1__Command *command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    command->close_round->round = round;
    return command;
}

static uint32_t vote(struct world *world, uint32_t proposal, const char *const *voters, size_t count)
{
    uint32_t round = world_open_round(world, proposal, 1);

    for (size_t i = 0; i < count; i++)
        world_accept(world, world_ballot(world, voters[i], round, 1));
    return round;
}

static const char *const ALL[] = {"lena", "luis", "mara", "mona"};

static void test_advice_decides_nothing(void **state)
{
    (void) state;
    static const Comity__V1__Share SHARES[] = {
        COMITY__V1__SHARE__SHARE_INFORM, COMITY__V1__SHARE__SHARE_CONSULT, COMITY__V1__SHARE__SHARE_RECOMMEND,
        COMITY__V1__SHARE__SHARE_JOINT, COMITY__V1__SHARE__SHARE_DELEGATED};

    for (size_t i = 0; i < ARRAY_COUNT(SHARES); i++) {
        struct world *world = world_ready();
        Comity__V1__Charter *charter = world_charter(world);
        bool is_advice = SHARES[i] < COMITY__V1__SHARE__SHARE_JOINT;
        uint32_t proposal, round;

        world_add_function(world, charter, "schedules", SHARES[i], "council", "plain");
        world_accept(world, world_charter_command(world, charter, 0));
        proposal = propose_under(world, "schedules");
        round = vote(world, proposal, ALL, ARRAY_COUNT(ALL));
        const Comity__V1__Event *event = world_accept(world, close_round(world, round));
        assert_int_equal(event->round_closed->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
        assert_int_equal(world->events.count, is_advice ? 1 : 2);
        assert_int_equal(world_has(world, TABLE_DECISION, 1, 0), !is_advice);
        world_check_replay(world);
        world_destroy(&world);
    }
}

/* Management is heard in training, and not counted: labour's support carries it. The same ballots on an item
 * without the function do not. */
static void test_standing_in_a_function(void **state)
{
    (void) state;
    static const char *const LABOURERS[] = {"lena", "luis"};
    struct world *world = world_ready();
    Comity__V1__Charter *charter = world_charter(world);
    Comity__V1__VitalFunction *function =
        world_add_function(world, charter, "training", COMITY__V1__SHARE__SHARE_JOINT, "council", "plain");
    Comity__V1__OutcomeKind kinds[2];

    world_add_standing(world, function, "management", COMITY__V1__STANDING__STANDING_NEUTRAL);
    world_accept(world, world_charter_command(world, charter, 0));
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        uint32_t proposal = propose_under(world, i == 0 ? "training" : "");
        uint32_t round = vote(world, proposal, LABOURERS, ARRAY_COUNT(LABOURERS));
        world_accept(world, world_ballot(world, "mara", round, 5));
        kinds[i] = world_accept(world, close_round(world, round))->round_closed->outcome->kind;
    }
    assert_int_equal(kinds[0], COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    assert_int_not_equal(kinds[1], COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    /* The round keeps it, so that anybody can count it again, whatever charter there is by then. */
    const Comity__V1__Round *round = world_row(world, TABLE_ROUND, 1, 0);
    assert_int_equal(round->n_standings, 1);
    assert_int_equal(round->standings[0]->constituency, MANAGEMENT);
    world_check_replay(world);
    world_destroy(&world);
}

/* Decision @n of the council by rule 1 on proposal @proposal. */
static void decide_on(struct world *world, uint32_t proposal)
{
    world_accept(world, close_round(world, vote(world, proposal, ALL, ARRAY_COUNT(ALL))));
    assert_int_equal(world->events.count, 2);
}

static Comity__V1__Command *amend(struct world *world, uint32_t replaces, uint32_t decision,
                                  Comity__V1__TextRef *text)
{
    Comity__V1__Charter *charter = world_charter(world);
    Comity__V1__Command *command = world_charter_command(world, charter, replaces);

    charter->text = text;
    command->adopt_charter->decision = decision;
    return command;
}

static Comity__V1__TextRef *text_of(struct world *world, uint32_t proposal)
{
    return ((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, proposal, 0))->versions[0]->text;
}

static void test_amendment(void **state)
{
    (void) state;
    struct world *world = world_ready();
    Comity__V1__Charter *charter = world_charter(world);
    uint32_t second;

    decide_on(world, 1);
    /* While none is in force none is asked for. */
    world_refuse(world, amend(world, 0, 1, text_of(world, 1)), ERR_RANGE, "adopt_charter.decision");
    charter->amendment_body = copy(world, "council");
    charter->amendment_rule = copy(world, "plain");
    world_accept(world, world_charter_command(world, charter, 0));
    world_refuse(world, amend(world, 1, 0, world_text(world)), ERR_CHARTER, "adopt_charter.decision");
    world_refuse(world, amend(world, 1, 9, world_text(world)), ERR_NOT_FOUND, "adopt_charter.decision");
    world_refuse(world, amend(world, 1, 1, text_of(world, 1)), ERR_STALE,
                 "adopt_charter.decision"); /* made before */
    second = world_propose(world, 1);
    decide_on(world, second);
    world_refuse(world, amend(world, 1, 2, world_text(world)), ERR_CHARTER, "adopt_charter.charter.text");
    Comity__V1__Command *alone = amend(world, 1, 2, text_of(world, second));
    alone->n_cosigners = 0; /* the decision is needed as well as the parties */
    world_refuse(world, alone, ERR_COSIGNERS, "cosigners.*");
    world_accept(world, amend(world, 1, 2, text_of(world, second)));
    const Comity__V1__CharterVersion *version = world_row(world, TABLE_CHARTER, 2, 0);
    assert_int_equal(version->decision, 2);
    assert_int_equal(version->decisions, 2);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_amended_by_another_body_or_rule(void **state)
{
    (void) state;
    struct world *world = world_ready();
    Comity__V1__Charter *charter = world_charter(world);
    uint32_t proposal;

    world_adopt(world, world_rule(world, "other"));
    charter->amendment_body = copy(world, "council");
    charter->amendment_rule = copy(world, "other");
    world_accept(world, world_charter_command(world, charter, 0));
    proposal = world_propose(world, 1);
    decide_on(world, proposal); /* by rule "plain" */
    world_refuse(world, amend(world, 1, 1, text_of(world, proposal)), ERR_CHARTER, "adopt_charter.decision");
    world_destroy(&world);

    world = world_ready();
    world_adopt(world, world_rule(world, "other"));
    charter = world_charter(world);
    charter->amendment_body = copy(world, "panel");
    charter->amendment_rule = copy(world, "other");
    world_accept(world, world_charter_command(world, charter, 0));
    proposal = world_propose(world, 1);
    decide_on(world, proposal);
    world_refuse(world, amend(world, 1, 1, text_of(world, proposal)), ERR_CHARTER, "adopt_charter.decision");
    world_destroy(&world);
}

static void test_notice(void **state)
{
    (void) state;
    struct world *world = world_ready();
    Comity__V1__Charter *charter = world_charter(world);
    Comity__V1__Command *convene = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CONVENE_SESSION);
    Comity__V1__Command *draft = world_command(world, "cora", COMITY__V1__COMMAND__BODY_DRAFT_SESSION);
    Comity__V1__Command *add = item(world, ""),
                        *given = world_command(world, "cora", COMITY__V1__COMMAND__BODY_GIVE_NOTICE);
    Comity__V1__Command *open = world_command(world, "cora", COMITY__V1__COMMAND__BODY_OPEN_SESSION);

    charter->notice_hours = 48;
    world_accept(world, world_charter_command(world, charter, 0));
    convene->convene_session->body = draft->draft_session->body = 1;
    convene->convene_session->starts_ms = draft->draft_session->starts_ms = world->context.time_ms;
    world_refuse(world, convene, ERR_NOTICE, "convene_session.body");
    world_accept(world, draft);
    given->give_notice->session = add->add_item->session = open->open_session->session = 2;
    world_refuse(world, given, ERR_NOTICE, "give_notice.session"); /* without an agenda */
    world_accept(world, add);
    given->give_notice->notice_minutes = 60; /* the charter asks for more */
    assert_int_equal(world_accept(world, given)->notice_given->notice_ms, (int64_t) 48 * 3600 * 1000);
    world->context.time_ms += (int64_t) 48 * 3600 * 1000 - 1;
    open->valid_until_ms = world->context.time_ms + 1000;
    world_refuse(world, open, ERR_NOTICE, "open_session.session");
    world->context.time_ms++;
    world_accept(world, open);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_after_a_restore(void **state)
{
    (void) state;
    struct world *world = world_ready();
    Comity__V1__Charter *charter = world_charter(world);
    Comity__V1__Command *again = world_charter_command(world, charter, 0), *lost;

    world->context.time_ms += 1000;
    world_restore(world);
    world_accept(world, again); /* it names nothing that was lost */
    lost = amend(world, 2, 0, world_text(world));
    world_refuse(world, lost, ERR_EPOCH, "adopt_charter.replaces");
    charter = world_charter(world);
    charter->amendment_body = copy(world, "council");
    charter->amendment_rule = copy(world, "plain");
    world->epoch = ((Comity__V1__Partnership *) world_row(world, TABLE_PARTNERSHIP, 0, 0))->epoch;
    world_accept(world, world_charter_command(world, charter, 1));
    decide_on(world, 1);
    lost = amend(world, 2, 1, text_of(world, 1));
    lost->epoch = 1; /* when there was no such decision */
    world_refuse(world, lost, ERR_EPOCH, "adopt_charter.replaces");
    world_check_replay(world);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_what_it_names_is_there),
        cmocka_unit_test(test_items_under_a_function),
        cmocka_unit_test(test_a_reopened_item_keeps_its_function),
        cmocka_unit_test(test_a_round_is_the_functions),
        cmocka_unit_test(test_a_function_that_was_dropped),
        cmocka_unit_test(test_advice_decides_nothing),
        cmocka_unit_test(test_standing_in_a_function),
        cmocka_unit_test(test_amendment),
        cmocka_unit_test(test_amended_by_another_body_or_rule),
        cmocka_unit_test(test_notice),
        cmocka_unit_test(test_after_a_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
