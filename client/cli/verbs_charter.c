/* Verbs about the charter, alternates and recusals. */
#include "client/cli/verb.h"
#include "client/cli/verbs.h"

#define GROUP N_("The charter, and who decides")

const struct verb VERBS_CHARTER[] = {
    {.name = "charter sample",
     .group = GROUP,
     .run = charter_sample_run,
     .summary =
         N_("print standing rules to start from, with comments (`found charter` prints a founding text)"),
     .json = "`sample` (the text)"},
    {.name = "charter adopt",
     .group = GROUP,
     .run = charter_adopt_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .summary = N_("adopt the charter, or its next version: the standing rules of the partnership"),
     .arguments = {{"FILE", N_("the charter in JSON, as `charter sample` or `charter show --json` prints it"),
                    0}},
     .options =
         {{"text", "FILE", N_("the charter in words (else `text` of the file)"), 0, 0},
          {"decision", "N",
           N_("the decision that it was adopted by, where the charter in force asks for one; its text is the "
              "charter's"),
           0, 0}},
     .detail =
         N_("A charter says all that holds, not what changes: start from the one in force (comity charter "
            "show --json).\n"
            "Nothing that was decided or opened before is touched."),
     .json = JSON_JOINT "; `number` of what was made"},
    {.name = "charter show",
     .group = GROUP,
     .run = charter_show_run,
     .needs = NEEDS_MEMBER,
     .cut_off = CUT_OFF_SHOWS,
     .summary = N_("show the charter in force: what is decided together, by whom, and what is kept"),
     .arguments = {{"NUMBER", N_("another version"), 1}},
     .json = "`version` (CharterVersion), `charter` (Charter), `is_in_force`, " JSON_FINALITY " (null: it is no longer in force)"},
    {.name = "charter history",
     .group = GROUP,
     .run = charter_history_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list all versions of the charter"),
     .json = "`charters` [CharterVersion]"},
    {.name = "seat alternates",
     .group = GROUP,
     .run = seat_alternates_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .summary = N_("say who may stand in for the holder of a seat of your constituency, as its co-chair"),
     .arguments = {{"BODY", N_("name or number"), 0}, {"SEAT", N_("number of the seat"), 0}},
     .options = {{"member", "WHO", N_("number or name of a member; all of them each time"), 0, 1},
                 {"nobody", NULL, N_("nobody may any more"), 0, 0}},
     .detail =
         N_("How many may be named the body says: `body show` has it. Those of a pool are named for all "
            "seats of "
            "its group."),
     .json = JSON_JOINT},
    {.name = "seat handover",
     .group = GROUP,
     .run = seat_hand_over_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .summary = N_(
         "hand your seat, or as a co-chair one of your constituency's, over to an alternate for a session"),
     .arguments = {{"SESSION", N_("its number"), 0},
                   {"SEAT", N_("number of the seat"), 0},
                   {"MEMBER", N_("number or name"), 0}},
     .detail =
         N_("Between rounds: while one is open its roll is frozen. Every roll says who stands for whom."),
     .json = JSON_JOINT},
    {.name = "seat takeback",
     .group = GROUP,
     .run = seat_take_back_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .summary = N_("take back a seat that was handed over"),
     .arguments = {{"SESSION", N_("its number"), 0}, {"SEAT", N_("number of the seat"), 0}},
     .json = JSON_JOINT},
    {.name = "recuse",
     .group = GROUP,
     .run = recuse_run,
     .needs = NEEDS_MEMBER,
     .is_final = true,
     .summary = N_("take no part in the decision on a proposal, and say why; from the next round on"),
     .arguments = {{"PROPOSAL", N_("its number"), 0}, {"REASON", N_("why"), 0}},
     .detail = N_(
         "You are not on the rolls of its rounds any more, and so not counted in base or quorum. The outcome "
         "names you\nand your reason. It cannot be taken back."),
     .json = JSON_RECEIPT},
    {.name = NULL},
};
