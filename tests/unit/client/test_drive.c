/* The three ways to drive a client: blocking (every other test), an event loop over comity_fd, a thread of
 * its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>

#include "core/error.h"
#include "fake_scene.h"

enum { THREADS = 6, EACH = 20 };

static int set_up(void **state)
{
    *state = scene_new(1);
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

struct tally {
    pthread_mutex_t lock;
    size_t recorded, ended;
};

/* It outlives a test that fails: what that test had begun ends with its client, in tear_down. */
static struct tally *tally_begin(void)
{
    static struct tally tally;
    tally = (struct tally){.lock = PTHREAD_MUTEX_INITIALIZER};
    return &tally;
}

static void count(struct comity_result *result, void *context)
{
    struct tally *tally = context;
    pthread_mutex_lock(&tally->lock);
    tally->recorded += result->verdict == COMITY_RECORDED;
    tally->ended++;
    pthread_mutex_unlock(&tally->lock);
}

static size_t ended(struct tally *tally)
{
    pthread_mutex_lock(&tally->lock);
    size_t count = tally->ended;
    pthread_mutex_unlock(&tally->lock);
    return count;
}

static void submit(struct scene *scene, struct tally *tally)
{
    struct comity_draft *draft = scene_ballot(scene);
    assert_int_equal(comity_submit(scene->client, draft, 0, count, tally, NULL), 0);
    comity_draft_destroy(&draft);
}

/* Nothing but the descriptor says when to pump: no edge may be lost, no timer forgotten. */
static void an_event_loop_needs_only_the_descriptor(void **state)
{
    struct scene *scene = *state;
    struct tally *tally = tally_begin();
    size_t begun = 0, turns = 0;
    SCRIPT(scene, script.drop_requests, 5);
    SCRIPT(scene, script.hint_requests, 5);
    SCRIPT(scene, script.hint_code, ERR_BUSY);
    scene_start(scene);
    while (tally->ended < 60) {
        while (begun < 60 && begun < tally->ended + 16) {
            submit(scene, tally);
            begun++;
        }
        struct pollfd descriptor = {.fd = comity_fd(scene->client), .events = POLLIN};
        assert_int_equal(poll(&descriptor, 1, 10000), 1);
        assert_int_equal(comity_pump(scene->client, 0), 0);
        turns++;
    }
    assert_int_equal(tally->recorded, 60);
    assert_true(turns < 5000); /* it sleeps in between */
}

/* A client with nothing to do does not keep its loop busy. */
static void an_idle_client_sleeps(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    scene_start(scene);
    assert_int_equal(comity_status_wait(scene->client, 0, &result), 0);
    comity_result_release(&result);
    size_t turns = 0;
    int64_t end_ms = scene_now_ms() + 2500;
    for (int64_t left = 2500; left > 0; left = end_ms - scene_now_ms()) {
        struct pollfd descriptor = {.fd = comity_fd(scene->client), .events = POLLIN};
        if (poll(&descriptor, 1, (int) left) == 1) {
            assert_int_equal(comity_pump(scene->client, 0), 0);
            turns++;
        }
    }
    assert_in_range(turns, 2, 20); /* heartbeats and their answers */
}

/* What is begun between two turns makes the descriptor readable at once, not with the next heartbeat. */
static void a_new_request_wakes_the_loop(void **state)
{
    struct scene *scene = *state;
    struct tally *tally = tally_begin();
    struct comity_result result;
    scene_start(scene);
    assert_int_equal(comity_status_wait(scene->client, 0, &result), 0);
    comity_result_release(&result);
    struct pollfd descriptor = {.fd = comity_fd(scene->client), .events = POLLIN};
    while (poll(&descriptor, 1, 0) == 1)
        assert_int_equal(comity_pump(scene->client, 0), 0);
    submit(scene, tally);
    assert_int_equal(poll(&descriptor, 1, 0), 1);
    assert_int_equal(comity_pump(scene->client, 0), 0);
    while (ended(tally) == 0)
        assert_int_equal(comity_pump(scene->client, 1000), 0);
    assert_int_equal(tally->recorded, 1);
}

struct user {
    struct scene *scene;
    size_t recorded, answered;
};

static void *use(void *context)
{
    struct user *user = context;
    for (int i = 0; i < EACH; i++) {
        struct comity_result result;
        struct comity_draft *draft = scene_ballot(user->scene);
        comity_submit_wait(user->scene->client, draft, 0, &result);
        user->recorded += result.verdict == COMITY_RECORDED;
        comity_result_release(&result);
        comity_status_wait(user->scene->client, 0, &result);
        user->answered += result.verdict == COMITY_ANSWERED;
        comity_result_release(&result);
        comity_draft_destroy(&draft);
    }
    return NULL;
}

static void many_threads_share_a_client_that_has_its_own(void **state)
{
    struct scene *scene = *state;
    pthread_t threads[THREADS];
    struct user users[THREADS];
    SCRIPT(scene, script.drop_replies, 2);
    scene_start(scene);
    assert_int_equal(comity_start(scene->client), 0);
    assert_int_equal(comity_start(scene->client), ERR_STATE);
    assert_int_equal(comity_pump(scene->client, 0), ERR_STATE);
    for (size_t i = 0; i < THREADS; i++) {
        users[i] = (struct user){.scene = scene};
        assert_int_equal(pthread_create(&threads[i], NULL, use, &users[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) /* all, before anything is judged: what fails takes the client away under them */
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(users[i].recorded, EACH);
        assert_int_equal(users[i].answered, EACH);
    }
    assert_int_equal(SEEN(scene, command_count), THREADS * EACH);
}

struct inside {
    struct scene *scene;
    struct tally *tally;
    int code;
};

static void wait_inside(struct comity_result *result, void *context)
{
    struct inside *inside = context;
    struct comity_result inner;
    (void) result;
    inside->code = comity_status_wait(inside->scene->client, 0, &inner);
    submit(inside->scene, inside->tally);
}

static void its_callbacks_may_submit_but_not_wait(void **state)
{
    struct scene *scene = *state;
    struct tally *tally = tally_begin();
    static struct inside inside;
    inside = (struct inside){scene, tally, 0};
    scene_start(scene);
    assert_int_equal(comity_start(scene->client), 0);
    struct comity_draft *draft = scene_ballot(scene);
    assert_int_equal(comity_submit(scene->client, draft, 0, wait_inside, &inside, NULL), 0);
    comity_draft_destroy(&draft);
    int64_t end_ms = scene_now_ms() + 10000;
    struct comity_result result;
    while (ended(tally) < 1 && scene_now_ms() < end_ms) {
        comity_status_wait(scene->client, 0, &result);
        comity_result_release(&result);
    }
    assert_int_equal(ended(tally), 1);
    comity_destroy(&scene->client);
    assert_int_equal(inside.code, ERR_STATE);
}

/* Destroyed in the middle of things: every callback is called, once. */
static void it_may_be_destroyed_at_any_moment(void **state)
{
    struct scene *scene = *state;
    for (int round = 0; round < 12; round++) {
        struct tally *tally = tally_begin();
        scene_start(scene);
        if (round % 2 == 0)
            assert_int_equal(comity_start(scene->client), 0);
        for (int i = 0; i < 30; i++)
            submit(scene, tally);
        while (round % 2 == 0 && ended(tally) < (size_t) round)
            continue;
        comity_destroy(&scene->client);
        assert_int_equal(tally->ended, 30);
    }
    comity_destroy(&scene->client);
    comity_destroy(NULL);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(an_event_loop_needs_only_the_descriptor),
        ONE(an_idle_client_sleeps),
        ONE(a_new_request_wakes_the_loop),
        ONE(many_threads_share_a_client_that_has_its_own),
        ONE(its_callbacks_may_submit_but_not_wait),
        ONE(it_may_be_destroyed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
