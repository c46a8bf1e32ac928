/* Reading every row, to find what single reads cannot: rows that are not there any more. */
#include <stdio.h>

#include "core/error.h"
#include "worker/store/store_internal.h"

struct count {
    struct store_txn *txn;
    enum store_table table;
    size_t rows;
    uint8_t last[STORE_KEY_MAX];
    size_t last_size;
};

static int row_count(void *context, struct bytes key, struct bytes value)
{
    struct count *count = context;
    struct bytes found;
    size_t shared = key.size < count->last_size ? key.size : count->last_size;
    int order = memcmp(key.data, count->last, shared);

    if (key.size == 0 || key.size > STORE_KEY_MAX)
        return ERR_CORRUPT;
    if (count->rows++ > 0 && (order < 0 || (order == 0 && key.size <= count->last_size)))
        return ERR_CORRUPT;
    memcpy(count->last, key.data, key.size);
    count->last_size = key.size;
    /* By its key as well: a damaged branch leads past rows that a walk over the leaves still meets. */
    if (table_get(count->txn, count->table, key, &found) != 0 || found.data != value.data)
        return ERR_CORRUPT;
    return 0;
}

static int table_verify(struct store_txn *txn, enum store_table table)
{
    struct count count = {.txn = txn, .table = table};
    MDB_stat numbers;
    int code = store_code(mdb_stat(txn->txn, txn->store->tables[table], &numbers));

    if (code == 0)
        code = table_range(txn, table, (struct bytes){0}, (struct bytes){0}, row_count, &count);
    return code == 0 && count.rows != numbers.ms_entries ? ERR_CORRUPT : code;
}

int store_verify(struct store *store, char reason[STORE_REASON_MAX])
{
    struct store_txn *txn;
    enum store_table table;
    int code = store_begin_read(store, &txn);

    if (code != 0) {
        snprintf(reason, STORE_REASON_MAX, "The store cannot be read: %s", error_sentence(code));
        return code;
    }
    for (table = STORE_META; code == 0 && table < STORE_TABLE_END; table++)
        code = table_verify(txn, table);
    if (code != 0)
        snprintf(reason, STORE_REASON_MAX, "The store is damaged, in table %d: restore it from an export.",
                 table - 1);
    else if ((code = texts_verify(txn)) != 0)
        snprintf(reason, STORE_REASON_MAX,
                 "The store is damaged: a text cannot be decrypted. Restore it from an export.");
    store_abort(&txn);
    return code;
}
