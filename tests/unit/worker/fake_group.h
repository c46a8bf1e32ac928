/* A group of workers over one etcd in memory, in simulated time: each has the heart of the log (term, calls,
 * entries, append) and a naive driver of its own in place of threads. The network is slow, loses requests and
 * answers, and delivers some requests long after their sender has given them up; workers are stopped for
 * seconds and go on, and die and start again with what they had applied, as a version that knows a format
 * level more.
 *
 * The group keeps account of what workers were told, and fails the check where the log does not keep it. */
#ifndef COMITY_TEST_FAKE_GROUP_H
#define COMITY_TEST_FAKE_GROUP_H

#include "core/bytes.h"

struct fake_group;

/* Defences that may be taken away, as controls. */
enum fake_lack {
    LACKS_NOTHING,
    LACKS_HEAD,       /* an append does not compare the head */
    LACKS_COMPARISON, /* an append compares nothing: the lease alone says who leads */
    LACKS_SEATS,      /* a leader goes by the format level that it knows itself */
};

enum { FAKE_WORKERS = 5 };

struct fake_group_counts {
    uint64_t appended; /* confirmed to who appended */
    uint64_t refused;  /* said not to be executed, by an answer of etcd's */
    uint64_t given_up; /* said not to be executed, since no try left */
    uint64_t by_later; /* confirmed by another try than the first */
    uint64_t terms;    /* in which somebody came to lead */
    uint64_t woken;    /* appends of leaders that were stopped meanwhile and failed */
    uint64_t restarts, late, stale;
    uint64_t raised; /* workers that came to an entry of a higher level than the one before */
};

struct fake_group *fake_group_new(uint64_t seed, enum fake_lack lack);
void fake_group_destroy(struct fake_group **group);

/* So long with faults; then none any more, until all is quiet. */
void fake_group_run(struct fake_group *group, int64_t time_ms);

/* What is wrong, NULL: nothing. Two entries with one number; what was confirmed is not there, or is there
 * twice; what was said not to be executed is there; an entry of a level that a worker does not know, or lower
 * than the one before; a worker that does not come to the end. */
const char *fake_group_check(struct fake_group *group);
struct fake_group_counts fake_group_counts(const struct fake_group *group);

#endif
