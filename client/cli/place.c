#include "client/cli/place.h"

#include <stdio.h>

#include "client/cli/json_file.h"
#include "core/error.h"
#include "core/text.h"

static struct json_object *key_to_json(const uint8_t key[KEY_SIZE])
{
    char hex[2 * KEY_SIZE + 1];

    hex_encode(BYTES(key, KEY_SIZE), hex);
    return json_object_new_string(hex);
}

struct json_object *place_to_json(const struct place *place)
{
    struct json_object *brokers = json_object_new_array();
    struct json_object *value = json_object_new_object();

    for (size_t i = 0; i < place->broker_count; i++) {
        struct json_object *broker = json_object_new_object();
        json_object_object_add(broker, "endpoint", json_object_new_string(place->brokers[i].endpoint));
        json_object_object_add(broker, "key", key_to_json(place->brokers[i].key));
        json_object_array_add(brokers, broker);
    }
    json_object_object_add(value, "group_key", key_to_json(place->group_key));
    json_object_object_add(value, "brokers", brokers);
    return value;
}

static int broker_from_json(struct json_object *value, struct place_broker *ret_broker)
{
    static const char *const NAMES[] = {"endpoint", "key"};
    const char *endpoint, *form;
    struct endpoint parsed;

    if (!json_object_is_type(value, json_type_object))
        return ERR_MALFORMED;
    if (!json_has_only(value, NAMES, ARRAY_COUNT(NAMES)))
        return ERR_UNKNOWN_FIELD;
    int code = json_get_text(value, "endpoint", ENDPOINT_MAX - 1, &endpoint);
    if (code == 0)
        code = json_get_key(value, "key", ret_broker->key, KEY_SIZE);
    if (code == 0)
        code = endpoint_parse(endpoint, ENDPOINT_CONNECT, &parsed, &form);
    if (code == 0)
        snprintf(ret_broker->endpoint, ENDPOINT_MAX, "%s", endpoint);
    return code;
}

int place_from_json(struct json_object *value, struct place *ret_place)
{
    static const char *const NAMES[] = {"group_key", "brokers"};
    struct place place = {0};
    struct json_object *brokers;

    if (!json_object_is_type(value, json_type_object))
        return ERR_MALFORMED;
    if (!json_has_only(value, NAMES, ARRAY_COUNT(NAMES)))
        return ERR_UNKNOWN_FIELD;
    int code = json_get_key(value, "group_key", place.group_key, KEY_SIZE);
    if (code != 0)
        return code;
    if (!json_object_object_get_ex(value, "brokers", &brokers))
        return ERR_MISSING;
    if (!json_object_is_type(brokers, json_type_array))
        return ERR_MALFORMED;
    place.broker_count = json_object_array_length(brokers);
    if (place.broker_count == 0 || place.broker_count > PLACE_BROKERS_MAX)
        return ERR_RANGE;
    for (size_t i = 0; i < place.broker_count && code == 0; i++)
        code = broker_from_json(json_object_array_get_idx(brokers, i), &place.brokers[i]);
    if (code == 0)
        *ret_place = place;
    return code;
}
