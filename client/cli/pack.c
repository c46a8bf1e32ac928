/* The pack of a session: what members read before it, and what came out, as a page to print. */
#include "client/cli/pack.h"

#include <inttypes.h>

#include "client/cli/ballot_text.h"
#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/outcome_text.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/cli/terms.h"
#include "client/cli/verbs.h"
#include "core/charter.h"
#include "core/machine/phase.h"

static int read_pack(struct pack *pack)
{
    struct cli *cli = pack->cli;
    uint32_t number;
    int code = number_argument(cli, "SESSION", &number);

    if (code == 0)
        code = session_view_read(cli, number, &pack->view);
    const struct {
        Comity__V1__ListKind kind;
        struct rows *rows;
    } LISTS[] = {
        {COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, &pack->proposals},
        {COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, &pack->rounds},
        {COMITY__V1__LIST_KIND__LIST_KIND_RULES, &pack->rules},
        {COMITY__V1__LIST_KIND__LIST_KIND_DECISIONS, &pack->decisions},
        {COMITY__V1__LIST_KIND__LIST_KIND_CHARTERS, &pack->charters},
        {COMITY__V1__LIST_KIND__LIST_KIND_ACTIONS, &pack->actions},
        {COMITY__V1__LIST_KIND__LIST_KIND_PROPOSAL_LINKS, &pack->links},
    };
    for (size_t i = 0; code == 0 && i < ARRAY_COUNT(LISTS); i++)
        code = desk_rows(cli, LISTS[i].kind, 0, LISTS[i].rows);
    return code == 0 ? told_pauses(cli, pack->view.session, pack->decisions.as_of, &pack->pauses) : code;
}

int pack_put_finality(struct pack *pack, uint64_t latest)
{
    const char *line, *word;
    int code = finality_of_one(pack->cli, latest, NULL, &line, &word);

    if (line != NULL)
        page_paragraph(pack->page, "%s", line);
    return code;
}

static const Comity__V1__ProposalVersion *version_of(const Comity__V1__Proposal *proposal, uint32_t version)
{
    for (size_t i = 0; i < proposal->n_versions; i++)
        if (proposal->versions[i]->version == version)
            return proposal->versions[i];
    return NULL;
}

static const Comity__V1__Proposal *proposal_of(const struct pack *pack, uint32_t number)
{
    for (size_t i = 0; i < pack->proposals.count; i++)
        if (((const Comity__V1__Proposal *) pack->proposals.list[i])->number == number)
            return (const Comity__V1__Proposal *) pack->proposals.list[i];
    return NULL;
}

/* "1. union: Ada Okafor, Ben Ruiz": who holds the seats, by constituency. */
static void put_seats(struct pack *pack)
{
    struct cli *cli = pack->cli;
    const char **names = arena_alloc(cli->arena, (pack->view.seats.count + 1) * sizeof(*names));
    uint32_t last = 0;

    for (uint32_t least = UINT32_MAX; names != NULL; last = least, least = UINT32_MAX) {
        size_t count = 0;
        for (size_t i = 0; i < pack->view.seats.count; i++) {
            const Comity__V1__Seat *seat = (const Comity__V1__Seat *) pack->view.seats.list[i];
            if (seat->constituency > last && seat->constituency < least)
                least = seat->constituency;
        }
        if (least == UINT32_MAX)
            return;
        for (size_t i = 0; i < pack->view.seats.count; i++) {
            const Comity__V1__Seat *seat = (const Comity__V1__Seat *) pack->view.seats.list[i];
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
            is_of_body |= rule->bodies[k] == pack->view.session->body;
        for (size_t k = i + 1; is_latest && k < pack->rules.count; k++) {
            const Comity__V1__RuleVersion *later = (const Comity__V1__RuleVersion *) pack->rules.list[k];
            is_latest = later->rule == NULL || strcmp(later->rule->name, rule->rule->name) != 0;
        }
        if (!is_of_body || !is_latest)
            continue;
        page_heading(pack->page, 3, "The rule %s", shown_string(cli, rule->rule->name));
        for (size_t k = 0; k < rule->rule->n_tests; k++)
            page_point(pack->page, "%s", rule_test_text(cli, rule->rule, rule->rule->tests[k]));
    }
}

static void put_function(struct pack *pack, const Comity__V1__Item *item)
{
    const char *function = told_function(pack->cli, &pack->charters, item);

    if (function != NULL)
        page_paragraph(pack->page, "%s", function);
}

/* The latest text, with what it would mean to adopt it. */
static void put_proposal(struct pack *pack, const Comity__V1__Proposal *proposal)
{
    struct cli *cli = pack->cli;
    const Comity__V1__ProposalVersion *latest =
        proposal->n_versions == 0 ? NULL : proposal->versions[proposal->n_versions - 1];

    if (latest == NULL)
        return;
    page_paragraph(pack->page, "Proposal %" PRIu32 ", %s, version %" PRIu32 " by %s:", proposal->number,
                   desk_shown(cli, proposal->title), latest->version, name_of_member(cli, latest->author));
    page_quote(pack->page, desk_prose(cli, latest->text));
    pack_points(pack, terms_lines(cli, latest->terms, ""));
}

static int put_item_before(struct pack *pack, const Comity__V1__Item *item)
{
    struct cli *cli = pack->cli;
    int code;

    page_heading(pack->page, 3, "Item %" PRIu32 ": %s", item->number, desk_shown(cli, item->title));
    page_paragraph(pack->page, "Put on the agenda by %s.", name_of_member(cli, item->added_by));
    if (item->is_after_notice)
        page_paragraph(pack->page, "It came on the agenda after the notice.");
    put_function(pack, item);
    if (item_phase(item) != PHASE(PROPOSAL) || item->hold != NULL)
        page_paragraph(pack->page, "%s", told_phase(cli, item));
    code = pack_put_record(pack, item);
    for (size_t k = 0; code == 0 && k < pack->proposals.count; k++)
        if (((const Comity__V1__Proposal *) pack->proposals.list[k])->item == item->number)
            put_proposal(pack, (const Comity__V1__Proposal *) pack->proposals.list[k]);
    return code;
}

static int put_agenda(struct pack *pack)
{
    int code = 0;

    page_heading(pack->page, 2, "Agenda");
    if (pack->view.items.count == 0)
        page_paragraph(pack->page, "Nothing is on the agenda yet.");
    for (size_t i = 0; code == 0 && i < pack->view.items.count; i++)
        code = put_item_before(pack, (const Comity__V1__Item *) pack->view.items.list[i]);
    return code;
}

static void put_facilitators(struct pack *pack)
{
    struct cli *cli = pack->cli;
    const Comity__V1__Session *session = pack->view.session;

    if (session->n_facilitators > 0)
        page_paragraph(pack->page, "Facilitated by %s.",
                       names_of_members(cli, session->facilitators, session->n_facilitators));
    if (session->recorder != 0)
        page_paragraph(pack->page, "Recorded by %s.", name_of_member(cli, session->recorder));
}

static void put_head(struct pack *pack)
{
    struct cli *cli = pack->cli;
    const Comity__V1__Session *session = pack->view.session;
    const char *body = title_of_body(cli, session->body);

    page_heading(pack->page, 1, "%s", desk_shown(cli, session->title));
    if (session->opened_ms == 0)
        page_paragraph(pack->page, "Session %" PRIu32 " of %s, convened for %s.", session->number, body,
                       shown_time(cli, session->starts_ms));
    else if (session->closed_ms == 0)
        page_paragraph(pack->page, "Session %" PRIu32 " of %s, opened %s.", session->number, body,
                       shown_time(cli, session->opened_ms));
    else
        page_paragraph(pack->page, "Session %" PRIu32 " of %s, opened %s, closed %s.", session->number, body,
                       shown_time(cli, session->opened_ms), shown_time(cli, session->closed_ms));
    put_facilitators(pack);
}

static void put_notice(struct pack *pack)
{
    struct cli *cli = pack->cli;
    const Comity__V1__Session *session = pack->view.session;

    if (session->convened_ms == 0)
        page_paragraph(pack->page, "It is a draft: notice was not given yet.");
    else if (session->notice_ms != 0)
        page_paragraph(pack->page, "Notice was given at %s: it can be opened from %s on.",
                       shown_time(cli, session->convened_ms),
                       shown_time(cli, session->convened_ms + session->notice_ms));
    else
        page_paragraph(pack->page, "Notice was given at %s.", shown_time(cli, session->convened_ms));
}

static void put_ground_rules(struct pack *pack)
{
    const Comity__V1__GroundRules *rules = pack->view.session->ground_rules;

    if (rules == NULL)
        return;
    page_heading(pack->page, 2, "Ground rules");
    page_quote(pack->page, desk_prose(pack->cli, rules->text));
    if (rules->away_after_minutes != 0)
        page_point(
            pack->page, "Who is silent for %s turns away.",
            counted(pack->cli, rules->away_after_minutes, "%" PRIu64 " minute", "%" PRIu64 " minutes"));
    if (rules->queue == COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_ALTERNATING)
        page_point(pack->page, "Sides speak in turn.");
}

static int before(struct pack *pack)
{
    put_head(pack);
    put_notice(pack);
    put_ground_rules(pack);
    int code = put_agenda(pack);
    page_heading(pack->page, 2, "Who decides");
    put_seats(pack);
    page_heading(pack->page, 2, "How it is decided");
    put_rules(pack);
    page_heading(pack->page, 2, "Taking part");
    page_point(pack->page, "When the session is open: comity checkin %" PRIu32 " SITE",
               pack->view.session->number);
    page_point(pack->page, "In a round: comity vote ROUND ANSWER");
    return code;
}

static int put_reasons(struct pack *pack, const Comity__V1__Round *round, const struct rows *ballots)
{
    struct cli *cli = pack->cli;
    struct told entered;
    int code = told_entered(cli, round, ballots, &entered);

    for (size_t i = 0; i < ballots->count; i++) {
        const Comity__V1__Ballot *ballot = (const Comity__V1__Ballot *) ballots->list[i];
        if (ballot->reason == NULL || ballot->reason->size == 0)
            continue;
        page_paragraph(pack->page, "%s (%s):", name_of_member(cli, ballot->member),
                       ballot_row_said(cli, round, ballot));
        page_quote(pack->page, desk_prose(cli, ballot->reason));
    }
    if (code == 0)
        pack_points(pack, entered);
    return code;
}

/* Each a paragraph. */
static void put_paragraphs(struct pack *pack, struct told told)
{
    for (size_t i = 0; i < told.count; i++)
        page_paragraph(pack->page, "%s", told.lines[i]);
}

static int put_count(struct pack *pack, const Comity__V1__Round *round)
{
    struct cli *cli = pack->cli;
    const Comity__V1__Outcome *outcome = round->outcome;
    struct told recusals = {NULL, 0};
    uint64_t latest = finality_later(0, &round->base);
    struct rows ballots;

    if (outcome->n_tallies == 0) {
        page_paragraph(pack->page, "Nothing was counted.");
        return pack_put_finality(pack, latest);
    }
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, round->number, &ballots);
    if (code == 0)
        code = told_recusals(cli, round, &recusals);
    if (code != 0)
        return code;
    put_paragraphs(pack, recusals);
    put_paragraphs(pack, outcome_lost_keys(cli, round, name_of_member));
    pack_points(pack, round_question(cli, round));
    page_paragraph(pack->page, "What the rule %s tests:",
                   round->rule == NULL ? "?" : shown_string(cli, round->rule->name));
    pack_points(pack, outcome_working(cli, round, outcome));
    page_paragraph(pack->page, "The answers:");
    pack_points(pack, outcome_tallies(cli, round, outcome));
    code = put_reasons(pack, round, &ballots);
    page_paragraph(pack->page, "%s", outcome_counted(cli, outcome));
    return code == 0 ? pack_put_finality(pack, finality_later_of(latest, &ballots)) : code;
}

/* One round: what was asked, what came out, why. */
static int put_round(struct pack *pack, const Comity__V1__Proposal *proposal, const Comity__V1__Round *round)
{
    struct cli *cli = pack->cli;
    const Comity__V1__ProposalVersion *version = version_of(proposal, round->version);
    const Comity__V1__Outcome *outcome = round->outcome;

    page_heading(pack->page, 3, "Round %" PRIu32 " on %s, version %" PRIu32 ": %s", round->number,
                 desk_shown(cli, proposal->title), round->version,
                 outcome == NULL ? _("still open") : outcome_word(outcome->kind));
    if (version != NULL)
        page_quote(pack->page, desk_prose(cli, version->text));
    if (outcome == NULL) {
        page_paragraph(pack->page, "%" PRIu32 " of %" PRIu32 " have answered.", round->answered,
                       round->eligible);
        return 0;
    }
    page_paragraph(pack->page, "%s", _(outcome_sentence(outcome)));
    put_paragraphs(pack, outcome_causes(cli, round));
    if (round->declaration != NULL)
        page_paragraph(
            pack->page, "Declared otherwise than computed, by co-chairs of every party: %s. Why: %s",
            outcome_word(round->declaration->outcome), desk_shown(cli, round->declaration->reason));
    if (share_is_advice(round->share))
        page_paragraph(pack->page, "What comes out is advice, and decides nothing.");
    return put_count(pack, round);
}

static int put_decisions(struct pack *pack, const Comity__V1__Item *item)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < pack->decisions.count; i++) {
        const Comity__V1__Decision *decision = (const Comity__V1__Decision *) pack->decisions.list[i];
        const Comity__V1__Proposal *proposal = proposal_of(pack, decision->proposal);
        if (decision->item == item->number && proposal != NULL)
            code = pack_put_decision(pack, proposal, decision);
    }
    return code;
}

/* Rounds of this session on the item; 0: on items that went on in another one since. */
static int put_rounds(struct pack *pack, uint32_t item)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < pack->rounds.count; i++) {
        const Comity__V1__Round *round = (const Comity__V1__Round *) pack->rounds.list[i];
        const Comity__V1__Proposal *proposal = proposal_of(pack, round->proposal);
        bool is_here = false;
        for (size_t k = 0; proposal != NULL && k < pack->view.items.count; k++)
            is_here |= ((const Comity__V1__Item *) pack->view.items.list[k])->number == proposal->item;
        if (round->session == pack->view.session->number && proposal != NULL &&
            (item == 0 ? !is_here : proposal->item == item))
            code = put_round(pack, proposal, round);
    }
    return code;
}

static int put_item_after(struct pack *pack, const Comity__V1__Item *item)
{
    int code;

    page_heading(pack->page, 2, "Item %" PRIu32 ": %s", item->number, desk_shown(pack->cli, item->title));
    put_function(pack, item);
    page_paragraph(pack->page, "%s", told_phase(pack->cli, item));
    code = pack_put_record(pack, item);
    if (code == 0)
        code = put_rounds(pack, item->number);
    if (code == 0)
        code = put_decisions(pack, item);
    pack_put_actions(pack, item);
    return code;
}

/* What came of an item, on one line: where it is, its decisions, and advice. */
static const char *short_line(struct pack *pack, const Comity__V1__Item *item)
{
    struct cli *cli = pack->cli;
    const char *line = told_phase(cli, item);

    for (size_t i = 0; i < pack->decisions.count; i++) {
        const Comity__V1__Decision *decision = (const Comity__V1__Decision *) pack->decisions.list[i];
        const Comity__V1__Proposal *proposal = proposal_of(pack, decision->proposal);
        if (decision->item == item->number && proposal != NULL)
            line = phrase(cli, "%s Decision %" PRIu32 ", %s, is %s.", line, decision->number,
                          desk_shown(cli, proposal->title), decision_state_word(decision->state));
    }
    for (size_t i = 0; i < pack->rounds.count; i++) {
        const Comity__V1__Round *round = (const Comity__V1__Round *) pack->rounds.list[i];
        const Comity__V1__Proposal *proposal = proposal_of(pack, round->proposal);
        if (proposal != NULL && proposal->item == item->number && proposal->rounds == round->round_of &&
            round->outcome != NULL && share_is_advice(round->share))
            line = phrase(cli, "%s Advice on %s: %s.", line, desk_shown(cli, proposal->title),
                          outcome_word(round->outcome->kind));
    }
    return line;
}

static void put_short(struct pack *pack)
{
    page_heading(pack->page, 2, "In short");
    for (size_t i = 0; i < pack->view.items.count; i++) {
        const Comity__V1__Item *item = (const Comity__V1__Item *) pack->view.items.list[i];
        page_point(pack->page, "Item %" PRIu32 ", %s: %s", item->number, desk_shown(pack->cli, item->title),
                   short_line(pack, item));
    }
}

static void put_headed(struct pack *pack, const char *heading, struct told told)
{
    if (told.count > 0)
        page_heading(pack->page, 2, "%s", heading);
    pack_points(pack, told);
}

static int after(struct pack *pack)
{
    struct cli *cli = pack->cli;
    int code = 0;

    put_head(pack);
    if (pack->view.items.count > 0)
        put_short(pack);
    page_heading(pack->page, 2, "Who was there");
    if (pack->view.presences.count == 0)
        page_paragraph(pack->page, "Nobody checked in.");
    pack_points(pack, told_present(cli, &pack->view.presences));
    pack_points(pack, told_stand_ins(cli, &pack->view.stand_ins));
    put_headed(pack, _("Pauses"), pack->pauses);
    for (size_t i = 0; code == 0 && i < pack->view.items.count; i++)
        code = put_item_after(pack, (const Comity__V1__Item *) pack->view.items.list[i]);
    if (code == 0)
        code = put_rounds(pack, 0);
    put_headed(pack, _("Aside"), told_sidebars(cli, &pack->view.sidebars));
    put_headed(pack, _("How it went"), told_plus_deltas(cli, &pack->view.plus_deltas));
    return code;
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
        code = page_deliver(cli, pack->page, desk_shown(cli, pack->view.session->title));
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
