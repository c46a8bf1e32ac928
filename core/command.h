/* A signed command, opened: its form checked, its id computed, its signatures ready to be checked.
 *
 * command_open does everything that needs no history: sizes, strictness, required fields, NAMEs, ranges, the
 * order of cosigners, that the texts belong to their references. What is left for the machine is what depends
 * on the state. command_check_signatures is the dear step (43 to 70 us a signature) and runs on a pool. */
#ifndef COMITY_CORE_COMMAND_H
#define COMITY_CORE_COMMAND_H

#include "comity/v1/command.pb-c.h"
#include "comity/v1/link.pb-c.h"
#include "core/arena.h"
#include "core/key.h"
#include "core/message.h"

enum {
    COMMAND_MAX_BYTES = 65536,
    COMMAND_LARGE_MAX_BYTES = 131072,  /* found, create_body, set_list */
    COSIGNERS_MAX = 64,
    COMMAND_TEXTS_MAX = 1024,
    VALIDITY_MAX_MS_DAYS = 30,
};
#define VALIDITY_MAX_MS ((int64_t) VALIDITY_MAX_MS_DAYS * 24 * 3600 * 1000)

/* A text as it came with a command; hash as in the TextRef at the same place. */
struct command_text {
    const uint8_t *hash;
    const uint8_t *salt;
    struct bytes content;
};

/* Everything points into the arena it was opened with, or into the bytes that were given. */
struct command {
    uint8_t id[COMMAND_ID_SIZE];
    uint8_t history[HISTORY_ID_SIZE];        /* of found: the id of the history that it founds */
    struct bytes signed_command;             /* a packed SignedCommand, as it came */
    const Comity__V1__SignedCommand *envelope;
    const Comity__V1__Command *body;         /* body->body_case says which */
    struct command_text *texts;
    size_t text_count;
};

/* Open the packed SignedCommand. Returns 0 or the code in *refusal (which names the field). */
int command_open(struct bytes signed_command, struct arena *arena, struct refusal *refusal,
                 struct command *ret_command);

/* Take the texts of a Submit: one for each TextRef, in order, hash, size and UTF-8 checked. */
int command_take_texts(struct command *command, Comity__V1__Text *const *texts, size_t count,
                       struct arena *arena, struct refusal *refusal);

/* Signer's and cosigners' signatures; every cosigner must have signed and nobody else. */
int command_check_signatures(const struct command *command, struct refusal *refusal);

/* Body of the command with its field name: "cast_ballot". NULL for none. */
const char *command_name(const Comity__V1__Command *body);

/* Pack, id and sign a body. The signer's own part of libcomity and of the tests: cosignatures come after. */
int command_seal_up(const Comity__V1__Command *body, const struct signing_key *key, struct arena *arena,
                    struct bytes *ret_signed_command, uint8_t ret_id[COMMAND_ID_SIZE]);

/* Add a cosignature to a packed SignedCommand. ERR_COSIGNERS where the command does not name this key;
 * again by the same key: the same bytes. */
int command_cosign(struct bytes signed_command, const struct signing_key *key, struct arena *arena,
                   struct bytes *ret_signed_command);

#endif
