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

/* What the table of errors cannot show. */
#define ERRORS_NOTE                                                                                          \
    N_("The exit is that of a refusal. The same error (MALFORMED, UNKNOWN_FIELD, ...) ends with 2 where a "  \
       "file "                                                                                               \
       "or a text\nthat was given is at fault, 3 where nothing left this machine, 4 where something was "    \
       "recorded before, and 5 where\nit is not confirmed.")

#endif
