/* The ladder of a rule, climbed: what becomes of a proposal after a round has closed, and after each stage.
 * For the machine's own files. docs/rules.md */
#ifndef COMITY_CORE_MACHINE_LADDER_H
#define COMITY_CORE_MACHINE_LADDER_H

#include "core/machine/count.h"
#include "core/machine/roll.h"

/* count.c: round_input and round_outcome of d->round, whose roll d keeps. 0 or d->code. */
int count_input(struct decide *d, struct rule_input *ret_input);
int count_outcome(struct decide *d, Comity__V1__CloseCause cause, Comity__V1__Outcome **ret_outcome);
/* rule_quorum_at_close of d->round: NULL where there is a quorum. 0 or d->code. */
int count_quorum(struct decide *d, Comity__V1__Outcome **ret_outcome);

/* What comes right after RoundClosed of d->round: a decision, the stages that it leads to, the end of the one that
 * it was held at. 0 or d->code. */
int ladder_after_round(struct decide *d, Comity__V1__RoundClosed *closed);
/* d->stage has come to @computed: it ends, and the stages after it are tried. @recount: of SECONDING; else NULL. */
int ladder_after_stage(struct decide *d, Comity__V1__OutcomeKind computed, Comity__V1__Outcome *recount);
/* d->stage is ended from outside: neither its map nor a stage after it is asked. */
int ladder_stop(struct decide *d, Comity__V1__OutcomeKind outcome);

/* Rounds of d->proposal that count for the next one: of the stage that is open, else of the rule. */
uint32_t ladder_rounds(struct decide *d);
/* The rule of the next round at the stage of d->proposal, with its hash: @rule has to be the ladder's. NULL with
 * d->code, as ERR_STAGE where the stage is of another kind than ROUNDS. */
Comity__V1__RuleVersion *ladder_rule(struct decide *d, uint32_t rule);
/* d->stage as its rule has it; NULL with d->code. */
const Comity__V1__Stage *ladder_stage(struct decide *d);

/* What a stage has come to: UNSPECIFIED while it goes on. */
struct stage_result {
    Comity__V1__OutcomeKind outcome;
    Comity__V1__Outcome *recount; /* SECONDING */
};

/* stage_kind.c: one function a kind. Of d->round's stage @run, @stage of its rule. 0 or d->code. */
int stage_ask(struct decide *d, const Comity__V1__Stage *stage, Comity__V1__StageRun *run);
int stage_come_to(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                  bool is_time_over, struct stage_result *ret_result);
/* Has the block of @voter been seconded as the stage asks? */
int stage_is_seconded(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                      uint32_t voter, bool *ret_is);

#endif
