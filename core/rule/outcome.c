/* What a round's tests come to: docs/rules.md. */
#include "core/error.h"
#include "core/rule/counted.h"
#include "core/rule/test.h"

/* How the tests came out, as far as the outcome depends on it. */
struct verdict {
    bool quorum_fails;
    bool objection_fails;
    bool is_deadlock;
    size_t failing_count; /* SUPPORT tests that fail */
    const Comity__V1__Test *failing;
};

static bool is_each(const Comity__V1__Test *test)
{
    return test->scope->kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY;
}

/* How many groups a test looks at, and which. docs/rules.md */
static size_t subject_count(const struct counted *counted, const Comity__V1__Test *test)
{
    return is_each(test) ? counted->party_count : 1;
}

static const struct group *subject_at(const struct counted *counted, const Comity__V1__Test *test,
                                      size_t index)
{
    return is_each(test) ? counted->named_parties[index] : &counted->parties;
}

/* docs/rules.md R-14 */
static int scopes_check(const struct counted *counted)
{
    for (size_t i = 0; i < counted->rule->n_tests; i++) {
        if (subject_count(counted, counted->rule->tests[i]) == 0)
            return ERR_SCOPE;
    }
    return 0;
}

/* Does the EACH test hold for one and fail for another that is more against than for? @results: its lines, a
 * party each. docs/rules.md R-27 */
static bool each_is_deadlock(const struct counted *counted, Comity__V1__TestResult *const *results)
{
    bool one_holds = false;
    bool one_opposes = false;

    for (size_t i = 0; i < counted->party_count; i++) {
        const struct group *group = counted->named_parties[i];
        if (results[i]->holds)
            one_holds = true;
        else if (counted_against(group) > counted_for(counted, group))
            one_opposes = true;
    }
    return one_holds && one_opposes;
}

static void verdict_add(struct verdict *verdict, const Comity__V1__Test *test, bool is_deadlock)
{
    switch (test->class_) {
    case COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM:
        verdict->quorum_fails = true;
        break;
    case COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION:
        verdict->objection_fails = true;
        break;
    default:
        verdict->failing_count++;
        verdict->failing = test;
        verdict->is_deadlock = verdict->is_deadlock || is_deadlock;
        break;
    }
}

/* One test over its scope: one line, or one a party. */
static int test_add(const struct counted *counted, const Comity__V1__Test *test, Comity__V1__Outcome *outcome,
                    struct verdict *verdict)
{
    Comity__V1__TestResult **results = &outcome->tests[outcome->n_tests];
    size_t subjects = subject_count(counted, test);
    bool holds = true;

    for (size_t i = 0; i < subjects; i++) {
        int code = test_run(counted, test, subject_at(counted, test, i), &results[i]);
        if (code)
            return code;
        outcome->n_tests++;
        holds = holds && results[i]->holds;
    }
    if (!holds)
        verdict_add(verdict, test, is_each(test) && each_is_deadlock(counted, results));
    return 0;
}

static int tests_add(const struct counted *counted, Comity__V1__Outcome *outcome, struct verdict *verdict)
{
    const Comity__V1__Rule *rule = counted->rule;
    size_t lines = 0;

    for (size_t i = 0; i < rule->n_tests; i++)
        lines += subject_count(counted, rule->tests[i]);
    outcome->tests = arena_alloc(counted->arena, (lines + 1) * sizeof(outcome->tests[0]));
    if (!outcome->tests)
        return ERR_MEMORY;
    for (size_t i = 0; i < rule->n_tests; i++) {
        int code = test_add(counted, rule->tests[i], outcome, verdict);
        if (code)
            return code;
    }
    return 0;
}

/* docs/rules.md R-28. That more than none are for it follows from R-25; that a number is no half, from R-6.
 */
static bool is_tie(const struct counted *counted, const struct verdict *verdict)
{
    const Comity__V1__Test *test = verdict->failing;

    return verdict->failing_count == 1 && !is_each(test) && 2 * test->numerator == test->denominator &&
           counted_for(counted, &counted->parties) == counted_against(&counted->parties);
}

/* In the order of docs/rules.md; the number is that of the rule. */
static Comity__V1__OutcomeKind conclude(const struct counted *counted, const struct verdict *verdict)
{
    uint64_t sides = counted_for(counted, &counted->parties) + counted_against(&counted->parties);

    if (verdict->quorum_fails)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM; /* */
    if (verdict->objection_fails)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED; /* */
    if (sides == 0)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION; /* */
    if (verdict->failing_count == 0)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED; /* */
    if (verdict->is_deadlock)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_DEADLOCK; /* */
    if (is_tie(counted, verdict))
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE; /* */
    if (counted->input->rounds_remain)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET; /* */
    return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED;    /* */
}

int rule_count(const struct rule_input *input, struct arena *arena, Comity__V1__Outcome **ret_outcome)
{
    struct counted counted;
    struct verdict verdict = {0};
    Comity__V1__Outcome *outcome = arena_alloc(arena, sizeof(*outcome));
    uint8_t *hash = arena_alloc(arena, HASH_SIZE);
    if (!outcome || !hash)
        return ERR_MEMORY;
    comity__v1__outcome__init(outcome);

    int code = counted_init(&counted, input, arena);
    if (!code)
        code = scopes_check(&counted);
    if (!code)
        code = tests_add(&counted, outcome, &verdict);
    if (!code)
        code = counted_tallies(&counted, outcome);
    if (!code)
        code = rule_hash(input->rule, arena, hash);
    if (code)
        return code;
    outcome->kind = conclude(&counted, &verdict);
    outcome->ballots = counted.sequences;
    outcome->n_ballots = counted.sequence_count;
    outcome->rule_hash.data = hash;
    outcome->rule_hash.len = HASH_SIZE;
    *ret_outcome = outcome;
    return 0;
}

static bool is_judged_at_opening(const Comity__V1__Test *test)
{
    return test->class_ == COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM &&
           test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT &&
           (test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE ||
            test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_NONE);
}

/* docs/rules.md R-31 */
int rule_quorum_results(const struct rule_input *input, struct arena *arena,
                        Comity__V1__TestResult ***ret_results, size_t *ret_count)
{
    struct counted counted;
    Comity__V1__TestResult **results;
    size_t count = 0;
    bool all_hold = true;
    int code = counted_init(&counted, input, arena);

    if (!code)
        code = scopes_check(&counted);
    results =
        code ? NULL : arena_alloc(arena, input->rule->n_tests * (counted.party_count + 1) * sizeof(*results));
    if (code || !results)
        return code ? code : ERR_MEMORY;
    for (size_t i = 0; i < input->rule->n_tests; i++) {
        const Comity__V1__Test *test = input->rule->tests[i];
        bool is_judged =
            is_judged_at_opening(test) && input->rule->present != COMITY__V1__PRESENT__PRESENT_ANSWERED;
        size_t subjects = is_judged ? subject_count(&counted, test) : 0;
        for (size_t at = 0; at < subjects; at++) {
            code = test_run(&counted, test, subject_at(&counted, test, at), &results[count]);
            if (code)
                return code;
            all_hold = all_hold && results[count++]->holds;
        }
    }
    *ret_results = results;
    *ret_count = count;
    return all_hold ? 0 : ERR_QUORUM;
}

int rule_quorum_at_opening(const struct rule_input *input, struct arena *arena)
{
    Comity__V1__TestResult **results;
    size_t count;

    return rule_quorum_results(input, arena, &results, &count);
}
