/* The stages of a ladder, kind by kind: what each asks, what it comes to, and what is refused at it.
 * docs/rules.md */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/error.h"
#include "tests/support/world_stages.h"

/* One stage of this kind, on what the answers come to. */
static struct world *at_stage(int kind, int on, const char *answers, void (*change)(Comity__V1__Stage *stage))
{
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);
    Comity__V1__Stage *stage = world_stage(world, rule, kind, on);

    if (change)
        change(stage);
    return world_at_ladder(world, rule, answers);
}

static void time_over(struct world *world)
{
    world->context.time_ms += HOUR_MS - 1;
    world_due(world);
    world_check_ladder(world, 1, NONE);
    world->context.time_ms += 1;
    world_due(world);
}

/* no stage, no ladder; without stages nothing of this is on record. */
static void what_leads_nowhere_stands(void **state)
{
    (void) state;
    struct world *world = at_stage(STATUS_QUO, NO_DECISION, "lena 1, mara 6", NULL);

    world_check_ladder(world, 0, BLOCKED);
    assert_false(world_has(world, TABLE_STAGE, 1, 0));
    world_refuse(world, world_open_round_command(world, 1, 1), ERR_STATE, "open_round.proposal");
    world_destroy(&world);

    world = world_with_session();
    Comity__V1__Rule *plain = world_rule(world, "plain");
    plain->rounds = 1;
    world_at_ladder(world, plain, "lena 1, mara 6");
    world_check_ladder(world, 0, NONE);
    world_destroy(&world);
}

/* not before the rounds have run out, unless it was adopted. */
static void rounds_come_first(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);

    rule->rounds = 2;
    world_stage(world, rule, CONFER, BLOCKED);
    world_stage(world, rule, SIGN_OFF, ADOPTED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    world_check_ladder(world, 0, NONE);
    world_vote(world, 1, "lena 1, mara 6");
    world_check_ladder(world, 1, NONE);
    world_check_stage(world, 1, CONFER, NONE);
    world_destroy(&world);

    world = world_with_session();
    rule = world_ladder_rule(world);
    rule->rounds = 2;
    world_stage(world, rule, SIGN_OFF, ADOPTED);
    world_at_ladder(world, rule, "lena 1, mara 1");
    world_check_stage(world, 1, SIGN_OFF, NONE);
    world_check_ladder(world, 1, NONE);
    world_destroy(&world);
}

/* */
static void blocks_are_seconded(void **state)
{
    (void) state;
    struct world *world = at_stage(SECONDING, BLOCKED, "lena 1, luis 1, mara 6, cora 4", NULL);
    const Comity__V1__StageRun *run = world_stage_run(world, 1);

    world_check_ladder(world, 1, NONE);
    assert_int_equal(run->n_blockers, 1);
    assert_int_equal(run->blockers[0], MARA);
    assert_int_equal(run->due_ms, run->entered_ms + HOUR_MS);
    assert_int_equal(run->entered_on, BLOCKED);
    world_refuse(world, world_second_command(world, "lars", 1, MARA), ERR_NOT_ON_ROLL, "key");
    world_refuse(world, world_second_command(world, "lena", 1, LUIS), ERR_NOT_FOUND, "second_block.voter");
    world_refuse(world, world_second_command(world, "mara", 1, MARA), ERR_FORBIDDEN, "second_block.voter");
    world_refuse(world, world_second_command(world, "mona", 2, MARA), ERR_NOT_FOUND, "second_block.stage");
    world_accept(world, world_second_command(world, "mona", 1, MARA));
    world_check_stage(world, 1, SECONDING, BLOCKED);
    world_check_ladder(world, 0, BLOCKED);
    assert_int_equal(world_stage_run(world, 1)->recount->kind, BLOCKED);
    world_refuse(world, world_second_command(world, "lena", 1, MARA), ERR_STATE, "second_block.stage");
    world_destroy(&world);
}

static void two_or_another(Comity__V1__Stage *stage)
{
    stage->count = 2;
    stage->by_other = true;
}

static void only_another(Comity__V1__Stage *stage)
{
    stage->count = 0;
    stage->by_other = true;
}

static void two_more(Comity__V1__Stage *stage)
{
    stage->count = 2;
}

/* n others, or one of another constituency where that suffices. */
static void who_seconds_counts(void **state)
{
    (void) state;
    struct world *world = at_stage(SECONDING, BLOCKED, "lena 1, mara 6", two_or_another);

    world_accept(world, world_second_command(world, "mona", 1, MARA));
    world_check_ladder(world, 1, NONE);
    world_refuse(world, world_second_command(world, "mona", 1, MARA), ERR_EXISTS, "second_block.voter");
    world_accept(world, world_second_command(world, "cora", 1, MARA));
    world_check_ladder(world, 0, BLOCKED);
    world_destroy(&world);

    world = at_stage(SECONDING, BLOCKED, "lena 1, mara 6", only_another);
    world_accept(world, world_second_command(world, "mona", 1, MARA));
    world_check_ladder(world, 1, NONE);
    world_accept(world, world_second_command(world, "lena", 1, MARA));
    world_check_ladder(world, 0, BLOCKED);
    world_destroy(&world);

    world = at_stage(SECONDING, BLOCKED, "lena 1, mara 6, luis 6", two_more);
    world_accept(world, world_second_command(world, "lena", 1, MARA));
    world_accept(world, world_second_command(world, "cora", 1, MARA));
    world_refuse(world, world_second_command(world, "mona", 1, MARA), ERR_STATE, "second_block.voter");
    world_check_ladder(world, 1, NONE);
    world_accept(world, world_second_command(world, "cora", 1, LUIS));
    world_check_ladder(world, 1, NONE);
    world_accept(world, world_second_command(world, "mara", 1, LUIS));
    world_check_ladder(world, 0, BLOCKED);
    world_destroy(&world);
}

/* the same roll, ballots and presence, whoever is there meanwhile; the rule's hash stays. */
static void unseconded_blocks_are_counted_anew(void **state)
{
    (void) state;
    struct world *world = at_stage(SECONDING, BLOCKED, "lena 1, luis 6, mara 1", NULL);
    Comity__V1__Command *out = world_command(world, "lena", COMITY__V1__COMMAND__BODY_CHECK_OUT);
    Comity__V1__Command *luis = world_command(world, "luis", COMITY__V1__COMMAND__BODY_CHECK_OUT);
    const Comity__V1__StageRun *run;
    const Comity__V1__Round *round;

    out->check_out->session = luis->check_out->session = 1;
    world_accept(world, out);
    world_accept(world, luis); /* of labour nobody is there: by now there would be no quorum */
    time_over(world);
    run = world_stage_run(world, 1);
    round = world_row(world, TABLE_ROUND, 1, 0);
    world_check_stage(world, 1, SECONDING, ADOPTED);
    world_check_ladder(world, 0, ADOPTED);
    assert_int_equal(round->outcome->kind, BLOCKED);
    assert_int_equal(run->recount->kind, ADOPTED);
    assert_int_equal(run->recount->n_ballots, 3);
    assert_memory_equal(run->recount->rule_hash.data, round->rule_hash.data, HASH_SIZE);
    world_destroy(&world);
}

static void as_aside(Comity__V1__Stage *stage)
{
    stage->counts_as = COMITY__V1__STANCE__STANCE_STAND_ASIDE;
}

/* what a block counts as then need not be an answer that the scale has. */
static void a_block_counts_as_what_the_scale_has_not(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);

    as_aside(world_stage(world, rule, SECONDING, BLOCKED));
    rule->n_scale = 2;
    rule->scale[1] = rule->scale[5]; /* agree, block */
    rule->tests[2]->count->n_stances = 1;
    world_at_ladder(world, rule, "lena 1, luis 6, mara 1");
    world_check_ladder(world, 1, NONE);
    time_over(world);
    world_check_ladder(world, 0, ADOPTED);
    world_destroy(&world);
}

/* where nobody blocks there is nothing to second. */
static void without_blocks_it_is_over_at_once(void **state)
{
    (void) state;
    struct world *world = at_stage(SECONDING, DEADLOCK, "lena 1, mara 5", NULL);

    world_check_stage(world, 1, SECONDING, DEADLOCK);
    world_check_ladder(world, 0, DEADLOCK);
    world_destroy(&world);
}

static void two_meetings(Comity__V1__Stage *stage)
{
    stage->count = 2;
    stage->otherwise = REFERRED;
}

/* */
static void they_confer(void **state)
{
    (void) state;
    struct world *world = at_stage(CONFER, BLOCKED, "lena 1, mara 6", two_meetings);
    Comity__V1__Command *command = world_command(world, "odo", COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE);

    command->note_conference->stage = 1;
    world_refuse(world, command, ERR_COSIGNERS, "cosigners");
    world_cosign(world, command, "carl", NULL);
    world_refuse(world, command, ERR_COSIGNERS, "cosigners[0]");
    command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE);
    command->note_conference->stage = 1;
    world_cosign(world, command, "mara", NULL);
    world_refuse(world, command, ERR_FORBIDDEN, "key");
    world_accept(world, world_confer_command(world, 1));
    world_check_ladder(world, 1, NONE);
    assert_int_equal(world_stage_run(world, 1)->n_conferences, 1);
    assert_int_equal(world_stage_run(world, 1)->conferences[0]->confirmed_by, LENA);
    world_accept(world, world_confer_command(world, 1));
    world_check_stage(world, 1, CONFER, BLOCKED);
    world_check_ladder(world, 0, BLOCKED);
    world_destroy(&world);

    world = at_stage(CONFER, BLOCKED, "lena 1, mara 6", two_meetings);
    time_over(world);
    world_check_ladder(world, 0, REFERRED);
    world_destroy(&world);
}

/* */
static void an_office_decides(void **state)
{
    (void) state;
    static const struct {
        bool lena, luis, mara, cora, carl;
        int outcome;
    } ROWS[] = {{true, true, true, true, true, ADOPTED}, {false, false, false, false, false, REJECTED}};

    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct world *world = at_stage(CASTING, BLOCKED, "lena 1, mara 6", NULL);

        assert_int_equal(world_stage_run(world, 1)->n_asked, 5);
        world_refuse(world, world_casting_command(world, "odo", 1, true), ERR_FORBIDDEN, "key");
        world_accept(world, world_casting_command(world, "lena", 1, ROWS[i].lena));
        world_refuse(world, world_casting_command(world, "lena", 1, true), ERR_EXISTS, "give_casting_vote.stage");
        world_accept(world, world_casting_command(world, "luis", 1, ROWS[i].luis));
        world_accept(world, world_casting_command(world, "mara", 1, ROWS[i].mara));
        world_accept(world, world_casting_command(world, "cora", 1, ROWS[i].cora));
        world_check_ladder(world, 1, NONE);
        world_accept(world, world_casting_command(world, "carl", 1, ROWS[i].carl));
        world_check_ladder(world, 0, ROWS[i].outcome);
        world_destroy(&world);
    }
}

static void by_adviser(Comity__V1__Stage *stage)
{
    stage->office = COMITY__V1__OFFICE__OFFICE_ADVISER;
    stage->otherwise = TABLED;
}

static void else_tabled(Comity__V1__Stage *stage)
{
    stage->otherwise = TABLED;
}

/* not of one mind; too late; nobody holds it. */
static void an_office_does_not_decide(void **state)
{
    (void) state;
    struct world *world = at_stage(CASTING, BLOCKED, "lena 1, mara 6", NULL);

    world_accept(world, world_casting_command(world, "lena", 1, true));
    world_accept(world, world_casting_command(world, "mara", 1, false));
    world_check_ladder(world, 0, BLOCKED);
    world_destroy(&world);

    world = at_stage(CASTING, BLOCKED, "lena 1, mara 6", else_tabled);
    world_accept(world, world_casting_command(world, "lena", 1, true));
    time_over(world);
    world_check_ladder(world, 0, TABLED);
    world_destroy(&world);

    world = at_stage(CASTING, BLOCKED, "lena 1, mara 6", by_adviser);
    world_check_stage(world, 1, CASTING, TABLED);
    world_check_ladder(world, 0, TABLED);
    world_destroy(&world);
}

static const Comity__V1__KeyRevoked *revoke(struct world *world, const char *signer, const char *whose)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_REVOKE_KEY);

    command->revoke_key->key = world_key(world, whose);
    return world_accept(world, command)->key_revoked;
}

/* one whose key was revoked has left. */
static void who_left_is_not_asked(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);

    revoke(world, "cora", "carl");
    world_stage(world, rule, CASTING, BLOCKED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    assert_int_equal(world_stage_run(world, 1)->n_asked, 4);
    assert_int_equal(world_stage_run(world, 1)->asked[3], CORA);
    world_destroy(&world);
}

/* who leaves while the stage is open is not waited for. */
static void who_leaves_is_not_waited_for(void **state)
{
    (void) state;
    struct world *world = at_stage(CASTING, BLOCKED, "lena 1, mara 6", NULL);

    assert_int_equal(revoke(world, "cora", "carl")->n_stages, 0);
    world_accept(world, world_casting_command(world, "lena", 1, true));
    world_accept(world, world_casting_command(world, "mara", 1, true));
    world_accept(world, world_casting_command(world, "cora", 1, true));
    world_check_ladder(world, 1, NONE);
    const Comity__V1__KeyRevoked *last = revoke(world, "luis", "luis");
    assert_int_equal(last->n_stages, 1);
    assert_int_equal(last->stages[0], 1);
    world_due(world);
    world_check_ladder(world, 0, ADOPTED);
    world_destroy(&world);

    /* The last who is heard ends it as well; who spoke and left has spoken. */
    world = at_stage(CASTING, BLOCKED, "lena 1, mara 6", NULL);
    world_accept(world, world_casting_command(world, "luis", 1, false));
    assert_int_equal(revoke(world, "luis", "luis")->n_stages, 0);
    assert_int_equal(revoke(world, "cora", "carl")->n_stages, 0);
    world_accept(world, world_casting_command(world, "lena", 1, false));
    world_accept(world, world_casting_command(world, "cora", 1, false));
    world_check_ladder(world, 1, NONE);
    world_accept(world, world_casting_command(world, "mara", 1, false));
    world_check_ladder(world, 0, REJECTED);
    world_destroy(&world);
}

static void add_key(struct world *world, const char *signer, const char *key, bool replaces)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_ADD_KEY);

    command->add_key->key = world_key(world, key);
    if (replaces)
        command->add_key->replaces = world_key(world, signer);
    world_cosign(world, command, key, NULL);
    world_accept(world, command);
}

/* a member with several keys is one who is asked, and has left once none holds. */
static void several_keys_are_one_member(void **state)
{
    (void) state;
    static const char *const WHO[] = {"lena", "luis", "mara", "cora", "carl"};
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);
    char key[16];

    for (size_t i = 0; i < ARRAY_COUNT(WHO); i++)
        for (unsigned k = 0; k < 7; k++) {
            snprintf(key, sizeof(key), "%s %u", WHO[i], k);
            add_key(world, WHO[i], key, false);
        }
    world_stage(world, rule, CASTING, BLOCKED);
    world_at_ladder(world, rule, "lena 1, mara 6");
    assert_int_equal(world_stage_run(world, 1)->n_asked, 5);
    for (size_t i = 1; i < 5; i++)
        assert_true(world_stage_run(world, 1)->asked[i - 1] < world_stage_run(world, 1)->asked[i]);
    world_accept(world, world_casting_command(world, "lena 3", 1, true));
    world_refuse(world, world_casting_command(world, "lena", 1, true), ERR_EXISTS, "give_casting_vote.stage");
    world_accept(world, world_casting_command(world, "mara", 1, true));
    world_accept(world, world_casting_command(world, "cora 6", 1, true));
    world_accept(world, world_casting_command(world, "carl", 1, true));
    /* One by one, and in place of one another: only the last loses him. */
    add_key(world, "luis 6", "luis again", true);
    for (unsigned k = 0; k < 6; k++) {
        snprintf(key, sizeof(key), "luis %u", k);
        assert_int_equal(revoke(world, "lena", key)->n_stages, 0);
    }
    assert_int_equal(revoke(world, "lena", "luis")->n_stages, 0);
    world_check_ladder(world, 1, NONE);
    assert_int_equal(revoke(world, "lena", "luis again")->n_stages, 1);
    world_due(world);
    world_check_ladder(world, 0, ADOPTED);
    world_check_replay(world);
    world_destroy(&world);
}

/* */
static void somebody_else_answers(void **state)
{
    (void) state;
    static const int OUTCOMES[] = {ADOPTED, REJECTED, REFERRED, TABLED, NO_DECISION};

    for (size_t i = 0; i < ARRAY_COUNT(OUTCOMES); i++) {
        struct world *world = at_stage(i % 2 ? UMPIRE : ESCALATE, BLOCKED, "lena 1, mara 6", NULL);
        Comity__V1__Command *command = world_answer_command(world, 1, STRIKE);

        world_refuse(world, command, ERR_RANGE, "enter_answer.outcome");
        command = world_answer_command(world, 1, OUTCOMES[i]);
        command->n_cosigners = 0;
        world_refuse(world, command, ERR_COSIGNERS, "cosigners");
        command = world_answer_command(world, 1, OUTCOMES[i]);
        command->key = world_key(world, "cora");
        world_refuse(world, command, ERR_FORBIDDEN, "key");
        world_accept(world, world_answer_command(world, 1, OUTCOMES[i]));
        world_check_ladder(world, 0, OUTCOMES[i]);
        assert_non_null(world_stage_run(world, 1)->answer);
        world_destroy(&world);
    }
    struct world *world = at_stage(UMPIRE, BLOCKED, "lena 1, mara 6", else_tabled);
    time_over(world);
    world_check_ladder(world, 0, TABLED);
    world_destroy(&world);
}

static void each_party(Comity__V1__Stage *stage)
{
    stage->each_party = true;
}

/* */
static void an_office_signs_off(void **state)
{
    (void) state;
    struct world *world = at_stage(SIGN_OFF, ADOPTED, "lena 1, mara 1", each_party);

    world_check_ladder(world, 1, NONE);
    assert_int_equal(world_stage_run(world, 1)->n_asked, 3);
    world_refuse(world, world_sign_off_command(world, "cora", 1, false), ERR_FORBIDDEN, "key");
    world_accept(world, world_sign_off_command(world, "lena", 1, false));
    world_refuse(world, world_sign_off_command(world, "luis", 1, true), ERR_EXISTS, "sign_off.stage");
    world_check_ladder(world, 1, NONE);
    world_accept(world, world_sign_off_command(world, "mara", 1, false));
    world_check_ladder(world, 0, ADOPTED);
    world_destroy(&world);

    world = at_stage(SIGN_OFF, ADOPTED, "lena 1, mara 1", NULL);
    assert_int_equal(world_stage_run(world, 1)->n_asked, 5);
    world_accept(world, world_sign_off_command(world, "lena", 1, false));
    world_accept(world, world_sign_off_command(world, "mara", 1, true));
    world_check_ladder(world, 0, REJECTED);
    world_destroy(&world);

    world = at_stage(SIGN_OFF, ADOPTED, "lena 1, mara 1", else_tabled);
    time_over(world);
    world_check_ladder(world, 0, TABLED);
    world_destroy(&world);

    world = at_stage(SIGN_OFF, ADOPTED, "lena 1, mara 1", by_adviser);
    world_check_ladder(world, 0, TABLED);
    world_destroy(&world);
}

/* One more co-chair of management. */
static void appoint(struct world *world)
{
    static Comity__V1__Office office = COMITY__V1__OFFICE__OFFICE_CO_CHAIR;
    Comity__V1__Command *invite = world_command(world, "mara", COMITY__V1__COMMAND__BODY_INVITE);
    Comity__V1__Command *redeem = world_command(world, "nell", COMITY__V1__COMMAND__BODY_REDEEM);

    invite->invite->key = redeem->redeem->invitation = world_key(world, "once");
    invite->invite->n_offices = 1;
    invite->invite->offices = &office;
    invite->invite->expires_ms = world->context.time_ms + HOUR_MS;
    world_accept(world, invite);
    world_cosign(world, redeem, "once", NULL);
    world_accept(world, redeem);
}

/* who leaves is not waited for; a party of which nobody is left cannot sign any more. */
static void who_leaves_does_not_sign(void **state)
{
    (void) state;
    struct world *world = at_stage(SIGN_OFF, ADOPTED, "lena 1, mara 1", NULL);

    world_accept(world, world_sign_off_command(world, "lena", 1, false));
    world_accept(world, world_sign_off_command(world, "mara", 1, false));
    world_accept(world, world_sign_off_command(world, "cora", 1, false));
    world_accept(world, world_sign_off_command(world, "carl", 1, false));
    assert_int_equal(revoke(world, "luis", "luis")->n_stages, 1);
    world_due(world);
    world_check_ladder(world, 0, ADOPTED);
    world_destroy(&world);

    world = at_stage(SIGN_OFF, ADOPTED, "lena 1, mara 1", each_party);
    assert_int_equal(revoke(world, "luis", "luis")->n_stages, 0);
    world_accept(world, world_sign_off_command(world, "lena", 1, false));
    world_check_ladder(world, 1, NONE);
    appoint(world); /* after the stage was entered: she is not asked */
    assert_int_equal(revoke(world, "mara", "mara")->n_stages, 1);
    world_due(world);
    world_check_ladder(world, 0, REJECTED);
    world_destroy(&world);
}

static void a_party_without_holder(Comity__V1__Stage *stage)
{
    stage->each_party = true;
    stage->office = COMITY__V1__OFFICE__OFFICE_RECORDER;
}

/* what nobody can sign is not waited for. */
static void a_party_that_cannot_sign(void **state)
{
    (void) state;
    struct world *world = at_stage(SIGN_OFF, ADOPTED, "lena 1, mara 1", a_party_without_holder);

    world_check_stage(world, 1, SIGN_OFF, REJECTED);
    world_check_ladder(world, 0, REJECTED);
    world_destroy(&world);
}

/* */
static void without_anybody(void **state)
{
    (void) state;
    struct world *world = at_stage(STATUS_QUO, BLOCKED, "lena 1, mara 6", NULL);

    world_check_stage(world, 1, STATUS_QUO, REJECTED);
    world_check_ladder(world, 0, REJECTED);
    world_destroy(&world);
    world = at_stage(DEFAULT, BLOCKED, "lena 1, mara 6", NULL);
    world_check_stage(world, 1, DEFAULT, BY_DEFAULT);
    world_check_ladder(world, 0, BY_DEFAULT);
    world_destroy(&world);
}

/* A stage takes what its kind asks for, and nothing else. */
static void each_kind_takes_its_own(void **state)
{
    (void) state;
    static const int KINDS[] = {SECONDING, CONFER, CASTING, UMPIRE, ESCALATE, SIGN_OFF};

    for (size_t i = 0; i < ARRAY_COUNT(KINDS); i++) {
        struct world *world = at_stage(KINDS[i], BLOCKED, "lena 1, mara 6", NULL);

        if (KINDS[i] != SECONDING)
            world_refuse(world, world_second_command(world, "lena", 1, MARA), ERR_STAGE, "second_block.stage");
        if (KINDS[i] != CONFER)
            world_refuse(world, world_confer_command(world, 1), ERR_STAGE, "note_conference.stage");
        if (KINDS[i] != CASTING)
            world_refuse(world, world_casting_command(world, "lena", 1, true), ERR_STAGE,
                         "give_casting_vote.stage");
        if (KINDS[i] != UMPIRE && KINDS[i] != ESCALATE)
            world_refuse(world, world_answer_command(world, 1, ADOPTED), ERR_STAGE, "enter_answer.stage");
        if (KINDS[i] != SIGN_OFF)
            world_refuse(world, world_sign_off_command(world, "lena", 1, false), ERR_STAGE, "sign_off.stage");
        world_refuse(world, world_open_round_command(world, 1, 1), ERR_STAGE, "open_round.proposal");
        world_destroy(&world);
    }
}

/* a row that grows has an end, before it would be larger than can be read. */
static void seconds_are_not_without_end(void **state)
{
    enum { MOST = 10000 };
    (void) state;
    struct world *world = at_stage(SECONDING, BLOCKED, "lena 1, mara 6, mona 6", NULL);
    Comity__V1__StageRun *run = world_row(world, TABLE_STAGE, 1, 0);
    Comity__V1__Second *seconds = world_alloc(world, MOST * sizeof(*seconds));

    run->n_seconds = MOST - 1;
    run->seconds = world_alloc(world, MOST * sizeof(*run->seconds));
    for (uint32_t i = 0; i < MOST; i++) {
        comity__v1__second__init(&seconds[i]);
        seconds[i].voter = MONA + 1000; /* others, who block too */
        seconds[i].member = 100 + i;
        run->seconds[i] = &seconds[i];
    }
    assert_int_equal(state_put(&world->view, world->arena, TABLE_STAGE, 1, 0, &run->base), 0);
    world_accept(world, world_second_command(world, "lena", 1, MONA));
    world_refuse(world, world_second_command(world, "lena", 1, MARA), ERR_LIMIT, "second_block.stage");
    assert_int_equal(world->refusal.limit, MOST);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_leads_nowhere_stands),
        cmocka_unit_test(rounds_come_first),
        cmocka_unit_test(blocks_are_seconded),
        cmocka_unit_test(who_seconds_counts),
        cmocka_unit_test(unseconded_blocks_are_counted_anew),
        cmocka_unit_test(a_block_counts_as_what_the_scale_has_not),
        cmocka_unit_test(without_blocks_it_is_over_at_once),
        cmocka_unit_test(they_confer),
        cmocka_unit_test(an_office_decides),
        cmocka_unit_test(an_office_does_not_decide),
        cmocka_unit_test(who_left_is_not_asked),
        cmocka_unit_test(who_leaves_is_not_waited_for),
        cmocka_unit_test(who_leaves_does_not_sign),
        cmocka_unit_test(several_keys_are_one_member),
        cmocka_unit_test(somebody_else_answers),
        cmocka_unit_test(an_office_signs_off),
        cmocka_unit_test(a_party_that_cannot_sign),
        cmocka_unit_test(without_anybody),
        cmocka_unit_test(each_kind_takes_its_own),
        cmocka_unit_test(seconds_are_not_without_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
