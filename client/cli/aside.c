/* Time boxes, sidebars, and what people say of a session at its end. */
#include <inttypes.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/session.h"
#include "client/cli/verbs.h"

static int read_minutes(struct cli *cli, uint32_t *ret_item, uint32_t *ret_minutes)
{
    uint64_t minutes;
    int code = number_argument(cli, "ITEM", ret_item);

    if (code == 0)
        code = cli_number(cli, "MINUTES", cli_argument(cli, "MINUTES"), 1, 1440, &minutes);
    if (code == 0)
        *ret_minutes = (uint32_t) minutes;
    return code;
}

static void say_box(struct cli *cli, const Comity__V1__TimeBox *box)
{
    if (box->ends_ms != 0)
        say(cli, "Item %" PRIu32 " has time until %s.", box->item, shown_time(cli, box->ends_ms));
    else
        say(cli, "Item %" PRIu32 " has %s left once the session goes on.", box->item,
            shown_span(cli, box->left_ms));
}

int timebox_set_run(struct cli *cli)
{
    Comity__V1__SetTimeBox body = COMITY__V1__SET_TIME_BOX__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = read_minutes(cli, &body.item, &body.minutes);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_SET_TIME_BOX);
    command.set_time_box = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say_box(cli, event->time_box_set->box);
    return code;
}

int timebox_extend_run(struct cli *cli)
{
    Comity__V1__ExtendTimeBox body = COMITY__V1__EXTEND_TIME_BOX__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = read_minutes(cli, &body.item, &body.minutes);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_EXTEND_TIME_BOX);
    command.extend_time_box = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say_box(cli, event->time_box_extended->box);
    return code;
}

int sidebar_propose_run(struct cli *cli)
{
    Comity__V1__ProposeSidebar body = COMITY__V1__PROPOSE_SIDEBAR__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = members_given(cli, &body.n_members, &body.members);
    if (code == 0)
        code = desk_line(cli, "TOPIC", cli_argument(cli, "TOPIC"), &body.topic);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_PROPOSE_SIDEBAR);
    command.propose_sidebar = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        uint32_t number = event->sidebar_proposed->sidebar->number;
        cli_put_number(cli, "number", number);
        say(cli,
            "Sidebar %" PRIu32 " is proposed. It begins once all the others have said: comity sidebar agree "
            "%" PRIu32,
            number, number);
    }
    return code;
}

int sidebar_agree_run(struct cli *cli)
{
    Comity__V1__AgreeSidebar body = COMITY__V1__AGREE_SIDEBAR__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SIDEBAR", &body.sidebar);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_AGREE_SIDEBAR);
    command.agree_sidebar = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        cli_put(cli, "has_begun", json_object_new_boolean(event->sidebar_agreed->has_begun));
        if (event->sidebar_agreed->has_begun)
            say(cli, "All have agreed: sidebar %" PRIu32 " begins. What is said in it is kept nowhere.",
                body.sidebar);
        else
            say(cli, "You have agreed to sidebar %" PRIu32 ". Others have yet to.", body.sidebar);
    }
    return code;
}

int sidebar_decline_run(struct cli *cli)
{
    Comity__V1__DeclineSidebar body = COMITY__V1__DECLINE_SIDEBAR__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SIDEBAR", &body.sidebar);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_DECLINE_SIDEBAR);
    command.decline_sidebar = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "Sidebar %" PRIu32 " is declined.", body.sidebar);
    return code;
}

int sidebar_end_run(struct cli *cli)
{
    Comity__V1__EndSidebar body = COMITY__V1__END_SIDEBAR__INIT;
    const char *summary = cli_option(cli, "summary");
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SIDEBAR", &body.sidebar);

    if (code == 0 && summary != NULL)
        code = desk_text(cli, PROSE_REASON, "--summary", BYTES(summary, strlen(summary)), &body.summary);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_END_SIDEBAR);
    command.end_sidebar = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "Sidebar %" PRIu32 " is over.", body.sidebar);
    return code;
}

static int note(struct cli *cli, Comity__V1__PlusDeltaKind kind)
{
    Comity__V1__NotePlusDelta body = COMITY__V1__NOTE_PLUS_DELTA__INIT;
    const char *text = cli_argument(cli, "TEXT");
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0 && text[0] == '\0')
        code = cli_fail(cli, ERR_USAGE, NULL, "TEXT is empty.");
    if (code == 0)
        code = desk_text(cli, PROSE_REASON, "TEXT", BYTES(text, strlen(text)), &body.text);
    if (code != 0)
        return code;
    body.kind = kind;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_NOTE_PLUS_DELTA);
    command.note_plus_delta = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        cli_put_number(cli, "number", event->plus_delta_noted->note->number);
        say(cli, "Noted.");
    }
    return code;
}

int plus_run(struct cli *cli)
{
    return note(cli, COMITY__V1__PLUS_DELTA_KIND__PLUS_DELTA_KIND_PLUS);
}

int delta_run(struct cli *cli)
{
    return note(cli, COMITY__V1__PLUS_DELTA_KIND__PLUS_DELTA_KIND_DELTA);
}
