#include "worker/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/error.h"

enum { PATH_MAX_BYTES = 4096 + 300 };

static const char PREFIX[] = "restoring-";

int leftovers_lock(const char *directory, int *ret_descriptor)
{
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return ERR_FILE;
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        int code = errno == EWOULDBLOCK ? ERR_STORE_IN_USE : ERR_FILE;
        close(descriptor);
        return code;
    }
    *ret_descriptor = descriptor;
    return 0;
}

bool leftover_is_store(const char *path)
{
    char file[PATH_MAX_BYTES];
    return snprintf(file, sizeof(file), "%s/data.mdb", path) >= (int) sizeof(file) || access(file, F_OK) == 0;
}

void leftover_empty(const char *path)
{
    static const char *const NAMES[] = {"data.mdb", "keys", "lock.mdb", "writer.lock"};
    char file[PATH_MAX_BYTES];
    for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++)
        if (snprintf(file, sizeof(file), "%s/%s", path, NAMES[i]) < (int) sizeof(file))
            unlink(file);
}

void leftover_remove(const char *path)
{
    leftover_empty(path);
    rmdir(path);
}

/* Calls @visit for each but @except; returns how many there are. */
static size_t leftovers_each(const char *directory, const char *except, void (*visit)(const char *path))
{
    DIR *stream = opendir(directory);
    if (!stream)
        return 0;
    char path[PATH_MAX_BYTES];
    size_t count = 0;
    const struct dirent *entry;
    while ((entry = readdir(stream)) != NULL) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
            snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >= (int) sizeof(path) ||
            (except && strcmp(path, except) == 0))
            continue;
        count++;
        if (visit)
            visit(path);
    }
    closedir(stream);
    return count;
}

void leftovers_empty(const char *directory)
{
    leftovers_each(directory, NULL, leftover_empty);
}

void leftovers_remove(const char *directory, const char *except)
{
    leftovers_each(directory, except, leftover_remove);
}

/* What a join has fetched so far. Beside a store it has done its part. */
static int join_check(const char *directory, char reason[LEFTOVERS_REASON_MAX])
{
    char store[PATH_MAX_BYTES], part[PATH_MAX_BYTES], state[PATH_MAX_BYTES];
    if (snprintf(store, sizeof(store), "%s/data.mdb", directory) >= (int) sizeof(store) ||
        snprintf(part, sizeof(part), "%s/join.part", directory) >= (int) sizeof(part) ||
        snprintf(state, sizeof(state), "%s/join.state", directory) >= (int) sizeof(state) || access(part, F_OK) != 0)
        return 0;
    if (access(store, F_OK) == 0) {
        unlink(state);
        unlink(part);
        return 0;
    }
    snprintf(reason, LEFTOVERS_REASON_MAX,
             "A join into %.300s has not finished: join again, and it goes on; or remove join.part there.", directory);
    return ERR_CONFIG;
}

int leftovers_check(const char *directory, char reason[LEFTOVERS_REASON_MAX])
{
    char path[PATH_MAX_BYTES];
    int descriptor;
    int code = join_check(directory, reason);
    if (code)
        return code;
    if (leftovers_each(directory, NULL, NULL) == 0 ||
        snprintf(path, sizeof(path), "%s/data.mdb", directory) >= (int) sizeof(path))
        return 0;
    if (access(path, F_OK) != 0) {
        snprintf(reason, LEFTOVERS_REASON_MAX,
                 "A restore into %.300s has not finished, or failed: let it finish, or run it again; to "
                 "begin with an empty store instead, remove %.40sXXXXXX there.",
                 directory, PREFIX);
        return ERR_CONFIG;
    }
    if (leftovers_lock(directory, &descriptor) == 0) {
        leftovers_remove(directory, NULL);
        close(descriptor);
    }
    return 0;
}
