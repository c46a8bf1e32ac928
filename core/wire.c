#include "core/wire.h"

#include <inttypes.h>
#include <stdio.h>

#include "comity/v1/link.pb-c.h"
#include "core/error.h"
#include "core/path.h"
#include "core/text.h"

enum { DESCRIPTOR_FIELDS_MAX = 256 };

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LENGTH = 2, WIRE_32 = 5 };

struct scan {
    struct refusal *refusal;
    size_t fields;
    size_t fields_max;
};

static int scan_message(struct scan *scan, const ProtobufCMessageDescriptor *type, struct bytes bytes,
                        const struct path *path, unsigned depth);

static int scan_refuse(const struct scan *scan, int code, const struct path *path)
{
    char field[FIELD_PATH_MAX];
    return refuse(scan->refusal, code, path_write(path, field, sizeof(field)));
}

/* A number of at most 64 bits in as few bytes as it needs. False if it is cut off, too large or padded. */
static bool take_varint(struct bytes *bytes, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 10 && i < bytes->size; i++) {
        uint8_t byte = bytes->data[i];
        if (i == 9 && byte > 1)
            return false;
        value |= (uint64_t) (byte & 0x7F) << (7 * i);
        if (byte & 0x80)
            continue;
        if (i > 0 && byte == 0)
            return false;
        bytes->data += i + 1;
        bytes->size -= i + 1;
        *ret_value = value;
        return true;
    }
    return false;
}

static bool take_bytes(struct bytes *bytes, uint64_t size, struct bytes *ret_taken)
{
    if (size > bytes->size)
        return false;
    *ret_taken = BYTES(bytes->data, (size_t) size);
    bytes->data += size;
    bytes->size -= (size_t) size;
    return true;
}

static enum wire_type wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_LENGTH;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_64;
    default:
        return WIRE_VARINT;
    }
}

/* Does a number of this type hold the value, as it stands on the wire? A negative int32 is sign-extended. */
static bool number_fits(ProtobufCType type, uint64_t value)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BOOL:
        return value <= 1;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32:
        return value <= UINT32_MAX;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
        return (int64_t) value >= INT32_MIN && (int64_t) value <= INT32_MAX;
    default:
        return true;
    }
}

static int scan_number(struct scan *scan, const ProtobufCFieldDescriptor *field, struct bytes *bytes,
                       const struct path *path)
{
    uint64_t value = 0;
    struct bytes fixed;
    bool is_whole;
    switch (wire_type_of(field->type)) {
    case WIRE_32:
        is_whole = take_bytes(bytes, 4, &fixed);
        break;
    case WIRE_64:
        is_whole = take_bytes(bytes, 8, &fixed);
        break;
    default:
        is_whole = take_varint(bytes, &value) && number_fits(field->type, value);
    }
    if (!is_whole)
        return scan_refuse(scan, ERR_MALFORMED, path);
    if (field->type == PROTOBUF_C_TYPE_ENUM &&
        !protobuf_c_enum_descriptor_get_value(field->descriptor, (int) (int64_t) value))
        return scan_refuse(scan, ERR_ENUM, path);
    return 0;
}

/* The elements of a packed field in one length-delimited piece. */
static int scan_packed(struct scan *scan, const ProtobufCFieldDescriptor *field, struct bytes bytes,
                       struct path *path, uint32_t *count)
{
    while (bytes.size > 0) {
        if (++scan->fields > scan->fields_max)
            return scan_refuse(scan, ERR_TOO_LARGE, path);
        path->index = (*count)++;
        int code = scan_number(scan, field, &bytes, path);
        if (code)
            return code;
    }
    return 0;
}

static int scan_value(struct scan *scan, const ProtobufCFieldDescriptor *field, enum wire_type wire,
                      struct bytes *bytes, struct path *path, uint32_t *count, unsigned depth)
{
    bool is_repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    bool is_packed = is_repeated && wire == WIRE_LENGTH && wire_type_of(field->type) != WIRE_LENGTH;
    if (!is_packed && wire != wire_type_of(field->type))
        return scan_refuse(scan, ERR_MALFORMED, path);
    if (wire != WIRE_LENGTH) {
        (*count)++;
        return scan_number(scan, field, bytes, path);
    }

    uint64_t size;
    struct bytes piece;
    if (!take_varint(bytes, &size) || !take_bytes(bytes, size, &piece))
        return scan_refuse(scan, ERR_MALFORMED, path);
    if (is_packed)
        return scan_packed(scan, field, piece, path, count);
    (*count)++;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return scan_message(scan, field->descriptor, piece, path, depth + 1);
    if (field->type == PROTOBUF_C_TYPE_STRING && !utf8_is_valid(piece))
        return scan_refuse(scan, ERR_UTF8, path);
    return 0;
}

/* Was the field, or another of its oneof, given before? */
static bool was_given(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field,
                      const uint32_t counts[DESCRIPTOR_FIELDS_MAX])
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        return counts[field - type->fields] > 0;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *other = &type->fields[i];
        if ((other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
            other->quantifier_offset == field->quantifier_offset && counts[i] > 0)
            return true;
    }
    return false;
}

static int scan_message(struct scan *scan, const ProtobufCMessageDescriptor *type, struct bytes bytes,
                        const struct path *path, unsigned depth)
{
    if (depth > WIRE_DEPTH_MAX)
        return scan_refuse(scan, ERR_MALFORMED, path);
    if (type->n_fields > DESCRIPTOR_FIELDS_MAX)
        return scan_refuse(scan, ERR_INTERNAL, path);

    uint32_t counts[DESCRIPTOR_FIELDS_MAX] = {0};
    while (bytes.size > 0) {
        uint64_t key;
        if (!take_varint(&bytes, &key) || key >> 3 == 0 || key > UINT32_MAX)
            return scan_refuse(scan, ERR_MALFORMED, path);
        uint32_t number = (uint32_t) key >> 3;
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(type, number);
        if (!field) {
            char name[16];
            snprintf(name, sizeof(name), "%" PRIu32, number);
            const struct path unknown = {path, name, PATH_NOT_REPEATED};
            return scan_refuse(scan, ERR_UNKNOWN_FIELD, &unknown);
        }
        uint32_t *count = &counts[field - type->fields];
        bool is_repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
        struct path inner = {path, field->name, is_repeated ? (int64_t) *count : PATH_NOT_REPEATED};
        if (++scan->fields > scan->fields_max)
            return scan_refuse(scan, ERR_TOO_LARGE, &inner);
        if (was_given(type, field, counts))
            return scan_refuse(scan, ERR_MALFORMED, &inner);
        int code = scan_value(scan, field, key & 7, &bytes, &inner, count, depth);
        if (code)
            return code;
    }
    return 0;
}

int wire_check(const ProtobufCMessageDescriptor *type, struct bytes packed, struct refusal *refusal)
{
    bool is_request = type == &comity__v1__request__descriptor;
    struct scan scan = {refusal, 0, is_request ? WIRE_REQUEST_FIELDS_MAX : WIRE_FIELDS_MAX};
    return scan_message(&scan, type, packed, NULL, 0);
}
