#include "core/message.h"

#include <ctype.h>
#include <stdio.h>

#include "core/error.h"
#include "core/path.h"
#include "core/wire.h"

int refuse_limit(struct refusal *refusal, int code, const char *field, uint64_t limit)
{
    if (refusal) {
        refusal->code = code;
        snprintf(refusal->field, sizeof(refusal->field), "%s", field ? field : "");
        refusal->latest = 0;
        refusal->limit = limit;
    }
    return code;
}

int refuse(struct refusal *refusal, int code, const char *field)
{
    return refuse_limit(refusal, code, field, 0);
}

int message_unpack_trusted(const ProtobufCMessageDescriptor *type, struct bytes packed, struct arena *arena,
                           ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, arena_allocator(arena), packed.size, packed.data);
    if (!message)
        return arena_is_exhausted(arena) ? ERR_MEMORY : ERR_MALFORMED;
    *ret_message = message;
    return 0;
}

int message_unpack(const ProtobufCMessageDescriptor *type, struct bytes packed, size_t size_max,
                   struct arena *arena, struct refusal *refusal, ProtobufCMessage **ret_message)
{
    if (packed.size > size_max)
        return refuse_limit(refusal, ERR_TOO_LARGE, "", size_max);
    int code = wire_check(type, packed, refusal);
    if (code)
        return code;
    code = message_unpack_trusted(type, packed, arena, ret_message);
    return code ? refuse(refusal, code, "") : 0;
}

int message_pack(const ProtobufCMessage *message, struct arena *arena, struct bytes *ret_packed)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = arena_alloc(arena, size);
    if (!packed)
        return ERR_MEMORY;
    protobuf_c_message_pack(message, packed);
    *ret_packed = BYTES(packed, size);
    return 0;
}

int message_copy(const ProtobufCMessage *message, struct arena *arena, ProtobufCMessage **ret_copy)
{
    struct bytes packed;
    int code = message_pack(message, arena, &packed);
    return code ? code : message_unpack_trusted(message->descriptor, packed, arena, ret_copy);
}

int message_pad(struct bytes packed, unsigned field, size_t size_max, struct arena *arena,
                struct bytes *ret_padded)
{
    size_t room = (PADDING_MULTIPLE - packed.size % PADDING_MULTIPLE) % PADDING_MULTIPLE;
    if (room == 1 ||
        room == 130) /* no field is that long: its length takes one byte up to 127 and two from 128 on */
        room += PADDING_MULTIPLE;
    if (room == 0 || packed.size + room > size_max) {
        *ret_padded = packed;
        return 0;
    }
    uint8_t *padded = arena_alloc(arena, packed.size + room);
    if (!padded)
        return ERR_MEMORY;
    if (packed.size > 0)
        memcpy(padded, packed.data, packed.size);
    uint8_t *at = padded + packed.size;
    size_t zeros = room <= 129 ? room - 2 : room - 3;
    *at++ = (uint8_t) (field << 3 | 2);
    if (zeros <= 127) {
        *at = (uint8_t) zeros;
    } else {
        *at++ = (uint8_t) (zeros & 0x7f) | 0x80;
        *at = (uint8_t) (zeros >> 7);
    }
    *ret_padded = BYTES(padded, packed.size + room);
    return 0;
}

size_t message_field_messages(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                              ProtobufCMessage *const **ret_list)
{
    const uint8_t *at = (const uint8_t *) message;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return 0;
    const void *member = at + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count;
        memcpy(&count, at + field->quantifier_offset, sizeof(count));
        memcpy(ret_list, member, sizeof(*ret_list));
        return count;
    }
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t number;
        memcpy(&number, at + field->quantifier_offset, sizeof(number));
        if (number != field->id)
            return 0;
    }
    *ret_list = member;
    return (*ret_list)[0] ? 1 : 0;
}

struct visit {
    const ProtobufCMessageDescriptor *type;
    message_visit_fn *visit;
    void *context;
};

static int visit_inside(const struct visit *visit, const ProtobufCMessage *message, const struct path *path)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        ProtobufCMessage *const *list = NULL;
        size_t count = message_field_messages(message, &type->fields[i], &list);
        bool is_repeated = type->fields[i].label == PROTOBUF_C_LABEL_REPEATED;
        for (size_t k = 0; k < count; k++) {
            const struct path inner = {path, type->fields[i].name,
                                       is_repeated ? (int64_t) k : PATH_NOT_REPEATED};
            char field[FIELD_PATH_MAX];
            int code;
            if (list[k]->descriptor == visit->type)
                code = visit->visit(list[k], path_write(&inner, field, sizeof(field)), visit->context);
            else
                code = visit_inside(visit, list[k], &inner);
            if (code)
                return code;
        }
    }
    return 0;
}

int message_visit(const ProtobufCMessage *message, const ProtobufCMessageDescriptor *type,
                  message_visit_fn *visit, void *context)
{
    const struct visit inside = {type, visit, context};
    return visit_inside(&inside, message, NULL);
}

/* "OUTCOME_KIND_" of OutcomeKind: how many letters of a value's name are the enum's own. */
static size_t prefix_length(const ProtobufCEnumDescriptor *type, const char *value_name)
{
    size_t at = 0;

    for (const char *c = type->short_name; *c != '\0'; c++) {
        if (isupper((unsigned char) *c) && c != type->short_name) {
            if (value_name[at] != '_')
                return 0;
            at++;
        }
        if (value_name[at] != (char) toupper((unsigned char) *c))
            return 0;
        at++;
    }
    return value_name[at] == '_' ? at + 1 : 0;
}

const char *enum_short_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(type, value);

    return row == NULL ? "?" : row->name + prefix_length(type, row->name);
}

bool enum_value_find(const ProtobufCEnumDescriptor *type, const char *word, int *ret_value)
{
    for (unsigned i = 0; i < type->n_values; i++) {
        const char *name = type->values[i].name + prefix_length(type, type->values[i].name);
        size_t at = 0;
        while (name[at] != '\0' &&
               (toupper((unsigned char) word[at]) == name[at] || (word[at] == '-' && name[at] == '_')))
            at++;
        if (name[at] != '\0' || word[at] != '\0')
            continue;
        *ret_value = type->values[i].value;
        return true;
    }
    return false;
}
