/* comity-worker: the state machine of a group of histories. docs/operations.md, "The worker". */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/daemon/log.h"
#include "core/daemon/process.h"
#include "core/daemon/progress.h"
#include "core/error.h"
#include "core/text.h"
#include "worker/clock.h"
#include "worker/export.h"
#include "worker/group_log.h"
#include "worker/join.h"
#include "worker/run.h"
#include "worker/settings.h"

static const char USAGE[] =
    "usage: comity-worker --config FILE [--check | --accept-clock]\n"
    "       comity-worker keys --config FILE\n"
    "       comity-worker export --config FILE --to FILE [--history HEX]\n"
    "       comity-worker restore --config FILE --from FILE [--accept-clock]\n"
    "       comity-worker verify --config FILE\n"
    "       comity-worker begin --config FILE [--all-stores-compared]\n"
    "       comity-worker join --config FILE (--broker ENDPOINT --broker-key HEX | --from FILE)\n"
    "       comity-worker leave --config FILE --name NAME\n"
    "       comity-worker place --config FILE\n"
    "       comity-worker --help | --help-config | --version\n"
    "\n"
    "Runs until SIGTERM, which finishes what is in hand. SIGHUP takes up the configuration anew.\n"
    "\n"
    "  keys           make those of the three key files that are missing; print the public halves\n"
    "  export         write the store, or one history of it, to a new file; a worker may be running\n"
    "  restore        make a store from such a file, in an empty data directory; opens a new epoch\n"
    "  verify         read every row of the store and say whether it is whole; a worker may be running\n"
    "  begin          begin the log of a group of several sites in etcd, behind this store; once, by one "
    "worker\n"
    "  join           make a store from a copy of another worker's of the group; goes on where it was "
    "interrupted\n"
    "  leave          let go of what the log keeps for a worker that is gone for good\n"
    "  place          say where the store is in the log, and in each history; a worker may be running\n"
    "\n"
    "  --config FILE  the configuration\n"
    "  --check        read the configuration and the key files, say what is wrong with them, and end\n"
    "  --accept-clock the clock is right, however far it is from the newest event in the store\n"
    "  --all-stores-compared  the store of every worker of the group is there, and none has more than this "
    "one (place)\n"
    "  --broker       the front of a broker over which another worker of the group can be reached: "
    "tcp://HOST:PORT\n"
    "  --help-config  print a sample configuration with every key explained\n";

/* What any of the parts may have to say. */
enum { REASON_MAX = 1024 };
_Static_assert((int) REASON_MAX >= (int) EXPORT_REASON_MAX && (int) REASON_MAX >= (int) STORE_REASON_MAX &&
                   (int) REASON_MAX >= (int) RUN_REASON_MAX && (int) REASON_MAX >= (int) CONFIG_REASON_MAX &&
                   (int) REASON_MAX >= (int) GROUP_LOG_REASON_MAX &&
                   (int) REASON_MAX >= (int) JOIN_REASON_MAX,
               "reasons");

struct arguments {
    const char *verb; /* NULL: run */
    const char *config, *to, *from, *history, *broker, *broker_key, *name;
    bool is_check, accepts_clock, all_compared;
};

static int complain(int code, const char *sentence)
{
    fprintf(stderr, "comity-worker: %s\n", sentence);
    return process_exit_code(code);
}

/* The verbs. */

static int check(struct worker_settings **settings, const struct arguments *arguments)
{
    (void) arguments;
    const char *ready_file = (*settings)->ready_file;
    char reason[REASON_MAX] = "";
    if (ready_file[0] != '\0' && !process_has_folder(ready_file)) {
        snprintf(reason, sizeof(reason), "ready_file %.300s: there is no such folder: make it.", ready_file);
        return complain(ERR_CONFIG, reason);
    }
    int code = group_log_check(*settings, reason);
    if (code)
        return complain(code, reason);
    puts("The configuration can be used.");
    return EXIT_ORDERLY;
}

/* Without settings: it is there for a configuration whose key files are still to be made. */
static int keys(struct worker_settings **settings, const struct arguments *arguments)
{
    (void) settings;
    char reason[REASON_MAX] = "", hex[2 * KEY_SIZE + 1], group_hex[2 * GROUP_ID_SIZE + 1];
    uint8_t group[GROUP_ID_SIZE];
    struct settings_public made[SETTINGS_KEYS];
    int code = settings_make_keys(arguments->config, made, reason);
    if (code)
        return complain(code, reason);
    for (size_t i = 0; i < SETTINGS_KEYS; i++) {
        hex_encode(BYTES(made[i].key, KEY_SIZE), hex);
        printf("%s %s public %s%s\n", made[i].name, made[i].path, hex, made[i].is_new ? " (new)" : "");
    }
    group_id(made[SETTINGS_GROUP_KEY].key, group);
    hex_encode(BYTES(group, GROUP_ID_SIZE), group_hex);
    hex_encode(BYTES(made[SETTINGS_CONNECTION_KEY].key, KEY_SIZE), hex);
    printf("\nIn the configuration of every broker:\n[worker NAME]\nkey = %s\ngroup = %s\n\n", hex,
           group_hex);
    hex_encode(BYTES(made[SETTINGS_GROUP_KEY].key, KEY_SIZE), hex);
    printf("In the place file that members get:\n\"group_key\": \"%s\"\n\n"
           "The files themselves are secrets: keep a copy of the group's key in a safe.\n",
           hex);
    return EXIT_ORDERLY;
}

static void print_totals(const char *verb, const struct export_totals *totals)
{
    printf("%s: %" PRIu32 " histories, %" PRIu64 " events, %" PRIu64 " commands, %" PRIu64 " bytes\n", verb,
           totals->histories, totals->events, totals->commands, totals->bytes);
}

static int open_to_read(const struct worker_settings *settings, struct store **ret_store,
                        char reason[STORE_REASON_MAX])
{
    struct store_options options = {
        .directory = settings->data,
        .map_limit_bytes = settings->map_limit_bytes,
        .group = settings->group,
        .is_read_only = true,
    };
    return store_open(&options, ret_store, reason);
}

/* Who sits at it sees how far it is. */
static void show_progress(void *context, const struct export_totals *totals)
{
    progress_count(context, totals->events, 0);
}

static void watch_progress(struct progress *progress, const char *what)
{
    progress_init(progress, isatty(STDERR_FILENO) ? PROGRESS_REDRAWN : PROGRESS_NONE, stderr);
    progress_begin(progress, what);
}

static int export(struct worker_settings **settings, const struct arguments *arguments)
{
    char reason[REASON_MAX] = "";
    uint8_t history[HISTORY_ID_SIZE];
    if (!arguments->to)
        return complain(ERR_USAGE, "Give the file to write: --to FILE.");
    if (arguments->history && hex_decode(arguments->history, history, sizeof(history)))
        return complain(ERR_USAGE, "A history's id is 64 hexadecimal digits.");
    CLEANUP(store_close) struct store *store = NULL;
    int code = open_to_read(*settings, &store, reason);
    if (code)
        return complain(code, reason);
    struct progress progress;
    struct export_options options = {
        .progress = show_progress,
        .context = &progress,
        .store = store,
        .history = arguments->history ? history : NULL,
        .log_key = &(*settings)->log_key,
        .time_ms = clock_unix_ms(),
    };
    struct export_totals totals;
    watch_progress(&progress, "Exporting events");
    code = export_write_file(&options, arguments->to, &totals, reason);
    progress_end(&progress);
    if (code)
        return complain(code, reason);
    print_totals("exported", &totals);
    return EXIT_ORDERLY;
}

/* An epoch is called after the second in which it was opened: whoever restores the same backup once more gets
 * another, if this one is over by then. */
static void wait_out_second(int64_t time_ms)
{
    int64_t left_ms = time_ms - time_ms % 1000 + 1000 - clock_unix_ms();
    if (left_ms > 0 && left_ms <= 1000)
        usleep((useconds_t) left_ms * 1000);
}

static int restore(struct worker_settings **settings, const struct arguments *arguments)
{
    char reason[REASON_MAX] = "";
    if (!arguments->from)
        return complain(ERR_USAGE, "Give the file to read: --from FILE.");
    struct progress progress;
    struct restore_options options = {
        .progress = show_progress,
        .context = &progress,
        .directory = (*settings)->data,
        .map_limit_bytes = (*settings)->map_limit_bytes,
        .group = (*settings)->group,
        .log_key = &(*settings)->log_key,
        .time_ms = clock_unix_ms(),
        .clock_ahead_days = (*settings)->clock_ahead_days,
        .accepts_clock = arguments->accepts_clock,
    };
    struct export_totals totals;
    watch_progress(&progress, "Restoring events");
    int code = restore_read_file(&options, arguments->from, &totals, reason);
    progress_end(&progress);
    if (code)
        return complain(code, reason);
    wait_out_second(options.time_ms);
    print_totals("restored", &totals);
    return EXIT_ORDERLY;
}

static int verify(struct worker_settings **settings, const struct arguments *arguments)
{
    (void) arguments;
    char reason[REASON_MAX] = "";
    CLEANUP(store_close) struct store *store = NULL;
    int code = open_to_read(*settings, &store, reason);
    if (code == 0)
        code = store_verify(store, reason);
    if (code)
        return complain(code, reason);
    puts("The store is whole.");
    return EXIT_ORDERLY;
}

/* The log of several sites. */

static void print_place(const struct store_entry *place)
{
    char hash[2 * HASH_SIZE + 1];
    hex_encode(BYTES(place->hash, HASH_SIZE), hash);
    if (place->number == 0)
        puts("place: none, the store has no part in a log of several sites");
    else
        printf("place: entry %" PRIu64 ", bytes %" PRIu64 ", hash %s, time_ms %" PRId64 "\n", place->number,
               place->total, hash, place->time_ms);
}

static int print_history(void *context, const struct store_history *history)
{
    char id[2 * HISTORY_ID_SIZE + 1];
    (void) context;
    hex_encode(BYTES(history->id, HISTORY_ID_SIZE), id);
    printf("history %s: head %" PRIu64 ", epoch %" PRIu32 ", time_ms %" PRId64 "\n", id, history->head,
           history->epoch, history->time_ms);
    return 0;
}

static int place(struct worker_settings **settings, const struct arguments *arguments)
{
    (void) arguments;
    char reason[REASON_MAX] = "";
    CLEANUP(store_close) struct store *store = NULL;
    CLEANUP(store_abort) struct store_txn *txn = NULL;
    struct store_entry entry = {.number = 0};
    int code = open_to_read(*settings, &store, reason);
    if (code)
        return complain(code, reason);
    code = store_begin_read(store, &txn);
    if (code == 0)
        code = store_entry_get(txn, &entry);
    if (code && code != ERR_NOT_FOUND)
        return complain(code, error_sentence(code));
    print_place(&entry);
    code = store_history_each(txn, print_history, NULL);
    return code ? complain(code, error_sentence(code)) : EXIT_ORDERLY;
}

static int begin(struct worker_settings **settings, const struct arguments *arguments)
{
    char reason[REASON_MAX] = "";
    struct group_log_begun begun;
    int code = group_log_begin(*settings, arguments->all_compared, &begun, reason);
    if (code)
        return complain(code, reason);
    if (begun.is_begun)
        printf("The log is begun behind this store, after entry %" PRIu64
               ". Start the worker; the others join.\n",
               begun.place.number);
    else
        printf("There is a log already, and it goes on from this store (entry %" PRIu64 " of %" PRIu64
               "): nothing was to do.\n",
               begun.place.number, begun.head);
    print_place(&begun.place);
    return EXIT_ORDERLY;
}

static int leave(struct worker_settings **settings, const struct arguments *arguments)
{
    char reason[REASON_MAX] = "";
    if (!arguments->name)
        return complain(ERR_USAGE, "Give the worker's name in its group: --name NAME.");
    int code = group_log_leave(*settings, arguments->name, reason);
    if (code)
        return complain(code, reason);
    printf("The log keeps nothing for %s any more.\n", arguments->name);
    return EXIT_ORDERLY;
}

struct watching {
    struct progress progress;
    const char *what;
};

static void show_joining(void *context, const char *what, uint64_t done, uint64_t total)
{
    struct watching *watching = context;
    if (watching->what != what) {
        progress_end(&watching->progress);
        progress_begin(&watching->progress, what);
        watching->what = what;
    }
    progress_count(&watching->progress, done, total);
}

static void tell(void *context, const char *sentence)
{
    struct watching *watching = context;
    progress_clear(&watching->progress);
    fprintf(stderr, "comity-worker: %s\n", sentence);
}

static int join_with(const struct join_options *options, struct watching *watching)
{
    char reason[REASON_MAX] = "";
    struct join_totals totals;
    /* Over a slow line it takes long: a log that it goes to is told now and then. */
    progress_init(&watching->progress, isatty(STDERR_FILENO) ? PROGRESS_REDRAWN : PROGRESS_LINES, stderr);
    int code = join(options, &totals, reason);
    progress_end(&watching->progress);
    if (code)
        return complain(code, reason);
    print_totals("joined", &totals.taken);
    if (!options->file)
        printf("fetched: %" PRIu64 " bytes of %" PRIu64 "\n", totals.size - totals.before, totals.size);
    print_place(&totals.taken.place);
    return EXIT_ORDERLY;
}

static int join_verb(struct worker_settings **settings, const struct arguments *arguments)
{
    uint8_t broker[KEY_SIZE];
    struct watching watching = {.what = NULL};
    if (!arguments->from == (!arguments->broker || !arguments->broker_key))
        return complain(
            ERR_USAGE,
            "Give a broker's front, --broker tcp://HOST:PORT --broker-key HEX, or a file, --from FILE.");
    if (arguments->broker_key && hex_decode(arguments->broker_key, broker, sizeof(broker)))
        return complain(ERR_USAGE, "--broker-key: a key is 64 hexadecimal digits.");
    struct join_options options = {
        .settings = *settings,
        .file = arguments->from,
        .endpoint = arguments->broker,
        .broker = broker,
        .note = tell,
        .progress = show_joining,
        .context = &watching,
    };
    return join_with(&options, &watching);
}

static int run(struct worker_settings **settings, const struct arguments *arguments)
{
    char reason[REASON_MAX] = "";
    int code = run_worker(arguments->config, settings, arguments->accepts_clock, reason);
    return code ? complain(code, reason) : EXIT_ORDERLY;
}

static const struct verb {
    const char *name;
    int (*carry_out)(struct worker_settings **settings, const struct arguments *arguments);
    bool needs_no_settings;
} VERBS[] = {
    {"keys", keys, .needs_no_settings = true},
    {"export", export, false},
    {"restore", restore, false},
    {"verify", verify, false},
    {"begin", begin, false},
    {"join", join_verb, false},
    {"leave", leave, false},
    {"place", place, false},
};

/* The command line. */

enum option_code {
    OPTION_CONFIG = 256,
    OPTION_CHECK,
    OPTION_TO,
    OPTION_FROM,
    OPTION_HISTORY,
    OPTION_BROKER,
    OPTION_BROKER_KEY,
    OPTION_NAME,
    OPTION_ACCEPT_CLOCK,
    OPTION_ALL_COMPARED,
    OPTION_HELP,
    OPTION_HELP_CONFIG,
    OPTION_VERSION
};

static const struct option OPTIONS[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"to", required_argument, NULL, OPTION_TO},
    {"from", required_argument, NULL, OPTION_FROM},
    {"history", required_argument, NULL, OPTION_HISTORY},
    {"broker", required_argument, NULL, OPTION_BROKER},
    {"broker-key", required_argument, NULL, OPTION_BROKER_KEY},
    {"name", required_argument, NULL, OPTION_NAME},
    {"accept-clock", no_argument, NULL, OPTION_ACCEPT_CLOCK},
    {"all-stores-compared", no_argument, NULL, OPTION_ALL_COMPARED},
    {"help", no_argument, NULL, OPTION_HELP},
    {"help-config", no_argument, NULL, OPTION_HELP_CONFIG},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* Where an option's value goes; NULL: it has none, or is none. */
static const char **value_of(int option, struct arguments *arguments)
{
    switch (option) {
    case OPTION_CONFIG:
        return &arguments->config;
    case OPTION_TO:
        return &arguments->to;
    case OPTION_FROM:
        return &arguments->from;
    case OPTION_HISTORY:
        return &arguments->history;
    case OPTION_BROKER:
        return &arguments->broker;
    case OPTION_BROKER_KEY:
        return &arguments->broker_key;
    case OPTION_NAME:
        return &arguments->name;
    default:
        return NULL;
    }
}

/* True where the whole purpose was to print something, or where the line is not understood (*ret_exit says).
 */
static bool take_option(int option, struct arguments *arguments, int *ret_exit)
{
    const char **value = value_of(option, arguments);
    *ret_exit = EXIT_ORDERLY;
    if (value) {
        *value = optarg;
        return false;
    }
    switch (option) {
    case OPTION_CHECK:
        arguments->is_check = true;
        return false;
    case OPTION_ACCEPT_CLOCK:
        arguments->accepts_clock = true;
        return false;
    case OPTION_ALL_COMPARED:
        arguments->all_compared = true;
        return false;
    case OPTION_HELP:
        fputs(USAGE, stdout);
        return true;
    case OPTION_HELP_CONFIG:
        settings_print_sample();
        return true;
    case OPTION_VERSION:
        printf("comity-worker %s, format level %d, store %d\n", COMITY_VERSION, FORMAT_LEVEL,
               STORE_SCHEMA_VERSION);
        return true;
    default:
        fputs(USAGE, stderr);
        *ret_exit = EXIT_CONFIGURATION;
        return true;
    }
}

static int carry_out(const struct arguments *arguments)
{
    int (*function)(struct worker_settings **, const struct arguments *) = arguments->is_check ? check : run;
    bool needs_settings = true;
    for (size_t i = 0; arguments->verb && i < ARRAY_COUNT(VERBS); i++) {
        if (strcmp(VERBS[i].name, arguments->verb) == 0) {
            function = VERBS[i].carry_out;
            needs_settings = !VERBS[i].needs_no_settings;
        }
    }
    if (arguments->verb && function == run)
        return complain(ERR_USAGE, "There is no such verb: see --help.");
    if (!arguments->config)
        return complain(ERR_USAGE,
                        "Give the configuration: --config FILE. A sample: comity-worker --help-config.");
    char reason[REASON_MAX] = "";
    CLEANUP(settings_destroy) struct worker_settings *settings = NULL;
    int code = key_init();
    if (code)
        return complain(code, error_sentence(code));
    process_forbid_dumps();
    signal(SIGPIPE, SIG_IGN);
    if (needs_settings)
        code = settings_load(arguments->config, &settings, reason);
    if (code)
        return complain(code, reason);
    return function(&settings, arguments);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    int option, exit_code;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1)
        if (take_option(option, &arguments, &exit_code))
            return exit_code;
    if (optind < argc)
        arguments.verb = argv[optind++];
    if (optind < argc)
        return complain(ERR_USAGE, "One verb at most: see --help.");
    return carry_out(&arguments);
}
