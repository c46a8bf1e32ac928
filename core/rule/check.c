/* Whether a rule can be used: docs/rules.md. */
#include <stdarg.h>
#include <stdio.h>

#include "core/error.h"
#include "core/rule/rule.h"
#include "core/text.h"

#define VALUE_MAX UINT64_C(1000000000000)
#define BIT(value) (1U << (value))

enum { TESTS_MAX = 32, DUTIES_MAX = 16, ROUNDS_MAX = 100 };

/* A choice among the values of an enum: which are built, and whether it may be left out. */
struct choice {
    const ProtobufCEnumDescriptor *type;
    unsigned built; /* bits by value */
    bool is_required;
};

static const struct choice STANCE = {
    &comity__v1__stance__descriptor,
    BIT(COMITY__V1__STANCE__STANCE_AGREE) | BIT(COMITY__V1__STANCE__STANCE_RESERVED) |
        BIT(COMITY__V1__STANCE__STANCE_STAND_ASIDE) | BIT(COMITY__V1__STANCE__STANCE_ABSTAIN) |
        BIT(COMITY__V1__STANCE__STANCE_CONCERN) | BIT(COMITY__V1__STANCE__STANCE_BLOCK),
    true,
};
static const struct choice TEST_CLASS = {
    &comity__v1__test_class__descriptor,
    BIT(COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM) | BIT(COMITY__V1__TEST_CLASS__TEST_CLASS_SUPPORT) |
        BIT(COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION),
    true,
};
static const struct choice SCOPE_KIND = {
    &comity__v1__scope_kind__descriptor,
    BIT(COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE) | BIT(COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY),
    true,
};
static const struct choice QUANTIFIER_KIND = {
    &comity__v1__quantifier_kind__descriptor,
    BIT(COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_ALL),
    false,
};
static const struct choice COUNT_KIND = {
    &comity__v1__count_kind__descriptor,
    BIT(COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES) | BIT(COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT) |
        BIT(COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED),
    true,
};
static const struct choice BASE_KIND = {
    &comity__v1__base_kind__descriptor,
    BIT(COMITY__V1__BASE_KIND__BASE_KIND_NONE) | BIT(COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE) |
        BIT(COMITY__V1__BASE_KIND__BASE_KIND_PRESENT) | BIT(COMITY__V1__BASE_KIND__BASE_KIND_ANSWERED) |
        BIT(COMITY__V1__BASE_KIND__BASE_KIND_CAST) | BIT(COMITY__V1__BASE_KIND__BASE_KIND_STANCES),
    true,
};
static const struct choice BOUND = {
    &comity__v1__bound__descriptor,
    BIT(COMITY__V1__BOUND__BOUND_AT_LEAST) | BIT(COMITY__V1__BOUND__BOUND_MORE_THAN) |
        BIT(COMITY__V1__BOUND__BOUND_AT_MOST) | BIT(COMITY__V1__BOUND__BOUND_LESS_THAN),
    true,
};
static const struct choice WEIGHTING = {
    &comity__v1__weighting__descriptor,
    BIT(COMITY__V1__WEIGHTING__WEIGHTING_HEADS),
    false,
};
static const struct choice DUTY_KIND = {
    &comity__v1__duty_kind__descriptor,
    BIT(COMITY__V1__DUTY_KIND__DUTY_KIND_REASON),
    true,
};

/* The rule's own choices, in the order of its fields. */
static const struct {
    const char *field;
    size_t offset;
    struct choice choice;
} RULE_CHOICES[] = {
    {"form",
     offsetof(Comity__V1__Rule, form),
     {&comity__v1__form__descriptor, BIT(COMITY__V1__FORM__FORM_STANCE), true}},
    {"roll",
     offsetof(Comity__V1__Rule, roll),
     {&comity__v1__roll_kind__descriptor, BIT(COMITY__V1__ROLL_KIND__ROLL_KIND_SEATS), true}},
    {"frozen",
     offsetof(Comity__V1__Rule, frozen),
     {&comity__v1__frozen__descriptor, BIT(COMITY__V1__FROZEN__FROZEN_ROUND), true}},
    {"silence",
     offsetof(Comity__V1__Rule, silence),
     {&comity__v1__silence__descriptor,
      BIT(COMITY__V1__SILENCE__SILENCE_NOTHING) | BIT(COMITY__V1__SILENCE__SILENCE_CONSENT), false}},
    {"present",
     offsetof(Comity__V1__Rule, present),
     {&comity__v1__present__descriptor,
      BIT(COMITY__V1__PRESENT__PRESENT_AT_OPEN) | BIT(COMITY__V1__PRESENT__PRESENT_AT_CLOSE) |
          BIT(COMITY__V1__PRESENT__PRESENT_EVER) | BIT(COMITY__V1__PRESENT__PRESENT_ANSWERED),
      false}},
    {"visibility",
     offsetof(Comity__V1__Rule, visibility),
     {&comity__v1__visibility__descriptor,
      BIT(COMITY__V1__VISIBILITY__VISIBILITY_OPEN) | BIT(COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE),
      false}},
    {"change",
     offsetof(Comity__V1__Rule, change),
     {&comity__v1__change__descriptor,
      BIT(COMITY__V1__CHANGE__CHANGE_UNTIL_CLOSE) | BIT(COMITY__V1__CHANGE__CHANGE_ONCE), false}},
    {"no_quorum",
     offsetof(Comity__V1__Rule, no_quorum),
     {&comity__v1__no_quorum__descriptor, BIT(COMITY__V1__NO_QUORUM__NO_QUORUM_END), false}},
};

struct check {
    const Comity__V1__Rule *rule;
    const char *path;
    struct refusal *refusal;
    unsigned stances; /* bits: those that a member can come to have under this rule */
};

/* Refuse at a field below the rule's own path. */
__attribute__((format(printf, 3, 0))) static int fail_at(const struct check *check, int code,
                                                         const char *format, va_list arguments)
{
    char below[FIELD_PATH_MAX];
    vsnprintf(below, sizeof(below), format, arguments);
    char field[2 * FIELD_PATH_MAX];
    snprintf(field, sizeof(field), "%.*s.%s", FIELD_PATH_MAX - 1, check->path, below);
    return refuse(check->refusal, code, field);
}

__attribute__((format(printf, 3, 4))) static int fail(const struct check *check, int code, const char *format,
                                                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = fail_at(check, code, format, arguments);
    va_end(arguments);
    return result;
}

/* docs/rules.md */
__attribute__((format(printf, 4, 5))) static int
check_choice(const struct check *check, int value, const struct choice *choice, const char *format, ...)
{
    int code = 0;
    if (!protobuf_c_enum_descriptor_get_value(choice->type, value))
        code = ERR_ENUM;
    else if (value == 0)
        code = choice->is_required ? ERR_MISSING : 0;
    else if (!(choice->built & BIT((unsigned) value)))
        code = ERR_UNSUPPORTED;
    if (!code)
        return 0;
    va_list arguments;
    va_start(arguments, format);
    fail_at(check, code, format, arguments);
    va_end(arguments);
    return code;
}

/* A set of stances of a count or a base; @is_used by its kind. @ret_set: bits. docs/rules.md */
static int check_stances(const struct check *check, const Comity__V1__Stance *stances, size_t count,
                         bool is_used, size_t test, const char *part, unsigned *ret_set)
{
    if (!is_used && count > 0)
        return fail(check, ERR_RULE, "tests[%zu].%s.stances", test, part);
    if (is_used && count == 0)
        return fail(check, ERR_RULE, "tests[%zu].%s.stances", test, part);
    unsigned set = 0;
    for (size_t i = 0; i < count; i++) {
        int code =
            check_choice(check, (int) stances[i], &STANCE, "tests[%zu].%s.stances[%zu]", test, part, i);
        if (code)
            return code;
        if (set & BIT(stances[i]))
            return fail(check, ERR_DUPLICATE, "tests[%zu].%s.stances[%zu]", test, part, i);
        set |= BIT(stances[i]);
    }
    *ret_set = set;
    return 0;
}

static int check_quantifier(const struct check *check, const Comity__V1__Quantifier *quantifier, size_t test)
{
    int code = check_choice(check, (int) quantifier->kind, &QUANTIFIER_KIND,
                            "tests[%zu].scope.quantifier.kind", test);
    if (code)
        return code;
    if (quantifier->by_weight)
        return fail(check, ERR_UNSUPPORTED, "tests[%zu].scope.quantifier.by_weight", test);
    if (quantifier->numerator != 0)
        return fail(check, ERR_RULE, "tests[%zu].scope.quantifier.numerator", test);
    if (quantifier->denominator != 0)
        return fail(check, ERR_RULE, "tests[%zu].scope.quantifier.denominator", test);
    return 0;
}

/* docs/rules.md R-8 */
static int check_scope(const struct check *check, const Comity__V1__Scope *scope, size_t test)
{
    if (!scope)
        return fail(check, ERR_MISSING, "tests[%zu].scope", test);
    int code = check_choice(check, (int) scope->kind, &SCOPE_KIND, "tests[%zu].scope.kind", test);
    if (code)
        return code;
    if (scope->of && scope->of[0] != '\0')
        return fail(check, ERR_RULE, "tests[%zu].scope.of", test);
    if (!scope->quantifier)
        return 0;
    if (scope->kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE)
        return fail(check, ERR_RULE, "tests[%zu].scope.quantifier", test);
    return check_quantifier(check, scope->quantifier, test);
}

static int check_count(const struct check *check, const Comity__V1__Count *count, size_t test,
                       unsigned *ret_set)
{
    if (!count)
        return fail(check, ERR_MISSING, "tests[%zu].count", test);
    int code = check_choice(check, (int) count->kind, &COUNT_KIND, "tests[%zu].count.kind", test);
    if (code)
        return code;
    if (count->n_choices > 0)
        return fail(check, ERR_UNSUPPORTED, "tests[%zu].count.choices", test);
    if (count->score != 0)
        return fail(check, ERR_UNSUPPORTED, "tests[%zu].count.score", test);
    return check_stances(check, count->stances, count->n_stances,
                         count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES, test, "count", ret_set);
}

static int check_base(const struct check *check, const Comity__V1__Base *base, size_t test, unsigned *ret_set)
{
    if (!base)
        return fail(check, ERR_MISSING, "tests[%zu].against", test);
    int code = check_choice(check, (int) base->kind, &BASE_KIND, "tests[%zu].against.kind", test);
    if (code)
        return code;
    return check_stances(check, base->stances, base->n_stances,
                         base->kind == COMITY__V1__BASE_KIND__BASE_KIND_STANCES, test, "against", ret_set);
}

/* docs/rules.md R-6, and the thresholds of R-7 */
static int check_threshold(const struct check *check, const Comity__V1__Test *test, size_t index)
{
    bool has_base = test->against->kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    uint64_t numerator = test->numerator;
    uint64_t denominator = test->denominator;

    if (denominator == 0)
        return fail(check, ERR_RULE, "tests[%zu].denominator", index);
    if (denominator > VALUE_MAX)
        return fail(check, ERR_RANGE, "tests[%zu].denominator", index);
    if (numerator > VALUE_MAX)
        return fail(check, ERR_RANGE, "tests[%zu].numerator", index);
    if (has_base ? numerator > denominator : denominator != 1)
        return fail(check, ERR_RULE, has_base ? "tests[%zu].numerator" : "tests[%zu].denominator", index);

    bool can_hold = true;
    if (test->bound == COMITY__V1__BOUND__BOUND_LESS_THAN)
        can_hold = numerator > 0;
    else if (test->bound == COMITY__V1__BOUND__BOUND_MORE_THAN)
        can_hold = has_base ? numerator < denominator : numerator < ROLL_MAX;
    else if (test->bound == COMITY__V1__BOUND__BOUND_AT_LEAST && !has_base)
        can_hold = numerator <= ROLL_MAX;
    return can_hold ? 0 : fail(check, ERR_RULE, "tests[%zu].numerator", index);
}

/* Whether answers, or silence, can make the test hold: the stances of docs/rules.md R-7. */
static int check_reach(const struct check *check, const Comity__V1__Test *test, size_t index,
                       unsigned counted, unsigned base)
{
    bool needs_some = test->bound == COMITY__V1__BOUND__BOUND_MORE_THAN ||
                      (test->bound == COMITY__V1__BOUND__BOUND_AT_LEAST && test->numerator > 0);
    if (test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES && needs_some &&
        !(counted & check->stances))
        return fail(check, ERR_RULE, "tests[%zu].count.stances", index);
    if (test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_STANCES && !(base & check->stances) &&
        !test->holds_when_empty)
        return fail(check, ERR_RULE, "tests[%zu].against.stances", index);
    return 0;
}

static int check_test(const struct check *check, const Comity__V1__Test *test, size_t index)
{
    unsigned counted = 0;
    unsigned base = 0;

    if (!test)
        return fail(check, ERR_MISSING, "tests[%zu]", index);
    if (!name_is_valid(test->name))
        return fail(check, ERR_NAME, "tests[%zu].name", index);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(check->rule->tests[i]->name, test->name) == 0)
            return fail(check, ERR_DUPLICATE, "tests[%zu].name", index);
    }
    int code = check_choice(check, (int) test->class_, &TEST_CLASS, "tests[%zu].class", index);
    if (!code)
        code = check_scope(check, test->scope, index);
    if (!code)
        code = check_count(check, test->count, index, &counted);
    if (!code)
        code = check_base(check, test->against, index, &base);
    if (!code)
        code = check_choice(check, (int) test->bound, &BOUND, "tests[%zu].bound", index);
    if (!code)
        code = check_threshold(check, test, index);
    if (!code)
        code = check_choice(check, (int) test->weighting, &WEIGHTING, "tests[%zu].weighting", index);
    if (!code)
        code = check_reach(check, test, index, counted, base);
    return code;
}

/* docs/rules.md R-5 */
static int check_tests(const struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;
    bool asks = false;

    if (rule->n_tests > TESTS_MAX)
        return fail(check, ERR_RANGE, "tests");
    for (size_t i = 0; i < rule->n_tests; i++) {
        int code = check_test(check, rule->tests[i], i);
        if (code)
            return code;
        if (rule->tests[i]->class_ != COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM)
            asks = true;
    }
    return asks ? 0 : fail(check, ERR_MISSING, "tests");
}

static int check_scale_entry(const struct check *check, size_t index)
{
    const Comity__V1__ScaleEntry *entry = check->rule->scale[index];

    if (!entry)
        return fail(check, ERR_MISSING, "scale[%zu]", index);
    if (entry->answer < 1 || entry->answer > ANSWER_MAX)
        return fail(check, ERR_RANGE, "scale[%zu].answer", index);
    if (!name_is_valid(entry->label))
        return fail(check, ERR_NAME, "scale[%zu].label", index);
    for (size_t i = 0; i < index; i++) {
        if (check->rule->scale[i]->answer == entry->answer)
            return fail(check, ERR_DUPLICATE, "scale[%zu].answer", index);
        if (strcmp(check->rule->scale[i]->label, entry->label) == 0)
            return fail(check, ERR_DUPLICATE, "scale[%zu].label", index);
    }
    return check_choice(check, (int) entry->stance, &STANCE, "scale[%zu].stance", index);
}

/* Also finds out which stances there can be. docs/rules.md */
static int check_scale(struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;
    const unsigned sides = BIT(COMITY__V1__STANCE__STANCE_AGREE) | BIT(COMITY__V1__STANCE__STANCE_RESERVED) |
                           BIT(COMITY__V1__STANCE__STANCE_CONCERN) | BIT(COMITY__V1__STANCE__STANCE_BLOCK);

    if (rule->n_scale == 0)
        return fail(check, ERR_MISSING, "scale");
    if (rule->n_scale > SCALE_MAX)
        return fail(check, ERR_RANGE, "scale");
    if (rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT)
        check->stances |= BIT(COMITY__V1__STANCE__STANCE_AGREE);
    for (size_t i = 0; i < rule->n_scale; i++) {
        int code = check_scale_entry(check, i);
        if (code)
            return code;
        check->stances |= BIT(rule->scale[i]->stance);
    }
    return check->stances & sides ? 0 : fail(check, ERR_RULE, "scale");
}

static int check_duties(const struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;

    if (rule->n_duties > DUTIES_MAX)
        return fail(check, ERR_RANGE, "duties");
    for (size_t i = 0; i < rule->n_duties; i++) {
        const Comity__V1__Duty *duty = rule->duties[i];
        if (!duty)
            return fail(check, ERR_MISSING, "duties[%zu]", i);
        int code = check_choice(check, (int) duty->stance, &STANCE, "duties[%zu].stance", i);
        if (!code)
            code = check_choice(check, (int) duty->kind, &DUTY_KIND, "duties[%zu].kind", i);
        if (code)
            return code;
        for (size_t j = 0; j < i; j++) {
            if (rule->duties[j]->stance == duty->stance && rule->duties[j]->kind == duty->kind)
                return fail(check, ERR_DUPLICATE, "duties[%zu]", i);
        }
    }
    return 0;
}

static int check_choices(const struct check *check)
{
    for (size_t i = 0; i < ARRAY_COUNT(RULE_CHOICES); i++) {
        int value = 0;
        memcpy(&value, (const char *) check->rule + RULE_CHOICES[i].offset, sizeof(value));
        int code = check_choice(check, value, &RULE_CHOICES[i].choice, "%s", RULE_CHOICES[i].field);
        if (code)
            return code;
    }
    return 0;
}

/* docs/rules.md R-9 */
static int check_close(const struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;

    if (!rule->close || !rule->close->nothing_can_change)
        return 0;
    bool is_open = rule->visibility != COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
    bool is_once = rule->change == COMITY__V1__CHANGE__CHANGE_ONCE;
    return fail(check, is_open && is_once ? ERR_UNSUPPORTED : ERR_RULE, "close.nothing_can_change");
}

/* docs/rules.md R-1 */
int rule_check(const Comity__V1__Rule *rule, const char *path, struct refusal *refusal)
{
    struct check check = {.rule = rule, .path = path, .refusal = refusal};

    if (!rule)
        return refuse(refusal, ERR_MISSING, path);
    if (!name_is_valid(rule->name))
        return fail(&check, ERR_NAME, "name");
    if (rule->n_stages > 0)
        return fail(&check, ERR_UNSUPPORTED, "stages");
    int code = check_choices(&check);
    if (!code)
        code = check_scale(&check);
    if (!code)
        code = check_tests(&check);
    if (!code)
        code = check_duties(&check);
    if (!code)
        code = check_close(&check);
    if (code)
        return code;
    if (rule->rounds < 1 || rule->rounds > ROUNDS_MAX)
        return fail(&check, ERR_RANGE, "rounds");
    if (comity__v1__rule__get_packed_size(rule) > RULE_MAX_BYTES)
        return refuse(refusal, ERR_TOO_LARGE, path);
    return 0;
}
