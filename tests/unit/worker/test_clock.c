/* The worker's time over a clock that does whatever the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "worker/clock.h"

#define START_MS INT64_C(1763000000000) /* 13 November 2025 */
#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define YEAR_MS (365 * DAY_MS)

struct fake {
    struct clock clock;
    int64_t unix_ms, boot_ms;
    int64_t stall_ms; /* once: passes while the Unix clock is being read */
};

static int64_t fake_read(void *context, clockid_t clock)
{
    struct fake *fake = context;
    if (clock == CLOCK_BOOTTIME)
        return fake->boot_ms;
    assert_int_equal(clock, CLOCK_REALTIME);
    int64_t unix_ms = fake->unix_ms;
    fake->unix_ms += fake->stall_ms;
    fake->boot_ms += fake->stall_ms;
    fake->stall_ms = 0;
    return unix_ms;
}

static void fake_init(struct fake *fake)
{
    *fake = (struct fake){.unix_ms = START_MS, .boot_ms = 5000};
    clock_init(&fake->clock, &(struct clock_source){.read_ms = fake_read, .context = fake});
}

static void pass(struct fake *fake, int64_t time_ms)
{
    fake->unix_ms += time_ms;
    fake->boot_ms += time_ms;
}

static void assert_course(struct fake *fake, bool is_new, enum clock_course expected)
{
    enum clock_course course;
    int64_t lead_ms;
    assert_int_equal(clock_watch(&fake->clock, &course, &lead_ms), is_new);
    assert_int_equal(course, expected);
}

static void time_passes(void **state)
{
    struct fake fake;
    (void) state;
    fake_init(&fake);
    assert_int_equal(clock_now_ms(&fake.clock), START_MS);
    pass(&fake, YEAR_MS); /* asleep, perhaps: time since boot counts that */
    assert_int_equal(clock_now_ms(&fake.clock), START_MS + YEAR_MS);
    assert_int_equal(clock_stamp_ms(&fake.clock), START_MS + YEAR_MS);
    assert_course(&fake, false, CLOCK_AGREES);
    clock_release(&fake.clock);
}

static void small_steps_are_followed(void **state)
{
    struct fake fake;
    (void) state;
    fake_init(&fake);
    for (int64_t i = 1; i <= 10; i++) {
        fake.unix_ms += CLOCK_STEP_MS;
        assert_int_equal(clock_now_ms(&fake.clock), START_MS + i * CLOCK_STEP_MS);
        assert_course(&fake, false, CLOCK_AGREES);
    }
    clock_release(&fake.clock);
}

static void a_jump_is_not_followed_until_it_is_said(void **state)
{
    struct fake fake;
    char reason[CLOCK_REASON_MAX];
    (void) state;
    fake_init(&fake);
    fake.unix_ms += CLOCK_STEP_MS + 1;
    assert_int_equal(clock_now_ms(&fake.clock), START_MS);
    fake.unix_ms += 5 * YEAR_MS;
    assert_course(&fake, true, CLOCK_JUMPED);
    assert_course(&fake, false, CLOCK_JUMPED);
    pass(&fake, HOUR_MS);
    assert_int_equal(clock_now_ms(&fake.clock), START_MS + HOUR_MS);
    assert_int_equal(clock_stamp_ms(&fake.clock), START_MS + HOUR_MS);
    /* Years ahead not even then, unless there is no limit. */
    assert_int_equal(clock_follow(&fake.clock, 400, reason), ERR_CONFIG);
    assert_string_equal(
        reason, "The clock says 2030-11-12 03:13:22 UTC, more than clock_ahead_days = 400 ahead of the "
                "worker's time, 2025-11-13 03:13:20 UTC: set the clock.");
    assert_int_equal(clock_now_ms(&fake.clock), START_MS + HOUR_MS);
    assert_int_equal(clock_follow(&fake.clock, 0, reason), 0);
    assert_int_equal(clock_now_ms(&fake.clock), fake.unix_ms);
    assert_course(&fake, true, CLOCK_AGREES);
    clock_release(&fake.clock);
}

static void a_jump_that_is_taken_back_leaves_nothing(void **state)
{
    struct fake fake;
    (void) state;
    fake_init(&fake);
    fake.unix_ms += YEAR_MS;
    assert_course(&fake, true, CLOCK_JUMPED);
    assert_int_equal(clock_stamp_ms(&fake.clock), START_MS);
    fake.unix_ms -= YEAR_MS;
    pass(&fake, 10);
    assert_course(&fake, true, CLOCK_AGREES);
    assert_int_equal(clock_stamp_ms(&fake.clock), START_MS + 10);
    clock_release(&fake.clock);
}

/* Back and right again is no jump; back and then years ahead is one. */
static void back_is_followed_but_not_by_stamps(void **state)
{
    struct fake fake;
    (void) state;
    fake_init(&fake);
    assert_int_equal(clock_stamp_ms(&fake.clock), START_MS);
    fake.unix_ms -= HOUR_MS;
    assert_int_equal(clock_now_ms(&fake.clock), START_MS - HOUR_MS);
    assert_int_equal(clock_stamp_ms(&fake.clock), START_MS);
    assert_course(&fake, true, CLOCK_SET_BACK);
    fake.unix_ms += HOUR_MS;
    assert_int_equal(clock_now_ms(&fake.clock), START_MS);
    assert_course(&fake, true, CLOCK_AGREES);
    fake.unix_ms -= HOUR_MS;
    assert_int_equal(clock_now_ms(&fake.clock), START_MS - HOUR_MS);
    fake.unix_ms += YEAR_MS;
    assert_int_equal(clock_now_ms(&fake.clock), START_MS - HOUR_MS);
    assert_course(&fake, true, CLOCK_JUMPED);
    clock_release(&fake.clock);
}

static void stamps_go_on_after_the_newest(void **state)
{
    struct fake fake;
    (void) state;
    fake_init(&fake);
    clock_start_after(&fake.clock, START_MS + HOUR_MS);
    assert_int_equal(clock_now_ms(&fake.clock), START_MS);
    assert_int_equal(clock_stamp_ms(&fake.clock), START_MS + HOUR_MS);
    pass(&fake, HOUR_MS + 1);
    assert_int_equal(clock_stamp_ms(&fake.clock), START_MS + HOUR_MS + 1);
    clock_release(&fake.clock);
}

static void standing_still_is_no_step(void **state)
{
    struct fake fake;
    (void) state;
    fake_init(&fake);
    fake.stall_ms = HOUR_MS;
    assert_int_equal(clock_now_ms(&fake.clock), START_MS + HOUR_MS);
    fake.stall_ms = HOUR_MS;
    assert_course(&fake, false, CLOCK_AGREES);
    clock_release(&fake.clock);
}

static void a_start_is_judged(void **state)
{
    static const struct {
        int64_t unix_ms, newest_ms;
        unsigned ahead_days;
        int code;
    } CASES[] = {
        {START_MS, 0, 400, 0},
        {START_MS, START_MS, 400, 0},
        {START_MS, START_MS + CLOCK_BEHIND_MAX_MS, 400, 0},
        {START_MS, START_MS + CLOCK_BEHIND_MAX_MS + 1, 400, ERR_CONFIG},
        {START_MS, START_MS + CLOCK_BEHIND_MAX_MS + 1, 0, ERR_CONFIG},
        {START_MS + 400 * DAY_MS, START_MS, 400, 0},
        {START_MS + 400 * DAY_MS + 1, START_MS, 400, ERR_CONFIG},
        {START_MS + 400 * DAY_MS + 1, START_MS, 401, 0},
        {START_MS + 50 * YEAR_MS, START_MS, 0, 0},
    };
    char reason[CLOCK_REASON_MAX];
    (void) state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        assert_int_equal(clock_judge(CASES[i].unix_ms, CASES[i].newest_ms, CASES[i].ahead_days, reason),
                         CASES[i].code);
}

static void the_sentences_have_both_times(void **state)
{
    char reason[CLOCK_REASON_MAX];
    (void) state;
    clock_judge(START_MS, START_MS + YEAR_MS, 400, reason);
    assert_string_equal(
        reason, "The clock says 2025-11-13 02:13:20 UTC, which is before the newest event in the store, "
                "of 2026-11-13 02:13:20 UTC: set the clock, or, if the clock is right, start with "
                "--accept-clock and read docs/operations.md, \"The clock\".");
    clock_judge(START_MS + 2 * YEAR_MS, START_MS, 400, reason);
    assert_string_equal(reason,
                        "The clock says 2027-11-13 02:13:20 UTC, more than clock_ahead_days = 400 after the "
                        "newest event in the store, of 2025-11-13 02:13:20 UTC: set the clock, or, if the "
                        "clock is right, start once with --accept-clock.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_passes),
        cmocka_unit_test(small_steps_are_followed),
        cmocka_unit_test(a_jump_is_not_followed_until_it_is_said),
        cmocka_unit_test(a_jump_that_is_taken_back_leaves_nothing),
        cmocka_unit_test(back_is_followed_but_not_by_stamps),
        cmocka_unit_test(stamps_go_on_after_the_newest),
        cmocka_unit_test(standing_still_is_no_step),
        cmocka_unit_test(a_start_is_judged),
        cmocka_unit_test(the_sentences_have_both_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
