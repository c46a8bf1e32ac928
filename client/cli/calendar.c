/* Sessions and closing times as a calendar that other programs read: iCalendar, RFC 5545, by libical. */
#include <inttypes.h>
#include <libical/ical.h>
#include <stdio.h>

#include "client/cli/desk.h"
#include "client/cli/file.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

enum { UID_MAX = 160 };

struct calendar {
    struct cli *cli;
    icalcomponent *root;
    char history[2 * HISTORY_ID_SIZE + 1];
    size_t events;
    bool is_broken;
};

static struct icaltimetype instant(int64_t time_ms)
{
    return icaltime_from_timet_with_zone((time_t) (time_ms / 1000), 0, icaltimezone_get_utc_timezone());
}

/* An event at an instant. Its UID is the same whenever the calendar is written, so that a program that reads
 * it again replaces what it has. */
static void add_event(struct calendar *calendar, const char *kind, uint32_t number, int64_t starts_ms,
                      const char *summary, const char *description, icalproperty_status status)
{
    char uid[UID_MAX];
    icalcomponent *event = icalcomponent_new_vevent();

    if (event == NULL) {
        calendar->is_broken = true;
        return;
    }
    snprintf(uid, sizeof(uid), "%s-%" PRIu32 "@%s.comity", kind, number, calendar->history);
    icalcomponent_add_property(event, icalproperty_new_uid(uid));
    icalcomponent_add_property(event, icalproperty_new_dtstamp(instant(time_now_ms())));
    icalcomponent_add_property(event, icalproperty_new_dtstart(instant(starts_ms)));
    icalcomponent_add_property(event, icalproperty_new_summary(summary));
    icalcomponent_add_property(event, icalproperty_new_description(description));
    icalcomponent_add_property(event, icalproperty_new_status(status));
    icalcomponent_add_component(calendar->root, event);
    calendar->events++;
}

static int add_sessions(struct calendar *calendar)
{
    struct cli *cli = calendar->cli;
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, 0, &rows);

    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__Session *session = (const Comity__V1__Session *) rows.list[i];
        const bool is_called_off =
            session->state == COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED && session->opened_ms == 0;
        add_event(calendar, "session", session->number, session->starts_ms, desk_shown(cli, session->title),
                  phrase(cli, "Session %" PRIu32 " of %s. The papers: comity pack before %" PRIu32,
                         session->number, name_of_body(cli, session->body), session->number),
                  is_called_off ? ICAL_STATUS_CANCELLED : ICAL_STATUS_CONFIRMED);
    }
    return code;
}

static int add_rounds(struct calendar *calendar)
{
    struct cli *cli = calendar->cli;
    struct rows rounds;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, 0, &rounds);

    for (size_t i = 0; code == 0 && i < rounds.count; i++) {
        const Comity__V1__Round *round = (const Comity__V1__Round *) rounds.list[i];
        if (round->closes_ms == 0)
            continue;
        add_event(calendar, "round", round->number, round->closes_ms,
                  phrase(cli, "Round %" PRIu32 " closes", round->number),
                  phrase(cli, "To answer until then: comity vote %" PRIu32 " ANSWER", round->number),
                  ICAL_STATUS_CONFIRMED);
    }
    return code;
}

static int deliver(struct calendar *calendar)
{
    struct cli *cli = calendar->cli;
    const char *out = cli_option(cli, "out");
    char reason[FILE_REASON_MAX];
    char *written = calendar->is_broken ? NULL : icalcomponent_as_ical_string_r(calendar->root);
    const char *text = written == NULL ? NULL : arena_printf(cli->arena, "%s", written);

    if (written != NULL)
        icalmemory_free_buffer(written);
    if (text == NULL)
        return ERR_MEMORY;
    cli_put_number(cli, "events", calendar->events);
    if (out == NULL) {
        cli_put_text(cli, "calendar", text);
        if (!cli->is_json)
            fputs(text, stdout);
        return 0;
    }
    /* It is written again and again under one name, for programs that look at it. */
    int code = file_write(out, BYTES(text, strlen(text)), 0644, true, reason);
    if (code != 0)
        return cli_fail(cli, code, "Choose another name for --out.", "%s", reason);
    cli_put_text(cli, "file", out);
    say(cli, "Written to %s: %s.", shown_string(cli, out),
        counted(cli, calendar->events, "%" PRIu64 " event", "%" PRIu64 " events"));
    return 0;
}

int calendar_run(struct cli *cli)
{
    struct calendar calendar = {.cli = cli, .root = icalcomponent_new_vcalendar()};

    if (calendar.root == NULL)
        return ERR_MEMORY;
    hex_encode(BYTES(cli->context.history, HISTORY_ID_SIZE), calendar.history);
    icalcomponent_add_property(calendar.root, icalproperty_new_version("2.0"));
    icalcomponent_add_property(calendar.root,
                               icalproperty_new_prodid("-//Comity//comity " COMITY_VERSION "//EN"));
    int code = add_sessions(&calendar);
    if (code == 0)
        code = add_rounds(&calendar);
    if (code == 0)
        code = deliver(&calendar);
    icalcomponent_free(calendar.root);
    return code;
}
