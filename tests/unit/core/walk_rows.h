/* A valid command of every kind, by lena where she may, in a history that is made for them; and who may give it beside.
 * For the tests that walk the table of commands. */
#ifndef COMITY_TESTS_UNIT_CORE_WALK_ROWS_H
#define COMITY_TESTS_UNIT_CORE_WALK_ROWS_H

#include "core/error.h"
#include "tests/support/world_charter.h"
#include "tests/support/world_decisions.h"
#include "walk_session.h"
#include "walk_solving.h"
#include "walk_stage.h"

static void fill_create_body(struct world *world, Comity__V1__Command *command);

/* Body 2, with one seat of labour whose holder can have an alternate. */
static void world_panel(struct world *world)
{
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_CREATE_BODY);

    fill_create_body(world, command);
    command->create_body->seats[0]->alternates = COMITY__V1__ALTERNATES__ALTERNATES_NAMED;
    command->create_body->name = arena_string(world->arena, "pool");
    world_accept(world, command);
}

/* Labour's witness. */
static void world_watch(struct world *world)
{
    Comity__V1__Command *appoint = world_command(world, "lena", COMITY__V1__COMMAND__BODY_APPOINT_WITNESS);

    appoint->appoint_witness->name = arena_string(world->arena, "watch");
    appoint->appoint_witness->key = world_key(world, "watch");
    world_accept(world, appoint);
}

/* In a history with a round open, a key "once" invited, luis's key revoked, and lars without office or seat.
 */
static struct world *world_prepared(void)
{
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *invite = world_command(world, "lena", COMITY__V1__COMMAND__BODY_INVITE);
    Comity__V1__Command *revoke = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REVOKE_KEY);

    invite->invite->key = world_key(world, "once");
    invite->invite->expires_ms = world->context.time_ms + 1000;
    world_accept(world, invite);
    revoke->revoke_key->key = world_key(world, "luis");
    world_accept(world, revoke);
    world_propose(world, 1);
    world_panel(world);
    world_watch(world);
    return world;
}

static void fill_admit(struct world *world, Comity__V1__Command *command)
{
    static const Comity__V1__Office CO_CHAIR[] = {COMITY__V1__OFFICE__OFFICE_CO_CHAIR};
    Comity__V1__NewConstituency *made = arena_alloc(world->arena, sizeof(*made));

    comity__v1__new_constituency__init(made);
    made->name = arena_string(world->arena, "trades");
    made->kind = COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_WORKER;
    made->standing = COMITY__V1__STANDING__STANDING_PARTY;
    made->title = world_text(world);
    made->n_founders = 2;
    made->founders = arena_alloc(world->arena, 2 * sizeof(*made->founders));
    made->founders[0] = world_founder(world, "tess", CO_CHAIR, 1);
    made->founders[1] = world_founder(world, "theo", CO_CHAIR, 1);
    command->admit_constituency->constituency = made;
    world_cosign(world, command, "mara", "tess", "theo", NULL);
}

static void fill_add_site(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__NewSite *site = arena_alloc(world->arena, sizeof(*site));

    comity__v1__new_site__init(site);
    site->name = arena_string(world->arena, "west");
    site->title = world_text(world);
    site->time_zone = arena_string(world->arena, "UTC");
    command->add_site->site = site;
    world_cosign(world, command, "mara", NULL);
}

static void fill_invite(struct world *world, Comity__V1__Command *command)
{
    command->invite->key = world_key(world, "new one");
    command->invite->expires_ms = world->context.time_ms + 1000;
}

static void fill_redeem(struct world *world, Comity__V1__Command *command)
{
    command->redeem->invitation = world_key(world, "once");
    world_cosign(world, command, "once", NULL);
}

static void fill_revoke_key(struct world *world, Comity__V1__Command *command)
{
    command->revoke_key->key = world_key(world, "odo");
}

static void fill_add_key(struct world *world, Comity__V1__Command *command)
{
    command->add_key->key = world_key(world, "tablet");
    world_cosign(world, command, "tablet", NULL);
}

static void fill_recover_co_chair(struct world *world, Comity__V1__Command *command)
{
    command->recover_co_chair->member = MARA;
    command->recover_co_chair->key = world_key(world, "mara again");
    world_cosign(world, command, "mara again", NULL);
}

static void fill_set_recovery_key(struct world *world, Comity__V1__Command *command)
{
    command->set_recovery_key->key = world_key(world, "a safe");
    world_cosign(world, command, "a safe", NULL);
}

static void fill_appoint_witness(struct world *world, Comity__V1__Command *command)
{
    command->appoint_witness->name = arena_string(world->arena, "owl");
    command->appoint_witness->key = world_key(world, "owl");
}

static void fill_dismiss_witness(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->dismiss_witness->witness = 1;
}

static void fill_create_body(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__CreateBody *body = command->create_body;

    body->name = arena_string(world->arena, "panel");
    body->n_seats = 1;
    body->seats = arena_alloc(world->arena, sizeof(*body->seats));
    body->seats[0] = arena_alloc(world->arena, sizeof(*body->seats[0]));
    comity__v1__seat_group__init(body->seats[0]);
    body->seats[0]->constituency = arena_string(world->arena, "labour");
    body->seats[0]->count = 1;
    world_cosign(world, command, "mara", NULL);
}

static void fill_assign_seat(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->assign_seat->body = 1;
    command->assign_seat->seat = 1;
    command->assign_seat->member = 0;
}

static void fill_adopt_rule(struct world *world, Comity__V1__Command *command)
{
    static uint32_t bodies[] = {1};

    command->adopt_rule->rule = world_rule(world, "other");
    command->adopt_rule->n_bodies = ARRAY_COUNT(bodies);
    command->adopt_rule->bodies = bodies;
    world_cosign(world, command, "mara", NULL);
}

static void fill_convene(struct world *world, Comity__V1__Command *command)
{
    command->convene_session->body = 1;
    command->convene_session->starts_ms = world->context.time_ms;
}

static void fill_open_session(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__Command *convene = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CONVENE_SESSION);

    fill_convene(world, convene);
    command->open_session->session = world_accept(world, convene)->session_convened->session->number;
}

static void fill_close_session(struct world *world, Comity__V1__Command *command)
{
    command->close_session->session = world_open_session(world, 1);
}

static void fill_check_in(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->check_in->session = 1;
    command->check_in->site = 1;
}

static void fill_add_item(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->add_item->session = 1;
}

static void fill_make_proposal(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->make_proposal->item = 1;
}

static void fill_revise(struct world *world, Comity__V1__Command *command)
{
    command->revise_proposal->proposal = 2;
    command->revise_proposal->base_hash =
        ((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 2, 0))->versions[0]->text->hash;
}

static void fill_open_round(struct world *world, Comity__V1__Command *command)
{
    *command->open_round = *world_open_round_command(world, 2, 1)->open_round;
}

static void fill_cast_ballot(struct world *world, Comity__V1__Command *command)
{
    *command->cast_ballot = *world_ballot(world, "mona", 1, 1)->cast_ballot;
}

static void fill_close_round(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->close_round->round = 1;
}

static void fill_enter_ballots(struct world *world, Comity__V1__Command *command)
{
    static const uint32_t VOTERS[] = {LENA, MARA, MONA};
    Comity__V1__EnterBallots *enter = command->enter_ballots;

    enter->round = 1;
    enter->text_hash = ((Comity__V1__Round *) world_row(world, TABLE_ROUND, 1, 0))->text_hash;
    enter->ballots = arena_alloc(world->arena, ARRAY_COUNT(VOTERS) * sizeof(*enter->ballots));
    for (size_t i = 0; i < ARRAY_COUNT(VOTERS); i++) {
        Comity__V1__EnteredBallot *entered = arena_alloc(world->arena, sizeof(*entered));

        comity__v1__entered_ballot__init(entered);
        entered->member = VOTERS[i];
        entered->answer = 1;
        if (world_has(world, TABLE_BALLOT, 1, VOTERS[i]))
            entered->replaces =
                ((Comity__V1__Ballot *) world_row(world, TABLE_BALLOT, 1, VOTERS[i]))->sequence;
        entered->medium = COMITY__V1__BALLOT_MEDIUM__BALLOT_MEDIUM_PAPER;
        enter->ballots[enter->n_ballots++] = entered;
    }
}

static void fill_countersigned(struct world *world, Comity__V1__Command *command)
{
    fill_enter_ballots(world, command);
    world_cosign(world, command, "mara", NULL);
}

/* The sequence of ballots that odo entered for some of those on the roll. */
static uint64_t entered_ballots(struct world *world)
{
    Comity__V1__Command *enter = world_command(world, "odo", COMITY__V1__COMMAND__BODY_ENTER_BALLOTS);

    fill_countersigned(world, enter);
    world_accept(world, enter);
    return world->context.next_sequence - 1;
}

static void fill_confirm_ballot(struct world *world, Comity__V1__Command *command)
{
    command->confirm_ballot->round = 1;
    command->confirm_ballot->ballot = entered_ballots(world);
}

static void fill_dispute_ballot(struct world *world, Comity__V1__Command *command)
{
    command->dispute_ballot->round = 1;
    command->dispute_ballot->ballot = entered_ballots(world);
    command->dispute_ballot->reason = world_text(world);
}

static void fill_adopt_charter(struct world *world, Comity__V1__Command *command)
{
    command->adopt_charter->charter = world_charter(world);
    world_cosign(world, command, "mara", NULL);
}

static void fill_recuse(struct world *world, Comity__V1__Command *command)
{
    command->recuse->proposal = 2;
    command->recuse->reason = world_text(world);
}

static void fill_name_alternates(struct world *world, Comity__V1__Command *command)
{
    static uint32_t members[] = {LARS};

    (void) world;
    command->name_alternates->body = 2;
    command->name_alternates->seat = 1;
    command->name_alternates->n_members = 1;
    command->name_alternates->members = members;
}

/* Of seat 1 of body 2, which lars holds, in a session of that body. */
static void fill_hand_over(struct world *world, Comity__V1__Command *command)
{
    static uint32_t members[] = {LENA};
    Comity__V1__Command *name = world_command(world, "lena", COMITY__V1__COMMAND__BODY_NAME_ALTERNATES);

    world_seat(world, "lena", 2, 1, LARS);
    fill_name_alternates(world, name);
    name->name_alternates->members = members;
    world_accept(world, name);
    command->hand_over->session = world_open_session(world, 2);
    command->hand_over->seat = 1;
    command->hand_over->member = LENA;
}

static void fill_take_back(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__Command *hand_over = world_command(world, "lena", COMITY__V1__COMMAND__BODY_HAND_OVER);

    fill_hand_over(world, hand_over);
    world_accept(world, hand_over);
    command->take_back->session = hand_over->hand_over->session;
    command->take_back->seat = 1;
}

/* Round 1 adopts, once: decision 1. */
static void decide_round(struct world *world)
{
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    if (world_has(world, TABLE_DECISION, 1, 0))
        return;
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_accept(world, world_ballot(world, "mara", 1, 1));
    close->close_round->round = 1;
    world_accept(world, close);
}

/* And session 1 has minutes. */
static void draft_minutes(struct world *world)
{
    decide_round(world);
    if (!world_has(world, TABLE_MINUTES, 1, 0))
        world_minuted(world, false);
}

static void fill_review(struct world *world, Comity__V1__Command *command)
{
    decide_round(world);
    command->review_decision->decision = 1;
}

static void fill_sign(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__Terms *terms = world_terms(world);

    world_add_clause(world, terms);
    *command->sign_clause = *world_sign_command(world, "lena", world_decide(world, terms))->sign_clause;
}

static void fill_reopen(struct world *world, Comity__V1__Command *command)
{
    decide_round(world);
    command->reopen_decision->decision = 1;
    command->reopen_decision->session = 1;
}

static void fill_declare(struct world *world, Comity__V1__Command *command)
{
    decide_round(world);
    command->declare_outcome->round = 1;
    command->declare_outcome->outcome = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED;
    command->declare_outcome->reason = world_text(world);
    world_cosign(world, command, "mara", NULL);
}

static void fill_add_action(struct world *world, Comity__V1__Command *command)
{
    decide_round(world);
    *command->add_action = *world_action_command(world, "lena", 1)->add_action;
}

static void fill_update_action(struct world *world, Comity__V1__Command *command)
{
    decide_round(world);
    world_accept(world, world_action_command(world, "lena", 1)); /* lars and mona owe it */
    command->update_action->action = 1;
    command->update_action->status = COMITY__V1__ACTION_STATUS__ACTION_STATUS_DONE;
}

static void fill_draft_minutes(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_SESSION);
    const Comity__V1__Session *session = world_row(world, TABLE_SESSION, 1, 0);

    decide_round(world);
    close->close_session->session = 1;
    if (session->closed_ms == 0)
        world_accept(world, close);
    command->draft_minutes->session = 1;
}

static void fill_correct_minutes(struct world *world, Comity__V1__Command *command)
{
    draft_minutes(world);
    command->correct_minutes->session = 1;
    command->correct_minutes->base_hash = world_approve_command(world, "lena", 1)->approve_minutes->text_hash;
}

static void fill_approve_minutes(struct world *world, Comity__V1__Command *command)
{
    draft_minutes(world);
    *command->approve_minutes = *world_approve_command(world, "lena", 1)->approve_minutes;
}

static void fill_dissent_minutes(struct world *world, Comity__V1__Command *command)
{
    draft_minutes(world);
    command->dissent_minutes->session = 1;
    command->dissent_minutes->text_hash = world_approve_command(world, "lena", 1)->approve_minutes->text_hash;
}

static void fill_give_mandate(struct world *world, Comity__V1__Command *command)
{
    decide_round(world);
    *command->give_mandate = *world_mandate_command(world, 1, LARS)->give_mandate;
    world_cosign(world, command, "mara", NULL);
}

static void fill_report_mandate(struct world *world, Comity__V1__Command *command)
{
    decide_round(world);
    world_accept(world, world_mandate_command(world, 1, LARS));
    command->report_mandate->mandate = 1;
}

static void fill_set_retention(struct world *world, Comity__V1__Command *command)
{
    command->set_retention->session = 1;
    command->set_retention->class_ = arena_string(world->arena, "candid");
    world_cosign(world, command, "mara", NULL);
}

static void fill_hold_texts(struct world *world, Comity__V1__Command *command)
{
    command->hold_texts->session = 1;
    command->hold_texts->reason = world_text(world);
}

static void fill_lift_hold(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__Command *hold = world_command(world, "mara", COMITY__V1__COMMAND__BODY_HOLD_TEXTS);

    fill_hold_texts(world, hold);
    command->lift_hold->hold = world_accept(world, hold)->texts_held->hold->number;
}

static void fill_purge_texts(struct world *world, Comity__V1__Command *command)
{
    draft_minutes(world);
    command->purge_texts->session = 1;
    world_cosign(world, command, "mara", NULL);
}

static void fill_recall_mandate(struct world *world, Comity__V1__Command *command)
{
    decide_round(world);
    world_accept(world, world_mandate_command(world, 1, LARS));
    command->recall_mandate->mandate = 1;
    command->recall_mandate->reason = world_text(world);
}

static void fill_set_list(struct world *world, Comity__V1__Command *command)
{
    command->set_list->name = arena_string(world->arena, "electors");
    command->set_list->constituency = arena_string(world->arena, "labour");
}

static void fill_acknowledge_round(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->acknowledge_round->round = 1;
}

/* @without: members who have not the right, and what they are told. */
static const struct walk_row {
    Comity__V1__Command__BodyCase body;
    void (*fill)(struct world *world, Comity__V1__Command *command);
    const char *with[4];
    const char *without[6];
    int code;
} WALK[] = {
    {COMITY__V1__COMMAND__BODY_FOUND, NULL, {"lena", "mara"}, {"stranger"}, ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY,
     fill_admit,
     {"lena", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_ADD_SITE,
     fill_add_site,
     {"lena", "cora"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_INVITE,
     fill_invite,
     {"lena", "mara", "cora"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_REDEEM, fill_redeem, {"newcomer"}, {NULL}, ERR_EXISTS},
    {COMITY__V1__COMMAND__BODY_REVOKE_KEY,
     fill_revoke_key,
     {"odo", "carl", "cora"},
     {"lena", "mara", "lars", "mona"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_CREATE_BODY,
     fill_create_body,
     {"lena", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_ASSIGN_SEAT,
     fill_assign_seat,
     {"lena"},
     {"lars", "mara", "cora", "carl", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_ADOPT_RULE,
     fill_adopt_rule,
     {"lena", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_CONVENE_SESSION,
     fill_convene,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_OPEN_SESSION,
     fill_open_session,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_CLOSE_SESSION,
     fill_close_session,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_CHECK_IN, fill_check_in, {"mona", "odo", "carl"}, {"lars"}, ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_ADD_ITEM,
     fill_add_item,
     {"mona", "lena", "cora"},
     {"lars", "odo", "carl"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL,
     fill_make_proposal,
     {"mona", "lena", "cora"},
     {"lars", "odo", "carl"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL,
     fill_revise,
     {"mona", "lena", "cora"},
     {"lars", "odo", "carl"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_OPEN_ROUND,
     fill_open_round,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_CAST_BALLOT,
     fill_cast_ballot,
     {"mona", "lena", "mara", "cora"},
     {"lars", "odo", "carl"},
     ERR_NOT_ON_ROLL},
    {COMITY__V1__COMMAND__BODY_CLOSE_ROUND,
     fill_close_round,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_ENTER_BALLOTS,
     fill_countersigned,
     {"odo"},
     {"lena", "carl", "lars", "cora"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_CONFIRM_BALLOT,
     fill_confirm_ballot,
     {"mona", "lena", "mara"},
     {"lars", "odo", "carl"},
     ERR_NOT_ON_ROLL},
    {COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT,
     fill_dispute_ballot,
     {"mona", "lena", "mara"},
     {"lars", "odo", "carl"},
     ERR_NOT_ON_ROLL},
    /* Charter and bodies. */
    {COMITY__V1__COMMAND__BODY_ADOPT_CHARTER,
     fill_adopt_charter,
     {"lena", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_RECUSE,
     fill_recuse,
     {"mona", "lena", "cora"},
     {"lars", "odo", "carl"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_NAME_ALTERNATES,
     fill_name_alternates,
     {"lena"},
     {"lars", "mara", "cora", "carl", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_HAND_OVER,
     fill_hand_over,
     {"lena", "lars"},
     {"mara", "mona", "cora", "carl", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_TAKE_BACK,
     fill_take_back,
     {"lena", "lars"},
     {"mara", "mona", "cora", "carl", "odo"},
     ERR_FORBIDDEN},
    /* Sessions. */
    {COMITY__V1__COMMAND__BODY_DRAFT_SESSION,
     fill_draft_session,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_GIVE_NOTICE,
     fill_give_notice,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_ORDER_AGENDA,
     fill_order_agenda,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_SET_GROUND_RULES,
     fill_set_ground_rules,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_NAME_FACILITATORS,
     fill_session,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_ROLL_CALL,
     fill_roll_call,
     {"cora", "odo"},
     {"lena", "mara", "carl", "lars"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_CHECK_OUT, fill_session, {"lena", "mara"}, {"lars"}, ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_STEP_AWAY, fill_session, {"lena", "mara"}, {"lars"}, ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_RECESS_SESSION,
     fill_session,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_RESUME_SESSION,
     fill_resume_session,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_CALL_CAUCUS,
     fill_call_caucus,
     {"lena", "mona", "mara"},
     {"cora", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_END_CAUCUS,
     fill_end_caucus,
     {"mara", "mona"},
     {"cora", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_RAISE_HAND,
     fill_session,
     {"lena", "cora"},
     {"lars", "odo", "carl"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_LOWER_HAND, fill_lower_hand, {"lena", "mara"}, {"lars"}, ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_GIVE_FLOOR,
     fill_give_floor,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_YIELD_FLOOR, fill_yield_floor, {"lena", "cora"}, {"lars"}, ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_SET_TIME_BOX,
     fill_set_time_box,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_EXTEND_TIME_BOX,
     fill_extend_time_box,
     {"cora"},
     {"lena", "mara", "carl", "lars", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_PROPOSE_SIDEBAR,
     fill_propose_sidebar,
     {"lena", "odo", "mona"},
     {"lars"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_AGREE_SIDEBAR,
     fill_agree_sidebar,
     {"mara", "odo"},
     {"lars", "cora", "mona"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_DECLINE_SIDEBAR,
     fill_agree_sidebar,
     {"lena", "odo"},
     {"lars", "cora", "mona"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_END_SIDEBAR,
     fill_end_sidebar,
     {"lena", "odo"},
     {"lars", "cora", "mona"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_NOTE_PLUS_DELTA,
     fill_note_plus_delta,
     {"mona", "odo"},
     {"lars"},
     ERR_FORBIDDEN},
    /* Problem solving. */
    WALK_SOLVING
    /* Decisions and minutes. */
    /* Decisions and minutes. */
    {COMITY__V1__COMMAND__BODY_REVIEW_DECISION,
     fill_review,
     {"mona", "odo", "cora"},
     {"lars", "carl"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_SIGN_CLAUSE,
     fill_sign,
     {"lena", "mara"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_REOPEN_DECISION,
     fill_reopen,
     {"lena", "mara"},
     {"lars", "mona", "cora", "carl", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_DECLARE_OUTCOME,
     fill_declare,
     {"lena", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_ADD_ACTION,
     fill_add_action,
     {"mona", "odo", "cora"},
     {"lars", "carl"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_UPDATE_ACTION,
     fill_update_action,
     {"lars", "odo", "cora"},
     {"lena", "mara", "carl"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_DRAFT_MINUTES,
     fill_draft_minutes,
     {"odo", "cora"},
     {"lena", "mara", "carl", "lars"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_CORRECT_MINUTES,
     fill_correct_minutes,
     {"mona", "odo", "cora"},
     {"lars", "carl"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_APPROVE_MINUTES,
     fill_approve_minutes,
     {"lena", "mara", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_DISSENT_MINUTES,
     fill_dissent_minutes,
     {"lena", "mara", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_GIVE_MANDATE,
     fill_give_mandate,
     {"lena", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_REPORT_MANDATE,
     fill_report_mandate,
     {"lars"},
     {"lena", "mara", "mona", "cora", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_SET_RETENTION,
     fill_set_retention,
     {"lena", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_HOLD_TEXTS,
     fill_hold_texts,
     {"lena", "mara", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_LIFT_HOLD,
     fill_lift_hold,
     {"mara"},
     {"lena", "mona", "cora", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_PURGE_TEXTS,
     fill_purge_texts,
     {"lena", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_RECALL_MANDATE,
     fill_recall_mandate,
     {"lena", "mara"},
     {"lars", "mona", "cora", "carl", "odo"},
     ERR_FORBIDDEN},
    /* Rules and stages. */
    {COMITY__V1__COMMAND__BODY_SECOND_BLOCK,
     fill_second_block,
     {"lena", "mona", "cora"},
     {"lars", "carl", "odo"},
     ERR_NOT_ON_ROLL},
    {COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE,
     fill_note_conference,
     {"odo", "cora"},
     {"lena", "lars", "carl"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_GIVE_CASTING_VOTE,
     fill_give_casting_vote,
     {"lena", "mara", "cora", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_ENTER_ANSWER,
     fill_enter_answer,
     {"odo"},
     {"lena", "lars", "cora", "carl"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_SIGN_OFF,
     fill_sign_off,
     {"lena", "mara", "cora", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_SET_LIST,
     fill_set_list,
     {"lena"},
     {"lars", "mara", "cora", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_ACKNOWLEDGE_ROUND,
     fill_acknowledge_round,
     {"mona", "lena", "cora"},
     {"lars", "odo", "carl"},
     ERR_NOT_ON_ROLL},
    /* Keys and witnesses. */
    {COMITY__V1__COMMAND__BODY_ADD_KEY, fill_add_key, {"lena", "lars", "mona", "odo"}, {NULL}, ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR,
     fill_recover_co_chair,
     {"mrec"},
     {"lena", "mara", "mona", "cora", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY,
     fill_set_recovery_key,
     {"lena", "mara", "cora", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_APPOINT_WITNESS,
     fill_appoint_witness,
     {"lena", "mara", "cora", "carl"},
     {"lars", "mona", "odo"},
     ERR_FORBIDDEN},
    {COMITY__V1__COMMAND__BODY_DISMISS_WITNESS,
     fill_dismiss_witness,
     {"lena"},
     {"lars", "mara", "mona", "cora", "odo"},
     ERR_FORBIDDEN},
};

static const struct walk_row *walk_find(Comity__V1__Command__BodyCase body)
{
    for (size_t i = 0; i < ARRAY_COUNT(WALK); i++)
        if (WALK[i].body == body)
            return &WALK[i];
    return NULL;
}

/* Cosigned by the key that it brings in. */
static bool is_of_new_key(Comity__V1__Command__BodyCase body)
{
    return body == COMITY__V1__COMMAND__BODY_ADD_KEY || body == COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR ||
           body == COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY;
}

#endif
