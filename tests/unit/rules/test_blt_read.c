/* Reading .blt files: what is in them, and where what is wrong in them stands. docs/rules.md R-58 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/rules/blt.h"
#include "core/error.h"

static int read_text(const char *text, struct rule_faults *faults, struct blt *blt)
{
    *faults = (struct rule_faults){.arena = arena_new(ARENA_LIMIT_DEFAULT), .words = words_in_english};
    return blt_read(BYTES(text, strlen(text)), faults, blt);
}

static void a_file_is_read_whole(void **state)
{
    static const char TEXT[] =
        "\xEF\xBB\xBF"
        "4 2 # options and seats\r\n"
        "[tie 3 1 2 4 ]\n"
        "-4\n"
        "/* of the\n meeting */ 3 1 3 2 0\n"
        "1 2 1=3 0\n"
        "(b-17, north) 2\n 0 2 0\n"
        "0\n"
        "\"Option \"one\" here\"\n\"Zwei\" \"Trois\"\n\"# four\"\n\"Title\"\nwhat follows is not read \"\n";
    struct rule_faults faults;
    struct blt blt;
    (void) state;

    if (read_text(TEXT, &faults, &blt) != 0)
        fail_msg("%u:%u %s", faults.list[0].line, faults.list[0].column, faults.list[0].text);
    assert_int_equal(faults.count, 0);
    assert_int_equal(blt.option_count, 4);
    assert_int_equal(blt.seats, 2);
    assert_int_equal(blt.withdrawn, 8);
    static const uint32_t ORDER[] = {4, 2, 1, 3}; /* the preferred first: the file's line backwards */
    assert_memory_equal(blt.tie_order, ORDER, sizeof(ORDER));
    assert_int_equal(blt.ballot_count, 3);
    static const uint32_t RANKS[3][4] = {{1, 3, 2, 0}, {2, 1, 2, 0}, {0, 1, 0, 0}};
    static const uint64_t COUNTS[] = {3, 1, 1};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(blt.ballots[i].count, COUNTS[i]);
        assert_memory_equal(blt.ballots[i].ranks, RANKS[i], sizeof(RANKS[i]));
    }
    assert_int_equal(blt.empty, 2);
    assert_string_equal(blt.names[0], "Option \"one\" here");
    assert_string_equal(blt.names[2], "Trois");
    assert_string_equal(blt.names[3], "# four");
    assert_string_equal(blt.title, "Title");
    arena_destroy(&faults.arena);
}

static void what_may_be_left_out(void **state)
{
    struct rule_faults faults;
    struct blt blt;
    (void) state;

    assert_int_equal(read_text("1 1 0 \"a\"", &faults, &blt), 0);
    assert_string_equal(blt.title, "");
    assert_null(blt.tie_order);
    assert_int_equal(blt.ballot_count, 0);
    arena_destroy(&faults.arena);
    assert_int_equal(read_text("2 1\n[withdrawn 1 2]\n0\n\"a\"\n\"b\"\n", &faults, &blt), 0);
    assert_int_equal(blt.withdrawn, 3);
    arena_destroy(&faults.arena);
}

static void faults_say_where_and_what(void **state)
{
    static const struct {
        const char *text;
        int code;
        unsigned line, column;
        const char *words; /* in the sentence */
    } ROWS[] = {
        {"", ERR_MALFORMED, 1, 1, "ends in the middle"},
        {"x 1", ERR_MALFORMED, 1, 1, "begins with the number of options"},
        {"0 1", ERR_RANGE, 1, 1, "1 to 64"},
        {"65 1", ERR_RANGE, 1, 1, "`65`"},
        {"3 0", ERR_RANGE, 1, 3, "1 to 63"},
        {"3 64", ERR_RANGE, 1, 3, "`64`"},
        {"3 1\n1 2 3", ERR_MALFORMED, 2, 6, "ends in the middle"},
        {"3 1\n1 2 4 0", ERR_RANGE, 2, 5, "`4` is none of the options"},
        {"3 1\n1 2 2 0", ERR_DUPLICATE, 2, 5, "twice"},
        {"3 1\n1 2=2 0", ERR_DUPLICATE, 2, 3, "twice"},
        {"3 1\n1 2=0 0", ERR_RANGE, 2, 3, "`2=0`"},
        {"3 1\n1 \"2\"\n0", ERR_MALFORMED, 2, 3, "none of the options"},
        {"3 1\n1 2== 0", ERR_MALFORMED, 2, 3, "none of the options"},
        {"3 1\n1 =2 0", ERR_MALFORMED, 2, 3, "none of the options"},
        {"3 1\n1 2x 0", ERR_MALFORMED, 2, 3, "`2x`"},
        {"3 1\n1 \xC3\xA9 2x 0", ERR_MALFORMED, 2, 3, "none of the options"},
        {"3 1\n1 /*\xC3\xA9*/ 2x 0", ERR_MALFORMED, 2, 9, "`2x`"},
        {"3 1\nmany 1 0", ERR_MALFORMED, 2, 1, "begins with how many"},
        {"3 1\n1000000001 1 0", ERR_RANGE, 2, 1, "begins with how many"},
        {"3 1\n1000000000 1 0\n1 1 0", ERR_RANGE, 3, 1, "1,000,000,000"},
        {"3 1\n99999999999999999999 1 0", ERR_MALFORMED, 2, 1, "begins with how many"},
        {"3 1\n[tie 1 2]", ERR_MALFORMED, 2, 9, "lists every option once"},
        {"3 1\n[tie 1 2 2]", ERR_DUPLICATE, 2, 10, "twice"},
        {"3 1\n[tie 1 2 3 1]", ERR_MALFORMED, 2, 12, "] is missing"},
        {"3 1\n[tie 1 2 3] [tie 1 2 3]", ERR_DUPLICATE, 2, 14, "already"},
        {"3 1\n[nick a b c]", ERR_MALFORMED, 2, 2, "`nick` is not known"},
        {"3 1\n-1 -1", ERR_DUPLICATE, 2, 4, "withdrawn already"},
        {"3 1\n-4", ERR_RANGE, 2, 1, "none of the options"},
        {"3 1\n[withdrawn 1", ERR_MALFORMED, 2, 13, "] is missing"},
        {"3 1\n(b-1 2 0", ERR_MALFORMED, 2, 1, "does not end with )"},
        {"3 1\n0\n\"a\"\nb", ERR_MALFORMED, 4, 1, "the name of option 2"},
        {"3 1\n0\n\"a\"\n\"b", ERR_MALFORMED, 4, 1, "does not end with one"},
        {"3 1\n0\n\"a\"\n\"b\"", ERR_MALFORMED, 4, 4, "the name of option 3"},
        {"1 1\n0\n\"a\"\nb", ERR_MALFORMED, 4, 1, "the title is expected"},
        {"1 1\n\xFF", ERR_UTF8, 0, 0, "UTF-8"},
    };
    (void) state;

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct rule_faults faults;
        struct blt blt;
        int code = read_text(ROWS[i].text, &faults, &blt);
        if (code != ROWS[i].code || faults.count != 1)
            fail_msg("%s: %d, %zu faults", ROWS[i].text, code, faults.count);
        const struct rule_fault *fault = &faults.list[0];
        if (fault->line != ROWS[i].line || fault->column != ROWS[i].column ||
            !strstr(fault->text, ROWS[i].words))
            fail_msg("%s: %u:%u %s", ROWS[i].text, fault->line, fault->column, fault->text);
        arena_destroy(&faults.arena);
    }
}

/* As many lines as are allowed, and one more; a name as long as is allowed, and one byte more. */
static void sizes_are_bounded(void **state)
{
    struct rule_faults faults = {.arena = arena_new(256 * 1024 * 1024), .words = words_in_english};
    struct blt blt;
    size_t size = 7 * (size_t) BLT_LINES_MAX + 64, at = 0;
    char *text = malloc(size);
    (void) state;

    assert_non_null(text);
    at += (size_t) snprintf(text, size, "1 1\n");
    for (size_t i = 0; i < BLT_LINES_MAX; i++)
        at += (size_t) snprintf(text + at, size - at, "1 1 0\n");
    size_t end = at;
    at += (size_t) snprintf(text + at, size - at, "0\n\"a\"\n");
    assert_int_equal(blt_read(BYTES(text, at), &faults, &blt), 0);
    assert_int_equal(blt.ballot_count, BLT_LINES_MAX);
    at = end + (size_t) snprintf(text + end, size - end, "1 1 0\n0\n\"a\"\n");
    assert_int_equal(blt_read(BYTES(text, at), &faults, &blt), ERR_TOO_LARGE);
    assert_int_equal(faults.list[0].line, BLT_LINES_MAX + 2);
    assert_int_equal(faults.list[0].column, 1);

    /* Ballots that name nothing take a line as well. */
    memset(text, 0, size);
    at = (size_t) snprintf(text, size, "1 1\n");
    for (size_t i = 0; i <= BLT_LINES_MAX; i++)
        at += (size_t) snprintf(text + at, size - at, "1 0\n");
    faults.count = 0;
    assert_int_equal(blt_read(BYTES(text, at), &faults, &blt), ERR_TOO_LARGE);
    assert_int_equal(faults.list[0].line, BLT_LINES_MAX + 2);

    for (int length = BLT_NAME_MAX; length <= BLT_NAME_MAX + 1; length++) {
        at = (size_t) snprintf(text, size, "1 1\n0\n\"%0*d\"\n", length, 7);
        assert_int_equal(blt_read(BYTES(text, at), &faults, &blt),
                         length == BLT_NAME_MAX ? 0 : ERR_TOO_LARGE);
    }
    free(text);
    arena_destroy(&faults.arena);
}

static void too_little_memory_is_said(void **state)
{
    struct rule_faults faults = {.arena = arena_new(64), .words = words_in_english};
    struct blt blt;
    static const char TEXT[] = "3 1\n1 1 2 3 0\n0\n\"a\"\n\"b\"\n\"c\"\n";
    (void) state;

    assert_int_equal(blt_read(BYTES(TEXT, sizeof(TEXT) - 1), &faults, &blt), ERR_MEMORY);
    assert_int_equal(faults.count, 1);
    arena_destroy(&faults.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole),      cmocka_unit_test(what_may_be_left_out),
        cmocka_unit_test(faults_say_where_and_what), cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(too_little_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
