#include "core/daemon/export_stream.h"

#include <errno.h>
#include <unistd.h>

#include "core/error.h"

enum { LENGTH_BYTES_MAX = 5 };

/* Writing. */

void sink_init(struct stream_sink *sink, int descriptor)
{
    sink->descriptor = descriptor;
    sink->code = 0;
    sink->error_number = 0;
    sink->bytes = 0;
    sink->used = 0;
    sink->cipher = NULL;
    sink->written = 0;
    crypto_hash_sha256_init(&sink->digest);
}

int sink_flush(struct stream_sink *sink)
{
    size_t done = 0;

    if (sink->cipher != NULL)
        sink->cipher(sink->context, sink->written, sink->buffer, sink->used);
    sink->written += sink->used;
    while (sink->code == 0 && done < sink->used) {
        ssize_t size = write(sink->descriptor, sink->buffer + done, sink->used - done);

        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0) {
            sink->error_number = errno;
            sink->code = errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? ERR_DISK_FULL : ERR_FILE;
        } else {
            done += (size_t) size;
        }
    }
    sink->used = 0;
    return sink->code;
}

static void sink_give(struct stream_sink *sink, struct bytes bytes)
{
    crypto_hash_sha256_update(&sink->digest, bytes.data, bytes.size);
    sink->bytes += bytes.size;
    while (sink->code == 0 && bytes.size > 0) {
        size_t room = sizeof(sink->buffer) - sink->used;
        size_t size = bytes.size < room ? bytes.size : room;

        memcpy(sink->buffer + sink->used, bytes.data, size);
        sink->used += size;
        bytes.data += size;
        bytes.size -= size;
        if (sink->used == sizeof(sink->buffer))
            sink_flush(sink);
    }
}

static size_t length_write(uint8_t *buffer, size_t length)
{
    size_t size = 0;

    for (; length >= 0x80; length >>= 7)
        buffer[size++] = (uint8_t) (length | 0x80);
    buffer[size++] = (uint8_t) length;
    return size;
}

int sink_put(struct stream_sink *sink, const Comity__V1__ExportRecord *record, struct arena *arena)
{
    uint8_t length[LENGTH_BYTES_MAX * 2];
    struct bytes packed;
    int code = message_pack(&record->base, arena, &packed);

    if (code != 0)
        return code;
    if (packed.size > EXPORT_RECORD_MAX_BYTES)
        return ERR_TOO_LARGE;
    sink_give(sink, BYTES(length, length_write(length, packed.size)));
    sink_give(sink, packed);
    return sink->code;
}

void sink_digest(const struct stream_sink *sink, uint8_t ret_digest[HASH_SIZE])
{
    crypto_hash_sha256_state copy = sink->digest;

    crypto_hash_sha256_final(&copy, ret_digest);
}

/* Reading. */

void source_init(struct stream_source *source, int descriptor)
{
    source->descriptor = descriptor;
    source->read = NULL;
    source->bytes = 0;
    source->is_cut = false;
    source->at = 0;
    source->end = 0;
    crypto_hash_sha256_init(&source->digest);
}

void source_init_from(struct stream_source *source, stream_read_fn *from, void *context)
{
    source_init(source, -1);
    source->read = from;
    source->context = context;
}

/* Some bytes in the buffer; ERR_NOT_FOUND at the end of the file. */
static int source_fill(struct stream_source *source)
{
    ssize_t size;

    if (source->at < source->end)
        return 0;
    do {
        size = source->read != NULL ? source->read(source->context, source->buffer, sizeof(source->buffer))
                                    : read(source->descriptor, source->buffer, sizeof(source->buffer));
    } while (size < 0 && errno == EINTR);
    if (size < 0)
        return ERR_FILE;
    if (size == 0)
        return ERR_NOT_FOUND;
    source->at = 0;
    source->end = (size_t) size;
    return 0;
}

static int source_read(struct stream_source *source, uint8_t *data, size_t size)
{
    while (size > 0) {
        size_t piece;
        int code = source_fill(source);

        source->is_cut = source->is_cut || code == ERR_NOT_FOUND;
        if (code != 0)
            return code == ERR_NOT_FOUND ? ERR_MALFORMED : code;
        piece = source->end - source->at < size ? source->end - source->at : size;
        memcpy(data, source->buffer + source->at, piece);
        source->at += piece;
        data += piece;
        size -= piece;
    }
    return 0;
}

static int length_read(struct stream_source *source, uint8_t bytes[LENGTH_BYTES_MAX], size_t *ret_size,
                       size_t *ret_length)
{
    size_t length = 0;
    size_t size = 0;

    do {
        int code = size < LENGTH_BYTES_MAX ? source_read(source, &bytes[size], 1) : ERR_MALFORMED;

        if (code != 0)
            return code;
        length |= (size_t) (bytes[size] & 0x7f) << (7 * size);
    } while ((bytes[size++] & 0x80) != 0);
    /* One way to write a length: the shortest. */
    if (size > 1 && bytes[size - 1] == 0)
        return ERR_MALFORMED;
    *ret_size = size;
    *ret_length = length;
    return 0;
}

int source_take(struct stream_source *source, struct arena *arena, Comity__V1__ExportRecord **ret_record)
{
    uint8_t length_bytes[LENGTH_BYTES_MAX];
    crypto_hash_sha256_state before = source->digest;
    ProtobufCMessage *record;
    uint8_t *packed;
    size_t length_size = 0;
    size_t length = 0;
    int code = source_fill(source);

    if (code == 0)
        code = length_read(source, length_bytes, &length_size, &length);
    if (code == 0 && length > EXPORT_RECORD_MAX_BYTES)
        code = ERR_TOO_LARGE;
    if (code != 0)
        return code;
    packed = arena_alloc(arena, length + 1);
    if (packed == NULL)
        return ERR_MEMORY;
    code = source_read(source, packed, length);
    if (code == 0)
        code = message_unpack(&comity__v1__export_record__descriptor, BYTES(packed, length),
                              EXPORT_RECORD_MAX_BYTES, arena, NULL, &record);
    if (code != 0)
        return code;
    crypto_hash_sha256_final(&before, source->digest_before);
    crypto_hash_sha256_update(&source->digest, length_bytes, length_size);
    crypto_hash_sha256_update(&source->digest, packed, length);
    source->bytes += length_size + length;
    *ret_record = (Comity__V1__ExportRecord *) record;
    return 0;
}

int source_at_end(struct stream_source *source)
{
    int code = source_fill(source);

    if (code == ERR_NOT_FOUND)
        return 0;
    return code == 0 ? ERR_MALFORMED : code;
}
