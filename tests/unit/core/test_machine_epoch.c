/* After a restore: what commands of an earlier epoch still mean, ends that are not carried over, the day of
 * grace, and ballots that replace what is lost. Commands that the test makes are of epoch 1; those of a tail
 * that a restore lost are written down here as their signers had them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/machine/row.h"
#include "tests/support/world_decisions.h"

#define DAY_MS INT64_C(86400000)

static Comity__V1__Command *close_command(struct world *world, uint32_t round)
{
    Comity__V1__Command *command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    command->close_round->round = round;
    return command;
}

static const Comity__V1__Ballot *ballot_of(struct world *world, uint32_t member)
{
    return world_row(world, TABLE_BALLOT, 1, member);
}

static const Comity__V1__Round *round_of(struct world *world, uint32_t number)
{
    return world_row(world, TABLE_ROUND, number, 0);
}

static void test_numbers_of_epochs(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    const Comity__V1__Epoch *first = world_restore(world);
    uint32_t second = (uint32_t) (world->context.time_ms / 1000);

    /* Two restores of one backup, a second apart: each has a number of its own. */
    assert_int_equal(first->number, second);
    world->context.time_ms += 1000;
    assert_int_equal(world_restore(world)->number, second + 1);
    /* In the same second, and with a clock that has gone back: never a number that was. */
    assert_int_equal(world_restore(world)->number, second + 2);
    assert_int_equal(world_restore(world)->number, second + 3);
    world_check_replay(world);
    world_destroy(&world);
}

/* Commands of epoch 1 for things that a restore has lost: a number too high each, in one field. */
static const struct lost {
    Comity__V1__Command__BodyCase body;
    const char *signer;
    const char *field;
} LOST[] = {
    {COMITY__V1__COMMAND__BODY_ASSIGN_SEAT, "lena", "assign_seat.member"},
    {COMITY__V1__COMMAND__BODY_ASSIGN_SEAT, "lena", "assign_seat.body"},
    {COMITY__V1__COMMAND__BODY_ADOPT_RULE, "mara", "adopt_rule.bodies[1]"},
    {COMITY__V1__COMMAND__BODY_CONVENE_SESSION, "cora", "convene_session.body"},
    {COMITY__V1__COMMAND__BODY_OPEN_SESSION, "cora", "open_session.session"},
    {COMITY__V1__COMMAND__BODY_CHECK_IN, "lena", "check_in.session"},
    {COMITY__V1__COMMAND__BODY_CHECK_IN, "lena", "check_in.site"},
    {COMITY__V1__COMMAND__BODY_ADD_ITEM, "lena", "add_item.session"},
    {COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL, "lena", "make_proposal.item"},
    {COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL, "lena", "revise_proposal.proposal"},
    {COMITY__V1__COMMAND__BODY_OPEN_ROUND, "cora", "open_round.proposal"},
    {COMITY__V1__COMMAND__BODY_OPEN_ROUND, "cora", "open_round.rule"},
    {COMITY__V1__COMMAND__BODY_CAST_BALLOT, "lena", "cast_ballot.round"},
    /* Decisions and minutes. */
    {COMITY__V1__COMMAND__BODY_REVIEW_DECISION, "odo", "review_decision.decision"},
    {COMITY__V1__COMMAND__BODY_SIGN_CLAUSE, "lena", "sign_clause.decision"},
    {COMITY__V1__COMMAND__BODY_REOPEN_DECISION, "lena", "reopen_decision.decision"},
    {COMITY__V1__COMMAND__BODY_DECLARE_OUTCOME, "lena", "declare_outcome.round"},
    {COMITY__V1__COMMAND__BODY_ADD_ACTION, "odo", "add_action.decision"},
    {COMITY__V1__COMMAND__BODY_ADD_ACTION, "odo", "add_action.item"},
    {COMITY__V1__COMMAND__BODY_ADD_ACTION, "odo", "add_action.owners[1]"},
    {COMITY__V1__COMMAND__BODY_UPDATE_ACTION, "odo", "update_action.action"},
    {COMITY__V1__COMMAND__BODY_DRAFT_MINUTES, "odo", "draft_minutes.session"},
    {COMITY__V1__COMMAND__BODY_CORRECT_MINUTES, "odo", "correct_minutes.session"},
    {COMITY__V1__COMMAND__BODY_APPROVE_MINUTES, "lena", "approve_minutes.session"},
    {COMITY__V1__COMMAND__BODY_DISSENT_MINUTES, "lena", "dissent_minutes.session"},
    {COMITY__V1__COMMAND__BODY_GIVE_MANDATE, "lena", "give_mandate.decision"},
    {COMITY__V1__COMMAND__BODY_REPORT_MANDATE, "lena", "report_mandate.mandate"},
    {COMITY__V1__COMMAND__BODY_RECALL_MANDATE, "lena", "recall_mandate.mandate"},
    {COMITY__V1__COMMAND__BODY_SET_RETENTION, "lena", "set_retention.session"},
    {COMITY__V1__COMMAND__BODY_HOLD_TEXTS, "lena", "hold_texts.session"},
    {COMITY__V1__COMMAND__BODY_LIFT_HOLD, "lena", "lift_hold.hold"},
    {COMITY__V1__COMMAND__BODY_PURGE_TEXTS, "lena", "purge_texts.session"},
    {COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL, "lena", "make_proposal.terms.clauses[0].signatories[1]"},
    {COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL, "lena", "make_proposal.terms.effects[0].decision"},
    /* Rules and stages. */
    {COMITY__V1__COMMAND__BODY_SECOND_BLOCK, "lena", "second_block.stage"},
    {COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE, "odo", "note_conference.stage"},
    {COMITY__V1__COMMAND__BODY_GIVE_CASTING_VOTE, "lena", "give_casting_vote.stage"},
    {COMITY__V1__COMMAND__BODY_ENTER_ANSWER, "odo", "enter_answer.stage"},
    {COMITY__V1__COMMAND__BODY_SIGN_OFF, "lena", "sign_off.stage"},
};

static Comity__V1__Command *lost_adoption(struct world *world)
{
    static const uint32_t BODIES[] = {1, 2};
    Comity__V1__Command *command = world_adopt_command(world, world_rule(world, "third"));

    command->adopt_rule->bodies = world_alloc(world, sizeof(BODIES));
    memcpy(command->adopt_rule->bodies, BODIES, sizeof(BODIES));
    command->adopt_rule->n_bodies = 2;
    return command;
}

/* The first number of the body is the second of its kind, and so lost; what else it needs is filled in. */
static Comity__V1__Command *lost_of_decisions(struct world *world, const struct lost *lost)
{
    static uint32_t owners[] = {LARS, ODO + 1};
    Comity__V1__Command *command = world_command(world, lost->signer, lost->body);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&comity__v1__command__descriptor, (unsigned) lost->body);
    const uint32_t second = 2;
    ProtobufCMessage *body;

    memcpy(&body, (uint8_t *) command + field->offset, sizeof(body));
    memcpy((uint8_t *) body + body->descriptor->fields[0].offset, &second, sizeof(second));
    switch (lost->body) {
    case COMITY__V1__COMMAND__BODY_SIGN_CLAUSE:
        command->sign_clause->clause = 1;
        command->sign_clause->text_hash = world_key(world, "any");
        break;
    case COMITY__V1__COMMAND__BODY_REOPEN_DECISION:
        command->reopen_decision->session = 1;
        break;
    case COMITY__V1__COMMAND__BODY_DECLARE_OUTCOME:
        *command->declare_outcome =
            *world_declare_command(world, 2, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED)->declare_outcome;
        world_cosign(world, command, "mara", NULL);
        break;
    case COMITY__V1__COMMAND__BODY_ADD_ACTION:
        *command->add_action = *world_action_command(world, "odo", 2)->add_action;
        if (strcmp(lost->field, "add_action.decision") == 0)
            break;
        command->add_action->decision = 0;
        command->add_action->item = strcmp(lost->field, "add_action.item") == 0 ? 2 : 1;
        command->add_action->owners = owners;
        break;
    case COMITY__V1__COMMAND__BODY_UPDATE_ACTION:
        command->update_action->status = COMITY__V1__ACTION_STATUS__ACTION_STATUS_DONE;
        break;
    case COMITY__V1__COMMAND__BODY_CORRECT_MINUTES:
        command->correct_minutes->base_hash = world_key(world, "any");
        break;
    case COMITY__V1__COMMAND__BODY_APPROVE_MINUTES:
        command->approve_minutes->text_hash = world_key(world, "any");
        break;
    case COMITY__V1__COMMAND__BODY_DISSENT_MINUTES:
        command->dissent_minutes->text_hash = world_key(world, "any");
        break;
    case COMITY__V1__COMMAND__BODY_GIVE_MANDATE:
        command->give_mandate->member = LARS;
        world_cosign(world, command, "mara", NULL);
        break;
    case COMITY__V1__COMMAND__BODY_RECALL_MANDATE:
        command->recall_mandate->reason = world_text(world);
        break;
    case COMITY__V1__COMMAND__BODY_SET_RETENTION:
        command->set_retention->class_ = arena_string(world->arena, "candid");
        world_cosign(world, command, "mara", NULL);
        break;
    case COMITY__V1__COMMAND__BODY_HOLD_TEXTS:
        command->hold_texts->reason = world_text(world);
        break;
    case COMITY__V1__COMMAND__BODY_PURGE_TEXTS:
    case COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE:
        world_cosign(world, command, "mara", NULL);
        break;
    case COMITY__V1__COMMAND__BODY_SECOND_BLOCK:
        command->second_block->voter = MARA;
        break;
    case COMITY__V1__COMMAND__BODY_ENTER_ANSWER:
        command->enter_answer->outcome = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED;
        world_cosign(world, command, "mara", NULL);
        break;
    default:
        break;
    }
    return command;
}

static Comity__V1__Terms *lost_terms(struct world *world, const char *field)
{
    Comity__V1__Terms *terms = world_terms(world);

    if (strcmp(field, "item") == 0)
        return NULL;
    if (strcmp(field, "terms.effects[0].decision") == 0) {
        world_add_effect(world, terms, COMITY__V1__DECISION_RELATION__DECISION_RELATION_ENDS, 2);
        return terms;
    }
    world_add_clause(world, terms);
    terms->clauses[0]->signatories[1] = CONVENER + 1;
    return terms;
}

/* Of the things before, the first; of what is lost, the second. */
static Comity__V1__Command *lost_command(struct world *world, const struct lost *lost)
{
    Comity__V1__Command *command = world_command(world, lost->signer, lost->body);
    const char *field = strchr(lost->field, '.') + 1;

    switch (lost->body) {
    case COMITY__V1__COMMAND__BODY_ASSIGN_SEAT:
        command->assign_seat->body = strcmp(field, "body") == 0 ? 2 : 1;
        command->assign_seat->seat = 1;
        command->assign_seat->member = strcmp(field, "member") == 0 ? ODO + 1 : LENA;
        return command;
    case COMITY__V1__COMMAND__BODY_ADOPT_RULE:
        return lost_adoption(world);
    case COMITY__V1__COMMAND__BODY_CONVENE_SESSION:
        command->convene_session->body = 2;
        command->convene_session->starts_ms = world->context.time_ms;
        return command;
    case COMITY__V1__COMMAND__BODY_OPEN_SESSION:
        command->open_session->session = 2;
        return command;
    case COMITY__V1__COMMAND__BODY_CHECK_IN:
        command->check_in->session = strcmp(field, "session") == 0 ? 2 : 1;
        command->check_in->site = strcmp(field, "site") == 0 ? 4 : 1;
        return command;
    case COMITY__V1__COMMAND__BODY_ADD_ITEM:
        command->add_item->session = 2;
        return command;
    case COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL:
        command->make_proposal->terms = lost_terms(world, field);
        command->make_proposal->item = command->make_proposal->terms ? 1 : 2;
        return command;
    case COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL:
        command->revise_proposal->proposal = 2;
        command->revise_proposal->base_hash = world_key(world, "any");
        return command;
    case COMITY__V1__COMMAND__BODY_OPEN_ROUND:
        command = world_open_round_command(world, 1, strcmp(field, "rule") == 0 ? 2 : 1);
        command->open_round->proposal = strcmp(field, "proposal") == 0 ? 2 : 1;
        return command;
    case COMITY__V1__COMMAND__BODY_CAST_BALLOT:
        command = world_ballot(world, "lena", 1, 1);
        command->cast_ballot->round = 2;
        return command;
    default:
        return lost_of_decisions(world, lost);
    }
}

static void lost_are_refused(struct world *world, uint32_t now)
{
    for (size_t i = 0; i < ARRAY_COUNT(LOST); i++) {
        world_refuse(world, lost_command(world, &LOST[i]), ERR_EPOCH, LOST[i].field);
        assert_int_equal(world->refusal.latest, now);
    }
}

/* What the backup has is meant as ever; a number that it does not have means what a restore has lost, be it
 * given anew or not. */
static void test_numbers_that_are_lost(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    uint32_t now = world_restore(world)->number;
    Comity__V1__Command *command = close_command(world, 1);

    command->epoch = now; /* so that a round could be opened on its proposal */
    world_accept(world, command);
    lost_are_refused(world, now);
    /* Who knows the epoch means what there is now: here, nothing. */
    command = lost_command(world, &LOST[7]);
    command->epoch = now;
    world_refuse(world, command, ERR_NOT_FOUND, LOST[7].field);
    /* The next number of every kind, to something else. */
    world->epoch = now;
    world_create_body(world, "other", 1, 1, 0);
    world_accept(world, world_adopt_command(world, world_rule(world, "other")));
    world_open_session(world, 1);
    uint32_t proposal = world_propose(world, 1);
    world_open_round(world, proposal, 1);
    world->epoch = 1;
    lost_are_refused(world, now);
    world_destroy(&world);
}

static void test_numbers_that_are_not(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);

    world_restore(world);
    /* All of epoch 1, each for something that the backup has. */
    world_seat(world, "lena", 1, 2, LARS);
    world_seat(world, "lena", 1, 2, 0); /* 0 is nobody's number */
    world_check_in(world, "mona", 1, 2);
    world_accept(world, world_ballot(world, "lena", 1, 1));
    Comity__V1__Command *item = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADD_ITEM);
    Comity__V1__Command *proposal = world_command(world, "mara", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);
    item->add_item->session = 1;
    world_accept(world, item);
    proposal->make_proposal->item = 1;
    world_accept(world, proposal);
    world_accept(world, world_adopt_command(world, world_rule(world, "other")));
    world_check_replay(world);
    world_destroy(&world);
}

/* Another restore's world: the record cannot know where it parted from this one. */
static void test_epochs_that_there_are_not(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    uint32_t now = world_restore(world)->number;
    Comity__V1__Command *command = world_ballot(world, "lena", 1, 1);

    command->epoch = 2;
    world_refuse(world, command, ERR_EPOCH, "cast_ballot.round");
    command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_INVITE);
    command->invite->key = world_key(world, "newcomer");
    command->invite->expires_ms = world->context.time_ms + 1000;
    command->epoch = now - 1; /* it names nothing by number */
    world_accept(world, command);
    /* And a store that is older than what the signer has seen. */
    command = world_ballot(world, "lena", 1, 1);
    command->epoch = now + 1;
    world_refuse(world, command, ERR_BEHIND, "epoch");
    assert_int_equal(world->refusal.latest, now);
    /* Only members learn which epoch it is. */
    command = world_command(world, "stranger", COMITY__V1__COMMAND__BODY_OPEN_SESSION);
    command->open_session->session = 1;
    command->epoch = now + 1;
    world_refuse(world, command, ERR_KEY_UNKNOWN, "key");
    world_destroy(&world);
}

/* The counts are those of the epoch that came next, not of the last. */
static void test_two_restores(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    uint32_t second = world_restore(world)->number;
    Comity__V1__Command *command;

    world_create_body(world, "other", 1, 1, 0); /* body 2 of the second epoch, ... */
    world->context.time_ms += 5000;
    world_restore(world);
    command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ASSIGN_SEAT);
    command->assign_seat->body = 2;
    command->assign_seat->seat = 1;
    command->assign_seat->member = LENA;
    world_refuse(world, command, ERR_EPOCH, "assign_seat.body"); /* ... is not what the first one called so */
    command->epoch = second;
    world_accept(world, command);
    world_check_replay(world);
    world_destroy(&world);
}

/* A seat that was given since is not taken back by what comes again; two that come again keep their order. */
static void test_seats(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *old = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ASSIGN_SEAT);

    old->assign_seat->body = 1;
    old->assign_seat->seat = 2;
    uint32_t now = world_restore(world)->number;
    world_seat(world, "luis", 1, 2, LARS);
    world_accept(world, old); /* vacates it, as then */
    world->epoch = now;
    world_seat(world, "luis", 1, 2, LUIS);
    old->nonce = world_key(world, "another nonce");
    old->nonce.len = NONCE_SIZE;
    world_refuse(world, old, ERR_EPOCH, "assign_seat.seat");
    assert_int_equal(((Comity__V1__Seat *) world_row(world, TABLE_SEAT, 1, 2))->holder, LUIS);
    world_check_replay(world);
    world_destroy(&world);
}

/* What was agreed, and where somebody is, since the restore stands against what is sent again. */
static void test_what_was_done_since_stands(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *here = world_command(world, "lena", COMITY__V1__COMMAND__BODY_CHECK_IN);
    Comity__V1__Command *adoption = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADOPT_RULE);

    here->check_in->session = here->check_in->site = 1;
    uint32_t bodies[] = {1};
    adoption->adopt_rule->rule = world_plain_rule(world);
    adoption->adopt_rule->n_bodies = 1;
    adoption->adopt_rule->bodies = bodies;
    world_cosign(world, adoption, "mara", NULL);
    uint32_t now = world_restore(world)->number;
    world->epoch = now;
    Comity__V1__Command *there = world_command(world, "lena", COMITY__V1__COMMAND__BODY_CHECK_IN);
    there->check_in->session = 1;
    there->check_in->site = 2;
    world_accept(world, there);
    world_refuse(world, here, ERR_EPOCH, "check_in.site");
    uint32_t rule = world_adopt(world, world_plain_rule(world));
    assert_int_equal(((Comity__V1__RuleVersion *) world_row(world, TABLE_RULE, rule, 0))->epoch, now);
    world_refuse(world, adoption, ERR_EPOCH, "adopt_rule.rule.name");
    world_check_replay(world);
    world_destroy(&world);
}

/* An end from the lost tail would shut out what others have yet to send again. */
static void test_ends_are_not_carried_over(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *close = close_command(world, 1);
    Comity__V1__Command *session = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_SESSION);
    uint32_t now = world_restore(world)->number;

    session->close_session->session = 1;
    world_refuse(world, close, ERR_EPOCH, "close_round.round");
    world_accept(world, world_ballot(world, "mara", 1, 1));
    close = close_command(world, 1);
    close->epoch = now;
    world_accept(world, close);
    world_refuse(world, session, ERR_EPOCH, "close_session.session");
    session->epoch = now;
    world_accept(world, session);
    /* A purge is for good, and a hold that was lost has yet to be placed again. */
    Comity__V1__Command *purge = world_command(world, "lena", COMITY__V1__COMMAND__BODY_PURGE_TEXTS);
    purge->purge_texts->session = 1;
    world_cosign(world, purge, "mara", NULL);
    world_refuse(world, purge, ERR_EPOCH, "purge_texts.session");
    purge->epoch = now;
    world_accept(world, purge);
    world_destroy(&world);
}

static Comity__V1__Rule *timed_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_plain_rule(world);

    rule->close->at_time = true;
    rule->close->all_answered = true;
    return rule;
}

static void test_the_day_of_grace(void **state)
{
    (void) state;
    struct world *world = world_with_round(timed_rule);

    /* The hour for which the round was to be open ends between backup and restore. */
    world->context.time_ms += 2 * 3600000;
    int64_t resume_ms = world_restore(world)->resume_ms, next_ms = 0;
    assert_int_equal(resume_ms, world->context.time_ms + DAY_MS);
    assert_int_equal(round_of(world, 1)->closes_ms, resume_ms);
    assert_int_equal(round_of(world, 1)->resume_ms, resume_ms);
    assert_int_equal(machine_next_deadline(&world->view, &next_ms), 0);
    assert_int_equal(next_ms, resume_ms);
    /* The first batch closes nothing, and all that answers in the meantime counts; that all have answered
     * does not close it either: some may have yet to send again what they had changed. */
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world->context.time_ms = resume_ms - 1;
    static const char *const OTHERS[] = {"luis", "mara", "mona", "cora"};
    for (size_t i = 0; i < ARRAY_COUNT(OTHERS); i++)
        world_accept(world, world_ballot(world, OTHERS[i], 1, 1));
    assert_int_equal(round_of(world, 1)->state, COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN);
    world->context.time_ms = resume_ms;
    world_due(world);
    assert_int_equal(round_of(world, 1)->state, COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED);
    assert_int_equal(round_of(world, 1)->outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED);
    /* Once: nothing is left that comes due. */
    assert_int_equal(machine_next_deadline(&world->view, &next_ms), 0);
    assert_int_equal(next_ms, 0);
    world_check_replay(world);
    world_destroy(&world);
}

/* All have answered after a restore, which waits for its day; a second restore in that day puts that off too.
 */
static void test_a_second_restore_within_the_day(void **state)
{
    (void) state;
    struct world *world = world_with_round(timed_rule);
    static const char *const ALL[] = {"lena", "luis", "mara", "mona", "cora"};
    int64_t first_ms = world_restore(world)->resume_ms;

    for (size_t i = 0; i < ARRAY_COUNT(ALL); i++)
        world_accept(world, world_ballot(world, ALL[i], 1, 1));
    world->context.time_ms = first_ms - 3600000;
    int64_t second_ms = world_restore(world)->resume_ms, next_ms = 0;
    assert_int_equal(machine_next_deadline(&world->view, &next_ms), 0);
    assert_int_equal(next_ms, second_ms);
    world->context.time_ms = first_ms;
    world_due(world);
    assert_int_equal(round_of(world, 1)->state, COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN);
    world->context.time_ms = second_ms;
    world_due(world);
    assert_int_equal(round_of(world, 1)->state, COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED);
    assert_int_equal(machine_next_deadline(&world->view, &next_ms), 0);
    assert_int_equal(next_ms, 0);
    world_check_replay(world);
    world_destroy(&world);
}

/* A facilitator can still close by hand, and then nothing comes due of it any more. */
static void test_closed_by_hand_meanwhile(void **state)
{
    (void) state;
    static const char *const ALL[] = {"lena", "luis", "mara", "mona", "cora"};
    struct world *world = world_with_round(timed_rule);
    int64_t next_ms = -1;
    Comity__V1__Command *close;
    uint32_t now = world_restore(world)->number;

    for (size_t i = 0; i < ARRAY_COUNT(ALL); i++)
        world_accept(world, world_ballot(world, ALL[i], 1, 1));
    close = close_command(world, 1);
    close->epoch = now;
    world_accept(world, close);
    assert_int_equal(machine_next_deadline(&world->view, &next_ms), 0);
    assert_int_equal(next_ms, 0);
    world->context.time_ms += 2 * DAY_MS;
    world_due(world);
    world_check_replay(world);
    world_destroy(&world);
}

/* A round that would have been open for longer anyway, and one that is opened afterwards, are as ever. */
static void test_what_is_not_held(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t rule = world_adopt(world, timed_rule(world));
    Comity__V1__Command *open = world_open_round_command(world, 1, rule);
    int64_t closes_ms = open->open_round->closes_ms = world->context.time_ms + 3 * DAY_MS;

    world_accept(world, open);
    world->epoch = world_restore(world)->number;
    assert_int_equal(round_of(world, 1)->closes_ms, closes_ms);
    uint32_t proposal = world_propose(world, 1);
    open = world_open_round_command(world, proposal, rule);
    open->open_round->closes_ms = world->context.time_ms + 3600000;
    world_accept(world, open);
    assert_int_equal(round_of(world, 2)->resume_ms, 0);
    world->context.time_ms += 3600000;
    world_due(world);
    assert_int_equal(round_of(world, 2)->state, COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED);
    assert_int_equal(round_of(world, 1)->state, COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN);
    world_destroy(&world);
}

/* One voter's ballots, as they were cast before the restore: B1 in the backup, or lost too; the others
 * replace one another by numbers that are lost. In whatever order they come again, the last answer is the one
 * that counts. */
static void test_chains_of_ballots(void **state)
{
    (void) state;
    enum { B1, B2, B3, B4, COUNT };
    static const unsigned ORDERS[][COUNT] = {{B1, B2, B3, B4}, {B4, B3, B2, B1}, {B2, B4, B1, B3},
                                             {B3, B1, B4, B2}, {B4, B1, B2, B3}, {B1, B4, B3, B2}};

    for (unsigned has_first = 0; has_first < 2; has_first++)
        for (size_t order = 0; order < ARRAY_COUNT(ORDERS); order++) {
            struct world *world = world_with_round(world_plain_rule);
            Comity__V1__Command *chain[COUNT];
            uint64_t first = 0;

            if (has_first) {
                world_accept(world, world_ballot(world, "lena", 1, 1));
                first = ballot_of(world, LENA)->sequence;
            }
            uint64_t head = world_restore(world)->restored_to;
            for (unsigned i = 0; i < COUNT; i++) {
                chain[i] = world_ballot(world, "lena", 1, i + 1);
                chain[i]->cast_ballot->replaces = i == B1 ? 0 : i == B2 && has_first ? first : head + 10 * i;
            }
            unsigned last = 0;
            for (unsigned i = 0; i < COUNT; i++) {
                unsigned at = ORDERS[order][i];
                bool is_kept = at == B1 && has_first; /* and answered with its receipt of old */
                int code = is_kept ? 0 : world_try(world, chain[at]);
                if (code != 0 && code != ERR_STALE)
                    fail_msg("ballot %u: %s", at, error_name(code));
                assert_int_equal(code == 0, is_kept || at >= last);
                last = at > last ? at : last;
                if (!is_kept || last > B1)
                    assert_int_equal(ballot_of(world, LENA)->answer, last + 1);
            }
            assert_int_equal(ballot_of(world, LENA)->answer, B4 + 1);
            assert_int_equal(round_of(world, 1)->answered, 1);
            world_check_replay(world);
            world_destroy(&world);
        }
}

/* A new answer stands before all that was cast before the restore, also where it took the very number that an
 * old one names. */
static void test_a_new_answer_stands(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    uint32_t now = world_restore(world)->number;
    Comity__V1__Command *fresh = world_ballot(world, "lena", 1, 3), *old;

    fresh->epoch = now;
    world_accept(world, fresh);
    old = world_ballot(world, "lena", 1, 1);
    old->cast_ballot->replaces = ballot_of(world, LENA)->sequence;
    world_refuse(world, old, ERR_STALE, "cast_ballot.replaces");
    assert_int_equal(world->refusal.latest, ballot_of(world, LENA)->sequence);
    old->cast_ballot->replaces += 100;
    world_refuse(world, old, ERR_STALE, "cast_ballot.replaces");
    /* And it can replace one that came in again. */
    world_accept(world, world_ballot(world, "luis", 1, 1));
    fresh = world_ballot(world, "luis", 1, 3);
    fresh->epoch = now;
    world_refuse(world, fresh, ERR_STALE, "cast_ballot.replaces");
    fresh->cast_ballot->replaces = ballot_of(world, LUIS)->sequence;
    world_accept(world, fresh);
    assert_int_equal(ballot_of(world, LUIS)->answer, 3);
    world_destroy(&world);
}

/* Two restores: what was signed in the later epoch is the later answer, whatever it names. */
static void test_ballots_of_two_epochs(void **state)
{
    (void) state;
    for (unsigned is_reversed = 0; is_reversed < 2; is_reversed++) {
        struct world *world = world_with_round(world_plain_rule);
        uint64_t head;
        world_accept(world, world_ballot(world, "lena", 1, 1));
        uint64_t first = ballot_of(world, LENA)->sequence;
        uint32_t second = world_restore(world)->number;
        head = world_restore(world)->restored_to;
        Comity__V1__Command *of_first = world_ballot(world, "lena", 1, 2);
        Comity__V1__Command *of_second = world_ballot(world, "lena", 1, 3);
        of_first->cast_ballot->replaces = head + 50;
        of_second->cast_ballot->replaces = first;
        of_second->epoch = second;
        if (is_reversed) {
            world_accept(world, of_second);
            world_refuse(world, of_first, ERR_STALE, "cast_ballot.replaces");
        } else {
            world_accept(world, of_first);
            world_accept(world, of_second);
        }
        assert_int_equal(ballot_of(world, LENA)->answer, 3);
        world_check_replay(world);
        world_destroy(&world);
    }
}

/* Nothing that a redeem or a founding names is a number: no epoch, before a restore or after. */
static void test_a_newcomer(void **state)
{
    (void) state;
    struct world *world = world_founded();
    Comity__V1__Command *invite = world_command(world, "lena", COMITY__V1__COMMAND__BODY_INVITE);
    Comity__V1__Command *redeem = world_command(world, "pia", COMITY__V1__COMMAND__BODY_REDEEM);

    invite->invite->key = world_key(world, "once");
    invite->invite->expires_ms = world->context.time_ms + 3600000;
    world_restore(world);
    world_accept(world, invite);
    redeem->redeem->invitation = world_key(world, "once");
    world_cosign(world, redeem, "once", NULL);
    world_accept(world, redeem);
    world_destroy(&world);
}

/* What a command takes back came before it; of before a restore, it is what the restore has left. */
static void test_what_is_taken_back(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *command = world_ballot(world, "lena", 1, 1);

    command->undoes = world->context.next_sequence;
    world_refuse(world, command, ERR_RANGE, "undoes");
    command->undoes = world->context.next_sequence - 1;
    assert_int_equal(world_accept(world, command)->undoes, command->undoes);
    command = world_ballot(world, "mara", 1, 1);
    assert_int_equal(world_accept(world, command)->undoes, 0);
    command = world_ballot(world, "luis", 1, 1);
    command->undoes = world->context.next_sequence; /* of what the restore loses */
    uint32_t epoch = world_restore(world)->number;
    world_refuse(world, command, ERR_EPOCH, "undoes");
    world->epoch = epoch;
    command->epoch = epoch;
    world_accept(world, command); /* as of now it is the restore that came before */
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_of_epochs),
        cmocka_unit_test(test_numbers_that_are_lost),
        cmocka_unit_test(test_numbers_that_are_not),
        cmocka_unit_test(test_epochs_that_there_are_not),
        cmocka_unit_test(test_two_restores),
        cmocka_unit_test(test_seats),
        cmocka_unit_test(test_what_was_done_since_stands),
        cmocka_unit_test(test_a_second_restore_within_the_day),
        cmocka_unit_test(test_ends_are_not_carried_over),
        cmocka_unit_test(test_the_day_of_grace),
        cmocka_unit_test(test_closed_by_hand_meanwhile),
        cmocka_unit_test(test_what_is_not_held),
        cmocka_unit_test(test_chains_of_ballots),
        cmocka_unit_test(test_a_new_answer_stands),
        cmocka_unit_test(test_ballots_of_two_epochs),
        cmocka_unit_test(test_a_newcomer),
        cmocka_unit_test(test_what_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
