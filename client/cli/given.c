#include "client/cli/given.h"

#include <stdio.h>

#include "client/cli/output.h"

#define TIME_EXAMPLE "\"2026-11-30 17:00\", or +30d"

int given_note(struct cli *cli, const char *option, Comity__V1__TextRef **ret_reference)
{
    const char *text = cli_option(cli, option);

    *ret_reference = NULL;
    if (text == NULL)
        return 0;
    return desk_text(cli, PROSE_REASON, arena_printf(cli->arena, "--%s", option), BYTES(text, strlen(text)),
                     ret_reference);
}

int given_time(struct cli *cli, const char *option, int64_t *time_ms)
{
    const char *text = cli_option(cli, option);
    int64_t now_ms = time_now_ms();
    const char *next = arena_printf(cli->arena, "--%s " TIME_EXAMPLE, option);

    if (text == NULL)
        return 0;
    if (time_read(text, now_ms, time_ms) != 0)
        return cli_fail(cli, ERR_USAGE, next, "--%s `%s` is no time that can be understood.", option,
                        shown_string(cli, text));
    if (*time_ms <= now_ms)
        return cli_fail(cli, ERR_USAGE, next, "--%s is in the past: %s.", option, shown_time(cli, *time_ms));
    return 0;
}

/* Digits alone, in their places: sscanf takes blanks and signs for a part of a number as well. */
static bool is_date(const char *text)
{
    static const char FORM[] = "dddd-dd-dd";
    size_t i = 0;

    for (; FORM[i] != '\0'; i++)
        if (FORM[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != FORM[i])
            return false;
    return text[i] == '\0';
}

int given_date(struct cli *cli, const char *option, uint32_t *ret_date)
{
    const char *text = cli_option(cli, option);
    unsigned year, month, day;

    if (!is_date(text) || sscanf(text, "%4u-%2u-%2u", &year, &month, &day) != 3)
        return cli_fail(cli, ERR_USAGE, arena_printf(cli->arena, "--%s 2026-12-31", option),
                        "--%s `%s` is no date: it is year, month, day.", option, shown_string(cli, text));
    *ret_date = year * 10000 + month * 100 + day;
    return 0;
}

size_t given_list(struct cli *cli, const char *option, const char *const **ret_values)
{
    size_t count = option_count(&cli->arguments, option);
    const char **values = arena_alloc(cli->arena, (count + 1) * sizeof(*values));

    for (size_t i = 0; values != NULL && i < count; i++)
        values[i] = option_at(&cli->arguments, option, i);
    *ret_values = values;
    return values == NULL ? 0 : count;
}
