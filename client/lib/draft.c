#include "client/lib/draft.h"

#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#include "client/lib/texts.h"
#include "core/error.h"
#include "core/frame.h"
#include "core/seal.h"

enum {
    DRAFT_ARENA_BYTES = 64 * 1024 * 1024,
    FOUNDING_TOKEN_MAX = 128,
    SUBMIT_MAX_BYTES = FRAME_BODY_MAX_BYTES - SEAL_OVERHEAD - 16, /* with room for the Request around it */
};

/* A day less than the longest: as long as the journal keeps what was sent, and a clock may be off. */
#define DRAFT_VALIDITY_PRESET_MS (VALIDITY_MAX_MS - (int64_t) 24 * 3600 * 1000)

static const char DRAFT_MAGIC[] = "comity draft 1\n";
static const char DRAFT_MAGIC_ANY[] = "comity draft ";

void fault_from_refusal(struct comity_fault *fault, const struct refusal *refusal)
{
    _Static_assert((int) COMITY_FIELD_SIZE == (int) FIELD_PATH_MAX, "both hold the same paths");
    fault->code = refusal->code;
    memcpy(fault->field, refusal->field, sizeof(fault->field));
    fault->latest = refusal->latest;
    fault->limit = refusal->limit;
}

/* End a function of this file: hand over the refusal of @code, whoever found it. */
static int fault_give(struct comity_fault *ret_fault, const struct refusal *refusal, int code)
{
    if (code == 0 || ret_fault == NULL)
        return code;
    fault_from_refusal(ret_fault, refusal);
    ret_fault->code = code;
    return code;
}

static struct comity_draft *draft_new(void)
{
    struct comity_draft *draft = calloc(1, sizeof(*draft));
    if (draft == NULL)
        return NULL;
    comity__v1__submit__init(&draft->submit);
    draft->arena = arena_new(DRAFT_ARENA_BYTES);
    if (draft->arena == NULL)
        comity_draft_destroy(&draft);
    return draft;
}

void comity_draft_destroy(struct comity_draft **draft)
{
    if (draft == NULL || *draft == NULL)
        return;
    arena_destroy(&(*draft)->arena);
    free(*draft);
    *draft = NULL;
}

static bool is_purged(const Comity__V1__Text *text)
{
    return text->salt.len == 0 && text->content.len == 0;
}

/* The texts as they are to be taken: of one that was purged its hash in the command is all. */
static Comity__V1__Text *const *texts_given(struct comity_draft *draft, bool is_kept)
{
    size_t count = draft->submit.n_texts;
    Comity__V1__Text **given = arena_alloc(draft->arena, (count + 1) * sizeof(Comity__V1__Text *));
    for (size_t i = 0; given != NULL && i < count; i++)
        given[i] = is_kept && is_purged(draft->submit.texts[i]) ? NULL : draft->submit.texts[i];
    return given;
}

/* Open @signed_command, and take the texts that are in draft->submit. */
static int draft_open(struct comity_draft *draft, struct bytes signed_command, bool is_kept,
                      struct refusal *refusal)
{
    struct command command = {0};
    Comity__V1__Text *const *given = texts_given(draft, is_kept);
    int code = given != NULL ? command_open(signed_command, draft->arena, refusal, &command) : ERR_MEMORY;
    if (code == 0)
        code = command_take_texts(&command, given, draft->submit.n_texts, draft->arena, refusal);
    if (code != 0)
        return code;
    const char **prose = arena_alloc(draft->arena, (command.text_count + 1) * sizeof(*prose));
    if (prose == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < command.text_count; i++) {
        if (command.texts[i].salt == NULL)
            continue;
        prose[i] = arena_printf(draft->arena, "%.*s", (int) command.texts[i].content.size,
                                (const char *) command.texts[i].content.data);
        if (prose[i] == NULL)
            return ERR_MEMORY;
    }
    draft->command = command;
    draft->prose = prose;
    draft->submit.signed_command =
        (ProtobufCBinaryData){command.signed_command.size, (uint8_t *) command.signed_command.data};
    return 0;
}

/* ---- Writing ---- */

struct text_walk {
    struct comity_draft *draft;
    const struct comity_texts *texts;
    struct refusal *refusal;
    size_t count;
};

static int text_copy(struct text_walk *walk, const Comity__V1__Text *text)
{
    struct arena *arena = walk->draft->arena;
    ProtobufCMessage *copy = NULL;
    int code = message_copy(&text->base, arena, &copy);
    if (code != 0)
        return code;
    walk->draft->submit.texts[walk->count++] = (Comity__V1__Text *) copy;
    return 0;
}

static int text_take(const ProtobufCMessage *found, const char *path, void *context)
{
    struct text_walk *walk = context;
    const Comity__V1__Text *text = texts_find(walk->texts, ((const Comity__V1__TextRef *) found)->hash);
    if (text == NULL)
        return refuse(walk->refusal, ERR_TEXT, path);
    if (walk->count == COMMAND_TEXTS_MAX)
        return refuse_limit(walk->refusal, ERR_LIMIT, path, COMMAND_TEXTS_MAX);
    return text_copy(walk, text);
}

static int texts_take(struct comity_draft *draft, const Comity__V1__Command *command,
                      const struct comity_texts *texts, struct refusal *refusal)
{
    struct text_walk walk = {draft, texts, refusal, 0};
    draft->submit.texts = arena_alloc(draft->arena, COMMAND_TEXTS_MAX * sizeof(*draft->submit.texts));
    if (draft->submit.texts == NULL)
        return ERR_MEMORY;
    int code = message_visit(&command->base, &comity__v1__text_ref__descriptor, text_take, &walk);
    draft->submit.n_texts = walk.count;
    return code;
}

static int key_compare(const void *a, const void *b)
{
    const ProtobufCBinaryData *left = a;
    const ProtobufCBinaryData *right = b;
    size_t size = left->len < right->len ? left->len : right->len;
    int order = size == 0 ? 0 : memcmp(left->data, right->data, size);
    return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

static int cosigners_sort(Comity__V1__Command *command, struct arena *arena)
{
    if (command->n_cosigners == 0)
        return 0;
    command->cosigners =
        arena_copy(arena, command->cosigners, command->n_cosigners * sizeof(*command->cosigners));
    if (command->cosigners == NULL)
        return ERR_MEMORY;
    qsort(command->cosigners, command->n_cosigners, sizeof(*command->cosigners), key_compare);
    return 0;
}

static int64_t now_unix_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* @command is a shallow copy that this may fill in. */
static int draft_write(struct comity_draft *draft, Comity__V1__Command *command, const uint8_t *history,
                       const struct comity_texts *texts, struct signing_key *key, struct refusal *refusal)
{
    command->history = (ProtobufCBinaryData){history == NULL ? 0 : HISTORY_ID_SIZE, (uint8_t *) history};
    command->key = (ProtobufCBinaryData){KEY_SIZE, key->public_key};
    uint8_t nonce[NONCE_SIZE];
    randombytes_buf(nonce, sizeof(nonce));
    command->nonce = (ProtobufCBinaryData){sizeof(nonce), nonce};
    struct bytes signed_command;
    uint8_t id[COMMAND_ID_SIZE];
    int code = cosigners_sort(command, draft->arena);
    if (code == 0)
        code = texts_take(draft, command, texts, refusal);
    if (code == 0)
        code = command_seal_up(command, key, draft->arena, &signed_command, id);
    if (code == 0)
        code = draft_open(draft, signed_command, false, refusal);
    struct bytes packed;
    return code != 0 ? code : draft_pack_submit(draft, draft->arena, &packed);
}

int comity_draft_new(const Comity__V1__Command *command, const uint8_t *history,
                     const struct comity_texts *texts, const uint8_t seed[COMITY_KEY_SIZE],
                     int64_t valid_for_ms, struct comity_draft **ret_draft, struct comity_fault *ret_fault)
{
    struct refusal refusal = {0};
    if (valid_for_ms < 0 || valid_for_ms > VALIDITY_MAX_MS)
        return fault_give(ret_fault, &refusal, refuse(&refusal, ERR_VALIDITY, "valid_until_ms"));
    CLEANUP(comity_draft_destroy) struct comity_draft *draft = draft_new();
    if (draft == NULL || key_init() != 0)
        return fault_give(ret_fault, &refusal, ERR_MEMORY);
    Comity__V1__Command filled = *command;
    filled.valid_until_ms = now_unix_ms() + (valid_for_ms == 0 ? DRAFT_VALIDITY_PRESET_MS : valid_for_ms);
    struct signing_key key;
    signing_key_from_seed(seed, &key);
    int code = draft_write(draft, &filled, history, texts, &key, &refusal);
    signing_key_wipe(&key);
    if (code != 0)
        return fault_give(ret_fault, &refusal, code);
    *ret_draft = draft;
    draft = NULL;
    return 0;
}

int comity_draft_cosign(struct comity_draft *draft, const uint8_t seed[COMITY_KEY_SIZE])
{
    struct signing_key key;
    struct bytes signed_command;
    struct refusal refusal = {0};
    signing_key_from_seed(seed, &key);
    int code = command_cosign(draft->command.signed_command, &key, draft->arena, &signed_command);
    signing_key_wipe(&key);
    return code != 0 ? code : draft_open(draft, signed_command, false, &refusal);
}

int comity_draft_set_token(struct comity_draft *draft, const char *founding_token)
{
    size_t size = strlen(founding_token);
    if (size == 0 || size > FOUNDING_TOKEN_MAX)
        return ERR_RANGE;
    char *token = arena_string(draft->arena, founding_token);
    if (token == NULL)
        return ERR_MEMORY;
    draft->submit.founding_token = token;
    return 0;
}

/* ---- The portable form ---- */

int draft_pack_submit(const struct comity_draft *draft, struct arena *arena, struct bytes *ret_packed)
{
    if (comity__v1__submit__get_packed_size(&draft->submit) > SUBMIT_MAX_BYTES)
        return ERR_TOO_LARGE;
    return message_pack(&draft->submit.base, arena, ret_packed);
}

int comity_draft_pack(const struct comity_draft *draft, uint8_t **ret_bytes, size_t *ret_size)
{
    const size_t magic_size = sizeof(DRAFT_MAGIC) - 1;
    size_t size = magic_size + comity__v1__submit__get_packed_size(&draft->submit);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return ERR_MEMORY;
    memcpy(bytes, DRAFT_MAGIC, magic_size);
    comity__v1__submit__pack(&draft->submit, bytes + magic_size);
    *ret_bytes = bytes;
    *ret_size = size;
    return 0;
}

/* The magic line: 0, or why this is not a draft that can be read. */
static int magic_check(struct bytes bytes)
{
    if (bytes.size >= sizeof(DRAFT_MAGIC) - 1 &&
        memcmp(bytes.data, DRAFT_MAGIC, sizeof(DRAFT_MAGIC) - 1) == 0)
        return 0;
    size_t size = sizeof(DRAFT_MAGIC_ANY) - 1;
    return bytes.size >= size && memcmp(bytes.data, DRAFT_MAGIC_ANY, size) == 0 ? ERR_VERSION : ERR_MALFORMED;
}

/* Every signature that is there must fit, and be of a key that the command names. */
static int signatures_check(const struct command *command, struct refusal *refusal)
{
    const Comity__V1__SignedCommand *envelope = command->envelope;
    struct bytes bytes = BYTES(envelope->command.data, envelope->command.len);
    if (envelope->signature.len != SIGNATURE_SIZE ||
        signature_check(command->body->key.data, TAG_COMMAND, bytes, envelope->signature.data) != 0)
        return refuse(refusal, ERR_SIGNATURE, "signature");
    for (size_t i = 0; i < envelope->n_cosignatures; i++) {
        const Comity__V1__CoSignature *cosignature = envelope->cosignatures[i];
        bool is_named = false;
        for (size_t k = 0; k < command->body->n_cosigners; k++)
            is_named = is_named || key_compare(&command->body->cosigners[k], &cosignature->key) == 0;
        if (!is_named)
            return refuse(refusal, ERR_COSIGNERS, "cosignatures");
        if (cosignature->signature.len != SIGNATURE_SIZE ||
            signature_check(cosignature->key.data, TAG_COMMAND, bytes, cosignature->signature.data) != 0)
            return refuse(refusal, ERR_SIGNATURE, "cosignatures");
    }
    return 0;
}

static int draft_read(struct comity_draft *draft, struct bytes packed, bool is_kept, struct refusal *refusal)
{
    packed = arena_bytes(draft->arena, packed);
    if (packed.data == NULL)
        return ERR_MALFORMED;
    ProtobufCMessage *message = NULL;
    int code = message_unpack(&comity__v1__submit__descriptor, packed, SUBMIT_MAX_BYTES, draft->arena,
                              refusal, &message);
    if (code != 0)
        return code;
    draft->submit = *(const Comity__V1__Submit *) message;
    if (strlen(draft->submit.founding_token) > FOUNDING_TOKEN_MAX)
        return refuse(refusal, ERR_RANGE, "founding_token");
    struct bytes signed_command = BYTES(draft->submit.signed_command.data, draft->submit.signed_command.len);
    code = draft_open(draft, signed_command, is_kept, refusal);
    return code != 0 ? code : signatures_check(&draft->command, refusal);
}

static int draft_unpack(struct bytes bytes, bool is_kept, struct comity_draft **ret_draft,
                        struct refusal *refusal)
{
    const size_t magic_size = sizeof(DRAFT_MAGIC) - 1;
    int code = magic_check(bytes);
    if (code != 0)
        return code;
    CLEANUP(comity_draft_destroy) struct comity_draft *draft = draft_new();
    if (draft == NULL || key_init() != 0)
        return ERR_MEMORY;
    code = draft_read(draft, BYTES(bytes.data + magic_size, bytes.size - magic_size), is_kept, refusal);
    if (code != 0)
        return code;
    *ret_draft = draft;
    draft = NULL;
    return 0;
}

int comity_draft_unpack(const uint8_t *bytes, size_t size, struct comity_draft **ret_draft,
                        struct comity_fault *ret_fault)
{
    struct refusal refusal = {0};
    int code = draft_unpack(BYTES(bytes, size), false, ret_draft, &refusal);
    return fault_give(ret_fault, &refusal, code);
}

int draft_unpack_kept(struct bytes bytes, struct comity_draft **ret_draft)
{
    struct refusal refusal = {0};
    return draft_unpack(bytes, true, ret_draft, &refusal);
}

size_t draft_forget_texts(struct comity_draft *draft, const ProtobufCBinaryData *hashes, size_t count)
{
    static Comity__V1__Text purged = COMITY__V1__TEXT__INIT;
    size_t forgotten = 0;
    for (size_t i = 0; i < draft->command.text_count; i++)
        for (size_t k = 0; k < count; k++)
            if (!is_purged(draft->submit.texts[i]) &&
                bytes_equal(BYTES(draft->command.texts[i].hash, HASH_SIZE),
                            BYTES(hashes[k].data, hashes[k].len))) {
                draft->submit.texts[i] = &purged;
                forgotten++;
            }
    return forgotten;
}

/* ---- Looking at it ---- */

const Comity__V1__Command *comity_draft_command(const struct comity_draft *draft)
{
    return draft->command.body;
}

const char *comity_draft_name(const struct comity_draft *draft)
{
    return command_name(draft->command.body);
}

const uint8_t *comity_draft_id(const struct comity_draft *draft)
{
    return draft->command.id;
}

const uint8_t *comity_draft_history(const struct comity_draft *draft)
{
    return draft->command.history;
}

const char *comity_draft_text(const struct comity_draft *draft, const Comity__V1__TextRef *reference)
{
    if (reference == NULL)
        return NULL;
    for (size_t i = 0; i < draft->command.text_count; i++)
        if (bytes_equal(BYTES(draft->command.texts[i].hash, HASH_SIZE),
                        BYTES(reference->hash.data, reference->hash.len)))
            return draft->prose[i];
    return NULL;
}

static bool has_cosigned(const struct command *command, const ProtobufCBinaryData *key)
{
    for (size_t i = 0; i < command->envelope->n_cosignatures; i++)
        if (key_compare(&command->envelope->cosignatures[i]->key, key) == 0)
            return true;
    return false;
}

size_t comity_draft_missing(const struct comity_draft *draft, uint8_t (*ret_keys)[COMITY_KEY_SIZE],
                            size_t size)
{
    const Comity__V1__Command *body = draft->command.body;
    size_t count = 0;
    for (size_t i = 0; i < body->n_cosigners; i++) {
        if (has_cosigned(&draft->command, &body->cosigners[i]))
            continue;
        if (count < size)
            memcpy(ret_keys[count], body->cosigners[i].data, KEY_SIZE);
        count++;
    }
    return count;
}
