#include "core/move.h"

#include "core/endpoint.h"
#include "core/error.h"
#include "core/message.h"
#include "core/note.h"
#include "core/text.h"

enum { ASK_REST_MAX_BYTES = 1024 }; /* of a packed ask, what is neither piece nor note */
_Static_assert(MOVE_PIECE_MAX_BYTES + MOVE_NOTE_MAX_BYTES + ASK_REST_MAX_BYTES <= SIGNED_MAX_BYTES,
               "an ask with a piece has to be signed");

static ProtobufCBinaryData binary_of(const uint8_t *data, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *) (uintptr_t) data};
}

static bool is_equal(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    return bytes_equal(BYTES(a.data, a.len), BYTES(b.data, b.len));
}

/* ---- Notes ---- */

int move_sign(const Comity__V1__MoveNote *note, Comity__V1__MoveStage stage, const struct signing_key *log_key,
              struct arena *arena, Comity__V1__SignedMove **ret_signed)
{
    Comity__V1__MoveNote staged = *note;
    Comity__V1__SignedMove *signed_move = arena_alloc(arena, sizeof(*signed_move));
    uint8_t *signature = arena_alloc(arena, SIGNATURE_SIZE);
    struct bytes packed;

    staged.stage = stage;
    if (signed_move == NULL || signature == NULL)
        return ERR_MEMORY;
    int code = message_pack(&staged.base, arena, &packed);
    if (code == 0)
        code = signature_make(log_key, TAG_MOVE, packed, signature);
    if (code != 0)
        return code;
    comity__v1__signed_move__init(signed_move);
    signed_move->note = binary_of(packed.data, packed.size);
    signed_move->signature = binary_of(signature, SIGNATURE_SIZE);
    *ret_signed = signed_move;
    return 0;
}

static int brokers_check(const Comity__V1__MoveNote *note)
{
    struct endpoint endpoint;
    const char *why;

    if (note->n_brokers == 0 || note->n_brokers > MOVE_BROKERS_MAX)
        return ERR_MALFORMED;
    for (size_t i = 0; i < note->n_brokers; i++) {
        const Comity__V1__BrokerPlace *broker = note->brokers[i];

        if (broker->key.len != KEY_SIZE || (broker->site[0] != '\0' && !name_is_valid(broker->site)))
            return ERR_MALFORMED;
        if (strlen(broker->endpoint) >= ENDPOINT_MAX ||
            endpoint_parse(broker->endpoint, ENDPOINT_CONNECT, &endpoint, &why) != 0)
            return ERR_ADDRESS;
    }
    return 0;
}

int move_wish_check(const Comity__V1__MoveNote *note)
{
    if (note->history.len != HISTORY_ID_SIZE || note->to.len != KEY_SIZE)
        return ERR_MALFORMED;
    return brokers_check(note);
}

static int form_check(const Comity__V1__MoveNote *note)
{
    if (note->move.len != MOVE_ID_SIZE || note->stage == COMITY__V1__MOVE_STAGE__MOVE_STAGE_UNSPECIFIED ||
        note->from.len != GROUP_ID_SIZE || note->checkpoint.len == 0 || note->checkpoint.len > CHECKPOINT_MAX_BYTES ||
        note->time_ms <= 0)
        return ERR_MALFORMED;
    return move_wish_check(note);
}

int move_open(const Comity__V1__SignedMove *signed_move, const uint8_t log_key[KEY_SIZE], struct arena *arena,
              Comity__V1__MoveNote **ret_note)
{
    ProtobufCMessage *message;

    if (signed_move == NULL || signed_move->signature.len != SIGNATURE_SIZE)
        return ERR_MALFORMED;
    struct bytes packed = BYTES(signed_move->note.data, signed_move->note.len);
    if (packed.size == 0 || packed.size > MOVE_NOTE_MAX_BYTES)
        return ERR_MALFORMED;
#ifdef COMITY_CONTROL_TRUSTS_MOVED
    (void) log_key;
#else
    if (signature_check(log_key, TAG_MOVE, packed, signed_move->signature.data) != 0)
        return ERR_SIGNATURE;
#endif
    int code =
        message_unpack(&comity__v1__move_note__descriptor, packed, MOVE_NOTE_MAX_BYTES, arena, NULL, &message);
    if (code == 0)
        code = form_check((const Comity__V1__MoveNote *) message);
    if (code == 0)
        *ret_note = (Comity__V1__MoveNote *) message;
    return code;
}

bool move_is_same(const Comity__V1__MoveNote *a, const Comity__V1__MoveNote *b)
{
    return is_equal(a->history, b->history) && is_equal(a->move, b->move) && is_equal(a->from, b->from) &&
           is_equal(a->to, b->to) && is_equal(a->checkpoint, b->checkpoint) && a->time_ms == b->time_ms;
}

/* ---- Asks ---- */

static int ask_pack(const Comity__V1__MoveAsk *ask, struct arena *arena, struct bytes *ret_packed)
{
    Comity__V1__MoveAsk bare = *ask;

    bare.signature = (ProtobufCBinaryData){0, NULL};
    return message_pack(&bare.base, arena, ret_packed);
}

int move_ask_sign(Comity__V1__MoveAsk *ask, const struct signing_key *log_key, struct arena *arena)
{
    uint8_t *signature = arena_alloc(arena, SIGNATURE_SIZE);
    struct bytes packed;
    int code = signature == NULL ? ERR_MEMORY : ask_pack(ask, arena, &packed);

    if (code == 0)
        code = signature_make(log_key, TAG_MOVE_ASK, packed, signature);
    if (code == 0)
        ask->signature = binary_of(signature, SIGNATURE_SIZE);
    return code;
}

int move_ask_check(const Comity__V1__MoveAsk *ask, const uint8_t log_key[KEY_SIZE], const uint8_t reader[KEY_SIZE],
                   int64_t now_ms, struct arena *arena)
{
    struct bytes packed;

    if (ask->signature.len != SIGNATURE_SIZE || ask->reader.len != KEY_SIZE || (ask->freeze == NULL) == (ask->step == NULL))
        return ERR_MALFORMED;
    int code = ask_pack(ask, arena, &packed);
    if (code == 0)
        code = signature_check(log_key, TAG_MOVE_ASK, packed, ask->signature.data);
    if (code != 0)
        return code;
    if (memcmp(ask->reader.data, reader, KEY_SIZE) != 0)
        return ERR_FORBIDDEN;
    return ask->until_ms < now_ms || ask->until_ms - MOVE_ASK_MAX_MS > now_ms ? ERR_VALIDITY : 0;
}
