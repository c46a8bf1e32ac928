/* comity-broker: routes frames between clients and workers. docs/operations.md. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/loop.h"
#include "broker/rights.h"
#include "core/daemon/process.h"
#include "core/error.h"
#include "core/keyfile.h"

enum { DESCRIPTORS_MAX = 65536 };

static const char USAGE[] =
    "comity-broker " COMITY_VERSION ": routes sealed requests between clients and workers.\n"
    "\n"
    "  comity-broker --config FILE           serve, until SIGTERM or SIGINT\n"
    "  comity-broker --config FILE --check   read the configuration and say whether it can be used\n"
    "  comity-broker --help-config           print every setting, as a commented configuration\n"
    "  comity-broker --help                  print this\n"
    "  comity-broker --version               print the version\n"
    "\n"
    "SIGHUP takes up keys, groups, limits and the log level anew. Exit codes: 0 asked to end, 1 failed,\n"
    "2 the command line, the configuration or a key file cannot be used, 3 an address cannot be had now.\n";

struct program {
    const char *config_path;
    bool is_check;
    size_t open_files;
};

/* Say why not, in one sentence; returns the exit code. */
static int give_up(int error, const char *reason)
{
    fprintf(stderr, "comity-broker: %s\n", reason);
    return process_exit_code(error);
}

static void print_line(const char *line, void *context)
{
    (void) context;
    puts(line);
}

/* The exit code where there is nothing more to do, -1 to go on. */
static int read_command_line(int argc, char **argv, struct program *program)
{
    static const struct option OPTIONS[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},         {"help-config", no_argument, NULL, 'H'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'c':
            program->config_path = optarg;
            break;
        case 'k':
            program->is_check = true;
            break;
        case 'h':
            fputs(USAGE, stdout);
            return EXIT_ORDERLY;
        case 'H':
            settings_print_sample(print_line, NULL);
            return EXIT_ORDERLY;
        case 'v':
            puts("comity-broker " COMITY_VERSION);
            return EXIT_ORDERLY;
        default:
            return give_up(ERR_USAGE, "this command line is not understood: see --help");
        }
    }
    if (optind < argc)
        return give_up(ERR_USAGE, "it takes options alone: see --help");
    if (!program->config_path)
        return give_up(ERR_USAGE, "give the configuration with --config FILE: see --help");
    return -1;
}

/* As many descriptors as there are to be had, within reason. Returns how many. */
static size_t raise_open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    rlim_t most = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
    limit.rlim_cur = most;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? (size_t) most : 1024;
}

/* Fewer connections where the system has not enough descriptors for them. */
static void fit_connections(const struct program *program, struct settings *settings)
{
    uint32_t *limit = &settings->admission.connection_limit;
    size_t room = program->open_files > 2 * DESCRIPTORS_RESERVED ? program->open_files - DESCRIPTORS_RESERVED
                                                                 : program->open_files / 2;
    if (*limit <= room)
        return;
    log_event(LOG_WARNING, "connections_cut",
              "configured=%u effective=%zu open_files=%zu remedy=raise_LimitNOFILE", (unsigned) *limit, room,
              program->open_files);
    *limit = (uint32_t) room;
}

static int read_settings(void *context, struct settings **ret_settings, char reason[CONFIG_REASON_MAX])
{
    const struct program *program = context;
    int error = settings_read(program->config_path, ret_settings, reason);
    if (error == 0)
        fit_connections(program, *ret_settings);
    return error;
}

/* @is_check: only look, make nothing. */
static int read_key(const struct settings *settings, bool is_check, struct connection_key *ret_key,
                    char *reason)
{
    static const struct {
        int error;
        const char *sentence;
    } ROWS[] = {
        {ERR_FILE_MODE,
         "others can read it, or it is not this user's own: chown it to this user and chmod it to 600"},
        {ERR_MALFORMED, "it is no connection key: give another path, and a new one is made there"},
        {ERR_VERSION, "it was written by another version: give another path, and a new one is made there"},
    };
    const char *path = settings->key_file;
    errno = 0;
    int error = is_check ? connection_key_load(path, ret_key) : connection_key_load_or_create(path, ret_key);
    if (is_check && error == ERR_FILE && errno == ENOENT)
        return 0;
    if (error == 0)
        return 0;
    const char *sentence = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        if (ROWS[i].error == error)
            sentence = ROWS[i].sentence;
    }
    if (sentence)
        snprintf(reason, CONFIG_REASON_MAX, "key_file %s: %s", path, sentence);
    else
        snprintf(reason, CONFIG_REASON_MAX,
                 "key_file %s cannot be read or made (%s): make its folder, owned by this user", path,
                 strerror(errno));
    return error;
}

static void log_limits(const struct settings *settings)
{
    const struct router_limits *limits = &settings->limits;
    log_event(LOG_INFO, "limits",
              "connections=%u address_percent=%u buffer_mib=%u clients=%u pending=%u client_pending=%u "
              "worker_window=%u subscriptions=%u client_subscriptions=%u strangers_per_minute=%u "
              "clients_per_minute=%u address_per_minute=%u",
              settings->admission.connection_limit, settings->admission.address_percent,
              (unsigned) (settings->buffer_bytes >> 20), limits->clients, limits->pending,
              limits->client_pending, limits->worker_window, limits->subscriptions,
              limits->client_subscriptions, limits->rates[RATE_STRANGER].per_minute,
              limits->rates[RATE_CLIENT].per_minute, settings->arrivals.per_minute);
}

static int write_ready_file(const char *path, const struct loop *loop, const struct connection_key *key,
                            char *reason)
{
    char hex[2 * KEY_SIZE + 1];
    char text[1024];
    if (path[0] == '\0')
        return 0;
    hex_encode(BYTES(key->public_key, KEY_SIZE), hex);
    snprintf(text, sizeof(text), "front %s\nback %s\nkey %s\n", loop_endpoint(loop, SIDE_FRONT),
             loop_endpoint(loop, SIDE_BACK), hex);
    int error = process_file_write(path, text);
    if (error == 0)
        return 0;
    snprintf(reason, CONFIG_REASON_MAX,
             "ready_file %s cannot be written (%s): make its folder, or change the path", path,
             strerror(errno));
    return error;
}

static void log_listening(const struct loop *loop, const struct connection_key *key)
{
    char hex[2 * KEY_SIZE + 1];
    char shown[512];
    hex_encode(BYTES(key->public_key, KEY_SIZE), hex);
    for (int side = SIDE_FRONT; side <= SIDE_BACK; side++)
        log_event(LOG_INFO, "listening", "side=%s endpoint=%s key=%s", side_name((enum side) side),
                  log_value(loop_endpoint(loop, (enum side) side), shown, sizeof(shown)), hex);
}

static int serve(struct program *program, struct settings *settings, const struct connection_key *key,
                 int signal_fd)
{
    char reason[CONFIG_REASON_MAX] = "";
    CLEANUP(loop_destroy) struct loop *loop = NULL;
    char *ready_file = strdup(settings->ready_file); /* of this start: a reload does not change it */
    const struct loop_options options = {
        .settings = &settings,
        .key = key,
        .open_files = program->open_files,
        .signal_fd = signal_fd,
        .reload = read_settings,
        .context = program,
    };
    if (!ready_file) {
        settings_destroy(&settings);
        return give_up(ERR_MEMORY, "there is not enough memory to start");
    }
    log_event(LOG_INFO, "starting", "version=%s", COMITY_VERSION);
    log_limits(settings);
    rights_log(&settings->admission);
    int error = loop_new(&options, &loop, reason);
    if (error == 0 && ready_file[0] != '\0')
        unlink(ready_file); /* of one that was killed: the addresses are ours now */
    if (error == 0)
        error = write_ready_file(ready_file, loop, key, reason);
    if (error == 0) {
        log_listening(loop, key);
        error = loop_run(loop);
        snprintf(reason, sizeof(reason), "the sockets failed while serving");
        if (ready_file[0] != '\0')
            unlink(ready_file);
    }
    free(ready_file);
    return error == 0 ? EXIT_ORDERLY : give_up(error, reason);
}

int main(int argc, char **argv)
{
    struct program program = {.open_files = raise_open_files()};
    struct connection_key key;
    char reason[CONFIG_REASON_MAX] = "";
    CLEANUP(settings_destroy) struct settings *settings = NULL;
    int signal_fd = -1;
    int code = read_command_line(argc, argv, &program);
    if (code >= 0)
        return code;
    log_init("comity-broker", LOG_INFO);
    if (key_init() != 0)
        return give_up(ERR_INTERNAL, "the cryptographic library does not start");
    int error = read_settings(&program, &settings, reason);
    if (error == 0)
        error = read_key(settings, program.is_check, &key, reason);
    if (error == 0 && program.is_check)
        error = settings_check(settings, reason);
    if (error != 0)
        return give_up(error, reason);
    if (program.is_check) {
        printf("%s can be used: front %s, back %s, workers: %zu, operators: %zu\n", program.config_path,
               settings->endpoint[SIDE_FRONT], settings->endpoint[SIDE_BACK],
               settings->admission.worker_count, settings->admission.operator_count);
        return EXIT_ORDERLY;
    }
    log_set_level(settings->log_level);
    if (process_signals_open(&signal_fd) != 0)
        return give_up(ERR_INTERNAL, "signals cannot be received");
    struct settings *served = settings;
    settings = NULL; /* the loop's from here on */
    code = serve(&program, served, &key, signal_fd);
    connection_key_wipe(&key);
    close(signal_fd);
    return code;
}
