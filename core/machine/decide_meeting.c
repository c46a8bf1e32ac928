/* What a session is given before and around its work: a draft and a notice, the order of the agenda, ground
 * rules, who facilitates; and what people say of it at the end. */
#include "core/machine/decide.h"

#define MINUTE_MS ((int64_t) 60 * 1000)

int decide_draft_session(struct decide *d)
{
    const Comity__V1__DraftSession *draft = d->body->draft_session;
    Comity__V1__SessionDrafted *drafted;
    Comity__V1__Session *session;
    Comity__V1__Event *event;

    if (!decide_find(d, TABLE_BODY, draft->body, 0, "draft_session.body"))
        return d->code;
    drafted = decide_new(d, &comity__v1__session_drafted__descriptor);
    session = session_new(d, draft->body, draft->title, draft->starts_ms);
    event = session ? decide_event(d, COMITY__V1__EVENT__KIND_SESSION_DRAFTED) : NULL;
    if (!drafted || !event)
        return d->code;
    session->state = COMITY__V1__SESSION_STATE__SESSION_STATE_DRAFT;
    session->drafted_ms = d->context->time_ms;
    drafted->session = session;
    event->session_drafted = drafted;
    return 0;
}

/* As long as it says, and as the charter asks for. */
static int notice_asked_for(struct decide *d, int64_t *ret_notice_ms)
{
    int64_t given_ms = d->body->give_notice->notice_minutes * MINUTE_MS;

    if (decide_charter_notice(d, ret_notice_ms) != 0)
        return d->code;
    if (*ret_notice_ms < given_ms)
        *ret_notice_ms = given_ms;
    return 0;
}

int decide_give_notice(struct decide *d)
{
    struct row_key key = row_key(TABLE_AGENDA, d->session->number, 0);
    int64_t notice_ms = 0;
    Comity__V1__NoticeGiven *given;
    Comity__V1__Event *event;
    uint32_t items;
    int code;

    if (d->session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_DRAFT)
        return decide_refuse(d, ERR_STATE, "give_notice.session");
    code = row_number(d->view, &key, &items);
    if (code != 0)
        return decide_fail(d, code);
    if (notice_asked_for(d, &notice_ms) != 0)
        return d->code;
    if (items == 0 && notice_ms > 0)
        return decide_refuse(d, ERR_NOTICE, "give_notice.session");
    given = decide_new(d, &comity__v1__notice_given__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_NOTICE_GIVEN);
    if (!given || !event)
        return d->code;
    given->session = d->session->number;
    given->notice_ms = notice_ms;
    event->notice_given = given;
    return 0;
}

int decide_order_agenda(struct decide *d)
{
    const Comity__V1__OrderAgenda *order = d->body->order_agenda;
    Comity__V1__AgendaOrdered *ordered;
    Comity__V1__Event *event;
    size_t i;

    if (!session_takes_work(d->session))
        return decide_refuse(d, ERR_STATE, "order_agenda.session");
    for (i = 0; i < order->n_items; i++) {
        const char *field = arena_printf(d->arena, "order_agenda.items[%zu]", i);
        const Comity__V1__Item *item = field ? decide_find(d, TABLE_ITEM, order->items[i], 0, field) : NULL;

        if (!item)
            return field ? d->code : decide_fail(d, ERR_MEMORY);
        if (item->session != d->session->number)
            return decide_refuse(d, ERR_NOT_FOUND, "%s", field);
    }
    ordered = decide_new(d, &comity__v1__agenda_ordered__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_AGENDA_ORDERED);
    if (!ordered || !event)
        return d->code;
    ordered->session = d->session->number;
    ordered->n_items = order->n_items;
    ordered->items = order->items;
    event->agenda_ordered = ordered;
    return 0;
}

int decide_set_ground_rules(struct decide *d)
{
    const Comity__V1__SetGroundRules *from = d->body->set_ground_rules;
    Comity__V1__GroundRulesSet *set;
    Comity__V1__GroundRules *rules;
    Comity__V1__Event *event;

    if (!session_takes_work(d->session))
        return decide_refuse(d, ERR_STATE, "set_ground_rules.session");
    set = decide_new(d, &comity__v1__ground_rules_set__descriptor);
    rules = decide_new(d, &comity__v1__ground_rules__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_GROUND_RULES_SET);
    if (!set || !rules || !event)
        return d->code;
    rules->text = from->text;
    rules->away_after_minutes = from->away_after_minutes;
    rules->queue = from->queue;
    set->session = d->session->number;
    set->rules = rules;
    event->ground_rules_set = set;
    return 0;
}

/* Whoever is named has the office for it: an office is given by all the parties, a session's list by a
 * facilitator. */
static int check_named(struct decide *d, uint32_t number, bool is_recorder, const char *field)
{
    const Comity__V1__Member *member = decide_find(d, TABLE_MEMBER, number, 0, field);
    bool may;

    if (!member)
        return d->code;
    may = member_has_office(member, COMITY__V1__OFFICE__OFFICE_FACILITATOR) ||
          (is_recorder && member_has_office(member, COMITY__V1__OFFICE__OFFICE_RECORDER));
    return may ? 0 : decide_refuse(d, ERR_FORBIDDEN, "%s", field);
}

int decide_name_facilitators(struct decide *d)
{
    const Comity__V1__NameFacilitators *from = d->body->name_facilitators;
    Comity__V1__FacilitatorsNamed *named;
    Comity__V1__Event *event;
    size_t i;

    if (!session_takes_work(d->session))
        return decide_refuse(d, ERR_STATE, "name_facilitators.session");
    for (i = 0; i < from->n_facilitators; i++) {
        const char *field = arena_printf(d->arena, "name_facilitators.facilitators[%zu]", i);

        if (!field)
            return decide_fail(d, ERR_MEMORY);
        if (check_named(d, from->facilitators[i], false, field) != 0)
            return d->code;
    }
    if (from->recorder != 0 && check_named(d, from->recorder, true, "name_facilitators.recorder") != 0)
        return d->code;
    named = decide_new(d, &comity__v1__facilitators_named__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_FACILITATORS_NAMED);
    if (!named || !event)
        return d->code;
    named->session = d->session->number;
    named->n_facilitators = from->n_facilitators;
    named->facilitators = from->facilitators;
    named->recorder = from->recorder;
    event->facilitators_named = named;
    return 0;
}

int decide_note_plus_delta(struct decide *d)
{
    const Comity__V1__NotePlusDelta *from = d->body->note_plus_delta;
    Comity__V1__PlusDeltaNoted *noted;
    Comity__V1__PlusDelta *note;
    Comity__V1__Event *event;

    if (d->session->opened_ms == 0)
        return decide_refuse(d, ERR_NOT_OPEN, "note_plus_delta.session");
    noted = decide_new(d, &comity__v1__plus_delta_noted__descriptor);
    note = decide_new(d, &comity__v1__plus_delta__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_PLUS_DELTA_NOTED);
    if (!noted || !note || !event || decide_next_number(d, TABLE_PLUS_DELTA, &note->number) != 0)
        return d->code;
    note->session = d->session->number;
    note->kind = from->kind;
    note->text = from->text;
    note->member = d->actor->number;
    note->noted_ms = d->context->time_ms;
    noted->note = note;
    event->plus_delta_noted = noted;
    return 0;
}
