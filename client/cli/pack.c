/* The pack of a session: what members read before it, and what came out, as a page to print. */
#include <inttypes.h>

#include "client/cli/desk.h"
#include "client/cli/names.h"
#include "client/cli/outcome_text.h"
#include "client/cli/output.h"
#include "client/cli/page.h"
#include "client/cli/rule_text.h"
#include "client/cli/verbs.h"

struct pack {
    struct cli *cli;
    struct page *page;
    const Comity__V1__Session *session;
    struct rows items, proposals, rounds, presences, seats, rules, decisions;
};

static int read_pack(struct pack *pack)
{
    struct cli *cli = pack->cli;
    const ProtobufCMessage *row;
    uint32_t number;
    int code = number_argument(cli, "SESSION", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, number, &row);
    if (code != 0)
        return code;
    pack->session = (const Comity__V1__Session *) row;
    const struct {
        Comity__V1__ListKind kind;
        uint32_t parent;
        struct rows *rows;
    } LISTS[] = {
        {COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, number, &pack->items},
        {COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, 0, &pack->proposals},
        {COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, 0, &pack->rounds},
        {COMITY__V1__LIST_KIND__LIST_KIND_PRESENCES, number, &pack->presences},
        {COMITY__V1__LIST_KIND__LIST_KIND_SEATS, pack->session->body, &pack->seats},
        {COMITY__V1__LIST_KIND__LIST_KIND_RULES, 0, &pack->rules},
        {COMITY__V1__LIST_KIND__LIST_KIND_DECISIONS, 0, &pack->decisions},
    };
    for (size_t i = 0; code == 0 && i < ARRAY_COUNT(LISTS); i++)
        code = desk_rows(cli, LISTS[i].kind, LISTS[i].parent, LISTS[i].rows);
    return code;
}

static const Comity__V1__ProposalVersion *version_of(const Comity__V1__Proposal *proposal, uint32_t version)
{
    for (size_t i = 0; i < proposal->n_versions; i++)
        if (proposal->versions[i]->version == version)
            return proposal->versions[i];
    return NULL;
}

/* "1. union: Ada Okafor, Ben Ruiz": who holds the seats, by constituency. */
static void put_seats(struct pack *pack)
{
    struct cli *cli = pack->cli;
    const char **names = arena_alloc(cli->arena, (pack->seats.count + 1) * sizeof(*names));
    uint32_t last = 0;

    for (uint32_t least = UINT32_MAX; names != NULL; last = least, least = UINT32_MAX) {
        size_t count = 0;
        for (size_t i = 0; i < pack->seats.count; i++) {
            const Comity__V1__Seat *seat = (const Comity__V1__Seat *) pack->seats.list[i];
            if (seat->constituency > last && seat->constituency < least)
                least = seat->constituency;
        }
        if (least == UINT32_MAX)
            return;
        for (size_t i = 0; i < pack->seats.count; i++) {
            const Comity__V1__Seat *seat = (const Comity__V1__Seat *) pack->seats.list[i];
            if (seat->constituency == least)
                names[count++] = seat->holder == 0 ? _("(vacant)") : name_of_member(cli, seat->holder);
        }
        page_point(pack->page, "%s: %s", name_of_constituency(cli, least), shown_list(cli, names, count));
    }
}

/* The rules by which the body decides: the latest version of each. */
static void put_rules(struct pack *pack)
{
    struct cli *cli = pack->cli;

    for (size_t i = 0; i < pack->rules.count; i++) {
        const Comity__V1__RuleVersion *rule = (const Comity__V1__RuleVersion *) pack->rules.list[i];
        bool is_of_body = false, is_latest = rule->rule != NULL;
        for (size_t k = 0; k < rule->n_bodies; k++)
            is_of_body |= rule->bodies[k] == pack->session->body;
        for (size_t k = i + 1; is_latest && k < pack->rules.count; k++) {
            const Comity__V1__RuleVersion *later = (const Comity__V1__RuleVersion *) pack->rules.list[k];
            is_latest = later->rule == NULL || strcmp(later->rule->name, rule->rule->name) != 0;
        }
        if (!is_of_body || !is_latest)
            continue;
        page_heading(pack->page, 3, "The rule %s", shown_string(cli, rule->rule->name));
        for (size_t k = 0; k < rule->rule->n_tests; k++)
            page_point(pack->page, "%s", rule_test_text(cli, rule->rule->tests[k]));
    }
}

static void put_agenda(struct pack *pack)
{
    struct cli *cli = pack->cli;

    page_heading(pack->page, 2, "Agenda");
    if (pack->items.count == 0)
        page_paragraph(pack->page, "Nothing is on the agenda yet.");
    for (size_t i = 0; i < pack->items.count; i++) {
        const Comity__V1__Item *item = (const Comity__V1__Item *) pack->items.list[i];
        page_heading(pack->page, 3, "Item %" PRIu32 ": %s", item->number, desk_shown(cli, item->title));
        page_paragraph(pack->page, "Put on the agenda by %s.", name_of_member(cli, item->added_by));
        for (size_t k = 0; k < pack->proposals.count; k++) {
            const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) pack->proposals.list[k];
            if (proposal->item != item->number || proposal->n_versions == 0)
                continue;
            const Comity__V1__ProposalVersion *latest = proposal->versions[proposal->n_versions - 1];
            page_paragraph(
                pack->page, "Proposal %" PRIu32 ", %s, version %" PRIu32 " by %s:", proposal->number,
                desk_shown(cli, proposal->title), latest->version, name_of_member(cli, latest->author));
            page_quote(pack->page, desk_prose(cli, latest->text));
        }
    }
}

static void put_head(struct pack *pack)
{
    struct cli *cli = pack->cli;
    const Comity__V1__Session *session = pack->session;

    page_heading(pack->page, 1, "%s", desk_shown(cli, session->title));
    if (session->opened_ms == 0)
        page_paragraph(pack->page, "Session %" PRIu32 " of %s, convened for %s.", session->number,
                       name_of_body(cli, session->body), shown_time(cli, session->starts_ms));
    else
        page_paragraph(pack->page, "Session %" PRIu32 " of %s, opened %s.", session->number,
                       name_of_body(cli, session->body), shown_time(cli, session->opened_ms));
}

static int before(struct pack *pack)
{
    put_head(pack);
    put_agenda(pack);
    page_heading(pack->page, 2, "Who decides");
    put_seats(pack);
    page_heading(pack->page, 2, "How it is decided");
    put_rules(pack);
    page_heading(pack->page, 2, "Taking part");
    page_point(pack->page, "When the session is open: comity checkin %" PRIu32 " SITE",
               pack->session->number);
    page_point(pack->page, "In a round: comity vote ROUND ANSWER");
    return 0;
}

static void put_reasons(struct pack *pack, const Comity__V1__Round *round, const struct rows *ballots)
{
    struct cli *cli = pack->cli;

    for (size_t i = 0; i < ballots->count; i++) {
        const Comity__V1__Ballot *ballot = (const Comity__V1__Ballot *) ballots->list[i];
        if (ballot->reason == NULL || ballot->reason->size == 0)
            continue;
        page_paragraph(pack->page, "%s (%s):", name_of_member(cli, ballot->member),
                       rule_answer_label(cli, round->rule, ballot->answer));
        page_quote(pack->page, desk_prose(cli, ballot->reason));
    }
    for (size_t i = 0; i < ballots->count; i++) {
        const char *entered = outcome_entered(cli, (const Comity__V1__Ballot *) ballots->list[i]);
        if (entered != NULL)
            page_point(pack->page, "%s", entered);
    }
}

/* One round on a page of its own: what was asked, what came out, why. */
static int put_round(struct pack *pack, const Comity__V1__Proposal *proposal, const Comity__V1__Round *round)
{
    struct cli *cli = pack->cli;
    const Comity__V1__ProposalVersion *version = version_of(proposal, round->version);
    const Comity__V1__Outcome *outcome = round->outcome;
    struct rows ballots;

    page_heading(pack->page, 3, "Round %" PRIu32 " on %s, version %" PRIu32 ": %s", round->number,
                 desk_shown(cli, proposal->title), round->version,
                 outcome == NULL ? _("still open") : outcome_name(outcome->kind));
    if (version != NULL)
        page_quote(pack->page, desk_prose(cli, version->text));
    if (outcome == NULL) {
        page_paragraph(pack->page, "%" PRIu32 " of %" PRIu32 " have answered.", round->answered,
                       round->eligible);
        return 0;
    }
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, round->number, &ballots);
    if (code != 0)
        return code;
    page_paragraph(pack->page, "%s", _(rule_explain_outcome(outcome->kind)));
    page_paragraph(pack->page, "What the rule %s tests:",
                   round->rule == NULL ? "?" : shown_string(cli, round->rule->name));
    for (size_t i = 0; i < outcome->n_tests; i++)
        page_point(pack->page, "%s", outcome_test(cli, outcome->tests[i]));
    page_paragraph(pack->page, "The answers:");
    for (size_t i = 0; i < outcome->n_tallies; i++)
        page_point(pack->page, "%s", outcome_tally(cli, round->rule, outcome->tallies[i]));
    put_reasons(pack, round, &ballots);
    page_paragraph(pack->page, "%s", outcome_counted(cli, outcome));
    return 0;
}

static int put_rounds(struct pack *pack)
{
    const Comity__V1__Proposal *proposal;
    bool has_any = false;
    int code = 0;

    page_heading(pack->page, 2, "What was decided, and how it was counted");
    for (size_t i = 0; code == 0 && i < pack->rounds.count; i++) {
        const Comity__V1__Round *round = (const Comity__V1__Round *) pack->rounds.list[i];
        for (size_t k = 0; code == 0 && round->session == pack->session->number && k < pack->proposals.count;
             k++) {
            proposal = (const Comity__V1__Proposal *) pack->proposals.list[k];
            if (proposal->number != round->proposal)
                continue;
            has_any = true;
            code = put_round(pack, proposal, round);
        }
    }
    if (!has_any)
        page_paragraph(pack->page, "There was no round.");
    return code;
}

static int after(struct pack *pack)
{
    struct cli *cli = pack->cli;

    put_head(pack);
    if (pack->session->closed_ms != 0)
        page_paragraph(pack->page, "It was closed %s.", shown_time(cli, pack->session->closed_ms));
    page_heading(pack->page, 2, "Who was there");
    if (pack->presences.count == 0)
        page_paragraph(pack->page, "Nobody checked in.");
    for (size_t i = 0; i < pack->presences.count; i++) {
        const Comity__V1__Presence *row = (const Comity__V1__Presence *) pack->presences.list[i];
        const Comity__V1__Member *member = member_of(cli, row->member);
        page_point(pack->page, "%s (%s), from %s", name_of_member(cli, row->member),
                   member == NULL ? "?" : name_of_constituency(cli, member->constituency),
                   name_of_site(cli, row->site));
    }
    return put_rounds(pack);
}

static int run(struct cli *cli, int (*fill)(struct pack *pack))
{
    struct pack *pack = arena_alloc(cli->arena, sizeof(*pack));

    if (pack == NULL)
        return ERR_MEMORY;
    pack->cli = cli;
    int code = read_pack(pack);
    if (code != 0)
        return code;
    pack->page = page_new(cli);
    if (pack->page == NULL)
        return ERR_MEMORY;
    code = fill(pack);
    if (code == 0)
        code = page_deliver(cli, pack->page, desk_shown(cli, pack->session->title));
    page_destroy(&pack->page);
    return code;
}

int pack_before_run(struct cli *cli)
{
    return run(cli, before);
}

int pack_after_run(struct cli *cli)
{
    return run(cli, after);
}
