/* The session cache: bounded, strangers apart from members, grants as the last HELLO brought them. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "worker/session.h"

static struct seal_session seal_of(unsigned number)
{
    struct seal_session seal = {0};
    put_u32(seal.client_key, number);
    put_u32(seal.send_key, number + 1);
    return seal;
}

static struct session_grant grant_of(uint8_t history, uint8_t key)
{
    struct session_grant grant = {.until_ms = 1000 + history};
    memset(grant.history, history, HISTORY_ID_SIZE);
    memset(grant.key, key, KEY_SIZE);
    return grant;
}

static struct session_cache *cache_of(size_t members, size_t strangers)
{
    struct session_limits limits = {.members = members, .strangers = strangers};
    struct session_cache *cache = NULL;
    assert_int_equal(session_cache_new(&limits, &cache), 0);
    return cache;
}

static bool is_known(struct session_cache *cache, unsigned number)
{
    struct seal_session key = seal_of(number), found;
    if (!session_find(cache, key.client_key, &found))
        return false;
    assert_memory_equal(&found, &key, sizeof(key));
    return true;
}

static void put(struct session_cache *cache, unsigned number)
{
    struct seal_session seal = seal_of(number);
    assert_int_equal(session_put(cache, &seal), 0);
}

static void hello(struct session_cache *cache, unsigned number, const struct session_grant *grants,
                  size_t count)
{
    struct seal_session seal = seal_of(number);
    assert_int_equal(session_hello(cache, &seal, grants, count), 0);
}

static int ask(struct session_cache *cache, unsigned number, uint8_t history, struct session_grant *ret_grant)
{
    struct seal_session seal = seal_of(number);
    struct session_grant wanted = grant_of(history, 0);
    return session_grant(cache, seal.client_key, wanted.history, ret_grant);
}

static void the_least_used_stranger_is_forgotten(void **state)
{
    (void) state;
    struct session_cache *cache = cache_of(2, 3);
    for (unsigned i = 1; i <= 3; i++)
        put(cache, i);
    assert_true(is_known(cache, 1)); /* used: 2 is the oldest now */
    put(cache, 4);
    assert_false(is_known(cache, 2));
    assert_true(is_known(cache, 1));
    assert_true(is_known(cache, 3));
    assert_true(is_known(cache, 4));
    assert_int_equal(session_count(cache), 3);
    session_cache_destroy(&cache);
    assert_null(cache);
}

static void strangers_push_out_no_member(void **state)
{
    (void) state;
    struct session_cache *cache = cache_of(2, 4);
    struct session_grant grant = grant_of(7, 8), found;
    hello(cache, 1, &grant, 1);
    for (unsigned i = 100; i < 1100; i++) {
        put(cache, i);
        hello(cache, i, NULL, 0);
    }
    assert_int_equal(ask(cache, 1, 7, &found), 0);
    assert_memory_equal(&found, &grant, sizeof(grant));
    assert_int_equal(session_count(cache), 5);
    session_cache_destroy(&cache);
}

static void members_push_out_the_oldest_member(void **state)
{
    (void) state;
    struct session_cache *cache = cache_of(2, 2);
    struct session_grant grant = grant_of(7, 8), found;
    for (unsigned i = 1; i <= 3; i++)
        hello(cache, i, &grant, 1);
    assert_int_equal(ask(cache, 1, 7, &found), ERR_HELLO);
    assert_int_equal(ask(cache, 2, 7, &found), 0);
    assert_int_equal(ask(cache, 3, 7, &found), 0);
    session_cache_destroy(&cache);
}

static void a_seal_alone_is_no_hello(void **state)
{
    (void) state;
    struct session_cache *cache = cache_of(2, 2);
    struct session_grant found = grant_of(1, 1), before = found;
    struct session_grant grants[SESSION_GRANTS_MAX];
    size_t count = 99;
    struct seal_session seal = seal_of(5);
    assert_int_equal(ask(cache, 5, 7, &found), ERR_HELLO);
    put(cache, 5);
    assert_int_equal(ask(cache, 5, 7, &found), ERR_HELLO);
    assert_int_equal(session_grants(cache, seal.client_key, grants, &count), ERR_HELLO);
    hello(cache, 5, NULL, 0);
    assert_int_equal(ask(cache, 5, 7, &found), ERR_GRANT);
    assert_int_equal(session_grants(cache, seal.client_key, grants, &count), 0);
    assert_int_equal(count, 0);
    assert_memory_equal(&found, &before, sizeof(found));
    session_cache_destroy(&cache);
}

static void a_hello_replaces_the_grants(void **state)
{
    (void) state;
    struct session_cache *cache = cache_of(2, 2);
    struct session_grant first[] = {grant_of(1, 1), grant_of(2, 1)}, second = grant_of(3, 9), found;
    struct session_grant all[SESSION_GRANTS_MAX];
    size_t count;
    struct seal_session seal = seal_of(1);
    hello(cache, 1, first, 2);
    assert_int_equal(ask(cache, 1, 2, &found), 0);
    hello(cache, 1, &second, 1);
    assert_int_equal(ask(cache, 1, 1, &found), ERR_GRANT);
    assert_int_equal(ask(cache, 1, 3, &found), 0);
    assert_memory_equal(found.key, second.key, KEY_SIZE);
    assert_int_equal(session_grants(cache, seal.client_key, all, &count), 0);
    assert_int_equal(count, 1);
    hello(cache, 1, NULL, 0); /* a stranger from now on */
    assert_int_equal(ask(cache, 1, 3, &found), ERR_GRANT);
    put(cache, 2);
    put(cache, 3);
    assert_false(is_known(cache, 1));
    session_cache_destroy(&cache);
}

static void smaller_limits_hold_at_once(void **state)
{
    (void) state;
    struct session_cache *cache = cache_of(10, 10);
    struct session_limits smaller = {.members = 1, .strangers = 2};
    struct session_grant grant = grant_of(1, 1);
    for (unsigned i = 0; i < 10; i++) {
        put(cache, i);
        hello(cache, 100 + i, &grant, 1);
    }
    session_cache_set_limits(cache, &smaller);
    assert_int_equal(session_count(cache), 3);
    assert_true(is_known(cache, 9));
    assert_true(is_known(cache, 109));
    assert_false(is_known(cache, 7));
    session_cache_destroy(&cache);
}

static void *hammer(void *argument)
{
    struct session_cache *cache = argument;
    struct session_grant grant = grant_of(1, 1), found;
    for (unsigned i = 0; i < 3000; i++) {
        unsigned number = i * 7919 % 97;
        struct seal_session seal = seal_of(number), copy;
        if (session_find(cache, seal.client_key, &copy) && memcmp(&copy, &seal, sizeof(seal)) != 0)
            return "another client's seal";
        if (i % 3 == 0 ? session_hello(cache, &seal, &grant, i % 2) : session_put(cache, &seal))
            return "not remembered";
        int code = ask(cache, number, 1, &found);
        if (code != 0 && code != ERR_HELLO && code != ERR_GRANT)
            return "another code";
    }
    return NULL;
}

static void threads_share_it(void **state)
{
    (void) state;
    struct session_cache *cache = cache_of(16, 16);
    pthread_t threads[4];
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, cache), 0);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
        void *complaint;
        pthread_join(threads[i], &complaint);
        assert_null(complaint);
    }
    assert_true(session_count(cache) <= 32);
    session_cache_destroy(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_used_stranger_is_forgotten),
        cmocka_unit_test(strangers_push_out_no_member),
        cmocka_unit_test(members_push_out_the_oldest_member),
        cmocka_unit_test(a_seal_alone_is_no_hello),
        cmocka_unit_test(a_hello_replaces_the_grants),
        cmocka_unit_test(smaller_limits_hold_at_once),
        cmocka_unit_test(threads_share_it),
    };
    return key_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
