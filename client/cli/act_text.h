/* Acts that were signed here, as people see them: what they are about, and why they are not in the record. */
#ifndef COMITY_CLI_ACT_TEXT_H
#define COMITY_CLI_ACT_TEXT_H

#include "client/cli/cli.h"
#include "client/lib/comity.h"

/* "cast_ballot on round 12". In the arena; never NULL. */
const char *shown_act(struct cli *cli, const struct comity_draft *draft);

/* The same in a sentence for people, in their language: "your answer to round 12". In the arena; never NULL. */
const char *spoken_act(struct cli *cli, const struct comity_draft *draft);

/* Why an act was not taken over, or refused, and what to do: a sentence without its end. @field: what the refusal names, empty
 * where that is not known any more. @partnership: NULL where the signer is not in the record. A desk is open. In the arena. */
const char *act_why(struct cli *cli, const struct comity_draft *draft, const Comity__V1__Partnership *partnership, int code,
                    const char *field);

#endif
