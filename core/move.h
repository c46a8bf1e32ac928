/* Moving a history from one group to another: what the groups say of it, and who may ask for it. docs/protocol.md, "Moving".
 *
 * Both groups have the same log key, which signs all of it: what one says the other can check, and so can every client that
 * knows the key as the history's. Pure: what is on record is the worker's. */
#ifndef COMITY_CORE_MOVE_H
#define COMITY_CORE_MOVE_H

#include "comity/v1/link.pb-c.h"
#include "core/arena.h"
#include "core/key.h"

enum {
    MOVE_ID_SIZE = 16,
    MOVE_BROKERS_MAX = 16,
    MOVE_NOTE_MAX_BYTES = 8 * 1024,
    MOVE_PIECE_MAX_BYTES = 120 * 1024, /* with the largest note around it, it has to fit into what can be signed */
    MOVE_ASK_MAX_MS = 10 * 60 * 1000, /* how far ahead until_ms may be */
};

/* The note under another stage, signed; in the arena. The same note gives the same bytes. ERR_MEMORY. */
int move_sign(const Comity__V1__MoveNote *note, Comity__V1__MoveStage stage, const struct signing_key *log_key,
              struct arena *arena, Comity__V1__SignedMove **ret_signed);

/* Signature and form: a history, a move, a stage, two groups, 1 to 16 brokers that can be connected to, a checkpoint. 0,
 * ERR_MALFORMED (also for NULL), ERR_SIGNATURE (another key signed it, or it was altered), ERR_ADDRESS, ERR_MEMORY, a form's
 * code. */
int move_open(const Comity__V1__SignedMove *signed_move, const uint8_t log_key[KEY_SIZE], struct arena *arena,
              Comity__V1__MoveNote **ret_note);

/* Of what is to be frozen: the history, the new group's key, its brokers; as move_open. */
int move_wish_check(const Comity__V1__MoveNote *note);

/* Do both speak of the same move? */
bool move_is_same(const Comity__V1__MoveNote *a, const Comity__V1__MoveNote *b);

/* Sign an ask, whose reader and until_ms are set: in the arena. ERR_MEMORY. */
int move_ask_sign(Comity__V1__MoveAsk *ask, const struct signing_key *log_key, struct arena *arena);
/* Is it signed by the log key, for this reader, and of now? 0, ERR_MALFORMED, ERR_SIGNATURE, ERR_VALIDITY, ERR_FORBIDDEN
 * (another reader's), ERR_MEMORY. */
int move_ask_check(const Comity__V1__MoveAsk *ask, const uint8_t log_key[KEY_SIZE], const uint8_t reader[KEY_SIZE],
                   int64_t now_ms, struct arena *arena);

#endif
