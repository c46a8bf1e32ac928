/* Put values into etcd over the connection that the ordered log uses: what it costs etcd alone. Lines of standard input say
 * "BYTES [AT_ONCE]": the size of a value, and how many puts are under way at any time (1 to 256), each over a
 * connection of its own and one after the other; an object in JSON for each line on standard output.
 *
 * usage: puts ENDPOINT CA CERTIFICATE KEY SECONDS */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "core/arena.h"
#include "worker/log/etcd.h"

enum { AT_ONCE_MAX = 256, SAMPLES_MAX = 1 << 16, ARENA_BYTES = 64 * 1024, TIMEOUT_MS = 10000 };

struct putter {
    struct etcd *etcd;
    struct arena *arena;
    char key[16];
    const uint8_t *value;
    size_t size;
    double seconds;
    pthread_t thread;
    double samples[SAMPLES_MAX]; /* us */
    size_t count;
};

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static void die(const char *what, const char *reason)
{
    fprintf(stderr, "puts: %s: %s\n", what, reason);
    exit(1);
}

static void put_one(struct putter *putter)
{
    Etcdserverpb__PutRequest put = ETCDSERVERPB__PUT_REQUEST__INIT;
    Etcdserverpb__RequestOp op = ETCDSERVERPB__REQUEST_OP__INIT;
    Etcdserverpb__TxnRequest txn = ETCDSERVERPB__TXN_REQUEST__INIT;
    Etcdserverpb__RequestOp *ops[] = {&op};
    Etcdserverpb__TxnResponse *response = NULL;
    put.key = (ProtobufCBinaryData){.len = strlen(putter->key), .data = (uint8_t *) putter->key};
    put.value = (ProtobufCBinaryData){.len = putter->size, .data = (uint8_t *) (uintptr_t) putter->value};
    op.request_case = ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_PUT;
    op.request_put = &put;
    txn.n_success = 1;
    txn.success = ops;
    arena_reset(putter->arena);
    struct etcd_result result = etcd_txn(putter->etcd, &txn, TIMEOUT_MS, putter->arena, &response);
    if (result.fate != ETCD_ANSWERED)
        die("put", result.reason);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return x < y ? -1 : x > y;
}

static void *put_on(void *context)
{
    struct putter *putter = context;
    double last_us = now_us(), end_us = last_us + putter->seconds * 1e6;
    putter->count = 0;
    while (last_us < end_us && putter->count < SAMPLES_MAX) {
        put_one(putter);
        double now = now_us();
        putter->samples[putter->count++] = now - last_us;
        last_us = now;
    }
    return NULL;
}

static void measure(struct putter *const *putters, size_t at_once, size_t size, double seconds)
{
    uint8_t *value = malloc(size > 0 ? size : 1);
    double *all = malloc(at_once * SAMPLES_MAX * sizeof(*all));
    size_t count = 0;
    if (!value || !all)
        die("value", "no memory");
    randombytes_buf(value, size);
    for (size_t i = 0; i < at_once; i++) {
        putters[i]->value = value;
        putters[i]->size = size;
        putters[i]->seconds = seconds;
        put_one(putters[i]); /* connected and warm */
    }
    double start_us = now_us();
    for (size_t i = 0; i < at_once; i++)
        if (pthread_create(&putters[i]->thread, NULL, put_on, putters[i]) != 0)
            die("thread", "cannot be started");
    for (size_t i = 0; i < at_once; i++)
        pthread_join(putters[i]->thread, NULL);
    double took_us = now_us() - start_us;
    for (size_t i = 0; i < at_once; i++) {
        memcpy(all + count, putters[i]->samples, putters[i]->count * sizeof(*all));
        count += putters[i]->count;
    }
    qsort(all, count, sizeof(*all), by_value);
    printf("{\"bytes\":%zu,\"at_once\":%zu,\"count\":%zu,\"per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f}\n", size, at_once,
           count, (double) count / took_us * 1e6, all[count / 2], all[count * 99 / 100]);
    fflush(stdout);
    free(all);
    free(value);
}

static struct putter *putter_new(const struct etcd_options *options, size_t number)
{
    char reason[ETCD_REASON_MAX] = "";
    struct putter *putter = calloc(1, sizeof(*putter));
    if (!putter || !(putter->arena = arena_new(ARENA_BYTES)) || etcd_new(options, &putter->etcd, reason) != 0)
        die("etcd", reason);
    snprintf(putter->key, sizeof(putter->key), "bench-%zu", number);
    return putter;
}

static void putter_destroy(struct putter *putter)
{
    etcd_destroy(&putter->etcd);
    arena_destroy(&putter->arena);
    free(putter);
}

int main(int argc, char **argv)
{
    static struct putter *putters[AT_ONCE_MAX];
    char line[64];
    size_t count = 0;
    if (argc != 6)
        die("usage", "puts ENDPOINT CA CERTIFICATE KEY SECONDS");
    if (sodium_init() < 0)
        die("libsodium", "cannot be used");
    signal(SIGPIPE, SIG_IGN);
    struct etcd_options options = {.endpoints = {argv[1]},
                                   .endpoint_count = 1,
                                   .ca_file = argv[2],
                                   .cert_file = argv[3],
                                   .key_file = argv[4]};
    while (fgets(line, sizeof(line), stdin)) {
        char *rest;
        size_t size = strtoul(line, &rest, 10), at_once = strtoul(rest, NULL, 10);
        at_once = at_once < 1 ? 1 : at_once > AT_ONCE_MAX ? AT_ONCE_MAX : at_once;
        for (; count < at_once; count++)
            putters[count] = putter_new(&options, count);
        measure(putters, at_once, size, strtod(argv[5], NULL));
    }
    while (count > 0)
        putter_destroy(putters[--count]);
    return 0;
}
