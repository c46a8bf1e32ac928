/* The ballots of a round that ranked options, as a file that other programs count as well. docs/rules.md R-58
 */
#include <inttypes.h>

#include "client/cli/file.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "client/rules/blt.h"

struct exporting {
    struct cli *cli;
    const Comity__V1__Round *round;
    const struct rows *constituencies;
    struct rows roll;
    struct blt blt;
    struct ranked_ballots *ballots;
};

static int find_round(struct exporting *exporting)
{
    struct cli *cli = exporting->cli;
    const ProtobufCMessage *row;
    uint32_t number;
    int code = number_argument(cli, "ROUND", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, number, &row);
    if (code != 0)
        return code;
    exporting->round = (const Comity__V1__Round *) row;
    const char *next = phrase(cli, "comity round show %" PRIu32, number);
    if (exporting->round->rule == NULL || exporting->round->rule->form != COMITY__V1__FORM__FORM_RANKING ||
        exporting->round->rule->ranking == NULL)
        return cli_fail(
            cli, ERR_STATE, next,
            "In round %" PRIu32 " nothing is ranked: a .blt file is for ballots that rank options.", number);
    if (exporting->round->outcome == NULL)
        return cli_fail(cli, ERR_STATE, next,
                        "Round %" PRIu32 " is open still: its ballots can be exported when it has closed.",
                        number);
    if (exporting->round->n_options == 0 || exporting->round->n_options > OPTIONS_MAX)
        return cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has a round without options.");
    return 0;
}

static bool is_of_party(const struct exporting *exporting, uint32_t constituency)
{
    const Comity__V1__Round *round = exporting->round;

    for (size_t i = 0; i < round->n_standings; i++) {
        if (round->standings[i]->constituency == constituency)
            return round->standings[i]->standing == COMITY__V1__STANDING__STANDING_PARTY;
    }
    for (size_t i = 0; i < exporting->constituencies->count; i++) {
        const Comity__V1__Constituency *row =
            (const Comity__V1__Constituency *) exporting->constituencies->list[i];
        if (row->number == constituency)
            return row->standing == COMITY__V1__STANDING__STANDING_PARTY;
    }
    return false;
}

/* Members of a PARTY count, who are not recused, and whose ballot the outcome lists. */
static bool is_counted(const struct exporting *exporting, const Comity__V1__Ballot *ballot)
{
    const Comity__V1__Round *round = exporting->round;
    bool is_listed = false;

    if (ballot->n_ranks != round->n_options)
        return false;
    for (size_t i = 0; i < round->n_recused; i++) {
        if (round->recused[i] == ballot->member)
            return false;
    }
    for (size_t i = 0; i < round->outcome->n_ballots && !is_listed; i++)
        is_listed = round->outcome->ballots[i] == ballot->sequence;
    for (size_t i = 0; is_listed && i < exporting->roll.count; i++) {
        const Comity__V1__RollEntry *entry = (const Comity__V1__RollEntry *) exporting->roll.list[i];
        if (entry->member == ballot->member)
            return is_of_party(exporting, entry->constituency);
    }
    return false;
}

/* Ranks without gaps, so that ballots that are alike are one line. */
static const uint32_t *ranks_of(struct exporting *exporting, const Comity__V1__Ballot *ballot,
                                bool *ret_is_empty)
{
    uint32_t *ranks = arena_alloc(exporting->cli->arena, ballot->n_ranks * sizeof(*ranks));
    uint32_t next = 1;

    *ret_is_empty = true;
    for (uint32_t rank = 1; ranks != NULL && rank <= OPTIONS_MAX; rank++) {
        bool is_used = false;
        for (size_t i = 0; i < ballot->n_ranks; i++) {
            if (ballot->ranks[i] != rank)
                continue;
            ranks[i] = next;
            is_used = true;
        }
        next += is_used;
        *ret_is_empty = *ret_is_empty && !is_used;
    }
    return ranks;
}

static int ballots_take(struct exporting *exporting)
{
    struct rows rows;
    struct blt *blt = &exporting->blt;
    int code =
        desk_rows(exporting->cli, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, exporting->round->number, &rows);

    if (code != 0)
        return code;
    exporting->ballots = arena_alloc(exporting->cli->arena, (rows.count + 1) * sizeof(*exporting->ballots));
    if (exporting->ballots == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Ballot *ballot = (const Comity__V1__Ballot *) rows.list[i];
        bool is_empty;
        if (!is_counted(exporting, ballot))
            continue;
        const uint32_t *ranks = ranks_of(exporting, ballot, &is_empty);
        if (ranks == NULL)
            return ERR_MEMORY;
        if (is_empty)
            blt->empty++;
        else
            exporting->ballots[blt->ballot_count++] = (struct ranked_ballots){.ranks = ranks, .count = 1};
    }
    blt->ballots = exporting->ballots;
    return 0;
}

/* Options, seats and the order that ties go by, as the round has them. */
static int head_take(struct exporting *exporting)
{
    const Comity__V1__Round *round = exporting->round;
    const Comity__V1__Rule *rule = round->rule;
    struct blt *blt = &exporting->blt;
    uint32_t *order = arena_alloc(exporting->cli->arena, round->n_options * sizeof(*order));

    if (order == NULL)
        return ERR_MEMORY;
    blt->option_count = round->n_options;
    blt->seats = rule->ranking->seats > 0 ? rule->ranking->seats : 1;
    blt->title = phrase(exporting->cli, "Round %" PRIu32, round->number);
    for (size_t i = 0; i < round->n_options; i++) {
        blt->names[i] = round->options[i]->label;
        order[i] = round->n_tie_order == round->n_options ? round->tie_order[i] : (uint32_t) i + 1;
    }
    blt->tie_order = rule_breaks_by_order(rule) ? order : NULL;
    return 0;
}

static int file_make(struct exporting *exporting)
{
    struct cli *cli = exporting->cli;
    const char *path = cli_option(cli, "blt");
    struct json_object *options = json_object_new_array();
    char why[FILE_REASON_MAX];
    struct bytes text = blt_write(&exporting->blt, cli->arena);
    uint64_t ballots = exporting->blt.ballot_count + exporting->blt.empty;
    int code = text.data == NULL ? ERR_MEMORY : file_write(path, text, 0644, false, why);

    for (size_t i = 0; i < exporting->blt.option_count; i++)
        json_object_array_add(options, json_object_new_string(exporting->blt.names[i]));
    cli_put(cli, "options", options);
    cli_put_text(cli, "file", path);
    cli_put_number(cli, "ballots", ballots);
    if (code == ERR_MEMORY)
        return code;
    if (code != 0)
        return cli_fail_write(cli, code, "Choose another name for --blt, or remove the file.", why);
    say(cli, "%s: %s of round %" PRIu32 ", without names. comity count %s --method METHOD counts them.",
        shown_string(cli, path), counted(cli, ballots, "%" PRIu64 " ballot", "%" PRIu64 " ballots"),
        exporting->round->number, shown_string(cli, path));
    return 0;
}

int ballots_export_run(struct cli *cli)
{
    struct exporting exporting = {.cli = cli};
    int code = find_round(&exporting);

    if (code == 0)
        code = names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, &exporting.constituencies);
    if (code == 0)
        code =
            desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROLL, exporting.round->number, &exporting.roll);
    if (code == 0)
        code = head_take(&exporting);
    if (code == 0)
        code = ballots_take(&exporting);
    return code == 0 ? file_make(&exporting) : code;
}
