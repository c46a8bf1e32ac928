/* A copy of a record, audited: whatever is in the file, the run ends, and where nothing is told every event was
 * decided again, or is named as one that could not be. */
#include <fcntl.h>
#include <unistd.h>

#include "client/audit/audit.h"
#include "core/error.h"
#include "tests/fuzz/fuzz.h"

/* After every event of the corpus; before none that an audit would call too late. */
#define AUDITED_MS INT64_C(4102444800000)

struct told {
    uint64_t findings, events, decided, undecided;
    uint32_t histories;
    bool is_signed;
};

static void take_finding(void *context, const struct audit_finding *finding)
{
    struct told *told = context;

    told->findings++;
    FUZZ_NEED(finding->sentence != NULL && finding->sentence[0] != '\0');
    FUZZ_NEED(audit_check_name(finding->check)[0] != '?');
}

static void take_history(void *context, const struct audit_history *history)
{
    struct told *told = context;

    told->histories++;
    told->events += history->events;
    told->decided += history->decided;
    told->undecided += history->withheld.count + history->undecided.count;
    told->is_signed = told->is_signed && history->is_signed;
    FUZZ_NEED(!history->is_signed || history->is_whole);
    FUZZ_NEED(history->finality.final <= history->head);
    for (size_t i = 0; i < history->cosigner_count; i++)
        FUZZ_NEED(!history->cosigners[i].is_good || history->cosigners[i].size <= history->head);
}

static void take_count(void *context, const struct recounted *recounted)
{
    (void) context;
    FUZZ_NEED(recounted->round != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told = {.is_signed = true};
    struct audit_options options = {.words = words_in_english,
                                    .now_ms = AUDITED_MS,
                                    .finding = take_finding,
                                    .history_end = take_history,
                                    .count = take_count,
                                    .context = &told};
    struct audit_summary summary;

    FUZZ_NEED(key_init() == 0);
    int file = open(fuzz_file(data, size), O_RDONLY | O_CLOEXEC);
    FUZZ_NEED(file >= 0);
    int code = audit_read(&options, file, &summary);
    close(file);
    FUZZ_NEED(code == 0 || code == ERR_MALFORMED || code == ERR_MEMORY);
    FUZZ_NEED(told.findings == summary.findings);
    if (code != 0 || summary.findings > 0 || !summary.is_whole)
        return 0;
    FUZZ_NEED(told.is_signed && told.histories == summary.histories);
    FUZZ_NEED(told.events == summary.events && told.decided + told.undecided == told.events);
    FUZZ_NEED(!summary.is_backup || (summary.is_sealed && told.undecided == 0));
    fuzz_accept();
    return 0;
}
