/* What becomes of decisions, actions, minutes and mandates, kept by the simplest bookkeeping from the events
 * alone: for the random walk over the machine to be compared with. Anything that does not fit fails the test.
 */
#ifndef COMITY_TEST_NAIVE_DECISIONS_H
#define COMITY_TEST_NAIVE_DECISIONS_H

#include "core/machine/machine.h"
#include "core/machine/state.h"

struct naive_decisions;
struct naive_decisions *naive_decisions_new(const struct view *view);
void naive_decisions_destroy(struct naive_decisions **naive);

/* Before the event is applied to the view. */
void naive_decisions_event(struct naive_decisions *naive, const struct machine_event *event);
/* All rows of the view are what the books say; and the walk went everywhere. */
void naive_decisions_check(struct naive_decisions *naive, bool is_long);

#endif
