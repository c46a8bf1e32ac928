/* Sessions: drafts, who is there, pauses, the floor, time boxes, sidebars. */
#include "tests/support/random_bodies.h"

#include "core/machine/row.h"

#define MINUTE_MS ((int64_t) 60 * 1000)
#define DRAFT COMITY__V1__SESSION_STATE__SESSION_STATE_DRAFT
#define OPEN COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN

bool random_draft_session(struct random_commands *r)
{
    r->body->draft_session->body = random_recent(r, TABLE_BODY);
    r->body->draft_session->title = random_text(r);
    r->body->draft_session->starts_ms = r->time_ms + 60 * MINUTE_MS;
    return r->body->draft_session->body != 0 && random_sign_as_facilitator(r);
}

bool random_give_notice(struct random_commands *r)
{
    const Comity__V1__Session *session = random_session(r, DRAFT);

    if (!session)
        return false;
    r->body->give_notice->session = session->number;
    r->body->give_notice->notice_minutes = random_chance(r, 60) ? 0 : random_below(r, 30);
    return random_sign_as_facilitator(r);
}

/* Some of the latest items of a session. */
bool random_order_agenda(struct random_commands *r)
{
    Comity__V1__OrderAgenda *order = r->body->order_agenda;
    uint32_t last = random_recent(r, TABLE_ITEM);
    const Comity__V1__Item *first = random_row(r, TABLE_ITEM, last, 0);

    if (!first)
        return false;
    order->session = first->session;
    order->items = random_alloc(r, 4 * sizeof(*order->items));
    for (uint32_t number = last; number > 0 && number + 12 > last && order->n_items < 4; number--) {
        const Comity__V1__Item *item = random_row(r, TABLE_ITEM, number, 0);

        if (item->session == order->session)
            order->items[order->n_items++] = number;
    }
    return random_sign_as_facilitator(r);
}

bool random_set_ground_rules(struct random_commands *r)
{
    const Comity__V1__Session *session = random_session(r, OPEN);

    if (!session)
        return false;
    r->body->set_ground_rules->session = session->number;
    r->body->set_ground_rules->text = random_text(r);
    r->body->set_ground_rules->away_after_minutes = random_chance(r, 30) ? 0 : 1 + random_below(r, 20);
    r->body->set_ground_rules->queue = (Comity__V1__QueueOrder) (1 + random_below(r, 2));
    return random_sign_as_facilitator(r);
}

bool random_name_facilitators(struct random_commands *r)
{
    const Comity__V1__Session *session = random_session(r, OPEN);
    const struct person *named = random_member(r, FACILITATOR, ANYBODY);
    const struct person *recorder = random_member(r, RECORDER, ANYBODY);
    Comity__V1__NameFacilitators *name = r->body->name_facilitators;

    if (!session || !named)
        return false;
    name->session = session->number;
    name->facilitators = random_alloc(r, sizeof(*name->facilitators));
    name->facilitators[0] = named->member;
    name->n_facilitators = random_chance(r, 30);
    if (!name->n_facilitators)
        name->facilitators = NULL;
    if (recorder && random_chance(r, 50))
        name->recorder = recorder->member;
    return random_sign_as_facilitator(r);
}

/* Up to three with a seat, each once. */
static size_t draw_holders(struct random_commands *r, uint32_t body, uint32_t except, uint32_t *ret_members)
{
    size_t count = 0;

    for (size_t tries = 0; tries < 3; tries++) {
        const struct person *person = random_seat_holder(r, body);
        bool is_new = person && person->member != except;

        for (size_t i = 0; i < count && is_new; i++)
            is_new = ret_members[i] != person->member;
        if (is_new)
            ret_members[count++] = person->member;
    }
    return count;
}

bool random_roll_call(struct random_commands *r)
{
    const Comity__V1__Session *session = random_session(r, OPEN);
    Comity__V1__RollCall *call = r->body->roll_call;

    if (!session)
        return false;
    call->session = session->number;
    call->site = 1 + random_below(r, random_last_number(r, TABLE_SITE));
    call->members = random_alloc(r, 3 * sizeof(*call->members));
    call->n_members = draw_holders(r, session->body, 0, call->members);
    return call->n_members > 0 && random_sign_as_facilitator(r);
}

/* Somebody with a seat who is in the session. */
static const struct person *somebody_there(struct random_commands *r, const Comity__V1__Session *session)
{
    for (size_t tries = 0; session && tries < 6; tries++) {
        const struct person *person = random_seat_holder(r, session->body);
        const Comity__V1__Presence *presence =
            person ? random_row(r, TABLE_PRESENCE, session->number, person->member) : NULL;

        if (presence && presence->state != COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_LEFT)
            return person;
    }
    return NULL;
}

/* The session's number, which stands first in the body; signed by somebody who is there. */
static const struct person *act_in_session(struct random_commands *r, uint32_t *ret_number)
{
    const Comity__V1__Session *session = random_session(r, OPEN);
    const struct person *person = somebody_there(r, session);

    if (!person)
        return NULL;
    *ret_number = session->number;
    random_sign(r, person);
    return person;
}

bool random_check_out(struct random_commands *r)
{
    const struct person *person = act_in_session(r, &r->body->check_out->session);

    if (!person || random_chance(r, 70))
        return person != NULL;
    r->body->check_out->member = person->member;
    return random_sign_as_facilitator(r);
}

bool random_step_away(struct random_commands *r)
{
    return act_in_session(r, &r->body->step_away->session) != NULL;
}

bool random_raise_hand(struct random_commands *r)
{
    return act_in_session(r, &r->body->raise_hand->session) != NULL;
}

bool random_lower_hand(struct random_commands *r)
{
    return act_in_session(r, &r->body->lower_hand->session) != NULL;
}

bool random_give_floor(struct random_commands *r)
{
    const struct person *person = act_in_session(r, &r->body->give_floor->session);

    if (!person)
        return false;
    r->body->give_floor->member = random_chance(r, 70) ? 0 : person->member;
    return random_sign_as_facilitator(r);
}

bool random_yield_floor(struct random_commands *r)
{
    const Comity__V1__Session *session = random_session(r, OPEN);
    const struct person *speaker =
        session && session->floor ? random_person_of(r, session->floor->member) : NULL;

    if (!speaker || session->floor->member == 0)
        return false;
    r->body->yield_floor->session = session->number;
    random_sign(r, speaker);
    return true;
}

bool random_recess_session(struct random_commands *r)
{
    const Comity__V1__Session *session = random_session(r, OPEN);

    if (!session || session->pause)
        return false;
    r->body->recess_session->session = session->number;
    r->body->recess_session->until_ms = random_chance(r, 50) ? 0 : r->time_ms + MINUTE_MS;
    return random_sign_as_facilitator(r);
}

/* A recent session that is in such a pause. */
static const Comity__V1__Session *paused_session(struct random_commands *r, Comity__V1__PauseKind kind)
{
    for (size_t tries = 0; tries < 6; tries++) {
        const Comity__V1__Session *session = random_session(r, OPEN);

        if (session && session->pause && session->pause->kind == kind)
            return session;
    }
    return NULL;
}

bool random_resume_session(struct random_commands *r)
{
    const Comity__V1__Session *session = paused_session(r, COMITY__V1__PAUSE_KIND__PAUSE_KIND_RECESS);

    r->body->resume_session->session = session ? session->number : 0;
    return session && random_sign_as_facilitator(r);
}

bool random_call_caucus(struct random_commands *r)
{
    r->body->call_caucus->until_ms = r->time_ms + 1 + (int64_t) random_below(r, 3 * MINUTE_MS);
    return act_in_session(r, &r->body->call_caucus->session) != NULL;
}

bool random_end_caucus(struct random_commands *r)
{
    const Comity__V1__Session *session = paused_session(r, COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS);
    const struct person *person = session ? random_member(r, CO_CHAIR, session->pause->constituency) : NULL;

    if (!person)
        return false;
    r->body->end_caucus->session = session->number;
    random_sign(r, person);
    return true;
}

static bool draw_item(struct random_commands *r, uint32_t *ret_item)
{
    const Comity__V1__Item *item = random_row(r, TABLE_ITEM, random_recent(r, TABLE_ITEM), 0);
    const Comity__V1__Session *session = item ? random_row(r, TABLE_SESSION, item->session, 0) : NULL;

    if (!session || session->state != OPEN)
        return false;
    *ret_item = item->number;
    return random_sign_as_facilitator(r);
}

bool random_set_time_box(struct random_commands *r)
{
    r->body->set_time_box->minutes = 1 + random_below(r, 20);
    return draw_item(r, &r->body->set_time_box->item);
}

bool random_extend_time_box(struct random_commands *r)
{
    r->body->extend_time_box->minutes = 1 + random_below(r, 10);
    return draw_item(r, &r->body->extend_time_box->item);
}

bool random_propose_sidebar(struct random_commands *r)
{
    Comity__V1__ProposeSidebar *propose = r->body->propose_sidebar;
    const struct person *person = act_in_session(r, &propose->session);
    const Comity__V1__Session *session = person ? random_row(r, TABLE_SESSION, propose->session, 0) : NULL;

    if (!session)
        return false;
    propose->topic = random_text(r);
    propose->members = random_alloc(r, 3 * sizeof(*propose->members));
    propose->n_members = draw_holders(r, session->body, person->member, propose->members);
    return propose->n_members > 0;
}

/* One of the persons of a recent sidebar in this state. */
static bool act_in_sidebar(struct random_commands *r, Comity__V1__SidebarState state, uint32_t *ret_number)
{
    for (size_t tries = 0; tries < 6; tries++) {
        const Comity__V1__Sidebar *sidebar = random_row(r, TABLE_SIDEBAR, random_recent(r, TABLE_SIDEBAR), 0);
        const struct person *person =
            sidebar && sidebar->state == state
                ? random_person_of(r, sidebar->members[random_below(r, (uint32_t) sidebar->n_members)])
                : NULL;

        if (!person || person->is_revoked)
            continue;
        *ret_number = sidebar->number;
        random_sign(r, person);
        return true;
    }
    return false;
}

#define PROPOSED COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_PROPOSED

bool random_agree_sidebar(struct random_commands *r)
{
    return act_in_sidebar(r, PROPOSED, &r->body->agree_sidebar->sidebar);
}

bool random_decline_sidebar(struct random_commands *r)
{
    return act_in_sidebar(r, PROPOSED, &r->body->decline_sidebar->sidebar);
}

bool random_end_sidebar(struct random_commands *r)
{
    if (random_chance(r, 40)) /* refused where the charter keeps nothing of them */
        r->body->end_sidebar->summary = random_text(r);
    return act_in_sidebar(r, COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_OPEN, &r->body->end_sidebar->sidebar);
}

bool random_note_plus_delta(struct random_commands *r)
{
    r->body->note_plus_delta->kind = (Comity__V1__PlusDeltaKind) (1 + random_below(r, 2));
    r->body->note_plus_delta->text = random_text(r);
    return act_in_session(r, &r->body->note_plus_delta->session) != NULL;
}
