/* A history moves from one group to another, of which each has followers: step by step, again and again, and back. */
#include <stdio.h>

#include "core/error.h"
#include "moves.h"
#include "traces.h"
#include "worker/move.h"

/* Nothing of it is in any table but the mark. */
static void nothing_is_left(struct moves *moves, struct group *group)
{
    char reason[STORE_REASON_MAX];
    struct store_history history;

    assert_false(moves_has_history(moves, group, &history));
    assert_int_equal(store_verify(group->workers[group->leader].store, reason), 0);
}

/* What the files of a group's leader give away of a text. */
static unsigned found(struct group *group, uint32_t number, const uint8_t *hash, size_t size)
{
    struct trace_of text = {.number = number, .size = size};

    memcpy(text.hash, hash, HASH_SIZE);
    return traces_find(group->workers[group->leader].directory, &text).texts;
}

/* The store as a backup has it, put back: what does it say of the history? */
static int gate_of_backup_of(struct moves *moves, const uint8_t group[GROUP_ID_SIZE], struct store *from, uint32_t *ret_epoch)
{
    struct export_options options = {
        .store = from,
        .log_key = &moves->scene->log_key,
        .time_ms = SCENE_START_MS,
    };
    struct restore_options back = {
        .map_limit_bytes = SCENE_MAP_BYTES,
        .group = group,
        .log_key = &moves->scene->log_key,
        .time_ms = moves->scene->now_ms,
    };
    char directory[SCRATCH_PATH_MAX], target[SCRATCH_PATH_MAX], file[SCRATCH_PATH_MAX];
    struct store_history history = {.epoch = 0};
    struct export_totals totals;
    struct store_txn *txn;

    scratch_make(directory);
    scratch_join(directory, "export", file);
    scratch_join(directory, "target", target);
    back.directory = target;
    if (export_write_file(&options, file, &totals, moves->reason) != 0 ||
        restore_read_file(&back, file, &totals, moves->reason) != 0)
        fail_msg("%s", moves->reason);
    struct store *store = scratch_store_of(group, target, SCENE_MAP_BYTES);
    assert_int_equal(store_begin_read(store, &txn), 0);
    int code = move_gate(txn, moves->scene->history, true, moves->arena, NULL);
    if (store_history_get(txn, moves->scene->history, &history) == 0)
        *ret_epoch = history.epoch;
    store_abort(&txn);
    store_close(&store);
    scratch_remove(directory);
    return code;
}

static int gate_of_backup(struct moves *moves, struct group *group, uint32_t *ret_epoch)
{
    return gate_of_backup_of(moves, group->id, group->workers[group->leader].store, ret_epoch);
}

/* Of a worker by itself, which is exported also while the history is coming in: the row alone. */
static int gate_of_backup_alone(struct moves *moves, struct group *group)
{
    char directory[SCRATCH_PATH_MAX];
    struct store_move row;
    struct store_txn *txn;
    uint32_t epoch;

    assert_int_equal(store_begin_read(group->workers[group->leader].store, &txn), 0);
    assert_int_equal(store_move_get(txn, moves->scene->history, moves->arena, &row), 0);
    store_abort(&txn);
    assert_int_equal(row.kind, STORE_TAKING);
    scratch_make(directory);
    struct store *store = scratch_store_of(group->id, directory, SCENE_MAP_BYTES);
    assert_int_equal(store_begin_write(store, &txn), 0);
    assert_int_equal(store_move_put(txn, moves->scene->history, &row), 0);
    assert_int_equal(store_commit(&txn), 0);
    int code = gate_of_backup_of(moves, group->id, store, &epoch);
    store_close(&store);
    scratch_remove(directory);
    return code;
}

/* What a worker that starts goes by: the log of the group may hold what is gone here. */
static bool has_erased(struct group *group, unsigned worker)
{
    struct store_txn *txn;
    bool has_erased;

    group_restart(group, worker);
    assert_int_equal(store_begin_read(group->workers[worker].store, &txn), 0);
    assert_int_equal(store_has_erased(txn, &has_erased), 0);
    store_abort(&txn);
    return has_erased;
}

/* ---- Tests ---- */

static void what_has_moved_is_known_as_erased(void **state)
{
    struct moves *moves = *state;

    moves_hold_a_round(moves, 0);
    assert_int_equal(moves_freeze(moves), 0);
    moves_copy(moves);
    assert_int_equal(moves_give_piece(moves, 0), 0);
    for (unsigned i = 0; i < GROUP_WORKERS; i++) {
        group_catch_up(moves->old, i);
        group_catch_up(moves->new, i);
        assert_false(has_erased(moves->old, i) || has_erased(moves->new, i));
    }
    assert_int_equal(moves_give_all(moves, MOVES_PIECE), 0);
    assert_int_equal(moves_say(moves, moves->old, moves->taken), 0);
    for (unsigned i = 0; i < GROUP_WORKERS; i++) {
        group_catch_up(moves->old, i);
        group_catch_up(moves->new, i);
        assert_true(has_erased(moves->old, i));
        assert_true(has_erased(moves->new, i)); /* the pieces */
    }
}

/* Of a history that is gone nothing can be read in any file of the old group, and of the pieces in which it came nothing in the
 * new one's. */
static void no_text_is_left_behind(void **state)
{
    struct moves *moves = *state;
    struct scene *scene = moves->scene;
    struct store_move row;
    struct store_txn *txn;

    moves_hold_a_round(moves, 0);
    assert_true(found(moves->old, 1, scene->text_hashes[0], scene->texts[0]->content.len) > 0);
    assert_int_equal(moves_freeze(moves), 0);
    moves_copy(moves);
    assert_int_equal(moves_give_piece(moves, 0), 0);
    assert_int_equal(store_begin_read(moves->new->workers[0].store, &txn), 0);
    assert_int_equal(store_move_get(txn, scene->history, moves->arena, &row), 0);
    store_abort(&txn);
    assert_true(found(moves->new, row.number, row.pieces.data, MOVES_PIECE) > 0);
    assert_int_equal(moves_give_all(moves, MOVES_PIECE), 0);
    assert_int_equal(found(moves->new, row.number, row.pieces.data, MOVES_PIECE), 0);
    assert_int_equal(moves_say(moves, moves->old, moves->taken), 0);
    assert_int_equal(found(moves->old, 1, scene->text_hashes[0], scene->texts[0]->content.len), 0);
}

static void a_history_moves(void **state)
{
    struct moves *moves = *state;
    struct store_history history, before;
    uint8_t view[HASH_SIZE];
    int64_t closes_ms = moves->scene->now_ms + 600000;

    moves_hold_a_round(moves, closes_ms);
    assert_true(moves_has_history(moves, moves->old, &before));
    assert_int_equal(moves_freeze(moves), 0);
    moves_all_follow(moves->old);
#ifdef COMITY_CONTROL_TOUCHES_FROZEN
    assert_int_equal(moves_act(moves, 1), 0); /* the control takes it */
    return;
#endif
    assert_int_equal(moves_act(moves, 1), ERR_MOVING);
    assert_int_equal(moves_gate(moves, moves->old, false), 0);
    assert_int_equal(moves_gate(moves, moves->old, true), ERR_MOVING);

    moves_copy(moves);
    moves->new->scene.now_ms = moves->scene->now_ms;
    assert_int_equal(moves_give_all(moves, 0), 0);
    assert_int_equal(moves->result.news_count, 1);
    moves_all_follow(moves->new);
    assert_true(moves_has_history(moves, moves->new, &history));
    assert_int_equal(history.head, before.head);
    assert_int_equal(history.epoch, before.epoch);
    moves_go_to(moves, moves->new);
    scene_view_hash(moves->scene, view);
    assert_memory_equal(view, moves->view, HASH_SIZE);
    moves_replies_hold(moves); /* receipts and refusals, to the byte */

    moves_go_to(moves, moves->old);
    assert_int_equal(moves_act(moves, 1), ERR_MOVING); /* until it is switched */
    assert_int_equal(moves_say(moves, moves->old, moves->taken), 0);
    assert_int_equal(moves_stage_of(moves, moves->answer->note), COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED);
    moves_all_follow(moves->old);
    assert_int_equal(moves_act(moves, 1), ERR_MOVED);
    assert_int_equal(moves_gate(moves, moves->old, false), ERR_MOVED);
    nothing_is_left(moves, moves->old);

    moves_go_to(moves, moves->new);
    assert_int_equal(moves_act(moves, 1), 0);
    moves_all_follow(moves->new);
}

/* A round closes where the history is by then. */
static void what_falls_due_is_carried_out_there(void **state)
{
    struct moves *moves = *state;
    int64_t closes_ms = moves->scene->now_ms + 60000;
    struct store_history before, after;

    moves_hold_a_round(moves, closes_ms);
    assert_int_equal(moves_freeze(moves), 0);
    assert_int_equal(moves->result.next_deadline_ms, 0);
    assert_true(moves_has_history(moves, moves->old, &before));
    moves->scene->now_ms = closes_ms + 1;
    group_restart(moves->old, 0);
    assert_int_equal(scene_run(moves->scene), 0);
    assert_true(moves_has_history(moves, moves->old, &after));
    assert_int_equal(after.head, before.head);

    moves_copy(moves);
    moves->new->scene.now_ms = moves->scene->now_ms;
    assert_int_equal(moves_give_all(moves, 0), 0);
    assert_int_equal(moves->result.next_deadline_ms, closes_ms);
    moves_go_to(moves, moves->new);
    assert_int_equal(scene_run(moves->scene), 0);
    assert_true(moves_has_history(moves, moves->new, &after));
    assert_true(after.head > before.head);
    moves_all_follow(moves->new);
    /* The tree goes on: what the new group says now extends what was frozen, so that the old note still stands. */
    moves_go_to(moves, moves->old);
    assert_int_equal(moves_give_piece(moves, 0), 0);
    assert_int_equal(moves_stage_of(moves, moves->answer->note), COMITY__V1__MOVE_STAGE__MOVE_STAGE_TAKEN);
}

/* Whoever stops at whatever point: who asks again goes on, and comes to the same. */
static void each_step_can_be_repeated(void **state)
{
    struct moves *moves = *state;
    Comity__V1__SignedMove *frozen;

    moves_hold_a_round(moves, 0);
    assert_int_equal(moves_freeze(moves), 0);
    frozen = moves->frozen;
    group_restart(moves->old, 0);
    assert_int_equal(moves_freeze(moves), 0);
    assert_true(bytes_equal(BYTES(frozen->note.data, frozen->note.len), BYTES(moves->frozen->note.data, moves->frozen->note.len)));
    moves_all_follow(moves->old);
    group_lead(moves->old, 1);
    assert_int_equal(moves_act(moves, 1), ERR_MOVING);

    moves_copy(moves);
    assert_int_equal(moves_give_piece(moves, 0), 0);
    assert_int_equal(moves->answer->offset, MOVES_PIECE);
    group_restart(moves->new, 0);
    moves_all_have_the_hash(moves->new);
    group_lead(moves->new, 2);
    assert_int_equal(moves_give_piece(moves, 0), 0); /* again: it says how far it is, and takes nothing twice */
    assert_int_equal(moves->answer->offset, MOVES_PIECE);
    assert_int_equal(moves_give_piece(moves, 2 * MOVES_PIECE), 0); /* nor one that leaves a gap */
    assert_int_equal(moves->answer->offset, MOVES_PIECE);
    assert_int_equal(moves_gate(moves, moves->new, false), ERR_MOVING);
    assert_int_equal(moves_give_all(moves, MOVES_PIECE), 0);
    assert_int_equal(moves_give_all(moves, 0), 0); /* it stands: TAKEN, again */
    group_restart(moves->new, 2);
    moves_all_follow(moves->new);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(moves_say(moves, moves->old, moves->taken), 0);
        assert_int_equal(moves_stage_of(moves, moves->answer->note), COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED);
        group_restart(moves->old, 1);
    }
    moves_all_follow(moves->old);
    assert_int_equal(moves_freeze(moves), 0); /* who begins again learns that it is done */
    assert_int_equal(moves_stage_of(moves, moves->frozen), COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED);
}

/* Another copy of the same history begins anew, and leaves nothing of the first. */
static void another_copy_begins_anew(void **state)
{
    struct moves *moves = *state;

    moves_hold_a_round(moves, 0);
    assert_int_equal(moves_freeze(moves), 0);
    moves_copy(moves);
    assert_int_equal(moves_give_piece(moves, 0), 0);
    assert_int_equal(moves_give_piece_of(moves, 2, 0, MOVES_PIECE / 2), 0);
    assert_int_equal(moves->answer->offset, MOVES_PIECE / 2);
    assert_int_equal(moves_give_piece(moves, 0), 0);
    assert_int_equal(moves->answer->offset, MOVES_PIECE);
    assert_int_equal(moves_give_all(moves, MOVES_PIECE), 0);
    moves_all_follow(moves->new);
}

static void undone_before_it_was_taken(void **state)
{
    struct moves *moves = *state;
    Comity__V1__SignedMove *given_up;

    moves_hold_a_round(moves, 0);
    assert_int_equal(moves_freeze(moves), 0);
    moves_copy(moves);
    assert_int_equal(moves_give_piece(moves, 0), 0);
    assert_int_equal(moves_say(moves, moves->old, moves->frozen), 0); /* frozen already */
    assert_int_equal(moves_give_up(moves), 0);
    given_up = moves->answer->note;
    assert_int_equal(moves_stage_of(moves, given_up), COMITY__V1__MOVE_STAGE__MOVE_STAGE_GIVEN_UP);
    assert_int_equal(moves_give_piece(moves, MOVES_PIECE), ERR_STATE);
    assert_int_equal(moves_give_piece(moves, 0), ERR_STATE);
    assert_int_equal(moves_give_up(moves), 0);
    moves_all_follow(moves->new);
    nothing_is_left(moves, moves->new);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(moves_say(moves, moves->old, given_up), 0);
    moves_all_follow(moves->old);
    assert_int_equal(moves_act(moves, 1), 0);
    moves_replies_hold(moves);

    /* And once more, by another move. */
    moves_pass(moves, 1000);
    assert_int_equal(moves_freeze(moves), 0);
    assert_int_equal(moves_say(moves, moves->old, given_up), ERR_STATE); /* what was given up is not this one */
    moves_copy(moves);
    assert_int_equal(moves_give_all(moves, 0), 0);
    assert_int_equal(moves_give_up(moves), ERR_STATE); /* it is taken: there is no way back */
    assert_int_equal(moves_say(moves, moves->old, moves->taken), 0);
    moves_all_follow(moves->old);
    moves_all_follow(moves->new);
}

static void it_moves_back(void **state)
{
    struct moves *moves = *state;
    Comity__V1__SignedMove *first;

    moves_hold_a_round(moves, 0);
    assert_int_equal(moves_freeze(moves), 0);
    first = moves->frozen;
    moves_copy(moves);
    assert_int_equal(moves_give_all(moves, 0), 0);
    assert_int_equal(moves_say(moves, moves->old, moves->taken), 0);
    moves_go_to(moves, moves->new);
    moves_pass(moves, 5000);
    assert_int_equal(moves_act(moves, 1), 0);
    moves_turn(moves);
    assert_int_equal(moves_freeze(moves), 0);
    moves_copy(moves);
    assert_int_equal(moves_give_all(moves, 0), 0);
    assert_int_equal(moves_say(moves, moves->old, moves->taken), 0);
    moves_all_follow(moves->old);
    moves_all_follow(moves->new);
    assert_int_equal(moves_gate(moves, moves->old, false), ERR_MOVED);
    assert_int_equal(moves_gate(moves, moves->new, true), 0);
    moves_go_to(moves, moves->new);
    assert_int_equal(moves_act(moves, 1), 0);
    /* A late piece of the first move finds no place where the history was meanwhile. */
    moves_turn(moves);
    moves->frozen = first;
    assert_int_equal(moves_give_piece(moves, 0), ERR_STATE);
}

/* It went, is to come back, and that is taken back: before a piece came, and after one. */
static void a_move_back_that_is_taken_back(void **state)
{
    struct moves *moves = *state;
    Comity__V1__SignedMove *taken;
    uint32_t epoch;

    moves_hold_a_round(moves, 0);
    assert_int_equal(moves_freeze(moves), 0);
    moves_copy(moves);
    assert_int_equal(moves_give_all(moves, 0), 0);
    taken = moves->taken;
    assert_int_equal(moves_say(moves, moves->old, taken), 0);
    moves_turn(moves);
    for (unsigned pieces = 0; pieces < 2; pieces++) {
        moves_pass(moves, 1000);
        assert_int_equal(moves_freeze(moves), 0);
        moves_copy(moves);
        if (pieces > 0)
            assert_int_equal(moves_give_piece(moves, 0), 0);
#ifdef COMITY_CONTROL_FORGETS_WHERE_IT_WENT
        assert_int_equal(moves_give_up(moves), 0);
        assert_int_equal(moves_gate(moves, moves->new, false), 0); /* the control says that there is none */
        return;
#endif
        /* Whoever has not followed yet finds it at the other group all the time. */
        assert_int_equal(moves_gate(moves, moves->new, false), ERR_MOVED);
        assert_int_equal(moves_gate(moves, moves->old, false), 0);
        moves_all_have_the_hash(moves->new);
        if (pieces > 0)
            assert_int_equal(gate_of_backup_alone(moves, moves->new), ERR_MOVED);
        assert_int_equal(moves_give_up(moves), 0);
        assert_int_equal(moves_say(moves, moves->old, moves->answer->note), 0);
        group_restart(moves->new, 0);
        moves_all_follow(moves->new);
        assert_int_equal(moves_gate(moves, moves->new, false), ERR_MOVED);
        assert_int_equal(gate_of_backup(moves, moves->new, &epoch), ERR_MOVED);
        assert_int_equal(moves_give_piece(moves, 0), ERR_STATE); /* nor is what was given up forgotten */
    }
    /* Who asks for the first move again is answered as before. */
    assert_int_equal(moves_say(moves, moves->new, taken), 0);
    assert_int_equal(moves_stage_of(moves, moves->answer->note), COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED);
    moves_turn(moves);
    assert_int_equal(moves_freeze(moves), 0);
    assert_int_equal(moves_stage_of(moves, moves->frozen), COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED);
    memset(moves->to, 8, KEY_SIZE);
    assert_int_equal(moves_freeze(moves), ERR_MOVED);
    memset(moves->to, 7, KEY_SIZE);
    moves_turn(moves);

    moves_pass(moves, 1000);
    assert_int_equal(moves_freeze(moves), 0);
    moves_copy(moves);
    assert_int_equal(moves_give_all(moves, 0), 0);
    assert_int_equal(moves_gate(moves, moves->new, true), 0);
    moves_all_follow(moves->new);
}

/* ---- What is refused ---- */

static void what_is_not_the_history_is_not_taken(void **state)
{
    struct moves *moves = *state;
    struct store_history history;

    moves_hold_a_round(moves, 0);
    moves_copy(moves); /* of a moment ago */
    assert_int_equal(moves_act(moves, 1), 0);
    assert_int_equal(moves_freeze(moves), 0);
#ifdef COMITY_CONTROL_TAKES_ANY_HEAD
    assert_int_equal(moves_give_all(moves, 0), 0); /* the control loses what came after it */
    return;
#endif
    assert_int_equal(moves_give_all(moves, 0), ERR_RECEIPT);
    assert_string_equal(moves->reason, "What came is not the history that is to be moved: it does not end where it was frozen.");
    assert_false(moves_has_history(moves, moves->new, &history));
    assert_int_equal(moves_give_up(moves), 0);
    assert_int_equal(moves_say(moves, moves->old, moves->answer->note), 0);

    moves->scene->now_ms += 1000;
    assert_int_equal(moves_freeze(moves), 0);
    moves_copy(moves);
    for (size_t at = 100; at < moves->size; at += moves->size / 37) {
        moves->stream[at] ^= 1;
        moves->new->scene.now_ms++;
        assert_true(moves_give_piece_of(moves, (uint8_t) (2 + at % 250), 0, MOVES_PIECE) < 0 || moves_give_piece_of(moves, (uint8_t) (2 + at % 250), MOVES_PIECE, moves->size - MOVES_PIECE) < 0);
        moves->stream[at] ^= 1;
    }
    assert_false(moves_has_history(moves, moves->new, &history));
    assert_int_equal(moves_give_all(moves, 0), 0);
    moves_all_follow(moves->new);
}

static void only_the_log_key_speaks(void **state)
{
    struct moves *moves = *state;
    struct signing_key other;
    Comity__V1__SignedMove *forged;
    Comity__V1__MoveNote *note;

    moves_hold_a_round(moves, 0);
    assert_int_equal(moves_freeze(moves), 0);
    assert_int_equal(move_open(moves->frozen, moves->scene->log_key.public_key, moves->arena, &note), 0);
    signing_key_generate(&other);
    assert_int_equal(move_sign(note, COMITY__V1__MOVE_STAGE__MOVE_STAGE_TAKEN, &other, moves->arena, &forged), 0);
    assert_int_equal(moves_say(moves, moves->old, forged), ERR_SIGNATURE);
    assert_int_equal(move_sign(note, COMITY__V1__MOVE_STAGE__MOVE_STAGE_GIVEN_UP, &other, moves->arena, &forged), 0);
    assert_int_equal(moves_say(moves, moves->old, forged), ERR_SIGNATURE);
    assert_int_equal(moves_act(moves, 1), ERR_MOVING);
    /* Nor is a note of this log key good for what it does not speak of. */
    assert_int_equal(move_sign(note, COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED, &moves->scene->log_key, moves->arena, &forged), 0);
    assert_int_equal(moves_say(moves, moves->old, forged), ERR_MALFORMED);
    assert_int_equal(moves_say(moves, moves->new, forged), ERR_RANGE);
}

static void what_cannot_be_frozen(void **state)
{
    struct moves *moves = *state;

    assert_int_equal(moves_freeze(moves), ERR_HISTORY);
    moves_hold_a_round(moves, 0);
    assert_int_equal(moves_freeze(moves), 0);
    memset(moves->to, 8, KEY_SIZE);
    assert_int_equal(moves_freeze(moves), ERR_STATE); /* it goes elsewhere */
    memset(moves->to, 7, KEY_SIZE);
    moves_copy(moves);
    assert_int_equal(moves_give_all(moves, 0), 0);
    assert_int_equal(moves_say(moves, moves->old, moves->taken), 0);
    memset(moves->to, 8, KEY_SIZE);
    assert_int_equal(moves_freeze(moves), ERR_MOVED);
    assert_int_equal(scene_add_founding(moves->scene, 2), 0);
    moves_remember(moves);
    assert_int_equal(moves->scene->result.news_count, 1); /* others go on */
}

/* Whoever puts an old store back does not have the history twice. */
static void a_backup_knows_what_moved(void **state)
{
    struct moves *moves = *state;
    uint32_t epoch = 0;

    moves_hold_a_round(moves, 0);
    assert_int_equal(gate_of_backup(moves, moves->old, &epoch), 0);
    assert_true(epoch > 1); /* a restore opens one */
    assert_int_equal(moves_freeze(moves), 0);
    assert_int_equal(gate_of_backup(moves, moves->old, &epoch), ERR_MOVING);
    assert_int_equal(epoch, 1);
    moves_copy(moves);
    assert_int_equal(moves_give_all(moves, 0), 0);
    assert_int_equal(moves_say(moves, moves->old, moves->taken), 0);
    assert_int_equal(gate_of_backup(moves, moves->old, &epoch), ERR_MOVED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, moves_setup, moves_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_history_moves),
        TEST(what_is_not_the_history_is_not_taken),
        TEST(what_falls_due_is_carried_out_there),
        TEST(each_step_can_be_repeated),
        TEST(another_copy_begins_anew),
        TEST(undone_before_it_was_taken),
        TEST(it_moves_back),
        TEST(a_move_back_that_is_taken_back),
        TEST(only_the_log_key_speaks),
        TEST(what_cannot_be_frozen),
        TEST(a_backup_knows_what_moved),
        TEST(no_text_is_left_behind),
        TEST(what_has_moved_is_known_as_erased),
    };

    /* A control sees what it lacks, and has no use for the rest. */
#if defined(COMITY_CONTROL_TOUCHES_FROZEN)
    cmocka_set_test_filter("a_history_moves");
#elif defined(COMITY_CONTROL_TAKES_ANY_HEAD)
    cmocka_set_test_filter("what_is_not_the_history_is_not_taken");
#elif defined(COMITY_CONTROL_FORGETS_WHERE_IT_WENT)
    cmocka_set_test_filter("a_move_back_that_is_taken_back");
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
