/* The records of an export stream, one after the other. */
#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"
#include "tests/fuzz/fuzz.h"
#include "worker/export.h"
#include "core/daemon/export_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stream_source source;
    Comity__V1__ExportRecord *record;
    uint64_t before = 0;
    int code;

    FUZZ_NEED(key_init() == 0);
    int file = open(fuzz_file(data, size), O_RDONLY | O_CLOEXEC);
    FUZZ_NEED(file >= 0);
    source_init(&source, file);
    for (;;) {
        struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
        code = source_take(&source, arena, &record);
        if (code != 0)
            break;
        fuzz_accept();
        FUZZ_NEED(source.bytes > before && source.bytes <= size);
        before = source.bytes;
    }
    FUZZ_NEED(code < 0 && code != ERR_FILE && code != ERR_INTERNAL);
    FUZZ_NEED((code == ERR_NOT_FOUND) == (before == size));
    if (code == ERR_NOT_FOUND)
        FUZZ_NEED(source_at_end(&source) == 0);
    close(file);
    return 0;
}
