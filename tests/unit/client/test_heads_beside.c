/* Processes of one home beside one another keep one head between them. What one has kept meanwhile is what the other has
 * to have proved before it keeps anything: two of them who are shown two records find out by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/lib/head_file.h"
#include "core/error.h"
#include "core/text.h"
#include "fake_scene.h"

enum { EVENTS = 40, SECOND = 1790000000, RACES = 60 };

/* ---- The file ---- */

struct home {
    char directory[64], journal[80];
    struct ledger *ledger;
    struct arena *arena;
};

static int home_set_up(void **state)
{
    static struct home home;
    const uint8_t history[HISTORY_ID_SIZE] = {7};
    snprintf(home.directory, sizeof(home.directory), "/tmp/comity-beside-XXXXXX");
    assert_non_null(mkdtemp(home.directory));
    snprintf(home.journal, sizeof(home.journal), "%s/journal", home.directory);
    assert_int_equal(mkdir(home.journal, 0700), 0);
    assert_int_equal(key_init(), 0);
    home.ledger = ledger_new(history);
    home.arena = arena_new(ARENA_LIMIT_DEFAULT);
    ledger_grow(home.ledger, EVENTS);
    *state = &home;
    return 0;
}

static int home_tear_down(void **state)
{
    struct home *home = *state;
    char command[128];
    ledger_destroy(&home->ledger);
    arena_destroy(&home->arena);
    snprintf(command, sizeof(command), "rm -rf %s", home->directory);
    return system(command);
}

static struct head signed_head(struct home *home, uint64_t size)
{
    struct head head;
    assert_int_equal(head_read(ledger_checkpoint(home->ledger, size, home->arena), home->ledger->history, &head), 0);
    return head;
}

static struct head_place place_of(const struct home *home)
{
    return (struct head_place){home->journal, home->ledger->history,
                               (const uint8_t(*)[KEY_SIZE]) home->ledger->log_key.public_key, 1};
}

static int keep(struct home *home, const struct head *known, const struct head *head, struct head *ret_kept)
{
    const struct head_place place = place_of(home);
    return head_keep(&place, known, head, ret_kept);
}

static void expect_kept(struct home *home, const struct head *head)
{
    struct head kept;
    const struct head_place place = place_of(home);
    assert_int_equal(head_load(&place, &kept), 0);
    assert_int_equal(kept.epoch, head->epoch);
    assert_int_equal(kept.size, head->size);
    assert_memory_equal(kept.root, head->root, HASH_SIZE);
}

/* What stands there is replaced by who knew of it alone; all others are told what it is. */
static void what_somebody_else_kept_is_not_overwritten(void **state)
{
    struct home *home = *state;
    struct head none = {0}, kept = {0};
    struct head at5 = signed_head(home, 5), at9 = signed_head(home, 9), at12 = signed_head(home, 12);
    ledger_fork(home->ledger, 7);
    struct head other9 = signed_head(home, 9), other12 = signed_head(home, 12);
    assert_int_equal(keep(home, &none, &at5, &kept), 0);
    assert_int_equal(keep(home, &none, &at5, &kept), 0); /* it is the same */
    assert_int_equal(keep(home, &at5, &at9, &kept), 0);
    const struct head *others[] = {&at12, &other9, &other12};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        memset(&kept, 0, sizeof(kept));
        assert_int_equal(keep(home, &at5, others[i], &kept), ERR_STALE);
        assert_memory_equal(kept.root, at9.root, HASH_SIZE);
        expect_kept(home, &at9);
    }
    assert_int_equal(keep(home, &at9, &at12, &kept), 0); /* the control: it knew */
    assert_int_equal(keep(home, &at5, &at9, &kept), ERR_STALE); /* nor does an earlier one come back */
    expect_kept(home, &at12);
    home->ledger->epoch = SECOND; /* a later epoch begins anew */
    struct head restored = signed_head(home, 5);
    assert_int_equal(keep(home, &at5, &restored, &kept), ERR_STALE);
    assert_int_equal(keep(home, &at12, &restored, &kept), 0);
    assert_int_equal(keep(home, &at12, &at12, &kept), ERR_STALE);
    expect_kept(home, &restored);
}

/* A process that waits until the other end of the pipe is closed. Ends with 0 (it kept its own) or 1 (another is kept). */
static pid_t keep_apart(struct home *home, const struct head *known, const struct head *head, const int start[2])
{
    struct head kept;
    char byte;
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    close(start[1]);
    bool has_begun = read(start[0], &byte, 1) == 0;
    int code = keep(home, known, head, &kept);
    bool is_told = code == ERR_STALE && memcmp(kept.root, head->root, HASH_SIZE) != 0;
    _exit(has_begun && code == 0 ? 0 : has_begun && is_told ? 1 : 2);
}

/* How many of two processes that begin at once keep theirs. */
static int race(struct home *home, const struct head *known, const struct head heads[2])
{
    pid_t pids[2];
    int start[2], winners = 0, winner = 0;
    assert_int_equal(pipe(start), 0);
    for (int i = 0; i < 2; i++) {
        pids[i] = keep_apart(home, known, &heads[i], start);
        assert_true(pids[i] > 0);
    }
    close(start[0]);
    close(start[1]);
    for (int i = 0; i < 2; i++) {
        int status = -1;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
        winners += WEXITSTATUS(status) == 0;
        winner = WEXITSTATUS(status) == 0 ? i : winner;
    }
    expect_kept(home, &heads[winner]);
    return winners;
}

static void of_two_processes_one_keeps_its_own(void **state)
{
    struct home *home = *state;
    struct head none = {0}, kept, known = none;
    const struct head_place place = place_of(home);
    for (unsigned i = 0; i < RACES; i++) {
        home->ledger->epoch = SECOND + i; /* each time from something new */
        struct head first = signed_head(home, 5);
        assert_int_equal(keep(home, &known, &first, &kept), 0);
        struct head forks[2] = {signed_head(home, 9)}, same[2] = {signed_head(home, 20), signed_head(home, 20)};
        ledger_fork(home->ledger, 7);
        forks[1] = signed_head(home, i % 2 == 0 ? 9 : 12);
        assert_int_equal(race(home, &first, forks), 1);
        assert_int_equal(head_load(&place, &known), 0);
        if (i % 10 == 0) { /* the control: of one record both do */
            assert_int_equal(race(home, &known, same), 2);
            known = same[0];
        }
    }
}

/* ---- Clients ---- */

static int set_up(void **state)
{
    struct scene *scene = scene_new_pinned(EVENTS);
    scene->options.deadline_ms = 3000;
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

static void expect_page(struct scene *scene, struct comity *client, enum comity_verdict verdict, int code)
{
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query wanted = COMITY__V1__QUERY__INIT;
    struct comity_result result;
    events.from = 1;
    wanted.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
    wanted.events = &events;
    comity_query_wait(client, scene->group->history, &wanted, 0, &result);
    assert_int_equal(result.verdict, verdict);
    assert_int_equal(result.fault.code, code);
    comity_result_release(&result);
}

static uint64_t kept_size(struct scene *scene)
{
    struct comity_checkpoint checkpoint = {0};
    assert_int_equal(comity_checkpoint_kept(scene->journal, scene->group->history, scene->pins, scene->options.pin_count, &checkpoint), 0);
    return checkpoint.size;
}

/* Two that have verified the same; then one of them verifies what has come since. */
static struct comity *one_goes_on(struct scene *scene)
{
    struct comity *beside = NULL;
    scene_start_ready(scene);
    expect_page(scene, scene->client, COMITY_ANSWERED, 0);
    assert_int_equal(comity_new(&scene->options, &beside), 0);
    expect_page(scene, beside, COMITY_ANSWERED, 0);
    scene_ledger(scene, ledger_grow, 5);
    expect_page(scene, beside, COMITY_ANSWERED, 0);
    return beside;
}

/* The server then shows the other one a record that parts from that one after what this one has verified. */
static void show_another(struct scene *scene, uint64_t more)
{
    struct comity *beside = one_goes_on(scene);
    assert_int_equal(kept_size(scene), EVENTS + 5);
    scene_ledger(scene, ledger_fork, EVENTS + 3);
    scene_ledger(scene, ledger_grow, more);
    expect_page(scene, scene->client, COMITY_UNKNOWN, ERR_FORKED);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 1);
    assert_int_equal(kept_size(scene), EVENTS + 5);
    comity_destroy(&beside);
}

static void another_record_of_the_same_length_is_refused(void **state)
{
    show_another(*state, 0);
}

static void another_record_that_is_longer_is_refused(void **state)
{
    show_another(*state, 9);
}

static void another_record_that_is_shorter_is_refused(void **state)
{
    struct scene *scene = *state;
    struct comity *beside = one_goes_on(scene);
    scene_ledger(scene, ledger_fork, EVENTS + 3);
    scene_ledger(scene, ledger_cut, EVENTS + 4);
    expect_page(scene, scene->client, COMITY_UNKNOWN, ERR_FORKED);
    assert_int_equal(kept_size(scene), EVENTS + 5);
    comity_destroy(&beside);
}

/* The controls: of one record both go on; and with a home each nobody notices. */
static void one_record_is_followed_by_both(void **state)
{
    struct scene *scene = *state;
    struct comity *beside = one_goes_on(scene);
    scene_ledger(scene, ledger_grow, 9);
    expect_page(scene, scene->client, COMITY_ANSWERED, 0);
    assert_int_equal(kept_size(scene), EVENTS + 14);
    expect_page(scene, beside, COMITY_ANSWERED, 0);
    scene_ledger(scene, ledger_grow, 1);
    expect_page(scene, beside, COMITY_ANSWERED, 0);
    expect_page(scene, scene->client, COMITY_ANSWERED, 0);
    assert_int_equal(kept_size(scene), EVENTS + 15);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    comity_destroy(&beside);
}

static void in_homes_of_their_own_nobody_notices(void **state)
{
    struct scene *scene = *state;
    char journal[96];
    snprintf(journal, sizeof(journal), "%s/beside", scene->directory);
    scene_start_ready(scene);
    expect_page(scene, scene->client, COMITY_ANSWERED, 0);
    struct comity_options options = scene->options;
    struct comity *beside = NULL;
    options.journal = journal;
    assert_int_equal(comity_new(&options, &beside), 0);
    scene_ledger(scene, ledger_grow, 5);
    expect_page(scene, beside, COMITY_ANSWERED, 0);
    scene_ledger(scene, ledger_fork, EVENTS + 3);
    scene_ledger(scene, ledger_grow, 9);
    expect_page(scene, scene->client, COMITY_ANSWERED, 0);
    comity_destroy(&beside);
}

static bool is_put_off(struct scene *scene)
{
    return SEEN(scene, last_refusal.size) > 0;
}

/* Who had seen nothing yet when it began, and finds that somebody beside has, holds the server against that. */
static void begin_beside(struct scene *scene, bool is_fork)
{
    struct head none = {0}, kept;
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    SCRIPT(scene, script.refuse_code, ERR_BUSY);
    SCRIPT(scene, script.refuse_requests, 1000000);
    scene_start(scene);
    assert_true(scene_until(scene, is_put_off)); /* it has looked for what is kept, and found none */
    assert_int_equal(head_read(ledger_checkpoint(scene->group->ledger, EVENTS, arena), scene->group->history, &kept), 0);
    const struct head_place place = {.journal = scene->journal, .history = scene->group->history};
    assert_int_equal(head_keep(&place, &none, &kept, &kept), 0);
    scene_ledger(scene, is_fork ? ledger_fork : ledger_grow, 3);
    SCRIPT(scene, script.refuse_requests, 0);
    expect_page(scene, scene->client, is_fork ? COMITY_NOT_SENT : COMITY_ANSWERED, is_fork ? ERR_FORKED : 0);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), is_fork ? 1 : 0);
    assert_int_equal(kept_size(scene), is_fork ? EVENTS : EVENTS + 3);
}

static void who_begins_beside_another_is_shown_no_other_record(void **state)
{
    begin_beside(*state, true);
}

static void who_begins_beside_another_goes_on_from_there(void **state)
{
    begin_beside(*state, false); /* the control */
}

#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, home_set_up, home_tear_down)
#define CLIENT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(what_somebody_else_kept_is_not_overwritten),
        FILE_TEST(of_two_processes_one_keeps_its_own),
        CLIENT_TEST(another_record_of_the_same_length_is_refused),
        CLIENT_TEST(another_record_that_is_longer_is_refused),
        CLIENT_TEST(another_record_that_is_shorter_is_refused),
        CLIENT_TEST(one_record_is_followed_by_both),
        CLIENT_TEST(in_homes_of_their_own_nobody_notices),
        CLIENT_TEST(who_begins_beside_another_is_shown_no_other_record),
        CLIENT_TEST(who_begins_beside_another_goes_on_from_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
