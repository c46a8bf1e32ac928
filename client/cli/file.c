#include "client/cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/language.h"
#include "core/directory.h"
#include "core/error.h"
#include "core/text.h"

static int file_error(int code, const char *format, const char *path, char reason[FILE_REASON_MAX])
{
    char shown_path[256];
    int error = errno;

    text_escape(BYTES(path, strlen(path)), false, shown_path, sizeof(shown_path));
    snprintf(reason, FILE_REASON_MAX, _(format), shown_path, strerror(error));
    return error == ENOSPC || error == EDQUOT ? ERR_DISK_FULL : code;
}

int path_join(char ret_path[PATH_BYTES], const char *directory, const char *name)
{
    char path[PATH_BYTES];
    int length = name[0] == '/' ? snprintf(path, sizeof(path), "%s", name)
                                : snprintf(path, sizeof(path), "%s/%s", directory, name);

    if (length < 0 || length >= PATH_BYTES)
        return ERR_RANGE;
    memcpy(ret_path, path, (size_t) length + 1);
    return 0;
}

int directory_make(const char *path, char reason[FILE_REASON_MAX])
{
    char part[PATH_BYTES];
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof(part)) {
        snprintf(reason, FILE_REASON_MAX, "%s", _("The directory's name is empty or too long."));
        return ERR_FILE;
    }
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return file_error(ERR_FILE, "%s cannot be made: %s.", part, reason);
    }
    struct stat found;
    if (stat(path, &found) != 0)
        return file_error(ERR_FILE, "%s cannot be used: %s.", path, reason);
    if (!S_ISDIR(found.st_mode)) {
        errno = ENOTDIR;
        return file_error(ERR_FILE, "%s cannot be used: %s.", path, reason);
    }
    return 0;
}

static int read_all(int descriptor, const char *path, size_t size_max, struct arena *arena,
                    struct bytes *ret_content, char reason[FILE_REASON_MAX])
{
    size_t room = 64 * 1024 < size_max ? 64 * 1024 : size_max, size = 0;
    uint8_t *content = arena_alloc(arena, room + 1);

    while (content != NULL) {
        ssize_t got = read(descriptor, content + size, room - size + 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_error(ERR_FILE, "%s cannot be read: %s.", path, reason);
        size += (size_t) got;
        if (got == 0) {
            content[size] = '\0';
            *ret_content = BYTES(content, size);
            return 0;
        }
        if (size <= room)
            continue;
        if (room >= size_max) {
            errno = EFBIG;
            file_error(ERR_TOO_LARGE, "%s cannot be used: %s.", path, reason);
            return ERR_TOO_LARGE;
        }
        room = 4 * room < size_max ? 4 * room : size_max;
        uint8_t *larger = arena_alloc(arena, room + 1);
        if (larger != NULL)
            memcpy(larger, content, size);
        content = larger;
    }
    snprintf(reason, FILE_REASON_MAX, "%s", _("There is not enough memory to read it."));
    return ERR_MEMORY;
}

int file_read(const char *path, size_t size_max, struct arena *arena, struct bytes *ret_content,
              char reason[FILE_REASON_MAX])
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (descriptor < 0)
        return file_error(ERR_FILE, "%s cannot be opened: %s.", path, reason);
    int result = read_all(descriptor, path, size_max, arena, ret_content, reason);
    close(descriptor);
    return result;
}

static int write_all(int descriptor, struct bytes content)
{
    while (content.size > 0) {
        ssize_t put = write(descriptor, content.data, content.size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        content.data += put;
        content.size -= (size_t) put;
    }
    return fsync(descriptor);
}

int file_write(const char *path, struct bytes content, mode_t mode, bool may_replace,
               char reason[FILE_REASON_MAX])
{
    char temporary[PATH_BYTES];
    int length = snprintf(temporary, sizeof(temporary), "%s.new-XXXXXX", path);

    if (length < 0 || length >= PATH_BYTES) {
        errno = ENAMETOOLONG;
        return file_error(ERR_FILE, "%s cannot be written: %s.", path, reason);
    }
    int descriptor = mkostemp(temporary, O_CLOEXEC);
    if (descriptor < 0)
        return file_error(ERR_FILE, "%s cannot be written: %s.", path, reason);
    bool is_written = fchmod(descriptor, mode) == 0 && write_all(descriptor, content) == 0;
    int error = errno;
    close(descriptor);
    errno = error;
    int result = 0;
    if (!is_written)
        result = file_error(ERR_FILE, "%s cannot be written: %s.", path, reason);
    else if (may_replace ? rename(temporary, path) != 0 : link(temporary, path) != 0)
        result =
            file_error(errno == EEXIST ? ERR_EXISTS : ERR_FILE, "%s cannot be written: %s.", path, reason);
    if (result != 0 || !may_replace)
        unlink(temporary);
    if (result == 0)
        directory_sync_of(path); /* best effort: it is written */
    return result;
}
