/* What the tests of etcd's client share: members that run, a client of theirs, and requests in few words. */
#ifndef COMITY_TESTS_UNIT_WORKER_SCENE_ETCD_H
#define COMITY_TESTS_UNIT_WORKER_SCENE_ETCD_H

#include "tests/support/etcd_members.h"
#include "worker/log/etcd.h"

enum { CALL_MS = 10000, OPS_MAX = 8 };

struct scene {
    struct etcd_members members;
    struct etcd_options options; /* of a client of all members */
    struct etcd *etcd;
    struct arena *arena;
};

/* Starts them; fails the test. *ret_scene is set before, so that whatever was started is ended by scene_destroy. */
void scene_new(const struct etcd_members_options *options, struct scene **ret_scene);
void scene_destroy(struct scene **scene);
/* For cmocka: with so many members. */
int scene_set_up_one(void **state);
int scene_set_up_three(void **state);
int scene_tear_down(void **state);

/* A client's options, with that authority and that certificate. */
struct etcd_options scene_options(const struct scene *scene, enum etcd_certificate authority, enum etcd_certificate client);
struct etcd *scene_client(const struct etcd_options *options);
/* Until it has a connection; fails the test. That of the scene has one, unless its members' certificate is not CERTIFICATE_MEMBER. */
void scene_connect(struct etcd *etcd, struct arena *arena);

#define BINARY(text) ((ProtobufCBinaryData){strlen(text), (uint8_t *) (text)})
void assert_binary(ProtobufCBinaryData data, const char *text);
void assert_answered(struct etcd_result result);

/* What a transaction is to do. */
struct ops {
    Etcdserverpb__RequestOp *list[OPS_MAX];
    size_t count;
    Etcdserverpb__RequestOp ops[OPS_MAX];
    Etcdserverpb__PutRequest puts[OPS_MAX];
    Etcdserverpb__RangeRequest ranges[OPS_MAX];
    Etcdserverpb__DeleteRangeRequest deletes[OPS_MAX];
};
void ops_put(struct ops *ops, const char *key, const char *value);
void ops_put_bytes(struct ops *ops, const char *key, struct bytes value, int64_t lease);
void ops_range(struct ops *ops, const char *key);
void ops_delete(struct ops *ops, const char *key);

/* Carry them out, whatever is there. */
struct etcd_result scene_do(struct etcd *etcd, const struct ops *ops, int timeout_ms, struct arena *arena,
                            Etcdserverpb__TxnResponse **ret_answer);
/* Put that, and the revision after it; fails the test. */
int64_t scene_put(struct scene *scene, const char *key, const char *value);
int64_t scene_put_bytes(struct scene *scene, const char *key, struct bytes value);
/* What is there of that key, NULL: nothing; fails the test where it cannot be read. */
const Etcdserverpb__KeyValue *scene_get(struct etcd *etcd, struct arena *arena, const char *key);

/* Ask one member what the log itself never asks: @method, "/package.Service/Method", whose request needs one
 * number. The seconds that the answer tells, 0 where it tells none; -1: it was refused, or not answered. */
int64_t scene_ask(struct scene *scene, size_t member, const char *method, uint64_t number);

#endif
