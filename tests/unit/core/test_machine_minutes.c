/* Minutes: drafted, corrected, approved by each side, by silence, dissented from; and actions and mandates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world_decisions.h"

enum {
    CLOSED = COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED,
    MINUTED = COMITY__V1__SESSION_STATE__SESSION_STATE_MINUTED,
    OPEN = COMITY__V1__ACTION_STATUS__ACTION_STATUS_OPEN,
    DONE = COMITY__V1__ACTION_STATUS__ACTION_STATUS_DONE,
    DROPPED = COMITY__V1__ACTION_STATUS__ACTION_STATUS_DROPPED,
};

static void check_session(struct world *world, uint32_t number, int state)
{
    const Comity__V1__Session *session = world_row(world, TABLE_SESSION, number, 0);
    assert_int_equal(session->state, state);
}

static const Comity__V1__Minutes *minutes_of(struct world *world)
{
    return world_row(world, TABLE_MINUTES, 1, 0);
}

static Comity__V1__Command *draft(struct world *world, const char *signer, uint32_t session)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_DRAFT_MINUTES);
    command->draft_minutes->session = session;
    return command;
}

static Comity__V1__Command *correct(struct world *world, const char *signer)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_CORRECT_MINUTES);
    const Comity__V1__Minutes *minutes = minutes_of(world);
    command->correct_minutes->session = 1;
    command->correct_minutes->base_hash = minutes->versions[minutes->n_versions - 1]->text->hash;
    return command;
}

static Comity__V1__Command *dissent(struct world *world, const char *signer)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_DISSENT_MINUTES);
    const Comity__V1__Minutes *minutes = minutes_of(world);
    command->dissent_minutes->session = 1;
    command->dissent_minutes->text_hash = minutes->versions[minutes->n_versions - 1]->text->hash;
    return command;
}

static void test_each_side_approves(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    world_refuse(world, draft(world, "odo", 1), ERR_STATE, "draft_minutes.session"); /* still open */
    world_minuted(world, false);
    world_refuse(world, draft(world, "odo", 1), ERR_EXISTS, "draft_minutes.session");
    world_refuse(world, draft(world, "odo", 9), ERR_NOT_FOUND, "draft_minutes.session");
    world_accept(world, world_approve_command(world, "luis", 1));
    check_session(world, 1, CLOSED);
    world_accept(world, world_approve_command(world, "cora", 1)); /* heard, and not waited for */
    check_session(world, 1, CLOSED);
    world_refuse(world, world_approve_command(world, "mona", 1), ERR_FORBIDDEN, "key");
    assert_true(world_accept(world, world_approve_command(world, "mara", 1))->minutes_approved->is_in_force);
    check_session(world, 1, MINUTED);
    assert_int_equal(minutes_of(world)->in_force_ms, world->context.time_ms);
    assert_int_equal(minutes_of(world)->n_answers, 3);
    /* In force: nothing further. */
    world_refuse(world, correct(world, "lena"), ERR_STATE, "correct_minutes.session");
    world_refuse(world, dissent(world, "lena"), ERR_STATE, "dissent_minutes.session");
    world_refuse(world, world_approve_command(world, "lena", 1), ERR_STATE, "approve_minutes.session");
    world_check_replay(world);
    world_destroy(&world);
}

/* A correction is a new text: what was approved before was another one. */
static void test_corrections(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    world_minuted(world, false);
    world_accept(world, world_approve_command(world, "lena", 1));
    Comity__V1__Command *late = world_approve_command(world, "mara", 1);
    Comity__V1__Command *other = correct(world, "mona");
    Comity__V1__Command *same = correct(world, "mona");
    world_refuse(world, correct(world, "lars"), ERR_FORBIDDEN, "key");
    world_accept(world, correct(world, "mona"));
    assert_int_equal(minutes_of(world)->n_versions, 2);
    assert_int_equal(minutes_of(world)->versions[1]->author, MONA);
    world_refuse(world, other, ERR_STALE, "correct_minutes.base_hash");
    assert_int_equal(world->refusal.latest, 2);
    world_refuse(world, late, ERR_STALE, "approve_minutes.text_hash");
    same->correct_minutes->base_hash = minutes_of(world)->versions[1]->text->hash;
    same->correct_minutes->text = minutes_of(world)->versions[0]->text;
    world_refuse(world, same, ERR_EXISTS, "correct_minutes.text");
    world_accept(world, world_approve_command(world, "mara", 1));
    check_session(world, 1, CLOSED);
    world_accept(world, world_approve_command(world, "lena", 1));
    check_session(world, 1, MINUTED);
    assert_int_equal(minutes_of(world)->n_answers, 2); /* in the place of the earlier one */
    world_check_replay(world);
    world_destroy(&world);
}

static void test_both_texts_stand(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    world_minuted(world, false);
    world_refuse(world, dissent(world, "mona"), ERR_FORBIDDEN, "key");
    world_accept(world, dissent(world, "mara"));
    check_session(world, 1, CLOSED);
    world_accept(world, world_approve_command(world, "lena", 1));
    check_session(world, 1, MINUTED);
    assert_non_null(minutes_of(world)->answers[0]->dissent);
    assert_null(minutes_of(world)->answers[1]->dissent);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_an_approval_takes_a_dissent_back(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    world_minuted(world, false);
    world_accept(world, dissent(world, "mara"));
    world_accept(world, world_approve_command(world, "mara", 1));
    assert_int_equal(minutes_of(world)->n_answers, 1);
    assert_null(minutes_of(world)->answers[0]->dissent);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_silence(void **state)
{
    (void) state;
    for (int by_silence = 0; by_silence < 2; by_silence++) {
        struct world *world = world_with_session();

        world_minuted(world, by_silence);
        world_accept(world, dissent(world, "mara"));
        world->context.time_ms += 1000;
        world_create_body(world, "other", 1, 1, 0);
        world_open_session(world, 2); /* of another body */
        check_session(world, 1, CLOSED);
        world_open_session(world, 1);
        check_session(world, 1, by_silence ? MINUTED : CLOSED);
        if (by_silence) {
            assert_int_equal(minutes_of(world)->n_answers, 2);
            assert_non_null(minutes_of(world)->answers[0]->dissent); /* who spoke was not silent */
            assert_int_equal(minutes_of(world)->answers[1]->constituency, LABOUR);
            assert_int_equal(minutes_of(world)->answers[1]->member, 0);
        }
        world_open_session(world, 1); /* once is enough */
        world_check_replay(world);
        world_destroy(&world);
    }
}

/* Whoever dissented from an earlier version is not made to approve by a correction and the next session. */
static void test_a_correction_does_not_silence_a_dissent(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    world_minuted(world, true);
    world_accept(world, dissent(world, "mara"));
    world_accept(world, correct(world, "lena"));
    world_open_session(world, 1);
    check_session(world, 1, MINUTED);
    assert_int_equal(minutes_of(world)->n_answers, 2);
    assert_non_null(minutes_of(world)->answers[0]->dissent);
    assert_int_equal(minutes_of(world)->answers[0]->version, 1);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_minutes_that_are_refused(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *convene = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CONVENE_SESSION);
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_SESSION);
    Comity__V1__Command *approve = world_command(world, "lena", COMITY__V1__COMMAND__BODY_APPROVE_MINUTES);

    approve->approve_minutes->session = 1;
    approve->approve_minutes->text_hash = world_key(world, "any");
    world_refuse(world, approve, ERR_NOT_FOUND, "approve_minutes.session");
    /* Nothing happened in a session that was called off. */
    convene->convene_session->body = 1;
    convene->convene_session->starts_ms = 1;
    close->close_session->session = world_accept(world, convene)->session_convened->session->number;
    world_accept(world, close);
    world_refuse(world, draft(world, "odo", close->close_session->session), ERR_STATE,
                 "draft_minutes.session");
    /* A constituency without seats in the body has no say in its minutes. */
    world_create_body(world, "pair", 1, 1, 0);
    uint32_t session = world_open_session(world, 2);
    close->close_session->session = session;
    close->nonce = world_key(world, "again");
    close->nonce.len = NONCE_SIZE;
    world_accept(world, close);
    world_accept(world, draft(world, "cora", session));
    world_refuse(world, world_approve_command(world, "carl", session), ERR_FORBIDDEN, "key");
    world_destroy(&world);
}

static Comity__V1__Command *update(struct world *world, const char *signer, int status)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_UPDATE_ACTION);
    command->update_action->action = 1;
    command->update_action->status = (Comity__V1__ActionStatus) status;
    return command;
}

static void test_actions(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t decision = world_decide(world, NULL);

    world_refuse(world, world_action_command(world, "lars", decision), ERR_FORBIDDEN, "key");
    const Comity__V1__Action *action =
        world_accept(world, world_action_command(world, "odo", decision))->action_added->action;
    assert_int_equal(action->number, 1);
    assert_int_equal(action->item, world_decision(world, decision)->item);
    assert_int_equal(action->n_owners, 2);
    assert_int_equal(action->status, OPEN);
    world_refuse(world, update(world, "lena", DONE), ERR_FORBIDDEN, "key");
    world_refuse(world, update(world, "lars", OPEN), ERR_STATE, "update_action.status");
    world_accept(world, update(world, "lars", DONE)); /* an owner, of no seat */
    Comity__V1__Command *drop = update(world, "mona", DROPPED);
    drop->update_action->note = NULL;
    world_refuse(world, drop, ERR_MISSING, "update_action.note");
    world_accept(world, update(world, "mona", DROPPED));
    world_accept(world, update(world, "cora", OPEN));
    action = world_row(world, TABLE_ACTION, 1, 0);
    assert_int_equal(action->status, OPEN);
    assert_int_equal(action->n_changes, 3);
    assert_int_equal(action->changes[0]->member, LARS);
    assert_int_equal(action->changes[1]->status, DROPPED);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_actions_that_are_refused(void **state)
{
    (void) state;
    static const uint32_t DATES[] = {20260229, 20261301, 20260001, 20260100, 20260431, 21000229};
    struct world *world = world_deciding();
    uint32_t decision = world_decide(world, NULL);
    Comity__V1__Command *command = world_action_command(world, "lena", decision);

    for (size_t i = 0; i < ARRAY_COUNT(DATES); i++) {
        command->add_action->due_date = DATES[i];
        world_refuse(world, command, ERR_RANGE, "add_action.due_date");
    }
    command->add_action->due_date = 20280229;
    command->add_action->item = 1;
    world_refuse(world, command, ERR_RANGE, "add_action.decision");
    command->add_action->decision = 0;
    command->add_action->item = 0;
    world_refuse(world, command, ERR_MISSING, "add_action.decision");
    command->add_action->item = 9;
    world_refuse(world, command, ERR_NOT_FOUND, "add_action.item");
    command->add_action->item = 1;
    command->add_action->owners[1] = 99;
    world_refuse(world, command, ERR_NOT_FOUND, "add_action.owners[1]");
    command->add_action->owners[1] = LENA;
    world_accept(world, command);
    /* Of before a restore: what was said since stands. */
    uint32_t now = world_restore(world)->number;
    world->epoch = now;
    world_accept(world, update(world, "lars", DONE));
    world->epoch = 1;
    world_refuse(world, update(world, "lars", DROPPED), ERR_EPOCH, "update_action.action");
    world_destroy(&world);
}

static void test_mandates(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t decision = world_decide(world, NULL);
    Comity__V1__Command *give = world_mandate_command(world, decision, LARS);

    give->give_mandate->body = 1;
    world_refuse(world, give, ERR_RANGE, "give_mandate.body");
    give->give_mandate->member = 0;
    world_accept(world, give);
    world_accept(world, world_mandate_command(world, decision, LARS));
    Comity__V1__Command *report = world_command(world, "mara", COMITY__V1__COMMAND__BODY_REPORT_MANDATE);
    report->report_mandate->mandate = 1;
    world_accept(world, report); /* for the body */
    report->report_mandate->mandate = 2;
    world_refuse(world, report, ERR_FORBIDDEN, "key");
    world->context.time_ms += 1000;
    world_due(world);
    const Comity__V1__Mandate *mandate = world_row(world, TABLE_MANDATE, 2, 0);
    assert_int_equal(mandate->report_due_ms, world->context.time_ms);
    assert_int_equal(((Comity__V1__Mandate *) world_row(world, TABLE_MANDATE, 1, 0))->report_due_ms, 0);
    report = world_command(world, "lars", COMITY__V1__COMMAND__BODY_REPORT_MANDATE);
    report->report_mandate->mandate = 2;
    report->report_mandate->next_ms = world->context.time_ms;
    world_refuse(world, report, ERR_RANGE, "report_mandate.next_ms");
    report->report_mandate->next_ms = world->context.time_ms + 50;
    world_accept(world, report);
    Comity__V1__Command *recall = world_command(world, "mara", COMITY__V1__COMMAND__BODY_RECALL_MANDATE);
    recall->recall_mandate->mandate = 2;
    recall->recall_mandate->reason = world_text(world);
    recall->key = world_key(world, "carl");
    world_refuse(world, recall, ERR_FORBIDDEN, "key");
    recall->key = world_key(world, "mara");
    world_accept(world, recall);
    mandate = world_row(world, TABLE_MANDATE, 2, 0);
    assert_int_equal(mandate->recalled_by, MARA);
    assert_int_equal(mandate->n_reports, 1);
    world->context.time_ms += 50;
    world_due(world);
    mandate = world_row(world, TABLE_MANDATE, 2, 0);
    assert_int_equal(mandate->report_due_ms, 0);
    report->report_mandate->next_ms = 0;
    world_refuse(world, report, ERR_STATE, "report_mandate.mandate");
    recall->nonce = world_key(world, "twice");
    recall->nonce.len = NONCE_SIZE;
    world_refuse(world, recall, ERR_STATE, "recall_mandate.mandate");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_mandates_that_are_refused(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t decision = world_decide(world, NULL);

    world_refuse(world, world_mandate_command(world, 9, LARS), ERR_NOT_FOUND, "give_mandate.decision");
    world_refuse(world, world_mandate_command(world, decision, 0), ERR_MISSING, "give_mandate.body");
    world_refuse(world, world_mandate_command(world, decision, 99), ERR_NOT_FOUND, "give_mandate.member");
    Comity__V1__Command *give = world_mandate_command(world, decision, LARS);
    give->give_mandate->report_by_ms = world->context.time_ms;
    world_refuse(world, give, ERR_RANGE, "give_mandate.report_by_ms");
    give->give_mandate->report_by_ms = 0;
    give->n_cosigners = 0;
    world_refuse(world, give, ERR_COSIGNERS, "cosigners.*");
    world_accept(world, world_declare_command(world, world_decision(world, decision)->round,
                                              COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED));
    world_refuse(world, world_mandate_command(world, decision, LARS), ERR_STATE, "give_mandate.decision");
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_side_approves),
        cmocka_unit_test(test_corrections),
        cmocka_unit_test(test_both_texts_stand),
        cmocka_unit_test(test_an_approval_takes_a_dissent_back),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_a_correction_does_not_silence_a_dissent),
        cmocka_unit_test(test_minutes_that_are_refused),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_actions_that_are_refused),
        cmocka_unit_test(test_mandates),
        cmocka_unit_test(test_mandates_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
