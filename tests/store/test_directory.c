/* Which directories a store opens, and with what sentence it refuses the others. */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"

enum { MAP_BYTES = 32 * 1024 * 1024 };

struct fixture {
    char parent[SCRATCH_PATH_MAX];
    char directory[SCRATCH_PATH_MAX];
    char reason[STORE_REASON_MAX];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    scratch_make(fixture->parent);
    scratch_join(fixture->parent, "data", fixture->directory);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    scratch_remove(fixture->parent);
    free(fixture);
    return 0;
}

static int open_as(struct fixture *fixture, const uint8_t *group, uint64_t limit, bool is_read_only)
{
    struct store_options options = {fixture->directory, limit, group, is_read_only};
    struct store *store = NULL;
    int code = store_open(&options, &store, fixture->reason);

    if (code == 0)
        store_close(&store);
    else
        assert_null(store);
    return code;
}

static void refused(struct fixture *fixture, int code, int expected, const char *words)
{
    assert_int_equal(code, expected);
    if (strstr(fixture->reason, words) == NULL || fixture->reason[strlen(fixture->reason) - 1] != '.')
        fail_msg("no sentence with \"%s\": %s", words, fixture->reason);
}

static unsigned mode_of(struct fixture *fixture, const char *name)
{
    char path[SCRATCH_PATH_MAX];
    struct stat status;

    scratch_join(fixture->directory, name, path);
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void a_new_directory_is_made_for_its_owner_alone(void **state)
{
    struct fixture *fixture = *state;
    mode_t mask = umask(0);

    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), 0);
    umask(mask);
    assert_int_equal(mode_of(fixture, "."), 0700);
    assert_int_equal(mode_of(fixture, "data.mdb"), 0600);
    assert_int_equal(mode_of(fixture, "lock.mdb"), 0600);
    assert_int_equal(mode_of(fixture, "writer.lock"), 0600);
    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), 0);
    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, true), 0);
}

static void what_others_can_reach_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char path[SCRATCH_PATH_MAX];

    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), 0);
    assert_int_equal(chmod(fixture->directory, 0770), 0);
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), ERR_FILE_MODE, "chmod 700");
    assert_int_equal(chmod(fixture->directory, 0700), 0);
    scratch_join(fixture->directory, "data.mdb", path);
    assert_int_equal(chmod(path, 0640), 0);
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), ERR_FILE_MODE, "chmod 600");
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), 0);
}

static void a_directory_in_use_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = scratch_store(fixture->directory, MAP_BYTES);
    char number[32];

    snprintf(number, sizeof(number), "(%ld)", (long) getpid());
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), ERR_STORE_IN_USE, number);
    store_close(&store);
    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), 0);
}

/* By another process, until that one dies, however it dies. */
static void a_killed_holder_leaves_no_lock(void **state)
{
    struct fixture *fixture = *state;
    int ready[2];
    char byte;
    int status;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct store *store;

        if (scratch_try_store(fixture->directory, MAP_BYTES, &store) != 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), ERR_STORE_IN_USE, "in use");
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), 0);
    close(ready[0]);
    close(ready[1]);
}

static void another_groups_directory_is_refused(void **state)
{
    static const uint8_t other[GROUP_ID_SIZE] = "some other group";
    struct fixture *fixture = *state;

    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), 0);
    refused(fixture, open_as(fixture, other, MAP_BYTES, false), ERR_CONFIG, "another group");
    refused(fixture, open_as(fixture, other, MAP_BYTES, true), ERR_CONFIG, "another group");
    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), 0);
}

/* As a later version would have left it. */
static void another_versions_directory_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = scratch_store(fixture->directory, MAP_BYTES);
    struct store_txn *txn;
    uint8_t version[4];

    put_u32(version, STORE_SCHEMA_VERSION + 1);
    assert_int_equal(store_begin_write(store, &txn), 0);
    assert_int_equal(store_meta_put(txn, "schema", BYTES(version, sizeof(version))), 0);
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), ERR_STORE_VERSION, "schema 4");
}

/* As a later version would have left it, which has decided something by a later level. */
static void another_levels_directory_is_refused(void **state)
{
    struct fixture *fixture = *state;

    for (uint32_t later = 0; later <= 1; later++) {
        struct store *store = scratch_store(fixture->directory, MAP_BYTES);
        struct store_txn *txn;
        uint8_t level[4];

        put_u32(level, FORMAT_LEVEL + later);
        assert_int_equal(store_begin_write(store, &txn), 0);
        assert_int_equal(store_meta_put(txn, "level", BYTES(level, sizeof(level))), 0);
        assert_int_equal(store_commit(&txn), 0);
        store_close(&store);
        assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, true), later ? ERR_STORE_VERSION : 0);
    }
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), ERR_STORE_VERSION, "format level 2");
}

static void an_environment_of_somebody_else_is_refused(void **state)
{
    struct fixture *fixture = *state;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;

    assert_int_equal(mkdir(fixture->directory, 0700), 0);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 2), 0);
    assert_int_equal(mdb_env_open(env, fixture->directory, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "zones", MDB_CREATE, &dbi), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), ERR_STORE_VERSION,
            "not written by comity");
}

static void write_file(const char *directory, const char *name, const char *words, size_t size)
{
    char path[SCRATCH_PATH_MAX];
    FILE *file;

    scratch_join(directory, name, path);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(words, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void what_is_no_store_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static char noise[65536];

    write_file(fixture->parent, "file", "x", 1);
    scratch_join(fixture->parent, "file", fixture->directory);
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), ERR_FILE, "not a directory");
    strcpy(fixture->directory, "/proc/comity");
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), ERR_FILE, "cannot be made");
    scratch_join(fixture->parent, "data", fixture->directory);
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, true), ERR_FILE, "cannot be used");
    assert_int_equal(mkdir(fixture->directory, 0700), 0);
    memset(noise, 'n', sizeof(noise));
    write_file(fixture->directory, "data.mdb", noise, sizeof(noise));
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), ERR_CORRUPT, "damaged or no store");
    refused(fixture, open_as(fixture, SCRATCH_GROUP, 1000, false), ERR_CORRUPT, ".");
}

static void a_limit_too_small_is_refused(void **state)
{
    struct fixture *fixture = *state;

    refused(fixture, open_as(fixture, SCRATCH_GROUP, 1000, false), ERR_CONFIG, "256 KiB");
}

/* The first start may be cut off after LMDB made its file. */
static void an_empty_environment_is_a_new_store(void **state)
{
    struct fixture *fixture = *state;
    MDB_env *env;

    assert_int_equal(mkdir(fixture->directory, 0700), 0);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, fixture->directory, 0, 0600), 0);
    mdb_env_close(env);
    refused(fixture, open_as(fixture, SCRATCH_GROUP, MAP_BYTES, true), ERR_FILE, "no store");
    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), 0);
    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, true), 0);
    write_file(fixture->directory, "data.mdb", "", 0);
    assert_int_equal(open_as(fixture, SCRATCH_GROUP, MAP_BYTES, false), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_new_directory_is_made_for_its_owner_alone),
        TEST(what_others_can_reach_is_refused),
        TEST(a_directory_in_use_is_refused),
        TEST(a_killed_holder_leaves_no_lock),
        TEST(another_groups_directory_is_refused),
        TEST(another_versions_directory_is_refused),
        TEST(another_levels_directory_is_refused),
        TEST(an_environment_of_somebody_else_is_refused),
        TEST(what_is_no_store_is_refused),
        TEST(a_limit_too_small_is_refused),
        TEST(an_empty_environment_is_a_new_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
