/* gRPC as a client of etcd needs it: calls with one answer, and answers that go on. libcurl does HTTP/2 and TLS, and is
 * included nowhere else.
 *
 * A channel goes to one endpoint and belongs to one thread, which ignores SIGPIPE. It has at most one call under way, keeps
 * its connection between calls, and closes it after whatever was not answered.
 *
 * A request is handed to libcurl once and cannot be rewound: libcurl, which sends a POST again by itself when a connection
 * that it used before dies, can send again only what has not begun to leave. So what has not begun to leave was not executed,
 * and what did leave was so once. */
#ifndef COMITY_WORKER_LOG_GRPC_H
#define COMITY_WORKER_LOG_GRPC_H

#include <stdatomic.h>

#include "worker/log/grpc_answer.h"

/* Owned by the caller, for as long as the channels are there. The files are read at each connection anew. */
struct grpc_options {
    const char *ca_file, *cert_file, *key_file; /* PEM */
    int connect_ms;                             /* for the connection and TLS */
    size_t answer_max;                          /* bytes that are taken at once */
    const atomic_bool *stop;                    /* once it is true, grpc_call waits no longer; NULL: there is none */
};

struct grpc_outcome {
    /* 0: a status came. ERR_UNREACHABLE: the connection or TLS failed; ERR_TIMEOUT; ERR_TOO_LARGE: the answer; ERR_MALFORMED: it
     * is no gRPC; ERR_MEMORY. */
    int error;
    bool has_left;     /* the request may have, or a part of it */
    bool is_untrusted; /* with UNREACHABLE: they do not take our certificate, or we not theirs */
    bool is_foreign;   /* with MALFORMED: whoever is there speaks no gRPC. Not where a proxy may speak for it (HTTP status 500 and more) */
    uint32_t status; /* gRPC's, with error 0 */
    char reason[GRPC_MESSAGE_MAX]; /* printable: the status's message, or what went wrong; empty with status 0 */
};

struct grpc_channel;

/* @endpoint: "https://HOST:PORT". 0, ERR_CONFIG (it is none), ERR_MEMORY. Connects to nobody yet. */
int grpc_channel_new(const struct grpc_options *options, const char *endpoint, struct grpc_channel **ret_channel);
void grpc_channel_destroy(struct grpc_channel **channel);
bool grpc_endpoint_is_valid(const char *endpoint); /* as grpc_channel_new takes it */

/* Ask @method, "/package.Service/Method", and wait for its one answer until @until_ms of the steady clock, or the stop (ERR_TIMEOUT). *ret_answer is set
 * with error 0 and status 0, and is valid until the next call. */
struct grpc_outcome grpc_call(struct grpc_channel *channel, const char *method, struct bytes request,
                              int64_t until_ms, struct bytes *ret_answer);

/* An answer that goes on: begin, wait and read as often as you like, end. */
enum grpc_event {
    GRPC_NOTHING, /* the time is over */
    GRPC_MESSAGE, /* grpc_messages has more than before */
    GRPC_ENDED,   /* grpc_outcome says how */
};
/* 0 or ERR_MEMORY. The request is copied. */
int grpc_begin(struct grpc_channel *channel, const char *method, struct bytes request);
/* Until there is a message past @offset, or the end. */
enum grpc_event grpc_wait(struct grpc_channel *channel, size_t offset, int64_t until_ms);
struct grpc_reader *grpc_messages(struct grpc_channel *channel);
struct grpc_outcome grpc_outcome(const struct grpc_channel *channel);
void grpc_end(struct grpc_channel *channel);

#endif
