/* Verbs about bodies and their seats. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/draft_file.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "core/rule/rule.h"

enum { SEATS_MOST = 10000 };

/* "office=steward", "alternates=pool" or "weight=3". False: neither. */
static bool read_seat_term(const char *term, Comity__V1__SeatGroup *group)
{
    static const struct {
        const char *text;
        Comity__V1__Alternates alternates;
    } MODES[] = {{"none", COMITY__V1__ALTERNATES__ALTERNATES_NONE},
                 {"named", COMITY__V1__ALTERNATES__ALTERNATES_NAMED},
                 {"pool", COMITY__V1__ALTERNATES__ALTERNATES_POOL}};
    const char *equals = strchr(term, '=');

    if (strncmp(term, "office=", 7) == 0 && equals[1] != '\0') {
        group->office = (char *) equals + 1;
        return true;
    }
    if (strncmp(term, "weight=", 7) == 0) {
        char *end;
        group->weight = strtoull(equals + 1, &end, 10);
        return isdigit((unsigned char) equals[1]) && *end == '\0' && group->weight > 0 && group->weight <= WEIGHT_MAX;
    }
    for (size_t i = 0; strncmp(term, "alternates=", 11) == 0 && i < ARRAY_COUNT(MODES); i++) {
        if (strcmp(equals + 1, MODES[i].text) != 0)
            continue;
        group->alternates = MODES[i].alternates;
        return true;
    }
    return false;
}

/* "union=3", "union=3,office=steward,alternates=named" */
static int read_seat_group(struct cli *cli, const char *text, Comity__V1__SeatGroup *ret_group)
{
    char *copy = arena_string(cli->arena, text), *rest = NULL, *first, *term;
    const char *equals = copy == NULL ? NULL : strchr(copy, '=');
    uint64_t count;

    comity__v1__seat_group__init(ret_group);
    if (copy == NULL)
        return ERR_MEMORY;
    first = strtok_r(copy, ",", &rest);
    for (term = strtok_r(NULL, ",", &rest); term != NULL; term = strtok_r(NULL, ",", &rest))
        if (!read_seat_term(term, ret_group))
            equals = NULL;
    if (equals == NULL || equals == copy || first == NULL)
        return cli_fail(cli, ERR_USAGE, "comity help body create",
                        "--seats is CONSTITUENCY=NUMBER[,office=NAME][,alternates=named|pool][,weight=NUMBER], not `%s`.",
                        shown_string(cli, text));
    int code = cli_number(cli, _("The number of seats"), equals + 1, 1, SEATS_MOST, &count);
    if (code != 0)
        return code;
    ret_group->constituency = arena_printf(cli->arena, "%.*s", (int) (equals - copy), copy);
    ret_group->count = (uint32_t) count;
    return ret_group->constituency == NULL ? ERR_MEMORY : 0;
}

int body_create_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__CreateBody body = COMITY__V1__CREATE_BODY__INIT;
    const Comity__V1__Event *event;
    size_t count = option_count(&cli->arguments, "seats");
    Comity__V1__SeatGroup *groups = arena_alloc(cli->arena, count * sizeof(*groups));
    Comity__V1__SeatGroup **list = arena_alloc(cli->arena, count * sizeof(*list));

    if (groups == NULL || list == NULL)
        return ERR_MEMORY;
    int code = desk_line(cli, "--title", cli_option(cli, "title"), &body.title);
    for (size_t i = 0; i < count && code == 0; i++) {
        code = read_seat_group(cli, option_at(&cli->arguments, "seats", i), &groups[i]);
        list[i] = &groups[i];
    }
    if (code != 0)
        return code;
    body.name = (char *) cli_argument(cli, "NAME");
    body.seats = list;
    body.n_seats = count;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_CREATE_BODY);
    command.create_body = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}

int body_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."), N_("name"), N_("seats"), N_("title")};
    struct rows rows;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BODIES, 0, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "bodies", desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Body *row = (const Comity__V1__Body *) rows.list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number),
                               shown_string(cli, row->name), arena_printf(cli->arena, "%" PRIu32, row->seats),
                               desk_shown(cli, row->title)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no bodies.");
    return 0;
}

/* "Lars Holm"; "of a pool: Lars Holm and Lia Roth"; "" where there are no alternates. */
static const char *shown_alternates(struct cli *cli, const Comity__V1__Seat *seat,
                                    const struct rows *alternates)
{
    bool is_pool = seat->alternates == COMITY__V1__ALTERNATES__ALTERNATES_POOL;
    const Comity__V1__AlternatesList *list = NULL;

    for (size_t i = 0; i < alternates->count; i++) {
        const Comity__V1__AlternatesList *row = (const Comity__V1__AlternatesList *) alternates->list[i];
        if (row->seat == (is_pool ? seat->group : seat->number))
            list = row;
    }
    if (!is_pool && seat->alternates != COMITY__V1__ALTERNATES__ALTERNATES_NAMED)
        return "";
    return arena_printf(cli->arena, "%s%s", is_pool ? _("of a pool: ") : "",
                        list == NULL || list->n_members == 0
                            ? _("nobody named")
                            : names_of_members(cli, list->members, list->n_members));
}

int body_show_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("seat"),      N_("constituency"), N_("office"), N_("held by"),
                                         N_("term ends"), N_("alternates"),   N_("state")};
    const ProtobufCMessage *row;
    struct rows seats, alternates;
    struct sheet sheet;
    uint32_t number;
    int code = find_body(cli, cli_argument(cli, "BODY"), &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_BODIES, number, &row);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SEATS, number, &seats);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ALTERNATES, number, &alternates);
    if (code != 0)
        return code;
    cli_put(cli, "alternates", desk_json_rows(cli, &alternates));
    const Comity__V1__Body *body = (const Comity__V1__Body *) row;
    cli_put(cli, "body", desk_json(cli, row));
    struct json_object *array = desk_json_rows(cli, &seats);
    json_add_key_state(cli, array, "holder");
    cli_put(cli, "seats", array);
    say(cli, "Body %" PRIu32 ", %s: %s", body->number, shown_string(cli, body->name),
        desk_shown(cli, body->title));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < seats.count; i++) {
        const Comity__V1__Seat *seat = (const Comity__V1__Seat *) seats.list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, seat->number),
                               name_of_constituency(cli, seat->constituency),
                               shown_string(cli, seat->office),
                               seat->holder == 0 ? _("vacant") : name_of_member(cli, seat->holder),
                               seat->until_ms == 0 ? "" : shown_time(cli, seat->until_ms),
                               shown_alternates(cli, seat, &alternates),
                               state_of_member(cli, seat->holder)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "It has no seats.");
    return 0;
}

/* NULL where there is no such seat: of that the worker will say more. */
static int find_seat(struct cli *cli, const Comity__V1__AssignSeat *assign, const Comity__V1__Seat **ret_seat)
{
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SEATS, assign->body, &rows);

    *ret_seat = NULL;
    for (size_t i = 0; code == 0 && i < rows.count; i++)
        if (((const Comity__V1__Seat *) rows.list[i])->number == assign->seat)
            *ret_seat = (const Comity__V1__Seat *) rows.list[i];
    return code;
}

static int assign(struct cli *cli, uint32_t member, int64_t until_ms)
{
    Comity__V1__Command command;
    Comity__V1__AssignSeat body = COMITY__V1__ASSIGN_SEAT__INIT;
    const Comity__V1__Event *event;
    const Comity__V1__Seat *seat;
    int code = find_body(cli, cli_argument(cli, "BODY"), &body.body);

    if (code == 0)
        code = number_argument(cli, "SEAT", &body.seat);
    if (code == 0)
        code = find_seat(cli, &body, &seat);
    if (code != 0)
        return code;
    uint32_t holder = seat == NULL ? 0 : seat->holder;
    const char *name = name_of_body(cli, body.body),
               *before = holder == 0 ? _("nobody") : name_of_member(cli, holder);
    const char *show = arena_printf(cli->arena, "comity body show %s", name);
    if (seat != NULL && holder == member && member == 0)
        return cli_fail(cli, ERR_STATE, show, "Seat %" PRIu32 " of %s is vacant already.", body.seat, name);
    if (seat != NULL && holder == member && seat->until_ms == until_ms)
        return cli_fail(cli, ERR_STATE, show, "Seat %" PRIu32 " of %s is held by %s already.", body.seat,
                        name, before);
    body.member = member;
    body.until_ms = until_ms;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ASSIGN_SEAT);
    command.assign_seat = &body;
    code = joint_submit(cli, &command, &event);
    if (code != 0 || event == NULL)
        return code;
    cli_put(cli, "before", holder == 0 ? NULL : json_object_new_int64(holder));
    if (member == 0)
        say(cli, "Nobody holds seat %" PRIu32 " of %s. Before: %s.", body.seat, name, before);
    else if (holder == 0)
        say(cli, "%s holds seat %" PRIu32 " of %s.", name_of_member(cli, member), body.seat, name);
    else
        say(cli, "%s holds seat %" PRIu32 " of %s. Before: %s.", name_of_member(cli, member), body.seat, name,
            before);
    if (until_ms != 0)
        say(cli, "The term ends %s.", shown_time(cli, until_ms));
    return 0;
}

int seat_assign_run(struct cli *cli)
{
    const char *until = cli_option(cli, "until");
    int64_t until_ms = 0;
    uint32_t member;

    if (until != NULL && time_read(until, time_now_ms(), &until_ms) != 0)
        return cli_fail(cli, ERR_USAGE, "--until \"2027-06-30 17:00\", or --until +365d",
                        "--until `%s` is no time that can be understood.", shown_string(cli, until));
    int code = find_member(cli, cli_argument(cli, "MEMBER"), &member);
    return code == 0 ? assign(cli, member, until_ms) : code;
}

int seat_vacate_run(struct cli *cli)
{
    return assign(cli, 0, 0);
}
