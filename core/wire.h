/* The wire form of a message, judged by its descriptor before protobuf-c unpacks it.
 *
 * protobuf-c keeps unknown fields, takes the last of several singular ones, cuts numbers to their type, lets
 * undefined enum values, bad UTF-8 and NUL bytes pass, and allocates as the input tells it to. */
#ifndef COMITY_CORE_WIRE_H
#define COMITY_CORE_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "core/bytes.h"
#include "core/message.h"

enum {
    WIRE_FIELDS_MAX = 200000,   /* in all, elements of packed fields included */
    WIRE_REQUEST_FIELDS_MAX = 4096, /* of a Request, which anybody may send: 1,024 texts of 3 fields, and the rest */
    WIRE_DEPTH_MAX = 16,        /* no message type contains itself: the contract is 6 deep */
};

/* Refused are: truncated or over-long lengths, numbers in more bytes than they need or too large for their type,
 * another wire type than the field's, a singular field or a oneof given twice (ERR_MALFORMED); more fields than
 * WIRE_FIELDS_MAX, in a Request WIRE_REQUEST_FIELDS_MAX (ERR_TOO_LARGE); ERR_UNKNOWN_FIELD; ERR_ENUM; ERR_UTF8, also for an embedded NUL. */
int wire_check(const ProtobufCMessageDescriptor *type, struct bytes packed, struct refusal *refusal);

#endif
