/* The frame header: the bytes of docs/protocol.md section 2, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/frame.h"
#include "core/text.h"

static struct frame_header sample(void)
{
    struct frame_header header = {
        .type = FRAME_REQUEST,
        .request = 0x1122334455667788,
        .sequence = 9,
        .error = ERR_STALE,
        .attempt = 2,
        .budget_ms = 5000,
        .term = 0,
        .route = 0x99,
    };
    memset(header.group, 3, sizeof(header.group));
    memset(header.history, 4, sizeof(header.history));
    memset(header.command_id, 5, sizeof(header.command_id));
    return header;
}

/* Made with Python's struct.pack. */
static void test_known_bytes(void **state)
{
    (void) state;
    struct frame_header header = sample();
    uint8_t bytes[FRAME_HEADER_SIZE];
    char hex[2 * FRAME_HEADER_SIZE + 1];
    frame_header_write(&header, bytes);
    hex_encode(BYTES(bytes, sizeof(bytes)), hex);
    assert_string_equal(hex, "434d5459010500001122334455667788"
                             "03030303030303030303030303030303"
                             "0404040404040404040404040404040404040404040404040404040404040404"
                             "05050505050505050505050505050505"
                             "0000000000000009ffc700020000138800000000000000000000000000000099");
}

static void test_round_trip(void **state)
{
    (void) state;
    uint8_t frame[FRAME_HEADER_SIZE + 3] = {0};
    struct frame_header header = sample();
    header.flags = FRAME_FLAG_BROKER | FRAME_FLAG_LEAVE;
    header.term = UINT64_MAX;
    for (uint8_t type = FRAME_HELLO; type <= FRAME_BYE; type++) {
        struct frame_header back;
        struct bytes body;
        header.type = type;
        frame_header_write(&header, frame);
        memset(&back, 0, sizeof(back));
        assert_int_equal(frame_read(BYTES(frame, sizeof(frame)), &back, &body), 0);
        assert_int_equal(back.type, type);
        assert_int_equal(back.flags, header.flags);
        assert_true(back.request == header.request && back.sequence == 9 && back.error == ERR_STALE);
        assert_true(back.attempt == 2 && back.budget_ms == 5000 && back.term == UINT64_MAX &&
                    back.route == 0x99);
        assert_memory_equal(back.group, header.group, GROUP_ID_SIZE);
        assert_memory_equal(back.history, header.history, HISTORY_ID_SIZE);
        assert_memory_equal(back.command_id, header.command_id, COMMAND_ID_SIZE);
        assert_ptr_equal(body.data, frame + FRAME_HEADER_SIZE);
        assert_int_equal(body.size, 3);
        assert_string_not_equal(frame_type_name(type), "?");
    }
    assert_string_equal(frame_type_name(0), "?");
    assert_string_equal(frame_type_name(FRAME_BYE + 1), "?");
    assert_string_equal(frame_type_name(255), "?");
}

static void test_only_the_route_changes(void **state)
{
    (void) state;
    struct frame_header header = sample();
    uint8_t before[FRAME_HEADER_SIZE];
    uint8_t after[FRAME_HEADER_SIZE];
    frame_header_write(&header, before);
    memcpy(after, before, sizeof(after));
    frame_set_route(after, 0x0102030405060708);
    assert_memory_equal(after, before, 104);
    assert_int_equal(get_u64(after + 104), 0x0102030405060708);
    assert_in_range(FRAME_SEALED_HEADER_SIZE, 1, 104);
}

static void test_refusals(void **state)
{
    (void) state;
    uint8_t *frame = calloc(1, FRAME_MAX_BYTES + 1);
    struct frame_header header = sample();
    frame_header_write(&header, frame);
    struct frame_header back = {.request = 77};
    struct bytes body = BYTES(NULL, 77);

    for (size_t size = 0; size < FRAME_HEADER_SIZE; size++)
        assert_int_equal(frame_read(BYTES(frame, size), &back, &body), ERR_MALFORMED);
    assert_int_equal(frame_read(BYTES(frame, FRAME_MAX_BYTES + 1), &back, &body), ERR_TOO_LARGE);

    static const struct {
        size_t at;
        uint8_t value;
        int code;
    } ROWS[] = {
        {0, 'X', ERR_MALFORMED}, {3, 'y', ERR_MALFORMED}, {4, 0, ERR_VERSION},     {4, 2, ERR_VERSION},
        {5, 0, ERR_MALFORMED},   {5, 12, ERR_MALFORMED},  {5, 255, ERR_MALFORMED}, {6, 1, ERR_MALFORMED},
        {7, 2, ERR_MALFORMED},   {7, 8, ERR_MALFORMED},   {7, 128, ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        uint8_t kept = frame[ROWS[i].at];
        frame[ROWS[i].at] = ROWS[i].value;
        assert_int_equal(frame_read(BYTES(frame, 200), &back, &body), ROWS[i].code);
        frame[ROWS[i].at] = kept;
    }
    assert_int_equal(back.request, 77);
    assert_int_equal(body.size, 77);
    assert_int_equal(frame_read(BYTES(frame, FRAME_MAX_BYTES), &back, &body), 0);
    assert_int_equal(body.size, FRAME_BODY_MAX_BYTES);
    free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_bytes),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_only_the_route_changes),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
