/* Grants: leave to read, forged. */
#include "core/error.h"
#include "core/grant.h"
#include "forge.h"

enum { YEAR_DAYS = 367 };
#define DAY_MS ((int64_t) 24 * 3600 * 1000)

enum grant_kind {
    GRANT_BIT,               /* a bit of it, or of its signature */
    GRANT_OF_ANOTHER,        /* a member's, for another connection */
    GRANT_BY_A_STRANGER,     /* by a key that is nobody's here */
    GRANT_BY_A_REVOKED,      /* by a key that was revoked */
    GRANT_SIGNED_BY_ANOTHER, /* names one member's key, signed by another's */
    GRANT_UNDER_ANOTHER_TAG, /* a command's signature */
    GRANT_EXPIRED,
    GRANT_TOO_LONG,
    GRANT_OF_ANOTHER_HISTORY,
    GRANT_KINDS
};

static bool is_valid(const struct insider *insider, const void *context)
{
    (void) context;
    return !insider->is_revoked;
}

static bool is_revoked(const struct insider *insider, const void *context)
{
    (void) context;
    return insider->is_revoked;
}

static void flip(struct forge *forge, ProtobufCBinaryData data)
{
    data.data[forge_below(forge, data.len)] ^= (uint8_t) (1u << forge_below(forge, 8));
}

static const struct signing_key *stranger(struct forge *forge)
{
    struct signing_key *key = arena_alloc(forge->arena, sizeof(*key));
    uint8_t seed[SEED_SIZE] = {0x78};

    put_u64(seed + 8, forge_random(forge));
    signing_key_from_seed(seed, key);
    return key;
}

/* What is wrong before it is signed, and by whom it is signed. */
static const struct signing_key *spoil(struct forge *forge, enum grant_kind kind, struct grant *grant,
                                       const struct signing_key *member)
{
    const struct insider *former = forge_insider(forge, is_revoked, NULL);

    switch (kind) {
    case GRANT_OF_ANOTHER:
        grant->reader[forge_below(forge, KEY_SIZE)] ^= 1;
        return member;
    case GRANT_BY_A_STRANGER:
        return stranger(forge);
    case GRANT_BY_A_REVOKED:
        return former ? former->key : stranger(forge);
    case GRANT_EXPIRED:
        grant->until_ms = forge->path->now_ms - 1 - (int64_t) forge_below(forge, 1u << 30);
        return member;
    case GRANT_TOO_LONG:
        grant->until_ms = forge->path->now_ms + YEAR_DAYS * DAY_MS;
        return member;
    case GRANT_OF_ANOTHER_HISTORY:
        grant->history[forge_below(forge, HISTORY_ID_SIZE)] ^= 1;
        return member;
    default:
        return member;
    }
}

/* And after. */
static void spoil_signed(struct forge *forge, enum grant_kind kind, Comity__V1__SignedGrant *given)
{
    struct bytes packed = BYTES(given->grant.data, given->grant.len);

    if (kind == GRANT_BIT)
        flip(forge, forge_below(forge, 2) ? given->grant : given->signature);
    if (kind == GRANT_SIGNED_BY_ANOTHER)
        signature_make(stranger(forge), TAG_GRANT, packed, given->signature.data);
}

static Comity__V1__SignedGrant *grant_forge(struct forge *forge, enum grant_kind kind)
{
    const struct insider *member = forge_insider(forge, is_valid, NULL);
    struct grant grant = {.until_ms = forge->path->now_ms + DAY_MS};
    Comity__V1__SignedGrant *given, *copy;
    ProtobufCMessage *message = NULL;

    memcpy(grant.history, forge->traffic->history, HISTORY_ID_SIZE);
    memcpy(grant.reader, forge->path->client_key.public_key, KEY_SIZE);
    const struct signing_key *key = spoil(forge, kind, &grant, member->key);
    memcpy(grant.key, key->public_key, KEY_SIZE);
    path_need(grant_sign(&grant, key, forge->arena, &given) == 0 &&
                  message_copy(&given->base, forge->arena, &message) == 0,
              "no grant");
    copy = (Comity__V1__SignedGrant *) message;
    if (kind == GRANT_UNDER_ANOTHER_TAG)
        signature_make(key, TAG_COMMAND, BYTES(copy->grant.data, copy->grant.len), copy->signature.data);
    spoil_signed(forge, kind, copy);
    return copy;
}

/* Alone in its HELLO: beside another for the same history it would be refused for that. */
static void grant_send(struct forge *forge, Comity__V1__SignedGrant *grant, void *tag)
{
    static uint32_t level = FORMAT_LEVEL;
    Comity__V1__Hello hello = COMITY__V1__HELLO__INIT;
    struct frame_header header = path_header(forge->path, FRAME_HELLO, NULL, NULL);
    struct bytes packed;

    hello.software = (char *) (uintptr_t) "a forger";
    hello.format_levels = &level;
    hello.n_format_levels = 1;
    hello.grants = &grant;
    hello.n_grants = 1;
    path_need(message_pack(&hello.base, forge->arena, &packed) == 0, "no memory");
    path_send(forge->path, path_frame(forge->path, &header, packed, forge->arena), tag);
}

unsigned forge_grants(struct forge *forge, void *tag)
{
    if (!forge_insider(forge, is_valid, NULL))
        return 0;
    for (unsigned kind = 0; kind < GRANT_KINDS; kind++)
        grant_send(forge, grant_forge(forge, (enum grant_kind) kind), tag);
    return GRANT_KINDS;
}
