/* What refusals mean for decisions, and for what comes of them. */
#include <inttypes.h>

#include "client/cli/hint_row.h"
#include "client/cli/names.h"
#include "client/cli/output.h"

static bool tell_legal_hold(struct cli *cli, const Comity__V1__Command *command)
{
    struct rows rows;

    if (desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_HOLDS, 0, &rows) != 0)
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Hold *hold = (const Comity__V1__Hold *) rows.list[i];
        if (hold->session != command->purge_texts->session || hold->lifted_ms != 0)
            continue;
        cli->failure.limit = 0; /* how many there are */
        return TELL(cli,
                    phrase(cli, "comity hold list; %s lifts it: comity hold lift %" PRIu32,
                           name_of_constituency(cli, hold->constituency), hold->number),
                    "Legal hold %" PRIu32 " of %s stands on the texts of this session.", hold->number,
                    name_of_constituency(cli, hold->constituency));
    }
    return false;
}

const struct hint HINTS_DECISION[] = {
    {ERR_STATE, "make_proposal.terms.effects[].decision",
     N_("That cannot be done to this decision as it stands now."),
     N_("comity decision show DECISION says how it stands: what has ended cannot be changed any more."),
     NULL},
    {ERR_FORBIDDEN, "make_proposal.terms.effects[].decision",
     N_("Another body decided that, and changes it."), N_("comity register names the body of each decision."),
     NULL},
    {ERR_STATE, "revise_proposal.terms.effects[].decision",
     N_("That cannot be done to this decision as it stands now."),
     N_("comity decision show DECISION says how it stands: what has ended cannot be changed any more."),
     NULL},
    {ERR_FORBIDDEN, "revise_proposal.terms.effects[].decision",
     N_("Another body decided that, and changes it."), N_("comity register names the body of each decision."),
     NULL},
    {ERR_RANGE, "make_proposal.terms.sunset_ms", N_("It would end before it takes effect."),
     N_("Give --sunset after --effective."), NULL},
    {ERR_RANGE, "make_proposal.terms.review_ms", N_("Its review is not between its effect and its end."),
     N_("Give --review after --effective, and not after --sunset."), NULL},
    {ERR_RANGE, "make_proposal.terms.trial_until_ms", N_("Its trial is not between its effect and its end."),
     N_("Give --trial-until after --effective, and not after --sunset."), NULL},
    {ERR_STATE, "review_decision.decision", N_("This decision is over."), N_("comity register --all"), NULL},
    {ERR_STATE, "sign_clause.decision", N_("This decision waits for no signature."),
     N_("comity decision show DECISION"), NULL},
    {ERR_NOT_FOUND, "sign_clause.clause", N_("The decision has no clause of this number."),
     N_("comity decision show DECISION lists them."), NULL},
    {ERR_FORBIDDEN, "sign_clause.clause", N_("Your constituency is not asked to sign this clause."),
     N_("comity decision show DECISION says who is."), NULL},
    {ERR_EXISTS, "sign_clause.clause", N_("Your constituency has signed this clause."),
     N_("comity decision show DECISION"), NULL},
    {ERR_STATE, "reopen_decision.decision", N_("This decision is over."),
     N_("A new proposal can decide the matter anew: comity proposal make"), NULL},
    {ERR_FORBIDDEN, "reopen_decision.session",
     N_("This session is of another body than the one that decided."), N_("comity session list"), NULL},
    {ERR_STATE, "reopen_decision.session", N_("This session is closed."), N_("comity session list"), NULL},
    {ERR_STATE, "declare_outcome.round",
     N_("This round is open still, or a later one was opened on its proposal, or it gives advice alone."),
     N_("comity round list PROPOSAL"), NULL},
    {ERR_EXISTS, "declare_outcome.round", N_("The outcome of this round was declared before, for good."),
     N_("comity outcome ROUND"), NULL},
    {ERR_RANGE, "declare_outcome.outcome", N_("That is what the rule computed."), N_("comity outcome ROUND"),
     NULL},
    {ERR_STATE, "declare_outcome.outcome",
     N_("The decision of this round is over, or has changed other decisions: only another decision undoes "
        "that."),
     N_("comity proposal make ITEM TITLE --effect ends=DECISION"), NULL},
    {ERR_RANGE, "add_action.due_date", N_("There is no such day."), N_("--due 2026-12-31"), NULL},
    {ERR_STATE, "update_action.status", N_("The action has this status already."),
     N_("comity action list --all"), NULL},
    {ERR_STATE, "lift_hold.hold", N_("This hold was lifted before."), N_("comity hold list"), NULL},
    {ERR_STATE, "purge_texts.session", N_("This session is not closed."),
     N_("comity session list; a facilitator closes it: comity session close SESSION"), NULL},
    {ERR_LEGAL_HOLD, "purge_texts.session", NULL, NULL, tell_legal_hold},
    {ERR_KEPT, "purge_texts.session", N_("It was agreed to keep the texts of this session for longer."),
     N_("comity retention list; together you can agree otherwise: comity retention set SESSION CLASS --until "
        "TIME"),
     NULL},
    {ERR_NOT_FOUND, "purge_texts.session", N_("There is no such session, or nothing of it is left to purge."),
     N_("comity session list"), NULL},
    {ERR_STATE, "give_mandate.decision",
     N_("A mandate rests on a decision that is in effect, and this one is not."), N_("comity register"),
     NULL},
    {ERR_STATE, "report_mandate.mandate", N_("This mandate was recalled."), N_("comity mandate list"), NULL},
    {ERR_STATE, "recall_mandate.mandate", N_("This mandate was recalled before."), N_("comity mandate list"),
     NULL},
    {ERR_EXISTS, "draft_minutes.session", N_("This session has minutes."),
     N_("comity minutes show SESSION; comity minutes correct SESSION"), NULL},
    {ERR_STATE, "draft_minutes.session", N_("Minutes are of a session that was open, and is closed."),
     N_("comity session list; a facilitator closes it: comity session close SESSION"), NULL},
    {ERR_STATE, "correct_minutes.session", N_("These minutes are in force."),
     N_("comity minutes show SESSION"), NULL},
    {ERR_STATE, "approve_minutes.session", N_("These minutes are in force."),
     N_("comity minutes show SESSION"), NULL},
    {ERR_STATE, "dissent_minutes.session", N_("These minutes are in force."),
     N_("comity minutes show SESSION"), NULL},
    {ERR_STALE, "correct_minutes.base_hash", N_("Somebody corrected them meanwhile."),
     N_("Read them with comity minutes show SESSION --changes, and give the same command again."), NULL},
    {ERR_STALE, "approve_minutes.text_hash", N_("Somebody corrected them meanwhile."),
     N_("Read them with comity minutes show SESSION --changes, and give the same command again."), NULL},
    {ERR_STALE, "dissent_minutes.text_hash", N_("Somebody corrected them meanwhile."),
     N_("Read them with comity minutes show SESSION --changes, and give the same command again."), NULL},
    {0, NULL, NULL, NULL, NULL},
};
