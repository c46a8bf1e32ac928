/* A copy of a record, counted anew: whatever is in the file, the run ends, and it never says that all is well
 * of a file whose checkpoint does not fit. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/rules/recount.h"
#include "core/error.h"
#include "core/key.h"
#include "tests/fuzz/fuzz.h"

struct told {
    uint64_t counts, faults;
};

static void take_count(void *context, const struct recounted *recounted)
{
    struct told *told = context;

    told->counts++;
    FUZZ_NEED(recounted->round != NULL);
    FUZZ_NEED((recounted->obstacles.count > 0) == (recounted->verdict == RECOUNT_IMPOSSIBLE));
    FUZZ_NEED(recounted->verdict != RECOUNT_SAME || recounted->counted != NULL);
    FUZZ_NEED(
        recounted->verdict != RECOUNT_SAME ||
        (recounted->difference_count == 0 && recounted->wrong.count == 0 && recounted->obstacles.count == 0));
    for (size_t i = 0; i < recounted->difference_count && i < DIFFERENCES_MAX; i++)
        FUZZ_NEED(recounted->differences[i].where && recounted->differences[i].recorded);
}

static void take_fault(void *context, uint64_t sequence, const char *sentence)
{
    struct told *told = context;

    (void) sequence;
    told->faults++;
    FUZZ_NEED(sentence != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told = {0};
    struct recount_options options = {
        .words = words_in_english, .count = take_count, .fault = take_fault, .context = &told};
    struct recount_summary summary;

    FUZZ_NEED(key_init() == 0);
    int file = open(fuzz_file(data, size), O_RDONLY | O_CLOEXEC);
    FUZZ_NEED(file >= 0);
    int code = recount_read(&options, file, &summary);
    close(file);
    FUZZ_NEED(code == 0 || code == ERR_MALFORMED || code == ERR_MEMORY);
    FUZZ_NEED(told.faults == summary.faults);
    FUZZ_NEED(!summary.is_signed || summary.is_whole);
    if (code == 0 && told.counts > 0)
        fuzz_accept();
    return 0;
}
