/* What refusals mean for acts of problem solving. */
#include <inttypes.h>

#include "client/cli/hint_row.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/solving_text.h"

const Comity__V1__Item *hint_item(struct cli *cli, const Comity__V1__Command *command)
{
    uint32_t item = hint_number(command, "item");
    const ProtobufCMessage *row;

    if (item == 0 && (row = hint_find(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS,
                                      hint_number(command, "proposal"))) != NULL)
        item = ((const Comity__V1__Proposal *) row)->item;
    return (const Comity__V1__Item *) hint_find(cli, COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, item);
}

static bool tell_phase(struct cli *cli, const Comity__V1__Command *command)
{
    phase_t phase = (phase_t) cli->failure.latest;
    const Comity__V1__Item *item = hint_item(cli, command);
    const char *which = item == NULL ? _("The item") : phrase(cli, "Item %" PRIu32, item->number);

    if (phase_is_over(phase))
        return TELL(cli, "comity item show ITEM", "%s was %s: nothing further is done on it here.", which,
                    phase_name(phase));
    return TELL(cli,
                phrase(cli, "A facilitator moves it: comity item move %s PHASE; now to %s.",
                       item == NULL ? "ITEM" : arena_printf(cli->arena, "%" PRIu32, item->number),
                       shown_moves(cli, phase)),
                "%s is in phase %s, where this is out of order.", which, phase_name(phase));
}

/* What is given belongs to another phase. */
static bool tell_kind(struct cli *cli, const Comity__V1__Command *command)
{
    phase_t wanted = phase_of_contribution(command->contribute->kind);
    phase_t phase = (phase_t) cli->failure.latest;

    if (phase_is_over(phase))
        return tell_phase(cli, command);
    return TELL(cli,
                phrase(cli, "A facilitator moves it: comity item move %" PRIu32 " PHASE; now to %s.",
                       command->contribute->item, shown_moves(cli, phase)),
                "What is given as %s is taken in phase %s, and item %" PRIu32 " is in phase %s.",
                word_of_kind(command->contribute->kind), phase_name(wanted), command->contribute->item,
                phase_name(phase));
}

static bool tell_held(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__Item *item = hint_item(cli, command);

    if (item == NULL || item->hold == NULL)
        return false;
    return TELL(cli,
                phrase(cli, "Talk to %s. A facilitator of %s lets it go: comity item release %" PRIu32,
                       name_of_member(cli, item->hold->member), shown_string(cli, item->hold->side),
                       item->number),
                "Item %" PRIu32 " is held in phase %s by %s, of %s: %s.", item->number,
                phase_name(item_phase(item)), name_of_member(cli, item->hold->member),
                shown_string(cli, item->hold->side), desk_shown(cli, item->hold->reason));
}

static bool tell_moved(struct cli *cli, const Comity__V1__Command *command)
{
    return TELL(cli, arena_printf(cli->arena, "comity item show %" PRIu32, command->move_phase->item),
                "Somebody has moved the item meanwhile: it is in phase %s.",
                phase_name((phase_t) cli->failure.latest));
}

const struct hint HINTS_SOLVING[] = {
    {ERR_PHASE, "contribute.kind", NULL, NULL, tell_kind},
    {ERR_PHASE, NULL, NULL, NULL, tell_phase},
    {ERR_HELD, NULL, NULL, NULL, tell_held},
    {ERR_STALE, "move_phase.from", NULL, NULL, tell_moved},
    {ERR_STATE, "move_phase.item", N_("The session of this item is closed."),
     N_("Take it on in a later one: comity item move ITEM PHASE --session SESSION"), NULL},
    {ERR_STATE, "move_phase.session", N_("That session is closed."), N_("comity session list"), NULL},
    {ERR_RANGE, "move_phase.session", N_("That session is another body's."), N_("comity session list"), NULL},
    {ERR_STATE, "move_phase.phase", N_("A round is open on this item."),
     N_("comity round list; the item can be moved once it has closed."), NULL},
    {ERR_STATE, "set_aside_item.phase", N_("A round is open on this item."),
     N_("comity round list; the item can be put off once it has closed."), NULL},
    {ERR_STATE, "withdraw_item.item", N_("A round is open on this item."),
     N_("comity round list; the item can be withdrawn once it has closed."), NULL},
    {ERR_STATE, "release_phase.item", N_("Nobody holds this item."), N_("comity item show ITEM"), NULL},
    {ERR_MISSING, "withdraw_item.leave",
     N_("A round was held on this item: to withdraw it needs the body's leave."),
     N_("comity proposal make ITEM TITLE --withdraws ITEM, on another item; once it is adopted: comity item "
        "withdraw "
        "ITEM --reason TEXT --leave DECISION"),
     NULL},
    {ERR_FORBIDDEN, "withdraw_item.leave", N_("That decision gives no leave to withdraw this item."),
     N_("comity decisions; comity proposal make ITEM TITLE --withdraws ITEM"), NULL},
    {ERR_RANGE, "make_proposal.withdraws", N_("Leave is asked on another item of the same body."),
     N_("comity item add SESSION TITLE"), NULL},
    {ERR_RECORD, "contribute.item",
     N_("In this phase nobody's own words are kept: say it in the room. What is kept is a summary, or "
        "nothing."),
     N_("A recorder or facilitator gives a summary by comity contribution add; every party approves it."),
     NULL},
    {ERR_RECORD, "amend_contribution.contribution", N_("In this phase nobody's own words are kept."),
     N_("A recorder or facilitator gives a summary by comity contribution add; every party approves it."),
     NULL},
    {ERR_RECORD, "open_straw_poll.item",
     N_("Straw polls are kept nowhere here, as far as was agreed: nothing was recorded."),
     N_("Ask in the room, for a show of hands."), NULL},
    {ERR_FORBIDDEN, "contribute.kind",
     N_("Options come by a facilitator, so that nobody can tell whose they were."), N_("Tell a facilitator."),
     NULL},
    {ERR_FORBIDDEN, "contribute.constituency", N_("What another constituency needs, it says itself."),
     N_("comity contribution add ITEM interest TEXT, for your own"), NULL},
    {ERR_MISSING, "contribute.constituency", N_("Say whose interest it is."), N_("Add --of CONSTITUENCY"),
     NULL},
    {ERR_NOT_FOUND, "contribute.constituency", N_("There is no such constituency."),
     N_("comity constituency list"), NULL},
    {ERR_NOT_FOUND, "request_data.constituency", N_("There is no such constituency."),
     N_("comity constituency list"), NULL},
    {ERR_RANGE, "contribute.about[]", N_("That is about another item."), N_("comity contribution list ITEM"),
     NULL},
    {ERR_STATE, "link_proposal.contributions[]",
     N_("That does not stand in the record: not every party has approved it, or "
        "it was withdrawn."),
     N_("comity contribution list ITEM"), NULL},
    {ERR_STALE, "amend_contribution.base_hash", N_("There is a newer version meanwhile."),
     N_("Read it with comity contribution list ITEM, and give the same command again."), NULL},
    {ERR_STALE, "approve_contributions.texts[].text_hash",
     N_("A text was amended meanwhile: nothing was approved."),
     N_("Give the same command again; it shows the text as it is now."), NULL},
    {ERR_FORBIDDEN, "approve_contributions.texts",
     N_("Your constituency has no seat in the body that this is about."), N_("comity body list"), NULL},
    {ERR_FORBIDDEN, "second_concern.concern", N_("This concern is your own."), N_("comity concern list"),
     NULL},
    {ERR_STATE, "second_concern.concern", N_("This concern is settled."), N_("comity concern list"), NULL},
    {ERR_STATE, "settle_concern.concern", N_("This concern is settled already."), N_("comity concern list"),
     NULL},
    {ERR_STATE, "refuse_data.request", N_("This request is answered already, or was refused."),
     N_("comity data list"), NULL},
    {ERR_STATE, "state_fact.request", N_("This request is not answered yet: nothing came of it so far."),
     N_("comity data list"), NULL},
    {ERR_STATE, "answer_data.request", N_("This request is answered already."), N_("comity data list"), NULL},
    {ERR_FORBIDDEN, "state_fact.confidentiality",
     N_("That request was answered for the body alone: what came of it cannot be told to all."),
     N_("Give the same command with --body-only"), NULL},
    {0, NULL, NULL, NULL, NULL},
};
