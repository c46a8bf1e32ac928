/* What comity keeps in its home: config.ini, and a context.
 *
 * Input: 1 byte: which (even, odd) | the file. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/context.h"
#include "client/cli/settings.h"
#include "core/error.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

enum { PATH_ROOM = 1024 };

static void write_under(const char *home, const char *name, struct bytes content)
{
    char path[PATH_ROOM + 32];

    snprintf(path, sizeof(path), "%s/%s", home, name);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_NEED(file >= 0 && write(file, content.data, content.size) == (ssize_t) content.size);
    close(file);
}

static void check_reason(const char *reason)
{
    FUZZ_NEED(strlen(reason) > 10 && utf8_is_valid(BYTES(reason, strlen(reason))));
}

static void read_kept(const char *home)
{
    struct kept_settings kept;
    char reason[SETTING_REASON_MAX] = "";

    if (kept_settings_read(home, &kept, reason) != 0) {
        check_reason(reason);
        return;
    }
    fuzz_accept();
    for (unsigned i = 0; i < SETTING_KEPT_COUNT; i++)
        FUZZ_NEED(memchr(kept.values[i], '\0', SETTING_VALUE_MAX) != NULL);
}

static void read_context(const char *home)
{
    struct context context;
    char reason[CONTEXT_REASON_MAX] = "";

    if (context_load(home, "main", &context, reason) != 0) {
        check_reason(reason);
        return;
    }
    fuzz_accept();
    FUZZ_NEED(context.place.broker_count <= PLACE_BROKERS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    char home[PATH_ROOM], contexts[PATH_ROOM + 16];
    bool is_context = fuzz_number(&input, 1) % 2 == 1;
    struct bytes content = fuzz_rest(&input);

    snprintf(home, sizeof(home), "%s", fuzz_path("home"));
    FUZZ_NEED(mkdir(home, 0700) == 0);
    snprintf(contexts, sizeof(contexts), "%s/contexts", home);
    FUZZ_NEED(mkdir(contexts, 0700) == 0);
    write_under(home, is_context ? "contexts/main.ini" : "config.ini", content);
    if (is_context)
        read_context(home);
    else
        read_kept(home);
    return 0;
}
