#include "core/broker_list.h"

#include <stdio.h>

#include "comity/v1/link.pb-c.h"
#include "core/error.h"
#include "core/message.h"
#include "core/text.h"

static ProtobufCBinaryData binary_of(const uint8_t *data, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *) (uintptr_t) data};
}

int broker_list_check(const struct broker_list *list)
{
    if (list->count == 0 || list->count > BROKER_LIST_MAX || list->number == 0)
        return ERR_RANGE;
    for (size_t i = 0; i < list->count; i++) {
        const struct broker_at *broker = &list->brokers[i];
        struct endpoint endpoint;
        const char *form;
        if (broker->site[0] != '\0' && !name_is_valid(broker->site))
            return ERR_RANGE;
        if (endpoint_parse(broker->endpoint, ENDPOINT_CONNECT, &endpoint, &form) != 0)
            return ERR_ADDRESS;
        for (size_t j = 0; j < i; j++)
            if (strcmp(broker->endpoint, list->brokers[j].endpoint) == 0)
                return ERR_DUPLICATE;
    }
    return 0;
}

int broker_list_sign(const struct broker_list *list, const struct signing_key *log_key, struct arena *arena,
                     struct bytes *ret_packed, uint8_t ret_signature[SIGNATURE_SIZE])
{
    Comity__V1__BrokerList body = COMITY__V1__BROKER_LIST__INIT;
    Comity__V1__BrokerPlace places[BROKER_LIST_MAX], *listed[BROKER_LIST_MAX];
    struct bytes packed;
    int code = broker_list_check(list);
    if (code)
        return code;
    for (size_t i = 0; i < list->count; i++) {
        const struct broker_at *broker = &list->brokers[i];
        comity__v1__broker_place__init(&places[i]);
        places[i].site = (char *) (uintptr_t) broker->site;
        places[i].endpoint = (char *) (uintptr_t) broker->endpoint;
        places[i].key = binary_of(broker->key, KEY_SIZE);
        listed[i] = &places[i];
    }
    body.group = binary_of(list->group, GROUP_ID_SIZE);
    body.number = list->number;
    body.brokers = listed;
    body.n_brokers = list->count;
    code = message_pack(&body.base, arena, &packed);
    if (code == 0 && packed.size > BROKER_LIST_BYTES)
        code = ERR_TOO_LARGE;
    if (code == 0)
        code = signature_make(log_key, TAG_BROKERS, packed, ret_signature);
    if (code == 0)
        *ret_packed = packed;
    return code;
}

static int take_broker(const Comity__V1__BrokerPlace *place, struct broker_at *ret_broker)
{
    if (place->key.len != KEY_SIZE)
        return ERR_MALFORMED;
    if (strlen(place->site) > BROKER_SITE_MAX)
        return ERR_RANGE;
    if (strlen(place->endpoint) >= ENDPOINT_MAX)
        return ERR_ADDRESS;
    snprintf(ret_broker->site, sizeof(ret_broker->site), "%s", place->site);
    snprintf(ret_broker->endpoint, sizeof(ret_broker->endpoint), "%s", place->endpoint);
    memcpy(ret_broker->key, place->key.data, KEY_SIZE);
    return 0;
}

int broker_list_open(struct bytes packed, struct bytes signature, const uint8_t group[GROUP_ID_SIZE],
                     const uint8_t log_key[KEY_SIZE], struct arena *arena, struct broker_list *ret_list)
{
    ProtobufCMessage *message;
    struct broker_list list = {.number = 0};
    if (packed.size > BROKER_LIST_BYTES)
        return ERR_TOO_LARGE;
    if (signature.size != SIGNATURE_SIZE ||
        signature_check(log_key, TAG_BROKERS, packed, signature.data) != 0)
        return ERR_SIGNATURE;
    int code = message_unpack(&comity__v1__broker_list__descriptor, packed, BROKER_LIST_BYTES, arena, NULL,
                              &message);
    if (code)
        return code;
    const Comity__V1__BrokerList *body = (const Comity__V1__BrokerList *) message;
    if (!bytes_equal(BYTES(body->group.data, body->group.len), BYTES(group, GROUP_ID_SIZE)))
        return ERR_SIGNATURE;
    if (body->n_brokers > BROKER_LIST_MAX)
        return ERR_RANGE;
    memcpy(list.group, group, GROUP_ID_SIZE);
    list.number = body->number;
    list.count = body->n_brokers;
    for (size_t i = 0; i < list.count && code == 0; i++)
        code = take_broker(body->brokers[i], &list.brokers[i]);
    if (code == 0)
        code = broker_list_check(&list);
    if (code == 0)
        *ret_list = list;
    return code;
}
