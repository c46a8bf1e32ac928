/* Where the published vectors are, and how they are read: JSON with base64 or hex in it.
 *
 * The directory is $COMITY_CASES, else ../shared/cases beside the source tree. Where there is none the tests
 * say so and are skipped: nothing counts as passed. */
#ifndef COMITY_TESTS_CASES_VECTORS_H
#define COMITY_TESTS_CASES_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/error.h"
#include "core/key.h"
#include "core/text.h"

enum { VECTOR_BYTES_MAX = 4096 };

/* Path of one of the vectors' folders; skips the test where it is not there. */
static inline const char *vectors_path(const char *name, char *buffer, size_t size)
{
    const char *cases = getenv("COMITY_CASES");
    if (cases && *cases)
        snprintf(buffer, size, "%s/vectors/%s", cases, name);
    else
        snprintf(buffer, size, "%s/../shared/cases/vectors/%s", SOURCE_DIR, name);
    if (access(buffer, R_OK) != 0) {
        print_message("VECTORS SKIPPED: there is no %s (set COMITY_CASES to the directory of cases)\n",
                      buffer);
        skip();
    }
    return buffer;
}

static inline json_object *vectors_load(const char *path)
{
    json_object *object = json_object_from_file(path);
    if (!object)
        fail_msg("%s: %s", path, json_util_get_last_err());
    return object;
}

static inline json_object *member(json_object *object, const char *name)
{
    json_object *value = NULL;
    if (!json_object_object_get_ex(object, name, &value))
        fail_msg("no member '%s'", name);
    return value;
}

static inline const char *text_of(json_object *object, const char *name)
{
    return json_object_get_string(member(object, name));
}

/* A string's bytes as they stand: the length counts, not a NUL. */
static inline struct bytes bytes_of(json_object *string)
{
    return BYTES(json_object_get_string(string), (size_t) json_object_get_string_len(string));
}

static inline struct bytes base64_of(json_object *string, uint8_t buffer[VECTOR_BYTES_MAX])
{
    size_t size = 0;
    const char *text = json_object_get_string(string);
    if (text && sodium_base642bin(buffer, VECTOR_BYTES_MAX, text, strlen(text), NULL, &size, NULL,
                                  sodium_base64_VARIANT_ORIGINAL) != 0)
        fail_msg("not base64: %s", text);
    return BYTES(buffer, size);
}

static inline struct bytes hex_of(json_object *string, uint8_t buffer[VECTOR_BYTES_MAX])
{
    const char *text = json_object_get_string(string);
    size_t size = strlen(text) / 2;
    assert_true(size <= VECTOR_BYTES_MAX);
    assert_int_equal(hex_decode(text, buffer, size), 0);
    return BYTES(buffer, size);
}

static inline int vectors_setup(void **state)
{
    (void) state;
    return key_init();
}

#endif
