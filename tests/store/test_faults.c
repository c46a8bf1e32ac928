/* A fault at every step: each call that LMDB makes of the system, and each call that the store makes of LMDB,
 * fails once. What was refused was not done, what was answered is there, and the same commands again end in
 * the same state.
 *
 * This program's own pwrite, writev and so on stand before the C library's for liblmdb.so as well; calls of
 * LMDB are wrapped by the linker (CMakeLists.txt). Faults happen only while they are armed. */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/error.h"

enum { BALLOTS = 6, STEPS_MAX = 3000 };

/* Which kind of call fails, the how-many-eth of them, and how. */
enum fault { FAULT_NONE, FAULT_RESERVE, FAULT_WRITE, FAULT_SHORT_WRITE, FAULT_SYNC, FAULT_LMDB };
static struct {
    enum fault fault;
    unsigned step; /* counts down to the call that fails */
    int code;      /* errno or LMDB's code */
    bool has_failed;
} armed;

static bool fails(enum fault fault)
{
    if (armed.fault != fault || armed.has_failed || --armed.step > 0)
        return false;
    armed.has_failed = true;
    return true;
}

/* The system's. */

static ssize_t write_fault(size_t size, bool *ret_is_fault)
{
    *ret_is_fault = true;
    if (fails(FAULT_WRITE)) {
        errno = armed.code;
        return -1;
    }
    if (size > 1 && fails(FAULT_SHORT_WRITE))
        return (ssize_t) (size / 2);
    *ret_is_fault = false;
    return 0;
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
    bool is_fault;
    ssize_t result = write_fault(size, &is_fault);

    return is_fault ? result : syscall(SYS_pwrite64, descriptor, data, size, offset);
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count)
{
    bool is_fault;
    size_t size = 0;
    ssize_t result;

    for (int i = 0; i < count; i++)
        size += pieces[i].iov_len;
    result = write_fault(size, &is_fault);
    return is_fault ? result : syscall(SYS_writev, descriptor, pieces, count);
}

/* As long as it is armed: one that was refused asks for less. */
int posix_fallocate(int descriptor, off_t offset, off_t size)
{
    if (armed.fault == FAULT_RESERVE) {
        armed.has_failed = true;
        return armed.code;
    }
    return syscall(SYS_fallocate, descriptor, 0, offset, size) == 0 ? 0 : errno;
}

int fdatasync(int descriptor)
{
    if (fails(FAULT_SYNC)) {
        errno = armed.code;
        return -1;
    }
    return (int) syscall(SYS_fdatasync, descriptor);
}

/* LMDB's. */

#define WRAP(name, parameters, arguments)                                                                    \
    int __real_##name parameters;                                                                            \
    int __wrap_##name parameters;                                                                            \
    int __wrap_##name parameters                                                                             \
    {                                                                                                        \
        return fails(FAULT_LMDB) ? armed.code : __real_##name arguments;                                     \
    }

WRAP(mdb_get, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data), (txn, dbi, key, data))
WRAP(mdb_put, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned flags),
     (txn, dbi, key, data, flags))
WRAP(mdb_del, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data), (txn, dbi, key, data))
WRAP(mdb_cursor_open, (MDB_txn * txn, MDB_dbi dbi, MDB_cursor **cursor), (txn, dbi, cursor))
WRAP(mdb_cursor_get, (MDB_cursor * cursor, MDB_val *key, MDB_val *data, MDB_cursor_op op),
     (cursor, key, data, op))
WRAP(mdb_txn_begin, (MDB_env * env, MDB_txn *parent, unsigned flags, MDB_txn **txn),
     (env, parent, flags, txn))

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn)
{
    if (!fails(FAULT_LMDB))
        return __real_mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return armed.code;
}

/* The scene: everything up to an open round; the ballots and the close that go through the fault; the state
 * that they end in. */

struct fixture {
    struct scene scene;
    char base[SCRATCH_PATH_MAX]; /* the data file before the ballots */
    char data[SCRATCH_PATH_MAX];
    char mark[SCRATCH_PATH_MAX]; /* of the commits that go with the data file */
    uint8_t before[HASH_SIZE];
    uint8_t after[HASH_SIZE]; /* state once all were carried out */
    const struct command *commands[BALLOTS + 1];
};

static void add_all(struct fixture *fixture)
{
    scene_next(&fixture->scene);
    for (unsigned i = 0; i < BALLOTS + 1; i++)
        scene_add_again(&fixture->scene, fixture->commands[i]);
}

/* The close is the dearest command: it counts, and causes several events. */
static Comity__V1__Command *close_round(struct scene *scene)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);

    body->body_case = COMITY__V1__COMMAND__BODY_CLOSE_ROUND;
    body->close_round = SCENE_NEW(scene, CloseRound, close_round);
    body->close_round->round = 1;
    return body;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct scene *scene = &fixture->scene;

    scene_begin(scene, 3);
    scene_found(scene);
    scene_open_round(scene, 0);
    scene_view_hash(scene, fixture->before);
    scene_stop(scene);
    scratch_join(scene->directory, "base", fixture->base);
    scratch_join(scene->directory, "data.mdb", fixture->data);
    scratch_join(scene->directory, "writer.lock", fixture->mark);
    scratch_copy_file(fixture->data, fixture->base);
    scene_start(scene);
    for (unsigned i = 0; i < BALLOTS; i++)
        scene_add(scene, scene_ballot(scene, 1 + i % 2, 0, i % 2 ? "Because." : NULL), i, NULL, 0);
    scene_add(scene, close_round(scene), 0, NULL, 0);
    for (unsigned i = 0; i < BALLOTS + 1; i++)
        fixture->commands[i] = scene->items[i].command;
    assert_int_equal(scene_run(scene), 0);
    for (unsigned i = 0; i < BALLOTS + 1; i++)
        assert_int_equal(scene->items[i].code, 0);
    scene_view_hash(scene, fixture->after);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    armed.fault = FAULT_NONE;
    scene_end(&fixture->scene);
    free(fixture);
    return 0;
}

static void start_anew(struct fixture *fixture)
{
    uint64_t used;
    uint64_t limit;

    scene_next(&fixture->scene);
    scene_stop(&fixture->scene);
    scratch_copy_file(fixture->base, fixture->data);
    assert_int_equal(unlink(fixture->mark), 0);
    scene_start(&fixture->scene);
    store_usage(fixture->scene.store, &used, &limit);
    assert_int_equal(truncate(fixture->data, (off_t) used), 0); /* nothing is reserved */
}

static void arm(enum fault fault, unsigned step, int code)
{
    armed.step = step;
    armed.code = code;
    armed.has_failed = false;
    armed.fault = fault;
}

struct outcomes {
    unsigned steps, stopped, refused, partly, accepted;
};

/* The answers agree with what is in the store. */
static void answers_hold(struct fixture *fixture, struct outcomes *outcomes)
{
    struct scene *scene = &fixture->scene;
    uint8_t hash[HASH_SIZE];
    unsigned accepted = 0;

    for (unsigned i = 0; i < BALLOTS + 1; i++) {
        if (scene->items[i].code == 0) {
            scene_check_receipt(scene, i);
            accepted++;
        } else if (error_execution(scene->items[i].code) != NOT_EXECUTED) {
            fail_msg("refused with %s", error_name(scene->items[i].code));
        }
    }
    scene_view_hash(scene, hash);
    if (accepted == 0) {
        outcomes->refused++;
        assert_memory_equal(hash, fixture->before, HASH_SIZE);
    } else if (accepted == BALLOTS + 1) {
        outcomes->accepted++;
        assert_memory_equal(hash, fixture->after, HASH_SIZE);
    } else {
        outcomes->partly++;
        assert_memory_not_equal(hash, fixture->before, HASH_SIZE);
    }
}

/* The same commands without a fault: everything is done, once. Where some had been refused for the fault
 * alone while others were done, those come later now, and the state differs by their order. */
static void all_is_done_in_the_end(struct fixture *fixture, bool is_same_order)
{
    struct scene *scene = &fixture->scene;
    uint8_t hash[HASH_SIZE];

    add_all(fixture);
    assert_int_equal(scene_run(scene), 0);
    for (unsigned i = 0; i < BALLOTS + 1; i++) {
        if (scene->items[i].code == 0)
            scene_check_receipt(scene, i);
        else
            assert_false(is_same_order);
    }
    scene_view_hash(scene, hash);
    if (is_same_order)
        assert_memory_equal(hash, fixture->after, HASH_SIZE);
}

/* One run with one fault. False: the fault was not reached any more. */
static bool run_with(struct fixture *fixture, enum fault fault, unsigned step, int code,
                     struct outcomes *outcomes)
{
    struct scene *scene = &fixture->scene;
    unsigned partly = outcomes->partly;
    int result;

    start_anew(fixture);
    add_all(fixture);
    arm(fault, step, code);
    result = scene_run(scene);
    armed.fault = FAULT_NONE;
    if (!armed.has_failed)
        return false;
    outcomes->steps++;
    if (result == ERR_STORE) {
        /* The process ends here; a new one opens what it finds. */
        outcomes->stopped++;
        scene_stop(scene);
        scene_start(scene);
    } else {
        assert_int_equal(result, 0);
        answers_hold(fixture, outcomes);
    }
    all_is_done_in_the_end(fixture, outcomes->partly == partly);
    return true;
}

static struct outcomes run_all(struct fixture *fixture, const char *what, enum fault fault, int code)
{
    struct outcomes outcomes = {0};

    for (unsigned step = 1; step < STEPS_MAX && run_with(fixture, fault, step, code, &outcomes); step++)
        continue;
    printf("%s: failed at each of %u steps: %u times stopped, %u all refused, %u partly refused, %u all "
           "accepted\n",
           what, outcomes.steps, outcomes.stopped, outcomes.refused, outcomes.partly, outcomes.accepted);
    assert_true(outcomes.steps > 0 && outcomes.steps < STEPS_MAX - 1);
    return outcomes;
}

static void a_full_disk_when_room_is_reserved(void **state)
{
    static const int codes[] = {ENOSPC, EDQUOT, EFBIG};
    struct outcomes outcomes = {0};

    for (unsigned i = 0; i < ARRAY_COUNT(codes); i++) {
        assert_true(run_with(*state, FAULT_RESERVE, 1, codes[i], &outcomes));
        assert_int_equal(outcomes.refused, i + 1);
    }
}

/* The number of the commit beside the store is written after it, and is no part of it. */
static void stopped_but_for_the_mark(const struct outcomes *outcomes, unsigned refused)
{
    assert_int_equal(outcomes->accepted, 1);
    assert_int_equal(outcomes->refused, refused);
    assert_int_equal(outcomes->stopped, outcomes->steps - 1 - refused);
}

/* Room was reserved: whoever says later that there is none may be the sync. */
static void a_full_disk_at_each_write(void **state)
{
    struct outcomes outcomes = run_all(*state, "writes, ENOSPC", FAULT_WRITE, ENOSPC);

    stopped_but_for_the_mark(&outcomes, 0);
}

static void a_full_disk_at_each_sync(void **state)
{
    static const int codes[] = {ENOSPC, EDQUOT, EFBIG};

    for (unsigned i = 0; i < ARRAY_COUNT(codes); i++) {
        struct outcomes outcomes = run_all(*state, "syncs, no room", FAULT_SYNC, codes[i]);

        assert_int_equal(outcomes.stopped, outcomes.steps);
    }
}

static void an_error_at_each_write(void **state)
{
    struct outcomes outcomes = run_all(*state, "writes, EIO", FAULT_WRITE, EIO);

    stopped_but_for_the_mark(&outcomes, 0);
}

static void a_short_write_at_each_write(void **state)
{
    struct outcomes outcomes = run_all(*state, "writes cut short", FAULT_SHORT_WRITE, 0);

    stopped_but_for_the_mark(&outcomes, outcomes.refused);
}

static void an_error_at_each_sync(void **state)
{
    struct outcomes outcomes = run_all(*state, "syncs, EIO", FAULT_SYNC, EIO);

    assert_int_equal(outcomes.stopped, outcomes.steps);
}

static void a_full_map_at_each_call(void **state)
{
    struct outcomes outcomes = run_all(*state, "LMDB, map full", FAULT_LMDB, MDB_MAP_FULL);

    /* The map grows and the batch is run again: nobody notices. */
    assert_int_equal(outcomes.accepted, outcomes.steps);
}

static void no_memory_at_each_call(void **state)
{
    struct outcomes outcomes = run_all(*state, "LMDB, no memory", FAULT_LMDB, ENOMEM);

    assert_int_equal(outcomes.stopped, 1); /* the commit */
}

static void damage_at_each_call(void **state)
{
    struct outcomes outcomes = run_all(*state, "LMDB, damage", FAULT_LMDB, MDB_CORRUPTED);

    assert_int_equal(outcomes.stopped, 1); /* the commit */
    assert_int_equal(outcomes.partly, 0);
}

static void an_error_at_each_call(void **state)
{
    struct outcomes outcomes = run_all(*state, "LMDB, EIO", FAULT_LMDB, EIO);

    assert_int_equal(outcomes.stopped, outcomes.steps);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_when_room_is_reserved),
        TEST(a_full_disk_at_each_sync),
        TEST(a_full_disk_at_each_write),
        TEST(an_error_at_each_write),
        TEST(a_short_write_at_each_write),
        TEST(an_error_at_each_sync),
        TEST(a_full_map_at_each_call),
        TEST(no_memory_at_each_call),
        TEST(damage_at_each_call),
        TEST(an_error_at_each_call),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
