/* One step of a witness: look at what it kept, judge what was shown, persist, and only then give the signature out; under the
 * state's lock, as one. A crash in between leaves what was kept before, and no signature. */
#ifndef COMITY_CLIENT_WITNESS_STEP_H
#define COMITY_CLIENT_WITNESS_STEP_H

#include "client/witness/judge.h"

struct step_place {
    const char *directory;         /* of the state */
    const struct signing_key *key; /* the witness's */
    const char *name;              /* the witness's: under which it cosigns */
};

/* One history, at this moment. */
struct step {
    const uint8_t *history;
    const uint8_t *log_key; /* of the configuration: for a history of which nothing was kept yet */
    int64_t now_s;          /* Unix time */
    int64_t refresh_s;      /* an unchanged record is signed anew after so long; 0: never */
    bool is_known;          /* the worker has the signature of what was kept */
};

/* The signature leaves: it is on the disk. Called at most once, inside step_take. */
typedef void step_give_fn(const struct kept *kept, void *context);

/* Judge @seen, keep what follows, and give the signature out where there is one to give: a new one, or the one that was kept
 * where the worker does not have it. *ret_kept: what is kept now. NO_PROOF without `is_beside_asked` changes nothing: ask the
 * worker for its checkpoint of the kept size, and take the step again with it. 0, ERR_FILE, ERR_FILE_MODE, ERR_CORRUPT,
 * ERR_DISK_FULL: nothing was given out. */
int step_take(const struct step_place *place, const struct step *step, const struct seen *seen,
              enum judgement *ret_judgement, struct kept *ret_kept, step_give_fn *give, void *context);

/* Only look: what is kept; of a history of which nothing is, epoch 0. As above. */
int step_look(const struct step_place *place, const struct step *step, struct kept *ret_kept);

/* The operator's word: follow @epoch from now on. Of a later epoch that was seen: by @log_key, from the checkpoint that was seen
 * first; where it does not hold all that was kept, @back_to is the number to which it went back (else NULL, or that of all that
 * was kept). What was cosigned of the epoch before stays as a file: evidence_keep_note. Of the
 * present one: go on from what is kept, first after a fork (the evidence stays), then after what was forgotten. 0,
 * ERR_NOT_FOUND (nothing was kept), ERR_EPOCH (no such epoch was seen), ERR_STATE (it is followed already), ERR_SERVER_KEY (its
 * log key is another than @log_key), ERR_MISSING (it is a later epoch, and @log_key is NULL; *ret_kept has what was seen),
 * ERR_BEHIND (it went back to another number than @back_to says; as before), ERR_FORKED (it is shown to be another record than
 * the one that was cosigned), or the file's. */
int step_accept(const struct step_place *place, const uint8_t history[HISTORY_ID_SIZE], uint32_t epoch,
                const uint8_t *log_key, const uint64_t *back_to, struct kept *ret_kept);

#endif
