#include "worker/service.h"

#include "core/error.h"
#include "core/message.h"
#include "worker/clock.h"
#include "worker/cosign.h"
#include "worker/hello.h"
#include "worker/query.h"
#include "worker/reply.h"
#include "worker/serve_move.h"
#include "worker/sites.h"
#include "worker/submit.h"

enum {
    WAIT_LEAST_MS = 20,
    WAIT_MOST_MS = 2000,
    BYTES_OF_ONE = 4096, /* a command counts once more for so many bytes of its own */
};

uint32_t service_wait_ms(struct service *service)
{
    size_t batches = 1 + job_queue_count(service->commands) / 256;
    uint64_t wait_ms = atomic_load(&service->batch_ms) * (uint64_t) batches * 2;
    return wait_ms < WAIT_LEAST_MS  ? WAIT_LEAST_MS
           : wait_ms > WAIT_MOST_MS ? WAIT_MOST_MS
                                    : (uint32_t) wait_ms;
}

static struct bytes sealed_body(const struct job *job)
{
    return BYTES(job->frame.data + FRAME_HEADER_SIZE, job->frame.size - FRAME_HEADER_SIZE);
}

bool service_knows(struct service *service, const struct job *job)
{
    uint8_t client_key[KEY_SIZE];
    return seal_client_key(sealed_body(job), client_key) == 0 &&
           session_has_leave(service->sessions, client_key);
}

bool job_is_expired(const struct job *job, int64_t steady_ms)
{
    return steady_ms - job->arrived_ms >= (int64_t) job->header.budget_ms;
}

/* Rates. A request that comes too soon is answered BUSY before it costs anything. */

static enum service_next put_off(struct service *service, struct job *job, uint32_t wait_ms)
{
    reply_error(job, ERR_BUSY, wait_ms, service->term);
    return SERVICE_ANSWERED;
}

/* A connection's own bucket; and that of all strangers, where it is one. */
static uint32_t connection_wait_ms(struct service *service, const struct job *job, bool is_stranger)
{
    int64_t now_ms = clock_steady_ms();
    uint32_t wait_ms = rates_wait_ms(service->rates, RATE_CONNECTION, job->seal.client_key, now_ms);
    if (wait_ms == 0 && is_stranger)
        wait_ms = rates_wait_ms(service->rates, RATE_STRANGERS, NULL, now_ms);
    return wait_ms;
}

static void connection_spend(struct service *service, const struct job *job, bool is_stranger, unsigned cost)
{
    int64_t now_ms = clock_steady_ms();
    rates_spend(service->rates, RATE_CONNECTION, job->seal.client_key, cost, now_ms);
    if (is_stranger)
        rates_spend(service->rates, RATE_STRANGERS, NULL, cost, now_ms);
}

/* Of a key that is known to be whose it says: 0 and spent, or how long to wait. */
static uint32_t key_spend(struct service *service, enum rate rate, const uint8_t *key, unsigned cost)
{
    int64_t now_ms = clock_steady_ms();
    uint32_t wait_ms = rates_wait_ms(service->rates, rate, key, now_ms);
    if (wait_ms == 0)
        rates_spend(service->rates, rate, key, cost, now_ms);
    return wait_ms;
}

/* The client's seal: remembered, or made from the keys. */
static int find_seal(struct service *service, struct job *job, bool *ret_is_new)
{
    uint8_t client_key[KEY_SIZE];
    int code = seal_client_key(sealed_body(job), client_key);
    if (code)
        return code;
    *ret_is_new = !session_find(service->sessions, client_key, &job->seal);
    if (!*ret_is_new)
        return 0;
    /* As dear as a signature, and anybody can ask for it. */
    if (key_spend(service, RATE_STRANGERS, NULL, 1))
        return ERR_BUSY;
    return seal_session_group(service->group_key, client_key, &job->seal);
}

static int open_seal(struct service *service, struct job *job, struct bytes *ret_plain)
{
    bool is_new = false;
    int code = job->is_asked ? 0 : find_seal(service, job, &is_new); /* it was found the first time */
    if (code)
        return code;
    uint8_t *plain = arena_alloc(job->arena, job->frame.size);
    if (!plain)
        return ERR_MEMORY;
    size_t size;
    code = seal_open(&job->seal, job->frame, plain, &size);
    /* Remembered only once it opened: nobody fills the cache with keys that are not theirs. */
    if (code == 0 && is_new)
        code = session_put(service->sessions, &job->seal);
    if (code == 0)
        *ret_plain = BYTES(plain, size);
    return code;
}

/* What the header says of the history must be what the body says, or nothing. */
static int check_header_history(const struct job *job, ProtobufCBinaryData history, struct refusal *refusal)
{
    static const uint8_t none[HISTORY_ID_SIZE];
    const uint8_t *stated = job->header.history;
    if (memcmp(stated, none, HISTORY_ID_SIZE) == 0 ||
        (history.len == HISTORY_ID_SIZE && memcmp(stated, history.data, HISTORY_ID_SIZE) == 0))
        return 0;
    return refuse(refusal, ERR_MALFORMED, "header.history");
}

static int answer_status(struct service *service, struct job *job, const struct query_context *context,
                         const Comity__V1__Query *query, Comity__V1__Answer **ret_answer,
                         struct refusal *refusal)
{
    struct session_grant *grants = arena_alloc(job->arena, SESSION_GRANTS_MAX * sizeof(*grants));
    if (!grants)
        return refuse(refusal, ERR_MEMORY, "");
    size_t grant_count;
    int code = session_grants(service->sessions, job->seal.client_key, grants, &grant_count);
    if (code)
        return refuse(refusal, code, "");
    struct status_facts facts = {
        .group = service->group,
        .term = service->term,
        .is_leader = service->log->ops->is_leader(service->log),
        .started_ms = service->started_ms,
        .queued_checks = job_queue_count(service->checks),
        .queued_commands = job_queue_count(service->commands),
        .is_operator = policy_is_operator(service->policy, job->seal.client_key),
        .grants = grants,
        .grant_count = grant_count,
    };
    code = status_answer(context, query, &facts, &service->counters, ret_answer, refusal);
    if (code == 0 && facts.is_operator && service->sites)
        code = sites_status(service->sites, job->arena, &(*ret_answer)->status->log) ? refuse(refusal, ERR_MEMORY, "") : 0;
    return code;
}

/* Has this store all that anybody had been told of before the query came? */
static bool is_fresh(const struct service *service, const struct job *job)
{
#ifdef COMITY_CONTROL_CUT_OFF
    (void) job;
    return service->fresh != NULL;
#else
    return !service->fresh || (job->is_asked && job->is_fresh);
#endif
}

static int answer_query(struct service *service, struct job *job, const Comity__V1__Query *query,
                        Comity__V1__Answer **ret_answer, struct refusal *refusal)
{
    struct session_grant grant;
    struct query_context context = {
        .store = service->store,
        .log_key = service->log_key,
        .grant = &grant,
        .now_ms = clock_now_ms(service->clock),
        .is_fresh = is_fresh(service, job),
        .arena = job->arena,
    };
    int code = check_header_history(job, query->history, refusal);
    if (code)
        return code;
    if (query->kind_case == COMITY__V1__QUERY__KIND_STATUS)
        return answer_status(service, job, &context, query, ret_answer, refusal);
    /* A history id of another length is nobody's: query_answer says what is wrong with it, to who may ask. */
    uint8_t history[HISTORY_ID_SIZE] = {0};
    if (query->history.len == HISTORY_ID_SIZE)
        memcpy(history, query->history.data, HISTORY_ID_SIZE);
    code = session_grant(service->sessions, job->seal.client_key, history, &grant);
    if (code == ERR_GRANT && query->history.len != HISTORY_ID_SIZE)
        return refuse(refusal, ERR_RANGE, "query.history");
    if (code)
        return refuse(refusal, code, code == ERR_GRANT ? "query.history" : "");
    return query_answer(&context, query, ret_answer, refusal);
}

static bool may_read(struct service *service, const struct job *job, const uint8_t *history,
                     struct session_grant *ret_grant)
{
    return history && session_grant(service->sessions, job->seal.client_key, history, ret_grant) == 0;
}

/* Whose question it is: the member's by whose leave it reads, else the connection's. @history may be NULL. */
static uint32_t reader_spend(struct service *service, const struct job *job, const uint8_t *history, unsigned cost)
{
    struct session_grant grant;
    const uint8_t *key = may_read(service, job, history, &grant) ? grant.key : job->seal.client_key;
    return key_spend(service, RATE_QUERIES, key, cost);
}

/* Is the log to be asked first? Not for whoever may not read what is asked for. */
static bool wants_fresh(struct service *service, const struct job *job, const Comity__V1__Query *query,
                        const uint8_t *history)
{
    struct session_grant grant;
    return query->fresh && service->fresh && !job->is_asked &&
           query->kind_case != COMITY__V1__QUERY__KIND_STATUS && may_read(service, job, history, &grant);
}

static enum service_next handle_query(struct service *service, struct job *job, const Comity__V1__Query *query)
{
    struct refusal refusal = {0};
    Comity__V1__Answer *answer;
    const uint8_t *history = query->history.len == HISTORY_ID_SIZE ? query->history.data : NULL;
    uint32_t wait_ms = job->is_asked ? 0 : reader_spend(service, job, history, 1);
    if (wait_ms > 0)
        return put_off(service, job, wait_ms);
    if (wants_fresh(service, job, query, history))
        return SERVICE_FRESH;
    if (serve_move_elsewhere(service, job, query->history, false))
        return SERVICE_ANSWERED;
    if (answer_query(service, job, query, &answer, &refusal)) {
        reply_refusal(job, &refusal, service->term);
        return SERVICE_ANSWERED;
    }
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    reply.kind_case = COMITY__V1__REPLY__KIND_ANSWER;
    reply.answer = answer;
    reply_message(job, FRAME_REPLY, &reply.base, service->term);
    return SERVICE_ANSWERED;
}

/* Whoever has no leave to read may submit, if it is a member who signed. */
static bool is_for_strangers(const struct command *command)
{
    return command->body->body_case == COMITY__V1__COMMAND__BODY_REDEEM ||
           command->body->body_case == COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR ||
           command->body->body_case == COMITY__V1__COMMAND__BODY_FOUND;
}

/* Before anything of it is looked at: whoever leads takes the same bytes. */
static bool is_left_to_leader(const struct service *service, struct job *job)
{
    bool is_left = atomic_load(&service->term) == 0;
    if (is_left)
        reply_error(job, ERR_NOT_LEADER, 0, 0);
    return is_left;
}

static ProtobufCBinaryData history_of(struct job *job)
{
    return (ProtobufCBinaryData){.data = job->command.history, .len = HISTORY_ID_SIZE};
}

static enum service_next handle_submit(struct service *service, struct job *job,
                                       const Comity__V1__Submit *submit, bool is_stranger)
{
    struct refusal refusal = {0};
    unsigned cost = 1 + (unsigned) (job->frame.size / BYTES_OF_ONE);
    if (is_left_to_leader(service, job))
        return SERVICE_ANSWERED;
    int code = submit_check(service, job, submit, &refusal);
    if (job->command.body && serve_move_elsewhere(service, job, history_of(job), true)) {
        connection_spend(service, job, is_stranger, 1);
        return SERVICE_ANSWERED;
    }
    if (code || (is_stranger && (job->is_known || is_for_strangers(&job->command))))
        connection_spend(service, job, is_stranger, 1);
    if (code == 0) {
        /* What is on record anybody can send again who has a copy. That is a question, and not the signer's. */
        uint32_t wait_ms = job->is_known
                               ? reader_spend(service, job, job->command.history, cost)
                               : key_spend(service, RATE_COMMANDS, job->command.body->key.data, cost);
        return wait_ms > 0 ? put_off(service, job, wait_ms) : SERVICE_ORDER;
    }
    atomic_fetch_add(&service->counters.refusals, 1);
    reply_refusal(job, &refusal, service->term);
    return SERVICE_ANSWERED;
}

/* It costs the disk what a command does. */
static enum service_next handle_cosign(struct service *service, struct job *job, const Comity__V1__Cosign *cosign,
                                       bool is_stranger)
{
    struct refusal refusal = {0};
    if (is_left_to_leader(service, job))
        return SERVICE_ANSWERED;
    int code = check_header_history(job, cosign->history, &refusal);
    if (code == 0 && serve_move_elsewhere(service, job, cosign->history, true)) {
        connection_spend(service, job, is_stranger, 1);
        return SERVICE_ANSWERED;
    }
    if (code == 0)
        code = cosign_check(service, job, cosign, &refusal);
    if (code == 0) {
        uint32_t wait_ms = key_spend(service, RATE_COMMANDS, cosign->cosignature->key.data, 1);
        return wait_ms > 0 ? put_off(service, job, wait_ms) : SERVICE_ORDER;
    }
    connection_spend(service, job, is_stranger, 1);
    reply_refusal(job, &refusal, service->term);
    return SERVICE_ANSWERED;
}

/* A worker of the group that joins, by the log key's signature. It pays for what is refused, as anybody does. */
static enum service_next handle_copy(struct service *service, struct job *job, const Comity__V1__CopyAsk *ask,
                                     bool is_stranger)
{
    struct refusal refusal = {0};
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    uint32_t wait_ms = 0;
    int64_t now_ms = clock_now_ms(service->clock);
    int code = check_header_history(job, ask->history, &refusal);
    if (code == 0)
        code = copy_ask_check(ask, service->log_key->public_key, job->seal.client_key, now_ms, job->arena, &refusal);
    if (code)
        connection_spend(service, job, is_stranger, 1);
    else
        job->has_leave = true;
    if (code == 0)
        code = copies_answer(service->copies, ask, now_ms, job->arena, &reply.copy, &wait_ms, &refusal);
    if (code == ERR_BUSY)
        return put_off(service, job, wait_ms);
    reply.kind_case = COMITY__V1__REPLY__KIND_COPY;
    if (code)
        reply_refusal(job, &refusal, service->term);
    else
        reply_message(job, FRAME_REPLY, &reply.base, service->term);
    return SERVICE_ANSWERED;
}

static enum service_next handle_move(struct service *service, struct job *job, const Comity__V1__MoveAsk *ask,
                                     bool is_stranger)
{
    struct refusal refusal = {0};
    if (is_left_to_leader(service, job))
        return SERVICE_ANSWERED;
    if (serve_move_check(service, job, ask, &refusal) == 0)
        return SERVICE_ORDER;
    connection_spend(service, job, is_stranger, 1);
    reply_refusal(job, &refusal, service->term);
    return SERVICE_ANSWERED;
}

static enum service_next handle_request(struct service *service, struct job *job, struct bytes plain,
                                        bool is_stranger)
{
    struct refusal refusal = {0};
    ProtobufCMessage *message;
    if (message_unpack(&comity__v1__request__descriptor, plain, FRAME_BODY_MAX_BYTES, job->arena, &refusal,
                       &message)) {
        reply_refusal(job, &refusal, service->term);
        return SERVICE_ANSWERED;
    }
    const Comity__V1__Request *request = (const Comity__V1__Request *) message;
    switch (request->kind_case) {
    case COMITY__V1__REQUEST__KIND_SUBMIT:
        return handle_submit(service, job, request->submit, is_stranger);
    case COMITY__V1__REQUEST__KIND_QUERY:
        if (is_stranger && !job->is_asked)
            connection_spend(service, job, is_stranger, 1);
        return handle_query(service, job, request->query);
    case COMITY__V1__REQUEST__KIND_COSIGN:
        return handle_cosign(service, job, request->cosign, is_stranger);
    case COMITY__V1__REQUEST__KIND_COPY:
        return handle_copy(service, job, request->copy, is_stranger);
    case COMITY__V1__REQUEST__KIND_MOVE:
        return handle_move(service, job, request->move, is_stranger);
    default:
        refuse(&refusal, ERR_MISSING, "kind");
        reply_refusal(job, &refusal, service->term);
        return SERVICE_ANSWERED;
    }
}

/* A signature a grant. */
static void handle_hello(struct service *service, struct job *job, struct bytes plain, bool is_stranger)
{
    struct refusal refusal = {0};
    Comity__V1__Welcome *welcome;
    int code = hello_answer(service, job, plain, &welcome, &refusal);
    connection_spend(service, job, is_stranger, code ? 1 : 1 + (unsigned) welcome->n_grants);
    job->has_leave = session_has_leave(service->sessions, job->seal.client_key);
    if (code)
        reply_refusal(job, &refusal, service->term);
    else
        reply_message(job, FRAME_WELCOME, &welcome->base, service->term);
}

enum service_next service_handle(struct service *service, struct job *job)
{
    if (job_is_expired(job, clock_steady_ms())) {
        reply_error(job, ERR_EXPIRED, 0, service->term);
        return SERVICE_ANSWERED;
    }
    struct bytes plain;
    int code = open_seal(service, job, &plain);
    if (code) {
        reply_error(job, code, code == ERR_BUSY ? WAIT_MOST_MS : 0, service->term);
        return SERVICE_ANSWERED;
    }
    job->has_leave = session_has_leave(service->sessions, job->seal.client_key);
    const bool is_stranger = !job->has_leave;
    uint32_t wait_ms = job->is_asked ? 0 : connection_wait_ms(service, job, is_stranger);
    if (wait_ms > 0)
        return put_off(service, job, wait_ms);
    if (job->header.type == FRAME_REQUEST)
        return handle_request(service, job, plain, is_stranger);
    handle_hello(service, job, plain, is_stranger);
    return SERVICE_ANSWERED;
}
