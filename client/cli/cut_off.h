/* A run that no broker answers, or only one that has less than was seen here (comity_is_late): what can be
 * shown of what was read before, and what can be kept to be sent later. Which commands do so their rows say
 * (verb.h). And one that is answered by a site which is cut off itself. */
#ifndef COMITY_CLI_CUT_OFF_H
#define COMITY_CLI_CUT_OFF_H

#include "client/cli/cli.h"
#include "client/cli/prose.h"
#include "client/lib/comity.h"

/* Why nothing is recorded, where somebody answers. */
#define CUT_OFF_APART N_("Your site cannot reach the others just now.")

/* The table's sentence for a code; where it is of this, this one. */
const char *cut_off_sentence(int code);

/* Has the run found, or has it just failed by it (cli->failure), that no broker answers, and is its command
 * one that goes on then? From the first time on nobody is asked any more. */
bool cut_off_is(struct cli *cli);

/* Does nobody who answers reach the other sites? It asks the worker behind each broker that is there. */
bool cut_off_is_apart(struct cli *cli);

/* An answer of this run was of a site that could not reach the others. Waits for some seconds, in case that
 * it passes; where it does not, the run is cut off from then on: what would be recorded is to be kept
 * instead, and nothing was sent. */
bool cut_off_stays_apart(struct cli *cli);

/* Does the command keep what it gives? Only where the run is cut off. */
bool cut_off_keeps(const struct cli *cli);

/* Keep an answer of this run, to be shown when no broker answers. Errors are passed over. */
void cut_off_keep(struct cli *cli, const Comity__V1__Query *query, const struct comity_answer *answer);

/* The answer that was read before, in the arena, its texts with the prose. Else the failure, filled in: why
 * no broker answers, and that it was not read. */
int cut_off_answer(struct cli *cli, const Comity__V1__Query *query, struct arena *arena, struct prose *prose,
                   const Comity__V1__Answer **ret_answer);

/* Why no broker answers, in a sentence. */
const char *cut_off_why(struct cli *cli);

/* An answer of this run: is it fresh? (Answer.is_fresh, of a query that asks for it.) */
void cut_off_took(struct cli *cli, const Comity__V1__Query *query, const Comity__V1__Answer *answer);

/* A run that streams hears nothing where nothing comes, also because its site is cut off: so it asks now and
 * then, where no answer has told lately, and says on standard error when the site cannot reach the others,
 * and when it can again; @is_silent: it is shown elsewhere (cli->is_apart_now). It drops the page
 * (desk_page). 0, or why nobody answered. */
int cut_off_stream(struct cli *cli, bool is_silent);

/* How the run ends that has shown what was read before, since nobody answered; or what may not be all, which
 * a sentence under it says. @code: as it would end else. */
int cut_off_end(struct cli *cli, int code);

#endif
