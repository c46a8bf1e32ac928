/* What was given on the command line, as values of a command. Each fails with a sentence. */
#ifndef COMITY_CLI_GIVEN_H
#define COMITY_CLI_GIVEN_H

#include "client/cli/desk.h"

/* The option of this name: a reason or a note; NULL where it was not given. */
int given_note(struct cli *cli, const char *option, Comity__V1__TextRef **ret_reference);
/* The option of this name as an instant in the future; as it was where it was not given. */
int given_time(struct cli *cli, const char *option, int64_t *time_ms);
/* "2026-12-31" as year * 10000 + month * 100 + day. */
int given_date(struct cli *cli, const char *option, uint32_t *ret_date);
/* The values of an option that may be given several times. In the arena. */
size_t given_list(struct cli *cli, const char *option, const char *const **ret_values);

#endif
