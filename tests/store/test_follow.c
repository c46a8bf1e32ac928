/* A leader and those who follow it, in one process: the same traffic, the same stores. */
#include "group.h"

#include <errno.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "tests/support/random_commands.h"
#include "worker/store/keys_file.h"

/* Histories that grow side by side, each by a generator of its own; the rest of the traffic is the scene's. */
#define GENERATORS_START_MS INT64_C(1700000000000)
#ifdef COMITY_CONTROL_SMALL_ENTRIES
enum { ARE_SMALL = true, COMMANDS_A_BATCH = 24 };
#else
enum { ARE_SMALL = false, COMMANDS_A_BATCH = 6 };
#endif
enum { GENERATORS = 2, HELD_MAX = GENERATORS * COMMANDS_A_BATCH };
enum { BATCHES_A_LEADER = 150, BATCHES_LEAST = 900, BATCHES_MOST = 4500 };

static uint64_t seed_of_run(void)
{
    const char *text = getenv("COMITY_SEED");

    return text != NULL ? strtoull(text, NULL, 10) : 4;
}

struct traffic {
    struct group *group;
    uint64_t random;
    struct random_commands *generators[GENERATORS];
    uint8_t histories[GENERATORS][HISTORY_ID_SIZE];
    struct arena *arenas[HELD_MAX];
    struct command held[HELD_MAX];
    unsigned accepted, refused, busy, behind, restarts, alone;
};

static uint32_t draw(struct traffic *traffic, uint32_t limit)
{
    traffic->random = traffic->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t) (traffic->random >> 33) % limit;
}

static struct traffic *traffic_new(void)
{
    struct traffic *traffic = calloc(1, sizeof(*traffic));
    uint64_t seed = seed_of_run();

    assert_non_null(traffic);
    printf("seed %" PRIu64 " (COMITY_SEED sets another)\n", seed);
    traffic->group = group_new(seed);
    traffic->random = seed;
    traffic->group->scene.now_ms = GENERATORS_START_MS;
    for (unsigned i = 0; i < GENERATORS; i++)
        traffic->generators[i] = random_commands_new(seed + i, true);
    for (unsigned i = 0; i < HELD_MAX; i++)
        traffic->arenas[i] = arena_new(4 * ARENA_LIMIT_DEFAULT);
    return traffic;
}

static void traffic_destroy(struct traffic **traffic)
{
    group_destroy(&(*traffic)->group);
    for (unsigned i = 0; i < GENERATORS; i++)
        random_commands_destroy(&(*traffic)->generators[i]);
    for (unsigned i = 0; i < HELD_MAX; i++)
        arena_destroy(&(*traffic)->arenas[i]);
    free(*traffic);
    *traffic = NULL;
}

/* The generator looks who people are after these: nothing may come between. */
static bool changes_people(const struct command *command)
{
    switch (command->body->body_case) {
    case COMITY__V1__COMMAND__BODY_FOUND:
    case COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY:
    case COMITY__V1__COMMAND__BODY_REDEEM:
    case COMITY__V1__COMMAND__BODY_REVOKE_KEY:
    case COMITY__V1__COMMAND__BODY_ADD_KEY:
    case COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR:
        return true;
    default:
        return false;
    }
}

/* Commands of one generator, by the leader's state. */
static void commands_draw(struct traffic *traffic, unsigned generator, unsigned count)
{
    struct scene *scene = &traffic->group->scene;
    struct store_history history = {.number = 0};
    struct store_txn *txn;
    struct view view;
    int code;

    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    code = store_history_get(txn, traffic->histories[generator], &history);
    assert_true(code == 0 || code == ERR_HISTORY);
    view = store_view(txn, &history);
    for (bool is_last = false; count > 0 && !is_last; count--) {
        unsigned held = (unsigned) scene->count;
        int64_t time_ms;

        arena_reset(traffic->arenas[held]);
        random_commands_next(traffic->generators[generator], &view, traffic->arenas[held], &traffic->held[held], &time_ms);
        scene->now_ms = time_ms > scene->now_ms ? time_ms : scene->now_ms;
        scene_add_again(scene, &traffic->held[held]);
        memcpy(traffic->histories[generator], traffic->held[held].history, HISTORY_ID_SIZE);
        is_last = changes_people(&traffic->held[held]);
    }
    store_abort(&txn);
}

/* What comes due by itself before the time of the commands that were drawn: nobody sends anything then. */
static void deadlines_pass(struct traffic *traffic, int64_t from_ms)
{
    struct scene *scene = &traffic->group->scene;
    int64_t due_ms = scene->result.next_deadline_ms, drawn_ms = scene->now_ms;
    size_t before = traffic->group->count;

    if (due_ms == 0 || due_ms > drawn_ms)
        return;
    scene->now_ms = due_ms > from_ms ? due_ms : from_ms;
    assert_int_equal(batch_run(scene->runner, NULL, 0, &scene->result), 0);
    traffic->alone += traffic->group->count > before;
    scene->now_ms = drawn_ms;
}

static void leader_step(struct traffic *traffic)
{
    struct scene *scene = &traffic->group->scene;
    int64_t from_ms = scene->now_ms;

    for (unsigned i = 0; i < GENERATORS; i++)
        if (draw(traffic, 100) < 70)
            commands_draw(traffic, i, 1 + draw(traffic, COMMANDS_A_BATCH));
    deadlines_pass(traffic, from_ms);
    assert_int_equal(scene_run(scene), 0);
    for (size_t i = 0; i < scene->count; i++) {
        traffic->accepted += scene->items[i].code == 0;
        traffic->busy += scene->items[i].code == ERR_BUSY;
        traffic->refused += scene->items[i].code != 0;
        if (scene->items[i].code == 0 && draw(traffic, 20) == 0)
            scene_check_receipt(scene, i);
    }
    traffic->behind += scene->result.next_deadline_ms != 0 && scene->result.next_deadline_ms <= scene->now_ms;
    scene_next(scene);
}

/* A follower takes some of what it lacks, and may be ended between any two entries. */
static void follower_step(struct traffic *traffic, unsigned worker)
{
    struct group *group = traffic->group;

    while (group_at(group, worker) < group->count && draw(traffic, 5) != 0) {
        if (group_give(group, worker, &group->entries[group_at(group, worker)]) != 0)
            fail_msg("worker %u: %s", worker, group->workers[worker].reason);
        if (draw(traffic, 12) == 0) {
            group_restart(group, worker);
            traffic->restarts++;
        }
    }
}

/* Nobody lacks anything: then they are the same, and know alike what is due next. */
static void compare(struct traffic *traffic)
{
    struct group *group = traffic->group;

    for (unsigned i = 0; i < GROUP_WORKERS; i++) {
        group_catch_up(group, i);
        if (i != group->leader)
            group_same(group, group->leader, i);
    }
}

static void traffic_run(struct traffic *traffic, unsigned batches)
{
    for (unsigned i = 0; i < batches; i++) {
        leader_step(traffic);
        for (unsigned k = 0; k < GROUP_WORKERS; k++)
            if (k != traffic->group->leader)
                follower_step(traffic, k);
    }
    compare(traffic);
    group_lead(traffic->group, draw(traffic, GROUP_WORKERS));
}

/* What the entries had. */
struct seen {
    unsigned kinds[512]; /* by Event's kind */
    unsigned refusals, hidden, open;
};

static void event_see(struct seen *seen, const Comity__V1__EventRecord *record, struct arena *arena)
{
    const Comity__V1__Part *open = record->parts[0];
    ProtobufCMessage *message;
    int kind;

    assert_int_equal(message_unpack(&comity__v1__event__descriptor, BYTES(open->content.data, open->content.len),
                                    open->content.len, arena, NULL, &message),
                     0);
    kind = (int) ((const Comity__V1__Event *) message)->kind_case;
    assert_true(kind > 0 && kind < (int) ARRAY_COUNT(seen->kinds));
    seen->kinds[kind]++;
    if (kind != COMITY__V1__EVENT__KIND_BALLOT_CAST)
        return;
    if (record->parts[1]->audience == COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE)
        seen->hidden++;
    else
        seen->open++;
}

static void entries_see(struct group *group, size_t from, struct seen *seen)
{
    struct arena *arena = arena_new(64 * 1024 * 1024);

    for (; from < group->count; from++) {
        arena_reset(arena);
        const Comity__V1__LogEntry *entry = group_unpack(&group->entries[from], arena);

        for (size_t i = 0; i < entry->n_histories; i++) {
            seen->refusals += (unsigned) entry->histories[i]->n_refusals;
            for (size_t k = 0; k < entry->histories[i]->n_events; k++)
                event_see(seen, entry->histories[i]->events[k]->record, arena);
        }
    }
    arena_destroy(&arena);
}

/* Without these it was no test. */
static bool has_seen_enough(const struct seen *seen)
{
    static const int WANTED[] = {
        COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED, COMITY__V1__EVENT__KIND_INVITATION_REDEEMED,
        COMITY__V1__EVENT__KIND_KEY_ADDED,           COMITY__V1__EVENT__KIND_KEY_REVOKED,
        COMITY__V1__EVENT__KIND_SESSION_OPENED,      COMITY__V1__EVENT__KIND_ROUND_CLOSED,
        COMITY__V1__EVENT__KIND_BALLOTS_ENTERED,     COMITY__V1__EVENT__KIND_STAGE_ENTERED,
        COMITY__V1__EVENT__KIND_STAGE_ENDED,         COMITY__V1__EVENT__KIND_DECISION_MADE,
        COMITY__V1__EVENT__KIND_TEXTS_PURGED,
    };

    for (size_t i = 0; i < ARRAY_COUNT(WANTED); i++)
        if (seen->kinds[WANTED[i]] == 0)
            return false;
    return seen->refusals > 0 && seen->hidden > 0 && seen->open > 0;
}

/* How often the master of a worker's texts was changed. */
static uint64_t generation_of(struct group *group, unsigned worker)
{
    char path[SCRATCH_PATH_MAX];
    uint64_t newest = 0;

    scratch_join(group->workers[worker].directory, "keys", path);
    for (unsigned slot = 0; slot < KEYS_SLOTS; slot++) {
        uint8_t master[MASTER_SIZE];
        uint64_t generation = 0;
        int code = keys_file_read(path, slot, &generation, master);

        assert_true(code == 0 || code == ERR_NOT_FOUND);
        newest = generation > newest ? generation : newest;
    }
    return newest;
}

/* Who has erased, has changed the master: each worker its own, as often as the leader. */
static void masters_changed_alike(struct group *group)
{
    assert_true(generation_of(group, 0) > 1);
    for (unsigned i = 1; i < GROUP_WORKERS; i++)
        assert_int_equal(generation_of(group, i), generation_of(group, 0));
}

static void followers_have_what_the_leader_has(void **state)
{
    struct traffic *traffic = traffic_new();
    struct group *group = traffic->group;
    struct seen seen = {.refusals = 0};
    size_t seen_to = 0;
    bool is_enough = false;

    (void) state;
    for (unsigned batches = 0; batches < BATCHES_LEAST || (!is_enough && batches < BATCHES_MOST);
         batches += BATCHES_A_LEADER) {
        traffic_run(traffic, BATCHES_A_LEADER);
        entries_see(group, seen_to, &seen);
        seen_to = group->count;
        is_enough = ARE_SMALL ? traffic->busy > 0 && traffic->behind > 0 : has_seen_enough(&seen);
    }
    printf("%zu entries: %u accepted, %u refused, %u of them busy; %u batches left something that was due, %u came by "
           "themselves; %u restarts\n",
           group->count, traffic->accepted, traffic->refused, traffic->busy, traffic->behind, traffic->alone,
           traffic->restarts);
    assert_true(is_enough && traffic->alone > 0 && traffic->restarts > 0);
    if (!ARE_SMALL) {
        assert_int_equal(traffic->busy + traffic->behind, 0);
        masters_changed_alike(group);
    }
    traffic_destroy(&traffic);
}

/* The own store, whichever read of it fails: the entry is refused, and the others are not told that this worker decides otherwise. */

static long gets, get_fails_at; /* 0: none does */
static int get_code;

int __real_mdb_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data);
int __wrap_mdb_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data);
int __wrap_mdb_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data)
{
    return get_fails_at != 0 && ++gets == get_fails_at ? get_code : __real_mdb_get(txn, dbi, key, data);
}

/* False: it does not read so much. */
static bool fails_at(struct group *group, unsigned worker, long get)
{
    const struct order_entry *entry = &group->entries[group_at(group, worker)];
    const struct group_worker *follower = &group->workers[worker];

    gets = 0;
    get_fails_at = get;
    int code = group_give(group, worker, entry);
    get_fails_at = 0;
    if (gets < get)
        return false;
    if (code == 0 || follower->differs)
        fail_msg("read %ld: %s%s: %s", get, error_name(code), follower->differs ? ", said to be decided otherwise" : "", follower->reason);
    return true;
}

static void an_own_store_that_fails_is_no_word_on_an_entry(void **state)
{
    static const int CODES[] = {MDB_CORRUPTED, EACCES};
    struct group *group = group_new(9);
    struct scene *scene = &group->scene;

    (void) state;
    scene_found(scene);
    scene_open_round(scene, 0);
    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++) {
        long get = 1;

        group_catch_up(group, 1);
        scene_do(scene, scene_add_item(scene, i == 0 ? "Breaks" : "Canteen"), 3, NULL, 0);
        get_code = CODES[i];
        while (fails_at(group, 1, get))
            get++;
        assert_true(get > 10);
        assert_int_equal(group_at(group, 1), group->count); /* with none that fails it is taken */
        group_same(group, 0, 1);
    }
    group_destroy(&group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(followers_have_what_the_leader_has),
        cmocka_unit_test(an_own_store_that_fails_is_no_word_on_an_entry),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
