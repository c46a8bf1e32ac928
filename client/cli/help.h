/* Help, from the tables of verbs, exit codes and errors. */
#ifndef COMITY_CLI_HELP_H
#define COMITY_CLI_HELP_H

#include <stdio.h>

#include "client/cli/cli.h"

int help_run(struct cli *cli); /* `comity help [TOPIC...]` */
int version_run(struct cli *cli);
int errors_run(struct cli *cli); /* `comity errors` */

/* What `comity VERB --help` says. */
int help_verb(struct cli *cli, const struct verb *verb);

/* The part of docs/cli.md that is made from the tables; tests compare. */
void help_print_markdown(FILE *file);

#endif
