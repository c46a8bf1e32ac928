/* The log never outgrows etcd's quota: ten times as much goes through it; a worker that lags holds nothing back for ever; and a
 * quota that others have used up is given room again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "tests/unit/worker/scene_site.h"
#include "worker/clock.h"
#include "worker/log/trim.h"

#define MIB ((uint64_t) 1024 * 1024)

enum { BODY_BYTES = 256 * 1024, SMALL = 64, USED_MIB = 12 };

static const struct etcd_members_options MEMBERS = {.count = 1, .quota_bytes = 32 * MIB};

static int set_up(void **state)
{
    scene_new(&MEMBERS, (struct scene **) state);
    return 0;
}

static int set_up_three_small(void **state)
{
    scene_new(&(struct etcd_members_options){.count = 3, .quota_bytes = MEMBERS.quota_bytes}, (struct scene **) state);
    return 0;
}

/* Commit, as a writer does: again where it is busy. */
static void commit(struct site *site, uint64_t what, size_t size)
{
    int64_t until_ms = clock_steady_ms() + 3 * SITE_WAIT_MS;
    int code;
    while ((code = site_commit(site, what, size)) != 0 && clock_steady_ms() < until_ms) {
        assert_true(code == ERR_BUSY || code == ERR_NOT_LEADER);
        site_follow(site, 50);
    }
    if (code)
        fail_msg("entry %llu: %s: %s", (unsigned long long) what, error_name(code), site_status(site).reason);
}

static uint64_t member_bytes(struct scene *scene, size_t member)
{
    Etcdserverpb__StatusResponse *status = NULL;
    arena_reset(scene->arena);
    assert_answered(etcd_status(scene->etcd, member, CALL_MS, scene->arena, &status));
    return (uint64_t) status->dbsize;
}

static uint64_t file_bytes(struct scene *scene)
{
    return member_bytes(scene, 0);
}

static void ten_times_the_quota(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a"), b = site_options(scene, "b"),
                                  c = site_options(scene, "c");
    struct site *site = site_new(&a);
    uint64_t count = 10 * MEMBERS.quota_bytes / BODY_BYTES, most = 0;
    sites_leader(&site, 1);
    struct site *follower = site_new(&b), *late = site_new(&c);
    for (uint64_t n = 1; n <= count; n++) {
        commit(site, n, BODY_BYTES);
        if (n % 8 == 0) {
            site_follow_to(follower, n);
            uint64_t bytes = file_bytes(scene);
            most = bytes > most ? bytes : most;
        }
        if (n == 8) /* it has its seat, and then lags for ever */
            site_follow_to(late, n);
    }
    printf("%llu MiB went through a quota of %llu MiB, etcd's file had at most %llu KiB\n",
           (unsigned long long) (count * BODY_BYTES / MIB), (unsigned long long) (MEMBERS.quota_bytes / MIB),
           (unsigned long long) most / 1024);
    assert_true(most < MEMBERS.quota_bytes * TRIM_FULL_PERCENT / 100);
    assert_int_equal(follower->place.number, count);
    assert_true(site_status(site).trimmed > count - 64);
    /* It needs a copy, is told so, and so is whoever starts with nothing. */
    struct order_entry entry;
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    int code = 0;
    while (code != ERR_BEHIND && clock_steady_ms() < until_ms) {
        arena_reset(late->arena);
        code = order_log_next(late->log, 100, late->arena, &entry);
        if (code == 0)
            order_log_applied(late->log, &entry.place);
    }
    assert_int_equal(code, ERR_BEHIND);
    site_destroy(&site);
    site_destroy(&follower);
    site_destroy(&late);
}

/* Put that many bytes under that key; again where etcd is about to agree on who leads it. True: it says that its space is exceeded. */
static bool put(struct scene *scene, const char *key, size_t size)
{
    struct ops ops = {0};
    struct etcd_result result = {.fate = ETCD_UNKNOWN};
    Etcdserverpb__TxnResponse *answer;
    char *value = calloc(1, size + 1);
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    assert_non_null(value);
    memset(value, 'x', size);
    ops_put(&ops, key, value);
    while (result.fate != ETCD_ANSWERED && !result.is_out_of_space && clock_steady_ms() < until_ms) {
        arena_reset(scene->arena);
        result = scene_do(scene->etcd, &ops, CALL_MS, scene->arena, &answer);
    }
    free(value);
    if (!result.is_out_of_space)
        assert_answered(result);
    return result.is_out_of_space;
}

/* What supersedes itself over and over, until etcd takes nothing any more. */
static void use_up(struct scene *scene)
{
    while (!put(scene, "somebody-elses", MIB))
        ;
}

static void wait_rooms(struct site *site, uint64_t count)
{
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (site_status(site).members.rooms < count && clock_steady_ms() < until_ms)
        site_follow(site, 20);
    assert_true(site_status(site).members.rooms >= count);
}

static void a_quota_that_is_used_up_is_given_room(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a");
    struct site *site = site_new(&a);
    sites_leader(&site, 1);
    commit(site, 1, BODY_BYTES);
    use_up(scene);
    assert_true(file_bytes(scene) > MEMBERS.quota_bytes / 2);
    commit(site, 2, BODY_BYTES);
    wait_rooms(site, 1);
    printf("etcd's file has %llu KiB after that\n", (unsigned long long) file_bytes(scene) / 1024);
    assert_true(file_bytes(scene) < MEMBERS.quota_bytes / 2);
    for (uint64_t n = 3; n < 20; n++)
        commit(site, n, BODY_BYTES);
    site_destroy(&site);
}

/* What is there is not superseded, and not ours: nothing can be recorded, and members are not made to stand still over and over for
 * nothing. It is seen at once when there is room again. */
static void what_does_not_help_is_not_done_again(void **state)
{
    enum { KEYS = 7 };
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a");
    char key[KEYS][32];
    a.quota_bytes = 8 * MIB; /* less than etcd's */
    for (size_t i = 0; i < KEYS; i++) {
        snprintf(key[i], sizeof(key[i]), "somebody-elses-%zu", i);
        assert_false(put(scene, key[i], MIB));
    }
    struct site *site = site_new(&a);
    sites_leader(&site, 1);
    wait_rooms(site, 1);
    assert_true(site_status(site).is_full && site_status(site).is_filling);
    assert_int_equal(site_commit(site, 1, SMALL), ERR_BUSY);
    int64_t version = site_wait_key(scene, "applied/a")->version, until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (site_wait_key(scene, "applied/a")->version < version + 2 && clock_steady_ms() < until_ms) /* for some seconds */
        site_follow(site, 20);
    assert_int_equal(site_status(site).members.rooms, 1);
    for (size_t i = 0; i < KEYS; i++)
        put(scene, key[i], SMALL);
    assert_answered(etcd_compact(scene->etcd, scene_put(scene, "somebody-elses", ""), true, CALL_MS));
    assert_answered(etcd_defragment(scene->etcd, 0, CALL_MS));
    commit(site, 1, SMALL);
    site_destroy(&site);
}

/* One of three is away while the others make room, and has to when it is back: what it has missed makes its file as large first. */
static void a_member_that_was_away_makes_room_later(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a");
    a.quota_bytes = 16 * MIB; /* less than etcd's, which has room for what it leaves free between pieces */
    etcd_member_kill(&scene->members, 2);
    for (size_t i = 0; i < 16 * USED_MIB; i++)
        assert_false(put(scene, "somebody-elses", MIB / 16));
    struct site *site = site_new(&a);
    sites_leader(&site, 1);
    wait_rooms(site, 1);
    assert_string_equal(site_status(site).members.room_unreached, "m2");
    for (size_t i = 0; i < 2; i++)
        assert_true(member_bytes(scene, i) < a.quota_bytes / 2);
    commit(site, 1, BODY_BYTES);
    etcd_member_start(&scene->members, 2);
    wait_rooms(site, 2);
    int64_t until_ms = clock_steady_ms() + 2 * SITE_WAIT_MS; /* once more in a minute, where it had not caught up yet */
    while (member_bytes(scene, 2) > a.quota_bytes / 2 && clock_steady_ms() < until_ms)
        site_follow(site, 50);
    printf("the file of the one that was away has %llu KiB\n", (unsigned long long) member_bytes(scene, 2) / 1024);
    assert_true(member_bytes(scene, 2) < a.quota_bytes / 2);
    commit(site, 2, BODY_BYTES);
    site_destroy(&site);
}

/* What a seat that nobody has any more holds back, is let go when it is dropped. */
static void a_seat_that_is_dropped_holds_nothing(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a"), b = site_options(scene, "b");
    char reason[LOG_REASON_MAX];
    struct site *site = site_new(&a);
    sites_leader(&site, 1);
    struct site *gone = site_new(&b);
    commit(site, 1, SMALL);
    site_follow_to(gone, 1);
    site_wait_key(scene, "applied/b");
    site_destroy(&gone);
    for (uint64_t n = 2; n <= 3 * TRIM_KEEP_ENTRIES; n++)
        commit(site, n, SMALL);
    assert_true(site_status(site).trimmed <= 3);
    assert_int_equal(order_log_etcd_leave(&a, "B", reason), ERR_NAME);
    assert_int_equal(order_log_etcd_leave(&a, "b", reason), 0);
    assert_int_equal(order_log_etcd_leave(&a, "b", reason), ERR_NOT_FOUND);
    assert_string_equal(reason, "a"); /* who has one */
    for (uint64_t n = 1; n <= TRIM_EVERY_ENTRIES; n++)
        commit(site, n, SMALL);
    int64_t until_ms = clock_steady_ms() + 3 * SITE_WAIT_MS; /* a compaction before it may take its time */
    while (site_status(site).trimmed <= TRIM_KEEP_ENTRIES && clock_steady_ms() < until_ms)
        site_follow(site, 50);
    assert_true(site_status(site).trimmed > TRIM_KEEP_ENTRIES);
    site_destroy(&site);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ten_times_the_quota),
        TEST(a_quota_that_is_used_up_is_given_room),
        TEST(what_does_not_help_is_not_done_again),
        TEST(a_seat_that_is_dropped_holds_nothing),
        cmocka_unit_test_setup_teardown(a_member_that_was_away_makes_room_later, set_up_three_small, scene_tear_down),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
