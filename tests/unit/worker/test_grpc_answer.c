/* gRPC's messages in any pieces, and its status out of headers and trailers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "worker/log/grpc_answer.h"

enum { LIMIT = 64 };

/* Three messages: 3 bytes, none, 1 byte. */
static const uint8_t WHOLE[] = {0, 0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'd'};

static void assert_next(const struct grpc_reader *reader, size_t *offset, const char *text)
{
    struct bytes message;
    assert_true(grpc_reader_next(reader, offset, &message));
    assert_true(bytes_equal(message, BYTES(text, strlen(text))));
}

static void test_in_any_pieces(void **state)
{
    (void) state;
    for (size_t piece = 1; piece <= sizeof(WHOLE); piece++) {
        struct grpc_reader reader = {.limit_bytes = LIMIT};
        struct bytes message;
        size_t offset = 0;

        for (size_t at = 0; at < sizeof(WHOLE); at += piece) {
            size_t size = sizeof(WHOLE) - at < piece ? sizeof(WHOLE) - at : piece;
            assert_int_equal(grpc_reader_take(&reader, BYTES(WHOLE + at, size)), 0);
            assert_true(reader.whole <= reader.size);
        }
        assert_next(&reader, &offset, "abc");
        assert_next(&reader, &offset, "");
        grpc_reader_drop(&reader, offset);
        offset = 0;
        assert_next(&reader, &offset, "d");
        assert_false(grpc_reader_next(&reader, &offset, &message));
        assert_int_equal(offset, reader.size);
        grpc_reader_release(&reader);
    }
}

static void test_not_whole_yet(void **state)
{
    struct grpc_reader reader = {.limit_bytes = LIMIT};
    struct bytes message;
    size_t offset = 0;

    (void) state;
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(grpc_reader_take(&reader, BYTES(WHOLE + i, 1)), 0);
        assert_false(grpc_reader_next(&reader, &offset, &message));
    }
    assert_int_equal(grpc_reader_take(&reader, BYTES(WHOLE + 7, 1)), 0);
    assert_next(&reader, &offset, "abc");
    grpc_reader_reset(&reader);
    offset = 0;
    assert_false(grpc_reader_next(&reader, &offset, &message));
    grpc_reader_release(&reader);
}

static void test_limits(void **state)
{
    static const uint8_t FITS[] = {0, 0, 0, 0, LIMIT - GRPC_PREFIX_SIZE},
                         TOO_LARGE[] = {0, 0, 0, 0, LIMIT - GRPC_PREFIX_SIZE + 1},
                         HUGE_ONE[] = {0, 0xff, 0xff, 0xff, 0xff}, COMPRESSED[] = {1, 0, 0, 0, 0};
    struct grpc_reader reader = {.limit_bytes = LIMIT};
    uint8_t filling[LIMIT] = {0};

    (void) state;
    assert_int_equal(grpc_reader_take(&reader, BYTES(FITS, sizeof(FITS))), 0);
    assert_int_equal(grpc_reader_take(&reader, BYTES(filling, LIMIT - GRPC_PREFIX_SIZE)), 0);
    assert_int_equal(reader.whole, LIMIT);
    assert_int_equal(grpc_reader_take(&reader, BYTES(filling, 1)), ERR_TOO_LARGE);
    grpc_reader_reset(&reader);
    /* Seen by the prefix, before the rest has come. */
    assert_int_equal(grpc_reader_take(&reader, BYTES(TOO_LARGE, sizeof(TOO_LARGE))), ERR_TOO_LARGE);
    grpc_reader_reset(&reader);
    assert_int_equal(grpc_reader_take(&reader, BYTES(HUGE_ONE, sizeof(HUGE_ONE))), ERR_TOO_LARGE);
    grpc_reader_reset(&reader);
    assert_int_equal(grpc_reader_take(&reader, BYTES(COMPRESSED, sizeof(COMPRESSED))), ERR_MALFORMED);
    grpc_reader_release(&reader);
}

static void test_prefix(void **state)
{
    uint8_t prefix[GRPC_PREFIX_SIZE];

    (void) state;
    grpc_prefix(0x01020304, prefix);
    assert_memory_equal(prefix, ((uint8_t[]){0, 1, 2, 3, 4}), sizeof(prefix));
}

/* The status. */

static struct grpc_status status_of(const char *const *lines)
{
    struct grpc_status status = {.http = 0};
    for (; *lines != NULL; lines++)
        grpc_status_take(&status, BYTES(*lines, strlen(*lines)));
    return status;
}

static void test_trailers(void **state)
{
    static const char *const LINES[] = {"HTTP/2 200 \r\n",
                                        "content-type: application/grpc\r\n",
                                        "\r\n",
                                        "grpc-status: 0\r\n",
                                        "grpc-message: \r\n",
                                        NULL};
    struct grpc_status status = status_of(LINES);

    (void) state;
    assert_int_equal(status.http, 200);
    assert_true(status.is_grpc && status.is_there);
    assert_int_equal(status.code, 0);
    assert_string_equal(status.message, "");
}

static void test_an_interim_answer_is_forgotten(void **state)
{
    static const char *const LINES[] = {"HTTP/2 103 \r\n",
                                        "content-type: application/grpc\r\n",
                                        "grpc-status: 3\r\n",
                                        "\r\n",
                                        "HTTP/2 502 \r\n",
                                        "content-type: text/html\r\n",
                                        NULL};
    struct grpc_status status = status_of(LINES);

    (void) state;
    assert_int_equal(status.http, 502);
    assert_false(status.is_grpc || status.is_there);
}

static void test_lines(void **state)
{
    static const struct {
        const char *line;
        bool is_grpc, is_there;
        uint32_t code;
    } ROWS[] = {
        {"content-type: application/grpc+proto\r\n", true, false, 0},
        {"Content-Type:application/grpc\r\n", true, false, 0},
        {"content-type: text/plain\r\n", false, false, 0},
        {"content-type\r\n", false, false, 0},
        {"content-type:", false, false, 0},
        {"grpc-status: 14\r\n", false, true, 14},
        {"grpc-status:9999", false, true, 9999},
        {"grpc-status: 12345\r\n", false, false, 0},
        {"grpc-status: \r\n", false, false, 0},
        {"grpc-status: -1\r\n", false, false, 0},
        {"grpc-status: 1x\r\n", false, false, 0},
        {"grpc-status-details-bin: 7\r\n", false, false, 0},
        {"HTTP/2\r\n", false, false, 0},
        {"\r\n", false, false, 0},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct grpc_status status = {.http = 0};
        grpc_status_take(&status, BYTES(ROWS[i].line, strlen(ROWS[i].line)));
        if (status.is_grpc != ROWS[i].is_grpc || status.is_there != ROWS[i].is_there ||
            (status.is_there && status.code != ROWS[i].code))
            fail_msg("%s: %d %d %u", ROWS[i].line, status.is_grpc, status.is_there, status.code);
    }
}

static void test_messages_are_decoded_and_printable(void **state)
{
    static const struct {
        const char *line, *message;
    } ROWS[] = {
        {"grpc-message: etcdserver: no leader\r\n", "etcdserver: no leader"},
        {"grpc-message: a%20b%25c\r\n", "a b%c"},
        {"grpc-message: %e2%82%AC\r\n", "\xe2\x82\xac"},
        {"grpc-message: 100%\r\n", "100%"},
        {"grpc-message: %4\r\n", "%4"},
        {"grpc-message: %zz%41\r\n", "%zzA"},
        {"grpc-message: a%0Ab%1b[0m\r\n", "a\\x0ab\\x1b[0m"},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct grpc_status status = {.http = 0};
        grpc_status_take(&status, BYTES(ROWS[i].line, strlen(ROWS[i].line)));
        assert_string_equal(status.message, ROWS[i].message);
    }
}

static void test_a_message_is_cut(void **state)
{
    char line[4 * GRPC_MESSAGE_MAX];
    struct grpc_status status = {.http = 0};

    (void) state;
    snprintf(line, sizeof(line), "grpc-message: %0*d", 3 * GRPC_MESSAGE_MAX, 1);
    grpc_status_take(&status, BYTES(line, strlen(line)));
    assert_int_equal(strlen(status.message), GRPC_MESSAGE_MAX - 1);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_in_any_pieces),
        cmocka_unit_test(test_not_whole_yet),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_trailers),
        cmocka_unit_test(test_an_interim_answer_is_forgotten),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_messages_are_decoded_and_printable),
        cmocka_unit_test(test_a_message_is_cut),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
