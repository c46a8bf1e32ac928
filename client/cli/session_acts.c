/* Acts in a session: what is given before and around its work, who is there, pauses. */
#include <inttypes.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/session.h"
#include "client/cli/verbs.h"

#define MINUTE_MS ((int64_t) 60 * 1000)

int time_given(struct cli *cli, const char *option, int64_t *ret_time_ms)
{
    const char *given = cli_option(cli, option);
    int64_t now_ms = time_now_ms();
    int64_t time_ms = 0;

    if (given != NULL && (time_read(given, now_ms, &time_ms) != 0 || time_ms <= now_ms))
        return cli_fail(cli, ERR_USAGE,
                        phrase(cli, "--%s \"2026-11-30 17:00\", or --%s +30m", option, option),
                        "--%s `%s` is no time to come.", option, shown_string(cli, given));
    *ret_time_ms = time_ms;
    return 0;
}

int members_given(struct cli *cli, size_t *ret_count, uint32_t **ret_members)
{
    size_t count = option_count(&cli->arguments, "member");
    uint32_t *members = arena_alloc(cli->arena, (count + 1) * sizeof(*members));
    int code = members == NULL ? ERR_MEMORY : 0;

    for (size_t i = 0; code == 0 && i < count; i++)
        code = find_member(cli, option_at(&cli->arguments, "member", i), &members[i]);
    if (code == 0) {
        *ret_count = count;
        *ret_members = members;
    }
    return code;
}

/* The member that an option names; 0 where it was not given: oneself. */
static int member_given(struct cli *cli, const char *typed, uint32_t *ret_member)
{
    *ret_member = 0;
    return typed == NULL ? 0 : find_member(cli, typed, ret_member);
}

int session_draft_run(struct cli *cli)
{
    Comity__V1__DraftSession body = COMITY__V1__DRAFT_SESSION__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = session_starts(cli, &body.starts_ms);

    if (code == 0)
        code = find_body(cli, cli_argument(cli, "BODY"), &body.body);
    if (code == 0)
        code = desk_line(cli, "TITLE", cli_argument(cli, "TITLE"), &body.title);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_DRAFT_SESSION);
    command.draft_session = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        uint32_t number = event->session_drafted->session->number;
        cli_put_number(cli, "number", number);
        say(cli,
            "Session %" PRIu32 " is drafted. Make up its agenda (comity item add %" PRIu32
            " TITLE), then give notice: comity session notice %" PRIu32,
            number, number, number);
    }
    return code;
}

int session_notice_run(struct cli *cli)
{
    Comity__V1__GiveNotice body = COMITY__V1__GIVE_NOTICE__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    const Comity__V1__Session *session;
    const ProtobufCMessage *row;
    int64_t until_ms = 0;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = time_given(cli, "for", &until_ms);
    if (code != 0)
        return code;
    if (until_ms != 0)
        body.notice_minutes = (uint32_t) ((until_ms - time_now_ms() + MINUTE_MS - 1) / MINUTE_MS);
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_GIVE_NOTICE);
    command.give_notice = &body;
    code = desk_submit(cli, &command, &event);
    if (code != 0)
        return code;
    /* The charter may have asked for more than was given. */
    code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, body.session, &row);
    if (code != 0)
        return code;
    session = (const Comity__V1__Session *) row;
    if (session->notice_ms == 0)
        say(cli, "Session %" PRIu32 " is convened. It can be opened at once.", body.session);
    else
        say(cli, "Session %" PRIu32 " is convened. It can be opened from %s on.", body.session,
            shown_time(cli, session->convened_ms + session->notice_ms));
    return code;
}

int session_order_run(struct cli *cli)
{
    Comity__V1__OrderAgenda body = COMITY__V1__ORDER_AGENDA__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    body.n_items = option_count(&cli->arguments, "item");
    body.items = arena_alloc(cli->arena, (body.n_items + 1) * sizeof(*body.items));
    if (code == 0 && body.items == NULL)
        code = ERR_MEMORY;
    for (size_t i = 0; code == 0 && i < body.n_items; i++) {
        uint64_t number;
        code = cli_number(cli, "--item", option_at(&cli->arguments, "item", i), 1, UINT32_MAX, &number);
        body.items[i] = code == 0 ? (uint32_t) number : 0;
    }
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ORDER_AGENDA);
    command.order_agenda = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "The agenda of session %" PRIu32 " begins with what was named, in this order.",
            body.session);
    return code;
}

int session_rules_run(struct cli *cli)
{
    Comity__V1__SetGroundRules body = COMITY__V1__SET_GROUND_RULES__INIT;
    const char *after = cli_option(cli, "away-after");
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    uint64_t minutes = 0;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0 && after != NULL)
        code = cli_number(cli, "--away-after", after, 1, 1440, &minutes);
    if (code == 0)
        code = desk_given_text(cli, &body.text);
    if (code != 0)
        return code;
    body.away_after_minutes = (uint32_t) minutes;
    body.queue = cli_has(cli, "alternate") ? COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_ALTERNATING
                                           : COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_RAISED;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_SET_GROUND_RULES);
    command.set_ground_rules = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "Session %" PRIu32 " has these ground rules from now on.", body.session);
    return code;
}

/* The named ones of the session, the first of them last. */
static int read_rotated(struct cli *cli, Comity__V1__NameFacilitators *body)
{
    const ProtobufCMessage *row;
    int code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, body->session, &row);

    if (code != 0)
        return code;
    const Comity__V1__Session *session = (const Comity__V1__Session *) row;
    if (session->n_facilitators < 2)
        return cli_fail(cli, ERR_USAGE, "comity session facilitators SESSION --member MEMBER --member MEMBER",
                        "Session %" PRIu32 " does not name several who facilitate in turn.", session->number);
    body->n_facilitators = session->n_facilitators;
    body->facilitators = arena_alloc(cli->arena, body->n_facilitators * sizeof(*body->facilitators));
    if (body->facilitators == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < body->n_facilitators; i++)
        body->facilitators[i] = session->facilitators[(i + 1) % body->n_facilitators];
    body->recorder = session->recorder;
    return 0;
}

int session_facilitators_run(struct cli *cli)
{
    Comity__V1__NameFacilitators body = COMITY__V1__NAME_FACILITATORS__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0 && cli_has(cli, "next"))
        code = read_rotated(cli, &body);
    else if (code == 0)
        code = members_given(cli, &body.n_facilitators, &body.facilitators);
    if (code == 0 && cli_option(cli, "recorder") != NULL)
        code = find_member(cli, cli_option(cli, "recorder"), &body.recorder);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_NAME_FACILITATORS);
    command.name_facilitators = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0 && body.n_facilitators == 0)
        say(cli, "Every facilitator may facilitate session %" PRIu32 ".", body.session);
    else if (code == 0)
        say(cli, "Session %" PRIu32 " is facilitated by those who are named, %s first.", body.session,
            name_of_member(cli, body.facilitators[0]));
    return code;
}

int rollcall_run(struct cli *cli)
{
    Comity__V1__RollCall body = COMITY__V1__ROLL_CALL__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = find_site(cli, cli_argument(cli, "SITE"), &body.site);
    if (code == 0)
        code = members_given(cli, &body.n_members, &body.members);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ROLL_CALL);
    command.roll_call = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "%s checked in to session %" PRIu32 " from %s.",
            counted(cli, body.n_members, "%" PRIu64 " member is", "%" PRIu64 " members are"), body.session,
            name_of_site(cli, body.site));
    return code;
}

int checkout_run(struct cli *cli)
{
    Comity__V1__CheckOut body = COMITY__V1__CHECK_OUT__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = member_given(cli, cli_option(cli, "member"), &body.member);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_CHECK_OUT);
    command.check_out = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0 && body.member == 0)
        say(cli, "You have left session %" PRIu32 ". Back: comity checkin %" PRIu32 " SITE", body.session,
            body.session);
    else if (code == 0)
        say(cli, "%s has left session %" PRIu32 ".", name_of_member(cli, body.member), body.session);
    return code;
}

/* An act that names a session alone: its number stands at the same place in each. */
static int act_in_session(struct cli *cli, Comity__V1__Command__BodyCase kind, uint32_t *ret_session,
                          const Comity__V1__Event **ret_event)
{
    Comity__V1__Command command;
    ProtobufCMessage *body = desk_command_new(cli->arena, &command, kind);
    int code = number_argument(cli, "SESSION", ret_session);

    if (code == 0 && body == NULL)
        code = ERR_MEMORY;
    if (code != 0)
        return code;
    const ProtobufCFieldDescriptor *session =
        protobuf_c_message_descriptor_get_field_by_name(body->descriptor, "session");
    memcpy((char *) body + session->offset, ret_session, sizeof(*ret_session));
    return desk_submit(cli, &command, ret_event);
}

int away_run(struct cli *cli)
{
    const Comity__V1__Event *event;
    uint32_t session;
    int code = act_in_session(cli, COMITY__V1__COMMAND__BODY_STEP_AWAY, &session, &event);

    if (code == 0)
        say(cli, "You are away from session %" PRIu32 ", and back by whatever you do in it next.", session);
    return code;
}

int session_recess_run(struct cli *cli)
{
    Comity__V1__RecessSession body = COMITY__V1__RECESS_SESSION__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = time_given(cli, "until", &body.until_ms);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_RECESS_SESSION);
    command.recess_session = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli,
            "Session %" PRIu32 " is in recess. It goes on when a facilitator says so: comity session resume "
            "%" PRIu32,
            body.session, body.session);
    return code;
}

int session_resume_run(struct cli *cli)
{
    const Comity__V1__Event *event;
    uint32_t session;
    int code = act_in_session(cli, COMITY__V1__COMMAND__BODY_RESUME_SESSION, &session, &event);

    if (code == 0)
        say(cli, "Session %" PRIu32 " goes on.", session);
    return code;
}

int caucus_call_run(struct cli *cli)
{
    Comity__V1__CallCaucus body = COMITY__V1__CALL_CAUCUS__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = time_given(cli, "until", &body.until_ms);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_CALL_CAUCUS);
    command.call_caucus = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli,
            "Session %" PRIu32 " is in caucus until %s; the clock stands. Sooner: comity caucus end %" PRIu32,
            body.session, shown_time(cli, body.until_ms), body.session);
    return code;
}

int caucus_end_run(struct cli *cli)
{
    const Comity__V1__Event *event;
    uint32_t session;
    int code = act_in_session(cli, COMITY__V1__COMMAND__BODY_END_CAUCUS, &session, &event);

    if (code == 0)
        say(cli, "The caucus is over: session %" PRIu32 " goes on, and the clock runs.", session);
    return code;
}

int hand_raise_run(struct cli *cli)
{
    const Comity__V1__Event *event;
    uint32_t session;
    int code = act_in_session(cli, COMITY__V1__COMMAND__BODY_RAISE_HAND, &session, &event);

    if (code == 0)
        say(cli, "Your hand is up in session %" PRIu32 ".", session);
    return code;
}

int hand_lower_run(struct cli *cli)
{
    Comity__V1__LowerHand body = COMITY__V1__LOWER_HAND__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = member_given(cli, cli_option(cli, "member"), &body.member);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_LOWER_HAND);
    command.lower_hand = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "The hand is down.");
    return code;
}

int floor_give_run(struct cli *cli)
{
    Comity__V1__GiveFloor body = COMITY__V1__GIVE_FLOOR__INIT;
    Comity__V1__Command command;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "SESSION", &body.session);

    if (code == 0)
        code = member_given(cli, cli_argument(cli, "MEMBER"), &body.member);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_GIVE_FLOOR);
    command.give_floor = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        cli_put_number(cli, "member", event->floor_given->member);
        say(cli, "%s has the floor.", name_of_member(cli, event->floor_given->member));
    }
    return code;
}

int floor_yield_run(struct cli *cli)
{
    const Comity__V1__Event *event;
    uint32_t session;
    int code = act_in_session(cli, COMITY__V1__COMMAND__BODY_YIELD_FLOOR, &session, &event);

    if (code == 0)
        say(cli, "The floor is free.");
    return code;
}
