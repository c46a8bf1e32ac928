/* A history that was moved: the client says where it is, if the history's log key says so, and nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/move.h"
#include "fake_scene.h"

struct moved {
    struct scene *scene;
    struct arena *arena;
    Comity__V1__MoveNote note;
    Comity__V1__BrokerPlace broker, *brokers[1];
    uint8_t id[MOVE_ID_SIZE], from[GROUP_ID_SIZE], to[KEY_SIZE], key[KEY_SIZE];
    struct signing_key liar;
};

static ProtobufCBinaryData field_of(const void *data, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *) (uintptr_t) data};
}

static int set_up(void **state)
{
    struct moved *moved = calloc(1, sizeof(*moved));
    moved->scene = scene_new_pinned(5);
    moved->arena = arena_new(ARENA_LIMIT_DEFAULT);
    signing_key_generate(&moved->liar);
    memset(moved->to, 7, KEY_SIZE);
    memset(moved->key, 8, KEY_SIZE);
    group_id(moved->scene->options.group_key, moved->from);
    comity__v1__move_note__init(&moved->note);
    comity__v1__broker_place__init(&moved->broker);
    moved->broker.endpoint = "tcp://elsewhere.example:4000";
    moved->broker.key = field_of(moved->key, KEY_SIZE);
    moved->brokers[0] = &moved->broker;
    moved->note.history = field_of(moved->scene->group->history, HISTORY_ID_SIZE);
    moved->note.move = field_of(moved->id, MOVE_ID_SIZE);
    moved->note.from = field_of(moved->from, GROUP_ID_SIZE);
    moved->note.to = field_of(moved->to, KEY_SIZE);
    moved->note.brokers = moved->brokers;
    moved->note.n_brokers = 1;
    moved->note.checkpoint = field_of("a note", 6);
    moved->note.time_ms = 1;
    *state = moved;
    return 0;
}

static int tear_down(void **state)
{
    struct moved *moved = *state;
    scene_destroy(&moved->scene);
    arena_destroy(&moved->arena);
    free(moved);
    return 0;
}

/* The group says so from now on, to whoever greets it, and of each request. */
static void say_moved(struct moved *moved, Comity__V1__MoveStage stage, const struct signing_key *by)
{
    Comity__V1__SignedMove *signed_move;
    struct bytes packed;
    assert_int_equal(move_sign(&moved->note, stage, by, moved->arena, &signed_move), 0);
    assert_int_equal(message_pack(&signed_move->base, moved->arena, &packed), 0);
    fake_lock(moved->scene->group);
    moved->scene->group->script.moved = packed;
    moved->scene->group->script.refuse_code = ERR_MOVED;
    moved->scene->group->script.refuse_requests = 1000;
    fake_unlock(moved->scene->group);
}

static const struct signing_key *log_key(struct moved *moved)
{
    return &moved->scene->group->ledger->log_key;
}

static int submit(struct moved *moved)
{
    struct comity_draft *draft = scene_ballot(moved->scene);
    struct comity_result result;
    comity_submit_wait(moved->scene->client, draft, 3000, &result);
    comity_draft_destroy(&draft);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    int code = result.fault.code;
    comity_result_release(&result);
    return code;
}

static int where(struct moved *moved, struct comity_moved *ret_place)
{
    return comity_moved(moved->scene->client, moved->scene->group->history, ret_place);
}

static bool is_known(struct scene *scene)
{
    return comity_belief(scene->client, scene->group->history) == ERR_MOVED;
}

static void assert_there(struct moved *moved)
{
    struct comity_moved place;
    assert_int_equal(where(moved, &place), 0);
    assert_memory_equal(place.group_key, moved->to, KEY_SIZE);
    assert_int_equal(place.broker_count, 1);
    assert_string_equal(place.brokers[0].endpoint, moved->broker.endpoint);
    assert_memory_equal(place.brokers[0].server_key, moved->key, KEY_SIZE);
}

/* ---- Tests ---- */

static void it_is_known_from_the_greeting_on(void **state)
{
    struct moved *moved = *state;
    say_moved(moved, COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED, log_key(moved));
    scene_start(moved->scene);
    assert_true(scene_until(moved->scene, is_known));
    assert_there(moved);
    assert_int_equal(submit(moved), ERR_MOVED);
}

static void it_is_learnt_of_a_request(void **state)
{
    struct moved *moved = *state;
    struct comity_moved place;
    scene_start_ready(moved->scene);
    assert_int_equal(where(moved, &place), ERR_NOT_FOUND);
    say_moved(moved, COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED, log_key(moved));
    assert_int_equal(submit(moved), ERR_MOVED);
    assert_there(moved);
}

/* Neither another key, nor another stage, nor another history or group. */
static void what_is_forged_is_not_followed(void **state)
{
    struct moved *moved = *state;
    struct comity_moved place;
    scene_start_ready(moved->scene);
    say_moved(moved, COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED, &moved->liar);
#ifdef COMITY_CONTROL_TRUSTS_MOVED
    assert_int_equal(submit(moved), ERR_MOVED); /* the control follows the liar */
    assert_there(moved);
    return;
#endif
    assert_int_equal(submit(moved), ERR_SIGNATURE);
    say_moved(moved, COMITY__V1__MOVE_STAGE__MOVE_STAGE_FROZEN, log_key(moved));
    assert_int_equal(submit(moved), ERR_SIGNATURE);
    moved->id[0] ^= 1;
    moved->from[0] ^= 1;
    say_moved(moved, COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED, log_key(moved));
    assert_int_equal(submit(moved), ERR_SIGNATURE);
    moved->from[0] ^= 1;
    moved->note.history = field_of(moved->key, HISTORY_ID_SIZE);
    say_moved(moved, COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED, log_key(moved));
    assert_int_equal(submit(moved), ERR_SIGNATURE);
    assert_int_equal(where(moved, &place), ERR_NOT_FOUND);
}

/* To itself it would go without end. */
static void it_is_not_moved_to_where_it_was(void **state)
{
    struct moved *moved = *state;
    moved->note.to = field_of(moved->scene->options.group_key, KEY_SIZE);
    scene_start_ready(moved->scene);
    say_moved(moved, COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED, log_key(moved));
    assert_int_equal(submit(moved), ERR_SIGNATURE);
}

/* While it is on its way, the same bytes are tried again, and recorded once it is over. */
static void what_comes_while_it_moves_waits(void **state)
{
    struct moved *moved = *state;
    struct comity_result result;
    scene_start_ready(moved->scene);
    fake_lock(moved->scene->group);
    moved->scene->group->script.refuse_code = ERR_MOVING;
    moved->scene->group->script.refuse_requests = 2;
    fake_unlock(moved->scene->group);
    struct comity_draft *draft = scene_ballot(moved->scene);
    assert_int_equal(comity_submit_wait(moved->scene->client, draft, 0, &result), 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    assert_int_equal(result.attempts, 3);
    comity_result_release(&result);
    comity_draft_destroy(&draft);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_forged_is_not_followed), TEST(it_is_known_from_the_greeting_on),
        TEST(it_is_learnt_of_a_request),      TEST(it_is_not_moved_to_where_it_was),
        TEST(what_comes_while_it_moves_waits),
    };

#ifdef COMITY_CONTROL_TRUSTS_MOVED
    cmocka_set_test_filter("what_is_forged_is_not_followed");
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
