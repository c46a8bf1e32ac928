#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_BYTES = 512 };

static unsigned long accepted;

void fuzz_accept(void)
{
    accepted++;
}

unsigned long fuzz_accepted(void)
{
    return accepted;
}

void fuzz_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

static struct arena *arena;

static void arena_end(void)
{
    arena_destroy(&arena);
}

struct arena *fuzz_arena(size_t limit_bytes)
{
    if (arena == NULL) {
        arena = arena_new(limit_bytes);
        FUZZ_NEED(arena != NULL);
        atexit(arena_end);
    }
    arena_reset(arena);
    return arena;
}

uint64_t fuzz_number(struct fuzz_input *input, unsigned bytes)
{
    uint64_t number = 0;

    for (; bytes > 0; bytes--) {
        number = number << 8 | (input->left > 0 ? *input->at : 0);
        if (input->left > 0) {
            input->at++;
            input->left--;
        }
    }
    return number;
}

struct bytes fuzz_bytes(struct fuzz_input *input, size_t size)
{
    struct bytes bytes = {input->at, size < input->left ? size : input->left};

    input->at += bytes.size;
    input->left -= bytes.size;
    if (bytes.size == 0)
        return BYTES(NULL, 0);
    bytes = arena_bytes(input->arena, bytes);
    FUZZ_NEED(bytes.data != NULL);
    return bytes;
}

struct bytes fuzz_piece(struct fuzz_input *input)
{
    size_t size = (size_t) fuzz_number(input, 2);

    return fuzz_bytes(input, size);
}

struct bytes fuzz_rest(struct fuzz_input *input)
{
    return fuzz_bytes(input, input->left);
}

const char *fuzz_text(struct fuzz_input *input)
{
    struct bytes piece = fuzz_piece(input);
    char *text = arena_alloc(input->arena, piece.size + 1);

    FUZZ_NEED(text != NULL);
    if (piece.size > 0)
        memcpy(text, piece.data, piece.size);
    return text;
}

static char directory[PATH_BYTES];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void) status;
    (void) type;
    (void) place;
    return remove(path);
}

void fuzz_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void directory_end(void)
{
    fuzz_remove(directory);
}

static void directory_make(void)
{
    const char *parent = getenv("TMPDIR");

    if (directory[0] != '\0')
        return;
    if (parent == NULL)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(directory, sizeof(directory), "%s/comity-fuzz-XXXXXX", parent);
    FUZZ_NEED(mkdtemp(directory) != NULL);
    atexit(directory_end);
}

const char *fuzz_path(const char *name)
{
    static char path[2 * PATH_BYTES];

    directory_make();
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    fuzz_remove(path);
    return path;
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static char path[2 * PATH_BYTES];
    int file;

    directory_make();
    snprintf(path, sizeof(path), "%s/input", directory);
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_NEED(file >= 0);
    FUZZ_NEED(write(file, data, size) == (ssize_t) size);
    FUZZ_NEED(close(file) == 0);
    return path;
}
