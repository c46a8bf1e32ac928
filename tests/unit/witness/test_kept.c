/* What a witness keeps: as a text and as a file, whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/witness/kept.h"
#include "core/error.h"

static struct signing_key log_key, next_key;
static char directory[64];

static int setup(void **state)
{
    (void) state;
    const char *temporary = getenv("TMPDIR");
    snprintf(directory, sizeof(directory), "%.40s/comity-XXXXXX", temporary ? temporary : "/tmp");
    if (key_init() != 0 || !mkdtemp(directory))
        return -1;
    signing_key_generate(&log_key);
    signing_key_generate(&next_key);
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", directory);
    return system(command);
}

static struct kept sample(uint64_t size)
{
    struct kept kept;
    struct checkpoint checkpoint = {.size = size};
    char note[CHECKPOINT_MAX_BYTES];
    uint8_t history[HISTORY_ID_SIZE], signature[SIGNATURE_SIZE];
    memset(history, 5, sizeof(history));
    memset(signature, 6, sizeof(signature));
    memset(checkpoint.root, 7, sizeof(checkpoint.root));
    kept_init(&kept, history, log_key.public_key);
    if (size == 0)
        return kept;
    kept.epoch = 1800000000;
    checkpoint_origin(history, kept.epoch, checkpoint.origin);
    kept_take(&kept, BYTES(note, checkpoint_sign(&checkpoint, &log_key, note)), &checkpoint, 1900000000, signature);
    return kept;
}

static struct kept full(void)
{
    struct kept kept = sample(UINT64_MAX);
    kept.is_forgotten = true;
    memset(kept.evidence, 'x', KEPT_EVIDENCE_MAX);
    kept.fork_epoch = UINT32_MAX;
    struct checkpoint checkpoint = {.size = UINT64_MAX};
    char note[CHECKPOINT_MAX_BYTES];
    checkpoint_origin(kept.history, UINT32_MAX, checkpoint.origin);
    kept_note_epoch(&kept, UINT32_MAX, next_key.public_key, BYTES(note, checkpoint_sign(&checkpoint, &next_key, note)),
                    INT64_MAX);
    return kept;
}

/* An epoch that was accepted, and of which nothing was cosigned yet. */
static struct kept accepted(void)
{
    struct kept kept = full();
    assert_int_equal(kept_follow_next(&kept), 0);
    assert_false(kept.is_signed);
    assert_int_equal(kept.epoch, UINT32_MAX);
    assert_int_equal(kept.size, UINT64_MAX);
    assert_int_equal(kept.next_epoch, 0);
    return kept;
}

static void assert_same(const struct kept *a, const struct kept *b)
{
    char one[KEPT_TEXT_MAX], two[KEPT_TEXT_MAX];
    size_t size = kept_write(a, one);
    assert_int_equal(kept_write(b, two), size);
    assert_memory_equal(one, two, size);
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->root, b->root, HASH_SIZE);
}

static void test_it_comes_back(void **state)
{
    (void) state;
    struct kept samples[] = {sample(0), sample(1), sample(123456789), full(), accepted()};
    for (size_t i = 0; i < ARRAY_COUNT(samples); i++) {
        char text[KEPT_TEXT_MAX];
        struct kept back;
        size_t size = kept_write(&samples[i], text);
        assert_true(size < KEPT_TEXT_MAX);
        assert_int_equal(kept_read(BYTES(text, size), &back), 0);
        assert_same(&samples[i], &back);
    }
}

static void test_every_bit_counts(void **state)
{
    (void) state;
    struct kept kept = full(), back;
    char text[KEPT_TEXT_MAX];
    size_t size = kept_write(&kept, text);
    for (size_t i = 0; i < size * 8; i++) {
        text[i / 8] = (char) (text[i / 8] ^ 1 << i % 8);
        assert_int_equal(kept_read(BYTES(text, size), &back), ERR_CORRUPT);
        text[i / 8] = (char) (text[i / 8] ^ 1 << i % 8);
    }
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(kept_read(BYTES(text, cut), &back), ERR_CORRUPT);
    assert_int_equal(kept_read(BYTES(text, size), &back), 0);
}

static void test_as_a_file(void **state)
{
    (void) state;
    struct kept kept = sample(12), back;
    struct stat status;
    char path[256];
    assert_int_equal(kept_load(directory, kept.history, &back), ERR_NOT_FOUND);
    assert_int_equal(kept_save(directory, &kept), 0);
    assert_int_equal(kept_load(directory, kept.history, &back), 0);
    assert_same(&kept, &back);
    kept = full();
    assert_int_equal(kept_save(directory, &kept), 0);
    assert_int_equal(kept_load(directory, kept.history, &back), 0);
    assert_same(&kept, &back);

    char hex[2 * HISTORY_ID_SIZE + 1] = "";
    for (size_t i = 0; i < HISTORY_ID_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", kept.history[i]);
    snprintf(path, sizeof(path), "%s/%s", directory, hex);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(chmod(path, 0620), 0);
    assert_int_equal(kept_load(directory, kept.history, &back), ERR_FILE_MODE);
    assert_int_equal(chmod(path, 0600), 0);
    /* One that was left beside by a crash is of no account. */
    snprintf(path, sizeof(path), "%s/%s.new", directory, hex);
    FILE *beside = fopen(path, "w");
    assert_non_null(beside);
    fputs("half of a", beside);
    fclose(beside);
    assert_int_equal(kept_load(directory, kept.history, &back), 0);
    assert_int_equal(kept_save(directory, &kept), 0);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_of_another_history(void **state)
{
    (void) state;
    struct kept kept = sample(3), back;
    uint8_t other[HISTORY_ID_SIZE] = {1};
    char from[256], to[256];
    assert_int_equal(kept_save(directory, &kept), 0);
    snprintf(from, sizeof(from), "%s/", directory);
    snprintf(to, sizeof(to), "%s/", directory);
    for (size_t i = 0; i < HISTORY_ID_SIZE; i++) {
        snprintf(from + strlen(from), 3, "%02x", kept.history[i]);
        snprintf(to + strlen(to), 3, "%02x", other[i]);
    }
    assert_int_equal(link(from, to), 0);
    assert_int_equal(kept_load(directory, other, &back), ERR_CORRUPT);
}

static void test_no_directory(void **state)
{
    (void) state;
    struct kept kept = sample(3);
    int lock;
    assert_int_equal(kept_save("/there/is/none", &kept), ERR_FILE);
    assert_int_equal(kept_lock("/there/is/none", &lock), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_comes_back), cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_as_a_file),     cmocka_unit_test(test_of_another_history),
        cmocka_unit_test(test_no_directory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
