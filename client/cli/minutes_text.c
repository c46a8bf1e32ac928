#include "client/cli/minutes_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/cli/action.h"
#include "client/cli/ballot_text.h"
#include "client/cli/names.h"
#include "client/cli/outcome_text.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/cli/session_text.h"
#include "client/cli/terms.h"
#include "core/charter.h"
#include "core/rule/rule.h"

/* What the draft is made of, and where it is written to. */
struct draft {
    struct cli *cli;
    FILE *to;
    const Comity__V1__Session *session;
    struct session_view view;
    struct rows proposals, rounds, decisions, actions, charters;
    struct told pauses;
};

static int draft_read(struct draft *draft)
{
    const struct {
        Comity__V1__ListKind kind;
        struct rows *rows;
    } LISTS[] = {{COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, &draft->proposals},
                 {COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, &draft->rounds},
                 {COMITY__V1__LIST_KIND__LIST_KIND_DECISIONS, &draft->decisions},
                 {COMITY__V1__LIST_KIND__LIST_KIND_ACTIONS, &draft->actions},
                 {COMITY__V1__LIST_KIND__LIST_KIND_CHARTERS, &draft->charters}};
    int code = session_view_read(draft->cli, draft->session->number, &draft->view);

    for (size_t i = 0; i < ARRAY_COUNT(LISTS) && code == 0; i++)
        code = desk_rows(draft->cli, LISTS[i].kind, 0, LISTS[i].rows);
    return code == 0 ? told_pauses(draft->cli, draft->session, draft->decisions.as_of, &draft->pauses) : code;
}

static const char *prose_of(struct draft *draft, const Comity__V1__TextRef *reference)
{
    const char *text = desk_prose(draft->cli, reference);

    return text == NULL ? _("(withheld)") : text;
}

/* A text of several lines, quoted. */
static void write_quoted(struct draft *draft, const char *text, const char *lead)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        fprintf(draft->to, "%s%.*s\n", lead, (int) length, text);
        text += length + (text[length] == '\n');
    }
}

static bool is_present(const struct draft *draft, uint32_t member)
{
    for (size_t i = 0; i < draft->view.presences.count; i++)
        if (((const Comity__V1__Presence *) draft->view.presences.list[i])->member == member)
            return true;
    return false;
}

static void write_points(struct draft *draft, struct told told)
{
    for (size_t i = 0; i < told.count; i++)
        fprintf(draft->to, "- %s\n", told.lines[i]);
}

/* The same under a heading; nothing where there are none. */
static void write_headed(struct draft *draft, const char *heading, struct told told)
{
    if (told.count > 0)
        fprintf(draft->to, "%s", heading);
    write_points(draft, told);
}

static void write_present(struct draft *draft)
{
    bool is_first = true;

    fprintf(draft->to, _("\n## Present\n\n"));
    write_points(draft, told_present(draft->cli, &draft->view.presences));
    if (draft->view.presences.count == 0)
        fprintf(draft->to, _("Nobody had checked in.\n"));
    for (size_t i = 0; i < draft->view.seats.count; i++) {
        uint32_t holder = ((const Comity__V1__Seat *) draft->view.seats.list[i])->holder;
        if (holder == 0 || is_present(draft, holder))
            continue;
        fprintf(draft->to, "%s%s", is_first ? _("\nNot checked in, of those who hold a seat: ") : ", ",
                name_of_member(draft->cli, holder));
        is_first = false;
    }
    if (!is_first)
        fprintf(draft->to, ".\n");
    write_headed(draft, _("\nIn place of others:\n\n"), told_stand_ins(draft->cli, &draft->view.stand_ins));
    write_headed(draft, _("\nPauses:\n\n"), draft->pauses);
}

static int write_reasons(struct draft *draft, const Comity__V1__Round *round)
{
    struct rows ballots;
    struct told entered;
    bool is_first = true;
    int code = desk_rows(draft->cli, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, round->number, &ballots);

    for (size_t i = 0; code == 0 && i < ballots.count; i++) {
        const Comity__V1__Ballot *ballot = (const Comity__V1__Ballot *) ballots.list[i];
        if (ballot->reason == NULL || ballot->reason->size == 0)
            continue;
        if (is_first)
            fprintf(draft->to, _("\nReasons:\n\n"));
        is_first = false;
        fprintf(draft->to, "- %s, %s:\n", name_of_member(draft->cli, ballot->member),
                ballot_row_said(draft->cli, round, ballot));
        write_quoted(draft, prose_of(draft, ballot->reason), "  > ");
    }
    if (code == 0)
        code = told_entered(draft->cli, round, &ballots, &entered);
    if (code == 0)
        write_headed(draft, _("\nBallots that others entered:\n\n"), entered);
    return code;
}

/* As points, each as deep as its line is indented. */
static void write_listed(struct draft *draft, struct told told)
{
    if (told.count > 0)
        fprintf(draft->to, "\n");
    for (size_t i = 0; i < told.count; i++) {
        size_t indent = strspn(told.lines[i], " ");
        fprintf(draft->to, "%.*s- %s\n", (int) indent, told.lines[i], told.lines[i] + indent);
    }
}

/* Each a paragraph. */
static void write_paragraphs(struct draft *draft, struct told told)
{
    for (size_t i = 0; i < told.count; i++)
        fprintf(draft->to, "\n%s\n", told.lines[i]);
}

/* The working, and who took no part. */
static int write_working(struct draft *draft, const Comity__V1__Round *round)
{
    struct told recusals;
    int code = told_recusals(draft->cli, round, &recusals);

    if (round->outcome->n_tallies == 0)
        fprintf(draft->to, _("Nothing was counted.\n"));
    if (share_is_advice(round->share))
        fprintf(draft->to, "%s\n", _("What comes out is advice, and decides nothing."));
    if (code == 0)
        write_paragraphs(draft, recusals);
    write_paragraphs(draft, outcome_lost_keys(draft->cli, round, name_of_member));
    write_listed(draft, round_question(draft->cli, round));
    write_listed(draft, outcome_working(draft->cli, round, round->outcome));
    return code;
}

static int write_round(struct draft *draft, const Comity__V1__Round *round)
{
    if (round->outcome == NULL) {
        fprintf(draft->to, _("\nRound %" PRIu32 " on version %" PRIu32 " is open.\n"), round->number,
                round->version);
        return 0;
    }
    fprintf(draft->to, _("\nRound %" PRIu32 " on version %" PRIu32 " by the rule %s: **%s**. %s\n"),
            round->number, round->version, round->rule == NULL ? "?" : round->rule->name,
            outcome_word(round->outcome->kind), _(outcome_sentence(round->outcome)));
    write_paragraphs(draft, outcome_causes(draft->cli, round));
    int code = write_working(draft, round);
    if (round->declaration != NULL) {
        fprintf(draft->to, _("\nDeclared **%s** otherwise than computed, by co-chairs of every party:\n"),
                outcome_word(round->declaration->outcome));
        write_quoted(draft, prose_of(draft, round->declaration->reason), "> ");
    }
    return code == 0 ? write_reasons(draft, round) : code;
}

static void write_actions(struct draft *draft, uint32_t item)
{
    bool is_first = true;

    for (size_t i = 0; i < draft->actions.count; i++) {
        const Comity__V1__Action *action = (const Comity__V1__Action *) draft->actions.list[i];
        if (action->item != item)
            continue;
        fprintf(draft->to, "%s- %s\n", is_first ? _("\nActions:\n\n") : "", action_line(draft->cli, action));
        is_first = false;
    }
}

static void write_decision(struct draft *draft, uint32_t number)
{
    for (size_t i = 0; i < draft->decisions.count; i++) {
        const Comity__V1__Decision *decision = (const Comity__V1__Decision *) draft->decisions.list[i];
        if (decision->number != number)
            continue;
        fprintf(draft->to, _("\n**Decision %" PRIu32 "**, %s"), number, decision_state_word(decision->state));
        if (decision->next_review_ms != 0)
            fprintf(draft->to, _(", to be reviewed %s"), shown_time(draft->cli, decision->next_review_ms));
        if (decision->terms != NULL && decision->terms->sunset_ms != 0)
            fprintf(draft->to, _(", ends %s"), shown_time(draft->cli, decision->terms->sunset_ms));
        fprintf(draft->to, ".\n");
    }
}

static int write_proposal(struct draft *draft, const Comity__V1__Proposal *proposal)
{
    const Comity__V1__ProposalVersion *latest =
        proposal->n_versions == 0 ? NULL : proposal->versions[proposal->n_versions - 1];
    int code = 0;

    fprintf(draft->to, _("\n### Proposal %" PRIu32 ": %s\n\n"), proposal->number,
            prose_of(draft, proposal->title));
    if (latest != NULL)
        write_quoted(draft, prose_of(draft, latest->text), "> ");
    for (size_t i = 0; code == 0 && i < draft->rounds.count; i++)
        if (((const Comity__V1__Round *) draft->rounds.list[i])->proposal == proposal->number)
            code = write_round(draft, (const Comity__V1__Round *) draft->rounds.list[i]);
    if (code == 0 && proposal->decision != 0)
        write_decision(draft, proposal->decision);
    return code;
}

static int write_item(struct draft *draft, const Comity__V1__Item *item)
{
    const char *function = told_function(draft->cli, &draft->charters, item);
    int code = 0;

    fprintf(draft->to, _("\n## Item %" PRIu32 ": %s\n"), item->number, prose_of(draft, item->title));
    if (function != NULL)
        fprintf(draft->to, "\n%s\n", function);
    fprintf(draft->to, "\n%s\n", told_phase(draft->cli, item));
    if (item->reopens != 0)
        fprintf(draft->to, _("\nBrought back: decision %" PRIu32 ".\n"), item->reopens);
    for (size_t i = 0; code == 0 && i < draft->proposals.count; i++)
        if (((const Comity__V1__Proposal *) draft->proposals.list[i])->item == item->number)
            code = write_proposal(draft, (const Comity__V1__Proposal *) draft->proposals.list[i]);
    write_actions(draft, item->number);
    return code;
}

static int write_all(struct draft *draft)
{
    const Comity__V1__Session *session = draft->session;
    int code = 0;

    fprintf(draft->to, _("# Minutes: %s\n\n"), prose_of(draft, session->title));
    fprintf(draft->to, _("Session %" PRIu32 " of %s, opened %s, closed %s.\n"), session->number,
            title_of_body(draft->cli, session->body), shown_time(draft->cli, session->opened_ms),
            shown_time(draft->cli, session->closed_ms));
    write_present(draft);
    for (size_t i = 0; code == 0 && i < draft->view.items.count; i++)
        code = write_item(draft, (const Comity__V1__Item *) draft->view.items.list[i]);
    write_headed(draft, _("\n## Aside\n\n"), told_sidebars(draft->cli, &draft->view.sidebars));
    write_headed(draft, _("\n## How it went\n\n"), told_plus_deltas(draft->cli, &draft->view.plus_deltas));
    fprintf(draft->to,
            _("\nDrafted from the record as of number %" PRIu64
              ". What was said and not recorded is not in it.\n"),
            draft->decisions.as_of);
    return code;
}

int minutes_compose(struct cli *cli, const Comity__V1__Session *session, struct bytes *ret_text)
{
    struct draft draft = {.cli = cli, .session = session};
    char *text = NULL;
    size_t size = 0;
    int code = draft_read(&draft);

    if (code != 0)
        return code;
    draft.to = open_memstream(&text, &size);
    if (draft.to == NULL)
        return ERR_MEMORY;
    code = write_all(&draft);
    if (fclose(draft.to) != 0 && code == 0)
        code = ERR_MEMORY;
    if (code == 0) {
        *ret_text = arena_bytes(cli->arena, BYTES(text, size));
        code = ret_text->data == NULL ? ERR_MEMORY : 0;
    }
    free(text);
    return code;
}

/* ---- Changes ---- */

enum { CELLS_MAX = 4000000 }; /* of the table; beyond it all that differs is shown as one change */

struct lines {
    struct bytes *list;
    size_t count;
};

static struct lines lines_of(struct cli *cli, struct bytes text)
{
    struct lines lines = {NULL, 0};
    size_t room = 1;

    for (size_t i = 0; i < text.size; i++)
        room += text.data[i] == '\n';
    lines.list = arena_alloc(cli->arena, room * sizeof(*lines.list));
    while (lines.list != NULL && text.size > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t length = end == NULL ? text.size : (size_t) (end - text.data);
        lines.list[lines.count++] = BYTES(text.data, length);
        text = end == NULL ? BYTES(text.data, 0) : BYTES(end + 1, text.size - length - 1);
    }
    return lines;
}

static void say_line(struct cli *cli, const char *indent, const char *mark, struct bytes line)
{
    say(cli, "%s%s %s", indent, mark, shown(cli, line));
}

/* How many lines two tails have in common, at most: the longest common subsequence, from the end. */
static uint32_t *common_make(struct cli *cli, const struct lines *a, const struct lines *b)
{
    size_t width = b->count + 1;
    uint32_t *common;

    if ((a->count + 1) > CELLS_MAX / width)
        return NULL;
    common = arena_alloc(cli->arena, (a->count + 1) * width * sizeof(*common));
    for (size_t i = a->count; common != NULL && i-- > 0;)
        for (size_t k = b->count; k-- > 0;) {
            uint32_t down = common[(i + 1) * width + k], right = common[i * width + k + 1];
            common[i * width + k] = bytes_equal(a->list[i], b->list[k]) ? common[(i + 1) * width + k + 1] + 1
                                    : down > right                      ? down
                                                                        : right;
        }
    return common;
}

static void say_middle(struct cli *cli, const struct lines *a, const struct lines *b, const char *indent)
{
    const uint32_t *common = common_make(cli, a, b);
    size_t width = b->count + 1, i = 0, k = 0;

    while (i < a->count || k < b->count) {
        bool is_same = common != NULL && i < a->count && k < b->count && bytes_equal(a->list[i], b->list[k]);
        bool is_out =
            !is_same && i < a->count &&
            (k == b->count || common == NULL || common[(i + 1) * width + k] >= common[i * width + k + 1]);
        if (is_same)
            say_line(cli, indent, " ", a->list[i]);
        else if (is_out)
            say_line(cli, indent, "-", a->list[i]);
        else
            say_line(cli, indent, "+", b->list[k]);
        i += is_same || is_out;
        k += !is_out;
    }
}

void minutes_say_changes(struct cli *cli, struct bytes before, struct bytes after, const char *indent)
{
    struct lines a = lines_of(cli, before), b = lines_of(cli, after);

    if (a.count == b.count && bytes_equal(before, after)) {
        say(cli, "%snothing", indent);
        return;
    }
    while (a.count > 0 && b.count > 0 && bytes_equal(a.list[0], b.list[0])) {
        a = (struct lines){a.list + 1, a.count - 1};
        b = (struct lines){b.list + 1, b.count - 1};
    }
    while (a.count > 0 && b.count > 0 && bytes_equal(a.list[a.count - 1], b.list[b.count - 1])) {
        a.count--;
        b.count--;
    }
    say_middle(cli, &a, &b, indent);
}
