/* The log over etcd: workers of several sites, one of which leads. docs/adr/0028.
 *
 * A thread of its own beats, polls and watches; another keeps the log short and etcd under its quota. Each thread that asks
 * etcd has a connection of its own. A worker's seat says what it has applied: entries behind that are kept for it, as long as it
 * does not lag too far. Who joins out of a copy starts the log with the copy's place before it takes the copy in, and asks for
 * entries after it; so its seat is there in time. Everything that is decided is decided in term.h, append.h and trim.h. The process ignores
 * SIGPIPE. */
#ifndef COMITY_WORKER_LOG_LOG_ETCD_H
#define COMITY_WORKER_LOG_LOG_ETCD_H

#include "core/key.h"
#include "worker/clock.h"
#include "worker/log/clocks.h"
#include "worker/log/etcd.h"
#include "worker/log/sealed.h"
#include "worker/log/seats.h"
#include "worker/log/term.h"

enum { LOG_REASON_MAX = 512, LOG_SEATS_MAX = 64, LOG_MEMBERS_TEXT = 256 };

struct order_log_etcd_options {
    struct etcd_options etcd; /* its strings stay the caller's, as long as the log is there */
    uint8_t group[GROUP_ID_SIZE];
    const uint8_t *group_secret; /* of the group's connection key; not kept */
    const char *worker;          /* its name in the group, a NAME */
    struct order_place applied;  /* what the store has applied */
    struct clock *clock;         /* whose time the seat says, and is compared with others'; the caller's. NULL: neither */
    uint8_t home[LOG_HOME_SIZE]; /* where the store is: no two processes can be there at one time. Zeros: not known */
    uint32_t level;              /* highest format level that this worker knows: FORMAT_LEVEL */
    uint64_t quota_bytes;        /* etcd's --quota-backend-bytes; 0: 2 GiB */
    bool begins;       /* where there is no log of the group, begin one behind `applied`: somebody's act, once, and no setting that
                        * stays, or a log that was lost would be begun anew unseen */
    bool only_follows; /* never leads: for whoever only holds a seat */
    /* There is something for the writer: entries, or it leads or leads no more. On the log's thread; may be NULL. */
    void (*wake)(void *context);
    void *context;
};

/* Asks etcd what is there, for a second a question and a member; where nobody answers the log begins without,
 * and asks on. It is destroyed when nobody is inside a call any more (order_log_etcd_stop). 0; CONFIG: the
 * files or endpoints, the worker's name, another cluster's data, no log of this group; CORRUPT: the log is
 * older than this store, or another; BEHIND: what comes next for this store is not in the log any more;
 * VERSION: of etcd or the log, or the log is at a format level that this worker does not know; MEMORY.
 * @reason has a sentence. */
int order_log_etcd_new(const struct order_log_etcd_options *options, struct order_log **ret_log,
                       char reason[LOG_REASON_MAX]);

/* What is there, without taking part: with options->begins, begin the log behind options->applied where there is none. 0: it goes on from
 * there; UNREACHABLE: nobody answers, and a log may have been begun: ask again; else as order_log_etcd_new. *ret_found is set
 * where etcd holds a log, also with BEHIND and CORRUPT, or says that it holds none (CONFIG); else zeros. */
struct log_found {
    struct order_place base, head; /* where it was begun; its end */
    bool is_begun;                 /* by this call */
    bool is_missing;               /* etcd answered, and holds no log of this group */
};
int order_log_etcd_look(const struct order_log_etcd_options *options, struct log_found *ret_found,
                        char reason[LOG_REASON_MAX]);

/* From any thread: end waiting. A commit whose fate is open gives STORE: what became of it is read at the next start. Leadership is
 * given up where nothing is open. */
void order_log_etcd_stop(struct order_log *log);

/* Wait until the worker has its seat. A seat that a former process of its home had, or that was left in order, is taken at once, another one
 * once it was still for 5 s, and a leader of that name, if there is one, did not beat either. 0; CONFIG: another worker runs under this
 * name; or what else ends its taking part; UNREACHABLE: etcd does not answer, or there was something to be read from @stop_fd (-1: none;
 * nothing is read), and the seat is taken later on. @reason as with order_log_etcd_new. */
int order_log_etcd_seat(struct order_log *log, int stop_fd, char reason[LOG_REASON_MAX]);

/* May it lead? Not, for instance, while its disk is full. Preset: yes; with a clock no, until that was judged. Nobody leads all the same who
 * has no seat yet, has not heard the others' clocks (nor found that they do not run), or has one that is off by them. */
void order_log_etcd_may_lead(struct order_log *log, bool may_lead);

/* How the clock stands to those of the others, as they were heard last. */
void order_log_etcd_clocks(struct order_log *log, struct clocks_judgement *ret_judgement);

/* The hash of the worker's state behind an entry, for others to compare: all after the same numbers, once in so many entries. Where
 * more workers have another one than have this one, this one takes no part any more (CORRUPT). */
void order_log_etcd_state(struct order_log *log, uint64_t number, const uint8_t hash[HASH_SIZE]);

/* Entries up to @number hold what was erased since: whoever leads drops them from etcd as soon as every seat has applied them, and
 * has the members' files written anew. Until then they are there, sealed; in the members' write-ahead files for longer. */
void order_log_etcd_forget(struct order_log *log, uint64_t number);

/* Entry @number, the next one, comes out differently here: this worker takes no part any more (CORRUPT), and its seat says which one it
 * refuses. Waits until the seat was put, @most_ms at most: a worker that has just started does not have it yet. Where more workers
 * refuse an entry than have applied it, those that have take no part any more: what they go on acknowledging nobody else could apply.
 * Whoever has not decided it is waited for (dispute.h). */
void order_log_etcd_refuse(struct order_log *log, uint64_t number, int most_ms);

/* From any thread: this worker's store is damaged. It takes no part any more (CORRUPT), with a sentence why. */
void order_log_etcd_damaged(struct order_log *log, const char *reason);

/* etcd's members, by etcd's own list, as they were when this worker looked last, every 10 s. Names for people, "a, b"; empty: none. */
struct log_members {
    size_t count;                            /* 0: this worker has not looked yet */
    char unreached[LOG_MEMBERS_TEXT];        /* did not answer */
    char unnamed[LOG_MEMBERS_TEXT];          /* no endpoint of the configuration leads to them */
    char strays[LOG_MEMBERS_TEXT];           /* endpoints that lead to no member */
    uint64_t rooms;                          /* how often this worker has made room */
    char room_unreached[LOG_MEMBERS_TEXT];   /* could not, the last time */
    uint64_t forgotten;                      /* what was to be forgotten up to this entry is in no member's file any more, by what
                                              * this worker has done itself */
    char not_forgotten[LOG_MEMBERS_TEXT];    /* their files have it still: tried, and not done */
    uint64_t forget;                         /* up to which entry it was tried last */
};

/* What a worker waits for that is not introduced yet: until it is, it does not lead. */
enum log_waiting {
    LOG_WAITS_ETCD,  /* an answer with the seats */
    LOG_WAITS_SEAT,  /* the seat of its name, which another process has put */
    LOG_WAITS_CLOCK, /* another worker's clock */
    LOG_INTRODUCED,
};

struct order_log_etcd_status {
    enum term_state state;
    bool leads;                    /* this worker, confirmed lately: the term is its own */
    uint64_t term;                 /* of whoever leads, as far as is known; 0: nobody */
    char leader[LOG_NAME_MAX + 1]; /* its name; empty: nobody */
    uint64_t applied, head;
    int64_t answered_ms;         /* steady clock: when etcd last answered; 0: never */
    int fault;                   /* why it takes no part: BEHIND, CORRUPT, CONFIG, VERSION; 0: it does */
    int unfit;                   /* why nobody has answered yet, where somebody is to mend it: CONFIG (certificates), VERSION; 0 */
    bool has_seat;               /* its seat is put: what comes after it is kept */
    enum log_waiting waiting;
    char waits_for[LOG_NAME_MAX + 1];   /* whose clock; may be empty */
    char waits_reason[LOG_REASON_MAX];  /* why etcd did not answer that; may be empty */
    char unread_seat[LOG_NAME_MAX + 1]; /* what stands where seats stand and is none; empty: nothing */
    bool is_filling;             /* more than half of etcd's quota is used */
    bool is_full;                /* no commands are taken, since etcd's quota is nearly used up */
    bool is_out_of_space;        /* etcd takes nothing any more, from nobody */
    struct log_members members;
    uint64_t used_bytes;         /* of etcd's file, the largest of any member's; 0: not known */
    uint64_t trimmed;            /* entries up to here were dropped by this worker */
    uint64_t disputed;           /* an entry that this worker has applied and others refuse, of whom there are not more, as far as is known; 0: none */
    char reason[LOG_REASON_MAX]; /* of the fault, or why etcd did not answer last; may be empty */
};
void order_log_etcd_status(struct order_log *log, struct order_log_etcd_status *ret_status);
/* The seats, as they were read last. */
void order_log_etcd_seats(struct order_log *log, struct seats *ret_seats);

/* What a start checks before it asks anybody: the files, the certificate and its key, the endpoints. Needs of the options etcd alone.
 * 0; CONFIG, MEMORY, with a reason. */
int order_log_etcd_check(const struct order_log_etcd_options *options, char reason[LOG_REASON_MAX]);

/* Drop the seat of a worker that is gone for good, so that it holds back nothing. One that was not left in order has to be still for
 * 5 s first: who runs would take it again. Needs of the options etcd and group alone. 0; NOT_FOUND: it had none, and @reason gets the
 * names of those that have one, "a, b", or stays empty; NAME; CONFIG (also: it runs), MEMORY; UNREACHABLE: ask again, with a reason. */
int order_log_etcd_leave(const struct order_log_etcd_options *options, const char *worker,
                         char reason[LOG_REASON_MAX]);

#endif
