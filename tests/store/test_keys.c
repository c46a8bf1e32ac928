/* The file `keys`: without the right one, whole and closed to others, a store is not opened, and one sentence
 * says why and what to do. */
#include "scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

enum { MAP_BYTES = 32 * 1024 * 1024, SLOT = 4096, SLOT_USED = 64, SPARSE = 97 };

static const uint8_t ID[HISTORY_ID_SIZE] = "a history with one text in it..";

struct fixture {
    char parent[SCRATCH_PATH_MAX];
    char directory[SCRATCH_PATH_MAX];
    char keys[SCRATCH_PATH_MAX];
    char copy[SCRATCH_PATH_MAX]; /* of keys */
    uint8_t hash[HASH_SIZE];
    char reason[STORE_REASON_MAX];
};

static void text_append(struct store *store, const char *words, uint8_t ret_hash[HASH_SIZE])
{
    struct event_part part = {
        .kind = COMITY__V1__PART_KIND__PART_KIND_TEXT, .audience = 1, .content = BYTES(words, strlen(words))};
    struct event_header header = {.level = 1, .epoch = 1};
    struct store_history history;
    struct store_txn *txn;

    assert_int_equal(store_begin_write(store, &txn), 0);
    if (store_history_get(txn, ID, &history) != 0)
        assert_int_equal(store_history_create(txn, ID, &history), 0);
    header.sequence = history.head + 1;
    memcpy(header.history, ID, HISTORY_ID_SIZE);
    event_part_hash(&part);
    memcpy(ret_hash, part.hash, HASH_SIZE);
    event_commitment(&part, 1, header.commitment);
    assert_int_equal(store_event_append(txn, &history, &header, &part, 1), 0);
    assert_int_equal(store_commit(&txn), 0);
}

static void text_erase(struct store *store, const uint8_t hash[HASH_SIZE])
{
    struct store_history history;
    struct store_txn *txn;
    bool was_there;

    assert_int_equal(store_begin_write(store, &txn), 0);
    assert_int_equal(store_history_get(txn, ID, &history), 0);
    assert_int_equal(store_text_erase(txn, &history, hash, &was_there), 0);
    assert_int_equal(store_commit(&txn), 0);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct store *store;

    scratch_make(fixture->parent);
    scratch_join(fixture->parent, "data", fixture->directory);
    scratch_join(fixture->directory, "keys", fixture->keys);
    scratch_join(fixture->parent, "copy", fixture->copy);
    store = scratch_store(fixture->directory, MAP_BYTES);
    text_append(store, "Words that stand.", fixture->hash);
    store_close(&store);
    scratch_copy_file(fixture->keys, fixture->copy);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    scratch_remove(fixture->parent);
    free(fixture);
    return 0;
}

static int open_as(struct fixture *fixture, bool is_read_only)
{
    struct store_options options = {fixture->directory, MAP_BYTES, SCRATCH_GROUP, is_read_only};
    struct store *store = NULL;
    int code;

    fixture->reason[0] = '\0';
    code = store_open(&options, &store, fixture->reason);
    if (code == 0)
        code = store_verify(store, fixture->reason);
    store_close(&store);
    return code;
}

/* To write and to read, with the same sentence. */
static void refused(struct fixture *fixture, int expected, const char *words)
{
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(open_as(fixture, i == 1), expected);
        if (strstr(fixture->reason, words) == NULL || strstr(fixture->reason, "keys") == NULL ||
            fixture->reason[strlen(fixture->reason) - 1] != '.')
            fail_msg("no sentence with \"%s\": %s", words, fixture->reason);
    }
}

static void flip(const char *path, off_t place, unsigned bit)
{
    int descriptor = open(path, O_RDWR);
    uint8_t byte;

    assert_true(descriptor >= 0);
    assert_int_equal(pread(descriptor, &byte, 1, place), 1);
    byte ^= (uint8_t) (1 << bit);
    assert_int_equal(pwrite(descriptor, &byte, 1, place), 1);
    close(descriptor);
}

static void bytes_of(const char *path, uint8_t ret_bytes[2 * SLOT])
{
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    assert_int_equal(fread(ret_bytes, 1, 2 * SLOT, file), 2 * SLOT);
    fclose(file);
}

static void it_is_made_for_its_owner_alone(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    uint8_t bytes[2 * SLOT];

    assert_int_equal(stat(fixture->keys, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_size, 2 * SLOT);
    bytes_of(fixture->keys, bytes);
    assert_memory_equal(bytes + SLOT, "CMTYKEYS", 8); /* generation 1 lies in slot 1 */
    for (unsigned i = 0; i < SLOT; i++)
        assert_int_equal(bytes[i], 0);
    assert_int_equal(chmod(fixture->keys, 0640), 0);
    refused(fixture, ERR_FILE_MODE, "chmod 600");
    assert_int_equal(chmod(fixture->keys, 0600), 0);
    assert_int_equal(open_as(fixture, false), 0);
}

static void without_it_nothing_opens(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(unlink(fixture->keys), 0);
    refused(fixture, ERR_FILE, "is missing: without it no text");
    assert_int_equal(access(fixture->keys, F_OK), -1); /* and no new one is made in its place */
    scratch_copy_file(fixture->copy, fixture->keys);
    assert_int_equal(open_as(fixture, false), 0);
}

static void each_flipped_bit_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    unsigned flips = 0;

    for (unsigned bit = 0; bit < 8 * SLOT; bit += bit < 8 * SLOT_USED ? 1 : SPARSE) {
        flip(fixture->keys, SLOT + bit / 8, bit % 8);
        refused(fixture, ERR_CORRUPT, "is damaged");
        flip(fixture->keys, SLOT + bit / 8, bit % 8);
        flips++;
    }
    printf("%u flipped bits of the slot in force: all noticed\n", flips);
    assert_int_equal(open_as(fixture, false), 0);
}

static void a_torn_file_is_noticed(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned size = 0; size < 2 * SLOT; size += size < SLOT ? 512 : size < SLOT + SLOT_USED ? 1 : 512) {
        scratch_copy_file(fixture->copy, fixture->keys);
        assert_int_equal(truncate(fixture->keys, size), 0);
        if (size >= SLOT + SLOT_USED) { /* past it there are zeros alone, and zeros are what is missing */
            assert_int_equal(open_as(fixture, false), 0);
            continue;
        }
        refused(fixture, ERR_CORRUPT, "is damaged");
    }
}

/* What a rotation that was cut short has left, or damage there: whoever writes overwrites it, whoever reads
 * lets it be. */
static void the_other_slot_is_cleared(void **state)
{
    struct fixture *fixture = *state;
    uint8_t bytes[2 * SLOT];

    for (off_t place = 0; place < SLOT; place += 511) {
        flip(fixture->keys, place, 3);
        assert_int_equal(open_as(fixture, true), 0);
        bytes_of(fixture->keys, bytes);
        assert_int_equal(bytes[place], 1 << 3);
        assert_int_equal(open_as(fixture, false), 0);
        bytes_of(fixture->keys, bytes);
        assert_int_equal(bytes[place], 0);
    }
}

static void another_stores_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char other[SCRATCH_PATH_MAX];
    char keys[SCRATCH_PATH_MAX];
    struct store *store;

    scratch_join(fixture->parent, "other", other);
    scratch_join(other, "keys", keys);
    store = scratch_store(other, MAP_BYTES);
    store_close(&store);
    scratch_copy_file(keys, fixture->keys);
    refused(fixture, ERR_CORRUPT, "belongs to another store");
    scratch_copy_file(fixture->copy, fixture->keys);
    assert_int_equal(open_as(fixture, false), 0);
}

static void an_older_copy_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = scratch_store(fixture->directory, MAP_BYTES);
    uint8_t hash[HASH_SIZE];

    for (unsigned erasures = 1; erasures <= 2; erasures++) {
        text_append(store, "Words that go.", hash);
        text_erase(store, hash);
        store_close(&store);
        assert_int_equal(open_as(fixture, false), 0);
        scratch_join(fixture->parent, "newer", fixture->reason);
        rename(fixture->keys, fixture->reason);
        scratch_copy_file(fixture->copy, fixture->keys);
        refused(fixture, ERR_CORRUPT, "an older copy");
        scratch_join(fixture->parent, "newer", fixture->reason);
        rename(fixture->reason, fixture->keys);
        store = scratch_store(fixture->directory, MAP_BYTES);
    }
    store_close(&store);
}

/* An erasure whose file was changed under it is refused, and nothing was done. */
static void an_erasure_looks_before_it_writes(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = scratch_store(fixture->directory, MAP_BYTES);
    struct store_history history;
    struct store_txn *txn;
    bool was_there;

    flip(fixture->keys, SLOT + 20, 0);
    assert_int_equal(store_begin_write(store, &txn), 0);
    assert_int_equal(store_history_get(txn, ID, &history), 0);
    assert_int_equal(store_text_erase(txn, &history, fixture->hash, &was_there), 0);
    assert_int_equal(store_commit(&txn), ERR_CORRUPT);
    flip(fixture->keys, SLOT + 20, 0);
    assert_int_equal(store_verify(store, fixture->reason), 0);
    text_erase(store, fixture->hash);
    store_close(&store);
    assert_int_equal(open_as(fixture, false), 0);
}

/* A creation that was cut short, or a data.mdb that was moved away: what is whole is never overwritten. */
static void one_without_a_store_is_taken_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    char data[SCRATCH_PATH_MAX];
    char away[SCRATCH_PATH_MAX];
    uint8_t before[2 * SLOT];
    uint8_t after[2 * SLOT];

    scratch_join(fixture->directory, "data.mdb", data);
    scratch_join(fixture->parent, "away", away);
    assert_int_equal(rename(data, away), 0);
    bytes_of(fixture->keys, before);
    assert_int_equal(open_as(fixture, false), 0);
    bytes_of(fixture->keys, after);
    assert_memory_equal(before, after, sizeof(before));
    assert_int_equal(rename(away, data), 0);
    assert_int_equal(open_as(fixture, false), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(it_is_made_for_its_owner_alone),
        TEST(without_it_nothing_opens),
        TEST(each_flipped_bit_is_noticed),
        TEST(a_torn_file_is_noticed),
        TEST(the_other_slot_is_cleared),
        TEST(another_stores_is_refused),
        TEST(an_older_copy_is_refused),
        TEST(an_erasure_looks_before_it_writes),
        TEST(one_without_a_store_is_taken_as_it_is),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
