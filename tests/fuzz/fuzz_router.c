/* The broker's router under any sequence of frames, failures and times. No request is answered twice, or to
 * somebody else, and none is forgotten.
 *
 * Input: operations, each u8: which (see OPERATIONS) and its own bytes. */
#include <stdio.h>

#include "broker/router.h"
#include "core/error.h"
#include "tests/fuzz/fuzz.h"

enum { PEERS = 6, KEYS = 4, NO_KEY = KEYS + 1, OPERATIONS_MAX = 500, OWED_MAX = 64 };
enum { FRAME_MAX = FRAME_HEADER_SIZE + 300 };

/* A request that was passed to a worker. */
struct owed {
    uint64_t ticket;
    uint64_t request;
    uint8_t client; /* the first byte of its routing id */
    bool is_gone;   /* the client is */
};

struct run {
    struct fuzz_input input;
    struct router *router;
    struct admission admissions[2];
    struct admission_worker workers[2][KEYS];
    uint8_t operators[1][KEY_SIZE];
    char keys[KEYS + 2][2 * KEY_SIZE + 1];
    struct actions actions;
    struct owed owed[OWED_MAX];
    size_t owed_count;
    int64_t now_ms;
    unsigned trouble; /* how many of the next actions cannot be carried out */
    int trouble_error;
    size_t last_key[PEERS]; /* that was the last under this routing id */
    uint64_t requests;      /* made so far: each has a number of its own */
    uint8_t from;           /* whose frame this is */
    uint8_t frame[FRAME_MAX];
    size_t frame_size;
    struct frame_header header;
};

static const struct router_limits LIMITS = {
    .pending = 12,
    .client_pending = 4,
    .pending_bytes = 1 << 20,
    .share_bytes = 1 << 17,
    .worker_window = 5,
    .clients = 5,
    .subscriptions = 9,
    .client_subscriptions = 3,
    .budget_most_ms = 5000,
    .worker_silence_ms = 5000,
    .client_silence_ms = 8000,
};

static struct peer_id peer(uint64_t number)
{
    return (struct peer_id){.size = 2, .bytes = {(uint8_t) (1 + number % PEERS), 9}};
}

static void client_gone(struct run *run, uint8_t client)
{
    for (size_t i = 0; i < run->owed_count; i++)
        if (run->owed[i].client == client)
            run->owed[i].is_gone = true;
}

static void owed_remove(struct run *run, size_t index)
{
    run->owed[index] = run->owed[--run->owed_count];
}

/* What is pending is what the model has, and nothing grows past its limit. */
static void check_counts(struct run *run)
{
    FUZZ_NEED(router_pending_count(run->router) <= LIMITS.pending);
    FUZZ_NEED(router_client_count(run->router) <= LIMITS.clients);
    FUZZ_NEED(router_subscription_count(run->router) <= LIMITS.subscriptions);
    size_t alive = 0;
    for (size_t i = 0; i < run->owed_count; i++)
        alive += !run->owed[i].is_gone;
    FUZZ_NEED(alive <= router_pending_count(run->router));
}

/* An answer to a request that was taken. */
static void answered(struct run *run, const struct action *action)
{
    uint64_t request = action->kind == ACTION_RETURN ? run->header.request : action->header.request;

    for (size_t i = 0; i < run->owed_count; i++) {
        const struct owed *owed = &run->owed[i];
        bool is_it = owed->request == request && owed->client == action->to->bytes[0];
        if (is_it && (action->kind != ACTION_RETURN || owed->ticket == run->header.route)) {
            owed_remove(run, i);
            return;
        }
    }
    FUZZ_NEED(action->client->is_gone);
}

static void forwarded(struct run *run, const struct action *action)
{
    for (size_t i = run->owed_count; i > 0 && run->owed_count == OWED_MAX; i--)
        if (run->owed[i - 1].is_gone)
            owed_remove(run, i - 1);
    FUZZ_NEED(run->owed_count < OWED_MAX);
    FUZZ_NEED(action->side == SIDE_BACK && action->ticket != 0);
    for (size_t i = 0; i < run->owed_count; i++)
        FUZZ_NEED(run->owed[i].ticket != action->ticket);
    run->owed[run->owed_count++] =
        (struct owed){.ticket = action->ticket, .request = run->header.request, .client = run->from};
}

/* As broker/loop_act.c does with what libzmq does not take. */
static void failed(struct run *run, const struct action *action)
{
    bool is_front = action->side == SIDE_FRONT;
    bool may_be_kept = run->trouble_error == ERR_BUSY && is_front && !action->subscription &&
                       action->header.type != FRAME_HEARTBEAT;

    if (may_be_kept) {
        int code = router_keep(run->router, action, BYTES(run->frame, FRAME_HEADER_SIZE));
        FUZZ_NEED(code == 0 || !action->is_owed || action->client == NULL || action->client->is_gone);
        if (code == 0)
            return;
    }
    if (is_front && run->trouble_error == ERR_UNREACHABLE && !(action->client && action->client->is_gone))
        client_gone(run, action->to->bytes[0]);
    router_failed(run->router, action, run->trouble_error, &run->actions);
}

static void carry_out(struct run *run)
{
    for (size_t i = 0; i < run->actions.count; i++) {
        struct action action = run->actions.at[i];
        if (action.kind == ACTION_NOTE) {
            FUZZ_NEED(note_name(action.note) != NULL && name_is_valid(action.worker));
            continue;
        }
        if (action.kind == ACTION_CUT)
            continue;
        FUZZ_NEED(action.to != NULL && action.to->size == 2 && action.to->bytes[1] == 9);
        if (action.kind == ACTION_FORWARD)
            forwarded(run, &action);
        if (action.is_owed)
            answered(run, &action);
        if (run->trouble > 0) {
            run->trouble--;
            failed(run, &action);
        }
    }
    run->actions.count = 0;
    run->trouble = 0;
}

/* A frame of the input's own making: raw bytes, or a header with small numbers that mean something here. */
static void frame_take(struct run *run)
{
    struct fuzz_input *input = &run->input;
    uint8_t how = (uint8_t) fuzz_number(input, 1);
    struct frame_header *header = &run->header;
    struct bytes body;

    memset(run->frame, 0, sizeof(run->frame));
    if (how == 255) {
        body = fuzz_piece(input);
        run->frame_size = body.size < FRAME_MAX ? body.size : FRAME_MAX;
        if (run->frame_size > 0)
            memcpy(run->frame, body.data, run->frame_size);
        if (frame_read(BYTES(run->frame, run->frame_size), header, &body) != 0)
            *header = (struct frame_header){0};
        return;
    }
    int flags = (how & 16 ? FRAME_FLAG_BROKER : 0) | (how & 32 ? FRAME_FLAG_LEAVE : 0);
    *header = (struct frame_header){.type = how % 16, .flags = (uint16_t) flags};
    header->request = fuzz_number(input, 1);
    header->group[0] = (uint8_t) (fuzz_number(input, 1) % 4);
    header->history[0] = (uint8_t) (fuzz_number(input, 1) % 4);
    header->sequence = fuzz_number(input, 1) % 8;
    header->budget_ms = (uint32_t) fuzz_number(input, 1) * 100;
    header->term = fuzz_number(input, 1) % 4;
    frame_header_write(header, run->frame);
    run->frame_size = FRAME_HEADER_SIZE;
}

static void front(struct run *run)
{
    uint64_t who = fuzz_number(&run->input, 1);
    struct peer_id from = peer(who);
    size_t key = who / PEERS % (KEYS + 2);
    size_t *last_key = &run->last_key[from.bytes[0] - 1];

    run->from = from.bytes[0];
    frame_take(run);
    if (run->header.request != 0) {
        run->header.request = ++run->requests;
        put_u64(run->frame + 8, run->header.request);
    }
    if (key != NO_KEY) {
        if (*last_key != key || run->header.type == FRAME_BYE)
            client_gone(run, run->from);
        *last_key = key;
    }
    struct router_input input = {
        .from = &from, .key = run->keys[key], .frame = BYTES(run->frame, run->frame_size)};
    router_front(run->router, &input, run->now_ms, &run->actions);
    carry_out(run);
}

static void back(struct run *run)
{
    uint64_t who = fuzz_number(&run->input, 1);
    struct peer_id from = peer(who);
    size_t key = who / PEERS % (KEYS + 2);

    frame_take(run);
    if (run->owed_count > 0 && run->frame_size == FRAME_HEADER_SIZE) {
        /* Mostly an answer to something. */
        const struct owed *owed = &run->owed[fuzz_number(&run->input, 1) % run->owed_count];
        run->header.route = owed->ticket;
        if (run->header.request != 0)
            run->header.request = owed->request;
        frame_header_write(&run->header, run->frame);
    }
    struct router_input input = {
        .from = &from, .key = run->keys[key], .frame = BYTES(run->frame, run->frame_size)};
    router_back(run->router, &input, run->now_ms, &run->actions);
    carry_out(run);
    /* What a client that is gone waited for leaves the table in silence. */
    for (size_t i = run->owed_count; i > 0; i--)
        if (run->owed[i - 1].is_gone && run->owed[i - 1].ticket == run->header.route)
            owed_remove(run, i - 1);
}

static void tick(struct run *run)
{
    run->now_ms += (int64_t) fuzz_number(&run->input, 1) * 50;
    FUZZ_NEED(router_due_ms(run->router) >= 0);
    router_tick(run->router, run->now_ms, &run->actions);
    carry_out(run);
}

static void news(struct run *run)
{
    router_news(run->router, 3, &run->actions);
    carry_out(run);
}

static void trouble(struct run *run)
{
    uint64_t what = fuzz_number(&run->input, 1);

    run->trouble = 1 + (unsigned) what % 4;
    run->trouble_error = what / 4 % 2 == 0 ? ERR_BUSY : ERR_UNREACHABLE;
}

static void peer_gone(struct run *run)
{
    uint64_t what = fuzz_number(&run->input, 1);
    struct peer_id id = peer(what / 2);

    if (what % 2 == 0) {
        client_gone(run, id.bytes[0]);
        router_client_gone(run->router, &id);
    } else {
        router_worker_gone(run->router, &id, &run->actions);
    }
    carry_out(run);
}

static void drain_outboxes(struct run *run)
{
    struct client *client = router_waiting(run->router);

    for (; client != NULL; client = router_waiting(run->router)) {
        FUZZ_NEED(router_kept(client).size == FRAME_HEADER_SIZE);
        router_kept_sent(run->router, client);
    }
}

static void configure(struct run *run)
{
    const struct admission *admission = &run->admissions[fuzz_number(&run->input, 1) % 2];

    FUZZ_NEED(router_configure(run->router, &LIMITS, admission, &run->actions) == 0);
    carry_out(run);
}

static void probe(struct run *run)
{
    router_probe(run->router, &run->actions);
    carry_out(run);
}

static void forgive(struct run *run)
{
    router_forgive(run->router, (int64_t) fuzz_number(&run->input, 1) * 100);
    router_garbage(run->router);
}

static void (*const OPERATIONS[])(struct run *) = {
    front, front, front,   front,     back,           back,      back,  back,
    tick,  news,  trouble, peer_gone, drain_outboxes, configure, probe, forgive,
};

static void key_name(char text[2 * KEY_SIZE + 1], uint8_t number)
{
    uint8_t key[KEY_SIZE] = {number, 1};

    hex_encode(BYTES(key, KEY_SIZE), text);
}

/* One group for the first worker, any for the others; the second admission lacks a worker and an operator. */
static void admissions_make(struct run *run)
{
    static uint8_t group[1][GROUP_ID_SIZE] = {{1}};

    for (size_t a = 0; a < 2; a++) {
        for (size_t i = 0; i < KEYS; i++) {
            struct admission_worker *worker = &run->workers[a][i];
            snprintf(worker->name, sizeof(worker->name), "worker-%zu", i);
            worker->key[0] = (uint8_t) i;
            worker->key[1] = 1;
            worker->groups = i == 0 ? group : NULL;
            worker->group_count = i == 0 ? 1 : 0;
        }
        run->admissions[a] = (struct admission){.workers = run->workers[a],
                                                .worker_count = KEYS - a,
                                                .operators = run->operators,
                                                .operator_count = 1 - a,
                                                .connection_limit = 10};
    }
    for (uint8_t i = 0; i < KEYS + 2; i++)
        key_name(run->keys[i], i);
    FUZZ_NEED(hex_decode(run->keys[KEYS], run->operators[0], KEY_SIZE) == 0);
    run->keys[NO_KEY][1] = '\0';
}

/* At the end everybody who still waits gets an answer. */
static void end(struct run *run)
{
    router_stop(run->router);
    router_abandon(run->router, &run->actions);
    carry_out(run);
    FUZZ_NEED(router_pending_count(run->router) == 0);
    for (size_t i = 0; i < run->owed_count; i++)
        FUZZ_NEED(run->owed[i].is_gone);
    const struct router_counters *counters = router_counters(run->router);
    if (counters->replies > 0)
        fuzz_accept();
    router_destroy(&run->router);
    actions_release(&run->actions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run run;

    memset(&run, 0, sizeof(run));
    run.input = (struct fuzz_input){.at = data, .left = size, .arena = fuzz_arena(ARENA_LIMIT_DEFAULT)};
    run.now_ms = 1000;
    admissions_make(&run);
    FUZZ_NEED(router_new(&LIMITS, &run.admissions[0], fuzz_number(&run.input, 2), &run.router) == 0);
    for (unsigned i = 0; i < OPERATIONS_MAX && run.input.left > 0; i++) {
        OPERATIONS[fuzz_number(&run.input, 1) % ARRAY_COUNT(OPERATIONS)](&run);
        check_counts(&run);
    }
    end(&run);
    return 0;
}
