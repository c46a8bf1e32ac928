/* Checking a rule, part by part. Inside core/rule alone. */
#ifndef COMITY_CORE_RULE_CHECK_H
#define COMITY_CORE_RULE_CHECK_H

#include "core/error.h"
#include "core/rule/rule.h"

#define VALUE_MAX UINT64_C(1000000000000)
#define BIT(value) (1U << (value))
/* Every value that a type of the contract has, but the zero one. */
#define ALL_TO(last) (BIT((last) + 1) - 2)

#define MINUTE_MS INT64_C(60000)
#define PERIOD_MAX_MS (INT64_C(366) * 24 * 60 * MINUTE_MS)

/* The rule that is checked: the whole, or that of a stage's rounds. */
struct check {
    const Comity__V1__Rule *rule;
    const char *path; /* of its fields */
    struct refusal *refusal;
    unsigned stances; /* bits: those that a member can come to have under this rule */
};

/* A choice among the values of an enum: which are allowed, and whether it may be left out. */
struct choice {
    const ProtobufCEnumDescriptor *type;
    unsigned allowed; /* bits by value; what the contract has besides is UNSUPPORTED */
    bool is_required;
};
extern const struct choice STANCE_CHOICE;
extern const struct choice OFFICE_CHOICE; /* may be left out */
extern const struct choice BOUND_CHOICE;

/* Refuse at a field below the rule's own path; returns @code. */
__attribute__((format(printf, 3, 4))) int check_fail(const struct check *check, int code, const char *format,
                                                     ...);

/* docs/rules.md */
__attribute__((format(printf, 4, 5))) int check_choice(const struct check *check, int value,
                                                       const struct choice *choice, const char *format, ...);

/* check_test.c */
int check_tests(const struct check *check);
/* check_form.c */
int check_scale(struct check *check);
int check_options(const struct check *check);
int check_scores(const struct check *check);
int check_ranking(const struct check *check);
int check_ties(const struct check *check);
int check_duties(const struct check *check);
/* check_stage.c */
int check_stages(const struct check *check);
/* All but the stages: check.c */
int check_body(struct check *check);

static inline bool check_is(const struct check *check, Comity__V1__Form form)
{
    return check->rule->form == form;
}

#endif
