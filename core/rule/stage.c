/* The ladder: which stage an outcome leads to, and by which rule its rounds are held. docs/rules.md */
#include "core/rule/rule.h"

uint32_t rule_next_stage(const Comity__V1__Rule *rule, uint32_t after, Comity__V1__OutcomeKind outcome)
{
    for (size_t i = after; i < rule->n_stages; i++)
        for (size_t on = 0; on < rule->stages[i]->n_on; on++)
            if (rule->stages[i]->on[on] == outcome)
                return (uint32_t) i + 1;
    return 0;
}

Comity__V1__OutcomeKind stage_outcome(const Comity__V1__Stage *stage, Comity__V1__OutcomeKind computed)
{
    Comity__V1__OutcomeKind otherwise = computed;

    for (size_t i = 0; i < stage->n_map; i++) {
        if (stage->map[i]->from == computed)
            return stage->map[i]->to;
        if (stage->map[i]->from == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED)
            otherwise = stage->map[i]->to;
    }
    return otherwise;
}

/* Lists that the stage gives replace the rule's. */
static void take_lists(Comity__V1__Rule *rule, const Comity__V1__StageRule *own)
{
#define TAKE(field)                                                                                          \
    do {                                                                                                     \
        if (own->n_##field > 0) {                                                                            \
            rule->n_##field = own->n_##field;                                                                \
            rule->field = own->field;                                                                        \
        }                                                                                                    \
    } while (0)
    TAKE(tests);
    TAKE(scale);
    TAKE(duties);
    TAKE(options);
    TAKE(weights);
    TAKE(ties);
#undef TAKE
}

Comity__V1__Rule *rule_of_stage(const Comity__V1__Rule *rule, uint32_t stage, struct arena *arena)
{
    const Comity__V1__StageRule *own = rule->stages[stage - 1]->rule;
    Comity__V1__Rule *of_stage = arena_copy(arena, rule, sizeof(*rule));

    if (!of_stage)
        return NULL;
    of_stage->n_stages = 0;
    of_stage->stages = NULL;
    of_stage->rounds = own->rounds > 0 ? own->rounds : 1;
    take_lists(of_stage, own);
#define TAKE(field)                                                                                          \
    do {                                                                                                     \
        if (own->field)                                                                                      \
            of_stage->field = own->field;                                                                    \
    } while (0)
    TAKE(form);
    TAKE(roll);
    TAKE(silence);
    TAKE(present);
    TAKE(visibility);
    TAKE(change);
    TAKE(close);
    TAKE(no_quorum);
    TAKE(ranking);
    TAKE(scores);
    TAKE(extend_ms);
    TAKE(notice_ms);
#undef TAKE
    if (own->list[0] != '\0')
        of_stage->list = own->list;
    return of_stage;
}
