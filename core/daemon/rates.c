#include "core/daemon/rates.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum {
    SETS = 4096, /* a power of two; */
    WAYS = 4,    /* buckets in each */
    MINUTE_MS = 60000,
    UNIT = 1000000, /* times are kept in nanoseconds: a bucket of 1,000,000 a minute gains one in 60,000 */
    RATE_BITS = 3,
};
static_assert(RATES_MAX == 1 << RATE_BITS, "a bucket's key says of which rate it is");

/* Kept as the time at which it will be full: one number says both how full it is and since when. */
struct bucket {
    uint64_t key; /* the rate in the topmost RATE_BITS, else a hash; 0: never used */
    int64_t full_ns;
};

struct rates {
    pthread_mutex_t mutex;
    uint8_t hash_key[crypto_shorthash_KEYBYTES];
    struct rate_limit limits[RATES_MAX];
    int64_t latest_ns; /* of the times that were given */
    struct bucket buckets[SETS][WAYS];
};

struct rates *rates_new(const struct rate_limit *limits, size_t count)
{
    struct rates *rates = calloc(1, sizeof(*rates));
    if (!rates)
        return NULL;
    pthread_mutex_init(&rates->mutex, NULL);
    crypto_shorthash_keygen(rates->hash_key);
    rates_set_limits(rates, limits, count);
    return rates;
}

void rates_destroy(struct rates **rates)
{
    if (!rates || !*rates)
        return;
    pthread_mutex_destroy(&(*rates)->mutex);
    free(*rates);
    *rates = NULL;
}

static uint64_t hash_of(const struct rates *rates, unsigned rate, const uint8_t *key)
{
    uint8_t named[1 + KEY_SIZE] = {(uint8_t) rate}, hash[crypto_shorthash_BYTES];
    if (key)
        memcpy(named + 1, key, KEY_SIZE);
    crypto_shorthash(hash, named, sizeof(named), rates->hash_key);
    uint64_t number = get_u64(hash) >> RATE_BITS | (uint64_t) rate << (64 - RATE_BITS);
    return number == 0 ? 1 : number;
}

/* The key's bucket, or the one of its set that is full first. */
static struct bucket *bucket_of(struct rates *rates, uint64_t key)
{
    struct bucket *set = rates->buckets[key % SETS], *first = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].full_ns < first->full_ns)
            first = &set[i];
    }
    *first = (struct bucket){.key = key};
    return first;
}

/* What one request takes to come back. */
static int64_t each_ns(const struct rate_limit *limit)
{
    return (int64_t) MINUTE_MS * UNIT / limit->per_minute;
}

/* What the whole bucket takes: of what would take generations, some. */
static int64_t all_ns(const struct rate_limit *limit)
{
    int64_t most = INT64_MAX / 4 / each_ns(limit);
    return each_ns(limit) * (limit->at_once < most ? limit->at_once : most);
}

/* Until it is over; as long as can be said where that is longer. */
static uint32_t in_ms(int64_t left_ns)
{
    int64_t left_ms = left_ns > 0 ? left_ns / UNIT + 1 : 0;
    return left_ms < UINT32_MAX ? (uint32_t) left_ms : UINT32_MAX;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What was taken under another limit may be more than this one holds, and would take long to come back by it. */
static void cap_debts(struct rates *rates, unsigned rate)
{
    const struct rate_limit *limit = &rates->limits[rate];
    int64_t most_ns = limit->per_minute > 0 ? rates->latest_ns + all_ns(limit) : 0;
    for (size_t i = 0; i < SETS; i++) {
        for (size_t way = 0; way < WAYS; way++) {
            struct bucket *bucket = &rates->buckets[i][way];
            if (bucket->key >> (64 - RATE_BITS) == rate && bucket->full_ns > most_ns)
                bucket->full_ns = most_ns;
        }
    }
}

void rates_set_limits(struct rates *rates, const struct rate_limit *limits, size_t count)
{
    assert(count <= RATES_MAX);
    pthread_mutex_lock(&rates->mutex);
    for (size_t i = 0; i < count; i++) {
        if (memcmp(&rates->limits[i], &limits[i], sizeof(*limits)) == 0)
            continue;
        rates->limits[i] = limits[i];
        cap_debts(rates, (unsigned) i);
    }
    pthread_mutex_unlock(&rates->mutex);
}

/* @return it in nanoseconds. The mutex is held. */
static int64_t take_time(struct rates *rates, int64_t now_ms)
{
    rates->latest_ns = later(rates->latest_ns, now_ms * UNIT);
    return now_ms * UNIT;
}

uint32_t rates_wait_ms(struct rates *rates, unsigned rate, const uint8_t *key, int64_t now_ms)
{
    uint64_t hash = hash_of(rates, rate, key);
    int64_t late_ns = 0;
    pthread_mutex_lock(&rates->mutex);
    int64_t now_ns = take_time(rates, now_ms);
    const struct rate_limit *limit = &rates->limits[rate];
    if (limit->per_minute > 0) {
        int64_t full_ns = later(bucket_of(rates, hash)->full_ns, now_ns);
        late_ns = full_ns + each_ns(limit) - (now_ns + all_ns(limit));
    }
    pthread_mutex_unlock(&rates->mutex);
    return in_ms(late_ns);
}

uint32_t rates_full_ms(struct rates *rates, unsigned rate, const uint8_t *key, int64_t now_ms)
{
    uint64_t hash = hash_of(rates, rate, key);
    int64_t left_ns = 0;
    pthread_mutex_lock(&rates->mutex);
    int64_t now_ns = take_time(rates, now_ms);
    if (rates->limits[rate].per_minute > 0)
        left_ns = bucket_of(rates, hash)->full_ns - now_ns;
    pthread_mutex_unlock(&rates->mutex);
    return in_ms(left_ns);
}

void rates_spend(struct rates *rates, unsigned rate, const uint8_t *key, unsigned cost, int64_t now_ms)
{
    uint64_t hash = hash_of(rates, rate, key);
    pthread_mutex_lock(&rates->mutex);
    int64_t now_ns = take_time(rates, now_ms);
    const struct rate_limit *limit = &rates->limits[rate];
    if (limit->per_minute > 0) {
        struct bucket *bucket = bucket_of(rates, hash);
        bucket->full_ns = later(bucket->full_ns, now_ns) + each_ns(limit) * cost;
    }
    pthread_mutex_unlock(&rates->mutex);
}
