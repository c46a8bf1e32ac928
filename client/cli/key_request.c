#include "client/cli/key_request.h"

#include "client/cli/json_file.h"
#include "core/error.h"
#include "core/text.h"

enum { REQUEST_VERSION = 1, REQUEST_MAX_BYTES = 4096 };

int key_request_write(const char *path, const uint8_t key[KEY_SIZE], struct arena *arena, char reason[FILE_REASON_MAX])
{
    char hex[2 * KEY_SIZE + 1];

    reason[0] = '\0';
    hex_encode(BYTES(key, KEY_SIZE), hex);
    const char *text = arena_printf(arena, "{\n  \"comity_key_request\": %d,\n  \"key\": \"%s\"\n}\n", REQUEST_VERSION, hex);
    return text == NULL ? ERR_MEMORY : file_write(path, BYTES(text, strlen(text)), 0600, false, reason);
}

static int read_members(struct json_object *value, uint8_t ret_key[KEY_SIZE])
{
    static const char *const NAMES[] = {"comity_key_request", "key"};
    int64_t version;

    if (!json_object_is_type(value, json_type_object) || json_get_number(value, "comity_key_request", &version) != 0)
        return ERR_MALFORMED;
    if (version != REQUEST_VERSION)
        return ERR_VERSION;
    if (!json_has_only(value, NAMES, ARRAY_COUNT(NAMES)))
        return ERR_UNKNOWN_FIELD;
    return json_get_key(value, "key", ret_key, KEY_SIZE);
}

int key_request_read(const char *path, struct arena *arena, uint8_t ret_key[KEY_SIZE], char reason[FILE_REASON_MAX])
{
    struct bytes content;
    int code = file_read(path, REQUEST_MAX_BYTES, arena, &content, reason);

    if (code != 0)
        return code;
    reason[0] = '\0';
    struct json_object *value = json_read(content);
    code = value == NULL ? ERR_MALFORMED : read_members(value, ret_key);
    json_object_put(value);
    return code;
}
