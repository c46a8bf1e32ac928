/* Valid commands of every body, filled in by the table of forms, for the tests of commands. */
#ifndef COMITY_TESTS_UNIT_CORE_SAMPLE_COMMAND_H
#define COMITY_TESTS_UNIT_CORE_SAMPLE_COMMAND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/arena.h"
#include "core/command.h"
#include "core/command_form.h"
#include "core/error.h"
#include "core/rule/rule.h"
#include "core/text.h"

struct sample {
    struct arena *arena;
    Comity__V1__Command *command;
    unsigned made;               /* gives each name and key a number of its own */
    Comity__V1__Text *texts[64]; /* of the command's TextRefs, in order */
    size_t text_count;
};

static inline const struct form_row *sample_row(const ProtobufCMessageDescriptor *type, const char *field)
{
    for (unsigned i = 0; form_row_at(i); i++) {
        const struct form_row *row = form_row_at(i);
        if (row->type == type && strcmp(row->field, field) == 0)
            return row;
    }
    return NULL;
}

static inline ProtobufCBinaryData sample_binary(struct sample *sample, size_t size)
{
    ProtobufCBinaryData data = {size, arena_alloc(sample->arena, size + 1)};
    memset(data.data, 0x40, size);
    put_u32(data.data, ++sample->made);
    return data;
}

static inline Comity__V1__TextRef *sample_text(struct sample *sample)
{
    Comity__V1__TextRef *reference = arena_alloc(sample->arena, sizeof(*reference));
    Comity__V1__Text *text = arena_alloc(sample->arena, sizeof(*text));
    comity__v1__text_ref__init(reference);
    comity__v1__text__init(text);
    text->salt = sample_binary(sample, SALT_SIZE);
    text->content.data = (uint8_t *) arena_printf(sample->arena, "Prose \xE2\x84\x96 %u", ++sample->made);
    text->content.len = strlen((char *) text->content.data);
    reference->size = (uint32_t) text->content.len;
    reference->hash = sample_binary(sample, HASH_SIZE);
    text_hash(text->salt.data, BYTES(text->content.data, text->content.len), reference->hash.data);
    sample->texts[sample->text_count++] = text;
    return reference;
}

static inline ProtobufCMessage *sample_message(struct sample *sample, const ProtobufCMessageDescriptor *type);

static inline void sample_field(struct sample *sample, const struct form_row *row,
                                const ProtobufCFieldDescriptor *field, uint8_t *message)
{
    void *at = message + field->offset;
    size_t count = 2;
    switch (row->form) {
    case FORM_NAME:
    case FORM_NAME_OR_NONE:
        *(char **) at = arena_printf(sample->arena, "name-%u", ++sample->made);
        break;
    case FORM_TIME_ZONE:
        *(char **) at = arena_string(sample->arena, "Europe/Berlin");
        break;
    case FORM_LANGUAGE_OR_NONE:
        *(char **) at = arena_string(sample->arena, "fr-CA");
        break;
    case FORM_FLAG:
        *(protobuf_c_boolean *) at = true;
        break;
    case FORM_TEXT:
    case FORM_TEXT_OR_NONE:
        *(Comity__V1__TextRef **) at = sample_text(sample);
        break;
    case FORM_HASH:
    case FORM_HASH_OR_NONE:
        *(ProtobufCBinaryData *) at = sample_binary(sample, HASH_SIZE);
        break;
    case FORM_NONCE:
        *(ProtobufCBinaryData *) at = sample_binary(sample, NONCE_SIZE);
        break;
    case FORM_EPOCH:
        *(uint32_t *) at = 1;
        break;
    case FORM_NUMBER: /* later and later */
        if (field->type == PROTOBUF_C_TYPE_UINT32)
            *(uint32_t *) at = row->least > 7 || 7 + ++sample->made > row->most ? (uint32_t) row->least
                                                                              : 7 + sample->made; /* of two, two */
        else
            *(uint64_t *) at = row->most < 1790000000000 ? row->most : 1790000000000U + ++sample->made;
        break;
    case FORM_NUMBERS: {
        uint32_t *numbers = arena_alloc(sample->arena, 2 * sizeof(*numbers));
        numbers[0] = 7;
        numbers[1] = 3;
        memcpy(message + field->quantifier_offset, &count, sizeof(count));
        *(uint32_t **) at = numbers;
        break;
    }
    case FORM_ASCENDING:
    case FORM_RANKS: {
        uint32_t *numbers = arena_alloc(sample->arena, 2 * sizeof(*numbers));
        numbers[0] = 3;
        numbers[1] = 7;
        memcpy(message + field->quantifier_offset, &count, sizeof(count));
        *(uint32_t **) at = numbers;
        break;
    }
    case FORM_WEIGHTS: {
        uint64_t *weights = arena_alloc(sample->arena, 2 * sizeof(*weights));
        weights[0] = WEIGHT_MAX;
        weights[1] = 1;
        memcpy(message + field->quantifier_offset, &count, sizeof(count));
        *(uint64_t **) at = weights;
        break;
    }
    case FORM_CHOICE:
    case FORM_CHOICE_OR_NONE:
        *(int *) at = 1;
        break;
    case FORM_CHOICES: {
        int *choices = arena_alloc(sample->arena, 2 * sizeof(int));
        choices[0] = COMITY__V1__OFFICE__OFFICE_FACILITATOR;
        choices[1] = COMITY__V1__OFFICE__OFFICE_CO_CHAIR;
        memcpy(message + field->quantifier_offset, &count, sizeof(count));
        *(int **) at = choices;
        break;
    }
    case FORM_MESSAGE:
    case FORM_MESSAGE_OR_NONE:
        *(ProtobufCMessage **) at = sample_message(sample, field->descriptor);
        break;
    case FORM_MESSAGES: {
        ProtobufCMessage **list = arena_alloc(sample->arena, count * sizeof(ProtobufCMessage *));
        for (size_t i = 0; i < count; i++)
            list[i] = sample_message(sample, field->descriptor);
        /* No phase twice. */
        for (size_t i = 0; i < count && field->descriptor == &comity__v1__phase_record__descriptor; i++)
            ((Comity__V1__PhaseRecord *) list[i])->phase = (Comity__V1__Phase) (i + 1);
        memcpy(message + field->quantifier_offset, &count, sizeof(count));
        *(ProtobufCMessage ***) at = list;
        break;
    }
    case FORM_RULE: {
        Comity__V1__Rule *rule = arena_alloc(sample->arena, sizeof(*rule));
        comity__v1__rule__init(rule);
        rule->name = arena_string(sample->arena, "consensus");
        *(Comity__V1__Rule **) at = rule;
        break;
    }
    case FORM_HISTORY:
    case FORM_COSIGNERS:
    case FORM_BODY:
        break;
    }
}

static inline ProtobufCMessage *sample_message(struct sample *sample, const ProtobufCMessageDescriptor *type)
{
    uint8_t *message = arena_alloc(sample->arena, type->sizeof_message);
    protobuf_c_message_init(type, message);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const struct form_row *row = sample_row(type, type->fields[i].name);
        assert_non_null(row);
        sample_field(sample, row, &type->fields[i], message);
    }
    return (ProtobufCMessage *) message;
}

/* A command with this body, with `cosigners` cosigners that nobody holds the keys of. */
static inline void sample_make(struct sample *sample, struct arena *arena, Comity__V1__Command__BodyCase body,
                               size_t cosigners)
{
    *sample = (struct sample){.arena = arena};
    sample->command = (Comity__V1__Command *) sample_message(sample, &comity__v1__command__descriptor);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&comity__v1__command__descriptor, (unsigned) body);
    sample->command->body_case = body;
    ProtobufCMessage *message = sample_message(sample, field->descriptor);
    memcpy((uint8_t *) sample->command + field->offset, &message, sizeof(message));
    if (body == COMITY__V1__COMMAND__BODY_FOUND || body == COMITY__V1__COMMAND__BODY_REDEEM)
        sample->command->epoch = 0;
    if (body == COMITY__V1__COMMAND__BODY_INVITE)
        sample->command->invite->member = 0; /* of somebody new, who has a name */
    if (body != COMITY__V1__COMMAND__BODY_FOUND)
        sample->command->history = sample_binary(sample, HISTORY_ID_SIZE);
    sample->command->cosigners = arena_alloc(arena, (cosigners + 1) * sizeof(ProtobufCBinaryData));
    sample->command->n_cosigners = cosigners;
    for (size_t i = 0; i < cosigners; i++)
        sample->command->cosigners[i] = sample_binary(sample, KEY_SIZE);
}

/* A SignedCommand around any bytes, with a signature of zeroes: for what is judged before signatures are. */
static inline struct bytes sample_envelope(struct arena *arena, struct bytes command)
{
    static uint8_t zeroes[SIGNATURE_SIZE];
    Comity__V1__SignedCommand envelope = COMITY__V1__SIGNED_COMMAND__INIT;
    struct bytes packed = BYTES(NULL, 0);
    envelope.command = (ProtobufCBinaryData){command.size, (uint8_t *) (uintptr_t) command.data};
    envelope.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, zeroes};
    assert_int_equal(message_pack(&envelope.base, arena, &packed), 0);
    return packed;
}

static inline int sample_open(struct sample *sample, struct refusal *refusal)
{
    struct bytes packed;
    struct command command;
    assert_int_equal(message_pack(&sample->command->base, sample->arena, &packed), 0);
    return command_open(sample_envelope(sample->arena, packed), sample->arena, refusal, &command);
}

/* The bodies of the contract, one after the other; NOT_SET past the end. */
static inline Comity__V1__Command__BodyCase sample_body_at(unsigned index)
{
    const ProtobufCMessageDescriptor *type = &comity__v1__command__descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if ((type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && index-- == 0)
            return (Comity__V1__Command__BodyCase) type->fields[i].id;
    }
    return COMITY__V1__COMMAND__BODY__NOT_SET;
}

static inline unsigned sample_body_count(void)
{
    unsigned count = 0;
    while (sample_body_at(count) != COMITY__V1__COMMAND__BODY__NOT_SET)
        count++;
    return count;
}

#endif
