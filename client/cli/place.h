/* A place: where a group of workers is reached and by which keys it is recognised. Part of contexts,
 * invitations and drafts. Nothing in it is secret. */
#ifndef COMITY_CLI_PLACE_H
#define COMITY_CLI_PLACE_H

#include <json-c/json.h>

#include "core/endpoint.h"

enum { PLACE_BROKERS_MAX = 16 };

struct place_broker {
    char endpoint[ENDPOINT_MAX];
    uint8_t key[KEY_SIZE]; /* its CURVE public key */
};

struct place {
    struct place_broker brokers[PLACE_BROKERS_MAX];
    size_t broker_count;
    uint8_t group_key[KEY_SIZE];
};

/* {"group_key": HEX, "brokers": [{"endpoint": TEXT, "key": HEX}, ...]} */
struct json_object *place_to_json(const struct place *place);

/* 0, ERR_MALFORMED, ERR_MISSING, ERR_RANGE, ERR_UNKNOWN_FIELD. */
int place_from_json(struct json_object *value, struct place *ret_place);

#endif
