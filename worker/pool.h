/* The pool: threads that take messages from service->checks and answer them, or pass them on to the writer.
 */
#ifndef COMITY_WORKER_POOL_H
#define COMITY_WORKER_POOL_H

#include "worker/service.h"

struct pool;

int pool_start(struct service *service, unsigned threads, struct pool **ret_pool); /* ERR_MEMORY */

/* Ends once service->checks was closed and is empty. NULL-safe. */
void pool_join(struct pool **pool);

#endif
