/* Strict unpacking: what each wrong byte is called, and that nothing random gets through or brings it down.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "comity/v1/command.pb-c.h"
#include "comity/v1/link.pb-c.h"
#include "core/error.h"
#include "core/message.h"
#include "core/text.h"
#include "core/wire.h"

static struct arena *arena;

static int setup(void **state)
{
    (void) state;
    arena = arena_new(64 * 1024 * 1024);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void) state;
    arena_destroy(&arena);
    return 0;
}

static int each_setup(void **state)
{
    (void) state;
    arena_reset(arena);
    return 0;
}

static const ProtobufCMessageDescriptor *const COMMAND = &comity__v1__command__descriptor;

static struct bytes from_hex(const char *hex)
{
    size_t size = strlen(hex) / 2;
    uint8_t *bytes = arena_alloc(arena, size);
    assert_int_equal(hex_decode(hex, bytes, size), 0);
    return BYTES(bytes, size);
}

static void test_wire_forms(void **state)
{
    (void) state;
    static const struct {
        const char *what;
        const char *hex;
        int code;
        const char *field;
    } ROWS[] = {
        {"nothing", "", 0, ""},
        {"a number", "1801", 0, ""},
        {"a number of ten bytes: -1", "18ffffffffffffffffff01", 0, ""},
        {"a repeated field", "22002200", 0, ""},
        {"a zero, given", "1800", 0, ""},
        {"a body", "8a02021805", 0, ""},
        {"enums, packed", "9a01041a020102", 0, ""},
        {"enums, one by one", "9a010418011802", 0, ""},
        {"cut after the key", "18", ERR_MALFORMED, "valid_until_ms"},
        {"cut in a number", "1880", ERR_MALFORMED, "valid_until_ms"},
        {"cut in a key", "80", ERR_MALFORMED, ""},
        {"a padded number", "188000", ERR_MALFORMED, "valid_until_ms"},
        {"a padded key", "988000", ERR_MALFORMED, ""},
        {"a number past 64 bits", "18ffffffffffffffffff02", ERR_MALFORMED, "valid_until_ms"},
        {"a number of eleven bytes", "18ffffffffffffffffffff01", ERR_MALFORMED, "valid_until_ms"},
        {"field number 0", "0001", ERR_MALFORMED, ""},
        {"a key past 32 bits", "f8ffffff1f01", ERR_MALFORMED, ""},
        {"a group begins", "1b", ERR_MALFORMED, "valid_until_ms"},
        {"a group ends", "1c", ERR_MALFORMED, "valid_until_ms"},
        {"wire type 6", "1e", ERR_MALFORMED, "valid_until_ms"},
        {"a 32-bit value for a varint", "1d00000000", ERR_MALFORMED, "valid_until_ms"},
        {"a varint for bytes", "0801", ERR_MALFORMED, "history"},
        {"bytes for a single varint", "1a0101", ERR_MALFORMED, "valid_until_ms"},
        {"a length past the end", "0a0500", ERR_MALFORMED, "history"},
        {"an enormous length", "0affffffffffffffffff01", ERR_MALFORMED, "history"},
        {"a length past the end, inside", "8a0204120500", ERR_MALFORMED, "cast_ballot"},
        {"an inner length past the inner end", "8a02041205000018", ERR_MALFORMED, "cast_ballot.text_hash"},
        {"a singular field twice", "18011802", ERR_MALFORMED, "valid_until_ms"},
        {"a singular field twice, inside", "8a020418051805", ERR_MALFORMED, "cast_ballot.answer"},
        {"two bodies", "8a0200920200", ERR_MALFORMED, "close_round"},
        {"one body twice", "920200920200", ERR_MALFORMED, "close_round"},
        {"an unknown field", "4001", ERR_UNKNOWN_FIELD, "8"},
        {"an unknown field, inside", "8a02025801", ERR_UNKNOWN_FIELD, "cast_ballot.11"},
        {"the last field number", "f8ffffff0f01", ERR_UNKNOWN_FIELD, "536870911"},
        {"an undefined enum", "9a01021863", ERR_ENUM, "invite.offices[0]"},
        {"an undefined enum, packed", "9a01041a020163", ERR_ENUM, "invite.offices[1]"},
        {"an undefined enum after others", "9a010718011a03020363", ERR_ENUM, "invite.offices[3]"},
        {"a negative enum", "9a010b18ffffffffffffffffff01", ERR_ENUM, "invite.offices[0]"},
        {"an enum that would be cut to a defined one", "9a0106188180808010", ERR_MALFORMED,
         "invite.offices[0]"},
        {"a 33-bit number", "8a0206188080808010", ERR_MALFORMED, "cast_ballot.answer"},
        {"a bool of 2", "c201060a0462020802", ERR_MALFORMED, "adopt_rule.rule.close.at_time"},
        {"bad UTF-8", "c201050a030a01ff", ERR_UTF8, "adopt_rule.rule.name"},
        {"a NUL in a string", "c201070a050a03610062", ERR_UTF8, "adopt_rule.rule.name"},
        {"a NUL alone", "c201050a030a0100", ERR_UTF8, "adopt_rule.rule.name"},
        {"deep in a list", "c2010b0a092a002a002a03408000", ERR_MALFORMED,
         "adopt_rule.rule.tests[2].denominator"},
        {"packed, cut", "9a01041a020180", ERR_MALFORMED, "invite.offices[1]"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct refusal refusal = {.code = 77, .latest = 5};
        ProtobufCMessage *message = NULL;
        int code = message_unpack(COMMAND, from_hex(ROWS[i].hex), 1000, arena, &refusal, &message);
        if (code != ROWS[i].code || (code && strcmp(refusal.field, ROWS[i].field) != 0))
            fail_msg("%s: %s at '%s'", ROWS[i].what, error_name(code), refusal.field);
        assert_int_equal(refusal.code, code ? code : 77);
        assert_true(code ? !message : message != NULL);
        assert_int_equal(message_unpack(COMMAND, from_hex(ROWS[i].hex), 1000, arena, NULL, &message), code);
    }
}

static void test_signed_and_packed_numbers(void **state)
{
    (void) state;
    ProtobufCMessage *message = NULL;
    assert_int_equal(
        message_unpack(&comity__v1__refusal__descriptor, from_hex("0871"), 10, arena, NULL, &message), 0);
    assert_int_equal(((Comity__V1__Refusal *) message)->code, ERR_STALE);
    assert_int_equal(
        message_unpack(&comity__v1__refusal__descriptor, from_hex("088080808010"), 10, arena, NULL, &message),
        ERR_MALFORMED);
    assert_int_equal(
        message_unpack(&comity__v1__outcome__descriptor, from_hex("220301ac02"), 10, arena, NULL, &message),
        0);
    assert_int_equal(((Comity__V1__Outcome *) message)->n_ballots, 2);
    assert_int_equal(((Comity__V1__Outcome *) message)->ballots[1], 300);
}

static void test_sizes(void **state)
{
    (void) state;
    ProtobufCMessage *message;
    struct refusal refusal;
    assert_int_equal(message_unpack(COMMAND, from_hex("1801"), 2, arena, &refusal, &message), 0);
    assert_int_equal(message_unpack(COMMAND, from_hex("1801"), 1, arena, &refusal, &message), ERR_TOO_LARGE);
    assert_int_equal(refusal.limit, 1);

    /* Fields beyond the bound: many small ones, then many packed into one. */
    size_t size = 2 * (WIRE_FIELDS_MAX + 1);
    uint8_t *many = arena_alloc(arena, size);
    for (size_t i = 0; i < size; i += 2)
        many[i] = 0x22;
    assert_int_equal(wire_check(COMMAND, BYTES(many, size - 2), &refusal), 0);
    assert_int_equal(wire_check(COMMAND, BYTES(many, size), &refusal), ERR_TOO_LARGE);
    assert_string_equal(refusal.field, "cosigners[200000]");
    uint8_t *packed = arena_alloc(arena, WIRE_FIELDS_MAX + 16);
    memset(packed, 1, WIRE_FIELDS_MAX + 16);
    memcpy(packed, "\x22\xC0\x9A\x0C", 4); /* ballots, 200,000 bytes */
    assert_int_equal(
        wire_check(&comity__v1__outcome__descriptor, BYTES(packed, WIRE_FIELDS_MAX + 4), &refusal),
        ERR_TOO_LARGE);

    /* Of a Request, which anybody may send, fewer: here empty texts of a Submit. */
    size_t texts = 2 * WIRE_REQUEST_FIELDS_MAX;
    for (size_t i = 0; i < texts; i += 2)
        memcpy(packed + 4 + i, "\x12", 2);
    memcpy(packed, "\x0A\x80\x40", 3);
    assert_int_equal(wire_check(&comity__v1__submit__descriptor, BYTES(packed + 4, texts), &refusal), 0);
    memmove(packed + 3, packed + 4, texts);
    assert_int_equal(wire_check(&comity__v1__request__descriptor, BYTES(packed, 3 + texts), &refusal),
                     ERR_TOO_LARGE);
    assert_string_equal(refusal.field, "submit.texts[4095]");

    /* What does not fit into the arena is memory's refusal, not the input's. */
    struct arena *small = arena_new(4096);
    assert_int_equal(message_unpack(COMMAND, BYTES(many, size - 2), size, small, &refusal, &message),
                     ERR_MEMORY);
    assert_int_equal(refusal.code, ERR_MEMORY);
    struct bytes out;
    assert_int_equal(message_unpack(COMMAND, BYTES(many, 2000), size, arena, &refusal, &message), 0);
    arena_reset(small);
    while (arena_alloc(small, 64))
        continue;
    assert_int_equal(message_pack(message, small, &out), ERR_MEMORY);
    assert_int_equal(message_copy(message, small, &message), ERR_MEMORY);
    arena_destroy(&small);
}

/* What the scan is for: protobuf-c alone lets these pass. */
static void test_the_control_lets_them_pass(void **state)
{
    (void) state;
    static const char *const PASSED[] = {"4001", "9a01021863", "c201050a030a01ff", "c201070a050a03610062",
                                         "18011802"};
    for (size_t i = 0; i < ARRAY_COUNT(PASSED); i++) {
        ProtobufCMessage *message;
        assert_int_equal(message_unpack_trusted(COMMAND, from_hex(PASSED[i]), arena, &message), 0);
        assert_int_not_equal(message_unpack(COMMAND, from_hex(PASSED[i]), 100, arena, NULL, &message), 0);
    }
}

static void test_refusals(void **state)
{
    (void) state;
    struct refusal refusal = {.latest = 5, .limit = 6};
    assert_int_equal(refuse(&refusal, ERR_RANGE, "invite.expires_ms"), ERR_RANGE);
    assert_string_equal(refusal.field, "invite.expires_ms");
    assert_int_equal(refusal.limit, 0);
    assert_int_equal(refusal.latest, 0);
    assert_int_equal(refuse_limit(&refusal, ERR_RANGE, NULL, 9), ERR_RANGE);
    assert_string_equal(refusal.field, "");
    assert_int_equal(refusal.limit, 9);
    assert_int_equal(refuse(NULL, ERR_RANGE, "x"), ERR_RANGE);
    char large[300];
    memset(large, 'f', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    refuse(&refusal, ERR_RANGE, large);
    assert_int_equal(strlen(refusal.field), FIELD_PATH_MAX - 1);
}

struct visited {
    char paths[12][FIELD_PATH_MAX];
    size_t count;
    size_t stop_at;
};

static int note_visit(const ProtobufCMessage *found, const char *path, void *context)
{
    struct visited *visited = context;
    assert_ptr_equal(found->descriptor, &comity__v1__text_ref__descriptor);
    assert_int_equal(((const Comity__V1__TextRef *) found)->size, visited->count + 1);
    snprintf(visited->paths[visited->count++], FIELD_PATH_MAX, "%s", path);
    return visited->count == visited->stop_at ? ERR_LIMIT : 0;
}

/* --- padding --- */

enum { PADDING_FIELD = 15 }; /* of Request and Reply */

/* What is appended has to be nothing, or one bytes field of zeros; read here by hand. */
static void assert_padding(const uint8_t *at, size_t size)
{
    if (size == 0)
        return;
    assert_true(size >= 2);
    assert_int_equal(at[0], PADDING_FIELD << 3 | 2);
    size_t length = at[1], head = 2;
    if (at[1] & 0x80) {
        assert_true(size >= 3);
        length = (at[1] & 0x7fu) | (size_t) at[2] << 7;
        head = 3;
        assert_true(length > 0x7f); /* the shortest form of the number */
    }
    assert_int_equal(head + length, size);
    for (size_t i = head; i < size; i++)
        assert_int_equal(at[i], 0);
}

static void test_padding_of_every_size(void **state)
{
    (void) state;
    static uint8_t content[3000];
    memset(content, 0xA5, sizeof(content));
    for (size_t size = 0; size <= sizeof(content); size++) {
        struct bytes padded = BYTES(NULL, 0);
        arena_reset(arena);
        assert_int_equal(message_pad(BYTES(content, size), PADDING_FIELD, SIZE_MAX, arena, &padded), 0);
        assert_int_equal(padded.size % 1024, 0);
        assert_true(padded.size >= size && padded.size <= size + 1024 + 130);
        if (size > 0)
            assert_memory_equal(padded.data, content, size);
        assert_padding(padded.data + size, padded.size - size);

        /* Just enough room is enough; a byte less, and it stays as it was. */
        struct bytes again = BYTES(NULL, 0);
        assert_int_equal(message_pad(BYTES(content, size), PADDING_FIELD, padded.size, arena, &again), 0);
        assert_true(bytes_equal(again, padded));
        if (padded.size == size)
            continue;
        assert_int_equal(message_pad(BYTES(content, size), PADDING_FIELD, padded.size - 1, arena, &again), 0);
        assert_ptr_equal(again.data, content);
        assert_int_equal(again.size, size);
    }
}

static void test_padded_messages_unpack(void **state)
{
    (void) state;
    static uint8_t content[3000];
    bool seen[3001] = {false};
    unsigned sizes = 0;
    for (size_t size = 0; size <= sizeof(content); size++) {
        for (unsigned is_more = 0; is_more <= 1; is_more++) {
            Comity__V1__Submit submit = COMITY__V1__SUBMIT__INIT;
            Comity__V1__Request request = COMITY__V1__REQUEST__INIT;
            struct bytes packed, padded;
            ProtobufCMessage *message = NULL;
            arena_reset(arena);
            submit.signed_command = (ProtobufCBinaryData){size, content};
            submit.founding_token = is_more ? "a" : "";
            request.kind_case = COMITY__V1__REQUEST__KIND_SUBMIT;
            request.submit = &submit;
            assert_int_equal(message_pack(&request.base, arena, &packed), 0);
            assert_int_equal(message_pad(packed, PADDING_FIELD, 8192, arena, &padded), 0);
            assert_int_equal(padded.size % 1024, 0);
            assert_int_equal(message_unpack(request.base.descriptor, padded, 8192, arena, NULL, &message), 0);
            const Comity__V1__Request *back = (const Comity__V1__Request *) message;
            assert_int_equal(back->submit->signed_command.len, size);
            assert_string_equal(back->submit->founding_token, submit.founding_token);
            ((Comity__V1__Request *) message)->padding.len = 0;
            struct bytes bare;
            assert_int_equal(message_pack(message, arena, &bare), 0);
            assert_true(bytes_equal(bare, packed));
            if (packed.size < ARRAY_COUNT(seen)) {
                sizes += !seen[packed.size];
                seen[packed.size] = true;
            }
        }
    }
    assert_true(sizes > 2990); /* all but those that no Submit has */
    assert_true(seen[1024 - 2] && seen[2048 - 1] && seen[2048 - 129] && seen[2048 - 130] && seen[2048 - 131]);
}

static void test_padding_without_memory(void **state)
{
    (void) state;
    struct arena *small = arena_new(512);
    struct bytes out = BYTES(NULL, 77);
    assert_int_equal(message_pad(BYTES("abc", 3), PADDING_FIELD, SIZE_MAX, small, &out), ERR_MEMORY);
    assert_int_equal(out.size, 77);
    arena_destroy(&small);
}

static void test_visit_in_the_order_of_fields(void **state)
{
    (void) state;
    Comity__V1__TextRef texts[7];
    for (uint32_t i = 0; i < 7; i++) {
        comity__v1__text_ref__init(&texts[i]);
        texts[i].size = i + 1;
    }
    Comity__V1__Founder founders[] = {COMITY__V1__FOUNDER__INIT, COMITY__V1__FOUNDER__INIT,
                                      COMITY__V1__FOUNDER__INIT};
    founders[0].name = &texts[2];
    founders[2].name = &texts[3];
    Comity__V1__Founder *founder_list[] = {&founders[0], &founders[1], &founders[2]};
    Comity__V1__NewConstituency union_ = COMITY__V1__NEW_CONSTITUENCY__INIT;
    Comity__V1__NewConstituency employer = COMITY__V1__NEW_CONSTITUENCY__INIT;
    union_.title = &texts[1];
    union_.founders = founder_list;
    union_.n_founders = 3;
    employer.title = &texts[4];
    Comity__V1__NewConstituency *constituencies[] = {&union_, &employer};
    Comity__V1__NewSite site = COMITY__V1__NEW_SITE__INIT;
    site.title = &texts[5];
    Comity__V1__NewSite *sites[] = {&site};
    Comity__V1__Found found = COMITY__V1__FOUND__INIT;
    found.title = &texts[0];
    found.constituencies = constituencies;
    found.n_constituencies = 2;
    found.sites = sites;
    found.n_sites = 1;
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    command.body_case = COMITY__V1__COMMAND__BODY_FOUND;
    command.found = &found;

    static const char *const EXPECTED[] = {
        "found.title",
        "found.constituencies[0].title",
        "found.constituencies[0].founders[0].name",
        "found.constituencies[0].founders[2].name",
        "found.constituencies[1].title",
        "found.sites[0].title",
    };
    struct visited visited = {.count = 0};
    assert_int_equal(message_visit(&command.base, &comity__v1__text_ref__descriptor, note_visit, &visited),
                     0);
    assert_int_equal(visited.count, ARRAY_COUNT(EXPECTED));
    for (size_t i = 0; i < ARRAY_COUNT(EXPECTED); i++)
        assert_string_equal(visited.paths[i], EXPECTED[i]);

    struct visited stopped = {.stop_at = 3};
    assert_int_equal(message_visit(&command.base, &comity__v1__text_ref__descriptor, note_visit, &stopped),
                     ERR_LIMIT);
    assert_int_equal(stopped.count, 3);
    command.body_case = COMITY__V1__COMMAND__BODY__NOT_SET;
    visited.count = 0;
    assert_int_equal(message_visit(&command.base, &comity__v1__text_ref__descriptor, note_visit, &visited),
                     0);
    assert_int_equal(visited.count, 0);

    /* A copy is deep. */
    ProtobufCMessage *copy;
    assert_int_equal(message_copy(&found.base, arena, &copy), 0);
    texts[3].size = 999;
    assert_int_equal(((Comity__V1__Found *) copy)->constituencies[0]->founders[2]->name->size, 4);
}

/* --- random messages, by their descriptors --- */

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t) (random_state >> 33) % below;
}

static ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *type, unsigned depth);

/* One value of a field at @at, never its default, so that it stands on the wire. */
static void random_value(const ProtobufCFieldDescriptor *field, void *at, unsigned depth)
{
    const ProtobufCEnumDescriptor *choices = field->descriptor;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **) at = arena_printf(arena, "name-%u", draw(100000));
        break;
    case PROTOBUF_C_TYPE_BYTES: {
        ProtobufCBinaryData *bytes = at;
        bytes->len = 1 + draw(40);
        bytes->data = arena_alloc(arena, bytes->len);
        for (size_t i = 0; i < bytes->len; i++)
            bytes->data[i] = (uint8_t) draw(256);
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **) at = random_message(field->descriptor, depth + 1);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(int *) at = choices->values[1 + draw(choices->n_values - 1)].value;
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *) at = 1;
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        *(uint64_t *) at = (uint64_t) draw(1u << 30) << draw(34) | 1;
        break;
    default:
        *(uint32_t *) at = draw(1u << 30) << draw(3) | 1;
    }
}

static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return 8;
    default:
        return 4;
    }
}

static ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *type, unsigned depth)
{
    assert_true(depth <= 8);
    uint8_t *message = arena_alloc(arena, type->sizeof_message);
    assert_non_null(message);
    protobuf_c_message_init(type, message);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (draw(3) == 0)
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t count = draw(depth < 2 ? 4 : 2);
            uint8_t *list = arena_alloc(arena, count * size_of(field->type));
            for (size_t k = 0; k < count; k++)
                random_value(field, list + k * size_of(field->type), depth);
            memcpy(message + field->quantifier_offset, &count, sizeof(count));
            memcpy(message + field->offset, &list, sizeof(list));
            continue;
        }
        if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
            uint32_t *which = (uint32_t *) (message + field->quantifier_offset);
            if (*which != 0 || draw(4) != 0)
                continue;
            *which = field->id;
        }
        random_value(field, message + field->offset, depth);
    }
    return (ProtobufCMessage *) message;
}

/* What unpacking strictly promises of its result. */
static void assert_strict(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    assert_int_equal(message->n_unknown_fields, 0);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const uint8_t *at = (const uint8_t *) message + field->offset;
        size_t count = 1;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            memcpy(&count, (const uint8_t *) message + field->quantifier_offset, sizeof(count));
            at = *(const uint8_t *const *) (const void *) at;
        } else if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
            uint32_t which;
            memcpy(&which, (const uint8_t *) message + field->quantifier_offset, sizeof(which));
            count = which == field->id;
        }
        for (size_t k = 0; k < count; k++) {
            const void *value = at + k * size_of(field->type);
            if (field->type == PROTOBUF_C_TYPE_ENUM)
                assert_non_null(
                    protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *) value));
            if (field->type == PROTOBUF_C_TYPE_STRING) {
                const char *text = *(char *const *) value;
                assert_true(utf8_is_valid(BYTES(text, strlen(text))));
            }
            if (field->type == PROTOBUF_C_TYPE_MESSAGE && *(ProtobufCMessage *const *) value)
                assert_strict(*(ProtobufCMessage *const *) value);
        }
    }
}

static const ProtobufCMessageDescriptor *const TYPES[] = {
    &comity__v1__command__descriptor, &comity__v1__signed_command__descriptor,
    &comity__v1__request__descriptor, &comity__v1__hello__descriptor,
    &comity__v1__welcome__descriptor, &comity__v1__reply__descriptor,
    &comity__v1__event__descriptor,   &comity__v1__event_record__descriptor,
    &comity__v1__rule__descriptor,    &comity__v1__broker_status__descriptor,
};

static unsigned trials(unsigned few)
{
    const char *text = getenv("COMITY_LONG");
    return text && strcmp(text, "1") == 0 ? few * 100 : few;
}

static void mutate(uint8_t *bytes, size_t *size, size_t room)
{
    for (unsigned changes = 1 + draw(3); changes > 0 && *size > 0; changes--) {
        size_t at = draw((uint32_t) *size);
        switch (draw(5)) {
        case 0:
            bytes[at] ^= (uint8_t) (1 << draw(8));
            break;
        case 1:
            bytes[at] = (uint8_t) draw(256);
            break;
        case 2:
            *size = at;
            break;
        case 3:
            memmove(bytes + at, bytes + at + 1, *size - at - 1);
            --*size;
            break;
        default:
            if (*size == room)
                break;
            memmove(bytes + at + 1, bytes + at, *size - at);
            bytes[at] = (uint8_t) draw(256);
            ++*size;
        }
    }
}

static void test_random_messages(void **state)
{
    (void) state;
    const char *given = getenv("COMITY_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t) time(NULL);
    print_message("## seed %" PRIu64 " (repeat with COMITY_SEED)\n", seed);
    random_state = seed;
    unsigned accepted = 0, refused = 0;
    for (unsigned trial = 0; trial < trials(1000); trial++) {
        arena_reset(arena);
        const ProtobufCMessageDescriptor *type = TYPES[draw(ARRAY_COUNT(TYPES))];
        ProtobufCMessage *message = random_message(type, 0), *back = NULL;
        struct bytes packed, again;
        assert_int_equal(message_pack(message, arena, &packed), 0);
        struct refusal refusal = {.code = 0};
        int code = message_unpack(type, packed, packed.size, arena, &refusal, &back);
        if (code)
            fail_msg("a good %s was refused: %s at '%s'", type->name, error_name(code), refusal.field);
        assert_strict(back);
        assert_int_equal(message_pack(back, arena, &again), 0);
        assert_true(bytes_equal(packed, again));

        for (unsigned mutations = 0; mutations < 20; mutations++) {
            size_t size = packed.size;
            uint8_t *mutated = arena_alloc(arena, size + 3);
            assert_non_null(mutated);
            memcpy(mutated, packed.data, size);
            mutate(mutated, &size, packed.size + 3);
            ProtobufCMessage *result = NULL;
            code = message_unpack(type, BYTES(mutated, size), packed.size + 3, arena, &refusal, &result);
            if (code) {
                refused++;
                assert_null(result);
                assert_int_equal(refusal.code, code);
                assert_true(memchr(refusal.field, '\0', FIELD_PATH_MAX));
                assert_true(code == ERR_MALFORMED || code == ERR_UNKNOWN_FIELD || code == ERR_ENUM ||
                            code == ERR_UTF8);
            } else {
                accepted++;
                assert_strict(result);
            }
        }
    }
    print_message("%u mutated messages accepted, %u refused\n", accepted, refused);
    assert_true(accepted > 0 && refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_wire_forms, each_setup),
        cmocka_unit_test_setup(test_signed_and_packed_numbers, each_setup),
        cmocka_unit_test_setup(test_sizes, each_setup),
        cmocka_unit_test_setup(test_the_control_lets_them_pass, each_setup),
        cmocka_unit_test_setup(test_refusals, each_setup),
        cmocka_unit_test_setup(test_padding_of_every_size, each_setup),
        cmocka_unit_test_setup(test_padded_messages_unpack, each_setup),
        cmocka_unit_test_setup(test_padding_without_memory, each_setup),
        cmocka_unit_test_setup(test_visit_in_the_order_of_fields, each_setup),
        cmocka_unit_test_setup(test_random_messages, each_setup),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
