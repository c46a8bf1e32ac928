/* The entry that was applied last, and a hash over what the primary tables say: docs/storage.md, "The hash of a state". */
#include <sodium.h>

#include "core/error.h"
#include "worker/store/store_internal.h"

/* meta "entry": number u64, total u64, hash, time i64, level u32, id of the batch */

enum {
    ENTRY_HASH_AT = 8 + 8,
    ENTRY_TIME_AT = ENTRY_HASH_AT + HASH_SIZE,
    ENTRY_LEVEL_AT = ENTRY_TIME_AT + 8,
    ENTRY_BATCH_AT = ENTRY_LEVEL_AT + 4,
    ENTRY_ROW_SIZE = ENTRY_BATCH_AT + BATCH_ID_SIZE,
};

static const struct bytes ENTRY_KEY = {(const uint8_t *) "entry", 5};

int store_entry_get(struct store_txn *txn, struct store_entry *ret_entry)
{
    struct bytes row;
    int code = table_get(txn, STORE_META, ENTRY_KEY, &row);

    if (code != 0)
        return code;
    if (row.size != ENTRY_ROW_SIZE)
        return txn_fail(txn, ERR_CORRUPT);
    ret_entry->number = get_u64(row.data);
    ret_entry->total = get_u64(row.data + 8);
    memcpy(ret_entry->hash, row.data + ENTRY_HASH_AT, HASH_SIZE);
    ret_entry->time_ms = (int64_t) get_u64(row.data + ENTRY_TIME_AT);
    ret_entry->level = get_u32(row.data + ENTRY_LEVEL_AT);
    memcpy(ret_entry->batch, row.data + ENTRY_BATCH_AT, BATCH_ID_SIZE);
    return 0;
}

int store_entry_put(struct store_txn *txn, const struct store_entry *entry)
{
    uint8_t row[ENTRY_ROW_SIZE];

    put_u64(row, entry->number);
    put_u64(row + 8, entry->total);
    memcpy(row + ENTRY_HASH_AT, entry->hash, HASH_SIZE);
    put_u64(row + ENTRY_TIME_AT, (uint64_t) entry->time_ms);
    put_u32(row + ENTRY_LEVEL_AT, entry->level);
    memcpy(row + ENTRY_BATCH_AT, entry->batch, BATCH_ID_SIZE);
    return table_put(txn, STORE_META, ENTRY_KEY, BYTES(row, sizeof(row)));
}

/* Rows in the order of their keys, without the history's number, which is this store's own. */

enum { KIND_REFUSED = 2, VALID_UNTIL_AT = 1, NUMBER_SIZE = 4 };

struct hashing {
    struct store_txn *txn;
    int64_t now_ms;
    uint32_t epoch; /* of the history in hand */
    crypto_generichash_state state;
};

static void take(struct hashing *hashing, const uint8_t *data, size_t size)
{
    crypto_generichash_update(&hashing->state, data, size);
}

static void take_row(struct hashing *hashing, uint8_t table, struct bytes key, struct bytes value)
{
    uint8_t head[1 + 4 + 4] = {table};

    put_u32(head + 1, (uint32_t) (key.size - NUMBER_SIZE));
    put_u32(head + 5, (uint32_t) value.size);
    take(hashing, head, sizeof(head));
    take(hashing, key.data + NUMBER_SIZE, key.size - NUMBER_SIZE);
    take(hashing, value.data, value.size);
}

/* A store that has to grow waits for whoever reads it. */
static int go_on(const struct hashing *hashing)
{
    return store_is_waited_for(hashing->txn->store) ? ERR_BUSY : 0;
}

static int event_take(void *context, struct bytes key, struct bytes value)
{
    take_row(context, STORE_EVENT, key, value);
    return go_on(context);
}

/* Each store encrypts them anew: that it is there, or was erased. */
static int text_take(void *context, struct bytes key, struct bytes value)
{
    static const uint8_t is_there = 1;

    take_row(context, STORE_TEXT, key, BYTES(&is_there, value.size > 0));
    return go_on(context);
}

/* A refusal whose time is over goes some time, at another moment in each store. */
static int command_take(void *context, struct bytes key, struct bytes value)
{
    struct hashing *hashing = context;
    bool is_over = value.size > VALID_UNTIL_AT + 8 && value.data[0] == KIND_REFUSED &&
                   (int64_t) get_u64(value.data + VALID_UNTIL_AT) < hashing->now_ms;

    if (!is_over)
        take_row(hashing, STORE_COMMAND, key, value);
    return 0;
}

/* Of the present epoch only a store has any that came by an export. */
static int checkpoint_take(void *context, struct bytes key, struct bytes value)
{
    struct hashing *hashing = context;

    if (key.size >= NUMBER_SIZE + 4 && get_u32(key.data + NUMBER_SIZE) < hashing->epoch)
        take_row(hashing, STORE_CHECKPOINT, key, value);
    return 0;
}

static int cosignature_take(void *context, struct bytes key, struct bytes value)
{
    take_row(context, STORE_COSIGNATURE, key, value);
    return 0;
}

static int history_take(void *context, const struct store_history *history)
{
    static const struct {
        enum store_table table;
        view_range_fn *take;
    } TABLES[] = {
        {STORE_EVENT, event_take},
        {STORE_TEXT, text_take},
        {STORE_COMMAND, command_take},
        {STORE_CHECKPOINT, checkpoint_take},
        {STORE_COSIGNATURE, cosignature_take},
    };
    struct hashing *hashing = context;
    uint8_t number[NUMBER_SIZE], row[4 + 8 + 8];
    int code = 0;

    put_u32(number, history->number);
    put_u32(row, history->epoch);
    put_u64(row + 4, history->head);
    put_u64(row + 12, (uint64_t) history->time_ms);
    take(hashing, history->id, HISTORY_ID_SIZE);
    take(hashing, row, sizeof(row));
    hashing->epoch = history->epoch;
    for (size_t i = 0; code == 0 && i < ARRAY_COUNT(TABLES); i++)
        code = table_range(hashing->txn, TABLES[i].table, BYTES(number, sizeof(number)), (struct bytes){0},
                           TABLES[i].take, hashing);
    return code;
}

/* A history on its way: all but the number, which is this store's own. */
static int move_take(void *context, const uint8_t history[HISTORY_ID_SIZE], const struct store_move *move)
{
    struct hashing *hashing = context;
    uint8_t row[1 + 8 + 8 + 4 + 4 + 4] = {(uint8_t) move->kind};

    put_u64(row + 1, move->size);
    put_u64(row + 9, move->taken);
    put_u32(row + 17, (uint32_t) move->pieces.size);
    put_u32(row + 21, (uint32_t) move->note.size);
    put_u32(row + 25, (uint32_t) move->went.size);
    take(hashing, history, HISTORY_ID_SIZE);
    take(hashing, row, sizeof(row));
    take(hashing, move->copy, STORE_COPY_SIZE);
    take(hashing, move->pieces.data, move->pieces.size);
    take(hashing, move->note.data, move->note.size);
    take(hashing, move->went.data, move->went.size);
    return 0;
}

int store_hash(struct store_txn *txn, int64_t now_ms, uint8_t ret_hash[HASH_SIZE])
{
    struct hashing hashing = {.txn = txn, .now_ms = now_ms};
    int code;

    crypto_generichash_init(&hashing.state, NULL, 0, HASH_SIZE);
    code = store_history_each(txn, history_take, &hashing);
    if (code == 0)
        code = store_moves_each(txn, move_take, &hashing);
    if (code == 0)
        crypto_generichash_final(&hashing.state, ret_hash, HASH_SIZE);
    return code;
}
