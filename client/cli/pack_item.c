/* What the pack says of an item: its function, what is on record of it, what was decided, what is owed. */
#include "client/cli/pack.h"

#include <inttypes.h>

#include "client/cli/action.h"
#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/solving_text.h"
#include "client/cli/terms.h"

#define HAS_TEXT(reference) ((reference) != NULL && (reference)->size > 0)

void pack_points(struct pack *pack, struct told told)
{
    for (size_t i = 0; i < told.count; i++)
        page_point(pack->page, "%s", told.lines[i]);
}

/* A line of the item's record; before the first one its heading. */
static void put_line(struct pack *pack, const char *line)
{
    if (!pack->has_record)
        page_heading(pack->page, 3, "On record");
    pack->has_record = true;
    page_point(pack->page, "%s", line);
}

/* "interest of union: A night is known two weeks before." */
static const char *contribution_line(struct cli *cli, const Comity__V1__Contribution *row)
{
    const Comity__V1__TextRef *text = row->n_versions == 0 ? NULL : row->versions[row->n_versions - 1]->text;

    if (row->constituency != 0)
        return phrase(cli, "%s of %s: %s", word_of_kind(row->kind),
                      name_of_constituency(cli, row->constituency), desk_shown(cli, text));
    return phrase(cli, "%s: %s", word_of_kind(row->kind), desk_shown(cli, text));
}

static int put_contributions(struct pack *pack, uint32_t item)
{
    struct cli *cli = pack->cli;
    size_t waiting = 0;
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONTRIBUTIONS, item, &rows);

    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__Contribution *row = (const Comity__V1__Contribution *) rows.list[i];
        if (row->state == COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_STANDS)
            put_line(pack, contribution_line(cli, row));
        waiting += row->state == COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_PROPOSED;
    }
    if (waiting > 0)
        put_line(pack, counted(cli, waiting, "%" PRIu64 " text is proposed, and not approved by every party",
                               "%" PRIu64 " texts are proposed, and not approved by every party"));
    return code;
}

static int put_requests(struct pack *pack, uint32_t item)
{
    struct cli *cli = pack->cli;
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_DATA_REQUESTS, item, &rows);

    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__DataRequest *row = (const Comity__V1__DataRequest *) rows.list[i];
        const char *whose = name_of_constituency(cli, row->constituency), *asked = desk_shown(cli, row->text);
        if (row->answer == NULL)
            put_line(pack, phrase(cli, "asked of %s, and not answered yet: %s", whose, asked));
        else if (row->state == COMITY__V1__DATA_REQUEST_STATE__DATA_REQUEST_STATE_REFUSED)
            put_line(pack,
                     phrase(cli, "asked of %s: %s Refused: %s", whose, asked, desk_shown(cli, row->answer)));
        else
            put_line(pack,
                     phrase(cli, "asked of %s: %s Answer: %s", whose, asked, desk_shown(cli, row->answer)));
    }
    return code;
}

/* "agreed by union; disputed by management: Nobody has counted that." */
static const char *judgements_text(struct cli *cli, const Comity__V1__Fact *fact)
{
    const char *text = "";

    for (size_t i = 0; i < fact->n_judgements; i++) {
        const Comity__V1__FactJudgement *row = fact->judgements[i];
        text = arena_printf(cli->arena, "%s%s%s%s%s", text, i == 0 ? "" : "; ",
                            phrase(cli, "%s by %s", word_of_position(row->position),
                                   name_of_constituency(cli, row->constituency)),
                            HAS_TEXT(row->reason) ? ": " : "",
                            HAS_TEXT(row->reason) ? desk_shown(cli, row->reason) : "");
    }
    return fact->n_judgements == 0 ? _("nobody has said whether it is so") : text;
}

static int put_facts(struct pack *pack, uint32_t item)
{
    struct cli *cli = pack->cli;
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_FACTS, item, &rows);

    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__Fact *row = (const Comity__V1__Fact *) rows.list[i];
        if (row->withdrawn_ms == 0)
            put_line(pack,
                     phrase(cli, "fact: %s (%s)", desk_shown(cli, row->text), judgements_text(cli, row)));
    }
    return code;
}

static int put_concerns(struct pack *pack, const Comity__V1__Proposal *proposal)
{
    struct cli *cli = pack->cli;
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONCERNS, proposal->number, &rows);

    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__Concern *row = (const Comity__V1__Concern *) rows.list[i];
        const char *text = desk_shown(cli, row->text), *who = name_of_member(cli, row->raised_by);
        const char *state =
            HAS_TEXT(row->how) ? phrase(cli, "%s: %s", word_of_concern(row->state), desk_shown(cli, row->how))
                               : word_of_concern(row->state);
        put_line(pack, phrase(cli, "concern of %s about version %" PRIu32 " of %s: %s (%s)", who,
                              row->version, desk_shown(cli, proposal->title), text, state));
    }
    return code;
}

int pack_put_record(struct pack *pack, const Comity__V1__Item *item)
{
    pack->has_record = false;
    int code = put_contributions(pack, item->number);

    if (code == 0)
        code = put_requests(pack, item->number);
    if (code == 0)
        code = put_facts(pack, item->number);
    for (size_t i = 0; code == 0 && i < pack->proposals.count; i++) {
        const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) pack->proposals.list[i];
        if (proposal->item == item->number)
            code = put_concerns(pack, proposal);
    }
    return code;
}

static const char *verb_of(Comity__V1__ContributionKind kind)
{
    return kind == COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_OPTION ? _("Made of") : _("Meets");
}

/* What is said of the version that was decided. */
static int put_links(struct pack *pack, const Comity__V1__Proposal *proposal, uint32_t version)
{
    struct cli *cli = pack->cli;
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONTRIBUTIONS, proposal->item, &rows);

    for (size_t i = 0; code == 0 && i < pack->links.count; i++) {
        const Comity__V1__ProposalLinks *links = (const Comity__V1__ProposalLinks *) pack->links.list[i];
        for (size_t k = 0; links->proposal == proposal->number && k < links->n_links; k++)
            for (size_t j = 0; j < rows.count; j++) {
                const Comity__V1__Contribution *row = (const Comity__V1__Contribution *) rows.list[j];
                if (row->number == links->links[k]->contribution && links->links[k]->version == version)
                    page_point(pack->page, "%s %s (%s says so)", verb_of(row->kind),
                               contribution_line(cli, row), name_of_member(cli, links->links[k]->linked_by));
            }
    }
    return code;
}

int pack_put_decision(struct pack *pack, const Comity__V1__Proposal *proposal,
                      const Comity__V1__Decision *decision)
{
    struct cli *cli = pack->cli;

    page_heading(pack->page, 3, "Decision %" PRIu32 ", %s: %s", decision->number,
                 decision_state_word(decision->state), desk_shown(cli, proposal->title));
    page_paragraph(pack->page, "Version %" PRIu32 " was adopted %s in round %" PRIu32 ".", decision->version,
                   shown_time(cli, decision->decided_ms), decision->round);
    pack_points(pack, terms_lines(cli, decision->terms, ""));
    for (size_t i = 0; i < decision->n_signatures; i++)
        page_point(pack->page, "Signed for %s by %s.",
                   name_of_constituency(cli, decision->signatures[i]->constituency),
                   name_of_member(cli, decision->signatures[i]->member));
    int code = put_links(pack, proposal, decision->version);
    return code == 0 ? pack_put_finality(pack, finality_later(0, &decision->base)) : code;
}

void pack_put_actions(struct pack *pack, const Comity__V1__Item *item)
{
    bool has_any = false;

    for (size_t i = 0; i < pack->actions.count; i++) {
        const Comity__V1__Action *action = (const Comity__V1__Action *) pack->actions.list[i];
        if (action->item != item->number)
            continue;
        if (!has_any)
            page_heading(pack->page, 3, "Who owes what");
        has_any = true;
        page_point(pack->page, "%s", action_line(pack->cli, action));
    }
}
