#include "client/cli/context.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/cli/brokers.h"
#include "client/cli/language.h"
#include "core/daemon/config.h"
#include "core/error.h"
#include "core/keyfile.h"

static const struct config_key KEYS[] = {
    {"context", "title", CONFIG_TEXT, "", 0, TITLE_MAX_BYTES, false, false, false,
     N_("What people call the partnership.")},
    {"context", "history", CONFIG_KEY, "", 0, 0, false, false, false,
     N_("Id of the partnership's history; empty for an operator.")},
    {"context", "group_key", CONFIG_KEY, NULL, 0, 0, false, false, false,
     N_("Public key of the group of workers.")},
    {"context", "signing_key", CONFIG_TEXT, "", 0, PATH_BYTES - 1, false, false, false,
     N_("File of the member's signing key.")},
    {"context", "connection_key", CONFIG_TEXT, NULL, 1, PATH_BYTES - 1, false, false, false,
     N_("File of this machine's connection key.")},
    {"context", "founding_token", CONFIG_TEXT, "", 0, TOKEN_MAX_BYTES, false, false, false,
     N_("Token with which the operator lets a partnership be founded.")},
    {"context", "data", CONFIG_TEXT, "", 0, PATH_BYTES - 1, false, false, false,
     N_("Directory of the installation that `comity up` runs; of its operator's context.")},
    {"context", "seen", CONFIG_INTEGER, "0", 0, INT64_MAX, false, false, false,
     N_("Highest number in the record that was seen in that epoch.")},
    {"context", "epoch", CONFIG_INTEGER, "0", 0, UINT32_MAX, false, false, false,
     N_("The latest epoch in which the record was seen.")},
#define SETTING_KEY(id, name, option, variable, preset, choices, summary)                                    \
    {"settings", name, CONFIG_TEXT, "", 0, SETTING_VALUE_MAX - 1, false, false, false, summary},
    COMITY_KEPT_SETTINGS(SETTING_KEY)
#undef SETTING_KEY
        {"log", "key", CONFIG_KEY, "", 0, 0, false, true, false,
         N_("Key that signs the record's checkpoints.")},
    {"broker", "endpoint", CONFIG_TEXT, NULL, 1, ENDPOINT_MAX - 1, true, false, false,
     N_("Where the broker listens.")},
    {"broker", "key", CONFIG_KEY, NULL, 0, 0, true, false, false, N_("The broker's public key.")},
};

int context_failed(char reason[CONTEXT_REASON_MAX], int code, const char *format, const char *value)
{
    char escaped[256];

    text_escape(BYTES(value, strlen(value)), false, escaped, sizeof(escaped));
    snprintf(reason, CONTEXT_REASON_MAX, _(format), escaped);
    return code;
}

static int context_path(const char *home, const char *name, char ret_path[PATH_BYTES])
{
    int length = snprintf(ret_path, PATH_BYTES, "%s/contexts/%s.ini", home, name);

    return length < 0 || length >= PATH_BYTES ? ERR_RANGE : 0;
}

static bool exists(const char *home, const char *name)
{
    char path[PATH_BYTES];

    return context_path(home, name, path) == 0 && access(path, F_OK) == 0;
}

int context_choose(const char *home, const char *given, char ret_name[NAME_MAX_BYTES + 1],
                   char reason[CONTEXT_REASON_MAX])
{
    char path[PATH_BYTES], name[NAME_MAX_BYTES + 2] = "";

    if (given != NULL) {
        if (!name_is_valid(given))
            return context_failed(reason, ERR_CONFIG, "`%s` cannot be a context's name.", given);
        snprintf(ret_name, NAME_MAX_BYTES + 1, "%s", given);
        return 0;
    }
    FILE *file = path_join(path, home, "current") == 0 ? fopen(path, "re") : NULL;
    if (file == NULL)
        return context_failed(reason, ERR_CONFIG, "This machine belongs to no partnership yet (nothing in %s).",
                      home);
    bool is_read = fgets(name, sizeof(name), file) != NULL;
    fclose(file);
    name[strcspn(name, "\n")] = '\0';
    if (!is_read || !name_is_valid(name))
        return context_failed(reason, ERR_CONFIG, "%s does not hold a context's name.", path);
    memcpy(ret_name, name, NAME_MAX_BYTES + 1);
    return 0;
}

int context_set_current(const char *home, const char *name, char reason[CONTEXT_REASON_MAX])
{
    char path[PATH_BYTES], line[NAME_MAX_BYTES + 2], why[FILE_REASON_MAX];

    if (!exists(home, name))
        return context_unknown(home, name, reason);
    if (path_join(path, home, "current") != 0)
        return context_failed(reason, ERR_CONFIG, "The path of the home directory is too long: %s.", home);
    int length = snprintf(line, sizeof(line), "%s\n", name);
    int code = file_write(path, BYTES(line, (size_t) length), 0600, true, why);
    if (code != 0)
        snprintf(reason, CONTEXT_REASON_MAX, "%s", why);
    return code;
}

static void copy_value(const struct config *config, const char *key, char *to, size_t size)
{
    snprintf(to, size, "%s", config_text(config, "context", NULL, key));
}

static void take_brokers(const struct config *config, struct context *context)
{
    size_t count = config_section_count(config, "broker");

    for (size_t i = 0; i < count && i < PLACE_BROKERS_MAX; i++) {
        const char *name = config_section_at(config, "broker", i);
        struct place_broker *broker = &context->place.brokers[context->place.broker_count++];
        snprintf(broker->endpoint, ENDPOINT_MAX, "%s", config_text(config, "broker", name, "endpoint"));
        config_key32(config, "broker", name, "key", broker->key);
    }
}

static void take_pins(const struct config *config, struct context *context)
{
    size_t count = config_count(config, "log", NULL, "key");

    for (size_t i = 0; i < count && context->pin_count < CONTEXT_PINS_MAX; i++)
        if (hex_decode(config_at(config, "log", NULL, "key", i), context->pins[context->pin_count],
                       KEY_SIZE) == 0)
            context->pin_count++;
}

static void take_settings(const struct config *config, struct kept_settings *settings)
{
    for (unsigned i = 0; i < SETTING_KEPT_COUNT; i++)
        snprintf(settings->values[i], SETTING_VALUE_MAX, "%s",
                 config_text(config, "settings", NULL, setting_row_at(i)->name));
}

int context_load(const char *home, const char *name, struct context *ret_context,
                 char reason[CONTEXT_REASON_MAX])
{
    struct context context = {0};
    char path[PATH_BYTES], why[CONFIG_REASON_MAX];
    CLEANUP(config_destroy) struct config *config = NULL;

    if (!name_is_valid(name) || !exists(home, name))
        return context_unknown(home, name, reason);
    if (context_path(home, name, path) != 0)
        return context_failed(reason, ERR_CONFIG, "The path of the home directory is too long: %s.", home);
    int code = config_read(path, KEYS, ARRAY_COUNT(KEYS), &config, why);
    if (code != 0) {
        snprintf(reason, CONTEXT_REASON_MAX, "%s", why);
        return code;
    }
    snprintf(context.name, sizeof(context.name), "%s", name);
    copy_value(config, "title", context.title, sizeof(context.title));
    copy_value(config, "signing_key", context.signing_key, sizeof(context.signing_key));
    copy_value(config, "connection_key", context.connection_key, sizeof(context.connection_key));
    copy_value(config, "founding_token", context.founding_token, sizeof(context.founding_token));
    copy_value(config, "data", context.data, sizeof(context.data));
    context.has_history = config_key32(config, "context", NULL, "history", context.history);
    config_key32(config, "context", NULL, "group_key", context.place.group_key);
    context.seen = (uint64_t) config_integer(config, "context", NULL, "seen");
    context.epoch = (uint32_t) config_integer(config, "context", NULL, "epoch");
    take_brokers(config, &context);
    take_pins(config, &context);
    take_settings(config, &context.settings);
    if (context.place.broker_count == 0)
        return context_failed(reason, ERR_CONFIG, "%s names no broker.", path);
    brokers_find(home, &context);
    *ret_context = context;
    return 0;
}

static void print_settings(FILE *file, const struct kept_settings *settings)
{
    bool is_begun = false;

    for (unsigned i = 0; i < SETTING_KEPT_COUNT; i++) {
        if (settings->values[i][0] == '\0')
            continue;
        fprintf(file, "%s%s = %s\n", is_begun ? "" : "\n[settings]\n", setting_row_at(i)->name,
                settings->values[i]);
        is_begun = true;
    }
}

static void print_hex(FILE *file, const char *key, const uint8_t *bytes)
{
    char hex[2 * KEY_SIZE + 1];

    hex_encode(BYTES(bytes, KEY_SIZE), hex);
    fprintf(file, "%s = %s\n", key, hex);
}

static void print_context(FILE *file, const struct context *context)
{
    fputs("# Written by comity. Nobody else needs this file; it holds no signing key.\n[context]\n", file);
    if (context->title[0] != '\0')
        fprintf(file, "title = %s\n", context->title);
    if (context->has_history)
        print_hex(file, "history", context->history);
    print_hex(file, "group_key", context->place.group_key);
    if (context->signing_key[0] != '\0')
        fprintf(file, "signing_key = %s\n", context->signing_key);
    fprintf(file, "connection_key = %s\n", context->connection_key);
    if (context->founding_token[0] != '\0')
        fprintf(file, "founding_token = %s\n", context->founding_token);
    if (context->data[0] != '\0')
        fprintf(file, "data = %s\n", context->data);
    fprintf(file, "seen = %" PRIu64 "\nepoch = %" PRIu32 "\n", context->seen, context->epoch);
    print_settings(file, &context->settings);
    if (context->pin_count > 0)
        fputs("\n[log]\n", file);
    for (size_t i = 0; i < context->pin_count; i++)
        print_hex(file, "key", context->pins[i]);
    for (size_t i = 0; i < context->place.broker_count; i++) {
        fprintf(file, "\n[broker b%zu]\nendpoint = %s\n", i + 1, context->place.brokers[i].endpoint);
        print_hex(file, "key", context->place.brokers[i].key);
    }
}

/* A title goes into the file as it can stand there: one line, no outer blanks, nothing that begins a comment.
 */
static void plain_title(const char *title, char ret_title[TITLE_MAX_BYTES + 1])
{
    text_escape(BYTES(title, strlen(title)), false, ret_title, TITLE_MAX_BYTES + 1);
    for (char *c = ret_title; *c != '\0'; c++)
        if (*c == ';' || *c == '#' || *c == '\\')
            *c = ',';
}

/* What could not be read back as it is, or would be read as something else, is not written. */
static int check_values(const struct context *context, char reason[CONTEXT_REASON_MAX])
{
    const struct {
        const char *format, *value;
    } VALUES[] = {
        {N_("The signing key's path `%s` cannot be kept."), context->signing_key},
        {N_("The connection key's path `%s` cannot be kept."), context->connection_key},
        {N_("The founding token `%s` cannot be kept."), context->founding_token},
        {N_("The data directory `%s` cannot be kept."), context->data},
    };

    for (size_t i = 0; i < ARRAY_COUNT(VALUES); i++) {
        if (config_value_is_plain(VALUES[i].value))
            continue;
        context_failed(reason, ERR_CONFIG, VALUES[i].format, VALUES[i].value);
        size_t length = strlen(reason);
        snprintf(reason + length, CONTEXT_REASON_MAX - length, " %s", _(CONTEXT_PLAIN_RULE));
        return ERR_CONFIG;
    }
    for (size_t i = 0; i < context->place.broker_count; i++) {
        struct endpoint endpoint;
        const char *form;
        if (endpoint_parse(context->place.brokers[i].endpoint, ENDPOINT_CONNECT, &endpoint, &form) != 0)
            return context_failed(reason, ERR_ADDRESS, "The broker's endpoint `%s` cannot be used.",
                          context->place.brokers[i].endpoint);
    }
    return 0;
}

/* The caller holds the home's lock. */
static int write_context(const char *home, const struct context *context, bool may_replace,
                         char reason[CONTEXT_REASON_MAX])
{
    char path[PATH_BYTES], why[FILE_REASON_MAX], *content = NULL, current[NAME_MAX_BYTES + 1];
    struct context plain = *context;
    size_t size = 0;

    int code = check_values(context, reason);
    if (code != 0)
        return code;
    if (path_join(path, home, "contexts") != 0 || context_path(home, context->name, path) != 0)
        return context_failed(reason, ERR_CONFIG, "The path of the home directory is too long: %s.", home);
    *strrchr(path, '/') = '\0';
    code = directory_make(path, why);
    context_path(home, context->name, path);
    FILE *file = open_memstream(&content, &size);
    if (file == NULL)
        return context_failed(reason, ERR_MEMORY, "There is not enough memory.", "");
    plain_title(context->title, plain.title);
    print_context(file, &plain);
    bool is_whole = fclose(file) == 0;
    if (code == 0 && !is_whole)
        code = context_failed(reason, ERR_MEMORY, "There is not enough memory.", "");
    else if (code == 0 && (code = file_write(path, BYTES(content, size), 0600, may_replace, why)) != 0)
        snprintf(reason, CONTEXT_REASON_MAX, "%s", why);
    free(content);
    if (code == 0 && context_choose(home, NULL, current, reason) != 0)
        code = context_set_current(home, context->name, reason);
    return code;
}

int context_save(const char *home, const struct context *context, bool may_replace,
                 char reason[CONTEXT_REASON_MAX])
{
    int lock;
    int code = home_lock(home, &lock, reason);

    if (code != 0)
        return code;
    code = write_context(home, context, may_replace, reason);
    close(lock);
    return code;
}

/* A worker knows a reader by its connection key: two contexts that shared one would take each other's leave
 * to read. */
static int make_connection_key(const char *home, struct context *context, char reason[CONTEXT_REASON_MAX])
{
    char path[PATH_BYTES], why[FILE_REASON_MAX];
    struct connection_key key;

    snprintf(context->connection_key, sizeof(context->connection_key), "keys/connection-%s.key",
             context->name);
    if (path_join(path, home, "keys") != 0)
        return context_failed(reason, ERR_CONFIG, "The path of the home directory is too long: %s.", home);
    int code = directory_make(path, why);
    if (code != 0) {
        snprintf(reason, CONTEXT_REASON_MAX, "%s", why);
        return code;
    }
    code = path_join(path, home, context->connection_key);
    if (code == 0)
        code = connection_key_load_or_create(path, &key);
    connection_key_wipe(&key);
    if (code != 0)
        snprintf(reason, CONTEXT_REASON_MAX, "keys/connection-%s.key: %s", context->name,
                 language_error(code));
    return code;
}

int context_make(const char *home, struct context *context, char reason[CONTEXT_REASON_MAX])
{
    int lock;
    int code = home_lock(home, &lock, reason);

    if (code != 0)
        return code;
    if (exists(home, context->name))
        code = context_failed(reason, ERR_EXISTS, "There is a context `%s` already.", context->name);
    if (code == 0)
        code = make_connection_key(home, context, reason);
    if (code == 0)
        code = write_context(home, context, false, reason);
    close(lock);
    if (code == 0)
        brokers_find(home, context);
    return code;
}

int context_remove(const char *home, const char *name)
{
    char path[PATH_BYTES], current[NAME_MAX_BYTES + 1], reason[CONTEXT_REASON_MAX];

    if (context_path(home, name, path) != 0 || unlink(path) != 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_FILE;
    brokers_forget(home, name);
    if (context_choose(home, NULL, current, reason) == 0 && strcmp(current, name) == 0 &&
        path_join(path, home, "current") == 0)
        unlink(path);
    return 0;
}

static void add_pin(struct context *context, const uint8_t pin[KEY_SIZE])
{
    for (size_t i = 0; i < context->pin_count; i++)
        if (memcmp(context->pins[i], pin, KEY_SIZE) == 0)
            return;
    if (context->pin_count < CONTEXT_PINS_MAX)
        memcpy(context->pins[context->pin_count++], pin, KEY_SIZE);
}

/* Load it, let @change change it by @data, write it: under the home's lock. */
static int context_change(const char *home, const char *name,
                          void (*change)(struct context *context, const void *data), const void *data,
                          char reason[CONTEXT_REASON_MAX])
{
    struct context context;
    int lock;
    int code = home_lock(home, &lock, reason);

    if (code != 0)
        return code;
    code = context_load(home, name, &context, reason);
    if (code == 0) {
        change(&context, data);
        code = write_context(home, &context, true, reason);
    }
    close(lock);
    return code;
}

struct learnt {
    uint32_t epoch;
    uint64_t seen;
    const uint8_t (*pins)[KEY_SIZE];
    size_t pin_count;
};

static void change_learnt(struct context *context, const void *data)
{
    const struct learnt *learnt = data;

    if (learnt->epoch > context->epoch || (learnt->epoch == context->epoch && learnt->seen > context->seen))
        context->seen = learnt->seen;
    if (learnt->epoch > context->epoch)
        context->epoch = learnt->epoch;
    for (size_t i = 0; i < learnt->pin_count; i++)
        add_pin(context, learnt->pins[i]);
}

int context_learn(const char *home, const char *name, uint32_t epoch, uint64_t seen,
                  const uint8_t pins[][KEY_SIZE], size_t pin_count, char reason[CONTEXT_REASON_MAX])
{
    const struct learnt learnt = {.epoch = epoch, .seen = seen, .pins = pins, .pin_count = pin_count};

    return context_change(home, name, change_learnt, &learnt, reason);
}

int context_follow(const char *home, const uint8_t history[HISTORY_ID_SIZE], uint32_t epoch, uint64_t seen,
                   const uint8_t pins[][KEY_SIZE], size_t pin_count, struct arena *arena,
                   char reason[CONTEXT_REASON_MAX])
{
    struct context context;
    const char *const *names;
    size_t count;
    int lock;
    int code = context_names(home, arena, &names, &count, reason);

    if (code == 0)
        code = home_lock(home, &lock, reason);
    if (code != 0)
        return code;
    for (size_t i = 0; code == 0 && i < count; i++) {
        if (context_load(home, names[i], &context, reason) != 0 || !context.has_history ||
            memcmp(context.history, history, HISTORY_ID_SIZE) != 0)
            continue;
        context.epoch = epoch;
        context.seen = seen;
        for (size_t j = 0; j < pin_count; j++)
            add_pin(&context, pins[j]);
        code = write_context(home, &context, true, reason);
    }
    close(lock);
    return code;
}

static void change_place(struct context *context, const void *data)
{
    context->place = *(const struct place *) data;
}

int context_go(const char *home, const char *name, const struct place *place, char reason[CONTEXT_REASON_MAX])
{
    return context_change(home, name, change_place, place, reason);
}

static void change_key(struct context *context, const void *data)
{
    snprintf(context->signing_key, sizeof(context->signing_key), "%s", (const char *) data);
}

struct setting_change {
    unsigned id;
    const char *value;
};

static void change_setting(struct context *context, const void *data)
{
    const struct setting_change *setting = data;

    snprintf(context->settings.values[setting->id], SETTING_VALUE_MAX, "%s", setting->value);
}

int context_change_key(const char *home, const char *name, const char *signing_key,
                       char reason[CONTEXT_REASON_MAX])
{
    return context_change(home, name, change_key, signing_key, reason);
}

int context_change_setting(const char *home, const char *name, unsigned id, const char *value,
                           char reason[CONTEXT_REASON_MAX])
{
    const struct setting_change setting = {.id = id, .value = value};

    return context_change(home, name, change_setting, &setting, reason);
}

void context_free_name(const char *home, const char *wanted, char ret_name[NAME_MAX_BYTES + 1])
{
    snprintf(ret_name, NAME_MAX_BYTES + 1, "%s", wanted);
    for (unsigned i = 2; exists(home, ret_name); i++)
        snprintf(ret_name, NAME_MAX_BYTES + 1, "%.34s-%u", wanted, i);
}
