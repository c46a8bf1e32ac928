/* What the charter in force says of events, looked up by the simplest means: for the random walk over the
 * machine to be compared with. Anything that does not fit fails the test. */
#ifndef COMITY_TEST_NAIVE_CHARTER_H
#define COMITY_TEST_NAIVE_CHARTER_H

#include "core/machine/machine.h"

/* How often each part had something to say. */
struct naive_charter {
    size_t in_turn, of_no_side, silence, classes, delegated, summaries;
};

/* Before the event is applied to the view. */
void naive_charter_event(struct naive_charter *naive, const struct view *view,
                         const struct machine_event *event);

#endif
