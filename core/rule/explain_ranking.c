/* The working of a ranking, in words. docs/rules.md R-57 */
#include <inttypes.h>

#include "core/error.h"
#include "core/rule/method.h"

enum { LINES_BESIDES = 16, STAGE_LINES = 4 };

struct ranking_telling {
    const Comity__V1__Outcome *outcome;
    const struct round_option *options;
    size_t option_count;
    words_fn *words;
    struct arena *arena;
    struct ranking_lines *lines;
    bool is_memory_out;
};

static const char NOTHING[] = "";

/* Look up, fill in. Never NULL: what is out of memory is noted. */
static const char *tell(struct ranking_telling *telling, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(telling->arena, telling->words(format), arguments);
    va_end(arguments);
    telling->is_memory_out = telling->is_memory_out || !text;
    return text ? text : NOTHING;
}

static void line_add(struct ranking_telling *telling, const char *line)
{
    telling->lines->lines[telling->lines->count++] = line;
}

static const char *label_of(struct ranking_telling *telling, uint32_t number)
{
    if (number >= 1 && number <= telling->option_count)
        return telling->options[number - 1].label;
    return tell(telling, N_("option %" PRIu32), number);
}

/* "a, b and c" */
static const char *labels_of(struct ranking_telling *telling, const uint32_t *numbers, size_t count)
{
    const char *text = count > 0 ? label_of(telling, numbers[0]) : telling->words(N_("nobody"));

    for (size_t i = 1; i < count; i++)
        text = tell(telling, i + 1 < count ? N_("%s, %s") : N_("%s and %s"), text,
                    label_of(telling, numbers[i]));
    return text;
}

const char *ranking_votes(Comity__V1__RankingMethod method, uint64_t votes, struct arena *arena)
{
    switch (method) {
    case COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_SCOTTISH:
        return arena_printf(arena, "%" PRIu64 ".%05" PRIu64, votes / 100000, votes % 100000);
    case COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_MEEK:
        return arena_printf(arena, "%" PRIu64 ".%09" PRIu64, votes / 1000000000, votes % 1000000000);
    default:
        return arena_printf(arena, "%" PRIu64, votes);
    }
}

static const char *votes_of(struct ranking_telling *telling, uint64_t votes)
{
    const char *text = ranking_votes(telling->outcome->ranking->method, votes, telling->arena);
    telling->is_memory_out = telling->is_memory_out || !text;
    return text ? text : NOTHING;
}

/* Schulze
 * -----------------------------------------------------------------------------------------------------------------
 */

static const char *default_label(struct ranking_telling *telling)
{
    for (size_t i = 0; i < telling->option_count; i++) {
        if (telling->options[i].is_default)
            return telling->options[i].label;
    }
    return telling->words(N_("the default option"));
}

static void tell_against_default(struct ranking_telling *telling, option_set *out)
{
    const Comity__V1__RankingResult *ranking = telling->outcome->ranking;

    for (size_t i = 0; i < ranking->n_against_default; i++) {
        const Comity__V1__OptionResult *result = ranking->against_default[i];
        const char *verdict = result->lacks_quorum ? N_("drops out, for too few prefer it")
                              : result->lacks_majority
                                  ? N_("drops out, for it lacks the majority that it needs")
                                  : N_("stays in");
        if ((result->lacks_quorum || result->lacks_majority) && result->option >= 1 &&
            result->option <= OPTIONS_MAX)
            *out |= option_bit(result->option - 1);
        line_add(telling, tell(telling, N_("%s: %" PRIu64 " prefer it to %s, %" PRIu64 " the other way: %s"),
                               label_of(telling, result->option), result->over_default,
                               default_label(telling), result->under_default, telling->words(verdict)));
    }
}

static void tell_pair(struct ranking_telling *telling, size_t a, size_t b)
{
    const Comity__V1__RankingResult *ranking = telling->outcome->ranking;
    uint64_t over = ranking->pairs[a * telling->option_count + b];
    uint64_t under = ranking->pairs[b * telling->option_count + a];

    if (over == under) {
        line_add(telling,
                 tell(telling, N_("%s and %s are level: %" PRIu64 " prefer either"),
                      label_of(telling, (uint32_t) a + 1), label_of(telling, (uint32_t) b + 1), over));
        return;
    }
    size_t winner = over > under ? a : b, loser = over > under ? b : a;
    uint64_t most = over > under ? over : under, least = over > under ? under : over;
    line_add(telling, tell(telling, N_("%s beats %s by %" PRIu64 ": %" PRIu64 " to %" PRIu64),
                           label_of(telling, (uint32_t) winner + 1), label_of(telling, (uint32_t) loser + 1),
                           most - least, most, least));
}

static void tell_schulze(struct ranking_telling *telling)
{
    const Comity__V1__Outcome *outcome = telling->outcome;
    option_set out = 0;

    tell_against_default(telling, &out);
    for (size_t a = 0; a < telling->option_count; a++)
        for (size_t b = a + 1; b < telling->option_count; b++) {
            if (!(out & (option_bit(a) | option_bit(b))))
                tell_pair(telling, a, b);
        }
    line_add(telling, tell(telling, N_("No other option beats %s by a stronger path."),
                           labels_of(telling, outcome->ranking->schwartz, outcome->ranking->n_schwartz)));
    if (outcome->n_ties > 0)
        line_add(telling, tell(telling, N_("They tie; the order that was stated prefers %s."),
                               labels_of(telling, outcome->chosen, outcome->n_chosen)));
}

/* Counts by stages
 * -------------------------------------------------------------------------------------------------------- */

static const char *act_say(struct ranking_telling *telling, const Comity__V1__CountStage *stage)
{
    const char *who = labels_of(telling, stage->options, stage->n_options);

    switch (stage->act) {
    case COMITY__V1__COUNT_ACT__COUNT_ACT_FIRST:
        return telling->words(N_("first preferences"));
    case COMITY__V1__COUNT_ACT__COUNT_ACT_SURPLUS:
        return tell(telling, N_("the surplus of %s goes on"), who);
    case COMITY__V1__COUNT_ACT__COUNT_ACT_EXCLUDE:
        return tell(telling, N_("%s drops out, with the fewest votes"), who);
    case COMITY__V1__COUNT_ACT__COUNT_ACT_FILL:
        return tell(telling, N_("as many are left as there are seats to fill: %s"), who);
    case COMITY__V1__COUNT_ACT__COUNT_ACT_ITERATE:
        return tell(telling, N_("what %s has above the quota goes on"), who);
    default:
        return NOTHING;
    }
}

static void tell_votes(struct ranking_telling *telling, const Comity__V1__CountStage *stage)
{
    const char *text = NOTHING;

    for (size_t i = 0; i < stage->n_votes; i++) {
        if (stage->votes[i] == 0)
            continue;
        const char *one = tell(telling, N_("%s %s"), label_of(telling, (uint32_t) i + 1),
                               votes_of(telling, stage->votes[i]));
        text = text == NOTHING ? one : tell(telling, N_("%s, %s"), text, one);
    }
    if (stage->non_transferable > 0)
        text = tell(telling, N_("%s; %s for nobody who is left"), text,
                    votes_of(telling, stage->non_transferable));
    if (stage->residual > 0)
        text = tell(telling, N_("%s; %s lost in rounding"), text, votes_of(telling, stage->residual));
    line_add(telling, tell(telling, N_("  votes: %s"), text));
}

static void tell_stage(struct ranking_telling *telling, const Comity__V1__CountStage *stage, size_t number)
{
    const char *act = act_say(telling, stage);
    bool by_order = ties_state_order(stage->ties, stage->n_ties);

    line_add(telling, stage->quota > 0 ? tell(telling, N_("Stage %zu: %s (quota %s)"), number, act,
                                              votes_of(telling, stage->quota))
                                       : tell(telling, N_("Stage %zu: %s"), number, act));
    if (stage->n_ties > 0)
        line_add(telling,
                 telling->words(by_order
                                    ? N_("  several tied; the order that was stated decided")
                                    : N_("  several tied; an earlier stage at which they differed decided")));
    if (stage->act != COMITY__V1__COUNT_ACT__COUNT_ACT_FILL)
        tell_votes(telling, stage);
    if (stage->n_elected > 0)
        line_add(telling,
                 tell(telling, N_("  elected: %s"), labels_of(telling, stage->elected, stage->n_elected)));
}

static void tell_stages(struct ranking_telling *telling)
{
    const Comity__V1__Outcome *outcome = telling->outcome;

    for (size_t i = 0; i < outcome->ranking->n_stages; i++)
        tell_stage(telling, outcome->ranking->stages[i], i + 1);
    if (outcome->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE)
        line_add(telling, tell(telling, N_("Here %s tie, and nothing that was stated decides between them."),
                               labels_of(telling, outcome->chosen, outcome->n_chosen)));
}

int rule_explain_ranking(const Comity__V1__Outcome *outcome, const struct round_option *options,
                         size_t option_count, words_fn *words, struct arena *arena,
                         struct ranking_lines *ret_lines)
{
    const Comity__V1__RankingResult *ranking = outcome->ranking;
    struct ranking_lines lines = {0};
    struct ranking_telling telling = {outcome, options, option_count, words, arena, &lines, false};

    if (!ranking) {
        *ret_lines = lines;
        return 0;
    }
    bool is_schulze = ranking->method == COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE;
    if (is_schulze && ranking->n_pairs != option_count * option_count)
        return ERR_INTERNAL;
    size_t room = LINES_BESIDES + ranking->n_against_default + option_count * option_count +
                  STAGE_LINES * ranking->n_stages;
    lines.lines = arena_alloc(arena, room * sizeof(lines.lines[0]));
    if (!lines.lines)
        return ERR_MEMORY;
    if (is_schulze)
        tell_schulze(&telling);
    else
        tell_stages(&telling);
    if (telling.is_memory_out)
        return ERR_MEMORY;
    *ret_lines = lines;
    return 0;
}
