#include "client/cli/csv_file.h"

#include <csv.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/language.h"
#include "core/error.h"
#include "core/text.h"

enum { SHOWN_MAX = 256 };

struct reading {
    struct arena *arena;
    struct csv *csv;
    const char **fields;
    size_t room;
    size_t at;   /* the next field of this row */
    size_t rows; /* so far, the header among them */
    int code;
    char *reason;
};

/* The row that is being read is wrong. @format: with one %zu, its number. */
static void row_fails(struct reading *reading, int code, const char *format)
{
    if (reading->code != 0)
        return;
    reading->code = code;
    snprintf(reading->reason, FILE_REASON_MAX, _(format), reading->rows + 1);
}

static int file_fails(char reason[FILE_REASON_MAX], int code, const char *what)
{
    snprintf(reason, FILE_REASON_MAX, "%s", _(what));
    return code;
}

/* Fields live in one list that grows; those of the header stand apart. */
static void keep(struct reading *reading, const char *text)
{
    struct csv *csv = reading->csv;
    const size_t used = csv->count * csv->columns + reading->at;

    if (used >= reading->room) {
        const size_t room = reading->room == 0 ? 256 : 2 * reading->room;
        const char **larger = arena_alloc(reading->arena, room * sizeof(*larger));
        if (larger == NULL) {
            row_fails(reading, ERR_MEMORY, "Row %zu does not fit into memory.");
            return;
        }
        if (used > 0)
            memcpy(larger, reading->fields, used * sizeof(*larger));
        reading->fields = larger;
        reading->room = room;
    }
    reading->fields[used] = text;
}

static void take_field(void *field, size_t size, void *context)
{
    struct reading *reading = context;
    struct csv *csv = reading->csv;
    const size_t most = reading->rows == 0 ? CSV_COLUMNS_MAX : csv->columns;

    if (reading->code != 0)
        return;
    if (reading->at == most) {
        if (reading->rows == 0)
            row_fails(reading, ERR_MALFORMED, "Row %zu has too many columns.");
        else
            row_fails(reading, ERR_MALFORMED, "Row %zu has more fields than the first one.");
        return;
    }
    if (size > CSV_FIELD_MAX) {
        row_fails(reading, ERR_TOO_LARGE, "Row %zu has a field that is too long.");
        return;
    }
    char *text = arena_alloc(reading->arena, size + 1);
    if (text == NULL) {
        row_fails(reading, ERR_MEMORY, "Row %zu does not fit into memory.");
        return;
    }
    if (size > 0)
        memcpy(text, field, size);
    if (reading->rows == 0)
        csv->header[reading->at] = text;
    else
        keep(reading, text);
    reading->at++;
}

static void end_row(int end, void *context)
{
    struct reading *reading = context;
    struct csv *csv = reading->csv;

    (void) end;
    if (reading->code != 0)
        return;
    if (reading->rows == 0)
        csv->columns = reading->at;
    else if (reading->at < csv->columns)
        row_fails(reading, ERR_MALFORMED, "Row %zu has fewer fields than the first one.");
    else if (csv->count == CSV_ROWS_MAX)
        row_fails(reading, ERR_TOO_LARGE, "Row %zu is one too many.");
    else
        csv->count++;
    reading->rows++;
    reading->at = 0;
}

static struct bytes without_mark(struct bytes content)
{
    static const uint8_t MARK[] = {0xEF, 0xBB, 0xBF}; /* that spreadsheets put first */
    bool has_mark = content.size >= sizeof(MARK) && memcmp(content.data, MARK, sizeof(MARK)) == 0;

    return has_mark ? BYTES(content.data + sizeof(MARK), content.size - sizeof(MARK)) : content;
}

/* What a spreadsheet writes where a comma is part of numbers. */
static bool is_parted_otherwise(const struct csv *csv)
{
    return csv->columns == 1 && strpbrk(csv->header[0], ";\t") != NULL;
}

static int read_content(struct bytes content, struct arena *arena, struct csv *ret_csv, char reason[FILE_REASON_MAX])
{
    struct csv csv = {0};
    struct reading reading = {.arena = arena, .csv = &csv, .reason = reason};
    struct csv_parser parser;

    if (!utf8_is_valid(content))
        return file_fails(reason, ERR_UTF8,
                          "The file is not in UTF-8: save it from the spreadsheet as \"CSV UTF-8\".");
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return ERR_MEMORY;
    if (csv_parse(&parser, content.data, content.size, take_field, end_row, &reading) != content.size ||
        csv_fini(&parser, take_field, end_row, &reading) != 0) {
        if (csv_error(&parser) == CSV_ENOMEM)
            row_fails(&reading, ERR_MEMORY, "Row %zu does not fit into memory.");
        else
            row_fails(&reading, ERR_MALFORMED, "Row %zu has a quotation mark in the wrong place.");
    }
    csv_free(&parser);
    if (reading.code != 0)
        return reading.code;
    if (csv.columns == 0)
        return file_fails(reason, ERR_MALFORMED, "The file is empty: its first row has to name the columns.");
    if (is_parted_otherwise(&csv))
        return file_fails(reason, ERR_MALFORMED, "Its columns are parted by semicolons or tabs. Save it with commas between them.");
    csv.fields = reading.fields;
    *ret_csv = csv;
    return 0;
}

int csv_read(const char *path, struct arena *arena, struct csv *ret_csv, char reason[FILE_REASON_MAX])
{
    char why[FILE_REASON_MAX], shown[SHOWN_MAX];
    struct bytes content;
    int code = file_read(path, FILE_MAX_BYTES, arena, &content, reason);

    if (code != 0)
        return code;
    code = read_content(without_mark(content), arena, ret_csv, why);
    if (code != 0) {
        text_escape(BYTES(path, strlen(path)), false, shown, sizeof(shown));
        const char *whole = arena_printf(arena, "%s: %s", shown, why);
        snprintf(reason, FILE_REASON_MAX, "%s", whole == NULL ? why : whole);
    }
    return code;
}
