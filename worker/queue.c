#include "worker/queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/error.h"
#include "worker/clock.h"

enum { WAITS_AT_MOST = 8 };

struct job_queue {
    pthread_mutex_t mutex;
    pthread_cond_t is_filled;
    struct job_list jobs, later; /* later: those that can wait */
    unsigned passed;             /* how often they have waited */
    unsigned waiting;
    bool is_closed, is_woken;
};

int job_queue_new(struct job_queue **ret_queue)
{
    struct job_queue *queue = calloc(1, sizeof(*queue));
    if (!queue)
        return ERR_MEMORY;
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->is_filled, &attributes);
    pthread_condattr_destroy(&attributes);
    *ret_queue = queue;
    return 0;
}

void job_queue_destroy(struct job_queue **queue)
{
    if (!queue || !*queue)
        return;
    assert((*queue)->jobs.count == 0 && (*queue)->later.count == 0);
    pthread_cond_destroy(&(*queue)->is_filled);
    pthread_mutex_destroy(&(*queue)->mutex);
    free(*queue);
    *queue = NULL;
}

void job_queue_push(struct job_queue *queue, struct job_list *jobs)
{
    size_t count = jobs->count;
    pthread_mutex_lock(&queue->mutex);
    struct job *job;
    while ((job = job_list_take(jobs)) != NULL)
        job_list_add(job->can_wait ? &queue->later : &queue->jobs, job);
    unsigned waiting = queue->waiting;
    pthread_mutex_unlock(&queue->mutex);
    if (waiting > 0 && count > 1)
        pthread_cond_broadcast(&queue->is_filled);
    else if (waiting > 0 && count == 1)
        pthread_cond_signal(&queue->is_filled);
}

struct job *job_queue_take(struct job_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    while (!queue->jobs.first && !queue->later.first && !queue->is_closed) {
        queue->waiting++;
        pthread_cond_wait(&queue->is_filled, &queue->mutex);
        queue->waiting--;
    }
    bool is_their_turn = !queue->jobs.first || (queue->later.first && ++queue->passed >= WAITS_AT_MOST);
    if (is_their_turn)
        queue->passed = 0;
    struct job *job = job_list_take(is_their_turn ? &queue->later : &queue->jobs);
    pthread_mutex_unlock(&queue->mutex);
    return job;
}

static struct timespec steady_after(int64_t wait_ms)
{
    int64_t at_ms = clock_steady_ms() + wait_ms;
    return (struct timespec){.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
}

/* With the mutex held. */
static void wait_for_jobs(struct job_queue *queue, int64_t wait_ms)
{
    struct timespec until = steady_after(wait_ms < 0 ? 0 : wait_ms);
    int result = 0;
    while (!queue->jobs.first && !queue->is_closed && !queue->is_woken && result == 0) {
        queue->waiting++;
        if (wait_ms < 0)
            pthread_cond_wait(&queue->is_filled, &queue->mutex);
        else
            result = pthread_cond_timedwait(&queue->is_filled, &queue->mutex, &until);
        queue->waiting--;
    }
}

bool job_queue_gather(struct job_queue *queue, int64_t wait_ms, job_fits_fn *fits, void *context,
                      struct job_list *jobs)
{
    pthread_mutex_lock(&queue->mutex);
    wait_for_jobs(queue, wait_ms);
    queue->is_woken = false;
    while (queue->jobs.first && fits(context, queue->jobs.first))
        job_list_add(jobs, job_list_take(&queue->jobs));
    bool is_over = queue->is_closed && !queue->jobs.first && jobs->count == 0;
    pthread_mutex_unlock(&queue->mutex);
    return !is_over;
}

void job_queue_wake(struct job_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->is_woken = true;
    pthread_mutex_unlock(&queue->mutex);
    pthread_cond_broadcast(&queue->is_filled);
}

void job_queue_close(struct job_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->is_closed = true;
    pthread_mutex_unlock(&queue->mutex);
    pthread_cond_broadcast(&queue->is_filled);
}

size_t job_queue_count(struct job_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    size_t count = queue->jobs.count + queue->later.count;
    pthread_mutex_unlock(&queue->mutex);
    return count;
}
