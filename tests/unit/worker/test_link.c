/* The worker's socket to a broker: its options, each read back from the socket that is really used, and what
 * IMMEDIATE is for. docs/architecture.md, "ZeroMQ". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/daemon/log.h"
#include "core/error.h"
#include "worker/link.h"
#include "tests/support/socket_options.h"

enum { TURN_MS = 5, TURNS_MAX = 2000 };

struct scene {
    void *context, *router;
    struct connection_key broker;
    struct worker_settings settings;
    struct link link;
};

static void router_start(struct scene *scene, const char *endpoint)
{
    size_t size = sizeof(scene->link.broker.endpoint);
    scene->router = zmq_socket(scene->context, ZMQ_ROUTER);
    assert_non_null(scene->router);
    zmq_setsockopt(scene->router, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_setsockopt(scene->router, ZMQ_CURVE_SERVER, &(int){1}, sizeof(int));
    zmq_setsockopt(scene->router, ZMQ_CURVE_SECRETKEY, scene->broker.secret, KEY_SIZE);
    int turns = 0;
    while (zmq_bind(scene->router, endpoint) != 0 && ++turns < TURNS_MAX) {
        assert_int_equal(errno, EADDRINUSE); /* of the one that was closed just now */
        nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
    }
    assert_int_equal(zmq_getsockopt(scene->router, ZMQ_LAST_ENDPOINT, scene->link.broker.endpoint, &size), 0);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    log_init("test", LOG_ERROR);
    assert_int_equal(key_init(), 0);
    connection_key_generate(&scene->broker);
    connection_key_generate(&scene->settings.connection);
    scene->settings.window = 512;
    scene->context = zmq_ctx_new();
    snprintf(scene->link.broker.name, sizeof(scene->link.broker.name), "near");
    memcpy(scene->link.broker.key, scene->broker.public_key, KEY_SIZE);
    scene->link.settings = &scene->settings;
    router_start(scene, "tcp://127.0.0.1:*");
    assert_int_equal(link_open(&scene->link, scene->context), 0);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    link_close(&scene->link, 0);
    if (scene->router)
        zmq_close(scene->router);
    zmq_ctx_term(scene->context);
    free(scene);
    return 0;
}

static void test_options(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *name;
        int option, value;
    } OPTIONS[] = {
        {"heartbeats of libzmq", ZMQ_HEARTBEAT_IVL, 0},
        {"immediate", ZMQ_IMMEDIATE, 1},
        {"linger", ZMQ_LINGER, 0},
        {"handshake", ZMQ_HANDSHAKE_IVL, 3000},
        {"reconnect", ZMQ_RECONNECT_IVL, 100},
        {"reconnect at most", ZMQ_RECONNECT_IVL_MAX, 10000},
        {"send queue", ZMQ_SNDHWM, 1024},
        {"receive queue", ZMQ_RCVHWM, 1024},
        {"keepalive", ZMQ_TCP_KEEPALIVE, 1},
        {"keepalive idle", ZMQ_TCP_KEEPALIVE_IDLE, 30},
        {"keepalive interval", ZMQ_TCP_KEEPALIVE_INTVL, 10},
        {"keepalive count", ZMQ_TCP_KEEPALIVE_CNT, 3},
        {"kind", ZMQ_TYPE, ZMQ_DEALER},
        {"mechanism", ZMQ_MECHANISM, ZMQ_CURVE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(OPTIONS); i++)
        expect_option(scene->link.socket, OPTIONS[i].name, OPTIONS[i].option, OPTIONS[i].value);
    expect_largest_message(scene->link.socket, 1024 * 1024);
}

static void test_an_address_of_ipv6(void **state)
{
    struct scene *scene = *state;
    int value = 0;
    size_t size = sizeof(value);
    link_close(&scene->link, 0);
    snprintf(scene->link.broker.endpoint, sizeof(scene->link.broker.endpoint), "tcp://[::1]:1");
    assert_int_equal(link_open(&scene->link, scene->context), 0);
    assert_int_equal(zmq_getsockopt(scene->link.socket, ZMQ_IPV6, &value, &size), 0);
    assert_int_equal(value, 1);
}

static void wait_until_up(struct link *link)
{
    for (int turns = 0; !link->is_up && turns < TURNS_MAX; turns++) {
        nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
        link_watch(link, 1);
    }
    assert_true(link->is_up);
}

/* The first frame that the router gets: its one byte, or -1 after a while without any. */
static int first_frame(struct scene *scene)
{
    char id[64];
    uint8_t frame[8];
    zmq_setsockopt(scene->router, ZMQ_RCVTIMEO, &(int){TURN_MS * TURNS_MAX}, sizeof(int));
    if (zmq_recv(scene->router, id, sizeof(id), 0) < 0 ||
        zmq_recv(scene->router, frame, sizeof(frame), 0) != 1)
        return -1;
    return frame[0];
}

/* Where no broker is, the socket takes nothing: an answer that it took would come to the next broker, whose
 * tickets are others. */
static void test_nothing_is_queued_for_a_broker_that_is_away(void **state)
{
    struct scene *scene = *state;
    struct link *link = &scene->link;
    char endpoint[CONFIG_VALUE_MAX];
    wait_until_up(link);
    assert_int_equal(link_send(link, BYTES("1", 1)), 0);
    assert_int_equal(first_frame(scene), '1');
    memcpy(endpoint, link->broker.endpoint, sizeof(endpoint));
    zmq_close(scene->router);
    /* Without a look at the monitor, which would say that the link is down. */
    int turns = 0;
    while (link_send(link, BYTES("2", 1)) == 0 && ++turns < TURNS_MAX)
        nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
    assert_true(turns < TURNS_MAX);
    router_start(scene, endpoint);
    link->is_up = false;
    wait_until_up(link);
    for (turns = 0; link_send(link, BYTES("3", 1)) != 0 && turns < TURNS_MAX; turns++) {
        nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
        link_watch(link, 1); /* what it saw of the end may have come up only now */
    }
    assert_int_equal(first_frame(scene), '3');
}

/* A broker sends its own, too, to find out who is there. */
static void test_drained_is_what_the_broker_has_answered(void **state)
{
    struct scene *scene = *state;
    struct link *link = &scene->link;
    static const uint8_t GROUP[GROUP_ID_SIZE] = {1};
    const struct link_identity identity = {.group = GROUP, .window = 1, .term = 1};
    struct frame_header heard = {.type = FRAME_HEARTBEAT};
    wait_until_up(link);
    link_beat(link, &identity, 1);
    link_drain(link, &identity, 2);
    for (int i = 0; i < 8; i++)
        link_heard(link, &heard, GROUP, 3);
    assert_false(link->is_drained);
    assert_int_equal(link->trouble, LINK_FINE);
    heard.request = 1;
    memcpy(heard.group, GROUP, GROUP_ID_SIZE);
    link_heard(link, &heard, GROUP, 4);
    assert_false(link->is_drained);
    heard.request = 2;
    link_heard(link, &heard, GROUP, 5);
    assert_true(link->is_drained);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_drained_is_what_the_broker_has_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_address_of_ipv6, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_queued_for_a_broker_that_is_away, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
