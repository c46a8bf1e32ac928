#include "client/witness/settings.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"

static const struct config_key KEYS[] = {
    {"witness", "name", CONFIG_TEXT, NULL, 1, NAME_MAX_BYTES,
     .summary = "The witness's name, as it is appointed: a-z, 0-9 and -, starting with a letter."},
    {"witness", "key_file", CONFIG_TEXT, "/var/lib/comity-witness/witness.key", 1, 1000,
     .summary = "The key with which it cosigns (mode 0600); `comity-witness key` makes it where there is none. Of this "
                "one machine: two that have it can contradict one another."},
    {"witness", "state", CONFIG_TEXT, "/var/lib/comity-witness/state", 1, 1000,
     .summary = "Directory of what it has seen; made with mode 0700. Never put an older copy in its place, and never "
                "share it between machines."},
    {"witness", "interval_s", CONFIG_INTEGER, "10", 1, 86400,
     .summary = "How often it looks by itself, in seconds; it looks at once when there is news."},
    {"witness", "refresh_s", CONFIG_INTEGER, "3600", 0, 2592000,
     .summary = "After how long a record that does not grow is signed anew, in seconds; 0: never."},
    {"witness", "ready_file", CONFIG_TEXT, "", 0, 1000,
     .summary = "File that is written once it looks after its histories, and removed at the end; empty: none."},
    {"witness", "log_level", CONFIG_TEXT, "info", 1, 7,
     .summary = "Least level that is logged: debug, info, warning or error."},
    {"history", "history", CONFIG_KEY, NULL, .is_named = true,
     .summary = "Id of the history, 64 hexadecimal digits; with the rest as a member's `comity context show` prints it."},
    {"history", "log_key", CONFIG_KEY, NULL, .is_named = true,
     .summary = "Public key that signs its checkpoints; compare it with what members of every party have (log_keys). It counts until the first "
                "checkpoint was cosigned; then what was kept does."},
    {"history", "group_key", CONFIG_KEY, NULL, .is_named = true,
     .summary = "Public key of the group of workers that holds it."},
    {"history", "broker", CONFIG_TEXT, NULL, 1, 512, .is_named = true, .is_list = true,
     .summary = "A broker and its public key: tcp://HOST:PORT KEY; one line for each."},
};

static int fail(char *reason, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fail(char *reason, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, CONFIG_REASON_MAX, format, arguments);
    va_end(arguments);
    return code;
}

static void print_line(const char *line, void *context)
{
    (void) context;
    puts(line);
}

void witness_settings_print_sample(void)
{
    config_print_sample(KEYS, ARRAY_COUNT(KEYS), print_line, NULL);
}

/* "tcp://HOST:PORT KEY" */
static int load_broker(const char *text, const char *section, struct history_settings *history, char *reason)
{
    size_t index = history->broker_count;
    const char *form = "tcp://HOST:PORT";
    struct endpoint endpoint;
    size_t length = strcspn(text, " \t");
    const char *key = text + length + strspn(text + length, " \t");
    if (index == COMITY_BROKERS_MAX)
        return fail(reason, ERR_CONFIG, "[history %s] broker: at most %d are connected.", section,
                    COMITY_BROKERS_MAX);
    if (length >= ENDPOINT_MAX)
        return fail(reason, ERR_CONFIG, "[history %s] broker: the endpoint is too long.", section);
    memcpy(history->endpoints[index], text, length);
    history->endpoints[index][length] = '\0';
    if (endpoint_parse(history->endpoints[index], ENDPOINT_CONNECT, &endpoint, &form) != 0)
        return fail(reason, ERR_CONFIG, "[history %s] broker: the endpoint is to be %s, and is not.", section, form);
    struct comity_broker *broker = &history->brokers[index];
    if (hex_decode(key, broker->server_key, KEY_SIZE) != 0 || sodium_is_zero(broker->server_key, KEY_SIZE))
        return fail(reason, ERR_CONFIG,
                    "[history %s] broker: give the broker's public key of 64 hexadecimal digits behind its endpoint.",
                    section);
    broker->endpoint = history->endpoints[index];
    history->broker_count++;
    return 0;
}

static int load_key(const struct config *config, const char *section, const char *name, uint8_t *ret_key, char *reason)
{
    if (config_key32(config, "history", section, name, ret_key) && !sodium_is_zero(ret_key, KEY_SIZE))
        return 0;
    return fail(reason, ERR_CONFIG, "[history %s] %s: give it, 64 hexadecimal digits that are not all zeros.", section,
                name);
}

static int load_history(const struct config *config, const char *section, struct witness_settings *settings,
                        char *reason)
{
    struct history_settings *history = &settings->histories[settings->history_count];
    snprintf(history->name, sizeof(history->name), "%s", section);
    int code = load_key(config, section, "history", history->history, reason);
    if (code == 0)
        code = load_key(config, section, "log_key", history->log_key, reason);
    if (code == 0)
        code = load_key(config, section, "group_key", history->group_key, reason);
    size_t count = code == 0 ? config_count(config, "history", section, "broker") : 0;
    for (size_t i = 0; code == 0 && i < count; i++)
        code = load_broker(config_at(config, "history", section, "broker", i), section, history, reason);
    for (size_t i = 0; code == 0 && i < settings->history_count; i++)
        if (memcmp(settings->histories[i].history, history->history, HISTORY_ID_SIZE) == 0)
            code = fail(reason, ERR_CONFIG, "[history %s] and [history %s] are the same history: keep one.",
                        settings->histories[i].name, section);
    settings->history_count += code == 0;
    return code;
}

static int load_histories(const struct config *config, struct witness_settings *settings, char *reason)
{
    size_t count = config_section_count(config, "history");
    int code = 0;
    if (count == 0 || count > WITNESS_HISTORIES_MAX)
        return fail(reason, ERR_CONFIG, "Give 1 to %d sections [history NAME].", WITNESS_HISTORIES_MAX);
    for (size_t i = 0; code == 0 && i < count; i++)
        code = load_history(config, config_section_at(config, "history", i), settings, reason);
    return code;
}

static int load_values(const struct config *config, struct witness_settings *settings, char *reason)
{
    static const char *const LEVELS[] = {"debug", "info", "warning", "error"};
    const char *level = config_text(config, "witness", NULL, "log_level");
    size_t i = 0;
    snprintf(settings->name, sizeof(settings->name), "%s", config_text(config, "witness", NULL, "name"));
    snprintf(settings->key_file, CONFIG_VALUE_MAX, "%s", config_text(config, "witness", NULL, "key_file"));
    snprintf(settings->state, CONFIG_VALUE_MAX, "%s", config_text(config, "witness", NULL, "state"));
    snprintf(settings->ready_file, CONFIG_VALUE_MAX, "%s", config_text(config, "witness", NULL, "ready_file"));
    settings->interval_s = (unsigned) config_integer(config, "witness", NULL, "interval_s");
    settings->refresh_s = (unsigned) config_integer(config, "witness", NULL, "refresh_s");
    if (!name_is_valid(settings->name))
        return fail(reason, ERR_CONFIG, "name: give 1 to 40 of a-z, 0-9 and -, starting with a letter.");
    while (i < ARRAY_COUNT(LEVELS) && strcmp(LEVELS[i], level) != 0)
        i++;
    if (i == ARRAY_COUNT(LEVELS))
        return fail(reason, ERR_CONFIG, "log_level: give debug, info, warning or error.");
    settings->log_level = (enum log_level) i;
    return 0;
}

int witness_settings_load(const char *path, struct witness_settings **ret_settings, char reason[CONFIG_REASON_MAX])
{
    CLEANUP(config_destroy) struct config *config = NULL;
    int code = config_read(path, KEYS, ARRAY_COUNT(KEYS), &config, reason);
    if (code != 0)
        return code;
    CLEANUP(witness_settings_destroy) struct witness_settings *settings = calloc(1, sizeof(*settings));
    if (settings == NULL)
        return fail(reason, ERR_MEMORY, "%s", error_sentence(ERR_MEMORY));
    code = load_values(config, settings, reason);
    if (code == 0)
        code = load_histories(config, settings, reason);
    if (code != 0)
        return code;
    *ret_settings = settings;
    settings = NULL;
    return 0;
}

void witness_settings_destroy(struct witness_settings **settings)
{
    free(*settings);
    *settings = NULL;
}

const struct history_settings *witness_settings_find(const struct witness_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->history_count; i++) {
        char hex[2 * HISTORY_ID_SIZE + 1];
        hex_encode(BYTES(settings->histories[i].history, HISTORY_ID_SIZE), hex);
        if (strcmp(settings->histories[i].name, name) == 0 || strcmp(hex, name) == 0)
            return &settings->histories[i];
    }
    return NULL;
}
