#include "worker/log/etcd.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/message.h"
#include "worker/clock.h"
#include "worker/log/etcd_internal.h"

struct etcd {
    struct etcd_endpoints endpoints;
};

/* One call: what is asked, and what its answer is to be. */
struct call {
    const char *method;
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *answer;
    int64_t until_ms;
    struct arena *arena;
};

int etcd_new(const struct etcd_options *options, struct etcd **ret_etcd, char reason[ETCD_REASON_MAX])
{
    CLEANUP(etcd_destroy) struct etcd *etcd = calloc(1, sizeof(*etcd));

    if (etcd == NULL) {
        reason[0] = '\0';
        return ERR_MEMORY;
    }
    int code = etcd_endpoints_init(&etcd->endpoints, options, ETCD_ANSWER_MAX, reason);
    if (code != 0)
        return code;
    *ret_etcd = etcd;
    etcd = NULL;
    return 0;
}

void etcd_destroy(struct etcd **etcd)
{
    if (etcd == NULL || *etcd == NULL)
        return;
    etcd_endpoints_release(&(*etcd)->endpoints);
    free(*etcd);
    *etcd = NULL;
}

/* Calls. */

/* Ask that endpoint alone. */
static struct etcd_result ask_one(struct etcd *etcd, size_t at, const struct call *call, struct bytes packed,
                                  ProtobufCMessage **ret_answer)
{
    const char *name = etcd->endpoints.names[at];
    struct bytes answer;
    struct grpc_outcome outcome =
        grpc_call(etcd->endpoints.channels[at], call->method, packed, call->until_ms, &answer);
    struct etcd_result result = etcd_judge(name, &outcome);

    if (result.fate != ETCD_ANSWERED)
        return result;
    int code = message_unpack_trusted(call->answer, answer, call->arena, ret_answer);
    return code == 0 ? result : etcd_result_of(ETCD_UNKNOWN, name, error_sentence(code));
}

/* Ask the endpoint in use, and the next ones as long as nothing has left. What leaves a call open is not
 * asked the next time. */
static struct etcd_result ask_any(struct etcd *etcd, const struct call *call, struct bytes packed,
                                  ProtobufCMessage **ret_answer)
{
    struct etcd_endpoints *endpoints = &etcd->endpoints;
    struct etcd_result result = {.fate = ETCD_REFUSED};

    for (size_t tries = 0; tries < endpoints->count; tries++) {
        result = ask_one(etcd, endpoints->current, call, packed, ret_answer);
        bool is_said = result.fate == ETCD_ANSWERED || (result.fate == ETCD_REFUSED && result.status != 0);
        if (!is_said)
            endpoints->current = (endpoints->current + 1) % endpoints->count;
        if (is_said || result.fate == ETCD_UNKNOWN || clock_steady_ms() >= call->until_ms)
            break;
    }
    return result;
}

enum { ANY_ENDPOINT = ETCD_ENDPOINTS_MAX };

/* @at: that endpoint, or ANY_ENDPOINT. */
static struct etcd_result ask(struct etcd *etcd, size_t at, const struct call *call,
                              ProtobufCMessage **ret_answer)
{
    size_t size = protobuf_c_message_get_packed_size(call->request);
    uint8_t *packed = malloc(size > 0 ? size : 1);

    if (packed == NULL)
        return etcd_result_of(ETCD_REFUSED, etcd->endpoints.names[0], error_sentence(ERR_MEMORY));
    protobuf_c_message_pack(call->request, packed);
    struct etcd_result result = at < etcd->endpoints.count
                                    ? ask_one(etcd, at, call, BYTES(packed, size), ret_answer)
                                    : ask_any(etcd, call, BYTES(packed, size), ret_answer);
    free(packed);
    return result;
}

/* An answer that cannot be one to what was asked. */
static struct etcd_result not_an_answer(const struct etcd *etcd, size_t at)
{
    return etcd_result_of(ETCD_UNKNOWN, etcd->endpoints.names[at], "not an answer to what was asked");
}

/* Keys and values. */

/* Of the kind that was asked for. */
static bool answers_op(const Etcdserverpb__RequestOp *asked, const Etcdserverpb__ResponseOp *answer)
{
    switch (asked->request_case) {
    case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_RANGE:
        return answer->response_case == ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_RANGE;
    case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_PUT:
        return answer->response_case == ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_PUT;
    case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_DELETE_RANGE:
        return answer->response_case == ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_DELETE_RANGE;
    default:
        return false;
    }
}

static bool answers_txn(const Etcdserverpb__TxnRequest *asked, const Etcdserverpb__TxnResponse *answer)
{
    Etcdserverpb__RequestOp **ops = answer->succeeded ? asked->success : asked->failure;
    size_t count = answer->succeeded ? asked->n_success : asked->n_failure;

    if (answer->header == NULL || answer->n_responses != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!answers_op(ops[i], answer->responses[i]))
            return false;
    return true;
}

struct etcd_result etcd_txn(struct etcd *etcd, const Etcdserverpb__TxnRequest *request, int timeout_ms,
                            struct arena *arena, Etcdserverpb__TxnResponse **ret_answer)
{
    const struct call call = {"/etcdserverpb.KV/Txn", &request->base, &etcdserverpb__txn_response__descriptor,
                              clock_steady_ms() + timeout_ms, arena};
    ProtobufCMessage *answer = NULL;
    struct etcd_result result = ask(etcd, ANY_ENDPOINT, &call, &answer);

    if (result.fate != ETCD_ANSWERED)
        return result;
    if (!answers_txn(request, (Etcdserverpb__TxnResponse *) answer))
        return not_an_answer(etcd, etcd->endpoints.current);
    *ret_answer = (Etcdserverpb__TxnResponse *) answer;
    return result;
}

struct etcd_result etcd_range(struct etcd *etcd, const Etcdserverpb__RangeRequest *request, int timeout_ms,
                              struct arena *arena, Etcdserverpb__RangeResponse **ret_answer)
{
    const struct call call = {"/etcdserverpb.KV/Range", &request->base,
                              &etcdserverpb__range_response__descriptor, clock_steady_ms() + timeout_ms,
                              arena};
    ProtobufCMessage *answer = NULL;
    struct etcd_result result = ask(etcd, ANY_ENDPOINT, &call, &answer);

    if (result.fate != ETCD_ANSWERED)
        return result;
    if (((Etcdserverpb__RangeResponse *) answer)->header == NULL)
        return not_an_answer(etcd, etcd->endpoints.current);
    *ret_answer = (Etcdserverpb__RangeResponse *) answer;
    return result;
}

/* A call of whose answer nothing but its being there is of interest. */
static struct etcd_result ask_plain(struct etcd *etcd, size_t at, const char *method,
                                    const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
                                    int timeout_ms)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    const struct call call = {method, request, type, clock_steady_ms() + timeout_ms, arena};
    ProtobufCMessage *answer = NULL;

    if (arena == NULL)
        return etcd_result_of(ETCD_REFUSED, etcd->endpoints.names[0], error_sentence(ERR_MEMORY));
    return ask(etcd, at, &call, &answer);
}

static struct etcd_result compact(struct etcd *etcd, size_t at, int64_t revision, bool is_physical,
                                  int timeout_ms)
{
    Etcdserverpb__CompactionRequest request = ETCDSERVERPB__COMPACTION_REQUEST__INIT;

    request.revision = revision;
    request.physical = is_physical;
    return ask_plain(etcd, at, "/etcdserverpb.KV/Compact", &request.base,
                     &etcdserverpb__compaction_response__descriptor, timeout_ms);
}

struct etcd_result etcd_compact(struct etcd *etcd, int64_t revision, bool is_physical, int timeout_ms)
{
    return compact(etcd, ANY_ENDPOINT, revision, is_physical, timeout_ms);
}

struct bytes etcd_prefix_end(struct arena *arena, const char *prefix)
{
    size_t size = strlen(prefix);

    while (size > 0 && (uint8_t) prefix[size - 1] == UINT8_MAX)
        size--;
    if (size == 0)
        return BYTES(NULL, 0);
    uint8_t *end = arena_copy(arena, prefix, size);
    if (end == NULL)
        return BYTES(NULL, 0);
    end[size - 1]++;
    return BYTES(end, size);
}

/* Leases. */

struct etcd_result etcd_lease_grant(struct etcd *etcd, const Etcdserverpb__LeaseGrantRequest *request,
                                    int timeout_ms, struct arena *arena,
                                    Etcdserverpb__LeaseGrantResponse **ret_answer)
{
    const struct call call = {"/etcdserverpb.Lease/LeaseGrant", &request->base,
                              &etcdserverpb__lease_grant_response__descriptor, clock_steady_ms() + timeout_ms,
                              arena};
    ProtobufCMessage *answer = NULL;
    struct etcd_result result = ask(etcd, ANY_ENDPOINT, &call, &answer);

    if (result.fate != ETCD_ANSWERED)
        return result;
    Etcdserverpb__LeaseGrantResponse *granted = (Etcdserverpb__LeaseGrantResponse *) answer;
    if (granted->header == NULL || granted->ttl <= 0 || (request->id != 0 && granted->id != request->id))
        return not_an_answer(etcd, etcd->endpoints.current);
    *ret_answer = granted;
    return result;
}

struct etcd_result etcd_lease_revoke(struct etcd *etcd, int64_t lease, int timeout_ms)
{
    Etcdserverpb__LeaseRevokeRequest request = ETCDSERVERPB__LEASE_REVOKE_REQUEST__INIT;

    request.id = lease;
    return ask_plain(etcd, ANY_ENDPOINT, "/etcdserverpb.Lease/LeaseRevoke", &request.base,
                     &etcdserverpb__lease_revoke_response__descriptor, timeout_ms);
}

struct etcd_result etcd_lease_renew(struct etcd *etcd, int64_t lease, int timeout_ms)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    Etcdserverpb__LeaseKeepAliveRequest request = ETCDSERVERPB__LEASE_KEEP_ALIVE_REQUEST__INIT;
    const struct call call = {"/etcdserverpb.Lease/LeaseKeepAlive", &request.base,
                              &etcdserverpb__lease_keep_alive_response__descriptor,
                              clock_steady_ms() + timeout_ms, arena};
    ProtobufCMessage *answer = NULL;

    if (arena == NULL)
        return etcd_result_of(ETCD_REFUSED, etcd->endpoints.names[0], error_sentence(ERR_MEMORY));
    request.id = lease;
    struct etcd_result result = ask(etcd, ANY_ENDPOINT, &call, &answer);
    if (result.fate != ETCD_ANSWERED || ((Etcdserverpb__LeaseKeepAliveResponse *) answer)->ttl > 0)
        return result;
    result = etcd_result_of(ETCD_REFUSED, etcd->endpoints.names[etcd->endpoints.current],
                            "there is no such lease");
    result.status = ETCD_STATUS_NOT_FOUND;
    return result;
}

/* Upkeep. */

static struct etcd_result no_endpoint(const struct etcd *etcd)
{
    return etcd_result_of(ETCD_REFUSED, etcd->endpoints.names[0], "there is no endpoint of that number");
}

struct etcd_result etcd_status(struct etcd *etcd, size_t endpoint, int timeout_ms, struct arena *arena,
                               Etcdserverpb__StatusResponse **ret_answer)
{
    Etcdserverpb__StatusRequest request = ETCDSERVERPB__STATUS_REQUEST__INIT;
    const struct call call = {"/etcdserverpb.Maintenance/Status", &request.base,
                              &etcdserverpb__status_response__descriptor, clock_steady_ms() + timeout_ms,
                              arena};
    ProtobufCMessage *answer = NULL;

    if (endpoint >= etcd->endpoints.count)
        return no_endpoint(etcd);
    struct etcd_result result = ask(etcd, endpoint, &call, &answer);
    if (result.fate != ETCD_ANSWERED)
        return result;
    if (((Etcdserverpb__StatusResponse *) answer)->header == NULL)
        return not_an_answer(etcd, endpoint);
    *ret_answer = (Etcdserverpb__StatusResponse *) answer;
    return result;
}

struct etcd_result etcd_compact_at(struct etcd *etcd, size_t endpoint, int64_t revision, int timeout_ms)
{
    return endpoint < etcd->endpoints.count ? compact(etcd, endpoint, revision, true, timeout_ms)
                                            : no_endpoint(etcd);
}

struct etcd_result etcd_defragment(struct etcd *etcd, size_t endpoint, int timeout_ms)
{
    Etcdserverpb__DefragmentRequest request = ETCDSERVERPB__DEFRAGMENT_REQUEST__INIT;

    if (endpoint >= etcd->endpoints.count)
        return no_endpoint(etcd);
    return ask_plain(etcd, endpoint, "/etcdserverpb.Maintenance/Defragment", &request.base,
                     &etcdserverpb__defragment_response__descriptor, timeout_ms);
}

struct etcd_result etcd_alarm(struct etcd *etcd, const Etcdserverpb__AlarmRequest *request, int timeout_ms,
                              struct arena *arena, Etcdserverpb__AlarmResponse **ret_answer)
{
    const struct call call = {"/etcdserverpb.Maintenance/Alarm", &request->base,
                              &etcdserverpb__alarm_response__descriptor, clock_steady_ms() + timeout_ms,
                              arena};
    ProtobufCMessage *answer = NULL;
    struct etcd_result result = ask(etcd, ANY_ENDPOINT, &call, &answer);

    if (result.fate == ETCD_ANSWERED)
        *ret_answer = (Etcdserverpb__AlarmResponse *) answer;
    return result;
}

struct etcd_result etcd_member_list(struct etcd *etcd, int timeout_ms, struct arena *arena,
                                    Etcdserverpb__MemberListResponse **ret_answer)
{
    Etcdserverpb__MemberListRequest request = ETCDSERVERPB__MEMBER_LIST_REQUEST__INIT;
    const struct call call = {"/etcdserverpb.Cluster/MemberList", &request.base,
                              &etcdserverpb__member_list_response__descriptor, clock_steady_ms() + timeout_ms,
                              arena};
    ProtobufCMessage *answer = NULL;

    request.linearizable = true;
    struct etcd_result result = ask(etcd, ANY_ENDPOINT, &call, &answer);
    if (result.fate != ETCD_ANSWERED)
        return result;
    if (((Etcdserverpb__MemberListResponse *) answer)->n_members == 0)
        return not_an_answer(etcd, etcd->endpoints.current);
    *ret_answer = (Etcdserverpb__MemberListResponse *) answer;
    return result;
}
