/* A supervisor of a few child processes: starts them, starts them again when they die (at once, then slower
 * and slower), and ends them in order. One thread, no locks; knows nothing of Comity. */
#ifndef COMITY_CLI_SUPERVISOR_H
#define COMITY_CLI_SUPERVISOR_H

#include "client/cli/file.h"

enum {
    SUPERVISOR_CHILDREN_MAX = 16,
    SUPERVISOR_LOG_MOST_BYTES =
        16 * 1024 * 1024, /* a log that is longer becomes LOG.old, whose place it takes */
};

struct supervised {
    const char *name;
    const char *const *arguments; /* argv, NULL-terminated; [0] is the program's path, or its name for PATH */
    const char *log;              /* file that its output is added to */
    const char
        *ready_file; /* it writes this once it serves; removed before each start; NULL: it writes none */
    int64_t stop_ms; /* how long it may take to end */
    bool is_spared_hangup; /* SIGHUP is not passed on to it: it would end it */
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

/* Before supervisor_start. Called again and again while it waits for something. */
void supervisor_on_turn(struct supervisor *supervisor, void (*turn)(void *context), void *context);

/* Start the row, if it does not run, and wait until it has written its ready file, if it writes one. What it makes is its
 * user's alone (umask 077). 0, ERR_TIMEOUT, ERR_STATE (*ret_failed, of all that were started, ended meanwhile, with
 * *ret_exit; a signal as 128 and its number: told once of each end, and one may go on without it, by the same call again
 * where it was another row), ERR_EXPIRED (we were told to stop meanwhile). */
int supervisor_start(struct supervisor *supervisor, size_t row, int64_t timeout_ms, size_t *ret_failed,
                     int *ret_exit);

/* Wait until @holds says true of @context, asked every 20 ms. As supervisor_start; with ERR_TIMEOUT
 * *ret_failed is left as it is. */
int supervisor_wait(struct supervisor *supervisor, bool (*holds)(void *context), void *context,
                    int64_t timeout_ms, size_t *ret_failed, int *ret_exit);

/* Run a program beside them, to its end; its output is added to the file @log. 0 (*ret_exit is its exit code;
 * 127: it cannot be started), ERR_TIMEOUT and ERR_EXPIRED (as above; it was killed), ERR_MEMORY. */
int supervisor_task(struct supervisor *supervisor, const char *const *arguments, const char *log,
                    int64_t timeout_ms, int *ret_exit);

/* Keep them running until SIGTERM or SIGINT comes; SIGHUP is passed on. Logs are limited at each turn, at
 * least every minute. Then end them, the last one first. */
int supervisor_run(struct supervisor *supervisor);

/* Wait before the next start, from the last wait and how long the child had lived. Pure. */
int64_t supervisor_backoff_ms(int64_t last_ms, int64_t lived_ms);

/* In a child: undo what supervisor_new did to signals, and end with the parent. */
void supervisor_become_child(int parent);

#endif
