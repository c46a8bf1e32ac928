/* The tests of a rule: docs/rules.md */
#include "core/rule/check.h"
#include "core/rule/outcome.h"
#include "core/text.h"

enum { TESTS_MAX = 32 };

static const struct choice TEST_CLASS = {&comity__v1__test_class__descriptor,
                                         ALL_TO(COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION), true};
static const struct choice SCOPE_KIND = {&comity__v1__scope_kind__descriptor,
                                         ALL_TO(COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SITE), true};
static const struct choice QUANTIFIER_KIND = {&comity__v1__quantifier_kind__descriptor,
                                              ALL_TO(COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_SHARE),
                                              false};
static const struct choice COUNT_KIND = {&comity__v1__count_kind__descriptor,
                                         ALL_TO(COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING), true};
static const struct choice BASE_KIND = {&comity__v1__base_kind__descriptor,
                                        ALL_TO(COMITY__V1__BASE_KIND__BASE_KIND_CHOICES), true};
static const struct choice WEIGHTING = {&comity__v1__weighting__descriptor,
                                        ALL_TO(COMITY__V1__WEIGHTING__WEIGHTING_SEATS), false};
static const struct choice BLOC_CAST = {&comity__v1__bloc_cast__descriptor,
                                        ALL_TO(COMITY__V1__BLOC_CAST__BLOC_CAST_ABSTAIN), true};

/* The form that a kind of count or base belongs to; UNSPECIFIED: any. */
static Comity__V1__Form form_of_count(Comity__V1__CountKind kind)
{
    switch (kind) {
    case COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES:
        return COMITY__V1__FORM__FORM_STANCE;
    case COMITY__V1__COUNT_KIND__COUNT_KIND_CHOICES:
    case COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING:
        return COMITY__V1__FORM__FORM_CHOICE;
    case COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST:
        return COMITY__V1__FORM__FORM_SCORE;
    default:
        return COMITY__V1__FORM__FORM_UNSPECIFIED;
    }
}

static Comity__V1__Form form_of_base(Comity__V1__BaseKind kind)
{
    switch (kind) {
    case COMITY__V1__BASE_KIND__BASE_KIND_STANCES:
        return COMITY__V1__FORM__FORM_STANCE;
    case COMITY__V1__BASE_KIND__BASE_KIND_CHOICES:
        return COMITY__V1__FORM__FORM_CHOICE;
    default:
        return COMITY__V1__FORM__FORM_UNSPECIFIED;
    }
}

static bool is_of_form(const struct check *check, Comity__V1__Form form)
{
    return form == COMITY__V1__FORM__FORM_UNSPECIFIED || check_is(check, form);
}

/* A set of stances of a count or a base; @is_used by its kind. @ret_set: bits. docs/rules.md */
static int check_stances(const struct check *check, const Comity__V1__Stance *stances, size_t count,
                         bool is_used, size_t test, const char *part, unsigned *ret_set)
{
    unsigned set = 0;
    if (is_used != (count > 0))
        return check_fail(check, ERR_RULE, "tests[%zu].%s.stances", test, part);
    for (size_t i = 0; i < count; i++) {
        int code = check_choice(check, (int) stances[i], &STANCE_CHOICE, "tests[%zu].%s.stances[%zu]", test,
                                part, i);
        if (code)
            return code;
        if (set & BIT(stances[i]))
            return check_fail(check, ERR_DUPLICATE, "tests[%zu].%s.stances[%zu]", test, part, i);
        set |= BIT(stances[i]);
    }
    *ret_set = set;
    return 0;
}

/* A set of options. docs/rules.md R-43 */
static int check_option_set(const struct check *check, const uint32_t *choices, size_t count, bool is_used,
                            size_t test, const char *part)
{
    uint64_t seen = 0;
    if (is_used != (count > 0) || (is_used && check->rule->n_options == 0))
        return check_fail(check, ERR_RULE, "tests[%zu].%s.choices", test, part);
    for (size_t i = 0; i < count; i++) {
        if (choices[i] < 1 || choices[i] > check->rule->n_options)
            return check_fail(check, ERR_RANGE, "tests[%zu].%s.choices[%zu]", test, part, i);
        if (seen >> (choices[i] - 1) & 1)
            return check_fail(check, ERR_DUPLICATE, "tests[%zu].%s.choices[%zu]", test, part, i);
        seen |= UINT64_C(1) << (choices[i] - 1);
    }
    return 0;
}

/* The most that the subjects of an EACH scope can come to together; 0: nothing is stated. */
static uint64_t subjects_most(const struct check *check, const Comity__V1__Test *test)
{
    uint64_t sum = 0;
    Comity__V1__ScopeKind kind = scope_subjects(test->scope->kind);

    if (!test->scope->quantifier->by_weight)
        return kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE ? ROLL_MAX : CONSTITUENCIES_MAX;
    for (size_t i = 0; i < check->rule->n_weights; i++) {
        if (check->rule->weights[i]->kind == kind)
            sum += check->rule->weights[i]->weight;
    }
    return sum;
}

/* A quantifier that says nothing but ALL. docs/rules.md R-8 */
static int check_all(const struct check *check, const Comity__V1__Quantifier *quantifier, size_t test)
{
    if (quantifier->by_weight)
        return check_fail(check, ERR_RULE, "tests[%zu].scope.quantifier.by_weight", test);
    if (quantifier->numerator != 0)
        return check_fail(check, ERR_RULE, "tests[%zu].scope.quantifier.numerator", test);
    if (quantifier->denominator != 0)
        return check_fail(check, ERR_RULE, "tests[%zu].scope.quantifier.denominator", test);
    return quantifier->bound != COMITY__V1__BOUND__BOUND_UNSPECIFIED
               ? check_fail(check, ERR_RULE, "tests[%zu].scope.quantifier.bound", test)
               : 0;
}

/* docs/rules.md */
static int check_some(const struct check *check, const Comity__V1__Test *test, size_t index)
{
    static const struct choice BOUND = {&comity__v1__bound__descriptor,
                                        ALL_TO(COMITY__V1__BOUND__BOUND_LESS_THAN), false};
    const Comity__V1__Quantifier *quantifier = test->scope->quantifier;
    bool is_share = quantifier->kind == COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_SHARE;
    bool is_more = quantifier->bound == COMITY__V1__BOUND__BOUND_MORE_THAN;
    uint64_t most = subjects_most(check, test);
    int code =
        check_choice(check, (int) quantifier->bound, &BOUND, "tests[%zu].scope.quantifier.bound", index);

    if (code)
        return code;
    if (quantifier->bound > COMITY__V1__BOUND__BOUND_MORE_THAN)
        return check_fail(check, ERR_RULE, "tests[%zu].scope.quantifier.bound", index);
    if (quantifier->numerator < 1 || quantifier->numerator > VALUE_MAX)
        return check_fail(check, ERR_RANGE, "tests[%zu].scope.quantifier.numerator", index);
    if (is_share && (quantifier->denominator < 1 || quantifier->denominator > VALUE_MAX))
        return check_fail(check, ERR_RANGE, "tests[%zu].scope.quantifier.denominator", index);
    if (!is_share && quantifier->denominator != 0)
        return check_fail(check, ERR_RULE, "tests[%zu].scope.quantifier.denominator", index);
    if (most == 0)
        return check_fail(check, ERR_RULE, "tests[%zu].scope.quantifier.by_weight", index);
    return quantifier->numerator + is_more > (is_share ? quantifier->denominator : most)
               ? check_fail(check, ERR_RULE, "tests[%zu].scope.quantifier.numerator", index)
               : 0;
}

static int check_quantifier(const struct check *check, const Comity__V1__Test *test, size_t index)
{
    const Comity__V1__Quantifier *quantifier = test->scope->quantifier;
    if (!quantifier)
        return 0;
    if (!test_is_each(test))
        return check_fail(check, ERR_RULE, "tests[%zu].scope.quantifier", index);
    int code = check_choice(check, (int) quantifier->kind, &QUANTIFIER_KIND,
                            "tests[%zu].scope.quantifier.kind", index);
    if (code)
        return code;
    return quantifier->kind <= COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_ALL
               ? check_all(check, quantifier, index)
               : check_some(check, test, index);
}

/* docs/rules.md */
static int check_scope(const struct check *check, const Comity__V1__Test *test, size_t index)
{
    const Comity__V1__Scope *scope = test->scope;
    if (!scope)
        return check_fail(check, ERR_MISSING, "tests[%zu].scope", index);
    int code = check_choice(check, (int) scope->kind, &SCOPE_KIND, "tests[%zu].scope.kind", index);
    if (code)
        return code;
    bool is_named = !test_is_each(test) && !test_is_whole(test);
    const char *of = scope->of ? scope->of : "";
    if (!is_named && of[0] != '\0')
        return check_fail(check, ERR_RULE, "tests[%zu].scope.of", index);
    if (is_named && of[0] == '\0')
        return check_fail(check, ERR_MISSING, "tests[%zu].scope.of", index);
    if (is_named && !name_is_valid(of))
        return check_fail(check, ERR_NAME, "tests[%zu].scope.of", index);
    code = check_choice(check, (int) scope->office, &OFFICE_CHOICE, "tests[%zu].scope.office", index);
    return code ? code : check_quantifier(check, test, index);
}

/* docs/rules.md */
static int check_count(const struct check *check, const Comity__V1__Count *count, size_t test,
                       unsigned *ret_set)
{
    if (!count)
        return check_fail(check, ERR_MISSING, "tests[%zu].count", test);
    int code = check_choice(check, (int) count->kind, &COUNT_KIND, "tests[%zu].count.kind", test);
    if (!code && !is_of_form(check, form_of_count(count->kind)))
        code = check_fail(check, ERR_RULE, "tests[%zu].count.kind", test);
    if (!code)
        code =
            check_stances(check, count->stances, count->n_stances,
                          count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES, test, "count", ret_set);
    if (!code)
        code = check_option_set(check, count->choices, count->n_choices,
                                count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_CHOICES, test, "count");
    if (code)
        return code;
    if (count->kind != COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST)
        return count->score != 0 ? check_fail(check, ERR_RULE, "tests[%zu].count.score", test) : 0;
    bool is_score = count->score >= check->rule->scores->least && count->score <= check->rule->scores->most;
    return is_score ? 0 : check_fail(check, ERR_RANGE, "tests[%zu].count.score", test);
}

/* docs/rules.md R-17 */
static int check_base(const struct check *check, const Comity__V1__Base *base, size_t test, unsigned *ret_set)
{
    if (!base)
        return check_fail(check, ERR_MISSING, "tests[%zu].against", test);
    int code = check_choice(check, (int) base->kind, &BASE_KIND, "tests[%zu].against.kind", test);
    if (!code && !is_of_form(check, form_of_base(base->kind)))
        code = check_fail(check, ERR_RULE, "tests[%zu].against.kind", test);
    if (!code)
        code =
            check_stances(check, base->stances, base->n_stances,
                          base->kind == COMITY__V1__BASE_KIND__BASE_KIND_STANCES, test, "against", ret_set);
    if (!code)
        code = check_option_set(check, base->choices, base->n_choices,
                                base->kind == COMITY__V1__BASE_KIND__BASE_KIND_CHOICES, test, "against");
    return code;
}

/* docs/rules.md R-6, and the thresholds of R-7 */
static int check_threshold(const struct check *check, const Comity__V1__Test *test, size_t index)
{
    bool has_base = test->against->kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    bool is_of_heads = test->weighting <= COMITY__V1__WEIGHTING__WEIGHTING_HEADS;
    uint64_t most = is_of_heads ? ROLL_MAX : UINT64_MAX;
    uint64_t numerator = test->numerator;
    uint64_t denominator = test->denominator;

    if (denominator == 0)
        return check_fail(check, ERR_RULE, "tests[%zu].denominator", index);
    if (denominator > VALUE_MAX)
        return check_fail(check, ERR_RANGE, "tests[%zu].denominator", index);
    if (numerator > VALUE_MAX)
        return check_fail(check, ERR_RANGE, "tests[%zu].numerator", index);
    if (has_base ? numerator > denominator : denominator != 1)
        return check_fail(check, ERR_RULE, has_base ? "tests[%zu].numerator" : "tests[%zu].denominator",
                          index);

    bool can_hold = true;
    if (test->bound == COMITY__V1__BOUND__BOUND_LESS_THAN)
        can_hold = numerator > 0;
    else if (test->bound == COMITY__V1__BOUND__BOUND_MORE_THAN)
        can_hold = has_base ? numerator < denominator : numerator < most;
    else if (test->bound == COMITY__V1__BOUND__BOUND_AT_LEAST && !has_base)
        can_hold = numerator <= most;
    return can_hold ? 0 : check_fail(check, ERR_RULE, "tests[%zu].numerator", index);
}

/* Whether answers, or silence, can make the test hold: the stances of docs/rules.md R-7. */
static int check_reach(const struct check *check, const Comity__V1__Test *test, size_t index,
                       unsigned counted, unsigned base)
{
    bool needs_some = test->bound == COMITY__V1__BOUND__BOUND_MORE_THAN ||
                      (test->bound == COMITY__V1__BOUND__BOUND_AT_LEAST && test->numerator > 0);
    if (test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES && needs_some &&
        !(counted & check->stances))
        return check_fail(check, ERR_RULE, "tests[%zu].count.stances", index);
    if (test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_STANCES && !(base & check->stances) &&
        !test->holds_when_empty)
        return check_fail(check, ERR_RULE, "tests[%zu].against.stances", index);
    return 0;
}

/* Can a bloc's direction be told of the set? docs/rules.md R-42 */
static bool set_is_of_blocs(unsigned set)
{
    const unsigned for_ = BIT(COMITY__V1__STANCE__STANCE_AGREE) | BIT(COMITY__V1__STANCE__STANCE_RESERVED);
    const unsigned against = BIT(COMITY__V1__STANCE__STANCE_CONCERN) | BIT(COMITY__V1__STANCE__STANCE_BLOCK);
    bool splits =
        ((set & for_) != 0 && (set & for_) != for_) || ((set & against) != 0 && (set & against) != against);
    return !splits && !(set & BIT(COMITY__V1__STANCE__STANCE_STAND_ASIDE));
}

/* docs/rules.md R-42 */
static int check_bloc(const struct check *check, const Comity__V1__Test *test, size_t index, unsigned counted,
                      unsigned base)
{
    Comity__V1__ScopeKind kind = test->scope->kind;
    if (!test->bloc)
        return check_fail(check, ERR_MISSING, "tests[%zu].bloc", index);
    int code = check_choice(check, (int) test->bloc->tied, &BLOC_CAST, "tests[%zu].bloc.tied", index);
    if (!code)
        code = check_choice(check, (int) test->bloc->absent, &BLOC_CAST, "tests[%zu].bloc.absent", index);
    if (code)
        return code;
    bool is_scope = kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE ||
                    kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE ||
                    kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SIDE;
    if (!check_is(check, COMITY__V1__FORM__FORM_STANCE) || !is_scope)
        return check_fail(check, ERR_RULE, "tests[%zu].weighting", index);
    if (test->scope->office != COMITY__V1__OFFICE__OFFICE_UNSPECIFIED)
        return check_fail(check, ERR_RULE, "tests[%zu].scope.office", index);
    if (test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT)
        return check_fail(check, ERR_RULE, "tests[%zu].count.kind", index);
    if (test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_PRESENT)
        return check_fail(check, ERR_RULE, "tests[%zu].against.kind", index);
    if (!set_is_of_blocs(counted))
        return check_fail(check, ERR_RULE, "tests[%zu].count.stances", index);
    return set_is_of_blocs(base) ? 0 : check_fail(check, ERR_RULE, "tests[%zu].against.stances", index);
}

/* docs/rules.md */
static int check_weighting(const struct check *check, const Comity__V1__Test *test, size_t index,
                           unsigned counted, unsigned base)
{
    int code = check_choice(check, (int) test->weighting, &WEIGHTING, "tests[%zu].weighting", index);
    if (code)
        return code;
    if (test->weighting == COMITY__V1__WEIGHTING__WEIGHTING_SEATS)
        return check_bloc(check, test, index, counted, base);
    if (test->bloc)
        return check_fail(check, ERR_RULE, "tests[%zu].bloc", index);
    if (test->weighting != COMITY__V1__WEIGHTING__WEIGHTING_PARITY)
        return 0;
    if (!test_is_whole(test))
        return check_fail(check, ERR_RULE, "tests[%zu].weighting", index);
    bool has_base = test->against->kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    return has_base || test->numerator == 0 ? 0 : check_fail(check, ERR_RULE, "tests[%zu].numerator", index);
}

static int check_test(const struct check *check, const Comity__V1__Test *test, size_t index)
{
    unsigned counted = 0;
    unsigned base = 0;

    if (!test)
        return check_fail(check, ERR_MISSING, "tests[%zu]", index);
    if (!name_is_valid(test->name))
        return check_fail(check, ERR_NAME, "tests[%zu].name", index);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(check->rule->tests[i]->name, test->name) == 0)
            return check_fail(check, ERR_DUPLICATE, "tests[%zu].name", index);
    }
    int code = check_choice(check, (int) test->class_, &TEST_CLASS, "tests[%zu].class", index);
    if (!code)
        code = check_scope(check, test, index);
    if (!code)
        code = check_count(check, test->count, index, &counted);
    if (!code)
        code = check_base(check, test->against, index, &base);
    if (!code)
        code = check_choice(check, (int) test->bound, &BOUND_CHOICE, "tests[%zu].bound", index);
    if (!code)
        code = check_threshold(check, test, index);
    if (!code)
        code = check_weighting(check, test, index, counted, base);
    if (!code)
        code = check_reach(check, test, index, counted, base);
    return code;
}

/* docs/rules.md R-5 */
int check_tests(const struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;
    bool asks = check_is(check, COMITY__V1__FORM__FORM_RANKING);

    if (rule->n_tests > TESTS_MAX)
        return check_fail(check, ERR_RANGE, "tests");
    for (size_t i = 0; i < rule->n_tests; i++) {
        int code = check_test(check, rule->tests[i], i);
        if (code)
            return code;
        if (rule->tests[i]->class_ != COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM)
            asks = true;
    }
    return asks ? 0 : check_fail(check, ERR_MISSING, "tests");
}
