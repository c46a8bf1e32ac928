/* One history out of an export stream: checked by core/replay, and kept in the store. */
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
    struct replay replay;
};

/* Begin with what the stream announces. @history's txn, reason, replay.arena and replay.now_ms (of the
 * restore) are set. ERR_MALFORMED, ERR_EXISTS. To be released also where it fails. */
int restore_history_begin(struct restore_history *history, const Comity__V1__ExportHistory *begin);
void restore_history_release(struct restore_history *history);

/* Take one event; one checkpoint; one refusal that is kept; the end. 0, ERR_MALFORMED, ERR_VERSION,
 * ERR_SIGNATURE, ERR_RECEIPT, ERR_CORRUPT (a difference), or the store's, with its reason. */
int restore_history_event(struct restore_history *history, const Comity__V1__ExportEvent *event);
int restore_history_checkpoint(struct restore_history *history,
                               const Comity__V1__ExportCheckpoint *checkpoint);
int restore_history_refusal(struct restore_history *history, const Comity__V1__ExportRefusal *record);
int restore_history_end(struct restore_history *history, const Comity__V1__ExportHistoryEnd *end);

/* Put a new epoch on record, whose checkpoints @log_key signs. */
int restore_history_open_epoch(struct store_txn *txn, struct store_history *history, int64_t time_ms,
                               const struct signing_key *log_key, struct arena *arena);

#endif
