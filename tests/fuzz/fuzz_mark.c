/* The number of the last commit beside a store, in writer.lock. Input: the file. */
#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"
#include "tests/fuzz/fuzz.h"
#include "worker/store/store_internal.h"

enum { MARK_AT = 32, MARK_SIZE = 34 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t written[MARK_SIZE];
    int file = open(fuzz_file(data, size), O_RDWR | O_CLOEXEC);

    FUZZ_NEED(file >= 0);
    uint64_t number = mark_read(file);
    if (number != 0) { /* there is one form alone */
        fuzz_accept();
        mark_write(file, number);
        FUZZ_NEED(pread(file, written, MARK_SIZE, MARK_AT) == MARK_SIZE);
        FUZZ_NEED(memcmp(written, data + MARK_AT, MARK_SIZE) == 0);
    }
    close(file);
    return 0;
}
