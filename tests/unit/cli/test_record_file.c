/* A member's copy of the record: what fits is written, and whatever does not fit stops it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/cli/record_file.h"
#include "comity/v1/export.pb-c.h"
#include "core/error.h"
#include "core/event.h"
#include "core/message.h"
#include "core/note.h"
#include "core/tree.h"
#include "tests/unit/cli/scratch.h"

enum { EVENTS = 21 };

/* A history of small events, with its tree and its checkpoint. */
struct fixture {
    struct scratch scratch;
    struct arena *arena;
    uint8_t history[HISTORY_ID_SIZE];
    struct signing_key log_key;
    uint8_t pins[1][KEY_SIZE];
    uint8_t headers[EVENTS][EVENT_HEADER_SIZE];
    Comity__V1__EventRecord records[EVENTS];
    Comity__V1__Part parts[EVENTS], *part_lists[EVENTS][1];
    struct event_part kept[EVENTS];
    char checkpoint[CHECKPOINT_MAX_BYTES];
    size_t checkpoint_size;
};

static void make_event(struct fixture *fixture, size_t index)
{
    struct event_part *kept = &fixture->kept[index];
    struct event_header header = {.level = FORMAT_LEVEL, .epoch = 1, .sequence = index + 1, .time_ms = 1000};

    *kept = (struct event_part){.kind = COMITY__V1__PART_KIND__PART_KIND_OPEN,
                                .audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL,
                                .content = BYTES("open part", 9)};
    memset(kept->salt, (int) index, SALT_SIZE);
    event_part_hash(kept);
    memcpy(header.history, fixture->history, HISTORY_ID_SIZE);
    event_commitment(kept, 1, header.commitment);
    event_header_write(&header, fixture->headers[index]);
    Comity__V1__Part *part = &fixture->parts[index];
    comity__v1__part__init(part);
    part->kind = COMITY__V1__PART_KIND__PART_KIND_OPEN;
    part->audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL;
    part->salt = (ProtobufCBinaryData){SALT_SIZE, kept->salt};
    part->content = (ProtobufCBinaryData){kept->content.size, (uint8_t *) kept->content.data};
    part->hash = (ProtobufCBinaryData){HASH_SIZE, kept->hash};
    fixture->part_lists[index][0] = part;
    comity__v1__event_record__init(&fixture->records[index]);
    fixture->records[index].header = (ProtobufCBinaryData){EVENT_HEADER_SIZE, fixture->headers[index]};
    fixture->records[index].parts = fixture->part_lists[index];
    fixture->records[index].n_parts = 1;
}

/* The root by the definition of RFC 6962 2.1, for the tree of the code under test is another. */
static void root_of(struct fixture *fixture, size_t from, size_t count, uint8_t ret_root[HASH_SIZE])
{
    uint8_t left[HASH_SIZE], right[HASH_SIZE];
    size_t split = 1;

    if (count == 1) {
        tree_leaf_hash(BYTES(fixture->headers[from], EVENT_HEADER_SIZE), ret_root);
        return;
    }
    while (2 * split < count)
        split *= 2;
    root_of(fixture, from, split, left);
    root_of(fixture, from + split, count - split, right);
    tree_node_hash(left, right, ret_root);
}

static void sign(struct fixture *fixture, size_t size, uint32_t epoch, const struct signing_key *key)
{
    struct checkpoint checkpoint = {.size = size};

    checkpoint_origin(fixture->history, epoch, checkpoint.origin);
    root_of(fixture, 0, size, checkpoint.root);
    fixture->checkpoint_size = checkpoint_sign(&checkpoint, key, fixture->checkpoint);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_int_equal(key_init(), 0);
    scratch_init(&fixture->scratch);
    fixture->arena = arena_new(ARENA_LIMIT_DEFAULT);
    memset(fixture->history, 0xaa, HISTORY_ID_SIZE);
    signing_key_generate(&fixture->log_key);
    memcpy(fixture->pins[0], fixture->log_key.public_key, KEY_SIZE);
    for (size_t i = 0; i < EVENTS; i++)
        make_event(fixture, i);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    arena_destroy(&fixture->arena);
    scratch_release(&fixture->scratch);
    free(fixture);
    return 0;
}

/* Write @count events and end. */
static int copy(struct fixture *fixture, const char *name, size_t count, struct record_totals *ret_totals)
{
    struct record_file *file;
    int code = record_file_new(scratch_path(&fixture->scratch, name), fixture->history,
                               (const uint8_t(*)[KEY_SIZE]) fixture->pins, 1, fixture->arena, &file);

    if (code != 0)
        return code;
    for (size_t i = 0; i < count && code == 0; i++)
        code = record_file_add(file, &fixture->records[i]);
    if (code == 0)
        code = record_file_end(file, BYTES(fixture->checkpoint, fixture->checkpoint_size), NULL, 0);
    *ret_totals = record_file_totals(file);
    int end = record_file_close(&file, code == 0);
    return code != 0 ? code : end;
}

/* Every size of tree has its own shape. */
static void test_every_size(void **state)
{
    struct fixture *fixture = *state;
    struct record_totals totals;

    for (size_t count = 1; count <= EVENTS; count++) {
        char name[32];
        snprintf(name, sizeof(name), "copy-%zu", count);
        sign(fixture, count, 1, &fixture->log_key);
        assert_int_equal(copy(fixture, name, count, &totals), 0);
        assert_int_equal(totals.events, count);
        assert_int_equal(access(scratch_path(&fixture->scratch, name), F_OK), 0);
    }
    assert_int_equal(copy(fixture, "copy-1", 1, &totals), ERR_EXISTS);
}

/* The file is the export stream that the contract describes. */
static void test_the_stream_can_be_read(void **state)
{
    struct fixture *fixture = *state;
    struct record_totals totals;
    char why[FILE_REASON_MAX];
    struct bytes content;
    unsigned kinds[8] = {0};

    sign(fixture, EVENTS, 1, &fixture->log_key);
    assert_int_equal(copy(fixture, "copy", EVENTS, &totals), 0);
    assert_int_equal(
        file_read(scratch_path(&fixture->scratch, "copy"), 1 << 20, fixture->arena, &content, why), 0);
    assert_int_equal(content.size, totals.bytes);
    for (size_t at = 0; at < content.size;) {
        size_t size = 0;
        unsigned shift = 0;
        do
            size |= (size_t) (content.data[at] & 0x7f) << shift;
        while (shift += 7, content.data[at++] & 0x80);
        ProtobufCMessage *message;
        assert_int_equal(message_unpack(&comity__v1__export_record__descriptor,
                                        BYTES(content.data + at, size), size, fixture->arena, NULL, &message),
                         0);
        kinds[((Comity__V1__ExportRecord *) message)->kind_case]++;
        at += size;
    }
    assert_int_equal(kinds[COMITY__V1__EXPORT_RECORD__KIND_HEADER], 1);
    assert_int_equal(kinds[COMITY__V1__EXPORT_RECORD__KIND_HISTORY], 1);
    assert_int_equal(kinds[COMITY__V1__EXPORT_RECORD__KIND_EVENT], EVENTS);
    assert_int_equal(kinds[COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END], 1);
    assert_int_equal(kinds[COMITY__V1__EXPORT_RECORD__KIND_END], 0);
}

static void check_refused(struct fixture *fixture, size_t count, int expected)
{
    struct record_totals totals;

    assert_int_equal(copy(fixture, "copy", count, &totals), expected);
    assert_int_not_equal(access(scratch_path(&fixture->scratch, "copy"), F_OK), 0);
}

static void test_checkpoint_of_another_tree(void **state)
{
    struct fixture *fixture = *state;
    struct signing_key other;

    sign(fixture, EVENTS - 1, 1, &fixture->log_key);
    check_refused(fixture, EVENTS, ERR_RECEIPT);
    sign(fixture, EVENTS, 2, &fixture->log_key);
    check_refused(fixture, EVENTS, ERR_RECEIPT);
    signing_key_generate(&other);
    sign(fixture, EVENTS, 1, &other);
    check_refused(fixture, EVENTS, ERR_RECEIPT);
    fixture->checkpoint_size = 0;
    check_refused(fixture, EVENTS, ERR_RECEIPT);
    /* One header of an earlier event was exchanged for another that fits in itself. */
    sign(fixture, EVENTS, 1, &fixture->log_key);
    struct event_header header;
    assert_int_equal(event_header_read(BYTES(fixture->headers[3], EVENT_HEADER_SIZE), &header), 0);
    header.time_ms++;
    event_header_write(&header, fixture->headers[3]);
    check_refused(fixture, EVENTS, ERR_RECEIPT);
}

static void test_events_that_do_not_fit(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__EventRecord kept = fixture->records[2];

    sign(fixture, EVENTS, 1, &fixture->log_key);
    fixture->records[2] = fixture->records[3];
    check_refused(fixture, EVENTS, ERR_CORRUPT);
    fixture->records[2] = kept;
    fixture->parts[2].content.len--;
    check_refused(fixture, EVENTS, ERR_CORRUPT);
    fixture->parts[2].content.len++;
    fixture->headers[2][8] ^= 1;
    check_refused(fixture, EVENTS, ERR_CORRUPT);
    fixture->headers[2][8] ^= 1;
    struct record_totals totals;
    assert_int_equal(copy(fixture, "copy", EVENTS, &totals), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_stream_can_be_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_checkpoint_of_another_tree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_events_that_do_not_fit, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
