/* The home: where it is, and whose turn it is to write there. */
#include "client/cli/context.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/error.h"

int home_path(const char *given, char ret_home[HOME_MAX], const char **ret_variable,
              char reason[CONTEXT_REASON_MAX])
{
    static const struct {
        const char *variable, *below;
    } PLACES[] = {{"COMITY_HOME", ""}, {"XDG_CONFIG_HOME", "/comity"}, {"HOME", "/.config/comity"}};
    char home[HOME_MAX];
    const char *base = given, *below = "";

    *ret_variable = NULL;
    for (size_t i = 0; base == NULL && i < ARRAY_COUNT(PLACES); i++) {
        const char *value = getenv(PLACES[i].variable);
        if (value == NULL || *value == '\0')
            continue;
        base = value;
        below = PLACES[i].below;
        *ret_variable = PLACES[i].variable;
    }
    if (base == NULL)
        return context_failed(reason, ERR_CONFIG, "There is no home directory to keep keys in.", "");
    if ((size_t) snprintf(home, sizeof(home), "%s%s", base, below) >= sizeof(home))
        return context_failed(reason, ERR_CONFIG, "The path of the home directory is too long: %s.", base);
    memcpy(ret_home, home, sizeof(home));
    return 0;
}

int home_find(const char *given, char ret_home[HOME_MAX], char reason[CONTEXT_REASON_MAX])
{
    char home[HOME_MAX], why[FILE_REASON_MAX];
    const char *variable;
    int code = home_path(given, home, &variable, reason);

    if (code != 0)
        return code;
    code = directory_make(home, why);
    if (code != 0) {
        snprintf(reason, CONTEXT_REASON_MAX, "%s", why);
        return code;
    }
    memcpy(ret_home, home, sizeof(home));
    return 0;
}

int home_lock(const char *home, int *ret_lock, char reason[CONTEXT_REASON_MAX])
{
    char path[PATH_BYTES];

    if (path_join(path, home, "lock") != 0)
        return context_failed(reason, ERR_CONFIG, "The path of the home directory is too long: %s.", home);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX) != 0) {
        context_failed(reason, ERR_FILE, "%s cannot be locked.", path);
        if (lock >= 0)
            close(lock);
        return ERR_FILE;
    }
    *ret_lock = lock;
    return 0;
}
