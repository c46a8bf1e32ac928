#include "worker/job.h"

#include <stdlib.h>

#include "core/error.h"

enum {
    SPARE_MAX = 256,             /* jobs kept for the next messages, */
    SPARE_BYTES_MAX = 32 * 1024, /* unless they grew larger than this */
};

struct job_pool {
    struct job_limits limits;
    size_t count, bytes; /* in hand */
    struct job *spare;
    size_t spare_count;
};

int job_pool_new(const struct job_limits *limits, struct job_pool **ret_pool)
{
    struct job_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        return ERR_MEMORY;
    pool->limits = *limits;
    *ret_pool = pool;
    return 0;
}

static void job_destroy(struct job *job)
{
    arena_destroy(&job->arena);
    free(job);
}

void job_pool_destroy(struct job_pool **pool)
{
    if (!pool || !*pool)
        return;
    while ((*pool)->spare) {
        struct job *job = (*pool)->spare;
        (*pool)->spare = job->next;
        job_destroy(job);
    }
    free(*pool);
    *pool = NULL;
}

void job_pool_set_limits(struct job_pool *pool, const struct job_limits *limits)
{
    pool->limits = *limits;
}

size_t job_pool_in_hand(const struct job_pool *pool)
{
    return pool->count;
}

static struct job *job_new(void)
{
    struct job *job = calloc(1, sizeof(*job));
    if (!job)
        return NULL;
    job->arena = arena_new(ARENA_LIMIT_DEFAULT);
    if (!job->arena) {
        free(job);
        return NULL;
    }
    return job;
}

int job_take(struct job_pool *pool, const struct frame_header *header, struct bytes frame,
             struct job **ret_job)
{
    if (pool->count >= pool->limits.count || pool->bytes + frame.size > pool->limits.bytes)
        return ERR_BUSY;
    struct job *job = pool->spare;
    if (job) {
        pool->spare = job->next;
        pool->spare_count--;
        job->next = NULL;
    } else {
        job = job_new();
        if (!job)
            return ERR_MEMORY;
    }
    job->header = *header;
    job->is_known = job->is_asked = job->is_fresh = false;
    job->cosign = NULL;
    job->move = NULL;
    job->frame = arena_bytes(job->arena, frame);
    if (!job->frame.data) {
        job_destroy(job);
        return ERR_MEMORY;
    }
    pool->count++;
    pool->bytes += frame.size;
    *ret_job = job;
    return 0;
}

void job_give(struct job_pool *pool, struct job **job_at)
{
    struct job *job = *job_at;
    *job_at = NULL;
    if (!job)
        return;
    pool->count--;
    pool->bytes -= job->frame.size;
    bool is_large = arena_used(job->arena) > SPARE_BYTES_MAX;
    if (is_large || pool->spare_count >= SPARE_MAX) {
        job_destroy(job);
        return;
    }
    struct arena *arena = job->arena;
    arena_reset(arena);
    *job = (struct job){.arena = arena, .next = pool->spare};
    pool->spare = job;
    pool->spare_count++;
}

void job_list_add(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *(list->last ? &list->last->next : &list->first) = job;
    list->last = job;
    list->count++;
}

struct job *job_list_take(struct job_list *list)
{
    struct job *job = list->first;
    if (!job)
        return NULL;
    list->first = job->next;
    if (!list->first)
        list->last = NULL;
    list->count--;
    job->next = NULL;
    return job;
}

void job_list_append(struct job_list *list, struct job_list *rest)
{
    if (!rest->first)
        return;
    *(list->last ? &list->last->next : &list->first) = rest->first;
    list->last = rest->last;
    list->count += rest->count;
    *rest = (struct job_list){0};
}
