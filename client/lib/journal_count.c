/* How many commands of the journal are open, by the names of its files alone. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/lib/comity.h"
#include "client/lib/journal_file.h"
#include "core/error.h"

enum { ID_HEX = 2 * COMMAND_ID_SIZE };

/* What a file of a command is; those that end it together. */
enum kind { KIND_COMMAND = 1, KIND_MARK = 2, KIND_END = 4 };

static const struct {
    const char *suffix;
    enum kind kind;
} KINDS[] = {
    {JOURNAL_SUFFIX_COMMAND, KIND_COMMAND},
    {JOURNAL_SUFFIX_WAITING, KIND_MARK},
    {JOURNAL_SUFFIX_RECEIPT, KIND_END},
    {JOURNAL_SUFFIX_REFUSED, KIND_END},
};

struct named {
    char id[ID_HEX];
    enum kind kind;
};

struct names {
    struct named *list;
    size_t count, room;
};

static void names_release(struct names *names)
{
    free(names->list);
}

static void dir_close(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

static int names_add(struct names *names, const char *name)
{
    size_t row = 0;
    while (row < ARRAY_COUNT(KINDS) && (strlen(name) <= ID_HEX || strncmp(name + ID_HEX, KINDS[row].suffix,
                                                                         strlen(KINDS[row].suffix)) != 0))
        row++;
    if (row == ARRAY_COUNT(KINDS))
        return 0;
    if (names->count == names->room) {
        size_t room = names->room == 0 ? 64 : 2 * names->room;
        struct named *grown = realloc(names->list, room * sizeof(*grown));
        if (grown == NULL)
            return ERR_MEMORY;
        names->list = grown;
        names->room = room;
    }
    struct named *added = &names->list[names->count++];
    memcpy(added->id, name, ID_HEX);
    added->kind = KINDS[row].kind;
    return 0;
}

static int named_compare(const void *a, const void *b)
{
    return memcmp(((const struct named *) a)->id, ((const struct named *) b)->id, ID_HEX);
}

/* Of how many commands there are the files of these kinds, and no others. */
static size_t names_with(struct names *names, unsigned kinds)
{
    size_t found = 0;
    if (names->count > 0)
        qsort(names->list, names->count, sizeof(*names->list), named_compare);
    for (size_t i = 0, next; i < names->count; i = next) {
        unsigned there = 0;
        for (next = i; next < names->count && named_compare(&names->list[i], &names->list[next]) == 0; next++)
            there |= names->list[next].kind;
        found += there == kinds;
    }
    return found;
}

static int count_with(const char *directory, const uint8_t *history, unsigned kinds, size_t *ret_count)
{
    CLEANUP(names_release) struct names names = {0};
    CLEANUP(journal_fd_close) int fd = -1;
    int code = journal_history_open(directory, history, false, &fd);
    if (code == ERR_FILE && errno == ENOENT) {
        *ret_count = 0; /* nothing was kept of it */
        return 0;
    }
    int copy = code == 0 ? dup(fd) : -1;
    CLEANUP(dir_close) DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (code == 0 && dir == NULL)
        return ERR_FILE;
    for (struct dirent *file; code == 0 && (file = readdir(dir)) != NULL;)
        code = names_add(&names, file->d_name);
    if (code == 0)
        *ret_count = names_with(&names, kinds);
    return code;
}

int comity_journal_unconfirmed(const char *directory, const uint8_t history[COMITY_HISTORY_SIZE],
                               size_t *ret_count)
{
    return count_with(directory, history, KIND_COMMAND, ret_count);
}

int comity_outbox_count(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE], size_t *ret_count)
{
    return count_with(journal, history, KIND_COMMAND | KIND_MARK, ret_count);
}
