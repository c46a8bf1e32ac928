/* What cannot be undone: verbs whose rows say is_final. Before the last step they can be looked at
 * (--dry-run), and on a terminal they ask, unless --yes answers in advance. */
#ifndef COMITY_CLI_FINAL_H
#define COMITY_CLI_FINAL_H

#include "client/cli/cli.h"
#include "client/lib/comity.h"

/* What a verb returns when --dry-run was given and everything before the last step is done: no failure. */
enum { CLI_DRY_RUN = 1 };

/* Before a signed command is sent. 0: go on; CLI_DRY_RUN: it was shown, and nothing is sent; or a failure,
 * for the answer was not yes. The desk is open. */
int final_check(struct cli *cli, const struct comity_draft *draft);

/* The same for what is done on this machine alone. @what: a sentence that says what will be done, escaped. */
int final_check_here(struct cli *cli, const char *what);

#endif
