#include "core/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int directory_sync_of(const char *path)
{
    char *name = strdup(path);
    if (!name)
        return -1;
    char *slash = strrchr(name, '/');
    if (slash)
        slash[slash == name ? 1 : 0] = '\0';
    int directory = open(slash ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(name);
    if (directory < 0)
        return -1;
    int result = fsync(directory);
    int reason = errno;
    close(directory);
    errno = reason;
    return result;
}
