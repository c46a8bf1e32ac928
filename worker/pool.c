#include "worker/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/error.h"

struct pool {
    struct service *service;
    unsigned count;
    pthread_t threads[];
};

static void *pool_thread(void *argument)
{
    struct service *service = argument;
    struct job *job;
    while ((job = job_queue_take(service->checks)) != NULL) {
        struct job_list list = {0};
        enum service_next next = service_handle(service, job);
        if (next == SERVICE_FRESH) {
            fresh_ask(service->fresh, job);
            continue;
        }
        job->can_wait = false; /* what is checked keeps its order */
        job_list_add(&list, job);
        if (next == SERVICE_ORDER)
            job_queue_push(service->commands, &list);
        else
            outbox_put(service->outbox, &list);
    }
    return NULL;
}

int pool_start(struct service *service, unsigned threads, struct pool **ret_pool)
{
    struct pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pthread_t));
    if (!pool)
        return ERR_MEMORY;
    pool->service = service;
    while (pool->count < threads &&
           pthread_create(&pool->threads[pool->count], NULL, pool_thread, service) == 0)
        pool->count++;
    *ret_pool = pool;
    if (pool->count == threads)
        return 0;
    job_queue_close(service->checks);
    pool_join(ret_pool);
    return ERR_MEMORY;
}

void pool_join(struct pool **pool)
{
    if (!pool || !*pool)
        return;
    for (unsigned i = 0; i < (*pool)->count; i++)
        pthread_join((*pool)->threads[i], NULL);
    free(*pool);
    *pool = NULL;
}
