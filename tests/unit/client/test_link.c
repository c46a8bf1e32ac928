/* The client's socket to a broker: its options, each read back from the socket that is really used, and what
 * IMMEDIATE is for. docs/architecture.md, "ZeroMQ". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>
#include <zmq.h>

#include "client/lib/client.h"
#include "core/error.h"
#include "fake_scene.h"
#include "tests/support/socket_options.h"

enum { TURN_MS = 5, TURNS_MAX = 1000 };

static int set_up(void **state)
{
    *state = scene_new(1);
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

static void options_of_the_socket(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *name;
        int option, value;
    } OPTIONS[] = {
        {"heartbeats of libzmq", ZMQ_HEARTBEAT_IVL, 0},
        {"immediate", ZMQ_IMMEDIATE, 1},
        {"linger", ZMQ_LINGER, 200},
        {"handshake", ZMQ_HANDSHAKE_IVL, 3000},
        {"connecting", ZMQ_CONNECT_TIMEOUT, 5000},
        {"reconnect", ZMQ_RECONNECT_IVL, 100},
        {"reconnect at most", ZMQ_RECONNECT_IVL_MAX, 10000},
        {"keepalive", ZMQ_TCP_KEEPALIVE, 1},
        {"kind", ZMQ_TYPE, ZMQ_DEALER},
        {"mechanism", ZMQ_MECHANISM, ZMQ_CURVE},
    };
    scene_start_ready(scene);
    void *socket = scene->client->links[0].socket;
    for (size_t i = 0; i < ARRAY_COUNT(OPTIONS); i++)
        expect_option(socket, OPTIONS[i].name, OPTIONS[i].option, OPTIONS[i].value);
    expect_largest_message(socket, 1024 * 1024);
}

static void an_address_of_ipv6(void **state)
{
    struct scene *scene = *state;
    int value = 0;
    size_t size = sizeof(value);
    scene->broker_options[0].endpoint = "tcp://[::1]:1";
    scene_start(scene);
    assert_int_equal(zmq_getsockopt(scene->client->links[0].socket, ZMQ_IPV6, &value, &size), 0);
    assert_int_equal(value, 1);
}

static void turn_sleep(void)
{
    nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
}

/* Where no broker is, the socket takes nothing: what it took would go out after the broker's return, when
 * whoever asked has long given up. */
static void nothing_is_queued_for_a_broker_that_is_away(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    struct comity *client = scene->client;
    struct link *link = &client->links[0];
    struct frame_header header = {.type = FRAME_REQUEST, .request = 77};
    uint8_t frame[FRAME_HEADER_SIZE];
    frame_header_write(&header, frame);
    struct connection_key key = *fake_broker_key(scene->brokers[0]);
    int port = fake_broker_port(scene->brokers[0]);
    size_t before = SEEN(scene, frame_count);
    fake_broker_stop(&scene->brokers[0]);
    /* Without a look at the monitor, which would say that the link is down. */
    int turns = 0;
    while (link_send(client, link, frame, sizeof(frame)) == 0 && ++turns < TURNS_MAX)
        turn_sleep();
    assert_true(turns < TURNS_MAX);
    scene->brokers[0] = fake_broker_start(scene->group, FAKE_ADMITS_ALL, port, &key);
    uint64_t connection = link->connection;
    for (turns = 0; (link->connection == connection || link->state != LINK_READY) && turns < TURNS_MAX;
         turns++)
        comity_pump(client, TURN_MS);
    assert_int_equal(link->state, LINK_READY);
    assert_int_equal(SEEN(scene, frame_count), before);
}

/* The same from where a user stands. */
static void what_was_given_up_is_not_done_later(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    struct connection_key key = *fake_broker_key(scene->brokers[0]);
    int port = fake_broker_port(scene->brokers[0]);
    fake_broker_stop(&scene->brokers[0]);
    struct comity_draft *draft = scene_ballot(scene);
    struct comity_result result;
    assert_int_not_equal(comity_submit_wait(scene->client, draft, 1000, &result), 0);
    comity_result_release(&result);
    comity_draft_destroy(&draft);
    scene->brokers[0] = fake_broker_start(scene->group, FAKE_ADMITS_ALL, port, &key);
    draft = scene_ballot(scene);
    assert_int_equal(comity_submit_wait(scene->client, draft, 12000, &result), 0);
    comity_result_release(&result);
    comity_draft_destroy(&draft);
    assert_int_equal(SEEN(scene, submits), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(options_of_the_socket, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_of_ipv6, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_queued_for_a_broker_that_is_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_given_up_is_not_done_later, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
