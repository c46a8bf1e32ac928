#include "worker/log/dispute.h"

static struct dispute about(uint64_t number, const struct dispute_seat *others, size_t count)
{
    struct dispute dispute = {.number = number, .applied = 1};
    for (size_t i = 0; i < count; i++) {
        bool is_stuck = others[i].refused != 0 && others[i].applied == others[i].refused - 1;
        dispute.refuse += dispute_is_refuser(&dispute, &others[i]);
        dispute.applied += others[i].applied >= number;
        dispute.undecided += others[i].applied < number && !is_stuck;
    }
    return dispute;
}

static bool has_more_against(const struct dispute *dispute)
{
    return dispute->refuse > dispute->applied;
}

static bool comes_first(const struct dispute *dispute, const struct dispute *other)
{
    if (other->number == 0 || has_more_against(dispute) != has_more_against(other))
        return other->number == 0 || has_more_against(dispute);
    return dispute->number < other->number;
}

struct dispute dispute_find(uint64_t own, const struct dispute_seat *others, size_t count)
{
    struct dispute found = {.number = 0};
    for (size_t i = 0; i < count; i++) {
        uint64_t number = others[i].refused;
        if (number == 0 || number > own || others[i].applied != number - 1)
            continue;
        struct dispute dispute = about(number, others, count);
        if (comes_first(&dispute, &found))
            found = dispute;
    }
    return found;
}

bool dispute_is_refuser(const struct dispute *dispute, const struct dispute_seat *seat)
{
    return dispute->number != 0 && seat->refused == dispute->number && seat->applied == seat->refused - 1;
}

bool dispute_is_lost(struct dispute_wait *wait, const struct dispute *dispute, int64_t now_ms)
{
#ifdef COMITY_CONTROL_ALONE
    return false;
#endif
    uint64_t number = has_more_against(dispute) ? dispute->number : 0;
    if (number != wait->number || now_ms - wait->judged_ms > DISPUTE_GAP_MS)
        *wait = (struct dispute_wait){.number = number, .since_ms = now_ms};
    wait->judged_ms = now_ms;
    if (number == 0)
        return false;
    return dispute->refuse > dispute->applied + dispute->undecided || now_ms - wait->since_ms >= DISPUTE_WAIT_MS;
}
