/* The ladder: which stage an outcome leads to, and by which rule its rounds are held. docs/rules.md R-60 to
 * */
#include "core/rule/reach.h"

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

/* What belongs to a form and is not said anew goes with it: where a stage asks in another form, nothing of
 * the first one's is left over. */
static void drop_form(Comity__V1__Rule *rule)
{
    rule->n_tests = rule->n_scale = rule->n_duties = rule->n_options = rule->n_ties = 0;
    rule->silence = COMITY__V1__SILENCE__SILENCE_UNSPECIFIED;
    rule->ranking = NULL;
    rule->scores = NULL;
}

/* What is said replaces what the rule says; lists as wholes. */
static void take_own(Comity__V1__Rule *rule, const Comity__V1__StageRule *own)
{
#define TAKE_LIST(field)                                                                                     \
    do {                                                                                                     \
        if (own->n_##field > 0) {                                                                            \
            rule->n_##field = own->n_##field;                                                                \
            rule->field = own->field;                                                                        \
        }                                                                                                    \
    } while (0)
#define TAKE(field)                                                                                          \
    do {                                                                                                     \
        if (own->field)                                                                                      \
            rule->field = own->field;                                                                        \
    } while (0)
    TAKE_LIST(tests);
    TAKE_LIST(scale);
    TAKE_LIST(duties);
    TAKE_LIST(options);
    TAKE_LIST(weights);
    TAKE_LIST(ties);
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
#undef TAKE_LIST
    if (own->list && own->list[0] != '\0')
        rule->list = own->list;
}

void stage_rule(const Comity__V1__Rule *rule, uint32_t stage, Comity__V1__Rule *ret)
{
    static char nothing[] = "";
    const Comity__V1__StageRule *own = rule->stages[stage - 1]->rule;

    *ret = *rule;
    ret->n_stages = 0;
    ret->stages = NULL;
    ret->rounds = own->rounds > 0 ? own->rounds : 1;
    if (own->form && own->form != rule->form)
        drop_form(ret);
    if (own->roll && own->roll != COMITY__V1__ROLL_KIND__ROLL_KIND_LIST)
        ret->list = nothing;
    if (own->no_quorum == COMITY__V1__NO_QUORUM__NO_QUORUM_END)
        ret->extend_ms = 0;
    take_own(ret, own);
}

Comity__V1__Rule *rule_of_stage(const Comity__V1__Rule *rule, uint32_t stage, struct arena *arena)
{
    Comity__V1__Rule *of_stage = arena_alloc(arena, sizeof(*of_stage));
    if (of_stage)
        stage_rule(rule, stage, of_stage);
    return of_stage;
}
