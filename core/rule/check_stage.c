/* The ladder: docs/rules.md */
#include "core/rule/check.h"
#include "core/rule/reach.h"
#include "core/text.h"

#include <stdio.h>

enum { STAGES_MAX = 16, SECONDS_MAX = 100, CONFERENCES_MAX = 20 };

/* Which fields a kind of stage has, besides kind, on, name and map. */
enum {
    HAS_WITHIN = 1,
    HAS_OTHERWISE = 2,
    HAS_COUNT = 4,
    HAS_SECONDING = 8, /* by_other, counts_as */
    HAS_OFFICE = 16,
    HAS_EACH_PARTY = 32,
    HAS_WHO = 64,
    HAS_OUTCOME = 128,
    HAS_RULE = 256,
};
static const unsigned FIELDS[] = {
    [COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS] = HAS_RULE,
    [COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING] = HAS_WITHIN | HAS_COUNT | HAS_SECONDING,
    [COMITY__V1__STAGE_KIND__STAGE_KIND_CONFER] = HAS_WITHIN | HAS_OTHERWISE | HAS_COUNT,
    [COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING] = HAS_WITHIN | HAS_OTHERWISE | HAS_OFFICE,
    [COMITY__V1__STAGE_KIND__STAGE_KIND_UMPIRE] = HAS_WITHIN | HAS_OTHERWISE | HAS_WHO,
    [COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE] = HAS_WITHIN | HAS_OTHERWISE | HAS_WHO,
    [COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF] = HAS_WITHIN | HAS_OTHERWISE | HAS_OFFICE | HAS_EACH_PARTY,
    [COMITY__V1__STAGE_KIND__STAGE_KIND_STATUS_QUO] = 0,
    [COMITY__V1__STAGE_KIND__STAGE_KIND_DEFAULT] = HAS_OUTCOME,
};

static const struct choice OUTCOME = {&comity__v1__outcome_kind__descriptor,
                                      ALL_TO(COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE), true};
static const struct choice OUTCOME_OR_NONE = {
    &comity__v1__outcome_kind__descriptor, ALL_TO(COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE), false};

/* An outcome that can stand, or lead on: NOT_YET never does. */
static int check_outcome(const struct check *check, Comity__V1__OutcomeKind outcome,
                         const struct choice *choice, size_t stage, const char *field)
{
    int code = check_choice(check, (int) outcome, choice, "stages[%zu].%s", stage, field);
    if (code)
        return code;
    return outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET
               ? check_fail(check, ERR_RULE, "stages[%zu].%s", stage, field)
               : 0;
}

static int check_on(const struct check *check, const Comity__V1__Stage *stage, size_t index)
{
    outcome_set seen = 0;
    if (stage->n_on == 0)
        return check_fail(check, ERR_MISSING, "stages[%zu].on", index);
    for (size_t i = 0; i < stage->n_on; i++) {
        char field[32];
        snprintf(field, sizeof(field), "on[%zu]", i);
        int code = check_outcome(check, stage->on[i], &OUTCOME, index, field);
        if (code)
            return code;
        if (seen & outcome_bit(stage->on[i]))
            return check_fail(check, ERR_DUPLICATE, "stages[%zu].on[%zu]", index, i);
        seen |= outcome_bit(stage->on[i]);
    }
    return 0;
}

static int check_map(const struct check *check, const Comity__V1__Stage *stage, size_t index)
{
    outcome_set seen = 0;
    for (size_t i = 0; i < stage->n_map; i++) {
        const Comity__V1__StageOutcome *line = stage->map[i];
        char field[32];
        if (!line)
            return check_fail(check, ERR_MISSING, "stages[%zu].map[%zu]", index, i);
        snprintf(field, sizeof(field), "map[%zu].from", i);
        int code = check_outcome(check, line->from, &OUTCOME_OR_NONE, index, field);
        snprintf(field, sizeof(field), "map[%zu].to", i);
        if (!code)
            code = check_outcome(check, line->to, &OUTCOME, index, field);
        if (code)
            return code;
        if (seen & outcome_bit(line->from))
            return check_fail(check, ERR_DUPLICATE, "stages[%zu].map[%zu].from", index, i);
        seen |= outcome_bit(line->from);
    }
    return 0;
}

/* A field that the kind does not have, and that is given all the same. docs/rules.md R-8 */
static int check_unused(const struct check *check, const Comity__V1__Stage *stage, size_t index)
{
    const struct {
        const char *field;
        unsigned has;
        bool is_given;
    } GIVEN[] = {
        {"within_ms", HAS_WITHIN, stage->within_ms != 0},
        {"otherwise", HAS_OTHERWISE, stage->otherwise != 0},
        {"count", HAS_COUNT, stage->count != 0},
        {"by_other", HAS_SECONDING, stage->by_other},
        {"counts_as", HAS_SECONDING, stage->counts_as != 0},
        {"office", HAS_OFFICE, stage->office != 0},
        {"each_party", HAS_EACH_PARTY, stage->each_party},
        {"who", HAS_WHO, stage->who && stage->who[0] != '\0'},
        {"outcome", HAS_OUTCOME, stage->outcome != 0},
        {"rule", HAS_RULE, stage->rule != NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(GIVEN); i++) {
        if (GIVEN[i].is_given && !(FIELDS[stage->kind] & GIVEN[i].has))
            return check_fail(check, ERR_RULE, "stages[%zu].%s", index, GIVEN[i].field);
    }
    return 0;
}

/* Is there a ballot of a round before the stage that can block? */
static bool can_block(const struct check *check, size_t index)
{
    for (size_t i = 0; i <= index; i++) {
        Comity__V1__Rule own = *check->rule;
        if (i > 0 && check->rule->stages[i - 1]->kind != COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS)
            continue;
        if (i > 0)
            stage_rule(check->rule, (uint32_t) i, &own);
        for (size_t k = 0; own.form == COMITY__V1__FORM__FORM_STANCE && k < own.n_scale; k++) {
            if (own.scale[k]->stance == COMITY__V1__STANCE__STANCE_BLOCK)
                return true;
        }
    }
    return false;
}

static int check_seconding(const struct check *check, const Comity__V1__Stage *stage, size_t index)
{
    if (stage->count > SECONDS_MAX || (stage->count == 0 && !stage->by_other))
        return check_fail(check, ERR_RANGE, "stages[%zu].count", index);
    int code = check_choice(check, (int) stage->counts_as, &STANCE_CHOICE, "stages[%zu].counts_as", index);
    if (code)
        return code;
    if (stage->counts_as == COMITY__V1__STANCE__STANCE_BLOCK)
        return check_fail(check, ERR_RULE, "stages[%zu].counts_as", index);
    return can_block(check, index) ? 0 : check_fail(check, ERR_RULE, "stages[%zu].kind", index);
}

/* The rounds of a stage: by a rule that is as sound as any. docs/rules.md R-62 */
static int check_rounds(const struct check *check, const Comity__V1__Stage *stage, size_t index)
{
    char path[2 * FIELD_PATH_MAX];
    Comity__V1__Rule own;

    if (!stage->rule)
        return check_fail(check, ERR_MISSING, "stages[%zu].rule", index);
    snprintf(path, sizeof(path), "%.*s.stages[%zu].rule", FIELD_PATH_MAX - 1, check->path, index);
    stage_rule(check->rule, (uint32_t) index + 1, &own);
    struct check of_stage = {.rule = &own, .path = path, .refusal = check->refusal};
    return check_body(&of_stage);
}

/* What the kind has, and has to have. */
static int check_fields(const struct check *check, const Comity__V1__Stage *stage, size_t index)
{
    static const struct choice OFFICE = {&comity__v1__office__descriptor,
                                         ALL_TO(COMITY__V1__OFFICE__OFFICE_INTEGRATION), true};
    unsigned has = FIELDS[stage->kind];
    int code = 0;

    if (has & HAS_WITHIN && stage->within_ms == 0)
        return check_fail(check, ERR_MISSING, "stages[%zu].within_ms", index);
    if (has & HAS_WITHIN && (stage->within_ms < MINUTE_MS || stage->within_ms > PERIOD_MAX_MS))
        return check_fail(check, ERR_RANGE, "stages[%zu].within_ms", index);
    if (has & HAS_OTHERWISE)
        code = check_outcome(check, stage->otherwise, &OUTCOME_OR_NONE, index, "otherwise");
    if (!code && has & HAS_OFFICE)
        code = check_choice(check, (int) stage->office, &OFFICE, "stages[%zu].office", index);
    if (!code && has & HAS_OUTCOME)
        code = check_outcome(check, stage->outcome, &OUTCOME, index, "outcome");
    if (code)
        return code;
    if (has & HAS_WHO && (!stage->who || stage->who[0] == '\0'))
        return check_fail(check, ERR_MISSING, "stages[%zu].who", index);
    if (has & HAS_WHO && !name_is_valid(stage->who))
        return check_fail(check, ERR_NAME, "stages[%zu].who", index);
    if (has & HAS_SECONDING)
        return check_seconding(check, stage, index);
    if (has & HAS_COUNT && (stage->count < 1 || stage->count > CONFERENCES_MAX))
        return check_fail(check, ERR_RANGE, "stages[%zu].count", index);
    return has & HAS_RULE ? check_rounds(check, stage, index) : 0;
}

/* docs/rules.md R-60 */
static int check_stage(const struct check *check, const Comity__V1__Stage *stage, size_t index)
{
    static const struct choice KIND = {&comity__v1__stage_kind__descriptor,
                                       ALL_TO(COMITY__V1__STAGE_KIND__STAGE_KIND_DEFAULT), true};

    if (!stage)
        return check_fail(check, ERR_MISSING, "stages[%zu]", index);
    int code = check_choice(check, (int) stage->kind, &KIND, "stages[%zu].kind", index);
    if (code)
        return code;
    if (!name_is_valid(stage->name))
        return check_fail(check, ERR_NAME, "stages[%zu].name", index);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(check->rule->stages[i]->name, stage->name) == 0)
            return check_fail(check, ERR_DUPLICATE, "stages[%zu].name", index);
    }
    code = check_on(check, stage, index);
    if (!code)
        code = check_map(check, stage, index);
    if (!code)
        code = check_unused(check, stage, index);
    return code ? code : check_fields(check, stage, index);
}

/* A stage that nothing leads to. docs/rules.md R-47 */
static int check_reached(const struct check *check)
{
    outcome_set entered[STAGES_MAX + 1], sets[STAGES_MAX + 1];

    rule_flow(check->rule, entered, sets);
    for (size_t i = 0; i < check->rule->n_stages; i++)
        if (!entered[i + 1])
            return check_fail(check, ERR_RULE, "stages[%zu].on", i);
    return 0;
}

int check_stages(const struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;

    if (rule->n_stages > STAGES_MAX)
        return check_fail(check, ERR_RANGE, "stages");
    for (size_t i = 0; i < rule->n_stages; i++) {
        int code = check_stage(check, rule->stages[i], i);
        if (code)
            return code;
    }
    return check_reached(check);
}
