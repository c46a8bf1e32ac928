/* Rates: how much each key may ask in a time. docs/operations.md, "Rates".
 *
 * A bucket a key, which fills evenly up to what may come at once. The table is of a fixed size: a bucket that is full
 * says nothing and makes room, else the one that has the least to say. Keys are hashed by a secret, so that nobody
 * chooses whose bucket is pushed out. What a rate is of is a number of the caller's. Thread-safe. */
#ifndef COMITY_CORE_DAEMON_RATES_H
#define COMITY_CORE_DAEMON_RATES_H

#include "core/bytes.h"

enum { RATES_MAX = 8 }; /* kinds of buckets in one table */

struct rate_limit {
    unsigned per_minute; /* 0: no limit */
    unsigned at_once;    /* at least 1 */
};

struct rates;

/* One limit a rate, for rates 0 to @count - 1. NULL: no memory. */
struct rates *rates_new(const struct rate_limit *limits, size_t count);
void rates_destroy(struct rates **rates);
/* Where a limit is another than before, what a bucket of it owes is from then on at most what the new limit holds. */
void rates_set_limits(struct rates *rates, const struct rate_limit *limits, size_t count);

/* 0 where the bucket has something left, or after how many milliseconds it will. @key has KEY_SIZE bytes, or is NULL
 * where it is for all. */
uint32_t rates_wait_ms(struct rates *rates, unsigned rate, const uint8_t *key, int64_t now_ms);

/* After how many milliseconds the bucket will be full again; 0 where it is, or has no limit. */
uint32_t rates_full_ms(struct rates *rates, unsigned rate, const uint8_t *key, int64_t now_ms);

/* Take @cost from the bucket; what costs more than is left leaves a debt. */
void rates_spend(struct rates *rates, unsigned rate, const uint8_t *key, unsigned cost, int64_t now_ms);

#endif
