/* Sessions: convened, opened, checked in to, closed; and the items on their agenda. */
#include "core/machine/decide.h"

static uint32_t session_of_command(const Comity__V1__Command *body, const char **ret_field)
{
    switch (body->body_case) {
    case COMITY__V1__COMMAND__BODY_OPEN_SESSION:
        *ret_field = "open_session.session";
        return body->open_session->session;
    case COMITY__V1__COMMAND__BODY_CLOSE_SESSION:
        *ret_field = "close_session.session";
        return body->close_session->session;
    case COMITY__V1__COMMAND__BODY_CHECK_IN:
        *ret_field = "check_in.session";
        return body->check_in->session;
    default:
        *ret_field = "add_item.session";
        return body->add_item->session;
    }
}

int concern_session(struct decide *d)
{
    const char *field;
    uint32_t number = session_of_command(d->body, &field);

    d->session = decide_find(d, TABLE_SESSION, number, 0, field);
    if (!d->session)
        return d->code;
    d->of_body = d->session->body;
    return 0;
}

int decide_convene_session(struct decide *d)
{
    const Comity__V1__ConveneSession *convene = d->body->convene_session;
    Comity__V1__SessionConvened *convened;
    Comity__V1__Session *session;
    Comity__V1__Event *event;

    if (!decide_find(d, TABLE_BODY, convene->body, 0, "convene_session.body"))
        return d->code;
    convened = decide_new(d, &comity__v1__session_convened__descriptor);
    session = decide_new(d, &comity__v1__session__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SESSION_CONVENED);
    if (!convened || !session || !event || decide_next_number(d, TABLE_SESSION, &session->number) != 0)
        return d->code;
    session->body = convene->body;
    session->title = convene->title;
    session->starts_ms = convene->starts_ms;
    session->state = COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED;
    session->convened_ms = d->context->time_ms;
    session->convened_by = d->actor->number;
    convened->session = session;
    event->session_convened = convened;
    return 0;
}

int decide_open_session(struct decide *d)
{
    Comity__V1__SessionOpened *opened;
    Comity__V1__Event *event;

    if (d->session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED)
        return decide_refuse(d, ERR_STATE, "open_session.session");
    opened = decide_new(d, &comity__v1__session_opened__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SESSION_OPENED);
    if (!opened || !event)
        return d->code;
    opened->session = d->session->number;
    event->session_opened = opened;
    return 0;
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

/* One of before a restore does not move somebody who has checked in since. */
static int check_since(struct decide *d)
{
    ProtobufCMessage *row = NULL;
    int code = d->since
                   ? state_get(d->view, d->arena, TABLE_PRESENCE, d->session->number, d->actor->number, &row)
                   : ERR_NOT_FOUND;

    if (code == ERR_NOT_FOUND)
        return 0;
    if (code != 0)
        return decide_fail(d, code);
    if (((const Comity__V1__Presence *) row)->epoch > d->body->epoch)
        return decide_refuse_latest(d, ERR_EPOCH, "check_in.site", d->epoch);
    return 0;
}

int decide_check_in(struct decide *d)
{
    const Comity__V1__CheckIn *check_in = d->body->check_in;
    Comity__V1__MemberCheckedIn *checked_in;
    Comity__V1__Presence *presence;
    Comity__V1__Event *event;

    if (d->session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN)
        return decide_refuse(d, ERR_NOT_OPEN, "check_in.session");
    if (!decide_find(d, TABLE_SITE, check_in->site, 0, "check_in.site") || check_since(d) != 0)
        return d->code;
    checked_in = decide_new(d, &comity__v1__member_checked_in__descriptor);
    presence = decide_new(d, &comity__v1__presence__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MEMBER_CHECKED_IN);
    if (!checked_in || !presence || !event)
        return d->code;
    presence->session = d->session->number;
    presence->member = d->actor->number;
    presence->site = check_in->site;
    presence->since_ms = d->context->time_ms;
    presence->epoch = d->body->epoch;
    checked_in->presence = presence;
    event->member_checked_in = checked_in;
    return 0;
}

int decide_add_item(struct decide *d)
{
    Comity__V1__ItemAdded *added;
    Comity__V1__Item *item;
    Comity__V1__Event *event;

    if (!session_takes_work(d->session))
        return decide_refuse(d, ERR_STATE, "add_item.session");
    added = decide_new(d, &comity__v1__item_added__descriptor);
    item = decide_new(d, &comity__v1__item__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ITEM_ADDED);
    if (!added || !item || !event || decide_next_number(d, TABLE_ITEM, &item->number) != 0)
        return d->code;
    item->session = d->session->number;
    item->title = d->body->add_item->title;
    item->added_by = d->actor->number;
    added->item = item;
    event->item_added = added;
    return 0;
}
