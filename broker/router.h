/* The router: what to do with each frame that comes. Pure: frames, keys and the time in, actions out.
 *
 * Every REQUEST and HELLO is answered once, by the worker's frame or by an ERROR made here, unless its client
 * has left. docs/protocol.md sections 2 and 4; the types of frames are tables in router.c.
 *
 *   router_front, router_back  a frame came        router_tick    time has passed
 *   router_failed              an action could not be carried out
 *
 * Actions are valid until the next call of one of these; what they point to lives in the router, but for `to`
 * of an answer to a peer that is not known, which is the caller's own. */
#ifndef COMITY_BROKER_ROUTER_H
#define COMITY_BROKER_ROUTER_H

#include "broker/address.h"
#include "broker/admission.h"
#include "broker/news.h"
#include "broker/peers.h"
#include "broker/pending.h"
#include "core/daemon/rates.h"

/* What a connection key may send: a frame counts 1, and 1 more for each 4 KiB. */
enum frame_rate {
    RATE_STRANGER, /* before a worker has said that it knows it */
    RATE_CLIENT,
    RATE_ADDRESS, /* of all strangers of one address together */
    FRAME_RATES,
};

struct router_limits {
    uint32_t pending;        /* requests in flight, in all; at most PENDING_LIMIT_MAX */
    uint32_t client_pending; /* of one client */
    uint64_t pending_bytes;  /* of their frames, in all; of one client a quarter, of one worker half */
    uint64_t share_bytes;    /* of the frames on their way to one worker: what clients share, beyond a first one each */
    uint32_t worker_window;  /* of one worker, whatever it says */
    uint32_t clients;
    uint32_t subscriptions;
    uint32_t client_subscriptions;
    uint32_t budget_most_ms; /* a longer budget is cut to this */
    int64_t worker_silence_ms;
    int64_t client_silence_ms;
    struct rate_limit rates[FRAME_RATES];
};

struct router_counters {
    uint64_t requests, replies;
    uint64_t busy, no_route; /* refused with BUSY; with NO_ROUTE or DRAINING */
    uint64_t expired;        /* EXPIRED and TIMEOUT */
    uint64_t lost;           /* WORKER_LOST */
    uint64_t malformed;
    uint64_t strays; /* workers' frames that nobody waits for, or of another session */
    uint64_t forbidden;
    uint64_t too_fast; /* by a key that sends more than it may: of BUSY, or at a cut */
    uint64_t dropped; /* frames for a peer that does not take them */
};

enum action_kind {
    ACTION_FORWARD, /* the frame that came, with `ticket` as route, to the worker `to` */
    ACTION_RETURN,  /* the frame that came, with route 0, to the client `to` */
    ACTION_SEND,    /* a frame of `header` alone, to `to` on `side` */
    ACTION_STATUS,  /* REPLY of `header` with a BrokerStatus, to the client `to` */
    ACTION_CUT,     /* `connection`: see `cut` */
    ACTION_NOTE,    /* for the log */
};

enum note {
    NOTE_WORKER_READY,
    NOTE_WORKER_LOST,
    NOTE_WORKER_LEFT,
    NOTE_WORKER_REPLACED,
    NOTE_WORKER_REMOVED,
    NOTE_WORKER_DRAINS,
    NOTE_GROUP_REFUSED,
    NOTE_GROUP_TAKEN, /* by its term, from another worker, which led it */
    NOTE_STRAY_REPLY,
};

/* Why a connection is to be cut. */
enum cut {
    CUT_KEY,    /* its key is configured no more */
    CUT_LOST,   /* its worker is silent */
    CUT_FLOODS, /* it sends more than it may, and does not heed that it is told to wait */
};

const char *note_name(enum note note); /* "worker_ready": the log's event */

struct action {
    enum action_kind kind;
    enum side side;
    const struct peer_id *to;
    uint64_t connection;               /* of `to`, or to be cut; 0: not known */
    struct client *client;             /* of a known client; NULL */
    struct subscription *subscription; /* of NEWS: told now */
    bool is_owed;                      /* the answer to a request that was taken */
    uint64_t ticket;
    struct frame_header header;
    enum note note;
    enum cut cut;
    char worker[NAME_MAX_BYTES + 1]; /* of a NOTE */
    char from[NAME_MAX_BYTES + 1];   /* of GROUP_TAKEN: who led it */
};

struct actions {
    struct action *at;
    size_t count;
    size_t room;
};

struct router;

struct router_input {
    const struct peer_id *from;
    uint64_t connection; /* broker/watch.h; 0: not known */
    const struct address *address; /* by which strangers are counted; NULL: by none */
    bool is_gone;        /* it is closed already: whoever sent this is no client any more */
    const char *key;     /* User-Id as ZAP set it: 64 hex digits */
    struct bytes frame;
};

/* @random: start of the tickets. @admission has to outlive the router or be replaced by router_configure.
 * ERR_MEMORY. */
int router_new(const struct router_limits *limits, const struct admission *admission, uint64_t random,
               struct router **ret_router);
void router_destroy(struct router **router);

void router_front(struct router *router, const struct router_input *input, int64_t now_ms,
                  struct actions *out);
void router_back(struct router *router, const struct router_input *input, int64_t now_ms,
                 struct actions *out);

/* A message of several parts, or without a key: counted. */
void router_garbage(struct router *router);

/* An action could not be carried out. @error: ERR_BUSY, the peer takes no more for now; ERR_UNREACHABLE, it
 * is gone. What follows from it is added to @out behind what is there, so that a caller walks on. */
void router_failed(struct router *router, const struct action *action, int error, struct actions *out);

/* A frame for a client whose connection is full: kept to be tried again. 0, or ERR_LIMIT, ERR_MEMORY: then it
 * has failed. router_waiting: a client for whom something is kept, or NULL; walk on by its in_waiting. */
int router_keep(struct router *router, const struct action *action, struct bytes frame);
struct client *router_waiting(const struct router *router);
struct bytes router_kept(struct client *client);
void router_kept_sent(struct router *router, struct client *client);

/* A heartbeat for every connected worker: one whose connection has gone is found out by it. */
void router_probe(struct router *router, struct actions *out);

/* Take no new requests (DRAINING); give up those that are pending (WORKER_LOST). */
void router_stop(struct router *router);
void router_abandon(struct router *router, struct actions *out);

/* The connection of a worker or a client is gone. */
void router_worker_gone(struct router *router, const struct peer_id *id, struct actions *out);
void router_client_gone(struct router *router, const struct peer_id *id);

/* A connection is closed: whoever was heard last by it is no client any more. */
void router_connection_closed(struct router *router, uint64_t connection);

/* Deadlines and silences. router_due: when to call it next. */
void router_tick(struct router *router, int64_t now_ms, struct actions *out);
int64_t router_due_ms(const struct router *router);

/* Up to @most NEWS that are due. */
void router_news(struct router *router, size_t most, struct actions *out);
uint32_t router_news_due(const struct router *router);

/* The process did not run for @gap_ms: nobody's silence counts for that time. */
void router_forgive(struct router *router, int64_t gap_ms);

/* New limits and keys. Sessions of keys that are gone end; groups that are no longer allowed are not served.
 * ERR_MEMORY with nothing changed. */
int router_configure(struct router *router, const struct router_limits *limits,
                     const struct admission *admission, struct actions *out);

const struct router_counters *router_counters(const struct router *router);
const struct router_limits *router_limits(const struct router *router);
const struct workers *router_workers(const struct router *router);
uint32_t router_client_count(const struct router *router);
uint32_t router_pending_count(const struct router *router);
uint32_t router_subscription_count(const struct router *router);

void actions_release(struct actions *actions);

#endif
