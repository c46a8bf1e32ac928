/* News: who wants to hear of which history, and what each has still to be told.
 *
 * For each client and history only the latest sequence is kept: what comes faster than it can be sent is told
 * once, with the last number. Bounded by the number of subscriptions, whatever the workers say. Where there
 * are as many as there may be, who has few takes one from who has most: its newest, unsaid, since NEWS is a
 * hint. */
#ifndef COMITY_BROKER_NEWS_H
#define COMITY_BROKER_NEWS_H

#include "broker/peers.h"

/* One history of one group that somebody wants to hear of. */
struct topic {
    struct index_link by_name;
    uint8_t group[GROUP_ID_SIZE];
    uint8_t history[HISTORY_ID_SIZE];
    LIST_HEAD(, subscription) subscriptions;
};

struct subscription {
    LIST_ENTRY(subscription) in_client;
    LIST_ENTRY(subscription) in_topic;
    TAILQ_ENTRY(subscription) in_due;
    struct client *client;
    struct topic *topic;
    uint64_t sequence; /* the latest that was heard */
    bool is_due;       /* not told yet */
};

enum { NEWS_CLIENT_MAX = 4096 };

LIST_HEAD(news_level, client);

struct news {
    struct index topics;
    TAILQ_HEAD(, subscription) due;
    uint32_t due_count;
    uint32_t count;
    uint32_t limit;            /* subscriptions in all */
    uint32_t client_limit;     /* of one client; at most NEWS_CLIENT_MAX */
    struct news_level *levels; /* clients by how many they have */
    uint32_t most;             /* the highest level with somebody on it; 0: nobody has any */
};

int news_init(struct news *news, uint32_t limit, uint32_t client_limit);
void news_release(struct news *news); /* after every client was forgotten */

/* 0 (also where it is there already), ERR_LIMIT or ERR_MEMORY. Another client may lose one by it. */
int news_subscribe(struct news *news, struct client *client, const uint8_t group[GROUP_ID_SIZE],
                   const uint8_t history[HISTORY_ID_SIZE]);
void news_unsubscribe(struct news *news, struct client *client, const uint8_t group[GROUP_ID_SIZE],
                      const uint8_t history[HISTORY_ID_SIZE]);
void news_forget(struct news *news, struct client *client);

/* A history has reached @sequence: due for everybody who wants to hear of it. */
void news_reached(struct news *news, const uint8_t group[GROUP_ID_SIZE],
                  const uint8_t history[HISTORY_ID_SIZE], uint64_t sequence);

/* Take the one that waits longest, NULL for none; it is told now. Where that failed, news_put_back. */
struct subscription *news_take(struct news *news);
void news_put_back(struct news *news, struct subscription *subscription);

#endif
