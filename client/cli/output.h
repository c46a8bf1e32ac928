/* What people read and what programs read: sentences, tables, and one JSON document.
 *
 * A format is written in English and looked up in the catalogue of the reader's language (language.h); so are
 * a sheet's titles, which N_() marks in their table. Outside text (names, titles, reasons, labels) is escaped
 * by shown() before it is printed; the document holds it as it is, for JSON has its own escapes. */
#ifndef COMITY_CLI_OUTPUT_H
#define COMITY_CLI_OUTPUT_H

#include "client/cli/cli.h"
#include "client/cli/language.h"
#include "client/cli/sheet.h"

/* One line, or several, on standard output; nothing with --json. */
void say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same on standard error, with --json as well: what must not pass unseen. */
void say_aside(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A sentence, or a part of one, for another one to hold. In the arena; never NULL. */
const char *phrase(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Escaped for one line; with its line breaks, each line indented. In the arena; never NULL. */
const char *shown(struct cli *cli, struct bytes text);
const char *shown_string(struct cli *cli, const char *text);
const char *shown_key(struct cli *cli, const uint8_t key[KEY_SIZE]); /* hexadecimal */
const char *shown_lines(struct cli *cli, struct bytes text, const char *indent);

/* The word in a colour, where standard output has colours. In the arena. */
const char *painted(struct cli *cli, enum color color, const char *word);

/* Put a member into the document; takes the value over. */
void cli_put(struct cli *cli, const char *name, struct json_object *value);
void cli_put_text(struct cli *cli, const char *name, const char *value); /* NULL: null */
void cli_put_number(struct cli *cli, const char *name, uint64_t value);
void cli_put_hex(struct cli *cli, const char *name, struct bytes bytes);
struct json_object *json_hex(struct bytes bytes);

/* A value of a document for people: one line a member, indented by two blanks a level, empty ones left out;
 * what is called `x_ms` is an instant, and shown as one. */
void say_json(struct cli *cli, struct json_object *value, int level);

/* Null, 0, false, "", [], and a choice that was not made. */
bool json_says_nothing(struct json_object *value);

/* In the arena: "2026-11-22 10:12" with the zone; "-" for 0. */
const char *shown_time(struct cli *cli, int64_t time_ms);
/* "2026-11-30 17:00" in the machine's time zone, "2026-11-30T17:00:00Z", "+90m", "+2h", "+3d". */
int time_read(const char *text, int64_t now_ms, int64_t *ret_time_ms);
int64_t time_now_ms(void);
/* An IANA name that this machine's zoneinfo has; where it has none at all, any that could be one. */
bool time_zone_exists(const char *zone);

/* The form that the number takes, with the number in it: "%" PRIu64 " ballot", "%" PRIu64 " ballots". In the
 * arena; never NULL. */
const char *counted(struct cli *cli, uint64_t count, const char *one, const char *many);

/* "a, b and c", "nobody"; "a, b or c". In the arena; never NULL. */
const char *shown_list(struct cli *cli, const char *const *items, size_t count);
const char *shown_choice(struct cli *cli, const char *const *items, size_t count);

/* How many columns of a terminal a text takes; with blanks behind it up to @columns. In the arena; never
 * NULL. */
size_t text_width(const char *text);
/* The text with line breaks, none of its lines wider than @width: between words where that can be. In the
 * arena, or the text itself. */
const char *text_wrapped(struct arena *arena, const char *text, size_t width);
const char *padded(struct cli *cli, const char *text, size_t columns);

#endif
