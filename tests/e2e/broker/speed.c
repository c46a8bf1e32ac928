/* Requests a second through a broker, beside a bare zmq_proxy: the same client, the same worker, the same
 * CURVE.
 *
 *   broker-speed proxy WINDOW SECONDS
 *   broker-speed broker FRONT BACK KEY WORKER_SECRET WINDOW SECONDS   (keys in hexadecimal)
 *
 * FRONT's broker has `strangers_per_minute = 0` in its [rates]. The worker returns each frame as it came. Prints round trips a second and the CPU time of this process. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <zmq.h>

#include "core/frame.h"
#include "core/key.h"
#include "core/text.h"

enum { BODY_BYTES = 300 };

struct setup {
    void *context;
    const char *front, *back;
    char front_endpoint[256], back_endpoint[256];
    uint8_t server_key[KEY_SIZE];
    struct connection_key server, worker;
    int window;
    double seconds;
};

static atomic_bool is_ended;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "broker-speed: %s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

static void *dealer(struct setup *setup, const char *endpoint, const struct connection_key *key)
{
    void *socket = zmq_socket(setup->context, ZMQ_DEALER);
    int linger = 0, timeout = 200, high_water = 100000;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout, sizeof(timeout));
    zmq_setsockopt(socket, ZMQ_SNDHWM, &high_water, sizeof(high_water));
    zmq_setsockopt(socket, ZMQ_RCVHWM, &high_water, sizeof(high_water));
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, setup->server_key, KEY_SIZE);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, key->public_key, KEY_SIZE);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, key->secret, CONNECTION_SECRET_SIZE);
    if (zmq_connect(socket, endpoint) != 0)
        die("connect");
    return socket;
}

static void send_frame(void *socket, uint8_t type, uint64_t request, size_t body)
{
    struct frame_header header = {
        .type = type, .request = request, .sequence = 4096, .term = 1, .budget_ms = 10000};
    memset(header.group, 7, sizeof(header.group));
    zmq_msg_t message;
    zmq_msg_init_size(&message, FRAME_HEADER_SIZE + body);
    memset(zmq_msg_data(&message), 0, FRAME_HEADER_SIZE + body);
    frame_header_write(&header, zmq_msg_data(&message));
    if (zmq_msg_send(&message, socket, 0) < 0)
        die("send");
}

static void *run_worker(void *argument)
{
    struct setup *setup = argument;
    void *socket = dealer(setup, setup->back, &setup->worker);
    send_frame(socket, FRAME_READY, 0, 0);
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (!is_ended) {
        /* Behind a proxy the client's routing id comes before the frame, and goes back before it. */
        if (zmq_msg_recv(&message, socket, 0) < 0)
            continue;
        while (zmq_msg_more(&message)) {
            zmq_msg_send(&message, socket, ZMQ_SNDMORE);
            zmq_msg_recv(&message, socket, 0);
        }
        uint8_t *frame = zmq_msg_data(&message);
        if (frame[5] != FRAME_REQUEST)
            continue;
        frame[5] = FRAME_REPLY;
        zmq_msg_send(&message, socket, 0);
    }
    zmq_msg_close(&message);
    zmq_close(socket);
    return NULL;
}

/* Keep `window` requests in flight for the time given. Returns round trips a second. */
static double run_client(struct setup *setup)
{
    struct connection_key key;
    connection_key_generate(&key);
    void *socket = dealer(setup, setup->front, &key);
    uint64_t sent = 0, answered = 0, errors = 0;
    zmq_msg_t message;
    zmq_msg_init(&message);
    double start = seconds_now();
    while (seconds_now() - start < 1.0 && errors == 0) { /* until the worker is known */
        send_frame(socket, FRAME_REQUEST, ++sent, BODY_BYTES);
        if (zmq_msg_recv(&message, socket, 0) >= 0 && ((uint8_t *) zmq_msg_data(&message))[5] == FRAME_REPLY)
            break;
    }
    start = seconds_now();
    for (int i = 0; i < setup->window; i++)
        send_frame(socket, FRAME_REQUEST, ++sent, BODY_BYTES);
    while (seconds_now() - start < setup->seconds) {
        if (zmq_msg_recv(&message, socket, 0) < 0)
            continue;
        if (((uint8_t *) zmq_msg_data(&message))[5] != FRAME_REPLY)
            errors++;
        answered++;
        send_frame(socket, FRAME_REQUEST, ++sent, BODY_BYTES);
    }
    double took = seconds_now() - start;
    if (errors > 0)
        fprintf(stderr, "broker-speed: %llu answers were no replies\n", (unsigned long long) errors);
    zmq_msg_close(&message);
    zmq_close(socket);
    return (double) answered / took;
}

static void *bound(struct setup *setup, int type, char endpoint[256])
{
    void *socket = zmq_socket(setup->context, type);
    int one = 1, linger = 0, high_water = 100000;
    size_t size = 256;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(socket, ZMQ_SNDHWM, &high_water, sizeof(high_water));
    zmq_setsockopt(socket, ZMQ_RCVHWM, &high_water, sizeof(high_water));
    zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof(one));
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, setup->server.secret, CONNECTION_SECRET_SIZE);
    if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
        die("bind");
    return socket;
}

/* A ROUTER in front, a DEALER behind, zmq_proxy between: in a context and threads of its own. */
static void *run_proxy(void *argument)
{
    void **ends = argument;
    zmq_proxy(ends[0], ends[1], NULL);
    zmq_close(ends[0]);
    zmq_close(ends[1]);
    return NULL;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
    struct setup setup = {.context = zmq_ctx_new()};
    struct setup between = {.context = NULL};
    pthread_t worker, proxy;
    void *ends[2];
    bool is_proxy = argc == 4 && strcmp(argv[1], "proxy") == 0;
    if (!is_proxy && argc != 8) {
        fprintf(stderr, "usage: see the head of speed.c\n");
        return 2;
    }
    key_init();
    connection_key_generate(&setup.worker);
    if (is_proxy) {
        between.context = zmq_ctx_new();
        connection_key_generate(&between.server);
        memcpy(setup.server_key, between.server.public_key, KEY_SIZE);
        ends[0] = bound(&between, ZMQ_ROUTER, setup.front_endpoint);
        ends[1] = bound(&between, ZMQ_DEALER, setup.back_endpoint);
        setup.front = setup.front_endpoint;
        setup.back = setup.back_endpoint;
        pthread_create(&proxy, NULL, run_proxy, ends);
    } else {
        uint8_t secret[CONNECTION_SECRET_SIZE];
        setup.front = argv[2];
        setup.back = argv[3];
        if (hex_decode(argv[4], setup.server_key, KEY_SIZE) != 0 ||
            hex_decode(argv[5], secret, sizeof(secret)) != 0)
            return 2;
        connection_key_from_secret(secret, &setup.worker);
    }
    setup.window = atoi(argv[argc - 2]);
    setup.seconds = atof(argv[argc - 1]);
    pthread_create(&worker, NULL, run_worker, &setup);
    double rate = run_client(&setup);
    is_ended = true;
    pthread_join(worker, NULL);
    printf("%s window %d: %.0f round trips a second, %.1f us of CPU each here\n", argv[1], setup.window, rate,
           1e6 * cpu_seconds() / (rate * setup.seconds));
    zmq_ctx_term(setup.context);
    if (is_proxy) {
        zmq_ctx_shutdown(between.context);
        pthread_join(proxy, NULL);
        zmq_ctx_term(between.context);
    }
    return 0;
}
