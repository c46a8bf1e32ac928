/* Texts. Each is encrypted under a key of its own, which lies wrapped under the master of the file `keys`:
 * who deletes the wrapped key and changes the master has erased the text, wherever its bytes still lie.
 * docs/storage.md, "Erasure".
 *
 * text:     number u32, hash -> XChaCha20-Poly1305 of salt 16, content; empty: it was erased
 * text-key: number u32, hash -> nonce 24, XChaCha20-Poly1305 of the key
 *
 * Associated data of both is the row's key. A text's nonce is zeros: its key is used once. */
#include <sodium.h>

#include "core/error.h"
#include "worker/store/store_internal.h"

enum {
    TEXT_KEY_SIZE = 4 + HASH_SIZE,
    SECRET_SIZE = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    WRAPPED_SIZE = NONCE_BYTES + SECRET_SIZE + TAG_SIZE,
};
_Static_assert((int) SECRET_SIZE == (int) MASTER_SIZE, "a master is a key of the same kind");

static const uint8_t ZERO_NONCE[NONCE_BYTES];

/* meta: -> 1; is there since the first text was erased */
static const struct bytes ERASED_KEY = {(const uint8_t *) "erased", 6};

static void erased_put(struct store_txn *txn)
{
    table_put(txn, STORE_META, ERASED_KEY, BYTES(&(const uint8_t){1}, 1));
}

void text_erasing(struct store_txn *txn)
{
    txn->is_erasing = true;
    erased_put(txn);
}

static void text_key(uint8_t key[TEXT_KEY_SIZE], uint32_t number, const uint8_t *hash)
{
    put_u32(key, number);
    memcpy(key + 4, hash, HASH_SIZE);
}

/* In place: @bytes has room for the tag after its @size. */
static void seal(uint8_t *bytes, size_t size, const uint8_t key[TEXT_KEY_SIZE],
                 const uint8_t nonce[NONCE_BYTES], const uint8_t secret[SECRET_SIZE])
{
    crypto_aead_xchacha20poly1305_ietf_encrypt(bytes, NULL, bytes, size, key, TEXT_KEY_SIZE, NULL, nonce,
                                               secret);
}

/* @ret_bytes takes @sealed without its tag. */
static int unseal(struct bytes sealed, const uint8_t *key, const uint8_t nonce[NONCE_BYTES],
                  const uint8_t secret[SECRET_SIZE], uint8_t *ret_bytes)
{
    return crypto_aead_xchacha20poly1305_ietf_decrypt(ret_bytes, NULL, NULL, sealed.data, sealed.size, key,
                                                      TEXT_KEY_SIZE, nonce, secret) == 0
               ? 0
               : ERR_CORRUPT;
}

static void wrap(const uint8_t secret[SECRET_SIZE], const uint8_t *key, const struct master *master,
                 uint8_t ret_wrapped[WRAPPED_SIZE])
{
    randombytes_buf(ret_wrapped, NONCE_BYTES);
    memcpy(ret_wrapped + NONCE_BYTES, secret, SECRET_SIZE);
    seal(ret_wrapped + NONCE_BYTES, SECRET_SIZE, key, ret_wrapped, master->key);
}

static int unwrap(struct bytes wrapped, const uint8_t *key, const struct master *master,
                  uint8_t ret_secret[SECRET_SIZE])
{
    if (wrapped.size != WRAPPED_SIZE)
        return ERR_CORRUPT;
    return unseal(BYTES(wrapped.data + NONCE_BYTES, WRAPPED_SIZE - NONCE_BYTES), key, wrapped.data,
                  master->key, ret_secret);
}

/* Writing. */

static int key_put(struct store_txn *txn, const uint8_t key[TEXT_KEY_SIZE], const uint8_t secret[SECRET_SIZE])
{
    uint8_t wrapped[WRAPPED_SIZE];

    wrap(secret, key, txn->master, wrapped);
    return table_put(txn, STORE_TEXT_KEY, BYTES(key, TEXT_KEY_SIZE), BYTES(wrapped, sizeof(wrapped)));
}

/* Empty from now on; its key, if it had one, is gone with the commit. */
static int text_empty(struct store_txn *txn, const uint8_t key[TEXT_KEY_SIZE])
{
    int code = table_delete(txn, STORE_TEXT_KEY, BYTES(key, TEXT_KEY_SIZE));

    if (code == 0)
        text_erasing(txn);
    else /* it came so, in a copy: the log may have it still */
        erased_put(txn);
    return table_put(txn, STORE_TEXT, BYTES(key, TEXT_KEY_SIZE), BYTES(NULL, 0));
}

int text_put(struct store_txn *txn, uint32_t number, const struct event_part *part)
{
    uint8_t key[TEXT_KEY_SIZE];
    uint8_t secret[SECRET_SIZE];
    size_t size = SALT_SIZE + part->content.size;
    uint8_t *row;

    text_key(key, number, part->hash);
    if (part->is_erased)
        return text_empty(txn, key);
    randombytes_buf(secret, sizeof(secret));
    key_put(txn, key, secret);
    row = table_reserve(txn, STORE_TEXT, BYTES(key, sizeof(key)), size + TAG_SIZE);
    if (row != NULL) {
        /* In memory only: LMDB writes the page no sooner than at the next call. */
        memcpy(row, part->salt, SALT_SIZE);
        if (part->content.size > 0)
            memcpy(row + SALT_SIZE, part->content.data, part->content.size);
        seal(row, size, key, ZERO_NONCE, secret);
        table_seal(STORE_TEXT, BYTES(key, sizeof(key)), row, size + TAG_SIZE);
    }
    sodium_memzero(secret, sizeof(secret));
    return store_error(txn);
}

int text_delete(struct store_txn *txn, uint32_t number, const uint8_t *hash)
{
    uint8_t key[TEXT_KEY_SIZE];
    int code;

    text_key(key, number, hash);
    code = table_delete(txn, STORE_TEXT_KEY, BYTES(key, sizeof(key)));
    if (code == 0)
        text_erasing(txn);
    return table_delete(txn, STORE_TEXT, BYTES(key, sizeof(key)));
}

int store_text_erase(struct store_txn *txn, const struct store_history *history,
                     const uint8_t hash[HASH_SIZE], bool *ret_was_there)
{
    uint8_t key[TEXT_KEY_SIZE];
    struct bytes row;
    int code;

    text_key(key, history->number, hash);
    code = table_get(txn, STORE_TEXT, BYTES(key, sizeof(key)), &row);
    if (code != 0)
        return code == ERR_NOT_FOUND ? txn_fail(txn, ERR_CORRUPT) : code;
    *ret_was_there = row.size > 0;
    return *ret_was_there ? text_empty(txn, key) : 0;
}

int store_has_erased(struct store_txn *txn, bool *ret_has_erased)
{
    struct bytes row;
    int code = table_get(txn, STORE_META, ERASED_KEY, &row);

    *ret_has_erased = code == 0;
    return code == ERR_NOT_FOUND ? 0 : code;
}

/* Reading. */

static int text_open(struct store_txn *txn, const uint8_t *key, struct bytes row, struct arena *arena,
                     struct bytes *ret_text)
{
    size_t size = row.size - TAG_SIZE;
    uint8_t secret[SECRET_SIZE];
    struct bytes wrapped;
    uint8_t *text;
    int code;

    if (row.size < SALT_SIZE + TAG_SIZE)
        return ERR_CORRUPT;
    code = table_get(txn, STORE_TEXT_KEY, BYTES(key, TEXT_KEY_SIZE), &wrapped);
    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    text = arena_alloc(arena, size);
    if (text == NULL)
        return ERR_MEMORY;
    code = unwrap(wrapped, key, txn->master, secret);
    if (code == 0)
        code = unseal(row, key, ZERO_NONCE, secret, text);
    sodium_memzero(secret, sizeof(secret));
    if (code == 0)
        *ret_text = BYTES(text, size);
    return code;
}

int text_get(struct store_txn *txn, uint32_t number, const uint8_t hash[HASH_SIZE], struct arena *arena,
             struct bytes *ret_text)
{
    uint8_t key[TEXT_KEY_SIZE];
    struct bytes row;
    int code;

    text_key(key, number, hash);
    code = table_get(txn, STORE_TEXT, BYTES(key, sizeof(key)), &row);
    if (code != 0)
        return code;
    if (row.size == 0)
        *ret_text = row;
    else
        code = text_open(txn, key, row, arena, ret_text);
    return code == ERR_CORRUPT ? txn_fail(txn, code) : code;
}

int store_text_get(struct store_txn *txn, const struct store_history *history, const uint8_t hash[HASH_SIZE],
                   struct arena *arena, uint8_t ret_salt[SALT_SIZE], struct bytes *ret_content)
{
    struct bytes text;
    int code = text_get(txn, history->number, hash, arena, &text);

    if (code == 0 && text.size == 0)
        return ERR_NOT_FOUND;
    if (code != 0)
        return code;
    memcpy(ret_salt, text.data, SALT_SIZE);
    *ret_content = BYTES(text.data + SALT_SIZE, text.size - SALT_SIZE);
    return 0;
}

int store_text_is_erased(struct store_txn *txn, const struct store_history *history,
                         const uint8_t hash[HASH_SIZE], bool *ret_is_erased)
{
    uint8_t key[TEXT_KEY_SIZE];
    struct bytes row;
    int code;

    text_key(key, history->number, hash);
    code = table_get(txn, STORE_TEXT, BYTES(key, sizeof(key)), &row);
    if (code != 0 && code != ERR_NOT_FOUND)
        return code;
    *ret_is_erased = code == 0 && row.size == 0;
    return 0;
}

/* A new master. Rows keep their size: each is overwritten where the cursor stands. */

static int row_rewrap(struct store_txn *txn, MDB_cursor *cursor, MDB_val *found, const MDB_val *stored,
                      const struct master *next)
{
    uint8_t key[TEXT_KEY_SIZE];
    uint8_t secret[SECRET_SIZE];
    MDB_val row_key = {.mv_size = sizeof(key), .mv_data = key};
    MDB_val row = {.mv_size = STORE_CHECKSUM_SIZE + WRAPPED_SIZE, .mv_data = NULL};
    struct bytes wrapped;
    uint8_t *value;
    int code = row_open(STORE_TEXT_KEY, found, stored, &wrapped);

    if (code == 0 && found->mv_size != sizeof(key))
        code = ERR_CORRUPT;
    if (code == 0) {
        memcpy(key, found->mv_data, sizeof(key));
        code = unwrap(wrapped, key, txn->master, secret);
    }
    if (code == 0)
        code = store_code(mdb_cursor_put(cursor, &row_key, &row, MDB_CURRENT | MDB_RESERVE));
    if (code == 0) {
        value = (uint8_t *) row.mv_data + STORE_CHECKSUM_SIZE;
        wrap(secret, key, next, value);
        table_seal(STORE_TEXT_KEY, BYTES(key, sizeof(key)), value, WRAPPED_SIZE);
        txn->changes++;
        txn->bytes += row.mv_size;
    }
    sodium_memzero(secret, sizeof(secret));
    return code;
}

int texts_rewrap(struct store_txn *txn, const struct master *next)
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val stored;
    int code = store_code(mdb_cursor_open(txn->txn, txn->store->tables[STORE_TEXT_KEY], &cursor));

    if (code != 0)
        return txn_fail(txn, code);
    code = store_code(mdb_cursor_get(cursor, &key, &stored, MDB_FIRST));
    while (code == 0) {
        code = row_rewrap(txn, cursor, &key, &stored, next);
        if (code == 0)
            code = store_code(mdb_cursor_get(cursor, &key, &stored, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    return code == ERR_NOT_FOUND ? 0 : txn_fail(txn, code);
}

/* Verifying. */

struct text_walk {
    struct store_txn *txn;
    struct arena *arena;
    size_t texts;
};

static int text_visit(void *context, struct bytes key, struct bytes value)
{
    struct text_walk *walk = context;
    struct event_part part = {.kind = COMITY__V1__PART_KIND__PART_KIND_TEXT};
    struct bytes text;
    int code;

    if (key.size != TEXT_KEY_SIZE)
        return ERR_CORRUPT;
    if (value.size == 0)
        return 0;
    walk->texts++;
    arena_reset(walk->arena);
    code = text_open(walk->txn, key.data, value, walk->arena, &text);
    if (code != 0)
        return code;
    memcpy(part.salt, text.data, SALT_SIZE);
    part.content = BYTES(text.data + SALT_SIZE, text.size - SALT_SIZE);
    event_part_hash(&part);
    return memcmp(part.hash, key.data + 4, HASH_SIZE) == 0 ? 0 : ERR_CORRUPT;
}

int texts_verify(struct store_txn *txn)
{
    struct text_walk walk = {.txn = txn, .arena = arena_new(STORE_VALUE_MAX)};
    MDB_stat numbers;
    int code;

    if (walk.arena == NULL)
        return ERR_MEMORY;
    code = table_range(txn, STORE_TEXT, (struct bytes){0}, (struct bytes){0}, text_visit, &walk);
    if (code == 0)
        code = store_code(mdb_stat(txn->txn, txn->store->tables[STORE_TEXT_KEY], &numbers));
    if (code == 0 && numbers.ms_entries != walk.texts)
        code = ERR_CORRUPT;
    arena_destroy(&walk.arena);
    return code;
}
