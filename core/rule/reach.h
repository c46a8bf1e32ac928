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

/* What a last round by the rule can come to. */
outcome_set rule_outcomes(const Comity__V1__Rule *rule);
/* What stage @index (from 0) can come to, after its map, when the outcomes of @entered lead to it. */
outcome_set stage_outcomes(const Comity__V1__Rule *rule, size_t index, outcome_set entered);

/* By which rule the rounds of a stage of kind ROUNDS are held, into @ret: R-62 */
void stage_rule(const Comity__V1__Rule *rule, uint32_t stage, Comity__V1__Rule *ret);

#endif
