/* What restores that were killed left in a data directory: restoring-XXXXXX, each a store that was never
 * finished; and what a join has fetched so far. docs/storage.md, "The directory". */
#ifndef COMITY_WORKER_LEFTOVERS_H
#define COMITY_WORKER_LEFTOVERS_H

#include <stdbool.h>

enum { LEFTOVERS_REASON_MAX = 512 };

/* One restore at a time: holds @directory until the descriptor is closed. ERR_STORE_IN_USE, ERR_FILE. */
int leftovers_lock(const char *directory, int *ret_descriptor);

/* One of them, or all of @directory (but @except, which may be NULL); with the lock. What is not a restore's
 * stays. Is there a store in it? Emptied: what is in it; the directory itself stays as a mark. */
bool leftover_is_store(const char *path);
void leftover_empty(const char *path);
void leftover_remove(const char *path);
void leftovers_empty(const char *directory);
void leftovers_remove(const char *directory, const char *except);

/* Before a worker's start. Beside a store they are removed. Where there is none the worker would begin an
 * empty one in the place of the one that was to be restored: ERR_CONFIG, and @reason says what to do. */
int leftovers_check(const char *directory, char reason[LEFTOVERS_REASON_MAX]);

#endif
