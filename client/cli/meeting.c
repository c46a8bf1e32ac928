/* Verbs about sessions, who is there, and what is on the agenda. */
#include <inttypes.h>

#include "client/cli/desk.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/session.h"
#include "client/cli/verbs.h"
#include "core/machine/phase.h"

enum { PAST_MS = 60000 }; /* a time is typed to the minute */

const char *session_state_word(Comity__V1__SessionState state)
{
    switch (state) {
    case COMITY__V1__SESSION_STATE__SESSION_STATE_DRAFT:
        return P_("session", "draft");
    case COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED:
        return P_("session", "convened");
    case COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN:
        return P_("session", "open");
    case COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED:
        return P_("session", "closed");
    case COMITY__V1__SESSION_STATE__SESSION_STATE_MINUTED:
        return P_("session", "minuted");
    default:
        return "?";
    }
}

/* The state, and for an open one that stands still why. */
static const char *state_of_session(const Comity__V1__Session *session)
{
    if (session->pause == NULL)
        return session_state_word(session->state);
    return session->pause->kind == COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS ? _("open, in caucus")
                                                                             : _("open, in recess");
}

int session_starts(struct cli *cli, int64_t *ret_starts_ms)
{
    const char *starts = cli_option(cli, "starts");
    int64_t now_ms = time_now_ms();
    int64_t starts_ms = now_ms;

    if (starts != NULL && time_read(starts, now_ms, &starts_ms) != 0)
        return cli_fail(cli, ERR_USAGE, "--starts \"2026-11-30 17:00\", or --starts +2h",
                        "--starts `%s` is no time that can be understood.", shown_string(cli, starts));
    if (starts_ms < now_ms - PAST_MS)
        return cli_fail(cli, ERR_USAGE, "--starts \"2026-11-30 17:00\", or --starts +2h",
                        "--starts is in the past: %s.", shown_time(cli, starts_ms));
    *ret_starts_ms = starts_ms;
    return 0;
}

int session_convene_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__ConveneSession body = COMITY__V1__CONVENE_SESSION__INIT;
    const Comity__V1__Event *event;
    int code = session_starts(cli, &body.starts_ms);

    if (code == 0)
        code = find_body(cli, cli_argument(cli, "BODY"), &body.body);
    if (code == 0)
        code = desk_line(cli, "TITLE", cli_argument(cli, "TITLE"), &body.title);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_CONVENE_SESSION);
    command.convene_session = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        const Comity__V1__Session *session = event->session_convened->session;
        cli_put_number(cli, "number", session->number);
        say(cli,
            "Session %" PRIu32 " is convened for %s. Items can be added: comity item add %" PRIu32 " TITLE",
            session->number, shown_time(cli, session->starts_ms), session->number);
    }
    return code;
}

int session_open_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__OpenSession body = COMITY__V1__OPEN_SESSION__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_OPEN_SESSION);
    command.open_session = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "Session %" PRIu32 " is open. Members check in: comity checkin %" PRIu32 " SITE",
            body.session, body.session);
    return code;
}

int session_close_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__CloseSession body = COMITY__V1__CLOSE_SESSION__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_CLOSE_SESSION);
    command.close_session = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "Session %" PRIu32 " is closed.", body.session);
    return code;
}

int session_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."), N_("body"), N_("state"), N_("starts"), N_("title")};
    struct rows rows;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, 0, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "sessions", desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Session *row = (const Comity__V1__Session *) rows.list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number),
                               name_of_body(cli, row->body), state_of_session(row),
                               shown_time(cli, row->starts_ms), desk_shown(cli, row->title)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no sessions.");
    return 0;
}

void items_print(struct cli *cli, const struct rows *rows)
{
    static const char *const TITLES[] = {N_("item"),     N_("session"),  N_("phase"), N_("added by"),
                                         N_("function"), N_("title"), ""};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Item *row = (const Comity__V1__Item *) rows->list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number),
                               arena_printf(cli->arena, "%" PRIu32, row->session),
                               phase_name(item_phase(row)), name_of_member(cli, row->added_by),
                               shown_string(cli, row->function), desk_shown(cli, row->title),
                               row->is_after_notice ? _("added after the notice") : ""};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no items.");
}

int checkin_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__CheckIn body = COMITY__V1__CHECK_IN__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = find_site(cli, cli_argument(cli, "SITE"), &body.site);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_CHECK_IN);
    command.check_in = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "You are checked in to session %" PRIu32 " from %s.", body.session,
            name_of_site(cli, body.site));
    return code;
}

/* --solve, or --phase PHASE; nothing: where proposals are made. */
static int starting_phase(struct cli *cli, Comity__V1__Phase *ret_phase)
{
    const char *typed = cli_has(cli, "solve") ? phase_name(PHASE(ISSUE)) : cli_option(cli, "phase");

    if (cli_has(cli, "solve") && cli_has(cli, "phase"))
        return cli_fail(cli, ERR_USAGE, NULL, "Give --solve or --phase, not both.");
    *ret_phase = typed == NULL ? PHASE(UNSPECIFIED) : phase_by_name(typed);
    if (typed == NULL || (*ret_phase >= PHASE(ISSUE) && *ret_phase <= PHASE(PROPOSAL)))
        return 0;
    return cli_fail(cli, ERR_USAGE, "comity help item move", "No item starts in phase `%s`.",
                    shown_string(cli, typed));
}

int item_add_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__AddItem body = COMITY__V1__ADD_ITEM__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = desk_line(cli, "TITLE", cli_argument(cli, "TITLE"), &body.title);
    if (code == 0)
        code = starting_phase(cli, &body.phase);
    if (code != 0)
        return code;
    if (cli_option(cli, "function") != NULL)
        body.function = (char *) cli_option(cli, "function");
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ADD_ITEM);
    command.add_item = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        cli_put_number(cli, "number", event->item_added->item->number);
        say(cli, "Item %" PRIu32 " is on the agenda of session %" PRIu32 ", in phase %s.",
            event->item_added->item->number, body.session, phase_name(event->item_added->item->phase));
    }
    return code;
}

int item_list_run(struct cli *cli)
{
    struct rows rows;
    uint32_t session = 0;
    int code = cli_argument(cli, "SESSION") == NULL ? 0 : number_argument(cli, "SESSION", &session);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, session, &rows);
    if (code != 0)
        return code;
    cli_put(cli, "items", desk_json_rows(cli, &rows));
    items_print(cli, &rows);
    return 0;
}
