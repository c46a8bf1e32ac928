/* Admission: whose key may do what. Pure: a table of keys in memory, made from the settings and replaced
 * whole.
 *
 * front  any key may connect, while there are fewer connections than the limit
 * back   only the key of a configured worker
 * A worker is known by its key, never by what it says of itself; it may serve the groups that are configured
 * for it (any, where none is). STATUS of the broker itself is for the operators' keys. */
#ifndef COMITY_BROKER_ADMISSION_H
#define COMITY_BROKER_ADMISSION_H

#include "core/bytes.h"
#include "core/text.h"

enum side { SIDE_FRONT, SIDE_BACK };

const char *side_name(enum side side); /* "front", "back": also the domains of ZAP */

enum { ADMISSION_WORKERS_MAX = 256, ADMISSION_OPERATORS_MAX = 1024, ADMISSION_GROUPS_MAX = 1024 };

struct admission_worker {
    char name[NAME_MAX_BYTES + 1];
    uint8_t key[KEY_SIZE];
    uint8_t (*groups)[GROUP_ID_SIZE];
    size_t group_count; /* 0: any group */
};

struct admission {
    struct admission_worker *workers;
    size_t worker_count;
    uint8_t (*operators)[KEY_SIZE];
    size_t operator_count;
    uint32_t connection_limit; /* of front */
    uint32_t address_percent;  /* of these, from one address; 100: as many as there are */
};

void admission_release(struct admission *admission);

/* NULL where no worker has this key. */
const struct admission_worker *admission_worker(const struct admission *admission,
                                                const uint8_t key[KEY_SIZE]);
bool admission_may_serve(const struct admission_worker *worker, const uint8_t group[GROUP_ID_SIZE]);
bool admission_is_operator(const struct admission *admission, const uint8_t key[KEY_SIZE]);

enum verdict {
    VERDICT_ADMIT,  /* 200 */
    VERDICT_LATER,  /* 500: too many connections; the peer is to try again later */
    VERDICT_REFUSE, /* 400: this key has no business here */
};

/* Connections of the front that are open now, the one in question included. */
struct crowd {
    size_t all;
    size_t from_there; /* from its own address; 0 where that does not count */
};

/* Whether there are more from one address than its share and @spare. */
bool admission_is_crowded(const struct admission *admission, size_t from_there, size_t spare);

enum verdict admission_judge(const struct admission *admission, enum side side, const uint8_t key[KEY_SIZE],
                             struct crowd crowd);

#endif
