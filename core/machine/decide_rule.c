/* The rules that bodies decide by: adopted, version by version. */
#include <stdio.h>
#include <string.h>

#include "core/machine/decide.h"
#include "core/rule/rule.h"

/* The version that the rule will be: one more than the latest of its name. One that was agreed before a
 * restore does not undo what was agreed since. */
static int rule_next_version(struct decide *d, const char *name, uint32_t *ret_version)
{
    ProtobufCMessage *row = NULL;
    const Comity__V1__RuleVersion *latest;
    int code = state_get_by_name(d->view, d->arena, TABLE_RULE, name, &row);

    *ret_version = 1;
    if (code == ERR_NOT_FOUND)
        return 0;
    if (code != 0)
        return decide_fail(d, code);
    latest = (const Comity__V1__RuleVersion *) row;
    if (d->since && latest->epoch > d->body->epoch)
        return decide_refuse_latest(d, ERR_EPOCH, "adopt_rule.rule.name", d->epoch);
    *ret_version = latest->version + 1;
    return 0;
}

static int check_bodies(struct decide *d, const Comity__V1__AdoptRule *adopt)
{
    size_t i;
    bool exists;

    for (i = 0; i < adopt->n_bodies; i++) {
        struct row_key key = row_key(TABLE_BODY, adopt->bodies[i], 0);
        char field[FIELD_PATH_MAX];

        snprintf(field, sizeof(field), "adopt_rule.bodies[%zu]", i);
        if (decide_check_number(d, TABLE_BODY, adopt->bodies[i], field) != 0)
            return d->code;
        if (decide_exists(d, &key, &exists) != 0)
            return d->code;
        if (!exists)
            return decide_refuse(d, ERR_NOT_FOUND, "%s", field);
    }
    return 0;
}

/* What a rule names has to be there: docs/rules.md R-92 */

struct side_search {
    const char *name;
    bool is_found;
};

static int side_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    struct side_search *search = context;

    (void) key;
    search->is_found |= strcmp(((const Comity__V1__Constituency *) row)->side, search->name) == 0;
    return 0;
}

static int has_side(struct decide *d, const char *name, bool *ret_has)
{
    struct row_key all = row_key_all(TABLE_CONSTITUENCY);
    struct side_search search = {name, false};
    int code = row_each(d->view, d->arena, TABLE_CONSTITUENCY, &all, side_visit, &search);

    *ret_has = search.is_found;
    return code == 0 ? 0 : decide_fail(d, code);
}

static int has_name(struct decide *d, enum table table, const char *name, bool *ret_has)
{
    struct row_key key = row_key_name(table, name);
    uint32_t number = 0;
    int code = row_number(d->view, &key, &number);

    *ret_has = number != 0;
    return code == 0 ? 0 : decide_fail(d, code);
}

/* @kind of a scope or a weight. One that names nothing by itself is no matter of the history. */
static int has_subject(struct decide *d, Comity__V1__ScopeKind kind, const char *name, bool *ret_has)
{
    *ret_has = true;
    switch (kind) {
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_CONSTITUENCY:
        return has_name(d, TABLE_CONSTITUENCY, name, ret_has);
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE:
        return has_side(d, name, ret_has);
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE:
        return has_name(d, TABLE_SITE, name, ret_has);
    default:
        return 0;
    }
}

/* Of the rule, or of the rounds of a stage. @at: where they are in the command. */
static int check_subjects(struct decide *d, Comity__V1__Test *const *tests, size_t test_count,
                          Comity__V1__SubjectWeight *const *weights, size_t weight_count, const char *at)
{
    bool is_there;

    for (size_t i = 0; i < test_count; i++) {
        const Comity__V1__Scope *scope = tests[i]->scope;
        if (has_subject(d, scope->kind, scope->of, &is_there) != 0)
            return d->code;
        if (!is_there)
            return decide_refuse(d, ERR_SCOPE, "%s.tests[%zu].scope.of", at, i);
    }
    for (size_t i = 0; i < weight_count; i++) {
        if (has_subject(d, weights[i]->kind, weights[i]->name, &is_there) != 0)
            return d->code;
        if (!is_there)
            return decide_refuse(d, ERR_SCOPE, "%s.weights[%zu].name", at, i);
    }
    return 0;
}

static int check_stage_names(struct decide *d, const Comity__V1__Stage *stage, size_t index)
{
    const Comity__V1__StageRule *rule = stage->rule;
    char at[FIELD_PATH_MAX];
    bool is_there = true;

    if (stage->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE &&
        has_name(d, TABLE_BODY, stage->who, &is_there) != 0)
        return d->code;
    if (!is_there)
        return decide_refuse(d, ERR_NOT_FOUND, "adopt_rule.rule.stages[%zu].who", index);
    snprintf(at, sizeof(at), "adopt_rule.rule.stages[%zu].rule", index);
    return rule ? check_subjects(d, rule->tests, rule->n_tests, rule->weights, rule->n_weights, at) : 0;
}

static int check_names(struct decide *d, const Comity__V1__Rule *rule)
{
    int code =
        check_subjects(d, rule->tests, rule->n_tests, rule->weights, rule->n_weights, "adopt_rule.rule");

    for (size_t i = 0; code == 0 && i < rule->n_stages; i++)
        code = check_stage_names(d, rule->stages[i], i);
    return code;
}

int decide_adopt_rule(struct decide *d)
{
    Comity__V1__Rule *rule = d->body->adopt_rule->rule;
    Comity__V1__RuleAdopted *adopted;
    Comity__V1__RuleVersion *version;
    Comity__V1__Event *event;
    uint8_t hash[HASH_SIZE];
    int code = rule_check(rule, "adopt_rule.rule", d->refusal);

    if (code != 0)
        return d->code = code;
    if (check_bodies(d, d->body->adopt_rule) != 0 || check_names(d, rule) != 0)
        return d->code;
    code = rule_hash(rule, d->arena, hash);
    if (code != 0)
        return decide_fail(d, code);
    adopted = decide_new(d, &comity__v1__rule_adopted__descriptor);
    version = decide_new(d, &comity__v1__rule_version__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_RULE_ADOPTED);
    if (!adopted || !version || !event || decide_next_number(d, TABLE_RULE, &version->number) != 0 ||
        rule_next_version(d, rule->name, &version->version) != 0)
        return d->code;
    version->hash = decide_bytes(d, hash, sizeof(hash));
    version->rule = rule;
    version->n_bodies = d->body->adopt_rule->n_bodies;
    version->bodies = d->body->adopt_rule->bodies;
    version->adopted_ms = d->context->time_ms;
    version->epoch = d->body->epoch;
    adopted->rule = version;
    event->rule_adopted = adopted;
    return d->code;
}
