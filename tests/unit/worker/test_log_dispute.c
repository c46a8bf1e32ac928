/* Workers that decide otherwise, over a real etcd: who stops, and who goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/error.h"
#include "tests/unit/worker/scene_site.h"
#include "worker/clock.h"
#include "worker/log/calls.h"

enum { SMALL = 64, TURN_MS = 20, SEAT_PUTS = 4 /* from the next one on they are 2 s apart */ };

static int set_up(void **state)
{
    scene_new(&(struct etcd_members_options){.count = 1}, (struct scene **) state);
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

static bool is_disputed(const struct site *site)
{
    return site_status(site).disputed == 3;
}

static bool has_stopped(const struct site *site)
{
    return site_status(site).fault == ERR_CORRUPT;
}

static bool has_seat(const struct site *site)
{
    return site_status(site).has_seat;
}

/* The leader works on meanwhile; fails the test where it does not come to pass. */
static void work_until(struct site *leader, bool (*is_so)(const struct site *), const struct site *site)
{
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (!is_so(site) && clock_steady_ms() < until_ms) {
        if (leader)
            site_commit(leader, 1, SMALL);
        nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
    }
    assert_true(is_so(site));
}

static struct log_seat seat_of(struct scene *scene, const char *key)
{
    struct log_seat seat;
    const Etcdserverpb__KeyValue *kept = site_wait_key(scene, key);
    assert_int_equal(seat_read(BYTES(kept->value.data, kept->value.len), &seat), 0);
    return seat;
}

static int code_of_start(struct site *site)
{
    struct order_log *log = NULL;
    char reason[LOG_REASON_MAX];
    site->options.applied = site->place;
    int code = order_log_etcd_new(&site->options, &log, reason);
    printf("%s\n", reason);
    if (code == 0)
        log->ops->destroy(&log);
    return code;
}

/* Of three: "a" makes an entry that the others do not come to. One alone is left behind; with the second "a"
 * has more against it than with it, and stops, also when it is started again, until one of the others has
 * that entry after all. */
static void most_refuse_what_one_has_made(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b"),
                                  c = site_options(*state, "c");
    struct site *wrong = site_new(&a), *others[] = {NULL, NULL};
    assert_ptr_equal(sites_leader(&wrong, 1), wrong);
    b.only_follows = c.only_follows = true;
    others[0] = site_new(&b);
    others[1] = site_new(&c);
    for (uint64_t n = 1; n <= 2; n++)
        assert_int_equal(site_commit(wrong, n, SMALL), 0);
    for (size_t i = 0; i < 2; i++) {
        site_follow_to(others[i], 2);
        work_until(NULL, has_seat, others[i]);
    }
    assert_int_equal(site_commit(wrong, 3, SMALL), 0);
    order_log_etcd_refuse(others[0]->log, 3, SITE_WAIT_MS);
    assert_int_equal(seat_of(*state, "applied/b").refused, 3);
    assert_int_equal(seat_of(*state, "applied/b").place.number, 2);
    assert_true(has_stopped(others[0]));
    work_until(wrong, is_disputed, wrong);
    assert_int_equal(site_status(wrong).fault, 0); /* as many have it as do not: it goes on */
    assert_int_equal(site_commit(wrong, 4, SMALL), 0);

    order_log_etcd_refuse(others[1]->log, 3, SITE_WAIT_MS);
    work_until(wrong, has_stopped, wrong);
    printf("%s\n", site_status(wrong).reason);
    assert_non_null(strstr(site_status(wrong).reason, "Entry 3,"));
    assert_non_null(strstr(site_status(wrong).reason, "b, c"));
    assert_int_not_equal(site_commit(wrong, 5, SMALL), 0);
    order_log_etcd_may_lead(wrong->log, true);
    assert_int_not_equal(site_commit(wrong, 5, SMALL), 0);
    site_stop(wrong);
    assert_int_equal(code_of_start(wrong), ERR_CORRUPT);
    char reason[LOG_REASON_MAX];
    assert_int_equal(order_log_etcd_leave(&a, "c", reason), 0); /* somebody knows better */
    assert_int_equal(code_of_start(wrong), 0);

    site_stop(others[0]); /* mended */
    site_start(others[0]);
    site_follow_to(others[0], wrong->place.number);
    work_until(NULL, has_seat, others[0]);
    assert_int_equal(seat_of(*state, "applied/b").refused, 0);
    site_start(wrong);
    assert_ptr_equal(sites_leader(&wrong, 1), wrong);
    assert_int_equal(site_commit(wrong, 6, SMALL), 0);
    site_destroy(&wrong);
    site_destroy(&others[0]);
    site_destroy(&others[1]);
}

/* What a worker that is not there would say. */
static void seat_say(struct scene *scene, const char *name, const struct order_place *place, uint64_t refused)
{
    struct log_seat seat = {.level = 1, .place = *place, .refused = refused};
    char key[CALLS_KEY_MAX];
    uint8_t value[SEAT_SIZE];
    snprintf(key, sizeof(key), "applied/%s", name);
    seat_write(&seat, value);
    site_overwrite(scene, key, BYTES(value, sizeof(value)));
}

static bool has_read_that_d_has_it(const struct site *site)
{
    struct seats seats;
    order_log_etcd_seats(site->log, &seats);
    for (size_t i = 0; i < seats.count; i++)
        if (strcmp(seats.rows[i].worker, "d") == 0)
            return seats.rows[i].applied == 3;
    return false;
}

/* "a" leads alone and has made an entry. With a clock the seats are read oftener than its own is put. */
static struct site *leader_with(struct scene *scene, struct clock *clock)
{
    struct order_log_etcd_options a = site_options(scene, "a");
    clock_init(clock, NULL);
    a.clock = clock;
    struct site *site = site_new(&a);
    order_log_etcd_may_lead(site->log, true);
    assert_ptr_equal(sites_leader(&site, 1), site);
    assert_int_equal(site_commit(site, 1, SMALL), 0);
    return site;
}

/* Of five: "b" and "c" refuse what "a" has made, and "d" and "e" have not said yet that they have it. "a"
 * waits for them. Where one more refuses it, "a" stops, at once and also at its next start; it has told that
 * it has the entry, so that it starts where most have it. */
static void two_of_five_refuse_what_the_others_have(void **state)
{
    struct scene *scene = *state;
    struct clock clock;
    struct site *site = leader_with(scene, &clock);
    assert_int_equal(site_commit(site, 2, SMALL), 0);
    struct order_place before = site->place;
    for (const char *name = "bcde"; *name; name++)
        seat_say(scene, (const char[]){*name, '\0'}, &before, *name < 'd' ? 3 : 0);
    assert_int_equal(site_commit(site, 3, SMALL), 0);
    struct order_place behind = site->place;
    work_until(NULL, is_disputed, site);
    assert_int_equal(site_status(site).fault, 0);
    seat_say(scene, "d", &behind, 0);
    work_until(NULL, has_read_that_d_has_it, site);
    assert_int_equal(site_status(site).fault, 0);
    assert_true(is_disputed(site));
    assert_int_equal(site_commit(site, 4, SMALL), 0);

    seat_say(scene, "e", &before, 3);
    work_until(NULL, has_stopped, site);
    assert_non_null(strstr(site_status(site).reason, "b, c, e"));
    assert_true(seat_of(scene, "applied/a").place.number >= 3);
    site_stop(site);
    assert_int_equal(code_of_start(site), ERR_CORRUPT);
    seat_say(scene, "e", &behind, 0);
    assert_int_equal(code_of_start(site), 0);
    seat_say(scene, "e", &before, 0); /* nobody knows yet */
    seat_say(scene, "d", &before, 0);
    assert_int_equal(code_of_start(site), 0);
    site_destroy(&site);
    clock_release(&clock);
}

/* Whoever finds with the first reading that what it has just made is lost, tells that it has it, and then
 * ends. */
static void who_ends_says_first_what_it_has(void **state)
{
    struct scene *scene = *state;
    struct clock clock;
    struct site *site = leader_with(scene, &clock);
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (site_wait_key(scene, "applied/a")->version < SEAT_PUTS && clock_steady_ms() < until_ms)
        nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
    seat_say(scene, "b", &site->place, 2);
    seat_say(scene, "c", &site->place, 2);
    assert_int_equal(site_commit(site, 2, SMALL), 0);
    work_until(NULL, has_stopped, site);
    assert_non_null(strstr(site_status(site).reason, "b, c"));
    assert_int_equal(seat_of(scene, "applied/a").place.number, 2);
    site_destroy(&site);
    clock_release(&clock);
}

/* Where etcd does not take the seat, it does not wait for ever. */
static void a_refusal_that_cannot_be_told(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a");
    struct site *site = site_new(&a);
    assert_ptr_equal(sites_leader(&site, 1), site);
    etcd_member_stop(&scene->members, 0);
    int64_t began_ms = clock_steady_ms();
    order_log_etcd_refuse(site->log, 1, 300);
    assert_true(clock_steady_ms() - began_ms >= 300);
    assert_true(has_stopped(site));
    etcd_member_continue(&scene->members, 0);
    site_destroy(&site);
}

static void a_damaged_store_takes_no_part(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b");
    struct site *sites[] = {site_new(&a), site_new(&b)};
    struct site *leader = sites_leader(sites, 2), *other = leader == sites[0] ? sites[1] : sites[0];
    assert_int_equal(site_commit(leader, 1, SMALL), 0);
    order_log_etcd_damaged(leader->log, "A row is damaged.");
    assert_true(has_stopped(leader));
    assert_string_equal(site_status(leader).reason, "A row is damaged.");
    assert_int_not_equal(site_commit(leader, 2, SMALL), 0);
    order_log_etcd_may_lead(leader->log, true);
    assert_int_not_equal(site_commit(leader, 2, SMALL), 0);
    assert_ptr_equal(sites_leader(&other, 1), other); /* the untouched one goes on */
    assert_int_equal(site_commit(other, 3, SMALL), 0);
    site_destroy(&sites[0]);
    site_destroy(&sites[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(most_refuse_what_one_has_made),   TEST(two_of_five_refuse_what_the_others_have),
        TEST(who_ends_says_first_what_it_has), TEST(a_refusal_that_cannot_be_told),
        TEST(a_damaged_store_takes_no_part),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
