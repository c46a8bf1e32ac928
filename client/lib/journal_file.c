#include "client/lib/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/text.h"

#define NS_PER_S INT64_C(1000000000)

void journal_fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

void journal_name_make(const uint8_t *id, const char *suffix, char ret_name[JOURNAL_NAME_SIZE])
{
    char digits[2 * COMMAND_ID_SIZE + 1];
    hex_encode(BYTES(id, COMMAND_ID_SIZE), digits);
    snprintf(ret_name, JOURNAL_NAME_SIZE, "%s%s", digits, suffix);
}

static int error_of(int number)
{
    return number == ENOSPC || number == EDQUOT ? ERR_DISK_FULL : ERR_FILE;
}

/* ---- Directories ---- */

/* A directory that was made just now is durable once its parent is. */
static int parent_sync(int directory)
{
    CLEANUP(journal_fd_close) int fd = openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? 0 : error_of(errno);
}

int journal_directory_open(int at, const char *path, bool is_making, int *ret_fd)
{
    struct stat status;
    bool is_new = is_making && mkdirat(at, path, 0700) == 0;
    if (is_making && !is_new && errno != EEXIST)
        return error_of(errno);
    CLEANUP(journal_fd_close) int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &status) != 0)
        return ERR_FILE;
    if (status.st_uid != geteuid() || (status.st_mode & 077) != 0)
        return ERR_FILE_MODE;
    int code = is_new ? parent_sync(fd) : 0;
    if (code == 0) {
        *ret_fd = fd;
        fd = -1;
    }
    return code;
}

int journal_history_open(const char *directory, const uint8_t *history, bool is_making, int *ret_fd)
{
    char name[JOURNAL_HISTORY_HEX + 1];
    CLEANUP(journal_fd_close) int root = -1;
    hex_encode(BYTES(history, HISTORY_ID_SIZE), name);
    int code = journal_directory_open(AT_FDCWD, directory, is_making, &root);
    return code != 0 ? code : journal_directory_open(root, name, is_making, ret_fd);
}

/* ---- Writing ---- */

static int write_all(int fd, struct bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t size = write(fd, bytes.data, bytes.size);
        if (size < 0 && errno != EINTR)
            return error_of(errno);
        if (size > 0)
            bytes = BYTES(bytes.data + size, bytes.size - (size_t) size);
    }
    return 0;
}

static int stamp_and_sync(int fd, int64_t kept_ns)
{
    /* By the clock itself: of its own a file system counts in ticks, and two acts may share one. */
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
    if (kept_ns != 0)
        times[1] = (struct timespec){.tv_sec = kept_ns / NS_PER_S, .tv_nsec = kept_ns % NS_PER_S};
    else
        clock_gettime(CLOCK_REALTIME, &times[1]);
    if (futimens(fd, times) != 0)
        return error_of(errno);
    return fsync(fd) == 0 ? 0 : error_of(errno);
}

int journal_file_put(int directory, const char *name, struct bytes bytes)
{
    struct stat status;
    bool is_there = fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    return is_there ? 0 : journal_file_replace(directory, name, bytes, 0);
}

static int file_replace(int directory, const char *name, struct bytes bytes, int64_t kept_ns, bool is_durable)
{
    char temporary[JOURNAL_NAME_SIZE + 32];
    /* Of this thread alone: two may keep the same command at the same time. */
    snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int) gettid());
    unlinkat(directory, temporary, 0);
    CLEANUP(journal_fd_close)
    int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_of(errno);
    int code = write_all(fd, bytes);
    if (code == 0 && is_durable)
        code = stamp_and_sync(fd, kept_ns);
    if (code == 0 && renameat(directory, temporary, directory, name) != 0)
        code = error_of(errno);
    if (code == 0 && is_durable && fsync(directory) != 0)
        code = error_of(errno);
    if (code != 0)
        unlinkat(directory, temporary, 0);
    return code;
}

int journal_file_replace(int directory, const char *name, struct bytes bytes, int64_t kept_ns)
{
    return file_replace(directory, name, bytes, kept_ns, true);
}

int journal_file_cache(int directory, const char *name, struct bytes bytes)
{
    return file_replace(directory, name, bytes, 0, false);
}

int journal_file_remove(int directory, const char *name)
{
    if (unlinkat(directory, name, 0) != 0)
        return errno == ENOENT ? 0 : error_of(errno);
    return fsync(directory) == 0 ? 0 : error_of(errno);
}

int journal_file_get(int directory, const char *name, struct bytes *ret_bytes, int64_t *ret_kept_ns)
{
    struct stat status;
    CLEANUP(journal_fd_close) int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &status) != 0)
        return ERR_FILE;
    if (!S_ISREG(status.st_mode) || status.st_size > JOURNAL_FILE_MAX_BYTES)
        return ERR_CORRUPT;
    size_t size = (size_t) status.st_size;
    uint8_t *data = malloc(size + 1);
    if (data == NULL)
        return ERR_MEMORY;
    for (size_t at = 0; at < size;) {
        ssize_t got = read(fd, data + at, size - at);
        if (got <= 0) {
            free(data);
            return ERR_FILE;
        }
        at += (size_t) got;
    }
    *ret_bytes = BYTES(data, size);
    *ret_kept_ns = (int64_t) status.st_mtim.tv_sec * NS_PER_S + status.st_mtim.tv_nsec;
    return 0;
}
