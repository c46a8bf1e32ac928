/* The calls of etcd's client, at a real member: what they do, what is refused, and how large an answer may
 * be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "tests/unit/worker/scene_etcd.h"
#include "worker/log/etcd_internal.h"

enum { LEASE = 77, LEASE_S = 60, MEBIBYTE = 1024 * 1024, QUOTA = 16 * MEBIBYTE, FILLS_MAX = 64 };

static int begin(void **state)
{
    struct scene *scene = *state;
    arena_reset(scene->arena);
    return 0;
}

/* @size bytes of which each is another than its neighbour; the same every time. */
static struct bytes large_value(struct arena *arena, size_t size)
{
    uint8_t *value = arena_alloc(arena, size);
    assert_non_null(value);
    for (size_t i = 0; i < size; i++)
        value[i] = (uint8_t) (i * 7 + i / 251);
    return BYTES(value, size);
}

static struct etcd_result put_large(struct scene *scene, const char *key, size_t size)
{
    Etcdserverpb__TxnResponse *answer = NULL;
    struct ops ops = {.count = 0};

    ops_put_bytes(&ops, key, large_value(scene->arena, size), 0);
    return scene_do(scene->etcd, &ops, CALL_MS, scene->arena, &answer);
}

static struct etcd_result range_of_prefix(struct scene *scene, const char *prefix, struct arena *arena,
                                          Etcdserverpb__RangeResponse **ret_answer)
{
    Etcdserverpb__RangeRequest request = ETCDSERVERPB__RANGE_REQUEST__INIT;
    struct bytes end = etcd_prefix_end(scene->arena, prefix);

    request.key = BINARY(prefix);
    request.range_end = (ProtobufCBinaryData){end.size, (uint8_t *) end.data};
    return etcd_range(scene->etcd, &request, CALL_MS, arena, ret_answer);
}

/* Transactions and ranges. */

static void test_txn(void **state)
{
    struct scene *scene = *state;
    Etcdserverpb__TxnRequest request = ETCDSERVERPB__TXN_REQUEST__INIT;
    Etcdserverpb__Compare absent = ETCDSERVERPB__COMPARE__INIT, *compares[] = {&absent};
    Etcdserverpb__TxnResponse *answer = NULL;
    struct ops put = {.count = 0}, get = {.count = 0};

    absent.target = ETCDSERVERPB__COMPARE__COMPARE_TARGET__VERSION;
    absent.key = BINARY("txn/a");
    absent.target_union_case = ETCDSERVERPB__COMPARE__TARGET_UNION_VERSION;
    ops_put(&put, "txn/a", "one");
    ops_put(&put, "txn/b", "two");
    ops_range(&get, "txn/a");
    request.n_compare = 1;
    request.compare = compares;
    request.n_success = put.count;
    request.success = put.list;
    request.n_failure = get.count;
    request.failure = get.list;

    assert_answered(etcd_txn(scene->etcd, &request, CALL_MS, scene->arena, &answer));
    assert_true(answer->succeeded);
    assert_int_equal(answer->n_responses, 2);
    int64_t revision = answer->header->revision;
    assert_answered(etcd_txn(scene->etcd, &request, CALL_MS, scene->arena, &answer));
    assert_false(answer->succeeded);
    assert_int_equal(answer->header->revision, revision); /* nothing was written */
    assert_int_equal(answer->n_responses, 1);
    const Etcdserverpb__RangeResponse *range = answer->responses[0]->response_range;
    assert_int_equal(range->n_kvs, 1);
    assert_binary(range->kvs[0]->value, "one");
    assert_int_equal(range->kvs[0]->create_revision, revision);
}

static void test_delete_in_a_txn(void **state)
{
    struct scene *scene = *state;
    Etcdserverpb__TxnResponse *answer = NULL;
    struct ops ops = {.count = 0};

    scene_put(scene, "delete/a", "one");
    ops_delete(&ops, "delete/a");
    ops_delete(&ops, "delete/nobody");
    assert_answered(scene_do(scene->etcd, &ops, CALL_MS, scene->arena, &answer));
    assert_int_equal(answer->responses[0]->response_delete_range->deleted, 1);
    assert_int_equal(answer->responses[1]->response_delete_range->deleted, 0);
    assert_null(scene_get(scene->etcd, scene->arena, "delete/a"));
}

static void test_range(void **state)
{
    struct scene *scene = *state;
    Etcdserverpb__RangeRequest request = ETCDSERVERPB__RANGE_REQUEST__INIT;
    Etcdserverpb__RangeResponse *answer = NULL;

    scene_put(scene, "range/a", "one");
    int64_t before = scene_put(scene, "range/b", "two");
    scene_put(scene, "range/b", "three");
    scene_put(scene, "range0", "not meant");
    assert_answered(range_of_prefix(scene, "range/", scene->arena, &answer));
    assert_int_equal(answer->n_kvs, 2);
    assert_binary(answer->kvs[0]->key, "range/a");
    assert_binary(answer->kvs[1]->value, "three");
    struct bytes end = etcd_prefix_end(scene->arena, "range/");
    request.key = BINARY("range/");
    request.range_end = (ProtobufCBinaryData){end.size, (uint8_t *) end.data};
    request.limit = 1;
    assert_answered(etcd_range(scene->etcd, &request, CALL_MS, scene->arena, &answer));
    assert_int_equal(answer->n_kvs, 1);
    assert_true(answer->more);
    request.limit = 0;
    request.revision = before;
    assert_answered(etcd_range(scene->etcd, &request, CALL_MS, scene->arena, &answer));
    assert_binary(answer->kvs[1]->value, "two");
    assert_null(scene_get(scene->etcd, scene->arena, "range/nobody"));
}

static void test_prefix_end(void **state)
{
    struct scene *scene = *state;

    assert_true(bytes_equal(etcd_prefix_end(scene->arena, "a/"), BYTES("a0", 2)));
    assert_true(bytes_equal(etcd_prefix_end(scene->arena, "a\xff\xff"), BYTES("b", 1)));
    assert_int_equal(etcd_prefix_end(scene->arena, "\xff").size, 0);
    assert_int_equal(etcd_prefix_end(scene->arena, "").size, 0);
}

/* What is refused. */

static void test_compaction(void **state)
{
    struct scene *scene = *state;
    Etcdserverpb__RangeRequest request = ETCDSERVERPB__RANGE_REQUEST__INIT;
    Etcdserverpb__RangeResponse *answer = NULL;

    request.key = BINARY("compact/a");
    request.revision = scene_put(scene, "compact/a", "one");
    int64_t last = scene_put(scene, "compact/a", "two");
    assert_answered(etcd_compact(scene->etcd, last, true, CALL_MS));
    struct etcd_result result = etcd_range(scene->etcd, &request, CALL_MS, scene->arena, &answer);
    assert_int_equal(result.fate, ETCD_REFUSED);
    assert_true(result.is_compacted);
    assert_false(result.is_out_of_space);
    assert_non_null(strstr(result.reason, scene->options.endpoints[0]));
    assert_null(answer);
    result = etcd_compact(scene->etcd, last, false, CALL_MS);
    assert_int_equal(result.fate, ETCD_REFUSED);
    assert_true(result.is_compacted);
    /* A revision that is not there yet is none that is gone. */
    request.revision = last + 1000;
    result = etcd_range(scene->etcd, &request, CALL_MS, scene->arena, &answer);
    assert_int_equal(result.fate, ETCD_REFUSED);
    assert_false(result.is_compacted);
}

static void test_requests_that_are_none(void **state)
{
    struct scene *scene = *state;
    Etcdserverpb__TxnResponse *answer = NULL;
    struct ops twice = {.count = 0}, nobody = {.count = 0};

    ops_put(&twice, "twice", "one");
    ops_put(&twice, "twice", "two");
    struct etcd_result result = scene_do(scene->etcd, &twice, CALL_MS, scene->arena, &answer);
    assert_int_equal(result.fate, ETCD_REFUSED);
    assert_non_null(strstr(result.reason, "duplicate key"));
    ops_put_bytes(&nobody, "leased", BYTES("one", 3), 12345);
    result = scene_do(scene->etcd, &nobody, CALL_MS, scene->arena, &answer);
    assert_int_equal(result.fate, ETCD_REFUSED);
    assert_int_equal(result.status, ETCD_STATUS_NOT_FOUND);
    assert_null(scene_get(scene->etcd, scene->arena, "leased"));
}

static void test_requests_that_are_too_large(void **state)
{
    struct scene *scene = *state;

    assert_answered(put_large(scene, "large", MEBIBYTE));
    /* Past etcd's limit, and past that of what it reads at all. */
    struct etcd_result result = put_large(scene, "larger", MEBIBYTE + MEBIBYTE * 3 / 4);
    assert_int_equal(result.fate, ETCD_REFUSED);
    result = put_large(scene, "larger", 5 * MEBIBYTE);
    assert_int_equal(result.fate, ETCD_REFUSED);
    assert_int_not_equal(result.status, 0);
    assert_null(scene_get(scene->etcd, scene->arena, "larger"));
}

/* The whole table, also what no member says here. */
static void test_what_a_status_means(void **state)
{
    static const struct {
        uint32_t status;
        const char *message;
        enum etcd_fate fate;
        bool is_out_of_space, is_compacted;
    } ROWS[] = {
        {0, "", ETCD_ANSWERED, false, false},
        {1, "context canceled", ETCD_UNKNOWN, false, false},
        {2, "unknown", ETCD_UNKNOWN, false, false},
        {3, "etcdserver: request is too large", ETCD_REFUSED, false, false},
        {4, "context deadline exceeded", ETCD_UNKNOWN, false, false},
        {5, "etcdserver: requested lease not found", ETCD_REFUSED, false, false},
        {7, "etcdserver: permission denied", ETCD_REFUSED, false, false},
        {8, "etcdserver: mvcc: database space exceeded", ETCD_UNKNOWN, true, false},
        {8, "etcdserver: too many requests", ETCD_REFUSED, false, false},
        {8, "grpc: received message larger than max (5 vs. 4)", ETCD_REFUSED, false, false},
        {8, "something new", ETCD_UNKNOWN, false, false},
        {9, "etcdserver: lease already exists", ETCD_REFUSED, false, false},
        {10, "aborted", ETCD_UNKNOWN, false, false},
        {11, "etcdserver: mvcc: required revision has been compacted", ETCD_REFUSED, false, true},
        {11, "etcdserver: mvcc: required revision is a future revision", ETCD_REFUSED, false, false},
        {12, "unknown service", ETCD_REFUSED, false, false},
        {13, "internal", ETCD_UNKNOWN, false, false},
        {14, "etcdserver: request timed out", ETCD_UNKNOWN, false, false},
        {14, "etcdserver: leader changed", ETCD_UNKNOWN, false, false},
        {15, "etcdserver: corrupt cluster", ETCD_UNKNOWN, false, false},
        {16, "etcdserver: invalid auth token", ETCD_REFUSED, false, false},
        {99, "", ETCD_UNKNOWN, false, false},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct grpc_outcome outcome = {.has_left = true, .status = ROWS[i].status};
        snprintf(outcome.reason, sizeof(outcome.reason), "%s", ROWS[i].message);
        struct etcd_result result = etcd_judge("https://h:1", &outcome);
        if (result.fate != ROWS[i].fate || result.is_out_of_space != ROWS[i].is_out_of_space ||
            result.is_compacted != ROWS[i].is_compacted || result.status != ROWS[i].status)
            fail_msg("%u %s: fate %d", ROWS[i].status, ROWS[i].message, (int) result.fate);
        assert_int_equal(result.reason[0] == '\0', result.fate == ETCD_ANSWERED);
    }
    struct grpc_outcome outcome = {.error = ERR_TIMEOUT, .has_left = true};
    assert_int_equal(etcd_judge("https://h:1", &outcome).fate, ETCD_UNKNOWN);
    outcome.has_left = false;
    assert_int_equal(etcd_judge("https://h:1", &outcome).fate, ETCD_REFUSED);
}

/* How large an answer may be. */

static void test_an_answer_at_the_limit(void **state)
{
    struct scene *scene = *state;
    Etcdserverpb__RangeResponse *answer = NULL;
    char key[32];

    for (int i = 0; i < 7; i++) {
        snprintf(key, sizeof(key), "limit/%d", i);
        assert_answered(put_large(scene, key, MEBIBYTE));
    }
    /* One more, of as many bytes as there is room for. */
    assert_answered(put_large(scene, "limit/7", MEBIBYTE / 2));
    assert_answered(range_of_prefix(scene, "limit/", scene->arena, &answer));
    size_t room = ETCD_ANSWER_MAX - GRPC_PREFIX_SIZE - protobuf_c_message_get_packed_size(&answer->base);
    assert_answered(put_large(scene, "limit/7", MEBIBYTE / 2 + room));
    arena_reset(scene->arena);
    assert_answered(range_of_prefix(scene, "limit/", scene->arena, &answer));
    assert_int_equal(answer->n_kvs, 8);
    assert_int_equal(protobuf_c_message_get_packed_size(&answer->base), ETCD_ANSWER_MAX - GRPC_PREFIX_SIZE);
    const ProtobufCBinaryData value = answer->kvs[6]->value;
    assert_true(bytes_equal(BYTES(value.data, value.len), large_value(scene->arena, MEBIBYTE)));

    assert_answered(put_large(scene, "limit/7", MEBIBYTE / 2 + room + 1));
    arena_reset(scene->arena);
    answer = NULL;
    struct etcd_result result = range_of_prefix(scene, "limit/", scene->arena, &answer);
    assert_int_equal(result.fate, ETCD_UNKNOWN);
    assert_non_null(strstr(result.reason, error_sentence(ERR_TOO_LARGE)));
    assert_null(answer);
    assert_non_null(
        scene_get(scene->etcd, scene->arena, "limit/0")); /* the client is good for the next call */
}

static void test_an_arena_without_room(void **state)
{
    struct scene *scene = *state;
    CLEANUP(arena_destroy) struct arena *small = arena_new(MEBIBYTE / 2);
    Etcdserverpb__RangeResponse *answer = NULL;

    assert_answered(put_large(scene, "room", MEBIBYTE));
    struct etcd_result result = range_of_prefix(scene, "room", small, &answer);
    assert_int_equal(result.fate, ETCD_UNKNOWN);
    assert_non_null(strstr(result.reason, error_sentence(ERR_MEMORY)));
    assert_null(answer);
}

/* Leases and upkeep. */

static void test_leases(void **state)
{
    struct scene *scene = *state;
    Etcdserverpb__LeaseGrantRequest grant = ETCDSERVERPB__LEASE_GRANT_REQUEST__INIT;
    Etcdserverpb__LeaseGrantResponse *granted = NULL;
    Etcdserverpb__TxnResponse *answer = NULL;
    struct ops ops = {.count = 0};

    grant.id = LEASE;
    grant.ttl = LEASE_S;
    assert_answered(etcd_lease_grant(scene->etcd, &grant, CALL_MS, scene->arena, &granted));
    assert_int_equal(granted->id, LEASE);
    assert_true(granted->ttl >= LEASE_S);
    struct etcd_result result = etcd_lease_grant(scene->etcd, &grant, CALL_MS, scene->arena, &granted);
    assert_int_equal(result.fate, ETCD_REFUSED);
    assert_int_equal(result.status, ETCD_STATUS_EXISTS);

    ops_put_bytes(&ops, "lease/a", BYTES("mine", 4), LEASE);
    assert_answered(scene_do(scene->etcd, &ops, CALL_MS, scene->arena, &answer));
    assert_int_equal(scene_get(scene->etcd, scene->arena, "lease/a")->lease, LEASE);
    assert_answered(etcd_lease_renew(scene->etcd, LEASE, CALL_MS));
    assert_answered(etcd_lease_revoke(scene->etcd, LEASE, CALL_MS));
    assert_null(scene_get(scene->etcd, scene->arena, "lease/a"));
    result = etcd_lease_renew(scene->etcd, LEASE, CALL_MS);
    assert_int_equal(result.fate, ETCD_REFUSED);
    assert_int_equal(result.status, ETCD_STATUS_NOT_FOUND);
    result = etcd_lease_revoke(scene->etcd, LEASE, CALL_MS);
    assert_int_equal(result.fate, ETCD_REFUSED);
    assert_int_equal(result.status, ETCD_STATUS_NOT_FOUND);
}

static void test_status(void **state)
{
    struct scene *scene = *state;
    Etcdserverpb__StatusResponse *status = NULL;

    assert_answered(etcd_status(scene->etcd, 0, CALL_MS, scene->arena, &status));
    assert_int_equal(strncmp(status->version, "3.", 2), 0);
    assert_int_not_equal(status->header->cluster_id, 0);
    assert_int_equal(status->leader, status->header->member_id);
    assert_true(status->dbsize > 0 && status->dbsizeinuse > 0);
    Etcdserverpb__MemberListResponse *members = NULL;
    assert_answered(etcd_member_list(scene->etcd, CALL_MS, scene->arena, &members));
    assert_int_equal(members->n_members, 1);
    assert_int_equal(members->members[0]->id, status->header->member_id);
    assert_string_equal(members->members[0]->name, "m0");
    assert_int_equal(members->members[0]->n_clienturls, 1);
    assert_string_equal(members->members[0]->clienturls[0], scene->members.members[0].endpoint);
    assert_int_equal(etcd_status(scene->etcd, 1, CALL_MS, scene->arena, &status).fate, ETCD_REFUSED);
    assert_int_equal(etcd_defragment(scene->etcd, 1, CALL_MS).fate, ETCD_REFUSED);
}

/* Fill it up, and mend it in the order that ends the alarm: delete, compact, defragment, disarm. */
static void fill_and_mend(struct scene *scene)
{
    struct etcd_result result = {.fate = ETCD_ANSWERED};
    Etcdserverpb__TxnResponse *answer = NULL;
    Etcdserverpb__StatusResponse *before = NULL, *after = NULL;
    Etcdserverpb__AlarmResponse *alarms = NULL;
    Etcdserverpb__AlarmRequest ask = ETCDSERVERPB__ALARM_REQUEST__INIT,
                               disarm = ETCDSERVERPB__ALARM_REQUEST__INIT;
    struct ops ops = {.count = 0};

    for (int fills = 0; result.fate == ETCD_ANSWERED; fills++) {
        assert_true(fills < FILLS_MAX);
        arena_reset(scene->arena);
        result = put_large(scene, "fill", MEBIBYTE);
    }
    assert_int_equal(result.fate, ETCD_UNKNOWN);
    assert_true(result.is_out_of_space);
    assert_answered(etcd_alarm(scene->etcd, &ask, CALL_MS, scene->arena, &alarms));
    assert_int_equal(alarms->n_alarms, 1);
    assert_int_equal(alarms->alarms[0]->alarm, ETCDSERVERPB__ALARM_TYPE__NOSPACE);
    assert_answered(etcd_status(scene->etcd, 0, CALL_MS, scene->arena, &before));

    ops_delete(&ops, "fill");
    assert_answered(scene_do(scene->etcd, &ops, CALL_MS, scene->arena, &answer));
    assert_answered(etcd_compact(scene->etcd, answer->header->revision, true, CALL_MS));
    assert_answered(etcd_defragment(scene->etcd, 0, CALL_MS));
    assert_answered(etcd_status(scene->etcd, 0, CALL_MS, scene->arena, &after));
    assert_true(after->dbsize < before->dbsize / 4);
    assert_true(put_large(scene, "fill", 1).is_out_of_space);
    disarm.action = ETCDSERVERPB__ALARM_REQUEST__ALARM_ACTION__DEACTIVATE;
    disarm.alarm = ETCDSERVERPB__ALARM_TYPE__NOSPACE;
    disarm.memberid = alarms->alarms[0]->memberid;
    assert_answered(etcd_alarm(scene->etcd, &disarm, CALL_MS, scene->arena, &alarms));
    assert_answered(put_large(scene, "fill", 1));
}

static int set_up_small(void **state)
{
    scene_new(&(struct etcd_members_options){.count = 1, .quota_bytes = QUOTA}, (struct scene **) state);
    return 0;
}

static void test_out_of_space(void **state)
{
    fill_and_mend(*state);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test_setup(test_txn, begin),
        cmocka_unit_test_setup(test_delete_in_a_txn, begin),
        cmocka_unit_test_setup(test_range, begin),
        cmocka_unit_test_setup(test_prefix_end, begin),
        cmocka_unit_test_setup(test_compaction, begin),
        cmocka_unit_test_setup(test_requests_that_are_none, begin),
        cmocka_unit_test_setup(test_requests_that_are_too_large, begin),
        cmocka_unit_test_setup(test_what_a_status_means, begin),
        cmocka_unit_test_setup(test_an_answer_at_the_limit, begin),
        cmocka_unit_test_setup(test_an_arena_without_room, begin),
        cmocka_unit_test_setup(test_leases, begin),
        cmocka_unit_test_setup(test_status, begin),
    };
    static const struct CMUnitTest SMALL[] = {cmocka_unit_test_setup(test_out_of_space, begin)};
    signal(SIGPIPE, SIG_IGN);
    int failed = cmocka_run_group_tests(TESTS, scene_set_up_one, scene_tear_down);
    return failed + cmocka_run_group_tests(SMALL, set_up_small, scene_tear_down);
}
