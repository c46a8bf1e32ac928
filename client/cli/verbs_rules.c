#include "client/cli/verbs.h"

#define GROUP N_("Rules of decision")
#define A_RULE                                                                                               \
    N_("a FILE (with a dot or a slash in its name), a template, or an adopted rule: NAME, NAME@VERSION or "  \
       "its number")

const struct verb VERBS_RULES[] = {
    {.name = "rule check",
     .group = GROUP,
     .run = rule_check_run,
     .summary = N_(
         "is a file a rule that can be adopted? Says what is wrong, at which line, and what would be right"),
     .arguments = {{"FILE", N_("a rule in YAML (docs/rules.md, \"Writing a rule\"), or in JSON"), 0}},
     .detail = N_("It asks no server. It ends with 0 where the rule is sound, also with warnings, and with 2 "
                  "where it is not."),
     .json = "`name`, `hash`, `warnings` [{line, column, stage, outcome}]; of a file that is no good "
             "`problems` [{line, column, "
             "code, field, text}]"},
    {.name = "rule explain",
     .group = GROUP,
     .run = rule_explain_run,
     .summary = N_(
         "say a whole rule in sentences: who answers what, what is asked for, and where each outcome leads"),
     .arguments = {{"RULE", A_RULE, 0}},
     .json = "`rule` (Rule), `hash`"},
    {.name = "rule diff",
     .group = GROUP,
     .run = rule_diff_run,
     .summary = N_("in what do two rules differ, in words"),
     .arguments = {{"FIRST", A_RULE, 0}, {"SECOND", N_("the other, in the same way"), 0}},
     .detail = N_("It ends with 0 where they are the same, of the same hash, and with 6 where they differ."),
     .json = "`same`, `differences` [{what, first, second}] (null where that one says nothing of it)"},
    {.name = "rule simulate",
     .group = GROUP,
     .run = rule_simulate_run,
     .summary = N_("what would these ballots have come to under a rule?"),
     .arguments = {{"RULE", A_RULE, 0},
                   {"BALLOTS", N_("a table (CSV) with a row a member: the first row names the columns"), 0}},
     .options = {{"options", "FILE",
                  N_("a table of the options, where the rule states none: option, majority, default"), 0, 0},
                 {"last-round", NULL, N_("no further round is allowed"), 0, 0}},
     .detail = N_("Columns of BALLOTS: member and constituency; besides, where they matter, side, site, "
                  "standing (party, neutral), weight,\n"
                  "office, present, recused, notified (yes, no), and what the ballot says: answer, choice, "
                  "ranks (bach > chopin = liszt)\n"
                  "or score. Without one it is no ballot. Nothing is recorded, and no server is asked. Seats "
                  "that nobody holds are not in the table."),
     .json = "`outcome` (Outcome), `ballots` (how many), `rounds_remain`, `hash`, `leads_to` {stage, name} "
             "(null where it stands)"},
    {.name = NULL},
};
