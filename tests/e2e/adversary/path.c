#include "path.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/message.h"

enum { ANSWER_BYTES = 64 * 1024 * 1024, BUDGET_MS = 600 * 1000, JOBS_MAX = 2 * PATH_ORDERED_MAX };
#define MAP_BYTES (UINT64_C(4) << 30)

void path_need(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "forgeries: %s\n", what);
    exit(2);
}

static int64_t read_clock(void *context, clockid_t clock)
{
    (void) clock;
    return ((struct path *) context)->now_ms;
}

static int64_t stamp(void *context)
{
    return clock_stamp_ms(&((struct path *) context)->clock);
}

static void salt(void *context, uint8_t *bytes, size_t size)
{
    struct path *path = context;

    for (size_t i = 0; i < size; i++) {
        path->random = path->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t) (path->random >> 56);
    }
}

static void service_begin(struct path *path)
{
    struct service *service = &path->service;
    const struct session_limits sessions = {.members = 8, .strangers = 8};
    struct policy_rules rules = {.founding = FOUNDING_TOKEN, .token = PATH_TOKEN};
    const struct rate_limits no_limits = {.of = {{.per_minute = 0}}};
    const struct job_limits jobs = {.count = JOBS_MAX, .bytes = SIZE_MAX / 2};
    uint64_t term = 0;

    service->store = scratch_store(path->directory, MAP_BYTES);
    service->clock = &path->clock;
    service->group_key = &path->group_key;
    service->log_key = &path->log_key;
    service->rates = rates_new(no_limits.of, RATE_COUNT);
    group_id(path->group_key.public_key, service->group);
    status_counters_init(&service->counters);
    path_need(service->rates != NULL && store_take_term(service->store, &term) == 0 && order_log_local_new(term, &service->log) == 0 &&
                  session_cache_new(&sessions, &service->sessions) == 0 &&
                  policy_new(&rules, &service->policy) == 0 && job_queue_new(&service->checks) == 0 &&
                  job_queue_new(&service->commands) == 0 && job_pool_new(&jobs, &path->jobs) == 0,
              "the worker's path cannot be set up");
    atomic_store(&service->term, term);
}

void path_begin(struct path *path, int64_t now_ms, path_answer_fn *answered, void *context)
{
    static const uint8_t LOG_SEED[SEED_SIZE] = {0x21}, GROUP[32] = {0x22}, CLIENT[32] = {0x23};
    const struct clock_source source = {.read_ms = read_clock, .context = path};
    struct batch_options options = {
        .log_key = &path->log_key, .clock = stamp, .random = salt, .context = path};

    *path = (struct path){.now_ms = now_ms, .random = 1, .answered = answered, .context = context};
    path_need(key_init() == 0, "no cryptography");
    scratch_use_memory();
    scratch_make(path->directory);
    signing_key_from_seed(LOG_SEED, &path->log_key);
    connection_key_from_secret(GROUP, &path->group_key);
    connection_key_from_secret(CLIENT, &path->client_key);
    path_need(seal_session_client(&path->client_key, path->group_key.public_key, &path->seal) == 0,
              "no seal");
    clock_init(&path->clock, &source);
    service_begin(path);
    options.store = path->service.store;
    options.log = path->service.log;
    path->arena = arena_new(ANSWER_BYTES);
    path_need(path->arena != NULL && batch_runner_new(&options, &path->runner) == 0, "no batches");
}

void path_end(struct path *path)
{
    struct service *service = &path->service;

    batch_runner_destroy(&path->runner);
    job_pool_destroy(&path->jobs);
    job_queue_destroy(&service->checks);
    job_queue_destroy(&service->commands);
    rates_destroy(&service->rates);
    policy_destroy(&service->policy);
    session_cache_destroy(&service->sessions);
    service->log->ops->destroy(&service->log);
    store_close(&service->store);
    status_counters_release(&service->counters);
    clock_release(&path->clock);
    arena_destroy(&path->arena);
    scratch_remove(path->directory);
}

struct frame_header path_header(struct path *path, uint8_t type, const uint8_t *history, const uint8_t *id)
{
    struct frame_header header = {
        .type = type, .request = ++path->requests, .attempt = 1, .budget_ms = BUDGET_MS};

    memcpy(header.group, path->service.group, GROUP_ID_SIZE);
    if (history)
        memcpy(header.history, history, HISTORY_ID_SIZE);
    if (id)
        memcpy(header.command_id, id, COMMAND_ID_SIZE);
    return header;
}

struct bytes path_frame(struct path *path, const struct frame_header *header, struct bytes plain,
                        struct arena *arena)
{
    size_t size = FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size;
    uint8_t *frame = arena_alloc(arena, size);

    path_need(frame != NULL, "no memory");
    seal_frame(&path->seal, header, plain, frame);
    return BYTES(frame, size);
}

/* A packed Reply, as it is sealed or as a batch made it. */
static void reply_read(struct path *path, struct bytes packed, struct path_answer *answer)
{
    ProtobufCMessage *message;

    path_need(message_unpack_trusted(&comity__v1__reply__descriptor, packed, path->arena, &message) == 0,
              "a reply cannot be read");
    const Comity__V1__Reply *reply = (const Comity__V1__Reply *) message;
    if (reply->kind_case == COMITY__V1__REPLY__KIND_RECEIPT) {
        answer->sequence = reply->receipt->first_sequence;
    } else if (reply->kind_case == COMITY__V1__REPLY__KIND_REFUSAL) {
        answer->code = reply->refusal->code;
        snprintf(answer->field, sizeof(answer->field), "%s", reply->refusal->field);
    } else {
        path_need(false, "neither a receipt nor a refusal");
    }
}

static void answered_at_once(struct path *path, const struct job *job, void *tag)
{
    struct path_answer answer = {0};
    struct frame_header header;
    struct bytes body;
    size_t size = 0;

    path_need(frame_read(job->answer, &header, &body) == 0, "an answer is no frame");
    if (header.type == FRAME_ERROR) {
        answer.is_error_frame = true;
        answer.code = header.error;
    } else {
        uint8_t *plain = arena_alloc(path->arena, body.size);
        path_need(plain != NULL && seal_open(&path->seal, job->answer, plain, &size) == 0,
                  "an answer's seal");
        answer.packed = BYTES(plain, size);
        if (header.type == FRAME_REPLY)
            reply_read(path, answer.packed, &answer);
    }
    path->answered(path->context, tag, &answer);
    arena_reset(path->arena);
}

void path_send(struct path *path, struct bytes frame, void *tag)
{
    struct frame_header header;
    struct bytes body;
    struct job *job;

    if (frame_read(frame, &header, &body) != 0) { /* the loop answers without the service */
        struct path_answer answer = {.is_error_frame = true, .code = ERR_MALFORMED};
        path->answered(path->context, tag, &answer);
        return;
    }
    path_need(job_take(path->jobs, &header, frame, &job) == 0, "no job");
    job->arrived_ms = clock_steady_ms();
    if (service_handle(&path->service, job) == SERVICE_ANSWERED) {
        answered_at_once(path, job, tag);
        job_give(path->jobs, &job);
        return;
    }
    path->ordered[path->ordered_count].job = job;
    path->ordered[path->ordered_count++].tag = tag;
    if (path->ordered_count == PATH_ORDERED_MAX)
        path_flush(path);
}

void path_flush(struct path *path)
{
    static struct batch_item items[PATH_ORDERED_MAX];
    struct batch_result result;

    for (size_t i = 0; i < path->ordered_count; i++)
        items[i] = (struct batch_item){.command = &path->ordered[i].job->command,
                                       .arena = path->ordered[i].job->arena};
    path_need(batch_run(path->runner, items, path->ordered_count, &result) == 0, "a batch failed");
    for (size_t i = 0; i < path->ordered_count; i++) {
        struct path_answer answer = {.was_ordered = true, .packed = items[i].reply};

        reply_read(path, items[i].reply, &answer);
        path->answered(path->context, path->ordered[i].tag, &answer);
        job_give(path->jobs, &path->ordered[i].job);
        arena_reset(path->arena);
    }
    path->ordered_count = 0;
}

void path_read_begin(struct path *path, const uint8_t history[HISTORY_ID_SIZE], struct path_read *ret_read)
{
    static const struct store_history nobody;

    path_need(store_begin_read(path->service.store, &ret_read->txn) == 0, "the store cannot be read");
    ret_read->is_founded = store_history_get(ret_read->txn, history, &ret_read->history) == 0;
    if (!ret_read->is_founded)
        ret_read->history = nobody;
    ret_read->view = store_view(ret_read->txn, &ret_read->history);
}

void path_read_end(struct path_read *read)
{
    store_abort(&read->txn);
}
