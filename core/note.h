/* C2SP signed notes, tlog-checkpoints, and the cosignatures of witnesses.
 *
 * A checkpoint's text is  origin \n size in decimal \n base64(root) \n  (extension lines are allowed on reading), then an empty
 * line, then signature lines "\xe2\x80\x94 name base64(key id 4 | Ed25519 signature 64)". Key id: first 4 bytes of
 * SHA-256(name \n 01 public key). The origin of a history is "comity/<history in hex>/<epoch>", and so is the
 * key's name. Made and checked by C2SP signed-note and tlog-checkpoint.
 *
 * A cosignature (C2SP tlog-cosignature, "cosignature/v1") is an Ed25519 signature over  cosignature/v1 \n time N \n text,
 * with N in seconds since 1970; its line has  key id 4 | N, 8 bytes | signature 64  under the witness's name, and 04 in place
 * of 01 in the key id. The name is not signed. */
#ifndef COMITY_CORE_NOTE_H
#define COMITY_CORE_NOTE_H

#include "core/key.h"

enum { NOTE_MAX_BYTES = 16384, CHECKPOINT_MAX_BYTES = 512, ORIGIN_MAX_BYTES = 96, NOTE_SIGNATURES_MAX = 64 };

struct checkpoint {
    char origin[ORIGIN_MAX_BYTES + 1];
    uint64_t size;
    uint8_t root[HASH_SIZE];
};

void checkpoint_origin(const uint8_t history[HISTORY_ID_SIZE], uint32_t epoch, char ret_origin[ORIGIN_MAX_BYTES + 1]);

/* Text and signature into @buffer. Returns its length; deterministic. */
size_t checkpoint_sign(const struct checkpoint *checkpoint, const struct signing_key *key,
                       char buffer[CHECKPOINT_MAX_BYTES]);

/* Form, and a signature by this key under the origin's name. 0, ERR_MALFORMED, ERR_SIGNATURE. */
int checkpoint_open(struct bytes note, const uint8_t public_key[KEY_SIZE], struct checkpoint *ret_checkpoint);

/* Which key the first signature line under the origin's name says that it is by: that it fits is not checked. 0,
 * ERR_MALFORMED (the form, or there is no such line). */
int checkpoint_key_id(struct bytes note, uint32_t *ret_key_id);

/* Text alone, as it is signed. Returns its length. */
size_t checkpoint_write(const struct checkpoint *checkpoint, char buffer[CHECKPOINT_MAX_BYTES]);

/* Notes in general: a verifier key "name+hash8+base64(01 key)", of a witness "name+hash8+base64(04 key)", and whether a
 * note is well-formed and signed by it. */
enum note_kind { NOTE_SIGNATURE = 1, NOTE_COSIGNATURE = 4 };
struct note_verifier {
    char name[128];
    enum note_kind kind;
    uint32_t key_id;
    uint8_t public_key[KEY_SIZE];
};
enum { NOTE_VERIFIER_MAX_BYTES = 127 + 1 + 8 + 1 + 44 };
int note_verifier_read(const char *text, struct note_verifier *ret_verifier);      /* ERR_MALFORMED */
int note_verifier_make(const char *name, enum note_kind kind, const uint8_t public_key[KEY_SIZE],
                       struct note_verifier *ret_verifier);                         /* ERR_MALFORMED: the name */
void note_verifier_write(const struct note_verifier *verifier, char ret_text[NOTE_VERIFIER_MAX_BYTES + 1]);

/* How many of the verifiers signed: signatures of others are ignored, further ones of the same too. ERR_MALFORMED,
 * ERR_SIGNATURE (a known key's does not fit, or no key is known), ERR_DUPLICATE (two verifiers of one name and key
 * id). @ret_text points into @note. */
int note_open(struct bytes note, const struct note_verifier *verifiers, size_t count,
              struct bytes *ret_text, size_t *ret_verified);

/* The signature line of @name over the text, with its newline, NUL-terminated. Returns its length, 0 where it does
 * not fit. */
enum { NOTE_LINE_MAX_BYTES = 3 + 1 + 127 + 1 + 104 + 1 };
size_t note_sign_line(struct bytes text, const char *name, const struct signing_key *key,
                      char buffer[NOTE_LINE_MAX_BYTES + 1]);

/* A cosignature over a checkpoint's text, which is at most NOTE_MAX_BYTES. @time_s is not negative. */
void cosignature_make(struct bytes text, int64_t time_s, const struct signing_key *key,
                      uint8_t ret_signature[SIGNATURE_SIZE]);
/* 0 or ERR_SIGNATURE; also for a time or sizes that none can have. */
int cosignature_check(const uint8_t public_key[KEY_SIZE], struct bytes text, int64_t time_s, struct bytes signature);
/* Its line, as note_sign_line gives one. Returns its length, 0 where the name is none. */
size_t cosignature_line(const char *name, const uint8_t public_key[KEY_SIZE], int64_t time_s,
                        const uint8_t signature[SIGNATURE_SIZE], char buffer[NOTE_LINE_MAX_BYTES + 1]);

/* A checkpoint's text. ERR_MALFORMED; also for a root that is not 32 bytes, as of another hash than SHA-256. */
int checkpoint_read(struct bytes text, struct checkpoint *ret_checkpoint);

/* The form alone, for any hash: as published bodies are. Points into @text. */
enum { CHECKPOINT_ROOT_MAX_BYTES = 64 };
struct checkpoint_body {
    struct bytes origin;
    uint64_t size;
    uint8_t root[CHECKPOINT_ROOT_MAX_BYTES];
    size_t root_size;
};
int checkpoint_body_read(struct bytes text, struct checkpoint_body *ret_body);

#endif
