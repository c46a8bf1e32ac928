/* What a durable ballot stands on, measured bare: LMDB commits, CURVE round trips through a forwarder, signatures and
 * seals. One JSON object a line; tests/bench/run puts them beside the service's own figures of the same run.
 *
 * Nothing here is Comity's own code but the sizes. Usage: floor DIRECTORY (on the disk that the worker would use). */
#include <inttypes.h>
#include <lmdb.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { RUN_MS = 1500, SAMPLES_MAX = 1 << 20, FRAME_BYTES = 900, REPLY_BYTES = 1500 };

/* The rows that one ballot writes, as the store has them: key and value bytes (docs/storage.md). */
static const struct { const char *table; size_t key, value; } ROWS[] = {
    { "event", 12, 640 }, { "node", 13, 40 }, { "node", 13, 40 }, { "command", 20, 48 },
    { "state", 13, 64 },  { "state", 9, 12 }, { "history", 32, 40 },
};

static double samples_us[SAMPLES_MAX];

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static double cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a;
    double y = *(const double *) b;
    return x < y ? -1 : x > y;
}

static void print_samples(const char *name, unsigned in_flight, size_t count, size_t each, double wall_us, double cpu)
{
    qsort(samples_us, count, sizeof samples_us[0], by_value);
    printf("{\"name\":\"%s\",\"in_flight\":%u,\"per_second\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"cpu_us\":%.2f}\n", name,
           in_flight, (double) (count * each) / wall_us * 1e6, samples_us[count / 2], samples_us[count * 99 / 100],
           cpu / (double) (count * each));
    fflush(stdout);
}

static void check(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "floor: %s failed\n", what);
        exit(1);
    }
}

/* Commits of the rows of @ballots ballots at a time, with LMDB's defaults: one fsync each. */
static void measure_commits(const char *directory, unsigned ballots)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/floor-%u", directory, ballots);
    MDB_env *env = NULL;
    check(mkdir(path, 0700) == 0, "mkdir");
    check(mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, 8) == 0 && mdb_env_set_mapsize(env, 1UL << 30) == 0 &&
              mdb_env_open(env, path, 0, 0600) == 0,
          "mdb_env_open");
    enum { ROW_COUNT = sizeof ROWS / sizeof ROWS[0] };
    MDB_dbi tables[ROW_COUNT];
    MDB_txn *setup = NULL;
    check(mdb_txn_begin(env, NULL, 0, &setup) == 0, "begin");
    for (size_t r = 0; r < ROW_COUNT; r++)
        check(mdb_dbi_open(setup, ROWS[r].table, MDB_CREATE, &tables[r]) == 0, "dbi");
    check(mdb_txn_commit(setup) == 0, "commit");
    uint8_t value[1024];
    randombytes_buf(value, sizeof value);
    size_t count = 0;
    uint64_t number = 0;
    double start = now_us();
    double cpu = cpu_us();
    while (now_us() - start < RUN_MS * 1e3 && count < SAMPLES_MAX) {
        double before = now_us();
        MDB_txn *txn = NULL;
        check(mdb_txn_begin(env, NULL, 0, &txn) == 0, "begin");
        for (unsigned b = 0; b < ballots; b++, number++)
            for (size_t r = 0; r < ROW_COUNT; r++) {
                uint8_t key[64] = { 0 };
                uint64_t id = number * 8 + r;
                if (strcmp(ROWS[r].table, "command") == 0)
                    randombytes_buf(key, 16);
                else if (strcmp(ROWS[r].table, "history") != 0)
                    for (unsigned i = 0; i < 8; i++)
                        key[ROWS[r].key - 1 - i] = (uint8_t) (id >> (8 * i));
                MDB_val k = { ROWS[r].key, key };
                MDB_val v = { ROWS[r].value, value };
                check(mdb_put(txn, tables[r], &k, &v, 0) == 0, "put");
            }
        check(mdb_txn_commit(txn) == 0, "commit");
        samples_us[count++] = now_us() - before;
    }
    print_samples("lmdb_commit", ballots, count, ballots, now_us() - start, cpu_us() - cpu);
    mdb_env_close(env);
    char file[4200];
    snprintf(file, sizeof file, "%s/data.mdb", path);
    unlink(file);
    snprintf(file, sizeof file, "%s/lock.mdb", path);
    unlink(file);
    rmdir(path);
}

struct wire {
    void *context;
    char front[256];
    char back[256];
    char server_public[41], server_secret[41];
    volatile bool is_over;
};

static void *wire_socket(struct wire *wire, int type, bool is_server)
{
    void *socket = zmq_socket(wire->context, type);
    int zero = 0;
    int one = 1;
    int hwm = 10000;
    zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &hwm, sizeof hwm);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof hwm);
    if (is_server) {
        zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof one);
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, wire->server_secret, 41);
        return socket;
    }
    char public_key[41];
    char secret_key[41];
    zmq_curve_keypair(public_key, secret_key);
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, wire->server_public, 41);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, 41);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, 41);
    return socket;
}

/* Pass parts from one ROUTER to the other: {id, frame} in, {id of the other side, frame} out. One client, one echo. */
static void *forward(void *argument)
{
    struct wire *wire = argument;
    void *front = wire_socket(wire, ZMQ_ROUTER, true);
    void *back = wire_socket(wire, ZMQ_ROUTER, true);
    check(zmq_bind(front, "tcp://127.0.0.1:*") == 0 && zmq_bind(back, "tcp://127.0.0.1:*") == 0, "bind");
    size_t size = sizeof wire->front;
    zmq_getsockopt(back, ZMQ_LAST_ENDPOINT, wire->back, &size);
    size = sizeof wire->front;
    zmq_getsockopt(front, ZMQ_LAST_ENDPOINT, wire->front, &size);
    __sync_synchronize();
    uint8_t id[2][16];
    size_t id_size[2] = { 0, 0 };
    void *sockets[2] = { front, back };
    while (!wire->is_over) {
        zmq_pollitem_t items[2] = { { front, 0, ZMQ_POLLIN, 0 }, { back, 0, ZMQ_POLLIN, 0 } };
        zmq_poll(items, 2, 50);
        for (int side = 0; side < 2; side++)
            for (int n = 0; n < 256 && (items[side].revents & ZMQ_POLLIN) != 0; n++) {
                int got = zmq_recv(sockets[side], id[side], sizeof id[side], ZMQ_DONTWAIT);
                if (got < 0)
                    break;
                id_size[side] = (size_t) got;
                zmq_msg_t message;
                zmq_msg_init(&message);
                zmq_msg_recv(&message, sockets[side], 0);
                if (id_size[!side] == 0) { /* the echo's greeting */
                    zmq_msg_close(&message);
                    continue;
                }
                zmq_send(sockets[!side], id[!side], id_size[!side], ZMQ_SNDMORE);
                zmq_msg_send(&message, sockets[!side], 0);
            }
    }
    zmq_close(front);
    zmq_close(back);
    return NULL;
}

static void *echo(void *argument)
{
    struct wire *wire = argument;
    void *socket = wire_socket(wire, ZMQ_DEALER, false);
    zmq_connect(socket, wire->back);
    zmq_send(socket, "hello", 5, 0);
    static const uint8_t reply[REPLY_BYTES];
    while (!wire->is_over) {
        zmq_pollitem_t item = { socket, 0, ZMQ_POLLIN, 0 };
        zmq_poll(&item, 1, 50);
        uint8_t frame[FRAME_BYTES];
        for (int n = 0; n < 256 && zmq_recv(socket, frame, sizeof frame, ZMQ_DONTWAIT) >= 8; n++) {
            uint8_t answer[REPLY_BYTES];
            memcpy(answer, reply, sizeof answer);
            memcpy(answer, frame, 8);
            zmq_send(socket, answer, sizeof answer, 0);
        }
    }
    zmq_close(socket);
    return NULL;
}

static void measure_round_trips(void *socket, unsigned in_flight)
{
    static double sent_at[SAMPLES_MAX];
    uint64_t sent = 0;
    size_t count = 0;
    double start = now_us();
    double cpu = cpu_us();
    while (now_us() - start < RUN_MS * 1e3 && count < SAMPLES_MAX) {
        while (sent - count < in_flight && sent < SAMPLES_MAX) {
            uint8_t frame[FRAME_BYTES] = { 0 };
            memcpy(frame, &sent, sizeof sent);
            sent_at[sent++] = now_us();
            zmq_send(socket, frame, sizeof frame, 0);
        }
        uint8_t reply[REPLY_BYTES];
        check(zmq_recv(socket, reply, sizeof reply, 0) == REPLY_BYTES, "receive");
        uint64_t which;
        memcpy(&which, reply, sizeof which);
        samples_us[count++] = now_us() - sent_at[which];
    }
    double wall = now_us() - start;
    cpu = cpu_us() - cpu;
    for (uint64_t left = sent - count; left > 0; left--) {
        uint8_t reply[REPLY_BYTES];
        zmq_recv(socket, reply, sizeof reply, 0);
    }
    print_samples("curve_round_trip", in_flight, count, 1, wall, cpu);
}

static void measure_wire(void)
{
    struct wire wire = { .context = zmq_ctx_new() };
    zmq_curve_keypair(wire.server_public, wire.server_secret);
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, forward, &wire);
    while (*(volatile char *) wire.front == '\0')
        poll(NULL, 0, 1);
    pthread_create(&threads[1], NULL, echo, &wire);
    void *socket = wire_socket(&wire, ZMQ_DEALER, false);
    int wait_ms = 200;
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    zmq_connect(socket, wire.front);
    uint8_t reply[REPLY_BYTES];
    uint8_t frame[FRAME_BYTES] = { 0 };
    int got;
    do { /* until the echo has greeted the forwarder */
        zmq_send(socket, frame, sizeof frame, 0);
        got = zmq_recv(socket, reply, sizeof reply, 0);
    } while (got < 0);
    while (zmq_recv(socket, reply, sizeof reply, 0) > 0)
        ;
    wait_ms = 5000;
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    const unsigned windows[] = { 1, 16, 64, 256 };
    for (size_t i = 0; i < 4; i++)
        measure_round_trips(socket, windows[i]);
    wire.is_over = true;
    zmq_close(socket);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    zmq_ctx_destroy(wire.context);
}

typedef void step_fn(void);
static uint8_t secret[64], public_key[32], signature[64], message[300], sealed[1024], nonce[24], box_key[32];

static void step_sign(void) { crypto_sign_detached(signature, NULL, message, sizeof message, secret); }
static void step_check(void)
{
    check(crypto_sign_verify_detached(signature, message, sizeof message, public_key) == 0, "signature");
}
static void step_seal(void)
{
    unsigned long long size = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &size, message, sizeof message, nonce, 24, NULL, nonce, box_key);
}

static void measure_step(const char *name, step_fn *step)
{
    size_t count = 0;
    double start = now_us();
    double cpu = cpu_us();
    while (now_us() - start < 500e3 && count < SAMPLES_MAX) {
        double before = now_us();
        step();
        samples_us[count++] = now_us() - before;
    }
    print_samples(name, 1, count, 1, now_us() - start, cpu_us() - cpu);
}

int main(int argc, char **argv)
{
    check(argc == 2, "usage: floor DIRECTORY;");
    check(sodium_init() >= 0, "sodium_init");
    crypto_sign_keypair(public_key, secret);
    step_sign();
    measure_step("sign", step_sign);
    measure_step("signature_check", step_check);
    measure_step("seal", step_seal);
    const unsigned batches[] = { 1, 16, 64, 256 };
    for (size_t i = 0; i < 4; i++)
        measure_commits(argv[1], batches[i]);
    measure_wire();
    return 0;
}
