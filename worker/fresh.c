#include "worker/fresh.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/error.h"
#include "worker/clock.h"
#include "worker/log/waiting.h"

/* How far a question is. */
enum stage {
    STAGE_CAME,  /* it is yet to be asked for */
    STAGE_ASKED, /* the log is being asked */
    STAGE_TOLD,  /* job->wait_number has to be in the store */
    STAGES,
};

struct fresh {
    struct order_log *log;
    struct job_queue *checks;
    pthread_mutex_t mutex;
    pthread_cond_t has_come;   /* for the thread that asks */
    pthread_cond_t is_earlier; /* next_ms, for the one that keeps the time */
    struct job_list jobs[STAGES];
    int64_t next_ms; /* nobody's time is over before; INT64_MAX: nobody waits */
    uint64_t applied;
    bool is_cut_off, is_closed;
    pthread_t asker, keeper;
    bool has_asker, has_keeper;
};

/* ---- Coming back: with the lock held, so that nothing is pushed any more once fresh_close has returned.
 * ---- */

static void give_back(struct fresh *fresh, struct job *job, bool is_fresh)
{
    struct job_list list = {0};
    job->is_asked = true;
    job->is_fresh = is_fresh;
    job_list_add(&list, job);
    job_queue_push(fresh->checks, &list);
}

static bool is_over(const struct job *job, int64_t now_ms)
{
    return job->wait_until_ms <= now_ms;
}

/* Those whose time is over go back; with @now_ms INT64_MAX all do. */
static void give_back_over(struct fresh *fresh, int64_t now_ms)
{
    fresh->next_ms = INT64_MAX;
    for (enum stage stage = 0; stage < STAGES; stage++) {
        struct job_list stay = {0};
        struct job *job;
        while ((job = job_list_take(&fresh->jobs[stage])) != NULL) {
            if (is_over(job, now_ms)) {
                give_back(fresh, job, false);
                continue;
            }
            if (job->wait_until_ms < fresh->next_ms)
                fresh->next_ms = job->wait_until_ms;
            job_list_add(&stay, job);
        }
        fresh->jobs[stage] = stay;
    }
}

static void give_back_applied(struct fresh *fresh)
{
    struct job_list stay = {0};
    struct job *job;
    while ((job = job_list_take(&fresh->jobs[STAGE_TOLD])) != NULL) {
        if (job->wait_number <= fresh->applied)
            give_back(fresh, job, true);
        else
            job_list_add(&stay, job);
    }
    fresh->jobs[STAGE_TOLD] = stay;
}

/* ---- The threads ---- */

/* With the lock held, which is given up meanwhile: those whose time ends before there is an answer are gone
 * then. */
static void ask_for_all(struct fresh *fresh)
{
    uint64_t number = 0;
    struct job_list *asked = &fresh->jobs[STAGE_ASKED];
    job_list_append(asked, &fresh->jobs[STAGE_CAME]);
    pthread_mutex_unlock(&fresh->mutex);
    int code = order_log_barrier(fresh->log, FRESH_WAIT_MS, &number);
    pthread_mutex_lock(&fresh->mutex);
#ifdef COMITY_CONTROL_FRESH_OF_BEFORE
    job_list_append(asked, &fresh->jobs[STAGE_CAME]);
#endif
    struct job *job;
    while ((job = job_list_take(asked)) != NULL) {
        job->wait_number = number;
        if (code)
            give_back(fresh, job, false);
        else
            job_list_add(&fresh->jobs[STAGE_TOLD], job);
    }
    give_back_applied(fresh);
}

static void *asker_thread(void *argument)
{
    struct fresh *fresh = argument;
    pthread_mutex_lock(&fresh->mutex);
    while (!fresh->is_closed) {
        if (fresh->jobs[STAGE_CAME].first)
            ask_for_all(fresh);
        else
            pthread_cond_wait(&fresh->has_come, &fresh->mutex);
    }
    pthread_mutex_unlock(&fresh->mutex);
    return NULL;
}

static void *keeper_thread(void *argument)
{
    struct fresh *fresh = argument;
    pthread_mutex_lock(&fresh->mutex);
    while (!fresh->is_closed) {
        int64_t now_ms = clock_steady_ms();
        if (fresh->next_ms <= now_ms)
            give_back_over(fresh, now_ms);
        else if (fresh->next_ms == INT64_MAX)
            pthread_cond_wait(&fresh->is_earlier, &fresh->mutex);
        else
            waiting_until(&fresh->is_earlier, &fresh->mutex, fresh->next_ms);
    }
    pthread_mutex_unlock(&fresh->mutex);
    return NULL;
}

/* ---- From outside ---- */

/* Of its own time a part is left, for the answer. */
static int64_t wait_until_ms(const struct job *job)
{
    int64_t own_ms = (int64_t) job->header.budget_ms * 3 / 4;
    return job->arrived_ms + (own_ms < FRESH_WAIT_MS ? own_ms : FRESH_WAIT_MS);
}

void fresh_ask(struct fresh *fresh, struct job *job)
{
    job->wait_until_ms = wait_until_ms(job);
    pthread_mutex_lock(&fresh->mutex);
#ifdef COMITY_CONTROL_ASKS_NOBODY
    give_back(fresh, job, true);
#else
    if (fresh->is_cut_off || fresh->is_closed || is_over(job, clock_steady_ms())) {
        give_back(fresh, job, false);
    } else {
        job_list_add(&fresh->jobs[STAGE_CAME], job);
        pthread_cond_signal(&fresh->has_come);
        if (job->wait_until_ms < fresh->next_ms) {
            fresh->next_ms = job->wait_until_ms;
            pthread_cond_signal(&fresh->is_earlier);
        }
    }
#endif
    pthread_mutex_unlock(&fresh->mutex);
}

void fresh_applied(struct fresh *fresh, uint64_t number)
{
    pthread_mutex_lock(&fresh->mutex);
    if (number > fresh->applied)
        fresh->applied = number;
    give_back_applied(fresh);
    pthread_mutex_unlock(&fresh->mutex);
}

void fresh_set_cut_off(struct fresh *fresh, bool is_cut_off)
{
    pthread_mutex_lock(&fresh->mutex);
    fresh->is_cut_off = is_cut_off;
    if (is_cut_off)
        give_back_over(fresh, INT64_MAX);
    pthread_mutex_unlock(&fresh->mutex);
}

void fresh_close(struct fresh *fresh)
{
    pthread_mutex_lock(&fresh->mutex);
    fresh->is_closed = true;
    give_back_over(fresh, INT64_MAX);
    pthread_cond_broadcast(&fresh->has_come);
    pthread_cond_broadcast(&fresh->is_earlier);
    pthread_mutex_unlock(&fresh->mutex);
}

static void fresh_free(struct fresh **fresh)
{
    pthread_cond_destroy(&(*fresh)->is_earlier);
    pthread_cond_destroy(&(*fresh)->has_come);
    pthread_mutex_destroy(&(*fresh)->mutex);
    free(*fresh);
    *fresh = NULL;
}

int fresh_start(struct order_log *log, struct job_queue *checks, struct fresh **ret_fresh)
{
    struct fresh *fresh = calloc(1, sizeof(*fresh));
    if (!fresh)
        return ERR_MEMORY;
    fresh->log = log;
    fresh->checks = checks;
    fresh->next_ms = INT64_MAX;
    pthread_mutex_init(&fresh->mutex, NULL);
    pthread_cond_init(&fresh->has_come, NULL);
    waiting_init(&fresh->is_earlier);
    fresh->has_asker = pthread_create(&fresh->asker, NULL, asker_thread, fresh) == 0;
    fresh->has_keeper = fresh->has_asker && pthread_create(&fresh->keeper, NULL, keeper_thread, fresh) == 0;
    *ret_fresh = fresh;
    if (fresh->has_keeper)
        return 0;
    fresh_close(fresh);
    fresh_join(ret_fresh);
    return ERR_MEMORY;
}

void fresh_join(struct fresh **fresh)
{
    if (!fresh || !*fresh)
        return;
    if ((*fresh)->has_asker)
        pthread_join((*fresh)->asker, NULL);
    if ((*fresh)->has_keeper)
        pthread_join((*fresh)->keeper, NULL);
    fresh_free(fresh);
}
