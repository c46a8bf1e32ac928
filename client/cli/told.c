#include "client/cli/told.h"

#include <string.h>

#include "client/cli/output.h"

enum { STEP = 32 };

void told_add(struct cli *cli, struct told *told, const char *line)
{
    const bool is_full = told->count % STEP == 0;
    const char **larger =
        is_full ? arena_alloc(cli->arena, (told->count + STEP) * sizeof(*larger)) : told->lines;

    if (line == NULL || larger == NULL)
        return;
    if (is_full && told->count > 0)
        memcpy(larger, told->lines, told->count * sizeof(*larger));
    told->lines = larger;
    told->lines[told->count++] = line;
}

void told_say(const struct cli *cli, const char *lead, struct told told)
{
    for (size_t i = 0; i < told.count; i++)
        say(cli, "%s%s", lead, told.lines[i]);
}
