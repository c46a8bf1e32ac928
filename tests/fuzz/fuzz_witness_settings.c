/* The configuration of comity-witness, by its own table. */
#include "client/witness/settings.h"
#include "core/error.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char reason[CONFIG_REASON_MAX] = "";
    struct witness_settings *settings = NULL;
    int code = witness_settings_load(fuzz_file(data, size), &settings, reason);

    if (code != 0) {
        FUZZ_NEED(settings == NULL && strlen(reason) > 10 && utf8_is_valid(BYTES(reason, strlen(reason))));
        return 0;
    }
    fuzz_accept();
    FUZZ_NEED(name_is_valid(settings->name) && settings->interval_s >= 1);
    FUZZ_NEED(settings->history_count >= 1 && settings->history_count <= WITNESS_HISTORIES_MAX);
    for (size_t i = 0; i < settings->history_count; i++) {
        const struct history_settings *history = &settings->histories[i];
        FUZZ_NEED(history->broker_count >= 1 && history->broker_count <= COMITY_BROKERS_MAX);
        FUZZ_NEED(witness_settings_find(settings, history->name) == history);
        for (size_t b = 0; b < history->broker_count; b++)
            FUZZ_NEED(history->brokers[b].endpoint == history->endpoints[b]);
    }
    witness_settings_destroy(&settings);
    return 0;
}
