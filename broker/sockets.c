#include "broker/sockets.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include <zmq.h>

#include "broker/defence.h"
#include "core/error.h"

enum {
    LINGER_MS = 1000,
    HANDSHAKE_MS = 3000,
    HIGH_WATER_FRONT = 1024, /* messages of one connection, each way */
    HIGH_WATER_BACK = 4096,
    BACKLOG = 1024,
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_INTERVAL_S = 5,
    KEEPALIVE_COUNT = 3,
    UNACKNOWLEDGED_MS = 15000,
    OWN_ID_SIZE = 16,
    OPTION_ZAP_ENFORCE_DOMAIN = 93, /* in libzmq since 4.3.0, in its header only with drafts */
};

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value));
}

/* docs/architecture.md, "ZeroMQ"; each has a test that fails without it: tests/e2e/broker where it shows in
 * what the broker does, else tests/unit/broker/test_sockets.c. */
static int set_options(void *socket, enum side side, const char *endpoint, const struct connection_key *key)
{
    const int high_water = side == SIDE_FRONT ? HIGH_WATER_FRONT : HIGH_WATER_BACK;
    const struct {
        int option;
        int value;
    } OPTIONS[] = {
        {ZMQ_ROUTER_MANDATORY, DEFENCE(mandatory) ? 1 : 0},
        {ZMQ_ROUTER_HANDOVER, DEFENCE(no_handover) ? 0 : 1},
        {ZMQ_HANDSHAKE_IVL, DEFENCE(handshake_limit) ? HANDSHAKE_MS : 0},
        {OPTION_ZAP_ENFORCE_DOMAIN, DEFENCE(enforce_domain) ? 1 : 0},
        {ZMQ_CURVE_SERVER, 1},
        {ZMQ_SNDHWM, high_water},
        {ZMQ_RCVHWM, high_water},
        {ZMQ_LINGER, DEFENCE(linger) ? LINGER_MS : -1},
        {ZMQ_BACKLOG, BACKLOG},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S},
        {ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL_S},
        {ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT},
        {ZMQ_TCP_MAXRT, UNACKNOWLEDGED_MS},
        {ZMQ_IPV6, strchr(endpoint, '[') != NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(OPTIONS); i++) {
        if (set_int(socket, OPTIONS[i].option, OPTIONS[i].value) != 0)
            return -1;
    }
    const int64_t message_most = DEFENCE(message_limit) ? MESSAGE_MAX_BYTES : -1;
    uint8_t own_id[OWN_ID_SIZE];
    randombytes_buf(own_id, sizeof(own_id));
    own_id[0] |= 0x80; /* ids that start with 0 are libzmq's own */
    const char *domain = side_name(side);
    if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_most, sizeof(message_most)) != 0 ||
        zmq_setsockopt(socket, ZMQ_ROUTING_ID, own_id, sizeof(own_id)) != 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, key->secret, sizeof(key->secret)) != 0)
        return -1;
    return zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain));
}

/* Why an address cannot be had, and what to do. */
static int bind_failed(enum side side, const char *endpoint, int number, char *reason)
{
    static const struct {
        int number;
        int error;
        const char *sentence;
    } ROWS[] = {
        {EADDRINUSE, ERR_ADDRESS, "another program listens there: stop it, or choose another port"},
        {EADDRNOTAVAIL, ERR_ADDRESS,
         "this machine has no such address now: correct it, or bring the interface up"},
        {ENODEV, ERR_ADDRESS,
         "this machine has no such interface now: correct it, or bring the interface up"},
        {EACCES, ERR_CONFIG, "this user may not listen there: choose a port above 1023"},
        {EINVAL, ERR_CONFIG, "that is no address to listen at: write tcp://ADDRESS:PORT"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        if (ROWS[i].number == number) {
            snprintf(reason, CONFIG_REASON_MAX, "cannot listen at %s = %s: %s", side_name(side), endpoint,
                     ROWS[i].sentence);
            return ROWS[i].error;
        }
    }
    snprintf(reason, CONFIG_REASON_MAX, "cannot listen at %s = %s: %s", side_name(side), endpoint,
             zmq_strerror(number));
    return ERR_ADDRESS;
}

/* Monitors. */

static int monitor_connect(void *context, void *socket, const char *name, int events, void **ret_monitor)
{
    if (zmq_socket_monitor(socket, name, events) != 0)
        return ERR_MEMORY;
    void *monitor = zmq_socket(context, ZMQ_PAIR);
    /* Without a limit on this side: a full monitor would stop the thread that encrypts. It is read at every
     * turn. */
    if (!monitor || set_int(monitor, ZMQ_RCVHWM, 0) != 0 || set_int(monitor, ZMQ_LINGER, 0) != 0 ||
        zmq_connect(monitor, name) != 0) {
        if (monitor)
            zmq_close(monitor);
        return ERR_MEMORY;
    }
    *ret_monitor = monitor;
    return 0;
}

static int monitor_open(void *context, void *socket, enum side side, void **ret_monitor)
{
    char name[64];
    snprintf(name, sizeof(name), "inproc://comity.monitor.%s.%p", side_name(side), socket);
    return monitor_connect(context, socket, name, ZMQ_EVENT_LISTENING | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED,
                           ret_monitor);
}

/* One event: number, value, and the address, which nobody needs. */
static bool event_take(void *monitor, uint16_t *ret_event, uint32_t *ret_value)
{
    uint8_t event[6];
    char address[ENDPOINT_MAX];
    if (zmq_recv(monitor, event, sizeof(event), ZMQ_DONTWAIT) != (int) sizeof(event))
        return false;
    memcpy(ret_event, event, sizeof(*ret_event)); /* in the machine's own order: zmq_socket_monitor(3) */
    memcpy(ret_value, event + sizeof(*ret_event), sizeof(*ret_value));
    zmq_recv(monitor, address, sizeof(address), ZMQ_DONTWAIT);
    return true;
}

bool monitor_take(void *monitor, enum monitor_event *ret_event, int *ret_fd)
{
    uint16_t event;
    uint32_t value;
    if (!event_take(monitor, &event, &value))
        return false;
    *ret_event = event == ZMQ_EVENT_LISTENING  ? MONITOR_LISTENS
                 : event == ZMQ_EVENT_ACCEPTED ? MONITOR_OPENED
                                               : MONITOR_CLOSED;
    *ret_fd = (int) value;
    return true;
}

/* Opening. */

static void monitor_close(void *socket, void *monitor)
{
    zmq_socket_monitor(socket, NULL, 0);
    zmq_close(monitor);
}

int socket_open(void *context, enum side side, const char *endpoint, const struct connection_key *key,
                void **ret_socket, void **ret_monitor, char ret_endpoint[ENDPOINT_MAX],
                char reason[CONFIG_REASON_MAX])
{
    void *socket = zmq_socket(context, ZMQ_ROUTER), *monitor = NULL;
    if (!socket || set_options(socket, side, endpoint, key) != 0 ||
        monitor_open(context, socket, side, &monitor) != 0) {
        snprintf(reason, CONFIG_REASON_MAX, "cannot make the %s socket: %s", side_name(side),
                 zmq_strerror(zmq_errno()));
        if (socket)
            zmq_close(socket);
        return ERR_MEMORY;
    }
    size_t size = ENDPOINT_MAX;
    if (zmq_bind(socket, endpoint) != 0 ||
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, ret_endpoint, &size) != 0) {
        int error = bind_failed(side, endpoint, zmq_errno(), reason);
        monitor_close(socket, monitor);
        zmq_close(socket);
        return error;
    }
    *ret_socket = socket;
    *ret_monitor = monitor;
    return 0;
}

/* The self-test. */

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int knock(void *socket, const char *back, const struct connection_key *key)
{
    struct connection_key stranger;
    connection_key_generate(&stranger);
    int rc = set_int(socket, ZMQ_LINGER, 0) != 0 ||
             set_int(socket, ZMQ_IPV6, strchr(back, '[') != NULL) != 0 ||
             zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, key->public_key, KEY_SIZE) != 0 ||
             zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, stranger.public_key, KEY_SIZE) != 0 ||
             zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, stranger.secret, CONNECTION_SECRET_SIZE) != 0 ||
             zmq_connect(socket, back) != 0;
    connection_key_wipe(&stranger);
    return rc ? ERR_INTERNAL : 0;
}

/* Wait for the verdict on the knock. Only a refusal of the key will do. */
static int await_refusal(void *monitor, void (*serve_zap)(void *argument), void *argument)
{
    const int64_t end_ms = monotonic_ms() + SELF_TEST_MS;
    while (monotonic_ms() < end_ms) {
        zmq_pollitem_t item = {.socket = monitor, .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, 5);
        serve_zap(argument);
        uint16_t event;
        uint32_t value;
        while (event_take(monitor, &event, &value)) {
            if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
                return 0;
            if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
                return ERR_INTERNAL;
        }
    }
    return ERR_INTERNAL;
}

int self_test(void *context, const char *back, const struct connection_key *key,
              void (*serve_zap)(void *argument), void *argument)
{
    void *monitor = NULL;
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int error = ERR_MEMORY;
    if (socket)
        error = monitor_connect(context, socket, "inproc://comity.monitor.self-test",
                                ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, &monitor);
    if (error == 0)
        error = knock(socket, back, key);
    if (error == 0)
        error = await_refusal(monitor, serve_zap, argument);
    if (socket) {
        zmq_socket_monitor(socket, NULL, 0);
        zmq_close(socket);
    }
    if (monitor)
        zmq_close(monitor);
    return error;
}
