#include "moves.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/error.h"
#include "worker/move.h"

enum { SEED = 5 };

static ProtobufCBinaryData field_of(const void *data, size_t size)
{
    return (ProtobufCBinaryData){.data = (uint8_t *) (uintptr_t) data, .len = size};
}

int moves_setup(void **state)
{
    struct moves *moves = calloc(1, sizeof(*moves));
    uint8_t id[GROUP_ID_SIZE];

    scratch_use_memory();
    memset(moves->from, 6, KEY_SIZE);
    memset(moves->to, 7, KEY_SIZE);
    group_id(moves->from, id);
    moves->old = group_new_of(SEED, id);
    group_id(moves->to, id);
    moves->new = group_new_of(SEED, id);
    moves->scene = &moves->old->scene;
    moves->arena = arena_new(512 * 1024 * 1024);
    assert_memory_equal(moves->old->scene.log_key.public_key, moves->new->scene.log_key.public_key, KEY_SIZE);
    *state = moves;
    return 0;
}

int moves_teardown(void **state)
{
    struct moves *moves = *state;

    group_destroy(&moves->old);
    group_destroy(&moves->new);
    arena_destroy(&moves->arena);
    free(moves->stream);
    free(moves);
    return 0;
}

void moves_remember(struct moves *moves)
{
    struct scene *scene = moves->scene;

    assert_int_equal(scene_run(scene), 0);
    for (size_t i = 0; i < scene->count; i++) {
        moves->commands[moves->count] = scene->items[i].command;
        moves->replies[moves->count++] = arena_bytes(moves->arena, scene->items[i].reply);
    }
    scene_next(scene);
}

void moves_hold_a_round(struct moves *moves, int64_t closes_ms)
{
    struct scene *scene = moves->scene;

    scene_found(scene);
    scene_open_round(scene, closes_ms);
    for (unsigned i = 0; i + 1 < SCENE_MEMBERS; i++) {
        scene_add(scene, scene_ballot(scene, 1 + i % 5, 0, i % 2 ? NULL : "For a reason of its own."), i, NULL, 0);
        if (i % 3 == 0)
            moves_remember(moves);
    }
    scene->now_ms += 1000;
    scene_add(scene, scene_ballot(scene, 2, 0, NULL), 0, NULL, 0); /* STALE: replaces nothing */
    moves_remember(moves);
    scene_view_hash(scene, moves->view);
}

/* Asking a group's leader. */

static struct batch_runner *leader_of(struct group *group)
{
    return group->workers[group->leader].runner;
}

static int ask(struct moves *moves, struct group *group, Comity__V1__MoveNote *freeze, Comity__V1__MoveStep *step)
{
    Comity__V1__MoveAsk asked = COMITY__V1__MOVE_ASK__INIT;

    asked.freeze = freeze;
    asked.step = step;
    moves->answer = NULL;
    return batch_move(leader_of(group), &asked, moves->arena, &moves->answer, &moves->result, &moves->refusal,
                      moves->reason);
}

int moves_freeze(struct moves *moves)
{
    Comity__V1__MoveNote wish = COMITY__V1__MOVE_NOTE__INIT;
    Comity__V1__BrokerPlace broker = COMITY__V1__BROKER_PLACE__INIT, *brokers[] = {&broker};
    uint8_t key[KEY_SIZE] = {1};
    int code;

    broker.endpoint = "tcp://127.0.0.1:4000";
    broker.key = field_of(key, sizeof(key));
    wish.history = field_of(moves->scene->history, HISTORY_ID_SIZE);
    wish.to = field_of(moves->to, KEY_SIZE);
    wish.brokers = brokers;
    wish.n_brokers = 1;
    code = ask(moves, moves->old, &wish, NULL);
    if (code == 0)
        moves->frozen = moves->answer->note;
    return code;
}

int moves_say(struct moves *moves, struct group *group, Comity__V1__SignedMove *note)
{
    Comity__V1__MoveStep step = COMITY__V1__MOVE_STEP__INIT;

    step.note = note;
    return ask(moves, group, NULL, &step);
}

int moves_give_up(struct moves *moves)
{
    Comity__V1__MoveStep step = COMITY__V1__MOVE_STEP__INIT;

    step.note = moves->frozen;
    step.gives_up = true;
    return ask(moves, moves->new, NULL, &step);
}

int moves_give_piece_of(struct moves *moves, uint8_t copy, uint64_t offset, size_t size)
{
    Comity__V1__MoveStep step = COMITY__V1__MOVE_STEP__INIT;
    uint8_t id[STORE_COPY_SIZE];

    memset(id, copy, sizeof(id));
    step.note = moves->frozen;
    step.copy = field_of(id, sizeof(id));
    step.size = moves->size;
    step.offset = offset;
    step.content = field_of(moves->stream + offset, size);
    return ask(moves, moves->new, NULL, &step);
}

int moves_give_piece(struct moves *moves, uint64_t offset)
{
    size_t left = moves->size - offset;

    return moves_give_piece_of(moves, 1, offset, left < MOVES_PIECE ? left : MOVES_PIECE);
}

void moves_copy(struct moves *moves)
{
    struct export_options options = {
        .store = moves->old->workers[moves->old->leader].store,
        .history = moves->scene->history,
        .log_key = &moves->scene->log_key,
        .time_ms = SCENE_START_MS,
    };
    struct export_totals totals;
    int descriptor = memfd_create("stream", MFD_CLOEXEC);

    assert_true(descriptor >= 0);
    if (export_write(&options, descriptor, &totals, moves->reason) != 0)
        fail_msg("%s", moves->reason);
    free(moves->stream);
    moves->size = (size_t) lseek(descriptor, 0, SEEK_END);
    moves->stream = malloc(moves->size);
    assert_int_equal(pread(descriptor, moves->stream, moves->size, 0), moves->size);
    close(descriptor);
    assert_true(moves->size > 2 * MOVES_PIECE);
}

int moves_stage_of(struct moves *moves, const Comity__V1__SignedMove *note)
{
    Comity__V1__MoveNote *opened;

    assert_int_equal(move_open(note, moves->scene->log_key.public_key, moves->arena, &opened), 0);
    return (int) opened->stage;
}

int moves_give_all(struct moves *moves, uint64_t offset)
{
    int code = 0;

    for (; code == 0 && offset < moves->size; offset += MOVES_PIECE)
        code = moves_give_piece(moves, offset);
    if (code == 0) {
        moves->taken = moves->answer->note;
        assert_int_equal(moves_stage_of(moves, moves->taken), COMITY__V1__MOVE_STAGE__MOVE_STAGE_TAKEN);
    }
    return code;
}

void moves_all_follow(struct group *group)
{
    for (unsigned i = 0; i < GROUP_WORKERS; i++) {
        group_catch_up(group, i);
        group_same(group, group->leader, i);
    }
}

void moves_all_have_the_hash(struct group *group)
{
    uint8_t first[HASH_SIZE], other[HASH_SIZE];

    group_hash(group, group->leader, first);
    for (unsigned i = 0; i < GROUP_WORKERS; i++) {
        group_catch_up(group, i);
        group_hash(group, i, other);
        assert_memory_equal(first, other, HASH_SIZE);
    }
}

void moves_go_to(struct moves *moves, struct group *group)
{
    moves->scene->store = group->workers[group->leader].store;
    moves->scene->log = group->workers[group->leader].log;
    moves->scene->runner = group->workers[group->leader].runner;
    group->scene.now_ms = moves->scene->now_ms;
}

int moves_act(struct moves *moves, unsigned member)
{
    struct scene *scene = moves->scene;
    int code;

    scene_add(scene, scene_add_item(scene, "One more thing"), member, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    code = scene->items[0].code;
    scene_next(scene);
    return code;
}

void moves_replies_hold(struct moves *moves)
{
    struct scene *scene = moves->scene;

    for (size_t i = 0; i < moves->count; i++) {
        scene_add_again(scene, moves->commands[i]);
        assert_int_equal(scene_run(scene), 0);
        assert_true(bytes_equal(scene->items[0].reply, moves->replies[i]));
        scene_next(scene);
    }
}

void moves_turn(struct moves *moves)
{
    struct group *old = moves->old;
    uint8_t from[KEY_SIZE];

    memcpy(from, moves->from, KEY_SIZE);
    memcpy(moves->from, moves->to, KEY_SIZE);
    memcpy(moves->to, from, KEY_SIZE);
    moves->old = moves->new;
    moves->new = old;
}

void moves_pass(struct moves *moves, int64_t time_ms)
{
    moves->scene->now_ms += time_ms;
    moves->old->scene.now_ms = moves->new->scene.now_ms = moves->scene->now_ms;
}

bool moves_has_history(struct moves *moves, struct group *group, struct store_history *ret_history)
{
    struct store_txn *txn;
    int code;

    assert_int_equal(store_begin_read(group->workers[group->leader].store, &txn), 0);
    code = store_history_get(txn, moves->scene->history, ret_history);
    store_abort(&txn);
    return code == 0;
}

int moves_gate(struct moves *moves, struct group *group, bool is_act)
{
    Comity__V1__SignedMove *moved;
    struct store_txn *txn;
    int code;

    assert_int_equal(store_begin_read(group->workers[group->leader].store, &txn), 0);
    code = move_gate(txn, moves->scene->history, is_act, moves->arena, &moved);
    store_abort(&txn);
    if (code == ERR_MOVED)
        assert_int_equal(moves_stage_of(moves, moved), COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED);
    return code;
}
