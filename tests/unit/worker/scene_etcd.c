#include "tests/unit/worker/scene_etcd.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/message.h"
#include "worker/clock.h"
#include "worker/log/grpc.h"

enum { SCENE_ARENA_BYTES = 64 * 1024 * 1024, CONNECT_MOST_MS = 60000, ASK_ANSWER_MAX = 4096 };

struct etcd_options scene_options(const struct scene *scene, enum etcd_certificate authority,
                                  enum etcd_certificate client)
{
    struct etcd_options options = {
        .endpoint_count = scene->members.options.count,
        .ca_file = scene->members.certificates[authority].pem,
        .cert_file = scene->members.certificates[client].pem,
        .key_file = scene->members.certificates[client].key,
    };

    for (size_t i = 0; i < options.endpoint_count; i++)
        options.endpoints[i] = scene->members.members[i].endpoint;
    return options;
}

struct etcd *scene_client(const struct etcd_options *options)
{
    struct etcd *etcd = NULL;
    char reason[ETCD_REASON_MAX];

    if (etcd_new(options, &etcd, reason) != 0)
        fail_msg("%s", reason);
    return etcd;
}

void scene_new(const struct etcd_members_options *options, struct scene **ret_scene)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    *ret_scene = scene;
    scene->arena = arena_new(SCENE_ARENA_BYTES);
    assert_non_null(scene->arena);
    etcd_members_start(&scene->members, options);
    scene->options = scene_options(scene, CERTIFICATE_AUTHORITY, CERTIFICATE_CLIENT);
    scene->etcd = scene_client(&scene->options);
    if (options->certificate == CERTIFICATE_MEMBER)
        scene_connect(scene->etcd, scene->arena);
}

void scene_destroy(struct scene **scene)
{
    struct scene *it = *scene;

    if (it == NULL)
        return;
    etcd_destroy(&it->etcd);
    etcd_members_end(&it->members);
    arena_destroy(&it->arena);
    free(it);
    *scene = NULL;
}

int scene_set_up_one(void **state)
{
    scene_new(&(struct etcd_members_options){.count = 1}, (struct scene **) state);
    return 0;
}

int scene_set_up_three(void **state)
{
    scene_new(&(struct etcd_members_options){.count = 3}, (struct scene **) state);
    return 0;
}

int scene_tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

void assert_binary(ProtobufCBinaryData data, const char *text)
{
    assert_int_equal(data.len, strlen(text));
    assert_memory_equal(data.data, text, data.len);
}

void assert_answered(struct etcd_result result)
{
    if (result.fate != ETCD_ANSWERED)
        fail_msg("fate %d, status %u: %s", (int) result.fate, result.status, result.reason);
    assert_string_equal(result.reason, "");
}

static Etcdserverpb__RequestOp *ops_next(struct ops *ops)
{
    assert_true(ops->count < OPS_MAX);
    Etcdserverpb__RequestOp *op = &ops->ops[ops->count];
    etcdserverpb__request_op__init(op);
    ops->list[ops->count++] = op;
    return op;
}

void ops_put_bytes(struct ops *ops, const char *key, struct bytes value, int64_t lease)
{
    Etcdserverpb__PutRequest *put = &ops->puts[ops->count];
    Etcdserverpb__RequestOp *op = ops_next(ops);

    etcdserverpb__put_request__init(put);
    put->key = BINARY(key);
    put->value = (ProtobufCBinaryData){value.size, (uint8_t *) value.data};
    put->lease = lease;
    op->request_case = ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_PUT;
    op->request_put = put;
}

void ops_put(struct ops *ops, const char *key, const char *value)
{
    ops_put_bytes(ops, key, BYTES(value, strlen(value)), 0);
}

void ops_range(struct ops *ops, const char *key)
{
    Etcdserverpb__RangeRequest *range = &ops->ranges[ops->count];
    Etcdserverpb__RequestOp *op = ops_next(ops);

    etcdserverpb__range_request__init(range);
    range->key = BINARY(key);
    op->request_case = ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_RANGE;
    op->request_range = range;
}

void ops_delete(struct ops *ops, const char *key)
{
    Etcdserverpb__DeleteRangeRequest *delete = &ops->deletes[ops->count];
    Etcdserverpb__RequestOp *op = ops_next(ops);

    etcdserverpb__delete_range_request__init(delete);
    delete->key = BINARY(key);
    op->request_case = ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_DELETE_RANGE;
    op->request_delete_range = delete;
}

struct etcd_result scene_do(struct etcd *etcd, const struct ops *ops, int timeout_ms, struct arena *arena,
                            Etcdserverpb__TxnResponse **ret_answer)
{
    Etcdserverpb__TxnRequest request = ETCDSERVERPB__TXN_REQUEST__INIT;

    request.n_success = ops->count;
    request.success = (Etcdserverpb__RequestOp **) ops->list;
    return etcd_txn(etcd, &request, timeout_ms, arena, ret_answer);
}

/* It had no connection in time, as it may be on a machine with much to do. */
static bool is_unconnected(struct etcd_result result, int64_t until_ms)
{
    return result.fate == ETCD_REFUSED && result.status == 0 && clock_steady_ms() < until_ms;
}

int64_t scene_put_bytes(struct scene *scene, const char *key, struct bytes value)
{
    Etcdserverpb__TxnResponse *answer = NULL;
    struct ops ops = {.count = 0};
    struct etcd_result result;
    int64_t until_ms = clock_steady_ms() + CONNECT_MOST_MS;

    ops_put_bytes(&ops, key, value, 0);
    do
        result = scene_do(scene->etcd, &ops, CALL_MS, scene->arena, &answer);
    while (is_unconnected(result, until_ms));
    assert_answered(result);
    return answer->header->revision;
}

int64_t scene_put(struct scene *scene, const char *key, const char *value)
{
    return scene_put_bytes(scene, key, BYTES(value, strlen(value)));
}

const Etcdserverpb__KeyValue *scene_get(struct etcd *etcd, struct arena *arena, const char *key)
{
    Etcdserverpb__RangeRequest request = ETCDSERVERPB__RANGE_REQUEST__INIT;
    Etcdserverpb__RangeResponse *answer = NULL;
    struct etcd_result result;
    int64_t until_ms = clock_steady_ms() + CONNECT_MOST_MS;

    request.key = BINARY(key);
    do
        result = etcd_range(etcd, &request, CALL_MS, arena, &answer);
    while (is_unconnected(result, until_ms));
    assert_answered(result);
    return answer->n_kvs == 0 ? NULL : answer->kvs[0];
}

void scene_connect(struct etcd *etcd, struct arena *arena)
{
    scene_get(etcd, arena, "any");
}

/* A number in the first field, and seconds in the third: these messages have them where the others do. */
int64_t scene_ask(struct scene *scene, size_t member, const char *method, uint64_t number)
{
    const struct grpc_options options = {.ca_file = scene->options.ca_file,
                                         .cert_file = scene->options.cert_file,
                                         .key_file = scene->options.key_file,
                                         .connect_ms = CALL_MS,
                                         .answer_max = ASK_ANSWER_MAX};
    Etcdserverpb__LeaseKeepAliveRequest request = ETCDSERVERPB__LEASE_KEEP_ALIVE_REQUEST__INIT;
    struct grpc_channel *channel = NULL;
    struct bytes packed, answer;

    request.id = (int64_t) number;
    assert_int_equal(message_pack(&request.base, scene->arena, &packed), 0);
    assert_int_equal(grpc_channel_new(&options, scene->members.members[member].endpoint, &channel), 0);
    struct grpc_outcome outcome = grpc_call(channel, method, packed, clock_steady_ms() + CALL_MS, &answer);
    Etcdserverpb__LeaseKeepAliveResponse *told = NULL;
    if (outcome.error == 0 && outcome.status == 0)
        told = etcdserverpb__lease_keep_alive_response__unpack(arena_allocator(scene->arena), answer.size,
                                                               answer.data);
    else
        printf("%s: error %d, status %u: %s\n", method, outcome.error, outcome.status, outcome.reason);
    grpc_channel_destroy(&channel);
    return told ? told->ttl : -1;
}
