/* The signed list of brokers: made, opened, and each reason to refuse one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "comity/v1/link.pb-c.h"
#include "core/broker_list.h"
#include "core/error.h"
#include "core/message.h"

struct fixture {
    struct arena *arena;
    struct signing_key key;
    struct broker_list list;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    uint8_t seed[SEED_SIZE] = {7};
    if (key_init() != 0)
        return -1;
    signing_key_from_seed(seed, &fixture.key);
    fixture.arena = arena_new(ARENA_LIMIT_DEFAULT);
    fixture.list = (struct broker_list){.number = 3, .count = 2};
    memset(fixture.list.group, 0x22, GROUP_ID_SIZE);
    for (size_t i = 0; i < 2; i++) {
        snprintf(fixture.list.brokers[i].site, BROKER_SITE_MAX + 1, "site-%zu", i);
        snprintf(fixture.list.brokers[i].endpoint, ENDPOINT_MAX, "tcp://site-%zu.example.org:7411", i);
        memset(fixture.list.brokers[i].key, (int) (0x40 + i), KEY_SIZE);
    }
    *state = &fixture;
    return fixture.arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_destroy(&fixture->arena);
    return 0;
}

static int open_as(struct fixture *fixture, struct bytes packed, struct bytes signature, const uint8_t *group,
                   const uint8_t *key, struct broker_list *ret_list)
{
    return broker_list_open(packed, signature, group, key, fixture->arena, ret_list);
}

static void what_was_signed_is_opened(void **state)
{
    struct fixture *fixture = *state;
    struct broker_list out;
    struct bytes packed, again;
    uint8_t signature[SIGNATURE_SIZE], signature_again[SIGNATURE_SIZE];
    fixture->list.brokers[1].site[0] = '\0'; /* it may be empty */
    assert_int_equal(broker_list_sign(&fixture->list, &fixture->key, fixture->arena, &packed, signature), 0);
    assert_int_equal(open_as(fixture, packed, BYTES(signature, SIGNATURE_SIZE), fixture->list.group,
                             fixture->key.public_key, &out),
                     0);
    assert_int_equal(out.number, 3);
    assert_int_equal(out.count, 2);
    assert_memory_equal(out.group, fixture->list.group, GROUP_ID_SIZE);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(out.brokers[i].site, fixture->list.brokers[i].site);
        assert_string_equal(out.brokers[i].endpoint, fixture->list.brokers[i].endpoint);
        assert_memory_equal(out.brokers[i].key, fixture->list.brokers[i].key, KEY_SIZE);
    }
    assert_int_equal(broker_list_sign(&fixture->list, &fixture->key, fixture->arena, &again, signature_again),
                     0);
    assert_true(bytes_equal(packed, again));
    assert_memory_equal(signature, signature_again, SIGNATURE_SIZE);
}

/* A change of any bit of it, of the signature, or of whom it is for. */
static void what_was_not_signed_is_not_believed(void **state)
{
    struct fixture *fixture = *state;
    struct broker_list out = {.number = 77};
    struct bytes packed;
    struct signing_key stranger;
    uint8_t signature[SIGNATURE_SIZE], changed[BROKER_LIST_BYTES], group[GROUP_ID_SIZE] = {1},
                                                                   seed[SEED_SIZE] = {8};
    assert_int_equal(broker_list_sign(&fixture->list, &fixture->key, fixture->arena, &packed, signature), 0);
    const uint8_t *key = fixture->key.public_key, *own = fixture->list.group;
    memcpy(changed, packed.data, packed.size);
    for (size_t i = 0; i < 8 * packed.size; i++) {
        changed[i / 8] ^= (uint8_t) (1 << i % 8);
        assert_int_equal(
            open_as(fixture, BYTES(changed, packed.size), BYTES(signature, SIGNATURE_SIZE), own, key, &out),
            ERR_SIGNATURE);
        changed[i / 8] ^= (uint8_t) (1 << i % 8);
    }
    for (size_t i = 0; i < SIGNATURE_SIZE; i++) {
        signature[i] ^= 1;
        assert_int_equal(open_as(fixture, packed, BYTES(signature, SIGNATURE_SIZE), own, key, &out),
                         ERR_SIGNATURE);
        signature[i] ^= 1;
    }
    assert_int_equal(open_as(fixture, packed, BYTES(signature, SIGNATURE_SIZE - 1), own, key, &out),
                     ERR_SIGNATURE);
    assert_int_equal(open_as(fixture, packed, BYTES(NULL, 0), own, key, &out), ERR_SIGNATURE);
    assert_int_equal(open_as(fixture, packed, BYTES(signature, SIGNATURE_SIZE), group, key, &out),
                     ERR_SIGNATURE);
    signing_key_from_seed(seed, &stranger);
    assert_int_equal(
        open_as(fixture, packed, BYTES(signature, SIGNATURE_SIZE), own, stranger.public_key, &out),
        ERR_SIGNATURE);
    assert_int_equal(signature_make(&fixture->key, TAG_GRANT, packed, signature), 0);
    assert_int_equal(open_as(fixture, packed, BYTES(signature, SIGNATURE_SIZE), own, key, &out),
                     ERR_SIGNATURE);
    assert_int_equal(out.number, 77);
}

static void what_is_no_list_is_not_signed(void **state)
{
    struct fixture *fixture = *state;
    struct bytes packed;
    uint8_t signature[SIGNATURE_SIZE];
    const struct broker_list good = fixture->list;
    struct broker_list *list = &fixture->list;
#define REFUSED(expected)                                                                                    \
    do {                                                                                                     \
        assert_int_equal(broker_list_sign(list, &fixture->key, fixture->arena, &packed, signature),          \
                         expected);                                                                          \
        *list = good;                                                                                        \
    } while (0)
    list->number = 0;
    REFUSED(ERR_RANGE);
    list->count = 0;
    REFUSED(ERR_RANGE);
    list->count = BROKER_LIST_MAX + 1;
    REFUSED(ERR_RANGE);
    snprintf(list->brokers[1].site, sizeof(list->brokers[1].site), "North Hospital");
    REFUSED(ERR_RANGE);
    snprintf(list->brokers[1].endpoint, ENDPOINT_MAX, "udp://site.example.org:7411");
    REFUSED(ERR_ADDRESS);
    snprintf(list->brokers[1].endpoint, ENDPOINT_MAX, "tcp://*:7411");
    REFUSED(ERR_ADDRESS);
    snprintf(list->brokers[1].endpoint, ENDPOINT_MAX, "%s", list->brokers[0].endpoint);
    REFUSED(ERR_DUPLICATE);
    REFUSED(0);
#undef REFUSED
}

/* Signed by the right key, and yet no list. */
static int open_raw(struct fixture *fixture, const Comity__V1__BrokerList *body, const char *behind)
{
    struct bytes packed;
    uint8_t signature[SIGNATURE_SIZE], whole[2 * BROKER_LIST_BYTES];
    struct broker_list out;
    assert_int_equal(message_pack(&body->base, fixture->arena, &packed), 0);
    assert_true(packed.size + strlen(behind) <= sizeof(whole));
    memcpy(whole, packed.data, packed.size);
    memcpy(whole + packed.size, behind, strlen(behind));
    packed = BYTES(whole, packed.size + strlen(behind));
    assert_int_equal(signature_make(&fixture->key, TAG_BROKERS, packed, signature), 0);
    return open_as(fixture, packed, BYTES(signature, SIGNATURE_SIZE), fixture->list.group,
                   fixture->key.public_key, &out);
}

static void what_is_no_list_is_not_opened(void **state)
{
    struct fixture *fixture = *state;
    enum { MANY = BROKER_LIST_MAX + 1 };
    Comity__V1__BrokerPlace places[MANY], *listed[MANY];
    Comity__V1__BrokerList body = COMITY__V1__BROKER_LIST__INIT;
    char endpoints[MANY][ENDPOINT_MAX + 1], site[BROKER_SITE_MAX + 2];
    uint8_t key[KEY_SIZE] = {9};
    for (size_t i = 0; i < MANY; i++) {
        snprintf(endpoints[i], sizeof(endpoints[i]), "tcp://192.0.2.%zu:7411", i + 1);
        comity__v1__broker_place__init(&places[i]);
        places[i].endpoint = endpoints[i];
        places[i].key = (ProtobufCBinaryData){KEY_SIZE, key};
        listed[i] = &places[i];
    }
    body.group = (ProtobufCBinaryData){GROUP_ID_SIZE, fixture->list.group};
    body.number = 1;
    body.brokers = listed;
    body.n_brokers = BROKER_LIST_MAX;
    assert_int_equal(open_raw(fixture, &body, ""), 0);
    assert_int_equal(open_raw(fixture, &body, "\x78\x01"), ERR_UNKNOWN_FIELD);
    assert_int_equal(open_raw(fixture, &body, "\xff"), ERR_MALFORMED);
    body.n_brokers = MANY;
    assert_int_equal(open_raw(fixture, &body, ""), ERR_RANGE);
    body.n_brokers = 0;
    assert_int_equal(open_raw(fixture, &body, ""), ERR_RANGE);
    body.n_brokers = 2;
    body.number = 0;
    assert_int_equal(open_raw(fixture, &body, ""), ERR_RANGE);
    body.number = 1;
    body.group.len--;
    assert_int_equal(open_raw(fixture, &body, ""), ERR_SIGNATURE);
    body.group.len++;
    places[1].key.len--;
    assert_int_equal(open_raw(fixture, &body, ""), ERR_MALFORMED);
    places[1].key.len++;
    memset(site, 'a', sizeof(site));
    site[sizeof(site) - 1] = '\0';
    places[1].site = site;
    assert_int_equal(open_raw(fixture, &body, ""), ERR_RANGE);
    places[1].site = (char *) "";
    memset(endpoints[1], 'a', ENDPOINT_MAX);
    endpoints[1][ENDPOINT_MAX] = '\0';
    assert_int_equal(open_raw(fixture, &body, ""), ERR_ADDRESS);
    places[1].endpoint = endpoints[0];
    assert_int_equal(open_raw(fixture, &body, ""), ERR_DUPLICATE);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(what_was_signed_is_opened),
        ONE(what_was_not_signed_is_not_believed),
        ONE(what_is_no_list_is_not_signed),
        ONE(what_is_no_list_is_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
