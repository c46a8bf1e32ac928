/* Actions and mandates. */
#include "core/machine/apply.h"

void apply_action_added(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Action *action = open->action_added->action;

    if (!action)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_create(a, TABLE_ACTION, action->number, &action->base);
}

void apply_action_updated(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ActionUpdated *updated = open->action_updated;
    Comity__V1__Action *action = apply_get(a, TABLE_ACTION, updated->action, 0);

    if (!action)
        return;
    action->changes = apply_append(a, action->changes, action->n_changes++, updated->change);
    if (a->code != 0)
        return;
    action->status = updated->change->status;
    action->epoch = updated->epoch;
    apply_put(a, TABLE_ACTION, action->number, 0, &action->base);
}

void apply_mandate_given(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Mandate *mandate = open->mandate_given->mandate;

    if (!mandate) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_MANDATE, mandate->number, &mandate->base);
    if (mandate->report_by_ms != 0)
        apply_put_deadline(a, mandate->report_by_ms, DEADLINE_REPORT, mandate->number, 0);
}

static void put_mandate(struct apply *a, const Comity__V1__Mandate *mandate)
{
    if (a->code == 0)
        apply_put(a, TABLE_MANDATE, mandate->number, 0, &mandate->base);
}

void apply_mandate_reported(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__MandateReported *reported = open->mandate_reported;
    Comity__V1__Mandate *mandate = apply_get(a, TABLE_MANDATE, reported->mandate, 0);

    if (!mandate)
        return;
    mandate->reports = apply_append(a, mandate->reports, mandate->n_reports++, reported->report);
    mandate->report_by_ms = reported->next_ms;
    mandate->report_due_ms = 0;
    apply_drop_deadlines(a, TABLE_MANDATE, mandate->number, DEADLINE_REPORT);
    if (reported->next_ms != 0)
        apply_put_deadline(a, reported->next_ms, DEADLINE_REPORT, mandate->number, 0);
    put_mandate(a, mandate);
}

void apply_mandate_report_due(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Mandate *mandate = apply_get(a, TABLE_MANDATE, open->mandate_report_due->mandate, 0);

    if (!mandate)
        return;
    mandate->report_due_ms = a->event->time_ms;
    apply_drop_deadlines(a, TABLE_MANDATE, mandate->number, DEADLINE_REPORT);
    put_mandate(a, mandate);
}

void apply_mandate_recalled(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__MandateRecalled *recalled = open->mandate_recalled;
    Comity__V1__Mandate *mandate = apply_get(a, TABLE_MANDATE, recalled->mandate, 0);

    if (!mandate)
        return;
    mandate->recalled_ms = a->event->time_ms;
    mandate->recalled_by = recalled->member;
    mandate->recall_reason = recalled->reason;
    mandate->report_by_ms = 0;
    mandate->report_due_ms = 0;
    apply_drop_deadlines(a, TABLE_MANDATE, mandate->number, DEADLINE_REPORT);
    put_mandate(a, mandate);
}
