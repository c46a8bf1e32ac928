/* Masters in memory: which one is in force for whom, and how one takes the place of another. docs/storage.md,
 * "Erasure". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "core/error.h"
#include "worker/store/keys_file.h"
#include "worker/store/store_internal.h"

enum { CHECK_SIZE = 16, ROW_SIZE = 8 + CHECK_SIZE, OPEN_ATTEMPTS = 100 };

/* meta: "keys" -> generation in force u64, check 16: the file that belongs to this store is known by it. */
static const struct bytes KEYS_KEY = {(const uint8_t *) "keys", 4};

static void master_check(const uint8_t master[MASTER_SIZE], uint8_t ret_check[CHECK_SIZE])
{
    static const char tag[] = "comity/v1/keys";

    crypto_generichash(ret_check, CHECK_SIZE, (const uint8_t *) tag, sizeof(tag), master, MASTER_SIZE);
}

/* The row in this transaction's snapshot. */
static int row_get(struct store_txn *txn, uint64_t *ret_generation, const uint8_t **ret_check)
{
    struct bytes row;
    int code = table_get(txn, STORE_META, KEYS_KEY, &row);

    if (code == ERR_NOT_FOUND || (code == 0 && row.size != ROW_SIZE))
        return txn_fail(txn, ERR_CORRUPT);
    if (code != 0)
        return code;
    *ret_generation = get_u64(row.data);
    *ret_check = row.data + 8;
    return 0;
}

static int row_put(struct store_txn *txn, const struct master *master)
{
    uint8_t row[ROW_SIZE];

    put_u64(row, master->generation);
    master_check(master->key, row + 8);
    return table_put(txn, STORE_META, KEYS_KEY, BYTES(row, sizeof(row)));
}

/* In locked memory, which no core dump has. */

static struct master *master_new(void)
{
    struct master *master = sodium_malloc(sizeof(*master));

    if (master != NULL)
        memset(master, 0, sizeof(*master));
    return master;
}

static struct master *master_find(struct store *store, uint64_t generation)
{
    struct master *master = store->masters;

    while (master != NULL && master->generation != generation)
        master = master->next;
    return master;
}

/* With the mutex held: who is not in force and of use to nobody is forgotten. */
static void masters_forget(struct store *store)
{
    struct master **place = &store->masters;

    while (*place != NULL) {
        struct master *master = *place;

        if (master->users == 0 && master->generation != store->generation) {
            *place = master->next;
            sodium_free(master);
        } else {
            place = &master->next;
        }
    }
}

static struct master *master_use(struct store *store, uint64_t generation)
{
    struct master *master;

    pthread_mutex_lock(&store->mutex);
    master = master_find(store, generation);
    if (master != NULL)
        master->users++;
    pthread_mutex_unlock(&store->mutex);
    return master;
}

/* Takes a new one up, with one user, or lets it go for one that came before. */
static struct master *master_add(struct store *store, struct master *master)
{
    struct master *known;

    pthread_mutex_lock(&store->mutex);
    known = master_find(store, master->generation);
    if (known != NULL) {
        sodium_free(master);
    } else {
        known = master;
        known->next = store->masters;
        store->masters = known;
    }
    known->users++;
    pthread_mutex_unlock(&store->mutex);
    return known;
}

void master_release(struct store *store, struct master **master)
{
    if (*master == NULL)
        return;
    pthread_mutex_lock(&store->mutex);
    (*master)->users--;
    masters_forget(store);
    pthread_mutex_unlock(&store->mutex);
    *master = NULL;
}

/* In force from now on, for whoever begins. */
static void master_enforce(struct store *store, const struct master *master)
{
    pthread_mutex_lock(&store->mutex);
    store->generation = master->generation;
    masters_forget(store);
    pthread_mutex_unlock(&store->mutex);
}

void masters_release(struct store *store)
{
    store->generation = 0;
    for (struct master *master = store->masters; master != NULL; master = master->next)
        master->users = 0;
    masters_forget(store);
    free(store->keys_path);
    store->keys_path = NULL;
}

/* What the file has in the slot of a generation. */

static int master_load(struct store *store, uint64_t generation, const uint8_t check[CHECK_SIZE],
                       struct master **ret_master)
{
    struct master *master = master_new();
    uint8_t found[CHECK_SIZE];
    int code = ERR_MEMORY;

    if (master != NULL)
        code = keys_file_read(store->keys_path, generation % KEYS_SLOTS, &master->generation, master->key);
    if (code == 0) {
        master_check(master->key, found);
        if (master->generation != generation || sodium_memcmp(found, check, CHECK_SIZE) != 0)
            code = ERR_NOT_FOUND;
    }
    if (code == 0)
        *ret_master = master_add(store, master);
    else
        sodium_free(master);
    return code;
}

int keys_take(struct store_txn *txn)
{
    struct store *store = txn->store;
    const uint8_t *check;
    uint64_t generation;
    int code;

    if (!store->has_keys)
        return 0; /* it is being opened */
    code = row_get(txn, &generation, &check);
    if (code != 0)
        return code;
    txn->master = master_use(store, generation);
    if (txn->master != NULL)
        return 0;
    /* A rotation came between: in this process, or in the one that writes beside it. */
    code = master_load(store, generation, check, &txn->master);
    if (code != 0)
        return code == ERR_MEMORY ? code : ERR_BUSY;
    if (store->is_read_only)
        master_enforce(store, txn->master);
    return 0;
}

/* A rotation. */

/* Before it changes: is that file still the one which this process read? */
static int file_is_ours(struct store *store, const struct master *master)
{
    uint8_t check[CHECK_SIZE];
    struct master *again;
    int code;

    master_check(master->key, check);
    code = master_load(store, master->generation, check, &again);
    if (code == 0)
        master_release(store, &again);
    return code == 0 || code == ERR_MEMORY ? code : ERR_CORRUPT;
}

int keys_rotate(struct store_txn *txn)
{
    struct store *store = txn->store;
    struct master *next;
    int code = file_is_ours(store, txn->master);

    if (code != 0)
        return txn_fail(txn, code);
    next = master_new();
    if (next == NULL)
        return txn_fail(txn, ERR_MEMORY);
    next->generation = txn->master->generation + 1;
    randombytes_buf(next->key, MASTER_SIZE);
    txn->next_master = master_add(store, next);
    code = keys_file_write(store->keys_path, next->generation, next->key);
    if (code != 0)
        return txn_fail(txn, code);
    texts_rewrap(txn, next);
    return row_put(txn, next);
}

int keys_rotated(struct store_txn *txn)
{
    master_enforce(txn->store, txn->next_master);
    return keys_file_wipe(txn->store->keys_path, txn->master->generation);
}

/* Opening. */

static int explain_file(const char *path, int code, char reason[STORE_REASON_MAX])
{
    const char *what;

    switch (code) {
    case ERR_FILE:
        if (errno != ENOENT) {
            snprintf(reason, STORE_REASON_MAX, "%s cannot be used: %s.", path, strerror(errno));
            return code;
        }
        what = "is missing";
        break;
    case ERR_CORRUPT:
        what = "is damaged";
        break;
    case ERR_NOT_FOUND:
        what = "belongs to another store, or is an older copy";
        code = ERR_CORRUPT;
        break;
    default:
        snprintf(reason, STORE_REASON_MAX, "%s cannot be used: %s", path, error_sentence(code));
        return code;
    }
    snprintf(reason, STORE_REASON_MAX,
             "%s %s: without it no text in data.mdb can be read. Put the one back that belongs to it, or "
             "restore an export into another directory.",
             path, what);
    return code;
}

/* What a rotation that was cut short left in the other slot: of the two masters that one is not, or no
 * longer, in force. */
static int other_slot_clear(struct store *store, uint64_t generation)
{
    uint8_t master[MASTER_SIZE];
    uint64_t found;
    int code = keys_file_read(store->keys_path, (generation + 1) % KEYS_SLOTS, &found, master);

    sodium_memzero(master, sizeof(master));
    return code == ERR_NOT_FOUND ? 0 : keys_file_wipe(store->keys_path, generation + 1);
}

/* Is there no master in it at all? */
static bool is_empty(const char *path)
{
    uint8_t master[MASTER_SIZE];
    uint64_t generation;
    bool is = true;

    for (unsigned slot = 0; slot < KEYS_SLOTS; slot++)
        is = is && keys_file_read(path, slot, &generation, master) == ERR_NOT_FOUND;
    sodium_memzero(master, sizeof(master));
    return is;
}

/* Beside a running worker the generation may pass between the row and the file. */
static int keys_open_once(struct store *store, int *ret_file_code)
{
    struct store_txn *txn;
    struct master *master;
    const uint8_t *check;
    uint64_t generation;
    int code = store_begin_read(store, &txn);

    if (code != 0)
        return code;
    *ret_file_code = 0;
    code = row_get(txn, &generation, &check);
    if (code == 0) {
        *ret_file_code = master_load(store, generation, check, &master);
        if (*ret_file_code == 0) {
            master_enforce(store, master);
            master_release(store, &master);
        }
    }
    store_abort(&txn);
    return code;
}

int keys_open(struct store *store, char reason[STORE_REASON_MAX])
{
    int file_code = ERR_NOT_FOUND;
    int code = 0;

    for (unsigned i = 0; code == 0 && file_code == ERR_NOT_FOUND && i < OPEN_ATTEMPTS; i++)
        code = keys_open_once(store, &file_code);
    if (code != 0) {
        snprintf(reason, STORE_REASON_MAX, "The store beside %s is damaged: restore it from an export.",
                 store->keys_path);
        return code;
    }
    if (file_code == ERR_NOT_FOUND && is_empty(store->keys_path))
        file_code = ERR_CORRUPT;
    if (file_code != 0)
        return explain_file(store->keys_path, file_code, reason);
    if (!store->is_read_only && other_slot_clear(store, store->generation) != 0) {
        snprintf(reason, STORE_REASON_MAX,
                 "%s cannot be written (%s): what was erased last may still be readable. Make it writable "
                 "and start again.",
                 store->keys_path, strerror(errno));
        return ERR_FILE;
    }
    store->has_keys = true;
    return 0;
}

/* A file that is there and whole is taken as it is: it may belong to a data.mdb that was moved away, or to a
 * creation that was cut short. */
static int master_create(struct store *store, struct master *master)
{
    int code = ERR_NOT_FOUND;

    for (unsigned slot = 0; code != 0 && slot < KEYS_SLOTS; slot++)
        code = keys_file_read(store->keys_path, slot, &master->generation, master->key);
    if (code == 0)
        return 0;
    if (code == ERR_FILE && errno != ENOENT)
        return code;
    master->generation = 1;
    randombytes_buf(master->key, MASTER_SIZE);
    return keys_file_create(store->keys_path, master->key);
}

int keys_create(struct store_txn *txn, char reason[STORE_REASON_MAX])
{
    struct store *store = txn->store;
    struct master *master = master_new();
    int code = master != NULL ? master_create(store, master) : ERR_MEMORY;

    if (code == 0)
        row_put(txn, master);
    else
        explain_file(store->keys_path, code, reason);
    sodium_free(master);
    return code;
}
