#include <sodium.h>

#include "core/machine/view.h"

static void hash_bytes(crypto_hash_sha256_state *state, struct bytes bytes)
{
    uint8_t size[8];

    put_u64(size, bytes.size);
    crypto_hash_sha256_update(state, size, sizeof(size));
    if (bytes.size > 0)
        crypto_hash_sha256_update(state, bytes.data, bytes.size);
}

static int hash_row(void *context, struct bytes key, struct bytes value)
{
    hash_bytes(context, key);
    hash_bytes(context, value);
    return 0;
}

int view_hash(const struct view *view, uint8_t ret_hash[HASH_SIZE])
{
    crypto_hash_sha256_state state;
    const struct bytes all = {0};
    int code;

    crypto_hash_sha256_init(&state);
    code = view_range(view, all, all, hash_row, &state);
    if (code == 0)
        crypto_hash_sha256_final(&state, ret_hash);
    return code;
}
