#include "core/machine/queue.h"

#include <stdbool.h>
#include <string.h>

size_t queue_next(const struct queue_hand *hands, size_t count, Comity__V1__QueueOrder order,
                  const char *last_side)
{
    bool alternates = order == COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_ALTERNATING && last_side;
    bool is_other = false; /* is the best so far of another side? */
    size_t best = count;

    for (size_t i = 0; i < count; i++) {
        bool other = alternates && strcmp(hands[i].side, last_side) != 0;
        bool is_better = best == count || (other && !is_other) ||
                         (other == is_other && hands[i].raised < hands[best].raised);

        if (is_better) {
            best = i;
            is_other = other;
        }
    }
    return best;
}

void queue_sort(struct queue_hand *hands, size_t count, Comity__V1__QueueOrder order, const char *last_side)
{
    for (size_t done = 0; done < count; done++) {
        size_t next = done + queue_next(hands + done, count - done, order, last_side);
        struct queue_hand hand = hands[next];

        hands[next] = hands[done];
        hands[done] = hand;
        last_side = hand.side;
    }
}
