/* The router under random traffic, from a seed, against a ledger kept independently: every request has
 * exactly one answer, to the one who asked, unless that one has left or a full connection lost it, which is
 * counted.
 *
 * COMITY_SEED chooses the first seed, COMITY_RUNS how many; COMITY_LONG=1 makes them many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/router.h"
#include "core/error.h"

enum {
    CLIENTS = 6,
    WORKERS = 3,
    GROUPS = 2,
    STEPS = 20000,
    REQUESTS_MAX = STEPS + 1,
    INBOX_MAX = 64,
    RUNS = 20,
    RUNS_LONG = 500,
};

/* What the ledger knows of one request. */
struct entry {
    unsigned client;
    unsigned life; /* which of the client's connections asked */
    unsigned answers;
    bool is_lost; /* a refusal to a client too many, whose connection was full */
};

/* A frame that has reached a worker. */
struct letter {
    uint64_t ticket;
    uint64_t request;
};

struct client_model {
    struct peer_id id;
    char key[PEER_KEY_DIGITS + 1];
    unsigned life;
    bool is_full, is_dead;
};

struct worker_model {
    struct peer_id id;
    char key[PEER_KEY_DIGITS + 1];
    unsigned life;
    struct letter inbox[INBOX_MAX];
    unsigned inbox_count;
    bool is_full, is_dead;
};

struct simulation {
    uint64_t random;
    int64_t now_ms;
    struct admission admission;
    struct router *router;
    struct actions out;
    struct client_model clients[CLIENTS];
    struct worker_model workers[WORKERS];
    struct entry ledger[REQUESTS_MAX];
    uint64_t requests;
    /* the frame that is being handled */
    uint8_t frame[FRAME_HEADER_SIZE];
};

static uint64_t draw(struct simulation *simulation, uint64_t below)
{
    /* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016 */
    simulation->random ^= simulation->random >> 12;
    simulation->random ^= simulation->random << 25;
    simulation->random ^= simulation->random >> 27;
    return (simulation->random * 2685821657736338717ull >> 16) % below;
}

static bool chance(struct simulation *simulation, unsigned in_thousand)
{
    return draw(simulation, 1000) < in_thousand;
}

/* A new connection: another routing id, the same key. */
static void reconnect(struct peer_id *id, unsigned side, unsigned index, unsigned *life)
{
    ++*life;
    *id = (struct peer_id){.size = 8};
    put_u32(id->bytes, side << 8 | index);
    put_u32(id->bytes + 4, *life);
}

static struct client_model *client_of_id(struct simulation *simulation, const struct peer_id *id)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (peer_id_equal(&simulation->clients[i].id, id))
            return &simulation->clients[i];
    }
    return NULL; /* of a connection that is gone */
}

static struct worker_model *worker_of_id(struct simulation *simulation, const struct peer_id *id)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        if (peer_id_equal(&simulation->workers[i].id, id))
            return &simulation->workers[i];
    }
    return NULL;
}

/* What a client is given. */
static void deliver(struct simulation *simulation, const struct client_model *client, const uint8_t *frame)
{
    struct frame_header header;
    struct bytes body;
    assert_int_equal(frame_read(BYTES(frame, FRAME_HEADER_SIZE), &header, &body), 0);
    if (header.type != FRAME_REPLY && header.type != FRAME_ERROR && header.type != FRAME_WELCOME)
        return;
    if (header.request == 0)
        return;
    assert_int_equal(header.route, 0);
    assert_true(header.request <= simulation->requests);
    struct entry *entry = &simulation->ledger[header.request];
    assert_int_equal(entry->client, client - simulation->clients);
    assert_int_equal(entry->life, client->life);
    entry->answers++;
    assert_int_equal(entry->answers, 1);
}

/* As the loop sends: 0, ERR_BUSY or ERR_UNREACHABLE. */
static int send_front(struct simulation *simulation, const struct peer_id *to, const uint8_t *frame)
{
    struct client_model *client = client_of_id(simulation, to);
    if (!client || client->is_dead)
        return ERR_UNREACHABLE;
    if (client->is_full)
        return ERR_BUSY;
    deliver(simulation, client, frame);
    return 0;
}

static int send_back(struct simulation *simulation, const struct peer_id *to, const uint8_t *frame)
{
    struct worker_model *worker = worker_of_id(simulation, to);
    struct frame_header header;
    struct bytes body;
    assert_int_equal(frame_read(BYTES(frame, FRAME_HEADER_SIZE), &header, &body), 0);
    if (!worker || worker->is_dead)
        return ERR_UNREACHABLE;
    if (worker->is_full)
        return ERR_BUSY;
    if (header.type == FRAME_REQUEST) {
        if (worker->inbox_count == INBOX_MAX)
            return ERR_BUSY;
        worker->inbox[worker->inbox_count++] = (struct letter){header.route, header.request};
    }
    return 0;
}

static void act(struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->out.count; i++) {
        struct action action = simulation->out.at[i];
        uint8_t frame[FRAME_HEADER_SIZE];
        if (action.kind == ACTION_NOTE || action.kind == ACTION_CUT)
            continue;
        if (action.kind == ACTION_SEND || action.kind == ACTION_STATUS)
            frame_header_write(&action.header, frame);
        else
            memcpy(frame, simulation->frame, sizeof(frame));
        if (action.kind == ACTION_FORWARD || action.kind == ACTION_RETURN)
            frame_set_route(frame, action.kind == ACTION_FORWARD ? action.ticket : 0);
        bool has_to_wait = action.client && action.client->outbox.count > 0 && !action.subscription;
        int error = has_to_wait                ? ERR_BUSY
                    : action.side == SIDE_BACK ? send_back(simulation, action.to, frame)
                                               : send_front(simulation, action.to, frame);
        if (error == 0)
            continue;
        if (error == ERR_BUSY && action.side == SIDE_FRONT && !action.subscription &&
            action.header.type != FRAME_HEARTBEAT &&
            router_keep(simulation->router, &action, BYTES(frame, sizeof(frame))) == 0)
            continue;
        if (action.side == SIDE_FRONT && !action.client && action.header.type == FRAME_ERROR)
            simulation->ledger[action.header.request].is_lost = true;
        router_failed(simulation->router, &action, error, &simulation->out);
    }
    simulation->out.count = 0;
}

static void give(struct simulation *simulation, enum side side, const struct peer_id *from, const char *key,
                 const struct frame_header *header)
{
    frame_header_write(header, simulation->frame);
    const struct router_input input = {
        .from = from, .key = key, .frame = BYTES(simulation->frame, FRAME_HEADER_SIZE)};
    if (side == SIDE_FRONT)
        router_front(simulation->router, &input, simulation->now_ms, &simulation->out);
    else
        router_back(simulation->router, &input, simulation->now_ms, &simulation->out);
    act(simulation);
}

static struct frame_header frame_make(struct simulation *simulation, uint8_t type)
{
    struct frame_header header = {.type = type, .history = {1}};
    header.group[0] = (uint8_t) (1 + draw(simulation, GROUPS));
    return header;
}

/* Everything that a client asked on its connection and is not answered will not be any more. */
static void client_leaves(struct simulation *simulation, unsigned index)
{
    struct client_model *client = &simulation->clients[index];
    reconnect(&client->id, 1, index, &client->life);
    client->is_full = client->is_dead = false;
}

static void client_step(struct simulation *simulation)
{
    unsigned index = (unsigned) draw(simulation, CLIENTS);
    struct client_model *client = &simulation->clients[index];
    if (client->is_dead) {
        if (chance(simulation, 200))
            client_leaves(simulation, index);
        return;
    }
    if (chance(simulation, 5)) {
        client->is_dead = true; /* its connection is gone; the broker finds out by sending */
        return;
    }
    if (chance(simulation, 20))
        client->is_full = !client->is_full;
    static const uint8_t TYPES[] = {FRAME_REQUEST, FRAME_REQUEST,   FRAME_REQUEST,  FRAME_REQUEST,
                                    FRAME_HELLO,   FRAME_SUBSCRIBE, FRAME_HEARTBEAT};
    struct frame_header header = frame_make(simulation, TYPES[draw(simulation, ARRAY_COUNT(TYPES))]);
    header.sequence = draw(simulation, 2);
    header.budget_ms = (uint32_t) (chance(simulation, 50) ? 0 : draw(simulation, 2000));
    if (header.type == FRAME_REQUEST || header.type == FRAME_HELLO) {
        header.type = FRAME_REQUEST;
        header.request = ++simulation->requests;
        simulation->ledger[header.request] = (struct entry){.client = index, .life = client->life};
    }
    give(simulation, SIDE_FRONT, &client->id, client->key, &header);
    if (chance(simulation, 3)) {
        struct frame_header bye = {.type = FRAME_BYE};
        give(simulation, SIDE_FRONT, &client->id, client->key, &bye);
        client_leaves(simulation, index);
    }
}

static void worker_answer(struct simulation *simulation, struct worker_model *worker)
{
    if (worker->inbox_count == 0)
        return;
    unsigned index = (unsigned) draw(simulation, worker->inbox_count);
    struct letter letter = worker->inbox[index];
    worker->inbox[index] = worker->inbox[--worker->inbox_count];
    struct frame_header header = frame_make(simulation, chance(simulation, 100) ? FRAME_ERROR : FRAME_REPLY);
    header.request = letter.request;
    header.route = letter.ticket;
    if (header.type == FRAME_ERROR)
        header.error = ERR_SEAL;
    if (chance(simulation, 50))
        return; /* it never answers */
    if (chance(simulation, 20)) {
        /* A worker that lies: another's ticket, another number. Then the truth, which still counts. */
        struct frame_header lie = header;
        lie.route =
            chance(simulation, 500) ? header.route + 1 + draw(simulation, 3) : draw(simulation, UINT64_MAX);
        give(simulation, SIDE_BACK, &worker->id, worker->key, &lie);
        struct worker_model *other = &simulation->workers[draw(simulation, WORKERS)];
        if (other != worker && !other->is_dead)
            give(simulation, SIDE_BACK, &other->id, other->key, &header);
        lie = header;
        lie.request++;
        give(simulation, SIDE_BACK, &worker->id, worker->key, &lie);
    }
    give(simulation, SIDE_BACK, &worker->id, worker->key, &header);
    if (chance(simulation, 50))
        give(simulation, SIDE_BACK, &worker->id, worker->key, &header); /* twice */
}

static void worker_step(struct simulation *simulation)
{
    unsigned index = (unsigned) draw(simulation, WORKERS);
    struct worker_model *worker = &simulation->workers[index];
    if (worker->is_dead || chance(simulation, 15)) {
        /* A new process, or a new connection of the old one, which has forgotten what it was asked. */
        if (!worker->is_dead && chance(simulation, 500)) {
            worker->is_dead = true;
            if (chance(simulation, 500))
                router_worker_gone(simulation->router, &worker->id, &simulation->out);
            act(simulation);
            return;
        }
        if (!chance(simulation, 200))
            return;
        reconnect(&worker->id, 2, index, &worker->life);
        worker->inbox_count = 0;
        worker->is_dead = worker->is_full = false;
    }
    if (chance(simulation, 10))
        worker->is_full = !worker->is_full;
    static const uint8_t TYPES[] = {FRAME_READY, FRAME_HEARTBEAT, FRAME_HEARTBEAT, FRAME_NEWS};
    for (unsigned i = 0; i < 4; i++)
        worker_answer(simulation, worker);
    struct frame_header header = frame_make(simulation, TYPES[draw(simulation, ARRAY_COUNT(TYPES))]);
    header.term = draw(simulation, 5);
    header.route = draw(simulation, 5);
    header.sequence = draw(simulation, 20) + draw(simulation, 5);
    if (chance(simulation, 10))
        header.type = chance(simulation, 500) ? FRAME_BYE : FRAME_DRAIN;
    give(simulation, SIDE_BACK, &worker->id, worker->key, &header);
}

/* As the loop does what is due. */
static void time_step(struct simulation *simulation, int64_t ms)
{
    simulation->now_ms += ms;
    if (simulation->now_ms >= router_due_ms(simulation->router))
        router_tick(simulation->router, simulation->now_ms, &simulation->out);
    act(simulation);
    uint32_t due = router_news_due(simulation->router);
    router_news(simulation->router, due, &simulation->out);
    act(simulation);
    struct client *client, *next;
    for (client = router_waiting(simulation->router); client; client = next) {
        next = TAILQ_NEXT(client, in_waiting);
        int error = 0;
        struct bytes frame;
        while (error == 0 && (frame = router_kept(client)).size > 0) {
            error = send_front(simulation, &client->id, frame.data);
            if (error == 0)
                router_kept_sent(simulation->router, client);
        }
        if (error == ERR_UNREACHABLE)
            router_client_gone(simulation->router, &client->id);
    }
}

static void check_sums(const struct simulation *simulation)
{
    uint32_t pending = 0;
    const struct worker *worker;
    LIST_FOREACH(worker, &router_workers(simulation->router)->list, in_workers)
    pending += worker->pending_count;
    assert_int_equal(pending, router_pending_count(simulation->router));
    assert_true(pending <= router_limits(simulation->router)->pending);
    assert_true(router_client_count(simulation->router) <= router_limits(simulation->router)->clients);
}

static void simulation_start(struct simulation *simulation, uint64_t seed)
{
    static const struct router_limits LIMITS = {
        .pending = 10,
        .client_pending = 20,
        .pending_bytes = 1 << 20,
        .share_bytes = 1 << 17,
        .worker_window = 15,
        .clients = 2 * CLIENTS,
        .subscriptions = 8,
        .client_subscriptions = 2,
        .budget_most_ms = 1500,
        .worker_silence_ms = 300,
        .client_silence_ms = 5000,
    };
    *simulation = (struct simulation){.random = seed * 2654435761u + 88172645463325252ull, .now_ms = 1000};
    simulation->admission.workers = calloc(WORKERS, sizeof(*simulation->admission.workers));
    simulation->admission.worker_count = WORKERS;
    for (unsigned i = 0; i < WORKERS; i++) {
        struct admission_worker *row = &simulation->admission.workers[i];
        snprintf(row->name, sizeof(row->name), "w%u", i);
        row->key[0] = (uint8_t) (i + 1);
        hex_encode(BYTES(row->key, KEY_SIZE), simulation->workers[i].key);
        reconnect(&simulation->workers[i].id, 2, i, &simulation->workers[i].life);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        uint8_t key[KEY_SIZE] = {100, (uint8_t) i};
        hex_encode(BYTES(key, KEY_SIZE), simulation->clients[i].key);
        reconnect(&simulation->clients[i].id, 1, i, &simulation->clients[i].life);
    }
    assert_int_equal(router_new(&LIMITS, &simulation->admission, seed, &simulation->router), 0);
}

static void simulation_end(struct simulation *simulation)
{
    actions_release(&simulation->out);
    router_destroy(&simulation->router);
    admission_release(&simulation->admission);
}

/* Everybody reads again, and time passes until nothing can be pending. */
static void settle(struct simulation *simulation)
{
    for (unsigned i = 0; i < CLIENTS; i++)
        simulation->clients[i].is_full = false;
    for (unsigned i = 0; i < 300; i++)
        time_step(simulation, 10);
    assert_int_equal(router_pending_count(simulation->router), 0);
    assert_null(router_waiting(simulation->router));
}

/* @seen: the counters over all runs. */
static void check_ledger(const struct simulation *simulation, uint64_t seed, struct router_counters *seen)
{
    uint64_t answered = 0, left = 0, lost = 0;
    for (uint64_t i = 1; i <= simulation->requests; i++) {
        const struct entry *entry = &simulation->ledger[i];
        const struct client_model *client = &simulation->clients[entry->client];
        bool has_left = entry->life != client->life || client->is_dead;
        if (entry->answers == 1)
            answered++;
        else if (has_left)
            left++;
        else if (entry->is_lost)
            lost++;
        else
            fail_msg("seed %llu: request %llu has no answer", (unsigned long long) seed,
                     (unsigned long long) i);
    }
    const struct router_counters *counters = router_counters(simulation->router);
    if (getenv("COMITY_VERBOSE"))
        print_message("seed %llu: %llu requests, %llu answered, %llu of clients that left, %llu lost; busy "
                      "%llu, no route "
                      "%llu, expired %llu, worker lost %llu, strays %llu, dropped %llu\n",
                      (unsigned long long) seed, (unsigned long long) simulation->requests,
                      (unsigned long long) answered, (unsigned long long) left, (unsigned long long) lost,
                      (unsigned long long) counters->busy, (unsigned long long) counters->no_route,
                      (unsigned long long) counters->expired, (unsigned long long) counters->lost,
                      (unsigned long long) counters->strays, (unsigned long long) counters->dropped);
    assert_true(lost <= counters->dropped);
    assert_true(lost < simulation->requests / 20);
    assert_true(answered > simulation->requests / 2);
    seen->busy += counters->busy;
    seen->no_route += counters->no_route;
    seen->expired += counters->expired;
    seen->lost += counters->lost;
    seen->strays += counters->strays;
    seen->replies += counters->replies;
}

static void test_every_request_has_one_answer(void **state)
{
    (void) state;
    static struct simulation simulation;
    struct router_counters seen = {0};
    const char *text = getenv("COMITY_SEED");
    const char *runs = getenv("COMITY_RUNS");
    uint64_t first = text ? strtoull(text, NULL, 10) : 1;
    const char *is_long = getenv("COMITY_LONG");
    uint64_t usual = is_long && strcmp(is_long, "1") == 0 ? RUNS_LONG : RUNS;
    uint64_t count = runs ? strtoull(runs, NULL, 10) : usual;
    print_message("seeds %llu to %llu\n", (unsigned long long) first,
                  (unsigned long long) (first + count - 1));
    for (uint64_t seed = first; seed < first + count; seed++) {
        simulation_start(&simulation, seed);
        for (unsigned step = 0; step < STEPS; step++) {
            switch (draw(&simulation, 6)) {
            case 0:
            case 1:
            case 2:
                worker_step(&simulation);
                break;
            case 3:
                time_step(&simulation, (int64_t) draw(&simulation, 12));
                break;
            default:
                client_step(&simulation);
                break;
            }
            check_sums(&simulation);
        }
        settle(&simulation);
        check_ledger(&simulation, seed, &seen);
        simulation_end(&simulation);
    }
    /* A simulation in which nothing happens proves nothing. */
    assert_true(seen.busy > count * 100 && seen.replies > count * 500 && seen.expired > count * 50);
    assert_true(seen.no_route > count && seen.lost > count * 10 && seen.strays > count * 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_request_has_one_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
