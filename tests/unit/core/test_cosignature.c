/* Cosignatures of witnesses (C2SP tlog-cosignature, "cosignature/v1"): what we make is what others make, and whatever was
 * altered is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/note.h"

#define DASH "\xE2\x80\x94 "
#define ORIGIN "comity/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1"
static const char TEXT[] = ORIGIN "\n42\nVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU=\n";
static const char NAME[] = "labour-box";

/* Made with Python's hashlib, base64 and struct, and PyNaCl, from the seed 00 01 .. 1f. */
static const char VERIFIER[] = "labour-box+7986e0f3+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
static const struct {
    int64_t time_s;
    const char *line;
} KNOWN[] = {
    {1679315147, DASH "labour-box eYbg8wAAAABkGFDLuUbXXu97r8GPww1l0hfRXRqSCfvE1CBp/"
                      "w1HtBKK7Xqak4E/5EntiTs344Ra4hJ68jTrG103LWNXHrvVwFfyDQ==\n"},
    {0, DASH "labour-box "
             "eYbg8wAAAAAAAAAAOMtCMllAj9XWBQzZir/wP6RW0nNbG+WUiY3ATTexr0/"
             "46iGXdC6hcbcSNG47Sb67nzFCKwqrR/jo26cuKapjCw==\n"},
    {INT64_MAX, DASH "labour-box eYbg83//////////dmwmaWfHFF3tnolE+4Z1fj1UaSvluks3Yx5pxdPXHFi6uH9JITBrPlksBPUdxg0TSI"
                     "dxZGEBhz0PkVppChrECA==\n"},
};

static struct signing_key key, other_key;
static struct bytes text;

static int setup(void **state)
{
    (void) state;
    uint8_t seed[SEED_SIZE];
    if (key_init() != 0)
        return -1;
    for (uint8_t i = 0; i < SEED_SIZE; i++)
        seed[i] = i;
    signing_key_from_seed(seed, &key);
    signing_key_generate(&other_key);
    text = BYTES(TEXT, strlen(TEXT));
    return 0;
}

static struct bytes all_of(const uint8_t signature[SIGNATURE_SIZE])
{
    return BYTES(signature, SIGNATURE_SIZE);
}

static void test_the_lines_that_others_make(void **state)
{
    (void) state;
    struct note_verifier verifier;
    char written[NOTE_VERIFIER_MAX_BYTES + 1];
    assert_int_equal(note_verifier_read(VERIFIER, &verifier), 0);
    assert_int_equal(verifier.kind, NOTE_COSIGNATURE);
    assert_memory_equal(verifier.public_key, key.public_key, KEY_SIZE);
    note_verifier_write(&verifier, written);
    assert_string_equal(written, VERIFIER);
    for (size_t i = 0; i < ARRAY_COUNT(KNOWN); i++) {
        uint8_t signature[SIGNATURE_SIZE];
        char line[NOTE_LINE_MAX_BYTES + 1], note[1024];
        struct bytes opened;
        size_t verified;
        cosignature_make(text, KNOWN[i].time_s, &key, signature);
        assert_int_equal(cosignature_check(key.public_key, text, KNOWN[i].time_s, all_of(signature)), 0);
        size_t size = cosignature_line(NAME, key.public_key, KNOWN[i].time_s, signature, line);
        assert_int_equal(size, strlen(KNOWN[i].line));
        assert_string_equal(line, KNOWN[i].line);
        snprintf(note, sizeof(note), "%s\n%s", TEXT, KNOWN[i].line);
        assert_int_equal(note_open(BYTES(note, strlen(note)), &verifier, 1, &opened, &verified), 0);
        assert_int_equal(verified, 1);
        assert_true(bytes_equal(opened, text));
    }
}

/* Verifier keys as they stand in transparency-dev/formats (note_cosigv1_test.go). */
static void test_published_verifier_keys(void **state)
{
    (void) state;
    struct note_verifier verifier;
    assert_int_equal(
        note_verifier_read("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2", &verifier), 0);
    assert_int_equal(verifier.kind, NOTE_COSIGNATURE);
    assert_string_equal(verifier.name, "remora.n621.de");
    assert_int_equal(note_verifier_read("TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6", &verifier), 0);
    assert_int_equal(verifier.kind, NOTE_SIGNATURE);
    static const char *const BAD[] = {
        /* The id of the other kind, another kind, a key that is cut. */
        "labour-box+7986e0f3+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "labour-box+7986e0f3+BgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "labour-box+7986e0f3+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTE=",
        "labour-bix+7986e0f3+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    };
    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++)
        assert_int_equal(note_verifier_read(BAD[i], &verifier), ERR_MALFORMED);
}

/* The example of the specification: its keys are not published, its form is. */
static void test_the_form_of_the_specifications_example(void **state)
{
    (void) state;
    static const char NOTE[] =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" DASH
        "example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n" DASH
        "witness.example.com/w1 "
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    struct note_verifier verifier;
    struct bytes opened;
    size_t verified;
    assert_int_equal(note_verifier_make(NAME, NOTE_COSIGNATURE, key.public_key, &verifier), 0);
    assert_int_equal(note_open(BYTES(NOTE, strlen(NOTE)), &verifier, 1, &opened, &verified), ERR_SIGNATURE);
    /* As if the witness's key were ours: its line is found, and does not fit. */
    snprintf(verifier.name, sizeof(verifier.name), "witness.example.com/w1");
    verifier.key_id = 0x8d66cf3f;
    assert_int_equal(note_open(BYTES(NOTE, strlen(NOTE)), &verifier, 1, &opened, &verified), ERR_SIGNATURE);
}

static void test_everything_is_bound(void **state)
{
    (void) state;
    uint8_t signature[SIGNATURE_SIZE];
    char altered[sizeof(TEXT)];
    const int64_t time_s = 1800000000;
    cosignature_make(text, time_s, &key, signature);
    assert_int_equal(cosignature_check(other_key.public_key, text, time_s, all_of(signature)), ERR_SIGNATURE);
    for (int bit = 0; bit < 64; bit++) {
        int64_t other_s = (int64_t) ((uint64_t) time_s ^ UINT64_C(1) << bit);
        assert_int_equal(cosignature_check(key.public_key, text, other_s, all_of(signature)), ERR_SIGNATURE);
    }
    for (size_t i = 0; i < SIGNATURE_SIZE * 8; i++) {
        signature[i / 8] ^= (uint8_t) (1 << i % 8);
        assert_int_equal(cosignature_check(key.public_key, text, time_s, all_of(signature)), ERR_SIGNATURE);
        signature[i / 8] ^= (uint8_t) (1 << i % 8);
    }
    for (size_t i = 0; i < text.size * 8; i++) {
        memcpy(altered, TEXT, sizeof(TEXT));
        altered[i / 8] = (char) (altered[i / 8] ^ 1 << i % 8);
        assert_int_equal(cosignature_check(key.public_key, BYTES(altered, text.size), time_s, all_of(signature)),
                         ERR_SIGNATURE);
    }
    assert_int_equal(cosignature_check(key.public_key, text, time_s, BYTES(signature, 63)), ERR_SIGNATURE);
    assert_int_equal(cosignature_check(key.public_key, text, time_s, BYTES(signature, 0)), ERR_SIGNATURE);
    assert_int_equal(cosignature_check(key.public_key, text, time_s, all_of(signature)), 0);
}

/* A note's own signature is none of a witness, and the other way round, also by the same key. */
static void test_neither_stands_for_the_other(void **state)
{
    (void) state;
    struct note_verifier log, witness;
    uint8_t signature[SIGNATURE_SIZE];
    char own[NOTE_LINE_MAX_BYTES + 1], cosigned[NOTE_LINE_MAX_BYTES + 1], note[1024];
    struct bytes opened;
    size_t verified;
    struct checkpoint checkpoint;
    assert_int_equal(note_verifier_make(ORIGIN, NOTE_SIGNATURE, key.public_key, &log), 0);
    assert_int_equal(note_verifier_make(ORIGIN, NOTE_COSIGNATURE, key.public_key, &witness), 0);
    assert_int_not_equal(log.key_id, witness.key_id);
    cosignature_make(text, 1, &key, signature);
    note_sign_line(text, ORIGIN, &key, own);
    cosignature_line(ORIGIN, key.public_key, 1, signature, cosigned);

    snprintf(note, sizeof(note), "%s\n%s", TEXT, cosigned);
    struct bytes bytes = BYTES(note, strlen(note));
    assert_int_equal(note_open(bytes, &log, 1, &opened, &verified), ERR_SIGNATURE);
    assert_int_equal(note_open(bytes, &witness, 1, &opened, &verified), 0);
    assert_int_equal(checkpoint_open(bytes, key.public_key, &checkpoint), ERR_SIGNATURE);
    snprintf(note, sizeof(note), "%s\n%s", TEXT, own);
    bytes = BYTES(note, strlen(note));
    assert_int_equal(note_open(bytes, &witness, 1, &opened, &verified), ERR_SIGNATURE);
    assert_int_equal(checkpoint_open(bytes, key.public_key, &checkpoint), 0);
    assert_int_equal(cosignature_check(key.public_key, text, 1, BYTES(signature, 64)), 0);
    assert_int_equal(signature_check_raw(key.public_key, text, BYTES(signature, 64)), ERR_SIGNATURE);
}

enum { WITNESSES = 5 };

static void test_a_checkpoint_with_several_cosignatures(void **state)
{
    (void) state;
    struct signing_key keys[WITNESSES];
    struct note_verifier verifiers[1 + WITNESSES];
    char note[4096], name[32], line[NOTE_LINE_MAX_BYTES + 1];
    struct bytes opened;
    struct checkpoint checkpoint;
    size_t verified;
    note_sign_line(text, ORIGIN, &key, line);
    int at = snprintf(note, sizeof(note), "%s\n%s", TEXT, line);
    assert_int_equal(note_verifier_make(ORIGIN, NOTE_SIGNATURE, key.public_key, &verifiers[0]), 0);
    for (int i = 0; i < WITNESSES; i++) {
        uint8_t signature[SIGNATURE_SIZE];
        signing_key_generate(&keys[i]);
        snprintf(name, sizeof(name), "witness-%d", i);
        assert_int_equal(note_verifier_make(name, NOTE_COSIGNATURE, keys[i].public_key, &verifiers[1 + i]), 0);
        cosignature_make(text, 1000 + i, &keys[i], signature);
        cosignature_line(name, keys[i].public_key, 1000 + i, signature, line);
        at += snprintf(note + at, sizeof(note) - (size_t) at, "%s", line);
    }
    struct bytes bytes = BYTES(note, (size_t) at);
    assert_int_equal(note_open(bytes, verifiers, 1 + WITNESSES, &opened, &verified), 0);
    assert_int_equal(verified, 1 + WITNESSES);
    assert_int_equal(note_open(bytes, verifiers + 2, 2, &opened, &verified), 0);
    assert_int_equal(verified, 2);
    assert_int_equal(checkpoint_open(bytes, key.public_key, &checkpoint), 0);
    /* One that was altered spoils the note for whoever knows its key, and for nobody else. */
    char *altered = strstr(note, "witness-2 ") + strlen("witness-2 ") + 30;
    *altered = *altered == 'A' ? 'B' : 'A';
    assert_int_equal(note_open(bytes, verifiers, 1 + WITNESSES, &opened, &verified), ERR_SIGNATURE);
    assert_int_equal(note_open(bytes, verifiers, 3, &opened, &verified), 0);
    assert_int_equal(verified, 3);
}

/* The time goes past what there can be: base64 of the known id, FF.., and zeros. */
static void test_times_that_cannot_be(void **state)
{
    (void) state;
    struct note_verifier verifier;
    uint8_t signature[SIGNATURE_SIZE] = {0};
    char line[NOTE_LINE_MAX_BYTES + 1], note[1024];
    struct bytes opened;
    size_t verified;
    assert_int_equal(note_verifier_read(VERIFIER, &verifier), 0);
    assert_int_equal(cosignature_check(key.public_key, text, -1, all_of(signature)), ERR_SIGNATURE);
    cosignature_line(NAME, key.public_key, -1, signature, line);
    snprintf(note, sizeof(note), "%s\n%s", TEXT, line);
    assert_int_equal(note_open(BYTES(note, strlen(note)), &verifier, 1, &opened, &verified), ERR_SIGNATURE);
    assert_int_equal(cosignature_line("no name", key.public_key, 1, signature, line), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_lines_that_others_make),
        cmocka_unit_test(test_published_verifier_keys),
        cmocka_unit_test(test_the_form_of_the_specifications_example),
        cmocka_unit_test(test_everything_is_bound),
        cmocka_unit_test(test_neither_stands_for_the_other),
        cmocka_unit_test(test_a_checkpoint_with_several_cosignatures),
        cmocka_unit_test(test_times_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
