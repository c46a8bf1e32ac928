/* Event records: known bytes and hashes from Python, and each thing that a record may not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/event.h"
#include "core/text.h"

static const char *const PART_HASHES[] = {
    "e267416132767e9c3bd7bfccfa71164ba6ea50ebd276f5723324b6d6b65da280",
    "2ad990894fb8a9a3aa1736d16a6af83acf6cb10081bfb5f5afaeeaf4aa607f8e",
    "b2fe00a1497f685e8d42287f8bbf1257023cd4752f95bf4fe62d0a00bda5016f",
};
static const char COMMITMENT[] = "ce99f69a928c2752b395c3499f1cb249cb57649e6f9175a50ad3832a8aa5a3ee";
static const char HEADER[] = "434d455600000001"
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                             "000000030102030405060708000001a0c4506c7b"
                             "ce99f69a928c2752b395c3499f1cb249cb57649e6f9175a50ad3832a8aa5a3ee";

enum { PARTS = 3 };

static void parts_make(struct event_part parts[PARTS])
{
    static const struct event_part SAMPLE[PARTS] = {
        {.kind = 1, .audience = 1, .round = 0, .content = {(const uint8_t *) "open", 4}},
        {.kind = 2, .audience = 2, .round = 7, .content = {(const uint8_t *) "command", 7}},
        {.kind = 3, .audience = 2, .round = 7, .content = {(const uint8_t *) "text", 4}},
    };
    memcpy(parts, SAMPLE, sizeof(SAMPLE));
    for (size_t i = 0; i < PARTS; i++) {
        for (uint8_t k = 0; k < SALT_SIZE; k++)
            parts[i].salt[k] = k;
        event_part_hash(&parts[i]);
    }
}

static void header_make(const struct event_part parts[PARTS], struct event_header *header)
{
    *header = (struct event_header){
        .level = FORMAT_LEVEL, .epoch = 3, .sequence = 0x0102030405060708, .time_ms = 1790000000123};
    memset(header->history, 0xAA, HISTORY_ID_SIZE);
    event_commitment(parts, PARTS, header->commitment);
}

static void assert_hex(const uint8_t *bytes, size_t size, const char *expected)
{
    char hex[2 * EVENT_HEADER_SIZE + 1];
    hex_encode(BYTES(bytes, size), hex);
    assert_string_equal(hex, expected);
}

static void test_known_answers(void **state)
{
    (void) state;
    struct event_part parts[PARTS];
    struct event_header header, back;
    uint8_t bytes[EVENT_HEADER_SIZE];
    parts_make(parts);
    for (size_t i = 0; i < PARTS; i++)
        assert_hex(parts[i].hash, HASH_SIZE, PART_HASHES[i]);
    header_make(parts, &header);
    assert_hex(header.commitment, HASH_SIZE, COMMITMENT);
    event_header_write(&header, bytes);
    assert_hex(bytes, sizeof(bytes), HEADER);

    memset(&back, 0, sizeof(back));
    assert_int_equal(event_header_read(BYTES(bytes, sizeof(bytes)), &back), 0);
    assert_int_equal(back.level, FORMAT_LEVEL);
    assert_int_equal(back.epoch, 3);
    assert_true(back.sequence == header.sequence && back.time_ms == header.time_ms);
    assert_memory_equal(back.history, header.history, HISTORY_ID_SIZE);
    assert_memory_equal(back.commitment, header.commitment, HASH_SIZE);
}

static void test_header_refusals(void **state)
{
    (void) state;
    uint8_t bytes[EVENT_HEADER_SIZE + 1] = {0};
    struct event_header back = {.epoch = 77};
    assert_int_equal(hex_decode(HEADER, bytes, EVENT_HEADER_SIZE), 0);
    for (size_t size = 0; size < EVENT_HEADER_SIZE; size++)
        assert_int_equal(event_header_read(BYTES(bytes, size), &back), ERR_MALFORMED);
    assert_int_equal(event_header_read(BYTES(bytes, EVENT_HEADER_SIZE + 1), &back), ERR_MALFORMED);
    bytes[0] = 'X';
    assert_int_equal(event_header_read(BYTES(bytes, EVENT_HEADER_SIZE), &back), ERR_MALFORMED);
    bytes[0] = 'C';
    bytes[7] = FORMAT_LEVEL + 1;
    assert_int_equal(event_header_read(BYTES(bytes, EVENT_HEADER_SIZE), &back), ERR_VERSION);
    bytes[7] = 0;
    assert_int_equal(event_header_read(BYTES(bytes, EVENT_HEADER_SIZE), &back), ERR_MALFORMED);
    bytes[7] = 1;
    memset(bytes + 44, 0, 8);
    assert_int_equal(event_header_read(BYTES(bytes, EVENT_HEADER_SIZE), &back), ERR_MALFORMED);
    assert_int_equal(back.epoch, 77);
}

/* A record as it is shown, over the same three parts. */
struct shown {
    uint8_t header[EVENT_HEADER_SIZE];
    struct event_part parts[PARTS];
    Comity__V1__Part part[PARTS];
    Comity__V1__Part *list[PARTS];
    Comity__V1__EventRecord record;
};

static void shown_make(struct shown *shown)
{
    struct event_header header;
    parts_make(shown->parts);
    header_make(shown->parts, &header);
    event_header_write(&header, shown->header);
    comity__v1__event_record__init(&shown->record);
    shown->record.header = (ProtobufCBinaryData){EVENT_HEADER_SIZE, shown->header};
    shown->record.n_parts = PARTS;
    shown->record.parts = shown->list;
    for (size_t i = 0; i < PARTS; i++) {
        struct event_part *from = &shown->parts[i];
        comity__v1__part__init(&shown->part[i]);
        shown->list[i] = &shown->part[i];
        shown->part[i].kind = from->kind;
        shown->part[i].audience = from->audience;
        shown->part[i].round = from->round;
        shown->part[i].salt = (ProtobufCBinaryData){SALT_SIZE, from->salt};
        shown->part[i].content =
            (ProtobufCBinaryData){from->content.size, (uint8_t *) (uintptr_t) from->content.data};
        shown->part[i].hash = (ProtobufCBinaryData){HASH_SIZE, from->hash};
    }
}

static int check(const struct shown *shown)
{
    struct event_header header = {.epoch = 77};
    int code = event_record_check(&shown->record, &header);
    assert_int_equal(header.epoch, code == 0 ? 3 : 77);
    return code;
}

static void test_a_record_whole_and_with_withheld_parts(void **state)
{
    (void) state;
    struct shown shown;
    shown_make(&shown);
    assert_int_equal(check(&shown), 0);

    /* Withheld from this reader: hash alone, or with the salt as in a receipt. */
    shown.part[1].is_withheld = true;
    shown.part[1].content.len = 0;
    assert_int_equal(check(&shown), 0);
    shown.part[1].salt.len = 0;
    assert_int_equal(check(&shown), 0);
    shown.part[2].is_withheld = true;
    shown.part[2].content.len = 0;
    shown.part[2].salt.len = 0;
    assert_int_equal(check(&shown), 0);
}

enum change {
    CHANGE_CONTENT,
    CHANGE_SALT,
    CHANGE_HASH,
    CHANGE_KIND,
    CHANGE_AUDIENCE,
    CHANGE_ROUND,
    CHANGE_HASH_SIZE,
    CHANGE_SALT_SIZE,
    CHANGE_UNKNOWN_KIND,
    CHANGE_UNKNOWN_AUDIENCE,
    CHANGE_CONTENT_THOUGH_WITHHELD,
    CHANGE_SILENTLY_EMPTY,
};

static void change(struct shown *shown, enum change change, size_t at)
{
    static uint8_t other[64];
    Comity__V1__Part *part = &shown->part[at];
    switch (change) {
    case CHANGE_CONTENT:
        part->content = (ProtobufCBinaryData){part->content.len, other};
        break;
    case CHANGE_SALT:
        part->salt.data = other;
        break;
    case CHANGE_HASH:
        part->hash.data = other;
        break;
    case CHANGE_KIND:
        part->kind = part->kind == 1 ? 2 : 1;
        break;
    case CHANGE_AUDIENCE:
        part->audience = part->audience == 1 ? 2 : 1;
        break;
    case CHANGE_ROUND:
        part->round++;
        break;
    case CHANGE_HASH_SIZE:
        part->hash.len = 31;
        break;
    case CHANGE_SALT_SIZE:
        part->salt.len = 15;
        break;
    case CHANGE_UNKNOWN_KIND:
        part->kind = 0;
        break;
    case CHANGE_UNKNOWN_AUDIENCE:
        part->audience = 257;
        break;
    case CHANGE_CONTENT_THOUGH_WITHHELD:
        part->is_withheld = true;
        break;
    case CHANGE_SILENTLY_EMPTY:
        part->content.len = 0;
        break;
    }
}

static void test_every_change_is_found(void **state)
{
    (void) state;
    static const struct {
        enum change change;
        int code;
    } ROWS[] = {
        {CHANGE_CONTENT, ERR_RECEIPT},        {CHANGE_SALT, ERR_RECEIPT},
        {CHANGE_HASH, ERR_RECEIPT},           {CHANGE_KIND, ERR_MALFORMED},
        {CHANGE_AUDIENCE, ERR_RECEIPT},       {CHANGE_ROUND, ERR_RECEIPT},
        {CHANGE_HASH_SIZE, ERR_MALFORMED},    {CHANGE_SALT_SIZE, ERR_MALFORMED},
        {CHANGE_UNKNOWN_KIND, ERR_MALFORMED}, {CHANGE_UNKNOWN_AUDIENCE, ERR_MALFORMED},
        {CHANGE_SILENTLY_EMPTY, ERR_RECEIPT}, {CHANGE_CONTENT_THOUGH_WITHHELD, ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        for (size_t at = 0; at < PARTS; at++) {
            struct shown shown;
            shown_make(&shown);
            change(&shown, ROWS[i].change, at);
            assert_int_equal(check(&shown), ROWS[i].code);
        }
    }
}

static void test_missing_swapped_and_withheld_changes(void **state)
{
    (void) state;
    struct shown shown;
    shown_make(&shown);
    shown.record.n_parts = 2;
    assert_int_equal(check(&shown), ERR_RECEIPT);
    shown.record.n_parts = 0;
    assert_int_equal(check(&shown), ERR_MALFORMED);

    shown_make(&shown);
    shown.list[0] = &shown.part[1];
    shown.list[1] = &shown.part[0];
    assert_int_equal(check(&shown), ERR_MALFORMED);

    /* The hash of a part that nobody can recompute is bound all the same. */
    shown_make(&shown);
    shown.part[2].is_withheld = true;
    shown.part[2].content.len = 0;
    shown.parts[2].hash[0] ^= 1;
    assert_int_equal(check(&shown), ERR_RECEIPT);

    shown_make(&shown);
    shown.header[60] ^= 1;
    assert_int_equal(check(&shown), ERR_RECEIPT);
    shown_make(&shown);
    shown.record.header.len = 91;
    assert_int_equal(check(&shown), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_header_refusals),
        cmocka_unit_test(test_a_record_whole_and_with_withheld_parts),
        cmocka_unit_test(test_every_change_is_found),
        cmocka_unit_test(test_missing_swapped_and_withheld_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
