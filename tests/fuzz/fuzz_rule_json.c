/* Rules that people write as JSON. */
#include "client/cli/json_file.h"
#include "client/cli/message_json.h"
#include "comity/v1/rule.pb-c.h"
#include "core/error.h"
#include "core/message.h"
#include "tests/fuzz/fuzz.h"

/* Shown as JSON and read again it is the same rule. */
static void check_again(const ProtobufCMessage *rule, struct arena *arena)
{
    char path[JSON_PATH_MAX];
    ProtobufCMessage *again;
    struct bytes first, second;
    struct json_object *shown = message_to_json(rule, NULL, NULL);

    FUZZ_NEED(shown != NULL);
    const char *text = json_object_to_json_string(shown);
    struct json_object *read = json_read(BYTES(text, strlen(text)));
    FUZZ_NEED(read != NULL);
    FUZZ_NEED(message_pack(rule, arena, &first) == 0);
    if (message_from_json(read, &comity__v1__rule__descriptor, arena, path, &again) == 0) {
        FUZZ_NEED(message_pack(again, arena, &second) == 0);
        FUZZ_NEED(bytes_equal(first, second));
    }
    json_object_put(read);
    json_object_put(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    char path[JSON_PATH_MAX] = "";
    ProtobufCMessage *rule;
    struct json_object *value = json_read(BYTES(data, size));

    if (value == NULL)
        return 0;
    int code = message_from_json(value, &comity__v1__rule__descriptor, arena, path, &rule);
    FUZZ_NEED(memchr(path, '\0', sizeof(path)) != NULL);
    if (code == 0) {
        fuzz_accept();
        check_again(rule, arena);
    }
    json_object_put(value);
    return 0;
}
