/* What libzmq says of a socket's options: for tests that read back what our code has set. */
#ifndef COMITY_TESTS_SOCKET_OPTIONS_H
#define COMITY_TESTS_SOCKET_OPTIONS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zmq.h>

/* @name is for people: which option of which socket. */
static inline void expect_option(void *socket, const char *name, int option, int expected)
{
    int value = -77;
    size_t size = sizeof(value);

    if (zmq_getsockopt(socket, option, &value, &size) != 0 || value != expected)
        fail_msg("%s: %d, expected %d", name, value, expected);
}

static inline void expect_largest_message(void *socket, int64_t expected)
{
    int64_t most = 0;
    size_t size = sizeof(most);

    assert_int_equal(zmq_getsockopt(socket, ZMQ_MAXMSGSIZE, &most, &size), 0);
    assert_int_equal(most, expected);
}

#endif
