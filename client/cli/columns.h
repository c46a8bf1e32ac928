/* Tables that name their columns in the first row: which column is what. */
#ifndef COMITY_CLI_COLUMNS_H
#define COMITY_CLI_COLUMNS_H

#include "client/cli/cli.h"
#include "client/cli/csv_file.h"

/* Where each of @names stands, in whatever order: -1 for none. Every column has to be one of them, once: else
 * ERR_USAGE, with a sentence and @next. */
int columns_find(struct cli *cli, const struct csv *csv, const char *const *names, size_t count, const char *next,
                 int *ret_places);

/* What a row has there; empty where there is no such column. */
static inline const char *columns_cell(const struct csv *csv, size_t row, int place)
{
    return place < 0 ? "" : csv_field(csv, row, (size_t) place);
}

#endif
