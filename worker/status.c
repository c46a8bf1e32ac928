#include "worker/status.h"

#include "core/error.h"
#include "worker/clock.h"
#include "worker/receipt.h"

void status_counters_init(struct status_counters *counters)
{
    memset(counters, 0, sizeof(*counters));
    pthread_mutex_init(&counters->peers_mutex, NULL);
}

void status_counters_release(struct status_counters *counters)
{
    pthread_mutex_destroy(&counters->peers_mutex);
}

void status_set_peers(struct status_counters *counters, const struct status_peer *peers, size_t count)
{
    pthread_mutex_lock(&counters->peers_mutex);
    memcpy(counters->peers, peers, count * sizeof(*peers));
    counters->peer_count = count;
    pthread_mutex_unlock(&counters->peers_mutex);
}

static int add_peers(struct status_counters *counters, struct arena *arena, Comity__V1__StatusAnswer *status)
{
    struct status_peer peers[STATUS_PEERS_MAX];
    pthread_mutex_lock(&counters->peers_mutex);
    size_t count = counters->peer_count;
    memcpy(peers, counters->peers, count * sizeof(*peers));
    pthread_mutex_unlock(&counters->peers_mutex);

    int64_t now_ms = clock_steady_ms();
    status->peers = arena_alloc(arena, count * sizeof(*status->peers) + 1);
    for (size_t i = 0; i < count; i++) {
        Comity__V1__Peer *peer = arena_alloc(arena, sizeof(*peer));
        if (!peer || !status->peers)
            return ERR_MEMORY;
        comity__v1__peer__init(peer);
        peer->endpoint = arena_string(arena, peers[i].endpoint);
        peer->is_connected = peers[i].is_connected;
        peer->last_heard_ms = peers[i].heard_ms ? now_ms - peers[i].heard_ms : -1;
        if (!peer->endpoint)
            return ERR_MEMORY;
        status->peers[status->n_peers++] = peer;
    }
    return 0;
}

/* ERR_GRANT and ERR_KEY_REVOKED: this history is none of the reader's. A witness asks for its checkpoint. */
static int add_head(const struct query_context *context, struct store_txn *txn,
                    const struct session_grant *grant, Comity__V1__StatusAnswer *status)
{
    struct store_history history;
    struct reader reader;
    int code = query_check_grant(txn, grant, context->now_ms, context->arena, &history, &reader);
    if (code)
        return code == ERR_GRANT || code == ERR_KEY_REVOKED ? 0 : code;
    if (!reader.member)
        return 0;
    Comity__V1__HistoryHead *head = arena_alloc(context->arena, sizeof(*head));
    uint8_t *id = arena_copy(context->arena, history.id, HISTORY_ID_SIZE);
    char *note = arena_alloc(context->arena, CHECKPOINT_MAX_BYTES);
    if (!head || !id || !note)
        return ERR_MEMORY;
    comity__v1__history_head__init(head);
    head->history = (ProtobufCBinaryData){.data = id, .len = HISTORY_ID_SIZE};
    head->head = history.head;
    code = checkpoint_make(txn, &history, history.epoch, history.head, context->log_key, note,
                           &head->checkpoint.len);
    head->checkpoint.data = (uint8_t *) note;
    if (code == 0)
        status->heads[status->n_heads++] = head;
    return code;
}

static int count_history(void *context, const struct store_history *history)
{
    (void) history;
    ++*(uint32_t *) context;
    return 0;
}

static int add_stored(const struct query_context *context, const struct status_facts *facts,
                      Comity__V1__StatusAnswer *status)
{
    status->heads = arena_alloc(context->arena, (facts->grant_count + 1) * sizeof(*status->heads));
    if (!status->heads)
        return ERR_MEMORY;
    struct store_txn *txn;
    int code = store_begin_read(context->store, &txn);
    if (code)
        return code;
    for (size_t i = 0; i < facts->grant_count && code == 0; i++)
        code = add_head(context, txn, &facts->grants[i], status);
    if (code == 0 && facts->is_operator)
        code = store_history_each(txn, count_history, &status->histories);
    store_abort(&txn);
    return code;
}

static int add_figures(const struct query_context *context, const struct status_facts *facts,
                       struct status_counters *counters, Comity__V1__StatusAnswer *status)
{
    status->queued_checks = (uint32_t) facts->queued_checks;
    status->queued_commands = (uint32_t) facts->queued_commands;
    status->batches = atomic_load(&counters->batches);
    status->commands = atomic_load(&counters->commands);
    status->refusals = atomic_load(&counters->refusals);
    store_usage(context->store, &status->map_bytes, &status->map_limit_bytes);
    return add_peers(counters, context->arena, status);
}

int status_answer(const struct query_context *context, const Comity__V1__Query *query,
                  const struct status_facts *facts, struct status_counters *counters,
                  Comity__V1__Answer **ret_answer, struct refusal *refusal)
{
    static const char SOFTWARE[] = "comity-worker " COMITY_VERSION;
    if (query->history.len != 0)
        return refuse(refusal, ERR_RANGE, "query.history");
    Comity__V1__Answer *answer = arena_alloc(context->arena, sizeof(*answer));
    Comity__V1__StatusAnswer *status = arena_alloc(context->arena, sizeof(*status));
    uint32_t *levels = arena_alloc(context->arena, FORMAT_LEVEL * sizeof(*levels));
    if (!answer || !status || !levels)
        return refuse(refusal, ERR_MEMORY, "");
    comity__v1__answer__init(answer);
    comity__v1__status_answer__init(status);
    answer->status = status;
    status->software = (char *) SOFTWARE;
    for (uint32_t level = 1; level <= FORMAT_LEVEL; level++)
        levels[level - 1] = level;
    status->format_levels = levels;
    status->n_format_levels = FORMAT_LEVEL;
    status->group = (ProtobufCBinaryData){.data = (uint8_t *) facts->group, .len = GROUP_ID_SIZE};
    status->term = facts->term;
    status->is_leader = facts->is_leader;
    status->started_ms = facts->started_ms;
    status->time_ms = context->now_ms;
    int code = add_stored(context, facts, status);
    if (code == 0 && facts->is_operator)
        code = add_figures(context, facts, counters, status);
    if (code)
        return refuse(refusal, code, "");
    *ret_answer = answer;
    return 0;
}
