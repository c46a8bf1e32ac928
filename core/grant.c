#include "core/grant.h"

#include "core/error.h"
#include "core/message.h"

enum { GRANT_MAX_BYTES = 256 };

static ProtobufCBinaryData binary_of(const uint8_t *data, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *) (uintptr_t) data};
}

int grant_sign(const struct grant *grant, const struct signing_key *key, struct arena *arena,
               Comity__V1__SignedGrant **ret_signed)
{
    Comity__V1__ReadGrant body = COMITY__V1__READ_GRANT__INIT;
    body.history = binary_of(grant->history, HISTORY_ID_SIZE);
    body.key = binary_of(grant->key, KEY_SIZE);
    body.reader = binary_of(grant->reader, KEY_SIZE);
    body.until_ms = grant->until_ms;
    struct bytes packed;
    int code = message_pack(&body.base, arena, &packed);
    if (code)
        return code;
    Comity__V1__SignedGrant *signed_grant = arena_alloc(arena, sizeof(*signed_grant));
    uint8_t *signature = arena_alloc(arena, SIGNATURE_SIZE);
    if (!signed_grant || !signature)
        return ERR_MEMORY;
    code = signature_make(key, TAG_GRANT, packed, signature);
    if (code)
        return code;
    comity__v1__signed_grant__init(signed_grant);
    signed_grant->grant = binary_of(packed.data, packed.size);
    signed_grant->signature = binary_of(signature, SIGNATURE_SIZE);
    *ret_signed = signed_grant;
    return 0;
}

int grant_check(const Comity__V1__SignedGrant *signed_grant, const uint8_t reader[KEY_SIZE], int64_t now_ms,
                struct arena *arena, struct grant *ret_grant)
{
    struct bytes packed = BYTES(signed_grant->grant.data, signed_grant->grant.len);
    ProtobufCMessage *message;
    int code =
        message_unpack(&comity__v1__read_grant__descriptor, packed, GRANT_MAX_BYTES, arena, NULL, &message);
    if (code)
        return code;
    const Comity__V1__ReadGrant *body = (const Comity__V1__ReadGrant *) message;
    if (body->history.len != HISTORY_ID_SIZE || body->key.len != KEY_SIZE || body->reader.len != KEY_SIZE)
        return ERR_MALFORMED;
    if (memcmp(body->reader.data, reader, KEY_SIZE) != 0)
        return ERR_GRANT;
    if (body->until_ms <= now_ms || body->until_ms - GRANT_MAX_MS > now_ms)
        return ERR_VALIDITY;
    if (signed_grant->signature.len != SIGNATURE_SIZE ||
        signature_check(body->key.data, TAG_GRANT, packed, signed_grant->signature.data))
        return ERR_SIGNATURE;
    memcpy(ret_grant->history, body->history.data, HISTORY_ID_SIZE);
    memcpy(ret_grant->key, body->key.data, KEY_SIZE);
    memcpy(ret_grant->reader, body->reader.data, KEY_SIZE);
    ret_grant->until_ms = body->until_ms;
    return 0;
}
