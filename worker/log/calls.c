#include "worker/log/calls.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/error.h"
#include "core/text.h"

enum { OPERATIONS_MAX = 6, COMPARES_MAX = 2 };

/* Never there: what a barrier would delete if a version could be negative. */
#define KEY_NEVER "never"

void calls_init(struct calls *calls, const uint8_t group[GROUP_ID_SIZE], const char *name,
                const uint8_t nonce[LOG_NONCE_SIZE], int64_t lease)
{
    char hex[2 * GROUP_ID_SIZE + 1];
    *calls = (struct calls){.lease = lease};
    hex_encode(BYTES(group, GROUP_ID_SIZE), hex);
    snprintf(calls->prefix, sizeof(calls->prefix), "comity/%s/", hex);
    snprintf(calls->name, sizeof(calls->name), "%s", name);
    memcpy(calls->nonce, nonce, LOG_NONCE_SIZE);
}

/* A transaction in the making. After the first failure the rest does nothing, and there is none. */

struct building {
    const struct calls *calls;
    struct arena *arena;
    Etcdserverpb__TxnRequest *txn;
};

enum branch { ON_SUCCESS, ON_FAILURE };

static struct building building_begin(const struct calls *calls, struct arena *arena)
{
    struct building b = {.calls = calls, .arena = arena, .txn = arena_alloc(arena, sizeof(*b.txn))};
    if (!b.txn)
        return b;
    etcdserverpb__txn_request__init(b.txn);
    b.txn->compare = arena_alloc(arena, COMPARES_MAX * sizeof(void *));
    b.txn->success = arena_alloc(arena, OPERATIONS_MAX * sizeof(void *));
    b.txn->failure = arena_alloc(arena, OPERATIONS_MAX * sizeof(void *));
    if (!b.txn->compare || !b.txn->success || !b.txn->failure)
        b.txn = NULL;
    return b;
}

static ProtobufCBinaryData key_of(const struct building *b, const char *key)
{
    char *whole = arena_printf(b->arena, "%s%s", b->calls->prefix, key);
    return (ProtobufCBinaryData){.data = (uint8_t *) whole, .len = whole ? strlen(whole) : 0};
}

static ProtobufCBinaryData key_of_entry(const struct building *b, uint64_t number)
{
    char key[32];
    snprintf(key, sizeof(key), "log/%016" PRIx64, number);
    return key_of(b, key);
}

static Etcdserverpb__Compare *compare(struct building *b, const char *key,
                                      Etcdserverpb__Compare__CompareTarget target)
{
    Etcdserverpb__Compare *one = b->txn ? arena_alloc(b->arena, sizeof(*one)) : NULL;
    if (!one) {
        b->txn = NULL;
        return NULL;
    }
    etcdserverpb__compare__init(one);
    one->target = target;
    one->key = key_of(b, key);
    b->txn->compare[b->txn->n_compare++] = one;
    return one;
}

static void compare_created(struct building *b, const char *key, uint64_t revision)
{
    Etcdserverpb__Compare *one = compare(b, key, ETCDSERVERPB__COMPARE__COMPARE_TARGET__CREATE);
    if (!one)
        return;
    one->target_union_case = ETCDSERVERPB__COMPARE__TARGET_UNION_CREATE_REVISION;
    one->create_revision = (int64_t) revision;
}

static void compare_changed(struct building *b, const char *key, int64_t revision)
{
    Etcdserverpb__Compare *one = compare(b, key, ETCDSERVERPB__COMPARE__COMPARE_TARGET__MOD);
    if (!one)
        return;
    one->target_union_case = ETCDSERVERPB__COMPARE__TARGET_UNION_MOD_REVISION;
    one->mod_revision = revision;
}

static void compare_head(struct building *b, const struct order_place *place)
{
    Etcdserverpb__Compare *one = compare(b, "head", ETCDSERVERPB__COMPARE__COMPARE_TARGET__VALUE);
    uint8_t *value = one ? arena_alloc(b->arena, PLACE_SIZE) : NULL;
    if (!value) {
        b->txn = NULL;
        return;
    }
    place_write(place, value);
    one->target_union_case = ETCDSERVERPB__COMPARE__TARGET_UNION_VALUE;
    one->value = (ProtobufCBinaryData){.data = value, .len = PLACE_SIZE};
}

/* Never true. */
static void compare_never(struct building *b)
{
    Etcdserverpb__Compare *one = compare(b, "leader", ETCDSERVERPB__COMPARE__COMPARE_TARGET__VERSION);
    if (!one)
        return;
    one->result = ETCDSERVERPB__COMPARE__COMPARE_RESULT__LESS;
    one->target_union_case = ETCDSERVERPB__COMPARE__TARGET_UNION_VERSION;
    one->version = 0;
}

static Etcdserverpb__RequestOp *operation(struct building *b, enum branch branch)
{
    Etcdserverpb__RequestOp *one = b->txn ? arena_alloc(b->arena, sizeof(*one)) : NULL;
    if (!one) {
        b->txn = NULL;
        return NULL;
    }
    etcdserverpb__request_op__init(one);
    if (branch == ON_SUCCESS)
        b->txn->success[b->txn->n_success++] = one;
    else
        b->txn->failure[b->txn->n_failure++] = one;
    return one;
}

static void put(struct building *b, ProtobufCBinaryData key, const void *value, size_t size, int64_t lease)
{
    Etcdserverpb__RequestOp *one = operation(b, ON_SUCCESS);
    Etcdserverpb__PutRequest *request = one ? arena_alloc(b->arena, sizeof(*request)) : NULL;
    uint8_t *copy = request ? arena_copy(b->arena, value, size) : NULL;
    if (!copy) {
        b->txn = NULL;
        return;
    }
    etcdserverpb__put_request__init(request);
    request->key = key;
    request->value = (ProtobufCBinaryData){.data = copy, .len = size};
    request->lease = lease;
    one->request_case = ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_PUT;
    one->request_put = request;
}

static void drop(struct building *b, ProtobufCBinaryData key, ProtobufCBinaryData range_end)
{
    Etcdserverpb__RequestOp *one = operation(b, ON_SUCCESS);
    Etcdserverpb__DeleteRangeRequest *request = one ? arena_alloc(b->arena, sizeof(*request)) : NULL;
    if (!request) {
        b->txn = NULL;
        return;
    }
    etcdserverpb__delete_range_request__init(request);
    request->key = key;
    request->range_end = range_end;
    one->request_case = ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_DELETE_RANGE;
    one->request_delete_range = request;
}

static void read_range(struct building *b, enum branch branch, ProtobufCBinaryData key,
                       ProtobufCBinaryData range_end, int64_t limit)
{
    Etcdserverpb__RequestOp *one = operation(b, branch);
    Etcdserverpb__RangeRequest *request = one ? arena_alloc(b->arena, sizeof(*request)) : NULL;
    if (!request) {
        b->txn = NULL;
        return;
    }
    etcdserverpb__range_request__init(request);
    request->key = key;
    request->range_end = range_end;
    request->limit = limit;
    one->request_case = ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_RANGE;
    one->request_range = request;
}

static void read_key(struct building *b, enum branch branch, const char *key)
{
    read_range(b, branch, key_of(b, key), (ProtobufCBinaryData){0}, 0);
}

static void read_leader_and_head(struct building *b, enum branch branch)
{
    read_key(b, branch, "leader");
    read_key(b, branch, "head");
}

static char *seat_key(const struct building *b, const char *name)
{
    char *key = arena_printf(b->arena, "applied/%s", name);
    return key ? key : "";
}

/* Our own first: it is found whatever else there is. Who leads is alive though its seat be still. */
static void read_seats(struct building *b, enum branch branch)
{
    read_key(b, branch, seat_key(b, b->calls->name));
    read_range(b, branch, key_of(b, "applied/"), key_of(b, "applied0"), CALLS_SEATS_MAX + 1);
    read_key(b, branch, "leader");
}

static Etcdserverpb__TxnRequest *building_end(const struct building *b)
{
    return arena_is_exhausted(b->arena) ? NULL : b->txn;
}

/* The transactions. */

static void put_leader(struct building *b, uint64_t beats)
{
    struct log_leader leader = {.beats = beats};
    uint8_t value[LEADER_SIZE_MAX];
    memcpy(leader.nonce, b->calls->nonce, LOG_NONCE_SIZE);
    memcpy(leader.name, b->calls->name, sizeof(leader.name));
    put(b, key_of(b, "leader"), value, leader_write(&leader, value), b->calls->lease);
}

Etcdserverpb__TxnRequest *calls_step(const struct calls *calls, const struct term_step *step,
                                     const struct calls_more *more, struct arena *arena)
{
    struct building b = building_begin(calls, arena);
    ProtobufCBinaryData none = {0};
    if (step->call == TERM_DEPOSE)
        compare_changed(&b, "leader", step->leader_changed);
    else if (step->call != TERM_POLL)
        compare_created(&b, "leader", step->call == TERM_STAND ? 0 : step->term);
    if (step->call == TERM_STAND || step->call == TERM_BEAT)
        put_leader(&b, more->beats);
    if (step->call == TERM_DEPOSE || step->call == TERM_RESIGN)
        drop(&b, key_of(&b, "leader"), none);
    read_leader_and_head(&b, ON_SUCCESS);
    read_leader_and_head(&b, ON_FAILURE);
    if (step->call == TERM_POLL && more->page > 0)
        read_range(&b, ON_SUCCESS, key_of_entry(&b, more->taken + 1), key_of(&b, "log0"),
                   more->page < CALLS_ENTRIES_MAX ? more->page : CALLS_ENTRIES_MAX);
    return building_end(&b);
}

Etcdserverpb__TxnRequest *calls_append(const struct calls *calls, uint64_t term,
                                       const struct order_place *before, struct bytes value,
                                       struct arena *arena)
{
    struct building b = building_begin(calls, arena);
    struct order_place behind = place_behind(before, value);
    uint8_t head[PLACE_SIZE];
    place_write(&behind, head);
    compare_created(&b, "leader", term);
    compare_head(&b, before);
#ifdef COMITY_CONTROL_COMPARES /* so many of these */
    if (b.txn)
        b.txn->n_compare = COMITY_CONTROL_COMPARES;
#endif
    put(&b, key_of_entry(&b, behind.number), value.data, value.size, 0);
    put(&b, key_of(&b, "head"), head, sizeof(head), 0);
    read_leader_and_head(&b, ON_FAILURE);
    read_range(&b, ON_FAILURE, key_of_entry(&b, behind.number), (ProtobufCBinaryData){0}, 0);
    return building_end(&b);
}

Etcdserverpb__TxnRequest *calls_barrier(const struct calls *calls, struct arena *arena)
{
    struct building b = building_begin(calls, arena);
    compare_never(&b);
    drop(&b, key_of(&b, KEY_NEVER), (ProtobufCBinaryData){0});
    read_key(&b, ON_FAILURE, "head");
    read_key(&b, ON_FAILURE, "meta");
    return building_end(&b);
}

Etcdserverpb__TxnRequest *calls_begin(const struct calls *calls, const struct log_meta *meta,
                                      struct arena *arena)
{
    struct building b = building_begin(calls, arena);
    uint8_t value[META_SIZE], head[PLACE_SIZE];
    meta_write(meta, value);
    place_write(&meta->base, head);
    compare_created(&b, "meta", 0);
    compare_created(&b, "head", 0);
    put(&b, key_of(&b, "meta"), value, sizeof(value), 0);
    put(&b, key_of(&b, "head"), head, sizeof(head), 0);
    for (enum branch branch = ON_SUCCESS; branch <= ON_FAILURE; branch++) {
        read_key(&b, branch, "meta");
        read_key(&b, branch, "head");
    }
    return building_end(&b);
}

Etcdserverpb__TxnRequest *calls_seat(const struct calls *calls, const struct log_seat *seat, int64_t changed,
                                     struct arena *arena)
{
    struct building b = building_begin(calls, arena);
    const char *key = seat_key(&b, calls->name);
    uint8_t value[SEAT_SIZE];
    seat_write(seat, value);
    compare_changed(&b, key, changed);
    put(&b, key_of(&b, key), value, sizeof(value), 0);
    read_seats(&b, ON_SUCCESS);
    read_seats(&b, ON_FAILURE);
    return building_end(&b);
}

Etcdserverpb__TxnRequest *calls_leave(const struct calls *calls, const char *name, struct arena *arena)
{
    struct building b = building_begin(calls, arena);
    drop(&b, key_of(&b, seat_key(&b, name)), (ProtobufCBinaryData){0});
    return building_end(&b);
}

Etcdserverpb__TxnRequest *calls_seats(const struct calls *calls, struct arena *arena)
{
    struct building b = building_begin(calls, arena);
    read_key(&b, ON_SUCCESS, "head");
    read_seats(&b, ON_SUCCESS);
    return building_end(&b);
}

Etcdserverpb__TxnRequest *calls_trim(const struct calls *calls, uint64_t term, uint64_t number,
                                     struct arena *arena)
{
    struct building b = building_begin(calls, arena);
    compare_created(&b, "leader", term);
    drop(&b, key_of_entry(&b, 0), key_of_entry(&b, number + 1));
    return building_end(&b);
}
