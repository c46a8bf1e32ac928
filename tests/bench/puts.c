/* Put a value into etcd, one after the other, over the connection that the ordered log uses: what an append
 * of that size costs etcd alone. Sizes in bytes are read from standard input, one a line; an object in JSON
 * for each on standard output.
 *
 * usage: puts ENDPOINT CA CERTIFICATE KEY SECONDS */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "core/arena.h"
#include "worker/log/etcd.h"

enum { SAMPLES_MAX = 1 << 20, ARENA_BYTES = 4 * 1024 * 1024, TIMEOUT_MS = 10000 };

struct bench {
    struct etcd *etcd;
    struct arena *arena;
    double seconds;
    double samples[SAMPLES_MAX];
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

static void put_one(struct bench *bench, uint8_t *value, size_t size)
{
    Etcdserverpb__PutRequest put = ETCDSERVERPB__PUT_REQUEST__INIT;
    Etcdserverpb__RequestOp op = ETCDSERVERPB__REQUEST_OP__INIT;
    Etcdserverpb__TxnRequest txn = ETCDSERVERPB__TXN_REQUEST__INIT;
    Etcdserverpb__RequestOp *ops[] = {&op};
    Etcdserverpb__TxnResponse *response = NULL;
    put.key = (ProtobufCBinaryData){.len = 5, .data = (uint8_t *) "bench"};
    put.value = (ProtobufCBinaryData){.len = size, .data = value};
    op.request_case = ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_PUT;
    op.request_put = &put;
    txn.n_success = 1;
    txn.success = ops;
    arena_reset(bench->arena);
    struct etcd_result result = etcd_txn(bench->etcd, &txn, TIMEOUT_MS, bench->arena, &response);
    if (result.fate != ETCD_ANSWERED)
        die("put", result.reason);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return x < y ? -1 : x > y;
}

static void measure(struct bench *bench, size_t size)
{
    uint8_t *value = malloc(size > 0 ? size : 1);
    if (!value)
        die("value", "no memory");
    randombytes_buf(value, size);
    put_one(bench, value, size); /* connected and warm */
    double start_us = now_us(), end_us = start_us + bench->seconds * 1e6, last_us = start_us;
    size_t count = 0;
    while (last_us < end_us && count < SAMPLES_MAX) {
        put_one(bench, value, size);
        double now = now_us();
        bench->samples[count++] = now - last_us;
        last_us = now;
    }
    free(value);
    qsort(bench->samples, count, sizeof(bench->samples[0]), by_value);
    printf("{\"bytes\":%zu,\"count\":%zu,\"per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f}\n", size, count,
           (double) count / (last_us - start_us) * 1e6, bench->samples[count / 2],
           bench->samples[count * 99 / 100]);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    char reason[ETCD_REASON_MAX] = "", line[32];
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
    bench.seconds = strtod(argv[5], NULL);
    bench.arena = arena_new(ARENA_BYTES);
    if (!bench.arena || etcd_new(&options, &bench.etcd, reason) != 0)
        die("etcd", reason);
    while (fgets(line, sizeof(line), stdin))
        measure(&bench, strtoul(line, NULL, 10));
    etcd_destroy(&bench.etcd);
    arena_destroy(&bench.arena);
    return 0;
}
