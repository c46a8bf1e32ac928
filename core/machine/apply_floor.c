/* Hands, and the floor. */
#include "core/machine/apply.h"

void apply_hand_raised(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Hand *hand = open->hand_raised->hand;

    if (!hand)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_put(a, TABLE_HAND, hand->session, hand->member, &hand->base);
}

/* Where it is up. */
static void hand_lower(struct apply *a, uint32_t session, uint32_t member)
{
    Comity__V1__Hand *hand = apply_seek(a, TABLE_HAND, session, member);

    if (!hand)
        return;
    hand->raised = 0;
    hand->raised_ms = 0;
    apply_put(a, TABLE_HAND, session, member, &hand->base);
}

void apply_hand_lowered(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__HandLowered *lowered = open->hand_lowered;

    if (apply_get(a, TABLE_HAND, lowered->session, lowered->member))
        hand_lower(a, lowered->session, lowered->member);
}

/* @member 0: nobody has it now. */
static void floor_set(struct apply *a, uint32_t number, uint32_t member)
{
    Comity__V1__Session *session = apply_get(a, TABLE_SESSION, number, 0);
    Comity__V1__Floor floor = COMITY__V1__FLOOR__INIT;

    if (!session)
        return;
    floor.member = member;
    floor.since_ms = member != 0 ? a->event->time_ms : 0;
    floor.last = member != 0 ? member : session->floor ? session->floor->last : 0;
    session->floor = &floor;
    apply_put(a, TABLE_SESSION, number, 0, &session->base);
}

void apply_speaker_left(struct apply *a, uint32_t number, uint32_t member)
{
    const Comity__V1__Session *session = apply_get(a, TABLE_SESSION, number, 0);

    hand_lower(a, number, member);
    if (session && session->floor && session->floor->member == member)
        floor_set(a, number, 0);
}

void apply_floor_given(struct apply *a, const Comity__V1__Event *open)
{
    hand_lower(a, open->floor_given->session, open->floor_given->member);
    floor_set(a, open->floor_given->session, open->floor_given->member);
}

void apply_floor_yielded(struct apply *a, const Comity__V1__Event *open)
{
    floor_set(a, open->floor_yielded->session, 0);
}
