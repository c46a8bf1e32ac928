/* What a rule and its stages can come to, and what then has no continuation: docs/rules.md R-47 */
#include "core/rule/reach.h"

#include "core/error.h"
#include "core/rule/outcome.h"

#define OUTCOME(name) outcome_bit(COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_##name)

/* Outcomes that a further rule could make something of: no answer has been given. */
static const Comity__V1__OutcomeKind UNANSWERED[] = {
    COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM,   COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED,
    COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_DEADLOCK,
    COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE,
};

/* By one test. */
static outcome_set test_outcomes(const Comity__V1__Rule *rule, const Comity__V1__Test *test)
{
    if (test->class_ == COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM)
        return OUTCOME(NO_QUORUM);
    if (test->class_ == COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION)
        return OUTCOME(BLOCKED);
    outcome_set set = OUTCOME(REJECTED);
    if (rule->form != COMITY__V1__FORM__FORM_STANCE)
        return set;
    bool is_of_blocs = test->weighting == COMITY__V1__WEIGHTING__WEIGHTING_SEATS && test_is_whole(test);
    if (test_is_each(test) || is_of_blocs)
        set |= OUTCOME(DEADLOCK);
    if (test_is_half(test) && !is_of_blocs)
        set |= OUTCOME(TIE);
    return set;
}

/* A ranking keeps things as they are where the default option wins. */
static bool has_default(const Comity__V1__Rule *rule)
{
    if (rule->ranking->method != COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE)
        return false;
    for (size_t i = 0; i < rule->n_options; i++) {
        if (rule->options[i]->is_default)
            return true;
    }
    return rule->n_options == 0;
}

/* What a last round by the rule can come to. */
static outcome_set rule_outcomes(const Comity__V1__Rule *rule)
{
    outcome_set set = OUTCOME(NO_DECISION) | OUTCOME(ADOPTED);

    for (size_t i = 0; i < rule->n_tests; i++)
        set |= test_outcomes(rule, rule->tests[i]);
    if (rule_has_options(rule))
        set |= OUTCOME(TIE);
    if (rule->form == COMITY__V1__FORM__FORM_RANKING && has_default(rule))
        set |= OUTCOME(REJECTED);
    return set;
}

/* What rounds before the stage can have come to. */
static outcome_set rounds_before(const Comity__V1__Rule *rule, size_t index)
{
    outcome_set set = rule_outcomes(rule);
    for (size_t i = 0; i < index; i++) {
        if (rule->stages[i]->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS) {
            Comity__V1__Rule own;
            stage_rule(rule, (uint32_t) i + 1, &own);
            set |= rule_outcomes(&own);
        }
    }
    return set;
}

/* When its time is over, or its people do not agree. */
static outcome_set otherwise(const Comity__V1__Stage *stage, outcome_set entered)
{
    return stage->otherwise ? outcome_bit(stage->otherwise) : entered;
}

static outcome_set computed(const Comity__V1__Rule *rule, size_t index, outcome_set entered)
{
    const Comity__V1__Stage *stage = rule->stages[index];
    Comity__V1__Rule own;

    switch (stage->kind) {
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS:
        stage_rule(rule, (uint32_t) index + 1, &own);
        return rule_outcomes(&own);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING:
        return entered | rounds_before(rule, index);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CONFER:
        return entered | otherwise(stage, entered);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING:
        return OUTCOME(ADOPTED) | OUTCOME(REJECTED) | otherwise(stage, entered);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_UMPIRE:
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE:
        return OUTCOME(ADOPTED) | OUTCOME(REJECTED) | OUTCOME(REFERRED) | OUTCOME(TABLED) |
               OUTCOME(NO_DECISION) | otherwise(stage, entered);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF:
        return entered | otherwise(stage, OUTCOME(REJECTED));
    case COMITY__V1__STAGE_KIND__STAGE_KIND_STATUS_QUO:
        return OUTCOME(REJECTED);
    default:
        return stage->outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED ? OUTCOME(ADOPTED_BY_DEFAULT)
                                                                                : outcome_bit(stage->outcome);
    }
}

/* What stage @index (from 0) can come to, after its map, when the outcomes of @entered lead to it. */
static outcome_set stage_outcomes(const Comity__V1__Rule *rule, size_t index, outcome_set entered)
{
    outcome_set before = computed(rule, index, entered);
    outcome_set set = 0;
    for (int kind = 1; kind <= COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE; kind++) {
        if (before >> kind & 1)
            set |= outcome_bit(stage_outcome(rule->stages[index], (Comity__V1__OutcomeKind) kind));
    }
    return set;
}

void rule_flow(const Comity__V1__Rule *rule, outcome_set *entered, outcome_set *sets)
{
    for (uint32_t stage = 0; stage <= rule->n_stages; stage++)
        entered[stage] = 0;
    for (uint32_t stage = 0; stage <= rule->n_stages; stage++) {
        sets[stage] = stage == 0 ? rule_outcomes(rule) : stage_outcomes(rule, stage - 1, entered[stage]);
        for (int kind = 1; kind <= COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE; kind++) {
            uint32_t next = rule_next_stage(rule, stage, (Comity__V1__OutcomeKind) kind);
            if (sets[stage] >> kind & 1 && next > 0)
                entered[next] |= outcome_bit((Comity__V1__OutcomeKind) kind);
        }
    }
}

int rule_reach(const Comity__V1__Rule *rule, struct arena *arena, uint32_t **ret_sets)
{
    outcome_set *entered = arena_alloc(arena, (rule->n_stages + 1) * sizeof(*entered));
    outcome_set *sets = arena_alloc(arena, (rule->n_stages + 1) * sizeof(*sets));

    if (!entered || !sets)
        return ERR_MEMORY;
    rule_flow(rule, entered, sets);
    *ret_sets = sets;
    return 0;
}

/* docs/rules.md R-47 */
int rule_warnings(const Comity__V1__Rule *rule, struct arena *arena, struct rule_warning **ret_list,
                  size_t *ret_count)
{
    struct rule_warning *list =
        arena_alloc(arena, (rule->n_stages + 1) * ARRAY_COUNT(UNANSWERED) * sizeof(*list));
    uint32_t *sets;
    size_t count = 0;

    if (!list || rule_reach(rule, arena, &sets) != 0)
        return ERR_MEMORY;
    for (uint32_t stage = 0; stage <= rule->n_stages; stage++)
        for (size_t i = 0; i < ARRAY_COUNT(UNANSWERED); i++)
            if (sets[stage] >> UNANSWERED[i] & 1 && rule_next_stage(rule, stage, UNANSWERED[i]) == 0)
                list[count++] = (struct rule_warning){.stage = stage, .outcome = UNANSWERED[i]};
    *ret_list = list;
    *ret_count = count;
    return 0;
}
