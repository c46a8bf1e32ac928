/* Terms, and what becomes of decisions: clauses, reviews, declarations, actions, minutes, mandates. */
#include "core/machine/row.h"
#include "tests/support/random_bodies.h"

enum { SPAN_S = 3600 };

/* A time to come: soon, so that the walk lives to see it. */
static int64_t soon(struct random_commands *r)
{
    return r->time_ms + 1000 + (int64_t) random_below(r, SPAN_S * 1000);
}

static bool is_over(const Comity__V1__Decision *decision)
{
    return decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_ENDED ||
           decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_SUPERSEDED;
}

/* A recent decision, not over; of a body (0: any). */
static const Comity__V1__Decision *decision_find(struct random_commands *r, uint32_t body)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Decision *decision =
            random_row(r, TABLE_DECISION, random_recent(r, TABLE_DECISION), 0);

        if (decision && !is_over(decision) && (body == 0 || decision->body == body))
            return decision;
    }
    return NULL;
}

/* One that can be done to it as it stands. */
static Comity__V1__DecisionRelation relation_draw(struct random_commands *r,
                                                  const Comity__V1__Decision *decision)
{
    if (decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_SUSPENDED && random_chance(r, 60))
        return COMITY__V1__DECISION_RELATION__DECISION_RELATION_RESUMES;
    if (decision->is_on_trial && random_chance(r, 60))
        return COMITY__V1__DECISION_RELATION__DECISION_RELATION_CONFIRMS;
    if (decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT && random_chance(r, 40))
        return COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUSPENDS;
    return random_chance(r, 50) ? COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUPERSEDES
                                : COMITY__V1__DECISION_RELATION__DECISION_RELATION_ENDS;
}

static void add_effect(struct random_commands *r, Comity__V1__Terms *terms, uint32_t body)
{
    const Comity__V1__Decision *decision = decision_find(r, body);
    Comity__V1__DecisionEffect *effect;

    if (!decision)
        return;
    effect = random_alloc(r, sizeof(*effect));
    comity__v1__decision_effect__init(effect);
    effect->relation = relation_draw(r, decision);
    effect->decision = decision->number;
    terms->effects = random_alloc(r, sizeof(*terms->effects));
    terms->effects[terms->n_effects++] = effect;
}

static void add_clause(struct random_commands *r, Comity__V1__Terms *terms)
{
    Comity__V1__Clause *clause = random_alloc(r, sizeof(*clause));
    uint32_t count = random_last_number(r, TABLE_CONSTITUENCY);

    comity__v1__clause__init(clause);
    clause->title = random_text(r);
    clause->signatories = random_alloc(r, count * sizeof(*clause->signatories));
    for (uint32_t number = 1; number <= count; number++)
        if (number == 1 || random_chance(r, 30))
            clause->signatories[clause->n_signatories++] = number;
    terms->clauses = random_alloc(r, sizeof(*terms->clauses));
    terms->clauses[terms->n_clauses++] = clause;
}

Comity__V1__Terms *random_terms(struct random_commands *r, uint32_t body)
{
    Comity__V1__Terms *terms;
    int64_t from_ms = r->time_ms;

    if (random_chance(r, 50))
        return NULL;
    terms = random_alloc(r, sizeof(*terms));
    comity__v1__terms__init(terms);
    if (random_chance(r, 30))
        terms->effective_ms = from_ms = soon(r);
    if (random_chance(r, 25))
        terms->trial_until_ms = from_ms + 1 + (int64_t) random_below(r, SPAN_S * 1000);
    if (random_chance(r, 30))
        terms->review_ms = from_ms + 1 + (int64_t) random_below(r, SPAN_S * 1000);
    if (random_chance(r, 30))
        terms->sunset_ms = from_ms + (int64_t) SPAN_S * 1000 + (int64_t) random_below(r, SPAN_S * 1000);
    if (random_chance(r, 40))
        add_effect(r, terms, body);
    if (random_chance(r, 20))
        add_clause(r, terms);
    terms->reopen_by = (Comity__V1__ReopenBy) (1 + random_below(r, 4));
    if (random_chance(r, 20))
        terms->reopen_on = random_text(r);
    return terms;
}

/* By a facilitator or a recorder. */
static bool sign_as_recorder(struct random_commands *r)
{
    const struct person *person = random_member(r, random_chance(r, 50) ? RECORDER : FACILITATOR, ANYBODY);

    if (!person)
        person = random_member(r, FACILITATOR, ANYBODY);
    if (person)
        random_sign(r, person);
    return person != NULL;
}

static bool sign_as_co_chair(struct random_commands *r, uint32_t constituency)
{
    const struct person *person = random_member(r, CO_CHAIR, constituency);

    if (person)
        random_sign(r, person);
    return person != NULL;
}

bool random_review_decision(struct random_commands *r)
{
    const Comity__V1__Decision *decision = decision_find(r, 0);

    if (!decision)
        return false;
    r->body->review_decision->decision = decision->number;
    r->body->review_decision->next_ms = random_chance(r, 50) ? soon(r) : 0;
    r->body->review_decision->note = random_chance(r, 50) ? random_text(r) : NULL;
    return sign_as_recorder(r);
}

/* A constituency that a clause still waits for; 0: none. */
static uint32_t signatory_missing(const Comity__V1__Decision *decision)
{
    for (size_t i = 0; i < decision->terms->clauses[0]->n_signatories; i++) {
        uint32_t constituency = decision->terms->clauses[0]->signatories[i];
        bool has_signed = false;

        for (size_t k = 0; k < decision->n_signatures; k++)
            has_signed |= decision->signatures[k]->constituency == constituency;
        if (!has_signed)
            return constituency;
    }
    return 0;
}

bool random_sign_clause(struct random_commands *r)
{
    for (size_t tries = 0; tries < 20; tries++) {
        const Comity__V1__Decision *decision = decision_find(r, 0);

        if (!decision || !decision->terms || decision->terms->n_clauses == 0 ||
            decision->state != COMITY__V1__DECISION_STATE__DECISION_STATE_PENDING ||
            signatory_missing(decision) == 0)
            continue;
        r->body->sign_clause->decision = decision->number;
        r->body->sign_clause->clause = 1;
        r->body->sign_clause->text_hash = decision->text_hash;
        return sign_as_co_chair(r, signatory_missing(decision));
    }
    return false;
}

/* The constituency of a PARTY. */
static uint32_t party_draw(struct random_commands *r)
{
    for (size_t tries = 0; tries < 20; tries++) {
        uint32_t number = 1 + random_below(r, random_last_number(r, TABLE_CONSTITUENCY));
        const Comity__V1__Constituency *row = random_row(r, TABLE_CONSTITUENCY, number, 0);

        if (row && row->standing == COMITY__V1__STANDING__STANDING_PARTY)
            return number;
    }
    return 1;
}

bool random_reopen_decision(struct random_commands *r)
{
    const Comity__V1__Decision *decision = decision_find(r, 0);
    const Comity__V1__Session *session =
        decision ? random_row(r, TABLE_SESSION, random_recent(r, TABLE_SESSION), 0) : NULL;

    if (!session || session->body != decision->body || session->closed_ms != 0 ||
        (decision->terms && decision->terms->reopen_by == COMITY__V1__REOPEN_BY__REOPEN_BY_NOBODY))
        return false;
    r->body->reopen_decision->decision = decision->number;
    r->body->reopen_decision->session = session->number;
    r->body->reopen_decision->title = random_text(r);
    r->body->reopen_decision->fact = random_text(r);
    if (decision->terms && decision->terms->reopen_by == COMITY__V1__REOPEN_BY__REOPEN_BY_FACILITATOR)
        return sign_as_recorder(r);
    return sign_as_co_chair(r, party_draw(r));
}

bool random_declare_outcome(struct random_commands *r)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Round *round = random_row(r, TABLE_ROUND, random_recent(r, TABLE_ROUND), 0);
        const Comity__V1__Proposal *proposal =
            round ? random_row(r, TABLE_PROPOSAL, round->proposal, 0) : NULL;

        if (!proposal || !round->outcome || round->declaration || round->round_of != proposal->rounds)
            continue;
        r->body->declare_outcome->round = round->number;
        r->body->declare_outcome->outcome =
            round->outcome->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED || random_chance(r, 20)
                ? COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED
                : COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED;
        r->body->declare_outcome->reason = random_text(r);
        return random_sign_jointly(r);
    }
    return false;
}

bool random_add_action(struct random_commands *r)
{
    Comity__V1__AddAction *add = r->body->add_action;
    const Comity__V1__Decision *decision = decision_find(r, 0);

    add->decision = decision && random_chance(r, 50) ? decision->number : 0;
    add->item = add->decision == 0 ? random_recent(r, TABLE_ITEM) : 0;
    if (add->decision == 0 && add->item == 0)
        return false;
    add->title = random_text(r);
    add->owners = random_alloc(r, 2 * sizeof(*add->owners));
    for (size_t i = 0; i < 2; i++) {
        const struct person *owner = random_member(r, 0, ANYBODY);
        if (owner && (i == 0 || owner->member != add->owners[0]))
            add->owners[add->n_owners++] = owner->member;
    }
    add->due_date = 20261200 + 1 + random_below(r, 31);
    add->time_zone = "Europe/Berlin";
    return add->n_owners > 0 && sign_as_recorder(r);
}

bool random_update_action(struct random_commands *r)
{
    const Comity__V1__Action *action = random_row(r, TABLE_ACTION, random_recent(r, TABLE_ACTION), 0);
    const struct person *owner =
        action ? random_person_of(r, action->owners[random_below(r, (uint32_t) action->n_owners)]) : NULL;

    if (!action || action->n_changes >= 64)
        return false;
    r->body->update_action->action = action->number;
    r->body->update_action->status = (Comity__V1__ActionStatus) (1 + action->status % 3);
    r->body->update_action->note = random_text(r);
    if (!owner || owner->is_revoked)
        return sign_as_recorder(r);
    random_sign(r, owner);
    return true;
}

bool random_draft_minutes(struct random_commands *r)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Session *session = random_row(r, TABLE_SESSION, random_recent(r, TABLE_SESSION), 0);

        if (!session || session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED ||
            session->opened_ms == 0 || random_row(r, TABLE_MINUTES, session->number, 0))
            continue;
        r->body->draft_minutes->session = session->number;
        r->body->draft_minutes->text = random_text(r);
        r->body->draft_minutes->by_silence = random_chance(r, 70);
        return sign_as_recorder(r);
    }
    return false;
}

/* Minutes that are not in force, of a recent session. */
static const Comity__V1__Minutes *minutes_find(struct random_commands *r)
{
    for (size_t tries = 0; tries < 20; tries++) {
        const Comity__V1__Minutes *minutes = random_row(r, TABLE_MINUTES, random_recent(r, TABLE_SESSION), 0);

        if (minutes && minutes->in_force_ms == 0)
            return minutes;
    }
    return NULL;
}

static ProtobufCBinaryData latest_of(const Comity__V1__Minutes *minutes)
{
    return minutes->versions[minutes->n_versions - 1]->text->hash;
}

bool random_correct_minutes(struct random_commands *r)
{
    const Comity__V1__Minutes *minutes = minutes_find(r);

    if (!minutes || minutes->n_versions >= 100)
        return false;
    r->body->correct_minutes->session = minutes->session;
    r->body->correct_minutes->base_hash = latest_of(minutes);
    r->body->correct_minutes->text = random_text(r);
    return sign_as_recorder(r);
}

/* A constituency with seats in the body. */
static uint32_t seated_draw(struct random_commands *r, uint32_t body)
{
    const Comity__V1__Body *row = random_row(r, TABLE_BODY, body, 0);
    const Comity__V1__Seat *seat = random_row(r, TABLE_SEAT, body, 1 + random_below(r, row->seats));

    return seat->constituency;
}

bool random_approve_minutes(struct random_commands *r)
{
    const Comity__V1__Minutes *minutes = minutes_find(r);

    if (!minutes)
        return false;
    r->body->approve_minutes->session = minutes->session;
    r->body->approve_minutes->text_hash = latest_of(minutes);
    return sign_as_co_chair(r, seated_draw(r, minutes->body));
}

bool random_dissent_minutes(struct random_commands *r)
{
    const Comity__V1__Minutes *minutes = minutes_find(r);

    if (!minutes)
        return false;
    r->body->dissent_minutes->session = minutes->session;
    r->body->dissent_minutes->text_hash = latest_of(minutes);
    r->body->dissent_minutes->text = random_text(r);
    return sign_as_co_chair(r, seated_draw(r, minutes->body));
}

bool random_give_mandate(struct random_commands *r)
{
    const Comity__V1__Decision *decision = decision_find(r, 0);
    const struct person *holder = random_member(r, 0, ANYBODY);
    Comity__V1__GiveMandate *give = r->body->give_mandate;

    if (!holder)
        return false;
    if (random_chance(r, 30)) /* of which some are delegated */
        give->function = random_name(r, "function", random_below(r, 3));
    else if (decision && decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT)
        give->decision = decision->number;
    else
        return false;
    if (random_chance(r, 30))
        give->body = random_recent(r, TABLE_BODY);
    else
        give->member = holder->member;
    give->limits = random_text(r);
    give->report_by_ms = random_chance(r, 70) ? soon(r) : 0;
    return random_sign_jointly(r);
}

static const Comity__V1__Mandate *mandate_find(struct random_commands *r)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Mandate *mandate = random_row(r, TABLE_MANDATE, random_recent(r, TABLE_MANDATE), 0);

        if (mandate && mandate->recalled_ms == 0)
            return mandate;
    }
    return NULL;
}

bool random_report_mandate(struct random_commands *r)
{
    const Comity__V1__Mandate *mandate = mandate_find(r);
    const struct person *holder = mandate && mandate->member ? random_person_of(r, mandate->member) : NULL;

    if (!holder || holder->is_revoked || mandate->n_reports >= 100)
        return false;
    random_sign(r, holder);
    r->body->report_mandate->mandate = mandate->number;
    r->body->report_mandate->text = random_text(r);
    r->body->report_mandate->next_ms = random_chance(r, 50) ? soon(r) : 0;
    return true;
}

bool random_recall_mandate(struct random_commands *r)
{
    const Comity__V1__Mandate *mandate = mandate_find(r);

    if (!mandate)
        return false;
    r->body->recall_mandate->mandate = mandate->number;
    r->body->recall_mandate->reason = random_text(r);
    return sign_as_co_chair(r, party_draw(r));
}

bool random_set_retention(struct random_commands *r)
{
    r->body->set_retention->session = random_recent(r, TABLE_SESSION);
    r->body->set_retention->class_ = "candid";
    r->body->set_retention->keep_until_ms = random_chance(r, 80) ? soon(r) : 0;
    return r->body->set_retention->session != 0 && random_sign_jointly(r);
}

bool random_hold_texts(struct random_commands *r)
{
    r->body->hold_texts->session = random_recent(r, TABLE_SESSION);
    r->body->hold_texts->reason = random_text(r);
    return r->body->hold_texts->session != 0 && sign_as_co_chair(r, ANYBODY);
}

bool random_lift_hold(struct random_commands *r)
{
    const Comity__V1__Hold *hold = random_row(r, TABLE_HOLD, random_recent(r, TABLE_HOLD), 0);

    if (!hold || hold->lifted_ms != 0)
        return false;
    r->body->lift_hold->hold = hold->number;
    return sign_as_co_chair(r, hold->constituency);
}

bool random_purge_texts(struct random_commands *r)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Session *session = random_row(r, TABLE_SESSION, random_recent(r, TABLE_SESSION), 0);

        if (!session || session->closed_ms == 0)
            continue;
        r->body->purge_texts->session = session->number;
        return random_sign_jointly(r);
    }
    return false;
}
