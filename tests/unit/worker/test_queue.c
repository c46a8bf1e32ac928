/* Jobs, the queues between threads, and the outbox. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/error.h"
#include "worker/clock.h"
#include "worker/outbox.h"
#include "worker/queue.h"

static struct job_pool *pool_of(size_t count, size_t bytes)
{
    struct job_limits limits = {.count = count, .bytes = bytes};
    struct job_pool *pool = NULL;
    assert_int_equal(job_pool_new(&limits, &pool), 0);
    return pool;
}

static struct job *take(struct job_pool *pool, uint64_t request)
{
    static const uint8_t frame[FRAME_HEADER_SIZE + 8];
    struct frame_header header = {.type = FRAME_REQUEST, .request = request};
    struct job *job = NULL;
    assert_int_equal(job_take(pool, &header, BYTES(frame, sizeof(frame)), &job), 0);
    return job;
}

static void jobs_in_hand_are_bounded(void **state)
{
    (void) state;
    static const uint8_t frame[1000] = {1, 2, 3};
    struct frame_header header = {.type = FRAME_REQUEST, .request = 1};
    struct job_pool *pool = pool_of(3, 2500);
    struct job *jobs[3] = {NULL};
    assert_int_equal(job_take(pool, &header, BYTES(frame, 1000), &jobs[0]), 0);
    assert_int_equal(job_take(pool, &header, BYTES(frame, 1000), &jobs[1]), 0);
    assert_int_equal(job_take(pool, &header, BYTES(frame, 1000), &jobs[2]), ERR_BUSY); /* bytes */
    assert_null(jobs[2]);
    assert_int_equal(job_take(pool, &header, BYTES(frame, 500), &jobs[2]), 0);
    struct job *none = NULL;
    job_give(pool, &jobs[0]);
    struct job_limits fewer = {.count = 2, .bytes = 100000};
    job_pool_set_limits(pool, &fewer);
    assert_int_equal(job_take(pool, &header, BYTES(frame, 1), &none), ERR_BUSY); /* count */
    assert_int_equal(job_pool_in_hand(pool), 2);
    assert_int_equal(jobs[1]->frame.size, 1000);
    assert_memory_equal(jobs[1]->frame.data, frame, 1000);
    job_give(pool, &jobs[1]);
    job_give(pool, &jobs[2]);
    assert_int_equal(job_pool_in_hand(pool), 0);
    job_pool_destroy(&pool);
}

static void a_job_comes_back_clean(void **state)
{
    (void) state;
    struct job_pool *pool = pool_of(1, 1000);
    struct job *job = take(pool, 7);
    struct job *before = job;
    memset(&job->seal, 0xff, sizeof(job->seal));
    job->answer = BYTES("x", 1);
    job->generation = 9;
    job_give(pool, &job);
    job = take(pool, 8);
    assert_ptr_equal(job, before); /* used again */
    static const struct seal_session no_seal;
    assert_memory_equal(&job->seal, &no_seal, sizeof(no_seal));
    assert_null(job->answer.data);
    assert_int_equal(job->generation, 0);
    assert_int_equal(job->header.request, 8);
    job_give(pool, &job);
    job_pool_destroy(&pool);
}

static bool up_to_two(void *context, const struct job *job)
{
    (void) job;
    return (*(unsigned *) context)++ < 2;
}

static void a_queue_keeps_the_order(void **state)
{
    (void) state;
    struct job_pool *pool = pool_of(10, 10000);
    struct job_queue *queue;
    assert_int_equal(job_queue_new(&queue), 0);
    struct job_list list = {0};
    for (uint64_t i = 1; i <= 4; i++)
        job_list_add(&list, take(pool, i));
    job_queue_push(queue, &list);
    assert_null(list.first);
    assert_int_equal(job_queue_count(queue), 4);

    struct job *job = job_queue_take(queue);
    assert_int_equal(job->header.request, 1);
    job_give(pool, &job);
    struct job_list gathered = {0};
    unsigned taken = 0;
    assert_true(job_queue_gather(queue, -1, up_to_two, &taken, &gathered));
    assert_int_equal(gathered.count, 2);
    for (uint64_t i = 2; i <= 3; i++) {
        job = job_list_take(&gathered);
        assert_int_equal(job->header.request, i);
        job_give(pool, &job);
    }
    job_queue_close(queue);
    job = job_queue_take(queue); /* closed: what is in it still comes */
    assert_int_equal(job->header.request, 4);
    job_give(pool, &job);
    assert_null(job_queue_take(queue));
    assert_false(job_queue_gather(queue, -1, up_to_two, &taken, &gathered));
    job_queue_destroy(&queue);
    job_pool_destroy(&pool);
}

static void gathering_waits_no_longer_than_it_should(void **state)
{
    (void) state;
    struct job_queue *queue;
    assert_int_equal(job_queue_new(&queue), 0);
    struct job_list gathered = {0};
    unsigned taken = 0;
    int64_t started_ms = clock_steady_ms();
    assert_true(job_queue_gather(queue, 30, up_to_two, &taken, &gathered));
    assert_true(clock_steady_ms() - started_ms >= 29);
    assert_int_equal(gathered.count, 0);
    job_queue_destroy(&queue);
}

enum { PER_THREAD = 5000, THREADS = 3 };

struct relay {
    struct job_queue *from, *to;
    atomic_uint_least64_t sum;
};

static void *relay_thread(void *argument)
{
    struct relay *relay = argument;
    struct job *job;
    while ((job = job_queue_take(relay->from)) != NULL) {
        atomic_fetch_add(&relay->sum, job->header.request);
        struct job_list list = {0};
        job_list_add(&list, job);
        job_queue_push(relay->to, &list);
    }
    return NULL;
}

static bool any(void *context, const struct job *job)
{
    (void) context;
    (void) job;
    return true;
}

static void nothing_is_lost_between_threads(void **state)
{
    (void) state;
    struct relay relay = {0};
    struct job_pool *pool = pool_of(64, 1 << 20);
    assert_int_equal(job_queue_new(&relay.from), 0);
    assert_int_equal(job_queue_new(&relay.to), 0);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, relay_thread, &relay), 0);
    uint64_t sent = 0, sum = 0, received = 0;
    while (received < PER_THREAD) {
        struct job_list list = {0};
        while (sent < PER_THREAD && job_pool_in_hand(pool) < 64) {
            job_list_add(&list, take(pool, ++sent));
            sum += sent;
        }
        job_queue_push(relay.from, &list);
        struct job_list back = {0};
        assert_true(job_queue_gather(relay.to, 10000, any, NULL, &back));
        struct job *job;
        while ((job = job_list_take(&back)) != NULL) {
            job_give(pool, &job);
            received++;
        }
    }
    job_queue_close(relay.from);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&relay.sum), sum);
    job_queue_destroy(&relay.from);
    job_queue_destroy(&relay.to);
    job_pool_destroy(&pool);
}

static bool is_readable(struct outbox *outbox)
{
    struct pollfd poll_fd = {.fd = outbox_fd(outbox), .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1;
}

static void the_outbox_wakes_and_merges_news(void **state)
{
    (void) state;
    struct job_pool *pool = pool_of(10, 10000);
    struct outbox *outbox;
    assert_int_equal(outbox_new(&outbox), 0);
    assert_false(is_readable(outbox));

    uint8_t history[40][HISTORY_ID_SIZE] = {{0}};
    for (uint8_t i = 0; i < 40; i++) {
        history[i][0] = i;
        outbox_put_news(outbox, history[i], 100);
    }
    outbox_put_news(outbox, history[3], 105);
    outbox_put_news(outbox, history[3], 104);
    struct job_list jobs = {0};
    job_list_add(&jobs, take(pool, 1));
    outbox_put(outbox, &jobs);
    assert_true(is_readable(outbox));

    struct outbox_news *news;
    size_t count;
    outbox_take(outbox, &jobs, &news, &count);
    assert_false(is_readable(outbox));
    assert_int_equal(jobs.count, 1);
    assert_int_equal(count, 40);
    for (uint8_t i = 0; i < 40; i++) {
        assert_memory_equal(news[i].history, history[i], HISTORY_ID_SIZE);
        assert_int_equal(news[i].head, i == 3 ? 105 : 100);
    }
    free(news);
    struct job *job = job_list_take(&jobs);
    job_give(pool, &job);
    outbox_take(outbox, &jobs, &news, &count);
    assert_int_equal(count, 0);
    free(news);
    outbox_destroy(&outbox);
    job_pool_destroy(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_in_hand_are_bounded),
        cmocka_unit_test(a_job_comes_back_clean),
        cmocka_unit_test(a_queue_keeps_the_order),
        cmocka_unit_test(gathering_waits_no_longer_than_it_should),
        cmocka_unit_test(nothing_is_lost_between_threads),
        cmocka_unit_test(the_outbox_wakes_and_merges_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
