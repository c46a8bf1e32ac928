/* The table of verbs: witnesses, and keys that come back. */
#include "client/cli/verb.h"
#include "client/cli/verbs.h"
#include "core/words.h"

#define WITNESSES N_("Witnesses, who watch the record grow")
#define KEYS N_("Your keys, and whom you talk to")

const struct verb VERBS_TRUST[] = {
    {.name = "witness appoint",
     .group = WITNESSES,
     .run = witness_appoint_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .summary = N_("appoint a witness of your constituency, as its co-chair"),
     .arguments = {{"NAME", N_("its short name, under which it signs"), 0},
                   {"KEY", N_("its public key: 64 hexadecimal digits, as its operator reads them out"), 0}},
     .detail = N_("A witness is a machine that your constituency runs. It signs that the record has only grown since it\n"
                  "looked before. What no witness of a party has signed yet is recorded, and not yet final."),
     .json = JSON_JOINT "; `number` of what was made"},
    {.name = "witness dismiss",
     .group = WITNESSES,
     .run = witness_dismiss_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .is_final = true,
     .summary = N_("dismiss a witness of your constituency, as its co-chair"),
     .arguments = {{"WITNESS", N_("name or number"), 0}},
     .json = JSON_JOINT},
    {.name = "witness list",
     .group = WITNESSES,
     .run = witness_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the witnesses of all constituencies"),
     .json = "`witnesses` [Witness], `without` [name of a party that has none]"},

    {.name = "member recover",
     .group = N_("The partnership"),
     .run = member_recover_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .summary = N_("invite a member of your constituency who lost the key, as its co-chair; a facilitator or recorder, "
                   "with the others"),
     .arguments = {{"MEMBER", N_("number or name"), 0}},
     .options = {{"out", "FILE", N_("where the invitation goes; it holds a one-time key"), 1, 0},
                 {"days", "N", N_("how long it can be used, 1 to 89 days (else 14)"), 0, 0}},
     .detail = N_("With `comity join` they stay the same member, with a new key and the seats and offices that they had. All\n"
                  "other keys of theirs end with that. Until then the old ones hold: comity key revoke ends them at once."),
     .json = JSON_JOINT "; `file`, `fingerprint` (the invitation's)"},
    {.name = "recovery-key set",
     .group = KEYS,
     .run = recovery_key_set_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .is_final = true,
     .summary = N_("give your constituency a recovery key, as its co-chair, in place of the one before"),
     .arguments = {{"FILE", N_("a key file that was made for this: comity key new --out FILE"), 0}},
     .detail = N_("It gives a co-chair of your constituency a new key (comity key recover), and nothing else. Keep the file apart from\n"
                  "all others, where it cannot be reached by one person alone."),
     .json = JSON_JOINT "; `fingerprint`"},
    {.name = "key recover",
     .group = KEYS,
     .run = key_recover_run,
     .needs = NEEDS_HISTORY,
     .is_final = true,
     .summary = N_("get a new key as a co-chair who lost it, by your constituency's recovery key"),
     .arguments = {{"MEMBER", N_("your number; or your name, where you can still read"), 0}},
     .options = {{"recovery", "FILE", N_("the recovery key's file"), 1, 0}, NEW_PASSPHRASE},
     .detail = N_("All other keys of yours end with it. The new key is made beside the old one, under a new passphrase where that\n"
                  "one has one, and the context signs with it from then on. If it is interrupted, the same command goes on."),
     .json = JSON_RECEIPT " (not where it goes on with what was recorded before); `file`, `fingerprint`, `has_passphrase`"},
    {.name = NULL},
};
