/* Verbs about sessions, who is there, and what is on the agenda. */
#include <inttypes.h>

#include "client/cli/desk.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

enum { PAST_MS = 60000 }; /* a time is typed to the minute */

static const char *state_word(Comity__V1__SessionState state)
{
    switch (state) {
    case COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED:
        return P_("session", "convened");
    case COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN:
        return P_("session", "open");
    case COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED:
        return P_("session", "closed");
    default:
        return "?";
    }
}

int session_convene_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__ConveneSession body = COMITY__V1__CONVENE_SESSION__INIT;
    const Comity__V1__Event *event;
    const char *starts = cli_option(cli, "starts");
    int64_t now_ms = time_now_ms();

    body.starts_ms = now_ms;
    if (starts != NULL && time_read(starts, now_ms, &body.starts_ms) != 0)
        return cli_fail(cli, ERR_USAGE, "--starts \"2026-11-30 17:00\", or --starts +2h",
                        "--starts `%s` is no time that can be understood.", shown_string(cli, starts));
    if (body.starts_ms < now_ms - PAST_MS)
        return cli_fail(cli, ERR_USAGE, "--starts \"2026-11-30 17:00\", or --starts +2h",
                        "--starts is in the past: %s.", shown_time(cli, body.starts_ms));
    int code = find_body(cli, cli_argument(cli, "BODY"), &body.body);
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
                               name_of_body(cli, row->body), state_word(row->state),
                               shown_time(cli, row->starts_ms), desk_shown(cli, row->title)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no sessions.");
    return 0;
}

static void print_presences(struct cli *cli, const struct rows *rows)
{
    static const char *const TITLES[] = {N_("member"), N_("constituency"), N_("from"), N_("since")};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Presence *row = (const Comity__V1__Presence *) rows->list[i];
        const Comity__V1__Member *member = member_of(cli, row->member);
        const char *cells[] = {name_of_member(cli, row->member),
                               member == NULL ? "?" : name_of_constituency(cli, member->constituency),
                               name_of_site(cli, row->site), shown_time(cli, row->since_ms)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "Nobody has checked in yet.");
}

/* Holders of seats who have not checked in, in words and as numbers. */
static void put_absent(struct cli *cli, const struct rows *seats, const struct rows *presences)
{
    const char **names = arena_alloc(cli->arena, (seats->count + 1) * sizeof(*names));
    struct json_object *absent = json_object_new_array();
    size_t count = 0;

    for (size_t i = 0; names != NULL && i < seats->count; i++) {
        uint32_t holder = ((const Comity__V1__Seat *) seats->list[i])->holder;
        bool is_there = holder == 0;
        for (size_t j = 0; j < presences->count; j++)
            is_there |= ((const Comity__V1__Presence *) presences->list[j])->member == holder;
        if (is_there)
            continue;
        names[count++] = name_of_member(cli, holder);
        json_object_array_add(absent, json_object_new_int64(holder));
    }
    cli_put(cli, "absent", absent);
    if (count > 0)
        say(cli, "Not checked in, of those who hold a seat: %s.", shown_list(cli, names, count));
}

static void print_items(struct cli *cli, const struct rows *rows)
{
    static const char *const TITLES[] = {N_("item"), N_("session"), N_("added by"), N_("title")};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Item *row = (const Comity__V1__Item *) rows->list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number),
                               arena_printf(cli->arena, "%" PRIu32, row->session),
                               name_of_member(cli, row->added_by), desk_shown(cli, row->title)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no items.");
}

int session_show_run(struct cli *cli)
{
    const ProtobufCMessage *row;
    struct rows presences, items, seats;
    uint32_t number;
    int code = number_argument(cli, "SESSION", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, number, &row);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_PRESENCES, number, &presences);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, number, &items);
    if (code != 0)
        return code;
    const Comity__V1__Session *session = (const Comity__V1__Session *) row;
    code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SEATS, session->body, &seats);
    if (code != 0)
        return code;
    cli_put(cli, "session", desk_json(cli, row));
    cli_put(cli, "presences", desk_json_rows(cli, &presences));
    cli_put(cli, "items", desk_json_rows(cli, &items));
    say(cli, "Session %" PRIu32 " of %s, %s: %s", session->number, name_of_body(cli, session->body),
        state_word(session->state), desk_shown(cli, session->title));
    say(cli, "Starts %s, opened %s, closed %s\n", shown_time(cli, session->starts_ms),
        shown_time(cli, session->opened_ms), shown_time(cli, session->closed_ms));
    print_presences(cli, &presences);
    put_absent(cli, &seats, &presences);
    say(cli, "%s", "");
    print_items(cli, &items);
    return 0;
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

int item_add_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__AddItem body = COMITY__V1__ADD_ITEM__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = desk_line(cli, "TITLE", cli_argument(cli, "TITLE"), &body.title);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ADD_ITEM);
    command.add_item = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        cli_put_number(cli, "number", event->item_added->item->number);
        say(cli, "Item %" PRIu32 " is on the agenda of session %" PRIu32 ".", event->item_added->item->number,
            body.session);
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
    print_items(cli, &rows);
    return 0;
}
