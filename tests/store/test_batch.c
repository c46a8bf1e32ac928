/* Batches on a real store: receipts, deduplication, deadlines, refusals, and what a failure leaves behind. */
#include "scene.h"

#include <stdlib.h>

#include "core/error.h"

static struct scene *scene_of(void **state)
{
    return *state;
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene_begin(scene, 7);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    scene_end(*state);
    free(*state);
    return 0;
}

static void a_receipt_proves_each_command(void **state)
{
    struct scene *scene = scene_of(state);

    scene_found(scene);
    scene_open_round(scene, 0);
    for (unsigned i = 0; i < SCENE_MEMBERS; i++)
        scene_add(scene, scene_ballot(scene, 1 + i % 5, 0, i % 2 ? "Because." : NULL), i, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    for (unsigned i = 0; i < SCENE_MEMBERS; i++) {
        assert_int_equal(scene->items[i].code, 0);
        scene_check_receipt(scene, i);
    }
    assert_int_equal(scene->result.news_count, 1);
    assert_int_equal(scene->result.news[0].head, scene_head(scene));
}

/* The answers of the first run, then of the same commands again, alone and together, before and after a
 * restart. */
static void the_same_command_gets_the_same_receipt_for_ever(void **state)
{
    struct scene *scene = scene_of(state);
    const struct command *commands[SCENE_MEMBERS];
    struct bytes replies[SCENE_MEMBERS];
    uint64_t head;

    scene_found(scene);
    scene_open_round(scene, 0);
    for (unsigned i = 0; i < SCENE_MEMBERS; i++) {
        scene_add(scene, scene_ballot(scene, 1, 0, NULL), i, NULL, 0);
        assert_int_equal(scene_run(scene), 0);
        assert_int_equal(scene->items[0].code, 0);
        commands[i] = scene->items[0].command;
        replies[i] = arena_bytes(scene->arena, scene->items[0].reply);
        scene_next(scene);
    }
    head = scene_head(scene);
    for (unsigned pass = 0; pass < 3; pass++) {
        for (unsigned i = 0; i < SCENE_MEMBERS; i++) {
            scene_add_again(scene, commands[i]);
            scene_add_again(scene, commands[i]);
        }
        /* Long after they were valid. */
        scene->now_ms += INT64_C(40) * 86400000;
        assert_int_equal(scene_run(scene), 0);
        for (unsigned i = 0; i < 2 * SCENE_MEMBERS; i++)
            assert_true(bytes_equal(scene->items[i].reply, replies[i / 2]));
        assert_int_equal(scene->result.news_count, 0);
        assert_int_equal(scene_head(scene), head);
        scene_next(scene);
        scene_stop(scene);
        scene_start(scene);
    }
}

static void twins_in_one_batch_happen_once(void **state)
{
    struct scene *scene = scene_of(state);
    uint64_t head;

    scene_found(scene);
    scene_open_round(scene, 0);
    head = scene_head(scene);
    scene_add(scene, scene_add_item(scene, "Once"), 0, NULL, 0);
    for (unsigned i = 0; i < 5; i++)
        scene_add_again(scene, scene->items[0].command);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene_head(scene), head + 1);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(scene->items[i].code, 0);
        assert_int_equal(scene->items[i].sequence, head + 1);
        assert_true(bytes_equal(scene->items[i].reply, scene->items[0].reply));
        scene_check_receipt(scene, i);
    }
}

/* What a member was told stays true until the command has expired, even where it would now be accepted. */
static void a_refusal_of_a_member_is_repeated(void **state)
{
    struct scene *scene = scene_of(state);
    const struct command *early;
    struct bytes reply;

    scene_found(scene);
    scene_add(scene, scene_add_item(scene, "Too early"), 0, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    early = scene->items[0].command;
    assert_int_equal(scene->items[0].code, ERR_NOT_FOUND);
    reply = arena_bytes(scene->arena, scene->items[0].reply);
    scene_next(scene);

    scene_open_round(scene, 0);
    scene_stop(scene);
    scene_start(scene);
    scene_add_again(scene, early);
    assert_int_equal(scene_run(scene), 0);
    assert_true(bytes_equal(scene->items[0].reply, reply));
    scene_next(scene);

    scene->now_ms = early->body->valid_until_ms;
    scene_add_again(scene, early);
    assert_int_equal(scene_run(scene), 0);
    assert_true(bytes_equal(scene->items[0].reply, reply));
    scene_next(scene);

    scene->now_ms = early->body->valid_until_ms + 1;
    scene_add_again(scene, early);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, ERR_VALIDITY);
}

static bool is_kept(struct scene *scene, const uint8_t id[COMMAND_ID_SIZE])
{
    struct store_txn *txn;
    struct store_history history;
    struct store_command row;
    int code;

    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    code = store_command_get(txn, &history, id, &row);
    store_abort(&txn);
    assert_true(code == 0 || code == ERR_NOT_FOUND);
    return code == 0;
}

static void refusals_are_kept_for_members_and_purged(void **state)
{
    struct scene *scene = scene_of(state);
    const struct command *members;
    const struct command *strangers;

    scene_found(scene);
    scene_add(scene, scene_add_item(scene, "Nowhere"), 0, NULL, 0);
    scene_add(scene, scene_add_item(scene, "Nowhere"), SCENE_NOBODY, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    members = scene->items[0].command;
    strangers = scene->items[1].command;
    assert_int_equal(scene->items[0].code, ERR_NOT_FOUND);
    assert_int_equal(scene->items[1].code, ERR_KEY_UNKNOWN);
    scene_next(scene);
    assert_true(is_kept(scene, members->id));
    assert_false(is_kept(scene, strangers->id));

    scene->now_ms = members->body->valid_until_ms + 1;
    assert_int_equal(scene_run(scene), 0);
    assert_false(is_kept(scene, members->id));
}

static void commands_to_no_history_are_refused(void **state)
{
    struct scene *scene = scene_of(state);

    memset(scene->history, 3, sizeof(scene->history));
    scene_add(scene, scene_add_item(scene, "Nowhere"), 0, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, ERR_HISTORY);
    assert_string_equal(scene_reply(scene, 0)->refusal->field, "history");
    assert_int_equal(scene->result.news_count, 0);
}

static void founding_again_gives_the_same_receipt(void **state)
{
    struct scene *scene = scene_of(state);
    struct store_txn *txn;
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct store_history history;
    struct bytes receipt;

    scene_found(scene);
    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    assert_int_equal(history.head, 1);
    assert_int_equal(history.time_ms, SCENE_START_MS);
    assert_int_equal(receipt_make(txn, &history, scene->history, &scene->log_key, arena, &receipt), 0);
    store_abort(&txn);
    arena_destroy(&arena);
}

/* Many histories in one batch, each with its own tree. */
static void a_batch_spans_histories(void **state)
{
    struct scene *scene = scene_of(state);
    uint8_t histories[3][HISTORY_ID_SIZE];

    for (unsigned i = 0; i < 3; i++) {
        scene_found(scene);
        scene_open_round(scene, 0);
        memcpy(histories[i], scene->history, HISTORY_ID_SIZE);
    }
    for (unsigned i = 0; i < 30; i++) {
        memcpy(scene->history, histories[i % 3], HISTORY_ID_SIZE);
        scene_add(scene, scene_add_item(scene, "Round robin"), 0, NULL, 0);
    }
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->result.news_count, 3);
    for (unsigned i = 0; i < 30; i++)
        scene_check_receipt(scene, i);
    scene_next(scene);
}

static void a_deadline_closes_a_round_without_a_command(void **state)
{
    struct scene *scene = scene_of(state);
    uint64_t head;

    scene_found(scene);
    scene_open_round(scene, SCENE_START_MS + 5000);
    assert_int_equal(scene->result.next_deadline_ms, SCENE_START_MS + 5000);
    /* Known again after a restart. */
    scene_stop(scene);
    scene_start(scene);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->result.next_deadline_ms, SCENE_START_MS + 5000);
    head = scene_head(scene);
    scene->now_ms = SCENE_START_MS + 4999;
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene_head(scene), head);
    scene->now_ms = SCENE_START_MS + 5000;
    assert_int_equal(scene_run(scene), 0);
    assert_true(scene_head(scene) > head);
    assert_int_equal(scene->result.next_deadline_ms, 0);
    assert_int_equal(scene->result.news_count, 1);
}

/* Order decides: what comes in the batch in which the time is over comes too late. */
static void a_deadline_comes_before_the_command(void **state)
{
    struct scene *scene = scene_of(state);

    scene_found(scene);
    scene_open_round(scene, SCENE_START_MS + 5000);
    scene_add(scene, scene_ballot(scene, 1, 0, NULL), 1, NULL, 0);
    scene->now_ms = SCENE_START_MS + 5000;
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, ERR_CLOSED);
}

static void time_never_goes_back(void **state)
{
    struct scene *scene = scene_of(state);
    struct store_txn *txn;
    struct store_history history;

    scene->now_ms = SCENE_START_MS + 100000;
    scene_found(scene);
    scene_stop(scene);
    scene->now_ms = SCENE_START_MS;
    scene_start(scene);
    scene_open_round(scene, 0);
    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    assert_int_equal(history.time_ms, SCENE_START_MS + 100000);
    store_abort(&txn);
}

static void another_log_key_is_refused_at_the_start(void **state)
{
    struct scene *scene = scene_of(state);
    struct signing_key other;
    struct batch_runner *runner = NULL;
    struct batch_options options = {.store = scene->store, .log = scene->log, .log_key = &other};

    signing_key_generate(&other);
    scene_found(scene);
    assert_int_equal(batch_runner_new(&options, &runner), ERR_CONFIG);
    assert_null(runner);
}

/* An item without memory for its answer is refused by itself, and the others are done. */
static void an_answer_without_memory_harms_nobody_else(void **state)
{
    struct scene *scene = scene_of(state);
    uint64_t head;
    size_t poor;

    scene_found(scene);
    scene_open_round(scene, 0);
    head = scene_head(scene);
    scene_add(scene, scene_add_item(scene, "One"), 0, NULL, 0);
    poor = scene_add(scene, scene_add_item(scene, "Two"), 0, NULL, 0);
    scene_add(scene, scene_add_item(scene, "Three"), 0, NULL, 0);
    arena_destroy(&scene->items[poor].arena);
    scene->items[poor].arena = arena_new(16);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, 0);
    assert_int_equal(scene->items[poor].code, ERR_MEMORY);
    assert_int_equal(scene_reply(scene, poor)->refusal->code, ERR_MEMORY);
    assert_int_equal(scene->items[2].code, 0);
    assert_int_equal(scene_head(scene), head + 2);
    scene_check_receipt(scene, 0);
    scene_check_receipt(scene, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_receipt_proves_each_command),
        TEST(the_same_command_gets_the_same_receipt_for_ever),
        TEST(twins_in_one_batch_happen_once),
        TEST(a_refusal_of_a_member_is_repeated),
        TEST(refusals_are_kept_for_members_and_purged),
        TEST(commands_to_no_history_are_refused),
        TEST(founding_again_gives_the_same_receipt),
        TEST(a_batch_spans_histories),
        TEST(a_deadline_closes_a_round_without_a_command),
        TEST(a_deadline_comes_before_the_command),
        TEST(time_never_goes_back),
        TEST(another_log_key_is_refused_at_the_start),
        TEST(an_answer_without_memory_harms_nobody_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
