#include "worker/service.h"

#include "core/error.h"
#include "core/message.h"
#include "worker/clock.h"
#include "worker/cosign.h"
#include "worker/hello.h"
#include "worker/query.h"
#include "worker/reply.h"
#include "worker/submit.h"

enum { WAIT_LEAST_MS = 20, WAIT_MOST_MS = 2000 };

uint32_t service_wait_ms(struct service *service)
{
    size_t batches = 1 + job_queue_count(service->commands) / 256;
    uint64_t wait_ms = atomic_load(&service->batch_ms) * (uint64_t) batches * 2;
    return wait_ms < WAIT_LEAST_MS  ? WAIT_LEAST_MS
           : wait_ms > WAIT_MOST_MS ? WAIT_MOST_MS
                                    : (uint32_t) wait_ms;
}

bool job_is_expired(const struct job *job, int64_t steady_ms)
{
    return steady_ms - job->arrived_ms >= (int64_t) job->header.budget_ms;
}

/* The client's seal: remembered, or made from the keys. */
static int find_seal(struct service *service, struct job *job, bool *ret_is_new)
{
    uint8_t client_key[KEY_SIZE];
    struct bytes sealed = BYTES(job->frame.data + FRAME_HEADER_SIZE, job->frame.size - FRAME_HEADER_SIZE);
    int code = seal_client_key(sealed, client_key);
    if (code)
        return code;
    *ret_is_new = !session_find(service->sessions, client_key, &job->seal);
    return *ret_is_new ? seal_session_group(service->group_key, client_key, &job->seal) : 0;
}

static int open_seal(struct service *service, struct job *job, struct bytes *ret_plain)
{
    bool is_new = false;
    int code = find_seal(service, job, &is_new);
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
    return status_answer(context, query, &facts, &service->counters, ret_answer, refusal);
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

static void handle_query(struct service *service, struct job *job, const Comity__V1__Query *query)
{
    struct refusal refusal = {0};
    Comity__V1__Answer *answer;
    if (answer_query(service, job, query, &answer, &refusal)) {
        reply_refusal(job, &refusal, service->term);
        return;
    }
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    reply.kind_case = COMITY__V1__REPLY__KIND_ANSWER;
    reply.answer = answer;
    reply_message(job, FRAME_REPLY, &reply.base, service->term);
}

static enum service_next handle_submit(struct service *service, struct job *job,
                                       const Comity__V1__Submit *submit)
{
    struct refusal refusal = {0};
    if (submit_check(service, job, submit, &refusal) == 0)
        return SERVICE_ORDER;
    atomic_fetch_add(&service->counters.refusals, 1);
    reply_refusal(job, &refusal, service->term);
    return SERVICE_ANSWERED;
}

static enum service_next handle_cosign(struct service *service, struct job *job,
                                       const Comity__V1__Cosign *cosign)
{
    struct refusal refusal = {0};
    int code = check_header_history(job, cosign->history, &refusal);
    if (code == 0)
        code = cosign_check(service, job, cosign, &refusal);
    if (code == 0)
        return SERVICE_ORDER;
    reply_refusal(job, &refusal, service->term);
    return SERVICE_ANSWERED;
}

static enum service_next handle_request(struct service *service, struct job *job, struct bytes plain)
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
        return handle_submit(service, job, request->submit);
    case COMITY__V1__REQUEST__KIND_QUERY:
        handle_query(service, job, request->query);
        return SERVICE_ANSWERED;
    case COMITY__V1__REQUEST__KIND_COSIGN:
        return handle_cosign(service, job, request->cosign);
    default:
        refuse(&refusal, ERR_MISSING, "kind");
        reply_refusal(job, &refusal, service->term);
        return SERVICE_ANSWERED;
    }
}

static void handle_hello(struct service *service, struct job *job, struct bytes plain)
{
    struct refusal refusal = {0};
    Comity__V1__Welcome *welcome;
    if (hello_answer(service, job, plain, &welcome, &refusal))
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
        reply_error(job, code, 0, service->term);
        return SERVICE_ANSWERED;
    }
    if (job->header.type == FRAME_REQUEST)
        return handle_request(service, job, plain);
    handle_hello(service, job, plain);
    return SERVICE_ANSWERED;
}
