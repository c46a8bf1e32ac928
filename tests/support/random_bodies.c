/* Founding, people, bodies, seats and rules; and what all the bodies are made with. */
#include "tests/support/random_bodies.h"

#include <stdlib.h>

#include "core/machine/row.h"

#define SECOND_MS ((int64_t) 1000)

enum {
    CONSTITUENCIES_LIMIT = 7,
    SITES_LIMIT = 12,
    BODIES_LIMIT = 6,
    LOOK_BACK = 12,
};

uint32_t random_last_number(struct random_commands *r, enum table table)
{
    struct row_key key = row_key_counter(table);
    uint32_t last = 0;

    if (row_number(r->view, &key, &last) != 0)
        random_need(NULL, "a counter cannot be read");
    return last;
}

void *random_row(struct random_commands *r, enum table table, uint32_t a, uint32_t b)
{
    ProtobufCMessage *row = NULL;

    return state_get(r->view, r->arena, table, a, b, &row) == 0 ? row : NULL;
}

/* One of the latest things of a table, mostly; 0 where there are none. */
uint32_t random_recent(struct random_commands *r, enum table table)
{
    uint32_t last = random_last_number(r, table);
    uint32_t span = last < LOOK_BACK ? last : LOOK_BACK;

    if (last == 0)
        return 0;
    return random_chance(r, 95) ? last - random_below(r, span) : 1 + random_below(r, last);
}

char *random_name(struct random_commands *r, const char *stem, uint64_t number)
{
    return random_need(arena_printf(r->arena, "%s-%llu", stem, (unsigned long long) number), "no memory");
}

void random_sign(struct random_commands *r, const struct person *person)
{
    r->body->key = random_key(r, person);
}

void random_cosign(struct random_commands *r, const struct person *person)
{
    r->body->cosigners[r->body->n_cosigners++] = random_key(r, person);
}

bool random_sign_jointly(struct random_commands *r)
{
    uint32_t count = random_last_number(r, TABLE_CONSTITUENCY);
    bool is_signed = false;

    for (uint32_t number = 1; number <= count; number++) {
        const Comity__V1__Constituency *constituency = random_row(r, TABLE_CONSTITUENCY, number, 0);
        const struct person *person = random_member(r, CO_CHAIR, number);

        if (constituency->standing != COMITY__V1__STANDING__STANDING_PARTY)
            continue;
        if (!person)
            return false;
        if (is_signed)
            random_cosign(r, person);
        else
            random_sign(r, person);
        is_signed = true;
    }
    return true;
}

static Comity__V1__Founder *founder_new(struct random_commands *r, struct person *person,
                                        Comity__V1__Office first, Comity__V1__Office second)
{
    Comity__V1__Founder *founder = random_alloc(r, sizeof(*founder));

    comity__v1__founder__init(founder);
    founder->key = random_key(r, person);
    founder->name = random_text(r);
    founder->offices = random_alloc(r, 2 * sizeof(*founder->offices));
    if (first)
        founder->offices[founder->n_offices++] = first;
    if (second)
        founder->offices[founder->n_offices++] = second;
    return founder;
}

/* Two co-chairs, of whom one facilitates in a neutral one, and three more. All sign. */
static Comity__V1__NewConstituency *constituency_new(struct random_commands *r, char *name, bool is_party,
                                                     bool is_first)
{
    Comity__V1__NewConstituency *made = random_alloc(r, sizeof(*made));

    comity__v1__new_constituency__init(made);
    made->name = name;
    made->kind = is_party ? COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_WORKER
                          : COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_CONVENER;
    made->standing = is_party ? COMITY__V1__STANDING__STANDING_PARTY : COMITY__V1__STANDING__STANDING_NEUTRAL;
    made->title = random_text(r);
    made->n_founders = 5;
    made->founders = random_alloc(r, made->n_founders * sizeof(*made->founders));
    for (size_t i = 0; i < made->n_founders; i++) {
        struct person *person = random_person_new(r);

        made->founders[i] =
            founder_new(r, person, i < 2 ? CO_CHAIR : 0, !is_party && i < 3 ? FACILITATOR : 0);
        if (is_first && i == 0)
            random_sign(r, person);
        else
            random_cosign(r, person);
    }
    return made;
}

static Comity__V1__NewSite *site_new(struct random_commands *r, uint64_t number)
{
    Comity__V1__NewSite *site = random_alloc(r, sizeof(*site));

    comity__v1__new_site__init(site);
    site->name = random_name(r, "site", number);
    site->title = random_text(r);
    site->time_zone = "Europe/Berlin";
    return site;
}

static bool body_found(struct random_commands *r)
{
    static const bool IS_PARTY[] = {true, true, false};
    Comity__V1__Found *found = r->body->found;

    r->body->history.len = 0;
    found->name = "works";
    found->title = random_text(r);
    found->n_constituencies = ARRAY_COUNT(IS_PARTY);
    found->constituencies = random_alloc(r, ARRAY_COUNT(IS_PARTY) * sizeof(*found->constituencies));
    for (size_t i = 0; i < ARRAY_COUNT(IS_PARTY); i++)
        found->constituencies[i] = constituency_new(r, random_name(r, "side", i + 1), IS_PARTY[i], i == 0);
    found->n_sites = 3;
    found->sites = random_alloc(r, found->n_sites * sizeof(*found->sites));
    for (size_t i = 0; i < found->n_sites; i++)
        found->sites[i] = site_new(r, i + 1);
    return true;
}

static bool body_admit(struct random_commands *r)
{
    if (random_last_number(r, TABLE_CONSTITUENCY) >= CONSTITUENCIES_LIMIT || !random_has_room(r, 5) ||
        !random_sign_jointly(r))
        return false;
    r->body->admit_constituency->constituency =
        constituency_new(r, random_name(r, "side", r->made), random_chance(r, 40), false);
    return true;
}

static bool body_add_site(struct random_commands *r)
{
    if (random_last_number(r, TABLE_SITE) >= SITES_LIMIT)
        return false;
    r->body->add_site->site = site_new(r, r->made);
    return random_sign_jointly(r);
}

static bool body_invite(struct random_commands *r)
{
    const struct person *person = random_member(r, CO_CHAIR, ANYBODY);
    Comity__V1__Invite *invite = r->body->invite;
    Comity__V1__Office office = random_chance(r, 30) ? (Comity__V1__Office) (1 + random_below(r, 6)) : 0;

    if (random_chance(r, 20))
        return random_invite_back(r);
    if (!person)
        return false;
    if (office == FACILITATOR || office == RECORDER) {
        if (!random_sign_jointly(r))
            return false;
    } else {
        random_sign(r, person);
    }
    invite->key = random_key(r, random_invitation_new(r));
    invite->name = random_text(r);
    invite->offices = random_alloc(r, sizeof(*invite->offices));
    if (office)
        invite->offices[invite->n_offices++] = office;
    invite->expires_ms = r->time_ms + SECOND_MS + (int64_t) random_below(r, 3600 * 1000);
    return true;
}

static bool body_redeem(struct random_commands *r)
{
    for (size_t tries = 0; tries < 8 && random_has_room(r, 1); tries++) {
        const struct person *once = random_invitation(r);
        ProtobufCMessage *row = NULL;

        if (!once || state_get_by_key(r->view, r->arena, TABLE_INVITATION, once->key.public_key, &row) != 0)
            continue;
        const Comity__V1__Invitation *invitation = (const Comity__V1__Invitation *) row;
        if (r->was_valid &&
            (invitation->member != 0 || invitation->revoked != 0 || invitation->expires_ms <= r->time_ms))
            continue;
        random_sign(r, random_person_new(r));
        r->body->redeem->invitation = random_key(r, once);
        random_cosign(r, once);
        return true;
    }
    return false;
}

static bool body_withdraw(struct random_commands *r)
{
    const struct person *once = random_invitation(r);
    ProtobufCMessage *row = NULL;

    if (!once || state_get_by_key(r->view, r->arena, TABLE_INVITATION, once->key.public_key, &row) != 0)
        return false;
    const struct person *signer =
        random_member(r, CO_CHAIR, ((const Comity__V1__Invitation *) row)->constituency);
    if (!signer)
        return false;
    random_sign(r, signer);
    r->body->revoke_key->key = random_key(r, once);
    return true;
}

static bool body_revoke_key(struct random_commands *r)
{
    if (random_chance(r, 25))
        return body_withdraw(r);
    if (random_chance(r, 20))
        return random_bar_key(r);
    const struct person *awaited = random_awaited(r);
    const struct person *whose = awaited ? awaited : random_member(r, 0, ANYBODY);
    const struct person *signer = whose;

    /* Few co-chairs are lost, so that there is always somebody to go on with; but some while a stage waits for them. */
    if (!whose || (!awaited && (whose->offices & (1u << CO_CHAIR | 1u << FACILITATOR) || random_chance(r, 87))))
        return false;
    if (random_chance(r, 50))
        signer = random_member(r, CO_CHAIR, whose->constituency);
    if (!signer)
        return false;
    random_sign(r, signer);
    r->body->revoke_key->key = random_key(r, whose);
    return true;
}

static bool body_create_body(struct random_commands *r)
{
    Comity__V1__CreateBody *body = r->body->create_body;
    uint32_t count = random_last_number(r, TABLE_CONSTITUENCY);

    if (random_last_number(r, TABLE_BODY) >= BODIES_LIMIT || !random_sign_jointly(r))
        return false;
    body->name = random_name(r, "body", r->made);
    body->title = random_text(r);
    body->seats = random_alloc(r, count * sizeof(*body->seats));
    for (uint32_t number = 1; number <= count; number++) {
        const Comity__V1__Constituency *constituency = random_row(r, TABLE_CONSTITUENCY, number, 0);
        Comity__V1__SeatGroup *group = random_alloc(r, sizeof(*group));

        comity__v1__seat_group__init(group);
        group->constituency = constituency->name;
        group->count = 1 + random_below(r, 4);
        group->alternates = (Comity__V1__Alternates) random_below(r, 4);
        body->seats[body->n_seats++] = group;
    }
    return true;
}

static bool body_assign_seat(struct random_commands *r)
{
    Comity__V1__AssignSeat *assign = r->body->assign_seat;
    const Comity__V1__Body *body = random_row(r, TABLE_BODY, random_recent(r, TABLE_BODY), 0);

    if (!body)
        return false;
    for (size_t tries = 0; tries < 8; tries++) {
        const Comity__V1__Seat *seat =
            random_row(r, TABLE_SEAT, body->number, 1 + random_below(r, body->seats));
        const struct person *signer = random_member(r, CO_CHAIR, seat->constituency);
        const struct person *holder = random_member(r, 0, seat->constituency);
        struct row_key held;
        uint32_t number = 0;

        if (!signer || !holder)
            continue;
        held = row_key(TABLE_HOLDER, body->number, holder->member);
        if (row_number(r->view, &held, &number) != 0 || number != 0)
            continue;
        random_sign(r, signer);
        assign->body = body->number;
        assign->seat = seat->number;
        assign->member = random_chance(r, 97) ? holder->member : 0;
        if (assign->member != 0 && random_chance(r, 15))
            assign->until_ms = r->time_ms + SECOND_MS + (int64_t) random_below(r, 1800 * 1000);
        return true;
    }
    return false;
}

static Comity__V1__Test *test_new(struct random_commands *r, const char *name, Comity__V1__TestClass class)
{
    Comity__V1__Test *test = random_alloc(r, sizeof(*test));

    comity__v1__test__init(test);
    test->name = random_need(arena_string(r->arena, name), "no memory");
    test->class_ = class;
    test->scope = random_alloc(r, sizeof(*test->scope));
    comity__v1__scope__init(test->scope);
    test->scope->kind = random_chance(r, 50) ? COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE
                                             : COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY;
    test->count = random_alloc(r, sizeof(*test->count));
    comity__v1__count__init(test->count);
    test->against = random_alloc(r, sizeof(*test->against));
    comity__v1__base__init(test->against);
    test->bound = COMITY__V1__BOUND__BOUND_AT_LEAST;
    test->numerator = 1;
    test->denominator = 1 + random_below(r, 3);
    return test;
}

static void test_count_stances(struct random_commands *r, Comity__V1__Test *test, Comity__V1__Stance first,
                               Comity__V1__Stance second)
{
    test->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES;
    test->count->n_stances = second ? 2 : 1;
    test->count->stances = random_alloc(r, 2 * sizeof(*test->count->stances));
    test->count->stances[0] = first;
    test->count->stances[1] = second;
}

static void rule_add_tests(struct random_commands *r, Comity__V1__Rule *rule)
{
    Comity__V1__Test *quorum = test_new(r, "quorum", COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM);
    Comity__V1__Test *objection = test_new(r, "objection", COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION);
    Comity__V1__Test *support = test_new(r, "support", COMITY__V1__TEST_CLASS__TEST_CLASS_SUPPORT);

    rule->tests = random_alloc(r, 3 * sizeof(*rule->tests));
    quorum->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT;
    quorum->against->kind = COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE;
    quorum->denominator = 3;
    if (random_chance(r, 40))
        rule->tests[rule->n_tests++] = quorum;
    test_count_stances(r, objection, COMITY__V1__STANCE__STANCE_BLOCK, 0);
    objection->against->kind = COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    objection->bound = COMITY__V1__BOUND__BOUND_AT_MOST;
    objection->numerator = random_below(r, 2);
    objection->denominator = 1;
    if (random_chance(r, 50))
        rule->tests[rule->n_tests++] = objection;
    test_count_stances(r, support, COMITY__V1__STANCE__STANCE_AGREE, COMITY__V1__STANCE__STANCE_RESERVED);
    support->against->kind = random_chance(r, 50) ? COMITY__V1__BASE_KIND__BASE_KIND_CAST
                                                  : COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE;
    rule->tests[rule->n_tests++] = support;
}

static void rule_add_scale(struct random_commands *r, Comity__V1__Rule *rule)
{
    rule->n_scale = 6;
    rule->scale = random_alloc(r, rule->n_scale * sizeof(*rule->scale));
    for (size_t i = 0; i < rule->n_scale; i++) {
        rule->scale[i] = random_alloc(r, sizeof(*rule->scale[i]));
        comity__v1__scale_entry__init(rule->scale[i]);
        rule->scale[i]->answer = (uint32_t) i + 1;
        rule->scale[i]->label = random_name(r, "answer", i + 1);
        rule->scale[i]->stance = (Comity__V1__Stance) (i + 1);
    }
    rule->n_duties = 1;
    rule->duties = random_alloc(r, sizeof(*rule->duties));
    rule->duties[0] = random_alloc(r, sizeof(*rule->duties[0]));
    comity__v1__duty__init(rule->duties[0]);
    rule->duties[0]->stance = (Comity__V1__Stance) (COMITY__V1__STANCE__STANCE_CONCERN + random_below(r, 2));
    rule->duties[0]->kind = COMITY__V1__DUTY_KIND__DUTY_KIND_REASON;
}

/* Most of the bodies that there are. */
static bool rule_give_bodies(struct random_commands *r, Comity__V1__AdoptRule *adopt)
{
    uint32_t count = random_last_number(r, TABLE_BODY);

    if (count == 0)
        return false;
    adopt->bodies = random_alloc(r, count * sizeof(*adopt->bodies));
    for (uint32_t number = 1; number <= count; number++)
        if (random_chance(r, 85))
            adopt->bodies[adopt->n_bodies++] = number;
    if (adopt->n_bodies == 0)
        adopt->bodies[adopt->n_bodies++] = 1 + random_below(r, count);
    return true;
}

static bool body_adopt_rule(struct random_commands *r)
{
    Comity__V1__Rule *rule = random_alloc(r, sizeof(*rule));

    if (!rule_give_bodies(r, r->body->adopt_rule))
        return false;
    comity__v1__rule__init(rule);
    rule->name = random_name(r, "rule", random_below(r, RULE_NAMES));
    rule->roll = random_chance(r, 70) ? COMITY__V1__ROLL_KIND__ROLL_KIND_SEATS
                                      : (Comity__V1__RollKind) (2 + random_below(r, 2));
    if (rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_LIST)
        rule->list = random_name(r, "electors", random_below(r, RANDOM_LISTS));
    rule->frozen = random_chance(r, 70) ? COMITY__V1__FROZEN__FROZEN_ROUND : COMITY__V1__FROZEN__FROZEN_LADDER;
    rule->notice_ms = random_chance(r, 20) ? (int64_t) random_below(r, 60 * 1000) : 0;
    rule->rounds = 1 + random_below(r, 6);
    rule->silence = (Comity__V1__Silence) random_below(r, 4);
    rule->present = (Comity__V1__Present) random_below(r, 5);
    rule->visibility = (Comity__V1__Visibility) random_below(r, 3);
    rule->change = (Comity__V1__Change) random_below(r, 3);
    rule->close = random_alloc(r, sizeof(*rule->close));
    comity__v1__close__init(rule->close);
    rule->close->at_time = random_chance(r, 40);
    rule->close->all_answered = random_chance(r, 50);
    rule_add_scale(r, rule);
    rule_add_tests(r, rule);
    random_give_form(r, rule);
    random_give_end(r, rule);
    random_add_ladder(r, rule);
    r->body->adopt_rule->rule = rule;
    return random_sign_jointly(r);
}

bool random_body(struct random_commands *r, Comity__V1__Command__BodyCase kind)
{
    static const struct {
        Comity__V1__Command__BodyCase kind;
        bool (*fill)(struct random_commands *r);
    } BODIES[] = {
        {COMITY__V1__COMMAND__BODY_FOUND, body_found},
        {COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY, body_admit},
        {COMITY__V1__COMMAND__BODY_ADD_SITE, body_add_site},
        {COMITY__V1__COMMAND__BODY_INVITE, body_invite},
        {COMITY__V1__COMMAND__BODY_REDEEM, body_redeem},
        {COMITY__V1__COMMAND__BODY_REVOKE_KEY, body_revoke_key},
        {COMITY__V1__COMMAND__BODY_CREATE_BODY, body_create_body},
        {COMITY__V1__COMMAND__BODY_ASSIGN_SEAT, body_assign_seat},
        {COMITY__V1__COMMAND__BODY_ADOPT_RULE, body_adopt_rule},
        {COMITY__V1__COMMAND__BODY_CONVENE_SESSION, random_convene_session},
        {COMITY__V1__COMMAND__BODY_OPEN_SESSION, random_open_session},
        {COMITY__V1__COMMAND__BODY_CLOSE_SESSION, random_close_session},
        {COMITY__V1__COMMAND__BODY_CHECK_IN, random_check_in},
        {COMITY__V1__COMMAND__BODY_ADD_ITEM, random_add_item},
        {COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL, random_make_proposal},
        {COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL, random_revise_proposal},
        {COMITY__V1__COMMAND__BODY_OPEN_ROUND, random_open_round},
        {COMITY__V1__COMMAND__BODY_CAST_BALLOT, random_cast_ballot},
        {COMITY__V1__COMMAND__BODY_CLOSE_ROUND, random_close_round},
        {COMITY__V1__COMMAND__BODY_ENTER_BALLOTS, random_enter_ballots},
        {COMITY__V1__COMMAND__BODY_CONFIRM_BALLOT, random_confirm_ballot},
        {COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT, random_dispute_ballot},
        /* Charter and bodies. */
        {COMITY__V1__COMMAND__BODY_ADOPT_CHARTER, random_adopt_charter},
        {COMITY__V1__COMMAND__BODY_RECUSE, random_recuse},
        {COMITY__V1__COMMAND__BODY_NAME_ALTERNATES, random_name_alternates},
        {COMITY__V1__COMMAND__BODY_HAND_OVER, random_hand_over},
        {COMITY__V1__COMMAND__BODY_TAKE_BACK, random_take_back},
        /* Sessions. */
        {COMITY__V1__COMMAND__BODY_DRAFT_SESSION, random_draft_session},
        {COMITY__V1__COMMAND__BODY_GIVE_NOTICE, random_give_notice},
        {COMITY__V1__COMMAND__BODY_ORDER_AGENDA, random_order_agenda},
        {COMITY__V1__COMMAND__BODY_SET_GROUND_RULES, random_set_ground_rules},
        {COMITY__V1__COMMAND__BODY_NAME_FACILITATORS, random_name_facilitators},
        {COMITY__V1__COMMAND__BODY_ROLL_CALL, random_roll_call},
        {COMITY__V1__COMMAND__BODY_CHECK_OUT, random_check_out},
        {COMITY__V1__COMMAND__BODY_STEP_AWAY, random_step_away},
        {COMITY__V1__COMMAND__BODY_RECESS_SESSION, random_recess_session},
        {COMITY__V1__COMMAND__BODY_RESUME_SESSION, random_resume_session},
        {COMITY__V1__COMMAND__BODY_CALL_CAUCUS, random_call_caucus},
        {COMITY__V1__COMMAND__BODY_END_CAUCUS, random_end_caucus},
        {COMITY__V1__COMMAND__BODY_RAISE_HAND, random_raise_hand},
        {COMITY__V1__COMMAND__BODY_LOWER_HAND, random_lower_hand},
        {COMITY__V1__COMMAND__BODY_GIVE_FLOOR, random_give_floor},
        {COMITY__V1__COMMAND__BODY_YIELD_FLOOR, random_yield_floor},
        {COMITY__V1__COMMAND__BODY_SET_TIME_BOX, random_set_time_box},
        {COMITY__V1__COMMAND__BODY_EXTEND_TIME_BOX, random_extend_time_box},
        {COMITY__V1__COMMAND__BODY_PROPOSE_SIDEBAR, random_propose_sidebar},
        {COMITY__V1__COMMAND__BODY_AGREE_SIDEBAR, random_agree_sidebar},
        {COMITY__V1__COMMAND__BODY_DECLINE_SIDEBAR, random_decline_sidebar},
        {COMITY__V1__COMMAND__BODY_END_SIDEBAR, random_end_sidebar},
        {COMITY__V1__COMMAND__BODY_NOTE_PLUS_DELTA, random_note_plus_delta},
        /* Problem solving. */
        {COMITY__V1__COMMAND__BODY_MOVE_PHASE, random_move_phase},
        {COMITY__V1__COMMAND__BODY_HOLD_PHASE, random_hold_phase},
        {COMITY__V1__COMMAND__BODY_RELEASE_PHASE, random_release_phase},
        {COMITY__V1__COMMAND__BODY_FLAG_BARGAINING, random_flag_bargaining},
        {COMITY__V1__COMMAND__BODY_SET_ASIDE_ITEM, random_set_aside_item},
        {COMITY__V1__COMMAND__BODY_WITHDRAW_ITEM, random_withdraw_item},
        {COMITY__V1__COMMAND__BODY_CONTRIBUTE, random_contribute},
        {COMITY__V1__COMMAND__BODY_AMEND_CONTRIBUTION, random_amend_contribution},
        {COMITY__V1__COMMAND__BODY_WITHDRAW_CONTRIBUTION, random_withdraw_contribution},
        {COMITY__V1__COMMAND__BODY_APPROVE_CONTRIBUTIONS, random_approve_contributions},
        {COMITY__V1__COMMAND__BODY_LINK_PROPOSAL, random_link_proposal},
        {COMITY__V1__COMMAND__BODY_RAISE_CONCERN, random_raise_concern},
        {COMITY__V1__COMMAND__BODY_SECOND_CONCERN, random_second_concern},
        {COMITY__V1__COMMAND__BODY_SETTLE_CONCERN, random_settle_concern},
        {COMITY__V1__COMMAND__BODY_REQUEST_DATA, random_request_data},
        {COMITY__V1__COMMAND__BODY_ANSWER_DATA, random_answer_data},
        {COMITY__V1__COMMAND__BODY_REFUSE_DATA, random_refuse_data},
        {COMITY__V1__COMMAND__BODY_STATE_FACT, random_state_fact},
        {COMITY__V1__COMMAND__BODY_JUDGE_FACT, random_judge_fact},
        {COMITY__V1__COMMAND__BODY_WITHDRAW_FACT, random_withdraw_fact},
        {COMITY__V1__COMMAND__BODY_OPEN_STRAW_POLL, random_open_straw_poll},
        /* Decisions and minutes. */
        {COMITY__V1__COMMAND__BODY_REVIEW_DECISION, random_review_decision},
        {COMITY__V1__COMMAND__BODY_SIGN_CLAUSE, random_sign_clause},
        {COMITY__V1__COMMAND__BODY_REOPEN_DECISION, random_reopen_decision},
        {COMITY__V1__COMMAND__BODY_DECLARE_OUTCOME, random_declare_outcome},
        {COMITY__V1__COMMAND__BODY_ADD_ACTION, random_add_action},
        {COMITY__V1__COMMAND__BODY_UPDATE_ACTION, random_update_action},
        {COMITY__V1__COMMAND__BODY_DRAFT_MINUTES, random_draft_minutes},
        {COMITY__V1__COMMAND__BODY_CORRECT_MINUTES, random_correct_minutes},
        {COMITY__V1__COMMAND__BODY_APPROVE_MINUTES, random_approve_minutes},
        {COMITY__V1__COMMAND__BODY_DISSENT_MINUTES, random_dissent_minutes},
        {COMITY__V1__COMMAND__BODY_GIVE_MANDATE, random_give_mandate},
        {COMITY__V1__COMMAND__BODY_REPORT_MANDATE, random_report_mandate},
        {COMITY__V1__COMMAND__BODY_RECALL_MANDATE, random_recall_mandate},
        {COMITY__V1__COMMAND__BODY_SET_RETENTION, random_set_retention},
        {COMITY__V1__COMMAND__BODY_HOLD_TEXTS, random_hold_texts},
        {COMITY__V1__COMMAND__BODY_LIFT_HOLD, random_lift_hold},
        {COMITY__V1__COMMAND__BODY_PURGE_TEXTS, random_purge_texts},
        /* Rules and stages. */
        {COMITY__V1__COMMAND__BODY_SET_LIST, random_set_list},
        {COMITY__V1__COMMAND__BODY_ACKNOWLEDGE_ROUND, random_acknowledge_round},
        {COMITY__V1__COMMAND__BODY_SECOND_BLOCK, random_second_block},
        {COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE, random_note_conference},
        {COMITY__V1__COMMAND__BODY_GIVE_CASTING_VOTE, random_give_casting_vote},
        {COMITY__V1__COMMAND__BODY_ENTER_ANSWER, random_enter_answer},
        {COMITY__V1__COMMAND__BODY_SIGN_OFF, random_sign_off},
        /* Keys and witnesses. */
        {COMITY__V1__COMMAND__BODY_ADD_KEY, random_add_key},
        {COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR, random_recover_co_chair},
        {COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY, random_set_recovery_key},
        {COMITY__V1__COMMAND__BODY_APPOINT_WITNESS, random_appoint_witness},
        {COMITY__V1__COMMAND__BODY_DISMISS_WITNESS, random_dismiss_witness},
    };

    for (size_t i = 0; i < ARRAY_COUNT(BODIES); i++)
        if (BODIES[i].kind == kind)
            return BODIES[i].fill(r);
    return false;
}
