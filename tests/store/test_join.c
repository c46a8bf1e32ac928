/* Joining: a store that is made of another worker's export is that worker's as it was at its place in the
 * log, to the last row, and goes on from there. */
#include "group.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "worker/export.h"
#include "worker/log/sealed.h"

enum { A, B, C };

/* The control reads each step in a transaction of its own. */
#ifdef COMITY_CONTROL_EXPORT_IN_STEPS
enum { IS_CONTROL = true };
#else
enum { IS_CONTROL = false };
#endif

struct joining {
    struct group *group;
    char file[SCRATCH_PATH_MAX], target[SCRATCH_PATH_MAX], parent[SCRATCH_PATH_MAX];
    char reason[EXPORT_REASON_MAX];
    struct export_totals totals;
    uint8_t hash[HASH_SIZE]; /* of the exported state */
    struct order_place place;
    bool has_gone_on;
    pthread_t grower;
    bool has_grower;
};

static void refuse_one(struct scene *scene)
{
    size_t item = scene_add(scene, scene_add_item(scene, "Not a stranger's to put"), SCENE_NOBODY, NULL, 0);

    assert_int_equal(scene_run(scene), 0);
    assert_int_not_equal(scene->items[item].code, 0);
    scene_next(scene);
}

static void go_on(struct group *group)
{
    scene_do(&group->scene, scene_add_item(&group->scene, "One more"), 1, NULL, 0);
    /* The member's second ballot is refused, and kept. */
    scene_add(&group->scene, scene_ballot(&group->scene, 1, 77, NULL), 2, NULL, 0);
    assert_int_equal(scene_run(&group->scene), 0);
    assert_int_not_equal(group->scene.items[0].code, 0);
    scene_next(&group->scene);
}

static int setup(void **state)
{
    struct joining *joining = calloc(1, sizeof(*joining));

    joining->group = group_new(29);
    scratch_make(joining->parent);
    scratch_join(joining->parent, "stream", joining->file);
    scratch_join(joining->parent, "data", joining->target);
    scene_found(&joining->group->scene);
    scene_open_round(&joining->group->scene, 0);
    go_on(joining->group);
    refuse_one(&joining->group->scene);
    *state = joining;
    return 0;
}

static int teardown(void **state)
{
    struct joining *joining = *state;

    if (joining->has_grower)
        pthread_join(joining->grower, NULL);
    group_destroy(&joining->group);
    scratch_remove(joining->parent);
    free(joining);
    return 0;
}

static struct export_options export_options(struct joining *joining)
{
    return (struct export_options){
        .store = joining->group->workers[A].store,
        .log_key = &joining->group->scene.log_key,
        .time_ms = joining->group->scene.now_ms,
        .context = joining,
    };
}

static void export_made(struct joining *joining, const struct export_options *options)
{
    group_hash(joining->group, A, joining->hash);
    group_place(joining->group, A, &joining->place);
    if (export_write_file(options, joining->file, &joining->totals, joining->reason) != 0)
        fail_msg("%s", joining->reason);
}

static struct restore_options restore_options(struct joining *joining)
{
    return (struct restore_options){
        .directory = joining->target,
        .map_limit_bytes = SCENE_MAP_BYTES,
        .group = SCRATCH_GROUP,
        .log_key = &joining->group->scene.log_key,
        .time_ms = joining->group->scene.now_ms,
    };
}

static int stated_place(struct joining *joining, struct store_entry *ret_place)
{
    struct restore_options options = restore_options(joining);

    return export_read_place(&options, joining->file, ret_place, joining->reason);
}

/* Worker C has lost everything, and joins. */
static void join_as_c(struct joining *joining)
{
    struct restore_options options = restore_options(joining);
    struct store_entry place;
    struct order_place at;
    struct store *store;

    assert_int_equal(stated_place(joining, &place), 0);
    options.joins = &place;
    if (restore_read_file(&options, joining->file, &joining->totals, joining->reason) != 0)
        fail_msg("%s", joining->reason);
    store = scratch_store(joining->target, SCENE_MAP_BYTES);
    store_close(&store);
    group_put_back(joining->group, C, joining->target);
    group_place(joining->group, C, &at);
    assert_true(place_equal(&at, &joining->place));
    assert_int_equal(place.number, at.number);
}

static void assert_is_as_exported(struct joining *joining)
{
    uint8_t hash[HASH_SIZE];

    group_hash(joining->group, C, hash);
    assert_memory_equal(hash, joining->hash, HASH_SIZE);
}

static void who_joins_has_what_the_leader_has(void **state)
{
    struct joining *joining = *state;
    struct export_options options = export_options(joining);

    export_made(joining, &options);
    for (unsigned i = 0; i < 20; i++)
        go_on(joining->group);
    join_as_c(joining);
    assert_is_as_exported(joining);
    group_catch_up(joining->group, C);
    group_same(joining->group, A, C);
    /* And it can lead: nothing that a leader needs is missing. */
    group_lead(joining->group, C);
    go_on(joining->group);
    group_catch_up(joining->group, A);
    group_same(joining->group, A, C);
}

/* What is recorded and refused while the stream is written is not in it. */
static void go_on_meanwhile(void *context, const struct export_totals *totals)
{
    struct joining *joining = context;

    (void) totals;
    if (joining->has_gone_on)
        return;
    joining->has_gone_on = true;
    for (unsigned i = 0; i < 3; i++)
        go_on(joining->group);
}

static void an_export_is_of_one_moment(void **state)
{
    struct joining *joining = *state;
    struct export_options options = export_options(joining);
    uint8_t hash[HASH_SIZE];

    options.progress = go_on_meanwhile;
    export_made(joining, &options);
    assert_true(joining->has_gone_on);
    join_as_c(joining);
    if (IS_CONTROL) {
        group_hash(joining->group, C, hash);
        assert_memory_not_equal(hash, joining->hash, HASH_SIZE);
        return;
    }
    assert_is_as_exported(joining);
    group_catch_up(joining->group, C);
    group_same(joining->group, A, C);
}

/* The writer finds its store full while a copy is read. */
static void *grow(void *argument)
{
    struct joining *joining = argument;

    return (void *) (intptr_t) store_grow(joining->group->workers[A].store);
}

static void need_room(void *context, const struct export_totals *totals)
{
    struct joining *joining = context;

    (void) totals;
    if (joining->has_grower)
        return;
    assert_int_equal(pthread_create(&joining->grower, NULL, grow, joining), 0);
    joining->has_grower = true;
    while (!store_is_waited_for(joining->group->workers[A].store))
        sched_yield();
}

static void an_export_lets_the_map_grow(void **state)
{
    struct joining *joining = *state;
    struct export_options options = export_options(joining);

    options.progress = need_room;
    assert_int_equal(export_write_file(&options, joining->file, &joining->totals, joining->reason), ERR_BUSY);
    assert_true(joining->has_grower);
    pthread_join(joining->grower, NULL); /* which ends, for nobody reads any more */
    joining->has_grower = false;
    options.progress = NULL;
    export_made(joining, &options);
    join_as_c(joining);
    assert_is_as_exported(joining);
}

/* Refusals. */

static void nothing_is_left(struct joining *joining)
{
    DIR *directory = opendir(joining->target);
    struct dirent *entry;

    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL)
        if (strncmp(entry->d_name, "restoring-", 10) != 0 && entry->d_name[0] != '.')
            fail_msg("%s is left", entry->d_name);
    closedir(directory);
}

static void assert_refused(struct joining *joining, const struct restore_options *options, int code,
                           const char *words)
{
    struct store_entry place = {.number = 5};

    assert_int_equal(restore_read_file(options, joining->file, &joining->totals, joining->reason), code);
    if (strstr(joining->reason, words) == NULL)
        fail_msg("not \"%s\": %s", words, joining->reason);
    nothing_is_left(joining);
    if (options->joins == NULL || options->joins->number == 0)
        return;
    code = export_read_place(options, joining->file, &place, joining->reason);
    assert_true(code == 0 || strstr(joining->reason, words) != NULL);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct joining *joining = *state;
    struct export_options exporting = export_options(joining);
    struct restore_options options = restore_options(joining);
    struct signing_key other_key;
    struct store_entry place, other;
    const uint8_t other_group[GROUP_ID_SIZE] = {77};

    export_made(joining, &exporting);
    assert_int_equal(stated_place(joining, &place), 0);
    options.joins = &place;
    options.group = other_group;
    assert_refused(joining, &options, ERR_CONFIG, "another group");
    options = restore_options(joining);
    options.joins = &place;
    signing_key_generate(&other_key);
    options.log_key = &other_key;
    assert_refused(joining, &options, ERR_CONFIG, "another log key");
    options = restore_options(joining);
    other = place;
    other.hash[7] ^= 1;
    options.joins = &other;
    assert_refused(joining, &options, ERR_CORRUPT, "another place");
    other = place;
    other.number++;
    assert_refused(joining, &options, ERR_CORRUPT, "another place");
}

static void flip(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    int byte;

    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 1, file), byte ^ 1);
    assert_int_equal(fclose(file), 0);
}

/* Wherever it is altered is seen before anything is made of it. */
static void a_file_is_read_to_its_end_first(void **state)
{
    struct joining *joining = *state;
    struct export_options exporting = export_options(joining);
    struct restore_options options = restore_options(joining);
    struct store_entry place;
    const long step = 97;

    export_made(joining, &exporting);
    assert_int_equal(export_read_whole(&options, joining->file, &place, joining->reason), 0);
    assert_int_equal(place.number, joining->place.number);
    for (long at = 0; at < (long) joining->totals.bytes; at += step) {
        flip(joining->file, at);
        assert_int_not_equal(export_read_whole(&options, joining->file, &place, joining->reason), 0);
        flip(joining->file, at);
    }
    assert_int_equal(truncate(joining->file, (off_t) joining->totals.bytes - 1), 0);
    assert_int_not_equal(export_read_whole(&options, joining->file, &place, joining->reason), 0);
    assert_int_not_equal(access(joining->target, F_OK), 0);
}

static void the_export_of_one_history_has_no_place(void **state)
{
    struct joining *joining = *state;
    struct export_options exporting = export_options(joining);
    struct restore_options options = restore_options(joining);
    struct store_entry place = {.number = 5};

    exporting.history = joining->group->scene.history;
    export_made(joining, &exporting);
    assert_int_equal(stated_place(joining, &place), ERR_NOT_FOUND);
    options.joins = &place;
    assert_refused(joining, &options, ERR_NOT_FOUND, "no place");
}

/* What a restore makes is not what the log goes on from. */
static void a_restore_takes_no_place(void **state)
{
    struct joining *joining = *state;
    struct export_options exporting = export_options(joining);
    struct restore_options options = restore_options(joining);
    struct store_entry place;
    struct store_txn *txn;
    struct store *store;

    export_made(joining, &exporting);
    if (restore_read_file(&options, joining->file, &joining->totals, joining->reason) != 0)
        fail_msg("%s", joining->reason);
    store = scratch_store(joining->target, SCENE_MAP_BYTES);
    assert_int_equal(store_begin_read(store, &txn), 0);
    assert_int_equal(store_entry_get(txn, &place), ERR_NOT_FOUND);
    store_abort(&txn);
    store_close(&store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest for_controls[] = {
        TEST(an_export_is_of_one_moment),
    };
    const struct CMUnitTest tests[] = {
        TEST(who_joins_has_what_the_leader_has),      TEST(an_export_lets_the_map_grow),
        TEST(what_does_not_fit_is_refused),           TEST(a_file_is_read_to_its_end_first),
        TEST(the_export_of_one_history_has_no_place), TEST(a_restore_takes_no_place),
    };

    int failed;

    scratch_use_memory();
    failed = cmocka_run_group_tests(for_controls, NULL, NULL);
    return failed != 0 || IS_CONTROL ? failed : cmocka_run_group_tests(tests, NULL, NULL);
}
