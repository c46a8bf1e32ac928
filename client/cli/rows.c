/* Lists: all pages of them, or one row. */
#include <inttypes.h>

#include "client/cli/desk.h"
#include "client/cli/language.h"

enum { LIST_PAGE = 1000 };

/* Rows of an answer, by the name of their field in it. */
static const char *const LIST_FIELDS[] = {
    [COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES] = N_("constituencies"),
    [COMITY__V1__LIST_KIND__LIST_KIND_SITES] = N_("sites"),
    [COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS] = N_("members"),
    [COMITY__V1__LIST_KIND__LIST_KIND_KEYS] = N_("keys"),
    [COMITY__V1__LIST_KIND__LIST_KIND_INVITATIONS] = N_("invitations"),
    [COMITY__V1__LIST_KIND__LIST_KIND_BODIES] = N_("bodies"),
    [COMITY__V1__LIST_KIND__LIST_KIND_RULES] = N_("rules"),
    [COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS] = N_("sessions"),
    [COMITY__V1__LIST_KIND__LIST_KIND_PRESENCES] = N_("presences"),
    [COMITY__V1__LIST_KIND__LIST_KIND_ITEMS] = N_("items"),
    [COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS] = N_("proposals"),
    [COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS] = N_("rounds"),
    [COMITY__V1__LIST_KIND__LIST_KIND_ROLL] = N_("roll"),
    [COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS] = N_("ballots"),
    [COMITY__V1__LIST_KIND__LIST_KIND_DECISIONS] = N_("decisions"),
    [COMITY__V1__LIST_KIND__LIST_KIND_SEATS] = N_("seats"),
    [COMITY__V1__LIST_KIND__LIST_KIND_DISPUTED] = N_("disputed"),
    /* Charter and bodies. */
    [COMITY__V1__LIST_KIND__LIST_KIND_CHARTERS] = "charters",
    [COMITY__V1__LIST_KIND__LIST_KIND_RECUSALS] = "recusals",
    [COMITY__V1__LIST_KIND__LIST_KIND_ALTERNATES] = "alternates",
    [COMITY__V1__LIST_KIND__LIST_KIND_STAND_INS] = "stand_ins",
    /* Sessions. */
    [COMITY__V1__LIST_KIND__LIST_KIND_HANDS] = N_("hands"),
    [COMITY__V1__LIST_KIND__LIST_KIND_TIME_BOXES] = N_("time_boxes"),
    [COMITY__V1__LIST_KIND__LIST_KIND_SIDEBARS] = N_("sidebars"),
    [COMITY__V1__LIST_KIND__LIST_KIND_PLUS_DELTAS] = N_("plus_deltas"),
    /* Problem solving. */
    [COMITY__V1__LIST_KIND__LIST_KIND_CONTRIBUTIONS] = "contributions",
    [COMITY__V1__LIST_KIND__LIST_KIND_PROPOSAL_LINKS] = "proposal_links",
    [COMITY__V1__LIST_KIND__LIST_KIND_CONCERNS] = "concerns",
    [COMITY__V1__LIST_KIND__LIST_KIND_DATA_REQUESTS] = "data_requests",
    [COMITY__V1__LIST_KIND__LIST_KIND_FACTS] = "facts",
    [COMITY__V1__LIST_KIND__LIST_KIND_STRAW_POLLS] = "straw_polls",
    [COMITY__V1__LIST_KIND__LIST_KIND_STRAW_ANSWERS] = "straw_answers",
    /* Decisions and minutes. */
    [COMITY__V1__LIST_KIND__LIST_KIND_ACTIONS] = "actions",
    [COMITY__V1__LIST_KIND__LIST_KIND_MINUTES] = "minutes",
    [COMITY__V1__LIST_KIND__LIST_KIND_MANDATES] = "mandates",
    [COMITY__V1__LIST_KIND__LIST_KIND_RETENTIONS] = "retentions",
    [COMITY__V1__LIST_KIND__LIST_KIND_HOLDS] = "holds",
    /* Rules and stages. */
    [COMITY__V1__LIST_KIND__LIST_KIND_ROLL_LISTS] = "roll_lists",
    [COMITY__V1__LIST_KIND__LIST_KIND_WITNESSES] = "witnesses",
    [COMITY__V1__LIST_KIND__LIST_KIND_STAGES] = "stages",
};

struct rows rows_of_answer(const Comity__V1__Answer *answer, Comity__V1__ListKind kind)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(answer->base.descriptor, LIST_FIELDS[kind]);
    const char *base = (const char *) answer;

    return (struct rows){.list = *(const ProtobufCMessage *const *const *) (base + field->offset),
                         .count = *(const size_t *) (base + field->quantifier_offset),
                         .as_of = answer->as_of};
}

/* All pages, or one row where @number says which. */
static int ask_rows(struct cli *cli, Comity__V1__ListKind kind, uint32_t parent, uint32_t number,
                    struct rows *ret_rows)
{
    Comity__V1__List list = COMITY__V1__LIST__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    const ProtobufCMessage **all = NULL;
    struct rows rows = {0};
    size_t room = 0;

    list.kind = kind;
    list.parent = parent;
    list.number = number;
    query.kind_case = COMITY__V1__QUERY__KIND_LIST;
    query.list = &list;
    query.limit = LIST_PAGE;
    for (;;) {
        const Comity__V1__Answer *answer;
        int code = desk_ask(cli, &query, &answer);
        if (code != 0)
            return code;
        struct rows page = rows_of_answer(answer, kind);
        if (rows.count + page.count > room) {
            room = 2 * (rows.count + page.count);
            const ProtobufCMessage **larger = arena_alloc(desk_arena(cli), room * sizeof(*larger));
            if (larger == NULL)
                return ERR_MEMORY;
            if (rows.count > 0)
                memcpy(larger, all, rows.count * sizeof(*larger));
            all = larger;
        }
        if (page.count > 0)
            memcpy(all + rows.count, page.list, page.count * sizeof(*all));
        rows.count += page.count;
        rows.as_of = page.as_of;
        if (answer->next_cursor.len == 0)
            break;
        query.cursor = answer->next_cursor;
    }
    rows.list = all;
    *ret_rows = rows;
    return 0;
}

int desk_rows(struct cli *cli, Comity__V1__ListKind kind, uint32_t parent, struct rows *ret_rows)
{
    return ask_rows(cli, kind, parent, 0, ret_rows);
}

/* The one with the number: of what was read before it may be the whole list. */
static const ProtobufCMessage *row_of(const struct rows *rows, uint32_t number)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(rows->list[0]->descriptor, "number");

    for (size_t i = 0; field != NULL && i < rows->count; i++)
        if (*(const uint32_t *) ((const char *) rows->list[i] + field->offset) == number)
            return rows->list[i];
    return field == NULL ? rows->list[0] : NULL;
}

int desk_row(struct cli *cli, Comity__V1__ListKind kind, uint32_t number, const ProtobufCMessage **ret_row)
{
    struct rows rows;
    int code = ask_rows(cli, kind, 0, number, &rows);

    if (code != 0 && code != ERR_NOT_FOUND)
        return code;
    if (code == ERR_NOT_FOUND || rows.count == 0) {
        cli->failure.field[0] = '\0';
        return cli_fail(cli, ERR_NOT_FOUND, NULL, "There is no number %" PRIu32 " among the %s.", number,
                        _(LIST_FIELDS[kind]));
    }
    *ret_row = row_of(&rows, number);
    if (*ret_row == NULL)
        return cli_fail(cli, ERR_NOT_FOUND, NULL, "There is no number %" PRIu32 " among the %s.", number,
                        _(LIST_FIELDS[kind]));
    return 0;
}
