/* A witness's client: cosignatures are given until they are taken, and nothing is asked that a witness may not ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "fake_scene.h"

static int set_up(void **state)
{
    struct scene *scene = scene_new(1);
    scene->options.poll_ms = 50;
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

static int cosign(struct scene *scene, struct comity_result *ret_result)
{
    static uint8_t key[KEY_SIZE] = {7}, signature[SIGNATURE_SIZE] = {8};
    Comity__V1__Cosignature cosignature = COMITY__V1__COSIGNATURE__INIT;
    cosignature.key = (ProtobufCBinaryData){sizeof(key), key};
    cosignature.epoch = 1;
    cosignature.size = 12;
    cosignature.time_s = 1800000000;
    cosignature.signature = (ProtobufCBinaryData){sizeof(signature), signature};
    return comity_cosign_wait(scene->client, scene->group->history, &cosignature, 0, ret_result);
}

static void it_is_given_until_it_is_taken(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    SCRIPT(scene, is_of_witness, true);
    SCRIPT(scene, script.drop_replies, 2);
    scene_start(scene);
    assert_int_equal(cosign(scene, &result), 0);
    assert_int_equal(result.verdict, COMITY_ANSWERED);
    assert_int_equal(result.sequence, 12);
    assert_int_equal(result.attempts, 3);
    assert_int_equal(SEEN(scene, cosigns), 3);
    assert_int_equal(SEEN(scene, cosigned[0]), 7);
    comity_result_release(&result);
}

static void a_refusal_is_told(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    SCRIPT(scene, script.refuse_code, ERR_STALE);
    SCRIPT(scene, script.refuse_requests, 1);
    scene_start(scene);
    assert_int_equal(cosign(scene, &result), ERR_STALE);
    assert_int_equal(result.verdict, COMITY_REFUSED);
    assert_int_equal(result.fault.latest, 41);
    assert_int_equal(SEEN(scene, cosigns), 0);
    comity_result_release(&result);
}

static void ignore(const uint8_t *history, uint64_t sequence, void *context)
{
    (void) history, (void) sequence, (void) context;
}

static bool has_subscribed_often(struct scene *scene)
{
    return SEEN(scene, subscribes) >= 5;
}

/* A subscription is said again with each poll; the poll itself is a member's. */
static void polls_of(struct scene *scene, bool is_of_witness, unsigned *ret_queries)
{
    SCRIPT(scene, is_of_witness, is_of_witness);
    scene_start_ready(scene);
    assert_int_equal(comity_subscribe(scene->client, scene->group->history, 0, ignore, NULL), 0);
    assert_true(scene_until(scene, has_subscribed_often));
    *ret_queries = SEEN(scene, queries);
}

static void a_witness_does_not_poll(void **state)
{
    unsigned queries;
    polls_of(*state, true, &queries);
    assert_int_equal(queries, 0);
}

static void a_member_does(void **state)
{
    unsigned queries;
    polls_of(*state, false, &queries);
    assert_true(queries > 0);
}

static bool is_key_refused(struct scene *scene)
{
    return scene_count(scene, COMITY_EVENT_LOG_KEY_REFUSED, 0) > 0;
}

/* It may not ask the history which keys it lists: another key than the pinned one is told, and left to its operator. */
static void another_log_key_is_told_without_asking(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, is_of_witness, true);
    memset(scene->pins[0].log_key, 9, KEY_SIZE);
    memcpy(scene->pins[0].history, scene->group->history, HISTORY_ID_SIZE);
    scene->options.pins = scene->pins;
    scene->options.pin_count = 1;
    scene_start(scene);
    assert_true(scene_until(scene, is_key_refused));
    assert_int_equal(SEEN(scene, queries), 0);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(it_is_given_until_it_is_taken), ONE(a_refusal_is_told),
        ONE(a_witness_does_not_poll),       ONE(a_member_does),
        ONE(another_log_key_is_told_without_asking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
