/* The charter that people write: JSON with comments, its texts in place of their references.
 *
 * Shown as JSON and read again it is the same charter. */
#include "client/cli/json_file.h"
#include "client/cli/message_json.h"
#include "comity/v1/charter.pb-c.h"
#include "core/error.h"
#include "core/message.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

/* By its content alone: without a salt the same text has the same hash. */
static int take_text(void *context, const char *field, const char *text, Comity__V1__TextRef **ret_reference)
{
    static const uint8_t NO_SALT[SALT_SIZE];
    struct arena *arena = context;
    Comity__V1__TextRef *reference = arena_alloc(arena, sizeof(*reference));
    uint8_t *hash = arena_alloc(arena, HASH_SIZE);

    FUZZ_NEED(field[0] != '\0' && utf8_is_valid(BYTES(text, strlen(text))));
    if (reference == NULL || hash == NULL)
        return ERR_MEMORY;
    comity__v1__text_ref__init(reference);
    text_hash(NO_SALT, BYTES(text, strlen(text)), hash);
    reference->hash = (ProtobufCBinaryData){HASH_SIZE, hash};
    reference->size = (uint32_t) strlen(text);
    *ret_reference = reference;
    return 0;
}

static const char *no_prose(void *context, const Comity__V1__TextRef *reference)
{
    (void) context, (void) reference;
    return "a text";
}

/* It can be shown; and what has no text in it, which is read from its words, is the same again. */
static void check_again(const ProtobufCMessage *charter, struct arena *arena)
{
    char path[JSON_PATH_MAX];
    ProtobufCMessage *once, *twice;
    struct bytes first, second;
    struct json_object *shown = message_to_json(charter, no_prose, NULL);

    FUZZ_NEED(shown != NULL);
    int code = message_from_json_texts(shown, &comity__v1__charter__descriptor, arena, take_text, arena, path, &once);
    json_object_put(shown);
    FUZZ_NEED(code == 0 || code == ERR_MEMORY);
    if (code != 0)
        return;
    shown = message_to_json(once, no_prose, NULL);
    FUZZ_NEED(shown != NULL);
    FUZZ_NEED(message_from_json_texts(shown, &comity__v1__charter__descriptor, arena, take_text, arena, path, &twice) == 0);
    json_object_put(shown);
    FUZZ_NEED(message_pack(once, arena, &first) == 0 && message_pack(twice, arena, &second) == 0);
    FUZZ_NEED(bytes_equal(first, second));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    char path[JSON_PATH_MAX] = "";
    ProtobufCMessage *charter;
    struct json_object *value = json_read_commented(BYTES(data, size));

    if (value == NULL)
        return 0;
    int code =
        message_from_json_texts(value, &comity__v1__charter__descriptor, arena, take_text, arena, path, &charter);
    FUZZ_NEED(memchr(path, '\0', sizeof(path)) != NULL);
    json_object_put(value);
    if (code != 0)
        return 0;
    fuzz_accept();
    check_again(charter, arena);
    return 0;
}
