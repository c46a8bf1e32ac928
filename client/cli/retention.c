/* Verbs about how long texts are kept. */
#include <inttypes.h>

#include "client/cli/draft_file.h"
#include "client/cli/given.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/standing_rules.h"
#include "client/cli/verbs.h"

/* How long is said here, or by the charter's classes. */
static int check_how_long(struct cli *cli)
{
    const Comity__V1__CharterVersion *held;
    bool is_said = cli_has(cli, "until") || cli_has(cli, "for-ever");
    int code = standing_rules_in_force(cli, &held);

    if (code != 0)
        return code;
    if (held != NULL && held->charter->n_retention > 0)
        return is_said
                   ? cli_fail(cli, ERR_USAGE, "comity charter show",
                              "The charter says for how long texts of a class are kept: leave --until and "
                              "--for-ever out.")
                   : 0;
    return cli_has(cli, "until") != cli_has(cli, "for-ever")
               ? 0
               : cli_fail(cli, ERR_USAGE, NULL, "Give how long: --until TIME, or --for-ever.");
}

int retention_set_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__SetRetention body = COMITY__V1__SET_RETENTION__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = check_how_long(cli);
    if (code == 0)
        code = given_time(cli, "until", &body.keep_until_ms);
    if (code != 0)
        return code;
    body.class_ = (char *) (uintptr_t) cli_argument(cli, "CLASS");
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_SET_RETENTION);
    command.set_retention = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}

int retention_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("session"), N_("class"), N_("kept until")};
    struct rows rows;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_RETENTIONS, 0, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "retentions", desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Retention *row = (const Comity__V1__Retention *) rows.list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->session),
                               shown_string(cli, row->class_),
                               row->keep_until_ms == 0 ? _("for ever") : shown_time(cli, row->keep_until_ms)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "Nothing is agreed: texts are kept until the parties purge them.");
    return 0;
}

int hold_place_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__HoldTexts body = COMITY__V1__HOLD_TEXTS__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = given_note(cli, "reason", &body.reason);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_HOLD_TEXTS);
    command.hold_texts = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL) {
        uint32_t number = event->texts_held->hold->number;
        cli_put_number(cli, "number", number);
        say(cli,
            "Hold %" PRIu32 " stands on the texts of session %" PRIu32
            ": nobody can purge them. To lift it: comity hold lift %" PRIu32,
            number, body.session, number);
    }
    return code;
}

int hold_lift_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__LiftHold body = COMITY__V1__LIFT_HOLD__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "HOLD", &body.hold);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_LIFT_HOLD);
    command.lift_hold = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        say(cli, "Hold %" PRIu32 " is lifted.", body.hold);
    return code;
}

int hold_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."),   N_("session"), N_("placed by"), N_("of"),
                                         N_("since"), N_("lifted"),  N_("reason")};
    struct rows rows;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_HOLDS, 0, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "holds", desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Hold *row = (const Comity__V1__Hold *) rows.list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number),
                               arena_printf(cli->arena, "%" PRIu32, row->session),
                               name_of_member(cli, row->member),
                               name_of_constituency(cli, row->constituency),
                               shown_time(cli, row->held_ms),
                               shown_time(cli, row->lifted_ms),
                               desk_shown(cli, row->reason)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no holds.");
    return 0;
}

int purge_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__PurgeTexts body = COMITY__V1__PURGE_TEXTS__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0 && !cli_has(cli, "yes") && !cli_has(cli, "dry-run"))
        code =
            cli_fail(cli, ERR_USAGE, "Give the same command with --yes.",
                     "What is purged cannot be brought back: reasons, proposals that were not adopted, and "
                     "earlier versions of minutes of session %" PRIu32 ".",
                     body.session);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_PURGE_TEXTS);
    command.purge_texts = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}
