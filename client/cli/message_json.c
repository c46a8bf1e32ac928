#include "client/cli/message_json.h"

#include <stdio.h>

#include "client/cli/output.h"
#include "core/error.h"
#include "core/text.h"

struct writing {
    message_prose_fn *prose;
    void *context;
};

static struct json_object *write_message(const struct writing *writing, const ProtobufCMessage *message);

static struct json_object *write_text(const struct writing *writing, const Comity__V1__TextRef *reference)
{
    struct json_object *value = json_object_new_object();
    const char *prose = writing->prose == NULL ? NULL : writing->prose(writing->context, reference);

    json_object_object_add(value, "hash", json_hex(BYTES(reference->hash.data, reference->hash.len)));
    json_object_object_add(value, "size", json_object_new_uint64(reference->size));
    json_object_object_add(value, "text", prose == NULL ? NULL : json_object_new_string(prose));
    return value;
}

static struct json_object *write_bytes(const ProtobufCFieldDescriptor *field,
                                       const ProtobufCBinaryData *bytes)
{
    struct bytes content = BYTES(bytes->data, bytes->len);

    if (strcmp(field->name, "checkpoint") == 0 && utf8_is_valid(content))
        return json_object_new_string_len((const char *) bytes->data, (int) bytes->len);
    return json_hex(content);
}

static struct json_object *write_value(const struct writing *writing, const ProtobufCFieldDescriptor *field,
                                       const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_object_new_int(*(const int32_t *) at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return json_object_new_int64(*(const int64_t *) at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_object_new_uint64(*(const uint32_t *) at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return json_object_new_uint64(*(const uint64_t *) at);
    case PROTOBUF_C_TYPE_BOOL:
        return json_object_new_boolean(*(const protobuf_c_boolean *) at);
    case PROTOBUF_C_TYPE_ENUM:
        return json_object_new_string(enum_short_name(field->descriptor, *(const int *) at));
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *) at;
        return json_object_new_string(text == NULL ? "" : text);
    }
    case PROTOBUF_C_TYPE_BYTES:
        return write_bytes(field, at);
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *message = *(ProtobufCMessage *const *) at;
        return message == NULL ? NULL : write_message(writing, message);
    }
    default: /* floating-point: the contract has none */
        return NULL;
    }
}

static size_t value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return sizeof(uint32_t);
    }
}

static struct json_object *write_message(const struct writing *writing, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const char *base = (const char *) message;

    if (type == &comity__v1__text_ref__descriptor)
        return write_text(writing, (const Comity__V1__TextRef *) message);
    struct json_object *value = json_object_new_object();
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t count = *(const size_t *) (base + field->quantifier_offset);
            const char *list = *(const char *const *) (base + field->offset);
            struct json_object *array = json_object_new_array();
            for (size_t j = 0; j < count; j++)
                json_object_array_add(array, write_value(writing, field, list + j * value_size(field->type)));
            json_object_object_add(value, field->name, array);
            continue;
        }
        bool is_other_case = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
                             *(const uint32_t *) (base + field->quantifier_offset) != field->id;
        if (!is_other_case)
            json_object_object_add(value, field->name, write_value(writing, field, base + field->offset));
    }
    return value;
}

struct json_object *message_to_json(const ProtobufCMessage *message, message_prose_fn *prose, void *context)
{
    struct writing writing = {prose, context};

    return write_message(&writing, message);
}

struct reading {
    struct arena *arena;
    char *path;
    message_take_fn *take; /* NULL: texts are given by their references */
    void *context;
};

static int read_message(struct reading *reading, struct json_object *value,
                        const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_message);

static int read_integer(struct json_object *value, int64_t least, uint64_t most, void *at, size_t size)
{
    if (!json_object_is_type(value, json_type_int))
        return ERR_MALFORMED;
    int64_t number = json_object_get_int64(value);
    uint64_t positive = json_object_get_uint64(value);
    if (number < least || (number >= 0 && positive > most))
        return ERR_RANGE;
    uint64_t kept = number < 0 ? (uint64_t) number : positive;
    uint32_t narrow = (uint32_t) kept;
    memcpy(at, size == sizeof(narrow) ? (void *) &narrow : (void *) &kept, size);
    return 0;
}

static int read_enum(struct json_object *value, const ProtobufCEnumDescriptor *type, int *ret_value)
{
    if (!json_object_is_type(value, json_type_string))
        return ERR_MALFORMED;
    return enum_value_find(type, json_object_get_string(value), ret_value) ? 0 : ERR_ENUM;
}

static int read_string(struct reading *reading, struct json_object *value, char **ret_text)
{
    if (!json_object_is_type(value, json_type_string))
        return ERR_MALFORMED;
    struct bytes text = BYTES(json_object_get_string(value), (size_t) json_object_get_string_len(value));
    if (!utf8_is_valid(text))
        return ERR_UTF8;
    *ret_text = arena_string(reading->arena, json_object_get_string(value));
    return *ret_text == NULL ? ERR_MEMORY : 0;
}

static int read_bytes(struct reading *reading, struct json_object *value, ProtobufCBinaryData *ret_bytes)
{
    if (!json_object_is_type(value, json_type_string) || json_object_get_string_len(value) % 2 != 0)
        return ERR_MALFORMED;
    size_t size = (size_t) json_object_get_string_len(value) / 2;
    uint8_t *data = arena_alloc(reading->arena, size + 1);
    if (data == NULL)
        return ERR_MEMORY;
    if (hex_decode(json_object_get_string(value), data, size) != 0)
        return ERR_MALFORMED;
    *ret_bytes = (ProtobufCBinaryData){size, data};
    return 0;
}

static int read_text(struct reading *reading, struct json_object *value, const char *field, void *at)
{
    struct json_object *text = value;
    Comity__V1__TextRef *reference = NULL;

    if (json_object_is_type(value, json_type_object) && !json_object_object_get_ex(value, "text", &text))
        return ERR_MALFORMED;
    if (!json_object_is_type(text, json_type_string))
        return ERR_MALFORMED;
    if (strlen(json_object_get_string(text)) != (size_t) json_object_get_string_len(text))
        return ERR_UTF8;
    int code = reading->take(reading->context, field, json_object_get_string(text), &reference);
    memcpy(at, &reference, sizeof(reference));
    return code;
}

static int read_value(struct reading *reading, struct json_object *value,
                      const ProtobufCFieldDescriptor *field, void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
        return read_integer(value, INT32_MIN, INT32_MAX, at, sizeof(int32_t));
    case PROTOBUF_C_TYPE_UINT32:
        return read_integer(value, 0, UINT32_MAX, at, sizeof(uint32_t));
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
        return read_integer(value, INT64_MIN, INT64_MAX, at, sizeof(int64_t));
    case PROTOBUF_C_TYPE_UINT64:
        return read_integer(value, 0, UINT64_MAX, at, sizeof(uint64_t));
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_object_is_type(value, json_type_boolean))
            return ERR_MALFORMED;
        *(protobuf_c_boolean *) at = json_object_get_boolean(value);
        return 0;
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(value, field->descriptor, at);
    case PROTOBUF_C_TYPE_STRING:
        return read_string(reading, value, at);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(reading, value, at);
    case PROTOBUF_C_TYPE_MESSAGE:
        if (reading->take != NULL && field->descriptor == &comity__v1__text_ref__descriptor)
            return read_text(reading, value, field->name, at);
        return read_message(reading, value, field->descriptor, at);
    default:
        return ERR_UNSUPPORTED;
    }
}

static int read_list(struct reading *reading, struct json_object *value,
                     const ProtobufCFieldDescriptor *field, char *base)
{
    size_t size = value_size(field->type);

    if (!json_object_is_type(value, json_type_array))
        return ERR_MALFORMED;
    size_t count = json_object_array_length(value);
    char *list = arena_alloc(reading->arena, (count + 1) * size);
    if (list == NULL)
        return ERR_MEMORY;
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++)
        code = read_value(reading, json_object_array_get_idx(value, i), field, list + i * size);
    *(char **) (base + field->offset) = list;
    *(size_t *) (base + field->quantifier_offset) = count;
    return code;
}

static void name_field(struct reading *reading, const char *name)
{
    char rest[JSON_PATH_MAX];

    snprintf(rest, sizeof(rest), "%s", reading->path);
    snprintf(reading->path, JSON_PATH_MAX, "%.60s%s%.60s", name, rest[0] == '\0' ? "" : ".", rest);
}

static int read_message(struct reading *reading, struct json_object *value,
                        const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_message)
{
    if (!json_object_is_type(value, json_type_object))
        return ERR_MALFORMED;
    ProtobufCMessage *message = arena_alloc(reading->arena, type->sizeof_message);
    if (message == NULL)
        return ERR_MEMORY;
    protobuf_c_message_init(type, message);
    json_object_object_foreach(value, name, member)
    {
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, name);
        int code = ERR_UNKNOWN_FIELD;
        if (field != NULL && member == NULL)
            continue;
        if (field != NULL)
            code = field->label == PROTOBUF_C_LABEL_REPEATED
                       ? read_list(reading, member, field, (char *) message)
                       : read_value(reading, member, field, (char *) message + field->offset);
        if (code != 0) {
            name_field(reading, name);
            return code;
        }
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
            *(uint32_t *) ((char *) message + field->quantifier_offset) = field->id;
    }
    *ret_message = message;
    return 0;
}

int message_from_json(struct json_object *value, const ProtobufCMessageDescriptor *type, struct arena *arena,
                      char ret_path[JSON_PATH_MAX], ProtobufCMessage **ret_message)
{
    return message_from_json_texts(value, type, arena, NULL, NULL, ret_path, ret_message);
}

int message_from_json_texts(struct json_object *value, const ProtobufCMessageDescriptor *type,
                            struct arena *arena, message_take_fn *take, void *context,
                            char ret_path[JSON_PATH_MAX], ProtobufCMessage **ret_message)
{
    struct reading reading = {arena, ret_path, take, context};

    ret_path[0] = '\0';
    return read_message(&reading, value, type, ret_message);
}
