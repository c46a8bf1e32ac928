/* The configuration of comity-broker, by its own table. */
#include "broker/settings.h"
#include "core/error.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char reason[CONFIG_REASON_MAX] = "";
    struct settings *settings = NULL;
    int code = settings_read(fuzz_file(data, size), &settings, reason);

    if (code != 0) {
        FUZZ_NEED(settings == NULL && strlen(reason) > 10 && utf8_is_valid(BYTES(reason, strlen(reason))));
        return 0;
    }
    fuzz_accept();
    FUZZ_NEED(settings->admission.worker_count <= ADMISSION_WORKERS_MAX);
    FUZZ_NEED(settings->limits.pending >= 1 && settings->limits.pending <= PENDING_LIMIT_MAX);
    (void) settings_check(settings, reason);
    settings_destroy(&settings);
    return 0;
}
