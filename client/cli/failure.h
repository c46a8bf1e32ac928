/* How a failure is told: what, why, what to do next; as sentences or as members of the document. */
#ifndef COMITY_CLI_FAILURE_H
#define COMITY_CLI_FAILURE_H

#include "client/cli/cli.h"

/* The advice that goes with a code where nothing better is known. Never NULL. */
const char *failure_advice(int code);

enum exit_code failure_exit(const struct failure *failure);

/* On standard error. */
void failure_print(const struct cli *cli);
struct json_object *failure_to_json(const struct failure *failure);

#endif
