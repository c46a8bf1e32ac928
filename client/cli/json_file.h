/* JSON that others wrote: strict reading, member by member. */
#ifndef COMITY_CLI_JSON_FILE_H
#define COMITY_CLI_JSON_FILE_H

#include <json-c/json.h>

#include "core/bytes.h"

/* A whole document and nothing behind it. NULL where it is none. json_object_put it. */
struct json_object *json_read(struct bytes text);

/* The same for what people write by hand: with comments, as in C. */
struct json_object *json_read_commented(struct bytes text);

/* Has the object members other than these? */
bool json_has_only(struct json_object *object, const char *const *names, size_t count);

/* A member of the right type. 0, ERR_MISSING, ERR_MALFORMED. */
int json_get_text(struct json_object *object, const char *name, size_t size_max, const char **ret_text);
int json_get_key(struct json_object *object, const char *name, uint8_t *ret_key, size_t size);
/* A list of keys, up to @count_max. */
int json_get_keys(struct json_object *object, const char *name, size_t count_max, uint8_t (*ret_keys)[KEY_SIZE],
                  size_t *ret_count);
int json_get_number(struct json_object *object, const char *name, int64_t *ret_number);

#endif
