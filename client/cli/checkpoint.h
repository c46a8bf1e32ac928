/* Checkpoints, as verbs use them: what this machine has verified, what the log signed of other sizes, and
 * what proves that one goes on from another. */
#ifndef COMITY_CLI_CHECKPOINT_H
#define COMITY_CLI_CHECKPOINT_H

#include "client/cli/desk.h"

enum { CHECKPOINT_FINGERPRINT_GROUPS = 8, CHECKPOINT_FINGERPRINT_SIZE = 6 * CHECKPOINT_FINGERPRINT_GROUPS };

/* Of what two readers compare by voice: eight groups of five digits, out of SHA-256("comity/v1/fingerprint"
 * 00 origin 00 size as u64, root 32). The same for the same origin, size and root, else another. Pure. */
void checkpoint_fingerprint(const uint8_t history[HISTORY_ID_SIZE],
                            const struct comity_checkpoint *checkpoint,
                            char ret_text[CHECKPOINT_FINGERPRINT_SIZE]);

/* The note of a history within a text: from its origin's line to the last line of signatures. Pure.
 * ERR_NOT_FOUND. */
int checkpoint_find(struct bytes text, const uint8_t history[HISTORY_ID_SIZE], struct bytes *ret_note);

/* The latest that this machine has verified, after asking the server. Fails with a sentence. */
int checkpoint_own(struct cli *cli, struct comity_checkpoint *ret_checkpoint);

/* The same without asking. Fails with a sentence. */
int checkpoint_kept(struct cli *cli, struct comity_checkpoint *ret_checkpoint);

/* What the log signs of a size up to the head (0: the head), its signature checked; with @from the proof that
 * joins them stays in *ret_answer (may be NULL). */
int checkpoint_ask(struct cli *cli, uint64_t from, uint64_t size, struct comity_checkpoint *ret_checkpoint,
                   const Comity__V1__Answer **ret_answer);

/* Does the later one go on from the earlier, by this proof? 0, ERR_FORKED. Pure. */
int checkpoint_joined(const struct comity_checkpoint *earlier, const struct comity_checkpoint *later,
                      const ProtobufCBinaryData *proof, size_t count);

/* Ask for that proof. 0; ERR_FORKED, with no sentence: the server gives none that holds; or why it could not
 * be asked.
 * @ret_answer (may be NULL) has the proof. */
int checkpoint_join(struct cli *cli, const struct comity_checkpoint *earlier,
                    const struct comity_checkpoint *later, const Comity__V1__Answer **ret_answer);

/* The keys that may sign, as libcomity takes them. */
struct comity_pin *checkpoint_pins(struct cli *cli, size_t *ret_count);

#endif
