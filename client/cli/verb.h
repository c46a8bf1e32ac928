/* Verbs: what `comity` can do. One row a verb; parsing, help, usage errors, docs/cli.md and tests walk the
 * table.
 *
 * A name is one word or two, the noun first: "round open". */
#ifndef COMITY_CLI_VERB_H
#define COMITY_CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>

struct cli;

enum { VERB_ARGUMENTS_MAX = 3, VERB_OPTIONS_MAX = 12, VERB_USAGE_MAX = 512 };

struct verb_argument {
    const char *name; /* as usage shows it: "PROPOSAL"; NULL ends the list */
    const char *summary;
    bool is_optional;
};

struct verb_option {
    const char *name;  /* without the dashes; NULL ends the list */
    const char *value; /* as usage shows it; NULL: takes none */
    const char *summary;
    bool is_required;
    bool is_list; /* may be given several times */
};

/* What has to be there before the verb's function runs. Each includes those before it. */
enum verb_needs {
    NEEDS_NOTHING,
    NEEDS_HOME,    /* the directory of contexts and keys; made where there is none */
    NEEDS_PLACE,   /* a context: brokers and the group's key */
    NEEDS_HISTORY, /* a context that names a history */
    NEEDS_MEMBER,  /* and a signing key */
};

/* What a command does when no broker answers. */
enum verb_cut_off {
    CUT_OFF_ENDS,  /* it says so and ends */
    CUT_OFF_SHOWS, /* it shows what was read before, and ends as having reached nobody: what only shows, and writes nothing */
    CUT_OFF_KEEPS, /* and what it gives is signed, and kept to be sent */
};

struct verb {
    const char *name;
    const char *group; /* heading in the list of verbs */
    const char *summary;
    int (*run)(struct cli *cli); /* 0 or a code of core/error.h; cli_fail may have said more */
    enum verb_needs needs;
    bool is_joint; /* a joint act: takes the options of JOINT_OPTIONS as well */
    bool is_final; /* cannot be undone: takes the options of FINAL_OPTIONS as well, and asks on a terminal */
    bool is_own_often; /* joint in some cases alone, which its summary names */
    enum verb_cut_off cut_off;
    const char *signs; /* of a joint act: who has to sign; NULL: a co-chair of every party */
    struct verb_argument arguments[VERB_ARGUMENTS_MAX + 1];
    struct verb_option options[VERB_OPTIONS_MAX + 1];
    const char *detail; /* further sentences of `comity help VERB`; may be NULL */
    const char *json;   /* members of the document besides those that all have; may be NULL */
};

/* Members of the documents of verbs that act. */
#define JSON_RECEIPT                                                                                         \
    "`receipt` {command_id, history, sequence, events, epoch, time_ms}, `event` (the first one it caused)"
#define JSON_NUMBER JSON_RECEIPT ", `number` (of what was made)"
#define JSON_LADDER                                                                                          \
    "`stage` (number of the proposal's open stage, or null), `final_outcome` (that stands after its stages, or null)"
#define JSON_FINALITY                                                                                        \
    "`finality` {final, verified, is_final (of what is shown; null: of the whole record), parties [{constituency, " \
    "has_witness, covered, awaits_accept}]}"
#define JSON_RECEIPT_FILE                                                                                    \
    "`history`, `epoch`, `sequence`, `time_ms`, `command_id`, `log_key`, `log_key_fingerprint`, `command` (Command, or null), `event` (Event), " \
    "`cosigners` [{key, size, time_s}]"
#define JSON_JOINT JSON_RECEIPT ", or with --draft `draft` as of `draft show`"

/* Two options of what makes a key's file. */
#define NEW_PASSPHRASE                                                                                       \
    {"protect", NULL, N_("under a passphrase, which is asked for twice"), 0, 0},                             \
    {                                                                                                        \
        "new-passphrase-file", "FILE", N_("for programs: under the passphrase in the first line of a file"), 0, 0 \
    }

/* Options that every verb takes, those of joint acts, and those of what cannot be undone. */
extern const struct verb_option COMMON_OPTIONS[];
extern const struct verb_option JOINT_OPTIONS[];
extern const struct verb_option FINAL_OPTIONS[];

/* These lists, in the order in which a verb's options are walked, behind its own. NULL past the last. */
struct verb_option_list {
    const struct verb_option *rows;
    const char *heading; /* in a man page */
};
const struct verb_option_list *verb_option_list_at(unsigned index);
bool verb_takes_list(const struct verb *verb, unsigned index); /* @verb NULL: only what all take */

const struct verb *verb_at(unsigned index); /* NULL past the end */

/* The verb that @words begin with, and how many words its name has. NULL where there is none. */
const struct verb *verb_find(char *const *words, size_t count, size_t *ret_used);
const struct verb *verb_by_name(const char *name);

/* Is it the first word of any verb? */
bool verb_is_noun(const char *word);

/* The verb whose name is nearest to what was typed; NULL where none is near. */
const struct verb *verb_nearest(const char *typed);

/* An option by its name, wherever it comes from. NULL where the verb takes no such option. */
const struct verb_option *verb_option_find(const struct verb *verb, const char *name);

/* Walk all options of a verb: its own, those of joint acts, the common ones. NULL past the end. */
const struct verb_option *verb_option_at(const struct verb *verb, size_t index);

/* "comity round open PROPOSAL --rule NAME [--closes TIME]": its own arguments and options. */
void verb_usage(const struct verb *verb, char ret_usage[VERB_USAGE_MAX]);

/* How many letters have to be changed, added, dropped or swapped: for suggestions. */
unsigned word_distance(const char *a, const char *b);

#endif
