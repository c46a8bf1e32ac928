/* Verbs about actions: tasks that came of decisions and items. */
#include "client/cli/action.h"

#include <inttypes.h>
#include <time.h>

#include "client/cli/given.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

#define HOUR_MS INT64_C(3600000)
enum { LAST_ZONE_HOURS = 12, OWNERS_MAX = 16 }; /* no place is further behind UTC */

static bool is_past_everywhere(uint32_t date, int64_t now_ms)
{
    time_t seconds = (time_t) ((now_ms - LAST_ZONE_HOURS * HOUR_MS) / 1000);
    struct tm fields;

    if (gmtime_r(&seconds, &fields) == NULL)
        return false;
    return (uint32_t) ((fields.tm_year + 1900) * 10000 + (fields.tm_mon + 1) * 100 + fields.tm_mday) > date;
}

const char *action_state(const Comity__V1__Action *action, int64_t now_ms)
{
    switch (action->status) {
    case COMITY__V1__ACTION_STATUS__ACTION_STATUS_OPEN:
        return is_past_everywhere(action->due_date, now_ms) ? P_("action", "overdue") : P_("action", "open");
    case COMITY__V1__ACTION_STATUS__ACTION_STATUS_DONE:
        return P_("action", "done");
    case COMITY__V1__ACTION_STATUS__ACTION_STATUS_DROPPED:
        return P_("action", "dropped");
    default:
        return "?";
    }
}

static const char *shown_date(struct cli *cli, uint32_t date)
{
    return arena_printf(cli->arena, "%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32, date / 10000, date / 100 % 100,
                        date % 100);
}

const char *action_line(struct cli *cli, const Comity__V1__Action *action)
{
    return phrase(cli, "%s, by %s (%s), %s: %s (action %" PRIu32 ")",
                  names_of_members(cli, action->owners, action->n_owners), shown_date(cli, action->due_date),
                  shown_string(cli, action->time_zone), action_state(action, time_now_ms()),
                  desk_shown(cli, action->title), action->number);
}

/* The zone in which the date is meant: as given, or that of the first site. */
static int find_zone(struct cli *cli, char **ret_zone)
{
    const struct rows *sites;
    const char *given = cli_option(cli, "zone");
    int code;

    if (given != NULL && !time_zone_exists(given))
        return cli_fail(cli, ERR_USAGE, "--zone America/Chicago", "`%s` is no time zone that is known here.",
                        shown_string(cli, given));
    *ret_zone = (char *) (uintptr_t) given;
    if (given != NULL)
        return 0;
    code = names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_SITES, &sites);
    if (code == 0 && sites->count == 0)
        code = cli_fail(cli, ERR_USAGE, "--zone America/Chicago", "In which time zone is the date meant?");
    if (code == 0)
        *ret_zone = ((const Comity__V1__Site *) sites->list[0])->time_zone;
    return code;
}

static int find_owners(struct cli *cli, Comity__V1__AddAction *body)
{
    const char *const *values;
    size_t count = given_list(cli, "owner", &values);
    int code = 0;

    if (count > OWNERS_MAX)
        return cli_fail(cli, ERR_USAGE, NULL, "At most %d can owe one action.", OWNERS_MAX);
    body->owners = arena_alloc(cli->arena, (count + 1) * sizeof(*body->owners));
    if (body->owners == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < count && code == 0; i++)
        code = find_member(cli, values[i], &body->owners[body->n_owners++]);
    return code;
}

/* --decision N, or --item N. */
static int find_cause(struct cli *cli, Comity__V1__AddAction *body)
{
    const char *decision = cli_option(cli, "decision"), *item = cli_option(cli, "item");
    uint64_t number = 0;
    int code;

    if ((decision == NULL) == (item == NULL))
        return cli_fail(cli, ERR_USAGE, NULL,
                        "Give what it came of: --decision NUMBER, or --item NUMBER, and not both.");
    if (decision != NULL) {
        code = cli_number(cli, "--decision", decision, 1, UINT32_MAX, &number);
        body->decision = (uint32_t) number;
        return code;
    }
    code = cli_number(cli, "--item", item, 1, UINT32_MAX, &number);
    body->item = (uint32_t) number;
    return code;
}

int action_add_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__AddAction body = COMITY__V1__ADD_ACTION__INIT;
    const Comity__V1__Event *event;
    int code = find_cause(cli, &body);

    if (code == 0)
        code = desk_line(cli, "TITLE", cli_argument(cli, "TITLE"), &body.title);
    if (code == 0)
        code = given_date(cli, "due", &body.due_date);
    if (code == 0)
        code = find_owners(cli, &body);
    if (code == 0)
        code = find_zone(cli, &body.time_zone);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ADD_ACTION);
    command.add_action = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        const Comity__V1__Action *action = event->action_added->action;
        cli_put_number(cli, "number", action->number);
        say(cli, "Added: %s. Once it is done: comity action done %" PRIu32, action_line(cli, action),
            action->number);
    }
    return code;
}

int action_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."), N_("due"),     N_("time zone"), N_("state"),
                                         N_("of"),  N_("owed by"), N_("title")};
    const Comity__V1__WhoamiAnswer *whoami;
    struct rows rows, kept = {0};
    struct sheet sheet;
    int64_t now_ms = time_now_ms();
    int code = desk_whoami(cli, &whoami);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ACTIONS, 0, &rows);
    if (code != 0)
        return code;
    const ProtobufCMessage **list = arena_alloc(cli->arena, (rows.count + 1) * sizeof(*list));
    if (list == NULL)
        return ERR_MEMORY;
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Action *action = (const Comity__V1__Action *) rows.list[i];
        bool is_mine = false;
        for (size_t k = 0; k < action->n_owners; k++)
            is_mine |= action->owners[k] == whoami->member->number;
        if ((cli_has(cli, "mine") && !is_mine) ||
            (action->status != COMITY__V1__ACTION_STATUS__ACTION_STATUS_OPEN && !cli_has(cli, "all")))
            continue;
        list[kept.count++] = rows.list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, action->number),
                               shown_date(cli, action->due_date),
                               shown_string(cli, action->time_zone),
                               action_state(action, now_ms),
                               action->decision != 0 ? phrase(cli, "decision %" PRIu32, action->decision)
                                                     : phrase(cli, "item %" PRIu32, action->item),
                               names_of_members(cli, action->owners, action->n_owners),
                               desk_shown(cli, action->title)};
        sheet_row(&sheet, cells);
    }
    kept.list = list;
    cli_put(cli, "actions", desk_json_rows(cli, &kept));
    sheet_print(&sheet, cli_has(cli, "all") ? N_("There are no actions.")
                                            : N_("Nothing is owed. Those that are done or dropped: --all"));
    return 0;
}

static int update(struct cli *cli, Comity__V1__ActionStatus status, const char *option, const char *what)
{
    Comity__V1__Command command;
    Comity__V1__UpdateAction body = COMITY__V1__UPDATE_ACTION__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "ACTION", &body.action);

    if (code == 0)
        code = given_note(cli, option, &body.note);
    if (code != 0)
        return code;
    body.status = status;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_UPDATE_ACTION);
    command.update_action = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, what, body.action);
    return code;
}

int action_done_run(struct cli *cli)
{
    return update(cli, COMITY__V1__ACTION_STATUS__ACTION_STATUS_DONE, "note",
                  N_("Action %" PRIu32 " is done."));
}

int action_drop_run(struct cli *cli)
{
    return update(cli, COMITY__V1__ACTION_STATUS__ACTION_STATUS_DROPPED, "reason",
                  N_("Action %" PRIu32 " is dropped."));
}

int action_reopen_run(struct cli *cli)
{
    return update(cli, COMITY__V1__ACTION_STATUS__ACTION_STATUS_OPEN, "note",
                  N_("Action %" PRIu32 " is open again."));
}
