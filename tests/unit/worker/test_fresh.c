/* Queries that wait to be fresh: whose question answers whom, and who goes back as it is. The log is the
 * test's: it answers with what was its last number when it was asked, once it is let. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

#include "core/error.h"
#include "worker/clock.h"
#include "worker/fresh.h"

enum { LONG_MS = 60000, JOBS = 8, MIB = 1024 * 1024 };

struct fake_log {
    struct order_log log; /* first */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t last; /* number of its last entry */
    uint64_t asked, answers_to;
    int code;
};

struct fixture {
    struct fake_log log;
    struct job_pool *pool;
    struct job_queue *checks;
    struct fresh *fresh;
    struct job *jobs[JOBS];
    unsigned count;
};

static int fake_barrier(struct order_log *log, int timeout_ms, uint64_t *ret_number)
{
    struct fake_log *fake = (struct fake_log *) log;

    assert_true(timeout_ms > 0 && timeout_ms <= FRESH_WAIT_MS);
    pthread_mutex_lock(&fake->mutex);
    uint64_t mine = ++fake->asked, number = fake->last;
    pthread_cond_broadcast(&fake->changed);
    while (fake->answers_to < mine)
        pthread_cond_wait(&fake->changed, &fake->mutex);
    int code = fake->code;
    pthread_mutex_unlock(&fake->mutex);
    if (code == 0)
        *ret_number = number;
    return code;
}

static void wait_asked(struct fixture *fixture, uint64_t count)
{
    struct fake_log *log = &fixture->log;

    pthread_mutex_lock(&log->mutex);
    while (log->asked < count)
        pthread_cond_wait(&log->changed, &log->mutex);
    pthread_mutex_unlock(&log->mutex);
}

static uint64_t asked(struct fixture *fixture)
{
    pthread_mutex_lock(&fixture->log.mutex);
    uint64_t count = fixture->log.asked;
    pthread_mutex_unlock(&fixture->log.mutex);
    return count;
}

static void let_answer(struct fixture *fixture, uint64_t up_to)
{
    pthread_mutex_lock(&fixture->log.mutex);
    fixture->log.answers_to = up_to;
    pthread_cond_broadcast(&fixture->log.changed);
    pthread_mutex_unlock(&fixture->log.mutex);
}

/* Somebody is told of an entry. */
static void set_last(struct fixture *fixture, uint64_t number)
{
    pthread_mutex_lock(&fixture->log.mutex);
    fixture->log.last = number;
    pthread_mutex_unlock(&fixture->log.mutex);
}

static int set_up(void **state)
{
    static const struct order_log_ops ops = {.barrier = fake_barrier};
    static const struct job_limits limits = {.count = JOBS, .bytes = MIB};
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->log.log.ops = &ops;
    pthread_mutex_init(&fixture->log.mutex, NULL);
    pthread_cond_init(&fixture->log.changed, NULL);
    assert_int_equal(job_pool_new(&limits, &fixture->pool), 0);
    assert_int_equal(job_queue_new(&fixture->checks), 0);
    assert_int_equal(fresh_start(&fixture->log.log, fixture->checks, &fixture->fresh), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    let_answer(fixture, UINT64_MAX);
    fresh_close(fixture->fresh);
    job_queue_close(fixture->checks);
    while (job_queue_take(fixture->checks) != NULL)
        ;
    fresh_join(&fixture->fresh);
    fresh_join(&fixture->fresh); /* of nothing */
    for (unsigned i = 0; i < fixture->count; i++)
        job_give(fixture->pool, &fixture->jobs[i]);
    job_queue_destroy(&fixture->checks);
    job_pool_destroy(&fixture->pool);
    pthread_cond_destroy(&fixture->log.changed);
    pthread_mutex_destroy(&fixture->log.mutex);
    free(fixture);
    return 0;
}

/* A query that came @age_ms ago, and whose client waits for @budget_ms. */
static struct job *ask(struct fixture *fixture, uint32_t budget_ms, int64_t age_ms)
{
    const struct frame_header header = {.type = FRAME_REQUEST, .budget_ms = budget_ms};
    struct job *job;

    assert_true(fixture->count < JOBS);
    assert_int_equal(job_take(fixture->pool, &header, BYTES("query", 5), &job), 0);
    fixture->jobs[fixture->count++] = job;
    job->arrived_ms = clock_steady_ms() - age_ms;
    fresh_ask(fixture->fresh, job);
    return job;
}

/* Waits until the next one is back. */
static void is_back(struct fixture *fixture, const struct job *job, bool is_fresh)
{
    const struct job *next = job_queue_take(fixture->checks);

    assert_ptr_equal(next, job);
    assert_true(next->is_asked);
    assert_int_equal(next->is_fresh, is_fresh);
}

static void a_question_is_begun_after_the_query_came(void **state)
{
    struct fixture *fixture = *state;

    set_last(fixture, 5);
    fresh_applied(fixture->fresh, 5);
    struct job *first = ask(fixture, LONG_MS, 0);
    wait_asked(fixture, 1);
    set_last(fixture, 6); /* somebody was told of it, and asks now */
    struct job *second = ask(fixture, LONG_MS, 0);
    let_answer(fixture, 1);
    is_back(fixture, first, true);
#ifdef COMITY_CONTROL_FRESH_OF_BEFORE
    is_back(fixture, second, true); /* and the store has 5 */
    assert_int_equal(asked(fixture), 1);
#else
    wait_asked(fixture, 2);
    let_answer(fixture, 2);
    assert_int_equal(job_queue_count(fixture->checks), 0);
    fresh_applied(fixture->fresh, 6);
    is_back(fixture, second, true);
#endif
}

static void who_waits_shares_one_question(void **state)
{
    struct fixture *fixture = *state;
    struct job *jobs[4];

    jobs[0] = ask(fixture, LONG_MS, 0);
    wait_asked(fixture, 1);
    for (unsigned i = 1; i < 4; i++)
        jobs[i] = ask(fixture, LONG_MS, 0);
    set_last(fixture, 9);
    let_answer(fixture, 1);
    is_back(fixture, jobs[0], true);
#ifndef COMITY_CONTROL_FRESH_OF_BEFORE
    wait_asked(fixture, 2);
    let_answer(fixture, UINT64_MAX);
    fresh_applied(fixture->fresh, 9);
    for (unsigned i = 1; i < 4; i++)
        is_back(fixture, jobs[i], true);
    assert_int_equal(asked(fixture), 2);
#endif
}

static void each_waits_for_its_own_number(void **state)
{
    struct fixture *fixture = *state;

    let_answer(fixture, 1);
    set_last(fixture, 3);
    struct job *first = ask(fixture, LONG_MS, 0);
    wait_asked(fixture, 1);
    set_last(fixture, 4);
    struct job *second = ask(fixture, LONG_MS, 0);
    wait_asked(fixture, 2);
    fresh_applied(fixture->fresh, 2);
    fresh_applied(fixture->fresh, 1); /* it goes back no more */
    let_answer(fixture, 2);
    assert_int_equal(job_queue_count(fixture->checks), 0);
    fresh_applied(fixture->fresh, 3);
    is_back(fixture, first, true);
    assert_int_equal(job_queue_count(fixture->checks), 0);
    fresh_applied(fixture->fresh, 5);
    is_back(fixture, second, true);
}

static void what_is_not_applied_in_time_is_not_fresh(void **state)
{
    struct fixture *fixture = *state;
    int64_t began_ms = clock_steady_ms();

    let_answer(fixture, UINT64_MAX);
    set_last(fixture, 7);
    fresh_applied(fixture->fresh, 6);
    is_back(fixture, ask(fixture, 80, 0), false);
    assert_true(clock_steady_ms() - began_ms >= 60);
    struct job *late = ask(fixture, LONG_MS, FRESH_WAIT_MS - 40); /* however long its client would wait */
    is_back(fixture, late, false);
    assert_true(clock_steady_ms() - late->arrived_ms >= FRESH_WAIT_MS);
    fresh_applied(fixture->fresh, 7);
    is_back(fixture, ask(fixture, LONG_MS, 0), true);
}

static void a_silent_log_keeps_nobody_longer_than_its_own_time(void **state)
{
    struct fixture *fixture = *state;

    struct job *patient = ask(fixture, LONG_MS, 0);
    wait_asked(fixture, 1);
    is_back(fixture, ask(fixture, 40, 0), false); /* came too late for the question */
    is_back(fixture, ask(fixture, LONG_MS, LONG_MS), false);
    let_answer(fixture, 1);
    is_back(fixture, patient, true);
    struct job *asked_for = ask(fixture, LONG_MS, FRESH_WAIT_MS - 40);
    wait_asked(fixture, 2);
    is_back(fixture, asked_for, false); /* the question is still open */
    assert_true(asked(fixture) == 2);
}

static void a_log_that_does_not_answer_confirms_nobody(void **state)
{
    struct fixture *fixture = *state;

    fixture->log.code = ERR_BUSY;
    let_answer(fixture, UINT64_MAX);
    fresh_applied(fixture->fresh, 9);
    is_back(fixture, ask(fixture, LONG_MS, 0), false);
    is_back(fixture, ask(fixture, LONG_MS, 0), false);
}

static void a_worker_that_is_cut_off_keeps_nobody(void **state)
{
    struct fixture *fixture = *state;

    struct job *first = ask(fixture, LONG_MS, 0);
    wait_asked(fixture, 1);
    struct job *second = ask(fixture, LONG_MS, 0);
    fresh_set_cut_off(fixture->fresh, true);
    is_back(fixture, second, false);
    is_back(fixture, first, false);
    is_back(fixture, ask(fixture, LONG_MS, 0), false);
    assert_int_equal(asked(fixture), 1);
    fresh_set_cut_off(fixture->fresh, false);
    let_answer(fixture, UINT64_MAX);
    is_back(fixture, ask(fixture, LONG_MS, 0), true);
}

static void who_waits_at_the_end_goes_back(void **state)
{
    struct fixture *fixture = *state;

    set_last(fixture, 3);
    let_answer(fixture, 1);
    struct job *told = ask(fixture, LONG_MS, 0); /* and its entry never comes */
    wait_asked(fixture, 1);
    struct job *in_question = ask(fixture, LONG_MS, 0);
    wait_asked(fixture, 2);
    struct job *came = ask(fixture, LONG_MS, 0);
    fresh_close(fixture->fresh);
    job_queue_close(fixture->checks);
    is_back(fixture, came, false);
    is_back(fixture, in_question, false);
    is_back(fixture, told, false);
    is_back(fixture, ask(fixture, LONG_MS, 0), false); /* of a thread that had it in hand */
    assert_null(job_queue_take(fixture->checks));
    fresh_applied(fixture->fresh, 9); /* of a writer that ends later */
    assert_null(job_queue_take(fixture->checks));
}

/* What lacks the defence shows it in the first two. In the others it depends on the threads whether the
 * second question is asked. */
#ifdef COMITY_CONTROL_FRESH_OF_BEFORE
enum { IS_CONTROL = 1 };
#else
enum { IS_CONTROL = 0 };
#endif

int main(void)
{
    const struct CMUnitTest questions[] = {
        cmocka_unit_test_setup_teardown(a_question_is_begun_after_the_query_came, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waits_shares_one_question, set_up, tear_down),
    };
    const struct CMUnitTest waiting[] = {
        cmocka_unit_test_setup_teardown(each_waits_for_its_own_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_applied_in_time_is_not_fresh, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_silent_log_keeps_nobody_longer_than_its_own_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_log_that_does_not_answer_confirms_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_worker_that_is_cut_off_keeps_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waits_at_the_end_goes_back, set_up, tear_down),
    };
    int failed = cmocka_run_group_tests(questions, NULL, NULL);
    if (!IS_CONTROL)
        failed += cmocka_run_group_tests(waiting, NULL, NULL);
    return failed;
}
