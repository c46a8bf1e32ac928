/* Cosignatures of witnesses: taken from a standing witness itself, checked against this worker's own tree, and the latest of
 * each kept. docs/trust.md, "Witnesses".
 *
 * They are no events: whoever holds the witnesses' keys checks them alone, and nothing rests on the worker's word. */
#ifndef COMITY_WORKER_COSIGN_H
#define COMITY_WORKER_COSIGN_H

#include "worker/service.h"

/* So many of dismissed witnesses are shown and exported, besides all that stand: a constituency that appoints and
 * dismisses without end must not make answers too large for others. */
enum { COSIGNATURES_OF_DISMISSED_MAX = 256 };

/* On a thread of the pool: form, and that it comes from the witness itself, under its own grant. 0, with job->cosign to be
 * ordered, or the refusal's code: ERR_MISSING, ERR_RANGE, ERR_MALFORMED, ERR_HELLO, ERR_GRANT, ERR_KEY_REVOKED,
 * ERR_FORBIDDEN, the store's. */
int cosign_check(struct service *service, struct job *job, const Comity__V1__Cosign *cosign, struct refusal *refusal);

/* On the writer's thread, in its transaction (worker/batch.h, batch_cosign): by what the history is there. 0, and what was
 * not kept already is kept; else the refusal's code: ERR_GRANT, ERR_KEY_REVOKED, ERR_FORBIDDEN, ERR_EPOCH, ERR_BEHIND,
 * ERR_RANGE, ERR_STALE, ERR_SIGNATURE, ERR_MEMORY, the store's. */
int cosign_keep(struct store_txn *txn, const Comity__V1__Cosign *cosign, struct arena *arena, bool *ret_is_new,
                struct refusal *refusal);
/* The same of an entry of the log, where it is to be new. A code as above, also ERR_MALFORMED. */
int cosign_follow(struct store_txn *txn, const struct store_history *history, const Comity__V1__Cosignature *message,
                  struct arena *arena);

/* The latest of each witness whose tree is no larger than @size_max, by key, for answers and exports; in the arena. */
int cosignatures_read(struct store_txn *txn, const struct store_history *history, uint64_t size_max,
                      struct arena *arena, Comity__V1__Cosignature ***ret_list, size_t *ret_count);

/* After the events of a history were restored: keep of an export's those that are of a witness on record and fit the tree as
 * it was rebuilt; the rest is of events that are lost, or of nobody. 0, ERR_MALFORMED (their form, their order), the store's. */
int cosignatures_restore(struct store_txn *txn, const struct store_history *history,
                         Comity__V1__Cosignature *const *list, size_t count, struct arena *arena);

#endif
