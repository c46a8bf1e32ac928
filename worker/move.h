/* Moving a history from one group to another, step by step: docs/storage.md, "Moving a history". No threads, no sockets.
 *
 * A step is taken inside a write transaction, by the leader that is asked and by each follower that finds it in an entry, and
 * comes to the same in all of them. What a step says, it says under the log key, which both groups have; it can be taken again
 * at any time, and is answered as before. */
#ifndef COMITY_WORKER_MOVE_H
#define COMITY_WORKER_MOVE_H

#include "core/daemon/export_stream.h"
#include "core/move.h"
#include "worker/export.h"
#include "worker/store/store.h"

struct move_site {
    struct store_txn *txn;
    const struct signing_key *log_key;
    int64_t now_ms;      /* of the batch */
    uint32_t level;      /* by which it is decided, and above which nothing is taken in: not all seats know more */
    struct arena *arena; /* of the step: what it answers lives there */
    char *reason;        /* EXPORT_REASON_MAX: one sentence, where a history cannot be taken in */
};

/* What a step came to. */
struct move_outcome {
    Comity__V1__SignedMove *note;  /* how far it is now; NULL: nothing to say */
    uint8_t copy[STORE_COPY_SIZE]; /* with has_copy: of what came so far, and how much of it */
    uint64_t offset;
    bool has_copy;
    bool is_changed;              /* something was written */
    bool has_come;                /* history was taken in */
    struct store_history history; /* whose deadlines are to be looked at anew; number 0: none has changed */
    bool is_at_rest;              /* it has none any more: frozen or gone */
};

/* Of the old group: what freezes the history, as a step to be taken. @id: random. 0, with *ret_step NULL where it was frozen or
 * moved before, for the same group: then @outcome has the note. ERR_HISTORY, ERR_STATE (for another group: undo that first),
 * ERR_MOVED, ERR_RANGE (it is this group), a form's code, the store's. */
int move_freeze(struct move_site *site, const Comity__V1__MoveNote *wish, const uint8_t id[MOVE_ID_SIZE],
                Comity__V1__MoveStep **ret_step, struct move_outcome *outcome);

/* Take a step. 0, or nothing is to be kept: ERR_SIGNATURE (another log key), ERR_STATE (it was given up, another move is
 * under way, or the history is not frozen for it), ERR_EXISTS (another history stands under that id), ERR_RANGE (neither group
 * is this one), ERR_RECEIPT (the checkpoint is not that of the head), ERR_VERSION (an event is of a higher level than the
 * site's), ERR_MALFORMED and the like, what core/replay says of the history, the store's. */
int move_step(struct move_site *site, const Comity__V1__MoveStep *step, struct move_outcome *outcome);

/* May it be read, or with @is_act acted on? 0; ERR_MOVING: not just now; ERR_MOVED, with where it is in *ret_moved (which may be NULL), in
 * the arena. The store's. */
int move_gate(struct store_txn *txn, const uint8_t history[HISTORY_ID_SIZE], bool is_act, struct arena *arena,
              Comity__V1__SignedMove **ret_moved);

/* move_take.c: all pieces are there: take the history in, after every check of a restore, and that it ends where the old group froze it. No epoch is opened. */
int move_take_in(struct move_site *site, const struct store_move *move, const Comity__V1__MoveNote *note,
                 struct store_history *ret_history);

#endif
