#include "damage.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "core/error.h"

enum { EVENTS = DAMAGE_EVENTS, COMMANDS = DAMAGE_COMMANDS, ROWS = DAMAGE_ROWS, TRIAL_SECONDS = 20 };

static const uint8_t ID[HISTORY_ID_SIZE] = "the history whose disk is bad...";

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

void damage_fill(struct store *store)
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

void damage_change(struct store *store, unsigned round)
{
    struct store_txn *txn;
    struct store_history history;
    struct view view;

    assert_int_equal(store_begin_write(store, &txn), 0);
    assert_int_equal(store_history_get(txn, ID, &history), 0);
    event_append(txn, &history, (unsigned) history.head + 1);
    view = store_view(txn, &history);
    for (unsigned i = 0; i < ROWS; i++) {
        char key[16];
        char value[300];
        size_t size = state_key(i, key);

        memset(value, (int) ('A' + (i + round) % 40), sizeof(value));
        assert_int_equal(view_put(&view, BYTES(key, size), BYTES(value, 20 + (i * 7 + round * 31) % 200)), 0);
    }
    assert_int_equal(store_commit(&txn), 0);
}

void damage_copy(const char *from, const char *to, const char *name)
{
    char source[SCRATCH_PATH_MAX];
    char target[SCRATCH_PATH_MAX];

    scratch_join(from, name, source);
    scratch_join(to, name, target);
    scratch_copy_file(source, target);
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

void damage_probe(struct store *store, unsigned probe, struct arena *arena, struct answer *answer)
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
        .directory = directory, .map_limit_bytes = DAMAGE_MAP_BYTES, .group = SCRATCH_GROUP};
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
        tally->detected += DAMAGE_PROBES;
        _exit(reason[0] == '\0' ? 3 : 0);
    }
    for (unsigned probe = 0; probe < DAMAGE_PROBES; probe++) {
        struct answer answer;

        damage_probe(store, probe, arena, &answer);
        compare(&truths[probe], &answer, tally);
    }
    /* Who asks for one row cannot know that it was there. Who reads all can. */
    if (tally->absent > absent && store_verify(store, reason) == 0)
        tally->unnoticed++;
    _exit(0);
}

/* @shared is mapped, so that what a child counted before it died is known. */
void damage_trial(const char *directory, const struct answer *truths, struct tally *shared)
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

struct tally *damage_tally_new(void)
{
    struct tally *tally =
        mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(tally != MAP_FAILED);
    return tally;
}

void damage_report(const char *what, const struct tally *tally)
{
    printf("%s: %u reads right, %u detected, %u said absent (%u files unnoticed), %u WRONG; %u processes "
           "died in LMDB\n",
           what, tally->right, tally->detected, tally->absent, tally->unnoticed, tally->wrong, tally->died);
}

/* What the control has to show, and the store not. */
void damage_verdict(const struct tally *tally)
{
    assert_true(tally->right > 0);
    if (DAMAGE_IS_CONTROL)
        assert_true(tally->wrong > 0);
    else
        assert_int_equal(tally->wrong, 0);
}
