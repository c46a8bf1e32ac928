/* How long `comity move` tries a step. What is asked under the log key holds for a short time, and a step
 * takes as long as the history is large: so it is tried several times, each signed anew, for which every step
 * can be repeated. Pure. */
#ifndef COMITY_CLI_MOVE_TRY_H
#define COMITY_CLI_MOVE_TRY_H

#include <stdbool.h>
#include <stdint.h>

/* Times in milliseconds. steady_ms: of a clock that nobody sets; unix_ms: of the one that the workers' are
 * compared with. */
struct move_try {
    int64_t step_end_ms; /* steady: of the last try */
    int64_t end_ms;      /* steady: of this one */
    int64_t until_ms;    /* Unix: what is signed for it holds up to here */
};

void move_try_begin(struct move_try *try, int64_t steady_ms);

/* The next try: sets until_ms. Returns for how long it waits for its answer: more than 0. */
int64_t move_try_next(struct move_try *try, int64_t steady_ms, int64_t unix_ms);

/* Is what came of this try to be passed over, and is there time for another one? */
bool move_try_again(const struct move_try *try, int code, int64_t steady_ms, int64_t unix_ms);

/* What was refused is refused again. What passes by itself: nobody answers, or not now. */
bool move_passes(int code);

#endif
