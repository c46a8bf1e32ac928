/* Following: what another worker's batch came to, checked and kept. docs/storage.md, "An entry of the log".
 *
 * By the thread that has the runner, on a worker that does not lead. The runner stays fit to lead with the next batch: what it
 * has in mind of deadlines, names and times is that of the store. */
#ifndef COMITY_WORKER_FOLLOW_H
#define COMITY_WORKER_FOLLOW_H

#include "worker/batch.h"

enum { FOLLOW_REASON_MAX = 1024 };

/* Apply the entry that comes next: every event is decided again beside (core/replay), and what was kept there is kept here, in
 * one transaction with the place behind the entry. *ret_result is what grew, and the next deadline.
 *
 * 0; or nothing was written, and @reason says in one sentence why, by history and event where it is of one:
 *   ERR_RANGE      the entry before it is missing, or it was applied already
 *   ERR_VERSION    it was decided by a format level that this worker does not know
 *   ERR_MALFORMED, ERR_TOO_LARGE, ERR_CORRUPT, ERR_SIGNATURE, ERR_RECEIPT and the like: it is no entry, or the leader and
 *                  this worker differ
 *   ERR_STORE_FULL, ERR_DISK_FULL, ERR_MEMORY   the same entry can be given again
 * ERR_STORE: what is on the disk is not known; stop the process.
 * *ret_differs: this worker has decided the entry and came to something else, finds that it is none, or does not know its level. Not where
 * its own store failed or is damaged, or it has another log key: that says nothing of the entry. */
int follow_apply(struct batch_runner *runner, const struct order_entry *entry, struct batch_result *ret_result, bool *ret_differs,
                 char reason[FOLLOW_REASON_MAX]);

#endif
