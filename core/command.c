#include "core/command.h"

#include <sodium.h>

#include "core/command_form.h"
#include "core/error.h"
#include "core/text.h"

/* The command, its signature, and every cosignature with its key, each with a few bytes of framing. */
enum {
    ENVELOPE_MAX_BYTES = COMMAND_LARGE_MAX_BYTES + 256 + COSIGNERS_MAX * (KEY_SIZE + SIGNATURE_SIZE + 16)
};

static struct bytes binary(ProtobufCBinaryData data)
{
    return BYTES(data.data, data.len);
}

static ProtobufCBinaryData binary_of(const uint8_t *data, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *) (uintptr_t) data};
}

static size_t size_max(const Comity__V1__Command *command)
{
    switch (command->body_case) {
    case COMITY__V1__COMMAND__BODY_FOUND:
    case COMITY__V1__COMMAND__BODY_CREATE_BODY:
    case COMITY__V1__COMMAND__BODY_SET_LIST:
        return COMMAND_LARGE_MAX_BYTES;
    default:
        return COMMAND_MAX_BYTES;
    }
}

static int envelope_open(struct bytes signed_command, struct arena *arena, struct refusal *refusal,
                         Comity__V1__SignedCommand **ret_envelope)
{
    ProtobufCMessage *message;
    int code = message_unpack(&comity__v1__signed_command__descriptor, signed_command, ENVELOPE_MAX_BYTES,
                              arena, refusal, &message);
    if (code)
        return code;
    Comity__V1__SignedCommand *envelope = (Comity__V1__SignedCommand *) message;
    if (envelope->command.len == 0)
        return refuse(refusal, ERR_MISSING, "command");
    if (envelope->signature.len != SIGNATURE_SIZE)
        return refuse(refusal, envelope->signature.len == 0 ? ERR_MISSING : ERR_RANGE, "signature");
    if (envelope->n_cosignatures > COSIGNERS_MAX)
        return refuse_limit(refusal, ERR_RANGE, "cosignatures", COSIGNERS_MAX);
    for (size_t i = 0; i < envelope->n_cosignatures; i++) {
        const Comity__V1__CoSignature *cosignature = envelope->cosignatures[i];
        if (cosignature->key.len != KEY_SIZE || cosignature->signature.len != SIGNATURE_SIZE)
            return refuse(refusal, ERR_RANGE, "cosignatures");
    }
    /* One form alone: it is kept as it came, and its author checks the receipt against the one that was sent.
     */
    struct bytes canonical;
    code = message_pack(&envelope->base, arena, &canonical);
    if (code)
        return refuse(refusal, code, "");
    if (!bytes_equal(canonical, signed_command))
        return refuse(refusal, ERR_MALFORMED, "signed_command");
    *ret_envelope = envelope;
    return 0;
}

static int text_count(const ProtobufCMessage *found, const char *path, void *context)
{
    (void) found;
    (void) path;
    size_t *count = context;
    return ++*count > COMMAND_TEXTS_MAX ? ERR_TOO_LARGE : 0;
}

static int body_open(struct bytes packed, struct arena *arena, struct refusal *refusal,
                     Comity__V1__Command **ret_body, size_t *ret_text_count)
{
    ProtobufCMessage *message;
    int code = message_unpack(&comity__v1__command__descriptor, packed, COMMAND_LARGE_MAX_BYTES, arena,
                              refusal, &message);
    if (code)
        return code;
    Comity__V1__Command *body = (Comity__V1__Command *) message;
    if (packed.size > size_max(body))
        return refuse_limit(refusal, ERR_TOO_LARGE, "", size_max(body));
    size_t texts = 0;
    if (message_visit(message, &comity__v1__text_ref__descriptor, text_count, &texts))
        return refuse_limit(refusal, ERR_TOO_LARGE, "texts", COMMAND_TEXTS_MAX);
    code = command_form_check(body, refusal);
    if (code)
        return code;
    *ret_body = body;
    *ret_text_count = texts;
    return 0;
}

int command_open(struct bytes signed_command, struct arena *arena, struct refusal *refusal,
                 struct command *ret_command)
{
    Comity__V1__SignedCommand *envelope = NULL;
    int code = envelope_open(signed_command, arena, refusal, &envelope);
    if (code)
        return code;
    Comity__V1__Command *body = NULL;
    size_t texts = 0;
    code = body_open(binary(envelope->command), arena, refusal, &body, &texts);
    if (code)
        return code;

    uint8_t hash[HASH_SIZE];
    crypto_hash_sha256(hash, envelope->command.data, envelope->command.len);
    memset(ret_command, 0, sizeof(*ret_command));
    memcpy(ret_command->id, hash, COMMAND_ID_SIZE);
    bool founds = body->body_case == COMITY__V1__COMMAND__BODY_FOUND;
    memcpy(ret_command->history, founds ? hash : body->history.data, HISTORY_ID_SIZE);
    ret_command->signed_command = signed_command;
    ret_command->envelope = envelope;
    ret_command->body = body;
    return 0;
}

struct take {
    Comity__V1__Text *const *given;
    size_t given_count;
    struct command_text *texts; /* NULL: only count */
    size_t count;
    struct refusal *refusal;
};

static int text_take(const ProtobufCMessage *found, const char *path, void *context)
{
    struct take *take = context;
    const Comity__V1__TextRef *reference = (const Comity__V1__TextRef *) found;
    if (take->count >= take->given_count)
        return refuse(take->refusal, ERR_MISSING, path);
    const Comity__V1__Text *given = take->given[take->count];
    if (!given) { /* purged since: its hash stands for it */
        take->texts[take->count++] = (struct command_text){reference->hash.data, NULL, BYTES(NULL, 0)};
        return 0;
    }
    struct bytes content = binary(given->content);
    if (given->salt.len != SALT_SIZE || content.size != reference->size)
        return refuse(take->refusal, ERR_TEXT, path);
    if (!utf8_is_valid(content))
        return refuse(take->refusal, ERR_UTF8, path);
    uint8_t hash[HASH_SIZE];
    text_hash(given->salt.data, content, hash);
    if (memcmp(hash, reference->hash.data, HASH_SIZE) != 0)
        return refuse(take->refusal, ERR_TEXT, path);
    take->texts[take->count++] = (struct command_text){reference->hash.data, given->salt.data, content};
    return 0;
}

int command_take_texts(struct command *command, Comity__V1__Text *const *texts, size_t count,
                       struct arena *arena, struct refusal *refusal)
{
    if (count > COMMAND_TEXTS_MAX)
        return refuse_limit(refusal, ERR_TOO_LARGE, "texts", COMMAND_TEXTS_MAX);
    struct take take = {texts, count, NULL, 0, refusal};
    take.texts = arena_alloc(arena, count * sizeof(*take.texts));
    if (!take.texts)
        return refuse(refusal, ERR_MEMORY, "");
    int code = message_visit(&command->body->base, &comity__v1__text_ref__descriptor, text_take, &take);
    if (code)
        return code;
    if (take.count < count)
        return refuse(refusal, ERR_TEXT, "texts");
    command->texts = take.texts;
    command->text_count = take.count;
    return 0;
}

/* The place of a key among the command's cosigners; n_cosigners if it is none of them. */
static size_t cosigner_index(const Comity__V1__Command *body, const uint8_t *key)
{
    size_t i = 0;
    while (i < body->n_cosigners && memcmp(body->cosigners[i].data, key, KEY_SIZE) != 0)
        i++;
    return i;
}

int command_check_signatures(const struct command *command, struct refusal *refusal)
{
    const Comity__V1__SignedCommand *envelope = command->envelope;
    const Comity__V1__Command *body = command->body;
    struct bytes bytes = binary(envelope->command);

    /* What costs little comes first: everybody named, and nobody else, has signed, in the order of the names.
     */
    if (envelope->n_cosignatures != body->n_cosigners)
        return refuse(refusal, ERR_COSIGNERS, "cosignatures");
    for (size_t i = 0; i < envelope->n_cosignatures; i++)
        if (memcmp(envelope->cosignatures[i]->key.data, body->cosigners[i].data, KEY_SIZE) != 0)
            return refuse(refusal, ERR_COSIGNERS, "cosignatures");

    if (signature_check(body->key.data, TAG_COMMAND, bytes, envelope->signature.data))
        return refuse(refusal, ERR_SIGNATURE, "signature");
    for (size_t i = 0; i < envelope->n_cosignatures; i++) {
        const Comity__V1__CoSignature *cosignature = envelope->cosignatures[i];
        if (signature_check(cosignature->key.data, TAG_COMMAND, bytes, cosignature->signature.data))
            return refuse(refusal, ERR_SIGNATURE, "cosignatures");
    }
    return 0;
}

const char *command_name(const Comity__V1__Command *body)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&comity__v1__command__descriptor, (unsigned) body->body_case);
    return field ? field->name : NULL;
}

int command_seal_up(const Comity__V1__Command *body, const struct signing_key *key, struct arena *arena,
                    struct bytes *ret_signed_command, uint8_t ret_id[COMMAND_ID_SIZE])
{
    if (!bytes_equal(binary(body->key), BYTES(key->public_key, KEY_SIZE)))
        return ERR_SIGNATURE;
    struct bytes packed;
    int code = message_pack(&body->base, arena, &packed);
    if (code)
        return code;
    if (packed.size > size_max(body))
        return ERR_TOO_LARGE;
    uint8_t signature[SIGNATURE_SIZE];
    code = signature_make(key, TAG_COMMAND, packed, signature);
    if (code)
        return code;

    Comity__V1__SignedCommand envelope = COMITY__V1__SIGNED_COMMAND__INIT;
    envelope.command = binary_of(packed.data, packed.size);
    envelope.signature = binary_of(signature, sizeof(signature));
    code = message_pack(&envelope.base, arena, ret_signed_command);
    if (code)
        return code;
    uint8_t hash[HASH_SIZE];
    crypto_hash_sha256(hash, packed.data, packed.size);
    memcpy(ret_id, hash, COMMAND_ID_SIZE);
    return 0;
}

int command_cosign(struct bytes signed_command, const struct signing_key *key, struct arena *arena,
                   struct bytes *ret_signed_command)
{
    struct command command;
    int code = command_open(signed_command, arena, NULL, &command);
    if (code)
        return code;
    if (cosigner_index(command.body, key->public_key) == command.body->n_cosigners)
        return ERR_COSIGNERS;
    uint8_t signature[SIGNATURE_SIZE];
    code = signature_make(key, TAG_COMMAND, binary(command.envelope->command), signature);
    if (code)
        return code;
    Comity__V1__CoSignature own = COMITY__V1__CO_SIGNATURE__INIT;
    own.key = binary_of(key->public_key, KEY_SIZE);
    own.signature = binary_of(signature, sizeof(signature));

    /* In ascending order of keys, so that whoever signs first the bytes come out the same. */
    Comity__V1__SignedCommand envelope = *command.envelope;
    Comity__V1__CoSignature **list =
        arena_alloc(arena, (envelope.n_cosignatures + 1) * sizeof(Comity__V1__CoSignature *));
    if (!list)
        return ERR_MEMORY;
    size_t count = 0;
    bool is_in = false;
    for (size_t i = 0; i < envelope.n_cosignatures; i++) {
        int order = memcmp(envelope.cosignatures[i]->key.data, key->public_key, KEY_SIZE);
        if (order >= 0 && !is_in) {
            list[count++] = &own;
            is_in = true;
        }
        if (order != 0)
            list[count++] = envelope.cosignatures[i];
    }
    if (!is_in)
        list[count++] = &own;
    envelope.cosignatures = list;
    envelope.n_cosignatures = count;
    return message_pack(&envelope.base, arena, ret_signed_command);
}
