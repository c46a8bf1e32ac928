/* The log over a real etcd: one member, for what a worker does; its failures are in test_log_faults.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "core/error.h"
#include "tests/unit/worker/scene_site.h"
#include "worker/clock.h"
#include "worker/log/calls.h"

enum { SMALL = 64 };

static int refused(const struct order_log_etcd_options *options, char reason[LOG_REASON_MAX])
{
    struct order_log *log = NULL;
    int code = order_log_etcd_new(options, &log, reason);
    if (code == 0)
        log->ops->destroy(&log);
    return code;
}

static uint64_t ordered(struct scene *scene)
{
    Etcdserverpb__StatusResponse *status;
    arena_reset(scene->arena);
    assert_answered(etcd_status(scene->etcd, 0, CALL_MS, scene->arena, &status));
    return status->raftindex;
}

/* A read goes by what etcd's leader believes to be the latest, which may be of before: each question is put in etcd's own order. */
static void a_barrier_is_no_read(void **state)
{
    enum { QUESTIONS = 100 };
    struct order_log_etcd_options a = site_options(*state, "a");
    uint64_t number;
    a.only_follows = true; /* no beats besides */
    struct site *site = site_new(&a);
    site_wait_key(*state, "applied/a");
    uint64_t before = ordered(*state);
    for (size_t i = 0; i < QUESTIONS; i++)
        assert_int_equal(order_log_barrier(site->log, SITE_WAIT_MS, &number), 0);
    assert_true(ordered(*state) - before >= QUESTIONS);
    site_destroy(&site);
}

static void one_leads_and_the_other_follows(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b");
    struct site *sites[] = {site_new(&a), site_new(&b)};
    struct site *leader = sites_leader(sites, 2), *other = leader == sites[0] ? sites[1] : sites[0];
    uint64_t number;
    assert_int_equal(site_commit(other, 1, SMALL), ERR_NOT_LEADER);
    for (uint64_t n = 1; n <= 100; n++)
        assert_int_equal(site_commit(leader, n * 7, SMALL), 0);
    assert_int_equal(order_log_barrier(other->log, 2000, &number), 0);
    assert_int_equal(number, 100);
    site_follow_to(other, 100);
    for (uint64_t n = 1; n <= 100; n++)
        assert_int_equal(other->numbers[n], n * 7);
    assert_memory_equal(&other->place, &leader->place, sizeof(other->place));
    assert_int_equal(site_status(other).term, leader->log->ops->term(leader->log));
    assert_string_equal(site_status(other).leader, leader == sites[0] ? "a" : "b");
    /* A gap, or the same once more, is not appended. */
    struct order_batch batch = {.number = 102};
    assert_int_equal(leader->log->ops->commit(leader->log, &batch), ERR_NOT_LEADER);
    batch.number = 100;
    assert_int_equal(leader->log->ops->commit(leader->log, &batch), ERR_NOT_LEADER);
    /* The leader goes: it gives up its key, and the other leads at once and goes on. */
    uint64_t term = site_status(leader).term;
    site_stop(leader);
    const Etcdserverpb__KeyValue *key = site_key(*state, "leader");
    assert_true(key == NULL || (uint64_t) key->create_revision != term);
    assert_ptr_equal(sites_leader(sites, 2), other);
    assert_true(site_status(other).term > term);
    assert_int_equal(site_commit(other, 5, SMALL), 0);
    site_start(leader);
    site_follow_to(leader, 101);
    site_destroy(&sites[0]);
    site_destroy(&sites[1]);
}

static int64_t lease_left_s(struct scene *scene, int64_t lease)
{
    arena_reset(scene->arena);
    int64_t left_s = scene_ask(scene, 0, "/etcdserverpb.Lease/LeaseTimeToLive", (uint64_t) lease);
    assert_true(left_s >= 0);
    return left_s;
}

/* It is the worker's, and stays when a term of its is over: whoever leads once more begins with all of its
 * time. */
static void a_lease_of_a_term_before_is_renewed_at_once(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a");
    struct site *site = site_new(&a);
    sites_leader(&site, 1);
    int64_t lease = site_wait_key(scene, "leader")->lease;
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    struct ops ops = {0};
    Etcdserverpb__TxnResponse *answer;
    ops_put_bytes(&ops, "held", BYTES("", 0), lease);
    assert_answered(scene_do(scene->etcd, &ops, CALL_MS, scene->arena, &answer));
    order_log_etcd_may_lead(site->log, false);
    while ((site_key(scene, "leader") || lease_left_s(scene, lease) > TERM_LEASE_S - 2) &&
           clock_steady_ms() < until_ms)
        site_follow(site, 20);
    assert_null(site_key(scene, "leader"));
    int64_t since_ms = clock_steady_ms();
    order_log_etcd_may_lead(site->log, true);
    sites_leader(&site, 1);
    assert_int_equal(site_wait_key(scene, "leader")->lease, lease);
    int64_t left_s = lease_left_s(scene, lease), passed_s = (clock_steady_ms() - since_ms) / 1000 + 1;
    bool is_held = scene_get(scene->etcd, scene->arena, "held") != NULL;
    site_destroy(&site);
    if (!is_held)
        fail_msg("it leads once more %lld s later: when the lease was over", (long long) passed_s);
    if (left_s + passed_s < TERM_LEASE_S)
        fail_msg("%lld s of %d are left of the lease with which it leads", (long long) left_s, TERM_LEASE_S);
}

/* Until the leader has heard that all know it. */
static void wait_for_level(struct site *const *sites, size_t count, uint32_t level)
{
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (order_log_level(sites_leader(sites, count)->log) != level && clock_steady_ms() < until_ms)
        continue;
    assert_int_equal(order_log_level(sites_leader(sites, count)->log), level);
}

/* Entries are made by the level that all know who have a seat, and a worker that does not know that one is
 * refused. */
static void a_level_is_what_all_know(void **state)
{
    static const char *const SEATS[] = {"applied/a", "applied/b", "applied/c"};
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b"),
                                  c = site_options(*state, "c");
    char reason[LOG_REASON_MAX];
    b.level = c.level = 2;
    struct site *sites[] = {site_new(&a), NULL, NULL};
    site_wait_key(*state, SEATS[0]); /* it has joined before the others know that level */
    sites[1] = site_new(&b);
    sites[2] = site_new(&c);
    site_wait_key(*state, SEATS[1]);
    site_wait_key(*state, SEATS[2]);
    assert_int_equal(site_commit(sites_leader(sites, 3), 1, SMALL), 0);
    assert_int_equal(sites_leader(sites, 3)->place.level, 1);
    site_stop(sites[0]);
    sites[0]->options.level = 2;
    site_start(sites[0]);
    wait_for_level(sites, 3, 2);
    assert_int_equal(site_commit(sites_leader(sites, 3), 2, SMALL), 0);
    for (size_t i = 0; i < ARRAY_COUNT(SEATS); i++) {
        site_follow_to(sites[i], 2);
        assert_int_equal(sites[i]->place.level, 2);
    }
    /* Whoever just starts goes on from the entry before, and has heard of nobody yet. */
    site_stop(sites[2]);
    site_start(sites[2]);
    assert_int_equal(order_log_level(sites[2]->log), 2);

    struct order_log_etcd_options d = site_options(*state, "d");
    assert_int_equal(refused(&d, reason), ERR_VERSION);
    printf("%s\n", reason);
    d.applied = sites[0]->place;
    assert_int_equal(refused(&d, reason), ERR_VERSION);
    assert_null(site_key(*state, "applied/d"));
    for (size_t i = 0; i < ARRAY_COUNT(SEATS); i++)
        site_destroy(&sites[i]);
}

static void the_largest_body_and_an_empty_one(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b");
    struct site *sites[] = {site_new(&a), NULL};
    struct site *leader = sites_leader(sites, 1);
    for (uint64_t n = 0; n < 20; n++)
        assert_int_equal(site_commit(leader, n, ORDER_BODY_MAX_BYTES), 0);
    assert_int_equal(site_commit(leader, 20, ORDER_BODY_MAX_BYTES + 1), ERR_TOO_LARGE);
    assert_int_equal(site_commit(leader, 21, 8), 0);
    for (uint64_t n = 22; n < 200; n++)
        assert_int_equal(site_commit(leader, n, 8), 0);
    uint64_t last = leader->place.number;
    sites[1] = site_new(&b); /* reads it all */
    site_follow_to(sites[1], last);
    assert_memory_equal(&sites[1]->place, &leader->place, sizeof(leader->place));
    site_destroy(&sites[0]);
    site_destroy(&sites[1]);
}

static void a_start_is_judged(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), other;
    char reason[LOG_REASON_MAX];
    a.begins = false;
    assert_int_equal(refused(&a, reason), ERR_CONFIG); /* nobody has begun it */
    printf("%s\n", reason);
    a.begins = true;
    struct site *site = site_new(&a);
    sites_leader(&site, 1);
    for (uint64_t n = 1; n <= 3; n++)
        assert_int_equal(site_commit(site, n, SMALL), 0);
    struct order_place place = site->place;
    site_destroy(&site);

    a.begins = false;
    other = a;
    other.applied = place;
    assert_int_equal(refused(&other, reason), 0);
    other.applied.number++;
    assert_int_equal(refused(&other, reason), ERR_CORRUPT); /* the log has lost an entry */
    printf("%s\n", reason);
    other.applied = place;
    other.applied.hash[5] ^= 1;
    assert_int_equal(refused(&other, reason), ERR_CORRUPT); /* it has another */
    printf("%s\n", reason);
    other = a;
    memset(other.group, 4, sizeof(other.group));
    assert_int_equal(refused(&other, reason), ERR_CONFIG); /* another group has none here */
    other = a;
    other.worker = "North Site";
    assert_int_equal(refused(&other, reason), ERR_CONFIG);
    other = a;
    other.etcd.endpoints[0] = "tcp://127.0.0.1:1";
    assert_int_equal(refused(&other, reason), ERR_CONFIG);
    printf("%s\n", reason);
}

static void another_clusters_data_are_refused(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a");
    struct log_meta meta = {.cluster = 12345};
    uint8_t value[META_SIZE];
    char reason[LOG_REASON_MAX];
    assert_int_equal(refused(&a, reason), 0);
    memcpy(meta.group, a.group, sizeof(meta.group));
    meta_write(&meta, value);
    site_overwrite(*state, "meta", BYTES(value, sizeof(value)));
    assert_int_equal(refused(&a, reason), ERR_CONFIG);
    printf("%s\n", reason);
}

/* An entry that etcd's operator puts: in the right place, with the right chain, but not by a worker of the
 * group. */
static void an_entry_that_was_not_made_by_the_group(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b");
    const uint8_t key[LOG_KEY_SIZE] = {1};
    struct sealed_header header = {.term = 1};
    struct bytes value;
    uint8_t head[PLACE_SIZE];
    struct scene *scene = *state;
    assert_int_equal(refused(&a, (char[LOG_REASON_MAX]){0}), 0); /* begins it */
    assert_int_equal(sealed_make(key, &header, BYTES("12345678", 8), scene->arena, &value), 0);
    struct order_place behind = place_behind(&header.before, value);
    place_write(&behind, head);
    site_overwrite(scene, "log/0000000000000001", value);
    site_overwrite(scene, "head", BYTES(head, sizeof(head)));
    struct site *site = site_new(&b);
    assert_int_equal(site_wait_fault(site), ERR_CORRUPT);
    assert_int_equal(site_commit(site, 1, SMALL), ERR_NOT_LEADER);
    assert_int_equal(site->place.number, 0);
    site_destroy(&site);
}

static void an_entry_that_is_gone(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b");
    struct scene *scene = *state;
    struct ops ops = {0};
    Etcdserverpb__TxnResponse *answer;
    struct site *site = site_new(&a);
    sites_leader(&site, 1);
    for (uint64_t n = 1; n <= 3; n++)
        assert_int_equal(site_commit(site, n, SMALL), 0);
    char key[CALLS_KEY_MAX];
    struct calls calls;
    calls_init(&calls, a.group, "x", (const uint8_t[LOG_NONCE_SIZE]){0}, 1);
    snprintf(key, sizeof(key), "%slog/0000000000000001", calls.prefix);
    ops_delete(&ops, key);
    assert_answered(scene_do(scene->etcd, &ops, CALL_MS, scene->arena, &answer));
    char reason[LOG_REASON_MAX];
    assert_int_equal(refused(&b, reason), ERR_BEHIND);
    printf("%s\n", reason);
    site_destroy(&site);
}

static int begin(const struct order_log_etcd_options *options, struct log_found *ret_found,
                 char reason[LOG_REASON_MAX])
{
    struct order_log_etcd_options beginning = *options;
    beginning.begins = true;
    return order_log_etcd_look(&beginning, ret_found, reason);
}

/* A log is begun once, behind what a store has; whoever has another store is told, and nothing is changed. */
static void a_log_is_begun_once(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), other, nobody;
    struct log_found found = {.is_begun = false};
    char reason[LOG_REASON_MAX];
    a.begins = false;
    a.applied = (struct order_place){.number = 7, .total = 70, .hash = {7}};
    nobody = a;
    nobody.etcd.endpoints[0] = "https://127.0.0.1:1";
    nobody.etcd.endpoint_count = 1;
    assert_int_equal(begin(&nobody, &found, reason), ERR_UNREACHABLE);
    assert_true(reason[0] != '\0');
    assert_false(found.is_missing);                    /* nobody has said so */
    assert_int_equal(refused(&a, reason), ERR_CONFIG); /* there is still none */
    assert_int_equal(order_log_etcd_look(&a, &found, reason), ERR_CONFIG);
    assert_true(found.is_missing);
    assert_int_equal(begin(&a, &found, reason), 0);
    assert_true(found.is_begun && !found.is_missing);
    assert_memory_equal(&found.base, &a.applied, sizeof(a.applied));
    assert_memory_equal(&found.head, &a.applied, sizeof(a.applied));
    assert_int_equal(begin(&a, &found, reason), 0);
    assert_false(found.is_begun);
    assert_int_equal(refused(&a, reason), 0);
    other = a;
    other.applied.hash[3] ^= 1;
    assert_int_equal(begin(&other, &found, reason), ERR_CORRUPT);
    other = a;
    other.applied.number = 6;
    assert_int_equal(begin(&other, &found, reason), ERR_BEHIND);
    assert_memory_equal(&found.head, &a.applied, sizeof(a.applied)); /* and is told where it is */
    struct site *site = site_new(&a);
    sites_leader(&site, 1);
    assert_int_equal(site_commit(site, 1, SMALL), 0);
    assert_int_equal(site_commit(site, 2, SMALL), 0);
    other = a;
    other.applied.hash[3] ^= 1; /* as if it had begun another one */
    assert_int_equal(refused(&other, reason), ERR_CORRUPT);
    printf("%s\n", reason);
    other.applied.number = 8; /* and had gone on from there */
    assert_int_equal(refused(&other, reason), ERR_CORRUPT);
    printf("%s\n", reason);
    assert_int_equal(begin(&a, &found, reason), 0);
    assert_false(found.is_begun);
    assert_int_equal(found.head.number, 9);
    site_destroy(&site);
}

/* A worker whose clock is off does not lead, and one that led gives up. */
static void who_may_not_lead_does_not(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b");
    struct site *sites[] = {site_new(&a), site_new(&b)};
    struct site *leader = sites_leader(sites, 2), *other = leader == sites[0] ? sites[1] : sites[0];
    assert_int_equal(site_commit(leader, 1, SMALL), 0);
    order_log_etcd_may_lead(leader->log, false);
    assert_int_not_equal(site_commit(leader, 2, SMALL), 0);
    assert_ptr_equal(sites_leader(sites, 2), other);
    assert_int_equal(site_commit(other, 3, SMALL), 0);
    site_follow_to(leader, 2);
    assert_int_equal(leader->numbers[2], 3);
    site_destroy(&sites[0]);
    site_destroy(&sites[1]);
}

/* It would be another entry, at another place than the one that the store was given. */
static void what_was_prepared_in_another_term_is_not_appended(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a");
    struct site *site = site_new(&a);
    struct order_batch batch = {.number = 1, .id = {1}, .body = BYTES("12345678", 8)};
    struct order_place place;
    sites_leader(&site, 1);
    uint64_t term = site_status(site).term;
    assert_int_equal(order_log_prepare(site->log, &batch, &place), 0);
    order_log_etcd_may_lead(site->log, false);
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (site_status(site).state != TERM_FOLLOWS && clock_steady_ms() < until_ms)
        site_follow(site, 20);
    assert_int_equal(site->log->ops->commit(site->log, &batch), ERR_NOT_LEADER);
    assert_int_equal(order_log_prepare(site->log, &batch, &place), ERR_NOT_LEADER);
    order_log_etcd_may_lead(site->log, true);
    sites_leader(&site, 1);
    assert_true(site_status(site).term > term);
    assert_int_equal(order_log_prepare(site->log, &batch, &place), 0);
    term = site_status(site).term;
    order_log_etcd_may_lead(site->log, false);
    while (site_status(site).state != TERM_FOLLOWS && clock_steady_ms() < until_ms)
        site_follow(site, 20);
    order_log_etcd_may_lead(site->log, true);
    sites_leader(&site, 1);
    assert_int_equal(site->log->ops->commit(site->log, &batch), ERR_NOT_LEADER);
    assert_int_equal(site_commit(site, 1, SMALL), 0);
    site_destroy(&site);
}

static void states_that_differ_are_named(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b");
    struct site *sites[] = {site_new(&a), site_new(&b)};
    struct site *leader = sites_leader(sites, 2), *other = leader == sites[0] ? sites[1] : sites[0];
    uint8_t hash[HASH_SIZE] = {1};
    for (uint64_t n = 1; n <= 10; n++)
        assert_int_equal(site_commit(leader, n, SMALL), 0);
    site_follow_to(other, 10);
    order_log_etcd_state(leader->log, 10, hash);
    order_log_etcd_state(other->log, 10, hash); /* control: equal */
    int64_t until_ms = clock_steady_ms() + 3000;
    for (uint64_t n = 11; clock_steady_ms() < until_ms; n++) {
        assert_int_equal(site_commit(leader, n, SMALL), 0);
        site_follow(other, 20);
    }
    assert_int_equal(site_status(leader).fault, 0);
    /* Of two, the one that follows stops. */
    order_log_etcd_state(leader->log, 20, hash);
    hash[0] = 2;
    order_log_etcd_state(other->log, 20, hash);
    assert_int_equal(site_wait_fault(other), ERR_CORRUPT);
    assert_int_equal(site_status(leader).fault, 0);
    assert_int_equal(site_commit(leader, 1, SMALL), 0);
    site_destroy(&sites[0]);
    site_destroy(&sites[1]);
}

/* It is to lead, and what it has applied last is not what the log ended with: it says so at once, and not
 * only with etcd's next answer, until when it might be let to lead again. */
static void what_was_applied_wrongly_is_told_at_once(void **state)
{
    struct order_log_etcd_options a = site_options(*state, "a"), b = site_options(*state, "b");
    struct site *first = site_new(&a);
    struct order_entry entry;
    assert_ptr_equal(sites_leader(&first, 1), first);
    struct site *next = site_new(&b);
    for (uint64_t n = 1; n <= 3; n++)
        assert_int_equal(site_commit(first, n, SMALL), 0);
    site_destroy(&first);
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    for (uint64_t n = 1; n <= 2; n++) {
        assert_int_equal(order_log_next(next->log, SITE_WAIT_MS, next->arena, &entry), 0);
        order_log_applied(next->log, &entry.place);
    }
    assert_int_equal(order_log_next(next->log, SITE_WAIT_MS, next->arena, &entry), 0);
    while (site_status(next).state != TERM_READS && clock_steady_ms() < until_ms)
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000L}, NULL);
    assert_int_equal(site_status(next).fault, 0);
    entry.place.hash[0] ^= 1;
    order_log_applied(next->log, &entry.place);
    assert_int_equal(site_status(next).fault, ERR_CORRUPT);
    order_log_etcd_may_lead(next->log, true);
    assert_int_equal(order_log_next(next->log, 0, next->arena, &entry), ERR_CORRUPT);
    site_destroy(&next);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_set_up_one, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_leads_and_the_other_follows),
        TEST(a_barrier_is_no_read),
        TEST(a_lease_of_a_term_before_is_renewed_at_once),
        TEST(a_level_is_what_all_know),
        TEST(the_largest_body_and_an_empty_one),
        TEST(a_start_is_judged),
        TEST(another_clusters_data_are_refused),
        TEST(an_entry_that_was_not_made_by_the_group),
        TEST(an_entry_that_is_gone),
        TEST(a_log_is_begun_once),
        TEST(who_may_not_lead_does_not),
        TEST(what_was_prepared_in_another_term_is_not_appended),
        TEST(states_that_differ_are_named),
        TEST(what_was_applied_wrongly_is_told_at_once),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
