/* Tables: columns that fit the terminal, whole text elsewhere, lines of values in the accessible mode. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>

#include "client/cli/output.h"

enum { PRINTED_MAX = 4096 };

static void write_sheet(const void *sheet)
{
    sheet_print(sheet, "There is nothing.");
}

/* What a function writes to standard output. */
static void print_by(void (*write)(const void *), const void *what, char ret_printed[PRINTED_MAX])
{
    char path[] = "/tmp/comity-sheet-XXXXXX";
    int before = dup(STDOUT_FILENO), file = mkstemp(path);

    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    write(what);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    ssize_t size = pread(file, ret_printed, PRINTED_MAX - 1, 0);
    assert_true(size >= 0);
    ret_printed[size] = '\0';
    close(before);
    close(file);
    unlink(path);
}

static void print_sheet(const struct sheet *sheet, char ret_printed[PRINTED_MAX])
{
    print_by(write_sheet, sheet, ret_printed);
}

static const char *const TITLES[] = {"no.", "title", "state"};
static const char *const FIRST[] = {"1", "Who may swap a shift, and with whose leave", "OPEN"};
static const char *const SECOND[] = {"2", "Lunch", ""};

/* The two rows above, on a terminal that is so wide. */
static const struct {
    size_t width;
    bool is_accessible;
    const char *printed;
} CASES[] = {
    {0, false,
     "no.  title                                       state\n"
     "1    Who may swap a shift, and with whose leave  OPEN\n"
     "2    Lunch\n"},
    {54, false,
     "no.  title                                       state\n"
     "1    Who may swap a shift, and with whose leave  OPEN\n"
     "2    Lunch\n"},
    {40, false,
     "no.  title                      state\n"
     "1    Who may swap a shift, and  OPEN\n"
     "     with whose leave\n"
     "2    Lunch\n"},
    {0, true,
     "no.: 1\ntitle: Who may swap a shift, and with whose leave\nstate: OPEN\n\nno.: 2\ntitle: Lunch\n"},
};

static void test_widths(void **state)
{
    char printed[PRINTED_MAX];

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        struct cli cli = {.arena = arena_new(ARENA_LIMIT_DEFAULT),
                          .terminal = {.width = CASES[i].width, .is_accessible = CASES[i].is_accessible}};
        struct sheet sheet;
        sheet_init(&sheet, &cli, ARRAY_COUNT(TITLES), TITLES);
        sheet_row(&sheet, FIRST);
        sheet_row(&sheet, SECOND);
        print_sheet(&sheet, printed);
        if (strcmp(printed, CASES[i].printed) != 0)
            fail_msg("at %zu columns:\n%s", CASES[i].width, printed);
        arena_destroy(&cli.arena);
    }
}

/* What has blanks gives way before a word is broken, however long the word is. */
static void test_words_stay_whole(void **state)
{
    static const char *const ZONE[] = {"1", "Print a form", "America/Chicago"};
    struct cli cli = {.arena = arena_new(ARENA_LIMIT_DEFAULT), .terminal = {.width = 30}};
    struct sheet sheet;
    char printed[PRINTED_MAX];

    (void) state;
    sheet_init(&sheet, &cli, ARRAY_COUNT(TITLES), TITLES);
    sheet_row(&sheet, ZONE);
    print_sheet(&sheet, printed);
    assert_string_equal(printed, "no.  title    state\n"
                                 "1    Print a  America/Chicago\n"
                                 "     form\n");
    arena_destroy(&cli.arena);
}

static void say_lines(const void *cli)
{
    say(cli, "%s",
        "Short.\n  A sentence that is longer than it\n  comity help which stays in one line, however long");
    say(cli, "%s", "");
}

/* A sentence goes on below where it began, between words; a command stays in one line. */
static void test_sentences_are_wrapped(void **state)
{
    struct cli cli = {.arena = arena_new(ARENA_LIMIT_DEFAULT), .terminal = {.width = 20}};
    char printed[PRINTED_MAX];

    (void) state;
    print_by(say_lines, &cli, printed);
    assert_string_equal(printed, "Short.\n  A sentence that is\n  longer than it\n"
                                 "  comity help which stays in one line, however long\n\n");
    cli.terminal.width = 0;
    print_by(say_lines, &cli, printed);
    assert_string_equal(printed, "Short.\n  A sentence that is longer than it\n"
                                 "  comity help which stays in one line, however long\n\n");
    arena_destroy(&cli.arena);
}

/* Whatever the width, no line is wider, but where nothing can give way; and no character is lost. */
static void test_no_line_is_too_wide(void **state)
{
    static const char *const LONG[] = {
        "\u9673\u5927\u6587\u9673\u5927\u6587\u9673\u5927\u6587\u9673\u5927\u6587",
        "Jose\u0301 and Rene\u0301e swap, and a_word_of_more_than_forty_characters_without_any_blank follows",
        "0123456789abcdef0123456789abcdef"};
    char printed[PRINTED_MAX];

    (void) state;
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        skip();
    for (size_t width = 30; width <= 160; width++) {
        struct cli cli = {.arena = arena_new(ARENA_LIMIT_DEFAULT), .terminal = {.width = width}};
        struct sheet sheet;
        size_t letters = 0;
        sheet_init(&sheet, &cli, ARRAY_COUNT(TITLES), TITLES);
        sheet_row(&sheet, LONG);
        print_sheet(&sheet, printed);
        for (char *rest = NULL, *line = strtok_r(printed, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            wchar_t wide[PRINTED_MAX];
            size_t length = mbstowcs(wide, line, PRINTED_MAX);
            assert_true(length != (size_t) -1);
            assert_true(wcswidth(wide, length) <= (int) width);
            assert_true(length == 0 || line[strlen(line) - 1] != ' ');
            for (size_t i = 0; i < length; i++)
                letters += wide[i] != L' ';
        }
        size_t expected = strlen("no.titlestate");
        for (size_t i = 0; i < ARRAY_COUNT(LONG); i++) {
            wchar_t wide[PRINTED_MAX];
            size_t length = mbstowcs(wide, LONG[i], PRINTED_MAX);
            for (size_t j = 0; j < length; j++)
                expected += wide[j] != L' ';
        }
        assert_int_equal(letters, expected);
        arena_destroy(&cli.arena);
    }
}

/* Columns are as wide as a terminal shows them: 陳 takes two, an accent that is put on takes none. What is
 * empty is not shown. */
static void test_wide_characters(void **state)
{
    static const char *const HEADS[] = {"name", "no.", "nothing", "state"},
                             *const WIDE[] = {"\u9673\u5927\u6587", "1", "", ""},
                             *const ACCENT[] = {"Jose\u0301", "2", "", ""},
                             *const PLAIN[] = {"Ada", "", "", "x"};
    struct cli cli = {.arena = arena_new(ARENA_LIMIT_DEFAULT)};
    struct sheet sheet;
    char printed[PRINTED_MAX];

    (void) state;
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        skip();
    sheet_init(&sheet, &cli, ARRAY_COUNT(HEADS), HEADS);
    sheet_row(&sheet, WIDE);
    sheet_row(&sheet, ACCENT);
    sheet_row(&sheet, PLAIN);
    print_sheet(&sheet, printed);
    assert_string_equal(printed,
                        "name    no.  state\n\u9673\u5927\u6587  1\nJose\u0301    2\nAda          x\n");
    arena_destroy(&cli.arena);
}

static void test_colors_and_no_rows(void **state)
{
    struct cli cli = {.arena = arena_new(ARENA_LIMIT_DEFAULT), .terminal = {.has_color = true}};
    struct sheet sheet;
    char printed[PRINTED_MAX];

    (void) state;
    sheet_init(&sheet, &cli, ARRAY_COUNT(TITLES), TITLES);
    print_sheet(&sheet, printed);
    assert_string_equal(printed, "There is nothing.\n");
    sheet_row(&sheet, SECOND);
    sheet_color(&sheet, 1, COLOR_BAD);
    print_sheet(&sheet, printed);
    assert_non_null(strstr(printed, "\033[31mLunch"));
    cli.terminal.has_color = false;
    print_sheet(&sheet, printed);
    assert_null(strchr(printed, '\033'));
    cli.is_json = true;
    print_sheet(&sheet, printed);
    assert_string_equal(printed, "");
    arena_destroy(&cli.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_words_stay_whole),
        cmocka_unit_test(test_sentences_are_wrapped),
        cmocka_unit_test(test_no_line_is_too_wide),
        cmocka_unit_test(test_wide_characters),
        cmocka_unit_test(test_colors_and_no_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
