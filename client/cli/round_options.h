/* The options of a round that is to open, as they are given on the command line. */
#ifndef COMITY_CLI_ROUND_OPTIONS_H
#define COMITY_CLI_ROUND_OPTIONS_H

#include "client/cli/cli.h"
#include "comity/v1/command.pb-c.h"

/* --question, --option, --default, --majority and --tie-order into the command. In the arena; fails with a sentence. */
int round_options_read(struct cli *cli, const Comity__V1__Rule *rule, Comity__V1__OpenRound *body);

#endif
