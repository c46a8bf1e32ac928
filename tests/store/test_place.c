/* The place of a store in its group's log: made of what it holds, kept with each entry, found again whatever ended the process.
 * The control keeps it in a transaction of its own, and loses it. */
#include "group.h"

#include <lmdb.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "worker/group_log.h"
#include "worker/log/sealed.h"

enum { A, B };

#ifdef COMITY_CONTROL_PLACE_APART
enum { IS_CONTROL = true };
#else
enum { IS_CONTROL = false };
#endif

/* Before the first entry. */

static const uint8_t GROUP[GROUP_ID_SIZE] = {9};

static struct store_entry first_place(struct store *store, const uint8_t group[GROUP_ID_SIZE])
{
    struct store_entry place;

    assert_int_equal(group_log_first_place(store, group, &place), 0);
    assert_int_equal(place.number, 1);
    assert_int_equal(place.total, 0);
    assert_int_equal(place.level, FORMAT_LEVEL);
    return place;
}

/* The same as often as it is asked for, until the store holds something else. */
static void the_first_place_is_of_what_a_store_holds(void **state)
{
    struct group *group = *state;
    struct store *leader = group->workers[A].store, *empty;
    struct store_entry before = first_place(leader, GROUP), after, kept;
    char directory[SCRATCH_PATH_MAX];

    group_catch_up(group, B);
    after = first_place(group->workers[B].store, GROUP); /* it holds the same */
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(before.time_ms, group->scene.now_ms);
    scene_do(&group->scene, scene_add_item(&group->scene, "Item"), 0, NULL, 0);
    after = first_place(leader, GROUP);
    assert_memory_not_equal(before.hash, after.hash, HASH_SIZE);
    before = first_place(leader, (const uint8_t[GROUP_ID_SIZE]){8});
    assert_memory_not_equal(before.hash, after.hash, HASH_SIZE); /* of another group */
    scratch_make(directory);
    empty = scratch_store(directory, SCENE_MAP_BYTES);
    before = first_place(empty, GROUP);
    assert_memory_not_equal(before.hash, after.hash, HASH_SIZE);
    assert_int_equal(before.time_ms, 0);
    assert_int_equal(group_log_place(empty, &kept), 0); /* nothing is written */
    assert_int_equal(kept.number, 0);
    store_close(&empty);
    scratch_remove(directory);
}

/* Kept with each entry. */

static void it_is_found_again_after_a_restart(void **state)
{
    struct group *group = *state;
    struct order_place place, again;

    for (unsigned i = 0; i < 5; i++) {
        scene_do(&group->scene, scene_add_item(&group->scene, "Item"), i, NULL, 0);
        group_catch_up(group, B);
        for (unsigned worker = A; worker <= B; worker++) {
            group_place(group, worker, &place);
            assert_true(place_equal(&place, &group->entries[group->count - 1].place));
            group_restart(group, worker);
            group_place(group, worker, &again);
            assert_true(place_equal(&place, &again));
        }
    }
}

/* A process of a worker that is killed right after the first commit of its store, and tells before what the log has. */
static struct group *dying; /* NULL: nobody is */
static int told_descriptor;

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn)
{
    int code = __real_mdb_txn_commit(txn);

    if (dying == NULL)
        return code;
    const struct order_place *behind = &dying->entries[dying->count - 1].place;
    if (write(told_descriptor, behind, sizeof(*behind)) == (ssize_t) sizeof(*behind))
        kill(getpid(), SIGKILL);
    _exit(1);
}

/* Something that commits, in a process of its own; then the worker is started again. */
static struct order_place run_and_kill(struct group *group, unsigned worker, void (*run)(struct group *group))
{
    struct order_place behind;
    int ends[2], status;
    pid_t child;

    group_stop(group, worker);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        group_start(group, worker);
        told_descriptor = ends[1];
        dying = group;
        run(group);
        _exit(1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &behind, sizeof(behind)), sizeof(behind));
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    group_start(group, worker);
    return behind;
}

static void lead(struct group *group)
{
    batch_run(group->scene.runner, group->scene.items, group->scene.count, &group->scene.result);
}

static void follow(struct group *group)
{
    group_give(group, B, &group->entries[group->count - 1]);
}

static bool has_place(const struct group *group, unsigned worker, const struct order_place *place)
{
    struct order_place found;

    group_place(group, worker, &found);
    return place_equal(&found, place);
}

static void a_leader_killed_at_its_commit_has_the_place_behind_it(void **state)
{
    struct group *group = *state;
    uint64_t head = scene_head(&group->scene);
    struct order_place behind;

    scene_add(&group->scene, scene_add_item(&group->scene, "The last"), 0, NULL, 0);
    behind = run_and_kill(group, A, lead);
    assert_int_equal(behind.number, group->count + 1);
    assert_int_equal(scene_head(&group->scene), head + 1);
    assert_int_equal(has_place(group, A, &behind), !IS_CONTROL);
}

static void a_follower_killed_at_its_commit_has_the_place_behind_it(void **state)
{
    struct group *group = *state;

    group_catch_up(group, B);
    scene_do(&group->scene, scene_add_item(&group->scene, "The last"), 0, NULL, 0);
    run_and_kill(group, B, follow);
    assert_true(has_place(group, B, &group->entries[group->count - 1].place));
    group_same(group, A, B);
}

static int setup(void **state)
{
    struct group *group = group_new(13);

    scene_found(&group->scene);
    scene_open_round(&group->scene, 0);
    *state = group;
    return 0;
}

static int teardown(void **state)
{
    struct group *group = *state;

    group_destroy(&group);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest for_controls[] = {
        TEST(a_leader_killed_at_its_commit_has_the_place_behind_it),
    };
    const struct CMUnitTest tests[] = {
        TEST(the_first_place_is_of_what_a_store_holds),
        TEST(it_is_found_again_after_a_restart),
        TEST(a_follower_killed_at_its_commit_has_the_place_behind_it),
    };
    int failed;

    scratch_use_memory();
    failed = cmocka_run_group_tests(for_controls, NULL, NULL);
    return failed != 0 || IS_CONTROL ? failed : cmocka_run_group_tests(tests, NULL, NULL);
}
