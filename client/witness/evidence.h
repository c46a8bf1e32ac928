/* Evidence of a fork, as files that anybody can check: a folder in `evidence` of the state directory.
 *
 *     kept.note     the checkpoint that this witness cosigned, signed by the log key, with the cosignature
 *     shown.note    the one that contradicts it, signed by the same key
 *     proof.txt     what the worker gave as the proof that the one extends the other, base64, one hash a line
 *     beside.note   the worker's checkpoint of the size that was kept, where it gave one
 *     README.txt    what these are, and how to check them
 *
 * What was cosigned of an epoch that is over is kept beside, as HISTORY-epoch-N.note: the latest, with the cosignature. */
#ifndef COMITY_CLIENT_WITNESS_EVIDENCE_H
#define COMITY_CLIENT_WITNESS_EVIDENCE_H

#include "client/witness/judge.h"

/* Keep it, synced, under a name that says what contradicts what: the same evidence again is kept in the same place. 0,
 * ERR_FILE, ERR_DISK_FULL. */
int evidence_keep(const char *directory, const struct kept *kept, const struct seen *seen, const char *witness,
                  const uint8_t witness_key[KEY_SIZE], enum judgement judgement,
                  char ret_name[KEPT_EVIDENCE_MAX + 1]);

/* Of the epoch that is kept. 0, ERR_FILE, ERR_DISK_FULL. */
int evidence_keep_note(const char *directory, const struct kept *kept, const char *witness, const uint8_t witness_key[KEY_SIZE]);

#endif
