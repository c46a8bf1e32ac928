#include "core/machine/ladder.h"

#include "core/charter.h"

/* One way up, within one command or deadline. */
struct climb {
    const Comity__V1__Rule *rule; /* with its stages */
    uint32_t rule_number;
    uint32_t last; /* number of the last stage that was entered; 0: none so far */
    const uint32_t *present; /* StageRun.present of the round before it */
    size_t present_count;
};

static Comity__V1__RuleVersion *rule_version(struct decide *d, uint32_t number)
{
    Comity__V1__RuleVersion *version = decide_get(d, TABLE_RULE, number, 0);

    if (version && !version->rule)
        decide_fail(d, ERR_CORRUPT);
    return d->code == 0 ? version : NULL;
}

/* The outcome stands. */
static int conclude(struct decide *d, Comity__V1__OutcomeKind outcome)
{
    if (outcome_adopts(outcome) && !share_is_advice(d->round->share))
        return decision_make(d, outcome, false);
    return 0;
}

/* Where the round may come to be counted anew: who was there when it closed. docs/rules.md R-63 */
static int note_present(struct decide *d, struct climb *climb)
{
    bool is_needed = false;
    struct roll roll;
    uint32_t *present;

    for (size_t i = 0; i < climb->rule->n_stages; i++)
        is_needed |= climb->rule->stages[i]->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING;
    if (!is_needed)
        return 0;
    if (roll_of_round(d, &roll) != 0)
        return d->code;
    present = decide_alloc(d, roll.count, sizeof(*present));
    for (size_t i = 0; present && i < roll.count; i++)
        if (roll.lines[i].is_present)
            present[climb->present_count++] = roll.lines[i].member;
    climb->present = present;
    return d->code;
}

static int stage_number(struct decide *d, struct climb *climb)
{
    if (climb->last != 0 && climb->last < UINT32_MAX) {
        climb->last++;
        return 0;
    }
    return decide_next_number(d, TABLE_STAGE, &climb->last);
}

static Comity__V1__StageRun *stage_enter(struct decide *d, struct climb *climb, uint32_t at,
                                         Comity__V1__OutcomeKind outcome)
{
    const Comity__V1__Stage *stage = climb->rule->stages[at - 1];
    Comity__V1__StageEntered *entered = decide_new(d, &comity__v1__stage_entered__descriptor);
    Comity__V1__StageRun *run = decide_new(d, &comity__v1__stage_run__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_STAGE_ENTERED);

    if (!entered || !run || !event || stage_number(d, climb) != 0)
        return NULL;
    run->number = climb->last;
    run->proposal = d->round->proposal;
    run->rule_number = climb->rule_number;
    run->stage = at;
    run->kind = stage->kind;
    run->name = stage->name;
    run->round = d->round->number;
    run->session = d->round->session;
    run->entered_on = outcome;
    run->state = COMITY__V1__STAGE_STATE__STAGE_STATE_OPEN;
    run->entered_ms = d->context->time_ms;
    run->due_ms = stage->within_ms != 0 ? d->context->time_ms + stage->within_ms : 0;
    run->present = (uint32_t *) (uintptr_t) climb->present;
    run->n_present = climb->present_count;
    entered->stage = run;
    event->stage_entered = entered;
    return stage_ask(d, stage, run) == 0 ? run : NULL;
}

static int stage_end(struct decide *d, uint32_t number, Comity__V1__OutcomeKind outcome,
                     const struct stage_result *result, bool is_final)
{
    Comity__V1__StageEnded *ended = decide_new(d, &comity__v1__stage_ended__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_STAGE_ENDED);

    if (!ended || !event)
        return d->code;
    ended->stage = number;
    ended->outcome = outcome;
    ended->computed = result->outcome;
    ended->recount = result->recount;
    ended->is_final = is_final;
    event->stage_ended = ended;
    return 0;
}

/* The stage ends, by its map, and *ret_next is the one that this leads to; 0: the outcome stands. */
static int stage_leave(struct decide *d, const struct climb *climb, const Comity__V1__StageRun *run,
                       const struct stage_result *result, Comity__V1__OutcomeKind *ret_outcome,
                       uint32_t *ret_next)
{
    *ret_outcome = stage_outcome(climb->rule->stages[run->stage - 1], result->outcome);
    *ret_next = rule_next_stage(climb->rule, run->stage, *ret_outcome);
    return stage_end(d, run->number, *ret_outcome, result, *ret_next == 0);
}

/* Up from stage to stage, as long as what is entered is over at once. */
static int climb_on(struct decide *d, struct climb *climb, uint32_t next, Comity__V1__OutcomeKind outcome)
{
    while (next != 0) {
        struct stage_result result = {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED, NULL};
        const Comity__V1__StageRun *run = stage_enter(d, climb, next, outcome);

        if (!run || stage_come_to(d, climb->rule->stages[next - 1], run, false, &result) != 0)
            return d->code;
        if (result.outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED)
            return 0;
        if (stage_leave(d, climb, run, &result, &outcome, &next) != 0)
            return d->code;
    }
    return conclude(d, outcome);
}

const Comity__V1__Stage *ladder_stage(struct decide *d)
{
    const Comity__V1__RuleVersion *version = rule_version(d, d->stage->rule_number);

    if (version && (d->stage->stage < 1 || d->stage->stage > version->rule->n_stages))
        decide_fail(d, ERR_CORRUPT);
    return d->code == 0 && version ? version->rule->stages[d->stage->stage - 1] : NULL;
}

int ladder_after_stage(struct decide *d, Comity__V1__OutcomeKind computed, Comity__V1__Outcome *recount)
{
    const Comity__V1__RuleVersion *version = ladder_stage(d) ? rule_version(d, d->stage->rule_number) : NULL;
    const struct stage_result result = {computed, recount};
    struct climb climb = {.rule_number = d->stage->rule_number};
    Comity__V1__OutcomeKind outcome;
    uint32_t next;

    if (!version)
        return d->code;
    climb.rule = version->rule;
    /* After rounds of its own, those who were there then. */
    climb.present = d->stage->present;
    climb.present_count = d->stage->n_present;
    if (d->stage->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS) {
        climb.present_count = 0;
        if (note_present(d, &climb) != 0)
            return d->code;
    }
    if (stage_leave(d, &climb, d->stage, &result, &outcome, &next) != 0)
        return d->code;
    return climb_on(d, &climb, next, outcome);
}

int ladder_stop(struct decide *d, Comity__V1__OutcomeKind outcome)
{
    const struct stage_result result = {outcome, NULL};

    return stage_end(d, d->stage->number, outcome, &result, true);
}

static int after_round_of_stage(struct decide *d, const Comity__V1__RoundClosed *closed)
{
    d->stage = decide_get(d, TABLE_STAGE, d->round->stage, 0);
    if (!d->stage)
        return d->code;
    if (closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED)
        return ladder_stop(d, closed->outcome->kind);
    if (rounds_remain(d->round) && !outcome_adopts(closed->outcome->kind))
        return 0;
    return ladder_after_stage(d, closed->outcome->kind, NULL);
}

int ladder_after_round(struct decide *d, Comity__V1__RoundClosed *closed)
{
    struct climb climb = {.rule = d->round->rule, .rule_number = d->round->rule_number};
    bool is_referred = closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED;
    Comity__V1__OutcomeKind outcome = closed->outcome->kind;
    uint32_t next;

    if (d->round->stage != 0)
        return after_round_of_stage(d, closed);
    if (climb.rule->n_stages == 0)
        return conclude(d, outcome);
    if (!is_referred && rounds_remain(d->round) && !outcome_adopts(outcome))
        return 0;
    next = is_referred ? 0 : rule_next_stage(climb.rule, 0, outcome);
    closed->is_final = next == 0;
    if (next != 0 && note_present(d, &climb) != 0)
        return d->code;
    return climb_on(d, &climb, next, outcome);
}

static Comity__V1__StageRun *open_stage(struct decide *d)
{
    if (!d->stage && d->proposal->stage != 0)
        d->stage = decide_get(d, TABLE_STAGE, d->proposal->stage, 0);
    return d->stage;
}

uint32_t ladder_rounds(struct decide *d)
{
    const Comity__V1__StageRun *run = open_stage(d);

    return run ? run->rounds : d->proposal->rounds;
}

/* docs/rules.md R-62 */
Comity__V1__RuleVersion *ladder_rule(struct decide *d, uint32_t rule)
{
    const Comity__V1__StageRun *run = open_stage(d);
    const Comity__V1__Stage *stage = run ? ladder_stage(d) : NULL;
    Comity__V1__RuleVersion *version = stage ? rule_version(d, run->rule_number) : NULL;
    uint8_t hash[HASH_SIZE];
    int code;

    if (!version)
        return NULL;
    if (stage->kind != COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS || !stage->rule) {
        decide_refuse_latest(d, ERR_STAGE, "open_round.proposal", run->number);
        return NULL;
    }
    if (rule != run->rule_number) {
        decide_refuse_latest(d, ERR_STAGE, "open_round.rule", run->rule_number);
        return NULL;
    }
    version->rule = rule_of_stage(version->rule, run->stage, d->arena);
    code = version->rule ? rule_hash(version->rule, d->arena, hash) : ERR_MEMORY;
    if (code != 0) {
        decide_fail(d, code);
        return NULL;
    }
    version->hash = decide_bytes(d, hash, HASH_SIZE);
    return d->code == 0 ? version : NULL;
}
