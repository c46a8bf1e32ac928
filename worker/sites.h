/* The other sites: what a worker does besides its batches where several share one log. Whether it leads, what the others made, what
 * to compare, whether it is cut off. By the writer's thread, but for what says otherwise. docs/adr/0029. */
#ifndef COMITY_WORKER_SITES_H
#define COMITY_WORKER_SITES_H

#include "worker/follower.h"
#include "worker/log/log_etcd.h"
#include "worker/service.h"
#include "worker/settings.h"

enum { SITES_REASON_MAX = 1024 };

struct sites;

/* Open the log of the group in etcd for this service, whose store, clock, group key and queue of commands are there, and set
 * service->log. @accepts_clock: it leads though its clock is behind the newest stamp. Where etcd answers, the worker has its seat then: so
 * one that runs under its name is found before anything is done; it is not waited for any more once @stop_fd has something to be read (a
 * signal). 0; ERR_CONFIG, ERR_CORRUPT, ERR_BEHIND, ERR_VERSION, ERR_MEMORY, the store's: @reason gets a sentence with what to do, and
 * nothing was written. */
int sites_open(struct service *service, const struct worker_settings *settings, bool accepts_clock, int stop_fd,
               struct sites **ret_sites, char reason[SITES_REASON_MAX]);
void sites_close(struct sites **sites); /* the log, too */

/* Once the runner is there, before anything else below. ERR_MEMORY. */
int sites_attach(struct sites *sites, struct batch_runner *runner);

/* Whether this worker leads, and whether it is cut off, into service; and into the worker's own log what has changed of etcd. By the loop's
 * thread: the writer's may be waiting for etcd for as long as a line is cut, and meanwhile commands are to be refused, reads answered and
 * operators told. */
void sites_tell(struct sites *sites);

/* How long the writer may sleep, at most. */
int64_t sites_wait_ms(const struct sites *sites);

/* Apply the next entry that another worker made. 0: *ret_result is what it brought. ERR_NOT_FOUND: there is none that could be
 * applied now; service->term says whether this worker leads. All else ends the worker, with @reason. */
int sites_follow(struct sites *sites, struct batch_result *ret_result, char reason[FOLLOW_REASON_MAX]);

/* A batch was run, or something else that makes an entry. @code: why nothing of it happened, or 0. */
void sites_ran(struct sites *sites, int code);

/* For an answer to STATUS, in the arena; from any thread. ERR_MEMORY. */
int sites_status(struct sites *sites, struct arena *arena, Comity__V1__LogStatus **ret_status);

/* From any thread: end waiting, give up leading. */
void sites_stop(struct sites *sites);

#endif
