#include "worker/log/trim.h"

void trim_saw(struct trim *trim, const struct order_place *place)
{
    size_t at = place->number % TRIM_KEEP_ENTRIES;
    trim->number[at] = place->number;
    trim->total[at] = place->total;
}

bool trim_is_due(const struct trim *trim, const struct order_place *head, int64_t now_ms,
                 uint64_t quota_bytes)
{
    uint64_t most =
        quota_bytes / TRIM_EVERY_SHARE < TRIM_EVERY_BYTES ? quota_bytes / TRIM_EVERY_SHARE : TRIM_EVERY_BYTES;
    bool has_grown = head->number > trim->trimmed_head.number; /* who trimmed may have read on further than its writer */
    uint64_t entries = has_grown ? head->number - trim->trimmed_head.number : 0,
             bytes = has_grown ? head->total - trim->trimmed_head.total : 0;
    if (trim->forget > trim->trimmed && now_ms - trim->trimmed_ms >= TRIM_FORGET_MS)
        return true;
    return entries >= TRIM_EVERY_ENTRIES || bytes >= most ||
           now_ms - trim->trimmed_ms >= (entries > 0 ? TRIM_EVERY_MS : TRIM_IDLE_MS);
}

/* How many of the last entries stay, whoever has them: fewer where they are known to be large. */
static uint64_t kept(const struct trim *trim, const struct order_place *head, uint64_t quota_bytes)
{
    uint64_t count = 0;
    while (count < TRIM_KEEP_ENTRIES && count < head->number) {
        uint64_t before = head->number - count - 1;
        size_t at = before % TRIM_KEEP_ENTRIES;
        if (trim->number[at] == before && head->total - trim->total[at] > quota_bytes / TRIM_KEEP_SHARE)
            break;
        count++;
    }
    return count;
}

uint64_t trim_floor(const struct trim *trim, const struct order_place *head,
                    const struct order_place *applied, size_t count, uint64_t quota_bytes)
{
    uint64_t floor = head->number - kept(trim, head, quota_bytes);
    uint64_t forget = trim->forget < head->number ? trim->forget : head->number;
    if (floor < forget)
        floor = forget;
    for (size_t i = 0; i < count; i++) {
        bool is_ahead = applied[i].total >= head->total; /* it has read on since */
        bool lags = !is_ahead && head->total - applied[i].total > quota_bytes / TRIM_LAG_SHARE;
        if (!lags && applied[i].number < floor)
            floor = applied[i].number;
    }
    return floor;
}

void trim_done(struct trim *trim, const struct order_place *head, uint64_t floor, int64_t now_ms)
{
    if (floor > trim->trimmed)
        trim->trimmed = floor;
    trim->trimmed_head = *head;
    trim->trimmed_ms = now_ms;
}

bool trim_is_above(uint64_t used_bytes, uint64_t quota_bytes, unsigned percent)
{
    return used_bytes / 100 >= quota_bytes / 10000 * percent;
}
