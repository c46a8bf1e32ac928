#include "core/note.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "core/error.h"
#include "core/text.h"

enum {
    KEY_ID_SIZE = 4,
    TIME_SIZE = 8,
    NOTE_BASE64 = sodium_base64_VARIANT_ORIGINAL,
};

/* Bytes of a signature by a key of this kind. */
static size_t signature_size(enum note_kind kind)
{
    return kind == NOTE_COSIGNATURE ? TIME_SIZE + SIGNATURE_SIZE : SIGNATURE_SIZE;
}

static const char LINE_START[] = "\xE2\x80\x94 "; /* an em dash and a space */
static const size_t LINE_START_SIZE = sizeof(LINE_START) - 1;

/* What separates words by Unicode, beyond ASCII's. */
static const char *const SPACES[] = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
    "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
    "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
    "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
};

static bool starts_with(struct bytes bytes, const char *start)
{
    size_t length = strlen(start);
    return bytes.size >= length && memcmp(bytes.data, start, length) == 0;
}

/* Signed-note: not empty, UTF-8, no spaces and no plus. */
static bool key_name_is_valid(struct bytes name)
{
    if (name.size == 0 || !utf8_is_valid(name))
        return false;
    for (; name.size > 0; name.data++, name.size--) {
        if (name.data[0] <= 0x20 || name.data[0] == 0x7F || name.data[0] == '+')
            return false;
        for (size_t i = 0; i < ARRAY_COUNT(SPACES); i++) {
            if (starts_with(name, SPACES[i]))
                return false;
        }
    }
    return true;
}

/* What is before the separator; *rest goes past it. False if there is none. */
static bool take_until(struct bytes *rest, char separator, struct bytes *ret_taken)
{
    const uint8_t *at = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;
    if (!at)
        return false;
    *ret_taken = BYTES(rest->data, (size_t) (at - rest->data));
    rest->size -= ret_taken->size + 1;
    rest->data = at + 1;
    return true;
}

/* First four bytes of SHA-256(name \n kind public key). */
static uint32_t key_id(struct bytes name, enum note_kind kind, const uint8_t public_key[KEY_SIZE])
{
    const uint8_t separator[2] = {'\n', (uint8_t) kind};
    uint8_t hash[HASH_SIZE];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, name.data, name.size);
    crypto_hash_sha256_update(&state, separator, sizeof(separator));
    crypto_hash_sha256_update(&state, public_key, KEY_SIZE);
    crypto_hash_sha256_final(&state, hash);
    return get_u32(hash);
}

int note_verifier_make(const char *name, enum note_kind kind, const uint8_t public_key[KEY_SIZE],
                       struct note_verifier *ret_verifier)
{
    struct bytes bytes = BYTES(name, strlen(name));
    if (bytes.size >= sizeof(ret_verifier->name) || !key_name_is_valid(bytes))
        return ERR_MALFORMED;
    memset(ret_verifier, 0, sizeof(*ret_verifier));
    memcpy(ret_verifier->name, name, bytes.size);
    memcpy(ret_verifier->public_key, public_key, KEY_SIZE);
    ret_verifier->kind = kind;
    ret_verifier->key_id = key_id(bytes, kind, public_key);
    return 0;
}

void note_verifier_write(const struct note_verifier *verifier, char ret_text[NOTE_VERIFIER_MAX_BYTES + 1])
{
    uint8_t key[1 + KEY_SIZE] = {(uint8_t) verifier->kind};
    char encoded[sodium_base64_ENCODED_LEN(1 + KEY_SIZE, NOTE_BASE64)];
    memcpy(key + 1, verifier->public_key, KEY_SIZE);
    sodium_bin2base64(encoded, sizeof(encoded), key, sizeof(key), NOTE_BASE64);
    snprintf(ret_text, NOTE_VERIFIER_MAX_BYTES + 1, "%s+%08" PRIx32 "+%s", verifier->name, verifier->key_id,
             encoded);
}

int note_verifier_read(const char *text, struct note_verifier *ret_verifier)
{
    struct bytes rest = BYTES(text, strlen(text));
    struct bytes name, id;
    if (!take_until(&rest, '+', &name) || !take_until(&rest, '+', &id))
        return ERR_MALFORMED;

    char id_hex[2 * KEY_ID_SIZE + 1] = {0};
    uint8_t id_bytes[KEY_ID_SIZE];
    if (id.size != 2 * KEY_ID_SIZE)
        return ERR_MALFORMED;
    memcpy(id_hex, id.data, id.size);
    uint8_t key[1 + KEY_SIZE];
    size_t length;
    if (hex_decode(id_hex, id_bytes, KEY_ID_SIZE) || base64_decode(rest, key, sizeof(key), &length) != 0 ||
        length != sizeof(key) || (key[0] != NOTE_SIGNATURE && key[0] != NOTE_COSIGNATURE))
        return ERR_MALFORMED;

    struct note_verifier verifier;
    char name_text[sizeof(verifier.name)] = {0};
    if (name.size >= sizeof(name_text))
        return ERR_MALFORMED;
    memcpy(name_text, name.data, name.size);
    if (note_verifier_make(name_text, (enum note_kind) key[0], key + 1, &verifier) || verifier.key_id != get_u32(id_bytes))
        return ERR_MALFORMED;
    *ret_verifier = verifier;
    return 0;
}

static size_t line_write(const char *name, uint32_t id, const uint8_t *signature, size_t size,
                         char buffer[NOTE_LINE_MAX_BYTES + 1])
{
    uint8_t bytes[KEY_ID_SIZE + TIME_SIZE + SIGNATURE_SIZE];
    char encoded[sodium_base64_ENCODED_LEN(sizeof(bytes), NOTE_BASE64)];
    put_u32(bytes, id);
    memcpy(bytes + KEY_ID_SIZE, signature, size);
    sodium_bin2base64(encoded, sizeof(encoded), bytes, KEY_ID_SIZE + size, NOTE_BASE64);
    return (size_t) snprintf(buffer, NOTE_LINE_MAX_BYTES + 1, "%s%s %s\n", LINE_START, name, encoded);
}

size_t note_sign_line(struct bytes text, const char *name, const struct signing_key *key,
                      char buffer[NOTE_LINE_MAX_BYTES + 1])
{
    struct note_verifier verifier;
    uint8_t signature[SIGNATURE_SIZE];
    if (note_verifier_make(name, NOTE_SIGNATURE, key->public_key, &verifier))
        return 0;
    signature_make_raw(key, text, signature);
    return line_write(name, verifier.key_id, signature, sizeof(signature), buffer);
}

/* What a cosignature signs. */
enum { COSIGNED_HEAD_MAX_BYTES = 48 };

static struct bytes cosigned_bytes(struct bytes text, int64_t time_s,
                                   uint8_t buffer[COSIGNED_HEAD_MAX_BYTES + NOTE_MAX_BYTES])
{
    int head = snprintf((char *) buffer, COSIGNED_HEAD_MAX_BYTES, "cosignature/v1\ntime %" PRId64 "\n", time_s);
    if (text.size > 0)
        memcpy(buffer + head, text.data, text.size);
    return BYTES(buffer, (size_t) head + text.size);
}

void cosignature_make(struct bytes text, int64_t time_s, const struct signing_key *key,
                      uint8_t ret_signature[SIGNATURE_SIZE])
{
    uint8_t buffer[COSIGNED_HEAD_MAX_BYTES + NOTE_MAX_BYTES];
    assert(text.size <= NOTE_MAX_BYTES && time_s >= 0);
    signature_make_raw(key, cosigned_bytes(text, time_s, buffer), ret_signature);
}

int cosignature_check(const uint8_t public_key[KEY_SIZE], struct bytes text, int64_t time_s, struct bytes signature)
{
    uint8_t buffer[COSIGNED_HEAD_MAX_BYTES + NOTE_MAX_BYTES];
    if (text.size > NOTE_MAX_BYTES || time_s < 0 || signature.size != SIGNATURE_SIZE)
        return ERR_SIGNATURE;
    return signature_check_raw(public_key, cosigned_bytes(text, time_s, buffer), signature);
}

size_t cosignature_line(const char *name, const uint8_t public_key[KEY_SIZE], int64_t time_s,
                        const uint8_t signature[SIGNATURE_SIZE], char buffer[NOTE_LINE_MAX_BYTES + 1])
{
    struct note_verifier verifier;
    uint8_t bytes[TIME_SIZE + SIGNATURE_SIZE];
    if (note_verifier_make(name, NOTE_COSIGNATURE, public_key, &verifier))
        return 0;
    put_u64(bytes, (uint64_t) time_s);
    memcpy(bytes + TIME_SIZE, signature, SIGNATURE_SIZE);
    return line_write(name, verifier.key_id, bytes, sizeof(bytes), buffer);
}

struct note_signature {
    struct bytes name;
    uint32_t key_id;
    uint8_t bytes[TIME_SIZE + SIGNATURE_SIZE];
    size_t size; /* more than there is room for: of another kind of key, bytes not kept */
};

/* One line without its newline: "— name base64(key id, signature)". */
static bool signature_line_read(struct bytes line, struct note_signature *ret_signature)
{
    if (!starts_with(line, LINE_START))
        return false;
    line.data += LINE_START_SIZE;
    line.size -= LINE_START_SIZE;
    uint8_t decoded[NOTE_MAX_BYTES];
    size_t length;
    if (!take_until(&line, ' ', &ret_signature->name) || !key_name_is_valid(ret_signature->name) ||
        base64_decode(line, decoded, sizeof(decoded), &length) != 0 || length <= KEY_ID_SIZE)
        return false;
    ret_signature->key_id = get_u32(decoded);
    ret_signature->size = length - KEY_ID_SIZE;
    if (ret_signature->size <= sizeof(ret_signature->bytes))
        memcpy(ret_signature->bytes, decoded + KEY_ID_SIZE, ret_signature->size);
    return true;
}

static bool verifier_fits(const struct note_verifier *verifier, struct bytes name, uint32_t id)
{
    return verifier->key_id == id && bytes_equal(BYTES(verifier->name, strlen(verifier->name)), name);
}

/* 0 or ERR_SIGNATURE. */
static int signature_verify(const struct note_verifier *verifier, struct bytes text,
                            const struct note_signature *signature)
{
    struct bytes bytes = BYTES(signature->bytes, signature->size);
    if (signature->size != signature_size(verifier->kind))
        return ERR_SIGNATURE;
    if (verifier->kind == NOTE_SIGNATURE)
        return signature_check_raw(verifier->public_key, text, bytes);
    uint64_t time_s = get_u64(bytes.data);
    if (time_s > INT64_MAX)
        return ERR_SIGNATURE;
    return cosignature_check(verifier->public_key, text, (int64_t) time_s,
                             BYTES(bytes.data + TIME_SIZE, SIGNATURE_SIZE));
}

static bool verifiers_are_distinct(const struct note_verifier *verifiers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (verifier_fits(&verifiers[i], BYTES(verifiers[k].name, strlen(verifiers[k].name)),
                              verifiers[k].key_id))
                return false;
        }
    }
    return true;
}

/* The text with its last newline, and the signature lines after the empty line. */
static bool note_split(struct bytes note, struct bytes *ret_text, struct bytes *ret_lines)
{
    if (note.size > NOTE_MAX_BYTES || note.size < 2 || note.data[note.size - 1] != '\n' ||
        !utf8_is_valid(note))
        return false;
    for (size_t i = 0; i < note.size; i++) {
        if (note.data[i] < 0x20 && note.data[i] != '\n')
            return false;
    }
    for (size_t at = note.size - 2; at > 0; at--) {
        if (note.data[at] == '\n' && note.data[at - 1] == '\n') {
            *ret_text = BYTES(note.data, at);
            *ret_lines = BYTES(note.data + at + 1, note.size - at - 1);
            return true;
        }
    }
    return false;
}

static int signatures_check(struct bytes text, struct bytes lines, const struct note_verifier *verifiers,
                            size_t count, size_t *ret_verified)
{
    struct note_signature seen[NOTE_SIGNATURES_MAX];
    size_t seen_count = 0;
    size_t verified = 0;
    struct bytes line;
    while (take_until(&lines, '\n', &line)) {
        if (seen_count == NOTE_SIGNATURES_MAX || !signature_line_read(line, &seen[seen_count]))
            return ERR_MALFORMED;
        const struct note_signature *signature = &seen[seen_count++];
        bool is_repeated = false;
        for (size_t i = 0; i + 1 < seen_count; i++)
            is_repeated = is_repeated ||
                          (seen[i].key_id == signature->key_id && bytes_equal(seen[i].name, signature->name));
        for (size_t i = 0; i < count && !is_repeated; i++) {
            if (!verifier_fits(&verifiers[i], signature->name, signature->key_id))
                continue;
            if (signature_verify(&verifiers[i], text, signature))
                return ERR_SIGNATURE;
            verified++;
        }
    }
    if (seen_count == 0)
        return ERR_MALFORMED;
    if (verified == 0)
        return ERR_SIGNATURE;
    *ret_verified = verified;
    return 0;
}

int note_open(struct bytes note, const struct note_verifier *verifiers, size_t count, struct bytes *ret_text,
              size_t *ret_verified)
{
    struct bytes text, lines;
    if (!verifiers_are_distinct(verifiers, count))
        return ERR_DUPLICATE;
    if (!note_split(note, &text, &lines))
        return ERR_MALFORMED;
    int code = signatures_check(text, lines, verifiers, count, ret_verified);
    if (code == 0)
        *ret_text = text;
    return code;
}

void checkpoint_origin(const uint8_t history[HISTORY_ID_SIZE], uint32_t epoch,
                       char ret_origin[ORIGIN_MAX_BYTES + 1])
{
    char hex[2 * HISTORY_ID_SIZE + 1];
    hex_encode(BYTES(history, HISTORY_ID_SIZE), hex);
    snprintf(ret_origin, ORIGIN_MAX_BYTES + 1, "comity/%s/%" PRIu32, hex, epoch);
}

size_t checkpoint_write(const struct checkpoint *checkpoint, char buffer[CHECKPOINT_MAX_BYTES])
{
    char root[sodium_base64_ENCODED_LEN(HASH_SIZE, NOTE_BASE64)];
    sodium_bin2base64(root, sizeof(root), checkpoint->root, HASH_SIZE, NOTE_BASE64);
    return (size_t) snprintf(buffer, CHECKPOINT_MAX_BYTES, "%s\n%" PRIu64 "\n%s\n", checkpoint->origin,
                             checkpoint->size, root);
}

size_t checkpoint_sign(const struct checkpoint *checkpoint, const struct signing_key *key,
                       char buffer[CHECKPOINT_MAX_BYTES])
{
    char line[NOTE_LINE_MAX_BYTES + 1];
    size_t text_size = checkpoint_write(checkpoint, buffer);
    size_t line_size = note_sign_line(BYTES(buffer, text_size), checkpoint->origin, key, line);
    return text_size + (size_t) snprintf(buffer + text_size, CHECKPOINT_MAX_BYTES - text_size, "\n%.*s",
                                         (int) line_size, line);
}

/* Decimal, no sign, no leading zero. */
static bool size_read(struct bytes text, uint64_t *ret_size)
{
    if (text.size == 0 || text.size > 20 || (text.size > 1 && text.data[0] == '0'))
        return false;
    uint64_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        uint64_t digit = (uint64_t) (text.data[i] - '0');
        if (size > (UINT64_MAX - digit) / 10)
            return false;
        size = size * 10 + digit;
    }
    *ret_size = size;
    return true;
}

int checkpoint_body_read(struct bytes text, struct checkpoint_body *ret_body)
{
    struct checkpoint_body body;
    struct bytes size, root, extension;
    if (!take_until(&text, '\n', &body.origin) || !take_until(&text, '\n', &size) ||
        !take_until(&text, '\n', &root))
        return ERR_MALFORMED;
    if (body.origin.size == 0 || !size_read(size, &body.size) ||
        base64_decode(root, body.root, sizeof(body.root), &body.root_size) != 0)
        return ERR_MALFORMED;
    while (take_until(&text, '\n', &extension)) {
        if (extension.size == 0)
            return ERR_MALFORMED;
    }
    if (text.size > 0)
        return ERR_MALFORMED;
    *ret_body = body;
    return 0;
}

int checkpoint_read(struct bytes text, struct checkpoint *ret_checkpoint)
{
    struct checkpoint_body body;
    int code = checkpoint_body_read(text, &body);
    if (code)
        return code;
    if (body.origin.size > ORIGIN_MAX_BYTES || body.root_size != HASH_SIZE || !utf8_is_valid(body.origin))
        return ERR_MALFORMED;
    memset(ret_checkpoint, 0, sizeof(*ret_checkpoint));
    memcpy(ret_checkpoint->origin, body.origin.data, body.origin.size);
    ret_checkpoint->size = body.size;
    memcpy(ret_checkpoint->root, body.root, HASH_SIZE);
    return 0;
}

int checkpoint_open(struct bytes note, const uint8_t public_key[KEY_SIZE], struct checkpoint *ret_checkpoint)
{
    struct bytes text, lines;
    struct checkpoint checkpoint;
    struct note_verifier verifier;
    if (!note_split(note, &text, &lines) || checkpoint_read(text, &checkpoint) ||
        note_verifier_make(checkpoint.origin, NOTE_SIGNATURE, public_key, &verifier))
        return ERR_MALFORMED;
    size_t verified;
    int code = signatures_check(text, lines, &verifier, 1, &verified);
    if (code == 0)
        *ret_checkpoint = checkpoint;
    return code;
}

int checkpoint_key_id(struct bytes note, uint32_t *ret_key_id)
{
    struct bytes text, lines, line;
    struct checkpoint checkpoint;
    struct note_signature signature;
    if (!note_split(note, &text, &lines) || checkpoint_read(text, &checkpoint))
        return ERR_MALFORMED;
    struct bytes origin = BYTES(checkpoint.origin, strlen(checkpoint.origin));
    while (take_until(&lines, '\n', &line))
        if (signature_line_read(line, &signature) && bytes_equal(signature.name, origin)) {
            *ret_key_id = signature.key_id;
            return 0;
        }
    return ERR_MALFORMED;
}
