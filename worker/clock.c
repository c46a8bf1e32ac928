#include "worker/clock.h"

#include <stdio.h>

#include "core/error.h"

#define DAY_MS ((int64_t) 24 * 3600 * 1000)

enum { READ_TRIES = 8, READ_AT_ONCE_MS = 100, TIME_SHOWN_MAX = 40 };

/* Both clocks at one moment. */
struct reading {
    int64_t unix_ms, boot_ms;
};

static int64_t read_system(void *context, clockid_t clock)
{
    (void) context;
    return clock_read_ms(clock);
}

/* Again where the thread stood still in between: that would look like a step. */
static struct reading read_both(const struct clock *clock)
{
    const struct clock_source *source = &clock->source;
    struct reading reading = {0};
    for (unsigned i = 0; i < READ_TRIES; i++) {
        int64_t before_ms = source->read_ms(source->context, CLOCK_BOOTTIME);
        reading.unix_ms = source->read_ms(source->context, CLOCK_REALTIME);
        reading.boot_ms = source->read_ms(source->context, CLOCK_BOOTTIME);
        if (reading.boot_ms - before_ms <= READ_AT_ONCE_MS)
            break;
    }
    return reading;
}

void clock_init(struct clock *clock, const struct clock_source *source)
{
    *clock = (struct clock){.source = {.read_ms = read_system}};
    if (source)
        clock->source = *source;
    pthread_mutex_init(&clock->mutex, NULL);
    struct reading reading = read_both(clock);
    clock->lead_ms = clock->last_lead_ms = reading.unix_ms - reading.boot_ms;
}

void clock_release(struct clock *clock)
{
    pthread_mutex_destroy(&clock->mutex);
}

/* With the mutex held. A small step forward is believed for good: so are clocks corrected that run apart
 * slowly. After a jump time goes on from what it was last, and not from the most that it ever was: a clock that was an hour ahead at the
 * start, and was set right, is right. */
static int64_t believe(struct clock *clock, struct reading reading)
{
    int64_t lead_ms = reading.unix_ms - reading.boot_ms;
#ifndef COMITY_CONTROL_TRUST_CLOCK
    if (lead_ms > clock->lead_ms + CLOCK_STEP_MS)
        return reading.boot_ms + clock->last_lead_ms;
#endif
    clock->last_lead_ms = lead_ms;
    if (lead_ms > clock->lead_ms)
        clock->lead_ms = lead_ms;
    return reading.unix_ms;
}

int64_t clock_now_ms(struct clock *clock)
{
    pthread_mutex_lock(&clock->mutex);
    int64_t now_ms = believe(clock, read_both(clock));
    pthread_mutex_unlock(&clock->mutex);
    return now_ms;
}

int64_t clock_beyond_steady_ms(struct clock *clock)
{
    int64_t beyond_ms = 0;
    for (unsigned i = 0; i < READ_TRIES; i++) {
        int64_t before_ms = clock_steady_ms(), now_ms = clock_now_ms(clock), after_ms = clock_steady_ms();
        beyond_ms = now_ms - after_ms;
        if (after_ms - before_ms <= READ_AT_ONCE_MS)
            break;
    }
    return beyond_ms;
}

int64_t clock_stamp_ms(struct clock *clock)
{
    pthread_mutex_lock(&clock->mutex);
    int64_t now_ms = believe(clock, read_both(clock));
    if (now_ms > clock->stamp_ms)
        clock->stamp_ms = now_ms;
    int64_t stamp_ms = clock->stamp_ms;
    pthread_mutex_unlock(&clock->mutex);
    return stamp_ms;
}

void clock_start_after(struct clock *clock, int64_t newest_ms)
{
    pthread_mutex_lock(&clock->mutex);
    if (newest_ms > clock->stamp_ms)
        clock->stamp_ms = newest_ms;
    pthread_mutex_unlock(&clock->mutex);
}

enum clock_course clock_course(struct clock *clock)
{
    pthread_mutex_lock(&clock->mutex);
    enum clock_course course = clock->course;
    pthread_mutex_unlock(&clock->mutex);
    return course;
}

bool clock_watch(struct clock *clock, enum clock_course *ret_course, int64_t *ret_lead_ms)
{
    pthread_mutex_lock(&clock->mutex);
    struct reading reading = read_both(clock);
    int64_t lead_ms = reading.unix_ms - reading.boot_ms - clock->lead_ms;
    enum clock_course course = lead_ms > CLOCK_STEP_MS    ? CLOCK_JUMPED
                               : lead_ms < -CLOCK_STEP_MS ? CLOCK_SET_BACK
                                                          : CLOCK_AGREES;
    bool is_new = course != clock->course;
    clock->course = course;
    believe(clock, reading);
    pthread_mutex_unlock(&clock->mutex);
    *ret_course = course;
    *ret_lead_ms = lead_ms;
    return is_new;
}

/* Sentences. */

static void show_time(int64_t time_ms, char shown[TIME_SHOWN_MAX])
{
    time_t seconds = (time_t) (time_ms / 1000);
    struct tm parts;
    if (!gmtime_r(&seconds, &parts) || strftime(shown, TIME_SHOWN_MAX, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        snprintf(shown, TIME_SHOWN_MAX, "%lld ms", (long long) time_ms);
}

static bool is_too_far_ahead(int64_t unix_ms, int64_t since_ms, unsigned ahead_days)
{
    return ahead_days > 0 && unix_ms - since_ms > ahead_days * DAY_MS;
}

int clock_follow(struct clock *clock, unsigned ahead_days, char reason[CLOCK_REASON_MAX])
{
    pthread_mutex_lock(&clock->mutex);
    struct reading reading = read_both(clock);
    int64_t believed_ms = reading.boot_ms + clock->last_lead_ms;
    int code = is_too_far_ahead(reading.unix_ms, believed_ms, ahead_days) ? ERR_CONFIG : 0;
    if (code == 0)
        clock->lead_ms = clock->last_lead_ms = reading.unix_ms - reading.boot_ms;
    pthread_mutex_unlock(&clock->mutex);
    if (code) {
        char clock_shown[TIME_SHOWN_MAX], believed_shown[TIME_SHOWN_MAX];
        show_time(reading.unix_ms, clock_shown);
        show_time(believed_ms, believed_shown);
        snprintf(reason, CLOCK_REASON_MAX,
                 "The clock says %s, more than clock_ahead_days = %u ahead of the worker's time, %s: set the "
                 "clock.",
                 clock_shown, ahead_days, believed_shown);
    }
    return code;
}

int clock_judge(int64_t unix_ms, int64_t newest_ms, unsigned ahead_days, char reason[CLOCK_REASON_MAX])
{
    char clock_shown[TIME_SHOWN_MAX], newest_shown[TIME_SHOWN_MAX];
#ifdef COMITY_CONTROL_TRUST_CLOCK
    return 0;
#endif
    if (newest_ms == 0)
        return 0;
    bool is_behind = newest_ms - unix_ms > CLOCK_BEHIND_MAX_MS;
    if (!is_behind && !is_too_far_ahead(unix_ms, newest_ms, ahead_days))
        return 0;
    show_time(unix_ms, clock_shown);
    show_time(newest_ms, newest_shown);
    if (is_behind)
        snprintf(reason, CLOCK_REASON_MAX,
                 "The clock says %s, which is before the newest event in the store, of %s: set the clock, "
                 "or, if the "
                 "clock is right, start with --accept-clock and read docs/operations.md, \"The clock\".",
                 clock_shown, newest_shown);
    else
        snprintf(reason, CLOCK_REASON_MAX,
                 "The clock says %s, more than clock_ahead_days = %u after the newest event in the store, of "
                 "%s: set "
                 "the clock, or, if the clock is right, start once with --accept-clock.",
                 clock_shown, ahead_days, newest_shown);
    return ERR_CONFIG;
}
