/* Verbs about what is put on record on the way: stories, interests, options, standards, evaluations. */
#include <inttypes.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/solving_text.h"
#include "client/cli/verbs.h"

#define STATE(name) COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_##name

enum { KINDS = COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_EVALUATION };

static const Comity__V1__ContributionVersion *latest_of(const Comity__V1__Contribution *row)
{
    return row->n_versions == 0 ? NULL : row->versions[row->n_versions - 1];
}

static const char *shown_latest(struct cli *cli, const Comity__V1__Contribution *row)
{
    const Comity__V1__ContributionVersion *latest = latest_of(row);

    return latest == NULL ? "?" : desk_shown(cli, latest->text);
}

/* "5, 7" */
static const char *shown_numbers(struct cli *cli, const uint32_t *numbers, size_t count)
{
    const char *text = "";

    for (size_t i = 0; i < count; i++)
        text = arena_printf(cli->arena, "%s%s%" PRIu32, text, i == 0 ? "" : ", ", numbers[i]);
    return text;
}

static const char *shown_whose(struct cli *cli, const Comity__V1__Contribution *row)
{
    if (row->constituency != 0)
        return name_of_constituency(cli, row->constituency);
    return row->kind == COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_SHARED_INTEREST ? _("all") : "";
}

/* "proposed; approved by union" */
static const char *shown_state(struct cli *cli, const Comity__V1__Contribution *row)
{
    const char *names[64];
    size_t count = 0;

    for (; count < row->n_approved_by && count < ARRAY_COUNT(names); count++)
        names[count] = name_of_constituency(cli, row->approved_by[count]);
    if (row->state != STATE(PROPOSED) || count == 0)
        return word_of_contribution(row->state);
    return phrase(cli, "proposed; approved by %s", shown_list(cli, names, count));
}

static void print_rows(struct cli *cli, const struct rows *rows, const char *if_empty)
{
    static const char *const TITLES[] = {N_("no."),   N_("kind"),  N_("of"),
                                         N_("state"), N_("about"), N_("text")};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Contribution *row = (const Comity__V1__Contribution *) rows->list[i];
        const Comity__V1__ContributionVersion *latest = latest_of(row);
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number),
                               word_of_kind(row->kind),
                               shown_whose(cli, row),
                               shown_state(cli, row),
                               latest == NULL ? "" : shown_numbers(cli, latest->about, latest->n_about),
                               shown_latest(cli, row)};
        sheet_row(&sheet, cells);
    }
    if (rows->count > 0 || if_empty != NULL)
        sheet_print(&sheet, if_empty);
}

int say_contributions(struct cli *cli, uint32_t item)
{
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONTRIBUTIONS, item, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "contributions", desk_json_rows(cli, &rows));
    if (rows.count > 0)
        say(cli, "\nOn record:");
    print_rows(cli, &rows, NULL);
    return 0;
}

int contribution_list_run(struct cli *cli)
{
    struct rows rows;
    uint32_t item = 0;
    int code = cli_argument(cli, "ITEM") == NULL ? 0 : number_argument(cli, "ITEM", &item);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONTRIBUTIONS, item, &rows);
    if (code != 0)
        return code;
    cli_put(cli, "contributions", desk_json_rows(cli, &rows));
    print_rows(cli, &rows, N_("Nothing is on record."));
    return 0;
}

/* "story", "shared-interest". */
static int kind_argument(struct cli *cli, Comity__V1__ContributionKind *ret_kind)
{
    const char *typed = cli_argument(cli, "KIND");

    for (int kind = 1; kind <= KINDS; kind++) {
        char *word = arena_string(cli->arena, word_of_kind((Comity__V1__ContributionKind) kind));
        for (char *at = word; at != NULL && *at != '\0'; at++)
            *at = *at == ' ' ? '-' : *at;
        if (word != NULL && strcmp(word, typed) == 0) {
            *ret_kind = (Comity__V1__ContributionKind) kind;
            return 0;
        }
    }
    return cli_fail(cli, ERR_USAGE, "comity help contribution add",
                    "There is no kind `%s`: there are story, interest, shared-interest, option, standard and "
                    "evaluation.",
                    shown_string(cli, typed));
}

/* Under FULL one's own; so that where nothing is said that is meant. */
static int whose_option(struct cli *cli, Comity__V1__Contribute *body)
{
    const char *of = cli_option(cli, "of");
    const Comity__V1__WhoamiAnswer *whoami;

    if (of != NULL) {
        body->constituency = arena_string(cli->arena, of);
        return body->constituency == NULL ? ERR_MEMORY : 0;
    }
    if (body->kind != COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_INTEREST)
        return 0;
    int code = desk_whoami(cli, &whoami);
    if (code == 0)
        body->constituency = whoami->constituency->name;
    return code;
}

int contribution_add_run(struct cli *cli)
{
    Comity__V1__Contribute body = COMITY__V1__CONTRIBUTE__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "ITEM", &body.item);

    if (code == 0)
        code = kind_argument(cli, &body.kind);
    if (code == 0)
        code = words_argument(cli, "TEXT", &body.text);
    if (code == 0)
        code = numbers_option(cli, "about", &body.about, &body.n_about);
    if (code == 0)
        code = whose_option(cli, &body);
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_CONTRIBUTE, &body, &event);
    if (code != 0)
        return code;
    const Comity__V1__Contribution *row = event->contribution_made->contribution;
    cli_put_number(cli, "number", row->number);
    if (row->state == STATE(PROPOSED))
        say(cli,
            "Number %" PRIu32
            " is proposed. It stands once a co-chair of every party has said comity contribution "
            "approve %" PRIu32,
            row->number, row->item);
    else
        say(cli, "Number %" PRIu32 " is on record.", row->number);
    return 0;
}

static int contribution_row(struct cli *cli, uint32_t *ret_number, const Comity__V1__Contribution **ret_row)
{
    const ProtobufCMessage *row;
    int code = number_argument(cli, "CONTRIBUTION", ret_number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONTRIBUTIONS, *ret_number, &row);
    if (code == 0 && latest_of((const Comity__V1__Contribution *) row) == NULL)
        code = cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has a contribution without a text.");
    if (code == 0)
        *ret_row = (const Comity__V1__Contribution *) row;
    return code;
}

int contribution_amend_run(struct cli *cli)
{
    Comity__V1__AmendContribution body = COMITY__V1__AMEND_CONTRIBUTION__INIT;
    const Comity__V1__Contribution *row;
    const Comity__V1__Event *event;
    int code = contribution_row(cli, &body.contribution, &row);

    if (code == 0)
        code = words_argument(cli, "TEXT", &body.text);
    if (code == 0)
        code = numbers_option(cli, "about", &body.about, &body.n_about);
    if (code != 0)
        return code;
    body.base_hash = latest_of(row)->text->hash;
    if (body.n_about == 0) {
        body.about = latest_of(row)->about;
        body.n_about = latest_of(row)->n_about;
    }
    code = give(cli, COMITY__V1__COMMAND__BODY_AMEND_CONTRIBUTION, &body, &event);
    if (code == 0) {
        cli_put_number(cli, "version", event->contribution_amended->version->version);
        say(cli, "Number %" PRIu32 " has version %" PRIu32 " now%s.", body.contribution,
            event->contribution_amended->version->version,
            event->contribution_amended->state == STATE(PROPOSED) ? _(", which every party has to approve")
                                                                  : "");
    }
    return code;
}

int contribution_withdraw_run(struct cli *cli)
{
    Comity__V1__WithdrawContribution body = COMITY__V1__WITHDRAW_CONTRIBUTION__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "CONTRIBUTION", &body.contribution);

    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_WITHDRAW_CONTRIBUTION, &body, &event);
    if (code == 0)
        say(cli, "Number %" PRIu32 " is withdrawn. What it said stays in the record, marked so.",
            body.contribution);
    return code;
}

static bool is_wanted(const struct cli *cli, const uint32_t *only, size_t count, uint32_t number)
{
    (void) cli;
    for (size_t i = 0; i < count; i++)
        if (only[i] == number)
            return true;
    return count == 0;
}

/* What is proposed on the item and this co-chair's constituency has not approved: shown, and put into the
 * command. */
static int gather_texts(struct cli *cli, uint32_t item, const uint32_t *only, size_t only_count,
                        Comity__V1__ApproveContributions *body)
{
    const Comity__V1__WhoamiAnswer *whoami;
    struct rows rows;
    int code = desk_whoami(cli, &whoami);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONTRIBUTIONS, item, &rows);
    if (code != 0)
        return code;
    body->texts = arena_alloc(cli->arena, (rows.count + 1) * sizeof(*body->texts));
    for (size_t i = 0; body->texts != NULL && i < rows.count && body->n_texts < 64; i++) {
        const Comity__V1__Contribution *row = (const Comity__V1__Contribution *) rows.list[i];
        bool has_approved = false;
        for (size_t j = 0; j < row->n_approved_by; j++)
            has_approved |= row->approved_by[j] == whoami->constituency->number;
        if (row->state != STATE(PROPOSED) || has_approved || latest_of(row) == NULL ||
            !is_wanted(cli, only, only_count, row->number))
            continue;
        Comity__V1__ApprovedText *text = arena_alloc(cli->arena, sizeof(*text));
        if (text == NULL)
            return ERR_MEMORY;
        comity__v1__approved_text__init(text);
        text->contribution = row->number;
        text->text_hash = latest_of(row)->text->hash;
        body->texts[body->n_texts++] = text;
        if (desk_prose(cli, latest_of(row)->text) == NULL)
            return cli_fail(cli, ERR_TEXT, NULL, "The worker does not show the text of number %" PRIu32 ".",
                            row->number);
        say(cli, "Number %" PRIu32 " (%s): %s", row->number, word_of_kind(row->kind), shown_latest(cli, row));
    }
    return body->texts == NULL ? ERR_MEMORY : 0;
}

int contribution_approve_run(struct cli *cli)
{
    Comity__V1__ApproveContributions body = COMITY__V1__APPROVE_CONTRIBUTIONS__INIT;
    const Comity__V1__Event *event;
    uint32_t item, *only = NULL;
    size_t count = 0;
    int code = number_argument(cli, "ITEM", &item);

    if (code == 0)
        code = numbers_option(cli, "only", &only, &count);
    if (code == 0)
        code = gather_texts(cli, item, only, count, &body);
    if (code == 0 && body.n_texts == 0)
        code = cli_fail(cli, ERR_NOT_FOUND, "comity contribution list ITEM",
                        "Nothing on item %" PRIu32 " waits for your constituency's approval.", item);
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_APPROVE_CONTRIBUTIONS, &body, &event);
    if (code == 0)
        say(cli, "Approved for the record, which is no consent to what they say: %s. Of them %s now.",
            counted(cli, event->contributions_approved->n_contributions, "%" PRIu64 " text",
                    "%" PRIu64 " texts"),
            counted(cli, event->contributions_approved->n_standing, "%" PRIu64 " stands",
                    "%" PRIu64 " stand"));
    return code;
}

/* Links. */

static int link_proposal(struct cli *cli, Comity__V1__LinkChange change, const Comity__V1__Event **ret_event)
{
    Comity__V1__LinkProposal body = COMITY__V1__LINK_PROPOSAL__INIT;
    const ProtobufCMessage *row;
    int code = number_argument(cli, "PROPOSAL", &body.proposal);

    if (code == 0)
        code = numbers_option(cli, "to", &body.contributions, &body.n_contributions);
    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, body.proposal, &row);
    if (code != 0)
        return code;
    const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) row;
    if (proposal->n_versions == 0)
        return cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has a proposal without a text.");
    body.text_hash = proposal->versions[proposal->n_versions - 1]->text->hash;
    body.change = change;
    return give(cli, COMITY__V1__COMMAND__BODY_LINK_PROPOSAL, &body, ret_event);
}

int proposal_link_run(struct cli *cli)
{
    const Comity__V1__Event *event;
    int code = link_proposal(cli, COMITY__V1__LINK_CHANGE__LINK_CHANGE_ADD, &event);

    if (code == 0)
        say(cli, "It is on record that you say so of version %" PRIu32 ".",
            event->proposal_linked->links[0]->version);
    return code;
}

int proposal_unlink_run(struct cli *cli)
{
    const Comity__V1__Event *event;
    int code = link_proposal(cli, COMITY__V1__LINK_CHANGE__LINK_CHANGE_REMOVE, &event);

    if (code == 0)
        say(cli, "You say so no longer.");
    return code;
}

static const char *verb_of(Comity__V1__ContributionKind kind)
{
    return kind == COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_OPTION ? _("Made of") : _("Meets");
}

int say_links(struct cli *cli, const Comity__V1__Proposal *proposal, uint32_t version)
{
    struct rows all, contributions;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSAL_LINKS, 0, &all);
    const Comity__V1__ProposalLinks *links = NULL;

    for (size_t i = 0; code == 0 && i < all.count; i++)
        if (((const Comity__V1__ProposalLinks *) all.list[i])->proposal == proposal->number)
            links = (const Comity__V1__ProposalLinks *) all.list[i];
    cli_put(cli, "links", links == NULL ? NULL : desk_json(cli, &links->base));
    if (code != 0 || links == NULL || links->n_links == 0)
        return code;
    say(cli, "%s", "");
    code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONTRIBUTIONS, proposal->item, &contributions);
    for (size_t i = 0; code == 0 && i < links->n_links; i++) {
        const Comity__V1__ProposalLink *link = links->links[i];
        for (size_t j = 0; j < contributions.count; j++) {
            const Comity__V1__Contribution *row = (const Comity__V1__Contribution *) contributions.list[j];
            if (row->number != link->contribution)
                continue;
            say(cli, "%s %s %" PRIu32 "%s%s (%s says so%s): %s", verb_of(row->kind), word_of_kind(row->kind),
                row->number, row->constituency == 0 ? "" : _(" of "),
                row->constituency == 0 ? "" : name_of_constituency(cli, row->constituency),
                name_of_member(cli, link->linked_by),
                link->version == version ? "" : phrase(cli, " of version %" PRIu32, link->version),
                shown_latest(cli, row));
        }
    }
    return code;
}
