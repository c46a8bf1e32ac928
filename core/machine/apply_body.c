/* Bodies, seats and rules. */
#include "core/machine/apply.h"

void apply_body_created(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__BodyCreated *created = open->body_created;
    size_t i;

    if (!created->body) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_BODY, created->body->number, &created->body->base);
    apply_name(a, TABLE_BODY, created->body->name, created->body->number);
    for (i = 0; i < created->n_seats; i++)
        apply_put(a, TABLE_SEAT, created->seats[i]->body, created->seats[i]->number,
                  &created->seats[i]->base);
}

void apply_seat_assigned(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__SeatAssigned *assigned = open->seat_assigned;
    Comity__V1__Seat *seat = apply_get(a, TABLE_SEAT, assigned->body, assigned->seat);

    if (!seat)
        return;
    if (seat->holder != 0)
        apply_delete(a, row_key(TABLE_HOLDER, seat->body, seat->holder));
    if (assigned->member != 0)
        apply_put_number(a, row_key(TABLE_HOLDER, seat->body, assigned->member), seat->number);
    if (seat->until_ms != 0)
        apply_delete(a, row_key_deadline(seat->until_ms, DEADLINE_TERM, seat->body, seat->number));
    if (assigned->until_ms != 0)
        apply_put_deadline(a, assigned->until_ms, DEADLINE_TERM, seat->body, seat->number);
    seat->holder = assigned->member;
    seat->until_ms = assigned->until_ms;
    seat->epoch = a->event->command ? a->event->command->epoch : 0;
    apply_put(a, TABLE_SEAT, seat->body, seat->number, &seat->base);
}

void apply_rule_adopted(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__RuleVersion *version = open->rule_adopted->rule;

    if (!version || !version->rule) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_RULE, version->number, &version->base);
    apply_name(a, TABLE_RULE, version->rule->name, version->number);
}
