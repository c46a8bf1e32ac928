/* Who is there: checked in, by roll call as well, away, left. */
#include "core/machine/attendance.h"
#include "core/machine/decide.h"

Comity__V1__Presence *decide_presence(struct decide *d, uint32_t member)
{
    return decide_seek(d, TABLE_PRESENCE, d->session->number, member);
}

int decide_check_in_room(struct decide *d, uint32_t member, const char *field)
{
    const Comity__V1__Presence *presence = decide_presence(d, member);

    if (d->code != 0)
        return d->code;
    if (!presence || presence->state == COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_LEFT)
        return decide_refuse(d, ERR_NOT_PRESENT, "%s", field);
    return 0;
}

Comity__V1__Presence *presence_new(struct decide *d, uint32_t member, uint32_t site)
{
    Comity__V1__Presence *presence = decide_new(d, &comity__v1__presence__descriptor);

    if (!presence)
        return NULL;
    presence->session = d->session->number;
    presence->member = member;
    presence->site = site;
    presence->since_ms = d->context->time_ms;
    presence->epoch = d->body->epoch;
    presence->state = COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_PRESENT;
    presence->changed_ms = d->context->time_ms;
    presence->silent_ms = presence_silent_ms(d->session, presence->state, d->context->time_ms);
    return presence;
}

/* One of before a restore does not move somebody who has checked in since. */
static int check_since(struct decide *d, uint32_t member, const char *field)
{
    const Comity__V1__Presence *presence = d->since ? decide_presence(d, member) : NULL;

    if (presence && presence->epoch > d->body->epoch)
        return decide_refuse_latest(d, ERR_EPOCH, field, d->epoch);
    return d->code;
}

int decide_check_in(struct decide *d)
{
    const Comity__V1__CheckIn *check_in = d->body->check_in;
    Comity__V1__MemberCheckedIn *checked_in;
    Comity__V1__Event *event;

    if (decide_check_open(d, "check_in.session") != 0 ||
        !decide_find(d, TABLE_SITE, check_in->site, 0, "check_in.site") ||
        check_since(d, d->actor->number, "check_in.site") != 0)
        return d->code;
    checked_in = decide_new(d, &comity__v1__member_checked_in__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MEMBER_CHECKED_IN);
    if (!checked_in || !event)
        return d->code;
    checked_in->presence = presence_new(d, d->actor->number, check_in->site);
    event->member_checked_in = checked_in;
    return d->code;
}

int decide_takes_part(struct decide *d, const Comity__V1__Member *member, bool *ret_takes_part)
{
    *ret_takes_part = member->n_offices > 0;
    return *ret_takes_part ? 0 : decide_has_seat(d, member->number, ret_takes_part);
}

static int check_called(struct decide *d, uint32_t number, const char *field)
{
    const Comity__V1__Member *member = decide_find(d, TABLE_MEMBER, number, 0, field);
    bool takes_part;

    if (!member || decide_takes_part(d, member, &takes_part) != 0)
        return d->code;
    if (!takes_part)
        return decide_refuse(d, ERR_FORBIDDEN, "%s", field);
    return check_since(d, number, field);
}

int decide_roll_call(struct decide *d)
{
    const Comity__V1__RollCall *call = d->body->roll_call;
    Comity__V1__RollCalled *called;
    Comity__V1__Event *event;
    size_t i;

    if (decide_check_open(d, "roll_call.session") != 0 ||
        !decide_find(d, TABLE_SITE, call->site, 0, "roll_call.site"))
        return d->code;
    called = decide_new(d, &comity__v1__roll_called__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ROLL_CALLED);
    if (!called || !event)
        return d->code;
    called->presences = decide_alloc(d, call->n_members, sizeof(*called->presences));
    for (i = 0; called->presences && i < call->n_members; i++) {
        const char *field = arena_printf(d->arena, "roll_call.members[%zu]", i);
        Comity__V1__Presence *presence;

        if (!field)
            return decide_fail(d, ERR_MEMORY);
        if (check_called(d, call->members[i], field) != 0)
            return d->code;
        presence = presence_new(d, call->members[i], call->site);
        if (!presence)
            return d->code;
        presence->called_by = d->actor->number;
        called->presences[called->n_presences++] = presence;
    }
    event->roll_called = called;
    return d->code;
}

int decide_check_out(struct decide *d)
{
    const Comity__V1__CheckOut *check_out = d->body->check_out;
    uint32_t member = check_out->member != 0 ? check_out->member : d->actor->number;
    Comity__V1__MemberCheckedOut *checked_out;
    Comity__V1__Event *event;

    if (decide_check_open(d, "check_out.session") != 0)
        return d->code;
    if (check_out->member != 0 && !decide_find(d, TABLE_MEMBER, member, 0, "check_out.member"))
        return d->code;
    if (member != d->actor->number && !keeps_record(d))
        return decide_refuse(d, ERR_FORBIDDEN, "check_out.member");
    if (decide_check_in_room(d, member, "check_out.member") != 0 ||
        check_since(d, member, "check_out.member") != 0)
        return d->code;
    checked_out = decide_new(d, &comity__v1__member_checked_out__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MEMBER_CHECKED_OUT);
    if (!checked_out || !event)
        return d->code;
    checked_out->session = d->session->number;
    checked_out->member = member;
    event->member_checked_out = checked_out;
    return 0;
}

static int member_turns_away(struct decide *d, uint32_t member)
{
    Comity__V1__MemberAway *away = decide_new(d, &comity__v1__member_away__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_MEMBER_AWAY);

    if (!away || !event)
        return d->code;
    away->session = d->session->number;
    away->member = member;
    event->member_away = away;
    return 0;
}

int decide_step_away(struct decide *d)
{
    if (decide_check_open(d, "step_away.session") != 0 ||
        decide_check_in_room(d, d->actor->number, "step_away.session") != 0)
        return d->code;
    return member_turns_away(d, d->actor->number);
}

int presence_is_due(struct decide *d, const struct deadline *due)
{
    d->session = decide_get(d, TABLE_SESSION, due->number, 0);
    return d->session ? member_turns_away(d, due->second) : d->code;
}
