/* Tables that people write with a spreadsheet, and what rule simulate makes of them.
 *
 * Input: 1 byte: which template's rule | piece: the table of options, none where it is empty | the rest: the table. */
#include <fcntl.h>
#include <json-c/json.h>
#include <unistd.h>

#include "client/cli/csv_file.h"
#include "client/cli/simulation.h"
#include "client/rules/template.h"
#include "core/error.h"
#include "core/rule/rule.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

enum { RULES_MAX = 64 };

static const char *other_file(struct bytes content, struct arena *arena)
{
    const char *path = arena_string(arena, fuzz_path("options"));
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    FUZZ_NEED(file >= 0 && write(file, content.data, content.size) == (ssize_t) content.size);
    close(file);
    return path;
}

static void check_table(const struct csv *csv)
{
    FUZZ_NEED(csv->columns >= 1 && csv->columns <= CSV_COLUMNS_MAX && csv->count <= CSV_ROWS_MAX);
    for (size_t row = 0; row < csv->count; row++) {
        for (size_t column = 0; column < csv->columns; column++) {
            const char *field = csv_field(csv, row, column);
            FUZZ_NEED(strlen(field) <= CSV_FIELD_MAX && utf8_is_valid(BYTES(field, strlen(field))));
        }
    }
}

/* Of the templates; each is read once. */
static const Comity__V1__Rule *rule_of(unsigned number)
{
    static const Comity__V1__Rule *rules[RULES_MAX];
    static struct arena *arena;
    static unsigned count;

    if (arena == NULL) {
        arena = arena_new(ARENA_LIMIT_DEFAULT);
        FUZZ_NEED(arena != NULL);
        for (; count < RULES_MAX && rule_template_at(count) != NULL; count++)
            rules[count] = rule_template_rule(rule_template_at(count), arena);
    }
    return rules[number % count];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    struct cli cli = {.arena = arena, .is_json = true, .document = json_object_new_object()};
    const Comity__V1__Rule *rule = rule_of((unsigned) fuzz_number(&input, 1));
    struct bytes options = fuzz_piece(&input), rest = fuzz_rest(&input);
    char reason[FILE_REASON_MAX] = "";
    struct simulation simulation;
    struct csv csv;

    FUZZ_NEED(rule != NULL);
    const char *path = arena_string(arena, fuzz_file(rest.data, rest.size));
    int code = csv_read(path, arena, &csv, reason);
    if (code == 0)
        check_table(&csv);
    else
        FUZZ_NEED(strlen(reason) > 10 && utf8_is_valid(BYTES(reason, strlen(reason))));
    int made = simulation_read(&cli, rule, path, options.size > 0 ? other_file(options, arena) : NULL, &simulation);
    FUZZ_NEED(code == 0 || made != 0);
    if (made == 0) {
        fuzz_accept();
        FUZZ_NEED(simulation.input.line_count <= csv.count);
    }
    json_object_put(cli.document);
    return 0;
}
