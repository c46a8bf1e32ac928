#include "client/cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "client/cli/context.h"
#include "client/cli/language.h"
#include "core/daemon/config.h"
#include "core/error.h"
#include "core/text.h"

enum { TIMEOUT_LEAST_S = 1, TIMEOUT_MOST_S = 3600 };

static const struct setting_row ROWS[] = {
#define SETTING_ROW(id, name, option, variable, preset, choices, summary)                                    \
    [id] = {name, option, variable, preset, choices, summary},
    COMITY_KEPT_SETTINGS(SETTING_ROW)
#undef SETTING_ROW
        [SETTING_HOME] = {"home", "home", "COMITY_HOME", NULL, NULL, N_("where contexts and keys are kept")},
    [SETTING_CONTEXT] = {"context", "context", "COMITY_CONTEXT", NULL, NULL,
                         N_("which partnership commands go to")},
};

static const struct config_key KEYS[] = {
#define SETTING_KEY(id, name, option, variable, preset, choices, summary)                                    \
    {"settings", name, CONFIG_TEXT, "", 0, SETTING_VALUE_MAX - 1, false, false, false, summary},
    COMITY_KEPT_SETTINGS(SETTING_KEY)
#undef SETTING_KEY
};

const struct setting_row *setting_row_at(unsigned index)
{
    return index < SETTING_COUNT ? &ROWS[index] : NULL;
}

const char *origin_name(enum origin origin)
{
    static const char *const NAMES[] = {
        [ORIGIN_FLAG] = N_("flag"),       [ORIGIN_ENVIRONMENT] = N_("environment"),
        [ORIGIN_CONTEXT] = N_("context"), [ORIGIN_FILE] = N_("file"),
        [ORIGIN_PRESET] = N_("default"),
    };

    return NAMES[origin];
}

/* What people write for yes and no; and NO_COLOR, which means no colour with whatever stands in it. */
static const char *const LANGUAGES[] = {"en", "es", "fr"};

static const char *meant(enum setting_id id, const char *value, enum origin origin)
{
    static const struct {
        const char *word, *meant;
    } WORDS[] = {{"1", "yes"}, {"true", "yes"}, {"on", "yes"}, {"0", "no"}, {"false", "no"}, {"off", "no"}};

    /* "es_MX.UTF-8" and "ES" are "es". */
    if (id == SETTING_LANGUAGE)
        for (size_t i = 0; i < ARRAY_COUNT(LANGUAGES); i++)
            if (strncasecmp(LANGUAGES[i], value, 2) == 0 && strchr("_-.@", value[2]) != NULL)
                return LANGUAGES[i];
    if (id == SETTING_COLOR && origin == ORIGIN_ENVIRONMENT)
        return "never";
    for (size_t i = 0; id == SETTING_ACCESSIBLE && i < ARRAY_COUNT(WORDS); i++)
        if (strcmp(WORDS[i].word, value) == 0)
            return WORDS[i].meant;
    return value;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);

    for (const char *at = choices; *at != '\0'; at += strcspn(at, "|") + (at[strcspn(at, "|")] != '\0'))
        if (strcspn(at, "|") == length && strncmp(at, value, length) == 0)
            return true;
    return false;
}

bool setting_is_usable(enum setting_id id, const char *value, char reason[SETTING_REASON_MAX])
{
    char *end;

    if (id >= SETTING_KEPT_COUNT)
        return true;
    if (ROWS[id].choices != NULL) {
        snprintf(reason, SETTING_REASON_MAX, _("It is one of %s."), ROWS[id].choices);
        return is_choice(ROWS[id].choices, value);
    }
    long seconds = strtol(value, &end, 10);
    snprintf(reason, SETTING_REASON_MAX, _("It is a number from %d to %d."), TIMEOUT_LEAST_S, TIMEOUT_MOST_S);
    return *value >= '0' && *value <= '9' && *end == '\0' && seconds >= TIMEOUT_LEAST_S &&
           seconds <= TIMEOUT_MOST_S;
}

static const char *escaped(struct arena *arena, const char *text)
{
    size_t size = text_escape(BYTES(text, strlen(text)), false, NULL, 0) + 1;
    char *copy = arena_alloc(arena, size);

    if (copy == NULL)
        return "";
    text_escape(BYTES(text, strlen(text)), false, copy, size);
    return copy;
}

/* Take @value unless one that goes before is there. What is no good is not taken; the first of such is the
 * fault. */
static void offer(struct settings *settings, enum setting_id id, const char *value, enum origin origin,
                  const char *where, struct arena *arena)
{
    struct setting *setting = &settings->list[id];
    char reason[SETTING_REASON_MAX];

    if (setting->value != NULL || value == NULL || *value == '\0')
        return;
    value = meant(id, value, origin);
    if (setting_is_usable(id, value, reason)) {
        *setting =
            (struct setting){.value = arena_printf(arena, "%s", value), .origin = origin, .where = where};
        return;
    }
    if (settings->fault != 0)
        return;
    settings->fault = origin == ORIGIN_FLAG ? ERR_USAGE : ERR_CONFIG;
    snprintf(settings->reason, SETTING_REASON_MAX, _("%s cannot be `%.80s`, as %.200s has it. %.80s"),
             ROWS[id].name, escaped(arena, value), where, reason);
}

static void offer_kept(struct settings *settings, const struct kept_settings *kept, enum origin origin,
                       const char *where, struct arena *arena)
{
    for (unsigned i = 0; i < SETTING_KEPT_COUNT; i++)
        offer(settings, i, kept->values[i], origin, where, arena);
}

/* The home is where the rest of them is looked for. */
static void find_home(struct settings *settings, const struct arguments *arguments, struct arena *arena)
{
    char home[HOME_MAX], reason[CONTEXT_REASON_MAX];
    const char *variable = NULL, *given = option_value(arguments, "home");

    if (home_path(given, home, &variable, reason) != 0)
        return;
    enum origin origin = variable == NULL                       ? ORIGIN_FLAG
                         : strcmp(variable, "COMITY_HOME") == 0 ? ORIGIN_ENVIRONMENT
                                                                : ORIGIN_PRESET;
    offer(settings, SETTING_HOME, home, origin,
          given != NULL ? "--home" : arena_printf(arena, "$%s", variable), arena);
}

static void find_context(struct settings *settings, struct arena *arena, struct context *context)
{
    const char *home = settings->list[SETTING_HOME].value;
    char name[NAME_MAX_BYTES + 1], reason[CONTEXT_REASON_MAX], path[PATH_BYTES];

    if (context_choose(home, settings->list[SETTING_CONTEXT].value, name, reason) != 0)
        return;
    if (path_join(path, home, "current") == 0)
        offer(settings, SETTING_CONTEXT, name, ORIGIN_FILE, escaped(arena, path), arena);
    if (context_load(home, name, context, reason) != 0 ||
        snprintf(path, sizeof(path), "%s/contexts/%s.ini", home, name) >= (int) sizeof(path))
        return;
    offer_kept(settings, &context->settings, ORIGIN_CONTEXT, escaped(arena, path), arena);
}

static void find_file(struct settings *settings, struct arena *arena)
{
    const char *home = settings->list[SETTING_HOME].value;
    struct kept_settings kept = {0};
    char reason[SETTING_REASON_MAX], path[PATH_BYTES];
    int code = kept_settings_read(home, &kept, reason);

    if (code != 0 && settings->fault == 0) {
        settings->fault = code;
        snprintf(settings->reason, SETTING_REASON_MAX, "%s", reason);
    }
    if (code == 0 && path_join(path, home, "config.ini") == 0)
        offer_kept(settings, &kept, ORIGIN_FILE, escaped(arena, path), arena);
}

void settings_find(const struct arguments *arguments, struct arena *arena, struct settings *ret_settings)
{
    struct settings *settings = ret_settings;
    struct context context;

    memset(settings, 0, sizeof(*settings));
    find_home(settings, arguments, arena);
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        const char *given = option_value(arguments, ROWS[i].option);
        /* A flag that takes no value says yes. */
        if (given == NULL && option_given(arguments, ROWS[i].option))
            given = "yes";
        offer(settings, i, given, ORIGIN_FLAG, arena_printf(arena, "--%s", ROWS[i].option), arena);
        offer(settings, i, getenv(ROWS[i].variable), ORIGIN_ENVIRONMENT,
              arena_printf(arena, "$%s", ROWS[i].variable), arena);
    }
    if (settings->list[SETTING_HOME].value != NULL) {
        find_context(settings, arena, &context);
        find_file(settings, arena);
    }
    for (unsigned i = 0; i < SETTING_COUNT; i++)
        offer(settings, i, ROWS[i].preset, ORIGIN_PRESET, "", arena);
}

const char *setting_given(const struct settings *settings, enum setting_id id)
{
    const struct setting *setting = &settings->list[id];

    return setting->value != NULL && setting->origin <= ORIGIN_ENVIRONMENT ? setting->value : NULL;
}

static const char *value_of(const struct settings *settings, enum setting_id id)
{
    return settings->list[id].value != NULL ? settings->list[id].value : ROWS[id].preset;
}

int64_t settings_timeout_ms(const struct settings *settings)
{
    return (int64_t) strtol(value_of(settings, SETTING_TIMEOUT), NULL, 10) * 1000;
}

enum color_when settings_color(const struct settings *settings)
{
    const char *value = value_of(settings, SETTING_COLOR);

    return strcmp(value, "never") == 0    ? COLOR_NEVER
           : strcmp(value, "always") == 0 ? COLOR_ALWAYS
                                          : COLOR_AUTO;
}

const char *settings_language(const struct settings *settings)
{
    return value_of(settings, SETTING_LANGUAGE);
}

bool settings_accessible(const struct settings *settings)
{
    return strcmp(value_of(settings, SETTING_ACCESSIBLE), "yes") == 0;
}

int kept_settings_read(const char *home, struct kept_settings *ret_kept, char reason[SETTING_REASON_MAX])
{
    CLEANUP(config_destroy) struct config *config = NULL;
    char path[PATH_BYTES], why[CONFIG_REASON_MAX];

    memset(ret_kept, 0, sizeof(*ret_kept));
    if (path_join(path, home, "config.ini") != 0 || access(path, F_OK) != 0)
        return 0;
    int code = config_read(path, KEYS, ARRAY_COUNT(KEYS), &config, why);
    if (code != 0) {
        snprintf(reason, SETTING_REASON_MAX, "%s", why);
        return code;
    }
    for (unsigned i = 0; i < SETTING_KEPT_COUNT; i++)
        snprintf(ret_kept->values[i], SETTING_VALUE_MAX, "%s",
                 config_text(config, "settings", NULL, ROWS[i].name));
    return 0;
}

int kept_settings_write(const char *home, const struct kept_settings *kept, char reason[SETTING_REASON_MAX])
{
    char path[PATH_BYTES], why[FILE_REASON_MAX], text[SETTING_KEPT_COUNT * 2 * SETTING_VALUE_MAX];
    size_t at = (size_t) snprintf(text, sizeof(text), "[settings]\n");

    for (unsigned i = 0; i < SETTING_KEPT_COUNT; i++)
        if (kept->values[i][0] != '\0')
            at += (size_t) snprintf(text + at, sizeof(text) - at, "%s = %s\n", ROWS[i].name, kept->values[i]);
    if (path_join(path, home, "config.ini") != 0) {
        snprintf(reason, SETTING_REASON_MAX, "%s", _("The path of the home directory is too long."));
        return ERR_CONFIG;
    }
    int code = file_write(path, BYTES(text, at), 0600, true, why);
    if (code != 0)
        snprintf(reason, SETTING_REASON_MAX, "%s", why);
    return code;
}
