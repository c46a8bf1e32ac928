/* FRESH reads: who must not be answered out of a state that is older than the question. Shared by all who wait: a question to etcd
 * that was begun after a reader came answers that reader; so does an append that was first sent after it came. (One that was
 * only confirmed after it came does not: it may have been executed long before, and others may have led since.) */
#ifndef COMITY_WORKER_LOG_BARRIER_H
#define COMITY_WORKER_LOG_BARRIER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Embedded; any thread's. */
struct barrier {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t moment;  /* counts what comes: readers, and what was begun */
    uint64_t settled; /* whoever came before this moment has the answer */
    uint64_t number;  /* of an entry: the answer */
    bool is_asking, is_closed;
};

/* Ask what the log's last number is, so that the answer is not older than the call. 0 or a code. */
typedef int barrier_ask_fn(void *context, int timeout_ms, uint64_t *ret_number);

void barrier_init(struct barrier *barrier);
void barrier_release(struct barrier *barrier);
/* Nobody waits any more. */
void barrier_close(struct barrier *barrier);

/* Wait for an answer to a question that is begun from now on, or ask it. 0, or BUSY: no answer in time, or closed. */
int barrier_wait(struct barrier *barrier, int timeout_ms, barrier_ask_fn *ask, void *context,
                 uint64_t *ret_number);

/* Something that is as good as a question is begun, and has ended well. */
uint64_t barrier_begin(struct barrier *barrier);
void barrier_settle(struct barrier *barrier, uint64_t begun, uint64_t number);

#endif
