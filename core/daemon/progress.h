/* Progress on what takes longer than a second: said on standard error, to somebody who sits at it. What is begun inside
 * of something else counts as part of it. */
#ifndef COMITY_CORE_DAEMON_PROGRESS_H
#define COMITY_CORE_DAEMON_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum progress_style {
    PROGRESS_NONE,    /* nobody watches */
    PROGRESS_REDRAWN, /* one line, written over and over, and gone at the end */
    PROGRESS_LINES,   /* a line now and then, none taken back */
};

struct progress {
    enum progress_style style;
    FILE *file;
    int64_t (*now_ms)(void); /* any clock that does not go back */
    const char *what;        /* "Waiting for an answer"; lives until the end */
    unsigned depth;          /* how many were begun and have not ended */
    uint64_t done, total;    /* 0 of 0: not counted; total 0: it is not known how many there will be */
    int64_t begin_ms, shown_ms;
    bool is_drawn; /* a line stands there that has to go */
};

/* To @file, by the machine's clock. */
void progress_init(struct progress *progress, enum progress_style style, FILE *file);

void progress_begin(struct progress *progress, const char *what);
/* How far it is; it may be shown. Called as often as one likes. */
void progress_count(struct progress *progress, uint64_t done, uint64_t total);
/* Time has passed; it may be shown. */
void progress_tick(struct progress *progress);
/* Something else is about to be written. */
void progress_clear(struct progress *progress);
void progress_end(struct progress *progress);

#endif
