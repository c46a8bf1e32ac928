/* What became of commands: rows that are kept for ever, and refusals that expire. */
#include "core/error.h"
#include "worker/store/store_internal.h"

enum {
    COMMAND_KEY_SIZE = 4 + COMMAND_ID_SIZE,
    EXPIRY_KEY_SIZE = 8 + COMMAND_KEY_SIZE,
    ACCEPTED_SIZE = 1 + 8 + 4 + 8 + 4,
    REFUSED_SIZE = 1 + 8 + 4 + 8 + 8, /* and the field's name */
    KIND_ACCEPTED = 1,
    KIND_REFUSED = 2,
    PURGE_MAX = 1024,
};

/* command: number u32, id -> 1, sequence u64, events u32, size of the tree u64, epoch u32
 *                         or 2, valid until i64, code i32, latest u64, limit u64, field */

static void command_key(uint8_t key[COMMAND_KEY_SIZE], uint32_t number, const uint8_t id[COMMAND_ID_SIZE])
{
    put_u32(key, number);
    memcpy(key + 4, id, COMMAND_ID_SIZE);
}

static void accepted_read(const uint8_t *row, struct store_command *ret_command)
{
    *ret_command = (struct store_command){
        .sequence = get_u64(row + 1),
        .events = get_u32(row + 9),
        .tree_size = get_u64(row + 13),
        .epoch = get_u32(row + 21),
    };
}

static void refused_read(struct bytes row, struct store_command *ret_command)
{
    *ret_command = (struct store_command){
        .valid_until_ms = (int64_t) get_u64(row.data + 1),
        .refusal =
            {
                .code = (int32_t) get_u32(row.data + 9),
                .latest = get_u64(row.data + 13),
                .limit = get_u64(row.data + 21),
            },
    };
    memcpy(ret_command->refusal.field, row.data + REFUSED_SIZE, row.size - REFUSED_SIZE);
}

static int row_read(struct bytes row, struct store_command *ret_command)
{
    if (row.size == ACCEPTED_SIZE && row.data[0] == KIND_ACCEPTED)
        accepted_read(row.data, ret_command);
    else if (row.size >= REFUSED_SIZE && row.size < REFUSED_SIZE + FIELD_PATH_MAX &&
             row.data[0] == KIND_REFUSED)
        refused_read(row, ret_command);
    else
        return ERR_CORRUPT;
    return 0;
}

int store_command_get(struct store_txn *txn, const struct store_history *history,
                      const uint8_t id[COMMAND_ID_SIZE], struct store_command *ret_command)
{
    uint8_t key[COMMAND_KEY_SIZE];
    struct bytes row;
    int code;

    command_key(key, history->number, id);
    code = table_get(txn, STORE_COMMAND, BYTES(key, sizeof(key)), &row);
    if (code == 0 && row_read(row, ret_command) != 0)
        code = txn_fail(txn, ERR_CORRUPT);
    return code;
}

static void expiry_key(uint8_t key[EXPIRY_KEY_SIZE], int64_t valid_until_ms,
                       const uint8_t command[COMMAND_KEY_SIZE])
{
    put_u64(key, (uint64_t) valid_until_ms);
    memcpy(key + 8, command, COMMAND_KEY_SIZE);
}

static int refusal_put(struct store_txn *txn, const uint8_t key[COMMAND_KEY_SIZE],
                       const struct store_command *command)
{
    size_t field_size = strnlen(command->refusal.field, FIELD_PATH_MAX - 1);
    uint8_t row[REFUSED_SIZE + FIELD_PATH_MAX];
    uint8_t expiry[EXPIRY_KEY_SIZE];

    if (command->refusal.code >= 0 || command->valid_until_ms < 0)
        return txn_fail(txn, ERR_INTERNAL);
    row[0] = KIND_REFUSED;
    put_u64(row + 1, (uint64_t) command->valid_until_ms);
    put_u32(row + 9, (uint32_t) command->refusal.code);
    put_u64(row + 13, command->refusal.latest);
    put_u64(row + 21, command->refusal.limit);
    memcpy(row + REFUSED_SIZE, command->refusal.field, field_size);
    expiry_key(expiry, command->valid_until_ms, key);
    table_put(txn, STORE_EXPIRY, BYTES(expiry, sizeof(expiry)), (struct bytes){0});
    return table_put(txn, STORE_COMMAND, BYTES(key, COMMAND_KEY_SIZE), BYTES(row, REFUSED_SIZE + field_size));
}

int store_command_put(struct store_txn *txn, const struct store_history *history,
                      const uint8_t id[COMMAND_ID_SIZE], const struct store_command *command)
{
    uint8_t key[COMMAND_KEY_SIZE];
    uint8_t row[ACCEPTED_SIZE];

    command_key(key, history->number, id);
    if (command->sequence == 0)
        return refusal_put(txn, key, command);
    row[0] = KIND_ACCEPTED;
    put_u64(row + 1, command->sequence);
    put_u32(row + 9, command->events);
    put_u64(row + 13, command->tree_size);
    put_u32(row + 21, command->epoch);
    return table_put(txn, STORE_COMMAND, BYTES(key, sizeof(key)), BYTES(row, sizeof(row)));
}

struct refusal_walk {
    store_refusal_fn *visit;
    void *context;
};

static int refusal_visit(void *context, struct bytes key, struct bytes value)
{
    struct refusal_walk *walk = context;
    struct store_command command;

    if (key.size != COMMAND_KEY_SIZE || row_read(value, &command) != 0)
        return ERR_CORRUPT;
    return command.sequence == 0 ? walk->visit(walk->context, key.data + 4, &command) : 0;
}

int store_refusals_each(struct store_txn *txn, const struct store_history *history, store_refusal_fn *visit,
                        void *context)
{
    struct refusal_walk walk = {visit, context};
    uint8_t number[4];

    put_u32(number, history->number);
    return table_range(txn, STORE_COMMAND, BYTES(number, sizeof(number)), (struct bytes){0}, refusal_visit,
                       &walk);
}

/* Keys are gathered first: what is walked over must not change. */
struct purge {
    int64_t now_ms;
    unsigned limit;
    unsigned count;
    uint8_t keys[PURGE_MAX][EXPIRY_KEY_SIZE];
};

static int purge_visit(void *context, struct bytes key, struct bytes value)
{
    struct purge *purge = context;

    (void) value;
    if (key.size != EXPIRY_KEY_SIZE)
        return ERR_CORRUPT;
    if (purge->count == purge->limit || (int64_t) get_u64(key.data) >= purge->now_ms)
        return 1;
    memcpy(purge->keys[purge->count++], key.data, EXPIRY_KEY_SIZE);
    return 0;
}

/* A command may have been refused, have expired here late, and be accepted by no means; yet only a refusal is
 * ever removed. */
static void refusal_forget(struct store_txn *txn, const uint8_t expiry[EXPIRY_KEY_SIZE])
{
    struct bytes command = BYTES(expiry + 8, COMMAND_KEY_SIZE);
    struct bytes row;
    int code = table_get(txn, STORE_COMMAND, command, &row);

    if (code == 0 && row.size > 0 && row.data[0] == KIND_REFUSED)
        table_delete(txn, STORE_COMMAND, command);
    table_delete(txn, STORE_EXPIRY, BYTES(expiry, EXPIRY_KEY_SIZE));
}

int store_refusals_purge(struct store_txn *txn, int64_t now_ms, unsigned limit)
{
    struct purge purge = {.now_ms = now_ms, .limit = limit < PURGE_MAX ? limit : PURGE_MAX};

    table_range(txn, STORE_EXPIRY, (struct bytes){0}, (struct bytes){0}, purge_visit, &purge);
    for (unsigned i = 0; i < purge.count; i++)
        refusal_forget(txn, purge.keys[i]);
    return txn->error;
}
