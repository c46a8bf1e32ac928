/* What the fuzz targets share. A target is one file, fuzz_<what>.c, with LLVMFuzzerTestOneInput: it feeds its
 * input to one parser and checks what has to hold of everything that the parser takes.
 *
 * In every build replay.c runs a target over tests/fuzz/corpus/<what>; with the preset fuzz libFuzzer drives
 * it too. Inputs are made by corpus.c from our own code, and by libFuzzer: what once crashed is kept as
 * corpus/<what>/crash-*. */
#ifndef COMITY_TESTS_FUZZ_FUZZ_H
#define COMITY_TESTS_FUZZ_FUZZ_H

#include "core/arena.h"
#include "core/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The parser took this input. A corpus of which nothing is taken tests nothing, and fails when replayed. */
void fuzz_accept(void);
unsigned long fuzz_accepted(void);

/* What has to hold for every input. */
#define FUZZ_NEED(condition) ((condition) ? (void) 0 : fuzz_broken(#condition, __FILE__, __LINE__))
void fuzz_broken(const char *condition, const char *file, int line) __attribute__((noreturn));

/* An empty arena, the same one again in every run. */
struct arena *fuzz_arena(size_t limit_bytes);

/* Pieces of the input, one after the other. Past its end there are zeroes and empty pieces. What is handed
 * out as bytes is a copy of its own in the arena, so that reading over its edge is seen. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
    struct arena *arena;
};
uint64_t fuzz_number(struct fuzz_input *input, unsigned bytes); /* big-endian */
struct bytes fuzz_bytes(struct fuzz_input *input, size_t size);
struct bytes fuzz_piece(struct fuzz_input *input); /* u16 length, then as many bytes */
struct bytes fuzz_rest(struct fuzz_input *input);
const char *fuzz_text(struct fuzz_input *input); /* a piece up to its first NUL */

/* A file with this content and mode 0600, in a directory of this process; the next call makes another of it.
 */
const char *fuzz_file(const uint8_t *data, size_t size);
/* A path in that directory where there is nothing. */
const char *fuzz_path(const char *name);
/* Remove a file or a whole directory that was made there. */
void fuzz_remove(const char *path);

#endif
