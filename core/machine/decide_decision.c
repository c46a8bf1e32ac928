/* The life of a decision: the terms that are voted on with its text, how it takes effect, what it does to
 * others, the signatures that it waits for, and its ends. docs/decisions.md, "Life". */
#include <stdio.h>

#include "core/machine/decide.h"

int concern_decision(struct decide *d)
{
    const char *field;
    uint32_t number = decide_named(d, "decision", &field);

    d->decision = decide_find(d, TABLE_DECISION, number, 0, field);
    if (!d->decision)
        return d->code;
    d->of_body = d->decision->body;
    d->of_constituency = d->actor->constituency; /* a clause is signed for one's own */
    return 0;
}

bool decision_has_ended(const Comity__V1__Decision *decision)
{
    return decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_ENDED ||
           decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_SUPERSEDED;
}

/* What a relation does to a decision as it is now; false where it can do nothing to it. */
static bool relation_apply(Comity__V1__DecisionRelation relation, const Comity__V1__Decision *other,
                           Comity__V1__DecisionChange *change)
{
    change->decision = other->number;
    change->state = other->state;
    switch (relation) {
    case COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUPERSEDES:
        change->state = COMITY__V1__DECISION_STATE__DECISION_STATE_SUPERSEDED;
        return !decision_has_ended(other);
    case COMITY__V1__DECISION_RELATION__DECISION_RELATION_ENDS:
        change->state = COMITY__V1__DECISION_STATE__DECISION_STATE_ENDED;
        return !decision_has_ended(other);
    case COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUSPENDS:
        change->state = COMITY__V1__DECISION_STATE__DECISION_STATE_SUSPENDED;
        return other->state == COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT;
    case COMITY__V1__DECISION_RELATION__DECISION_RELATION_RESUMES:
        change->state = COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT;
        return other->state == COMITY__V1__DECISION_STATE__DECISION_STATE_SUSPENDED;
    case COMITY__V1__DECISION_RELATION__DECISION_RELATION_CONFIRMS:
        change->is_confirmed = true;
        return other->is_on_trial && !decision_has_ended(other);
    default:
        return false;
    }
}

static int effects_check(struct decide *d, const Comity__V1__Terms *terms, const char *field)
{
    size_t i, k;

    for (i = 0; i < terms->n_effects; i++) {
        const Comity__V1__DecisionEffect *effect = terms->effects[i];
        Comity__V1__DecisionChange change = COMITY__V1__DECISION_CHANGE__INIT;
        const Comity__V1__Decision *other;
        char at[FIELD_PATH_MAX];

        snprintf(at, sizeof(at), "%s.effects[%zu].decision", field, i);
        other = decide_find(d, TABLE_DECISION, effect->decision, 0, at);
        if (!other)
            return d->code;
        /* A body does not undo what another one decided. */
        if (other->body != d->of_body)
            return decide_refuse(d, ERR_FORBIDDEN, "%s", at);
        for (k = 0; k < i; k++)
            if (terms->effects[k]->decision == effect->decision)
                return decide_refuse(d, ERR_DUPLICATE, "%s", at);
        if (!relation_apply(effect->relation, other, &change))
            return decide_refuse(d, ERR_STATE, "%s", at);
    }
    return 0;
}

int terms_check(struct decide *d, const Comity__V1__Terms *terms, const char *field)
{
    size_t i, k;

    if (!terms)
        return 0;
    for (i = 0; i < terms->n_clauses; i++)
        for (k = 0; k < terms->clauses[i]->n_signatories; k++) {
            char at[FIELD_PATH_MAX];

            snprintf(at, sizeof(at), "%s.clauses[%zu].signatories[%zu]", field, i, k);
            if (!decide_find(d, TABLE_CONSTITUENCY, terms->clauses[i]->signatories[k], 0, at))
                return d->code;
        }
    return effects_check(d, terms, field);
}

/* The event by which a decision takes effect, with what it does to others: as far as they are still there to
 * have it done to them. */
static int take_effect(struct decide *d, const Comity__V1__Decision *decision)
{
    Comity__V1__DecisionTookEffect *took = decide_new(d, &comity__v1__decision_took_effect__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_DECISION_TOOK_EFFECT);
    const Comity__V1__Terms *terms = decision->terms;
    size_t effects = terms ? terms->n_effects : 0;
    size_t i;

    if (!took || !event)
        return d->code;
    took->decision = decision->number;
    took->changes = decide_alloc(d, effects, sizeof(*took->changes));
    for (i = 0; i < effects && d->code == 0; i++) {
        Comity__V1__DecisionChange *change = decide_new(d, &comity__v1__decision_change__descriptor);
        const Comity__V1__Decision *other = decide_get(d, TABLE_DECISION, terms->effects[i]->decision, 0);

        if (change && other && relation_apply(terms->effects[i]->relation, other, change))
            took->changes[took->n_changes++] = change;
    }
    event->decision_took_effect = took;
    return d->code;
}

/* The row that comes of d->round, from its proposal's version with all its terms. */
static Comity__V1__Decision *decision_new(struct decide *d)
{
    Comity__V1__Decision *decision = decide_new(d, &comity__v1__decision__descriptor);
    const Comity__V1__Terms *terms;

    if (!decision || decide_next_number(d, TABLE_DECISION, &decision->number) != 0)
        return NULL;
    d->proposal = decide_get(d, TABLE_PROPOSAL, d->round->proposal, 0);
    if (!d->proposal || concern_of_proposal(d) != 0)
        return NULL;
    if (d->round->version < 1 || d->round->version > d->proposal->n_versions) {
        decide_fail(d, ERR_CORRUPT);
        return NULL;
    }
    terms = d->proposal->versions[d->round->version - 1]->terms;
    decision->proposal = d->round->proposal;
    decision->version = d->round->version;
    decision->text_hash = d->round->text_hash;
    decision->round = d->round->number;
    decision->decided_ms = d->context->time_ms;
    decision->terms = d->proposal->versions[d->round->version - 1]->terms;
    decision->body = d->of_body;
    decision->item = d->item->number;
    decision->is_on_trial = terms && terms->trial_until_ms != 0;
    decision->next_review_ms = terms ? terms->review_ms : 0;
    return decision;
}

int decision_make(struct decide *d, Comity__V1__OutcomeKind outcome, bool is_declared)
{
    Comity__V1__DecisionMade *made = decide_new(d, &comity__v1__decision_made__descriptor);
    Comity__V1__Decision *decision = decision_new(d);
    Comity__V1__Event *event;
    const Comity__V1__Terms *terms;
    bool is_at_once;

    event = decision ? decide_event(d, COMITY__V1__EVENT__KIND_DECISION_MADE) : NULL;
    if (!made || !decision || !event)
        return d->code;
    terms = decision->terms;
    is_at_once = !terms || (terms->n_clauses == 0 && terms->effective_ms <= d->context->time_ms);
    decision->outcome = outcome;
    decision->is_declared = is_declared;
    decision->state = COMITY__V1__DECISION_STATE__DECISION_STATE_PENDING;
    made->decision = decision;
    event->decision_made = made;
    if (is_at_once && terms && terms->n_effects > 0)
        return take_effect(d, decision);
    if (is_at_once) {
        decision->state = COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT;
        decision->in_effect_ms = d->context->time_ms;
    }
    return 0;
}

int decision_end(struct decide *d, uint32_t number, Comity__V1__DecisionEnd cause)
{
    Comity__V1__DecisionEnded *ended = decide_new(d, &comity__v1__decision_ended__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_DECISION_ENDED);

    if (!ended || !event)
        return d->code;
    ended->decision = number;
    ended->cause = cause;
    event->decision_ended = ended;
    return 0;
}

static int review_is_due(struct decide *d, uint32_t number)
{
    Comity__V1__ReviewDue *due = decide_new(d, &comity__v1__review_due__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_REVIEW_DUE);

    if (!due || !event)
        return d->code;
    due->decision = number;
    event->review_due = due;
    return 0;
}

int decision_is_due(struct decide *d, const struct deadline *due)
{
    switch (due->kind) {
    case DEADLINE_EFFECT:
        d->decision = decide_get(d, TABLE_DECISION, due->number, 0);
        return d->decision ? take_effect(d, d->decision) : d->code;
    case DEADLINE_REVIEW:
        return review_is_due(d, due->number);
    case DEADLINE_TRIAL:
        return decision_end(d, due->number, COMITY__V1__DECISION_END__DECISION_END_TRIAL);
    default:
        return decision_end(d, due->number, COMITY__V1__DECISION_END__DECISION_END_SUNSET);
    }
}

static bool has_signed(const Comity__V1__Decision *decision, uint32_t clause, uint32_t constituency)
{
    size_t i;

    for (i = 0; i < decision->n_signatures; i++)
        if (decision->signatures[i]->clause == clause &&
            decision->signatures[i]->constituency == constituency)
            return true;
    return false;
}

/* Signatures that are missing, were this one given. */
static size_t signatures_missing(const Comity__V1__Decision *decision)
{
    size_t asked = 0;
    size_t i;

    for (i = 0; i < decision->terms->n_clauses; i++)
        asked += decision->terms->clauses[i]->n_signatories;
    return asked - decision->n_signatures - 1;
}

static int check_clause(struct decide *d, const Comity__V1__SignClause *sign)
{
    const Comity__V1__Terms *terms = d->decision->terms;
    bool is_asked = false;
    size_t i;

    if (d->decision->state != COMITY__V1__DECISION_STATE__DECISION_STATE_PENDING)
        return decide_refuse(d, ERR_STATE, "sign_clause.decision");
    if (!terms || sign->clause > terms->n_clauses)
        return decide_refuse(d, ERR_NOT_FOUND, "sign_clause.clause");
    for (i = 0; i < terms->clauses[sign->clause - 1]->n_signatories; i++)
        is_asked |= terms->clauses[sign->clause - 1]->signatories[i] == d->actor->constituency;
    if (!is_asked)
        return decide_refuse(d, ERR_FORBIDDEN, "sign_clause.clause");
    if (!binary_equal(d->decision->text_hash, sign->text_hash))
        return decide_refuse_latest(d, ERR_STALE, "sign_clause.text_hash", d->decision->version);
    if (has_signed(d->decision, sign->clause, d->actor->constituency))
        return decide_refuse(d, ERR_EXISTS, "sign_clause.clause");
    return 0;
}

int decide_sign_clause(struct decide *d)
{
    const Comity__V1__SignClause *sign = d->body->sign_clause;
    Comity__V1__ClauseSignature *signature;
    Comity__V1__ClauseSigned *given;
    Comity__V1__Event *event;
    bool is_last, is_time;

    if (check_clause(d, sign) != 0)
        return d->code;
    given = decide_new(d, &comity__v1__clause_signed__descriptor);
    signature = decide_new(d, &comity__v1__clause_signature__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_CLAUSE_SIGNED);
    if (!given || !signature || !event)
        return d->code;
    is_last = signatures_missing(d->decision) == 0;
    is_time = d->decision->terms->effective_ms <= d->context->time_ms;
    signature->clause = sign->clause;
    signature->constituency = d->actor->constituency;
    signature->member = d->actor->number;
    signature->signed_ms = d->context->time_ms;
    given->decision = d->decision->number;
    given->signature = signature;
    given->effective_ms = is_last && !is_time ? d->decision->terms->effective_ms : 0;
    event->clause_signed = given;
    return is_last && is_time ? take_effect(d, d->decision) : 0;
}
