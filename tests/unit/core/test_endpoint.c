/* Endpoints: what can be listened at and connected to, and what would do harm in a configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/endpoint.h"
#include "core/error.h"

enum { LISTEN = 1, CONNECT = 2, NEITHER = 0 };

static void test_forms(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        int can;
    } CASES[] = {
        {"tcp://127.0.0.1:7411", LISTEN | CONNECT},
        {"tcp://127.0.0.1:1", LISTEN | CONNECT},
        {"tcp://127.0.0.1:65535", LISTEN | CONNECT},
        {"tcp://[::1]:7411", LISTEN | CONNECT},
        {"tcp://[fe80::1%eth0]:7411", LISTEN | CONNECT},
        {"tcp://[::]:7411", LISTEN | CONNECT},
        {"tcp://[2001:db8::]:7411", LISTEN | CONNECT},
        {"tcp://[2001:DB8:0:1:2:3:4:5]:7411", LISTEN | CONNECT},
        {"tcp://[1:2:3:4:5:6:7]:7411", NEITHER},
        {"tcp://[1:2:3:4:5:6:7:8:9]:7411", NEITHER},
        {"tcp://[1:2:3:4:5:6:7::8]:7411", NEITHER},
        {"tcp://[1::2::3]:7411", NEITHER},
        {"tcp://[1:::2]:7411", NEITHER},
        {"tcp://[:1]:7411", NEITHER},
        {"tcp://[1:]:7411", NEITHER},
        {"tcp://[12345::]:7411", NEITHER},
        {"tcp://127.0.0.01:7411", NEITHER},
        {"tcp://127.0.0.:7411", NEITHER},
        {"tcp://0.0.0.0:7411", LISTEN | CONNECT},
        {"tcp://*:7411", LISTEN},
        {"tcp://*:*", LISTEN},
        {"tcp://127.0.0.1:*", LISTEN},
        {"tcp://eth0:7411", LISTEN | CONNECT}, /* a host may be called so as well */
        {"tcp://eth0.100:7411", LISTEN},
        {"tcp://br-lan:7411", LISTEN | CONNECT},
        {"tcp://example.org:7411", CONNECT},
        {"tcp://localhost:7411", CONNECT},
        {"tcp://a-much-longer-host:7411", CONNECT},
        {"tcp://comity.example.org.:7411", CONNECT},
        {"tcp://127.0.0.1:0", NEITHER},
        {"tcp://127.0.0.1:65536", NEITHER},
        {"tcp://127.0.0.1:99999", NEITHER},
        {"tcp://127.0.0.1:0080", NEITHER},
        {"tcp://127.0.0.1:+80", NEITHER},
        {"tcp://127.0.0.1:", NEITHER},
        {"tcp://127.0.0.1", NEITHER},
        {"tcp://:7411", NEITHER},
        {"tcp://127.0.0.256:7411", NEITHER},
        {"tcp://127.1:7411", NEITHER},
        {"tcp://::1:7411", NEITHER},
        {"tcp://[::1:7411", NEITHER},
        {"tcp://[::g]:7411", NEITHER},
        {"tcp://[fe80::1%]:7411", NEITHER},
        {"tcp://-x:7411", NEITHER},
        {"tcp://a..b:7411", NEITHER},
        {"tcp://.:7411", NEITHER},
        {"tcp://127.0.0.1:1;10.0.0.1:2", NEITHER}, /* a source address, to libzmq */
        {"tcp://host:1\n[log]\nkey = 00", NEITHER},
        {"tcp://host ;x:1", NEITHER},
        {"tcp://host\x01:1", NEITHER},
        {"tcp://\"host\":1", NEITHER},
        {"tcp://h\xc3\xb6st:1", NEITHER},
        {"tcp://host:1 ", NEITHER},
        {" tcp://host:1", NEITHER},
        {"ipc:///tmp/x:1", NEITHER},
        {"TCP://host:1", NEITHER},
        {"host:1", NEITHER},
        {"tcp:", NEITHER},
        {"", NEITHER},
    };

    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        for (int use = ENDPOINT_LISTEN; use <= ENDPOINT_CONNECT; use++) {
            struct endpoint endpoint = {.port = 7};
            const char *why = NULL;
            int code = endpoint_parse(CASES[i].text, (enum endpoint_use) use, &endpoint, &why);
            bool can = (CASES[i].can & (use == ENDPOINT_LISTEN ? LISTEN : CONNECT)) != 0;
            if (code != (can ? 0 : ERR_ADDRESS) || (!can && (why == NULL || endpoint.port != 7)))
                fail_msg("%s, use %d: %d", CASES[i].text, use, code);
        }
    }
}

static void test_too_long(void **state)
{
    (void) state;
    char text[2 * ENDPOINT_MAX];
    struct endpoint endpoint;
    const char *why;

    memset(text, 'a', sizeof(text));
    memcpy(text, "tcp://", 6);
    memcpy(text + sizeof(text) - 3, ":1", 3);
    assert_int_equal(endpoint_parse(text, ENDPOINT_CONNECT, &endpoint, &why), ERR_ADDRESS);
}

static void test_collisions(void **state)
{
    (void) state;
    static const struct {
        const char *a, *b;
        bool collides;
    } CASES[] = {
        {"tcp://127.0.0.1:7411", "tcp://127.0.0.1:7411", true},
        {"tcp://127.0.0.1:7411", "tcp://127.0.0.1:7412", false},
        {"tcp://127.0.0.1:7411", "tcp://127.0.0.2:7411", false},
        {"tcp://*:7411", "tcp://127.0.0.1:7411", true},
        {"tcp://eth0:7411", "tcp://0.0.0.0:7411", true},
        {"tcp://[::]:7411", "tcp://127.0.0.1:7411", true},
        {"tcp://127.0.0.1:*", "tcp://127.0.0.1:*", false},
    };

    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        struct endpoint a, b;
        const char *why;
        assert_int_equal(endpoint_parse(CASES[i].a, ENDPOINT_LISTEN, &a, &why), 0);
        assert_int_equal(endpoint_parse(CASES[i].b, ENDPOINT_LISTEN, &b, &why), 0);
        if (endpoint_collides(&a, &b) != CASES[i].collides)
            fail_msg("%s and %s", CASES[i].a, CASES[i].b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_collisions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
