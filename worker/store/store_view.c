/* The machine's state over LMDB: one backend of struct view. */
#include <stdlib.h>

#include "core/error.h"
#include "worker/store/store_internal.h"

enum { STATE_VALUE_MAX = 1024 * 1024 };

struct store_state *store_state(struct store_txn *txn, uint32_t number)
{
    struct store_state *state;

    for (state = txn->states; state != NULL; state = state->next) {
        if (state->number == number)
            return state;
    }
    state = malloc(sizeof(*state));
    if (state == NULL) {
        txn_fail(txn, ERR_MEMORY);
        return &txn->broken;
    }
    *state = (struct store_state){.txn = txn, .number = number, .next = txn->states};
    txn->states = state;
    return state;
}

/* The machine's key after the history's number. */
struct state_key {
    uint8_t bytes[STORE_KEY_MAX];
    size_t size;
};

static bool key_make(const struct store_state *state, struct bytes key, struct state_key *ret_key)
{
    if (key.size > VIEW_KEY_MAX)
        return false;
    put_u32(ret_key->bytes, state->number);
    if (key.size > 0)
        memcpy(ret_key->bytes + 4, key.data, key.size);
    ret_key->size = 4 + key.size;
    return true;
}

static int state_get_row(void *self, struct bytes key, struct bytes *ret_value)
{
    struct store_state *state = self;
    struct state_key whole;

    if (!key_make(state, key, &whole))
        return ERR_NOT_FOUND;
    return table_get(state->txn, STORE_STATE, BYTES(whole.bytes, whole.size), ret_value);
}

static int state_put_row(void *self, struct bytes key, struct bytes value)
{
    struct store_state *state = self;
    struct state_key whole;

    if (key.size == 0 || value.size > STATE_VALUE_MAX || !key_make(state, key, &whole))
        return ERR_TOO_LARGE;
    return table_put(state->txn, STORE_STATE, BYTES(whole.bytes, whole.size), value);
}

static int state_delete_row(void *self, struct bytes key)
{
    struct store_state *state = self;
    struct state_key whole;

    if (!key_make(state, key, &whole))
        return ERR_NOT_FOUND;
    return table_delete(state->txn, STORE_STATE, BYTES(whole.bytes, whole.size));
}

struct state_walk {
    view_range_fn *visit;
    void *context;
};

static int state_visit(void *context, struct bytes key, struct bytes value)
{
    struct state_walk *walk = context;

    return walk->visit(walk->context, BYTES(key.data + 4, key.size - 4), value);
}

static int state_range(void *self, struct bytes prefix, struct bytes from, view_range_fn *visit,
                       void *context)
{
    struct store_state *state = self;
    struct state_walk walk = {visit, context};
    struct state_key start;
    struct state_key first;

    if (!key_make(state, prefix, &start) || !key_make(state, from, &first))
        return 0;
    return table_range(state->txn, STORE_STATE, BYTES(start.bytes, start.size),
                       BYTES(first.bytes, first.size), state_visit, &walk);
}

struct view store_view(struct store_txn *txn, const struct store_history *history)
{
    static const struct view_ops ops = {
        .get = state_get_row,
        .put = state_put_row,
        .del = state_delete_row,
        .range = state_range,
    };

    return (struct view){.ops = &ops, .self = store_state(txn, history->number)};
}
