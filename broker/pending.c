#include "broker/pending.h"

#include <stdlib.h>

#include "core/error.h"

int pending_table_init(struct pending_table *table, uint32_t limit, uint64_t start)
{
    struct pending *places = calloc(PENDING_LIMIT_MAX, sizeof(*places));
    if (!places)
        return ERR_MEMORY;
    *table = (struct pending_table){
        .places = places,
        .limit = limit,
        .size_limit = UINT64_MAX,
        .turn = start,
        .next_deadline_ms = INT64_MAX,
    };
    TAILQ_INIT(&table->free_places);
    return 0;
}

void pending_table_release(struct pending_table *table)
{
    free(table->places);
    *table = (struct pending_table){0};
}

/* The place in the low bits, the turn above them: found without a search, and never the same twice. */
static uint64_t ticket_make(struct pending_table *table, const struct pending *place)
{
    uint64_t ticket;
    do
        ticket = table->turn++ * PENDING_LIMIT_MAX + (uint64_t) (place - table->places);
    while (ticket == 0);
    return ticket;
}

struct pending *pending_add(struct pending_table *table, struct client *client, struct worker *worker,
                            const struct frame_header *header, uint32_t size, int64_t deadline_ms)
{
    if (table->count >= table->limit || table->size + size > table->size_limit)
        return NULL;
    struct pending *place = TAILQ_FIRST(&table->free_places);
    if (place)
        TAILQ_REMOVE(&table->free_places, place, in_worker);
    else
        place = &table->places[table->used++]; /* count < limit <= PENDING_LIMIT_MAX, and none is free */
    place->ticket = ticket_make(table, place);
    place->client = client;
    place->worker = worker;
    place->deadline_ms = deadline_ms;
    place->size = size;
    place->header = *header;
    TAILQ_INSERT_TAIL(&client->pending, place, in_client);
    client->pending_count++;
    client->pending_size += size;
    TAILQ_INSERT_TAIL(&worker->pending, place, in_worker);
    worker->pending_count++;
    worker->pending_size += size;
    table->count++;
    table->size += size;
    if (deadline_ms < table->next_deadline_ms)
        table->next_deadline_ms = deadline_ms;
    return place;
}

struct pending *pending_find(const struct pending_table *table, uint64_t ticket)
{
    struct pending *place = &table->places[ticket & (PENDING_LIMIT_MAX - 1)];
    return ticket != 0 && place->ticket == ticket ? place : NULL;
}

void pending_orphan(struct pending *pending)
{
    if (!pending->client)
        return;
    TAILQ_REMOVE(&pending->client->pending, pending, in_client);
    pending->client->pending_count--;
    pending->client->pending_size -= pending->size;
    pending->client = NULL;
}

void pending_remove(struct pending_table *table, struct pending *pending)
{
    pending_orphan(pending);
    TAILQ_REMOVE(&pending->worker->pending, pending, in_worker);
    pending->worker->pending_count--;
    pending->worker->pending_size -= pending->size;
    pending->ticket = 0;
    TAILQ_INSERT_TAIL(&table->free_places, pending, in_worker);
    table->count--;
    table->size -= pending->size;
}

void pending_expire(struct pending_table *table, int64_t now_ms, pending_end_fn *end, void *context)
{
    if (now_ms < table->next_deadline_ms)
        return;
    int64_t earliest = INT64_MAX;
    for (uint32_t i = 0; i < table->used; i++) {
        struct pending *place = &table->places[i];
        if (place->ticket == 0)
            continue;
        if (place->deadline_ms <= now_ms) {
            end(place, context);
            pending_remove(table, place);
        } else if (place->deadline_ms < earliest) {
            earliest = place->deadline_ms;
        }
    }
    table->next_deadline_ms = earliest;
}
