/* A test over all its subjects: docs/rules.md */
#include "core/error.h"
#include "core/rule/outcome.h"
#include "core/rule/test.h"

bool test_has_quantifier(const Comity__V1__Test *test)
{
    const Comity__V1__Quantifier *quantifier = test->scope->quantifier;
    return quantifier && (quantifier->kind == COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_COUNT ||
                          quantifier->kind == COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_SHARE);
}

bool test_is_by_weight(const Comity__V1__Test *test)
{
    return test_has_quantifier(test) && test->scope->quantifier->by_weight;
}

/* docs/rules.md R-38 */
bool subject_weight(const Comity__V1__Rule *rule, Comity__V1__ScopeKind kind, const char *name,
                    uint64_t *ret_weight)
{
    for (size_t i = 0; i < rule->n_weights; i++) {
        if (rule->weights[i]->kind == scope_subjects(kind) && strcmp(rule->weights[i]->name, name) == 0) {
            *ret_weight = rule->weights[i]->weight;
            return true;
        }
    }
    return false;
}

static Comity__V1__Bound quantifier_bound(const Comity__V1__Quantifier *quantifier)
{
    return quantifier->bound == COMITY__V1__BOUND__BOUND_UNSPECIFIED ? COMITY__V1__BOUND__BOUND_AT_LEAST
                                                                     : quantifier->bound;
}

/* docs/rules.md R-37 */
bool quantifier_holds(const Comity__V1__Quantifier *quantifier, uint64_t count, uint64_t of)
{
    bool is_share = quantifier->kind == COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_SHARE;
    if (is_share && of == 0)
        return false;
    return bound_holds(quantifier_bound(quantifier), count, is_share ? quantifier->denominator : 1, quantifier->numerator,
                       is_share ? of : 1);
}

static int quantify(const struct counted *counted, const Comity__V1__Test *test,
                    Comity__V1__TestResult *const *results, size_t count,
                    Comity__V1__QuantifierResult **ret_quantifier)
{
    const Comity__V1__Quantifier *asked = test->scope->quantifier;
    Comity__V1__QuantifierResult *result = arena_alloc(counted->arena, sizeof(*result));
    if (!result)
        return ERR_MEMORY;
    comity__v1__quantifier_result__init(result);
    result->test = arena_string(counted->arena, test->name);
    if (!result->test)
        return ERR_MEMORY;
    bool is_share = asked->kind == COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_SHARE;
    result->kind = asked->kind;
    result->bound = quantifier_bound(asked);
    result->numerator = asked->numerator;
    result->denominator = is_share ? asked->denominator : 1;
    result->by_weight = asked->by_weight;
    result->scope = test->scope->kind;
    for (size_t i = 0; i < count; i++) {
        uint64_t weight = asked->by_weight ? results[i]->subject_weight : 1;
        result->of += weight;
        result->count += results[i]->holds ? weight : 0;
    }
    result->holds = quantifier_holds(asked, result->count, result->of);
    *ret_quantifier = result;
    return 0;
}

int test_run_all(const struct counted *counted, size_t index, Comity__V1__TestResult **results,
                 bool *ret_holds, Comity__V1__QuantifierResult **ret_quantifier)
{
    const Comity__V1__Test *test = counted->rule->tests[index];
    const struct scope *scope = &counted->scopes[index];
    bool all_hold = true;

    for (size_t i = 0; i < scope->count; i++) {
        int code = test_run(counted, test, scope->list[i], &results[i]);
        if (code)
            return code;
        all_hold = all_hold && results[i]->holds;
    }
    *ret_holds = all_hold;
    *ret_quantifier = NULL;
    if (!test_has_quantifier(test))
        return 0;
    int code = quantify(counted, test, results, scope->count, ret_quantifier);
    if (!code)
        *ret_holds = (*ret_quantifier)->holds;
    return code;
}

/* Has the scope somebody to look at? docs/rules.md */
static bool scope_is_named(const struct counted *counted, size_t index)
{
    const Comity__V1__Test *test = counted->rule->tests[index];
    const struct scope *scope = &counted->scopes[index];
    uint64_t members = 0;
    uint64_t weight;

    for (size_t i = 0; i < scope->count; i++) {
        members += scope->list[i]->members;
        if (test_is_by_weight(test) &&
            !subject_weight(counted->rule, test->scope->kind, scope->list[i]->name, &weight))
            return false;
    }
    return scope->count > 0 && (members > 0 || test->scope->office == COMITY__V1__OFFICE__OFFICE_UNSPECIFIED);
}

int scopes_check(const struct counted *counted)
{
    size_t lines = 0;

    for (size_t i = 0; i < counted->rule->n_tests; i++) {
        lines += counted->scopes[i].count;
        if (!scope_is_named(counted, i))
            return ERR_SCOPE;
    }
    return lines > OUTCOME_LINES_MAX || outcome_bytes_most(counted) > OUTCOME_BYTES_MAX ? ERR_SCOPE : 0;
}
