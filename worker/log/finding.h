/* What was found of a log of several sites, and what to do next: by what was being done, in one table.
 * docs/operations.md, "When something fails". */
#ifndef COMITY_WORKER_LOG_FINDING_H
#define COMITY_WORKER_LOG_FINDING_H

#include <stddef.h>

enum finding_while {
    FINDING_RUNNING,   /* a worker, at its start too */
    FINDING_BEGINNING, /* comity-worker begin */
    FINDING_JOINING,
    FINDING_LEAVING,
};

/* @code is of core/error.h; @found: a sentence, with ERR_UNREACHABLE etcd's bare words; empty: the code's
 * own. Into @reason, cut to its size, a NUL with it; @found does not lie in it. */
void finding_say(enum finding_while doing, int code, const char *found, char *reason, size_t size);

#endif
