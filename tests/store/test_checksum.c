/* Damage to the data file: bits that flip, values that change places. Nothing wrong is ever served. The
 * control, built without the checksums, must serve something wrong. */
#include "scratch.h"

#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "core/error.h"
#include "core/key.h"

#ifdef COMITY_CONTROL_NO_CHECKSUM
enum { IS_CONTROL = 1 };
#else
enum { IS_CONTROL = 0 };
#endif

enum {
    MAP_BYTES = 64 * 1024 * 1024,
    EVENTS = 60,
    COMMANDS = 120,
    ROWS = 150,
    FLIPS = 600,
    TRIAL_SECONDS = 20
};
enum { PROBES = 3 + EVENTS + EVENTS + COMMANDS + ROWS };

static const uint8_t ID[HISTORY_ID_SIZE] = "the history whose disk is bad...";

/* What one read gives: its code, and a hash of all that it gave. */
struct answer {
    int code;
    uint8_t hash[HASH_SIZE];
};

/* How many reads of a damaged file came out in which way. */
struct tally {
    unsigned right;
    unsigned detected; /* an error */
    unsigned absent;   /* said not to be there */
    unsigned wrong;
    unsigned unnoticed; /* files in which something was absent and store_verify found nothing */
    unsigned died;      /* the reading process did: LMDB itself ran into the damage */
};

/* A store with something in every table. */

static void event_append(struct store_txn *txn, struct store_history *history, unsigned serial)
{
    struct event_header header = {.level = 1, .epoch = 1, .sequence = serial, .time_ms = serial};
    static uint8_t content[3][6000];
    struct event_part parts[3];

    memcpy(header.history, ID, HISTORY_ID_SIZE);
    for (unsigned i = 0; i < 3; i++) {
        memset(content[i], (int) (serial * 3 + i), sizeof(content[i]));
        parts[i] = (struct event_part){.kind = (uint8_t) (i + 1),
                                       .audience = 1,
                                       .content = BYTES(content[i], i == 2 && serial % 10 == 0 ? 6000 : 90)};
        event_part_hash(&parts[i]);
    }
    event_commitment(parts, 3, header.commitment);
    assert_int_equal(store_event_append(txn, history, &header, parts, 3), 0);
}

static void command_id(unsigned serial, uint8_t ret_id[COMMAND_ID_SIZE])
{
    uint8_t hash[HASH_SIZE];

    tagged_hash("test", BYTES(&serial, sizeof(serial)), hash);
    memcpy(ret_id, hash, COMMAND_ID_SIZE);
}

static size_t state_key(unsigned serial, char key[16])
{
    return (size_t) snprintf(key, 16, "row %u", serial * 7);
}

static void fill(struct store *store)
{
    struct store_txn *txn;
    struct store_history history;
    struct view view;

    assert_int_equal(store_begin_write(store, &txn), 0);
    assert_int_equal(store_history_create(txn, ID, &history), 0);
    assert_int_equal(store_meta_put(txn, "name", BYTES("a value of a name", 17)), 0);
    for (unsigned i = 1; i <= EVENTS; i++)
        event_append(txn, &history, i);
    for (unsigned i = 0; i < COMMANDS; i++) {
        struct store_command row = {.sequence = i % 3 ? i : 0,
                                    .events = 1,
                                    .tree_size = i,
                                    .epoch = 1,
                                    .refusal = {.code = ERR_STALE},
                                    .valid_until_ms = i};
        uint8_t id[COMMAND_ID_SIZE];

        command_id(i, id);
        assert_int_equal(store_command_put(txn, &history, id, &row), 0);
    }
    assert_int_equal(store_checkpoint_put(txn, &history, 1, 5, BYTES("a note of a checkpoint", 22)), 0);
    view = store_view(txn, &history);
    for (unsigned i = 0; i < ROWS; i++) {
        char key[16];
        char value[300];
        size_t size = state_key(i, key);

        memset(value, (int) ('A' + i % 40), sizeof(value));
        assert_int_equal(view_put(&view, BYTES(key, size), BYTES(value, 20 + i)), 0);
    }
    assert_int_equal(store_commit(&txn), 0);
}

/* Reads. */

static void hash_more(struct answer *answer, const void *data, size_t size)
{
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, answer->hash, HASH_SIZE);
    crypto_hash_sha256_update(&state, data, size);
    crypto_hash_sha256_final(&state, answer->hash);
}

static void read_event(struct store_txn *txn, const struct store_history *history, uint64_t sequence,
                       struct arena *arena, struct answer *answer)
{
    Comity__V1__EventRecord *record;
    struct bytes packed;

    answer->code = store_event_get(txn, history, sequence, arena, &record);
    if (answer->code == 0 && message_pack(&record->base, arena, &packed) == 0)
        hash_more(answer, packed.data, packed.size);
}

static void read_node(struct store_txn *txn, const struct store_history *history, uint64_t index,
                      struct answer *answer)
{
    struct tree_nodes nodes = store_nodes(txn, history);
    uint8_t hash[HASH_SIZE];

    answer->code = nodes.get(nodes.self, 0, index, hash);
    if (answer->code == 0)
        hash_more(answer, hash, sizeof(hash));
}

static void read_command(struct store_txn *txn, const struct store_history *history, unsigned serial,
                         struct answer *answer)
{
    struct store_command row;
    uint8_t id[COMMAND_ID_SIZE];

    memset(&row, 0, sizeof(row));
    command_id(serial, id);
    answer->code = store_command_get(txn, history, id, &row);
    if (answer->code == 0)
        hash_more(answer, &row, sizeof(row));
}

static void read_row(struct store_txn *txn, const struct store_history *history, unsigned serial,
                     struct answer *answer)
{
    struct view view = store_view(txn, history);
    struct bytes value;
    char key[16];
    size_t size = state_key(serial, key);

    answer->code = view_get(&view, BYTES(key, size), &value);
    if (answer->code == 0)
        hash_more(answer, value.data, value.size);
}

static void read_single(struct store_txn *txn, const struct store_history *history, unsigned probe,
                        struct arena *arena, struct answer *answer)
{
    struct view view = store_view(txn, history);
    struct bytes value;
    uint8_t hash[HASH_SIZE];

    if (probe == 0)
        answer->code = store_meta_get(txn, "name", arena, &value);
    else if (probe == 1)
        answer->code = store_checkpoint_get(txn, history, 1, 5, &value);
    else
        answer->code = view_hash(&view, hash);
    if (answer->code == 0 && probe == 2)
        hash_more(answer, hash, sizeof(hash));
    else if (answer->code == 0)
        hash_more(answer, value.data, value.size);
}

static void read_probe(struct store *store, unsigned probe, struct arena *arena, struct answer *answer)
{
    struct store_txn *txn;
    struct store_history history;

    memset(answer, 0, sizeof(*answer));
    arena_reset(arena);
    answer->code = store_begin_read(store, &txn);
    if (answer->code != 0)
        return;
    answer->code = store_history_get(txn, ID, &history);
    if (answer->code != 0)
        ;
    else if (probe < 3)
        read_single(txn, &history, probe, arena, answer);
    else if (probe < 3 + EVENTS)
        read_event(txn, &history, probe - 3 + 1, arena, answer);
    else if (probe < 3 + 2 * EVENTS)
        read_node(txn, &history, probe - 3 - EVENTS, answer);
    else if (probe < 3 + 2 * EVENTS + COMMANDS)
        read_command(txn, &history, probe - 3 - 2 * EVENTS, answer);
    else
        read_row(txn, &history, probe - 3 - 2 * EVENTS - COMMANDS, answer);
    store_abort(&txn);
}

/* Trials, each in a process of its own. */

static void compare(const struct answer *truth, const struct answer *answer, struct tally *tally)
{
    if (answer->code == ERR_NOT_FOUND || answer->code == ERR_HISTORY)
        tally->absent++;
    else if (answer->code != 0)
        tally->detected++;
    else if (memcmp(truth->hash, answer->hash, HASH_SIZE) != 0)
        tally->wrong++;
    else
        tally->right++;
}

static void trial_child(const char *directory, const struct answer *truths, struct tally *tally)
{
    struct store_options options = {
        .directory = directory, .map_limit_bytes = MAP_BYTES, .group = SCRATCH_GROUP};
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    char reason[STORE_REASON_MAX] = "";
    struct store *store;
    unsigned absent = tally->absent;

    /* cmocka would catch these and go on with the next test, in the child. */
    for (size_t i = 0; i < ARRAY_COUNT(deadly); i++)
        signal(deadly[i], SIG_DFL);
    alarm(TRIAL_SECONDS);
    if (freopen("/dev/null", "w", stderr) == NULL)
        _exit(1);
    if (store_open(&options, &store, reason) != 0) {
        tally->detected += PROBES;
        _exit(reason[0] == '\0' ? 3 : 0);
    }
    for (unsigned probe = 0; probe < PROBES; probe++) {
        struct answer answer;

        read_probe(store, probe, arena, &answer);
        compare(&truths[probe], &answer, tally);
    }
    /* Who asks for one row cannot know that it was there. Who reads all can. */
    if (tally->absent > absent && store_verify(store, reason) == 0)
        tally->unnoticed++;
    _exit(0);
}

/* @shared is mapped, so that what a child counted before it died is known. */
static void trial(const char *directory, const struct answer *truths, struct tally *shared)
{
    int status;
    pid_t child;

    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        trial_child(directory, truths, shared);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    else
        shared->died++;
}

static struct tally *tally_new(void)
{
    struct tally *tally =
        mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(tally != MAP_FAILED);
    return tally;
}

struct fixture {
    char directory[SCRATCH_PATH_MAX];
    char damaged[SCRATCH_PATH_MAX];
    char from[SCRATCH_PATH_MAX];
    char to[SCRATCH_PATH_MAX];
    struct answer truths[PROBES];
    uint64_t used; /* the file goes on, with room in reserve */
    struct tally *tally;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct store *store;
    uint64_t limit;

    scratch_make(fixture->directory);
    scratch_make(fixture->damaged);
    scratch_join(fixture->directory, "data.mdb", fixture->from);
    scratch_join(fixture->damaged, "data.mdb", fixture->to);
    store = scratch_store(fixture->directory, MAP_BYTES);
    fill(store);
    for (unsigned probe = 0; probe < PROBES; probe++) {
        read_probe(store, probe, arena, &fixture->truths[probe]);
        assert_int_equal(fixture->truths[probe].code, 0);
    }
    store_usage(store, &fixture->used, &limit);
    store_close(&store);
    arena_destroy(&arena);
    fixture->tally = tally_new();
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    munmap(fixture->tally, sizeof(*fixture->tally));
    scratch_remove(fixture->directory);
    scratch_remove(fixture->damaged);
    free(fixture);
    return 0;
}

static void flip(const char *path, uint64_t place, unsigned bit)
{
    int descriptor = open(path, O_RDWR);
    uint8_t byte;

    assert_true(descriptor >= 0);
    assert_int_equal(pread(descriptor, &byte, 1, (off_t) place), 1);
    byte ^= (uint8_t) (1 << bit);
    assert_int_equal(pwrite(descriptor, &byte, 1, (off_t) place), 1);
    close(descriptor);
}

static void report(const char *what, const struct tally *tally)
{
    printf("%s: %u reads right, %u detected, %u said absent (%u files unnoticed), %u WRONG; %u processes "
           "died in LMDB\n",
           what, tally->right, tally->detected, tally->absent, tally->unnoticed, tally->wrong, tally->died);
}

/* What the control has to show, and the store not. */
static void verdict(const struct tally *tally)
{
    if (IS_CONTROL)
        assert_true(tally->wrong > 0);
    else
        assert_int_equal(tally->wrong, 0);
}

static void a_flipped_bit_is_never_served(void **state)
{
    struct fixture *fixture = *state;
    uint64_t random = 99;

    for (unsigned i = 0; i < FLIPS; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        scratch_copy_file(fixture->from, fixture->to);
        flip(fixture->to, (random >> 16) % fixture->used, (unsigned) (random >> 61));
        trial(fixture->damaged, fixture->truths, fixture->tally);
    }
    report("600 flipped bits", fixture->tally);
    verdict(fixture->tally);
    if (!IS_CONTROL) {
        assert_true(fixture->tally->detected > 0);
        assert_int_equal(fixture->tally->unnoticed, 0);
    }
}

/* A file that is shorter than it was: errors, no death by SIGBUS. */
static void a_truncated_file_is_never_served(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned i = 1; i < 20; i++) {
        scratch_copy_file(fixture->from, fixture->to);
        assert_int_equal(truncate(fixture->to, (off_t) (fixture->used * i / 20)), 0);
        trial(fixture->damaged, fixture->truths, fixture->tally);
    }
    report("19 truncations", fixture->tally);
    if (!IS_CONTROL)
        assert_int_equal(fixture->tally->wrong, 0);
    assert_true(fixture->tally->detected > 0);
}

/* Values in the wrong places, by whoever can write the file and keeps LMDB's structure. */

struct place {
    MDB_val key;
    MDB_val value;
};

static void place_find(MDB_txn *txn, MDB_dbi table, unsigned index, struct place *place)
{
    MDB_cursor *cursor;

    assert_int_equal(mdb_cursor_open(txn, table, &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &place->key, &place->value, MDB_FIRST), 0);
    for (unsigned i = 0; i < index; i++)
        assert_int_equal(mdb_cursor_get(cursor, &place->key, &place->value, MDB_NEXT), 0);
    mdb_cursor_close(cursor);
    place->key.mv_data = memcpy(malloc(place->key.mv_size), place->key.mv_data, place->key.mv_size);
    place->value.mv_data = memcpy(malloc(place->value.mv_size), place->value.mv_data, place->value.mv_size);
}

/* Put the value of the a-th row of one table where the b-th of another is. */
static void misplace(const char *directory, const char *from, unsigned a, const char *to, unsigned b)
{
    struct place source;
    struct place target;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi from_table;
    MDB_dbi to_table;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, directory, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, from, 0, &from_table), 0);
    assert_int_equal(mdb_dbi_open(txn, to, 0, &to_table), 0);
    place_find(txn, from_table, a, &source);
    place_find(txn, to_table, b, &target);
    assert_int_equal(mdb_put(txn, to_table, &target.key, &source.value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    free(source.key.mv_data);
    free(source.value.mv_data);
    free(target.key.mv_data);
    free(target.value.mv_data);
}

static void a_value_in_another_place_is_never_served(void **state)
{
    static const struct {
        const char *from;
        unsigned a;
        const char *to;
        unsigned b;
    } moves[] = {
        {"event", 3, "event", 4},     {"event", 0, "event", 59},     {"text", 1, "text", 2},
        {"command", 5, "command", 6}, {"command", 1, "command", 9},  {"node", 0, "node", 1},
        {"state", 7, "state", 8},     {"state", 7, "meta", 2},       {"node", 2, "text", 5},
        {"meta", 0, "meta", 2},       {"checkpoint", 0, "state", 0},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ARRAY_COUNT(moves); i++) {
        struct tally before = *fixture->tally;

        scratch_copy_file(fixture->from, fixture->to);
        misplace(fixture->damaged, moves[i].from, moves[i].a, moves[i].to, moves[i].b);
        trial(fixture->damaged, fixture->truths, fixture->tally);
        if (!IS_CONTROL && fixture->tally->detected == before.detected)
            fail_msg("%s %u in the place of %s %u was not noticed", moves[i].from, moves[i].a, moves[i].to,
                     moves[i].b);
    }
    report("11 misplaced values", fixture->tally);
    verdict(fixture->tally);
    if (!IS_CONTROL) {
        assert_int_equal(fixture->tally->absent, 0);
        assert_int_equal(fixture->tally->died, 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_flipped_bit_is_never_served),
        TEST(a_truncated_file_is_never_served),
        TEST(a_value_in_another_place_is_never_served),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
