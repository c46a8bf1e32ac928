/* The writer: one thread that orders commands. While a batch is being committed the next one gathers. It
 * wakes by itself when a deadline comes due. Where several sites share the log (sites.h), it applies what the others made, and refuses
 * commands with NOT_LEADER as long as this worker does not lead. */
#ifndef COMITY_WORKER_WRITER_H
#define COMITY_WORKER_WRITER_H

#include "worker/batch.h"
#include "worker/service.h"

struct sites;
struct writer;

/* Called on the writer's thread where the store failed in a way that leaves open what is on the disk (ERR_STORE), or where this
 * store cannot go on with the log of its group; @reason: a sentence, or NULL. It does not return. */
typedef void writer_fatal_fn(int code, const char *reason);

/* @sites: NULL with a local log. Carries out what came due while nobody was there, then starts the thread, which owns the runner from now
 * on. ERR_MEMORY, ERR_STORE. */
int writer_start(struct service *service, struct batch_runner *runner, struct sites *sites,
                 writer_fatal_fn *fatal, struct writer **ret_writer);

/* Ends once service->commands was closed and is empty. NULL-safe. */
void writer_join(struct writer **writer);

#endif
