#include "scratch.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/key.h"

const uint8_t SCRATCH_GROUP[GROUP_ID_SIZE] = "a group of tests";

void scratch_use_memory(void)
{
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
}

void scratch_make(char ret_path[SCRATCH_PATH_MAX])
{
    const char *parent = getenv("TMPDIR");

    assert_int_equal(key_init(), 0);
    snprintf(ret_path, SCRATCH_PATH_MAX, "%s/comity-store-XXXXXX", parent != NULL ? parent : "/tmp");
    assert_non_null(mkdtemp(ret_path));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void) status;
    (void) kind;
    (void) place;
    return remove(path);
}

void scratch_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void scratch_join(const char *directory, const char *name, char ret_path[SCRATCH_PATH_MAX])
{
    assert_true(snprintf(ret_path, SCRATCH_PATH_MAX, "%s/%s", directory, name) < SCRATCH_PATH_MAX);
}

uint64_t scratch_file_size(const char *path)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return (uint64_t) status.st_size;
}

void scratch_copy_file(const char *from, const char *to)
{
    static char buffer[1024 * 1024];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    size_t size;

    assert_non_null(in);
    assert_non_null(out);
    while ((size = fread(buffer, 1, sizeof(buffer), in)) > 0)
        assert_int_equal(fwrite(buffer, 1, size, out), size);
    assert_int_equal(ferror(in), 0);
    fclose(in);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(to, 0600), 0);
}

static int try_store(const uint8_t *group, const char *directory, uint64_t map_limit_bytes, struct store **ret_store)
{
    struct store_options options = {
        .directory = directory,
        .map_limit_bytes = map_limit_bytes,
        .group = group,
    };
    char reason[STORE_REASON_MAX] = "";
    int code = store_open(&options, ret_store, reason);

    if (code != 0)
        assert_true(reason[0] != '\0');
    return code;
}

int scratch_try_store(const char *directory, uint64_t map_limit_bytes, struct store **ret_store)
{
    return try_store(SCRATCH_GROUP, directory, map_limit_bytes, ret_store);
}

struct store *scratch_store_of(const uint8_t group[GROUP_ID_SIZE], const char *directory, uint64_t map_limit_bytes)
{
    struct store *store = NULL;

    assert_int_equal(try_store(group, directory, map_limit_bytes, &store), 0);
    return store;
}

struct store *scratch_store(const char *directory, uint64_t map_limit_bytes)
{
    return scratch_store_of(SCRATCH_GROUP, directory, map_limit_bytes);
}
