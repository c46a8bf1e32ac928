/* What the verbs about receipts share. */
#ifndef COMITY_CLI_RECEIPTS_H
#define COMITY_CLI_RECEIPTS_H

#include "client/cli/cli.h"

/* The argument COMMAND. */
int receipt_argument(struct cli *cli, uint8_t ret_id[COMMAND_ID_SIZE]);

/* The packed receipt of a command, from the worker; not checked. */
int receipt_ask(struct cli *cli, const uint8_t id[COMMAND_ID_SIZE], struct bytes *ret_receipt);

#endif
