/* What a worker and a broker say to a client, in any order: both may say anything, and the worker has the group's key.
 *
 * Input: piece: a draft | 32 bytes: the history's log key, pinned | 1 byte: odd: with a journal | operations until the end:
 *   1 byte which (see OPERATIONS) | 1 byte: which request, 0 the latest | piece: a body, a frame or a number */
#include <stdlib.h>
#include <zmq.h>

#include "client/lib/client.h"
#include "core/error.h"
#include "tests/fuzz/fuzz.h"

enum { HEARD_MAX = 8, OPERATIONS_MAX = 64, REQUESTS_MAX = 16, FRAME_ROOM = FRAME_HEADER_SIZE + FRAME_BODY_MAX_BYTES };

struct run {
    struct arena *arena;
    struct comity *client;
    struct comity_draft *draft;
    void *peer; /* what the client takes for its broker */
    struct connection_key group;
    struct seal_session seal;
    struct frame_header heard[HEARD_MAX]; /* requests, the latest first */
    size_t heard_count;
    struct frame_header hello;
    unsigned asked, ended;
    bool is_forked;
};

/* ---- What has to hold of everything that the client says ---- */

static bool is_proven(const struct run *run, const struct comity_result *result)
{
    const struct history *history = history_find(run->client, result->history);
    struct comity_pin pin;

    memcpy(pin.history, result->history, HISTORY_ID_SIZE);
    for (size_t i = 0; history != NULL && i < history->pin_count; i++) {
        memcpy(pin.log_key, history->pins[i], KEY_SIZE);
        if (comity_receipt_check(run->draft, result->receipt, result->receipt_size, &pin, 1, NULL) == 0)
            return true;
    }
    return false;
}

static void done(struct comity_result *result, void *context)
{
    struct run *run = context;

    run->ended++;
    FUZZ_NEED(run->ended <= run->asked);
    FUZZ_NEED((result->verdict == COMITY_RECORDED || result->verdict == COMITY_ANSWERED) == (result->fault.code == 0));
    FUZZ_NEED(result->fault.code <= 0 && memchr(result->fault.field, '\0', sizeof(result->fault.field)) != NULL);
    if (result->verdict == COMITY_RECORDED) {
        fuzz_accept();
        FUZZ_NEED(!run->is_forked && result->sequence > 0 && result->events > 0);
        FUZZ_NEED(is_proven(run, result));
        FUZZ_NEED(memcmp(result->command_id, comity_draft_id(run->draft), COMITY_ID_SIZE) == 0);
    } else if (result->verdict == COMITY_ANSWERED) {
        fuzz_accept();
        FUZZ_NEED(!run->is_forked && comity_answer_body(result->answer) != NULL);
        FUZZ_NEED(result->epoch >= comity_epoch(run->client, result->history));
    }
}

static void told(const struct comity_event *event, void *context)
{
    struct run *run = context;

    if (event->kind == COMITY_EVENT_FORKED)
        run->is_forked = true;
}

/* The latest checkpoint that was verified goes forward alone, and only what its record's key has signed is one. */
static void check_head(const struct run *run, struct comity_checkpoint *last)
{
    struct comity_checkpoint now;
    const struct history *history = history_find(run->client, comity_draft_history(run->draft));
    struct head opened, kept;

    if (comity_checkpoint(run->client, history->id, &now) != 0)
        return;
    const struct head_place place = {run->client->journal, history->id, (const uint8_t(*)[KEY_SIZE]) history->pins,
                                     history->pin_count};
    FUZZ_NEED(now.epoch > last->epoch || (now.epoch == last->epoch && now.size >= last->size));
    FUZZ_NEED(now.epoch != last->epoch || now.size != last->size || memcmp(now.root, last->root, HASH_SIZE) == 0);
    FUZZ_NEED(head_open(BYTES(now.note, now.note_size), history->id, (const uint8_t(*)[KEY_SIZE]) history->pins,
                        history->pin_count, &opened) == 0);
    FUZZ_NEED(head_load(&place, &kept) == 0);
    FUZZ_NEED(kept.epoch == now.epoch && kept.size == now.size);
    *last = now;
}

/* ---- The line ---- */

/* In place of the socket that would connect to a broker. */
static void line_make(struct run *run)
{
    static const int linger = 0;
    struct link *link = &run->client->links[0];

    zmq_socket_monitor(link->socket, NULL, 0);
    zmq_close(link->socket);
    zmq_close(link->monitor);
    link->socket_fd = link->monitor_fd = -1;
    run->peer = zmq_socket(run->client->zmq, ZMQ_PAIR);
    link->socket = zmq_socket(run->client->zmq, ZMQ_PAIR);
    link->monitor = zmq_socket(run->client->zmq, ZMQ_PAIR);
    FUZZ_NEED(run->peer != NULL && link->socket != NULL && link->monitor != NULL);
    zmq_setsockopt(link->socket, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(run->peer, ZMQ_LINGER, &linger, sizeof(linger));
    FUZZ_NEED(zmq_bind(run->peer, "inproc://peer") == 0 && zmq_connect(link->socket, "inproc://peer") == 0);
    link->state = LINK_CONNECTED;
    link->connection++;
    link->heard_ms = link->sent_ms = client_now_ms();
    run->client->now_ms = client_now_ms();
    session_hello_again(run->client, link);
}

static void hear(struct run *run)
{
    static uint8_t frame[FRAME_ROOM];
    struct frame_header header;
    struct bytes body;
    int size;

    while ((size = zmq_recv(run->peer, frame, sizeof(frame), ZMQ_DONTWAIT)) >= 0) {
        FUZZ_NEED((size_t) size <= sizeof(frame) && frame_read(BYTES(frame, (size_t) size), &header, &body) == 0);
        if (header.type == FRAME_HELLO)
            run->hello = header;
        if (header.type != FRAME_REQUEST)
            continue;
        memmove(run->heard + 1, run->heard, (HEARD_MAX - 1) * sizeof(run->heard[0]));
        run->heard[0] = header;
        run->heard_count += run->heard_count < HEARD_MAX;
    }
}

static void pump(struct run *run)
{
    FUZZ_NEED(comity_pump(run->client, 0) == 0);
    hear(run);
}

static void send_sealed(struct run *run, struct frame_header header, uint8_t type, struct bytes body)
{
    size_t size = FRAME_HEADER_SIZE + SEAL_OVERHEAD + body.size;
    uint8_t *frame = arena_alloc(run->arena, size);

    FUZZ_NEED(frame != NULL);
    header.type = type;
    seal_frame(&run->seal, &header, body, frame);
    zmq_send(run->peer, frame, size, ZMQ_DONTWAIT);
}

/* ---- Operations ---- */

static void reply(struct run *run, unsigned which, struct bytes body)
{
    if (run->heard_count > 0)
        send_sealed(run, run->heard[which % run->heard_count], FRAME_REPLY, body);
}

static void hint(struct run *run, unsigned which, struct bytes body)
{
    uint8_t frame[FRAME_HEADER_SIZE];

    if (run->heard_count == 0 || body.size < 2)
        return;
    struct frame_header header = run->heard[which % run->heard_count];
    header.type = FRAME_ERROR;
    header.error = (int16_t) (body.data[0] << 8 | body.data[1]);
    header.budget_ms = 1;
    frame_header_write(&header, frame);
    zmq_send(run->peer, frame, sizeof(frame), ZMQ_DONTWAIT);
}

static void welcome(struct run *run, unsigned which, struct bytes body)
{
    (void) which;
    send_sealed(run, run->hello, FRAME_WELCOME, body);
}

static void refuse_hello(struct run *run, unsigned which, struct bytes body)
{
    (void) which;
    send_sealed(run, run->hello, FRAME_REPLY, body);
}

/* As it is: also what is no frame. */
static void raw(struct run *run, unsigned which, struct bytes body)
{
    (void) which;
    zmq_send(run->peer, body.data, body.size, ZMQ_DONTWAIT);
}

/* The time to try again has come for all. */
static void hurry(struct run *run, unsigned which, struct bytes body)
{
    (void) which, (void) body;
    for (size_t i = 0; i < COMITY_REQUESTS_MAX; i++)
        if (run->client->requests[i] != NULL && run->client->requests[i]->state != REQUEST_HELD)
            run->client->requests[i]->due_ms = 0;
    run->client->links[0].hello_ms = 0;
    run->client->links[0].is_full = false;
}

static void ask(struct run *run, unsigned which, struct bytes body)
{
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    const uint8_t *history = comity_draft_history(run->draft);
    int code;

    (void) body;
    if (run->asked == REQUESTS_MAX)
        return;
    query.kind_case = which % 3 == 1 ? COMITY__V1__QUERY__KIND_EVENTS : COMITY__V1__QUERY__KIND_WHOAMI;
    if (which % 3 == 1)
        query.events = &events;
    else
        query.whoami = &whoami;
    events.from = 1;
    run->asked++;
    if (which % 3 == 0)
        code = comity_submit(run->client, run->draft, 0, done, run, NULL);
    else
        code = comity_query(run->client, history, &query, 0, done, run, NULL);
    run->asked -= code != 0;
}

static void (*const OPERATIONS[])(struct run *run, unsigned which, struct bytes body) = {reply, hint,  welcome, refuse_hello,
                                                                                        raw,   hurry, ask};

static void operate(struct run *run, struct fuzz_input *input)
{
    struct comity_checkpoint last = {.epoch = 0};

    for (unsigned i = 0; input->left > 0 && i < OPERATIONS_MAX; i++) {
        unsigned operation = (unsigned) fuzz_number(input, 1), which = (unsigned) fuzz_number(input, 1);
        struct bytes body = fuzz_piece(input);
        if (body.size <= FRAME_BODY_MAX_BYTES - SEAL_OVERHEAD)
            OPERATIONS[operation % ARRAY_COUNT(OPERATIONS)](run, which, body);
        pump(run);
        if (run->client->journal != NULL)
            check_head(run, &last);
    }
}

/* ---- Life ---- */

static void client_make(struct run *run, const uint8_t *log_key, bool has_journal)
{
    static const uint8_t CLIENT[KEY_SIZE] = {1, 2, 3}, GROUP[KEY_SIZE] = {4, 5, 6};
    struct comity_broker broker = {.endpoint = "tcp://127.0.0.1:1"};
    struct comity_reader reader = {.seed = {7}};
    struct comity_pin pin;

    connection_key_from_secret(GROUP, &run->group);
    memcpy(reader.history, comity_draft_history(run->draft), HISTORY_ID_SIZE);
    memcpy(pin.history, reader.history, HISTORY_ID_SIZE);
    memcpy(pin.log_key, log_key, KEY_SIZE);
    struct comity_options options = {.brokers = &broker,
                                     .broker_count = 1,
                                     .connection_secret = CLIENT,
                                     .readers = &reader,
                                     .reader_count = 1,
                                     .pins = &pin,
                                     .pin_count = 1,
                                     .journal = has_journal ? fuzz_path("journal") : NULL,
                                     .on_event = told,
                                     .context = run};
    memcpy(options.group_key, run->group.public_key, KEY_SIZE);
    FUZZ_NEED(comity_new(&options, &run->client) == 0);
    FUZZ_NEED(seal_session_group(&run->group, run->client->key.public_key, &run->seal) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = {.arena = fuzz_arena(ARENA_LIMIT_DEFAULT)};
    struct fuzz_input input = {.at = data, .left = size, .arena = run.arena};
    struct bytes draft = fuzz_piece(&input), log_key = fuzz_bytes(&input, KEY_SIZE);
    bool has_journal = fuzz_number(&input, 1) % 2 == 1;

    FUZZ_NEED(key_init() == 0);
    if (log_key.size < KEY_SIZE || comity_draft_unpack(draft.data, draft.size, &run.draft, NULL) != 0)
        return 0;
    client_make(&run, log_key.data, has_journal);
    line_make(&run);
    ask(&run, 0, BYTES(NULL, 0));
    pump(&run);
    operate(&run, &input);
    zmq_close(run.peer);
    comity_destroy(&run.client);
    FUZZ_NEED(run.ended == run.asked); /* each is answered once, whatever came */
    comity_draft_destroy(&run.draft);
    return 0;
}
