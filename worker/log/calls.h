/* The transactions of the ordered log, and what their answers hold. Pure: makes messages for
 * worker/log/etcd.h, reads those that come back. Keys and values: worker/log/sealed.h. */
#ifndef COMITY_WORKER_LOG_CALLS_H
#define COMITY_WORKER_LOG_CALLS_H

#include "etcd/etcd.pb-c.h"
#include "worker/log/append.h"
#include "worker/log/sealed.h"
#include "worker/log/term.h"

enum { CALLS_KEY_MAX = 128, CALLS_PREFIX_MAX = 64, CALLS_ENTRIES_MAX = 256, CALLS_SEATS_MAX = 64 };

/* Who asks, about which log. */
struct calls {
    char prefix[CALLS_PREFIX_MAX]; /* "comity/<group>/" */
    char name[LOG_NAME_MAX + 1];   /* of the worker */
    uint8_t nonce[LOG_NONCE_SIZE];
    int64_t lease;
    uint64_t cluster; /* whose answers are believed; 0: any cluster's */
};

/* @lease: random, above 0. */
void calls_init(struct calls *calls, const uint8_t group[GROUP_ID_SIZE], const char *name,
                const uint8_t nonce[LOG_NONCE_SIZE], int64_t lease);

/* What a step needs beyond itself: how often I have beaten; for a poll, how many entries behind which one. */
struct calls_more {
    uint64_t beats;
    uint64_t taken;
    uint32_t page;
};

/* Each lives in the arena; NULL: memory is out. */
Etcdserverpb__TxnRequest *calls_step(const struct calls *calls, const struct term_step *step,
                                     const struct calls_more *more, struct arena *arena);
Etcdserverpb__TxnRequest *calls_append(const struct calls *calls, uint64_t term,
                                       const struct order_place *before, struct bytes value,
                                       struct arena *arena);
/* Goes through Raft and writes nothing: what it reads is not of a moment ago. Reads meta and head. */
Etcdserverpb__TxnRequest *calls_barrier(const struct calls *calls, struct arena *arena);
/* Begin a log that is not there. */
Etcdserverpb__TxnRequest *calls_begin(const struct calls *calls, const struct log_meta *meta,
                                      struct arena *arena);
/* Put this worker's seat, if it was last changed then (0: there is none). Reads all seats and the leader. */
Etcdserverpb__TxnRequest *calls_seat(const struct calls *calls, const struct log_seat *seat, int64_t changed,
                                     struct arena *arena);
/* Drop the seat of a worker that is gone for good. */
Etcdserverpb__TxnRequest *calls_leave(const struct calls *calls, const char *name, struct arena *arena);
/* Head, all seats and the leader. */
Etcdserverpb__TxnRequest *calls_seats(const struct calls *calls, struct arena *arena);
/* Drop the entries up to @number, if the term is mine. */
Etcdserverpb__TxnRequest *calls_trim(const struct calls *calls, uint64_t term, uint64_t number,
                                     struct arena *arena);

/* What an answer holds. Everything points into the response. */
struct calls_entry {
    uint64_t number; /* by its key */
    struct bytes value;
};
struct calls_seat {
    char name[LOG_NAME_MAX + 1];
    int64_t changed;
    struct log_seat seat;
};
struct calls_answer {
    bool is_done; /* the comparison held */
    uint64_t cluster;
    int64_t revision;
    bool has_leader, has_head, has_meta;
    struct log_leader leader;
    uint64_t leader_term;
    int64_t leader_changed;
    struct order_place head;
    struct log_meta meta;
    struct calls_entry entries[CALLS_ENTRIES_MAX];
    size_t entry_count;
    struct calls_seat seats[CALLS_SEATS_MAX];
    size_t seat_count;
    char unread[LOG_NAME_MAX + 1]; /* a seat that was left out since it cannot be read, or there are too many:
                                    * its key, with what cannot be shown as "?"; empty: none */
};

/* 0; CONFIG: another cluster's; MALFORMED, VERSION: a value that is none of ours. A seat that is none is left
 * out; this worker's own is always there, as one of nobody where it cannot be read. */
int calls_read(const struct calls *calls, const Etcdserverpb__TxnResponse *response,
               struct calls_answer *ret_answer);

/* The highest format level that all know whose seats the answer has, and this worker, which knows @own: its
 * seat may still say what it knew before. At least 1; 1 where a seat was left out. */
uint32_t calls_level(const struct calls_answer *answer, uint32_t own);

/* The last beat of a leader that has this worker's name and is another process; grows. 0: there is none. */
int64_t calls_namesake_beat(const struct calls *calls, const struct calls_answer *answer);

/* For term_answered. @answer: NULL where there was none. */
void calls_seen(const struct calls *calls, const struct calls_answer *answer, struct term_seen *ret_seen);
/* For append_judge, of an answer; @id of my entry, @before and @behind it. */
void calls_seen_append(const struct calls_answer *answer, uint64_t term, const uint8_t id[BATCH_ID_SIZE],
                       const struct order_place *before, const struct order_place *behind,
                       struct append_seen *ret_seen);

#endif
