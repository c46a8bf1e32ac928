/* A single transferable vote by the weighted inclusive Gregory method, as the Scottish Local Government
 * Elections Order 2007 (S.S.I. 2007/42, Schedule 1, rules 45 to 52) has it. docs/rules.md R-54 */
#include "core/error.h"
#include "core/rule/transfer.h"

enum { UNITS = 100000 }; /* five decimal places, any remainder ignored: rule 48 (3) */

/* Of those whose surplus has not gone on, those with the highest: rules 48 (1), 49 (1). */
static option_set highest_surplus(const struct transfer *transfer, option_set pending)
{
    option_set found = 0;
    uint64_t most = transfer->quota; /* what equals the quota is no surplus */

    for (option_set left = pending; left; left &= left - 1) {
        size_t index = options_first(left);
        if (transfer->votes[index] > most) {
            most = transfer->votes[index];
            found = option_bit(index);
        } else if (found && transfer->votes[index] == most) {
            found |= option_bit(index);
        }
    }
    return found;
}

/* Rule 48 (3): every ballot that the option has goes on at surplus * value / votes. */
static int surplus_transfer(struct transfer *transfer, size_t index)
{
    uint64_t votes = transfer->votes[index];
    uint64_t surplus = votes - transfer->quota;
    uint64_t moved = 0;
    int code = stage_begin(transfer, COMITY__V1__COUNT_ACT__COUNT_ACT_SURPLUS, option_bit(index));

    if (code)
        return code;
    for (size_t i = 0; i < transfer->parcel_count; i++) {
        struct parcel *parcel = &transfer->parcels[i];
        if (parcel->at == parcel->length || parcel->order[parcel->at] != index)
            continue;
        parcel->value = (uint64_t) ((unsigned __int128) parcel->value * surplus / votes);
        moved += parcel->count * parcel->value;
    }
    parcels_move(transfer, index);
    transfer->votes[index] = transfer->quota;
    transfer->residual += surplus - moved;
    return 0;
}

/* The next stage: a surplus while there is one, else an exclusion. *ret_tied: those between whom nothing
 * decides. */
static int stage_next(struct transfer *transfer, option_set *gone, option_set *ret_tied)
{
    option_set highest = highest_surplus(transfer, transfer->elected & ~*gone);

    if (highest) {
        size_t index = NO_OPTION;
        tie_settle(transfer, highest, true, &index);
        if (index == NO_OPTION) {
            *ret_tied = highest;
            return 0;
        }
        *gone |= option_bit(index);
        return surplus_transfer(transfer, index);
    }
    option_set least = hopeful_least(transfer);
    option_set out = exclusion_choose(transfer, least);
    if (!out)
        *ret_tied = least;
    return out ? exclude(transfer, out) : 0;
}

int scottish_count(struct count *count, enum ranking_verdict *ret_verdict)
{
    struct transfer transfer;
    option_set gone = 0; /* elected, with their surplus gone on */
    int code = transfer_init(&transfer, count, UNITS);

    if (code)
        return code;
    transfer.quota = (transfer.ballots / (transfer.seats + 1) + 1) * UNITS; /* rule 46 */
    for (;;) {
        bool was_exclusion = transfer.stage->act == COMITY__V1__COUNT_ACT__COUNT_ACT_EXCLUDE;
        if (!was_exclusion || !transfer_is_complete(&transfer)) /* rule 52 */
            elect_by_quota(&transfer);
        bool is_over = transfer_is_complete(&transfer);
        code = stage_end(&transfer);
        if (code || is_over)
            break;
        option_set tied = 0;
        code = stage_next(&transfer, &gone, &tied);
        if (code)
            return code;
        if (tied) {
            *ret_verdict = RANKING_TIED;
            return outcome_choose(count, tied);
        }
    }
    *ret_verdict = RANKING_CHOSEN;
    return code ? code : transfer_fill(&transfer);
}
