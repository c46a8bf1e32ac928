#include "client/lib/client.h"
#include "core/error.h"

static void tell(struct comity *client, struct history *history, uint64_t sequence)
{
    struct subscription *subscription = &history->subscription;
    subscription->told = sequence;
    if (!subscription->is_call_queued)
        subscription->is_call_queued = client_call_news(client, history);
}

/* NEWS proves nothing: a broker may name any number. So a later and lower one is told as well, and only what
 * a worker has said, sealed, keeps an earlier one from being told. */
void news_heard(struct comity *client, const uint8_t *id, uint64_t sequence)
{
    struct history *history = history_find(client, id);
    if (history == NULL || history->subscription.news == NULL)
        return;
    if (sequence > history->subscription.confirmed && sequence != history->subscription.told)
        tell(client, history, sequence);
}

static void subscribe_send(struct comity *client, struct link *link, const struct history *history)
{
    link_send_plain(client, link, FRAME_SUBSCRIBE, history->id, history->subscription.news != NULL ? 1 : 0);
}

/* A new connection has no subscriptions. */
void news_link_up(struct comity *client, struct link *link)
{
    for (size_t i = 0; i < client->history_count; i++)
        if (client->histories[i]->subscription.news != NULL)
            subscribe_send(client, link, client->histories[i]);
}

/* Something may have gone by while there was no connection. */
void news_poll_soon(struct comity *client)
{
    for (size_t i = 0; i < client->history_count; i++)
        client->histories[i]->subscription.poll_ms = client->now_ms;
}

static void polled(struct comity *client, const struct comity_request *request, struct comity_result *result)
{
    struct history *history = history_find(client, request->claim.history);
    if (history == NULL)
        return;
    struct subscription *subscription = &history->subscription;
    subscription->is_polling = false;
    if (result->verdict != COMITY_ANSWERED)
        return;
    client_event(client, &(struct comity_event){.kind = COMITY_EVENT_IN_TOUCH,
                                                .history = history->id,
                                                .sequence = result->sequence,
                                                .epoch = result->epoch});
    bool is_new_epoch = subscription->epoch != 0 && result->epoch > subscription->epoch;
    subscription->epoch = result->epoch;
    if (is_new_epoch) { /* it went back: what was told before is no measure any more */
        subscription->confirmed = result->sequence;
        if (subscription->news != NULL)
            tell(client, history, result->sequence);
        return;
    }
    if (result->sequence <= subscription->confirmed)
        return;
    subscription->confirmed = result->sequence;
    if (subscription->news != NULL && subscription->told != result->sequence)
        tell(client, history, result->sequence);
}

/* The cheapest question whose answer says how far the history has come, or that a restore took it back. */
static void poll_send(struct comity *client, struct history *history)
{
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    query.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, history->id};
    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &whoami;
    query.floor = 1;
    int64_t deadline_ms = client->poll_ms > client->attempt_ms ? client->poll_ms : client->attempt_ms;
    history->subscription.is_polling =
        request_query(client, &query, deadline_ms, polled, NULL, NULL, NULL) == 0;
}

/* A SUBSCRIBE that a broker had no room for may not be heard of again: say it with every poll. */
static void history_run(struct comity *client, struct history *history)
{
    struct subscription *subscription = &history->subscription;
    bool is_poll_due = subscription->news != NULL && client->now_ms >= subscription->poll_ms;
    if (subscription->is_due || is_poll_due)
        for (size_t i = 0; i < client->link_count; i++)
            if (client->links[i].state >= LINK_CONNECTED)
                subscribe_send(client, &client->links[i], history);
    subscription->is_due = false;
    if (subscription->news == NULL)
        return;
    if (is_poll_due)
        subscription->poll_ms = client->now_ms + client->poll_ms;
    if (is_poll_due && history->is_reader && !history->is_witness && !subscription->is_polling)
        poll_send(client, history);
    client_wake_at(client, subscription->poll_ms);
}

void news_run(struct comity *client)
{
    for (size_t i = 0; i < client->history_count; i++)
        history_run(client, client->histories[i]);
}

static int subscription_set(struct comity *client, const uint8_t *id, const struct subscription *subscription)
{
    pthread_mutex_lock(&client->lock);
    struct history *history = history_ensure(client, id);
    if (history != NULL) {
        bool is_call_queued = history->subscription.is_call_queued;
        bool is_polling = history->subscription.is_polling;
        history->subscription = *subscription;
        history->subscription.epoch = history->epoch;
        history->subscription.is_due = true;
        history->subscription.is_call_queued = is_call_queued;
        history->subscription.is_polling = is_polling;
    }
    pthread_mutex_unlock(&client->lock);
    client_wake(client);
    return history == NULL ? ERR_MEMORY : 0;
}

int comity_subscribe(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE], uint64_t from,
                     comity_news_fn *news, void *context)
{
    struct subscription subscription = {.news = news, .context = context, .told = from, .confirmed = from};
    return subscription_set(client, history, &subscription);
}

void comity_unsubscribe(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE])
{
    struct subscription none = {0};
    pthread_mutex_lock(&client->lock);
    bool is_known = history_find(client, history) != NULL;
    pthread_mutex_unlock(&client->lock);
    if (is_known)
        subscription_set(client, history, &none);
}
