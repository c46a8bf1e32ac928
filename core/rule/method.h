/* The methods by which rankings are counted, and the ties that they share. Inside core/rule alone. */
#ifndef COMITY_CORE_RULE_METHOD_H
#define COMITY_CORE_RULE_METHOD_H

#include "core/rule/ranking.h"

/* A set of options: bits by number - 1. */
typedef uint64_t option_set;

static inline option_set option_bit(size_t index)
{
    return UINT64_C(1) << index;
}

static inline unsigned options_count(option_set set)
{
    return (unsigned) __builtin_popcountll(set);
}

/* Index of an option of a set that is not empty: the lowest. */
static inline size_t options_first(option_set set)
{
    return (size_t) __builtin_ctzll(set);
}

/* A count under way: where it is written to. */
struct count {
    const struct ranking_input *input;
    struct arena *arena;
    Comity__V1__Outcome *outcome;
};

/* Every option that was not withdrawn. */
option_set input_options(const struct ranking_input *input);
/* The place of an option in the order that the round states, from 0: the preferred one. */
size_t input_place(const struct ranking_input *input, size_t index);
/* Numbers of a set, ascending, in the arena; NULL where memory is out. */
uint32_t *options_numbers(option_set set, struct arena *arena);
/* Those who are chosen, or who tie: ascending. 0 or ERR_MEMORY. */
int outcome_choose(struct count *count, option_set set);

/* schulze.c R-52, runoff.c R-53, stv_scottish.c R-54, stv_meek.c R-55 */
typedef int method_fn(struct count *count, enum ranking_verdict *ret_verdict);
method_fn schulze_count, runoff_count, scottish_count, meek_count;

#endif
