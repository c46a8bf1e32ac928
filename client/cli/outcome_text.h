/* A round's outcome in plain words, line by line. */
#ifndef COMITY_CLI_OUTCOME_TEXT_H
#define COMITY_CLI_OUTCOME_TEXT_H

#include "client/cli/told.h"
#include "core/rule/rule.h"

/* The whole working: a line a test, with what its blocs cast and how many of its subjects hold; what was
 * chosen, and how ties were broken; the count of a ranking. Empty where nothing was counted. */
struct told outcome_working(struct cli *cli, const Comity__V1__Round *round,
                            const Comity__V1__Outcome *outcome);

/* The same without the stages of a ranking: for where there is little room. */
struct told outcome_tests(struct cli *cli, const Comity__V1__Round *round,
                          const Comity__V1__Outcome *outcome);

/* "union: 2 agree, 1 block (3 on the roll, 3 present, 3 answered, 0 silent)": the whole, then each
 * constituency. */
struct told outcome_tallies(struct cli *cli, const Comity__V1__Round *round,
                            const Comity__V1__Outcome *outcome);

/* Why it closed, a sentence; and before it, where it was given more time, that. In the order in which it
 * happened. */
struct told outcome_causes(struct cli *cli, const Comity__V1__Round *round);

/* Members who were re-keyed while it was open. @name: how members are called. */
typedef const char *outcome_name_fn(struct cli *cli, uint32_t member);
struct told outcome_lost_keys(struct cli *cli, const Comity__V1__Round *round, outcome_name_fn *name);

/* The test's line of working, escaped; NULL where it has none. */
const char *outcome_test(struct cli *cli, const Comity__V1__TestResult *test);

/* Of a ballot that others entered: "The ballot of ... came by phone, entered by ...: confirmed by the
 * voter."; NULL of one that was cast. */
const char *outcome_entered(struct cli *cli, const Comity__V1__Ballot *ballot);

/* Of an entered ballot that does not count, because its voter disputed it; NULL of any other. */
const char *outcome_disputed(struct cli *cli, const Comity__V1__Ballot *ballot);

/* "Counted from 6 ballots, by their numbers in the record." */
const char *outcome_counted(struct cli *cli, const Comity__V1__Outcome *outcome);

/* What an outcome means for the proposal, as a colour says it again. */
enum color outcome_color(Comity__V1__OutcomeKind kind);

#endif
