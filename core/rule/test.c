/* One test over one subject: its count, its base, and whether it holds. docs/rules.md,
 * */
#include "core/rule/test.h"

#include "core/error.h"

static bool has_stance(const Comity__V1__Stance *stances, size_t count, Comity__V1__Stance stance)
{
    for (size_t i = 0; stance && i < count; i++) {
        if (stances[i] == stance)
            return true;
    }
    return false;
}

static bool has_choice(const uint32_t *choices, size_t count, unsigned voice)
{
    for (size_t i = 0; i < count; i++) {
        if (voice == VOICE_VALUE + choices[i])
            return true;
    }
    return false;
}

/* docs/rules.md */
static bool is_in_count(const struct counted *counted, const Comity__V1__Count *count, unsigned voice,
                        bool is_present, uint32_t leader)
{
    switch (count->kind) {
    case COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES:
        return has_stance(count->stances, count->n_stances, voice_stance(voice));
    case COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT:
        return is_present;
    case COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED:
        return voice_answered(voice);
    case COMITY__V1__COUNT_KIND__COUNT_KIND_CHOICES:
        return has_choice(count->choices, count->n_choices, voice);
    case COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST:
        return voice > VOICE_VALUE + 1 && counted->bands[voice - VOICE_VALUE - 2] >= count->score;
    case COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING:
        return leader != 0 && voice == VOICE_VALUE + leader;
    default:
        return false;
    }
}

/* docs/rules.md */
static bool is_in_base(const Comity__V1__Test *test, unsigned voice, bool is_present)
{
    bool consents =
        voice == VOICE_CONSENTS && test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES;
    Comity__V1__Stance stance = voice_stance(voice);

    switch (test->against->kind) {
    case COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE:
        return true;
    case COMITY__V1__BASE_KIND__BASE_KIND_PRESENT:
        return is_present || consents;
    case COMITY__V1__BASE_KIND__BASE_KIND_ANSWERED:
        return voice_answered(voice) || consents;
    case COMITY__V1__BASE_KIND__BASE_KIND_CAST:
        return (voice_answered(voice) && stance != COMITY__V1__STANCE__STANCE_ABSTAIN) || consents;
    case COMITY__V1__BASE_KIND__BASE_KIND_STANCES:
        return has_stance(test->against->stances, test->against->n_stances, stance);
    case COMITY__V1__BASE_KIND__BASE_KIND_CHOICES:
        return has_choice(test->against->choices, test->against->n_choices, voice);
    default:
        return false;
    }
}

struct meaning test_meaning(const struct counted *counted, const Comity__V1__Test *test, uint32_t leader)
{
    struct meaning meaning = {{0}};
    for (unsigned cell = 0; cell < counted->cell_count; cell++) {
        bool is_present = (cell & 1) != 0;
        if (is_in_count(counted, test->count, cell / 2, is_present, leader))
            meaning.of_cell[cell] |= IN_COUNT;
        if (is_in_base(test, cell / 2, is_present))
            meaning.of_cell[cell] |= IN_BASE;
    }
    return meaning;
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

bool bound_holds(Comity__V1__Bound bound, uint64_t count, uint64_t denominator, uint64_t numerator,
                 uint64_t base)
{
    unsigned __int128 left = (unsigned __int128) count * denominator;
    unsigned __int128 right = (unsigned __int128) numerator * base;

    switch (bound) {
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

/* docs/rules.md; R-46: nothing leads that is tied */
static bool result_holds(const struct counted *counted, const Comity__V1__TestResult *result,
                         bool holds_when_empty)
{
    bool has_base = result->base_kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    if (result->count_kind == COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING && counted->leader_count > 1)
        return false;
    if (result->base_is_empty)
        return holds_when_empty;
    return bound_holds(result->bound, result->count, has_base ? result->denominator : 1, result->numerator,
                       has_base ? result->base_size : 1);
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
        result->short_by = result->count < ceiling ? ceiling - result->count : 0;
        break;
    case COMITY__V1__BOUND__BOUND_MORE_THAN:
        result->short_by = result->count <= floor ? floor + 1 - result->count : 0;
        break;
    case COMITY__V1__BOUND__BOUND_AT_MOST:
        result->over_by = result->count > floor ? result->count - floor : 0;
        break;
    case COMITY__V1__BOUND__BOUND_LESS_THAN:
        result->over_by = result->count >= ceiling ? result->count + 1 - ceiling : 0;
        break;
    default:
        break;
    }
}

/* A list of numbers of the rule, or of one of its enums, in the arena. */
static int list_copy(struct arena *arena, const void *list, size_t count, size_t size, void *ret_copy,
                     size_t *ret_count)
{
    if (count == 0)
        return 0;
    void *copy = arena_copy(arena, list, count * size);
    if (!copy)
        return ERR_MEMORY;
    memcpy(ret_copy, &copy, sizeof(copy));
    *ret_count = count;
    return 0;
}

/* What the line is about. */
static int result_describe(const struct counted *counted, const Comity__V1__Test *test,
                           const struct subject *subject, Comity__V1__TestResult *result)
{
    const Comity__V1__Count *count = test->count;
    const Comity__V1__Base *base = test->against;
    struct arena *arena = counted->arena;
    bool is_leading = count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING;

    result->test = arena_string(arena, test->name);
    if (subject->name[0] != '\0')
        result->subject = arena_string(arena, subject->name);
    if (!result->test || !result->subject)
        return ERR_MEMORY;
    result->class_ = test->class_;
    result->count_kind = count->kind;
    result->base_kind = base->kind;
    result->bound = test->bound;
    result->numerator = test->numerator;
    result->denominator = test->denominator;
    result->weighting = test->weighting;
    result->scope = test->scope->kind;
    result->office = test->scope->office;
    result->score = count->score;
    if (test_is_by_weight(test))
        subject_weight(counted->rule, test->scope->kind, subject->name, &result->subject_weight);
    const uint32_t *choices = is_leading ? counted->leaders : count->choices;
    size_t choice_count = !is_leading ? count->n_choices : counted->leader_count == 1 ? 1 : 0;
    if (list_copy(arena, count->stances, count->n_stances, sizeof(*count->stances), &result->stances,
                  &result->n_stances) ||
        list_copy(arena, base->stances, base->n_stances, sizeof(*base->stances), &result->base_stances,
                  &result->n_base_stances) ||
        list_copy(arena, choices, choice_count, sizeof(*choices), &result->choices, &result->n_choices))
        return ERR_MEMORY;
    return list_copy(arena, base->choices, base->n_choices, sizeof(*base->choices), &result->base_choices,
                     &result->n_base_choices);
}

static void result_count(const struct counted *counted, const struct meaning *meaning,
                         const struct subject *subject, Comity__V1__TestResult *result)
{
    for (size_t cell = 0; cell < counted->cell_count; cell++) {
        if (meaning->of_cell[cell] & IN_COUNT)
            result->count += subject->cells[cell];
        if (meaning->of_cell[cell] & IN_BASE)
            result->base_size += subject->cells[cell];
    }
    bool has_base = result->base_kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    result->base_is_empty = has_base && result->base_size == 0;
    if (result->n_stances > 0 || result->n_base_stances > 0)
        result->silent =
            subject->cells[cell_of(VOICE_CONSENTS, false)] + subject->cells[cell_of(VOICE_CONSENTS, true)];
}

int test_run(const struct counted *counted, const Comity__V1__Test *test, const struct subject *subject,
             Comity__V1__TestResult **ret_result)
{
    Comity__V1__TestResult *result = arena_alloc(counted->arena, sizeof(*result));
    if (!result)
        return ERR_MEMORY;
    comity__v1__test_result__init(result);
    int code = result_describe(counted, test, subject, result);
    if (code)
        return code;
    uint32_t leader = counted->leader_count == 1 ? counted->leaders[0] : 0;
    struct meaning meaning = test_meaning(counted, test, leader);
    result->eligible = subject->eligible;
    result->n_blocs = subject->bloc_count;
    result->blocs = subject->blocs;
    result_count(counted, &meaning, subject, result);
    result->holds = result_holds(counted, result, test->holds_when_empty);
    result_measure(result);
    *ret_result = result;
    return 0;
}
