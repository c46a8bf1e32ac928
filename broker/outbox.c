#include "broker/outbox.h"

#include <stdlib.h>

#include "core/error.h"

struct parcel {
    TAILQ_ENTRY(parcel) in_outbox;
    size_t size;
    uint8_t data[];
};

int outbox_put(struct clients *clients, struct client *client, struct bytes frame, bool is_owed)
{
    struct outbox *outbox = &client->outbox;
    size_t most = is_owed ? OUTBOX_ALL_BYTES : OUTBOX_ALL_BYTES / 2; /* refusals leave room for answers */
    if (client->is_gone || (!is_owed && outbox->count >= OUTBOX_REFUSALS) ||
        outbox->size + frame.size > OUTBOX_CLIENT_BYTES || clients->outbox_size + frame.size > most)
        return ERR_LIMIT;
    struct parcel *parcel = malloc(sizeof(*parcel) + frame.size);
    if (!parcel)
        return ERR_MEMORY;
    parcel->size = frame.size;
    memcpy(parcel->data, frame.data, frame.size);
    if (outbox->count == 0)
        TAILQ_INSERT_TAIL(&clients->waiting, client, in_waiting);
    TAILQ_INSERT_TAIL(&outbox->parcels, parcel, in_outbox);
    outbox->count++;
    outbox->size += frame.size;
    clients->outbox_size += frame.size;
    return 0;
}

struct bytes outbox_first(const struct client *client)
{
    const struct parcel *parcel = TAILQ_FIRST(&client->outbox.parcels);
    return parcel ? BYTES(parcel->data, parcel->size) : BYTES(NULL, 0);
}

void outbox_drop_first(struct clients *clients, struct client *client)
{
    struct outbox *outbox = &client->outbox;
    struct parcel *parcel = TAILQ_FIRST(&outbox->parcels);
    if (!parcel)
        return;
    TAILQ_REMOVE(&outbox->parcels, parcel, in_outbox);
    outbox->count--;
    outbox->size -= parcel->size;
    clients->outbox_size -= parcel->size;
    free(parcel);
    if (outbox->count == 0)
        TAILQ_REMOVE(&clients->waiting, client, in_waiting);
}

uint32_t outbox_clear(struct clients *clients, struct client *client)
{
    uint32_t count = client->outbox.count;
    while (client->outbox.count > 0)
        outbox_drop_first(clients, client);
    return count;
}
