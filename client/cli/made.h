/* What a joint act made: said in the same words whether it was sent at once or went round as a draft. */
#ifndef COMITY_CLI_MADE_H
#define COMITY_CLI_MADE_H

#include "client/cli/desk.h"

/* As a sentence with what comes next, and as "number" of the document where it has one. */
void made_tell(struct cli *cli, const Comity__V1__Event *event);

#endif
