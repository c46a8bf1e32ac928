/* Several brokers: the first that is given is used while it can be, the others in its place, and it again
 * once it is back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "fake_scene.h"

static int set_up(void **state)
{
    *state = scene_new(3);
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

static bool are_all_ready(struct scene *scene)
{
    return comity_broker_state(scene->client, 0) == 0 && comity_broker_state(scene->client, 1) == 0 &&
           comity_broker_state(scene->client, 2) == 0;
}

static bool is_first_ready(struct scene *scene)
{
    return comity_broker_state(scene->client, 0) == 0;
}

static void submit(struct scene *scene, unsigned attempts)
{
    struct comity_draft *draft = scene_ballot(scene);
    struct comity_result result;
    assert_int_equal(comity_submit_wait(scene->client, draft, 0, &result), 0);
    if (attempts != 0)
        assert_int_equal(result.attempts, attempts);
    comity_result_release(&result);
    comity_draft_destroy(&draft);
}

static void expect(struct scene *scene, unsigned first, unsigned second, unsigned third)
{
    assert_int_equal(fake_broker_requests(scene->brokers[0]), first);
    assert_int_equal(fake_broker_requests(scene->brokers[1]), second);
    assert_int_equal(fake_broker_requests(scene->brokers[2]), third);
}

static void the_first_that_is_given_is_used(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    assert_true(scene_until(scene, are_all_ready));
    for (int i = 0; i < 4; i++)
        submit(scene, 1);
    expect(scene, 4, 0, 0);
}

static void it_is_used_again_once_it_is_back(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    assert_true(scene_until(scene, are_all_ready));
    struct connection_key key = *fake_broker_key(scene->brokers[0]);
    int port = fake_broker_port(scene->brokers[0]);
    fake_broker_stop(&scene->brokers[0]);
    submit(scene, 0);
    submit(scene, 1);
    assert_int_equal(fake_broker_requests(scene->brokers[1]), 2);
    assert_int_equal(fake_broker_requests(scene->brokers[2]), 0);
    scene->brokers[0] = fake_broker_start(scene->group, FAKE_ADMITS_ALL, port, &key);
    assert_true(scene_until(scene, is_first_ready));
    submit(scene, 1);
    expect(scene, 1, 2, 0);
    assert_int_equal(SEEN(scene, command_count), 3);
}

/* A broker that is there, and behind which nobody answers: not each request has to find that out. */
static void one_where_a_try_failed_comes_last_until_it_answers(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    assert_true(scene_until(scene, are_all_ready));
    SCRIPT(scene, script.drop_requests, 1);
    submit(scene, 2);
    expect(scene, 1, 1, 0);
    submit(scene, 1);
    submit(scene, 1);
    expect(scene, 1, 3, 0);
    SCRIPT(scene, script.drop_requests, 2);
    submit(scene, 3); /* the second fails too, then the third; and the first is tried when its turn comes */
    expect(scene, 2, 4, 1);
}

/* All of them are in doubt: the first is as good as any. */
static void with_all_in_doubt_the_first_is_tried(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    assert_true(scene_until(scene, are_all_ready));
    SCRIPT(scene, script.drop_requests, 3);
    submit(scene, 4);
    expect(scene, 2, 1, 1);
    submit(scene, 1); /* it has answered: nothing speaks against it any more */
    expect(scene, 3, 1, 1);
}

static enum comity_verdict verdict;

static void keep_verdict(struct comity_result *result, void *context)
{
    (void) context;
    verdict = result->verdict;
}

static bool has_ended(struct scene *scene)
{
    (void) scene;
    return verdict != 0;
}

static bool are_all_asked(struct scene *scene)
{
    return SEEN(scene, checkpoints) == 3;
}

static bool was_dropped(struct scene *scene)
{
    return SEEN(scene, script.drop_checkpoints) == 0;
}

/* What a receipt rests on is asked of the broker that it came by. When that one is gone before it answers,
 * another one is asked for all of it, at once. */
static void a_proof_is_asked_of_another_one(void **state)
{
    struct scene *scene = *state;
    scene_keep_journal(scene);
    scene->options.attempt_ms = SCENE_DEADLINE_MS;
    scene_start_ready(scene);
    assert_true(scene_until(scene, are_all_asked)); /* by WELCOME */
    submit(scene, 1);
    SCRIPT(scene, script.drop_checkpoints, 1);
    struct comity_draft *draft = scene_ballot(scene);
    verdict = 0;
    assert_int_equal(comity_submit(scene->client, draft, 0, keep_verdict, NULL, NULL), 0);
    assert_true(scene_until(scene, was_dropped));
    fake_broker_stop(&scene->brokers[0]);
    assert_true(scene_until(scene, has_ended));
    assert_int_equal(verdict, COMITY_RECORDED);
    comity_draft_destroy(&draft);
}

int main(void)
{
#define THREE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        THREE(the_first_that_is_given_is_used),
        THREE(it_is_used_again_once_it_is_back),
        THREE(one_where_a_try_failed_comes_last_until_it_answers),
        THREE(with_all_in_doubt_the_first_is_tried),
        THREE(a_proof_is_asked_of_another_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
