/* Verbs about lists of those who may answer. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/csv_file.h"
#include "client/cli/draft_file.h"
#include "client/cli/given.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "core/rule/rule.h"

struct line {
    uint32_t member;
    uint64_t weight;
};

struct lines {
    struct line *list;
    size_t count;
};

static int by_member(const void *a, const void *b)
{
    uint32_t one = ((const struct line *) a)->member, other = ((const struct line *) b)->member;

    return (one > other) - (one < other);
}

static int read_members(struct cli *cli, struct lines *lines)
{
    const char *const *given;
    size_t count = given_list(cli, "member", &given);
    int code = 0;

    lines->list = arena_alloc(cli->arena, (count + 1) * sizeof(*lines->list));
    if (lines->list == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < count && code == 0; i++) {
        code = find_member(cli, given[i], &lines->list[lines->count].member);
        lines->list[lines->count++].weight = 1;
    }
    return code;
}

static int read_line(struct cli *cli, const struct csv *csv, size_t row, struct line *ret_line)
{
    const char *weight = csv->columns > 1 ? csv_field(csv, row, 1) : "";
    uint64_t value = 1;
    int code = find_member(cli, csv_field(csv, row, 0), &ret_line->member);

    if (code == 0 && weight[0] != '\0')
        code = cli_number(cli, _("The weight"), weight, 1, WEIGHT_MAX, &value);
    ret_line->weight = value;
    return code;
}

/* Every row that is wrong is told of, with its number. */
static int read_rows(struct cli *cli, const struct csv *csv, struct lines *lines)
{
    size_t faults = 0;

    lines->list = arena_alloc(cli->arena, (csv->count + 1) * sizeof(*lines->list));
    if (lines->list == NULL)
        return ERR_MEMORY;
    for (size_t row = 0; row < csv->count; row++) {
        int code = read_line(cli, csv, row, &lines->list[lines->count]);
        if (code == ERR_MEMORY)
            return code;
        lines->count += code == 0;
        if (code == 0)
            continue;
        cli_fault(cli, "Row %zu (%s): %s", row + 2, shown_string(cli, csv_field(csv, row, 0)),
                  cli->failure.what[0] != '\0' ? cli->failure.what : error_sentence(code));
        memset(&cli->failure, 0, sizeof(cli->failure));
        faults++;
    }
    if (faults == 0)
        return 0;
    cli_fail(cli, ERR_USAGE, "Mend the rows, and give the same command again.",
             "%zu of %zu rows cannot be taken, so nothing was.", faults, csv->count);
    return cli_unusable(cli, ERR_USAGE);
}

static int read_file(struct cli *cli, const char *path, struct lines *lines)
{
    static const char COLUMNS[] = N_("Its first row names the columns: member, or member,weight");
    char reason[FILE_REASON_MAX];
    struct csv csv;
    int code = csv_read(path, cli->arena, &csv, reason);

    if (code != 0) {
        cli_fail(cli, code, code == ERR_MALFORMED ? COLUMNS : NULL, "%s", reason);
        return cli_unusable(cli, code);
    }
    if (csv.columns > 2 || strcmp(csv.header[0], "member") != 0 ||
        (csv.columns == 2 && strcmp(csv.header[1], "weight") != 0))
        return cli_fail(cli, ERR_USAGE, COLUMNS, "%s: its columns are not those of a list.",
                        shown_string(cli, path));
    if (csv.count == 0)
        return cli_fail(cli, ERR_USAGE, "If nobody of it is to be on the list any more: --empty",
                        "%s has no row but the first: one a member is needed.", shown_string(cli, path));
    return read_rows(cli, &csv, lines);
}

static int fill(struct cli *cli, struct lines *lines, Comity__V1__SetList *body)
{
    bool is_weighted = false;

    if (lines->count > 0)
        qsort(lines->list, lines->count, sizeof(*lines->list), by_member);
    body->members = arena_alloc(cli->arena, (lines->count + 1) * sizeof(*body->members));
    body->weights = arena_alloc(cli->arena, (lines->count + 1) * sizeof(*body->weights));
    if (body->members == NULL || body->weights == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < lines->count; i++) {
        if (i > 0 && lines->list[i].member == lines->list[i - 1].member)
            return cli_fail(cli, ERR_DUPLICATE, "Name each member once.", "%s is there twice.",
                            name_of_member(cli, lines->list[i].member));
        body->members[body->n_members++] = lines->list[i].member;
        body->weights[i] = lines->list[i].weight;
        is_weighted |= lines->list[i].weight != 1;
    }
    body->n_weights = is_weighted ? lines->count : 0;
    return 0;
}

int list_set_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__SetList body = COMITY__V1__SET_LIST__INIT;
    const char *path = cli_option(cli, "file");
    const Comity__V1__Event *event;
    struct lines lines = {0};
    int code = 0;

    if ((path != NULL) + cli_has(cli, "member") + cli_has(cli, "empty") != 1)
        return cli_fail(cli, ERR_USAGE, "--file FILE, or --member MEMBER once for each, or --empty",
                        "Say who is on the list, in one way.");
    body.name = (char *) cli_argument(cli, "NAME");
    body.constituency = (char *) cli_option(cli, "constituency");
    if (path != NULL)
        code = read_file(cli, path, &lines);
    else
        code = read_members(cli, &lines);
    if (code == 0)
        code = fill(cli, &lines, &body);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_SET_LIST);
    command.set_list = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}

int list_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."), N_("name"), N_("constituency"), N_("members"), N_("set")};
    struct rows rows;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROLL_LISTS, 0, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "lists", desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__RollList *row = (const Comity__V1__RollList *) rows.list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number), shown_string(cli, row->name),
                               name_of_constituency(cli, row->constituency),
                               arena_printf(cli->arena, "%zu", row->n_members), shown_time(cli, row->set_ms)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no lists.");
    return 0;
}

static void part_print(struct cli *cli, struct sheet *sheet, const Comity__V1__RollList *part)
{
    for (size_t i = 0; i < part->n_members; i++) {
        const char *cells[] = {
            arena_printf(cli->arena, "%" PRIu32, part->members[i]), name_of_member(cli, part->members[i]),
            name_of_constituency(cli, part->constituency),
            arena_printf(cli->arena, "%" PRIu64, i < part->n_weights ? part->weights[i] : 1),
            state_of_member(cli, part->members[i])};
        sheet_row(sheet, cells);
    }
}

int list_show_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("member"), N_("name"), N_("constituency"), N_("weight"),
                                         N_("state")};
    const char *name = cli_argument(cli, "NAME");
    const ProtobufCMessage **parts;
    struct rows rows, found = {0};
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROLL_LISTS, 0, &rows);

    if (code != 0)
        return code;
    parts = arena_alloc(cli->arena, (rows.count + 1) * sizeof(*parts));
    if (parts == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < rows.count; i++)
        if (strcmp(((const Comity__V1__RollList *) rows.list[i])->name, name) == 0)
            parts[found.count++] = rows.list[i];
    found.list = parts;
    if (found.count == 0)
        return cli_fail(cli, ERR_NOT_FOUND, "comity list list", "There is no list `%s`.", shown_string(cli, name));
    cli_put(cli, "parts", desk_json_rows(cli, &found));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < found.count; i++)
        part_print(cli, &sheet, (const Comity__V1__RollList *) parts[i]);
    sheet_print(&sheet, "Nobody is on the list.");
    return 0;
}
