/* Rows of the table of hints, which is kept by subject. For hint.c and its tables. */
#ifndef COMITY_CLI_HINT_ROW_H
#define COMITY_CLI_HINT_ROW_H

#include "client/cli/desk.h"
#include "comity/v1/command.pb-c.h"

/* False where nothing better can be said. */
typedef bool hint_fn(struct cli *cli, const Comity__V1__Command *command);

/* The failure in better words. */
#define TELL(cli, next, ...) (cli_fail(cli, (cli)->failure.code, next, __VA_ARGS__) != 0)

struct hint {
    int code;
    const char *field; /* with [] where it names an element of a list, and .* for whatever it ends with; NULL: whatever it is */
    const char *what;  /* NULL: as the failure has it */
    const char *next;
    hint_fn *tell; /* in their place, where names and numbers belong into it */
};

/* A number of the command's own body, by its field's name; 0 where it has none of that name. */
uint32_t hint_number(const Comity__V1__Command *command, const char *name);
/* Row @number of a list; NULL for 0, and where it cannot be had, which keeps the failure as it is. */
const ProtobufCMessage *hint_find(struct cli *cli, Comity__V1__ListKind kind, uint32_t number);

/* The item that the command is about, itself or by its proposal. NULL where that cannot be had.
 * hint_solving.c */
const Comity__V1__Item *hint_item(struct cli *cli, const Comity__V1__Command *command);

/* Each ends with code 0. */
extern const struct hint HINTS_STAGE[], HINTS_ROUNDS[], HINTS_TRUST[];
extern const struct hint HINTS_SOLVING[], HINTS_DECISION[];
extern const struct hint
    HINTS_CHARTER[]; /* what the charter says of acts of others: sessions, minutes, mandates */

#endif
