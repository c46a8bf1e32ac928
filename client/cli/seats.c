/* Verbs about who sits where: alternates, hand-overs, recusals. */
#include <inttypes.h>

#include "client/cli/draft_file.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

static int read_members(struct cli *cli, Comity__V1__NameAlternates *body)
{
    size_t count = option_count(&cli->arguments, "member");
    int code = 0;

    if ((count == 0) != cli_has(cli, "nobody"))
        return cli_fail(cli, ERR_USAGE, "comity help seat alternates",
                        "Give --member WHO for each of them, or --nobody.");
    body->members = arena_alloc(cli->arena, (count + 1) * sizeof(*body->members));
    if (body->members == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < count && code == 0; i++)
        code = find_member(cli, option_at(&cli->arguments, "member", i), &body->members[i]);
    body->n_members = count;
    return code;
}

int seat_alternates_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__NameAlternates body = COMITY__V1__NAME_ALTERNATES__INIT;
    const Comity__V1__Event *event;
    int code = find_body(cli, cli_argument(cli, "BODY"), &body.body);

    if (code == 0)
        code = number_argument(cli, "SEAT", &body.seat);
    if (code == 0)
        code = read_members(cli, &body);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_NAME_ALTERNATES);
    command.name_alternates = &body;
    code = joint_submit(cli, &command, &event);
    if (code != 0 || event == NULL)
        return code;
    say(cli, "Who may stand in for the holder of seat %" PRIu32 " of %s: %s.", body.seat,
        name_of_body(cli, body.body), names_of_members(cli, body.members, body.n_members));
    return 0;
}

int seat_hand_over_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__HandOver body = COMITY__V1__HAND_OVER__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = number_argument(cli, "SEAT", &body.seat);
    if (code == 0)
        code = find_member(cli, cli_argument(cli, "MEMBER"), &body.member);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_HAND_OVER);
    command.hand_over = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        say(cli,
            "%s has seat %" PRIu32 " in session %" PRIu32 ", in place of %s, and checks in like everybody: "
            "comity checkin %" PRIu32 " SITE",
            name_of_member(cli, body.member), body.seat, body.session,
            name_of_member(cli, event->seat_handed_over->stand_in->holder), body.session);
    return code;
}

int seat_take_back_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__TakeBack body = COMITY__V1__TAKE_BACK__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = number_argument(cli, "SEAT", &body.seat);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_TAKE_BACK);
    command.take_back = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        say(cli, "Seat %" PRIu32 " is its holder's again in session %" PRIu32 ".", body.seat, body.session);
    return code;
}

int recuse_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__Recuse body = COMITY__V1__RECUSE__INIT;
    const Comity__V1__Event *event;
    const char *reason = cli_argument(cli, "REASON");
    int code = number_argument(cli, "PROPOSAL", &body.proposal);

    if (code == 0 && reason[0] == '\0')
        return cli_fail(cli, ERR_USAGE, "comity help recuse", "Say why: the others are told.");
    if (code == 0)
        code = desk_text(cli, PROSE_REASON, "REASON", BYTES(reason, strlen(reason)), &body.reason);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_RECUSE);
    command.recuse = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "You take no part in the decision on proposal %" PRIu32 ", from its next round on.",
            body.proposal);
    return code;
}
