/* The error table: every code once, in its range, with a name and a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <string.h>

#include "core/error.h"

static void test_every_row_is_whole_and_unique(void **state)
{
    (void) state;
    unsigned count = 0;
    for (unsigned i = 0; error_at(i) != 0; i++, count++) {
        int code = error_at(i);
        assert_in_range(-code, 1, 139);
        const char *name = error_name(code);
        assert_true(strlen(name) > 1);
        for (const char *c = name; *c; c++)
            assert_true(isupper((unsigned char) *c) || *c == '_' || isdigit((unsigned char) *c));
        const char *sentence = error_sentence(code);
        assert_true(strlen(sentence) > 10);
        assert_int_equal(sentence[strlen(sentence) - 1], '.');
        for (unsigned k = 0; k < i; k++) {
            assert_int_not_equal(error_at(k), code);
            assert_string_not_equal(error_name(error_at(k)), name);
        }
    }
    assert_true(count > 50);
}

/* Numbers that clients in other languages know: they may never change. */
static void test_codes_are_settled(void **state)
{
    (void) state;
    static const struct {
        int code;
        int number;
        const char *name;
        enum execution execution;
    } ROWS[] = {
        {ERR_MALFORMED, -1, "MALFORMED", NOT_EXECUTED},
        {ERR_SIGNATURE, -30, "SIGNATURE", NOT_EXECUTED},
        {ERR_STALE, -57, "STALE", NOT_EXECUTED},
        {ERR_BUSY, -80, "BUSY", NOT_EXECUTED},
        {ERR_TIMEOUT, -84, "TIMEOUT", EXECUTION_UNKNOWN},
        {ERR_WORKER_LOST, -85, "WORKER_LOST", EXECUTION_UNKNOWN},
        {ERR_STORE, -101, "STORE", EXECUTION_UNKNOWN},
        {ERR_USAGE, -134, "USAGE", NOT_EXECUTED},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        assert_int_equal(ROWS[i].code, ROWS[i].number);
        assert_string_equal(error_name(ROWS[i].code), ROWS[i].name);
        assert_int_equal(error_execution(ROWS[i].code), ROWS[i].execution);
    }
}

static void test_numbers_outside_the_table(void **state)
{
    (void) state;
    assert_string_equal(error_name(0), "OK");
    assert_non_null(error_sentence(0));
    static const int OUTSIDE[] = {1, -29, -1000, 32767, -32768};
    for (size_t i = 0; i < sizeof(OUTSIDE) / sizeof(OUTSIDE[0]); i++) {
        assert_string_equal(error_name(OUTSIDE[i]), "UNKNOWN_ERROR");
        assert_true(strlen(error_sentence(OUTSIDE[i])) > 0);
        assert_int_equal(error_execution(OUTSIDE[i]), EXECUTION_UNKNOWN);
    }
    assert_int_equal(error_at(100000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_whole_and_unique),
        cmocka_unit_test(test_codes_are_settled),
        cmocka_unit_test(test_numbers_outside_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
