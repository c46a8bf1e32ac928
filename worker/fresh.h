/* FRESH: queries that ask for it wait until this worker's store has all that anybody had been told of before
 * they came, or it is known that this cannot be made sure of in time. Only where the log is shared with other
 * sites (docs/adr/0029); a local log is always fresh.
 *
 * Who waits shares one question to the log, begun after the last of them came. One thread asks, and another
 * sees to it that nobody waits for longer than it may while the first one has no answer. */
#ifndef COMITY_WORKER_FRESH_H
#define COMITY_WORKER_FRESH_H

#include "worker/job.h"
#include "worker/log/log_order.h"
#include "worker/queue.h"

enum { FRESH_WAIT_MS = 2000 }; /* at most, and no more than three quarters of the query's own time */

struct fresh;

/* Starts the threads. @log and @checks stay the caller's, and outlive it. ERR_MEMORY. */
int fresh_start(struct order_log *log, struct job_queue *checks, struct fresh **ret_fresh);

/* The job goes over, and comes back through @checks with is_asked, and is_fresh set or not. Any thread's that
 * takes jobs from @checks. */
void fresh_ask(struct fresh *fresh, struct job *job);

/* The store has committed the entries up to @number: after each commit, and once for what it held at the
 * start. */
void fresh_applied(struct fresh *fresh, uint64_t number);

/* The log has not answered for so long (or has again) that nobody is to wait for it: who waits, and who
 * comes, is not fresh. */
void fresh_set_cut_off(struct fresh *fresh, bool is_cut_off);

/* Who waits goes back at once, and so does who comes: before @checks is closed. */
void fresh_close(struct fresh *fresh);
/* Once it is closed and nobody asks any more, so after the pool has ended. NULL-safe. Waits for a question to
 * the log that is under way. */
void fresh_join(struct fresh **fresh);

#endif
