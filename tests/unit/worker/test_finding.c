/* What was found of the log is said with what to do next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/bytes.h"
#include "core/error.h"
#include "worker/log/finding.h"

#define FOUND "Entry 7 is another."

static void what_was_found_and_then_what_to_do(void **state)
{
    static const struct {
        enum finding_while doing;
        int code;
        const char *next; /* a part of it; NULL: what was found says it */
    } CASES[] = {
        {FINDING_RUNNING, ERR_BEHIND, "Move the data directory away"},
        {FINDING_RUNNING, ERR_CORRUPT, "Look at the other workers"},
        {FINDING_RUNNING, ERR_RECEIPT, "comity-worker join"}, /* it decides an entry otherwise */
        {FINDING_RUNNING, ERR_MALFORMED, "Look at the other workers"},
        {FINDING_RUNNING, ERR_CONFIG, NULL},
        {FINDING_RUNNING, ERR_VERSION, NULL},
        {FINDING_RUNNING, ERR_STORE, NULL},
        {FINDING_BEGINNING, ERR_CONFIG, NULL},
        {FINDING_JOINING, ERR_BEHIND, "Take a new one"},
        {FINDING_JOINING, ERR_CORRUPT, "Take a new copy"},
        {FINDING_JOINING, ERR_VERSION, NULL},
        {FINDING_LEAVING, ERR_NOT_FOUND, NULL},
    };
    char reason[1024];
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        finding_say(CASES[i].doing, CASES[i].code, FOUND, reason, sizeof(reason));
        assert_memory_equal(reason, FOUND, strlen(FOUND));
        const char *next = reason + strlen(FOUND);
        if ((CASES[i].next == NULL) != (next[0] == '\0') || (CASES[i].next && !strstr(next, CASES[i].next)))
            fail_msg("case %zu: %s", i, reason);
        assert_int_equal(reason[strlen(reason) - 1], '.');
    }
}

static void of_etcd_that_does_not_answer(void **state)
{
    char reason[1024];
    (void) state;
    for (enum finding_while doing = FINDING_BEGINNING; doing <= FINDING_LEAVING; doing++) {
        finding_say(doing, ERR_UNREACHABLE, "https://a:1: no answer in time", reason, sizeof(reason));
        assert_non_null(
            strstr(reason, "etcd does not answer: https://a:1: no answer in time. See that more than half"));
        finding_say(doing, ERR_UNREACHABLE, "", reason, sizeof(reason));
        assert_memory_equal(reason, error_sentence(ERR_UNREACHABLE), strlen(error_sentence(ERR_UNREACHABLE)));
    }
}

static void it_fits(void **state)
{
    char reason[16];
    (void) state;
    memset(reason, 'x', sizeof(reason));
    finding_say(FINDING_RUNNING, ERR_CORRUPT, FOUND, reason, sizeof(reason) - 1);
    assert_string_equal(reason, "Entry 7 is ano");
    assert_int_equal(reason[15], 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_found_and_then_what_to_do),
        cmocka_unit_test(of_etcd_that_does_not_answer),
        cmocka_unit_test(it_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
