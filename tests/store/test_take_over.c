/* One worker of a group stops to lead, and another begins. */
#include "failing_commit.h"
#include "group.h"

#include "core/error.h"
#include "worker/compare.h"
#include "worker/log/sealed.h"

/* Two workers are enough. */
enum { A, B };

static void hand_over(struct group *group, unsigned worker)
{
    group_catch_up(group, worker);
    group_lead(group, worker);
}

static int group_setup(void **state)
{
    *state = group_new(7);
    return 0;
}

static int group_teardown(void **state)
{
    struct group *group = *state;

    group_destroy(&group);
    return 0;
}

static struct bytes reply_of(struct scene *scene)
{
    return arena_bytes(scene->arena, scene->items[0].reply);
}

/* What was answered by one leader is answered by the next, to the byte: receipts, and refusals. */
static void the_next_leader_gives_the_same_answers(void **state)
{
    struct group *group = *state;
    struct scene *scene = &group->scene;
    const struct command *accepted, *refused;
    struct bytes receipt, refusal;

    scene_found(scene);
    scene_add(scene, scene_add_item(scene, "Too early"), 0, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, ERR_NOT_FOUND);
    refused = scene->items[0].command;
    refusal = reply_of(scene);
    scene_next(scene);
    scene_open_round(scene, 0);
    scene_add(scene, scene_ballot(scene, 1, 0, "Because."), 3, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    accepted = scene->items[0].command;
    receipt = reply_of(scene);
    scene_next(scene);
    for (unsigned turn = 0; turn < 4; turn++) {
        size_t before = group->count;

        hand_over(group, turn % 2 == 0 ? B : A);
        scene_add_again(scene, accepted);
        scene_add_again(scene, refused);
        assert_int_equal(scene_run(scene), 0);
        assert_true(bytes_equal(scene->items[0].reply, receipt));
        assert_true(bytes_equal(scene->items[1].reply, refusal));
        scene_check_receipt(scene, 0);
        scene_next(scene);
        /* Nothing came of it, so there is no entry. */
        assert_int_equal(group->count, before);
        scene_do(scene, scene_add_item(scene, "Further"), 2, NULL, 0);
        assert_int_equal(group->count, before + 1);
    }
    group_catch_up(group, A);
    group_catch_up(group, B);
    group_same(group, A, B);
}

/* A partnership, and a caucus that is founded in the same batch as something is done in the partnership. */
static void a_history_comes_to_be_in_an_entry(void **state)
{
    struct group *group = *state;
    struct scene *scene = &group->scene;
    uint8_t partnership[HISTORY_ID_SIZE];
    size_t caucus;

    scene_found(scene);
    scene_open_round(scene, 0);
    memcpy(partnership, scene->history, HISTORY_ID_SIZE);
    scene_add(scene, scene_ballot(scene, 2, 0, NULL), 1, NULL, 0);
    caucus = scene_add_founding(scene, 1);
    scene_add(scene, scene_add_item(scene, "Beside"), 4, NULL, 0);
    memcpy(scene->history, scene->items[caucus].command->history, HISTORY_ID_SIZE);
    assert_int_equal(scene_run(scene), 0);
    for (size_t i = 0; i < scene->count; i++)
        assert_int_equal(scene->items[i].code, 0);
    scene_next(scene);
    group_catch_up(group, B);
    assert_int_equal(group->workers[B].result.news_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        bool is_caucus = memcmp(group->workers[B].result.news[i].history, scene->history, HISTORY_ID_SIZE) == 0;

        assert_int_equal(group->workers[B].result.news[i].head, is_caucus ? scene_head(scene) : scene->result.news[i].head);
    }
    hand_over(group, B);
    memcpy(scene->history, partnership, HISTORY_ID_SIZE);
    scene_do(scene, scene_add_item(scene, "Later"), 0, NULL, 0);
    group_catch_up(group, A);
    group_same(group, A, B);
}

/* Deadlines that a follower never carried out itself are due when it leads. */
static void the_next_leader_knows_what_is_due(void **state)
{
    struct group *group = *state;
    struct scene *scene = &group->scene;
    uint64_t head;

    scene_found(scene);
    scene_open_round(scene, SCENE_START_MS + 5000);
    hand_over(group, B);
    assert_int_equal(group->workers[B].result.next_deadline_ms, SCENE_START_MS + 5000);
    head = scene_head(scene);
    scene->now_ms = SCENE_START_MS + 5000;
    assert_int_equal(scene_run(scene), 0);
    assert_true(scene_head(scene) > head);
    assert_int_equal(scene->result.next_deadline_ms, 0);
    group_catch_up(group, A);
    assert_int_equal(group->workers[A].result.next_deadline_ms, 0);
    /* And it is not due once more. */
    hand_over(group, A);
    head = scene_head(scene);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene_head(scene), head);
    group_same(group, A, B);
}

static int code_of_invitation(struct scene *scene, const char *name, uint8_t number, unsigned signer)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);
    uint8_t seed[SEED_SIZE];
    struct signing_key key;
    int code;

    memset(seed, number, sizeof(seed));
    signing_key_from_seed(seed, &key);
    body->body_case = COMITY__V1__COMMAND__BODY_INVITE;
    body->invite = SCENE_NEW(scene, Invite, invite);
    body->invite->key = (ProtobufCBinaryData){KEY_SIZE, arena_copy(scene->arena, key.public_key, KEY_SIZE)};
    body->invite->name = scene_text(scene, name);
    body->invite->expires_ms = scene->now_ms + 86400000;
    scene_next(scene);
    scene_add(scene, body, signer, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    code = scene->items[0].code;
    scene_next(scene);
    return code;
}

/* B has a roll in mind from when it led: names that came since then stand against others all the same. */
static void the_next_leader_knows_names_that_came_meanwhile(void **state)
{
    struct group *group = *state;
    struct scene *scene = &group->scene;

    scene_found(scene);
    hand_over(group, B);
    assert_int_equal(code_of_invitation(scene, "Ada Okafor", 1, 0), 0);
    hand_over(group, A);
    assert_int_equal(code_of_invitation(scene, "Zoe Quist", 2, 0), 0);
    hand_over(group, B);
    assert_int_equal(code_of_invitation(scene, "Zoe Quist", 3, SCENE_MEMBERS / 2), ERR_CONFUSABLE);
    assert_int_equal(code_of_invitation(scene, "Zoe Quinn", 4, SCENE_MEMBERS / 2), 0);
    group_catch_up(group, A);
    group_same(group, A, B);
}

/* An entry that is refusals alone has a time as well, which the next leader's stamps do not fall behind. */
static void time_never_goes_back_from_leader_to_leader(void **state)
{
    struct group *group = *state;
    struct scene *scene = &group->scene;
    struct store_history history;
    struct store_txn *txn;

    scene_found(scene);
    scene_open_round(scene, 0);
    scene->now_ms = SCENE_START_MS + 100000;
    scene_add(scene, scene_ballot(scene, 77, 0, NULL), 1, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, ERR_ANSWER);
    scene_next(scene);
    group_catch_up(group, B);
    group_restart(group, B);
    group_lead(group, B);
    scene->now_ms = SCENE_START_MS;
    scene_do(scene, scene_add_item(scene, "Earlier, by this clock"), 0, NULL, 0);
    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    store_abort(&txn);
    assert_int_equal(history.time_ms, SCENE_START_MS + 100000);
    group_catch_up(group, A);
    group_same(group, A, B);
}

static void hash_told(void *context, uint64_t number, const uint8_t hash[HASH_SIZE])
{
    (void) number;
    memcpy(context, hash, HASH_SIZE);
}

static void compared_hash(struct group *group, unsigned worker, uint8_t ret_hash[HASH_SIZE])
{
    struct compare *compare = compare_new(group->workers[worker].store, 1, hash_told, ret_hash);

    assert_non_null(compare);
    compare_passed(compare, group_at(group, worker));
    compare_destroy(&compare);
}

/* What it last stamped is in no entry, and a refusal's time was over by then; by the entries it is not. */
static void who_led_by_a_faster_clock_has_the_same_state(void **state)
{
    struct group *group = *state;
    struct scene *scene = &group->scene;
    Comity__V1__Command *early = scene_add_item(scene, "Too early");
    uint8_t first[HASH_SIZE], second[HASH_SIZE], later[HASH_SIZE];
    struct store_txn *txn;

    scene_found(scene);
    early->valid_until_ms = scene->now_ms + 1000;
    scene_add(scene, early, 0, NULL, 0);
    scene_add_founding(scene, 1);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, ERR_NOT_FOUND);
    const struct command *known = scene->items[1].command;
    scene_next(scene);
    group_catch_up(group, B);
    scene->now_ms += 1500;
    scene_add_again(scene, known);
    size_t before = group->count;
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(group->count, before);
    scene_next(scene);
    group_lead(group, B);
    scene->now_ms -= 1000;
    scene_add_founding(scene, 1);
    assert_int_equal(scene_run(scene), 0);
    group_catch_up(group, A);
    assert_true(batch_runner_newest_ms(group->workers[A].runner) > batch_runner_newest_ms(group->workers[B].runner));
    compared_hash(group, A, first);
    compared_hash(group, B, second);
    assert_memory_equal(first, second, HASH_SIZE);
    /* The control: by what it stamped itself it were another. */
    assert_int_equal(store_begin_read(group->workers[A].store, &txn), 0);
    assert_int_equal(store_hash(txn, batch_runner_newest_ms(group->workers[A].runner), later), 0);
    store_abort(&txn);
    assert_memory_not_equal(first, later, HASH_SIZE);
}

/* The log says no: nobody was told yes, and nothing is there. */
static void what_the_log_refuses_has_not_happened(void **state)
{
    static const int CODES[] = {ERR_NOT_LEADER, ERR_BUSY, ERR_TOO_LARGE, ERR_MEMORY};
    struct group *group = *state;
    struct scene *scene = &group->scene;
    uint8_t before[HASH_SIZE], after[HASH_SIZE];
    struct order_place place, place_after;
    const struct command *command;

    scene_found(scene);
    scene_open_round(scene, 0);
    group_hash(group, A, before);
    group_place(group, A, &place);
    for (size_t i = 0; i < 2 * ARRAY_COUNT(CODES); i++) {
        int code = CODES[i / 2];

        group->prepare_code = i % 2 == 0 ? code : 0;
        group->commit_code = i % 2 == 0 ? 0 : code;
        scene_add(scene, scene_add_item(scene, "Once"), 0, NULL, 0);
        command = scene->items[0].command;
        assert_int_equal(scene_run(scene), 0);
        assert_int_equal(scene->items[0].code, code);
        assert_int_equal(scene->result.news_count, 0);
        scene_next(scene);
        group_hash(group, A, after);
        assert_memory_equal(before, after, HASH_SIZE);
        group_place(group, A, &place_after);
        assert_true(place_equal(&place, &place_after));
    }
    group->prepare_code = 0;
    group->commit_code = 0;
    scene_add_again(scene, command);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, 0);
    group_catch_up(group, B);
    group_same(group, A, B);
}

/* A deadline that the log did not take: whoever leads waits a while with it, whoever comes to lead does not. */
static void a_deadline_is_due_at_once_to_who_comes_to_lead(void **state)
{
    static const int CODES[] = {ERR_BUSY, ERR_NOT_LEADER, 0};
    const int64_t due_ms = SCENE_START_MS + 5000, next_ms[] = {due_ms + 1000, due_ms, 0};
    struct group *group = *state;
    struct scene *scene = &group->scene;

    scene_found(scene);
    scene_open_round(scene, due_ms);
    scene->now_ms = due_ms;
    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++) {
        group->commit_code = CODES[i];
        assert_int_equal(scene_run(scene), 0);
        assert_int_equal(scene->result.next_deadline_ms, next_ms[i]);
    }
    group_catch_up(group, B);
    group_same(group, A, B);
}

static void an_entry_that_its_leader_could_not_keep_is_read_from_the_log(void **state)
{
    struct group *group = *state;
    struct scene *scene = &group->scene;
    size_t before;

    scene_found(scene);
    scene_open_round(scene, 0);
    before = group->count;
    scene_add(scene, scene_add_item(scene, "On record"), 0, NULL, 0);
    failing_commit = true;
    assert_int_equal(scene_run(scene), ERR_STORE);
    scene_next(scene);
    assert_int_equal(group->count, before + 1);
    group_restart(group, A);
    assert_int_equal(group_at(group, A), before);
    hand_over(group, A);
    scene_do(scene, scene_add_item(scene, "After it"), 0, NULL, 0);
    group_catch_up(group, B);
    group_same(group, A, B);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, group_setup, group_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_next_leader_gives_the_same_answers),
        TEST(a_history_comes_to_be_in_an_entry),
        TEST(the_next_leader_knows_what_is_due),
        TEST(the_next_leader_knows_names_that_came_meanwhile),
        TEST(time_never_goes_back_from_leader_to_leader),
        TEST(who_led_by_a_faster_clock_has_the_same_state),
        TEST(what_the_log_refuses_has_not_happened),
        TEST(a_deadline_is_due_at_once_to_who_comes_to_lead),
        TEST(an_entry_that_its_leader_could_not_keep_is_read_from_the_log),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
