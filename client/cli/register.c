/* The decision register: what was decided, why, who owes what, and when it is looked at again. */
#include <inttypes.h>

#include "client/cli/action.h"
#include "client/cli/ballot_text.h"
#include "client/cli/desk.h"
#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/cli/session_text.h"
#include "client/cli/terms.h"
#include "client/cli/verbs.h"
#include "core/rule/rule.h"

/* All that the register is made of. */
struct books {
    struct rows decisions, proposals, rounds, actions, mandates;
};

static int books_read(struct cli *cli, struct books *books)
{
    const struct {
        Comity__V1__ListKind kind;
        struct rows *rows;
    } LISTS[] = {{COMITY__V1__LIST_KIND__LIST_KIND_DECISIONS, &books->decisions},
                 {COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, &books->proposals},
                 {COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, &books->rounds},
                 {COMITY__V1__LIST_KIND__LIST_KIND_ACTIONS, &books->actions},
                 {COMITY__V1__LIST_KIND__LIST_KIND_MANDATES, &books->mandates}};
    int code = 0;

    for (size_t i = 0; i < ARRAY_COUNT(LISTS) && code == 0; i++)
        code = desk_rows(cli, LISTS[i].kind, 0, LISTS[i].rows);
    return code;
}

static const Comity__V1__Proposal *proposal_of(const struct books *books, uint32_t number)
{
    for (size_t i = 0; i < books->proposals.count; i++)
        if (((const Comity__V1__Proposal *) books->proposals.list[i])->number == number)
            return (const Comity__V1__Proposal *) books->proposals.list[i];
    return NULL;
}

static const Comity__V1__Round *round_of(const struct books *books, uint32_t number)
{
    for (size_t i = 0; i < books->rounds.count; i++)
        if (((const Comity__V1__Round *) books->rounds.list[i])->number == number)
            return (const Comity__V1__Round *) books->rounds.list[i];
    return NULL;
}

/* The text that was decided. */
static const Comity__V1__TextRef *text_of(const Comity__V1__Proposal *proposal,
                                          const Comity__V1__Decision *decision)
{
    for (size_t i = 0; proposal != NULL && i < proposal->n_versions; i++)
        if (proposal->versions[i]->version == decision->version)
            return proposal->versions[i]->text;
    return NULL;
}

/* @word: whether it is FINAL; NULL where no party has a witness. */
static void say_what(struct cli *cli, const Comity__V1__Proposal *proposal,
                     const Comity__V1__Decision *decision, const char *word)
{
    say(cli, "Decision %" PRIu32 ", %s%s%s: %s", decision->number, decision_state_word(decision->state),
        word == NULL ? "" : ", ", word == NULL ? "" : word, proposal == NULL ? "?" : desk_shown(cli, proposal->title));
    say(cli, "  What:");
    say(cli, "%s", desk_shown_lines(cli, text_of(proposal, decision), "    "));
}

/* As far as the latest that the decision's entry shows: its text does not change. */
static uint64_t latest_of(const struct books *books, const Comity__V1__Decision *decision, const struct rows *ballots)
{
    const Comity__V1__Round *round = round_of(books, decision->round);
    uint64_t latest = finality_later_of(finality_later(0, &decision->base), ballots);

    if (round != NULL)
        latest = finality_later(latest, &round->base);
    for (size_t i = 0; i < books->actions.count; i++)
        if (((const Comity__V1__Action *) books->actions.list[i])->decision == decision->number)
            latest = finality_later(latest, books->actions.list[i]);
    for (size_t i = 0; i < books->mandates.count; i++)
        if (((const Comity__V1__Mandate *) books->mandates.list[i])->decision == decision->number)
            latest = finality_later(latest, books->mandates.list[i]);
    return latest;
}

/* The reasons that were given with the answers of its round. */
static void say_why(struct cli *cli, const struct books *books, const Comity__V1__Decision *decision,
                    const struct rows *ballots, struct json_object *entry)
{
    const Comity__V1__Round *round = round_of(books, decision->round);
    struct json_object *reasons = json_object_new_array();

    say(cli, "  Why: decided %s by %s under the rule %s, round %" PRIu32 ".",
        shown_time(cli, decision->decided_ms), title_of_body(cli, decision->body),
        round == NULL || round->rule == NULL ? "?" : shown_string(cli, round->rule->name), decision->round);
    if (round != NULL && round->declaration != NULL)
        say(cli, "    The rule came to %s; declared %s: %s", outcome_word(round->declaration->computed),
            outcome_word(round->declaration->outcome), desk_shown(cli, round->declaration->reason));
    for (size_t i = 0; i < ballots->count; i++) {
        const Comity__V1__Ballot *ballot = (const Comity__V1__Ballot *) ballots->list[i];
        if (ballot->reason == NULL || ballot->reason->size == 0)
            continue;
        say(cli, "    %s (%s): %s", name_of_member(cli, ballot->member),
            round == NULL ? "?" : ballot_row_said(cli, round, ballot),
            desk_shown(cli, ballot->reason));
        json_object_array_add(reasons, desk_json(cli, &ballot->base));
    }
    json_object_object_add(entry, "reasons", reasons);
}

static void say_owed(struct cli *cli, const struct books *books, const Comity__V1__Decision *decision,
                     struct json_object *entry)
{
    struct json_object *actions = json_object_new_array(), *mandates = json_object_new_array();
    bool is_any = false;

    for (size_t i = 0; i < books->actions.count; i++) {
        const Comity__V1__Action *action = (const Comity__V1__Action *) books->actions.list[i];
        if (action->decision != decision->number)
            continue;
        say(cli, "%s%s", is_any ? "            " : _("  Who owes: "), action_line(cli, action));
        json_object_array_add(actions, desk_json(cli, &action->base));
        is_any = true;
    }
    for (size_t i = 0; i < books->mandates.count; i++) {
        const Comity__V1__Mandate *mandate = (const Comity__V1__Mandate *) books->mandates.list[i];
        if (mandate->decision != decision->number)
            continue;
        say(cli, "%s%s", is_any ? "            " : _("  Who owes: "), mandate_line(cli, mandate));
        json_object_array_add(mandates, desk_json(cli, &mandate->base));
        is_any = true;
    }
    if (!is_any)
        say(cli, "  Who owes: nobody; comity action add TITLE --decision %" PRIu32, decision->number);
    json_object_object_add(entry, "actions", actions);
    json_object_object_add(entry, "mandates", mandates);
}

static void say_when(struct cli *cli, const Comity__V1__Decision *decision)
{
    const Comity__V1__Terms *terms = decision->terms;

    say(cli, "  To be reviewed: %s%s%s",
        decision->review_due_ms != 0 ? phrase(cli, "due since %s", shown_time(cli, decision->review_due_ms))
        : decision->next_review_ms != 0 ? shown_time(cli, decision->next_review_ms)
                                        : _("no date is set"),
        decision->is_on_trial
            ? phrase(cli, "; on trial until %s", shown_time(cli, terms == NULL ? 0 : terms->trial_until_ms))
            : "",
        terms != NULL && terms->sunset_ms != 0 ? phrase(cli, "; ends %s", shown_time(cli, terms->sunset_ms))
                                               : "");
}

static bool is_over(const Comity__V1__Decision *decision)
{
    return decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_ENDED ||
           decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_SUPERSEDED;
}

static int say_decision(struct cli *cli, const struct books *books, const Comity__V1__Decision *decision,
                        struct json_object *entry)
{
    const Comity__V1__Proposal *proposal = proposal_of(books, decision->proposal);
    const char *title = proposal == NULL ? NULL : desk_prose(cli, proposal->title);
    const char *text = desk_prose(cli, text_of(proposal, decision)), *line, *word;

    json_object_object_add(entry, "decision", desk_json(cli, &decision->base));
    json_object_object_add(entry, "title", title == NULL ? NULL : json_object_new_string(title));
    json_object_object_add(entry, "text", text == NULL ? NULL : json_object_new_string(text));
    struct rows ballots;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, decision->round, &ballots);
    if (code == 0)
        code = finality_of_one(cli, latest_of(books, decision, &ballots), entry, &line, &word);
    if (code != 0)
        return code;
    say_what(cli, proposal, decision, word);
    say_why(cli, books, decision, &ballots, entry);
    say_owed(cli, books, decision, entry);
    say_when(cli, decision);
    return 0;
}

/* Mandates that rest on functions that the charter delegates, not on a decision. */
static void say_delegated(struct cli *cli, const struct books *books)
{
    struct json_object *array = json_object_new_array();

    for (size_t i = 0; i < books->mandates.count; i++) {
        const Comity__V1__Mandate *mandate = (const Comity__V1__Mandate *) books->mandates.list[i];
        if (mandate->decision != 0 || (mandate->recalled_ms != 0 && !cli_has(cli, "all")))
            continue;
        if (json_object_array_length(array) == 0)
            say(cli, "\nDelegated by the charter:");
        say(cli, "  %s: %s", shown_string(cli, mandate->function), mandate_line(cli, mandate));
        json_object_array_add(array, desk_json(cli, &mandate->base));
    }
    cli_put(cli, "delegated", array);
}

int register_run(struct cli *cli)
{
    struct json_object *array = json_object_new_array();
    struct books books;
    size_t shown = 0, hidden = 0;
    int code = books_read(cli, &books);

    for (size_t i = 0; code == 0 && i < books.decisions.count; i++) {
        const Comity__V1__Decision *decision = (const Comity__V1__Decision *) books.decisions.list[i];
        struct json_object *entry;
        if (is_over(decision) && !cli_has(cli, "all")) {
            hidden++;
            continue;
        }
        if (shown++ > 0)
            say(cli, "%s", "");
        entry = json_object_new_object();
        json_object_array_add(array, entry);
        code = say_decision(cli, &books, decision, entry);
    }
    cli_put(cli, "register", array);
    if (code == 0 && shown == 0)
        say(cli, "Nothing that was decided is in effect.");
    if (code == 0)
        say_delegated(cli, &books);
    if (code == 0 && hidden > 0)
        say(cli, "\n%s: comity register --all",
            counted(cli, hidden, "%" PRIu64 " decision is over", "%" PRIu64 " decisions are over"));
    return code;
}
