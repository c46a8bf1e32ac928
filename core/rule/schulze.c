/* Schulze's method with a default option, as the constitution of the Debian project has it (A.5, "Vote
 * counting"): options that lack quorum or their majority drop out, then whoever no other beats by a stronger
 * path. docs/rules.md R-52 */
#include "core/error.h"
#include "core/rule/method.h"
#include "core/rule/test.h"

enum { NO_DEFAULT = OPTIONS_MAX };

struct schulze {
    struct count *count;
    size_t options;       /* how many */
    uint64_t *pairs;      /* row by row: how many prefer the row's option to the column's */
    size_t default_index; /* NO_DEFAULT: none */
    option_set left;
};

static uint64_t prefer(const struct schulze *schulze, size_t a, size_t b)
{
    return schulze->pairs[a * schulze->options + b];
}

/* Unranked options are below all ranked ones, and equal among themselves: 0 - 1 is the largest number.
 * Nothing depends on what is ranked but the sums, for ten thousand ballots have to be quick. */
static void pairs_add(const struct schulze *schulze, const struct ranked_ballots *ballots)
{
    uint32_t places[OPTIONS_MAX];

    for (size_t a = 0; a < schulze->options; a++)
        places[a] = ballots->ranks[a] - 1;
    for (size_t a = 0; a < schulze->options; a++) {
        uint64_t *row = &schulze->pairs[a * schulze->options];
        for (size_t b = 0; b < schulze->options; b++)
            row[b] += ballots->count & -(uint64_t) (places[a] < places[b]);
    }
}

static bool lacks_quorum(const struct ranking_input *input, uint64_t over)
{
    const Comity__V1__OptionQuorum *quorum = input->ranking->quorum;
    if (!quorum)
        return false;
    bool is_share = quorum->of == COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE;
    return !bound_holds(quorum->bound, over, is_share ? quorum->denominator : 1, quorum->numerator,
                        is_share ? input->eligible : 1);
}

/* One option against the default option: it may drop out. */
static int option_judge(struct schulze *schulze, size_t index)
{
    const struct ranking_input *input = schulze->count->input;
    const char *name = input->options[index].majority;
    const Comity__V1__Majority *majority = name && *name ? majority_of_name(input->ranking, name) : NULL;
    Comity__V1__RankingResult *ranking = schulze->count->outcome->ranking;
    Comity__V1__OptionResult *result = arena_alloc(schulze->count->arena, sizeof(*result));

    if (!result)
        return ERR_MEMORY;
    if (name && *name && !majority)
        return ERR_RULE;
    comity__v1__option_result__init(result);
    result->option = (uint32_t) index + 1;
    result->over_default = prefer(schulze, index, schulze->default_index);
    result->under_default = prefer(schulze, schulze->default_index, index);
    result->lacks_quorum = lacks_quorum(input, result->over_default);
    result->lacks_majority =
        majority && !bound_holds(majority->bound, result->over_default, majority->denominator,
                                 majority->numerator, result->under_default);
    if (result->lacks_quorum || result->lacks_majority)
        schulze->left &= ~option_bit(index);
    ranking->against_default[ranking->n_against_default++] = result;
    return 0;
}

static int options_judge(struct schulze *schulze)
{
    Comity__V1__RankingResult *ranking = schulze->count->outcome->ranking;

    for (size_t i = 0; i < schulze->options; i++) {
        if (schulze->count->input->options[i].is_default && schulze->left & option_bit(i))
            schulze->default_index = i;
    }
    if (schulze->default_index == NO_DEFAULT)
        return 0;
    ranking->against_default =
        arena_alloc(schulze->count->arena, schulze->options * sizeof(ranking->against_default[0]));
    if (!ranking->against_default)
        return ERR_MEMORY;
    for (size_t i = 0; i < schulze->options; i++) {
        int code =
            i == schulze->default_index || !(schulze->left & option_bit(i)) ? 0 : option_judge(schulze, i);
        if (code)
            return code;
    }
    return 0;
}

/* How strong a defeat is: by those for it, then by how few are against. {0, 0}: none, and weaker than any. */
struct strength {
    uint64_t for_it;
    uint64_t against;
};

static bool is_weaker(struct strength a, struct strength b)
{
    return a.for_it != b.for_it ? a.for_it < b.for_it : a.against > b.against;
}

/* The strongest path between any two: a path is as strong as its weakest defeat. Floyd's and Warshall's. */
static void paths_find(const struct schulze *schulze, struct strength paths[OPTIONS_MAX][OPTIONS_MAX])
{
    size_t options = schulze->options;

    for (size_t a = 0; a < options; a++) {
        for (size_t b = 0; b < options; b++) {
            bool defeats = schulze->left & option_bit(a) && schulze->left & option_bit(b) &&
                           prefer(schulze, a, b) > prefer(schulze, b, a);
            paths[a][b] = defeats ? (struct strength){prefer(schulze, a, b), prefer(schulze, b, a)}
                                  : (struct strength){0, 0};
        }
    }
    for (size_t by = 0; by < options; by++)
        for (size_t a = 0; a < options; a++)
            for (size_t b = 0; b < options; b++) {
                struct strength weakest = is_weaker(paths[a][by], paths[by][b]) ? paths[a][by] : paths[by][b];
                if (is_weaker(paths[a][b], weakest))
                    paths[a][b] = weakest;
            }
}

/* Those whom no other beats by a stronger path. */
static int winners_find(const struct schulze *schulze, option_set *ret_winners)
{
    struct strength(*paths)[OPTIONS_MAX] =
        arena_alloc(schulze->count->arena, sizeof(struct strength[OPTIONS_MAX]) * OPTIONS_MAX);
    option_set winners = schulze->left;

    if (!paths)
        return ERR_MEMORY;
    paths_find(schulze, paths);
    for (size_t a = 0; a < schulze->options; a++)
        for (size_t b = 0; b < schulze->options; b++) {
            if (is_weaker(paths[a][b], paths[b][a]))
                winners &= ~option_bit(a);
        }
    *ret_winners = winners;
    return 0;
}

/* The one that the stated order prefers, where the rule says so. R-56 */
static int tie_break(const struct schulze *schulze, option_set *winners)
{
    const struct ranking_input *input = schulze->count->input;
    Comity__V1__Outcome *outcome = schulze->count->outcome;
    size_t best = options_first(*winners);

    if (!ties_state_order(input->ties, input->tie_count))
        return 0;
    for (option_set left = *winners; left; left &= left - 1) {
        if (input_place(input, options_first(left)) < input_place(input, best))
            best = options_first(left);
    }
    outcome->ties = arena_alloc(schulze->count->arena, sizeof(outcome->ties[0]));
    if (!outcome->ties)
        return ERR_MEMORY;
    outcome->ties[0] = COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER;
    outcome->n_ties = 1;
    *winners = option_bit(best);
    return 0;
}

static int conclude(const struct schulze *schulze, option_set winners, enum ranking_verdict *ret_verdict)
{
    Comity__V1__RankingResult *ranking = schulze->count->outcome->ranking;

    ranking->schwartz = options_numbers(winners, schulze->count->arena);
    if (!ranking->schwartz)
        return ERR_MEMORY;
    ranking->n_schwartz = options_count(winners);
    int code = options_count(winners) > 1 ? tie_break(schulze, &winners) : 0;
    if (!code)
        code = outcome_choose(schulze->count, winners);
    if (code)
        return code;
    bool is_default = schulze->default_index != NO_DEFAULT && winners == option_bit(schulze->default_index);
    *ret_verdict = options_count(winners) > 1 ? RANKING_TIED
                   : is_default               ? RANKING_DEFAULT_WINS
                                              : RANKING_CHOSEN;
    return 0;
}

int schulze_count(struct count *count, enum ranking_verdict *ret_verdict)
{
    const struct ranking_input *input = count->input;
    size_t options = input->option_count;
    struct schulze schulze = {
        .count = count,
        .options = options,
        .pairs = arena_alloc(count->arena, options * options * sizeof(uint64_t)),
        .default_index = NO_DEFAULT,
        .left = input_options(input),
    };
    option_set winners = 0;

    if (!schulze.pairs)
        return ERR_MEMORY;
    for (size_t i = 0; i < input->ballot_count; i++)
        pairs_add(&schulze, &input->ballots[i]);
    for (size_t i = 0; i < options; i++)
        schulze.pairs[i * options + i] = 0;
    count->outcome->ranking->pairs = schulze.pairs;
    count->outcome->ranking->n_pairs = options * options;
    int code = options_judge(&schulze);
    if (!code)
        code = winners_find(&schulze, &winners);
    return code ? code : conclude(&schulze, winners, ret_verdict);
}
