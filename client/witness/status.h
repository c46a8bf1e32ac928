/* `comity-witness status`, `note` and `accept`: what was seen of each history, for people and as JSON, and the operator's word
 * on it. Reads the state beside a running daemon. */
#ifndef COMITY_CLIENT_WITNESS_STATUS_H
#define COMITY_CLIENT_WITNESS_STATUS_H

#include <stdio.h>

#include "client/witness/settings.h"

enum status_exit {
    STATUS_WELL = 0,
    STATUS_FORKED = 4, /* evidence of a fork is kept of one history at least */
    STATUS_WAITS = 5,  /* one at least is not cosigned as it is, and waits for its operator */
};

/* Returns the exit code: the gravest of all histories. */
int status_print(const struct witness_settings *settings, const uint8_t key[KEY_SIZE], bool is_json, FILE *out);

/* The latest checkpoint that was cosigned, as a signed note with the witness's line: for `comity-audit --checkpoint`, and for
 * anybody. 0, ERR_NOT_FOUND (none yet), or the file's, with one sentence. */
int status_note(const struct witness_settings *settings, const uint8_t key[KEY_SIZE],
                const struct history_settings *history, FILE *out, char reason[1024]);

/* @log_key and @back_to: which the operator gave; NULL: none. @key is the witness's. One sentence of what was done goes to @out, of why not into
 * @reason. 0; ERR_USAGE where what was given cannot be accepted as things are; or the file's. */
int status_accept(const struct witness_settings *settings, const struct signing_key *key,
                  const struct history_settings *history, uint32_t epoch, const uint8_t *log_key, const uint64_t *back_to,
                  FILE *out, char reason[1024]);

#endif
