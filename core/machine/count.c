#include "core/machine/count.h"

#include "core/error.h"
#include "core/machine/ladder.h"

int round_input(const struct view *view, struct arena *arena, Comity__V1__Round *round, uint32_t actor,
                struct rule_input *ret_input)
{
    struct decide d = {.view = view, .arena = arena, .round = round, .actor_number = actor};
    bool rounds_remain = round->round_of < round->rule->rounds;
    struct roll roll;

    if (roll_of_round(&d, &roll) != 0)
        return d.code;
    *ret_input = roll_input(&roll, round->rule, rounds_remain);
    return 0;
}

/* Nothing is counted: what was answered was about a matter that is decided elsewhere. */
static int outcome_referred(struct arena *arena, Comity__V1__Outcome **ret_outcome)
{
    Comity__V1__Outcome *outcome = arena_alloc(arena, sizeof(*outcome));

    if (!outcome)
        return ERR_MEMORY;
    comity__v1__outcome__init(outcome);
    outcome->kind = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED;
    *ret_outcome = outcome;
    return 0;
}

int round_outcome(const struct view *view, struct arena *arena, Comity__V1__Round *round, uint32_t actor,
                  Comity__V1__CloseCause cause, Comity__V1__Outcome **ret_outcome)
{
    bool is_counted = cause != COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED;
    struct rule_input input;
    int code =
        is_counted ? round_input(view, arena, round, actor, &input) : outcome_referred(arena, ret_outcome);

    if (code == 0 && is_counted)
        return rule_count(&input, arena, ret_outcome);
    if (code == 0)
        (*ret_outcome)->rule_hash = round->rule_hash;
    return code;
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
