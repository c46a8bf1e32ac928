/* An index: things found by a key of bytes. The link lives in the thing, so that finding, adding and removing
 * take no memory. The hash is keyed (SipHash): outside parties choose some of the keys. */
#ifndef COMITY_BROKER_INDEX_H
#define COMITY_BROKER_INDEX_H

#include "core/bytes.h"

struct index_link {
    struct index_link *next;
    uint64_t hash;
};

struct index {
    struct index_link **buckets;
    size_t mask;
    uint8_t secret[16];
};

/* Room for about @expected things; more only makes it slower. 0 or ERR_MEMORY. */
int index_init(struct index *index, size_t expected);
void index_release(struct index *index);

uint64_t index_hash(const struct index *index, struct bytes key);

/* Everything with this hash, one after the other: the caller compares the keys. NULL at the end. */
struct index_link *index_first(const struct index *index, uint64_t hash);
struct index_link *index_next(const struct index_link *link);

void index_add(struct index *index, struct index_link *link, uint64_t hash);
void index_remove(struct index *index, struct index_link *link);

/* The thing that a link is a member of. */
#define INDEX_THING(link, type, member) ((type *) (void *) ((char *) (link) -offsetof(type, member)))

#endif
