#include "client/cli/columns.h"

#include <string.h>

#include "client/cli/output.h"

int columns_find(struct cli *cli, const struct csv *csv, const char *const *names, size_t count, const char *next,
                 int *ret_places)
{
    for (size_t i = 0; i < count; i++)
        ret_places[i] = -1;
    for (size_t k = 0; k < csv->columns; k++) {
        size_t i = 0;
        while (i < count && strcmp(names[i], csv->header[k]) != 0)
            i++;
        if (i == count || ret_places[i] >= 0)
            return cli_fail(cli, ERR_USAGE, next,
                            i == count ? N_("The first row names a column `%s`, which there is not.")
                                       : N_("The first row names the column `%s` twice."),
                            shown_string(cli, csv->header[k]));
        ret_places[i] = (int) k;
    }
    return 0;
}
