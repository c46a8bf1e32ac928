#include "tests/support/tcp_relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS_MAX = 16, PIECE = 65536, TURN_MS = 5, NEAR = 0, FAR = 1 };

struct tcp_relay {
    pthread_t thread;
    int listener, wake, port, to_port;
    int pairs[PAIRS_MAX][2]; /* the client's socket and ours; -1: none */
    bool is_heard;           /* a client has sent something since the trap was set */

    pthread_mutex_t mutex; /* of what follows */
    struct tcp_relay_trap trap;
    bool is_set, is_sprung, is_over;
    unsigned connections;
};

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void pair_close(int pair[2])
{
    for (int side = NEAR; side <= FAR; side++) {
        if (pair[side] >= 0)
            close(pair[side]);
        pair[side] = -1;
    }
}

static void pair_open(struct tcp_relay *relay)
{
    struct sockaddr_in address = loopback(relay->to_port);
    int near = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC),
        far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    for (size_t i = 0; i < PAIRS_MAX && near >= 0 && far >= 0; i++) {
        if (relay->pairs[i][NEAR] >= 0 || connect(far, (struct sockaddr *) &address, sizeof(address)) != 0)
            continue;
        relay->pairs[i][NEAR] = near;
        relay->pairs[i][FAR] = far;
        pthread_mutex_lock(&relay->mutex);
        relay->connections++;
        pthread_mutex_unlock(&relay->mutex);
        return;
    }
    if (near >= 0)
        close(near);
    if (far >= 0)
        close(far);
}

static bool send_whole(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        size -= (size_t) sent;
    }
    return true;
}

static void pass_on(struct tcp_relay *relay, int pair[2], int side, const struct tcp_relay_trap *trap)
{
    uint8_t piece[PIECE];
    ssize_t size = recv(pair[side], piece, sizeof(piece), 0);
    bool is_swallowed = trap != NULL && (side == FAR || trap->is_deaf);

    relay->is_heard = relay->is_heard || (side == NEAR && size > 0);
    if (size <= 0 || (!is_swallowed && !send_whole(pair[1 - side], piece, (size_t) size)))
        pair_close(pair);
}

/* The trap, where it is set; NULL: it is not. */
static const struct tcp_relay_trap *trap_now(struct tcp_relay *relay, struct tcp_relay_trap *trap)
{
    pthread_mutex_lock(&relay->mutex);
    bool is_set = relay->is_set;
    *trap = relay->trap;
    pthread_mutex_unlock(&relay->mutex);
    return is_set ? trap : NULL;
}

/* Asked with the mutex held: who unsets the trap knows that it is not asked any more. */
static bool trap_is_due(struct tcp_relay *relay)
{
    pthread_mutex_lock(&relay->mutex);
    bool is_due = relay->is_set && relay->is_heard && relay->trap.is_due(relay->trap.context);
    relay->is_set = relay->is_set && !is_due;
    relay->is_sprung = relay->is_sprung || is_due;
    pthread_mutex_unlock(&relay->mutex);
    return is_due;
}

/* Cut as the kernel does for a process that is killed: with a reset, not with a farewell. */
static void cut(struct tcp_relay *relay)
{
    static const struct linger RESET = {.l_onoff = 1};

    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (relay->pairs[i][NEAR] >= 0)
            setsockopt(relay->pairs[i][NEAR], SOL_SOCKET, SO_LINGER, &RESET, sizeof(RESET));
        pair_close(relay->pairs[i]);
    }
    relay->is_heard = false;
}

static bool is_over(struct tcp_relay *relay)
{
    pthread_mutex_lock(&relay->mutex);
    bool is = relay->is_over;
    pthread_mutex_unlock(&relay->mutex);
    return is;
}

static void *relay_run(void *context)
{
    struct tcp_relay *relay = context;
    struct pollfd polls[2 + 2 * PAIRS_MAX];
    struct tcp_relay_trap room;

    while (!is_over(relay)) {
        polls[0] = (struct pollfd){.fd = relay->wake, .events = POLLIN};
        polls[1] = (struct pollfd){.fd = relay->listener, .events = POLLIN};
        for (size_t i = 0; i < 2 * PAIRS_MAX; i++)
            polls[2 + i] = (struct pollfd){.fd = relay->pairs[i / 2][i % 2], .events = POLLIN};
        poll(polls, 2 + 2 * PAIRS_MAX, relay->is_heard ? TURN_MS : -1);
        const struct tcp_relay_trap *trap = trap_now(relay, &room);
        if (trap == NULL)
            relay->is_heard = false;
        for (size_t i = 0; i < 2 * PAIRS_MAX; i++)
            if (polls[2 + i].revents != 0 && relay->pairs[i / 2][i % 2] >= 0)
                pass_on(relay, relay->pairs[i / 2], (int) (i % 2), trap);
        if (trap != NULL && trap_is_due(relay))
            cut(relay);
        else if (polls[1].revents != 0)
            pair_open(relay);
    }
    return NULL;
}

struct tcp_relay *tcp_relay_start(int to_port)
{
    struct tcp_relay *relay = calloc(1, sizeof(*relay));
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);

    assert_non_null(relay);
    memset(relay->pairs, -1, sizeof(relay->pairs));
    relay->to_port = to_port;
    relay->wake = eventfd(0, EFD_CLOEXEC);
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(relay->listener, (struct sockaddr *) &address, size), 0);
    assert_int_equal(listen(relay->listener, PAIRS_MAX), 0);
    assert_int_equal(getsockname(relay->listener, (struct sockaddr *) &address, &size), 0);
    relay->port = ntohs(address.sin_port);
    assert_int_equal(pthread_mutex_init(&relay->mutex, NULL), 0);
    assert_int_equal(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
    return relay;
}

void tcp_relay_end(struct tcp_relay **relay)
{
    struct tcp_relay *it = *relay;
    uint64_t one = 1;

    if (it == NULL)
        return;
    pthread_mutex_lock(&it->mutex);
    it->is_over = true;
    pthread_mutex_unlock(&it->mutex);
    if (write(it->wake, &one, sizeof(one)) == (ssize_t) sizeof(one))
        pthread_join(it->thread, NULL);
    for (size_t i = 0; i < PAIRS_MAX; i++)
        pair_close(it->pairs[i]);
    close(it->listener);
    close(it->wake);
    pthread_mutex_destroy(&it->mutex);
    free(it);
    *relay = NULL;
}

int tcp_relay_port(const struct tcp_relay *relay)
{
    return relay->port;
}

unsigned tcp_relay_connections(struct tcp_relay *relay)
{
    pthread_mutex_lock(&relay->mutex);
    unsigned connections = relay->connections;
    pthread_mutex_unlock(&relay->mutex);
    return connections;
}

void tcp_relay_set_trap(struct tcp_relay *relay, const struct tcp_relay_trap *trap)
{
    pthread_mutex_lock(&relay->mutex);
    relay->trap = *trap;
    relay->is_set = true;
    relay->is_sprung = false;
    pthread_mutex_unlock(&relay->mutex);
}

void tcp_relay_unset_trap(struct tcp_relay *relay)
{
    pthread_mutex_lock(&relay->mutex);
    relay->is_set = false;
    pthread_mutex_unlock(&relay->mutex);
}

bool tcp_relay_is_sprung(struct tcp_relay *relay)
{
    pthread_mutex_lock(&relay->mutex);
    bool is_sprung = relay->is_sprung;
    pthread_mutex_unlock(&relay->mutex);
    return is_sprung;
}
