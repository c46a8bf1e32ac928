/* Runs a fuzz target over files and directories, without libFuzzer: every file as it is, cut short in several
 * places, and with bytes changed, from a fixed seed. Fails where there is nothing, or nothing that the parser
 * takes. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX_BYTES = 1024 * 1024, PATH_BYTES = 1024, CUTS = 24, CHANGES = 96, CHANGED_BYTES_MAX = 4 };

static unsigned long inputs;
static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t) (random_state >> 33) % limit;
}

/* With COMITY_FUZZ_KEEP each input is in that file while it runs: what is left there is the one that failed.
 */
static void keep(const uint8_t *data, size_t size)
{
    const char *path = getenv("COMITY_FUZZ_KEEP");
    FILE *file = path != NULL ? fopen(path, "wb") : NULL;

    if (file != NULL) {
        fwrite(data, 1, size, file);
        fclose(file);
    }
}

/* In memory of its own, so that reading over its edge is seen. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    FUZZ_NEED(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    keep(data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_changed(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size);

    FUZZ_NEED(copy != NULL);
    for (unsigned i = 0; i < CHANGES; i++) {
        memcpy(copy, data, size);
        for (uint32_t n = 1 + random_below(CHANGED_BYTES_MAX); n > 0; n--)
            copy[random_below((uint32_t) size)] ^= (uint8_t) (1U << random_below(8));
        run(copy, size);
    }
    free(copy);
}

static void replay_file(const char *path)
{
    uint8_t *data = malloc(INPUT_MAX_BYTES);
    FILE *file = fopen(path, "rb");

    FUZZ_NEED(data != NULL);
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size_t size = fread(data, 1, INPUT_MAX_BYTES, file);
    FUZZ_NEED(fclose(file) == 0);
    inputs++;
    run(data, size);
    for (size_t i = 0; i < CUTS && size > 0; i++)
        run(data, size * i / CUTS);
    if (size > 0)
        run_changed(data, size);
    free(data);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
    struct stat status;
    struct dirent **entries;

    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        replay_file(path);
        return;
    }
    int count = scandir(path, &entries, is_visible, alphasort);
    if (count < 0) {
        perror(path);
        exit(1);
    }
    for (int i = 0; i < count; i++) {
        char inside[PATH_BYTES];
        snprintf(inside, sizeof(inside), "%s/%s", path, entries[i]->d_name);
        free(entries[i]);
        replay(inside);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%lu inputs, taken %lu times\n", inputs, fuzz_accepted());
    if (fuzz_accepted() == 0)
        fprintf(stderr, "nothing was taken: the corpus is empty, or of another format\n");
    return fuzz_accepted() > 0 ? 0 : 1;
}
