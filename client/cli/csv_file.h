/* Tables that people write with a spreadsheet: comma-separated values, RFC 4180, in UTF-8. */
#ifndef COMITY_CLI_CSV_FILE_H
#define COMITY_CLI_CSV_FILE_H

#include "client/cli/file.h"

enum { CSV_COLUMNS_MAX = 16, CSV_ROWS_MAX = 10000, CSV_FIELD_MAX = 8192 };

/* Rows in the order of the file, empty lines left out; each has as many fields as the first has, the header.
 * Blanks around a field that is not quoted are gone. */
struct csv {
    size_t columns;
    size_t count; /* of rows, the header not among them */
    const char *header[CSV_COLUMNS_MAX];
    const char *const *fields; /* of row i, column k: fields[i * columns + k] */
};

/* A whole file. Everything in the arena. 0, ERR_FILE, ERR_TOO_LARGE, ERR_UTF8, ERR_MALFORMED, ERR_MEMORY, with a
 * sentence in @reason that names the file. */
int csv_read(const char *path, struct arena *arena, struct csv *ret_csv, char reason[FILE_REASON_MAX]);

static inline const char *csv_field(const struct csv *csv, size_t row, size_t column)
{
    return csv->fields[row * csv->columns + column];
}

#endif
