/* Damage to the data file: bits that flip, values that change places. Nothing wrong is ever served. The
 * control, built without the checksums, must serve something wrong. */
#include "damage.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/error.h"

enum { FLIPS = 600 };

struct fixture {
    char directory[SCRATCH_PATH_MAX];
    char damaged[SCRATCH_PATH_MAX];
    char from[SCRATCH_PATH_MAX];
    char to[SCRATCH_PATH_MAX];
    struct answer truths[DAMAGE_PROBES];
    uint64_t used; /* the file goes on, with room in reserve */
    struct tally *tally;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct store *store;
    uint64_t limit;

    scratch_make(fixture->directory);
    scratch_make(fixture->damaged);
    scratch_join(fixture->directory, "data.mdb", fixture->from);
    scratch_join(fixture->damaged, "data.mdb", fixture->to);
    store = scratch_store(fixture->directory, DAMAGE_MAP_BYTES);
    damage_fill(store);
    damage_change(store, 0); /* each of LMDB's two pages of roots leads to something */
    damage_change(store, 1);
    for (unsigned probe = 0; probe < DAMAGE_PROBES; probe++) {
        damage_probe(store, probe, arena, &fixture->truths[probe]);
        assert_int_equal(fixture->truths[probe].code, 0);
    }
    store_usage(store, &fixture->used, &limit);
    store_close(&store);
    damage_copy(fixture->directory, fixture->damaged, "keys");
    damage_copy(fixture->directory, fixture->damaged, "writer.lock");
    arena_destroy(&arena);
    fixture->tally = damage_tally_new();
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    munmap(fixture->tally, sizeof(*fixture->tally));
    scratch_remove(fixture->directory);
    scratch_remove(fixture->damaged);
    free(fixture);
    return 0;
}

static void flip(const char *path, uint64_t place, unsigned bit)
{
    int descriptor = open(path, O_RDWR);
    uint8_t byte;

    assert_true(descriptor >= 0);
    assert_int_equal(pread(descriptor, &byte, 1, (off_t) place), 1);
    byte ^= (uint8_t) (1 << bit);
    assert_int_equal(pwrite(descriptor, &byte, 1, (off_t) place), 1);
    close(descriptor);
}

static void a_flipped_bit_is_never_served(void **state)
{
    struct fixture *fixture = *state;
    uint64_t random = 99;

    for (unsigned i = 0; i < FLIPS; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        scratch_copy_file(fixture->from, fixture->to);
        flip(fixture->to, (random >> 16) % fixture->used, (unsigned) (random >> 61));
        damage_trial(fixture->damaged, fixture->truths, fixture->tally);
    }
    damage_report("600 flipped bits", fixture->tally);
    damage_verdict(fixture->tally);
    if (!DAMAGE_IS_CONTROL) {
        assert_true(fixture->tally->detected > 0);
        assert_int_equal(fixture->tally->unnoticed, 0);
    }
}

/* The two pages of roots, by which LMDB finds all others, lie outside of every checksum. */
static void a_flipped_bit_in_a_page_of_roots_is_never_served(void **state)
{
    enum { PAGE = 4096, PAGES = 2, USED = 168, SPARSE = 997 };
    struct fixture *fixture = *state;
    unsigned flips = 0;
    char what[64];

    for (uint64_t page = 0; page < PAGES; page++)
        for (unsigned bit = 0; bit < 8 * PAGE; bit += bit < 8 * USED ? 1 : SPARSE, flips++) {
            unsigned wrong = fixture->tally->wrong;

            scratch_copy_file(fixture->from, fixture->to);
            flip(fixture->to, page * PAGE + bit / 8, bit % 8);
            damage_trial(fixture->damaged, fixture->truths, fixture->tally);
            if (!DAMAGE_IS_CONTROL && fixture->tally->wrong != wrong)
                fail_msg("bit %u of page %u was not noticed", bit, (unsigned) page);
        }
    snprintf(what, sizeof(what), "%u bits of the pages of roots", flips);
    damage_report(what, fixture->tally);
    damage_verdict(fixture->tally);
    if (!DAMAGE_IS_CONTROL)
        assert_int_equal(fixture->tally->unnoticed, 0);
}

/* Of each kind of page that LMDB has besides, three, byte by byte: all of them where COMITY_LONG is 1, else some. */
static void no_byte_of_any_kind_of_page_is_served_altered(void **state)
{
    enum { PAGE = 4096, FLAGS_AT = 10, BRANCH = 1, LEAF = 2, OVERFLOW_PAGES = 4, OF_EACH = 3, SPARSE = 89 };
    static const unsigned kinds[] = {BRANCH, LEAF, OVERFLOW_PAGES};
    const char *is_long = getenv("COMITY_LONG");
    const unsigned step = is_long != NULL && strcmp(is_long, "1") == 0 ? 1 : SPARSE;
    struct fixture *fixture = *state;
    int file = open(fixture->from, O_RDONLY);
    unsigned flips = 0;
    char what[64];

    for (size_t kind = 0; kind < ARRAY_COUNT(kinds); kind++) {
        unsigned pages = 0;

        for (uint64_t at = fixture->used - PAGE; at >= 2 * PAGE && pages < OF_EACH; at -= PAGE) {
            uint16_t flags;

            assert_int_equal(pread(file, &flags, sizeof(flags), (off_t) (at + FLAGS_AT)), sizeof(flags));
            if (flags != kinds[kind])
                continue;
            pages++;
            for (unsigned byte = pages % step; byte < PAGE; byte += step, flips++) {
                scratch_copy_file(fixture->from, fixture->to);
                flip(fixture->to, at + byte, (byte / step) % 8);
                damage_trial(fixture->damaged, fixture->truths, fixture->tally);
            }
        }
        assert_true(pages > 0);
    }
    close(file);
    snprintf(what, sizeof(what), "%u bytes of branches, leaves and overflows", flips);
    damage_report(what, fixture->tally);
    damage_verdict(fixture->tally);
    if (!DAMAGE_IS_CONTROL) {
        assert_true(fixture->tally->detected > 0);
        assert_int_equal(fixture->tally->unnoticed, 0);
    }
}

/* A file that is shorter than it was: errors, no death by SIGBUS. */
static void a_truncated_file_is_never_served(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned i = 1; i < 20; i++) {
        scratch_copy_file(fixture->from, fixture->to);
        assert_int_equal(truncate(fixture->to, (off_t) (fixture->used * i / 20)), 0);
        damage_trial(fixture->damaged, fixture->truths, fixture->tally);
    }
    damage_report("19 truncations", fixture->tally);
    if (!DAMAGE_IS_CONTROL)
        assert_int_equal(fixture->tally->wrong, 0);
    assert_true(fixture->tally->detected > 0);
}

/* Values in the wrong places, by whoever can write the file and keeps LMDB's structure. */

struct place {
    MDB_val key;
    MDB_val value;
};

static void place_find(MDB_txn *txn, MDB_dbi table, unsigned index, struct place *place)
{
    MDB_cursor *cursor;

    assert_int_equal(mdb_cursor_open(txn, table, &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &place->key, &place->value, MDB_FIRST), 0);
    for (unsigned i = 0; i < index; i++)
        assert_int_equal(mdb_cursor_get(cursor, &place->key, &place->value, MDB_NEXT), 0);
    mdb_cursor_close(cursor);
    place->key.mv_data = memcpy(malloc(place->key.mv_size), place->key.mv_data, place->key.mv_size);
    place->value.mv_data = memcpy(malloc(place->value.mv_size), place->value.mv_data, place->value.mv_size);
}

/* As a commit of the store's own would have it. */
static void commit_note(MDB_txn *txn, MDB_dbi meta)
{
    uint8_t value[16];
    MDB_val key = {6, (void *) (uintptr_t) "commit"}, row = {sizeof(value), value};

    put_u64(value + 8, mdb_txn_id(txn));
    put_u64(value, XXH3_64bits_withSeed(value + 8, 8, XXH3_64bits_withSeed(key.mv_data, key.mv_size, 1)));
    assert_int_equal(mdb_put(txn, meta, &key, &row, 0), 0);
}

/* Put the value of the a-th row of one table where the b-th of another is. */
static void misplace(const char *directory, const char *from, unsigned a, const char *to, unsigned b)
{
    struct place source;
    struct place target;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi from_table;
    MDB_dbi to_table;
    MDB_dbi meta;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, directory, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, from, 0, &from_table), 0);
    assert_int_equal(mdb_dbi_open(txn, to, 0, &to_table), 0);
    assert_int_equal(mdb_dbi_open(txn, "meta", 0, &meta), 0);
    commit_note(txn, meta);
    place_find(txn, from_table, a, &source);
    place_find(txn, to_table, b, &target);
    assert_int_equal(mdb_put(txn, to_table, &target.key, &source.value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    free(source.key.mv_data);
    free(source.value.mv_data);
    free(target.key.mv_data);
    free(target.value.mv_data);
}

/* Where the value of a row lies in the file: in use, and in copies that LMDB left where it split a page. */
struct places {
    uint64_t at[16];
    size_t count;
    size_t size; /* of the value */
};

static struct places value_places(const char *directory, const char *path, const char *table, unsigned index)
{
    size_t size = (size_t) scratch_file_size(path);
    uint8_t *data = malloc(size);
    FILE *file = fopen(path, "rb");
    struct places places = {.count = 0};
    struct place place;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;

    assert_non_null(file);
    assert_int_equal(fread(data, 1, size, file), size);
    fclose(file);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, directory, MDB_RDONLY, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    place_find(txn, dbi, index, &place);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    places.size = place.value.mv_size;
    for (size_t at = 0; at + places.size <= size; at++)
        if (data[at] == *(const uint8_t *) place.value.mv_data &&
            memcmp(data + at, place.value.mv_data, places.size) == 0 && places.count < ARRAY_COUNT(places.at))
            places.at[places.count++] = at;
    assert_true(places.count > 0);
    free(place.key.mv_data);
    free(place.value.mv_data);
    free(data);
    return places;
}

/* A text and its wrapped key, bit by bit: here the control has a second defence, which holds by itself. */
static void a_flipped_bit_in_a_text_or_its_key_is_never_served(void **state)
{
    static const char *const tables[] = {"text", "text-key"};
    struct fixture *fixture = *state;
    unsigned flips = 0;
    char what[64];

    for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
        for (unsigned row = 0; row < DAMAGE_EVENTS; row += 19) {
            struct places places = value_places(fixture->directory, fixture->from, tables[i], row);

            for (size_t bit = 0; bit<8 * places.size; bit += places.size> 1000 ? 997 : 5) {
                unsigned detected = fixture->tally->detected;

                scratch_copy_file(fixture->from, fixture->to);
                for (size_t k = 0; k < places.count; k++)
                    flip(fixture->to, places.at[k] + bit / 8, bit % 8);
                damage_trial(fixture->damaged, fixture->truths, fixture->tally);
                flips++;
                if (!DAMAGE_IS_CONTROL && fixture->tally->detected == detected)
                    fail_msg("bit %zu of row %u of %s was not noticed", bit, row, tables[i]);
            }
        }
    }
    snprintf(what, sizeof(what), "%u bits of texts and their keys", flips);
    damage_report(what, fixture->tally);
    assert_true(fixture->tally->right > 0 && fixture->tally->detected > 0);
    assert_int_equal(fixture->tally->wrong, 0);
}

static void a_value_in_another_place_is_never_served(void **state)
{
    static const struct {
        const char *from;
        unsigned a;
        const char *to;
        unsigned b;
    } moves[] = {
        {"event", 3, "event", 4},     {"event", 0, "event", 59},     {"text", 1, "text", 2},
        {"command", 5, "command", 6}, {"command", 1, "command", 9},  {"node", 0, "node", 1},
        {"state", 7, "state", 8},     {"state", 7, "meta", 4},       {"node", 2, "text", 5},
        {"meta", 1, "meta", 4},       {"checkpoint", 0, "state", 0}, {"text-key", 1, "text-key", 2},
        {"text-key", 3, "text", 4},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ARRAY_COUNT(moves); i++) {
        struct tally before = *fixture->tally;

        scratch_copy_file(fixture->from, fixture->to);
        misplace(fixture->damaged, moves[i].from, moves[i].a, moves[i].to, moves[i].b);
        damage_trial(fixture->damaged, fixture->truths, fixture->tally);
        if (!DAMAGE_IS_CONTROL && fixture->tally->detected == before.detected)
            fail_msg("%s %u in the place of %s %u was not noticed", moves[i].from, moves[i].a, moves[i].to,
                     moves[i].b);
    }
    damage_report("13 misplaced values", fixture->tally);
    damage_verdict(fixture->tally);
    if (!DAMAGE_IS_CONTROL) {
        assert_int_equal(fixture->tally->absent, 0);
        assert_int_equal(fixture->tally->died, 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_flipped_bit_is_never_served),
        TEST(a_flipped_bit_in_a_text_or_its_key_is_never_served),
        TEST(a_flipped_bit_in_a_page_of_roots_is_never_served),
        TEST(no_byte_of_any_kind_of_page_is_served_altered),
        TEST(a_truncated_file_is_never_served),
        TEST(a_value_in_another_place_is_never_served),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
