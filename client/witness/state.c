#include "client/witness/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/witness/kept.h"
#include "core/daemon/process.h"
#include "core/error.h"

static int fail(char *reason, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fail(char *reason, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, STATE_REASON_MAX, format, arguments);
    va_end(arguments);
    return code;
}

int state_make(const struct witness_settings *settings, char reason[STATE_REASON_MAX])
{
    struct stat status;
    if (mkdir(settings->state, 0700) != 0 && errno != EEXIST)
        return fail(reason, process_file_error(), "state: %.300s cannot be made: %s.", settings->state, strerror(errno));
    if (stat(settings->state, &status) != 0 || !S_ISDIR(status.st_mode))
        return fail(reason, ERR_FILE, "state: %.300s is no directory.", settings->state);
    if (status.st_uid != geteuid() || (status.st_mode & 022) != 0)
        return fail(reason, ERR_FILE_MODE,
                    "state: %.300s belongs to another user, or others can write to it: chown it to this user and chmod "
                    "it to 700.",
                    settings->state);
    return 0;
}

int state_check_key(const struct witness_settings *settings, const uint8_t key[KEY_SIZE], char reason[STATE_REASON_MAX])
{
    for (size_t i = 0; i < settings->history_count; i++) {
        const struct history_settings *history = &settings->histories[i];
        struct kept kept;
        if (kept_load(settings->state, history->history, &kept) == 0 && !kept_is_by(&kept, key))
            return fail(reason, ERR_CONFIG,
                        "state: what %.300s has of %s was signed with another key than that in key_file. Put back the key "
                        "that belongs to it, or give this key a state of its own: a new directory.",
                        settings->state, history->name);
    }
    return 0;
}

static void lock_path(const struct witness_settings *settings, char path[CONFIG_VALUE_MAX + 32])
{
    snprintf(path, CONFIG_VALUE_MAX + 32, "%s/running.lock", settings->state);
}

/* A lock of the process's, and not of flock: whether it is held can be asked without taking it. */
static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

bool state_is_in_use(const struct witness_settings *settings)
{
    char path[CONFIG_VALUE_MAX + 32];
    struct flock lock = whole_file();
    lock_path(settings, path);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0)
        return false;
    bool is_held = fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(descriptor);
    return is_held;
}

int state_lock(const struct witness_settings *settings, int *ret_descriptor, char reason[STATE_REASON_MAX])
{
    char path[CONFIG_VALUE_MAX + 32];
    struct flock lock = whole_file();
    lock_path(settings, path);
    *ret_descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*ret_descriptor < 0)
        return fail(reason, process_file_error(), "state: %.300s cannot be made: %s.", path, strerror(errno));
    if (fcntl(*ret_descriptor, F_SETLK, &lock) == 0)
        return 0;
    if (errno != EAGAIN && errno != EACCES)
        return fail(reason, ERR_FILE,
                    "state: %.300s cannot be locked: %s. Put it on a disk of this machine: two that run on it at once are "
                    "known by that lock.",
                    path, strerror(errno));
    return fail(reason, ERR_STORE_IN_USE,
                "Another comity-witness runs on %.300s: end that one first, or give this one a state and a key of "
                "its own.",
                settings->state);
}
