/* Who leads, step by step: what is asked when, and what each answer makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "worker/log/term.h"

enum { START_MS = 50000, TERM = 12, OTHERS = 9 };

static const struct order_place EMPTY = {0}, FIVE = {.number = 5, .total = 700, .hash = {1}},
                                FIVE_OTHER = {.number = 5, .total = 700, .hash = {2}};

struct scene {
    struct term term;
    int64_t now_ms;
};

static struct term_seen led(uint64_t leader, int64_t changed, const struct order_place *head)
{
    return (struct term_seen){.is_answered = true,
                              .is_done = true,
                              .has_leader = leader != 0,
                              .is_me = leader == TERM,
                              .leader_term = leader,
                              .leader_changed = changed,
                              .has_head = true,
                              .head = *head};
}

static struct term_seen failed(struct term_seen seen)
{
    seen.is_done = false;
    return seen;
}

static const struct term_seen NO_ANSWER = {0};

/* The next step has to be that call; it is answered so after 2 ms. */
static void step(struct scene *scene, enum term_call call, struct term_seen seen)
{
    struct term_step step = term_next(&scene->term, scene->now_ms, true);
    assert_int_equal(step.call, call);
    scene->now_ms += 2;
    term_answered(&scene->term, &step, &seen, scene->now_ms - 2, scene->now_ms, 0);
}

/* Nothing is to be done for so long. */
static void pass(struct scene *scene, int64_t least_ms, int64_t most_ms)
{
    struct term_step step = term_next(&scene->term, scene->now_ms, true);
    assert_int_equal(step.call, TERM_WAIT);
    assert_in_range(step.until_ms - scene->now_ms, least_ms, most_ms);
    scene->now_ms = step.until_ms;
}

static struct scene begin(const struct order_place *applied)
{
    struct scene scene = {.now_ms = START_MS};
    term_init(&scene.term, applied, scene.now_ms);
    return scene;
}

/* By itself, over a log that it has applied. */
static struct scene begin_leading(void)
{
    struct scene scene = begin(&FIVE);
    step(&scene, TERM_POLL, led(0, 0, &FIVE));
    step(&scene, TERM_GRANT, led(0, 0, &FIVE));
    step(&scene, TERM_STAND, led(TERM, TERM, &FIVE));
    assert_true(term_leads(&scene.term, scene.now_ms));
    return scene;
}

static void where_nobody_leads_it_stands(void **state)
{
    struct scene scene = begin_leading();
    (void) state;
    pass(&scene, TERM_BEAT_MS - 2, TERM_BEAT_MS);
    step(&scene, TERM_BEAT, led(TERM, TERM + 1, &FIVE));
    assert_int_equal(scene.term.term, TERM);
}

static void who_stands_waits_by_chance(void **state)
{
    (void) state;
    for (uint32_t chance = 0; chance < 1000; chance += 37) {
        struct scene scene = begin(&FIVE);
        struct term_step poll = {.call = TERM_POLL};
        struct term_seen nobody = led(0, 0, &FIVE);
        term_answered(&scene.term, &poll, &nobody, scene.now_ms, scene.now_ms, chance << 16);
        assert_int_equal(scene.term.stand_ms - scene.now_ms, chance % (TERM_STAND_MOST_MS + 1));
        /* Who has not applied all lets the others go first. */
        scene = begin(&EMPTY);
        term_answered(&scene.term, &poll, &nobody, scene.now_ms, scene.now_ms, chance << 16);
        assert_int_equal(scene.term.stand_ms - scene.now_ms,
                         chance % (TERM_STAND_MOST_MS + 1) + TERM_LAGS_MS);
        /* Whoever has all stands first, also where it sees that nobody leads a whole poll later. */
        assert_true(scene.term.stand_ms - scene.now_ms >= TERM_POLL_MOST_MS + TERM_STAND_MOST_MS);
    }
}

static void another_was_first(void **state)
{
    struct scene scene = begin(&FIVE);
    (void) state;
    step(&scene, TERM_POLL, led(0, 0, &FIVE));
    step(&scene, TERM_GRANT, led(0, 0, &FIVE));
    step(&scene, TERM_STAND, failed(led(OTHERS, OTHERS, &FIVE)));
    assert_int_equal(scene.term.state, TERM_FOLLOWS);
    assert_false(term_leads(&scene.term, scene.now_ms));
}

/* The answer to standing was lost: the key says whose it is. */
static void elected_without_being_told(void **state)
{
    struct scene scene = begin(&FIVE);
    (void) state;
    step(&scene, TERM_POLL, led(0, 0, &FIVE));
    step(&scene, TERM_GRANT, led(0, 0, &FIVE));
    step(&scene, TERM_STAND, NO_ANSWER);
    pass(&scene, 1, TERM_RETRY_MS);
    step(&scene, TERM_POLL, led(TERM, TERM, &FIVE));
    assert_int_equal(scene.term.state, TERM_READS);
    /* What a plain read says of the end is not enough. */
    assert_false(term_leads(&scene.term, scene.now_ms));
    step(&scene, TERM_BEAT, led(TERM, TERM + 1, &FIVE));
    assert_true(term_leads(&scene.term, scene.now_ms));
}

static void it_reads_to_the_end_before_it_leads(void **state)
{
    struct scene scene = begin(&EMPTY);
    (void) state;
    step(&scene, TERM_POLL, led(0, 0, &FIVE));
    scene.now_ms = scene.term.stand_ms;
    step(&scene, TERM_GRANT, led(0, 0, &FIVE));
    step(&scene, TERM_STAND, led(TERM, TERM, &FIVE));
    assert_int_equal(scene.term.state, TERM_READS);
    assert_int_equal(term_append(&scene.term, 1, scene.now_ms), ERR_NOT_LEADER);
    step(&scene, TERM_POLL, led(TERM, TERM, &FIVE));
    term_take(&scene.term, &FIVE);
    assert_int_equal(scene.term.state, TERM_READS); /* taken is not applied */
    term_applied(&scene.term, &FIVE);
    assert_true(term_leads(&scene.term, scene.now_ms));
    assert_int_equal(term_append(&scene.term, 6, scene.now_ms), 0);
}

/* Beats until it leaves leading to others; how long that took. @applies: an entry each time, of which there are enough. */
static int64_t until_it_resigns(struct scene *scene, bool applies, int64_t most_ms)
{
    int64_t began_ms = scene->now_ms;
    struct term_step next;
    while ((next = term_next(&scene->term, scene->now_ms, false)).call != TERM_RESIGN && scene->now_ms - began_ms < most_ms) {
        struct term_seen seen = led(TERM, TERM + 1, &FIVE);
        struct order_place place = {.number = scene->term.applied.number + 1};
        scene->now_ms = next.call == TERM_WAIT ? next.until_ms : scene->now_ms + 2;
        term_answered(&scene->term, &next, &seen, scene->now_ms - 2, scene->now_ms, 0);
        if (applies && next.call == TERM_BEAT && place.number < FIVE.number)
            term_applied(&scene->term, &place);
    }
    return scene->now_ms - began_ms;
}

/* An entry that its store cannot take. Somebody else may have all. */
static void who_is_elected_and_gets_no_further_resigns(void **state)
{
    (void) state;
    for (int applies = 0; applies <= 1; applies++) {
        struct scene scene = begin(&EMPTY);
        step(&scene, TERM_POLL, led(0, 0, &FIVE));
        scene.now_ms = scene.term.stand_ms;
        step(&scene, TERM_GRANT, led(0, 0, &FIVE));
        step(&scene, TERM_STAND, led(TERM, TERM, &FIVE));
        int64_t took_ms = until_it_resigns(&scene, applies, 60000);
        int64_t least_ms = TERM_STUCK_MS + (applies ? 4 * TERM_BEAT_MS : 0); /* since the last that it applied */
        assert_in_range(took_ms, least_ms, least_ms + 2 * TERM_BEAT_MS);
        step(&scene, TERM_RESIGN, led(0, 0, &FIVE));
        assert_int_equal(scene.term.state, TERM_FOLLOWS);
    }
}

/* While etcd does not answer nobody reads: afterwards it has its time. */
static void nor_does_who_could_read_nothing(void **state)
{
    struct scene scene = begin(&EMPTY);
    (void) state;
    step(&scene, TERM_POLL, led(0, 0, &FIVE));
    scene.now_ms = scene.term.stand_ms;
    step(&scene, TERM_GRANT, led(0, 0, &FIVE));
    step(&scene, TERM_STAND, led(TERM, TERM, &FIVE));
    for (int stopped = 0; stopped <= 1; stopped++) {
        scene.now_ms += stopped ? 60000 : TERM_BEAT_MS;
        for (int i = 0; !stopped && i < 100; i++) {
            struct term_step beat = {.call = TERM_BEAT, .term = TERM};
            scene.now_ms += TERM_RETRY_MS;
            term_answered(&scene.term, &beat, &NO_ANSWER, scene.now_ms - 2, scene.now_ms, 0);
        }
        int64_t took_ms = until_it_resigns(&scene, false, 60000);
        assert_in_range(took_ms, TERM_STUCK_MS, TERM_STUCK_MS + 2 * TERM_BEAT_MS);
        assert_int_equal(scene.term.state, TERM_READS);
        scene.term.is_stuck = false;
    }
}

static void nor_does_who_leads(void **state)
{
    struct scene scene = begin_leading();
    (void) state;
    assert_true(until_it_resigns(&scene, false, 60000) >= 60000);
}

static void another_log_is_not_led(void **state)
{
    struct scene scene = begin(&FIVE_OTHER);
    (void) state;
    step(&scene, TERM_POLL, led(OTHERS, OTHERS, &FIVE));
    assert_int_equal(scene.term.fault, ERR_CORRUPT);
    /* One that has gone back: plain reads may be stale, a confirmation is not. */
    scene = begin(&FIVE);
    step(&scene, TERM_POLL, led(0, 0, &EMPTY));
    step(&scene, TERM_GRANT, led(0, 0, &EMPTY));
    assert_int_equal(scene.term.fault, 0);
    step(&scene, TERM_STAND, led(TERM, TERM, &EMPTY));
    assert_int_equal(scene.term.fault, ERR_CORRUPT);
    assert_false(term_leads(&scene.term, scene.now_ms));
    step(&scene, TERM_RESIGN, led(0, 0, &EMPTY));
    assert_int_equal(scene.term.state, TERM_FOLLOWS);
    pass(&scene, 1, TERM_POLL_MOST_MS);
    step(&scene, TERM_POLL, led(0, 0, &EMPTY)); /* and does not stand again */
    pass(&scene, TERM_POLL_LEAST_MS, TERM_POLL_MOST_MS);
}

static void a_log_without_a_head_is_not_followed(void **state)
{
    struct scene scene = begin(&EMPTY);
    struct term_seen seen = led(0, 0, &EMPTY);
    (void) state;
    seen.has_head = false;
    step(&scene, TERM_POLL, seen);
    assert_int_equal(scene.term.fault, ERR_CORRUPT);
    assert_int_equal(scene.term.state, TERM_FOLLOWS);
}

/* Polls until the leader is deposed, each answered as @changed says; how long that took. */
static int64_t until_deposed(struct scene *scene, int64_t most_ms)
{
    int64_t began_ms = scene->now_ms;
    while (term_next(&scene->term, scene->now_ms, true).call != TERM_DEPOSE &&
           scene->now_ms - began_ms < most_ms) {
        step(scene, TERM_POLL, led(OTHERS, 30, &FIVE));
        if (term_next(&scene->term, scene->now_ms, true).call == TERM_WAIT)
            pass(scene, TERM_POLL_LEAST_MS, TERM_POLL_MOST_MS);
    }
    return scene->now_ms - began_ms;
}

static void a_silent_leader_is_deposed(void **state)
{
    struct scene scene = begin(&FIVE);
    (void) state;
    assert_in_range(until_deposed(&scene, 10000), TERM_SILENT_MS, TERM_SILENT_MS + TERM_POLL_MOST_MS);
    struct term_step depose = term_next(&scene.term, scene.now_ms, true);
    assert_int_equal(depose.leader_changed, 30);
    step(&scene, TERM_DEPOSE, led(0, 0, &FIVE));
    step(&scene, TERM_GRANT, led(0, 0, &FIVE));
    step(&scene, TERM_STAND, led(TERM, TERM, &FIVE));
}

static void one_that_beats_is_not(void **state)
{
    struct scene scene = begin(&FIVE);
    (void) state;
    for (int64_t changed = 30; changed < 60; changed++) {
        step(&scene, TERM_POLL, led(OTHERS, changed, &FIVE));
        pass(&scene, TERM_POLL_LEAST_MS, TERM_POLL_MOST_MS);
    }
}

static void nor_one_that_beat_while_it_was_being_deposed(void **state)
{
    struct scene scene = begin(&FIVE);
    (void) state;
    until_deposed(&scene, 10000);
    step(&scene, TERM_DEPOSE, failed(led(OTHERS, 31, &FIVE)));
    step(&scene, TERM_POLL, led(OTHERS, 31, &FIVE));
    pass(&scene, TERM_POLL_LEAST_MS, TERM_POLL_MOST_MS);
}

/* Without answers nobody's silence can be told: nor the leader's while etcd has no majority. */
static void silence_counts_while_polls_are_answered(void **state)
{
    struct scene scene = begin(&FIVE);
    (void) state;
    step(&scene, TERM_POLL, led(OTHERS, 30, &FIVE));
    pass(&scene, TERM_POLL_LEAST_MS, TERM_POLL_MOST_MS);
    for (int i = 0; i < 30; i++) {
        step(&scene, TERM_POLL, NO_ANSWER);
        pass(&scene, 1, TERM_RETRY_MS);
    }
    assert_in_range(until_deposed(&scene, 10000), TERM_SILENT_MS, TERM_SILENT_MS + TERM_POLL_MOST_MS);
}

static void nor_does_the_time_in_which_we_were_stopped(void **state)
{
    struct scene scene = begin(&FIVE);
    (void) state;
    step(&scene, TERM_POLL, led(OTHERS, 30, &FIVE));
    scene.now_ms += 20000;
    assert_in_range(until_deposed(&scene, 10000), TERM_SILENT_MS, TERM_SILENT_MS + TERM_POLL_MOST_MS);
}

static void without_confirmations_it_takes_nothing(void **state)
{
    struct scene scene = begin_leading();
    int64_t confirmed_ms = scene.term.confirmed_ms;
    (void) state;
    pass(&scene, 1, TERM_BEAT_MS);
    while (scene.now_ms - confirmed_ms < TERM_UNCONFIRMED_MS) {
        assert_int_equal(term_append(&scene.term, 6, scene.now_ms), 0);
        term_lost(&scene.term, TERM, false);
        step(&scene, TERM_BEAT, NO_ANSWER);
        pass(&scene, 1, TERM_RETRY_MS);
    }
    assert_int_equal(term_append(&scene.term, 6, scene.now_ms), ERR_BUSY);
    assert_false(term_leads(&scene.term, scene.now_ms));
    step(&scene, TERM_BEAT, led(TERM, TERM + 1, &FIVE));
    assert_int_equal(term_append(&scene.term, 6, scene.now_ms), 0);
}

static void a_leader_that_was_stopped_finds_out(void **state)
{
    struct scene scene = begin_leading();
    (void) state;
    scene.now_ms += 60000;
    assert_false(term_leads(&scene.term, scene.now_ms));
    step(&scene, TERM_BEAT, failed(led(OTHERS, 40, &FIVE)));
    assert_int_equal(scene.term.state, TERM_FOLLOWS);
    assert_int_equal(term_append(&scene.term, 6, scene.now_ms), ERR_NOT_LEADER);
    step(&scene, TERM_POLL, led(OTHERS, 40, &FIVE));
}

/* Its own append came through, though the term is over: it has it, and does not lead. */
static void an_append_that_ends_after_the_term(void **state)
{
    struct scene scene = begin_leading();
    const struct order_place six = {.number = 6, .total = 900, .hash = {6}};
    (void) state;
    assert_int_equal(term_append(&scene.term, 6, scene.now_ms), 0);
    pass(&scene, 1, TERM_BEAT_MS);
    step(&scene, TERM_BEAT, failed(led(OTHERS, 40, &six)));
    term_appended(&scene.term, TERM, &six, scene.now_ms);
    assert_int_equal(scene.term.state, TERM_FOLLOWS);
    assert_int_equal(scene.term.applied.number, 6);
    step(&scene, TERM_POLL, led(OTHERS, 40, &six));
    assert_int_equal(scene.term.fault, 0);
}

static void who_may_not_lead_resigns_when_nothing_is_open(void **state)
{
    struct scene scene = begin_leading();
    const struct order_place six = {.number = 6, .total = 900, .hash = {6}};
    (void) state;
    assert_int_equal(term_append(&scene.term, 6, scene.now_ms), 0);
    scene.term.may_stand = false;
    pass(&scene, 1, TERM_BEAT_MS);
    term_appended(&scene.term, TERM, &six, scene.now_ms);
    assert_int_equal(term_append(&scene.term, 7, scene.now_ms), ERR_BUSY);
    step(&scene, TERM_RESIGN, NO_ANSWER);
    step(&scene, TERM_BEAT, led(TERM, TERM + 2, &six));
    pass(&scene, 1, TERM_BEAT_MS);
    step(&scene, TERM_RESIGN, led(0, 0, &six));
    assert_int_equal(scene.term.state, TERM_FOLLOWS);
}

static void the_lease_is_renewed(void **state)
{
    struct scene scene = begin_leading();
    int64_t began_ms = scene.now_ms, renewed_ms = 0;
    (void) state;
    while (renewed_ms == 0 && scene.now_ms < began_ms + 60000) {
        struct term_step next = term_next(&scene.term, scene.now_ms, true);
        if (next.call == TERM_RENEW)
            renewed_ms = scene.now_ms;
        if (next.call == TERM_WAIT)
            scene.now_ms = next.until_ms;
        else
            step(&scene, next.call, led(TERM, TERM + 1, &FIVE));
    }
    assert_in_range(renewed_ms - began_ms, TERM_RENEW_MS, TERM_RENEW_MS + TERM_BEAT_MS);
    assert_true(TERM_RENEW_MS * 3 < TERM_LEASE_S * 1000);
}

static void entries_are_asked_for_while_there_is_room(void **state)
{
    struct scene scene = begin(&EMPTY);
    (void) state;
    step(&scene, TERM_POLL, led(OTHERS, 30, &FIVE));
    assert_int_equal(term_next(&scene.term, scene.now_ms, true).call, TERM_POLL); /* at once */
    assert_int_equal(term_next(&scene.term, scene.now_ms, false).call, TERM_WAIT);
    term_take(&scene.term, &FIVE);
    assert_int_equal(term_next(&scene.term, scene.now_ms, true).call, TERM_WAIT);
    term_hint(&scene.term);
    assert_int_equal(term_next(&scene.term, scene.now_ms, true).call, TERM_POLL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nobody_leads_it_stands),
        cmocka_unit_test(who_stands_waits_by_chance),
        cmocka_unit_test(another_was_first),
        cmocka_unit_test(elected_without_being_told),
        cmocka_unit_test(it_reads_to_the_end_before_it_leads),
        cmocka_unit_test(who_is_elected_and_gets_no_further_resigns),
        cmocka_unit_test(nor_does_who_could_read_nothing),
        cmocka_unit_test(nor_does_who_leads),
        cmocka_unit_test(another_log_is_not_led),
        cmocka_unit_test(a_log_without_a_head_is_not_followed),
        cmocka_unit_test(a_silent_leader_is_deposed),
        cmocka_unit_test(one_that_beats_is_not),
        cmocka_unit_test(nor_one_that_beat_while_it_was_being_deposed),
        cmocka_unit_test(silence_counts_while_polls_are_answered),
        cmocka_unit_test(nor_does_the_time_in_which_we_were_stopped),
        cmocka_unit_test(without_confirmations_it_takes_nothing),
        cmocka_unit_test(a_leader_that_was_stopped_finds_out),
        cmocka_unit_test(an_append_that_ends_after_the_term),
        cmocka_unit_test(who_may_not_lead_resigns_when_nothing_is_open),
        cmocka_unit_test(the_lease_is_renewed),
        cmocka_unit_test(entries_are_asked_for_while_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
