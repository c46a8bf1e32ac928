/* The service: what the threads share, and what a pool thread does with one message.
 *
 * Opening the seal, form, rights that need no order, signatures and queries are done here; what is to be
 * ordered goes on to the writer. No sockets. Everything in it is thread-safe or does not change. */
#ifndef COMITY_WORKER_SERVICE_H
#define COMITY_WORKER_SERVICE_H

#include "comity/v1/link.pb-c.h"
#include "worker/announcement.h"
#include "worker/clock.h"
#include "worker/fresh.h"
#include "worker/copy.h"
#include "worker/job.h"
#include "worker/log/log_order.h"
#include "worker/outbox.h"
#include "worker/policy.h"
#include "worker/queue.h"
#include "worker/rates.h"
#include "worker/session.h"
#include "worker/status.h"
#include "worker/store/store.h"

struct sites;

struct service {
    struct store *store;
    struct order_log *log;
    struct fresh *fresh; /* NULL: the log is local, and so always fresh */
    struct sites *sites; /* NULL with a local log */
    struct clock *clock;
    struct session_cache *sessions;
    struct policy *policy;
    struct announcer *announcer;
    struct rates *rates;
    const struct connection_key *group_key;
    uint8_t group[GROUP_ID_SIZE];
    const struct signing_key *log_key;
    atomic_uint_least64_t term;    /* that the worker leads in; 0: it does not, and takes no commands */
    atomic_uint_least64_t applied; /* the last entry of a log of several sites that it has; 0: there is no such log */
    int64_t started_ms;            /* Unix time */
    struct job_queue *checks;      /* loop -> pool */
    struct job_queue *commands;    /* pool -> writer */
    struct outbox *outbox;         /* pool, writer -> loop */
    struct copies *copies;         /* for workers that join */
    struct status_counters counters;
    atomic_uint_least32_t batch_ms; /* what a batch took lately: for BUSY's time to wait */
};

enum service_next {
    SERVICE_ANSWERED, /* job->answer is set */
    SERVICE_ORDER,    /* job->command, job->cosign or job->move is checked: to be ordered */
    SERVICE_FRESH,    /* a query that is to be fresh: it goes to service->fresh, and is handled once more when it is back */
};

enum service_next service_handle(struct service *service, struct job *job);

/* Does it come, as it says, from a connection with leave to read? Whether that is so shows when its seal opens. */
bool service_knows(struct service *service, const struct job *job);

/* How long a client had better wait before it tries again. */
uint32_t service_wait_ms(struct service *service);

/* Has nobody been waiting for the answer for a while? Then nothing is executed. */
bool job_is_expired(const struct job *job, int64_t steady_ms);

#endif
