/* Do workers have the same state? Each tells the hash of its own behind some entries; of others' it finds the one behind the same
 * entry, though it may have gone on since. Pure. */
#ifndef COMITY_WORKER_LOG_STATES_H
#define COMITY_WORKER_LOG_STATES_H

#include "core/bytes.h"

enum { STATES_KEPT = 16 };

struct state_hash {
    uint64_t number; /* behind that entry; 0: none */
    uint8_t hash[HASH_SIZE];
};

struct states {
    struct state_hash own[STATES_KEPT]; /* a ring: the last ones */
    size_t count;                       /* ever told */
};

void states_tell(struct states *states, uint64_t number, const uint8_t hash[HASH_SIZE]);
/* The last one; number 0 where there is none. */
struct state_hash states_last(const struct states *states);

/* Index of one of @others that differs, where that is for this worker to stop: more differ than agree, this one counted in; or as
 * many, and another leads. -1: it goes on. */
int states_judge(const struct states *states, const struct state_hash *others, size_t count, bool leads);

#endif
