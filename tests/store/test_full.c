/* No room: at the configured limit, in the file's limit, on the disk. An answer each time, nothing lost, and
 * on it goes once there is room. */
#include "scene.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"

enum { BATCHES_MAX = 2000, BATCH = 16, READERS = 4 };

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene_begin(scene, 31);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    scene_end(*state);
    free(*state);
    return 0;
}

/* A batch of proposals, whose texts take room. Returns the code that all items have in common. */
static int run_batch(struct scene *scene)
{
    static char words[20000];
    int code;

    memset(words, 'w', sizeof(words) - 1);
    scene_next(scene);
    for (unsigned i = 0; i < BATCH; i++) {
        Comity__V1__Command *body = SCENE_NEW(scene, Command, command);

        body->body_case = COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL;
        body->make_proposal = SCENE_NEW(scene, MakeProposal, make_proposal);
        body->make_proposal->item = 1;
        body->make_proposal->title = scene_text(scene, "A long one");
        body->make_proposal->text = scene_text(scene, words);
        scene_add(scene, body, 2, NULL, 0);
    }
    assert_int_equal(scene_run(scene), 0);
    code = scene->items[0].code;
    for (unsigned i = 0; i < BATCH; i++) {
        assert_int_equal(scene->items[i].code, code);
        if (code == 0)
            scene_check_receipt(scene, i);
        else
            assert_int_equal(scene_reply(scene, i)->refusal->code, code);
    }
    arena_reset(scene->arena);
    return code;
}

/* Pages that a run before had freed may have room for some more. */
static void fill_to_the_end(struct scene *scene, int expected)
{
    unsigned batches = 0;
    int code;

    do
        code = run_batch(scene);
    while (code == 0 && ++batches < BATCHES_MAX);
    assert_int_equal(code, expected);
}

/* Until it is full: then the head stays, reading goes on, and so does refusing. */
static void fill_until(struct scene *scene, int expected)
{
    uint8_t hash[HASH_SIZE], hash_after[HASH_SIZE];
    unsigned batches = 0;
    uint64_t head;
    int code;

    do {
        head = scene_head(scene);
        scene_view_hash(scene, hash);
        code = run_batch(scene);
    } while (code == 0 && ++batches < BATCHES_MAX);
    assert_int_equal(code, expected);
    assert_true(batches > 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(run_batch(scene), expected);
    assert_int_equal(scene_head(scene), head);
    scene_view_hash(scene, hash_after);
    assert_memory_equal(hash, hash_after, HASH_SIZE);
    assert_int_equal(error_execution(expected), NOT_EXECUTED);
}

static void at_the_limit_commands_are_refused(void **state)
{
    struct scene *scene = *state;
    uint64_t used;
    uint64_t limit;

    scene_found(scene);
    scene_open_round(scene, 0);
    scene_stop(scene);
    scene->map_limit_bytes = 3 * 1024 * 1024;
    scene_start(scene);
    fill_until(scene, ERR_STORE_FULL);
    store_usage(scene->store, &used, &limit);
    assert_int_equal(limit, 3 * 1024 * 1024);
    assert_true(used <= limit);
    /* Nothing is lost by a restart, and a larger limit lets it go on. */
    scene_stop(scene);
    scene_start(scene);
    fill_to_the_end(scene, ERR_STORE_FULL);
    scene_stop(scene);
    scene->map_limit_bytes = 16 * 1024 * 1024;
    scene_start(scene);
    assert_int_equal(run_batch(scene), 0);
}

/* Readers of other threads, short as they are, while the map grows under them. */
struct reading {
    struct scene *scene;
    struct store_history history;
    atomic_bool is_over;
    atomic_uint reads;
    atomic_uint failures;
};

static void *read_all_the_time(void *context)
{
    struct reading *reading = context;

    while (!atomic_load(&reading->is_over)) {
        struct store_txn *txn;
        struct store_history history;
        uint8_t hash[HASH_SIZE];
        struct view view;
        int code = store_begin_read(reading->scene->store, &txn);

        if (code == 0)
            code = store_history_get(txn, reading->history.id, &history);
        if (code == 0) {
            view = store_view(txn, &history);
            code = view_hash(&view, hash);
        }
        store_abort(&txn);
        atomic_fetch_add(code == 0 ? &reading->reads : &reading->failures, 1);
    }
    return NULL;
}

static void the_map_grows_under_readers(void **state)
{
    struct scene *scene = *state;
    struct reading reading = {.scene = scene};
    pthread_t readers[READERS];
    uint64_t used = 0;
    uint64_t limit;

    scene_found(scene);
    scene_open_round(scene, 0);
    memcpy(reading.history.id, scene->history, HISTORY_ID_SIZE);
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_all_the_time, &reading), 0);
    for (unsigned i = 0; i < BATCHES_MAX && used < 40 * 1024 * 1024; i++) {
        assert_int_equal(run_batch(scene), 0);
        store_usage(scene->store, &used, &limit);
    }
    atomic_store(&reading.is_over, true);
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    assert_true(used >= 40 * 1024 * 1024);
    assert_int_equal(atomic_load(&reading.failures), 0);
    assert_true(atomic_load(&reading.reads) > 0);
    printf("grew past %d MiB under %u reads\n", 40, atomic_load(&reading.reads));
}

/* EFBIG, as a stand-in for a full disk that every machine can have. */
static void at_the_files_limit_commands_are_refused(void **state)
{
    struct scene *scene = *state;
    char path[SCRATCH_PATH_MAX];
    struct rlimit before;
    struct rlimit limit;

    scene_found(scene);
    scene_open_round(scene, 0);
    scratch_join(scene->directory, "data.mdb", path);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = scratch_file_size(path) + 3 * 1024 * 1024;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    fill_until(scene, ERR_DISK_FULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(run_batch(scene), 0);
    scene_stop(scene);
    scene_start(scene);
    assert_int_equal(run_batch(scene), 0);
}

/* A disk of 8 MiB, in a child that has mounts of its own. Where "/" is no mount point, in a chroot, they cannot
 * be made private: then others may see the disk, until it is taken away. 0, 77 where that is not allowed, or 1. */
static int small_disk_mount(const char *disk)
{
    if (mkdir(disk, 0700) == 0 && unshare(CLONE_NEWNS) == 0 &&
        (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 || errno == EINVAL) &&
        mount("none", disk, "tmpfs", 0, "size=8m,mode=700") == 0)
        return 0;
    return errno == EPERM || errno == EACCES || errno == ENOSYS ? 77 : 1;
}

static int fill_small_disk(const char *disk)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    char ballast[SCRATCH_PATH_MAX];
    static uint8_t noise[3 * 1024 * 1024];
    FILE *file;

    setenv("TMPDIR", disk, 1);
    scratch_join(disk, "ballast", ballast);
    file = fopen(ballast, "wb");
    if (file == NULL || fwrite(noise, sizeof(noise), 1, file) != 1 || fclose(file) != 0)
        return 2;
    scene_begin(scene, 37);
    scene_found(scene);
    scene_open_round(scene, 0);
    fill_until(scene, ERR_DISK_FULL);
    scene_stop(scene);
    scene_start(scene);
    if (run_batch(scene) != ERR_DISK_FULL)
        return 3;
    unlink(ballast);
    if (run_batch(scene) != 0)
        return 4;
    scene_end(scene);
    return 0;
}

static int on_a_small_disk(const char *parent)
{
    char disk[SCRATCH_PATH_MAX];

    scratch_join(parent, "disk", disk);
    int code = small_disk_mount(disk);
    if (code != 0)
        return code;
    code = fill_small_disk(disk);
    umount2(disk, MNT_DETACH);
    return code;
}

static void small_disk_test(void **state)
{
    char *parent = *state;
    int code = on_a_small_disk(parent);

    if (code == 77)
        skip();
    assert_int_equal(code, 0);
}

/* cmocka runs inside the child, so that what fails there is told. */
static int small_disk_child(char *parent)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(small_disk_test, parent)};

    return cmocka_run_group_tests_name("on a disk of 8 MiB", tests, NULL, NULL);
}

static void on_a_full_disk_commands_are_refused(void **state)
{
    char parent[SCRATCH_PATH_MAX];
    int status;
    pid_t child;

    (void) state;
    if (geteuid() != 0) {
        print_message("SKIPPED: a full disk (ENOSPC) needs root, to mount a small one\n");
        skip();
    }
    scratch_make(parent);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int failed = small_disk_child(parent);

        fflush(NULL);
        _exit(failed);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    scratch_remove(parent);
    assert_int_equal(status, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(at_the_limit_commands_are_refused),
        TEST(the_map_grows_under_readers),
        TEST(at_the_files_limit_commands_are_refused),
        cmocka_unit_test(on_a_full_disk_commands_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
