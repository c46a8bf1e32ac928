/* CHOICE: the option that leads. docs/rules.md R-46 */
#include "core/error.h"
#include "core/rule/counted.h"

bool ties_state_order(const Comity__V1__TieBreak *ties, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ties[i] == COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER)
            return true;
    }
    return false;
}

bool rule_breaks_by_order(const Comity__V1__Rule *rule)
{
    return ties_state_order(rule->ties, rule->n_ties);
}

bool option_is_before(const struct rule_input *input, uint32_t option, uint32_t other)
{
    for (size_t i = 0; input->tie_order && i < input->option_count; i++) {
        if (input->tie_order[i] == option || input->tie_order[i] == other)
            return input->tie_order[i] == option && option != other;
    }
    return option < other;
}

int counted_lead(struct counted *counted)
{
    const struct subject *whole = counted_whole_weighed(counted);
    uint64_t most = 1;

    if (counted->rule->form != COMITY__V1__FORM__FORM_CHOICE)
        return 0;
    counted->leaders = arena_alloc(counted->arena, (counted->value_count + 1) * sizeof(uint32_t));
    if (!counted->leaders)
        return ERR_MEMORY;
    for (uint32_t option = 1; option <= counted->value_count; option++) {
        uint64_t amount = option_amount(whole, option);
        if (amount > most)
            counted->leader_count = 0;
        if (amount >= most)
            counted->leaders[counted->leader_count++] = option;
        most = amount > most ? amount : most;
    }
    if (counted->leader_count < 2 || !rule_breaks_by_order(counted->rule))
        return 0;
    for (size_t i = 1; i < counted->leader_count; i++) {
        if (option_is_before(counted->input, counted->leaders[i], counted->leaders[0]))
            counted->leaders[0] = counted->leaders[i];
    }
    counted->leader_count = 1;
    counted->lead_took_order = true;
    return 0;
}
