/* comity session show: a session as it stands. */
#include <inttypes.h>

#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/session.h"
#include "client/cli/sheet.h"
#include "client/cli/verbs.h"

#define NUMBER(cli, value) arena_printf((cli)->arena, "%" PRIu32, value)

static void print_presences(struct cli *cli, const struct rows *rows)
{
    static const char *const TITLES[] = {N_("member"), N_("constituency"), N_("is"), N_("from"), N_("since")};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Presence *row = (const Comity__V1__Presence *) rows->list[i];
        const Comity__V1__Member *member = member_of(cli, row->member);
        const char *cells[] = {name_of_member(cli, row->member),
                               member == NULL ? "?" : name_of_constituency(cli, member->constituency),
                               presence_state_word(row->state), name_of_site(cli, row->site),
                               shown_time(cli, row->changed_ms)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "Nobody has checked in yet.");
}

static void say_stand_ins(struct cli *cli, const struct attendance *attendance)
{
    for (size_t i = 0; i < attendance->count; i++)
        if (attendance->lines[i].member != attendance->seats[i]->holder)
            say(cli, "%s stands in for %s (seat %" PRIu32 ").",
                name_of_member(cli, attendance->lines[i].member),
                name_of_member(cli, attendance->seats[i]->holder), attendance->seats[i]->number);
}

/* Holders of seats, or who stands in for them, who have not checked in, or have left, in words and as
 * numbers. */
static void put_absent(struct cli *cli, const struct session_view *view)
{
    const struct attendance *attendance = &view->attendance;
    const char **names = arena_alloc(cli->arena, (attendance->count + 1) * sizeof(*names));
    struct json_object *absent = json_object_new_array();
    size_t count = 0;

    for (size_t i = 0; names != NULL && i < attendance->count; i++) {
        uint32_t holder = attendance->lines[i].member;
        bool is_there = false;
        for (size_t j = 0; j < view->presences.count; j++) {
            const Comity__V1__Presence *row = (const Comity__V1__Presence *) view->presences.list[j];
            is_there |=
                row->member == holder && row->state != COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_LEFT;
        }
        if (is_there)
            continue;
        names[count++] = name_of_member(cli, holder);
        json_object_array_add(absent, json_object_new_int64(holder));
    }
    cli_put(cli, "absent", absent);
    if (count > 0)
        say(cli, "Not checked in, of those who hold a seat: %s.", shown_list(cli, names, count));
}

static struct json_object *group_json(const struct attendance_group *group, bool is_site)
{
    struct json_object *json = json_object_new_object();

    json_object_object_add(json, is_site ? "site" : "constituency", json_object_new_int64(group->number));
    if (!is_site) {
        json_object_object_add(json, "seats", json_object_new_int64(group->seats));
        json_object_object_add(json, "held", json_object_new_int64(group->held));
    }
    json_object_object_add(json, "present", json_object_new_int64(group->present));
    json_object_object_add(json, "away", json_object_new_int64(group->away));
    if (is_site)
        json_object_object_add(json, "guests", json_object_new_int64(group->guests));
    return json;
}

static void put_attendance(struct cli *cli, const struct attendance *attendance)
{
    static const char *const BY_CONSTITUENCY[] = {N_("constituency"), N_("seats"), N_("held"), N_("present"),
                                                  N_("away")};
    static const char *const BY_SITE[] = {N_("site"), N_("seat holders present"), N_("away"),
                                          N_("others present")};
    struct json_object *json = json_object_new_object();
    struct json_object *constituencies = json_object_new_array(), *sites = json_object_new_array();
    struct sheet sheet;

    json_object_object_add(json, "constituencies", constituencies);
    json_object_object_add(json, "sites", sites);
    cli_put(cli, "attendance", json);
    sheet_init(&sheet, cli, ARRAY_COUNT(BY_CONSTITUENCY), BY_CONSTITUENCY);
    for (size_t i = 0; i < attendance->constituency_count; i++) {
        const struct attendance_group *group = &attendance->by_constituency[i];
        if (group->seats == 0)
            continue;
        const char *cells[] = {name_of_constituency(cli, group->number), NUMBER(cli, group->seats),
                               NUMBER(cli, group->held), NUMBER(cli, group->present),
                               NUMBER(cli, group->away)};
        sheet_row(&sheet, cells);
        json_object_array_add(constituencies, group_json(group, false));
    }
    sheet_print(&sheet, "The body has no seats.");
    if (attendance->site_count > 0)
        say(cli, "%s", "");
    sheet_init(&sheet, cli, ARRAY_COUNT(BY_SITE), BY_SITE);
    for (size_t i = 0; i < attendance->site_count; i++) {
        const struct attendance_group *group = &attendance->by_site[i];
        const char *cells[] = {name_of_site(cli, group->number), NUMBER(cli, group->present),
                               NUMBER(cli, group->away), NUMBER(cli, group->guests)};
        sheet_row(&sheet, cells);
        json_object_array_add(sites, group_json(group, true));
    }
    if (attendance->site_count > 0)
        sheet_print(&sheet, "There are none.");
}

static void say_pause(struct cli *cli, const Comity__V1__Pause *pause)
{
    bool is_caucus = pause->kind == COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS;

    if (is_caucus)
        say(cli, "In caucus since %s: %s. Back at %s; the clock stands.", shown_time(cli, pause->since_ms),
            name_of_constituency(cli, pause->constituency), shown_time(cli, pause->until_ms));
    else if (pause->until_ms != 0)
        say(cli, "In recess since %s, to go on at %s.", shown_time(cli, pause->since_ms),
            shown_time(cli, pause->until_ms));
    else
        say(cli, "In recess since %s.", shown_time(cli, pause->since_ms));
}

static void say_ground_rules(struct cli *cli, const Comity__V1__GroundRules *rules)
{
    const char *text = desk_prose(cli, rules->text);

    say(cli, "Ground rules:\n%s",
        text == NULL ? phrase(cli, "  (withheld)") : shown_lines(cli, BYTES(text, strlen(text)), "  "));
    if (rules->away_after_minutes != 0)
        say(cli, "Who is silent for %s turns away.",
            counted(cli, rules->away_after_minutes, "%" PRIu64 " minute", "%" PRIu64 " minutes"));
    if (rules->queue == COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_ALTERNATING)
        say(cli, "Sides speak in turn.");
}

static void say_session(struct cli *cli, const Comity__V1__Session *session)
{
    say(cli, "Session %" PRIu32 " of %s, %s: %s", session->number, name_of_body(cli, session->body),
        session_state_word(session->state), desk_shown(cli, session->title));
    say(cli, "Starts %s, opened %s, closed %s", shown_time(cli, session->starts_ms),
        shown_time(cli, session->opened_ms), shown_time(cli, session->closed_ms));
    if (session->notice_ms != 0 && session->opened_ms == 0)
        say(cli, "Notice was given at %s: it can be opened from %s on.",
            shown_time(cli, session->convened_ms),
            shown_time(cli, session->convened_ms + session->notice_ms));
    if (session->n_facilitators > 0)
        say(cli, "Facilitated by %s.", names_of_members(cli, session->facilitators, session->n_facilitators));
    if (session->recorder != 0)
        say(cli, "Recorded by %s.", name_of_member(cli, session->recorder));
    if (session->pause != NULL)
        say_pause(cli, session->pause);
    if (session->ground_rules != NULL)
        say_ground_rules(cli, session->ground_rules);
    say(cli, "%s", "");
}

static void say_floor(struct cli *cli, const struct session_view *view)
{
    const Comity__V1__Floor *floor = view->session->floor;
    const char **names = arena_alloc(cli->arena, (view->hands.count + 1) * sizeof(*names));

    if (floor != NULL && floor->member != 0)
        say(cli, "%s has the floor since %s.", name_of_member(cli, floor->member),
            shown_time(cli, floor->since_ms));
    for (size_t i = 0; names != NULL && i < view->hands.count; i++)
        names[i] = name_of_member(cli, ((const Comity__V1__Hand *) view->hands.list[i])->member);
    if (names != NULL && view->hands.count > 0)
        say(cli, "Next to speak: %s.", shown_list(cli, names, view->hands.count));
}

static void say_time_boxes(struct cli *cli, const struct rows *rows)
{
    int64_t now_ms = time_now_ms();

    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__TimeBox *box = (const Comity__V1__TimeBox *) rows->list[i];
        const char *given = shown_span(cli, box->given_ms);

        if (box->state == COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_RUNNING)
            say(cli, "Item %" PRIu32 ": %s left of %s, until %s.", box->item,
                shown_span(cli, box->ends_ms - now_ms), given, shown_time(cli, box->ends_ms));
        else if (box->state == COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_HELD)
            say(cli, "Item %" PRIu32 ": %s left of %s; the clock stands.", box->item,
                shown_span(cli, box->left_ms), given);
        else
            say(cli, "Item %" PRIu32 ": its time of %s is over.", box->item, given);
    }
}

static const char *sidebar_word(Comity__V1__SidebarState state)
{
    switch (state) {
    case COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_PROPOSED:
        return P_("sidebar", "proposed");
    case COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_OPEN:
        return P_("sidebar", "being held");
    case COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_ENDED:
        return P_("sidebar", "ended");
    case COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_DECLINED:
        return P_("sidebar", "declined");
    default:
        return "?";
    }
}

static void print_sidebars(struct cli *cli, const struct rows *rows)
{
    static const char *const TITLES[] = {N_("sidebar"), N_("is"),     N_("topic"),
                                         N_("persons"), N_("agreed"), N_("summary")};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Sidebar *row = (const Comity__V1__Sidebar *) rows->list[i];
        const char *cells[] = {NUMBER(cli, row->number),
                               sidebar_word(row->state),
                               desk_shown(cli, row->topic),
                               names_of_members(cli, row->members, row->n_members),
                               names_of_members(cli, row->agreed, row->n_agreed),
                               row->summary == NULL ? "" : desk_shown(cli, row->summary)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no sidebars.");
}

static void print_plus_deltas(struct cli *cli, const struct rows *rows)
{
    static const char *const TITLES[] = {"", N_("by"), N_("text")};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__PlusDelta *row = (const Comity__V1__PlusDelta *) rows->list[i];
        bool is_plus = row->kind == COMITY__V1__PLUS_DELTA_KIND__PLUS_DELTA_KIND_PLUS;
        const char *cells[] = {is_plus ? _("plus") : _("delta"), name_of_member(cli, row->member),
                               desk_shown(cli, row->text)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "Nothing was said of how it went.");
}

int session_show_run(struct cli *cli)
{
    struct session_view view;
    uint32_t number;
    int code = number_argument(cli, "SESSION", &number);

    if (code == 0)
        code = session_view_read(cli, number, &view);
    if (code != 0)
        return code;
    cli_put(cli, "session", desk_json(cli, &view.session->base));
    for (size_t i = 0; i < view.seats.count; i++) /* who is absent */
        finality_shows(cli, view.seats.list[i]);
    cli_put(cli, "presences", desk_json_rows(cli, &view.presences));
    cli_put(cli, "stand_ins", desk_json_rows(cli, &view.stand_ins));
    cli_put(cli, "items", desk_json_rows(cli, &view.items));
    cli_put(cli, "queue", desk_json_rows(cli, &view.hands));
    cli_put(cli, "time_boxes", desk_json_rows(cli, &view.time_boxes));
    cli_put(cli, "sidebars", desk_json_rows(cli, &view.sidebars));
    cli_put(cli, "plus_deltas", desk_json_rows(cli, &view.plus_deltas));
    say_session(cli, view.session);
    print_presences(cli, &view.presences);
    say_stand_ins(cli, &view.attendance);
    put_absent(cli, &view);
    say(cli, "%s", "");
    put_attendance(cli, &view.attendance);
    say(cli, "%s", "");
    code = session_quorum_put(cli, &view);
    say(cli, "%s", "");
    items_print(cli, &view.items);
    say_time_boxes(cli, &view.time_boxes);
    say_floor(cli, &view);
    if (view.sidebars.count > 0) {
        say(cli, "%s", "");
        print_sidebars(cli, &view.sidebars);
    }
    if (view.plus_deltas.count > 0) {
        say(cli, "%s", "");
        print_plus_deltas(cli, &view.plus_deltas);
    }
    return code == 0 ? finality_say_beside(cli) : code;
}
