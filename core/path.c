#include "core/path.h"

#include <inttypes.h>
#include <stdio.h>

static size_t path_append(const struct path *path, char *buffer, size_t size)
{
    size_t at = 0;
    if (path->parent) {
        at = path_append(path->parent, buffer, size);
        if (at + 1 < size)
            buffer[at++] = '.';
    }
    int length;
    if (path->index == PATH_NOT_REPEATED)
        length = snprintf(buffer + at, size - at, "%s", path->name);
    else
        length = snprintf(buffer + at, size - at, "%s[%" PRId64 "]", path->name, path->index);
    if (length < 0)
        return at;
    return at + (size_t) length < size ? at + (size_t) length : size - 1;
}

const char *path_write(const struct path *path, char *buffer, size_t size)
{
    buffer[0] = '\0';
    if (path)
        path_append(path, buffer, size);
    return buffer;
}
