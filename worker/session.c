#include "worker/session.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "core/error.h"

enum { BUCKETS_LEAST = 64, BUCKETS_MOST = 1 << 20 };

enum kind { STRANGER, MEMBER, KIND_COUNT };

struct session {
    struct session *next_in_bucket;
    struct session *newer, *older; /* in the order of use */
    enum kind kind;
    bool has_said_hello;
    struct seal_session seal;
    struct session_grant *grants;
    size_t grant_count;
};

struct order {
    struct session *newest, *oldest;
    size_t count, limit;
};

struct session_cache {
    pthread_mutex_t mutex;
    uint8_t
        hash_key[crypto_shorthash_KEYBYTES]; /* clients choose their keys: they shall not choose buckets */
    struct session **buckets;
    size_t bucket_count; /* a power of two */
    struct order orders[KIND_COUNT];
};

static size_t buckets_for(const struct session_limits *limits)
{
    size_t count = BUCKETS_LEAST;
    while (count < limits->members + limits->strangers && count < BUCKETS_MOST)
        count *= 2;
    return count;
}

int session_cache_new(const struct session_limits *limits, struct session_cache **ret_cache)
{
    struct session_cache *cache = calloc(1, sizeof(*cache));
    if (!cache)
        return ERR_MEMORY;
    cache->bucket_count = buckets_for(limits);
    cache->buckets = calloc(cache->bucket_count, sizeof(struct session *));
    if (!cache->buckets) {
        free(cache);
        return ERR_MEMORY;
    }
    pthread_mutex_init(&cache->mutex, NULL);
    crypto_shorthash_keygen(cache->hash_key);
    cache->orders[MEMBER].limit = limits->members;
    cache->orders[STRANGER].limit = limits->strangers;
    *ret_cache = cache;
    return 0;
}

static struct session **bucket_of(struct session_cache *cache, const uint8_t client_key[KEY_SIZE])
{
    uint8_t hash[crypto_shorthash_BYTES];
    crypto_shorthash(hash, client_key, KEY_SIZE, cache->hash_key);
    return &cache->buckets[get_u64(hash) & (cache->bucket_count - 1)];
}

static struct session *find(struct session_cache *cache, const uint8_t client_key[KEY_SIZE])
{
    struct session *session = *bucket_of(cache, client_key);
    while (session && memcmp(session->seal.client_key, client_key, KEY_SIZE) != 0)
        session = session->next_in_bucket;
    return session;
}

static void order_remove(struct order *order, struct session *session)
{
    *(session->newer ? &session->newer->older : &order->newest) = session->older;
    *(session->older ? &session->older->newer : &order->oldest) = session->newer;
    session->newer = session->older = NULL;
    order->count--;
}

static void order_add(struct order *order, struct session *session)
{
    session->newer = NULL;
    session->older = order->newest;
    *(order->newest ? &order->newest->newer : &order->oldest) = session;
    order->newest = session;
    order->count++;
}

static void touch(struct session_cache *cache, struct session *session)
{
    struct order *order = &cache->orders[session->kind];
    if (order->newest != session) {
        order_remove(order, session);
        order_add(order, session);
    }
}

static void session_free(struct session *session)
{
    free(session->grants);
    sodium_memzero(session, sizeof(*session));
    free(session);
}

static void forget(struct session_cache *cache, struct session *session)
{
    struct session **at = bucket_of(cache, session->seal.client_key);
    while (*at != session)
        at = &(*at)->next_in_bucket;
    *at = session->next_in_bucket;
    order_remove(&cache->orders[session->kind], session);
    session_free(session);
}

static void keep_within_limits(struct session_cache *cache)
{
    for (int kind = 0; kind < KIND_COUNT; kind++)
        while (cache->orders[kind].count > cache->orders[kind].limit)
            forget(cache, cache->orders[kind].oldest);
}

void session_cache_destroy(struct session_cache **cache)
{
    if (!cache || !*cache)
        return;
    for (int kind = 0; kind < KIND_COUNT; kind++)
        while ((*cache)->orders[kind].oldest)
            forget(*cache, (*cache)->orders[kind].oldest);
    pthread_mutex_destroy(&(*cache)->mutex);
    free((*cache)->buckets);
    free(*cache);
    *cache = NULL;
}

void session_cache_set_limits(struct session_cache *cache, const struct session_limits *limits)
{
    pthread_mutex_lock(&cache->mutex);
    cache->orders[MEMBER].limit = limits->members;
    cache->orders[STRANGER].limit = limits->strangers;
    keep_within_limits(cache);
    pthread_mutex_unlock(&cache->mutex);
}

bool session_find(struct session_cache *cache, const uint8_t client_key[KEY_SIZE],
                  struct seal_session *ret_seal)
{
    pthread_mutex_lock(&cache->mutex);
    struct session *session = find(cache, client_key);
    if (session) {
        touch(cache, session);
        *ret_seal = session->seal;
    }
    pthread_mutex_unlock(&cache->mutex);
    return session != NULL;
}

/* The client's session, made as a stranger's where there is none. NULL where memory is out. */
static struct session *find_or_add(struct session_cache *cache, const struct seal_session *seal)
{
    struct session *session = find(cache, seal->client_key);
    if (session) {
        touch(cache, session);
        return session;
    }
    session = calloc(1, sizeof(*session));
    if (!session)
        return NULL;
    session->seal = *seal;
    session->kind = STRANGER;
    struct session **bucket = bucket_of(cache, seal->client_key);
    session->next_in_bucket = *bucket;
    *bucket = session;
    order_add(&cache->orders[STRANGER], session);
    return session;
}

int session_put(struct session_cache *cache, const struct seal_session *seal)
{
    pthread_mutex_lock(&cache->mutex);
    struct session *session = find_or_add(cache, seal);
    keep_within_limits(cache);
    pthread_mutex_unlock(&cache->mutex);
    return session ? 0 : ERR_MEMORY;
}

int session_hello(struct session_cache *cache, const struct seal_session *seal,
                  const struct session_grant *grants, size_t count)
{
    struct session_grant *kept = NULL;
    if (count > 0) {
        kept = malloc(count * sizeof(*kept));
        if (!kept)
            return ERR_MEMORY;
        memcpy(kept, grants, count * sizeof(*kept));
    }
    pthread_mutex_lock(&cache->mutex);
    struct session *session = find_or_add(cache, seal);
    if (session) {
        free(session->grants);
        session->grants = kept;
        session->grant_count = count;
        session->has_said_hello = true;
        order_remove(&cache->orders[session->kind], session);
        session->kind = count > 0 ? MEMBER : STRANGER;
        order_add(&cache->orders[session->kind], session);
        keep_within_limits(cache);
    }
    pthread_mutex_unlock(&cache->mutex);
    if (!session)
        free(kept);
    return session ? 0 : ERR_MEMORY;
}

int session_grant(struct session_cache *cache, const uint8_t client_key[KEY_SIZE],
                  const uint8_t history[HISTORY_ID_SIZE], struct session_grant *ret_grant)
{
    int code = ERR_HELLO;
    pthread_mutex_lock(&cache->mutex);
    struct session *session = find(cache, client_key);
    if (session && session->has_said_hello) {
        code = ERR_GRANT;
        for (size_t i = 0; i < session->grant_count && code; i++) {
            if (memcmp(session->grants[i].history, history, HISTORY_ID_SIZE) == 0) {
                *ret_grant = session->grants[i];
                code = 0;
            }
        }
    }
    pthread_mutex_unlock(&cache->mutex);
    return code;
}

int session_grants(struct session_cache *cache, const uint8_t client_key[KEY_SIZE],
                   struct session_grant ret_grants[SESSION_GRANTS_MAX], size_t *ret_count)
{
    int code = ERR_HELLO;
    pthread_mutex_lock(&cache->mutex);
    struct session *session = find(cache, client_key);
    if (session && session->has_said_hello) {
        if (session->grant_count > 0)
            memcpy(ret_grants, session->grants, session->grant_count * sizeof(*ret_grants));
        *ret_count = session->grant_count;
        code = 0;
    }
    pthread_mutex_unlock(&cache->mutex);
    return code;
}

bool session_has_leave(struct session_cache *cache, const uint8_t client_key[KEY_SIZE])
{
    pthread_mutex_lock(&cache->mutex);
    const struct session *session = find(cache, client_key);
    bool has_leave = session && session->kind == MEMBER;
    pthread_mutex_unlock(&cache->mutex);
    return has_leave;
}

size_t session_count(struct session_cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    size_t count = cache->orders[MEMBER].count + cache->orders[STRANGER].count;
    pthread_mutex_unlock(&cache->mutex);
    return count;
}
