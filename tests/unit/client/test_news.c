/* News: subscriptions at every broker and on every connection; polling where no news comes; news that lies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/error.h"
#include "fake_scene.h"

static uint64_t told[64];
static size_t told_count;

static void note(const uint8_t history[COMITY_HISTORY_SIZE], uint64_t sequence, void *context)
{
    struct scene *scene = context;
    assert_memory_equal(history, scene->group->history, COMITY_HISTORY_SIZE);
    if (told_count < ARRAY_COUNT(told))
        told[told_count++] = sequence;
}

static int begin(void **state, size_t brokers)
{
    struct scene *scene = scene_new(brokers);
    *state = scene;
    told_count = 0;
    scene->options.poll_ms = 1000000; /* not by itself, where a test does not ask for it */
    SCRIPT(scene, as_of, 10);
    return 0;
}

static int set_up(void **state)
{
    return begin(state, 1);
}

static int set_up_two(void **state)
{
    return begin(state, 2);
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

static bool is_subscribed(struct scene *scene)
{
    return SEEN(scene, subscribes) >= scene->broker_count && SEEN(scene, queries) > 0;
}

static bool is_told(struct scene *scene)
{
    (void) scene;
    return told_count > 0;
}

static bool is_told_twice(struct scene *scene)
{
    (void) scene;
    return told_count > 1;
}

static void start(struct scene *scene, uint64_t from)
{
    scene_start(scene);
    assert_int_equal(comity_subscribe(scene->client, scene->group->history, from, note, scene), 0);
    assert_true(scene_until(scene, is_subscribed));
    /* The answer to the first poll may still be on its way: a question of our own comes after it. */
    struct comity_result result;
    assert_int_equal(comity_status_wait(scene->client, 0, &result), 0);
    comity_result_release(&result);
}

static void an_advance_is_told_once(void **state)
{
    struct scene *scene = *state;
    start(scene, 10);
    assert_int_equal(told_count, 0); /* 10 was seen already */
    fake_broker_news(scene->brokers[0], 11);
    assert_true(scene_until(scene, is_told));
    assert_int_equal(told[0], 11);
    fake_broker_news(scene->brokers[0], 11);
    struct comity_result result;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(comity_status_wait(scene->client, 0, &result), 0);
        comity_result_release(&result);
    }
    fake_broker_news(scene->brokers[0], 12);
    assert_true(scene_until(scene, is_told_twice));
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1], 12);
}

static void what_was_reached_before_is_told_at_once(void **state)
{
    struct scene *scene = *state;
    start(scene, 3);
    assert_true(scene_until(scene, is_told));
    assert_int_equal(told[0], 10);
}

/* A restore takes the record back: the subscription finds out by itself, and goes by the new numbers. */
static void a_restore_is_told(void **state)
{
    struct scene *scene = *state;
    scene->options.poll_ms = 50;
    start(scene, 10);
    assert_int_equal(told_count, 0);
    SCRIPT(scene, as_of, 6);
    SCRIPT(scene, ledger->epoch, 1790000000);
    assert_true(scene_until(scene, is_told));
    assert_int_equal(told[0], 6);
    assert_int_equal(comity_epoch(scene->client, scene->group->history), 1790000000);
    bool has_heard = false;
    for (size_t i = 0; i < scene->event_count; i++)
        has_heard = has_heard || (scene->events[i].kind == COMITY_EVENT_IN_TOUCH &&
                                  scene->events[i].sequence == 6 && scene->events[i].epoch == 1790000000);
    assert_true(has_heard);
    SCRIPT(scene, as_of, 7);
    assert_true(scene_until(scene, is_told_twice));
    assert_int_equal(told[1], 7);
}

static void two_brokers_tell_once(void **state)
{
    struct scene *scene = *state;
    start(scene, 10);
    fake_broker_news(scene->brokers[0], 11);
    fake_broker_news(scene->brokers[1], 11);
    assert_true(scene_until(scene, is_told));
    struct comity_result result;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(comity_status_wait(scene->client, 0, &result), 0);
        comity_result_release(&result);
    }
    assert_int_equal(told_count, 1);
}

/* A broker that names a number out of the air must not silence the true ones that follow, and not raise the
 * floor. */
static void false_news_harms_nothing(void **state)
{
    struct scene *scene = *state;
    start(scene, 10);
    fake_broker_news(scene->brokers[0], UINT64_MAX);
    assert_true(scene_until(scene, is_told));
    assert_true(comity_seen(scene->client, scene->group->history) <= 10);
    fake_broker_news(scene->brokers[0], 11);
    assert_true(scene_until(scene, is_told_twice));
    assert_int_equal(told[1], 11);
}

static void without_news_it_asks_by_itself(void **state)
{
    struct scene *scene = *state;
    scene->options.poll_ms = 100;
    start(scene, 10);
    SCRIPT(scene, as_of, 15);
    assert_true(scene_until(scene, is_told));
    assert_int_equal(told[0], 15);
    SCRIPT(scene, as_of, 16);
    assert_true(scene_until(scene, is_told_twice));
    assert_int_equal(told[1], 16);
    assert_true(SEEN(scene, subscribes) >= 2); /* a broker may not have had room for the first */
}

static bool has_subscribed_twice(struct scene *scene)
{
    return SEEN(scene, subscribes) >= 2;
}

static void a_new_connection_subscribes_anew(void **state)
{
    struct scene *scene = *state;
    struct connection_key key = *fake_broker_key(scene->brokers[0]);
    int port = fake_broker_port(scene->brokers[0]);
    char endpoint[64];
    snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%d", port);
    scene->broker_options[0].endpoint = endpoint;
    start(scene, 10);
    fake_broker_stop(&scene->brokers[0]);
    SCRIPT(scene, as_of, 12); /* goes by unseen */
    scene->brokers[0] = fake_broker_start(scene->group, FAKE_ADMITS_ALL, port, &key);
    assert_true(scene_until(scene, has_subscribed_twice));
    assert_true(scene_until(scene, is_told));
    assert_int_equal(told[0], 12);
    fake_broker_news(scene->brokers[0], 13);
    assert_true(scene_until(scene, is_told_twice));
    assert_int_equal(told[1], 13);
}

static bool has_unsubscribed(struct scene *scene)
{
    return SEEN(scene, unsubscribes) > 0;
}

static void it_can_be_ended(void **state)
{
    struct scene *scene = *state;
    start(scene, 10);
    comity_unsubscribe(scene->client, scene->group->history);
    assert_true(scene_until(scene, has_unsubscribed));
    fake_broker_news(scene->brokers[0], 20); /* which the fake sends all the same */
    struct comity_result result;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(comity_status_wait(scene->client, 0, &result), 0);
        comity_result_release(&result);
    }
    assert_int_equal(told_count, 0);
    uint8_t other[COMITY_HISTORY_SIZE] = {0};
    comity_unsubscribe(scene->client, other);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define TWO(test) cmocka_unit_test_setup_teardown(test, set_up_two, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(an_advance_is_told_once),
        ONE(a_restore_is_told),
        ONE(what_was_reached_before_is_told_at_once),
        TWO(two_brokers_tell_once),
        ONE(false_news_harms_nothing),
        ONE(without_news_it_asks_by_itself),
        ONE(a_new_connection_subscribes_anew),
        ONE(it_can_be_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
