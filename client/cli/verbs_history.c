#include "client/cli/verbs.h"

#define GROUP N_("The record")

const struct verb VERBS_HISTORY[] = {
    {.name = "history",
     .group = GROUP,
     .run = history_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("who did what and when, in sentences; of one thing, or of one member"),
     .options = {{"session", "SESSION", N_("what happened in a session"), 0, 0},
                 {"item", "ITEM", N_("what happened to an item, its proposals and their rounds"), 0, 0},
                 {"proposal", "PROPOSAL", N_("what happened to a proposal and its rounds"), 0, 0},
                 {"round", "ROUND", N_("what happened in a round"), 0, 0},
                 {"decision", "DECISION", N_("what happened to a decision"), 0, 0},
                 {"member", "MEMBER", N_("the acts of one member, by number or name"), 0, 0},
                 {"from", "N", N_("from this number of the record on"), 0, 0}},
     .detail = N_("How somebody answered, and texts that are not for you, are not in it. A line with = is FINAL: a witness "
                  "of every party has signed the record as far as that."),
     .json = "`history` [{sequence, time_ms, kind, sentence, event, is_final}], " JSON_FINALITY},
    {.name = "checkpoint",
     .group = GROUP,
     .run = checkpoint_run,
     .needs = NEEDS_HISTORY,
     .summary = N_("what this machine has verified of the record, to compare with others: a signed note, and a "
                   "fingerprint to read out"),
     .options = {{"at", "N", N_("of this earlier number, as somebody else has verified it"), 0, 0},
                 {"kept", NULL, N_("of what was verified before, without asking the server"), 0, 0}},
     .detail = N_("What was verified once, the server has to go on from, in every later run: what forked, or was put "
                  "back, is not believed (exit code 8)."),
     .json = "`checkpoint` {epoch, size, root, fingerprint, note}"},
    {.name = "checkpoint compare",
     .group = GROUP,
     .run = checkpoint_compare_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("is another reader shown the same record? Checked by proof, both ways"),
     .arguments = {{"FILE", N_("what comity checkpoint printed there (\"-\" is standard input)"), 0}},
     .detail = N_("It ends with 0 when it is the same record, with 8 when there are two, and with 7 when nothing is proved: "
                  "a restore\n"
                  "came in between."),
     .json = "`verdict` (same, behind, restored or forked), `own`, `other` {epoch, size, root, fingerprint, note}"},
    {.name = "checkpoint accept",
     .group = GROUP,
     .run = checkpoint_accept_run,
     .needs = NEEDS_MEMBER,
     .is_final = true,
     .summary = N_("follow another record than the one that this machine has verified, which turned out to be the false one"),
     .arguments = {{"NUMBER", N_("a number that others have verified in the true record: that of comity checkpoint --kept here, or "
                                 "a later one"), 0},
                   {"FINGERPRINT", N_("what comity checkpoint --at NUMBER shows to them: forty digits, by telephone"), 0}},
     .detail = N_("For who is told FORKED, once people of every party have compared and agree which record is the true one. Take "
                  "the fingerprint from them and not from whoever runs the server. It says which of your acts that record "
                  "does not have; these are not sent again by themselves."),
     .json = "`epoch`, `size`, `evidence` (a file), `given_up` [{command_id, act, sequence, epoch}]"},
    {.name = "undo",
     .group = GROUP,
     .run = undo_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("take back an act of yours by a new one that reverses it; both stay on record"),
     .arguments = {{"NUMBER", N_("number of the act in the record: comity history shows it"), 0}},
     .options = {{"reason", "TEXT", N_("why: items, tasks and mandates are taken back with a reason"), 0, 0}},
     .detail = N_(
         "What can be taken back is taken back by the command that reverses it, with the rights that it asks "
         "for. Of everything else it says what can be done instead."),
     .json = JSON_RECEIPT ", `undoes` (the number)"},
    {.name = "recount",
     .group = GROUP,
     .run = recount_run,
     .summary = N_("count anew, from a copy of the record alone, what a round came to; says what differs"),
     .arguments = {{"FILE", N_("a copy: of comity export, or a worker's backup"), 0},
                   {"ROUND", N_("number of one round, with the whole working (else every one that closed)"), 1}},
     .options = {{"history", "HEX", N_("of this history alone, where the file has several"), 0, 0}},
     .detail = N_("It asks no server and needs no key. It ends with 0 when every count comes to what the record says "
                  "and every hash fits,\n"
                  "with 6 when something differs or was altered, and with 7 when something could not be counted, for "
                  "it is\n"
                  "withheld, missing or cannot be read. Whose signatures the record has it does not check."),
     .json = "`file`, `events`, `is_whole`, `is_signed`, `withheld`, `same`, `differing`, `impossible` (how many), "
             "`altered` [{sequence, sentence}], `counts` [{history, round, stage, sequence, what, outcome, verdict, differences, "
             "wrong, obstacles, recorded (Outcome), counted (Outcome, or null)}], `declared` [{history, round, sequence, outcome, computed}] "
             "(otherwise than computed)"},
    {.name = "audit",
     .group = GROUP,
     .run = audit_run,
     .summary = N_("check everything that can be checked of a copy of the record, from the file alone"),
     .arguments = {{"FILE", N_("a copy: of comity export, or a worker's backup"), 0}},
     .options = {{"log-key", "HEX", N_("a log key that you trust: the record has to be signed with it"), 0, 1},
                 {"witness", "KEY", N_("a witness's key that you know: what is FINAL rests on those that are named"), 0, 1},
                 {"checkpoint", "FILE", N_("a checkpoint that was seen before: the record has to go on from it"), 0, 1},
                 {"receipt", "FILE", N_("a receipt that somebody holds: the record has to have what it proves"), 0, 1},
                 {"history", "HEX", N_("of this history alone, where the file has several"), 0, 0}},
     .detail = N_("Also a program of its own, comity-audit. It asks no server and needs no key. Of each event it checks form, "
                  "hashes and place,\n"
                  "every signature and whether its key was valid then, decides it again, and counts every outcome anew. What is "
                  "withheld or\n"
                  "erased it names, and never calls verified. It ends with 0 when all of it was verified and fits, with 6 when "
                  "something\n"
                  "does not fit, and with 7 when nothing is wrong but something could not be verified, or a witness that was named "
                  "has not signed it.\n"
                  "A record that was cut, or written anew by whoever has the log key, fits in itself: a receipt or a checkpoint "
                  "tells it."),
     .json = "`file`, `kind` (\"export\" or \"copy\"), `software`, `made_ms`, `is_whole`, `is_sealed`, `events`, `wrong`, "
             "`unverified`, `same`, `differing`, `impossible` (how many), `findings` [{history, sequence, is_after, check, "
             "sentence}], `histories` [{history, events, head, root, fingerprint, decided, commands, signatures, checkpoints, is_whole, "
             "is_signed, is_pinned, known, withheld, undecided, texts_withheld, erased {count, numbers [{first, last}]}, epochs, "
             "cosignatures [{key, witness, constituency, size, time_s, is_good, is_known (null: no --witness)}], final, parties}], `counts` [{history, round, stage, sequence, what, outcome, decision, is_final, "
             "verdict}], `declared` [{history, round, sequence, outcome, computed}] (otherwise than computed)"},
    {.name = NULL},
};
