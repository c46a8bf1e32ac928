/* Commands over real sockets: what is said when, the same bytes in every try, brokers and workers that fail
 * or lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/error.h"
#include "fake_scene.h"

static int set_up(void **state)
{
    *state = scene_new(1);
    return 0;
}

static int set_up_two(void **state)
{
    *state = scene_new(2);
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

/* Submit one ballot and give the result; checks what holds of every result. */
static struct comity_result submit(struct scene *scene, int64_t deadline_ms)
{
    struct comity_draft *draft = scene_ballot(scene);
    struct comity_result result;
    int code = comity_submit_wait(scene->client, draft, deadline_ms, &result);
    assert_int_equal(code, result.fault.code);
    assert_int_equal(code == 0, result.verdict == COMITY_RECORDED);
    assert_memory_equal(result.command_id, comity_draft_id(draft), COMITY_ID_SIZE);
    assert_memory_equal(result.history, scene->group->history, COMITY_HISTORY_SIZE);
    comity_draft_destroy(&draft);
    return result;
}

static void recorded_with_a_verified_receipt(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    assert_int_equal(result.attempts, 1);
    assert_int_equal(result.epoch, 1);
    assert_int_equal(result.events, 1);
    assert_true(result.sequence > 0);
    assert_true(result.receipt_size > 0);
    assert_int_equal(comity_seen(scene->client, scene->group->history), result.sequence);
    assert_int_equal(SEEN(scene, submits), 1);
    assert_int_equal(comity_broker_state(scene->client, 0), 0);
    assert_int_equal(comity_broker_state(scene->client, 1), ERR_NOT_FOUND);
    comity_result_release(&result);
}

/* The frames of all tries are one another's equals but for attempt, budget and what else no seal covers. */
static void assert_same_bytes(struct fake_group *group, size_t count)
{
    fake_lock(group);
    assert_int_equal(group->frame_count, count);
    size_t plain = group->frames[0].size - FRAME_HEADER_SIZE - SEAL_OVERHEAD;
    assert_int_equal(plain % PADDING_MULTIPLE, 0); /* lengths say little */
    for (size_t i = 1; i < count; i++) {
        assert_int_equal(group->frames[i].size, group->frames[0].size);
        assert_memory_equal(group->frames[i].data, group->frames[0].data, FRAME_SEALED_HEADER_SIZE);
        assert_memory_equal(group->frames[i].data + FRAME_HEADER_SIZE,
                            group->frames[0].data + FRAME_HEADER_SIZE,
                            group->frames[0].size - FRAME_HEADER_SIZE);
        struct frame_header header;
        struct bytes body;
        assert_int_equal(frame_read(BYTES(group->frames[i].data, group->frames[i].size), &header, &body), 0);
        assert_int_equal(header.attempt, i + 1);
    }
    fake_unlock(group);
}

/* Whatever is asked and whatever is submitted: the frame's length says only about how much it is. */
static void requests_are_padded(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    scene_start(scene);
    assert_int_equal(comity_status_wait(scene->client, 0, &result), 0);
    comity_result_release(&result);
    result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    comity_result_release(&result);
    fake_lock(scene->group);
    assert_int_equal(scene->group->frame_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
            (scene->group->frames[i].size - FRAME_HEADER_SIZE - SEAL_OVERHEAD) % PADDING_MULTIPLE, 0);
    fake_unlock(scene->group);
}

static void lost_requests_are_sent_again_in_the_same_bytes(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.drop_requests, 3);
    scene_start(scene);
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    assert_int_equal(result.attempts, 4);
    assert_same_bytes(scene->group, 4);
    assert_int_equal(SEEN(scene, submits), 1);
    comity_result_release(&result);
}

static void lost_replies_do_nothing_twice(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.drop_replies, 2);
    scene_start(scene);
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    assert_same_bytes(scene->group, 3);
    assert_int_equal(SEEN(scene, command_count), 1);
    assert_int_equal(SEEN(scene, duplicates), 2);
    assert_int_equal(scene_count(scene, COMITY_EVENT_RETRYING, ERR_TIMEOUT), 2);
    comity_result_release(&result);
}

static void no_answer_is_unknown(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.drop_replies, 1000);
    scene_start_ready(scene);
    struct comity_result result = submit(scene, 3500);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    assert_int_equal(result.fault.code, ERR_TIMEOUT);
    assert_true(result.is_brokers_word);
    assert_true(result.attempts >= 2);
    assert_null(result.receipt);
    assert_int_equal(SEEN(scene, command_count), 1); /* it was done, and nobody may claim that it was not */
    comity_result_release(&result);
}

static void a_sealed_refusal_is_final(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.refuse_requests, 1);
    SCRIPT(scene, script.refuse_code, ERR_STALE);
    scene_start(scene);
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_REFUSED);
    assert_int_equal(result.fault.code, ERR_STALE);
    assert_string_equal(result.fault.field, "cast_ballot.answer");
    assert_int_equal(result.fault.latest, 41);
    assert_false(result.is_brokers_word);
    assert_int_equal(result.attempts, 1);
    comity_result_release(&result);
}

static void a_passing_refusal_is_tried_again(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.refuse_requests, 2);
    SCRIPT(scene, script.refuse_code, ERR_BUSY);
    scene_start(scene);
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    assert_int_equal(result.attempts, 3);
    assert_int_equal(scene_count(scene, COMITY_EVENT_RETRYING, ERR_BUSY), 2);
    comity_result_release(&result);
}

/* A refusal speaks of one delivery, and a broker may make several of one frame: the passing ones settle
 * nothing, however many. */
static void busy_to_the_end_is_unknown(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.refuse_requests, 1000);
    SCRIPT(scene, script.refuse_code, ERR_BUSY);
    scene_start_ready(scene);
    struct comity_result result = submit(scene, 1200);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    assert_int_equal(result.fault.code, ERR_BUSY);
    assert_false(result.is_brokers_word);
    assert_int_equal(SEEN(scene, command_count), 0);
    comity_result_release(&result);
}

/* The broker has delivered a frame several times, gathered what came of it, and keeps the receipt back. */
static void a_busy_of_another_delivery_settles_nothing(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.busy_though_done, 1000);
    scene_start_ready(scene);
    struct comity_result result = submit(scene, 1500);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    assert_int_equal(result.fault.code, ERR_BUSY);
    assert_int_equal(SEEN(scene, command_count), 1);
    comity_result_release(&result);
}

/* A broker that brings an old refusal again, while the command is carried out, must not make it "refused". */
static void a_refusal_that_is_brought_twice_settles_nothing(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.refuse_requests, 1);
    SCRIPT(scene, script.refuse_code, ERR_BUSY);
    SCRIPT(scene, script.repeat_refusal, 1000);
    scene_start_ready(scene);
    struct comity_result result = submit(scene, 1500);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    assert_int_equal(SEEN(scene, command_count), 1);
    comity_result_release(&result);
}

/* An ERROR frame proves nothing, whatever it says: it makes us try again, and at the end it is a hint. */
static void error_frames_are_hints(void **state)
{
    struct scene *scene = *state;
    static const int codes[] = {ERR_NO_ROUTE, ERR_FORBIDDEN, ERR_STALE, ERR_SEAL};
    scene_start(scene);
    for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
        SCRIPT(scene, script.hint_requests, 2);
        SCRIPT(scene, script.hint_code, codes[i]);
        struct comity_result result = submit(scene, 0);
        assert_int_equal(result.verdict, COMITY_RECORDED);
        assert_int_equal(result.attempts, 3);
        assert_int_equal(scene_count(scene, COMITY_EVENT_RETRYING, codes[i]), 2);
        comity_result_release(&result);
    }
}

static void hints_to_the_end_are_unknown_with_the_brokers_word(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.hint_requests, 1000);
    SCRIPT(scene, script.hint_code, ERR_NO_ROUTE);
    scene_start_ready(scene);
    struct comity_result result = submit(scene, 1200);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    assert_int_equal(result.fault.code, ERR_NO_ROUTE);
    assert_true(result.is_brokers_word);
    comity_result_release(&result);
}

/* Without a WELCOME nothing is sent: then, and only then, is it certain that nothing was. */
static void no_worker_is_not_sent(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.hint_hellos, 1000);
    SCRIPT(scene, script.hint_code, ERR_NO_ROUTE);
    scene_start(scene);
    struct comity_result result = submit(scene, 1200);
    assert_int_equal(result.verdict, COMITY_NOT_SENT);
    assert_int_equal(result.fault.code, ERR_NO_ROUTE);
    assert_true(result.is_brokers_word);
    assert_int_equal(result.attempts, 0);
    assert_int_equal(SEEN(scene, frame_count), 0);
    assert_int_equal(comity_broker_state(scene->client, 0), ERR_NO_ROUTE);
    comity_result_release(&result);
}

static void the_brokers_wait_is_kept(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.hint_requests, 1);
    SCRIPT(scene, script.hint_code, ERR_BUSY);
    SCRIPT(scene, script.hint_wait_ms, 900);
    scene_start(scene);
    int64_t begin_ms = scene_now_ms();
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    assert_true(scene_now_ms() - begin_ms >= 900);
    comity_result_release(&result);
}

static void forged_and_stale_replies_are_passed_over(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    comity_result_release(&result);
    SCRIPT(scene, script.forged_replies, 2);
    SCRIPT(scene, script.stale_replies, 3);
    for (int i = 0; i < 4; i++) {
        result = submit(scene, 0);
        assert_int_equal(result.verdict, COMITY_RECORDED);
        assert_int_equal(result.attempts, 1);
        comity_result_release(&result);
    }
    assert_int_equal(SEEN(scene, script.forged_replies), 0);
    assert_int_equal(SEEN(scene, script.stale_replies), 0);
}

static void every_false_receipt_is_refused(void **state)
{
    struct scene *scene = *state;
    memcpy(scene->pins[0].history, scene->group->history, HISTORY_ID_SIZE);
    memcpy(scene->pins[0].log_key, scene->group->ledger->log_key.public_key, KEY_SIZE);
    scene->options.pin_count = 1;
    scene_start(scene);
    for (enum lie lie = LIE_NONE; lie < LIE_COUNT; lie++) {
        SCRIPT(scene, script.lie, lie);
        struct comity_result result = submit(scene, 0);
        print_message("  %s: %s\n", lie_name(lie), error_name(result.fault.code));
        assert_int_equal(result.verdict, lie == LIE_NONE ? COMITY_RECORDED : COMITY_UNKNOWN);
        assert_int_equal(result.fault.code, lie == LIE_NONE ? 0 : ERR_RECEIPT);
        assert_false(result.is_brokers_word);
        assert_null(lie == LIE_NONE ? NULL : result.receipt);
        comity_result_release(&result);
    }
}

static void a_garbled_reply_is_no_answer_that_counts(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.is_garbled, true);
    scene_start(scene);
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    assert_int_equal(result.fault.code, ERR_MALFORMED);
    comity_result_release(&result);
}

static void a_refusal_that_names_no_reason_is_none(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.refuse_requests, 1);
    SCRIPT(scene, script.refuse_code, 0);
    scene_start(scene);
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    assert_int_equal(result.fault.code, ERR_MALFORMED);
    comity_result_release(&result);
}

static void a_hint_for_an_earlier_try_is_passed_over(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.drop_requests, 1);
    SCRIPT(scene, script.stale_hints, 1);
    scene_start(scene);
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    assert_int_equal(result.attempts, 2);
    assert_int_equal(SEEN(scene, script.stale_hints), 0);
    assert_int_equal(scene_count(scene, COMITY_EVENT_RETRYING, ERR_FORBIDDEN), 0);
    comity_result_release(&result);
}

static void a_welcome_that_cannot_be_read_is_named(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.is_garbled_welcome, true);
    scene_start(scene);
    struct comity_result result = submit(scene, 800);
    assert_int_equal(result.verdict, COMITY_NOT_SENT);
    assert_int_equal(result.fault.code, ERR_MALFORMED);
    assert_false(result.is_brokers_word);
    comity_result_release(&result);
}

static void another_groups_key_gets_nothing(void **state)
{
    struct scene *scene = *state;
    struct connection_key other;
    connection_key_generate(&other);
    memcpy(scene->options.group_key, other.public_key, KEY_SIZE);
    scene_start(scene);
    struct comity_result result = submit(scene, 1000);
    assert_int_equal(result.verdict, COMITY_NOT_SENT);
    assert_int_equal(result.fault.code, ERR_SEAL);
    assert_true(result.is_brokers_word);
    comity_result_release(&result);
}

/* ---- Two brokers ---- */

static bool are_both_ready(struct scene *scene)
{
    return comity_broker_state(scene->client, 0) == 0 && comity_broker_state(scene->client, 1) == 0;
}

static void another_broker_takes_over(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    assert_true(scene_until(scene, are_both_ready));
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    comity_result_release(&result);
    size_t first = fake_broker_requests(scene->brokers[0]) == 1 ? 0 : 1;
    fake_broker_stop(&scene->brokers[first]);
    for (int i = 0; i < 3; i++) {
        result = submit(scene, 0);
        assert_int_equal(result.verdict, COMITY_RECORDED);
        comity_result_release(&result);
    }
    assert_int_equal(SEEN(scene, command_count), 4);
    assert_true(fake_broker_requests(scene->brokers[1 - first]) >= 3);
}

/* A try that fails goes to the other broker next, in the same bytes; the group does it once. */
static void tries_go_round_the_brokers(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.drop_replies, 1);
    scene_start(scene);
    assert_true(scene_until(scene, are_both_ready));
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    assert_int_equal(result.attempts, 2);
    assert_same_bytes(scene->group, 2);
    assert_int_equal(fake_broker_requests(scene->brokers[0]), 1);
    assert_int_equal(fake_broker_requests(scene->brokers[1]), 1);
    assert_int_equal(SEEN(scene, command_count), 1);
    comity_result_release(&result);
}

/* ---- Many at once ---- */

struct tally {
    size_t recorded, others;
    uint64_t sequences;
};

static void count(struct comity_result *result, void *context)
{
    struct tally *tally = context;
    if (result->verdict == COMITY_RECORDED)
        tally->recorded++;
    else
        tally->others++;
    tally->sequences += result->sequence;
}

static void replies_may_come_in_any_order(void **state)
{
    struct scene *scene = *state;
    enum { MANY = 40 };
    struct tally tally = {0};
    uint64_t numbers[MANY];
    SCRIPT(scene, script.hold_replies, MANY);
    scene->options.attempt_ms = 5000;
    scene_start(scene);
    for (int i = 0; i < MANY; i++) {
        struct comity_draft *draft = scene_ballot(scene);
        assert_int_equal(comity_submit(scene->client, draft, 0, count, &tally, &numbers[i]), 0);
        comity_draft_destroy(&draft);
    }
    int64_t end_ms = scene_now_ms() + 10000;
    while (tally.recorded + tally.others < MANY && scene_now_ms() < end_ms)
        comity_pump(scene->client, 100);
    assert_int_equal(tally.recorded, MANY);
    assert_int_equal(SEEN(scene, submits), MANY);
}

static void there_is_a_limit_on_requests_under_way(void **state)
{
    struct scene *scene = *state;
    struct tally tally = {0};
    SCRIPT(scene, script.is_silent, true);
    scene_start(scene);
    struct comity_draft *draft = scene_ballot(scene);
    uint64_t last = 0;
    for (int i = 0; i < COMITY_REQUESTS_MAX; i++)
        assert_int_equal(comity_submit(scene->client, draft, 0, count, &tally, &last), 0);
    assert_int_equal(comity_submit(scene->client, draft, 0, count, &tally, NULL), ERR_BUSY);
    comity_cancel(scene->client, last);
    comity_cancel(scene->client, last);
    assert_int_equal(comity_submit(scene->client, draft, 0, count, &tally, NULL), 0);
    comity_draft_destroy(&draft);
    comity_destroy(&scene->client); /* ends them all, each with its callback */
    assert_int_equal(tally.recorded, 0);
    assert_int_equal(tally.others, COMITY_REQUESTS_MAX);
}

static void a_cancelled_request_is_silent(void **state)
{
    struct scene *scene = *state;
    struct tally tally = {0};
    uint64_t number;
    scene_start(scene);
    struct comity_draft *draft = scene_ballot(scene);
    assert_int_equal(comity_submit(scene->client, draft, 0, count, &tally, &number), 0);
    comity_cancel(scene->client, number);
    struct comity_result result = submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    assert_int_equal(tally.recorded + tally.others, 0);
    comity_result_release(&result);
    comity_draft_destroy(&draft);
}

/* ---- From within callbacks ---- */

struct chain {
    struct scene *scene;
    size_t left, recorded;
    int wait_code, pump_code;
};

static void go_on(struct comity_result *result, void *context)
{
    struct chain *chain = context;
    struct comity_result inner;
    chain->recorded += result->verdict == COMITY_RECORDED;
    struct comity_draft *draft = scene_ballot(chain->scene);
    chain->wait_code = comity_submit_wait(chain->scene->client, draft, 0, &inner);
    chain->pump_code = comity_pump(chain->scene->client, 0);
    if (chain->left-- > 0)
        assert_int_equal(comity_submit(chain->scene->client, draft, 0, go_on, chain, NULL), 0);
    comity_draft_destroy(&draft);
}

static void callbacks_may_submit_but_not_wait(void **state)
{
    struct scene *scene = *state;
    struct chain chain = {.scene = scene, .left = 3};
    scene_start(scene);
    struct comity_draft *draft = scene_ballot(scene);
    assert_int_equal(comity_submit(scene->client, draft, 0, go_on, &chain, NULL), 0);
    comity_draft_destroy(&draft);
    int64_t end_ms = scene_now_ms() + 10000;
    while (chain.recorded < 4 && scene_now_ms() < end_ms)
        comity_pump(scene->client, 100);
    assert_int_equal(chain.recorded, 4);
    assert_int_equal(chain.wait_code, ERR_STATE);
    assert_int_equal(chain.pump_code, ERR_STATE);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define TWO(test) cmocka_unit_test_setup_teardown(test, set_up_two, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(recorded_with_a_verified_receipt),
        ONE(requests_are_padded),
        ONE(lost_requests_are_sent_again_in_the_same_bytes),
        ONE(lost_replies_do_nothing_twice),
        ONE(no_answer_is_unknown),
        ONE(a_sealed_refusal_is_final),
        ONE(a_passing_refusal_is_tried_again),
        ONE(busy_to_the_end_is_unknown),
        ONE(a_busy_of_another_delivery_settles_nothing),
        ONE(a_refusal_that_is_brought_twice_settles_nothing),
        ONE(error_frames_are_hints),
        ONE(hints_to_the_end_are_unknown_with_the_brokers_word),
        ONE(no_worker_is_not_sent),
        ONE(the_brokers_wait_is_kept),
        ONE(forged_and_stale_replies_are_passed_over),
        ONE(every_false_receipt_is_refused),
        ONE(a_garbled_reply_is_no_answer_that_counts),
        ONE(a_refusal_that_names_no_reason_is_none),
        ONE(a_hint_for_an_earlier_try_is_passed_over),
        ONE(a_welcome_that_cannot_be_read_is_named),
        ONE(another_groups_key_gets_nothing),
        TWO(another_broker_takes_over),
        TWO(tries_go_round_the_brokers),
        ONE(replies_may_come_in_any_order),
        ONE(there_is_a_limit_on_requests_under_way),
        ONE(a_cancelled_request_is_silent),
        ONE(callbacks_may_submit_but_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
