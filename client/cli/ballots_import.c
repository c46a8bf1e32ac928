/* Ballots that came on paper or by telephone: a table of them becomes one act, or none. */
#include <inttypes.h>
#include <string.h>

#include "client/cli/ballot_text.h"
#include "client/cli/columns.h"
#include "client/cli/desk.h"
#include "client/cli/draft_file.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/cli/verbs.h"
#include "core/command_form.h"

enum column {
    COLUMN_MEMBER,
    COLUMN_ANSWER,
    COLUMN_REASON,
    COLUMN_MEDIUM,
    COLUMN_INTERESTS,
    COLUMN_ALTERNATIVE,
    COLUMNS
};

static const char *const COLUMN_NAMES[COLUMNS] = {"member", "answer",    "reason",
                                                   "medium", "interests", "alternative"};

struct import {
    struct cli *cli;
    const Comity__V1__Round *round;
    const struct rows *roll, *ballots, *disputed;
    struct csv csv;
    int place_of[COLUMNS]; /* where the column stands in the file; -1: nowhere */
    Comity__V1__EnterBallots body;
    bool is_hidden;
    size_t faults;
};

/* Only the first two columns have to be there. */
static int find_columns(struct import *import)
{
    static const char NEXT[] = N_("Name the columns in the first row: member,answer,reason,medium");
    int code = columns_find(import->cli, &import->csv, COLUMN_NAMES, COLUMNS, NEXT, import->place_of);

    if (code == 0 && (import->place_of[COLUMN_MEMBER] < 0 || import->place_of[COLUMN_ANSWER] < 0))
        code = cli_fail(import->cli, ERR_USAGE, NEXT, "The first row has to name the columns member and answer.");
    return code;
}

static const char *cell(const struct import *import, size_t row, enum column column)
{
    return columns_cell(&import->csv, row, import->place_of[column]);
}

/* One row is wrong: said with its number in the file, and with what it says. */
static void row_fault(struct import *import, size_t row)
{
    struct cli *cli = import->cli;
    struct failure why = cli->failure;

    cli_fault(cli, "Row %zu (%s, %s): %s", row + 2, shown_string(cli, cell(import, row, COLUMN_MEMBER)),
              shown_string(cli, cell(import, row, COLUMN_ANSWER)),
              why.what[0] != '\0' ? why.what : error_sentence(why.code));
    memset(&cli->failure, 0, sizeof(cli->failure));
    import->faults++;
}

static const ProtobufCMessage *row_of_member(const struct rows *rows, uint32_t member)
{
    for (size_t i = 0; i < rows->count; i++) {
        const ProtobufCMessage *row = rows->list[i];
        const uint32_t of = row->descriptor == &comity__v1__ballot__descriptor
                                ? ((const Comity__V1__Ballot *) row)->member
                                : ((const Comity__V1__RollEntry *) row)->member;
        if (of == member)
            return row;
    }
    return NULL;
}

static int check_voter(struct import *import, uint32_t member, uint64_t *ret_replaces)
{
    struct cli *cli = import->cli;
    const Comity__V1__RollEntry *entry = (const Comity__V1__RollEntry *) row_of_member(import->roll, member);
    const Comity__V1__Ballot *before = (const Comity__V1__Ballot *) row_of_member(import->ballots, member);

    if (entry == NULL)
        return cli_fail(cli, ERR_NOT_ON_ROLL, NULL, "%s is not on the roll of this round.",
                        name_of_member(cli, member));
    if (row_of_member(import->disputed, member) != NULL)
        return cli_fail(cli, ERR_STATE, NULL,
                        "%s has disputed a ballot that was entered, and answers in person.",
                        name_of_member(cli, member));
    for (size_t i = 0; i < import->body.n_ballots; i++)
        if (import->body.ballots[i]->member == member)
            return cli_fail(cli, ERR_DUPLICATE, NULL, "There is another row for %s.",
                            name_of_member(cli, member));
    if (before == NULL && entry->has_answered)
        return cli_fail(cli, ERR_EXISTS, NULL,
                        "%s has answered already, and in a hidden round nobody else can replace it.",
                        name_of_member(cli, member));
    if (before != NULL && !cli_has(cli, "replace"))
        return cli_fail(cli, ERR_EXISTS, NULL, "%s has answered already. In place of that: --replace",
                        name_of_member(cli, member));
    *ret_replaces = before == NULL ? 0 : before->sequence;
    return 0;
}

static int read_medium(struct import *import, size_t row, Comity__V1__BallotMedium *ret_medium)
{
    const char *text = cell(import, row, COLUMN_MEDIUM);

    if (text[0] == '\0' || strcmp(text, "paper") == 0)
        *ret_medium = COMITY__V1__BALLOT_MEDIUM__BALLOT_MEDIUM_PAPER;
    else if (strcmp(text, "phone") == 0)
        *ret_medium = COMITY__V1__BALLOT_MEDIUM__BALLOT_MEDIUM_PHONE;
    else
        return cli_fail(import->cli, ERR_USAGE, NULL, "The medium is paper or phone.");
    return 0;
}

/* In a hidden round there always is one, if only an empty one. */
static int read_text(struct import *import, size_t row, enum column column, const char *what,
                     Comity__V1__TextRef **ret_text)
{
    const char *text = cell(import, row, column);

    if (text[0] == '\0' && !import->is_hidden)
        return 0;
    return desk_text(import->cli, PROSE_REASON, what, BYTES(text, strlen(text)), ret_text);
}

static int read_said(struct import *import, size_t row, Comity__V1__EnteredBallot *entered)
{
    struct cli *cli = import->cli;
    struct ballot_answer given;
    int code = ballot_read(cli, import->round, cell(import, row, COLUMN_ANSWER), &given);

    if (code != 0)
        return code;
    entered->answer = given.answer;
    entered->choice = given.choice;
    entered->n_ranks = given.rank_count;
    entered->ranks = (uint32_t *) given.ranks;
    if (!given.has_score)
        return 0;
    entered->score = arena_alloc(cli->arena, sizeof(*entered->score));
    if (entered->score == NULL)
        return ERR_MEMORY;
    comity__v1__score__init(entered->score);
    entered->score->value = given.score;
    return 0;
}

/* What comes with the answer. */
static int read_beside(struct import *import, size_t row, Comity__V1__EnteredBallot *entered)
{
    int code = read_text(import, row, COLUMN_REASON, N_("The reason"), &entered->reason);

    if (code == 0)
        code = read_text(import, row, COLUMN_ALTERNATIVE, N_("The other way"), &entered->alternative);
    if (code == 0)
        code = ballot_read_interests(import->cli, _("The interests"), cell(import, row, COLUMN_INTERESTS),
                                     &entered->interests, &entered->n_interests);
    if (code != 0)
        return code;
    struct ballot ballot = ballot_of_entered(entered);
    return ballot_check_duties_here(import->cli, import->round, &ballot);
}

/* 0, or why this row is no ballot. */
static int read_row(struct import *import, size_t row)
{
    struct cli *cli = import->cli;
    Comity__V1__EnteredBallot *entered = arena_alloc(cli->arena, sizeof(*entered));

    if (entered == NULL)
        return ERR_MEMORY;
    comity__v1__entered_ballot__init(entered);
    int code = find_member(cli, cell(import, row, COLUMN_MEMBER), &entered->member);
    if (code == 0)
        code = read_said(import, row, entered);
    if (code == 0)
        code = check_voter(import, entered->member, &entered->replaces);
    if (code == 0)
        code = read_medium(import, row, &entered->medium);
    if (code == 0)
        code = read_beside(import, row, entered);
    if (code == 0)
        import->body.ballots[import->body.n_ballots++] = entered;
    return code;
}

static int read_rows(struct import *import)
{
    struct cli *cli = import->cli;
    const struct csv *csv = &import->csv;

    if (csv->count == 0)
        return cli_fail(cli, ERR_USAGE, NULL, "The file has no row besides the one that names the columns.");
    if (csv->count > ENTERED_BALLOTS_MAX)
        return cli_fail(cli, ERR_LIMIT, "Divide it into several files.",
                        "The file has %zu ballots, and one act takes %d.", csv->count, ENTERED_BALLOTS_MAX);
    import->body.ballots = arena_alloc(cli->arena, csv->count * sizeof(*import->body.ballots));
    if (import->body.ballots == NULL)
        return ERR_MEMORY;
    for (size_t row = 0; row < csv->count; row++) {
        const int code = read_row(import, row);
        if (code == ERR_MEMORY)
            return code;
        if (code != 0)
            row_fault(import, row);
    }
    if (import->faults == 0)
        return 0;
    cli_fail(cli, ERR_USAGE, "Mend the rows, and give the same command again.",
             "%zu of %zu rows cannot be entered, so nothing was.", import->faults, csv->count);
    return cli_unusable(cli, ERR_USAGE);
}

static int open_round(struct import *import)
{
    struct cli *cli = import->cli;
    struct rows *lists = arena_alloc(cli->arena, 3 * sizeof(*lists));
    const ProtobufCMessage *row;
    uint64_t number;

    if (lists == NULL)
        return ERR_MEMORY;
    int code = cli_number(cli, "--round", cli_option(cli, "round"), 1, UINT32_MAX, &number);
    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, (uint32_t) number, &row);
    if (code != 0)
        return code;
    import->round = (const Comity__V1__Round *) row;
    if (import->round->rule == NULL)
        return cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has a round without a rule.");
    if (import->round->state != COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN)
        return cli_fail(cli, ERR_CLOSED, arena_printf(cli->arena, "comity outcome %" PRIu64, number),
                        "Round %" PRIu64 " has closed.", number);
    import->is_hidden = import->round->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
    code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROLL, (uint32_t) number, &lists[0]);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, (uint32_t) number, &lists[1]);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_DISPUTED, (uint32_t) number, &lists[2]);
    import->roll = &lists[0];
    import->ballots = &lists[1];
    import->disputed = &lists[2];
    return code;
}

int ballots_import_run(struct cli *cli)
{
    struct import *import = arena_alloc(cli->arena, sizeof(*import));
    const Comity__V1__Event *event;
    Comity__V1__Command command;
    char reason[FILE_REASON_MAX];

    if (import == NULL)
        return ERR_MEMORY;
    *import = (struct import){.cli = cli, .body = COMITY__V1__ENTER_BALLOTS__INIT};
    int code = csv_read(cli_argument(cli, "FILE"), cli->arena, &import->csv, reason);
    if (code != 0) {
        cli_fail(cli, code,
                 code == ERR_MALFORMED
                     ? "Mend the file: its first row names the columns, as member,answer,reason,medium"
                     : NULL,
                 "%s", reason);
        return cli_unusable(cli, code);
    }
    code = find_columns(import);
    if (code == 0)
        code = open_round(import);
    if (code == 0)
        code = read_rows(import);
    if (code != 0)
        return code;
    import->body.round = import->round->number;
    import->body.text_hash = import->round->text_hash;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ENTER_BALLOTS);
    command.enter_ballots = &import->body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}

/* The voter's own ballot in the round, which somebody else entered. */
static int find_entered(struct cli *cli, uint32_t *ret_round, const Comity__V1__Ballot **ret_ballot)
{
    const Comity__V1__WhoamiAnswer *whoami;
    struct rows rows;
    int code = number_argument(cli, "ROUND", ret_round);

    if (code == 0)
        code = desk_whoami(cli, &whoami);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, *ret_round, &rows);
    if (code != 0)
        return code;
    *ret_ballot = (const Comity__V1__Ballot *) row_of_member(&rows, whoami->member->number);
    if (*ret_ballot == NULL || (*ret_ballot)->entered_by == 0)
        return cli_fail(cli, ERR_STATE, arena_printf(cli->arena, "comity ballots %" PRIu32, *ret_round),
                        "Nobody has entered a ballot for you in round %" PRIu32 ".", *ret_round);
    return 0;
}

int ballots_confirm_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__ConfirmBallot body = COMITY__V1__CONFIRM_BALLOT__INIT;
    const Comity__V1__Ballot *ballot;
    const Comity__V1__Event *event;
    int code = find_entered(cli, &body.round, &ballot);

    if (code != 0)
        return code;
    body.ballot = ballot->sequence;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_CONFIRM_BALLOT);
    command.confirm_ballot = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "You confirm the ballot that %s entered for you.", name_of_member(cli, ballot->entered_by));
    return code;
}

int ballots_dispute_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__DisputeBallot body = COMITY__V1__DISPUTE_BALLOT__INIT;
    const char *reason = cli_option(cli, "reason");
    const Comity__V1__Ballot *ballot;
    const Comity__V1__Event *event;
    int code = find_entered(cli, &body.round, &ballot);

    if (code == 0)
        code = desk_text(cli, PROSE_REASON, "--reason", BYTES(reason, strlen(reason)), &body.reason);
    if (code != 0)
        return code;
    body.ballot = ballot->sequence;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT);
    command.dispute_ballot = &body;
    code = desk_submit(cli, &command, &event);
    if (code != 0)
        return code;
    if (event->ballot_disputed->is_set_aside)
        say(cli,
            "The ballot that %s entered for you no longer counts. Answer yourself: comity vote %" PRIu32
            " ANSWER",
            name_of_member(cli, ballot->entered_by), body.round);
    else
        say(cli, "The round has closed, and its outcome stands; your dispute stands beside it on record.");
    return 0;
}
