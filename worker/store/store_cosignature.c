/* What witnesses have cosigned last: a row each. */
#include "core/error.h"
#include "worker/store/store_internal.h"

enum {
    COSIGNATURE_KEY_SIZE = 4 + KEY_SIZE,
    COSIGNATURE_ROW_SIZE = 4 + 8 + 8 + SIGNATURE_SIZE,
};

/* cosignature: number u32, the witness's key -> epoch u32, size u64, time in seconds i64, signature */

static void cosignature_key(uint8_t key[COSIGNATURE_KEY_SIZE], uint32_t number, const uint8_t *witness)
{
    put_u32(key, number);
    memcpy(key + 4, witness, KEY_SIZE);
}

static int row_read(const uint8_t *witness, struct bytes row, struct store_cosignature *ret_cosignature)
{
    if (row.size != COSIGNATURE_ROW_SIZE)
        return ERR_CORRUPT;
    memcpy(ret_cosignature->key, witness, KEY_SIZE);
    ret_cosignature->epoch = get_u32(row.data);
    ret_cosignature->size = get_u64(row.data + 4);
    ret_cosignature->time_s = (int64_t) get_u64(row.data + 12);
    memcpy(ret_cosignature->signature, row.data + 20, SIGNATURE_SIZE);
    return 0;
}

int store_cosignature_get(struct store_txn *txn, const struct store_history *history,
                          const uint8_t witness[KEY_SIZE], struct store_cosignature *ret_cosignature)
{
    uint8_t key[COSIGNATURE_KEY_SIZE];
    struct bytes row;
    int code;

    cosignature_key(key, history->number, witness);
    code = table_get(txn, STORE_COSIGNATURE, BYTES(key, sizeof(key)), &row);
    if (code == 0 && row_read(witness, row, ret_cosignature) != 0)
        code = txn_fail(txn, ERR_CORRUPT);
    return code;
}

int store_cosignature_put(struct store_txn *txn, const struct store_history *history,
                          const struct store_cosignature *cosignature)
{
    uint8_t key[COSIGNATURE_KEY_SIZE];
    uint8_t row[COSIGNATURE_ROW_SIZE];

    cosignature_key(key, history->number, cosignature->key);
    put_u32(row, cosignature->epoch);
    put_u64(row + 4, cosignature->size);
    put_u64(row + 12, (uint64_t) cosignature->time_s);
    memcpy(row + 20, cosignature->signature, SIGNATURE_SIZE);
    return table_put(txn, STORE_COSIGNATURE, BYTES(key, sizeof(key)), BYTES(row, sizeof(row)));
}

struct cosignature_walk {
    store_cosignature_fn *visit;
    void *context;
};

static int cosignature_visit(void *context, struct bytes key, struct bytes value)
{
    struct cosignature_walk *walk = context;
    struct store_cosignature cosignature;

    if (key.size != COSIGNATURE_KEY_SIZE || row_read(key.data + 4, value, &cosignature) != 0)
        return ERR_CORRUPT;
    return walk->visit(walk->context, &cosignature);
}

int store_cosignatures_each(struct store_txn *txn, const struct store_history *history,
                            store_cosignature_fn *visit, void *context)
{
    struct cosignature_walk walk = {visit, context};
    uint8_t number[4];

    put_u32(number, history->number);
    return table_range(txn, STORE_COSIGNATURE, BYTES(number, sizeof(number)), (struct bytes){0},
                       cosignature_visit, &walk);
}
