/* What a round comes to, worked out of a view: its frozen roll, the ballots that count, and who is there. The
 * machine asks it when a round is to close; whoever recounts asks it of a view that a copy of the record was
 * applied to. There is one count. */
#ifndef COMITY_CORE_MACHINE_COUNT_H
#define COMITY_CORE_MACHINE_COUNT_H

#include "core/machine/state.h"
#include "core/rule/rule.h"

/* May the proposal be tried in another round of the rule? */
static inline bool rounds_remain(const Comity__V1__Round *round)
{
    return round->round_of < round->rule->rounds;
}

/* What rule_count is given.
 *
 * @view   as of the event before the one that closes the round
 * @round  its row; `rule` is there
 * @actor  number of the member whose act it is, and who is there by that act; 0: nobody's
 *
 * Everything lives in the arena. 0, ERR_CORRUPT (rows that do not fit together), ERR_MEMORY, the backend's.
 */
int round_input(const struct view *view, struct arena *arena, Comity__V1__Round *round, uint32_t actor,
                struct rule_input *ret_input);

/* The outcome at a close for this cause. Codes as above, and rule_count's. */
int round_outcome(const struct view *view, struct arena *arena, Comity__V1__Round *round, uint32_t actor,
                  Comity__V1__CloseCause cause, Comity__V1__Outcome **ret_outcome);

/* What a stage of a ladder has come to at @time_ms, by what is on record of it: *ret_computed, before its
 * map; UNSPECIFIED where it goes on, or ends by something else (rounds of its own, an answer, a declaration).
 * *ret_recount: of SECONDING, the round counted anew; else NULL. @round: that the stage is about. Codes as
 * above. docs/rules.md */
int stage_count(const struct view *view, struct arena *arena, Comity__V1__Round *round,
                Comity__V1__StageRun *run, int64_t time_ms, Comity__V1__OutcomeKind *ret_computed,
                Comity__V1__Outcome **ret_recount);

#endif
