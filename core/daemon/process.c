#include "core/daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"

int process_exit_code(int error)
{
    static const struct {
        int error;
        int exit_code;
    } TABLE[] = {
        {ERR_OK, EXIT_ORDERLY},
        {ERR_CONFIG, EXIT_CONFIGURATION},
        {ERR_USAGE, EXIT_CONFIGURATION},
        {ERR_FILE, EXIT_CONFIGURATION},
        {ERR_FILE_MODE, EXIT_CONFIGURATION},
        {ERR_MALFORMED, EXIT_CONFIGURATION},
        {ERR_VERSION, EXIT_CONFIGURATION},
        {ERR_BEHIND, EXIT_CONFIGURATION},
        {ERR_ADDRESS, EXIT_ADDRESS},
    };
    for (size_t i = 0; i < ARRAY_COUNT(TABLE); i++) {
        if (TABLE[i].error == error)
            return TABLE[i].exit_code;
    }
    return EXIT_OTHER;
}

int process_signals_open(int *ret_fd)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
        signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
        return ERR_FILE;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return errno == ENOMEM ? ERR_MEMORY : ERR_FILE;
    *ret_fd = fd;
    return 0;
}

enum process_signal process_signal_take(int fd)
{
    struct signalfd_siginfo info;
    ssize_t got = read(fd, &info, sizeof(info));
    if (got != (ssize_t) sizeof(info))
        return PROCESS_SIGNAL_NONE;
    return info.ssi_signo == SIGHUP ? PROCESS_SIGNAL_RELOAD : PROCESS_SIGNAL_STOP;
}

void process_settle(void)
{
    const struct timespec moment = {.tv_nsec = 100 * 1000 * 1000};
    nanosleep(&moment, NULL);
}

void process_forbid_dumps(void)
{
    static const struct rlimit none = {0, 0};
    /* The limit alone does not hold back a handler that the kernel pipes dumps to. Neither can fail for who
     * lowers it. */
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

int process_file_error(void)
{
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? ERR_DISK_FULL : ERR_FILE;
}

static int write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, text, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return process_file_error();
        text += written;
        size -= (size_t) written;
    }
    return 0;
}

int process_file_write(const char *path, const char *text)
{
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof(temporary), "%s.%ld.new", path, (long) getpid());
    if (length < 0 || (size_t) length >= sizeof(temporary)) {
        errno = ENAMETOOLONG;
        return ERR_FILE;
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return process_file_error();
    int error = write_all(fd, text, strlen(text));
    if (error == 0 && fsync(fd) != 0)
        error = process_file_error();
    if (close(fd) != 0 && error == 0)
        error = process_file_error();
    if (error == 0 && rename(temporary, path) != 0)
        error = process_file_error();
    if (error != 0) {
        int saved_errno = errno;
        unlink(temporary);
        errno = saved_errno;
    }
    return error;
}

bool process_has_folder(const char *path)
{
    char folder[PATH_MAX];
    struct stat found;
    const char *slash = strrchr(path, '/');
    int length = slash ? snprintf(folder, sizeof(folder), "%.*s", (int) (slash - path + 1), path)
                       : snprintf(folder, sizeof(folder), ".");
    return length > 0 && (size_t) length < sizeof(folder) && stat(folder, &found) == 0 &&
           S_ISDIR(found.st_mode);
}
