/* Where the ladders of proposals stand, kept by the simplest bookkeeping from the events alone: for the random walk over
 * the machine to be compared with. Anything that does not fit fails the test. docs/rules.md */
#ifndef COMITY_TEST_NAIVE_LADDER_H
#define COMITY_TEST_NAIVE_LADDER_H

#include "core/machine/machine.h"
#include "core/machine/state.h"

/* What a closed round comes to if the blocks of these members count as the stance. */
typedef Comity__V1__OutcomeKind naive_recount_fn(void *context, uint32_t round, const uint32_t *unseconded, size_t count,
                                                 Comity__V1__Stance counts_as);

struct naive_ladder;
struct naive_ladder *naive_ladder_new(const struct view *view, naive_recount_fn *recount, void *context);
void naive_ladder_destroy(struct naive_ladder **naive);

/* Before the event is applied to the view. */
void naive_ladder_event(struct naive_ladder *naive, const struct machine_event *event);
/* The proposals of the view are where the books say; and the walk went everywhere. */
void naive_ladder_check(struct naive_ladder *naive, bool is_long);

#endif
