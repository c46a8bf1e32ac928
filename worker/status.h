/* STATUS: what the worker says of itself. Everybody who said HELLO learns its software, group and clock; who
 * may read a history learns its head as well; the figures of the whole worker, which tell of histories that
 * are not the reader's, are for the operators' keys alone. */
#ifndef COMITY_WORKER_STATUS_H
#define COMITY_WORKER_STATUS_H

#include <pthread.h>
#include <stdatomic.h>

#include "worker/query.h"

enum { STATUS_PEERS_MAX = 16, STATUS_ENDPOINT_MAX = 256 };

struct status_peer {
    char endpoint[STATUS_ENDPOINT_MAX];
    bool is_connected;
    int64_t heard_ms; /* steady clock; 0: never */
};

/* Counted by whoever does the work. */
struct status_counters {
    atomic_uint_least64_t batches, commands, refusals;
    pthread_mutex_t peers_mutex;
    struct status_peer peers[STATUS_PEERS_MAX];
    size_t peer_count;
};

/* What is only known when somebody asks. */
struct status_facts {
    const uint8_t *group;
    uint64_t term;
    bool is_leader;
    int64_t started_ms; /* Unix time */
    size_t queued_checks, queued_commands;
    bool is_operator; /* the asking client */
    const struct session_grant *grants;
    size_t grant_count;
};

/* @context as for query_answer, without its grant. 0 or the refusal's code. */
int status_answer(const struct query_context *context, const Comity__V1__Query *query,
                  const struct status_facts *facts, struct status_counters *counters,
                  Comity__V1__Answer **ret_answer, struct refusal *refusal);

void status_counters_init(struct status_counters *counters);
void status_counters_release(struct status_counters *counters);
/* The loop's view of the brokers. */
void status_set_peers(struct status_counters *counters, const struct status_peer *peers, size_t count);

#endif
