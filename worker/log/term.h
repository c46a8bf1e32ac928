/* Who leads, and what to ask of etcd next. Pure: answers, time and random numbers come in, calls go out.
 *
 *            nobody leads              created the leader's key          applied what the log held then
 *   FOLLOWS ──────────────▶ STANDS ─────────────────────────▶ READS ─────────────────────────────▶ LEADS
 *      ▲  silent leader: delete its key  │ another was first    │ the comparison fails               │ the same
 *      └─────────────────────────────────┴──────────────────────┴──────────────────────────────────────┘
 *
 * A term is the create_revision of the leader's key; all that a leader writes is compared with it, which is what fences.
 * Time is steady milliseconds of the caller's. One caller at a time (log_etcd.c holds a lock). docs/adr/0028. */
#ifndef COMITY_WORKER_LOG_TERM_H
#define COMITY_WORKER_LOG_TERM_H

#include "worker/log/log_order.h"

enum {
    TERM_BEAT_MS = 400,
    TERM_POLL_LEAST_MS = 250,
    TERM_POLL_MOST_MS = 500,
    TERM_SILENT_MS = 1500,    /* a leader that did nothing for so long while polls were answered is deposed */
    TERM_STAND_MOST_MS = 300, /* who stands waits for up to so long, by chance; */
    /* who has not applied all, so much longer: those who have see that nobody leads up to a poll later, and stand first */
    TERM_LAGS_MS = TERM_POLL_MOST_MS + TERM_STAND_MOST_MS,
    TERM_STUCK_MS = 3000, /* whoever was elected and has applied nothing for so long of what it lacks leaves leading to others */
    TERM_UNCONFIRMED_MS = 3000, /* without a confirmation of anything it wrote a leader takes no commands */
    TERM_RETRY_MS = 100,        /* after a call that was not answered */
    TERM_LEASE_S = 20,
    TERM_RENEW_MS = 5000,
    TERM_GAP_MS = 1000, /* polls further apart prove no silence: we may have been stopped ourselves */
};

enum term_state { TERM_FOLLOWS, TERM_STANDS, TERM_READS, TERM_LEADS };

/* What to do. Of those that compare, a failure reads the leader's key and the head; so does a success. */
enum term_call {
    TERM_WAIT,   /* nothing until then */
    TERM_POLL,   /* read leader, head, and entries behind what was taken */
    TERM_GRANT,  /* the lease */
    TERM_STAND,  /* there is no leader: create the key */
    TERM_BEAT,   /* I lead: put the key again */
    TERM_RENEW,  /* the lease */
    TERM_DEPOSE, /* the leader did nothing since: delete its key */
    TERM_RESIGN, /* I lead: delete the key */
};

struct term_step {
    enum term_call call;
    int64_t until_ms;       /* with WAIT */
    uint64_t term;          /* with BEAT, RESIGN: the create_revision to compare */
    int64_t leader_changed; /* with DEPOSE: the mod_revision to compare */
};

/* What an answer shows. All zeros: there was none. */
struct term_seen {
    bool is_answered;
    bool is_done;           /* the comparison held; the lease is there */
    bool has_leader, is_me; /* is_me: it has my nonce */
    uint64_t leader_term;   /* create_revision */
    int64_t leader_changed; /* mod_revision */
    bool has_head;
    struct order_place head;
};

struct term {
    enum term_state state;
    bool may_stand;
    int fault;                  /* why it takes no part any more: BEHIND, CORRUPT; 0: none */
    struct order_place applied; /* in the store */
    struct order_place taken;   /* read from the log; applied, or on its way to be */
    uint64_t head;              /* the latest that was seen */

    int64_t poll_ms, retry_ms;
    uint64_t silent_term; /* who is watched for silence; 0: nobody */
    int64_t silent_changed, silent_since_ms, polled_ms;
    bool must_depose, is_granted;
    int64_t stand_ms;

    uint64_t term;          /* READS, LEADS */
    bool has_end, is_open;  /* is_open: an append of mine is on its way */
    struct order_place end; /* what the log held when the term began */
    int64_t beat_ms, renew_ms, confirmed_ms;
    uint64_t read_number; /* READS: how far it was, */
    int64_t read_ms;      /* and since when */
    bool is_stuck;
};

void term_init(struct term *term, const struct order_place *applied, int64_t now_ms);

/* @has_room: for entries that a poll brings. */
struct term_step term_next(const struct term *term, int64_t now_ms, bool has_room);

/* @sent_ms: when the call went out; @random: any number. Entries that came with a poll are told by term_take, after this. */
void term_answered(struct term *term, const struct term_step *step, const struct term_seen *seen,
                   int64_t sent_ms, int64_t now_ms, uint32_t random);
void term_take(struct term *term,
               const struct order_place *place); /* an entry that goes on from the last was read */
void term_fail(struct term *term, int fault);    /* the log cannot be followed from here */
void term_hint(struct term *term);               /* the head has moved, or the leader */

/* The entry is in the store. */
void term_applied(struct term *term, const struct order_place *place);

/* May entry @number be appended? 0: it is on its way until term_appended or term_lost; NOT_LEADER, BUSY. */
int term_append(struct term *term, uint64_t number, int64_t now_ms);
/* It was executed, as the one behind @place, in a term that may be over; @sent_ms: the first try. */
void term_appended(struct term *term, uint64_t in_term, const struct order_place *place, int64_t sent_ms);
/* It was not executed. @is_over: since the term is over. */
void term_lost(struct term *term, uint64_t in_term, bool is_over);

/* Leads, has applied all, and was confirmed lately. */
bool term_leads(const struct term *term, int64_t now_ms);

#endif
