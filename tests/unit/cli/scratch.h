/* A directory of a test's own, removed at its end; and small files in it. */
#ifndef COMITY_TEST_SCRATCH_H
#define COMITY_TEST_SCRATCH_H

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/cli/file.h"

struct scratch {
    char path[64];
    char at[PATH_BYTES]; /* of the last scratch_path */
};

static inline void scratch_init(struct scratch *scratch)
{
    snprintf(scratch->path, sizeof(scratch->path), "/tmp/comity-test-XXXXXX");
    if (mkdtemp(scratch->path) == NULL)
        abort();
}

static inline int scratch_unlink(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void) found;
    (void) kind;
    (void) walk;
    return remove(path);
}

static inline void scratch_release(struct scratch *scratch)
{
    nftw(scratch->path, scratch_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
    snprintf(scratch->at, sizeof(scratch->at), "%s/%s", scratch->path, name);
    return scratch->at;
}

static inline const char *scratch_write(struct scratch *scratch, const char *name, const char *text)
{
    FILE *file = fopen(scratch_path(scratch, name), "w");

    if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0)
        abort();
    return scratch->at;
}

#endif
