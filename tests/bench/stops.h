/* When a processor was taken from everybody here: by a hypervisor that gives it to another machine, say.
 *
 * What waits for it then would have waited whatever the software does. A thread with real-time priority on each processor
 * sleeps for TICK_US at a time and notes when it came back more than STOP_US too late. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { STOPS_TICK_US = 500, STOPS_LATE_US = 1000 };

double now_us(void); /* CLOCK_MONOTONIC */

/* False where this user may not have real-time priority. For the life of the process; once. */
bool stops_watch(void);

void stops_forget(void);

size_t stops_count(void);

/* Whether any processor was away between the two times. */
bool stops_between(double from_us, double to_us);
