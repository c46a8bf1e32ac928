/* What texts cost in the store: written, 64 a commit, and erased, a thousand at once among many; and what the other way would have
 * cost that ADR 0023 decided against, a further file that is synced with every commit. One JSON object a line.
 *
 * Usage: bench-erasure DIRECTORY TEXTS (on the disk that the worker would use; removed afterwards). */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "core/key.h"
#include "worker/store/store.h"

enum { A_COMMIT = 64, ERASED_MAX = 1000, TEXT_BYTES = 300, SYNCS = 200 };

static const uint8_t GROUP[GROUP_ID_SIZE] = "a group of tests";
static const uint8_t ID[HISTORY_ID_SIZE] = "a history of many words";

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec * 1e3 + (double) t.tv_nsec / 1e6;
}

static double cpu_ms(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* Anonymous memory; what is mapped of the file is the kernel's to take back. */
static double anonymous_mib(void)
{
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof(line), file))
        sscanf(line, "RssAnon: %ld", &kib);
    if (file)
        fclose(file);
    return (double) kib / 1024;
}

static void check(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void text_append(struct store_txn *txn, struct store_history *history, uint8_t ret_hash[HASH_SIZE])
{
    struct event_header header = {.level = 1, .epoch = 1, .sequence = history->head + 1, .time_ms = 1};
    uint8_t content[TEXT_BYTES];
    struct event_part part = {
        .kind = COMITY__V1__PART_KIND__PART_KIND_TEXT, .audience = 1, .content = BYTES(content, sizeof(content))};
    randombytes_buf(content, sizeof(content));
    randombytes_buf(part.salt, sizeof(part.salt));
    memcpy(header.history, ID, HISTORY_ID_SIZE);
    event_part_hash(&part);
    memcpy(ret_hash, part.hash, HASH_SIZE);
    event_commitment(&part, 1, header.commitment);
    check(store_event_append(txn, history, &header, &part, 1) == 0, "append");
}

static void write_all(struct store *store, unsigned count, uint8_t (*hashes)[HASH_SIZE])
{
    double started = now_ms(), cpu = cpu_ms();
    for (unsigned done = 0; done < count;) {
        struct store_history history;
        struct store_txn *txn;
        check(store_begin_write(store, &txn) == 0, "begin");
        check(store_history_get(txn, ID, &history) == 0 || store_history_create(txn, ID, &history) == 0, "history");
        unsigned until = done + A_COMMIT < count ? done + A_COMMIT : count;
        for (unsigned i = done; i < until; i++)
            text_append(txn, &history, hashes[i]);
        check(store_commit(&txn) == 0, "commit");
        done = until;
    }
    printf("{\"name\":\"write\",\"texts\":%u,\"per_second\":%.0f,\"cpu_us\":%.1f}\n", count,
           count / (now_ms() - started) * 1e3, (cpu_ms() - cpu) * 1e3 / count);
}

static void erase(struct store *store, unsigned count, unsigned erased, uint8_t (*hashes)[HASH_SIZE])
{
    uint64_t before, after, limit;
    double memory = anonymous_mib(), started = now_ms(), cpu = cpu_ms();
    struct store_history history;
    struct store_txn *txn;
    bool was_there;
    store_usage(store, &before, &limit);
    check(store_begin_write(store, &txn) == 0 && store_history_get(txn, ID, &history) == 0, "begin");
    for (unsigned i = 0; i < erased; i++)
        check(store_text_erase(txn, &history, hashes[(size_t) i * count / erased], &was_there) == 0, "erase");
    check(store_commit(&txn) == 0, "commit");
    double took = now_ms() - started;
    cpu = cpu_ms() - cpu;
    store_usage(store, &after, &limit);
    printf("{\"name\":\"erase\",\"texts\":%u,\"erased\":%u,\"took_ms\":%.1f,\"cpu_ms\":%.1f,\"anonymous_mib_before\":%.1f,"
           "\"anonymous_mib_after\":%.1f,\"file_mib_before\":%.1f,\"file_mib_after\":%.1f}\n",
           count, erased, took, cpu, memory, anonymous_mib(), (double) before / 1048576,
           (double) after / 1048576);
}

/* The way not taken: a key a text, appended to a file beside and synced before LMDB commits. */
static void sync_beside(const char *directory)
{
    char path[4096];
    uint8_t keys[48 * A_COMMIT] = {0};
    snprintf(path, sizeof(path), "%s/beside", directory);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    check(file >= 0, "open");
    double started = now_ms();
    for (unsigned i = 0; i < SYNCS; i++)
        check(write(file, keys, sizeof(keys)) == (ssize_t) sizeof(keys) && fdatasync(file) == 0, "sync");
    printf("{\"name\":\"sync_beside\",\"a_commit_ms\":%.3f}\n", (now_ms() - started) / SYNCS);
    close(file);
    unlink(path);
}

int main(int argc, char **argv)
{
    static const char *const FILES[] = {"data.mdb", "keys", "lock.mdb", "writer.lock"};
    char directory[4000], path[4096], reason[STORE_REASON_MAX] = "";
    unsigned count = argc == 3 ? (unsigned) strtoul(argv[2], NULL, 10) : 0;
    check(count > 0 && key_init() == 0, "usage: bench-erasure DIRECTORY TEXTS");
    snprintf(directory, sizeof(directory), "%s/erasure-XXXXXX", argv[1]);
    check(mkdtemp(directory) != NULL, "mkdtemp");
    struct store_options options = {directory, UINT64_C(8) << 30, GROUP, false};
    struct store *store;
    uint8_t(*hashes)[HASH_SIZE] = calloc(count, HASH_SIZE);
    check(hashes != NULL, "memory");
    check(store_open(&options, &store, reason) == 0, reason);
    while (store_grow(store) == 0)
        continue;
    sync_beside(directory);
    write_all(store, count, hashes);
    erase(store, count, count < ERASED_MAX ? count : ERASED_MAX, hashes);
    store_close(&store);
    free(hashes);
    for (size_t i = 0; i < ARRAY_COUNT(FILES); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, FILES[i]);
        unlink(path);
    }
    rmdir(directory);
    return 0;
}
