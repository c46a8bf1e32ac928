#include "client/lib/client.h"
#include "client/lib/journal.h"
#include "core/error.h"

enum { LIST_PAGE_ROWS = 1000, LEAVES_LOOK_MS = 100 };

/* Somebody who waits for one request, on their stack. */
struct waiter {
    struct comity *client;
    struct comity_result result;
    bool is_done;
};

static void waiter_done(struct comity_result *result, void *context)
{
    struct waiter *waiter = context;
    pthread_mutex_lock(&waiter->client->lock);
    waiter->result = *result;
    memset(result, 0, sizeof(*result));
    waiter->is_done = true;
    pthread_cond_broadcast(&waiter->client->ended);
    pthread_mutex_unlock(&waiter->client->lock);
}

/* Waiting inside a callback would wait for ever. */
static int wait_check(struct comity *client)
{
    bool is_inside =
        client->has_thread ? pthread_equal(pthread_self(), client->thread) : client->is_delivering;
    return is_inside ? ERR_STATE : 0;
}

static void pump_unless_left(struct comity *client)
{
    bool is_left = client->leaves != NULL && client->leaves(client->context);

    if (is_left) {
        pthread_mutex_lock(&client->lock);
        requests_hurry(client);
        pthread_mutex_unlock(&client->lock);
    }
    comity_pump(client, client->leaves == NULL ? -1 : is_left ? 0 : LEAVES_LOOK_MS);
}

/* Every request has a deadline: this ends. */
static int waiter_wait(struct waiter *waiter, struct comity_result *ret_result)
{
    struct comity *client = waiter->client;
    if (client->has_thread) {
        pthread_mutex_lock(&client->lock);
        while (!waiter->is_done)
            pthread_cond_wait(&client->ended, &client->lock);
        pthread_mutex_unlock(&client->lock);
    } else {
        while (!waiter->is_done)
            pump_unless_left(client);
    }
    *ret_result = waiter->result;
    return ret_result->fault.code;
}

int comity_submit_wait(struct comity *client, const struct comity_draft *draft, int64_t deadline_ms,
                       struct comity_result *ret_result)
{
    struct waiter waiter = {.client = client};
    memset(ret_result, 0, sizeof(*ret_result));
    int code = wait_check(client);
    if (code == 0)
        code = comity_submit(client, draft, deadline_ms, waiter_done, &waiter, NULL);
    return code != 0 ? code : waiter_wait(&waiter, ret_result);
}

int comity_query_wait(struct comity *client, const uint8_t *history, const Comity__V1__Query *query,
                      int64_t deadline_ms, struct comity_result *ret_result)
{
    struct waiter waiter = {.client = client};
    memset(ret_result, 0, sizeof(*ret_result));
    int code = wait_check(client);
    if (code == 0)
        code = comity_query(client, history, query, deadline_ms, waiter_done, &waiter, NULL);
    return code != 0 ? code : waiter_wait(&waiter, ret_result);
}

int comity_query_at_wait(struct comity *client, size_t index, const uint8_t *history,
                         const Comity__V1__Query *query, int64_t deadline_ms,
                         struct comity_result *ret_result)
{
    struct waiter waiter = {.client = client};
    memset(ret_result, 0, sizeof(*ret_result));
    int code = index >= client->link_count ? ERR_NOT_FOUND : wait_check(client);
    if (code == 0)
        code = request_query_at(client, index, history, query, deadline_ms, waiter_done, &waiter);
    return code != 0 ? code : waiter_wait(&waiter, ret_result);
}

int comity_cosign_wait(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                       const Comity__V1__Cosignature *cosignature, int64_t deadline_ms,
                       struct comity_result *ret_result)
{
    struct waiter waiter = {.client = client};
    memset(ret_result, 0, sizeof(*ret_result));
    int code = wait_check(client);
    if (code == 0)
        code = comity_cosign(client, history, cosignature, deadline_ms, waiter_done, &waiter, NULL);
    return code != 0 ? code : waiter_wait(&waiter, ret_result);
}

int comity_operate_wait(struct comity *client, const Comity__V1__Request *request, int64_t deadline_ms,
                        struct comity_result *ret_result)
{
    struct waiter waiter = {.client = client};
    memset(ret_result, 0, sizeof(*ret_result));
    if (request->kind_case != COMITY__V1__REQUEST__KIND_COPY &&
        request->kind_case != COMITY__V1__REQUEST__KIND_MOVE)
        return ERR_MISSING;
    int code = deadline_ms < 0 ? ERR_RANGE : wait_check(client);
    if (code != 0)
        return code;
    pthread_mutex_lock(&client->lock);
    code = request_operator(client, request, deadline_ms, waiter_done, &waiter);
    pthread_mutex_unlock(&client->lock);
    return code != 0 ? code : waiter_wait(&waiter, ret_result);
}

int comity_log_key(struct comity *client, uint8_t ret_log_key[COMITY_KEY_SIZE])
{
    int code = ERR_NOT_FOUND;
    pthread_mutex_lock(&client->lock);
    for (size_t i = 0; i < client->link_count && code != 0; i++)
        if (client->links[i].state == LINK_READY && client->links[i].has_log_key) {
            memcpy(ret_log_key, client->links[i].log_key, COMITY_KEY_SIZE);
            code = 0;
        }
    pthread_mutex_unlock(&client->lock);
    return code;
}

int comity_status_wait(struct comity *client, int64_t deadline_ms, struct comity_result *ret_result)
{
    Comity__V1__Status status = COMITY__V1__STATUS__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    query.kind_case = COMITY__V1__QUERY__KIND_STATUS;
    query.status = &status;
    return comity_query_wait(client, NULL, &query, deadline_ms, ret_result);
}

int comity_broker_status_wait(struct comity *client, size_t index, int64_t deadline_ms,
                              Comity__V1__BrokerStatus **ret_status)
{
    struct waiter waiter = {.client = client};
    struct comity_result result;
    if (index >= client->link_count)
        return ERR_NOT_FOUND;
    int code = deadline_ms < 0 ? ERR_RANGE : wait_check(client);
    if (code != 0)
        return code;
    pthread_mutex_lock(&client->lock);
    code = request_broker_status(client, index, deadline_ms, waiter_done, &waiter);
    pthread_mutex_unlock(&client->lock);
    if (code == 0)
        code = waiter_wait(&waiter, &result);
    if (code != 0)
        return code;
    Comity__V1__BrokerStatus *status =
        comity__v1__broker_status__unpack(NULL, result.receipt_size, result.receipt);
    comity_result_release(&result);
    if (status == NULL)
        return ERR_MALFORMED;
    *ret_status = status;
    return 0;
}

int comity_broker_state(struct comity *client, size_t index)
{
    if (index >= client->link_count)
        return ERR_NOT_FOUND;
    pthread_mutex_lock(&client->lock);
    int code = client->links[index].state == LINK_READY ? 0 : client->links[index].code;
    pthread_mutex_unlock(&client->lock);
    return code;
}

/* ---- Lists ---- */

struct cursor {
    uint8_t data[128];
    size_t size;
};

static int cursor_take(struct cursor *cursor, const Comity__V1__Answer *answer)
{
    if (answer->next_cursor.len > sizeof(cursor->data))
        return ERR_MALFORMED;
    cursor->size = answer->next_cursor.len;
    if (cursor->size > 0)
        memcpy(cursor->data, answer->next_cursor.data, cursor->size);
    return 0;
}

int comity_list_all(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                    Comity__V1__ListKind kind, uint32_t parent, int64_t deadline_ms, comity_page_fn *page,
                    void *context, struct comity_fault *ret_fault)
{
    struct cursor cursor = {.size = 0};
    Comity__V1__List list = COMITY__V1__LIST__INIT;
    list.kind = kind;
    list.parent = parent;
    int code;
    do {
        struct comity_result result;
        Comity__V1__Query query = COMITY__V1__QUERY__INIT;
        query.limit = LIST_PAGE_ROWS;
        query.fresh = true;
        query.cursor = (ProtobufCBinaryData){cursor.size, cursor.data};
        query.kind_case = COMITY__V1__QUERY__KIND_LIST;
        query.list = &list;
        code = comity_query_wait(client, history, &query, deadline_ms, &result);
        if (code != 0 && ret_fault != NULL) {
            *ret_fault = result.fault;
            ret_fault->code = code;
        }
        if (code == 0)
            code = cursor_take(&cursor, comity_answer_body(result.answer));
        if (code == 0)
            code = page(comity_answer_body(result.answer), context);
        comity_result_release(&result);
    } while (code == 0 && cursor.size > 0);
    return code;
}

/* ---- After a restore ---- */

/* Is what the receipt proves in the record of today? */
static bool receipt_stands(const struct comity_journal_receipt *receipt,
                           const Comity__V1__Partnership *partnership)
{
    for (size_t i = 0; i < partnership->n_epochs; i++)
        if (partnership->epochs[i]->number == receipt->epoch)
            return i + 1 == partnership->n_epochs ||
                   receipt->sequence <= partnership->epochs[i + 1]->restored_to;
    return false;
}

const struct comity_journal_receipt *comity_standing(const struct comity_journal_entry *entry,
                                                     const Comity__V1__Partnership *partnership)
{
    const struct comity_journal_receipt *standing = NULL;
    for (size_t i = 0; i < entry->receipt_count; i++)
        if (receipt_stands(&entry->receipts[i], partnership) &&
            (standing == NULL || entry->receipts[i].epoch > standing->epoch))
            standing = &entry->receipts[i];
    return standing;
}

bool comity_is_lost(const struct comity_journal_entry *entry, const Comity__V1__Partnership *partnership)
{
    return entry->receipt_count > 0 && comity_standing(entry, partnership) == NULL;
}

const struct comity_journal_entry *comity_overtaken(const struct comity_journal_entry *entry,
                                                    const Comity__V1__Partnership *partnership)
{
    const struct comity_journal_entry *last = NULL;
    for (entry = entry->later; entry != NULL; entry = entry->later)
        if (comity_standing(entry, partnership) != NULL)
            last = entry;
    return last;
}

struct resubmit {
    struct comity *client;
    const Comity__V1__Partnership *partnership;
    int64_t deadline_ms;
    comity_done_fn *done;
    void *context;
    int count;
};

static int resubmit_one(const struct comity_journal_entry *entry, void *context)
{
    struct resubmit *resubmit = context;
    bool is_refused = entry->refused != 0 && entry->refused_epoch >= resubmit->partnership->epoch;
    if (!comity_is_lost(entry, resubmit->partnership) || is_refused ||
        comity_overtaken(entry, resubmit->partnership) != NULL)
        return 0;
    struct comity_result result;
    comity_submit_wait(resubmit->client, entry->draft, resubmit->deadline_ms, &result);
    resubmit->count++;
    resubmit->done(&result, resubmit->context);
    comity_result_release(&result);
    return 0;
}

int comity_resubmit(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                    const Comity__V1__Partnership *partnership, int64_t deadline_ms, comity_done_fn *done,
                    void *context)
{
    if (client->journal == NULL)
        return ERR_MISSING;
    int code = wait_check(client);
    if (code != 0)
        return code;
    struct resubmit resubmit = {client, partnership, deadline_ms, done, context, 0};
    code = comity_journal_each(client->journal, history, resubmit_one, &resubmit, NULL);
    return code != 0 ? code : resubmit.count;
}
