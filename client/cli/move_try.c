#include "client/cli/move_try.h"

#include <stddef.h>

#include "core/bytes.h"
#include "core/error.h"

#ifndef COMITY_CONTROL_TRY_MS
#define COMITY_CONTROL_TRY_MS (60 * 1000)
#define COMITY_CONTROL_HOLDS_MS                                                                              \
    (2 * COMITY_CONTROL_TRY_MS) /* more than the try takes: the clocks need not agree to the second */
#endif

enum {
    STEP_MS = 15 * 60 * 1000, /* the last piece takes as long as the history is large */
    TRY_MS = COMITY_CONTROL_TRY_MS,
    HOLDS_MS = COMITY_CONTROL_HOLDS_MS,
};

void move_try_begin(struct move_try *try, int64_t steady_ms)
{
    *try = (struct move_try){.step_end_ms = steady_ms + STEP_MS};
}

int64_t move_try_next(struct move_try *try, int64_t steady_ms, int64_t unix_ms)
{
    int64_t left_ms = try->step_end_ms - steady_ms;
    int64_t wait_ms = left_ms < 1 ? 1 : left_ms < TRY_MS ? left_ms : TRY_MS;

    try->end_ms = steady_ms + wait_ms;
    try->until_ms = unix_ms + HOLDS_MS;
    return wait_ms;
}

bool move_try_again(const struct move_try *try, int code, int64_t steady_ms, int64_t unix_ms)
{
    /* As after a machine has slept: what was sent again had been signed before. */
    bool is_out_of_date = code == ERR_VALIDITY && unix_ms >= try->until_ms;
    bool is_over = move_passes(code) && steady_ms >= try->end_ms;

    return steady_ms < try->step_end_ms && (is_out_of_date || is_over);
}

bool move_passes(int code)
{
    static const int CODES[] = {ERR_BUSY,        ERR_NO_ROUTE, ERR_NOT_LEADER, ERR_EXPIRED, ERR_TIMEOUT,
                                ERR_WORKER_LOST, ERR_HELLO,    ERR_DRAINING,   ERR_MOVING,  ERR_UNREACHABLE};

    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++)
        if (CODES[i] == code)
            return true;
    return false;
}
