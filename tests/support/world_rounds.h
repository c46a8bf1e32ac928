/* Rules of every form and roll, for tests of rounds. */
#ifndef COMITY_TEST_WORLD_ROUNDS_H
#define COMITY_TEST_WORLD_ROUNDS_H

#include "tests/support/world.h"

/* Of the form, one round, change UNTIL_CLOSE, OPEN. A ballot may abstain, by the answer 9. None states options.
 *   CHOICE   adopted with more than half of the ballots cast for the option that leads
 *   SCORE    0 to 5; adopted where half of the ballots cast give at least 3
 *   RANKING  SCHULZE with a default option, and a majority "most" of 2 to 1 that options may need */
Comity__V1__Rule *world_form_rule(struct world *world, Comity__V1__Form form);
/* As world_rule "open": no EACH test, no quorum; adopted where more than half of the ballots cast are for. */
Comity__V1__Rule *world_majority_rule(struct world *world);
/* The same, and it closes at its time; where fewer than half of the roll have answered by then it is extended by ten
 * minutes. */
Comity__V1__Rule *world_extending_rule(struct world *world);
/* The same, of the eligible, and it closes when nothing can change. */
Comity__V1__Rule *world_settling_rule(struct world *world);

/* open_round with options of these labels, the last one NULL; the first is the default one where @has_default. */
Comity__V1__Command *world_open_options(struct world *world, bool has_default, uint32_t rule, ...)
    __attribute__((sentinel));
/* set_list by the co-chair, of these members, the last one 0. */
Comity__V1__Command *world_list(struct world *world, const char *co_chair, const char *constituency, ...);

#endif
