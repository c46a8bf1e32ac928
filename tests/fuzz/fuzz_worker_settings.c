/* The configuration of comity-worker, by its own table. In it ~ stands for a directory in which there are key files and
 * a token of ours, so that there is something to name. */
#include <stdio.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/keyfile.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"
#include "worker/settings.h"

enum { PATH_BYTES = 512 };

static void join(char path[PATH_BYTES], const char *directory, const char *name)
{
    FUZZ_NEED(snprintf(path, PATH_BYTES, "%s/%s", directory, name) < PATH_BYTES);
}

/* Made once, and named by every input. */
static const char *keys_directory(void)
{
    static char directory[PATH_BYTES];
    char path[PATH_BYTES];
    struct connection_key connection;
    struct signing_key signing;

    if (directory[0] != '\0')
        return directory;
    FUZZ_NEED(key_init() == 0);
    snprintf(directory, sizeof(directory), "%s", fuzz_path("keys"));
    FUZZ_NEED(mkdir(directory, 0700) == 0);
    join(path, directory, "connection");
    FUZZ_NEED(connection_key_load_or_create(path, &connection) == 0);
    join(path, directory, "group");
    FUZZ_NEED(connection_key_load_or_create(path, &connection) == 0);
    join(path, directory, "log");
    FUZZ_NEED(signing_key_load_or_create(path, &signing) == 0);
    join(path, directory, "token");
    FILE *file = fopen(path, "w");
    FUZZ_NEED(file != NULL && fchmod(fileno(file), 0600) == 0 && fputs("token\n", file) >= 0 && fclose(file) == 0);
    return directory;
}

static struct bytes expanded(const uint8_t *data, size_t size, struct arena *arena)
{
    const char *directory = keys_directory();
    size_t length = strlen(directory), at = 0;
    uint8_t *whole = arena_alloc(arena, size * length + 1);

    FUZZ_NEED(whole != NULL);
    for (size_t i = 0; i < size; i++) {
        if (data[i] != '~') {
            whole[at++] = data[i];
            continue;
        }
        memcpy(whole + at, directory, length);
        at += length;
    }
    return BYTES(whole, at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    char reason[CONFIG_REASON_MAX] = "";
    struct worker_settings *settings = NULL;

    if (size > 64 * 1024)
        return 0;
    struct bytes content = expanded(data, size, arena);
    int code = settings_load(fuzz_file(content.data, content.size), &settings, reason);
    if (code != 0) {
        FUZZ_NEED(settings == NULL && strlen(reason) > 10 && utf8_is_valid(BYTES(reason, strlen(reason))));
        return 0;
    }
    fuzz_accept();
    FUZZ_NEED(settings->threads >= 1 && settings->jobs.count >= 1 && settings->broker_count >= 1);
    FUZZ_NEED(settings_needs_restart(settings, settings) == NULL);
    for (size_t i = 0; i < RATE_COUNT; i++)
        FUZZ_NEED(settings->rates.of[i].at_once >= 1);
    settings_destroy(&settings);
    return 0;
}
