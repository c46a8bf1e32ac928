/* Every table: what is put is found again, in this transaction, in the next, and after the store was opened
 * anew. */
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/error.h"

enum { MAP_BYTES = 64 * 1024 * 1024, EVENTS = 300 };

struct fixture {
    char directory[SCRATCH_PATH_MAX];
    struct store *store;
    struct store_txn *txn;
    struct store_history history;
    struct arena *arena;
};

static const uint8_t ID[HISTORY_ID_SIZE] = "the first history of the store..";
static const uint8_t OTHER_ID[HISTORY_ID_SIZE] = "another history of the same one.";

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    scratch_make(fixture->directory);
    fixture->store = scratch_store(fixture->directory, MAP_BYTES);
    fixture->arena = arena_new(ARENA_LIMIT_DEFAULT);
    assert_int_equal(store_begin_write(fixture->store, &fixture->txn), 0);
    assert_int_equal(store_history_create(fixture->txn, ID, &fixture->history), 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    store_abort(&fixture->txn);
    store_close(&fixture->store);
    arena_destroy(&fixture->arena);
    scratch_remove(fixture->directory);
    free(fixture);
    return 0;
}

/* Commit, open anew, and begin to write where @writes, else to read. */
static void reopen(struct fixture *fixture, bool writes)
{
    assert_int_equal(store_commit(&fixture->txn), 0);
    store_close(&fixture->store);
    fixture->store = scratch_store(fixture->directory, MAP_BYTES);
    assert_int_equal(writes ? store_begin_write(fixture->store, &fixture->txn)
                            : store_begin_read(fixture->store, &fixture->txn),
                     0);
    assert_int_equal(store_history_get(fixture->txn, ID, &fixture->history), 0);
}

static void meta_values(void **state)
{
    struct fixture *fixture = *state;
    struct bytes value;
    uint8_t large[1025] = {0};

    assert_int_equal(store_meta_get(fixture->txn, "no such", fixture->arena, &value), ERR_NOT_FOUND);
    assert_int_equal(store_meta_put(fixture->txn, "name", BYTES("value", 5)), 0);
    assert_int_equal(store_meta_put(fixture->txn, "empty", (struct bytes){0}), 0);
    assert_int_equal(store_meta_put(fixture->txn, "name", BYTES("other", 5)), 0);
    reopen(fixture, true);
    assert_int_equal(store_meta_get(fixture->txn, "name", fixture->arena, &value), 0);
    assert_true(bytes_equal(value, BYTES("other", 5)));
    assert_int_equal(store_meta_get(fixture->txn, "empty", fixture->arena, &value), 0);
    assert_int_equal(value.size, 0);
    assert_int_equal(store_meta_put(fixture->txn, "large", BYTES(large, sizeof(large))), ERR_INTERNAL);
}

static void terms_rise(void **state)
{
    struct fixture *fixture = *state;
    uint64_t term;

    for (uint64_t expected = 1; expected <= 3; expected++) {
        assert_int_equal(store_commit(&fixture->txn), 0);
        assert_int_equal(store_take_term(fixture->store, &term), 0);
        assert_int_equal(term, expected);
        assert_int_equal(store_begin_write(fixture->store, &fixture->txn), 0);
        reopen(fixture, true);
    }
}

static int count_histories(void *context, const struct store_history *history)
{
    size_t *count = context;

    assert_true(memcmp(history->id, ID, HISTORY_ID_SIZE) == 0 ||
                memcmp(history->id, OTHER_ID, HISTORY_ID_SIZE) == 0);
    ++*count;
    return 0;
}

static void histories(void **state)
{
    struct fixture *fixture = *state;
    struct store_history other;
    size_t count = 0;

    assert_int_equal(fixture->history.number, 1);
    assert_int_equal(fixture->history.epoch, 1);
    assert_int_equal(fixture->history.head, 0);
    assert_int_equal(store_history_get(fixture->txn, OTHER_ID, &other), ERR_HISTORY);
    assert_int_equal(store_history_create(fixture->txn, ID, &other), ERR_EXISTS);
    assert_int_equal(store_history_create(fixture->txn, OTHER_ID, &other), 0);
    assert_int_equal(other.number, 2);
    assert_int_equal(store_history_set_epoch(fixture->txn, &other, 4), 0);
    reopen(fixture, false);
    assert_int_equal(store_history_get(fixture->txn, OTHER_ID, &other), 0);
    assert_int_equal(other.epoch, 4);
    assert_memory_equal(other.id, OTHER_ID, HISTORY_ID_SIZE);
    assert_int_equal(store_history_each(fixture->txn, count_histories, &count), 0);
    assert_int_equal(count, 2);
}

static void part_make(struct event_part *part, uint8_t kind, unsigned serial, size_t size,
                      struct arena *arena)
{
    uint8_t *content = arena_alloc(arena, size + 1);

    memset(content, (int) ('a' + serial % 26), size);
    *part =
        (struct event_part){.kind = kind, .audience = 2, .round = serial, .content = BYTES(content, size)};
    memset(part->salt, (int) serial, SALT_SIZE);
    event_part_hash(part);
}

static void event_append(struct fixture *fixture, uint64_t sequence)
{
    struct event_header header = {
        .level = 1, .epoch = 1, .sequence = sequence, .time_ms = 1000 + (int64_t) sequence};
    struct event_part parts[4];
    unsigned serial = (unsigned) sequence;

    memcpy(header.history, ID, HISTORY_ID_SIZE);
    part_make(&parts[0], COMITY__V1__PART_KIND__PART_KIND_OPEN, serial, 30, fixture->arena);
    part_make(&parts[1], COMITY__V1__PART_KIND__PART_KIND_COMMAND, serial, serial % 7 ? 200 : 0,
              fixture->arena);
    part_make(&parts[2], COMITY__V1__PART_KIND__PART_KIND_TEXT, serial, 1, fixture->arena);
    part_make(&parts[3], COMITY__V1__PART_KIND__PART_KIND_TEXT, serial + 1, serial % 50 ? 10 : 65536,
              fixture->arena);
    event_commitment(parts, 4, header.commitment);
    assert_int_equal(store_event_append(fixture->txn, &fixture->history, &header, parts, 4), 0);
    arena_reset(fixture->arena);
}

static void event_check(struct fixture *fixture, uint64_t sequence)
{
    Comity__V1__EventRecord *record;
    Comity__V1__EventRecord *bare;
    struct event_header header;
    struct bytes content;
    uint8_t salt[SALT_SIZE];

    assert_int_equal(store_event_get(fixture->txn, &fixture->history, sequence, fixture->arena, &record), 0);
    assert_int_equal(event_record_check(record, &header), 0);
    assert_int_equal(header.sequence, sequence);
    assert_int_equal(record->n_parts, 4);
    assert_int_equal(record->parts[1]->round, sequence);
    assert_int_equal(record->parts[3]->content.len, sequence % 50 ? 10 : 65536);
    assert_int_equal(store_text_get(fixture->txn, &fixture->history, record->parts[3]->hash.data,
                                    fixture->arena, salt, &content),
                     0);
    assert_true(bytes_equal(content, BYTES(record->parts[3]->content.data, record->parts[3]->content.len)));
    assert_memory_equal(salt, record->parts[3]->salt.data, SALT_SIZE);

    assert_int_equal(store_event_get_bare(fixture->txn, &fixture->history, sequence, fixture->arena, &bare),
                     0);
    assert_int_equal(event_record_check(bare, &header), 0);
    assert_false(bare->parts[0]->is_withheld);
    assert_true(bare->parts[1]->is_withheld);
    assert_int_equal(bare->parts[1]->salt.len, SALT_SIZE);
    assert_int_equal(bare->parts[1]->content.len, 0);
    assert_int_equal(bare->parts[2]->salt.len, 0);
    arena_reset(fixture->arena);
}

/* Proofs over the kept nodes, of every leaf at the last size. */
static void proofs_check(struct fixture *fixture)
{
    struct tree_nodes nodes = store_nodes(fixture->txn, &fixture->history);
    uint8_t root[HASH_SIZE];

    assert_int_equal(tree_root(&nodes, EVENTS, root), 0);
    for (uint64_t index = 0; index < EVENTS; index++) {
        uint8_t proof[PROOF_MAX][HASH_SIZE];
        struct bytes hashes[PROOF_MAX];
        Comity__V1__EventRecord *record;
        uint8_t leaf[HASH_SIZE];
        size_t count;

        assert_int_equal(tree_inclusion_proof(&nodes, index, EVENTS, proof, &count), 0);
        assert_int_equal(store_event_get(fixture->txn, &fixture->history, index + 1, fixture->arena, &record),
                         0);
        tree_leaf_hash(BYTES(record->header.data, record->header.len), leaf);
        for (size_t i = 0; i < count; i++)
            hashes[i] = BYTES(proof[i], HASH_SIZE);
        assert_int_equal(tree_inclusion_check(index, EVENTS, leaf, hashes, count, BYTES(root, HASH_SIZE)), 0);
        arena_reset(fixture->arena);
    }
}

static void events_texts_and_nodes(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__EventRecord *record;
    struct bytes content;
    uint8_t salt[SALT_SIZE];
    uint8_t unknown[HASH_SIZE] = {0};

    for (uint64_t sequence = 1; sequence <= EVENTS; sequence++)
        event_append(fixture, sequence);
    assert_int_equal(fixture->history.head, EVENTS);
    assert_int_equal(fixture->history.time_ms, 1000 + EVENTS);
    reopen(fixture, false);
    assert_int_equal(fixture->history.head, EVENTS);
    for (uint64_t sequence = 1; sequence <= EVENTS; sequence++)
        event_check(fixture, sequence);
    proofs_check(fixture);
    assert_int_equal(store_event_get(fixture->txn, &fixture->history, 0, fixture->arena, &record),
                     ERR_NOT_FOUND);
    assert_int_equal(store_event_get(fixture->txn, &fixture->history, EVENTS + 1, fixture->arena, &record),
                     ERR_NOT_FOUND);
    assert_int_equal(store_text_get(fixture->txn, &fixture->history, unknown, fixture->arena, salt, &content),
                     ERR_NOT_FOUND);
}

static void an_event_out_of_order_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct event_header header = {.level = 1, .epoch = 1, .sequence = 2};
    struct event_part part;

    memcpy(header.history, ID, HISTORY_ID_SIZE);
    part_make(&part, COMITY__V1__PART_KIND__PART_KIND_OPEN, 1, 5, fixture->arena);
    assert_int_equal(store_event_append(fixture->txn, &fixture->history, &header, &part, 1), ERR_INTERNAL);
    assert_int_equal(fixture->history.head, 0);
    assert_int_equal(store_commit(&fixture->txn), ERR_INTERNAL);
}

static void commands_and_their_expiry(void **state)
{
    struct fixture *fixture = *state;
    const struct store_command accepted = {.sequence = 7, .events = 2, .tree_size = 9, .epoch = 3};
    struct store_command refused = {.refusal = {.code = ERR_STALE, .latest = 12, .limit = 5},
                                    .valid_until_ms = 5000};
    struct store_command found;
    uint8_t id[COMMAND_ID_SIZE] = {1};

    strcpy(refused.refusal.field, "cast_ballot.replaces");
    assert_int_equal(store_command_get(fixture->txn, &fixture->history, id, &found), ERR_NOT_FOUND);
    assert_int_equal(store_command_put(fixture->txn, &fixture->history, id, &accepted), 0);
    id[0] = 2;
    assert_int_equal(store_command_put(fixture->txn, &fixture->history, id, &refused), 0);
    id[0] = 3;
    refused.valid_until_ms = 6000;
    refused.refusal.field[0] = '\0';
    assert_int_equal(store_command_put(fixture->txn, &fixture->history, id, &refused), 0);
    reopen(fixture, true);
    id[0] = 1;
    assert_int_equal(store_command_get(fixture->txn, &fixture->history, id, &found), 0);
    assert_int_equal(found.sequence, 7);
    assert_int_equal(found.events, 2);
    assert_int_equal(found.tree_size, 9);
    assert_int_equal(found.epoch, 3);
    id[0] = 2;
    assert_int_equal(store_command_get(fixture->txn, &fixture->history, id, &found), 0);
    assert_int_equal(found.sequence, 0);
    assert_int_equal(found.refusal.code, ERR_STALE);
    assert_int_equal(found.refusal.latest, 12);
    assert_int_equal(found.refusal.limit, 5);
    assert_int_equal(found.valid_until_ms, 5000);
    assert_string_equal(found.refusal.field, "cast_ballot.replaces");

    assert_int_equal(store_refusals_purge(fixture->txn, 5000, 100), 0);
    assert_int_equal(store_command_get(fixture->txn, &fixture->history, id, &found), 0);
    assert_int_equal(store_refusals_purge(fixture->txn, 5001, 100), 0);
    assert_int_equal(store_command_get(fixture->txn, &fixture->history, id, &found), ERR_NOT_FOUND);
    id[0] = 3;
    assert_int_equal(store_command_get(fixture->txn, &fixture->history, id, &found), 0);
    assert_string_equal(found.refusal.field, "");
    /* The limit holds, and acceptances are never purged. */
    assert_int_equal(store_refusals_purge(fixture->txn, INT64_MAX, 0), 0);
    assert_int_equal(store_command_get(fixture->txn, &fixture->history, id, &found), 0);
    assert_int_equal(store_refusals_purge(fixture->txn, INT64_MAX, 100), 0);
    assert_int_equal(store_command_get(fixture->txn, &fixture->history, id, &found), ERR_NOT_FOUND);
    id[0] = 1;
    assert_int_equal(store_command_get(fixture->txn, &fixture->history, id, &found), 0);
}

static void notes_of_checkpoints(void **state)
{
    struct fixture *fixture = *state;
    struct bytes note;

    assert_int_equal(store_checkpoint_put(fixture->txn, &fixture->history, 1, 10, BYTES("note\n", 5)), 0);
    reopen(fixture, false);
    assert_int_equal(store_checkpoint_get(fixture->txn, &fixture->history, 1, 10, &note), 0);
    assert_true(bytes_equal(note, BYTES("note\n", 5)));
    assert_int_equal(store_checkpoint_get(fixture->txn, &fixture->history, 2, 10, &note), ERR_NOT_FOUND);
    assert_int_equal(store_checkpoint_get(fixture->txn, &fixture->history, 1, 11, &note), ERR_NOT_FOUND);
}

struct walk {
    char keys[256];
    unsigned stop_after;
};

static int walk_visit(void *context, struct bytes key, struct bytes value)
{
    struct walk *walk = context;
    size_t used = strlen(walk->keys);

    snprintf(walk->keys + used, sizeof(walk->keys) - used, "%.*s=%.*s ", (int) key.size,
             (const char *) key.data, (int) value.size, (const char *) value.data);
    return walk->stop_after > 0 && --walk->stop_after == 0 ? 1 : 0;
}

static void range_is(struct view *view, const char *prefix, const char *from, unsigned stop_after,
                     const char *expected)
{
    struct walk walk = {.stop_after = stop_after};

    assert_int_equal(
        view_range(view, BYTES(prefix, strlen(prefix)), BYTES(from, strlen(from)), walk_visit, &walk), 0);
    assert_string_equal(walk.keys, expected);
}

static void put_text(struct view *view, const char *key, const char *value)
{
    assert_int_equal(view_put(view, BYTES(key, strlen(key)), BYTES(value, strlen(value))), 0);
}

static void views(void **state)
{
    struct fixture *fixture = *state;
    struct store_history other;
    struct bytes value;
    struct view view;
    struct view other_view;
    uint8_t key[VIEW_KEY_MAX + 1] = {'k'};

    assert_int_equal(store_history_create(fixture->txn, OTHER_ID, &other), 0);
    view = store_view(fixture->txn, &fixture->history);
    other_view = store_view(fixture->txn, &other);
    put_text(&view, "b", "1");
    put_text(&view, "ab", "2");
    put_text(&view, "abc", "3");
    put_text(&view, "ac", "4");
    put_text(&view, "a", "");
    put_text(&view, "ab", "22");
    put_text(&other_view, "ab", "theirs");
    assert_int_equal(view_put(&view, BYTES(key, VIEW_KEY_MAX), BYTES("long", 4)), 0);
    assert_int_equal(view_get(&view, BYTES(key, VIEW_KEY_MAX), &value), 0);
    assert_int_equal(view_delete(&view, BYTES(key, VIEW_KEY_MAX)), 0);
    assert_int_equal(view_delete(&view, BYTES(key, VIEW_KEY_MAX)), ERR_NOT_FOUND);
    assert_int_not_equal(view_put(&view, BYTES(key, VIEW_KEY_MAX + 1), BYTES("", 0)), 0);
    reopen(fixture, true);
    view = store_view(fixture->txn, &fixture->history);
    range_is(&view, "", "", 0, "a= ab=22 abc=3 ac=4 b=1 ");
    range_is(&view, "ab", "", 0, "ab=22 abc=3 ");
    range_is(&view, "a", "abc", 0, "abc=3 ac=4 ");
    range_is(&view, "b", "a", 0, "b=1 ");
    range_is(&view, "a", "b", 0, "");
    range_is(&view, "", "", 2, "a= ab=22 ");
    range_is(&view, "z", "", 0, "");
    assert_int_equal(store_history_get(fixture->txn, OTHER_ID, &other), 0);
    other_view = store_view(fixture->txn, &other);
    range_is(&other_view, "", "", 0, "ab=theirs ");
    assert_int_equal(view_get(&view, BYTES("zz", 2), &value), ERR_NOT_FOUND);
}

/* What is aborted, and what follows the first error, is not there. */
static void the_first_error_sticks(void **state)
{
    struct fixture *fixture = *state;
    struct view view = store_view(fixture->txn, &fixture->history);
    struct bytes value;
    uint8_t large[2000] = {0};

    assert_int_equal(store_commit(&fixture->txn), 0);
    assert_int_equal(store_begin_write(fixture->store, &fixture->txn), 0);
    view = store_view(fixture->txn, &fixture->history);
    put_text(&view, "before", "1");
    assert_int_equal(store_meta_put(fixture->txn, "large", BYTES(large, sizeof(large))), ERR_INTERNAL);
    assert_int_equal(store_error(fixture->txn), ERR_INTERNAL);
    assert_int_equal(view_put(&view, BYTES("after", 5), BYTES("1", 1)), ERR_INTERNAL);
    assert_int_equal(view_get(&view, BYTES("before", 6), &value), ERR_INTERNAL);
    assert_int_equal(store_meta_put(fixture->txn, "small", BYTES("1", 1)), ERR_INTERNAL);
    assert_int_equal(store_commit(&fixture->txn), ERR_INTERNAL);
    assert_null(fixture->txn);
    assert_int_equal(store_begin_write(fixture->store, &fixture->txn), 0);
    view = store_view(fixture->txn, &fixture->history);
    assert_int_equal(view_get(&view, BYTES("before", 6), &value), ERR_NOT_FOUND);
    put_text(&view, "aborted", "1");
    store_abort(&fixture->txn);
    assert_int_equal(store_begin_read(fixture->store, &fixture->txn), 0);
    view = store_view(fixture->txn, &fixture->history);
    assert_int_equal(view_get(&view, BYTES("aborted", 7), &value), ERR_NOT_FOUND);
    /* A reader cannot write. */
    assert_int_equal(view_put(&view, BYTES("read", 4), BYTES("1", 1)), ERR_INTERNAL);
}

/* A reader sees what was when it began, and holds nobody up. */
static void readers_see_their_own_moment(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *reader;
    struct view view;
    struct bytes value;

    view = store_view(fixture->txn, &fixture->history);
    put_text(&view, "key", "old");
    assert_int_equal(store_commit(&fixture->txn), 0);
    assert_int_equal(store_begin_read(fixture->store, &reader), 0);
    assert_int_equal(store_begin_write(fixture->store, &fixture->txn), 0);
    view = store_view(fixture->txn, &fixture->history);
    put_text(&view, "key", "new");
    assert_int_equal(store_commit(&fixture->txn), 0);
    view = store_view(reader, &fixture->history);
    assert_int_equal(view_get(&view, BYTES("key", 3), &value), 0);
    assert_true(bytes_equal(value, BYTES("old", 3)));
    store_abort(&reader);
    store_check_readers(fixture->store);
}

struct cosigned {
    const struct store_cosignature *due;
    size_t count;
};

static int cosigned_next(void *context, const struct store_cosignature *cosignature)
{
    struct cosigned *cosigned = context;
    const struct store_cosignature *due = &cosigned->due[cosigned->count++];

    assert_memory_equal(cosignature->key, due->key, KEY_SIZE);
    assert_memory_equal(cosignature->signature, due->signature, SIGNATURE_SIZE);
    assert_int_equal(cosignature->epoch, due->epoch);
    assert_true(cosignature->size == due->size && cosignature->time_s == due->time_s);
    return 0;
}

/* One a witness: the latest replaces the one before; by ascending key; of this history alone. */
static void cosignatures_of_witnesses(void **state)
{
    struct fixture *fixture = *state;
    struct store_cosignature rows[3], found;
    struct store_history other;
    struct cosigned cosigned = {rows, 0};

    memset(rows, 0, sizeof(rows));
    memset(&found, 0, sizeof(found));
    for (unsigned i = 0; i < 3; i++) {
        memset(rows[i].key, (int) (1 + i), KEY_SIZE);
        memset(rows[i].signature, (int) (9 + i), SIGNATURE_SIZE);
        rows[i].epoch = 7;
        rows[i].size = 100 + i;
        rows[i].time_s = INT64_MAX - i;
    }
    assert_int_equal(store_history_create(fixture->txn, OTHER_ID, &other), 0);
    assert_int_equal(store_cosignature_get(fixture->txn, &fixture->history, rows[0].key, &found), ERR_NOT_FOUND);
    for (unsigned i = 3; i-- > 0;)
        assert_int_equal(store_cosignature_put(fixture->txn, &fixture->history, &rows[i]), 0);
    assert_int_equal(store_cosignature_put(fixture->txn, &other, &rows[1]), 0);
    rows[1].size = UINT64_MAX;
    rows[1].epoch = UINT32_MAX;
    assert_int_equal(store_cosignature_put(fixture->txn, &fixture->history, &rows[1]), 0);
    reopen(fixture, false);
    assert_int_equal(store_cosignature_get(fixture->txn, &fixture->history, rows[1].key, &found), 0);
    assert_int_equal(found.size, UINT64_MAX);
    assert_int_equal(store_cosignatures_each(fixture->txn, &fixture->history, cosigned_next, &cosigned), 0);
    assert_int_equal(cosigned.count, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(meta_values),
        TEST(terms_rise),
        TEST(histories),
        TEST(events_texts_and_nodes),
        TEST(an_event_out_of_order_is_refused),
        TEST(commands_and_their_expiry),
        TEST(notes_of_checkpoints),
        TEST(cosignatures_of_witnesses),
        TEST(views),
        TEST(the_first_error_sticks),
        TEST(readers_see_their_own_moment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
