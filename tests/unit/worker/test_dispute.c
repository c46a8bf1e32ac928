/* Who stops where workers decide otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "worker/log/dispute.h"

enum { START_MS = 1000000, READING_MS = 500 };

enum lost { NOT, WAITED, AT_ONCE }; /* never; where the undecided were waited for in vain; with the first reading */

static void more_that_refuse_than_have_applied(void **state)
{
    static const struct {
        uint64_t own;
        size_t count;
        struct dispute_seat others[5];
        struct dispute found;
        enum lost lost;
    } CASES[] = {
        {9, 0, {{0}}, {0}, NOT},
        {9, 2, {{9, 0}, {4, 0}}, {0}, NOT}, /* who is behind refuses nothing */
        /* Two */
        {9, 1, {{8, 9}}, {9, 1, 1, 0}, NOT},
        /* Three */
        {9, 2, {{8, 9}, {9, 0}}, {9, 1, 2, 0}, NOT},
        {9, 2, {{8, 9}, {8, 9}}, {9, 2, 1, 0}, AT_ONCE},
        {12, 2, {{8, 9}, {8, 9}}, {9, 2, 1, 0}, AT_ONCE}, /* it has gone on since */
        {9, 2, {{8, 9}, {8, 0}}, {9, 1, 1, 1}, NOT},      /* may apply it yet */
        {9, 2, {{9, 10}, {9, 10}}, {0}, NOT},             /* not applied here: another's to judge */
        {8, 2, {{8, 9}, {8, 9}}, {0}, NOT},
        {12, 2, {{8, 9}, {11, 12}}, {9, 1, 2, 0}, NOT}, /* who refuses a later one has applied this */
        {12, 2, {{12, 9}, {12, 9}}, {0}, NOT},          /* it has applied it after all, and says so late */
        {12, 2, {{2, 9}, {2, 9}}, {0}, NOT},            /* and cannot be asked for it yet */
        {UINT64_MAX, 2, {{UINT64_MAX, 0}, {0, 1}}, {1, 1, 2, 0}, NOT},
        /* Four */
        {9, 3, {{8, 9}, {8, 9}, {8, 0}}, {9, 2, 1, 1}, WAITED},
        {9, 3, {{8, 9}, {8, 9}, {9, 0}}, {9, 2, 2, 0}, NOT},
        {9, 3, {{8, 9}, {8, 9}, {8, 9}}, {9, 3, 1, 0}, AT_ONCE},
        {12, 3, {{8, 9}, {11, 12}, {11, 12}}, {12, 2, 1, 0}, AT_ONCE}, /* another of them is lost; who refuses 9 comes to no 12 */
        /* Five */
        {9, 4, {{8, 9}, {8, 0}, {8, 0}, {8, 0}}, {9, 1, 1, 3}, NOT},
        {9, 4, {{8, 9}, {8, 9}, {8, 0}, {8, 0}}, {9, 2, 1, 2}, WAITED}, /* two refuse it; three have it, and two of them have not said so */
        {9, 4, {{8, 9}, {8, 9}, {9, 0}, {8, 0}}, {9, 2, 2, 1}, NOT},
        {9, 4, {{8, 9}, {8, 9}, {9, 0}, {9, 0}}, {9, 2, 3, 0}, NOT},
        {9, 4, {{8, 9}, {8, 9}, {8, 9}, {8, 0}}, {9, 3, 1, 1}, AT_ONCE},
        {9, 4, {{8, 9}, {8, 9}, {8, 9}, {9, 0}}, {9, 3, 2, 0}, AT_ONCE},
        {9, 4, {{8, 9}, {8, 9}, {8, 9}, {8, 9}}, {9, 4, 1, 0}, AT_ONCE},
        {12, 4, {{8, 9}, {8, 9}, {8, 9}, {11, 12}}, {9, 3, 2, 0}, AT_ONCE},
        {12, 4, {{8, 9}, {8, 9}, {11, 0}, {12, 0}}, {9, 2, 3, 0}, NOT},
        /* Six */
        {9, 5, {{8, 9}, {8, 9}, {8, 9}, {8, 0}, {3, 0}}, {9, 3, 1, 2}, WAITED},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        struct dispute found = dispute_find(CASES[i].own, CASES[i].others, CASES[i].count);
        struct dispute_wait wait = {0};
        enum lost lost = dispute_is_lost(&wait, &found, START_MS) ? AT_ONCE : NOT;
        for (int64_t ms = READING_MS; lost == NOT && ms <= DISPUTE_WAIT_MS; ms += READING_MS)
            lost = dispute_is_lost(&wait, &found, START_MS + ms) ? WAITED : NOT;
        if (found.number != CASES[i].found.number || found.refuse != CASES[i].found.refuse || lost != CASES[i].lost ||
            found.applied != CASES[i].found.applied || found.undecided != CASES[i].found.undecided)
            fail_msg("case %zu: entry %llu, %zu refuse it, %zu have applied it, %zu are undecided; lost: %d", i,
                     (unsigned long long) found.number, found.refuse, found.applied, found.undecided, (int) lost);
    }
}

static bool is_lost_at(struct dispute_wait *wait, const struct dispute *dispute, int64_t after_ms)
{
    return dispute_is_lost(wait, dispute, START_MS + after_ms);
}

/* Only while somebody looks, and the same anew for each entry. */
static void who_is_undecided_is_waited_for(void **state)
{
    const struct dispute waits = {9, 2, 1, 2}, another = {10, 2, 1, 2}, settled = {9, 2, 3, 0};
    struct dispute_wait wait = {0};
    (void) state;
    assert_false(is_lost_at(&wait, &waits, 0));
    assert_false(is_lost_at(&wait, &waits, DISPUTE_GAP_MS));
    assert_false(is_lost_at(&wait, &waits, DISPUTE_WAIT_MS - 1));
    assert_true(is_lost_at(&wait, &waits, DISPUTE_WAIT_MS));
    assert_true(is_lost_at(&wait, &waits, DISPUTE_WAIT_MS + 1));

    wait = (struct dispute_wait){0}; /* etcd did not answer in between: nobody could say anything */
    assert_false(is_lost_at(&wait, &waits, 0));
    assert_false(is_lost_at(&wait, &waits, DISPUTE_WAIT_MS));
    assert_false(is_lost_at(&wait, &waits, DISPUTE_WAIT_MS + DISPUTE_GAP_MS));
    assert_true(is_lost_at(&wait, &waits, 2 * DISPUTE_WAIT_MS));

    wait = (struct dispute_wait){0};
    assert_false(is_lost_at(&wait, &waits, 0));
    assert_false(is_lost_at(&wait, &another, DISPUTE_GAP_MS));
    assert_false(is_lost_at(&wait, &another, DISPUTE_WAIT_MS));
    assert_false(is_lost_at(&wait, &settled, DISPUTE_WAIT_MS + 1));
    assert_false(is_lost_at(&wait, &waits, DISPUTE_WAIT_MS + 2));
}

/* Whom to name. */
static void who_refuses_it(void **state)
{
    const struct dispute dispute = {.number = 9}, none = {.number = 0};
    const struct dispute_seat refuses = {8, 9}, another = {9, 10}, follows = {8, 0}, nothing = {0, 0};
    (void) state;
    assert_true(dispute_is_refuser(&dispute, &refuses));
    assert_false(dispute_is_refuser(&dispute, &another) || dispute_is_refuser(&dispute, &follows));
    assert_false(dispute_is_refuser(&none, &nothing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_that_refuse_than_have_applied),
        cmocka_unit_test(who_is_undecided_is_waited_for),
        cmocka_unit_test(who_refuses_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
