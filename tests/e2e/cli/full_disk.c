/* A disk that gets full, for LD_PRELOAD: under the directory COMITY_FULL_UNDER the write number COMITY_FULL_AT of this
 * process, counted from 0, and every later one finds no room. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_under(int fd, const char *directory)
{
    char link[64], path[4096];
    struct stat status;

    if (directory == NULL || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    path[length < 0 ? 0 : length] = '\0';
    return strncmp(path, directory, strlen(directory)) == 0;
}

ssize_t write(int fd, const void *data, size_t size)
{
    static __typeof__(&write) real;
    static long count;

    if (!real) {
        void *found = dlsym(RTLD_NEXT, "write");
        memcpy(&real, &found, sizeof(real));
    }
    const char *at = getenv("COMITY_FULL_AT");
    if (at != NULL && is_under(fd, getenv("COMITY_FULL_UNDER")) && count++ >= atol(at)) {
        errno = ENOSPC;
        return -1;
    }
    return real(fd, data, size);
}
