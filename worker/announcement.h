/* What every WELCOME says of the group's brokers: the list that the configuration has, signed by the log key.
 * docs/protocol.md section 4. Can be replaced at any moment; thread-safe. */
#ifndef COMITY_WORKER_ANNOUNCEMENT_H
#define COMITY_WORKER_ANNOUNCEMENT_H

#include "comity/v1/link.pb-c.h"
#include "core/broker_list.h"

struct announcement {
    uint64_t number; /* 0: the configuration has none, and the rest is empty */
    size_t broker_count;
    size_t size;
    uint8_t packed[BROKER_LIST_BYTES];
    uint8_t signature[SIGNATURE_SIZE];
};

/* As broker_list_sign. Equal lists and keys give equal bytes. */
int announcement_make(const struct broker_list *list, const struct signing_key *log_key,
                      struct announcement *ret_announcement);

struct announcer;

int announcer_new(const struct announcement *announcement, struct announcer **ret_announcer); /* ERR_MEMORY */
void announcer_destroy(struct announcer **announcer);
void announcer_set(struct announcer *announcer, const struct announcement *announcement);

/* Into a WELCOME, with a copy in the arena; nothing where there is none. NULL-safe. ERR_MEMORY. */
int announcer_tell(struct announcer *announcer, struct arena *arena, Comity__V1__Welcome *welcome);

#endif
