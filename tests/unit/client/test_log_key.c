/* Log keys: pinned at first contact; another one only if the history lists it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/error.h"
#include "fake_scene.h"

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

static void pin(struct scene *scene, const uint8_t *key)
{
    struct comity_pin *place = &scene->pins[scene->options.pin_count++];
    memcpy(place->history, scene->group->history, HISTORY_ID_SIZE);
    memcpy(place->log_key, key, KEY_SIZE);
}

static void assert_recorded(struct scene *scene)
{
    struct comity_result result = scene_submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    comity_result_release(&result);
}

static void assert_refused(struct scene *scene)
{
    struct comity_result result = scene_submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    assert_int_equal(result.fault.code, ERR_RECEIPT);
    comity_result_release(&result);
}

/* The last event of this kind; fails where there is none. */
static const struct comity_event *last_event(struct scene *scene, enum comity_event_kind kind)
{
    for (size_t i = scene->event_count; i > 0; i--)
        if (scene->events[i - 1].kind == kind)
            return &scene->events[i - 1];
    fail();
    return NULL;
}

static const uint8_t *key_of(struct scene *scene, const struct comity_event *event)
{
    return scene->log_keys[event - scene->events];
}

static void the_first_key_is_pinned(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    assert_recorded(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY, 0), 1);
    const struct comity_event *event = last_event(scene, COMITY_EVENT_LOG_KEY);
    assert_true(event->is_first);
    assert_memory_equal(key_of(scene, event), scene->group->ledger->log_key.public_key, KEY_SIZE);
}

/* One who has no leave to read, as at redeeming: pinned by the first receipt. */
static void without_leave_to_read_the_first_receipt_pins(void **state)
{
    struct scene *scene = *state;
    scene->options.reader_count = 0;
    scene_start(scene);
    struct comity_result result;
    assert_int_equal(comity_status_wait(scene->client, 0, &result), 0);
    comity_result_release(&result);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY, 0), 0);
    assert_recorded(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY, 0), 1);
    fake_group_restart(scene->group, true);
    assert_refused(scene); /* nobody may tell us of the new key */
}

static void a_pinned_key_is_no_news(void **state)
{
    struct scene *scene = *state;
    pin(scene, scene->group->ledger->log_key.public_key);
    scene_start(scene);
    assert_recorded(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY, 0), 0);
    assert_int_equal(SEEN(scene, queries), 0);
}

static void another_key_that_the_history_lists_is_taken(void **state)
{
    struct scene *scene = *state;
    pin(scene, scene->group->ledger->log_key.public_key);
    fake_group_restart(scene->group, true);
    scene_start(scene);
    assert_recorded(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY, 0), 1);
    const struct comity_event *event = last_event(scene, COMITY_EVENT_LOG_KEY);
    assert_false(event->is_first);
    assert_memory_equal(key_of(scene, event), scene->group->ledger->log_key.public_key, KEY_SIZE);
}

static void another_key_that_the_history_does_not_list_is_refused(void **state)
{
    struct scene *scene = *state;
    pin(scene, scene->group->ledger->log_key.public_key);
    fake_group_restart(scene->group, false);
    scene_start(scene);
    assert_refused(scene);
    assert_refused(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY, 0), 0);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY_REFUSED, 0), 1);
    assert_memory_equal(key_of(scene, last_event(scene, COMITY_EVENT_LOG_KEY_REFUSED)),
                        scene->group->ledger->log_key.public_key, KEY_SIZE);
}

/* A list that knows nothing of the pinned key is the list of some other history. */
static void a_list_without_the_pinned_key_proves_nothing(void **state)
{
    struct scene *scene = *state;
    uint8_t key[KEY_SIZE];
    randombytes_buf(key, sizeof(key));
    pin(scene, key);
    scene_start(scene);
    assert_refused(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY_REFUSED, 0), 1);
}

/* The worker is replaced while we are connected: nothing tells us but the receipt's signature. */
static void a_listed_key_in_mid_connection_is_taken(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    assert_recorded(scene);
    for (int i = 0; i < 3; i++) {
        fake_group_restart(scene->group, true);
        assert_recorded(scene);
        assert_recorded(scene);
    }
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY, 0), 4);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY_REFUSED, 0), 0);
    assert_int_equal(SEEN(scene, duplicates), 0); /* the receipt was kept meanwhile, not asked for again */
}

static void an_unlisted_key_in_mid_connection_is_refused(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    assert_recorded(scene);
    fake_group_restart(scene->group, false);
    assert_refused(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY_REFUSED, 0), 1);
}

/* What was recorded before a restore has a receipt by the key of its time, and the worker's own is another
 * now. */
static void an_earlier_listed_key_is_good_for_an_earlier_receipt(void **state)
{
    struct scene *scene = *state;
    struct comity_draft *draft = scene_ballot(scene);
    struct comity_result result;
    scene_start(scene);
    assert_int_equal(comity_submit_wait(scene->client, draft, 0, &result), 0);
    comity_result_release(&result);
    comity_destroy(&scene->client);
    fake_group_restart(scene->group, true);
    pin(scene, scene->group->ledger->log_key.public_key);
    scene_start(scene);
    assert_int_equal(comity_submit_wait(scene->client, draft, 0, &result), 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    comity_result_release(&result);
    assert_int_equal(SEEN(scene, duplicates), 1);
    assert_int_equal(SEEN(scene, queries), 1);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY_REFUSED, 0), 0);
    comity_draft_destroy(&draft);
}

static void count_recorded(struct comity_result *result, void *context)
{
    *(size_t *) context += result->verdict == COMITY_RECORDED;
}

static void many_receipts_wait_for_one_answer(void **state)
{
    struct scene *scene = *state;
    enum { MANY = 30 };
    size_t count = 0;
    scene_start(scene);
    assert_recorded(scene);
    fake_group_restart(scene->group, true);
    for (int i = 0; i < MANY; i++) {
        struct comity_draft *draft = scene_ballot(scene);
        assert_int_equal(comity_submit(scene->client, draft, 0, count_recorded, &count, NULL), 0);
        comity_draft_destroy(&draft);
    }
    int64_t end_ms = scene_now_ms() + 10000;
    while (count < MANY && scene_now_ms() < end_ms)
        comity_pump(scene->client, 50);
    assert_int_equal(count, MANY);
    assert_int_equal(SEEN(scene, queries), 1);
    assert_int_equal(SEEN(scene, hellos), 2);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(the_first_key_is_pinned),
        ONE(without_leave_to_read_the_first_receipt_pins),
        ONE(a_pinned_key_is_no_news),
        ONE(another_key_that_the_history_lists_is_taken),
        ONE(another_key_that_the_history_does_not_list_is_refused),
        ONE(a_list_without_the_pinned_key_proves_nothing),
        ONE(a_listed_key_in_mid_connection_is_taken),
        ONE(an_unlisted_key_in_mid_connection_is_refused),
        ONE(an_earlier_listed_key_is_good_for_an_earlier_receipt),
        ONE(many_receipts_wait_for_one_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
