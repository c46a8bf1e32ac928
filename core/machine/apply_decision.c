/* The life of decisions: what they do when they take effect, their deadlines, and what is done about them. */
#include "core/machine/apply.h"

void *apply_append(struct apply *a, void *list, size_t count, const void *message)
{
    const void **larger = a->code == 0 ? arena_alloc(a->arena, (count + 1) * sizeof(*larger)) : NULL;

    if (a->code == 0 && !message)
        apply_fail(a, ERR_INTERNAL);
    if (a->code == 0 && !larger)
        apply_fail(a, ERR_MEMORY);
    if (a->code != 0)
        return list;
    if (count > 0)
        memcpy(larger, list, count * sizeof(*larger));
    larger[count] = message;
    return larger;
}

/* A thing has one deadline of a kind at most. */
struct drop {
    enum table table;
    uint32_t number;
    enum deadline_kind kind; /* 0: any */
    struct row_key keys[8];
    size_t count;
};

static int drop_visit(void *context, struct bytes key, struct bytes value)
{
    struct drop *drop = context;
    enum deadline_kind kind;

    (void) value;
    if (key.size != row_key_deadline(0, DEADLINE_TIME, 0, 0).size)
        return ERR_CORRUPT;
    kind = (enum deadline_kind) key.data[9];
    if (get_u32(key.data + 10) != drop->number || deadline_table(kind) != drop->table ||
        (drop->kind != 0 && drop->kind != kind))
        return 0;
    if (drop->count == ARRAY_COUNT(drop->keys))
        return ERR_CORRUPT;
    memcpy(drop->keys[drop->count].bytes, key.data, key.size);
    drop->keys[drop->count++].size = key.size;
    return 0;
}

void apply_drop_deadlines(struct apply *a, enum table table, uint32_t number, enum deadline_kind kind)
{
    struct drop drop = {.table = table, .number = number, .kind = kind};
    struct row_key all = row_key_all(TABLE_DEADLINE);
    size_t i;

    if (a->code == 0)
        apply_fail(a, view_range(a->view, row_key_view(&all), BYTES(NULL, 0), drop_visit, &drop));
    for (i = 0; i < drop.count && a->code == 0; i++)
        apply_delete(a, drop.keys[i]);
}

static void put_decision(struct apply *a, const Comity__V1__Decision *decision)
{
    if (a->code == 0)
        apply_put(a, TABLE_DECISION, decision->number, 0, &decision->base);
}

static void put_deadlines(struct apply *a, const Comity__V1__Decision *decision)
{
    const Comity__V1__Terms *terms = decision->terms;
    bool waits = decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_PENDING;

    if (!terms)
        return;
    if (waits && terms->n_clauses == 0 && terms->effective_ms > a->event->time_ms)
        apply_put_deadline(a, terms->effective_ms, DEADLINE_EFFECT, decision->number, 0);
    if (terms->trial_until_ms != 0)
        apply_put_deadline(a, terms->trial_until_ms, DEADLINE_TRIAL, decision->number, 0);
    if (terms->review_ms != 0)
        apply_put_deadline(a, terms->review_ms, DEADLINE_REVIEW, decision->number, 0);
    if (terms->sunset_ms != 0)
        apply_put_deadline(a, terms->sunset_ms, DEADLINE_SUNSET, decision->number, 0);
}

static void keep_text(struct apply *a, const Comity__V1__TextRef *text)
{
    if (text && text->size > 0)
        apply_keep_text(a, text->hash);
}

static void keep_contribution(struct apply *a, uint32_t number)
{
    const Comity__V1__Contribution *row = apply_get(a, TABLE_CONTRIBUTION, number, 0);
    size_t i;

    for (i = 0; row && i < row->n_versions; i++)
        keep_text(a, row->versions[i]->text);
}

/* What the decision answers, among what: ballots name options by number alone. */
static void keep_asked(struct apply *a, uint32_t number)
{
    const Comity__V1__Round *round = number != 0 ? apply_get(a, TABLE_ROUND, number, 0) : NULL;

    if (!round)
        return;
    keep_text(a, round->question);
    for (size_t i = 0; i < round->n_options; i++)
        keep_text(a, round->options[i]->text);
}

/* What was decided is not purged, nor what it answers, nor are the interests and standards that it meets. */
static void keep_decided(struct apply *a, const Comity__V1__Decision *decision)
{
    const Comity__V1__ProposalLinks *links = apply_seek(a, TABLE_PROPOSAL_LINKS, decision->proposal, 0);
    size_t i;

    for (i = 0; links && i < links->n_links; i++)
        keep_contribution(a, links->links[i]->contribution);
    apply_keep_text(a, decision->text_hash);
    keep_asked(a, decision->round);
}

void apply_decision_made(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Decision *decision = open->decision_made->decision;
    Comity__V1__Proposal *proposal = decision ? apply_get(a, TABLE_PROPOSAL, decision->proposal, 0) : NULL;

    if (!proposal) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_DECISION, decision->number, &decision->base);
    proposal->decision = decision->number;
    apply_put(a, TABLE_PROPOSAL, proposal->number, 0, &proposal->base);
    put_deadlines(a, decision);
    keep_decided(a, decision);
    apply_item_decided(a, proposal->item);
}

static void end_for_good(struct apply *a, Comity__V1__Decision *decision)
{
    decision->ended_ms = a->event->time_ms;
    apply_drop_deadlines(a, TABLE_DECISION, decision->number, (enum deadline_kind) 0);
}

/* What decision @by did to another one. */
static void apply_change(struct apply *a, uint32_t by, const Comity__V1__DecisionChange *change)
{
    Comity__V1__Decision *other = apply_get(a, TABLE_DECISION, change->decision, 0);

    if (!other)
        return;
    if (change->is_confirmed) {
        other->is_on_trial = false;
        apply_drop_deadlines(a, TABLE_DECISION, other->number, DEADLINE_TRIAL);
        put_decision(a, other);
        return;
    }
    other->state = change->state;
    other->changed_by = by;
    other->end = COMITY__V1__DECISION_END__DECISION_END_DECISION;
    switch (change->state) {
    case COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT:
        other->end = COMITY__V1__DECISION_END__DECISION_END_UNSPECIFIED;
        other->changed_by = 0;
        break;
    case COMITY__V1__DECISION_STATE__DECISION_STATE_SUSPENDED:
        break;
    default:
        end_for_good(a, other);
    }
    put_decision(a, other);
}

void apply_decision_took_effect(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__DecisionTookEffect *took = open->decision_took_effect;
    Comity__V1__Decision *decision = apply_get(a, TABLE_DECISION, took->decision, 0);
    size_t i;

    if (!decision)
        return;
    decision->state = COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT;
    decision->in_effect_ms = a->event->time_ms;
    decision->n_changes = took->n_changes;
    decision->changes = took->changes;
    put_decision(a, decision);
    apply_drop_deadlines(a, TABLE_DECISION, decision->number, DEADLINE_EFFECT);
    for (i = 0; i < took->n_changes && a->code == 0; i++)
        apply_change(a, took->decision, took->changes[i]);
}

void apply_decision_ended(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Decision *decision = apply_get(a, TABLE_DECISION, open->decision_ended->decision, 0);

    if (!decision)
        return;
    decision->state = COMITY__V1__DECISION_STATE__DECISION_STATE_ENDED;
    decision->end = open->decision_ended->cause;
    end_for_good(a, decision);
    put_decision(a, decision);
}

void apply_review_due(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Decision *decision = apply_get(a, TABLE_DECISION, open->review_due->decision, 0);

    if (!decision)
        return;
    decision->review_due_ms = a->event->time_ms;
    apply_drop_deadlines(a, TABLE_DECISION, decision->number, DEADLINE_REVIEW);
    put_decision(a, decision);
}

void apply_decision_reviewed(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__DecisionReviewed *reviewed = open->decision_reviewed;
    Comity__V1__Decision *decision = apply_get(a, TABLE_DECISION, reviewed->decision, 0);

    if (!decision)
        return;
    decision->reviews = apply_append(a, decision->reviews, decision->n_reviews++, reviewed->review);
    decision->review_due_ms = 0;
    decision->next_review_ms = reviewed->next_ms;
    apply_drop_deadlines(a, TABLE_DECISION, decision->number, DEADLINE_REVIEW);
    if (reviewed->next_ms != 0)
        apply_put_deadline(a, reviewed->next_ms, DEADLINE_REVIEW, decision->number, 0);
    put_decision(a, decision);
}

void apply_clause_signed(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ClauseSigned *given = open->clause_signed;
    Comity__V1__Decision *decision = apply_get(a, TABLE_DECISION, given->decision, 0);

    if (!decision)
        return;
    decision->signatures = apply_append(a, decision->signatures, decision->n_signatures++, given->signature);
    if (given->effective_ms != 0)
        apply_put_deadline(a, given->effective_ms, DEADLINE_EFFECT, decision->number, 0);
    put_decision(a, decision);
}

void apply_decision_reopened(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__DecisionReopened *reopened = open->decision_reopened;
    Comity__V1__Decision *decision = apply_get(a, TABLE_DECISION, reopened->decision, 0);

    if (!decision)
        return;
    decision->reopenings =
        apply_append(a, decision->reopenings, decision->n_reopenings++, reopened->reopening);
    put_decision(a, decision);
}

void apply_outcome_declared(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__OutcomeDeclared *declared = open->outcome_declared;
    Comity__V1__Round *round = apply_get(a, TABLE_ROUND, declared->round, 0);
    Comity__V1__Proposal *proposal = round ? apply_get(a, TABLE_PROPOSAL, round->proposal, 0) : NULL;

    if (!declared->declaration)
        apply_fail(a, ERR_INTERNAL);
    if (!proposal || a->code != 0)
        return;
    round->declaration = declared->declaration;
    apply_put(a, TABLE_ROUND, round->number, 0, &round->base);
    proposal->declared = round->number;
    if (proposal->outcome != COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED)
        proposal->outcome = declared->declaration->outcome;
    apply_put(a, TABLE_PROPOSAL, proposal->number, 0, &proposal->base);
}
