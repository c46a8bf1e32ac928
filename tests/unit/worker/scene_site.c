#include "tests/unit/worker/scene_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/error.h"
#include "worker/clock.h"
#include "worker/log/calls.h"

enum { SITE_ARENA_BYTES = 4 * 1024 * 1024, TURN_MS = 20 };

struct order_log_etcd_options site_options(const struct scene *scene, const char *name)
{
    static const uint8_t SECRET[CONNECTION_SECRET_SIZE] = {9};
    struct order_log_etcd_options options = {
        .etcd = scene->options,
        .group_secret = SECRET,
        .worker = name,
        .level = 1,
        .begins = true,
        .quota_bytes = scene->members.options.quota_bytes,
    };
    memset(options.group, 3, sizeof(options.group));
    return options;
}

void site_start(struct site *site)
{
    char reason[LOG_REASON_MAX];
    site->options.applied = site->place;
    int code = order_log_etcd_new(&site->options, &site->log, reason);
    if (code)
        fail_msg("%s: %s", error_name(code), reason);
}

struct site *site_new(const struct order_log_etcd_options *options)
{
    struct site *site = calloc(1, sizeof(*site));
    assert_non_null(site);
    site->options = *options;
    site->place = options->applied;
    site->arena = arena_new(SITE_ARENA_BYTES);
    site_start(site);
    return site;
}

void site_stop(struct site *site)
{
    if (site->log)
        site->log->ops->destroy(&site->log);
}

void site_destroy(struct site **site)
{
    if (!*site)
        return;
    site_stop(*site);
    arena_destroy(&(*site)->arena);
    free(*site);
    *site = NULL;
}

static void keep(struct site *site, uint64_t what, const struct order_place *place)
{
    assert_int_equal(place->number, site->place.number + 1);
    assert_true(place->number <= SITE_ENTRIES_MAX);
    site->place = *place;
    site->numbers[place->number] = what;
}

size_t site_follow(struct site *site, int wait_ms)
{
    struct order_entry entry;
    size_t count = 0;
    arena_reset(site->arena);
    int code;
    while ((code = order_log_next(site->log, count == 0 ? wait_ms : 0, site->arena, &entry)) == 0) {
        keep(site, get_u64(entry.batch.body.data), &entry.place);
        order_log_applied(site->log, &entry.place);
        arena_reset(site->arena);
        count++;
    }
    if (code != ERR_NOT_FOUND)
        fail_msg("%s: %s", error_name(code), site_status(site).reason);
    return count;
}

void site_follow_to(struct site *site, uint64_t number)
{
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (site->place.number < number && clock_steady_ms() < until_ms)
        site_follow(site, TURN_MS);
    assert_true(site->place.number >= number);
}

int site_append(struct site *site, uint64_t what, size_t size)
{
    uint8_t *body = calloc(1, size);
    assert_non_null(body);
    put_u64(body, what);
    struct order_batch batch = {
        .number = site->place.number + 1, .level = order_log_level(site->log), .body = BYTES(body, size)};
    struct order_place prepared, place;
    put_u64(batch.id, ++site->commits);
    put_u64(batch.id + 8, (uint64_t) (uintptr_t) site);
    int code =
        order_log_prepare(site->log, &batch, &prepared); /* what a store keeps before it is committed */
    if (code == 0)
        code = site->log->ops->commit(site->log, &batch);
    free(body);
    if (code == 0) {
        order_log_place(site->log, &place);
        assert_memory_equal(&place, &prepared, sizeof(place));
        keep(site, what, &place);
    }
    return code;
}

int site_commit(struct site *site, uint64_t what, size_t size)
{
    int code = site_append(site, what, size);
    if (code == 0)
        order_log_applied(site->log, &site->place);
    return code;
}

struct site *sites_leader(struct site *const *sites, size_t count)
{
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (clock_steady_ms() < until_ms)
        for (size_t i = 0; i < count; i++) {
            if (!sites[i] || !sites[i]->log)
                continue;
            if (sites[i]->log->ops->is_leader(sites[i]->log))
                return sites[i];
            site_follow(sites[i], TURN_MS);
        }
    for (size_t i = 0; i < count; i++)
        if (sites[i] && sites[i]->log) {
            struct order_log_etcd_status status = site_status(sites[i]);
            printf("%s: state %d, seat %d, fault %d, full %d %d, waits: %s, etcd: %s, answered %lld ms ago\n",
                   sites[i]->options.worker, (int) status.state, status.has_seat, status.fault,
                   status.is_full, status.is_out_of_space, status.waits_reason, status.reason,
                   (long long) (clock_steady_ms() - status.answered_ms));
        }
    fail_msg("none of the workers came to lead");
    return NULL;
}

static const char *key_of(struct scene *scene, const char *key)
{
    struct order_log_etcd_options options = site_options(scene, "x");
    struct calls calls;
    calls_init(&calls, options.group, "x", (const uint8_t[LOG_NONCE_SIZE]){0}, 1);
    const char *whole = arena_printf(scene->arena, "%s%s", calls.prefix, key);
    assert_non_null(whole);
    return whole;
}

const Etcdserverpb__KeyValue *site_key(struct scene *scene, const char *key)
{
    return scene_get(scene->etcd, scene->arena, key_of(scene, key));
}

const Etcdserverpb__KeyValue *site_wait_key(struct scene *scene, const char *key)
{
    const Etcdserverpb__KeyValue *kv = NULL;
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    while (!kv && clock_steady_ms() < until_ms) {
        arena_reset(scene->arena);
        kv = site_key(scene, key);
    }
    assert_non_null(kv);
    return kv;
}

void site_overwrite(struct scene *scene, const char *key, struct bytes value)
{
    scene_put_bytes(scene, key_of(scene, key), value);
}

int site_wait_fault(struct site *site)
{
    struct order_entry entry;
    int64_t until_ms = clock_steady_ms() + SITE_WAIT_MS;
    int code = ERR_NOT_FOUND;
    arena_reset(site->arena);
    while (code == ERR_NOT_FOUND && clock_steady_ms() < until_ms) {
        code = order_log_next(site->log, 100, site->arena, &entry);
        if (code == 0)
            order_log_applied(site->log, &entry.place);
        code = code == 0 ? ERR_NOT_FOUND : code;
    }
    if (code != ERR_NOT_FOUND)
        printf("%s\n", site_status(site).reason);
    return code;
}

struct order_log_etcd_status site_status(const struct site *site)
{
    struct order_log_etcd_status status;
    order_log_etcd_status(site->log, &status);
    return status;
}
