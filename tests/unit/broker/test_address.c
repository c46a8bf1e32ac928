/* Where connections come from: the same by ZAP's text and by the socket's address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "broker/address.h"

static struct address of_socket(const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return address_of_socket((const struct sockaddr *) &four);
    assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    return address_of_socket((const struct sockaddr *) &six);
}

static void test_same_and_other(void **state)
{
    (void) state;
    static const struct {
        const char *text, *socket;
        bool is_same;
    } CASES[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true}, /* a socket of both kinds */
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true}, /* one /64 */
        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
        {"fe80::1%eth0", "fe80::1", true},
        {"::1", "::1", true},
    };
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        struct address a = address_of_text(CASES[i].text), b = of_socket(CASES[i].socket);
        if (address_equal(&a, &b) != CASES[i].is_same)
            fail_msg("case %zu", i);
        assert_false(address_is_nowhere(&a));
    }
}

static void test_nowhere(void **state)
{
    (void) state;
    char large[100];
    memset(large, '1', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    const char *const TEXTS[] = {"", "%", "host", "1.2.3", "1.2.3.4.5", ":::", large};
    for (size_t i = 0; i < ARRAY_COUNT(TEXTS); i++) {
        struct address address = address_of_text(TEXTS[i]);
        assert_true(address_is_nowhere(&address));
    }
    struct sockaddr local = {.sa_family = AF_UNIX};
    struct address address = address_of_socket(&local);
    assert_true(address_is_nowhere(&address));
}

static void test_loopback(void **state)
{
    (void) state;
    const char *const OURS[] = {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"};
    const char *const OTHERS[] = {"128.0.0.1", "::2", "2001:db8::1", "::ffff:10.0.0.1", ""};
    for (size_t i = 0; i < ARRAY_COUNT(OURS); i++) {
        struct address address = address_of_text(OURS[i]);
        assert_true(address_is_loopback(&address));
    }
    for (size_t i = 0; i < ARRAY_COUNT(OTHERS); i++) {
        struct address address = address_of_text(OTHERS[i]);
        assert_false(address_is_loopback(&address));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_and_other),
        cmocka_unit_test(test_nowhere),
        cmocka_unit_test(test_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
