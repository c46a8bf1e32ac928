/* Rules that differ from a good one: fields are set by their names, "tests[0].scope.kind=2 scale*33 stages+1
 * close=new". *N: N times the first element; +N: N new elements more. */
#ifndef COMITY_TEST_RULE_ASSIGN_H
#define COMITY_TEST_RULE_ASSIGN_H

#include "test_rule_support.h"

static inline const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    scene_require(field != NULL, name);
    return field;
}

static inline void *place_of(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (char *) message + field->offset;
}

static inline size_t *count_of(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (size_t *) (void *) ((char *) message + field->quantifier_offset);
}

static inline ProtobufCMessage *message_new(struct arena *arena, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = scene_need(arena_alloc(arena, type->sizeof_message), "memory");
    protobuf_c_message_init(type, message);
    return message;
}

/* A repeated field becomes @count times its first element. */
static inline void list_repeat(struct arena *arena, ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field, size_t count)
{
    ProtobufCMessage ***list = place_of(message, field);
    ProtobufCMessage **copy = scene_need(arena_alloc(arena, (count + 1) * sizeof(*copy)), "memory");
    for (size_t i = 0; i < count; i++)
        copy[i] = *count_of(message, field) > 0
                      ? (*list)[0]
                      : message_new(arena, (const ProtobufCMessageDescriptor *) field->descriptor);
    *list = copy;
    *count_of(message, field) = count;
}

static inline void list_extend(struct arena *arena, ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field, size_t more)
{
    ProtobufCMessage ***list = place_of(message, field);
    size_t *count = count_of(message, field);
    ProtobufCMessage **longer =
        scene_need(arena_alloc(arena, (*count + more + 1) * sizeof(*longer)), "memory");
    if (*count > 0)
        memcpy(longer, *list, *count * sizeof(*longer));
    for (; more > 0; more--)
        longer[(*count)++] = message_new(arena, (const ProtobufCMessageDescriptor *) field->descriptor);
    *list = longer;
}

/* Numbers of a repeated field: "1,2,2"; nothing: none. */
static inline void numbers_set(struct arena *arena, ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field, const char *text)
{
    int **list = place_of(message, field);
    *list = scene_need(arena_alloc(arena, 64 * sizeof(**list)), "memory");
    *count_of(message, field) = 0;
    while (*text != '\0') {
        char *end;
        (*list)[(*count_of(message, field))++] = (int) strtol(text, &end, 10);
        text = *end == ',' ? end + 1 : end;
    }
}

static inline void value_set(struct arena *arena, ProtobufCMessage *message,
                             const ProtobufCFieldDescriptor *field, const char *text)
{
    void *place = place_of(message, field);
    unsigned long long number = strtoull(text, NULL, 10);

    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        *(ProtobufCMessage **) place =
            strcmp(text, "new") == 0
                ? message_new(arena, (const ProtobufCMessageDescriptor *) field->descriptor)
                : NULL;
    else if (field->type == PROTOBUF_C_TYPE_STRING)
        *(char **) place = strcmp(text, "NULL") == 0 ? NULL : arena_string(arena, text);
    else if (field->type == PROTOBUF_C_TYPE_UINT64 || field->type == PROTOBUF_C_TYPE_INT64)
        *(uint64_t *) place = number;
    else
        *(uint32_t *) place = (uint32_t) number; /* uint32, bool and enum, all of one size in protobuf-c */
}

/* "tests[0].scope.kind=2", "scale*33" */
static inline void assign(struct arena *arena, ProtobufCMessage *message, const char *assignment)
{
    char *text = scene_need(arena_string(arena, assignment), "memory");
    for (;;) {
        size_t length = strcspn(text, ".[=*+");
        char sign = text[length];
        char *rest = text + length + 1;
        text[length] = '\0';
        const ProtobufCFieldDescriptor *field = field_of(message, text);
        if (sign == '*') {
            list_repeat(arena, message, field, strtoul(rest, NULL, 10));
            return;
        }
        if (sign == '+') {
            list_extend(arena, message, field, strtoul(rest, NULL, 10));
            return;
        }
        if (sign == '=') {
            if (field->label == PROTOBUF_C_LABEL_REPEATED)
                numbers_set(arena, message, field, rest);
            else
                value_set(arena, message, field, rest);
            return;
        }
        if (sign == '[') {
            size_t index = strtoul(rest, &rest, 10);
            scene_require(index < *count_of(message, field) && rest[0] == ']', assignment);
            ProtobufCMessage **element = &(*(ProtobufCMessage ***) place_of(message, field))[index];
            if (rest[1] == '=') { /* an element that is not there at all */
                *element = NULL;
                return;
            }
            message = *element;
            text = rest + 2;
        } else {
            message = *(ProtobufCMessage **) place_of(message, field);
            scene_require(message != NULL, assignment);
            text = rest;
        }
    }
}

/* Assignments with blanks between them. */
static inline void assign_all(struct arena *arena, Comity__V1__Rule *rule, const char *assignments)
{
    char *rest = NULL;
    char *copy = scene_need(arena_string(arena, assignments), "memory");
    for (char *one = strtok_r(copy, " ", &rest); one; one = strtok_r(NULL, " ", &rest))
        assign(arena, &rule->base, one);
}

struct check_row {
    const char *changes;
    int code;
    const char *field;
};

/* The rule with the changes of the row: refused with its code at its field, or taken. */
static inline void assign_check(struct scene *scene, const struct check_row *row)
{
    struct refusal refusal = {0};
    char field[FIELD_PATH_MAX] = "";

    assign_all(scene->arena, scene->rule, row->changes);
    int code = rule_check(scene->rule, "adopt_rule.rule", &refusal);
    if (row->code)
        snprintf(field, sizeof(field), "adopt_rule.rule.%s", row->field);
    if (code != row->code || refusal.code != row->code || strcmp(refusal.field, field) != 0)
        fail_msg("%s: %s at %s", row->changes, code ? error_name(code) : "no refusal", refusal.field);
    assert_int_equal(rule_check(scene->rule, "adopt_rule.rule", NULL), row->code);
}

#endif
