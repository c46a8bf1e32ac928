/* Requests for a further key, as they come from another machine. */
#include "client/cli/key_request.h"
#include "core/error.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    uint8_t key[KEY_SIZE] = {77}, again[KEY_SIZE];
    char reason[FILE_REASON_MAX];

    int code = key_request_read(arena_string(arena, fuzz_file(data, size)), arena, key, reason);
    if (code != 0) {
        FUZZ_NEED(code < 0 && (reason[0] != '\0') == (code == ERR_FILE || code == ERR_TOO_LARGE));
        return 0;
    }
    fuzz_accept();
    const char *path = arena_string(arena, fuzz_path("again"));
    FUZZ_NEED(key_request_write(path, key, arena, reason) == 0);
    FUZZ_NEED(key_request_read(path, arena, again, reason) == 0 && memcmp(again, key, KEY_SIZE) == 0);
    return 0;
}
