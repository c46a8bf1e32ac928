/* What was erased leaves etcd: dropped as soon as every seat has it, and no member's file has its bytes any
 * more, also of a member that the worker's configuration does not name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "tests/unit/worker/scene_site.h"
#include "worker/clock.h"

/* So many and so large that what is written afterwards does not happen to overwrite all of them. */
enum { BODY_BYTES = 256 * 1024, KEPT = 48, FORGET_WAIT_MS = 90 * 1000, ERASED = 16, LAST = ERASED + 2 };
enum { STOPS_MOST = 5, STOP_MS = 20 * 1000 }; /* the member would be waited for three times as long */
enum { TURNS_MOST = 5, AT_MAX = 31 };

static const struct etcd_members_options MEMBERS = {.count = 3};

/* Entries 1 to LAST as they are in etcd: the end of each one's value, which nothing else is like. */
struct sealed {
    uint8_t bytes[LAST + 1][KEPT];
    int64_t revision; /* at which all were there */
};

static const Etcdserverpb__KeyValue *entry_key(struct scene *scene, uint64_t number)
{
    char key[64];
    snprintf(key, sizeof(key), "log/%016llx", (unsigned long long) number);
    arena_reset(scene->arena);
    return site_key(scene, key);
}

static void sealed_take(struct scene *scene, struct sealed *ret_sealed)
{
    for (uint64_t number = 1; number <= LAST; number++) {
        const Etcdserverpb__KeyValue *kv = entry_key(scene, number);
        assert_non_null(kv);
        assert_true(kv->value.len > KEPT);
        memcpy(ret_sealed->bytes[number], kv->value.data + kv->value.len - KEPT, KEPT);
        ret_sealed->revision = kv->mod_revision;
    }
}

/* How many of the entries from @first to @last the member's file has. */
static size_t member_has(const struct scene *scene, size_t member, const struct sealed *sealed,
                         uint64_t first, uint64_t last)
{
    char path[2 * ETCD_PATH_MAX];
    snprintf(path, sizeof(path), "%s/member-%zu/member/snap/db", scene->members.directory, member);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t size = (size_t) ftell(file);
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    rewind(file);
    assert_int_equal(fread(bytes, 1, size, file), size);
    fclose(file);
    size_t count = 0;
    for (uint64_t number = first; number <= last; number++)
        count += memmem(bytes, size, sealed->bytes[number], KEPT) != NULL;
    free(bytes);
    return count;
}

static size_t members_have(const struct scene *scene, const struct sealed *sealed, uint64_t first,
                           uint64_t last)
{
    size_t count = 0;
    for (size_t i = 0; i < MEMBERS.count; i++)
        count += member_has(scene, i, sealed, first, last);
    return count;
}

/* A member writes its file a little later than it answers. The workers go on meanwhile; those that are NULL
 * lag. */
static void wait_members(const struct scene *scene, struct site *const *sites, const struct sealed *sealed,
                         size_t count)
{
    int64_t until_ms = clock_steady_ms() + FORGET_WAIT_MS;
    while (members_have(scene, sealed, 1, ERASED) != count && clock_steady_ms() < until_ms)
        for (size_t i = 0; i < 2; i++)
            if (sites[i])
                site_follow(sites[i], 20);
    assert_int_equal(members_have(scene, sealed, 1, ERASED), count);
}

static void wait_trimmed(struct site *leader, uint64_t number)
{
    int64_t until_ms = clock_steady_ms() + FORGET_WAIT_MS;
    while (site_status(leader).trimmed < number && clock_steady_ms() < until_ms)
        site_follow(leader, 20);
    assert_int_equal(site_status(leader).trimmed, number);
}

/* What the worker says of it: done by all up to @number, and not by @names. */
static void wait_told(struct site *leader, uint64_t number, const char *names)
{
    struct log_members members = site_status(leader).members;
    int64_t until_ms = clock_steady_ms() + FORGET_WAIT_MS;
    while ((members.forgotten != number || strcmp(members.not_forgotten, names) != 0) && clock_steady_ms() < until_ms) {
        site_follow(leader, 20);
        members = site_status(leader).members;
    }
    assert_int_equal(members.forgotten, number);
    assert_string_equal(members.not_forgotten, names);
}

static void commit_until(struct site *leader, uint64_t number)
{
    while (leader->place.number < number)
        assert_int_equal(site_commit(leader, leader->place.number + 1, BODY_BYTES), 0);
}

/* What was there of the entry's key, when it was put. */
static struct etcd_result range_then(struct scene *scene, int64_t revision)
{
    Etcdserverpb__RangeRequest request = ETCDSERVERPB__RANGE_REQUEST__INIT;
    Etcdserverpb__RangeResponse *answer;
    arena_reset(scene->arena);
    request.key = BINARY("comity/");
    request.range_end = BINARY("comity0");
    request.revision = revision;
    return etcd_range(scene->etcd, &request, CALL_MS, scene->arena, &answer);
}

static void it_goes_when_every_seat_has_it(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a"), b = site_options(scene, "b");
    struct site *sites[] = {site_new(&a), site_new(&b)};
    struct site *leader = sites_leader(sites, 2), *other = sites[leader == sites[0]];
    struct site *leader_alone[] = {leader, NULL};
    struct sealed sealed;

    commit_until(leader, 1);
    site_follow_to(other, 1);
    commit_until(leader, LAST);
    site_wait_key(scene, "applied/a");
    site_wait_key(scene, "applied/b");
    sealed_take(scene, &sealed);
    wait_members(scene, leader_alone, &sealed, MEMBERS.count * ERASED);

    order_log_etcd_forget(leader->log, ERASED);
    wait_trimmed(leader, 1); /* who lags holds back what it needs */
    assert_non_null(entry_key(scene, ERASED));
    assert_true(members_have(scene, &sealed, 1, ERASED) >= MEMBERS.count * (ERASED - 1));
    assert_answered(range_then(scene, sealed.revision));

    int64_t since_ms = clock_steady_ms();
    site_follow_to(other, LAST);
    wait_members(scene, sites, &sealed, 0);
    printf("no member's file has any of them after %lld ms\n", (long long) (clock_steady_ms() - since_ms));
    for (uint64_t number = 1; number <= LAST; number++)
        assert_int_equal(entry_key(scene, number) != NULL, number > ERASED);
    struct etcd_result result = range_then(scene, sealed.revision);
    assert_int_equal(result.fate, ETCD_REFUSED);
    assert_true(result.is_compacted);
    wait_told(leader, ERASED, "");
    assert_int_equal(members_have(scene, &sealed, ERASED + 1, LAST),
                     MEMBERS.count * (LAST - ERASED)); /* what is there is found */

    commit_until(leader, LAST + 1);
    site_follow_to(other, LAST + 1);
    site_destroy(&sites[0]);
    site_destroy(&sites[1]);
}

/* Who was away is asked again when it is back. The worker knows of it by etcd's list alone. */
static void a_member_that_was_away_forgets_later(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a");
    a.etcd.endpoint_count = MEMBERS.count - 1;
    struct site *sites[] = {site_new(&a), NULL};
    struct sealed sealed;

    sites_leader(sites, 1);
    commit_until(sites[0], LAST);
    sealed_take(scene, &sealed);
    wait_members(scene, sites, &sealed, MEMBERS.count * ERASED);
    int64_t until_ms = clock_steady_ms() + FORGET_WAIT_MS;
    while (site_status(sites[0]).members.unnamed[0] == '\0' && clock_steady_ms() < until_ms)
        site_follow(sites[0], 20);
    assert_string_equal(site_status(sites[0]).members.unnamed, "m2");
    assert_string_equal(site_status(sites[0]).members.strays, "");
    etcd_member_kill(&scene->members, 2);
    order_log_etcd_forget(sites[0]->log, ERASED);
    wait_members(scene, sites, &sealed, ERASED);
    assert_int_equal(member_has(scene, 2, &sealed, 1, ERASED), ERASED);
    wait_told(sites[0], 0, "m2");
    etcd_member_start(&scene->members, 2);
    wait_members(scene, sites, &sealed, 0);
    wait_told(sites[0], ERASED, "");
    site_destroy(&sites[0]);
}

/* How often a member has said in its log that it does that; and when it did so last, as it writes times,
 * which sort as text. */
static size_t member_said(const struct scene *scene, size_t member, const char *words,
                          char ret_at[AT_MAX + 1])
{
    static const char TIME[] = "\"ts\":\"";
    char path[2 * ETCD_PATH_MAX], line[4096];
    size_t count = 0;
    ret_at[0] = '\0';
    snprintf(path, sizeof(path), "%s/member-%zu.log", scene->members.directory, member);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        const char *at = strstr(line, TIME);
        if (!at || !strstr(line, words))
            continue;
        at += strlen(TIME);
        snprintf(ret_at, AT_MAX + 1, "%.*s", (int) strcspn(at, "\""), at);
        count++;
    }
    fclose(file);
    return count;
}

static size_t members_said(const struct scene *scene, size_t member, const char *words)
{
    char at[AT_MAX + 1];
    return member_said(scene, member, words, at);
}

/* The members as etcd's list has them, by their places in the scene, but whoever leads etcd last. @first: who
 * is the list's first. True: that one leads. */
static bool members_order(struct scene *scene, size_t ret_order[ETCD_MEMBERS_MAX], uint64_t *ret_first)
{
    Etcdserverpb__MemberListResponse *list;
    Etcdserverpb__StatusResponse *status;
    size_t count = 0;
    arena_reset(scene->arena);
    assert_answered(etcd_member_list(scene->etcd, CALL_MS, scene->arena, &list));
    assert_answered(etcd_status(scene->etcd, 0, CALL_MS, scene->arena, &status));
    assert_int_equal(list->n_members, MEMBERS.count);
    *ret_first = list->members[0]->id;
    for (size_t i = 0; i < list->n_members; i++) {
        size_t which = (size_t) (list->members[i]->name[1] - '0'); /* "m0" */
        bool is_leader = list->members[i]->id == status->leader;
        ret_order[is_leader ? MEMBERS.count - 1 : count] = which;
        count += !is_leader;
    }
    return status->leader == *ret_first;
}

/* The list's first one is to lead: not one that would come last anyway. */
static void lead_first(struct scene *scene)
{
    size_t order[ETCD_MEMBERS_MAX];
    uint64_t first;
    if (!members_order(scene, order, &first))
        scene_ask(scene, order[MEMBERS.count - 1], "/etcdserverpb.Maintenance/MoveLeader", first);
}

/* A member does nothing else meanwhile: so never two at once, and etcd agrees on another leader once at most,
 * at the end. */
static void whoever_leads_etcd_writes_its_file_anew_last(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a");
    struct site *site = site_new(&a);
    size_t order[ETCD_MEMBERS_MAX], unused[ETCD_MEMBERS_MAX];
    char begun[AT_MAX + 1], done[AT_MAX + 1], before[AT_MAX + 1] = "";
    bool has_led = false;
    uint64_t first;

    /* Again where etcd has agreed on another leader by itself meanwhile. */
    for (size_t turn = 0; turn < TURNS_MOST && !has_led; turn++) {
        lead_first(scene);
        while (site_commit(sites_leader(&site, 1), turn, KEPT) != 0)
            site_follow(site, 20);
        has_led = members_order(scene, order, &first);
        order_log_etcd_forget(site->log, site->place.number);
        wait_told(site, site->place.number, "");
        has_led = members_order(scene, unused, &first) && has_led;
    }
    site_destroy(&site);
    assert_true(has_led);
    for (size_t i = 0; i < MEMBERS.count; i++) {
        member_said(scene, order[i], "starting defragment", begun);
        member_said(scene, order[i], "finished defragment", done);
        if (begun[0] == '\0' || strcmp(before, begun) > 0 || strcmp(begun, done) > 0)
            fail_msg(
                "m%zu, number %zu of them, wrote its file anew from %s to %s; the one before was done at %s",
                order[i], i + 1, begun, done, before);
        memcpy(before, done, sizeof(before));
    }
}

/* One that stands still while it writes its file anew; MEMBERS.count: each was faster. */
static size_t stop_in_the_middle(struct scene *scene, int64_t until_ms)
{
    while (clock_steady_ms() < until_ms)
        for (size_t i = 0; i < MEMBERS.count; i++) {
            size_t done = members_said(scene, i, "finished defragment");
            if (members_said(scene, i, "starting defragment") == done)
                continue;
            etcd_member_stop(&scene->members, i);
            if (members_said(scene, i, "finished defragment") == done)
                return i;
            etcd_member_continue(&scene->members, i);
        }
    return MEMBERS.count;
}

/* Who waits for a member that writes its file anew, for up to a minute, is to end at once all the same. */
static void a_stop_does_not_wait_for_a_member(void **state)
{
    struct scene *scene = *state;
    struct order_log_etcd_options a = site_options(scene, "a");
    struct site *site = site_new(&a);
    size_t stopped = MEMBERS.count;

    sites_leader(&site, 1);
    for (size_t turn = 0; turn < STOPS_MOST && stopped == MEMBERS.count; turn++) {
        commit_until(site, site->place.number + ERASED);
        order_log_etcd_forget(site->log, site->place.number);
        stopped = stop_in_the_middle(scene, clock_steady_ms() + FORGET_WAIT_MS / 6);
    }
    assert_true(stopped < MEMBERS.count);
    int64_t since_ms = clock_steady_ms();
    site_destroy(&site);
    printf("ended after %lld ms\n", (long long) (clock_steady_ms() - since_ms));
    assert_true(clock_steady_ms() - since_ms < STOP_MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_set_up_three, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_goes_when_every_seat_has_it),
        TEST(a_member_that_was_away_forgets_later),
        TEST(whoever_leads_etcd_writes_its_file_anew_last),
        TEST(a_stop_does_not_wait_for_a_member),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
