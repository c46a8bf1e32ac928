/* Whose clock is off, by the times that others' seats say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "worker/log/clocks.h"

#define UNIX_MS INT64_C(1763000000000) /* the right time, less the steady clock */
#define HOUR_MS INT64_C(3600000)

enum { OTHERS_MAX = 5, READ_MS = 500, PUT_MS = 2000, LEAST_MS = 10 };

static const char *const NAMES[OTHERS_MAX] = {"a", "b", "c", "d", "e"};

/* Other workers, and this one that reads their seats. */
struct scene {
    struct clocks clocks;
    struct clocks_seat seats[OTHERS_MAX];
    size_t count;
    int64_t ahead_ms[OTHERS_MAX]; /* of each clock */
    bool is_gone[OTHERS_MAX];
    int64_t now_ms, revision;
};

static void scene_begin(struct scene *scene, size_t count)
{
    *scene = (struct scene){.count = count, .now_ms = 100000, .revision = 7};
    for (size_t i = 0; i < count; i++)
        scene->seats[i] = (struct clocks_seat){NAMES[i], ++scene->revision, 1};
}

/* One seat is put, by a call that began some time ago. */
static void put(struct scene *scene, size_t other, int64_t held_up_ms)
{
    scene->seats[other].changed = ++scene->revision;
    scene->seats[other].unix_ms = UNIX_MS + scene->now_ms - held_up_ms + scene->ahead_ms[other];
}

static void look(struct scene *scene)
{
    clocks_saw(&scene->clocks, scene->seats, scene->count, scene->now_ms, scene->now_ms + LEAST_MS);
    scene->now_ms += LEAST_MS;
}

/* Everybody puts its seat, each at another time between readings. */
static void pass(struct scene *scene, int64_t for_ms)
{
    for (int64_t end_ms = scene->now_ms + for_ms; scene->now_ms < end_ms; scene->now_ms += READ_MS - LEAST_MS) {
        look(scene);
        for (size_t i = 0; i < scene->count; i++)
            if ((scene->now_ms / READ_MS + (int64_t) i) % (PUT_MS / READ_MS) == 0 && !scene->is_gone[i])
                put(scene, i, 0);
    }
    look(scene);
}

static struct clocks_judgement judge(const struct scene *scene, int64_t own_ahead_ms, const char *leader, bool leads)
{
    struct clocks_judgement judgement;
    clocks_judge(&scene->clocks, UNIX_MS + own_ahead_ms, scene->now_ms, leader, leads, &judgement);
    return judgement;
}

static bool are_heard(const struct scene *scene, int64_t own_ahead_ms)
{
    return clocks_are_heard(&scene->clocks, UNIX_MS + own_ahead_ms, scene->now_ms);
}

static void more_that_differ_than_agree(void **state)
{
    static const struct {
        size_t count;
        int64_t ahead_ms[OTHERS_MAX]; /* of this worker's clock */
        const char *leader;
        bool is_off, is_agreed;
    } CASES[] = {
        {0, {0}, "", false, false},
        {1, {0}, "a", false, true},
        {1, {HOUR_MS}, "", false, false},
        {1, {HOUR_MS}, "me", false, false},
        {1, {HOUR_MS}, "a", true, false},
        {1, {-HOUR_MS}, "a", true, false},
        {1, {1000}, "a", false, true},
        {1, {-1000}, "a", false, true},
        {2, {HOUR_MS, HOUR_MS}, "", true, false},
        {2, {HOUR_MS, HOUR_MS}, "me", true, false},
        {2, {-HOUR_MS, -2 * HOUR_MS}, "me", true, false},
        {2, {HOUR_MS, 0}, "a", false, true},
        {2, {HOUR_MS, -HOUR_MS}, "", false, false}, /* in the middle */
        {2, {HOUR_MS, -HOUR_MS}, "me", false, false},
        {2, {HOUR_MS, -HOUR_MS}, "a", true, false},
        {2, {HOUR_MS, -HOUR_MS}, "b", true, false},
        {3, {HOUR_MS, HOUR_MS, 0}, "me", false, false},
        {3, {HOUR_MS, HOUR_MS, 0}, "c", false, false},
        {3, {HOUR_MS, HOUR_MS, 0}, "a", true, false},
        {3, {HOUR_MS, 0, 0}, "a", false, true},
        {4, {HOUR_MS, HOUR_MS, HOUR_MS, 0}, "me", true, false},
        {4, {HOUR_MS, HOUR_MS, 0, 0}, "a", false, true},
        {5, {-HOUR_MS, -HOUR_MS, -HOUR_MS, 0, 0}, "me", false, false},
        {5, {-HOUR_MS, -HOUR_MS, -HOUR_MS, -HOUR_MS, 0}, "me", true, false},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        struct scene scene;
        scene_begin(&scene, CASES[i].count);
        for (size_t j = 0; j < CASES[i].count; j++)
            scene.ahead_ms[j] = -CASES[i].ahead_ms[j];
        pass(&scene, 3 * PUT_MS);
        struct clocks_judgement found = judge(&scene, 0, CASES[i].leader, strcmp(CASES[i].leader, "me") == 0);
        if (found.is_off != CASES[i].is_off || found.is_agreed != CASES[i].is_agreed)
            fail_msg("case %zu: off %d, agreed %d", i, found.is_off, found.is_agreed);
        assert_true(are_heard(&scene, 0));
    }
}

static void it_says_by_how_much_and_against_whom(void **state)
{
    struct scene scene;
    (void) state;
    scene_begin(&scene, 3);
    pass(&scene, 3 * PUT_MS);
    struct clocks_judgement found = judge(&scene, HOUR_MS, "a", false);
    assert_true(found.is_off && found.more == 2);
    assert_in_range(found.ahead_ms, HOUR_MS - READ_MS, HOUR_MS + READ_MS);
    assert_string_equal(found.worker, "c");
    found = judge(&scene, -HOUR_MS, "a", false);
    assert_true(found.is_off && found.ahead_ms < -HOUR_MS + READ_MS);
}

/* What is not known better than by the time between two readings is never more than that. */
static void off_by_more_than_can_be_an_error(void **state)
{
    (void) state;
    for (int64_t apart_ms = -5000; apart_ms <= 5000; apart_ms += 100) {
        struct scene scene;
        scene_begin(&scene, 2);
        pass(&scene, 3 * PUT_MS);
        struct clocks_judgement found = judge(&scene, apart_ms, "a", false);
        bool is_within = apart_ms >= -CLOCKS_OFF_MS && apart_ms <= CLOCKS_OFF_MS;
        bool is_beyond = apart_ms < -CLOCKS_OFF_MS - READ_MS - LEAST_MS || apart_ms > CLOCKS_OFF_MS + READ_MS + LEAST_MS;
        assert_true(!(is_within && found.is_off) && !(is_beyond && !found.is_off));
        assert_true(!(found.is_agreed && !is_within) && !(found.is_agreed && found.is_off));
    }
}

/* After a pause in reading, seconds are no finding, and hours are. */
static void a_pause_in_reading(void **state)
{
    struct scene scene;
    (void) state;
    scene_begin(&scene, 2);
    pass(&scene, 3 * PUT_MS);
    scene.now_ms += 60 * 1000;
    put(&scene, 0, 30 * 1000);
    put(&scene, 1, 30 * 1000);
    look(&scene);
    assert_false(judge(&scene, 0, "a", false).is_off);
    assert_false(judge(&scene, 0, "a", false).is_agreed);
    assert_true(judge(&scene, -HOUR_MS, "a", false).is_off);
}

/* Held up on its way a seat says a time that is over: once is nothing. */
static void a_seat_that_was_held_up(void **state)
{
    struct scene scene;
    (void) state;
    scene_begin(&scene, 2);
    pass(&scene, 3 * PUT_MS);
    for (size_t i = 0; i < 2; i++)
        put(&scene, i, 10 * 1000);
    look(&scene);
    assert_false(judge(&scene, 0, "a", false).is_off);
    for (size_t i = 0; i < 2; i++) /* twice in a row is */
        put(&scene, i, 10 * 1000);
    scene.now_ms += READ_MS;
    look(&scene);
    assert_true(judge(&scene, 0, "a", false).is_off);
    pass(&scene, 2 * PUT_MS);
    assert_false(judge(&scene, 0, "a", false).is_off);
    assert_true(judge(&scene, 0, "a", false).is_agreed);
}

static void who_says_nothing_any_more_is_not_asked(void **state)
{
    struct scene scene;
    (void) state;
    scene_begin(&scene, 2);
    pass(&scene, 3 * PUT_MS);
    assert_true(judge(&scene, HOUR_MS, "a", false).is_off);
    scene.is_gone[0] = scene.is_gone[1] = true;
    pass(&scene, CLOCKS_LIVE_MS + READ_MS);
    assert_false(judge(&scene, HOUR_MS, "a", false).is_off);
    assert_false(judge(&scene, 0, "a", false).is_agreed);
}

/* A clock that is set is judged at once. */
static void a_clock_that_is_set(void **state)
{
    struct scene scene;
    (void) state;
    scene_begin(&scene, 2);
    pass(&scene, 3 * PUT_MS);
    assert_true(judge(&scene, HOUR_MS, "a", false).is_off);
    assert_false(judge(&scene, 0, "a", false).is_off);
    assert_true(judge(&scene, 0, "a", false).is_agreed);
}

static void a_start(void **state)
{
    struct scene scene;
    (void) state;
    scene_begin(&scene, 0);
    assert_false(are_heard(&scene, 0)); /* nothing was read */
    look(&scene);
    assert_true(are_heard(&scene, 0)); /* nobody is there */

    scene_begin(&scene, 2);
    pass(&scene, PUT_MS / 2);
    bool was_heard = are_heard(&scene, 0);
    assert_false(was_heard);
    pass(&scene, PUT_MS);
    assert_true(are_heard(&scene, 0)); /* by one word of each, where they agree, */
    assert_true(are_heard(&scene, -HOUR_MS)); /* or are ahead */
    assert_false(are_heard(&scene, HOUR_MS)); /* that they are behind takes two, */
    pass(&scene, PUT_MS);
    assert_true(are_heard(&scene, HOUR_MS)); /* and then it is known, too */
    assert_true(judge(&scene, HOUR_MS, "", false).is_off);

    scene_begin(&scene, 2); /* one that does not run: until that is sure */
    scene.is_gone[1] = true;
    pass(&scene, CLOCKS_STILL_MS - READ_MS);
    assert_false(are_heard(&scene, 0));
    pass(&scene, READ_MS);
    assert_true(are_heard(&scene, 0));

    scene_begin(&scene, 2); /* ended in order, or of an earlier version */
    scene.seats[0].unix_ms = scene.seats[1].unix_ms = 0;
    scene.is_gone[0] = scene.is_gone[1] = true;
    look(&scene);
    assert_true(are_heard(&scene, 0));
    assert_false(judge(&scene, 0, "a", false).is_agreed);
}

/* Where nothing was read for a while, nobody stood still: etcd did, or we. */
static void a_gap_proves_no_stillness(void **state)
{
    struct scene scene;
    (void) state;
    scene_begin(&scene, 2);
    scene.is_gone[0] = true;
    pass(&scene, CLOCKS_STILL_MS - 2 * READ_MS);
    assert_false(are_heard(&scene, 0));
    scene.now_ms += 3 * CLOCKS_STILL_MS;
    look(&scene);
    assert_false(are_heard(&scene, 0));
    pass(&scene, CLOCKS_STILL_MS - READ_MS);
    assert_false(are_heard(&scene, 0)); /* it is counted anew, */
    assert_string_equal(clocks_unheard(&scene.clocks, UNIX_MS, scene.now_ms), "a");
    pass(&scene, READ_MS);
    assert_true(are_heard(&scene, 0)); /* and to the end */
    assert_null(clocks_unheard(&scene.clocks, UNIX_MS, scene.now_ms));
}

/* What the others' clocks say holds until they are heard again, or were silent while somebody listened. */
static void a_gap_clears_nothing(void **state)
{
    struct scene scene;
    (void) state;
    scene_begin(&scene, 2);
    pass(&scene, 3 * PUT_MS);
    assert_true(judge(&scene, HOUR_MS, "a", false).is_off);
    scene.now_ms += 10 * CLOCKS_LIVE_MS;
    look(&scene);
    assert_true(judge(&scene, HOUR_MS, "a", false).is_off);
    assert_true(judge(&scene, 0, "a", false).is_agreed);
    scene.is_gone[0] = scene.is_gone[1] = true;
    pass(&scene, CLOCKS_LIVE_MS + READ_MS);
    assert_false(judge(&scene, HOUR_MS, "a", false).is_off);
}

/* In etcd anything may stand. */
static void a_time_that_no_clock_says(void **state)
{
    static const int64_t TIMES[] = {INT64_MIN, INT64_MAX, -1, 0};
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(TIMES); i++) {
        struct scene scene;
        scene_begin(&scene, 1);
        for (int turn = 0; turn < 3; turn++) {
            scene.seats[0] = (struct clocks_seat){NAMES[0], ++scene.revision, TIMES[i]};
            look(&scene);
            scene.now_ms += READ_MS;
        }
        assert_true(are_heard(&scene, 0)); /* as of one that tells none */
        assert_false(judge(&scene, 0, "a", false).is_off);
        assert_false(judge(&scene, 0, "a", false).is_agreed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_that_differ_than_agree),
        cmocka_unit_test(it_says_by_how_much_and_against_whom),
        cmocka_unit_test(off_by_more_than_can_be_an_error),
        cmocka_unit_test(a_pause_in_reading),
        cmocka_unit_test(a_seat_that_was_held_up),
        cmocka_unit_test(who_says_nothing_any_more_is_not_asked),
        cmocka_unit_test(a_clock_that_is_set),
        cmocka_unit_test(a_start),
        cmocka_unit_test(a_gap_proves_no_stillness),
        cmocka_unit_test(a_gap_clears_nothing),
        cmocka_unit_test(a_time_that_no_clock_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
