/* comity-witness: watches that the record of a partnership only grows, and cosigns what it saw. docs/operations.md,
 * "Running a witness". */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/witness/run.h"
#include "client/witness/state.h"
#include "client/witness/status.h"
#include "core/daemon/process.h"
#include "core/error.h"
#include "core/keyfile.h"
#include "core/note.h"

static const char USAGE[] =
    "usage: comity-witness --config FILE [--check]\n"
    "       comity-witness key --config FILE\n"
    "       comity-witness status --config FILE [--json]\n"
    "       comity-witness note --config FILE HISTORY\n"
    "       comity-witness accept --config FILE HISTORY EPOCH [--log-key KEY] [--back-to NUMBER]\n"
    "       comity-witness --help | --help-config | --version\n"
    "\n"
    "Watches the record of partnerships for one constituency, and cosigns each state of it that extends what it saw\n"
    "before. Runs until SIGTERM.\n"
    "\n"
    "  key            make the key where there is none; print what `comity witness appoint` needs\n"
    "  status         say of each history how far it was cosigned, and what to do. Exit code 4: a fork was seen;\n"
    "                 5: something else waits for you\n"
    "  note           print the latest checkpoint that was cosigned, as a signed note: for comity-audit\n"
    "  accept         follow another epoch, after a restore that every party knows of; or go on after a fork, or\n"
    "                 after something was forgotten\n"
    "\n"
    "  --config FILE  the configuration\n"
    "  --check        read the configuration and the key, say what is wrong with them, and end\n"
    "  --json         print JSON\n"
    "  --log-key KEY  the log key of the epoch to follow: what `comity context show` of members of every party prints\n"
    "  --back-to NUMBER  where it does not hold all that was cosigned: the number to which the restore went back, as members\n"
    "                 of every party know it\n"
    "  --help-config  print a sample configuration with every key explained\n";

struct arguments {
    const char *config, *history, *epoch, *log_key, *back_to;
    bool is_check, is_json;
};

static int complain(int code, const char *sentence)
{
    fprintf(stderr, "comity-witness: %s\n", sentence);
    return process_exit_code(code);
}

/* ---- The key ---- */

static int key_wrong(const struct witness_settings *settings, int code)
{
    char sentence[RUN_REASON_MAX];
    const char *what = code == ERR_FILE && errno == ENOENT
                           ? "there is none: comity-witness key makes it"
                       : code == ERR_FILE ? strerror(errno)
                       : code == ERR_FILE_MODE
                           ? "others can read it, or it is another user's: chown it to this user and chmod it to 600"
                           : error_sentence(code);
    snprintf(sentence, sizeof(sentence), "key_file: %.300s: %s", settings->key_file, what);
    return complain(code == ERR_FILE ? process_file_error() : code, sentence);
}

static int key(const struct witness_settings *settings, const struct arguments *arguments)
{
    (void) arguments;
    struct note_verifier verifier;
    struct signing_key made;
    char hex[2 * KEY_SIZE + 1], fingerprint[FINGERPRINT_SIZE], text[NOTE_VERIFIER_MAX_BYTES + 1];
    bool is_new = access(settings->key_file, F_OK) != 0;
    if (is_new && !process_has_folder(settings->key_file))
        return complain(ERR_CONFIG, "key_file: there is no such folder: make it, for the user that runs it.");
    errno = 0;
    int code = signing_key_load_or_create(settings->key_file, &made);
    if (code != 0)
        return key_wrong(settings, code);
    hex_encode(BYTES(made.public_key, KEY_SIZE), hex);
    key_fingerprint(made.public_key, fingerprint);
    note_verifier_make(settings->name, NOTE_COSIGNATURE, made.public_key, &verifier);
    note_verifier_write(&verifier, text);
    signing_key_wipe(&made);
    printf("name         %s\nkey          %s\nfingerprint  %s\nverifier     %s\nfile         %s%s\n\n", settings->name, hex,
           fingerprint, text, settings->key_file, is_new ? " (new)" : "");
    printf("A co-chair of the constituency whose witness it is to be:\n\n    comity witness appoint %s %s\n\n"
           "The file is a secret of this machine alone: no copy of it is needed, a lost one is replaced by appointing\n"
           "another witness.\n",
           settings->name, hex);
    return EXIT_ORDERLY;
}

/* ---- The other verbs ---- */

static int load_key(const struct witness_settings *settings, struct signing_key *ret_key)
{
    errno = 0;
    int code = signing_key_load(settings->key_file, ret_key);
    return code == 0 ? 0 : key_wrong(settings, code);
}

/* To work with what is kept: of another key's it would be nonsense, and contradict that key's word. */
static int load_key_of_state(const struct witness_settings *settings, struct signing_key *ret_key)
{
    char reason[RUN_REASON_MAX] = "";
    int exit_code = load_key(settings, ret_key);
    if (exit_code != 0)
        return exit_code;
    int code = state_check_key(settings, ret_key->public_key, reason);
    if (code == 0)
        return 0;
    signing_key_wipe(ret_key);
    return complain(code, reason);
}

static int check(const struct witness_settings *settings, const struct arguments *arguments)
{
    (void) arguments;
    struct signing_key loaded;
    int exit_code = load_key_of_state(settings, &loaded);
    if (exit_code != 0)
        return exit_code;
    signing_key_wipe(&loaded);
    if (settings->ready_file[0] != '\0' && !process_has_folder(settings->ready_file))
        return complain(ERR_CONFIG, "ready_file: there is no such folder: make it.");
    puts("The configuration can be used.");
    return EXIT_ORDERLY;
}

static int status(const struct witness_settings *settings, const struct arguments *arguments)
{
    struct signing_key loaded;
    int exit_code = load_key_of_state(settings, &loaded);
    if (exit_code != 0)
        return exit_code;
    exit_code = status_print(settings, loaded.public_key, arguments->is_json, stdout);
    signing_key_wipe(&loaded);
    return exit_code;
}

/* NULL, and said: there is none of this name. */
static const struct history_settings *named_history(const struct witness_settings *settings,
                                                    const struct arguments *arguments)
{
    const struct history_settings *history =
        arguments->history == NULL ? NULL : witness_settings_find(settings, arguments->history);
    if (history == NULL)
        complain(ERR_USAGE, arguments->history == NULL
                                ? "Give the history: comity-witness status lists them."
                                : "The configuration has no such history: comity-witness status lists them.");
    return history;
}

static int note(const struct witness_settings *settings, const struct arguments *arguments)
{
    char reason[RUN_REASON_MAX] = "";
    struct signing_key loaded;
    const struct history_settings *history = named_history(settings, arguments);
    if (history == NULL)
        return EXIT_CONFIGURATION;
    int exit_code = load_key_of_state(settings, &loaded);
    if (exit_code != 0)
        return exit_code;
    int code = status_note(settings, loaded.public_key, history, stdout, reason);
    signing_key_wipe(&loaded);
    return code == 0 ? EXIT_ORDERLY : complain(code, reason);
}

/* A decimal number from @least to @most. */
static bool take_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9' || number < least || number > most)
        return false;
    *ret_number = number;
    return true;
}

static int accept_epoch(const struct witness_settings *settings, const struct arguments *arguments)
{
    char reason[RUN_REASON_MAX] = "";
    const struct history_settings *history = named_history(settings, arguments);
    struct signing_key loaded;
    uint64_t epoch, back_to;
    if (history == NULL)
        return EXIT_CONFIGURATION;
    if (arguments->epoch == NULL)
        return complain(ERR_USAGE, "Give the epoch: comity-witness accept --config FILE HISTORY EPOCH.");
    if (!take_number(arguments->epoch, 1, UINT32_MAX, &epoch))
        return complain(ERR_USAGE, "An epoch is a number, as comity-witness status shows it.");
    uint8_t log_key[KEY_SIZE];
    bool has_log_key = arguments->log_key != NULL, has_back_to = arguments->back_to != NULL;
    if (has_log_key && hex_decode(arguments->log_key, log_key, KEY_SIZE) != 0)
        return complain(ERR_USAGE, "--log-key: give 64 hexadecimal digits, as comity context show prints log_keys.");
    if (has_back_to && !take_number(arguments->back_to, 0, INT64_MAX, &back_to))
        return complain(ERR_USAGE, "--back-to: give the number to which the restore went back.");
    int exit_code = load_key_of_state(settings, &loaded);
    if (exit_code != 0)
        return exit_code;
    int code = status_accept(settings, &loaded, history, (uint32_t) epoch, has_log_key ? log_key : NULL,
                             has_back_to ? &back_to : NULL, stdout, reason);
    signing_key_wipe(&loaded);
    return code == 0 ? EXIT_ORDERLY : complain(code, reason);
}

static int run(const struct witness_settings *settings, const struct arguments *arguments)
{
    (void) arguments;
    char reason[RUN_REASON_MAX] = "";
    struct signing_key loaded;
    int exit_code = load_key_of_state(settings, &loaded);
    if (exit_code != 0)
        return exit_code;
    int code = run_witness(settings, &loaded, reason);
    signing_key_wipe(&loaded);
    return code == 0 ? EXIT_ORDERLY : complain(code, reason);
}

typedef int verb_fn(const struct witness_settings *settings, const struct arguments *arguments);

static const struct verb {
    const char *name;
    verb_fn *carry_out;
    bool takes_history, takes_epoch; /* and with the epoch its log key, and what it went back to */
} VERBS[] = {
    {"key", key, false, false},
    {"status", status, false, false},
    {"note", note, true, false},
    {"accept", accept_epoch, true, true},
};

/* ---- The command line ---- */

static int carry_out(const char *verb, const struct arguments *arguments)
{
    const struct verb none = {"", arguments->is_check ? check : run, false, false};
    const struct verb *found = verb == NULL ? &none : NULL;
    char reason[CONFIG_REASON_MAX] = "";
    for (size_t i = 0; verb != NULL && i < ARRAY_COUNT(VERBS); i++)
        if (strcmp(VERBS[i].name, verb) == 0)
            found = &VERBS[i];
    if (found == NULL)
        return complain(ERR_USAGE, "There is no such verb: see --help.");
    if ((arguments->history != NULL && !found->takes_history) ||
        ((arguments->epoch != NULL || arguments->log_key != NULL || arguments->back_to != NULL) && !found->takes_epoch))
        return complain(ERR_USAGE, "That is more than this takes: see --help.");
    if (arguments->config == NULL)
        return complain(ERR_USAGE, "Give the configuration: --config FILE. A sample: comity-witness --help-config.");
    CLEANUP(witness_settings_destroy) struct witness_settings *settings = NULL;
    int code = key_init();
    if (code != 0)
        return complain(code, error_sentence(code));
    code = witness_settings_load(arguments->config, &settings, reason);
    return code != 0 ? complain(code, reason) : found->carry_out(settings, arguments);
}

/* The exit code where there is nothing more to do, -1 to go on. */
static int take_options(int argc, char **argv, struct arguments *arguments)
{
    static const struct option OPTIONS[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
        {"json", no_argument, NULL, 'j'},         {"log-key", required_argument, NULL, 'l'},
        {"back-to", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},
        {"help-config", no_argument, NULL, 'H'},  {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'c':
            arguments->config = optarg;
            break;
        case 'k':
            arguments->is_check = true;
            break;
        case 'j':
            arguments->is_json = true;
            break;
        case 'l':
            arguments->log_key = optarg;
            break;
        case 'b':
            arguments->back_to = optarg;
            break;
        case 'h':
            fputs(USAGE, stdout);
            return EXIT_ORDERLY;
        case 'H':
            witness_settings_print_sample();
            return EXIT_ORDERLY;
        case 'v':
            puts("comity-witness " COMITY_VERSION);
            return EXIT_ORDERLY;
        default:
            fputs(USAGE, stderr);
            return EXIT_CONFIGURATION;
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    process_forbid_dumps();
    struct arguments arguments = {0};
    int exit_code = take_options(argc, argv, &arguments);
    if (exit_code >= 0)
        return exit_code;
    const char *verb = optind < argc ? argv[optind++] : NULL;
    if (optind < argc)
        arguments.history = argv[optind++];
    if (optind < argc)
        arguments.epoch = argv[optind++];
    if (optind < argc)
        return complain(ERR_USAGE, "That is more than this takes: see --help.");
    return carry_out(verb, &arguments);
}
