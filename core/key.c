#include "core/key.h"

#include <sodium.h>

#include "core/error.h"
#include "core/text.h"

_Static_assert(SEED_SIZE == crypto_sign_SEEDBYTES, "Ed25519 seed");
_Static_assert(KEY_SIZE == crypto_sign_PUBLICKEYBYTES && KEY_SIZE == crypto_box_PUBLICKEYBYTES,
               "public keys");
_Static_assert(SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519 signature");
_Static_assert(HASH_SIZE == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(CONNECTION_SECRET_SIZE == crypto_scalarmult_SCALARBYTES, "X25519 secret");

int key_init(void)
{
    return sodium_init() < 0 ? ERR_INTERNAL : 0;
}

void signing_key_generate(struct signing_key *ret_key)
{
    uint8_t seed[SEED_SIZE];
    randombytes_buf(seed, sizeof(seed));
    signing_key_from_seed(seed, ret_key);
    sodium_memzero(seed, sizeof(seed));
}

void signing_key_from_seed(const uint8_t seed[SEED_SIZE], struct signing_key *ret_key)
{
    memmove(ret_key->seed, seed, SEED_SIZE);
    crypto_sign_seed_keypair(ret_key->public_key, ret_key->expanded, ret_key->seed);
}

void signing_key_wipe(struct signing_key *key)
{
    sodium_memzero(key, sizeof(*key));
}

void connection_key_generate(struct connection_key *ret_key)
{
    crypto_box_keypair(ret_key->public_key, ret_key->secret);
}

void connection_key_from_secret(const uint8_t secret[CONNECTION_SECRET_SIZE], struct connection_key *ret_key)
{
    memmove(ret_key->secret, secret, CONNECTION_SECRET_SIZE);
    crypto_scalarmult_base(ret_key->public_key, ret_key->secret);
}

void connection_key_wipe(struct connection_key *key)
{
    sodium_memzero(key, sizeof(*key));
}

void tagged_hash(const char *tag, struct bytes bytes, uint8_t ret_hash[HASH_SIZE])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *) tag, strlen(tag) + 1);
    crypto_hash_sha256_update(&state, bytes.data, bytes.size);
    crypto_hash_sha256_final(&state, ret_hash);
}

/* Ed25519 hashes its message twice, so that it has to lie in one piece: tag 00 bytes. False if it is too
 * long. */
static bool tagged_message(const char *tag, struct bytes bytes, uint8_t buffer[SIGNED_MAX_BYTES],
                           size_t *ret_size)
{
    size_t tag_size = strlen(tag) + 1;
    if (tag_size > SIGNED_MAX_BYTES || bytes.size > SIGNED_MAX_BYTES - tag_size)
        return false;
    memcpy(buffer, tag, tag_size);
    if (bytes.size > 0)
        memcpy(buffer + tag_size, bytes.data, bytes.size);
    *ret_size = tag_size + bytes.size;
    return true;
}

int signature_make(const struct signing_key *key, const char *tag, struct bytes bytes,
                   uint8_t ret_signature[SIGNATURE_SIZE])
{
    uint8_t message[SIGNED_MAX_BYTES];
    size_t size;
    if (!tagged_message(tag, bytes, message, &size))
        return ERR_TOO_LARGE;
    signature_make_raw(key, BYTES(message, size), ret_signature);
    return 0;
}

int signature_check(const uint8_t public_key[KEY_SIZE], const char *tag, struct bytes bytes,
                    const uint8_t signature[SIGNATURE_SIZE])
{
    uint8_t message[SIGNED_MAX_BYTES];
    size_t size;
    if (!tagged_message(tag, bytes, message, &size))
        return ERR_SIGNATURE;
    return signature_check_raw(public_key, BYTES(message, size), BYTES(signature, SIGNATURE_SIZE));
}

void signature_make_raw(const struct signing_key *key, struct bytes bytes,
                        uint8_t ret_signature[SIGNATURE_SIZE])
{
    crypto_sign_detached(ret_signature, NULL, bytes.data, bytes.size, key->expanded);
}

int signature_check_raw(const uint8_t public_key[KEY_SIZE], struct bytes bytes, struct bytes signature)
{
    if (signature.size != SIGNATURE_SIZE)
        return ERR_SIGNATURE;
    return crypto_sign_verify_detached(signature.data, bytes.data, bytes.size, public_key) == 0
               ? 0
               : ERR_SIGNATURE;
}

void group_id(const uint8_t group_key[KEY_SIZE], uint8_t ret_group[GROUP_ID_SIZE])
{
    uint8_t hash[HASH_SIZE];
    tagged_hash(TAG_GROUP, BYTES(group_key, KEY_SIZE), hash);
    memcpy(ret_group, hash, GROUP_ID_SIZE);
}

void key_fingerprint(const uint8_t public_key[KEY_SIZE], char ret_text[FINGERPRINT_SIZE])
{
    uint8_t hash[HASH_SIZE];
    crypto_hash_sha256(hash, public_key, KEY_SIZE);
    char *at = ret_text;
    for (size_t i = 0; i < 8; i += 2) {
        hex_encode(BYTES(hash + i, 2), at);
        at[4] = ' ';
        at += 5;
    }
    ret_text[FINGERPRINT_SIZE - 1] = '\0';
}
