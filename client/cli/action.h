/* What people owe, in one line each. */
#ifndef COMITY_CLI_ACTION_H
#define COMITY_CLI_ACTION_H

#include "client/cli/desk.h"

/* "Ada Okafor and Carla Weiss, by 2026-12-31 (America/Chicago), open: "Write the form" (action 3)". */
const char *action_line(struct cli *cli, const Comity__V1__Action *action);
/* "open", "done", "dropped", "overdue": open, and its date is over everywhere. */
const char *action_state(const Comity__V1__Action *action, int64_t now_ms);
/* "decision 3", "the function rosters": what it rests on. */
const char *mandate_ground(struct cli *cli, const Comity__V1__Mandate *mandate);
const char *mandate_line(struct cli *cli, const Comity__V1__Mandate *mandate);

#endif
