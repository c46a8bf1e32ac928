/* A disk that forgets what was not synced, as a library to preload.
 *
 * It watches one file, COMITY_SHIM_FILE, and keeps two files in COMITY_SHIM_DIR:
 *   durable   what the disk would hold after the power went: every write that a sync came after
 *   pending   the writes since, as records {offset u64, size u64, bytes}, host byte order
 * After a kill -9 the test builds the file that a machine finds on waking up: durable, with any subset of pending,
 * whole or torn, written over it. A write through a descriptor opened with O_DSYNC or O_SYNC is durable at once.
 *
 * With COMITY_SHIM_LIE=1 syncs are answered and not done: the control, in which acknowledged things must get lost. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
    pthread_mutex_t lock;
    const char *file;
    bool lies;
    int durable;
    int pending;
    ssize_t (*pwrite)(int, const void *, size_t, off_t);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*writev)(int, const struct iovec *, int);
    ssize_t (*pwritev)(int, const struct iovec *, int, off_t);
    int (*fdatasync)(int);
    int (*fsync)(int);
    int (*ftruncate)(int, off_t);
} shim = { .lock = PTHREAD_MUTEX_INITIALIZER, .durable = -1, .pending = -1 };

static int shim_file_open(const char *dir, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static void die(const char *what)
{
    fprintf(stderr, "powerloss: %s: %s\n", what, strerror(errno));
    abort();
}

__attribute__((constructor)) static void shim_start(void)
{
    const char *dir = getenv("COMITY_SHIM_DIR");
    shim.file = getenv("COMITY_SHIM_FILE");
    shim.lies = getenv("COMITY_SHIM_LIE") != NULL;
    shim.pwrite = (ssize_t(*)(int, const void *, size_t, off_t)) dlsym(RTLD_NEXT, "pwrite");
    shim.write = (ssize_t(*)(int, const void *, size_t)) dlsym(RTLD_NEXT, "write");
    shim.writev = (ssize_t(*)(int, const struct iovec *, int)) dlsym(RTLD_NEXT, "writev");
    shim.pwritev = (ssize_t(*)(int, const struct iovec *, int, off_t)) dlsym(RTLD_NEXT, "pwritev");
    shim.fdatasync = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    shim.fsync = (int (*)(int)) dlsym(RTLD_NEXT, "fsync");
    shim.ftruncate = (int (*)(int, off_t)) dlsym(RTLD_NEXT, "ftruncate");
    if (dir == NULL || shim.file == NULL)
        return;
    shim.durable = shim_file_open(dir, "durable");
    shim.pending = shim_file_open(dir, "pending");
    if (shim.durable < 0 || shim.pending < 0)
        die("cannot open its files");
}

/* Is this descriptor the watched file? By device and inode, so that no open() has to be caught. */
static bool is_watched(int fd)
{
    struct stat of_fd;
    struct stat of_file;
    return shim.durable >= 0 && fstat(fd, &of_fd) == 0 && S_ISREG(of_fd.st_mode) && stat(shim.file, &of_file) == 0 &&
           of_fd.st_ino == of_file.st_ino && of_fd.st_dev == of_file.st_dev;
}

static bool is_synchronous(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_DSYNC) != 0; /* O_SYNC includes O_DSYNC */
}

static void write_whole(int fd, const void *data, size_t size, off_t offset)
{
    const uint8_t *at = data;
    while (size > 0) {
        ssize_t done = shim.pwrite(fd, at, size, offset);
        if (done <= 0)
            die("write");
        at += done;
        offset += done;
        size -= (size_t) done;
    }
}

/* The watched file was written: note it as pending, or as durable. */
static void note(int fd, const void *data, size_t size, off_t offset)
{
    pthread_mutex_lock(&shim.lock);
    if (is_synchronous(fd) && !shim.lies) {
        write_whole(shim.durable, data, size, offset);
    } else {
        uint64_t head[2] = { (uint64_t) offset, size };
        off_t end = lseek(shim.pending, 0, SEEK_END);
        write_whole(shim.pending, data, size, end + (off_t) sizeof head); /* the head last: no torn record */
        write_whole(shim.pending, head, sizeof head, end);
    }
    pthread_mutex_unlock(&shim.lock);
}

/* A sync: what was pending is durable. */
static void settle(void)
{
    pthread_mutex_lock(&shim.lock);
    off_t at = 0;
    uint64_t head[2];
    while (pread(shim.pending, head, sizeof head, at) == (ssize_t) sizeof head && head[1] > 0) {
        uint8_t *data = malloc(head[1]);
        if (data == NULL || pread(shim.pending, data, head[1], at + (off_t) sizeof head) != (ssize_t) head[1])
            die("read back");
        write_whole(shim.durable, data, head[1], (off_t) head[0]);
        free(data);
        at += (off_t) (sizeof head + head[1]);
    }
    if (shim.ftruncate(shim.pending, 0) != 0)
        die("truncate");
    pthread_mutex_unlock(&shim.lock);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    ssize_t done = shim.pwrite(fd, data, size, offset);
    if (done > 0 && is_watched(fd))
        note(fd, data, (size_t) done, offset);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    return pwrite(fd, data, size, offset);
}

ssize_t write(int fd, const void *data, size_t size)
{
    if (!is_watched(fd))
        return shim.write(fd, data, size);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = shim.write(fd, data, size);
    if (done > 0)
        note(fd, data, (size_t) done, offset);
    return done;
}

static void note_vector(int fd, const struct iovec *parts, int count, off_t offset, ssize_t done)
{
    for (int i = 0; i < count && done > 0; i++) {
        size_t size = parts[i].iov_len < (size_t) done ? parts[i].iov_len : (size_t) done;
        if (size > 0)
            note(fd, parts[i].iov_base, size, offset);
        offset += (off_t) size;
        done -= (ssize_t) size;
    }
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (!is_watched(fd))
        return shim.writev(fd, parts, count);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = shim.writev(fd, parts, count);
    note_vector(fd, parts, count, offset, done);
    return done;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    ssize_t done = shim.pwritev(fd, parts, count, offset);
    if (is_watched(fd))
        note_vector(fd, parts, count, offset, done);
    return done;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset)
{
    return pwritev(fd, parts, count, offset);
}

int fdatasync(int fd)
{
    bool watched = is_watched(fd);
    int result = watched ? 0 : shim.fdatasync(fd); /* the real disk's time does not matter here */
    if (watched && !shim.lies)
        settle();
    return result;
}

int fsync(int fd)
{
    bool watched = is_watched(fd);
    int result = watched ? 0 : shim.fsync(fd);
    if (watched && !shim.lies)
        settle();
    return result;
}

int ftruncate(int fd, off_t size)
{
    int result = shim.ftruncate(fd, size);
    if (result == 0 && is_watched(fd) && shim.ftruncate(shim.durable, size) != 0)
        die("truncate");
    return result;
}

int ftruncate64(int fd, off_t size)
{
    return ftruncate(fd, size);
}
