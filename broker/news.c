#include "broker/news.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/defence.h"
#include "core/error.h"

enum { TOPICS_EXPECTED_MAX = 65536 };

int news_init(struct news *news, uint32_t limit, uint32_t client_limit)
{
    *news = (struct news){.limit = limit, .client_limit = client_limit};
    TAILQ_INIT(&news->due);
    news->levels = calloc(NEWS_CLIENT_MAX + 1, sizeof(*news->levels)); /* zeros: empty lists */
    if (!news->levels)
        return ERR_MEMORY;
    return index_init(&news->topics, limit < TOPICS_EXPECTED_MAX ? limit : TOPICS_EXPECTED_MAX);
}

void news_release(struct news *news)
{
    assert(news->count == 0);
    free(news->levels);
    news->levels = NULL;
    index_release(&news->topics);
}

static uint64_t topic_hash(const struct news *news, const uint8_t group[GROUP_ID_SIZE],
                           const uint8_t history[HISTORY_ID_SIZE])
{
    uint8_t name[GROUP_ID_SIZE + HISTORY_ID_SIZE];
    memcpy(name, group, GROUP_ID_SIZE);
    memcpy(name + GROUP_ID_SIZE, history, HISTORY_ID_SIZE);
    return index_hash(&news->topics, BYTES(name, sizeof(name)));
}

static struct topic *topic_find(const struct news *news, uint64_t hash, const uint8_t group[GROUP_ID_SIZE],
                                const uint8_t history[HISTORY_ID_SIZE])
{
    for (struct index_link *link = index_first(&news->topics, hash); link; link = index_next(link)) {
        struct topic *topic = INDEX_THING(link, struct topic, by_name);
        if (memcmp(topic->group, group, GROUP_ID_SIZE) == 0 &&
            memcmp(topic->history, history, HISTORY_ID_SIZE) == 0)
            return topic;
    }
    return NULL;
}

static void topic_drop_if_empty(struct news *news, struct topic *topic)
{
    if (!LIST_EMPTY(&topic->subscriptions))
        return;
    index_remove(&news->topics, &topic->by_name);
    free(topic);
}

static struct subscription *subscription_find(const struct client *client, const struct topic *topic)
{
    struct subscription *subscription;
    LIST_FOREACH(subscription, &client->subscriptions, in_client)
    {
        if (subscription->topic == topic)
            return subscription;
    }
    return NULL;
}

/* It has so many now. */
static void set_count(struct news *news, struct client *client, uint32_t count)
{
    if (client->subscription_count > 0)
        LIST_REMOVE(client, in_level);
    client->subscription_count = count;
    if (count > 0)
        LIST_INSERT_HEAD(&news->levels[count], client, in_level);
    if (count > news->most)
        news->most = count;
    while (news->most > 0 && LIST_EMPTY(&news->levels[news->most]))
        news->most--;
}

static void subscription_end(struct news *news, struct subscription *subscription)
{
    if (subscription->is_due) {
        TAILQ_REMOVE(&news->due, subscription, in_due);
        news->due_count--;
    }
    LIST_REMOVE(subscription, in_client);
    LIST_REMOVE(subscription, in_topic);
    set_count(news, subscription->client, subscription->client->subscription_count - 1);
    news->count--;
    topic_drop_if_empty(news, subscription->topic);
    free(subscription);
}

/* Room for one more of @client's. Where all are taken, from who has most, as long as that is not to have
 * fewer than @client by it: nobody can take them all, and two do not take from each other by turns. */
static int make_room(struct news *news, const struct client *client)
{
    if (client->subscription_count >= news->client_limit)
        return ERR_LIMIT;
    while (news->count >= news->limit) { /* a new limit may be far below what there is */
        if (news->most < client->subscription_count + 2 || !DEFENCE(subscription_share))
            return ERR_LIMIT;
        const struct client *rich = LIST_FIRST(&news->levels[news->most]);
        subscription_end(news, LIST_FIRST(&rich->subscriptions));
    }
    return 0;
}

int news_subscribe(struct news *news, struct client *client, const uint8_t group[GROUP_ID_SIZE],
                   const uint8_t history[HISTORY_ID_SIZE])
{
    uint64_t hash = topic_hash(news, group, history);
    struct topic *topic = topic_find(news, hash, group, history);
    if (topic && subscription_find(client, topic))
        return 0;
    int error = make_room(news, client);
    if (error != 0)
        return error;
    topic = topic_find(news, hash, group, history); /* its last subscription may have made the room */
    struct subscription *subscription = calloc(1, sizeof(*subscription));
    struct topic *made = topic ? NULL : calloc(1, sizeof(*made));
    if (!subscription || (!topic && !made)) {
        free(subscription);
        free(made);
        return ERR_MEMORY;
    }
    if (made) {
        topic = made;
        memcpy(topic->group, group, GROUP_ID_SIZE);
        memcpy(topic->history, history, HISTORY_ID_SIZE);
        LIST_INIT(&topic->subscriptions);
        index_add(&news->topics, &topic->by_name, hash);
    }
    subscription->client = client;
    subscription->topic = topic;
    LIST_INSERT_HEAD(&topic->subscriptions, subscription, in_topic);
    LIST_INSERT_HEAD(&client->subscriptions, subscription, in_client);
    set_count(news, client, client->subscription_count + 1);
    news->count++;
    return 0;
}

void news_unsubscribe(struct news *news, struct client *client, const uint8_t group[GROUP_ID_SIZE],
                      const uint8_t history[HISTORY_ID_SIZE])
{
    struct topic *topic = topic_find(news, topic_hash(news, group, history), group, history);
    struct subscription *subscription = topic ? subscription_find(client, topic) : NULL;
    if (subscription)
        subscription_end(news, subscription);
}

void news_forget(struct news *news, struct client *client)
{
    struct subscription *subscription;
    while ((subscription = LIST_FIRST(&client->subscriptions)) != NULL)
        subscription_end(news, subscription);
}

static void make_due(struct news *news, struct subscription *subscription)
{
    if (subscription->is_due)
        return;
    subscription->is_due = true;
    TAILQ_INSERT_TAIL(&news->due, subscription, in_due);
    news->due_count++;
}

void news_reached(struct news *news, const uint8_t group[GROUP_ID_SIZE],
                  const uint8_t history[HISTORY_ID_SIZE], uint64_t sequence)
{
    struct topic *topic = topic_find(news, topic_hash(news, group, history), group, history);
    if (!topic)
        return;
    struct subscription *subscription;
    LIST_FOREACH(subscription, &topic->subscriptions, in_topic)
    {
        /* Not told yet: the highest. Else the latest word, for a history may go back after a restore. */
        if (!subscription->is_due || sequence > subscription->sequence)
            subscription->sequence = sequence;
        make_due(news, subscription);
    }
}

struct subscription *news_take(struct news *news)
{
    struct subscription *subscription = TAILQ_FIRST(&news->due);
    if (!subscription)
        return NULL;
    TAILQ_REMOVE(&news->due, subscription, in_due);
    news->due_count--;
    subscription->is_due = false;
    return subscription;
}

void news_put_back(struct news *news, struct subscription *subscription)
{
    make_due(news, subscription);
}
