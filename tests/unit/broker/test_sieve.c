/* The sieve, on real sockets of loopback: whose connections are made, and whose the system drops. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/sieve.h"

enum { BACKLOG = 256 };

struct setup {
    struct sieve sieve;
    struct sockaddr_storage at;
    socklen_t at_size;
    int listener;
};

static void listen_at(struct setup *setup, const char *text)
{
    struct sockaddr_in *four = (void *) &setup->at;
    struct sockaddr_in6 *six = (void *) &setup->at;
    setup->at = (struct sockaddr_storage){.ss_family = strchr(text, ':') ? AF_INET6 : AF_INET};
    setup->at_size = strchr(text, ':') ? sizeof(*six) : sizeof(*four);
    assert_int_equal(inet_pton(setup->at.ss_family, text,
                               setup->at.ss_family == AF_INET6 ? (void *) &six->sin6_addr : (void *) &four->sin_addr),
                     1);
    setup->listener = socket(setup->at.ss_family, SOCK_STREAM, 0);
    assert_int_equal(bind(setup->listener, (struct sockaddr *) &setup->at, setup->at_size), 0);
    assert_int_equal(listen(setup->listener, BACKLOG), 0);
    assert_int_equal(getsockname(setup->listener, (struct sockaddr *) &setup->at, &setup->at_size), 0);
    sieve_init(&setup->sieve);
    sieve_listen(&setup->sieve, setup->listener);
}

/* Over loopback a connection is made at once or, where its first packet is dropped, not. */
static bool comes_through(const struct setup *setup, const char *from)
{
    int fd = socket(setup->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in own = {.sin_family = AF_INET};
    assert_true(fd >= 0);
    if (from) {
        inet_pton(AF_INET, from, &own.sin_addr);
        assert_int_equal(bind(fd, (struct sockaddr *) &own, sizeof(own)), 0);
    }
    if (connect(fd, (const struct sockaddr *) &setup->at, setup->at_size) != 0)
        assert_int_equal(errno, EINPROGRESS);
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    close(fd);
    return info.tcpi_state == TCP_ESTABLISHED;
}

static void keep_out(struct setup *setup, const char *from, int64_t now_ms)
{
    const struct address address = address_of_text(from);
    sieve_add(&setup->sieve, &address, now_ms);
}

static void test_one_is_kept_out_and_let_in_again(void **state)
{
    (void) state;
    struct setup setup;
    listen_at(&setup, "127.0.0.1");
    assert_true(comes_through(&setup, "127.0.0.5"));
    assert_true(sieve_due_ms(&setup.sieve) == INT64_MAX);
    keep_out(&setup, "127.0.0.5", 1000);
    keep_out(&setup, "127.0.0.5", 1500); /* is so already */
    assert_false(comes_through(&setup, "127.0.0.5"));
    assert_true(comes_through(&setup, "127.0.0.6"));
    assert_true(comes_through(&setup, "127.0.0.1"));
    assert_int_equal(sieve_due_ms(&setup.sieve), 1000 + SIEVE_MS);
    sieve_tick(&setup.sieve, 999 + SIEVE_MS);
    assert_false(comes_through(&setup, "127.0.0.5"));
    sieve_tick(&setup.sieve, 1000 + SIEVE_MS);
    assert_true(comes_through(&setup, "127.0.0.5"));
    assert_true(sieve_due_ms(&setup.sieve) == INT64_MAX);
    close(setup.listener);
}

/* As many as there is room for, of both kinds; each is let in when its own time is over. */
static void test_many(void **state)
{
    (void) state;
    struct setup setup;
    char text[32];
    listen_at(&setup, "127.0.0.1");
    for (int i = 0; i < SIEVE_MOST + 2; i++) {
        snprintf(text, sizeof(text), i % 2 ? "2001:db8:%x::1" : "127.0.1.%d", i);
        keep_out(&setup, text, i);
    }
    assert_int_equal(setup.sieve.count, SIEVE_MOST);
    assert_false(comes_through(&setup, "127.0.1.0"));
    assert_false(comes_through(&setup, "127.0.1.62"));
    assert_true(comes_through(&setup, "127.0.1.64"));
    sieve_tick(&setup.sieve, SIEVE_MS + 61);
    assert_int_equal(setup.sieve.count, 2);
    assert_true(comes_through(&setup, "127.0.1.0"));
    assert_false(comes_through(&setup, "127.0.1.62"));
    close(setup.listener);
}

static void test_ipv6_by_its_first_half(void **state)
{
    (void) state;
    struct setup setup;
    listen_at(&setup, "::1");
    keep_out(&setup, "2001:db8::1", 1000);
    keep_out(&setup, "127.0.0.1", 1000);
    assert_true(comes_through(&setup, NULL));
    keep_out(&setup, "::1", 1000); /* its first half is all zeros */
    assert_false(comes_through(&setup, NULL));
    close(setup.listener);
}

/* It listens to both kinds: what comes as IPv4 is known by that. */
static void test_both(void **state)
{
    (void) state;
    struct setup setup;
    listen_at(&setup, "::");
    const in_port_t port = ((struct sockaddr_in6 *) (void *) &setup.at)->sin6_port;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setup.at = (struct sockaddr_storage){0};
    memcpy(&setup.at, &four, sizeof(four));
    setup.at_size = sizeof(four);
    assert_true(comes_through(&setup, "127.0.0.5"));
    keep_out(&setup, "127.0.0.5", 1000);
    assert_false(comes_through(&setup, "127.0.0.5"));
    assert_true(comes_through(&setup, "127.0.0.6"));
    close(setup.listener);
}

/* Where it is not known what listens, nothing is done. */
static void test_nothing_listens(void **state)
{
    (void) state;
    struct sieve sieve;
    const struct address address = address_of_text("127.0.0.5");
    sieve_init(&sieve);
    sieve_add(&sieve, &address, 1000);
    sieve_tick(&sieve, 1000 + SIEVE_MS);
    assert_int_equal(sieve.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_is_kept_out_and_let_in_again),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_ipv6_by_its_first_half),
        cmocka_unit_test(test_both),
        cmocka_unit_test(test_nothing_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
