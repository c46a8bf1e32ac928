/* Time boxes. One that is RUNNING has one deadline, at its ends_ms. */
#include "core/machine/apply.h"

static void box_put(struct apply *a, const Comity__V1__TimeBox *box, const Comity__V1__TimeBox *before)
{
    static const Comity__V1__TimeBoxState RUNNING = COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_RUNNING;

    if (before && before->state == RUNNING)
        apply_delete(a, row_key_deadline(before->ends_ms, DEADLINE_TIME_BOX, before->session, before->item));
    if (box->state == RUNNING)
        apply_put_deadline(a, box->ends_ms, DEADLINE_TIME_BOX, box->session, box->item);
    apply_put(a, TABLE_TIME_BOX, box->session, box->item, &box->base);
}

static void box_replace(struct apply *a, const Comity__V1__TimeBox *box)
{
    if (!box)
        apply_fail(a, ERR_INTERNAL);
    else
        box_put(a, box, apply_seek(a, TABLE_TIME_BOX, box->session, box->item));
}

void apply_time_box_set(struct apply *a, const Comity__V1__Event *open)
{
    box_replace(a, open->time_box_set->box);
}

void apply_time_box_extended(struct apply *a, const Comity__V1__Event *open)
{
    box_replace(a, open->time_box_extended->box);
}

static void box_end(struct apply *a, Comity__V1__TimeBox *box, int64_t ends_ms)
{
    Comity__V1__TimeBox before = *box;

    box->state = COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_OVER;
    box->ends_ms = ends_ms;
    box->left_ms = 0;
    box_put(a, box, &before);
}

void apply_time_box_over(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__TimeBox *box =
        apply_get(a, TABLE_TIME_BOX, open->time_box_over->session, open->time_box_over->item);

    if (box)
        box_end(a, box, box->ends_ms);
}

static void box_hold(struct apply *a, Comity__V1__TimeBox *box)
{
    Comity__V1__TimeBox before = *box;

    box->state = COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_HELD;
    box->left_ms = box->ends_ms - a->event->time_ms;
    box->ends_ms = 0;
    box_put(a, box, &before);
}

static void box_run_on(struct apply *a, Comity__V1__TimeBox *box)
{
    Comity__V1__TimeBox before = *box;

    box->state = COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_RUNNING;
    box->ends_ms = a->event->time_ms + box->left_ms;
    box->left_ms = 0;
    box_put(a, box, &before);
}

void apply_time_boxes(struct apply *a, const Comity__V1__Session *session)
{
    bool is_open = session->state == COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN;
    size_t count, i;
    ProtobufCMessage **rows = apply_rows_of(a, TABLE_TIME_BOX, session->number, &count);

    for (i = 0; i < count; i++) {
        Comity__V1__TimeBox *box = (Comity__V1__TimeBox *) rows[i];
        bool runs = box->state == COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_RUNNING;
        bool is_held = box->state == COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_HELD;

        if (!is_open && (runs || is_held))
            box_end(a, box, a->event->time_ms);
        else if (runs && session->pause)
            box_hold(a, box);
        else if (is_held && !session->pause)
            box_run_on(a, box);
    }
}
