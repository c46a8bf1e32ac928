/* A store made from an export stream that anybody may have written: all of it, or nothing. */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scene_of_corpus.h"
#include "worker/export.h"

/* But for the empty directory by which a worker's start knows. */
static bool is_nothing_left(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    bool is_empty = true;

    if (directory == NULL)
        return true;
    while ((entry = readdir(directory)) != NULL)
        is_empty = is_empty &&
                   (entry->d_name[0] == '.' || unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR) == 0);
    closedir(directory);
    return is_empty;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t SEED[SEED_SIZE] = {7};
    struct signing_key log_key;
    struct export_totals totals;
    char reason[EXPORT_REASON_MAX] = "";

    FUZZ_NEED(key_init() == 0);
    signing_key_from_seed(SEED, &log_key);
    int file = open(fuzz_file(data, size), O_RDONLY | O_CLOEXEC);
    FUZZ_NEED(file >= 0);
    struct restore_options options = {.directory = fuzz_path("store"),
                                      .map_limit_bytes = 16 * 1024 * 1024,
                                      .group = CORPUS_GROUP,
                                      .log_key = &log_key,
                                      .time_ms = CORPUS_TIME_MS};
    int code = restore_read(&options, file, &totals, reason);
    close(file);
    if (code == 0) {
        fuzz_accept();
        FUZZ_NEED(totals.events > 0 && totals.bytes == size);
    } else {
        FUZZ_NEED(strlen(reason) > 10 && code != ERR_INTERNAL);
        FUZZ_NEED(is_nothing_left(options.directory));
    }
    fuzz_remove(options.directory);
    return 0;
}
