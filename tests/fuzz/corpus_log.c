/* Inputs about what etcd holds of the ordered log. Entries are sealed with random bytes: each run makes others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/fuzz/corpus.h"
#include "worker/log/calls.h"

enum { ENTRIES = 3 };

static const uint8_t SECRET[CONNECTION_SECRET_SIZE] = {1}, GROUP[GROUP_ID_SIZE] = {2},
                     NONCE[LOG_NONCE_SIZE] = {3};

static void put_value(char kind, const char *name, struct bytes value)
{
    struct corpus_pieces pieces = {.size = 0};
    pieces_number(&pieces, (uint8_t) kind, 1);
    pieces_add(&pieces, value);
    corpus_put("log", name, BYTES(pieces.bytes, pieces.size));
}

struct holding {
    struct arena *arena;
    Etcdserverpb__KeyValue kvs[8], *list[8];
    size_t count;
};

static void hold(struct holding *holding, const char *key, struct bytes value)
{
    Etcdserverpb__KeyValue *kv = &holding->kvs[holding->count];
    struct calls calls;
    calls_init(&calls, GROUP, "a", NONCE, 1);
    char *whole = arena_printf(holding->arena, "%s%s", calls.prefix, key);
    etcdserverpb__key_value__init(kv);
    kv->key = (ProtobufCBinaryData){strlen(whole), (uint8_t *) whole};
    kv->value = (ProtobufCBinaryData){value.size, (uint8_t *) value.data};
    kv->create_revision = kv->mod_revision = kv->version = 1;
    holding->list[holding->count++] = kv;
}

static void put_answer(struct holding *holding)
{
    Etcdserverpb__TxnResponse answer = ETCDSERVERPB__TXN_RESPONSE__INIT;
    Etcdserverpb__ResponseHeader header = ETCDSERVERPB__RESPONSE_HEADER__INIT;
    Etcdserverpb__ResponseOp one = ETCDSERVERPB__RESPONSE_OP__INIT, *all[] = {&one};
    Etcdserverpb__RangeResponse range = ETCDSERVERPB__RANGE_RESPONSE__INIT;
    struct bytes packed;
    header.cluster_id = 1;
    header.revision = 2;
    range.kvs = holding->list;
    range.n_kvs = holding->count;
    one.response_case = ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_RANGE;
    one.response_range = &range;
    answer.header = &header;
    answer.succeeded = true;
    answer.responses = all;
    answer.n_responses = 1;
    assert_int_equal(message_pack(&answer.base, holding->arena, &packed), 0);
    put_value('a', "answer", packed);
}

void corpus_of_log(struct arena *arena)
{
    struct holding holding = {.arena = arena};
    struct log_meta meta = {.cluster = 1};
    struct log_leader leader = {.beats = 4, .name = "north"};
    struct log_seat seat = {.level = 1};
    struct sealed_header sealed = {.term = 5};
    uint8_t meta_value[META_SIZE], head_value[PLACE_SIZE], leader_value[LEADER_SIZE_MAX],
        seat_value[SEAT_SIZE], key[LOG_KEY_SIZE];
    sealed_key_derive(SECRET, key);
    for (uint64_t n = 1; n <= ENTRIES; n++) {
        struct bytes value;
        assert_int_equal(sealed_make(key, &sealed, BYTES("a batch", 7 * (n % 2)), arena, &value), 0);
        hold(&holding, arena_printf(arena, "log/%016x", (unsigned) n), value);
        put_value('e', "entry", value);
        sealed.before = place_behind(&sealed.before, value);
    }
    meta_write(&meta, meta_value);
    place_write(&sealed.before, head_value);
    size_t size = leader_write(&leader, leader_value);
    seat.place = sealed.before;
    seat_write(&seat, seat_value);
    put_value('m', "meta", BYTES(meta_value, META_SIZE));
    put_value('h', "head", BYTES(head_value, PLACE_SIZE));
    put_value('l', "leader", BYTES(leader_value, size));
    put_value('s', "seat", BYTES(seat_value, SEAT_SIZE));
    hold(&holding, "leader", BYTES(leader_value, size));
    hold(&holding, "head", BYTES(head_value, PLACE_SIZE));
    hold(&holding, "meta", BYTES(meta_value, META_SIZE));
    hold(&holding, "applied/north", BYTES(seat_value, SEAT_SIZE));
    put_answer(&holding);
}
