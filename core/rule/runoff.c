/* An instant run-off: the weakest option drops out until one has more than half of the ballots that still
 * count. docs/rules.md R-53 */
#include "core/error.h"
#include "core/rule/transfer.h"

/* More than half of the ballots that name an option that is still in. */
static void quota_set(struct transfer *transfer)
{
    transfer->quota = (transfer->ballots - transfer->non_transferable) / 2 + 1;
}

int runoff_count(struct count *count, enum ranking_verdict *ret_verdict)
{
    struct transfer transfer;
    int code = transfer_init(&transfer, count, 1);

    if (code)
        return code;
    transfer.seats = 1;
    for (;;) {
        quota_set(&transfer);
        elect_by_quota(&transfer);
        code = stage_end(&transfer);
        if (code || transfer_is_complete(&transfer))
            break;
        option_set least = hopeful_least(&transfer);
        option_set out = exclusion_choose(&transfer, least);
        if (!out) {
            *ret_verdict = RANKING_TIED;
            return outcome_choose(count, least);
        }
        code = exclude(&transfer, out);
        if (code)
            return code;
    }
    *ret_verdict = RANKING_CHOSEN;
    return code ? code : transfer_fill(&transfer);
}
