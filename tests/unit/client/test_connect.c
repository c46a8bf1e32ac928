/* Connections: why one does not come about, told apart against real sockets; heartbeats, silence, brokers
 * that come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "fake_scene.h"

static int set_up(void **state)
{
    *state = scene_new(1);
    return 0;
}

static int set_up_two(void **state)
{
    *state = scene_new(2);
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

/* A TCP port of our own that nobody accepts on: closed, or open and silent. */
static int port_take(bool is_listening, char *ret_endpoint, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
    if (is_listening)
        assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &length), 0);
    snprintf(ret_endpoint, size, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

/* Submit, expect NOT_SENT with this code, and give how long it took. */
static int64_t not_sent(struct scene *scene, int64_t deadline_ms, int code)
{
    struct comity_draft *draft = scene_ballot(scene);
    struct comity_result result;
    int64_t begin_ms = scene_now_ms();
    assert_int_equal(comity_submit_wait(scene->client, draft, deadline_ms, &result), code);
    assert_int_equal(result.verdict, COMITY_NOT_SENT);
    assert_true(result.is_brokers_word);
    assert_int_equal(result.attempts, 0);
    comity_result_release(&result);
    comity_draft_destroy(&draft);
    return scene_now_ms() - begin_ms;
}

static void recorded(struct scene *scene)
{
    struct comity_draft *draft = scene_ballot(scene);
    struct comity_result result;
    assert_int_equal(comity_submit_wait(scene->client, draft, 12000, &result), 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    comity_result_release(&result);
    comity_draft_destroy(&draft);
}

static void nobody_listens(void **state)
{
    struct scene *scene = *state;
    char endpoint[64];
    int fd = port_take(false, endpoint, sizeof(endpoint));
    scene->broker_options[0].endpoint = endpoint;
    scene_start(scene);
    int64_t took_ms = not_sent(scene, 1000, ERR_UNREACHABLE);
    assert_true(took_ms >= 1000); /* somebody may yet come */
    assert_int_equal(comity_broker_state(scene->client, 0), ERR_UNREACHABLE);
    assert_int_equal(scene_count(scene, COMITY_EVENT_DISCONNECTED, 0), 1);
    assert_int_equal(scene_count(scene, COMITY_EVENT_DISCONNECTED, ERR_UNREACHABLE), 1);
    assert_int_equal(scene_count(scene, COMITY_EVENT_CONNECTED, 0), 0);
    close(fd);
}

static void the_servers_key_is_another(void **state)
{
    struct scene *scene = *state;
    scene->broker_options[0].server_key[3] ^= 1;
    scene_start(scene);
    int64_t took_ms = not_sent(scene, 20000, ERR_SERVER_KEY);
    assert_true(took_ms < 5000); /* waiting would not help */
    assert_int_equal(comity_broker_state(scene->client, 0), ERR_SERVER_KEY);
    assert_int_equal(scene_count(scene, COMITY_EVENT_DISCONNECTED, ERR_SERVER_KEY), 1);
    assert_int_equal(scene_count(scene, COMITY_EVENT_CONNECTED, 0), 0);
    assert_int_equal(SEEN(scene, hellos), 0);
}

static void our_key_is_refused(void **state)
{
    struct scene *scene = *state;
    struct fake_broker *strict = fake_broker_start(scene->group, FAKE_ADMITS_NONE, 0, NULL);
    scene->brokers[1] = strict;
    scene->broker_options[0] = fake_broker_options(strict);
    scene_start(scene);
    int64_t took_ms = not_sent(scene, 20000, ERR_CLIENT_KEY);
    assert_true(took_ms < 5000);
    assert_int_equal(comity_broker_state(scene->client, 0), ERR_CLIENT_KEY);
    assert_int_equal(scene_count(scene, COMITY_EVENT_DISCONNECTED, ERR_CLIENT_KEY), 1);
    assert_int_equal(SEEN(scene, hellos), 0);
}

static void a_server_without_curve_is_not_the_server(void **state)
{
    struct scene *scene = *state;
    struct fake_broker *open = fake_broker_start(scene->group, FAKE_WITHOUT_CURVE, 0, NULL);
    scene->brokers[1] = open;
    scene->broker_options[0] = fake_broker_options(open);
    scene_start(scene);
    int64_t took_ms = not_sent(scene, 20000, ERR_SERVER_KEY);
    assert_true(took_ms < 5000);
    assert_int_equal(SEEN(scene, hellos), 0);
}

static void a_silent_listener_is_a_timeout(void **state)
{
    struct scene *scene = *state;
    char endpoint[64];
    int fd = port_take(true, endpoint, sizeof(endpoint));
    scene->broker_options[0].endpoint = endpoint;
    scene_start(scene);
    not_sent(scene, 4500, ERR_TIMEOUT);
    assert_int_equal(comity_broker_state(scene->client, 0), ERR_TIMEOUT);
    assert_int_equal(scene_count(scene, COMITY_EVENT_DISCONNECTED, ERR_SERVER_KEY), 0);
    close(fd);
}

static void one_bad_broker_does_not_matter(void **state)
{
    struct scene *scene = *state;
    scene->broker_options[0].server_key[3] ^= 1;
    scene_start(scene);
    recorded(scene);
    assert_int_equal(comity_broker_state(scene->client, 1), 0);
    assert_int_equal(comity_broker_state(scene->client, 0), ERR_SERVER_KEY);
}

static void a_broker_may_come_later(void **state)
{
    struct scene *scene = *state;
    struct connection_key key = *fake_broker_key(scene->brokers[0]);
    int port = fake_broker_port(scene->brokers[0]);
    char endpoint[64];
    snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%d", port);
    scene->broker_options[0].endpoint = endpoint;
    fake_broker_stop(&scene->brokers[0]);
    scene_start(scene);
    not_sent(scene, 500, ERR_UNREACHABLE);
    scene->brokers[0] = fake_broker_start(scene->group, FAKE_ADMITS_ALL, port, &key);
    recorded(scene);
    /* What was given up while nobody was there must not arrive now. */
    assert_int_equal(SEEN(scene, submits), 1);
    assert_int_equal(SEEN(scene, frame_count), 1);
}

static bool is_down(struct scene *scene)
{
    return scene_count(scene, COMITY_EVENT_DISCONNECTED, 0) > 0;
}

static void a_broker_may_be_restarted(void **state)
{
    struct scene *scene = *state;
    struct connection_key key = *fake_broker_key(scene->brokers[0]);
    int port = fake_broker_port(scene->brokers[0]);
    char endpoint[64];
    snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%d", port);
    scene->broker_options[0].endpoint = endpoint;
    scene_start(scene);
    recorded(scene);
    fake_broker_stop(&scene->brokers[0]);
    assert_true(scene_until(scene, is_down));
    assert_int_equal(scene_count(scene, COMITY_EVENT_DISCONNECTED, ERR_WORKER_LOST), 1);
    scene->brokers[0] = fake_broker_start(scene->group, FAKE_ADMITS_ALL, port, &key);
    recorded(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_READY, 0), 2);
    assert_int_equal(SEEN(scene, hellos), 2);
}

static bool has_been_quiet(struct scene *scene)
{
    static int64_t begin_ms;
    (void) scene;
    if (begin_ms == 0)
        begin_ms = scene_now_ms();
    return scene_now_ms() - begin_ms > 6500;
}

static void heartbeats_keep_a_quiet_connection(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    recorded(scene);
    assert_true(scene_until(scene, has_been_quiet));
    assert_int_equal(scene_count(scene, COMITY_EVENT_DISCONNECTED, 0), 0);
    assert_int_equal(comity_broker_state(scene->client, 0), 0);
}

static bool has_timed_out(struct scene *scene)
{
    return scene_count(scene, COMITY_EVENT_DISCONNECTED, ERR_TIMEOUT) > 0;
}

static void silence_ends_a_connection(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    recorded(scene);
    SCRIPT(scene, script.is_silent, true);
    assert_true(scene_until(scene, has_timed_out));
    SCRIPT(scene, script.is_silent, false);
    recorded(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_CONNECTING, 0), 2); /* a new socket, not the old one */
}

/* Nobody pumped for longer than the silence: it was ours, not the broker's. */
static void our_own_pause_is_not_silence(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    recorded(scene);
    int64_t end_ms = scene_now_ms() + 6000;
    for (int64_t left = 6000; left > 0; left = end_ms - scene_now_ms())
        usleep((useconds_t) left * 1000);
    recorded(scene);
    assert_int_equal(scene_count(scene, COMITY_EVENT_DISCONNECTED, 0), 0);
}

static bool is_ready(struct scene *scene)
{
    return comity_broker_state(scene->client, 0) == 0;
}

static bool has_said_bye(struct scene *scene)
{
    return SEEN(scene, byes) > 0;
}

static void leaving_is_said(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    assert_true(scene_until(scene, is_ready));
    comity_destroy(&scene->client);
    int64_t end_ms = scene_now_ms() + 5000;
    while (!has_said_bye(scene) && scene_now_ms() < end_ms)
        usleep(1000);
    assert_true(has_said_bye(scene));
}

static void bad_options_are_refused(void **state)
{
    struct scene *scene = *state;
    struct comity *client = NULL;
    static const struct {
        const char *endpoint;
        int code;
    } ENDPOINTS[] = {
        {NULL, ERR_MISSING},          {"", ERR_ADDRESS},
        {"tcp://", ERR_ADDRESS},      {"tcp://127.0.0.1", ERR_ADDRESS},
        {"127.0.0.1:1", ERR_ADDRESS}, {"ipc:///tmp/x", ERR_ADDRESS},
        {"inproc://x", ERR_ADDRESS},  {"tcp://127.0.0.1:port", ERR_ADDRESS},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ENDPOINTS); i++) {
        scene->broker_options[0].endpoint = ENDPOINTS[i].endpoint;
        assert_int_equal(comity_new(&scene->options, &client), ENDPOINTS[i].code);
        assert_null(client);
        assert_int_equal(scene->event_count, 0); /* nobody hears of it */
    }
    scene->options.broker_count = 0;
    assert_int_equal(comity_new(&scene->options, &client), ERR_MISSING);
    scene->options.broker_count = COMITY_BROKERS_MAX + 1;
    assert_int_equal(comity_new(&scene->options, &client), ERR_RANGE);
    scene->options.broker_count = 1;
    scene->options.software = "a\nb";
    assert_int_equal(comity_new(&scene->options, &client), ERR_RANGE);
    scene->options.software = NULL;
    memset(scene->options.group_key, 0, KEY_SIZE);
    assert_int_equal(comity_new(&scene->options, &client), ERR_SEAL);
    assert_null(client);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define TWO(test) cmocka_unit_test_setup_teardown(test, set_up_two, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(nobody_listens),
        ONE(the_servers_key_is_another),
        ONE(our_key_is_refused),
        ONE(a_server_without_curve_is_not_the_server),
        ONE(a_silent_listener_is_a_timeout),
        TWO(one_bad_broker_does_not_matter),
        ONE(a_broker_may_come_later),
        ONE(a_broker_may_be_restarted),
        ONE(heartbeats_keep_a_quiet_connection),
        ONE(silence_ends_a_connection),
        ONE(our_own_pause_is_not_silence),
        ONE(leaving_is_said),
        ONE(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
