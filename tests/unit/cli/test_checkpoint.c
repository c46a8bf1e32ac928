/* What two readers compare: a fingerprint, and the note within what was sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "client/cli/checkpoint.h"
#include "core/note.h"

static const uint8_t HISTORY[HISTORY_ID_SIZE] = {1, 2, 3};

static struct comity_checkpoint checkpoint_of(uint32_t epoch, uint64_t size, uint8_t root)
{
    struct comity_checkpoint checkpoint = {.epoch = epoch, .size = size};

    memset(checkpoint.root, root, HASH_SIZE);
    return checkpoint;
}

/* By python3: hashlib.sha256(b"comity/v1/fingerprint\0" + b"comity/0102030000...00/1\0" + (214).to_bytes(8,
 * "big") + b"\7" * 32) */
static void test_fingerprint(void **state)
{
    struct comity_checkpoint same = checkpoint_of(1, 214, 7);
    struct comity_checkpoint others[] = {checkpoint_of(2, 214, 7), checkpoint_of(1, 215, 7),
                                         checkpoint_of(1, 214, 8)};
    uint8_t other_history[HISTORY_ID_SIZE] = {1, 2, 4};
    char text[CHECKPOINT_FINGERPRINT_SIZE], other[CHECKPOINT_FINGERPRINT_SIZE];

    (void) state;
    checkpoint_fingerprint(HISTORY, &same, text);
    assert_string_equal(text, "93051 02858 60262 93034 45594 99144 69176 01551");
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        checkpoint_fingerprint(HISTORY, &others[i], other);
        assert_string_not_equal(text, other);
    }
    checkpoint_fingerprint(other_history, &same, other);
    assert_string_not_equal(text, other);
}

/* What people send has a greeting above it, and more below. */
static void test_find(void **state)
{
    struct signing_key key;
    struct checkpoint checkpoint = {.size = 214};
    char note[CHECKPOINT_MAX_BYTES], text[4096];
    uint8_t other_history[HISTORY_ID_SIZE] = {1, 2, 4};
    struct bytes found;

    (void) state;
    assert_int_equal(key_init(), 0);
    signing_key_generate(&key);
    checkpoint_origin(HISTORY, 1790000000, checkpoint.origin);
    size_t size = checkpoint_sign(&checkpoint, &key, note);
    snprintf(text, sizeof(text), "Hello Ben,\n\nVerified up to number 214.\n\n%.*s\nSee you,\nAda\n",
             (int) size, note);
    assert_int_equal(checkpoint_find(BYTES(text, strlen(text)), HISTORY, &found), 0);
    assert_int_equal(found.size, size);
    assert_memory_equal(found.data, note, size);
    assert_int_equal(checkpoint_find(BYTES(note, size), HISTORY, &found), 0);
    assert_int_equal(checkpoint_find(BYTES(text, strlen(text)), other_history, &found), ERR_NOT_FOUND);
    for (size_t cut = 0; cut < size; cut++) /* whatever is left: never past its end */
        if (checkpoint_find(BYTES(note, cut), HISTORY, &found) == 0)
            assert_true(found.data + found.size <= (const uint8_t *) note + cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fingerprint), cmocka_unit_test(test_find)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
