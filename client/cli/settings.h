/* Settings: what a person sets once and every command heeds. One table; each value comes from the first of
 * these that has one: the flag, the environment, the context, the file HOME/config.ini, the preset. */
#ifndef COMITY_CLI_SETTINGS_H
#define COMITY_CLI_SETTINGS_H

#include "client/cli/arguments.h"
#include "client/cli/terminal.h"
#include "core/arena.h"
#include "core/words.h"

enum { SETTING_VALUE_MAX = 64, SETTING_REASON_MAX = 512 };

/* Those that a context and the file may have, in their sections [settings].
 * X(id, name, option, variable, preset, choices, summary); choices: "a|b", or NULL for seconds */
#define COMITY_KEPT_SETTINGS(X)                                                                              \
    X(SETTING_TIMEOUT, "timeout", "timeout", "COMITY_TIMEOUT", "15", NULL,                                   \
      N_("how long to wait for an answer, in seconds"))                                                      \
    X(SETTING_COLOR, "color", "color", "NO_COLOR", "auto", "never|auto|always",                              \
      N_("whether words are coloured: auto is on a terminal alone"))                                         \
    X(SETTING_ACCESSIBLE, "accessible", "accessible", "COMITY_ACCESSIBLE", "no", "no|yes",                   \
      N_("lines that are read one by one: no columns, no redrawing"))                                        \
    X(SETTING_LANGUAGE, "language", "language", "COMITY_LANGUAGE", "system", "system|en|es|fr",              \
      N_("language of what is said: system is what LANG and the like say"))

enum setting_id {
#define COMITY_SETTING_ENUM(id, ...) id,
    COMITY_KEPT_SETTINGS(COMITY_SETTING_ENUM)
#undef COMITY_SETTING_ENUM
        SETTING_KEPT_COUNT,
    SETTING_HOME = SETTING_KEPT_COUNT,
    SETTING_CONTEXT,
    SETTING_COUNT
};

enum origin { ORIGIN_FLAG, ORIGIN_ENVIRONMENT, ORIGIN_CONTEXT, ORIGIN_FILE, ORIGIN_PRESET };

struct setting_row {
    const char *name, *option, *variable;
    const char *preset;  /* NULL: none */
    const char *choices; /* "never|auto|always"; NULL: a number of seconds, or any word */
    const char *summary;
};

struct setting {
    const char *value; /* NULL: there is none */
    enum origin origin;
    const char *where; /* the flag, the variable or the file; "" for a preset */
};

struct settings {
    struct setting list[SETTING_COUNT];
    int fault; /* 0, or ERR_USAGE, ERR_CONFIG: one of them cannot be used */
    char reason[SETTING_REASON_MAX];
};

/* Values that a file or a context keeps; "" where it keeps none. */
struct kept_settings {
    char values[SETTING_KEPT_COUNT][SETTING_VALUE_MAX];
};

const struct setting_row *setting_row_at(unsigned index); /* in the order of the enum; NULL past the end */
const char *origin_name(enum origin origin);

/* Find all of them out. Makes nothing on the disk. What cannot be used is as if it were not there, and the
 * fault filled in. Escaped, in the arena. */
void settings_find(const struct arguments *arguments, struct arena *arena, struct settings *ret_settings);

/* The value where the flag or the environment has it; else NULL. */
const char *setting_given(const struct settings *settings, enum setting_id id);

/* Is it a value of this setting? Else a sentence that says which are. */
bool setting_is_usable(enum setting_id id, const char *value, char reason[SETTING_REASON_MAX]);

/* The kept ones as they are used. */
int64_t settings_timeout_ms(const struct settings *settings);
enum color_when settings_color(const struct settings *settings);
bool settings_accessible(const struct settings *settings);
const char *settings_language(const struct settings *settings); /* "es", "system" */

/* HOME/config.ini: 0 also where there is none; ERR_CONFIG, ERR_FILE. */
int kept_settings_read(const char *home, struct kept_settings *ret_kept, char reason[SETTING_REASON_MAX]);
int kept_settings_write(const char *home, const struct kept_settings *kept, char reason[SETTING_REASON_MAX]);

#endif
