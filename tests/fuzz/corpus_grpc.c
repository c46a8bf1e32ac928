/* Inputs about what etcd says. */
#include <stdio.h>

#include "etcd/etcd.pb-c.h"
#include "tests/fuzz/corpus.h"
#include "worker/log/grpc_answer.h"

enum { TXN, RANGE, WATCH, STATUS, LEASE, ALARM, LINES_MAX = 5 };

struct answer {
    const char *lines[LINES_MAX];
    struct bytes messages[2];
};

static void put_answer(const char *name, uint8_t type, uint8_t piece, const struct answer *answer)
{
    struct corpus_pieces pieces = {.size = 0};
    uint8_t prefix[GRPC_PREFIX_SIZE];
    size_t lines = 0;

    while (lines < LINES_MAX && answer->lines[lines] != NULL)
        lines++;
    pieces_number(&pieces, type, 1);
    pieces_number(&pieces, piece, 1);
    pieces_number(&pieces, lines, 1);
    for (size_t i = 0; i < lines; i++)
        pieces_piece(&pieces, BYTES(answer->lines[i], strlen(answer->lines[i])));
    for (size_t i = 0; i < ARRAY_COUNT(answer->messages); i++) {
        if (answer->messages[i].data == NULL)
            continue;
        grpc_prefix(answer->messages[i].size, prefix);
        pieces_add(&pieces, BYTES(prefix, sizeof(prefix)));
        pieces_add(&pieces, answer->messages[i]);
    }
    corpus_put("grpc", name, BYTES(pieces.bytes, pieces.size));
}

static void put_message(const char *name, uint8_t type, const ProtobufCMessage *message, struct arena *arena)
{
    struct answer answer = {.lines = {"HTTP/2 200 \r\n", "content-type: application/grpc\r\n",
                                      "grpc-status: 0\r\n", "grpc-message: \r\n"}};

    if (message_pack(message, arena, &answer.messages[0]) != 0)
        return;
    put_answer(name, type, 0, &answer);
    answer.messages[1] = answer.messages[0];
    put_answer(name, type, 7, &answer);
}

static void put_failures(void)
{
    static const struct answer FAILURES[] = {
        {.lines = {"HTTP/2 200 \r\n", "content-type: application/grpc\r\n", "grpc-status: 8\r\n",
                   "grpc-message: etcdserver: mvcc: database space exceeded\r\n"}},
        {.lines = {"HTTP/2 200 \r\n", "content-type: application/grpc\r\n", "grpc-status: 14\r\n",
                   "grpc-message: caf%C3%A9 %0A 100%\r\n"}},
        {.lines = {"HTTP/1.1 404 Not Found\r\n", "content-type: text/html\r\n"},
         .messages = {BYTES("<html>", 6)}},
        {.lines = {"HTTP/2 103 \r\n", "grpc-status: 3\r\n", "HTTP/2 502 \r\n"}},
    };

    for (size_t i = 0; i < ARRAY_COUNT(FAILURES); i++)
        put_answer("failure", TXN, (uint8_t) i, &FAILURES[i]);
}

void corpus_of_grpc(struct arena *arena)
{
    Etcdserverpb__ResponseHeader header = ETCDSERVERPB__RESPONSE_HEADER__INIT;
    Etcdserverpb__KeyValue value = ETCDSERVERPB__KEY_VALUE__INIT, *values[] = {&value, &value};
    Etcdserverpb__RangeResponse range = ETCDSERVERPB__RANGE_RESPONSE__INIT;
    Etcdserverpb__ResponseOp op = ETCDSERVERPB__RESPONSE_OP__INIT, *ops[] = {&op};
    Etcdserverpb__TxnResponse txn = ETCDSERVERPB__TXN_RESPONSE__INIT;
    Etcdserverpb__Event event = ETCDSERVERPB__EVENT__INIT, *events[] = {&event, &event};
    Etcdserverpb__WatchResponse watch = ETCDSERVERPB__WATCH_RESPONSE__INIT;
    Etcdserverpb__StatusResponse status = ETCDSERVERPB__STATUS_RESPONSE__INIT;
    Etcdserverpb__LeaseGrantResponse lease = ETCDSERVERPB__LEASE_GRANT_RESPONSE__INIT;
    Etcdserverpb__AlarmMember alarm = ETCDSERVERPB__ALARM_MEMBER__INIT, *alarms[] = {&alarm};
    Etcdserverpb__AlarmResponse raised = ETCDSERVERPB__ALARM_RESPONSE__INIT;

    header.cluster_id = header.member_id = UINT64_MAX;
    header.revision = 77;
    value.key = (ProtobufCBinaryData){5, (uint8_t *) "log/1"};
    value.value = (ProtobufCBinaryData){8, (uint8_t *) "an entry"};
    value.mod_revision = value.create_revision = 76;
    range.header = txn.header = watch.header = status.header = lease.header = &header;
    range.n_kvs = 2;
    range.kvs = values;
    range.more = true;
    op.response_case = ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_RANGE;
    op.response_range = &range;
    txn.n_responses = 1;
    txn.responses = ops;
    event.kv = &value;
    watch.n_events = 2;
    watch.events = events;
    watch.fragment = true;
    status.version = "3.4.23";
    status.dbsize = 20480;
    lease.id = lease.ttl = 30;
    alarm.alarm = ETCDSERVERPB__ALARM_TYPE__NOSPACE;
    raised.n_alarms = 1;
    raised.alarms = alarms;
    put_message("txn", TXN, &txn.base, arena);
    put_message("range", RANGE, &range.base, arena);
    put_message("watch", WATCH, &watch.base, arena);
    put_message("status", STATUS, &status.base, arena);
    put_message("lease", LEASE, &lease.base, arena);
    put_message("alarm", ALARM, &raised.base, arena);
    put_failures();
}
