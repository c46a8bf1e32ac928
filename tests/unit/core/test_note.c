/* Signed notes and checkpoints: what we write, and what we refuse to read. The published notes are read by
 * tests/cases/vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/note.h"

/* Made with Python's hashlib and base64, and PyNaCl, from the seed 00 01 .. 1f. */
#define ORIGIN "comity/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1"
#define DASH "\xE2\x80\x94 "
static const char KNOWN[] =
    ORIGIN "\n42\nVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU=\n\n" DASH ORIGIN
           " GNrCpyawIypW3DLbSM/aMQLK7vx3P23V0NyhKxBBqT06aTokliASzysrStqrITK/Mx9sclkp4Eu5oskZFurt4AqQcAg=\n";

static struct signing_key key, other_key;
static struct checkpoint checkpoint;

static int setup(void **state)
{
    (void) state;
    uint8_t seed[SEED_SIZE], history[HISTORY_ID_SIZE];
    if (key_init() != 0)
        return -1;
    for (uint8_t i = 0; i < SEED_SIZE; i++)
        seed[i] = i;
    signing_key_from_seed(seed, &key);
    signing_key_generate(&other_key);
    memset(history, 0xAA, sizeof(history));
    checkpoint_origin(history, 1, checkpoint.origin);
    checkpoint.size = 42;
    memset(checkpoint.root, 0x55, HASH_SIZE);
    return 0;
}

static void test_known_checkpoint(void **state)
{
    (void) state;
    char buffer[CHECKPOINT_MAX_BYTES];
    size_t size = checkpoint_sign(&checkpoint, &key, buffer);
    assert_int_equal(size, strlen(KNOWN));
    assert_string_equal(buffer, KNOWN);
    struct checkpoint back;
    assert_int_equal(checkpoint_open(BYTES(buffer, size), key.public_key, &back), 0);
    assert_string_equal(back.origin, ORIGIN);
    assert_int_equal(back.size, 42);
    assert_memory_equal(back.root, checkpoint.root, HASH_SIZE);
    assert_int_equal(checkpoint_open(BYTES(buffer, size), other_key.public_key, &back), ERR_SIGNATURE);
}

/* Whether it fits or not, and whoever else has signed. */
static void test_which_key_a_checkpoint_names(void **state)
{
    (void) state;
    static const char TEXT[] = ORIGIN "\n42\nVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU=\n";
    char line[NOTE_LINE_MAX_BYTES + 1], note[1024];
    struct note_verifier verifier;
    uint32_t key_id = 7;
    assert_int_equal(note_verifier_make(ORIGIN, NOTE_SIGNATURE, key.public_key, &verifier), 0);
    assert_int_equal(checkpoint_key_id(BYTES(KNOWN, strlen(KNOWN)), &key_id), 0);
    assert_int_equal(key_id, verifier.key_id);
    snprintf(note, sizeof(note), "%s", KNOWN);
    strstr(note, "\n42\n")[1] = '3';
    note_sign_line(BYTES(TEXT, strlen(TEXT)), "witness.example/w1", &other_key, line);
    strcat(note, line);
    key_id = 7;
    assert_int_equal(checkpoint_key_id(BYTES(note, strlen(note)), &key_id), 0);
    assert_int_equal(key_id, verifier.key_id);
    snprintf(note, sizeof(note), "%s\n%s", TEXT, line);
    assert_int_equal(checkpoint_key_id(BYTES(note, strlen(note)), &key_id), ERR_MALFORMED);
    assert_int_equal(checkpoint_key_id(BYTES(TEXT, strlen(TEXT)), &key_id), ERR_MALFORMED);
}

static void test_sizes_and_epochs(void **state)
{
    (void) state;
    static const uint64_t SIZES[] = {0, 1, 9, 10, 1000000, UINT64_MAX};
    uint8_t history[HISTORY_ID_SIZE] = {0};
    for (size_t i = 0; i < ARRAY_COUNT(SIZES); i++) {
        struct checkpoint sample = checkpoint, back;
        char buffer[CHECKPOINT_MAX_BYTES];
        checkpoint_origin(history, UINT32_MAX, sample.origin);
        sample.size = SIZES[i];
        size_t size = checkpoint_sign(&sample, &key, buffer);
        assert_true(size < CHECKPOINT_MAX_BYTES);
        assert_int_equal(checkpoint_open(BYTES(buffer, size), key.public_key, &back), 0);
        assert_true(back.size == SIZES[i]);
        assert_string_equal(back.origin, sample.origin);
    }
}

static void test_every_byte_is_bound(void **state)
{
    (void) state;
    char buffer[CHECKPOINT_MAX_BYTES];
    struct checkpoint back = {.size = 77};
    size_t size = checkpoint_sign(&checkpoint, &key, buffer);
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            buffer[i] = (char) (buffer[i] ^ 1 << bit);
            int code = checkpoint_open(BYTES(buffer, size), key.public_key, &back);
            assert_true(code == ERR_MALFORMED || code == ERR_SIGNATURE);
            buffer[i] = (char) (buffer[i] ^ 1 << bit);
        }
    }
    for (size_t cut = 0; cut < size; cut++)
        assert_int_not_equal(checkpoint_open(BYTES(buffer, cut), key.public_key, &back), 0);
    assert_int_equal(back.size, 77);
}

static void test_a_checkpoint_signed_under_another_name(void **state)
{
    (void) state;
    static const char TEXT[] = ORIGIN "\n42\nVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU=\n";
    char line[NOTE_LINE_MAX_BYTES + 1], note[1024];
    struct checkpoint back;
    assert_true(note_sign_line(BYTES(TEXT, strlen(TEXT)), "witness.example/w1", &key, line) > 0);
    snprintf(note, sizeof(note), "%s\n%s", TEXT, line);
    assert_int_equal(checkpoint_open(BYTES(note, strlen(note)), key.public_key, &back), ERR_SIGNATURE);

    /* Beside the log's own line a witness may sign as well. */
    char own[NOTE_LINE_MAX_BYTES + 1];
    note_sign_line(BYTES(TEXT, strlen(TEXT)), ORIGIN, &key, own);
    snprintf(note, sizeof(note), "%s\n%s%s", TEXT, line, own);
    assert_int_equal(checkpoint_open(BYTES(note, strlen(note)), key.public_key, &back), 0);
    /* An extension line is read over, and bound. */
    static const char EXTENDED[] = ORIGIN "\n42\nVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU=\nextension\n";
    note_sign_line(BYTES(EXTENDED, strlen(EXTENDED)), ORIGIN, &key, own);
    snprintf(note, sizeof(note), "%s\n%s", EXTENDED, own);
    assert_int_equal(checkpoint_open(BYTES(note, strlen(note)), key.public_key, &back), 0);
    snprintf(note, sizeof(note), "%s\n%s", TEXT, own);
    assert_int_equal(checkpoint_open(BYTES(note, strlen(note)), key.public_key, &back), ERR_SIGNATURE);
}

/* A checkpoint has one text: what stands for no digit of base64 is not taken for one, however well it is signed. */
static void test_a_root_in_another_form(void **state)
{
    (void) state;
    static const char *const ROOTS[] = {"//////////////////////////////////////////8=",
                                        "\xFF/////////////////////////////////////////8="};
    for (size_t i = 0; i < ARRAY_COUNT(ROOTS); i++) {
        char text[CHECKPOINT_MAX_BYTES], line[NOTE_LINE_MAX_BYTES + 1], note[2 * CHECKPOINT_MAX_BYTES];
        struct checkpoint back;
        int size = snprintf(text, sizeof(text), ORIGIN "\n42\n%s\n", ROOTS[i]);
        assert_true(note_sign_line(BYTES(text, (size_t) size), ORIGIN, &key, line) > 0);
        int whole = snprintf(note, sizeof(note), "%s\n%s", text, line);
        assert_int_equal(checkpoint_open(BYTES(note, (size_t) whole), key.public_key, &back), i == 0 ? 0 : ERR_MALFORMED);
        assert_int_equal(checkpoint_read(BYTES(text, (size_t) size), &back), i == 0 ? 0 : ERR_MALFORMED);
    }
}

static void test_verifier_keys(void **state)
{
    (void) state;
    struct note_verifier verifier;
    static const char GOOD[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_int_equal(note_verifier_read(GOOD, &verifier), 0);
    assert_string_equal(verifier.name, "PeterNeumann");
    assert_int_equal(verifier.key_id, 0xc74f20a3);
    static const char *const BAD[] = {
        "",
        "+",
        "++",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a3+",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+0c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    };
    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++)
        assert_int_equal(note_verifier_read(BAD[i], &verifier), ERR_MALFORMED);

    static const char *const BAD_NAMES[] = {"",
                                            "a b",
                                            "a+b",
                                            "a\tb",
                                            "a\xC2\xA0"
                                            "b",
                                            "a\xE3\x80\x80",
                                            "\xFF",
                                            "a234567890123456789012345678901234567890123456789012345678901234"
                                            "5678901234567890123456789012345678901234567890"
                                            "123456789012345678"};
    for (size_t i = 0; i < ARRAY_COUNT(BAD_NAMES); i++)
        assert_int_equal(note_verifier_make(BAD_NAMES[i], NOTE_SIGNATURE, key.public_key, &verifier), ERR_MALFORMED);
    assert_int_equal(note_verifier_make("gr\xC3\xBC\xC3\x9F"
                                        "e",
                                        NOTE_SIGNATURE, key.public_key, &verifier),
                     0);
}

enum { SIGNERS = 3 };

static void test_signatures_of_several(void **state)
{
    (void) state;
    static const char TEXT[] = "one\n\ntwo paragraphs\n";
    struct bytes text = BYTES(TEXT, strlen(TEXT));
    struct signing_key keys[SIGNERS];
    struct note_verifier verifiers[SIGNERS];
    char lines[SIGNERS][NOTE_LINE_MAX_BYTES + 1];
    static const char *const NAMES[SIGNERS] = {"a.example", "b.example", "c.example"};
    for (size_t i = 0; i < SIGNERS; i++) {
        signing_key_generate(&keys[i]);
        assert_int_equal(note_verifier_make(NAMES[i], NOTE_SIGNATURE, keys[i].public_key, &verifiers[i]), 0);
        note_sign_line(text, NAMES[i], &keys[i], lines[i]);
    }
    char note[2048];
    struct bytes opened;
    size_t verified = 77;
    snprintf(note, sizeof(note), "%s\n%s%s%s", TEXT, lines[0], lines[1], lines[0]);
    struct bytes bytes = BYTES(note, strlen(note));
    assert_int_equal(note_open(bytes, verifiers, SIGNERS, &opened, &verified), 0);
    assert_int_equal(verified, 2);
    assert_true(bytes_equal(opened, text));
    assert_int_equal(note_open(bytes, verifiers + 1, 2, &opened, &verified), 0);
    assert_int_equal(verified, 1);
    assert_int_equal(note_open(bytes, verifiers + 2, 1, &opened, &verified), ERR_SIGNATURE);
    assert_int_equal(note_open(bytes, NULL, 0, &opened, &verified), ERR_SIGNATURE);

    struct note_verifier twice[] = {verifiers[0], verifiers[1], verifiers[0]};
    assert_int_equal(note_open(bytes, twice, 3, &opened, &verified), ERR_DUPLICATE);

    /* A bad signature by a known key spoils the note, though another is good. */
    char *at = strstr(note, lines[1]) + strlen(DASH "b.example ") + 20;
    *at = *at == 'A' ? 'B' : 'A';
    assert_int_equal(note_open(bytes, verifiers, SIGNERS, &opened, &verified), ERR_SIGNATURE);
    assert_int_equal(note_open(bytes, verifiers, 1, &opened, &verified), 0);
}

static void test_a_limit_on_signatures(void **state)
{
    (void) state;
    static const char TEXT[] = "many\n";
    static char note[NOTE_MAX_BYTES + 1000];
    struct note_verifier verifier;
    char line[NOTE_LINE_MAX_BYTES + 1];
    struct bytes opened;
    size_t verified;
    note_verifier_make("n", NOTE_SIGNATURE, key.public_key, &verifier);
    note_sign_line(BYTES(TEXT, strlen(TEXT)), "n", &key, line);
    for (int count = NOTE_SIGNATURES_MAX; count <= NOTE_SIGNATURES_MAX + 1; count++) {
        int at = snprintf(note, sizeof(note), "%s\n", TEXT);
        for (int i = 1; i < count; i++)
            at += snprintf(note + at, sizeof(note) - (size_t) at, DASH "s%d AAAAAAA=\n", i);
        at += snprintf(note + at, sizeof(note) - (size_t) at, "%s", line);
        assert_int_equal(note_open(BYTES(note, (size_t) at), &verifier, 1, &opened, &verified),
                         count <= NOTE_SIGNATURES_MAX ? 0 : ERR_MALFORMED);
    }
    /* One byte more than allowed. */
    memset(note, 'x', sizeof(note));
    int tail = (int) strlen(line) + 2;
    size_t start = NOTE_MAX_BYTES + 1 - (size_t) tail;
    snprintf(note + start, sizeof(note) - start, "\n\n%s", line);
    assert_int_equal(note_open(BYTES(note, NOTE_MAX_BYTES + 1), &verifier, 1, &opened, &verified),
                     ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_checkpoint),
        cmocka_unit_test(test_which_key_a_checkpoint_names),
        cmocka_unit_test(test_sizes_and_epochs),
        cmocka_unit_test(test_every_byte_is_bound),
        cmocka_unit_test(test_a_checkpoint_signed_under_another_name),
        cmocka_unit_test(test_a_root_in_another_form),
        cmocka_unit_test(test_verifier_keys),
        cmocka_unit_test(test_signatures_of_several),
        cmocka_unit_test(test_a_limit_on_signatures),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
