/* Read grants: a known one made in Python, and each reason to refuse one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/grant.h"
#include "core/message.h"
#include "core/text.h"

static const int64_t NOW_MS = 1780000000000;

/* Packed by python3-protobuf, signed by PyNaCl with the seed 00 01 .. 1f. */
static const char GRANT_HEX[] = "0a6d0a2011111111111111111111111111111111111111111111111111111111111111111220"
                                "03a107bff3ce10be1d70dd18e74bc09967"
                                "e4d6309ba50d5f1ddc8664125531b81a20333333333333333333333333333333333333333333"
                                "33333333333333333333332080d8c1a28c"
                                "341240a7e513ab7f6c9b852656d61765d7b627ac1f5c2043d2aca7d01525fe8c10c85be34a03"
                                "a56e9b8012bac8d19dc5b165dcadd47e16"
                                "f7dcc26d8e2dc6f70c6e2b0b";

struct fixture {
    struct arena *arena;
    struct signing_key key;
    struct grant grant;
};

static int setup(void **state)
{
    static struct fixture fixture;
    uint8_t seed[SEED_SIZE];
    for (uint8_t i = 0; i < SEED_SIZE; i++)
        seed[i] = i;
    if (key_init() != 0)
        return -1;
    signing_key_from_seed(seed, &fixture.key);
    fixture.arena = arena_new(ARENA_LIMIT_DEFAULT);
    memset(fixture.grant.history, 0x11, HISTORY_ID_SIZE);
    memcpy(fixture.grant.key, fixture.key.public_key, KEY_SIZE);
    memset(fixture.grant.reader, 0x33, KEY_SIZE);
    fixture.grant.until_ms = 1790000000000;
    *state = &fixture;
    return fixture.arena ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    arena_destroy(&fixture->arena);
    return 0;
}

static void test_a_grant_made_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    uint8_t packed[256];
    size_t size = strlen(GRANT_HEX) / 2;
    assert_int_equal(hex_decode(GRANT_HEX, packed, size), 0);
    ProtobufCMessage *message;
    assert_int_equal(message_unpack(&comity__v1__signed_grant__descriptor, BYTES(packed, size), 256,
                                    fixture->arena, NULL, &message),
                     0);
    struct grant grant;
    assert_int_equal(grant_check((Comity__V1__SignedGrant *) message, fixture->grant.reader, NOW_MS,
                                 fixture->arena, &grant),
                     0);
    assert_memory_equal(grant.history, fixture->grant.history, HISTORY_ID_SIZE);
    assert_memory_equal(grant.key, fixture->grant.key, KEY_SIZE);
    assert_memory_equal(grant.reader, fixture->grant.reader, KEY_SIZE);
    assert_int_equal(grant.until_ms, fixture->grant.until_ms);

    /* And ours comes out as theirs, byte for byte. */
    Comity__V1__SignedGrant *own;
    struct bytes own_packed;
    assert_int_equal(grant_sign(&fixture->grant, &fixture->key, fixture->arena, &own), 0);
    assert_int_equal(message_pack(&own->base, fixture->arena, &own_packed), 0);
    assert_true(bytes_equal(own_packed, BYTES(packed, size)));
}

static void test_times(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        int64_t until_ms;
        int code;
    } ROWS[] = {
        {NOW_MS + 1, 0},
        {NOW_MS + GRANT_MAX_MS, 0},
        {NOW_MS, ERR_VALIDITY},
        {NOW_MS - 1, ERR_VALIDITY},
        {0, ERR_VALIDITY},
        {INT64_MIN, ERR_VALIDITY},
        {NOW_MS + GRANT_MAX_MS + 1, ERR_VALIDITY},
        {INT64_MAX, ERR_VALIDITY},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct grant grant = fixture->grant;
        struct grant out = {.until_ms = 1};
        Comity__V1__SignedGrant *signed_grant;
        grant.until_ms = ROWS[i].until_ms;
        assert_int_equal(grant_sign(&grant, &fixture->key, fixture->arena, &signed_grant), 0);
        assert_int_equal(grant_check(signed_grant, grant.reader, NOW_MS, fixture->arena, &out), ROWS[i].code);
        assert_int_equal(out.until_ms, ROWS[i].code ? 1 : ROWS[i].until_ms);
    }
}

static int check_packed(struct fixture *fixture, Comity__V1__ReadGrant *body,
                        const struct signing_key *signer)
{
    struct bytes packed;
    uint8_t signature[SIGNATURE_SIZE];
    assert_int_equal(message_pack(&body->base, fixture->arena, &packed), 0);
    assert_int_equal(signature_make(signer, TAG_GRANT, packed, signature), 0);
    Comity__V1__SignedGrant signed_grant = COMITY__V1__SIGNED_GRANT__INIT;
    signed_grant.grant = (ProtobufCBinaryData){packed.size, (uint8_t *) (uintptr_t) packed.data};
    signed_grant.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, signature};
    struct grant out;
    return grant_check(&signed_grant, fixture->grant.reader, NOW_MS, fixture->arena, &out);
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    struct signing_key other;
    uint8_t bytes[64] = {0};
    memset(bytes, 0x33, sizeof(bytes));
    signing_key_generate(&other);
    Comity__V1__ReadGrant good = COMITY__V1__READ_GRANT__INIT;
    good.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, fixture->grant.history};
    good.key = (ProtobufCBinaryData){KEY_SIZE, fixture->grant.key};
    good.reader = (ProtobufCBinaryData){KEY_SIZE, bytes};
    good.until_ms = fixture->grant.until_ms;
    assert_int_equal(check_packed(fixture, &good, &fixture->key), 0);
    assert_int_equal(check_packed(fixture, &good, &other), ERR_SIGNATURE);

    Comity__V1__ReadGrant bad = good;
    bad.history.len = 31;
    assert_int_equal(check_packed(fixture, &bad, &fixture->key), ERR_MALFORMED);
    bad = good;
    bad.key.len = 0;
    assert_int_equal(check_packed(fixture, &bad, &fixture->key), ERR_MALFORMED);
    bad = good;
    bad.reader.len = 33;
    assert_int_equal(check_packed(fixture, &bad, &fixture->key), ERR_MALFORMED);
    bad = good;
    bad.reader.data = fixture->grant.key;
    assert_int_equal(check_packed(fixture, &bad, &fixture->key), ERR_GRANT);
    bad = good;
    bad.key.data = other.public_key;
    assert_int_equal(check_packed(fixture, &bad, &fixture->key), ERR_SIGNATURE);
    bad = good;
    bad.history = (ProtobufCBinaryData){300, NULL};
    uint8_t large[300] = {0};
    bad.history.data = large;
    assert_int_equal(check_packed(fixture, &bad, &fixture->key), ERR_TOO_LARGE);
}

static void test_altered_or_of_another_purpose(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__SignedGrant *signed_grant;
    struct grant out;
    assert_int_equal(grant_sign(&fixture->grant, &fixture->key, fixture->arena, &signed_grant), 0);
    for (size_t i = 0; i < signed_grant->grant.len; i++) {
        signed_grant->grant.data[i] ^= 1;
        assert_int_not_equal(grant_check(signed_grant, fixture->grant.reader, NOW_MS, fixture->arena, &out),
                             0);
        signed_grant->grant.data[i] ^= 1;
    }
    signed_grant->signature.len = 63;
    assert_int_equal(grant_check(signed_grant, fixture->grant.reader, NOW_MS, fixture->arena, &out),
                     ERR_SIGNATURE);
    signed_grant->signature.len = 64;
    struct bytes packed = BYTES(signed_grant->grant.data, signed_grant->grant.len);
    assert_int_equal(signature_make(&fixture->key, TAG_COMMAND, packed, signed_grant->signature.data), 0);
    assert_int_equal(grant_check(signed_grant, fixture->grant.reader, NOW_MS, fixture->arena, &out),
                     ERR_SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_grant_made_elsewhere),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_altered_or_of_another_purpose),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
