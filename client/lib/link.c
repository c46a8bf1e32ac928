#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <zmq.h>

#include "client/lib/client.h"
#include "core/endpoint.h"
#include "core/error.h"

enum {
    LINGER_MS = 200,
    HANDSHAKE_MS = 3000,
    CONNECT_MS = 5000,
    RECONNECT_MS = 100,
    RECONNECT_MOST_MS = 10000,
    MESSAGE_MOST_BYTES = 1024 * 1024,
    FULL_RETRY_MS = 10,
    MONITOR_NAME_SIZE = 64,
    RECEIVING_LEAST_BYTES = 1024, /* more than any small message has */
    RECEIVING_MS = 2000,          /* a pause of so long is no more receiving */
};

/* ---- Sockets ---- */

static bool option_set(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

/* docs/architecture.md, "ZeroMQ"; no ZMQ_HEARTBEAT_* here either. */
static bool options_set(struct comity *client, struct link *link)
{
    void *socket = link->socket;
    return option_set(socket, ZMQ_LINGER, LINGER_MS) && option_set(socket, ZMQ_IMMEDIATE, 1) &&
           option_set(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
           option_set(socket, ZMQ_CONNECT_TIMEOUT, CONNECT_MS) &&
           option_set(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) &&
           option_set(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MOST_MS) &&
           option_set(socket, ZMQ_TCP_KEEPALIVE, 1) &&
           option_set(socket, ZMQ_IPV6, strchr(link->endpoint, '[') != NULL) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &(int64_t){MESSAGE_MOST_BYTES}, sizeof(int64_t)) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, link->server_key, KEY_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, client->key.public_key, KEY_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, client->key.secret, KEY_SIZE) == 0;
}

static bool descriptor_watch(struct comity *client, void *socket, int *ret_fd)
{
    size_t size = sizeof(*ret_fd);
    struct epoll_event event = {.events = EPOLLIN};
    if (zmq_getsockopt(socket, ZMQ_FD, ret_fd, &size) != 0)
        return false;
    return epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, *ret_fd, &event) == 0;
}

static bool monitor_set_up(struct comity *client, struct link *link)
{
    char name[MONITOR_NAME_SIZE];
    /* A name of its own each time: an earlier monitor of this link may not be gone yet. */
    snprintf(name, sizeof(name), "inproc://link-%zu-%p-%llu", link->index, link->socket,
             (unsigned long long) client->next_monitor++);
    const int events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_DISCONNECTED |
                       ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    if (zmq_socket_monitor(link->socket, name, events) != 0)
        return false;
    link->monitor = zmq_socket(client->zmq, ZMQ_PAIR);
    return link->monitor != NULL && option_set(link->monitor, ZMQ_LINGER, 0) &&
           zmq_connect(link->monitor, name) == 0;
}

static void descriptor_forget(struct comity *client, int *fd)
{
    if (*fd >= 0)
        epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, *fd, NULL);
    *fd = -1;
}

static void link_close(struct comity *client, struct link *link)
{
    descriptor_forget(client, &link->socket_fd);
    descriptor_forget(client, &link->monitor_fd);
    if (link->socket != NULL) {
        zmq_socket_monitor(link->socket, NULL, 0);
        zmq_close(link->socket);
    }
    if (link->monitor != NULL)
        zmq_close(link->monitor);
    link->socket = link->monitor = NULL;
    link->tcp_fd = -1;
}

/* 0, ERR_ADDRESS, ERR_MEMORY (or out of descriptors). */
static int link_open(struct comity *client, struct link *link)
{
    link->socket_fd = link->monitor_fd = link->tcp_fd = -1;
    link->is_in_parts = false;
    watch_restart(&link->watch);
    link->socket = zmq_socket(client->zmq, ZMQ_DEALER);
    bool is_open = link->socket != NULL && options_set(client, link) && monitor_set_up(client, link) &&
                   descriptor_watch(client, link->socket, &link->socket_fd) &&
                   descriptor_watch(client, link->monitor, &link->monitor_fd);
    int code = is_open ? 0 : ERR_MEMORY;
    if (is_open && zmq_connect(link->socket, link->endpoint) != 0)
        code = ERR_ADDRESS;
    if (code != 0) {
        link_close(client, link);
        return code;
    }
    link->state = LINK_CONNECTING;
    client_event(client, &(struct comity_event){.kind = COMITY_EVENT_CONNECTING, .endpoint = link->endpoint});
    return 0;
}

static void link_open_again(struct comity *client, struct link *link)
{
    int code = link_open(client, link);
    if (code == 0)
        return;
    link->code = code;
    link->open_ms = client->now_ms + HEARTBEAT_MS;
}

int link_init(struct comity *client, size_t index, const struct comity_broker *broker)
{
    struct link *link = &client->links[index];
    struct endpoint endpoint;
    const char *form;
    if (broker->endpoint == NULL)
        return ERR_MISSING;
    if (endpoint_parse(broker->endpoint, ENDPOINT_CONNECT, &endpoint, &form) != 0)
        return ERR_ADDRESS;
    *link = (struct link){.index = index, .state = LINK_IDLE, .code = ERR_TIMEOUT, .is_brokers_word = true};
    memcpy(link->server_key, broker->server_key, KEY_SIZE);
    link->endpoint = strdup(broker->endpoint);
    if (link->endpoint == NULL)
        return ERR_MEMORY;
    client->link_count = index + 1;
    return link_open(client, link);
}

void link_release(struct comity *client, struct link *link)
{
    if (link->state >= LINK_CONNECTED)
        link_send_plain(client, link, FRAME_BYE, NULL, 0);
    if (link->socket != NULL)
        link_close(client, link);
    free(link->endpoint);
    link->endpoint = NULL;
}

/* ---- The line below ---- */

/* libzmq may have closed it, and the program opened something else in its place: then a wrong answer, which
 * is set right by the monitor's next message. */
static bool tcp_tell(const struct link *link, struct tcp_info *ret_info)
{
    socklen_t size = sizeof(*ret_info);
    memset(ret_info, 0, sizeof(*ret_info));
    return link->tcp_fd >= 0 && getsockopt(link->tcp_fd, IPPROTO_TCP, TCP_INFO, ret_info, &size) == 0;
}

static void heard(struct comity *client, struct link *link)
{
    struct tcp_info info;
    link->heard_ms = client->now_ms;
    link->heard_bytes = tcp_tell(link, &info) ? info.tcpi_bytes_received : 0;
}

/* When anything came last: on a slow line a page takes longer than SILENCE_MS, and nothing overtakes it. */
static int64_t alive_ms(const struct comity *client, const struct link *link)
{
    struct tcp_info info;
    if (client->now_ms - link->heard_ms < SILENCE_MS || !tcp_tell(link, &info))
        return link->heard_ms;
    int64_t byte_ms = client->now_ms - info.tcpi_last_data_recv;
    return byte_ms > link->heard_ms ? byte_ms : link->heard_ms;
}

bool link_is_receiving(const struct link *link)
{
    struct tcp_info info;
    return tcp_tell(link, &info) && info.tcpi_last_data_recv < RECEIVING_MS &&
           info.tcpi_bytes_received >= link->heard_bytes + RECEIVING_LEAST_BYTES;
}

/* ---- Up and down ---- */

static void link_up(struct comity *client, struct link *link)
{
    link->state = LINK_CONNECTED;
    link->code = ERR_TIMEOUT;
    link->is_brokers_word = true;
    link->connection++;
    link->is_full = false;
    link->sent_ms = client->now_ms;
    heard(client, link);
    client_event(client, &(struct comity_event){.kind = COMITY_EVENT_CONNECTED, .endpoint = link->endpoint});
    news_link_up(client, link);
    session_hello_again(client, link);
}

void link_down(struct comity *client, struct link *link, int code, bool is_brokers_word)
{
    bool is_news = link->code != code || link->state >= LINK_CONNECTED;
    link->state = LINK_CONNECTING;
    link->code = code;
    link->is_brokers_word = is_brokers_word;
    link->hello_request = 0;
    requests_link_down(client, link);
    if (is_news)
        client_event(client, &(struct comity_event){.kind = COMITY_EVENT_DISCONNECTED,
                                                    .endpoint = link->endpoint,
                                                    .code = code,
                                                    .is_brokers_word = is_brokers_word});
}

static void link_reopen(struct comity *client, struct link *link, int64_t wait_ms)
{
    link_close(client, link);
    link->state = LINK_IDLE;
    link->open_ms = client->now_ms + wait_ms;
    client_wake_at(client, link->open_ms);
}

/* ---- Reading ---- */

static void monitor_take(struct comity *client, struct link *link, uint16_t event, uint32_t value)
{
    bool was_up = link->watch.is_up;
    if (event == ZMQ_EVENT_CONNECTED)
        link->tcp_fd = (int) value;
    else if (event == ZMQ_EVENT_DISCONNECTED)
        link->tcp_fd = -1;
    switch (watch_take(&link->watch, event, value)) {
    case WATCH_UP:
        if (was_up) /* what lies between went by unseen */
            link_down(client, link, ERR_WORKER_LOST, true);
        link_up(client, link);
        break;
    case WATCH_DOWN:
        link_down(client, link, link->watch.code, true);
        break;
    case WATCH_NOTHING:
        break;
    }
}

/* A monitor's message: event u16, value u32, both in the machine's order; then the address. */
static void monitor_read(struct comity *client, struct link *link)
{
    for (;;) {
        uint8_t event[6];
        char address[256];
        int size = zmq_recv(link->monitor, event, sizeof(event), ZMQ_DONTWAIT);
        if (size < 0)
            return;
        zmq_recv(link->monitor, address, sizeof(address), ZMQ_DONTWAIT);
        if (size != sizeof(event))
            continue;
        uint16_t number;
        uint32_t value;
        memcpy(&number, event, sizeof(number));
        memcpy(&value, event + 2, sizeof(value));
        monitor_take(client, link, number, value);
    }
}

static void frame_take(struct comity *client, struct link *link, struct bytes frame)
{
    struct frame_header header;
    struct bytes body;
    if (frame_read(frame, &header, &body) != 0)
        return;
    struct comity_request *request = request_find(client, header.request);
    bool is_hello = header.request != 0 && header.request == link->hello_request;
    switch (header.type) {
    case FRAME_NEWS:
        news_heard(client, header.history, header.sequence);
        break;
    case FRAME_WELCOME:
        if (is_hello)
            session_welcome(client, link, frame);
        break;
    case FRAME_REPLY:
        if (is_hello)
            session_refusal(client, link, frame);
        else if (request != NULL)
            reply_take(client, link, request, frame);
        break;
    case FRAME_ERROR:
        if (is_hello)
            session_hint(client, link, &header);
        else if (request != NULL)
            reply_hint(client, link, request, &header);
        break;
    default:
        break;
    }
}

static void frames_read(struct comity *client, struct link *link)
{
    bool has_heard = false;
    for (int i = 0; i < READ_AT_ONCE && link->socket != NULL; i++) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        int size = zmq_msg_recv(&message, link->socket, ZMQ_DONTWAIT);
        bool is_whole = size >= 0 && !zmq_msg_more(&message) && !link->is_in_parts;
        if (size >= 0)
            link->is_in_parts = zmq_msg_more(&message);
        if (is_whole)
            frame_take(client, link, BYTES(zmq_msg_data(&message), zmq_msg_size(&message)));
        zmq_msg_close(&message);
        if (size < 0)
            break;
        has_heard = true;
    }
    if (has_heard)
        heard(client, link);
}

static bool has_events(void *socket)
{
    int events = 0;
    size_t size = sizeof(events);
    return socket != NULL && zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 &&
           (events & ZMQ_POLLIN) != 0;
}

bool link_has_input(struct link *link)
{
    bool has_frames = has_events(link->socket);
    return has_events(link->monitor) || has_frames;
}

/* ---- Sending ---- */

int link_send(struct comity *client, struct link *link, const uint8_t *frame, size_t size)
{
    if (zmq_send(link->socket, frame, size, ZMQ_DONTWAIT) < 0) {
        link->is_full = true;
        client_wake_at(client, client->now_ms + FULL_RETRY_MS);
        return ERR_BUSY;
    }
    link->is_full = false;
    link->sent_ms = client->now_ms;
    return 0;
}

int link_send_plain(struct comity *client, struct link *link, uint8_t type, const uint8_t *history,
                    uint64_t sequence)
{
    struct frame_header header = {.type = type, .sequence = sequence};
    uint8_t frame[FRAME_HEADER_SIZE];
    memcpy(header.group, client->group, GROUP_ID_SIZE);
    if (history != NULL)
        memcpy(header.history, history, HISTORY_ID_SIZE);
    frame_header_write(&header, frame);
    return link_send(client, link, frame, sizeof(frame));
}

/* ---- Time ---- */

static void heartbeat_run(struct comity *client, struct link *link)
{
    int64_t last_ms = alive_ms(client, link);
    if (client->now_ms - last_ms >= SILENCE_MS) {
        link->watch.code = ERR_TIMEOUT;
        link_down(client, link, ERR_TIMEOUT, true);
        link_reopen(client, link, 0);
        return;
    }
    if (client->now_ms - link->sent_ms >= HEARTBEAT_MS)
        link_send_plain(client, link, FRAME_HEARTBEAT, NULL, 0);
    client_wake_at(client, link->sent_ms + HEARTBEAT_MS);
    client_wake_at(client, last_ms + SILENCE_MS);
}

void link_run(struct comity *client, struct link *link)
{
    if (link->state == LINK_IDLE && client->now_ms >= link->open_ms)
        link_open_again(client, link);
    if (link->state == LINK_IDLE) {
        client_wake_at(client, link->open_ms);
        return;
    }
    monitor_read(client, link);
    frames_read(client, link);
    if (link->watch.has_given_up)
        link_reopen(client, link, REOPEN_MS);
    if (link->state >= LINK_CONNECTED)
        heartbeat_run(client, link);
    if (link->state >= LINK_CONNECTED)
        session_run(client, link);
}

/* ---- For those who ask why nothing goes ---- */

int link_fault(const struct comity *client, bool *ret_is_brokers_word)
{
    const struct link *best = &client->links[0];
    for (size_t i = 1; i < client->link_count; i++)
        if (client->links[i].state > best->state)
            best = &client->links[i];
    *ret_is_brokers_word = best->is_brokers_word;
    return best->code == 0 ? ERR_TIMEOUT : best->code;
}

bool link_all_hopeless(const struct comity *client)
{
    for (size_t i = 0; i < client->link_count; i++)
        if (!client->links[i].watch.is_hopeless)
            return false;
    return true;
}
