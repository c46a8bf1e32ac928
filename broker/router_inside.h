/* The inside of the router, shared by router.c (life, time, failures), router_front.c, router_back.c and
 * router_answer.c. Nobody else includes this. */
#ifndef COMITY_BROKER_ROUTER_INSIDE_H
#define COMITY_BROKER_ROUTER_INSIDE_H

#include "broker/router.h"

struct router {
    struct router_limits limits;
    struct clients clients;
    struct workers workers;
    struct pending_table pending;
    struct news news;
    struct router_counters counters;
    struct rates *rates; /* of FRAME_RATES, and behind them the same of what was refused */
    const struct admission *admission;
    int64_t scan_ms; /* not before this time are deadlines looked at again */
    bool is_stopping;
};

/* One frame and what is known of it. */
struct turn {
    struct router *router;
    const struct router_input *input;
    int64_t now_ms;
    struct actions *out;
    struct frame_header header;
    struct client *client; /* front: NULL while it is not known */
    struct worker *worker; /* back */
};

typedef void turn_fn(struct turn *turn);

bool turn_has_key(const struct turn *turn);

/* The buckets' limits. */
enum { RATES = 2 * FRAME_RATES };
void router_rates(const struct router_limits *limits, struct rate_limit ret_rates[RATES]);

/* The next action, zeroed; where memory is out, one that nobody carries out, and it is counted. */
struct action *action_add(struct router *router, struct actions *out, enum action_kind kind);

/* The same, to a client that is known, or to a worker's session. */
struct action *action_to_client(struct router *router, struct actions *out, enum action_kind kind,
                                struct client *client);
struct action *action_to_worker(struct router *router, struct actions *out, enum action_kind kind,
                                const struct worker *worker);

/* An ACTION_SEND to the peer that this turn is about. */
void turn_send(struct turn *turn, enum side side, const struct frame_header *header);

/* ERROR in answer to the frame of this turn; counted. */
void turn_refuse(struct turn *turn, enum side side, int error);

/* BUSY, with a time to wait that is not the usual. */
void turn_put_off(struct turn *turn, uint32_t wait_ms);

/* A frame that frame_read refuses: ERROR where it can be said to whom and about what, else only counted. */
void turn_refuse_unreadable(struct turn *turn, enum side side, int error);

/* A frame that can be read and has no business here. */
void turn_refuse_malformed(struct turn *turn, enum side side);

/* The answer to a pending request in place of its worker's. The caller removes the request. */
void pending_answer(struct router *router, const struct pending *pending, int error, struct actions *out);

struct action *router_note(struct router *router, struct actions *out, enum note what,
                           const struct worker *worker, const struct frame_header *header);

/* Forget a client: its subscriptions, and where its pending answers go. */
void client_end(struct router *router, struct client *client);

/* Everything that the worker still had to answer is answered in its place. */
void session_end(struct router *router, struct worker *worker, enum note why, struct actions *out);

#endif
