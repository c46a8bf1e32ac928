/* A supervisor of a few child processes: starts them, starts them again when they die (at once, then slower
 * and slower), and ends them in order. One thread, no locks; knows nothing of Comity. */
#ifndef COMITY_CLI_SUPERVISOR_H
#define COMITY_CLI_SUPERVISOR_H

#include "client/cli/file.h"

enum {
    SUPERVISOR_CHILDREN_MAX = 4,
    SUPERVISOR_LOG_MOST_BYTES =
        16 * 1024 * 1024, /* a log that is longer becomes LOG.old, whose place it takes */
};

struct supervised {
    const char *name;
    const char *const *arguments; /* argv, NULL-terminated; [0] is the program's path, or its name for PATH */
    const char *log;              /* file that its output is added to */
    const char *ready_file;       /* it writes this once it serves; removed before each start */
    int64_t stop_ms;              /* how long it may take to end */
};

struct supervisor;

/* Signals are blocked and taken from a descriptor from here on: SIGTERM, SIGINT, SIGHUP, SIGCHLD. The rows
 * outlive it. NULL where memory or a descriptor is missing. */
struct supervisor *supervisor_new(const struct supervised *rows, size_t count);

/* Ends what still runs, the last one first. */
void supervisor_destroy(struct supervisor **supervisor);

/* Before supervisor_start. A log of its own that is limited as the children's are; the path outlives it. */
void supervisor_own_log(struct supervisor *supervisor, const char *path);

/* SIGHUP means that the terminal is gone: it ends them as SIGTERM does. */
void supervisor_end_on_hangup(struct supervisor *supervisor);

/* Start them in order, each once the one before has written its ready file, and wait until all have. 0,
 * ERR_TIMEOUT, ERR_STATE (*ret_failed ended before it was ready, with *ret_exit; a signal as 128 and its
 * number), ERR_EXPIRED (we were told to stop meanwhile), ERR_MEMORY. */
int supervisor_start(struct supervisor *supervisor, int64_t timeout_ms, size_t *ret_failed, int *ret_exit);

/* Keep them running until SIGTERM or SIGINT comes; SIGHUP is passed on. Logs are limited at each turn, at
 * least every minute. Then end them, the last one first. */
int supervisor_run(struct supervisor *supervisor);

/* Wait before the next start, from the last wait and how long the child had lived. Pure. */
int64_t supervisor_backoff_ms(int64_t last_ms, int64_t lived_ms);

/* In a child: undo what supervisor_new did to signals, and end with the parent. */
void supervisor_become_child(int parent);

#endif
