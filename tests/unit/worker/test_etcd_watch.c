/* Watches at real members: what comes, in which pieces, and how one ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "tests/unit/worker/scene_etcd.h"
#include "worker/clock.h"

enum { MEBIBYTE = 1024 * 1024, LARGE = MEBIBYTE, MANY = 6, TOO_MANY = 17, PATIENCE_MS = 60000 };

static int begin(void **state)
{
    struct scene *scene = *state;
    arena_reset(scene->arena);
    return 0;
}

static struct etcd_watch *watch_new(const struct etcd_options *options, size_t endpoint, const char *prefix,
                                    int64_t revision)
{
    struct etcd_watch *watch = NULL;
    char reason[ETCD_REASON_MAX];

    if (etcd_watch_open(options, endpoint, prefix, revision, &watch, reason) != 0)
        fail_msg("%s", reason);
    return watch;
}

/* What there is to read, with its first answer taken. */
static struct etcd_watch *watch_begun(struct scene *scene, size_t endpoint, const char *prefix,
                                      int64_t revision)
{
    struct etcd_watch *watch = watch_new(&scene->options, endpoint, prefix, revision);
    Etcdserverpb__WatchResponse *answer = NULL;

    assert_answered(etcd_watch_next(watch, PATIENCE_MS, scene->arena, &answer));
    assert_true(answer->created);
    assert_int_equal(answer->n_events, 0);
    return watch;
}

static void put_large(struct scene *scene, const char *key)
{
    Etcdserverpb__TxnResponse *answer = NULL;
    struct ops ops = {.count = 0};
    uint8_t *value = arena_alloc(scene->arena, LARGE);

    assert_non_null(value);
    memset(value, key[strlen(key) - 1], LARGE);
    ops_put_bytes(&ops, key, BYTES(value, LARGE), 0);
    assert_answered(scene_do(scene->etcd, &ops, CALL_MS, scene->arena, &answer));
}

/* The answer ends the watch, for good. */
static struct etcd_result assert_ends(struct etcd_watch *watch, struct arena *arena)
{
    Etcdserverpb__WatchResponse *answer = NULL;
    struct etcd_result result = {.fate = ETCD_ANSWERED};

    while (result.fate == ETCD_ANSWERED)
        result = etcd_watch_next(watch, PATIENCE_MS, arena, &answer);
    assert_int_equal(result.fate, ETCD_UNKNOWN);
    assert_int_not_equal(result.reason[0], '\0');
    assert_int_equal(etcd_watch_next(watch, 0, arena, &answer).fate, ETCD_UNKNOWN);
    return result;
}

/* What comes. */

static void test_events(void **state)
{
    struct scene *scene = *state;
    struct etcd_watch *watch = watch_begun(scene, 0, "events/", 0);
    Etcdserverpb__WatchResponse *answer = NULL;
    Etcdserverpb__TxnResponse *done = NULL;
    struct ops ops = {.count = 0};

    struct etcd_result result = etcd_watch_next(watch, 1, scene->arena, &answer);
    assert_int_equal(result.fate, ETCD_REFUSED); /* nothing has happened, or so it seems */
    assert_string_equal(result.reason, "");
    scene_put(scene, "events0", "not meant");
    int64_t revision = scene_put(scene, "events/a", "one");
    assert_answered(etcd_watch_next(watch, PATIENCE_MS, scene->arena, &answer));
    assert_int_equal(answer->n_events, 1);
    assert_int_equal(answer->events[0]->type, ETCDSERVERPB__EVENT__EVENT_TYPE__PUT);
    assert_binary(answer->events[0]->kv->key, "events/a");
    assert_binary(answer->events[0]->kv->value, "one");
    assert_int_equal(answer->events[0]->kv->mod_revision, revision);

    /* One transaction is one answer. */
    ops_put(&ops, "events/b", "two");
    ops_delete(&ops, "events/a");
    assert_answered(scene_do(scene->etcd, &ops, CALL_MS, scene->arena, &done));
    assert_answered(etcd_watch_next(watch, PATIENCE_MS, scene->arena, &answer));
    assert_int_equal(answer->n_events, 2);
    assert_int_equal(answer->events[1]->type, ETCDSERVERPB__EVENT__EVENT_TYPE__DELETE);
    assert_binary(answer->events[1]->kv->key, "events/a");
    assert_int_equal(answer->events[1]->kv->mod_revision, done->header->revision);
    etcd_watch_close(&watch);
}

static void test_from_a_revision_on(void **state)
{
    struct scene *scene = *state;
    Etcdserverpb__WatchResponse *answer = NULL;

    scene_put(scene, "from/a", "zero");
    int64_t first = scene_put(scene, "from/a", "one");
    scene_put(scene, "from/a", "two");
    struct etcd_watch *watch = watch_begun(scene, 0, "from/", first);
    assert_answered(etcd_watch_next(watch, PATIENCE_MS, scene->arena, &answer));
    assert_int_equal(answer->n_events, 2);
    assert_binary(answer->events[0]->kv->value, "one");
    assert_binary(answer->events[1]->kv->value, "two");
    etcd_watch_close(&watch);
}

/* Fragments. */

static int64_t put_many(struct scene *scene, const char *prefix, int count)
{
    char key[32];

    int64_t first = scene_put(scene, prefix, "first");
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "%s%c", prefix, 'a' + i);
        put_large(scene, key);
        arena_reset(scene->arena);
    }
    return first;
}

static void assert_many(const Etcdserverpb__WatchResponse *answer)
{
    assert_false(answer->fragment);
    assert_int_equal(answer->n_events, MANY + 1);
    for (size_t i = 1; i < answer->n_events; i++) {
        const ProtobufCBinaryData value = answer->events[i]->kv->value;
        assert_int_equal(value.len, LARGE);
        assert_int_equal(value.data[0], 'a' + i - 1);
        assert_int_equal(value.data[LARGE - 1], 'a' + i - 1);
    }
}

/* More than etcd says at once: it comes in several parts, and is one answer. */
static void test_fragments_are_put_together(void **state)
{
    struct scene *scene = *state;
    Etcdserverpb__WatchResponse *answer = NULL;
    int64_t first = put_many(scene, "parts/", MANY);

    struct etcd_watch *watch = watch_begun(scene, 0, "parts/", first);
    assert_answered(etcd_watch_next(watch, PATIENCE_MS, scene->arena, &answer));
    assert_many(answer);
    etcd_watch_close(&watch);

    /* The same where the time is over again and again in between, and the arena is emptied each time. */
    struct etcd_result result = {.fate = ETCD_REFUSED};
    int64_t until_ms = clock_steady_ms() + PATIENCE_MS;
    watch = watch_begun(scene, 0, "parts/", first);
    while (result.fate == ETCD_REFUSED && clock_steady_ms() < until_ms) {
        arena_reset(scene->arena);
        result = etcd_watch_next(watch, 0, scene->arena, &answer);
    }
    assert_answered(result);
    assert_many(answer);
    scene_put(scene, "parts/z", "the next");
    assert_answered(etcd_watch_next(watch, PATIENCE_MS, scene->arena, &answer));
    assert_int_equal(answer->n_events, 1);
    assert_binary(answer->events[0]->kv->value, "the next");
    etcd_watch_close(&watch);
}

static void test_more_at_once_than_is_taken(void **state)
{
    struct scene *scene = *state;
    int64_t first = put_many(scene, "much/", TOO_MANY);
    struct etcd_watch *watch = watch_begun(scene, 0, "much/", first);
    struct etcd_result result = assert_ends(watch, scene->arena);

    assert_false(result.is_compacted);
    assert_non_null(strstr(result.reason, error_sentence(ERR_TOO_LARGE)));
    etcd_watch_close(&watch);
}

static void test_an_arena_without_room(void **state)
{
    struct scene *scene = *state;
    CLEANUP(arena_destroy) struct arena *small = arena_new(MEBIBYTE / 2);
    struct etcd_watch *watch = watch_begun(scene, 0, "room/", 0);

    put_large(scene, "room/a");
    struct etcd_result result = assert_ends(watch, small);
    assert_non_null(strstr(result.reason, error_sentence(ERR_MEMORY)));
    etcd_watch_close(&watch);
}

/* How one ends. */

static void test_compacted(void **state)
{
    struct scene *scene = *state;
    Etcdserverpb__WatchResponse *answer = NULL;
    int64_t first = scene_put(scene, "gone/a", "one");
    struct etcd_watch *running = watch_begun(scene, 0, "gone/", first);

    assert_answered(etcd_watch_next(running, PATIENCE_MS, scene->arena, &answer)); /* it has caught up */
    int64_t last = scene_put(scene, "gone/a", "two");
    assert_answered(etcd_compact(scene->etcd, last, true, CALL_MS));
    struct etcd_watch *late = watch_new(&scene->options, 0, "gone/", first);
    struct etcd_result result = assert_ends(late, scene->arena);
    assert_true(result.is_compacted);
    assert_non_null(strstr(result.reason, scene->options.endpoints[0]));
    etcd_watch_close(&late);
    /* One that has caught up misses nothing by it. */
    assert_answered(etcd_watch_next(running, PATIENCE_MS, scene->arena, &answer));
    assert_binary(answer->events[0]->kv->value, "two");
    scene_put(scene, "gone/a", "three");
    assert_answered(etcd_watch_next(running, PATIENCE_MS, scene->arena, &answer));
    assert_binary(answer->events[0]->kv->value, "three");
    etcd_watch_close(&running);
}

static void test_nobody_there(void **state)
{
    struct scene *scene = *state;
    struct etcd_options options = scene->options;
    Etcdserverpb__WatchResponse *answer = NULL;
    char endpoints[2][64];

    for (size_t i = 0; i < 2; i++) {
        snprintf(endpoints[i], sizeof(endpoints[i]), "https://127.0.0.1:%d", free_port());
        options.endpoints[i] = endpoints[i];
    }
    options.endpoint_count = 2;
    struct etcd_watch *watch = watch_new(&options, 1, "nobody/", 0);
    struct etcd_result result = assert_ends(watch, scene->arena);
    assert_false(result.is_compacted);
    etcd_watch_close(&watch);
    /* The third one is there: from whichever it begins, it comes to it. */
    options.endpoints[2] = scene->options.endpoints[0];
    options.endpoint_count = 3;
    for (size_t i = 0; i < 4; i++) {
        watch = watch_new(&options, i, "nobody/", 0);
        assert_answered(etcd_watch_next(watch, PATIENCE_MS, scene->arena, &answer));
        assert_true(answer->created);
        etcd_watch_close(&watch);
    }
}

static void test_a_member_that_is_killed(void **state)
{
    struct scene *scene = *state;
    struct etcd_watch *watch = watch_begun(scene, 0, "killed/", 0);
    Etcdserverpb__WatchResponse *answer = NULL;
    int64_t revision = scene_put(scene, "killed/a", "one");

    assert_answered(etcd_watch_next(watch, PATIENCE_MS, scene->arena, &answer));
    etcd_member_kill(&scene->members, 0);
    struct etcd_result result = assert_ends(watch, scene->arena);
    assert_false(result.is_compacted);
    etcd_watch_close(&watch);
    /* Another one goes on where this one was, also where it begins with the member that is gone. */
    struct etcd_result put = {.fate = ETCD_UNKNOWN};
    struct ops ops = {.count = 0};
    Etcdserverpb__TxnResponse *done = NULL;
    ops_put(&ops, "killed/b", "two");
    for (int64_t until_ms = clock_steady_ms() + PATIENCE_MS;
         put.fate != ETCD_ANSWERED && clock_steady_ms() < until_ms;)
        put = scene_do(scene->etcd, &ops, CALL_MS, scene->arena, &done);
    assert_answered(put);
    for (size_t i = 0; i < 2; i++) {
        watch = watch_begun(scene, i, "killed/", revision + 1);
        assert_answered(etcd_watch_next(watch, PATIENCE_MS, scene->arena, &answer));
        assert_binary(answer->events[0]->kv->key, "killed/b");
        etcd_watch_close(&watch);
    }
    etcd_member_start(&scene->members, 0);
}

/* A watch on a member that stands still is silent, which is no error: who polls besides finds out, and opens
 * another. */
static void test_a_member_that_is_stopped(void **state)
{
    struct scene *scene = *state;
    struct etcd_options others = scene->options;
    struct etcd_watch *watch = watch_begun(scene, 0, "stopped/", 0);
    Etcdserverpb__WatchResponse *answer = NULL;
    Etcdserverpb__TxnResponse *done = NULL;
    struct etcd_result put = {.fate = ETCD_UNKNOWN};
    struct ops ops = {.count = 0};

    others.endpoints[0] = scene->options.endpoints[1];
    others.endpoint_count = 1;
    CLEANUP(etcd_destroy) struct etcd *etcd = scene_client(&others);
    etcd_member_stop(&scene->members, 0);
    ops_put(&ops, "stopped/a", "one");
    for (int64_t until_ms = clock_steady_ms() + PATIENCE_MS;
         put.fate != ETCD_ANSWERED && clock_steady_ms() < until_ms;)
        put = scene_do(etcd, &ops, CALL_MS, scene->arena, &done);
    assert_answered(put);
    assert_int_equal(etcd_watch_next(watch, 100, scene->arena, &answer).fate, ETCD_REFUSED);
    etcd_watch_close(&watch);
    watch = watch_begun(scene, 1, "stopped/", done->header->revision);
    assert_answered(etcd_watch_next(watch, PATIENCE_MS, scene->arena, &answer));
    assert_binary(answer->events[0]->kv->key, "stopped/a");
    etcd_watch_close(&watch);
    etcd_member_continue(&scene->members, 0);
}

int main(void)
{
    static const struct CMUnitTest ONE[] = {
        cmocka_unit_test_setup(test_events, begin),
        cmocka_unit_test_setup(test_from_a_revision_on, begin),
        cmocka_unit_test_setup(test_fragments_are_put_together, begin),
        cmocka_unit_test_setup(test_more_at_once_than_is_taken, begin),
        cmocka_unit_test_setup(test_an_arena_without_room, begin),
        cmocka_unit_test_setup(test_compacted, begin),
        cmocka_unit_test_setup(test_nobody_there, begin),
    };
    static const struct CMUnitTest THREE[] = {
        cmocka_unit_test_setup(test_a_member_that_is_killed, begin),
        cmocka_unit_test_setup(test_a_member_that_is_stopped, begin),
    };

    signal(SIGPIPE, SIG_IGN);
    int failed = cmocka_run_group_tests(ONE, scene_set_up_one, scene_tear_down);
    return failed + cmocka_run_group_tests(THREE, scene_set_up_three, scene_tear_down);
}
