/* What the ordered log keeps in etcd, byte by byte. Pure. Integers are big-endian.
 *
 *   comity/<group>/meta      "CMLM" | format u32 | group 16 | cluster u64 | base: place 52
 *   comity/<group>/head      place 52: number u64 | total u64 | level u32 | hash 32
 *   comity/<group>/leader    nonce 16 | beats u64 | name of the worker (NAME)
 *   comity/<group>/log/%016x "CMLG" | format u32 | number u64 | term u64 | time i64 | id 16 | level u32 |
 *                            total before u64 | hash before 32 | random 24 | ciphertext with its tag of 16
 *   comity/<group>/applied/<worker>   nonce 16 | level u32 | place 52 | state number u64 | state hash 32 | time i64 | refused u64
 *
 * Bodies are sealed for the group, XChaCha20-Poly1305, with all that stands before `random` as associated
 * data: etcd's operator can read, alter or move none of them unseen. The chain: the hash behind an entry is
 * SHA-256 of a tag, the hash before and the entry's value. `total` counts bytes of values, so that what a
 * worker lags behind is a difference. Of meta and applied, bytes behind what is known here are skipped: a
 * later version may add some. A seat of an earlier version has neither time nor refused: both are 0. */
#ifndef COMITY_WORKER_LOG_SEALED_H
#define COMITY_WORKER_LOG_SEALED_H

#include "core/arena.h"
#include "core/key.h"
#include "worker/log/log_order.h"

enum {
    LOG_FORMAT = 1,
    LOG_NONCE_SIZE = 16,
    LOG_HOME_SIZE = 8, /* the last bytes of a nonce */
    LOG_NAME_MAX = 40,
    LOG_KEY_SIZE = 32,
    PLACE_SIZE = 52,
    META_SIZE = 32 + PLACE_SIZE,
    LEADER_SIZE_MAX = 24 + LOG_NAME_MAX,
    SEAT_SIZE_BEFORE = 60 + PLACE_SIZE, /* of versions that knew neither time nor refused */
    SEAT_SIZE = SEAT_SIZE_BEFORE + 16,
    LOG_HEADER_SIZE = 92,
    LOG_OVERHEAD = LOG_HEADER_SIZE + 24 + 16,
    LOG_VALUE_MAX_BYTES = ORDER_BODY_MAX_BYTES + LOG_OVERHEAD,
};

struct log_meta {
    uint8_t group[GROUP_ID_SIZE];
    uint64_t cluster;        /* etcd's id of the cluster in which this log was begun */
    struct order_place base; /* where it was begun */
};

struct log_leader {
    uint8_t nonce[LOG_NONCE_SIZE]; /* of the process: random; where it says its home, that comes last */
    uint64_t beats;
    char name[LOG_NAME_MAX + 1]; /* for people */
};

struct log_seat {
    uint8_t nonce[LOG_NONCE_SIZE]; /* zeros: of nobody, since the worker was ended in order */
    uint32_t level;           /* highest format level that the worker knows */
    struct order_place place; /* applied */
    uint64_t state_number;    /* entry behind which state_hash was taken; 0: none yet */
    uint8_t state_hash[HASH_SIZE];
    int64_t unix_ms;  /* the time that the worker believed when it put this; 0: not told */
    uint64_t refused; /* the entry that it does not apply, since it decides otherwise; 0: none */
};

struct sealed_header {
    uint64_t term;
    int64_t time_ms;           /* the batch's */
    uint8_t id[BATCH_ID_SIZE]; /* the batch's */
    uint32_t level;            /* the batch's */
    struct order_place before; /* the entry's own number is one more; its level is not in the value */
};

/* The group's key for bodies, from its X25519 secret. */
void sealed_key_derive(const uint8_t group_secret[CONNECTION_SECRET_SIZE], uint8_t ret_key[LOG_KEY_SIZE]);

/* Seal a body of at most ORDER_BODY_MAX_BYTES into a value; lives in the arena. TOO_LARGE, MEMORY. */
int sealed_make(const uint8_t key[LOG_KEY_SIZE], const struct sealed_header *header, struct bytes body,
                struct arena *arena, struct bytes *ret_value);
/* What stands in the clear. MALFORMED, VERSION (made by a later version). */
int sealed_read(struct bytes value, struct sealed_header *ret_header);
/* Open the entry that goes on from @before. CORRUPT: it does not go on from there; SEAL: it does not open; MALFORMED,
 * VERSION, MEMORY. The body lives in the arena. */
int sealed_open(const uint8_t key[LOG_KEY_SIZE], struct bytes value, const struct order_place *before,
                struct arena *arena, struct order_entry *ret_entry);

/* Behind the entry with this value; at level 0 if it is too short to be one. */
struct order_place place_behind(const struct order_place *before, struct bytes value);
/* Is it the entry behind @place? Its hash says which level that has. */
bool sealed_goes_on(const struct sealed_header *header, const struct order_place *place);
bool place_equal(const struct order_place *a, const struct order_place *b);

void place_write(const struct order_place *place, uint8_t ret_value[PLACE_SIZE]);
int place_read(struct bytes value, struct order_place *ret_place); /* MALFORMED */
void meta_write(const struct log_meta *meta, uint8_t ret_value[META_SIZE]);
int meta_read(struct bytes value, struct log_meta *ret_meta); /* MALFORMED, VERSION */
/* Returns the size. The name is a NAME. */
size_t leader_write(const struct log_leader *leader, uint8_t ret_value[LEADER_SIZE_MAX]);
int leader_read(struct bytes value, struct log_leader *ret_leader); /* MALFORMED */
void seat_write(const struct log_seat *seat, uint8_t ret_value[SEAT_SIZE]);
int seat_read(struct bytes value, struct log_seat *ret_seat); /* MALFORMED */

#endif
