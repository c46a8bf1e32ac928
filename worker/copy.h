/* Copies of the store for other workers of the group: CopyAsk and CopyPiece of proto/comity/v1/link.proto.
 * docs/storage.md, "Joining".
 *
 * A copy is an export stream in a file of the data directory that has no name, encrypted under a key that is
 * in memory alone: nothing of it is left when the process has ended, however that was. It is made in a thread
 * of its own; until it is ready whoever asks is told to wait. There is one at a time; it goes when nobody has
 * asked for a piece of it for an hour, and when a text is erased: what was erased is not given out any more.
 * Thread-safe. */
#ifndef COMITY_WORKER_COPY_H
#define COMITY_WORKER_COPY_H

#include "comity/v1/link.pb-c.h"
#include "core/key.h"
#include "core/message.h"
#include "worker/store/store.h"

enum {
    COPY_ID_SIZE = 16,
    COPY_PIECE_MAX_BYTES = 256 * 1024,
    COPY_AHEAD_MAX_MS = 10 * 60 * 1000, /* of CopyAsk.until_ms */
};

/* Sign what is asked; the signature lives in the arena. ERR_MEMORY, ERR_TOO_LARGE. */
int copy_ask_sign(Comity__V1__CopyAsk *ask, const struct signing_key *log_key, struct arena *arena);
/* Is it of the group, of whoever has sent it, and of now? @reader: the key that the frame's seal opened with.
 * 0; ERR_RANGE (a length), ERR_GRANT (another reader), ERR_VALIDITY, ERR_SIGNATURE, ERR_MEMORY; @refusal
 * names the field. */
int copy_ask_check(const Comity__V1__CopyAsk *ask, const uint8_t log_key[KEY_SIZE],
                   const uint8_t reader[KEY_SIZE], int64_t now_ms, struct arena *arena,
                   struct refusal *refusal);

struct copies;

struct copies_options {
    struct store *store;
    const struct signing_key *log_key;
    const char *directory;      /* where files are made */
    int64_t (*steady_ms)(void); /* NULL: the steady clock */
    int64_t idle_ms;            /* 0: an hour */
};

int copies_new(const struct copies_options *options, struct copies **ret_copies); /* ERR_MEMORY */
void copies_destroy(struct copies **copies); /* also while one is being made */

/* Answer what was checked. 0: *ret_piece lives in the arena. ERR_BUSY: ask again after *ret_wait_ms. Else
 * *refusal says why: ERR_NOT_FOUND (that copy is gone), ERR_HISTORY, or why it cannot be made. A store that
 * has not applied ask->least is BUSY, too. */
int copies_answer(struct copies *copies, const Comity__V1__CopyAsk *ask, int64_t now_ms, struct arena *arena,
                  Comity__V1__CopyPiece **ret_piece, uint32_t *ret_wait_ms, struct refusal *refusal);

#endif
