/* What the kinds of query share: one query under way, and the page of its answer. Private to worker/query*.c.
 */
#ifndef COMITY_WORKER_QUERY_PAGE_H
#define COMITY_WORKER_QUERY_PAGE_H

#include "worker/query.h"
#include "worker/visible.h"

/* One query in its read transaction. */
struct query_run {
    const struct query_context *context;
    const Comity__V1__Query *query;
    struct store_txn *txn;
    struct store_history history;
    struct view view;
    struct visible visible;
    const Comity__V1__Member *reader; /* NULL: a witness */
    struct arena *arena;
    Comity__V1__Answer *answer;
    bool is_fresh; /* query_context.is_fresh, and the history does not move */
    int late;      /* what is said to whoever has seen more: ERR_BEHIND, or ERR_MOVING */
    size_t limit; /* rows of a page */
    size_t bytes; /* of rows and texts so far */
    size_t text_room;
    struct refusal *refusal;
};

/* Add the texts that @row refers to, as far as @bytes_max of the page allows; the first reference before
 * others, then the latest ones: of a proposal its title, then its latest versions. What has no room is in the
 * events. */
int query_add_texts(struct query_run *run, const ProtobufCMessage *row, size_t bytes_max);

/* Bytes of the texts that @row refers to, by their references. */
size_t query_text_bytes(const ProtobufCMessage *row);

/* The checkpoint of this size, of the present epoch, into the answer. */
int query_add_checkpoint(struct query_run *run, uint64_t size);

int query_list(struct query_run *run);
int query_events(struct query_run *run);
int query_receipt(struct query_run *run);
int query_checkpoint(struct query_run *run);
int query_whoami(struct query_run *run);

#endif
