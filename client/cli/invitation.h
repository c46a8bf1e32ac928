/* Invitation files: what a co-chair hands to a new member. JSON, made with mode 0600, for the seed in it is a
 * one-time key: whoever has the file first can join in the member's place.
 *
 *   {"comity_invitation": 1, "partnership": TITLE, "name": WHO, "expires_ms": N, "history": HEX, "place":
 * PLACE, "log_keys": [HEX, ...], "seed": HEX}
 * and "recovers": true where it is for a member who lost the key. */
#ifndef COMITY_CLI_INVITATION_H
#define COMITY_CLI_INVITATION_H

#include "client/cli/context.h"
#include "core/key.h"

struct invitation {
    struct place place;
    uint8_t history[HISTORY_ID_SIZE];
    char partnership[TITLE_MAX_BYTES + 1];
    char short_name[NAME_MAX_BYTES + 1]; /* of the partnership: becomes the context's name */
    char name[TITLE_MAX_BYTES + 1];
    bool recovers; /* of a member who lost the key; in the file only where it is so */
    int64_t expires_ms;
    uint8_t seed[SEED_SIZE];
    uint8_t log_keys[CONTEXT_PINS_MAX][KEY_SIZE];
    size_t log_key_count;
};

enum { INVITATION_REASON_MAX = 512 };

/* 0, ERR_EXISTS, ERR_FILE, ERR_DISK_FULL, ERR_MEMORY. */
int invitation_write(const char *path, const struct invitation *invitation,
                     char reason[INVITATION_REASON_MAX]);

/* 0, ERR_FILE, ERR_MALFORMED, ERR_VERSION, ERR_MEMORY. */
int invitation_read(const char *path, struct arena *arena, struct invitation *ret_invitation,
                    char reason[INVITATION_REASON_MAX]);

#endif
