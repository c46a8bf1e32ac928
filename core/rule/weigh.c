/* What a member counts for: docs/rules.md */
#include "core/error.h"
#include "core/rule/counted.h"

static uint64_t divisor_of(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* docs/rules.md R-39 */
bool line_has_office(const struct roll_line *line, Comity__V1__Office office)
{
    return office == COMITY__V1__OFFICE__OFFICE_UNSPECIFIED || (line->offices >> office & 1) != 0;
}

/* docs/rules.md R-41 */
int parity_weights(const struct counted *counted, Comity__V1__Office office, uint64_t **ret_weights)
{
    uint64_t *weights = arena_alloc(counted->arena, (counted->side_count + 1) * sizeof(*weights));
    uint64_t multiple = 1;
    if (!weights)
        return ERR_MEMORY;
    for (size_t i = 0; i < counted->input->line_count; i++) {
        const struct roll_line *line = &counted->input->lines[i];
        const struct voiced *voiced = &counted->lines[i];
        if (voiced->is_counted && !line->is_recused && line_has_office(line, office))
            weights[counted->groups[voiced->party].side]++;
    }
    for (size_t side = 0; side < counted->side_count; side++) {
        if (weights[side] == 0)
            continue;
        unsigned __int128 next =
            (unsigned __int128) multiple / divisor_of(multiple, weights[side]) * weights[side];
        if (next > WEIGHT_MAX)
            return ERR_SCOPE;
        multiple = (uint64_t) next;
    }
    for (size_t side = 0; side < counted->side_count; side++)
        weights[side] = weights[side] ? multiple / weights[side] : 0;
    *ret_weights = weights;
    return 0;
}
