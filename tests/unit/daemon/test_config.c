/* Configuration files: what is taken, what is refused and how the refusal reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/daemon/config.h"
#include "core/error.h"

#define KEY_TEXT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct config_key KEYS[] = {
    {"server", "address", CONFIG_TEXT, NULL, 1, 60, .summary = "Where it listens."},
    {"server", "limit", CONFIG_INTEGER, "10", 1, 100, .is_reloadable = true, .summary = "How many."},
    {"server", "is_open", CONFIG_BOOLEAN, "no", .summary = "Whether anybody may."},
    {"server", "operator", CONFIG_KEY, "", .is_list = true, .summary = "Keys of operators."},
    {"peer", "key", CONFIG_KEY, NULL, .is_named = true, .summary = "The peer's key."},
    {"peer", "group", CONFIG_TEXT, "", .is_named = true, .is_list = true, .summary = "Its groups."},
};

/* Write @text to a file of its own and read it as configuration. */
static int read_bytes(const void *text, size_t size, struct config **ret_config, char *reason)
{
    char path[] = "/tmp/comity-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), (ssize_t) size);
    close(fd);
    int error = config_read(path, KEYS, ARRAY_COUNT(KEYS), ret_config, reason);
    unlink(path);
    return error;
}

static int read_text(const char *text, struct config **ret_config, char *reason)
{
    return read_bytes(text, strlen(text), ret_config, reason);
}

static void test_values_come_back(void **state)
{
    (void) state;
    char reason[CONFIG_REASON_MAX];
    CLEANUP(config_destroy) struct config *config = NULL;
    assert_int_equal(read_text("\xEF\xBB\xBF# a comment\n"
                               "  ; another\n"
                               "[server]\r\n"
                               "address = tcp://127.0.0.1:* ; remark\r\n"
                               "    limit = 100\n" /* indented: not the line before, continued */
                               "is_open=yes\n"
                               "operator = " KEY_TEXT "\n"
                               "operator =\n"
                               "[peer north] # named\n"
                               "key = " KEY_TEXT "\n"
                               "group = a\n"
                               "group = b\n"
                               "[peer south-2]\n"
                               "key =",
                               &config, reason),
                     0);
    assert_string_equal(config_text(config, "server", NULL, "address"), "tcp://127.0.0.1:*");
    assert_int_equal(config_integer(config, "server", NULL, "limit"), 100);
    assert_true(config_boolean(config, "server", NULL, "is_open"));
    assert_int_equal(config_count(config, "server", NULL, "operator"), 2);
    assert_string_equal(config_at(config, "server", NULL, "operator", 0), KEY_TEXT);
    assert_string_equal(config_at(config, "server", NULL, "operator", 1), "");
    assert_int_equal(config_section_count(config, "peer"), 2);
    assert_string_equal(config_section_at(config, "peer", 1), "south-2");
    assert_null(config_section_at(config, "peer", 2));
    assert_int_equal(config_count(config, "peer", "north", "group"), 2);
    assert_int_equal(config_count(config, "peer", "south-2", "group"), 0);
    assert_string_equal(config_at(config, "peer", "north", "group", 1), "b");
    uint8_t key[KEY_SIZE];
    assert_true(config_key32(config, "peer", "north", "key", key));
    assert_int_equal(key[1], 0x11);
    assert_false(config_key32(config, "peer", "south-2", "key", key));
}

static void test_defaults_apply(void **state)
{
    (void) state;
    char reason[CONFIG_REASON_MAX];
    CLEANUP(config_destroy) struct config *config = NULL;
    assert_int_equal(read_text("[server]\naddress = x\n", &config, reason), 0);
    assert_int_equal(config_integer(config, "server", NULL, "limit"), 10);
    assert_false(config_boolean(config, "server", NULL, "is_open"));
    assert_int_equal(config_count(config, "server", NULL, "operator"), 0);
    assert_string_equal(config_text(config, "server", NULL, "operator"), "");
    assert_int_equal(config_section_count(config, "peer"), 0);
}

/* Every refusal names the line and what is wrong, and leaves the output alone. */
static void test_refusals(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        const char *says;
    } CASES[] = {
        {"[server]\naddress = x\nlimt = 3\n", "line 3: section [server] has no key limt"},
        {"[server]\naddress = x\n[sever]\n", "line 3: there is no section [sever]"},
        {"[server]\naddress = x\n[]\n", "line 3: there is no section []"},
        {"[server]\naddress = x\n[server x]\n", "line 3: section [server] takes no name"},
        {"[server]\naddress = x\n[peer]\n", "line 3: section [peer] needs a name"},
        {"[server]\naddress = x\n[peer a b]\n", "line 3: there is no section [peer a b]"},
        {"[server]\naddress = x\n[peer North]\n", "line 3: the name North is not 1 to 40"},
        {"[server]\naddress = x\n[peer a]\nkey =\n[peer a]\n", "line 5: section [peer a] is there twice"},
        {"[server]\naddress = x\n[peer a]\n", ": section [peer a] lacks key: add it."},
        {"[server]\naddress = x\n[peer a]\nlimit = 1\n", "line 4: section [peer] has no key limit"},
        {"[server]\n", ": section [server] lacks address"},
        {"", ": section [server] lacks address"},
        {"address = x\n", "line 1: address stands before any section"},
        {"[server]\naddress\n", "line 2: a line is `key = value`"},
        {"[server\naddress = x\n", "line 1: a section's name ends in ]"},
        {"[server] address = x\n", "line 1: nothing may follow"},
        {"[server]\naddress = x\naddress = y\n", "line 3: address is given twice"},
        {"[server]\naddress =\n", "line 2: address has 0 bytes, and 1 to 60 are allowed"},
        {"[server]\naddress = x\nlimit = 0\n", "line 3: limit is to be 1 to 100, and 0 is not"},
        {"[server]\naddress = x\nlimit = 101\n", "line 3: limit is to be 1 to 100"},
        {"[server]\naddress = x\nlimit = 1k\n", "line 3: limit is to be a whole number, and \"1k\""},
        {"[server]\naddress = x\nlimit = 99999999999999999999\n", "line 3: limit is to be a whole number"},
        {"[server]\naddress = x\nlimit =\n", "line 3: limit is to be a whole number"},
        {"[server]\naddress = x\nis_open = maybe\n", "line 3: is_open is to be yes or no"},
        {"[server]\naddress = x\noperator = 1234\n", "line 3: operator is to be a public key of 64"},
        {"[server]\naddress = x\noperator = " KEY_TEXT "0\n", "line 3: operator is to be a public key"},
        {"[server]\naddress = \xFF\n", ": it is not a text in UTF-8"},
        {"[server]\naddress = x\nb\x1B[2Jd = 1\n", "section [server] has no key b\\x1b[2Jd"},
        {"[server]\naddress = x\n[peer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n",
         "line 3: a section's name has at most 49 bytes"},
        {"[server]\naddress = x\n[peer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n", "is not 1 to 40"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        char reason[CONFIG_REASON_MAX] = "";
        struct config *config = NULL;
        int error = read_text(CASES[i].text, &config, reason);
        if (error != ERR_CONFIG || config || !strstr(reason, CASES[i].says))
            fail_msg("case %zu: %d \"%s\", expected \"%s\"", i, error, reason, CASES[i].says);
    }
}

static void test_nul_and_long_lines_are_refused(void **state)
{
    (void) state;
    char reason[CONFIG_REASON_MAX];
    struct config *config = NULL;
    static const char NUL[] = "[server]\naddress = x\0y\n";
    assert_int_equal(read_bytes(NUL, sizeof(NUL) - 1, &config, reason), ERR_CONFIG);

    char text[4096] = "[server]\naddress = ";
    memset(text + strlen(text), 'x', 1500);
    assert_int_equal(read_text(text, &config, reason), ERR_CONFIG);
    assert_non_null(strstr(reason, "line 2: a line has at most"));
    assert_null(config);
}

static void test_long_value_is_whole(void **state)
{
    (void) state;
    char reason[CONFIG_REASON_MAX];
    CLEANUP(config_destroy) struct config *config = NULL;
    char text[1200] = "[server]\naddress = x\n[peer a]\nkey =\ngroup = ";
    size_t length = strlen(text);
    memset(text + length, 'g', 1000); /* five times the line that libinih takes by default */
    assert_int_equal(read_text(text, &config, reason), 0);
    assert_string_equal(config_at(config, "peer", "a", "group", 0), text + length);
}

static void test_file_that_cannot_be_read(void **state)
{
    (void) state;
    static const char *const PATHS[] = {"/nonexistent/comity.ini", "/tmp"};
    for (size_t i = 0; i < ARRAY_COUNT(PATHS); i++) {
        char reason[CONFIG_REASON_MAX] = "";
        struct config *config = NULL;
        assert_int_equal(config_read(PATHS[i], KEYS, ARRAY_COUNT(KEYS), &config, reason), ERR_FILE);
        assert_non_null(strstr(reason, PATHS[i]));
        assert_non_null(strstr(reason, "check the path"));
    }
}

struct sample {
    char text[8192];
};

static void collect(const char *line, void *context)
{
    struct sample *sample = context;
    size_t length = strlen(sample->text);
    snprintf(sample->text + length, sizeof(sample->text) - length, "%s\n", line);
}

/* The sample documents every key and, with what is required filled in, is itself a configuration. */
static void test_sample_is_a_configuration(void **state)
{
    (void) state;
    struct sample sample = {""};
    config_print_sample(KEYS, ARRAY_COUNT(KEYS), collect, &sample);
    for (size_t i = 0; i < ARRAY_COUNT(KEYS); i++) {
        assert_non_null(strstr(sample.text, KEYS[i].name));
        assert_non_null(strstr(sample.text, KEYS[i].summary));
    }
    char reason[CONFIG_REASON_MAX] = "";
    CLEANUP(config_destroy) struct config *config = NULL;
    assert_int_equal(read_text(sample.text, &config, reason), ERR_CONFIG); /* address is required */
    char *hole = strstr(sample.text, "address =\n");
    assert_non_null(hole);
    char filled[sizeof(sample.text) + 2];
    snprintf(filled, sizeof(filled), "%.*saddress =x%s", (int) (hole - sample.text), sample.text, hole + 9);
    assert_int_equal(read_text(filled, &config, reason), 0);
}

/* What is called plain comes back as it was written; what is not would not, or would be refused. */
static void test_plain_values(void **state)
{
    (void) state;
    static const struct {
        const char *value;
        bool is_plain;
    } CASES[] = {
        {"/srv/ada/keys/signing.key", true},
        {"/srv/Ada Okafor/caf\xc3\xa9/#1 [x] = y", true},
        {"a;b", true},
        {"a ;b", false},
        {"a b ; c", false},
        {";a", false},
        {" a", false},
        {"a ", false},
        {"a\nlimit = 3", false},
        {"a\rb", false},
        {"a\t;b", false},
        {"a\x7f", false},
        {"caf\xe9", false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        char text[128], reason[CONFIG_REASON_MAX];
        CLEANUP(config_destroy) struct config *config = NULL;
        snprintf(text, sizeof(text), "[server]\naddress = %s\n", CASES[i].value);
        bool is_same = read_text(text, &config, reason) == 0 &&
                       strcmp(config_text(config, "server", NULL, "address"), CASES[i].value) == 0;
        if (config_value_is_plain(CASES[i].value) != CASES[i].is_plain || (CASES[i].is_plain && !is_same))
            fail_msg("case %zu: read back the same: %d", i, is_same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_come_back),
        cmocka_unit_test(test_defaults_apply),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_nul_and_long_lines_are_refused),
        cmocka_unit_test(test_long_value_is_whole),
        cmocka_unit_test(test_file_that_cannot_be_read),
        cmocka_unit_test(test_plain_values),
        cmocka_unit_test(test_sample_is_a_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
