/* Waiting on a condition until a moment of the steady clock. */
#ifndef COMITY_WORKER_LOG_WAITING_H
#define COMITY_WORKER_LOG_WAITING_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

static inline void waiting_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* As pthread_cond_timedwait: it may also wake for no reason. */
static inline void waiting_until(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_ms)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_cond_timedwait(condition, mutex, &until);
}

#endif
