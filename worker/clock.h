/* The worker's time.
 *
 * One clock that is wrong by years would close every timed round and leave stamps behind which no later one
 * may precede. So the Unix clock is judged against the store at the start, and while the worker runs it is
 * believed only as far as it goes on evenly: time is the Unix clock at the start, advanced by the time since
 * boot. A step forward of more than CLOCK_STEP_MS is not followed until somebody says so (SIGHUP, a restart);
 * steps back are, though stamps never go back. docs/operations.md, "The clock". */
#ifndef COMITY_WORKER_CLOCK_H
#define COMITY_WORKER_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
    CLOCK_STEP_MS = 2000,
    CLOCK_BEHIND_MAX_MS = 5 * 60 * 1000,
    CLOCK_AHEAD_DAYS = 400, /* preset of clock_ahead_days */
    CLOCK_REASON_MAX = 480,
};

static inline int64_t clock_read_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As the system has it, right or wrong: for what is only shown. */
static inline int64_t clock_unix_ms(void)
{
    return clock_read_ms(CLOCK_REALTIME);
}

/* For waiting: never goes back. */
static inline int64_t clock_steady_ms(void)
{
    return clock_read_ms(CLOCK_MONOTONIC);
}

/* Where readings come from; tests give their own. @clock: CLOCK_REALTIME or CLOCK_BOOTTIME. */
struct clock_source {
    int64_t (*read_ms)(void *context, clockid_t clock);
    void *context;
};

/* How the Unix clock stands to the time that is believed. */
enum clock_course {
    CLOCK_AGREES,
    CLOCK_JUMPED,   /* ahead, and not followed */
    CLOCK_SET_BACK, /* followed; stamps wait for it */
};

/* Embedded; shared by all threads. */
struct clock {
    pthread_mutex_t mutex;
    struct clock_source source;
    int64_t lead_ms;  /* Unix time less time since boot: the most that is believed */
    int64_t last_lead_ms; /* as it was believed last: what time goes on from after a jump */
    int64_t stamp_ms; /* the latest given out, or found in the store */
    enum clock_course course;
};

/* Reads the clock, and believes it. @source: NULL for the system's. */
void clock_init(struct clock *clock, const struct clock_source *source);
void clock_release(struct clock *clock);

/* Unix time as it is believed: for times of validity that no event has on record, and for waiting. */
int64_t clock_now_ms(struct clock *clock);

/* The same less clock_steady_ms(), both of one moment. */
int64_t clock_beyond_steady_ms(struct clock *clock);

/* Time for stamps, and for whatever is judged by stamps: never less than before, nor than @newest_ms, the
 * newest stamp in the store, once that was told. */
int64_t clock_stamp_ms(struct clock *clock);
void clock_start_after(struct clock *clock, int64_t newest_ms);

/* As of the last look. */
enum clock_course clock_course(struct clock *clock);

/* Looks at the clock. True where its course is another than at the last look; @ret_lead_ms: how far it is
 * ahead of what is believed (negative: behind). */
bool clock_watch(struct clock *clock, enum clock_course *ret_course, int64_t *ret_lead_ms);

/* Believe it as it is now. ERR_CONFIG where that would lead on by more than @ahead_days (0: no limit):
 * nothing changes, and @reason gets a sentence. */
int clock_follow(struct clock *clock, unsigned ahead_days, char reason[CLOCK_REASON_MAX]);

/* At a start or a restore: may the clock go on from the newest stamp in the store (0: there is none)? 0, or
 * ERR_CONFIG: it is more than CLOCK_BEHIND_MAX_MS behind, or more than @ahead_days ahead (0: no limit).
 * @reason gets a sentence with both times and what to do. Pure. */
int clock_judge(int64_t unix_ms, int64_t newest_ms, unsigned ahead_days, char reason[CLOCK_REASON_MAX]);

#endif
