/* The barrier of FRESH reads: whose question answers whom. The questions are asked by the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "core/bytes.h"
#include "core/error.h"
#include "worker/clock.h"
#include "worker/log/barrier.h"

enum { LONG_MS = 20000, SHORT_MS = 60, READERS = 8 };

/* etcd: answers with the number of questions so far, once it is let. */
struct fake {
    struct barrier barrier;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t asked, answers_to;
    int code;
};

static int fake_ask(void *context, int timeout_ms, uint64_t *ret_number)
{
    struct fake *fake = context;
    (void) timeout_ms;
    pthread_mutex_lock(&fake->mutex);
    uint64_t mine = ++fake->asked;
    pthread_cond_broadcast(&fake->changed);
    while (fake->answers_to < mine)
        pthread_cond_wait(&fake->changed, &fake->mutex);
    *ret_number = 100 + mine;
    int code = fake->code;
    pthread_mutex_unlock(&fake->mutex);
    return code;
}

static void wait_asked(struct fake *fake, uint64_t count)
{
    pthread_mutex_lock(&fake->mutex);
    while (fake->asked < count)
        pthread_cond_wait(&fake->changed, &fake->mutex);
    pthread_mutex_unlock(&fake->mutex);
}

static void let_answer(struct fake *fake, uint64_t up_to)
{
    pthread_mutex_lock(&fake->mutex);
    fake->answers_to = up_to;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->mutex);
}

struct reader {
    struct fake *fake;
    pthread_t thread;
    int code, timeout_ms;
    uint64_t number;
};

static void *reader_run(void *argument)
{
    struct reader *reader = argument;
    reader->code =
        barrier_wait(&reader->fake->barrier, reader->timeout_ms, fake_ask, reader->fake, &reader->number);
    return NULL;
}

static void reader_start(struct fake *fake, struct reader *reader)
{
    *reader = (struct reader){.fake = fake, .timeout_ms = LONG_MS};
    assert_int_equal(pthread_create(&reader->thread, NULL, reader_run, reader), 0);
}

/* Until @count readers have come in all: what a reader does first is to take its moment. */
static void wait_came(struct fake *fake, uint64_t moment)
{
    uint64_t is = 0;
    while (is < moment) {
        pthread_mutex_lock(&fake->barrier.mutex);
        is = fake->barrier.moment;
        pthread_mutex_unlock(&fake->barrier.mutex);
    }
}

static int set_up(void **state)
{
    static struct fake fake;
    fake = (struct fake){.asked = 0};
    pthread_mutex_init(&fake.mutex, NULL);
    pthread_cond_init(&fake.changed, NULL);
    barrier_init(&fake.barrier);
    *state = &fake;
    return 0;
}

static int tear_down(void **state)
{
    struct fake *fake = *state;
    barrier_release(&fake->barrier);
    pthread_cond_destroy(&fake->changed);
    pthread_mutex_destroy(&fake->mutex);
    return 0;
}

/* Those who come while a question is under way share the next one; it answers none of them. */
static void a_question_answers_who_came_before_it(void **state)
{
    struct fake *fake = *state;
    struct reader first, later[READERS];
    reader_start(fake, &first);
    wait_asked(fake, 1);
    for (size_t i = 0; i < READERS; i++)
        reader_start(fake, &later[i]);
    wait_came(fake, 2 + READERS); /* each of them, and the question */
    let_answer(fake, 1);
    pthread_join(first.thread, NULL);
    assert_int_equal(first.code, 0);
    assert_int_equal(first.number, 101);
    wait_asked(fake, 2);
    let_answer(fake, 10);
    for (size_t i = 0; i < READERS; i++) {
        pthread_join(later[i].thread, NULL);
        assert_int_equal(later[i].code, 0);
        assert_int_equal(later[i].number, 102);
    }
    assert_int_equal(fake->asked, 2);
}

static void so_does_an_append_that_was_sent_after_it_came(void **state)
{
    struct fake *fake = *state;
    struct reader first, second;
    uint64_t before = barrier_begin(&fake->barrier);
    reader_start(fake, &first);
    wait_asked(fake, 1);
    uint64_t after = barrier_begin(&fake->barrier);
    reader_start(fake, &second);
    wait_came(fake, 5);
    barrier_settle(&fake->barrier, after, 500);
    let_answer(fake, 1);
    pthread_join(first.thread, NULL);
    assert_int_equal(first.number, 500);
    /* Not one that was sent before, however late it was confirmed: others may have led since. */
    barrier_settle(&fake->barrier, before, 499);
    wait_asked(fake, 2);
    let_answer(fake, 2);
    pthread_join(second.thread, NULL);
    assert_int_equal(second.code, 0);
    assert_int_equal(fake->asked, 2);
}

static void without_an_answer_it_says_so(void **state)
{
    struct fake *fake = *state;
    uint64_t number = 7;
    fake->code = ERR_BUSY;
    let_answer(fake, 1000000);
    int64_t began_ms = clock_steady_ms();
    assert_int_equal(barrier_wait(&fake->barrier, SHORT_MS * 3, fake_ask, fake, &number), ERR_BUSY);
    assert_true(clock_steady_ms() - began_ms >= SHORT_MS * 3);
    assert_int_equal(number, 7);
    assert_true(fake->asked <= 4); /* not as fast as it fails */
    assert_int_equal(barrier_wait(&fake->barrier, 0, fake_ask, fake, &number), ERR_BUSY);
    fake->code = 0;
    assert_int_equal(barrier_wait(&fake->barrier, LONG_MS, fake_ask, fake, &number), 0);
}

static void nobody_waits_once_it_is_closed(void **state)
{
    struct fake *fake = *state;
    struct reader asks, waits;
    uint64_t number;
    reader_start(fake, &asks);
    wait_asked(fake, 1);
    reader_start(fake, &waits);
    wait_came(fake, 3);
    barrier_close(&fake->barrier);
    pthread_join(waits.thread, NULL);
    assert_int_equal(waits.code, ERR_BUSY);
    let_answer(fake, 1);
    pthread_join(asks.thread, NULL);
    assert_int_equal(barrier_wait(&fake->barrier, LONG_MS, fake_ask, fake, &number), ERR_BUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_question_answers_who_came_before_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(so_does_an_append_that_was_sent_after_it_came, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_an_answer_it_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_waits_once_it_is_closed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
