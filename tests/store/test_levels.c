/* Format levels in a group: built with the worker of a version that knows a second one, and in it one command
 * more. */
#include "moves.h"

#include "core/error.h"
#include "core/event.h"

enum { A, B };

static int setup(void **state)
{
    struct group *group = group_new(7);

    group->level = 1;
    scene_found(&group->scene);
    *state = group;
    return 0;
}

static int teardown(void **state)
{
    struct group *group = *state;

    group_destroy(&group);
    return 0;
}

/* The command of the second level; its code. */
static int appoint_in(struct scene *scene, const char *name)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);
    int code;

    body->body_case = COMITY__V1__COMMAND__BODY_APPOINT_WITNESS;
    body->appoint_witness = SCENE_NEW(scene, AppointWitness, appoint_witness);
    body->appoint_witness->name = (char *) (uintptr_t) name;
    body->appoint_witness->key.data = arena_alloc(scene->arena, KEY_SIZE);
    body->appoint_witness->key.len = KEY_SIZE;
    scene_random(scene, body->appoint_witness->key.data, KEY_SIZE);
    scene_add(scene, body, 0, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    code = scene->items[0].code;
    if (code == ERR_UNSUPPORTED)
        assert_string_equal(scene_reply(scene, 0)->refusal->field, "appoint_witness");
    scene_next(scene);
    return code;
}

static int appoint(struct group *group, const char *name)
{
    return appoint_in(&group->scene, name);
}

static uint32_t level_of(const struct group *group, size_t number)
{
    return group->entries[number - 1].batch.level;
}

static uint32_t level_in_store(struct group *group, unsigned worker)
{
    struct store_txn *txn;
    uint32_t level;

    assert_int_equal(store_begin_read(group->workers[worker].store, &txn), 0);
    assert_int_equal(store_level(txn, &level), 0);
    store_abort(&txn);
    return level;
}

static void a_level_is_used_once_it_is_agreed_on(void **state)
{
    struct group *group = *state;

    assert_int_equal(appoint(group, "too-early"), ERR_UNSUPPORTED);
    assert_int_equal(level_of(group, group->count), 1);
    assert_int_equal(level_in_store(group, A), 1);
    group->level = 2;
    assert_int_equal(appoint(group, "one"), 0);
    assert_int_equal(level_of(group, group->count), 2);
    assert_int_equal(level_in_store(group, A), 2);
    group_catch_up(group, B);
    assert_int_equal(level_in_store(group, B), 2);
    group_same(group, A, B);
}

/* Whatever the log says: what is in the store, and the entry before, are of a level that is not left again.
 */
static void it_does_not_go_back(void **state)
{
    struct group *group = *state;

    group->level = 2;
    assert_int_equal(appoint(group, "one"), 0);
    group_catch_up(group, B);
    group->level = 1;
    assert_int_equal(appoint(group, "two"), 0);
    assert_int_equal(level_of(group, group->count), 2);
    group_catch_up(group, B);
    group_lead(group, B);
    group_restart(group, B);
    assert_int_equal(appoint(group, "three"), 0);
    assert_int_equal(level_of(group, group->count), 2);
    group_catch_up(group, A);
    group_same(group, A, B);
}

/* A worker that knows less may take its seat after it, as long as the log is at the level of before. */
static void what_is_not_kept_raises_nothing(void **state)
{
    struct group *group = *state;

    group->level = 2;
    group->commit_code = ERR_NOT_LEADER;
    assert_int_equal(appoint(group, "not-kept"), ERR_NOT_LEADER);
    group->commit_code = 0;
    group->level = 1;
    assert_int_equal(appoint(group, "too-early"), ERR_UNSUPPORTED);
    assert_int_equal(level_of(group, group->count), 1);
    group_catch_up(group, B);
    group_same(group, A, B);
}

static void is_refused(struct group *group, const struct order_entry *entry, const char *words)
{
    uint64_t at = group_at(group, B);

    assert_int_equal(group_give(group, B, entry), ERR_CORRUPT);
    if (strstr(group->workers[B].reason, words) == NULL)
        fail_msg("%s", group->workers[B].reason);
    assert_int_equal(group_at(group, B), at);
}

/* The last entry, as if it were of that level, and the log said so too. */
static struct order_entry as_of_level(struct group *group, uint32_t level)
{
    struct order_entry *last = &group->entries[group->count - 1];
    Comity__V1__LogEntry *message = group_unpack(last, group->scene.arena);
    struct order_entry given;

    message->level = level;
    given = group_pack(last, message, group->scene.arena);
    given.batch.level = given.place.level = level;
    return given;
}

/* Of a leader that went back, and of one whose events are of another level than it says. */
static void a_follower_takes_no_other_level(void **state)
{
    struct group *group = *state;
    struct order_entry given;

    group_catch_up(group, B);
    assert_int_equal(appoint(group, "too-early"), ERR_UNSUPPORTED);
    group_catch_up(group, B);
    scene_add_founding(&group->scene, 1);
    assert_int_equal(scene_run(&group->scene), 0);
    given = as_of_level(group, 2);
    is_refused(group, &given, "of another format level than its entry");
    scene_next(&group->scene);
    group_catch_up(group, B);
    group->level = 2;
    assert_int_equal(appoint(group, "one"), 0);
    group_catch_up(group, B);
    assert_int_equal(appoint(group, "two"), 0);
    given = as_of_level(group, 1);
    is_refused(group, &given, "lower than that of the entry before");
    group_catch_up(group, B);
    group_same(group, A, B);
}

/* ---- A history that moves ---- */

/* The new group is in the midst of being replaced by the version that the old one has. */
static void move_of_the_second_level(struct moves *moves)
{
    moves->new->level = 1;
    moves_hold_a_round(moves, 0);
    assert_int_equal(appoint_in(moves->scene, "one"), 0);
    assert_int_equal(moves_freeze(moves), 0);
    moves_copy(moves);
}

#ifdef COMITY_CONTROL_TAKES_ANY_LEVEL

/* The control takes it in, and what comes next is of a lower level than what is before it: nobody can follow. */
static void what_is_of_a_higher_level_is_not_taken_in(void **state)
{
    struct moves *moves = *state;

    move_of_the_second_level(moves);
    assert_int_equal(moves_give_all(moves, 0), 0);
    group_catch_up(moves->new, B);
    moves_go_to(moves, moves->new);
    assert_int_equal(moves_act(moves, 1), 0);
    is_refused(moves->new, &moves->new->entries[moves->new->count - 1], "lower than that of the event before it");
}

#else

static void what_is_of_a_higher_level_is_not_taken_in(void **state)
{
    struct moves *moves = *state;
    struct store_history history;

    move_of_the_second_level(moves);
    assert_int_equal(moves_give_all(moves, 0), ERR_VERSION);
    assert_string_equal(moves->reason, "The history has events of format level 2, and the workers of this group agree on level 1: "
                                       "install the version that the old group has on every worker of this one, and move it then.");
    assert_false(moves_has_history(moves, moves->new, &history));
    assert_int_equal(level_in_store(moves->new, A), 1);
    moves_all_have_the_hash(moves->new);
    /* Which was done: the same move goes on where it was. */
    moves->new->level = 2;
    assert_int_equal(moves_give_all(moves, moves->size - moves->size % MOVES_PIECE), 0);
    assert_int_equal(level_of(moves->new, moves->new->count), 2);
    moves_all_follow(moves->new);
    moves_go_to(moves, moves->new);
    assert_int_equal(moves_act(moves, 1), 0);
    moves_all_follow(moves->new);
}

#endif

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_level_is_used_once_it_is_agreed_on),
        TEST(it_does_not_go_back),
        TEST(what_is_not_kept_raises_nothing),
        TEST(a_follower_takes_no_other_level),
        cmocka_unit_test_setup_teardown(what_is_of_a_higher_level_is_not_taken_in, moves_setup, moves_teardown),
    };

#ifdef COMITY_CONTROL_TAKES_ANY_LEVEL
    cmocka_set_test_filter("what_is_of_a_higher_level_is_not_taken_in");
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
