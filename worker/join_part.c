#include "worker/join_part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/daemon/process.h"
#include "core/error.h"
#include "core/text.h"

enum { STATE_MAX_BYTES = 512 };

#define STATE_FORMAT                                                                                         \
    "comity join 1\ncopy %s\nsize %" PRIu64 "\nnumber %" PRIu64 "\ntotal %" PRIu64 "\nlevel %" PRIu32        \
    "\nhash %s\n"

bool join_part_is_piece(const Comity__V1__CopyPiece *piece, uint64_t offset, uint64_t least)
{
    bool has_place = piece->number > 0;
    return piece->copy.len == COPY_ID_SIZE && piece->offset == offset &&
           piece->content.len <= COPY_PIECE_MAX_BYTES && piece->size > 0 &&
           piece->hash.len == (has_place ? HASH_SIZE : 0) && (!has_place || piece->number >= least);
}

static void state_text(const struct join_part *part, char ret_text[STATE_MAX_BYTES])
{
    char copy[2 * COPY_ID_SIZE + 1], hash[2 * HASH_SIZE + 1];
    hex_encode(BYTES(part->copy, COPY_ID_SIZE), copy);
    hex_encode(BYTES(part->place.hash, HASH_SIZE), hash);
    snprintf(ret_text, STATE_MAX_BYTES, STATE_FORMAT, copy, part->size, part->place.number, part->place.total,
             part->place.level, hash);
}

/* False: there is none that this could have written. */
static bool state_read(struct join_part *part)
{
    char text[STATE_MAX_BYTES] = "", again[STATE_MAX_BYTES], copy[2 * COPY_ID_SIZE + 1],
         hash[2 * HASH_SIZE + 1];
    int descriptor = open(part->state_path, O_RDONLY | O_CLOEXEC);
    ssize_t size = descriptor < 0 ? -1 : read(descriptor, text, sizeof(text) - 1);
    if (descriptor >= 0)
        close(descriptor);
    if (size <= 0 ||
        sscanf(text,
               "comity join 1\ncopy %32[0-9a-f]\nsize %" SCNu64 "\nnumber %" SCNu64 "\ntotal %" SCNu64
               "\nlevel %" SCNu32 "\nhash %64[0-9a-f]\n",
               copy, &part->size, &part->place.number, &part->place.total, &part->place.level, hash) != 6 ||
        hex_decode(copy, part->copy, COPY_ID_SIZE) || hex_decode(hash, part->place.hash, HASH_SIZE))
        return false;
    state_text(part, again);
    return strcmp(text, again) == 0 && part->place.number > 0;
}

static int lock(struct join_part *part)
{
    return flock(part->descriptor, LOCK_EX | LOCK_NB) == 0 ? 0
           : errno == EWOULDBLOCK                          ? ERR_STORE_IN_USE
                                                           : ERR_FILE;
}

int join_part_open(struct join_part *part, const char *directory)
{
    struct stat status;
    *part = (struct join_part){.descriptor = -1};
    if (snprintf(part->directory, sizeof(part->directory), "%s", directory) >=
        (int) sizeof(part->directory)) {
        errno = ENAMETOOLONG;
        return ERR_FILE;
    }
    snprintf(part->path, sizeof(part->path), "%s/%s", part->directory, JOIN_PART);
    snprintf(part->state_path, sizeof(part->state_path), "%s/%s", part->directory, JOIN_STATE);
    part->descriptor = open(part->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (part->descriptor < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : ERR_FILE;
    int code = lock(part);
    if (code == 0 && fstat(part->descriptor, &status) != 0)
        code = ERR_FILE;
    if (code == 0 && state_read(part) && (uint64_t) status.st_size <= part->size)
        part->have = (uint64_t) status.st_size;
    else
        join_part_close(part);
    return code;
}

int join_part_begin(struct join_part *part, const Comity__V1__CopyPiece *piece)
{
    char text[STATE_MAX_BYTES];
    if (mkdir(part->directory, 0700) != 0 && errno != EEXIST)
        return process_file_error();
    part->descriptor = open(part->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (part->descriptor < 0)
        return process_file_error();
    int code = lock(part);
    if (code == 0)
        unlink(part->state_path); /* what comes is of another copy */
    if (code == 0 && ftruncate(part->descriptor, 0) != 0)
        code = process_file_error();
    memcpy(part->copy, piece->copy.data, COPY_ID_SIZE);
    part->size = piece->size;
    part->have = 0;
    part->place = (struct order_place){.number = piece->number, .total = piece->total, .level = piece->level};
    memcpy(part->place.hash, piece->hash.data, HASH_SIZE);
    state_text(part, text);
    if (code == 0)
        code = process_file_write(part->state_path, text);
    if (code)
        join_part_close(part);
    return code;
}

int join_part_append(struct join_part *part, const Comity__V1__CopyPiece *piece)
{
    if (piece->size != part->size || piece->offset != part->have || piece->content.len == 0 ||
        piece->content.len > part->size - part->have)
        return ERR_MALFORMED;
    for (size_t done = 0; done < piece->content.len;) {
        ssize_t count = write(part->descriptor, piece->content.data + done, piece->content.len - done);
        if (count < 0)
            return process_file_error();
        done += (size_t) count;
        part->have += (size_t) count;
    }
    return 0;
}

int join_part_sync(struct join_part *part)
{
    return fsync(part->descriptor) == 0 ? 0 : process_file_error();
}

void join_part_close(struct join_part *part)
{
    if (part->descriptor >= 0)
        close(part->descriptor);
    part->descriptor = -1;
    part->have = part->size = 0;
}

void join_part_remove(struct join_part *part)
{
    unlink(part->state_path);
    unlink(part->path);
    join_part_close(part);
}
