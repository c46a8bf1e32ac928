/* Settings: what a configuration becomes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/settings.h"
#include "core/error.h"

#define NORTH "0000000000000000000000000000000000000000000000000000000000000001"
#define SOUTH "0000000000000000000000000000000000000000000000000000000000000002"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define GROUP "000102030405060708090a0b0c0d0e0f"
#define OTHER "f00102030405060708090a0b0c0d0e0f"

static int read_text(const char *text, struct settings **ret_settings, char *reason)
{
    char path[] = "/tmp/comity-settings-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t) strlen(text));
    close(fd);
    int error = settings_read(path, ret_settings, reason);
    unlink(path);
    return error;
}

static void test_defaults(void **state)
{
    (void) state;
    char reason[CONFIG_REASON_MAX];
    CLEANUP(settings_destroy) struct settings *settings = NULL;
    assert_int_equal(read_text("", &settings, reason), 0);
    assert_string_equal(settings->endpoint[SIDE_FRONT], "tcp://127.0.0.1:7411");
    assert_string_equal(settings->endpoint[SIDE_BACK], "tcp://127.0.0.1:7412");
    assert_string_equal(settings->ready_file, "");
    assert_int_equal(settings->log_level, LOG_INFO);
    assert_int_equal(settings->limits.worker_silence_ms, 5000);
    assert_int_equal(settings->limits.client_silence_ms, 30000);
    assert_int_equal(settings->admission.address_percent, 25);
    assert_int_equal(settings->buffer_bytes, 64 * 1024 * 1024);
    assert_int_equal(settings->arrivals.per_minute, 1200);
    assert_int_equal(settings->arrivals.at_once, 256);
    assert_int_equal(settings->limits.rates[RATE_STRANGER].per_minute, 3000);
    assert_int_equal(settings->limits.rates[RATE_STRANGER].at_once, 512);
    assert_int_equal(settings->limits.rates[RATE_CLIENT].per_minute, 60000);
    assert_int_equal(settings->limits.rates[RATE_CLIENT].at_once, 8000);
    assert_int_equal(settings->limits.rates[RATE_ADDRESS].per_minute, 12000);
    assert_int_equal(settings->limits.rates[RATE_ADDRESS].at_once, 2000);
    assert_int_equal(settings->admission.worker_count, 0);
    assert_int_equal(settings->admission.operator_count, 0);
}

static void test_everything_is_taken_up(void **state)
{
    (void) state;
    char reason[CONFIG_REASON_MAX];
    CLEANUP(settings_destroy) struct settings *settings = NULL;
    assert_int_equal(read_text("[broker]\n"
                               "front = tcp://*:1\nback = tcp://[::1]:2\nkey_file = /k\nready_file = /r\n"
                               "operator = " NORTH "\noperator = " SOUTH "\nlog_level = error\n"
                               "connections = 11\naddress_percent = 50\nbuffer_mib = 9\nclients = "
                               "12\npending = 13\nclient_pending = 14\n"
                               "worker_window = 15\nsubscriptions = 16\nclient_subscriptions = 17\n"
                               "budget_ms = 118\nheartbeat_ms = 19\nheartbeats = 3\nclient_silence_ms = 120\n"
                               "news_ms = 21\nstop_ms = 22\nio_threads = 3\n"
                               "[rates]\nstrangers_per_minute = 31\nstrangers_at_once = 32\nclients_per_minute = 33\n"
                               "clients_at_once = 34\naddress_per_minute = 35\naddress_at_once = 36\n"
                               "[worker north]\nkey = " NORTH "\ngroup = " GROUP "\n"
                               "[worker south]\nkey = " SOUTH "\ngroup = " GROUP "\ngroup = " OTHER "\n",
                               &settings, reason),
                     0);
    const struct router_limits *limits = &settings->limits;
    assert_string_equal(settings->endpoint[SIDE_FRONT], "tcp://*:1");
    assert_string_equal(settings->endpoint[SIDE_BACK], "tcp://[::1]:2");
    assert_string_equal(settings->key_file, "/k");
    assert_string_equal(settings->ready_file, "/r");
    assert_int_equal(settings->log_level, LOG_ERROR);
    assert_int_equal(settings->admission.connection_limit, 11);
    assert_int_equal(settings->admission.address_percent, 50);
    assert_int_equal(settings->buffer_bytes, 9 * 1024 * 1024);
    assert_int_equal(limits->pending_bytes, 9 * 1024 * 1024);
    assert_int_equal(limits->clients, 12);
    assert_int_equal(limits->pending, 13);
    assert_int_equal(limits->client_pending, 14);
    assert_int_equal(limits->worker_window, 15);
    assert_int_equal(limits->subscriptions, 16);
    assert_int_equal(limits->client_subscriptions, 17);
    assert_int_equal(limits->budget_most_ms, 118);
    assert_int_equal(limits->worker_silence_ms, 57);
    assert_int_equal(limits->client_silence_ms, 120);
    assert_int_equal(settings->news_ms, 21);
    assert_int_equal(settings->stop_ms, 22);
    assert_int_equal(settings->io_threads, 3);
    assert_int_equal(limits->rates[RATE_STRANGER].per_minute, 31);
    assert_int_equal(limits->rates[RATE_STRANGER].at_once, 32);
    assert_int_equal(limits->rates[RATE_CLIENT].per_minute, 33);
    assert_int_equal(limits->rates[RATE_CLIENT].at_once, 34);
    assert_int_equal(settings->arrivals.per_minute, 35);
    assert_int_equal(settings->arrivals.at_once, 36);
    const uint8_t north[KEY_SIZE] = {[31] = 1}, south[KEY_SIZE] = {[31] = 2};
    const struct admission_worker *worker = admission_worker(&settings->admission, north);
    assert_string_equal(worker->name, "north");
    assert_int_equal(worker->group_count, 1);
    assert_int_equal(worker->groups[0][15], 15);
    assert_int_equal(admission_worker(&settings->admission, south)->group_count, 2);
    assert_true(admission_is_operator(&settings->admission, south));
}

static void test_refusals(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        const char *says;
    } CASES[] = {
        {"[broker]\nfront = ipc:///tmp/x\n", "front is to be tcp://ADDRESS:PORT"},
        {"[broker]\nback = tcp://host\n", "back is to be tcp://ADDRESS:PORT"},
        {"[broker]\nfront = tcp://127.0.0.1:99999\n",
         "front is to be tcp://ADDRESS:PORT with a port of 1 to"},
        {"[broker]\nfront = tcp://comity.example.org:7411\n", "the name of an interface or *"},
        {"[broker]\nfront = tcp://127.0.0.1:7412\n", "front and back have the same address"},
        {"[broker]\nback = tcp://*:7411\n", "front and back have the same address"},
        {"[worker a]\nkey = " ZERO "\n", "the key of [worker a] is the sample's"},
        {"[broker]\nlog_level = loud\n", "log_level is to be debug, info, warning or error"},
        {"[broker]\nheartbeats = 1\n", "heartbeats is to be 2 to 100"},
        {"[worker a]\nkey =\n", "the key of [worker a] is empty"},
        {"[worker a]\n", "section [worker a] lacks key"},
        {"[worker a]\nkey = " NORTH "\n[worker b]\nkey = " NORTH "\n",
         "[worker a] and [worker b] have the same key"},
        {"[worker a]\nkey = " NORTH "\ngroup = " GROUP "\n[worker b]\nkey = " SOUTH "\n",
         "section [worker b] lacks group"},
        {"[worker a]\nkey = " NORTH "\ngroup = 12\n", "group has 2 bytes, and 32 to 32 are allowed"},
        {"[worker a]\nkey = " NORTH "\ngroup = 000102030405060708090a0b0c0d0e0g\n",
         "a group of [worker a] is not 32 hexadecimal digits"},
        {"[worker]\nkey = " NORTH "\n", "section [worker] needs a name"},
        {"[broker]\noperator =\n", "operator: no key stands there"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        char reason[CONFIG_REASON_MAX] = "";
        struct settings *settings = NULL;
        int error = read_text(CASES[i].text, &settings, reason);
        if (error != ERR_CONFIG || settings || !strstr(reason, CASES[i].says) ||
            !strstr(reason, "/tmp/comity-settings-"))
            fail_msg("case %zu: %d \"%s\"", i, error, reason);
    }
}

/* What only --check looks for: a start finds out by itself, and may have to wait for an interface. */
static void test_what_is_not_there(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        int code;
        const char *says;
    } CASES[] = {
        {"[broker]\nkey_file = /tmp/k\nready_file = /tmp/r\n", 0, ""},
        {"[broker]\nkey_file = k\nfront = tcp://lo:7411\n", 0, ""},
        {"[broker]\nkey_file = /nonexistent/k\n", ERR_CONFIG,
         "key_file /nonexistent/k: there is no such folder"},
        {"[broker]\nkey_file = /tmp/k\nready_file = /nonexistent/r\n", ERR_CONFIG,
         "ready_file /nonexistent/r"},
        {"[broker]\nkey_file = /tmp/k\nback = tcp://nohost:7412\n", ERR_ADDRESS, "no interface nohost now"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        char reason[CONFIG_REASON_MAX] = "";
        CLEANUP(settings_destroy) struct settings *settings = NULL;
        assert_int_equal(read_text(CASES[i].text, &settings, reason), 0);
        int error = settings_check(settings, reason);
        if (error != CASES[i].code || !strstr(reason, CASES[i].says))
            fail_msg("case %zu: %d \"%s\"", i, error, reason);
    }
}

static void test_what_needs_a_restart(void **state)
{
    (void) state;
    char reason[CONFIG_REASON_MAX];
    CLEANUP(settings_destroy) struct settings *old = NULL;
    CLEANUP(settings_destroy) struct settings *limits = NULL;
    CLEANUP(settings_destroy) struct settings *moved = NULL;
    assert_int_equal(read_text("[broker]\n", &old, reason), 0);
    assert_int_equal(read_text("[broker]\npending = 5\noperator = " NORTH "\n", &limits, reason), 0);
    assert_int_equal(read_text("[broker]\nback = tcp://127.0.0.1:9\nio_threads = 2\n", &moved, reason), 0);
    char names[SETTINGS_NAMES_MAX];
    settings_fixed_differences(old, limits, names);
    assert_string_equal(names, "");
    settings_fixed_differences(old, moved, names);
    assert_string_equal(names, "back,io_threads");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_everything_is_taken_up),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_what_needs_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
