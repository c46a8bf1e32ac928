/* The supervisor over small shell scripts as children. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "client/cli/supervisor.h"
#include "core/daemon/log.h"
#include "core/error.h"
#include "tests/unit/cli/scratch.h"

enum { DEADLINE_MS = 20000, CHILDREN = 2 };

struct fixture {
    struct scratch scratch;
    char scripts[CHILDREN][PATH_BYTES], logs[CHILDREN][PATH_BYTES], ready[CHILDREN][PATH_BYTES];
    struct supervised rows[CHILDREN];
};

/* A child that says each start and end in its log, is ready at once, and ends when it is told to. */
static const char GOOD[] = "echo started $$ >>$0.pids\n"
                           "trap 'echo ended >>$0.pids; exit 0' TERM\n"
                           "touch $1\n"
                           "while :; do sleep 0.05 & wait $!; done\n";

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void use_script(struct fixture *fixture, size_t index, const char *text)
{
    char name[32];

    snprintf(name, sizeof(name), "child-%zu", index);
    snprintf(fixture->scripts[index], PATH_BYTES, "%s", scratch_write(&fixture->scratch, name, text));
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    log_init("test", LOG_ERROR);
    scratch_init(&fixture->scratch);
    for (size_t i = 0; i < CHILDREN; i++) {
        char name[32];
        use_script(fixture, i, GOOD);
        snprintf(name, sizeof(name), "log-%zu", i);
        snprintf(fixture->logs[i], PATH_BYTES, "%s", scratch_path(&fixture->scratch, name));
        snprintf(name, sizeof(name), "ready-%zu", i);
        snprintf(fixture->ready[i], PATH_BYTES, "%s", scratch_path(&fixture->scratch, name));
        fixture->rows[i] = (struct supervised){
            .name = "child", .log = fixture->logs[i], .ready_file = fixture->ready[i], .stop_ms = 3000};
    }
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    scratch_release(&fixture->scratch);
    free(fixture);
    return 0;
}

/* argv of a child: sh SCRIPT READY. */
static const char *const *arguments_of(struct fixture *fixture, size_t index)
{
    static const char *lists[CHILDREN][4];

    lists[index][0] = "/bin/sh";
    lists[index][1] = fixture->scripts[index];
    lists[index][2] = fixture->ready[index];
    return lists[index];
}

static struct supervisor *make(struct fixture *fixture)
{
    for (size_t i = 0; i < CHILDREN; i++)
        fixture->rows[i].arguments = arguments_of(fixture, i);
    struct supervisor *supervisor = supervisor_new(fixture->rows, CHILDREN);
    assert_non_null(supervisor);
    return supervisor;
}

static int start_all(struct supervisor *supervisor, int64_t timeout_ms, size_t *ret_failed, int *ret_exit)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < CHILDREN; i++)
        code = supervisor_start(supervisor, i, timeout_ms, ret_failed, ret_exit);
    return code;
}

/* Process ids that a child has written, in order. */
static size_t read_pids(struct fixture *fixture, size_t index, long *pids, size_t size)
{
    char path[PATH_BYTES + 8], line[80];
    size_t count = 0;

    snprintf(path, sizeof(path), "%s.pids", fixture->scripts[index]);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "started ", 8) == 0 && count < size)
            pids[count++] = strtol(line + 8, NULL, 10);
    if (file != NULL)
        fclose(file);
    return count;
}

static bool is_gone(long pid)
{
    return kill((pid_t) pid, 0) != 0 && errno == ESRCH;
}

static void pause_briefly(void)
{
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};

    nanosleep(&pause, NULL);
}

/* Another process that runs the supervisor until it is told to stop; it exits with what supervisor_run gave.
 */
static pid_t run_apart(struct fixture *fixture)
{
    pid_t pid = fork();

    if (pid == 0) {
        size_t failed;
        int exit;
        struct supervisor *supervisor = make(fixture);
        int code = start_all(supervisor, DEADLINE_MS, &failed, &exit);
        if (code == 0) {
            scratch_write(&fixture->scratch, "runs", "");
            code = supervisor_run(supervisor);
        }
        supervisor_destroy(&supervisor);
        _exit(code == 0 ? 0 : 1);
    }
    assert_true(pid > 0);
    return pid;
}

static bool wait_for_file(struct fixture *fixture, const char *name)
{
    for (int64_t end_ms = now_ms() + DEADLINE_MS; now_ms() < end_ms; pause_briefly())
        if (access(scratch_path(&fixture->scratch, name), F_OK) == 0)
            return true;
    return false;
}

static bool wait_for_starts(struct fixture *fixture, size_t index, size_t count)
{
    long pids[16];

    for (int64_t end_ms = now_ms() + DEADLINE_MS; now_ms() < end_ms; pause_briefly())
        if (read_pids(fixture, index, pids, 16) >= count)
            return true;
    return false;
}

static bool wait_for_gone(long pid)
{
    for (int64_t end_ms = now_ms() + DEADLINE_MS; now_ms() < end_ms; pause_briefly())
        if (is_gone(pid))
            return true;
    return false;
}

static void test_what_dies_is_started_again(void **state)
{
    struct fixture *fixture = *state;
    pid_t supervisor = run_apart(fixture);
    long pids[CHILDREN][16];
    int status;

    assert_true(wait_for_file(fixture, "runs"));
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < CHILDREN; i++) {
            size_t count = read_pids(fixture, i, pids[i], 16);
            assert_int_equal(count, round + 1);
            kill((pid_t) pids[i][count - 1], SIGKILL);
            assert_true(wait_for_starts(fixture, i, round + 2));
        }
    }
    kill(supervisor, SIGTERM);
    assert_int_equal(waitpid(supervisor, &status, 0), supervisor);
    assert_int_equal(status, 0);
    for (size_t i = 0; i < CHILDREN; i++)
        for (size_t j = read_pids(fixture, i, pids[i], 16); j > 0; j--)
            assert_true(is_gone(pids[i][j - 1]));
}

/* Killed itself, it leaves nobody behind. */
static void test_none_is_left_behind(void **state)
{
    struct fixture *fixture = *state;
    pid_t supervisor = run_apart(fixture);
    long pids[CHILDREN][16];

    assert_true(wait_for_file(fixture, "runs"));
    for (size_t i = 0; i < CHILDREN; i++)
        assert_int_equal(read_pids(fixture, i, pids[i], 16), 1);
    kill(supervisor, SIGKILL);
    waitpid(supervisor, NULL, 0);
    for (size_t i = 0; i < CHILDREN; i++)
        assert_true(wait_for_gone(pids[i][0]));
}

/* The control of the test above: a child that was not made ready by supervisor_become_child outlives its
 * parent, so that the test would have seen it. */
static void test_control_a_plain_child_is_left_behind(void **state)
{
    struct fixture *fixture = *state;
    long pids[16];
    pid_t parent = fork();

    if (parent == 0) {
        if (fork() == 0) {
            execl("/bin/sh", "/bin/sh", fixture->scripts[0], fixture->ready[0], NULL);
            _exit(127);
        }
        for (;;)
            pause();
    }
    assert_true(wait_for_starts(fixture, 0, 1));
    assert_int_equal(read_pids(fixture, 0, pids, 16), 1);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    for (int64_t end_ms = now_ms() + 200; now_ms() < end_ms; pause_briefly())
        assert_false(is_gone(pids[0]));
    kill((pid_t) pids[0], SIGKILL);
}

static void test_one_that_ends_before_it_is_ready(void **state)
{
    struct fixture *fixture = *state;
    size_t failed = 99;
    int exit = 0;

    use_script(fixture, 1, "exit 7\n");
    struct supervisor *supervisor = make(fixture);
    assert_int_equal(start_all(supervisor, DEADLINE_MS, &failed, &exit), ERR_STATE);
    assert_int_equal(failed, 1);
    assert_int_equal(exit, 7);
    supervisor_destroy(&supervisor);
    long pids[16];
    assert_int_equal(read_pids(fixture, 0, pids, 16), 1);
    assert_true(is_gone(pids[0]));
}

static void test_a_program_that_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    static const char *const ARGUMENTS[] = {"/nonexistent/program", NULL};
    size_t failed = 99;
    int exit = 0;
    struct supervisor *supervisor = make(fixture);

    fixture->rows[0].arguments = ARGUMENTS;
    assert_int_equal(start_all(supervisor, DEADLINE_MS, &failed, &exit), ERR_STATE);
    assert_int_equal(failed, 0);
    assert_int_equal(exit, 127);
    supervisor_destroy(&supervisor);
}

static void test_one_that_never_is_ready(void **state)
{
    struct fixture *fixture = *state;
    size_t failed = 99;
    int exit = 0;

    use_script(fixture, 0, "while :; do sleep 0.05 & wait $!; done\n");
    struct supervisor *supervisor = make(fixture);
    assert_int_equal(start_all(supervisor, 200, &failed, &exit), ERR_TIMEOUT);
    assert_int_equal(failed, 0);
    supervisor_destroy(&supervisor);
}

/* Who does not listen to TERM is killed after its time. */
static void test_one_that_does_not_end(void **state)
{
    struct fixture *fixture = *state;
    size_t failed;
    int exit;
    long pids[16];

    use_script(fixture, 0,
               "trap '' TERM\necho started $$ >>$0.pids\ntouch $1\nwhile :; do sleep 0.05; done\n");
    fixture->rows[0].stop_ms = 200;
    struct supervisor *supervisor = make(fixture);
    assert_int_equal(start_all(supervisor, DEADLINE_MS, &failed, &exit), 0);
    assert_int_equal(read_pids(fixture, 0, pids, 16), 1);
    supervisor_destroy(&supervisor);
    assert_true(is_gone(pids[0]));
    supervisor_destroy(&supervisor);
}

static void test_backoff(void **state)
{
    int64_t wait_ms = 0;

    (void) state;
    wait_ms = supervisor_backoff_ms(wait_ms, 0);
    assert_int_equal(wait_ms, 100);
    wait_ms = supervisor_backoff_ms(wait_ms, 50);
    assert_int_equal(wait_ms, 200);
    for (int i = 0; i < 20; i++)
        wait_ms = supervisor_backoff_ms(wait_ms, 50);
    assert_int_equal(wait_ms, 5000);
    assert_int_equal(supervisor_backoff_ms(wait_ms, 10000), 100);
}

static off_t size_of(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 ? found.st_size : -1;
}

/* A child that makes its log too long as soon as it is told to by HUP, and goes on writing. */
static const char TALKER[] = "trap 'exit 0' TERM\n"
                             "trap 'truncate -s 17M \"$0.log\"; echo after; touch \"$0.grown\"' HUP\n"
                             "touch $1\n"
                             "while :; do sleep 0.05 & wait $!; done\n";

/* Beside the supervisor, in a process of its own: 0 where the log was taken away and the file kept. */
static int watch_log(const char *log, const char *old, const char *grown, pid_t supervisor)
{
    int64_t end_ms = now_ms() + DEADLINE_MS;

    kill(supervisor, SIGHUP);
    while (access(grown, F_OK) != 0 && now_ms() < end_ms)
        usleep(10000);
    kill(supervisor, SIGHUP); /* a turn */
    while (size_of(old) < SUPERVISOR_LOG_MOST_BYTES && now_ms() < end_ms)
        usleep(10000);
    bool is_cut = false;
    while (!is_cut && now_ms() < end_ms) {
        usleep(10000);
        is_cut = size_of(log) >= 0 && size_of(log) < 1024;
    }
    kill(supervisor, SIGTERM);
    return is_cut ? 0 : 1;
}

/* A log does not grow without end while a child runs, nor the supervisor's own. */
static void test_logs_are_limited(void **state)
{
    struct fixture *fixture = *state;
    char old[PATH_BYTES + 8], own[PATH_BYTES], own_old[PATH_BYTES + 8], grown[PATH_BYTES + 8];
    size_t failed;
    int status = 0, exit;

    use_script(fixture, 0, TALKER);
    snprintf(fixture->logs[0], PATH_BYTES, "%s", scratch_path(&fixture->scratch, "child-0.log"));
    snprintf(old, sizeof(old), "%s.old", fixture->logs[0]);
    snprintf(grown, sizeof(grown), "%s.grown", fixture->scripts[0]);
    snprintf(own, sizeof(own), "%s", scratch_write(&fixture->scratch, "up.log", "first\n"));
    snprintf(own_old, sizeof(own_old), "%s.old", own);
    assert_int_equal(truncate(own, SUPERVISOR_LOG_MOST_BYTES + 1), 0);
    struct supervisor *supervisor = make(fixture);
    supervisor_own_log(supervisor, own);
    assert_int_equal(start_all(supervisor, DEADLINE_MS, &failed, &exit), 0);
    assert_int_equal(size_of(own), 0);
    assert_int_equal(size_of(own_old), SUPERVISOR_LOG_MOST_BYTES + 1);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        _exit(watch_log(fixture->logs[0], old, grown, parent));
    supervisor_run(supervisor);
    supervisor_destroy(&supervisor);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* One that writes no ready file is ready as soon as it runs; what is waited for instead is asked for again
 * and again, and is not waited for in vain where a child has ended. */
static bool has_asked_thrice(void *context)
{
    unsigned *count = context;

    return ++*count >= 3;
}

static bool never(void *context)
{
    (void) context;
    return false;
}

static void count_turn(void *context)
{
    ++*(unsigned *) context;
}

static void test_what_else_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    unsigned asked = 0, turns = 0;
    size_t failed = 99;
    int exit = 0;

    fixture->rows[0].ready_file = NULL;
    struct supervisor *supervisor = make(fixture);
    supervisor_on_turn(supervisor, count_turn, &turns);
    assert_int_equal(supervisor_start(supervisor, 0, 0, &failed, &exit), 0);
    assert_int_equal(supervisor_wait(supervisor, has_asked_thrice, &asked, DEADLINE_MS, &failed, &exit), 0);
    assert_int_equal(turns, 2);
    assert_int_equal(supervisor_wait(supervisor, never, NULL, 100, &failed, &exit), ERR_TIMEOUT);
    assert_int_equal(failed, 0);
    use_script(fixture, 1, "touch $1\nwhile [ -e $1 ]; do sleep 0.02; done\nexit 7\n");
    assert_int_equal(supervisor_start(supervisor, 1, DEADLINE_MS, &failed, &exit), 0);
    unlink(fixture->ready[1]);
    assert_int_equal(supervisor_wait(supervisor, never, NULL, DEADLINE_MS, &failed, &exit), ERR_STATE);
    assert_int_equal(failed, 1);
    assert_int_equal(exit, 7);
    supervisor_destroy(&supervisor);
}

/* Each end once; and what runs is not started a second time. */
static void test_the_others_go_on_without_it(void **state)
{
    struct fixture *fixture = *state;
    size_t failed = 99;
    long pids[2];
    int exit = 0;

    use_script(fixture, 0, "exit 7\n");
    struct supervisor *supervisor = make(fixture);
    assert_int_equal(supervisor_start(supervisor, 0, DEADLINE_MS, &failed, &exit), ERR_STATE);
    assert_int_equal(failed, 0);
    assert_int_equal(supervisor_start(supervisor, 1, DEADLINE_MS, &failed, &exit), 0);
    assert_int_equal(supervisor_start(supervisor, 1, DEADLINE_MS, &failed, &exit), 0);
    assert_int_equal(read_pids(fixture, 1, pids, 2), 1);
    exit = 0;
    assert_int_equal(supervisor_start(supervisor, 0, DEADLINE_MS, &failed, &exit), ERR_STATE); /* once more, and told once more */
    assert_int_equal(failed, 0);
    assert_int_equal(exit, 7);
    supervisor_destroy(&supervisor);
}

/* A program beside the children, to its end: what it makes is its user's alone. */
static void test_a_task(void **state)
{
    struct fixture *fixture = *state;
    const char *made = scratch_path(&fixture->scratch, "made");
    const char *const good[] = {"/bin/sh", "-c", "echo said; touch $0; exit 3", made, NULL};
    const char *const endless[] = {"/bin/sh", "-c", "while :; do sleep 0.05; done", NULL};
    const char *const nowhere[] = {"/nonexistent/program", NULL};
    struct stat found;
    int exit = 0;
    struct supervisor *supervisor = make(fixture);

    assert_int_equal(supervisor_task(supervisor, good, fixture->logs[0], DEADLINE_MS, &exit), 0);
    assert_int_equal(exit, 3);
    assert_int_equal(stat(made, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(stat(fixture->logs[0], &found), 0);
    assert_int_equal(found.st_size, sizeof("said"));
    assert_int_equal(supervisor_task(supervisor, nowhere, fixture->logs[0], DEADLINE_MS, &exit), 0);
    assert_int_equal(exit, 127);
    assert_int_equal(supervisor_task(supervisor, endless, fixture->logs[0], 100, &exit), ERR_TIMEOUT);
    kill(getpid(), SIGTERM);
    assert_int_equal(supervisor_task(supervisor, endless, fixture->logs[0], DEADLINE_MS, &exit), ERR_EXPIRED);
    supervisor_destroy(&supervisor);
}

static void test_the_terminal_is_gone(void **state)
{
    struct fixture *fixture = *state;
    size_t failed;
    int exit;
    struct supervisor *supervisor = make(fixture);

    supervisor_end_on_hangup(supervisor);
    assert_int_equal(start_all(supervisor, DEADLINE_MS, &failed, &exit), 0);
    kill(getpid(), SIGHUP);
    assert_int_equal(supervisor_run(supervisor), 0);
    supervisor_destroy(&supervisor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_dies_is_started_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_none_is_left_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_control_a_plain_child_is_left_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_that_ends_before_it_is_ready, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_program_that_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_that_never_is_ready, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_that_does_not_end, set_up, tear_down),
        cmocka_unit_test(test_backoff),
        cmocka_unit_test_setup_teardown(test_logs_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_else_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_others_go_on_without_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_task, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_terminal_is_gone, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
