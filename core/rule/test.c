/* One test over one group: its count, its base, and whether it holds. docs/rules.md */
#include "core/rule/test.h"

#include "core/error.h"

static uint64_t test_count(const struct counted *counted, const Comity__V1__Count *count,
                           const struct group *group)
{
    switch (count->kind) {
    case COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES:
        return counted_stances(counted, group, count->stances, count->n_stances);
    case COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT:
        return group->present;
    case COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED:
        return group->answered;
    default:
        return 0;
    }
}

/* docs/rules.md */
static uint64_t test_base(const struct counted *counted, const Comity__V1__Test *test,
                          const struct group *group)
{
    bool takes_in_silent = counted_silence_is_consent(counted) &&
                           test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES;
    uint64_t silent = takes_in_silent ? group_silent(group) : 0;

    switch (test->against->kind) {
    case COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE:
        return group->eligible;
    case COMITY__V1__BASE_KIND__BASE_KIND_PRESENT:
        return takes_in_silent ? group->present_or_silent : group->present;
    case COMITY__V1__BASE_KIND__BASE_KIND_ANSWERED:
        return group->answered + silent;
    case COMITY__V1__BASE_KIND__BASE_KIND_CAST:
        return group->answered - group->stances[COMITY__V1__STANCE__STANCE_ABSTAIN] + silent;
    case COMITY__V1__BASE_KIND__BASE_KIND_STANCES:
        return counted_stances(counted, group, test->against->stances, test->against->n_stances);
    default:
        return 0;
    }
}

/* The threshold as whole numbers: the least count that reaches it, and the greatest that does not exceed it.
 * They differ where the fraction of the base is no whole number. */
static void threshold_bounds(const Comity__V1__TestResult *result, uint64_t *ret_ceiling, uint64_t *ret_floor)
{
    if (result->base_kind == COMITY__V1__BASE_KIND__BASE_KIND_NONE) {
        *ret_ceiling = *ret_floor = result->numerator;
        return;
    }
    unsigned __int128 product = (unsigned __int128) result->numerator * result->base_size;
    *ret_floor = (uint64_t) (product / result->denominator);
    *ret_ceiling = *ret_floor + (product % result->denominator != 0);
}

/* docs/rules.md */
static bool result_holds(const Comity__V1__TestResult *result, bool holds_when_empty)
{
    if (result->base_is_empty)
        return holds_when_empty;
    bool has_base = result->base_kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    unsigned __int128 left = (unsigned __int128) result->count * (has_base ? result->denominator : 1);
    unsigned __int128 right = (unsigned __int128) result->numerator * (has_base ? result->base_size : 1);

    switch (result->bound) {
    case COMITY__V1__BOUND__BOUND_AT_LEAST:
        return left >= right;
    case COMITY__V1__BOUND__BOUND_MORE_THAN:
        return left > right;
    case COMITY__V1__BOUND__BOUND_AT_MOST:
        return left <= right;
    case COMITY__V1__BOUND__BOUND_LESS_THAN:
        return left < right;
    default:
        return false;
    }
}

/* docs/rules.md R-22 */
static void result_measure(Comity__V1__TestResult *result)
{
    if (result->holds || result->base_is_empty)
        return;
    uint64_t ceiling;
    uint64_t floor;
    threshold_bounds(result, &ceiling, &floor);
    switch (result->bound) {
    case COMITY__V1__BOUND__BOUND_AT_LEAST:
        result->short_by = ceiling - result->count;
        break;
    case COMITY__V1__BOUND__BOUND_MORE_THAN:
        result->short_by = floor + 1 - result->count;
        break;
    case COMITY__V1__BOUND__BOUND_AT_MOST:
        result->over_by = result->count - floor;
        break;
    case COMITY__V1__BOUND__BOUND_LESS_THAN:
        result->over_by = result->count + 1 - ceiling;
        break;
    default:
        break;
    }
}

static int stances_copy(struct arena *arena, const Comity__V1__Stance *stances, size_t count,
                        Comity__V1__Stance **ret_copy, size_t *ret_count)
{
    if (count == 0)
        return 0;
    *ret_copy = arena_copy(arena, stances, count * sizeof(*stances));
    if (!*ret_copy)
        return ERR_MEMORY;
    *ret_count = count;
    return 0;
}

int test_run(const struct counted *counted, const Comity__V1__Test *test, const struct group *group,
             Comity__V1__TestResult **ret_result)
{
    struct arena *arena = counted->arena;
    Comity__V1__TestResult *result = arena_alloc(arena, sizeof(*result));
    if (!result)
        return ERR_MEMORY;
    comity__v1__test_result__init(result);
    result->test = arena_string(arena, test->name);
    if (group->constituency)
        result->subject = arena_string(arena, group->constituency->name);
    if (!result->test || !result->subject ||
        stances_copy(arena, test->count->stances, test->count->n_stances, &result->stances,
                     &result->n_stances) ||
        stances_copy(arena, test->against->stances, test->against->n_stances, &result->base_stances,
                     &result->n_base_stances))
        return ERR_MEMORY;
    result->class_ = test->class_;
    result->count_kind = test->count->kind;
    result->base_kind = test->against->kind;
    result->bound = test->bound;
    result->numerator = test->numerator;
    result->denominator = test->denominator;
    result->eligible = group->eligible;
    result->count = test_count(counted, test->count, group);
    result->base_size = test_base(counted, test, group);
    result->base_is_empty =
        result->base_kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE && result->base_size == 0;
    if (counted_silence_is_consent(counted) && (result->n_stances > 0 || result->n_base_stances > 0))
        result->silent = group_silent(group);
    result->holds = result_holds(result, test->holds_when_empty);
    result_measure(result);
    *ret_result = result;
    return 0;
}
