/* How long texts are kept: agreed, held, purged; and which texts are never purged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/solving.h"
#include "tests/support/world_decisions.h"
#include "tests/support/world_rounds.h"
#include "tests/support/world_stages.h"

static Comity__V1__Command *purge_command(struct world *world)
{
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_PURGE_TEXTS);

    command->purge_texts->session = 1;
    world_cosign(world, command, "mara", NULL);
    return command;
}

static Comity__V1__Command *hold_command(struct world *world, const char *signer)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_HOLD_TEXTS);

    command->hold_texts->session = 1;
    command->hold_texts->reason = world_text(world);
    return command;
}

static Comity__V1__Command *lift_command(struct world *world, const char *signer, uint32_t hold)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_LIFT_HOLD);

    command->lift_hold->hold = hold;
    return command;
}

static Comity__V1__Command *retention_command(struct world *world, int64_t keep_until_ms)
{
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_SET_RETENTION);

    command->set_retention->session = 1;
    command->set_retention->class_ = arena_string(world->arena, "candid");
    command->set_retention->keep_until_ms = keep_until_ms;
    world_cosign(world, command, "mara", NULL);
    return command;
}

/* Session 1 with a decision, a proposal that was not adopted, and a reason; closed, with minutes. */
struct talk {
    struct world *world;
    ProtobufCBinaryData adopted, not_adopted, asked, reason, minutes;
};

static struct talk talk_make(void)
{
    struct talk talk = {.world = world_deciding()};
    struct world *world = talk.world;
    uint32_t decision = world_decide(world, NULL);
    uint32_t proposal =
        world_accept(world, world_propose_command(world, NULL))->proposal_made->proposal->number;
    uint32_t round = world_open_round(world, proposal, 1);
    Comity__V1__Command *ballot = world_ballot(world, "lena", round, 5);
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    ballot->cast_ballot->reason = world_text(world);
    world_accept(world, ballot);
    close->close_round->round = round;
    world_accept(world, close);
    talk.reason = ballot->cast_ballot->reason->hash;
    talk.adopted = world_decision(world, decision)->text_hash;
    talk.not_adopted = ((Comity__V1__Round *) world_row(world, TABLE_ROUND, round, 0))->text_hash;
    talk.asked = ((Comity__V1__Round *) world_row(world, TABLE_ROUND, round, 0))->question->hash;
    world_minuted(world, false);
    talk.minutes = world_approve_command(world, "lena", 1)->approve_minutes->text_hash;
    return talk;
}

static bool is_purged(const Comity__V1__TextsPurged *purged, ProtobufCBinaryData hash)
{
    for (size_t i = 0; i < purged->n_hashes; i++)
        if (memcmp(purged->hashes[i].data, hash.data, HASH_SIZE) == 0)
            return true;
    return false;
}

static void test_what_is_purged(void **state)
{
    (void) state;
    struct talk talk = talk_make();
    struct world *world = talk.world;
    const Comity__V1__TextsPurged *purged = world_accept(world, purge_command(world))->texts_purged;

    /* The reason, the text that was not adopted, what was asked of it, and the text of proposal 1, which nobody put to a
     * round. */
    assert_int_equal(purged->n_hashes, 4);
    assert_true(is_purged(purged, talk.asked));
    assert_true(purged->is_last);
    assert_true(is_purged(purged, talk.reason));
    assert_true(is_purged(purged, talk.not_adopted));
    assert_false(is_purged(purged, talk.adopted));
    assert_false(is_purged(purged, talk.minutes));
    world_refuse(world, purge_command(world), ERR_NOT_FOUND, "purge_texts.session");
    world_check_replay(world);
    world_destroy(&world);
}

/* A correction of the minutes leaves their earlier text behind. */
static void test_earlier_minutes_are_purged(void **state)
{
    (void) state;
    struct talk talk = talk_make();
    struct world *world = talk.world;
    Comity__V1__Command *correct = world_command(world, "mona", COMITY__V1__COMMAND__BODY_CORRECT_MINUTES);

    correct->correct_minutes->session = 1;
    correct->correct_minutes->base_hash = talk.minutes;
    world_accept(world, correct);
    const Comity__V1__TextsPurged *purged = world_accept(world, purge_command(world))->texts_purged;
    assert_int_equal(purged->n_hashes, 5);
    assert_true(is_purged(purged, talk.minutes));
    assert_false(is_purged(purged, correct->correct_minutes->text->hash));
    world_destroy(&world);
}

/* Nobody has a decision's text erased by bringing it again where texts are to be purged. */
static void test_a_text_that_came_twice_stays(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t decision = world_decide(world, NULL);
    Comity__V1__Command *again = world_propose_command(world, NULL);
    const Comity__V1__Proposal *decided =
        world_row(world, TABLE_PROPOSAL, world_decision(world, decision)->proposal, 0);

    again->make_proposal->text = decided->versions[0]->text;
    world_accept(world, again);
    world_minuted(world, false);
    const Comity__V1__TextsPurged *purged = world_accept(world, purge_command(world))->texts_purged;
    assert_false(is_purged(purged, decided->versions[0]->text->hash));
    assert_int_equal(purged->n_hashes, 1); /* that of proposal 1 */
    world_refuse(world, purge_command(world), ERR_NOT_FOUND, "purge_texts.session");
    world_destroy(&world);
}

static void test_holds(void **state)
{
    (void) state;
    struct talk talk = talk_make();
    struct world *world = talk.world;

    assert_int_equal(world_accept(world, hold_command(world, "mara"))->texts_held->hold->number, 1);
    world_accept(world, hold_command(world, "carl"));
    world_refuse(world, purge_command(world), ERR_LEGAL_HOLD, "purge_texts.session");
    assert_int_equal(world->refusal.limit, 2); /* that many stand */
    world_refuse(world, lift_command(world, "lena", 1), ERR_FORBIDDEN, "key");
    world_accept(world, lift_command(world, "mara", 1));
    world_refuse(world, purge_command(world), ERR_LEGAL_HOLD, "purge_texts.session");
    world_refuse(world, lift_command(world, "mara", 1), ERR_STATE, "lift_hold.hold");
    world_refuse(world, lift_command(world, "mara", 9), ERR_NOT_FOUND, "lift_hold.hold");
    world_accept(world, lift_command(world, "cora", 2)); /* another co-chair of the same side */
    world_accept(world, purge_command(world));
    world_check_replay(world);
    world_destroy(&world);
}

static void test_retention(void **state)
{
    (void) state;
    struct talk talk = talk_make();
    struct world *world = talk.world;

    world_accept(world, retention_command(world, world->context.time_ms + 100));
    world_refuse(world, purge_command(world), ERR_KEPT, "purge_texts.session");
    world->context.time_ms += 100;
    world_accept(world, purge_command(world));
    world_destroy(&world);

    talk = talk_make();
    world = talk.world;
    world_accept(world, retention_command(world, 0)); /* for ever */
    world->context.time_ms += INT64_C(86400000) * 36500;
    world_refuse(world, purge_command(world), ERR_KEPT, "purge_texts.session");
    world_accept(world, retention_command(world, world->context.time_ms)); /* as they agree otherwise */
    world_accept(world, purge_command(world));
    world_check_replay(world);
    world_destroy(&world);
}

static void close_session(struct world *world, uint32_t session)
{
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_SESSION);

    close->close_session->session = session;
    world_accept(world, close);
}

/* What people said on the way is purged; what the decision meets is not. */
static void test_how_it_was_solved_is_purged(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t item = solving_item(world, COMITY__V1__PHASE__PHASE_STANDARDS);
    uint32_t met = solving_give(world, "lena", item, COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_STANDARD);
    uint32_t other = solving_give(world, "lena", item, COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_STANDARD);
    uint32_t fact = solving_fact(world, "lena", item, true);
    uint32_t request = solving_ask(world, "lena", item, "management", true);
    Comity__V1__Command *propose = world_command(world, "lena", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);
    Comity__V1__Command *link = world_command(world, "lena", COMITY__V1__COMMAND__BODY_LINK_PROPOSAL);

    solving_move(world, item, COMITY__V1__PHASE__PHASE_EVALUATION);
    solving_move(world, item, COMITY__V1__PHASE__PHASE_PROPOSAL);
    propose->make_proposal->item = item;
    link->link_proposal->proposal = world_accept(world, propose)->proposal_made->proposal->number;
    link->link_proposal->text_hash = propose->make_proposal->text->hash;
    link->link_proposal->change = COMITY__V1__LINK_CHANGE__LINK_CHANGE_ADD;
    link->link_proposal->n_contributions = 1;
    link->link_proposal->contributions = &met;
    world_accept(world, link);
    solving_raise(world, "mara", link->link_proposal->proposal);
    uint32_t round = world_open_round(world, link->link_proposal->proposal, 1);
    world_accept(world, world_ballot(world, "lena", round, 1));
    world_accept(world, world_ballot(world, "mara", round, 1));
    world_close_round(world, round);
    close_session(world, 1);

    const Comity__V1__TextsPurged *purged = world_accept(world, purge_command(world))->texts_purged;
    const Comity__V1__Fact *stated = world_row(world, TABLE_FACT, fact, 0);
    const Comity__V1__DataRequest *asked = world_row(world, TABLE_DATA_REQUEST, request, 0);
    const Comity__V1__Concern *concern = world_row(world, TABLE_CONCERN, 1, 0);
    assert_true(is_purged(purged, solving_hash(world, other)));
    assert_true(is_purged(purged, stated->text->hash));
    assert_true(is_purged(purged, asked->text->hash));
    assert_true(is_purged(purged, concern->text->hash));
    assert_false(is_purged(purged, solving_hash(world, met)));
    assert_false(is_purged(purged, propose->make_proposal->text->hash));
    world_check_replay(world);
    world_destroy(&world);
}

/* A proposal whose item goes on in a later session is not erased under the hands of those who work on it. */
static void test_what_goes_on_is_not_purged_yet(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Command *propose = world_propose_command(world, NULL);
    uint32_t later = world_open_session(world, 1);
    Comity__V1__Command *move;
    const Comity__V1__TextsPurged *purged;

    world_accept(world, propose);
    move = solving_move_command(world, propose->make_proposal->item, COMITY__V1__PHASE__PHASE_PROPOSAL);
    move->move_phase->session = later;
    world_accept(world, move);
    close_session(world, 1);
    purged = world_accept(world, purge_command(world))->texts_purged;
    assert_false(is_purged(purged, propose->make_proposal->text->hash));
    close_session(world, later);
    purged = world_accept(world, purge_command(world))->texts_purged;
    assert_true(is_purged(purged, propose->make_proposal->text->hash));
    world_check_replay(world);
    world_destroy(&world);
}

/* What comes again after a purge can be purged again. */
static void test_a_purged_text_comes_again(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Command *propose = world_propose_command(world, NULL);
    Comity__V1__Command *again;

    world_accept(world, propose);
    uint32_t second = world_open_session(world, 1);
    again = world_command(world, "lena", COMITY__V1__COMMAND__BODY_NOTE_PLUS_DELTA);
    again->note_plus_delta->session = second;
    again->note_plus_delta->kind = 1;
    again->note_plus_delta->text = propose->make_proposal->text;
    close_session(world, 1);
    world_accept(world, purge_command(world));
    world_accept(world, again);
    close_session(world, second);
    Comity__V1__Command *purge = purge_command(world);
    purge->purge_texts->session = second;
    assert_true(is_purged(world_accept(world, purge)->texts_purged, propose->make_proposal->text->hash));
    world_check_replay(world);
    world_destroy(&world);
}

/* A round by a CHOICE on @proposal, with its question and options in words, which lena answers where @is_answered.
 * Gives the command that opened it. */
static const Comity__V1__OpenRound *ask(struct world *world, uint32_t rule, uint32_t proposal, bool is_answered)
{
    Comity__V1__Command *open = world_open_options(world, false, rule, "early", "late", NULL);
    const Comity__V1__Proposal *row = world_row(world, TABLE_PROPOSAL, proposal, 0);

    open->open_round->proposal = proposal;
    open->open_round->text_hash = row->versions[row->n_versions - 1]->text->hash;
    open->open_round->question = world_text(world);
    open->open_round->options[0]->text = world_text(world);
    open->open_round->options[1]->text = world_text(world);
    uint32_t round = world_accept(world, open)->round_opened->round->number;
    if (is_answered) {
        Comity__V1__Command *ballot = world_ballot(world, "lena", round, 0);

        ballot->cast_ballot->choice = 1;
        ballot->cast_ballot->alternative = world_text(world);
        world_accept(world, ballot);
    }
    world_close_round(world, round);
    return open->open_round;
}

/* Of a round that no decision came of what was asked is purged, and among what. */
static void test_what_was_asked(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t rule = world_adopt(world, world_form_rule(world, COMITY__V1__FORM__FORM_CHOICE));
    uint32_t other = world_propose(world, 1);
    const Comity__V1__OpenRound *decided = ask(world, rule, 1, true), *open = ask(world, rule, other, false);

    assert_int_equal(((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->decision, 1);
    world_minuted(world, false);
    const Comity__V1__TextsPurged *purged = world_accept(world, purge_command(world))->texts_purged;
    assert_true(is_purged(purged, open->question->hash));
    assert_true(is_purged(purged, open->options[0]->text->hash));
    assert_true(is_purged(purged, open->options[1]->text->hash));
    assert_false(is_purged(purged, decided->question->hash));
    assert_false(is_purged(purged, decided->options[0]->text->hash));
    assert_false(is_purged(purged, decided->options[1]->text->hash));
    assert_int_equal(purged->n_hashes, 3 + 1 + 1); /* with the text of the other proposal, and the other way */
    world_check_replay(world);
    world_destroy(&world);
}

/* What was said at stages goes, and an umpire's answer stays. */
static void test_what_was_said_at_stages(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);
    Comity__V1__Command *confer = world_confer_command(world, 1), *cast, *other, *answer;

    world_stage(world, rule, CONFER, BLOCKED);
    world_stage(world, rule, CASTING, BLOCKED);
    world_stage(world, rule, UMPIRE, BLOCKED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    confer->note_conference->note = world_text(world);
    world_accept(world, confer);
    cast = world_casting_command(world, "lena", 2, true);
    cast->give_casting_vote->reason = world_text(world);
    world_accept(world, cast);
    other = world_casting_command(world, "mara", 2, false);
    other->give_casting_vote->reason = world_text(world);
    world_accept(world, other);
    answer = world_answer_command(world, 3, REJECTED);
    world_accept(world, answer);
    world_minuted(world, false);
    const Comity__V1__TextsPurged *purged = world_accept(world, purge_command(world))->texts_purged;
    assert_true(is_purged(purged, confer->note_conference->note->hash));
    assert_true(is_purged(purged, cast->give_casting_vote->reason->hash));
    assert_true(is_purged(purged, other->give_casting_vote->reason->hash));
    assert_false(is_purged(purged, answer->enter_answer->answer->hash));
    world_check_replay(world);
    world_destroy(&world);
}

static void test_purges_that_are_refused(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Command *command = purge_command(world);

    world_refuse(world, command, ERR_STATE, "purge_texts.session"); /* it is open */
    command->n_cosigners = 0;
    world_refuse(world, command, ERR_COSIGNERS, "cosigners.*");
    command = purge_command(world);
    command->purge_texts->session = 9;
    world_refuse(world, command, ERR_NOT_FOUND, "purge_texts.session");
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_purged),
        cmocka_unit_test(test_earlier_minutes_are_purged),
        cmocka_unit_test(test_a_text_that_came_twice_stays),
        cmocka_unit_test(test_holds),
        cmocka_unit_test(test_retention),
        cmocka_unit_test(test_how_it_was_solved_is_purged),
        cmocka_unit_test(test_what_goes_on_is_not_purged_yet),
        cmocka_unit_test(test_a_purged_text_comes_again),
        cmocka_unit_test(test_what_was_asked),
        cmocka_unit_test(test_what_was_said_at_stages),
        cmocka_unit_test(test_purges_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
