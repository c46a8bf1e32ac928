/* Sentences of events: every kind has one, and what it names is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/event_text.h"
#include "client/cli/message_json.h"

static const char *words_of(const char *kind)
{
    for (unsigned i = 0; event_sentence_at(i) != NULL; i++)
        if (strcmp(event_sentence_at(i)->kind, kind) == 0)
            return event_sentence_at(i)->words;
    return NULL;
}

/* A path of names leads from message to message to a field. */
static bool leads_to_a_field(const ProtobufCMessageDescriptor *type, const char *path)
{
    while (type != NULL) {
        const size_t length = strcspn(path, ".");
        char name[64];
        snprintf(name, sizeof(name), "%.*s", (int) length, path);
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, name);
        if (field == NULL)
            return false;
        if (path[length] == '\0')
            return true;
        type = field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
        path += length + 1;
    }
    return false;
}

static void test_every_kind_has_a_sentence(void **state)
{
    (void) state;
    const ProtobufCMessageDescriptor *type = &comity__v1__event__descriptor;
    unsigned kinds = 0, rows = 0;

    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].id < COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED)
            continue;
        const char *words = words_of(type->fields[i].name);
        if (words == NULL)
            fail_msg("no sentence for %s", type->fields[i].name);
        kinds++;
        for (const char *at = strchr(words, '{'); at != NULL; at = strchr(at + 1, '{')) {
            char path[80];
            snprintf(path, sizeof(path), "%.*s", (int) strcspn(at + 1, "}"), at + 1);
            if (strcmp(path, "actor") != 0 && !leads_to_a_field(type->fields[i].descriptor, path))
                fail_msg("%s has no %s", type->fields[i].name, path);
        }
    }
    while (event_sentence_at(rows) != NULL)
        rows++;
    assert_int_equal(rows, kinds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind_has_a_sentence)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
