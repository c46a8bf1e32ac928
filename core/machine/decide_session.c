/* Sessions: convened, opened, closed; and the items on their agenda. */
#include "core/machine/decide.h"

int concern_session(struct decide *d)
{
    const char *field;
    uint32_t number = decide_named(d, "session", &field);

    d->session = decide_find(d, TABLE_SESSION, number, 0, field);
    if (!d->session)
        return d->code;
    d->of_body = d->session->body;
    return 0;
}

Comity__V1__Session *session_new(struct decide *d, uint32_t body, Comity__V1__TextRef *title,
                                 int64_t starts_ms)
{
    Comity__V1__Session *session = decide_new(d, &comity__v1__session__descriptor);

    if (!session || decide_next_number(d, TABLE_SESSION, &session->number) != 0)
        return NULL;
    session->body = body;
    session->title = title;
    session->starts_ms = starts_ms;
    session->convened_by = d->actor->number;
    d->session = session;
    return session;
}

int decide_convene_session(struct decide *d)
{
    const Comity__V1__ConveneSession *convene = d->body->convene_session;
    Comity__V1__SessionConvened *convened;
    Comity__V1__Session *session;
    Comity__V1__Event *event;
    int64_t notice_ms = 0;

    if (!decide_find(d, TABLE_BODY, convene->body, 0, "convene_session.body") ||
        decide_charter_notice(d, &notice_ms) != 0)
        return d->code;
    /* A notice has an agenda, which is made up in a draft. */
    if (notice_ms > 0)
        return decide_refuse(d, ERR_NOTICE, "convene_session.body");
    convened = decide_new(d, &comity__v1__session_convened__descriptor);
    session = session_new(d, convene->body, convene->title, convene->starts_ms);
    event = session ? decide_event(d, COMITY__V1__EVENT__KIND_SESSION_CONVENED) : NULL;
    if (!convened || !event)
        return d->code;
    session->state = COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED;
    session->convened_ms = d->context->time_ms;
    convened->session = session;
    event->session_convened = convened;
    return 0;
}

/* A notice that was promised is kept. */
static int check_notice(struct decide *d)
{
    int64_t from_ms = d->session->convened_ms + d->session->notice_ms;

    if (d->context->time_ms < from_ms)
        return decide_refuse_latest(d, ERR_NOTICE, "open_session.session", (uint64_t) from_ms);
    return 0;
}

int decide_open_session(struct decide *d)
{
    Comity__V1__SessionOpened *opened;
    Comity__V1__Event *event;

    if (d->session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED)
        return decide_refuse(d, ERR_STATE, "open_session.session");
    if (check_notice(d) != 0)
        return d->code;
    opened = decide_new(d, &comity__v1__session_opened__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SESSION_OPENED);
    if (!opened || !event)
        return d->code;
    opened->session = d->session->number;
    event->session_opened = opened;
    return minutes_stand(d);
}

int decide_close_session(struct decide *d)
{
    struct row_key key = row_key(TABLE_OPEN_ROUNDS, d->session->number, 0);
    Comity__V1__SessionClosed *closed;
    Comity__V1__Event *event;
    uint32_t open_rounds;
    int code;

    /* One that was only convened is called off so. */
    if (!session_takes_work(d->session))
        return decide_refuse(d, ERR_NOT_OPEN, "close_session.session");
    if (session_is_paused_as(d->session, COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS))
        return decide_refuse(d, ERR_PAUSED, "close_session.session");
    code = row_number(d->view, &key, &open_rounds);
    if (code != 0)
        return decide_fail(d, code);
    if (open_rounds > 0)
        return decide_refuse(d, ERR_STATE, "close_session.session");
    closed = decide_new(d, &comity__v1__session_closed__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SESSION_CLOSED);
    if (!closed || !event)
        return d->code;
    closed->session = d->session->number;
    event->session_closed = closed;
    return 0;
}

bool session_is_noticed(const Comity__V1__Session *session)
{
    return session->notice_ms > 0 && session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_DRAFT;
}

Comity__V1__Item *item_new(struct decide *d, Comity__V1__Phase phase)
{
    Comity__V1__Item *item = decide_new(d, &comity__v1__item__descriptor);

    if (!item || decide_next_number(d, TABLE_ITEM, &item->number) != 0)
        return NULL;
    item->session = d->session->number;
    item->added_by = d->actor->number;
    item->is_after_notice = session_is_noticed(d->session);
    item->phase = phase != 0 ? phase : COMITY__V1__PHASE__PHASE_PROPOSAL;
    item->phase_since_ms = d->context->time_ms;
    return item;
}

int decide_add_item(struct decide *d)
{
    Comity__V1__ItemAdded *added;
    Comity__V1__Item *item;
    Comity__V1__Event *event;

    if (!session_takes_work(d->session))
        return decide_refuse(d, ERR_STATE, "add_item.session");
    if (charter_check_item(d, d->body->add_item->function) != 0 ||
        check_starting_phase(d, "add_item.phase") != 0)
        return d->code;
    added = decide_new(d, &comity__v1__item_added__descriptor);
    item = item_new(d, d->body->add_item->phase);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ITEM_ADDED);
    if (!added || !item || !event)
        return d->code;
    item->title = d->body->add_item->title;
    item->function = d->body->add_item->function;
    added->item = item;
    event->item_added = added;
    return 0;
}
