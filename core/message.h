/* Strict reading and writing of protobuf messages, by their descriptors.
 *
 * protobuf-c keeps unknown fields, lets undefined enum values, bad UTF-8 and NUL pass, and trusts sizes.
 * What comes from outside goes through message_unpack, which refuses all of those and names the field. */
#ifndef COMITY_CORE_MESSAGE_H
#define COMITY_CORE_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "core/arena.h"
#include "core/bytes.h"

enum { FIELD_PATH_MAX = 96 };

/* Where a refusal points to, and with what: the plain form of the contract's Refusal. */
struct refusal {
    int code;
    char field[FIELD_PATH_MAX];   /* "cast_ballot.answer"; may be empty */
    uint64_t latest;
    uint64_t limit;
};

/* Fill and return the code: `return refuse(r, ERR_RANGE, "invite.expires_ms");`. @refusal may be NULL. */
int refuse(struct refusal *refusal, int code, const char *field);
int refuse_limit(struct refusal *refusal, int code, const char *field, uint64_t limit);

/* Unpack into the arena. @size_max bounds the packed bytes. The wire form is checked first (core/wire.h): what
 * is refused is never unpacked, and the number of fields is at most WIRE_FIELDS_MAX.
 * Returns 0, ERR_TOO_LARGE, ERR_MALFORMED, ERR_UNKNOWN_FIELD, ERR_ENUM, ERR_UTF8 (also for an embedded NUL),
 * ERR_MEMORY; @refusal (may be NULL) names the field by its path. */
int message_unpack(const ProtobufCMessageDescriptor *type, struct bytes packed, size_t size_max,
                   struct arena *arena, struct refusal *refusal, ProtobufCMessage **ret_message);

/* The same without the strictness: for rows that the store itself wrote and whose checksum held. */
int message_unpack_trusted(const ProtobufCMessageDescriptor *type, struct bytes packed,
                           struct arena *arena, ProtobufCMessage **ret_message);

/* Pack into the arena. ERR_MEMORY. protobuf-c packs fields in ascending order, so that equal messages give
 * equal bytes. */
int message_pack(const ProtobufCMessage *message, struct arena *arena, struct bytes *ret_packed);

/* Append a bytes field @field (1 to 15) of zeros, so that the whole is a multiple of PADDING_MULTIPLE bytes and its length
 * says little. As it was where that is so already, or where it would pass @size_max. ERR_MEMORY. */
enum { PADDING_MULTIPLE = 1024 };
int message_pad(struct bytes packed, unsigned field, size_t size_max, struct arena *arena, struct bytes *ret_padded);

/* A deep copy within the arena (pack and unpack). */
int message_copy(const ProtobufCMessage *message, struct arena *arena, ProtobufCMessage **ret_copy);

/* Call @visit for every message of @type inside @message, depth first, in ascending order of field numbers,
 * repeated ones in order. Stops at the first non-zero return and returns it. For TextRef: the order of a
 * command's texts. */
typedef int message_visit_fn(const ProtobufCMessage *found, const char *path, void *context);
int message_visit(const ProtobufCMessage *message, const ProtobufCMessageDescriptor *type,
                  message_visit_fn *visit, void *context);

/* The messages that one field of @message holds: none, one, or all of a repeated field's, in *ret_list. 0 for a
 * field of another type. */
size_t message_field_messages(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                              ProtobufCMessage *const **ret_list);

/* "ADOPTED" of OUTCOME_KIND_ADOPTED; "?" of a number that is not defined. */
const char *enum_short_name(const ProtobufCEnumDescriptor *type, int value);

/* The way back, in any case, with - for _ where one likes. */
bool enum_value_find(const ProtobufCEnumDescriptor *type, const char *word, int *ret_value);

#endif
