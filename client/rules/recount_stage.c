/* What a ladder came to: each stage by what is on record of it, and the decision that it led to.
 * docs/rules.md R-95 */
#include <inttypes.h>

#include "client/rules/counting.h"
#include "core/error.h"
#include "core/machine/count.h"

#define UNSPECIFIED COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED

/* The ladder's rule; NULL where the record does not have it, or the stage in it. */
static const Comity__V1__Rule *rule_of(const struct counting *c, const Comity__V1__StageRun *run)
{
    const Comity__V1__RuleVersion *version =
        (const Comity__V1__RuleVersion *) counting_row(c, TABLE_RULE, run->rule_number);
    struct refusal refusal = {0};
    bool is_there = version && version->rule && rule_check(version->rule, "rule", &refusal) == 0 &&
                    run->stage > 0 && run->stage <= version->rule->n_stages;

    return is_there ? version->rule : NULL;
}

/* What the stage's own rounds, or whoever answered, came to; UNSPECIFIED: neither is what ended it. */
static Comity__V1__OutcomeKind outcome_before(const struct counting *c, const Comity__V1__StageRun *run)
{
    const struct recount_last *last = &c->r->last_outcome;

    return last->stage == run->number ? last->outcome : UNSPECIFIED;
}

/* Was it ended from outside: the item was referred, withdrawn, or its outcome declared? No map is asked then.
 */
static bool is_stopped(Comity__V1__OutcomeKind computed, const Comity__V1__StageEnded *ended)
{
    return computed == UNSPECIFIED && ended->is_final && ended->computed == ended->outcome && !ended->recount;
}

static void check_names(struct counting *c, const Comity__V1__Rule *rule, const Comity__V1__StageRun *run,
                        Comity__V1__OutcomeKind computed, const Comity__V1__StageEnded *ended)
{
    struct recount_notes *wrong = &c->counted.wrong;
    Comity__V1__OutcomeKind named = stage_outcome(rule->stages[run->stage - 1], computed);

    if (computed == UNSPECIFIED)
        recounting_note(c->r, wrong, N_("the record says that the stage has ended: it goes on"));
    else if (computed != ended->computed)
        recounting_note(c->r, wrong, N_("the record says that the stage came to %s: it came to %s"),
                        outcome_name(ended->computed), outcome_name(computed));
    if (computed != UNSPECIFIED && named != ended->outcome)
        recounting_note(c->r, wrong, N_("the record calls the outcome of the stage %s: its rule calls it %s"),
                        outcome_name(ended->outcome), outcome_name(named));
    if (computed != UNSPECIFIED && ended->is_final != (rule_next_stage(rule, run->stage, named) == 0))
        recounting_note(c->r, wrong,
                        ended->is_final
                            ? N_("the record says that its outcome stands: another stage follows")
                            : N_("the record says that another stage follows: its outcome stands"));
}

static int count_stage(struct counting *c, Comity__V1__StageRun *run, const Comity__V1__StageEnded *ended)
{
    const Comity__V1__Rule *rule = rule_of(c, run);
    Comity__V1__OutcomeKind computed = outcome_before(c, run);
    int code = 0;

    if (!rule)
        recounting_note(c->r, &c->counted.obstacles, N_("the record does not have the rule of the ladder"));
    else if (run->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING)
        code = counting_take_ballots(c);
    if (code != 0)
        return code;
    if (c->counted.obstacles.count == 0 && computed == UNSPECIFIED)
        counting_obstacle(c,
                          stage_count(&c->r->view, c->r->arena, c->counted.round, run, c->in->header.time_ms,
                                      &computed, &c->outcome),
                          N_("the rule cannot count it"));
    if (c->counted.obstacles.count > 0)
        return counting_tell(c);
    if (is_stopped(computed, ended))
        return 0;
    check_names(c, rule, run, computed, ended);
    if (!c->outcome != !ended->recount)
        recounting_note(c->r, &c->counted.wrong,
                        N_("the record and the rule do not agree whether it was counted anew"));
    c->counted.counted = c->outcome;
    if (c->outcome && ended->recount && counting_compare(c) != 0)
        return ERR_MEMORY;
    return counting_tell(c);
}

void recount_final(struct counting *c, const Comity__V1__RoundClosed *closed)
{
    const Comity__V1__Round *round = c->counted.round;
    bool is_referred = closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED;
    bool goes_on = !is_referred && rounds_remain(round) && !outcome_adopts(c->outcome->kind);
    bool is_final = round->rule->n_stages > 0 && !goes_on &&
                    (is_referred || rule_next_stage(round->rule, 0, c->outcome->kind) == 0);

    if (round->stage == 0 && is_final != (closed->is_final != 0))
        recounting_note(c->r, &c->counted.wrong,
                        closed->is_final ? N_("the record says that its outcome stands: the ladder goes on")
                                         : N_("the record says that the ladder goes on: its outcome stands"));
}

int recount_stage(struct counting *c, const Comity__V1__StageEnded *ended)
{
    Comity__V1__StageRun *run = (Comity__V1__StageRun *) counting_row(c, TABLE_STAGE, ended->stage);

    if (!run) {
        recounting_fault(c->r, c->in->header.sequence,
                         N_("it is about a stage that was not entered: %" PRIu32), ended->stage);
        return 0;
    }
    c->counted.what = RECOUNT_STAGE;
    c->counted.stage = ended->stage;
    c->counted.recorded = ended->recount;
    c->counted.outcome = ended->outcome;
    return counting_take_round(c, run->round) ? count_stage(c, run, ended) : 0;
}

/* Nothing but an outcome that adopts makes a decision: of the round, of its ladder, or one that was declared.
 */
void recount_decision(const struct counting *c, const Comity__V1__Decision *decision)
{
    const Comity__V1__Round *round =
        decision ? (const Comity__V1__Round *) counting_row(c, TABLE_ROUND, decision->round) : NULL;
    const Comity__V1__Proposal *proposal =
        round ? (const Comity__V1__Proposal *) counting_row(c, TABLE_PROPOSAL, round->proposal) : NULL;
    Comity__V1__OutcomeKind outcome = UNSPECIFIED;

    if (proposal && round->declaration)
        outcome = round->declaration->outcome;
    else if (proposal && proposal->outcome != UNSPECIFIED)
        outcome = proposal->outcome;
    else if (proposal && round->outcome)
        outcome = round->outcome->kind;
    if (!outcome_adopts(outcome) || decision->outcome != outcome)
        recounting_fault(c->r, c->in->header.sequence, N_("it makes a decision that no outcome leads to"));
}
