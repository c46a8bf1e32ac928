/* Command lines: what they are taken for, and what is said of those that are not understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/cli/arguments.h"
#include "core/bytes.h"
#include "core/error.h"

enum { WORDS_MAX = 12 };

static int parse(char *const *words, struct arguments *ret_arguments, char reason[ARGUMENTS_REASON_MAX])
{
    /* getopt changes the order: each parse gets a vector of its own. */
    static char *argv[WORDS_MAX + 2];
    int argc = 1;

    argv[0] = (char *) "comity";
    for (; words[argc - 1] != NULL; argc++)
        argv[argc] = words[argc - 1];
    argv[argc] = NULL;
    return arguments_parse(argc, argv, ret_arguments, reason);
}

static const struct {
    const char *words[WORDS_MAX];
    const char *verb;
    const char *values[VERB_ARGUMENTS_MAX + 1];
} GOOD[] = {
    {{"status"}, "status", {NULL}},
    {{"round", "open", "7", "--rule", "consensus"}, "round open", {"7", NULL}},
    {{"--json", "round", "open", "--rule=consensus", "7"}, "round open", {"7", NULL}},
    {{"vote", "--reason", "because of the nights", "5", "block"}, "vote", {"5", "block", NULL}},
    {{"--home", "/x", "--context", "lakeside", "vote", "5", "agree", "--json"}, "vote", {"5", "agree", NULL}},
    {{"invite", "--out", "f", "--", "--odd name"}, "invite", {"--odd name", NULL}},
    {{"invite", "", "--out", "f"}, "invite", {"", NULL}},
    {{"key", "show"}, "key show", {NULL}},
    {{"help", "round", "open"}, "help", {"round", "open", NULL}},
    {{"body", "create", "x", "--title", "t", "--seats", "a=1", "--seats", "b=2"}, "body create", {"x", NULL}},
    {{"vote", "--help"}, "vote", {NULL}},
    {{NULL}, NULL, {NULL}},
    {{"--help"}, NULL, {NULL}},
    {{"-h"}, NULL, {NULL}},
    {{"--version"}, "version", {NULL}},
    {{"--version", "--json"}, "version", {NULL}},
};

static void test_understood(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(GOOD); i++) {
        struct arguments arguments;
        char reason[ARGUMENTS_REASON_MAX] = "";
        int code = parse((char *const *) GOOD[i].words, &arguments, reason);
        if (code != 0)
            fail_msg("line %zu: %s", i, reason);
        if (GOOD[i].verb == NULL)
            assert_null(arguments.verb);
        else
            assert_string_equal(arguments.verb->name, GOOD[i].verb);
        size_t count = 0;
        for (; GOOD[i].values[count] != NULL; count++)
            assert_string_equal(arguments.values[count], GOOD[i].values[count]);
        assert_int_equal(arguments.value_count, count);
    }
}

/* Each says what is wrong, and what may have been meant. */
static const struct {
    const char *words[WORDS_MAX];
    const char *said[3];
} BAD[] = {
    {{"rond", "open"}, {"`rond`", "comity round open"}},
    {{"round", "opne", "1"}, {"`round opne`", "comity round open"}},
    {{"staus"}, {"`staus`", "comity status"}},
    {{"ballot", "5"}, {"`ballot`", "comity ballots"}},
    {{"outcom", "5"}, {"`outcom`", "comity outcome"}},
    {{"round"}, {"second word", "open, acknowledge, close, show, list"}},
    {{"session"}, {"second word", "convene, open, close, list", "facilitators, recess, resume."}},
    {{"vote", "5"}, {"ANSWER is missing", "comity vote ROUND ANSWER"}},
    {{"export", ""}, {"FILE is missing", "comity export FILE"}},
    {{"recount", "", "1"}, {"FILE is missing", "comity recount FILE"}},
    {{"vote", "5", "agree", "gladly"}, {"`gladly`", "quotes"}},
    {{"vote", "5", "agree", "--reasn", "x"}, {"--reasn", "--reason"}},
    {{"vote", "5", "agree", "--reason"}, {"--reason", "needs a value"}},
    {{"vote", "5", "agree", "--reason="}, {"--reason", "needs a value"}},
    {{"vote", "5", "agree", "--json=yes"}, {"--json takes no value"}},
    {{"vote", "5", "agree", "-x"}, {"-x"}},
    {{"vote", "5", "agree", "--home", "/a", "--home", "/b"}, {"--home", "twice"}},
    {{"site", "add", "west", "--title", "West"}, {"--time-zone is missing"}},
    {{"body", "list", "--seats", "a=1"}, {"`comity body list` has no option --seats"}},
    {{"vote", "5", "agree", "--yes"}, {"`comity vote` has no option --yes."}},
    {{"status", "--draft", "x"}, {"no option --draft"}},
    {{"\033[31mred"}, {"\\x1b[31mred"}},
    {{"frob"}, {"There is no command `frob`."}},
};

static void test_not_understood(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++) {
        struct arguments arguments;
        char reason[ARGUMENTS_REASON_MAX] = "";
        if (parse((char *const *) BAD[i].words, &arguments, reason) != ERR_USAGE)
            fail_msg("line %zu was understood", i);
        for (size_t j = 0; j < 3 && BAD[i].said[j] != NULL; j++)
            if (strstr(reason, BAD[i].said[j]) == NULL)
                fail_msg("line %zu: `%s` does not say `%s`", i, reason, BAD[i].said[j]);
    }
}

/* A failure is told the way that was asked for, wherever --json stands. */
static void test_json_is_seen_in_spite_of_errors(void **state)
{
    static const char *const LINES[][WORDS_MAX] = {
        {"rond", "open", "--json"},    {"--json", "rond"},
        {"--bogus", "vote", "--json"}, {"vote", "--json"},
        {"vote", "--bogus", "--json"}, {"vote", "1", "2", "3", "--json"},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(LINES); i++) {
        struct arguments arguments;
        char reason[ARGUMENTS_REASON_MAX];
        assert_int_equal(parse((char *const *) LINES[i], &arguments, reason), ERR_USAGE);
        assert_true(option_given(&arguments, "json"));
    }
}

static void test_values_by_name(void **state)
{
    const char *words[] = {"body", "create", "x", "--title", "t", "--seats", "a=1", "--seats", "b=2", NULL};
    struct arguments arguments;
    char reason[ARGUMENTS_REASON_MAX];

    (void) state;
    assert_int_equal(parse((char *const *) words, &arguments, reason), 0);
    assert_string_equal(argument_value(&arguments, "NAME"), "x");
    assert_null(argument_value(&arguments, "BODY"));
    assert_string_equal(option_value(&arguments, "title"), "t");
    assert_int_equal(option_count(&arguments, "seats"), 2);
    assert_string_equal(option_at(&arguments, "seats", 1), "b=2");
    assert_null(option_at(&arguments, "seats", 2));
    assert_false(option_given(&arguments, "json"));
}

static void test_more_options_than_there_is_room_for(void **state)
{
    static char *argv[2 * ARGUMENTS_GIVEN_MAX + 10];
    struct arguments arguments;
    char reason[ARGUMENTS_REASON_MAX];
    int argc = 0;

    (void) state;
    argv[argc++] = (char *) "comity";
    argv[argc++] = (char *) "body";
    argv[argc++] = (char *) "create";
    argv[argc++] = (char *) "x";
    for (int i = 0; i <= ARGUMENTS_GIVEN_MAX; i++)
        argv[argc++] = (char *) "--seats=a=1";
    argv[argc] = NULL;
    assert_int_equal(arguments_parse(argc, argv, &arguments, reason), ERR_USAGE);
    assert_non_null(strstr(reason, "more than"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_understood),
        cmocka_unit_test(test_not_understood),
        cmocka_unit_test(test_json_is_seen_in_spite_of_errors),
        cmocka_unit_test(test_values_by_name),
        cmocka_unit_test(test_more_options_than_there_is_room_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
