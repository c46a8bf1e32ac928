/* The state directory as a whole: whose it is, who works on it, and a disk without room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/witness/kept.h"
#include "client/witness/run.h"
#include "client/witness/state.h"
#include "client/witness/status.h"
#include "core/daemon/process.h"
#include "core/error.h"

static struct witness_settings settings;
static struct signing_key key, other_key;
static char directory[64], reason[STATE_REASON_MAX];

static int setup(void **state)
{
    (void) state;
    const char *temporary = getenv("TMPDIR");
    snprintf(directory, sizeof(directory), "%.40s/comity-XXXXXX", temporary ? temporary : "/tmp");
    if (key_init() != 0 || !mkdtemp(directory))
        return -1;
    signing_key_generate(&key);
    signing_key_generate(&other_key);
    settings = (struct witness_settings){.name = "labour-box", .interval_s = 10, .history_count = 2};
    snprintf(settings.state, sizeof(settings.state), "%s/state", directory);
    snprintf(settings.ready_file, sizeof(settings.ready_file), "%s/ready", directory);
    for (size_t i = 0; i < settings.history_count; i++) {
        struct history_settings *history = &settings.histories[i];
        snprintf(history->name, sizeof(history->name), "trial%zu", i);
        memset(history->history, (int) i + 1, HISTORY_ID_SIZE);
        memset(history->group_key, 9, KEY_SIZE);
        snprintf(history->endpoints[0], ENDPOINT_MAX, "tcp://127.0.0.1:9"); /* nobody is there */
        memset(history->brokers[0].server_key, 9, KEY_SIZE);
        history->brokers[0].endpoint = history->endpoints[0];
        history->broker_count = 1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", directory);
    return system(command);
}

/* Something that @by has cosigned of the second history is kept. */
static void keep(const struct signing_key *by)
{
    struct checkpoint checkpoint = {.size = 3};
    char note[CHECKPOINT_MAX_BYTES], text[CHECKPOINT_MAX_BYTES];
    uint8_t signature[SIGNATURE_SIZE];
    struct kept kept;
    kept_init(&kept, settings.histories[1].history, other_key.public_key);
    kept.epoch = 1;
    checkpoint_origin(kept.history, 1, checkpoint.origin);
    cosignature_make(BYTES(text, checkpoint_write(&checkpoint, text)), 1800000000, by, signature);
    kept_take(&kept, BYTES(note, checkpoint_sign(&checkpoint, &other_key, note)), &checkpoint, 1800000000, signature);
    assert_int_equal(kept_save(settings.state, &kept), 0);
}

static void test_it_is_made_for_its_user_alone(void **state)
{
    (void) state;
    struct stat status;
    assert_int_equal(state_make(&settings, reason), 0);
    assert_int_equal(stat(settings.state, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_equal(state_make(&settings, reason), 0);
    assert_int_equal(chmod(settings.state, 0770), 0);
    assert_int_equal(state_make(&settings, reason), ERR_FILE_MODE);
}

static void test_whose_it_is(void **state)
{
    (void) state;
    assert_int_equal(state_check_key(&settings, key.public_key, reason), 0); /* there is none yet */
    assert_int_equal(state_make(&settings, reason), 0);
    assert_int_equal(state_check_key(&settings, key.public_key, reason), 0);
    keep(&key);
    assert_int_equal(state_check_key(&settings, key.public_key, reason), 0);
    assert_int_equal(state_check_key(&settings, other_key.public_key, reason), ERR_CONFIG);
    assert_non_null(strstr(reason, "trial1"));
    keep(&other_key);
    assert_int_equal(state_check_key(&settings, key.public_key, reason), ERR_CONFIG);
}

/* Asked by another process, as `comity-witness status` is one. */
static bool is_in_use(void)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(state_is_in_use(&settings));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 1;
}

static int lock_in_another(void)
{
    int status, lock;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(-state_lock(&settings, &lock, reason));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return -WEXITSTATUS(status);
}

static void test_one_alone_works_on_it(void **state)
{
    (void) state;
    int lock;
    assert_false(is_in_use());
    assert_int_equal(state_make(&settings, reason), 0);
    assert_false(is_in_use());
    assert_int_equal(state_lock(&settings, &lock, reason), 0);
    assert_true(is_in_use());
    assert_int_equal(lock_in_another(), ERR_STORE_IN_USE);
    close(lock);
    assert_false(is_in_use());
    assert_int_equal(lock_in_another(), 0);
}

/* As a file system that cannot lock answers. */
static void refuse_locks(void)
{
    const struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fcntl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])), /* its lower half */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_SETLK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOLCK),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {ARRAY_COUNT(steps), (struct sock_filter *) steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(2);
}

static void test_a_lock_that_cannot_be_had_is_not_laid_to_another(void **state)
{
    (void) state;
    int status, lock;
    assert_int_equal(state_make(&settings, reason), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        refuse_locks();
        int code = state_lock(&settings, &lock, reason);
        _exit(code == ERR_FILE && strstr(reason, "cannot be locked: No locks available") ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(process_exit_code(ERR_FILE), EXIT_CONFIGURATION);
}

/* It is no fault of the configuration: it may be started again. */
static void test_a_start_on_a_full_disk(void **state)
{
    (void) state;
    const struct rlimit none = {0, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    int code = run_witness(&settings, &key, reason);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    assert_int_equal(code, ERR_DISK_FULL);
    assert_int_equal(process_exit_code(code), EXIT_OTHER);
    assert_non_null(strstr(reason, "ready_file"));
    assert_false(is_in_use());
}

/* Of a later epoch that holds the first @holds of 3. */
static void check_lost(uint64_t holds, const char *expected)
{
    struct checkpoint checkpoint = {.size = 3};
    char note[CHECKPOINT_MAX_BYTES], *text = NULL;
    struct kept kept;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    keep(&key);
    assert_int_equal(kept_load(settings.state, settings.histories[1].history, &kept), 0);
    checkpoint_origin(kept.history, 2, checkpoint.origin);
    kept_note_epoch(&kept, 2, other_key.public_key, BYTES(note, checkpoint_sign(&checkpoint, &other_key, note)), holds);
    assert_int_equal(kept_save(settings.state, &kept), 0);
    status_print(&settings, key.public_key, false, out);
    fclose(out);
    assert_non_null(strstr(text, expected));
    free(text);
}

static void test_what_is_lost_is_said_by_number(void **state)
{
    (void) state;
    assert_int_equal(state_make(&settings, reason), 0);
    check_lost(1, "It went back to number 1: of what was cosigned, numbers 2 to 3 are lost.\n");
    check_lost(2, "It went back to number 2: of what was cosigned, number 3 is lost.\n");
    check_lost(3, "It holds all that was cosigned.\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_it_is_made_for_its_user_alone),
        TEST(test_whose_it_is),
        TEST(test_one_alone_works_on_it),
        TEST(test_a_lock_that_cannot_be_had_is_not_laid_to_another),
        TEST(test_what_is_lost_is_said_by_number),
        TEST(test_a_start_on_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
