#include "worker/log/barrier.h"

#include "core/error.h"
#include "worker/clock.h"
#include "worker/log/waiting.h"

enum { PAUSE_MS = 50 };

void barrier_init(struct barrier *barrier)
{
    *barrier = (struct barrier){0};
    pthread_mutex_init(&barrier->mutex, NULL);
    waiting_init(&barrier->changed);
}

void barrier_release(struct barrier *barrier)
{
    pthread_cond_destroy(&barrier->changed);
    pthread_mutex_destroy(&barrier->mutex);
}

void barrier_close(struct barrier *barrier)
{
    pthread_mutex_lock(&barrier->mutex);
    barrier->is_closed = true;
    pthread_cond_broadcast(&barrier->changed);
    pthread_mutex_unlock(&barrier->mutex);
}

uint64_t barrier_begin(struct barrier *barrier)
{
    pthread_mutex_lock(&barrier->mutex);
    uint64_t begun = ++barrier->moment;
    pthread_mutex_unlock(&barrier->mutex);
    return begun;
}

static void settle(struct barrier *barrier, uint64_t begun, uint64_t number)
{
    if (begun > barrier->settled)
        barrier->settled = begun;
    if (number > barrier->number)
        barrier->number = number;
    pthread_cond_broadcast(&barrier->changed);
}

void barrier_settle(struct barrier *barrier, uint64_t begun, uint64_t number)
{
    pthread_mutex_lock(&barrier->mutex);
    settle(barrier, begun, number);
    pthread_mutex_unlock(&barrier->mutex);
}

/* With the lock held, which is given up meanwhile. */
static void ask_for_all(struct barrier *barrier, int64_t until_ms, barrier_ask_fn *ask, void *context)
{
    uint64_t begun = ++barrier->moment, number = 0;
    int64_t left_ms = until_ms - clock_steady_ms();
    barrier->is_asking = true;
    pthread_mutex_unlock(&barrier->mutex);
    int code = left_ms > 0 ? ask(context, (int) left_ms, &number) : ERR_BUSY;
    pthread_mutex_lock(&barrier->mutex);
    if (code == 0)
        settle(barrier, begun, number);
    else /* it may have failed at once: not again at once */
        waiting_until(&barrier->changed, &barrier->mutex, clock_steady_ms() + PAUSE_MS);
    barrier->is_asking = false;
    pthread_cond_broadcast(&barrier->changed); /* somebody else asks */
}

int barrier_wait(struct barrier *barrier, int timeout_ms, barrier_ask_fn *ask, void *context,
                 uint64_t *ret_number)
{
    int64_t until_ms = clock_steady_ms() + timeout_ms;
    int code = 0;
    pthread_mutex_lock(&barrier->mutex);
    uint64_t came = ++barrier->moment;
    while (barrier->settled < came && !barrier->is_closed && clock_steady_ms() < until_ms) {
        if (barrier->is_asking)
            waiting_until(&barrier->changed, &barrier->mutex, until_ms);
        else
            ask_for_all(barrier, until_ms, ask, context);
    }
    if (barrier->settled < came)
        code = ERR_BUSY;
    else
        *ret_number = barrier->number;
    pthread_mutex_unlock(&barrier->mutex);
    return code;
}
