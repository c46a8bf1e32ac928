#include "worker/log/log_order.h"

#include "core/error.h"
#include "core/event.h"

/* With one worker there is nobody else: no entries of others, and nothing that it was not told itself. */

int order_log_prepare(struct order_log *log, const struct order_batch *batch, struct order_place *ret_place)
{
    *ret_place = (struct order_place){.number = batch->number, .level = batch->level};
    return log->ops->prepare ? log->ops->prepare(log, batch, ret_place) : 0;
}

int order_log_next(struct order_log *log, int timeout_ms, struct arena *arena, struct order_entry *ret_entry)
{
    return log->ops->next ? log->ops->next(log, timeout_ms, arena, ret_entry) : ERR_NOT_FOUND;
}

void order_log_applied(struct order_log *log, const struct order_place *place)
{
    if (log->ops->applied)
        log->ops->applied(log, place);
}

void order_log_place(const struct order_log *log, struct order_place *ret_place)
{
    *ret_place = (struct order_place){0};
    if (log->ops->place)
        log->ops->place(log, ret_place);
}

uint32_t order_log_level(const struct order_log *log)
{
    return log->ops->level ? log->ops->level(log) : FORMAT_LEVEL;
}

int order_log_barrier(struct order_log *log, int timeout_ms, uint64_t *ret_number)
{
    if (log->ops->barrier)
        return log->ops->barrier(log, timeout_ms, ret_number);
    *ret_number = 0;
    return 0;
}
