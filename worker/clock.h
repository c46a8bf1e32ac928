/* The worker's two clocks: Unix time, for stamps and times of validity, and one that never goes back, for
 * waiting. */
#ifndef COMITY_WORKER_CLOCK_H
#define COMITY_WORKER_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int64_t clock_unix_ms(void)
{
    return clock_read_ms(CLOCK_REALTIME);
}

static inline int64_t clock_steady_ms(void)
{
    return clock_read_ms(CLOCK_MONOTONIC);
}

#endif
