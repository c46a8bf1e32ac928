/* Pending requests: those that were passed to a worker and have no answer yet. A fixed table.
 *
 * A request is known to its worker by a ticket, which starts at random and says nothing of the client. What
 * is kept of it is what an ERROR in its place needs. */
#ifndef COMITY_BROKER_PENDING_H
#define COMITY_BROKER_PENDING_H

#include "broker/peers.h"

struct pending {
    uint64_t ticket;       /* 0: this place is free */
    struct client *client; /* NULL: it is gone, the answer goes nowhere */
    struct worker *worker;
    int64_t deadline_ms;
    uint32_t size;              /* of its frame, in bytes */
    struct frame_header header; /* as it came */
    TAILQ_ENTRY(pending) in_client;
    TAILQ_ENTRY(pending) in_worker; /* of a free place: in the list of free ones */
};

struct pending_table {
    struct pending *places; /* PENDING_LIMIT_MAX of them; memory is taken as they are used */
    uint32_t used;          /* how many ever were */
    uint32_t limit;
    uint32_t count;
    uint64_t size_limit; /* bytes of their frames, in all */
    uint64_t size;
    uint64_t turn; /* high part of the next ticket */
    struct pending_list free_places;
    int64_t next_deadline_ms; /* not later than the earliest one */
};

enum { PENDING_LIMIT_MAX = 1 << 16 };

/* The limit, at most PENDING_LIMIT_MAX, can be changed at any time, and so can that of bytes, which is none
 * at first. @start: random. 0 or ERR_MEMORY. */
int pending_table_init(struct pending_table *table, uint32_t limit, uint64_t start);
void pending_table_release(struct pending_table *table);

/* A new one of a frame of @size bytes, linked to both and counted at both; NULL at a limit. */
struct pending *pending_add(struct pending_table *table, struct client *client, struct worker *worker,
                            const struct frame_header *header, uint32_t size, int64_t deadline_ms);
struct pending *pending_find(const struct pending_table *table, uint64_t ticket);
void pending_remove(struct pending_table *table, struct pending *pending);

/* The client is gone, the request is not. */
void pending_orphan(struct pending *pending);

/* Remove what is over its time, after @end was told of each. Looks at every used place, but only when the
 * earliest deadline has come. */
typedef void pending_end_fn(const struct pending *pending, void *context);
void pending_expire(struct pending_table *table, int64_t now_ms, pending_end_fn *end, void *context);

#endif
