#include "broker/router_inside.h"

#include "broker/defence.h"
#include "broker/outbox.h"
#include "core/error.h"

static const uint8_t NO_HISTORY[HISTORY_ID_SIZE];

enum { SHARE = 2, BYTES_OF_ONE = 4096, REFUSED_FACTOR = 4 };

/* More than a client has under way, all of which can be refused at once. */
enum { REFUSED_LEAST = 2048 };

void client_end(struct router *router, struct client *client)
{
    struct pending *pending;
    while ((pending = TAILQ_FIRST(&client->pending)) != NULL)
        pending_orphan(pending);
    news_forget(&router->news, client);
    router->counters.dropped += outbox_clear(&router->clients, client);
    clients_forget(&router->clients, client);
}

/* The client of this turn, made where it is not known yet. NULL where there are too many. */
static struct client *client_of(struct turn *turn)
{
    if (!turn->client)
        turn->client = clients_add(&turn->router->clients, turn->input->from, turn->input->key, turn->now_ms);
    if (turn->client)
        clients_connect(&turn->router->clients, turn->client, turn->input->connection);
    return turn->client;
}

static void front_status(struct turn *turn)
{
    uint8_t key[KEY_SIZE];
    bool is_operator = hex_decode(turn->input->key, key, sizeof(key)) == 0 &&
                       admission_is_operator(turn->router->admission, key);
    if (!is_operator) {
        turn_refuse(turn, SIDE_FRONT, ERR_FORBIDDEN);
        return;
    }
    client_of(turn);
    struct action *action = action_add(turn->router, turn->out, ACTION_STATUS);
    action->side = SIDE_FRONT;
    action->to = turn->client ? &turn->client->id : turn->input->from;
    action->connection = turn->input->connection;
    action->client = turn->client;
    action->header = (struct frame_header){
        .type = FRAME_REPLY, .request = turn->header.request, .attempt = turn->header.attempt};
}

/* Nobody fills a worker's window alone: a client may have pending twice what is left of it. So one that asks without end
 * gets two thirds, two of them two fifths each, and there is always something left for who asks little. The same goes
 * for bytes, of which what is before an honest request is what it waits for. */
static bool has_share(const struct router *router, const struct client *client, const struct worker *worker)
{
    uint64_t most = router->limits.share_bytes;
    uint32_t left = worker->window - worker->pending_count;
    uint64_t bytes_left = most > worker->pending_size ? most - worker->pending_size : 0;
    return !DEFENCE(share) || (client->pending_count <= SHARE * left && client->pending_size <= SHARE * bytes_left);
}

/* Where a request goes: 0 and its worker, or why it goes nowhere. */
static int route(struct turn *turn, struct worker **ret_worker)
{
    struct router *router = turn->router;
    if (router->is_stopping)
        return ERR_DRAINING;
    const struct client *client = client_of(turn);
    if (!client)
        return ERR_BUSY;
    if (turn->header.budget_ms == 0)
        return ERR_EXPIRED;
    /* Answers that it has not taken yet count too: so there is room for every answer that is owed. */
    if (client->pending_count + client->outbox.count >= router->limits.client_pending ||
        client->pending_size >= router->limits.pending_bytes / 4 ||
        client->outbox.size >= OUTBOX_CLIENT_BYTES / 2)
        return ERR_BUSY;
    struct worker *worker = NULL;
    int code = workers_route(&router->workers, turn->header.group, &worker);
    if (code == 0 && !has_share(router, client, worker))
        return ERR_BUSY;
    *ret_worker = worker;
    return code;
}

static void front_request(struct turn *turn)
{
    struct router *router = turn->router;
    const struct frame_header *header = &turn->header;
    bool is_for_broker = (header->flags & FRAME_FLAG_BROKER) != 0;
    if (header->request == 0 || (is_for_broker && header->type != FRAME_REQUEST)) {
        turn_refuse_malformed(turn, SIDE_FRONT);
        return;
    }
    router->counters.requests++;
    if (is_for_broker) {
        front_status(turn);
        return;
    }
    struct worker *worker = NULL;
    int error = route(turn, &worker);
    if (error != 0) {
        turn_refuse(turn, SIDE_FRONT, error);
        return;
    }
    uint32_t budget_ms =
        header->budget_ms < router->limits.budget_most_ms ? header->budget_ms : router->limits.budget_most_ms;
    struct pending *pending = pending_add(&router->pending, turn->client, worker, header,
                                          (uint32_t) turn->input->frame.size, turn->now_ms + budget_ms);
    if (!pending) {
        turn_refuse(turn, SIDE_FRONT, ERR_BUSY);
        return;
    }
    action_to_worker(router, turn->out, ACTION_FORWARD, worker)->ticket = pending->ticket;
}

static void front_heartbeat(struct turn *turn)
{
    /* Nothing is owed to whoever says no more than this: it takes no place in the table. */
    if (!DEFENCE(heartbeat_alone))
        client_of(turn);
    struct frame_header header = {.type = FRAME_HEARTBEAT, .request = turn->header.request};
    turn_send(turn, SIDE_FRONT, &header);
}

static void front_subscribe(struct turn *turn)
{
    struct router *router = turn->router;
    const struct frame_header *header = &turn->header;
    if (header->sequence > 1 || memcmp(header->history, NO_HISTORY, sizeof(NO_HISTORY)) == 0) {
        turn_refuse_malformed(turn, SIDE_FRONT);
        return;
    }
    struct client *client = client_of(turn);
    int error = ERR_BUSY;
    if (client && header->sequence == 0) {
        news_unsubscribe(&router->news, client, header->group, header->history);
        error = 0;
    } else if (client) {
        error = news_subscribe(&router->news, client, header->group, header->history);
    }
    if (error != 0)
        turn_refuse(turn, SIDE_FRONT, error);
}

static void front_bye(struct turn *turn)
{
    if (turn->client)
        client_end(turn->router, turn->client);
    turn->client = NULL;
}

/* Rates. Who sends more than its key may is told when its turn is: later by each that was refused before, so that whoever
 * heeds it is served one after the other, and is never cut, however much it has to send. Who does not heed it has many
 * refused in a short time, and is cut. docs/operations.md, "Rates of frames". */

void router_rates(const struct router_limits *limits, struct rate_limit ret_rates[RATES])
{
    for (size_t i = 0; i < FRAME_RATES; i++) {
        const struct rate_limit limit = limits->rates[i];
        ret_rates[i] = limit;
        const unsigned refused = REFUSED_FACTOR * limit.at_once;
        ret_rates[FRAME_RATES + i] =
            (struct rate_limit){limit.per_minute, refused > REFUSED_LEAST ? refused : REFUSED_LEAST};
    }
}

/* Refuse the frame of this turn, or cut its connection. Whether the frame goes on nevertheless. */
static bool hold_back(struct turn *turn, unsigned rate, const uint8_t *key, unsigned cost, uint32_t wait_ms)
{
    struct rates *rates = turn->router->rates;
    const unsigned refused = FRAME_RATES + rate;
    turn->router->counters.too_fast++;
    if (DEFENCE(flood_cut) && rates_wait_ms(rates, refused, key, turn->now_ms) > 0) {
        struct action *action = action_add(turn->router, turn->out, ACTION_CUT);
        action->to = turn->input->from;
        action->connection = turn->input->connection;
        action->cut = CUT_FLOODS;
        return false;
    }
    const uint32_t before_ms = DEFENCE(turns) ? rates_full_ms(rates, refused, key, turn->now_ms) : 0;
    rates_spend(rates, refused, key, cost, turn->now_ms);
    /* A client that waits goes on saying that it is there, and may leave. */
    if (turn->header.type == FRAME_HEARTBEAT || turn->header.type == FRAME_BYE)
        return true;
    if (turn->header.request != 0 || turn->header.type == FRAME_SUBSCRIBE)
        turn_put_off(turn, before_ms < UINT32_MAX - wait_ms ? wait_ms + before_ms : UINT32_MAX);
    return false;
}

/* Keys are free, addresses are not: those of an address that nobody knows have one limit together. */
static bool is_of_many(const struct turn *turn, unsigned rate, uint8_t ret_key[KEY_SIZE])
{
    if (rate != RATE_STRANGER || !turn->input->address || !DEFENCE(address_frames))
        return false;
    address_as_key(turn->input->address, ret_key);
    return true;
}

/* Whether the frame of this turn may go on. */
static bool take_time(struct turn *turn)
{
    struct rates *rates = turn->router->rates;
    const unsigned rate = turn->client && turn->client->has_leave ? RATE_CLIENT : RATE_STRANGER;
    const unsigned cost = 1 + (unsigned) (turn->input->frame.size / BYTES_OF_ONE);
    uint8_t key[KEY_SIZE] = {0}, place[KEY_SIZE];
    hex_decode(turn->input->key, key, sizeof(key));
    const bool is_counted_twice = is_of_many(turn, rate, place);
    const uint32_t own_ms = rates_wait_ms(rates, rate, key, turn->now_ms);
    const uint32_t many_ms = is_counted_twice ? rates_wait_ms(rates, RATE_ADDRESS, place, turn->now_ms) : 0;
    const bool is_own = own_ms > 0 || !DEFENCE(address_turns);
    if ((own_ms > 0 || many_ms > 0) && DEFENCE(frame_rate))
        return hold_back(turn, is_own ? rate : RATE_ADDRESS, is_own ? key : place, cost, own_ms > 0 ? own_ms : many_ms);
    rates_spend(rates, rate, key, cost, turn->now_ms);
    if (is_counted_twice)
        rates_spend(rates, RATE_ADDRESS, place, cost, turn->now_ms);
    return true;
}

/* What a client may send. */
static turn_fn *const FRONT[FRAME_BYE + 1] = {
    [FRAME_HELLO] = front_request,       [FRAME_REQUEST] = front_request, [FRAME_HEARTBEAT] = front_heartbeat,
    [FRAME_SUBSCRIBE] = front_subscribe, [FRAME_BYE] = front_bye,
};

void router_front(struct router *router, const struct router_input *input, int64_t now_ms,
                  struct actions *out)
{
    struct turn turn = {.router = router, .input = input, .now_ms = now_ms, .out = out};
    struct bytes body;
    clients_collect(&router->clients);
    if (!turn_has_key(&turn)) {
        router_garbage(router);
        return;
    }
    turn.client = clients_find(&router->clients, input->from);
    if (turn.client && strcmp(turn.client->key, input->key) != 0) {
        /* The connection of that name is gone, and another key has taken the name. */
        client_end(router, turn.client);
        turn.client = NULL;
    }
    if (turn.client) {
        clients_connect(&router->clients, turn.client, input->connection);
        clients_heard(&router->clients, turn.client, now_ms);
    }
    int error = frame_read(input->frame, &turn.header, &body);
    const bool is_in_time = take_time(&turn);
    if (is_in_time && error != 0)
        turn_refuse_unreadable(&turn, SIDE_FRONT, error);
    else if (is_in_time && !FRONT[turn.header.type])
        turn_refuse_malformed(&turn, SIDE_FRONT);
    else if (is_in_time)
        FRONT[turn.header.type](&turn);
    if (turn.client && input->is_gone)
        client_end(router, turn.client);
}
