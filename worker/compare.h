/* Comparing: once in so many entries the worker says by a hash what its store holds, and the log hears whether the others hold the
 * same. The hash is read in a thread of its own, from the state right behind the entry. docs/storage.md, "The hash of a state". */
#ifndef COMITY_WORKER_COMPARE_H
#define COMITY_WORKER_COMPARE_H

#include "worker/log/log_order.h"
#include "worker/store/store.h"

/* The hash was read, on the thread of the comparison. NULL: it could not be, since a row of the store is damaged. */
typedef void compare_fn(void *context, uint64_t number, const uint8_t *hash);

struct compare;

struct compare *compare_new(struct store *store, unsigned every, compare_fn *told, void *context); /* NULL: no memory */
void compare_destroy(struct compare **compare); /* waits for the one that is being read */

/* Entry @number is the last that the store holds; by its number it is compared or not. On the thread that writes the store. One
 * that is due while the one before it is still being read is left out. */
void compare_passed(struct compare *compare, uint64_t number);

#endif
