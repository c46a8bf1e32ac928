/* Without a key: bytes that were seen, altered. */
#include "core/error.h"
#include "forge.h"

static const Comity__V1__SignedCommand *envelope_of(const struct sent *sent)
{
    return sent->command.envelope;
}

static ProtobufCBinaryData binary(const uint8_t *data, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *) (uintptr_t) data};
}

static struct bytes signed_bytes(const struct sent *sent)
{
    return BYTES(envelope_of(sent)->command.data, envelope_of(sent)->command.len);
}

static ProtobufCBinaryData copy_of(struct forge *forge, ProtobufCBinaryData data)
{
    return binary(forge_copy(forge, BYTES(data.data, data.len), 0), data.len);
}

static void flip(struct forge *forge, ProtobufCBinaryData data)
{
    data.data[forge_below(forge, data.len)] ^= (uint8_t) (1u << forge_below(forge, 8));
}

static bool signature_bit(struct forge *forge, struct forged *out)
{
    Comity__V1__SignedCommand envelope = *envelope_of(forge->base);

    envelope.signature = copy_of(forge, envelope.signature);
    flip(forge, envelope.signature);
    forge_envelope(forge, &envelope, out);
    return true;
}

/* S + L in place of S: a signature that a lax check takes for the same. */
static bool signature_malleated(struct forge *forge, struct forged *out)
{
    static const uint8_t L[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                  0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    Comity__V1__SignedCommand envelope = *envelope_of(forge->base);
    unsigned carry = 0;

    envelope.signature = copy_of(forge, envelope.signature);
    for (size_t i = 0; i < sizeof(L); i++) {
        carry += envelope.signature.data[32 + i] + (unsigned) L[i];
        envelope.signature.data[32 + i] = (uint8_t) carry;
        carry >>= 8;
    }
    forge_envelope(forge, &envelope, out);
    return true;
}

static bool command_bit(struct forge *forge, struct forged *out)
{
    Comity__V1__SignedCommand envelope = *envelope_of(forge->base);

    envelope.command = copy_of(forge, envelope.command);
    flip(forge, envelope.command);
    forge_envelope(forge, &envelope, out);
    return true;
}

/* An earlier command by the same signer: its signature under this one, or its cosignatures. */
static const struct sent *earlier_of_signer(struct forge *forge, bool has_cosigners)
{
    for (unsigned tries = 0; tries < 64 && forge->at > 0; tries++) {
        const struct sent *sent = &forge->traffic->sent[forge_below(forge, forge->at)];
        bool fits = has_cosigners ? sent->command.body->n_cosigners > 0
                                  : memcmp(sent->command.body->key.data, forge->base->command.body->key.data,
                                           KEY_SIZE) == 0;
        if (fits && memcmp(sent->command.id, forge->base->command.id, COMMAND_ID_SIZE) != 0)
            return sent;
    }
    return NULL;
}

static bool signature_of_another_command(struct forge *forge, struct forged *out)
{
    const struct sent *earlier = earlier_of_signer(forge, false);
    Comity__V1__SignedCommand envelope = *envelope_of(forge->base);

    if (!earlier)
        return false;
    envelope.signature = envelope_of(earlier)->signature;
    forge_envelope(forge, &envelope, out);
    return true;
}

static bool signature_by_another_key(struct forge *forge, struct forged *out)
{
    const struct traffic *traffic = forge->traffic;
    const struct signing_key *key = &traffic->keys[forge_below(forge, traffic->key_count)];
    Comity__V1__SignedCommand envelope = *envelope_of(forge->base);
    uint8_t signature[SIGNATURE_SIZE];

    if (memcmp(key->public_key, forge->base->command.body->key.data, KEY_SIZE) == 0)
        return false;
    path_need(signature_make(key, TAG_COMMAND, signed_bytes(forge->base), signature) == 0, "no signature");
    envelope.signature = binary(signature, sizeof(signature));
    forge_envelope(forge, &envelope, out);
    return true;
}

/* What the signer's key has signed for another purpose. */
static bool signature_under_another_tag(struct forge *forge, struct forged *out)
{
    static const char *const TAGS[] = {TAG_GRANT, TAG_TEXT, TAG_EXPORT, TAG_PART, ""};
    const struct signing_key *key = traffic_key(forge->traffic, forge->base->command.body->key);
    Comity__V1__SignedCommand envelope = *envelope_of(forge->base);
    uint8_t signature[SIGNATURE_SIZE];

    if (!key)
        return false;
    path_need(signature_make(key, TAGS[forge_below(forge, ARRAY_COUNT(TAGS))], signed_bytes(forge->base),
                             signature) == 0,
              "no signature");
    envelope.signature = binary(signature, sizeof(signature));
    forge_envelope(forge, &envelope, out);
    return true;
}

/* Cosignatures. */

static Comity__V1__SignedCommand envelope_copy(struct forge *forge)
{
    ProtobufCMessage *copy;

    path_need(message_copy(&envelope_of(forge->base)->base, forge->arena, &copy) == 0, "no memory");
    return *(Comity__V1__SignedCommand *) copy;
}

static bool cosignature_bit(struct forge *forge, struct forged *out)
{
    Comity__V1__SignedCommand envelope = envelope_copy(forge);

    if (envelope.n_cosignatures == 0)
        return false;
    Comity__V1__CoSignature *one = envelope.cosignatures[forge_below(forge, envelope.n_cosignatures)];
    flip(forge, forge_below(forge, 2) ? one->signature : one->key);
    forge_envelope(forge, &envelope, out);
    return true;
}

static bool cosignatures_swapped(struct forge *forge, struct forged *out)
{
    Comity__V1__SignedCommand envelope = envelope_copy(forge);

    if (envelope.n_cosignatures == 0)
        return false;
    size_t a = forge_below(forge, envelope.n_cosignatures), b = forge_below(forge, envelope.n_cosignatures);
    ProtobufCBinaryData *other =
        a == b ? &envelope.signature : &envelope.cosignatures[b]->signature; /* or with the signer's own */
    ProtobufCBinaryData kept = envelope.cosignatures[a]->signature;
    envelope.cosignatures[a]->signature = *other;
    *other = kept;
    forge_envelope(forge, &envelope, out);
    return true;
}

static bool cosignature_dropped(struct forge *forge, struct forged *out)
{
    Comity__V1__SignedCommand envelope = envelope_copy(forge);

    if (envelope.n_cosignatures == 0)
        return false;
    size_t at = forge_below(forge, envelope.n_cosignatures);
    envelope.cosignatures[at] = envelope.cosignatures[--envelope.n_cosignatures];
    forge_envelope(forge, &envelope, out);
    return true;
}

static bool cosignature_doubled(struct forge *forge, struct forged *out)
{
    Comity__V1__SignedCommand envelope = envelope_copy(forge);

    if (envelope.n_cosignatures == 0)
        return false;
    Comity__V1__CoSignature **list =
        arena_alloc(forge->arena, (envelope.n_cosignatures + 1) * sizeof(Comity__V1__CoSignature *));
    memcpy(list, envelope.cosignatures, envelope.n_cosignatures * sizeof(Comity__V1__CoSignature *));
    list[envelope.n_cosignatures] = list[forge_below(forge, envelope.n_cosignatures)];
    envelope.cosignatures = list;
    envelope.n_cosignatures++;
    forge_envelope(forge, &envelope, out);
    return true;
}

static bool cosignature_reused(struct forge *forge, struct forged *out)
{
    const struct sent *earlier = earlier_of_signer(forge, true);
    Comity__V1__SignedCommand envelope = envelope_copy(forge);

    if (envelope.n_cosignatures == 0 || !earlier)
        return false;
    Comity__V1__CoSignature *from =
        envelope_of(earlier)->cosignatures[forge_below(forge, envelope_of(earlier)->n_cosignatures)];
    Comity__V1__CoSignature *to = envelope.cosignatures[forge_below(forge, envelope.n_cosignatures)];
    to->signature = from->signature;
    if (forge_below(forge, 2))
        to->key = from->key;
    forge_envelope(forge, &envelope, out);
    return true;
}

/* Encodings. The first field of a message, by its bytes: tag and length of one byte each, or a varint. */

/* A length or number in a longer form than it needs: in front of it stands its tag of one byte. */
static struct bytes stretched(struct forge *forge, struct bytes packed)
{
    uint8_t *longer = forge_copy(forge, packed, 1);
    size_t end = 1;

    while (end < packed.size && packed.data[end] & 0x80)
        end++;
    longer[end] |= 0x80;
    longer[end + 1] = 0;
    memcpy(longer + end + 2, packed.data + end + 1, packed.size - end - 1);
    return BYTES(longer, packed.size + 1);
}

static struct bytes with_unknown(struct forge *forge, struct bytes packed)
{
    static const uint8_t UNKNOWN[] = {0xc0, 0x3e, 0x01}; /* field 1000, a varint */
    uint8_t *longer = forge_copy(forge, packed, sizeof(UNKNOWN));

    memcpy(longer + packed.size, UNKNOWN, sizeof(UNKNOWN));
    return BYTES(longer, packed.size + sizeof(UNKNOWN));
}

static bool altered_command(struct forge *forge, struct bytes command, struct forged *out)
{
    Comity__V1__SignedCommand envelope = *envelope_of(forge->base);

    envelope.command = binary(command.data, command.size);
    forge_envelope(forge, &envelope, out);
    return true;
}

static bool command_with_unknown_field(struct forge *forge, struct forged *out)
{
    return altered_command(forge, with_unknown(forge, signed_bytes(forge->base)), out);
}

static bool command_with_long_varint(struct forge *forge, struct forged *out)
{
    return altered_command(forge, stretched(forge, signed_bytes(forge->base)), out);
}

/* The first field at the end: the same message to whoever unpacks it, and other bytes. */
static bool command_in_another_order(struct forge *forge, struct forged *out)
{
    struct bytes packed = signed_bytes(forge->base);
    size_t first = 2 + (size_t) packed.data[1];

    if (packed.data[0] != 0x0a && packed.data[0] != 0x12) /* history or key, of 32 bytes */
        return false;
    uint8_t *turned = forge_copy(forge, packed, 0);
    memcpy(turned, packed.data + first, packed.size - first);
    memcpy(turned + packed.size - first, packed.data, first);
    return altered_command(forge, BYTES(turned, packed.size), out);
}

static bool envelope_with_unknown_field(struct forge *forge, struct forged *out)
{
    forge_packed(forge, with_unknown(forge, forge->base->command.signed_command), signed_bytes(forge->base),
                 out);
    return true;
}

static bool envelope_with_long_varint(struct forge *forge, struct forged *out)
{
    forge_packed(forge, stretched(forge, forge->base->command.signed_command), signed_bytes(forge->base),
                 out);
    return true;
}

/* The same signed bytes twice in one envelope: the last of a field that is not repeated counts. */
static bool envelope_with_two_commands(struct forge *forge, struct forged *out)
{
    struct bytes whole = forge->base->command.signed_command;
    uint8_t *twice = forge_copy(forge, whole, whole.size);

    memcpy(twice + whole.size, whole.data, whole.size);
    forge_packed(forge, BYTES(twice, 2 * whole.size), signed_bytes(forge->base), out);
    return true;
}

static bool envelope_cut_short(struct forge *forge, struct forged *out)
{
    struct bytes whole = forge->base->command.signed_command;

    forge_packed(forge, BYTES(whole.data, forge_below(forge, whole.size)), signed_bytes(forge->base), out);
    return true;
}

/* Texts. */

static struct command_text *texts_copy(struct forge *forge, size_t room)
{
    const struct command *base = &forge->base->command;
    struct command_text *texts = arena_alloc(forge->arena, (base->text_count + room + 1) * sizeof(*texts));

    path_need(texts != NULL, "no memory");
    for (size_t i = 0; i < base->text_count; i++)
        texts[i] = base->texts[i];
    return texts;
}

static bool with_texts(struct forge *forge, const struct command_text *texts, size_t count,
                       struct forged *out)
{
    out->plain = traffic_request(forge->base->command.signed_command, texts, count, forge->arena);
    out->command = signed_bytes(forge->base);
    return true;
}

static bool text_altered(struct forge *forge, struct forged *out)
{
    size_t count = forge->base->command.text_count;

    if (count == 0)
        return false;
    struct command_text *texts = texts_copy(forge, 0);
    struct command_text *text = &texts[forge_below(forge, count)];
    if (forge_below(forge, 3) == 0) {
        text->content = BYTES(forge_copy(forge, text->content, 1), text->content.size + 1);
    } else if (text->content.size > 0 && forge_below(forge, 2)) {
        uint8_t *content = forge_copy(forge, text->content, 0);
        content[forge_below(forge, text->content.size)] ^= 1;
        text->content = BYTES(content, text->content.size);
    } else {
        uint8_t *salt = forge_copy(forge, BYTES(text->salt, SALT_SIZE), 0);
        salt[forge_below(forge, SALT_SIZE)] ^= 1;
        text->salt = salt;
    }
    return with_texts(forge, texts, count, out);
}

static bool texts_swapped(struct forge *forge, struct forged *out)
{
    size_t count = forge->base->command.text_count;

    if (count < 2)
        return false;
    struct command_text *texts = texts_copy(forge, 0);
    size_t at = forge_below(forge, count - 1);
    struct command_text kept = texts[at];
    texts[at] = texts[at + 1];
    texts[at + 1] = kept;
    return with_texts(forge, texts, count, out);
}

static bool text_left_out(struct forge *forge, struct forged *out)
{
    size_t count = forge->base->command.text_count;

    return count > 0 && with_texts(forge, texts_copy(forge, 0), count - 1, out);
}

static bool text_too_many(struct forge *forge, struct forged *out)
{
    static const uint8_t SALT[SALT_SIZE];
    size_t count = forge->base->command.text_count;
    struct command_text *texts = texts_copy(forge, 1);

    texts[count] = (struct command_text){.salt = SALT, .content = BYTES("more", 4)};
    return with_texts(forge, texts, count + 1, out);
}

/* Headers and seals. */

static bool header_of_another_command(struct forge *forge, struct forged *out)
{
    const struct sent *earlier = forge_earlier(forge);

    if (!earlier)
        return false;
    forge_packed(forge, forge->base->command.signed_command, signed_bytes(forge->base), out);
    out->id = earlier->command.id;
    return true;
}

static bool header_of_another_history(struct forge *forge, struct forged *out)
{
    uint8_t *history = forge_copy(forge, BYTES(forge->base->command.history, HISTORY_ID_SIZE), 0);

    history[forge_below(forge, HISTORY_ID_SIZE)] ^= (uint8_t) (1u << forge_below(forge, 8));
    forge_packed(forge, forge->base->command.signed_command, signed_bytes(forge->base), out);
    out->history = history;
    return true;
}

/* Any bit of what the seal binds: the header's first 90 bytes, or the body. */
static bool sealed_bit(struct forge *forge, struct forged *out)
{
    struct bytes frame = traffic_frame(forge->path, forge->base, forge->arena);
    uint8_t *bytes = forge_copy(forge, frame, 0);
    size_t at = forge_below(forge, 2)
                    ? forge_below(forge, FRAME_SEALED_HEADER_SIZE)
                    : FRAME_HEADER_SIZE + forge_below(forge, frame.size - FRAME_HEADER_SIZE);

    bytes[at] ^= (uint8_t) (1u << forge_below(forge, 8));
    out->frame = BYTES(bytes, frame.size);
    return true;
}

const struct forge_kind FORGE_OUTSIDE[] = {
    {"signature: a bit", signature_bit, 6},
    {"signature: malleated", signature_malleated, 1},
    {"signature: of another command", signature_of_another_command, 4},
    {"signature: by another key", signature_by_another_key, 5},
    {"signature: under another tag", signature_under_another_tag, 3},
    {"command: a bit", command_bit, 10},
    {"command: an unknown field", command_with_unknown_field, 1},
    {"command: a longer varint", command_with_long_varint, 1},
    {"command: another order", command_in_another_order, 1},
    {"cosignature: a bit", cosignature_bit, 8},
    {"cosignatures: swapped", cosignatures_swapped, 6},
    {"cosignature: dropped", cosignature_dropped, 3},
    {"cosignature: twice", cosignature_doubled, 3},
    {"cosignature: of another command", cosignature_reused, 6},
    {"envelope: an unknown field", envelope_with_unknown_field, 1},
    {"envelope: a longer varint", envelope_with_long_varint, 1},
    {"envelope: two commands", envelope_with_two_commands, 1},
    {"envelope: cut short", envelope_cut_short, 2},
    {"text: altered", text_altered, 4},
    {"texts: swapped", texts_swapped, 2},
    {"text: left out", text_left_out, 1},
    {"text: one too many", text_too_many, 1},
    {"header: another command's id", header_of_another_command, 2},
    {"header: another history", header_of_another_history, 2},
    {"sealed: a bit", sealed_bit, 8},
};
const size_t FORGE_OUTSIDE_COUNT = ARRAY_COUNT(FORGE_OUTSIDE);
