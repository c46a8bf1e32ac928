/* What has a time, as a calendar that other programs read: sessions, closing times, what decisions bring,
 * tasks that are owed. iCalendar, RFC 5545, by libical. */
#include <inttypes.h>
#include <libical/ical.h>
#include <stdio.h>

#include "client/cli/action.h"
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

/* A component of @type. Its UID is the same whenever the calendar is written, so that a program that reads
 * it again replaces what it has. */
static void add_component(struct calendar *calendar, icalcomponent_kind type, const char *kind,
                          uint32_t number, icalproperty *when, const char *summary, const char *description,
                          icalproperty_status status)
{
    char uid[UID_MAX];
    icalcomponent *event = icalcomponent_new(type);

    if (event == NULL || when == NULL) {
        calendar->is_broken = true;
        return;
    }
    snprintf(uid, sizeof(uid), "%s-%" PRIu32 "@%s.comity", kind, number, calendar->history);
    icalcomponent_add_property(event, icalproperty_new_uid(uid));
    icalcomponent_add_property(event, icalproperty_new_dtstamp(instant(time_now_ms())));
    icalcomponent_add_property(event, when);
    icalcomponent_add_property(event, icalproperty_new_summary(summary));
    icalcomponent_add_property(event, icalproperty_new_description(description));
    icalcomponent_add_property(event, icalproperty_new_status(status));
    icalcomponent_add_component(calendar->root, event);
    calendar->events++;
}

/* An event at an instant. */
static void add_event(struct calendar *calendar, const char *kind, uint32_t number, int64_t starts_ms,
                      const char *summary, const char *description, icalproperty_status status)
{
    add_component(calendar, ICAL_VEVENT_COMPONENT, kind, number, icalproperty_new_dtstart(instant(starts_ms)),
                  summary, description, status);
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

/* Stages of ladders that are open, and end by themselves. */
static int add_stages(struct calendar *calendar)
{
    struct cli *cli = calendar->cli;
    struct rows stages;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_STAGES, 0, &stages);

    for (size_t i = 0; code == 0 && i < stages.count; i++) {
        const Comity__V1__StageRun *run = (const Comity__V1__StageRun *) stages.list[i];
        if (run->due_ms == 0 || run->state != COMITY__V1__STAGE_STATE__STAGE_STATE_OPEN)
            continue;
        add_event(calendar, "stage", run->number, run->due_ms,
                  phrase(cli, "Stage %" PRIu32 " of proposal %" PRIu32 " ends", run->number, run->proposal),
                  phrase(cli, "What is asked until then: comity stage show %" PRIu32, run->number),
                  ICAL_STATUS_CONFIRMED);
    }
    return code;
}

static const char *title_of_proposal(struct cli *cli, const struct rows *proposals, uint32_t number)
{
    for (size_t i = 0; i < proposals->count; i++) {
        const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) proposals->list[i];
        if (proposal->number == number)
            return desk_shown(cli, proposal->title);
    }
    return "?";
}

/* What comes of a decision that is not over, and when. */
static void add_decision(struct calendar *calendar, const Comity__V1__Decision *decision, const char *title)
{
    const Comity__V1__Terms *terms = decision->terms;
    const bool is_pending = decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_PENDING;
    const struct {
        const char *kind;
        int64_t at_ms;
        const char *summary; /* with the decision's number and title */
    } TIMES[] = {
        {"effect", terms == NULL || !is_pending ? 0 : terms->effective_ms,
         N_("Decision %" PRIu32 " takes effect: %s")},
        {"review", decision->next_review_ms, N_("Decision %" PRIu32 " is to be reviewed: %s")},
        {"trial", terms == NULL || !decision->is_on_trial ? 0 : terms->trial_until_ms,
         N_("The trial of decision %" PRIu32 " ends: %s")},
        {"sunset", terms == NULL ? 0 : terms->sunset_ms, N_("Decision %" PRIu32 " ends: %s")},
    };
    struct cli *cli = calendar->cli;

    for (size_t i = 0; i < ARRAY_COUNT(TIMES); i++)
        if (TIMES[i].at_ms != 0)
            add_event(calendar, TIMES[i].kind, decision->number, TIMES[i].at_ms,
                      phrase(cli, TIMES[i].summary, decision->number, title),
                      phrase(cli, "To read it: comity decision show %" PRIu32, decision->number),
                      ICAL_STATUS_CONFIRMED);
}

static int add_decisions(struct calendar *calendar)
{
    struct cli *cli = calendar->cli;
    struct rows decisions, proposals;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_DECISIONS, 0, &decisions);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, 0, &proposals);
    for (size_t i = 0; code == 0 && i < decisions.count; i++) {
        const Comity__V1__Decision *decision = (const Comity__V1__Decision *) decisions.list[i];
        if (decision->ended_ms == 0)
            add_decision(calendar, decision, title_of_proposal(cli, &proposals, decision->proposal));
    }
    return code;
}

/* "2026-12-31" as 20261231, a whole day wherever one is. */
static icalproperty *due_on(uint32_t date)
{
    struct icaltimetype day = icaltime_null_date();
    icalproperty *due;

    day.year = (int) (date / 10000);
    day.month = (int) (date / 100 % 100);
    day.day = (int) (date % 100);
    due = icalproperty_new_due(day);
    if (due != NULL)
        icalproperty_set_parameter(due, icalparameter_new_value(ICAL_VALUE_DATE));
    return due;
}

static int add_actions(struct calendar *calendar)
{
    static const icalproperty_status STATUS[] = {
        [COMITY__V1__ACTION_STATUS__ACTION_STATUS_UNSPECIFIED] = ICAL_STATUS_NEEDSACTION,
        [COMITY__V1__ACTION_STATUS__ACTION_STATUS_OPEN] = ICAL_STATUS_NEEDSACTION,
        [COMITY__V1__ACTION_STATUS__ACTION_STATUS_DONE] = ICAL_STATUS_COMPLETED,
        [COMITY__V1__ACTION_STATUS__ACTION_STATUS_DROPPED] = ICAL_STATUS_CANCELLED,
    };
    struct cli *cli = calendar->cli;
    struct rows actions;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ACTIONS, 0, &actions);

    for (size_t i = 0; code == 0 && i < actions.count; i++) {
        const Comity__V1__Action *action = (const Comity__V1__Action *) actions.list[i];
        const size_t status = (size_t) action->status < ARRAY_COUNT(STATUS) ? (size_t) action->status : 0;
        if (action->due_date != 0)
            add_component(calendar, ICAL_VTODO_COMPONENT, "action", action->number, due_on(action->due_date),
                          desk_shown(cli, action->title),
                          phrase(cli, "Owed by %s. Once it is done: comity action done %" PRIu32,
                                 names_of_members(cli, action->owners, action->n_owners), action->number),
                          STATUS[status]);
    }
    return code;
}

static int add_reports(struct calendar *calendar)
{
    struct cli *cli = calendar->cli;
    struct rows mandates;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_MANDATES, 0, &mandates);

    for (size_t i = 0; code == 0 && i < mandates.count; i++) {
        const Comity__V1__Mandate *mandate = (const Comity__V1__Mandate *) mandates.list[i];
        if (mandate->recalled_ms == 0 && mandate->report_by_ms != 0)
            add_event(calendar, "report", mandate->number, mandate->report_by_ms,
                      phrase(cli, "A report under mandate %" PRIu32 " is due", mandate->number),
                      phrase(cli, "To report: comity mandate report %" PRIu32, mandate->number),
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
        return cli_fail_write(cli, code, "Choose another name for --out.", reason);
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
        code = add_stages(&calendar);
    if (code == 0)
        code = add_decisions(&calendar);
    if (code == 0)
        code = add_actions(&calendar);
    if (code == 0)
        code = add_reports(&calendar);
    if (code == 0)
        code = deliver(&calendar);
    icalcomponent_free(calendar.root);
    return code;
}
