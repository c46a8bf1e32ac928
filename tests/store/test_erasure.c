/* A text that was erased: once the commit has returned, and after every crash on the way once the store was
 * opened again, no file has a way to it, and all that stands is there. The controls, which keep the old
 * master, or overwrite it too early, must be caught.
 *
 * This program's own pwrite, writev, fsync and fdatasync stand before the C library's for liblmdb.so as well:
 * the process dies at a chosen one of them. */
#include "traces.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"

enum {
    MAP_BYTES = 64 * 1024 * 1024,
    TEXTS = 40,
    ERASED = 3, /* every so many-eth text is erased */
    TEXT_BYTES = 200,
    STEPS_MAX = 1000,
    UNDO_MAX = 4096,
    WAS_REFUSED = 7,
};

static const uint8_t ID[HISTORY_ID_SIZE] = "a history whose words are to go.";

/* A crash. */

enum crash { CRASH_NONE, CRASH_BEFORE, CRASH_TORN, CRASH_POWER, CRASH_ERROR /* none: the call fails */ };
static enum crash crash;
static unsigned steps_left;
static bool has_failed;

/* What was written and not synced: a power loss takes it back. */
static struct undo {
    ino_t file;
    int descriptor;
    off_t offset;
    size_t size;
    uint8_t *was;
} undo[UNDO_MAX];
static unsigned undo_count;

static ino_t file_of(int descriptor)
{
    struct stat status;

    return fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

static void undo_note(int descriptor, off_t offset, size_t size)
{
    struct undo *entry = &undo[undo_count++];

    if (undo_count == UNDO_MAX)
        _exit(9);
    *entry = (struct undo){file_of(descriptor), dup(descriptor), offset, size, calloc(1, size)};
    if (pread(descriptor, entry->was, size, offset) < 0) {
        /* A descriptor that only writes. */
        char path[64];
        int again;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
        again = open(path, O_RDONLY);
        if (again < 0 || pread(again, entry->was, size, offset) < 0)
            _exit(9);
        close(again);
    }
}

static void undo_forget(int descriptor)
{
    ino_t file = file_of(descriptor);

    for (unsigned i = 0; i < undo_count; i++)
        if (undo[i].file == file)
            undo[i].size = 0;
}

/* The number of the commit beside the store is written after it, and is no part of it. */
static bool is_mark(int descriptor)
{
    char link[32], path[SCRATCH_PATH_MAX];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(link, path, sizeof(path) - 1);
    path[size < 0 ? 0 : size] = '\0';
    const char *name = strrchr(path, '/');
    return name != NULL && strcmp(name, "/writer.lock") == 0;
}

/* -1: the call is to fail. */
static int die_now(int descriptor)
{
    if (crash == CRASH_ERROR) {
        has_failed = !is_mark(descriptor);
        errno = EIO;
        return -1;
    }
    if (crash == CRASH_POWER)
        for (unsigned i = undo_count; i > 0; i--)
            syscall(SYS_pwrite64, undo[i - 1].descriptor, undo[i - 1].was, undo[i - 1].size,
                    undo[i - 1].offset);
    return kill(getpid(), SIGKILL);
}

static bool is_now(void)
{
    return crash != CRASH_NONE && --steps_left == 0;
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
    ssize_t done;

    if (is_now()) {
        if (crash == CRASH_TORN)
            syscall(SYS_pwrite64, descriptor, data, size / 2, offset);
        return die_now(descriptor);
    }
    if (crash == CRASH_POWER)
        undo_note(descriptor, offset, size);
    done = syscall(SYS_pwrite64, descriptor, data, size, offset);
    if (crash == CRASH_POWER && (fcntl(descriptor, F_GETFL) & O_DSYNC) != 0)
        undo_forget(descriptor);
    return done;
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count)
{
    off_t offset = lseek(descriptor, 0, SEEK_CUR);
    size_t size = 0;

    for (int i = 0; i < count; i++)
        size += pieces[i].iov_len;
    if (is_now()) {
        if (crash == CRASH_TORN)
            syscall(SYS_writev, descriptor, pieces, (count + 1) / 2);
        return die_now(descriptor);
    }
    if (crash == CRASH_POWER && offset >= 0)
        undo_note(descriptor, offset, size);
    return syscall(SYS_writev, descriptor, pieces, count);
}

static int sync_of(int descriptor, long number)
{
    if (is_now())
        return die_now(descriptor);
    if (crash == CRASH_POWER)
        undo_forget(descriptor);
    return (int) syscall(number, descriptor);
}

int fsync(int descriptor)
{
    return sync_of(descriptor, SYS_fsync);
}

int fdatasync(int descriptor)
{
    return sync_of(descriptor, SYS_fdatasync);
}

/* A store with texts. */

struct fixture {
    char directory[SCRATCH_PATH_MAX];
    char base[SCRATCH_PATH_MAX]; /* its files, before anything is erased */
    uint8_t hashes[TEXTS + 1][HASH_SIZE];
};

static bool is_erased_one(unsigned serial)
{
    return serial % ERASED == 1;
}

static void content_of(unsigned serial, uint8_t ret_content[TEXT_BYTES])
{
    memset(ret_content, 'a' + (int) serial % 26, TEXT_BYTES);
    memcpy(ret_content, "CANARY ", 7);
    ret_content[TEXT_BYTES - 1] = (uint8_t) serial;
}

static void text_append_as(struct store_txn *txn, struct store_history *history, unsigned serial, bool is_erased,
                           uint8_t ret_hash[HASH_SIZE])
{
    struct event_header header = {.level = 1, .epoch = 1, .sequence = history->head + 1, .time_ms = serial};
    uint8_t content[TEXT_BYTES];
    struct event_part parts[2] = {
        {.kind = COMITY__V1__PART_KIND__PART_KIND_OPEN, .audience = 1, .content = BYTES("open", 4)},
        {.kind = COMITY__V1__PART_KIND__PART_KIND_TEXT,
         .audience = 1,
         .content = BYTES(content, sizeof(content))},
    };

    content_of(serial, content);
    memset(parts[1].salt, (int) serial + 1, SALT_SIZE);
    memcpy(header.history, ID, HISTORY_ID_SIZE);
    event_part_hash(&parts[0]);
    event_part_hash(&parts[1]);
    parts[1].is_erased = is_erased;
    memcpy(ret_hash, parts[1].hash, HASH_SIZE);
    event_commitment(parts, 2, header.commitment);
    assert_int_equal(store_event_append(txn, history, &header, parts, 2), 0);
}

static void text_append(struct store_txn *txn, struct store_history *history, unsigned serial,
                        uint8_t ret_hash[HASH_SIZE])
{
    text_append_as(txn, history, serial, false, ret_hash);
}

/* A store that is put back whole, with the mark of its last commit. */
static const char *const FILES[] = {"data.mdb", "keys", "writer.lock"};

static void file_copy(const char *from, const char *to, const char *name)
{
    char source[SCRATCH_PATH_MAX];
    char target[SCRATCH_PATH_MAX];

    scratch_join(from, name, source);
    scratch_join(to, name, target);
    scratch_copy_file(source, target);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct store_history history;
    struct store_txn *txn;
    struct store *store;

    scratch_make(fixture->directory);
    scratch_make(fixture->base);
    store = scratch_store(fixture->directory, MAP_BYTES);
    assert_int_equal(store_begin_write(store, &txn), 0);
    assert_int_equal(store_history_create(txn, ID, &history), 0);
    for (unsigned i = 0; i < TEXTS; i++)
        text_append(txn, &history, i, fixture->hashes[i]);
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);
    for (size_t i = 0; i < ARRAY_COUNT(FILES); i++)
        file_copy(fixture->directory, fixture->base, FILES[i]);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    scratch_remove(fixture->directory);
    scratch_remove(fixture->base);
    free(fixture);
    return 0;
}

/* Erase, and put one more text on record in the same transaction. */
static int erase(struct fixture *fixture, struct store *store)
{
    struct store_history history;
    struct store_txn *txn;
    bool was_there;

    assert_int_equal(store_begin_write(store, &txn), 0);
    assert_int_equal(store_history_get(txn, ID, &history), 0);
    text_append(txn, &history, TEXTS, fixture->hashes[TEXTS]);
    for (unsigned i = 0; i < TEXTS; i++)
        if (is_erased_one(i))
            assert_int_equal(store_text_erase(txn, &history, fixture->hashes[i], &was_there), 0);
    return store_commit(&txn);
}

/* What stands is there, and what was erased is not; or nothing has happened at all. */
static bool standing_check(struct fixture *fixture, struct store *store)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct store_history history;
    struct store_txn *txn;
    uint8_t salt[SALT_SIZE];
    uint8_t expected[TEXT_BYTES];
    char reason[STORE_REASON_MAX];
    bool is_done;

    assert_int_equal(store_verify(store, reason), 0);
    assert_int_equal(store_begin_read(store, &txn), 0);
    assert_int_equal(store_history_get(txn, ID, &history), 0);
    is_done = history.head == TEXTS + 1;
    assert_true(is_done || history.head == TEXTS);
    for (unsigned i = 0; i < history.head; i++) {
        struct bytes content = {0};
        int code = store_text_get(txn, &history, fixture->hashes[i], arena, salt, &content);

        content_of(i, expected);
        if (is_done && is_erased_one(i) && i < TEXTS) {
            assert_int_equal(code, ERR_NOT_FOUND);
            continue;
        }
        assert_int_equal(code, 0);
        assert_true(bytes_equal(content, BYTES(expected, sizeof(expected))));
    }
    store_abort(&txn);
    arena_destroy(&arena);
    return is_done;
}

static struct traces traces_of(const struct fixture *fixture, unsigned serial)
{
    struct trace_of text = {.number = 1, .size = TEXT_BYTES};

    memcpy(text.hash, fixture->hashes[serial], HASH_SIZE);
    return traces_find(fixture->directory, &text);
}

/* How many of the erased still decrypt. */
static unsigned left(const struct fixture *fixture)
{
    unsigned found = 0;

    for (unsigned i = 0; i < TEXTS; i++)
        if (is_erased_one(i))
            found += traces_of(fixture, i).texts > 0;
    return found;
}

/* Tests. */

static void what_was_erased_is_nowhere(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = scratch_store(fixture->directory, MAP_BYTES);
    struct traces before = traces_of(fixture, 1);
    struct traces after;
    struct traces kept;

    assert_true(before.wrapped > 0 && before.keys > 0 && before.texts > 0);
    assert_int_equal(erase(fixture, store), 0);
    after = traces_of(fixture, 1);
    kept = traces_of(fixture, 0);
    printf("after an erasure: its wrapped key in %u places, of which %u open, %u texts; of one that stands "
           "%u, %u, %u\n",
           after.wrapped, after.keys, after.texts, kept.wrapped, kept.keys, kept.texts);
    assert_true(after.wrapped > 0); /* the bytes are there, in free pages */
    assert_true(kept.texts > 0);
    assert_true(standing_check(fixture, store));
    store_close(&store);
#ifdef COMITY_CONTROL_NO_ROTATION
    assert_true(left(fixture) > 0);
#else
    assert_int_equal(left(fixture), 0);
    assert_true(after.is_slot_empty[1] && !after.is_slot_empty[0]);
#endif
}

#ifndef COMITY_CONTROL_NO_ROTATION
static void files_reset(const struct fixture *fixture)
{
    for (size_t i = 0; i < ARRAY_COUNT(FILES); i++)
        file_copy(fixture->base, fixture->directory, FILES[i]);
}

/* One run with one crash. False: the step was not reached any more. */
static bool run_with(struct fixture *fixture, enum crash kind, unsigned step, unsigned *done, unsigned *lost)
{
    struct traces one;
    struct store *store = NULL;
    bool is_done;
    bool is_reached;
    int status;
    pid_t child;

    files_reset(fixture);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        store = scratch_store(fixture->directory, MAP_BYTES);
        crash = kind;
        steps_left = step;
        if (erase(fixture, store) != 0)
            _exit(WAS_REFUSED);
        _exit(has_failed ? 1 : 0); /* answered, though something had failed: never */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    is_reached = WIFSIGNALED(status) || WEXITSTATUS(status) == WAS_REFUSED;
    if (scratch_try_store(fixture->directory, MAP_BYTES, &store) != 0) {
        (*lost)++;
        return is_reached;
    }
    is_done = standing_check(fixture, store);
    *done += is_done;
    one = traces_of(fixture, 1);
    assert_true(one.is_slot_empty[0] != one.is_slot_empty[1]);
    if (is_done)
        assert_int_equal(left(fixture), 0);
    else
        assert_true(one.texts > 0);
    if (!is_done) {
        assert_int_equal(erase(fixture, store), 0);
        assert_true(standing_check(fixture, store));
        assert_int_equal(left(fixture), 0);
    }
    store_close(&store);
    if (!is_reached) {
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_true(is_done);
    }
    return is_reached;
}

static void a_crash_at_any_step_loses_and_keeps_nothing(void **state)
{
    static const struct {
        enum crash kind;
        const char *name;
    } KINDS[] = {{CRASH_BEFORE, "killed before"},
                 {CRASH_TORN, "killed amid"},
                 {CRASH_POWER, "power lost before"},
                 {CRASH_ERROR, "an error of"}};
    struct fixture *fixture = *state;
    unsigned all_lost = 0;

    /* The hash of the text that each run adds. */
    struct store *store = scratch_store(fixture->directory, MAP_BYTES);
    assert_int_equal(erase(fixture, store), 0);
    store_close(&store);
    for (size_t i = 0; i < ARRAY_COUNT(KINDS); i++) {
        unsigned step = 1, done = 0, lost = 0;

        while (step < STEPS_MAX && run_with(fixture, KINDS[i].kind, step, &done, &lost))
            step++;
        printf("%s each of %u system calls: %u times erased, %u times nothing had happened, %u times LOST\n",
               KINDS[i].name, step - 1, done - 1, step - done - lost, lost);
        assert_true(step > 5 && step < STEPS_MAX);
        all_lost += lost;
    }
#ifdef COMITY_CONTROL_WIPE_EARLY
    assert_true(all_lost > 0);
#else
    assert_int_equal(all_lost, 0);
#endif
}
#endif

/* Who began before goes on; who begins later sees it gone: here, and in a process that reads beside. */
static void readers_go_on(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = scratch_store(fixture->directory, MAP_BYTES);
    struct store_options options = {fixture->directory, MAP_BYTES, SCRATCH_GROUP, true};
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    char reason[STORE_REASON_MAX];
    struct store_history history;
    struct store_txn *before;
    struct bytes content;
    uint8_t salt[SALT_SIZE];
    int ready[2], go[2];
    char byte;
    int status;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    fflush(NULL);
    child = fork();
    if (child == 0) {
        struct store *beside;

        if (store_open(&options, &beside, reason) != 0 || write(ready[1], "x", 1) != 1 ||
            read(go[0], &byte, 1) != 1)
            _exit(1);
        for (unsigned i = 0; i < 3; i++) /* more than one rotation has passed */
            if (store_verify(beside, reason) != 0)
                _exit(2);
        store_close(&beside);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(store_begin_read(store, &before), 0);
    assert_int_equal(store_history_get(before, ID, &history), 0);
    assert_int_equal(erase(fixture, store), 0);
    assert_int_equal(store_text_get(before, &history, fixture->hashes[1], arena, salt, &content), 0);
    assert_int_equal(store_text_get(before, &history, fixture->hashes[0], arena, salt, &content), 0);
    store_abort(&before);
    assert_true(standing_check(fixture, store));
    assert_int_equal(write(go[1], "x", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    arena_destroy(&arena);
    store_close(&store);
}

static bool has_erased(struct store *store)
{
    struct store_txn *txn;
    bool has_erased;

    assert_int_equal(store_begin_read(store, &txn), 0);
    assert_int_equal(store_has_erased(txn, &has_erased), 0);
    store_abort(&txn);
    return has_erased;
}

/* A text that comes again after it was erased stands like any other; erased twice is erased. */
static void what_comes_again_stands(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = scratch_store(fixture->directory, MAP_BYTES);
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    char reason[STORE_REASON_MAX];
    struct store_history history;
    struct store_txn *txn;
    struct bytes content;
    uint8_t salt[SALT_SIZE];
    uint8_t hash[HASH_SIZE];
    bool was_there;

    assert_false(has_erased(store));
    assert_int_equal(store_erasures(store), 0);
    assert_int_equal(erase(fixture, store), 0);
    assert_true(has_erased(store));
    assert_int_equal(store_erasures(store), 1);
    assert_int_equal(store_begin_write(store, &txn), 0);
    assert_int_equal(store_history_get(txn, ID, &history), 0);
    assert_int_equal(store_text_erase(txn, &history, fixture->hashes[4], &was_there), 0);
    assert_false(was_there);
    text_append(txn, &history, 1, hash);
    assert_memory_equal(hash, fixture->hashes[1], HASH_SIZE);
    assert_int_equal(store_commit(&txn), 0);
    assert_int_equal(store_begin_read(store, &txn), 0);
    assert_int_equal(store_text_get(txn, &history, hash, arena, salt, &content), 0);
    store_abort(&txn);
    assert_int_equal(store_verify(store, reason), 0);
    arena_destroy(&arena);
    store_close(&store);
}

/* One that has come without it knows that it may be elsewhere: in the log of several sites, from which such a store goes on. */
static void what_came_erased_is_known_as_well(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = scratch_store(fixture->directory, MAP_BYTES);
    struct store_history history;
    struct store_txn *txn;
    uint8_t hash[HASH_SIZE];

    for (unsigned is_erased = 0; is_erased < 2; is_erased++) {
        assert_int_equal(store_begin_write(store, &txn), 0);
        assert_int_equal(store_history_get(txn, ID, &history), 0);
        text_append_as(txn, &history, TEXTS + is_erased, is_erased, hash);
        assert_int_equal(store_commit(&txn), 0);
        assert_int_equal(has_erased(store), is_erased);
    }
    assert_int_equal(store_erasures(store), 0);
    store_close(&store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_erased_is_nowhere),
#ifndef COMITY_CONTROL_NO_ROTATION
        TEST(a_crash_at_any_step_loses_and_keeps_nothing),
#endif
        TEST(readers_go_on),
        TEST(what_comes_again_stands),
        TEST(what_came_erased_is_known_as_well),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
