/* The signed list of brokers: what comes with WELCOME, signed by a known key of the group, is taken and used;
 * nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>

#include "core/broker_list.h"
#include "core/error.h"
#include "fake_scene.h"

/* Three brokers, of which the client is given one. */
static int set_up(void **state)
{
    struct scene *scene = scene_new(3);
    scene->options.broker_count = 1;
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

static const struct signing_key *own_key(struct scene *scene)
{
    return &scene->group->ledger->log_key;
}

static struct broker_list list_of(struct scene *scene, uint64_t number)
{
    struct broker_list list = {.number = number, .count = 3};
    group_id(scene->group->key.public_key, list.group);
    for (size_t i = 0; i < 3; i++) {
        snprintf(list.brokers[i].site, sizeof(list.brokers[i].site), "site-%zu", i);
        snprintf(list.brokers[i].endpoint, ENDPOINT_MAX, "%s", scene->broker_options[i].endpoint);
        memcpy(list.brokers[i].key, scene->broker_options[i].server_key, KEY_SIZE);
    }
    return list;
}

static void give(struct scene *scene, const struct broker_list *list, const struct signing_key *key)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct bytes packed;
    uint8_t signature[SIGNATURE_SIZE];
    assert_int_equal(broker_list_sign(list, key, arena, &packed, signature), 0);
    fake_lock(scene->group);
    memcpy(scene->group->brokers, packed.data, packed.size);
    scene->group->brokers_size = packed.size;
    memcpy(scene->group->brokers_signature, signature, SIGNATURE_SIZE);
    fake_unlock(scene->group);
    arena_destroy(&arena);
}

static bool are_all_ready(struct scene *scene)
{
    return comity_broker_state(scene->client, 0) == 0 && comity_broker_state(scene->client, 1) == 0 &&
           comity_broker_state(scene->client, 2) == 0;
}

static void assert_not_taken(struct scene *scene)
{
    struct comity_broker_list list;
    scene_start_ready(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_BROKERS, 0), 0);
    assert_int_equal(comity_brokers(scene->client, &list), ERR_NOT_FOUND);
    assert_int_equal(comity_broker_state(scene->client, 1), ERR_NOT_FOUND);
}

static void submit(struct scene *scene)
{
    struct comity_draft *draft = scene_ballot(scene);
    struct comity_result result;
    assert_int_equal(comity_submit_wait(scene->client, draft, 0, &result), 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    comity_result_release(&result);
    comity_draft_destroy(&draft);
}

static void who_knows_one_broker_learns_the_others_and_goes_on_without_it(void **state)
{
    struct scene *scene = *state;
    const struct broker_list list = list_of(scene, 4);
    struct comity_broker_list learnt;
    give(scene, &list, own_key(scene));
    scene_start(scene);
    assert_true(scene_until(scene, are_all_ready));
    assert_int_equal(comity_broker_state(scene->client, 3), ERR_NOT_FOUND); /* what it had is not had twice */
    assert_int_equal(scene_count(scene, COMITY_EVENT_BROKERS, 0), 1);       /* though three have said it */
    assert_int_equal(comity_brokers(scene->client, &learnt), 0);
    assert_int_equal(learnt.number, 4);
    assert_int_equal(learnt.broker_count, 3);
    assert_string_equal(learnt.brokers[2].site, "site-2");
    assert_string_equal(learnt.brokers[2].endpoint, scene->broker_options[2].endpoint);
    assert_memory_equal(learnt.brokers[2].server_key, scene->broker_options[2].server_key, KEY_SIZE);
    submit(scene);
    assert_int_equal(fake_broker_requests(scene->brokers[0]), 1); /* the given one comes first */
    fake_broker_stop(&scene->brokers[0]);
    submit(scene);
}

static void what_is_kept_is_read_again(void **state)
{
    struct scene *scene = *state;
    const struct broker_list list = list_of(scene, 4);
    struct comity_broker_list learnt, read = {.number = 0};
    struct comity_pin pins[2] = {0};
    give(scene, &list, own_key(scene));
    scene_start(scene);
    assert_true(scene_until(scene, are_all_ready));
    assert_int_equal(comity_brokers(scene->client, &learnt), 0);
    memcpy(pins[1].log_key, own_key(scene)->public_key, KEY_SIZE);
    const uint8_t *group_key = scene->group->key.public_key;
#define READ(size, group, count)                                                                             \
    comity_brokers_read(learnt.packed, size, learnt.signature, group, pins, count, &read)
    assert_int_equal(READ(learnt.packed_size, group_key, 1),
                     ERR_SIGNATURE); /* the other pin does not sign it */
    assert_int_equal(READ(learnt.packed_size, group_key, 0), ERR_SIGNATURE);
    assert_int_equal(READ(learnt.packed_size, scene->broker_options[0].server_key, 2), ERR_SIGNATURE);
    assert_int_equal(READ(learnt.packed_size - 1, group_key, 2), ERR_SIGNATURE);
    assert_int_equal(READ(sizeof(learnt.packed) + 1, group_key, 2), ERR_TOO_LARGE);
    assert_int_equal(read.number, 0);
    assert_int_equal(READ(learnt.packed_size, group_key, 2), 0);
    assert_memory_equal(&read, &learnt, sizeof(read));
#undef READ
}

static void a_strangers_list_is_not_taken(void **state)
{
    struct scene *scene = *state;
    const struct broker_list list = list_of(scene, 1);
    struct signing_key stranger;
    uint8_t seed[SEED_SIZE] = {1};
    signing_key_from_seed(seed, &stranger);
    give(scene, &list, &stranger);
    assert_not_taken(scene);
}

/* It is signed by the key that the worker says is its own, and that key is no history's. */
static void a_list_of_a_key_that_no_history_lists_is_not_taken(void **state)
{
    struct scene *scene = *state;
    memcpy(scene->pins[0].history, scene->group->history, HISTORY_ID_SIZE);
    memcpy(scene->pins[0].log_key, own_key(scene)->public_key, KEY_SIZE);
    scene->options.pin_count = 1;
    fake_group_restart(scene->group, false);
    const struct broker_list list = list_of(scene, 1);
    give(scene, &list, own_key(scene));
    assert_not_taken(scene);
}

static void another_groups_list_is_not_taken(void **state)
{
    struct scene *scene = *state;
    struct broker_list list = list_of(scene, 1);
    list.group[0] ^= 1;
    give(scene, &list, own_key(scene));
    assert_not_taken(scene);
}

static void an_altered_list_is_not_taken(void **state)
{
    struct scene *scene = *state;
    const struct broker_list list = list_of(scene, 1);
    give(scene, &list, own_key(scene));
    SCRIPT(scene, brokers[scene->group->brokers_size / 2], 0xee);
    assert_not_taken(scene);
}

static void one_that_is_not_later_is_not_taken(void **state)
{
    struct scene *scene = *state;
    const struct broker_list list = list_of(scene, 4);
    scene->options.broker_list = 4;
    give(scene, &list, own_key(scene));
    assert_not_taken(scene);
}

static bool has_two(struct scene *scene)
{
    return scene_count(scene, COMITY_EVENT_BROKERS, 0) == 2;
}

/* Within a run: it is told with the next WELCOME. What was connected stays so. */
static void a_later_one_takes_its_place(void **state)
{
    struct scene *scene = *state;
    struct broker_list list = list_of(scene, 4);
    struct comity_broker_list learnt;
    give(scene, &list, own_key(scene));
    scene_start(scene);
    assert_true(scene_until(scene, are_all_ready));
    list.number = 3;
    list.count = 1;
    give(scene, &list, own_key(scene));
    assert_int_equal(comity_read(scene->client, scene->group->history, scene->seed),
                     0); /* says HELLO again, everywhere */
    assert_true(scene_until(scene, are_all_ready));
    assert_int_equal(scene_count(scene, COMITY_EVENT_BROKERS, 0), 1);
    list.number = 9;
    give(scene, &list, own_key(scene));
    assert_int_equal(comity_read(scene->client, scene->group->history, scene->seed), 0);
    assert_true(scene_until(scene, has_two));
    assert_true(scene_until(scene, are_all_ready));
    assert_int_equal(comity_brokers(scene->client, &learnt), 0);
    assert_int_equal(learnt.number, 9);
    assert_int_equal(learnt.broker_count, 1);
    submit(scene);
}

static void no_more_than_there_is_room_for(void **state)
{
    struct scene *scene = *state;
    struct broker_list list = list_of(scene, 1);
    for (size_t i = 0; i < BROKER_LIST_MAX; i++) {
        snprintf(list.brokers[i].endpoint, ENDPOINT_MAX, "tcp://127.0.0.1:%zu", i + 1);
        memset(list.brokers[i].key, 5, KEY_SIZE);
    }
    list.count = BROKER_LIST_MAX;
    give(scene, &list, own_key(scene));
    scene_start_ready(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_BROKERS, 0), 1);
    assert_int_not_equal(comity_broker_state(scene->client, COMITY_BROKERS_MAX - 1), ERR_NOT_FOUND);
    assert_int_equal(comity_broker_state(scene->client, COMITY_BROKERS_MAX), ERR_NOT_FOUND);
    submit(scene);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(who_knows_one_broker_learns_the_others_and_goes_on_without_it),
        ONE(what_is_kept_is_read_again),
        ONE(a_strangers_list_is_not_taken),
        ONE(a_list_of_a_key_that_no_history_lists_is_not_taken),
        ONE(another_groups_list_is_not_taken),
        ONE(an_altered_list_is_not_taken),
        ONE(one_that_is_not_later_is_not_taken),
        ONE(a_later_one_takes_its_place),
        ONE(no_more_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
