/* Bodies and their seats. */
#include "core/machine/decide.h"

static int seats_add(struct decide *d, Comity__V1__BodyCreated *created, const Comity__V1__SeatGroup *group,
                     uint32_t constituency)
{
    uint32_t first, i;

    first = (uint32_t) created->n_seats + 1;
    for (i = 0; i < group->count; i++) {
        Comity__V1__Seat *seat = decide_new(d, &comity__v1__seat__descriptor);

        if (!seat)
            return d->code;
        seat->body = created->body->number;
        seat->number = (uint32_t) created->n_seats + 1;
        seat->constituency = constituency;
        seat->office = group->office;
        seat->alternates = group->alternates;
        seat->group = first;
        seat->weight = group->weight;
        created->seats[created->n_seats++] = seat;
    }
    return 0;
}

static int seats_fill(struct decide *d, Comity__V1__BodyCreated *created, const Comity__V1__CreateBody *from)
{
    uint32_t constituency;
    size_t i;
    int code;

    for (i = 0; i < from->n_seats; i++) {
        struct row_key key = row_key_name(TABLE_CONSTITUENCY, from->seats[i]->constituency);

        code = row_number(d->view, &key, &constituency);
        if (code != 0)
            return decide_fail(d, code);
        if (constituency == 0)
            return decide_refuse(d, ERR_NOT_FOUND, "create_body.seats[%zu].constituency", i);
        if (seats_add(d, created, from->seats[i], constituency) != 0)
            return d->code;
    }
    return 0;
}

static Comity__V1__BodyCreated *body_created_new(struct decide *d, const Comity__V1__CreateBody *from,
                                                 uint32_t number)
{
    Comity__V1__BodyCreated *created = decide_new(d, &comity__v1__body_created__descriptor);
    Comity__V1__Body *body = decide_new(d, &comity__v1__body__descriptor);
    size_t i;

    if (!created || !body)
        return NULL;
    body->number = number;
    body->name = from->name;
    body->title = from->title;
    for (i = 0; i < from->n_seats; i++)
        body->seats += from->seats[i]->count;
    created->body = body;
    created->seats = decide_alloc(d, body->seats, sizeof(*created->seats));
    return created->seats ? created : NULL;
}

int decide_create_body(struct decide *d)
{
    const Comity__V1__CreateBody *from = d->body->create_body;
    struct row_key name = row_key_name(TABLE_BODY, from->name);
    Comity__V1__BodyCreated *created;
    Comity__V1__Event *event;
    uint32_t number;
    bool exists;

    if (decide_exists(d, &name, &exists) != 0)
        return d->code;
    if (exists)
        return decide_refuse(d, ERR_EXISTS, "create_body.name");
    if (decide_next_number(d, TABLE_BODY, &number) != 0)
        return d->code;
    created = body_created_new(d, from, number);
    if (!created || seats_fill(d, created, from) != 0)
        return d->code;
    event = decide_event(d, COMITY__V1__EVENT__KIND_BODY_CREATED);
    if (event)
        event->body_created = created;
    return d->code;
}

int concern_seat(struct decide *d)
{
    const Comity__V1__AssignSeat *assign = d->body->assign_seat;

    if (!decide_find(d, TABLE_BODY, assign->body, 0, "assign_seat.body"))
        return d->code;
    d->seat = decide_find(d, TABLE_SEAT, assign->body, assign->seat, "assign_seat.seat");
    if (!d->seat)
        return d->code;
    d->of_constituency = d->seat->constituency;
    return 0;
}

static int check_holder(struct decide *d, const Comity__V1__AssignSeat *assign)
{
    const Comity__V1__Member *member = decide_find(d, TABLE_MEMBER, assign->member, 0, "assign_seat.member");
    struct row_key key = row_key(TABLE_HOLDER, assign->body, assign->member);
    uint32_t held;
    int code;

    if (!member)
        return d->code;
    if (member->constituency != d->seat->constituency)
        return decide_refuse(d, ERR_FORBIDDEN, "assign_seat.member");
    code = row_number(d->view, &key, &held);
    if (code != 0)
        return decide_fail(d, code);
    return held == 0 || held == assign->seat ? 0 : decide_refuse(d, ERR_EXISTS, "assign_seat.member");
}

int decide_assign_seat(struct decide *d)
{
    const Comity__V1__AssignSeat *assign = d->body->assign_seat;
    Comity__V1__SeatAssigned *assigned;
    Comity__V1__Event *event;

    if (assign->member != 0 && check_holder(d, assign) != 0)
        return d->code;
    if (assign->until_ms != 0 && (assign->member == 0 || assign->until_ms <= d->context->time_ms))
        return decide_refuse(d, ERR_RANGE, "assign_seat.until_ms");
    /* Sent again after a restore: it is not to undo what a co-chair has done since. */
    if (d->since && d->seat->epoch > d->body->epoch)
        return decide_refuse_latest(d, ERR_EPOCH, "assign_seat.seat", d->epoch);
    assigned = decide_new(d, &comity__v1__seat_assigned__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SEAT_ASSIGNED);
    if (!assigned || !event)
        return d->code;
    assigned->body = assign->body;
    assigned->seat = assign->seat;
    assigned->member = assign->member;
    assigned->until_ms = assign->until_ms;
    event->seat_assigned = assigned;
    return 0;
}
