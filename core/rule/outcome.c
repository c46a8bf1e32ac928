/* What a round's tests come to: docs/rules.md. */
#include "core/rule/outcome.h"

#include "core/error.h"
#include "core/rule/ranking.h"
#include "core/rule/test.h"

/* How the tests came out, as far as the outcome depends on it. */
struct verdict {
    bool quorum_fails;
    bool objection_fails;
    bool is_deadlock;
    size_t failing_count; /* SUPPORT tests that fail */
    size_t failing;       /* the last of them */
};

bool test_is_each(const Comity__V1__Test *test)
{
    return test->scope->kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY ||
           test->scope->kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SIDE ||
           test->scope->kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SITE;
}

bool test_is_whole(const Comity__V1__Test *test)
{
    return test->scope->kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE;
}

/* Does the EACH test hold for one and fail for another that is more against than for? Or are the seats of
 * blocs even?
 * @results: the lines of a test that fails. docs/rules.md R-27 */
static bool is_deadlock(const struct counted *counted, size_t index, Comity__V1__TestResult *const *results)
{
    const Comity__V1__Test *test = counted->rule->tests[index];
    const struct scope *scope = &counted->scopes[index];
    bool one_holds = false;
    bool one_opposes = false;

    if (counted->rule->form != COMITY__V1__FORM__FORM_STANCE)
        return false;
    if (test_is_whole(test) && test->weighting == COMITY__V1__WEIGHTING__WEIGHTING_SEATS) {
        uint64_t seats_for = subject_for(counted, scope->list[0]);
        return seats_for > 0 && seats_for == subject_against(counted, scope->list[0]);
    }
    for (size_t i = 0; test_is_each(test) && i < scope->count; i++) {
        if (results[i]->holds)
            one_holds = true;
        else if (subject_against(counted, scope->list[i]) > subject_for(counted, scope->list[i]))
            one_opposes = true;
    }
    return one_holds && one_opposes;
}

static void verdict_add(struct verdict *verdict, const struct counted *counted, size_t index,
                        Comity__V1__TestResult *const *results)
{
    switch (counted->rule->tests[index]->class_) {
    case COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM:
        verdict->quorum_fails = true;
        break;
    case COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION:
        verdict->objection_fails = true;
        break;
    default:
        verdict->failing_count++;
        verdict->failing = index;
        verdict->is_deadlock = verdict->is_deadlock || is_deadlock(counted, index, results);
        break;
    }
}

/* Which tests are looked at. */
typedef bool takes_fn(const Comity__V1__Rule *rule, const Comity__V1__Test *test);

static bool is_any(const Comity__V1__Rule *rule, const Comity__V1__Test *test)
{
    (void) rule;
    (void) test;
    return true;
}

static bool is_of_quorum(const Comity__V1__Rule *rule, const Comity__V1__Test *test)
{
    (void) rule;
    return test->class_ == COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM;
}

/* docs/rules.md R-31 */
static bool is_judged_at_opening(const Comity__V1__Rule *rule, const Comity__V1__Test *test)
{
    return rule->present != COMITY__V1__PRESENT__PRESENT_ANSWERED && is_of_quorum(rule, test) &&
           test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT &&
           (test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE ||
            test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_NONE);
}

/* Tests that are looked at, in the rule's order: their lines, and their quantifiers. */
static int tests_add(const struct counted *counted, takes_fn *takes, Comity__V1__Outcome *outcome,
                     struct verdict *verdict)
{
    const Comity__V1__Rule *rule = counted->rule;
    size_t lines = 0;

    for (size_t i = 0; i < rule->n_tests; i++)
        lines += counted->scopes[i].count;
    outcome->tests = arena_alloc(counted->arena, (lines + 1) * sizeof(outcome->tests[0]));
    outcome->quantifiers = arena_alloc(counted->arena, (rule->n_tests + 1) * sizeof(outcome->quantifiers[0]));
    if (!outcome->tests || !outcome->quantifiers)
        return ERR_MEMORY;
    for (size_t i = 0; i < rule->n_tests; i++) {
        Comity__V1__TestResult **results = &outcome->tests[outcome->n_tests];
        Comity__V1__QuantifierResult *quantifier;
        bool holds;
        if (!takes(rule, rule->tests[i]))
            continue;
        int code = test_run_all(counted, i, results, &holds, &quantifier);
        if (code)
            return code;
        outcome->n_tests += counted->scopes[i].count;
        if (quantifier)
            outcome->quantifiers[outcome->n_quantifiers++] = quantifier;
        if (!holds)
            verdict_add(verdict, counted, i, results);
    }
    return 0;
}

/* docs/rules.md R-28. That a number is no half follows from R-6. */
static bool is_tie(const struct counted *counted, const struct verdict *verdict)
{
    const Comity__V1__Test *test = counted->rule->tests[verdict->failing];
    const struct subject *subject = counted->scopes[verdict->failing].list[0];

    if (counted->rule->form != COMITY__V1__FORM__FORM_STANCE || verdict->failing_count != 1 ||
        !test_is_half(test))
        return false;
    uint64_t for_ = subject_for(counted, subject);
    return for_ > 0 && for_ == subject_against(counted, subject);
}

bool test_is_half(const Comity__V1__Test *test)
{
    return test_is_whole(test) && 2 * test->numerator == test->denominator;
}

/* */
static Comity__V1__OutcomeKind not_adopted(const struct counted *counted)
{
    return counted->input->rounds_remain ? COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET
                                         : COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED;
}

/* The options that are chosen, or share the lead: R-46 */
static int choose(const struct counted *counted, Comity__V1__Outcome *outcome)
{
    if (outcome->kind != COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED &&
        outcome->kind != COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE)
        return 0;
    outcome->chosen = counted->leaders;
    outcome->n_chosen = counted->leader_count;
    if (!counted->lead_took_order)
        return 0;
    outcome->ties = arena_alloc(counted->arena, sizeof(outcome->ties[0]));
    if (!outcome->ties)
        return ERR_MEMORY;
    outcome->ties[outcome->n_ties++] = COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER;
    return 0;
}

/* The ranked ballots, where the tests do not say already what comes of them. docs/rules.md R-51 */
static int rank(const struct counted *counted, Comity__V1__Outcome *outcome)
{
    enum ranking_verdict verdict;
    int code = ranking_count(counted, outcome, &verdict);
    if (!code && verdict == RANKING_TIED)
        outcome->kind = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE;
    else if (!code && verdict == RANKING_DEFAULT_WINS)
        outcome->kind = not_adopted(counted);
    return code;
}

/* In the order of docs/rules.md; the number is that of the rule. */
static Comity__V1__OutcomeKind conclude(const struct counted *counted, const struct verdict *verdict)
{
    const struct subject *whole = counted_whole(counted);
    uint64_t sides = subject_for(counted, whole) + subject_against(counted, whole);

    if (verdict->quorum_fails)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM; /* */
    if (verdict->objection_fails)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED; /* */
    if (sides == 0)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION; /* */
    if (counted->leader_count > 1)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE; /* */
    if (verdict->failing_count == 0)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED; /* */
    if (verdict->is_deadlock)
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_DEADLOCK; /* */
    if (is_tie(counted, verdict))
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE; /* */
    return not_adopted(counted);                           /* */
}

static int outcome_new(const Comity__V1__Rule *rule, struct arena *arena, Comity__V1__Outcome **ret_outcome)
{
    Comity__V1__Outcome *outcome = arena_alloc(arena, sizeof(*outcome));
    uint8_t *hash = arena_alloc(arena, HASH_SIZE);
    if (!outcome || !hash)
        return ERR_MEMORY;
    comity__v1__outcome__init(outcome);
    outcome->rule_hash.data = hash;
    outcome->rule_hash.len = HASH_SIZE;
    *ret_outcome = outcome;
    return rule_hash(rule, arena, hash);
}

int rule_count(const struct rule_input *input, struct arena *arena, Comity__V1__Outcome **ret_outcome)
{
    struct counted counted;
    struct verdict verdict = {0};
    Comity__V1__Outcome *outcome;
    int code = outcome_new(input->rule, arena, &outcome);

    if (!code)
        code = counted_init(&counted, input, arena, false);
    if (!code)
        code = tests_add(&counted, is_any, outcome, &verdict);
    if (!code)
        code = counted_tallies(&counted, outcome);
    if (code)
        return code;
    outcome->kind = conclude(&counted, &verdict);
    outcome->ballots = counted.sequences;
    outcome->n_ballots = counted.sequence_count;
    if (input->rule->form == COMITY__V1__FORM__FORM_CHOICE)
        code = choose(&counted, outcome);
    else if (input->rule->form == COMITY__V1__FORM__FORM_RANKING &&
             outcome->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED)
        code = rank(&counted, outcome);
    if (!code)
        *ret_outcome = outcome;
    return code;
}

/* docs/rules.md R-31 */
int rule_quorum_results(const struct rule_input *input, struct arena *arena,
                        Comity__V1__TestResult ***ret_results, size_t *ret_count)
{
    Comity__V1__Outcome outcome = COMITY__V1__OUTCOME__INIT;
    struct verdict verdict = {0};
    struct counted counted;
    int code = counted_init(&counted, input, arena, false);

    if (!code)
        code = tests_add(&counted, is_judged_at_opening, &outcome, &verdict);
    if (code)
        return code;
    *ret_results = outcome.tests;
    *ret_count = outcome.n_tests;
    return verdict.quorum_fails ? ERR_QUORUM : 0;
}

int rule_quorum_at_opening(const struct rule_input *input, struct arena *arena)
{
    Comity__V1__TestResult **results;
    size_t count;

    return rule_quorum_results(input, arena, &results, &count);
}

/* docs/rules.md R-49 */
int rule_quorum_at_close(const struct rule_input *input, struct arena *arena,
                         Comity__V1__Outcome **ret_outcome)
{
    struct counted counted;
    struct verdict verdict = {0};
    Comity__V1__Outcome *outcome;
    int code = outcome_new(input->rule, arena, &outcome);

    if (!code)
        code = counted_init(&counted, input, arena, false);
    if (!code)
        code = tests_add(&counted, is_of_quorum, outcome, &verdict);
    if (code)
        return code;
    outcome->kind = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM;
    *ret_outcome = verdict.quorum_fails ? outcome : NULL;
    return 0;
}
