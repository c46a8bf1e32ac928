/* Exit codes, signals and files of a daemon. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/daemon/process.h"
#include "core/error.h"

static void test_exit_codes(void **state)
{
    (void) state;
    assert_int_equal(process_exit_code(0), 0);
    assert_int_equal(process_exit_code(ERR_CONFIG), 2);
    assert_int_equal(process_exit_code(ERR_FILE_MODE), 2);
    assert_int_equal(process_exit_code(ERR_ADDRESS), 3);
    assert_int_equal(process_exit_code(ERR_STORE), 1);
    for (unsigned i = 0; error_at(i) != 0; i++)
        assert_int_not_equal(process_exit_code(error_at(i)), 0);
}

static void test_signals_are_taken(void **state)
{
    (void) state;
    int fd = -1;
    assert_int_equal(process_signals_open(&fd), 0);
    assert_int_equal(process_signal_take(fd), PROCESS_SIGNAL_NONE);
    raise(SIGHUP);
    assert_int_equal(process_signal_take(fd), PROCESS_SIGNAL_RELOAD);
    raise(SIGTERM);
    assert_int_equal(process_signal_take(fd), PROCESS_SIGNAL_STOP);
    raise(SIGINT);
    assert_int_equal(process_signal_take(fd), PROCESS_SIGNAL_STOP);
    assert_int_equal(process_signal_take(fd), PROCESS_SIGNAL_NONE);
    close(fd);
}

static void test_file_is_replaced_whole(void **state)
{
    (void) state;
    char folder[] = "/tmp/comity-process-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    snprintf(path, sizeof(path), "%s/ready", folder);
    assert_int_equal(process_file_write(path, "first, and longer\n"), 0);

    int before = open(path, O_RDONLY);
    assert_int_equal(process_file_write(path, "second\n"), 0);
    char text[64] = "";
    assert_int_equal(read(before, text, sizeof(text) - 1), 18);
    assert_string_equal(text, "first, and longer\n"); /* who had it open sees the old one, whole */
    close(before);

    int after = open(path, O_RDONLY);
    memset(text, 0, sizeof(text));
    assert_int_equal(read(after, text, sizeof(text) - 1), 7);
    assert_string_equal(text, "second\n");
    close(after);
    unlink(path);
    assert_int_equal(rmdir(folder), 0); /* no temporary file is left */
}

static void test_file_that_cannot_be_written(void **state)
{
    (void) state;
    errno = 0;
    assert_int_equal(process_file_write("/nonexistent/folder/ready", "x"), ERR_FILE);
    assert_int_equal(errno, ENOENT);

    char folder[] = "/tmp/comity-process-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    snprintf(path, sizeof(path), "%s/taken", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(process_file_write(path, "x"), ERR_FILE); /* a directory is in the way */
    assert_int_equal(rmdir(path), 0);
    /* No room for a byte more: as on a full disk. */
    const struct rlimit none = {0, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    int code = process_file_write(path, "x");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    assert_int_equal(code, ERR_DISK_FULL);
    assert_int_equal(process_exit_code(code), 1);
    assert_int_equal(rmdir(folder), 0);
}

static void test_folder_of_a_file(void **state)
{
    (void) state;
    assert_true(process_has_folder("/tmp/not-there-yet"));
    assert_true(process_has_folder("not-there-yet"));
    assert_true(process_has_folder("/not-there-yet"));
    assert_false(process_has_folder("/nonexistent/ready"));
    assert_false(process_has_folder("/dev/null/ready"));
}

/* Of a process that crashes the kernel says whether it left a core dump. Where it would not leave one of anybody, that says
 * nothing, and what was set is all there is to look at. */
static void crash_after(void (*prepare)(void), bool *ret_has_dumped)
{
    char folder[] = "/tmp/comity-process-XXXXXX";
    char command[64];
    int status;
    assert_non_null(mkdtemp(folder));
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit much = {64 << 20, 64 << 20};
        setrlimit(RLIMIT_CORE, &much);
        signal(SIGABRT, SIG_DFL);
        prepare();
        if (chdir(folder) != 0)
            _exit(1);
        kill(getpid(), SIGABRT);
        for (;;)
            pause();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    *ret_has_dumped = WCOREDUMP(status);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

static void nothing(void)
{
}

static void test_no_dump_is_left(void **state)
{
    (void) state;
    bool has_dumped = true, control_has_dumped = false;
    crash_after(nothing, &control_has_dumped);
    printf("without the defence this machine leaves %s core dump\n", control_has_dumped ? "a" : "no");
    crash_after(process_forbid_dumps, &has_dumped);
    assert_false(has_dumped);
}

static void look_and_end(void)
{
    struct rlimit limit;
    process_forbid_dumps();
    _exit(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0 &&
                  prctl(PR_GET_DUMPABLE) == 0
              ? 0
              : 1);
}

static void test_dumps_are_forbidden(void **state)
{
    (void) state;
    int status;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        look_and_end();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_signals_are_taken),
        cmocka_unit_test(test_file_is_replaced_whole),
        cmocka_unit_test(test_file_that_cannot_be_written),
        cmocka_unit_test(test_folder_of_a_file),
        cmocka_unit_test(test_no_dump_is_left),
        cmocka_unit_test(test_dumps_are_forbidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
