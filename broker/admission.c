#include "broker/admission.h"

#include <stdlib.h>

const char *side_name(enum side side)
{
    return side == SIDE_FRONT ? "front" : "back";
}

void admission_release(struct admission *admission)
{
    for (size_t i = 0; i < admission->worker_count; i++)
        free(admission->workers[i].groups);
    free(admission->workers);
    free(admission->operators);
    *admission = (struct admission){0};
}

const struct admission_worker *admission_worker(const struct admission *admission,
                                                const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < admission->worker_count; i++) {
        if (memcmp(admission->workers[i].key, key, KEY_SIZE) == 0)
            return &admission->workers[i];
    }
    return NULL;
}

bool admission_may_serve(const struct admission_worker *worker, const uint8_t group[GROUP_ID_SIZE])
{
    for (size_t i = 0; i < worker->group_count; i++) {
        if (memcmp(worker->groups[i], group, GROUP_ID_SIZE) == 0)
            return true;
    }
    return worker->group_count == 0;
}

bool admission_is_operator(const struct admission *admission, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < admission->operator_count; i++) {
        if (memcmp(admission->operators[i], key, KEY_SIZE) == 0)
            return true;
    }
    return false;
}

bool admission_is_crowded(const struct admission *admission, size_t from_there, size_t spare)
{
    const uint64_t share = (uint64_t) admission->connection_limit * admission->address_percent / 100;
    return from_there > (share > 0 ? share : 1) + spare;
}

enum verdict admission_judge(const struct admission *admission, enum side side, const uint8_t key[KEY_SIZE],
                             struct crowd crowd)
{
    if (side == SIDE_BACK)
        return admission_worker(admission, key) ? VERDICT_ADMIT : VERDICT_REFUSE;
    bool is_full =
        crowd.all > admission->connection_limit || admission_is_crowded(admission, crowd.from_there, 0);
    return is_full ? VERDICT_LATER : VERDICT_ADMIT;
}
