/* What a rule, and each of its stages, can come to. Inside core/rule alone. */
#ifndef COMITY_CORE_RULE_REACH_H
#define COMITY_CORE_RULE_REACH_H

#include "core/rule/rule.h"

/* Outcomes, as bits by OutcomeKind. */
typedef uint32_t outcome_set;

static inline outcome_set outcome_bit(Comity__V1__OutcomeKind kind)
{
    return (outcome_set) 1 << kind;
}

/* Which outcomes lead into each stage, and what each can come to, after its map: lists of 1 + n_stages; [0]: none, and
 * what a last round can come to. */
void rule_flow(const Comity__V1__Rule *rule, outcome_set *entered, outcome_set *sets);

/* By which rule the rounds of a stage of kind ROUNDS are held, into @ret: R-62 */
void stage_rule(const Comity__V1__Rule *rule, uint32_t stage, Comity__V1__Rule *ret);

#endif
