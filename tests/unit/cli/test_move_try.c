/* How often a step of a move is asked, and for how long what is signed for it holds: however long it takes,
 * up to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/cli/move_try.h"
#include "core/error.h"
#include "core/move.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, STEP_MS = 15 * MINUTE_MS };

static const int64_t UNIX_MS = INT64_C(1790000000000), STEADY_MS = 5000;

/* Nobody answers, for as long as it is tried: what is sent always holds still, by clocks that differ by less
 * than a minute. */
static void what_is_sent_holds_up_to_the_end(void **state)
{
    struct move_try try;
    int64_t now_ms = 0;
    unsigned tries = 0;

    (void) state;
    move_try_begin(&try, STEADY_MS);
    do {
        int64_t wait_ms = move_try_next(&try, STEADY_MS + now_ms, UNIX_MS + now_ms);

        assert_true(wait_ms > 0);
        now_ms += wait_ms;
        tries++;
        assert_true(try.until_ms >= UNIX_MS + now_ms + MINUTE_MS);
        assert_true(try.until_ms <= UNIX_MS + now_ms - wait_ms + MOVE_ASK_MAX_MS -
                                        MINUTE_MS); /* or it is refused as too far ahead */
    } while (move_try_again(&try, ERR_TIMEOUT, STEADY_MS + now_ms, UNIX_MS + now_ms));
    assert_int_equal(now_ms, STEP_MS);
    assert_in_range(tries, 15, 30);
}

static void what_ends_it_and_what_does_not(void **state)
{
    static const struct {
        int code;
        int64_t steady_ms, unix_ms; /* since it was begun */
        bool is_again;
    } ROWS[] = {
        {ERR_TIMEOUT, MINUTE_MS, MINUTE_MS, true},      {ERR_NO_ROUTE, MINUTE_MS, MINUTE_MS, true},
        {ERR_EXPIRED, MINUTE_MS, MINUTE_MS, true},      {ERR_BUSY, MINUTE_MS, MINUTE_MS, true},
        {ERR_TIMEOUT, SECOND_MS, SECOND_MS, false}, /* it ended before its time: not over and over */
        {ERR_DISK_FULL, MINUTE_MS, MINUTE_MS, false},   {ERR_STATE, MINUTE_MS, MINUTE_MS, false},
        {ERR_VALIDITY, SECOND_MS, SECOND_MS, false},    /* a clock that has to be set */
        {ERR_VALIDITY, SECOND_MS, 5 * MINUTE_MS, true}, /* the machine has slept: it was signed before */
        {ERR_VALIDITY, STEP_MS, STEP_MS, false},        {ERR_TIMEOUT, STEP_MS, STEP_MS, false},
    };

    (void) state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct move_try try;

        move_try_begin(&try, STEADY_MS);
        move_try_next(&try, STEADY_MS, UNIX_MS);
        if (move_try_again(&try, ROWS[i].code, STEADY_MS + ROWS[i].steady_ms, UNIX_MS + ROWS[i].unix_ms) !=
            ROWS[i].is_again)
            fail_msg("row %zu, %s", i, error_name(ROWS[i].code));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_holds_up_to_the_end),
        cmocka_unit_test(what_ends_it_and_what_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
