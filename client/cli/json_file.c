#include "client/cli/json_file.h"

#include "core/error.h"
#include "core/text.h"

enum { JSON_DEPTH_MAX = 16 };

static struct json_object *read_with(struct bytes text, int flags)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    struct json_object *value = NULL;

    if (tokener == NULL || text.size > INT32_MAX)
        return NULL;
    json_tokener_set_flags(tokener, flags | JSON_TOKENER_VALIDATE_UTF8);
    value = json_tokener_parse_ex(tokener, (const char *) text.data, (int) text.size);
    size_t end = json_tokener_get_parse_end(tokener);
    /* A number that ends with the text is finished by a NUL, as json-c has it. */
    if (json_tokener_get_error(tokener) == json_tokener_continue) {
        value = json_tokener_parse_ex(tokener, "", -1);
        end = text.size;
    }
    bool is_whole = json_tokener_get_error(tokener) == json_tokener_success;
    for (size_t i = end; is_whole && i < text.size; i++)
        is_whole = strchr(" \t\r\n", text.data[i]) != NULL && text.data[i] != '\0';
    json_tokener_free(tokener);
    if (!is_whole) {
        json_object_put(value);
        return NULL;
    }
    return value;
}

struct json_object *json_read(struct bytes text)
{
    return read_with(text, JSON_TOKENER_STRICT);
}

struct json_object *json_read_commented(struct bytes text)
{
    return read_with(text, 0);
}

bool json_has_only(struct json_object *object, const char *const *names, size_t count)
{
    json_object_object_foreach(object, name, value)
    {
        bool is_known = false;
        (void) value;
        for (size_t i = 0; i < count; i++)
            is_known |= strcmp(name, names[i]) == 0;
        if (!is_known)
            return false;
    }
    return true;
}

int json_get_text(struct json_object *object, const char *name, size_t size_max, const char **ret_text)
{
    struct json_object *value;

    if (!json_object_object_get_ex(object, name, &value))
        return ERR_MISSING;
    if (!json_object_is_type(value, json_type_string))
        return ERR_MALFORMED;
    size_t size = (size_t) json_object_get_string_len(value);
    const char *text = json_object_get_string(value);
    if (size > size_max || strlen(text) != size)
        return ERR_MALFORMED;
    *ret_text = text;
    return 0;
}

int json_get_key(struct json_object *object, const char *name, uint8_t *ret_key, size_t size)
{
    const char *text;
    int code = json_get_text(object, name, 2 * size, &text);

    if (code != 0)
        return code;
    return strlen(text) == 2 * size ? hex_decode(text, ret_key, size) : ERR_MALFORMED;
}

int json_get_number(struct json_object *object, const char *name, int64_t *ret_number)
{
    struct json_object *value;

    if (!json_object_object_get_ex(object, name, &value))
        return ERR_MISSING;
    if (!json_object_is_type(value, json_type_int))
        return ERR_MALFORMED;
    *ret_number = json_object_get_int64(value);
    return 0;
}

int json_get_keys(struct json_object *object, const char *name, size_t count_max, uint8_t (*ret_keys)[KEY_SIZE],
                  size_t *ret_count)
{
    struct json_object *list;

    if (!json_object_object_get_ex(object, name, &list))
        return ERR_MISSING;
    if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) > count_max)
        return ERR_MALFORMED;
    size_t count = json_object_array_length(list);
    for (size_t i = 0; i < count; i++) {
        struct json_object *key = json_object_array_get_idx(list, i);
        if (!json_object_is_type(key, json_type_string) || json_object_get_string_len(key) != 2 * KEY_SIZE ||
            hex_decode(json_object_get_string(key), ret_keys[i], KEY_SIZE) != 0)
            return ERR_MALFORMED;
    }
    *ret_count = count;
    return 0;
}
