/* The charter as data: what its form asks for, and what its rows say. Pure; proto/comity/v1/charter.proto has
 * the fields, docs/charter.md what they mean. */
#ifndef COMITY_CORE_CHARTER_H
#define COMITY_CORE_CHARTER_H

#include "comity/v1/charter.pb-c.h"
#include "core/arena.h"
#include "core/command.h"
#include "core/path.h"

/* What concerns several fields of a message at once, for command_form.c. @path: of the message. 0 or the code
 * in *refusal, which names the field. */
int charter_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal);
int vital_function_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal);
int phase_record_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal);

/* CharterVersion.hash. 0 or ERR_MEMORY. */
int charter_hash(const Comity__V1__Charter *charter, struct arena *arena, uint8_t ret_hash[HASH_SIZE]);

/* NULL where it has none of that name. */
const Comity__V1__VitalFunction *charter_function(const Comity__V1__Charter *charter, const char *name);
bool charter_excludes(const Comity__V1__Charter *charter, const char *name);

/* What is kept of a phase. @charter NULL: as without a charter. */
Comity__V1__RecordLevel charter_record_level(const Comity__V1__Charter *charter, Comity__V1__Phase phase);

/* Does a body that decides by this share give advice alone? */
bool share_is_advice(Comity__V1__Share share);

#endif
