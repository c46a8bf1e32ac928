/* Who signs for a constituency: its co-chairs, as many as the charter asks for. For the machine's own files.
 * docs/charter.md, "Co-chairs" */
#ifndef COMITY_CORE_MACHINE_CO_CHAIRS_H
#define COMITY_CORE_MACHINE_CO_CHAIRS_H

#include "core/machine/decide.h"

/* The co-chairs who have signed a command, the signer first. */
struct co_chairs {
    uint32_t members[1 + COSIGNERS_MAX];
    uint32_t constituencies[1 + COSIGNERS_MAX];
    size_t count;
};

/* The signer, and every cosigner whose key the command does not bring in itself: each a co-chair, nobody twice.
 * FORBIDDEN of "key" or of a cosigner, KEY_UNKNOWN, KEY_REVOKED or DUPLICATE of a cosigner. */
int co_chairs_signed(struct decide *d, struct co_chairs *ret_signed);

/* How many of the constituency's are to sign: one, where the charter does not ask for more; where there are fewer with a
 * valid key, all of them. 0 or d->code. */
int co_chairs_needed(struct decide *d, const Comity__V1__Constituency *of, size_t *ret_needed);

/* Have as many signed? ERR_COSIGNERS of "cosigners.NAME", with how many are needed as the limit. */
int co_chairs_suffice(struct decide *d, const struct co_chairs *signed_by, const Comity__V1__Constituency *of);

/* How many co-chairs of the constituency have a valid key other than @except. 0 or d->code. */
int co_chairs_count(struct decide *d, uint32_t constituency, ProtobufCBinaryData except, size_t *ret_count);

#endif
