/* Many workers over one log, by chance, in simulated time: what was confirmed is there once, at one number, everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/key.h"
#include "fake_group.h"

enum { RUNS = 12, RUN_MS = 120 * 1000, CONTROL_RUNS = 40 };

static uint64_t seed_of_run(void)
{
    const char *set = getenv("COMITY_SEED");
    return set ? strtoull(set, NULL, 0) : (uint64_t) time(NULL);
}

static void count(struct fake_group_counts *sum, const struct fake_group_counts *counts)
{
    sum->appended += counts->appended;
    sum->refused += counts->refused;
    sum->given_up += counts->given_up;
    sum->by_later += counts->by_later;
    sum->terms += counts->terms;
    sum->woken += counts->woken;
    sum->restarts += counts->restarts;
    sum->late += counts->late;
    sum->stale += counts->stale;
    sum->raised += counts->raised;
}

/* The first run that finds something wrong; RUNS: none does. */
static uint64_t run_until_wrong(uint64_t seed, uint64_t runs, enum fake_lack lack,
                                struct fake_group_counts *sum)
{
    for (uint64_t run = 0; run < runs; run++) {
        struct fake_group *group = fake_group_new(seed + run, lack);
        fake_group_run(group, RUN_MS);
        const char *wrong = fake_group_check(group);
        struct fake_group_counts counts = fake_group_counts(group);
        count(sum, &counts);
        if (wrong)
            printf("seed %" PRIu64 ": %s\n", seed + run, wrong);
        fake_group_destroy(&group);
        if (wrong)
            return run;
    }
    return runs;
}

static void nothing_is_lost_doubled_or_moved(void **state)
{
    struct fake_group_counts sum = {0};
    uint64_t seed = seed_of_run();
    (void) state;
    printf("## seed %" PRIu64 " (COMITY_SEED sets another)\n", seed);
    assert_int_equal(run_until_wrong(seed, RUNS, LACKS_NOTHING, &sum), RUNS);
    printf("%" PRIu64 " confirmed, %" PRIu64 " of them by a later try; %" PRIu64 " fenced, %" PRIu64
           " of leaders that were stopped; %" PRIu64 " never left; %" PRIu64 " terms, %" PRIu64
           " starts, %" PRIu64 " requests long after, %" PRIu64 " stale reads, %" PRIu64 " levels raised\n",
           sum.appended, sum.by_later, sum.refused, sum.woken, sum.given_up, sum.terms, sum.restarts,
           sum.late, sum.stale, sum.raised);
    /* All of it came to pass. */
    assert_true(sum.appended > RUNS * 200 && sum.by_later > RUNS && sum.refused > RUNS / 2);
    assert_true(sum.terms > RUNS * 4 && sum.restarts > RUNS * 5 && sum.late > RUNS && sum.stale > RUNS &&
                sum.woken > 0 && sum.raised > 0);
}

static void without_the_head_it_is_seen(void **state)
{
    struct fake_group_counts sum = {0};
    (void) state;
    assert_true(run_until_wrong(seed_of_run(), CONTROL_RUNS, LACKS_HEAD, &sum) < CONTROL_RUNS);
}

static void with_the_lease_alone_it_is_seen(void **state)
{
    struct fake_group_counts sum = {0};
    (void) state;
    assert_true(run_until_wrong(seed_of_run(), CONTROL_RUNS, LACKS_COMPARISON, &sum) < CONTROL_RUNS);
}

static void by_its_own_level_it_is_seen(void **state)
{
    struct fake_group_counts sum = {0};
    (void) state;
    assert_true(run_until_wrong(seed_of_run(), CONTROL_RUNS, LACKS_SEATS, &sum) < CONTROL_RUNS);
}

static int set_up(void **state)
{
    (void) state;
    return key_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_doubled_or_moved),
        cmocka_unit_test(without_the_head_it_is_seen),
        cmocka_unit_test(with_the_lease_alone_it_is_seen),
        cmocka_unit_test(by_its_own_level_it_is_seen),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
