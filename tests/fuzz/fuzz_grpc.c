/* What etcd, or who takes its place, says over gRPC: lines of headers and trailers, and messages in pieces.
 *
 * Input: u8: which message is expected | u8: bytes a piece | u8: lines | so many pieces: lines | the rest:
 * the answer's body. */
#include <stdio.h>

#include "core/error.h"
#include "core/message.h"
#include "etcd/etcd.pb-c.h"
#include "tests/fuzz/fuzz.h"
#include "worker/log/grpc_answer.h"

enum { LIMIT = 4096, LINES_MAX = 16 };

static const ProtobufCMessageDescriptor *const ANSWERS[] = {
    &etcdserverpb__txn_response__descriptor,         &etcdserverpb__range_response__descriptor,
    &etcdserverpb__watch_response__descriptor,       &etcdserverpb__status_response__descriptor,
    &etcdserverpb__lease_grant_response__descriptor, &etcdserverpb__alarm_response__descriptor,
};

/* What is printed of it is text, and ends. */
static void check_status(const struct grpc_status *status)
{
    const char *end = memchr(status->message, '\0', sizeof(status->message));

    FUZZ_NEED(end != NULL);
    for (const char *at = status->message; at < end; at++)
        FUZZ_NEED((uint8_t) *at >= ' ' && *at != 0x7f);
    FUZZ_NEED(status->http <= 999 && status->code <= 9999);
}

static void read_lines(struct fuzz_input *input)
{
    struct grpc_status status = {.http = 0};
    unsigned lines = (unsigned) fuzz_number(input, 1) % LINES_MAX;

    for (; lines > 0; lines--) {
        grpc_status_take(&status, fuzz_piece(input));
        check_status(&status);
    }
    if (status.is_grpc && status.is_there)
        fuzz_accept();
}

/* In pieces of that size; 0: all at once. What was taken before an error stays there to be read. */
static int take_all(struct grpc_reader *reader, struct bytes body, size_t piece)
{
    int code = 0;

    for (size_t at = 0; code == 0 && at < body.size;) {
        size_t size = piece == 0 || body.size - at < piece ? body.size - at : piece;
        code = grpc_reader_take(reader, BYTES(body.data + at, size));
        at += size;
        FUZZ_NEED(reader->size <= LIMIT && reader->whole <= reader->size);
    }
    return code;
}

/* The pieces make no difference, but that an answer that is too large is seen earlier in small ones. */
static void check_pieces(const struct grpc_reader *reader, int code, struct bytes body)
{
    struct grpc_reader whole = {.limit_bytes = LIMIT};
    int whole_code = take_all(&whole, body, 0);

    FUZZ_NEED(body.size > LIMIT || whole_code == code);
    if (code == 0) {
        FUZZ_NEED(whole.size == reader->size && whole.whole == reader->whole);
        FUZZ_NEED(whole.size == 0 || memcmp(whole.buffer, reader->buffer, whole.size) == 0);
    }
    grpc_reader_release(&whole);
}

/* A message that can be unpacked can be packed, and is the same again. */
static void check_message(const ProtobufCMessageDescriptor *type, struct bytes message, struct arena *arena)
{
    ProtobufCMessage *unpacked = NULL, *copy = NULL;
    struct bytes packed, again;

    if (message_unpack_trusted(type, message, arena, &unpacked) != 0)
        return;
    FUZZ_NEED(message_pack(unpacked, arena, &packed) == 0 && message_copy(unpacked, arena, &copy) == 0);
    FUZZ_NEED(message_pack(copy, arena, &again) == 0 && bytes_equal(packed, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    struct grpc_reader reader = {.limit_bytes = LIMIT};
    const ProtobufCMessageDescriptor *type = ANSWERS[fuzz_number(&input, 1) % ARRAY_COUNT(ANSWERS)];
    size_t piece = (size_t) fuzz_number(&input, 1), offset = 0, before = 0;
    struct bytes message;

    read_lines(&input);
    struct bytes body = fuzz_rest(&input);
    int code = take_all(&reader, body, piece);
    FUZZ_NEED(code == 0 || code == ERR_MALFORMED || code == ERR_TOO_LARGE);
    check_pieces(&reader, code, body);
    while (grpc_reader_next(&reader, &offset, &message)) {
        fuzz_accept();
        FUZZ_NEED(offset == before + GRPC_PREFIX_SIZE + message.size && offset <= reader.whole);
        before = offset;
        check_message(type, message, arena);
    }
    FUZZ_NEED(offset == reader.whole);
    grpc_reader_drop(&reader, offset);
    FUZZ_NEED(reader.whole == 0 && reader.size < LIMIT + 1);
    grpc_reader_release(&reader);
    return 0;
}
