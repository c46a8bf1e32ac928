#include "traces.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

enum {
    KEY_BYTES = 4 + HASH_SIZE,
    WRAPPED = 24 + 32 + 16,
    CHECKSUM = 8,
    SLOT = 4096,
    TEXT_MAX = 64 * 1024,
};

static struct bytes file_read(const char *directory, const char *name)
{
    char path[SCRATCH_PATH_MAX];
    uint8_t *data;
    size_t size;
    FILE *file;

    scratch_join(directory, name, path);
    size = (size_t) scratch_file_size(path);
    data = malloc(size + 1);
    file = fopen(path, "rb");
    assert_non_null(data);
    assert_non_null(file);
    assert_int_equal(fread(data, 1, size, file), size);
    fclose(file);
    return BYTES(data, size);
}

static bool opens(const uint8_t *sealed, size_t size, const uint8_t *row_key, const uint8_t *nonce,
                  const uint8_t *secret, uint8_t *ret_plain)
{
    unsigned long long plain_size;

    return crypto_aead_xchacha20poly1305_ietf_decrypt(ret_plain, &plain_size, NULL, sealed, size, row_key,
                                                      KEY_BYTES, nonce, secret) == 0;
}

/* The ciphertext may lie anywhere: with the row, or on pages of its own. */
static unsigned texts_find(struct bytes data, const uint8_t *row_key, const uint8_t *secret,
                           size_t content_size)
{
    static const uint8_t nonce[24];
    static uint8_t plain[TEXT_MAX];
    size_t size = SALT_SIZE + content_size + 16;
    unsigned found = 0;

    assert_true(size <= TEXT_MAX);
    for (size_t at = 0; at + size <= data.size; at++)
        found += opens(data.data + at, size, row_key, nonce, secret, plain);
    return found;
}

static void wrapped_try(struct bytes data, struct bytes keys, const uint8_t *wrapped, const uint8_t *row_key,
                        size_t content_size, struct traces *traces)
{
    uint8_t secret[32];

    traces->wrapped++;
    for (size_t at = 0; at + 32 <= keys.size; at++) {
        if (sodium_is_zero(keys.data + at, 32) ||
            !opens(wrapped + 24, WRAPPED - 24, row_key, wrapped, keys.data + at, secret))
            continue;
        traces->keys++;
        traces->texts += texts_find(data, row_key, secret, content_size);
    }
}

struct traces traces_find(const char *directory, const struct trace_of *text)
{
    struct bytes data = file_read(directory, "data.mdb");
    struct bytes keys = file_read(directory, "keys");
    struct traces traces = {
        .is_slot_empty = {sodium_is_zero(keys.data, SLOT), sodium_is_zero(keys.data + SLOT, SLOT)}};
    uint8_t row_key[KEY_BYTES];

    put_u32(row_key, text->number);
    memcpy(row_key + 4, text->hash, HASH_SIZE);
    for (size_t at = 0; at + KEY_BYTES + CHECKSUM + WRAPPED <= data.size; at++)
        if (memcmp(data.data + at, row_key, KEY_BYTES) == 0)
            wrapped_try(data, keys, data.data + at + KEY_BYTES + CHECKSUM, row_key, text->size, &traces);
    free((uint8_t *) data.data);
    free((uint8_t *) keys.data);
    return traces;
}
