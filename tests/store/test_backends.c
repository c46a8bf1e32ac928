/* The same random commands, by the machine over memory and by batches over LMDB: the same answers, and the
 * same state. And a random history that goes out in an export comes in again the same. */
#include "scene.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "tests/support/machine_drive.h"
#include "tests/support/random_commands.h"
#include "worker/export.h"
#include "worker/restore_history.h"

enum { COMMANDS = 100000, SIGNED_COMMANDS = 3000, BATCH_MAX = 64, COMPARE_EVERY = 10000 };

struct fixture {
    struct scene scene;
    struct view_memory *memory;
    struct view view;
    struct machine_context context;
    struct random_commands *commands;
    struct command held[BATCH_MAX]; /* of the batch that gathers, each in its arena */
    struct arena *arenas[BATCH_MAX];
    int codes[BATCH_MAX]; /* what memory's machine said */
    size_t count;
    unsigned accepted;
    unsigned batches;
};

static uint64_t seed_of_run(void)
{
    const char *text = getenv("COMITY_SEED");

    return text != NULL ? strtoull(text, NULL, 10) : 20260101;
}

static void fixture_begin(struct fixture *fixture, bool is_signed)
{
    uint64_t seed = seed_of_run();

    printf("seed %" PRIu64 " (COMITY_SEED sets another)\n", seed);
    memset(fixture, 0, sizeof(*fixture));
    scene_begin(&fixture->scene, seed);
    fixture->memory = view_memory_new();
    fixture->view = view_memory_view(fixture->memory);
    fixture->context = (struct machine_context){
        .next_sequence = 1, .log_key = fixture->scene.log_key.public_key, .level = FORMAT_LEVEL};
    fixture->commands = random_commands_new(seed, is_signed);
    for (unsigned i = 0; i < BATCH_MAX; i++)
        fixture->arenas[i] = arena_new(ARENA_LIMIT_DEFAULT * 4);
}

static void fixture_end(struct fixture *fixture)
{
    for (unsigned i = 0; i < BATCH_MAX; i++)
        arena_destroy(&fixture->arenas[i]);
    random_commands_destroy(&fixture->commands);
    view_memory_destroy(&fixture->memory);
    scene_end(&fixture->scene);
}

/* The batch that gathered, through the worker's own way, at the time at which memory's machine had it. */
static void batch_finish(struct fixture *fixture)
{
    struct scene *scene = &fixture->scene;

    for (size_t i = 0; i < fixture->count; i++)
        scene_add_again(scene, &fixture->held[i]);
    scene->now_ms = fixture->context.time_ms;
    assert_int_equal(scene_run(scene), 0);
    for (size_t i = 0; i < fixture->count; i++) {
        if (scene->items[i].code != fixture->codes[i])
            fail_msg("%s: memory says %s, LMDB %s", command_name(fixture->held[i].body),
                     error_name(fixture->codes[i]), error_name(scene->items[i].code));
        if (scene->items[i].code == 0) {
            fixture->accepted++;
            if (fixture->accepted % 100 == 1)
                scene_check_receipt(scene, i);
        }
    }
    scene_next(scene);
    arena_reset(scene->arena);
    fixture->count = 0;
    fixture->batches++;
}

static void compare(struct fixture *fixture)
{
    uint8_t memory[HASH_SIZE], lmdb[HASH_SIZE];

    batch_finish(fixture);
    assert_int_equal(view_hash(&fixture->view, memory), 0);
    scene_view_hash(&fixture->scene, lmdb);
    assert_memory_equal(memory, lmdb, HASH_SIZE);
    assert_int_equal(scene_head(&fixture->scene) + 1, fixture->context.next_sequence);
}

static void step(struct fixture *fixture)
{
    struct refusal refusal = {0};
    struct command command;
    struct arena *arena = fixture->arenas[fixture->count];
    int64_t time_ms;

    arena_reset(arena);
    random_commands_next(fixture->commands, &fixture->view, arena, &command, &time_ms);
    /* One batch has one time. */
    if (fixture->count > 0 && time_ms != fixture->context.time_ms) {
        struct arena *swapped = fixture->arenas[0];
        size_t place = fixture->count;

        batch_finish(fixture);
        fixture->arenas[0] = arena;
        fixture->arenas[place] = swapped;
    }
    fixture->context.time_ms = time_ms;
    fixture->codes[fixture->count] =
        machine_drive(&fixture->view, &command, &fixture->context, arena, &refusal, NULL, NULL);
    fixture->held[fixture->count++] = command;
    if (command.body->body_case == COMITY__V1__COMMAND__BODY_FOUND && fixture->codes[fixture->count - 1] == 0)
        memcpy(fixture->scene.history, command.history, HISTORY_ID_SIZE);
    if (fixture->count == BATCH_MAX)
        batch_finish(fixture);
}

static void memory_and_lmdb_agree(void **state)
{
    struct fixture *fixture = *state;

    fixture_begin(fixture, false);
    for (unsigned i = 1; i <= COMMANDS; i++) {
        step(fixture);
        if (i % COMPARE_EVERY == 0)
            compare(fixture);
    }
    printf("%d commands in %u batches, %u accepted, %" PRIu64 " events: the same state\n", COMMANDS,
           fixture->batches, fixture->accepted, fixture->context.next_sequence - 1);
    fixture_end(fixture);
}

/* The state of memory, had it opened the epoch that the restore opened. */
static void open_epoch_in_memory(struct fixture *fixture)
{
    struct machine_events events = {.count = 0};
    struct arena *arena = fixture->arenas[0];

    arena_reset(arena);
    assert_int_equal(machine_open_epoch(&fixture->view, &fixture->context, arena, &events), 0);
    events.list[0].sequence = fixture->context.next_sequence++;
    events.list[0].time_ms = fixture->context.time_ms;
    assert_int_equal(machine_apply(&fixture->view, &events.list[0], arena), 0);
}

static void a_random_history_is_restored(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    char reason[EXPORT_REASON_MAX] = "";
    char file[SCRATCH_PATH_MAX], target[SCRATCH_PATH_MAX], source[SCRATCH_PATH_MAX];
    struct export_totals totals;

    fixture_begin(fixture, true);
    for (unsigned restores = 0; restores < 2; restores++) {
        for (unsigned i = 1; i <= SIGNED_COMMANDS / (1 + restores); i++)
            step(fixture);
        compare(fixture);
        scratch_join(scene->directory, restores == 0 ? "export" : "export-2", file);
        scratch_join(scene->directory, restores == 0 ? "target" : "target-2", target);
        struct export_options out = {.store = scene->store, .log_key = &scene->log_key};
        struct restore_options in = {.directory = target,
                                     .map_limit_bytes = SCENE_MAP_BYTES,
                                     .group = SCRATCH_GROUP,
                                     .log_key = &scene->log_key,
                                     .time_ms = fixture->context.time_ms};
        if (export_write_file(&out, file, &totals, reason) != 0 ||
            restore_read_file(&in, file, &totals, reason) != 0)
            fail_msg("%s", reason);
        printf("%" PRIu64 " events of %" PRIu64 " commands went out and in, in %" PRIu64 " bytes\n",
               totals.events, totals.commands, totals.bytes);
        scene_stop(scene);
        memcpy(source, scene->directory, sizeof(source));
        memcpy(scene->directory, target, sizeof(target));
        scene_start(scene);
        memcpy(scene->directory, source, sizeof(source));
        open_epoch_in_memory(fixture);
        compare(fixture);
    }
    /* And it goes on as the other one does. */
    for (unsigned i = 1; i <= SIGNED_COMMANDS / 4; i++)
        step(fixture);
    compare(fixture);
    fixture_end(fixture);
}

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state == NULL;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_and_lmdb_agree, setup, teardown),
        cmocka_unit_test_setup_teardown(a_random_history_is_restored, setup, teardown),
    };

    /* What is compared is the state: that each batch is synced is for other tests. */
    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
