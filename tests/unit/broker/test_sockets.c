/* The options of the two sockets, as libzmq has them in effect. What only shows in what a socket does
 * (MANDATORY, HANDOVER) is in tests/e2e/broker/test_defences.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zmq.h>

#include "broker/sockets.h"
#include "core/error.h"
#include "tests/support/socket_options.h"

enum { ZAP_ENFORCE_DOMAIN = 93 };

struct setup {
    void *context;
    void *sockets[2], *monitors[2];
    char endpoints[2][ENDPOINT_MAX];
    struct connection_key key;
};

static void open_side(struct setup *setup, enum side side)
{
    char reason[CONFIG_REASON_MAX];
    assert_int_equal(socket_open(setup->context, side, "tcp://127.0.0.1:*", &setup->key,
                                 &setup->sockets[side], &setup->monitors[side], setup->endpoints[side], reason),
                     0);
}

static void close_side(struct setup *setup, enum side side)
{
    zmq_socket_monitor(setup->sockets[side], NULL, 0);
    zmq_close(setup->monitors[side]);
    zmq_close(setup->sockets[side]);
}

static int setup_make(void **state)
{
    struct setup *setup = calloc(1, sizeof(*setup));
    assert_int_equal(key_init(), 0);
    connection_key_generate(&setup->key);
    setup->context = zmq_ctx_new();
    open_side(setup, SIDE_FRONT);
    open_side(setup, SIDE_BACK);
    *state = setup;
    return 0;
}

static int setup_end(void **state)
{
    struct setup *setup = *state;
    close_side(setup, SIDE_FRONT);
    close_side(setup, SIDE_BACK);
    zmq_ctx_term(setup->context);
    free(setup);
    return 0;
}

static void test_numbers(void **state)
{
    struct setup *setup = *state;
    static const struct {
        const char *name;
        int option;
        int values[2]; /* front, back */
    } ROWS[] = {
        {"SNDHWM", ZMQ_SNDHWM, {1024, 4096}},
        {"RCVHWM", ZMQ_RCVHWM, {1024, 4096}},
        {"LINGER", ZMQ_LINGER, {1000, 1000}},
        {"BACKLOG", ZMQ_BACKLOG, {1024, 1024}},
        {"HANDSHAKE_IVL", ZMQ_HANDSHAKE_IVL, {3000, 3000}},
        {"TCP_KEEPALIVE", ZMQ_TCP_KEEPALIVE, {1, 1}},
        {"TCP_KEEPALIVE_IDLE", ZMQ_TCP_KEEPALIVE_IDLE, {30, 30}},
        {"TCP_KEEPALIVE_INTVL", ZMQ_TCP_KEEPALIVE_INTVL, {5, 5}},
        {"TCP_KEEPALIVE_CNT", ZMQ_TCP_KEEPALIVE_CNT, {3, 3}},
        {"TCP_MAXRT", ZMQ_TCP_MAXRT, {15000, 15000}},
        {"CURVE_SERVER", ZMQ_CURVE_SERVER, {1, 1}},
        {"ZAP_ENFORCE_DOMAIN", ZAP_ENFORCE_DOMAIN, {1, 1}},
        {"IPV6", ZMQ_IPV6, {0, 0}},
        {"HEARTBEAT_IVL", ZMQ_HEARTBEAT_IVL, {0, 0}},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        for (int side = SIDE_FRONT; side <= SIDE_BACK; side++) {
            char name[64];
            snprintf(name, sizeof(name), "%s of the %s", ROWS[i].name, side_name((enum side) side));
            expect_option(setup->sockets[side], name, ROWS[i].option, ROWS[i].values[side]);
        }
    }
}

static void test_largest_message(void **state)
{
    struct setup *setup = *state;
    for (int side = SIDE_FRONT; side <= SIDE_BACK; side++)
        expect_largest_message(setup->sockets[side], MESSAGE_MAX_BYTES);
}

/* Fresh, random, and none that libzmq could give out by itself. */
static void test_own_routing_ids(void **state)
{
    struct setup *setup = *state;
    uint8_t ids[3][256];
    for (int i = 0; i < 3; i++) {
        size_t size = sizeof(ids[i]);
        if (i == 2) { /* another start */
            close_side(setup, SIDE_FRONT);
            open_side(setup, SIDE_FRONT);
        }
        assert_int_equal(zmq_getsockopt(setup->sockets[i == 1], ZMQ_ROUTING_ID, ids[i], &size), 0);
        assert_int_equal(size, 16);
        assert_true((ids[i][0] & 0x80) != 0);
        for (int other = 0; other < i; other++)
            assert_memory_not_equal(ids[i], ids[other], size);
    }
}

static void test_domains(void **state)
{
    struct setup *setup = *state;
    for (int side = SIDE_FRONT; side <= SIDE_BACK; side++) {
        char domain[64] = "";
        size_t size = sizeof(domain);
        assert_int_equal(zmq_getsockopt(setup->sockets[side], ZMQ_ZAP_DOMAIN, domain, &size), 0);
        assert_string_equal(domain, side_name((enum side) side));
    }
}

static void test_addresses(void **state)
{
    struct setup *setup = *state;
    static const struct {
        const char *endpoint;
        int error;
        const char *says;
    } CASES[] = {
        {"tcp://203.0.113.7:1", ERR_ADDRESS, "no such address"},
        {"tcp://nointerface0:1", ERR_ADDRESS, "no such interface"},
        {NULL, ERR_ADDRESS, "another program listens there"}, /* the back's own */
    };
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        const char *endpoint = CASES[i].endpoint ? CASES[i].endpoint : setup->endpoints[SIDE_BACK];
        char reason[CONFIG_REASON_MAX] = "", ignored[ENDPOINT_MAX];
        void *socket = NULL, *monitor = NULL;
        int error =
            socket_open(setup->context, SIDE_FRONT, endpoint, &setup->key, &socket, &monitor, ignored, reason);
        if (error != CASES[i].error || socket || monitor || !strstr(reason, CASES[i].says))
            fail_msg("%s: %d \"%s\"", endpoint, error, reason);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_make, setup_end)
    const struct CMUnitTest tests[] = {
        TEST(test_numbers), TEST(test_largest_message), TEST(test_own_routing_ids),
        TEST(test_domains), TEST(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
