/* Files of the client: whole small files, read with a limit, written so that they are there whole or not at
 * all. */
#ifndef COMITY_CLI_FILE_H
#define COMITY_CLI_FILE_H

#include <sys/types.h>

#include "core/arena.h"

enum { PATH_BYTES = 1024, FILE_REASON_MAX = 512, FILE_MAX_BYTES = 4 * 1024 * 1024 };

/* "DIRECTORY/NAME"; NAME alone where it is absolute. ERR_RANGE where it does not fit. */
int path_join(char ret_path[PATH_BYTES], const char *directory, const char *name);

/* The directory and those above it, with mode 0700 where they are made. 0 or ERR_FILE. */
int directory_make(const char *path, char reason[FILE_REASON_MAX]);

/* A whole file, with a NUL behind it that is not counted. 0, ERR_FILE, ERR_TOO_LARGE, ERR_MEMORY. */
int file_read(const char *path, size_t size_max, struct arena *arena, struct bytes *ret_content,
              char reason[FILE_REASON_MAX]);

/* Through a temporary file beside it, synced. @may_replace: else ERR_EXISTS where there is one. ERR_FILE,
 * ERR_DISK_FULL. */
int file_write(const char *path, struct bytes content, mode_t mode, bool may_replace,
               char reason[FILE_REASON_MAX]);

#endif
