/* The seat of a worker's name in the log, over a real etcd: who has it, who takes it, and who waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "core/error.h"
#include "tests/unit/worker/scene_site.h"
#include "worker/clock.h"
#include "worker/log/calls.h"

enum { SMALL = 64, TURN_MS = 20 };

static const uint8_t ELSEWHERE[LOG_NONCE_SIZE] = {1, [8] = 5, 7}; /* of a process that runs in another home */

static void put_seat(struct scene *scene, const char *key, const uint8_t nonce[LOG_NONCE_SIZE])
{
    struct log_seat seat = {.level = 1};
    uint8_t value[SEAT_SIZE];
    memcpy(seat.nonce, nonce, LOG_NONCE_SIZE);
    seat_write(&seat, value);
    site_overwrite(scene, key, BYTES(value, sizeof(value)));
}

static void two_under_one_name(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a");
    struct site *first = site_new(&a), *second = NULL;
    sites_leader(&first, 1);
    site_wait_key(*state, "applied/a");
    second = site_new(&a);
    assert_int_equal(site_wait_fault(second), ERR_CONFIG);
    assert_int_equal(site_status(first).fault, 0);
    assert_int_equal(site_commit(first, 1, SMALL), 0);
    site_destroy(&first);
    site_destroy(&second);
}

/* How long it takes to have the seat that a process with this nonce had, and that is not put any more. */
static int64_t seat_taken_ms(struct scene *scene, const struct order_log_etcd_options *options,
                             const uint8_t nonce[LOG_NONCE_SIZE])
{
    char reason[LOG_REASON_MAX];
    struct order_log *log;
    put_seat(scene, "applied/a", nonce);
    int64_t begun_ms = clock_steady_ms();
    assert_int_equal(order_log_etcd_new(options, &log, reason), 0);
    assert_int_equal(order_log_etcd_seat(log, -1, reason), 0);
    int64_t took_ms = clock_steady_ms() - begun_ms;
    log->ops->destroy(&log);
    return took_ms;
}

static void a_seat_is_taken_over(void **state)
{
    static const uint8_t NOBODY[LOG_NONCE_SIZE], AT_HOME[LOG_NONCE_SIZE] = {1, [8] = 5, 6};
    struct order_log_etcd_options a = site_options(*state, "a");
    a.home[0] = 5;
    a.home[1] = 6;
    assert_true(seat_taken_ms(*state, &a, NOBODY) < CLOCKS_STILL_MS);
    assert_true(seat_taken_ms(*state, &a, AT_HOME) < CLOCKS_STILL_MS);
    assert_true(seat_taken_ms(*state, &a, ELSEWHERE) >= CLOCKS_STILL_MS);
    const Etcdserverpb__KeyValue *left = site_key(*state, "applied/a"); /* in order */
    struct log_seat seat;
    assert_int_equal(seat_read(BYTES(left->value.data, left->value.len), &seat), 0);
    assert_memory_equal(seat.nonce, NOBODY, sizeof(NOBODY));
}

static uint64_t seat_left(struct scene *scene)
{
    struct log_seat seat;
    const Etcdserverpb__KeyValue *left = site_key(scene, "applied/a");
    assert_non_null(left);
    assert_int_equal(seat_read(BYTES(left->value.data, left->value.len), &seat), 0);
    return seat.place.number;
}

/* Others drop what all seats say they have: what etcd has confirmed is not in the store yet. */
static void a_seat_says_what_the_store_has(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a");
    struct site *site = site_new(&a);
    sites_leader(&site, 1);
    site_wait_key(*state, "applied/a");
    assert_int_equal(site_commit(site, 1, SMALL), 0);
    assert_int_equal(site_append(site, 2, SMALL), 0);
    site_stop(site); /* which says it once more */
    assert_int_equal(seat_left(*state), 1);
    site_start(site);
    site_wait_key(*state, "applied/a");
    assert_ptr_equal(sites_leader(&site, 1), site);
    assert_int_equal(site_commit(site, 3, SMALL), 0);
    site_destroy(&site);
    assert_int_equal(seat_left(*state), 3);
}

static void wait_for(const struct site *site, enum log_waiting waiting)
{
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (site_status(site).waiting != waiting && clock_steady_ms() < until_ms)
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000L}, NULL);
    assert_int_equal(site_status(site).waiting, waiting);
}

/* While etcd stands still everybody's seat does. Afterwards the one that was there first goes on. */
static void nobody_stands_still_while_etcd_does(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a");
    struct scene *scene = *state;
    struct site *first = site_new(&a), *second = NULL;
    sites_leader(&first, 1);
    site_wait_key(*state, "applied/a");
    second = site_new(&a);
    wait_for(second, LOG_WAITS_SEAT); /* it has read it */
    etcd_member_stop(&scene->members, 0);
    site_follow(second, CLOCKS_STILL_MS + 1000);
    etcd_member_continue(&scene->members, 0);
    assert_int_equal(site_wait_fault(second), ERR_CONFIG);
    assert_int_equal(site_status(first).fault, 0);
    assert_ptr_equal(sites_leader(&first, 1), first);
    assert_int_equal(site_commit(first, 1, SMALL), 0);
    site_destroy(&first);
    site_destroy(&second);
}

/* The leader of that name, another process, beats, and puts no seat: as one does whose keeper waits for a
 * member of etcd that writes its file anew. */
static void beat(struct scene *scene, const char *name)
{
    static uint64_t beats;
    struct log_leader leader = {.beats = ++beats};
    uint8_t value[LEADER_SIZE_MAX];
    memcpy(leader.nonce, ELSEWHERE, LOG_NONCE_SIZE);
    memcpy(leader.name, name, strlen(name));
    site_overwrite(scene, "leader", BYTES(value, leader_write(&leader, value)));
}

/* Nobody takes its seat while it leads. Once it is silent as well, its seat is still. */
static void who_leads_is_not_still(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a");
    char reason[LOG_REASON_MAX];
    put_seat(*state, "applied/a", ELSEWHERE);
    beat(*state, "a");
    struct site *site = site_new(&a);
    int64_t until_ms = clock_steady_ms() + CLOCKS_STILL_MS + 1500;
    while (!site_status(site).has_seat && clock_steady_ms() < until_ms) {
        beat(*state, "a");
        site_follow(site, TERM_BEAT_MS);
    }
    struct order_log_etcd_status status = site_status(site);
    assert_int_equal(order_log_etcd_seat(site->log, -1, reason), 0);
    assert_ptr_equal(sites_leader(&site, 1), site);
    assert_int_equal(site_commit(site, 1, SMALL), 0);
    site_destroy(&site);
    assert_false(status.has_seat);
    assert_int_equal(status.waiting, LOG_WAITS_SEAT);
    assert_int_equal(status.fault, 0);
}

static void that_another_leads_keeps_no_seat(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a");
    put_seat(*state, "applied/a", ELSEWHERE);
    beat(*state, "b");
    struct site *site = site_new(&a);
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (!site_status(site).has_seat && clock_steady_ms() < until_ms) {
        beat(*state, "b");
        site_follow(site, TERM_BEAT_MS);
    }
    assert_true(site_status(site).has_seat);
    site_destroy(&site);
}

struct leaving {
    struct order_log_etcd_options options;
    int code;
    char reason[LOG_REASON_MAX];
    atomic_bool is_done;
};

static void *leave(void *context)
{
    struct leaving *leaving = context;
    leaving->code = order_log_etcd_leave(&leaving->options, "a", leaving->reason);
    leaving->is_done = true;
    return NULL;
}

/* Nor does anybody drop it by hand. A leader that dies meanwhile, and is deposed, is no sign that it runs. */
static void who_leads_is_not_dropped(void **state)
{
    struct leaving leaving = {.options = site_options(*state, "b"), .code = 1};
    pthread_t thread;
    put_seat(*state, "applied/a", ELSEWHERE);
    beat(*state, "a");
    assert_int_equal(pthread_create(&thread, NULL, leave, &leaving), 0);
    while (!leaving.is_done) { /* it ends by itself */
        nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
        beat(*state, "a");
    }
    pthread_join(thread, NULL);
    assert_int_equal(leaving.code, ERR_CONFIG);
    assert_non_null(strstr(leaving.reason, "The worker a runs"));
    assert_non_null(site_key(*state, "applied/a"));

    leaving.is_done = false;
    assert_int_equal(pthread_create(&thread, NULL, leave, &leaving), 0);
    int64_t until_ms = clock_steady_ms() + CLOCKS_STILL_MS / 2;
    while (!leaving.is_done) {
        nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
        if (clock_steady_ms() > until_ms)
            beat(*state, "b");
    }
    pthread_join(thread, NULL);
    assert_int_equal(leaving.code, 0);
    assert_null(site_key(*state, "applied/a"));
}

/* The process before puts its seat once more, and ends in order: that is not somebody who runs. */
static void a_seat_that_is_left_is_no_move(void **state)
{
    static const uint8_t NOBODY[LOG_NONCE_SIZE];
    struct order_log_etcd_options a = site_options(*state, "a");
    char reason[LOG_REASON_MAX];
    put_seat(*state, "applied/a", ELSEWHERE);
    struct site *site = site_new(&a);
    wait_for(site, LOG_WAITS_SEAT);
    put_seat(*state, "applied/a", ELSEWHERE);
    site_follow(site, 1000); /* it has seen that by then, or there was nothing to be seen */
    assert_int_equal(site_status(site).fault, 0);
    put_seat(*state, "applied/a", NOBODY);
    assert_int_equal(order_log_etcd_seat(site->log, -1, reason), 0);
    assert_ptr_equal(sites_leader(&site, 1), site);
    site_destroy(&site);
}

/* What is no seat, where seats stand, is left out and named; and one's own is found, and put anew, whatever
 * there is. */
static void keys_that_are_no_seats(void **state)
{
    static const uint8_t NOBODY[LOG_NONCE_SIZE];
    struct order_log_etcd_options options = site_options(*state, "z");
    char reason[LOG_REASON_MAX], key[CALLS_KEY_MAX];
    options.level = 2;
    site_overwrite(*state, "applied/A b", BYTES("x", 1));
    site_overwrite(*state, "applied/z", BYTES("x", 1));
    struct site *site = site_new(&options);
    assert_int_equal(order_log_etcd_seat(site->log, -1, reason), 0);
    assert_ptr_equal(sites_leader(&site, 1), site);
    assert_string_equal(site_status(site).unread_seat, "A?b");
    assert_int_equal(order_log_level(site->log), 1); /* who knows what that one knows */
    site_destroy(&site);
    for (int i = 0; i <= CALLS_SEATS_MAX; i++) { /* more than there is room for, before its own */
        snprintf(key, sizeof(key), "applied/gone-%d", i);
        put_seat(*state, key, NOBODY);
    }
    site = site_new(&options);
    assert_int_equal(order_log_etcd_seat(site->log, -1, reason), 0);
    assert_ptr_equal(sites_leader(&site, 1), site);
    assert_int_equal(site_commit(site, 1, SMALL), 0);
    site_destroy(&site);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_set_up_one, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_under_one_name),
        TEST(a_seat_is_taken_over),
        TEST(a_seat_says_what_the_store_has),
        TEST(nobody_stands_still_while_etcd_does),
        TEST(who_leads_is_not_still),
        TEST(that_another_leads_keeps_no_seat),
        TEST(who_leads_is_not_dropped),
        TEST(a_seat_that_is_left_is_no_move),
        TEST(keys_that_are_no_seats),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
