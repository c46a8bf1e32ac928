#include "core/machine/count.h"

#include "core/machine/ladder.h"

int count_input(struct decide *d, struct rule_input *ret_input)
{
    struct roll roll;

    if (roll_of_round(d, &roll) == 0)
        *ret_input = roll_input(&roll, d->round);
    return d->code;
}

/* Nothing is counted: what was answered was about a matter that is decided elsewhere. */
static int outcome_referred(struct decide *d, Comity__V1__Outcome **ret_outcome)
{
    Comity__V1__Outcome *outcome = decide_new(d, &comity__v1__outcome__descriptor);

    if (!outcome)
        return d->code;
    outcome->kind = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED;
    outcome->rule_hash = d->round->rule_hash;
    *ret_outcome = outcome;
    return 0;
}

int count_outcome(struct decide *d, Comity__V1__CloseCause cause, Comity__V1__Outcome **ret_outcome)
{
    struct rule_input input;
    int code;

    if (cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED)
        return outcome_referred(d, ret_outcome);
    if (d->context && d->context->counted) {
        *ret_outcome = d->context->counted;
        return 0;
    }
    if (count_input(d, &input) != 0)
        return d->code;
    code = rule_count(&input, d->arena, ret_outcome);
    return code == 0 ? 0 : decide_fail(d, code);
}

int count_quorum(struct decide *d, Comity__V1__Outcome **ret_outcome)
{
    Comity__V1__Outcome *given = d->context->counted;
    struct rule_input input;
    int code;

    if (given) {
        *ret_outcome = given->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM ? given : NULL;
        return 0;
    }
    if (count_input(d, &input) != 0)
        return d->code;
    code = rule_quorum_at_close(&input, d->arena, ret_outcome);
    return code == 0 ? 0 : decide_fail(d, code);
}

int round_input(const struct view *view, struct arena *arena, Comity__V1__Round *round, uint32_t actor,
                struct rule_input *ret_input)
{
    struct decide d = {.view = view, .arena = arena, .round = round, .actor_number = actor};

    return count_input(&d, ret_input);
}

int round_outcome(const struct view *view, struct arena *arena, Comity__V1__Round *round, uint32_t actor,
                  Comity__V1__CloseCause cause, Comity__V1__Outcome **ret_outcome)
{
    struct decide d = {.view = view, .arena = arena, .round = round, .actor_number = actor};

    return count_outcome(&d, cause, ret_outcome);
}

int stage_count(const struct view *view, struct arena *arena, Comity__V1__Round *round,
                Comity__V1__StageRun *run, int64_t time_ms, Comity__V1__OutcomeKind *ret_computed,
                Comity__V1__Outcome **ret_recount)
{
    struct decide d = {.view = view, .arena = arena, .round = round, .stage = run};
    const Comity__V1__Stage *stage = ladder_stage(&d);
    struct stage_result result;

    if (!stage || stage_come_to(&d, stage, run, run->due_ms != 0 && time_ms >= run->due_ms, &result) != 0)
        return d.code;
    *ret_computed = result.outcome;
    *ret_recount = result.recount;
    return 0;
}
