/* A checkpoint or a receipt that somebody else has sent, held against a copy of a record: `comity audit --checkpoint`,
 * `--receipt`.
 *
 * Input: 1 byte: 0 a checkpoint, 1 a receipt | a piece: the file that was sent | the rest: the copy. */
#include <fcntl.h>
#include <unistd.h>

#include "client/audit/audit.h"
#include "core/error.h"
#include "tests/fuzz/fuzz.h"

/* After every event of the corpus. */
#define AUDITED_MS INT64_C(4102444800000)

struct told {
    uint64_t findings, of_known;
    unsigned known;
};

static void take_finding(void *context, const struct audit_finding *finding)
{
    struct told *told = context;

    told->findings++;
    told->of_known += finding->check == AUDIT_KNOWN;
    FUZZ_NEED(finding->sentence != NULL && finding->sentence[0] != '\0');
}

static void take_history(void *context, const struct audit_history *history)
{
    struct told *told = context;

    told->known += history->known;
}

static void take_count(void *context, const struct recounted *recounted)
{
    (void) context;
    FUZZ_NEED(recounted->round != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    bool is_receipt = (fuzz_number(&input, 1) & 1) != 0;
    struct bytes sent = fuzz_piece(&input), copy = fuzz_rest(&input);
    struct told told = {0};
    struct audit_options options = {.checkpoints = &sent,
                                    .checkpoint_count = !is_receipt,
                                    .receipts = &sent,
                                    .receipt_count = is_receipt,
                                    .words = words_in_english,
                                    .now_ms = AUDITED_MS,
                                    .finding = take_finding,
                                    .history_end = take_history,
                                    .count = take_count,
                                    .context = &told};
    struct audit_summary summary;

    FUZZ_NEED(key_init() == 0);
    int given = is_receipt ? audit_receipt_check(sent) : audit_checkpoint_check(sent);
    FUZZ_NEED(given == 0 || given == ERR_MALFORMED || given == ERR_MEMORY);
    if (given != 0)
        return 0;
    int file = open(fuzz_file(copy.data, copy.size), O_RDONLY | O_CLOEXEC);
    FUZZ_NEED(file >= 0);
    int code = audit_read(&options, file, &summary);
    close(file);
    FUZZ_NEED(code == 0 || code == ERR_MALFORMED || code == ERR_MEMORY);
    FUZZ_NEED(told.known <= 1);
    if (code != 0 || !summary.is_whole)
        return 0;
    /* In a whole record it is found to fit, or said not to. */
    FUZZ_NEED((told.known == 1) == (told.of_known == 0));
    if (told.findings == 0)
        fuzz_accept();
    return 0;
}
