/* Directories and stores that tests make and remove. */
#ifndef COMITY_TESTS_STORE_SCRATCH_H
#define COMITY_TESTS_STORE_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/store/store.h"

enum { SCRATCH_PATH_MAX = 512 };

/* Where the disk is not what is tested: in /dev/shm from now on, unless TMPDIR says where. */
void scratch_use_memory(void);

/* A new directory of mode 0700 under TMPDIR. */
void scratch_make(char ret_path[SCRATCH_PATH_MAX]);
/* It and everything in it. */
void scratch_remove(const char *path);

void scratch_join(const char *directory, const char *name, char ret_path[SCRATCH_PATH_MAX]);
uint64_t scratch_file_size(const char *path);
void scratch_copy_file(const char *from, const char *to);

/* The group of every store of these tests, and a store of it; the test fails where it does not open. */
extern const uint8_t SCRATCH_GROUP[GROUP_ID_SIZE];
struct store *scratch_store(const char *directory, uint64_t map_limit_bytes);
struct store *scratch_store_of(const uint8_t group[GROUP_ID_SIZE], const char *directory, uint64_t map_limit_bytes);
/* The same, for a code that is expected. */
int scratch_try_store(const char *directory, uint64_t map_limit_bytes, struct store **ret_store);

#endif
