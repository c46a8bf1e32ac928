/* Configuration files of the daemons, by libinih, from a table of keys.
 *
 * The table is the documentation: `--help-config` of a daemon prints it as a commented sample. An unknown section or
 * key, a value that does not parse or is out of range, and a key given twice are refused with file and line. A
 * section name may carry a name: `[worker north]` (is_named rows). */
#ifndef COMITY_CORE_DAEMON_CONFIG_H
#define COMITY_CORE_DAEMON_CONFIG_H

#include "core/bytes.h"
#include "core/words.h"

enum config_type { CONFIG_TEXT, CONFIG_INTEGER, CONFIG_BOOLEAN, CONFIG_KEY /* 64 hex digits */ };

enum { CONFIG_VALUE_MAX = 1024, CONFIG_REASON_MAX = 512 };

struct config_key {
    const char *section;       /* "broker"; of named sections the word before the name */
    const char *name;
    enum config_type type;
    const char *preset;        /* default as text; NULL: required (of a named section: in each of them) */
    int64_t least, most;       /* of INTEGER; lengths of TEXT */
    bool is_named;             /* lives in sections `[section NAME]` */
    bool is_list;              /* may be given several times */
    bool is_reloadable;        /* SIGHUP takes it up */
    const char *summary;       /* one sentence, with the unit */
};

struct config;

/* Read and check. 0, ERR_FILE, ERR_CONFIG; @reason gets one sentence: file, line, what, what to do. */
int config_read(const char *path, const struct config_key *keys, size_t key_count, struct config **ret_config,
                char reason[CONFIG_REASON_MAX]);
void config_destroy(struct config **config);

/* The language of those sentences, for a program that has one; English without. */
void config_speak(words_fn *words);

/* Values; defaults applied. @name is the named section's name or NULL. Never fail for keys of the table. */
const char *config_text(const struct config *config, const char *section, const char *name, const char *key);
int64_t config_integer(const struct config *config, const char *section, const char *name, const char *key);
bool config_boolean(const struct config *config, const char *section, const char *name, const char *key);
bool config_key32(const struct config *config, const char *section, const char *name, const char *key,
                  uint8_t ret_key[KEY_SIZE]);                       /* false where the value is empty */
size_t config_count(const struct config *config, const char *section, const char *name, const char *key);
const char *config_at(const struct config *config, const char *section, const char *name, const char *key, size_t index);
size_t config_section_count(const struct config *config, const char *section);        /* named ones */
const char *config_section_at(const struct config *config, const char *section, size_t index);

/* Whether a file that says `key = @value` is read back with just this value: UTF-8 of one line, without control
 * characters and outer blanks, and without a `;` behind a blank, where a comment would begin. For whoever
 * writes such a file. */
bool config_value_is_plain(const char *value);

/* A commented sample of the whole table. @print gets it line by line. */
void config_print_sample(const struct config_key *keys, size_t key_count, void (*print)(const char *line, void *context),
                         void *context);

#endif
