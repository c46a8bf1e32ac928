/* Every message that one program takes from another: strict reading, writing, walking. The first byte says of
 * which type the rest is. */
#include "comity/v1/export.pb-c.h"
#include "comity/v1/link.pb-c.h"
#include "comity/v1/query.pb-c.h"
#include "core/error.h"
#include "core/message.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_types.h"

enum { SIZE_MAX_BYTES = 1024 * 1024 };

static int count_reference(const ProtobufCMessage *found, const char *path, void *context)
{
    FUZZ_NEED(found->descriptor == &comity__v1__text_ref__descriptor);
    FUZZ_NEED(path != NULL);
    ++*(size_t *) context;
    return 0;
}

/* What was read is written in one way only, and nothing of it is lost. */
static void check_written_again(const ProtobufCMessage *message, struct arena *arena)
{
    ProtobufCMessage *again, *copy;
    struct bytes first, second, third;
    struct refusal refusal = {0};
    size_t references = 0, references_again = 0;

    FUZZ_NEED(message_pack(message, arena, &first) == 0);
    FUZZ_NEED(message_unpack(message->descriptor, first, SIZE_MAX_BYTES, arena, &refusal, &again) == 0);
    FUZZ_NEED(message_pack(again, arena, &second) == 0);
    FUZZ_NEED(bytes_equal(first, second));
    FUZZ_NEED(message_copy(message, arena, &copy) == 0);
    FUZZ_NEED(message_pack(copy, arena, &third) == 0);
    FUZZ_NEED(bytes_equal(first, third));
    FUZZ_NEED(message_visit(message, &comity__v1__text_ref__descriptor, count_reference, &references) == 0);
    FUZZ_NEED(message_visit(copy, &comity__v1__text_ref__descriptor, count_reference, &references_again) ==
              0);
    FUZZ_NEED(references == references_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(256 * 1024 * 1024);
    ProtobufCMessage *message;
    struct refusal refusal = {0};

    if (size == 0 || data[0] >= MESSAGE_TYPE_COUNT || size > SIZE_MAX_BYTES)
        return 0;
    int code = message_unpack(MESSAGE_TYPES[data[0]], BYTES(data + 1, size - 1), SIZE_MAX_BYTES, arena,
                              &refusal, &message);
    if (code != 0) {
        FUZZ_NEED(code == ERR_MEMORY || refusal.code == code);
        return 0;
    }
    fuzz_accept();
    check_written_again(message, arena);
    return 0;
}
