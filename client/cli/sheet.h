/* A table without boxes, by libsmartcols: headings, and a row for each thing. On a terminal it is made to
 * fit: what is too wide goes on in the next line of its cell. Elsewhere every row is one line, whole. In the
 * accessible mode it has no columns: a line "heading: value" for each cell, an empty one after each row.
 *
 * A column with nothing in it but its heading is left out. Cells are kept as they are given: in the arena,
 * escaped. */
#ifndef COMITY_CLI_SHEET_H
#define COMITY_CLI_SHEET_H

#include <stddef.h>

#include "client/cli/terminal.h"

struct cli;

enum { SHEET_COLUMNS_MAX = 10 };

struct sheet {
    struct cli *cli;
    size_t columns;
    const char *const *titles;
    const char *lead;   /* stands before every line; "" unless it is set */
    bool has_no_titles; /* the first column stands for itself: "round open: put a proposal to the test" */
    struct sheet_cell {
        const char *text;
        enum color color;
    } * cells;
    size_t rows, room;
};

/* @titles: of all columns; they live as long as the sheet. A column of marks has the title "". */
void sheet_init(struct sheet *sheet, struct cli *cli, size_t columns, const char *const *titles);
void sheet_row(struct sheet *sheet, const char *const *cells);

/* Of a cell in the row that was given last. */
void sheet_color(struct sheet *sheet, size_t column, enum color color);

/* Nothing with --json. @if_empty: a sentence for a table without rows. */
void sheet_print(const struct sheet *sheet, const char *if_empty);

#endif
