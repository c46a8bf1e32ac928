/* The worker's `keys` file: which masters are in its two slots.
 *
 * Input: the file; once as it is, and once with checksums that fit. */
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "core/error.h"
#include "tests/fuzz/fuzz.h"
#include "worker/store/keys_file.h"

enum { FILE_BYTES = KEYS_SLOTS * KEYS_SLOT_SIZE, SUMMED_BYTES = 8 + 8 + MASTER_SIZE, SUM_BYTES = 16 };

static void read_slot(const char *path, unsigned slot, uint8_t ret_slot[KEYS_SLOT_SIZE])
{
    int file = open(path, O_RDONLY | O_CLOEXEC);

    memset(ret_slot, 0, KEYS_SLOT_SIZE);
    FUZZ_NEED(file >= 0 && pread(file, ret_slot, KEYS_SLOT_SIZE, (off_t) slot * KEYS_SLOT_SIZE) >= 0);
    close(file);
}

/* What is taken is what would be written; and once it is wiped nothing of it is left in the file. */
static void check_slot(const char *path, unsigned slot)
{
    uint8_t before[KEYS_SLOT_SIZE], after[KEYS_SLOT_SIZE], master[MASTER_SIZE];
    uint64_t generation;
    int code = keys_file_read(path, slot, &generation, master);

    FUZZ_NEED(code == 0 || code == ERR_NOT_FOUND || code == ERR_CORRUPT);
    read_slot(path, slot, before);
    FUZZ_NEED((code == ERR_NOT_FOUND) == (sodium_is_zero(before, sizeof(before)) == 1));
    if (code != 0)
        return;
    fuzz_accept();
    FUZZ_NEED(generation > 0 && generation % KEYS_SLOTS == slot);
    FUZZ_NEED(keys_file_write(path, generation, master) == 0);
    read_slot(path, slot, after);
    FUZZ_NEED(memcmp(before, after, sizeof(before)) == 0);
    FUZZ_NEED(keys_file_wipe(path, generation) == 0);
    read_slot(path, slot, after);
    FUZZ_NEED(sodium_is_zero(after, sizeof(after)));
    FUZZ_NEED(keys_file_read(path, slot, &generation, master) == ERR_NOT_FOUND);
}

static void check(const uint8_t *data, size_t size)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s", fuzz_file(data, size));
    for (unsigned slot = 0; slot < KEYS_SLOTS; slot++)
        check_slot(path, slot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t summed[FILE_BYTES];

    FUZZ_NEED(sodium_init() >= 0);
    check(data, size);
    memset(summed, 0, sizeof(summed));
    if (size > 0)
        memcpy(summed, data, size < sizeof(summed) ? size : sizeof(summed));
    for (unsigned slot = 0; slot < KEYS_SLOTS; slot++) {
        uint8_t *at = summed + slot * KEYS_SLOT_SIZE;
        if (!sodium_is_zero(at, KEYS_SLOT_SIZE))
            crypto_generichash(at + SUMMED_BYTES, SUM_BYTES, at, SUMMED_BYTES, NULL, 0);
    }
    check(summed, sizeof(summed));
    return 0;
}
