/* Verbs about the charter. */
#include "client/cli/standing_rules.h"

#include <inttypes.h>

#include "client/cli/draft_file.h"
#include "client/cli/finality.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

int charter_sample_run(struct cli *cli)
{
    cli_put_text(cli, "sample", STANDING_RULES_SAMPLE);
    say(cli, "%s", _(STANDING_RULES_SAMPLE));
    return 0;
}

/* The charter in force, or version @number. *ret_version is NULL where none was adopted yet. */
static int find_version(struct cli *cli, uint32_t number, const Comity__V1__CharterVersion **ret_version)
{
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CHARTERS, 0, &rows);

    *ret_version = NULL;
    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__CharterVersion *row = (const Comity__V1__CharterVersion *) rows.list[i];
        if (number == 0 || row->number == number)
            *ret_version = row;
    }
    return code;
}

int standing_rules_in_force(struct cli *cli, const Comity__V1__CharterVersion **ret_version)
{
    return find_version(cli, 0, ret_version);
}

/* The text that a decision adopted, under the same hash. */
static int take_decided_text(struct cli *cli, uint32_t decision, Comity__V1__TextRef **ret_text)
{
    const ProtobufCMessage *row;
    int code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_DECISIONS, decision, &row);
    const Comity__V1__Decision *made = code == 0 ? (const Comity__V1__Decision *) row : NULL;

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, made->proposal, &row);
    if (code != 0)
        return code;
    const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) row;
    for (size_t i = 0; i < proposal->n_versions; i++)
        if (proposal->versions[i]->version == made->version)
            return desk_text_again(cli, proposal->versions[i]->text, ret_text);
    return cli_fail(cli, ERR_MALFORMED, NULL,
                    "The worker's answer has a decision on a text that there is not.");
}

static int take_text_file(struct cli *cli, const char *path, Comity__V1__TextRef **ret_text)
{
    struct bytes content;
    char why[FILE_REASON_MAX];
    int code = file_read(path, FILE_MAX_BYTES, cli->arena, &content, why);

    return code != 0 ? cli_fail(cli, code, NULL, "%s", why)
                     : desk_text(cli, PROSE_TEXT, "--text", content, ret_text);
}

/* Of the decision, of --text, or of the file itself: of one of them. */
static int take_charter_text(struct cli *cli, uint32_t decision, Comity__V1__Charter *charter)
{
    const char *path = cli_option(cli, "text");
    int given = (charter->text != NULL) + (path != NULL) + (decision != 0);

    if (given == 0)
        return cli_fail(cli, ERR_USAGE, "comity help charter adopt",
                        "The charter in words is missing: give --text FILE.");
    if (given > 1)
        return cli_fail(
            cli, ERR_USAGE, "comity help charter adopt",
            "The charter in words is given twice: by `text` of the file, by --text, or by the decision, "
            "whose text it has.");
    if (path != NULL)
        return take_text_file(cli, path, &charter->text);
    return decision != 0 ? take_decided_text(cli, decision, &charter->text) : 0;
}

int charter_adopt_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__AdoptCharter body = COMITY__V1__ADOPT_CHARTER__INIT;
    const Comity__V1__CharterVersion *held;
    const Comity__V1__Event *event;
    const char *decision = cli_option(cli, "decision");
    uint64_t number = 0;
    int code = decision == NULL ? 0 : cli_number(cli, "--decision", decision, 1, UINT32_MAX, &number);

    if (code == 0)
        code = standing_rules_read(cli, cli_argument(cli, "FILE"), &body.charter);
    if (code == 0)
        code = take_charter_text(cli, (uint32_t) number, body.charter);
    if (code == 0)
        code = find_version(cli, 0, &held);
    if (code != 0)
        return code;
    body.replaces = held == NULL ? 0 : held->number;
    body.decision = (uint32_t) number;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ADOPT_CHARTER);
    command.adopt_charter = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}

static const char *shown_basis(struct cli *cli, const Comity__V1__CharterVersion *version)
{
    return version->decision == 0 ? _("by signatures alone")
                                  : phrase(cli, "by decision %" PRIu32, version->decision);
}

int charter_show_run(struct cli *cli)
{
    const Comity__V1__CharterVersion *version, *latest;
    uint32_t number = 0;
    int code = cli_argument(cli, "NUMBER") == NULL ? 0 : number_argument(cli, "NUMBER", &number);

    if (code == 0)
        code = find_version(cli, 0, &latest);
    if (code == 0)
        code = find_version(cli, number, &version);
    if (code != 0)
        return code;
    if (latest == NULL)
        return cli_fail(cli, ERR_NOT_FOUND, "comity charter sample", "No charter is adopted yet.");
    if (version == NULL)
        return cli_fail(cli, ERR_NOT_FOUND, "comity charter history", "There is no charter of this number.");
    cli_put(cli, "version", desk_json(cli, &version->base));
    cli_put(cli, "charter", desk_json(cli, &version->charter->base));
    cli_put(cli, "is_in_force",
            json_object_new_boolean(version == latest || version->number == latest->number));
    say(cli, "Charter %" PRIu32 ", adopted %s %s: %s", version->number, shown_time(cli, version->adopted_ms),
        shown_basis(cli, version),
        version->number == latest->number ? _("in force.") : _("no longer in force."));
    standing_rules_say(cli, version->charter, desk_prose, cli);
    return version->number == latest->number ? finality_say(cli) : finality_say_none(cli);
}

int charter_history_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."), N_("adopted"), N_("how"), N_("functions"), N_("hash")};
    struct rows rows;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CHARTERS, 0, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "charters", desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__CharterVersion *row = (const Comity__V1__CharterVersion *) rows.list[i];
        char hash[2 * HASH_SIZE + 1] = "";
        if (row->hash.len == HASH_SIZE)
            hex_encode(BYTES(row->hash.data, HASH_SIZE), hash);
        hash[16] = '\0';
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number),
                               shown_time(cli, row->adopted_ms), shown_basis(cli, row),
                               arena_printf(cli->arena, "%zu", row->charter->n_functions),
                               arena_string(cli->arena, hash)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "No charter is adopted yet: comity charter sample.");
    return 0;
}
