#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/machine/decide.h"
#include "core/machine/stand_in.h"

int decide_fail(struct decide *d, int code)
{
    d->code = refuse(d->refusal, code, "");
    return code;
}

int decide_refuse(struct decide *d, int code, const char *format, ...)
{
    char field[FIELD_PATH_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(field, sizeof(field), format, arguments);
    va_end(arguments);
    d->code = refuse(d->refusal, code, field);
    return code;
}

int decide_refuse_latest(struct decide *d, int code, const char *field, uint64_t latest)
{
    decide_refuse(d, code, "%s", field);
    if (d->refusal)
        d->refusal->latest = latest;
    return code;
}

int decide_refuse_limit(struct decide *d, int code, const char *field, uint64_t limit)
{
    d->code = refuse_limit(d->refusal, code, field, limit);
    return code;
}

static void *find_row(struct decide *d, enum table table, uint32_t a, uint32_t b, int code_if_none,
                      const char *field)
{
    ProtobufCMessage *row = NULL;
    int code = state_get(d->view, d->arena, table, a, b, &row);

    if (code == 0)
        return row;
    decide_refuse(d, code == ERR_NOT_FOUND ? code_if_none : code, "%s", code == ERR_NOT_FOUND ? field : "");
    return NULL;
}

const char *decide_path(struct decide *d, const char *name)
{
    const char *path = arena_printf(d->arena, "%s.%s", command_name(d->body), name);

    return path ? path : "";
}

uint32_t decide_named(struct decide *d, const char *name, const char **ret_field)
{
    const ProtobufCFieldDescriptor *outer =
        protobuf_c_message_descriptor_get_field(d->body->base.descriptor, (unsigned) d->body->body_case);
    const ProtobufCFieldDescriptor *inner;
    const ProtobufCMessage *body;
    uint32_t number;

    memcpy(&body, (const uint8_t *) d->body + outer->offset, sizeof(body));
    inner = protobuf_c_message_descriptor_get_field_by_name(body->descriptor, name);
    assert(inner && inner->type == PROTOBUF_C_TYPE_UINT32);
    memcpy(&number, (const uint8_t *) body + inner->offset, sizeof(number));
    *ret_field = decide_path(d, name);
    return number;
}

void *decide_find(struct decide *d, enum table table, uint32_t a, uint32_t b, const char *field)
{
    if (decide_check_number(d, table, a, field) != 0)
        return NULL;
    return find_row(d, table, a, b, ERR_NOT_FOUND, field);
}

void *decide_get(struct decide *d, enum table table, uint32_t a, uint32_t b)
{
    return find_row(d, table, a, b, ERR_CORRUPT, "");
}

void *decide_seek(struct decide *d, enum table table, uint32_t a, uint32_t b)
{
    ProtobufCMessage *row = NULL;
    int code = state_get(d->view, d->arena, table, a, b, &row);

    if (code != 0 && code != ERR_NOT_FOUND)
        decide_fail(d, code);
    return code == 0 ? row : NULL;
}

int decide_exists(struct decide *d, const struct row_key *key, bool *ret_exists)
{
    int code = row_exists(d->view, key, ret_exists);

    return code == 0 ? 0 : decide_fail(d, code);
}

int decide_holds_seat(struct decide *d, uint32_t body, uint32_t member, bool *ret_holds)
{
    struct row_key key = row_key(TABLE_HOLDER, body, member);

    return decide_exists(d, &key, ret_holds);
}

int decide_has_seat(struct decide *d, uint32_t member, bool *ret_has)
{
    int code = decide_holds_seat(d, d->of_body, member, ret_has);

    if (code == 0 && !*ret_has && d->session)
        code = stand_in_is(d->view, d->arena, d->session->number, d->of_body, member, ret_has);
    return code == 0 || d->code != 0 ? d->code : decide_fail(d, code);
}

int decide_key_is_taken(struct decide *d, uint32_t constituency, ProtobufCBinaryData key, bool *ret_taken)
{
    const struct row_key at[] = {
        row_key_bytes(TABLE_KEY, key.data),
        row_key_bytes(TABLE_RECOVERY_KEY, key.data),
        row_key_hashed(TABLE_WITNESS_KEY, constituency, key.data),
    };
    ProtobufCMessage *row = NULL;
    int code;

    for (size_t i = 0; i < ARRAY_COUNT(at); i++)
        if (decide_exists(d, &at[i], ret_taken) != 0 || *ret_taken)
            return d->code;
    code = state_get_by_key(d->view, d->arena, TABLE_INVITATION, key.data, &row);
    if (code != 0 && code != ERR_NOT_FOUND)
        return decide_fail(d, code);
    *ret_taken = code == 0 && ((const Comity__V1__Invitation *) row)->constituency == constituency;
    return 0;
}

int decide_key_is_barred(struct decide *d, uint32_t constituency, ProtobufCBinaryData key, bool *ret_barred)
{
    struct row_key at = row_key_hashed(TABLE_BARRED_KEY, constituency, key.data);

    return decide_exists(d, &at, ret_barred);
}

int decide_check_key_is_new(struct decide *d, uint32_t constituency, ProtobufCBinaryData key, const char *field)
{
    bool taken, barred;

    if (decide_key_is_taken(d, constituency, key, &taken) != 0 ||
        decide_key_is_barred(d, constituency, key, &barred) != 0)
        return d->code;
    if (barred)
        return decide_refuse(d, ERR_KEY_REVOKED, "%s", field);
    return taken ? decide_refuse(d, ERR_EXISTS, "%s", field) : 0;
}

int decide_next_number(struct decide *d, enum table table, uint32_t *ret_number)
{
    struct row_key key = row_key_counter(table);
    uint32_t last;
    int code = row_number(d->view, &key, &last);

    if (code != 0)
        return decide_fail(d, code);
    if (last == UINT32_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "", last);
    *ret_number = last + 1;
    return 0;
}

void *decide_alloc(struct decide *d, size_t count, size_t size)
{
    void *memory = arena_alloc(d->arena, count > 0 ? count * size : 1);

    if (!memory)
        decide_fail(d, ERR_MEMORY);
    return memory;
}

void *decide_new(struct decide *d, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = decide_alloc(d, 1, type->sizeof_message);

    if (message)
        protobuf_c_message_init(type, message);
    return message;
}

ProtobufCBinaryData decide_bytes(struct decide *d, const uint8_t *bytes, size_t size)
{
    ProtobufCBinaryData copy = {size, decide_alloc(d, 1, size)};

    if (!copy.data)
        copy.len = 0;
    else
        memcpy(copy.data, bytes, size);
    return copy;
}

Comity__V1__Event *decide_event(struct decide *d, Comity__V1__Event__KindCase kind)
{
    struct machine_event *next = &d->events.list[d->events.count];
    Comity__V1__Event *open = decide_new(d, &comity__v1__event__descriptor);

    if (!open)
        return NULL;
    if (d->events.count == ARRAY_COUNT(d->events.list)) {
        decide_fail(d, ERR_INTERNAL);
        return NULL;
    }
    open->kind_case = kind;
    open->actor = d->actor_number;
    if (d->command) {
        open->actor_key = d->body->key;
        open->undoes = d->events.count == 0 ? d->body->undoes : 0;
        open->command_id = decide_bytes(d, d->command->id, COMMAND_ID_SIZE);
        if (!open->command_id.data)
            return NULL;
    }
    *next = (struct machine_event){
        .open = open,
        .command = d->events.count == 0 ? d->body : NULL,
        .sequence = d->context->next_sequence + d->events.count,
        .time_ms = d->context->time_ms,
        .audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL,
    };
    d->events.count++;
    return open;
}

bool command_is_signed_by(const Comity__V1__Command *body, ProtobufCBinaryData key)
{
    size_t i;

    if (binary_equal(body->key, key))
        return true;
    for (i = 0; i < body->n_cosigners; i++)
        if (binary_equal(body->cosigners[i], key))
            return true;
    return false;
}
