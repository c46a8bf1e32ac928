/* Whether a rule can be used: docs/rules.md */
#include "core/rule/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/text.h"

enum { ROUNDS_MAX = 100, WEIGHTS_MAX = 256 };

const struct choice STANCE_CHOICE = {&comity__v1__stance__descriptor,
                                     ALL_TO(COMITY__V1__STANCE__STANCE_BLOCK), true};
const struct choice OFFICE_CHOICE = {&comity__v1__office__descriptor,
                                     ALL_TO(COMITY__V1__OFFICE__OFFICE_INTEGRATION), false};
const struct choice BOUND_CHOICE = {&comity__v1__bound__descriptor,
                                    ALL_TO(COMITY__V1__BOUND__BOUND_LESS_THAN), true};

/* The rule's own choices, in the order of its fields. */
static const struct {
    const char *field;
    size_t offset;
    struct choice choice;
} RULE_CHOICES[] = {
    {"form",
     offsetof(Comity__V1__Rule, form),
     {&comity__v1__form__descriptor, ALL_TO(COMITY__V1__FORM__FORM_SCORE), true}},
    {"roll",
     offsetof(Comity__V1__Rule, roll),
     {&comity__v1__roll_kind__descriptor, ALL_TO(COMITY__V1__ROLL_KIND__ROLL_KIND_CHECKED_IN), true}},
    {"frozen",
     offsetof(Comity__V1__Rule, frozen),
     {&comity__v1__frozen__descriptor, ALL_TO(COMITY__V1__FROZEN__FROZEN_LADDER), true}},
    {"silence",
     offsetof(Comity__V1__Rule, silence),
     {&comity__v1__silence__descriptor, ALL_TO(COMITY__V1__SILENCE__SILENCE_CONSENT_IF_NOTIFIED), false}},
    {"present",
     offsetof(Comity__V1__Rule, present),
     {&comity__v1__present__descriptor, ALL_TO(COMITY__V1__PRESENT__PRESENT_ANSWERED), false}},
    {"visibility",
     offsetof(Comity__V1__Rule, visibility),
     {&comity__v1__visibility__descriptor, ALL_TO(COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE), false}},
    {"change",
     offsetof(Comity__V1__Rule, change),
     {&comity__v1__change__descriptor, ALL_TO(COMITY__V1__CHANGE__CHANGE_ONCE), false}},
    {"no_quorum",
     offsetof(Comity__V1__Rule, no_quorum),
     {&comity__v1__no_quorum__descriptor, ALL_TO(COMITY__V1__NO_QUORUM__NO_QUORUM_EXTEND), false}},
};

__attribute__((format(printf, 3, 0))) static int fail_at(const struct check *check, int code,
                                                         const char *format, va_list arguments)
{
    char below[FIELD_PATH_MAX];
    vsnprintf(below, sizeof(below), format, arguments);
    char field[2 * FIELD_PATH_MAX];
    snprintf(field, sizeof(field), "%.*s.%s", FIELD_PATH_MAX - 1, check->path, below);
    return refuse(check->refusal, code, field);
}

int check_fail(const struct check *check, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = fail_at(check, code, format, arguments);
    va_end(arguments);
    return result;
}

/* docs/rules.md */
int check_choice(const struct check *check, int value, const struct choice *choice, const char *format, ...)
{
    int code = 0;
    if (!protobuf_c_enum_descriptor_get_value(choice->type, value))
        code = ERR_ENUM;
    else if (value == 0)
        code = choice->is_required ? ERR_MISSING : 0;
    else if (!(choice->allowed & BIT((unsigned) value)))
        code = ERR_UNSUPPORTED;
    if (!code)
        return 0;
    va_list arguments;
    va_start(arguments, format);
    fail_at(check, code, format, arguments);
    va_end(arguments);
    return code;
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
    bool is_said = check->rule->silence > COMITY__V1__SILENCE__SILENCE_NOTHING;
    return is_said && !check_is(check, COMITY__V1__FORM__FORM_STANCE) ? check_fail(check, ERR_RULE, "silence")
                                                                      : 0;
}

/* The list goes with the roll that names one. docs/rules.md R-8 */
static int check_list(const struct check *check)
{
    bool is_list = check->rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_LIST;
    const char *list = check->rule->list ? check->rule->list : "";

    if (!is_list)
        return list[0] != '\0' ? check_fail(check, ERR_RULE, "list") : 0;
    if (list[0] == '\0')
        return check_fail(check, ERR_MISSING, "list");
    return name_is_valid(list) ? 0 : check_fail(check, ERR_NAME, "list");
}

/* docs/rules.md R-9 */
static int check_close(const struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;

    if (!rule->close || !rule->close->nothing_can_change)
        return 0;
    bool is_open = rule->visibility != COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
    bool is_once = rule->change == COMITY__V1__CHANGE__CHANGE_ONCE;
    return is_open && is_once ? 0 : check_fail(check, ERR_RULE, "close.nothing_can_change");
}

/* Does a quorum say nothing but who is there, and who answered? docs/rules.md R-81 */
static int check_told(const struct check *check, const Comity__V1__Test *test, size_t index)
{
    bool counts = test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT ||
                  test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED;
    bool is_of_members = test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_NONE ||
                         test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE ||
                         test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_PRESENT ||
                         test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_ANSWERED;

    if (test->class_ != COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM)
        return 0;
    /* A bloc answers by how its members did. */
    if (!counts || test->bloc)
        return check_fail(check, ERR_RULE, "tests[%zu].count", index);
    return is_of_members ? 0 : check_fail(check, ERR_RULE, "tests[%zu].against", index);
}

/* That a hidden round goes on would tell everybody how members answered. docs/rules.md R-81 */
static int check_extension(const struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;
    bool tells = rule->no_quorum == COMITY__V1__NO_QUORUM__NO_QUORUM_EXTEND &&
                 rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
    int code = 0;

    for (size_t i = 0; tells && code == 0 && i < rule->n_tests; i++)
        code = check_told(check, rule->tests[i], i);
    return code;
}

/* docs/rules.md R-49 */
static int check_periods(const struct check *check)
{
    const Comity__V1__Rule *rule = check->rule;
    bool extends = rule->no_quorum == COMITY__V1__NO_QUORUM__NO_QUORUM_EXTEND;

    if (extends && (!rule->close || !rule->close->at_time))
        return check_fail(check, ERR_RULE, "no_quorum");
    if (extends && rule->extend_ms == 0)
        return check_fail(check, ERR_MISSING, "extend_ms");
    if (!extends && rule->extend_ms != 0)
        return check_fail(check, ERR_RULE, "extend_ms");
    if (extends && (rule->extend_ms < MINUTE_MS || rule->extend_ms > PERIOD_MAX_MS))
        return check_fail(check, ERR_RANGE, "extend_ms");
    if (rule->notice_ms < 0 || rule->notice_ms > PERIOD_MAX_MS)
        return check_fail(check, ERR_RANGE, "notice_ms");
    return 0;
}

/* docs/rules.md R-38 */
static int check_weights(const struct check *check)
{
    static const struct choice KIND = {&comity__v1__scope_kind__descriptor,
                                       ALL_TO(COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SITE), true};
    const Comity__V1__Rule *rule = check->rule;

    if (rule->n_weights > WEIGHTS_MAX)
        return check_fail(check, ERR_RANGE, "weights");
    for (size_t i = 0; i < rule->n_weights; i++) {
        const Comity__V1__SubjectWeight *weight = rule->weights[i];
        if (!weight)
            return check_fail(check, ERR_MISSING, "weights[%zu]", i);
        int code = check_choice(check, (int) weight->kind, &KIND, "weights[%zu].kind", i);
        if (code)
            return code;
        if (weight->kind != COMITY__V1__SCOPE_KIND__SCOPE_KIND_CONSTITUENCY &&
            weight->kind != COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE &&
            weight->kind != COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE)
            return check_fail(check, ERR_RULE, "weights[%zu].kind", i);
        if (!name_is_valid(weight->name))
            return check_fail(check, ERR_NAME, "weights[%zu].name", i);
        if (weight->weight > WEIGHT_MAX)
            return check_fail(check, ERR_RANGE, "weights[%zu].weight", i);
        for (size_t k = 0; k < i; k++) {
            if (rule->weights[k]->kind == weight->kind && strcmp(rule->weights[k]->name, weight->name) == 0)
                return check_fail(check, ERR_DUPLICATE, "weights[%zu].name", i);
        }
    }
    return 0;
}

int check_body(struct check *check)
{
    int code = check_choices(check);
    if (!code)
        code = check_list(check);
    if (!code)
        code = check_scale(check);
    if (!code)
        code = check_options(check);
    if (!code)
        code = check_scores(check);
    if (!code)
        code = check_ranking(check);
    if (!code)
        code = check_ties(check);
    if (!code)
        code = check_weights(check);
    if (!code)
        code = check_tests(check);
    if (!code)
        code = check_duties(check);
    if (!code)
        code = check_close(check);
    if (!code)
        code = check_periods(check);
    if (!code)
        code = check_extension(check);
    if (code)
        return code;
    if (check->rule->rounds < 1 || check->rule->rounds > ROUNDS_MAX)
        return check_fail(check, ERR_RANGE, "rounds");
    return 0;
}

/* docs/rules.md R-1 */
int rule_check(const Comity__V1__Rule *rule, const char *path, struct refusal *refusal)
{
    struct check check = {.rule = rule, .path = path, .refusal = refusal};

    if (!rule)
        return refuse(refusal, ERR_MISSING, path);
    if (!name_is_valid(rule->name))
        return check_fail(&check, ERR_NAME, "name");
    int code = check_body(&check);
    if (!code)
        code = check_stages(&check);
    if (code)
        return code;
    if (comity__v1__rule__get_packed_size(rule) > RULE_MAX_BYTES)
        return refuse(refusal, ERR_TOO_LARGE, path);
    return 0;
}
