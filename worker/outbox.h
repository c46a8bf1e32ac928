/* What the threads hand to the loop: jobs that are answered, and news of histories. An eventfd wakes the
 * loop. */
#ifndef COMITY_WORKER_OUTBOX_H
#define COMITY_WORKER_OUTBOX_H

#include "worker/job.h"

struct outbox_news {
    uint8_t history[HISTORY_ID_SIZE];
    uint64_t head;
};

struct outbox;

int outbox_new(struct outbox **ret_outbox); /* ERR_MEMORY, ERR_INTERNAL */
void outbox_destroy(struct outbox **outbox);

/* Readable while there is something to take. */
int outbox_fd(const struct outbox *outbox);

/* Hand over answered jobs (@jobs is empty afterwards) and news, of which the highest a history is kept. */
void outbox_put(struct outbox *outbox, struct job_list *jobs);
void outbox_put_news(struct outbox *outbox, const uint8_t history[HISTORY_ID_SIZE], uint64_t head);
void outbox_wake(struct outbox *outbox);

/* Take all there is. @ret_news belongs to the caller: free() it. */
void outbox_take(struct outbox *outbox, struct job_list *jobs, struct outbox_news **ret_news,
                 size_t *ret_count);

#endif
