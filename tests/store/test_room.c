/* An entry of the log has a limit: what does not fit waits or is refused by itself, and nothing is lost. Built twice, the
 * second time with a limit that is passed soon. */
#include "group.h"

#include "core/error.h"

enum { A, B, HISTORIES = 24, BIG = ENTRY_MAX_BYTES / 16, BIG_ITEMS = 40 };

static int setup(void **state)
{
    *state = group_new(7);
    return 0;
}

static int teardown(void **state)
{
    struct group *group = *state;

    group_destroy(&group);
    return 0;
}

/* An item on the agenda, with a title of any size: whether a text has the size that was signed is not the batch's to judge. */
static void add_big(struct scene *scene, size_t size)
{
    size_t item = scene_add(scene, scene_add_item(scene, "Big"), 0, NULL, 0);
    struct command_text *text = (struct command_text *) (uintptr_t) &scene->items[item].command->texts[0];
    uint8_t *content = arena_alloc(scene->arena, size);

    assert_non_null(content);
    text->content = BYTES(content, size);
}

/* A proposal with a long text. */
static void add_long(struct scene *scene)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);
    char *words = arena_alloc(scene->arena, BIG + 1);

    assert_non_null(words);
    memset(words, 'a', BIG);
    body->body_case = COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL;
    body->make_proposal = SCENE_NEW(scene, MakeProposal, make_proposal);
    body->make_proposal->item = 1;
    body->make_proposal->title = scene_text(scene, "Long");
    body->make_proposal->text = scene_text(scene, words);
    scene_add(scene, body, 0, NULL, 0);
}

/* Run what was added, and keep what has to come again. Returns how many. */
static size_t run_and_keep(struct scene *scene, const struct command **waiting)
{
    size_t left = 0;

    assert_int_equal(scene_run(scene), 0);
    for (size_t i = 0; i < scene->count; i++) {
        assert_true(scene->items[i].code == 0 || scene->items[i].code == ERR_BUSY);
        if (scene->items[i].code == 0)
            scene_check_receipt(scene, i);
        else
            waiting[left++] = scene->items[i].command;
    }
    assert_true(left < scene->count);
    scene_next(scene);
    return left;
}

static void what_does_not_fit_comes_again(void **state)
{
    struct group *group = *state;
    struct scene *scene = &group->scene;
    const struct command *waiting[BIG_ITEMS];
    size_t left, entries;

    scene_found(scene);
    scene_open_round(scene, 0);
    entries = group->count;
    for (size_t i = 0; i < BIG_ITEMS; i++)
        add_long(scene);
    while ((left = run_and_keep(scene, waiting)) > 0)
        for (size_t i = 0; i < left; i++)
            scene_add_again(scene, waiting[i]);
    assert_true(group->count >= entries + BIG_ITEMS / 16);
    group_catch_up(group, B);
    group_same(group, A, B);
}

/* Not even alone: refused as one item, again and again, and the others are done. */
static void what_no_entry_holds_is_refused_by_itself(void **state)
{
    struct group *group = *state;
    struct scene *scene = &group->scene;
    const struct command *big;

    scene_found(scene);
    scene_open_round(scene, 0);
    scene_add(scene, scene_add_item(scene, "One"), 0, NULL, 0);
    add_big(scene, ENTRY_MAX_BYTES);
    scene_add(scene, scene_add_item(scene, "Three"), 0, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, 0);
    assert_int_equal(scene->items[1].code, ERR_TOO_LARGE);
    assert_int_equal(scene->items[2].code, 0);
    big = scene->items[1].command;
    scene_next(scene);
    scene_add_again(scene, big);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, ERR_TOO_LARGE);
    scene_next(scene);
    group_catch_up(group, B);
    group_same(group, A, B);
}

/* A round in each of many histories, all to close at one time. */
static void found_many(struct group *group, uint8_t (*histories)[HISTORY_ID_SIZE], int64_t closes_ms)
{
    struct scene *scene = &group->scene;

    for (unsigned i = 0; i < HISTORIES; i++) {
        scene_found(scene);
        scene_open_round(scene, closes_ms);
        for (unsigned k = 0; k < SCENE_MEMBERS - 1; k++)
            scene_do(scene, scene_ballot(scene, 1, 0, NULL), k, NULL, 0);
        memcpy(histories[i], scene->history, HISTORY_ID_SIZE);
    }
}

/* Only so many of them fit: the others are due still, their histories take nothing before it, and it is soon done. */
static void what_is_due_waits_for_room(void **state)
{
    struct group *group = *state;
    struct scene *scene = &group->scene;
    uint8_t histories[HISTORIES][HISTORY_ID_SIZE];
    int64_t closes_ms = SCENE_START_MS + 5000;
    unsigned busy = 0, entries = 0;

    found_many(group, histories, closes_ms);
    scene->now_ms = closes_ms;
    for (unsigned i = 0; i < HISTORIES; i++) {
        memcpy(scene->history, histories[i], HISTORY_ID_SIZE);
        scene_add(scene, scene_ballot(scene, 2, 0, NULL), SCENE_MEMBERS - 1, NULL, 0);
    }
    assert_int_equal(scene_run(scene), 0);
    for (unsigned i = 0; i < HISTORIES; i++) {
        /* Too late, or not to be said yet; never in time. */
        assert_true(scene->items[i].code == ERR_CLOSED || scene->items[i].code == ERR_BUSY);
        busy += scene->items[i].code == ERR_BUSY;
    }
    assert_int_equal(busy > 0, ENTRY_MAX_BYTES < 64 * 1024);
    scene_next(scene);
    for (; scene->result.next_deadline_ms != 0; entries++) {
        assert_true(scene->result.next_deadline_ms <= closes_ms);
        assert_true(entries < HISTORIES);
        assert_int_equal(scene_run(scene), 0);
        assert_true(scene->result.news_count > 0);
    }
    assert_int_equal(entries > 0, ENTRY_MAX_BYTES < 64 * 1024);
    group_catch_up(group, B);
    group_same(group, A, B);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_does_not_fit_comes_again),
        TEST(what_no_entry_holds_is_refused_by_itself),
        TEST(what_is_due_waits_for_room),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
