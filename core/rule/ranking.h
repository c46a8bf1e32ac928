/* Ballots that rank options, counted by Schulze's method, an instant run-off, or a single transferable vote.
 * Pure integers; what comes out does not depend on the order in which ballots are given. docs/rules.md R-50
 * to R-56. */
#ifndef COMITY_CORE_RULE_RANKING_H
#define COMITY_CORE_RULE_RANKING_H

#include "core/rule/counted.h"

enum ranking_verdict {
    RANKING_CHOSEN,       /* Outcome.chosen has who, in the order in which they were */
    RANKING_DEFAULT_WINS, /* SCHULZE: things stay as they are; Outcome.chosen has the default option */
    RANKING_TIED,         /* a tie that matters and that nothing breaks: Outcome.chosen has those who tie */
};

/* Ballots of all together, so that votes in units of 1/1,000,000,000 fit 64 bits. */
#define RANKED_BALLOTS_MAX UINT64_C(1000000000)

/* Ballots that rank alike. */
struct ranked_ballots {
    const uint32_t *ranks; /* by number of the option - 1, one each; 1 is the best; 0: unranked */
    uint64_t count;
};

/* What is counted, wherever it comes from. Shared ranks are for SCHULZE alone. */
struct ranking_input {
    const Comity__V1__Ranking *ranking;
    const struct round_option *options; /* 1 to OPTIONS_MAX */
    size_t option_count;
    uint64_t withdrawn; /* bits by number - 1: as if they stood on no ballot */
    const struct ranked_ballots *ballots;
    size_t ballot_count;
    uint64_t eligible; /* what a quorum of ELIGIBLE is measured by */
    const Comity__V1__TieBreak *ties;
    size_t tie_count;
    const uint32_t *tie_order; /* option_count numbers, the preferred first; NULL: as numbered */
};

/* Count: fills ranking, chosen and ties of the outcome, in the arena. 0; ERR_MEMORY; ERR_RANGE (more than
 * RANKED_BALLOTS_MAX ballots); ERR_DUPLICATE (a shared rank with another method than SCHULZE); ERR_RULE
 * (options or seats that are not within bounds, a majority that the rule does not state). */
int ranking_run(const struct ranking_input *input, struct arena *arena, Comity__V1__Outcome *outcome,
                enum ranking_verdict *ret_verdict);

/* NULL where it states none of that name. */
const Comity__V1__Majority *majority_of_name(const Comity__V1__Ranking *ranking, const char *name);

/* The same for a round: what members of PARTY constituencies ranked. Weights have no part in it. */
int ranking_count(const struct counted *counted, Comity__V1__Outcome *outcome,
                  enum ranking_verdict *ret_verdict);

/* The working in lines for people, without newlines: who dropped out and why, who beat whom by how much,
 * every stage with its votes. In the arena. 0, ERR_MEMORY, ERR_INTERNAL (the outcome is of other options).
 * */
struct ranking_lines {
    const char **lines;
    size_t count;
};
int rule_explain_ranking(const Comity__V1__Outcome *outcome, const struct round_option *options,
                         size_t option_count, words_fn *words, struct arena *arena,
                         struct ranking_lines *ret_lines);

/* Votes of a stage as a decimal: "1300.00000"; whole numbers of an instant run-off without a point. NULL
 * where memory is out. */
const char *ranking_votes(Comity__V1__RankingMethod method, uint64_t votes, struct arena *arena);

#endif
