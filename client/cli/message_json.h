/* Messages of the contract as JSON, by their descriptors: so every row in a document has the fields of
 * proto/comity/v1, under their names.
 *
 * Integers are numbers, bytes are hexadecimal (checkpoints: text), an enum value is its name without the
 * enum's own prefix ("ADOPTED"), a TextRef is {"hash", "size", "text"} with null for a text that is withheld.
 * Every field is there; a message that was not given is null; of a oneof only the member that was given is
 * there. */
#ifndef COMITY_CLI_MESSAGE_JSON_H
#define COMITY_CLI_MESSAGE_JSON_H

#include <json-c/json.h>
#include <protobuf-c/protobuf-c.h>

#include "comity/v1/model.pb-c.h"
#include "core/message.h"

/* Where prose comes from: NULL for what is not there. */
typedef const char *message_prose_fn(void *context, const Comity__V1__TextRef *reference);

struct json_object *message_to_json(const ProtobufCMessage *message, message_prose_fn *prose, void *context);

/* The way back, strictly: no member that the message does not have, every value of its type. Fields that are
 * left out keep their defaults. 0, ERR_MALFORMED, ERR_UNKNOWN_FIELD, ERR_ENUM, ERR_RANGE, ERR_MEMORY;
 * @ret_path names the field. In the arena. */
enum { JSON_PATH_MAX = 128 };
int message_from_json(struct json_object *value, const ProtobufCMessageDescriptor *type, struct arena *arena,
                      char ret_path[JSON_PATH_MAX], ProtobufCMessage **ret_message);

/* The same of a file that has its texts in place of their references: a string, or an object as
 * message_to_json makes it, goes to @take with the name of its field. */
typedef int message_take_fn(void *context, const char *field, const char *text,
                            Comity__V1__TextRef **ret_reference);
int message_from_json_texts(struct json_object *value, const ProtobufCMessageDescriptor *type,
                            struct arena *arena, message_take_fn *take, void *context,
                            char ret_path[JSON_PATH_MAX], ProtobufCMessage **ret_message);

#endif
