/* Which ballots a ranking counts, and by which method. docs/rules.md */
#include "core/rule/ranking.h"

#include "core/error.h"
#include "core/rule/method.h"

static method_fn *const METHODS[] = {
    [COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE] = schulze_count,
    [COMITY__V1__RANKING_METHOD__RANKING_METHOD_INSTANT_RUNOFF] = runoff_count,
    [COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_SCOTTISH] = scottish_count,
    [COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_MEEK] = meek_count,
};

option_set input_options(const struct ranking_input *input)
{
    option_set all = input->option_count == OPTIONS_MAX ? UINT64_MAX : option_bit(input->option_count) - 1;
    return all & ~input->withdrawn;
}

size_t input_place(const struct ranking_input *input, size_t index)
{
    if (!input->tie_order)
        return index;
    for (size_t place = 0; place < input->option_count; place++) {
        if (input->tie_order[place] == index + 1)
            return place;
    }
    return input->option_count + index; /* behind all that are named */
}

uint32_t *options_numbers(option_set set, struct arena *arena)
{
    uint32_t *numbers = arena_alloc(arena, (options_count(set) + 1) * sizeof(*numbers));
    size_t count = 0;

    for (option_set left = set; numbers && left; left &= left - 1)
        numbers[count++] = (uint32_t) options_first(left) + 1;
    return numbers;
}

int outcome_choose(struct count *count, option_set set)
{
    uint32_t *numbers = options_numbers(set, count->arena);
    if (!numbers)
        return ERR_MEMORY;
    count->outcome->chosen = numbers;
    count->outcome->n_chosen = options_count(set);
    return 0;
}

const Comity__V1__Majority *majority_of_name(const Comity__V1__Ranking *ranking, const char *name)
{
    for (size_t i = 0; i < ranking->n_majorities; i++) {
        if (ranking->majorities[i] && strcmp(ranking->majorities[i]->name, name) == 0)
            return ranking->majorities[i];
    }
    return NULL;
}

/* */
static int check_ballots(const struct ranking_input *input)
{
    bool may_share = input->ranking->method == COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE;
    uint64_t total = 0;

    for (size_t i = 0; i < input->ballot_count; i++) {
        option_set seen = 0;
        if (input->ballots[i].count > RANKED_BALLOTS_MAX - total)
            return ERR_RANGE;
        total += input->ballots[i].count;
        for (size_t at = 0; at < input->option_count; at++) {
            uint32_t rank = input->ballots[i].ranks[at];
            if (rank > OPTIONS_MAX)
                return ERR_RANGE;
            if (rank == 0 || may_share || input->withdrawn & option_bit(at))
                continue;
            if (seen & option_bit(rank - 1))
                return ERR_DUPLICATE;
            seen |= option_bit(rank - 1);
        }
    }
    return 0;
}

int ranking_run(const struct ranking_input *input, struct arena *arena, Comity__V1__Outcome *outcome,
                enum ranking_verdict *ret_verdict)
{
    struct count count = {input, arena, outcome};
    size_t method = (size_t) input->ranking->method;

    if (method == 0 || method >= ARRAY_COUNT(METHODS) || input->option_count == 0 ||
        input->option_count > OPTIONS_MAX || input->ranking->seats >= OPTIONS_MAX)
        return ERR_RULE;
    int code = check_ballots(input);
    if (code)
        return code;
    outcome->ranking = arena_alloc(arena, sizeof(*outcome->ranking));
    if (!outcome->ranking)
        return ERR_MEMORY;
    comity__v1__ranking_result__init(outcome->ranking);
    outcome->ranking->method = input->ranking->method;
    return METHODS[method](&count, ret_verdict);
}

/* */
int ranking_count(const struct counted *counted, Comity__V1__Outcome *outcome,
                  enum ranking_verdict *ret_verdict)
{
    const struct rule_input *of = counted->input;
    struct ranked_ballots *ballots = arena_alloc(counted->arena, (of->line_count + 1) * sizeof(*ballots));
    struct ranking_input input = {
        .ranking = of->rule->ranking,
        .options = of->options,
        .option_count = of->option_count,
        .ballots = ballots,
        .eligible = counted_whole(counted)->eligible,
        .ties = of->rule->ties,
        .tie_count = of->rule->n_ties,
        .tie_order = of->tie_order,
    };
    if (!ballots)
        return ERR_MEMORY;
    for (size_t i = 0; i < of->line_count; i++) {
        const struct roll_line *line = &of->lines[i];
        if (counted_has_ballot(counted, i) && line->given.rank_count == of->option_count &&
            answer_ranks_any(&line->given))
            ballots[input.ballot_count++] = (struct ranked_ballots){.ranks = line->given.ranks, .count = 1};
    }
    return ranking_run(&input, counted->arena, outcome, ret_verdict);
}
