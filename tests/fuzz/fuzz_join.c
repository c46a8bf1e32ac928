/* Joining: what the worker that joins is answered, by anybody and by who has the group's key; what it has
 * kept of a copy; and what the other one is asked.
 *
 * Input: 1 byte which: 0 a packed Reply, sealed as the group does; 1 a frame; 2 a file join.state; 3 a packed
 * CopyAsk | the rest */
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/message.h"
#include "tests/fuzz/fuzz.h"
#include "worker/asker.h"
#include "worker/join_part.h"

enum { REQUEST = 7, PART_BYTES = 10 };
#define NOW_MS INT64_C(1750000000000)

struct ends {
    struct seal_session client, group;
};

static const struct ends *ends_of(void)
{
    static struct ends ends;
    static bool is_made;
    struct connection_key client, group;

    if (is_made)
        return &ends;
    FUZZ_NEED(key_init() == 0);
    connection_key_from_secret((const uint8_t[CONNECTION_SECRET_SIZE]){1}, &client);
    connection_key_from_secret((const uint8_t[CONNECTION_SECRET_SIZE]){2}, &group);
    FUZZ_NEED(seal_session_client(&client, group.public_key, &ends.client) == 0);
    FUZZ_NEED(seal_session_group(&group, client.public_key, &ends.group) == 0);
    is_made = true;
    return &ends;
}

/* What is taken of a piece is there again, byte by byte, for whoever goes on. */
static void keep(const Comity__V1__CopyPiece *piece)
{
    char path[1024];
    struct join_part part, again;

    if (!join_part_is_piece(piece, piece->offset, 0) || piece->number == 0)
        return;
    snprintf(path, sizeof(path), "%s", fuzz_path("data"));
    FUZZ_NEED(join_part_open(&part, path) == 0 && part.descriptor < 0);
    FUZZ_NEED(join_part_begin(&part, piece) == 0);
    int code = join_part_append(&part, piece);
    FUZZ_NEED(code == 0 || code == ERR_MALFORMED);
    FUZZ_NEED(part.have == (code == 0 ? piece->content.len : 0) && part.have <= part.size);
    uint64_t have = part.have;
    join_part_close(&part);
    FUZZ_NEED(join_part_open(&again, path) == 0 && again.descriptor >= 0);
    FUZZ_NEED(again.have == have && again.size == piece->size && again.place.number == piece->number);
    FUZZ_NEED(memcmp(again.copy, piece->copy.data, COPY_ID_SIZE) == 0);
    join_part_remove(&again);
    fuzz_remove(path);
    if (code == 0)
        fuzz_accept();
}

static void check_frame(struct arena *arena, struct bytes frame)
{
    Comity__V1__Reply *reply = NULL;
    uint32_t wait_ms = 0;
    int code = asker_read(&ends_of()->client, REQUEST, frame, arena, &reply, &wait_ms);

    FUZZ_NEED(code <= 0 && (code == 0) == (reply != NULL));
    if (code == 0 && reply->kind_case == COMITY__V1__REPLY__KIND_COPY)
        keep(reply->copy);
}

static void check_reply(struct arena *arena, struct bytes plain)
{
    struct frame_header header = {.type = FRAME_REPLY, .request = REQUEST};
    uint8_t *frame = arena_alloc(arena, FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size);

    if (frame == NULL || plain.size > FRAME_BODY_MAX_BYTES - SEAL_OVERHEAD)
        return;
    seal_frame(&ends_of()->group, &header, plain, frame);
    check_frame(arena, BYTES(frame, FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size));
}

static void file_make(const char *directory, const char *name, struct bytes content)
{
    char path[1200];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    FUZZ_NEED(file != NULL && fwrite(content.data, 1, content.size, file) == content.size &&
              fclose(file) == 0);
}

static void check_state(struct bytes text)
{
    static const uint8_t content[PART_BYTES];
    char path[1024];
    struct join_part part;

    snprintf(path, sizeof(path), "%s", fuzz_path("data"));
    FUZZ_NEED(mkdir(path, 0700) == 0);
    file_make(path, JOIN_PART, BYTES(content, PART_BYTES));
    file_make(path, JOIN_STATE, text);
    FUZZ_NEED(join_part_open(&part, path) == 0);
    if (part.descriptor >= 0) {
        fuzz_accept();
        FUZZ_NEED(part.have == PART_BYTES && part.size >= PART_BYTES && part.place.number > 0);
    }
    join_part_remove(&part);
    fuzz_remove(path);
}

static void check_ask(struct arena *arena, struct bytes packed)
{
    struct refusal refusal = {0};
    struct signing_key key;
    ProtobufCMessage *message;

    ends_of();
    signing_key_from_seed((const uint8_t[SEED_SIZE]){3}, &key);
    if (message_unpack(&comity__v1__copy_ask__descriptor, packed, FRAME_BODY_MAX_BYTES, arena, NULL,
                       &message) != 0)
        return;
    const Comity__V1__CopyAsk *ask = (const Comity__V1__CopyAsk *) message;
    const uint8_t *reader = ask->reader.len == KEY_SIZE ? ask->reader.data : key.public_key;
    int code = copy_ask_check(ask, key.public_key, reader, NOW_MS, arena, &refusal);
    FUZZ_NEED(code == refusal.code);
    if (code != 0)
        return;
    fuzz_accept();
    Comity__V1__CopyAsk again = *ask;
    FUZZ_NEED(copy_ask_sign(&again, &key, arena) == 0);
    FUZZ_NEED(memcmp(again.signature.data, ask->signature.data, SIGNATURE_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    uint64_t which = fuzz_number(&input, 1);
    struct bytes rest = fuzz_rest(&input);

    switch (which % 4) {
    case 0:
        check_reply(arena, rest);
        break;
    case 1:
        check_frame(arena, rest);
        break;
    case 2:
        check_state(rest);
        break;
    default:
        check_ask(arena, rest);
    }
    return 0;
}
