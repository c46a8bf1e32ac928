#include "worker/store/keys_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include <sodium.h>

#include "core/directory.h"
#include "core/error.h"

enum { MAGIC_SIZE = 8, CHECKSUM_SIZE = 16, SUMMED_SIZE = MAGIC_SIZE + 8 + MASTER_SIZE };

static const uint8_t MAGIC[MAGIC_SIZE] = {'C', 'M', 'T', 'Y', 'K', 'E', 'Y', 'S'};

static void slot_checksum(const uint8_t *slot, uint8_t ret_checksum[CHECKSUM_SIZE])
{
    crypto_generichash(ret_checksum, CHECKSUM_SIZE, slot, SUMMED_SIZE, NULL, 0);
}

static void slot_make(uint64_t generation, const uint8_t master[MASTER_SIZE],
                      uint8_t ret_slot[KEYS_SLOT_SIZE])
{
    memset(ret_slot, 0, KEYS_SLOT_SIZE);
    memcpy(ret_slot, MAGIC, MAGIC_SIZE);
    put_u64(ret_slot + MAGIC_SIZE, generation);
    memcpy(ret_slot + MAGIC_SIZE + 8, master, MASTER_SIZE);
    slot_checksum(ret_slot, ret_slot + SUMMED_SIZE);
}

/* All of it, the zeros too: what does not fit was altered. */
static int slot_open(unsigned number, const uint8_t slot[KEYS_SLOT_SIZE], uint64_t *ret_generation,
                     uint8_t ret_master[MASTER_SIZE])
{
    uint8_t checksum[CHECKSUM_SIZE];
    uint64_t generation = get_u64(slot + MAGIC_SIZE);

    if (sodium_is_zero(slot, KEYS_SLOT_SIZE))
        return ERR_NOT_FOUND;
    slot_checksum(slot, checksum);
    if (memcmp(slot, MAGIC, MAGIC_SIZE) != 0 ||
        sodium_memcmp(slot + SUMMED_SIZE, checksum, CHECKSUM_SIZE) != 0 ||
        !sodium_is_zero(slot + SUMMED_SIZE + CHECKSUM_SIZE, KEYS_SLOT_SIZE - SUMMED_SIZE - CHECKSUM_SIZE) ||
        generation == 0 || generation % KEYS_SLOTS != number)
        return ERR_CORRUPT;
    *ret_generation = generation;
    memcpy(ret_master, slot + MAGIC_SIZE + 8, MASTER_SIZE);
    return 0;
}

/* Whole, or an error. Past the end of a file that was cut short there are zeros. */
static int slot_read(int descriptor, unsigned number, uint8_t ret_slot[KEYS_SLOT_SIZE])
{
    size_t done = 0;
    ssize_t size;

    memset(ret_slot, 0, KEYS_SLOT_SIZE);
    do {
        size = pread(descriptor, ret_slot + done, KEYS_SLOT_SIZE - done,
                     (off_t) (number * KEYS_SLOT_SIZE + done));
        done += size > 0 ? (size_t) size : 0;
    } while ((size > 0 && done < KEYS_SLOT_SIZE) || (size < 0 && errno == EINTR));
    return size < 0 ? ERR_FILE : 0;
}

static int slot_write(int descriptor, unsigned number, const uint8_t slot[KEYS_SLOT_SIZE])
{
    size_t done = 0;

    while (done < KEYS_SLOT_SIZE) {
        ssize_t size =
            pwrite(descriptor, slot + done, KEYS_SLOT_SIZE - done, (off_t) (number * KEYS_SLOT_SIZE + done));

        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? ERR_DISK_FULL : ERR_STORE;
        done += (size_t) size;
    }
    return fsync(descriptor) == 0 ? 0 : ERR_STORE;
}

static int slot_replace(const char *path, unsigned number, const uint8_t slot[KEYS_SLOT_SIZE])
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    int code;

    if (descriptor < 0)
        return ERR_STORE;
    code = slot_write(descriptor, number, slot);
    close(descriptor);
    return code;
}

int keys_file_create(const char *path, const uint8_t master[MASTER_SIZE])
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    uint8_t slot[KEYS_SLOT_SIZE] = {0};
    int code;

    if (descriptor < 0)
        return errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_FILE;
    code = slot_write(descriptor, 0, slot);
    slot_make(1, master, slot);
    if (code == 0)
        code = slot_write(descriptor, 1, slot);
    sodium_memzero(slot, sizeof(slot));
    close(descriptor);
    if (code == 0)
        code = directory_sync_of(path);
    return code == ERR_STORE ? ERR_FILE : code;
}

int keys_file_read(const char *path, unsigned slot, uint64_t *ret_generation, uint8_t ret_master[MASTER_SIZE])
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    uint8_t bytes[KEYS_SLOT_SIZE];
    int code;

    if (descriptor < 0)
        return ERR_FILE;
    code = slot_read(descriptor, slot, bytes);
    close(descriptor);
    if (code == 0)
        code = slot_open(slot, bytes, ret_generation, ret_master);
    sodium_memzero(bytes, sizeof(bytes));
    return code;
}

int keys_file_write(const char *path, uint64_t generation, const uint8_t master[MASTER_SIZE])
{
    uint8_t slot[KEYS_SLOT_SIZE];
    int code;

    slot_make(generation, master, slot);
    code = slot_replace(path, generation % KEYS_SLOTS, slot);
    sodium_memzero(slot, sizeof(slot));
    return code;
}

int keys_file_wipe(const char *path, uint64_t generation)
{
    static const uint8_t zeros[KEYS_SLOT_SIZE] = {0};

    return slot_replace(path, generation % KEYS_SLOTS, zeros) == 0 ? 0 : ERR_STORE;
}
