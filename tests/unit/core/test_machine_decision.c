/* The life of decisions: terms that are voted on, taking effect, clauses, what one does to another, ends by
 * deadline, reviews, reopenings, and outcomes that are declared otherwise than computed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world_decisions.h"

enum {
    IN_EFFECT = COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT,
    SUSPENDED = COMITY__V1__DECISION_STATE__DECISION_STATE_SUSPENDED,
    SUPERSEDED = COMITY__V1__DECISION_STATE__DECISION_STATE_SUPERSEDED,
    ENDED = COMITY__V1__DECISION_STATE__DECISION_STATE_ENDED,
    PENDING = COMITY__V1__DECISION_STATE__DECISION_STATE_PENDING,
};
enum {
    NOTHING = COMITY__V1__DECISION_END__DECISION_END_UNSPECIFIED,
    BY_SUNSET = COMITY__V1__DECISION_END__DECISION_END_SUNSET,
    BY_TRIAL = COMITY__V1__DECISION_END__DECISION_END_TRIAL,
    BY_DECISION = COMITY__V1__DECISION_END__DECISION_END_DECISION,
    BY_DECLARATION = COMITY__V1__DECISION_END__DECISION_END_DECLARED,
};
enum {
    SUPERSEDES = COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUPERSEDES,
    SUSPENDS = COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUSPENDS,
    RESUMES = COMITY__V1__DECISION_RELATION__DECISION_RELATION_RESUMES,
    CONFIRMS = COMITY__V1__DECISION_RELATION__DECISION_RELATION_CONFIRMS,
    ENDS = COMITY__V1__DECISION_RELATION__DECISION_RELATION_ENDS,
};
enum {
    ADOPTED = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED,
    NOT_YET = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET,
    REJECTED = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED,
    TABLED = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED,
};

static void test_without_terms(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t number = world_decide(world, NULL);
    const Comity__V1__Decision *decision = world_decision(world, number);

    world_check_decision(world, number, IN_EFFECT, NOTHING);
    assert_int_equal(decision->in_effect_ms, world->context.time_ms);
    assert_int_equal(decision->body, 1);
    assert_null(decision->terms);
    world->context.time_ms += INT64_C(1000) * 365 * 86400000;
    world_due(world);
    assert_int_equal(world_decision(world, number)->state, IN_EFFECT);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_dates(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Terms *terms = world_terms(world);
    int64_t start_ms = world->context.time_ms;

    terms->effective_ms = start_ms + 100;
    terms->review_ms = start_ms + 200;
    terms->sunset_ms = start_ms + 300;
    uint32_t number = world_decide(world, terms);
    world_check_decision(world, number, PENDING, NOTHING);
    assert_int_equal(world_decision(world, number)->terms->sunset_ms, start_ms + 300);
    world->context.time_ms = start_ms + 99;
    world_due(world);
    world_check_decision(world, number, PENDING, NOTHING);
    world->context.time_ms = start_ms + 100;
    world_due(world);
    world_check_decision(world, number, IN_EFFECT, NOTHING);
    assert_int_equal(world_decision(world, number)->in_effect_ms, start_ms + 100);
    assert_int_equal(world_decision(world, number)->review_due_ms, 0);
    world->context.time_ms = start_ms + 250;
    world_due(world);
    world_check_decision(world, number, IN_EFFECT, NOTHING);
    assert_int_equal(world_decision(world, number)->review_due_ms, start_ms + 250);
    world->context.time_ms = start_ms + 300;
    world_due(world);
    world_check_decision(world, number, ENDED, BY_SUNSET);
    int64_t due_ms = 1;
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    assert_int_equal(due_ms, 0);
    world_check_replay(world);
    world_destroy(&world);
}

/* Many dates passed while nobody was there: they come in their order. */
static void test_all_dates_at_once(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Terms *terms = world_terms(world);

    terms->effective_ms = world->context.time_ms + 1;
    terms->trial_until_ms = world->context.time_ms + 2;
    terms->review_ms = world->context.time_ms + 2;
    terms->sunset_ms = world->context.time_ms + 2;
    uint32_t number = world_decide(world, terms);
    assert_true(world_decision(world, number)->is_on_trial);
    world->context.time_ms += 1000;
    world_due(world);
    world_check_decision(world, number, ENDED, BY_TRIAL);
    assert_int_equal(world_decision(world, number)->in_effect_ms, world->context.time_ms);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_dates_that_cannot_be(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    static const struct {
        int64_t effective, trial, review, sunset;
        const char *field;
    } ROWS[] = {
        {5, 5, 0, 0, "make_proposal.terms.trial_until_ms"},
        {5, 0, 4, 0, "make_proposal.terms.review_ms"},
        {5, 0, 0, 5, "make_proposal.terms.sunset_ms"},
        {0, 8, 0, 7, "make_proposal.terms.trial_until_ms"},
        {0, 0, 8, 7, "make_proposal.terms.review_ms"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        Comity__V1__Terms *terms = world_terms(world);
        terms->effective_ms = ROWS[i].effective;
        terms->trial_until_ms = ROWS[i].trial;
        terms->review_ms = ROWS[i].review;
        terms->sunset_ms = ROWS[i].sunset;
        world_refuse(world, world_propose_command(world, terms), ERR_RANGE, ROWS[i].field);
    }
    world_destroy(&world);
}

/* A revision brings its own terms; those of the version before are not carried over. */
static void test_terms_of_a_version(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Terms *terms = world_terms(world);

    terms->sunset_ms = world->context.time_ms + 1000;
    const Comity__V1__Proposal *made =
        world_accept(world, world_propose_command(world, terms))->proposal_made->proposal;
    Comity__V1__Command *revise = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL);
    revise->revise_proposal->proposal = made->number;
    revise->revise_proposal->base_hash = made->versions[0]->text->hash;
    Comity__V1__Terms *bad = world_terms(world);
    world_add_effect(world, bad, SUPERSEDES, 9);
    revise->revise_proposal->terms = bad;
    world_refuse(world, revise, ERR_NOT_FOUND, "revise_proposal.terms.effects[0].decision");
    revise->revise_proposal->terms = NULL;
    world_accept(world, revise);
    const Comity__V1__Proposal *row = world_row(world, TABLE_PROPOSAL, made->number, 0);
    assert_non_null(row->versions[0]->terms);
    assert_null(row->versions[1]->terms);
    world_destroy(&world);
}

static uint32_t decide_on(struct world *world, int relation, uint32_t decision)
{
    Comity__V1__Terms *terms = world_terms(world);

    world_add_effect(world, terms, relation, decision);
    return world_decide(world, terms);
}

static void test_one_decision_on_another(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t first = world_decide(world, NULL);

    uint32_t second = decide_on(world, SUSPENDS, first);
    world_check_decision(world, first, SUSPENDED, BY_DECISION);
    assert_int_equal(world_decision(world, first)->changed_by, second);
    assert_int_equal(world_decision(world, second)->n_changes, 1);
    world_check_decision(world, second, IN_EFFECT, NOTHING);
    decide_on(world, RESUMES, first);
    world_check_decision(world, first, IN_EFFECT, NOTHING);
    assert_int_equal(world_decision(world, first)->changed_by, 0);
    decide_on(world, SUPERSEDES, first);
    world_check_decision(world, first, SUPERSEDED, BY_DECISION);
    decide_on(world, ENDS, second);
    world_check_decision(world, second, ENDED, BY_DECISION);
    /* What has ended, has ended. */
    for (int relation = SUPERSEDES; relation <= ENDS; relation++) {
        Comity__V1__Terms *terms = world_terms(world);
        world_add_effect(world, terms, relation, first);
        world_refuse(world, world_propose_command(world, terms), ERR_STATE,
                     "make_proposal.terms.effects[0].decision");
    }
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_trial_is_confirmed(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Terms *terms = world_terms(world);

    terms->trial_until_ms = world->context.time_ms + 100;
    uint32_t trial = world_decide(world, terms);
    uint32_t lost = world_decide(world, terms);
    decide_on(world, CONFIRMS, trial);
    assert_false(world_decision(world, trial)->is_on_trial);
    world->context.time_ms += 100;
    world_due(world);
    world_check_decision(world, trial, IN_EFFECT, NOTHING);
    world_check_decision(world, lost, ENDED, BY_TRIAL);
    /* Only what is on trial can be confirmed. */
    terms = world_terms(world);
    world_add_effect(world, terms, CONFIRMS, trial);
    world_refuse(world, world_propose_command(world, terms), ERR_STATE,
                 "make_proposal.terms.effects[0].decision");
    world_check_replay(world);
    world_destroy(&world);
}

/* What it names has ended before it takes effect: nothing is done to it, and the record says so. */
static void test_an_effect_that_comes_too_late(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t first = world_decide(world, NULL);
    Comity__V1__Terms *terms = world_terms(world);

    terms->effective_ms = world->context.time_ms + 100;
    world_add_effect(world, terms, SUPERSEDES, first);
    uint32_t later = world_decide(world, terms);
    world_check_decision(world, later, PENDING, NOTHING);
    world_check_decision(world, first, IN_EFFECT, NOTHING);
    decide_on(world, ENDS, first);
    int64_t ended_ms = world->context.time_ms;
    world->context.time_ms += 100;
    world_due(world);
    world_check_decision(world, later, IN_EFFECT, NOTHING);
    assert_int_equal(world_decision(world, later)->n_changes, 0);
    assert_int_equal(world_decision(world, first)->state, ENDED);
    assert_int_equal(world_decision(world, first)->ended_ms, ended_ms);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_effects_that_are_refused(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t first = world_decide(world, NULL);
    Comity__V1__Terms *terms = world_terms(world);

    world_add_effect(world, terms, SUPERSEDES, first);
    world_add_effect(world, terms, ENDS, first);
    world_refuse(world, world_propose_command(world, terms), ERR_DUPLICATE,
                 "make_proposal.terms.effects[1].decision");
    terms = world_terms(world);
    world_add_clause(world, terms);
    terms->clauses[0]->signatories[1] = 9;
    world_refuse(world, world_propose_command(world, terms), ERR_NOT_FOUND,
                 "make_proposal.terms.clauses[0].signatories[1]");
    /* Another body's decision: that body's to change. */
    world_create_body(world, "other", 1, 1, 0);
    world_seat(world, "mara", 2, 2, MARA);
    uint32_t session = world_open_session(world, 2);
    Comity__V1__Command *item = world_command(world, "cora", COMITY__V1__COMMAND__BODY_ADD_ITEM);
    Comity__V1__Command *propose = world_command(world, "mara", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);
    item->add_item->session = session;
    propose->make_proposal->item = world_accept(world, item)->item_added->item->number;
    terms = world_terms(world);
    world_add_effect(world, terms, ENDS, first);
    propose->make_proposal->terms = terms;
    world_refuse(world, propose, ERR_FORBIDDEN, "make_proposal.terms.effects[0].decision");
    world_destroy(&world);
}

static void test_a_clause_waits_for_its_signatories(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Terms *terms = world_terms(world);

    world_add_clause(world, terms);
    uint32_t number = world_decide(world, terms);
    world_check_decision(world, number, PENDING, NOTHING);
    Comity__V1__Command *command = world_sign_command(world, "lena", number);
    command->sign_clause->clause = 2;
    world_refuse(world, command, ERR_NOT_FOUND, "sign_clause.clause");
    command = world_sign_command(world, "lena", number);
    command->sign_clause->text_hash = world_key(world, "other");
    world_refuse(world, command, ERR_STALE, "sign_clause.text_hash");
    world_refuse(world, world_sign_command(world, "lars", number), ERR_FORBIDDEN, "key");
    world_refuse(world, world_sign_command(world, "cora", number), ERR_FORBIDDEN, "sign_clause.clause");
    world_accept(world, world_sign_command(world, "lena", number));
    world_check_decision(world, number, PENDING, NOTHING);
    world_refuse(world, world_sign_command(world, "luis", number), ERR_EXISTS, "sign_clause.clause");
    world_accept(world, world_sign_command(world, "mara", number));
    world_check_decision(world, number, IN_EFFECT, NOTHING);
    assert_int_equal(world_decision(world, number)->n_signatures, 2);
    world_refuse(world, world_sign_command(world, "mara", number), ERR_STATE, "sign_clause.decision");
    world_check_replay(world);
    world_destroy(&world);
}

/* Signed in time, or late, or never. */
static void test_a_clause_and_a_date(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Terms *terms = world_terms(world);

    world_add_clause(world, terms);
    terms->effective_ms = world->context.time_ms + 100;
    terms->sunset_ms = world->context.time_ms + 200;
    uint32_t in_time = world_decide(world, terms);
    uint32_t late = world_decide(world, terms);
    uint32_t never = world_decide(world, terms);
    world_accept(world, world_sign_command(world, "lena", in_time));
    world_accept(world, world_sign_command(world, "mara", in_time));
    world_check_decision(world, in_time, PENDING, NOTHING);
    world->context.time_ms += 100;
    world_due(world);
    world_check_decision(world, in_time, IN_EFFECT, NOTHING);
    world_accept(world, world_sign_command(world, "lena", late));
    world_check_decision(world, late, PENDING, NOTHING);
    world_accept(world, world_sign_command(world, "mara", late));
    world_check_decision(world, late, IN_EFFECT, NOTHING);
    world->context.time_ms += 100;
    world_due(world);
    world_check_decision(world, never, ENDED, BY_SUNSET);
    assert_int_equal(world_decision(world, never)->in_effect_ms, 0);
    world_refuse(world, world_sign_command(world, "lena", never), ERR_STATE, "sign_clause.decision");
    world_check_replay(world);
    world_destroy(&world);
}

static Comity__V1__Command *review_command(struct world *world, const char *signer, uint32_t decision,
                                           int64_t next_ms)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_REVIEW_DECISION);

    command->review_decision->decision = decision;
    command->review_decision->next_ms = next_ms;
    return command;
}

static void test_reviews(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Terms *terms = world_terms(world);
    int64_t start_ms = world->context.time_ms;

    terms->review_ms = start_ms + 100;
    terms->sunset_ms = start_ms + 1000;
    uint32_t number = world_decide(world, terms);
    assert_int_equal(world_decision(world, number)->next_review_ms, start_ms + 100);
    /* Before its time: the next date counts. */
    world_accept(world, review_command(world, "odo", number, start_ms + 200));
    world->context.time_ms = start_ms + 150;
    world_due(world);
    assert_int_equal(world_decision(world, number)->review_due_ms, 0);
    world->context.time_ms = start_ms + 200;
    world_due(world);
    assert_int_equal(world_decision(world, number)->review_due_ms, start_ms + 200);
    world_refuse(world, review_command(world, "lena", number, start_ms + 200), ERR_RANGE,
                 "review_decision.next_ms");
    world_refuse(world, review_command(world, "lars", number, 0), ERR_FORBIDDEN, "key");
    world_accept(world, review_command(world, "mona", number, 0));
    assert_int_equal(world_decision(world, number)->review_due_ms, 0);
    assert_int_equal(world_decision(world, number)->next_review_ms, 0);
    assert_int_equal(world_decision(world, number)->n_reviews, 2);
    assert_int_equal(world_decision(world, number)->reviews[1]->member, MONA);
    world->context.time_ms = start_ms + 1000;
    world_refuse(world, review_command(world, "lena", number, 0), ERR_STATE, "review_decision.decision");
    world_refuse(world, review_command(world, "lena", 9, 0), ERR_NOT_FOUND, "review_decision.decision");
    world_check_replay(world);
    world_destroy(&world);
}

static Comity__V1__Command *reopen_command(struct world *world, const char *signer, uint32_t decision)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_REOPEN_DECISION);

    command->reopen_decision->decision = decision;
    command->reopen_decision->session = 1;
    return command;
}

static void test_reopening(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t number = world_decide(world, NULL);

    world_refuse(world, reopen_command(world, "mona", number), ERR_FORBIDDEN, "key");
    world_refuse(world, reopen_command(world, "carl", number), ERR_FORBIDDEN, "key"); /* of no PARTY */
    uint32_t item =
        world_accept(world, reopen_command(world, "luis", number))->decision_reopened->reopening->item;
    const Comity__V1__Item *row = world_row(world, TABLE_ITEM, item, 0);
    assert_int_equal(row->reopens, number);
    assert_int_equal(row->session, 1);
    assert_int_equal(row->added_by, LUIS);
    assert_int_equal(world_decision(world, number)->n_reopenings, 1);
    world_check_decision(world, number, IN_EFFECT, NOTHING);
    /* The item is one like any other. */
    Comity__V1__Command *propose = world_command(world, "mara", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);
    propose->make_proposal->item = item;
    world_accept(world, propose);

    Comity__V1__Command *elsewhere = reopen_command(world, "luis", number);
    world_create_body(world, "other", 1, 1, 0);
    elsewhere->reopen_decision->session = world_open_session(world, 2);
    world_refuse(world, elsewhere, ERR_FORBIDDEN, "reopen_decision.session");
    elsewhere->reopen_decision->session = 9;
    world_refuse(world, elsewhere, ERR_NOT_FOUND, "reopen_decision.session");
    world_minuted(world, false);
    world_refuse(world, reopen_command(world, "luis", number), ERR_STATE, "reopen_decision.session");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_who_reopens_is_in_the_terms(void **state)
{
    (void) state;
    static const struct {
        Comity__V1__ReopenBy by;
        const char *with, *without;
    } ROWS[] = {
        {COMITY__V1__REOPEN_BY__REOPEN_BY_CO_CHAIR, "mara", "cora"},
        {COMITY__V1__REOPEN_BY__REOPEN_BY_SEAT, "mona", "odo"},
        {COMITY__V1__REOPEN_BY__REOPEN_BY_SEAT, "mara", "lars"},
        {COMITY__V1__REOPEN_BY__REOPEN_BY_FACILITATOR, "cora", "mara"},
        {COMITY__V1__REOPEN_BY__REOPEN_BY_NOBODY, NULL, "mara"},
        {COMITY__V1__REOPEN_BY__REOPEN_BY_NOBODY, NULL, "cora"},
    };
    struct world *world = world_deciding();

    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        Comity__V1__Terms *terms = world_terms(world);
        terms->reopen_by = ROWS[i].by;
        uint32_t number = world_decide(world, terms);
        world_refuse(world, reopen_command(world, ROWS[i].without, number), ERR_FORBIDDEN, "key");
        if (ROWS[i].with)
            world_accept(world, reopen_command(world, ROWS[i].with, number));
    }
    decide_on(world, ENDS, 1);
    world_refuse(world, reopen_command(world, "mara", 1), ERR_STATE, "reopen_decision.decision");
    world_destroy(&world);
}

static void test_declared_adopted(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Terms *terms = world_terms(world);

    terms->sunset_ms = world->context.time_ms + 100;
    uint32_t round = world_round_closed(world, terms, 5); /* concerns */
    const Comity__V1__Round *row = world_row(world, TABLE_ROUND, round, 0);
    assert_int_equal(row->outcome->kind, NOT_YET);
    Comity__V1__Command *alone = world_declare_command(world, round, ADOPTED);
    alone->n_cosigners = 0;
    world_refuse(world, alone, ERR_COSIGNERS, "cosigners.*");
    world_refuse(world, world_declare_command(world, round, NOT_YET), ERR_RANGE, "declare_outcome.outcome");
    world_refuse(world, world_declare_command(world, 9, ADOPTED), ERR_NOT_FOUND, "declare_outcome.round");
    world_accept(world, world_declare_command(world, round, ADOPTED));
    row = world_row(world, TABLE_ROUND, round, 0);
    assert_int_equal(row->outcome->kind, NOT_YET); /* what was computed stands beside it */
    assert_int_equal(row->declaration->outcome, ADOPTED);
    assert_int_equal(row->declaration->computed, NOT_YET);
    assert_int_equal(row->declaration->n_members, 2);
    assert_int_equal(row->declaration->members[0], LENA);
    assert_int_equal(row->declaration->members[1], MARA);
    world_check_decision(world, 1, IN_EFFECT, NOTHING);
    assert_true(world_decision(world, 1)->is_declared);
    assert_int_equal(world_decision(world, 1)->terms->sunset_ms, terms->sunset_ms);
    world_refuse(world, world_declare_command(world, round, REJECTED), ERR_EXISTS, "declare_outcome.round");
    world->context.time_ms += 100;
    world_due(world);
    world_check_decision(world, 1, ENDED, BY_SUNSET);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_declared_not_adopted(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t number = world_decide(world, NULL);
    uint32_t round = world_decision(world, number)->round;

    world_accept(world, world_declare_command(world, round, REJECTED));
    world_check_decision(world, number, ENDED, BY_DECLARATION);
    /* One that has changed others is not undone behind their backs. */
    uint32_t first = world_decide(world, NULL);
    uint32_t second = decide_on(world, SUPERSEDES, first);
    world_refuse(world, world_declare_command(world, world_decision(world, second)->round, REJECTED),
                 ERR_STATE, "declare_outcome.outcome");
    world_check_replay(world);
    world_destroy(&world);
}

/* A declared outcome is the last word on the proposal. */
static void test_a_declaration_ends_the_rounds(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t round = world_round_closed(world, NULL, 5);
    const Comity__V1__Round *row = world_row(world, TABLE_ROUND, round, 0);
    Comity__V1__Command *again = world_open_round_command(world, row->proposal, 1);
    Comity__V1__Command *revise = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL);

    world_accept(world, world_declare_command(world, round, TABLED));
    world_refuse(world, again, ERR_STATE, "open_round.proposal");
    revise->revise_proposal->proposal = row->proposal;
    revise->revise_proposal->base_hash = row->text_hash;
    world_refuse(world, revise, ERR_STATE, "revise_proposal.proposal");
    world_destroy(&world);
}

static void test_what_cannot_be_declared_yet(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t round = world_round_closed(world, NULL, 5);
    const Comity__V1__Round *row = world_row(world, TABLE_ROUND, round, 0);
    uint32_t second = world_open_round(world, row->proposal, 1);
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    world_refuse(world, world_declare_command(world, round, ADOPTED), ERR_STATE, "declare_outcome.round");
    world_refuse(world, world_declare_command(world, second, ADOPTED), ERR_STATE, "declare_outcome.round");
    close->close_round->round = second;
    world_accept(world, close);
    world_refuse(world, world_declare_command(world, round, ADOPTED), ERR_STATE, "declare_outcome.round");
    world_accept(world, world_declare_command(world, second, ADOPTED));
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_terms),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_all_dates_at_once),
        cmocka_unit_test(test_dates_that_cannot_be),
        cmocka_unit_test(test_terms_of_a_version),
        cmocka_unit_test(test_one_decision_on_another),
        cmocka_unit_test(test_a_trial_is_confirmed),
        cmocka_unit_test(test_an_effect_that_comes_too_late),
        cmocka_unit_test(test_effects_that_are_refused),
        cmocka_unit_test(test_a_clause_waits_for_its_signatories),
        cmocka_unit_test(test_a_clause_and_a_date),
        cmocka_unit_test(test_reviews),
        cmocka_unit_test(test_reopening),
        cmocka_unit_test(test_who_reopens_is_in_the_terms),
        cmocka_unit_test(test_declared_adopted),
        cmocka_unit_test(test_declared_not_adopted),
        cmocka_unit_test(test_a_declaration_ends_the_rounds),
        cmocka_unit_test(test_what_cannot_be_declared_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
