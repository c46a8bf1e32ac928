/* What rounds and outcomes say alike. */
#ifndef COMITY_CLI_ROUND_TEXT_H
#define COMITY_CLI_ROUND_TEXT_H

#include "client/cli/desk.h"

/* Before when it does not close, and that it was given more time. */
void round_say_notice(struct cli *cli, const Comity__V1__Round *round);
/* Under which vital function it is, and whether that makes it advice: also as "is_advice". */
void say_function(struct cli *cli, const Comity__V1__Round *round);

/* Who would be on the roll and is recused, and why: also as "recusals". 0 or why they cannot be had. */
int say_recusals(struct cli *cli, const Comity__V1__Round *round);

#endif
