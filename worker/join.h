/* Joining: a store made out of a copy of another worker's of the group, for a worker that has none.
 * docs/storage.md, "Joining".
 *
 * The copy comes over a broker, piece by piece, into join.part in the data directory, with join.state beside
 * it: who is interrupted goes on where it was. Or it is a file that `comity-worker export` has made. The seat
 * in the log is taken before the copy is, or is taken in: what comes after it is kept for this worker. For a
 * file that is not whole, or was altered, none is taken. */
#ifndef COMITY_WORKER_JOIN_H
#define COMITY_WORKER_JOIN_H

#include "worker/export.h"
#include "worker/settings.h"

enum { JOIN_REASON_MAX = 1024 };

struct join_options {
    const struct worker_settings *settings;
    const char *file;                                  /* an export; NULL: over a broker */
    const char *endpoint;                              /* of the broker's front */
    const uint8_t *broker;                             /* its public key */
    int patience_ms;                                   /* how long nobody may answer; 0: a minute */
    void (*note)(void *context, const char *sentence); /* something to know meanwhile */
    void (*progress)(void *context, const char *what, uint64_t done, uint64_t total); /* total 0: not known */
    void *context;
};

struct join_totals {
    struct export_totals taken;
    uint64_t size, before; /* bytes of the copy; of which an earlier try had */
};

/* 0; ERR_EXISTS: there is a store already; ERR_STORE_IN_USE: another join is at work; ERR_UNREACHABLE,
 * ERR_TIMEOUT: nobody answers; else as order_log_etcd_new and restore_read. @reason: what is wrong and what
 * to do. On a refusal nothing is written; of a copy that was interrupted what has come is kept, of one that
 * does not hold nothing. */
int join(const struct join_options *options, struct join_totals *ret_totals, char reason[JOIN_REASON_MAX]);

#endif
