/* Inputs for fuzz_join. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/frame.h"
#include "corpus.h"
#include "worker/copy.h"

#define NOW_MS INT64_C(1750000000000)

static void put(const char *name, uint8_t which, struct bytes content)
{
    static struct corpus_pieces pieces;

    pieces.size = 0;
    pieces_number(&pieces, which, 1);
    pieces_add(&pieces, content);
    corpus_put("join", name, BYTES(pieces.bytes, pieces.size));
}

static void put_message(struct arena *arena, const char *name, uint8_t which, const ProtobufCMessage *message)
{
    struct bytes packed;

    assert_int_equal(message_pack(message, arena, &packed), 0);
    put(name, which, packed);
}

static ProtobufCBinaryData field_of(const void *data, size_t size)
{
    return (ProtobufCBinaryData){.len = size, .data = (uint8_t *) (uintptr_t) data};
}

static void put_replies(struct arena *arena)
{
    static const uint8_t id[COPY_ID_SIZE] = {5}, hash[HASH_SIZE] = {6}, content[100] = {7};
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    Comity__V1__CopyPiece piece = COMITY__V1__COPY_PIECE__INIT;
    Comity__V1__Refusal refusal = COMITY__V1__REFUSAL__INIT;

    piece.copy = field_of(id, sizeof(id));
    piece.size = 1000;
    piece.content = field_of(content, sizeof(content));
    piece.number = 12;
    piece.total = 345;
    piece.hash = field_of(hash, sizeof(hash));
    piece.time_ms = NOW_MS;
    reply.kind_case = COMITY__V1__REPLY__KIND_COPY;
    reply.copy = &piece;
    put_message(arena, "piece", 0, &reply.base);
    piece.offset = 900;
    put_message(arena, "last", 0, &reply.base);
    piece.number = 0;
    piece.hash.len = 0;
    put_message(arena, "nowhere", 0, &reply.base);
    refusal.code = ERR_NOT_FOUND;
    reply.kind_case = COMITY__V1__REPLY__KIND_REFUSAL;
    reply.refusal = &refusal;
    put_message(arena, "refusal", 0, &reply.base);
}

static void put_state(void)
{
    char text[512];

    int size = snprintf(text, sizeof(text),
                        "comity join 1\ncopy %032d\nsize 1000\nnumber 12\ntotal 345\nlevel 1\nhash %064d\n", 5, 6);
    put("state", 2, BYTES(text, (size_t) size));
}

static void put_ask(struct arena *arena)
{
    static const uint8_t reader[KEY_SIZE] = {8};
    Comity__V1__CopyAsk ask = COMITY__V1__COPY_ASK__INIT;
    struct signing_key key;

    signing_key_from_seed((const uint8_t[SEED_SIZE]){3}, &key);
    ask.reader = field_of(reader, sizeof(reader));
    ask.until_ms = NOW_MS + 60000;
    ask.least = 9;
    assert_int_equal(copy_ask_sign(&ask, &key, arena), 0);
    put_message(arena, "ask", 3, &ask.base);
}

void corpus_of_join(struct arena *arena)
{
    struct frame_header header = {.type = FRAME_ERROR, .request = 7, .error = ERR_BUSY, .budget_ms = 250};
    uint8_t frame[FRAME_HEADER_SIZE];

    frame_header_write(&header, frame);
    put("busy", 1, BYTES(frame, sizeof(frame)));
    put_replies(arena);
    put_state();
    put_ask(arena);
}
