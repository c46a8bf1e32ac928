/* What a ballot may say, and must come with: docs/rules.md */
#include "core/rule/check.h"
#include "core/rule/ranking.h"

#include <stdio.h>

#include "core/text.h"

enum { DUTIES_MAX = 16, OPTIONS_MIN = 2, SCORE_MAX = 1000, MAJORITIES_MAX = 16 };

static int check_scale_entry(const struct check *check, size_t index)
{
    const Comity__V1__ScaleEntry *entry = check->rule->scale[index];

    if (!entry)
        return check_fail(check, ERR_MISSING, "scale[%zu]", index);
    if (entry->answer < 1 || entry->answer > ANSWER_MAX)
        return check_fail(check, ERR_RANGE, "scale[%zu].answer", index);
    if (!name_is_valid(entry->label))
        return check_fail(check, ERR_NAME, "scale[%zu].label", index);
    for (size_t i = 0; i < index; i++) {
        if (check->rule->scale[i]->answer == entry->answer)
            return check_fail(check, ERR_DUPLICATE, "scale[%zu].answer", index);
        if (strcmp(check->rule->scale[i]->label, entry->label) == 0)
            return check_fail(check, ERR_DUPLICATE, "scale[%zu].label", index);
    }
    int code = check_choice(check, (int) entry->stance, &STANCE_CHOICE, "scale[%zu].stance", index);
    if (code)
        return code;
    bool is_abstention = entry->stance == COMITY__V1__STANCE__STANCE_ABSTAIN;
    return is_abstention || check_is(check, COMITY__V1__FORM__FORM_STANCE)
               ? 0
               : check_fail(check, ERR_RULE, "scale[%zu].stance", index);
}

/* Also finds out which stances there can be. docs/rules.md */
int check_scale(struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;
    const unsigned sides = BIT(COMITY__V1__STANCE__STANCE_AGREE) | BIT(COMITY__V1__STANCE__STANCE_RESERVED) |
                           BIT(COMITY__V1__STANCE__STANCE_CONCERN) | BIT(COMITY__V1__STANCE__STANCE_BLOCK);
    bool is_stance = check_is(check, COMITY__V1__FORM__FORM_STANCE);

    if (rule->n_scale == 0 && is_stance)
        return check_fail(check, ERR_MISSING, "scale");
    if (rule->n_scale > SCALE_MAX)
        return check_fail(check, ERR_RANGE, "scale");
    if (rule->silence > COMITY__V1__SILENCE__SILENCE_NOTHING)
        check->stances |= BIT(COMITY__V1__STANCE__STANCE_AGREE);
    for (size_t i = 0; i < rule->n_scale; i++) {
        int code = check_scale_entry(check, i);
        if (code)
            return code;
        check->stances |= BIT(rule->scale[i]->stance);
    }
    return !is_stance || check->stances & sides ? 0 : check_fail(check, ERR_RULE, "scale");
}

static bool is_schulze(const struct check *check)
{
    return check_is(check, COMITY__V1__FORM__FORM_RANKING) && check->rule->ranking &&
           check->rule->ranking->method == COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE;
}

static bool has_majority(const Comity__V1__Ranking *ranking, const char *name)
{
    return ranking && majority_of_name(ranking, name);
}

/* One option; the default one stands in no majority over itself. */
static int check_option(const struct check *check, size_t index, bool *ret_has_default)
{
    const Comity__V1__Option *option = check->rule->options[index];

    if (!option)
        return check_fail(check, ERR_MISSING, "options[%zu]", index);
    if (option->number != index + 1)
        return check_fail(check, ERR_RANGE, "options[%zu].number", index);
    if (!name_is_valid(option->label))
        return check_fail(check, ERR_NAME, "options[%zu].label", index);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(check->rule->options[i]->label, option->label) == 0)
            return check_fail(check, ERR_DUPLICATE, "options[%zu].label", index);
    }
    if (option->is_default && !is_schulze(check))
        return check_fail(check, ERR_RULE, "options[%zu].is_default", index);
    if (option->is_default && *ret_has_default)
        return check_fail(check, ERR_DUPLICATE, "options[%zu].is_default", index);
    bool has_own = option->majority && option->majority[0] != '\0';
    if (has_own && (option->is_default || !has_majority(check->rule->ranking, option->majority)))
        return check_fail(check, ERR_RULE, "options[%zu].majority", index);
    *ret_has_default = *ret_has_default || option->is_default;
    return 0;
}

/* docs/rules.md */
int check_options(const struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;
    bool has_default = false;

    if (rule->n_options == 0)
        return 0;
    if (!check_is(check, COMITY__V1__FORM__FORM_CHOICE) && !check_is(check, COMITY__V1__FORM__FORM_RANKING))
        return check_fail(check, ERR_RULE, "options");
    if (rule->n_options < OPTIONS_MIN || rule->n_options > OPTIONS_MAX)
        return check_fail(check, ERR_RANGE, "options");
    for (size_t i = 0; i < rule->n_options; i++) {
        int code = check_option(check, i, &has_default);
        if (code)
            return code;
    }
    bool asks = rule->ranking &&
                (rule->ranking->needs_default || rule->ranking->n_majorities > 0 || rule->ranking->quorum);
    return asks && !has_default ? check_fail(check, ERR_RULE, "options") : 0;
}

/* docs/rules.md R-45 */
int check_scores(const struct check *check)
{
    const Comity__V1__Scores *scores = check->rule->scores;

    if (!check_is(check, COMITY__V1__FORM__FORM_SCORE))
        return scores ? check_fail(check, ERR_RULE, "scores") : 0;
    if (!scores)
        return check_fail(check, ERR_MISSING, "scores");
    if (scores->least >= SCORE_MAX)
        return check_fail(check, ERR_RANGE, "scores.least");
    if (scores->most <= scores->least || scores->most > SCORE_MAX)
        return check_fail(check, ERR_RANGE, "scores.most");
    return 0;
}

static int check_over_default(const struct check *check, Comity__V1__Bound bound, uint64_t numerator,
                              uint64_t denominator, const char *of)
{
    int code = check_choice(check, (int) bound, &BOUND_CHOICE, "%s.bound", of);
    if (code)
        return code;
    if (bound != COMITY__V1__BOUND__BOUND_AT_LEAST && bound != COMITY__V1__BOUND__BOUND_MORE_THAN)
        return check_fail(check, ERR_RULE, "%s.bound", of);
    if (numerator < 1 || numerator > VALUE_MAX)
        return check_fail(check, ERR_RANGE, "%s.numerator", of);
    if (denominator < 1 || denominator > VALUE_MAX)
        return check_fail(check, ERR_RANGE, "%s.denominator", of);
    return 0;
}

static int check_majorities(const struct check *check, const Comity__V1__Ranking *ranking)
{
    if (ranking->n_majorities > MAJORITIES_MAX)
        return check_fail(check, ERR_RANGE, "ranking.majorities");
    for (size_t i = 0; i < ranking->n_majorities; i++) {
        const Comity__V1__Majority *majority = ranking->majorities[i];
        char of[48];
        if (!majority)
            return check_fail(check, ERR_MISSING, "ranking.majorities[%zu]", i);
        if (!name_is_valid(majority->name))
            return check_fail(check, ERR_NAME, "ranking.majorities[%zu].name", i);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(ranking->majorities[k]->name, majority->name) == 0)
                return check_fail(check, ERR_DUPLICATE, "ranking.majorities[%zu].name", i);
        }
        snprintf(of, sizeof(of), "ranking.majorities[%zu]", i);
        int code = check_over_default(check, majority->bound, majority->numerator, majority->denominator, of);
        if (code)
            return code;
    }
    return 0;
}

static int check_option_quorum(const struct check *check, const Comity__V1__OptionQuorum *quorum)
{
    bool is_share = quorum->of == COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE;

    if (quorum->of == COMITY__V1__BASE_KIND__BASE_KIND_UNSPECIFIED)
        return check_fail(check, ERR_MISSING, "ranking.quorum.of");
    if (!protobuf_c_enum_descriptor_get_value(&comity__v1__base_kind__descriptor, (int) quorum->of))
        return check_fail(check, ERR_ENUM, "ranking.quorum.of");
    if (!is_share && quorum->of != COMITY__V1__BASE_KIND__BASE_KIND_NONE)
        return check_fail(check, ERR_RULE, "ranking.quorum.of");
    int code =
        check_over_default(check, quorum->bound, quorum->numerator, quorum->denominator, "ranking.quorum");
    if (code)
        return code;
    if (!is_share && quorum->denominator != 1)
        return check_fail(check, ERR_RULE, "ranking.quorum.denominator");
    bool is_more = quorum->bound == COMITY__V1__BOUND__BOUND_MORE_THAN;
    uint64_t most = is_share ? quorum->denominator : ROLL_MAX;
    return quorum->numerator + is_more > most ? check_fail(check, ERR_RULE, "ranking.quorum.numerator") : 0;
}

/* docs/rules.md R-50 */
int check_ranking(const struct check *check)
{
    static const struct choice METHOD = {&comity__v1__ranking_method__descriptor,
                                         ALL_TO(COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_MEEK),
                                         true};
    const Comity__V1__Ranking *ranking = check->rule->ranking;

    if (!check_is(check, COMITY__V1__FORM__FORM_RANKING))
        return ranking ? check_fail(check, ERR_RULE, "ranking") : 0;
    if (!ranking)
        return check_fail(check, ERR_MISSING, "ranking");
    int code = check_choice(check, (int) ranking->method, &METHOD, "ranking.method");
    if (code)
        return code;
    bool is_stv = ranking->method == COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_SCOTTISH ||
                  ranking->method == COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_MEEK;
    if (is_stv ? ranking->seats < 1 || ranking->seats >= OPTIONS_MAX : ranking->seats > 1)
        return check_fail(check, ERR_RANGE, "ranking.seats");
    if (ranking->n_majorities > 0 && !is_schulze(check))
        return check_fail(check, ERR_RULE, "ranking.majorities");
    if (ranking->quorum && !is_schulze(check))
        return check_fail(check, ERR_RULE, "ranking.quorum");
    if (ranking->needs_default && !is_schulze(check))
        return check_fail(check, ERR_RULE, "ranking.needs_default");
    /* With options of the rule check_options has seen to it. */
    if ((ranking->n_majorities > 0 || ranking->quorum) && check->rule->n_options == 0 &&
        !ranking->needs_default)
        return check_fail(check, ERR_RULE, "ranking.needs_default");
    code = check_majorities(check, ranking);
    return code || !ranking->quorum ? code : check_option_quorum(check, ranking->quorum);
}

/* docs/rules.md */
int check_ties(const struct check *check)
{
    static const struct choice TIE = {&comity__v1__tie_break__descriptor,
                                      ALL_TO(COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER), true};
    const Comity__V1__Rule *rule = check->rule;
    bool is_ranking = check_is(check, COMITY__V1__FORM__FORM_RANKING);

    if (rule->n_ties > 0 && !is_ranking && !check_is(check, COMITY__V1__FORM__FORM_CHOICE))
        return check_fail(check, ERR_RULE, "ties");
    for (size_t i = 0; i < rule->n_ties; i++) {
        int code = check_choice(check, (int) rule->ties[i], &TIE, "ties[%zu]", i);
        if (code)
            return code;
        if (rule->ties[i] == COMITY__V1__TIE_BREAK__TIE_BREAK_EARLIER_STAGES &&
            (!is_ranking || is_schulze(check)))
            return check_fail(check, ERR_RULE, "ties[%zu]", i);
        for (size_t k = 0; k < i; k++) {
            if (rule->ties[k] == rule->ties[i])
                return check_fail(check, ERR_DUPLICATE, "ties[%zu]", i);
        }
    }
    return 0;
}

/* docs/rules.md R-34 */
static int check_duty(const struct check *check, const Comity__V1__Duty *duty, size_t index)
{
    static const struct choice KIND = {&comity__v1__duty_kind__descriptor,
                                       ALL_TO(COMITY__V1__DUTY_KIND__DUTY_KIND_ALTERNATIVE), true};

    if (!duty)
        return check_fail(check, ERR_MISSING, "duties[%zu]", index);
    if (duty->choice == 0) {
        int code = check_choice(check, (int) duty->stance, &STANCE_CHOICE, "duties[%zu].stance", index);
        if (code)
            return code;
    } else {
        if (!check_is(check, COMITY__V1__FORM__FORM_CHOICE))
            return check_fail(check, ERR_RULE, "duties[%zu].choice", index);
        if (duty->choice > check->rule->n_options)
            return check_fail(check, ERR_RANGE, "duties[%zu].choice", index);
        if (duty->stance != COMITY__V1__STANCE__STANCE_UNSPECIFIED)
            return check_fail(check, ERR_RULE, "duties[%zu].stance", index);
    }
    return check_choice(check, (int) duty->kind, &KIND, "duties[%zu].kind", index);
}

int check_duties(const struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;

    if (rule->n_duties > DUTIES_MAX)
        return check_fail(check, ERR_RANGE, "duties");
    for (size_t i = 0; i < rule->n_duties; i++) {
        int code = check_duty(check, rule->duties[i], i);
        if (code)
            return code;
        for (size_t j = 0; j < i; j++) {
            const Comity__V1__Duty *other = rule->duties[j];
            if (other->stance == rule->duties[i]->stance && other->kind == rule->duties[i]->kind &&
                other->choice == rule->duties[i]->choice)
                return check_fail(check, ERR_DUPLICATE, "duties[%zu]", i);
        }
    }
    return 0;
}

bool rule_has_options(const Comity__V1__Rule *rule)
{
    return rule->form == COMITY__V1__FORM__FORM_CHOICE || rule->form == COMITY__V1__FORM__FORM_RANKING;
}

/* Its label is its own, and the rule has the majority that it names. */
static int check_stated(const struct check *check, const struct round_option *options, size_t i)
{
    const Comity__V1__Ranking *ranking = check->rule->ranking;
    const struct round_option *option = &options[i];
    bool takes_default = ranking && ranking->needs_default;

    for (size_t k = 0; k < i; k++)
        if (strcmp(options[k].label, option->label) == 0)
            return check_fail(check, ERR_DUPLICATE, "options[%zu].label", i);
    if (option->majority[0] != '\0' && !has_majority(ranking, option->majority))
        return check_fail(check, ERR_NOT_FOUND, "options[%zu].majority", i);
    if (option->is_default && (!takes_default || option->majority[0] != '\0'))
        return check_fail(check, ERR_RULE, "options[%zu].is_default", i);
    return 0;
}

/* docs/rules.md R-79 */
int rule_check_options(const Comity__V1__Rule *rule, const struct round_option *options, size_t count,
                       const char *path, struct refusal *refusal)
{
    const struct check check = {.rule = rule, .path = path, .refusal = refusal};
    bool has_default = false;

    if (count < 2)
        return check_fail(&check, ERR_MISSING, "options");
    if (count > OPTIONS_MAX)
        return check_fail(&check, ERR_RANGE, "options");
    for (size_t i = 0; i < count; i++) {
        int code = check_stated(&check, options, i);
        if (code)
            return code;
    }
    for (size_t i = 0; i < count; i++) {
        if (options[i].is_default && has_default)
            return check_fail(&check, ERR_DUPLICATE, "options[%zu].is_default", i);
        has_default |= options[i].is_default;
    }
    return rule->ranking && rule->ranking->needs_default && !has_default
               ? check_fail(&check, ERR_MISSING, "options.is_default")
               : 0;
}
