#include "core/receipt_form.h"

#include "core/error.h"
#include "core/message.h"

static const char MAGIC[] = "comity receipt 1\n";
enum { MAGIC_SIZE = sizeof(MAGIC) - 1 };

int receipt_file_pack(const Comity__V1__ReceiptFile *file, struct arena *arena, struct bytes *ret_bytes)
{
    struct bytes packed = {0};
    int code = message_pack(&file->base, arena, &packed);
    uint8_t *bytes = code == 0 ? arena_alloc(arena, MAGIC_SIZE + packed.size) : NULL;

    if (bytes == NULL)
        return code != 0 ? code : ERR_MEMORY;
    memcpy(bytes, MAGIC, MAGIC_SIZE);
    memcpy(bytes + MAGIC_SIZE, packed.data, packed.size);
    *ret_bytes = BYTES(bytes, MAGIC_SIZE + packed.size);
    return 0;
}

static int strictly_unpack(const ProtobufCMessageDescriptor *type, struct bytes packed, struct arena *arena,
                           ProtobufCMessage **ret_message)
{
    struct bytes again = {0};
    int code = message_unpack(type, packed, RECEIPT_FILE_MAX_BYTES, arena, NULL, ret_message);

    if (code == 0)
        code = message_pack(*ret_message, arena, &again);
    if (code == ERR_MEMORY)
        return code;
    return code == 0 && bytes_equal(packed, again) ? 0 : ERR_MALFORMED;
}

int receipt_form_read(struct bytes bytes, struct arena *arena, const Comity__V1__ReceiptFile **ret_file)
{
    bool is_file = bytes.size >= MAGIC_SIZE && memcmp(bytes.data, MAGIC, MAGIC_SIZE) == 0;
    Comity__V1__ReceiptFile *file;
    ProtobufCMessage *message = NULL;
    int code;

    if (is_file) {
        code = strictly_unpack(&comity__v1__receipt_file__descriptor,
                               BYTES(bytes.data + MAGIC_SIZE, bytes.size - MAGIC_SIZE), arena, &message);
        file = (Comity__V1__ReceiptFile *) message;
    } else {
        code = strictly_unpack(&comity__v1__receipt__descriptor, bytes, arena, &message);
        file = code == 0 ? arena_alloc(arena, sizeof(*file)) : NULL;
        if (code == 0 && file == NULL)
            return ERR_MEMORY;
        if (code == 0) {
            comity__v1__receipt_file__init(file);
            file->receipt = (Comity__V1__Receipt *) message;
        }
    }
    if (code != 0)
        return code;
    if (file->receipt == NULL || file->receipt->event == NULL)
        return ERR_MALFORMED;
    *ret_file = file;
    return 0;
}
