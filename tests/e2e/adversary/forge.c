#include "forge.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/machine/row.h"

/* splitmix64 */
uint64_t forge_random(struct forge *forge)
{
    uint64_t z = forge->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t forge_below(struct forge *forge, size_t limit)
{
    return limit == 0 ? 0 : (size_t) (forge_random(forge) % limit);
}

uint8_t *forge_copy(struct forge *forge, struct bytes bytes, size_t room)
{
    uint8_t *copy = arena_alloc(forge->arena, bytes.size + room + 1);

    path_need(copy != NULL, "no memory");
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    return copy;
}

const struct sent *forge_earlier(struct forge *forge)
{
    for (unsigned tries = 0; tries < 16 && forge->at > 0; tries++) {
        const struct sent *sent = &forge->traffic->sent[forge_below(forge, forge->at)];

        if (sent->code == 0)
            return sent;
    }
    return NULL;
}

Comity__V1__Command *forge_body(struct forge *forge, const struct sent *base)
{
    ProtobufCMessage *copy;

    path_need(message_copy(&base->command.body->base, forge->arena, &copy) == 0, "no memory");
    return (Comity__V1__Command *) copy;
}

void forge_packed(struct forge *forge, struct bytes signed_command, struct bytes command, struct forged *out)
{
    const struct command *base = &forge->base->command;

    out->plain = traffic_request(signed_command, base->texts, base->text_count, forge->arena);
    out->command = command;
}

void forge_envelope(struct forge *forge, Comity__V1__SignedCommand *envelope, struct forged *out)
{
    struct bytes packed;

    path_need(message_pack(&envelope->base, forge->arena, &packed) == 0, "no memory");
    forge_packed(forge, packed, BYTES(envelope->command.data, envelope->command.len), out);
}

static ProtobufCBinaryData signature_of(struct forge *forge, const struct signing_key *key,
                                        struct bytes packed)
{
    ProtobufCBinaryData signature = {SIGNATURE_SIZE, arena_alloc(forge->arena, SIGNATURE_SIZE)};

    path_need(signature.data != NULL && signature_make(key, TAG_COMMAND, packed, signature.data) == 0,
              "it cannot be signed");
    return signature;
}

bool forge_sign(struct forge *forge, Comity__V1__Command *body, const struct signing_key *signer,
                struct forged *out)
{
    Comity__V1__SignedCommand envelope = COMITY__V1__SIGNED_COMMAND__INIT;
    struct bytes packed;

    if (!signer)
        return false;
    body->key = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *) (uintptr_t) signer->public_key};
    path_need(message_pack(&body->base, forge->arena, &packed) == 0, "no memory");
    envelope.command = (ProtobufCBinaryData){packed.size, (uint8_t *) (uintptr_t) packed.data};
    envelope.signature = signature_of(forge, signer, packed);
    envelope.cosignatures =
        arena_alloc(forge->arena, (body->n_cosigners + 1) * sizeof(*envelope.cosignatures));
    for (size_t i = 0; i < body->n_cosigners; i++) {
        Comity__V1__CoSignature *own = arena_alloc(forge->arena, sizeof(*own));
        const struct signing_key *key =
            forge->once ? forge->once : traffic_key(forge->traffic, body->cosigners[i]);

        comity__v1__co_signature__init(own);
        if (!key)
            return false;
        own->key = body->cosigners[i];
        own->signature = signature_of(forge, key, packed);
        envelope.cosignatures[envelope.n_cosignatures++] = own;
    }
    forge_envelope(forge, &envelope, out);
    return true;
}

/* Insiders. */

static void mark_seated(struct forge *forge, uint32_t member)
{
    for (size_t i = 0; i < forge->insider_count; i++)
        if (forge->insiders[i].member == member)
            forge->insiders[i].has_seat = true;
}

static int seat_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    (void) key;
    mark_seated(context, ((const Comity__V1__Seat *) row)->holder);
    return 0;
}

static int alternates_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__AlternatesList *list = (const Comity__V1__AlternatesList *) row;

    (void) key;
    for (size_t i = 0; i < list->n_members; i++)
        mark_seated(context, list->members[i]);
    return 0;
}

static int stand_in_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    (void) key;
    mark_seated(context, ((const Comity__V1__StandIn *) row)->member);
    mark_seated(context, ((const Comity__V1__StandIn *) row)->holder);
    return 0;
}

static void insider_add(struct forge *forge, const struct view *view, const struct signing_key *key)
{
    ProtobufCMessage *row;

    if (state_get_by_key(view, forge->arena, TABLE_KEY, key->public_key, &row) != 0)
        return;
    struct insider insider = {.key = key,
                              .member = ((const Comity__V1__Key *) row)->member,
                              .is_revoked = ((const Comity__V1__Key *) row)->revoked != 0};
    path_need(state_get(view, forge->arena, TABLE_MEMBER, insider.member, 0, &row) == 0,
              "a member is missing");
    const Comity__V1__Member *member = (const Comity__V1__Member *) row;
    insider.constituency = member->constituency;
    for (size_t i = 0; i < member->n_offices; i++)
        insider.offices |= 1u << member->offices[i];
    path_need(forge->insider_count < INSIDERS_MAX, "too many insiders");
    forge->insiders[forge->insider_count++] = insider;
}

static void insiders_read(struct forge *forge)
{
    static const struct {
        enum table table;
        row_fn *visit;
    } SEATED[] = {
        {TABLE_SEAT, seat_visit}, {TABLE_ALTERNATES, alternates_visit}, {TABLE_STAND_IN, stand_in_visit}};
    struct path_read read;

    forge->is_stale = false;
    forge->insider_count = 0;
    path_read_begin(forge->path, forge->traffic->history, &read);
    for (size_t i = 0; read.is_founded && i < forge->traffic->key_count; i++)
        insider_add(forge, &read.view, &forge->traffic->keys[i]);
    for (size_t i = 0; read.is_founded && i < ARRAY_COUNT(SEATED); i++) {
        struct row_key all = row_key_all(SEATED[i].table);
        path_need(row_each(&read.view, forge->arena, SEATED[i].table, &all, SEATED[i].visit, forge) == 0,
                  "the seats cannot be read");
    }
    path_read_end(&read);
}

const struct insider *forge_insider(struct forge *forge, insider_fits_fn *fits, const void *context)
{
    if (forge->is_stale)
        insiders_read(forge);
    size_t start = forge_below(forge, forge->insider_count);
    for (size_t i = 0; i < forge->insider_count; i++) {
        const struct insider *insider = &forge->insiders[(start + i) % forge->insider_count];

        if (fits(insider, context))
            return insider;
    }
    return NULL;
}

static bool has_key(const struct insider *insider, const void *context)
{
    return memcmp(insider->key->public_key, context, KEY_SIZE) == 0;
}

const struct insider *forge_insider_of(struct forge *forge, ProtobufCBinaryData key)
{
    return forge_insider(forge, has_key, key.data);
}
