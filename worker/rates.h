/* Rates: how much each key may ask of the worker in a time. docs/operations.md, "Rates".
 *
 * A bucket a key, which fills evenly up to what may come at once. The table is of a fixed size: a bucket that is full
 * says nothing and makes room, else the one that has the least to say. Keys are hashed by a secret, so that nobody
 * chooses whose bucket is pushed out. Thread-safe. */
#ifndef COMITY_WORKER_RATES_H
#define COMITY_WORKER_RATES_H

#include "core/bytes.h"

enum rate {
    RATE_COMMANDS,   /* of a signing key: commands that are put in order */
    RATE_QUERIES,    /* of a member's key */
    RATE_CONNECTION, /* of a connection key: greetings, what it asks without leave to read, what is refused before it
                      * is put in order */
    RATE_STRANGERS,  /* the same of all who have no leave to read, together: they make keys at will */
    RATE_COUNT,
};

struct rate_limit {
    unsigned per_minute; /* 0: no limit */
    unsigned at_once;    /* at least 1 */
};

struct rate_limits {
    struct rate_limit of[RATE_COUNT];
};

struct rates;

struct rates *rates_new(const struct rate_limits *limits); /* NULL: no memory */
void rates_destroy(struct rates **rates);
void rates_set_limits(struct rates *rates, const struct rate_limits *limits);

/* 0 where the bucket has something left, or after how many milliseconds it will. @key is NULL where it is for all. */
uint32_t rates_wait_ms(struct rates *rates, enum rate rate, const uint8_t *key, int64_t now_ms);

/* Take @cost from the bucket; what costs more than is left leaves a debt. */
void rates_spend(struct rates *rates, enum rate rate, const uint8_t *key, unsigned cost, int64_t now_ms);

#endif
