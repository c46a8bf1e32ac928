/* A worker that is behind is no fork: what was seen is what it lacks, and it does not say that it has all. It
 * is sent nothing and believed in nothing until it has caught up; a liar who says so for ever withholds, and
 * no more. Whoever says that it is fresh is held to it: test_heads.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "fake_scene.h"

enum { EVENTS = 40, SHORT_MS = 1500, SECOND = 1790000000 };

static int set_up(void **state)
{
    *state = scene_new_pinned(EVENTS);
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

static struct comity_result query(struct scene *scene, int64_t deadline_ms)
{
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query wanted = COMITY__V1__QUERY__INIT;
    struct comity_result result;
    events.from = 1;
    wanted.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
    wanted.fresh = true;
    wanted.events = &events;
    comity_query_wait(scene->client, scene->group->history, &wanted, deadline_ms, &result);
    return result;
}

static void expect(struct comity_result result, enum comity_verdict verdict, int code)
{
    assert_int_equal(result.verdict, verdict);
    assert_int_equal(result.fault.code, code);
    comity_result_release(&result);
}

static uint64_t kept(struct scene *scene)
{
    struct comity_checkpoint checkpoint = {0};
    int code = comity_checkpoint_kept(scene->journal, scene->group->history, scene->pins, 1, &checkpoint);
    assert_true(code == 0 || code == ERR_NOT_FOUND);
    return checkpoint.size;
}

/* A client has verified the record as it is, and is gone; the next worker has less. */
static void verify_and_lag(struct scene *scene, uint64_t at)
{
    scene_start_ready(scene);
    expect(query(scene, 0), COMITY_ANSWERED, 0);
    comity_destroy(&scene->client);
    assert_int_equal(kept(scene), EVENTS);
    scene_ledger(scene, ledger_cut, at);
    SCRIPT(scene, script.is_not_fresh, true);
}

static bool is_behind(struct scene *scene)
{
    return scene_count(scene, COMITY_EVENT_RETRYING, ERR_BEHIND) >= 3;
}

static void a_late_worker_is_not_forked_and_catches_up(void **state)
{
    struct scene *scene = *state;
    verify_and_lag(scene, EVENTS - 3);
    unsigned queries = SEEN(scene, queries);
    scene_start(scene);
    assert_true(scene_until(scene, is_behind));
    expect(query(scene, SHORT_MS), COMITY_NOT_SENT, ERR_BEHIND);
    assert_int_equal(comity_belief(scene->client, scene->group->history), ERR_BEHIND);
    assert_int_equal(SEEN(scene, queries), queries);
    assert_int_equal(kept(scene), EVENTS);
    scene_ledger(scene, ledger_cut, EVENTS); /* it has what it lacked */
    struct comity_result result = query(scene, 0);
    assert_int_equal(result.verdict, COMITY_ANSWERED);
    assert_false(comity_answer_body(result.answer)->is_fresh); /* and the others do not answer it still */
    comity_result_release(&result);
    SCRIPT(scene, script.is_not_fresh, false);
    result = query(scene, 0);
    assert_true(comity_answer_body(result.answer)->is_fresh);
    comity_result_release(&result);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    assert_int_equal(SEEN(scene, not_asked_fresh), 0);
}

/* The group that a history is being moved away from, where more was seen at the new one. */
static void who_lets_a_history_go_says_so(void **state)
{
    struct scene *scene = *state;
    verify_and_lag(scene, EVENTS - 3);
    SCRIPT(scene, script.is_moving, true);
    scene_start(scene);
    expect(query(scene, SHORT_MS), COMITY_NOT_SENT, ERR_MOVING);
    assert_int_equal(comity_belief(scene->client, scene->group->history), ERR_MOVING);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    scene_ledger(scene, ledger_cut, EVENTS); /* taken back: it goes on where it was */
    expect(query(scene, 0), COMITY_ANSWERED, 0);
}

/* One of before there were logs of several sites: it has all that there is, and what it lacks is a fork. */
static void a_worker_that_does_not_know_of_others_is_fresh(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.knows_no_fresh, true);
    scene_start_ready(scene);
    for (int i = 0; i < 2; i++) {
        struct comity_result result = query(scene, 0);
        assert_int_equal(result.verdict, COMITY_ANSWERED);
        assert_true(comity_answer_body(result.answer)->is_fresh);
        comity_result_release(&result);
    }
    assert_int_equal(SEEN(scene, queries),
                     2); /* the refusal was of the first question, which was of no user's */
    assert_int_equal(kept(scene), EVENTS);
    comity_destroy(&scene->client);
    scene_ledger(scene, ledger_cut, EVENTS - 3);
    scene_start(scene);
    expect(query(scene, 0), COMITY_NOT_SENT, ERR_FORKED);
}

/* One that gives a checkpoint of less instead. */
static void a_checkpoint_of_less_by_who_is_not_fresh_is_no_fork(void **state)
{
    struct scene *scene = *state;
    verify_and_lag(scene, EVENTS - 3);
    SCRIPT(scene, script.shows_less, true);
    scene_start(scene);
    assert_true(scene_until(scene, is_behind));
    expect(query(scene, SHORT_MS), COMITY_NOT_SENT, ERR_BEHIND);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    SCRIPT(scene, script.is_not_fresh, false); /* the control: the same, and it says that it has all */
    expect(query(scene, 0), COMITY_NOT_SENT, ERR_FORKED);
    assert_int_equal(kept(scene), EVENTS);
}

/* To be late explains having less, and nothing else. */
static void a_fork_by_who_is_not_fresh_is_a_fork(void **state)
{
    struct scene *scene = *state;
    verify_and_lag(scene, EVENTS);
    scene_ledger(scene, ledger_fork, EVENTS);
    scene_start(scene);
    expect(query(scene, 0), COMITY_NOT_SENT, ERR_FORKED);
    comity_destroy(&scene->client);
    scene_ledger(scene, ledger_grow, 5);
    scene->event_count = 0;
    scene_start(scene);
    expect(query(scene, 0), COMITY_NOT_SENT, ERR_FORKED);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 1);
}

/* The store of before a restore, at a site that is cut off from those where it was restored. */
static void a_late_worker_of_an_earlier_epoch_is_no_fork(void **state)
{
    struct scene *scene = *state;
    fake_lock(scene->group);
    scene->group->ledger->epoch = SECOND;
    fake_unlock(scene->group);
    verify_and_lag(scene, EVENTS);
    fake_lock(scene->group);
    scene->group->ledger->epoch = 1;
    fake_unlock(scene->group);
    scene_start(scene);
    assert_true(scene_until(scene, is_behind));
    expect(query(scene, SHORT_MS), COMITY_NOT_SENT, ERR_BEHIND);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    SCRIPT(scene, script.is_not_fresh, false); /* the control */
    expect(query(scene, 0), COMITY_NOT_SENT, ERR_FORKED);
}

/* Another broker leads to a worker that is not behind: it is asked at once. */
static void another_broker_is_asked_meanwhile(void **state)
{
    struct scene *scene = *state;
    struct fake_broker *other = fake_broker_start(scene->group, FAKE_ADMITS_ALL, 0, NULL);
    struct comity_broker brokers[2] = {scene->broker_options[0], fake_broker_options(other)};
    verify_and_lag(scene, EVENTS);
    scene->options.brokers = brokers;
    scene->options.broker_count = 2;
    SCRIPT(scene, script.behind_checkpoints, 1);
    scene_start(scene);
    expect(query(scene, 0), COMITY_ANSWERED, 0);
    assert_int_equal(scene_count(scene, COMITY_EVENT_RETRYING, ERR_BEHIND), 1);
    comity_destroy(&scene->client);
    fake_broker_stop(&other);
}

/* The leader gave the receipt; who is asked for its proof is late. */
static void a_receipt_waits_for_who_is_late(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    SCRIPT(scene, script.behind_checkpoints, 3);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
    assert_int_equal(scene_count(scene, COMITY_EVENT_RETRYING, ERR_BEHIND), 3);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    assert_int_equal(kept(scene), SEEN(scene, ledger->head));
}

/* A page is there, and whoever is asked for the proof of it says that it is behind, up to the deadline: that is what is told. */
static void a_page_that_is_not_proved_is_told_to_be_of_who_is_behind(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    scene_ledger(scene, ledger_grow, 5);
    SCRIPT(scene, script.behind_checkpoints, 1000);
    expect(query(scene, SHORT_MS), COMITY_UNKNOWN, ERR_BEHIND);
    assert_int_equal(kept(scene), EVENTS);
    SCRIPT(scene, script.behind_checkpoints, 0); /* the control */
    expect(query(scene, 0), COMITY_ANSWERED, 0);
    assert_int_equal(kept(scene), EVENTS + 5);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(a_late_worker_is_not_forked_and_catches_up),
        ONE(who_lets_a_history_go_says_so),
        ONE(a_worker_that_does_not_know_of_others_is_fresh),
        ONE(a_checkpoint_of_less_by_who_is_not_fresh_is_no_fork),
        ONE(a_fork_by_who_is_not_fresh_is_a_fork),
        ONE(a_late_worker_of_an_earlier_epoch_is_no_fork),
        ONE(another_broker_is_asked_meanwhile),
        ONE(a_receipt_waits_for_who_is_late),
        ONE(a_page_that_is_not_proved_is_told_to_be_of_who_is_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
