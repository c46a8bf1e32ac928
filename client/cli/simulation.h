/* A roll with ballots, and options, from tables that a spreadsheet wrote. */
#ifndef COMITY_CLI_SIMULATION_H
#define COMITY_CLI_SIMULATION_H

#include "client/cli/cli.h"
#include "core/rule/rule.h"

struct simulation {
    struct rule_input input;  /* without rounds_remain */
    Comity__V1__Round *round; /* as it would have been: its rule and its options */
    size_t ballots;
};

/* @ballots: a CSV file with a row a member and the columns member and constituency; besides, where they are
 * needed, side, site, standing, weight, office, present, recused, notified, and what the ballot says, by the
 * form of the rule: answer, choice, ranks
 * ("bach > chopin = liszt"), score. An empty one is no ballot. @options (may be NULL): option, and majority
 * and default. Everything in the arena. Fails with sentences, each row that is wrong with its number. */
int simulation_read(struct cli *cli, const Comity__V1__Rule *rule, const char *ballots, const char *options,
                    struct simulation *ret_simulation);

#endif
