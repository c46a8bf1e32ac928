/* A single transferable vote by Meek's method, in the integers of the reference rule of the Proportional
 * Representation Foundation (nine decimal places, iterated to a surplus below 0.000001), which follows Hill,
 * Wichmann and Woodall, Algorithm 123 (The Computer Journal 30, 1987). docs/rules.md R-55 */
#include "core/error.h"
#include "core/rule/transfer.h"

#define UNITS UINT64_C(1000000000)
#define ANYBODY_ELECTED UINT64_MAX /* instead of a surplus */
enum {
    OMEGA = 1000,          /* a total surplus below this is none, and votes that differ by no more tie */
    ITERATIONS_MAX = 1000, /* within one stage: what is left then is taken as it stands */
};

struct meek {
    struct transfer transfer;
    uint64_t keep[OPTIONS_MAX]; /* which part of a vote an option keeps */
};

static uint64_t multiply_up(uint64_t a, uint64_t b, uint64_t divisor)
{
    return (uint64_t) (((unsigned __int128) a * b + divisor - 1) / divisor);
}

/* Each ballot gives each option in its order the part that it keeps, until nothing is left; then the quota.
 */
static void distribute(struct meek *meek)
{
    struct transfer *transfer = &meek->transfer;
    uint64_t total = 0;

    memset(transfer->votes, 0, sizeof(transfer->votes));
    transfer->non_transferable = 0;
    for (size_t i = 0; i < transfer->parcel_count; i++) {
        const struct parcel *parcel = &transfer->parcels[i];
        uint64_t weight = UNITS;
        for (size_t at = 0; at < parcel->length && weight > 0; at++) {
            uint64_t kept = multiply_up(weight, meek->keep[parcel->order[at]], UNITS);
            transfer->votes[parcel->order[at]] += kept * parcel->count;
            weight -= kept;
        }
        transfer->non_transferable += weight * parcel->count;
        total += (UNITS - weight) * parcel->count;
    }
    transfer->quota = total / (transfer->seats + 1) + 1;
}

/* What elected options have above the quota, together. */
static uint64_t surplus_of(const struct transfer *transfer)
{
    int64_t surplus = 0;
    for (option_set left = transfer->elected; left; left &= left - 1)
        surplus += (int64_t) transfer->votes[options_first(left)] - (int64_t) transfer->quota;
    return surplus > 0 ? (uint64_t) surplus : 0;
}

/* Elected options keep so much less as they have too much. What rounding takes them below the quota does not
 * make them keep more than all. */
static void keep_update(struct meek *meek)
{
    const struct transfer *transfer = &meek->transfer;

    for (option_set left = transfer->elected; left; left &= left - 1) {
        size_t index = options_first(left);
        uint64_t needed = multiply_up(meek->keep[index], transfer->quota, UNITS);
        uint64_t keep =
            transfer->votes[index] > 0 ? multiply_up(needed, UNITS, transfer->votes[index]) : UNITS;
        meek->keep[index] = keep < UNITS ? keep : UNITS;
    }
}

/* The stage ITERATE, where there is a surplus: until somebody is elected, or what is left of it is next to
 * nothing, or no longer falls. *ret_surplus: what is left, or ANYBODY_ELECTED. */
static int iterate(struct meek *meek, uint64_t *ret_surplus)
{
    struct transfer *transfer = &meek->transfer;
    uint64_t last = UINT64_MAX;
    uint64_t surplus = surplus_of(transfer);
    bool is_anybody_elected = false;

    *ret_surplus = surplus;
    if (surplus < OMEGA)
        return 0;
    int code = stage_begin(transfer, COMITY__V1__COUNT_ACT__COUNT_ACT_ITERATE, transfer->elected);
    if (code)
        return code;
    for (unsigned i = 0; i < ITERATIONS_MAX && surplus >= OMEGA && surplus < last && !is_anybody_elected;
         i++) {
        last = surplus;
        keep_update(meek);
        distribute(meek);
        is_anybody_elected = elect_by_quota(transfer);
        surplus = surplus_of(transfer);
    }
    *ret_surplus = is_anybody_elected ? ANYBODY_ELECTED : surplus;
    return stage_end(transfer);
}

/* The stage EXCLUDE. Whoever is no further from the weakest than the surplus that is left, or than rounding
 * can make of what is equal, ties with it. */
static int exclude_least(struct meek *meek, uint64_t surplus, option_set *ret_tied)
{
    struct transfer *transfer = &meek->transfer;
    transfer->tie_within = surplus > OMEGA ? surplus : OMEGA;
    option_set least = hopeful_least(transfer);
    option_set out = exclusion_choose(transfer, least);

    if (!out) {
        *ret_tied = least;
        return 0;
    }
    int code = stage_begin(transfer, COMITY__V1__COUNT_ACT__COUNT_ACT_EXCLUDE, out);
    if (code)
        return code;
    transfer->hopeful &= ~out;
    for (option_set left = out; left; left &= left - 1)
        meek->keep[options_first(left)] = 0;
    distribute(meek);
    if (!transfer_is_complete(transfer))
        elect_by_quota(transfer);
    return stage_end(transfer);
}

int meek_count(struct count *count, enum ranking_verdict *ret_verdict)
{
    struct meek meek;
    option_set tied = 0;
    int code = transfer_init(&meek.transfer, count, UNITS);

    if (code)
        return code;
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        meek.keep[i] = UNITS;
    distribute(&meek);
    elect_by_quota(&meek.transfer);
    code = stage_end(&meek.transfer);
    while (!code && !tied && !transfer_is_complete(&meek.transfer)) {
        uint64_t surplus = 0;
        code = iterate(&meek, &surplus);
        if (!code && surplus != ANYBODY_ELECTED)
            code = exclude_least(&meek, surplus, &tied);
    }
    if (code)
        return code;
    *ret_verdict = tied ? RANKING_TIED : RANKING_CHOSEN;
    return tied ? outcome_choose(count, tied) : transfer_fill(&meek.transfer);
}
