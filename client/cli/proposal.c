/* Verbs about proposals and their versions. */
#include <inttypes.h>

#include "client/cli/desk.h"
#include "client/cli/finality.h"
#include "client/cli/given.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/cli/solving_text.h"
#include "client/cli/stage_text.h"
#include "client/cli/terms.h"
#include "client/cli/verbs.h"

static const Comity__V1__ProposalVersion *latest_version(const Comity__V1__Proposal *proposal)
{
    return proposal->n_versions == 0 ? NULL : proposal->versions[proposal->n_versions - 1];
}

int proposal_make_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__MakeProposal body = COMITY__V1__MAKE_PROPOSAL__INIT;
    const Comity__V1__Event *event;
    const char *withdraws = cli_option(cli, "withdraws");
    uint64_t withdrawn = 0;
    int code = number_argument(cli, "ITEM", &body.item);

    if (code == 0)
        code = desk_line(cli, "TITLE", cli_argument(cli, "TITLE"), &body.title);
    if (code == 0)
        code = desk_given_text(cli, &body.text);
    if (code == 0 && withdraws != NULL)
        code = cli_number(cli, "--withdraws", withdraws, 1, UINT32_MAX, &withdrawn);
    if (code == 0)
        code = terms_given(cli, &body.terms);
    if (code != 0)
        return code;
    body.withdraws = (uint32_t) withdrawn;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);
    command.make_proposal = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        uint32_t number = event->proposal_made->proposal->number;
        cli_put_number(cli, "number", number);
        say(cli,
            "Proposal %" PRIu32 " is made, version 1. It is tested by a round: comity round open %" PRIu32
            " --rule NAME",
            number, number);
    }
    return code;
}

int proposal_revise_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__ReviseProposal body = COMITY__V1__REVISE_PROPOSAL__INIT;
    const Comity__V1__Event *event;
    const ProtobufCMessage *row;
    int code = number_argument(cli, "PROPOSAL", &body.proposal);

    if (code == 0)
        code = desk_given_text(cli, &body.text);
    if (code == 0)
        code = terms_given(cli, &body.terms);
    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, body.proposal, &row);
    if (code != 0)
        return code;
    const Comity__V1__ProposalVersion *latest = latest_version((const Comity__V1__Proposal *) row);
    if (latest == NULL || latest->text == NULL)
        return cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has a proposal without a text.");
    body.base_hash = latest->text->hash;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL);
    command.revise_proposal = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        cli_put_number(cli, "version", event->proposal_revised->version->version);
        say(cli, "Proposal %" PRIu32 " has version %" PRIu32 " now.", body.proposal,
            event->proposal_revised->version->version);
    }
    return code;
}

static const char *proposal_state(struct cli *cli, const Comity__V1__Proposal *proposal)
{
    if (proposal->decision != 0)
        return phrase(cli, "decided (decision %" PRIu32 ")", proposal->decision);
    if (proposal->open_round != 0)
        return phrase(cli, "in round %" PRIu32, proposal->open_round);
    if (proposal->stage != 0)
        return phrase(cli, "at stage %" PRIu32, proposal->stage);
    if (proposal->outcome != COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED)
        return outcome_word(proposal->outcome);
    return _("not decided");
}

int proposal_show_run(struct cli *cli)
{
    const ProtobufCMessage *row;
    uint32_t number;
    int code = number_argument(cli, "PROPOSAL", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, number, &row);
    if (code != 0)
        return code;
    const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) row;
    cli_put(cli, "proposal", desk_json(cli, row));
    say(cli, "Proposal %" PRIu32 " on item %" PRIu32 ": %s (%s)", proposal->number, proposal->item,
        desk_shown(cli, proposal->title), proposal_state(cli, proposal));
    for (size_t i = 0; i < proposal->n_versions; i++) {
        const Comity__V1__ProposalVersion *version = proposal->versions[i];
        say(cli, "\nVersion %" PRIu32 ", by %s, %s", version->version, name_of_member(cli, version->author),
            shown_time(cli, version->made_ms));
        say(cli, "%s", desk_shown_lines(cli, version->text, "    "));
        terms_say(cli, version->terms, "  ");
    }
    if (proposal->withdraws != 0)
        say(cli, "It asks for leave to withdraw item %" PRIu32 ".", proposal->withdraws);
    code = say_links(cli, proposal, proposal->n_versions == 0 ? 0 : latest_version(proposal)->version);
    if (code == 0)
        code = say_concerns(cli, number);
    if (code == 0)
        code = say_ladder(cli, proposal);
    return code == 0 ? finality_say_beside(cli) : code;
}

int proposal_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."),    N_("item"),  N_("versions"),
                                         N_("rounds"), N_("state"), N_("title")};
    struct json_object *array;
    struct rows rows;
    struct sheet sheet;
    uint32_t item = 0;
    int code = cli_argument(cli, "ITEM") == NULL ? 0 : number_argument(cli, "ITEM", &item);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, item, &rows);
    if (code != 0)
        return code;
    cli_put(cli, "proposals", array = desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) rows.list[i];
        const char *state = proposal_state(cli, proposal);
        code = finality_state(cli, rows.list[i], json_object_array_get_idx(array, i), &state);
        if (code != 0)
            return code;
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, proposal->number),
                               arena_printf(cli->arena, "%" PRIu32, proposal->item),
                               arena_printf(cli->arena, "%zu", proposal->n_versions),
                               arena_printf(cli->arena, "%" PRIu32, proposal->rounds),
                               state,
                               desk_shown(cli, proposal->title)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no proposals.");
    return 0;
}
