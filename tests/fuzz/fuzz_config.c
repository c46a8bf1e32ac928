/* A configuration file, read by a table that has a row of every sort. */
#include "core/daemon/config.h"
#include "core/error.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

static const struct config_key KEYS[] = {
    {"daemon", "title", CONFIG_TEXT, "", 0, 40, false, false, false, "A text."},
    {"daemon", "threads", CONFIG_INTEGER, "4", 1, 64, false, false, true, "A number."},
    {"daemon", "is_open", CONFIG_BOOLEAN, "no", 0, 0, false, false, false, "Yes or no."},
    {"daemon", "key", CONFIG_KEY, "", 0, 0, false, false, false, "A key."},
    {"daemon", "path", CONFIG_TEXT, NULL, 1, 200, false, false, false, "A text that is required."},
    {"daemon", "operator", CONFIG_KEY, "", 0, 0, false, true, true, "Keys."},
    {"broker", "endpoint", CONFIG_TEXT, NULL, 1, 100, true, false, false, "A text of each broker."},
    {"broker", "key", CONFIG_KEY, NULL, 0, 0, true, false, false, "A key of each broker."},
    {"broker", "group", CONFIG_TEXT, "", 0, 32, true, true, false, "Texts of each broker."},
    {"broker", "weight", CONFIG_INTEGER, "-1", INT64_MIN, INT64_MAX, true, false, false, "A number of each."},
};

static void check_value(const struct config *config, const struct config_key *key, const char *name)
{
    uint8_t bytes[KEY_SIZE];

    if (key->is_list) {
        size_t count = config_count(config, key->section, name, key->name);
        for (size_t i = 0; i < count; i++)
            FUZZ_NEED(strlen(config_at(config, key->section, name, key->name, i)) <= CONFIG_VALUE_MAX);
        return;
    }
    const char *text = config_text(config, key->section, name, key->name);
    FUZZ_NEED(text != NULL && strlen(text) <= CONFIG_VALUE_MAX);
    if (key->type == CONFIG_TEXT)
        FUZZ_NEED((int64_t) strlen(text) <= key->most && utf8_is_valid(BYTES(text, strlen(text))));
    if (key->type == CONFIG_INTEGER) {
        int64_t value = config_integer(config, key->section, name, key->name);
        FUZZ_NEED(value >= key->least && value <= key->most);
    }
    if (key->type == CONFIG_BOOLEAN)
        (void) config_boolean(config, key->section, name, key->name);
    if (key->type == CONFIG_KEY)
        FUZZ_NEED(config_key32(config, key->section, name, key->name, bytes) == (text[0] != '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char reason[CONFIG_REASON_MAX] = "";
    struct config *config = NULL;
    int code = config_read(fuzz_file(data, size), KEYS, ARRAY_COUNT(KEYS), &config, reason);

    if (code != 0) {
        FUZZ_NEED(code == ERR_CONFIG && config == NULL);
        size_t length = strlen(reason);
        FUZZ_NEED(length > 10 && length < CONFIG_REASON_MAX);
        FUZZ_NEED(utf8_is_valid(BYTES(reason, length)) && strchr(reason, '\n') == NULL);
        return 0;
    }
    fuzz_accept();
    for (size_t i = 0; i < ARRAY_COUNT(KEYS); i++) {
        size_t sections = KEYS[i].is_named ? config_section_count(config, KEYS[i].section) : 1;
        for (size_t n = 0; n < sections; n++)
            check_value(config, &KEYS[i],
                        KEYS[i].is_named ? config_section_at(config, KEYS[i].section, n) : NULL);
    }
    config_destroy(&config);
    return 0;
}
