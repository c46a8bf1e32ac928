/* What a refusal means for the act that was refused: where the error's own sentence does not name the thing,
 * one that does, and a next step. One table, by the error and the field. */
#ifndef COMITY_CLI_HINT_H
#define COMITY_CLI_HINT_H

#include "client/cli/cli.h"
#include "comity/v1/command.pb-c.h"

/* Say better what cli->failure says of @command. What would have to be asked for and cannot be had is left as
 * it was. */
void hint_tell(struct cli *cli, const Comity__V1__Command *command);

/* "create_body.seats[].constituency" of "create_body.seats[3].constituency". Pure. */
void hint_field(const char *field, char ret_field[FIELD_PATH_MAX]);

/* What rows of the table do; false where nothing better can be said. */
typedef bool tell_fn(struct cli *cli, const Comity__V1__Command *command);

/* Charter and bodies: hint_charter.c. */
tell_fn tell_no_such_body, tell_no_such_rule, tell_amendment, tell_no_function, tell_not_for_body,
    tell_rule_of_function, tell_no_mandate, tell_between_rounds;

/* Sessions. */

/* Problem solving. */

/* Decisions and minutes. */

#endif
