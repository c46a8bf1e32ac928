/* Verbs about the whole: the partnership, its constituencies and sites, and who one is in it. */
#include <inttypes.h>

#include "client/cli/charter.h"
#include "client/cli/draft_file.h"
#include "client/cli/finality.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

static const char *number_cell(struct cli *cli, uint64_t number)
{
    return arena_printf(cli->arena, "%" PRIu64, number);
}

static const char *kind_word(Comity__V1__ConstituencyKind kind)
{
    switch (kind) {
    case COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_EMPLOYER:
        return _("employer");
    case COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_WORKER:
        return _("workers");
    case COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_CONVENER:
        return _("convener");
    default:
        return _("other");
    }
}

static const char *standing_word(Comity__V1__Standing standing)
{
    return standing == COMITY__V1__STANDING__STANDING_PARTY ? _("party") : _("neutral");
}

static void print_constituencies(struct cli *cli, const struct rows *rows)
{
    static const char *const TITLES[] = {N_("no."),      N_("name"), N_("kind"),
                                         N_("standing"), N_("side"), N_("title")};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Constituency *row = (const Comity__V1__Constituency *) rows->list[i];
        const char *cells[] = {number_cell(cli, row->number), shown_string(cli, row->name),
                               kind_word(row->kind),          standing_word(row->standing),
                               shown_string(cli, row->side),  desk_shown(cli, row->title)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no constituencies.");
}

static void print_sites(struct cli *cli, const struct rows *rows)
{
    static const char *const TITLES[] = {N_("no."), N_("name"), N_("time zone"), N_("title")};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Site *row = (const Comity__V1__Site *) rows->list[i];
        const char *cells[] = {number_cell(cli, row->number), shown_string(cli, row->name),
                               shown_string(cli, row->time_zone), desk_shown(cli, row->title)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no sites.");
}

int partnership_show_run(struct cli *cli)
{
    const Comity__V1__WhoamiAnswer *whoami;
    struct rows constituencies, sites;
    int code = desk_whoami(cli, &whoami);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, 0, &constituencies);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SITES, 0, &sites);
    if (code != 0)
        return code;
    const Comity__V1__Partnership *partnership = whoami->partnership;
    cli_put_hex(cli, "history", BYTES(cli->context.history, HISTORY_ID_SIZE));
    cli_put(cli, "partnership", desk_json(cli, &partnership->base));
    cli_put(cli, "constituencies", desk_json_rows(cli, &constituencies));
    cli_put(cli, "sites", desk_json_rows(cli, &sites));
    say(cli, "%s (%s), founded %s", desk_shown(cli, partnership->title), shown_string(cli, partnership->name),
        shown_time(cli, partnership->founded_ms));
    char history[2 * HISTORY_ID_SIZE + 1];
    hex_encode(BYTES(cli->context.history, HISTORY_ID_SIZE), history);
    say(cli, "History %s, epoch %" PRIu32 "\n", history, partnership->epoch);
    print_constituencies(cli, &constituencies);
    say(cli, "%s", "");
    print_sites(cli, &sites);
    return 0;
}

int whoami_run(struct cli *cli)
{
    const Comity__V1__WhoamiAnswer *whoami;
    int code = desk_whoami(cli, &whoami);

    if (code != 0)
        return code;
    cli_put(cli, "partnership", desk_json(cli, &whoami->partnership->base));
    cli_put(cli, "member", desk_json(cli, &whoami->member->base));
    cli_put(cli, "constituency",
            whoami->constituency == NULL ? NULL : desk_json(cli, &whoami->constituency->base));
    say(cli, "You are %s, member %" PRIu32 " of %s, in %s.", desk_shown(cli, whoami->member->name),
        whoami->member->number,
        whoami->constituency == NULL ? "?" : shown_string(cli, whoami->constituency->name),
        desk_shown(cli, whoami->partnership->title));
    say(cli, "Offices: %s", shown_offices(cli, whoami->member->offices, whoami->member->n_offices));
    return finality_say_all(cli);
}

int constituency_list_run(struct cli *cli)
{
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, 0, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "constituencies", desk_json_rows(cli, &rows));
    print_constituencies(cli, &rows);
    return 0;
}

int constituency_admit_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__AdmitConstituency body = COMITY__V1__ADMIT_CONSTITUENCY__INIT;
    const Comity__V1__Event *event;
    char reason[CHARTER_REASON_MAX];
    struct comity_texts *texts;

    int code = desk_texts(cli, &texts);
    if (code != 0)
        return code;
    code =
        charter_read_constituency(cli_argument(cli, "FILE"), cli->arena, texts, &body.constituency, reason);
    if (code != 0)
        return cli_fail(cli, code, "comity found charter shows what a constituency looks like", "%s", reason);
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY);
    command.admit_constituency = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}

int site_list_run(struct cli *cli)
{
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SITES, 0, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "sites", desk_json_rows(cli, &rows));
    print_sites(cli, &rows);
    return 0;
}

int site_add_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__NewSite site = COMITY__V1__NEW_SITE__INIT;
    Comity__V1__AddSite body = COMITY__V1__ADD_SITE__INIT;
    const Comity__V1__Event *event;
    const char *title = cli_option(cli, "title");
    int code = desk_text(cli, PROSE_NAME, "--title", BYTES(title, strlen(title)), &site.title);

    if (code != 0)
        return code;
    site.name = (char *) cli_argument(cli, "NAME");
    site.time_zone = (char *) cli_option(cli, "time-zone");
    if (!time_zone_exists(site.time_zone))
        return cli_fail(cli, ERR_USAGE, "--time-zone ZONE, as America/Chicago: region and city.",
                        "There is no time zone `%s`.", shown_string(cli, site.time_zone));
    body.site = &site;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ADD_SITE);
    command.add_site = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}
