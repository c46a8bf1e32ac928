#include "broker/index.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/error.h"

_Static_assert(sizeof(((struct index *) 0)->secret) == crypto_shorthash_KEYBYTES, "SipHash takes 16 bytes");

int index_init(struct index *index, size_t expected)
{
    size_t size = 16;
    while (size < expected)
        size *= 2;
    struct index_link **buckets = calloc(size, sizeof(struct index_link *));
    if (!buckets)
        return ERR_MEMORY;
    *index = (struct index){.buckets = buckets, .mask = size - 1};
    randombytes_buf(index->secret, sizeof(index->secret));
    return 0;
}

void index_release(struct index *index)
{
    free(index->buckets);
    *index = (struct index){0};
}

uint64_t index_hash(const struct index *index, struct bytes key)
{
    uint64_t hash;
    crypto_shorthash((uint8_t *) &hash, key.data, key.size, index->secret);
    return hash;
}

static struct index_link *with_hash(struct index_link *link, uint64_t hash)
{
    while (link && link->hash != hash)
        link = link->next;
    return link;
}

struct index_link *index_first(const struct index *index, uint64_t hash)
{
    return with_hash(index->buckets[hash & index->mask], hash);
}

struct index_link *index_next(const struct index_link *link)
{
    return with_hash(link->next, link->hash);
}

void index_add(struct index *index, struct index_link *link, uint64_t hash)
{
    struct index_link **bucket = &index->buckets[hash & index->mask];
    link->hash = hash;
    link->next = *bucket;
    *bucket = link;
}

void index_remove(struct index *index, struct index_link *link)
{
    struct index_link **at = &index->buckets[link->hash & index->mask];
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    link->next = NULL;
}
