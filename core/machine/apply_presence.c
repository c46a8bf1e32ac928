/* Who is there. A member who is watched for silence has one deadline, at silent_ms of the row. */
#include "core/machine/apply.h"
#include "core/machine/attendance.h"

/* Write the row, and move the deadline from where it was to where the row has it. */
static void presence_put(struct apply *a, const Comity__V1__Presence *presence, int64_t was_silent_ms)
{
    uint32_t session = presence->session, member = presence->member;

    if (presence->silent_ms != was_silent_ms) {
        if (was_silent_ms != 0)
            apply_delete(a, row_key_deadline(was_silent_ms, DEADLINE_AWAY, session, member));
        if (presence->silent_ms != 0)
            apply_put_deadline(a, presence->silent_ms, DEADLINE_AWAY, session, member);
    }
    apply_put(a, TABLE_PRESENCE, session, member, &presence->base);
}

static void presence_watch(struct apply *a, const Comity__V1__Session *session,
                           Comity__V1__Presence *presence)
{
    int64_t was_silent_ms = presence->silent_ms;

    presence->silent_ms = presence_silent_ms(session, presence->state, a->event->time_ms);
    presence_put(a, presence, was_silent_ms);
}

void apply_act(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Presence *presence =
        open->session != 0 && open->actor != 0 ? apply_seek(a, TABLE_PRESENCE, open->session, open->actor)
                                               : NULL;
    bool is_away = presence && presence->state == COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_AWAY;
    const Comity__V1__Session *session;

    if (!presence || (!is_away && presence->silent_ms == 0))
        return;
    session = apply_get(a, TABLE_SESSION, open->session, 0);
    if (!session || session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN)
        return;
    if (is_away) {
        presence->state = COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_PRESENT;
        presence->changed_ms = a->event->time_ms;
    }
    presence_watch(a, session, presence);
}

void apply_silences(struct apply *a, const Comity__V1__Session *session)
{
    size_t count, i;
    ProtobufCMessage **rows = apply_rows_of(a, TABLE_PRESENCE, session->number, &count);

    for (i = 0; i < count; i++)
        presence_watch(a, session, (Comity__V1__Presence *) rows[i]);
}

static void presence_replace(struct apply *a, const Comity__V1__Presence *presence)
{
    const Comity__V1__Presence *before =
        presence ? apply_seek(a, TABLE_PRESENCE, presence->session, presence->member) : NULL;

    if (!presence)
        apply_fail(a, ERR_INTERNAL);
    else
        presence_put(a, presence, before ? before->silent_ms : 0);
}

void apply_checked_in(struct apply *a, const Comity__V1__Event *open)
{
    presence_replace(a, open->member_checked_in->presence);
}

void apply_roll_called(struct apply *a, const Comity__V1__Event *open)
{
    size_t i;

    if (open->roll_called->n_presences == 0)
        apply_fail(a, ERR_INTERNAL);
    for (i = 0; i < open->roll_called->n_presences; i++)
        presence_replace(a, open->roll_called->presences[i]);
}

static void presence_end(struct apply *a, uint32_t session, uint32_t member, Comity__V1__PresenceState state)
{
    Comity__V1__Presence *presence = apply_get(a, TABLE_PRESENCE, session, member);
    int64_t was_silent_ms;

    if (!presence)
        return;
    was_silent_ms = presence->silent_ms;
    presence->state = state;
    presence->changed_ms = a->event->time_ms;
    presence->silent_ms = 0;
    presence_put(a, presence, was_silent_ms);
}

void apply_member_checked_out(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__MemberCheckedOut *left = open->member_checked_out;

    presence_end(a, left->session, left->member, COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_LEFT);
    apply_speaker_left(a, left->session, left->member);
}

void apply_member_away(struct apply *a, const Comity__V1__Event *open)
{
    presence_end(a, open->member_away->session, open->member_away->member,
                 COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_AWAY);
}
