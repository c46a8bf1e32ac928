/* Seals: known answers from PyNaCl, both directions, and every byte that is bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/error.h"
#include "core/seal.h"
#include "core/text.h"

/* Client's secret 32 times 01, group's 32 times 02, nonce 00 to 17; crypto_kx and XChaCha20-Poly1305 by
 * PyNaCl. */
static const char HEADER_HEX[] = "434d5459010500001122334455667788"
                                 "03030303030303030303030303030303"
                                 "0404040404040404040404040404040404040404040404040404040404040404"
                                 "05050505050505050505050505050505"
                                 "0000000000000009ffc700020000138800000000000000000000000000000099";
static const char PREFIX_HEX[] = "a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209"
                                 "000102030405060708090a0b0c0d0e0f1011121314151617";
static const char REQUEST_HEX[] = "ccc38fdc8bc1a0a97db8fe6b6847462b73e9e73692d6e9ea334bafd447";
static const char ANSWER_HEX[] = "3ebe6be924b60fbabad54b503ec6b2148983b19de7e95886b4";

struct ends {
    struct connection_key client;
    struct connection_key group;
    struct seal_session at_client;
    struct seal_session at_group;
};

static void ends_make(struct ends *ends)
{
    uint8_t secret[32];
    memset(secret, 1, sizeof(secret));
    connection_key_from_secret(secret, &ends->client);
    memset(secret, 2, sizeof(secret));
    connection_key_from_secret(secret, &ends->group);
    assert_int_equal(seal_session_client(&ends->client, ends->group.public_key, &ends->at_client), 0);
    assert_int_equal(seal_session_group(&ends->group, ends->client.public_key, &ends->at_group), 0);
}

static size_t known_frame(const char *cipher_hex, uint8_t frame[512])
{
    size_t cipher_size = strlen(cipher_hex) / 2;
    assert_int_equal(hex_decode(HEADER_HEX, frame, FRAME_HEADER_SIZE), 0);
    assert_int_equal(hex_decode(PREFIX_HEX, frame + FRAME_HEADER_SIZE, KEY_SIZE + SEAL_NONCE_SIZE), 0);
    assert_int_equal(
        hex_decode(cipher_hex, frame + FRAME_HEADER_SIZE + KEY_SIZE + SEAL_NONCE_SIZE, cipher_size), 0);
    return FRAME_HEADER_SIZE + KEY_SIZE + SEAL_NONCE_SIZE + cipher_size;
}

static void test_known_answers(void **state)
{
    (void) state;
    struct ends ends;
    ends_make(&ends);
    uint8_t frame[512];
    uint8_t plain[64];
    size_t plain_size = 0;
    size_t size = known_frame(REQUEST_HEX, frame);
    assert_int_equal(seal_open(&ends.at_group, BYTES(frame, size), plain, &plain_size), 0);
    assert_int_equal(plain_size, 13);
    assert_memory_equal(plain, "a sealed body", 13);

    size = known_frame(ANSWER_HEX, frame);
    assert_int_equal(seal_open(&ends.at_client, BYTES(frame, size), plain, &plain_size), 0);
    assert_int_equal(plain_size, 9);
    assert_memory_equal(plain, "an answer", 9);
    /* A body sent back to its sender does not open: each direction has a key of its own. */
    assert_int_equal(seal_open(&ends.at_group, BYTES(frame, size), plain, &plain_size), ERR_SEAL);

    uint8_t key[KEY_SIZE];
    struct bytes body = BYTES(frame + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE);
    assert_int_equal(seal_client_key(body, key), 0);
    assert_memory_equal(key, ends.client.public_key, KEY_SIZE);
    body.size = SEAL_OVERHEAD - 1;
    assert_int_equal(seal_client_key(body, key), ERR_SEAL);
}

static size_t seal_sample(const struct seal_session *session, struct bytes plain, uint8_t *frame)
{
    struct frame_header header = {
        .type = FRAME_REQUEST, .request = 7, .attempt = 1, .budget_ms = 900, .route = 5};
    seal_frame(session, &header, plain, frame);
    return FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size;
}

static void test_round_trip_of_sizes(void **state)
{
    (void) state;
    struct ends ends;
    ends_make(&ends);
    static uint8_t plain[70000], frame[70000 + 512], opened[70000];
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t) (i * 7);
    static const size_t SIZES[] = {0, 1, 15, 16, 17, 1000, 65536, 70000};
    for (size_t i = 0; i < ARRAY_COUNT(SIZES); i++) {
        size_t opened_size = 1;
        size_t size = seal_sample(&ends.at_client, BYTES(plain, SIZES[i]), frame);
        assert_int_equal(seal_open(&ends.at_group, BYTES(frame, size), opened, &opened_size), 0);
        assert_int_equal(opened_size, SIZES[i]);
        assert_memory_equal(opened, plain, SIZES[i]);
    }
    /* Two seals of the same are not alike: the nonce is random. */
    uint8_t other[512];
    size_t size = seal_sample(&ends.at_client, BYTES(plain, 20), frame);
    seal_sample(&ends.at_client, BYTES(plain, 20), other);
    assert_memory_not_equal(frame + FRAME_HEADER_SIZE, other + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE);
}

static void test_every_bound_byte(void **state)
{
    (void) state;
    struct ends ends;
    ends_make(&ends);
    uint8_t frame[512], opened[64];
    size_t opened_size;
    size_t size = seal_sample(&ends.at_client, BYTES("twenty bytes of text", 20), frame);
    for (size_t i = 0; i < size; i++) {
        bool is_bound = i < FRAME_SEALED_HEADER_SIZE || i >= FRAME_HEADER_SIZE;
        frame[i] ^= 0x40;
        int code = seal_open(&ends.at_group, BYTES(frame, size), opened, &opened_size);
        assert_int_equal(code, is_bound ? ERR_SEAL : 0);
        frame[i] ^= 0x40;
    }
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(seal_open(&ends.at_group, BYTES(frame, cut), opened, &opened_size), ERR_SEAL);
}

static void test_another_key_does_not_open(void **state)
{
    (void) state;
    struct ends ends;
    ends_make(&ends);
    struct connection_key stranger;
    connection_key_generate(&stranger);
    uint8_t frame[512], opened[64];
    size_t opened_size;
    size_t size = seal_sample(&ends.at_client, BYTES("hello", 5), frame);
    struct seal_session session;
    assert_int_equal(seal_session_group(&stranger, ends.client.public_key, &session), 0);
    assert_int_equal(seal_open(&session, BYTES(frame, size), opened, &opened_size), ERR_SEAL);
    assert_int_equal(seal_session_group(&ends.group, stranger.public_key, &session), 0);
    assert_int_equal(seal_open(&session, BYTES(frame, size), opened, &opened_size), ERR_SEAL);
}

/* Points of small order (RFC 7748 section 6.1; curve25519 paper): the shared secret would be known to all. */
static void test_small_order_keys(void **state)
{
    (void) state;
    static const char *const KEYS[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    struct ends ends;
    ends_make(&ends);
    for (size_t i = 0; i < ARRAY_COUNT(KEYS); i++) {
        uint8_t key[KEY_SIZE];
        struct seal_session session = {.send_key = {9}};
        assert_int_equal(hex_decode(KEYS[i], key, KEY_SIZE), 0);
        assert_int_equal(seal_session_client(&ends.client, key, &session), ERR_SEAL);
        assert_int_equal(seal_session_group(&ends.group, key, &session), ERR_SEAL);
        assert_int_equal(session.send_key[0], 9);
    }
}

static int setup(void **state)
{
    (void) state;
    return key_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),    cmocka_unit_test(test_round_trip_of_sizes),
        cmocka_unit_test(test_every_bound_byte), cmocka_unit_test(test_another_key_does_not_open),
        cmocka_unit_test(test_small_order_keys),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
