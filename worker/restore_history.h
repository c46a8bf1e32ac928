/* One history out of an export stream, or what an entry of the log adds to it: checked by core/replay, and kept in the
 * store. */
#ifndef COMITY_WORKER_RESTORE_HISTORY_H
#define COMITY_WORKER_RESTORE_HISTORY_H

#include "core/key.h"
#include "core/replay/replay.h"
#include "worker/export.h"

/* What goes on from event to event. The replay's arena holds the record in hand and what the machine decided;
 * it is dropped whenever every event that was decided has come. */
struct restore_history {
    struct store_txn *txn;        /* the caller's, who may end one and begin another between two records */
    char *reason;                 /* EXPORT_REASON_MAX; one sentence of what is wrong */
    struct store_history history; /* number 0: nothing came yet */
    bool is_entry;                /* of the log, not a stream */
    struct replay replay;
};

/* Begin with what the stream announces. @history's txn, reason, replay.arena and replay.now_ms (of the
 * restore) are set. ERR_MALFORMED, ERR_EXISTS. To be released also where it fails. */
int restore_history_begin(struct restore_history *history, const Comity__V1__ExportHistory *begin);
/* The same where an entry of the log adds @events to a history that the store has, or founds it: events come without
 * checkpoints, then the pause, then refusals. 0, ERR_HISTORY (refusals alone, and there is none), ERR_MEMORY, the store's. */
int restore_history_resume(struct restore_history *history, const uint8_t id[HISTORY_ID_SIZE], uint64_t events);
void restore_history_release(struct restore_history *history);

/* Take one event; one checkpoint; one refusal that is kept; the end. 0, ERR_MALFORMED, ERR_VERSION,
 * ERR_SIGNATURE, ERR_RECEIPT, ERR_CORRUPT (a difference), or the store's, with its reason. */
int restore_history_event(struct restore_history *history, const Comity__V1__ExportEvent *event);
int restore_history_checkpoint(struct restore_history *history,
                               const Comity__V1__ExportCheckpoint *checkpoint);
int restore_history_refusal(struct restore_history *history, const Comity__V1__ExportRefusal *record);
int restore_history_end(struct restore_history *history, const Comity__V1__ExportHistoryEnd *end);
int restore_history_pause(struct restore_history *history, struct bytes checkpoint);

/* What does not fit in the event that came last, by a check of the caller's: @sentence is put as replay's are. Returns
 * @code. */
int restore_history_refuse(struct restore_history *history, int code, const char *sentence);

/* Put a new epoch on record, whose checkpoints @log_key signs. */
int restore_history_open_epoch(struct store_txn *txn, struct store_history *history, int64_t time_ms,
                               const struct signing_key *log_key, struct arena *arena);

#endif
