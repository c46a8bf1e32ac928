/* A round's outcome in plain words, line by line. */
#ifndef COMITY_CLI_OUTCOME_TEXT_H
#define COMITY_CLI_OUTCOME_TEXT_H

#include "client/cli/cli.h"
#include "core/rule/rule.h"

/* "union: 2 agree, 1 block (3 on the roll, 3 present, 3 answered, 0 silent)". */
const char *outcome_tally(struct cli *cli, const Comity__V1__Rule *rule, const Comity__V1__Tally *tally);

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
