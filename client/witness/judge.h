/* What a checkpoint that was shown is to a witness, by what it has kept: the rules of C2SP tlog-witness, and epochs.
 *
 * Pure. docs/adr/0020 says how the rules of the HTTP protocol and these belong together. */
#ifndef COMITY_CLIENT_WITNESS_JUDGE_H
#define COMITY_CLIENT_WITNESS_JUDGE_H

#include "client/witness/kept.h"
#include "comity/v1/model.pb-c.h"

enum judgement {
    JUDGED_FIRST,     /* the first of this history and epoch: cosign */
    JUDGED_EXTENDS,   /* it extends what was kept, by its proof: cosign */
    JUDGED_SAME,      /* it is what was kept */
    JUDGED_MALFORMED, /* no checkpoint */
    JUDGED_SIGNATURE, /* not signed by the log key */
    JUDGED_ORIGIN,    /* of another log: another history, or another epoch than the answer says */
    JUDGED_EPOCH,     /* of a later epoch, which has to be accepted first: epoch_holds says how much of what was kept it has */
    JUDGED_EPOCH_FORK, /* of a later epoch that went back behind nothing of what was kept, and does not hold it */
    JUDGED_OLD_EPOCH, /* of an epoch before the one that is followed: the server was put back */
    JUDGED_BEHIND,    /* smaller than what was kept: the server was put back, or lags */
    JUDGED_MOVED,     /* the proof is from another size than what is kept: ask again */
    JUDGED_FORK,      /* of the size that was kept, with another root */
    JUDGED_NO_PROOF,  /* larger, and the proof does not show that it extends what was kept */
    JUDGED_AHEAD,     /* its own signature is shown, over more than is kept: ask for the checkpoint of its size */
    JUDGED_FORGOTTEN, /* this key has cosigned what is not kept here: nothing is cosigned until the operator says so */
    JUDGED_OWN,       /* what is shown as its own signature, over more than is kept, does not fit the record shown */
    JUDGED_STOPPED,   /* a fork was seen before: nothing is cosigned until the operator says so */
    JUDGEMENTS
};

/* Name in logs and JSON, one sentence for people, and whether it goes on by itself. Never NULL. */
const char *judgement_name(enum judgement judgement);
const char *judgement_sentence(enum judgement judgement);
bool judgement_needs_operator(enum judgement judgement);

/* What the worker shows as this witness's own latest cosignature. Nobody has looked at it yet. */
struct own {
    const uint8_t *key; /* the witness's */
    uint32_t epoch;
    uint64_t size;
    int64_t time_s;
    struct bytes signature;
};

/* Whether it is one, over the tree of its size with this root, under the origin of its own epoch. */
bool own_fits(const struct own *own, const uint8_t history[HISTORY_ID_SIZE], const uint8_t root[HASH_SIZE]);

/* What the worker showed. */
struct seen {
    struct bytes note;
    uint32_t epoch;          /* that the answer is of */
    uint64_t from;           /* the size from which a proof was asked for; 0: none */
    const struct bytes *proof;
    size_t proof_count;
    Comity__V1__Epoch *const *epochs; /* of the history, as the worker has them */
    size_t epoch_count;
    const uint8_t *server_log_key; /* which the worker named: known of a later epoch before it is accepted */
    const struct own *own;   /* NULL: the worker has no cosignature by this witness's key */
    struct bytes beside;     /* with NO_PROOF and EPOCH_FORK: its note at the kept size; empty: none was had */
    bool is_beside_asked;
};

/* Up to which number a later epoch holds what was kept: all of it where its tree is proved to extend that; else as far as the
 * restores in between went back, by the worker's account. */
uint64_t epoch_holds(const struct kept *kept, const struct seen *seen, const struct checkpoint *checkpoint);

/* @ret_checkpoint is set with FIRST, EXTENDS, SAME, EPOCH, EPOCH_FORK, BEHIND, OLD_EPOCH, FORK, NO_PROOF, AHEAD and FORGOTTEN. Behind AHEAD
 * comes a second look, at the checkpoint of the own cosignature's size, with that same cosignature. */
enum judgement judge(const struct kept *kept, const struct seen *seen, struct checkpoint *ret_checkpoint);

#endif
