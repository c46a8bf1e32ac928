/* Verbs about what came out. */
#include <inttypes.h>

#include "client/cli/ballot_text.h"
#include "client/cli/desk.h"
#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/outcome_text.h"
#include "client/cli/output.h"
#include "client/cli/round_text.h"
#include "client/cli/rule_text.h"
#include "client/cli/solving_text.h"
#include "client/cli/stage_text.h"
#include "client/cli/terms.h"
#include "client/cli/verbs.h"

static struct json_object *say_working(struct cli *cli, const Comity__V1__Round *round)
{
    struct told working = outcome_working(cli, round, round->outcome);
    struct json_object *lines = json_object_new_array();

    for (size_t i = 0; i < working.count; i++)
        json_object_array_add(lines, json_object_new_string(working.lines[i]));
    told_say(cli, "  ", working);
    return lines;
}

static void say_reason(struct cli *cli, const Comity__V1__Round *round, const Comity__V1__Ballot *ballot)
{
    const char *text = desk_prose(cli, ballot->reason);
    const char *label = ballot_row_said(cli, round, ballot);
    const char *name = name_of_member(cli, ballot->member);

    if (text != NULL && strchr(text, '\n') != NULL)
        say(cli, "  %s (%s):\n%s", name, label, shown_lines(cli, BYTES(text, strlen(text)), "    "));
    else
        say(cli, "  %s (%s): %s", name, label, desk_shown(cli, ballot->reason));
}

/* Reasons that were given, for they are what the next version answers. */
static int say_reasons(struct cli *cli, const Comity__V1__Round *round)
{
    struct rows rows;
    bool is_first = true;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, round->number, &rows);

    if (code != 0)
        return code;
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Ballot *ballot = (const Comity__V1__Ballot *) rows.list[i];
        if (ballot->reason == NULL || ballot->reason->size == 0)
            continue;
        if (is_first)
            say(cli, "Reasons:");
        is_first = false;
        say_reason(cli, round, ballot);
    }
    cli_put(cli, "ballots", desk_json_rows(cli, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        const char *entered = outcome_entered(cli, (const Comity__V1__Ballot *) rows.list[i]);
        if (entered != NULL)
            say(cli, "%s", entered);
    }
    return 0;
}

/* How it was counted, and why members answered as they did. */
static int say_count(struct cli *cli, const Comity__V1__Round *round)
{
    const Comity__V1__Outcome *outcome = round->outcome;
    int code;

    if (outcome->n_tallies == 0) {
        cli_put(cli, "working", json_object_new_array());
        say(cli, "Nothing was counted.");
        return 0;
    }
    say_function(cli, round);
    told_say(cli, "", round_question(cli, round));
    say(cli, "Tests of the rule %s:", round->rule == NULL ? "?" : shown_string(cli, round->rule->name));
    cli_put(cli, "working", say_working(cli, round));
    say(cli, "Answers:");
    told_say(cli, "  ", outcome_tallies(cli, round, outcome));
    code = say_recusals(cli, round);
    told_say(cli, "", outcome_lost_keys(cli, round, name_of_member));
    if (code == 0)
        code = say_reasons(cli, round);
    if (code == 0)
        say(cli, "%s", outcome_counted(cli, outcome));
    return code;
}

/* Both are shown: what holds, and what was computed. */
static void say_declaration(struct cli *cli, const Comity__V1__Round *round)
{
    const Comity__V1__Declaration *declaration = round->declaration;

    if (declaration == NULL)
        return;
    say(cli, "Declared otherwise: %s, by %s, %s: %s", outcome_word(declaration->outcome),
        names_of_members(cli, declaration->members, declaration->n_members),
        shown_time(cli, declaration->declared_ms), desk_shown(cli, declaration->reason));
}

int outcome_run(struct cli *cli)
{
    const ProtobufCMessage *row;
    uint32_t number;
    int code = number_argument(cli, "ROUND", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, number, &row);
    if (code != 0)
        return code;
    const Comity__V1__Round *round = (const Comity__V1__Round *) row;
    const Comity__V1__Outcome *outcome = round->outcome;
    if (outcome == NULL)
        return cli_fail(cli, ERR_STATE, arena_printf(cli->arena, "comity round show %" PRIu32, number),
                        "Round %" PRIu32 " is open still: %" PRIu32 " of %" PRIu32 " have answered.", number,
                        round->answered, round->eligible);
    cli_put_text(cli, "outcome", outcome_name(outcome->kind));
    cli_put_text(cli, "sentence", outcome_sentence(outcome));
    cli_put(cli, "round", desk_json(cli, row));
    say(cli, "Round %" PRIu32 " on proposal %" PRIu32 ", version %" PRIu32 ": %s. %s", round->number,
        round->proposal, round->version,
        painted(cli, outcome_color(outcome->kind), outcome_word(outcome->kind)),
        _(outcome_sentence(outcome)));
    told_say(cli, "", outcome_causes(cli, round));
    say_declaration(cli, round);
    code = say_count(cli, round);
    if (code != 0)
        return code;
    code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, round->proposal, &row);
    if (code == 0)
        code = say_links(cli, (const Comity__V1__Proposal *) row, round->version);
    if (code == 0)
        code = say_ladder(cli, (const Comity__V1__Proposal *) row);
    return code == 0 ? finality_say(cli) : code;
}

int decisions_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."),     N_("proposal"), N_("version"), N_("round"),
                                         N_("outcome"), N_("state"),    N_("decided"), N_("title")};
    struct rows rows, proposals;
    struct sheet sheet;
    struct json_object *array;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_DECISIONS, 0, &rows);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, 0, &proposals);
    if (code != 0)
        return code;
    cli_put(cli, "decisions", array = desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Decision *decision = (const Comity__V1__Decision *) rows.list[i];
        const char *title = "?", *state = decision_state_word(decision->state);
        code = finality_state(cli, rows.list[i], json_object_array_get_idx(array, i), &state);
        if (code != 0)
            return code;
        for (size_t j = 0; j < proposals.count; j++) {
            const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) proposals.list[j];
            if (proposal->number == decision->proposal)
                title = desk_shown(cli, proposal->title);
        }
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, decision->number),
                               arena_printf(cli->arena, "%" PRIu32, decision->proposal),
                               arena_printf(cli->arena, "%" PRIu32, decision->version),
                               arena_printf(cli->arena, "%" PRIu32, decision->round),
                               outcome_word(decision->outcome),
                               state,
                               shown_time(cli, decision->decided_ms),
                               title};
        sheet_row(&sheet, cells);
        sheet_color(&sheet, 4, outcome_color(decision->outcome));
    }
    sheet_print(&sheet, "Nothing is decided yet.");
    return 0;
}
