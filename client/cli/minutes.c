/* Verbs about minutes. */
#include <inttypes.h>

#include "client/cli/draft_file.h"
#include "client/cli/given.h"
#include "client/cli/minutes_text.h"
#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

static int find_session(struct cli *cli, const Comity__V1__Session **ret_session)
{
    const ProtobufCMessage *row;
    uint32_t number;
    int code = number_argument(cli, "SESSION", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, number, &row);
    if (code == 0)
        *ret_session = (const Comity__V1__Session *) row;
    return code;
}

static int find_minutes(struct cli *cli, const Comity__V1__Minutes **ret_minutes,
                        const Comity__V1__MinutesVersion **ret_latest)
{
    const Comity__V1__Session *session;
    struct rows rows;
    int code = find_session(cli, &session);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_MINUTES, 0, &rows);
    if (code != 0)
        return code;
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Minutes *minutes = (const Comity__V1__Minutes *) rows.list[i];
        if (minutes->session != session->number || minutes->n_versions == 0)
            continue;
        *ret_minutes = minutes;
        *ret_latest = minutes->versions[minutes->n_versions - 1];
        return (*ret_latest)->text == NULL ? ERR_MALFORMED : 0;
    }
    return cli_fail(cli, ERR_NOT_FOUND,
                    arena_printf(cli->arena, "comity minutes draft %" PRIu32, session->number),
                    "Session %" PRIu32 " has no minutes yet.", session->number);
}

/* --text or --file, or else what the record says. */
static int draft_text(struct cli *cli, const Comity__V1__Session *session, Comity__V1__TextRef **ret_text,
                      struct bytes *ret_composed)
{
    int code;

    *ret_text = NULL;
    if (cli_has(cli, "text") || cli_has(cli, "file"))
        return desk_given_text(cli, ret_text);
    code = minutes_compose(cli, session, ret_composed);
    if (code != 0 || cli_has(cli, "print"))
        return code;
    code = desk_text(cli, PROSE_TEXT, _("The draft from the record"), *ret_composed, ret_text);
    if (code == ERR_TEXT)
        cli_fail(cli, ERR_TEXT,
                 phrase(cli,
                        "comity minutes draft %" PRIu32 " --print > minutes.md, shorten it, "
                        "and give it with --file",
                        session->number),
                 "The draft from the record has %zu bytes, and 65536 are the most.", ret_composed->size);
    return code;
}

int minutes_draft_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__DraftMinutes body = COMITY__V1__DRAFT_MINUTES__INIT;
    const Comity__V1__Session *session;
    const Comity__V1__Event *event;
    struct bytes composed = BYTES(NULL, 0);
    int code = find_session(cli, &session);

    if (code == 0)
        code = draft_text(cli, session, &body.text, &composed);
    if (code != 0)
        return code;
    if (body.text == NULL) {
        const char *text =
            arena_printf(cli->arena, "%.*s", (int) composed.size, (const char *) composed.data);
        cli_put_text(cli, "text", text);
        say(cli, "%s", shown_lines(cli, composed, ""));
        return 0;
    }
    body.session = session->number;
    body.by_silence = cli_has(cli, "by-silence");
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_DRAFT_MINUTES);
    command.draft_minutes = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        cli_put_text(cli, "text", desk_prose(cli, body.text));
        say(cli,
            "The minutes of session %" PRIu32 " are drafted. To read: comity minutes show %" PRIu32
            ". Each side's co-chair: comity minutes approve %" PRIu32 ", or comity minutes dissent %" PRIu32
            ".%s",
            body.session, body.session, body.session, body.session,
            event->minutes_drafted->minutes->by_silence
                ? _(" Who has not answered when the body's next session opens, approves.")
                : "");
    }
    return code;
}

static void say_answers(struct cli *cli, const Comity__V1__Minutes *minutes,
                        const Comity__V1__MinutesVersion *latest)
{
    for (size_t i = 0; i < minutes->n_answers; i++) {
        const Comity__V1__MinutesAnswer *answer = minutes->answers[i];
        const char *of = answer->version == latest->version
                             ? ""
                             : phrase(cli, " version %" PRIu32 ", which counts no more", answer->version);
        const char *who = name_of_constituency(cli, answer->constituency);
        if (answer->member == 0)
            say(cli, "%s approved by silence, %s.", who, shown_time(cli, answer->answered_ms));
        else
            say(cli, "%s %s%s, by %s, %s%s", who, answer->dissent == NULL ? _("approved") : _("dissented"),
                of, name_of_member(cli, answer->member), shown_time(cli, answer->answered_ms),
                answer->dissent == NULL ? "." : ":");
        if (answer->dissent != NULL)
            say(cli, "%s", desk_shown_lines(cli, answer->dissent, "    "));
    }
    if (minutes->in_force_ms != 0)
        say(cli, "In force since %s.", shown_time(cli, minutes->in_force_ms));
    else
        say(cli, "Not in force: every party with seats in the body approves, or dissents.%s",
            minutes->by_silence ? _(" Who has not answered when its next session opens, approves.") : "");
}

static void say_changes(struct cli *cli, const Comity__V1__Minutes *minutes)
{
    for (size_t i = 1; i < minutes->n_versions; i++) {
        const Comity__V1__MinutesVersion *version = minutes->versions[i];
        const char *before = desk_prose(cli, minutes->versions[i - 1]->text);
        const char *after = desk_prose(cli, version->text);
        say(cli, "\nChanged in version %" PRIu32 " by %s, %s:", version->version,
            name_of_member(cli, version->author), shown_time(cli, version->made_ms));
        if (before == NULL || after == NULL)
            say(cli, "    from %s", desk_shown(cli, minutes->versions[i - 1]->text));
        else
            minutes_say_changes(cli, BYTES(before, strlen(before)), BYTES(after, strlen(after)), "    ");
    }
    if (minutes->n_versions == 1)
        say(cli, "\nNothing was changed in them.");
}

int minutes_show_run(struct cli *cli)
{
    const Comity__V1__Minutes *minutes;
    const Comity__V1__MinutesVersion *latest;
    int code = find_minutes(cli, &minutes, &latest);

    if (code != 0)
        return code;
    cli_put(cli, "minutes", desk_json(cli, &minutes->base));
    say(cli, "Minutes of session %" PRIu32 ", version %" PRIu32 ", by %s, %s\n", minutes->session,
        latest->version, name_of_member(cli, latest->author), shown_time(cli, latest->made_ms));
    say(cli, "%s\n", desk_shown_lines(cli, latest->text, "    "));
    say_answers(cli, minutes, latest);
    if (cli_has(cli, "changes"))
        say_changes(cli, minutes);
    if (minutes->in_force_ms != 0)
        return finality_say(cli);
    return finality_say_none(cli);
}

int minutes_correct_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__CorrectMinutes body = COMITY__V1__CORRECT_MINUTES__INIT;
    const Comity__V1__Minutes *minutes;
    const Comity__V1__MinutesVersion *latest;
    const Comity__V1__Event *event;
    int code = desk_given_text(cli, &body.text);

    if (code == 0)
        code = find_minutes(cli, &minutes, &latest);
    if (code != 0)
        return code;
    body.session = minutes->session;
    body.base_hash = latest->text->hash;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_CORRECT_MINUTES);
    command.correct_minutes = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        uint32_t version = event->minutes_corrected->version->version;
        cli_put_number(cli, "version", version);
        say(cli,
            "The minutes of session %" PRIu32 " have version %" PRIu32
            " now. Approvals of the earlier one count no more. What was changed: comity minutes show %" PRIu32
            " --changes",
            body.session, version, body.session);
    }
    return code;
}

static void say_answered(struct cli *cli, uint32_t session, const Comity__V1__MinutesAnswer *answer,
                         bool is_in_force)
{
    json_object_object_add(cli->document, "is_in_force", json_object_new_boolean(is_in_force));
    say(cli, "%s %s version %" PRIu32 " of the minutes of session %" PRIu32 ". %s",
        name_of_constituency(cli, answer->constituency),
        answer->dissent == NULL ? _("approved") : _("put its dissent beside"), answer->version, session,
        is_in_force ? _("They are in force.") : _("Others have yet to answer."));
}

int minutes_approve_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__ApproveMinutes body = COMITY__V1__APPROVE_MINUTES__INIT;
    const Comity__V1__Minutes *minutes;
    const Comity__V1__MinutesVersion *latest;
    const Comity__V1__Event *event;
    int code = find_minutes(cli, &minutes, &latest);

    if (code != 0)
        return code;
    body.session = minutes->session;
    body.text_hash = latest->text->hash;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_APPROVE_MINUTES);
    command.approve_minutes = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        say_answered(cli, body.session, event->minutes_approved->answer,
                     event->minutes_approved->is_in_force);
    return code;
}

int minutes_dissent_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__DissentMinutes body = COMITY__V1__DISSENT_MINUTES__INIT;
    const Comity__V1__Minutes *minutes;
    const Comity__V1__MinutesVersion *latest;
    const Comity__V1__Event *event;
    int code = desk_given_text(cli, &body.text);

    if (code == 0)
        code = find_minutes(cli, &minutes, &latest);
    if (code != 0)
        return code;
    body.session = minutes->session;
    body.text_hash = latest->text->hash;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_DISSENT_MINUTES);
    command.dissent_minutes = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        say_answered(cli, body.session, event->minutes_dissented->answer,
                     event->minutes_dissented->is_in_force);
    return code;
}
