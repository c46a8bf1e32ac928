/* What the files of the log over etcd share. */
#ifndef COMITY_WORKER_LOG_LOG_ETCD_INTERNAL_H
#define COMITY_WORKER_LOG_LOG_ETCD_INTERNAL_H

#include <pthread.h>

#include "worker/log/barrier.h"
#include "worker/log/calls.h"
#include "worker/log/dispute.h"
#include "worker/log/entries.h"
#include "worker/log/log_etcd.h"
#include "worker/log/states.h"
#include "worker/log/trim.h"

enum {
    CALL_MS = 1000,
    CALL_ARENA_BYTES =
        48 * 1024 * 1024, /* an answer of ETCD_ANSWER_MAX, packed and unpacked, and what was asked */
    QUOTA_PRESET = 2147483647,
};

/* An append, from its preparation to its end. */
struct appending {
    struct append append;
    uint64_t term, begun;
    uint8_t id[BATCH_ID_SIZE];
    struct order_place before, behind;
    struct bytes value; /* in `arena` */
    struct arena *arena;
    int64_t first_ms, pause_ms;
};

/* One thread's way to etcd. */
struct asking {
    struct etcd *etcd;
    struct arena *arena; /* of one call */
    struct calls_answer answer;
};

struct log_etcd {
    struct order_log log; /* first: an order_log pointer is a log_etcd pointer */
    struct order_log_etcd_options options;
    char name[LOG_NAME_MAX + 1];
    uint8_t key[LOG_KEY_SIZE];
    uint64_t quota_bytes;
    struct calls calls; /* calls.cluster is set once, before is_opened; */
    struct log_found found; /* by whoever opens it, */
    int unfit;              /* and why nobody answered, where that is for somebody to mend: CONFIG (certificates), VERSION; 0 */

    pthread_mutex_t mutex; /* of all that follows, but the parts of a thread */
    pthread_cond_t changed;
    bool is_opened, is_full, is_out_of_space;
    atomic_bool is_stopping; /* atomic for who looks without the lock */
    atomic_bool ends_calls;  /* of the keeper, when it is to stop; but its last one, that its seat is left */
    bool may_lead;      /* as far as the worker is concerned */
    bool is_introduced; /* has its seat, and has heard of the others' clocks */
    struct clocks clocks;
    struct clocks_judgement clock; /* ours, by the others' */
    struct term term;
    struct order_place kept; /* what the store has for certain: an append of ours is applied in the term as soon as etcd has it */
    struct entries *entries;
    struct trim trim;
    struct order_log_etcd_status status; /* what is not in term */
    struct states states;
    uint64_t refused;     /* the entry that this worker decides otherwise; 0: none. Its seat says so, */
    bool is_refusal_told; /* and has been put with it */
    struct dispute_wait dispute_wait;
    struct seats seats;
    uint32_t seats_level; /* that all workers know, as their seats said last; 1: not heard yet */

    struct barrier barrier;
    pthread_t following, keeping;
    bool has_following, has_keeping;

    struct asking follow; /* the thread that follows, and what is its alone */
    struct etcd_watch *watch;
    size_t watch_endpoint;
    int64_t watch_revision; /* the first that it is to tell of; 0: nothing was polled yet */
    bool watch_may_open;    /* a poll was answered since it was opened last */
    bool watch_was_silent;  /* it said nothing until the next poll */
    unsigned watch_missed;  /* polls in a row that found what it should have said */
    size_t polls_failed;    /* in a row: each was another member's */
    uint64_t beats;

    struct asking write; /* the writer */
    struct appending appending;
    struct asking read; /* whoever asks the barrier's question */
    struct asking keep; /* the thread that keeps the log short */
};

static inline struct log_etcd *log_etcd_of(struct order_log *log)
{
    return (struct log_etcd *) log;
}

/* Ask, with a fate as etcd's; the answer is read into asking->answer, and is_read says that it was. */
struct etcd_result log_etcd_ask(struct log_etcd *log, struct asking *asking,
                                const Etcdserverpb__TxnRequest *request, int timeout_ms, bool *ret_is_read);

/* What is there, at the start. 0: opened; UNREACHABLE: nobody answers; else as order_log_etcd_new. */
int log_etcd_open(struct log_etcd *log, struct asking *asking, char reason[LOG_REASON_MAX]);

/* Why it is no answer, where that is for somebody to mend: CONFIG (certificates), VERSION (no etcd that we know), with a reason that says
 * what to do; else 0, and @reason as it was. */
int log_etcd_unfit(const struct etcd_result *result, char reason[LOG_REASON_MAX]);

void *log_etcd_follow(void *log); /* a thread */
void *log_etcd_keep(void *log);   /* a thread */

/* Do others refuse an entry that this worker has applied, as of the seats that an answer has? Where it is lost, *ret_is_lost, and @reason
 * gets a sentence. With the lock held, or before the log is opened. */
struct dispute log_etcd_dispute(struct log_etcd *log, uint64_t applied, const struct calls_answer *answer, bool *ret_is_lost,
                                char reason[LOG_REASON_MAX]);

/* With the lock held. */
void log_etcd_fault_told(struct log_etcd *log); /* what the heart has found, into the status */
void log_etcd_fail(struct log_etcd *log, int fault, const char *reason);
void log_etcd_stand(struct log_etcd *log); /* or not: what that hangs on has changed */
void log_etcd_answered(struct log_etcd *log, const struct etcd_result *result);

#endif
