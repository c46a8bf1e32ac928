/* Queries: answers, pages, floors, sessions that a worker forgot, answers that do not hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

static int ask(struct scene *scene, Comity__V1__Query__KindCase kind, struct comity_result *ret_result)
{
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__List list = COMITY__V1__LIST__INIT;
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    query.kind_case = kind;
    list.kind = COMITY__V1__LIST_KIND__LIST_KIND_SITES;
    events.from = 1;
    query.limit = 3;
    if (kind == COMITY__V1__QUERY__KIND_WHOAMI)
        query.whoami = &whoami;
    else if (kind == COMITY__V1__QUERY__KIND_EVENTS)
        query.events = &events;
    else
        query.list = &list;
    return comity_query_wait(scene->client, scene->group->history, &query, 0, ret_result);
}

static void answers_with_their_texts(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    SCRIPT(scene, rows, 2);
    scene_start(scene);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_LIST, &result), 0);
    assert_int_equal(result.verdict, COMITY_ANSWERED);
    const Comity__V1__Answer *answer = comity_answer_body(result.answer);
    assert_int_equal(answer->n_sites, 2);
    assert_string_equal(comity_answer_text(result.answer, answer->sites[0]->title), "Site 1");
    assert_string_equal(comity_answer_text(result.answer, answer->sites[1]->title), "Site 2");
    assert_null(comity_answer_text(result.answer, NULL));
    answer->sites[0]->title->hash.data[0] ^= 1;
    assert_null(comity_answer_text(result.answer, answer->sites[0]->title));
    comity_result_release(&result);
}

static void status_needs_no_history(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    scene->options.reader_count = 0;
    scene_start(scene);
    assert_int_equal(comity_status_wait(scene->client, 0, &result), 0);
    assert_string_equal(comity_answer_body(result.answer)->status->software, "fake 1");
    comity_result_release(&result);
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    assert_int_equal(comity_query_wait(scene->client, scene->group->history, &query, 0, &result),
                     ERR_MISSING);
    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    assert_int_equal(comity_query_wait(scene->client, NULL, &query, 0, &result), ERR_MISSING);
    assert_int_equal(result.verdict, 0);
}

static void the_broker_tells_of_itself(void **state)
{
    struct scene *scene = *state;
    Comity__V1__BrokerStatus *status = NULL;
    SCRIPT(scene, script.hint_hellos, 1000); /* no worker is needed */
    SCRIPT(scene, script.hint_code, ERR_NO_ROUTE);
    scene_start(scene);
    assert_int_equal(comity_broker_status_wait(scene->client, 0, 0, &status), 0);
    assert_string_equal(status->software, "fake broker");
    assert_int_equal(status->clients, 3);
    comity__v1__broker_status__free_unpacked(status, NULL);
    assert_int_equal(comity_broker_status_wait(scene->client, 1, 0, &status), ERR_NOT_FOUND);
}

static bool both_are_ready(struct scene *scene)
{
    return comity_broker_state(scene->client, 0) == 0 && comity_broker_state(scene->client, 1) == 0;
}

static void one_broker_alone_is_asked(void **state)
{
    struct scene *scene = *state;
    const uint8_t *history = scene->group->history;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    struct comity_result result;
    unsigned before[2];

    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &whoami;
    scene_start(scene);
    assert_true(scene_until(scene, both_are_ready));
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < 2; j++)
            before[j] = fake_broker_requests(scene->brokers[j]);
        assert_int_equal(comity_query_at_wait(scene->client, i, history, &query, 0, &result), 0);
        assert_int_equal(result.verdict, COMITY_ANSWERED);
        comity_result_release(&result);
        for (size_t j = 0; j < 2; j++)
            assert_int_equal(fake_broker_requests(scene->brokers[j]), before[j] + (j == i));
    }
    assert_int_equal(comity_query_at_wait(scene->client, 2, history, &query, 0, &result), ERR_NOT_FOUND);
    /* And where it says nothing, no other. */
    SCRIPT(scene, script.is_silent, true);
    before[0] = fake_broker_requests(scene->brokers[0]);
    assert_int_equal(comity_query_at_wait(scene->client, 1, history, &query, 3 * SCENE_ATTEMPT_MS, &result),
                     ERR_TIMEOUT);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    comity_result_release(&result);
    assert_int_equal(fake_broker_requests(scene->brokers[0]), before[0]);
}

struct pages {
    size_t pages, rows, stop_at;
};

static int page_count(const Comity__V1__Answer *answer, void *context)
{
    struct pages *pages = context;
    pages->pages++;
    for (size_t i = 0; i < answer->n_sites; i++)
        assert_int_equal(answer->sites[i]->number, ++pages->rows);
    return pages->pages == pages->stop_at ? 17 : 0;
}

static void lists_come_page_by_page(void **state)
{
    struct scene *scene = *state;
    static const unsigned ROWS[] = {0, 1, 7, 8, 25, 70};
    scene_start(scene);
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct pages pages = {0};
        SCRIPT(scene, rows, ROWS[i]);
        assert_int_equal(comity_list_all(scene->client, scene->group->history,
                                         COMITY__V1__LIST_KIND__LIST_KIND_SITES, 0, 0, page_count, &pages,
                                         NULL),
                         0);
        assert_int_equal(pages.rows, ROWS[i]);
        assert_int_equal(pages.pages, ROWS[i] == 0 ? 1 : (ROWS[i] + 6) / 7);
    }
    struct pages pages = {.stop_at = 2};
    assert_int_equal(comity_list_all(scene->client, scene->group->history,
                                     COMITY__V1__LIST_KIND__LIST_KIND_SITES, 0, 0, page_count, &pages, NULL),
                     17);
    assert_int_equal(pages.pages, 2);
}

static void a_list_that_is_refused_says_why(void **state)
{
    struct scene *scene = *state;
    struct pages pages = {0};
    struct comity_fault fault = {0};
    SCRIPT(scene, script.refuse_requests, 1);
    SCRIPT(scene, script.refuse_code, ERR_FORBIDDEN);
    scene_start(scene);
    assert_int_equal(comity_list_all(scene->client, scene->group->history,
                                     COMITY__V1__LIST_KIND__LIST_KIND_SITES, 0, 0, page_count, &pages,
                                     &fault),
                     ERR_FORBIDDEN);
    assert_int_equal(fault.code, ERR_FORBIDDEN);
    assert_string_equal(fault.field, "cast_ballot.answer");
    assert_int_equal(pages.pages, 0);
}

static void the_floor_is_the_highest_sequence_seen(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    SCRIPT(scene, as_of, 30);
    scene_start(scene);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    assert_int_equal(result.sequence, 30);
    assert_int_equal(SEEN(scene, last_floor), 0);
    comity_result_release(&result);
    SCRIPT(scene, as_of, 31);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    assert_int_equal(SEEN(scene, last_floor), 30);
    comity_result_release(&result);
    assert_int_equal(comity_seen(scene->client, scene->group->history), 31);
    assert_int_equal(comity_set_seen(scene->client, scene->group->history, 1, 25), 0);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    assert_int_equal(SEEN(scene, last_floor), 25);
    comity_result_release(&result);
}

/* One that does not heed the floor is asked again, as one that says that it is behind. */
static void an_answer_from_below_the_floor_is_not_shown(void **state)
{
    enum { SHORT_MS = 700 };
    struct scene *scene = *state;
    struct comity_result result;
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &whoami;
    SCRIPT(scene, as_of, 30);
    scene_start(scene);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    comity_result_release(&result);
    SCRIPT(scene, as_of, 29);
    assert_int_equal(comity_query_wait(scene->client, scene->group->history, &query, SHORT_MS, &result),
                     ERR_BEHIND);
    assert_int_equal(result.verdict, COMITY_REFUSED);
    assert_true(result.attempts > 1);
    comity_result_release(&result);
    query.floor = 29; /* the control: who asks for that gets it */
    assert_int_equal(comity_query_wait(scene->client, scene->group->history, &query, SHORT_MS, &result), 0);
    assert_int_equal(result.sequence, 29);
    comity_result_release(&result);
}

/* A restore takes the record back, in an epoch of its own: what was seen before is no floor for it. An answer
 * of an earlier epoch is that of a store that was put back, and is not believed. */
static void what_was_seen_belongs_to_its_epoch(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    SCRIPT(scene, as_of, 30);
    scene_start(scene);
    assert_int_equal(comity_epoch(scene->client, scene->group->history), 0);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    assert_int_equal(result.epoch, 1);
    comity_result_release(&result);
    assert_int_equal(comity_epoch(scene->client, scene->group->history), 1);
    SCRIPT(scene, as_of, 20);
    SCRIPT(scene, ledger->epoch, 1790000000);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    comity_result_release(&result);
    assert_int_equal(comity_epoch(scene->client, scene->group->history), 1790000000);
    assert_int_equal(comity_seen(scene->client, scene->group->history), 20);
    SCRIPT(scene, ledger->epoch, 1);
    SCRIPT(scene, as_of, 40);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), ERR_BEHIND);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    comity_result_release(&result);
    assert_int_equal(comity_seen(scene->client, scene->group->history), 20);
    assert_int_equal(comity_set_seen(scene->client, scene->group->history, 0, 0), 0);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    comity_result_release(&result);
}

static void a_worker_that_forgot_us_is_greeted_again(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    scene_start(scene);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    comity_result_release(&result);
    for (int i = 0; i < 3; i++) {
        SCRIPT(scene, client_count, 0);
        assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
        assert_int_equal(result.verdict, COMITY_ANSWERED);
        comity_result_release(&result);
    }
    assert_int_equal(SEEN(scene, hellos), 4);
}

static void a_grant_that_ran_out_is_given_anew_once(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    SCRIPT(scene, script.refuse_requests, 1);
    SCRIPT(scene, script.refuse_code, ERR_GRANT);
    scene_start(scene);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    assert_int_equal(SEEN(scene, hellos), 2);
    comity_result_release(&result);
    SCRIPT(scene, script.refuse_requests, 1000);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), ERR_GRANT);
    assert_int_equal(result.verdict, COMITY_REFUSED);
    assert_int_equal(SEEN(scene, hellos), 3);
    comity_result_release(&result);
}

static bool has_grant_event(struct scene *scene)
{
    return scene_count(scene, COMITY_EVENT_GRANT, 0) > 0;
}

static void a_refused_grant_is_told(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, grant_code, ERR_KEY_UNKNOWN);
    scene_start(scene);
    assert_true(scene_until(scene, has_grant_event));
    assert_int_equal(scene_count(scene, COMITY_EVENT_GRANT, ERR_KEY_UNKNOWN), 1);
    assert_int_equal(scene_count(scene, COMITY_EVENT_LOG_KEY, 0), 0);
}

/* A worker tells of a revoked key what it tells a stranger, but for the grant, which that key has signed. */
static void a_revoked_key_is_called_that(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    SCRIPT(scene, grant_code, ERR_KEY_REVOKED);
    SCRIPT(scene, script.refuse_requests, 1000);
    SCRIPT(scene, script.refuse_code, ERR_GRANT);
    scene_start(scene);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), ERR_KEY_REVOKED);
    assert_int_equal(result.verdict, COMITY_REFUSED);
    assert_int_equal(SEEN(scene, hellos), 1);
    comity_result_release(&result);
}

static void a_history_may_be_added(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    scene->options.reader_count = 0;
    scene_start(scene);
    assert_int_equal(comity_status_wait(scene->client, 0, &result), 0);
    comity_result_release(&result);
    assert_int_equal(scene_count(scene, COMITY_EVENT_GRANT, 0), 0);
    assert_int_equal(comity_read(scene->client, scene->group->history, scene->seed), 0);
    assert_true(scene_until(scene, has_grant_event));
    assert_int_equal(SEEN(scene, hellos), 2);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    comity_result_release(&result);
    uint8_t other[COMITY_HISTORY_SIZE] = {0};
    for (int i = 1; i < COMITY_READERS_MAX; i++) {
        other[0] = (uint8_t) i;
        assert_int_equal(comity_read(scene->client, other, scene->seed), 0);
    }
    other[1] = 1;
    assert_int_equal(comity_read(scene->client, other, scene->seed), ERR_LIMIT);
}

static void texts_that_do_not_fit_their_hash_are_refused(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    SCRIPT(scene, rows, 2);
    SCRIPT(scene, script.has_bad_texts, true);
    scene_start(scene);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_LIST, &result), ERR_TEXT);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    assert_null(result.answer);
    comity_result_release(&result);
}

static void events_that_do_not_fit_their_header_are_refused(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    scene_start(scene);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_EVENTS, &result), 0);
    comity_result_release(&result);
    SCRIPT(scene, script.has_bad_events, true);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_EVENTS, &result), ERR_RECEIPT);
    assert_null(result.answer);
    comity_result_release(&result);
}

static void forged_answers_are_passed_over(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    SCRIPT(scene, as_of, 5);
    scene_start(scene);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    comity_result_release(&result);
    SCRIPT(scene, as_of, 6); /* what was true at 5 must not be taken for an answer any more */
    SCRIPT(scene, script.stale_replies, 1);
    SCRIPT(scene, script.forged_replies, 1);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_WHOAMI, &result), 0);
    assert_int_equal(result.sequence, 6);
    comity_result_release(&result);
}

static void an_answer_may_be_kept(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    SCRIPT(scene, rows, 1);
    scene_start(scene);
    assert_int_equal(ask(scene, COMITY__V1__QUERY__KIND_LIST, &result), 0);
    struct comity_answer *kept = result.answer;
    result.answer = NULL;
    comity_result_release(&result);
    comity_destroy(&scene->client);
    assert_int_equal(comity_answer_body(kept)->n_sites, 1);
    comity_answer_destroy(&kept);
    assert_null(kept);
    comity_answer_destroy(&kept);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(answers_with_their_texts),
        ONE(status_needs_no_history),
        ONE(the_broker_tells_of_itself),
        cmocka_unit_test_setup_teardown(one_broker_alone_is_asked, set_up_two, tear_down),
        ONE(lists_come_page_by_page),
        ONE(a_list_that_is_refused_says_why),
        ONE(the_floor_is_the_highest_sequence_seen),
        ONE(an_answer_from_below_the_floor_is_not_shown),
        ONE(what_was_seen_belongs_to_its_epoch),
        ONE(a_worker_that_forgot_us_is_greeted_again),
        ONE(a_grant_that_ran_out_is_given_anew_once),
        ONE(a_refused_grant_is_told),
        ONE(a_revoked_key_is_called_that),
        ONE(a_history_may_be_added),
        ONE(texts_that_do_not_fit_their_hash_are_refused),
        ONE(events_that_do_not_fit_their_header_are_refused),
        ONE(forged_answers_are_passed_over),
        ONE(an_answer_may_be_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
