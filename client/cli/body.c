/* Verbs about bodies and their seats. */
#include <inttypes.h>

#include "client/cli/draft_file.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

enum { SEATS_MOST = 10000 };

/* "union=3" */
static int read_seat_group(struct cli *cli, const char *text, Comity__V1__SeatGroup *ret_group)
{
    const char *equals = strchr(text, '=');
    uint64_t count;

    comity__v1__seat_group__init(ret_group);
    if (equals == NULL || equals == text)
        return cli_fail(cli, ERR_USAGE, "comity help body create",
                        "--seats is CONSTITUENCY=NUMBER, not `%s`.", shown_string(cli, text));
    int code = cli_number(cli, _("The number of seats"), equals + 1, 1, SEATS_MOST, &count);
    if (code != 0)
        return code;
    ret_group->constituency = arena_printf(cli->arena, "%.*s", (int) (equals - text), text);
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

int body_show_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("seat"), N_("constituency"), N_("held by"), N_("state")};
    const ProtobufCMessage *row;
    struct rows seats;
    struct sheet sheet;
    uint32_t number;
    int code = find_body(cli, cli_argument(cli, "BODY"), &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_BODIES, number, &row);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SEATS, number, &seats);
    if (code != 0)
        return code;
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
                               seat->holder == 0 ? _("vacant") : name_of_member(cli, seat->holder),
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

static int assign(struct cli *cli, uint32_t member)
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
    if (seat != NULL && holder == member)
        return cli_fail(cli, ERR_STATE, show, "Seat %" PRIu32 " of %s is held by %s already.", body.seat,
                        name, before);
    body.member = member;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ASSIGN_SEAT);
    command.assign_seat = &body;
    code = desk_submit(cli, &command, &event);
    if (code != 0)
        return code;
    cli_put(cli, "before", holder == 0 ? NULL : json_object_new_int64(holder));
    if (member == 0)
        say(cli, "Nobody holds seat %" PRIu32 " of %s. Before: %s.", body.seat, name, before);
    else if (holder == 0)
        say(cli, "%s holds seat %" PRIu32 " of %s.", name_of_member(cli, member), body.seat, name);
    else
        say(cli, "%s holds seat %" PRIu32 " of %s. Before: %s.", name_of_member(cli, member), body.seat, name,
            before);
    return 0;
}

int seat_assign_run(struct cli *cli)
{
    uint32_t member;
    int code = find_member(cli, cli_argument(cli, "MEMBER"), &member);

    return code == 0 ? assign(cli, member) : code;
}

int seat_vacate_run(struct cli *cli)
{
    return assign(cli, 0);
}
