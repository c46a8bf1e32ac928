/* Signing keys (Ed25519) and signatures over exact bytes under a domain tag.
 *
 * What is signed is always  tag 00 bytes  so that a signature made for one purpose never fits another. All
 * cryptography is libsodium's. sodium_init() is called by key_init(), once, at the start of every program. */
#ifndef COMITY_CORE_KEY_H
#define COMITY_CORE_KEY_H

#include "core/bytes.h"

enum { SIGNATURE_SIZE = 64, SEED_SIZE = 32, CONNECTION_SECRET_SIZE = 32 };

/* Domain tags. */
#define TAG_COMMAND "comity/v1/command"
#define TAG_GRANT "comity/v1/grant"
#define TAG_TEXT "comity/v1/text"
#define TAG_PART "comity/v1/part"
#define TAG_COMMITMENT "comity/v1/commitment"
#define TAG_RULE "comity/v1/rule"
#define TAG_CHARTER "comity/v1/charter"
#define TAG_GROUP "comity/v1/group"
#define TAG_EXPORT "comity/v1/export"
#define TAG_COPY "comity/v1/copy"
#define TAG_BROKERS "comity/v1/brokers"
#define TAG_LOG_BEGIN "comity/v1/log-begin"
#define TAG_MOVE "comity/v1/move"
#define TAG_MOVE_ASK "comity/v1/move-ask"

/* A member's signing key, from its seed. */
struct signing_key {
    uint8_t seed[SEED_SIZE];
    uint8_t public_key[KEY_SIZE];
    uint8_t expanded[64];          /* libsodium's secret key: seed and public half */
};

/* A program's connection key: X25519, for CURVE and for seals alike. */
struct connection_key {
    uint8_t secret[CONNECTION_SECRET_SIZE];
    uint8_t public_key[KEY_SIZE];
};

/* 0 or ERR_INTERNAL. Safe to call again. */
int key_init(void);

void signing_key_generate(struct signing_key *ret_key);
void signing_key_from_seed(const uint8_t seed[SEED_SIZE], struct signing_key *ret_key);
void signing_key_wipe(struct signing_key *key);
void connection_key_generate(struct connection_key *ret_key);
void connection_key_from_secret(const uint8_t secret[CONNECTION_SECRET_SIZE], struct connection_key *ret_key);
void connection_key_wipe(struct connection_key *key);

/* SHA-256 of tag 00 bytes. */
void tagged_hash(const char *tag, struct bytes bytes, uint8_t ret_hash[HASH_SIZE]);

/* What is signed lies in one piece on the stack: tag, 00 and bytes together are at most SIGNED_MAX_BYTES.
 * 0 or ERR_TOO_LARGE. */
enum { SIGNED_MAX_BYTES = 132 * 1024 };
int signature_make(const struct signing_key *key, const char *tag, struct bytes bytes,
                   uint8_t ret_signature[SIGNATURE_SIZE]);

/* 0 or ERR_SIGNATURE. By libsodium's rule: canonical S, no small-order key or R. */
int signature_check(const uint8_t public_key[KEY_SIZE], const char *tag, struct bytes bytes,
                    const uint8_t signature[SIGNATURE_SIZE]);

/* The same over the bytes alone, without a tag: only for what others have defined (C2SP notes), never for a
 * member's key. */
void signature_make_raw(const struct signing_key *key, struct bytes bytes, uint8_t ret_signature[SIGNATURE_SIZE]);
int signature_check_raw(const uint8_t public_key[KEY_SIZE], struct bytes bytes, struct bytes signature);

/* The group's id: first 16 bytes of tagged_hash("comity/v1/group", its X25519 public key). */
void group_id(const uint8_t group_key[KEY_SIZE], uint8_t ret_group[GROUP_ID_SIZE]);

/* "a1b2 c3d4 e5f6 0718": first 8 bytes of SHA-256 of a key, for people to compare. */
enum { FINGERPRINT_SIZE = 20 };
void key_fingerprint(const uint8_t public_key[KEY_SIZE], char ret_text[FINGERPRINT_SIZE]);

#endif
