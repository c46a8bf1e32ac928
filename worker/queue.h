/* A queue of jobs between threads: many may push, many may take. It needs no bound of its own, since the jobs
 * in hand are bounded (job.h). Jobs that can wait are taken when there is no other, and else every eighth time. */
#ifndef COMITY_WORKER_QUEUE_H
#define COMITY_WORKER_QUEUE_H

#include "worker/job.h"

struct job_queue;

int job_queue_new(struct job_queue **ret_queue); /* ERR_MEMORY */
/* It is empty and nobody waits for it. */
void job_queue_destroy(struct job_queue **queue);

/* Push all of @jobs, which is empty afterwards. */
void job_queue_push(struct job_queue *queue, struct job_list *jobs);

/* The oldest job of those whose turn it is; waits for one. NULL once the queue is closed and empty. */
struct job *job_queue_take(struct job_queue *queue);

/* Does the job fit to those that were gathered before it? */
typedef bool job_fits_fn(void *context, const struct job *job);

/* For a queue in which none can wait. Wait until there is a job, at most @wait_ms (negative: without end), and take the oldest ones as long as
 * they fit; none where it was woken. Returns false once the queue is closed and empty. */
bool job_queue_gather(struct job_queue *queue, int64_t wait_ms, job_fits_fn *fits, void *context,
                      struct job_list *jobs);

/* Whoever gathers, or does so next, waits no longer: there is something else to do. */
void job_queue_wake(struct job_queue *queue);

/* Nothing is pushed any more: what is in it is still handed out. */
void job_queue_close(struct job_queue *queue);

size_t job_queue_count(struct job_queue *queue);

#endif
