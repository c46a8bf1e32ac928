/* What an audit is given, and how it counts; the audit itself: tests/cases/altered_audits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/audit/auditing.h"
#include "core/error.h"

static void numbers_become_ranges(void **state)
{
    static const uint64_t GIVEN[] = {3, 4, 5, 9, 11, 12};
    struct audit_numbers numbers = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(GIVEN); i++)
        audit_number(&numbers, GIVEN[i]);
    assert_int_equal(numbers.count, 6);
    assert_int_equal(numbers.ranges, 3);
    assert_int_equal(numbers.list[0].first, 3);
    assert_int_equal(numbers.list[0].last, 5);
    assert_int_equal(numbers.list[1].first, 9);
    assert_int_equal(numbers.list[1].last, 9);
    assert_int_equal(numbers.list[2].last, 12);
}

static void past_the_last_range_they_are_counted_alone(void **state)
{
    struct audit_numbers numbers = {0};

    (void) state;
    for (uint64_t i = 1; i <= 2 * AUDIT_RANGES_MAX; i++)
        audit_number(&numbers, 2 * i);
    assert_int_equal(numbers.count, 2 * AUDIT_RANGES_MAX);
    assert_int_equal(numbers.ranges, AUDIT_RANGES_MAX);
    assert_int_equal(numbers.list[AUDIT_RANGES_MAX - 1].last, 2 * AUDIT_RANGES_MAX);
}

static void every_check_has_a_name_of_its_own(void **state)
{
    (void) state;
    for (int i = REPLAY_STREAM; i <= AUDIT_COUNT; i++)
        for (int j = REPLAY_STREAM; j < i; j++)
            assert_string_not_equal(audit_check_name(i), audit_check_name(j));
    assert_string_equal(audit_check_name(AUDIT_COUNT + 1), "?");
    assert_string_equal(audit_check_name(-1), "?");
}

static int check_text(const char *before, const char *note, const char *after)
{
    char text[2048];
    int size = snprintf(text, sizeof(text), "%s%s%s", before, note, after);

    return audit_checkpoint_check(BYTES((const uint8_t *) text, (size_t) size));
}

static void a_checkpoint_is_found_in_what_a_program_printed(void **state)
{
    struct checkpoint checkpoint = {.size = 12};
    struct signing_key key;
    char note[CHECKPOINT_MAX_BYTES + 1];
    uint8_t history[HISTORY_ID_SIZE] = {7};

    (void) state;
    assert_int_equal(key_init(), 0);
    signing_key_generate(&key);
    checkpoint_origin(history, 1, checkpoint.origin);
    note[checkpoint_sign(&checkpoint, &key, note)] = '\0';
    assert_int_equal(check_text("", note, ""), 0);
    assert_int_equal(check_text("Verified up to number 12.\n\n", note, "\nThe next words.\n"), 0);
    assert_int_equal(check_text("", "", ""), ERR_MALFORMED);
    assert_int_equal(check_text("comity/", "", ""), ERR_MALFORMED);
    assert_int_equal(check_text("comity/1/1\n12\n\n", "", ""), ERR_MALFORMED);
    assert_int_equal(check_text("Dear all,\n\n", "", "comity/\n\n"), ERR_MALFORMED);
    /* Whatever is cut off it. */
    for (size_t size = 0; size < strlen(note); size++) {
        char *cut = malloc(size + 1);
        assert_non_null(cut);
        memcpy(cut, note, size);
        audit_checkpoint_check(BYTES((const uint8_t *) cut, size));
        free(cut);
    }
}

static void what_is_no_receipt_is_refused(void **state)
{
    static const char *const TEXTS[] = {"", "comity receipt 1\n", "comity receipt 1\nx", "Dear all,\n", "\x0a\x00"};

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(TEXTS); i++)
        assert_int_equal(audit_receipt_check(BYTES((const uint8_t *) TEXTS[i], strlen(TEXTS[i]))),
                         ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_become_ranges),
        cmocka_unit_test(past_the_last_range_they_are_counted_alone),
        cmocka_unit_test(every_check_has_a_name_of_its_own),
        cmocka_unit_test(a_checkpoint_is_found_in_what_a_program_printed),
        cmocka_unit_test(what_is_no_receipt_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
