/* What is done about a decision once it was made: it is reviewed, brought back on an agenda, or declared
 * otherwise than computed. */
#include "core/charter.h"
#include "core/machine/ladder.h"
#include "core/machine/phase.h"

enum { REVIEWS_MAX = 100, REOPENINGS_MAX = 100 };

int decide_review_decision(struct decide *d)
{
    const Comity__V1__ReviewDecision *body = d->body->review_decision;
    Comity__V1__DecisionReviewed *reviewed;
    Comity__V1__Review *review;
    Comity__V1__Event *event;

    if (decision_has_ended(d->decision))
        return decide_refuse(d, ERR_STATE, "review_decision.decision");
    if (body->next_ms != 0 && body->next_ms <= d->context->time_ms)
        return decide_refuse(d, ERR_RANGE, "review_decision.next_ms");
    if (d->decision->n_reviews >= REVIEWS_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "review_decision.decision", REVIEWS_MAX);
    reviewed = decide_new(d, &comity__v1__decision_reviewed__descriptor);
    review = decide_new(d, &comity__v1__review__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_DECISION_REVIEWED);
    if (!reviewed || !review || !event)
        return d->code;
    review->member = d->actor->number;
    review->reviewed_ms = d->context->time_ms;
    review->note = body->note;
    reviewed->decision = d->decision->number;
    reviewed->review = review;
    reviewed->next_ms = body->next_ms;
    event->decision_reviewed = reviewed;
    return 0;
}

static int check_reopening(struct decide *d, const Comity__V1__ReopenDecision *reopen)
{
    if (decision_has_ended(d->decision))
        return decide_refuse(d, ERR_STATE, "reopen_decision.decision");
    d->session = decide_find(d, TABLE_SESSION, reopen->session, 0, "reopen_decision.session");
    if (!d->session)
        return d->code;
    if (d->session->body != d->of_body)
        return decide_refuse(d, ERR_FORBIDDEN, "reopen_decision.session");
    if (!session_takes_work(d->session))
        return decide_refuse(d, ERR_STATE, "reopen_decision.session");
    if (d->decision->n_reopenings >= REOPENINGS_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "reopen_decision.decision", REOPENINGS_MAX);
    return 0;
}

/* What is decided again is decided as before: under the same vital function, where the charter still has it. */
static int take_function(struct decide *d, Comity__V1__Item *item)
{
    const Comity__V1__Item *first = decide_get(d, TABLE_ITEM, d->decision->item, 0);
    const Comity__V1__CharterVersion *held = NULL;

    if (!first || decide_charter_in_force(d, &held) != 0)
        return d->code;
    if (held && charter_function(held->charter, first->function))
        item->function = first->function;
    return 0;
}

/* The item comes as any other does, in an event of its own. */
static int add_item(struct decide *d, Comity__V1__Item *item)
{
    Comity__V1__ItemAdded *added = decide_new(d, &comity__v1__item_added__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_ITEM_ADDED);

    if (!added || !event || take_function(d, item) != 0)
        return d->code;
    item->title = d->body->reopen_decision->title;
    item->reopens = d->decision->number;
    added->item = item;
    event->item_added = added;
    return 0;
}

int decide_reopen_decision(struct decide *d)
{
    const Comity__V1__ReopenDecision *reopen = d->body->reopen_decision;
    Comity__V1__DecisionReopened *reopened;
    Comity__V1__Reopening *reopening;
    Comity__V1__Event *event;
    Comity__V1__Item *item;

    if (check_reopening(d, reopen) != 0)
        return d->code;
    reopened = decide_new(d, &comity__v1__decision_reopened__descriptor);
    reopening = decide_new(d, &comity__v1__reopening__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_DECISION_REOPENED);
    item = item_new(d, COMITY__V1__PHASE__PHASE_UNSPECIFIED);
    if (!reopened || !reopening || !event || !item)
        return d->code;
    reopening->item = item->number;
    reopening->member = d->actor->number;
    reopening->fact = reopen->fact;
    reopening->reopened_ms = d->context->time_ms;
    reopened->decision = d->decision->number;
    reopened->reopening = reopening;
    event->decision_reopened = reopened;
    return add_item(d, item);
}

int concern_declared_round(struct decide *d)
{
    d->round = decide_find(d, TABLE_ROUND, d->body->declare_outcome->round, 0, "declare_outcome.round");
    d->proposal = d->round ? decide_get(d, TABLE_PROPOSAL, d->round->proposal, 0) : NULL;
    return d->proposal ? concern_of_proposal(d) : d->code;
}

/* What an outcome can be declared to be. */
static bool is_declarable(Comity__V1__OutcomeKind outcome)
{
    return outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED ||
           outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED ||
           outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED ||
           outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_WITHDRAWN ||
           outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED;
}

/* Of its ladder, or of the round. */
static Comity__V1__OutcomeKind outcome_that_stands(const struct decide *d)
{
    return d->proposal->outcome != COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED
               ? d->proposal->outcome
               : d->round->outcome->kind;
}

static bool outcomes_equal(Comity__V1__OutcomeKind a, Comity__V1__OutcomeKind b)
{
    return a == b || (outcome_adopts(a) && outcome_adopts(b));
}

static int check_declaration(struct decide *d, const Comity__V1__DeclareOutcome *declare)
{
    if (d->round->state != COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED || !d->round->outcome ||
        d->proposal->open_round != 0 || d->round->number != d->proposal->last_round)
        return decide_refuse(d, ERR_STATE, "declare_outcome.round");
    if (share_is_advice(d->round->share)) /* of which nothing is decided */
        return decide_refuse(d, ERR_STATE, "declare_outcome.round");
    if (d->round->declaration)
        return decide_refuse(d, ERR_EXISTS, "declare_outcome.round");
    /* While a stage is open none stands yet. */
    if (!is_declarable(declare->outcome) ||
        (d->proposal->stage == 0 && outcomes_equal(declare->outcome, outcome_that_stands(d))))
        return decide_refuse(d, ERR_RANGE, "declare_outcome.outcome");
    /* On what was referred to bargaining, or taken back, nothing further is decided. */
    if (declare->outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED &&
        phase_is_over(item_phase(d->item)))
        return decide_refuse_latest(d, ERR_PHASE, "declare_outcome.outcome", (uint64_t) item_phase(d->item));
    if (d->proposal->decision == 0)
        return 0;
    d->decision = decide_get(d, TABLE_DECISION, d->proposal->decision, 0);
    if (!d->decision)
        return d->code;
    /* What it did to others, another decision alone can undo. */
    if (decision_has_ended(d->decision) || d->decision->n_changes > 0)
        return decide_refuse(d, ERR_STATE, "declare_outcome.outcome");
    return 0;
}

static Comity__V1__Declaration *declaration_new(struct decide *d, const Comity__V1__DeclareOutcome *declare)
{
    Comity__V1__Declaration *made = decide_new(d, &comity__v1__declaration__descriptor);
    Comity__V1__Member *member = d->actor;
    size_t i;

    if (!made)
        return NULL;
    made->outcome = declare->outcome;
    made->computed = outcome_that_stands(d);
    made->reason = declare->reason;
    made->declared_ms = d->context->time_ms;
    made->members = decide_alloc(d, 1 + d->body->n_cosigners, sizeof(*made->members));
    for (i = 0; made->members && i <= d->body->n_cosigners; i++) {
        int code =
            i == 0 ? 0 : state_member_of_key(d->view, d->arena, d->body->cosigners[i - 1].data, &member);

        if (code != 0) {
            decide_fail(d, code);
            return NULL;
        }
        made->members[made->n_members++] = member->number;
    }
    return made->members ? made : NULL;
}

int decide_declare_outcome(struct decide *d)
{
    const Comity__V1__DeclareOutcome *declare = d->body->declare_outcome;
    Comity__V1__OutcomeDeclared *declared;
    Comity__V1__Event *event;

    if (check_declaration(d, declare) != 0)
        return d->code;
    declared = decide_new(d, &comity__v1__outcome_declared__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_OUTCOME_DECLARED);
    if (!declared || !event)
        return d->code;
    declared->round = d->round->number;
    declared->declaration = declaration_new(d, declare);
    if (!declared->declaration)
        return d->code;
    event->outcome_declared = declared;
    if (d->proposal->stage != 0) { /* what the parties declare together stands in place of the ladder: R-74 */
        d->stage = decide_get(d, TABLE_STAGE, d->proposal->stage, 0);
        if (!d->stage || ladder_stop(d, declare->outcome) != 0)
            return d->code;
    }
    if (d->decision)
        return decision_end(d, d->decision->number, COMITY__V1__DECISION_END__DECISION_END_DECLARED);
    if (declare->outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED)
        return decision_make(d, declare->outcome, true);
    return 0;
}
