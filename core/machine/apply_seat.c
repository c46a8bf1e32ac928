/* The charter, recusals, and seats that change hands for a session or at the end of a term. */
#include "core/machine/apply.h"

void apply_charter_adopted(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__CharterVersion *version = open->charter_adopted->charter;

    if (!version || !version->charter)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_create(a, TABLE_CHARTER, version->number, &version->base);
}

void apply_recused(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Recusal *recusal = open->member_recused->recusal;

    if (!recusal)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_put(a, TABLE_RECUSAL, recusal->proposal, recusal->member, &recusal->base);
}

void apply_alternates_named(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__AlternatesList *list = open->alternates_named->alternates;

    if (!list)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_put(a, TABLE_ALTERNATES, list->body, list->seat, &list->base);
}

/* To whom it was handed over before, where that did not hold any more. */
static void leave_seat(struct apply *a, uint32_t session, uint32_t seat)
{
    const Comity__V1__StandIn *stand_in = apply_seek(a, TABLE_STAND_IN, session, seat);

    if (stand_in && stand_in->member != 0)
        apply_delete(a, row_key(TABLE_STANDS, session, stand_in->member));
}

void apply_handed_over(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__StandIn *stand_in = open->seat_handed_over->stand_in;

    if (!stand_in) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    leave_seat(a, stand_in->session, stand_in->seat);
    apply_put(a, TABLE_STAND_IN, stand_in->session, stand_in->seat, &stand_in->base);
    apply_put_number(a, row_key(TABLE_STANDS, stand_in->session, stand_in->member), stand_in->seat);
}

void apply_taken_back(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__SeatTakenBack *taken = open->seat_taken_back;
    Comity__V1__StandIn *stand_in = apply_get(a, TABLE_STAND_IN, taken->session, taken->seat);

    if (!stand_in)
        return;
    apply_delete(a, row_key(TABLE_STANDS, stand_in->session, stand_in->member));
    stand_in->member = 0;
    stand_in->since_ms = a->event->time_ms;
    stand_in->epoch = a->event->command ? a->event->command->epoch : 0;
    apply_put(a, TABLE_STAND_IN, stand_in->session, stand_in->seat, &stand_in->base);
}

void apply_term_ended(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Seat *seat =
        apply_get(a, TABLE_SEAT, open->seat_term_ended->body, open->seat_term_ended->seat);

    if (!seat)
        return;
    apply_delete(a, row_key_deadline(seat->until_ms, DEADLINE_TERM, seat->body, seat->number));
    if (seat->holder != 0)
        apply_delete(a, row_key(TABLE_HOLDER, seat->body, seat->holder));
    seat->holder = 0;
    seat->until_ms = 0;
    apply_put(a, TABLE_SEAT, seat->body, seat->number, &seat->base);
}
