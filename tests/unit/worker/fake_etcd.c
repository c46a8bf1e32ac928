#include "fake_etcd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/message.h"

enum { KEYS_MAX = 16384, KEY_ROOM = 128, LEASES_MAX = 64 };

struct fake_key {
    char key[KEY_ROOM];
    size_t key_size;
    uint8_t *value;
    size_t size;
    int64_t created, changed, version, lease;
};

struct fake_etcd {
    struct fake_key *keys[KEYS_MAX]; /* ascending */
    size_t count;
    int64_t revision;
    struct {
        int64_t id, until_ms;
    } leases[LEASES_MAX];
    size_t lease_count;
};

struct fake_etcd *fake_etcd_new(void)
{
    struct fake_etcd *etcd = calloc(1, sizeof(*etcd));
    assert_non_null(etcd);
    etcd->revision = 1;
    return etcd;
}

static void remove_at(struct fake_etcd *etcd, size_t at)
{
    free(etcd->keys[at]->value);
    free(etcd->keys[at]);
    memmove(&etcd->keys[at], &etcd->keys[at + 1], (--etcd->count - at) * sizeof(etcd->keys[0]));
}

void fake_etcd_destroy(struct fake_etcd **etcd)
{
    while ((*etcd)->count > 0)
        remove_at(*etcd, (*etcd)->count - 1);
    free(*etcd);
    *etcd = NULL;
}

static int key_compare(const struct fake_key *key, struct bytes other)
{
    size_t size = key->key_size < other.size ? key->key_size : other.size;
    int order = memcmp(key->key, other.data, size);
    return order != 0 ? order : key->key_size < other.size ? -1 : key->key_size > other.size;
}

/* The first key that is not less. */
static size_t key_place(const struct fake_etcd *etcd, struct bytes key)
{
    size_t low = 0, high = etcd->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (key_compare(etcd->keys[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct bytes binary(ProtobufCBinaryData data)
{
    return BYTES(data.data, data.len);
}

static struct fake_key *key_find(const struct fake_etcd *etcd, struct bytes key)
{
    size_t at = key_place(etcd, key);
    return at < etcd->count && key_compare(etcd->keys[at], key) == 0 ? etcd->keys[at] : NULL;
}

static void *need(struct arena *arena, size_t size)
{
    void *memory = arena_alloc(arena, size);
    assert_non_null(memory);
    return memory;
}

/* Conditions. */

static int64_t order_of(int64_t is, int64_t wanted)
{
    return is < wanted ? -1 : is > wanted;
}

static bool holds(const struct fake_etcd *etcd, const Etcdserverpb__Compare *one)
{
    static const struct fake_key nothing = {.size = 0};
    const struct fake_key *found = key_find(etcd, binary(one->key)), *key = found ? found : &nothing;
    int64_t order = 0;
    switch (one->target) {
    case ETCDSERVERPB__COMPARE__COMPARE_TARGET__VERSION:
        order = order_of(key->version, one->version);
        break;
    case ETCDSERVERPB__COMPARE__COMPARE_TARGET__CREATE:
        order = order_of(key->created, one->create_revision);
        break;
    case ETCDSERVERPB__COMPARE__COMPARE_TARGET__MOD:
        order = order_of(key->changed, one->mod_revision);
        break;
    case ETCDSERVERPB__COMPARE__COMPARE_TARGET__VALUE:
        order = found && bytes_equal(BYTES(key->value, key->size), binary(one->value)) ? 0 : 1;
        break;
    default:
        fail();
    }
    return one->result == ETCDSERVERPB__COMPARE__COMPARE_RESULT__LESS ? order < 0 : order == 0;
}

/* Operations. */

static void put_key(struct fake_etcd *etcd, struct bytes name, struct bytes value, int64_t lease)
{
    struct fake_key *key = key_find(etcd, name);
    if (!key) {
        size_t at = key_place(etcd, name);
        assert_true(etcd->count < KEYS_MAX && name.size < KEY_ROOM);
        key = calloc(1, sizeof(*key));
        assert_non_null(key);
        memcpy(key->key, name.data, name.size);
        key->key_size = name.size;
        key->created = etcd->revision;
        memmove(&etcd->keys[at + 1], &etcd->keys[at], (etcd->count++ - at) * sizeof(etcd->keys[0]));
        etcd->keys[at] = key;
    }
    free(key->value);
    key->value = malloc(value.size + 1);
    assert_non_null(key->value);
    memcpy(key->value, value.data, value.size);
    key->size = value.size;
    key->changed = etcd->revision;
    key->version++;
    key->lease = lease;
}

static size_t range_end(const struct fake_etcd *etcd, struct bytes key, struct bytes end)
{
    if (end.size > 0)
        return key_place(etcd, end);
    return key_place(etcd, key) + (key_find(etcd, key) != NULL);
}

static bool drop_range(struct fake_etcd *etcd, const Etcdserverpb__DeleteRangeRequest *request)
{
    size_t from = key_place(etcd, binary(request->key)),
           to = range_end(etcd, binary(request->key), binary(request->range_end));
    for (size_t i = from; i < to; i++)
        remove_at(etcd, from);
    return to > from;
}

static ProtobufCBinaryData copied(struct arena *arena, const void *data, size_t size)
{
    return (ProtobufCBinaryData){.data = arena_copy(arena, data, size), .len = size};
}

static Etcdserverpb__RangeResponse *read_range(const struct fake_etcd *etcd,
                                               const Etcdserverpb__RangeRequest *request, struct arena *arena)
{
    Etcdserverpb__RangeResponse *response = need(arena, sizeof(*response));
    size_t from = key_place(etcd, binary(request->key)),
           to = range_end(etcd, binary(request->key), binary(request->range_end));
    etcdserverpb__range_response__init(response);
    response->count = (int64_t) (to > from ? to - from : 0);
    response->kvs = need(arena, ((size_t) response->count + 1) * sizeof(void *));
    for (size_t i = from; i < to && (request->limit == 0 || (int64_t) response->n_kvs < request->limit);
         i++) {
        Etcdserverpb__KeyValue *kv = need(arena, sizeof(*kv));
        etcdserverpb__key_value__init(kv);
        kv->key = copied(arena, etcd->keys[i]->key, etcd->keys[i]->key_size);
        kv->value = copied(arena, etcd->keys[i]->value, etcd->keys[i]->size);
        kv->create_revision = etcd->keys[i]->created;
        kv->mod_revision = etcd->keys[i]->changed;
        kv->version = etcd->keys[i]->version;
        response->kvs[response->n_kvs++] = kv;
    }
    return response;
}

static bool has_lease(const struct fake_etcd *etcd, int64_t lease)
{
    for (size_t i = 0; i < etcd->lease_count; i++)
        if (etcd->leases[i].id == lease)
            return true;
    return lease == 0;
}

static bool carry_out(struct fake_etcd *etcd, const Etcdserverpb__RequestOp *request, struct arena *arena,
                      Etcdserverpb__ResponseOp *response)
{
    bool is_change = true;
    switch (request->request_case) {
    case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_PUT:
        put_key(etcd, binary(request->request_put->key), binary(request->request_put->value),
                request->request_put->lease);
        break;
    case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_DELETE_RANGE:
        is_change = drop_range(etcd, request->request_delete_range);
        break;
    case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_RANGE:
        response->response_case = ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_RANGE;
        response->response_range = read_range(etcd, request->request_range, arena);
        is_change = false;
        break;
    default:
        fail();
    }
    return is_change;
}

struct bytes fake_etcd_pack(const Etcdserverpb__TxnRequest *request, struct arena *arena)
{
    struct bytes packed;
    assert_non_null(request);
    assert_int_equal(message_pack(&request->base, arena, &packed), 0);
    return packed;
}

bool fake_etcd_txn(struct fake_etcd *etcd, struct bytes packed, struct arena *arena,
                   Etcdserverpb__TxnResponse **ret_response)
{
    Etcdserverpb__TxnRequest *request =
        etcdserverpb__txn_request__unpack(arena_allocator(arena), packed.size, packed.data);
    Etcdserverpb__TxnResponse *response = need(arena, sizeof(*response));
    bool is_done = true, is_change = false;
    assert_non_null(request);
    for (size_t i = 0; i < request->n_compare; i++)
        is_done = is_done && holds(etcd, request->compare[i]);
    for (size_t i = 0; is_done && i < request->n_success; i++)
        if (request->success[i]->request_case == ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_PUT &&
            !has_lease(etcd, request->success[i]->request_put->lease))
            return false;
    Etcdserverpb__RequestOp **operations = is_done ? request->success : request->failure;
    size_t count = is_done ? request->n_success : request->n_failure;
    etcdserverpb__txn_response__init(response);
    response->responses = need(arena, (count + 1) * sizeof(void *));
    etcd->revision++;
    for (size_t i = 0; i < count; i++) {
        response->responses[i] = need(arena, sizeof(*response->responses[i]));
        etcdserverpb__response_op__init(response->responses[i]);
        is_change |= carry_out(etcd, operations[i], arena, response->responses[i]);
    }
    etcd->revision -= !is_change;
    response->n_responses = count;
    response->succeeded = is_done;
    response->header = need(arena, sizeof(*response->header));
    etcdserverpb__response_header__init(response->header);
    response->header->cluster_id = FAKE_CLUSTER;
    response->header->revision = etcd->revision;
    *ret_response = response;
    return true;
}

/* Leases. */

bool fake_etcd_grant(struct fake_etcd *etcd, int64_t lease, int64_t until_ms)
{
    if (has_lease(etcd, lease))
        return false;
    assert_true(etcd->lease_count < LEASES_MAX);
    etcd->leases[etcd->lease_count].id = lease;
    etcd->leases[etcd->lease_count++].until_ms = until_ms;
    return true;
}

bool fake_etcd_renew(struct fake_etcd *etcd, int64_t lease, int64_t until_ms)
{
    for (size_t i = 0; i < etcd->lease_count; i++)
        if (etcd->leases[i].id == lease) {
            etcd->leases[i].until_ms = until_ms;
            return true;
        }
    return false;
}

static void lease_end(struct fake_etcd *etcd, size_t index)
{
    int64_t lease = etcd->leases[index].id;
    etcd->leases[index] = etcd->leases[--etcd->lease_count];
    etcd->revision++;
    for (size_t i = etcd->count; i-- > 0;)
        if (etcd->keys[i]->lease == lease)
            remove_at(etcd, i);
}

void fake_etcd_pass(struct fake_etcd *etcd, int64_t now_ms)
{
    for (size_t i = etcd->lease_count; i-- > 0;)
        if (etcd->leases[i].until_ms <= now_ms)
            lease_end(etcd, i);
}

/* For tests. */

struct bytes fake_etcd_value(const struct fake_etcd *etcd, const char *key)
{
    const struct fake_key *found = key_find(etcd, BYTES(key, strlen(key)));
    return found ? BYTES(found->value, found->size) : (struct bytes){0};
}

void fake_etcd_put(struct fake_etcd *etcd, const char *key, struct bytes value)
{
    etcd->revision++;
    put_key(etcd, BYTES(key, strlen(key)), value, 0);
}

size_t fake_etcd_count(const struct fake_etcd *etcd)
{
    return etcd->count;
}
