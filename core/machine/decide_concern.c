/* Concerns: named objections, and how they end. */
#include "core/machine/solving.h"

enum { SECONDERS_MAX = 100 };

#define STATE(name) COMITY__V1__CONCERN_STATE__CONCERN_STATE_##name

static int check_raise(struct decide *d, const Comity__V1__RaiseConcern *raise)
{
    const Comity__V1__ProposalVersion *latest = proposal_latest(d->proposal);
    const Comity__V1__Contribution *harmed;

    if (solving_check_worked_on(d, "raise_concern.proposal") != 0)
        return d->code;
    if (d->proposal->decision != 0)
        return decide_refuse(d, ERR_STATE, "raise_concern.proposal");
    if (!binary_equal(latest->text->hash, raise->text_hash))
        return decide_refuse_latest(d, ERR_STALE, "raise_concern.text_hash", latest->version);
    if (raise->harms == 0)
        return 0;
    harmed = solving_find_contribution(d, raise->harms, SOLVING_STANDS, "raise_concern.harms");
    if (!harmed)
        return d->code;
    if (phase_of_contribution(harmed->kind) != PHASE(INTERESTS))
        return decide_refuse(d, ERR_RANGE, "raise_concern.harms");
    return 0;
}

int decide_raise_concern(struct decide *d)
{
    const Comity__V1__RaiseConcern *raise = d->body->raise_concern;
    Comity__V1__ConcernRaised *raised;
    Comity__V1__Concern *concern;
    Comity__V1__Event *event;

    if (check_raise(d, raise) != 0)
        return d->code;
    raised = decide_new(d, &comity__v1__concern_raised__descriptor);
    concern = decide_new(d, &comity__v1__concern__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_CONCERN_RAISED);
    if (!raised || !concern || !event || decide_next_number(d, TABLE_CONCERN, &concern->number) != 0)
        return d->code;
    concern->proposal = raise->proposal;
    concern->version = proposal_latest(d->proposal)->version;
    concern->text = raise->text;
    concern->harms = raise->harms;
    concern->raised_by = d->actor->number;
    concern->raised_ms = d->context->time_ms;
    concern->state = STATE(RAISED);
    raised->concern = concern;
    event->concern_raised = raised;
    return 0;
}

/* RAISED or SECONDED, and its item is not over. */
static int check_standing(struct decide *d, const char *field)
{
    if (solving_check_not_over(d, field) != 0)
        return d->code;
    if (d->concern->state != STATE(RAISED) && d->concern->state != STATE(SECONDED))
        return decide_refuse(d, ERR_STATE, "%s", field);
    return 0;
}

int decide_second_concern(struct decide *d)
{
    Comity__V1__ConcernSeconded *seconded;
    Comity__V1__Event *event;
    size_t i;

    if (check_standing(d, "second_concern.concern") != 0)
        return d->code;
    if (d->actor->number == d->concern->raised_by)
        return decide_refuse(d, ERR_FORBIDDEN, "second_concern.concern");
    for (i = 0; i < d->concern->n_seconders; i++)
        if (d->concern->seconders[i] == d->actor->number)
            return decide_refuse(d, ERR_EXISTS, "second_concern.concern");
    if (d->concern->n_seconders >= SECONDERS_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "second_concern.concern", SECONDERS_MAX);
    seconded = decide_new(d, &comity__v1__concern_seconded__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_CONCERN_SECONDED);
    if (!seconded || !event)
        return d->code;
    seconded->concern = d->concern->number;
    seconded->member = d->actor->number;
    event->concern_seconded = seconded;
    return 0;
}

int decide_settle_concern(struct decide *d)
{
    const Comity__V1__SettleConcern *settle = d->body->settle_concern;
    Comity__V1__ConcernSettled *settled;
    Comity__V1__Event *event;

    if (settle->state != STATE(RESOLVED) && settle->state != STATE(WITHDRAWN))
        return decide_refuse(d, ERR_RANGE, "settle_concern.state");
    if (check_standing(d, "settle_concern.concern") != 0)
        return d->code;
    settled = decide_new(d, &comity__v1__concern_settled__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_CONCERN_SETTLED);
    if (!settled || !event)
        return d->code;
    settled->concern = d->concern->number;
    settled->state = settle->state;
    settled->how = settle->how;
    event->concern_settled = settled;
    return 0;
}
