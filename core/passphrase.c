#include "core/passphrase.h"

#include <sodium.h>

#include "core/error.h"

enum { PASSES_LEAST = 1, PASSES_MOST = 8, MEMORY_LEAST_KIB = 8 * 1024, MEMORY_MOST_KIB = 256 * 1024 };

const struct lock_cost LOCK_COST = {3, 128 * 1024};
const struct lock_cost LOCK_COST_LEAST = {PASSES_LEAST, MEMORY_LEAST_KIB};

_Static_assert(LOCKED_SALT_SIZE == crypto_pwhash_argon2id_SALTBYTES, "Argon2id salt");
_Static_assert(LOCKED_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "XChaCha20 nonce");
_Static_assert(LOCKED_BOX_SIZE == LOCKED_SECRET_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES, "Poly1305 tag");
_Static_assert(PASSES_LEAST >= crypto_pwhash_argon2id_OPSLIMIT_MIN, "passes that libsodium takes");

static bool cost_is_bounded(struct lock_cost cost)
{
    return cost.passes >= PASSES_LEAST && cost.passes <= PASSES_MOST && cost.memory_kib >= MEMORY_LEAST_KIB &&
           cost.memory_kib <= MEMORY_MOST_KIB;
}

/* Fails where memory is out, and else never. */
static int key_derive(struct bytes passphrase, struct lock_cost cost, const uint8_t salt[LOCKED_SALT_SIZE],
                      uint8_t ret_key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES])
{
    int failed = crypto_pwhash_argon2id(ret_key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
                                        (const char *) passphrase.data, passphrase.size, salt, cost.passes,
                                        (size_t) cost.memory_kib * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13);
    return failed ? ERR_MEMORY : 0;
}

int secret_lock(const uint8_t secret[LOCKED_SECRET_SIZE], struct bytes passphrase, struct lock_cost cost,
                struct bytes with, struct locked_secret *ret_locked)
{
    struct locked_secret locked = {.cost = cost};
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];

    if (passphrase.size < PASSPHRASE_LEAST_BYTES || passphrase.size > PASSPHRASE_MOST_BYTES || !cost_is_bounded(cost))
        return ERR_RANGE;
    randombytes_buf(locked.salt, sizeof(locked.salt));
    randombytes_buf(locked.nonce, sizeof(locked.nonce));
    int code = key_derive(passphrase, cost, locked.salt, key);
    if (code == 0) {
        crypto_aead_xchacha20poly1305_ietf_encrypt(locked.box, NULL, secret, LOCKED_SECRET_SIZE, with.data, with.size,
                                                   NULL, locked.nonce, key);
        *ret_locked = locked;
    }
    sodium_memzero(key, sizeof(key));
    return code;
}

int secret_unlock(const struct locked_secret *locked, struct bytes passphrase, struct bytes with,
                  uint8_t ret_secret[LOCKED_SECRET_SIZE])
{
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES], secret[LOCKED_SECRET_SIZE];

    if (!cost_is_bounded(locked->cost))
        return ERR_RANGE;
    if (passphrase.size > PASSPHRASE_MOST_BYTES)
        return ERR_PASSPHRASE;
    int code = key_derive(passphrase, locked->cost, locked->salt, key);
    if (code == 0 && crypto_aead_xchacha20poly1305_ietf_decrypt(secret, NULL, NULL, locked->box, sizeof(locked->box),
                                                                with.data, with.size, locked->nonce, key) != 0)
        code = ERR_PASSPHRASE;
    if (code == 0)
        memcpy(ret_secret, secret, sizeof(secret));
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(key, sizeof(key));
    return code;
}
