/* Entries of a group's log, one after the other, on a store that has none: each is applied, or it is refused in words. Of
 * what is refused nothing is written.
 *
 * Input: the log key, 32 bytes; then the entries' bodies, each a piece. */
#include "core/error.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scene_of_corpus.h"
#include "worker/entry.h"
#include "worker/follow.h"

enum { ARENA_BYTES = 16 * 1024 * 1024, ENTRIES_MAX = 64 };

static int64_t clock_of(void *context)
{
    (void) context;
    return CORPUS_TIME_MS;
}

/* What the log says of it: what it says of itself, where that can be read. */
static struct order_entry entry_of(struct bytes body, uint64_t number, struct arena *arena)
{
    struct order_entry given = {.place = {.number = number, .total = number}, .batch = {.number = number, .body = body}};
    ProtobufCMessage *message;

    if (message_unpack(&comity__v1__log_entry__descriptor, body, ENTRY_MAX_BYTES, arena, NULL, &message) != 0)
        return given;
    const Comity__V1__LogEntry *entry = (const Comity__V1__LogEntry *) message;
    given.batch.time_ms = entry->time_ms;
    given.place.level = given.batch.level = entry->level;
    if (entry->batch.len == BATCH_ID_SIZE)
        memcpy(given.batch.id, entry->batch.data, BATCH_ID_SIZE);
    return given;
}

static uint64_t number_of(const struct batch_runner *runner)
{
    struct order_place place;

    batch_runner_place(runner, &place);
    return place.number;
}

static uint64_t number_in(struct store *store)
{
    struct store_entry entry = {.number = 0};
    struct store_txn *txn;

    FUZZ_NEED(store_begin_read(store, &txn) == 0);
    int code = store_entry_get(txn, &entry);
    FUZZ_NEED(code == 0 || code == ERR_NOT_FOUND);
    store_abort(&txn);
    return entry.number;
}

static void entries_apply(struct batch_runner *runner, struct store *store, struct fuzz_input *input)
{
    char reason[FOLLOW_REASON_MAX] = "";
    int code = 0;

    for (uint64_t number = 1; code == 0 && input->left > 0 && number <= ENTRIES_MAX; number++) {
        struct order_entry entry = entry_of(fuzz_piece(input), number, input->arena);
        struct batch_result result;
        bool differs;

        code = follow_apply(runner, &entry, &result, &differs, reason);
        FUZZ_NEED(code != 0 || !differs);
        FUZZ_NEED(number_of(runner) == (code == 0 ? number : number - 1));
        FUZZ_NEED(number_in(store) == number_of(runner));
        if (code == 0)
            fuzz_accept();
        else
            FUZZ_NEED(strlen(reason) > 20 && code != ERR_INTERNAL && code != ERR_STORE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {.at = data, .left = size, .arena = fuzz_arena(ARENA_BYTES)};
    struct signing_key log_key = {0};
    struct store_options options = {
        .directory = fuzz_path("store"), .map_limit_bytes = 16 * 1024 * 1024, .group = CORPUS_GROUP};
    char reason[STORE_REASON_MAX];
    struct batch_runner *runner;
    struct order_log *log;
    struct store *store;

    FUZZ_NEED(key_init() == 0);
    if (size < KEY_SIZE)
        return 0;
    memcpy(log_key.public_key, fuzz_bytes(&input, KEY_SIZE).data, KEY_SIZE);
    FUZZ_NEED(store_open(&options, &store, reason) == 0 && order_log_local_new(1, &log) == 0);
    struct batch_options batch_options = {.store = store, .log = log, .log_key = &log_key, .clock = clock_of};
    FUZZ_NEED(batch_runner_new(&batch_options, &runner) == 0);
    entries_apply(runner, store, &input);
    batch_runner_destroy(&runner);
    log->ops->destroy(&log);
    store_close(&store);
    fuzz_remove(options.directory);
    return 0;
}
