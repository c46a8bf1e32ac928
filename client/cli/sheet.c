#include "client/cli/sheet.h"

#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "client/cli/cli.h"
#include "client/cli/output.h"

enum { GAP = 2, COLUMN_LEAST = 8 };

void sheet_init(struct sheet *sheet, struct cli *cli, size_t columns, const char *const *titles)
{
    *sheet = (struct sheet){.cli = cli, .columns = columns, .titles = titles, .lead = ""};
}

void sheet_row(struct sheet *sheet, const char *const *cells)
{
    if (sheet->rows == sheet->room) {
        size_t room = sheet->room == 0 ? 32 : 2 * sheet->room;
        struct sheet_cell *larger = arena_alloc(sheet->cli->arena, room * sheet->columns * sizeof(*larger));
        if (larger == NULL)
            return;
        if (sheet->rows > 0)
            memcpy(larger, sheet->cells, sheet->rows * sheet->columns * sizeof(*larger));
        sheet->cells = larger;
        sheet->room = room;
    }
    for (size_t i = 0; i < sheet->columns; i++)
        sheet->cells[sheet->rows * sheet->columns + i] = (struct sheet_cell){.text = cells[i]};
    sheet->rows++;
}

void sheet_color(struct sheet *sheet, size_t column, enum color color)
{
    if (sheet->rows > 0)
        sheet->cells[(sheet->rows - 1) * sheet->columns + column].color = color;
}

static const struct sheet_cell *cell_at(const struct sheet *sheet, size_t row, size_t column)
{
    return &sheet->cells[row * sheet->columns + column];
}

/* Bytes of the character at @text, and how many columns it takes: none, one or two. What the locale does not
 * know takes one. */
static size_t character_at(const char *text, size_t *ret_width)
{
    /* A colour of ours: everything else of its kind was escaped. */
    if (*text == '\033') {
        *ret_width = 0;
        return strcspn(text, "m") + (strchr(text, 'm') != NULL);
    }
    mbstate_t state = {0};
    wchar_t character = 0;
    size_t length = mbrtowc(&character, text, MB_CUR_MAX, &state);

    if (length == 0 || length > MB_CUR_MAX) {
        *ret_width = ((unsigned char) *text & 0xc0) != 0x80;
        return 1;
    }
    int columns = wcwidth(character);
    *ret_width = columns < 0 ? 1 : (size_t) columns;
    return length;
}

size_t text_width(const char *text)
{
    size_t width = 0, columns;

    for (; *text != '\0'; width += columns)
        text += character_at(text, &columns);
    return width;
}

/* The widest of those that are wider than they have to be; @columns if none is. */
static size_t widest_of(const size_t *widths, const size_t *least, size_t columns)
{
    size_t widest = columns;

    for (size_t i = 0; i < columns; i++)
        if (widths[i] > least[i] && (widest == columns || widths[i] > widths[widest]))
            widest = i;
    return widest;
}

/* The widest gives way first, until the row fits or nothing is wide any more: as long as that is enough,
 * between words, whose widths are in @least. */
static void fit(size_t *widths, size_t *least, size_t columns, size_t width)
{
    size_t total = 0;

    for (size_t i = 0; i < columns; i++)
        total += widths[i] == 0 ? 0 : widths[i] + (total > 0 ? GAP : 0);
    for (bool has_whole_words = true; total > width;) {
        size_t widest = widest_of(widths, least, columns);
        if (widest < columns) {
            widths[widest]--;
            total--;
        } else if (has_whole_words) {
            has_whole_words = false;
            for (size_t i = 0; i < columns; i++)
                least[i] = COLUMN_LEAST;
        } else {
            return;
        }
    }
}

static size_t longest_word(const char *text)
{
    size_t longest = 0, used = 0, columns;

    for (size_t length; *text != '\0'; text += length) {
        length = character_at(text, &columns);
        used = *text == ' ' ? 0 : used + columns;
        longest = used > longest ? used : longest;
    }
    return longest;
}

/* The text with line breaks, none of its lines wider than @width: between words where that can be. */
const char *text_wrapped(struct arena *arena, const char *text, size_t width)
{
    size_t size = strlen(text), used = 0, columns, length;
    char *copy, *to, *blank = NULL;
    size_t after_blank = 0;

    if (text_width(text) <= width || (copy = to = arena_alloc(arena, 2 * size + 1)) == NULL)
        return text;
    for (; *text != '\0'; text += length) {
        length = character_at(text, &columns);
        if (used + columns > width && *text == ' ') {
            *to++ = '\n';
            used = 0;
            blank = NULL;
            continue;
        }
        if (used + columns > width && blank != NULL) {
            *blank = '\n';
            used -= after_blank;
            blank = NULL;
        }
        if (used + columns > width) {
            *to++ = '\n';
            used = 0;
        }
        memcpy(to, text, length);
        used += columns;
        if (*text == ' ') {
            blank = to;
            after_blank = used;
        }
        to += length;
    }
    *to = '\0';
    return copy;
}

/* 0 for a column that is not shown. */
static void measure(const struct sheet *sheet, size_t widths[SHEET_COLUMNS_MAX])
{
    for (size_t column = 0; column < sheet->columns; column++) {
        widths[column] = 0;
        for (size_t row = 0; row < sheet->rows; row++) {
            size_t width = text_width(cell_at(sheet, row, column)->text);
            if (width > widths[column])
                widths[column] = width;
        }
        size_t title = sheet->has_no_titles ? 0 : text_width(_(sheet->titles[column]));
        if (widths[column] != 0 && title > widths[column])
            widths[column] = title;
    }
}

/* How wide a column is at least where no word is to be broken. */
static void measure_words(const struct sheet *sheet, size_t least[SHEET_COLUMNS_MAX])
{
    for (size_t column = 0; column < sheet->columns; column++) {
        least[column] = sheet->has_no_titles ? COLUMN_LEAST : longest_word(_(sheet->titles[column]));
        for (size_t row = 0; row < sheet->rows; row++) {
            size_t width = longest_word(cell_at(sheet, row, column)->text);
            least[column] = width > least[column] ? width : least[column];
        }
        least[column] = least[column] < COLUMN_LEAST ? COLUMN_LEAST : least[column];
    }
}

static int fill_row(const struct sheet *sheet, size_t row, const size_t *widths, struct libscols_line *line)
{
    size_t shown = 0;
    int error = 0;

    for (size_t column = 0; column < sheet->columns && error == 0; column++) {
        const struct sheet_cell *cell = cell_at(sheet, row, column);
        if (widths[column] == 0)
            continue;
        error = scols_line_set_data(line, shown, text_wrapped(sheet->cli->arena, cell->text, widths[column]));
        if (error == 0 && cell->color != COLOR_NONE)
            error = scols_cell_set_color(scols_line_get_cell(line, shown), color_begin(true, cell->color));
        shown++;
    }
    return error;
}

/* What the library lays out: it does not know the terminal, for what is here fits. */
static int fill(const struct sheet *sheet, const size_t *widths, struct libscols_table *table)
{
    int error = 0;

    scols_table_set_column_separator(table, "  ");
    scols_table_enable_noencoding(table, 1);
    scols_table_enable_minout(table, 1);
    scols_table_enable_noheadings(table, sheet->has_no_titles);
    scols_table_enable_colors(table, sheet->cli->terminal.has_color);
    scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    for (size_t i = 0; i < sheet->columns && error == 0; i++) {
        if (widths[i] == 0)
            continue;
        struct libscols_column *column = scols_table_new_column(table, _(sheet->titles[i]), 0, SCOLS_FL_WRAP);
        error = column == NULL
                    ? 1
                    : scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
    }
    for (size_t row = 0; row < sheet->rows && error == 0; row++) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        error = line == NULL ? 1 : fill_row(sheet, row, widths, line);
    }
    return error;
}

static void print_lines(const struct sheet *sheet, char *text)
{
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        size_t length = strlen(line);
        while (length > 0 && line[length - 1] == ' ')
            length--;
        printf("%s%.*s\n", sheet->lead, (int) length, line);
    }
}

static void print_columns(const struct sheet *sheet)
{
    size_t widths[SHEET_COLUMNS_MAX], least[SHEET_COLUMNS_MAX], lead = text_width(sheet->lead);
    size_t width = sheet->cli->terminal.width;
    struct libscols_table *table = scols_new_table();
    char *text = NULL;

    measure(sheet, widths);
    measure_words(sheet, least);
    if (width != 0)
        fit(widths, least, sheet->columns, width > lead ? width - lead : 1);
    if (table == NULL || fill(sheet, widths, table) != 0 || scols_print_table_to_string(table, &text) != 0)
        say_aside("There is not enough memory for the table.");
    else if (text != NULL)
        print_lines(sheet, text);
    free(text);
    scols_unref_table(table);
}

static void print_values(const struct sheet *sheet)
{
    for (size_t row = 0; row < sheet->rows; row++) {
        const char *gap = "";
        for (size_t column = 0; column < sheet->columns; column++) {
            const char *title = _(sheet->titles[column]), *text = cell_at(sheet, row, column)->text;
            if (*text == '\0')
                continue;
            size_t length = strlen(text);
            while (length > 0 && text[length - 1] == ' ')
                length--;
            if (sheet->has_no_titles)
                printf("%s%.*s", gap, (int) length, text);
            else
                printf("%s%s%s\n", title, *title == '\0' ? "" : ": ", text);
            gap = ": ";
        }
        if (sheet->has_no_titles || row + 1 < sheet->rows)
            putchar('\n');
    }
}

void sheet_print(const struct sheet *sheet, const char *if_empty)
{
    if (sheet->cli->is_json)
        return;
    if (sheet->rows == 0)
        printf("%s\n", _(if_empty));
    else if (sheet->cli->terminal.is_accessible)
        print_values(sheet);
    else
        print_columns(sheet);
}
