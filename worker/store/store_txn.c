/* Transactions and rows: sticky errors, checksums, and what LMDB's codes mean here. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/error.h"
#include "worker/store/store_internal.h"

enum { RESERVE_PAGES = 64, BEGIN_ATTEMPTS = 10 };

int store_code(int lmdb_code)
{
    switch (lmdb_code) {
    case MDB_SUCCESS:
        return 0;
    case MDB_NOTFOUND:
        return ERR_NOT_FOUND;
    case MDB_MAP_FULL:
        return ERR_STORE_FULL;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_DISK_FULL;
    case ENOMEM:
        return ERR_MEMORY;
    case MDB_READERS_FULL:
        return ERR_BUSY;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_CURSOR_FULL:
        return ERR_CORRUPT;
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
        return ERR_STORE_VERSION;
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOENT:
    case ENOTDIR:
        return ERR_FILE;
    case MDB_TXN_FULL:
    case MDB_BAD_VALSIZE:
    case MDB_BAD_TXN:
    case MDB_BAD_DBI:
        return ERR_INTERNAL;
    default:
        return ERR_STORE;
    }
}

int txn_fail(struct store_txn *txn, int code)
{
    if (txn->error == 0)
        txn->error = code;
    return txn->error;
}

int store_error(const struct store_txn *txn)
{
    return txn->error;
}

/* Transactions: counted, so that the map is only ever resized with none open. */

static void transaction_enter(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    while (store->is_resizing)
        pthread_cond_wait(&store->changed, &store->mutex);
    store->open_transactions++;
    pthread_mutex_unlock(&store->mutex);
}

static void transaction_leave(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    store->open_transactions--;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->mutex);
}

/* With the mutex held: shut the door and wait until the last one has left. */
static void resize_begin(struct store *store)
{
    while (store->is_resizing)
        pthread_cond_wait(&store->changed, &store->mutex);
    store->is_resizing = true;
    while (store->open_transactions > 0)
        pthread_cond_wait(&store->changed, &store->mutex);
}

static void resize_end(struct store *store)
{
    store->is_resizing = false;
    pthread_cond_broadcast(&store->changed);
}

int store_grow(struct store *store)
{
    int code = ERR_STORE_FULL;
    MDB_envinfo info;

    pthread_mutex_lock(&store->mutex);
    resize_begin(store);
    mdb_env_info(store->env, &info);
    if (info.me_mapsize < store->map_limit_bytes) {
        uint64_t size = info.me_mapsize > store->map_limit_bytes / 2 ? store->map_limit_bytes
                                                                     : (uint64_t) info.me_mapsize * 2;

        code = store_code(mdb_env_set_mapsize(store->env, (size_t) size));
    }
    resize_end(store);
    pthread_mutex_unlock(&store->mutex);
    return code;
}

bool store_is_waited_for(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    bool is_waited_for = store->is_resizing;
    pthread_mutex_unlock(&store->mutex);
    return is_waited_for;
}

/* Another process made the map larger: take its size. */
static int map_follow(struct store *store)
{
    int lmdb_code;

    pthread_mutex_lock(&store->mutex);
    resize_begin(store);
    lmdb_code = mdb_env_set_mapsize(store->env, 0);
    resize_end(store);
    pthread_mutex_unlock(&store->mutex);
    return lmdb_code;
}

/* A reader may find that the map was resized by the writing process, or the reader table full of the dead. */
static int lmdb_begin(struct store *store, unsigned flags, MDB_txn **ret_txn)
{
    int lmdb_code = MDB_SUCCESS;

    for (int attempt = 0; attempt < 3; attempt++) {
        int dead;

        transaction_enter(store);
        lmdb_code = mdb_txn_begin(store->env, NULL, flags, ret_txn);
        if (lmdb_code == MDB_SUCCESS)
            return 0;
        transaction_leave(store);
        if (lmdb_code == MDB_MAP_RESIZED)
            lmdb_code = map_follow(store);
        else if (lmdb_code == MDB_READERS_FULL)
            lmdb_code = mdb_reader_check(store->env, &dead) == 0 && dead > 0 ? MDB_SUCCESS : MDB_READERS_FULL;
        if (lmdb_code != MDB_SUCCESS)
            break;
    }
    return lmdb_code == MDB_SUCCESS ? ERR_BUSY : store_code(lmdb_code);
}

/* LMDB's transaction is over: the rest of ours. */
static void transaction_end(struct store_txn **txn)
{
    struct store_state *state = (*txn)->states;

    while (state != NULL) {
        struct store_state *next = state->next;

        free(state);
        state = next;
    }
    master_release((*txn)->store, &(*txn)->master);
    master_release((*txn)->store, &(*txn)->next_master);
    transaction_leave((*txn)->store);
    free((*txn)->nodes);
    free(*txn);
    *txn = NULL;
}

void store_abort(struct store_txn **txn)
{
    if (*txn == NULL)
        return;
    mdb_txn_abort((*txn)->txn);
    transaction_end(txn);
}

static int transaction_try(struct store *store, bool is_write, struct store_txn **ret_txn)
{
    struct store_txn *txn = calloc(1, sizeof(*txn));
    int code;

    if (txn == NULL)
        return ERR_MEMORY;
    code = lmdb_begin(store, is_write ? 0 : MDB_RDONLY, &txn->txn);
    if (code != 0) {
        free(txn);
        return code;
    }
    txn->store = store;
    txn->is_write = is_write;
    txn->broken.txn = txn;
    code = keys_take(txn);
    if (code == 0 && store->has_keys) /* else it is being opened */
        code = commit_check(txn);
    if (code != 0) {
        store_abort(&txn);
        return code;
    }
    *ret_txn = txn;
    return 0;
}

/* What busies it has passed by the next time: the map was resized, a master was replaced. And a reader may find the number
 * of one commit and the roots of a later one: LMDB looks at one after the other. */
static int transaction_begin(struct store *store, bool is_write, struct store_txn **ret_txn)
{
    int code = ERR_BUSY;

    for (int attempt = 0; (code == ERR_BUSY || (code == ERR_CORRUPT && !is_write)) && attempt < BEGIN_ATTEMPTS; attempt++)
        code = transaction_try(store, is_write, ret_txn);
    return code;
}

int store_begin_write(struct store *store, struct store_txn **ret_txn)
{
    if (store->is_read_only)
        return ERR_INTERNAL;
    return transaction_begin(store, true, ret_txn);
}

int store_begin_read(struct store *store, struct store_txn **ret_txn)
{
    return transaction_begin(store, false, ret_txn);
}

/* A commit takes its pages, then writes, syncs and writes the meta page, and returns the errno of whichever
 * failed: "no room" may come from a sync, after which nobody knows what is on the disk. That the map is full
 * alone is said before anything is written. */
static int commit_code(int lmdb_code)
{
    switch (lmdb_code) {
    case MDB_SUCCESS:
        return 0;
    case MDB_MAP_FULL:
        return ERR_STORE_FULL;
    default:
        return ERR_STORE;
    }
}

/* At most so many pages does a commit append. LMDB writes every page that changes to a new place: of each row
 * the leaf and a share of the branches, though no more than there are already and than the values fill. */
static uint64_t pages_bound(const struct store_txn *txn, const MDB_envinfo *info, size_t page_size)
{
    uint64_t by_rows = 2 * (uint64_t) txn->changes;
    uint64_t by_bytes = info->me_last_pgno + 1 + 3 * (uint64_t) txn->bytes / page_size;

    return RESERVE_PAGES + (by_rows < by_bytes ? by_rows : by_bytes) + 2 * (uint64_t) txn->bytes / page_size;
}

/* Reserve the disk's room before a commit: a reservation that fails is an answer, a commit that does is none.
 */
static int room_reserve(struct store_txn *txn)
{
    struct store *store = txn->store;
    MDB_envinfo info;
    MDB_stat numbers;
    struct stat status;
    uint64_t need;
    uint64_t end;
    int descriptor;
    int failed;

    if (txn->changes == 0 || mdb_env_get_fd(store->env, &descriptor) != 0 || fstat(descriptor, &status) != 0)
        return 0;
    mdb_env_info(store->env, &info);
    mdb_env_stat(store->env, &numbers);
    need = pages_bound(txn, &info, numbers.ms_psize) * numbers.ms_psize;
    end = (uint64_t) (info.me_last_pgno + 1) * numbers.ms_psize + need;
    if (end > info.me_mapsize)
        end = info.me_mapsize;
    if ((uint64_t) status.st_size >= end)
        return 0;
    /* A step ahead if there is room for it, so that not every commit has to ask. */
    failed = posix_fallocate(descriptor, status.st_size, (off_t) (end + need - (uint64_t) status.st_size));
    if (failed != 0)
        failed = posix_fallocate(descriptor, status.st_size, (off_t) (end - (uint64_t) status.st_size));
    return failed == ENOSPC || failed == EDQUOT || failed == EFBIG ? ERR_DISK_FULL : 0;
}

int store_prepare(struct store_txn *txn)
{
    int code = txn->error;

    if (code != 0 || txn->is_prepared)
        return code;
#ifndef COMITY_CONTROL_NO_ROTATION
    if (txn->is_erasing)
        code = keys_rotate(txn);
#endif
    if (code == 0 && txn->changes > 0)
        code = commit_note(txn);
    if (code == 0)
        code = room_reserve(txn);
    txn->is_prepared = code == 0;
    return code;
}

int store_commit(struct store_txn **txn)
{
    int code = store_prepare(*txn);

    if (code != 0 || !(*txn)->is_write) {
        store_abort(txn);
        return code;
    }
#ifdef COMITY_CONTROL_WIPE_EARLY
    if ((*txn)->next_master != NULL && keys_rotated(*txn) != 0) {
        store_abort(txn);
        return ERR_STORE;
    }
#endif
    uint64_t number = mdb_txn_id((*txn)->txn);
    code = commit_code(mdb_txn_commit((*txn)->txn));
    if (code == 0 && (*txn)->changes > 0)
        mark_write((*txn)->store->lock_descriptor, number);
    if (code == 0 && (*txn)->next_master != NULL)
        code = keys_rotated(*txn);
    if ((*txn)->is_erasing) /* who has begun to read before had better not believe that it read after it */
        atomic_fetch_add(&(*txn)->store->erasures, 1);
    transaction_end(txn);
    return code;
}

/* Rows. */

/* XXH3-64 of the value, seeded with XXH3-64 of the key, seeded with the table. */
static uint64_t row_checksum(enum store_table table, struct bytes key, struct bytes value)
{
    uint64_t seed = XXH3_64bits_withSeed(key.data, key.size, (uint64_t) table);

    return XXH3_64bits_withSeed(value.data, value.size, seed);
}

static MDB_val to_lmdb(struct bytes bytes)
{
    return (MDB_val){.mv_size = bytes.size, .mv_data = (void *) (uintptr_t) bytes.data};
}

int row_open(enum store_table table, const MDB_val *key, const MDB_val *stored, struct bytes *ret_value)
{
    struct bytes value;

    if (stored->mv_size < STORE_CHECKSUM_SIZE)
        return ERR_CORRUPT;
    value.data = (const uint8_t *) stored->mv_data + STORE_CHECKSUM_SIZE;
    value.size = stored->mv_size - STORE_CHECKSUM_SIZE;
#ifndef COMITY_CONTROL_NO_CHECKSUM
    if (get_u64(stored->mv_data) != row_checksum(table, BYTES(key->mv_data, key->mv_size), value))
        return ERR_CORRUPT;
#else
    (void) table;
    (void) key;
    (void) row_checksum;
#endif
    *ret_value = value;
    return 0;
}

/* The row that was sought is not there: then those beside its place must be whole. A key that was damaged
 * leads a search astray only to its own place, so that this finds it. */
static int neighbours_check(MDB_cursor *cursor, enum store_table table, struct bytes sought)
{
    MDB_val key = to_lmdb(sought);
    MDB_val stored;
    struct bytes value;
    int lmdb_code = mdb_cursor_get(cursor, &key, &stored, MDB_SET_RANGE);
    MDB_cursor_op back = lmdb_code == MDB_SUCCESS ? MDB_PREV : MDB_LAST;

    if (lmdb_code == MDB_SUCCESS && row_open(table, &key, &stored, &value) != 0)
        return ERR_CORRUPT;
    if (lmdb_code == MDB_SUCCESS || lmdb_code == MDB_NOTFOUND)
        lmdb_code = mdb_cursor_get(cursor, &key, &stored, back);
    if (lmdb_code == MDB_SUCCESS && row_open(table, &key, &stored, &value) != 0)
        return ERR_CORRUPT;
    return lmdb_code == MDB_SUCCESS || lmdb_code == MDB_NOTFOUND ? ERR_NOT_FOUND : store_code(lmdb_code);
}

static int absence_check(struct store_txn *txn, enum store_table table, struct bytes key)
{
    MDB_cursor *cursor;
    int code = store_code(mdb_cursor_open(txn->txn, txn->store->tables[table], &cursor));

    if (code != 0)
        return code;
    code = neighbours_check(cursor, table, key);
    mdb_cursor_close(cursor);
    return code;
}

int table_get(struct store_txn *txn, enum store_table table, struct bytes key, struct bytes *ret_value)
{
    MDB_val lmdb_key = to_lmdb(key);
    MDB_val stored;
    int code;

    if (txn->error != 0)
        return txn->error;
    code = store_code(mdb_get(txn->txn, txn->store->tables[table], &lmdb_key, &stored));
    if (code == 0)
        code = row_open(table, &lmdb_key, &stored, ret_value);
    else if (code == ERR_NOT_FOUND)
        code = absence_check(txn, table, key);
    return code == 0 || code == ERR_NOT_FOUND ? code : txn_fail(txn, code);
}

uint8_t *table_reserve(struct store_txn *txn, enum store_table table, struct bytes key, size_t size)
{
    MDB_val lmdb_key = to_lmdb(key);
    MDB_val stored = {.mv_size = STORE_CHECKSUM_SIZE + size, .mv_data = NULL};
    int lmdb_code;

    if (txn->error != 0)
        return NULL;
    if (!txn->is_write || key.size == 0 || key.size > STORE_KEY_MAX || size > STORE_VALUE_MAX) {
        txn_fail(txn, ERR_INTERNAL);
        return NULL;
    }
    txn->changes++;
    txn->bytes += stored.mv_size;
    lmdb_code = mdb_put(txn->txn, txn->store->tables[table], &lmdb_key, &stored, MDB_RESERVE);
    if (lmdb_code != MDB_SUCCESS) {
        txn_fail(txn, store_code(lmdb_code));
        return NULL;
    }
    return (uint8_t *) stored.mv_data + STORE_CHECKSUM_SIZE;
}

void table_seal(enum store_table table, struct bytes key, uint8_t *value, size_t size)
{
    put_u64(value - STORE_CHECKSUM_SIZE, row_checksum(table, key, BYTES(value, size)));
}

int table_put(struct store_txn *txn, enum store_table table, struct bytes key, struct bytes value)
{
    uint8_t *place = table_reserve(txn, table, key, value.size);

    if (place == NULL)
        return txn->error;
    if (value.size > 0)
        memcpy(place, value.data, value.size);
    table_seal(table, key, place, value.size);
    return 0;
}

int table_delete(struct store_txn *txn, enum store_table table, struct bytes key)
{
    MDB_val lmdb_key = to_lmdb(key);
    struct bytes value;
    int code = table_get(txn, table, key, &value);

    if (code != 0)
        return code;
    if (!txn->is_write)
        return txn_fail(txn, ERR_INTERNAL);
    txn->changes++;
    code = store_code(mdb_del(txn->txn, txn->store->tables[table], &lmdb_key, NULL));
    return code == 0 ? 0 : txn_fail(txn, code);
}

static bool starts_with(const MDB_val *key, struct bytes prefix)
{
    return key->mv_size >= prefix.size &&
           (prefix.size == 0 || memcmp(key->mv_data, prefix.data, prefix.size) == 0);
}

static bool starts_after(struct bytes from, struct bytes prefix)
{
    size_t shared = from.size < prefix.size ? from.size : prefix.size;
    int order = shared > 0 ? memcmp(from.data, prefix.data, shared) : 0;

    return order > 0 || (order == 0 && from.size > prefix.size);
}

static int cursor_walk(MDB_cursor *cursor, enum store_table table, struct bytes prefix, struct bytes from,
                       view_range_fn *visit, void *context)
{
    MDB_val key = to_lmdb(starts_after(from, prefix) ? from : prefix);
    MDB_val stored;
    int lmdb_code = mdb_cursor_get(cursor, &key, &stored, key.mv_size > 0 ? MDB_SET_RANGE : MDB_FIRST);

    for (; lmdb_code == MDB_SUCCESS; lmdb_code = mdb_cursor_get(cursor, &key, &stored, MDB_NEXT)) {
        struct bytes value;
        /* Before the prefix is looked at: a damaged key would end the range as if there were no more. */
        int code = row_open(table, &key, &stored, &value);

        if (code != 0)
            return code;
        if (!starts_with(&key, prefix))
            return 0;
        code = visit(context, BYTES(key.mv_data, key.mv_size), value);
        if (code != 0)
            return code;
    }
    return lmdb_code == MDB_NOTFOUND ? 0 : store_code(lmdb_code);
}

int table_range(struct store_txn *txn, enum store_table table, struct bytes prefix, struct bytes from,
                view_range_fn *visit, void *context)
{
    MDB_cursor *cursor;
    int code;

    if (txn->error != 0)
        return txn->error;
    code = store_code(mdb_cursor_open(txn->txn, txn->store->tables[table], &cursor));
    if (code != 0)
        return txn_fail(txn, code);
    code = cursor_walk(cursor, table, prefix, from, visit, context);
    mdb_cursor_close(cursor);
    if (code == ERR_CORRUPT || code == ERR_STORE)
        return txn_fail(txn, code);
    return code > 0 ? 0 : code;
}
