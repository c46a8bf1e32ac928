/* Charter files: what founders write down before they sign. */
#include "client/cli/charter.h"
#include "core/error.h"
#include "core/key.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

static void check_reason(int code, const char *reason)
{
    FUZZ_NEED(code == ERR_CONFIG || code == ERR_MEMORY);
    FUZZ_NEED(strlen(reason) > 10 && utf8_is_valid(BYTES(reason, strlen(reason))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    char reason[CHARTER_REASON_MAX] = "";
    Comity__V1__NewConstituency *constituency = NULL;
    Comity__V1__Found *found = NULL;
    const char *path = fuzz_file(data, size);

    FUZZ_NEED(key_init() == 0);
    CLEANUP(comity_texts_destroy) struct comity_texts *texts = comity_texts_new();
    FUZZ_NEED(texts != NULL);
    int code = charter_read(path, arena, texts, &found, reason);
    if (code == 0) {
        fuzz_accept();
        FUZZ_NEED(name_is_valid(found->name) && found->title != NULL);
        FUZZ_NEED(comity__v1__found__get_packed_size(found) > 0);
        FUZZ_NEED(charter_founders(found->constituencies, found->n_constituencies, NULL, 0) < 100000);
    } else {
        check_reason(code, reason);
    }
    code = charter_read_constituency(path, arena, texts, &constituency, reason);
    if (code == 0) {
        fuzz_accept();
        FUZZ_NEED(comity__v1__new_constituency__get_packed_size(constituency) > 0);
    } else {
        check_reason(code, reason);
    }
    return 0;
}
