/* The follower: takes the entries that other workers made from the log, one by one, and applies them. Used by the writer's
 * thread, beside the batches, and idle with a local log. */
#ifndef COMITY_WORKER_FOLLOWER_H
#define COMITY_WORKER_FOLLOWER_H

#include "worker/batch.h"
#include "worker/follow.h"

enum { FOLLOWER_RETRY_MS = 1000 };

struct follower;

int follower_new(struct order_log *log, struct batch_runner *runner, struct follower **ret_follower); /* ERR_MEMORY */
void follower_destroy(struct follower **follower);

/* Apply the next entry, if there is one. 0: it is in the store, *ret_place is behind it. ERR_NOT_FOUND: there is none.
 * ERR_STORE_FULL, ERR_DISK_FULL, ERR_MEMORY, ERR_BUSY: it could not be kept, and is tried again by a later call, not before @ret_retry_ms
 * (steady clock). All else ends the worker: this store cannot go on, or what is on the disk is not known (ERR_STORE). @reason
 * gets a sentence with all but 0 and ERR_NOT_FOUND. */
int follower_step(struct follower *follower, struct batch_result *ret_result, struct order_place *ret_place,
                  int64_t *ret_retry_ms, char reason[FOLLOW_REASON_MAX]);

/* The entry that the last step did not apply and none will, since this worker decides otherwise; 0: none, also where it failed by itself. */
uint64_t follower_refused(const struct follower *follower);

#endif
