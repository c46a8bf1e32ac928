/* Faults of the disk and of the clock, for LD_PRELOAD: while the file named by COMITY_FAULT_SYNC exists,
 * syncs fail with EIO; while the one named by COMITY_FAULT_FULL exists, no room can be reserved for the
 * store's data file; while the one named by COMITY_FAULT_NO_ROOM does, there is also none that was reserved
 * before. The file named by COMITY_FAULT_CLOCK holds the seconds by which the Unix clock is ahead. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool is_on(const char *variable)
{
    const char *path = getenv(variable);
    return path && access(path, F_OK) == 0;
}

static bool is_store(int fd)
{
    char link[64], path[512];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    return strstr(path, "/data.mdb") != NULL;
}

/* POSIX lets dlsym give functions; ISO C wants them copied. */
#define REAL(name)                                                                                           \
    static __typeof__(&name) real;                                                                           \
    if (!real) {                                                                                             \
        void *found = dlsym(RTLD_NEXT, #name);                                                               \
        memcpy(&real, &found, sizeof(real));                                                                 \
    }

int fdatasync(int fd)
{
    REAL(fdatasync)
    if (is_on("COMITY_FAULT_SYNC")) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

int fsync(int fd)
{
    REAL(fsync)
    if (is_on("COMITY_FAULT_SYNC")) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
    REAL(posix_fallocate)
    bool is_full = is_on("COMITY_FAULT_FULL") || is_on("COMITY_FAULT_NO_ROOM");
    return is_full && is_store(fd) ? ENOSPC : real(fd, offset, size);
}

int fstat(int fd, struct stat *ret_status)
{
    REAL(fstat)
    int result = real(fd, ret_status);
    if (result == 0 && is_on("COMITY_FAULT_NO_ROOM") && is_store(fd))
        ret_status->st_size = 0;
    return result;
}

int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    REAL(clock_gettime)
    const char *path = getenv("COMITY_FAULT_CLOCK");
    int result = real(clock, ret_now);
    if (result != 0 || clock != CLOCK_REALTIME || !path)
        return result;
    FILE *file = fopen(path, "re");
    long ahead_s = 0;
    if (file && fscanf(file, "%ld", &ahead_s) == 1)
        ret_now->tv_sec += ahead_s;
    if (file)
        fclose(file);
    return 0;
}
