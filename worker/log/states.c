#include "worker/log/states.h"

void states_tell(struct states *states, uint64_t number, const uint8_t hash[HASH_SIZE])
{
    struct state_hash *own = &states->own[states->count++ % STATES_KEPT];
    own->number = number;
    memcpy(own->hash, hash, HASH_SIZE);
}

struct state_hash states_last(const struct states *states)
{
    return states->count ? states->own[(states->count - 1) % STATES_KEPT] : (struct state_hash){.number = 0};
}

static const struct state_hash *own_of(const struct states *states, uint64_t number)
{
    for (size_t i = 0; i < STATES_KEPT && number != 0; i++)
        if (states->own[i].number == number)
            return &states->own[i];
    return NULL;
}

int states_judge(const struct states *states, const struct state_hash *others, size_t count, bool leads)
{
    size_t agree = 1, differ = 0;
    int different = -1;
    for (size_t i = 0; i < count; i++) {
        const struct state_hash *own = own_of(states, others[i].number);
        if (!own)
            continue;
        bool is_same = memcmp(own->hash, others[i].hash, HASH_SIZE) == 0;
        agree += is_same;
        differ += !is_same;
        if (!is_same)
            different = (int) i;
    }
    return differ > agree || (differ == agree && !leads) ? different : -1;
}
