/* Who speaks next. Pure: the machine gives the floor by it, clients show the queue by it. */
#ifndef COMITY_CORE_MACHINE_QUEUE_H
#define COMITY_CORE_MACHINE_QUEUE_H

#include "comity/v1/model.pb-c.h"

#include <stddef.h>

/* One whose hand is up. */
struct queue_hand {
    uint32_t member;
    uint64_t raised;  /* sequence: Hand.raised */
    const char *side; /* of the member's constituency */
};

/* The place of who is next among @hands, which are in any order; @count where there are none. @last_side: of
 * whoever was given the floor last; NULL: nobody was. */
size_t queue_next(const struct queue_hand *hands, size_t count, Comity__V1__QueueOrder order,
                  const char *last_side);

/* Put them into the order in which they will speak. */
void queue_sort(struct queue_hand *hands, size_t count, Comity__V1__QueueOrder order, const char *last_side);

#endif
