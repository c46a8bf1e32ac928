/* Verbs about concerns. */
#include <inttypes.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/solving_text.h"
#include "client/cli/verbs.h"

int concern_raise_run(struct cli *cli)
{
    Comity__V1__RaiseConcern body = COMITY__V1__RAISE_CONCERN__INIT;
    const Comity__V1__Event *event;
    const ProtobufCMessage *row;
    const char *harms = cli_option(cli, "harms");
    uint64_t harmed = 0;
    int code = number_argument(cli, "PROPOSAL", &body.proposal);

    if (code == 0 && harms != NULL)
        code = cli_number(cli, "--harms", harms, 1, UINT32_MAX, &harmed);
    if (code == 0)
        code = words_argument(cli, "TEXT", &body.text);
    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, body.proposal, &row);
    if (code != 0)
        return code;
    const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) row;
    if (proposal->n_versions == 0)
        return cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has a proposal without a text.");
    body.text_hash = proposal->versions[proposal->n_versions - 1]->text->hash;
    body.harms = (uint32_t) harmed;
    code = give(cli, COMITY__V1__COMMAND__BODY_RAISE_CONCERN, &body, &event);
    if (code == 0) {
        cli_put_number(cli, "number", event->concern_raised->concern->number);
        say(cli,
            "Concern %" PRIu32 " about version %" PRIu32
            " is raised. You say when it is resolved: comity concern "
            "resolve %" PRIu32,
            event->concern_raised->concern->number, event->concern_raised->concern->version,
            event->concern_raised->concern->number);
    }
    return code;
}

int concern_second_run(struct cli *cli)
{
    Comity__V1__SecondConcern body = COMITY__V1__SECOND_CONCERN__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "CONCERN", &body.concern);

    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_SECOND_CONCERN, &body, &event);
    if (code == 0)
        say(cli, "You share concern %" PRIu32 ".", body.concern);
    return code;
}

static int settle(struct cli *cli, Comity__V1__ConcernState state)
{
    Comity__V1__SettleConcern body = COMITY__V1__SETTLE_CONCERN__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "CONCERN", &body.concern);

    body.state = state;
    if (code == 0)
        code = words_option(cli, "how", &body.how);
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_SETTLE_CONCERN, &body, &event);
    if (code == 0)
        say(cli, "Concern %" PRIu32 " is %s.", body.concern, word_of_concern(state));
    return code;
}

int concern_resolve_run(struct cli *cli)
{
    return settle(cli, COMITY__V1__CONCERN_STATE__CONCERN_STATE_RESOLVED);
}

int concern_withdraw_run(struct cli *cli)
{
    return settle(cli, COMITY__V1__CONCERN_STATE__CONCERN_STATE_WITHDRAWN);
}

static void print_concerns(struct cli *cli, const struct rows *rows, const char *if_empty)
{
    static const char *const TITLES[] = {N_("no."), N_("proposal"),  N_("version"), N_("state"),
                                         N_("by"),  N_("shared by"), N_("text")};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Concern *row = (const Comity__V1__Concern *) rows->list[i];
        const char *cells[] = {
            arena_printf(cli->arena, "%" PRIu32, row->number),
            arena_printf(cli->arena, "%" PRIu32, row->proposal),
            arena_printf(cli->arena, "%" PRIu32, row->version),
            word_of_concern(row->state),
            name_of_member(cli, row->raised_by),
            row->n_seconders == 0 ? "" : names_of_members(cli, row->seconders, row->n_seconders),
            desk_shown(cli, row->text)};
        sheet_row(&sheet, cells);
    }
    if (rows->count > 0 || if_empty != NULL)
        sheet_print(&sheet, if_empty);
}

int say_concerns(struct cli *cli, uint32_t proposal)
{
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONCERNS, proposal, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "concerns", desk_json_rows(cli, &rows));
    if (rows.count > 0)
        say(cli, "\nConcerns:");
    print_concerns(cli, &rows, NULL);
    return 0;
}

int concern_list_run(struct cli *cli)
{
    struct rows rows;
    uint32_t proposal = 0;
    int code = cli_argument(cli, "PROPOSAL") == NULL ? 0 : number_argument(cli, "PROPOSAL", &proposal);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONCERNS, proposal, &rows);
    if (code != 0)
        return code;
    cli_put(cli, "concerns", desk_json_rows(cli, &rows));
    print_concerns(cli, &rows, N_("There are no concerns."));
    return 0;
}
