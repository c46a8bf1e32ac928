/* What a monitor tells, told apart: the sequences seen with libzmq 4.3.4 (watch.h has the list). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <zmq.h>

#include "client/lib/backoff.h"
#include "client/lib/watch.h"
#include "core/error.h"

struct step {
    uint16_t event;
    uint32_t value;
};

enum { STEPS_MAX = 8 };

struct row {
    const char *name;
    struct step steps[STEPS_MAX];
    int code;
    bool is_up, is_hopeless, has_given_up;
};

#define CONNECTED                                                                                            \
    {                                                                                                        \
        ZMQ_EVENT_CONNECTED, 24                                                                              \
    }
#define DISCONNECTED                                                                                         \
    {                                                                                                        \
        ZMQ_EVENT_DISCONNECTED, 24                                                                           \
    }
#define RETRIED                                                                                              \
    {                                                                                                        \
        ZMQ_EVENT_CONNECT_RETRIED, 120                                                                       \
    }
#define SUCCEEDED                                                                                            \
    {                                                                                                        \
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0                                                                     \
    }
#define HANGUP                                                                                               \
    {                                                                                                        \
        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EPIPE                                                          \
    }
#define RESET                                                                                                \
    {                                                                                                        \
        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, ECONNRESET                                                     \
    }
#define QUIET                                                                                                \
    {                                                                                                        \
        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EAGAIN                                                         \
    }
#define DENIED                                                                                               \
    {                                                                                                        \
        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400                                                                 \
    }
#define FULL                                                                                                 \
    {                                                                                                        \
        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 500                                                                 \
    }
#define NO_CURVE                                                                                             \
    {                                                                                                        \
        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH                      \
    }

static const struct row ROWS[] = {
    {"the right server", {CONNECTED, SUCCEEDED}, 0, true, false, false},
    {"nobody listens", {RETRIED, RETRIED, RETRIED}, ERR_UNREACHABLE, false, false, false},
    {"the server hung up once",
     {CONNECTED, HANGUP, DISCONNECTED, RETRIED},
     ERR_SERVER_KEY,
     false,
     false,
     false},
    {"the server hung up twice",
     {CONNECTED, HANGUP, DISCONNECTED, RETRIED, CONNECTED, HANGUP, DISCONNECTED, RETRIED},
     ERR_SERVER_KEY,
     false,
     false,
     false},
    {"the server keeps hanging up",
     {CONNECTED, HANGUP, RETRIED, CONNECTED, HANGUP, RETRIED, CONNECTED, HANGUP},
     ERR_SERVER_KEY,
     false,
     true,
     false},
    {"the broker keeps resetting us: it is full",
     {CONNECTED, RESET, RETRIED, CONNECTED, RESET, RETRIED, CONNECTED, RESET},
     ERR_BUSY,
     false,
     false,
     false},
    {"hung up, then gone",
     {CONNECTED, HANGUP, DISCONNECTED, RETRIED, RETRIED},
     ERR_UNREACHABLE,
     false,
     false,
     false},
    {"hung up twice, then up",
     {CONNECTED, HANGUP, RETRIED, CONNECTED, HANGUP, RETRIED, CONNECTED, SUCCEEDED},
     0,
     true,
     false,
     false},
    {"our key is refused", {CONNECTED, DENIED, DISCONNECTED}, ERR_CLIENT_KEY, false, true, true},
    {"the broker is full", {CONNECTED, FULL, DISCONNECTED}, ERR_BUSY, false, false, true},
    {"no CURVE there", {CONNECTED, NO_CURVE, DISCONNECTED}, ERR_SERVER_KEY, false, true, true},
    {"says nothing", {CONNECTED, QUIET, DISCONNECTED, RETRIED}, ERR_TIMEOUT, false, false, false},
    {"broke after all was well",
     {CONNECTED, SUCCEEDED, DISCONNECTED, RETRIED},
     ERR_WORKER_LOST,
     false,
     false,
     false},
    {"broke, and gone",
     {CONNECTED, SUCCEEDED, DISCONNECTED, RETRIED, RETRIED},
     ERR_UNREACHABLE,
     false,
     false,
     false},
};

static void sequences_are_told_apart(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct watch watch = {0};
        print_message("  %s\n", ROWS[i].name);
        for (size_t k = 0; k < STEPS_MAX && ROWS[i].steps[k].event != 0; k++)
            watch_take(&watch, ROWS[i].steps[k].event, ROWS[i].steps[k].value);
        assert_int_equal(watch.code, ROWS[i].code);
        assert_int_equal(watch.is_up, ROWS[i].is_up);
        assert_int_equal(watch.is_hopeless, ROWS[i].is_hopeless);
        assert_int_equal(watch.has_given_up, ROWS[i].has_given_up);
    }
}

static void a_new_socket_keeps_what_was_learned(void **state)
{
    (void) state;
    struct watch watch = {0};
    watch_take(&watch, ZMQ_EVENT_CONNECTED, 1);
    watch_take(&watch, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400);
    watch_restart(&watch);
    assert_false(watch.has_given_up);
    assert_false(watch.is_connected);
    assert_true(watch.is_hopeless);
    assert_int_equal(watch.code, ERR_CLIENT_KEY);
    assert_int_equal(watch_take(&watch, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0), WATCH_UP);
    assert_false(watch.is_hopeless);
}

static void back_off_grows_and_is_bounded(void **state)
{
    (void) state;
    static const uint32_t randoms[] = {0, 1, 12345, UINT32_MAX};
    int64_t whole = BACKOFF_LEAST_MS;
    for (unsigned attempt = 1; attempt < 100; attempt++) {
        for (size_t i = 0; i < ARRAY_COUNT(randoms); i++) {
            int64_t wait = backoff_ms(attempt, 0, randoms[i]);
            assert_in_range(wait, whole / 2, whole);
            assert_in_range(backoff_ms(attempt, 3000, randoms[i]), 3000 > wait ? 3000 : wait,
                            BACKOFF_MOST_MS);
            assert_in_range(backoff_ms(attempt, UINT32_MAX, randoms[i]), BACKOFF_MOST_MS,
                            BACKOFF_MOST_MS + BACKOFF_LEAST_MS);
        }
        whole = 2 * whole < BACKOFF_MOST_MS ? 2 * whole : BACKOFF_MOST_MS;
    }
    assert_true(backoff_ms(0, 0, 7) > 0);
}

static void back_off_has_jitter(void **state)
{
    (void) state;
    bool differs = false;
    for (uint32_t random = 0; random < 100; random++)
        differs = differs || backoff_ms(4, 0, random) != backoff_ms(4, 0, 0);
    assert_true(differs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_are_told_apart),
        cmocka_unit_test(a_new_socket_keeps_what_was_learned),
        cmocka_unit_test(back_off_grows_and_is_bounded),
        cmocka_unit_test(back_off_has_jitter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
