#include "core/daemon/config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/text.h"

enum {
    LINE_MAX_BYTES = CONFIG_VALUE_MAX + 128,
    SECTION_MAX_BYTES = 49, /* libinih cuts a longer one without a word */
    FILE_MAX_BYTES = 1024 * 1024,
    SHOWN_MAX_BYTES = 120,
};

/* One value as it was given. */
struct entry {
    const struct config_key *key;
    char *name; /* of the named section; NULL in a plain one */
    char *value;
};

struct config {
    const struct config_key *keys;
    size_t key_count;
    struct entry *entries;
    size_t entry_count;
    char **sections; /* named ones, "worker north", in the order of the file */
    size_t section_count;
};

/* What the callbacks of libinih share. */
struct reading {
    struct config *config;
    const char *path;
    char *reason;
    const char *at; /* what is left of the file */
    int line;
    int code;
    char section[SECTION_MAX_BYTES + 1]; /* the present one: its word, and its name or "" */
    char name[SECTION_MAX_BYTES + 1];
};

static const char *shown(const char *text, char buffer[SHOWN_MAX_BYTES])
{
    text_escape(BYTES(text, strlen(text)), false, buffer, SHOWN_MAX_BYTES);
    return buffer;
}

static words_fn *words_of = words_in_english;

void config_speak(words_fn *words)
{
    words_of = words;
}

/* Keep the code and the sentence of the first thing that is wrong. */
__attribute__((format(printf, 3, 4))) static int fail(struct reading *reading, int code, const char *format,
                                                      ...)
{
    if (reading->code != 0)
        return reading->code;
    reading->code = code;
    char path[SHOWN_MAX_BYTES];
    int length = reading->line > 0
                     ? snprintf(reading->reason, CONFIG_REASON_MAX,
                                words_of(N_("%s, line %d: ")), shown(reading->path, path), reading->line)
                     : snprintf(reading->reason, CONFIG_REASON_MAX, "%s: ", shown(reading->path, path));
    if (length >= 0 && length < CONFIG_REASON_MAX) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(reading->reason + length, CONFIG_REASON_MAX - (size_t) length, words_of(format), arguments);
        va_end(arguments);
    }
    return code;
}

static int fail_memory(struct reading *reading)
{
    return fail(reading, ERR_MEMORY, "there is not enough memory to read it");
}

/* The row of a key; NULL where the table has none. */
static const struct config_key *key_find(const struct config *config, const char *section, const char *key)
{
    for (size_t i = 0; i < config->key_count; i++) {
        const struct config_key *row = &config->keys[i];
        if (strcmp(row->section, section) == 0 && strcmp(row->name, key) == 0)
            return row;
    }
    return NULL;
}

static bool section_exists(const struct config *config, const char *section, bool is_named)
{
    for (size_t i = 0; i < config->key_count; i++) {
        if (strcmp(config->keys[i].section, section) == 0 && config->keys[i].is_named == is_named)
            return true;
    }
    return false;
}

/* "kind, title" of a section. */
static void list_keys(const struct config *config, const char *section, bool is_named, char *ret_list,
                      size_t size)
{
    size_t length = 0;
    ret_list[0] = '\0';
    for (size_t i = 0; i < config->key_count && length < size; i++) {
        const struct config_key *row = &config->keys[i];
        if (strcmp(row->section, section) == 0 && row->is_named == is_named)
            length += (size_t) snprintf(ret_list + length, size - length, "%s%s", length == 0 ? "" : ", ",
                                        row->name);
    }
}

/* "[broker], [worker NAME]"; rows of one section stand together. */
static void list_sections(const struct config *config, char *ret_list, size_t size)
{
    size_t length = 0;
    ret_list[0] = '\0';
    for (size_t i = 0; i < config->key_count && length < size; i++) {
        const struct config_key *row = &config->keys[i];
        if (i == 0 || strcmp(row->section, row[-1].section) != 0 || row->is_named != row[-1].is_named)
            length += (size_t) snprintf(ret_list + length, size - length, "%s[%s%s]", length == 0 ? "" : ", ",
                                        row->section, row->is_named ? " NAME" : "");
    }
}

/* The index-th value of a key; NULL where it was given fewer times. */
static const struct entry *entry_find(const struct config *config, const struct config_key *key,
                                      const char *name, size_t index)
{
    for (size_t i = 0; i < config->entry_count; i++) {
        const struct entry *entry = &config->entries[i];
        if (entry->key != key || (key->is_named && strcmp(entry->name, name) != 0))
            continue;
        if (index-- == 0)
            return entry;
    }
    return NULL;
}

/* Sections. */

static int section_add(struct reading *reading)
{
    struct config *config = reading->config;
    char whole[2 * SECTION_MAX_BYTES + 2];
    snprintf(whole, sizeof(whole), "%s %s", reading->section, reading->name);
    for (size_t i = 0; i < config->section_count; i++) {
        if (strcmp(config->sections[i], whole) == 0)
            return fail(reading, ERR_CONFIG, "section [%s] is there twice: put its keys into one", whole);
    }
    char **grown = realloc(config->sections, (config->section_count + 1) * sizeof(*grown));
    if (!grown)
        return fail_memory(reading);
    config->sections = grown;
    config->sections[config->section_count] = strdup(whole);
    if (!config->sections[config->section_count])
        return fail_memory(reading);
    config->section_count++;
    return 0;
}

/* Take up a line that starts with '['. libinih tells of a section only with its first key, so that an empty
 * or unknown one would pass unseen: it is read here. */
static int section_enter(struct reading *reading, const char *line)
{
    const char *end = strchr(line, ']');
    if (!end)
        return fail(reading, ERR_CONFIG, "a section's name ends in ]: add it");
    const char *rest = end + 1 + strspn(end + 1, " \t\r\n");
    if (*rest != '\0' && *rest != ';' && *rest != '#')
        return fail(reading, ERR_CONFIG, "nothing may follow a section's name: put it on a line of its own");
    size_t size = (size_t) (end - line - 1);
    if (size > SECTION_MAX_BYTES)
        return fail(reading, ERR_CONFIG, "a section's name has at most %d bytes: shorten it",
                    SECTION_MAX_BYTES);
    char inside[SECTION_MAX_BYTES + 1];
    memcpy(inside, line + 1, size);
    inside[size] = '\0';
    reading->section[0] = reading->name[0] = '\0';
    char overflow[2];
    int words = sscanf(inside, "%49s %49s %1s", reading->section, reading->name, overflow);
    char text[SHOWN_MAX_BYTES], known[CONFIG_REASON_MAX];
    bool is_plain = section_exists(reading->config, reading->section, false);
    bool is_named = section_exists(reading->config, reading->section, true);
    if (words < 1 || words > 2 || (!is_plain && !is_named)) {
        list_sections(reading->config, known, sizeof(known));
        return fail(reading, ERR_CONFIG, "there is no section [%s]: there are %s", shown(inside, text),
                    known);
    }
    if (words == 1 && !is_plain)
        return fail(reading, ERR_CONFIG, "section [%s] needs a name: write [%s NAME]", reading->section,
                    reading->section);
    if (words == 1)
        return 0;
    if (!is_named)
        return fail(reading, ERR_CONFIG, "section [%s] takes no name: write [%s]", reading->section,
                    reading->section);
    if (!name_is_valid(reading->name))
        return fail(reading, ERR_CONFIG,
                    "the name %s is not 1 to %d of a-z, 0-9 and -, starting with a letter: choose another",
                    shown(reading->name, text), NAME_MAX_BYTES);
    return section_add(reading);
}

/* Values. */

static bool integer_parse(const char *text, int64_t *ret_value)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool is_number = (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) && *end == '\0' && errno == 0;
    if (is_number)
        *ret_value = value;
    return is_number;
}

static bool boolean_parse(const char *text, bool *ret_value)
{
    static const struct {
        const char *word;
        bool value;
    } WORDS[] = {{"yes", true}, {"no", false},  {"true", true}, {"false", false},
                 {"on", true},  {"off", false}, {"1", true},    {"0", false}};
    for (size_t i = 0; i < ARRAY_COUNT(WORDS); i++) {
        if (strcmp(WORDS[i].word, text) == 0) {
            *ret_value = WORDS[i].value;
            return true;
        }
    }
    return false;
}

static int value_check(struct reading *reading, const struct config_key *key, const char *value)
{
    char text[SHOWN_MAX_BYTES];
    int64_t number;
    bool truth;
    uint8_t bytes[KEY_SIZE];
    size_t length = strlen(value);
    size_t most = key->most > 0 && key->most < CONFIG_VALUE_MAX ? (size_t) key->most : CONFIG_VALUE_MAX - 1;
    switch (key->type) {
    case CONFIG_INTEGER:
        if (!integer_parse(value, &number))
            return fail(reading, ERR_CONFIG, "%s is to be a whole number, and \"%s\" is none", key->name,
                        shown(value, text));
        if (number < key->least || number > key->most)
            return fail(reading, ERR_CONFIG, "%s is to be %" PRId64 " to %" PRId64 ", and %" PRId64 " is not",
                        key->name, key->least, key->most, number);
        return 0;
    case CONFIG_BOOLEAN:
        if (!boolean_parse(value, &truth))
            return fail(reading, ERR_CONFIG, "%s is to be yes or no, and \"%s\" is neither", key->name,
                        shown(value, text));
        return 0;
    case CONFIG_KEY:
        if (length > 0 && hex_decode(value, bytes, sizeof(bytes)) != 0)
            return fail(reading, ERR_CONFIG,
                        "%s is to be a public key of %d hexadecimal digits, and \"%s\" is none", key->name,
                        2 * KEY_SIZE, shown(value, text));
        return 0;
    case CONFIG_TEXT:
        if (length < (size_t) (key->least > 0 ? key->least : 0) || length > most)
            return fail(reading, ERR_CONFIG, "%s has %zu bytes, and %" PRId64 " to %zu are allowed",
                        key->name, length, key->least > 0 ? key->least : 0, most);
        return 0;
    }
    return 0;
}

static int entry_add(struct reading *reading, const struct config_key *key, const char *value)
{
    struct config *config = reading->config;
    struct entry *grown = realloc(config->entries, (config->entry_count + 1) * sizeof(*grown));
    if (!grown)
        return fail_memory(reading);
    config->entries = grown;
    struct entry *entry = &config->entries[config->entry_count];
    *entry = (struct entry){
        .key = key, .name = key->is_named ? strdup(reading->name) : NULL, .value = strdup(value)};
    config->entry_count++;
    return entry->value && (entry->name || !key->is_named) ? 0 : fail_memory(reading);
}

/* libinih's handler: one `key = value`. Always 1: what is wrong is in @context. */
static int take_value(void *context, const char *section, const char *name, const char *value)
{
    (void) section;
    struct reading *reading = context;
    if (reading->code != 0)
        return 1;
    char text[SHOWN_MAX_BYTES], known[CONFIG_REASON_MAX];
    if (reading->section[0] == '\0') {
        fail(reading, ERR_CONFIG, "%s stands before any section: put it into one", shown(name, text));
        return 1;
    }
    const struct config_key *key = key_find(reading->config, reading->section, name);
    bool in_named = reading->name[0] != '\0';
    if (!key || key->is_named != in_named) {
        list_keys(reading->config, reading->section, in_named, known, sizeof(known));
        fail(reading, ERR_CONFIG, "section [%s] has no key %s: it has %s", reading->section,
             shown(name, text), known);
    } else if (!key->is_list && entry_find(reading->config, key, reading->name, 0))
        fail(reading, ERR_CONFIG, "%s is given twice: keep one of the two", name);
    else if (value_check(reading, key, value) == 0)
        entry_add(reading, key, value);
    return 1;
}

/* libinih's reader, as fgets. Takes up sections, and strips what libinih would take for a continued line. */
static char *take_line(char *line, int size, void *context)
{
    struct reading *reading = context;
    if (reading->code != 0 || *reading->at == '\0')
        return NULL;
    reading->line++;
    size_t length = strcspn(reading->at, "\n");
    const char *next = reading->at + length + (reading->at[length] == '\n');
    size_t blank = strspn(reading->at, " \t");
    const char *start = reading->at + (blank < length ? blank : length);
    length -= (size_t) (start - reading->at);
    if (length + 2 > (size_t) size) {
        fail(reading, ERR_CONFIG, "a line has at most %d bytes: shorten it", size - 2);
        return NULL;
    }
    memcpy(line, start, length);
    line[length] = '\n';
    line[length + 1] = '\0';
    reading->at = next;
    if (line[0] == '[' && section_enter(reading, line) != 0)
        return NULL;
    return line;
}

/* The file. */

static int fail_file(struct reading *reading)
{
    return fail(reading, ERR_FILE, "it cannot be read (%s): check the path and its permissions",
                strerror(errno));
}

/* The whole file as one text. The caller frees it. */
static int load(struct reading *reading, char **ret_text)
{
    int fd = open(reading->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_file(reading);
    char *text = malloc(FILE_MAX_BYTES + 1);
    if (!text) {
        close(fd);
        return fail_memory(reading);
    }
    size_t size = 0;
    ssize_t got = 1;
    while (size <= FILE_MAX_BYTES && got > 0) {
        got = read(fd, text + size, FILE_MAX_BYTES + 1 - size);
        if (got > 0)
            size += (size_t) got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    if (got < 0)
        fail_file(reading);
    else if (size > FILE_MAX_BYTES)
        fail(reading, ERR_CONFIG, "it has more than %d bytes: is it a configuration?", FILE_MAX_BYTES);
    else if (!utf8_is_valid(BYTES(text, size)))
        fail(reading, ERR_CONFIG, "it is not a text in UTF-8: is it a configuration?");
    close(fd);
    if (reading->code != 0) {
        free(text);
        return reading->code;
    }
    text[size] = '\0';
    *ret_text = text;
    return 0;
}

static int parse(struct reading *reading, const char *text)
{
    static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";
    reading->at = text;
    if (strncmp(text, BYTE_ORDER_MARK, 3) == 0)
        reading->at += 3;
    ini_allow_multiline = false;
    ini_max_line = LINE_MAX_BYTES;
    int result = ini_parse_stream(take_line, reading, take_value, reading);
    if (reading->code == 0 && result > 0) {
        reading->line = result;
        fail(reading, ERR_CONFIG, "a line is `key = value`, a [section] or a comment that starts with #");
    } else if (reading->code == 0 && result < 0) {
        fail_memory(reading);
    }
    return reading->code;
}

static int require(struct reading *reading, const struct config_key *key, const char *name)
{
    if (entry_find(reading->config, key, name, 0))
        return 0;
    return fail(reading, ERR_CONFIG, "section [%s%s%s] lacks %s: add it. %s", key->section,
                name[0] ? " " : "", name, key->name, words_of(key->summary));
}

static int require_all(struct reading *reading)
{
    const struct config *config = reading->config;
    reading->line = 0;
    for (size_t i = 0; i < config->key_count && reading->code == 0; i++) {
        const struct config_key *key = &config->keys[i];
        if (key->preset)
            continue;
        if (!key->is_named)
            require(reading, key, "");
        for (size_t k = 0; key->is_named && k < config_section_count(config, key->section); k++)
            require(reading, key, config_section_at(config, key->section, k));
    }
    return reading->code;
}

int config_read(const char *path, const struct config_key *keys, size_t key_count, struct config **ret_config,
                char reason[CONFIG_REASON_MAX])
{
    struct config *config = calloc(1, sizeof(*config));
    struct reading reading = {.config = config, .path = path, .reason = reason};
    char *text = NULL;
    if (!config)
        return fail_memory(&reading);
    config->keys = keys;
    config->key_count = key_count;
    if (load(&reading, &text) == 0 && parse(&reading, text) == 0 && require_all(&reading) == 0) {
        *ret_config = config;
        config = NULL;
    }
    free(text);
    config_destroy(&config);
    return reading.code;
}

void config_destroy(struct config **config)
{
    if (!config || !*config)
        return;
    for (size_t i = 0; i < (*config)->entry_count; i++) {
        free((*config)->entries[i].name);
        free((*config)->entries[i].value);
    }
    for (size_t i = 0; i < (*config)->section_count; i++)
        free((*config)->sections[i]);
    free((*config)->entries);
    free((*config)->sections);
    free(*config);
    *config = NULL;
}

/* Access. A key that the table does not have is our own bug. */

static const struct config_key *key_of(const struct config *config, const char *section, const char *key)
{
    const struct config_key *row = key_find(config, section, key);
    assert(row);
    return row;
}

const char *config_text(const struct config *config, const char *section, const char *name, const char *key)
{
    return config_at(config, section, name, key, 0);
}

int64_t config_integer(const struct config *config, const char *section, const char *name, const char *key)
{
    int64_t value = 0;
    integer_parse(config_text(config, section, name, key), &value);
    return value;
}

bool config_boolean(const struct config *config, const char *section, const char *name, const char *key)
{
    bool value = false;
    boolean_parse(config_text(config, section, name, key), &value);
    return value;
}

bool config_key32(const struct config *config, const char *section, const char *name, const char *key,
                  uint8_t ret_key[KEY_SIZE])
{
    return hex_decode(config_text(config, section, name, key), ret_key, KEY_SIZE) == 0;
}

size_t config_count(const struct config *config, const char *section, const char *name, const char *key)
{
    const struct config_key *row = key_of(config, section, key);
    size_t count = 0;
    while (entry_find(config, row, name ? name : "", count))
        count++;
    return count;
}

const char *config_at(const struct config *config, const char *section, const char *name, const char *key,
                      size_t index)
{
    const struct config_key *row = key_of(config, section, key);
    const struct entry *entry = entry_find(config, row, name ? name : "", index);
    if (entry)
        return entry->value;
    return row->preset ? row->preset : "";
}

size_t config_section_count(const struct config *config, const char *section)
{
    size_t count = 0;
    while (config_section_at(config, section, count))
        count++;
    return count;
}

const char *config_section_at(const struct config *config, const char *section, size_t index)
{
    size_t length = strlen(section);
    for (size_t i = 0; i < config->section_count; i++) {
        const char *whole = config->sections[i];
        if (strncmp(whole, section, length) == 0 && whole[length] == ' ' && index-- == 0)
            return whole + length + 1;
    }
    return NULL;
}

/* Writing. */

bool config_value_is_plain(const char *value)
{
    size_t length = strlen(value);
    if (length >= CONFIG_VALUE_MAX || !utf8_is_valid(BYTES(value, length)) || value[0] == ';' ||
        value[0] == ' ' || (length > 0 && value[length - 1] == ' '))
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char) value[i] < 0x20 || value[i] == 0x7f || (value[i] == ' ' && value[i + 1] == ';'))
            return false;
    return true;
}

/* The sample. */

static const char *type_words(const struct config_key *key, char *buffer, size_t size)
{
    switch (key->type) {
    case CONFIG_INTEGER:
        snprintf(buffer, size, "%" PRId64 " to %" PRId64, key->least, key->most);
        break;
    case CONFIG_BOOLEAN:
        snprintf(buffer, size, "yes or no");
        break;
    case CONFIG_KEY:
        snprintf(buffer, size, "%d hexadecimal digits", 2 * KEY_SIZE);
        break;
    case CONFIG_TEXT:
        snprintf(buffer, size, "text");
        break;
    }
    return buffer;
}

static void print_key(const struct config_key *key, void (*print)(const char *line, void *context),
                      void *context)
{
    char line[CONFIG_VALUE_MAX + 256];
    char words[64];
    print("", context);
    snprintf(line, sizeof(line), "# %s", key->summary);
    print(line, context);
    snprintf(line, sizeof(line), "# %s%s%s%s.", type_words(key, words, sizeof(words)),
             key->preset ? "" : "; required", key->is_list ? "; may be given several times" : "",
             key->is_reloadable ? "; SIGHUP takes it up" : "");
    print(line, context);
    bool is_commented = key->is_named || (key->preset && key->preset[0] == '\0');
    snprintf(line, sizeof(line), "%s%s =%s%s", is_commented ? "# " : "", key->name,
             key->preset && key->preset[0] ? " " : "", key->preset ? key->preset : "");
    print(line, context);
}

void config_print_sample(const struct config_key *keys, size_t key_count,
                         void (*print)(const char *line, void *context), void *context)
{
    for (size_t i = 0; i < key_count; i++) {
        bool is_first = i == 0 || strcmp(keys[i].section, keys[i - 1].section) != 0 ||
                        keys[i].is_named != keys[i - 1].is_named;
        if (is_first) {
            char line[128];
            if (i > 0)
                print("", context);
            snprintf(line, sizeof(line), keys[i].is_named ? "# [%s NAME]" : "[%s]", keys[i].section);
            print(line, context);
        }
        print_key(&keys[i], print, context);
    }
}
