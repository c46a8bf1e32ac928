/* An entry in dispute: some workers have applied it, others do not apply it, since they decide otherwise. Pure. */
#ifndef COMITY_WORKER_LOG_DISPUTE_H
#define COMITY_WORKER_LOG_DISPUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DISPUTE_WAIT_MS = 5000, /* whoever runs has put its seat by then, twice: who has not is behind, or is not there */
    DISPUTE_GAP_MS = 3000,  /* readings further apart say nothing of what came between */
};

/* What another worker's seat says: entries up to `applied` are in its store; it refuses entry `refused`, 0: none. */
struct dispute_seat {
    uint64_t applied, refused;
};

struct dispute {
    uint64_t number;        /* the entry; 0: nobody refuses one that this worker has applied */
    size_t refuse, applied; /* how many workers do; this one is counted in */
    size_t undecided;       /* have not come to it, or have not said so yet */
};

/* Of the entries up to @own, which this worker has applied, one that others refuse: one that more refuse than are known to have applied it,
 * if there is any, and of these the first. Only those count as refusing that stand right before it; as having applied it, only those that
 * are not before it. Who refuses an earlier one will not come to it, and counts for nothing. */
struct dispute dispute_find(uint64_t own, const struct dispute_seat *others, size_t count);

/* Does this one refuse that entry? */
bool dispute_is_refuser(const struct dispute *dispute, const struct dispute_seat *seat);

/* Kept from one reading of the seats to the next; zeros at first. */
struct dispute_wait {
    uint64_t number;              /* the entry that more refuse than are known to have applied it; 0: none */
    int64_t since_ms, judged_ms; /* steady clock */
};

/* At each reading. Lost: more refuse it than have applied it, the undecided counted as having applied it, until they were waited for; it is
 * for this worker to stop. With as many on both sides it goes on. */
bool dispute_is_lost(struct dispute_wait *wait, const struct dispute *dispute, int64_t now_ms);

#endif
