/* Who has answered a round. That somebody did is no secret: every member reads it in the record, also while
 * how is hidden. */
#ifndef COMITY_CLI_ANSWERED_H
#define COMITY_CLI_ANSWERED_H

#include "client/cli/desk.h"

struct answered {
    bool *has; /* by the roll's lines; NULL: it could not be found out */
};

/* From the ballots, where the reader sees them all; else from the record's events since the round opened.
 * Fails where the record cannot be read. */
int answered_find(struct cli *cli, const Comity__V1__Round *round, const struct rows *roll,
                  const struct rows *ballots, struct answered *ret_answered);

#endif
