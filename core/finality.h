/* How much of the record is FINAL. docs/trust.md, "Recorded and final".
 *
 * RECORDED is what a checked receipt proves: it is in force. FINAL is what, besides, a witness that stands of
 * every constituency of standing PARTY has seen: it has cosigned a checkpoint whose tree holds the event, and
 * that tree is proved to be a part of the reader's, or to extend it. So nobody can show another record to
 * somebody else, as far as that event, without a witness of each party helping.
 *
 * Pure. Whoever asks has checked the cosignatures beforehand: each by its witness's key over the checkpoint
 * that it names, and that checkpoint's tree against the reader's own. What could not be checked counts for
 * nothing, and blocks nothing: it is missing. That a cosignature is of an epoch before the record's is taken as
 * it is said, since it only tells why one is missing. */
#ifndef COMITY_CORE_FINALITY_H
#define COMITY_CORE_FINALITY_H

#include "comity/v1/model.pb-c.h"
#include "comity/v1/trust.pb-c.h"
#include "core/bytes.h"

enum { FINALITY_PARTIES_MAX = 64 }; /* as many constituencies as a history can have */

/* How far one constituency's witnesses have seen. */
struct finality_party {
    uint32_t constituency;
    bool has_witness; /* one that stands */
    uint64_t covered; /* the last sequence that one of them has cosigned; 0: none yet */
    bool awaits_accept; /* none yet, and one had cosigned before a restore: it has to accept the epoch first */
};

struct finality {
    uint64_t final; /* every event up to this sequence is FINAL; 0: none is */
    struct finality_party
        parties[FINALITY_PARTIES_MAX]; /* of standing PARTY, in the order of the constituencies */
    size_t count;
};

/* @epoch       that the record is in
 * @is_checked  one for each cosignature: it is of that epoch, the signature fits, and the tree is the reader's
 *
 * A history in which nobody is a PARTY has nothing that is FINAL. Constituencies past FINALITY_PARTIES_MAX,
 * which no machine lets come about, leave nothing FINAL either. */
void finality_find(uint32_t epoch, Comity__V1__Constituency *const *constituencies, size_t constituency_count,
                   Comity__V1__Witness *const *witnesses, size_t witness_count,
                   Comity__V1__Cosignature *const *cosignatures, const bool *is_checked,
                   size_t cosignature_count, struct finality *ret_finality);

/* Is the party what keeps this sequence from being FINAL? */
bool finality_is_missing(const struct finality_party *party, uint64_t sequence);

#endif
