/* One history out of an export stream: each event checked, decided again, compared, applied. */
#ifndef COMITY_WORKER_RESTORE_HISTORY_H
#define COMITY_WORKER_RESTORE_HISTORY_H

#include "comity/v1/export.pb-c.h"
#include "core/key.h"
#include "core/machine/machine.h"
#include "worker/export.h"

/* What goes on from event to event. The arena holds the record in hand and what the machine decided; it is
 * dropped whenever every event that was decided has come. */
struct restore_history {
    struct store_txn *txn; /* the caller's, who may end one and begin another between two records */
    struct arena *arena;
    char *reason;                 /* EXPORT_REASON_MAX; one sentence of what is wrong */
    int64_t now_ms;               /* Unix time of the restore */
    struct store_history history; /* number 0: nothing came yet */
    uint64_t head;                /* as announced */
    uint32_t epoch;               /* the latest, as announced */
    uint8_t log_key[KEY_SIZE];    /* latest on record */
    struct command command;       /* the one that caused what is expected */
    struct machine_events expected;
    size_t expected_next;
    uint64_t receipt_size; /* a checkpoint of this size has to come; 0: none */
    uint64_t commands;
    size_t missing; /* texts that are not in the stream, for a purge that has to come */
};

/* Begin with what the stream announces. @history's txn, arena, reason and now_ms are set. ERR_MALFORMED,
 * ERR_EXISTS.
 */
int restore_history_begin(struct restore_history *history, const Comity__V1__ExportHistory *begin);

/* Is everything here that the machine decided, so that the arena may be dropped before the next record? */
bool restore_history_is_idle(const struct restore_history *history);

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
