/* Histories and what belongs to the record: events, nodes of the tree, notes of earlier checkpoints. */
#include <stdlib.h>

#include "core/error.h"
#include "worker/store/store_internal.h"

enum {
    HISTORY_ROW_SIZE = 4 + 4 + 8 + 8,
    EVENT_KEY_SIZE = 4 + 8,
    NODE_KEY_SIZE = 4 + 1 + 8,
    CHECKPOINT_KEY_SIZE = 4 + 4 + 8,
    PART_HEAD_SIZE = 1 + 1 + 4 + HASH_SIZE,
    PART_BODY_HEAD_SIZE = SALT_SIZE + 4,
};

static const struct bytes NUMBER_KEY = {(const uint8_t *) "last-history", 12};
static const struct bytes LEVEL_KEY = {(const uint8_t *) "level", 5};

/* history: id -> number u32, epoch u32, head u64, time i64 */

static int history_read(struct bytes id, struct bytes row, struct store_history *ret_history)
{
    if (id.size != HISTORY_ID_SIZE || row.size != HISTORY_ROW_SIZE)
        return ERR_CORRUPT;
    memcpy(ret_history->id, id.data, HISTORY_ID_SIZE);
    ret_history->number = get_u32(row.data);
    ret_history->epoch = get_u32(row.data + 4);
    ret_history->head = get_u64(row.data + 8);
    ret_history->time_ms = (int64_t) get_u64(row.data + 16);
    return 0;
}

static int history_write(struct store_txn *txn, const struct store_history *history)
{
    uint8_t row[HISTORY_ROW_SIZE];

    put_u32(row, history->number);
    put_u32(row + 4, history->epoch);
    put_u64(row + 8, history->head);
    put_u64(row + 16, (uint64_t) history->time_ms);
    return table_put(txn, STORE_HISTORY, BYTES(history->id, HISTORY_ID_SIZE), BYTES(row, sizeof(row)));
}

int store_history_get(struct store_txn *txn, const uint8_t id[HISTORY_ID_SIZE],
                      struct store_history *ret_history)
{
    struct bytes key = BYTES(id, HISTORY_ID_SIZE);
    struct bytes row;
    int code = table_get(txn, STORE_HISTORY, key, &row);

    if (code == ERR_NOT_FOUND)
        return ERR_HISTORY;
    if (code != 0)
        return code;
    code = history_read(key, row, ret_history);
    return code == 0 ? 0 : txn_fail(txn, code);
}

int number_take(struct store_txn *txn, uint32_t *ret_number)
{
    struct bytes value;
    uint8_t next[4];
    uint32_t number = 0;
    int code = table_get(txn, STORE_META, NUMBER_KEY, &value);

    if (code == 0 && value.size == sizeof(next))
        number = get_u32(value.data);
    else if (code != ERR_NOT_FOUND)
        return txn_fail(txn, code != 0 ? code : ERR_CORRUPT);
    if (number == UINT32_MAX)
        return txn_fail(txn, ERR_LIMIT);
    put_u32(next, number + 1);
    *ret_number = number + 1;
    return table_put(txn, STORE_META, NUMBER_KEY, BYTES(next, sizeof(next)));
}

int store_history_create(struct store_txn *txn, const uint8_t id[HISTORY_ID_SIZE],
                         struct store_history *ret_history)
{
    struct store_history history = {.epoch = 1};
    int code = store_history_get(txn, id, &history);

    if (code == 0)
        return ERR_EXISTS;
    if (code != ERR_HISTORY)
        return code;
    memcpy(history.id, id, HISTORY_ID_SIZE);
    number_take(txn, &history.number);
    code = history_write(txn, &history);
    if (code == 0)
        *ret_history = history;
    return code;
}

int store_history_set_epoch(struct store_txn *txn, struct store_history *history, uint32_t epoch)
{
    struct store_history changed = *history;
    int code;

    changed.epoch = epoch;
    code = history_write(txn, &changed);
    if (code == 0)
        *history = changed;
    return code;
}

struct history_walk {
    store_history_fn *visit;
    void *context;
};

static int history_visit(void *context, struct bytes key, struct bytes value)
{
    struct history_walk *walk = context;
    struct store_history history;
    int code = history_read(key, value, &history);

    return code == 0 ? walk->visit(walk->context, &history) : code;
}

int store_history_each(struct store_txn *txn, store_history_fn *visit, void *context)
{
    struct history_walk walk = {visit, context};

    return table_range(txn, STORE_HISTORY, (struct bytes){0}, (struct bytes){0}, history_visit, &walk);
}

/* node: number u32, level u8, index u64 -> hash */

static void node_key(uint8_t key[NODE_KEY_SIZE], uint32_t number, unsigned level, uint64_t index)
{
    put_u32(key, number);
    key[4] = (uint8_t) level;
    put_u64(key + 5, index);
}

static struct cached_node *node_place(struct store_txn *txn, uint32_t number, unsigned level, uint64_t index)
{
    if (txn->nodes == NULL && txn->is_write)
        txn->nodes = calloc(1, sizeof(*txn->nodes));
    if (txn->nodes == NULL)
        return NULL;
    /* Neighbours lie beside one another, levels apart. */
    return &txn->nodes->places[(index + 37 * level + 101 * (uint64_t) number) % NODE_CACHE_SIZE];
}

static void node_remember(const struct store_state *state, unsigned level, uint64_t index,
                          const uint8_t hash[HASH_SIZE])
{
    struct cached_node *place = node_place(state->txn, state->number, level, index);

    if (place == NULL)
        return;
    place->number = state->number;
    place->level = level;
    place->index = index;
    memcpy(place->hash, hash, HASH_SIZE);
}

static int node_get(void *self, unsigned level, uint64_t index, uint8_t ret_hash[HASH_SIZE])
{
    struct store_state *state = self;
    const struct cached_node *place = node_place(state->txn, state->number, level, index);
    uint8_t key[NODE_KEY_SIZE];
    struct bytes value;
    int code;

    if (state->txn->error == 0 && place != NULL && place->number == state->number && place->level == level &&
        place->index == index) {
        memcpy(ret_hash, place->hash, HASH_SIZE);
        return 0;
    }
    node_key(key, state->number, level, index);
    code = table_get(state->txn, STORE_NODE, BYTES(key, sizeof(key)), &value);
    /* The tree asks for complete nodes alone: one that is not there was lost. */
    if (code == ERR_NOT_FOUND || (code == 0 && value.size != HASH_SIZE))
        return txn_fail(state->txn, ERR_CORRUPT);
    if (code != 0)
        return code;
    memcpy(ret_hash, value.data, HASH_SIZE);
    node_remember(state, level, index, ret_hash);
    return 0;
}

static int node_put(void *self, unsigned level, uint64_t index, const uint8_t hash[HASH_SIZE])
{
    struct store_state *state = self;
    uint8_t key[NODE_KEY_SIZE];

    node_key(key, state->number, level, index);
    node_remember(state, level, index, hash);
    return table_put(state->txn, STORE_NODE, BYTES(key, sizeof(key)), BYTES(hash, HASH_SIZE));
}

struct tree_nodes store_nodes(struct store_txn *txn, const struct store_history *history)
{
    return (struct tree_nodes){.self = store_state(txn, history->number), .get = node_get, .put = node_put};
}

/* event: number u32, sequence u64 -> header, number of parts u16, then each part:
 * kind u8, audience u8, round u32, hash, and of OPEN and COMMAND: salt, size u32, content */

static void event_key(uint8_t key[EVENT_KEY_SIZE], uint32_t number, uint64_t sequence)
{
    put_u32(key, number);
    put_u64(key + 4, sequence);
}

static bool is_text(uint8_t kind)
{
    return kind == COMITY__V1__PART_KIND__PART_KIND_TEXT;
}

static size_t part_row_size(const struct event_part *part)
{
    return PART_HEAD_SIZE + (is_text(part->kind) ? 0 : PART_BODY_HEAD_SIZE + part->content.size);
}

static uint8_t *part_write(uint8_t *at, const struct event_part *part)
{
    at[0] = part->kind;
    at[1] = part->audience;
    put_u32(at + 2, part->round);
    memcpy(at + 6, part->hash, HASH_SIZE);
    at += PART_HEAD_SIZE;
    if (is_text(part->kind))
        return at;
    memcpy(at, part->salt, SALT_SIZE);
    put_u32(at + SALT_SIZE, (uint32_t) part->content.size);
    at += PART_BODY_HEAD_SIZE;
    if (part->content.size > 0)
        memcpy(at, part->content.data, part->content.size);
    return at + part->content.size;
}

static int event_put(struct store_txn *txn, uint32_t number, uint64_t sequence,
                     const uint8_t header[EVENT_HEADER_SIZE], const struct event_part *parts,
                     size_t part_count)
{
    uint8_t key[EVENT_KEY_SIZE];
    struct bytes row_key = BYTES(key, sizeof(key));
    size_t size = EVENT_HEADER_SIZE + 2;
    uint8_t *row;
    uint8_t *at;

    for (size_t i = 0; i < part_count; i++)
        size += part_row_size(&parts[i]);
    event_key(key, number, sequence);
    row = table_reserve(txn, STORE_EVENT, row_key, size);
    if (row == NULL)
        return txn->error;
    memcpy(row, header, EVENT_HEADER_SIZE);
    put_u16(row + EVENT_HEADER_SIZE, (uint16_t) part_count);
    at = row + EVENT_HEADER_SIZE + 2;
    for (size_t i = 0; i < part_count; i++)
        at = part_write(at, &parts[i]);
    table_seal(STORE_EVENT, row_key, row, size);
    return 0;
}

/* meta: "level" -> u32; where there is no row all events are of the first. */
int store_level(struct store_txn *txn, uint32_t *ret_level)
{
    struct bytes value;
    int code = table_get(txn, STORE_META, LEVEL_KEY, &value);

    if (code == ERR_NOT_FOUND) {
        *ret_level = 1;
        return 0;
    }
    if (code == 0 && value.size != 4)
        code = txn_fail(txn, ERR_CORRUPT);
    if (code == 0)
        *ret_level = get_u32(value.data);
    return code;
}

static int level_raise(struct store_txn *txn, uint32_t level)
{
    uint8_t value[4];
    uint32_t kept = 1;
    int code = level > 1 ? store_level(txn, &kept) : 0;

    if (code != 0 || level <= kept)
        return code;
    put_u32(value, level);
    return table_put(txn, STORE_META, LEVEL_KEY, BYTES(value, sizeof(value)));
}

int store_event_append(struct store_txn *txn, struct store_history *history,
                       const struct event_header *header, const struct event_part *parts, size_t part_count)
{
    struct tree_nodes nodes = store_nodes(txn, history);
    struct store_history moved = *history;
    uint8_t bytes[EVENT_HEADER_SIZE];
    uint8_t leaf[HASH_SIZE];
    int code;

    if (header->sequence != history->head + 1 || header->epoch != history->epoch ||
        part_count > EVENT_PARTS_MAX || memcmp(header->history, history->id, HISTORY_ID_SIZE) != 0)
        return txn_fail(txn, ERR_INTERNAL);
    event_header_write(header, bytes);
    tree_leaf_hash(BYTES(bytes, sizeof(bytes)), leaf);
    event_put(txn, history->number, header->sequence, bytes, parts, part_count);
    for (size_t i = 0; i < part_count; i++) {
        if (is_text(parts[i].kind))
            text_put(txn, history->number, &parts[i]);
    }
    level_raise(txn, header->level);
    code = tree_append(&nodes, history->head, leaf);
    if (code != 0)
        return txn_fail(txn, code);
    moved.head = header->sequence;
    moved.time_ms = header->time_ms;
    code = history_write(txn, &moved);
    if (code == 0)
        *history = moved;
    return code;
}

/* Where an event's row is read. */
struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

static const uint8_t *reader_take(struct reader *reader, size_t size)
{
    const uint8_t *taken = reader->at;

    if ((size_t) (reader->end - reader->at) < size)
        return NULL;
    reader->at += size;
    return taken;
}

static int bytes_copy(struct arena *arena, const uint8_t *data, size_t size, ProtobufCBinaryData *ret_copy)
{
    uint8_t *copy = size > 0 ? arena_copy(arena, data, size) : NULL;

    if (size > 0 && copy == NULL)
        return ERR_MEMORY;
    *ret_copy = (ProtobufCBinaryData){.len = size, .data = copy};
    return 0;
}

static int part_body_read(struct reader *reader, struct arena *arena, Comity__V1__Part *part)
{
    const uint8_t *head = reader_take(reader, PART_BODY_HEAD_SIZE);
    const uint8_t *content;
    size_t size;
    int code;

    if (head == NULL)
        return ERR_CORRUPT;
    size = get_u32(head + SALT_SIZE);
    content = reader_take(reader, size);
    if (content == NULL)
        return ERR_CORRUPT;
    code = bytes_copy(arena, head, SALT_SIZE, &part->salt);
    if (code == 0 && !part->is_withheld)
        code = bytes_copy(arena, content, size, &part->content);
    return code;
}

static int part_text_read(struct store_txn *txn, uint32_t number, struct arena *arena, Comity__V1__Part *part)
{
    struct bytes text;
    int code = text_get(txn, number, part->hash.data, arena, &text);

    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    part->is_withheld = part->is_purged = text.size == 0;
    if (part->is_purged)
        return 0;
    part->salt = (ProtobufCBinaryData){.len = SALT_SIZE, .data = (uint8_t *) (uintptr_t) text.data};
    part->content.len = text.size - SALT_SIZE;
    if (part->content.len > 0)
        part->content.data = (uint8_t *) (uintptr_t) text.data + SALT_SIZE;
    return 0;
}

static int part_read(struct store_txn *txn, uint32_t number, bool is_bare, struct reader *reader,
                     struct arena *arena, Comity__V1__Part **ret_part)
{
    const uint8_t *head = reader_take(reader, PART_HEAD_SIZE);
    Comity__V1__Part *part = arena_alloc(arena, sizeof(*part));
    int code;

    if (head == NULL)
        return ERR_CORRUPT;
    if (part == NULL)
        return ERR_MEMORY;
    comity__v1__part__init(part);
    part->kind = (Comity__V1__PartKind) head[0];
    part->audience = (Comity__V1__Audience) head[1];
    part->round = get_u32(head + 2);
    part->is_withheld = is_bare && part->kind != COMITY__V1__PART_KIND__PART_KIND_OPEN;
    code = bytes_copy(arena, head + 6, HASH_SIZE, &part->hash);
    if (code == 0 && !is_text(head[0]))
        code = part_body_read(reader, arena, part);
    else if (code == 0 && !is_bare)
        code = part_text_read(txn, number, arena, part);
    if (code == 0)
        *ret_part = part;
    return code;
}

static int record_read(struct store_txn *txn, uint32_t number, bool is_bare, struct bytes row,
                       struct arena *arena, Comity__V1__EventRecord **ret_record)
{
    struct reader reader = {row.data, row.data + row.size};
    const uint8_t *header = reader_take(&reader, EVENT_HEADER_SIZE);
    const uint8_t *count = reader_take(&reader, 2);
    Comity__V1__EventRecord *record = arena_alloc(arena, sizeof(*record));
    int code;

    if (header == NULL || count == NULL || get_u16(count) > EVENT_PARTS_MAX)
        return ERR_CORRUPT;
    if (record == NULL)
        return ERR_MEMORY;
    comity__v1__event_record__init(record);
    record->parts = arena_alloc(arena, (get_u16(count) + 1u) * sizeof(Comity__V1__Part *));
    if (record->parts == NULL)
        return ERR_MEMORY;
    code = bytes_copy(arena, header, EVENT_HEADER_SIZE, &record->header);
    for (; code == 0 && record->n_parts < get_u16(count); record->n_parts++)
        code = part_read(txn, number, is_bare, &reader, arena, &record->parts[record->n_parts]);
    if (code == 0 && reader.at != reader.end)
        code = ERR_CORRUPT;
    if (code == 0)
        *ret_record = record;
    return code;
}

static int event_get(struct store_txn *txn, const struct store_history *history, uint64_t sequence,
                     bool is_bare, struct arena *arena, Comity__V1__EventRecord **ret_record)
{
    uint8_t key[EVENT_KEY_SIZE];
    struct bytes row;
    int code;

    event_key(key, history->number, sequence);
    code = table_get(txn, STORE_EVENT, BYTES(key, sizeof(key)), &row);
    if (code == ERR_NOT_FOUND && sequence >= 1 && sequence <= history->head)
        return txn_fail(txn, ERR_CORRUPT);
    if (code == 0)
        code = record_read(txn, history->number, is_bare, row, arena, ret_record);
    return code == ERR_CORRUPT ? txn_fail(txn, code) : code;
}

int store_event_get(struct store_txn *txn, const struct store_history *history, uint64_t sequence,
                    struct arena *arena, Comity__V1__EventRecord **ret_record)
{
    return event_get(txn, history, sequence, false, arena, ret_record);
}

int store_event_get_bare(struct store_txn *txn, const struct store_history *history, uint64_t sequence,
                         struct arena *arena, Comity__V1__EventRecord **ret_record)
{
    return event_get(txn, history, sequence, true, arena, ret_record);
}

/* checkpoint: number u32, epoch u32, size u64 -> signed note */

static void checkpoint_key(uint8_t key[CHECKPOINT_KEY_SIZE], uint32_t number, uint32_t epoch, uint64_t size)
{
    put_u32(key, number);
    put_u32(key + 4, epoch);
    put_u64(key + 8, size);
}

int store_checkpoint_get(struct store_txn *txn, const struct store_history *history, uint32_t epoch,
                         uint64_t size, struct bytes *ret_note)
{
    uint8_t key[CHECKPOINT_KEY_SIZE];

    checkpoint_key(key, history->number, epoch, size);
    return table_get(txn, STORE_CHECKPOINT, BYTES(key, sizeof(key)), ret_note);
}

int store_checkpoint_put(struct store_txn *txn, const struct store_history *history, uint32_t epoch,
                         uint64_t size, struct bytes note)
{
    uint8_t key[CHECKPOINT_KEY_SIZE];

    checkpoint_key(key, history->number, epoch, size);
    return table_put(txn, STORE_CHECKPOINT, BYTES(key, sizeof(key)), note);
}
