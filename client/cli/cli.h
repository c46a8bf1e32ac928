/* One run of `comity`: what was asked, what is known, what comes out. Passed to every verb. */
#ifndef COMITY_CLI_CLI_H
#define COMITY_CLI_CLI_H

#include <json-c/json.h>

#include "client/cli/arguments.h"
#include "client/cli/context.h"
#include "client/cli/exit.h"
#include "client/cli/settings.h"
#include "client/cli/terminal.h"
#include "core/arena.h"
#include "core/daemon/progress.h"
#include "core/error.h"
#include "core/key.h"
#include "core/message.h"

/* What a run may keep in memory at most. A control of the tests has less. */
#ifndef COMITY_CONTROL_ARENA_BYTES
#define COMITY_CONTROL_ARENA_BYTES 256 * 1024 * 1024
#endif
enum { WHAT_MAX = 768, NEXT_MAX = 512, CLI_ARENA_BYTES = COMITY_CONTROL_ARENA_BYTES };

/* Why a run failed: what, why, what to do next. */
struct failure {
    int code;
    char what[WHAT_MAX]; /* sentences; empty: the error table's */
    char next[NEXT_MAX]; /* a command or an advice; empty: by the code */
    char field[FIELD_PATH_MAX];
    uint64_t latest, limit;                   /* as the contract's Refusal has them */
    char command_id[2 * COMMAND_ID_SIZE + 1]; /* of a command that was signed; else empty */
    bool is_unconfirmed;                      /* sent, and no word that counts came back */
    bool is_unusable;  /* a file or a text that was given is no good; nothing was sent */
    bool is_unsent;    /* nothing left this machine, or no answer to a question came */
    bool is_waiting;   /* the act is signed and kept, and not sent yet */
    uint64_t recorded; /* number of what this run had recorded before it failed; 0: nothing */
};

struct desk;
struct signers;
struct shown_finality;

struct cli {
    struct arguments arguments;
    struct arena *arena;
    bool is_json;
    struct settings settings;
    struct terminal terminal;
    struct progress progress; /* of what takes longer than a second */
    bool is_streaming;        /* documents were printed line by line: none at the end */
    struct json_object *document;
    struct failure failure;
    struct failure unreached; /* why no broker answers; code 0: it was not found that none does. cut_off.h */
    int64_t kept_ms;        /* when the oldest was read of what was shown of what was read before; 0: nothing was */
    uint64_t kept_as_of;    /* and the sequence that it reflects */
    bool is_apart;          /* what is shown came from a site that could not reach the others, */
    bool is_moving;         /* or from the group that the record is being moved away from, or both in turn, */
    uint64_t apart_as_of;   /* and the least sequence that any of it reflects; of one that streams, the last */
    bool is_apart_now;      /* the last answer came from such a site, */
    bool is_moving_now;     /* or from such a group */
    bool has_told_apart;    /* cut_off_stream has said so, and has not taken it back since */
    bool has_told_moving;
    int64_t fresh_ms;       /* when it was last asked for what is fresh, by this machine's clock */
    uint64_t recorded;      /* number of what this run's last command is in the record; 0: none */
    char home[HOME_MAX];    /* with NEEDS_HOME */
    struct context context; /* with NEEDS_PLACE */
    struct shown_finality *finality; /* asked for once a run: finality.h */
    uint64_t latest; /* number of the last event that changed a row of those that were shown; finality_shows */
    struct desk *desk;      /* the connection, made when it is first used: desk.h */
    struct signers *signers; /* keys that were opened by a passphrase: signer.h */
};

/* Run one command line. Returns the exit code. */
int cli_run(int argc, char **argv);

/* Make ready what verbs of this row need. For a verb whose options need more than the verb. */
int cli_need(struct cli *cli, enum verb_needs needs);

/* A context was made: do commands go to it, and if not, how would they? */
void cli_say_current(struct cli *cli, const char *name);

/* With --json, print the document of a success now, and none at the end: for verbs that go on. */
void cli_print_document(struct cli *cli);

/* Fill in the failure and return its code: `return cli_fail(cli, ERR_USAGE, "comity key new", "There is
 * ...")`.
 * @next may be NULL. The text must be escaped where it has outside text in it. */
int cli_fail(struct cli *cli, int code, const char *next, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* One of several things that are wrong with what was given: said at once, and in the document's `faults`. The
 * text as in cli_fail, which the verb calls at the end. */
void cli_fault(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a key file that cannot be read: which, and what makes it usable. @next: where there is none.
 */
int cli_fail_key(struct cli *cli, int code, const char *next, const char *path);

/* What was given, a file or a text, is no good: exit code 2, whatever the code is. Returns @code. */
int cli_unusable(struct cli *cli, int code);
/* A file of the user's choosing could not be written: @why is the sentence. One that is there already is a file that cannot
 * be used, whatever it is for. */
int cli_fail_write(struct cli *cli, int code, const char *next, const char *why);

/* Values from the command line. Each fails with a sentence. */
const char *cli_argument(const struct cli *cli, const char *name); /* NULL where it was not given */
const char *cli_option(const struct cli *cli, const char *name);
bool cli_has(const struct cli *cli, const char *name);
int cli_number(struct cli *cli, const char *what, const char *text, uint64_t least, uint64_t most,
               uint64_t *ret_number);
int cli_key(struct cli *cli, const char *what, const char *text, uint8_t ret_key[KEY_SIZE]);

#endif
