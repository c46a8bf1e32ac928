#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/machine/row.h"
#include "tests/support/numbered_rows.h"

static int get(void *self, struct bytes key, struct bytes *ret_value)
{
    return view_get(&((struct numbered_rows *) self)->under, key, ret_value);
}

static int put(void *self, struct bytes key, struct bytes value)
{
    struct numbered_rows *rows = self;
    const struct table_row *table = table_find((enum table) key.data[0]);
    uint64_t changed;

    assert_non_null(table);
    if (table->type == NULL || table->table == TABLE_PARTNERSHIP)
        return view_put(&rows->under, key, value);
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(table->type, "changed");
    assert_non_null(field);
    ProtobufCMessage *row = protobuf_c_message_unpack(table->type, NULL, value.size, value.data);
    assert_non_null(row);
    memcpy(&changed, (const char *) row + field->offset, sizeof(changed));
    protobuf_c_message_free_unpacked(row, NULL);
    if (changed != rows->sequence)
        fail_msg("a row of %s says that %llu changed it, and it was %llu", table->name, (unsigned long long) changed,
                 (unsigned long long) rows->sequence);
    rows->rows++;
    return view_put(&rows->under, key, value);
}

static int del(void *self, struct bytes key)
{
    return view_delete(&((struct numbered_rows *) self)->under, key);
}

static int range(void *self, struct bytes prefix, struct bytes from, view_range_fn *visit, void *context)
{
    return view_range(&((struct numbered_rows *) self)->under, prefix, from, visit, context);
}

struct view numbered_rows_view(struct numbered_rows *rows)
{
    static const struct view_ops OPS = {.get = get, .put = put, .del = del, .range = range};

    return (struct view){.ops = &OPS, .self = rows};
}

void numbered_rows_check_event(const ProtobufCMessage *event)
{
    const ProtobufCMessageDescriptor *type = event->descriptor;

    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const char *at = (const char *) event + field->offset;
        const uint32_t *chosen = (const uint32_t *) (const void *) ((const char *) event + field->quantifier_offset);
        if (field->type == PROTOBUF_C_TYPE_UINT64 && strcmp(field->name, "changed") == 0 &&
            *(const uint64_t *) (const void *) at != 0)
            fail_msg("an event has a %s with its number", type->short_name);
        if (field->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            const ProtobufCMessage *const *list = *(const ProtobufCMessage *const *const *) (const void *) at;
            size_t count = *(const size_t *) (const void *) ((const char *) event + field->quantifier_offset);
            for (size_t k = 0; k < count; k++)
                numbered_rows_check_event(list[k]);
            continue;
        }
        const ProtobufCMessage *one = *(const ProtobufCMessage *const *) (const void *) at;
        bool is_other_case = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && *chosen != field->id;
        if (!is_other_case && one != NULL)
            numbered_rows_check_event(one);
    }
}
