#include "client/cli/verb.h"
#include "client/cli/verbs.h"
#include "core/words.h"

#define GROUP N_("Rounds and ballots")

const struct verb VERBS_BALLOTS[] = {
    {.name = "ballots import",
     .group = GROUP,
     .run = ballots_import_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .signs = N_("A member of another constituency, who has seen what is entered, has to sign this:"),
     .summary =
         N_("enter ballots that came on paper or by telephone, as a recorder, with a member of another "
            "constituency"),
     .arguments = {{"FILE",
                    N_("a table in CSV; its first row names the columns: member,answer,reason,medium"), 0}},
     .options = {{"round", "ROUND", N_("its number"), 1, 0},
                 {"replace", NULL, N_("also for members who have answered already"), 0, 0}},
     .detail = N_(
         "A member is a number or a full name, an answer what comity vote takes, a medium `paper` (also where "
         "there is none) or `phone`. Further columns: interests, numbers of those that it would harm, and "
         "alternative, another way. Either all rows are entered or none. Each voter then confirms or "
         "disputes: comity ballots confirm, comity ballots dispute."),
     .json = JSON_JOINT "; `faults` [line] where rows cannot be entered"},
    {.name = "ballots confirm",
     .group = GROUP,
     .run = ballots_confirm_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("say that the ballot that a recorder entered for you is right"),
     .arguments = {{"ROUND", N_("number of the round"), 0}},
     .json = JSON_RECEIPT},
    {.name = "ballots dispute",
     .group = GROUP,
     .run = ballots_dispute_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("say that the ballot that a recorder entered for you is not what you answered"),
     .arguments = {{"ROUND", N_("number of the round"), 0}},
     .options = {{"reason", "TEXT", N_("what is wrong"), 1, 0}},
     .detail =
         N_("While the round is open it counts no longer, and you can vote yourself. After the close the "
            "outcome stands, and your dispute beside it."),
     .json = JSON_RECEIPT},
    /* Rules and stages. */
    {.name = "list set",
     .group = GROUP,
     .run = list_set_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .summary = N_("say who of your constituency is on a list that a rule asks, as its co-chair; where a member weighs "
                   "another than 1, with the others"),
     .arguments = {{"NAME", N_("of the list; a new one where there is none of it"), 0}},
     .options = {{"constituency", "CONSTITUENCY", N_("whose part it is"), 1, 0},
                 {"file", "FILE", N_("a table in CSV; its first row names the columns: member,weight"), 0, 0},
                 {"member", "MEMBER", N_("a number or a full name"), 0, 1},
                 {"empty", NULL, N_("nobody of it any more"), 0, 0}},
     .detail = N_("The constituency's part is replaced; the parts of others stay. Rounds that are open keep the roll "
                  "that they opened with."),
     .json = JSON_JOINT "; `number` of the list; `faults` [line] where rows cannot be taken"},
    {.name = "list list",
     .group = GROUP,
     .run = list_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the lists, with each constituency's part"),
     .json = "`lists` [RollList]"},
    {.name = "list show",
     .group = GROUP,
     .run = list_show_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("show who is on a list, and with which weight"),
     .arguments = {{"NAME", N_("of the list"), 0}},
     .json = "`parts` [RollList]"},
    {.name = "ballots export",
     .group = GROUP,
     .run = ballots_export_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("write the ballots of a closed round that ranked options to a .blt file, which other "
                   "programs count as well"),
     .arguments = {{"ROUND", N_("number of the round"), 0}},
     .options = {{"blt", "FILE", N_("a new file"), 1, 0}},
     .detail = N_("The ballots that the round counted, without names, those that are alike in one line: "
                  "comity count FILE counts "
                  "them again."),
     .json = "`file`, `ballots` (how many), `options` [label]"},
    {.name = "count",
     .group = GROUP,
     .run = count_run,
     .summary = N_("count the ballots of a .blt file, without a server, and show every stage"),
     .arguments = {{"FILE", N_("ballots that rank options, in the form .blt; -: standard input"), 0}},
     .options = {{"method", "METHOD", N_("scottish, meek, irv or schulze"), 1, 0},
                 {"seats", "NUMBER",
                  N_("how many are elected, with scottish and meek; where it is left out, as the file says"),
                  0, 0},
                 {"tie", "NUMBERS", N_("as in 3,1,2: the order that the file's line [tie ...] would state"),
                  0, 0}},
     .detail = N_("scottish: single transferable vote as in Scottish local elections; meek: by Meek's "
                  "method; irv: instant run-off; "
                  "schulze: pairs of options, the strongest paths.\n"
                  "Ties go by the latest earlier stage at which the options differed, then by the order that "
                  "the file states, as in "
                  "[tie 3 1 2]: of those that tie, the one that comes first there gives way. Without such a "
                  "line what is still tied stays "
                  "a tie, and the stages so far are shown."),
     .json = "`title`, `method`, `seats`, `ballots` (how many), `options` [label], `chosen` [label], "
             "`outcome` (Outcome), `working` "
             "[line]"},
    {.name = NULL},
};
