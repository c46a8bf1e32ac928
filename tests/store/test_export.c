/* Export and restore: what went in comes out, with the same receipts; what was altered, cut off or is
 * another's does not. */
#include "export_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/machine/state.h"
#include "worker/restore_history.h"

enum { ALTERATIONS = 400 };

/* Ballots in batches of several sizes, some replaced, some refused, some with a reason; then the deadline. */
static void hold_a_round(struct fixture *fixture)
{
    struct scene *scene = &fixture->scene;
    uint64_t first[SCENE_MEMBERS];
    int64_t closes_ms = scene->now_ms + 60000;

    scene_found(scene);
    scene_open_round(scene, closes_ms);
    for (unsigned i = 0; i < SCENE_MEMBERS; i++) {
        scene_add(scene, scene_ballot(scene, 1 + i % 5, 0, i % 3 ? NULL : "So that nobody is tired."), i,
                  NULL, 0);
        if (i % 4 == 0)
            run_and_remember(fixture);
        first[i] = 0;
    }
    run_and_remember(fixture);
    scene->now_ms += 1000;
    for (unsigned i = 0; i < SCENE_MEMBERS; i++)
        scene_add(scene, scene_ballot(scene, 2, first[i], NULL), i, NULL, 0);
    scene_add(scene, scene_add_item(scene, "A further item"), 2, NULL, 0);
    run_and_remember(fixture);
    scene->now_ms = closes_ms;
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->result.news_count, 1);
    scene_add(scene, scene_add_item(scene, "After the close"), 2, NULL, 0);
    run_and_remember(fixture);
}

static uint32_t epoch_of(struct fixture *fixture)
{
    struct store_txn *txn;
    struct store_history history;

    assert_int_equal(store_begin_read(fixture->scene.store, &txn), 0);
    assert_int_equal(store_history_get(txn, fixture->scene.history, &history), 0);
    store_abort(&txn);
    return history.epoch;
}

/* The root before the epoch was opened, by the tree of the store in hand. */
static void root_at(struct fixture *fixture, uint64_t size, uint8_t ret_root[HASH_SIZE])
{
    struct store_txn *txn;
    struct store_history history;
    struct tree_nodes nodes;

    assert_int_equal(store_begin_read(fixture->scene.store, &txn), 0);
    assert_int_equal(store_history_get(txn, fixture->scene.history, &history), 0);
    nodes = store_nodes(txn, &history);
    assert_int_equal(tree_root(&nodes, size, ret_root), 0);
    store_abort(&txn);
}

/* The state of the source, had it opened the same epoch. */
static void view_hash_with_epoch(struct fixture *fixture, uint8_t ret_hash[HASH_SIZE])
{
    struct store_txn *txn;
    struct store_history history;
    struct view view;
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);

    assert_int_equal(store_begin_write(fixture->scene.store, &txn), 0);
    assert_int_equal(store_history_get(txn, fixture->scene.history, &history), 0);
    assert_int_equal(
        restore_history_open_epoch(txn, &history, fixture->scene.now_ms + 5000, &fixture->new_key, arena), 0);
    view = store_view(txn, &history);
    assert_int_equal(view_hash(&view, ret_hash), 0);
    store_abort(&txn);
    arena_destroy(&arena);
}

static void what_went_in_comes_out(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    uint8_t hash[HASH_SIZE], hash_after[HASH_SIZE], root[HASH_SIZE], root_after[HASH_SIZE];
    struct stat status;
    uint64_t head;

    hold_a_round(fixture);
    head = scene_head(scene);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    assert_int_equal(fixture->totals.events, head);
    assert_int_equal(stat(fixture->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(fixture->totals.bytes, status.st_size);
    view_hash_with_epoch(fixture, hash);
    root_at(fixture, head, root);
    scene_stop(scene);

    assert_int_equal(restore_from(fixture, fixture->file), 0);
    assert_int_equal(fixture->totals.events, head);
    assert_int_equal(fixture->totals.histories, 1);
    assert_int_equal(fixture->totals.bytes, status.st_size);
    move_to_target(fixture);
    assert_int_equal(scene_head(scene), head + 1);
    assert_int_equal(epoch_of(fixture), (fixture->scene.now_ms + 5000) / 1000);
    root_at(fixture, head, root_after);
    assert_memory_equal(root, root_after, HASH_SIZE);
    scene_view_hash(scene, hash_after);
    assert_memory_equal(hash, hash_after, HASH_SIZE);
    replies_are_the_same(fixture);

    /* And life goes on: new receipts are of the new epoch, signed with the new key. */
    scene_add(scene, scene_add_item(scene, "In the new epoch"), 2, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    scene_check_receipt(scene, 0);
    scene_next(scene);
}

static void a_restored_store_can_be_restored_again(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    uint32_t last = 1;

    hold_a_round(fixture);
    for (unsigned i = 0; i < 3; i++) {
        char name[16];

        assert_int_equal(export_to(fixture, scene->history, fixture->file), 0);
        scene_stop(scene);
        signing_key_generate(&fixture->new_key);
        snprintf(name, sizeof(name), "target-%u", i);
        scratch_join(scene->directory, name, fixture->target);
        assert_int_equal(restore_from(fixture, fixture->file), 0);
        unlink(fixture->file);
        move_to_target(fixture);
        /* However many in one second: each has another number than all before. */
        assert_true(epoch_of(fixture) > last && epoch_of(fixture) >= (scene->now_ms + 5000) / 1000);
        last = epoch_of(fixture);
        scene_add(scene, scene_add_item(scene, "Once an epoch"), 2, NULL, 0);
        scene_add(scene, scene_add_item(scene, "Twice an epoch"), 2, NULL, 0);
        run_and_remember(fixture);
        replies_are_the_same(fixture);
    }
}

static void many_histories_or_one(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    uint8_t unknown[HISTORY_ID_SIZE] = {1};

    for (unsigned i = 0; i < 3; i++)
        scene_found(scene);
    assert_int_equal(export_to(fixture, unknown, fixture->file), ERR_HISTORY);
    assert_int_equal(access(fixture->file, F_OK), -1);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    assert_int_equal(fixture->totals.histories, 3);
    assert_int_equal(export_to(fixture, NULL, fixture->file), ERR_EXISTS);
    assert_int_equal(restore_from(fixture, fixture->file), 0);
    assert_int_equal(fixture->totals.histories, 3);
    /* The directory holds a store now. */
    assert_int_equal(restore_from(fixture, fixture->file), ERR_EXISTS);
    unlink(fixture->file);
    assert_int_equal(export_to(fixture, scene->history, fixture->file), 0);
    assert_int_equal(fixture->totals.histories, 1);
}

static void an_empty_store_goes_out_and_in(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    assert_int_equal(restore_from(fixture, fixture->file), 0);
    assert_int_equal(fixture->totals.histories, 0);
}

static void another_log_key_cannot_export(void **state)
{
    struct fixture *fixture = *state;

    scene_found(&fixture->scene);
    signing_key_generate(&fixture->scene.log_key);
    assert_int_equal(export_to(fixture, NULL, fixture->file), ERR_CONFIG);
    assert_non_null(strstr(fixture->reason, "log key"));
}

static void an_export_runs_beside_a_worker(void **state)
{
    struct fixture *fixture = *state;
    struct store_options options = {
        .directory = fixture->scene.directory,
        .map_limit_bytes = SCENE_MAP_BYTES,
        .group = SCRATCH_GROUP,
        .is_read_only = true,
    };
    struct export_totals totals;
    int status;
    pid_t child;

    hold_a_round(fixture);
    child = fork();
    if (child == 0) {
        struct export_options export = {.log_key = &fixture->scene.log_key};
        char reason[STORE_REASON_MAX];

        if (store_open(&options, &export.store, reason) != 0)
            _exit(1);
        if (export_write_file(&export, fixture->file, &totals, reason) != 0)
            _exit(2);
        store_close(&export.store);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    scene_add(&fixture->scene, scene_add_item(&fixture->scene, "Meanwhile"), 2, NULL, 0);
    run_and_remember(fixture);
    assert_int_equal(restore_from(fixture, fixture->file), 0);
}

/* Refusals that are kept. */

/* An item for a session that is not there yet; of the time before any restore. */
static const struct command *refuse_an_item(struct fixture *fixture, int64_t valid_until_ms)
{
    struct scene *scene = &fixture->scene;
    Comity__V1__Command *body = scene_add_item(scene, "Too early");

    body->valid_until_ms = valid_until_ms;
    scene_add(scene, body, 2, NULL, 0);
    run_and_remember(fixture);
    assert_int_not_equal(fixture->codes[fixture->count - 1], 0);
    return fixture->commands[fixture->count - 1];
}

static bool refusal_leave_out(struct rewriting *rewriting, Comity__V1__ExportRecord *record, void *context)
{
    bool is_refusal = record->kind_case == COMITY__V1__EXPORT_RECORD__KIND_REFUSAL;

    (void) rewriting;
    *(unsigned *) context += is_refusal;
    return !is_refusal;
}

static void restore_and_move(struct fixture *fixture)
{
    scene_stop(&fixture->scene);
    if (restore_from(fixture, fixture->file) != 0)
        fail_msg("%s", fixture->reason);
    move_to_target(fixture);
}

/* The session that was missing is there meanwhile, and was when the new epoch opened: nothing but the refusal
 * that is kept stands against the command. */
static void what_was_refused_is_refused_after_a_restore(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    const struct command *command;
    unsigned count = 0;
    uint64_t head;

    scene_found(scene);
    command = refuse_an_item(fixture, 0);
    scene_open_round(scene, 0);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    restore_and_move(fixture);
    head = scene_head(scene);
    replies_are_the_same(fixture);
    assert_int_equal(scene_head(scene), head);

    /* Until its time is over: then it is purged, and what is said is another thing. */
    scene->now_ms = command->body->valid_until_ms + 1;
    scene_add_again(scene, command);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, ERR_VALIDITY);
    scene_next(scene);
    unlink(fixture->file);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    rewrite(fixture, &scene->log_key, refusal_leave_out, &count);
    assert_int_equal(count, 0);
}

/* The control: without the record of it the command is carried out. */
static void a_refusal_that_is_left_out_does_not_hold(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    const struct command *command;
    unsigned count = 0;

    scene_found(scene);
    command = refuse_an_item(fixture, 0);
    scene_open_round(scene, 0);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    rewrite(fixture, &scene->log_key, refusal_leave_out, &count);
    assert_int_equal(count, 1);
    restore_and_move(fixture);
    scene_add_again(scene, command);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, 0);
    scene_check_receipt(scene, 0);
}

static void all_of_a_refusal_comes_along(void **state)
{
    static const uint8_t id[COMMAND_ID_SIZE] = {1, 2, 3};
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    struct store_command row = {
        .valid_until_ms = scene->now_ms + 77,
        .refusal = {
            .code = ERR_LIMIT, .latest = UINT64_MAX - 1, .limit = 500, .field = "invite.invitations"}};
    struct store_command found;
    struct store_history history;
    struct store_txn *txn;

    scene_found(scene);
    assert_int_equal(store_begin_write(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    assert_int_equal(store_command_put(txn, &history, id, &row), 0);
    assert_int_equal(store_commit(&txn), 0);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    restore_and_move(fixture);
    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    assert_int_equal(store_command_get(txn, &history, id, &found), 0);
    store_abort(&txn);
    assert_int_equal(found.sequence, 0);
    assert_int_equal(found.valid_until_ms, row.valid_until_ms);
    assert_int_equal(found.refusal.code, row.refusal.code);
    assert_int_equal(found.refusal.latest, row.refusal.latest);
    assert_int_equal(found.refusal.limit, row.refusal.limit);
    assert_string_equal(found.refusal.field, row.refusal.field);
}

/* A refusal is no event: it may come long after the newest one, and hold for 30 days from then. */
static void a_refusal_of_a_quiet_history_is_kept(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;

    scene_found(scene);
    scene->now_ms += 2 * VALIDITY_MAX_MS;
    refuse_an_item(fixture, scene->now_ms + VALIDITY_MAX_MS);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    restore_and_move(fixture);
    replies_are_the_same(fixture);
}

/* Alterations. */

struct image {
    uint8_t *data;
    size_t size;
};

static struct image image_load(const char *path)
{
    struct image image = {.size = scratch_file_size(path)};
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    image.data = malloc(image.size + 16);
    assert_int_equal(fread(image.data, 1, image.size, file), image.size);
    fclose(file);
    return image;
}

static void image_save(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void a_file_cut_off_anywhere_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct image image;

    hold_a_round(fixture);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    image = image_load(fixture->file);
    for (size_t i = 0; i < ALTERATIONS / 2; i++) {
        size_t size = i < 64 ? i : image.size * i / (ALTERATIONS / 2);

        image_save(fixture->file, image.data, size);
        if (restore_from(fixture, fixture->file) == 0)
            fail_msg("restored from %zu of %zu bytes", size, image.size);
        nothing_is_left(fixture);
    }
    /* And one that goes on. */
    image.data[image.size] = 0;
    image_save(fixture->file, image.data, image.size + 1);
    assert_int_equal(restore_from(fixture, fixture->file), ERR_MALFORMED);
    nothing_is_left(fixture);
    image_save(fixture->file, image.data, image.size);
    assert_int_equal(restore_from(fixture, fixture->file), 0);
    free(image.data);
}

static void a_file_altered_anywhere_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct image image;
    uint64_t random = 5;

    hold_a_round(fixture);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    image = image_load(fixture->file);
    for (size_t i = 0; i < ALTERATIONS; i++) {
        size_t place;
        uint8_t bit;

        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        place = i < 200 ? i : (size_t) (random >> 20) % image.size;
        bit = (uint8_t) (1 << (random >> 60) % 8);
        image.data[place] ^= bit;
        image_save(fixture->file, image.data, image.size);
        if (restore_from(fixture, fixture->file) == 0)
            fail_msg("restored with byte %zu altered", place);
        nothing_is_left(fixture);
        image.data[place] ^= bit;
    }
    free(image.data);
}

static void what_is_no_export_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct restore_options options = restore_options(fixture);
    static const uint8_t other_group[GROUP_ID_SIZE] = "another group...";
    static const uint8_t text[] = "Dear comity, please find attached our records.";

    image_save(fixture->file, text, sizeof(text));
    assert_int_not_equal(restore_from(fixture, fixture->file), 0);
    nothing_is_left(fixture);
    assert_int_equal(restore_from(fixture, "/nonexistent/export"), ERR_FILE);
    nothing_is_left(fixture);

    unlink(fixture->file);
    scene_found(&fixture->scene);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    options.group = other_group;
    assert_int_equal(restore_read_file(&options, fixture->file, &fixture->totals, fixture->reason),
                     ERR_CONFIG);
    assert_non_null(strstr(fixture->reason, "group"));
    nothing_is_left(fixture);
}

static void too_small_a_limit_is_an_answer(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    struct restore_options options = restore_options(fixture);

    scene_found(scene);
    scene_open_round(scene, 0);
    for (unsigned i = 0; i < 500; i++)
        scene_add(scene, scene_add_item(scene, "One of many"), 2, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    scene_next(scene);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    options.map_limit_bytes = 512 * 1024;
    assert_int_equal(restore_read_file(&options, fixture->file, &fixture->totals, fixture->reason),
                     ERR_STORE_FULL);
    nothing_is_left(fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_went_in_comes_out),
        TEST(a_restored_store_can_be_restored_again),
        TEST(many_histories_or_one),
        TEST(an_empty_store_goes_out_and_in),
        TEST(another_log_key_cannot_export),
        TEST(an_export_runs_beside_a_worker),
        TEST(what_was_refused_is_refused_after_a_restore),
        TEST(a_refusal_that_is_left_out_does_not_hold),
        TEST(all_of_a_refusal_comes_along),
        TEST(a_refusal_of_a_quiet_history_is_kept),
        TEST(a_file_cut_off_anywhere_is_refused),
        TEST(a_file_altered_anywhere_is_refused),
        TEST(what_is_no_export_is_refused),
        TEST(too_small_a_limit_is_an_answer),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
