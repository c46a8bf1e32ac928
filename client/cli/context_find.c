/* The contexts that a home has. */
#include "client/cli/context.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/cli/language.h"
#include "core/error.h"

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

int context_names(const char *home, struct arena *arena, const char *const **ret_names, size_t *ret_count,
                  char reason[CONTEXT_REASON_MAX])
{
    enum { NAMES_MAX = 1024 };
    char path[PATH_BYTES];
    const char **names = arena_alloc(arena, NAMES_MAX * sizeof(*names));
    size_t count = 0;

    if (names == NULL || path_join(path, home, "contexts") != 0)
        return context_failed(reason, ERR_MEMORY, "There is not enough memory.", "");
    DIR *directory = opendir(path);
    struct dirent *found;
    if (directory == NULL && errno != ENOENT)
        return context_failed(reason, ERR_FILE, "%s cannot be read.", path);
    while (directory != NULL && (found = readdir(directory)) != NULL && count < NAMES_MAX) {
        size_t length = strlen(found->d_name);
        if (length <= 4 || strcmp(found->d_name + length - 4, ".ini") != 0)
            continue;
        char *name = arena_printf(arena, "%.*s", (int) (length - 4), found->d_name);
        if (name_is_valid(name))
            names[count++] = name;
    }
    if (directory != NULL)
        closedir(directory);
    qsort(names, count, sizeof(*names), compare_names);
    *ret_names = names;
    *ret_count = count;
    return 0;
}

int context_unknown(const char *home, const char *name, char reason[CONTEXT_REASON_MAX])
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    const char *const *names;
    char why[CONTEXT_REASON_MAX];
    size_t count = 0, length;

    context_failed(reason, ERR_NOT_FOUND, "There is no context `%s`.", name);
    if (arena != NULL && context_names(home, arena, &names, &count, why) == 0 && count == 0) {
        length = strlen(reason);
        snprintf(reason + length, CONTEXT_REASON_MAX - length, " %s", _("This machine has none yet."));
    }
    const char *list = count == 0 ? "" : names[0];
    for (size_t i = 1; i < count && list != NULL; i++)
        list = arena_printf(arena, "%s, %s", list, names[i]);
    if (count > 0 && list != NULL) {
        length = strlen(reason);
        snprintf(reason + length, CONTEXT_REASON_MAX - length, " ");
        snprintf(reason + length + 1, CONTEXT_REASON_MAX - length - 1, _("There are: %s."), list);
    }
    arena_destroy(&arena);
    return ERR_NOT_FOUND;
}

int context_of_history(const char *home, const uint8_t history[HISTORY_ID_SIZE], struct arena *arena,
                       struct context *ret_context)
{
    const char *const *names;
    size_t count;
    char reason[CONTEXT_REASON_MAX];
    int code = context_names(home, arena, &names, &count, reason);

    for (size_t i = 0; code == 0 && i < count; i++) {
        struct context context;
        if (context_load(home, names[i], &context, reason) != 0 || !context.has_history ||
            memcmp(context.history, history, HISTORY_ID_SIZE) != 0)
            continue;
        *ret_context = context;
        return 0;
    }
    return ERR_NOT_FOUND;
}

int context_data_of_group(const char *home, const uint8_t group_key[KEY_SIZE], struct arena *arena,
                          char ret_data[PATH_BYTES])
{
    const char *const *names;
    size_t count;
    char reason[CONTEXT_REASON_MAX];
    int code = context_names(home, arena, &names, &count, reason);

    for (size_t i = 0; code == 0 && i < count; i++) {
        struct context context;
        if (context_load(home, names[i], &context, reason) != 0 || context.data[0] == '\0' ||
            memcmp(context.place.group_key, group_key, KEY_SIZE) != 0)
            continue;
        memcpy(ret_data, context.data, PATH_BYTES);
        return 0;
    }
    return ERR_NOT_FOUND;
}
