/* What a group says of a history that moves, as it comes in a refusal or a step: a packed SignedMove. */
#include "core/error.h"
#include "core/message.h"
#include "core/move.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scene_of_corpus.h"

/* By whom the corpus has them signed; whatever is altered has to be signed anew to get further, which the fuzzer cannot: so what is
 * read is signed here. */
static int open_signed(struct bytes note, struct arena *arena, Comity__V1__MoveNote **ret_note)
{
    static const uint8_t SEED[SEED_SIZE] = {6};
    Comity__V1__SignedMove signed_move = COMITY__V1__SIGNED_MOVE__INIT;
    uint8_t signature[SIGNATURE_SIZE];
    struct signing_key key;

    signing_key_from_seed(SEED, &key);
    FUZZ_NEED(signature_make(&key, TAG_MOVE, note, signature) == 0);
    signed_move.note = (ProtobufCBinaryData){note.size, (uint8_t *) (uintptr_t) note.data};
    signed_move.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, signature};
    int code = move_open(&signed_move, key.public_key, arena, ret_note);
    signature[3] ^= 1;
    FUZZ_NEED(move_open(&signed_move, key.public_key, arena, ret_note) != 0);
    signature[3] ^= 1;
    return code == 0 ? move_open(&signed_move, key.public_key, arena, ret_note) : code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    Comity__V1__MoveNote *note = NULL, *again = NULL;
    ProtobufCMessage *message;
    struct bytes packed;

    FUZZ_NEED(key_init() == 0);
    if (message_unpack(&comity__v1__signed_move__descriptor, BYTES(data, size), 64 * 1024, arena, NULL, &message) != 0)
        return 0;
    const Comity__V1__SignedMove *signed_move = (const Comity__V1__SignedMove *) message;
    int code = open_signed(BYTES(signed_move->note.data, signed_move->note.len), arena, &note);
    if (code != 0) {
        FUZZ_NEED(error_execution(code) == NOT_EXECUTED);
        return 0;
    }
    fuzz_accept();
    FUZZ_NEED(note->n_brokers >= 1 && note->n_brokers <= MOVE_BROKERS_MAX && move_wish_check(note) == 0);
    FUZZ_NEED(message_pack(&note->base, arena, &packed) == 0 && open_signed(packed, arena, &again) == 0);
    FUZZ_NEED(move_is_same(note, again));
    return 0;
}
