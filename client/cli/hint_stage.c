/* What refusals mean at the stages of a ladder, and where a ladder stands in the way. */
#include <inttypes.h>

#include "client/cli/hint_row.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/stage_text.h"

static bool tell_stage(struct cli *cli, uint32_t number)
{
    struct failure before = cli->failure;
    struct stage_view view;

    if (number == 0 || stage_find(cli, number, &view) != 0) {
        cli->failure = before;
        return false;
    }
    cli->failure = before;
    return TELL(cli, arena_printf(cli->arena, "comity stage show %" PRIu32, number),
                "The proposal is at stage %" PRIu32 " of its rule, %s: %s. That comes first.", number,
                shown_string(cli, view.run->name), stage_kind_word(view.run->kind));
}

/* Of the proposal that the command names. */
static bool tell_stage_first(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) hint_find(
        cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, hint_number(command, "proposal"));

    return proposal != NULL && tell_stage(cli, proposal->stage);
}

/* What the stage asks for in its place. */
static bool tell_other_kind(struct cli *cli, const Comity__V1__Command *command)
{
    return tell_stage(cli, hint_number(command, "stage"));
}

#define ENDED N_("This stage has ended.")
#define SHOW N_("comity stage show STAGE")
#define AT(command)                                                                                          \
    {ERR_STATE, command ".stage", ENDED, SHOW, NULL},                                                        \
    {                                                                                                        \
        ERR_STAGE, command ".stage", N_("The stage asks for something else."), SHOW, tell_other_kind         \
    }

const struct hint HINTS_STAGE[] = {
    AT("second_block"),
    AT("note_conference"),
    AT("give_casting_vote"),
    AT("enter_answer"),
    AT("sign_off"),
    {ERR_NOT_FOUND, "second_block.voter", N_("This member does not block."),
     N_("comity stage show STAGE lists whose blocks can be seconded."), NULL},
    {ERR_FORBIDDEN, "second_block.voter", N_("Nobody seconds their own block."),
     N_("Another member of the roll can: comity stage second STAGE VOTER"), NULL},
    {ERR_EXISTS, "second_block.voter", N_("You have seconded this block."), SHOW, NULL},
    {ERR_STATE, "second_block.voter", N_("This block is seconded, and counts."), SHOW, NULL},
    {ERR_EXISTS, "give_casting_vote.stage", N_("You have been heard at this stage."), SHOW, NULL},
    {ERR_EXISTS, "sign_off.stage", N_("You, or somebody for your constituency, have been heard at this stage."), SHOW,
     NULL},
    {ERR_STAGE, "open_round.proposal", NULL, NULL, tell_stage_first},
    {ERR_STAGE, "open_round.rule", N_("A round of this stage is held by the rule whose stage it is."),
     N_("Leave --rule out."), NULL},
    {ERR_STAGE, "revise_proposal.proposal", NULL, NULL, tell_stage_first},
    {ERR_STAGE, "move_phase.phase", N_("A stage of a proposal's rule is open on this item."),
     N_("It ends first: comity stage list PROPOSAL. Into a later session the item can go as it is: --session SESSION."),
     NULL},
    {ERR_STAGE, "set_aside_item.phase", N_("A stage of a proposal's rule is open on this item."),
     N_("It ends first: comity stage list PROPOSAL. All parties together can declare it tabled: comity decision declare "
        "ROUND tabled"),
     NULL},
    {.code = 0},
};
