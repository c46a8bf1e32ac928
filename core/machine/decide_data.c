/* What one side asks another for, and what is the case. */
#include "core/machine/solving.h"

#define REQUEST(name) COMITY__V1__DATA_REQUEST_STATE__DATA_REQUEST_STATE_##name

void solving_confine(struct decide *d, uint32_t confined_to)
{
    if (confined_to == 0)
        return;
    d->events.list[0].audience = COMITY__V1__AUDIENCE__AUDIENCE_BODY;
    d->events.list[0].round = confined_to;
}

static uint32_t confined_to(const struct decide *d, Comity__V1__Confidentiality confidentiality)
{
    return confidentiality == COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_BODY ? d->of_body : 0;
}

int decide_request_data(struct decide *d)
{
    const Comity__V1__RequestData *ask = d->body->request_data;
    Comity__V1__DataRequested *requested;
    Comity__V1__DataRequest *request;
    Comity__V1__Event *event;
    uint32_t constituency;

    if (solving_check_worked_on(d, "request_data.item") != 0 ||
        solving_find_constituency(d, ask->constituency, "request_data.constituency", &constituency) != 0)
        return d->code;
    if (ask->due_ms != 0 && ask->due_ms <= d->context->time_ms)
        return decide_refuse(d, ERR_RANGE, "request_data.due_ms");
    requested = decide_new(d, &comity__v1__data_requested__descriptor);
    request = decide_new(d, &comity__v1__data_request__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_DATA_REQUESTED);
    if (!requested || !request || !event || decide_next_number(d, TABLE_DATA_REQUEST, &request->number) != 0)
        return d->code;
    request->item = ask->item;
    request->constituency = constituency;
    request->text = ask->text;
    request->due_ms = ask->due_ms;
    request->confined_to = confined_to(d, ask->confidentiality);
    request->asked_by = d->actor->number;
    request->asked_ms = d->context->time_ms;
    request->state = REQUEST(ASKED);
    requested->request = request;
    event->data_requested = requested;
    solving_confine(d, request->confined_to);
    return 0;
}

static int answered(struct decide *d, Comity__V1__DataRequestState state, Comity__V1__TextRef *text)
{
    Comity__V1__DataAnswered *answer = decide_new(d, &comity__v1__data_answered__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_DATA_ANSWERED);

    if (!answer || !event)
        return d->code;
    answer->request = d->request->number;
    answer->state = state;
    answer->answer = text;
    event->data_answered = answer;
    solving_confine(d, d->request->confined_to);
    return 0;
}

int decide_answer_data(struct decide *d)
{
    if (solving_check_not_over(d, "answer_data.request") != 0)
        return d->code;
    if (d->request->state == REQUEST(ANSWERED))
        return decide_refuse(d, ERR_STATE, "answer_data.request");
    return answered(d, REQUEST(ANSWERED), d->body->answer_data->text);
}

int decide_refuse_data(struct decide *d)
{
    if (solving_check_not_over(d, "refuse_data.request") != 0)
        return d->code;
    if (d->request->state != REQUEST(ASKED))
        return decide_refuse(d, ERR_STATE, "refuse_data.request");
    return answered(d, REQUEST(REFUSED), d->body->refuse_data->reason);
}

/* What a fact comes of: what was told to the body alone does not go to all by being stated as a fact. */
static int check_source(struct decide *d, const Comity__V1__StateFact *state)
{
    const Comity__V1__DataRequest *request;

    if (state->request == 0)
        return 0;
    request = decide_find(d, TABLE_DATA_REQUEST, state->request, 0, "state_fact.request");
    if (!request)
        return d->code;
    if (request->item != state->item)
        return decide_refuse(d, ERR_RANGE, "state_fact.request");
    if (request->state != REQUEST(ANSWERED))
        return decide_refuse(d, ERR_STATE, "state_fact.request");
    if (request->confined_to != 0 && confined_to(d, state->confidentiality) == 0)
        return decide_refuse(d, ERR_FORBIDDEN, "state_fact.confidentiality");
    return 0;
}

int decide_state_fact(struct decide *d)
{
    const Comity__V1__StateFact *state = d->body->state_fact;
    Comity__V1__FactStated *stated;
    Comity__V1__Fact *fact;
    Comity__V1__Event *event;

    if (solving_check_worked_on(d, "state_fact.item") != 0 || check_source(d, state) != 0)
        return d->code;
    stated = decide_new(d, &comity__v1__fact_stated__descriptor);
    fact = decide_new(d, &comity__v1__fact__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_FACT_STATED);
    if (!stated || !fact || !event || decide_next_number(d, TABLE_FACT, &fact->number) != 0)
        return d->code;
    fact->item = state->item;
    fact->text = state->text;
    fact->request = state->request;
    fact->confined_to = confined_to(d, state->confidentiality);
    fact->stated_by = d->actor->number;
    fact->stated_ms = d->context->time_ms;
    stated->fact = fact;
    event->fact_stated = stated;
    solving_confine(d, fact->confined_to);
    return 0;
}

/* Does it stand, and its item go on? */
static int check_fact(struct decide *d, const char *field)
{
    if (solving_check_not_over(d, field) != 0)
        return d->code;
    return d->fact->withdrawn_ms == 0 ? 0 : decide_refuse(d, ERR_STATE, "%s", field);
}

int decide_judge_fact(struct decide *d)
{
    const Comity__V1__JudgeFact *judge = d->body->judge_fact;
    Comity__V1__FactJudgement *judgement;
    Comity__V1__FactJudged *judged;
    Comity__V1__Event *event;

    if (check_fact(d, "judge_fact.fact") != 0)
        return d->code;
    if (judge->position == COMITY__V1__FACT_POSITION__FACT_POSITION_DISPUTED &&
        (!judge->reason || judge->reason->size == 0))
        return decide_refuse(d, ERR_MISSING, "judge_fact.reason");
    judged = decide_new(d, &comity__v1__fact_judged__descriptor);
    judgement = decide_new(d, &comity__v1__fact_judgement__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_FACT_JUDGED);
    if (!judged || !judgement || !event)
        return d->code;
    judgement->constituency = d->actor->constituency;
    judgement->position = judge->position;
    judgement->judged_by = d->actor->number;
    judgement->reason = judge->reason;
    judgement->judged_ms = d->context->time_ms;
    judged->fact = d->fact->number;
    judged->judgement = judgement;
    event->fact_judged = judged;
    solving_confine(d, d->fact->confined_to);
    return 0;
}

int decide_withdraw_fact(struct decide *d)
{
    Comity__V1__FactWithdrawn *withdrawn;
    Comity__V1__Event *event;

    if (check_fact(d, "withdraw_fact.fact") != 0)
        return d->code;
    withdrawn = decide_new(d, &comity__v1__fact_withdrawn__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_FACT_WITHDRAWN);
    if (!withdrawn || !event)
        return d->code;
    withdrawn->fact = d->fact->number;
    event->fact_withdrawn = withdrawn;
    return 0;
}
