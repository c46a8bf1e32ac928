/* The time that an item is given. */
#include "core/machine/decide.h"

#define MINUTE_MS ((int64_t) 60 * 1000)

static Comity__V1__TimeBox *box_find(struct decide *d)
{
    return decide_seek(d, TABLE_TIME_BOX, d->session->number, d->item->number);
}

int decide_set_time_box(struct decide *d)
{
    int64_t given_ms = d->body->set_time_box->minutes * MINUTE_MS;
    Comity__V1__TimeBoxSet *set;
    Comity__V1__TimeBox *box;
    Comity__V1__Event *event;

    if (decide_check_running(d, "set_time_box.item") != 0)
        return d->code;
    set = decide_new(d, &comity__v1__time_box_set__descriptor);
    box = decide_new(d, &comity__v1__time_box__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_TIME_BOX_SET);
    if (!set || !box || !event)
        return d->code;
    box->session = d->session->number;
    box->item = d->item->number;
    box->state = COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_RUNNING;
    box->set_ms = d->context->time_ms;
    box->given_ms = given_ms;
    box->ends_ms = d->context->time_ms + given_ms;
    set->box = box;
    event->time_box_set = set;
    return 0;
}

/* What is over gets so much from now on; in a pause, from when it ends. */
int decide_extend_time_box(struct decide *d)
{
    int64_t more_ms = d->body->extend_time_box->minutes * MINUTE_MS;
    Comity__V1__TimeBoxExtended *extended;
    Comity__V1__TimeBox *box;
    Comity__V1__Event *event;
    bool is_over;

    if (decide_check_open(d, "extend_time_box.item") != 0)
        return d->code;
    box = box_find(d);
    if (!box)
        return d->code != 0 ? d->code : decide_refuse(d, ERR_NOT_FOUND, "extend_time_box.item");
    extended = decide_new(d, &comity__v1__time_box_extended__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_TIME_BOX_EXTENDED);
    if (!extended || !event)
        return d->code;
    is_over = box->state == COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_OVER;
    box->given_ms += more_ms;
    if (d->session->pause) {
        box->left_ms = is_over ? more_ms : box->left_ms + more_ms;
        box->ends_ms = 0;
        box->state = COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_HELD;
    } else {
        box->ends_ms = (is_over ? d->context->time_ms : box->ends_ms) + more_ms;
        box->state = COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_RUNNING;
    }
    box->changed = 0; /* it was the row */
    extended->box = box;
    event->time_box_extended = extended;
    return 0;
}

int time_box_is_due(struct decide *d, const struct deadline *due)
{
    Comity__V1__TimeBoxOver *over = decide_new(d, &comity__v1__time_box_over__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_TIME_BOX_OVER);

    d->session = decide_get(d, TABLE_SESSION, due->number, 0);
    if (!over || !event || !d->session)
        return d->code;
    over->session = due->number;
    over->item = due->second;
    event->time_box_over = over;
    return 0;
}
