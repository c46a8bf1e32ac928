/* The head: the latest checkpoint of a history that this client has verified. Whatever a server shows later
 * has to extend it. docs/protocol.md, section 7; docs/trust.md. Pure. */
#ifndef COMITY_CLIENT_LIB_HEAD_H
#define COMITY_CLIENT_LIB_HEAD_H

#include "core/note.h"

struct head {
    uint32_t epoch;
    uint64_t size; /* of the tree: the last sequence that it holds; 0: there is no head yet */
    uint8_t root[HASH_SIZE];
    uint8_t note[CHECKPOINT_MAX_BYTES]; /* as it was signed */
    size_t note_size;
};

/* The checkpoint in a note of this history, whoever signed it. 0, ERR_MALFORMED (it is none, or it is of
 * another history, or empty). */
int head_read(struct bytes note, const uint8_t history[HISTORY_ID_SIZE], struct head *ret_head);

/* The same, signed by one of the keys. Also ERR_SIGNATURE. */
int head_open(struct bytes note, const uint8_t history[HISTORY_ID_SIZE], const uint8_t (*log_keys)[KEY_SIZE],
              size_t key_count, struct head *ret_head);

/* One that was kept once it had been verified: is it still as it was? By a key that is none of @log_keys it is taken
 * as it is: another process of this home may have learnt that key meanwhile. 0; ERR_CORRUPT. */
int head_check(struct bytes note, const uint8_t history[HISTORY_ID_SIZE], const uint8_t (*log_keys)[KEY_SIZE],
               size_t key_count, struct head *ret_head);

/* Of one epoch, size and root? */
bool head_is_same(const struct head *a, const struct head *b);

/* Does the tree of @later extend that of @earlier, whatever their epochs? Of one size they are the same, and
 * @proof is empty. 0, ERR_FORKED (nothing shows that it does). */
int head_extends(const struct head *earlier, const struct head *later, const struct bytes *proof,
                 size_t count);

#endif
