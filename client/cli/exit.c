#include "client/cli/exit.h"

#include <stdbool.h>

#include "core/bytes.h"
#include "core/error.h"

int exit_row_at(unsigned index, struct exit_row *ret_row)
{
    static const struct exit_row ROWS[] = {
#define COMITY_EXIT_ROW(name, code, meaning) {code, meaning},
        COMITY_EXITS(COMITY_EXIT_ROW)
#undef COMITY_EXIT_ROW
    };

    if (index >= ARRAY_COUNT(ROWS))
        return false;
    *ret_row = ROWS[index];
    return true;
}

/* What is not named here follows from whether it may have been carried out: refused, or not confirmed. */
static const struct {
    int code;
    enum exit_code exit;
} EXITS[] = {
    {ERR_OK, EXIT_DONE},
    {ERR_USAGE, EXIT_USAGE},
    {ERR_CONFIG, EXIT_USAGE},
    {ERR_FILE, EXIT_USAGE},
    {ERR_FILE_MODE, EXIT_USAGE},
    {ERR_BUSY, EXIT_UNREACHABLE},
    {ERR_NO_ROUTE, EXIT_UNREACHABLE},
    {ERR_NOT_LEADER, EXIT_UNREACHABLE},
    {ERR_EXPIRED, EXIT_UNREACHABLE},
    {ERR_BEHIND, EXIT_UNREACHABLE},
    {ERR_DRAINING, EXIT_UNREACHABLE},
    {ERR_MOVING, EXIT_UNREACHABLE},
    {ERR_HELLO, EXIT_UNREACHABLE},
    {ERR_UNREACHABLE, EXIT_UNREACHABLE},
    {ERR_SERVER_KEY, EXIT_UNREACHABLE},
    {ERR_CLIENT_KEY, EXIT_UNREACHABLE},
    {ERR_MEMORY, EXIT_INTERNAL},
    {ERR_DISK_FULL, EXIT_INTERNAL},
    {ERR_CORRUPT, EXIT_INTERNAL},
    {ERR_ADDRESS, EXIT_INTERNAL},
    {ERR_INTERNAL, EXIT_INTERNAL},
    {ERR_DIFFERS, EXIT_DIFFERS},
    {ERR_UNCOUNTED, EXIT_UNCOUNTED},
    {ERR_FORKED, EXIT_FORKED},
};

enum exit_code exit_of_error(int code)
{
    for (unsigned i = 0; i < ARRAY_COUNT(EXITS); i++)
        if (EXITS[i].code == code)
            return EXITS[i].exit;
    return error_execution(code) == EXECUTION_UNKNOWN ? EXIT_UNCONFIRMED : EXIT_REFUSED;
}
