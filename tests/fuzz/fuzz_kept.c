/* The state file of a witness. Input: the file without its last line, which is made to fit; or, where it has one, whole. */
#include <sodium.h>

#include "client/witness/kept.h"
#include "core/error.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

static void check(struct bytes text)
{
    struct kept kept, again;
    char written[KEPT_TEXT_MAX];
    int code = kept_read(text, &kept);

    FUZZ_NEED(code == 0 || code == ERR_CORRUPT);
    if (code != 0)
        return;
    fuzz_accept();
    FUZZ_NEED(kept.note_size <= sizeof(kept.note) && memchr(kept.evidence, '\0', sizeof(kept.evidence)) != NULL);
    FUZZ_NEED(strchr(kept.evidence, '/') == NULL && strchr(kept.evidence, '.') == NULL); /* it becomes a path */
    size_t size = kept_write(&kept, written);
    FUZZ_NEED(bytes_equal(BYTES(written, size), text));
    FUZZ_NEED(kept_read(BYTES(written, size), &again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];

    FUZZ_NEED(key_init() == 0);
    check(BYTES(data, size));
    if (size > 2 * KEPT_TEXT_MAX)
        return 0;
    uint8_t *whole = arena_alloc(arena, size + 128);
    FUZZ_NEED(whole != NULL);
    if (size > 0)
        memcpy(whole, data, size);
    crypto_hash_sha256(hash, data, size);
    hex_encode(BYTES(hash, sizeof(hash)), hex);
    int length = snprintf((char *) whole + size, 128, "check %s\n", hex);
    check(BYTES(whole, size + (size_t) length));
    return 0;
}
