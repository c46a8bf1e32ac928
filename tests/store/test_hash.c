/* The hash of a state: the same where the same was applied, in whatever order its rows came to be; another where anything
 * differs that is the same on two workers. */
#include "scratch.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/key.h"

enum { HISTORIES = 2, EVENTS = 5, NOW_MS = 5000, EPOCH = 2 };

struct fixture {
    char directory[SCRATCH_PATH_MAX];
    struct store *store;
};

static void id_of(unsigned number, uint8_t id[HISTORY_ID_SIZE])
{
    memset(id, 0, HISTORY_ID_SIZE);
    id[0] = (uint8_t) (7 + number);
}

/* Rows that two workers have alike. Salts and texts are the same; what a text is encrypted with never is. */
static void event_write(struct store_txn *txn, struct store_history *history)
{
    struct event_header header = {
        .level = FORMAT_LEVEL, .epoch = history->epoch, .sequence = history->head + 1, .time_ms = 100 + (int64_t) history->head};
    uint8_t content[2] = {(uint8_t) history->id[0], (uint8_t) history->head};
    struct event_part parts[2] = {
        {.kind = COMITY__V1__PART_KIND__PART_KIND_OPEN, .audience = 1, .content = BYTES(content, 2)},
        {.kind = COMITY__V1__PART_KIND__PART_KIND_TEXT, .audience = 1, .content = BYTES(content, 2)},
    };

    memcpy(header.history, history->id, HISTORY_ID_SIZE);
    event_part_hash(&parts[0]);
    event_part_hash(&parts[1]);
    event_commitment(parts, 2, header.commitment);
    assert_int_equal(store_event_append(txn, history, &header, parts, 2), 0);
}

static void text_hash_of(const struct store_history *history, uint64_t before, uint8_t hash[HASH_SIZE])
{
    uint8_t content[2] = {(uint8_t) history->id[0], (uint8_t) before};
    struct event_part part = {.kind = COMITY__V1__PART_KIND__PART_KIND_TEXT, .content = BYTES(content, 2)};

    event_part_hash(&part);
    memcpy(hash, part.hash, HASH_SIZE);
}

static void command_write(struct store_txn *txn, const struct store_history *history, uint8_t number,
                          const struct store_command *row)
{
    uint8_t id[COMMAND_ID_SIZE] = {number};

    assert_int_equal(store_command_put(txn, history, id, row), 0);
}

static struct store_history history_of(struct store_txn *txn, unsigned number)
{
    uint8_t id[HISTORY_ID_SIZE];
    struct store_history history;

    id_of(number, id);
    assert_int_equal(store_history_get(txn, id, &history), 0);
    return history;
}

static void history_write(struct store_txn *txn, unsigned number, bool is_backwards)
{
    struct store_command row = {.sequence = 1, .events = 1, .tree_size = 2, .epoch = 1};
    struct store_history history;
    uint8_t id[HISTORY_ID_SIZE];

    id_of(number, id);
    assert_int_equal(store_history_create(txn, id, &history), 0);
    assert_int_equal(store_history_set_epoch(txn, &history, EPOCH), 0);
    for (unsigned i = 0; i < EVENTS; i++)
        event_write(txn, &history);
    for (uint8_t i = 0; i < EVENTS; i++)
        command_write(txn, &history, is_backwards ? (uint8_t) (EVENTS - 1 - i) : i, &row);
    assert_int_equal(store_checkpoint_put(txn, &history, EPOCH - 1, 2, BYTES((const uint8_t *) "note", 4)), 0);
}

static void fixture_begin(struct fixture *fixture, bool is_backwards)
{
    struct store_txn *txn;

    scratch_make(fixture->directory);
    fixture->store = scratch_store(fixture->directory, 1 << 26);
    assert_int_equal(store_begin_write(fixture->store, &txn), 0);
    for (unsigned i = 0; i < HISTORIES; i++)
        history_write(txn, is_backwards ? HISTORIES - 1 - i : i, is_backwards);
    assert_int_equal(store_commit(&txn), 0);
}

static void fixture_end(struct fixture *fixture)
{
    store_close(&fixture->store);
    scratch_remove(fixture->directory);
}

static void hash_of(struct fixture *fixture, uint8_t ret_hash[HASH_SIZE])
{
    struct store_txn *txn;

    assert_int_equal(store_begin_read(fixture->store, &txn), 0);
    assert_int_equal(store_hash(txn, NOW_MS, ret_hash), 0);
    store_abort(&txn);
}

static void order_makes_no_difference(void **state)
{
    struct fixture first, second;
    uint8_t a[HASH_SIZE], b[HASH_SIZE];

    (void) state;
    fixture_begin(&first, false);
    fixture_begin(&second, true);
    hash_of(&first, a);
    hash_of(&second, b);
    assert_memory_equal(a, b, HASH_SIZE);
    fixture_end(&first);
    fixture_end(&second);
}

/* Changes, and whether they show. */

static void change_event(struct store_txn *txn, struct store_history *history)
{
    event_write(txn, history);
}

static void change_epoch(struct store_txn *txn, struct store_history *history)
{
    assert_int_equal(store_history_set_epoch(txn, history, EPOCH + 1), 0);
}

static void change_text(struct store_txn *txn, struct store_history *history)
{
    uint8_t hash[HASH_SIZE];
    bool was_there;

    text_hash_of(history, 1, hash);
    assert_int_equal(store_text_erase(txn, history, hash, &was_there), 0);
    assert_true(was_there);
}

static void change_receipt(struct store_txn *txn, struct store_history *history)
{
    command_write(txn, history, 1, &(struct store_command){.sequence = 1, .events = 1, .tree_size = 3, .epoch = 1});
}

static void add_command(struct store_txn *txn, struct store_history *history)
{
    command_write(txn, history, 77, &(struct store_command){.sequence = 1, .events = 1, .tree_size = 2, .epoch = 1});
}

static void add_refusal(struct store_txn *txn, struct store_history *history)
{
    command_write(txn, history, 78, &(struct store_command){.refusal.code = ERR_CLOSED, .valid_until_ms = NOW_MS});
}

static void add_refusal_that_is_over(struct store_txn *txn, struct store_history *history)
{
    command_write(txn, history, 78, &(struct store_command){.refusal.code = ERR_CLOSED, .valid_until_ms = NOW_MS - 1});
}

static void add_checkpoint_of_before(struct store_txn *txn, struct store_history *history)
{
    assert_int_equal(store_checkpoint_put(txn, history, EPOCH - 1, 3, BYTES((const uint8_t *) "note", 4)), 0);
}

static void add_checkpoint_of_now(struct store_txn *txn, struct store_history *history)
{
    assert_int_equal(store_checkpoint_put(txn, history, EPOCH, 3, BYTES((const uint8_t *) "note", 4)), 0);
}

static void add_cosignature(struct store_txn *txn, struct store_history *history)
{
    struct store_cosignature cosignature = {.key = {9}, .epoch = EPOCH, .size = 3, .time_s = 4};

    assert_int_equal(store_cosignature_put(txn, history, &cosignature), 0);
}

static void add_history(struct store_txn *txn, struct store_history *history)
{
    (void) history;
    history_write(txn, HISTORIES, false);
}

static void move_write(struct store_txn *txn, struct store_history *history, const char *went)
{
    struct store_move move = {.kind = STORE_GIVEN_UP, .note = BYTES((const uint8_t *) "note", 4)};

    move.went = BYTES((const uint8_t *) went, strlen(went));
    assert_int_equal(store_move_put(txn, history->id, &move), 0);
}

static void add_move(struct store_txn *txn, struct store_history *history)
{
    move_write(txn, history, "");
}

static void add_where_it_went(struct store_txn *txn, struct store_history *history)
{
    uint8_t before[HASH_SIZE], after[HASH_SIZE];

    move_write(txn, history, "");
    assert_int_equal(store_hash(txn, NOW_MS, before), 0);
    move_write(txn, history, "went");
    assert_int_equal(store_hash(txn, NOW_MS, after), 0);
    assert_memory_not_equal(before, after, HASH_SIZE);
}

static const struct {
    const char *name;
    void (*change)(struct store_txn *txn, struct store_history *history);
    bool shows;
} CHANGES[] = {
    {"a further event", change_event, true},
    {"another epoch", change_epoch, true},
    {"a text that was erased", change_text, true},
    {"another tree in a receipt", change_receipt, true},
    {"a further command", add_command, true},
    {"a refusal", add_refusal, true},
    {"a note of an earlier epoch", add_checkpoint_of_before, true},
    {"a cosignature", add_cosignature, true},
    {"a further history", add_history, true},
    {"a move", add_move, true},
    {"where it went before", add_where_it_went, true},
    {"a refusal whose time is over", add_refusal_that_is_over, false},
    {"a note of the present epoch", add_checkpoint_of_now, false},
};

static void what_differs_shows(void **state)
{
    uint8_t before[HASH_SIZE], after[HASH_SIZE];

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CHANGES); i++) {
        struct fixture fixture;
        struct store_history history;
        struct store_txn *txn;

        fixture_begin(&fixture, false);
        hash_of(&fixture, before);
        assert_int_equal(store_begin_write(fixture.store, &txn), 0);
        history = history_of(txn, HISTORIES - 1);
        CHANGES[i].change(txn, &history);
        assert_int_equal(store_commit(&txn), 0);
        hash_of(&fixture, after);
        if ((memcmp(before, after, HASH_SIZE) != 0) != CHANGES[i].shows)
            fail_msg("%s %s", CHANGES[i].name, CHANGES[i].shows ? "does not show" : "shows");
        fixture_end(&fixture);
    }
}

static void the_latest_entry_is_kept(void **state)
{
    struct store_entry entry = {.number = UINT64_C(1) << 40,
                                .total = UINT64_C(1) << 50,
                                .hash = "thirty-two bytes, this is less.",
                                .time_ms = NOW_MS,
                                .level = 7,
                                .batch = "fifteen letters"},
                       found;
    struct fixture fixture;
    struct store_txn *txn;

    (void) state;
    fixture_begin(&fixture, false);
    assert_int_equal(store_begin_write(fixture.store, &txn), 0);
    assert_int_equal(store_entry_get(txn, &found), ERR_NOT_FOUND);
    assert_int_equal(store_entry_put(txn, &entry), 0);
    assert_int_equal(store_commit(&txn), 0);
    store_close(&fixture.store);
    fixture.store = scratch_store(fixture.directory, 1 << 26);
    assert_int_equal(store_begin_read(fixture.store, &txn), 0);
    assert_int_equal(store_entry_get(txn, &found), 0);
    store_abort(&txn);
    assert_int_equal(found.number, entry.number);
    assert_int_equal(found.total, entry.total);
    assert_memory_equal(found.hash, entry.hash, HASH_SIZE);
    assert_int_equal(found.time_ms, entry.time_ms);
    assert_int_equal(found.level, entry.level);
    assert_memory_equal(found.batch, entry.batch, BATCH_ID_SIZE);
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_makes_no_difference),
        cmocka_unit_test(what_differs_shows),
        cmocka_unit_test(the_latest_entry_is_kept),
    };

    scratch_use_memory();
    if (key_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
