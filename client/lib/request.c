#include <sodium.h>
#include <stdlib.h>

#include "client/lib/backoff.h"
#include "client/lib/client.h"
#include "client/lib/draft.h"
#include "client/lib/journal.h"
#include "client/lib/lag.h"
#include "core/error.h"
#include "core/message.h"

enum { REQUEST_ARENA_BYTES = 4 * 1024 * 1024 };

uint64_t request_number(struct comity *client)
{
    if (++client->next_request == 0)
        client->next_request = 1;
    return client->next_request;
}

struct comity_request *request_find(struct comity *client, uint64_t number)
{
    struct comity_request *request = client->requests[number % COMITY_REQUESTS_MAX];
    return request != NULL && request->number == number ? request : NULL;
}

/* ---- Making ---- */

static void request_free(struct comity_request **request)
{
    if (*request == NULL)
        return;
    arena_destroy(&(*request)->arena);
    comity_answer_destroy(&(*request)->answer);
    call_free(&(*request)->call);
    free((*request)->frame);
    free(*request);
    *request = NULL;
}

static struct comity_request *request_new(struct comity *client, enum request_kind kind, int64_t deadline_ms)
{
    struct comity_request *request = calloc(1, sizeof(*request));
    if (request == NULL)
        return NULL;
    request->kind = kind;
    request->deadline_ms = client_now_ms() + (deadline_ms == 0 ? client->deadline_ms : deadline_ms);
    request->arena = arena_new(REQUEST_ARENA_BYTES);
    if (request->arena == NULL)
        request_free(&request);
    return request;
}

/* Take a number whose place is free. */
static void request_place(struct comity *client, struct comity_request *request)
{
    do
        request->number = request_number(client);
    while (client->requests[request->number % COMITY_REQUESTS_MAX] != NULL);
}

enum { REQUEST_PADDING = 15 }; /* Request.padding */

/* Seal the body once: every try sends these bytes. */
static int request_seal(struct comity *client, struct comity_request *request,
                        const Comity__V1__Request *body)
{
    struct bytes plain = {0};
    int code = message_pack(&body->base, request->arena, &plain);
    if (code == 0 && body->kind_case == COMITY__V1__REQUEST__KIND_QUERY && body->query->fresh)
        request->asks_fresh = plain;
    if (code == 0)
        code =
            message_pad(plain, REQUEST_PADDING, FRAME_BODY_MAX_BYTES - SEAL_OVERHEAD, request->arena, &plain);
    if (code != 0)
        return code;
    if (plain.size + SEAL_OVERHEAD > FRAME_BODY_MAX_BYTES)
        return ERR_TOO_LARGE;
    request->frame_size = FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size;
    request->frame = malloc(request->frame_size);
    if (request->frame == NULL)
        return ERR_MEMORY;
    struct frame_header header = {.type = FRAME_REQUEST, .request = request->number};
    memcpy(header.group, client->group, GROUP_ID_SIZE);
    if (!request->is_found) /* a history that is yet to be has no place to be sent to */
        memcpy(header.history, request->claim.history, HISTORY_ID_SIZE);
    memcpy(header.command_id, request->claim.id, COMMAND_ID_SIZE);
    seal_frame(&client->seal, &header, plain, request->frame);
    return 0;
}

/* The same without asking to be fresh, for a worker that does not know what that is. */
static int request_seal_alone(struct comity *client, struct comity_request *request)
{
    ProtobufCMessage *message;
    int code = message_unpack_trusted(&comity__v1__request__descriptor, request->asks_fresh, request->arena,
                                      &message);
    if (code != 0)
        return code;
    Comity__V1__Request *body = (Comity__V1__Request *) message;
    body->query->fresh = false;
    uint8_t *before = request->frame;
    size_t size_before = request->frame_size;
    code = request_seal(client, request, body);
    if (code != 0) {
        request->frame = before;
        request->frame_size = size_before;
        return code;
    }
    free(before);
    request->asks_fresh = (struct bytes){0};
    return 0;
}

/* Hand it to client_run. */
static void request_begin(struct comity *client, struct comity_request **request, uint64_t *ret_number)
{
    if (ret_number != NULL)
        *ret_number = (*request)->number;
    client->requests[(*request)->number % COMITY_REQUESTS_MAX] = *request;
    client->request_count++;
    *request = NULL;
    client_wake_at(client, client->now_ms);
    client_wake(client);
}

static int request_admit(const struct comity *client)
{
    if (client->is_stopping)
        return ERR_STATE;
    return client->request_count == COMITY_REQUESTS_MAX ? ERR_BUSY : 0;
}

/* Does it revoke the key by which the client reads? */
static bool ends_leave(struct comity *client, const struct comity_draft *draft)
{
    const Comity__V1__Command *command = draft->command.body;
    const struct history *history = history_find(client, comity_draft_history(draft));
    ProtobufCBinaryData revoked = {0};

    if (command->body_case == COMITY__V1__COMMAND__BODY_REVOKE_KEY)
        revoked = command->revoke_key->key;
    else if (command->body_case == COMITY__V1__COMMAND__BODY_ADD_KEY)
        revoked = command->add_key->replaces;
    else if (command->body_case == COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR)
        return true; /* of all keys of a member: of the reader's, perhaps */
    return history != NULL && history->is_reader &&
           bytes_equal(BYTES(revoked.data, revoked.len), BYTES(history->key.public_key, KEY_SIZE));
}

int request_submit(struct comity *client, const struct comity_draft *draft, bool is_new, int64_t deadline_ms,
                   comity_done_fn *done, void *context, uint64_t *ret_number)
{
    int code = request_admit(client);
    if (code != 0)
        return code;
    CLEANUP(request_free) struct comity_request *request = request_new(client, REQUEST_SUBMIT, deadline_ms);
    if (request == NULL)
        return ERR_MEMORY;
    request_place(client, request);
    request->is_found = draft->command.body->body_case == COMITY__V1__COMMAND__BODY_FOUND;
    request->ends_leave = ends_leave(client, draft);
    request->is_new = is_new;
    Comity__V1__Request body = COMITY__V1__REQUEST__INIT;
    body.kind_case = COMITY__V1__REQUEST__KIND_SUBMIT;
    body.submit = (Comity__V1__Submit *) &draft->submit;
    request->call = call_new_done(done, context);
    code = request->call == NULL ? ERR_MEMORY
                                 : receipt_claim_make(&draft->command, request->arena, &request->claim);
    if (code == 0)
        code = request_seal(client, request, &body);
    if (code == 0)
        request_begin(client, &request, ret_number);
    return code;
}

int request_query(struct comity *client, const Comity__V1__Query *query, int64_t deadline_ms,
                  settle_fn *settle, comity_done_fn *done, void *context, uint64_t *ret_number)
{
    int code = request_admit(client);
    if (code != 0)
        return code;
    CLEANUP(request_free) struct comity_request *request = request_new(client, REQUEST_QUERY, deadline_ms);
    if (request == NULL)
        return ERR_MEMORY;
    request_place(client, request);
    request->settle = settle;
    request->call = settle != NULL ? NULL : call_new_done(done, context);
    if (settle == NULL && request->call == NULL)
        return ERR_MEMORY;
    request->is_page = query->kind_case == COMITY__V1__QUERY__KIND_EVENTS;
    Comity__V1__Query filled = *query;
    if (query->history.len == HISTORY_ID_SIZE) {
        memcpy(request->claim.history, query->history.data, HISTORY_ID_SIZE);
        const struct history *history = history_find(client, query->history.data);
        if (filled.floor == 0 && history != NULL)
            filled.floor = history->seen;
        request->floor = filled.floor;
        request->floor_epoch = history == NULL ? 0 : history->epoch;
    }
    Comity__V1__Request body = COMITY__V1__REQUEST__INIT;
    body.kind_case = COMITY__V1__REQUEST__KIND_QUERY;
    body.query = &filled;
    code = request_seal(client, request, &body);
    if (code == 0)
        request_begin(client, &request, ret_number);
    return code;
}

int request_check(struct comity *client, const Comity__V1__Query *query, const struct link *link,
                  settle_fn *settle, uint64_t *ret_number)
{
    uint64_t number = 0;
    int code = request_query(client, query, 0, settle, NULL, NULL, &number);
    if (code != 0)
        return code;
    struct comity_request *request = request_find(client, number);
    request->is_check = true;
    request->is_bound = link != NULL;
    if (link != NULL)
        request->link = link->index;
    if (ret_number != NULL)
        *ret_number = number;
    return 0;
}

static int request_cosign(struct comity *client, const uint8_t *history,
                          const Comity__V1__Cosignature *cosignature, int64_t deadline_ms,
                          comity_done_fn *done, void *context, uint64_t *ret_number)
{
    int code = request_admit(client);
    if (code != 0)
        return code;
    CLEANUP(request_free) struct comity_request *request = request_new(client, REQUEST_COSIGN, deadline_ms);
    if (request == NULL)
        return ERR_MEMORY;
    request_place(client, request);
    request->call = call_new_done(done, context);
    if (request->call == NULL)
        return ERR_MEMORY;
    memcpy(request->claim.history, history, HISTORY_ID_SIZE);
    Comity__V1__Cosign cosign = COMITY__V1__COSIGN__INIT;
    cosign.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, request->claim.history};
    cosign.cosignature = (Comity__V1__Cosignature *) cosignature;
    Comity__V1__Request body = COMITY__V1__REQUEST__INIT;
    body.kind_case = COMITY__V1__REQUEST__KIND_COSIGN;
    body.cosign = &cosign;
    code = request_seal(client, request, &body);
    if (code == 0)
        request_begin(client, &request, ret_number);
    return code;
}

int request_operator(struct comity *client, const Comity__V1__Request *body, int64_t deadline_ms,
                     comity_done_fn *done, void *context)
{
    int code = request_admit(client);
    if (code != 0)
        return code;
    CLEANUP(request_free) struct comity_request *request = request_new(client, REQUEST_OPERATOR, deadline_ms);
    if (request == NULL)
        return ERR_MEMORY;
    request_place(client, request);
    request->call = call_new_done(done, context);
    code = request->call == NULL ? ERR_MEMORY : request_seal(client, request, body);
    if (code == 0)
        request_begin(client, &request, NULL);
    return code;
}

int request_broker_status(struct comity *client, size_t link, int64_t deadline_ms, comity_done_fn *done,
                          void *context)
{
    int code = request_admit(client);
    if (code != 0)
        return code;
    CLEANUP(request_free)
    struct comity_request *request = request_new(client, REQUEST_BROKER_STATUS, deadline_ms);
    if (request == NULL)
        return ERR_MEMORY;
    request_place(client, request);
    request->link = link;
    request->call = call_new_done(done, context);
    request->frame_size = FRAME_HEADER_SIZE;
    request->frame = malloc(FRAME_HEADER_SIZE);
    if (request->call == NULL || request->frame == NULL)
        return ERR_MEMORY;
    struct frame_header header = {
        .type = FRAME_REQUEST, .flags = FRAME_FLAG_BROKER, .request = request->number};
    memcpy(header.group, client->group, GROUP_ID_SIZE);
    frame_header_write(&header, request->frame);
    request_begin(client, &request, NULL);
    return 0;
}

/* ---- Ending ---- */

static void leave_link(struct comity *client, struct comity_request *request)
{
    struct link *link = &client->links[request->link];
    if (request->state != REQUEST_WAITING && request->connection == link->connection && link->in_flight > 0)
        link->in_flight--;
}

void request_move(struct comity *client, struct comity_request *request, const struct link *link)
{
    leave_link(client, request);
    request->link = link->index;
    request->connection = 0;
}

void request_drop(struct comity *client, struct comity_request *request)
{
    leave_link(client, request);
    client->requests[request->number % COMITY_REQUESTS_MAX] = NULL;
    client->request_count--;
    request_free(&request);
}

/* Another request for the same command: whether anything of it is sent, is its to say. */
static struct comity_request *request_beside(struct comity *client, const struct comity_request *request)
{
    for (size_t i = 0; i < COMITY_REQUESTS_MAX; i++) {
        struct comity_request *other = client->requests[i];
        if (other != NULL && other != request && other->kind == REQUEST_SUBMIT &&
            memcmp(other->claim.id, request->claim.id, COMMAND_ID_SIZE) == 0)
            return other;
    }
    return NULL;
}

/* What its user is told was never sent is not sent again either, and what was refused not in its epoch. */
static void journal_end(struct comity *client, const struct comity_request *request,
                        const struct comity_result *result)
{
    if (client->journal == NULL || request->kind != REQUEST_SUBMIT)
        return;
    int code = 0;
    const struct history *history = history_find(client, request->claim.history);
    struct comity_request *beside =
        result->verdict == COMITY_NOT_SENT && request->is_new ? request_beside(client, request) : NULL;
    if (beside != NULL)
        beside->is_new = true;
    else if (result->verdict == COMITY_NOT_SENT && request->is_new)
        code = journal_drop_command(client->journal, request->claim.history, request->claim.id);
    else if (result->verdict == COMITY_REFUSED && !result->is_brokers_word)
        code = journal_keep_refusal(client->journal, request->claim.history, request->claim.id,
                                    result->fault.code, history == NULL ? 0 : history->epoch);
    if (code != 0)
        client_event(client, &(struct comity_event){.kind = COMITY_EVENT_JOURNAL,
                                                    .code = code,
                                                    .request = request->number,
                                                    .history = request->claim.history});
}

void request_end(struct comity *client, struct comity_request *request, struct comity_result *result)
{
    result->request = request->number;
    result->attempts = request->attempts;
    memcpy(result->history, request->claim.history, HISTORY_ID_SIZE);
    memcpy(result->command_id, request->claim.id, COMMAND_ID_SIZE);
    journal_end(client, request, result);
    if (request->settle != NULL)
        request->settle(client, request, result);
    else
        client_call_done(client, &request->call, result);
    comity_result_release(result);
    request_drop(client, request);
}

/* The deadline has passed, or nothing more can come: say how things stand. A query does nothing: of that a
 * passing refusal is a word that counts. */
void request_give_up(struct comity *client, struct comity_request *request)
{
    struct comity_result result = {.fault = request->fault, .is_brokers_word = request->is_brokers_word};
    int lag = lag_why(client, request);
    if (request->attempts == 0) {
        result.verdict = COMITY_NOT_SENT;
        result.fault.code = link_fault(client, &result.is_brokers_word);
        if (lag != 0)
            result.fault.code = lag;
    } else if (request->kind == REQUEST_QUERY && request->state == REQUEST_WAITING &&
               !request->is_brokers_word) {
        result.verdict = COMITY_REFUSED;
    } else {
        result.verdict = COMITY_UNKNOWN;
        if (result.fault.code == 0)
            result.fault.code = request->kind == REQUEST_QUERY && lag != 0 ? lag : ERR_TIMEOUT;
    }
    request_end(client, request, &result);
}

void requests_end_all(struct comity *client)
{
    for (size_t i = 0; i < COMITY_REQUESTS_MAX; i++)
        if (client->requests[i] != NULL)
            request_give_up(client, client->requests[i]);
}

void requests_hurry(struct comity *client)
{
    for (size_t i = 0; i < COMITY_REQUESTS_MAX; i++)
        if (client->requests[i] != NULL)
            client->requests[i]->deadline_ms = client->now_ms;
}

/* ---- Trying ---- */

void request_again(struct comity *client, struct comity_request *request, int code, bool is_brokers_word,
                   uint32_t hint_ms)
{
    leave_link(client, request);
    if (is_brokers_word && request->attempts > 0)
        client->links[request->link].doubted_ms = client->now_ms + DOUBT_MS;
    request->is_unproved = false;
    comity_answer_destroy(&request->answer);
    int64_t wait_ms = backoff_ms(request->attempts, hint_ms, randombytes_random());
    request->state = REQUEST_WAITING;
    request->due_ms = client->now_ms + wait_ms;
    request->fault.code = code;
    request->is_brokers_word = is_brokers_word;
    client_wake_at(client, request->due_ms);
    client_event(client, &(struct comity_event){.kind = COMITY_EVENT_RETRYING,
                                                .request = request->number,
                                                .code = code,
                                                .is_brokers_word = is_brokers_word,
                                                .attempt = request->attempts + 1,
                                                .wait_ms = wait_ms});
}

void request_at_once(struct comity *client, struct comity_request *request)
{
    leave_link(client, request);
    request->state = REQUEST_WAITING;
    request->due_ms = client->now_ms;
    client_wake_at(client, client->now_ms);
}

void requests_link_down(struct comity *client, struct link *link)
{
    for (size_t i = 0; i < COMITY_REQUESTS_MAX; i++) {
        struct comity_request *request = client->requests[i];
        if (request == NULL || request->link != link->index)
            continue;
        /* About this server: whatever waits for the answer is asked of another one. */
        if (request->is_bound) {
            struct comity_result result = {
                .verdict = COMITY_UNKNOWN, .fault = {.code = link->code}, .is_brokers_word = true};
            request_end(client, request, &result);
            continue;
        }
        if (request->state == REQUEST_WAITING)
            continue;
        request->has_said_hello_again = false;
        request_again(client, request, link->code, true, 0);
    }
    link->in_flight = 0;
}

static bool link_takes(const struct link *link, const struct comity_request *request)
{
    enum link_state least = request->kind == REQUEST_BROKER_STATUS ? LINK_CONNECTED : LINK_READY;
    return link->state >= least && !link->is_full && link->in_flight < IN_FLIGHT_MAX;
}

static bool is_bound(const struct comity_request *request)
{
    return request->kind == REQUEST_BROKER_STATUS || request->is_bound;
}

/* The link for the next try. The brokers are given in the order in which they are wanted, the one of the own
 * site first: so the first try goes to the first of those that can be used, and back to it once it can be
 * used again. One where a try has failed comes last for a while, so that not each request has to find that
 * out. After a failure: the next one in turn. */
static struct link *link_pick(struct comity *client, const struct comity_request *request)
{
    if (is_bound(request))
        return link_takes(&client->links[request->link], request) ? &client->links[request->link] : NULL;
    size_t first = request->attempts == 0 ? 0 : request->link + 1;
    struct link *doubted = NULL;
    for (size_t i = 0; i < client->link_count; i++) {
        struct link *link = &client->links[(first + i) % client->link_count];
        if (!link_takes(link, request) || !head_lets(client, link, request))
            continue;
        if (link->doubted_ms <= client->now_ms || request->attempts > 0)
            return link;
        if (doubted == NULL)
            doubted = link;
    }
    return doubted;
}

/* Only what the seal does not cover changes from try to try. */
static void attempt_write(struct comity_request *request, int64_t wait_ms)
{
    struct frame_header header;
    struct bytes body;
    if (frame_read(BYTES(request->frame, request->frame_size), &header, &body) != 0)
        return;
    unsigned attempt = request->attempts + 1;
    header.attempt = (uint16_t) (attempt < UINT16_MAX ? attempt : UINT16_MAX);
    header.budget_ms = (uint32_t) wait_ms;
    frame_header_write(&header, request->frame);
}

static void request_send(struct comity *client, struct comity_request *request)
{
    struct link *link = link_pick(client, request);
    if (link == NULL)
        return;
    if (request->asks_fresh.size > 0 && link->alone == link->welcome &&
        request_seal_alone(client, request) != 0)
        return;
    int64_t left_ms = request->deadline_ms - client->now_ms;
    int64_t wait_ms = left_ms < client->attempt_ms ? left_ms : client->attempt_ms;
    attempt_write(request, wait_ms);
    if (link_send(client, link, request->frame, request->frame_size) != 0)
        return;
    link->in_flight++;
    request->link = link->index;
    request->connection = link->connection;
    request->attempts++;
    request->state = REQUEST_SENT;
    request->sent_ms = client->now_ms;
    request->due_ms = client->now_ms + wait_ms;
}

static bool has_another_link(const struct comity *client, const struct comity_request *request)
{
    if (is_bound(request))
        return false;
    for (size_t i = 0; i < client->link_count; i++)
        if (i != request->link && link_takes(&client->links[i], request))
            return true;
    return false;
}

/* Does no other request wait longer on its link? What comes in there is most likely its own answer. */
static bool is_first_on_link(const struct comity *client, const struct comity_request *request)
{
    for (size_t i = 0; i < COMITY_REQUESTS_MAX; i++) {
        const struct comity_request *other = client->requests[i];
        if (other != NULL && other->state == REQUEST_SENT && other->link == request->link &&
            other->sent_ms < request->sent_ms)
            return false;
    }
    return true;
}

/* The time of the try is over while the link is in the midst of a large message, perhaps of the answer. On
 * the same link the next try would only queue behind it, and come as well. On another one it may be faster:
 * for what stands behind others at once, for the rest after half of its time. */
static bool is_coming(const struct comity *client, const struct comity_request *request)
{
    const struct link *link = &client->links[request->link];
    if (request->connection != link->connection || !link_is_receiving(link))
        return false;
    bool has_half = client->now_ms - request->sent_ms < request->deadline_ms - client->now_ms;
    return !has_another_link(client, request) || (has_half && is_first_on_link(client, request));
}

static void request_run(struct comity *client, struct comity_request *request, bool is_hopeless)
{
    if (head_ends(client, request))
        return;
    if (request->kind == REQUEST_BROKER_STATUS)
        is_hopeless = client->links[request->link].watch.is_hopeless;
    bool is_over = client->now_ms >= request->deadline_ms;
    if (is_over || (is_hopeless && request->attempts == 0)) {
        request_give_up(client, request);
        return;
    }
    bool is_late = request->state == REQUEST_SENT && client->now_ms >= request->due_ms;
    if (is_late && is_coming(client, request))
        request->due_ms = client->now_ms + HEARTBEAT_MS;
    else if (is_late)
        request_again(client, request, ERR_TIMEOUT, true, 0);
    if (request->state == REQUEST_WAITING && client->now_ms >= request->due_ms)
        request_send(client, request);
    if (request->state != REQUEST_HELD && request->due_ms > client->now_ms)
        client_wake_at(client, request->due_ms);
    client_wake_at(client, request->deadline_ms);
}

void requests_run(struct comity *client)
{
    if (client->request_count == 0)
        return;
    bool is_hopeless = link_all_hopeless(client);
    for (size_t i = 0; i < COMITY_REQUESTS_MAX; i++)
        if (client->requests[i] != NULL)
            request_run(client, client->requests[i], is_hopeless);
}

/* ---- The public face ---- */

int comity_submit(struct comity *client, const struct comity_draft *draft, int64_t deadline_ms,
                  comity_done_fn *done, void *context, uint64_t *ret_request)
{
    if (deadline_ms < 0)
        return ERR_RANGE;
    if (comity_draft_missing(draft, NULL, 0) != 0)
        return ERR_COSIGNERS;
    bool is_new = false;
    int code = client->journal == NULL ? 0 : journal_keep_command(client->journal, draft, &is_new);
    if (code != 0)
        return code;
    pthread_mutex_lock(&client->lock);
    code = request_submit(client, draft, is_new, deadline_ms, done, context, ret_request);
    if (code != 0 && is_new)
        journal_drop_command(client->journal, comity_draft_history(draft),
                             comity_draft_id(draft)); /* it never left */
    pthread_mutex_unlock(&client->lock);
    return code;
}

/* @link: that alone; NULL: whichever is there. */
static int query_begin(struct comity *client, const size_t *link, const uint8_t *history,
                       const Comity__V1__Query *asked, int64_t deadline_ms, comity_done_fn *done,
                       void *context, uint64_t *ret_request)
{
    uint64_t number = 0;
    if (deadline_ms < 0)
        return ERR_RANGE;
    bool needs_history = asked->kind_case != COMITY__V1__QUERY__KIND_STATUS;
    if (asked->kind_case == COMITY__V1__QUERY__KIND__NOT_SET || (needs_history && history == NULL))
        return ERR_MISSING;
    Comity__V1__Query filled = *asked;
    filled.history = (ProtobufCBinaryData){needs_history ? HISTORY_ID_SIZE : 0, (uint8_t *) history};
    pthread_mutex_lock(&client->lock);
    int code = request_query(client, &filled, deadline_ms, NULL, done, context, &number);
    if (code == 0 && link != NULL) {
        struct comity_request *request = request_find(client, number);
        request->is_bound = true;
        request->link = *link;
    }
    if (code == 0 && ret_request != NULL)
        *ret_request = number;
    pthread_mutex_unlock(&client->lock);
    return code;
}

int comity_query(struct comity *client, const uint8_t *history, const Comity__V1__Query *asked,
                 int64_t deadline_ms, comity_done_fn *done, void *context, uint64_t *ret_request)
{
    return query_begin(client, NULL, history, asked, deadline_ms, done, context, ret_request);
}

int request_query_at(struct comity *client, size_t link, const uint8_t *history,
                     const Comity__V1__Query *asked, int64_t deadline_ms, comity_done_fn *done, void *context)
{
    return query_begin(client, &link, history, asked, deadline_ms, done, context, NULL);
}

int comity_cosign(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                  const Comity__V1__Cosignature *cosignature, int64_t deadline_ms, comity_done_fn *done,
                  void *context, uint64_t *ret_request)
{
    if (deadline_ms < 0)
        return ERR_RANGE;
    pthread_mutex_lock(&client->lock);
    int code = request_cosign(client, history, cosignature, deadline_ms, done, context, ret_request);
    pthread_mutex_unlock(&client->lock);
    return code;
}

void comity_cancel(struct comity *client, uint64_t request)
{
    pthread_mutex_lock(&client->lock);
    struct comity_request *found = request_find(client, request);
    if (found != NULL && found->call != NULL)
        request_drop(client, found);
    else if (found == NULL)
        client_drop_done(client, request);
    pthread_mutex_unlock(&client->lock);
}
