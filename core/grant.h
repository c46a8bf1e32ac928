/* Read grants: a member's key lets a connection key read one history until a time. */
#ifndef COMITY_CORE_GRANT_H
#define COMITY_CORE_GRANT_H

#include "comity/v1/link.pb-c.h"
#include "core/arena.h"
#include "core/key.h"

#define GRANT_MAX_MS ((int64_t) 366 * 24 * 3600 * 1000)

struct grant {
    uint8_t history[HISTORY_ID_SIZE];
    uint8_t key[KEY_SIZE];
    uint8_t reader[KEY_SIZE];
    int64_t until_ms;
};

/* ERR_MEMORY. The message lives in the arena. */
int grant_sign(const struct grant *grant, const struct signing_key *key, struct arena *arena,
               Comity__V1__SignedGrant **ret_signed);

/* Form, signature, that it is for @reader, and its time. 0, ERR_GRANT, ERR_SIGNATURE, ERR_VALIDITY or a form's
 * code. Whether the key is a member's is for the state to say. */
int grant_check(const Comity__V1__SignedGrant *signed_grant, const uint8_t reader[KEY_SIZE], int64_t now_ms,
                struct arena *arena, struct grant *ret_grant);

#endif
