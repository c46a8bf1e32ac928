#include "worker/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/endpoint.h"
#include "core/error.h"
#include "core/keyfile.h"
#include "core/text.h"

#define MIB ((uint64_t) 1024 * 1024)

enum { RATE_MOST = 100000000 };

static const struct config_key KEYS[] = {
    {"worker", "data", CONFIG_TEXT, NULL, 1, 1000, false, false, false,
     "Directory of the store; made with mode 0700 where there is none. One worker at a time."},
    {"worker", "map_limit_mib", CONFIG_INTEGER, "16384", 16, 16777216, false, false, false,
     "How large the store may grow, in MiB; it takes no more than it needs."},
    {"worker", "connection_key", CONFIG_TEXT, NULL, 1, 1000, false, false, true,
     "File of the worker's connection key (mode 0600); its public half stands in every broker's [worker "
     "NAME]."},
    {"worker", "group_key", CONFIG_TEXT, NULL, 1, 1000, false, false, false,
     "File of the group's key (a connection key, mode 0600): clients seal what they send for it."},
    {"worker", "log_key", CONFIG_TEXT, NULL, 1, 1000, false, false, false,
     "File of the signing seed (mode 0600) that signs this worker's checkpoints and so its receipts."},
    {"worker", "threads", CONFIG_INTEGER, "0", 0, 256, false, false, false,
     "Threads that check signatures and answer queries; 0: as many as there are processors."},
    {"worker", "window", CONFIG_INTEGER, "512", 1, 65535, false, false, false,
     "How many requests each broker may give this worker at once."},
    {"worker", "founding", CONFIG_TEXT, "token", 1, 16, false, false, true,
     "Who may found a history here: nobody, anyone, or whoever shows the token."},
    {"worker", "founding_token_file", CONFIG_TEXT, "", 0, 1000, false, false, true,
     "File of the founding token (mode 0600): one line of 1 to 128 printable ASCII characters."},
    {"worker", "operator", CONFIG_KEY, "", 0, 0, false, true, true,
     "Public connection key that may see the worker's own figures in its STATUS; may be given several "
     "times."},
    {"worker", "ready_file", CONFIG_TEXT, "", 0, 1000, false, false, false,
     "File that is written once a broker has answered, and removed at the end; empty: none."},
    {"worker", "log_level", CONFIG_TEXT, "info", 1, 16, false, false, true,
     "Least level that is logged: debug, info, warning or error."},
    {"worker", "heartbeat_ms", CONFIG_INTEGER, "400", 20, 10000, false, false, true,
     "How often each broker hears from this worker, in milliseconds."},
    {"worker", "silence_ms", CONFIG_INTEGER, "2000", 100, 60000, false, false, true,
     "After how long a broker that says nothing is connected anew, in milliseconds; above heartbeat_ms."},
    {"worker", "drain_ms", CONFIG_INTEGER, "10000", 100, 600000, false, false, true,
     "How long the end may wait for what is in hand, in milliseconds."},
    {"worker", "clock_ahead_days", CONFIG_INTEGER, "400", 0, 36500, false, false, true,
     "How many days the clock may be ahead of the newest event in the store at a start; 0: no limit."},
    {"log", "kind", CONFIG_TEXT, "local", 1, 16, false, false, false,
     "Who orders what is decided: local, where one worker serves the group; etcd, where workers of several sites share one log."},
    {"log", "name", CONFIG_TEXT, "", 0, SETTINGS_NAME_MAX, false, false, false,
     "With etcd: this worker's own name in its group, 1 to 40 of a-z, 0-9 and -, starting with a letter; no two have the same."},
    {"log", "endpoint", CONFIG_TEXT, "", 0, CONFIG_VALUE_MAX - 1, false, true, false,
     "With etcd: a member, https://HOST:PORT; once for each of them, the one of the own site first."},
    {"log", "ca", CONFIG_TEXT, "", 0, CONFIG_VALUE_MAX - 1, false, false, false,
     "With etcd: file of the certificate (PEM) that signs those of etcd's members."},
    {"log", "certificate", CONFIG_TEXT, "", 0, CONFIG_VALUE_MAX - 1, false, false, false,
     "With etcd: file of this worker's own certificate (PEM), by which etcd's members know it."},
    {"log", "key", CONFIG_TEXT, "", 0, CONFIG_VALUE_MAX - 1, false, false, false,
     "With etcd: file of that certificate's key (PEM, mode 0600)."},
    {"log", "quota_mib", CONFIG_INTEGER, "2048", 16, 16384, false, false, false,
     "With etcd: what its members were started with as --quota-backend-bytes, in MiB; the log is kept far below it. etcd does not tell what it was: with "
     "more here nothing warns before etcd takes nothing any more, with less here commands are refused (BUSY) while there is room."},
    {"log", "compare_entries", CONFIG_INTEGER, "1000", 1, 1000000, false, false, false,
     "With etcd: after how many entries the workers compare what their stores hold; the same for all of a group."},
    {"broker", "endpoint", CONFIG_TEXT, NULL, 1, ENDPOINT_MAX - 1, true, false, true,
     "The broker's back, where workers connect: tcp://HOST:PORT."},
    {"broker", "key", CONFIG_KEY, NULL, 0, 0, true, false, true, "The broker's public connection key."},
    {"sites", "number", CONFIG_INTEGER, "0", 0, INT64_MAX, false, false, true,
     "With sections [site NAME]: the number of this list of them. Clients take it up where it is higher than that of the list that "
     "they have: raise it with every change, and give all workers of the group the same."},
    {"site", "endpoint", CONFIG_TEXT, NULL, 1, ENDPOINT_MAX - 1, true, false, true,
     "A broker of the group as clients reach its front: tcp://HOST:PORT. Clients of the group learn of it, by this list that the "
     "log key signs."},
    {"site", "key", CONFIG_KEY, NULL, 0, 0, true, false, true, "That broker's public connection key."},
    {"limits", "requests", CONFIG_INTEGER, "1024", 1, 65536, false, false, true,
     "Requests in hand, from all brokers; whatever is more is answered BUSY."},
    {"limits", "request_mib", CONFIG_INTEGER, "32", 1, 65536, false, false, true,
     "Their size in all, in MiB; whatever is more is answered BUSY."},
    {"limits", "sessions", CONFIG_INTEGER, "4096", 1, 1048576, false, false, true,
     "Clients with leave to read that are remembered; the one unused longest is forgotten and says HELLO "
     "again."},
    {"limits", "strangers", CONFIG_INTEGER, "1024", 1, 1048576, false, false, true,
     "Clients without leave to read that are remembered."},
    {"rates", "commands_per_minute", CONFIG_INTEGER, "600", 0, RATE_MOST, false, false, true,
     "Commands that one key may give in a minute, in the long run; one of more than 4 KiB counts once more for each. 0: no "
     "limit, here and below. What comes sooner is answered BUSY."},
    {"rates", "commands_at_once", CONFIG_INTEGER, "2000", 1, RATE_MOST, false, false, true,
     "How many it may have saved up, and give at once."},
    {"rates", "queries_per_minute", CONFIG_INTEGER, "12000", 0, RATE_MOST, false, false, true,
     "Queries of one member's key in a minute."},
    {"rates", "queries_at_once", CONFIG_INTEGER, "4000", 1, RATE_MOST, false, false, true, "And at once."},
    {"rates", "connection_per_minute", CONFIG_INTEGER, "3000", 0, RATE_MOST, false, false, true,
     "Of one connection key: greetings (and each grant in them), what it asks without leave to read, and what is refused "
     "before it is ordered."},
    {"rates", "connection_at_once", CONFIG_INTEGER, "2000", 1, RATE_MOST, false, false, true, "And at once."},
    {"rates", "strangers_per_minute", CONFIG_INTEGER, "120000", 0, RATE_MOST, false, false, true,
     "The same of all clients without leave to read, together: each costs about as much as a signature."},
    {"rates", "strangers_at_once", CONFIG_INTEGER, "2000", 1, RATE_MOST, false, false, true, "And at once."},
};

__attribute__((format(printf, 3, 4))) static int fail(char reason[CONFIG_REASON_MAX], int code,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, CONFIG_REASON_MAX, format, arguments);
    va_end(arguments);
    return code;
}

/* Why a key file was refused, and what to do. */
static int fail_file(char reason[CONFIG_REASON_MAX], int code, const char *key, const char *path)
{
    char shown[256];
    text_escape(BYTES(path, strlen(path)), false, shown, sizeof(shown));
    if (code == ERR_FILE)
        return fail(reason, code, "%s: %s cannot be read: %s.", key, shown, strerror(errno));
    if (code == ERR_FILE_MODE)
        return fail(reason, code,
                    "%s: %s is a secret that others can read or that is another user's: make it a "
                    "regular file of this user with mode 0600.",
                    key, shown);
    return fail(reason, code, "%s: %s is not what it should be: %s", key, shown, error_sentence(code));
}

static void copy(char *to, const char *from)
{
    snprintf(to, CONFIG_VALUE_MAX, "%s", from);
}

static int load_keys(const struct config *config, struct worker_settings *settings, char *reason)
{
    const char *path = config_text(config, "worker", NULL, "connection_key");
    int code = connection_key_load(path, &settings->connection);
    if (code)
        return fail_file(reason, code, "connection_key", path);
    path = config_text(config, "worker", NULL, "group_key");
    code = connection_key_load(path, &settings->group_key);
    if (code)
        return fail_file(reason, code, "group_key", path);
    group_id(settings->group_key.public_key, settings->group);
    path = config_text(config, "worker", NULL, "log_key");
    code = signing_key_load(path, &settings->log_key);
    return code ? fail_file(reason, code, "log_key", path) : 0;
}

static int make_key(enum settings_key which, const char *path, uint8_t ret_public[KEY_SIZE])
{
    struct connection_key connection;
    struct signing_key signing;
    if (which == SETTINGS_LOG_KEY) {
        int code = signing_key_load_or_create(path, &signing);
        if (code == 0)
            memcpy(ret_public, signing.public_key, KEY_SIZE);
        signing_key_wipe(&signing);
        return code;
    }
    int code = connection_key_load_or_create(path, &connection);
    if (code == 0)
        memcpy(ret_public, connection.public_key, KEY_SIZE);
    connection_key_wipe(&connection);
    return code;
}

int settings_make_keys(const char *path, struct settings_public ret_keys[SETTINGS_KEYS],
                       char reason[CONFIG_REASON_MAX])
{
    static const char *const NAMES[] = {
        [SETTINGS_CONNECTION_KEY] = "connection_key",
        [SETTINGS_GROUP_KEY] = "group_key",
        [SETTINGS_LOG_KEY] = "log_key",
    };
    CLEANUP(config_destroy) struct config *config = NULL;
    int code = config_read(path, KEYS, ARRAY_COUNT(KEYS), &config, reason);
    for (size_t i = 0; code == 0 && i < SETTINGS_KEYS; i++) {
        struct settings_public *key = &ret_keys[i];
        key->name = NAMES[i];
        copy(key->path, config_text(config, "worker", NULL, NAMES[i]));
        key->is_new = access(key->path, F_OK) != 0;
        code = make_key((enum settings_key) i, key->path, key->key);
        if (code)
            code = fail_file(reason, code, NAMES[i], key->path);
    }
    return code;
}

/* One line of a secret file, without its end. ERR_FILE, ERR_FILE_MODE, ERR_MALFORMED. */
static int read_token(const char *path, char ret_token[FOUNDING_TOKEN_MAX + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return ERR_FILE;
    struct stat status;
    char line[FOUNDING_TOKEN_MAX + 2];
    int code = ERR_FILE;
    ssize_t size = 0;
    if (fstat(fd, &status) == 0) {
        bool is_secret = S_ISREG(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 077) == 0;
        code = is_secret ? 0 : ERR_FILE_MODE;
    }
    if (code == 0) {
        size = read(fd, line, sizeof(line));
        code = size < 0 ? ERR_FILE : 0;
    }
    close(fd);
    if (code)
        return code;
    if (size > 0 && line[size - 1] == '\n')
        size--;
    if (size < 1 || size > FOUNDING_TOKEN_MAX)
        return ERR_MALFORMED;
    for (ssize_t i = 0; i < size; i++)
        if (line[i] < 0x20 || line[i] > 0x7e)
            return ERR_MALFORMED;
    memcpy(ret_token, line, (size_t) size);
    ret_token[size] = '\0';
    sodium_memzero(line, sizeof(line));
    return 0;
}

static int load_policy(const struct config *config, struct policy_rules *rules, char *reason)
{
    const char *founding = config_text(config, "worker", NULL, "founding");
    if (!founding_from_name(founding, &rules->founding))
        return fail(reason, ERR_CONFIG, "founding: give nobody, anyone or token.");
    const char *path = config_text(config, "worker", NULL, "founding_token_file");
    if (rules->founding == FOUNDING_TOKEN) {
        if (path[0] == '\0')
            return fail(reason, ERR_CONFIG,
                        "founding = token needs a founding_token_file: name one, or say "
                        "founding = nobody.");
        int code = read_token(path, rules->token);
        if (code)
            return fail_file(reason, code, "founding_token_file", path);
    }
    size_t count = config_count(config, "worker", NULL, "operator");
    if (count > POLICY_OPERATORS_MAX)
        return fail(reason, ERR_CONFIG, "operator: %zu keys are given, and at most %d are allowed: take some out.", count,
                    POLICY_OPERATORS_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *hex = config_at(config, "worker", NULL, "operator", i);
        if (hex[0] == '\0')
            return fail(reason, ERR_CONFIG,
                        "operator: no key stands there: give a public connection key, 64 hexadecimal digits, or take the line out.");
        if (hex_decode(hex, rules->operators[rules->operator_count], KEY_SIZE))
            return fail(reason, ERR_CONFIG, "operator: a key is 64 hexadecimal digits.");
        rules->operator_count++;
    }
    return 0;
}

static int load_brokers(const struct config *config, struct worker_settings *settings, char *reason)
{
    size_t count = config_section_count(config, "broker");
    if (count == 0 || count > SETTINGS_BROKERS_MAX)
        return fail(reason, ERR_CONFIG, "Give 1 to %d sections [broker NAME] with endpoint and key.",
                    SETTINGS_BROKERS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct broker_settings *broker = &settings->brokers[i];
        struct endpoint endpoint;
        const char *form;
        const char *name = config_section_at(config, "broker", i);
        if (strlen(name) > SETTINGS_NAME_MAX)
            return fail(reason, ERR_CONFIG, "[broker %.60s]: a name has at most %d characters: shorten it.", name, SETTINGS_NAME_MAX);
        snprintf(broker->name, sizeof(broker->name), "%s", name);
        copy(broker->endpoint, config_text(config, "broker", name, "endpoint"));
        if (endpoint_parse(broker->endpoint, ENDPOINT_CONNECT, &endpoint, &form) != 0)
            return fail(reason, ERR_CONFIG, "[broker %s] endpoint is to be %s, and is not.", name, form);
        if (!config_key32(config, "broker", name, "key", broker->key))
            return fail(reason, ERR_CONFIG, "[broker %s] key: give the broker's public connection key.",
                        name);
        if (sodium_is_zero(broker->key, KEY_SIZE))
            return fail(reason, ERR_CONFIG,
                        "[broker %s] key: this is the sample's, all zeros: put the broker's own there, which "
                        "is in its log and in its ready_file.",
                        name);
    }
    settings->broker_count = count;
    return 0;
}

static int load_site(const struct config *config, const char *name, struct broker_at *ret_broker, char *reason)
{
    struct endpoint endpoint;
    const char *form;
    snprintf(ret_broker->site, sizeof(ret_broker->site), "%s", name);
    snprintf(ret_broker->endpoint, sizeof(ret_broker->endpoint), "%s", config_text(config, "site", name, "endpoint"));
    if (endpoint_parse(ret_broker->endpoint, ENDPOINT_CONNECT, &endpoint, &form) != 0)
        return fail(reason, ERR_CONFIG, "[site %s] endpoint is to be %s, and is not.", name, form);
    if (!config_key32(config, "site", name, "key", ret_broker->key) || sodium_is_zero(ret_broker->key, KEY_SIZE))
        return fail(reason, ERR_CONFIG, "[site %s] key: give the broker's public connection key.", name);
    return 0;
}

static int compare_sites(const void *a, const void *b)
{
    return strcmp(((const struct broker_at *) a)->site, ((const struct broker_at *) b)->site);
}

/* In the order of their names: all workers of a group give the same bytes, however theirs are ordered. After the keys. */
static int load_sites(const struct config *config, struct worker_settings *settings, char *reason)
{
    struct broker_list list = {.number = (uint64_t) config_integer(config, "sites", NULL, "number"),
                               .count = config_section_count(config, "site")};
    if (list.count == 0 && list.number == 0)
        return 0;
    if (list.count == 0 || list.count > BROKER_LIST_MAX || list.number == 0)
        return fail(reason, ERR_CONFIG,
                    "Give [sites] number, from 1, and 1 to %d sections [site NAME] with endpoint and key; or none of them.",
                    BROKER_LIST_MAX);
    memcpy(list.group, settings->group, GROUP_ID_SIZE);
    for (size_t i = 0; i < list.count; i++) {
        int code = load_site(config, config_section_at(config, "site", i), &list.brokers[i], reason);
        if (code)
            return code;
    }
    qsort(list.brokers, list.count, sizeof(list.brokers[0]), compare_sites);
    int code = announcement_make(&list, &settings->log_key, &settings->announcement);
    if (code == ERR_DUPLICATE)
        return fail(reason, ERR_CONFIG, "[site NAME] endpoint: two have the same.");
    return code ? fail(reason, code, "[site NAME]: %s", error_sentence(code)) : 0;
}

static unsigned number(const struct config *config, const char *section, const char *key)
{
    return (unsigned) config_integer(config, section, NULL, key);
}

static int load_log_files(const struct config *config, struct log_settings *log, char *reason)
{
    const struct {
        const char *name;
        char *value;
    } files[] = {{"ca", log->ca}, {"certificate", log->certificate}, {"key", log->key}};
    struct stat status;
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        const char *path = config_text(config, "log", NULL, files[i].name);
        if (path[0] == '\0')
            return fail(reason, ERR_CONFIG, "[log] kind = etcd needs %s: name the file.", files[i].name);
        if (access(path, R_OK) != 0)
            return fail_file(reason, ERR_FILE, files[i].name, path);
        copy(files[i].value, path);
    }
    if (stat(log->key, &status) != 0 || (status.st_mode & 077) != 0)
        return fail_file(reason, ERR_FILE_MODE, "key", log->key);
    return 0;
}

static int load_log_endpoints(const struct config *config, struct log_settings *log, char *reason)
{
    size_t count = config_count(config, "log", NULL, "endpoint");
    for (size_t i = 0; i < count; i++) {
        const char *endpoint = config_at(config, "log", NULL, "endpoint", i);
        if (endpoint[0] == '\0')
            continue;
        if (log->endpoint_count == ETCD_ENDPOINTS_MAX)
            return fail(reason, ERR_CONFIG,
                        "[log] endpoint: %zu are given, and at most %d are allowed: give each of etcd's members once, and take the "
                        "others out.",
                        count, ETCD_ENDPOINTS_MAX);
        copy(log->endpoints[log->endpoint_count++], endpoint);
    }
    if (log->endpoint_count == 0)
        return fail(reason, ERR_CONFIG, "[log] kind = etcd needs an endpoint of each member: https://HOST:PORT.");
    return 0;
}

static int load_log(const struct config *config, struct log_settings *log, char *reason)
{
    const char *kind = config_text(config, "log", NULL, "kind");
    const char *name = config_text(config, "log", NULL, "name");
    if (strcmp(kind, "local") == 0)
        return 0;
    if (strcmp(kind, "etcd") != 0)
        return fail(reason, ERR_CONFIG, "[log] kind: give local or etcd.");
    if (!name_is_valid(name))
        return fail(reason, ERR_CONFIG,
                    "[log] kind = etcd needs the worker's name in its group: 1 to 40 of a-z, 0-9 and -, starting with a letter.");
    log->kind = LOG_ETCD;
    snprintf(log->name, sizeof(log->name), "%s", name);
    log->quota_bytes = (uint64_t) config_integer(config, "log", NULL, "quota_mib") * MIB;
    log->compare_entries = number(config, "log", "compare_entries");
    int code = load_log_endpoints(config, log, reason);
    return code ? code : load_log_files(config, log, reason);
}

static unsigned processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > 256 ? 256 : (unsigned) count;
}

static int load_log_level(const struct config *config, enum log_level *ret_level, char *reason)
{
    static const char *const NAMES[] = {"debug", "info", "warning", "error"};
    const char *name = config_text(config, "worker", NULL, "log_level");
    for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++) {
        if (strcmp(NAMES[i], name) == 0) {
            *ret_level = (enum log_level) i;
            return 0;
        }
    }
    return fail(reason, ERR_CONFIG, "log_level: give debug, info, warning or error.");
}

static void load_rates(const struct config *config, struct rate_limits *limits)
{
    static const struct {
        const char *per_minute, *at_once;
    } NAMES[RATE_COUNT] = {
        [RATE_COMMANDS] = {"commands_per_minute", "commands_at_once"},
        [RATE_QUERIES] = {"queries_per_minute", "queries_at_once"},
        [RATE_CONNECTION] = {"connection_per_minute", "connection_at_once"},
        [RATE_STRANGERS] = {"strangers_per_minute", "strangers_at_once"},
    };
    for (size_t i = 0; i < RATE_COUNT; i++)
        limits->of[i] = (struct rate_limit){number(config, "rates", NAMES[i].per_minute),
                                            number(config, "rates", NAMES[i].at_once)};
}

static int load_values(const struct config *config, struct worker_settings *settings, char *reason)
{
    copy(settings->data, config_text(config, "worker", NULL, "data"));
    copy(settings->ready_file, config_text(config, "worker", NULL, "ready_file"));
    settings->map_limit_bytes = number(config, "worker", "map_limit_mib") * MIB;
    settings->threads = number(config, "worker", "threads");
    if (settings->threads == 0)
        settings->threads = processors();
    settings->window = number(config, "worker", "window");
    settings->heartbeat_ms = number(config, "worker", "heartbeat_ms");
    settings->silence_ms = number(config, "worker", "silence_ms");
    settings->drain_ms = number(config, "worker", "drain_ms");
    settings->clock_ahead_days = number(config, "worker", "clock_ahead_days");
    settings->jobs.count = number(config, "limits", "requests");
    settings->jobs.bytes = number(config, "limits", "request_mib") * MIB;
    settings->sessions.members = number(config, "limits", "sessions");
    settings->sessions.strangers = number(config, "limits", "strangers");
    load_rates(config, &settings->rates);
    if (settings->silence_ms <= settings->heartbeat_ms)
        return fail(reason, ERR_CONFIG,
                    "silence_ms must be larger than heartbeat_ms: a broker answers heartbeats.");
    return load_log_level(config, &settings->log_level, reason);
}

int settings_load(const char *path, struct worker_settings **ret_settings, char reason[CONFIG_REASON_MAX])
{
    CLEANUP(config_destroy) struct config *config = NULL;
    int code = config_read(path, KEYS, ARRAY_COUNT(KEYS), &config, reason);
    if (code)
        return code;
    /* Keys are in it: memory that is locked, and in no core dump. */
    CLEANUP(settings_destroy) struct worker_settings *settings = sodium_malloc(sizeof(*settings));
    if (!settings)
        return fail(reason, ERR_MEMORY, "%s", error_sentence(ERR_MEMORY));
    memset(settings, 0, sizeof(*settings));
    code = load_values(config, settings, reason);
    if (code == 0)
        code = load_brokers(config, settings, reason);
    if (code == 0)
        code = load_log(config, &settings->log, reason);
    if (code == 0)
        code = load_policy(config, &settings->policy, reason);
    if (code == 0)
        code = load_keys(config, settings, reason);
    if (code == 0)
        code = load_sites(config, settings, reason);
    if (code)
        return code;
    *ret_settings = settings;
    settings = NULL;
    return 0;
}

void settings_destroy(struct worker_settings **settings)
{
    if (!settings || !*settings)
        return;
    sodium_free(*settings); /* which wipes it */
    *settings = NULL;
}

const char *settings_needs_restart(const struct worker_settings *now, const struct worker_settings *next)
{
    const struct {
        const char *name;
        bool differs;
    } fixed[] = {
        {"data", strcmp(now->data, next->data) != 0},
        {"map_limit_mib", now->map_limit_bytes != next->map_limit_bytes},
        {"group_key", memcmp(now->group, next->group, GROUP_ID_SIZE) != 0},
        {"log_key", memcmp(now->log_key.public_key, next->log_key.public_key, KEY_SIZE) != 0},
        {"threads", now->threads != next->threads},
        {"window", now->window != next->window},
        {"ready_file", strcmp(now->ready_file, next->ready_file) != 0},
        {"[log]", memcmp(&now->log, &next->log, sizeof(now->log)) != 0},
    };
    for (size_t i = 0; i < ARRAY_COUNT(fixed); i++)
        if (fixed[i].differs)
            return fixed[i].name;
    return NULL;
}

static void print_line(const char *line, void *context)
{
    (void) context;
    puts(line);
}

void settings_print_sample(void)
{
    config_print_sample(KEYS, ARRAY_COUNT(KEYS), print_line, NULL);
}
