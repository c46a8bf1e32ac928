#include "client/cli/copied.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/rule/rule.h"
#include "core/text.h"

int copied_history(struct cli *cli, uint8_t buffer[HISTORY_ID_SIZE], const uint8_t **ret_history)
{
    const char *of = cli_option(cli, "history");

    if (of != NULL && (strlen(of) != 2 * HISTORY_ID_SIZE || hex_decode(of, buffer, HISTORY_ID_SIZE) != 0))
        return cli_fail(cli, ERR_USAGE, NULL, "--history `%s` is no history: 64 hexadecimal digits.",
                        shown_string(cli, of));
    *ret_history = of == NULL ? NULL : buffer;
    return 0;
}

int copied_open(struct cli *cli, const char *path, int *ret_descriptor)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    int why = errno;

    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(descriptor);
        descriptor = -1;
        why = EISDIR;
    }
    if (descriptor < 0)
        return cli_fail(cli, ERR_FILE, NULL, "%s: %s", shown_string(cli, path), strerror(why));
    *ret_descriptor = descriptor;
    return 0;
}

void copied_progress(struct cli *cli, uint64_t events)
{
    progress_count(&cli->progress, events, 0);
}

int copied_fail(struct cli *cli, const char *path, int code)
{
    cli_fail(cli, code, NULL, "%s: %s", shown_string(cli, path),
             code == ERR_MALFORMED ? _("It is no copy of a record: comity export makes one.")
                                   : language_error(code));
    return code == ERR_MALFORMED ? cli_unusable(cli, code) : code;
}

const char *copied_declared_text(struct cli *cli, const Comity__V1__Round *round, uint64_t sequence)
{
    return phrase(cli, "Round %" PRIu32 " was declared otherwise, number %" PRIu64 " of the record: %s in place of %s.",
                  round->number, sequence, outcome_name(round->declaration->outcome),
                  outcome_name(round->declaration->computed));
}

struct json_object *copied_declared_json(const uint8_t history[HISTORY_ID_SIZE], const Comity__V1__Round *round,
                                         uint64_t sequence)
{
    struct json_object *row = json_object_new_object();

    json_object_object_add(row, "history", json_hex(BYTES(history, HISTORY_ID_SIZE)));
    json_object_object_add(row, "round", json_object_new_int64(round->number));
    json_object_object_add(row, "sequence", json_object_new_uint64(sequence));
    json_object_object_add(row, "outcome", json_object_new_string(outcome_name(round->declaration->outcome)));
    json_object_object_add(row, "computed", json_object_new_string(outcome_name(round->declaration->computed)));
    return row;
}

int copied_check(struct cli *cli, bool is_whole, uint64_t events, uint32_t histories)
{
    if (!is_whole)
        return cli_fail(cli, ERR_UNCOUNTED, N_("Make the copy again, or ask for it again: comity export FILE"),
                        "The file is not whole: what comes after number %" PRIu64 " is missing.", events);
    if (histories == 0)
        return cli_fail(cli, ERR_UNCOUNTED,
                        N_("comity audit FILE, without --history, names the records that are in it."),
                        "The file does not have the history that was asked for.");
    return 0;
}
