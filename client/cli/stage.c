/* Verbs about the stages of a rule's ladder. */
#include <inttypes.h>

#include "client/cli/desk.h"
#include "client/cli/draft_file.h"
#include "client/cli/given.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/outcome_text.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/cli/stage_text.h"
#include "client/cli/verbs.h"

static const char *stage_state(struct cli *cli, const Comity__V1__StageRun *run)
{
    if (run->state != COMITY__V1__STAGE_STATE__STAGE_STATE_OPEN)
        return outcome_word(run->outcome);
    return run->due_ms == 0 ? _("open") : phrase(cli, "open until %s", shown_time(cli, run->due_ms));
}

int stage_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."), N_("stage"), N_("what is done"), N_("entered on"), N_("state")};
    const ProtobufCMessage *row;
    struct rows rows;
    struct sheet sheet;
    uint32_t number;
    int code = number_argument(cli, "PROPOSAL", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, number, &row);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_STAGES, number, &rows);
    if (code != 0)
        return code;
    cli_put(cli, "stages", desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__StageRun *run = (const Comity__V1__StageRun *) rows.list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, run->number), shown_string(cli, run->name),
                               stage_kind_word(run->kind), outcome_word(run->entered_on), stage_state(cli, run)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "No stage of a ladder was entered.");
    return say_ladder(cli, (const Comity__V1__Proposal *) row);
}

/* The round as it was counted once more, with the blocks that nobody seconded. */
static void say_recount(struct cli *cli, const Comity__V1__StageRun *run)
{
    const ProtobufCMessage *row;

    if (desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, run->round, &row) != 0)
        return;
    say(cli, "The round counted anew: %s.", outcome_word(run->recount->kind));
    told_say(cli, "  ", outcome_working(cli, (const Comity__V1__Round *) row, run->recount));
    say(cli, "Answers:");
    told_say(cli, "  ", outcome_tallies(cli, (const Comity__V1__Round *) row, run->recount));
}

static void say_ended(struct cli *cli, const Comity__V1__StageRun *run)
{
    if (run->outcome == run->computed)
        say(cli, "It ended %s: %s.", shown_time(cli, run->ended_ms), outcome_word(run->outcome));
    else
        say(cli, "It ended %s: %s, which is called %s.", shown_time(cli, run->ended_ms), outcome_word(run->computed),
            outcome_word(run->outcome));
    if (run->recount != NULL)
        say_recount(cli, run);
}

int stage_show_run(struct cli *cli)
{
    struct stage_view view;
    uint32_t number;
    int code = number_argument(cli, "STAGE", &number);

    if (code == 0)
        code = stage_find(cli, number, &view);
    if (code != 0)
        return code;
    cli_put(cli, "stage", desk_json(cli, &view.run->base));
    say(cli, "Stage %" PRIu32 ", %s (%s), of proposal %" PRIu32 "; entered %s on %s, after round %" PRIu32,
        number, shown_string(cli, view.run->name), stage_kind_word(view.run->kind), view.run->proposal,
        shown_time(cli, view.run->entered_ms), outcome_word(view.run->entered_on), view.run->round);
    stage_say_asked(cli, &view);
    if (view.run->state == COMITY__V1__STAGE_STATE__STAGE_STATE_OPEN)
        cli_put(cli, "leads", stage_say_leads(cli, &view));
    else
        say_ended(cli, view.run);
    return 0;
}

/* What has become of the stage and of the ladder, right after an act at it: which is on record, whether or not this can
 * be asked. */
static int say_after(struct cli *cli, uint32_t number)
{
    struct failure before = cli->failure;
    struct stage_view view;
    int code = stage_find(cli, number, &view);

    if (code == 0 && view.run->state != COMITY__V1__STAGE_STATE__STAGE_STATE_OPEN)
        say_ended(cli, view.run);
    if (code == 0)
        say_ladder_of(cli, view.run->proposal);
    cli->failure = before;
    return 0;
}

int stage_second_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__SecondBlock body = COMITY__V1__SECOND_BLOCK__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "STAGE", &body.stage);

    if (code == 0)
        code = find_member(cli, cli_argument(cli, "VOTER"), &body.voter);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_SECOND_BLOCK);
    command.second_block = &body;
    code = desk_submit(cli, &command, &event);
    if (code != 0)
        return code;
    say(cli, "You second the block of %s.", name_of_member(cli, body.voter));
    return say_after(cli, body.stage);
}

int stage_confer_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__NoteConference body = COMITY__V1__NOTE_CONFERENCE__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "STAGE", &body.stage);

    if (code == 0)
        code = given_note(cli, "note", &body.note);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE);
    command.note_conference = &body;
    code = joint_submit(cli, &command, &event);
    if (code != 0 || event == NULL)
        return code;
    made_tell(cli, event);
    return say_after(cli, body.stage);
}

int stage_cast_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__GiveCastingVote body = COMITY__V1__GIVE_CASTING_VOTE__INIT;
    const char *answer = cli_argument(cli, "ANSWER");
    const Comity__V1__Event *event;
    int code = number_argument(cli, "STAGE", &body.stage);

    body.for_proposal = strcmp(answer, "for") == 0;
    if (code == 0 && !body.for_proposal && strcmp(answer, "against") != 0)
        code = cli_fail(cli, ERR_USAGE, "comity stage cast STAGE for, or comity stage cast STAGE against",
                        "`%s` is neither `for` nor `against`.", shown_string(cli, answer));
    if (code == 0)
        code = given_note(cli, "reason", &body.reason);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_GIVE_CASTING_VOTE);
    command.give_casting_vote = &body;
    code = desk_submit(cli, &command, &event);
    if (code != 0)
        return code;
    say(cli, "%s", body.for_proposal ? _("You are for the proposal.") : _("You are against the proposal."));
    return say_after(cli, body.stage);
}

static int read_answer(struct cli *cli, Comity__V1__OutcomeKind *ret_outcome)
{
    static const struct {
        const char *word;
        Comity__V1__OutcomeKind outcome;
    } WORDS[] = {
        {"adopted", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED},
        {"rejected", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED},
        {"referred", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED},
        {"tabled", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED},
        {"no-decision", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION},
    };
    const char *typed = cli_argument(cli, "OUTCOME");

    for (size_t i = 0; i < ARRAY_COUNT(WORDS); i++)
        if (strcmp(WORDS[i].word, typed) == 0) {
            *ret_outcome = WORDS[i].outcome;
            return 0;
        }
    return cli_fail(cli, ERR_USAGE, "It is one of: adopted, rejected, referred, tabled, no-decision.",
                    "`%s` is no outcome that can be answered.", shown_string(cli, typed));
}

int stage_answer_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__EnterAnswer body = COMITY__V1__ENTER_ANSWER__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "STAGE", &body.stage);

    if (code == 0)
        code = read_answer(cli, &body.outcome);
    if (code == 0)
        code = desk_given_text(cli, &body.answer);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ENTER_ANSWER);
    command.enter_answer = &body;
    code = joint_submit(cli, &command, &event);
    if (code != 0 || event == NULL)
        return code;
    made_tell(cli, event);
    return say_after(cli, body.stage);
}

int stage_sign_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__SignOff body = COMITY__V1__SIGN_OFF__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "STAGE", &body.stage);

    body.refuses = cli_has(cli, "refuse");
    if (code == 0)
        code = given_note(cli, "reason", &body.reason);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_SIGN_OFF);
    command.sign_off = &body;
    code = desk_submit(cli, &command, &event);
    if (code != 0)
        return code;
    say(cli, "%s", body.refuses ? _("You refuse to sign off.") : _("You sign off."));
    return say_after(cli, body.stage);
}
