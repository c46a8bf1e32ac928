/* What calls (etcd.c) and watches (etcd_watch.c) share. */
#ifndef COMITY_WORKER_LOG_ETCD_INTERNAL_H
#define COMITY_WORKER_LOG_ETCD_INTERNAL_H

#include "worker/log/etcd.h"
#include "worker/log/grpc.h"

/* Embedded; starts as zeroes. A channel to each endpoint, connected when it is used. */
struct etcd_endpoints {
    struct grpc_options options; /* its strings are ours */
    char *names[ETCD_ENDPOINTS_MAX];
    struct grpc_channel *channels[ETCD_ENDPOINTS_MAX];
    size_t count, current;
};

/* As etcd_new; half-built after an error, for the release. */
int etcd_endpoints_init(struct etcd_endpoints *endpoints, const struct etcd_options *options, size_t answer_max,
                        char reason[ETCD_REASON_MAX]);
void etcd_endpoints_release(struct etcd_endpoints *endpoints);

/* What an outcome means, and the sentence for it. */
struct etcd_result etcd_judge(const char *endpoint, const struct grpc_outcome *outcome);
/* One that has no answer of etcd's to say. */
struct etcd_result etcd_result_of(enum etcd_fate fate, const char *endpoint, const char *reason);

#endif
