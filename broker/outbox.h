/* Outboxes: answers for clients whose connections take no more at the moment, kept to be tried again.
 *
 * What is owed (the answer to a request that was taken) is kept as long as the bytes fit; their number is
 * bounded by what a client may have pending. What is not owed (a refusal) is kept only while few others wait.
 * What does not fit is given up and counted, and its client sends the same bytes again. */
#ifndef COMITY_BROKER_OUTBOX_H
#define COMITY_BROKER_OUTBOX_H

#include "broker/peers.h"

enum { OUTBOX_REFUSALS = 4096, OUTBOX_CLIENT_BYTES = 4 * 1024 * 1024, OUTBOX_ALL_BYTES = 64 * 1024 * 1024 };

/* Put a copy of the frame behind the others. 0, ERR_LIMIT or ERR_MEMORY. */
int outbox_put(struct clients *clients, struct client *client, struct bytes frame, bool is_owed);

/* The frame that waits longest; {NULL, 0} where there is none. It stays the outbox's. */
struct bytes outbox_first(const struct client *client);
void outbox_drop_first(struct clients *clients, struct client *client);

/* Give up everything. Returns how many frames that was. */
uint32_t outbox_clear(struct clients *clients, struct client *client);

#endif
