#include "core/machine/decide.h"

/* The commands and who may give them: one row each. docs/trust.md shows it. */
static const struct command_rule COMMANDS[] = {
    {{COMITY__V1__COMMAND__BODY_FOUND, "found", MAY_FOUNDERS,
      "Found a history: its constituencies, their first members and their sites."},
     NULL,
     decide_found},
    {{COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY, "admit_constituency", MAY_EACH_PARTY,
      "Admit a further constituency; all its founders sign as well."},
     NULL,
     decide_admit_constituency},
    {{COMITY__V1__COMMAND__BODY_ADD_SITE, "add_site", MAY_EACH_PARTY, "Add a site."}, NULL, decide_add_site},
    {{COMITY__V1__COMMAND__BODY_INVITE, "invite", MAY_OWN_CO_CHAIR,
      "Invite a member of one's own constituency by a one-time key. A facilitator or recorder: jointly."},
     concern_own_constituency,
     decide_invite},
    {{COMITY__V1__COMMAND__BODY_REDEEM, "redeem", MAY_INVITED, "Become a member by an invitation."},
     NULL,
     decide_redeem},
    {{COMITY__V1__COMMAND__BODY_REVOKE_KEY, "revoke_key", MAY_SELF_OR_CO_CHAIR,
      "Revoke a member's signing key, or withdraw an invitation."},
     concern_key,
     decide_revoke_key},
    {{COMITY__V1__COMMAND__BODY_CREATE_BODY, "create_body", MAY_EACH_PARTY,
      "Create a body with seats for its constituencies."},
     NULL,
     decide_create_body},
    {{COMITY__V1__COMMAND__BODY_ASSIGN_SEAT, "assign_seat", MAY_OWN_CO_CHAIR,
      "Give a seat of one's own constituency to a member, or vacate it."},
     concern_seat,
     decide_assign_seat},
    {{COMITY__V1__COMMAND__BODY_ADOPT_RULE, "adopt_rule", MAY_EACH_PARTY,
      "Adopt a decision rule, or the next version of one."},
     NULL,
     decide_adopt_rule},
    {{COMITY__V1__COMMAND__BODY_CONVENE_SESSION, "convene_session", MAY_FACILITATOR,
      "Convene a session of a body."},
     NULL,
     decide_convene_session},
    {{COMITY__V1__COMMAND__BODY_OPEN_SESSION, "open_session", MAY_FACILITATOR,
      "Open a session that was convened."},
     concern_session,
     decide_open_session},
    {{COMITY__V1__COMMAND__BODY_CLOSE_SESSION, "close_session", MAY_FACILITATOR,
      "Close a session, or call off one that was convened."},
     concern_session,
     decide_close_session},
    {{COMITY__V1__COMMAND__BODY_CHECK_IN, "check_in", MAY_BODY_OR_OFFICE,
      "Check in to an open session from a site."},
     concern_session,
     decide_check_in},
    {{COMITY__V1__COMMAND__BODY_ADD_ITEM, "add_item", MAY_BODY_OR_FACILITATOR,
      "Put an item on a session's agenda."},
     concern_session,
     decide_add_item},
    {{COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL, "make_proposal", MAY_BODY_OR_FACILITATOR,
      "Put a proposal on an item."},
     concern_item,
     decide_make_proposal},
    {{COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL, "revise_proposal", MAY_BODY_OR_FACILITATOR,
      "Give a proposal a new version of its text."},
     concern_proposal,
     decide_revise_proposal},
    {{COMITY__V1__COMMAND__BODY_OPEN_ROUND, "open_round", MAY_FACILITATOR,
      "Open a round on the latest version of a proposal."},
     concern_proposal,
     decide_open_round},
    {{COMITY__V1__COMMAND__BODY_CAST_BALLOT, "cast_ballot", MAY_ON_ROLL,
      "Answer in a round, or replace one's answer."},
     concern_round,
     decide_cast_ballot},
    {{COMITY__V1__COMMAND__BODY_CLOSE_ROUND, "close_round", MAY_FACILITATOR, "Close a round and count it."},
     concern_round,
     decide_close_round},
    {{COMITY__V1__COMMAND__BODY_ENTER_BALLOTS, "enter_ballots", MAY_RECORDER_COUNTERSIGNED,
      "Enter answers that came on paper or by telephone."},
     concern_round,
     decide_enter_ballots},
    {{COMITY__V1__COMMAND__BODY_CONFIRM_BALLOT, "confirm_ballot", MAY_ON_ROLL,
      "Confirm one's own ballot that a recorder entered."},
     concern_round,
     decide_confirm_ballot},
    {{COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT, "dispute_ballot", MAY_ON_ROLL,
      "Dispute one's own ballot that a recorder entered."},
     concern_round,
     decide_dispute_ballot},
    /* Charter and bodies. */
    /* Sessions. */
    /* Problem solving. */
    /* Decisions and minutes. */
};

const struct command_row *command_row_at(unsigned index)
{
    return index < ARRAY_COUNT(COMMANDS) ? &COMMANDS[index].row : NULL;
}

const struct command_rule *command_rule_find(Comity__V1__Command__BodyCase body)
{
    size_t i;

    for (i = 0; i < ARRAY_COUNT(COMMANDS); i++)
        if (COMMANDS[i].row.body == body)
            return &COMMANDS[i];
    return NULL;
}
