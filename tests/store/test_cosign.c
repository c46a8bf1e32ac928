/* Cosignatures in a group: what a witness was told is kept is kept by every worker. */
#include "failing_commit.h"
#include "group.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/note.h"
#include "worker/log/sealed.h"

enum { A, B, ARENA_BYTES = 16 * 1024 * 1024, TIME_S = 1750000000 };

struct fixture {
    struct group *group;
    struct arena *arena;
    struct signing_key witness;
    uint8_t hash[HASH_SIZE]; /* of B, which is not to change */
};

static void key_of(uint8_t number, struct signing_key *ret_key)
{
    uint8_t seed[SEED_SIZE];

    memset(seed, number, sizeof(seed));
    signing_key_from_seed(seed, ret_key);
}

static void appoint(struct scene *scene, const struct signing_key *key, const char *name)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);

    body->body_case = COMITY__V1__COMMAND__BODY_APPOINT_WITNESS;
    body->appoint_witness = SCENE_NEW(scene, AppointWitness, appoint_witness);
    body->appoint_witness->name = arena_string(scene->arena, name);
    body->appoint_witness->key = (ProtobufCBinaryData){KEY_SIZE, arena_copy(scene->arena, key->public_key, KEY_SIZE)};
    scene_do(scene, body, 0, NULL, 0);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->group = group_new(11);
    fixture->arena = arena_new(ARENA_BYTES);
    key_of(200, &fixture->witness);
    scene_found(&fixture->group->scene);
    scene_open_round(&fixture->group->scene, 0);
    appoint(&fixture->group->scene, &fixture->witness, "owl");
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    group_destroy(&fixture->group);
    arena_destroy(&fixture->arena);
    free(fixture);
    return 0;
}

/* What a key cosigns of the leader's tree; past its head, of the tree at the head. */
static Comity__V1__Cosignature *cosignature_of(struct fixture *fixture, const struct signing_key *key, uint64_t size,
                                               int64_t time_s)
{
    struct scene *scene = &fixture->group->scene;
    Comity__V1__Cosignature *made = arena_alloc(fixture->arena, sizeof(*made));
    struct checkpoint checkpoint = {.size = size};
    char text[CHECKPOINT_MAX_BYTES];
    struct store_history history;
    struct tree_nodes nodes;
    struct store_txn *txn;

    assert_non_null(made);
    comity__v1__cosignature__init(made);
    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    nodes = store_nodes(txn, &history);
    assert_int_equal(tree_root(&nodes, size < history.head ? size : history.head, checkpoint.root), 0);
    store_abort(&txn);
    checkpoint_origin(history.id, history.epoch, checkpoint.origin);
    made->key = (ProtobufCBinaryData){KEY_SIZE, arena_copy(fixture->arena, key->public_key, KEY_SIZE)};
    made->epoch = history.epoch;
    made->size = size;
    made->time_s = time_s;
    made->signature = (ProtobufCBinaryData){SIGNATURE_SIZE, arena_alloc(fixture->arena, SIGNATURE_SIZE)};
    cosignature_make(BYTES(text, checkpoint_write(&checkpoint, text)), time_s, key, made->signature.data);
    return made;
}

/* By the leader. */
static int cosign(struct fixture *fixture, uint64_t size, int64_t time_s)
{
    struct scene *scene = &fixture->group->scene;
    Comity__V1__Cosign message = COMITY__V1__COSIGN__INIT;
    struct refusal refusal = {0};
    int code;

    message.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, scene->history};
    message.cosignature = cosignature_of(fixture, &fixture->witness, size, time_s);
    code = batch_cosign(scene->runner, &message, &refusal);
    assert_int_equal(refusal.code, code);
    return code;
}

/* The size that a worker has of the witness; 0: none. */
static uint64_t cosigned(const struct fixture *fixture, unsigned worker)
{
    struct store_cosignature kept = {.size = 0};
    struct store_history history;
    struct store_txn *txn;
    int code;

    assert_int_equal(store_begin_read(fixture->group->workers[worker].store, &txn), 0);
    assert_int_equal(store_history_get(txn, fixture->group->scene.history, &history), 0);
    code = store_cosignature_get(txn, &history, fixture->witness.public_key, &kept);
    assert_true(code == 0 || code == ERR_NOT_FOUND);
    store_abort(&txn);
    return kept.size;
}

static void it_is_an_entry_of_its_own_and_reaches_all(void **state)
{
    struct fixture *fixture = *state;
    struct group *group = fixture->group;
    uint64_t head = scene_head(&group->scene);
    size_t before = group->count;
    const Comity__V1__LogEntry *entry;

    assert_int_equal(cosign(fixture, head, TIME_S), 0);
    assert_int_equal(group->count, before + 1);
    entry = group_unpack(&group->entries[before], fixture->arena);
    assert_int_equal(entry->n_histories, 1);
    assert_int_equal(entry->histories[0]->n_events + entry->histories[0]->n_refusals, 0);
    assert_int_equal(entry->histories[0]->n_cosignatures, 1);
    assert_int_equal(entry->histories[0]->checkpoint.len, 0);
    group_catch_up(group, B);
    assert_int_equal(group->workers[B].result.news_count, 0);
    assert_int_equal(cosigned(fixture, A), head);
    assert_int_equal(cosigned(fixture, B), head);
    group_same(group, A, B);
    group_restart(group, A);
    group_restart(group, B);
    assert_int_equal(cosigned(fixture, A), head);
    assert_int_equal(cosigned(fixture, B), head);
    /* B leads, and does not go back behind it. */
    group_lead(group, B);
    assert_int_equal(cosign(fixture, head - 1, TIME_S + 1), ERR_STALE);
    scene_do(&group->scene, scene_add_item(&group->scene, "Further"), 0, NULL, 0);
    assert_int_equal(cosign(fixture, head + 1, TIME_S + 1), 0);
    group_catch_up(group, A);
    assert_int_equal(cosigned(fixture, A), head + 1);
    group_same(group, A, B);
}

static void what_is_kept_already_or_refused_makes_no_entry(void **state)
{
    struct fixture *fixture = *state;
    struct group *group = fixture->group;
    uint64_t head = scene_head(&group->scene);
    size_t before;

    assert_int_equal(cosign(fixture, head, TIME_S), 0);
    before = group->count;
    assert_int_equal(cosign(fixture, head, TIME_S), 0);
    assert_int_equal(cosign(fixture, head + 1, TIME_S), ERR_RANGE);
    assert_int_equal(cosign(fixture, head, TIME_S - 1), ERR_STALE);
    assert_int_equal(group->count, before);
    assert_int_equal(cosign(fixture, head, TIME_S + 1), 0);
    assert_int_equal(group->count, before + 1);
    group_catch_up(group, B);
    group_same(group, A, B);
}

/* The log says no: the witness is told so, and it is nowhere. */
static void what_the_log_refuses_is_not_kept(void **state)
{
    static const int CODES[] = {ERR_NOT_LEADER, ERR_BUSY};
    struct fixture *fixture = *state;
    struct group *group = fixture->group;
    uint64_t head = scene_head(&group->scene);
    struct order_place place, after;

    group_place(group, A, &place);
    for (size_t i = 0; i < 2 * ARRAY_COUNT(CODES); i++) {
        group->prepare_code = i % 2 == 0 ? CODES[i / 2] : 0;
        group->commit_code = i % 2 == 0 ? 0 : CODES[i / 2];
        assert_int_equal(cosign(fixture, head, TIME_S), CODES[i / 2]);
        assert_int_equal(cosigned(fixture, A), 0);
        group_place(group, A, &after);
        assert_true(place_equal(&place, &after));
    }
    group->prepare_code = 0;
    group->commit_code = 0;
    assert_int_equal(cosign(fixture, head, TIME_S), 0);
    group_catch_up(group, B);
    group_same(group, A, B);
}

static void one_that_its_leader_could_not_keep_is_read_from_the_log(void **state)
{
    struct fixture *fixture = *state;
    struct group *group = fixture->group;
    uint64_t head = scene_head(&group->scene);
    size_t before = group->count;

    failing_commit = true;
    assert_int_equal(cosign(fixture, head, TIME_S), ERR_STORE);
    assert_int_equal(group->count, before + 1);
    group_restart(group, A);
    assert_int_equal(cosigned(fixture, A), 0);
    group_catch_up(group, A);
    assert_int_equal(cosigned(fixture, A), head);
    group_catch_up(group, B);
    group_same(group, A, B);
}

static int refusal_count(void *context, const uint8_t id[COMMAND_ID_SIZE], const struct store_command *refused)
{
    (void) id;
    (void) refused;
    ++*(unsigned *) context;
    return 0;
}

static unsigned refusals(const struct fixture *fixture, unsigned worker)
{
    struct store_history history;
    struct store_txn *txn;
    unsigned count = 0;

    assert_int_equal(store_begin_read(fixture->group->workers[worker].store, &txn), 0);
    assert_int_equal(store_history_get(txn, fixture->group->scene.history, &history), 0);
    assert_int_equal(store_refusals_each(txn, &history, refusal_count, &count), 0);
    store_abort(&txn);
    return count;
}

/* It has a time, as any entry: later stamps are not before it, and refusals whose time is over by then go alike. */
static void its_entry_has_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct group *group = fixture->group;
    struct scene *scene = &group->scene;
    int64_t later_ms = scene->now_ms + 2 * (int64_t) VALIDITY_MAX_MS;

    scene_add(scene, scene_ballot(scene, 77, 0, NULL), 1, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, ERR_ANSWER);
    group_catch_up(group, B);
    assert_int_equal(refusals(fixture, A), 1);
    assert_int_equal(refusals(fixture, B), 1);
    scene_next(scene);
    scene->now_ms = later_ms;
    assert_int_equal(cosign(fixture, scene_head(scene), TIME_S), 0);
    assert_int_equal(group->entries[group->count - 1].batch.time_ms, later_ms);
    assert_int_equal(batch_runner_newest_ms(scene->runner), later_ms);
    group_catch_up(group, B);
    group_same(group, A, B);
    assert_int_equal(refusals(fixture, A), 0);
    assert_int_equal(refusals(fixture, B), 0);
    group_restart(group, B);
    assert_int_equal(batch_runner_newest_ms(group->workers[B].runner), later_ms);
}

/* Without entries, the store's commit is all. */
static void a_worker_by_itself_keeps_it_without_an_entry(void **state)
{
    struct fixture alone = {.group = calloc(1, sizeof(struct group)), .arena = arena_new(ARENA_BYTES)};
    struct scene *scene = &alone.group->scene;
    struct store_cosignature kept;
    struct store_history history;
    struct store_entry entry;
    struct store_txn *txn;

    (void) state;
    key_of(200, &alone.witness);
    scene_begin(scene, 11);
    scene_found(scene);
    appoint(scene, &alone.witness, "owl");
    assert_int_equal(cosign(&alone, scene_head(scene), TIME_S), 0);
    scene_stop(scene);
    scene_start(scene);
    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    assert_int_equal(store_entry_get(txn, &entry), ERR_NOT_FOUND);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    assert_int_equal(store_cosignature_get(txn, &history, alone.witness.public_key, &kept), 0);
    store_abort(&txn);
    scene_end(scene);
    arena_destroy(&alone.arena);
    free(alone.group);
}

/* Entries that no leader wrote. The control takes them. */

#ifdef COMITY_CONTROL_COSIGN_UNCHECKED
enum { IS_CONTROL = true };
#else
enum { IS_CONTROL = false };
#endif

static void nothing_was_written(struct fixture *fixture, uint64_t at)
{
    uint8_t hash[HASH_SIZE];

    assert_int_equal(group_at(fixture->group, B), at);
    group_hash(fixture->group, B, hash);
    assert_memory_equal(hash, fixture->hash, HASH_SIZE);
}

/* The latest entry with this in place of its cosignature, and twice over. */
static int give(struct fixture *fixture, Comity__V1__Cosignature *cosignature, bool is_twice)
{
    struct group *group = fixture->group;
    const struct order_entry *latest = &group->entries[group->count - 1];
    Comity__V1__LogEntry *entry = group_unpack(latest, fixture->arena);
    Comity__V1__Cosignature *both[] = {cosignature, cosignature};
    struct order_entry given;

    entry->histories[0]->cosignatures = both;
    entry->histories[0]->n_cosignatures = is_twice ? 2 : 1;
    given = group_pack(latest, entry, fixture->arena);
    return group_give(group, B, &given);
}

static void is_refused(struct fixture *fixture, Comity__V1__Cosignature *cosignature, bool is_twice, const char *what)
{
    uint64_t at = group_at(fixture->group, B);
    int code = give(fixture, cosignature, is_twice);
    const char *reason = fixture->group->workers[B].reason;

    if (IS_CONTROL) {
        assert_int_equal(code, 0);
        return;
    }
    if (code != ERR_CORRUPT || strstr(reason, "a cosignature after it: ") == NULL)
        fail_msg("%s: %s: %s", what, error_name(code), reason);
    nothing_was_written(fixture, at);
}

/* B is at the entry before one that the witness has cosigned. */
static uint64_t state_note(struct fixture *fixture)
{
    uint64_t head = scene_head(&fixture->group->scene);

    group_catch_up(fixture->group, B);
    group_hash(fixture->group, B, fixture->hash);
    assert_int_equal(cosign(fixture, head, TIME_S + 10), 0);
    return head;
}

#define REFUSED(name, made, is_twice)                                                                                            \
    static void name(void **state)                                                                                               \
    {                                                                                                                            \
        struct fixture *fixture = *state;                                                                                        \
        struct signing_key stranger;                                                                                             \
        uint64_t head = state_note(fixture);                                                                                     \
        Comity__V1__Cosignature *cosignature = cosignature_of(fixture, &fixture->witness, head, TIME_S + 10);                    \
                                                                                                                                 \
        key_of(201, &stranger);                                                                                                  \
        made;                                                                                                                    \
        is_refused(fixture, cosignature, is_twice, #name);                                                                       \
    }

REFUSED(another_signature_is_refused, cosignature->signature.data[5] ^= 1, false)
REFUSED(another_time_is_refused, cosignature->time_s++, false)
REFUSED(one_of_nobodys_is_refused, cosignature = cosignature_of(fixture, &stranger, head, TIME_S + 10), false)
REFUSED(one_past_the_head_is_refused, cosignature = cosignature_of(fixture, &fixture->witness, head + 1, TIME_S), false)
REFUSED(one_that_comes_twice_is_refused, (void) stranger, true)

/* Each that the witness itself signed, but not forward. */
static void one_that_goes_back_is_refused(void **state)
{
    struct fixture *fixture = *state;
    uint64_t head = scene_head(&fixture->group->scene);

    assert_int_equal(cosign(fixture, head, TIME_S + 5), 0);
    state_note(fixture);
    is_refused(fixture, cosignature_of(fixture, &fixture->witness, head, TIME_S + 5), false, "the same");
    if (IS_CONTROL)
        return;
    is_refused(fixture, cosignature_of(fixture, &fixture->witness, head, TIME_S + 4), false, "an earlier");
    is_refused(fixture, cosignature_of(fixture, &fixture->witness, head - 1, TIME_S + 50), false, "a smaller tree");
    group_catch_up(fixture->group, B);
    group_same(fixture->group, A, B);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest for_controls[] = {
        TEST(another_signature_is_refused),
        TEST(another_time_is_refused),
        TEST(one_of_nobodys_is_refused),
        TEST(one_past_the_head_is_refused),
        TEST(one_that_comes_twice_is_refused),
        TEST(one_that_goes_back_is_refused),
    };
    const struct CMUnitTest tests[] = {
        TEST(it_is_an_entry_of_its_own_and_reaches_all),
        TEST(what_is_kept_already_or_refused_makes_no_entry),
        TEST(what_the_log_refuses_is_not_kept),
        TEST(one_that_its_leader_could_not_keep_is_read_from_the_log),
        TEST(its_entry_has_a_time),
        TEST(a_worker_by_itself_keeps_it_without_an_entry),
    };
    int failed;

    scratch_use_memory();
    failed = cmocka_run_group_tests(for_controls, NULL, NULL);
    return failed != 0 || IS_CONTROL ? failed : cmocka_run_group_tests(tests, NULL, NULL);
}
