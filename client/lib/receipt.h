/* Receipts: what has to hold before "recorded" is said. docs/protocol.md section 6. Pure. */
#ifndef COMITY_CLIENT_LIB_RECEIPT_H
#define COMITY_CLIENT_LIB_RECEIPT_H

#include "comity/v1/link.pb-c.h"
#include "core/command.h"
#include "core/event.h"
#include "core/note.h"

/* The checkpoint whose signature was checked last. All receipts of a batch carry the same one, and its
 * signature is the dearest of the six steps. Start it zeroed. */
struct receipt_memory {
    uint8_t note[CHECKPOINT_MAX_BYTES];
    size_t size;
    uint8_t log_key[KEY_SIZE];
};

/* What was submitted. Everything points into memory of the owner's. */
struct receipt_claim {
    uint8_t id[COMMAND_ID_SIZE];
    uint8_t history[HISTORY_ID_SIZE];
    uint32_t epoch;                    /* that the command was signed for; 0: for none */
    struct bytes signed_command;       /* packed SignedCommand */
    uint8_t (*text_hashes)[HASH_SIZE]; /* of the texts that it refers to */
    size_t text_count;
};

enum receipt_step {
    RECEIPT_STEP_COMMAND = 1, /* command id, history */
    RECEIPT_STEP_HEADER,      /* the event's header: form, history, epoch, sequence */
    RECEIPT_STEP_PARTS,       /* hashes of the parts */
    RECEIPT_STEP_COMMITMENT,
    RECEIPT_STEP_PROOF,
    RECEIPT_STEP_CHECKPOINT, /* origin, signature */
};

/* 0 or ERR_MEMORY. @claim lives in @arena. */
int receipt_claim_make(const struct command *command, struct arena *arena, struct receipt_claim *ret_claim);

/* All steps but the last: that it fits the command, and in itself. What it claims is a number that nobody need have signed. */
int receipt_fits(const struct receipt_claim *claim, const Comity__V1__Receipt *receipt, struct event_header *ret_header,
                 enum receipt_step *ret_step);

/* All six steps, the checkpoint's signature by one of @log_keys. @memory may be NULL. 0 and the event's
 * header; or ERR_RECEIPT, *ret_step being the first that failed. */
int receipt_verify(const struct receipt_claim *claim, const Comity__V1__Receipt *receipt,
                   const uint8_t (*log_keys)[KEY_SIZE], size_t key_count, struct receipt_memory *memory,
                   struct event_header *ret_header, enum receipt_step *ret_step);

#endif
