#include "client/cli/output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"

/* One line for a terminal of that width: it goes on below where it began. A command stays in one line, so
 * that it can be taken as it stands. */
static void put_line(struct arena *arena, const char *line, size_t width)
{
    size_t lead = strspn(line, " ");

    if (strncmp(line + lead, "comity ", strlen("comity ")) == 0 || width < 2 * lead) {
        puts(line);
        return;
    }
    const char *rest = text_wrapped(arena, line + lead, width - lead);
    for (size_t length; *rest != '\0'; rest += length + (rest[length] == '\n')) {
        length = strcspn(rest, "\n");
        printf("%.*s%.*s\n", (int) lead, line, (int) length, rest);
    }
}

void say(const struct cli *cli, const char *format, ...)
{
    char *text = NULL, *rest;
    va_list list;

    if (cli->is_json)
        return;
    va_start(list, format);
    int length = vasprintf(&text, _(format), list);
    va_end(list);
    if (length < 0)
        return;
    rest = text;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        if (cli->terminal.width == 0 || text_width(line) <= cli->terminal.width)
            puts(line);
        else
            put_line(cli->arena, line, cli->terminal.width);
    free(text);
}

const char *shown(struct cli *cli, struct bytes text)
{
    size_t size = text_escape(text, false, NULL, 0) + 1;
    char *buffer = arena_alloc(cli->arena, size);

    if (buffer == NULL)
        return _("(out of memory)");
    text_escape(text, false, buffer, size);
    return buffer;
}

const char *shown_string(struct cli *cli, const char *text)
{
    return text == NULL ? "" : shown(cli, BYTES(text, strlen(text)));
}

const char *shown_key(struct cli *cli, const uint8_t key[KEY_SIZE])
{
    char hex[2 * KEY_SIZE + 1];

    hex_encode(BYTES(key, KEY_SIZE), hex);
    return shown_string(cli, hex);
}

const char *shown_lines(struct cli *cli, struct bytes text, const char *indent)
{
    size_t size = text_escape(text, true, NULL, 0) + 1;
    char *escaped = arena_alloc(cli->arena, size);
    size_t lines = 1;

    if (escaped == NULL)
        return _("(out of memory)");
    text_escape(text, true, escaped, size);
    for (const char *c = escaped; *c != '\0'; c++)
        lines += *c == '\n';
    char *indented = arena_alloc(cli->arena, size + lines * strlen(indent));
    if (indented == NULL)
        return escaped;
    char *to = indented;
    to = stpcpy(to, indent);
    for (const char *c = escaped; *c != '\0'; c++) {
        if (*c == '\n' && c[1] == '\0')
            break;
        *to++ = *c;
        if (*c == '\n')
            to = stpcpy(to, indent);
    }
    *to = '\0';
    return indented;
}

const char *painted(struct cli *cli, enum color color, const char *word)
{
    bool has_color = cli->terminal.has_color;

    return arena_printf(cli->arena, "%s%s%s", color_begin(has_color, color), word,
                        color_end(has_color, color));
}

void cli_put(struct cli *cli, const char *name, struct json_object *value)
{
    json_object_object_add(cli->document, name, value);
}

void cli_put_text(struct cli *cli, const char *name, const char *value)
{
    /* A document is UTF-8, and a path may be anything. */
    if (value != NULL && !utf8_is_valid(BYTES(value, strlen(value))))
        value = shown_string(cli, value);
    cli_put(cli, name, value == NULL ? NULL : json_object_new_string(value));
}

void cli_put_number(struct cli *cli, const char *name, uint64_t value)
{
    cli_put(cli, name, json_object_new_uint64(value));
}

struct json_object *json_hex(struct bytes bytes)
{
    struct json_object *value = NULL;
    char *hex = malloc(2 * bytes.size + 1);

    if (hex == NULL)
        return NULL;
    hex_encode(bytes, hex);
    value = json_object_new_string_len(hex, (int) (2 * bytes.size));
    free(hex);
    return value;
}

void cli_put_hex(struct cli *cli, const char *name, struct bytes bytes)
{
    cli_put(cli, name, json_hex(bytes));
}

bool json_says_nothing(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return true;
    case json_type_array:
        return json_object_array_length(value) == 0;
    case json_type_string:
        return json_object_get_string_len(value) == 0 ||
               strcmp(json_object_get_string(value), "UNSPECIFIED") == 0;
    case json_type_boolean:
        return !json_object_get_boolean(value);
    case json_type_int:
        return json_object_get_int64(value) == 0;
    default:
        return false;
    }
}

/* Prose is shown as it reads, not as {hash, size, text}. */
static struct json_object *prose_of(struct json_object *value)
{
    struct json_object *text = NULL;

    if (json_object_is_type(value, json_type_object) && json_object_object_length(value) == 3 &&
        json_object_object_get_ex(value, "hash", NULL) && json_object_object_get_ex(value, "size", NULL) &&
        json_object_object_get_ex(value, "text", &text))
        return text;
    return NULL;
}

static bool is_scalar(struct json_object *value)
{
    return !json_object_is_type(value, json_type_object) && !json_object_is_type(value, json_type_array);
}

/* "a, b, c" of an array of numbers or words; NULL of any other. */
static const char *joined(struct cli *cli, struct json_object *array)
{
    const char *text = "";

    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *value = json_object_array_get_idx(array, i);
        if (!is_scalar(value) || text == NULL)
            return NULL;
        text = arena_printf(cli->arena, "%s%s%s", text, i == 0 ? "" : ", ",
                            shown_string(cli, json_object_get_string(value)));
    }
    return text;
}

/* @lead: what stands before the name; as wide as the indent of the lines that follow. */
static void say_member(struct cli *cli, const char *lead, const char *name, struct json_object *member,
                       int level)
{
    struct json_object *prose = prose_of(member);
    struct json_object *value = prose != NULL ? prose : member;
    bool is_array = json_object_is_type(value, json_type_array);
    const char *line = is_array ? joined(cli, value) : NULL;
    size_t length = strlen(name);
    bool is_time = length > 3 && strcmp(name + length - 3, "_ms") == 0;

    if (is_time && json_object_is_type(value, json_type_int)) {
        name = arena_printf(cli->arena, "%.*s", (int) (length - 3), name);
        line = shown_time(cli, json_object_get_int64(value));
    }
    if (line == NULL && is_scalar(value))
        line = shown_string(cli, json_object_get_string(value));
    if (line == NULL) {
        say(cli, "%s%s:", lead, name);
        say_json(cli, value, level + 1);
    } else if (!is_array && json_object_is_type(value, json_type_string) &&
               strchr(json_object_get_string(value), '\n') != NULL) {
        struct bytes text = BYTES(json_object_get_string(value), (size_t) json_object_get_string_len(value));
        say(cli, "%s%s:\n%s", lead, name,
            shown_lines(cli, text, arena_printf(cli->arena, "%*s", 2 * level + 2, "")));
    } else {
        say(cli, "%s%s: %s", lead, name, line);
    }
}

static void say_object(struct cli *cli, struct json_object *object, const char *first_lead, int level)
{
    const char *indent = arena_printf(cli->arena, "%*s", 2 * level, "");
    const char *lead = first_lead != NULL ? first_lead : indent;

    json_object_object_foreach(object, name, member)
    {
        struct json_object *prose = prose_of(member);
        if (json_says_nothing(prose != NULL ? prose : member))
            continue;
        say_member(cli, lead, shown_string(cli, name), member, level);
        lead = indent;
    }
}

void say_json(struct cli *cli, struct json_object *value, int level)
{
    if (cli->is_json)
        return;
    if (json_object_is_type(value, json_type_object))
        say_object(cli, value, NULL, level);
    for (size_t i = 0; json_object_is_type(value, json_type_array) && i < json_object_array_length(value);
         i++)
        if (json_object_is_type(json_object_array_get_idx(value, i), json_type_object))
            say_object(cli, json_object_array_get_idx(value, i),
                       arena_printf(cli->arena, "%*s- ", 2 * level, ""), level + 1);
}
