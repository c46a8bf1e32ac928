/* A secret of 32 bytes under a passphrase: Argon2id makes a key of the passphrase, and XChaCha20-Poly1305 closes the
 * secret under it. Both are libsodium's (docs/adr/0024).
 *
 * The cost of trying a passphrase stands beside the secret, so that it can be raised later. It is bounded: whoever
 * writes the file must not be able to eat the memory or the time of whoever reads it. */
#ifndef COMITY_CORE_PASSPHRASE_H
#define COMITY_CORE_PASSPHRASE_H

#include "core/bytes.h"

enum {
    PASSPHRASE_LEAST_BYTES = 8,
    PASSPHRASE_MOST_BYTES = 1024,
    LOCKED_SECRET_SIZE = 32,
    LOCKED_SALT_SIZE = 16,
    LOCKED_NONCE_SIZE = 24,
    LOCKED_BOX_SIZE = LOCKED_SECRET_SIZE + 16, /* the secret and its tag */
};

/* What one try costs: passes over so much memory. */
struct lock_cost {
    uint64_t passes;     /* 1 to 8 */
    uint64_t memory_kib; /* 8 MiB to 256 MiB */
};

/* 3 passes over 128 MiB: some tenths of a second. And the least that is taken, for tests. */
extern const struct lock_cost LOCK_COST;
extern const struct lock_cost LOCK_COST_LEAST;

/* A secret as it is kept: nothing of it needs to be hidden. */
struct locked_secret {
    struct lock_cost cost;
    uint8_t salt[LOCKED_SALT_SIZE];
    uint8_t nonce[LOCKED_NONCE_SIZE];
    uint8_t box[LOCKED_BOX_SIZE];
};

/* Close a secret, under a salt and a nonce that are drawn here. @with: what stands beside it and must not be
 * altered. 0, ERR_RANGE (the passphrase's length, or the cost), ERR_MEMORY. */
int secret_lock(const uint8_t secret[LOCKED_SECRET_SIZE], struct bytes passphrase, struct lock_cost cost,
                struct bytes with, struct locked_secret *ret_locked);

/* 0, ERR_RANGE (the cost is out of bounds: nothing was tried), ERR_PASSPHRASE (it does not open it, or it was
 * altered: these cannot be told apart), ERR_MEMORY. */
int secret_unlock(const struct locked_secret *locked, struct bytes passphrase, struct bytes with,
                  uint8_t ret_secret[LOCKED_SECRET_SIZE]);

#endif
