/* Sentences in the reader's language: the part of output.h that makes them of the catalogue's. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "client/cli/output.h"

const char *phrase(struct cli *cli, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    const char *text = arena_vprintf(cli->arena, _(format), list);
    va_end(list);
    return text == NULL ? "" : text;
}

void say_aside(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vfprintf(stderr, _(format), list);
    va_end(list);
    fputc('\n', stderr);
}

const char *counted(struct cli *cli, uint64_t count, const char *one, const char *many)
{
    const char *text = arena_printf(cli->arena, language_counted(one, many, count), count);

    return text == NULL ? "" : text;
}

/* @pair: how the last two are joined. */
static const char *joined_by(struct cli *cli, const char *pair, const char *const *items, size_t count)
{
    const char *text = items[0];

    for (size_t i = 1; i < count && text != NULL; i++)
        text = i + 1 == count ? arena_printf(cli->arena, pair, text, items[i])
                              : phrase(cli, "%s, %s", text, items[i]);
    return text != NULL ? text : "";
}

const char *shown_list(struct cli *cli, const char *const *items, size_t count)
{
    return count == 0 ? _("nobody") : joined_by(cli, _("%s and %s"), items, count);
}

const char *shown_choice(struct cli *cli, const char *const *items, size_t count)
{
    return count == 0 ? "" : joined_by(cli, _("%s or %s"), items, count);
}

const char *padded(struct cli *cli, const char *text, size_t columns)
{
    size_t width = text_width(text);
    const char *wide =
        arena_printf(cli->arena, "%s%*s", text, (int) (width < columns ? columns - width : 0), "");

    return wide == NULL ? text : wide;
}
