/* Keys, signatures and tagged hashes. Expected values were computed with Python's hashlib and PyNaCl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/key.h"
#include "core/text.h"

static void counting(uint8_t *bytes, size_t size, uint8_t first)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t) (first + i);
}

static void assert_hex(const uint8_t *bytes, size_t size, const char *expected)
{
    char hex[2 * SIGNATURE_SIZE + 1];
    hex_encode(BYTES(bytes, size), hex);
    assert_string_equal(hex, expected);
}

static void test_known_answers(void **state)
{
    (void) state;
    uint8_t bytes[32];
    uint8_t signature[SIGNATURE_SIZE];
    uint8_t hash[HASH_SIZE];
    struct signing_key signing;
    counting(bytes, 32, 0);
    signing_key_from_seed(bytes, &signing);
    assert_hex(signing.public_key, 32, "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
    assert_int_equal(signature_make(&signing, TAG_COMMAND, BYTES("abc", 3), signature), 0);
    assert_hex(signature, 64,
               "9fa330f15edfee7c5f4bce5d84f3b73ef90dde9d8e83494bf84edc354732dd7a"
               "7a24ee32a01fb9b453835724a2f01bc70b08214287f2fb03f98eb4109a02130f");
    signature_make_raw(&signing, BYTES("abc", 3), signature);
    assert_hex(signature, 64,
               "cc46d62d3754f41754b27b6ea2cb2c272bafa7a5a1f6062bd060f414e50caaea"
               "c2da66ad39cef4424a90236ea907b7d8057e3443dc5abfc9986967ee7213a407");
    tagged_hash(TAG_RULE, BYTES("abc", 3), hash);
    assert_hex(hash, 32, "438b15fa42205cc5755abf466da36e2e61ab8f4104dae88a0ca471a4dd8da754");

    uint8_t group[GROUP_ID_SIZE];
    group_id(bytes, group);
    assert_hex(group, 16, "9be1150ca61b6ed5dc1ef9286bc9936b");
    char fingerprint[FINGERPRINT_SIZE];
    key_fingerprint(bytes, fingerprint);
    assert_string_equal(fingerprint, "630d cd29 66c4 3366");

    struct connection_key connection;
    counting(bytes, 32, 1);
    connection_key_from_secret(bytes, &connection);
    assert_hex(connection.public_key, 32, "07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c");
}

static void test_a_signature_fits_one_key_one_tag_and_the_same_bytes(void **state)
{
    (void) state;
    struct signing_key key, other;
    signing_key_generate(&key);
    signing_key_generate(&other);
    assert_memory_not_equal(key.seed, other.seed, SEED_SIZE);
    uint8_t message[200];
    counting(message, sizeof(message), 7);
    uint8_t signature[SIGNATURE_SIZE];
    struct bytes bytes = BYTES(message, sizeof(message));
    assert_int_equal(signature_make(&key, TAG_COMMAND, bytes, signature), 0);
    assert_int_equal(signature_check(key.public_key, TAG_COMMAND, bytes, signature), 0);
    assert_int_equal(signature_check(other.public_key, TAG_COMMAND, bytes, signature), ERR_SIGNATURE);
    assert_int_equal(signature_check(key.public_key, TAG_GRANT, bytes, signature), ERR_SIGNATURE);
    assert_int_equal(signature_check(key.public_key, TAG_COMMAND, BYTES(message, 199), signature),
                     ERR_SIGNATURE);
    assert_int_equal(signature_check_raw(key.public_key, bytes, BYTES(signature, SIGNATURE_SIZE)),
                     ERR_SIGNATURE);
    for (size_t bit = 0; bit < 8 * SIGNATURE_SIZE; bit += 13) {
        signature[bit / 8] ^= (uint8_t) (1 << bit % 8);
        assert_int_equal(signature_check(key.public_key, TAG_COMMAND, bytes, signature), ERR_SIGNATURE);
        signature[bit / 8] ^= (uint8_t) (1 << bit % 8);
    }
    for (size_t i = 0; i < sizeof(message); i += 17) {
        message[i] ^= 1;
        assert_int_equal(signature_check(key.public_key, TAG_COMMAND, bytes, signature), ERR_SIGNATURE);
        message[i] ^= 1;
    }
    /* A tag is ended by 00: the border between tag and bytes cannot be moved. */
    assert_int_equal(signature_make(&key, "ab", BYTES("c", 1), signature), 0);
    assert_int_equal(signature_check(key.public_key, "a", BYTES("bc", 2), signature), ERR_SIGNATURE);
}

static void test_sizes(void **state)
{
    (void) state;
    struct signing_key key;
    signing_key_generate(&key);
    uint8_t signature[SIGNATURE_SIZE];
    uint8_t *large = calloc(1, SIGNED_MAX_BYTES);
    size_t most = SIGNED_MAX_BYTES - sizeof(TAG_COMMAND);
    assert_int_equal(signature_make(&key, TAG_COMMAND, BYTES(large, most), signature), 0);
    assert_int_equal(signature_check(key.public_key, TAG_COMMAND, BYTES(large, most), signature), 0);
    assert_int_equal(signature_make(&key, TAG_COMMAND, BYTES(large, most + 1), signature), ERR_TOO_LARGE);
    assert_int_equal(signature_check(key.public_key, TAG_COMMAND, BYTES(large, most + 1), signature),
                     ERR_SIGNATURE);
    assert_int_equal(signature_make(&key, TAG_COMMAND, BYTES(NULL, 0), signature), 0);
    assert_int_equal(signature_check(key.public_key, TAG_COMMAND, BYTES(NULL, 0), signature), 0);
    static const size_t SIZES[] = {0, 1, 63, 65, 128};
    for (size_t i = 0; i < ARRAY_COUNT(SIZES); i++)
        assert_int_equal(signature_check_raw(key.public_key, BYTES("x", 1), BYTES(large, SIZES[i])),
                         ERR_SIGNATURE);
    free(large);
}

static void test_wipe(void **state)
{
    (void) state;
    struct signing_key signing;
    struct connection_key connection;
    static const uint8_t ZEROES[sizeof(struct signing_key)];
    signing_key_generate(&signing);
    connection_key_generate(&connection);
    signing_key_wipe(&signing);
    connection_key_wipe(&connection);
    assert_memory_equal(&signing, ZEROES, sizeof(signing));
    assert_memory_equal(&connection, ZEROES, sizeof(connection));
}

static int setup(void **state)
{
    (void) state;
    return key_init() || key_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_a_signature_fits_one_key_one_tag_and_the_same_bytes),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_wipe),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
