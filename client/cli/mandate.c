/* Verbs about mandates: what members or bodies may decide by themselves, and report back on. */
#include <inttypes.h>

#include "client/cli/action.h"
#include "client/cli/draft_file.h"
#include "client/cli/finality.h"
#include "client/cli/given.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

static const char *holder_of(struct cli *cli, const Comity__V1__Mandate *mandate)
{
    return mandate->body != 0 ? name_of_body(cli, mandate->body) : name_of_member(cli, mandate->member);
}

static const char *state_of(struct cli *cli, const Comity__V1__Mandate *mandate)
{
    if (mandate->recalled_ms != 0)
        return phrase(cli, "recalled %s", shown_time(cli, mandate->recalled_ms));
    if (mandate->report_due_ms != 0)
        return phrase(cli, "report due since %s", shown_time(cli, mandate->report_due_ms));
    if (mandate->report_by_ms != 0)
        return phrase(cli, "next report by %s", shown_time(cli, mandate->report_by_ms));
    return _("no report is due");
}

const char *mandate_ground(struct cli *cli, const Comity__V1__Mandate *mandate)
{
    return mandate->decision != 0 ? phrase(cli, "decision %" PRIu32, mandate->decision)
                                  : phrase(cli, "the function %s", shown_string(cli, mandate->function));
}

const char *mandate_line(struct cli *cli, const Comity__V1__Mandate *mandate)
{
    return phrase(cli, "%s reports under mandate %" PRIu32 ": %s", holder_of(cli, mandate), mandate->number,
                  state_of(cli, mandate));
}

int mandate_give_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__GiveMandate body = COMITY__V1__GIVE_MANDATE__INIT;
    const Comity__V1__Event *event;
    const char *to_body = cli_option(cli, "to-body"), *to_member = cli_option(cli, "to-member");
    const char *function = cli_option(cli, "function");
    int code = 0;

    if ((cli_argument(cli, "DECISION") == NULL) == (function == NULL))
        code = cli_fail(cli, ERR_USAGE, NULL,
                        "Give what it rests on: DECISION, or --function NAME, and not both.");
    if (code == 0 && function == NULL)
        code = number_argument(cli, "DECISION", &body.decision);
    if (function != NULL)
        body.function = (char *) (uintptr_t) function;
    if (code == 0 && (to_body == NULL) == (to_member == NULL))
        code =
            cli_fail(cli, ERR_USAGE, NULL, "Give who is to have it: --to-member MEMBER, or --to-body BODY.");
    if (code == 0 && to_body != NULL)
        code = find_body(cli, to_body, &body.body);
    if (code == 0 && to_member != NULL)
        code = find_member(cli, to_member, &body.member);
    if (code == 0)
        code = desk_given_text(cli, &body.limits);
    if (code == 0)
        code = given_time(cli, "report-by", &body.report_by_ms);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_GIVE_MANDATE);
    command.give_mandate = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}

int mandate_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."), N_("rests on"), N_("held by"), N_("reports"),
                                         N_("state")};
    struct rows rows;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_MANDATES, 0, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "mandates", desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Mandate *mandate = (const Comity__V1__Mandate *) rows.list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, mandate->number),
                               mandate_ground(cli, mandate), holder_of(cli, mandate),
                               arena_printf(cli->arena, "%zu", mandate->n_reports), state_of(cli, mandate)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no mandates.");
    return 0;
}

int mandate_show_run(struct cli *cli)
{
    const ProtobufCMessage *row;
    uint32_t number;
    int code = number_argument(cli, "MANDATE", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_MANDATES, number, &row);
    if (code != 0)
        return code;
    const Comity__V1__Mandate *mandate = (const Comity__V1__Mandate *) row;
    cli_put(cli, "mandate", desk_json(cli, row));
    say(cli, "Mandate %" PRIu32 " on %s, held by %s since %s; %s. Its limits:", mandate->number,
        mandate_ground(cli, mandate), holder_of(cli, mandate), shown_time(cli, mandate->given_ms),
        state_of(cli, mandate));
    say(cli, "%s", desk_shown_lines(cli, mandate->limits, "    "));
    for (size_t i = 0; i < mandate->n_reports; i++) {
        say(cli, "Report by %s, %s:", name_of_member(cli, mandate->reports[i]->member),
            shown_time(cli, mandate->reports[i]->reported_ms));
        say(cli, "%s", desk_shown_lines(cli, mandate->reports[i]->text, "    "));
    }
    if (mandate->recalled_ms != 0)
        say(cli, "Recalled by %s: %s", name_of_member(cli, mandate->recalled_by),
            desk_shown(cli, mandate->recall_reason));
    return mandate->recalled_ms == 0 ? finality_say(cli) : finality_say_none(cli);
}

int mandate_report_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__ReportMandate body = COMITY__V1__REPORT_MANDATE__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "MANDATE", &body.mandate);

    if (code == 0)
        code = desk_given_text(cli, &body.text);
    if (code == 0)
        code = given_time(cli, "next", &body.next_ms);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_REPORT_MANDATE);
    command.report_mandate = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "The report under mandate %" PRIu32 " is on record. %s", body.mandate,
            body.next_ms == 0 ? _("No other one is due: --next TIME says when one is.")
                              : phrase(cli, "The next one: by %s.", shown_time(cli, body.next_ms)));
    return code;
}

int mandate_recall_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__RecallMandate body = COMITY__V1__RECALL_MANDATE__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "MANDATE", &body.mandate);

    if (code == 0)
        code = given_note(cli, "reason", &body.reason);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_RECALL_MANDATE);
    command.recall_mandate = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "Mandate %" PRIu32 " is recalled: it holds no more.", body.mandate);
    return code;
}
