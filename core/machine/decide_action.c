/* What people owe: actions that came of decisions and items, and mandates that are reported on. */
#include <stdio.h>

#include "core/charter.h"
#include "core/machine/decide.h"

enum { CHANGES_MAX = 64, REPORTS_MAX = 100 };

int concern_new_action(struct decide *d)
{
    const Comity__V1__AddAction *add = d->body->add_action;

    if ((add->decision != 0) == (add->item != 0))
        return decide_refuse(d, add->decision != 0 ? ERR_RANGE : ERR_MISSING, "add_action.decision");
    if (add->decision != 0) {
        d->decision = decide_find(d, TABLE_DECISION, add->decision, 0, "add_action.decision");
        if (!d->decision)
            return d->code;
        d->of_body = d->decision->body;
        return 0;
    }
    return concern_item(d);
}

static Comity__V1__Action *action_new(struct decide *d, const Comity__V1__AddAction *add)
{
    Comity__V1__Action *action = decide_new(d, &comity__v1__action__descriptor);

    if (!action || decide_next_number(d, TABLE_ACTION, &action->number) != 0)
        return NULL;
    action->decision = add->decision;
    action->item = d->decision ? d->decision->item : add->item;
    action->body = d->of_body;
    action->title = add->title;
    action->n_owners = add->n_owners;
    action->owners = add->owners;
    action->due_date = add->due_date;
    action->time_zone = add->time_zone;
    action->status = COMITY__V1__ACTION_STATUS__ACTION_STATUS_OPEN;
    action->added_by = d->actor->number;
    action->added_ms = d->context->time_ms;
    action->epoch = d->body->epoch;
    return action;
}

int decide_add_action(struct decide *d)
{
    const Comity__V1__AddAction *add = d->body->add_action;
    Comity__V1__ActionAdded *added;
    Comity__V1__Event *event;
    size_t i;

    for (i = 0; i < add->n_owners; i++) {
        char field[FIELD_PATH_MAX];

        snprintf(field, sizeof(field), "add_action.owners[%zu]", i);
        if (!decide_find(d, TABLE_MEMBER, add->owners[i], 0, field))
            return d->code;
    }
    added = decide_new(d, &comity__v1__action_added__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ACTION_ADDED);
    if (!added || !event)
        return d->code;
    added->action = action_new(d, add);
    event->action_added = added;
    return d->code;
}

int concern_action(struct decide *d)
{
    d->action = decide_find(d, TABLE_ACTION, d->body->update_action->action, 0, "update_action.action");
    if (!d->action)
        return d->code;
    d->of_body = d->action->body;
    return 0;
}

int decide_update_action(struct decide *d)
{
    const Comity__V1__UpdateAction *update = d->body->update_action;
    Comity__V1__ActionUpdated *updated;
    Comity__V1__ActionChange *change;
    Comity__V1__Event *event;

    /* Sent again after a restore: it does not undo what somebody has said since. */
    if (d->since && d->action->epoch > d->body->epoch)
        return decide_refuse_latest(d, ERR_EPOCH, "update_action.action", d->epoch);
    if (update->status == d->action->status)
        return decide_refuse(d, ERR_STATE, "update_action.status");
    if (d->action->n_changes >= CHANGES_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "update_action.action", CHANGES_MAX);
    updated = decide_new(d, &comity__v1__action_updated__descriptor);
    change = decide_new(d, &comity__v1__action_change__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ACTION_UPDATED);
    if (!updated || !change || !event)
        return d->code;
    change->status = update->status;
    change->member = d->actor->number;
    change->changed_ms = d->context->time_ms;
    change->note = update->note;
    updated->action = d->action->number;
    updated->change = change;
    updated->epoch = d->body->epoch;
    event->action_updated = updated;
    return 0;
}

int concern_new_mandate(struct decide *d)
{
    const Comity__V1__GiveMandate *give = d->body->give_mandate;
    bool has_function = give->function[0] != '\0';

    if ((give->decision != 0) == has_function)
        return decide_refuse(d, has_function ? ERR_RANGE : ERR_MISSING, "give_mandate.decision");
    return has_function ? 0 : concern_decision(d);
}

/* What it rests on: a decision that is in effect, or a function that the charter delegates. */
static int check_ground(struct decide *d, const Comity__V1__GiveMandate *give, uint32_t *ret_charter)
{
    const Comity__V1__CharterVersion *held = NULL;
    const Comity__V1__VitalFunction *function;

    *ret_charter = 0;
    if (d->decision)
        return d->decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT
                   ? 0
                   : decide_refuse(d, ERR_STATE, "give_mandate.decision");
    if (decide_charter_in_force(d, &held) != 0)
        return d->code;
    function = held ? charter_function(held->charter, give->function) : NULL;
    if (!function)
        return decide_refuse(d, ERR_NOT_FOUND, "give_mandate.function");
    if (function->share != COMITY__V1__SHARE__SHARE_DELEGATED)
        return decide_refuse(d, ERR_CHARTER, "give_mandate.function");
    *ret_charter = held->number;
    return 0;
}

static int check_mandate(struct decide *d, const Comity__V1__GiveMandate *give)
{
    if ((give->body != 0) == (give->member != 0))
        return decide_refuse(d, give->body != 0 ? ERR_RANGE : ERR_MISSING, "give_mandate.body");
    if (give->body != 0 && !decide_find(d, TABLE_BODY, give->body, 0, "give_mandate.body"))
        return d->code;
    if (give->member != 0 && !decide_find(d, TABLE_MEMBER, give->member, 0, "give_mandate.member"))
        return d->code;
    if (give->report_by_ms != 0 && give->report_by_ms <= d->context->time_ms)
        return decide_refuse(d, ERR_RANGE, "give_mandate.report_by_ms");
    return 0;
}

int decide_give_mandate(struct decide *d)
{
    const Comity__V1__GiveMandate *give = d->body->give_mandate;
    Comity__V1__MandateGiven *given;
    Comity__V1__Mandate *mandate;
    Comity__V1__Event *event;
    uint32_t charter;

    if (check_mandate(d, give) != 0 || check_ground(d, give, &charter) != 0)
        return d->code;
    given = decide_new(d, &comity__v1__mandate_given__descriptor);
    mandate = decide_new(d, &comity__v1__mandate__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MANDATE_GIVEN);
    if (!given || !mandate || !event || decide_next_number(d, TABLE_MANDATE, &mandate->number) != 0)
        return d->code;
    mandate->decision = give->decision;
    mandate->function = give->function;
    mandate->charter = charter;
    mandate->body = give->body;
    mandate->member = give->member;
    mandate->limits = give->limits;
    mandate->report_by_ms = give->report_by_ms;
    mandate->given_ms = d->context->time_ms;
    given->mandate = mandate;
    event->mandate_given = given;
    return 0;
}

int concern_mandate(struct decide *d)
{
    const char *field;
    uint32_t number = decide_named(d, "mandate", &field);

    d->mandate = decide_find(d, TABLE_MANDATE, number, 0, field);
    if (!d->mandate)
        return d->code;
    d->of_body = d->mandate->body;
    return 0;
}

int decide_report_mandate(struct decide *d)
{
    const Comity__V1__ReportMandate *body = d->body->report_mandate;
    Comity__V1__MandateReported *reported;
    Comity__V1__MandateReport *report;
    Comity__V1__Event *event;

    if (d->mandate->recalled_ms != 0)
        return decide_refuse(d, ERR_STATE, "report_mandate.mandate");
    if (body->next_ms != 0 && body->next_ms <= d->context->time_ms)
        return decide_refuse(d, ERR_RANGE, "report_mandate.next_ms");
    if (d->mandate->n_reports >= REPORTS_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "report_mandate.mandate", REPORTS_MAX);
    reported = decide_new(d, &comity__v1__mandate_reported__descriptor);
    report = decide_new(d, &comity__v1__mandate_report__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MANDATE_REPORTED);
    if (!reported || !report || !event)
        return d->code;
    report->member = d->actor->number;
    report->reported_ms = d->context->time_ms;
    report->text = body->text;
    reported->mandate = d->mandate->number;
    reported->report = report;
    reported->next_ms = body->next_ms;
    event->mandate_reported = reported;
    return 0;
}

int decide_recall_mandate(struct decide *d)
{
    Comity__V1__MandateRecalled *recalled;
    Comity__V1__Event *event;

    if (d->mandate->recalled_ms != 0)
        return decide_refuse(d, ERR_STATE, "recall_mandate.mandate");
    recalled = decide_new(d, &comity__v1__mandate_recalled__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MANDATE_RECALLED);
    if (!recalled || !event)
        return d->code;
    recalled->mandate = d->mandate->number;
    recalled->member = d->actor->number;
    recalled->reason = d->body->recall_mandate->reason;
    event->mandate_recalled = recalled;
    return 0;
}

int mandate_is_due(struct decide *d, const struct deadline *due)
{
    Comity__V1__MandateReportDue *report = decide_new(d, &comity__v1__mandate_report_due__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_MANDATE_REPORT_DUE);

    if (!report || !event)
        return d->code;
    report->mandate = due->number;
    event->mandate_report_due = report;
    return 0;
}
