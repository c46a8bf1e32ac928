/* Which directory is synced, and that a failure is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/directory.h"

static char directory[256];
static struct stat synced;
static unsigned syncs;
static int failure; /* errno of the next sync; 0: it works */

/* In the place of the C library's. */
int fsync(int descriptor)
{
    assert_int_equal(fstat(descriptor, &synced), 0);
    syncs++;
    errno = failure;
    return failure == 0 ? 0 : -1;
}

static int setup(void **state)
{
    (void) state;
    const char *parent = getenv("TMPDIR");
    snprintf(directory, sizeof(directory), "%s/comity-directory-XXXXXX", parent ? parent : "/tmp");
    syncs = 0;
    failure = 0;
    return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
    (void) state;
    return rmdir(directory);
}

static void is_synced_for(const char *path, const char *expected)
{
    struct stat status;
    unsigned before = syncs;

    assert_int_equal(directory_sync_of(path), 0);
    assert_int_equal(syncs, before + 1);
    assert_int_equal(stat(expected, &status), 0);
    assert_true(status.st_ino == synced.st_ino && status.st_dev == synced.st_dev);
}

static void the_directory_of_a_file_is_synced(void **state)
{
    char path[300];

    (void) state;
    snprintf(path, sizeof(path), "%s/file", directory);
    is_synced_for(path, directory);
    is_synced_for("/file", "/");
    is_synced_for("file", ".");
    is_synced_for("./file", ".");
    is_synced_for("../file", "..");
}

static void a_failure_is_told(void **state)
{
    char path[300];

    (void) state;
    snprintf(path, sizeof(path), "%s/none/file", directory);
    errno = 0;
    assert_int_equal(directory_sync_of(path), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(syncs, 0);
    snprintf(path, sizeof(path), "%s/file", directory);
    failure = EIO;
    assert_int_equal(directory_sync_of(path), -1);
    assert_int_equal(errno, EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_directory_of_a_file_is_synced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failure_is_told, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
