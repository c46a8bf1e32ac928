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

#endif
