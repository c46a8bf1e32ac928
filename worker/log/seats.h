/* Who has a seat in the log, how far each has come, and when it said so last. Pure. */
#ifndef COMITY_WORKER_LOG_SEATS_H
#define COMITY_WORKER_LOG_SEATS_H

#include "worker/log/sealed.h"

enum { SEATS_MAX = 64 };

struct seats_row {
    char worker[LOG_NAME_MAX + 1];
    uint64_t applied; /* number of the last entry that it has */
    uint64_t refused; /* the entry that it does not apply, since it decides otherwise; 0: none */
    int64_t changed;  /* grows each time that it is put */
    int64_t heard_ms; /* when it was first seen as it is, steady clock */
};

struct seats {
    struct seats_row rows[SEATS_MAX];
    size_t count;
};

/* What was read now: these seats (but for heard_ms), and no others. */
void seats_saw(struct seats *seats, const struct seats *read, int64_t now_ms);

#endif
