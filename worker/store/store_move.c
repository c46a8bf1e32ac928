/* Histories on their way from one group to another: a row each in meta, and the pieces of one that comes in.
 *
 * meta: "move/" and the history's id -> kind u8, number u32, copy 16, size u64, taken u64, bytes of hashes u32, bytes of
 *       the note u32, hashes of the pieces, the note, the note of MOVED that stood there before
 *
 * A piece is a text of a number that no history has: encrypted, and erased with its key once it has served. Its salt is the
 * copy's id, so that it has the same hash in every store. */
#include "core/error.h"
#include "worker/store/store_internal.h"

enum { PREFIX_SIZE = 5, KEY_BYTES = PREFIX_SIZE + HISTORY_ID_SIZE, HEAD_SIZE = 1 + 4 + STORE_COPY_SIZE + 8 + 8 + 4 + 4 };
_Static_assert((int) STORE_COPY_SIZE == (int) SALT_SIZE, "a copy's id is the salt of its pieces");

static const uint8_t PREFIX[PREFIX_SIZE] = {'m', 'o', 'v', 'e', '/'};

static struct bytes move_key(uint8_t key[KEY_BYTES], const uint8_t history[HISTORY_ID_SIZE])
{
    memcpy(key, PREFIX, PREFIX_SIZE);
    memcpy(key + PREFIX_SIZE, history, HISTORY_ID_SIZE);
    return BYTES(key, KEY_BYTES);
}

static int row_read(struct bytes row, struct store_move *ret_move)
{
    const uint8_t *at = row.data;
    size_t hashes, note;

    if (row.size < HEAD_SIZE || at[0] < STORE_FROZEN || at[0] > STORE_GIVEN_UP)
        return ERR_CORRUPT;
    hashes = get_u32(at + HEAD_SIZE - 8);
    note = get_u32(at + HEAD_SIZE - 4);
    if (hashes > row.size - HEAD_SIZE || hashes % HASH_SIZE != 0 || note > row.size - HEAD_SIZE - hashes)
        return ERR_CORRUPT;
    *ret_move = (struct store_move){
        .kind = (enum store_move_kind) at[0],
        .number = get_u32(at + 1),
        .size = get_u64(at + 5 + STORE_COPY_SIZE),
        .taken = get_u64(at + 13 + STORE_COPY_SIZE),
        .pieces = BYTES(at + HEAD_SIZE, hashes),
        .note = BYTES(at + HEAD_SIZE + hashes, note),
        .went = BYTES(at + HEAD_SIZE + hashes + note, row.size - HEAD_SIZE - hashes - note),
    };
    memcpy(ret_move->copy, at + 5, STORE_COPY_SIZE);
    return 0;
}

int store_move_get(struct store_txn *txn, const uint8_t history[HISTORY_ID_SIZE], struct arena *arena,
                   struct store_move *ret_move)
{
    uint8_t key[KEY_BYTES];
    struct bytes row;
    int code = table_get(txn, STORE_META, move_key(key, history), &row);

    if (code != 0)
        return code;
    row = arena_bytes(arena, row);
    if (row.data == NULL)
        return ERR_MEMORY;
    code = row_read(row, ret_move);
    return code == 0 ? 0 : txn_fail(txn, code);
}

int store_move_put(struct store_txn *txn, const uint8_t history[HISTORY_ID_SIZE], const struct store_move *move)
{
    uint8_t key[KEY_BYTES];
    struct bytes row_key = move_key(key, history);
    const struct bytes parts[] = {move->pieces, move->note, move->went};
    size_t size = HEAD_SIZE + move->pieces.size + move->note.size + move->went.size, at = HEAD_SIZE;
    uint8_t *row = table_reserve(txn, STORE_META, row_key, size);

    if (row == NULL)
        return txn->error;
    row[0] = (uint8_t) move->kind;
    put_u32(row + 1, move->number);
    memcpy(row + 5, move->copy, STORE_COPY_SIZE);
    put_u64(row + 5 + STORE_COPY_SIZE, move->size);
    put_u64(row + 13 + STORE_COPY_SIZE, move->taken);
    put_u32(row + HEAD_SIZE - 8, (uint32_t) move->pieces.size);
    put_u32(row + HEAD_SIZE - 4, (uint32_t) move->note.size);
    for (size_t i = 0; i < ARRAY_COUNT(parts); at += parts[i++].size)
        if (parts[i].size > 0)
            memcpy(row + at, parts[i].data, parts[i].size);
    table_seal(STORE_META, row_key, row, size);
    return store_error(txn);
}

int store_move_delete(struct store_txn *txn, const uint8_t history[HISTORY_ID_SIZE])
{
    uint8_t key[KEY_BYTES];

    return table_delete(txn, STORE_META, move_key(key, history));
}

struct bytes store_move_went(const struct store_move *move)
{
    return move->kind == STORE_MOVED ? move->note : move->went;
}

struct move_walk {
    store_move_fn *visit;
    void *context;
};

static int move_visit(void *context, struct bytes key, struct bytes value)
{
    struct move_walk *walk = context;
    struct store_move move;

    if (key.size != KEY_BYTES || row_read(value, &move) != 0)
        return ERR_CORRUPT;
    return walk->visit(walk->context, key.data + PREFIX_SIZE, &move);
}

int store_moves_each(struct store_txn *txn, store_move_fn *visit, void *context)
{
    struct move_walk walk = {visit, context};

    return table_range(txn, STORE_META, BYTES(PREFIX, PREFIX_SIZE), (struct bytes){0}, move_visit, &walk);
}

/* Pieces. */

int store_move_add_piece(struct store_txn *txn, const uint8_t history[HISTORY_ID_SIZE], struct store_move *move,
                         struct bytes content, struct arena *arena)
{
    struct event_part part = {.kind = COMITY__V1__PART_KIND__PART_KIND_TEXT, .content = content};
    uint8_t *hashes = arena_alloc(arena, move->pieces.size + HASH_SIZE);
    int code = hashes == NULL ? ERR_MEMORY : 0;

    if (code == 0 && move->number == 0)
        code = number_take(txn, &move->number);
    if (code != 0)
        return code;
    memcpy(part.salt, move->copy, SALT_SIZE);
    event_part_hash(&part);
    code = text_put(txn, move->number, &part);
    if (code != 0)
        return code;
    if (move->pieces.size > 0)
        memcpy(hashes, move->pieces.data, move->pieces.size);
    memcpy(hashes + move->pieces.size, part.hash, HASH_SIZE);
    move->pieces = BYTES(hashes, move->pieces.size + HASH_SIZE);
    move->taken += content.size;
    return store_move_put(txn, history, move);
}

int store_move_piece(struct store_txn *txn, const struct store_move *move, size_t index, struct arena *arena,
                     struct bytes *ret_content)
{
    struct bytes text;
    int code = text_get(txn, move->number, move->pieces.data + index * HASH_SIZE, arena, &text);

    if (code == ERR_NOT_FOUND || (code == 0 && text.size < SALT_SIZE))
        return txn_fail(txn, ERR_CORRUPT);
    if (code == 0)
        *ret_content = BYTES(text.data + SALT_SIZE, text.size - SALT_SIZE);
    return code;
}

int store_move_drop_pieces(struct store_txn *txn, struct store_move *move)
{
    int code = 0;

    for (size_t at = 0; code == 0 && at < move->pieces.size; at += HASH_SIZE) {
        code = text_delete(txn, move->number, move->pieces.data + at);
        /* The same bytes may have come twice in one copy. */
        code = code == ERR_NOT_FOUND ? 0 : code;
    }
    move->pieces = (struct bytes){0};
    move->number = 0;
    move->size = move->taken = 0;
    return code;
}

/* A whole history. */

static int rows_drop(struct store_txn *txn, enum store_table table, uint32_t number)
{
    uint8_t prefix[4];
    MDB_cursor *cursor;
    MDB_val key = {.mv_size = sizeof(prefix), .mv_data = prefix}, value;
    int code;

    put_u32(prefix, number);
    code = store_code(mdb_cursor_open(txn->txn, txn->store->tables[table], &cursor));
    if (code != 0)
        return txn_fail(txn, code);
    code = store_code(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
    while (code == 0 && key.mv_size >= sizeof(prefix) && get_u32(key.mv_data) == number) {
        txn->changes++;
        code = store_code(mdb_cursor_del(cursor, 0));
        if (code == 0)
            code = store_code(mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    return code == 0 || code == ERR_NOT_FOUND ? 0 : txn_fail(txn, code);
}

int store_history_drop(struct store_txn *txn, const struct store_history *history)
{
    static const enum store_table TABLES[] = {STORE_EVENT,      STORE_TEXT, STORE_TEXT_KEY, STORE_COMMAND,
                                              STORE_CHECKPOINT, STORE_NODE, STORE_STATE,    STORE_COSIGNATURE};
    int code = store_error(txn);

    /* What expires finds that its command is gone, and goes as well. */
    for (size_t i = 0; code == 0 && i < ARRAY_COUNT(TABLES); i++)
        code = rows_drop(txn, TABLES[i], history->number);
    text_erasing(txn);
    return code == 0 ? table_delete(txn, STORE_HISTORY, BYTES(history->id, HISTORY_ID_SIZE)) : code;
}
