/* What is said of failures: for every error there is a next step of its own, and the commands in it are commands. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli/exit.h"
#include "client/cli/failure.h"
#include "client/cli/verb.h"
#include "core/error.h"

static void test_every_error_has_advice(void **state)
{
    const char *fallback = failure_advice(-9999);

    (void) state;
    for (unsigned i = 0; error_at(i) != 0; i++) {
        const char *advice = failure_advice(error_at(i));
        if (strcmp(advice, fallback) == 0)
            fail_msg("%s has no advice of its own", error_name(error_at(i)));
    }
}

/* The words in small letters behind "comity": at most two of them. */
static bool is_command(const char *text)
{
    char words[2][32] = {"", ""}, *list[2] = {words[0], words[1]};
    size_t count = 0, used;

    while (count < 2 && islower((unsigned char) *text)) {
        size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz-");
        if (length >= sizeof(words[0]))
            return false;
        memcpy(words[count], text, length);
        words[count++][length] = '\0';
        text += length;
        if (*text++ != ' ')
            break;
    }
    return count > 0 && verb_find(list, count, &used) != NULL;
}

static void test_advice_names_commands_that_there_are(void **state)
{
    unsigned named = 0;

    (void) state;
    for (unsigned i = 0; error_at(i) != 0; i++) {
        const char *advice = failure_advice(error_at(i));
        for (const char *at = strstr(advice, "comity "); at != NULL; at = strstr(at + 1, "comity ")) {
            const char *word = at + strlen("comity ");
            /* "This comity and the worker": the program, and no command. */
            if (at - advice >= 5 && strncmp(at - 4, "his ", 4) == 0)
                continue;
            if (!is_command(word))
                fail_msg("%s: `%s` is no command", error_name(error_at(i)), at);
            named++;
        }
    }
    assert_true(named > 30);
    assert_false(is_command("round frob"));
    assert_false(is_command("frob"));
    assert_true(is_command("whoami shows"));
}

/* Each exit is explained, and each has an error or a circumstance that leads to it. */
static void test_exits(void **state)
{
    static const struct {
        struct failure failure;
        enum exit_code exit;
    } ROWS[] = {
        {{.code = 0}, EXIT_DONE},
        {{.code = ERR_FORBIDDEN}, EXIT_REFUSED},
        {{.code = ERR_CLOSED}, EXIT_REFUSED},
        {{.code = ERR_USAGE}, EXIT_USAGE},
        {{.code = ERR_CONFIG}, EXIT_USAGE},
        {{.code = ERR_MALFORMED, .is_unusable = true}, EXIT_USAGE},
        {{.code = ERR_UNREACHABLE}, EXIT_UNREACHABLE},
        {{.code = ERR_BUSY}, EXIT_UNREACHABLE},
        {{.code = ERR_TIMEOUT, .is_unsent = true}, EXIT_UNREACHABLE},
        {{.code = ERR_CORRUPT}, EXIT_INTERNAL},
        {{.code = ERR_FORBIDDEN, .recorded = 7}, EXIT_INTERNAL},
        {{.code = ERR_TIMEOUT}, EXIT_UNCONFIRMED},
        {{.code = ERR_BUSY, .is_unconfirmed = true}, EXIT_UNCONFIRMED},
        {{.code = ERR_DIFFERS}, EXIT_DIFFERS},
        {{.code = ERR_UNCOUNTED}, EXIT_UNCOUNTED},
        {{.code = ERR_FORKED}, EXIT_FORKED},
        {{.code = ERR_FORKED, .is_unsent = true}, EXIT_FORKED},
        {{.code = ERR_FORKED, .is_unconfirmed = true}, EXIT_FORKED},
        {{.code = ERR_UNREACHABLE, .is_unsent = true, .is_waiting = true}, EXIT_WAITING},
    };
    unsigned seen = 0;
    struct exit_row row;

    (void) state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        assert_int_equal(failure_exit(&ROWS[i].failure), ROWS[i].exit);
        seen |= 1u << ROWS[i].exit;
    }
    for (unsigned i = 0; exit_row_at(i, &row); i++) {
        assert_int_equal(row.code, (int) i);
        assert_true((seen & (1u << row.code)) != 0);
        assert_true(strlen(row.meaning) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_error_has_advice),
        cmocka_unit_test(test_advice_names_commands_that_there_are),
        cmocka_unit_test(test_exits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
