/* The log over three members of etcd that fail, and workers that are killed and stopped: nothing confirmed is lost, nobody is
 * told what is not so, and somebody leads again soon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "tests/unit/worker/scene_site.h"
#include "worker/clock.h"

enum { SMALL = 64, MEMBERS = 3, TAKE_OVER_MS = 10000 };

/* A worker in a process of its own: it leads, commits the numbers from @first on, and writes each that was confirmed. */
struct child {
    pid_t pid;
    int out;
};

static _Noreturn void child_run(const struct order_log_etcd_options *options, uint64_t first, int out)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct site *site = site_new(options);
    for (uint64_t what = first;;) {
        site_follow(site, 10);
        if (!site->log->ops->is_leader(site->log))
            continue;
        int code = site_commit(site, what, SMALL);
        if (code == ERR_STORE)
            abort();
        if (code == 0 && write(out, &what, sizeof(what)) != (ssize_t) sizeof(what))
            _exit(0);
        what += code == 0;
    }
}

static struct child child_new(const struct order_log_etcd_options *options, uint64_t first)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct child child = {.pid = fork(), .out = ends[0]};
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        close(ends[0]);
        child_run(options, first, ends[1]);
    }
    close(ends[1]);
    return child;
}

/* The next number that it was told is in the log; 0: it has ended. */
static uint64_t child_confirmed(struct child *child)
{
    uint64_t what;
    return read(child->out, &what, sizeof(what)) == (ssize_t) sizeof(what) ? what : 0;
}

static void child_end(struct child *child)
{
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
}

static bool site_has(const struct site *site, uint64_t what)
{
    for (uint64_t n = 1; n <= site->place.number; n++)
        if (site->numbers[n] == what)
            return true;
    return false;
}

static void a_leader_that_is_killed_is_succeeded(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b");
    struct child child = child_new(&a, 1000);
    uint64_t last = 0, what;
    for (size_t i = 0; i < 50; i++)
        assert_int_not_equal(last = child_confirmed(&child), 0);
    struct site *site = site_new(&b);
    site_follow_to(site, 50);
    child_end(&child);
    int64_t killed_ms = clock_steady_ms();
    sites_leader(&site, 1);
    int64_t took_ms = clock_steady_ms() - killed_ms;
    printf("a leader that was killed was succeeded after %lld ms\n", (long long) took_ms);
    assert_true(took_ms < TAKE_OVER_MS);
    while ((what = child_confirmed(&child)) != 0)
        last = what;
    close(child.out);
    for (what = 1000; what <= last; what++)
        assert_true(site_has(site, what));
    assert_int_equal(site_commit(site, 1, SMALL), 0);
    site_destroy(&site);
}

/* It is stopped while it appends, another leads meanwhile, and it wakes up believing that it leads. */
static void a_leader_that_was_stopped_is_fenced(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b");
    struct child child = child_new(&a, 1000);
    uint64_t what, last = 0;
    for (size_t i = 0; i < 20; i++)
        assert_int_not_equal(last = child_confirmed(&child), 0);
    struct site *site = site_new(&b);
    kill(child.pid, SIGSTOP);
    sites_leader(&site, 1);
    for (uint64_t mine = 1; mine <= 50; mine++)
        assert_int_equal(site_commit(site, mine, SMALL), 0);
    kill(child.pid, SIGCONT);
    /* It follows now, and leads again once this one goes. */
    uint64_t end = site->place.number;
    site_stop(site);
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (last < 1000 + 200 && clock_steady_ms() < until_ms && (what = child_confirmed(&child)) != 0)
        last = what;
    child_end(&child);
    while ((what = child_confirmed(&child)) != 0)
        last = what;
    close(child.out);
    site_start(site);
    sites_leader(&site, 1);
    for (what = 1000; what <= last; what++)
        assert_true(site_has(site, what));
    for (uint64_t mine = 1; mine <= 50; mine++) {
        assert_true(site_has(site, mine));
        assert_int_equal(site->numbers[end - 50 + mine], mine); /* and none of its own between them */
    }
    site_destroy(&site);
}

/* One member after the other is stopped or killed while a leader appends. */
static void members_that_fail_do_not_matter(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a"), b = site_options(scene, "b");
    struct site *sites[] = {site_new(&a), site_new(&b)};
    uint64_t what = 0, told[256];
    for (size_t round = 0; round < 2 * MEMBERS; round++) {
        size_t which = round % MEMBERS;
        bool is_kill = round >= MEMBERS;
        struct site *leader = sites_leader(sites, 2);
        assert_int_equal(site_commit(leader, told[what] = what + 1, SMALL), 0);
        what++;
        if (is_kill)
            etcd_member_kill(&scene->members, which);
        else
            etcd_member_stop(&scene->members, which);
        for (size_t done = 0; done < 10;) {
            leader = sites_leader(sites, 2);
            int code = site_commit(leader, what + 1, SMALL);
            assert_int_not_equal(code, ERR_STORE);
            if (code == 0) {
                told[what] = what + 1;
                what++;
                done++;
            }
        }
        if (is_kill)
            etcd_member_start(&scene->members, which);
        else
            etcd_member_continue(&scene->members, which);
    }
    for (size_t i = 0; i < 2; i++) {
        site_follow_to(sites[i], what);
        for (uint64_t n = 1; n <= what; n++)
            assert_int_equal(sites[i]->numbers[n], told[n - 1]); /* each once, in order */
        site_destroy(&sites[i]);
    }
}

struct waiting {
    struct site *site;
    int code;
    bool is_done;
};

static void *commit_in_thread(void *argument)
{
    struct waiting *waiting = argument;
    waiting->code = site_commit(waiting->site, 77, SMALL);
    __atomic_store_n(&waiting->is_done, true, __ATOMIC_SEQ_CST);
    return NULL;
}

/* For so long that it does not take itself for a leader any more. */
static void until_unconfirmed(struct site *site)
{
    uint64_t number;
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (clock_steady_ms() < until_ms && site->log->ops->is_leader(site->log))
        order_log_barrier(site->log, 50, &number);
    assert_false(site->log->ops->is_leader(site->log));
}

/* Without a majority: a commit is sent and has no end, until the worker does not take itself for a leader any more. A thread that began too
 * late for that is refused, and another one is begun. */
static void commit_without_a_majority(struct scene *scene, struct waiting *waiting, pthread_t *ret_thread)
{
    for (int i = 0; i < 10; i++) {
        sites_leader(&waiting->site, 1);
        etcd_member_stop(&scene->members, 0);
        etcd_member_stop(&scene->members, 1);
        waiting->is_done = false;
        assert_int_equal(pthread_create(ret_thread, NULL, commit_in_thread, waiting), 0);
        until_unconfirmed(waiting->site);
        if (!__atomic_load_n(&waiting->is_done, __ATOMIC_SEQ_CST))
            return;
        pthread_join(*ret_thread, NULL);
        assert_true(waiting->code == ERR_BUSY || waiting->code == ERR_NOT_LEADER);
        etcd_member_continue(&scene->members, 0);
        etcd_member_continue(&scene->members, 1);
    }
    fail_msg("each commit had an end");
}

/* A commit that was sent has an end when there is a majority again, and none before; FRESH reads say that they cannot. */
static void without_a_majority_nothing_is_said(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a");
    struct site *site = site_new(&a);
    uint64_t number;
    pthread_t thread;
    struct waiting waiting = {.site = site};
    sites_leader(&site, 1);
    assert_int_equal(site_commit(site, 1, SMALL), 0);
    commit_without_a_majority(scene, &waiting, &thread);
    assert_int_equal(order_log_barrier(site->log, 1500, &number), ERR_BUSY);
    assert_false(__atomic_load_n(&waiting.is_done, __ATOMIC_SEQ_CST));
    etcd_member_continue(&scene->members, 0);
    etcd_member_continue(&scene->members, 1);
    pthread_join(thread, NULL);
    assert_true(waiting.code == 0 || waiting.code == ERR_NOT_LEADER);
    sites_leader(&site, 1);
    assert_int_equal(site_has(site, 77), waiting.code == 0);
    assert_int_equal(order_log_barrier(site->log, 5000, &number), 0);
    assert_int_equal(number, site->place.number);
    site_destroy(&site);
}

/* A process that is told to end does not wait for a majority, and claims nothing. */
static void a_stop_leaves_an_open_fate_open(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a");
    struct site *site = site_new(&a);
    pthread_t thread;
    struct waiting waiting = {.site = site};
    commit_without_a_majority(scene, &waiting, &thread); /* control: without the stop it waits */
    order_log_etcd_stop(site->log);
    pthread_join(thread, NULL);
    assert_int_equal(waiting.code, ERR_STORE);
    etcd_member_continue(&scene->members, 0);
    etcd_member_continue(&scene->members, 1);
    site_destroy(&site);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_set_up_three, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_leader_that_is_killed_is_succeeded), TEST(a_leader_that_was_stopped_is_fenced),
        TEST(members_that_fail_do_not_matter),      TEST(without_a_majority_nothing_is_said),
        TEST(a_stop_leaves_an_open_fate_open),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
