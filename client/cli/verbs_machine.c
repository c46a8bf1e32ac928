/* Verbs of what is on this machine: an installation, keys, contexts, settings. */
#include "client/cli/verbs.h"
#include "core/words.h"

#define JSON_KEY_FILE "`key`, `fingerprint`, `file`, `has_passphrase`"
#define KEY_FILE                                                                                             \
    {                                                                                                        \
        "FILE", N_("a key file (else the context's, else the home's own)"), 1                                \
    }
#define DEVICE_KEY                                                                                           \
    {                                                                                                        \
        "key", "FILE", N_("another key file than the home's own"), 0, 0                                      \
    }
#define WORDS_LIST                                                                                           \
    {                                                                                                        \
        "list", "en|es|fr", N_("whose words (else of the language that is spoken)"), 0, 0                    \
    }

const struct verb VERBS_MACHINE[] = {
    {.name = "up",
     .group = N_("An installation on this machine"),
     .run = up_run,
     .needs = NEEDS_HOME,
     .summary = N_("run a whole installation on this machine: a broker and a worker, looked after"),
     .options = {{"data", "DIRECTORY", N_("where everything of it is kept (else `installation` in the home)"),
                  0, 0},
                 {"sites", "N", N_("1 (if it is not given), 3 or 5: at each a broker, a worker and a member of etcd"), 0, 0},
                 {"detach", NULL, N_("return once it runs, and leave it running"), 0, 0}},
     .detail =
         N_("Everything that is missing is made: keys, configuration, a founding token, free ports on the "
            "loopback\n"
            "interface, and an operator's context. What dies is started again. Ends on Ctrl-C and SIGTERM."),
     .json = "`data`, `context`, `sites` (how many), `place` {group_key, brokers}; `faults` [line] where a site of several has not started "
             "and the others go on; printed once all is ready"},
    {.name = "down",
     .group = N_("An installation on this machine"),
     .run = down_run,
     .needs = NEEDS_HOME,
     .summary = N_("end what `comity up` started"),
     .options = {{"data", "DIRECTORY", N_("its directory (else `installation` in the home)"), 0, 0}},
     .json = "`was_running`"},
    {.name = "status",
     .group = N_("An installation on this machine"),
     .run = status_run,
     .needs = NEEDS_PLACE,
     .summary = N_("show what the worker and the brokers say of themselves"),
     .json = "`worker` (StatusAnswer; its figures are null unless you operate it), `brokers` [{endpoint, "
             "state, status (BrokerStatus; null unless you "
             "operate it)}]"},
    {.name = "move",
     .group = N_("An installation on this machine"),
     .run = move_run,
     .needs = NEEDS_PLACE,
     .summary = N_("for operators: move a partnership to another group of workers"),
     .arguments = {{"HISTORY", N_("the partnership's history, 64 hexadecimal digits"), 0}},
     .options = {{"to", "CONTEXT", N_("an operator's context of the group that takes it"), 1, 0},
                 {"log-key", "FILE", N_("the log key of both groups (else of the installation on this machine)"), 0, 0},
                 {"undo", NULL, N_("take it back, as long as the other group has not all of it"), 0, 0}},
     .detail = N_("While it moves, reading goes on, and acts are told to try again shortly. What is interrupted goes on\n"
                  "when the same command is given again. Members' machines follow by themselves."),
     .json = "`history`, `stage` (MOVED, or FROZEN taken back)"},
    {.name = "doctor",
     .group = N_("An installation on this machine"),
     .run = doctor_run,
     .summary = N_("look whether you can work from here, and if not, where it stops and what mends it"),
     .detail = N_(
         "It looks at the settings, the home directory, the disk, the context, the keys, what was never\n"
         "confirmed, the way to each broker, the worker and its clock, and whether your key is on the roll.\n"
         "It signs nothing, and sends nothing but questions. With a problem it ends as a command that meets "
         "it "
         "would."),
     .json = "`checks` [{check, finding, what, next}], `warnings`, `problems`: how many; finding is ok, "
             "warning or "
             "problem"},

    /* Keys and contexts */
    {.name = "key new",
     .group = N_("Your keys, and whom you talk to"),
     .run = key_new_run,
     .needs = NEEDS_HOME,
     .summary = N_("make a signing key"),
     .options = {{"out", "FILE", N_("another file than the home's own key"), 0, 0}, NEW_PASSPHRASE},
     .json = JSON_KEY_FILE},
    {.name = "key show",
     .group = N_("Your keys, and whom you talk to"),
     .run = key_show_run,
     .needs = NEEDS_HOME,
     .summary = N_("show the public half of a signing key"),
     .arguments = {KEY_FILE},
     .json = JSON_KEY_FILE},
    {.name = "key protect",
     .group = N_("Your keys, and whom you talk to"),
     .run = key_protect_run,
     .needs = NEEDS_HOME,
     .summary = N_("put a passphrase on a signing key, change it, or remove it"),
     .arguments = {KEY_FILE},
     .options = {{"new-passphrase-file", "FILE", N_("for programs: a file whose first line is the new passphrase"), 0, 0},
                 {"remove", NULL, N_("no passphrase any more"), 0, 0}},
     .detail = N_("The passphrase is asked for on the terminal, twice when it is set, and shown nowhere. From then on every\n"
                  "command that signs or reads asks for it once. Nobody can find out a passphrase that was forgotten: see "
                  "`comity key words`."),
     .json = "`file`, `has_passphrase`"},
    {.name = "key words",
     .group = N_("Your keys, and whom you talk to"),
     .run = key_words_run,
     .needs = NEEDS_HOME,
     .summary = N_("show a signing key as 24 words, to be kept on paper"),
     .arguments = {KEY_FILE},
     .options = {WORDS_LIST,
                 {"even-here", NULL, N_("print them though standard output is no terminal"), 0, 0}},
     .detail = N_("They are the key itself, by the standard BIP-39. With --json it is refused: secrets go into no document."),
     .json = "none: it is refused"},
    {.name = "key from-words",
     .group = N_("Your keys, and whom you talk to"),
     .run = key_from_words_run,
     .needs = NEEDS_HOME,
     .summary = N_("make a signing key's file from its 24 recovery words, which standard input has"),
     .options = {{"out", "FILE", N_("another file than the home's own key"), 0, 0}, WORDS_LIST, NEW_PASSPHRASE},
     .detail = N_("In upper or lower case, with or without accents; the first four letters of a word are enough."),
     .json = JSON_KEY_FILE},
    {.name = "key list",
     .group = N_("Your keys, and whom you talk to"),
     .run = key_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list your keys: one a machine, since when and how each came, which is this machine's, and which are revoked"),
     .options = {{"all", NULL, N_("the keys of all members"), 0, 0}},
     .json = "`keys` [Key, and `fingerprint`, `is_this_machine`; without --all `since_ms` and `came_by`: FOUNDING, JOINING, ADDED, REPLACING, "
             "WAY_BACK or RECOVERY_KEY]"},
    {.name = "key request",
     .group = N_("Your keys, and whom you talk to"),
     .run = key_request_run,
     .needs = NEEDS_HOME,
     .summary = N_("on a new machine of yours: make its key, and a request to let it sign for you"),
     .arguments = {{"FILE", N_("where the request goes; it holds no secret"), 0}},
     .options = {DEVICE_KEY, NEW_PASSPHRASE},
     .detail = N_("Then `comity key add` on a machine that signs for you already, and `comity key accept` on this one. Compare "
                  "the\nfingerprints that both show: that is what keeps somebody else's key out."),
     .json = JSON_KEY_FILE ", `request`"},
    {.name = "key add",
     .group = N_("Your keys, and whom you talk to"),
     .run = key_add_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("let a further machine of yours sign for you: answers what `comity key request` wrote there"),
     .arguments = {{"REQUEST", N_("the file from the new machine"), 0}},
     .options = {{"out", "FILE", N_("where the answer goes, for the new machine"), 1, 0}},
     .detail = N_("The key is added when the new machine sends the answer, which holds no secret. A member has at most 8 "
                  "valid keys."),
     .json = "`key`, `fingerprint`, `file`"},
    {.name = "key accept",
     .group = N_("Your keys, and whom you talk to"),
     .run = key_accept_run,
     .needs = NEEDS_HOME,
     .summary = N_("on the new machine: take what `comity key add` answered, and sign for yourself from then on"),
     .arguments = {{"FILE", N_("the file from your other machine"), 0}},
     .options = {DEVICE_KEY, {"name", "NAME", N_("what the context is to be called (else as the partnership)"), 0, 0}},
     .json = JSON_RECEIPT ", `context`, `fingerprint`"},
    {.name = "key rotate",
     .group = N_("Your keys, and whom you talk to"),
     .run = key_rotate_run,
     .needs = NEEDS_MEMBER,
     .is_final = true,
     .summary = N_("put a new key in place of this machine's, which is revoked by it"),
     .options = {NEW_PASSPHRASE},
     .detail = N_("The file is replaced once the receipt was checked. If it is interrupted, the old or the new key works: the "
                  "same\ncommand finds out which, and goes on. A key under a passphrase gets a new one."),
     .json = JSON_RECEIPT " (not where it goes on with what was recorded before); `key`, `fingerprint`, `file`"},
    {.name = "key revoke",
     .group = N_("Your keys, and whom you talk to"),
     .run = key_revoke_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .is_final = true,
     .summary =
         N_("end the validity of a key: your own, or as a co-chair one of your constituency's; or withdraw "
            "an invitation"),
     .arguments =
         {{"KEY",
           N_("its member's name or number, its fingerprint, or its 64 hexadecimal digits; of an invitation "
              "its fingerprint or digits"),
           0}},
     .detail = N_("For your own key --yes is needed: you cannot sign or read any more once it is revoked."),
     .json = JSON_JOINT "; `seats` [{body, seat}] and `invitations` [Invitation] that remain"},
    {.name = "context list",
     .group = N_("Your keys, and whom you talk to"),
     .run = context_list_run,
     .needs = NEEDS_HOME,
     .summary = N_("list the partnerships that this machine knows"),
     .json = "`contexts` [context as of `context show`]"},
    {.name = "context use",
     .group = N_("Your keys, and whom you talk to"),
     .run = context_use_run,
     .needs = NEEDS_HOME,
     .summary = N_("choose which of them commands go to"),
     .arguments = {{"CONTEXT", N_("name of the context"), 0}},
     .json = "`context` (its name)"},
    {.name = "context show",
     .group = N_("Your keys, and whom you talk to"),
     .run = context_show_run,
     .needs = NEEDS_HOME,
     .summary = N_("show what this machine knows of one"),
     .arguments = {{"CONTEXT", N_("name of the context (else the current one)"), 1}},
     .json = "`context` {name, title, is_current, history, place, signing_key, connection_key, data, seen, "
             "log_keys, brokers (in the order in which they are tried), broker_list (its number; 0: none is kept)}"},
    {.name = "context add",
     .group = N_("Your keys, and whom you talk to"),
     .run = context_add_run,
     .needs = NEEDS_HOME,
     .summary = N_("make a context by hand"),
     .arguments = {{"NAME", N_("its name"), 0}},
     .options = {{"place", "FILE", N_("where workers are reached, as `comity up` wrote it"), 1, 0},
                 {"history", "HEX", N_("the partnership's history; none: an operator's context"), 0, 0},
                 {"key", "FILE", N_("your signing key (else the home's own)"), 0, 0}},
     .json = "`context` (its name)"},
    {.name = "context remove",
     .group = N_("Your keys, and whom you talk to"),
     .run = context_remove_run,
     .needs = NEEDS_HOME,
     .is_final = true,
     .summary = N_("forget a partnership on this machine; keys and what was signed stay"),
     .arguments = {{"CONTEXT", N_("name of the context"), 0}},
     .json = "`context` (its name)"},
    {.name = "config show",
     .group = N_("Your keys, and whom you talk to"),
     .run = config_show_run,
     .summary = N_("show the settings of this machine: their values, and where these come from"),
     .options = {{"origin", NULL, N_("the flag, variable or file that each comes from"), 0, 0}},
     .detail = N_(
         "The first of these that has a setting counts: the flag, the environment, the context, the home's\n"
         "config.ini, the default."),
     .json =
         "`settings` [{name, value, origin, where}]; origin is flag, environment, context, file or default"},
    {.name = "config set",
     .group = N_("Your keys, and whom you talk to"),
     .run = config_set_run,
     .summary = N_("keep a setting: timeout, color, accessible or language"),
     .arguments = {{"SETTING", N_("its name"), 0},
                   {"VALUE", N_("its value; left out: it is not kept any longer"), 1}},
     .options = {{"in-context", NULL, N_("for this partnership alone"), 0, 0}},
     .json = "`setting`, `value`"},
    {.name = NULL},
};
