#include <stdlib.h>

#include "client/lib/client.h"
#include "client/lib/journal.h"
#include "client/lib/purged.h"
#include "core/error.h"
#include "core/message.h"

enum { REPLY_ARENA_BYTES = 16 * 1024 * 1024, RECEIPT_MAX_BYTES = FRAME_BODY_MAX_BYTES };

/* Sealed refusals that another try may turn out differently. All others are final. These settle nothing: each
 * speaks of one delivery, and the broker may have delivered the frame several times. */
static const int PASSING[] = {
    ERR_HELLO,  ERR_BUSY,     ERR_NO_ROUTE, ERR_NOT_LEADER, ERR_EXPIRED,    ERR_TIMEOUT,   ERR_WORKER_LOST,
    ERR_BEHIND, ERR_DRAINING, ERR_MEMORY,   ERR_STORE,      ERR_STORE_FULL, ERR_DISK_FULL, ERR_INTERNAL,
    ERR_MOVED,  ERR_MOVING,
};

bool comity_is_final(int code)
{
    for (size_t i = 0; i < ARRAY_COUNT(PASSING); i++)
        if (PASSING[i] == code)
            return false;
    return code < 0;
}

bool comity_is_late(int code)
{
    return code == ERR_BEHIND || code == ERR_MOVING;
}

/* Nothing that counts can come of it any more. */
static void end_unknown(struct comity *client, struct comity_request *request, int code)
{
    struct comity_result result = {.verdict = COMITY_UNKNOWN, .fault = {.code = code}};
    request_end(client, request, &result);
}

/* ---- Hints ---- */

void reply_hint(struct comity *client, struct link *link, struct comity_request *request,
                const struct frame_header *header)
{
    /* Unauthenticated: it can only bring the next try forward. */
    bool is_of_this_try = header->attempt == 0 || header->attempt == request->attempts;
    bool is_awaited = request->state == REQUEST_SENT && request->link == link->index && is_of_this_try;
    if (is_awaited && header->error < 0)
        request_again(client, request, header->error, true, header->budget_ms);
}

/* ---- Refusals ---- */

static void fault_take(struct comity_fault *fault, const Comity__V1__Refusal *refusal)
{
    *fault = (struct comity_fault){.code = refusal->code, .latest = refusal->latest, .limit = refusal->limit};
    size_t size = strnlen(refusal->field, sizeof(fault->field) - 1);
    memcpy(fault->field, refusal->field, size);
}

static void refusal_final(struct comity *client, struct comity_request *request)
{
    struct comity_result result = {.verdict = COMITY_REFUSED, .fault = request->fault};
    if (error_execution(request->fault.code) != NOT_EXECUTED)
        result.verdict = COMITY_UNKNOWN;
    request_end(client, request, &result);
}

/* The worker has forgotten us, or our grant: once a request, say HELLO and ask again. */
static bool is_cured_by_hello(const struct comity_request *request, int code)
{
    return code == ERR_HELLO ||
           (code == ERR_GRANT && request->kind != REQUEST_SUBMIT && !request->has_said_hello_again);
}

/* A question without leave is refused like a stranger's. Why there is none was said with WELCOME, to whoever had signed
 * for the leave with that very key. */
static int reason_of(struct comity *client, const struct link *link, const struct comity_request *request, int code)
{
    const struct history *history =
        code == ERR_GRANT && request->kind != REQUEST_SUBMIT ? history_find(client, request->claim.history) : NULL;
    bool is_revoked = history != NULL && history->revoked[link->index] == link->welcome;
    return is_revoked ? ERR_KEY_REVOKED : code;
}

/* It is somewhere else, as its log key says. What says so under another key is not believed, and nothing else of this worker. */
static void moved_end(struct comity *client, const struct link *link, struct comity_request *request,
                      const Comity__V1__Refusal *refusal)
{
    int code = moved_take(client, link, request->claim.history, refusal->moved);
    end_unknown(client, request, code == 0 ? ERR_MOVED : code);
}

/* A worker of the version before there were logs of several sites refuses to be asked to be fresh, by the
 * number of a field that it does not know. It has no others, and so all that there is. */
static bool is_alone(const struct comity_request *request, const Comity__V1__Refusal *refusal)
{
    return refusal->code == ERR_UNKNOWN_FIELD && request->asks_fresh.size > 0 &&
           strcmp(refusal->field, "query.5") == 0;
}

static void refusal_take(struct comity *client, struct link *link, struct comity_request *request,
                         const Comity__V1__Refusal *refusal)
{
    int code = reason_of(client, link, request, refusal->code);
    if (code >= 0) { /* a refusal that names no reason is none */
        end_unknown(client, request, ERR_MALFORMED);
        return;
    }
    if (code == ERR_MOVED && refusal->moved != NULL) {
        moved_end(client, link, request, refusal);
        return;
    }
    if (is_alone(request, refusal)) {
        link->alone = link->welcome;
        if (request->state == REQUEST_SENT)
            request_at_once(client, request);
        return;
    }
    fault_take(&request->fault, refusal);
    request->fault.code = code;
    request->is_brokers_word = false;
    bool is_cured = is_cured_by_hello(request, code);
    /* When to ask again a worker that is behind is judged where the head is. */
    bool is_final = comity_is_final(code) || (request->is_bound && comity_is_late(code)) ||
                    (code == ERR_MOVED && request->kind == REQUEST_OPERATOR); /* who has nothing to follow */
    if (!is_cured && is_final) {
        refusal_final(client, request);
        return;
    }
    if (is_cured) {
        request->has_said_hello_again = true;
        session_forgotten(client, link);
    }
    if (request->state == REQUEST_SENT)
        request_again(client, request, code, false, 0);
}

/* ---- Answers ---- */

/* An answer that is believed: what it says was purged goes from the journal before anybody sees it. */
static void answer_end(struct comity *client, struct comity_request *request, struct comity_result *result)
{
    if (client->journal != NULL)
        purged_learn_answer(client->journal, request->claim.history, comity_answer_body(result->answer));
    request_end(client, request, result);
}

static void page_settle(struct comity *client, struct comity_request *request)
{
    const Comity__V1__Answer *body = comity_answer_body(request->answer);
    struct comity_result result = {
        .verdict = COMITY_ANSWERED, .sequence = body->as_of, .epoch = body->epoch, .answer = request->answer};
    request->answer = NULL;
    history_raise_seen(client, request->claim.history, result.epoch, result.sequence);
    answer_end(client, request, &result);
}

/* A page of events is shown once its checkpoint goes with what was seen before. */
static void page_take(struct comity *client, struct comity_request *request)
{
    ProtobufCBinaryData note = comity_answer_body(request->answer)->checkpoint;
    int code = head_consider(client, request, BYTES(note.data, note.len));
    if (code == 0)
        page_settle(client, request);
    else if (code < 0 && code != ERR_FORKED)
        end_unknown(client, request, code == ERR_BEHIND ? code : ERR_RECEIPT);
}

static void answer_take(struct comity *client, struct comity_request *request, const Comity__V1__Answer *body,
                        struct arena **arena)
{
    struct comity_result result = {.verdict = COMITY_ANSWERED, .sequence = body->as_of, .epoch = body->epoch};
    const struct history *history = history_find(client, request->claim.history);
    uint64_t as_of = body->as_of;
    /* A store that was put back, or one that a restore has replaced: nothing that it says is the present. Our own question
     * about its checkpoint is judged where the head is. */
    if (history != NULL && body->epoch < history->epoch && !request->is_bound) {
        end_unknown(client, request, ERR_BEHIND);
        return;
    }
    /* By the contract a worker that is behind says so. One that does not is taken as if it had: time never goes back. */
    if (body->epoch == request->floor_epoch && as_of < request->floor) {
        request->fault = (struct comity_fault){.code = ERR_BEHIND};
        request_again(client, request, ERR_BEHIND, false, 0);
        return;
    }
    if (!head_shows(client, request)) {
        end_unknown(client, request, ERR_GRANT);
        return;
    }
    int code = answer_new(arena, body, &result.answer);
    if (code != 0) {
        end_unknown(client, request, code);
        return;
    }
    if (request->is_page) {
        request->answer = result.answer;
        result.answer = NULL;
        page_take(client, request);
        return;
    }
    static const uint8_t none[HISTORY_ID_SIZE];
    if (memcmp(request->claim.history, none, HISTORY_ID_SIZE) != 0 && !request->is_bound)
        history_raise_seen(client, request->claim.history, result.epoch, as_of);
    answer_end(client, request, &result);
}

static void cosigned_take(struct comity *client, struct comity_request *request,
                          const Comity__V1__Cosigned *cosigned)
{
    struct comity_result result = {.verdict = COMITY_ANSWERED, .sequence = cosigned->size};
    request_end(client, request, &result);
}

/* ---- Receipts ---- */

static void journal_receipt(struct comity *client, const struct comity_request *request,
                            const struct event_header *header, struct bytes packed)
{
    if (client->journal == NULL)
        return;
    int code = journal_keep_receipt(client->journal, request->claim.history, request->claim.id, header->epoch,
                                    packed);
    if (code != 0)
        client_event(client, &(struct comity_event){.kind = COMITY_EVENT_JOURNAL,
                                                    .code = code,
                                                    .request = request->number,
                                                    .history = request->claim.history});
}

/* By the log's clock, once a day of it: this machine's may be anything. */
static void journal_tidy(struct comity *client, struct history *history, int64_t stamp_ms)
{
    enum { DAY_MS = 24 * 3600 * 1000 };
    if (client->journal == NULL || (history->pruned_ms != 0 && stamp_ms < history->pruned_ms + DAY_MS))
        return;
    journal_prune(client->journal, history->id, stamp_ms);
    history->pruned_ms = stamp_ms;
}

static void recorded(struct comity *client, struct comity_request *request,
                     const Comity__V1__Receipt *receipt, const struct event_header *header,
                     struct bytes packed)
{
    struct comity_result result = {.verdict = COMITY_RECORDED,
                                   .sequence = header->sequence,
                                   .events = receipt->events,
                                   .epoch = header->epoch,
                                   .time_ms = header->time_ms};
    struct history *history = history_ensure(client, request->claim.history);
    if (history != NULL)
        session_pin_first(client, history, client->links[request->link].log_key);
    history_raise_seen(client, request->claim.history, header->epoch, header->sequence + receipt->events - 1);
    journal_receipt(client, request, header, packed);
    if (client->journal != NULL)
        purged_learn_receipt(client->journal, request->claim.history, receipt);
    if (history != NULL)
        journal_tidy(client, history, header->time_ms);
    result.receipt = malloc(packed.size);
    if (result.receipt != NULL) {
        memcpy(result.receipt, packed.data, packed.size);
        result.receipt_size = packed.size;
    }
    request_end(client, request, &result);
}

/* The keys that may have signed: those that are pinned; at first contact the one that WELCOME named. */
static int receipt_try(struct comity *client, struct comity_request *request,
                       const Comity__V1__Receipt *receipt, struct event_header *ret_header,
                       enum receipt_step *ret_step)
{
    const struct history *history = history_find(client, request->claim.history);
    const struct link *link = &client->links[request->link];
    const uint8_t(*keys)[KEY_SIZE] = &link->log_key;
    size_t count = link->has_log_key ? 1 : 0;
    if (history != NULL && history->pin_count > 0) {
        keys = history->pins;
        count = history->pin_count;
    }
    return receipt_verify(&request->claim, receipt, keys, count, &client->checkpoint, ret_header, ret_step);
}

/* Signed by a key that we do not know: the worker may be another since WELCOME. Keep the receipt, say HELLO,
 * and let the history speak of the key that it names. */
static void receipt_hold(struct comity *client, struct link *link, struct comity_request *request,
                         struct bytes packed)
{
    request->held = arena_bytes(request->arena, packed);
    if (request->held.data == NULL) {
        end_unknown(client, request, ERR_MEMORY);
        return;
    }
    request->has_said_hello_again = true;
    request->held_ms = client->now_ms;
    request->state = REQUEST_HELD;
    session_forgotten(client, link);
}

/* It proves that the command is in the tree of its checkpoint. That tree has to go with what was seen before.
 */
static void receipt_believe(struct comity *client, struct comity_request *request,
                            const Comity__V1__Receipt *receipt, const struct event_header *header,
                            struct bytes packed)
{
    int code = head_consider(client, request, BYTES(receipt->checkpoint.data, receipt->checkpoint.len));
    if (code == 0)
        recorded(client, request, receipt, header, packed);
    else if (code == 1 && request->held.data != packed.data &&
             (request->held = arena_bytes(request->arena, packed)).data == NULL)
        end_unknown(client, request, ERR_MEMORY);
    else if (code < 0 && code != ERR_FORKED)
        end_unknown(client, request, ERR_RECEIPT);
}

static void receipt_take(struct comity *client, struct link *link, struct comity_request *request,
                         const Comity__V1__Receipt *receipt, struct arena *arena)
{
    struct event_header header;
    enum receipt_step step = RECEIPT_STEP_COMMAND;
    struct bytes packed = {0};
    int code = message_pack(&receipt->base, arena, &packed);
    if (code != 0) {
        end_unknown(client, request, code);
        return;
    }
    code = receipt_try(client, request, receipt, &header, &step);
    if (code == 0)
        receipt_believe(client, request, receipt, &header, packed);
    else if (step == RECEIPT_STEP_CHECKPOINT && !request->has_said_hello_again)
        receipt_hold(client, link, request, packed);
    else
        end_unknown(client, request, code);
}

/* Is there still somebody to ask about the key: the worker by HELLO, then the history by its list? */
static bool is_key_pending(struct comity *client, const struct comity_request *request)
{
    struct link *link = &client->links[request->link];
    struct history *history = history_find(client, request->claim.history);
    if (link->state != LINK_READY)
        return true;
    return history != NULL && session_list_again(client, link, history, request->held_ms);
}

static void held_check(struct comity *client, struct comity_request *request, struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    struct event_header header;
    enum receipt_step step;
    int code = message_unpack(&comity__v1__receipt__descriptor, request->held, RECEIPT_MAX_BYTES, arena, NULL,
                              &message);
    const Comity__V1__Receipt *receipt = (const Comity__V1__Receipt *) message;
    if (code == 0)
        code = receipt_try(client, request, receipt, &header, &step);
    if (code == 0 && request->is_unproved)
        recorded(client, request, receipt, &header, request->held);
    else if (code == 0)
        receipt_believe(client, request, receipt, &header, request->held);
    else if (code != ERR_RECEIPT || !is_key_pending(client, request))
        end_unknown(client, request, code);
}

static void held_run(struct comity *client, struct comity_request *request)
{
    struct arena *arena = arena_new(REPLY_ARENA_BYTES);
    if (arena != NULL)
        held_check(client, request, arena);
    arena_destroy(&arena);
}

void reply_drop_held(struct comity *client, struct comity_request *request)
{
    end_unknown(client, request, ERR_RECEIPT);
}

void reply_settle_held(struct comity *client, struct comity_request *request)
{
    if (request->answer != NULL)
        page_settle(client, request);
    else
        held_run(client, request);
}

void reply_check_held(struct comity *client)
{
    for (size_t i = 0; i < COMITY_REQUESTS_MAX; i++) {
        struct comity_request *request = client->requests[i];
        if (request != NULL && request->state == REQUEST_HELD && !request->is_unproved)
            held_run(client, request);
    }
}

/* ---- All that comes back ---- */

/* The broker's own status comes in the clear: handed on as it is. */
static void status_take(struct comity *client, struct comity_request *request, struct bytes frame)
{
    struct bytes body = BYTES(frame.data + FRAME_HEADER_SIZE, frame.size - FRAME_HEADER_SIZE);
    struct comity_result result = {.verdict = COMITY_ANSWERED, .is_brokers_word = true};
    result.receipt = malloc(body.size + 1);
    if (result.receipt != NULL && body.size > 0)
        memcpy(result.receipt, body.data, body.size);
    result.receipt_size = result.receipt == NULL ? 0 : body.size;
    request_end(client, request, &result);
}

/* An operator's answer is for the operator to read. */
static void operator_take(struct comity *client, struct comity_request *request, const Comity__V1__Reply *reply)
{
    struct comity_result result = {.verdict = COMITY_ANSWERED};
    size_t size = protobuf_c_message_get_packed_size(&reply->base);
    result.receipt = malloc(size + 1);
    if (result.receipt == NULL) {
        end_unknown(client, request, ERR_MEMORY);
        return;
    }
    result.receipt_size = protobuf_c_message_pack(&reply->base, result.receipt);
    request_end(client, request, &result);
}

static void body_take(struct comity *client, struct link *link, struct comity_request *request,
                      const Comity__V1__Reply *reply, struct arena **arena)
{
    if (reply->kind_case == COMITY__V1__REPLY__KIND_REFUSAL)
        refusal_take(client, link, request, reply->refusal);
    else if (reply->kind_case == COMITY__V1__REPLY__KIND_RECEIPT && request->kind == REQUEST_SUBMIT)
        receipt_take(client, link, request, reply->receipt, *arena);
    else if (reply->kind_case == COMITY__V1__REPLY__KIND_ANSWER && request->kind == REQUEST_QUERY) {
        reply->answer->is_fresh |= link->alone == link->welcome;
        answer_take(client, request, reply->answer, arena);
    } else if (reply->kind_case == COMITY__V1__REPLY__KIND_COSIGNED && request->kind == REQUEST_COSIGN)
        cosigned_take(client, request, reply->cosigned);
    else if ((reply->kind_case == COMITY__V1__REPLY__KIND_MOVE || reply->kind_case == COMITY__V1__REPLY__KIND_COPY) &&
             request->kind == REQUEST_OPERATOR)
        operator_take(client, request, reply);
    else
        end_unknown(client, request, ERR_MALFORMED);
}

void reply_take(struct comity *client, struct link *link, struct comity_request *request, struct bytes frame)
{
    if (request->kind == REQUEST_BROKER_STATUS) {
        if (request->link == link->index)
            status_take(client, request, frame);
        return;
    }
    size_t size;
    if (request->state == REQUEST_HELD || seal_open(&client->seal, frame, client->plain, &size) != 0)
        return; /* not of the group: as if it had not come */
    struct arena *arena = arena_new(REPLY_ARENA_BYTES);
    if (arena == NULL)
        return;
    ProtobufCMessage *message = NULL;
    int code = message_unpack(&comity__v1__reply__descriptor, BYTES(client->plain, size),
                              FRAME_BODY_MAX_BYTES, arena, NULL, &message);
    link->doubted_ms = 0;
    if (request->link != link->index)
        request_move(client, request, link);
    if (code == 0)
        body_take(client, link, request, (const Comity__V1__Reply *) message, &arena);
    else
        end_unknown(client, request, code);
    arena_destroy(&arena);
}
