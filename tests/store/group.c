#include "group.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/error.h"
#include "worker/export.h"
#include "worker/log/sealed.h"

/* The log. */

struct memory_log {
    struct order_log log; /* first */
    struct group *group;
};

static void memory_destroy(struct order_log **log)
{
    free(*log);
    *log = NULL;
}

static bool memory_is_leader(const struct order_log *log)
{
    const struct memory_log *memory = (const struct memory_log *) log;

    return memory->group->workers[memory->group->leader].log == log;
}

static uint64_t memory_term(const struct order_log *log)
{
    (void) log;
    return 1;
}

static bool memory_wants_body(const struct order_log *log)
{
    (void) log;
    return true;
}

static uint32_t memory_level(const struct order_log *log)
{
    return ((const struct memory_log *) log)->group->level;
}

/* As the log of several sites makes it, of bodies that are not sealed. */
static int memory_prepare(struct order_log *log, const struct order_batch *batch, struct order_place *ret_place)
{
    const struct group *group = ((struct memory_log *) log)->group;
    const struct order_place first = {.number = 0};

    if (group->prepare_code != 0)
        return group->prepare_code;
    *ret_place = place_behind(group->count == 0 ? &first : &group->entries[group->count - 1].place, batch->body);
    ret_place->level = batch->level;
    return 0;
}

static int memory_commit(struct order_log *log, const struct order_batch *batch)
{
    struct group *group = ((struct memory_log *) log)->group;
    struct order_entry *entry = &group->entries[group->count];
    uint8_t *copy;

    assert_true(memory_is_leader(log));
    if (group->commit_code != 0)
        return group->commit_code;
    assert_true(group->count < GROUP_ENTRIES_MAX);
    assert_int_equal(batch->number, group->count + 1);
    assert_true(batch->body.size > 0 && batch->body.size <= ENTRY_MAX_BYTES);
    copy = malloc(batch->body.size);
    assert_non_null(copy);
    memcpy(copy, batch->body.data, batch->body.size);
    assert_int_equal(memory_prepare(log, batch, &entry->place), 0);
    entry->batch = *batch;
    entry->batch.body = BYTES(copy, batch->body.size);
    group->count++;
    return 0;
}

static struct order_log *memory_new(struct group *group)
{
    static const struct order_log_ops ops = {
        .destroy = memory_destroy,
        .is_leader = memory_is_leader,
        .term = memory_term,
        .wants_body = memory_wants_body,
        .commit = memory_commit,
        .prepare = memory_prepare,
        .level = memory_level,
    };
    struct memory_log *memory = calloc(1, sizeof(*memory));

    assert_non_null(memory);
    memory->log.ops = &ops;
    memory->group = group;
    return &memory->log;
}

/* Workers. */

static int64_t group_clock(void *context)
{
    return ((struct group *) context)->scene.now_ms;
}

static void group_random(void *context, uint8_t *bytes, size_t size)
{
    scene_random(&((struct group *) context)->scene, bytes, size);
}

static void worker_start(struct group_worker *worker)
{
    struct batch_options options = {
        .log_key = &worker->group->scene.log_key,
        .clock = group_clock,
        .random = group_random,
        .context = worker->group,
    };

    worker->store = scratch_store_of(worker->group->id, worker->directory, SCENE_MAP_BYTES);
    worker->log = memory_new(worker->group);
    options.store = worker->store;
    options.log = worker->log;
    assert_int_equal(batch_runner_new(&options, &worker->runner), 0);
}

static void worker_stop(struct group_worker *worker)
{
    batch_runner_destroy(&worker->runner);
    memory_destroy(&worker->log);
    store_close(&worker->store);
}

static void scene_follow_leader(struct group *group)
{
    struct group_worker *leader = &group->workers[group->leader];

    group->scene.store = leader->store;
    group->scene.log = leader->log;
    group->scene.runner = leader->runner;
}

struct group *group_new(uint64_t seed)
{
    return group_new_of(seed, SCRATCH_GROUP);
}

struct group *group_new_of(uint64_t seed, const uint8_t id[GROUP_ID_SIZE])
{
    struct group *group = calloc(1, sizeof(*group));

    assert_non_null(group);
    memcpy(group->id, id, GROUP_ID_SIZE);
    group->level = FORMAT_LEVEL;
    scene_begin(&group->scene, seed);
    scene_stop(&group->scene);
    for (unsigned i = 0; i < GROUP_WORKERS; i++) {
        group->workers[i].group = group;
        scratch_make(group->workers[i].directory);
        worker_start(&group->workers[i]);
    }
    scene_follow_leader(group);
    return group;
}

void group_destroy(struct group **group)
{
    scene_next(&(*group)->scene);
    (*group)->scene.store = NULL;
    (*group)->scene.log = NULL;
    (*group)->scene.runner = NULL;
    scene_end(&(*group)->scene);
    for (unsigned i = 0; i < GROUP_WORKERS; i++) {
        worker_stop(&(*group)->workers[i]);
        scratch_remove((*group)->workers[i].directory);
    }
    for (size_t i = 0; i < (*group)->count; i++)
        free((void *) (uintptr_t) (*group)->entries[i].batch.body.data);
    free(*group);
    *group = NULL;
}

void group_stop(struct group *group, unsigned worker)
{
    worker_stop(&group->workers[worker]);
}

void group_start(struct group *group, unsigned worker)
{
    worker_start(&group->workers[worker]);
    scene_follow_leader(group);
}

void group_restart(struct group *group, unsigned worker)
{
    group_stop(group, worker);
    group_start(group, worker);
}

static void files_copy(const char *from, const char *to)
{
    static const char *const NAMES[] = {"data.mdb", "keys", "writer.lock"};

    for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++) {
        char source[SCRATCH_PATH_MAX], target[SCRATCH_PATH_MAX];

        scratch_join(from, NAMES[i], source);
        scratch_join(to, NAMES[i], target);
        scratch_copy_file(source, target);
    }
}

void group_save(struct group *group, unsigned worker, const char *directory)
{
    worker_stop(&group->workers[worker]);
    files_copy(group->workers[worker].directory, directory);
    worker_start(&group->workers[worker]);
    scene_follow_leader(group);
}

void group_put_back(struct group *group, unsigned worker, const char *directory)
{
    worker_stop(&group->workers[worker]);
    files_copy(directory, group->workers[worker].directory);
    worker_start(&group->workers[worker]);
    scene_follow_leader(group);
}

void group_lead(struct group *group, unsigned worker)
{
    assert_int_equal(group_at(group, worker), group->count);
    group->leader = worker;
    scene_follow_leader(group);
}

uint64_t group_at(const struct group *group, unsigned worker)
{
    struct order_place place;

    group_place(group, worker, &place);
    return place.number;
}

void group_place(const struct group *group, unsigned worker, struct order_place *ret_place)
{
    batch_runner_place(group->workers[worker].runner, ret_place);
}

int group_give(struct group *group, unsigned worker, const struct order_entry *entry)
{
    struct group_worker *to = &group->workers[worker];

    to->reason[0] = '\0';
    return follow_apply(to->runner, entry, &to->result, &to->differs, to->reason);
}

void group_catch_up(struct group *group, unsigned worker)
{
    while (group_at(group, worker) < group->count) {
        if (group_give(group, worker, &group->entries[group_at(group, worker)]) != 0)
            fail_msg("worker %u: %s", worker, group->workers[worker].reason);
    }
}

/* Comparing. */

void group_hash(struct group *group, unsigned worker, uint8_t ret_hash[HASH_SIZE])
{
    struct store_entry entry = {.number = 0};
    struct store_txn *txn;
    int code;

    assert_int_equal(store_begin_read(group->workers[worker].store, &txn), 0);
    code = store_entry_get(txn, &entry);
    assert_true(code == 0 || code == ERR_NOT_FOUND);
    assert_int_equal(entry.number, group_at(group, worker));
    assert_int_equal(store_hash(txn, entry.time_ms, ret_hash), 0);
    store_abort(&txn);
}

struct views {
    struct store_txn *txn;
    uint8_t *hash;
};

/* Of the hash so far and the next view's. */
static int view_add(void *context, const struct store_history *history)
{
    struct views *views = context;
    struct view view = store_view(views->txn, history);
    uint8_t both[2 * HASH_SIZE];

    memcpy(both, views->hash, HASH_SIZE);
    assert_int_equal(view_hash(&view, both + HASH_SIZE), 0);
    tree_leaf_hash(BYTES(both, sizeof(both)), views->hash);
    return 0;
}

void group_views_hash(struct group *group, unsigned worker, uint8_t ret_hash[HASH_SIZE])
{
    struct views views = {.hash = ret_hash};

    memset(ret_hash, 0, HASH_SIZE);
    assert_int_equal(store_begin_read(group->workers[worker].store, &views.txn), 0);
    assert_int_equal(store_history_each(views.txn, view_add, &views), 0);
    store_abort(&views.txn);
}

static uint8_t *file_read(const char *path, size_t *ret_size)
{
    size_t size = (size_t) scratch_file_size(path);
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(size + 1);

    assert_true(file != NULL && bytes != NULL);
    assert_int_equal(fread(bytes, 1, size, file), size);
    fclose(file);
    *ret_size = size;
    return bytes;
}

static uint8_t *export_of(struct group *group, unsigned worker, size_t *ret_size)
{
    struct export_options options = {
        .store = group->workers[worker].store,
        .log_key = &group->scene.log_key,
        .time_ms = SCENE_START_MS,
    };
    char reason[EXPORT_REASON_MAX], path[SCRATCH_PATH_MAX];
    struct export_totals totals;
    uint8_t *bytes;

    scratch_join(group->scene.directory, "export", path);
    if (export_write_file(&options, path, &totals, reason) != 0)
        fail_msg("%s", reason);
    bytes = file_read(path, ret_size);
    assert_int_equal(unlink(path), 0);
    return bytes;
}

static void places_same(struct group *group, unsigned a, unsigned b)
{
    struct order_place first, second;

    group_place(group, a, &first);
    group_place(group, b, &second);
    assert_true(place_equal(&first, &second));
    assert_true(place_equal(&first, &group->entries[first.number - 1].place));
}

void group_same(struct group *group, unsigned a, unsigned b)
{
    uint8_t first[HASH_SIZE], second[HASH_SIZE];
    size_t size_a, size_b;
    uint8_t *export_a = export_of(group, a, &size_a);
    uint8_t *export_b = export_of(group, b, &size_b);

    assert_int_equal(size_a, size_b);
    assert_memory_equal(export_a, export_b, size_a);
    free(export_a);
    free(export_b);
    places_same(group, a, b);
    group_hash(group, a, first);
    group_hash(group, b, second);
    assert_memory_equal(first, second, HASH_SIZE);
    group_views_hash(group, a, first);
    group_views_hash(group, b, second);
    assert_memory_equal(first, second, HASH_SIZE);
}

/* Entries. */

Comity__V1__LogEntry *group_unpack(const struct order_entry *entry, struct arena *arena)
{
    ProtobufCMessage *message;

    assert_int_equal(message_unpack(&comity__v1__log_entry__descriptor, entry->batch.body, ENTRY_MAX_BYTES, arena, NULL,
                                    &message),
                     0);
    return (Comity__V1__LogEntry *) message;
}

struct order_entry group_pack(const struct order_entry *entry, const Comity__V1__LogEntry *message, struct arena *arena)
{
    struct order_entry packed = *entry;

    assert_int_equal(message_pack(&message->base, arena, &packed.batch.body), 0);
    return packed;
}
