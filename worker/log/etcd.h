/* etcd, as far as the ordered log uses it: transactions, ranges, leases, watches and upkeep of one cluster, over gRPC. Knows
 * nothing of batches. Messages are of proto/etcd/etcd.proto, our own copy of those fields of etcd's public API (v3; 3.4 to
 * 3.6 have them all) that we use. What an answer holds is as the comments there say: a header that is "always there" is.
 *
 * A connection belongs to one thread, which ignores SIGPIPE. It goes to one endpoint at a time, and to the next one after
 * whatever leaves a call unanswered. Each call has a time of its own: etcd itself answers only after seconds where its majority
 * is lost. */
#ifndef COMITY_WORKER_LOG_ETCD_H
#define COMITY_WORKER_LOG_ETCD_H

#include <stdatomic.h>

#include "core/arena.h"
#include "etcd/etcd.pb-c.h"

enum {
    ETCD_ENDPOINTS_MAX = 8,
    ETCD_REASON_MAX = 512,
    ETCD_CONNECT_MS = 500,
    ETCD_ANSWER_MAX = 8 * 1024 * 1024, /* bytes of one answer; of the parts of a watch's answer together, ETCD_WATCH_MAX */
    ETCD_WATCH_MAX = 16 * 1024 * 1024,
};

/* Copied by who takes them. The files are read at each connection anew, so that certificates can be renewed. */
struct etcd_options {
    const char *endpoints[ETCD_ENDPOINTS_MAX]; /* "https://HOST:PORT" */
    size_t endpoint_count;
    const char *ca_file;   /* who signs the members' certificates, PEM */
    const char *cert_file; /* our own, and its key, PEM */
    const char *key_file;
    const atomic_bool *stop; /* once it is true, calls end at once, unanswered; may be NULL. Not of watches */
};

/* What became of a call. */
enum etcd_fate {
    ETCD_ANSWERED, /* the answer is there */
    ETCD_REFUSED,  /* this call was not executed: it did not leave, or etcd said so in a way that leaves no doubt */
    ETCD_UNKNOWN,  /* it may have been, or may be still: ask, or send the same again */
};

struct etcd_result {
    enum etcd_fate fate;
    uint32_t status;              /* gRPC's, with an answer of etcd's; else 0 */
    bool is_out_of_space;         /* "database space exceeded" */
    bool is_compacted;            /* a revision that was asked for is gone */
    bool is_untrusted;            /* TLS: they do not take our certificate, or we not theirs; where they hang up without a word, that is guessed */
    bool is_foreign;              /* whoever is there speaks no gRPC, as etcd does from version 3 on */
    char reason[ETCD_REASON_MAX]; /* printable; which endpoint, what it said; empty with ETCD_ANSWERED */
};

struct etcd;

/* 0, ERR_CONFIG (a file that cannot be read, an endpoint that is none), ERR_MEMORY. Connects to nobody yet. */
int etcd_new(const struct etcd_options *options, struct etcd **ret_etcd, char reason[ETCD_REASON_MAX]);
void etcd_destroy(struct etcd **etcd);
bool etcd_endpoint_is_valid(const char *endpoint); /* "https://HOST:PORT" */

/* Each call waits for @timeout_ms at most, and tries each endpoint once as long as the call has not begun to leave. *ret_answer
 * lives in the arena; it is set with ETCD_ANSWERED alone. An answer that is too large, that the arena has no room for or that
 * is not to what was asked is ETCD_UNKNOWN. */

/* The answers in it are one for one of the kinds that were asked for. */
struct etcd_result etcd_txn(struct etcd *etcd, const Etcdserverpb__TxnRequest *request, int timeout_ms, struct arena *arena,
                            Etcdserverpb__TxnResponse **ret_answer);
struct etcd_result etcd_range(struct etcd *etcd, const Etcdserverpb__RangeRequest *request, int timeout_ms, struct arena *arena,
                              Etcdserverpb__RangeResponse **ret_answer);
/* REFUSED with ETCD_STATUS_EXISTS: there is one of that id, perhaps by an earlier try. */
struct etcd_result etcd_lease_grant(struct etcd *etcd, const Etcdserverpb__LeaseGrantRequest *request, int timeout_ms,
                                    struct arena *arena, Etcdserverpb__LeaseGrantResponse **ret_answer);
/* REFUSED with ETCD_STATUS_NOT_FOUND: there is no such lease. */
struct etcd_result etcd_lease_revoke(struct etcd *etcd, int64_t lease, int timeout_ms);
struct etcd_result etcd_lease_renew(struct etcd *etcd, int64_t lease, int timeout_ms); /* one message of the LeaseKeepAlive stream */
struct etcd_result etcd_compact(struct etcd *etcd, int64_t revision, bool is_physical, int timeout_ms);
/* Of the endpoint with that index, which need not be the one in use: upkeep goes member by member. A compaction is answered when the
 * member has removed what was compacted, by this call or before; REFUSED: the revision was compacted already. */
struct etcd_result etcd_compact_at(struct etcd *etcd, size_t endpoint, int64_t revision, int timeout_ms);
struct etcd_result etcd_status(struct etcd *etcd, size_t endpoint, int timeout_ms, struct arena *arena,
                               Etcdserverpb__StatusResponse **ret_answer);
struct etcd_result etcd_defragment(struct etcd *etcd, size_t endpoint, int timeout_ms);
struct etcd_result etcd_alarm(struct etcd *etcd, const Etcdserverpb__AlarmRequest *request, int timeout_ms, struct arena *arena,
                              Etcdserverpb__AlarmResponse **ret_answer);
/* Who is a member, by the word of most of them where the version knows how (3.5), else of the one that answers. */
struct etcd_result etcd_member_list(struct etcd *etcd, int timeout_ms, struct arena *arena,
                                    Etcdserverpb__MemberListResponse **ret_answer);

/* gRPC's numbers, where a caller has to tell. */
enum { ETCD_STATUS_NOT_FOUND = 5, ETCD_STATUS_EXISTS = 9 };

/* Where the range of all keys that begin with @prefix ends: the first key behind them, as range_end; in the arena. {NULL, 0}
 * where the arena is exhausted, or all bytes are 0xff. */
struct bytes etcd_prefix_end(struct arena *arena, const char *prefix);

/* A watch: one long answer on a connection of its own. */
struct etcd_watch;
/* From @revision on (0: from now on), of keys that begin with @prefix; progress and fragments are asked for. Connects to nobody
 * yet; the first endpoint that is tried is @endpoint, modulo their number: one that was silent or broke is left by opening the
 * next watch with the next number. As etcd_new. */
int etcd_watch_open(const struct etcd_options *options, size_t endpoint, const char *prefix, int64_t revision,
                    struct etcd_watch **ret_watch, char reason[ETCD_REASON_MAX]);
void etcd_watch_close(struct etcd_watch **watch);
/* The next answer within @timeout_ms: ETCD_ANSWERED; ETCD_REFUSED with no reason: nothing came, which says nothing about
 * whether anything happened; ETCD_UNKNOWN: it broke, or etcd has cancelled it (with is_compacted: the revision that it was to
 * begin with is gone, read on by ranges), open another one. *ret_answer lives in the arena. The first one says `created` and
 * holds no event; later ones without events say that up to their header's revision all has come. What happened in one revision
 * is in one answer: fragments are put together. */
struct etcd_result etcd_watch_next(struct etcd_watch *watch, int timeout_ms, struct arena *arena,
                                   Etcdserverpb__WatchResponse **ret_answer);

#endif
